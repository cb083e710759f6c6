"""Figures of credit: scoring functions, weights, grades, reliability, comparison."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from research.plots.style import segment_color
from research.theme import ACCENT, GRID, INK, MUTED

COLUMNS = 3
"""Small charts side by side."""

RATES = (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)
"""Ticks of a root scale of rates."""


def scoring_functions(
    functions: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    titles: Mapping[str, str],
    units: Mapping[str, str],
    spreads: pd.DataFrame | None = None,
) -> Figure:
    """Draw how each indicator becomes points, a small chart each.

    Parameters
    ----------
    functions : mapping of str to (values, points)
        Knots of each indicator; lines go on flat beyond them.
    titles, units : mapping of str to str
        Of each indicator.
    spreads : DataFrame, optional
        Index the indicators, columns `low` and `high`: where the middle of the
        customers lies, shaded.

    Returns
    -------
    figure : Figure
    """
    rows = -(-len(functions) // COLUMNS)
    figure, axes = plt.subplots(
        rows, COLUMNS, figsize=(8.4, 1.75 * rows), sharey=True, squeeze=False
    )
    for ax, (name, (values, points)) in zip(
        axes.ravel(), functions.items(), strict=False
    ):
        values, points = np.asarray(values, float), np.asarray(points, float)
        margin = 0.08 * max(np.ptp(values), 1e-9)
        low, high = values[0] - margin, values[-1] + margin
        if spreads is not None and spreads.loc[name].notna().all():
            ax.axvspan(
                max(spreads.loc[name, "low"], low),
                min(max(spreads.loc[name, "high"], low), high),
                color=GRID,
                lw=2,
            )
        ax.plot([low, *values, high], [points[0], *points, points[-1]], color=ACCENT)
        ax.plot(values, points, "o", color=ACCENT, ms=3)
        ax.set_title(titles.get(name, name), fontsize=9)
        ax.set_xlabel(units.get(name, ""), fontsize=8.5)
        ax.set(ylim=(-4, 104), yticks=[0, 50, 100], xlim=(low, high))
        ax.xaxis.set_major_locator(MaxNLocator(4))
    for ax in axes.ravel()[len(functions) :]:
        ax.set_visible(False)
    for ax in axes[:, 0]:
        ax.set_ylabel("points")
    return figure


def weights_with_ranges(weights: pd.DataFrame) -> Figure:
    """Draw weights and how far doubt about the judgements moves them.

    Parameters
    ----------
    weights : DataFrame
        Index the names to show; `weight`, `low`, `high`, the heaviest first.
    """
    figure, ax = plt.subplots(figsize=(8.4, 0.8 + 0.3 * len(weights)))
    rows = np.arange(len(weights))
    ax.hlines(rows, weights["low"], weights["high"], color=ACCENT, lw=2.2)
    ax.plot(weights["weight"], rows, "o", color=ACCENT, ms=6)
    ax.set_yticks(rows, weights.index)
    ax.invert_yaxis()
    ax.set(xlim=(0, None), xlabel="weight")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.grid(axis="x", color=GRID)
    ax.grid(visible=False, axis="y")
    return figure


def score_distribution(
    scores: pd.Series,
    outcome: np.ndarray,
    bands: Mapping[str, float],
    *,
    least: int = 15,
) -> Figure:
    """Draw the scores of those who paid above those of who fell behind.

    Parameters
    ----------
    scores : Series of shape (n_customers,)
        In [0, 100]; NaN is left out.
    outcome : array of bool of shape (n_customers,)
    bands : mapping of str to float
        Least score of each grade, the best first.
    least : int
        Customers of a bar at least: neighbouring bars with fewer are one, as wide as
        they are together and as high as their mean.

    Returns
    -------
    figure : Figure
        Two panels, each a share of its own customers, on one scale; empty with fewer
        than `least`.
    """
    figure, axes = plt.subplots(2, 1, figsize=(8.4, 3.8), sharex=True, sharey=True)
    known = scores.notna().to_numpy()
    came = np.asarray(outcome, dtype=bool)[known]
    values = scores.to_numpy()[known]
    sides = [("paid", ~came, 5), ("fell behind", came, 1)]
    for ax, (label, side, color) in zip(axes, sides, strict=True):
        n = side.sum()
        counts, edges = _large_bars(values[side], np.arange(0, 100.1, 2.5), least)
        width = np.diff(edges)
        height = counts / max(n, 1) / (width / 2.5)
        ax.bar(edges[:-1], height, width, align="edge", color=segment_color(color))
        ax.set_title(f"{label} (n = {n:,})", pad=16 if label == "paid" else 8)
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        for limit in list(bands.values())[:-1]:
            ax.axvline(limit, color=INK, lw=0.8, linestyle=(0, (4, 2)))
    upper = 100.0
    for name, limit in bands.items():
        axes[0].annotate(
            name,
            ((limit + upper) / 200, 1.02),
            xycoords="axes fraction",
            ha="center",
            color=MUTED,
            fontsize=9,
        )
        upper = limit
    axes[1].set(xlim=(0, 100), xlabel="score, with the limits of the grades")
    return figure


def _large_bars(
    values: np.ndarray, edges: np.ndarray, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """Counts and edges of bars, neighbours joined until each holds nobody or enough."""
    counts, _ = np.histogram(values, edges)
    joined, ends, open_ = [], [edges[0]], 0
    for count, end in zip(counts, edges[1:], strict=True):
        open_ += count
        if open_ == 0 or open_ >= least:
            joined.append(open_)
            ends.append(end)
            open_ = 0
    if open_:  # what is left at the end joins the last bar that holds anybody
        while joined and open_ < least:
            open_ += joined.pop()
            ends.pop()
        joined.append(open_ if open_ >= least else 0)
        ends.append(edges[-1])
    return np.array(joined), np.array(ends)


def grade_rates(rates: pd.DataFrame, overall: float) -> Axes:
    """Draw the rate of the bad outcome by grade, with intervals.

    Parameters
    ----------
    rates : DataFrame
        Index `grade`, the best first; `customers`, `rate`, `low`, `high`. Grades with
        a NaN rate keep their place and stay empty.
    overall : float
        Rate of all customers.
    """
    _, ax = plt.subplots(figsize=(8.4, 3.4))
    places = np.arange(len(rates))
    top = min(1.1, 1.15 * np.nanmax(rates["high"]) + 0.02)
    ax.axhline(overall, color=MUTED, lw=0.9, linestyle=(0, (4, 2)))
    ax.vlines(places, rates["low"], rates["high"], color=ACCENT, lw=2.4)
    ax.plot(places, rates["rate"], "o", color=ACCENT, ms=7)
    for place, (rate, high) in enumerate(
        zip(rates["rate"], rates["high"], strict=True)
    ):
        if np.isfinite(rate):
            crossed = high - 0.02 * top < overall < high + 0.08 * top
            ax.annotate(
                f"{rate:.1%}",
                (place, max(high, overall) if crossed else high),
                (0, 4),
                textcoords="offset points",
                ha="center",
                fontsize=9.5,
            )
    counts = [
        f"{grade}\nn = {n:,.0f}" if np.isfinite(n) else f"{grade}\nfew"
        for grade, n in rates["customers"].items()
    ]
    ax.set_xticks(places, counts)
    ax.annotate(
        f"all: {overall:.1%}", (len(rates) - 0.5, overall), (0, 4),
        textcoords="offset points", color=MUTED, fontsize=9, ha="right",
    )  # fmt: skip
    ax.set(xlim=(-0.5, len(rates) - 0.5), ylabel="fell behind afterwards")
    ax.set_ylim(0, top)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return ax


def reliability(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw predicted against observed rates, a panel a model.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        `predicted`, `observed`, `low`, `high` of each bin.
    """
    figure, axes = plt.subplots(
        1, len(tables), figsize=(8.4, 3.2), sharey=True, sharex=True, squeeze=False
    )
    reach = max(
        max(bins["high"].max(), bins["predicted"].max()) for bins in tables.values()
    )
    reach = min(1.0, 1.06 * reach)
    for number, (ax, (name, bins)) in enumerate(
        zip(axes[0], tables.items(), strict=True)
    ):
        color = segment_color(number)
        ax.plot([0, reach], [0, reach], color=MUTED, lw=0.9, linestyle=(0, (4, 2)))
        ax.vlines(bins["predicted"], bins["low"], bins["high"], color=color, lw=1.6)
        ax.plot(bins["predicted"], bins["observed"], "o", color=color, ms=4.5)
        ax.set_title(name)
        # Roots spread the many low rates; the diagonal stays one.
        ax.set_xscale("function", functions=(_root, np.square))
        ax.set_yscale("function", functions=(_root, np.square))
        ax.set(xlabel="predicted (root scale)", xlim=(0, reach), ylim=(0, reach))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        ticks = [rate for rate in RATES if rate <= reach]
        ax.set_xticks(ticks)
        ax.set_yticks(ticks)
    axes[0, 0].set_ylabel("observed")
    return figure


