"""Figures of segments: what they look like, how many, how sure."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from research.plots.style import (
    HOUR_TICKS,
    LEAST_FOR_BAND,
    closed,
    closed_hours,
    quantile,
    segment_color,
    spread_apart,
)
from research.theme import ACCENT, GRID, INK, MUTED


def typical_days(
    curves: pd.DataFrame, segments: pd.Series, names: Sequence[str], *, ylabel: str
) -> Figure:
    """Draw the mean day of each segment: a row a segment, a column a season.

    Parameters
    ----------
    curves : DataFrame of shape (n_customers, n_seasons x 2 x n_slots)
        Columns (season, day_type, hour), as `features.load.typical_day_curves` gives.
    segments : Series of shape (n_customers,)
        Segment of each customer, on the same index.
    names : sequence of str
        Name of each segment.
    ylabel : str
        What the curves measure, with its unit.

    Returns
    -------
    figure : Figure
        Working days as a line, with the band of the middle 80 % of the customers where
        there are fifteen or more, rest days dashed; one scale for all panels.
    """
    seasons = list(dict.fromkeys(curves.columns.get_level_values("season")))
    figure, axes = plt.subplots(
        len(names),
        len(seasons),
        figsize=(8.4, 0.7 + 1.7 * len(names)),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for row, name in enumerate(names):
        members = curves[segments == row]
        for column, season in enumerate(seasons):
            ax = axes[row, column]
            _day_panel(ax, members[season], segment_color(row))
        title = f"{row + 1} {name} (n = {len(members):,})"
        if row:
            axes[row, 0].set_title(title, color=segment_color(row))
        else:
            _under_the_seasons(axes[row, 0], title, segment_color(row))
        axes[row, 0].set_ylabel(ylabel)
    for ax, season in zip(axes[0], seasons, strict=True):
        ax.set_title(season.capitalize(), color=MUTED, fontsize=9.5, pad=20)
    for ax in axes[-1]:
        ax.set(xticks=HOUR_TICKS, xlim=(0, 24), xlabel="hour of day")
    axes[0, 0].set_ylim(bottom=0)
    return figure


def _under_the_seasons(ax: Axes, title: str, color: str) -> None:
    """Name of the first row, between its panels and the names of the columns."""
    ax.annotate(
        title,
        (0, 1),
        (0, 5),
        xycoords="axes fraction",
        textcoords="offset points",
        color=color,
        fontsize=10.5,
        annotation_clip=False,
    ).set_in_layout(False)  # else the first column becomes as wide as its name


def _day_panel(ax: Axes, days: pd.DataFrame, color: str) -> None:
    for day_type, dashes in (("working", "-"), ("rest", (0, (3, 1.5)))):
        if day_type not in days.columns.get_level_values("day_type"):
            continue
        curves = days[day_type]
        hour = closed_hours(curves.columns)
        if day_type == "working" and len(curves) >= LEAST_FOR_BAND:
            low, high = (quantile(curves, q) for q in (0.1, 0.9))
            low, high = np.append(low, low[0]), np.append(high, high[0])
            ax.fill_between(hour, low, high, color=color, alpha=0.14, linewidth=0)
        ax.plot(hour, closed(curves.mean()), color=color, linestyle=dashes, lw=1.6)


def mean_days(
    curves: pd.DataFrame, segments: pd.Series, names: Sequence[str]
) -> Figure:
    """Draw the mean day of every segment side by side, in kW and as share of its peak.

    Parameters
    ----------
    curves : DataFrame of shape (n_customers, n_slots)
        Columns are hours. [kW]
    segments, names
        As for `typical_days`.
    """
    figure, (size, shape) = plt.subplots(1, 2, figsize=(8.4, 3.6), sharex=True)
    hour = closed_hours(curves.columns)
    for segment, name in enumerate(names):
        mean = curves[segments == segment].mean()
        color = segment_color(segment)
        size.plot(hour, closed(mean), color=color)
        shape.plot(hour, closed(mean / mean.max()), color=color)
        size.plot([], [], color=color, label=f"{segment + 1} {name}")
    size.set(title="Mean load", ylabel="kW a customer", ylim=(0, None))
    shape.set(title="Shape", ylabel="share of the segment's own peak", ylim=(0, 1.05))
    for ax in (size, shape):
        ax.set(xticks=HOUR_TICKS, xlim=(0, 24), xlabel="hour of day")
    figure.legend(loc="outside lower center", ncols=min(len(names), 2))
    return figure


def number_of_segments(evidence: pd.DataFrame, k: int, threshold: float) -> Figure:
    """Draw what speaks for each number of segments, side by side.

    Parameters
    ----------
    evidence : DataFrame
        As `comparison.k_evidence` gives it, a row a number of segments.
    k : int
        The number chosen; marked in every panel.
    threshold : float
        Least mean Jaccard similarity wanted.
    """
    figure, axes = plt.subplots(2, 2, figsize=(8.4, 5.2), sharex=True)
    jaccard, strength, bic, silhouette = axes.ravel()
    for row in evidence.itertuples():
        small = [size < 5 for size in row.sizes]
        for value, is_small in zip(row.jaccard, small, strict=True):
            color = MUTED if is_small else ACCENT
            face = "none" if is_small else color
            jaccard.plot(row.k, value, "o", color=color, markerfacecolor=face, ms=4.5)
    jaccard.axhline(threshold, color=INK, lw=0.8, linestyle=(0, (4, 2)))
    jaccard.set(
        title="Stability of each segment (hollow: under 5 customers)",
        ylabel="mean Jaccard",
        ylim=(0, 1.04),
    )
    ks = evidence["k"]
    strength.errorbar(
        ks,
        evidence["prediction_strength"],
        yerr=evidence["prediction_strength_sd"],
        color=ACCENT,
        marker="o",
        capsize=2,
        lw=1.4,
    )
    strength.axhline(0.8, color=INK, lw=0.8, linestyle=(0, (4, 2)))
    strength.set(title="Prediction strength", ylabel="mean ± sd", ylim=(0, 1.04))
    bic.plot(ks, evidence["bic"], color=ACCENT, marker="o", lw=1.4)
    bic.set(title="Gaussian mixture: BIC (low is better)", ylabel="BIC")
    silhouette.plot(ks, evidence["silhouette"], color=ACCENT, marker="o", lw=1.4)
    silhouette.plot(ks, evidence["silhouette_cloud"], color=MUTED, marker="o", lw=1.4)
    silhouette.plot(ks, evidence["silhouette_null"], color=MUTED, lw=1.2, ls=":")
    last = evidence.iloc[-1]
    words = {
        "silhouette": "data",
        "silhouette_cloud": "one cloud",
        "silhouette_null": "shuffled",
    }
    span = evidence[list(words)].max().max() - evidence[list(words)].min().min()
    heights = spread_apart(last[list(words)].to_numpy(dtype=float), 0.1 * span)
    for word, height in zip(words.values(), heights, strict=True):
        silhouette.annotate(
            word,
            (last["k"], height),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=ACCENT if word == "data" else MUTED,
        )
    silhouette.set(title="Silhouette", ylabel="mean silhouette")
    silhouette.margins(x=0.22)
    for ax in axes.ravel():
        ax.axvspan(k - 0.35, k + 0.35, color=ACCENT, alpha=0.10, linewidth=0, zorder=0)
        ax.set(xticks=ks)
    for ax in axes[-1]:
        ax.set(xlabel="number of segments k")
    return figure


def peak_day(
    load: pd.DataFrame, names: Sequence[str], peak_hours: Sequence[float]
) -> Figure:
    """Draw the area's load on one day, the segments on top of each other.

    Parameters
    ----------
    load : DataFrame of shape (n_slots, n_segments)
        Load of each segment by hour of the day. [kW]
    names : sequence of str
        Name of each segment.
    peak_hours : sequence of float
        Starts of the slots that belong to the area's peak; shaded.
    """
    figure, ax = plt.subplots(figsize=(8.4, 3.1))
    hour = closed_hours(load.index)
    # One day, not a typical one: its end is its last reading, not its beginning.
    layers = [np.append(load[segment], load[segment].iloc[-1]) for segment in load]
    colors = [segment_color(segment) for segment in range(len(names))]
    step = 24 / len(load)
    for start in peak_hours:
        ax.axvspan(start, start + step, color=MUTED, alpha=0.18, linewidth=0, zorder=0)
    ax.stackplot(hour, layers, colors=colors, alpha=0.85, linewidth=0)
    edges = np.cumsum([np.zeros(len(hour)), *layers], axis=0)
    middles = (edges[:-1, -1] + edges[1:, -1]) / 2
    heights = spread_apart(middles, 0.07 * edges[-1].max())
    for number, (name, height) in enumerate(zip(names, heights, strict=True)):
        ax.annotate(
            f"{number + 1} {name}",
            (24, height),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=segment_color(number),
            annotation_clip=False,
        )
    ax.set(xticks=HOUR_TICKS, xlim=(0, 24), xlabel="hour of day", ylabel="kW")
    ax.set_ylim(bottom=0)
    return figure


def shares_with_intervals(shares: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Draw several shares of each segment as dots with their intervals.

    Parameters
    ----------
    shares : DataFrame
        Columns `measure`, `segment`, `share`, `low`, `high`, all shares in [0, 1].
    names : sequence of str
        Name of each segment.
    """
    measures = list(dict.fromkeys(shares["measure"]))
    figure, axes = plt.subplots(
        1,
        len(measures),
        figsize=(8.4, 0.9 + 0.42 * len(names)),
        sharey=True,
        sharex=True,
    )
    for ax, measure in zip(np.atleast_1d(axes), measures, strict=True):
        rows = shares[shares["measure"] == measure]
        for row in rows.itertuples():
            color = segment_color(row.segment)
            ax.plot([row.low, row.high], [row.segment] * 2, color=color, lw=2.2)
            ax.plot(row.share, row.segment, "o", color=color, ms=6)
        ax.set_title(measure)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        ax.set_xlim(0, 1.06 * shares["high"].max())
        ax.grid(axis="x")
        ax.grid(visible=False, axis="y")
    first = np.atleast_1d(axes)[0]
    labels = [f"{number + 1} {name}" for number, name in enumerate(names)]
    first.set_yticks(range(len(names)), labels)
    first.set_ylim(len(names) - 0.5, -0.5)
    return figure


