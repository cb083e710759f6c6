"""Indices of how compact and how separate segments are.

Each index is a function of the points and their labels, with the mean of a segment as
its representative and the plain Euclidean distance d. Many public versions compute
something else under the same name (a mean over pairs, a missing square, a missing
1 / n_k); these follow the definitions of Chicco and co-workers:

- dhat(L)^2, the squared intraset distance of a set L, is half the mean squared distance
  of all ordered pairs, a point with itself included: the mean squared distance to the
  mean of L;
- MIA = sqrt(mean over segments of dhat(L_k)^2);
- CDI = MIA / dhat(R), with R the set of the representatives.

**They can not choose the number of segments.** MIA, CDI and WCBCR fall (almost) without
a break as segments are added (on shapes with 8 true classes their minimum over 2 to 15
lay at 15 each time): they rank methods at one number of segments. `choose_k` chooses.
"""

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils import check_array, check_consistent_length, check_random_state


def mean_index_adequacy(X, labels):
    """Mean index adequacy (MIA): how far customers lie from their segment's mean.

    Root of the mean over the segments, each with the same weight, of the mean squared
    distance of their members to their mean. Lower is more compact. Ranks methods at one
    number of segments, can not choose that number.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them (normalised curves).
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    mia : float
        At least 0, in the unit of `X`. Divide by sqrt(n_features) for the variant with
        the distance per reading.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] G. Chicco, R. Napoli and F. Piglione, "Comparisons among clustering
       techniques for electricity customer classification", IEEE Transactions on Power
       Systems, vol. 21, no. 2, pp. 933-940, 2006.

    Examples
    --------
    >>> mean_index_adequacy([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    1.0
    """
    _, _, squared_spreads = _segments(X, labels)
    return float(np.sqrt(squared_spreads.mean()))


def clustering_dispersion_indicator(X, labels):
    """Clustering dispersion indicator (CDI): spread within over spread between.

    MIA over the intraset distance of the segments' means. Lower is better. Ranks
    methods at one number of segments, can not choose that number.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    cdi : float
        At least 0 [unitless]; NaN for one segment, infinite where all means coincide.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] G. Chicco, R. Napoli and F. Piglione, "Comparisons among clustering
       techniques for electricity customer classification", IEEE Transactions on Power
       Systems, vol. 21, no. 2, pp. 933-940, 2006.

    Examples
    --------
    >>> clustering_dispersion_indicator([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    0.2
    """
    means, _, squared_spreads = _segments(X, labels)
    between = ((means - means.mean(axis=0)) ** 2).sum(axis=1).mean()
    return _ratio(np.sqrt(squared_spreads.mean()), np.sqrt(between), means)


