"""Silhouettes: exact by products of matrices, of a sample with its error, simplified.

All distances of 10,000 points are a hundred million square roots, and scikit-learn
spends most of its time around them: products in float64, one count a row. Here they
are products in float32, each pair is met once for both of its points, and the sums over
a segment run along the memory (``python -m benchmarks.silhouette``).

A square of a distance as ``|x|² + |y|² - 2 x y`` loses its digits where both points are
far from the origin and near each other. So each segment in turn lends its mean as the
origin: by the triangle inequality no point is further from a segment's mean than the
mean of its distances to the members, and whatever is lost is small beside one of the
two means that the silhouette compares. Where many members crowd on one spot of a wide
segment it may still show, and those blocks are counted in float64. Identical rows are
found beforehand and are at distance 0.
"""

from contextlib import nullcontext

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.utils import check_array, check_consistent_length, check_random_state
from threadpoolctl import threadpool_limits

from research.comparison._resampling import check_count
from research.comparison._segments import Segments, from_sums, simplified

ROWS = 256
"""Rows of distances at once: few enough for them to stay near the processor."""

CELLS = 2**24
"""Distances at once at the most (64 MB)."""

FEW = 1000
"""Points up to which float32 and a word about threads save nothing."""

CLOSE, MANY = 1e-6, 0.01
"""Squares of distances below so much of the square from the origin have no digits left
in float32; where more than this share of a block are, it takes float64."""


def silhouette(X, labels, max_customers=5000, random_state=0):
    """Mean silhouette, exact or on a sample.

    In [-1, 1]; higher is better. Its maximum is no way to choose the number of
    segments: on real curves it splits off a few outliers (see `choose_k`).

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.
    max_customers : int, default=5000
        Exact up to so many points (time is quadratic: 10,000 points of 96 readings take
        a quarter of a second of one core); beyond, of a random sample of that size
        among itself, which errs by about 0.002 (one of 1,000 errs enough to rank
        numbers of segments wrongly). `sampled_silhouette` tells the error.
    random_state : int, RandomState instance or None, default=0
        Seed of the sample.

    Returns
    -------
    silhouette : float
        Points alone in their segment count 0. NaN where there are fewer than two
        segments, or as many as points.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] P. J. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and
       validation of cluster analysis", Journal of Computational and Applied
       Mathematics, vol. 20, pp. 53-65, 1987.

    Examples
    --------
    >>> round(silhouette([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1]), 3)
    0.798
    """
    # The sample first: all rows in double precision may not fit into the memory.
    X, labels = _checked(X, labels, dtype=[np.float64, np.float32])
    if len(X) > max_customers:
        rng = check_random_state(random_state)
        sample = rng.choice(len(X), max_customers, replace=False)
        X, labels = X[sample], labels[sample]
    return float(point_silhouettes(X, labels).mean())


def point_silhouettes(X, labels):
    """Silhouette of each point, exact.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    silhouettes : ndarray of shape (n_customers,)
        In [-1, 1]: how much nearer, on average, the members of the own segment are than
        those of the nearest other one. 0 for a point alone in its segment; all NaN
        where there are fewer than two segments, or as many as points.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    Notes
    -----
    Beside the distances of one block (64 MB), the memory holds up to four copies of the
    points and one sum a point and segment: 40 MB for 10,000 points of 96 readings. The
    mean errs by about 1e-9 on curves, by less than 1e-5 on points made to be hard for
    float32, and a single point by less than 1e-4. On one core it is 5 to 6 times faster
    than scikit-learn's for up to some ten segments and 2.6 times for 200, each of which
    in turn is the origin.

    Examples
    --------
    >>> point_silhouettes([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1]).round(2)
    array([0.82, 0.78, 0.78, 0.82])
    """
    X, labels = _checked(X, labels)
    if not _defined(X, labels):
        return np.full(len(X), np.nan)
    return _silhouettes_of(X, labels, None)


