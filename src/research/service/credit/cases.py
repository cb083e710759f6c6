"""Customers, what was known of them on a day, and what came after it."""

import datetime as dt
from typing import NamedTuple

import numpy as np
import pandas as pd

from research.features import payment
from research.region import NotApplicable
from research.service.credit.policy import with_derived

OUTCOME_LABEL = "default_next_month"
"""Label of a region that tells the outcome itself, for the month after its tables."""

LATER_PAID = 3
"""Later bills paid in full from which on an older open one is doubted (assumption)."""

LEAST_EVENTS = 10
"""Bad outcomes below which nothing is judged (assumption): five folds of two."""


class Cases(NamedTuple):
    """What was known on one or two days, and the outcome after each.

    Attributes
    ----------
    X : DataFrame of shape (n_rows, n_indicators)
        Indicators as of the row's day, with those that the policy derives; index 0, 1,
        and so on.
    customers : ndarray of str of shape (n_rows,)
    at : ndarray of int of shape (n_rows,)
        0 for the day to learn at, 1 for the day to judge at; 1 throughout where there
        is one day alone.
    outcome : ndarray of bool of shape (n_rows,)
    days : tuple of date
        The days; one alone where the region tells of one outcome only.
    months : int
        Months of bills behind the indicators, the same on both days.
    told : str
        What the outcome is, in words.
    left_out : dict of str to int
        Who could not be judged, counted.
    """

    X: pd.DataFrame
    customers: np.ndarray
    at: np.ndarray
    outcome: np.ndarray
    days: tuple
    months: int
    told: str
    left_out: dict


def indicators_at(region, as_of, *, months: int = 12) -> pd.DataFrame:
    """Indicators as of a day, bills that were paid after all being left out.

    Parameters
    ----------
    region : Region
    as_of : date-like
        Nothing dated later has any influence.
    months : int

    Returns
    -------
    indicators : DataFrame
        As `payment.credit_indicators` and `with_derived` give them; ``attrs`` has
        `doubtful`, the number of bills left out, see `held_paid`.
    """
    doubtful = held_paid(region, as_of)
    found = payment.credit_indicators(region, as_of, months=months, without=doubtful)
    attrs = found.attrs
    found = with_derived(found)
    found.attrs = {**attrs, "doubtful": len(doubtful)}
    return found


def doubtful_bills(region, as_of) -> list[str]:
    """Open bills that were probably paid: their payment is not in the tables.

    Money pays the oldest open bill first 先欠先缴. A bill that stands open while
    `LATER_PAID` later ones of the same customer were paid in full has more likely lost
    its payment (one set aside at import, or posted elsewhere) than been forgotten. Only
    what was known by `as_of` is asked; the column `status` tells what became of a bill
    later and is not.

    Parameters
    ----------
    region : Region
    as_of : date-like

    Returns
    -------
    bills : list of str
        None for a region whose bills are a history by month.
    """
    if payment.by_month(region):
        return []
    states = payment.bill_states(region, as_of)
    states = states[states["total_yuan"] > 0]
    states = states.sort_values(["customer_id", "due_date", "bill_id"])
    paid = (~states["open"]).astype(int)
    by = paid.groupby(states["customer_id"])
    later = by.transform("sum") - by.cumsum()
    doubted = states["open"] & (states["paid_yuan"] == 0) & (later >= LATER_PAID)
    return states.loc[doubted, "bill_id"].tolist()


def held_paid(region, as_of) -> list[str]:
    """Open bills that nobody is to be dunned for: they are held to be paid 存疑账单.

    No payment of the tables pays them, yet three later bills of the same customer were
    paid in full (`doubtful_bills`), or the column `status` calls them paid. The status
    tells what became of a bill by the end of the tables, so that it is asked on their
    last day only: on an earlier one it would know what was to come.

    Parameters
    ----------
    region : Region
    as_of : date-like

    Returns
    -------
    bills : list of str
        Sorted; none for a region without bills or payments.
    """
    if payment.by_month(region) or not (region.has("bills") and region.has("payments")):
        return []
    day = payment.to_day(as_of)
    found = set(doubtful_bills(region, day))
    last = region.query("select max(ts)::date as day from payments")["day"].iloc[0]
    if not pd.isna(last) and day >= pd.Timestamp(last).date():
        found |= set(payment.unproven_bills(region)["bill_id"])
    return sorted(found)


