"""Which of our columns the columns of a file are, by their headers and cells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from research.region.ingest import facts
from research.region.ingest.contents import date_format, number_form
from research.region.ingest.headers import header_key, quoted
from research.region.ingest.sources import Look
from research.region.schema import TABLES, Column

# Tables that a customer's readings may be, by their interval, and their times.
SERIES = {"readings": "ts", "energy_daily": "date", "energy_monthly": "ym"}
_SLOT_TIME = re.compile(
    r"(\d{1,2}:\d{2})( ?[-~至] ?\d{1,2}:\d{2})?|(\d{1,2})点|h\d{1,2}"
)
_OFFSET = re.compile(
    r"time.?zone|utc.?offset|gmt.?offset|tz|offset|时区", re.IGNORECASE
)
_TIME_WORDS = re.compile(
    r"date|time|day|month|ym|stamp|tstp|年|月|日|时", re.IGNORECASE
)


@dataclass(frozen=True)
class Found:
    """What the columns of a file are like: dates by form, numbers by signs."""

    names: tuple[str, ...]
    dates: dict[str, tuple[str | None, str]]
    numbers: dict[str, tuple[str, str, str]]


def slot_columns(names: Sequence[str]) -> list[str]:
    """Columns that are the intervals of a day: p01 to p96, times, V1 to V48.

    Examples
    --------
    >>> slot_columns(["id", "date", *(f"p{n:02}" for n in range(1, 97))])[::95]
    ['p01', 'p96']
    """
    runs: list[list[str]] = [[]]
    before: tuple[str, int] | None = None
    for name in names:
        numbered = re.fullmatch(r"(.*?[^\d])(\d{1,3})", name)
        clock = bool(_SLOT_TIME.fullmatch(name))
        now = (numbered[1], int(numbered[2])) if numbered and not clock else None
        goes_on = bool(
            (clock and runs[-1] and _SLOT_TIME.fullmatch(runs[-1][-1]))
            or (now and before and now == (before[0], before[1] + 1))
        )
        runs = [*runs[:-1], [*runs[-1], name]] if goes_on else [*runs, [name]]
        before = now
    longest = max(runs, key=len)
    return longest if len(longest) >= 24 else []


def _named(names: Sequence[str]) -> list[str]:
    """Columns whose header some table knows."""
    return [name for name in names if {header_key(name), _bare(name)} & _KNOWN]


def _bare(name: str) -> str:
    """A header without the unit in brackets at its end."""
    return re.sub(r"[(\[].*[)\]]$", "", header_key(name)).strip()


def _keys(column: Column) -> set[str]:
    return {header_key(name) for name in (column.name, column.zh, *column.headers)}


_KNOWN = {
    key
    for table in TABLES.values()
    for column in table.columns.values()
    for key in _keys(column)
}


def match(table: str, names: Sequence[str]) -> dict[str, str]:
    """Columns of ours that the headers name; each source column serves one of ours."""
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(header_key(name), name)
        by_key.setdefault(_bare(name), name)
    ours: dict[str, str] = {}
    for column in TABLES[table].columns.values():
        named = [by_key[key] for key in _keys(column) if key in by_key]
        free = [name for name in names if name in named and name not in ours.values()]
        if free:
            ours[column.name] = free[0]
    return ours


def by_header(
    connection: duckdb.DuckDBPyConnection, found: Found
) -> list[tuple[str, dict[str, str]]]:
    """Tables whose needed columns the headers name, the best first."""
    known = _named(found.names)
    matched = {table: match(table, known) for table in TABLES}
    for table, ours in matched.items():
        _put_key_together(table, ours)
    whole = {
        table: ours
        for table, ours in matched.items()
        if all(column in ours for column in TABLES[table].required)
        and (len(ours) > 1 or _one_row_each(connection, table, ours))
        and _fits(table, ours, found)
    }
    series = [table for table in whole if table in SERIES]
    ranked = sorted(whole, key=lambda table: -_weight(table, whole[table], found))
    if not ranked:
        return []
    best = series[0] if ranked[0] in SERIES else ranked[0]
    picked = [best]
    if {"bills", "payments"} <= set(whole) and best in ("bills", "payments"):
        picked = ["bills", "payments"]
    return [(table, whole[table]) for table in picked]


def _one_row_each(
    connection: duckdb.DuckDBPyConnection, table: str, ours: dict[str, str]
) -> bool:
    """Whether each customer stands once in a file that tells nothing else we know."""
    if table != "customers":
        return False
    name = quoted(ours["customer_id"])
    return connection.execute(
        f"select count(*) = count(distinct {name}) from source"
    ).fetchall()[0][0]


def _weight(table: str, ours: dict[str, str], found: Found) -> float:
    """How much of the file a table takes, and how much of the table the file fills."""
    share = len(set(ours.values())) / len(found.names)
    if table == "customers" and len(found.names) > len(ours) + 2:
        share /= 2
    filled = len(ours) / len(TABLES[table].columns)
    return len(set(ours.values())) + share + filled / 10


def _put_key_together(table: str, ours: dict[str, str]) -> None:
    """A bill without a number is known by customer and month."""
    if table == "bills" and "bill_id" not in ours and {"customer_id", "ym"} <= {*ours}:
        ours["bill_id"] = f"{{{ours['customer_id']}}}-{{{ours['ym']}}}"


def _fits(table: str, ours: dict[str, str], found: Found) -> bool:
    """Whether the cells under needed columns are of their kind."""
    for column in TABLES[table].required:
        kind, name = TABLES[table].columns[column].kind, ours[column]
        if name not in found.names:
            continue
        if kind in ("time", "date", "month") and name not in found.dates:
            return False
        if kind in ("float", "double", "money") and name not in found.numbers:
            return False
    return True


def wide_time(found: Found) -> str | None:
    """The one time column of a table that has a column for each customer."""
    others = [name for name in found.names if name not in found.dates]
    numeric = all(name in found.numbers for name in others)
    numeric &= "customer_id" not in match("readings", others)
    if len(found.dates) == 1 and len(others) >= 2 and numeric:
        return next(iter(found.dates))
    return None


def offset_column(
    connection: duckdb.DuckDBPyConnection, found: Found
) -> tuple[str, float] | None:
    """Column of hours to add to UTC, and the first of them."""
    for name in found.names:
        if not _OFFSET.fullmatch(name) or name not in found.numbers:
            continue
        hours = [float(cell) for cell in facts.cells_of(connection, name)[:50]]
        if all(-14 <= hour <= 14 for hour in hours):
            return name, hours[0]
    return None


def look_at_columns(connection: duckdb.DuckDBPyConnection, seen: Look) -> Found:
    """Kinds of columns: all cells of the first ones, the first rows of the others."""
    dates, numbers = {}, {}
    for place, name in enumerate(seen.columns):
        if len(seen.columns) <= 40 or _TIME_WORDS.search(name):
            cells = facts.cells_of(connection, name)
        else:
            cells = [row[place].strip() for row in seen.sample if row[place].strip()]
        number = number_form(cells)
        if number:
            numbers[name] = number
        form, question = date_format(cells)
        digits = number is not None
        if (form is not None or question) and (not digits or _TIME_WORDS.search(name)):
            dates[name] = (form, question)
    return Found(seen.columns, dates, numbers)
