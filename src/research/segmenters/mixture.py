"""Segments as the components of a Gaussian mixture on the principal axes of the shapes.

Why beside k-means: k-means divides space among balls of one size and gives a hard
answer; a mixture lets a segment be wide in one direction and narrow in another, and
says of each customer how likely each segment is.

Why on principal axes: one full covariance of 96 readings has 4,656 parameters, and a
few axes hold most of a shape. Why as many as hold 99 % of the variance, up to ten: what
tells two families apart may be narrow. On 1,000 planted mean days of thirteen families
axes for 90, 95 and 99 % gave an adjusted Rand index of .58, .62 and .68 (six seeds; .63
by k-means). Full covariances did better than diagonal ones there, and with four and six
classes from 100 customers on (.86 against .76); with 100 or 200 customers in thirteen
families k-means did as well as either.

Why no refit with stronger regularisation where a component shrinks onto one customer:
the regularisation that stands already bounds the likelihood which such a component can
gain, so what still stands alone is far from all others. That is a finding, and
`cluster_sizes_` and `flags_` show it.

Why limits by mixtures of other customers: a full covariance on ten axes follows its own
few members. Limits taken from the customers it was fitted on turned away 37 to 44 % of
new customers of the same kind after 60, 35 % after 100, 10 to 12 % after 200 and 1.6 %
after 2,000 customers (five overlapping families of curves; a hundredth was asked for).
Each fifth of them measured by a mixture of the other four: 1.7, 1.9, 1.8 and 1.3 %.
"""

from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import check_random_state

from research.segmenters._axes import principal_axes
from research.segmenters._batches import ask_in_turns
from research.segmenters._em import best_mixture, log_parts, log_sum, terms_of
from research.segmenters._nearest import ShapesMixin
from research.segmenters._ordering import by_form
from research.segmenters._parameters import check_choice, check_count, check_share
from research.segmenters._prepared import (
    numbered,
    prepared,
    remarks_on_sizes,
    restored,
)
from research.segmenters._starts import best_of_starts, distinct
from research.segmenters.shapes import NORMALIZATIONS

COVARIANCES = ("full", "diag", "best")
N_FOLDS = 5
"""Parts of the customers, each measured by a mixture of the others for the limits."""
FAR = 3.0
"""Times as strange as nine in ten customers, from where one counts as an outlier."""


class _Limits(NamedTuple):
    """Highest log density, the two limits, customers far beyond them."""

    usual: float
    density: float
    residual: float
    n_far: int


