"""Several judges: one opinion out of many, and who stands apart.

Two ways to a common opinion. Aggregated judgements (AIJ): the geometric mean of each
judgement, then one set of weights; the only mean that keeps a_ij * a_ji = 1. Aggregated
priorities (AIP): each judge's weights, then their mean. AIJ treats the panel as one
person, AIP as several.
"""

import numpy as np
import pandas as pd

from research.segmenters._parameters import check_choice
from research.segmenters.ahp.consistency import consistency
from research.segmenters.ahp.incomplete import complete_matrix, judgement_groups
from research.segmenters.ahp.priorities import check_matrix

MEANS = ("geometric", "arithmetic")


def aggregate_judgements(matrices, weights=None):
    """Geometric mean of the judges' matrices (AIJ).

    Parameters
    ----------
    matrices : array-like of shape (n_judges, n, n)
        Reciprocal matrices; NaN where a judge gave no judgement.
    weights : array-like of shape (n_judges,), optional
        Weight of each judge, above 0; equal if left out. Only their ratios matter.

    Returns
    -------
    matrix : ndarray of shape (n, n)
        Reciprocal. Each pair is the mean over those who judged it, NaN if nobody did.

    Raises
    ------
    ValueError
        If a matrix is not reciprocal, shapes differ, or a weight is not above 0.

    References
    ----------
    .. [1] J. Aczel and T. L. Saaty, "Procedures for synthesizing ratio judgements",
       Journal of Mathematical Psychology, vol. 27, no. 1, pp. 93-102, 1983.

    Examples
    --------
    >>> aggregate_judgements([[[1, 2], [1 / 2, 1]], [[1, 8], [1 / 8, 1]]]).round(4)
    array([[1.  , 4.  ],
           [0.25, 1.  ]])
    """
    matrices, shares = _checked(matrices, weights)
    logs = np.log(matrices)
    judged = np.isfinite(logs)
    share = np.where(judged, shares[:, None, None], 0.0)
    total = share.sum(axis=0)
    mean = (np.where(judged, logs, 0.0) * share).sum(axis=0) / np.where(total, total, 1)
    return np.where(total > 0, np.exp(mean), np.nan)


def aggregate_priorities(priorities, weights=None, how="geometric"):
    """Mean of the judges' weights of the criteria (AIP).

    Parameters
    ----------
    priorities : array-like of shape (n_judges, n)
        Each judge's weights, above 0, each row with sum 1.
    weights : array-like of shape (n_judges,), optional
        Weight of each judge, above 0; equal if left out.
    how : {"geometric", "arithmetic"}, default="geometric"
        On complete judgements weighed by the row geometric mean, the geometric mean of
        priorities equals the weights of the aggregated judgements.

    Returns
    -------
    priorities : ndarray of shape (n,)
        Sum 1 [unitless].

    Raises
    ------
    ValueError
        If a number is not above 0, shapes differ, or the mean is unknown.

    References
    ----------
    .. [1] E. Forman and K. Peniwati, "Aggregating individual judgments and priorities
       with the analytic hierarchy process", European Journal of Operational Research,
       vol. 108, no. 1, pp. 165-169, 1998.

    Examples
    --------
    >>> panel = [[0.8, 0.2], [0.5, 0.5]]
    >>> aggregate_priorities(panel).round(4).tolist()
    [0.6667, 0.3333]
    >>> aggregate_priorities(panel, how="arithmetic").round(4).tolist()
    [0.65, 0.35]
    """
    check_choice("how", how, MEANS)
    values = np.asarray(priorities, dtype=np.float64)
    if values.ndim != 2 or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(
            "priorities must be a table of numbers above 0, one row a judge. Got shape "
            f"{values.shape} and least value {values.min(initial=np.inf):g} instead."
        )
    shares = judge_shares(len(values), weights)
    if how == "arithmetic":
        mean = shares @ (values / values.sum(axis=1, keepdims=True))
    else:
        mean = np.exp(shares @ np.log(values))
    return mean / mean.sum()


def judge_shares(n_judges, weights=None):
    """Weights of the judges as shares of 1.

    Parameters
    ----------
    n_judges : int
    weights : array-like of shape (n_judges,), optional
        Above 0; equal if left out.

    Returns
    -------
    shares : ndarray of shape (n_judges,)
        Sum 1.

    Raises
    ------
    ValueError
        If their number is another, or one is not a number above 0.

    Examples
    --------
    >>> judge_shares(2, [3, 1]).tolist()
    [0.75, 0.25]
    """
    if weights is None:
        return np.full(n_judges, 1 / n_judges)
    weights = np.asarray(weights, dtype=np.float64)
    usable = weights.shape == (n_judges,) and np.isfinite(weights).all()
    if not usable or (weights <= 0).any():
        raise ValueError(
            f"weights must be {n_judges} numbers above 0, one a judge. Got "
            f"{weights.tolist()} instead."
        )
    return weights / weights.sum()


