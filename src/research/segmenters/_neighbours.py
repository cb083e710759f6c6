"""The fuzzy neighbour graph of UMAP: who lies near whom, and how surely."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from sklearn.utils import gen_batches

BLOCK = 2**24
"""Distances held at once while neighbours are sought (64 MB in single precision)."""


class Graph(NamedTuple):
    """Weighted edges, each pair of rows once.

    Attributes
    ----------
    heads, tails : ndarray of int, shape (n_edges,)
        Rows that an edge joins, heads < tails.
    weights : ndarray of float64, shape (n_edges,)
        How surely the two are neighbours, in (0, 1] [unitless].
    """

    heads: np.ndarray
    tails: np.ndarray
    weights: np.ndarray


def nearest_neighbours(points, n_neighbors):
    """Other rows nearest to each row, by exact Euclidean distance.

    Parameters
    ----------
    points : ndarray of shape (n_rows, n_columns)
        Finite, of single or double precision.
    n_neighbors : int
        From 1 to n_rows - 1.

    Returns
    -------
    neighbours : ndarray of int, shape (n_rows, n_neighbors)
        The nearest first; of equally near ones in no order that may be relied on.
    distances : ndarray of float64, shape (n_rows, n_neighbors)

    Notes
    -----
    In blocks of products: 20,000 rows of 96 in single precision take about five
    seconds of one core and 64 MB. Who is near is found from ``xx + yy - 2xy``; the
    distances given back are those of the differences, so that copies are at 0.

    Examples
    --------
    >>> found, apart = nearest_neighbours(np.array([[0.0], [1.0], [3.0]]), 1)
    >>> found.ravel().tolist(), apart.ravel().tolist()
    ([1, 0, 1], [1.0, 1.0, 2.0])
    """
    n = len(points)
    points = points - points.mean(axis=0)
    squares = np.einsum("ij,ij->i", points, points)
    neighbours = np.empty((n, n_neighbors), dtype=np.intp)
    distances = np.empty((n, n_neighbors))
    for rows in gen_batches(n, max(1, BLOCK // n)):
        block = squares - 2 * (points[rows] @ points.T)
        own = np.arange(rows.start, min(rows.stop, n))
        block[own - rows.start, own] = np.inf
        found = np.argpartition(block, n_neighbors - 1, axis=1)[:, :n_neighbors]
        apart = np.empty(found.shape)
        for rank, column in enumerate(found.T):
            differences = points[rows] - points[column]
            apart[:, rank] = np.einsum("ij,ij->i", differences, differences)
        order = np.argsort(apart, axis=1, kind="stable")
        neighbours[rows] = np.take_along_axis(found, order, axis=1)
        distances[rows] = np.sqrt(np.take_along_axis(apart, order, axis=1))
    return neighbours, distances


def smooth_weights(distances, n_steps=64):
    """How surely each neighbour is one, on a scale of each row's own.

    Parameters
    ----------
    distances : ndarray of shape (n_rows, n_neighbors)
        The nearest first.
    n_steps : int, default=64
        Halvings in the search for the scale.

    Returns
    -------
    weights : ndarray of shape (n_rows, n_neighbors)
        exp(-(d - d_1) / s) in (0, 1], where d_1 is the distance of the nearest
        neighbour that is no copy and s is such that a row's weights sum to
        log2(n_neighbors), but never below a thousandth of the mean distance.

    References
    ----------
    .. [1] L. McInnes, J. Healy and J. Melville, "UMAP: uniform manifold approximation
       and projection for dimension reduction", arXiv:1802.03426, 2018, algorithm 3.

    Examples
    --------
    >>> weights = smooth_weights(np.array([[1.0, 2.0, 3.0, 9.0]]))
    >>> print(weights[0, 0], weights.sum().round(4))
    1.0 2.0
    """
    wanted = np.log2(distances.shape[1])
    positive = np.where(distances > 0, distances, np.inf).min(axis=1, keepdims=True)
    nearest = np.where(np.isfinite(positive), positive, 0.0)
    beyond = np.maximum(distances - nearest, 0.0)
    mean = distances.mean(axis=1, keepdims=True)
    least = 1e-3 * np.where(mean > 0, mean, distances.mean() or 1.0)
    low, high = least, least + 1e3 * beyond.max(axis=1, keepdims=True)
    for _ in range(n_steps):
        scale = (low + high) / 2
        too_wide = np.exp(-beyond / scale).sum(axis=1, keepdims=True) > wanted
        high, low = np.where(too_wide, scale, high), np.where(too_wide, low, scale)
    return np.exp(-beyond / low)


def fuzzy_graph(points, n_neighbors):
    """Join rows to their neighbours: the fuzzy union of both views of each pair.

    Parameters
    ----------
    points : ndarray of shape (n_rows, n_columns)
        Finite; at least two rows.
    n_neighbors : int
        At least 1; no more than there are other rows are taken.

    Returns
    -------
    graph : Graph
        Of two rows, one sure of the other by a and the other by b, the edge weighs
        a + b - a b. Edges below a ten-thousandth are left out.

    Examples
    --------
    >>> graph = fuzzy_graph(np.array([[0.0], [1.0], [3.0]]), 1)
    >>> graph.heads.tolist(), graph.tails.tolist(), graph.weights.tolist()
    ([0, 1], [1, 2], [1.0, 1.0])
    """
    n = len(points)
    neighbours, distances = nearest_neighbours(points, min(n_neighbors, n - 1))
    weights = smooth_weights(distances)
    rows = np.repeat(np.arange(n), neighbours.shape[1])
    one = coo_array((weights.ravel(), (rows, neighbours.ravel())), shape=(n, n)).tocsr()
    both = (one + one.T - one * one.T).tocoo()
    upper = (both.row < both.col) & (both.data > 1e-4)
    order = np.lexsort((both.col[upper], both.row[upper]))
    return Graph(*(part[upper][order] for part in (both.row, both.col, both.data)))


def among(graph, rows):
    """Edges of `graph` between some of the rows, which keep their numbers.

    Examples
    --------
    >>> graph = Graph(np.array([0, 1]), np.array([1, 2]), np.array([1.0, 0.5]))
    >>> among(graph, np.array([0, 1])).tails.tolist()
    [1]
    """
    there = np.zeros(1 + max(graph.tails.max(), rows.max()), dtype=bool)
    there[rows] = True
    both = there[graph.heads] & there[graph.tails]
    return Graph(*(part[both] for part in graph))
