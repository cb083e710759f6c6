"""What a trained network computes, in plain numpy: codes, and curves made from them.

The weights are a list of matrices and offsets in turn, as `get_weights` of a network of
dense layers gives them: the encoder's first, then as many of the decoder. Between
layers negative values are cut off (ReLU), at the code and at the end they are not.
"""

from typing import NamedTuple

import numpy as np

from research.segmenters._em import Mixture, best_mixture, log_parts, log_sum, terms_of

POOLED_WEIGHT = 10
"""Customers that the pooled covariance counts for when a distance is judged."""


class Head(NamedTuple):
    """What divides the codes of a network into segments.

    Attributes
    ----------
    mixture : Mixture
        Of `n_components` Gaussians on the code.
    groups : ndarray of int, shape (n_components,)
        Segment of each component; several may make up one.
    precisions : ndarray of shape (n_components, n_axes, n_axes)
        Inverse of the covariances by which a distance in the code is judged.
    """

    mixture: Mixture
    groups: np.ndarray
    precisions: np.ndarray


def encode(weights, points):
    """Codes of the rows of `points`.

    Parameters
    ----------
    weights : list of ndarray
    points : ndarray of shape (n, n_columns)

    Returns
    -------
    codes : ndarray of shape (n, code_size)

    Examples
    --------
    >>> network = [np.eye(2), np.zeros(2), np.ones((2, 1)), np.ones(1)] * 2
    >>> encode(network, np.array([[2.0, -3.0]])).tolist()
    [[3.0]]
    """
    return _through(weights[: len(weights) // 2], points)


def decode(weights, codes):
    """Rows that the network makes from their codes.

    Examples
    --------
    >>> network = [np.ones((2, 1)), np.zeros(1), np.ones((1, 2)), np.zeros(2)]
    >>> decode(network, np.array([[4.0]])).tolist()
    [[4.0, 4.0]]
    """
    return _through(weights[len(weights) // 2 :], codes)


def _through(weights, rows):
    for place in range(0, len(weights), 2):
        if place:
            rows = np.maximum(rows, 0.0)
        rows = rows @ weights[place] + weights[place + 1]
    return rows


def mixture_head(codes, starts, regularization=1e-4):
    """Divide codes by the Gaussian mixture most likely of those found from `starts`.

    Parameters
    ----------
    codes : ndarray of shape (n, n_axes)
    starts : ndarray of int, shape (n_starts, n)
        Division of the rows at each start, 0 to k - 1.
    regularization : float, default=1e-4
        Added to the variances, of codes whose variance is 1 on average.

    Returns
    -------
    head : Head

    Examples
    --------
    >>> codes = np.array([[-3.1], [-2.9], [2.9], [3.1]])
    >>> head = mixture_head(codes, np.array([[0, 0, 1, 1]]))
    >>> membership(head, codes).round(3).tolist()
    [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    """
    center, scale = codes.mean(axis=0), np.sqrt(codes.var(axis=0).mean()) or 1.0
    found = best_mixture((codes - center) / scale, starts, "full", regularization)
    found = found._replace(
        means=center + scale * found.means, covariances=scale**2 * found.covariances
    )
    return with_precisions(found, np.arange(len(found.weights)), len(codes))


def center_head(codes, centers, groups):
    """Divide codes by the nearest of some centres.

    Parameters
    ----------
    codes : ndarray of shape (n, n_axes)
    centers : ndarray of shape (n_centers, n_axes)
    groups : ndarray of int, shape (n_centers,)
        Segment of each centre.

    Returns
    -------
    head : Head
        Gaussians of one round covariance, the mean square of the distances, and of one
        weight: the likeliest is the nearest.

    Examples
    --------
    >>> head = center_head(np.array([[0.0], [2.0]]), np.array([[0.5], [2.5]]), [0, 1])
    >>> membership(head, np.array([[1.5], [0.0]])).round(2).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    squares = ((codes[:, None] - centers) ** 2).sum(axis=2).min(axis=1)
    n_centers, width = centers.shape
    variance = max(squares.mean() / width, np.finfo(np.float32).tiny)
    covariances = np.tile(variance * np.eye(width), (n_centers, 1, 1))
    found = Mixture(np.full(n_centers, 1 / n_centers), centers, covariances, 0.0, True)
    return with_precisions(found, np.asarray(groups), len(codes))


def with_precisions(mixture, groups, n):
    """Head of a mixture fitted on `n` rows.

    A component of three customers has a covariance that fits these three and turns the
    fourth away: each is mixed with that of all components, which counts as much as ten
    customers.
    """
    weights, covariances = mixture.weights, mixture.covariances
    pooled = np.einsum("c,cij->ij", weights, covariances)
    counts = (n * weights)[:, None, None]
    mixed = (counts * covariances + POOLED_WEIGHT * pooled) / (counts + POOLED_WEIGHT)
    return Head(mixture, groups, np.linalg.inv(mixed))


def membership(head, codes):
    """How likely each segment is for each code.

    Parameters
    ----------
    head : Head
    codes : ndarray of shape (n, n_axes)

    Returns
    -------
    shares : ndarray of shape (n, n_components)
        Of the components, in [0, 1]; rows sum to 1.
    """
    center, scale = _frame(head.mixture)
    moved = head.mixture._replace(
        means=(head.mixture.means - center) / scale,
        covariances=head.mixture.covariances / scale**2,
    )
    parts = log_parts(terms_of((codes - center) / scale, "full"), moved, "full")
    return np.exp(parts - log_sum(parts)).T


def by_segment(head, shares):
    """Shares of the segments from those of the components.

    Examples
    --------
    >>> head = center_head(np.zeros((1, 1)), np.array([[0.0], [1.0], [9.0]]), [0, 1, 1])
    >>> by_segment(head, np.array([[0.5, 0.25, 0.25]])).tolist()
    [[0.5, 0.5]]
    """
    return shares @ np.eye(int(head.groups.max()) + 1)[head.groups]


def code_distance(head, codes, shares):
    """Distance of each code to the mean of its likeliest component.

    Parameters
    ----------
    head : Head
    codes : ndarray of shape (n, n_axes)
    shares : ndarray of shape (n, n_components)
        As `membership` gives them.

    Returns
    -------
    distances : ndarray of shape (n,)
        By Mahalanobis, over the square root of the number of axes [unitless]: near 1
        for an ordinary member.
    """
    own = shares.argmax(axis=1)
    away = codes - head.mixture.means[own]
    squares = np.einsum("ni,nij,nj->n", away, head.precisions[own], away)
    return np.sqrt(np.maximum(squares, 0.0) / codes.shape[1])


def _frame(mixture):
    """Centre and size by which the terms of a mixture stay of a size near 1."""
    center = mixture.weights @ mixture.means
    spread = ((mixture.means - center) ** 2).sum(axis=1) + np.trace(
        mixture.covariances, axis1=1, axis2=2
    )
    return center, float(np.sqrt(mixture.weights @ spread / len(center))) or 1.0
