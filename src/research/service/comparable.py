"""What a region brings to a comparison of methods: known by a day, and come later."""

from typing import NamedTuple

import pandas as pd

from research.features import load, payment
from research.features.later import OUTCOMES, later_outcomes
from research.features.payment.dates import months_after
from research.region import NotApplicable
from research.service import payer_axes
from research.service.credit.cases import held_paid, indicators_at

CLASSES = {
    "usage class": ("customers", "usage_class"),
    "industry": ("customers", "industry_code"),
    "voltage": ("customers", "voltage"),
    "tariff": ("customers", "tariff_code"),
    "pay system": ("customers", "pay_system"),
    "Acorn group": ("labels", "acorn_group"),
    "price tariff": ("labels", "tariff"),
}
"""Old classes by their names in a protocol: the table and column they stand in."""

LEAST_CUSTOMERS = 30
"""Customers to compare methods on: some are learnt from, the others tested."""

RFM = "RFM"
GRADE = "credit grade"


class Comparable(NamedTuple):
    """Tables of a region for a comparison out of time.

    Attributes
    ----------
    day : Timestamp
        Last day that anything but the outcomes knows.
    until : Timestamp
        Last day of the outcomes.
    curves : DataFrame of shape (n_customers, n_columns)
        Typical days by the hour, of the readings until `day`. [kW]
    traits : DataFrame
        Indicators of the same readings, see `load.table`, numbers alone.
    axes : dict of str to DataFrame
        Axes of the payers as of `day`, by system; empty where nothing tells of them.
    held : list of str
        Bills held to be paid as of `day`.
    indicators : DataFrame or None
        Credit indicators as of `day`.
    classes : DataFrame
        Old classes of the customers that the region has.
    outcomes : DataFrame
        See `later_outcomes`.
    left_out : Series
        Customers without curves, by rule.
    lacking : dict of str to str
        Names of a protocol that do not apply here, and what they would need.
    """

    day: pd.Timestamp
    until: pd.Timestamp
    curves: pd.DataFrame
    traits: pd.DataFrame
    axes: dict[str, pd.DataFrame]
    held: list[str]
    indicators: pd.DataFrame | None
    classes: pd.DataFrame
    outcomes: pd.DataFrame
    left_out: pd.Series
    lacking: dict[str, str]


def tables_to_compare(region, as_of=None, *, months: int = 3) -> Comparable:
    """What segments may know on a day, and what became of the customers after it.

    Parameters
    ----------
    region : Region
        With readings of an hour or less.
    as_of : date-like, optional
        Unset, the last month's end after which all outcomes are known.
    months : int
        Months of the outcomes.

    Returns
    -------
    tables : Comparable

    Raises
    ------
    NotApplicable
        If the readings are daily or missing, fewer than `LEAST_CUSTOMERS` have typical
        days and an outcome, the readings are shorter than the months, or nothing tells
        what came later.

    Examples
    --------
    ``tables_to_compare(read_region("data/haihe")).outcomes.mean()``
    """
    if not region.has("readings"):
        raise NotApplicable(
            f"{region.path}: methods are compared on load curves; the region has no "
            "readings within the day."
        )
    day = pd.Timestamp(as_of or last_day_to_know(region, months)).normalize()
    if day < region.days[0]:
        raise NotApplicable(
            f"{region.path}: what is foretold are the {months} months after a day; the "
            f"readings begin on {region.days[0].date()} and end on "
            f"{region.days[-1].date()}."
        )
    past = region.during(None, day)
    curves, left_out = load.curves_to_segment(past)
    traits = load.table(past).select_dtypes("number")
    outcomes, lacking = later_outcomes(region, day, months=months)
    told = outcomes.reindex(curves.index).notna().sum().max()
    if told < LEAST_CUSTOMERS:
        raise NotApplicable(
            f"{region.path}: methods are compared on at least {LEAST_CUSTOMERS} "
            f"customers with typical days until {day.date()} and an outcome after it; "
            f"found {told}."
        )
    lacking = {f"usefulness: {n}": _less(why, region) for n, why in lacking.items()}
    classes = _classes(region)
    lacking |= {
        name: f"a column {column} of {table}"
        for name, (table, column) in CLASSES.items()
        if name not in classes
    }
    held, axes, why = _payers(region, day)
    if why:
        lacking[RFM] = _less(why, region)
    indicators, why = _indicators(region, day)
    if why:
        lacking[GRADE] = _less(why, region)
    return Comparable(
        day,
        pd.Timestamp(months_after(day.date(), months)),
        load.by_hour(curves),
        traits.reindex(curves.index),
        axes,
        held,
        indicators,
        classes,
        outcomes,
        left_out,
        lacking,
    )


def last_day_to_know(region, months: int = 3) -> pd.Timestamp:
    """The last month's end after which the outcomes of so many months are known.

    Parameters
    ----------
    region : Region
        With readings.
    months : int

    Returns
    -------
    day : Timestamp

    Examples
    --------
    ``last_day_to_know(read_region("data/london"))``, 30 September 2013.
    """
    end = region.days[-1]
    day = pd.Timestamp(end) + pd.Timedelta(days=1) - pd.DateOffset(months=months)
    day = (day - pd.Timedelta(days=1)).normalize()
    if not day.is_month_end:
        day = day - pd.offsets.MonthEnd(1)
    if region.has("payments") and region.has("bills"):
        known = pd.Timestamp(payment.default_as_of(region, horizon_months=months))
        day = min(day, known)
    return day


def outcome_words() -> pd.DataFrame:
    """Words of each outcome, English and Chinese, by its name in the scores."""
    words = pd.DataFrame(OUTCOMES, index=["en", "zh"]).T
    return words.rename_axis("outcome")


def _less(why, region):
    """A reason without the path of the region, which the page says already."""
    return why.removeprefix(f"{region.path}: ").strip()


def _classes(region):
    found = {}
    for name, (table, column) in CLASSES.items():
        source = region.labels if table == "labels" else region.customers
        if source is None or column not in source:
            continue
        classes = source[column]
        if classes.notna().any() and classes.nunique() > 1:
            found[name] = classes.astype("string")
    return pd.DataFrame(found)


def _payers(region, day):
    try:
        held = held_paid(region, day)
        least = 2 * region.settings.privacy.min_cell
        axes = payer_axes.all_axes(region, as_of=day, least=least, without=held)
    except NotApplicable as why:
        return [], {}, str(why)
    return held, axes, ""


def _indicators(region, day):
    try:
        found = indicators_at(region, day)
    except NotApplicable as why:
        return None, str(why)
    if len(found) < 2 * region.settings.privacy.min_cell:
        return None, f"bills of more customers; {len(found)} have indicators."
    return found, ""
