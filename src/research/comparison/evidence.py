"""What speaks for and against each number of segments, one row a number."""

import json
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from research.comparison._resampling import (
    by_content,
    check_count,
    compact,
    fit_seeded,
    n_distinct,
    take,
)
from research.comparison._reused import reused
from research.comparison._sampling_error import ERRORS, silhouette_error
from research.comparison.mixture_criterion import axes_of, bic_on
from research.comparison.stability import foretold, recovery
from research.comparison.validity import silhouette

COLUMNS = [
    "k",
    "sizes",
    "smallest",
    "least_stable",
    "jaccard",
    "prediction_strength",
    "prediction_strength_sd",
    "bic",
    "silhouette",
    "silhouette_null",
    "silhouette_cloud",
    "n_customers",
    "n_sampled",
]
_TUPLES = ["sizes", "jaccard"]


def k_evidence(
    estimator,
    X,
    ks=range(2, 11),
    n_resamples=50,
    random_state=0,
    *,
    n_splits=20,
    n_nulls=5,
    n_clouds=19,
    max_customers=2000,
    progress=None,
):
    """What speaks for and against each number of segments, one row a number.

    Parameters
    ----------
    estimator : clusterer, or callable
        With a parameter `n_clusters`, `fit`, `labels_` and `predict`; or a function
        that takes the number of segments and gives such an estimator. Where the fitted
        estimator has a method `shapes` (the points as it compares them), silhouettes
        and mixtures are computed on those, else on `X` itself.
    X : array-like or DataFrame of shape (n_customers, n_features)
        Finite, what the estimator takes.
    ks : iterable of int, default=range(2, 11)
        Numbers of segments, each at least 2.
    n_resamples : int, default=50
        Bootstrap resamples, see `bootstrap_jaccard`.
    random_state : int, RandomState instance or None, default=0
        Seed of everything. All numbers see the same resamples and splits, and the row
        of a number does not depend on which others are asked for.
    n_splits : int, default=20
        Halvings, see `prediction_strength`.
    n_nulls : int, default=5
        Draws of shuffled columns for `silhouette_null`; 0 leaves it out (NaN).
    n_clouds : int, default=19
        Draws of a single cloud for `silhouette_cloud`; 0 leaves it out (NaN).
    max_customers : int, default=2000
        Of more customers, resampling, mixtures and silhouettes see a random sample of
        this size; segments and their sizes are always of all.
    progress : callable or None, default=None
        Called as progress(done, total) after each number.

    Returns
    -------
    evidence : DataFrame
        One row a number of segments:

        - `k`; `sizes`, a tuple of customers from the largest segment down; `smallest`;
        - `least_stable`, the least mean Jaccard similarity of a segment, and
          `least_stable_se`, its standard error over the resamples; `jaccard`, a tuple
          of those of all segments in the order of their labels, in [0, 1];
        - `prediction_strength` and its standard deviation over the splits
          `prediction_strength_sd`, in [0, 1];
        - `bic` of a Gaussian mixture of k classes, lower is better;
        - `silhouette` in [-1, 1], `silhouette_se`, its standard error where it is of a
          sample (a jackknife), else 0, and `silhouette_null`, its mean where every
          column is shuffled by itself: what the method finds where there is nothing;
        - `silhouette_cloud`, the highest silhouette that the method reaches on
          `n_clouds` draws of one Gaussian cloud with the mean and covariance of the
          data. With 19 draws, one cloud exceeds it in one case of twenty: a silhouette
          not above it does not tell groups from slices of one cloud (the idea of
          SigClust, with the silhouette as its index);
        - `n_customers`, and `n_sampled` of them in everything but the sizes.

        A number above the count of different customers has no sizes and NaN else.

    Raises
    ------
    ValueError
        If a number of `ks` is no whole number from 2 up, or what the estimator raises.

    References
    ----------
    .. [1] Y. Liu, D. N. Hayes, A. Nobel and J. S. Marron, "Statistical significance of
       clustering for high-dimension, low-sample size data", Journal of the American
       Statistical Association, vol. 103, no. 483, pp. 1281-1293, 2008.

    Notes
    -----
    On one core nine numbers and 50 resamples take 3 seconds for 95 customers with 384
    readings, about 20 for 575 with 768, where the estimator offers `compact`. Refits on
    resamples, halves and clouds use at most 20 starts.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> X = [[0.0], [0.1], [0.2], [0.3], [9.0], [9.1], [9.2], [9.3]]
    >>> evidence = k_evidence(KMeans(n_init=5), X, [2, 3], n_resamples=10)
    >>> evidence[["k", "sizes", "least_stable"]].head(1)
       k   sizes  least_stable
    0  2  (4, 4)           1.0
    """
    ks = list(ks)
    for k in ks:
        check_count("every k", k, least=2)
    sizes = n_resamples, n_splits, n_nulls, n_clouds, max_customers

    def compute():
        return _flat(_evidence(estimator, X, ks, random_state, sizes, progress))

    if not hasattr(estimator, "get_params") or not isinstance(random_state, Integral):
        return _unflat(compute())
    told = (int(random_state), *map(int, ks), *sizes)
    return _unflat(reused(compute, "k_evidence", [estimator], [X], *told))


