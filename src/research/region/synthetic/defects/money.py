"""Defects of bills, payments and top-ups."""

import numpy as np
import pandas as pd

from research.region.synthetic.defects.book import (
    Book,
    append,
    change,
    generator,
    has,
    some_rows,
    spare,
    untouched,
)
from research.region.synthetic.defects.shares import share

PARTS = ("energy_charge", "basic_charge", "pf_adjust", "funds", "other")
BANKS = ("bank_debit", "bank_counter")


def corrected_bills(book: Book) -> None:
    """Bills first issued on a wrong reading, and the bill that corrects each.

    The first bill is 20 to 60 % too high (assumption) in energy and every charge, and
    has the status `corrected`; the bill that is appended has the right figures, the
    first one's status, and comes 5 to 20 days later.
    """
    if not has(book, "bills", "status", "corrects_bill_id", "issue_date", "kwh"):
        return
    rng, n_bills = generator(book, "corrected_bill"), len(book.tables["bills"])
    factor = rng.uniform(1.2, 1.6, n_bills)
    wait = rng.integers(5, 21, n_bills).astype("timedelta64[D]")
    issued = book.tables["bills"]["issue_date"].to_numpy() + wait
    free = untouched(book, "bills") & _known_yet(book, issued)
    rows = some_rows(book, "corrected_bill", "bills", among=free)
    right, factor = book.tables["bills"].iloc[rows], factor[rows]
    new = {
        "bill_id": (right["bill_id"] + "-C").to_numpy(),
        "issue_date": issued[rows],
        "corrects_bill_id": right["bill_id"].to_numpy(),
    }
    append(book, "bills", rows, new, "corrected_bill")
    parts = [c for c in PARTS if c in right]
    wrong = {c: (right[c] * factor).round(2).to_numpy() for c in ("kwh", *parts)}
    total = np.nansum([wrong[c] for c in parts], axis=0).round(2)
    status = {"total_yuan": total, "status": "corrected"}
    change(book, "bills", rows, {**wrong, **status}, "corrected_bill")
    spare(book, "bills", rows)


def late_files(book: Book) -> None:
    """Payments through a bank, booked a day late with the whole file of the day."""
    if not has(book, "payments", "channel", "ts"):
        return
    payments, days = book.clean["payments"], book.plan.days
    late = share(book.plan.defects, "bank_late")
    hit = generator(book, "bank_late").random((len(BANKS), len(days))) < late
    day = days.get_indexer(pd.DatetimeIndex(payments["ts"]).normalize())
    bank = pd.Index(BANKS).get_indexer(payments["channel"])
    # The file of the last day would come after the region's end.
    rows = np.flatnonzero(
        (bank >= 0) & (day >= 0) & (day < len(days) - 1) & hit[bank, day]
    )
    values = {"ts": payments["ts"].iloc[rows].to_numpy() + np.timedelta64(1, "D")}
    change(book, "payments", rows, values, "bank_late")


def postings(book: Book) -> None:
    """Payments without their time of day, and whole months of a channel in one lot.

    Half of the share each; lots only of months that have come to their end.
    """
    if not has(book, "payments", "channel", "ts"):
        return
    stamps = book.clean["payments"]["ts"]
    half = share(book.plan.defects, "posting") / 2
    rng = generator(book, "posting", "batch")
    months = pd.DatetimeIndex(stamps).to_period("M")
    channels = book.clean["payments"]["channel"].to_numpy()
    lots = stamps.groupby([months, channels], sort=True).ngroup().to_numpy()
    sizes = np.bincount(lots)
    order = rng.permutation(len(sizes))
    ends = months.end_time.normalize()
    whole = np.unique(lots[_known_yet(book, ends.to_numpy())])
    order = order[np.isin(order, whole)]
    middle = np.cumsum(sizes[order]) - sizes[order] / 2
    rows = np.flatnonzero(np.isin(lots, order[middle <= half * len(stamps)]))
    posted = ends[rows] + pd.Timedelta(hours=18)
    change(book, "payments", rows, {"ts": posted.to_numpy()}, "month_end_batch")
    hit = generator(book, "posting", "date_only").random(len(stamps)) < half
    rows = np.flatnonzero(hit)
    values = {"ts": stamps.iloc[rows].dt.normalize().to_numpy()}
    change(book, "payments", rows, values, "date_only")


def refunds(book: Book) -> None:
    """Refunds as payments below zero, up to ten days after the payment."""
    if not has(book, "payments", "payment_id", "refund_of"):
        return
    stamps = book.tables["payments"]["ts"].to_numpy()
    wait = generator(book, "refund").integers(60, 14_400, len(stamps))
    back = stamps + wait.astype("timedelta64[m]")
    free = untouched(book, "payments") & _received(book) & _known_yet(book, back)
    rows = some_rows(book, "refund", "payments", among=free)
    paid = book.tables["payments"].iloc[rows]
    values = {
        "payment_id": (paid["payment_id"] + "-R").to_numpy(),
        "ts": back[rows],
        "amount_yuan": -paid["amount_yuan"].to_numpy(),
        "refund_of": paid["payment_id"].to_numpy(),
    }
    append(book, "payments", rows, values, "refund")
    spare(book, "payments", rows)


def paid_twice(book: Book) -> None:
    """Bills paid, and orders delivered, a second time within half an hour."""
    for table, key, times in (
        ("payments", "payment_id", ("ts",)),
        (
            "topups",
            "attempt_id",
            ("ts_order", "ts_paid", "ts_dispatch", "ts_delivered"),
        ),
    ):
        if not has(book, table, key):
            continue
        free = untouched(book, table)
        if table == "topups":
            free &= (book.tables[table]["outcome"] == "delivered").to_numpy()
        elif "bill_id" in book.tables[table]:
            free &= book.tables[table]["bill_id"].notna().to_numpy() & _received(book)
        rows = some_rows(book, "paid_twice", table, among=free)
        first = book.tables[table].iloc[rows]
        wait = generator(book, "paid_twice", table).integers(60, 1800, len(free))[rows]
        values: dict[str, object] = {key: (first[key] + "-D").to_numpy()}
        for column in (c for c in times if c in first):
            values[column] = first[column].to_numpy() + wait.astype("timedelta64[s]")
        append(book, table, rows, values, "paid_twice")
        spare(book, table, rows)


def _known_yet(book: Book, stamps: np.ndarray) -> np.ndarray:
    """What has happened before the region ends."""
    return stamps < (book.plan.days[-1] + pd.Timedelta(days=1)).to_numpy()


def _received(book: Book) -> np.ndarray:
    """Payments that brought money; refunds are in the clean tables too."""
    return (book.tables["payments"]["amount_yuan"] > 0).to_numpy()
