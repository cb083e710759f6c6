"""Lines of a drafted mapping: a key, its value, and what a reader is told or asked."""

import re
from collections.abc import Sequence
from typing import Any

import duckdb

from research.region.ingest import facts
from research.region.ingest.contents import unit_of
from research.region.ingest.facts import Series
from research.region.ingest.headers import quoted
from research.region.ingest.matching import Found
from research.region.ingest.sources import Look
from research.region.schema import TABLES

_ENCODINGS = {"utf-16-le": "utf-16", "utf-16-be": "utf-16"}

# Key, value, comment; a line without a key is a comment.
Line = tuple[str, Any, str]


def form_lines(files: Sequence[str], seen: Look) -> list[Line]:
    """Files of one make, and how they are written where it is not the usual way."""
    form = seen.form
    lines: list[Line] = [("", None, notice) for notice in seen.notices]
    lines.append(("files", _pattern(files), ""))
    if form.encoding not in (None, "utf-8"):
        lines.append(("encoding", _ENCODINGS.get(form.encoding, form.encoding), ""))
    if form.delimiter not in (None, ","):
        lines.append(("delimiter", form.delimiter, ""))
    if form.sheet:
        lines.append(("sheet", form.sheet, ""))
    if form.header_row not in (None, 1):
        lines.append(("header_row", form.header_row, ""))
    return lines


def _pattern(files: Sequence[str]) -> list[str]:
    """The files' names, or a pattern for many of one ending."""
    endings = {name[name.index(".") :] for name in files}
    return [f"*{endings.pop()}"] if len(files) > 5 and len(endings) == 1 else [*files]


def value_lines(
    connection: duckdb.DuckDBPyConnection, series: Series, table: str, name: str
) -> list[Line]:
    """Unit of the values, and whether they are readings of a register."""
    unit = unit_of(name)
    low, high = facts.value_range(connection, series)
    lines: list[Line] = []
    if unit == "per_unit" or (not unit and low >= 0 and 0 < high <= 1):
        lines.append(("units", {"kwh": "per_unit"}, "values lie within 0 and 1"))
        lines.append(("rated", 1, "? kW that 1.0 stands for: a number or a column"))
    elif unit in ("Wh", "kW", "W", "MW", "MWh") and table != "energy_monthly":
        lines.append(("units", {"kwh": unit}, f"? {name!r} sounds like it"))
    elif unit != "kWh":
        lines.append(("", None, "? units: {kwh: kW} if the values are power, not kWh"))
    if table != "energy_monthly" and facts.never_falls(connection, series):
        lines.append(("value_kind", "register", "no value ever falls: a register"))
    return lines


def stamp_lines(
    connection: duckdb.DuckDBPyConnection,
    series: Series,
    time: str,
    minutes: float | None,
    offset: tuple[str, float] | None,
) -> list[Line]:
    """Whether stamps mark the start or the end of their interval."""
    first = facts.first_minutes(connection, series, offset[1] if offset else 0.0)
    if first is None or not minutes:
        return []
    if said := re.search("ending|beginning", time, re.IGNORECASE):
        stamp = "end" if said[0].lower() == "ending" else "start"
        return [("stamp", stamp, f"{time!r} says so")]
    shown = f"the first stamp is {first // 60:02}:{first % 60:02}"
    if offset:
        shown += " local"
    if first == 0:
        return [("stamp", "start", shown)]
    if first == minutes:
        return [("stamp", "end", shown)]
    return [("", None, f"? stamp: start or end; {shown}, which does not tell")]


def sign_lines(found: Found, ours: dict[str, str]) -> list[Line]:
    """Decimal and thousands signs of the columns of numbers."""
    lines: list[Line] = []
    for name in ours.values():
        decimal, thousands, question = found.numbers.get(name, (".", "", ""))
        if not lines and (decimal != "." or thousands):
            if decimal != ".":
                lines.append(("decimal", decimal, ""))
            if thousands:
                lines.append(
                    ("thousands", thousands, f"? {question}" if question else "")
                )
    return lines


def format_lines(found: Found, ours: dict[str, str]) -> list[Line]:
    """How the dates of our columns are written, where that is not ISO."""
    formats = {}
    lines: list[Line] = []
    for column, name in ours.items():
        form, question = found.dates.get(name, ("", ""))
        if form:
            formats[column] = form
        if question:
            lines.append(("", None, f"? {column}: {question}"))
    return [("formats", formats, ""), *lines] if formats else lines


def code_lines(
    connection: duckdb.DuckDBPyConnection, table: str, ours: dict[str, str]
) -> list[Line]:
    """Codes of the file that are none of ours, with their counts."""
    lines: list[Line] = []
    for column, name in ours.items():
        codes = TABLES[table].columns[column].codes
        if not codes:
            continue
        counts = facts.counts_of(connection, name)
        strange = [code for code, _ in counts if code not in codes]
        if strange:
            shown = ", ".join(f"{code} ({count:,})" for code, count in counts)
            lines.append(("", None, f"? codes of {column} found: {shown}"))
            lines.append(("", None, f"  ours: {', '.join(codes)}"))
            first = ", ".join(f'"{code}": ' for code in strange[:3])
            lines.append(("", None, f"  codes: {{{column}: {{{first}}}}}"))
    return lines


def unit_lines(table: str, ours: dict[str, str]) -> list[Line]:
    """Amounts in hundredths of a yuan."""
    money = {
        column: "fen"
        for column, name in ours.items()
        if TABLES[table].columns[column].unit == "yuan" and unit_of(name) == "fen"
    }
    return [("units", money, "")] if money else []


def unpaid_lines(connection: duckdb.DuckDBPyConnection, name: str) -> list[Line]:
    """Rows without a date of payment: bills that nobody has paid yet."""
    empty, rows = connection.sql(
        f"select count_if(trim({quoted(name)}) = ''), count(*) from source"
    ).fetchall()[0]
    if not empty:
        return []
    said = f"{empty:,} of {rows:,} rows looked at are unpaid: no payments"
    return [("where", {name: "filled"}, said)]


def id_lines(connection: duckdb.DuckDBPyConnection, customer: str | None) -> list[Line]:
    """Width of ids of digits, where some may have lost their leading zeros."""
    if customer is None:
        return []
    cells = facts.cells_of(connection, customer)
    widths = [len(cell) for cell in cells if cell.isdigit()]
    if len(widths) < len(cells) or not cells or max(widths) < 6:
        return []
    if min(widths) == max(widths):
        return [("id_width", max(widths), "all ids have so many digits")]
    shorter = sum(width < max(widths) for width in widths)
    return [("id_width", max(widths), f"? {shorter} ids are shorter: zeros lost?")]
