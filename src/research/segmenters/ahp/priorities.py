"""Weights of the criteria of one matrix of judgements 判断矩阵."""

import numpy as np

from research.segmenters._parameters import check_choice
from research.segmenters.ahp.errors import JudgementError, shown

METHODS = ("eigenvector", "geometric")
RECIPROCAL_TO = 1e-6
"""How far a judgement times its counterpart may be from 1 in an array."""


def check_matrix(matrix, *, missing=False):
    """A matrix of judgements as floats, refused unless it is reciprocal.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Cell (i, j) says how many times i weighs j. Positive and finite, 1 on the
        diagonal, a_ij * a_ji = 1 up to a millionth.
    missing : bool, default=False
        Whether NaN may stand for a judgement not made, in both cells of a pair.

    Returns
    -------
    matrix : ndarray of shape (n, n)
        Of float64, a copy.

    Raises
    ------
    JudgementError
        Naming every cell at fault by its position, counted from 0.

    Examples
    --------
    >>> check_matrix([[1, 3], [0.5, 1]])
    Traceback (most recent call last):
        ...
    research.segmenters.ahp.errors.JudgementError: matrix: cells (0, 1) and (1, 0):
    3 times 0.5 is 1.5; a judgement and its counterpart must multiply to 1.
    """
    matrix = _floats(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        fault = f"a square table is wanted, one of shape {matrix.shape} found."
        raise JudgementError("matrix", [fault])
    absent = np.isnan(matrix)
    usable = np.isfinite(matrix) & (matrix > 0)
    bad = ~usable & ~absent if missing else ~usable
    faults = [
        f"cell ({i}, {j}): {matrix[i, j]:g} is no ratio; a number above 0 is wanted."
        for i, j in np.argwhere(bad)
    ]
    faults += [
        f"cell ({i}, {i}): {matrix[i, i]:g} found; a criterion weighs itself 1 times."
        for i in range(len(matrix))
        if usable[i, i] and matrix[i, i] != 1
    ]
    for i, j in np.argwhere(np.triu(np.ones_like(matrix), 1)):
        pair = int(usable[i, j]) + int(usable[j, i])
        if pair == 1 and not (bad[i, j] or bad[j, i]):
            faults.append(f"cells ({i}, {j}) and ({j}, {i}): only one of them is NaN.")
        product = matrix[i, j] * matrix[j, i] if pair == 2 else 1.0
        if abs(product - 1) > RECIPROCAL_TO:
            faults.append(
                f"cells ({i}, {j}) and ({j}, {i}): {matrix[i, j]:g} times "
                f"{matrix[j, i]:g} is {product:g}; a judgement and its counterpart "
                "must multiply to 1."
            )
    if faults:
        raise JudgementError("matrix", faults)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def _floats(matrix):
    """An array of floats, refused with the first cell that holds no number."""
    try:
        return np.array(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        cells = np.array([list(np.atleast_1d(row)) for row in matrix], dtype=object)
    if cells.ndim != 2:
        fault = "a square table is wanted, rows of different lengths found."
        raise JudgementError("matrix", [fault])
    for (i, j), cell in np.ndenumerate(cells):
        try:
            float(cell)
        except (TypeError, ValueError):
            fault = (
                f"cell ({i}, {j}): {shown(cell)} is no number here; `AHP` and "
                "`judgements_of_table` read texts such as '1/3'."
            )
            raise JudgementError("matrix", [fault]) from None
    return cells.astype(np.float64)


def principal_pair(matrix):
    """Largest eigenvalue of a positive matrix and its eigenvector.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        Of positive numbers.

    Returns
    -------
    value : float
        The principal (Perron) eigenvalue, at least n for a reciprocal matrix.
    vector : ndarray of shape (n,)
        Positive, sums to 1.

    Examples
    --------
    >>> value, vector = principal_pair(np.array([[1.0, 4.0], [0.25, 1.0]]))
    >>> round(value, 9), vector.round(3).tolist()
    (2.0, [0.8, 0.2])
    """
    values, vectors = np.linalg.eig(matrix)
    largest = values.real.argmax()
    vector = np.abs(vectors[:, largest].real)
    # One step of the power iteration takes the last rounding off small weights.
    vector = matrix @ (vector / vector.sum())
    return float(values[largest].real), vector / vector.sum()


def eigenvector_weights(matrix):
    """Weights after Saaty: the principal right eigenvector, summing to 1.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Reciprocal, see `check_matrix`.

    Returns
    -------
    weights : ndarray of shape (n,)
        In (0, 1], sum 1 [unitless]; for one criterion 1.

    Raises
    ------
    JudgementError
        If the matrix is not positive, square and reciprocal.

    References
    ----------
    .. [1] T. L. Saaty, "A scaling method for priorities in hierarchical structures",
       Journal of Mathematical Psychology, vol. 15, no. 3, pp. 234-281, 1977.

    Examples
    --------
    >>> eigenvector_weights([[1, 6, 3], [1 / 6, 1, 1 / 2], [1 / 3, 2, 1]]).round(4)
    array([0.6667, 0.1111, 0.2222])
    """
    return principal_pair(check_matrix(matrix))[1]


def geometric_weights(matrix):
    """Weights by the geometric mean of each row, summing to 1.

    The solution of least squares on the logarithms. It treats the two directions of a
    comparison alike, which the eigenvector does not: transposing the matrix inverts
    the weights.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Reciprocal, see `check_matrix`.

    Returns
    -------
    weights : ndarray of shape (n,)
        In (0, 1], sum 1 [unitless].

    Raises
    ------
    JudgementError
        If the matrix is not positive, square and reciprocal.

    References
    ----------
    .. [1] G. Crawford and C. Williams, "A note on the analysis of subjective judgment
       matrices", Journal of Mathematical Psychology, vol. 29, pp. 387-405, 1985.

    Examples
    --------
    >>> geometric_weights([[1, 8], [1 / 8, 1]]).round(4)
    array([0.8889, 0.1111])
    """
    rows = np.log(check_matrix(matrix)).mean(axis=1)
    weights = np.exp(rows - rows.max())
    return weights / weights.sum()


def priorities(matrix, method="eigenvector"):
    """Weights of a matrix by a named method.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Reciprocal, see `check_matrix`.
    method : {"eigenvector", "geometric"}, default="eigenvector"
        See `eigenvector_weights` and `geometric_weights`. On inconsistent judgements
        they may rank criteria differently: name the method beside the weights.

    Returns
    -------
    weights : ndarray of shape (n,)
        Sum 1 [unitless].

    Raises
    ------
    ValueError
        If the method is unknown, or the matrix is not positive and reciprocal.

    Examples
    --------
    >>> priorities([[1, 4], [1 / 4, 1]], "geometric").round(3).tolist()
    [0.8, 0.2]
    """
    check_choice("method", method, METHODS)
    if method == "geometric":
        return geometric_weights(matrix)
    return eigenvector_weights(matrix)
