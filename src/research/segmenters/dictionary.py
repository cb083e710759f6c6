"""Segments of customers by the mixture of their days: a dictionary of day shapes.

A customer's mean curve may be one that no day of theirs ever had: half the days with a
peak in the morning and half in the evening make a mean with two low humps. So first all
single days of all customers are clustered, into the *dictionary*; then a customer is
the share of the days of each shape, and customers are clustered by these shares.

Why the unit norm is the default in the first stage. Days differ more than means, and a
day of one spike has most of its size in that. On 34,307 days of 99 homes, 16 shapes,
division by the mean left shapes of one day in a thousand and missed 11 % of the days by
half (VRSE of 0.5); the unit norm 7 %, with no shape below one day in a hundred.
"""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from research.segmenters._ordering import from_the_largest
from research.segmenters._parameters import check_choice, check_count, check_share
from research.segmenters.day_mixtures import (
    counts_of,
    lifestyle_entropy,
    shares_of,
)
from research.segmenters.dictionary_size import (
    SIZES,
    customers_of,
    evidence_of,
    has_shape,
    n_different,
    relative_error,
    sample_of_days,
    smallest_enough,
)
from research.segmenters.kmeans import LoadShapeKMeans
from research.segmenters.shapes import NORMALIZATIONS, normalize_shapes