def _root(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(values, 0))


def risks_compared(comparison: pd.DataFrame, reference: str) -> Axes:
    """Draw the AUC of every way to foretell, with its interval.

    Parameters
    ----------
    comparison : DataFrame
        `model`, `auc`, `low`, `high`, in the order to draw.
    reference : str
        Model that the others are held against: its AUC is a line.
    """
    _, ax = plt.subplots(figsize=(8.4, 0.9 + 0.36 * len(comparison)))
    rows = np.arange(len(comparison))
    line = comparison.set_index("model")["auc"][reference]
    ax.axvline(line, color=INK, lw=0.9, linestyle=(0, (4, 2)))
    is_ahp = comparison["model"].str.contains("AHP").to_numpy()
    colors = np.where(is_ahp, segment_color(1), ACCENT)
    ax.hlines(rows, comparison["low"], comparison["high"], color=colors, lw=2.4)
    ax.scatter(comparison["auc"], rows, color=colors, s=42, zorder=3)
    for row, (auc, high) in enumerate(
        zip(comparison["auc"], comparison["high"], strict=True)
    ):
        ax.annotate(
            f"{auc:.3f}", (high, row), (6, 0), textcoords="offset points", va="center"
        )
    ax.set_yticks(rows, comparison["model"])
    ax.invert_yaxis()
    left, right = comparison["low"].min(), comparison["high"].max()
    ax.set(xlim=(left - 0.02, right + 0.16 * (right - left) + 0.02))
    ax.set_xticks([tick for tick in ax.get_xticks() if left - 0.02 <= tick <= 1])
    ax.set_xlabel("AUC (0.5 says nothing)")
    ax.grid(axis="x", color=GRID)
    ax.grid(visible=False, axis="y")
    return ax


