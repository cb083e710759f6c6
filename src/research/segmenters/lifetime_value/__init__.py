"""What a customer who may leave unnoticed will still buy (客户生命周期价值, CLV).

**For prepaid top-ups only, and with care even there.** These models are made for shops:
a customer buys when he likes, and nobody is told when he stays away for good
("non-contractual"). Supply through a meter is a contract: a post-paid customer does not
fall silent, he is billed every month until he closes his account, and the day is known.
Used on post-paid bills the models would tell nonsense with three decimals. Prepaid
customers choose when and how much to buy, but most cannot leave either: there "not
alive" reads as "has stopped buying here", such as an empty flat, a second home or a
move. Where nobody does, as in the synthetic regions of this repository, the fit leaves
the chance to stop open and refuses: a mean rate then says all there is to say.

BG/NBD says how often customers buy and who has stopped, Gamma-Gamma how much they spend
a time, `lifetime_value` puts the two together. Pareto/NBD, in `pareto_nbd`, is the
older model of the same behaviour, to see how much hangs on the choice.
"""

from research.segmenters.lifetime_value.bg_nbd import (
    BGNBD,
    conditional_expected_purchases,
    expected_purchases,
    fit_bg_nbd,
    probability_alive,
    probability_of_purchases,
)
from research.segmenters.lifetime_value.gamma_gamma import (
    GammaGamma,
    conditional_expected_value,
    fit_gamma_gamma,
)
from research.segmenters.lifetime_value.summary import transactions_summary
from research.segmenters.lifetime_value.value import lifetime_value

__all__ = [
    "BGNBD",
    "GammaGamma",
    "conditional_expected_purchases",
    "conditional_expected_value",
    "expected_purchases",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "lifetime_value",
    "probability_alive",
    "probability_of_purchases",
    "transactions_summary",
]
