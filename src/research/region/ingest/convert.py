"""Cells of text into the types of a table, column by column.

Each row keeps its place and gets two notes: `verdict`, the first rule that a cell of
it breaks, and `mended`, the rules by which cells were made even, both as
``rule:column``.
"""

import datetime as dt
from pathlib import Path
from typing import NamedTuple

import duckdb

from research.region.ingest import cells, plain, spelling
from research.region.ingest.headers import quoted
from research.region.ingest.layouts import Laid
from research.region.ingest.mapping import TableMapping
from research.region.ingest.plain import Plain
from research.region.ingest.rows import action_of
from research.region.ingest.times import NO_OTHERS, Others
from research.region.schema import TABLES, Column
from research.region.settings import Settings

HELPERS = ("_ratio", "_rated", "_offset")
TIMES = ("date", "time", "month")
# Rules that may empty a cell that the table can do without.
EMPTIED = ("unreadable_value", "unreadable_stamp")


class Typed(NamedTuple):
    """A table in the types of the schema.

    Attributes
    ----------
    view : str
        `file`, `line`, `_piece`, the columns, `verdict`, `mended`.
    columns : tuple of str
        Ours and the helpers `_ratio`, `_rated`, `_offset`, `meter_id`.
    aware : frozenset of str
        Times that carried an offset; they are in UTC.
    spans : dict
        First and last time of each column of times, without impossible ones.
    joined : bool
        Whether spellings or times are joined to the rows.
    plain : bool
        Whether most rows have their types already: nothing is gained by a copy.
    """

    view: str
    columns: tuple[str, ...]
    aware: frozenset[str]
    spans: dict[str, tuple[dt.datetime | None, dt.datetime | None]]
    joined: bool
    plain: bool = False


def typed(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    laid: Laid,
    mapped: TableMapping,
    settings: Settings,
    latest: dict[str, dt.date],
    plainly: Plain | None = None,
) -> Typed:
    """Make the view ``<table>_typed``: the text of `laid` in the types of the schema.

    Parameters
    ----------
    latest : dict
        File name -> last day that a row of it may speak of.
    plainly : Plain, optional
        Rows that have their types already; they come first.

    Returns
    -------
    typed : Typed

    Raises
    ------
    InputError
        If a column stands in a form that only the mapping can settle.
    """
    columns = TABLES[table].columns
    filled = plainly.filled if plainly else {}
    odd, commas = _oddities(connection, laid, columns)
    readings, aware = [], set()
    for name in laid.names:
        column = columns.get(name)
        if name in HELPERS or (column and column.kind in cells.NUMBERS):
            reading = cells.number(
                connection,
                laid,
                mapped,
                name,
                column.kind if column else "double",
                odd=name in odd,
                commas=name in commas,
                others=filled.get(name, 0),
            )
        elif column and column.kind in ("date", "time"):
            reading, offset = cells.time(
                connection,
                laid,
                mapped,
                name,
                Others(filled[name], plainly.aware) if filled else NO_OTHERS,
            )
            aware |= {name} if offset else set()
        elif column and column.kind == "month":
            reading = cells.month(laid, mapped, name)
        elif column and column.kind == "bool":
            reading = cells.flag(mapped, name)
        elif column and (column.codes or name in mapped.codes):
            repaired = action_of("unknown_code", settings) == "repair"
            reading = cells.code(connection, laid, mapped, column, repaired=repaired)
        elif column and not is_id(column):
            reading = cells.free_text(name)
        else:
            width = mapped.id_width or settings.ids.width
            reading = cells.identity(
                connection,
                laid,
                name,
                odd=name in odd,
                width=width if name == "customer_id" else None,
            )
        readings.append(reading)
    view = _view(connection, table, laid, mapped, settings, readings, latest)
    if plainly:
        view = plain.view_of(connection, table, plainly, latest, view, later)
    spans = {
        name: _span(connection, f"{laid.text} {name}", name, plainly)
        for name in laid.names
        if name in columns and columns[name].kind in ("date", "time")
    }
    joined = any(reading.join for reading in readings)
    return Typed(
        view, tuple(laid.names), frozenset(aware), spans, joined, plainly is not None
    )


