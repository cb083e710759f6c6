"""What mixtures of normal distributions say of the number of classes."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.mixture import GaussianMixture
from sklearn.utils import check_array, check_random_state

from research.comparison._resampling import by_content, check_count, n_distinct


def mixture_bic(X, n_components_range, n_pcs=None, random_state=0):
    """Bayesian information criterion of Gaussian mixtures, for each number of classes.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        Finite points, e.g. normalised curves.
    n_components_range : iterable of int
        Numbers of classes to try, each at least 1.
    n_pcs : int or None, default=None
        Number of principal components the mixture lives on. None takes as many as hold
        90 % of the variance, at most one for ten customers and at most ten.
    random_state : int, RandomState instance or None, default=0
        Seed of the five starts of each mixture.

    Returns
    -------
    bic : DataFrame
        One row a number: `k`, `bic` (lower is better; NaN with more classes than
        different points, or where all points are one), `covariance` the kind that
        reached it, "diag" or "full", `n_pcs`, `explained` the share of the variance
        that they hold, in [0, 1].

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or a number is no whole number from 1 up.

    Notes
    -----
    A mixture on the readings themselves would be hopeless: one full covariance of 48
    readings has 1,176 parameters, more than there are customers. Principal components
    hold most of a curve's shape in a few numbers, and one for ten customers leaves each
    class some to be fitted on. Diagonal and full covariances are both tried and the
    better BIC stands, as in R's mclust: with 600 curves of 8 classes full ones found
    the 8 and diagonal ones 12, with 91 curves diagonal ones were nearer. All
    components are divided by the standard deviation of the first, which keeps their
    proportions, and 0.001 is added to the variances, so that a class can not shrink
    onto one customer and win with an infinite likelihood.

    References
    ----------
    .. [1] C. Fraley and A. E. Raftery, "Model-based clustering, discriminant analysis,
       and density estimation", Journal of the American Statistical Association, vol.
       97, no. 458, pp. 611-631, 2002.

    Examples
    --------
    >>> X = [[0.0], [0.1], [0.2], [0.3], [9.0], [9.1], [9.2], [9.3]]
    >>> bic = mixture_bic(X, [1, 2, 3])
    >>> int(bic.loc[bic["bic"].idxmin(), "k"])
    2
    """
    X = check_array(X, dtype=np.float64)
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    axes = axes_of(X, n_pcs)
    return pd.DataFrame(
        [(k, *bic_on(axes, k, seed)) for k in n_components_range],
        columns=["k", "bic", "covariance", "n_pcs", "explained"],
    )


class Axes(NamedTuple):
    """Scores on the widest principal axes, and what is known of them."""

    scores: np.ndarray
    """Over the standard deviation of the first; zeros where all rows are one."""
    explained: float
    n_distinct: int


def axes_of(X, n_pcs=None):
    """The rows as the mixtures see them, in an order of their content."""
    X = by_content(X)
    centered = X - X.mean(axis=0)
    left, singular, _ = np.linalg.svd(centered, full_matrices=False)
    variance = singular**2
    held = variance.cumsum() / (variance.sum() or 1.0)
    if n_pcs is None:
        most = min(10, max(1, len(X) // 10), len(held))
        n_pcs = int(min(most, 1 + np.searchsorted(held, 0.9)))
    check_count("n_pcs", n_pcs)
    n_pcs = min(n_pcs, len(held))
    scores = (left * singular)[:, :n_pcs]
    if np.ptp(X, axis=0).any():
        scores = scores / scores[:, 0].std()
    else:
        scores = np.zeros_like(scores)
    return Axes(scores, held[n_pcs - 1], n_distinct(X))


def bic_on(axes, k, seed):
    """BIC of mixtures of `k` classes, their covariance, the axes and their share."""
    check_count("a number of components", k)
    bic, covariance = np.nan, None
    if axes.scores.any() and k <= axes.n_distinct:
        bic, covariance = min(
            (_mixture(axes.scores, k, kind, seed), kind) for kind in ("diag", "full")
        )
    return bic, covariance, axes.scores.shape[1], axes.explained


def _mixture(points, k, covariance, seed):
    """BIC of the best of five mixtures of `k` classes."""
    mixture = GaussianMixture(
        k,
        covariance_type=covariance,
        n_init=5,
        max_iter=500,
        reg_covar=1e-3,
        random_state=seed,
    )
    return mixture.fit(points).bic(points)
