"""Payers' segments: their axes, the rules that name them, and what to do for each.

The names, limits and measures stand in ``payers.yaml`` beside this file; they are
assumptions of billing practice, not findings. What a region does not know drops out: a
rule on an axis that is not there is left out, and said to be.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from research.features import payment
from research.region import NotApplicable
from research.region.strict_yaml import read_yaml

_FILE = Path(__file__).with_name("payers.yaml")
DAYS_A_MONTH = 31
_TRIPS = (
    "select customer_id, count(*)::double as trips from trip_events "
    "where reason is null or reason = 'low_balance' group by all"
)


class Scheme(NamedTuple):
    """Rules of one kind of payers, as far as the axes at hand carry them.

    Attributes
    ----------
    parameters : dict
        Keyword arguments of `research.segmenters.RFMSegmenter`.
    names : DataFrame
        Index `segment` (its key), in the order of the labels, who fits no rule last:
        `en`, `zh`, `owner`, `do` (measures in the order they may be taken).
    heat : tuple of str
        The two axes of the heat map: recency, frequency.
    left_out : tuple of str
        Segments that can not be told apart for lack of an axis.
    """

    parameters: dict
    names: pd.DataFrame
    heat: tuple
    left_out: tuple


@cache
def _book():
    return read_yaml(_FILE)[0]


def axis_names() -> pd.DataFrame:
    """Words of the axes: index `axis`; `en`, `zh`, `unit`, `good` end, `limits`.

    Examples
    --------
    >>> axis_names().loc["days_overdue", "zh"]
    '逾期天数'
    """
    return pd.DataFrame.from_dict(_book()["axes"], orient="index").rename_axis("axis")


def scheme_of(kind: str, axes, *, frequent_trips: int = 2) -> Scheme:
    """Rules for `kind` of payers, on the axes at hand.

    Parameters
    ----------
    kind : {"postpaid", "prepaid", "payments_only"}
    axes : iterable of str
        Names of the axes that the region can give.
    frequent_trips : int
        Trips in the window from which a home is "at the limit": the second limit of
        `trips`, of which the later ones are multiples.

    Returns
    -------
    scheme : Scheme

    Raises
    ------
    NotApplicable
        If the axes at hand carry no rule at all.

    Examples
    --------
    >>> scheme = scheme_of("postpaid", ["days_overdue", "amount_yuan"])
    >>> scheme.names.index.tolist()
    ['long_arrears', 'arrears', 'slipping', 'punctual_large', 'punctual']
    >>> scheme.left_out
    ('often_late', 'newcomer', 'small_often')
    """
    book = _book()
    if kind not in book["schemes"]:
        raise ValueError(
            f"kind must be one of {', '.join(book['schemes'])}. Got {kind!r} instead."
        )
    plan, known = book["schemes"][kind], set(axes)
    asked = [(s["name"], s["when"]) for s in plan["segments"]]
    rules = [(name, when) for name, when in asked if set(when) <= known]
    if not rules:
        raise NotApplicable(
            f"none of the segments of {kind} payers can be told from the axes "
            f"{', '.join(sorted(known))}."
        )
    used = [
        axis
        for axis in book["axes"]
        if axis in plan["heat"] or any(axis in when for _, when in asked)
    ]
    used = [axis for axis in used if axis in known]
    words = {axis: book["axes"][axis] for axis in used}
    limits = {axis: list(word["limits"]) for axis, word in words.items()}
    if "trips" in limits:
        limits["trips"] = [1, *(m * max(frequent_trips, 2) for m in (1, 2, 4))]
    names = [name for name, _ in rules] + [plan["others"]]
    return Scheme(
        parameters={
            "axes": {a: 1 if w["good"] == "high" else -1 for a, w in words.items()},
            "scoring": {a: w["scoring"] for a, w in words.items()}
            | {a: s for a, s in plan.get("scoring", {}).items() if a in words},
            "n_scores": book["scores"],
            "thresholds": limits,
            "rules": [
                (name, {axis: tuple(span) for axis, span in when.items()})
                for name, when in rules
            ],
        },
        names=pd.DataFrame(
            [book["segments"][name] for name in names],
            index=pd.Index(names, name="segment"),
        ),
        heat=tuple(axis for axis in plan["heat"] if axis in known),
        left_out=tuple(name for name, when in asked if not set(when) <= known),
    )


def lacking(axes: dict[str, pd.DataFrame]) -> list[str]:
    """What the region does not tell of its payers, each with what it would need.

    Parameters
    ----------
    axes : dict of system to DataFrame
        As `all_axes` gives them.

    Examples
    --------
    >>> table = pd.DataFrame()
    >>> table.attrs["lacks"] = ("trips: trip_events", "arrears_ratio: bills")
    >>> lacking({"prepaid": table})
    ['arrears ratio (needs bills)', 'trips in the window (needs trip_events)']
    """
    words = axis_names()["en"]
    facts = {fact for table in axes.values() for fact in table.attrs["lacks"]}
    pairs = (fact.split(": ", 1) for fact in facts)
    return sorted(
        f"{words.get(name, name.replace('_', ' '))} (needs {need})"
        for name, need in pairs
    )


def in_words(scheme: Scheme) -> pd.DataFrame:
    """Who is in each segment, in the units of the axes.

    Parameters
    ----------
    scheme : Scheme

    Returns
    -------
    words : DataFrame
        In the order of the rules: `segment`, `群`, `who`.

    Examples
    --------
    >>> scheme = scheme_of("postpaid", ["days_overdue", "amount_yuan"])
    >>> in_words(scheme)["who"].tolist()[1::2]
    ['days overdue: 31 to under 91', 'paid in the window: the highest fifth']
    """
    rules = dict(scheme.parameters["rules"])
    rows = []
    for key, names in scheme.names.iterrows():
        parts = [_span(axis, span, scheme) for axis, span in rules.get(key, {}).items()]
        rows.append((names["en"], names["zh"], "; ".join(parts) or "everybody else"))
    return pd.DataFrame(rows, columns=["segment", "群", "who"])


def _span(axis, span, scheme):
    """Scores from a lowest to a highest, told in the unit of their axis."""
    n, limits = scheme.parameters["n_scores"], scheme.parameters["thresholds"][axis]
    low, high = span
    if scheme.parameters["axes"][axis] == -1:
        low, high = n + 1 - high, n + 1 - low
    name = _book()["axes"][axis]["en"]
    if scheme.parameters["scoring"][axis] != "threshold":
        count, fifths = high - low + 1, {1: "fifth", 2: "two fifths", 3: "three fifths"}
        end = "highest" if high == n else "lowest" if low == 1 else "middle"
        return f"{name}: the {end} {fifths.get(count, f'{count} of {n} parts')}"
    if high == n:
        return f"{name}: {limits[low - 2]:g} or more"
    if low == 1:
        return f"{name}: under {limits[high - 1]:g}"
    return f"{name}: {limits[low - 2]:g} to under {limits[high - 1]:g}"


def systems(region) -> list[str]:
    """Of "postpaid" and "prepaid" those of which the region has customers and tables.

    Parameters
    ----------
    region : Region

    Raises
    ------
    NotApplicable
        If it has neither.
    """
    known = {
        "postpaid": any(map(region.has, ("payments", "payment_history"))),
        "prepaid": any(map(region.has, ("topups", "payments"))),
    }
    found = [
        system
        for system in payment.SYSTEMS
        if known[system] and len(payment.customers_of(region, system))
    ]
    if not found:
        raise NotApplicable(
            f"{region.path}: how customers pay is told by payments, topups or "
            "payment_history; the region has none of them for its customers."
        )
    return found


def kind_of(region, system: str) -> str:
    """Which rules hold: of the system, or "payments_only" where no bill is known.

    Parameters
    ----------
    region : Region
    system : {"postpaid", "prepaid"}
    """
    billed = region.has("bills") or region.has("payment_history")
    return system if system == "prepaid" or billed else "payments_only"


def all_axes(
    region, *, as_of=None, months: int = 12, least: int = 30
) -> dict[str, pd.DataFrame]:
    """Axes of each system whose payers are enough to be divided.

    Parameters
    ----------
    region : Region
    as_of, months
        As in `axes_of`.
    least : int
        Customers of a system from which it is looked at.

    Returns
    -------
    axes : dict of system to DataFrame
        Post-paid first.

    Raises
    ------
    NotApplicable
        If no system has so many.
    """
    found, sizes = {}, {}
    for system in systems(region):
        axes = axes_of(region, system, as_of=as_of, months=months)
        sizes[system] = len(axes)
        if len(axes) >= least:
            found[system] = axes
    if not found:
        seen = ", ".join(f"{count} {system}" for system, count in sizes.items())
        raise NotApplicable(
            f"{region.path}: segments of payers need at least {least} customers with "
            f"payments or bills in one system; found {seen}."
        )
    return found


def axes_of(
    region, system: str, *, as_of=None, months: int = 12, like=None
) -> pd.DataFrame:
    """Axes of the payers without gaps: those of `payment.rfm_axes`, and two more.

    Parameters
    ----------
    region : Region
    system : {"postpaid", "prepaid"}
    as_of : date-like, optional
        Nothing dated later has any influence. Left out: the last day of payments.
    months : int
        Length of the window before `as_of`.
    like : DataFrame, optional
        Axes of another day: the same columns come back, those not known now with the
        median of then.

    Returns
    -------
    axes : DataFrame
        Index `customer_id`. Besides the columns of `rfm_axes`: post-paid `late_share`,
        the share of the bills due in the window that were paid late or not (迟缴比例);
        prepaid `trips`, trips for a low balance in the window (跳闸次数).

        Gaps are filled, ``attrs["filled"]`` counts them: who never paid in full has
        waited since the window began, or since the earliest such payment if that is
        longer; who had no bill was not late; an account of unknown age is as old as
        the median. ``attrs`` otherwise as `rfm_axes` has them.

    Raises
    ------
    NotApplicable
        As `rfm_axes`.

    Examples
    --------
    ``axes_of(read_region("data/haihe"), "prepaid", months=6)["trips"]``
    """
    axes = payment.rfm_axes(region, system, as_of=as_of, months=months)
    attrs = dict(axes.attrs)
    day = pd.Timestamp(attrs["as_of"])
    lacks = list(attrs["lacks"])
    if system == "postpaid":
        if kind_of(region, system) == "postpaid":
            axes["late_share"] = _late_share(region, day, months).reindex(axes.index)
        else:
            lacks.append("late_share: bills")
    elif region.has("trip_events"):
        start = day - pd.DateOffset(months=months) + pd.Timedelta(days=1)
        span = f"and ts_off >= '{start:%Y-%m-%d}' and ts_off::date <= '{day:%Y-%m-%d}'"
        trips = region.query(_TRIPS.replace(" group", f" {span} group"))
        trips = trips.set_index("customer_id")["trips"]
        axes["trips"] = trips.reindex(axes.index).fillna(0.0)
    else:
        lacks.append("trips: trip_events")
    missing = axes.isna().sum()
    if "days_since_full_payment" in axes:
        since = axes["days_since_full_payment"]
        axes["days_since_full_payment"] = since.fillna(
            max(since.max(), months * DAYS_A_MONTH)
        )
    if "tenure_years" in axes:
        median = axes["tenure_years"].median()
        axes["tenure_years"] = axes["tenure_years"].fillna(median)
    axes = axes.fillna(0.0).astype("float64")
    if like is not None:
        axes = axes.reindex(columns=like.columns).fillna(like.median())
    filled = {name: int(count) for name, count in missing.items() if count}
    axes.attrs = attrs | {"lacks": tuple(lacks), "filled": filled}
    return axes


def _late_share(region, day, months):
    """Share of bills late; empty where no bill above zero was due in the window."""
    try:
        found = payment.credit_indicators(region, day, months=months)
    except NotApplicable:
        return pd.Series(dtype="float64")
    return found["late_share"]


def named(labels, index: pd.Index, scheme: Scheme) -> pd.Series:
    """Labels of the segmenter as keys of segments, all of them as categories.

    Parameters
    ----------
    labels : array-like of shape (n_customers,)
        As `RFMSegmenter` numbers them under ``scheme.parameters``.
    index : Index of shape (n_customers,)
    scheme : Scheme

    Examples
    --------
    >>> scheme = scheme_of("prepaid", ["trips"])
    >>> named([0, 1, 1], pd.Index(["a", "b", "c"]), scheme).tolist()
    ['at_limit', 'steady', 'steady']
    """
    codes = pd.Categorical.from_codes(labels, list(scheme.names.index))
    return pd.Series(codes, index=index, name="segment")


def vulnerable(region) -> pd.Series | None:
    """Customers who are not to be cut off without a visit; None where not known.

    Parameters
    ----------
    region : Region

    Returns
    -------
    vulnerable : Series of bool or None
        Index `customer_id`: homes of elderly or low-income people, and customers whose
        supply others depend on (重要客户). None without any such column.
    """
    customers = region.customers
    flags = [c for c in ("elderly_flag", "low_income_flag") if c in customers]
    found = pd.Series(False, index=customers.index, name="vulnerable")
    for flag in flags:
        found |= customers[flag].eq(True).fillna(False).astype(bool)
    if "importance" in customers:
        found |= ~customers["importance"].fillna("none").isin(["none", ""])
    elif not flags:
        return None
    return found


def transactions(region, system: str, as_of) -> pd.DataFrame:
    """Payments of the customers of a system until a day, less what was given back.

    Parameters
    ----------
    region : Region
    system : {"postpaid", "prepaid"}
    as_of : date-like

    Returns
    -------
    transactions : DataFrame
        `customer_id`, `day`, `amount_yuan`: the delivered `topups` of prepaid customers
        where the region has that table, else `payments`, without them the months of
        `payment_history` with a payment. A refund that names its payment is taken off
        it, and a payment taken back whole is none; other refunds are below zero.
    """
    end = payment.to_day(as_of)
    if system == "prepaid" and region.has("topups"):
        rows = payment.payments_by(region, end, "topups")
    elif region.has("payments"):
        rows = payment.payments_by(region, end, "payments", net=True)
    else:
        sql = (
            "select customer_id, last_day((ym || '-01')::date) as day, "
            "paid_yuan as amount_yuan from payment_history where paid_yuan > 0 "
            f"and last_day((ym || '-01')::date) <= date '{end}'"
        )
        rows = region.query(sql)
    rows = rows[["customer_id", "day", "amount_yuan"]].dropna()
    known = rows["customer_id"].isin(payment.customers_of(region, system, end))
    return rows[known].reset_index(drop=True)
