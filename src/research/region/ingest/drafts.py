"""Drafts of one table's mapping: which table a file is, and which column is which."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from research.region.ingest import facts
from research.region.ingest.contents import unit_of
from research.region.ingest.draft_lines import (
    Line,
    code_lines,
    form_lines,
    format_lines,
    id_lines,
    sign_lines,
    stamp_lines,
    unit_lines,
    unpaid_lines,
    value_lines,
)
from research.region.ingest.facts import Series
from research.region.ingest.matching import (
    SERIES,
    Found,
    by_header,
    look_at_columns,
    match,
    offset_column,
    slot_columns,
    wide_time,
)
from research.region.ingest.sources import Look


@dataclass(frozen=True)
class Draft:
    """A drafted table: its lines (key, value, comment) and what it tells of the region.

    A line without a key is a comment. `rows` is about how many the table will have;
    `complete` says that all it must have is there.
    """

    table: str
    lines: list[Line]
    rows: int
    complete: bool
    region: dict[str, Any] = field(default_factory=dict)


def of_table(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], seen: Look, rows: int
) -> list[Draft]:
    """Drafts of the tables that the loaded table `source` may be, best first.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Holds `source` as `sources.load_text` makes it.
    files : sequence of str
        Names of the files of this make.
    seen : Look
    rows : int
        Rows of `source`.
    """
    found = look_at_columns(connection, seen)
    start = form_lines(files, seen)
    named = by_header(connection, found)
    slots = slot_columns(found.names)
    if slots and len(slots) < len(found.names):
        made = [_slots(connection, found, slots)]
    elif named:
        made = [_long(connection, found, table, ours) for table, ours in named]
    elif wide_time(found):
        made = [_wide(connection, found, files)]
    else:
        made = [_by_content(connection, found, files)]
    chinese = any(re.search("[\u4e00-\u9fff]", name) for name in found.names)
    return [
        Draft(
            draft.table,
            [*start, *draft.lines],
            rows * len(files) * draft.rows,
            draft.complete,
            {**draft.region, **({"chinese": True} if chinese else {})},
        )
        for draft in made
    ]


def _long(
    connection: duckdb.DuckDBPyConnection,
    found: Found,
    table: str,
    ours: dict[str, str],
) -> Draft:
    region: dict[str, Any] = {}
    extra: list[Line] = []
    if table in SERIES:
        customer, time, value = (
            ours.get("customer_id"),
            ours[SERIES[table]],
            ours["kwh"],
        )
        table, extra, region = _series_lines(connection, found, customer, time, value)
        ours = {"customer_id": customer, SERIES[table]: time, "kwh": value}
    lines: list[Line] = sign_lines(found, ours)
    lines.append(("columns", ours, ""))
    lines += format_lines(found, ours)
    lines += code_lines(connection, table, ours)
    lines += unit_lines(table, ours) if table not in SERIES else []
    lines += id_lines(connection, ours.get("customer_id"))
    if table == "payments":
        lines += unpaid_lines(connection, ours["ts"])
    used = {*ours.values(), region.get("offset")}
    left = [name for name in found.names if name not in used]
    joined = " ".join(ours.values())
    left = [name for name in left if f"{{{name}}}" not in joined]
    if left:
        extra.append(("ignore", left, "? not known; map those that matter"))
    return Draft(table, [*lines, *extra], 1, True, region)


def _series_lines(
    connection: duckdb.DuckDBPyConnection,
    found: Found,
    customer: str | None,
    time: str,
    value: str,
) -> tuple[str, list[Line], dict[str, Any]]:
    decimal, thousands, _ = found.numbers[value]
    form = found.dates[time][0]
    series = facts.long_series(
        customer,
        facts.time_sql(time, form or ""),
        facts.number_sql(value, decimal, thousands),
    )
    offset = offset_column(connection, found)
    return _judge(connection, series, time, value, offset)


def _judge(
    connection: duckdb.DuckDBPyConnection,
    series: Series,
    time: str,
    value: str,
    offset: tuple[str, float] | None,
) -> tuple[str, list[Line], dict[str, Any]]:
    """Table, lines and region facts of readings."""
    minutes = facts.interval_minutes(connection, series)
    table = "readings"
    if minutes and minutes >= 1440:
        table = "energy_daily" if minutes < 27 * 1440 else "energy_monthly"
    lines: list[Line] = []
    region: dict[str, Any] = {}
    if minutes and table != "energy_monthly":
        lines.append(("", None, f"interval: {minutes:g} minutes"))
        region["minutes"] = minutes
    lines += value_lines(connection, series, table, value)
    if table == "readings":
        if offset:
            region |= {"clock": "UTC", "offset": offset[0]}
            lines.append(("clock", "UTC", ""))
            lines.append(("utc_offset", offset[0], f"hours, first {offset[1]:g}"))
        elif re.search("utc|gmt", time, re.IGNORECASE):
            region["clock"] = "UTC"
            lines.append(("clock", "UTC", f"{time!r} says so"))
        elif again := facts.repeated_times(connection, series):
            region["clock"] = "UTC"  # no region can be kept on a clock that moves
            said = f"{again} times stand twice: a clock with summer time"
            lines.append(("", None, f"? clock: Europe/Berlin, or which? {said}"))
        lines += stamp_lines(connection, series, time, minutes, offset)
    return table, lines, region


def _wide(
    connection: duckdb.DuckDBPyConnection, found: Found, files: Sequence[str]
) -> Draft:
    time = next(iter(found.dates))
    others = [name for name in found.names if name != time]
    decimal, thousands, _ = found.numbers[others[0]]
    statistics = facts.statistic_columns(connection, others, (decimal, thousands))
    customers = [name for name in others if name not in statistics]
    series = facts.wide_series(
        facts.time_sql(time, found.dates[time][0] or ""),
        customers,
        (decimal, thousands),
    )
    spoken = files[0] if "per_unit" == unit_of(files[0]) else ""
    table, extra, region = _judge(connection, series, time, spoken, None)
    table = "energy_daily" if table == "energy_monthly" else table
    columns = {SERIES[table]: time}
    lines: list[Line] = [("layout", "customers_in_columns", f"{len(customers)} found")]
    lines += sign_lines(found, {"kwh": customers[0]})
    lines.append(("columns", columns, ""))
    if statistics:
        why = "; ".join(f"{name}: {how}" for name, how in statistics.items())
        lines.append(("ignore", list(statistics), f"no customers. {why}"))
    lines += format_lines(found, columns)
    return Draft(table, [*lines, *extra], len(customers), True, region)


def _slots(
    connection: duckdb.DuckDBPyConnection, found: Found, slots: list[str]
) -> Draft:
    rest = [name for name in found.names if name not in slots]
    ours = match("readings", rest)
    day = next((name for name in rest if name in found.dates), None)
    customer = ours.get("customer_id") or next(
        (name for name in rest if name != day), None
    )
    columns = {"customer_id": customer, "date": day}
    columns = {column: name for column, name in columns.items() if name}
    lines: list[Line] = [("layout", "slots_in_columns", f"{len(slots)} slots a day")]
    lines += sign_lines(found, {"kwh": slots[0]})
    lines.append(("columns", columns, ""))
    lines.append(("slots", {"first": slots[0], "last": slots[-1]}, ""))
    left = [name for name in rest if name not in columns.values()]
    if left:
        lines.append(("ignore", left, "? not known"))
    lines += format_lines(found, columns)
    lines += id_lines(connection, customer)
    unit = unit_of(" ".join(left))
    if unit in ("W", "kW", "MW", "Wh", "MWh"):
        lines.append(("units", {"kwh": unit}, "?"))
    else:
        lines.append(("", None, "? units: {kwh: kW} if the values are power, not kWh"))
    minutes = 1440 / len(slots)
    whole = minutes in (15, 30, 60) and len(columns) == 2
    if not whole:
        lines.append(
            ("", None, f"? {len(slots)} slots with {len(columns)} of id, date")
        )
    region = {"minutes": minutes} if minutes in (15, 30, 60) else {}
    return Draft("readings", lines, len(slots), whole, region)


def _by_content(
    connection: duckdb.DuckDBPyConnection, found: Found, files: Sequence[str]
) -> Draft:
    """A long table whose headers say nothing: time, value and id by their cells."""
    known = match("readings", found.names)
    time = next(iter(found.dates), None)
    offset = offset_column(connection, found)
    rest = [name for name in found.names if name not in (time, *(offset or ())[:1])]
    value = known.get("kwh") if known.get("kwh") in found.numbers else None
    value = value or next(
        (name for name in reversed(rest) if name in found.numbers), None
    )
    customer = known.get("customer_id") or next(
        (name for name in rest if name != value), None
    )
    if not time or not value:
        lines: list[Line] = [
            ("", None, f"? which table; columns: {', '.join(found.names[:20])}")
        ]
        return Draft("unknown", lines, 1, False)
    if unit_of(value) in ("yuan", "fen") and customer:
        ours = {"customer_id": customer, "ts": time, "amount_yuan": value}
        return _long(connection, found, "payments", ours)
    ours = {"customer_id": customer or "{file}", "ts": time, "kwh": value}
    if customer:
        return _long(connection, found, "readings", ours)
    table, extra, region = _series_lines(connection, found, None, time, value)
    columns = {SERIES[table]: time, "kwh": value}
    lines = [("layout", "one_file_a_customer", f"{len(files)} files")]
    lines += sign_lines(found, columns)
    lines += [("columns", columns, "")]
    lines += format_lines(found, columns)
    return Draft(table, [*lines, *extra], 1, table != "energy_monthly", region)
