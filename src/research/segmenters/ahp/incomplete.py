"""Judgements with gaps: which criteria hang together, and what fills the gaps."""

import numpy as np
from scipy.optimize import minimize
from scipy.sparse.csgraph import connected_components

from research.segmenters._parameters import check_choice
from research.segmenters.ahp.errors import JudgementError, shown
from research.segmenters.ahp.priorities import check_matrix, principal_pair

COMPLETIONS = ("lambda_max", "log_least_squares")


def judgement_groups(matrix):
    """Groups of criteria that judgements connect, directly or by way of others.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Reciprocal; NaN where a pair was not judged.

    Returns
    -------
    groups : list of list of int
        Positions of the criteria; one group where all hang together.

    Raises
    ------
    JudgementError
        If what was judged is not positive and reciprocal.

    Examples
    --------
    >>> judgement_groups([[1, 2, np.nan], [1 / 2, 1, np.nan], [np.nan, np.nan, 1]])
    [[0, 1], [2]]
    """
    judged = np.isfinite(check_matrix(matrix, missing=True))
    count, group = connected_components(judged, directed=False)
    return [np.flatnonzero(group == g).tolist() for g in range(count)]


def complete_matrix(matrix, method="lambda_max", labels=None):
    """Fill the pairs that were not judged from those that were.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Reciprocal; NaN where a pair was not judged.
    method : {"lambda_max", "log_least_squares"}, default="lambda_max"
        - "lambda_max": the values under which the largest eigenvalue, and with it CR,
          is least [1]_. It is convex in the logarithms, so there is one such filling.
        - "log_least_squares": the ratios of the weights that fit the judged pairs best
          by squares of logarithms; on a complete matrix these are the geometric means.
    labels : sequence of str, optional
        Names of the criteria for the message.

    Returns
    -------
    completed : ndarray of shape (n, n)
        Without NaN; judged cells are as they were.

    Raises
    ------
    JudgementError
        If the judgements fall into groups that nothing connects: then no weight of one
        group against another can be known.
    ValueError
        If the method is unknown.

    References
    ----------
    .. [1] S. Bozoki, J. Fulop and L. Ronyai, "On optimal completion of incomplete
       pairwise comparison matrices", Mathematical and Computer Modelling, vol. 52,
       pp. 318-333, 2010.

    Examples
    --------
    >>> gap = np.nan
    >>> complete_matrix([[1, 2, gap], [1 / 2, 1, 3], [gap, 1 / 3, 1]]).round(3)
    array([[1.   , 2.   , 6.   ],
           [0.5  , 1.   , 3.   ],
           [0.167, 0.333, 1.   ]])
    """
    check_choice("method", method, COMPLETIONS)
    matrix = check_matrix(matrix, missing=True)
    groups = judgement_groups(matrix)
    if len(groups) > 1:
        raise JudgementError("matrix", [unconnected(groups, labels)])
    rows, columns = np.nonzero(np.triu(np.isnan(matrix), 1))
    logs = log_weights(matrix)
    start = logs[rows] - logs[columns]
    if not len(rows) or method == "log_least_squares":
        return _filled(matrix, rows, columns, start)

    def largest_eigenvalue(gaps):
        filled = _filled(matrix, rows, columns, gaps)
        value, right = principal_pair(filled)
        left = principal_pair(filled.T)[1]
        there = left[rows] * filled[rows, columns] * right[columns]
        back = left[columns] * filled[columns, rows] * right[rows]
        return value, (there - back) / (left @ right)

    found = minimize(
        largest_eigenvalue, start, jac=True, method="BFGS", options={"gtol": 1e-10}
    )
    return _filled(matrix, rows, columns, found.x)


def unconnected(groups, labels=None):
    """Sentence that names groups of criteria without a judgement between them.

    Parameters
    ----------
    groups : list of list of int
        See `judgement_groups`.
    labels : sequence of str, optional
        Names of the criteria.

    Returns
    -------
    fault : str

    Examples
    --------
    >>> unconnected([[0, 1], [2]], ["arrears", "delay", "usage"])
    "no judgement connects the groups ['arrears', 'delay'] and ['usage']; judge at least
    one pair between each two of them."
    """
    names = [
        "["
        + ", ".join(str(i) if labels is None else shown(labels[i]) for i in group)
        + "]"
        for group in groups
    ]
    return (
        f"no judgement connects the groups {' and '.join(names)}; judge at least one "
        "pair between each two of them."
    )


def log_weights(matrix):
    """Logarithms of the weights that fit the judged pairs best by squares.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        Reciprocal; NaN where a pair was not judged. All hang together.

    Returns
    -------
    logs : ndarray of shape (n,)
        With mean 0.

    Examples
    --------
    >>> log_weights(np.array([[1, 4.0], [0.25, 1]])).round(3).tolist()
    [0.693, -0.693]
    """
    judged = np.isfinite(matrix)
    laplacian = np.diag(judged.sum(axis=1)) - judged
    sums = np.log(np.where(judged, matrix, 1.0)).sum(axis=1)
    logs = np.linalg.lstsq(laplacian.astype(float), sums, rcond=None)[0]
    return logs - logs.mean()


def _filled(matrix, rows, columns, logs):
    """Copy of `matrix` with the exponentials of `logs` in its gaps."""
    filled = matrix.copy()
    filled[rows, columns] = np.exp(logs)
    filled[columns, rows] = np.exp(-logs)
    return filled
