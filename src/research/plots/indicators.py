"""Figures of indicators that are compared across regions."""

from collections.abc import Collection

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from research.theme import ACCENT, INK, MUTED, PAPER

_COLUMNS = 2
_ROW_INCHES, _HEAD_INCHES = 0.27, 0.85


def region_ranking(
    ranked: pd.DataFrame, *, hollow: Collection[str] = (), width: float = 8.2
) -> Figure:
    """Draw each indicator's regions in their order, with intervals, a panel each.

    Parameters
    ----------
    ranked : DataFrame
        `indicator`, `name`, `region`, `value`, `low`, `high`, `unit`, `best`, `worst`,
        `regions`; the highest first.
    hollow : collection of str
        Regions with hollow marks, such as those whose data are made up.
    width : float
        [inches]

    Returns
    -------
    fig : Figure
        The colour of emphasis: its place is sure.
    """
    panels = list(ranked.groupby("indicator", sort=False))
    n_rows = -(-len(panels) // _COLUMNS)
    most = max(len(rows) for _, rows in panels)
    height = n_rows * (_HEAD_INCHES + _ROW_INCHES * most)
    fig, axes = plt.subplots(
        n_rows, _COLUMNS, figsize=(width, height), squeeze=False, layout="constrained"
    )
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for ax, (_, rows) in zip(axes.flat, panels, strict=False):
        _panel(ax, rows, hollow)
        ax.set_ylim(most - 0.4, -0.6)
    return fig


def _panel(ax, rows: pd.DataFrame, hollow: Collection[str]) -> None:
    is_share = rows["unit"].iloc[0] == "share"
    scale = 100 if is_share else 1
    at = np.arange(len(rows))
    sure = (rows["best"] == rows["worst"]).to_numpy()
    for place, row, is_sure in zip(at, rows.itertuples(), sure, strict=True):
        color = ACCENT if is_sure else INK
        if np.isfinite(row.low):
            ax.plot([scale * row.low, scale * row.high], [place] * 2, color=color, lw=2)
        face = PAPER if row.region in hollow else color
        ax.plot(
            scale * row.value, place, "o", ms=6, mfc=face, mec=color, mew=1.4, zorder=3
        )
    ax.set_yticks(at, rows["region"])
    ax.set_title(rows["name"].iloc[0])
    ax.grid(visible=False, axis="y")
    ax.grid(axis="x")
    ax.xaxis.set_major_locator(MaxNLocator(4))
    if is_share:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}%"))
    else:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,g}"))
        ax.set_xlabel(rows["unit"].iloc[0])
    for label in ax.get_yticklabels():
        label.set_color(MUTED if label.get_text() in hollow else INK)
