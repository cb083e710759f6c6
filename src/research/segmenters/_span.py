"""Curves of many readings on few axes while a network is trained, and back afterwards.

Neighbouring readings, and the typical days of a customer, say much the same. A network
that sees a curve on its principal axes has a twelfth of the weights in its widest
layers. What it learns is then written as a network of the readings themselves: whoever
has it need not know, and its error counts what lies outside of the axes, too.
"""

from typing import NamedTuple

import numpy as np
from scipy.fft import dct

from research.segmenters._axes import principal_axes

MOST_AXES = 64
MANY_READINGS = 2 * MOST_AXES
"""Readings above which axes pay; at fewer a network sees the readings."""
HELD = 0.99
"""Share of the variance that is enough, if fewer than the most axes hold it."""


class Span(NamedTuple):
    """The axes on which a network sees the curves.

    Attributes
    ----------
    directions : ndarray of shape (n_axes, n_columns)
        Orthonormal rows.
    seen, made : float
        What a value along an axis is multiplied by before a network sees it, and the
        factor between that and what the network shall make of it.
    left_out : float
        Mean square of what lies outside of the axes.
    """

    directions: np.ndarray
    seen: float
    made: float
    left_out: float


def span_of(points):
    """Axes on which to see the rows of `points`, None where they are the columns.

    Parameters
    ----------
    points : ndarray of shape (n, n_columns)
        Of mean 0.

    Returns
    -------
    span : Span or None

    Notes
    -----
    Adam moves each weight by about as much, whatever it stands for. So that a step is
    what it is on d columns, the m axes are mixed by a cosine transform, which spreads
    the curves evenly over them; the network sees values of d / m times the spread of a
    column, since one weight stands for d / m; it makes values of the spread of a
    column, so that the mean square error stays the same. Without this the segments of
    planted families were worse.

    Examples
    --------
    >>> days = np.tile(np.array([[1.0, 2], [-1, 0], [2, -2], [-2, 0]]), 100)
    >>> span = span_of(days)
    >>> span.directions.shape, round(abs(span.left_out), 9)
    ((2, 200), 0.0)
    >>> bool(np.allclose(days @ span.directions.T @ span.directions, days))
    True
    >>> span_of(days[:, :96]) is None
    True
    """
    n_columns = points.shape[1]
    if n_columns <= MANY_READINGS:
        return None
    axes = principal_axes(points, MOST_AXES, HELD)
    left_out = (1 - axes.share) * points.var(axis=0).mean()
    directions = dct(axes.directions, axis=0, norm="ortho")
    share = len(directions) / n_columns
    return Span(directions, share**-0.5, share, float(left_out))


def folded(weights, span):
    """Weights of a network on the columns as those of one on the axes.

    Parameters
    ----------
    weights : list of ndarray
        As `_dense.encode` takes them, for rows of columns.
    span : Span

    Returns
    -------
    weights : list of ndarray of float32
        For rows times `directions` times `seen`; they are made times `made`. What lies
        outside of the axes is dropped.
    """
    first, *middle, last, offset = weights
    ahead = span.directions / span.seen
    back = span.directions.T * (span.seen * span.made)
    return _single([ahead @ first, *middle, last @ back, offset @ back])


def unfolded(weights, span):
    """Weights of a network on the axes as those of one on the columns.

    Parameters
    ----------
    weights : list of ndarray
        As `folded` gives them, trained.
    span : Span

    Returns
    -------
    weights : list of ndarray of float32
        The same codes for rows of columns; curves made from them lie in the span.

    Examples
    --------
    >>> span = Span(np.array([[0.6, 0.8]]), 2.0, 0.25, 0.0)
    >>> network = [np.ones((1, 1)), np.zeros(1), np.ones((1, 1)), np.ones(1)]
    >>> whole = unfolded(network, span)
    >>> [part.astype(float).ravel().round(3).tolist() for part in whole]
    [[1.2, 1.6], [0.0], [1.2, 1.6], [1.2, 1.6]]
    >>> [part.ravel().round(3).tolist() for part in folded(whole, span)]
    [[1.0], [0.0], [1.0], [1.0]]
    """
    first, *middle, last, offset = weights
    ahead = span.directions.T * span.seen
    back = span.directions / (span.seen * span.made)
    return _single([ahead @ first, *middle, last @ back, offset @ back])


def _single(weights):
    return [np.asarray(part, dtype=np.float32) for part in weights]
