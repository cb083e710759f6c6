"""What a table of months, `payment_history` 缴费历史, tells of the payers."""

import numpy as np
import pandas as pd

from research.features.payment.dates import months_after
from research.features.payment.states import to_day

# Days of a month by which months overdue are told in days.
DAYS_A_MONTH = 30


def months_seen(region, as_of, months: int | None = None) -> pd.DataFrame:
    """Rows of `payment_history` known by a day: months that have ended by then.

    Parameters
    ----------
    region : Region
        With `payment_history`.
    as_of : date-like
    months : int, optional
        Of these, the last `months` before `as_of` only.

    Returns
    -------
    history : DataFrame
        By customer and month: `customer_id`, `ym`, `end` (last day of the month),
        `number` (months since year 0), `billed_yuan`, `paid_yuan` (NaN where the
        table lacks them), `months_overdue`, `late` (the same, at least 0) and
        `unpaid_yuan`: what of the bill was not paid in the month after, NaN where
        that month has not ended or is not there.
    """
    day = to_day(as_of)
    there = region.columns("payment_history")
    money = ", ".join(
        name if name in there else f"null::double as {name}"
        for name in ("billed_yuan", "paid_yuan")
    )
    seen = region.query(
        f"select customer_id, ym, last_day((ym || '-01')::date) as end, {money}, "
        "(left(ym, 4)::integer * 12 + right(ym, 2)::integer)::integer as number, "
        "months_overdue::integer as months_overdue, "
        "greatest(months_overdue, 0)::integer as late from payment_history "
        f"where last_day((ym || '-01')::date) <= date '{day}' "
        "order by customer_id, ym"
    )
    follows = (seen["customer_id"].shift(-1) == seen["customer_id"]) & (
        seen["number"].shift(-1) == seen["number"] + 1
    )
    paid = seen["paid_yuan"].shift(-1).where(follows)
    billed = seen["billed_yuan"].clip(lower=0)
    seen["unpaid_yuan"] = (billed - paid).clip(lower=0)
    if months is not None:
        first = months_after(day, -months)
        seen = seen[seen["end"] > pd.Timestamp(first)].reset_index(drop=True)
    return seen


def arrears_ratio(history: pd.DataFrame) -> pd.Series:
    """Share of the billed amounts that the month after left unpaid, by customer.

    Parameters
    ----------
    history : DataFrame
        As `months_seen` gives it.

    Returns
    -------
    arrears_ratio : Series
        In [0, 1]; NaN without a bill above zero whose next month is known. For an
        account that may revolve, such as a card's, this is what it may owe, too.
    """
    known = history[history["unpaid_yuan"].notna() & (history["billed_yuan"] > 0)]
    sums = known.groupby("customer_id")[["unpaid_yuan", "billed_yuan"]].sum()
    return (sums["unpaid_yuan"] / sums["billed_yuan"]).rename("arrears_ratio")


def history_axes(region, as_of, months: int) -> pd.DataFrame:
    """The axes of `rfm_axes` that months can tell, one row a customer.

    `days_since_full_payment` counts from the end of the last month with a payment
    after which nothing was overdue.
    """
    day = pd.Timestamp(to_day(as_of))
    seen, window = months_seen(region, day), months_seen(region, day, months)
    by = window.groupby("customer_id")
    full = seen[(seen["paid_yuan"] > 0) & (seen["late"] == 0)]
    last = full.groupby("customer_id")["end"].max()
    axes = pd.DataFrame(
        {
            "days_overdue": by["late"].last() * float(DAYS_A_MONTH),
            "days_since_full_payment": (day - last).dt.days,
            "payments_per_cycle": (window["paid_yuan"] > 0)
            .groupby(window["customer_id"])
            .mean(),
            "amount_yuan": by["paid_yuan"].sum(min_count=1),
            "arrears_ratio": arrears_ratio(window),
        }
    )
    return axes.reindex(pd.Index(by["late"].last().index, name="customer_id"))


def history_indicators(region, as_of, months: int) -> pd.DataFrame:
    """The indicators of `credit_indicators` that months can tell."""
    window = months_seen(region, as_of, months)
    window["delay"] = window["late"] * float(DAYS_A_MONTH)
    by = window.groupby("customer_id")
    billed = by["billed_yuan"].agg(["mean", "std", "count"])
    spread = billed["std"] * np.sqrt((billed["count"] - 1) / billed["count"])
    late_now = by["late"].last()
    found = pd.DataFrame(
        {
            "n_bills": by.size(),
            "late_share": (window["late"] > 0).groupby(window["customer_id"]).mean(),
            "worst_delay_days": by["delay"].max(),
            "mean_delay_days": by["delay"].mean(),
            "delay_trend": slopes(
                window["customer_id"], window["number"], window["delay"]
            ),
            "arrears_ratio": arrears_ratio(window),
            "unpaid_bills": late_now.astype(float),
            "overdue_months": late_now.astype(float),
            "amount_volatility": (spread / billed["mean"]).where(billed["mean"] > 0),
            "energy_trend": np.nan,
        }
    )
    return found.rename_axis("customer_id")


def slopes(customer: pd.Series, x: pd.Series, y: pd.Series) -> pd.Series:
    """Least-squares slope of `y` on `x` of each customer.

    Parameters
    ----------
    customer, x, y : Series of shape (n_rows,)
        On one index; rows with a NaN are left out.

    Returns
    -------
    slopes : Series
        By customer; NaN with fewer than three rows or one `x` alone.

    Examples
    --------
    >>> ids = pd.Series(["a", "a", "a", "b", "b"])
    >>> x, y = pd.Series([0, 1, 2, 0, 1]), pd.Series([5.0, 7.0, 9.0, 1.0, 2.0])
    >>> slopes(ids, x, y).tolist()
    [2.0, nan]
    """
    rows = pd.DataFrame({"id": customer, "x": x.astype(float), "y": y}).dropna()
    by = rows.groupby("id")
    dx = rows["x"] - by["x"].transform("mean")
    dy = rows["y"] - by["y"].transform("mean")
    ids = rows["id"]
    square = (dx**2).groupby(ids).sum()
    found = (dx * dy).groupby(ids).sum() / square.where(square > 0)
    found = found.where(by.size() >= 3)
    return found.reindex(pd.Index(customer.unique(), name=customer.name))