def sampled_silhouette(
    X, labels, n_sampled=1000, *, confidence=0.95, random_state=0
) -> pd.Series:
    """Mean silhouette of a sample of the points against all points, with its error.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.
    n_sampled : int, default=1000
        Points whose silhouette is computed, at least 2; time grows with it times the
        number of all points. Rather more where there are many small segments.
    confidence : float, default=0.95
        Of the interval, between 0 and 1.
    random_state : int, RandomState instance or None, default=0
        Seed of the sample.

    Returns
    -------
    estimate : Series
        `silhouette`, `se` its standard error, `low` and `high` the ends of the
        interval, `n_sampled` and `n_customers`. NaN as for `silhouette`.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, lengths differ, `n_sampled` is no whole
        number from 2 up or `confidence` does not lie between 0 and 1.

    Notes
    -----
    A stratified sample without replacement: of each segment in proportion to its size,
    at least two of its points (one of a segment of one). Each silhouette is exact, so
    the mean of the segments' means, weighted by their sizes, is unbiased but for the
    rounding of the shares; its variance is the sum of ``(N_k / N)² (1 - n_k / N_k)
    s_k² / n_k``, and the interval Student's, with the degrees of freedom of
    Satterthwaite. A sample of points *among themselves*, as `silhouette` draws beyond
    `max_customers`, can not tell its error that way: its silhouettes depend on each
    other.

    References
    ----------
    .. [1] W. G. Cochran, Sampling Techniques, 3rd ed., Wiley, 1977, chapter 5.

    Examples
    --------
    >>> X = [[0.0], [2.0], [10.0], [12.0]]
    >>> sampled_silhouette(X, [0, 0, 1, 1], 4)[["silhouette", "se"]].round(3).tolist()
    [0.798, 0.0]
    """
    X, labels = _checked(X, labels)
    check_count("n_sampled", n_sampled, least=2)
    if not 0 < confidence < 1:
        raise ValueError(
            f"confidence must lie between 0 and 1. Got {confidence!r} instead."
        )
    rng = check_random_state(random_state)
    n, value, se, low, high = 0, np.nan, np.nan, np.nan, np.nan
    if _defined(X, labels):
        _, labels, sizes = np.unique(labels, return_inverse=True, return_counts=True)
        wanted = np.maximum(2, np.rint(min(n_sampled / len(X), 1) * sizes).astype(int))
        drawn = np.minimum(wanted, sizes)
        chosen = np.concatenate(
            [
                rng.choice(np.flatnonzero(labels == segment), count, replace=False)
                for segment, count in enumerate(drawn)
            ]
        )
        found = pd.Series(_silhouettes_of(X, labels, chosen)).groupby(labels[chosen])
        weight = sizes / len(X)
        value = float(weight @ found.mean().to_numpy())
        spread = found.var(ddof=1).fillna(0).to_numpy()
        parts = weight**2 * (1 - drawn / sizes) * spread / drawn
        n, se, half = len(chosen), float(np.sqrt(parts.sum())), 0.0
        if se > 0:
            freedom = parts.sum() ** 2 / (parts**2 / np.maximum(drawn - 1, 1)).sum()
            half = student.ppf((1 + confidence) / 2, freedom) * se
        low, high = max(value - half, -1.0), min(value + half, 1.0)
    return pd.Series(
        {
            "silhouette": value,
            "se": se,
            "low": low,
            "high": high,
            "n_sampled": n,
            "n_customers": len(X),
        },
        name="sampled_silhouette",
    )


def simplified_silhouette(X, labels):
    """Mean silhouette by the distances to the means of the segments.

    The own segment's mean stands for its members, the nearest other one for those of
    the next segment: milliseconds where the silhouette takes seconds. It ranks much as
    the silhouette does, and comes out higher: never compare the two.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    silhouette : float
        In [-1, 1]; higher is better. Points alone in their segment count 0, as in the
        silhouette: by the formula they would get 1, a prize for splitting off outliers.
        NaN where there are fewer than two segments, or as many as points.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] L. Vendramin, R. J. G. B. Campello and E. R. Hruschka, "Relative clustering
       validity criteria: a comparative overview", Statistical Analysis and Data Mining,
       vol. 3, no. 4, pp. 209-235, 2010.

    Examples
    --------
    >>> round(simplified_silhouette([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1]), 3)
    0.899
    """
    return simplified(Segments.of(X, labels))


def _checked(X, labels, dtype=np.float64):
    X = check_array(X, dtype=dtype)
    labels = np.asarray(labels)
    check_consistent_length(X, labels)
    return X, labels


