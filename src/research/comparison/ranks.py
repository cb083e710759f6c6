"""Ranks of methods over regions, and what they say (after Demsar)."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import f as f_distribution
from scipy.stats import rankdata, studentized_range, wilcoxon

_EXACT_UNTIL = 13
"""Units up to which all signs are enumerated."""


class RankTest(NamedTuple):
    """Do mean ranks differ at all (Friedman).

    Attributes
    ----------
    chi2 : float
        Friedman's statistic, corrected for ties.
    f : float
        Of Iman and Davenport, which is less timid; infinite where all units agree.
    df : tuple of int
        Its degrees of freedom.
    p_value : float
        From `f`; where all units agree the share of the arrangements of ranks that do,
        not 0.
    """

    chi2: float
    f: float
    df: tuple[int, int]
    p_value: float


def ranks_of(worth, lost=None) -> np.ndarray:
    """Ranks of the methods on each unit, 1 the best, ties sharing their mean.

    Parameters
    ----------
    worth : array-like of shape (n_units, n_methods)
        Higher is better.
    lost : array-like of shape (n_units, n_methods), optional
        Share of runs that failed: of two methods of the same worth the one that failed
        more ranks behind.

    Examples
    --------
    >>> ranks_of([[0.3, 0.5, 0.3]]).tolist()
    [[2.5, 1.0, 2.5]]
    >>> ranks_of([[0.3, 0.5, 0.3]], [[0, 0, 1]]).tolist()
    [[2.0, 1.0, 3.0]]
    """
    worth = np.atleast_2d(np.asarray(worth, dtype=float))
    lost = np.zeros_like(worth) if lost is None else np.atleast_2d(lost)
    places = rankdata(-without_noise(worth, worth), axis=1, method="dense")
    places = places * (worth.shape[1] + 1) + rankdata(lost, axis=1, method="dense")
    return rankdata(places, axis=1)


def friedman(ranks) -> RankTest:
    """Do mean ranks differ more than chance would have them.

    Parameters
    ----------
    ranks : array-like of shape (n_units, n_methods)

    Returns
    -------
    test : RankTest

    References
    ----------
    .. [1] R. L. Iman and J. M. Davenport, "Approximations of the critical region of the
       Friedman statistic", Communications in Statistics, vol. 9, pp. 571-595, 1980.

    Examples
    --------
    >>> found = friedman([[1, 2, 3], [1, 2, 3], [1, 3, 2], [2, 1, 3]])
    >>> print(round(found.chi2, 2), round(found.f, 2), round(found.p_value, 3))
    4.5 3.86 0.084
    """
    ranks = np.asarray(ranks, dtype=float)
    n, m = ranks.shape
    middle = (m + 1) / 2
    between = ((ranks.sum(axis=0) - n * middle) ** 2).sum()
    within = ((ranks - middle) ** 2).sum()
    chi2 = (m - 1) * between / within if within > 0 else 0.0
    df = (m - 1, (m - 1) * (n - 1))
    left = n * (m - 1) - chi2
    if left > 1e-9 * n * m:
        f = (n - 1) * chi2 / left
        p_value = f_distribution.sf(f, *df)
    else:
        f, p_value = np.inf, float(np.prod(np.arange(1.0, m + 1))) ** (1 - n)
    return RankTest(float(chi2), float(f), df, float(p_value))


def critical_difference(n_methods, n_units, alpha=0.05) -> float:
    """Least difference of mean ranks that is more than chance (Nemenyi).

    Parameters
    ----------
    n_methods, n_units : int
    alpha : float, default=0.05

    Examples
    --------
    >>> round(critical_difference(4, 14), 2)
    1.25
    """
    q = studentized_range.ppf(1 - alpha, n_methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(n_methods * (n_methods + 1) / (6 * n_units)))


def not_apart(ranks: pd.Series, difference: float) -> tuple[tuple[str, ...], ...]:
    """Largest sets of methods whose mean ranks lie within the critical difference.

    Examples
    --------
    >>> not_apart(pd.Series({"a": 1.0, "b": 1.8, "c": 2.5, "d": 4.7}), 1.0)
    (('a', 'b'), ('b', 'c'))
    """
    ranks = ranks.sort_values(kind="stable")
    values = ranks.to_numpy()
    ends = np.searchsorted(values, values + difference + 1e-12, side="right")
    found, reached = [], 0
    for start, end in enumerate(ends):
        if end > reached and end - start > 1:
            found.append(tuple(ranks.index[start:end]))
        reached = max(reached, end)
    return tuple(found)


def holm(p_values) -> np.ndarray:
    """P-values corrected for their number (Holm); a missing one is not counted.

    Examples
    --------
    >>> holm([0.01, 0.04, float("nan"), 0.03]).round(2).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    p_values = np.asarray(p_values, dtype=float)
    found = np.full(len(p_values), np.nan)
    order = np.argsort(p_values, kind="stable")[: (~np.isnan(p_values)).sum()]
    factors = np.arange(len(order), 0, -1)
    corrected = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1)
    found[order] = corrected
    return found


def without_noise(values, like):
    """Values with the last digits of rounding taken off, so that equal ones tie."""
    size = np.abs(like).max() if np.size(like) else 0.0
    if not size > 0:
        return values
    return np.round(values / size, 11) * size


def signed_rank_p(differences):
    """Two-sided p-value of Wilcoxon's signed ranks, zeros ranked after Pratt.

    All signs are enumerated for few units, so that ties need no approximation.
    """
    if not differences.any():
        return 1.0
    if len(differences) > _EXACT_UNTIL:
        return float(wilcoxon(differences, zero_method="pratt").pvalue)
    ranks = np.where(differences != 0, rankdata(np.abs(differences)), 0.0)
    n = len(ranks)
    signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    observed = abs(np.sign(differences) @ ranks)
    return float((np.abs(signs @ ranks) >= observed - 1e-9).mean())
