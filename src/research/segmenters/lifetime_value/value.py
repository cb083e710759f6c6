"""Lifetime value: margin of the purchases to come, discounted."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.segmenters.lifetime_value.bg_nbd import (
    BGNBD,
    conditional_expected_purchases,
    fit_bg_nbd,
    probability_alive,
)
from research.segmenters.lifetime_value.gamma_gamma import (
    GammaGamma,
    conditional_expected_value,
)


class Silence(NamedTuple):
    """What the silence of customers tells.

    Attributes
    ----------
    alive : Series of shape (n_customers,) or None
        Probability that the customer still buys, on the index of the summary; None
        where the data do not tell.
    model : BGNBD or None
    reason : str
        Why there is no answer; empty where there is one.
    """

    alive: pd.Series | None
    model: BGNBD | None
    reason: str


def silence(summary: pd.DataFrame) -> Silence:
    """Ask BG/NBD who has stopped buying; that the data do not tell is an answer, too.

    Parameters
    ----------
    summary : DataFrame of shape (n_customers, 4)
        As `transactions_summary` gives it.

    Returns
    -------
    silence : Silence

    Notes
    -----
    **For prepaid top-ups only**, see the notes of the package.

    Examples
    --------
    Everybody buys every week: nothing says that anybody could stop.

    >>> summary = pd.DataFrame({"frequency": [9] * 50, "recency": 9.0, "T": 9.5})
    >>> silence(summary).reason.split(":")[0]
    'BG/NBD has no maximum for these data'
    """
    history = [summary[name].to_numpy() for name in ("frequency", "recency", "T")]
    try:
        model = fit_bg_nbd(*history)
    except ValueError as error:
        return Silence(None, None, str(error))
    alive = pd.Series(
        probability_alive(model, *history), summary.index, name="probability_alive"
    )
    return Silence(alive, model, "")


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
