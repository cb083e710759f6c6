"""k-medoids (PAM) on a few weighted points, given their distances."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array, check_random_state

from research.segmenters._parameters import check_count

N_STARTS = 10
"""Starts from random medoids beside the one from BUILD; each takes milliseconds."""


class KMedoids(NamedTuple):
    """A division around medoids.

    Attributes
    ----------
    medoids : ndarray of shape (k,)
        Which points are the medoids, rising.
    labels : ndarray of shape (n_points,)
        Place in `medoids` of the nearest medoid; of two equally near, the first.
    cost : float
        Sum of the weighted distances to the nearest medoid.
    """

    medoids: np.ndarray
    labels: np.ndarray
    cost: float


def k_medoids(distances, k, weights=None, random_state=0):
    """Divide points around `k` of them (PAM, partitioning around medoids).

    The medoids are those that make the sum of the weighted distances to the nearest
    one small: first one by one (BUILD), then by the best exchange of a medoid for
    another point until none helps (SWAP), with the gains of all exchanges worked out
    together as in FastPAM [2]_. Random starts are tried too; the cheapest result wins.

    Parameters
    ----------
    distances : array-like of shape (n_points, n_points)
        Any dissimilarity, finite, at least 0; entry (i, j) is from point i to medoid j.
    k : int
        Number of medoids, from 1 to the number of points of positive weight.
    weights : array-like of shape (n_points,) or None, default=None
        At least 0, e.g. how many customers a point stands for; None counts each once.
        A point of weight 0 costs nothing and becomes no medoid.
    random_state : int, RandomState instance or None, default=0
        Seed of the ten random starts.

    Returns
    -------
    found : KMedoids
        `medoids`, `labels` and `cost`.

    Raises
    ------
    ValueError
        If the table is not square, holds NaN, infinite or negative values, or `k` or
        `weights` do not fit it.

    References
    ----------
    .. [1] L. Kaufman and P. J. Rousseeuw, "Finding Groups in Data", Wiley, 1990, ch. 2.
    .. [2] E. Schubert and P. J. Rousseeuw, "Fast and eager k-medoids clustering: O(k)
       runtime improvement of the PAM, CLARA, and CLARANS algorithms", Information
       Systems, vol. 101, 101804, 2021.

    Examples
    --------
    >>> places = np.array([0.0, 1.0, 2.0, 10.0, 11.0])
    >>> k_medoids(np.abs(np.subtract.outer(places, places)), 2)
    KMedoids(medoids=array([1, 3]), labels=array([0, 0, 0, 1, 1]), cost=3.0)
    """
    distances = check_array(distances, dtype=np.float64)
    n = len(distances)
    if distances.shape != (n, n) or distances.min() < 0:
        raise ValueError(
            "distances must be a square table of values of at least 0. Got shape "
            f"{distances.shape} and least value {distances.min():.3g} instead."
        )
    weights = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    if weights.shape != (n,) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(
            f"weights must be {n} finite numbers of at least 0, one a point. "
            f"Got shape {weights.shape} instead, or a number that is not."
        )
    check_count("k", k)
    usable = np.flatnonzero(weights > 0)
    if k > len(usable):
        raise ValueError(
            f"k={k} needs at least {k} points of positive weight, {len(usable)} found; "
            "lower k."
        )
    inner = distances[np.ix_(usable, usable)]
    rng = check_random_state(random_state)
    starts = [_build(inner, weights[usable], k)]
    if 1 < k < len(usable):
        starts += [rng.permutation(len(usable))[:k] for _ in range(N_STARTS)]
    swapped = [_swap(inner, weights[usable], start) for start in starts]
    cost, chosen = min(swapped, key=lambda found: (found[0], *found[1]))
    medoids = usable[chosen]
    labels = distances[:, medoids].argmin(axis=1)
    labels[medoids] = np.arange(k)  # of two points in one place each keeps its own
    return KMedoids(medoids, labels, float(cost))


def _build(distances, weights, k):
    """Medoids one by one, each the point that lowers the cost most."""
    nearest = np.full(len(distances), np.inf)
    chosen = []
    for _ in range(k):
        costs = weights @ np.minimum(distances, nearest[:, None])
        costs[chosen] = np.inf
        chosen.append(int(costs.argmin()))
        nearest = np.minimum(nearest, distances[:, chosen[-1]])
    return np.array(chosen)


def _swap(distances, weights, medoids):
    """Cost and medoids, rising, after the best exchanges until none helps.

    With point c in the place of medoid i, a point whose nearest medoid is another one
    pays min(d, first), a point of i pays min(d, second): that is min(d, first) and on
    top of it what d between first and second adds.
    """
    medoids, k, rows = np.array(medoids), len(medoids), np.arange(len(distances))
    while True:
        to_medoids = distances[:, medoids]
        labels = to_medoids.argmin(axis=1)
        first = to_medoids[rows, labels]
        to_medoids[rows, labels] = np.inf
        second = np.minimum(to_medoids.min(axis=1), distances.max())
        second = np.maximum(second, first)
        cost = weights @ first
        shared = weights @ np.minimum(distances, first[:, None])
        own = np.clip(distances, first[:, None], second[:, None]) - first[:, None]
        members = np.equal.outer(np.arange(k), labels) * weights
        costs = shared + members @ own
        costs[:, medoids] = np.inf
        place, point = np.unravel_index(costs.argmin(), costs.shape)
        if costs[place, point] >= cost - 1e-12 * max(cost, 1e-300):
            return cost, np.sort(medoids)
        medoids[place] = point
