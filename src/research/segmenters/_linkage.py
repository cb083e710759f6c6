"""Ward's tree of points that stand for several customers each."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import linkage


def ward_tree(points, weights=None):
    """Ward linkage of weighted points, in the format of SciPy.

    The tree of points where each counts as `weights` customers in one place: what
    SciPy's linkage of that many copies ends with, without the merges of the copies.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features)
        At least two.
    weights : ndarray of shape (n_points,) or None, default=None
        Above 0; None counts each once.

    Returns
    -------
    tree : ndarray of shape (n_points - 1, 4)
        Two merged nodes (the lower number first), height, number of points below, as
        `scipy.cluster.hierarchy.linkage` gives it. The height of a merge is
        ``sqrt(2 a b / (a + b))`` times the distance of the two means, with weights a
        and b.

    Notes
    -----
    Nearest-neighbour chain [1]_: from any node on to its nearest neighbour until two
    are each other's nearest, which are merged; quadratic in the number of points.

    References
    ----------
    .. [1] F. Murtagh, "A survey of recent advances in hierarchical clustering
       algorithms", The Computer Journal, vol. 26, no. 4, pp. 354-359, 1983.

    Examples
    --------
    >>> ward_tree(np.array([[0.0], [1.0], [10.0]])).round(2).tolist()
    [[0.0, 1.0, 1.0, 2.0], [2.0, 3.0, 10.97, 3.0]]
    """
    if weights is None:
        return linkage(points, "ward")
    squares = squared_distances(points)
    weights = np.asarray(weights, dtype=np.float64)
    squares *= 2 * np.multiply.outer(weights, weights) / np.add.outer(weights, weights)
    return _numbered(*_merges(squares, weights.copy()), len(points))


def cut(tree, k):
    """Segment of each point where all but the last `k` - 1 merges are made.

    What `scipy.cluster.hierarchy.cut_tree` gives, in linear time.

    Parameters
    ----------
    tree : ndarray of shape (n_points - 1, 4)
        As `ward_tree` gives it.
    k : int
        1 to n_points.

    Returns
    -------
    labels : ndarray of int, shape (n_points,)
        Numbered as they first occur.

    Examples
    --------
    >>> cut(ward_tree(np.array([[0.0], [10.0], [1.0]])), 2).tolist()
    [0, 1, 0]
    """
    n = len(tree) + 1
    segment = np.arange(2 * n - 1)
    for step in range(n - k - 1, -1, -1):
        below = tree[step, :2].astype(np.intp)
        segment[below] = segment[n + step]
    return pd.factorize(segment[:n])[0]


def squared_distances(points):
    """Squared Euclidean distances of all pairs, by one product of matrices.

    Examples
    --------
    >>> squared_distances(np.array([[0.0], [3.0]])).tolist()
    [[0.0, 9.0], [9.0, 0.0]]
    """
    points = points - points.mean(axis=0)
    lengths = np.einsum("ij,ij->i", points, points)
    squares = np.add.outer(lengths, lengths) - 2 * (points @ points.T)
    np.maximum(squares, 0, out=squares)
    np.fill_diagonal(squares, 0)
    return squares


def _merges(squares, weights):
    """Pairs of places merged, in the order found, and their squared heights."""
    np.fill_diagonal(squares, np.inf)
    n = len(squares)
    alive = np.ones(n, dtype=bool)
    pairs, heights, chain = [], [], []
    while len(pairs) < n - 1:
        if not chain:
            chain = [int(alive.argmax())]
        here = chain[-1]
        there = int(squares[here].argmin())
        if len(chain) > 1 and squares[here, chain[-2]] <= squares[here, there]:
            there = chain[-2]
            del chain[-2:]
            pairs.append((here, there))
            heights.append(squares[here, there])
            _merge(squares, weights, alive, here, there)
        else:
            chain.append(there)
    return np.array(pairs).reshape(-1, 2), np.array(heights)


def _merge(squares, weights, alive, here, there):
    """Put `there` into `here`, by the recurrence of Lance and Williams."""
    a, b, height = weights[here], weights[there], squares[here, there]
    row = (a + weights) * squares[here] + (b + weights) * squares[there]
    with np.errstate(invalid="ignore"):  # places of merged points hold infinities
        row = (row - weights * height) / (a + b + weights)
    alive[there] = False
    row[~alive] = np.inf
    row[here] = np.inf
    squares[here], squares[:, here] = row, row
    squares[there], squares[:, there] = np.inf, np.inf
    weights[here] = a + b


def _numbered(pairs, heights, n):
    """Merges from the lowest up, with new nodes numbered from `n`."""
    order = np.argsort(heights, kind="stable")
    node, count = np.arange(n), np.ones(n, dtype=int)
    root = np.arange(n)
    tree = np.empty((n - 1, 4))
    for step, (here, there) in enumerate(pairs[order]):
        here, there = _root(root, here), _root(root, there)
        low, high = sorted((node[here], node[there]))
        root[there] = here
        count[here] += count[there]
        node[here] = n + step
        tree[step] = low, high, np.sqrt(heights[order[step]]), count[here]
    return tree


def _root(root, place):
    while root[place] != place:
        root[place] = place = root[root[place]]
    return place
