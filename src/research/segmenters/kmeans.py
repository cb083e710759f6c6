"""Segments by the shape of a curve: normalisation of rows, then k-means.

Why the result does not depend on the order of the customers: k-means ends where its
random starts lead it. On 300 curves with four overlapping shapes, shuffling the
customers under one seed changed the partition in 21 of 30 runs with one start (ARI
down to 0.66) and in 2 of 30 with ten. Here the rows are put in an order of their own
content before the search, so that a shuffled table gives the same segments, and a
hundred starts are the default. Nor does it depend on where the day begins: the starts
draw from an order that knows no first reading (`by_form`). Without it, the clock of 150
curves without clear groups turned by an hour or more gave other segments in 15 of 24
cases (adjusted Rand index down to .57), with it in none.

Why not scikit-learn's `KMeans` for up to `FEW` rows: it runs one start after the other
and spends most of the time between the products. Here all starts run together, seeds
and Lloyd's algorithm alike, as products of large matrices in single precision, first on
the widest principal axes; what may still be the best is finished on all columns. One
core, 100 starts, 575 customers of 768 readings, 7 segments: 0.13 s instead of 1.1; a
refit with 20 starts to 63 % of them, 13 ms instead of 119. The solutions are as good:
over seeds and numbers the inertia differs by up to 1 % either way, as two seeds of one
way do, and not at all where the starts agree. Above `FEW` rows scikit-learn has the
threads, and its single precision takes 0.4 of the time of double on 10,000 rows of 96.
Centres and distances are worked out in double precision.

Why starts on a sample above `SAMPLED` rows, and not `MiniBatchKMeans`: where a start
ends is decided by the shapes that there are, and 20,000 rows show them; where the
centres lie is worked out on all rows, from the best start on, until no customer moves.
On 100,000 planted curves of 96 readings, one core, ten starts each: scikit-learn 2.3 s
and an inertia 0.0001 % above the best of 50 starts, this 0.7 s and 0.0003 %,
MiniBatch 0.3 s and 2.7 %, still 0.9 % when Lloyd's algorithm went on from there (6
segments; 12 segments: 4.7 s and 0.0005 %, 1.1 s and 0.0002 %, 0.4 s and 0.5 %). On a
million: 34 s, 2.4 s and 4 s, MiniBatch 0.5 % above the others.
"""

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClusterMixin,
    clone,
)
from sklearn.cluster import KMeans
from sklearn.utils import check_array, check_random_state

from research.segmenters._batches import own_distances, thread_pools
from research.segmenters._limits import distance_limits
from research.segmenters._nearest import NearestCenterMixin
from research.segmenters._ordering import by_content, by_form
from research.segmenters._parameters import check_choice, check_count, check_share
from research.segmenters._prepared import (
    numbered,
    prepared,
    remarks_on_sizes,
    restored,
    too_few_shapes,
)
from research.segmenters._starts import best_of_starts, principal_scores
from research.segmenters.shapes import NORMALIZATIONS, normalize_shapes

FEW = 2000
"""Customers up to which all starts run together (see the module's notes), on one
thread: more threads only wait for each other, and on two cores with other work 100
customers took 136 ms instead of 10."""

SAMPLED = 20_000
"""Customers above which the starts see a sample of so many (see the module's notes)."""