def _evidence(estimator, X, ks, random_state, sizes, progress):
    """Evidence as `k_evidence` describes it."""
    n_resamples, n_splits, n_nulls, n_clouds, max_customers = sizes
    rng = check_random_state(random_state)
    X = by_content(X)
    n = len(X)
    sample = X
    if n > max_customers:
        sample = take(X, np.sort(rng.choice(n, max_customers, replace=False)))
    seed = rng.randint(np.iinfo(np.int32).max)
    mixture_seed = np.random.RandomState(seed).randint(np.iinfo(np.int32).max)
    distinct = n_distinct(sample)
    drawn_from = None
    rows = []
    for done, k in enumerate(ks, start=1):
        row = {"k": k, "sizes": (), "jaccard": ()}
        if k <= distinct:
            candidate = (
                clone(estimator).set_params(n_clusters=k)
                if hasattr(estimator, "fit")
                else estimator(k)
            )
            with threadpool_limits(1):  # see stability.py
                own = np.random.RandomState(seed)
                fitted = fit_seeded(candidate, X, own, keep_own=True)
                points = _points(fitted, sample)
                # One space whatever the number, but for estimators that learn theirs.
                if drawn_from is None or not np.array_equal(points, drawn_from):
                    draws = _draws(candidate, points, n_nulls, n_clouds, seed)
                    drawn_from, axes = points, axes_of(points)
                labels = fitted.labels_ if sample is X else fitted.predict(sample)
                within = fitted.labels_
                if sample is not X:
                    within = fit_seeded(candidate, sample, own, keep_own=True).labels_
                refitted, again = compact(candidate, sample)
                row |= _sizes(fitted.labels_)
                row |= _stability(refitted, again, within, n_resamples, n_splits, seed)
                row |= _separation(refitted, points, labels, draws)
                row["silhouette_se"] = silhouette_error(points, labels, n)
                row["bic"], *_ = bic_on(axes, k, mixture_seed)
        rows.append(row | {"n_customers": n, "n_sampled": len(sample)})
        if progress is not None:
            progress(done, len(ks))
    columns = [part for name in COLUMNS for part in (name, ERRORS.get(name)) if part]
    return pd.DataFrame(rows, columns=columns)


def _flat(evidence):
    """Tuples as text, which a file gives back as it is."""
    return evidence.assign(**{name: evidence[name].map(json.dumps) for name in _TUPLES})


def _unflat(evidence):
    told = {
        name: evidence[name].map(lambda t: tuple(json.loads(t))) for name in _TUPLES
    }
    return evidence.assign(**told)


