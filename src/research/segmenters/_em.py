"""Gaussian mixtures of many starts at once, by products of large matrices.

The logarithm of a Gaussian density is linear in the terms 1, x_i and x_i x_j of a row,
and so are the moments that make the next estimate. One table of these terms serves
every step, start and component: the expectation is one product with it, the
maximisation one product with its transpose.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

BLOCK = 2**22
"""Log densities held at once, 32 MB."""


class Mixture(NamedTuple):
    """A Gaussian mixture.

    Attributes
    ----------
    weights : ndarray of shape (k,)
    means : ndarray of shape (k, n_axes)
    covariances : ndarray of shape (k, n_axes, n_axes)
    log_likelihood : float
        Sum over the rows it was fitted on.
    converged : bool
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    log_likelihood: float
    converged: bool


def best_mixture(points, starts, covariance, regularization, max_iter=500, tol=1e-4):
    """Most likely mixture that expectation and maximisation reach from the `starts`.

    Parameters
    ----------
    points : ndarray of shape (n, n_axes)
        Centred, and of a size near 1.
    starts : ndarray of shape (n_starts, n)
        Class of each row in each start, 0 to k - 1.
    covariance : {"full", "diag"}
    regularization : float
        Added to the variances.
    max_iter : int, default=500
    tol : float, default=1e-4
        Gain of the mean log-likelihood of a row below which a start has ended.

    Returns
    -------
    mixture : Mixture
        Preferred are those in which every component is the likeliest of some row.

    Examples
    --------
    >>> points = np.array([[-3.1], [-2.9], [2.9], [3.1]])
    >>> found = best_mixture(points, np.array([[0, 0, 1, 1]]), "full", 1e-3)
    >>> found.means.round(2).tolist()
    [[-3.0], [3.0]]
    """
    k, n = int(starts.max()) + 1, len(points)
    terms = terms_of(points, covariance)
    batch = max(1, BLOCK // (k * n))
    found = []
    for first in range(0, len(starts), batch):
        some = starts[first : first + batch]
        found += _climb(terms, some, k, points.shape[1], regularization, max_iter, tol)
    return max(found, key=lambda one: (one[0], one[1].log_likelihood))[1]


def terms_of(points, covariance):
    """Columns 1, x_i, and x_i x_j (of "diag" only x_i squared) of each row, as rows.

    Examples
    --------
    >>> terms_of(np.array([[2.0, 3.0]]), "full").ravel().tolist()
    [1.0, 2.0, 3.0, 4.0, 6.0, 9.0]
    """
    rows = points.T
    i, j = _pairs(len(rows), covariance)
    return np.vstack([np.ones((1, len(points))), rows, rows[i] * rows[j]])


def log_parts(terms, mixture, covariance):
    """Logarithm of weight times density of each component, shape (k, n).

    Examples
    --------
    >>> mixture = Mixture(np.ones(1), np.zeros((1, 1)), np.ones((1, 1, 1)), 0.0, True)
    >>> log_parts(terms_of(np.array([[0.0]]), "full"), mixture, "full").round(3)
    array([[-0.919]])
    """
    factors = _factors(mixture.weights, mixture.means, mixture.covariances, covariance)
    return factors @ terms


def log_sum(parts):
    """Logarithm of the sum of the exponentials along the second last axis.

    Examples
    --------
    >>> log_sum(np.log([[1.0], [3.0]])).round(3)
    array([1.386])
    """
    highest = parts.max(axis=-2, keepdims=True)
    total = np.log(np.exp(parts - highest).sum(axis=-2, keepdims=True))
    return (highest + total)[..., 0, :]


@lru_cache(maxsize=64)
def _pairs(width, covariance):
    if covariance == "diag":
        return np.arange(width), np.arange(width)
    return np.triu_indices(width)


def _factors(weights, means, covariances, covariance):
    """What the terms of a row are multiplied with, one row a component."""
    width = means.shape[-1]
    precisions = np.linalg.inv(covariances)
    _, log_determinants = np.linalg.slogdet(covariances)
    slopes = np.einsum("...ij,...j->...i", precisions, means)
    constant = np.log(weights) - 0.5 * (
        width * np.log(2 * np.pi)
        + log_determinants
        + np.einsum("...i,...i->...", slopes, means)
    )
    i, j = _pairs(width, covariance)
    curvature = -np.where(i == j, 0.5, 1.0) * precisions[..., i, j]
    return np.concatenate([constant[..., None], slopes, curvature], axis=-1)


def _moments(parts, terms, width, covariance, regularization):
    """Sums of shares, means and covariances from the shares of the rows."""
    sums = parts @ terms.T
    totals = sums[..., 0] + 10 * np.finfo(float).eps
    means = sums[..., 1 : 1 + width] / totals[..., None]
    i, j = _pairs(width, covariance)
    second = sums[..., 1 + width :] / totals[..., None]
    covariances = np.zeros((*means.shape, width))
    covariances[..., i, j] = second - means[..., i] * means[..., j]
    covariances[..., j, i] = covariances[..., i, j]
    diagonal = np.arange(width)
    variances = np.maximum(covariances[..., diagonal, diagonal], 0)
    covariances[..., diagonal, diagonal] = variances + regularization
    return totals, means, covariances


def _climb(terms, starts, k, width, regularization, max_iter, tol):
    """Mixture of each start, with whether no component of it is empty."""
    covariance = "diag" if len(terms) == 1 + 2 * width else "full"
    n = terms.shape[1]
    found = [None] * len(starts)
    moving = np.arange(len(starts))
    shares = (starts[:, None] == np.arange(k)[:, None]).astype(np.float64)
    before = np.full(len(starts), -np.inf)
    for step in range(max_iter):
        moments = _moments(
            shares.reshape(-1, n), terms, width, covariance, regularization
        )
        held, means, covariances = (
            part.reshape(len(moving), k, *part.shape[1:]) for part in moments
        )
        weights = held / held.sum(axis=1, keepdims=True)
        factors = _factors(weights, means, covariances, covariance)
        parts = (factors.reshape(-1, len(terms)) @ terms).reshape(len(moving), k, n)
        logs = log_sum(parts)
        totals = logs.sum(axis=1)
        ended = totals - before < tol * n
        if step == max_iter - 1:
            ended[:] = True
        for place in np.flatnonzero(ended):
            full = len(np.unique(parts[place].argmax(axis=0))) == k
            converged = bool(totals[place] - before[place] < tol * n)
            found[moving[place]] = (
                full,
                Mixture(
                    weights[place],
                    means[place],
                    covariances[place],
                    float(totals[place]),
                    converged,
                ),
            )
        moving, before = moving[~ended], totals[~ended]
        if not len(moving):
            break
        shares = np.exp(parts[~ended] - logs[~ended][:, None])
    return found
