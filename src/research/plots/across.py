"""Figures of a comparison over several regions."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from research.theme import ACCENT, GRID, INK, MUTED, PAPER

NAMED_REGIONS = 8
"""Regions up to which each line is named in the figure."""
_NAME = 0.0135
"""Width of a letter of a region's name, as a share of the axis."""


def methods_by_region(
    means: pd.DataFrame,
    *,
    xlabel: str,
    set_off: Sequence[str] = (),
    highlight: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw what each method reached in each region, a line a region, and the means.

    Where the lines run side by side the order of the methods holds across the regions;
    where they cross it does not.

    Parameters
    ----------
    means : DataFrame of shape (n_methods, n_regions)
        Methods from the top down; NaN where a region has no value.
    xlabel : str
        What the score measures, its unit, and which way is better.
    set_off : sequence of str
        Methods with their names in grey: what has to be beaten.
    highlight : sequence of str
        Methods whose mean has the colour of emphasis: a winner, where there is one.
    ax : Axes, optional

    Returns
    -------
    ax : Axes
        Up to eight regions are named above the lines.
    """
    ax = _axes(ax)
    rows = np.arange(len(means))
    for region in means:
        values = means[region].to_numpy(dtype=float)
        ax.plot(values, rows, color=MUTED, lw=0.9, alpha=0.55, zorder=1)
        ax.plot(values, rows, "o", color=MUTED, ms=3.6, mew=0, zorder=2)
    middle = means.mean(axis=1).to_numpy()
    ax.plot(middle, rows, color=INK, lw=2, zorder=3)
    for row, (method, value) in enumerate(zip(means.index, middle, strict=True)):
        color = ACCENT if method in highlight else INK
        ax.plot(value, row, "o", color=color, ms=7, mec=PAPER, mew=1, zorder=4)
    ax.set_yticks(rows, means.index)
    ax.set(ylim=(len(means) - 0.55, -0.55), xlabel=xlabel)
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_major_locator(MaxNLocator(6))
    for label, method in zip(ax.get_yticklabels(), means.index, strict=True):
        label.set_color(MUTED if method in set_off else INK)
    _name_regions(ax, means)
    return ax


def differences(
    table: pd.DataFrame,
    *,
    xlabel: str,
    sides: tuple[str, str] = ("", ""),
    ax: Axes | None = None,
) -> Axes:
    """Draw differences with their intervals, a row each, about the line of none.

    Parameters
    ----------
    table : DataFrame
        Columns `name`, `mean`, `low`, `high`, from the top down. Missing limits are not
        drawn.
    xlabel : str
        What differs, its unit.
    sides : (str, str)
        What it means to lie to the left of none, and to the right.
    ax : Axes, optional

    Returns
    -------
    ax : Axes
        A dot is filled where its interval leaves none out.
    """
    ax = _axes(ax)
    ax.axvline(0, color=INK, lw=0.9, zorder=0.8)
    for row, found in enumerate(table.itertuples()):
        known = bool(np.isfinite([found.low, found.high]).all())
        clear = known and (found.low > 0 or found.high < 0)
        if known:
            ax.hlines(row, found.low, found.high, color=INK, lw=1.8)
        fill = INK if clear else PAPER
        ax.plot(found.mean, row, "o", color=INK, mfc=fill, mew=1.4, ms=6.5)
    ax.set_yticks(range(len(table)), table["name"])
    ax.tick_params(axis="y", colors=INK)
    ax.set(ylim=(len(table) - 0.5, -0.6), xlabel=xlabel)
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_major_locator(MaxNLocator(6))
    low, high = ax.get_xlim()
    room = 0.06 * (high - low)
    ax.set_xlim(min(low, -room), max(high, room))
    for text, side, places in zip(sides, ("right", "left"), (-6, 6), strict=True):
        ax.annotate(
            text,
            (0, 1),
            xytext=(places, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=side,
            color=MUTED,
            fontsize=9,
        )
    return ax


def _axes(ax: Axes | None) -> Axes:
    return plt.gca() if ax is None else ax


def _name_regions(ax: Axes, means: pd.DataFrame) -> None:
    """Names above the first row, moved apart, each with a hair to its line."""
    first = means.iloc[0].dropna().sort_values()
    if not 1 < means.shape[1] <= NAMED_REGIONS or first.empty:
        return
    low, high = ax.get_xlim()
    places = (first.to_numpy() - low) / (high - low)
    widths = np.array([_NAME * len(str(name)) + 0.02 for name in first.index])
    middles = _side_by_side(places, widths)
    for (name, value), middle in zip(first.items(), middles, strict=True):
        ax.annotate(
            str(name),
            (value, 0),
            xytext=(middle, 1.03),
            xycoords="data",
            textcoords="axes fraction",
            ha="center",
            va="bottom",
            color=MUTED,
            fontsize=9,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": GRID,
                "lw": 0.9,
                "shrinkA": 0,
                "shrinkB": 3,
            },
        )


def _side_by_side(places: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Middles of names in order, none on another, as near to their places as can be."""
    steps = np.append(0.0, np.cumsum((widths[:-1] + widths[1:]) / 2))
    blocks: list[list[float]] = []  # of names that touch: their sum and number
    for value in places - steps:
        blocks.append([value, 1])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    middles = np.concatenate([np.full(int(b[1]), _mean(b)) for b in blocks]) + steps
    return middles - max(middles[-1] + widths[-1] / 2 - 1.02, 0.0)


def _mean(block: list[float]) -> float:
    return block[0] / block[1]
