"""What every segmenter does first and last: rows in content order, then numbering."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import validate_data

from research.segmenters._batches import MANY, in_turns, sums_by_segment
from research.segmenters._ordering import by_content, from_the_largest
from research.segmenters.shapes import shapes_as


class Prepared(NamedTuple):
    """Normalised rows in an order of their own content.

    Attributes
    ----------
    shapes : ndarray of shape (n_customers, n_readings)
        In content order; of float64, of float32 above `MANY` customers.
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
    shapes, peak = held_shapes(X, estimator.normalization)
    order, n_distinct = _content_order(shapes, peak)
    if n_distinct < n_clusters:
        raise too_few_shapes(estimator, X, n_distinct, n_clusters)
    return Prepared(shapes[order], order, peak, n_distinct)


def held_shapes(X, how):
    """Normalised rows of `X` as a method holds them, and their largest absolute value.

    Examples
    --------
    >>> shapes, peak = held_shapes(np.array([[2.0, -4.0]]), "peak")
    >>> shapes.tolist(), shapes.dtype.name, peak
    ([[0.5, -1.0]], 'float64', 1.0)
    """
    dtype = np.float64
    if len(X) > MANY:
        highest = _largest(X) if how == "none" else 1.0
        # "none" may hold what single precision can not.
        dtype = np.float32 if 1e-30 < highest < 1e30 else np.float64
    shapes = shapes_as(X, how, dtype)
    return shapes, _largest(shapes) or 1.0


def too_few_shapes(estimator, X, n_shapes, n_clusters):
    """The error that fewer different shapes were found than segments are wanted."""
    return ValueError(
        f"n_clusters={n_clusters} needs at least {n_clusters} different shapes, "
        f"{n_shapes} found among {len(X)} customers under "
        f"normalization={estimator.normalization!r} (n_samples={X.shape[0]}, "
        f"n_features={X.shape[1]}); lower n_clusters or add data."
    )


def _largest(rows):
    """Largest absolute value, without a copy."""
    return float(max(rows.max(), -rows.min()))


def _content_order(shapes, peak):
    """Order of the rows by their content, and how many are different."""
    rounded = shapes
    if shapes.dtype != np.float32:
        rounded = np.empty(shapes.shape, dtype=np.float32)
        np.divide(shapes, peak, out=rounded)  # "none" may exceed float32
    order = by_content(rounded)
    differs = np.zeros(max(len(order) - 1, 0), dtype=bool)
    for turn in in_turns(len(differs)):
        one, next_ = order[turn], order[turn.start + 1 : turn.stop + 1]
        differs[turn] = (rounded[one] != rounded[next_]).any(axis=1)
    return order, 1 + int(differs.sum())


def numbered(labels, shapes, n_clusters):
    """Number the segments of `labels` from the largest down.

    Examples
    --------
    >>> found = numbered(np.array([0, 1, 1]), np.array([[5.0], [1.0], [3.0]]), 2)
    >>> found.labels.tolist(), found.centers.tolist(), found.sizes.tolist()
    ([1, 0, 0], [[2.0], [5.0]], [2, 1])
    """
    sizes = np.bincount(labels, minlength=n_clusters)
    sums = sums_by_segment(labels, shapes, n_clusters)
    centers = sums / np.maximum(sizes, 1)[:, None]
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