class LoadShapeKMeans(NearestCenterMixin, ClusterMixin, BaseEstimator):
    """Segment customers by the shape of their curve, whatever its size.

    Each row is normalised by itself, then the rows are clustered by k-means (Lloyd's
    algorithm, greedy k-means++ starts, run until no customer moves). Segments
    are numbered from the largest down (of two of one size, the one whose centre comes
    first by content), and rows are put in an order of their own content first: neither
    the order of the customers nor their names change labels or centres.

    Parameters
    ----------
    n_clusters : int, default=4
        Number of segments, at least 1.
    normalization : {"peak", "mean", "z", "unit", "demin", "none"}, default="peak"
        How the size is taken out of a row, see `normalize_shapes`.
    n_init : int, default=100
        Number of random starts, of which the one with the least inertia is kept. They
        are cheap and they matter: on 95 homes with eight typical days each and four
        segments, 20 starts missed the best division with 2 of 8 seeds (and gave an
        adjusted Rand index of .84 with it), 100 starts with none, at 0.1 ms a start.
        Beyond some ten thousand customers 20 will do. Of more than 20,000 customers
        the starts see a sample of 20,000, drawn by `random_state` and the curves alone;
        the best is finished on all.
    reject_quantile : float, default=0.99
        In (0, 1]. Share of the customers at `fit` that fit their segment by the measure
        of `distance_ratio`; sets `distance_limits_` and nothing else.
    random_state : int, RandomState instance or None, default=None
        Seed of the starts. An int makes the result repeatable.

    Attributes
    ----------
    labels_ : ndarray of shape (n_customers,)
        Segment of each customer, 0 to n_clusters - 1, in the order of the rows.
    cluster_centers_ : ndarray of shape (n_clusters, n_readings)
        Mean normalised curve of each segment [unitless].
    cluster_sizes_ : ndarray of shape (n_clusters,)
        Number of customers of each segment, never rising.
    inertia_ : float
        Sum of the squared distances of the customers to their centre, of all customers.
    n_learnt_ : int
        Customers that the starts saw: all, or 20,000 of them.
    distance_limits_ : ndarray of shape (n_clusters,)
        Distance from a segment's centre beyond which a curve fits it badly.
    flags_ : tuple of str
        What speaks against the segments, a sentence each, such as a segment of one.
    n_features_in_ : int
        Number of readings a row.
    feature_names_in_ : ndarray of shape (n_readings,)
        Names of the columns, where `X` is a DataFrame with names of type str.

    Notes
    -----
    *Limits.* A quantile of each segment's own distances is no limit for a segment of
    three customers: it is the distance of the farthest one, who pulled the centre
    towards itself, and a segment of one would have the limit 0. So (a) a customer's
    distance is taken to the centre *without* that customer, n / (n - 1) times its
    distance; (b) the mean square of these distances in a segment is mixed with that of
    all segments, which counts as much as ten customers, so that a large segment keeps
    its own spread and a small one leans on the others; (c) the distances over this
    spread, of all segments together, are cut at `reject_quantile`. Measured on planted
    segments of 40, 30, 13, 5 and 3 customers, new members were turned away in 2, 2, 2,
    4 and 9 of 100 cases (with a quantile of each segment's own distances in 4, 5, 14,
    52 and 76), members of a sixth shape in 97. Of new customers of the kind it learnt
    from, five overlapping families, 2.6 % are turned away after 200 and 1.0 % after
    2,000 customers (eight and two draws; Ward's tree 2.3 and 0.8, `SOMSegmenter` 2.0
    and 0.9).

    *Values.* NaN and infinities are refused, fill or drop them before. Rows without a
    shape (see `normalize_shapes`) are zero vectors and fall into one segment, often one
    of their own.

    References
    ----------
    .. [1] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful
       seeding", Proc. 18th ACM-SIAM Symposium on Discrete Algorithms, 2007.

    Examples
    --------
    >>> curves = [[1, 1, 4], [10, 11, 41], [9, 1, 1], [2, 2, 9], [45, 5, 6]]
    >>> segmenter = LoadShapeKMeans(n_clusters=2, random_state=0).fit(curves)
    >>> segmenter.labels_.tolist()
    [0, 0, 1, 0, 1]
    >>> segmenter.cluster_centers_.round(1).tolist()
    [[0.2, 0.2, 1.0], [1.0, 0.1, 0.1]]
    >>> segmenter.predict([[100, 100, 400]]).tolist()
    [0]
    """

    def __init__(
        self,
        n_clusters=4,
        *,
        normalization="peak",
        n_init=100,
        reject_quantile=0.99,
        random_state=None,
    ):
        self.n_clusters = n_clusters
        self.normalization = normalization
        self.n_init = n_init
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
        self : LoadShapeKMeans

        Raises
        ------
        ValueError
            If a parameter is out of its range, `X` holds NaN or infinite values, or `X`
            has fewer customers, or fewer different shapes, than segments are wanted.

        Examples
        --------
        >>> LoadShapeKMeans(n_clusters=2).fit([[1, 2]])
        Traceback (most recent call last):
            ...
        ValueError: n_clusters=2 needs at least 2 customers, 1 found (n_samples=1);
        lower n_clusters or add data.
        """
        self._check_parameters()
        shapes, order, peak, _ = prepared(self, X, self.n_clusters)
        searched = shapes
        if shapes.dtype != np.float32 or peak != 1.0:
            searched = np.empty(shapes.shape, dtype=np.float32)
            np.divide(shapes, peak, out=searched)  # "none" may exceed float32
        with thread_pools().limit(limits=1 if len(shapes) <= FEW else None):
            labels, self.n_learnt_ = self._search(searched)
        del searched
        sizes = np.bincount(labels, minlength=self.n_clusters)
        if not sizes.all():  # rows that differ by no more than rounding
            n_found = np.count_nonzero(sizes)
            raise too_few_shapes(self, shapes, n_found, self.n_clusters)
        labels, centers, sizes, _ = numbered(labels, shapes, self.n_clusters)
        self.cluster_centers_, self.cluster_sizes_ = centers, sizes
        self.labels_ = restored(labels, order)
        own = own_distances(labels, shapes, centers)
        self.inertia_ = float(own @ own)
        self.distance_limits_ = distance_limits(
            own, labels, sizes, self.reject_quantile, peak
        )
        self.flags_ = remarks_on_sizes(self.cluster_sizes_)
        self._n_features_out = self.n_clusters
        return self

    def compact(self, X):
        """The same clustering of the rows of `X` on the fewest columns.

        For many refits to parts of one table: rows are normalised once, and turned to
        their principal axes, which leaves every distance as it is.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves, in any unit. The segmenter need not be fitted.

        Returns
        -------
        segmenter : LoadShapeKMeans
            Unfitted, with the parameters of this one and normalization "none".
        points : ndarray of shape (n_customers, n_axes)
            Of float32: rows as this segmenter compares them, on their principal axes
            from the widest down, minus their mean; at most n_customers and n_readings
            columns.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or is no table of numbers.

        Examples
        --------
        >>> segmenter = LoadShapeKMeans(2, random_state=0)
        >>> on_points, points = segmenter.compact([[1, 4], [10, 40], [8, 2]])
        >>> points.shape
        (3, 1)
        >>> on_points.fit_predict(points).tolist()
        [0, 0, 1]
        """
        X = check_array(X, dtype=[np.float64, np.float32])
        shapes = normalize_shapes(X, self.normalization)
        points = principal_scores(shapes).astype(np.float32)
        # Copies stay copies: a product may round them differently.
        order = by_content(shapes)
        differs = (shapes[order][1:] != shapes[order][:-1]).any(axis=1)
        first = np.flatnonzero(np.r_[True, differs])
        points[order] = points[order[first]][np.r_[0, differs.cumsum()]]
        return clone(self).set_params(normalization="none"), points

    def _search(self, shapes):
        """Labels of the best of all starts, in no particular numbering."""
        labels = np.empty(len(shapes), dtype=np.intp)
        order = by_form(shapes)
        if len(shapes) <= FEW:
            rng = check_random_state(self.random_state)
            found = best_of_starts(shapes[order], self.n_clusters, self.n_init, rng)
            labels[order] = found
            return labels, len(shapes)
        if len(shapes) <= SAMPLED:
            ordered = shapes[order]
            started = self._started(ordered)
            labels[order] = self._finished(ordered, started.cluster_centers_)
            return labels, len(shapes)
        rng = check_random_state(self.random_state)
        drawn = np.sort(rng.choice(len(shapes), SAMPLED, replace=False))
        learnt = shapes[order[drawn]]
        started = self._started(learnt)
        return self._finished(shapes, started.cluster_centers_), SAMPLED

    def _started(self, shapes):
        """The best of all starts, each up to scikit-learn's tolerance."""
        found = KMeans(
            self.n_clusters, n_init=self.n_init, random_state=self.random_state
        )
        return found.fit(shapes)

    def _finished(self, shapes, centers):
        """Labels at the end: a tolerance leaves members nearer another centre."""
        found = KMeans(self.n_clusters, init=centers, n_init=1, tol=0, copy_x=False)
        return found.fit(shapes).labels_

    def _check_parameters(self):
        check_count("n_clusters", self.n_clusters)
        check_count("n_init", self.n_init)
        check_share("reject_quantile", self.reject_quantile)
        check_choice("normalization", self.normalization, NORMALIZATIONS)