def drift(table: pd.DataFrame) -> Axes:
    """Draw a PSI over time, beside what chance alone reaches and the usual limits.

    Parameters
    ----------
    table : DataFrame
        `day`, `psi`, `chance`, in the order of time.
    """
    _, ax = plt.subplots(figsize=(8.4, 3.0))
    days = np.arange(len(table))
    ax.plot(days, table["psi"], "o-", color=ACCENT)
    ax.plot(days, table["chance"], color=MUTED, lw=1, linestyle=(0, (4, 2)))
    ax.annotate(
        "by chance (95 of 100)", (days[0], table["chance"].iloc[0]), (8, 4),
        textcoords="offset points", color=MUTED, fontsize=9,
    )  # fmt: skip
    top = max(0.28, 1.15 * max(table["psi"].max(), table["chance"].max()))
    for limit, name in ((0.10, "some drift"), (0.25, "strong drift")):
        ax.axhline(limit, color=INK, lw=0.6)
        ax.annotate(
            name, (0, limit), (0, 3), textcoords="offset points", fontsize=9,
            color=INK,
        )  # fmt: skip
    ax.set_xticks(days, [f"{pd.Timestamp(day):%Y-%m}" for day in table["day"]])
    ax.set(ylim=(0, top), ylabel="PSI of the score", xlabel="as of the end of")
    return ax


def shares_by_grade(shares: pd.DataFrame) -> Figure:
    """Draw how the grades share several totals, a panel a total on one scale.

    Parameters
    ----------
    shares : DataFrame
        Index `grade`, the best first; a column a total, summing to 1.
    """
    figure, axes = plt.subplots(
        1,
        shares.shape[1],
        figsize=(8.4, 0.9 + 0.36 * len(shares)),
        sharey=True,
        sharex=True,
        squeeze=False,
    )
    rows = np.arange(len(shares))
    for ax, total in zip(axes[0], shares, strict=True):
        ax.barh(rows, shares[total], 0.62, color=ACCENT)
        for row, share in enumerate(shares[total]):
            is_shown = np.isfinite(share)
            ax.annotate(
                f"{share:.0%}" if is_shown else "few",
                (share if is_shown else 0, row),
                (4, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
            )
        ax.set_title(total, fontsize=9.5)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        ax.xaxis.set_major_locator(MaxNLocator(3))
        ax.set_xlim(0, 1.28 * np.nanmax(shares.to_numpy()))
        ax.grid(axis="x", color=GRID)
        ax.grid(visible=False, axis="y")
    axes[0, 0].set_yticks(rows, shares.index)
    axes[0, 0].invert_yaxis()
    return figure
