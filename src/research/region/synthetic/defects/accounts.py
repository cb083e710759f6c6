"""Defects of customers and their ids: wrong links, old codes, lost zeros."""

import numpy as np
import pandas as pd

from research.region.synthetic.defects.book import (
    Book,
    change,
    generator,
    has,
    some_rows,
)
from research.region.synthetic.defects.faults import faults

# 9999 is what clerks key in. The others are divisions of GB/T 4754-2002 and -2011 that
# the issue of 2017 does not know: H63 and H65 trade, J71 finance, O79 and O83 services,
# P82 and P84 education, Q83 health.
OLD_INDUSTRIES = np.array(
    ["9999"] * 8 + ["H63", "H65", "J71", "O79", "O83", "P82", "P84", "Q83"]
)
# The exports of other systems; in the customers the id is the key of everything else.
IDS_IN = ("bills", "payments", "topups", "tickets")


def wrong_transformers(book: Book) -> None:
    """Link customers to a transformer 台区 that does not feed them 户变关系错误.

    One half goes to another transformer of the own area, where there is one: no table
    can tell. The other half goes to another area.
    """
    if not has(book, "customers", "transformer_id") or not has(book, "transformers"):
        return
    rows = some_rows(book, "wrong_transformer", "customers")
    places = book.tables["transformers"].sort_values(["area_id", "transformer_id"])
    linked = book.tables["customers"]["transformer_id"]
    own = pd.Index(places["transformer_id"]).get_indexer(linked.iloc[rows])
    rows, own = rows[own >= 0], own[own >= 0]
    areas = places["area_id"].to_numpy()
    first = np.searchsorted(areas, areas, side="left")
    size = np.searchsorted(areas, areas, side="right") - first
    drawn = generator(book, "wrong_transformer", "which").random((len(linked), 2))
    near, step = drawn[rows, 0] < 0.5, drawn[rows, 1]
    near &= size[own] > 1
    rest = len(places) - size[own]
    # Steps from the own place, around the own area or around all the others.
    inside = own - first[own] + 1 + (step * (size[own] - 1)).astype(int)
    outside = first[own] + size[own] + (step * rest).astype(int)
    other = np.where(near, first[own] + inside % size[own], outside % len(places))
    ids = places["transformer_id"].to_numpy()[other]
    for name, struck in (("same", near), ("other", ~near & (rest > 0))):
        values = {"transformer_id": ids[struck]}
        change(book, "customers", rows[struck], values, f"transformer_of_{name}_area")


def unknown_industries(book: Book) -> None:
    """Industries 行业 as 9999, or by a code that is no longer in force."""
    if has(book, "customers", "industry_code"):
        code = book.tables["customers"]["industry_code"]
        known = (code.notna() & (code != "")).to_numpy()
        rows = some_rows(book, "unknown_industry", "customers", among=known)
        codes = generator(book, "unknown_industry").choice(OLD_INDUSTRIES, len(code))
        values = {"industry_code": codes[rows]}
        change(book, "customers", rows, values, "unknown_industry")


def new_meters(book: Book) -> None:
    """Give registers a new meter from the month of a change of meter on."""
    dates = ("open_date", "close_date")
    if not has(book, "registers", "meter_id") or not has(book, "customers", *dates):
        return
    people, plan = book.tables["customers"], book.plan
    changes = faults(plan, people).query("kind == 'meter_change'")
    ids = people["customer_id"].iloc[changes["position"]].to_numpy()
    since = dict(zip(ids, plan.days[changes["first"]].strftime("%Y-%m"), strict=True))
    registers = book.tables["registers"]
    changed = registers["customer_id"].isin(ids) & registers["meter_id"].notna()
    rows = np.flatnonzero(changed)
    here = registers.iloc[rows]
    rows = rows[(here["ym"] >= here["customer_id"].map(since)).to_numpy(dtype=bool)]
    values = {"meter_id": (registers["meter_id"].iloc[rows] + "-N").to_numpy()}
    change(book, "registers", rows, values, "meter_change")


def id_spellings(book: Book) -> None:
    """Ids without their leading zeros, as a spreadsheet leaves them, or with a blank.

    Half of the rows struck get the blank, and those whose id begins with no zero.
    """
    for table in IDS_IN:
        if not has(book, table, "customer_id"):
            continue
        given = book.tables[table]["customer_id"].notna().to_numpy()
        rows = some_rows(book, "id_spelling", table, among=given)
        ids = book.tables[table]["customer_id"].iloc[rows].astype("str")
        bare = ids.str.lstrip("0")
        blank = generator(book, "id_spelling", table).random(len(given))[rows] < 0.5
        blank |= (bare == ids) | (bare == "")
        values = {"customer_id": np.where(blank, ids + " ", bare)}
        change(book, table, rows, values, "id_spelling")
