"""Figures of a network's segments: its design, its training, its code, who moves."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Rectangle

from research.plots.style import segment_color, spread_apart
from research.theme import ACCENT, GRID, INK, MUTED

LEAST_FOR_ELLIPSE = 5


def network_design(widths: Sequence[int], n_clusters: int, n_seeds: int) -> Figure:
    """Draw the layers of the network, what it learns by, and what follows it.

    Parameters
    ----------
    widths : sequence of int
        Of the layers from the curve over the code, in the middle, to the curve again.
    n_clusters, n_seeds : int
        Segments, and networks trained.
    """
    figure, ax = plt.subplots(figsize=(8.4, 3.3))
    middle = len(widths) // 2
    heights = 0.3 + 1.1 * np.log(widths) / np.log(max(widths))
    for place, (width, height) in enumerate(zip(widths, heights, strict=True)):
        color = ACCENT if place == middle else MUTED
        box = (place - 0.16, 2.0 - height / 2)
        ax.add_patch(Rectangle(box, 0.32, height, facecolor=color, alpha=0.8))
        _say(ax, place, 2.0 - height / 2 - 0.18, f"{width}")
        if place:
            _arrow(ax, (place - 0.8, 2.0), (place - 0.2, 2.0))
    last = len(widths) - 1
    _say(ax, 0, 2.95, "curve", INK)
    _say(ax, last, 2.95, "curve again", INK)
    _say(ax, middle, 2.95, "code", ACCENT)
    _say(ax, (middle + last) / 2 + 0.2, 3.3, "loss 1: made anew from the code")
    _say(ax, middle / 2 - 0.2, 3.3, "loss 2: neighbours stay near in the code")
    _arrow(ax, (middle, 1.25), (middle, 0.75))
    steps = (
        (
            0.6,
            "the same for\n" + (f"{n_seeds} networks" if n_seeds > 1 else "1 network"),
        ),
        (middle, f"Gaussian mixture\n{n_clusters} segments"),
        (last - 0.6, "consensus: who is\ntogether in most"),
    )
    for place, text in steps:
        ax.text(
            place,
            0.35,
            text,
            ha="center",
            va="center",
            fontsize=9.5,
            color=INK,
            bbox={"boxstyle": "round,pad=0.4", "facecolor": "none", "edgecolor": GRID},
        )
    _arrow(ax, (1.5, 0.35), (middle - 0.95, 0.35))
    _arrow(ax, (middle + 0.95, 0.35), (last - 1.5, 0.35))
    ax.set(xlim=(-0.7, last + 0.7), ylim=(-0.1, 3.55))
    ax.axis("off")
    return figure


def _say(ax: Axes, x: float, y: float, text: str, color: str = MUTED) -> None:
    ax.text(x, y, text, ha="center", va="center", fontsize=9.5, color=color)


def _arrow(ax: Axes, start: tuple, end: tuple) -> None:
    shape = {"arrowstyle": "-|>", "color": MUTED, "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", end, start, arrowprops=shape)


def training_curves(history: pd.DataFrame) -> Figure:
    """Draw how the losses fell, a line a network.

    Parameters
    ----------
    history : DataFrame
        Columns `seed`, `epoch`, `reconstruction`, `other`, as `HybridNetwork.history_`
        has them.
    """
    panels = {
        "reconstruction": ("Made anew from the code", "mean squared error"),
        "other": ("Neighbours kept", "cross-entropy"),
    }
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 2.8), sharex=True)
    for ax, (column, (title, unit)) in zip(axes, panels.items(), strict=True):
        for _, run in history.groupby("seed"):
            ax.plot(run["epoch"], run[column], color=ACCENT, lw=1.2, alpha=0.7)
        ax.set(title=title, ylabel=unit, xlabel="epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0].set_ylim(bottom=0)
    return figure


def code_map(
    places: np.ndarray, segments: pd.Series, names: Sequence[str], *, dots: bool
) -> Figure:
    """Draw where the segments lie in the code.

    Parameters
    ----------
    places : ndarray of shape (n_customers, 2)
        Codes on their two widest axes.
    segments, names
        As for `plots.typical_days`.
    dots : bool
        Whether single customers may be drawn.

    Returns
    -------
    figure : Figure
        Ellipses that hold about half and nine tenths of a segment, were it Gaussian;
        none for fewer than five customers.
    """
    figure, ax = plt.subplots(figsize=(7.2, 4.4))
    labels = segments.to_numpy()
    for segment, name in enumerate(names):
        own, color = places[labels == segment], segment_color(segment)
        if dots:
            ax.plot(*own.T, "o", color=color, ms=3, alpha=0.6, lw=0)
        if len(own) < LEAST_FOR_ELLIPSE:
            continue
        center = own.mean(axis=0)
        squares, axes = np.linalg.eigh(np.cov(own.T))
        angle = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
        for share, alpha in ((0.5, 0.35), (0.9, 0.12)):
            long, short = 2 * np.sqrt(-2 * np.log(1 - share) * squares[::-1].clip(0))
            ax.add_patch(
                Ellipse(center, long, short, angle=angle, color=color, alpha=alpha)
            )
        ax.plot([], [], "o", color=color, label=f"{segment + 1} {name}")
        ax.text(*center, segment + 1, color=INK, ha="center", va="center")
    ax.autoscale_view()
    ax.margins(0.08)
    ax.set(xlabel="first axis of the code", ylabel="second axis of the code")
    ax.set(xticks=[], yticks=[])
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def who_moves(moves: pd.DataFrame, sizes: Sequence[int]) -> Figure:
    """Draw which segments of one method become which of another.

    Parameters
    ----------
    moves : DataFrame of shape (n_segments, n_segments)
        Customers by segment of the one method (rows) and of the other (columns); NaN
        where there are too few to tell.
    sizes : sequence of int
        Customers of each row, those not told included: the shade is their share.
    """
    figure, ax = plt.subplots(figsize=(6.4, 0.9 + 0.5 * len(moves)))
    shares = moves.fillna(0.0).div(np.maximum(sizes, 1), axis=0)
    for row in range(moves.shape[0]):
        for column in range(moves.shape[1]):
            share, count = shares.iat[row, column], moves.iat[row, column]
            box = (column - 0.48, row - 0.46)
            ax.add_patch(
                Rectangle(
                    box, 0.96, 0.92, facecolor=segment_color(row), alpha=0.75 * share
                )
            )
            text = "few" if np.isnan(count) else f"{count:,.0f}" if count else "·"
            _say(ax, column, row, text, INK if count else MUTED)
    ax.set_xticks(range(moves.shape[1]), moves.columns)
    ax.set_yticks(range(moves.shape[0]), moves.index)
    ax.set(xlim=(-0.5, moves.shape[1] - 0.5), ylim=(moves.shape[0] - 0.5, -0.5))
    ax.set(xlabel=moves.columns.name, ylabel=moves.index.name)
    ax.grid(visible=False)
    return figure


def planted_scores(scores: pd.DataFrame) -> Figure:
    """Draw how well each method finds planted segments, a dot a draw.

    Parameters
    ----------
    scores : DataFrame
        Columns `mix`, `method`, `draw`, `score`, the adjusted Rand index.
    """
    mixes, methods = (list(dict.fromkeys(scores[c])) for c in ("mix", "method"))
    figure, axes = plt.subplots(
        1,
        len(mixes),
        figsize=(8.4, 1.0 + 0.42 * len(methods)),
        sharex=True,
        sharey=True,
    )
    for ax, mix in zip(np.atleast_1d(axes), mixes, strict=True):
        for place, method in enumerate(methods):
            rows = scores[(scores["mix"] == mix) & (scores["method"] == method)]
            color = ACCENT if "network" in method else MUTED
            ax.plot(rows["score"], [place] * len(rows), "o", color=color, alpha=0.5)
            ax.plot(rows["score"].mean(), place, "|", color=INK, ms=16, mew=2)
        ax.set(title=mix, xlabel="adjusted Rand index")
        ax.grid(axis="x")
        ax.grid(visible=False, axis="y")
    first = np.atleast_1d(axes)[0]
    first.set_yticks(range(len(methods)), methods)
    first.invert_yaxis()
    return figure


def stabilities(stability: pd.DataFrame) -> Figure:
    """Draw how well each segment of each method comes back.

    Parameters
    ----------
    stability : DataFrame
        Columns `method`, `segment`, `jaccard` in [0, 1].
    """
    methods = list(dict.fromkeys(stability["method"]))
    figure, ax = plt.subplots(figsize=(7.2, 1.0 + 0.5 * len(methods)))
    for place, method in enumerate(methods):
        rows = stability[stability["method"] == method].sort_values("jaccard")
        # Equal values beside each other stay readable.
        nudged = spread_apart(rows["jaccard"].to_numpy(dtype=float), 0.018)
        for value, segment in zip(nudged, rows["segment"], strict=True):
            ax.plot(value, place, "o", color=segment_color(segment), ms=12)
            ax.text(
                value,
                place,
                segment + 1,
                color="white",
                fontsize=8,
                ha="center",
                va="center",
            )
    ax.axvline(0.75, color=INK, lw=0.8, linestyle=(0, (4, 2)))
    ax.set_yticks(range(len(methods)), methods)
    ax.set(xlim=(0, 1.05), xlabel="mean Jaccard similarity over resamples")
    ax.set(ylim=(len(methods) - 0.5, -0.5))
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")
    return figure
