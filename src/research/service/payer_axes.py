"""Axes of a region's payers without gaps, and what else is known of each of them."""

from collections.abc import Iterable

import pandas as pd

from research.features import payment
from research.region import NotApplicable

DAYS_A_MONTH = 31
_TRIPS = (
    "select customer_id, count(*)::double as trips from trip_events "
    "where reason is null or reason = 'low_balance' group by all"
)


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
            f"{region.name}: how customers pay is told by payments, topups or "
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
    region,
    *,
    as_of=None,
    months: int = 12,
    least: int = 30,
    without: Iterable[str] = (),
) -> dict[str, pd.DataFrame]:
    """Axes of each system whose payers are enough to be divided.

    Parameters
    ----------
    region : Region
    as_of, months, without
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
    found = {}
    for system in systems(region):
        axes = axes_of(region, system, as_of=as_of, months=months, without=without)
        if len(axes) >= least:
            found[system] = axes
    if not found:
        raise NotApplicable(
            f"{region.name}: segments of payers need at least {least} customers with "
            "payments or bills in one system; fewer have them."
        )
    return found


def axes_of(
    region,
    system: str,
    *,
    as_of=None,
    months: int = 12,
    like=None,
    without: Iterable[str] = (),
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
    without : iterable of str
        Bills to leave out as if there were none, such as those of `held_paid`.

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
    axes = payment.rfm_axes(region, system, as_of=as_of, months=months, without=without)
    attrs = dict(axes.attrs)
    day = pd.Timestamp(attrs["as_of"])
    lacks = list(attrs["lacks"])
    if system == "postpaid":
        if kind_of(region, system) == "postpaid":
            late = _late_share(region, day, months, without)
            axes["late_share"] = late.reindex(axes.index)
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


def _late_share(region, day, months, without):
    """Share of bills late; empty where no bill above zero was due in the window."""
    try:
        found = payment.credit_indicators(region, day, months=months, without=without)
    except NotApplicable:
        return pd.Series(dtype="float64")
    return found["late_share"]


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
