"""Figures of what methods foretell, how far they agree, and how weights decide."""

from collections.abc import Mapping, Sequence
from unicodedata import east_asian_width

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from research.theme import ACCENT, INK, MUTED, PAPER

PANELS_A_ROW = 3
NOTHING = "no segments"
RAW = "raw features"
FLOORS = (NOTHING, "random partition", "one segment")
"""Methods that are drawn as the line at 0 and not as rows."""
LEAST_WIDTH = 0.15
"""Of the axis of a panel, so that what is near 0 looks near 0."""


def outcome_gains(
    table: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    old_classes: Sequence[str] = (),
    highlight: Sequence[str] = (),
    floors: Sequence[str] = FLOORS,
) -> Figure:
    """Draw what each method foretells of each outcome: a panel an outcome.

    Parameters
    ----------
    table : DataFrame
        Columns `outcome`, `method`, `score` ("R2" or "AUC"), `value`, `low`, `high`,
        `note`, as `comparison.usefulness` gives it. Missing limits are not drawn.
    titles : mapping of str to str, optional
        Heading of each outcome; unset, its name.
    old_classes : sequence of str
        Methods drawn in grey: what was there before.
    highlight : sequence of str
        Methods in the colour of emphasis: a winner, where there is one.
    floors : sequence of str
        Methods left out: the line at 0 stands for them.

    Returns
    -------
    figure : Figure
        Methods are rows in one order, the best mean over the outcomes at the top, on
        one axis: 0 is no segments, 1 all that could be foretold (AUC as 2 AUC - 1). The
        raw features are a dashed line. An outcome that could not be judged keeps its
        panel, with the reason.
    """
    table = _on_one_scale(table)
    rows = table[~table["method"].isin([*floors, RAW])]
    mean = rows.groupby("method", sort=False)["value"].mean()
    methods = list(mean.sort_values(ascending=False, kind="stable").index)
    outcomes = list(dict.fromkeys(table["outcome"]))
    n_columns = min(PANELS_A_ROW, len(outcomes))
    n_rows = -(-len(outcomes) // n_columns)
    figure, axes = plt.subplots(
        n_rows,
        n_columns,
        figsize=(7.2, 0.2 + n_rows * (0.85 + 0.19 * max(len(methods), 4))),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for ax, outcome in zip(axes.flat, outcomes, strict=False):
        own = table[table["outcome"] == outcome].set_index("method")
        _outcome_panel(ax, own, methods, old_classes, highlight)
        heading = (titles or {}).get(outcome, outcome.replace("_", " "))
        # Out of the layout, else a column becomes as wide as its longest heading.
        ax.set_title(_wrapped(heading, 24), pad=15).set_in_layout(False)
    axes[0, 0].set_yticks(range(len(methods)), methods)
    axes[0, 0].set(ylim=(len(methods) - 0.4, -0.6), xlim=_limits(table, methods))
    raw = table[table["method"] == RAW].set_index("outcome")["value"].dropna()
    for ax, outcome in zip(axes.flat, outcomes, strict=False):
        if outcome in raw.index:
            _raw_line(ax, raw[outcome])
    for ax in axes[:, 0]:
        for label, method in zip(ax.get_yticklabels(), methods, strict=True):
            label.set_color(_color(method, old_classes, highlight))
    _below(axes, len(outcomes))
    return figure


def _on_one_scale(table: pd.DataFrame) -> pd.DataFrame:
    """Values where 0 says nothing: an AUC becomes 2 AUC - 1."""
    table = table.copy()
    is_auc = (table["score"] == "AUC").to_numpy()
    columns = ["value", "low", "high"]
    values = table[columns].to_numpy(dtype=float)
    table[columns] = np.where(is_auc[:, None], 2 * values - 1, values)
    return table


def _outcome_panel(ax: Axes, own, methods, old_classes, highlight) -> None:
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")
    told = own["value"].reindex(methods)
    if told.isna().all():
        note = next((str(note) for note in own["note"] if note), "not judged")
        text = _wrapped(f"Not judged: {note}", 24)
        ax.grid(visible=False)
        ax.text(0.03, 0.97, text, transform=ax.transAxes, va="top", color=MUTED)
        return
    ax.axvline(0, color=INK, lw=0.9, zorder=0.8)
    for row, method in enumerate(methods):
        if np.isnan(told[method]):
            continue
        color = _color(method, old_classes, highlight)
        value, low, high = own.loc[method, ["value", "low", "high"]].astype(float)
        if np.isfinite([low, high]).all():
            ax.hlines(row, low, high, color=color, lw=1.6)
        hollow = method in old_classes
        face = PAPER if hollow else color
        ax.plot(value, row, "o", color=color, ms=5, mfc=face, mew=1.2)


def _raw_line(ax: Axes, value: float) -> None:
    """Dashed line of the raw features, its name where the panel has room."""
    low, high = ax.get_xlim()
    place = (value - low) / (high - low)
    side = "left" if place < 1 / 3 else "right" if place > 2 / 3 else "center"
    ax.axvline(value, color=MUTED, lw=1, linestyle=(0, (4, 2)), zorder=0.7)
    ax.annotate(
        f"{RAW} {value:.2f}",
        (value, 1),
        xytext=({"left": -3, "right": 3}.get(side, 0), 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha=side,
        color=MUTED,
        fontsize=8.5,
    ).set_in_layout(False)


def _limits(table: pd.DataFrame, methods: Sequence[str]) -> tuple[float, float]:
    """Ends of the common axis: all values, and of the intervals what is above -1."""
    shown = table[table["method"].isin([*methods, RAW])]
    drawn = shown[shown["method"] != RAW][["value", "low", "high"]].to_numpy()
    ends = np.append(drawn.astype(float).ravel(), shown["value"].to_numpy(dtype=float))
    ends = ends[np.isfinite(ends)]
    low, high = (ends.min(), ends.max()) if len(ends) else (0.0, 1.0)
    low, high = max(min(low, 0.0), -1.0), max(high, LEAST_WIDTH)
    room = 0.05 * (high - low)
    return low - room, high + room


def _below(axes: np.ndarray, n: int) -> None:
    """Empty places are taken off; the lowest panel of each column has the numbers."""
    for place, ax in enumerate(axes.flat):
        ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        if place >= n:
            ax.set_visible(False)
        elif place + axes.shape[1] >= n:
            ax.tick_params(axis="x", labelbottom=True)
    axes.flat[0].figure.supxlabel(
        "share foretold: 0 no more than no segments, 1 all", color=MUTED, fontsize=10
    )


def agreement_matrix(matrix: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how far segmentations agree, each pair once.

    Parameters
    ----------
    matrix : DataFrame of shape (n, n)
        Adjusted Rand index of each pair, the same names on both sides; NaN where it is
        not known.
    ax : Axes, optional

    Returns
    -------
    ax : Axes
        A name stands where its row ends and its column begins: the cells to its left
        and below it are its own. The darker, the more alike; below 0 as light as 0.

    Raises
    ------
    ValueError
        If rows and columns are not the same, in the same order.
    """
    if list(matrix.index) != list(matrix.columns):
        raise ValueError(
            "matrix must have the same names, in the same order, on rows and columns. "
            f"Got rows {', '.join(map(str, matrix.index))} and columns "
            f"{', '.join(map(str, matrix.columns))}."
        )
    ax = plt.gca() if ax is None else ax
    for row, name in enumerate(matrix.index):
        ax.text(row - 0.42, row, name, ha="left", va="center", color=INK, fontsize=9.5)
        for column in range(row):
            value = float(matrix.iat[row, column])
            shade = 0.0 if np.isnan(value) else 0.7 * float(np.clip(value, 0, 1))
            box = (column - 0.47, row - 0.45)
            ax.add_patch(
                Rectangle(box, 0.94, 0.9, facecolor=ACCENT, alpha=0.06 + shade)
            )
            ax.text(
                column,
                row,
                "–" if np.isnan(value) else f"{round(value, 2) + 0.0:.2f}",
                ha="center",
                va="center",
                color=INK,
                fontsize=8.5 if len(matrix) <= 13 else 7.5,
            )
    ax.set(xlim=(-0.5, _columns(ax, matrix.index) - 0.5))
    ax.set(ylim=(len(matrix) - 0.5, -0.5))
    ax.axis("off")
    return ax


def _columns(ax: Axes, names: Sequence[str]) -> float:
    """Columns that the axes must be wide, so that every name beside its row fits."""
    width = ax.get_window_extent().width / ax.figure.dpi * 72
    needs = [
        (row + 0.1) / max(1 - 4.7 * _width(str(name)) / width, 0.3)
        for row, name in enumerate(names)
    ]
    return max([len(names), *needs])


def weight_sensitivity(
    shares: pd.Series, *, highlight: Sequence[str] = (), ax: Axes | None = None
) -> Axes:
    """Draw under which share of all weightings each method leads.

    Parameters
    ----------
    shares : Series of shape (n_methods,)
        Share in [0, 1] of random weightings of the criteria that a method leads under.
    highlight : sequence of str
        Methods in the colour of emphasis.
    ax : Axes, optional

    Returns
    -------
    ax : Axes
        A bar a method, the largest at the top; those that never lead keep their row.
    """
    ax = plt.gca() if ax is None else ax
    shares = shares.sort_values(ascending=False, kind="stable")
    colors = [ACCENT if name in highlight else MUTED for name in shares.index]
    places = np.arange(len(shares))
    ax.barh(places, shares.to_numpy(dtype=float), height=0.62, color=colors)
    for place, share in zip(places, shares, strict=True):
        ax.annotate(
            _percent(share),
            (share, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            fontsize=9,
        )
    ax.set_yticks(places, shares.index)
    ax.tick_params(axis="y", colors=INK)
    ax.set(ylim=(len(shares) - 0.4, -0.6), xlim=(0, 1.08))
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    ax.set_xlabel("share of random weightings under which the method leads")
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")
    return ax


def _percent(share: float) -> str:
    return "under 1%" if 0 < share < 0.005 else f"{share:.0%}"


def _color(method: str, old_classes: Sequence[str], highlight: Sequence[str]) -> str:
    if method in highlight:
        return ACCENT
    return MUTED if method in old_classes else INK


def _width(text: str) -> int:
    """Width in Latin letters; a Chinese character is as wide as two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _wrapped(text: str, width: int) -> str:
    """Text in lines of at most `width` Latin letters, cut at spaces."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _width(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)
