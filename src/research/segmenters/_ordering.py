"""One order of the rows and one numbering of the segments, whoever comes first."""

import numpy as np

ROWS = 2**14
"""Rows seen from their mean at once."""


def by_content(rows):
    """Order of the rows by their columns, the first first.

    By eight columns, and by the others among those rows alone that these leave equal:
    a million rows are sorted by eight keys and not by hundreds.

    Examples
    --------
    >>> by_content(np.array([[2.0] * 9, [1.0] * 9, [1.0] * 8 + [0.0]])).tolist()
    [2, 1, 0]
    """
    order = np.lexsort(rows[:, :8].T[::-1])
    if rows.shape[1] <= 8 or len(rows) < 2:
        return order
    first = rows[order, :8]
    same = (first[1:] == first[:-1]).all(axis=1)
    if not same.any():
        return order
    tied = np.r_[same, False] | np.r_[False, same]
    group = np.cumsum(np.r_[True, ~same])[tied]
    among = order[tied]
    order[tied] = among[np.lexsort((*rows[among, 8:].T[::-1], group))]
    return order


def by_form(rows):
    """Order of the rows that knows no first reading, equal ones as they come.

    By what a row has in common with the sum of all, each with the weight of its square,
    all seen from their mean. Readings in another order, such as those of a clock that
    is an hour off, or other axes do not change it: random starts then draw the same
    rows.

    Examples
    --------
    >>> rows = np.array([[1.0, 0.0, 2.0], [5.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    >>> by_form(rows).tolist(), by_form(np.roll(rows, 1, axis=1)).tolist()
    ([0, 2, 1], [0, 2, 1])
    """
    if not len(rows):
        return np.arange(0)
    mean = rows.mean(axis=0, dtype=np.float64)
    common, form = np.zeros(rows.shape[1]), np.empty(len(rows))
    for first in range(0, len(rows), ROWS):
        off = rows[first : first + ROWS] - mean
        common += np.einsum("ij,ij->i", off, off) @ off
    for first in range(0, len(rows), ROWS):
        form[first : first + ROWS] = (rows[first : first + ROWS] - mean) @ common
    # Rounded: the order of a sum must not decide between two rows.
    form /= max(np.abs(form).max(), np.finfo(float).tiny)
    return np.argsort(form.round(9), kind="stable")


def from_the_largest(sizes, centers):
    """Order of the segments from the largest down, of two of one size by `centers`.

    Parameters
    ----------
    sizes : ndarray of shape (n_clusters,)
        Number of customers of each segment.
    centers : ndarray of shape (n_clusters, n_readings)
        What stands for each segment, such as its mean curve.

    Returns
    -------
    order : ndarray of shape (n_clusters,)
        The segment that becomes number 0, number 1, and so on. The new label of a
        customer of old label l is ``np.argsort(order)[l]``.

    Examples
    --------
    >>> from_the_largest(np.array([2, 5, 2]), np.array([[3.0], [1.0], [2.0]])).tolist()
    [1, 2, 0]
    """
    return np.lexsort((*np.asarray(centers).T[::-1], -np.asarray(sizes)))
