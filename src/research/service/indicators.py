"""Indicators of a region that are compared across regions.

The same indicator, by the same definition, each with its interval: names, units and
definitions stand in ``indicators.yaml`` beside this file. They are published, so that
they keep the rules of `research.service.privacy`: enough customers, of whom none makes
most of an amount, and no count that would tell of a few.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.settings import USUAL_MIN_CELL
from research.region.strict_yaml import read_yaml
from research.service import privacy
from research.service.payer_forecast import OVERDUE
from research.service.payer_verdict import share_interval

_FILE = Path(__file__).with_name("indicators.yaml")
_COLUMNS = ("value", "low", "high", "customers")
_AMOUNTS = ("kWh",)


class Indicator(NamedTuple):
    """One indicator of one region.

    Attributes
    ----------
    key : str
        As ``indicators.yaml`` names it.
    value, low, high : float
        The value and its 95 % interval; NaN bounds where nothing is known of it.
    customers : int
        Whom it was taken from.
    definition : str
        Where the book leaves it to the region, such as the outcome of a credit score.
    """

    key: str
    value: float
    low: float
    high: float
    customers: int
    definition: str = ""


@cache
def book() -> pd.DataFrame:
    """All indicators: index `indicator`; `en`, `zh`, `unit`, `of`, `definition`.

    `of` is the notebook that publishes it.

    Examples
    --------
    >>> book().loc["overdue", "unit"]
    'share'
    """
    return pd.DataFrame(read_yaml(_FILE)[0]).T.rename_axis("indicator")


def share(key: str, part: int, of: int, definition: str = "") -> Indicator:
    """A share of customers with its Wilson interval.

    Examples
    --------
    >>> round(share("overdue", 1, 10).low, 4)
    0.0179
    """
    known = share_interval(int(part), int(of)) if of else (np.nan,) * 3
    return Indicator(key, *known, int(of), definition)


def mean(
    key: str, values: pd.Series, *, n_resamples: int = 2000, random_state: int = 0
) -> Indicator:
    """A mean over customers with its bootstrap interval.

    Parameters
    ----------
    key : str
    values : Series of shape (n_customers,)
        NaN where a customer's data do not tell: he counts in nothing.
    n_resamples : int
        Bootstrap samples of customers.
    random_state : int
        Seed of the samples.

    Examples
    --------
    >>> found = mean("load_factor", pd.Series([0.2, 0.4, np.nan]))
    >>> found.customers, round(found.value, 3), round(found.low, 3)
    (2, 0.3, 0.2)
    """
    told = values.dropna().to_numpy(float)
    if not len(told):
        return Indicator(key, np.nan, np.nan, np.nan, 0)
    rng = np.random.default_rng(random_state)
    drawn = [rng.choice(told, len(told)).mean() for _ in range(n_resamples)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Indicator(key, float(told.mean()), float(low), float(high), len(told))


def of_load(
    features: pd.DataFrame, counted: pd.Series | None = None, random_state: int = 0
) -> list[Indicator]:
    """The indicators of the load that a table of load features carries.

    Parameters
    ----------
    features : DataFrame
        A row a customer.
    counted : Series of bool, optional
        Who may stand in amounts of energy, as `privacy.without_dominant` gives it and
        the other sums of the page keep to; by default who dominates none of them.
    random_state : int
        Seed of the intervals.

    Examples
    --------
    >>> kwh = pd.DataFrame({"annual_energy": [900.0] * 20 + [90000.0]})
    >>> [(one.value, one.customers) for one in of_load(kwh)]
    [(900.0, 20)]
    """
    known = book().query("of == '02_load_segments'")
    found = []
    for key, unit in known["unit"].items():
        if key in features:
            values = features[key]
            if unit in _AMOUNTS:
                kept = privacy.without_dominant(values) if counted is None else counted
                values = values[kept.reindex(values.index)]
            found.append(mean(key, values, random_state=random_state))
    return found


def of_payers(
    segments: Mapping[str, pd.Series], billed: bool, min_cell: int = USUAL_MIN_CELL
) -> list[Indicator]:
    """The indicators of payers: who is overdue, who lives at the limit of a balance.

    Parameters
    ----------
    segments : mapping of {"postpaid", "prepaid"} to Series
        Key of the segment of each customer, a categorical of all segments that the
        rules can tell.
    billed : bool
        Whether the region has bills: payments alone do not tell who is overdue.
    min_cell : int
        A share is left out where, less the segments that may be shown, it tells of
        fewer customers in one that may not.
    """
    asked = {"postpaid": ("overdue", OVERDUE), "prepaid": ("at_limit", ("at_limit",))}
    rows = []
    for system, kept in segments.items():
        key, names = asked[system]
        if set(names) & set(kept.cat.categories) and (billed or system == "prepaid"):
            count = privacy.count_of(kept.value_counts(), list(names), min_cell)
            if not np.isnan(count):
                rows.append(share(key, int(count), len(kept)))
    return rows


def table(
    indicators: Iterable[Indicator], period: str, min_cell: int = USUAL_MIN_CELL
) -> pd.DataFrame:
    """Indicators of a region as a notebook publishes them.

    Parameters
    ----------
    indicators : iterable of Indicator
    period : str
        The days that they tell of.
    min_cell : int
        An indicator of fewer customers is left out.

    Returns
    -------
    table : DataFrame
        A row an indicator: `indicator`, `name`, `value`, `low`, `high` (three digits),
        `customers` (missing where it is a few less than another: the difference would
        tell of these few), `unit`, `period`, `definition`.

    Examples
    --------
    >>> told = [share("overdue", 3, 40), share("at_limit", 1, 4)]
    >>> shown = table(told, "2025")
    >>> shown[["indicator", "value", "customers"]].values.tolist()
    [['overdue', 0.075, 40]]
    """
    shown = [one for one in indicators if one.customers >= min_cell]
    frame = pd.DataFrame([one._asdict() for one in shown], columns=Indicator._fields)
    words = book().reindex(frame["key"])
    frame = frame.assign(
        indicator=frame["key"],
        name=[f"{en} {zh}" for en, zh in zip(words["en"], words["zh"], strict=True)],
        unit=words["unit"].to_numpy(),
        definition=[
            own or of_book
            for own, of_book in zip(
                frame["definition"], words["definition"], strict=True
            )
        ],
        period=period,
    )
    for column in _COLUMNS[:3]:
        frame[column] = privacy.three_digits(frame[column])
    frame["customers"] = _counts(frame["customers"], min_cell)
    order = ["indicator", "name", *_COLUMNS, "unit", "period", "definition"]
    return frame[order]


def _counts(customers: pd.Series, min_cell: int) -> pd.Series:
    """Counts of which no two tell a difference of a few, the largest first.

    Examples
    --------
    >>> _counts(pd.Series([990, 1000, 1000, 800]), 15).tolist()
    [<NA>, 1000, 1000, 800]
    """
    told: list[int] = []
    for count in sorted(set(customers), reverse=True):
        if all(larger - count >= min_cell for larger in told):
            told.append(count)
    return customers.astype("Int64").where(customers.isin(told))


class Compared(NamedTuple):
    """Indicators of several regions, side by side.

    Attributes
    ----------
    ranked : DataFrame
        A row an indicator and region, the highest first: the columns of `table`, and
        `region`, `rank`, `best`, `worst`, `regions` (how many are compared).
    alone : DataFrame
        `indicator`, `region`, `why`: what is not compared.
    """

    ranked: pd.DataFrame
    alone: pd.DataFrame


def compare_regions(
    published: Mapping[str, pd.DataFrame],
    rank_intervals: Callable[[pd.DataFrame], pd.DataFrame],
) -> Compared:
    """Rank regions by each indicator that at least two of them have.

    Parameters
    ----------
    published : mapping of region to DataFrame
        The tables of a region, one after another, as `table` made them; cells may be
        text.
    rank_intervals : callable
        `research.comparison.rank_intervals`, or what gives `rank`, `best` and `worst`
        of values with intervals in its place.

    Returns
    -------
    compared : Compared
        Only what has the same definition and unit is compared: that of most regions,
        of the first one among equals.
    """
    joined = [rows.assign(region=region) for region, rows in published.items()]
    if not joined:
        return Compared(pd.DataFrame(), pd.DataFrame())
    told = pd.concat(joined, ignore_index=True)
    for column in _COLUMNS:
        told[column] = pd.to_numeric(told[column])
    told["means"] = told["unit"] + ": " + told["definition"]
    ranked, alone = [], []
    for key in [k for k in book().index if k in set(told["indicator"])]:
        rows = told[told["indicator"] == key]
        most = rows["means"].value_counts(sort=False).idxmax()
        same = rows[rows["means"] == most]
        other = rows[rows["means"] != most].assign(why="another definition or unit")
        if len(same) < 2:
            other = pd.concat([other, same.assign(why="no other region has it")])
        else:
            ranks = rank_intervals(same[["value", "low", "high"]])
            same = same.join(ranks).assign(regions=len(same))
            ranked.append(same.sort_values("value", ascending=False, kind="stable"))
        alone.append(other)
    kept = pd.concat(ranked, ignore_index=True) if ranked else pd.DataFrame()
    lone = pd.concat(alone, ignore_index=True)
    return Compared(
        kept.drop(columns="means", errors="ignore"),
        lone.reindex(columns=["indicator", "name", "region", "why"]),
    )


def apart(ranked: pd.DataFrame) -> pd.DataFrame:
    """Indicators whose highest or lowest region is sure, with those regions.

    Returns
    -------
    apart : DataFrame
        Index `indicator`: `name`, `unit`, `highest`, `high_value`, `lowest`,
        `low_value`; a region's name is empty where its place is not sure.
    """
    rows = {}
    for key, of in ranked.groupby("indicator", sort=False):
        first, last = of.iloc[0], of.iloc[-1]
        rows[key] = {
            "name": first["name"],
            "unit": first["unit"],
            "highest": first["region"] if first["worst"] == 1 else "",
            "high_value": first["value"],
            "lowest": last["region"] if last["best"] == len(of) else "",
            "low_value": last["value"],
        }
    found = pd.DataFrame(rows).T.rename_axis("indicator")
    sure = (found[["highest", "lowest"]] != "").any(axis=1) if len(found) else []
    return found[sure] if len(found) else found


class Said(NamedTuple):
    """The same in English and Chinese."""

    en: str
    zh: str


def ends(apart: pd.DataFrame) -> Said:
    """Which region is surely first or last, by the first indicator that has one."""
    if apart.empty:
        return Said(
            "No region is surely first or last in any indicator",
            "没有地区在任何指标上确定居首或居末",
        )
    first = apart.iloc[0]
    en, zh = _named(first["name"])
    if first["highest"]:
        value = written(first["high_value"], first["unit"])
        return Said(
            f"{en} is highest in {first['highest']} with {value}",
            f"{first['highest']}的{zh}最高（{value}）",
        )
    value = written(first["low_value"], first["unit"])
    return Said(
        f"{en} is lowest in {first['lowest']} with {value}",
        f"{first['lowest']}的{zh}最低（{value}）",
    )


def verdict(ranked: pd.DataFrame, apart: pd.DataFrame) -> Said:
    """What the comparison of regions comes to, in one sentence."""
    n_regions, n = ranked["region"].nunique(), ranked["indicator"].nunique()
    said = ends(apart)
    if apart.empty:
        return Said(
            f"{said.en}: {n_regions} regions do not differ beyond chance in the {n} "
            "indicators compared.",
            f"{n_regions} 个地区在 {n} 项指标上的差异均未超出偶然。",
        )
    return Said(
        f"In {len(apart)} of {n} indicators one of {n_regions} regions is surely first "
        f"or last: {said.en[0].lower()}{said.en[1:]}.",
        f"{n} 项指标中有 {len(apart)} 项能确定首位或末位：{said.zh}。",
    )


def figures(ranked: pd.DataFrame, apart: pd.DataFrame, most: int = 3) -> list[tuple]:
    """The first indicators with a sure end: value, unit, label, interval, note."""
    shown = []
    for key, row in apart.head(most).iterrows():
        end, word = (
            (row["highest"], "highest") if row["highest"] else (row["lowest"], "lowest")
        )
        of = ranked[(ranked["indicator"] == key) & (ranked["region"] == end)].iloc[0]
        low, high = (written(of[side], row["unit"]) for side in ("low", "high"))
        value = written(of["value"], row["unit"])
        label = f"{_named(row['name'])[0]}: {word}"
        shown.append((value, end, label, f"95%: {low} to {high}"))
    return shown


def places(ranked: pd.DataFrame) -> pd.DataFrame:
    """Rank and its interval, a row a region, a column an indicator.

    Returns
    -------
    places : DataFrame
        Such as ``"2 (1-3)"``; empty where a region does not have the indicator.
    """
    told = [
        f"{row.rank:.0f}"
        if row.best == row.worst
        else f"{row.rank:.0f} ({row.best:.0f}-{row.worst:.0f})"
        for row in ranked.itertuples()
    ]
    wide = ranked.assign(told=told).pivot(index="region", columns="name", values="told")
    return wide[ranked["name"].unique()].fillna("").reset_index()


def to_do(apart: pd.DataFrame, most: int = 3) -> list[tuple[str, str, str]]:
    """What to look at where a region stands out: what, who, to what end."""
    rows = []
    for row in apart.head(most).itertuples():
        end, word = (row.highest, "highest") if row.highest else (row.lowest, "lowest")
        rows.append(
            (
                f"Find out why {_named(row.name)[0].lower()} is {word} in {end}",
                "marketing head 营销部主任",
                "a reason, or a fault of the data, before anything is decided",
            )
        )
    return rows


def _named(name: str) -> tuple[str, str]:
    """English and Chinese of an indicator's name."""
    en, _, zh = name.rpartition(" ")
    return en, zh


def written(value: float, unit: str) -> str:
    """A value with its unit, as a sentence quotes it.

    Examples
    --------
    >>> written(0.1234, "share"), written(3120.0, "kWh"), written(0.9, "AUC")
    ('12.3%', '3,120 kWh', '0.9')
    """
    if unit == "share":
        return f"{100 * value:.3g}%"
    text = f"{value:,.10g}"
    return f"{text} {unit}" if unit not in ("", "AUC") else text
