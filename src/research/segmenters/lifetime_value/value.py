"""Lifetime value: margin of the purchases to come, discounted."""

import numpy as np
import pandas as pd

from research.segmenters.lifetime_value.bg_nbd import (
    BGNBD,
    conditional_expected_purchases,
)
from research.segmenters.lifetime_value.gamma_gamma import (
    GammaGamma,
    conditional_expected_value,
)


def lifetime_value(
    purchases: BGNBD,
    spending: GammaGamma,
    summary: pd.DataFrame,
    *,
    periods: int,
    margin: float = 1.0,
    discount_rate: float = 0.0,
) -> pd.Series:
    """Discounted margin of what each customer is expected to buy (客户生命周期价值).

    Parameters
    ----------
    purchases : BGNBD
        How often customers buy, fitted on `summary`.
    spending : GammaGamma
        How much they spend a time.
    summary : DataFrame of shape (n_customers, 4)
        As `transactions_summary` gives it.
    periods : int
        Units of time to look ahead, at least 1.
    margin : float, default=1
        Share of an amount that is earned. With 1 the value is revenue.
    discount_rate : float, default=0
        Per unit of time, at least 0; what is earned in period i is divided by
        (1 + rate)^i.

    Returns
    -------
    value : Series of shape (n_customers,)
        On the index of `summary`, at least 0 for a margin of 0 and more [unit of
        money].

    Raises
    ------
    ValueError
        If a parameter is out of range, or the summary cannot be.

    Notes
    -----
    **For prepaid top-ups only**, see the notes of the package.

    Examples
    --------
    >>> summary = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86],
    ...     "monetary": [22.35]})
    >>> how_often = BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> how_much = GammaGamma(6.25, 3.74, 15.44)
    >>> lifetime_value(how_often, how_much, summary, periods=39).round(2).tolist()
    [30.24]
    """
    if not periods >= 1 or int(periods) != periods:
        raise ValueError(f"periods must be a whole number from 1 on. Got {periods!r}.")
    if not discount_rate >= 0 or not np.isfinite(margin):
        raise ValueError(
            "discount_rate must be at least 0 and margin finite. Got "
            f"{discount_rate!r} and {margin!r}."
        )
    x, t_x, T = (summary[name].to_numpy() for name in ("frequency", "recency", "T"))
    bought = [
        conditional_expected_purchases(purchases, period, x, t_x, T)
        for period in range(int(periods) + 1)
    ]
    worth = (1 + discount_rate) ** -np.arange(1.0, int(periods) + 1)
    amount = conditional_expected_value(spending, x, summary["monetary"].to_numpy())
    value = margin * amount * (np.diff(bought, axis=0) * worth[:, None]).sum(axis=0)
    return pd.Series(value, index=summary.index, name="lifetime_value")
