"""Figures of a comparison of methods: ranks, all runs, who moves between segments."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from research.plots.style import segment_color, spread_apart
from research.theme import ACCENT, INK, MUTED, PAPER

FEW = "few"
GAP = 0.03
"""Room between two segments of a column, as a share of all customers."""
_MERGED = object()


def critical_difference(
    ranks: pd.Series,
    difference: float,
    not_apart: Sequence[Sequence[str]],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw mean ranks on one line, and bars over methods that can not be told apart.

    Parameters
    ----------
    ranks : Series of shape (n_methods,)
        Mean rank of each method, 1 the best.
    difference : float
        Critical difference of two mean ranks.
    not_apart : sequence of sequence of str
        Sets of methods within it, as `comparison.infer` gives them.
    ax : Axes, optional

    Returns
    -------
    ax : Axes
        The best rank is on the left; names stand below the line, the better half on the
        left and the rest on the right.
    """
    ax = _axes(ax)
    ranks = ranks.sort_values(kind="stable")
    n = len(ranks)
    left = (n + 1) // 2
    below = 0.42 + 0.2 * len(not_apart)
    ax.hlines(0, 1, n, color=INK, lw=1)
    for rank in range(1, n + 1):
        ax.vlines(rank, 0, 0.12, color=INK, lw=1)
        ax.text(rank, 0.18, rank, ha="center", va="bottom", color=MUTED, fontsize=9.5)
    for place, (method, rank) in enumerate(ranks.items()):
        on_left = place < left
        row = place if on_left else n - 1 - place
        y, end = -below - 0.42 * row, 0.75 if on_left else n + 0.25
        ax.plot([rank, rank, end], [0, y, y], color=MUTED, lw=0.9)
        ax.plot(rank, 0, "o", color=ACCENT if place == 0 else INK, ms=5, zorder=3)
        ax.text(
            end - 0.06 if on_left else end + 0.06,
            y,
            f"{method}  {rank:.2f}" if on_left else f"{rank:.2f}  {method}",
            ha="right" if on_left else "left",
            va="center",
            color=INK,
        )
    for row, names in enumerate(not_apart):
        y = -0.2 - 0.2 * row
        ends = ranks[list(names)]
        ax.hlines(y, ends.min() - 0.06, ends.max() + 0.06, color=INK, lw=4)
    ax.hlines(0.85, 1, 1 + difference, color=MUTED, lw=1.6)
    ax.vlines([1, 1 + difference], 0.77, 0.93, color=MUTED, lw=1.6)
    ax.text(
        1 + difference / 2,
        0.98,
        f"critical difference {difference:.2f}",
        ha="center" if difference > n / 3 else "left",
        va="bottom",
        color=MUTED,
        fontsize=9.5,
    )
    ax.set(
        xlim=(0.7 - n * 0.35, max(n + 0.3 + n * 0.35, 1 + difference)),
        ylim=(-below - 0.42 * left, 1.35),
    )
    ax.axis("off")
    return ax