def _defined(X, labels):
    return 2 <= len(np.unique(labels)) < len(X)


def _silhouettes_of(X, labels, chosen):
    """Silhouettes of the points `chosen`, of all for None, in the order asked for."""
    _, labels, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(labels, kind="stable")
    places = None
    if chosen is not None:
        where = np.empty(len(order), dtype=int)
        where[order] = np.arange(len(order))
        places = where[chosen]
    X = X[order] - X.mean(axis=0)
    X /= np.abs(X).max() or 1.0  # squares must fit into float32
    sums = _sums(X, np.r_[0, sizes.cumsum()], places)
    if chosen is None:
        found = np.empty(len(X))
        found[order] = from_sums(sums, labels[order], sizes)
        return found
    return from_sums(sums, labels[chosen], sizes)


def _sums(X, edges, places):
    """Sums of distances of rows of `X`, sorted by segment, to all of each segment.

    `edges` are where segments begin, and the end. Of all rows (`places` None) every
    pair of segments is met once, for both of its sides.
    """
    n, n_segments = len(X), len(edges) - 1
    all_rows = places is None
    places = np.arange(n) if all_rows else places
    same = _same_rows(X)
    dtype = np.float32 if n > FEW else np.float64
    sums = np.zeros((len(places), n_segments))
    segment_of = np.searchsorted(edges, places, side="right") - 1
    with _one_thread(len(X)):
        for segment in range(n_segments):
            first = edges[segment] if all_rows else 0
            asked = np.flatnonzero(segment_of == segment)
            starts = edges[segment if all_rows else 0 : -1] - first
            mean = X[edges[segment] : edges[segment + 1]].mean(axis=0)
            at_all = places[asked]
            rows, columns = _sides(X, mean, at_all, first, dtype)
            step = int(np.clip(CELLS // len(columns), 1, ROWS))
            for begin in range(0, len(asked), step):
                part = asked[begin : begin + step]
                at = places[part]
                block = slice(begin, begin + step)
                distances = rows[block] @ columns.T
                if rows.dtype == np.float32 and _many_close(distances, rows[block]):
                    rows, columns = _sides(X, mean, at_all, first, np.float64)
                    distances = rows[block] @ columns.T
                np.maximum(distances, 0, out=distances)
                np.sqrt(distances, out=distances)
                distances[np.arange(len(at)), at - first] = 0
                if same is not None:
                    distances[same[at, None] == same[first:]] = 0
                sums[part, segment if all_rows else 0 :] = np.add.reduceat(
                    distances, starts, axis=1
                )
                if all_rows:
                    beyond = edges[segment + 1]
                    sums[beyond:, segment] += distances[:, beyond - first :].sum(axis=0)
    return sums


def _one_thread(n):
    """Blocks are too small to share out; saying so takes 2 ms."""
    return threadpool_limits(1, "blas") if n > FEW else nullcontext()


def _many_close(squares, rows):
    """Whether many distances are too short, for where the rows lie, for float32."""
    seen = squares[:, :: 1 + squares.shape[1] // 1000]  # enough for a share
    close = np.count_nonzero(seen < CLOSE * rows[:, -2:-1])
    return close > MANY * seen.size


def _sides(X, origin, places, first, dtype):
    """Two tables whose product is the squares of distances.

    Of the rows at `places`, and of all from `first` on: (-2x, |x|², 1) (y, 1, |y|²).
    """
    columns = np.ones((len(X) - first, X.shape[1] + 2), dtype=dtype)
    moved = columns[:, :-2]
    np.subtract(X[first:], origin, out=moved, casting="same_kind")
    columns[:, -1] = np.einsum("ij,ij->i", moved, moved)  # of the rounded ones
    rows = columns[places - first]
    rows[:, :-2] *= -2
    rows[:, [-2, -1]] = rows[:, [-1, -2]]
    return rows, columns


def _same_rows(X):
    """Give identical rows one number; None where no two rows are identical."""
    rows = np.ascontiguousarray(X + 0.0)  # one kind of zero
    rows = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    distinct, numbers = np.unique(rows, return_inverse=True)
    return None if len(distinct) == len(X) else numbers.astype(np.int32)