def disagreement(matrices, labels=None, judges=None, weights=None):
    """How far the judges are apart on each pair of criteria.

    Parameters
    ----------
    matrices : array-like of shape (n_judges, n, n)
        Reciprocal; NaN where a judge gave no judgement.
    labels : sequence of str, optional
        Names of the criteria; their numbers if left out.
    judges : sequence of str, optional
        Names of the judges; their numbers if left out.
    weights : array-like of shape (n_judges,), optional
        Weight of each judge; equal if left out.

    Returns
    -------
    pairs : DataFrame
        One row a pair, widest first: row, column, n_judges, geometric_mean,
        geometric_sd (geometric standard deviation, weighted, of the population: 1 where
        all agree, 2 where judgements typically lie a factor 2 from the mean), lowest,
        highest, farthest (the judge farthest from the mean by ratio). A pair that
        nobody judged has NaN; farthest is missing where there is none.

    Raises
    ------
    ValueError
        If a matrix is not reciprocal, shapes differ, or a weight is not above 0.

    Examples
    --------
    >>> apart = disagreement([[[1, 2], [1 / 2, 1]], [[1, 8], [1 / 8, 1]]])
    >>> apart[["geometric_mean", "geometric_sd", "lowest", "highest"]].round(4)
       geometric_mean  geometric_sd  lowest  highest
    0             4.0           2.0     2.0      8.0
    """
    matrices, shares = _checked(matrices, weights)
    n = matrices.shape[1]
    labels = range(n) if labels is None else labels
    judges = range(len(matrices)) if judges is None else judges
    means = aggregate_judgements(matrices, weights)
    rows = []
    for i, j in np.argwhere(np.triu(np.ones((n, n)), 1)):
        present = np.flatnonzero(np.isfinite(matrices[:, i, j]))
        if not len(present):
            rows.append((labels[i], labels[j], 0, *[np.nan] * 4, None))
            continue
        judged = matrices[present, i, j]
        off = np.log(judged) - np.log(means[i, j])
        sd = np.exp(np.sqrt(np.average(off**2, weights=shares[present])))
        farthest = judges[present[np.abs(off).round(12).argmax()]]
        if len(present) == 1 or sd < 1 + 1e-9:
            farthest = None
        spread = means[i, j], sd, judged.min(), judged.max()
        rows.append((labels[i], labels[j], len(present), *spread, farthest))
    columns = ["row", "column", "n_judges", "geometric_mean", "geometric_sd"]
    pairs = pd.DataFrame(rows, columns=[*columns, "lowest", "highest", "farthest"])
    return pairs.sort_values(
        "geometric_sd", ascending=False, kind="stable", ignore_index=True
    )


def judge_report(matrices, judges=None, weights=None, random_index="saaty1980"):
    """Each judge's own consistency, and the distance from the others.

    Parameters
    ----------
    matrices : array-like of shape (n_judges, n, n)
        Reciprocal; NaN where a judge gave no judgement.
    judges : sequence of str, optional
        Names of the judges; their numbers if left out.
    weights : array-like of shape (n_judges,), optional
        Weight of each judge; equal if left out.
    random_index : str, default="saaty1980"
        Name of a table.

    Returns
    -------
    report : DataFrame
        One row a judge, who disagrees most first: judge, share (of the weights),
        n_judged (pairs), cr (of the judge's own judgements; NaN where they do not
        connect all criteria), apart (geometric: typical factor between the judge and
        the mean of the *others*, so that nobody is measured against himself; 1 is full
        agreement, NaN where no other judged the same).

    Raises
    ------
    ValueError
        If a matrix is not reciprocal, shapes differ, or a weight is not above 0.

    Examples
    --------
    >>> of = lambda a: [[1, a], [1 / a, 1]]
    >>> judge_report([of(2), of(2), of(8)], ["x", "y", "z"])[["judge", "apart"]]
      judge  apart
    0     z    4.0
    1     x    2.0
    2     y    2.0
    """
    matrices, shares = _checked(matrices, weights)
    n_judges, n = matrices.shape[:2]
    judges = range(n_judges) if judges is None else judges
    upper = np.triu_indices(n, 1)
    rows = []
    for k, matrix in enumerate(matrices):
        judged = np.isfinite(matrix[upper])
        apart = np.nan
        if n_judges > 1:
            others = np.delete(np.arange(n_judges), k)
            mean = aggregate_judgements(matrices[others], shares[others])
            off = (np.log(matrix) - np.log(mean))[upper]
            off = off[np.isfinite(off)]
            apart = np.exp(np.sqrt((off**2).mean())) if len(off) else np.nan
        cr = own_ratio(matrix, random_index)
        rows.append((judges[k], shares[k], int(judged.sum()), cr, apart))
    report = pd.DataFrame(rows, columns=["judge", "share", "n_judged", "cr", "apart"])
    return report.sort_values(
        "apart", ascending=False, kind="stable", ignore_index=True
    )


def own_ratio(matrix, random_index="saaty1980"):
    """Consistency ratio of one judge's matrix, with gaps or without.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Reciprocal; NaN where a pair was not judged.
    random_index : str, default="saaty1980"
        Name of a table; lowered for the pairs not judged.

    Returns
    -------
    cr : float
        At least 0; NaN where the judgements do not connect all criteria.

    Raises
    ------
    ValueError
        If what was judged is not positive and reciprocal, or the table is unknown.

    Examples
    --------
    >>> own_ratio([[1, 2], [1 / 2, 1]])
    0.0
    """
    if len(judgement_groups(matrix)) > 1:
        return np.nan
    missing = int(np.isnan(np.asarray(matrix, dtype=float)).sum()) // 2
    return consistency(complete_matrix(matrix), random_index, missing=missing).cr


def _checked(matrices, weights):
    """Matrices of one shape, each reciprocal, and the judges' shares."""
    matrices = [check_matrix(matrix, missing=True) for matrix in matrices]
    shapes = {matrix.shape for matrix in matrices}
    if len(shapes) != 1:
        raise ValueError(
            "matrices must hold one square table a judge, all of one size. Got sizes "
            f"{sorted(len(m) for m in matrices)} instead."
        )
    return np.array(matrices), judge_shares(len(matrices), weights)