def all_runs(
    runs: pd.DataFrame,
    intervals: pd.DataFrame,
    *,
    xlabel: str,
    floors: Mapping[str, float] | None = None,
    highlight: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw every run as a dot, the mean with its interval, and what has to be beaten.

    Parameters
    ----------
    runs : DataFrame
        Columns `method`, `value`, `failed`: a row a run. What failed has no dot and is
        counted on the right.
    intervals : DataFrame
        Columns `method`, `mean`, `low`, `high`, a row a method from the top down, as
        `comparison.infer` gives `methods`. Missing limits are not drawn.
    xlabel : str
        What the score measures, its unit, and which way is better.
    floors : mapping of str to float, optional
        Values of a random partition, of one segment, of shuffled data.
    highlight : sequence of str
        Methods in the colour of emphasis: a winner, where there is one.
    ax : Axes, optional
    """
    ax = _axes(ax)
    rng = np.random.default_rng(0)
    methods = list(intervals["method"])
    for row, found in enumerate(intervals.itertuples()):
        own = runs[runs["method"] == found.method]
        lost = own["failed"] | own["value"].isna()
        values = own.loc[~lost, "value"].to_numpy(dtype=float)
        color = ACCENT if found.method in highlight else INK
        # Off the line by chance, so that equal runs show; the same in every drawing.
        places = row + 0.16 + 0.2 * rng.random(len(values))
        ax.plot(values, places, "o", color=MUTED, ms=3, alpha=0.45, mew=0)
        if np.isfinite([found.low, found.high]).all():
            ax.hlines(row, found.low, found.high, color=color, lw=2.4)
        ax.plot(found.mean, row, "o", color=color, ms=7)
        text = f"{len(own)} run{'' if len(own) == 1 else 's'}"
        text += f", {lost.sum()} failed" if lost.any() else ""
        ax.annotate(
            text,
            (1.01, row),
            xycoords=("axes fraction", "data"),
            va="center",
            color=INK if lost.any() else MUTED,
            fontsize=9,
        )
    ax.set_yticks(range(len(methods)), methods)
    ax.tick_params(axis="y", colors=INK)
    ax.set(ylim=(len(methods) - 0.45, -0.5), xlabel=xlabel)
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    _floor_lines(ax, floors or {})
    return ax


def _floor_lines(ax: Axes, floors: Mapping[str, float]) -> None:
    """Dashed lines named above the frame, names of near ones on rows of their own."""
    low, high = ax.get_xlim()
    room = 0.02 * (high - low)  # a line on the edge of the frame is cut in two
    low = min([low, *(value - room for value in floors.values())])
    high = max([high, *(value + room for value in floors.values())])
    ax.set_xlim(low, high)
    rows: list[float] = []
    for name, value in sorted(floors.items(), key=lambda item: item[1]):
        place = (value - low) / (high - low)
        right = place > 0.6
        width = 0.012 * len(name)
        start = place - width if right else place
        row = next((r for r, end in enumerate(rows) if end < start), len(rows))
        rows[row : row + 1] = [start + width]
        ax.axvline(value, color=MUTED, lw=1, linestyle=(0, (4, 2)), zorder=0.5)
        ax.annotate(
            name,
            (value, 1),
            xytext=(0, 3 + 12 * row),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if right else "left",
            color=MUTED,
            fontsize=9,
        )


def alluvial(
    segmentations: pd.DataFrame,
    *,
    names: Mapping[str, Mapping] | None = None,
    min_cell: int = 15,
    ax: Axes | None = None,
) -> Axes:
    """Draw how customers move from the segments of one method to those of the next.

    Parameters
    ----------
    segmentations : DataFrame of shape (n_customers, 2 or 3)
        A column a method: segment of each customer, numbers from 0 or any names.
        Customers without a segment in one of them are left out.
    names : mapping of column to mapping of segment to str, optional
        What to write beside a segment; unset, its number from 1, or its own name.
    min_cell : int, default=15
        Streams of fewer customers are not drawn one by one: those between two columns
        are merged into one, "few". It is left out too, and the segment shortened by it,
        where it holds fewer than `min_cell` itself. Who knows the sizes of the segments
        from elsewhere can still subtract.
    ax : Axes, optional

    Returns
    -------
    ax : Axes
        Streams have the colour of the segment they leave. A segment is as high as its
        streams that may be shown, so that the picture alone tells no small number; the
        share written beside it is of all that are drawn.
    """
    if not 2 <= segmentations.shape[1] <= 3:
        raise ValueError(
            "alluvial draws two or three segmentations. Got "
            f"{segmentations.shape[1]}; pick the columns."
        )
    ax = _axes(ax)
    names = names or {}
    segmentations = segmentations.dropna()
    columns = list(segmentations)
    flows = [
        _flows(segmentations[one], segmentations[other], min_cell)
        for one, other in pairwise(columns)
    ]
    sides = zip([{}, *flows], [*flows, {}], strict=True)
    heights = [_heights(*side) for side in sides]
    room = GAP * sum(heights[0].values())
    tops = [_tops(height, room) for height in heights]
    for place, (name, height) in enumerate(zip(columns, heights, strict=True)):
        _bars(ax, place, height, tops[place], names.get(name, {}), len(columns) - 1)
    for place, flow in enumerate(flows):
        _streams(ax, place, flow, dict(tops[place]), dict(tops[place + 1]))
    ax.set_xticks(range(len(columns)), columns)
    ax.xaxis.set_ticks_position("top")
    ax.tick_params(axis="x", length=0, colors=INK, labelsize=10)
    ax.set(yticks=[], xlim=(-0.5, len(columns) - 0.5))
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return ax


def _axes(ax: Axes | None) -> Axes:
    return plt.gca() if ax is None else ax


def _flows(one: pd.Series, other: pd.Series, min_cell: int) -> dict:
    """Customers of each stream that may be shown, small ones merged."""
    counts = pd.Series(1, one.index).groupby([one, other]).sum()
    shown = {pair: n for pair, n in counts.items() if n >= min_cell}
    few = counts[counts < min_cell].sum()
    if few >= min_cell:
        shown[_MERGED, _MERGED] = few
    return shown


def _heights(before: dict, after: dict) -> dict:
    """Customers of each segment of a column, in order, what is merged the last."""
    into, out = {}, {}
    for (_, segment), n in before.items():
        into[segment] = into.get(segment, 0) + n
    for (segment, _), n in after.items():
        out[segment] = out.get(segment, 0) + n
    order = sorted({*into, *out} - {_MERGED}, key=lambda s: (isinstance(s, str), s))
    if _MERGED in {*into, *out}:
        order.append(_MERGED)
    return {s: max(into.get(s, 0), out.get(s, 0)) for s in order}


def _tops(heights: dict, room: float) -> dict:
    tops, at = {}, 0.0
    for segment, height in heights.items():
        tops[segment] = at
        at += height + room
    return tops


def _bars(
    ax: Axes, place: int, heights: dict, tops: dict, names: Mapping, last: int
) -> None:
    total = sum(heights.values())
    middles = np.array([tops[s] + heights[s] / 2 for s in heights])
    apart = spread_apart(middles, 0.055 * total) if len(middles) else middles
    for number, (segment, height) in enumerate(heights.items()):
        color = MUTED if segment is _MERGED else _color(segment, number)
        if place == last and isinstance(segment, str):
            color = INK  # nothing leaves it, and a class is no segment of that colour
        box = (place - 0.03, tops[segment])
        ax.add_patch(Rectangle(box, 0.06, height, facecolor=color))
        text = FEW if segment is _MERGED else _name(segment, names)
        on_left = place == 0
        ax.text(
            place + (-0.05 if on_left else 0.05),
            apart[number],
            f"{text} ({height / total:.0%})",
            ha="right" if on_left else "left",
            va="center",
            color=MUTED if segment is _MERGED else INK,
            fontsize=9,
            bbox=None
            if place in (0, last)
            else {"facecolor": PAPER, "alpha": 0.75, "pad": 1},
        )
    ax.update_datalim([(place, 0), (place, max(tops.values()) + total * GAP)])
    ax.autoscale_view()


def _streams(ax: Axes, place: int, flow: dict, starts: dict, ends: dict) -> None:
    order_left, order_right = list(starts), list(ends)
    for (one, other), n in sorted(
        flow.items(),
        key=lambda item: (order_left.index(item[0][0]), order_right.index(item[0][1])),
    ):
        top, end = starts[one], ends[other]
        starts[one], ends[other] = top + n, end + n
        left, right, middle = place + 0.03, place + 0.97, place + 0.5
        path = Path(
            [
                (left, top),
                (middle, top),
                (middle, end),
                (right, end),
                (right, end + n),
                (middle, end + n),
                (middle, top + n),
                (left, top + n),
                (left, top),
            ],
            [
                Path.MOVETO,
                *[Path.CURVE4] * 3,
                Path.LINETO,
                *[Path.CURVE4] * 3,
                Path.CLOSEPOLY,
            ],
        )
        color = MUTED if one is _MERGED else _color(one, order_left.index(one))
        ax.add_patch(PathPatch(path, facecolor=color, alpha=0.35))


def _color(segment: object, number: int) -> str:
    """Colour of a segment by its number; of one with a name, by its place."""
    is_number = isinstance(segment, int | np.integer)
    return segment_color(int(segment) if is_number else number)


def _name(segment: object, names: Mapping) -> str:
    if segment in names:
        return names[segment]
    return str(segment + 1 if isinstance(segment, int | np.integer) else segment)
