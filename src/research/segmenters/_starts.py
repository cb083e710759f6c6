"""All starts of k-means at once, as products of large matrices (see `kmeans`)."""

import numpy as np

SEARCH_SHARE = 0.95
"""Share of the variance that the columns hold on which the starts run."""

ROTATE_FROM = 50
"""Starts from which a fit turns the rows to their principal axes first: that costs as
much as some thirty starts."""

BLOCK = 2**18
"""Distances held at once, so that those of a batch of starts stay in the cache."""


def principal_scores(points):
    """Rows on their principal axes, by the smaller of the two Gram matrices."""
    centered = points - points.mean(axis=0)
    tall = len(centered) > centered.shape[1]
    gram = centered.T @ centered if tall else centered @ centered.T
    squares, axes = np.linalg.eigh(gram)
    held = squares > 1e-12 * max(squares[-1], np.finfo(float).tiny)
    held[-1] = True
    squares, axes = squares[held][::-1], axes[:, held][:, ::-1]
    return centered @ axes if tall else axes * np.sqrt(np.maximum(squares, 0))


def distinct(divisions):
    """The different rows of labels, sorted.

    What `numpy.unique` gives, which compares long rows a field at a time.

    Examples
    --------
    >>> distinct(np.array([[1, 0], [0, 1], [1, 0]])).tolist()
    [[0, 1], [1, 0]]
    """
    found = {labels.astype(">u4").tobytes(): labels for labels in divisions}
    return np.array([found[content] for content in sorted(found)])


def best_of_starts(shapes, k, n_init, rng):
    """Labels of the k-means solution of least inertia among `n_init` starts.

    The starts run together, on the columns that hold `SEARCH_SHARE` of the variance.
    What the other columns can add to an inertia is known: the starts that may still be
    the best are finished on all columns, and the best of them in double precision.
    """
    if n_init >= ROTATE_FROM:
        shapes = principal_scores(shapes.astype(np.float64))
    shapes = (shapes - shapes.mean(axis=0)).astype(np.float32)
    squares = np.einsum("ij,ij->j", shapes, shapes, dtype=np.float64)
    widest = np.argsort(-squares, kind="stable")
    held = squares[widest].cumsum()
    n_columns = 1 + np.searchsorted(held, SEARCH_SHARE * held[-1])
    points = np.ascontiguousarray(shapes[:, widest[:n_columns]])
    batch = max(1, BLOCK // (k * len(points)))
    found = []
    for first in range(0, n_init, batch):
        seeds = _seeds(points, k, min(batch, n_init - first), rng)
        found.append(_lloyd(points, points[seeds]))
    labels, inertia = (np.concatenate(parts) for parts in zip(*found, strict=True))
    left_out = held[-1] - held[n_columns - 1]
    near = distinct(labels[inertia <= inertia.min() + left_out])
    for precision in (np.float32, np.float64):
        shapes = shapes.astype(precision)
        centers, _ = _means(shapes, _members(near, k, precision))
        near, inertia = _lloyd(shapes, centers)
        near = near[[inertia.argmin()]]
    return near[0]


def _seeds(points, k, n_starts, rng):
    """Rows where each start begins: greedy k-means++ for all starts at once."""
    n, starts = len(points), np.arange(n_starts)[:, None]
    squares = np.einsum("ij,ij->i", points, points)
    seeds = np.empty((n_starts, k), dtype=np.intp)
    seeds[:, 0] = rng.randint(n, size=n_starts)
    nearest = np.full((n_starts, n), np.inf)
    n_trials = 2 + int(np.log(k))
    for number in range(k):
        if number == 0:
            tried = seeds[:, :1]
        else:
            # One sorted line of all starts: start s lies in (s, s + 1].
            line = nearest.cumsum(axis=1, dtype=np.float64)
            line /= np.maximum(line[:, -1:], np.finfo(float).tiny)
            drawn = rng.random_sample((n_starts, n_trials)) + starts
            tried = np.searchsorted((line + starts).ravel(), drawn.ravel(), "right")
            tried = np.minimum(tried.reshape(n_starts, n_trials) - n * starts, n - 1)
        distances = squares[tried][..., None] + squares
        distances -= 2 * (points[tried.ravel()] @ points.T).reshape(*tried.shape, n)
        distances = np.clip(distances, 0, nearest[:, None])
        best = distances.sum(axis=2).argmin(axis=1)
        seeds[:, number] = tried[starts[:, 0], best]
        nearest = distances[starts[:, 0], best]
    return seeds


def _lloyd(points, centers, max_iter=300):
    """Labels and inertia of each start, whose centres are `centers[start]`.

    Works on all starts that still move at once. A segment that loses all members gets
    the points farthest from their centres.
    """
    n, k = len(points), centers.shape[1]
    squares = np.einsum("ij,ij->i", points, points)
    labels = np.full((len(centers), n), -1)
    inertia = np.empty(len(centers))
    moving = np.arange(len(centers))
    for _ in range(max_iter):
        # The nearest centre c of x is that of the highest x c - c c / 2.
        nearness = centers.reshape(-1, points.shape[1]) @ points.T
        nearness -= np.einsum("skj,skj->sk", centers, centers).reshape(-1, 1) / 2
        nearness = nearness.reshape(-1, k, n)
        found = nearness.argmax(axis=1)
        distances = squares - 2 * nearness.max(axis=1)
        inertia[moving] = distances.sum(axis=1, dtype=np.float64)
        moved = (found != labels[moving]).any(axis=1)
        labels[moving] = found
        moving, found, distances = moving[moved], found[moved], distances[moved]
        if not len(moving):
            break
        centers, sizes = _means(points, _members(found, k, points.dtype))
        for start in np.flatnonzero((sizes == 0).any(axis=1)):
            empty = np.flatnonzero(sizes[start] == 0)
            farthest = np.argsort(-distances[start], kind="stable")[: len(empty)]
            centers[start, empty] = points[farthest]
    return labels, inertia


def _members(labels, k, dtype):
    """Ones where a row belongs to a segment, of shape (n_starts, k, n_rows)."""
    return (labels[:, None] == np.arange(k)[:, None]).astype(dtype)


def _means(points, members):
    """Means of the members and their number, for each start and segment."""
    n_starts, k, n = members.shape
    sizes = members.sum(axis=2)
    sums = (members.reshape(-1, n) @ points).reshape(n_starts, k, -1)
    return sums / np.maximum(sizes, 1)[..., None], sizes
