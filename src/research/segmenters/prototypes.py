"""Segments from the prototypes of a self-organising map, by k-medoids or by Ward."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.metrics import davies_bouldin_score

from research.segmenters._grid import TOPOLOGIES
from research.segmenters._limits import distance_limits
from research.segmenters._linkage import cut, squared_distances, ward_tree
from research.segmenters._medoids import k_medoids
from research.segmenters._nearest import NearestCenterMixin
from research.segmenters._parameters import check_choice, check_count, check_share
from research.segmenters._prepared import (
    numbered,
    prepared,
    remarks_on_sizes,
    restored,
)
from research.segmenters.shapes import NORMALIZATIONS
from research.segmenters.som import SelfOrganizingMap, map_of_prepared

WAYS = ("pam", "ward")
BLOCK = 2**21
"""Distances held at once, 16 MB."""

FOLDED = 0.05
"""Topographic error above which `flags_` speaks of it."""


class SOMSegmenter(NearestCenterMixin, ClusterMixin, BaseEstimator):
    """Segment customers by way of the prototypes of a self-organising map.

    A map of a few hundred units at most is trained on all customers (see
    `SelfOrganizingMap`); its prototypes, each with the weight of its customers, are
    gathered to segments by k-medoids (`how="pam"`) or Ward's method. A customer belongs
    to the segment of its nearest prototype. The prototypes are means, so that single
    odd customers weigh little, and they are few, so that a quadratic method does for
    any number of customers. Segments are numbered from the largest down.

    Parameters
    ----------
    n_clusters : int, default=4
        Number of segments, at least 1.
    how : {"pam", "ward"}, default="pam"
        How prototypes are gathered: around medoids, or by Ward's tree.
    normalization : {"peak", "mean", "z", "unit", "demin", "none"}, default="peak"
        How the size is taken out of a row, see `normalize_shapes`.
    grid, topology, n_epochs, radius, max_units
        Of the map, see `SelfOrganizingMap`.
    reject_quantile : float, default=0.99
        In (0, 1]. Share of the customers at `fit` that fit their segment by the measure
        of `distance_ratio`; sets `distance_limits_` and nothing else.
    random_state : int, RandomState instance or None, default=None
        Seed of the random starts of k-medoids; the map itself is not random.

    Attributes
    ----------
    labels_ : ndarray of shape (n_customers,)
        Segment of each customer.
    cluster_centers_ : ndarray of shape (n_clusters, n_readings)
        Mean normalised curve of each segment [unitless].
    cluster_sizes_ : ndarray of shape (n_clusters,)
        Number of customers of each segment, never rising.
    map_ : SelfOrganizingMap
        The fitted map.
    unit_labels_ : ndarray of shape (n_units,)
        Segment of each unit, -1 for a unit without customers.
    distance_limits_ : ndarray of shape (n_clusters,)
        Distance from a segment's nearest prototype beyond which a curve fits it badly.
    flags_ : tuple of str
        What speaks against the segments, a sentence each: a segment of one, a folded
        map (`topographic_error_` above .05).
    n_features_in_ : int
        Number of readings a row.
    feature_names_in_ : ndarray of shape (n_readings,)
        Names of the columns, where `X` is a DataFrame with names of type str.

    Notes
    -----
    `transform` gives the distance to the nearest prototype of each segment, so that
    `predict`, `margin` and `distance_ratio` follow the prototypes and not the mean of a
    segment that may be long or bent. For the limits of `distance_ratio` a customer's
    distance is taken to its prototype *without* that customer: with the share a that
    the customer has in its prototype, 1 / (1 - a) times its distance.

    References
    ----------
    .. [1] 胡晓雪, 赵嵩正, "SOM-DB-PAM", 计算机工程, vol. 41, no. 10, 2015 (read in
       abstract): the same two steps, the number of segments by the Davies-Bouldin
       index.
    .. [2] J. Vesanto and E. Alhoniemi, "Clustering of the self-organizing map", IEEE
       Transactions on Neural Networks, vol. 11, no. 3, pp. 586-600, 2000.

    Examples
    --------
    >>> curves = [[1, 2, 9], [1, 3, 9], [1, 1, 8], [9, 2, 1], [9, 3, 1]]
    >>> segmenter = SOMSegmenter(2, grid=(1, 4), random_state=0).fit(curves)
    >>> segmenter.labels_.tolist()
    [0, 0, 0, 1, 1]
    """

    def __init__(
        self,
        n_clusters=4,
        *,
        how="pam",
        normalization="peak",
        grid=None,
        topology="hexagonal",
        n_epochs=50,
        radius=None,
        max_units=400,
        reject_quantile=0.99,
        random_state=None,
    ):
        self.n_clusters = n_clusters
        self.how = how
        self.normalization = normalization
        self.grid = grid
        self.topology = topology
        self.n_epochs = n_epochs
        self.radius = radius
        self.max_units = max_units
        self.reject_quantile = reject_quantile
        self.random_state = random_state

    def fit(self, X, y=None):
        """Find the segments of the curves `X`.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            One curve a row, finite, in any unit.
        y : None
            Ignored; there for scikit-learn.

        Returns
        -------
        self : SOMSegmenter

        Raises
        ------
        ValueError
            If a parameter is out of its range, `X` holds NaN or infinite values, `X`
            has fewer customers, or fewer different shapes, than segments are wanted, or
            so few units of the map have customers.

        Examples
        --------
        >>> SOMSegmenter(n_clusters=2).fit([[1, 2]])
        Traceback (most recent call last):
            ...
        ValueError: n_clusters=2 needs at least 2 customers, 1 found (n_samples=1);
        lower n_clusters or add data.
        """
        check_count("n_clusters", self.n_clusters)
        check_choice("how", self.how, WAYS)
        check_choice("topology", self.topology, TOPOLOGIES)
        check_share("reject_quantile", self.reject_quantile)
        check_choice("normalization", self.normalization, NORMALIZATIONS)
        found = prepared(self, X, self.n_clusters)
        shapes, order, peak, _ = found
        self.map_ = map_of_prepared(self._map(), found, self)
        self._used = np.flatnonzero(self.map_.hits_)
        weights = self.map_.hits_[self._used]
        prototypes = self.map_.prototypes_[self._used]
        groups = self._gathered(prototypes / peak, weights, [self.n_clusters])
        self._groups = groups[self.n_clusters]
        self._n_features_out = self.n_clusters
        to_segments, nearest = self._distances(shapes)
        labels = to_segments.argmin(axis=1)
        labels, centers, sizes, old = numbered(labels, shapes, self.n_clusters)
        self._groups = np.argsort(old)[self._groups]
        self.cluster_centers_, self.cluster_sizes_ = centers, sizes
        self.labels_ = restored(labels, order)
        self.unit_labels_ = np.full(len(self.map_.hits_), -1)
        self.unit_labels_[self._used] = self._groups
        without = 1 - self.map_.own_weights_[self._used[nearest]]
        self.distance_limits_ = distance_limits(
            to_segments.min(axis=1) / np.maximum(without, 0.1),
            labels,
            sizes,
            self.reject_quantile,
            peak,
        )
        self.flags_ = remarks_on_sizes(sizes) + self._remarks_on_the_map()
        return self

    def transform(self, X):
        """Distances of the normalised rows of `X` to the segments' nearest prototypes.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        distances : ndarray of shape (n_customers, n_clusters)
            Euclidean, at least 0 [unitless].

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> curves = [[1, 2, 9], [1, 3, 9], [1, 1, 8], [9, 2, 1], [9, 3, 1]]
        >>> segmenter = SOMSegmenter(2, grid=(1, 4), random_state=0).fit(curves)
        >>> segmenter.transform([[1, 2, 9], [9, 2, 1]]).argmin(axis=1).tolist()
        [0, 1]
        """
        return self._in_turns(self._apart, X)

    def _apart(self, shapes):
        return self._distances(shapes)[0]

    def davies_bouldin_by_k(self, X, ks=range(2, 11)):
        """Davies-Bouldin index of the segments by their number, on one map.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves, in any unit. The segmenter need not be fitted, and is not
            changed.
        ks : iterable of int, default=range(2, 11)
            Numbers of segments, each at least 2.

        Returns
        -------
        scores : DataFrame
            One row a number: `k`; `davies_bouldin`, the mean over the segments of the
            worst ratio of spread to distance, of the customers, at least 0, lower is
            better; `smallest`, the customers of the smallest segment. NaN and 0 where
            the map has fewer units with customers than `k`.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or a number is no whole number from 2.

        Notes
        -----
        A hint, not a rule: on unevenly sized segments the minimum often splits off a
        few odd customers. `research.comparison.k_evidence` takes this estimator too.

        References
        ----------
        .. [1] D. L. Davies and D. W. Bouldin, "A cluster separation measure", IEEE
           Transactions on Pattern Analysis and Machine Intelligence, vol. 1, no. 2,
           pp. 224-227, 1979.

        Examples
        --------
        >>> curves = [[1, 9], [1, 8], [1, 7], [7, 1], [8, 1], [9, 1]]
        >>> SOMSegmenter(grid=(1, 6)).davies_bouldin_by_k(curves, [2]).round(2)
           k  davies_bouldin  smallest
        0  2            0.02         3
        """
        ks = list(ks)
        for k in ks:
            check_count("a number of segments", k, least=2)
        check_choice("how", self.how, WAYS)
        som = self._map().fit(X)
        used = np.flatnonzero(som.hits_)
        possible = [k for k in ks if k <= len(used)]
        prototypes, weights = som.prototypes_[used], som.hits_[used]
        peak = np.abs(prototypes).max() or 1.0
        groups = self._gathered(prototypes / peak, weights, possible)
        shapes, place = som.shapes(X), np.searchsorted(used, som.labels_)
        rows = []
        for k in ks:
            labels = groups[k][place] if k in groups else np.zeros(len(shapes))
            sizes = np.unique(labels, return_counts=True)[1]
            scored = k in groups and k < len(shapes)
            score = davies_bouldin_score(shapes, labels) if scored else np.nan
            rows.append((k, score, int(sizes.min()) if k in groups else 0))
        return pd.DataFrame(rows, columns=["k", "davies_bouldin", "smallest"])

    def _map(self):
        """The map, not yet trained."""
        return SelfOrganizingMap(
            self.grid,
            normalization=self.normalization,
            topology=self.topology,
            n_epochs=self.n_epochs,
            radius=self.radius,
            max_units=self.max_units,
        )

    def _gathered(self, prototypes, weights, ks):
        """Group of each prototype, for each number of groups."""
        if ks and max(ks) > len(prototypes):
            raise ValueError(
                f"n_clusters={max(ks)} needs at least {max(ks)} units of the map with "
                f"customers, {len(prototypes)} found; lower n_clusters, or give a "
                "larger grid or a smaller radius."
            )
        if self.how == "pam":
            distances = np.sqrt(squared_distances(prototypes))
            found = {k: k_medoids(distances, k, weights, self.random_state) for k in ks}
            return {k: medoids.labels for k, medoids in found.items()}
        if len(prototypes) == 1:
            return dict.fromkeys(ks, np.zeros(1, dtype=np.intp))
        tree = ward_tree(prototypes, weights)
        return {k: cut(tree, k) for k in ks}

    def _distances(self, shapes):
        """To the nearest prototype of each segment; which prototype is nearest."""
        prototypes = self.map_.prototypes_[self._used]
        middle = prototypes.mean(axis=0)
        prototypes = prototypes - middle
        lengths = np.einsum("ij,ij->i", prototypes, prototypes)
        found = np.empty((len(shapes), self._n_features_out))
        nearest = np.empty(len(shapes), dtype=np.intp)
        step = max(1, BLOCK // len(prototypes))
        for first in range(0, len(shapes), step):
            part = slice(first, first + step)
            rows = shapes[part] - middle
            squares = rows @ prototypes.T
            squares *= -2
            squares += lengths
            squares += np.einsum("ij,ij->i", rows, rows)[:, None]
            nearest[part] = squares.argmin(axis=1)
            for segment in range(found.shape[1]):
                own = squares[:, self._groups == segment]
                found[part, segment] = own.min(axis=1)
        return np.sqrt(np.maximum(found, 0, out=found), out=found), nearest

    def _remarks_on_the_map(self):
        error = self.map_.topographic_error_
        if error <= FOLDED:
            return ()
        return (
            f"The map is folded: the two nearest units of {error:.0%} of the customers "
            f"are no neighbours, more than {FOLDED:.0%}.",
        )
