"""How far a customer may be from its segment, and how near to the next."""

import numpy as np

POOLED_WEIGHT = 10
"""Customers that the pooled spread counts for when a segment's limit is set."""


def distance_limits(distances, labels, sizes, quantile, peak=1.0):
    """Limit of each segment beyond which a curve fits it badly.

    Parameters
    ----------
    distances : ndarray of shape (n_customers,)
        Of the customers to the centre of their own segment.
    labels : ndarray of shape (n_customers,)
    sizes : ndarray of shape (n_clusters,)
    quantile : float
        In (0, 1]. Share of the customers that fit their segment.
    peak : float, default=1.0
        Largest absolute value of the rows; distances below its rounding are none.

    Returns
    -------
    limits : ndarray of shape (n_clusters,)

    Notes
    -----
    A quantile of each segment's own distances is no limit for a segment of three: see
    the notes of `LoadShapeKMeans`.
    """
    n_clusters = len(sizes)
    held_out = distances * (sizes / np.maximum(sizes - 1, 1))[labels]
    alone = (sizes == 1)[labels]
    squares = np.bincount(labels, held_out**2, minlength=n_clusters)
    pooled = squares.sum() / max(1, (~alone).sum())
    witnesses = np.where(sizes == 1, 0, sizes)
    spread = np.sqrt((squares + POOLED_WEIGHT * pooled) / (witnesses + POOLED_WEIGHT))
    # Members equal up to rounding leave a limit of zero: as wide as float32 is.
    spread = np.maximum(spread, max(1e-6 * peak, np.finfo(float).tiny))
    ratios = (held_out / spread[labels])[~alone]
    reach = np.quantile(ratios, quantile) if len(ratios) else 1.0
    return spread * max(reach, 1.0)


def margin_of(distances):
    """How much nearer each row is to its nearest centre than to the next.

    Parameters
    ----------
    distances : ndarray of shape (n_customers, n_clusters)

    Returns
    -------
    margin : ndarray of shape (n_customers,)
        1 - d1 / d2 in [0, 1], with d1 and d2 the distances to the nearest and the
        second nearest centre; 0 where both are 0, 1 with a single segment.

    Examples
    --------
    >>> margin_of(np.array([[1.0, 4.0, 9.0], [2.0, 2.0, 5.0]])).tolist()
    [0.75, 0.0]
    """
    if distances.shape[1] == 1:
        return np.ones(len(distances))
    first, second = np.partition(distances, 1, axis=1)[:, :2].T
    return np.where(second > 0, 1 - first / np.where(second > 0, second, 1.0), 0.0)