class LoadShapeDictionary(ClusterMixin, BaseEstimator):
    """Segment customers by which shapes their days have, and how often.

    Stage one: k-means of normalised single days, whoever they belong to, gives the
    dictionary. Stage two: k-means of the square roots of the customers' shares of days
    (that is, by their Hellinger distance), with the days of none as one more share.

    Parameters
    ----------
    n_clusters : int, default=4
        Number of segments of customers, at least 1.
    n_shapes : int or None, default=None
        Number of day shapes. None takes the smallest of `SIZES` under which at most
        `max_missed` of the days of *other* customers than those it was learnt from are
        missed by more than `theta`, see `dictionary_evidence`; the largest where none
        is enough.
    normalization : {"unit", "mean", "peak", "z", "demin", "none"}, default="unit"
        How the size is taken out of a day, see `normalize_shapes`.
    theta : float, default=0.5
        In (0, 1]. Relative squared error above which a day counts as missed.
    max_missed : float, default=0.1
        In (0, 1]. Share of the days that may be missed.
    max_days : int, default=10000
        Above so many days the dictionary is learnt on a sample of them, evenly spaced
        in the order of their form; all days are then assigned.
    reject_quantile : float, default=0.99
        In (0, 1]. Share of the days it was learnt from that fit the dictionary; sets
        `day_limits_`.
    n_init : int, default=10
        Random starts of each k-means of days. The customers get 100.
    random_state : int, RandomState instance or None, default=None
        Seed of the starts. An int makes the result repeatable.

    Attributes
    ----------
    dictionary_ : ndarray of shape (n_shapes, n_readings)
        Mean normalised day of each shape [unitless], the most frequent first.
    day_labels_ : ndarray of shape (n_days,)
        Shape of each day; -1 is none: a day without a shape (see `normalize_shapes`),
        or further from all shapes than `day_limits_`.
    day_errors_ : ndarray of shape (n_days,)
        Relative squared error sum (x - r)² / sum r² of each day x to its nearest shape
        r; NaN for a day without a shape. `vrse` counts those above a theta.
    day_limits_ : ndarray of shape (n_shapes,)
        Distance from a shape beyond which a day fits none.
    customers_ : ndarray of shape (n_customers,)
        Groups in the order in which they first appear; 0 to n - 1 without groups.
    mixtures_ : ndarray of shape (n_customers, n_shapes)
        Share of each shape among the customer's days that fit one; rows sum to 1, NaN
        for a customer without such a day.
    none_ : ndarray of shape (n_customers,)
        Share of the customer's days that fit none, in [0, 1].
    lifestyle_entropy_ : ndarray of shape (n_customers,)
        Of `mixtures_`, see `lifestyle_entropy`, in [0, 1].
    labels_ : ndarray of shape (n_customers,)
        Segment of each customer, from the largest down.
    cluster_centers_ : ndarray of shape (n_clusters, n_shapes + 1)
        Mean square root of the shares in each segment, that of none last.
    cluster_sizes_ : ndarray of shape (n_clusters,)
        Number of customers of each segment, never rising.
    flags_ : tuple of str
        What speaks against the segments, a sentence each, such as a segment of one.
    evidence_ : DataFrame or None
        As `dictionary_evidence` gives it; None where `n_shapes` was asked for.
    n_features_in_ : int
        Number of readings a day.
    feature_names_in_ : ndarray of shape (n_readings,)
        Names of the columns, where `X` is a DataFrame with names of type str.

    Notes
    -----
    Neither the order of the customers or days nor the customers' names change
    anything. NaN and infinities are refused, fill or drop them before.

    References
    ----------
    .. [1] J. Kwac, J. Flora and R. Rajagopal, "Household energy consumption
       segmentation using hourly data", IEEE Trans. Smart Grid, vol. 5, no. 1,
       pp. 420-430, 2014.
    .. [2] S. Xu, E. Barbour and M. C. González, "Household segmentation by load shape
       and daily consumption", Proc. ACM SIGKDD, 2017.

    Examples
    --------
    Three customers of four days: early, late, and now this, now that.

    >>> early, late = [9, 1, 1], [1, 1, 8]
    >>> days = [early] * 4 + [late] * 4 + [early, late] * 2
    >>> names = ["A"] * 4 + ["B"] * 4 + ["C"] * 4
    >>> found = LoadShapeDictionary(3, n_shapes=2, random_state=0)
    >>> found = found.fit(days, groups=names)
    >>> found.mixtures_.tolist()
    [[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]]
    >>> found.lifestyle_entropy_.tolist()
    [0.0, 0.0, 1.0]
    >>> len(set(found.labels_.tolist()))
    3
    """

    def __init__(
        self,
        n_clusters=4,
        *,
        n_shapes=None,
        normalization="unit",
        theta=0.5,
        max_missed=0.1,
        max_days=10_000,
        reject_quantile=0.99,
        n_init=10,
        random_state=None,
    ):
        self.n_clusters = n_clusters
        self.n_shapes = n_shapes
        self.normalization = normalization
        self.theta = theta
        self.max_missed = max_missed
        self.max_days = max_days
        self.reject_quantile = reject_quantile
        self.n_init = n_init
        self.random_state = random_state

    def fit(self, X, y=None, groups=None):
        """Learn the dictionary of the days `X`, then the segments of the customers.

        Parameters
        ----------
        X : array-like of shape (n_days, n_readings)
            One day a row, finite, in any unit.
        y : None
            Ignored; there for scikit-learn.
        groups : array-like of shape (n_days,), optional
            Whose day each row is. Unset, each row is a customer of its own.

        Returns
        -------
        self : LoadShapeDictionary

        Raises
        ------
        ValueError
            If a parameter is out of its range, `X` holds NaN or infinite values,
            `groups` has another length, or there are fewer different days than shapes
            or fewer (different) customers than segments.

        Examples
        --------
        >>> LoadShapeDictionary(2, n_shapes=1).fit([[1, 2], [1, 2]], groups=["A", "A"])
        Traceback (most recent call last):
            ...
        ValueError: n_clusters=2 needs at least 2 customers, 1 found (n_samples=1);
        lower n_clusters or add data.
        """
        self._check_parameters()
        X = validate_data(self, X, dtype=[np.float64, np.float32])
        codes, customers = customers_of(X, groups)
        self._check_customers(len(customers), "customers")
        shapes = normalize_shapes(X, self.normalization)
        learnt, second_half = sample_of_days(shapes, codes, self.max_days)
        if not len(learnt):
            raise ValueError(
                f"none of the {len(X)} days has a shape: all rows are zero or constant "
                f"under normalization={self.normalization!r}; leave such rows out."
            )
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        self.evidence_, n_shapes = None, self.n_shapes
        if n_shapes is None:
            self.evidence_ = evidence_of(learnt, second_half, SIZES, self.theta, seed)
            n_shapes = smallest_enough(self.evidence_, self.max_missed)
        elif n_shapes > (found := n_different(learnt)):
            raise ValueError(
                f"n_shapes={n_shapes} needs at least {n_shapes} different days, "
                f"{found} found among {len(X)} (n_samples={len(X)}, "
                f"n_features={X.shape[1]}); lower n_shapes or "
                "add days."
            )
        words = LoadShapeKMeans(
            n_shapes,
            normalization="none",
            n_init=self.n_init,
            reject_quantile=self.reject_quantile,
            random_state=seed,
        ).fit(learnt)
        nearest = cdist(shapes, words.cluster_centers_).argmin(axis=1)
        counts = np.bincount(nearest[has_shape(shapes)], minlength=n_shapes)
        by_count = from_the_largest(counts, words.cluster_centers_)
        self.dictionary_ = words.cluster_centers_[by_count]
        self.day_limits_ = words.distance_limits_[by_count]
        self.day_labels_, self.day_errors_ = self._assigned(shapes)
        self.customers_ = customers
        self.mixtures_, self.none_, points = self._mixed(self.day_labels_, codes)
        self.lifestyle_entropy_ = lifestyle_entropy(self.mixtures_)
        self._check_customers(n_different(points), "different mixtures of days")
        segments = LoadShapeKMeans(
            self.n_clusters, normalization="none", random_state=seed
        ).fit(points)
        self.cluster_centers_ = segments.cluster_centers_
        self.cluster_sizes_ = segments.cluster_sizes_
        self.labels_, self.flags_ = segments.labels_, segments.flags_
        return self

    def predict(self, X, groups=None):
        """Nearest segment of each customer, by the days `X`.

        Parameters
        ----------
        X : array-like of shape (n_days, n_readings)
            Finite days with the readings of `fit`, in any unit.
        groups : array-like of shape (n_days,), optional
            Whose day each row is. Unset, each row is a customer of its own.

        Returns
        -------
        labels : ndarray of shape (n_customers,)
            0 to n_clusters - 1, of the customers in the order in which they first
            appear; of two segments equally near, the first.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings, or
            `groups` has another length.

        Examples
        --------
        >>> days = [[9, 1, 1], [8, 2, 1], [1, 1, 8], [2, 1, 9], [9, 1, 2], [7, 1, 1]]
        >>> found = LoadShapeDictionary(2, n_shapes=2, random_state=0)
        >>> found = found.fit(days, groups=["A", "A", "B", "B", "C", "C"])
        >>> found.predict([[2, 2, 18], [1, 1, 9], [20, 3, 3]], ["X", "X", "Y"]).tolist()
        [1, 0]
        """
        day_labels, codes = self.day_labels(X), customers_of(X, groups)[0]
        points = self._mixed(day_labels, codes)[2]
        return cdist(points, self.cluster_centers_).argmin(axis=1).astype(np.int32)

    def day_labels(self, X):
        """Shape of each day of `X` in the dictionary.

        Parameters
        ----------
        X : array-like of shape (n_days, n_readings)
            Finite days with the readings of `fit`, in any unit.

        Returns
        -------
        day_labels : ndarray of shape (n_days,)
            0 to n_shapes - 1, or -1: without a shape, or too far from all.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> found = LoadShapeDictionary(1, n_shapes=2, random_state=0)
        >>> found = found.fit([[9, 1, 1], [1, 1, 8], [10, 1, 1], [1, 1, 9]])
        >>> found.day_labels([[30, 3, 3], [0, 0, 0], [2, 2, 17], [0, 5, 0]]).tolist()
        [1, -1, 0, -1]
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return self._assigned(normalize_shapes(X, self.normalization))[0]

    def _assigned(self, shapes):
        """Shape of each normalised day, -1 where none fits, and its error."""
        distances = cdist(shapes, self.dictionary_)
        nearest = distances.argmin(axis=1)
        distance = distances[np.arange(len(nearest)), nearest]
        has = has_shape(shapes)
        errors = relative_error(distance, self.dictionary_[nearest])
        fits = has & (distance <= self.day_limits_[nearest])
        return np.where(fits, nearest, -1), np.where(has, errors, np.nan)

    def _mixed(self, day_labels, codes):
        """Shares of the shapes, share of none, and the points of stage two."""
        n_customers = codes.max() + 1
        counts = counts_of(codes, day_labels, n_customers, len(self.dictionary_))
        days = np.bincount(codes)
        none = (days - counts.sum(axis=1)) / days
        points = np.sqrt(np.column_stack([counts / days[:, None], none]))
        return shares_of(counts), none, points

    def _check_customers(self, found, what):
        if found < self.n_clusters:
            raise ValueError(
                f"n_clusters={self.n_clusters} needs at least {self.n_clusters} "
                f"{what}, {found} found (n_samples={found}); lower n_clusters or add "
                "data."
            )

    def _check_parameters(self):
        check_count("n_clusters", self.n_clusters)
        if self.n_shapes is not None:
            check_count("n_shapes", self.n_shapes)
        check_choice("normalization", self.normalization, NORMALIZATIONS)
        check_count("max_days", self.max_days)
        check_count("n_init", self.n_init)
        for name in ("theta", "max_missed", "reject_quantile"):
            check_share(name, getattr(self, name))
