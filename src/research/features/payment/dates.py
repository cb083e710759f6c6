"""Days as of which features are taken, and the days by which an outcome is known."""

import datetime as dt
import math

import pandas as pd

from research.features.payment.states import to_day
from research.region import NotApplicable

# When an outcome is asked for and nothing else is said: bills of a quarter, unpaid a
# month after they were due (assumption).
HORIZON_MONTHS, OVERDUE_DAYS = 3, 30
_LAST = {
    "payments": "select max(ts)::date as day from payments",
    "topups": "select max(ts_order)::date as day from topups",
    "payment_history": (
        "select last_day((max(ym) || '-01')::date) as day from payment_history"
    ),
}


def by_month(region) -> bool:
    """Whether a region tells of bills by `payment_history` alone (缴费历史)."""
    return region.has("payment_history") and not region.has("bills")


def last_day(region, tables: tuple[str, ...] = tuple(_LAST)) -> dt.date:
    """Last day of which the tables of payments tell, or the region's reference date.

    Parameters
    ----------
    region : Region
    tables : tuple of str
        Of `payments`, `topups` and `payment_history` those to look at.

    Returns
    -------
    day : date
        The earlier of the two where region.yaml has a `reference_date`.

    Raises
    ------
    NotApplicable
        If the region has none of the tables, or they are empty.
    """
    there = [table for table in tables if region.has(table)]
    ends = [region.query(_LAST[table])["day"].iloc[0] for table in there]
    ends = [pd.Timestamp(end).date() for end in ends if not pd.isna(end)]
    if not ends:
        raise NotApplicable(
            f"{region.name}: a table of payments is wanted ({', '.join(tables)}); "
            "the region has none with rows."
        )
    declared = region.settings.reference_date
    return min(max(ends), declared) if declared else max(ends)


def outcome_known_on(
    region,
    as_of,
    *,
    horizon_months: int = HORIZON_MONTHS,
    overdue_days: int = OVERDUE_DAYS,
) -> dt.date:
    """Day on which `later_arrears` of `as_of` is known.

    Parameters
    ----------
    region : Region
    as_of : date-like
    horizon_months : int
        Months after `as_of` in which the bills are due.
    overdue_days : int
        Days after the due date. With `payment_history` they cost no further months:
        its rows say at the end of a month how long an amount is overdue.

    Returns
    -------
    day : date

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> billed = SimpleNamespace(has=lambda table: table == "bills")
    >>> outcome_known_on(billed, "2024-09-30")
    datetime.date(2025, 1, 30)
    """
    if horizon_months < 1 or overdue_days < 0:
        raise ValueError(
            "horizon_months from 1 and overdue_days from 0 on are wanted, found "
            f"{horizon_months} and {overdue_days}."
        )
    end = months_after(to_day(as_of), horizon_months)
    return end if by_month(region) else end + dt.timedelta(days=overdue_days)


def months_after(day: dt.date, months: int) -> dt.date:
    """The day `months` later (earlier below zero); month ends stay month ends.

    Examples
    --------
    >>> months_after(dt.date(2024, 9, 30), 3), months_after(dt.date(2024, 3, 31), -1)
    (datetime.date(2024, 12, 31), datetime.date(2024, 2, 29))
    """
    stamp = pd.Timestamp(day)
    moved = stamp + pd.DateOffset(months=months)
    return (moved + pd.offsets.MonthEnd(0) if stamp.is_month_end else moved).date()


def default_as_of(
    region, *, horizon_months: int | None = None, overdue_days: int = OVERDUE_DAYS
) -> dt.date:
    """The latest day as of which features can be taken.

    Parameters
    ----------
    region : Region
    horizon_months : int, optional
        Where an outcome is wanted, its months: then the last month's end from which
        `later_arrears` is known: all its months are billed, and the payments go on
        long enough. Else the last day of the tables.
    overdue_days : int

    Returns
    -------
    as_of : date

    Raises
    ------
    NotApplicable
        If the region has no table of payments.
    """
    if horizon_months is None:
        return last_day(region)
    if by_month(region):
        end = last_day(region, ("payment_history",))
        return _latest(region, end, horizon_months, overdue_days)
    end = last_day(region, ("payments",))
    day = _latest(region, end, horizon_months, overdue_days)
    if not region.has("bills"):
        return day
    # Payments may be told of for months that nobody has been billed for yet.
    billed = region.query("select last_day(max(due_date)) as day from bills")
    due = billed["day"].iloc[0]
    while not pd.isna(due) and months_after(day, horizon_months) > due.date():
        day = months_after(day, -1)
    return day


def _latest(region, end: dt.date, horizon_months: int, overdue_days: int) -> dt.date:
    """Latest end of a month whose outcome is known on the day `end`."""
    day = (pd.Timestamp(end) + pd.offsets.MonthEnd(1)).date()
    known = end
    while day > end or known > end:
        day = months_after(day, -1)
        known = outcome_known_on(
            region, day, horizon_months=horizon_months, overdue_days=overdue_days
        )
    return day


def time_splits(
    region,
    n: int = 2,
    *,
    horizon_months: int = HORIZON_MONTHS,
    overdue_days: int = OVERDUE_DAYS,
    history_months: int = 3,
) -> pd.DataFrame:
    """Pairs of days to learn at and to judge at, the latest first.

    At `test` all outcomes of `train` are known, so that nothing is learnt from what
    was to come. The tests of two rows have no month of their outcomes in common.

    Parameters
    ----------
    region : Region
    n : int
        Pairs wanted.
    horizon_months, overdue_days : int
        As in `later_arrears`.
    history_months : int
        Months from the first due date to `train`, at the least (of a
        `payment_history`: months that the table has until then).

    Returns
    -------
    splits : DataFrame
        `train`, `test`: ends of months; at most `n` rows, as many as the tables carry.

    Raises
    ------
    NotApplicable
        If they carry none.
    """
    first = _first_month_end(region)
    rows = []
    test = default_as_of(
        region, horizon_months=horizon_months, overdue_days=overdue_days
    )
    while len(rows) < n:
        train = _latest(region, test, horizon_months, overdue_days)
        if train < months_after(first, history_months - 1):
            break
        rows.append((train, test))
        test = months_after(test, -horizon_months)
    if not rows:
        lead = math.ceil(overdue_days / 30) + 2 * horizon_months + history_months
        raise NotApplicable(
            f"{region.name}: to learn at one time and be judged at a later one, about "
            f"{lead} months of bills and payments are wanted; they begin in "
            f"{first:%Y-%m}, and the last day whose outcome is known is {test}."
        )
    return pd.DataFrame(rows, columns=["train", "test"])


def _first_month_end(region) -> dt.date:
    """End of the month of the first due date, or of the first month of a history."""
    if not (by_month(region) or region.has("bills")):
        raise NotApplicable(
            f"{region.name}: whether anybody pays late is told by bills and payments, "
            "or by payment_history; the region has neither."
        )
    # Bills are due in the month after the billed one.
    table, later = ("payment_history", 0) if by_month(region) else ("bills", 1)
    day = region.query(
        f"select last_day((min(ym) || '-01')::date + interval {later} month) as day "
        f"from {table}"
    )["day"].iloc[0]
    if pd.isna(day):
        raise NotApplicable(f"{region.name}: bills and payment_history have no rows.")
    return pd.Timestamp(day).date()
