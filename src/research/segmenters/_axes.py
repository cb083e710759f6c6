"""Principal axes of a table of rows, with signs that no order can turn."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from sklearn.utils import gen_batches

ROWS = 2**14
"""Rows seen from their mean at once."""


class Axes(NamedTuple):
    """Where the rows spread most.

    Attributes
    ----------
    mean : ndarray of shape (n_readings,)
    directions : ndarray of shape (n_axes, n_readings)
        Orthonormal, the widest first.
    variances : ndarray of shape (n_axes,)
        Along each direction [unit of the rows, squared].
    share : float
        Of all variance, the part that the directions hold, in [0, 1].
    """

    mean: np.ndarray
    directions: np.ndarray
    variances: np.ndarray
    share: float


def principal_axes(rows, most, explained=1.0):
    """The fewest principal axes that hold a share `explained` of the variance.

    Parameters
    ----------
    rows : ndarray of shape (n_customers, n_readings)
    most : int
        Axes at most, at least 1.
    explained : float, default=1.0
        In (0, 1].

    Returns
    -------
    axes : Axes
        At least one direction. The sign of each makes the third moment of the scores
        positive, so that the numbering of the readings does not matter.

    Examples
    --------
    >>> axes = principal_axes(np.array([[0.0, 1.0], [0.0, 1.0], [3.0, 1.0]]), 2)
    >>> axes.directions.round(2).tolist(), axes.variances.round(2).tolist()
    ([[1.0, 0.0]], [2.0])
    """
    mean = rows.mean(axis=0, dtype=np.float64)
    tall = len(rows) > rows.shape[1]
    if tall:
        gram = sum((rows[turn] - mean).T @ (rows[turn] - mean) for turn in _turns(rows))
    else:
        centered = rows - mean
        gram = centered @ centered.T
    total = gram.trace()
    last = len(gram) - 1
    wanted = (max(0, last + 1 - most), last)
    squares, vectors = eigh(gram, subset_by_index=wanted)
    squares, vectors = np.maximum(squares[::-1], 0), vectors[:, ::-1]
    held = squares.cumsum() / (total or 1.0)
    enough = 1 + int(np.searchsorted(held, min(explained, 1 - 1e-12)))
    width = int(min(enough, max(1, (squares > 1e-12 * total).sum())))
    squares, vectors = squares[:width], vectors[:, :width]
    if not tall:
        vectors = centered.T @ vectors
        lengths = np.linalg.norm(vectors, axis=0)
        vectors = vectors / np.where(lengths > 0, lengths, 1.0)
    moments = sum(
        (((rows[turn] - mean) @ vectors) ** 3).sum(axis=0) for turn in _turns(rows)
    )
    signs = np.where(moments < 0, -1.0, 1.0)
    share = float(min(1.0, held[width - 1])) if total > 0 else 1.0
    return Axes(mean, (vectors * signs).T, squares / len(rows), share)


def _turns(rows):
    return list(gen_batches(len(rows), ROWS))