def best_silhouette(estimator, X, ks=range(2, 11), *, max_customers=2000):
    """Number of segments with the highest mean silhouette, as one row.

    It is shown to be refused: see `choose_k`.

    Parameters
    ----------
    estimator, X, ks, max_customers
        As for `k_evidence`; fits use at most 20 starts.

    Returns
    -------
    best : DataFrame of shape (1, 3)
        `k`, `sizes` (a tuple of customers from the largest segment down) and
        `silhouette` in [-1, 1].

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> X = [[0.0], [0.1], [0.2], [0.3], [9.0], [9.1], [9.2], [9.3]]
    >>> best_silhouette(KMeans(n_init=5), X, ks=[2, 3])[["k", "sizes"]]
       k   sizes
    0  2  (4, 4)
    """
    rng = np.random.RandomState(0)
    X = by_content(X)
    if len(X) > max_customers:
        X = take(X, np.sort(rng.choice(len(X), max_customers, replace=False)))
    rows = []
    with threadpool_limits(1):
        estimator, X = compact(estimator, X)
    for k in ks:
        with threadpool_limits(1):
            fitted = fit_seeded(clone(estimator).set_params(n_clusters=k), X, rng)
        sizes = np.sort(np.unique(fitted.labels_, return_counts=True)[1])[::-1]
        mean = silhouette(_points(fitted, X), fitted.labels_)
        rows.append((k, tuple(sizes.tolist()), mean))
    table = pd.DataFrame(rows, columns=["k", "sizes", "silhouette"])
    return table.nlargest(1, "silhouette").reset_index(drop=True)


def _sizes(labels):
    """Customers of each segment."""
    sizes = np.sort(np.unique(labels, return_counts=True)[1])[::-1]
    return {"sizes": tuple(sizes.tolist()), "smallest": int(sizes[-1])}


def _stability(estimator, X, labels, n_resamples, n_splits, seed):
    """What comes back when customers are drawn again."""
    stability = recovery(estimator, X, labels, n_resamples, np.random.RandomState(seed))
    strength = foretold(estimator, X, n_splits, np.random.RandomState(seed))
    least = stability["jaccard"].idxmin()
    return {
        "least_stable": stability.at[least, "jaccard"],
        "least_stable_se": stability.at[least, "jaccard_sd"] / np.sqrt(n_resamples),
        "jaccard": tuple(stability["jaccard"].round(3).tolist()),
        "prediction_strength": strength["mean"],
        "prediction_strength_sd": strength["sd"],
    }


def _separation(estimator, points, labels, draws):
    """What stands apart, beside tables where nothing does."""
    nulls, clouds = (
        [_silhouette_of(estimator, *draw) for draw in kind] for kind in draws
    )
    return {
        "silhouette": silhouette(points, labels),
        "silhouette_null": np.mean(nulls) if nulls else np.nan,
        "silhouette_cloud": max(clouds, default=np.nan),
    }


def _points(fitted, X):
    """Rows of `X` in the space in which the estimator compares them."""
    return np.asarray(fitted.shapes(X) if hasattr(fitted, "shapes") else X, dtype=float)


def _draws(estimator, points, n_nulls, n_clouds, seed):
    """Tables without groups, each with the seed of its fits: nulls, then clouds."""
    rng = np.random.RandomState(seed)
    mean = points.mean(axis=0)
    _, spread, axes = np.linalg.svd(points - mean, full_matrices=False)
    spread /= np.sqrt(max(len(points) - 1, 1))

    def shuffled():
        return np.column_stack([rng.permutation(column) for column in points.T])

    def one_cloud():
        return mean + (rng.standard_normal((len(points), len(spread))) * spread) @ axes

    def prepared(draw):
        return compact(estimator, by_content(draw()))[1], rng.randint(2**31 - 1)

    nulls = [prepared(shuffled) for _ in range(n_nulls)]
    return nulls, [prepared(one_cloud) for _ in range(n_clouds)]


def _silhouette_of(estimator, rows, seed):
    """Silhouette that the method reaches on a draw without groups."""
    null = fit_seeded(estimator, rows, np.random.RandomState(seed))
    return silhouette(_points(null, rows), null.labels_)
