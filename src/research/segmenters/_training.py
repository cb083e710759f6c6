"""What a network learns from: its layers, first weights, and batches, without Keras.

All that is random is drawn here, from a generator of numpy's: TensorFlow only
calculates, and nobody's global seeds are touched.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

HIDDEN = (128, 128)
"""Widths of the encoder's hidden layers; the decoder has them the other way round."""

NEGATIVES = 5
"""Customers that stand for all the others, per edge of the neighbour graph."""

HELD_OUT = 0.1
"""Share of the customers that a network does not learn from."""

LEAST_BATCH = 64
"""Pairs in a batch at the least, where as many are allowed."""

STEPS = (20, 60)
"""Fewest and most batches an epoch."""


class Batches(NamedTuple):
    """The batches of one epoch.

    Attributes
    ----------
    heads, tails : ndarray of int32, shape (n_steps, batch_size)
        Rows that belong together.
    shifts : ndarray of int32, shape (n_steps, NEGATIVES)
        By how many places the tails are moved to become the others.
    """

    heads: np.ndarray
    tails: np.ndarray
    shifts: np.ndarray


def widths(n_columns, code_size):
    """Width of each layer, from the curves to the code and back.

    Examples
    --------
    >>> widths(96, 4)
    (96, 128, 128, 4, 128, 128, 96)
    """
    return (n_columns, *HIDDEN, code_size, *HIDDEN[::-1], n_columns)


def first_weights(sizes, rng):
    """Weights to begin with: uniform after Glorot and Bengio, offsets zero.

    Examples
    --------
    >>> weights = first_weights((3, 2, 3), np.random.default_rng(0))
    >>> [part.shape for part in weights]
    [(3, 2), (2,), (2, 3), (3,)]
    """
    weights = []
    for before, after in pairwise(sizes):
        most = np.sqrt(6 / (before + after))
        drawn = rng.uniform(-most, most, (before, after))
        weights += [drawn.astype(np.float32), np.zeros(after, dtype=np.float32)]
    return weights


def folds(n, n_networks, rng):
    """Rows that each network does not learn from: what it says of them is no memory.

    Parameters
    ----------
    n : int
        Rows.
    n_networks : int
    rng : RandomState

    Returns
    -------
    held_out : ndarray of int, shape (n_networks, n // 10)
        Sorted; of two networks among the first ten no row twice.

    Examples
    --------
    >>> held_out = folds(40, 3, np.random.RandomState(0))
    >>> held_out.shape, len(np.unique(held_out))
    ((3, 4), 12)
    """
    size = int(n * HELD_OUT)
    order = rng.permutation(n)
    places = np.arange(n_networks)[:, None] * size + np.arange(size)
    return np.sort(order[places % n], axis=1)


def _size(n_pairs, at_most):
    """Pairs in a batch: with few customers an epoch need not see each a hundred times.

    Examples
    --------
    >>> _size(1_000, 512), _size(8_000, 512), _size(50_000, 512), _size(1_000, 16)
    (64, 400, 512, 16)
    """
    return int(np.clip(n_pairs // STEPS[0], min(LEAST_BATCH, at_most), at_most))


def edge_batches(graph, batch_size, rng):
    """Draw the batches of an epoch from a neighbour graph.

    Edges come in proportion to their weight, either end first.

    Examples
    --------
    >>> from research.segmenters._neighbours import Graph
    >>> graph = Graph(np.array([0, 1]), np.array([1, 2]), np.array([1.0, 0.5]))
    >>> batches = edge_batches(graph, 4, np.random.default_rng(0))
    >>> batches.heads.shape, bool((abs(batches.heads - batches.tails) == 1).all())
    ((20, 4), True)
    """
    size = _size(len(graph.heads), batch_size)
    shape = (_n_steps(len(graph.heads), size), size)
    line = np.cumsum(graph.weights)
    edges = np.searchsorted(line, line[-1] * rng.random(shape), "right")
    edges = np.minimum(edges, len(line) - 1)
    turned = rng.random(shape) < 0.5
    heads = np.where(turned, graph.tails[edges], graph.heads[edges])
    tails = np.where(turned, graph.heads[edges], graph.tails[edges])
    return _batches(heads, tails, rng)


def row_batches(rows, batch_size, rng):
    """Draw the batches of an epoch from `rows`, each by itself and up to twenty times.

    Examples
    --------
    >>> row_batches(np.arange(9), 4, np.random.default_rng(0)).heads.shape
    (20, 4)
    """
    size = _size(10 * len(rows), batch_size)
    shape = (_n_steps(len(rows), size), 2 * size)
    drawn = rows[rng.integers(len(rows), size=shape)]
    return _batches(drawn[:, :size], drawn[:, size:], rng)


def _batches(heads, tails, rng):
    n_steps, batch_size = heads.shape
    shifts = rng.integers(1, max(2, batch_size), (n_steps, NEGATIVES))
    return Batches(*(part.astype(np.int32) for part in (heads, tails, shifts)))


def _n_steps(n, batch_size):
    return int(np.clip(n // batch_size, *STEPS))