def cases(region, *, horizon_months: int = 3, overdue_days: int = 30) -> Cases:
    """Pairs of what was known and what came, to learn from and to be judged on.

    Parameters
    ----------
    region : Region
    horizon_months, overdue_days : int
        The bad outcome: a bill due in so many months that is unpaid so many days after
        its due date. A region with the label `default_next_month` tells its own.

    Returns
    -------
    cases : Cases
        Two days where the tables are long enough: at the second all outcomes of the
        first are known. One day with the label.

    Raises
    ------
    NotApplicable
        If the tables are too short, or fewer than `LEAST_EVENTS` bad or good outcomes
        came.
    """
    labels = region.labels
    if labels is not None and OUTCOME_LABEL in labels and payment.by_month(region):
        return _enough(region, _labelled(region, labels[OUTCOME_LABEL]))
    split = payment.time_splits(
        region, 1, horizon_months=horizon_months, overdue_days=overdue_days
    ).iloc[0]
    days = (split["train"], split["test"])
    months = min(_months_known(region, days[0]), 12)
    parts, doubtful, unmatched = [], 0, 0
    for at, day in enumerate(days):
        known = indicators_at(region, day, months=months)
        came = payment.later_arrears(
            region, day, horizon_months=horizon_months, overdue_days=overdue_days
        )
        both = known.index.intersection(came.index)
        doubtful += known.attrs["doubtful"]
        unmatched += len(known) - len(both)
        parts.append(known.loc[both].assign(_at=at, _came=came.loc[both]))
    rows = pd.concat(parts)
    found = Cases(
        rows.drop(columns=["_at", "_came"]).reset_index(drop=True),
        rows.index.to_numpy(),
        rows["_at"].to_numpy(),
        rows["_came"].to_numpy(dtype=bool),
        days,
        months,
        f"a bill due in the {horizon_months} months after the day was not paid in full "
        f"{overdue_days} days after its due date",
        {
            "bills held to be paid though no payment is there": doubtful,
            "customers without a bill in the months after": unmatched,
        },
    )
    return _enough(region, found)


def benchmark_columns(region, found: Cases) -> pd.DataFrame:
    """Every month and label of a history as one wide row a case: a benchmark.

    What models of the literature were given, personal labels (sex, education, marriage,
    age) among them. A utility must not grade by those, and no grade here does.

    Parameters
    ----------
    region : Region
    found : Cases

    Returns
    -------
    columns : DataFrame
        On the index of ``found.X``: `limit_yuan` where it is there, each label but the
        outcome, and of each month `months_overdue`, `billed_yuan` and `paid_yuan`. No
        column where the region has no label of the outcome.
    """
    labels = region.labels
    if labels is None or OUTCOME_LABEL not in labels or len(found.days) > 1:
        return pd.DataFrame(index=found.X.index)
    rows = region.table("payment_history")
    values = ["months_overdue", "billed_yuan", "paid_yuan"]
    wide = rows.pivot(index="customer_id", columns="ym", values=values).astype(float)
    wide.columns = [f"{name} {month}" for name, month in wide.columns]
    if "limit_yuan" in rows:
        wide.insert(0, "limit_yuan", rows.groupby("customer_id")["limit_yuan"].last())
    wide = labels.drop(columns=OUTCOME_LABEL).astype(float).join(wide, how="right")
    return wide.reindex(found.customers).set_axis(found.X.index)


