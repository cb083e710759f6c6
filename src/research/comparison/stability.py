"""Do the segments come back when the customers change? Bootstrap, halves.

Both measures refit an estimator to other draws of the same customers and ask only for
its `labels_` (and `predict`): they work for every clusterer after the protocol of
scikit-learn. Customers are put in an order of their own content before anything is
drawn, so that the order of the rows does not change a result.

An estimator may offer `compact(X)`: itself and the rows in a form that is cheaper to
refit. Refits then take those, and nothing else changes.

Many small fits run on one thread each: threads have nothing to share out in a fit of
100 customers, and where other work wants the cores they wait for each other. Measured
on two busy cores, 99 customers of 48 readings: 88 s with threads, 7 s without.
"""

import numpy as np
import pandas as pd
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

BANDS = ((0.85, "very stable"), (0.75, "stable"), (0.6, "doubtful"), (0.0, "dissolved"))
"""Least mean Jaccard similarity of each band; "very stable" begins above its value."""


def stability_band(jaccard):
    """Word for a mean Jaccard similarity, after Hennig.

    Parameters
    ----------
    jaccard : float
        In [0, 1] [unitless].

    Returns
    -------
    band : str
        "dissolved" below 0.6, "doubtful" below 0.75, "stable" up to 0.85, above it
        "very stable"; "unknown" for NaN.

    References
    ----------
    .. [1] C. Hennig, "Cluster-wise assessment of cluster stability", Computational
       Statistics & Data Analysis, vol. 52, no. 1, pp. 258-271, 2007; the bands after
       the manual of its R package fpc.

    Examples
    --------
    >>> [stability_band(jaccard) for jaccard in (0.4, 0.6, 0.75, 0.85, 0.9)]
    ['dissolved', 'doubtful', 'stable', 'stable', 'very stable']
    """
    if np.isnan(jaccard):
        return "unknown"
    if jaccard > BANDS[0][0]:
        return BANDS[0][1]
    return next(band for least, band in BANDS[1:] if jaccard >= least)


def bootstrap_jaccard(estimator, X, n_resamples=50, random_state=0):
    """How well each segment comes back when the customers are drawn again.

    The estimator is fitted to all customers, then to bootstrap resamples of them. In
    each resample every segment of the first fit is compared with the segment of the new
    fit that resembles it most, by the Jaccard similarity: customers in both over
    customers in either, among the customers drawn.

    Parameters
    ----------
    estimator : clusterer
        With `fit` and `labels_`. Not changed: clones are fitted.
    X : array-like or DataFrame of shape (n_customers, n_features)
        What the estimator takes; NaN as far as the estimator takes it.
    n_resamples : int, default=50
        Number of resamples, at least 1. The mean of 50 has a standard error of 0.03
        where single resamples have a standard deviation of 0.2.
    random_state : int, RandomState instance or None, default=0
        Seed of the draws. Each refit gets a seed of its own from it if the estimator
        has a `random_state`, so that luck in the starts counts as instability; the
        first fit keeps the estimator's own seed where it has one.

    Returns
    -------
    stability : DataFrame of shape (n_segments, 6)
        Indexed by the labels of the first fit (`segment`): `size` [customers],
        `jaccard` the mean over the resamples, `jaccard_sd` their standard deviation
        (NaN for one resample), `dissolved` the share of resamples with at most 0.5,
        `recovered` the share above 0.75, all in [0, 1], and `band`, see
        `stability_band`.

    Raises
    ------
    ValueError
        If `n_resamples` is no whole number of at least 1, or what the estimator raises.

    Notes
    -----
    As R's `clusterboot(bootmethod="boot", multipleboot=FALSE)`: a customer drawn twice
    stands in the resample once (on average 63 % of the customers stand in one), since
    copies would glue together whatever lies beside them. Two segments may have the same
    best match. A segment none of whose members was drawn scores 0: one of a single
    customer, however far from all others, is expected to get 0.63. A resample with
    fewer different rows than the first fit has segments scores 0 for all, unfitted.

    References
    ----------
    .. [1] C. Hennig, "Cluster-wise assessment of cluster stability", Computational
       Statistics & Data Analysis, vol. 52, no. 1, pp. 258-271, 2007.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> X = [[0.0], [0.1], [0.2], [0.3], [9.0], [9.1], [9.2], [9.3]]
    >>> stability = bootstrap_jaccard(KMeans(2, n_init=5), X)
    >>> stability[["size", "jaccard", "band"]].to_dict("list")
    {'size': [4, 4], 'jaccard': [1.0, 1.0], 'band': ['very stable', 'very stable']}
    """
    check_count("n_resamples", n_resamples)
    rng = check_random_state(random_state)
    X = by_content(X)
    labels = fit_seeded(estimator, X, rng, keep_own=True).labels_
    return recovery(*compact(estimator, X), labels, n_resamples, rng)