class LoadShapeMixture(ShapesMixin, ClusterMixin, BaseEstimator):
    """Segment customers by a Gaussian mixture of their normalised curves.

    Each row is normalised by itself and described by its scores on the widest principal
    axes, all over the standard deviation of the first. A Gaussian mixture is fitted to
    the scores from several starts, each a run of k-means; the most likely one in which
    every component is the likeliest of some customer is kept. A customer belongs to its
    likeliest component; segments are numbered from the largest down. Rows are put in an
    order of their own content first: neither the order of the customers nor their names
    change labels or centres.

    Parameters
    ----------
    n_clusters : int, default=4
        Number of segments, at least 1.
    normalization : {"peak", "mean", "z", "unit", "demin", "none"}, default="peak"
        How the size is taken out of a row, see `normalize_shapes`.
    covariance : {"full", "diag", "best"}, default="full"
        Whether a component may lie across the axes ("full") or along them only
        ("diag"); "best" fits both and keeps the one of lower BIC.
    explained : float, default=0.99
        In (0, 1]. Share of the variance that the axes have to hold.
    max_axes : int, default=10
        Axes at most; never more than one for ten customers either.
    n_init : int, default=20
        Number of starts.
    regularization : float, default=0.001
        In (0, 1]. Added to the variances along the axes, as a share of the variance
        along the first.
    reject_quantile : float, default=0.99
        In (0, 1]. Share of new customers of the same kind that fit the mixture by the
        measure of `distance_ratio`.
    max_fit : int, default=50_000
        Customers that the mixture is fitted to. Of more than that a sample is drawn,
        which depends on their curves and the seed alone; all are segmented.
    random_state : int, RandomState instance or None, default=None
        Seed of the starts. An int makes the result repeatable.

    Attributes
    ----------
    labels_ : ndarray of shape (n_customers,)
        Likeliest segment of each customer.
    cluster_centers_ : ndarray of shape (n_clusters, n_readings)
        Mean normalised curve of the customers of each segment [unitless].
    cluster_sizes_ : ndarray of shape (n_clusters,)
        Number of customers of each segment, never rising.
    n_learnt_ : int
        Number of customers that the mixture was fitted to.
    log_likelihood_ : float
        Sum of the log densities of the scores of the customers it was fitted to.
    covariance_ : {"full", "diag"}
        Kind of covariance in use.
    n_axes_ : int
        Principal axes in use.
    explained_ : float
        Share of the variance that they hold, in [0, 1].
    mixture_ : Mixture
        Weights, means and covariances of the components on the scaled axes.
    density_limit_, residual_limit_ : float
        What `distance_ratio` divides by.
    flags_ : tuple of str
        What speaks against the segments, a sentence each: a segment of one, or a
        customer unlike all others that a wide segment takes in.
    n_features_in_ : int
        Number of readings a row.
    feature_names_in_ : ndarray of shape (n_readings,)
        Names of the columns, where `X` is a DataFrame with names of type str.

    References
    ----------
    .. [1] C. Fraley and A. E. Raftery, "Model-based clustering, discriminant analysis,
       and density estimation", Journal of the American Statistical Association, vol.
       97, no. 458, pp. 611-631, 2002.

    Examples
    --------
    >>> curves = [[1, 1, 4], [10, 11, 41], [9, 1, 1], [2, 2, 9], [45, 5, 6]]
    >>> segmenter = LoadShapeMixture(n_clusters=2, random_state=0).fit(curves)
    >>> segmenter.labels_.tolist()
    [0, 0, 1, 0, 1]
    >>> segmenter.predict_proba([[1, 1, 4]]).round(2).tolist()
    [[1.0, 0.0]]
    """

    def __init__(
        self,
        n_clusters=4,
        *,
        normalization="peak",
        covariance="full",
        explained=0.99,
        max_axes=10,
        n_init=20,
        regularization=1e-3,
        reject_quantile=0.99,
        max_fit=50_000,
        random_state=None,
    ):
        self.n_clusters = n_clusters
        self.normalization = normalization
        self.covariance = covariance
        self.explained = explained
        self.max_axes = max_axes
        self.n_init = n_init
        self.regularization = regularization
        self.reject_quantile = reject_quantile
        self.max_fit = max_fit
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
        self : LoadShapeMixture

        Raises
        ------
        ValueError
            If a parameter is out of its range, `X` holds NaN or infinite values, or `X`
            has fewer customers, or fewer different shapes, than segments are wanted.

        Examples
        --------
        >>> LoadShapeMixture(n_clusters=2).fit([[1, 2]])
        Traceback (most recent call last):
            ...
        ValueError: n_clusters=2 needs at least 2 customers, 1 found (n_samples=1);
        lower n_clusters or add data.
        """
        self._check_parameters()
        shapes, order, self._peak, _ = prepared(self, X, self.n_clusters)
        learnt = shapes
        if len(shapes) > self.max_fit:
            rng = check_random_state(self.random_state)
            drawn = rng.choice(len(shapes), self.max_fit, replace=False)
            learnt = shapes[np.sort(drawn)].astype(np.float64)
        self.n_learnt_ = len(learnt)
        most = min(self.max_axes, max(1, len(learnt) // 10))
        self._axes = principal_axes(learnt / self._peak, most, self.explained)
        self._scale = float(np.sqrt(self._axes.variances[0])) or 1.0
        self.n_axes_, self.explained_ = len(self._axes.directions), self._axes.share
        scores, residuals = self._scores(learnt, self._axes, self._scale)
        mixture, self.covariance_ = self._search(scores)
        self.mixture_ = mixture
        parts = log_parts(terms_of(scores, self.covariance_), mixture, self.covariance_)
        found = parts.argmax(axis=0)
        if learnt is not shapes:
            found = ask_in_turns(self._likeliest, shapes)
        labels, centers, sizes, old = numbered(found, shapes, self.n_clusters)
        self.mixture_ = mixture._replace(
            weights=mixture.weights[old],
            means=mixture.means[old],
            covariances=mixture.covariances[old],
        )
        self.labels_ = restored(labels, order)
        self.cluster_centers_, self.cluster_sizes_ = centers, sizes
        self.log_likelihood_ = mixture.log_likelihood
        own = np.argsort(old)[parts.argmax(axis=0)]
        limits = self._limits(learnt, own, log_sum(parts), residuals)
        self._usual_density = limits.usual
        self.density_limit_, self.residual_limit_ = limits.density, limits.residual
        self.flags_ = remarks_on_sizes(sizes) + _remarks_on_outliers(limits.n_far)
        if not mixture.converged:
            self.flags_ += ("The mixture was still moving when it was stopped.",)
        return self

    def predict(self, X):
        """Likeliest segment of each row of `X`, however unlikely the row itself is.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        labels : ndarray of shape (n_customers,)
            0 to n_clusters - 1.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> segmenter = LoadShapeMixture(2, random_state=0)
        >>> segmenter.fit([[1, 3], [2, 6], [3, 1]]).predict([[10, 29], [29, 10]])
        array([0, 1], dtype=int32)
        """
        return self._in_turns(self._likeliest, X)

    def predict_proba(self, X):
        """How likely each segment is for each row of `X`.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        shares : ndarray of shape (n_customers, n_clusters)
            In [0, 1]; each row sums to 1 [unitless].

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> segmenter = LoadShapeMixture(2, random_state=0)
        >>> segmenter.fit([[1, 3], [2, 6], [3, 1]]).predict_proba([[1, 3]]).round(2)
        array([[1., 0.]])
        """

        def shares(shapes):
            parts, _ = self._parts(shapes)
            return np.exp(parts - log_sum(parts)).T

        return self._in_turns(shares, X)

    def bic(self, X):
        """Bayesian information criterion of the mixture on the rows of `X`.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        bic : float
            -2 log-likelihood + parameters x log(n_customers); lower is better. To be
            compared between mixtures on the same axes, so between numbers of segments.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Notes
        -----
        To choose a number of segments, take few axes (`max_axes=4`): on ten, a full
        covariance has 55 free numbers, too dear for a segment of ten customers. With
        planted segments of 80, 50, 30, 20 and 10, four axes named five, ten named four.

        Examples
        --------
        >>> X = [[1, 9], [1, 8], [1, 7], [7, 1], [8, 1], [9, 1]]
        >>> one, two = (LoadShapeMixture(k, random_state=0).fit(X) for k in (1, 2))
        >>> two.bic(X) < one.bic(X)
        True
        """
        densities = self._in_turns(lambda shapes: log_sum(self._parts(shapes)[0]), X)
        n_parameters = _n_parameters(self.n_clusters, self.n_axes_, self.covariance_)
        return float(n_parameters * np.log(len(densities)) - 2 * densities.sum())

    def distance_ratio(self, X):
        """How strange each row is to the mixture, over what is usual.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        ratio : ndarray of shape (n_customers,)
            At least 0 [unitless]. Above 1 the curve fits no segment: it is less likely
            on the axes, or farther from them, than `reject_quantile` of the customers
            at `fit` by mixtures of the others.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Notes
        -----
        The larger of two ratios, as in the control of processes, where they are known
        as T2 and Q [1]_: that of d = sqrt(2 (c - log density)), with c the highest log
        density of a customer, and that of the distance from the axes. The second is
        needed because a new shape may look usual on axes which do not show it.
        The limits are quantiles of both over the customers at `fit`, each measured by a
        mixture of four fifths of them without its own, from where the segments stand. A
        customer that is alone in its segment, or far from all others, vouches for
        nobody and sets no limit.

        References
        ----------
        .. [1] J. E. Jackson and G. S. Mudholkar, "Control procedures for residuals
           associated with principal component analysis", Technometrics, vol. 21, no. 3,
           pp. 341-349, 1979.

        Examples
        --------
        >>> curves = [[1, 2, 4], [1, 2, 5], [1, 2, 6], [6, 2, 1], [5, 2, 1], [4, 2, 1]]
        >>> segmenter = LoadShapeMixture(2, random_state=0).fit(curves)
        >>> (segmenter.distance_ratio([[10, 21, 50], [1, 9, 1]]) > 1).tolist()
        [False, True]
        """

        def ratio(shapes):
            parts, residuals = self._parts(shapes)
            strange = _strangeness(log_sum(parts), self._usual_density)
            strange /= self.density_limit_
            return np.maximum(strange, residuals / self.residual_limit_)

        return self._in_turns(ratio, X)

    def margin(self, X):
        """How much likelier the segment of each row is than the next.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        margin : ndarray of shape (n_customers,)
            1 - p2 / p1, with p1 and p2 the likeliest and the second likeliest segment's
            share, in [0, 1] [unitless]: near 0 a border case; 1 throughout where there
            is only one segment.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> segmenter = LoadShapeMixture(2, random_state=0)
        >>> segmenter = segmenter.fit([[1, 3], [2, 6], [3, 1], [6, 2]])
        >>> segmenter.margin([[1, 3], [1, 1]]).round(2).tolist()
        [1.0, 0.0]
        """

        def margin(shapes):
            parts, _ = self._parts(shapes)
            if len(parts) == 1:
                return np.ones(parts.shape[1])
            second, first = np.partition(parts, -2, axis=0)[-2:]
            return -np.expm1(second - first)

        return self._in_turns(margin, X)

    def _search(self, scores):
        """The most likely mixture, and its kind of covariance."""
        rng, k = check_random_state(self.random_state), self.n_clusters
        # Starts draw from an order that knows no first reading.
        scores = scores[by_form(scores)]
        points = scores.astype(np.float32)
        starts = [best_of_starts(points, k, 1, rng) for _ in range(self.n_init)]
        starts = distinct(starts)
        kinds = COVARIANCES[:2] if self.covariance == "best" else [self.covariance]
        found = []
        for kind in kinds:
            mixture = best_mixture(scores, starts, kind, self.regularization)
            n_parameters = _n_parameters(k, scores.shape[1], kind)
            bic = n_parameters * np.log(len(scores)) - 2 * mixture.log_likelihood
            found.append((bic, kind, mixture))
        _, kind, mixture = min(found, key=lambda one: one[:2])
        return mixture, kind

    def _scores(self, shapes, axes, scale):
        """Scaled scores of the shapes on the axes, and their distance from the axes."""
        centered = shapes / self._peak - axes.mean
        scores = centered @ axes.directions.T
        off = centered - scores @ axes.directions
        residuals = np.sqrt(np.einsum("ij,ij->i", off, off))
        return scores / scale, residuals * self._peak

    def _likeliest(self, shapes):
        return self._parts(shapes)[0].argmax(axis=0).astype(np.int32)

    def _parts(self, shapes):
        """Log of weight times density of each component, and distance from the axes."""
        scores, residuals = self._scores(shapes, self._axes, self._scale)
        terms = terms_of(scores, self.covariance_)
        return log_parts(terms, self.mixture_, self.covariance_), residuals

    def _limits(self, shapes, labels, log_density, residuals):
        """What `reject_quantile` of new customers keep to."""
        quantile = self.reject_quantile
        witness = (np.bincount(labels) > 1)[labels]
        if not witness.any():
            witness[:] = True
        usual = log_density[witness].max()
        unseen = self._unseen(shapes, labels)
        strange, off = [], []
        for densities, distances in ((log_density, residuals), unseen):
            strange.append(_strangeness(densities[witness], usual))
            off.append(distances[witness])
        # Who is far from all others vouches for nobody either.
        near = ~(_gross(strange[1]) | _gross(off[1]))
        # Customers equal up to rounding leave nothing to measure by.
        limits = [
            max(least, *(float(np.quantile(part[near], quantile)) for part in of))
            for of, least in ((strange, 1.0), (off, 1e-6 * self._peak))
        ]
        both = np.maximum(strange[1] / limits[0], off[1] / limits[1])[near]
        reach = max(1.0, float(np.quantile(both, quantile)))
        return _Limits(usual, limits[0] * reach, limits[1] * reach, int((~near).sum()))

    def _unseen(self, shapes, labels):
        """Log densities and distances from the axes by mixtures of other customers."""
        densities, residuals = np.empty(len(shapes)), np.empty(len(shapes))
        n_folds = min(N_FOLDS, len(shapes))
        fold = np.arange(len(shapes)) % n_folds
        for out in (fold == number for number in range(n_folds)):
            rest = ~out if n_folds > 1 else out
            axes = principal_axes(shapes[rest] / self._peak, self.n_axes_)
            scale = float(np.sqrt(axes.variances[0])) or 1.0
            scores, _ = self._scores(shapes[rest], axes, scale)
            start = np.unique(labels[rest], return_inverse=True)[1]
            mixture = best_mixture(
                scores, start[None], self.covariance_, self.regularization
            )
            scores, residuals[out] = self._scores(shapes[out], axes, scale)
            terms = terms_of(scores, self.covariance_)
            densities[out] = log_sum(log_parts(terms, mixture, self.covariance_))
        return densities, residuals

    def _check_parameters(self):
        for name in ("n_clusters", "max_axes", "n_init", "max_fit"):
            check_count(name, getattr(self, name))
        for name in ("explained", "regularization", "reject_quantile"):
            check_share(name, getattr(self, name))
        check_choice("normalization", self.normalization, NORMALIZATIONS)
        check_choice("covariance", self.covariance, COVARIANCES)


def _n_parameters(k, width, covariance):
    """Free numbers of a mixture of `k` components on `width` axes."""
    spread = width if covariance == "diag" else width * (width + 1) // 2
    return k * (1 + width + spread) - 1


def _strangeness(log_density, usual):
    """What a density lacks to the usual one, in the manner of a distance."""
    return np.sqrt(2 * np.maximum(usual - log_density, 0))


def _gross(strange):
    """Tell what is more than `FAR` times as strange as nine in ten."""
    return strange > FAR * np.quantile(strange, 0.9)


def _remarks_on_outliers(n):
    """Sentence on customers that a mixture of the others does not expect."""
    if not n:
        return ()
    who = "1 customer is" if n == 1 else f"{n} customers are"
    return (f"{who} unlike all others, yet within a segment of several.",)