def score_days(region, *, at_most: int = 8) -> tuple[list[dt.date], int]:
    """Ends of months at which a score can be compared with itself.

    Parameters
    ----------
    region : Region
    at_most : int
        Days wanted, spread evenly; the first and the last are among them.

    Returns
    -------
    days : list of date
        The earliest first.
    months : int
        Months of bills behind each, the same for all: half of what there is, at most
        six. Were it to grow with time, the longest delay would, too.
    """
    last = pd.Timestamp(payment.default_as_of(region))
    if not last.is_month_end:
        last -= pd.offsets.MonthEnd(1)
    known = _months_known(region, last.date())
    months = int(np.clip(known // 2, 1, 6))
    days = [
        (last - pd.offsets.MonthEnd(back)).date()
        for back in range(known - months, -1, -1)
    ]
    picked = np.unique(np.linspace(0, len(days) - 1, min(at_most, len(days))).round())
    return [days[int(n)] for n in picked], months


def exposure(region, as_of, *, months: int = 12, ahead: int = 3) -> pd.DataFrame:
    """Yuan that would be lost with each customer: what is owed and what will be billed.

    Parameters
    ----------
    region : Region
    as_of : date-like
    months : int
        Bills behind the mean month.
    ahead : int
        Months of supply before arrears lead to anything.

    Returns
    -------
    exposure : DataFrame
        Index `customer_id`: `unpaid_yuan`, past its due date on the day; `ahead_yuan`,
        so many mean months; `yuan`, their sum.
    """
    day = pd.Timestamp(as_of)
    if payment.by_month(region):
        seen = payment.months_seen(region, day, months)
        by = seen.groupby("customer_id")
        owed = by["billed_yuan"].last().clip(lower=0).where(by["late"].last() > 0, 0.0)
        mean = by["billed_yuan"].mean().clip(lower=0)
    else:
        states = payment.bill_states(region, day, without=held_paid(region, day))
        late = states[states["open"] & (states["days_late"] > 0)]
        owed = (
            (late["total_yuan"] - late["paid_yuan"]).groupby(late["customer_id"]).sum()
        )
        recent = states[states["due_date"] > day - pd.DateOffset(months=months)]
        mean = recent.groupby("customer_id")["total_yuan"].mean().clip(lower=0)
    found = pd.DataFrame({"unpaid_yuan": owed, "ahead_yuan": ahead * mean}).fillna(0.0)
    return found.assign(yuan=found.sum(axis=1)).rename_axis("customer_id")


def _labelled(region, label) -> Cases:
    day = payment.default_as_of(region)
    months = min(_months_known(region, day), 12)
    known = indicators_at(region, day, months=months)
    came = label.reindex(known.index)
    there = came.notna()
    return Cases(
        known[there].reset_index(drop=True),
        known.index[there].to_numpy(),
        np.ones(there.sum(), dtype=int),
        (came[there].astype(float) > 0).to_numpy(),
        (day,),
        months,
        f"default in the month after, as the label {OUTCOME_LABEL} tells",
        {"customers without the label": int((~there).sum())},
    )


def _months_known(region, day) -> int:
    """Months of bills by a day: from the first due month, or month of a history."""
    table, lag = ("payment_history", 0) if payment.by_month(region) else ("bills", 1)
    first = region.query(f"select min(ym) as ym from {table}")["ym"].iloc[0]
    day, first = pd.Timestamp(day), pd.Period(first, "M")
    return max((day.year - first.year) * 12 + day.month - first.month + 1 - lag, 1)


def _enough(region, found: Cases) -> Cases:
    for at in np.unique(found.at):
        came = found.outcome[found.at == at]
        if min(came.sum(), (~came).sum()) < LEAST_EVENTS:
            raise NotApplicable(
                f"{region.name}: to judge a credit score, at least {LEAST_EVENTS} "
                "customers who fell behind and as many who did not are wanted; fewer "
                "came. Take a longer time or more customers."
            )
    return found
