"""What every figure shares: the style, the colour of a segment, the clock's axis."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from research.theme import MUTED, SEGMENT_COLORS, style

HOUR_TICKS = [0, 6, 12, 18, 24]
LEAST_FOR_BAND = 15
"""Customers from which the middle 80 % of them are drawn."""


def use_style() -> None:
    """Draw every later figure of this notebook in the style of the reports."""
    plt.rcParams.update(style())


def axes_of(height: float) -> Axes:
    """Axes of a new figure as wide as a page and `height` inches high."""
    return plt.subplots(figsize=(7.2, height))[1]


def segment_color(segment: int) -> str:
    """Colour of a segment: the same in every figure, grey beyond the eighth."""
    return SEGMENT_COLORS[segment] if segment < len(SEGMENT_COLORS) else MUTED


def closed(curve: pd.Series) -> np.ndarray:
    """Repeat the first value at 24 h, so that the day ends where it begins."""
    values = curve.to_numpy(dtype=float)
    return np.append(values, values[0])


def closed_hours(hours: pd.Index) -> np.ndarray:
    """Hours of the day with the 24th, as `closed` curves need them."""
    return np.append(hours.to_numpy(dtype=float), 24.0)


def quantile(values, q: float) -> np.ndarray:
    """Mean of the five customers around a quantile, so that no figure draws one.

    Parameters
    ----------
    values : array-like of shape (n_customers, ...)
        Missing values are left out.
    q : float
        In [0, 1].
    """
    ordered = np.sort(np.asarray(values, dtype=float), axis=0)
    known = np.isfinite(ordered).sum(axis=0)
    first = np.clip(np.rint(q * (known - 1)) - 2, 0, np.maximum(known - 5, 0))
    place = np.arange(len(ordered)).reshape(-1, *[1] * (ordered.ndim - 1))
    inside = (place >= first) & (place < np.minimum(first + 5, known))
    return np.where(inside, ordered, 0).sum(axis=0) / np.maximum(inside.sum(axis=0), 1)


def spread_apart(heights: np.ndarray, least: float) -> np.ndarray:
    """Move label heights apart by `least` or more, keeping their order."""
    order = np.argsort(heights, kind="stable")
    placed = heights[order].copy()
    for position in range(1, len(placed)):
        placed[position] = max(placed[position], placed[position - 1] + least)
    return placed[np.argsort(order, kind="stable")]
