"""Defects of the relational tables, cell by cell and row by row."""

import numpy as np
import pandas as pd

from research.region.synthetic.defects.accounts import (
    id_spellings,
    new_meters,
    unknown_industries,
    wrong_transformers,
)
from research.region.synthetic.defects.book import (
    Book,
    append,
    change,
    closed,
    generator,
    has,
    open_book,
    some_rows,
    spare,
    untouched,
)
from research.region.synthetic.defects.log import joined
from research.region.synthetic.defects.money import (
    corrected_bills,
    late_files,
    paid_twice,
    postings,
    refunds,
)
from research.region.synthetic.defects.shares import share
from research.region.synthetic.plan import Plan

DATES = {
    "customers": "open_date",
    "bills": "issue_date",
    "payments": "ts",
    "tickets": "ts_created",
}
# Dates that programs write for "unknown" and "never".
IMPOSSIBLE = np.array(["1900-01-01", "9999-12-31"], dtype="datetime64[s]")
# Column in which a conflicting copy says something else: a number, 10 % and 1 higher.
CONFLICTS = {
    "customers": "contract_kva",
    "registers": "active_kwh",
    "bills": "kwh",
    "payments": "amount_yuan",
    "topups": "amount",
    "tickets": "urge_count",
}


def inject_tables(
    plan: Plan, tables: dict[str, pd.DataFrame]
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Put defects into customers, registers, bills, payments, top-ups and tickets.

    Parameters
    ----------
    plan : Plan
        `seed`, `defects`, `days`.
    tables : dict of str to DataFrame
        By name, with columns as the schema has them; tables that are absent or have
        no defects of their own are passed on as they are.

    Returns
    -------
    tables : dict of str to DataFrame
        Rows in the same order with changed cells, appended rows after them.
    log : DataFrame
        As `log.entries` gives it: one row a changed cell, one an appended row. The
        row key is that of the clean row; of an appended row its own, `original` then
        is the key of the row that it copies and `now` what is different.
    """
    if plan.defects == "none":
        return dict(tables), joined([])
    struck = {
        name: tables[name] for name in (*CONFLICTS, "transformers") if name in tables
    }
    book = open_book(plan, struck)
    for mechanism in (
        new_meters,
        wrong_transformers,
        unknown_industries,
        impossible_dates,
        late_files,
        postings,
        wrong_classes,
        unknown_callers,
        id_spellings,
        corrected_bills,
        refunds,
        paid_twice,
        duplicates,
        whole_table_again,
    ):
        mechanism(book)
    return {**tables, **closed(book)}, joined(book.log)


def impossible_dates(book: Book) -> None:
    """Dates of 1900 and of 9999."""
    for table, column in DATES.items():
        if has(book, table, column):
            given = book.tables[table][column].notna().to_numpy()
            rows = some_rows(book, "impossible_date", table, among=given)
            rng = generator(book, "impossible_date", table)
            values = {column: rng.choice(IMPOSSIBLE, len(given))[rows]}
            change(book, table, rows, values, "impossible_date")


def wrong_classes(book: Book) -> None:
    """Tickets that the agent put into another class."""
    if has(book, "tickets", "class_code"):
        code = book.tables["tickets"]["class_code"]
        rows = some_rows(book, "ticket_class", "tickets", among=code.notna().to_numpy())
        known = np.sort(code.dropna().unique().astype(object))
        own = pd.Index(known).get_indexer(code.iloc[rows])
        step = generator(book, "ticket_class").random(len(code))[rows]
        step = 1 + (step * (len(known) - 1)).astype(int)
        values = {"class_code": known[(own + step) % len(known)]}
        change(book, "tickets", rows, values, "ticket_class")


def unknown_callers(book: Book) -> None:
    """Tickets without the customer."""
    if has(book, "tickets", "customer_id"):
        rows = some_rows(book, "no_customer", "tickets")
        change(book, "tickets", rows, {"customer_id": None}, "no_customer")


def duplicates(book: Book) -> None:
    """Rows given again, the same or with another figure."""
    for table, column in CONFLICTS.items():
        if not has(book, table, column):
            continue
        for defect in ("exact_duplicate", "conflicting_duplicate"):
            free = untouched(book, table)
            values: dict[str, object] = {}
            if defect == "conflicting_duplicate":
                free &= book.tables[table][column].notna().to_numpy()
            rows = some_rows(book, defect, table, among=free)
            if defect == "conflicting_duplicate":
                found = book.tables[table][column].iloc[rows].to_numpy(dtype=float)
                other = found * 1.1 + 1
                whole = pd.api.types.is_integer_dtype(book.tables[table][column])
                values = {column: np.round(other, 0 if whole else 2)}
            append(book, table, rows, values, defect)
            spare(book, table, rows)


def whole_table_again(book: Book) -> None:
    """Every row of the customers some times more."""
    copies = int(share(book.plan.defects, "whole_table_again"))
    if has(book, "customers"):
        rows = np.tile(np.arange(len(book.tables["customers"])), copies)
        append(book, "customers", rows, {}, "exact_duplicate")