def davies_bouldin_rms(X, labels):
    """Davies-Bouldin index of Chicco: RMS spreads over the distance of the means.

    Mean over the segments of the worst (dhat_i + dhat_j) / d(r_i, r_j). The spread is
    the *root mean square* distance to the mean (Davies and Bouldin's q = 2).
    scikit-learn's `davies_bouldin_score` takes the *mean* distance (q = 1) and comes
    out lower or equal: never compare the two. Lower is better.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    dbi : float
        At least 0 [unitless]; NaN for one segment, infinite where two means coincide.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] G. Chicco, "Overview and performance assessment of the clustering methods for
       electrical load pattern grouping", Energy, vol. 42, no. 1, pp. 68-80, 2012.

    Examples
    --------
    >>> davies_bouldin_rms([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    0.2
    """
    means, _, squared_spreads = _segments(X, labels)
    if len(means) < 2:
        return float("nan")
    spread = np.sqrt(squared_spreads)
    distance = squareform(pdist(means))
    np.fill_diagonal(distance, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        likeness = (spread[:, None] + spread) / distance
    return float(np.nan_to_num(likeness, nan=np.inf, posinf=np.inf).max(axis=1).mean())


def within_between_ratio(X, labels):
    """Within over between variation (WCBCR).

    Sum of the squared distances of the points to their mean, over the sum of the
    squared distances of all pairs of means. Lower is better. Ranks methods at one
    number of segments, can not choose that number: the sum over pairs grows with it.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points as the method compares them.
    labels : array-like of shape (n_customers,)
        Segment of each point, any values.

    Returns
    -------
    wcbcr : float
        At least 0 [unitless]; NaN for one segment, infinite where all means coincide.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    References
    ----------
    .. [1] I. P. Panapakidis and G. C. Christoforidis, "Optimal selection of clustering
       algorithm via multi-criteria decision analysis (MCDA) for load profiling
       applications", Applied Sciences, vol. 8, no. 2, art. 237, 2018.

    Examples
    --------
    >>> within_between_ratio([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    0.04
    """
    means, sizes, squared_spreads = _segments(X, labels)
    return _ratio(squared_spreads @ sizes, (pdist(means) ** 2).sum(), means)


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
        Exact up to so many points (time and memory are quadratic); beyond, of a random
        sample of that size, which errs by about 0.002 (one of 1,000 errs enough to
        rank numbers of segments wrongly).
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
    X = check_array(X, dtype=np.float64)
    labels = np.asarray(labels)
    check_consistent_length(X, labels)
    if len(X) > max_customers:
        rng = check_random_state(random_state)
        sample = rng.choice(len(X), max_customers, replace=False)
        X, labels = X[sample], labels[sample]
    if not 2 <= len(np.unique(labels)) < len(X):
        return float("nan")
    return float(_silhouettes(X, labels).mean())


def score_segmentations(X, segmentations):
    """Every validity index of every segmentation of the same points.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points, in the space that all methods are to be judged in. A method that
        minimises the very distance of that space has a home advantage.
    segmentations : DataFrame or dict of array-like of shape (n_customers,)
        One column (key) a method: the segment of each point.

    Returns
    -------
    scores : DataFrame
        One row a method and index: `method`, `score`, `value`, `better` ("lower" or
        "higher"), `n_segments`. The scores are "silhouette", "MIA", "CDI", "DBI (RMS)",
        "DBI (mean, scikit-learn)", "WCBCR" and "VRC": the last is Calinski and
        Harabasz's variance ratio criterion as scikit-learn has it, higher is better
        (some tables of the field print its inverse). NaN where an index is not
        defined, as for one segment.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, or lengths differ.

    Examples
    --------
    >>> X = [[0.0], [2.0], [10.0], [12.0]]
    >>> scores = score_segmentations(X, {"halves": [0, 0, 1, 1], "odd": [0, 1, 0, 1]})
    >>> scores.loc[scores["score"] == "CDI", ["method", "value"]].round(1)
       method  value
    2  halves    0.2
    9     odd    5.0
    """
    X = check_array(X, dtype=np.float64)
    return pd.DataFrame(
        [
            (method, name, score(X, labels), better, len(np.unique(labels)))
            for method, labels in segmentations.items()
            for name, (score, better) in _SCORES.items()
        ],
        columns=["method", "score", "value", "better", "n_segments"],
    )


def _silhouettes(X, labels):
    """Silhouette of each point, by products of distances and memberships.

    scikit-learn counts row by row and takes twice as long.
    """
    _, labels, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    members = np.eye(len(sizes))[labels]
    X = X - X.mean(axis=0)
    found = np.empty(len(X))
    for first in range(0, len(X), 1000):  # bounds the memory
        rows = np.arange(first, min(first + 1000, len(X)))
        distances = euclidean_distances(X[rows], X)
        distances[np.arange(len(rows)), rows] = 0
        sums = distances @ members
        own = np.arange(len(rows)), labels[rows]
        size = sizes[labels[rows]]
        within = sums[own] / np.maximum(size - 1, 1)
        means = sums / sizes
        means[own] = np.inf
        next_best = means.min(axis=1)
        larger = np.maximum(within, next_best)
        found[rows] = (next_best - within) / np.where(larger > 0, larger, 1.0)
        found[rows[size == 1]] = 0
    return found


def _segments(X, labels):
    """Mean, size and dhat squared of each segment."""
    X = check_array(X, dtype=np.float64)
    check_consistent_length(X, labels)
    _, labels, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    means = pd.DataFrame(X).groupby(labels).mean().to_numpy()
    squared = ((X - means[labels]) ** 2).sum(axis=1)
    return means, sizes, np.bincount(labels, squared) / sizes


def _ratio(within, between, means):
    """`within` over `between`: NaN for one segment, infinite where means coincide."""
    if len(means) < 2:
        return float("nan")
    return float(within / between) if between > 0 else float("inf")


def _where_defined(score):
    """Give `score` of scikit-learn, or NaN for one segment or one a point."""

    def defined(X, labels):
        if not 2 <= len(np.unique(labels)) < len(X):
            return float("nan")
        return float(score(X, labels))

    return defined


_SCORES = {
    "silhouette": (silhouette, "higher"),
    "MIA": (mean_index_adequacy, "lower"),
    "CDI": (clustering_dispersion_indicator, "lower"),
    "DBI (RMS)": (davies_bouldin_rms, "lower"),
    "DBI (mean, scikit-learn)": (_where_defined(davies_bouldin_score), "lower"),
    "WCBCR": (within_between_ratio, "lower"),
    "VRC": (_where_defined(calinski_harabasz_score), "higher"),
}
