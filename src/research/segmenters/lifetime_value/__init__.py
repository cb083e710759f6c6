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
older model of the same behaviour, to see how much hangs on the choice. `silence` asks
them what it means that somebody has not bought for long, and takes no for an answer.

**Why a fit of our own.** Looked at in November 2026, all with pandas 3.1: lifetimes
0.11.3 still fits CDNOW but is not kept, its last release is of 2020; btyd, which
followed it, stopped in 2022. pymc-marketing is kept and runs (0.19.2), but brings some
50 packages and 600 MB, with a compiler at run time, for three sums of logarithms. It is
Bayesian: with its own priors it finds a = 0.706 and b = 2.092 on CDNOW, in over a
minute, where 0.793 and 2.426 are published. The fits here find the published figures
in a second and are tested against them.
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
from research.segmenters.lifetime_value.value import Silence, lifetime_value, silence

__all__ = [
    "BGNBD",
    "GammaGamma",
    "Silence",
    "conditional_expected_purchases",
    "conditional_expected_value",
    "expected_purchases",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "lifetime_value",
    "probability_alive",
    "probability_of_purchases",
    "silence",
    "transactions_summary",
]
