"""Rows in turns, so that memory does not grow with the number of customers.

A method that is asked about a million customers needs for each the answer alone; what
it works out on the way (rows in double precision, distances to all centres) it needs
for some thousand of them at a time. Every answer is that of its row alone, so turns
change no result.
"""

from functools import cache

import numpy as np
from sklearn.utils import gen_batches
from threadpoolctl import ThreadpoolController

from research.segmenters.shapes import ROWS, normalize_shapes

MANY = 50_000
"""Customers above which their rows are held in single precision while a method learns;
sums and distances are worked out in double precision all the same."""


def in_turns(n, rows=ROWS):
    """Slices over `n` rows.

    Examples
    --------
    >>> [(turn.start, turn.stop) for turn in in_turns(5, 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    return gen_batches(n, rows) if n else iter(())


def ask_in_turns(ask, X, normalization="none"):
    """Answers of `ask` to the normalised rows of `X`, put together.

    Parameters
    ----------
    ask : callable
        From some normalised rows to an array with as many rows.
    X : ndarray of shape (n, n_readings)
    normalization : str, default="none"

    Returns
    -------
    answers : ndarray of shape (n, ...)

    Examples
    --------
    >>> X = np.array([[1.0, 4.0], [2.0, 2.0]])
    >>> ask_in_turns(lambda shapes: shapes.sum(axis=1), X, "peak").tolist()
    [1.25, 2.0]
    """
    answers = None
    for turn in in_turns(len(X)):
        part = ask(normalize_shapes(X[turn], normalization))
        if answers is None:
            answers = np.empty((len(X), *part.shape[1:]), dtype=part.dtype)
        answers[turn] = part
    return answers


def sums_by_segment(labels, shapes, n_clusters):
    """Sum of the rows of each segment, in double precision.

    Examples
    --------
    >>> rows = np.array([[5.0], [1.0], [3.0]])
    >>> sums_by_segment(np.array([0, 1, 1]), rows, 2).tolist()
    [[5.0], [4.0]]
    """
    sums = np.zeros((n_clusters, shapes.shape[1]))
    for turn in in_turns(len(shapes)):
        members = np.equal.outer(np.arange(n_clusters), labels[turn])
        sums += members.astype(np.float64) @ shapes[turn]
    return sums


def own_distances(labels, shapes, centers):
    """Distance of each row to the centre of its own segment, in double precision.

    Examples
    --------
    >>> own_distances(np.array([1]), np.array([[3.0, 4.0]]), np.zeros((2, 2)))
    array([5.])
    """
    own = np.empty(len(shapes))
    for turn in in_turns(len(shapes)):
        off = shapes[turn] - centers[labels[turn]]
        own[turn] = np.sqrt(np.einsum("ij,ij->i", off, off))
    return own


@cache
def thread_pools():
    """Controller of the thread pools; looking for them takes 2 ms each time."""
    return ThreadpoolController()
