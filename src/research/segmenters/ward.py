"""Segments by Ward's hierarchical clustering of the shapes.

Why beside k-means: both lower the same sum of squares, but Ward merges what is nearest
and needs neither a start nor a seed, and its tree shows at which heights segments join.
What it merged early it never parts again, so its sum of squares is the higher one.
"""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state

from research.segmenters._batches import ask_in_turns, own_distances
from research.segmenters._limits import distance_limits
from research.segmenters._linkage import cut, ward_tree
from research.segmenters._nearest import NearestCenterMixin
from research.segmenters._ordering import by_form
from research.segmenters._parameters import check_choice, check_count, check_share
from research.segmenters._prepared import (
    numbered,
    prepared,
    remarks_on_sizes,
    restored,
)
from research.segmenters.shapes import NORMALIZATIONS

N_MICRO = 400
"""Micro-clusters that stand for the customers above `max_customers`."""

SAMPLED = 50_000
"""Customers above which the centres of the micro-clusters are found on a sample of so
many; every customer joins the nearest."""


class LoadShapeWard(NearestCenterMixin, ClusterMixin, BaseEstimator):
    """Segment customers by Ward's tree of their normalised curves.

    Each row is normalised by itself; then the two groups whose union raises the sum of
    squared distances to the group means least are merged, again and again, until
    `n_clusters` are left. Segments are numbered from the largest down. Rows are put in
    an order of their own content first, which settles ties: neither the order of the
    customers nor their names change labels or centres.

    Parameters
    ----------
    n_clusters : int, default=4
        Number of segments, at least 1.
    normalization : {"peak", "mean", "z", "unit", "demin", "none"}, default="peak"
        How the size is taken out of a row, see `normalize_shapes`.
    max_customers : int, default=5000
        Of more customers than this, 400 groups that k-means finds are merged in place
        of the customers, each with the weight of its members. The tree needs memory
        and time by the square of the number: 5,000 take half a gigabyte and 2 s, as
        100,000 customers in 400 groups take 13 s.
    reject_quantile : float, default=0.99
        In (0, 1]. Share of the customers at `fit` that fit their segment by the measure
        of `distance_ratio`; sets `distance_limits_` and nothing else.
    random_state : int, RandomState instance or None, default=None
        Seed of that k-means; without it, up to `max_customers`, nothing is random.

    Attributes
    ----------
    labels_ : ndarray of shape (n_customers,)
        Segment of each customer by the tree.
    cluster_centers_ : ndarray of shape (n_clusters, n_readings)
        Mean normalised curve of each segment [unitless].
    cluster_sizes_ : ndarray of shape (n_clusters,)
        Number of customers of each segment, never rising.
    inertia_ : float
        Sum of the squared distances of the customers to the centre of their segment.
    share_nearest_ : float
        Share of the customers that are nearest to the centre of their own segment, in
        [0, 1]. `predict` goes by the nearest centre and repeats `labels_` for these.
    linkage_ : ndarray of shape (n_leaves - 1, 4)
        The tree as SciPy's `dendrogram` takes it. Leaf i is the customer of row i, or
        micro-cluster i; the fourth column counts leaves. Heights are in the unit of
        the shapes.
    leaves_ : ndarray of shape (n_customers,)
        Leaf of each customer: its row, or its micro-cluster.
    distance_limits_ : ndarray of shape (n_clusters,)
        Distance from a segment's centre beyond which a curve fits it badly, see
        `LoadShapeKMeans`.
    flags_ : tuple of str
        What speaks against the segments, a sentence each, such as a segment of one.
    n_features_in_ : int
        Number of readings a row.
    feature_names_in_ : ndarray of shape (n_readings,)
        Names of the columns, where `X` is a DataFrame with names of type str.

    References
    ----------
    .. [1] J. H. Ward, "Hierarchical grouping to optimize an objective function",
       Journal of the American Statistical Association, vol. 58, no. 301, 1963.

    Examples
    --------
    >>> curves = [[1, 1, 4], [10, 11, 41], [9, 1, 1], [2, 2, 9], [45, 5, 6]]
    >>> segmenter = LoadShapeWard(n_clusters=2).fit(curves)
    >>> segmenter.labels_.tolist()
    [0, 0, 1, 0, 1]
    >>> segmenter.linkage_[-1].round(2).tolist()
    [6.0, 7.0, 1.81, 5.0]
    >>> segmenter.share_nearest_
    1.0
    """

    def __init__(
        self,
        n_clusters=4,
        *,
        normalization="peak",
        max_customers=5000,
        reject_quantile=0.99,
        random_state=None,
    ):
        self.n_clusters = n_clusters
        self.normalization = normalization
        self.max_customers = max_customers
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
        self : LoadShapeWard

        Raises
        ------
        ValueError
            If a parameter is out of its range, `X` holds NaN or infinite values, or `X`
            has fewer customers, or fewer different shapes, than segments are wanted.

        Examples
        --------
        >>> LoadShapeWard(n_clusters=2).fit([[1, 2]])
        Traceback (most recent call last):
            ...
        ValueError: n_clusters=2 needs at least 2 customers, 1 found (n_samples=1);
        lower n_clusters or add data.
        """
        check_count("n_clusters", self.n_clusters)
        check_count("max_customers", self.max_customers, least=2)
        check_share("reject_quantile", self.reject_quantile)
        check_choice("normalization", self.normalization, NORMALIZATIONS)
        shapes, order, peak, n_distinct = prepared(self, X, self.n_clusters)
        leaf, points, weights = self._leaves(_over(shapes, peak), n_distinct)
        tree, labels = np.empty((0, 4)), np.zeros(len(shapes), dtype=np.intp)
        if len(points) > 1:
            tree = ward_tree(points, weights)
            labels = cut(tree, self.n_clusters)[leaf]
        tree[:, 2] *= peak
        labels, centers, sizes, _ = numbered(labels, shapes, self.n_clusters)
        self.cluster_centers_, self.cluster_sizes_ = centers, sizes
        self.labels_ = restored(labels, order)
        if weights is None:
            is_leaf = tree[:, :2] < len(order)
            tree[:, :2][is_leaf] = order[tree[:, :2][is_leaf].astype(np.intp)]
            tree[:, :2].sort(axis=1)
            leaf = order
        self.linkage_ = tree
        self.leaves_ = restored(leaf, order)
        own = own_distances(labels, shapes, centers)
        self.inertia_ = float(own @ own)
        self.distance_limits_ = distance_limits(
            own, labels, sizes, self.reject_quantile, peak
        )
        self._n_features_out = self.n_clusters
        self.flags_ = remarks_on_sizes(sizes)
        nearest = _nearest(shapes, centers)
        self.share_nearest_ = float((nearest == labels).mean())
        return self

    def _leaves(self, shapes, n_distinct):
        """Leaf of each row, and the leaves' points and weights (None: one each)."""
        if len(shapes) <= self.max_customers:
            return np.arange(len(shapes)), shapes, None
        n_leaves = min(max(N_MICRO, self.n_clusters), self.max_customers, n_distinct)
        n_leaves = max(n_leaves, self.n_clusters)
        kmeans = KMeans(n_leaves, n_init=1, max_iter=20, random_state=self.random_state)
        order = by_form(shapes)  # random starts then draw the same, whatever the clock
        if len(shapes) <= SAMPLED:
            found = kmeans.fit_predict(shapes[order].astype(np.float32))
            groups = restored(found, order)
        else:
            rng = check_random_state(self.random_state)
            drawn = np.sort(rng.choice(len(shapes), SAMPLED, replace=False))
            kmeans.fit(shapes[order[drawn]].astype(np.float32))
            groups = _nearest(shapes, kmeans.cluster_centers_)
        leaf = numbered(groups, shapes, n_leaves)
        used = leaf.sizes > 0
        if used.sum() < self.n_clusters:
            raise ValueError(
                f"n_clusters={self.n_clusters} needs at least {self.n_clusters} "
                f"different shapes, {used.sum()} found among {len(shapes)} customers; "
                "lower n_clusters."
            )
        return leaf.labels.astype(np.intp), leaf.centers[used], leaf.sizes[used]


def _over(shapes, peak):
    """Shapes over the largest of them; the very table where that is 1."""
    return shapes if peak == 1.0 else shapes / np.asarray(peak, dtype=shapes.dtype)


def _nearest(shapes, centers):
    """Nearest centre of each row, of two equally near the first."""
    return ask_in_turns(lambda rows: cdist(rows, centers).argmin(axis=1), shapes)
