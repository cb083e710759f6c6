"""Whether judgements agree with each other, and which one to ask about again."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.segmenters.ahp.priorities import (
    check_matrix,
    geometric_weights,
    principal_pair,
)
from research.segmenters.ahp.random_index import random_index as index_of

SCALE = tuple([1 / k for k in range(9, 1, -1)] + [float(k) for k in range(1, 10)])
"""Saaty's scale 1-9 标度 with its reciprocals."""


class Consistency(NamedTuple):
    """How far a matrix is from one without contradictions.

    `lambda_max` is the largest eigenvalue (at least n), `ci` the consistency index
    一致性指标, `random_index` that of chance, `cr` the consistency ratio 一致性比率,
    `gci` the geometric consistency index; 0 at their best, `lambda_max` n.
    """

    n: int
    lambda_max: float
    ci: float
    random_index: float
    cr: float
    gci: float


def consistency(matrix, random_index="saaty1980", *, missing=0, seed=0):
    """Consistency 一致性检验 of a complete matrix of judgements.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Reciprocal, see `check_matrix`.
    random_index : str, default="saaty1980"
        Name of a table, see `research.segmenters.ahp.random_index`.
    missing : int, default=0
        Pairs of the matrix that were filled, not judged; they lower the random index.
        0 gives the ratio as it was usual before 2022, which is too kind.
    seed : int, default=0
        Of the simulated index beyond 15 criteria.

    Returns
    -------
    consistency : Consistency
        CI = (lambda_max - n) / (n - 1), CR = CI / RI. For one or two criteria, and
        where no judgement is left over to contradict another, CR is 0, never NaN.

    Raises
    ------
    ValueError
        If the matrix is not positive and reciprocal, or the table is unknown.

    Examples
    --------
    >>> judged = [[1, 2, 8], [1 / 2, 1, 2], [1 / 8, 1 / 2, 1]]
    >>> found = consistency(judged)
    >>> round(found.lambda_max, 4), round(found.cr, 4)
    (3.0536, 0.0462)
    >>> consistency([[1, 3], [1 / 3, 1]]).cr
    0.0
    """
    matrix = check_matrix(matrix)
    n = len(matrix)
    index = index_of(n, random_index, missing=missing, seed=seed)
    if n <= 2:
        return Consistency(n, float(n), 0.0, index, 0.0, 0.0)
    # Rounding may leave the eigenvalue of a consistent matrix just beside n.
    lambda_max = max(float(n), principal_pair(matrix)[0])
    ci = (lambda_max - n) / (n - 1)
    cr = ci / index if index > 0 else 0.0
    return Consistency(n, lambda_max, ci, index, cr, _geometric_index(matrix))


def _geometric_index(matrix):
    """Geometric consistency index of a matrix of at least three criteria."""
    n = len(matrix)
    logs = np.log(geometric_weights(matrix))
    errors = np.log(matrix) - (logs[:, None] - logs[None, :])
    return float((np.triu(errors, 1) ** 2).sum() * 2 / ((n - 1) * (n - 2)))


def geometric_limit(n):
    """Geometric consistency index that stands for CR = 0.10.

    Parameters
    ----------
    n : int
        Number of criteria.

    Returns
    -------
    limit : float
        0.31 for three criteria, 0.35 for four, 0.37 beyond [1]_; 0 below three.

    References
    ----------
    .. [1] J. Aguaron and J. M. Moreno-Jimenez, "The geometric consistency index:
       approximated thresholds", European Journal of Operational Research, vol. 147,
       no. 1, pp. 137-145, 2003.

    Examples
    --------
    >>> geometric_limit(4)
    0.35
    """
    return {1: 0.0, 2: 0.0, 3: 0.31, 4: 0.35}.get(n, 0.37)


def nearest_on_scale(value):
    """Value of the scale 1/9 ... 9 that is nearest by ratio.

    Parameters
    ----------
    value : float
        Above 0.

    Returns
    -------
    nearest : float
        Of two equally near, the one nearer to 1.

    Examples
    --------
    >>> nearest_on_scale(3.4), nearest_on_scale(40.0)
    (3.0, 9.0)
    """
    target = np.log(value)
    return min(
        SCALE, key=lambda s: (round(abs(np.log(s) - target), 12), abs(np.log(s)))
    )


def worst_judgements(matrix, labels=None, random_index="saaty1980", *, seed=0):
    """Judgements ordered by how much their repair would mend the consistency.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Reciprocal, complete.
    labels : sequence of str, optional
        Names of the criteria; their numbers from 0 if left out.
    random_index : str, default="saaty1980"
        Name of a table.
    seed : int, default=0
        Of the simulated index beyond 15 criteria.

    Returns
    -------
    worst : DataFrame
        One row a pair, worst first: row, column, judged (oriented so that it is at
        least 1), implied (what the other judgements say: geometric mean of the ways
        round through each third criterion), cr_now, cr_implied (if the implied value
        stood there), suggested (nearest value of the scale), cr_suggested. Empty for
        one or two criteria. With three criteria every pair mends the same: only those
        who judged can tell which to change.

    Raises
    ------
    ValueError
        If the matrix is not positive and reciprocal, or the table is unknown.

    Notes
    -----
    The suggestion is a question to the judge, not a correction: a matrix mended until
    it passes no longer holds the judge's opinion.

    Examples
    --------
    >>> judged = [[1, 2, 4, 8], [1/2, 1, 2, 4], [1/4, 1/2, 1, 9], [1/8, 1/4, 1/9, 1]]
    >>> worst = worst_judgements(judged, ["a", "b", "c", "d"]).iloc[0]
    >>> worst["row"], worst["column"], float(worst["judged"].round(3))
    ('c', 'd', 9.0)
    >>> float(worst["implied"].round(3)), float(worst["suggested"])
    (2.0, 2.0)
    """
    matrix = check_matrix(matrix)
    n = len(matrix)
    labels = range(n) if labels is None else labels
    now = consistency(matrix, random_index, seed=seed).cr
    rows = []
    for i, j in np.argwhere(np.triu(np.ones((n, n)), 1)) if n > 2 else ():
        if matrix[i, j] < 1:
            i, j = j, i
        others = np.delete(np.arange(n), [i, j])
        implied = float(np.exp(np.log(matrix[i, others] * matrix[others, j]).mean()))
        suggested = nearest_on_scale(implied)
        after = [
            consistency(_with(matrix, i, j, value), random_index, seed=seed).cr
            for value in (implied, suggested)
        ]
        names = labels[i], labels[j]
        rows.append((*names, matrix[i, j], implied, now, after[0], suggested, after[1]))
    columns = ["row", "column", "judged", "implied", "cr_now", "cr_implied"]
    columns += ["suggested", "cr_suggested"]
    worst = pd.DataFrame(rows, columns=columns)
    return worst.sort_values("cr_implied", kind="stable", ignore_index=True)


def _with(matrix, i, j, value):
    """Copy of `matrix` with the judgement (i, j) replaced."""
    changed = matrix.copy()
    changed[i, j], changed[j, i] = value, 1 / value
    return changed
