"""Figures of data quality: what is there, what was found, whether it looks right."""

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from research.theme import ACCENT, GRID, MUTED, SEGMENT_COLORS


def coverage_map(present: pd.DataFrame, *, rows: int = 60, least: int = 1) -> Figure:
    """Draw the share of readings present, customers from top to bottom, weeks across.

    Parameters
    ----------
    present : DataFrame of shape (n_customers, n_weeks)
        Share of the expected readings in [0, 1]; columns are the weeks' first days.
    rows : int
        Beyond this number, neighbouring customers are averaged to a row.
    least : int
        Customers that a row stands for at least.
    """
    order = present.mean(axis=1).sort_values(ascending=False, kind="stable").index
    sorted_rows = present.loc[order].to_numpy()
    rows = min(rows, max(len(sorted_rows) // least, 1))
    if len(sorted_rows) > rows:
        sorted_rows = np.array(
            [part.mean(axis=0) for part in np.array_split(sorted_rows, rows)]
        )
    figure, ax = plt.subplots(figsize=(8.4, 3.1))
    image = ax.pcolormesh(
        np.arange(sorted_rows.shape[1] + 1),
        np.linspace(0, len(present), len(sorted_rows) + 1),
        sorted_rows,
        cmap="cividis",
        vmin=0,
        vmax=1,
        rasterized=True,
    )
    weeks = pd.DatetimeIndex(present.columns)
    at = np.linspace(0, len(weeks) - 1, min(len(weeks), 7)).round().astype(int)
    ax.set_xticks(at + 0.5, [f"{weeks[i]:%Y-%m-%d}" for i in at])
    ax.invert_yaxis()
    ax.set(ylabel="customers, best covered first", xlabel="week from")
    ax.grid(visible=False)
    bar = figure.colorbar(image, ax=ax, fraction=0.03, pad=0.02)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    bar.outline.set_visible(False)
    return figure


def daily_load(energy: pd.DataFrame) -> Figure:
    """Draw the mean daily energy a customer over the period, and who is read.

    Parameters
    ----------
    energy : DataFrame
        Index days; `kwh` a customer and `customers` read.
    """
    figure, (load, count) = plt.subplots(
        2, 1, figsize=(8.4, 4.0), sharex=True, height_ratios=(3, 1)
    )
    load.plot(energy.index, energy["kwh"], color=ACCENT, lw=0.8, alpha=0.5)
    smooth = energy["kwh"].rolling(7, center=True, min_periods=1).mean()
    load.plot(energy.index, smooth, color=ACCENT, lw=1.8)
    load.set(ylabel="kWh a day\nand customer", ylim=(0, None))
    count.plot(energy.index, energy["customers"], color=MUTED, lw=1.4)
    count.set(ylabel="customers\nread", ylim=(0, None))
    figure.align_ylabels()
    return figure


def morning_rise(rise: pd.DataFrame) -> Figure:
    """Draw the hour of the morning rise by month, on the meters' and the civil clock.

    Parameters
    ----------
    rise : DataFrame
        Index first days of months; columns `meter_clock` and `civil_clock`. [h]
    """
    figure, ax = plt.subplots(figsize=(8.4, 2.9))
    lines = (
        ("meter_clock", "meters' clock", MUTED),
        ("civil_clock", "civil clock", ACCENT),
    )
    middle = len(rise) // 2
    apart = np.sign(rise["civil_clock"] - rise["meter_clock"]).iloc[middle]
    for column, name, color in lines if apart else lines[1:]:
        above = apart >= 0 if column == "civil_clock" else apart < 0
        ax.plot(rise.index, rise[column], color=color, marker="o", ms=4, lw=1.6)
        ax.annotate(
            name if apart else "civil clock, the meters' own",
            (rise.index[middle], rise[column].iloc[middle]),
            (0, 9 if above else -9),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            color=color,
            fontsize=9.5,
        )
    ax.margins(y=0.3)
    ax.yaxis.set_major_locator(MultipleLocator(0.5))
    ax.yaxis.set_major_formatter(
        lambda hour, _: f"{int(hour):02}:{round(60 * (hour % 1)):02}"
    )
    ax.set(ylabel="steepest morning rise")
    return figure


def table_periods(tables: pd.DataFrame, customers: int) -> Figure:
    """Draw from when to when each table reaches, and how many customers it covers.

    Parameters
    ----------
    tables : DataFrame
        A row a table: `table`, `customers`, `first`, `last`; tables without dates are
        left out.
    customers : int
        All customers of the region; a bar is as strong as its share of them.
    """
    dated = tables[tables["first"].fillna("") != ""].reset_index(drop=True)
    dated = dated.assign(customers=dated["customers"].fillna(0).astype(int))
    figure, ax = plt.subplots(figsize=(8.4, 0.8 + 0.27 * len(dated)))
    # Months are dated by their first day.
    first, last = (
        pd.to_datetime(dated[end], format="ISO8601") for end in ("first", "last")
    )
    for at, row in dated.iterrows():
        share = row["customers"] / customers if row["customers"] else 1.0
        color = ACCENT if row["customers"] else MUTED
        start = mdates.date2num(first[at])
        width = mdates.date2num(last[at]) - start + 1
        ax.barh(at, width, left=start, height=0.62, color=color, alpha=0.18)
        ax.barh(at, width, left=start, height=0.62 * min(share, 1), color=color)
        reached = f"{row['customers']:,}" if row["customers"] else "no customers"
        ax.annotate(
            reached,
            (start + width, at),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=MUTED,
        )
    ax.xaxis_date()
    ax.xaxis.set_major_locator(mdates.AutoDateLocator(minticks=3, maxticks=7))
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m"))
    ax.set_yticks(range(len(dated)), dated["table"])
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.grid(visible=False, axis="y")
    return figure


def findings(rules: pd.DataFrame) -> Figure:
    """Draw how large a share of a table each rule touches, on a logarithmic axis.

    Parameters
    ----------
    rules : DataFrame
        A row a rule: `rule`, `share` in (0, 1], `action` in words. Colour tells rows
        set aside from values repaired and kept.
    """
    rules = rules.reset_index(drop=True)
    figure, ax = plt.subplots(figsize=(8.4, 1.1 + 0.24 * len(rules)))
    kinds = {"set aside": SEGMENT_COLORS[1], "repaired": SEGMENT_COLORS[2]}
    left = rules["share"].min() / 2
    for at, row in rules.iterrows():
        color = next((c for word, c in kinds.items() if word in row["action"]), MUTED)
        ax.plot([left, row["share"]], [at, at], color=color, lw=1.2, alpha=0.5)
        ax.plot(row["share"], at, "o", color=color, ms=5.5)
    for word, color in {**kinds, "kept": MUTED}.items():
        ax.plot([], [], "o", color=color, label=word)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    ax.set_yticks(range(len(rules)), rules["rule"])
    ax.invert_yaxis()
    ax.set(xlim=(left, 1.3), xlabel="share of a table's rows or customers")
    ax.grid(axis="x", color=GRID)
    ax.grid(visible=False, axis="y")
    figure.legend(loc="outside upper right", ncols=3)
    return figure