def margins(margin: pd.Series, segments: pd.Series, names: Sequence[str]) -> Figure:
    """Draw how clearly the customers of each segment belong to it.

    Parameters
    ----------
    margin : Series of shape (n_customers,)
        In [0, 1]: 0 lies as near to the next segment as to its own.
    segments, names
        As for `typical_days`.
    """
    figure, ax = plt.subplots(figsize=(8.4, 1.0 + 0.42 * len(names)))
    for segment in range(len(names)):
        values = margin[segments == segment]
        color = segment_color(segment)
        low, q25, q50, q75, high = (
            quantile(values, q) for q in (0.05, 0.25, 0.5, 0.75, 0.95)
        )
        ax.plot([low, high], [segment] * 2, color=color, lw=1.2)
        ax.plot([q25, q75], [segment] * 2, color=color, lw=6, alpha=0.6)
        ax.plot(q50, segment, "o", color=color, ms=5)
    ax.axvline(0.1, color=INK, lw=0.8, linestyle=(0, (4, 2)))
    labels = [f"{number + 1} {name}" for number, name in enumerate(names)]
    ax.set_yticks(range(len(names)), labels)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set(xlim=(0, None), xlabel="margin to the next segment (0: on the border)")
    ax.grid(axis="x", color=GRID)
    ax.grid(visible=False, axis="y")
    return figure
