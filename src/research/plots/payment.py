"""Figures of payers: what is owed, by which ways it is paid, who will be late."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from research.plots.style import segment_color
from research.theme import ACCENT, GRID, INK, MUTED


def ageing_bars(ageing: pd.DataFrame, money: str = "yuan") -> Figure:
    """Draw what is overdue by age, in money and in bills, and what is held to be paid.

    Parameters
    ----------
    ageing : DataFrame
        Index age [days]; `yuan` and `bills` (NaN where withheld), and pale behind them
        `held yuan` and `held bills`, as `service.payer_tables.ageing` gives it.
    money : str
        Unit of money.
    """
    figure, axes = plt.subplots(
        1, 2, figsize=(8.4, 2.9), sharey=True, layout="constrained"
    )
    places = np.arange(len(ageing))
    high = np.nanmax([*ageing["yuan"], *ageing["held yuan"], 1])
    unit, scale = (f"million {money}", 1e6) if high >= 1e6 else (money, 1)
    for ax, column, words, by in zip(
        axes, ("yuan", "bills"), (unit, "bills"), (scale, 1), strict=True
    ):
        owed = ageing[column].to_numpy(dtype=float) / by
        held = ageing[f"held {column}"].to_numpy(dtype=float) / by
        end = np.nan_to_num(owed) + np.nan_to_num(held)
        ax.barh(places, np.nan_to_num(owed), color=ACCENT, height=0.62)
        ax.barh(
            places,
            np.nan_to_num(held),
            left=np.nan_to_num(owed),
            facecolor="none",
            edgecolor=MUTED,
            hatch="////",
            linewidth=0.6,
            height=0.62,
        )
        for place, value, pale, at in zip(places, owed, held, end, strict=True):
            ax.annotate(
                _amount(value, by) + (f" + {_amount(pale, by)}" if pale != 0 else ""),
                (at, place),
                (4, 0),
                textcoords="offset points",
                va="center",
                fontsize=9.5,
                color=MUTED,
            )
        ax.set(xlabel=f"overdue [{words}]", xlim=(0, 1.45 * max(end.max(), 1 / by)))
        _along_x(ax)
        ax.xaxis.set_major_locator(plt.MaxNLocator(3))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    figure.get_layout_engine().set(wspace=0.06)
    axes[0].set_yticks(places, [f"{age} days" for age in ageing.index])
    axes[0].invert_yaxis()
    return figure


def channel_fees(costs: pd.DataFrame) -> Figure:
    """Draw what each channel costs for 100 yuan, and how much goes through it.

    Parameters
    ----------
    costs : DataFrame
        Index channel, in words; `payments` and `fee per 100 yuan`.
    """
    figure, axes = plt.subplots(
        1, 2, figsize=(8.4, 0.9 + 0.34 * len(costs)), sharey=True
    )
    places = np.arange(len(costs))
    share = costs["payments"] / costs["payments"].sum()
    fees = costs["fee per 100 yuan"].to_numpy(dtype=float)
    axes[0].barh(places, share, color=MUTED, height=0.62)
    axes[0].xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes[0].set(xlabel="share of the payments")
    axes[1].plot(fees, places, "o", color=ACCENT, ms=7)
    for place, fee in zip(places, fees, strict=True):
        if np.isfinite(fee):
            axes[1].plot([0, fee], [place, place], color=ACCENT, lw=1.4)
            axes[1].annotate(
                f"{fee:.2f}",
                (fee, place),
                (8, 0),
                textcoords="offset points",
                va="center",
                fontsize=9.5,
                color=MUTED,
            )
    axes[1].set(
        xlabel="fee for 100 yuan paid [yuan]", xlim=(0, 1.2 * max(np.nanmax(fees), 0))
    )
    for ax in axes:
        _along_x(ax)
        ax.xaxis.set_major_locator(plt.MaxNLocator(5))
    axes[0].set_yticks(places, list(costs.index))
    axes[0].invert_yaxis()
    return figure


def score_heat(
    cells: Mapping[str, pd.DataFrame],
    words: Mapping[str, tuple[str, str]],
    few: Mapping[str, np.ndarray],
) -> Figure:
    """Draw how many customers have each pair of scores, a panel a kind of payers.

    Parameters
    ----------
    cells : mapping of title to DataFrame
        Customers: recency scores down, frequency scores across.
    words : mapping of title to (str, str)
        What the rows and the columns stand for.
    few : mapping of title to ndarray of bool
        Cells that show no number.
    """
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.5), layout="constrained")
    figure.get_layout_engine().set(wspace=0.08)
    for ax in axes[len(cells) :]:
        ax.set_visible(False)
    for ax, (title, table) in zip(axes, cells.items(), strict=False):
        counts, hidden = table.to_numpy(dtype=float), few[title]
        shade = np.log10(np.where(hidden | (counts == 0), 1, counts))
        high = max(shade.max(), 1)
        ax.pcolormesh(shade, cmap="Blues", vmin=0, vmax=1.25 * high, ec=GRID, lw=0.6)
        for (row, column), count in np.ndenumerate(counts):
            small, dark = hidden[row, column], shade[row, column] > 0.7 * high
            ax.text(
                column + 0.5,
                row + 0.5,
                "few" if small else f"{count:,.0f}" if count else "",
                ha="center",
                va="center",
                fontsize=8 if small else 9.5,
                color="white" if dark else MUTED if small else INK,
            )
        down, across = words[title]
        ax.set_xticks(np.arange(table.shape[1]) + 0.5, table.columns)
        ax.set_yticks(np.arange(table.shape[0]) + 0.5, table.index)
        ax.set(title=title, xlabel=across, ylabel=down)
        ax.invert_yaxis()
        ax.grid(visible=False)
        ax.tick_params(length=0)
    return figure


def payer_shares(shares: pd.DataFrame, numbers: Mapping[str, int]) -> Figure:
    """Draw the share of each segment in customers and money, with intervals.

    Parameters
    ----------
    shares : DataFrame
        Columns `measure`, `segment` (its name), `share`, `low`, `high` in [0, 1].
    numbers : mapping of name to int
        Number of each segment, which decides its colour.
    """
    measures = list(dict.fromkeys(shares["measure"]))
    names = list(dict.fromkeys(shares["segment"]))
    figure, axes = plt.subplots(
        1, len(measures), figsize=(8.4, 1.0 + 0.42 * len(names)), sharey=True
    )
    for ax, measure in zip(np.atleast_1d(axes), measures, strict=True):
        for row in shares[shares["measure"] == measure].itertuples():
            color, place = segment_color(numbers[row.segment]), names.index(row.segment)
            ax.plot([row.low, row.high], [place, place], color=color, lw=2.2)
            ax.plot(row.share, place, "o", color=color, ms=6, clip_on=False, zorder=3)
        ax.set_title(measure)
        ax.set_xlim(0, 1.06 * shares["high"].max())
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        ax.xaxis.set_major_locator(plt.MaxNLocator(4))
        _along_x(ax)
    first = np.atleast_1d(axes)[0]
    first.set_yticks(range(len(names)), names)
    first.tick_params(axis="y", pad=8)
    return figure


def later_rates(
    rates: pd.DataFrame, usual: float, numbers: Mapping[str, int]
) -> Figure:
    """Draw who was late afterwards, by segment, against what was to be expected.

    Parameters
    ----------
    rates : DataFrame
        Index segment; `rate`, `low`, `high`, `learned` (NaN where nobody was there to
        learn from) and `customers`.
    usual : float
        Rate of all customers.
    numbers : mapping of name to int
        Number of each segment, which decides its colour.
    """
    figure, ax = plt.subplots(figsize=(8.4, 1.1 + 0.42 * len(rates)))
    for place, row in enumerate(rates.itertuples()):
        color = segment_color(numbers[row.Index])
        ax.plot([row.low, row.high], [place, place], color=color, lw=2.4)
        ax.plot(row.rate, place, "o", color=color, ms=7, clip_on=False, zorder=3)
        if np.isfinite(row.learned):
            ax.plot(row.learned, place, "|", color=INK, ms=13, mew=1.6)
    ax.axvline(usual, color=MUTED, lw=1, linestyle=(0, (4, 2)))
    ax.annotate(
        f"all: {usual:.0%}",
        (usual, -0.72),
        (4, 0),
        textcoords="offset points",
        color=MUTED,
        fontsize=9.5,
        va="center",
    )
    labels = [
        f"{name}  n={count:,}"
        for name, count in zip(rates.index, rates["customers"], strict=True)
    ]
    ax.set_yticks(range(len(rates)), labels)
    ax.tick_params(axis="y", pad=9)
    ax.set_ylim(len(rates) - 0.4, -1)
    learned = "; bar: rate learned earlier" if rates["learned"].notna().any() else ""
    ax.set(xlabel=f"late afterwards (dot, 95% interval){learned}", xlim=(0, None))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    _along_x(ax)
    return figure


def sizes_then_and_now(
    sizes: Mapping[str, pd.DataFrame], numbers: Mapping[str, Mapping[str, int]]
) -> Figure:
    """Draw the share of each segment at two days, a panel a kind of payers.

    Parameters
    ----------
    sizes : mapping of title to DataFrame
        Index segment, two columns of shares: the earlier day, the later day.
    numbers : mapping of title to mapping of name to int
        Number of each segment, which decides its colour.
    """
    most = max(len(table) for table in sizes.values())
    figure, axes = plt.subplots(
        1, len(sizes), figsize=(8.4, 1.1 + 0.4 * most), squeeze=False
    )
    for ax, (title, table) in zip(axes[0], sizes.items(), strict=True):
        before, now = table.columns
        shares = table.to_numpy(dtype=float)
        for place, (name, (then, today)) in enumerate(
            zip(table.index, shares, strict=True)
        ):
            color = segment_color(numbers[title][name])
            ax.plot([then, today], [place, place], color=color, lw=2)
            ax.plot(then, place, "o", ms=7, mfc="white", mec=color, mew=1.6)
            ax.plot(today, place, "o", ms=7, color=color)
        ax.set_yticks(range(len(table)), list(table.index))
        ax.set_ylim(len(table) - 0.5, -0.5)
        ax.set(title=title, xlabel=f"open: {before}, full: {now}", xlim=(0, None))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        ax.xaxis.set_major_locator(plt.MaxNLocator(4))
        _along_x(ax)
    return figure


def class_sizes(classes: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Draw the four classes of payers under both readings of the rule.

    Parameters
    ----------
    classes : DataFrame
        Index class; a column a reading. [customers]
    names : sequence of str
        What a reader is told of each reading.
    """
    figure, ax = plt.subplots(figsize=(8.4, 2.9))
    places = np.arange(len(classes))
    for number, (column, name) in enumerate(zip(classes, names, strict=True)):
        at = places + (number - 0.5) * 0.38
        color = (ACCENT, MUTED)[number]
        values = classes[column].to_numpy()
        ax.bar(at, np.nan_to_num(values), width=0.34, color=color, label=name)
        for place, value in zip(at, values, strict=True):
            ax.annotate(
                "few" if np.isnan(value) else f"{value:,.0f}",
                (place, np.nan_to_num(value)),
                (0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=9.5,
                color=MUTED,
            )
    ax.set_xticks(places, list(classes.index))
    ax.set(ylabel="customers")
    ax.margins(y=0.15)
    ax.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, 1.18))
    return figure


def _amount(value, by):
    if np.isnan(value):
        return "withheld"
    return f"{value:,.0f}" if by == 1 else f"{value:,.2f}"


def _along_x(ax):
    ax.grid(axis="x", color=GRID)
    ax.grid(visible=False, axis="y")
