"""Figures of single days and of the rhythm of weeks and years."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from research.plots.style import (
    LEAST_FOR_BAND,
    quantile,
    segment_color,
    spread_apart,
)
from research.theme import ACCENT, GRID, INK, MUTED

MOST_COLUMNS = 7
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def letter(number: int) -> str:
    """Letter of a day shape: A to Z, then AA, AB and so on.

    Examples
    --------
    >>> letter(0), letter(26)
    ('A', 'AA')
    """
    ahead = letter(number // 26 - 1) if number >= 26 else ""
    return ahead + _LETTERS[number % 26]


def day_shapes(shapes: np.ndarray, shares: np.ndarray) -> Figure:
    """Draw each shape of a dictionary in a small chart, with its share of the days.

    Parameters
    ----------
    shapes : ndarray of shape (n_shapes, n_readings)
        Mean normalised day of each shape.
    shares : ndarray of shape (n_shapes,)
        Share of the days of each shape, in [0, 1].
    """
    n_rows = -(-len(shapes) // MOST_COLUMNS)
    columns = -(-len(shapes) // n_rows)  # rows of one length, but for the last
    figure, axes = plt.subplots(
        n_rows,
        columns,
        figsize=(8.4, 0.4 + 1.25 * n_rows),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    hour = np.arange(shapes.shape[1] + 1) * 24 / shapes.shape[1]
    for number, ax in enumerate(axes.ravel()):
        if number >= len(shapes):
            ax.set_axis_off()
            continue
        day = np.append(shapes[number], shapes[number, 0])
        ax.fill_between(hour, 0, day, color=ACCENT, alpha=0.14, linewidth=0)
        ax.plot(hour, day, color=ACCENT, lw=1.6)
        ax.set_title(f"{letter(number)}  {shares[number]:.0%}", fontsize=9.5, pad=3)
        ax.set(xticks=[0, 12], yticks=[], xlim=(0, 24))
    for ax in axes[-1]:
        ax.set_xlabel("hour of day", fontsize=8.5)
    axes[0, 0].set_ylim(bottom=0)
    return figure


def mixtures_by_segment(mixtures: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Draw which day shapes each segment's customers have, darker where more.

    Parameters
    ----------
    mixtures : DataFrame of shape (n_segments, n_shapes)
        Mean share of each shape in a customer's days, in [0, 1].
    names : sequence of str
        Name of each segment.
    """
    figure, ax = plt.subplots(figsize=(8.4, 0.9 + 0.36 * len(mixtures)))
    values = mixtures.to_numpy(dtype=float)
    ax.imshow(values, cmap="Blues", vmin=0, vmax=max(values.max(), 0.3), aspect="auto")
    for (row, column), share in np.ndenumerate(values):
        dark = share > 0.6 * max(values.max(), 0.3)
        ax.text(
            column,
            row,
            f"{100 * share:.0f}",
            ha="center",
            va="center",
            fontsize=8.5,
            color="white" if dark else INK,
        )
    ax.set_xticks(range(values.shape[1]), [letter(n) for n in range(values.shape[1])])
    labels = [f"{number + 1} {name}" for number, name in enumerate(names)]
    ax.set_yticks(range(len(values)), labels)
    ax.set_xlabel("day shape (per cent of a customer's days)")
    ax.grid(visible=False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return figure


def ranges(
    values: dict[str, pd.Series], segments: pd.Series, names: Sequence[str]
) -> Figure:
    """Draw one or more measures by segment: median, middle half, middle 90 %.

    Parameters
    ----------
    values : dict of str to Series of shape (n_customers,)
        What is drawn in each panel, by the label of its axis. Missing values are left
        out.
    segments : Series of shape (n_customers,)
        Segment of each customer, on the same index.
    names : sequence of str
        Name of each segment.
    """
    figure, axes = plt.subplots(
        1,
        len(values),
        figsize=(8.4, 1.0 + 0.42 * len(names)),
        sharey=True,
        squeeze=False,
    )
    for ax, (label, measure) in zip(axes[0], values.items(), strict=True):
        for segment in range(len(names)):
            found = measure[segments == segment].dropna()
            if found.empty:
                continue
            low, q25, q50, q75, high = (
                quantile(found, q) for q in (0.05, 0.25, 0.5, 0.75, 0.95)
            )
            color = segment_color(segment)
            ax.plot([low, high], [segment] * 2, color=color, lw=1.2)
            ax.plot([q25, q75], [segment] * 2, color=color, lw=6, alpha=0.6)
            ax.plot(q50, segment, "o", color=color, ms=5)
        ax.set_xlabel(label)
        ax.grid(axis="x", color=GRID)
        ax.grid(visible=False, axis="y")
    first = axes[0, 0]
    labels = [f"{number + 1} {name}" for number, name in enumerate(names)]
    first.set_yticks(range(len(names)), labels)
    first.set_ylim(len(names) - 0.5, -0.5)
    return figure


def weeks_and_years(
    vectors: pd.DataFrame, segments: pd.Series, names: Sequence[str]
) -> Figure:
    """Draw the week and the year of each segment: a row a segment.

    Parameters
    ----------
    vectors : DataFrame of shape (n_customers, 7 + n_months)
        Columns (cycle, step), as `features.load.rhythm_vectors` gives them.
    segments : Series of shape (n_customers,)
        Segment of each customer, on the same index.
    names : sequence of str
        Name of each segment.

    Returns
    -------
    figure : Figure
        The median customer as a line and the middle 80 % of the customers as a band;
        1 is the customer's own mean. One scale for each column.
    """
    cycles = [("week", "Weekdays"), ("year", "Months")]
    steps = [vectors[cycle].columns for cycle, _ in cycles]
    figure, axes = plt.subplots(
        len(names),
        2,
        figsize=(8.4, 0.7 + 1.7 * len(names)),
        sharex="col",
        sharey="col",
        squeeze=False,
        width_ratios=[max(len(s), 4) for s in steps],
    )
    for row, name in enumerate(names):
        members = vectors[segments == row]
        color = segment_color(row)
        for column, (cycle, title) in enumerate(cycles):
            ax, place = axes[row, column], np.arange(len(steps[column]))
            if len(members) >= LEAST_FOR_BAND:
                low, high = (quantile(members[cycle], q) for q in (0.1, 0.9))
                ax.fill_between(place, low, high, color=color, alpha=0.14, linewidth=0)
            ax.plot(
                place, quantile(members[cycle], 0.5), color=color, marker="o", ms=3.5
            )
            ax.axhline(1, color=MUTED, lw=0.8, linestyle=(0, (4, 2)))
            ax.set_xticks(place, steps[column])
            if row == 0:
                ax.set_title(title, color=MUTED, fontsize=9.5, loc="right")
        heading = f"{row + 1} {name} (n = {len(members):,})"
        axes[row, 0].set_title(heading, color=color)
        axes[row, 0].set_ylabel("times own mean")
    for column in (0, 1):
        axes[0, column].set_ylim(bottom=0)
    return figure


def weekly_energy(
    load: pd.DataFrame, names: Sequence[str], peak_days: pd.DatetimeIndex
) -> Figure:
    """Draw the energy of the area week by week, the segments on top of each other.

    Parameters
    ----------
    load : DataFrame of shape (n_weeks, n_segments)
        Index first days of the weeks. [kWh a day]
    names : sequence of str
        Name of each segment.
    peak_days : DatetimeIndex
        Days of the area's highest energy; marked at the foot.
    """
    figure, ax = plt.subplots(figsize=(8.4, 3.1))
    scale, unit = (
        (1000, "MWh a day") if load.sum(axis=1).max() > 1e4 else (1, "kWh a day")
    )
    layers = [load[segment].to_numpy() / scale for segment in load]
    colors = [segment_color(segment) for segment in range(len(names))]
    week = load.index + pd.Timedelta(days=3)
    ax.stackplot(week, layers, colors=colors, alpha=0.85, linewidth=0)
    for day in peak_days:
        ax.axvspan(day, day + pd.Timedelta(days=1), color=INK, alpha=0.35, linewidth=0)
    edges = np.cumsum([np.zeros(len(week)), *layers], axis=0)
    middles = (edges[:-1, -1] + edges[1:, -1]) / 2
    heights = spread_apart(middles, 0.07 * edges[-1].max())
    for number, (name, height) in enumerate(zip(names, heights, strict=True)):
        ax.annotate(
            f"{number + 1} {name}",
            (week[-1], height),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=segment_color(number),
            annotation_clip=False,
        )
    ax.set(xlim=(week[0], week[-1]), ylabel=unit)
    ax.set_ylim(bottom=0)
    return figure
