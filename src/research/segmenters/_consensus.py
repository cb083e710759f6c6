"""One division out of several: who is put together how often."""

import numpy as np

MOST_POINTS = 1500
"""Points between which the linkage is built; the rarer ones join them afterwards."""


def co_association(runs):
    """Share of the runs that put each pair of customers into one segment.

    Parameters
    ----------
    runs : ndarray of int, shape (n_runs, n_customers)
        A division a row; the numbers of segments need not agree between runs.

    Returns
    -------
    together : ndarray of float32, shape (n_customers, n_customers)
        In [0, 1], 1 on the diagonal [unitless].

    References
    ----------
    .. [1] A. L. N. Fred and A. K. Jain, "Combining multiple clusterings using evidence
       accumulation", IEEE Transactions on Pattern Analysis and Machine Intelligence,
       vol. 27, no. 6, pp. 835-850, 2005.

    Examples
    --------
    >>> co_association(np.array([[0, 0, 1], [1, 1, 1]])).tolist()
    [[1.0, 1.0, 0.5], [1.0, 1.0, 0.5], [0.5, 0.5, 1.0]]
    """
    runs = np.asarray(runs)
    together = np.zeros((runs.shape[1],) * 2, dtype=np.float32)
    for labels in runs:
        together += labels[:, None] == labels
    return together / np.float32(len(runs))


def consensus(runs, n_clusters, *, most_points=MOST_POINTS):
    """Divide customers by who is together in most runs, by average linkage.

    Parameters
    ----------
    runs : ndarray of int, shape (n_runs, n_customers)
        A division a row.
    n_clusters : int
        Segments wanted; fewer come back where the runs tell fewer customers apart.
    most_points : int, default=MOST_POINTS
        At least `n_clusters`. Customers whom all runs treat alike are one point of the
        linkage, weighted by their number, so that a hundred thousand customers leave
        some hundred points. Of more than this, the points of most customers are linked
        and each other point joins the segment that it is together with most often.

    Returns
    -------
    labels : ndarray of int, shape (n_customers,)
        0 to n_clusters - 1, in no particular numbering.

    Examples
    --------
    >>> runs = np.array([[0, 0, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 1, 1]])
    >>> labels = consensus(runs, 2)
    >>> (labels == labels[0]).tolist()
    [True, True, False, False, False]
    """
    points, point, counts = np.unique(
        np.asarray(runs), axis=1, return_inverse=True, return_counts=True
    )
    chosen = np.sort(np.argsort(-counts, kind="stable")[:most_points])
    found = _average_linkage(
        1 - co_association(points[:, chosen]), counts[chosen], n_clusters
    )
    members = np.zeros((len(chosen), found.max() + 1))
    members[np.arange(len(chosen)), found] = counts[chosen]
    members /= members.sum(axis=0)
    alike = np.zeros((points.shape[1], len(chosen)), dtype=np.float32)
    for one in points:
        alike += one[:, None] == one[chosen]
    labels = (alike @ members).argmax(axis=1)
    labels[chosen] = found
    return labels[point.ravel()]


def _average_linkage(apart, sizes, n_clusters):
    """Merge the two segments that are least apart on average, until few are left."""
    apart = apart.astype(np.float64)
    np.fill_diagonal(apart, np.inf)
    weights, segment = sizes.astype(np.float64), np.arange(len(sizes))
    nearest = apart.min(axis=1)
    for _ in range(len(sizes) - n_clusters):
        one = nearest.argmin()
        other = apart[one].argmin()
        one, other = min(one, other), max(one, other)
        both = weights[one] + weights[other]
        merged = (weights[one] * apart[one] + weights[other] * apart[other]) / both
        merged[[one, other]] = np.inf
        # Whose nearest was one of the two has to look anew.
        held = np.minimum(apart[one], apart[other])
        apart[one], apart[:, one] = merged, merged
        apart[other], apart[:, other] = np.inf, np.inf
        stale = np.flatnonzero((held <= nearest) & np.isfinite(nearest))
        nearest[stale] = apart[stale].min(axis=1)
        nearest = np.minimum(nearest, merged)
        nearest[one], nearest[other] = merged.min(), np.inf
        weights[one] = both
        segment[segment == other] = one
    return np.unique(segment, return_inverse=True)[1]