def recovery(estimator, X, labels, n_resamples, rng):
    """Table of `bootstrap_jaccard` for the segments `labels` of the rows of `X`."""
    n = len(X)
    segments, labels, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    similarity = np.zeros((n_resamples, len(segments)))
    with threadpool_limits(1):
        for found in similarity:
            drawn = np.unique(rng.randint(n, size=n))
            resample = take(X, drawn)
            if n_distinct(resample) >= len(segments):
                again = fit_seeded(estimator, resample, rng).labels_
                found[:] = _best_jaccard(labels[drawn], again, len(segments))
    mean = similarity.mean(axis=0)
    return pd.DataFrame(
        {
            "size": sizes,
            "jaccard": mean,
            "jaccard_sd": pd.DataFrame(similarity).std().to_numpy(),
            "dissolved": (similarity <= 0.5).mean(axis=0),
            "recovered": (similarity > 0.75).mean(axis=0),
            "band": [stability_band(jaccard) for jaccard in mean],
        },
        index=pd.Index(segments, name="segment"),
    )


def prediction_strength(estimator, X, n_splits=20, random_state=0):
    """How well segments of one half of the customers foretell those of the other.

    The customers are split into halves at random. Both halves are clustered, and one is
    also predicted by the clustering of the other. For each segment of the half: which
    share of the pairs of its members does the prediction put into one segment? The
    strength of the split is the share of its worst segment; each half plays both parts
    and the two are averaged.

    Parameters
    ----------
    estimator : clusterer
        With `fit`, `labels_` and `predict`. Not changed: clones are fitted.
    X : array-like or DataFrame of shape (n_customers, n_features)
        What the estimator takes; at least two customers.
    n_splits : int, default=20
        Number of random halvings, at least 1.
    random_state : int, RandomState instance or None, default=0
        Seed of the splits; each refit gets a seed of its own from it.

    Returns
    -------
    strength : Series
        `mean` over the splits in [0, 1], `sd` and `se` their standard deviation and
        the standard error (NaN for one split) [unitless], `n_splits`. The authors take
        the largest number of segments with a strength above 0.8 to 0.9.

    Raises
    ------
    ValueError
        If there are fewer than two customers or `n_splits` is no whole number of at
        least 1, or what the estimator raises.

    Notes
    -----
    As R's `prediction.strength` in package fpc, a segment of one customer, which has no
    pairs, counts as foretold: look at the sizes too. A split with fewer different rows
    in a half than the estimator's `n_clusters` scores 0 without a fit.

    References
    ----------
    .. [1] R. Tibshirani and G. Walther, "Cluster validation by prediction strength",
       Journal of Computational and Graphical Statistics, vol. 14, no. 3, pp. 511-528,
       2005.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> X = [[group + step / 50] for group in (0, 5) for step in range(20)]
    >>> prediction_strength(KMeans(2, n_init=5), X, n_splits=4).tolist()
    [1.0, 0.0, 0.0, 4.0]
    """
    check_count("n_splits", n_splits)
    X = by_content(X)
    n = len(X)
    if n < 2:
        raise ValueError(
            f"prediction_strength needs at least 2 customers, {n} found; add data."
        )
    estimator, X = compact(estimator, X)
    return foretold(estimator, X, n_splits, check_random_state(random_state))


def foretold(estimator, X, n_splits, rng):
    """Table of `prediction_strength` for rows in an order of their content."""
    n = len(X)
    wanted = getattr(estimator, "n_clusters", 1)
    strengths = np.zeros(n_splits)
    with threadpool_limits(1):
        for split in range(n_splits):
            parts = np.split(rng.permutation(n), [n // 2])
            halves = [take(X, np.sort(part)) for part in parts]
            if min(n_distinct(half) for half in halves) >= wanted:
                one, two = (fit_seeded(estimator, half, rng) for half in halves)
                strengths[split] = (
                    _worst_pair_share(one.labels_, two.predict(halves[0]))
                    + _worst_pair_share(two.labels_, one.predict(halves[1]))
                ) / 2
    sd = strengths.std(ddof=1) if n_splits > 1 else np.nan
    return pd.Series(
        {
            "mean": strengths.mean(),
            "sd": sd,
            "se": sd / np.sqrt(n_splits),
            "n_splits": n_splits,
        },
        name="prediction_strength",
    )


def _best_jaccard(labels, again, n_segments):
    """Jaccard similarity of segments 0..n_segments-1 to their best match in `again`."""
    both = _overlap(labels, again, n_segments)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    return (both / either).max(axis=1)


def _worst_pair_share(labels, predicted):
    """Least share, over the segments in `labels`, of pairs that stay together."""
    _, labels, size = np.unique(labels, return_inverse=True, return_counts=True)
    both = _overlap(labels, predicted, len(size))
    stay = (both * (both - 1)).sum(axis=1)
    return np.where(size > 1, stay / np.maximum(size * (size - 1), 1), 1.0).min()


def _overlap(labels, again, n_segments):
    """Members that segments 0..n_segments-1 share with each segment of `again`."""
    matches, again = np.unique(again, return_inverse=True)
    both = np.zeros((n_segments, len(matches)))
    np.add.at(both, (labels, again), 1)
    return both