def latest_days(paths: dict[str, Path]) -> dict[str, dt.date]:
    """Last day that a row of each file may speak of: the day after it was written.

    `paths` are told by the names that rows carry. Files that claim to be older than
    1990, as archives without times leave them, say nothing about their rows.
    """
    days = {
        name: dt.date.fromtimestamp(path.stat().st_mtime)
        for name, path in paths.items()
    }
    return {n: d + dt.timedelta(days=1) for n, d in days.items() if d.year >= 1990}


def is_id(column: Column) -> bool:
    """Whether a column of text holds ids, which have one spelling."""
    return bool(column.parent) or column.name.endswith("_id")


def _oddities(
    connection: duckdb.DuckDBPyConnection, laid: Laid, columns: dict[str, Column]
) -> tuple[set[str], set[str]]:
    """Columns with odd spellings, and columns of figures with commas, by one pass."""
    asked = []
    for name in laid.names:
        column, cell = columns.get(name), quoted(name)
        if name in HELPERS or (column and column.kind in cells.NUMBERS):
            asked += [
                (name, "odd", f"strlen({cell}) <> length({cell})"),
                (name, "comma", f"contains({cell}, ',')"),
            ]
        elif column is None or is_id(column):
            plain = f"regexp_full_match({cell}, '{spelling.PLAIN_ID}')"
            asked.append((name, "odd", f"{cell} <> '' and not {plain}"))
    if not asked:
        return set(), set()
    counts = connection.sql(
        f"select {', '.join(f'count_if({sql})' for *_, sql in asked)} from {laid.text}"
    ).fetchall()[0]
    found = {
        (name, what) for (name, what, _), n in zip(asked, counts, strict=True) if n
    }
    return (
        {name for name, what in found if what == "odd"},
        {name for name, what in found if what == "comma"},
    )


def _view(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    laid: Laid,
    mapped: TableMapping,
    settings: Settings,
    readings: list[cells.Reading],
    latest: dict[str, dt.date],
) -> str:
    columns, faults, notes = TABLES[table].columns, [], []
    # Times come first: a row of no time is told as that, whatever else it lacks.
    readings = sorted(
        readings, key=lambda r: r.name in columns and columns[r.name].kind not in TIMES
    )
    for reading in readings:
        column = columns.get(reading.name)
        needed = column is None or column.need == "M"
        notes += reading.notes
        if reading.fault:
            rule, condition = reading.fault
            case = f"when {condition} then '{rule}:{reading.name}'"
            empties = rule in EMPTIED and action_of(rule, settings) == "repair"
            if empties and not needed:
                notes.append(f"case {case} end")
            else:
                faults.append(case)
        if column and needed and column.kind in TIMES and latest:
            days = " ".join(
                f"when {cells.listed([file])} then date '{day}'"
                for file, day in latest.items()
            )
            to_come = later(reading.value, column, f"case r.file {days} end")
            faults.append(f"when {to_come} then 'impossible_date:{reading.name}'")
    slot = ", r._slot" if mapped.layout == "slots_in_columns" else ""
    values = ", ".join(f"{r.value} as {quoted(r.name)}" for r in readings)
    verdict = f"case {' '.join(faults)} end" if faults else "null::varchar"
    mended = (
        f"nullif(concat_ws(',', {', '.join(notes)}), '')" if notes else "null::varchar"
    )
    view = f"{table}_typed"
    connection.execute(
        f"create view {view} as select r.file, r.line, r._piece{slot}, {values}, "
        f"{verdict} as verdict, {mended} as mended "
        f"from {laid.text} r {' '.join(r.join for r in readings)}"
    )
    return view


def later(value: str, column: Column, day: str) -> str:
    """SQL that is true of a time of `column` after a day, also in SQL."""
    if column.kind == "month":
        value = f"try_cast({value} || '-01' as date)"
    return f"{value} >= {day} + interval 1 day"


def _span(
    connection: duckdb.DuckDBPyConnection, times: str, name: str, plainly: Plain | None
) -> tuple[dt.datetime | None, dt.datetime | None]:
    read = f"select value from {quoted(times)}"
    if plainly:
        read += f" union all select {quoted(name)} from {plain.rows_of(plainly)}"
    return connection.sql(
        f"select min(value), max(value) from ({read}) "
        "where value between timestamp '1950-01-01' and timestamp '2100-01-01'"
    ).fetchall()[0]
