"""How far the silhouette of a sample may be from that of all customers."""

import numpy as np
from scipy.spatial.distance import cdist

ERRORS = {"least_stable": "least_stable_se", "silhouette": "silhouette_se"}
"""Standard errors in the table of evidence, by what they are of."""


def silhouette_error(X, labels, n_customers):
    """Standard error of the mean silhouette of a sample among itself.

    Parameters
    ----------
    X : ndarray of shape (n_sampled, n_features)
        The sample, drawn at random without replacement.
    labels : ndarray of shape (n_sampled,)
    n_customers : int
        From how many it was drawn.

    Returns
    -------
    error : float
        0 where all were drawn; NaN where the silhouette is not defined.

    Notes
    -----
    Silhouettes of a sample among itself depend on each other, so that their spread
    tells too little. This is the jackknife: the mean without each point in turn, all of
    them from one table of distances, times the finite population's factor.

    References
    ----------
    .. [1] B. Efron and C. Stein, "The jackknife estimate of variance", Annals of
       Statistics, vol. 9, no. 3, pp. 586-596, 1981.

    Examples
    --------
    >>> X = np.array([[0.0], [2.0], [10.0], [12.0], [14.0]])
    >>> labels = np.array([0, 0, 1, 1, 1])
    >>> silhouette_error(X, labels, 5)
    0.0
    >>> round(silhouette_error(X, labels, 1000), 2)
    0.23
    """
    n = len(X)
    _, labels, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if not 2 <= len(sizes) < n:
        return float("nan")
    if n >= n_customers:
        return 0.0
    distances = cdist(X, X)
    members = np.equal.outer(labels, np.arange(len(sizes))).astype(float)
    sums = distances @ members
    without = np.concatenate(
        [
            _means_without(segment, distances, sums, labels, sizes)
            for segment in range(len(sizes))
        ]
    )
    off = without - without.mean()
    return float(np.sqrt((1 - n / n_customers) * (n - 1) / n * (off @ off)))


def _means_without(segment, distances, sums, labels, sizes):
    """Mean silhouette of the others without each member of a segment in turn."""
    n, own = len(labels), np.arange(len(labels))
    counts = np.maximum(sizes[None] - np.equal.outer(labels, np.arange(len(sizes))), 1)
    means = sums / counts
    within = means[own, labels][:, None]
    means[own, labels] = np.inf
    means[:, segment] = np.inf
    next_best = means.min(axis=1)[:, None]
    removed = np.flatnonzero(labels == segment)
    inside = (labels == segment)[:, None]
    left = np.maximum(sizes[segment] - 1 - inside, 0)
    to_rest = sums[:, [segment]] - distances[:, removed]
    to_rest = np.where(left > 0, to_rest / np.maximum(left, 1), np.inf)
    within = np.where(inside, to_rest, within)
    next_best = np.where(inside, next_best, np.minimum(next_best, to_rest))
    larger = np.maximum(within, next_best)
    usable = np.isfinite(larger) & (larger > 0)
    found = np.zeros(larger.shape)
    np.divide(next_best - within, larger, out=found, where=usable)
    alone = (sizes[labels] == 1)[:, None] | (inside & (left == 0))
    found[np.broadcast_to(alone, found.shape)] = 0
    found[removed, np.arange(len(removed))] = 0
    return found.sum(axis=0) / (n - 1)
