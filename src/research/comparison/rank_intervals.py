"""Ranks with intervals: how sure an order of estimates is."""

import numpy as np
import pandas as pd
from scipy.stats import norm


def rank_intervals(estimates: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Rank of each estimate, and the ranks that the intervals leave open.

    Two estimates are apart where the interval of their difference leaves out nothing.
    It is recovered from the intervals of both [1]_, and widened so that, for one
    estimate, all its differences from the others hold together (Bonferroni), as a
    confidence interval of a rank asks [2]_. Estimates are of separate customers.

    Parameters
    ----------
    estimates : DataFrame of shape (n, 3)
        `value`, `low`, `high`, with `low` <= `value` <= `high`; intervals of `level`.
        NaN bounds: nothing is known of how sure the value is, so it is apart from none.
    level : float
        Level of the intervals, and of those of the ranks.

    Returns
    -------
    ranks : DataFrame of shape (n, 3)
        On the same index: `rank` (1 is the highest value; equals share the best),
        `best`, `worst`. NaN where there is no value.

    References
    ----------
    .. [1] G. Y. Zou and A. Donner, "Construction of confidence limits about effect
       measures: a general approach", Statistics in Medicine, vol. 27, 2008.
    .. [2] M. Mogstad, J. P. Romano, A. M. Shaikh and D. Wilhelm, "Inference for ranks
       with applications to mobility across neighbourhoods and academic achievement
       across countries", Review of Economic Studies, vol. 91, 2024.

    Examples
    --------
    >>> estimates = pd.DataFrame(
    ...     {"value": [9.0, 5.0, 5.5], "low": [8.5, 4.5, 5.0], "high": [9.5, 5.5, 6.0]},
    ...     index=["a", "b", "c"],
    ... )
    >>> rank_intervals(estimates).to_dict("index")["b"]
    {'rank': 3.0, 'best': 2.0, 'worst': 3.0}
    """
    known = estimates[estimates["value"].notna()]
    value, low, high = (known[c].to_numpy(float) for c in ("value", "low", "high"))
    wider = _wider(len(known), level)
    down, up = wider * (value - low), wider * (high - value)
    difference = value[:, None] - value
    with np.errstate(invalid="ignore"):  # NaN bounds are apart from none
        above = difference - np.hypot(down[:, None], up) > 0
        below = difference + np.hypot(up[:, None], down) < 0
    ranks = pd.DataFrame(
        {
            "rank": pd.Series(value, known.index).rank(ascending=False, method="min"),
            "best": 1.0 + below.sum(axis=1),
            "worst": float(len(known)) - above.sum(axis=1),
        }
    )
    return ranks.reindex(estimates.index)


def _wider(n: int, level: float) -> float:
    """How much wider intervals are that hold for n - 1 differences together."""
    if n < 3:
        return 1.0
    one, all_ = (1 - level) / 2, (1 - level) / 2 / (n - 1)
    return float(norm.isf(all_) / norm.isf(one))
