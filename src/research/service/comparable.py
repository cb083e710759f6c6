"""What a region brings to a comparison of methods: known by a day, and come later."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.features import load, payment
from research.features.later import later_outcomes
from research.features.payment.dates import months_after
from research.region import NotApplicable
from research.service import payer_axes
from research.service.credit.cases import (
    OUTCOME_LABEL,
    cases,
    held_paid,
    indicators_at,
)

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

BLOCKS = {"load": "load shape", "payments": "payments"}
"""What methods learn from, and how a protocol calls it."""

LEARNT_FROM = {"load": "typical days", "payments": "payment indicators"}

LEAST_CUSTOMERS = 30
"""Customers to compare methods on: some are learnt from, the others tested."""

LEAST_EVENTS = 25
"""Arrears or complaints to judge methods by: ten of them among the tested."""

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
    by : str
        "load" or "payments": what methods learn from, `BLOCKS` has its name.
    seen : DataFrame of shape (n_customers, n_columns)
        What they learn from: typical days by the hour, of the readings until `day`
        [kW]; or the credit indicators as of `day`, each as the share of customers that
        lie below, .5 where it is not known.
    space : DataFrame of shape (n_customers, n_columns)
        The same as methods compare it: curves over their highest value.
    traits : DataFrame
        Plain numbers to tell segments by: indicators of the readings, see `load.table`,
        or of the payments.
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
        Customers that have nothing to learn from, by rule.
    lacking : dict of str to str
        Names of a protocol that do not apply here, and what they would need.
    """

    day: pd.Timestamp
    until: pd.Timestamp
    by: str
    seen: pd.DataFrame
    space: pd.DataFrame
    traits: pd.DataFrame
    axes: dict[str, pd.DataFrame]
    held: list[str]
    indicators: pd.DataFrame | None
    classes: pd.DataFrame
    outcomes: pd.DataFrame
    left_out: pd.Series
    lacking: dict[str, str]


def tables_to_compare(
    region, as_of=None, *, months: int = 3, by: str | None = None
) -> Comparable:
    """What segments may know on a day, and what became of the customers after it.

    Parameters
    ----------
    region : Region
    as_of : date-like, optional
        Unset, the last day after which all outcomes are known; a month's end where
        there are readings.
    months : int
        Months of the outcomes.
    by : {"load", "payments"}, optional
        What methods learn from. Unset, load where the region has readings.

    Returns
    -------
    tables : Comparable

    Raises
    ------
    NotApplicable
        If the readings are daily or missing, fewer than `LEAST_CUSTOMERS` have
        something to learn from and an outcome, the readings are shorter than the
        months, nothing tells what came later, or too few events came to be judged.
    ValueError
        If `by` is unknown.

    Examples
    --------
    ``tables_to_compare(read_region("data/haihe")).outcomes.mean()``
    """
    if by not in (None, *BLOCKS):
        raise ValueError(f"by must be one of {', '.join(BLOCKS)}. Got {by!r} instead.")
    by = by or ("load" if region.has("readings") else "payments")
    day, seen, traits, outcomes, left_out, lacking = (
        _by_load if by == "load" else _by_payments
    )(region, as_of, months)
    told = outcomes.reindex(seen.index).notna().sum().max()
    if by == "payments" and not _events(outcomes.reindex(seen.index)):
        raise NotApplicable(
            f"{region.name}: methods are judged on at least {LEAST_EVENTS} arrears or "
            f"complaints after {day.date()}, and as many customers without; fewer came."
        )
    if told < LEAST_CUSTOMERS:
        raise NotApplicable(
            f"{region.name}: methods are compared on at least {LEAST_CUSTOMERS} "
            f"customers with {LEARNT_FROM[by]} until {day.date()} and an outcome after "
            "it; fewer have both."
        )
    classes = _classes(region)
    lacking = {f"usefulness: {n}": _less(why, region) for n, why in lacking.items()}
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
    highest = seen.abs().max(axis=1) if by == "load" else 1.0
    return Comparable(
        day,
        pd.Timestamp(months_after(day.date(), _months_after(region, day, months))),
        by,
        seen,
        seen.div(highest, axis=0) if by == "load" else seen,
        traits.reindex(seen.index),
        axes,
        held,
        indicators,
        classes,
        outcomes,
        left_out,
        lacking,
    )


def _by_load(region, as_of, months):
    """Day, curves, traits, outcomes, who is left out, outcomes that are lacking."""
    if not region.has("readings"):
        raise NotApplicable(
            f"{region.name}: load curves are wanted; the region has no readings within "
            "the day."
        )
    day = pd.Timestamp(as_of or last_day_to_know(region, months)).normalize()
    if day < region.days[0]:
        raise NotApplicable(
            f"{region.name}: what is foretold are the {months} months after a day; the "
            f"readings begin on {region.days[0].date()} and end on "
            f"{region.days[-1].date()}."
        )
    past = region.during(None, day)
    curves, left_out = load.curves_to_segment(past)
    traits = load.table(past).select_dtypes("number")
    outcomes, lacking = later_outcomes(region, day, months=months)
    return day, load.by_hour(curves), traits, outcomes, left_out, lacking


def _by_payments(region, as_of, months):
    """The same of what payers did."""
    lacking = dict.fromkeys(
        ("log_daily_kwh", "evening_share", "area_peak_share"),
        "is not asked where methods learn from payments.",
    )
    if _told_by_label(region):
        found = cases(region)
        day = pd.Timestamp(found.days[-1])
        traits = found.X.set_axis(pd.Index(found.customers, name="customer_id"))
        came = pd.Series(found.outcome, index=traits.index)
        outcomes = pd.DataFrame({"arrears": came.astype("boolean")})
        lacking["complaint"] = "tickets are wanted, and the region has none."
    else:
        first = as_of or payment.default_as_of(region, horizon_months=months)
        day = pd.Timestamp(first).normalize()
        traits = indicators_at(region, day)
        outcomes, more = later_outcomes(region, day, months=months)
        outcomes = outcomes[[n for n in ("arrears", "complaint") if n in outcomes]]
        lacking |= {name: why for name, why in more.items() if name not in lacking}
    known = traits.loc[:, (traits.notna().mean() > 0.5) & (traits.nunique() > 1)]
    seen = known.rank(pct=True).fillna(0.5)
    left_out = pd.Series({"no_indicators": 0})
    return day, seen, known.astype(float), outcomes, left_out, lacking


def _events(outcomes):
    """Whether some outcome came, and stayed away, often enough to be judged."""
    came = outcomes.astype(float)
    rarer = np.minimum(came.sum(), came.notna().sum() - came.sum())
    return (rarer >= LEAST_EVENTS).any()


def _told_by_label(region):
    """Whether the outcome is a label of the month after a history of payments."""
    labels = region.labels
    return labels is not None and OUTCOME_LABEL in labels and payment.by_month(region)


def _months_after(region, day, months):
    """Months that the outcomes are of: one where a label tells them."""
    return 1 if _told_by_label(region) else months


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


def _less(why, region):
    """A reason without the path of the region, which the page says already."""
    return why.removeprefix(f"{region.name}: ").strip()


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
        return None, "bills of more customers; too few have indicators."
    return found, ""
