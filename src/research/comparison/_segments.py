"""Points and labels as the indices see them, and the indices themselves.

One table may be scored by a dozen indices, a thousand times over: what they share is
computed once. Their meaning and sources are told where they are public, in adequacy.py.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial.distance import cdist, pdist, squareform
from sklearn.utils import check_array, check_consistent_length


@dataclass(frozen=True)
class Segments:
    """What the indices need to know of points and labels.

    Attributes
    ----------
    labels : ndarray of shape (n_points,)
        0 to k - 1.
    sizes : ndarray of shape (k,)
        Points of each segment.
    means : ndarray of shape (k, n_features)
        Representatives.
    apart : ndarray of shape (k, n_features)
        The same, from the mean of all points.
    moved : ndarray of shape (n_points, n_features)
        Points, from the mean of all points.
    squares : ndarray of shape (n_points,)
        Squared distance of each point to the mean of its segment.
    total : float
        Sum of the squared distances of the points to the mean of all.
    """

    labels: np.ndarray
    sizes: np.ndarray
    means: np.ndarray
    apart: np.ndarray
    moved: np.ndarray
    squares: np.ndarray
    total: float

    @classmethod
    def of(cls, X, labels):
        """Check points and labels."""
        X = check_array(X, dtype=np.float64)
        check_consistent_length(X, labels)
        return cls.of_checked(X, labels)

    @classmethod
    def of_checked(cls, X, labels):
        """Segments of points that were checked."""
        _, labels, sizes = np.unique(labels, return_inverse=True, return_counts=True)
        center = X.mean(axis=0)
        order = np.argsort(labels, kind="stable")
        first = np.r_[0, sizes.cumsum()[:-1]]
        moved = X - center  # far from the origin, squares would lose their digits
        apart = np.add.reduceat(moved[order], first) / sizes[:, None]
        squares = ((moved - apart[labels]) ** 2).sum(axis=1)
        total = float((moved**2).sum())
        return cls(labels, sizes, center + apart, apart, moved, squares, total)

    def __len__(self):
        """Count the segments."""
        return len(self.sizes)

    @property
    def every_point(self):
        """Whether there are as many segments as points."""
        return len(self) == len(self.labels)

    @cached_property
    def squared_spreads(self):
        """The squared intraset distance dhat^2 of each segment."""
        return np.bincount(self.labels, self.squares) / self.sizes

    @cached_property
    def distances(self):
        """Distance of each pair of means, as pdist gives them."""
        return pdist(self.apart)


def mia(segments):
    """Mean index adequacy of `Segments`."""
    return float(np.sqrt(segments.squared_spreads.mean()))


def cdi(segments):
    """Clustering dispersion indicator of `Segments`."""
    between = ((segments.apart - segments.apart.mean(axis=0)) ** 2).sum(axis=1).mean()
    return _ratio(mia(segments), np.sqrt(between), segments)


def dbi_rms(segments):
    """Davies-Bouldin index of `Segments`, by root mean squares."""
    return _davies_bouldin(np.sqrt(segments.squared_spreads), segments)


def dbi_mean(segments):
    """Davies-Bouldin index of `Segments`, by mean distances as scikit-learn's."""
    if segments.every_point:
        return float("nan")
    sums = np.bincount(segments.labels, np.sqrt(segments.squares))
    return _davies_bouldin(sums / segments.sizes, segments)


def wcbcr(segments):
    """Within over between variation of `Segments`."""
    return _ratio(segments.squares.sum(), (segments.distances**2).sum(), segments)


def vrc(segments):
    """Variance ratio criterion of `Segments`, after Calinski and Harabasz."""
    k, n = len(segments), len(segments.labels)
    if not 2 <= k < n:
        return float("nan")
    apart = (segments.apart**2).sum(axis=1)
    within = segments.squares.sum() / (n - k)
    return _ratio(segments.sizes @ apart / (k - 1), within, segments)


def mdi(segments):
    """Modified Dunn index of `Segments`."""
    widest = np.sqrt(segments.squared_spreads.max())
    return _ratio(widest, segments.distances.min(initial=np.inf), segments)


def si(segments):
    """Scatter index of `Segments`."""
    return _ratio(segments.total, (segments.apart**2).sum(), segments)


def vrse(segments, theta=0.2):
    """Share of the points of `Segments` that their mean misses."""
    lengths = (segments.means**2).sum(axis=1)
    return float((segments.squares > theta * lengths[segments.labels]).mean())


def smi(segments):
    """Similarity matrix indicator of `Segments`."""
    if len(segments) < 2:
        return float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(segments.distances)
        terms = np.where(np.isneginf(logs), 1.0, logs / (logs - 1))
    return float(terms.max())


def simplified(segments):
    """Mean silhouette of `Segments` by the distances to the means."""
    if len(segments) < 2 or segments.every_point:
        return float("nan")
    distances = cdist(segments.moved, segments.apart)
    return float(from_means(distances, segments.labels, segments.sizes).mean())


def from_means(distances, labels, sizes):
    """Silhouettes of points from their distance to each of 0..k-1 segments.

    `distances` is of shape (n_points, n_segments): mean distances to the members, of
    the own segment without the point itself, or distances to the means.
    """
    own = np.arange(len(labels)), labels
    within = distances[own]
    others = distances.copy()
    others[own] = np.inf
    next_best = others.min(axis=1)
    larger = np.maximum(within, next_best)
    found = (next_best - within) / np.where(larger > 0, larger, 1.0)
    found[sizes[labels] == 1] = 0
    return found


def from_sums(sums, labels, sizes):
    """Silhouettes of points from the sum of their distances to each of k segments."""
    others = np.tile(np.maximum(sizes, 1.0), (len(labels), 1))
    others[np.arange(len(labels)), labels] = np.maximum(sizes[labels] - 1, 1)
    return from_means(sums / others, labels, sizes)


def _davies_bouldin(spread, segments):
    if len(segments) < 2:
        return float("nan")
    distance = squareform(segments.distances)
    np.fill_diagonal(distance, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        likeness = (spread[:, None] + spread) / distance
    return float(np.nan_to_num(likeness, nan=np.inf, posinf=np.inf).max(axis=1).mean())


def _ratio(within, between, segments):
    """`within` over `between`: NaN for one segment, infinite where `between` is 0."""
    if len(segments) < 2:
        return float("nan")
    return float(within / between) if between > 0 else float("inf")
