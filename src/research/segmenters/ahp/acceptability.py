"""How far a ranking hangs on the weights: what random weights around them give."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from research.segmenters._parameters import check_count
from research.segmenters.ahp.priorities import check_matrix
from research.segmenters.ahp.sensitivity import MOST_ALTERNATIVES, check_weights
from research.segmenters.ahp.weighting import top_list


def dirichlet_weights(weights, concentration=50.0, n_draws=1000, random_state=None):
    """Random weights around given ones.

    Parameters
    ----------
    weights : array-like of shape (n_criteria,)
        At least 0, sum 1. The mean of the draws; a weight of 0 stays 0.
    concentration : float, default=50.0
        Above 0; the standard deviation of a weight w is sqrt(w (1 - w) / (concentration
        + 1)): at 50 a weight of 0.3 has 0.064. An assumption about how firm the weights
        are: show several.
    n_draws : int, default=1000
    random_state : int, Generator or None, default=None

    Returns
    -------
    draws : ndarray of shape (n_draws, n_criteria)
        Each row sums to 1.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> draws = dirichlet_weights([0.7, 0.3, 0.0], 50, 4000, random_state=0)
    >>> draws.mean(axis=0).round(1).tolist()
    [0.7, 0.3, 0.0]
    """
    check_count("n_draws", n_draws)
    weights = check_weights(weights, np.ones((1, np.size(weights))))
    if not (np.isfinite(concentration) and concentration > 0):
        raise ValueError(
            f"concentration must be a finite number above 0. Got {concentration!r}."
        )
    positive = weights > 0
    draws = np.zeros((n_draws, len(weights)))
    rng = np.random.default_rng(random_state)
    draws[:, positive] = rng.dirichlet(concentration * weights[positive], n_draws)
    return draws


def perturbed_weights(matrix, factor=1.5, n_draws=1000, random_state=None):
    """Weights of a matrix whose judgements are moved at random.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Reciprocal, complete.
    factor : float, default=1.5
        Above 1: geometric standard deviation of each judgement. With 1.5 a 3 becomes 2
        to 4.5 in two of three draws. An assumption, unless several judges tell it (see
        `disagreement`).
    n_draws : int, default=1000
    random_state : int, Generator or None, default=None

    Returns
    -------
    draws : ndarray of shape (n_draws, n)
        Row geometric means of the moved matrices, each row with sum 1.

    Raises
    ------
    ValueError
        If the matrix is not positive and reciprocal or a parameter is out of its range.

    Examples
    --------
    >>> draws = perturbed_weights([[1, 4], [1 / 4, 1]], 1.2, 2000, random_state=0)
    >>> draws.mean(axis=0).round(1).tolist()
    [0.8, 0.2]
    """
    check_count("n_draws", n_draws)
    matrix = check_matrix(matrix)
    if not (np.isfinite(factor) and factor > 1):
        raise ValueError(f"factor must be a finite number above 1. Got {factor!r}.")
    n = len(matrix)
    rows, columns = np.triu_indices(n, 1)
    moves = np.random.default_rng(random_state).normal(
        0.0, np.log(factor), (n_draws, len(rows))
    )
    signs = np.zeros((len(rows), n))
    signs[np.arange(len(rows)), rows] = 1 / n
    signs[np.arange(len(rows)), columns] = -1 / n
    logs = np.log(matrix).mean(axis=1) + moves @ signs
    draws = np.exp(logs - logs.max(axis=1, keepdims=True))
    return draws / draws.sum(axis=1, keepdims=True)


def rank_acceptability(scores, draws):
    """Share of random weights that give each alternative each rank.

    Parameters
    ----------
    scores : array-like or DataFrame of shape (n_alternatives, n_criteria)
        Finite; larger is better. At most 500 alternatives.
    draws : array-like of shape (n_draws, n_criteria)
        Weights, see `dirichlet_weights` and `perturbed_weights`.

    Returns
    -------
    acceptability : DataFrame of shape (n_alternatives, n_alternatives)
        Rows the alternatives, columns the ranks from 1 (best). Rows and columns sum to
        1; alternatives of equal score share their ranks.

    Raises
    ------
    ValueError
        If shapes do not fit or alternatives are more than 500.

    References
    ----------
    .. [1] R. Lahdelma, J. Hokkanen and P. Salminen, "SMAA - stochastic multiobjective
       acceptability analysis", European Journal of Operational Research, vol. 106, no.
       1, pp. 137-143, 1998.

    Examples
    --------
    >>> rank_acceptability([[1.0, 0.0], [0.0, 1.0]], [[0.9, 0.1], [0.4, 0.6]])
    rank    1    2
    0     0.5  0.5
    1     0.5  0.5
    """
    totals = _totals(scores, draws)
    n = totals.shape[1]
    if n > MOST_ALTERNATIVES:
        raise ValueError(
            f"ranks of at most {MOST_ALTERNATIVES} alternatives are counted, {n} "
            "found; keep the top of the list, or use `top_list_stability`."
        )
    first = rankdata(-totals, "min", axis=1).astype(int) - 1
    level = rankdata(-totals, "max", axis=1).astype(int) - first
    shares = np.zeros((n, n))
    alternatives = np.broadcast_to(np.arange(n), first.shape)
    for step in range(level.max()):  # equal scores share the ranks they fill
        there = level > step
        ranks = first[there] + step
        np.add.at(shares, (alternatives[there], ranks), 1 / level[there])
    names = scores.index if isinstance(scores, pd.DataFrame) else pd.RangeIndex(n)
    ranks = pd.RangeIndex(1, n + 1, name="rank")
    return pd.DataFrame(shares / len(totals), names, ranks)


def top_list_stability(scores, weights, draws, share=0.2):
    """How much of the top list stays when the weights are drawn at random.

    Parameters
    ----------
    scores : array-like or DataFrame of shape (n_samples, n_criteria)
        Finite; larger is better.
    weights : array-like of shape (n_criteria,)
        Those of the list, at least 0, sum 1.
    draws : array-like of shape (n_draws, n_criteria)
        Weights, see `dirichlet_weights` and `perturbed_weights`.
    share : float, default=0.2
        Of the rows on the list, in (0, 1]; see `top_list`.

    Returns
    -------
    kept : ndarray of shape (n_draws,)
        Share of the list that is also on the list of each draw, in [0, 1].
    chances : ndarray or Series of shape (n_samples,)
        Share of the draws in which each row is on the list, on the index of `scores`
        where it is a DataFrame.

    Raises
    ------
    ValueError
        If shapes do not fit or `share` is out of its range.

    Examples
    --------
    >>> scores = [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    >>> draws = [[0.9, 0.1], [0.6, 0.4], [0.4, 0.6]]
    >>> kept, chances = top_list_stability(scores, [0.7, 0.3], draws, share=0.25)
    >>> kept.tolist(), chances.round(3).tolist()
    ([1.0, 1.0, 0.0], [0.667, 0.333, 0.0, 0.0])
    """
    totals = _totals(scores, draws)
    values = np.asarray(scores, dtype=np.float64)
    present = top_list(values @ check_weights(weights, values), share)
    kept, chances = np.empty(len(totals)), np.zeros(len(values))
    for k, total in enumerate(totals):
        drawn = top_list(total, share)
        kept[k] = np.minimum(present, drawn).sum() / present.sum()
        chances += drawn / len(totals)
    if isinstance(scores, pd.DataFrame):
        chances = pd.Series(chances, scores.index)
    return kept, chances


def _totals(scores, draws):
    """Total score of each alternative under each draw, one row a draw."""
    values = np.asarray(scores, dtype=np.float64)
    draws = np.asarray(draws, dtype=np.float64)
    if draws.ndim != 2 or not len(draws):
        raise ValueError(
            f"draws must be a table of one row a draw. Got shape {draws.shape} instead."
        )
    for draw in draws:
        check_weights(draw, values)
    return draws @ values.T
