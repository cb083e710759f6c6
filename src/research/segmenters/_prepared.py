"""What every segmenter does first and last: rows in content order, then numbering."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import validate_data

from research.segmenters._ordering import by_content, from_the_largest
from research.segmenters.shapes import normalize_shapes


class Prepared(NamedTuple):
    """Normalised rows in an order of their own content.

    Attributes
    ----------
    shapes : ndarray of shape (n_customers, n_readings)
        Of float64, in content order.
    order : ndarray of shape (n_customers,)
        Row of the table that stands at each place.
    peak : float
        Largest absolute value of the shapes, 1 where all are zero.
    n_distinct : int
        Number of different shapes in single precision.
    """

    shapes: np.ndarray
    order: np.ndarray
    peak: float
    n_distinct: int


class Numbered(NamedTuple):
    """Segments numbered from the largest down.

    Attributes
    ----------
    labels : ndarray of shape (n_customers,)
        Of int32, in content order.
    centers : ndarray of shape (n_clusters, n_readings)
        Mean shape of the members; zeros for a segment without any.
    sizes : ndarray of shape (n_clusters,)
    old : ndarray of shape (n_clusters,)
        The number that each segment had before.
    """

    labels: np.ndarray
    centers: np.ndarray
    sizes: np.ndarray
    old: np.ndarray


def prepared(estimator, X, n_clusters=1):
    """Validate `X` for `estimator`, normalise its rows and put them in order.

    Raises
    ------
    ValueError
        If `X` has fewer customers, or fewer different shapes, than `n_clusters`.
    """
    X = validate_data(estimator, X, dtype=[np.float64, np.float32])
    if len(X) < n_clusters:
        raise ValueError(
            f"n_clusters={n_clusters} needs at least {n_clusters} customers, "
            f"{len(X)} found (n_samples={len(X)}); lower n_clusters or add data."
        )
    shapes = normalize_shapes(X, estimator.normalization)
    peak = float(np.abs(shapes).max()) or 1.0
    rounded = np.empty(shapes.shape, dtype=np.float32)
    np.divide(shapes, peak, out=rounded)  # "none" may exceed float32
    order = by_content(rounded)
    rounded = rounded[order]
    n_distinct = 1 + int((rounded[1:] != rounded[:-1]).any(axis=1).sum())
    if n_distinct < n_clusters:
        raise ValueError(
            f"n_clusters={n_clusters} needs at least {n_clusters} different shapes, "
            f"{n_distinct} found among {len(X)} customers under "
            f"normalization={estimator.normalization!r} (n_samples={X.shape[0]}, "
            f"n_features={X.shape[1]}); lower n_clusters or add data."
        )
    return Prepared(shapes[order], order, peak, n_distinct)


def numbered(labels, shapes, n_clusters):
    """Number the segments of `labels` from the largest down.

    Examples
    --------
    >>> found = numbered(np.array([0, 1, 1]), np.array([[5.0], [1.0], [3.0]]), 2)
    >>> found.labels.tolist(), found.centers.tolist(), found.sizes.tolist()
    ([1, 0, 0], [[2.0], [5.0]], [2, 1])
    """
    sizes = np.bincount(labels, minlength=n_clusters)
    members = np.equal.outer(np.arange(n_clusters), labels).astype(np.float64)
    centers = members @ shapes / np.maximum(sizes, 1)[:, None]
    old = from_the_largest(sizes, centers)
    labels = np.argsort(old)[labels].astype(np.int32)
    return Numbered(labels, centers[old], sizes[old], old)


def restored(values, order):
    """`values` of rows in content order, in the order of the table.

    Examples
    --------
    >>> restored(np.array([7, 8, 9]), np.array([2, 0, 1])).tolist()
    [8, 9, 7]
    """
    table = np.empty_like(values)
    table[order] = values
    return table


def remarks_on_sizes(sizes):
    """Sentences on segments too small to speak of, for `flags_`.

    Examples
    --------
    >>> remarks_on_sizes(np.array([8, 1]))
    ('Segment 1 is a single customer: an outlier rather than a segment.',)
    >>> remarks_on_sizes(np.array([8, 2]))
    ()
    """
    remarks = {
        0: "holds no customer: fewer segments describe these customers.",
        1: "is a single customer: an outlier rather than a segment.",
    }
    return tuple(
        f"Segment {number} {remarks[size]}"
        for number, size in enumerate(np.asarray(sizes).tolist())
        if size in remarks
    )
