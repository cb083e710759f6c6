"""Layouts: rows as a file has them into rows as a table of ours has them, as text.

Long files, a customer a column, a slot a column, a file a customer: each becomes one
view with the columns of ours that the mapping names, still text, and the place of
each: `file`, `line`, and `_piece`, the column where one line holds many readings.
"""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import duckdb

from research.region.errors import InputError
from research.region.ingest.headers import header_key, quoted
from research.region.ingest.mapping import TableMapping

# Names under which sums and means stand beside the customers' columns.
STATISTICS = frozenset(
    header_key(name)
    for name in (
        "total sum mean average avg median std stdev var variance min max count "
        "合计 总计 小计 平均 平均值 均值 中位数 标准差 方差 最大值 最小值"
    ).split()
)
_BRACES = re.compile(r"\{([^{}]+)\}")


class Source(NamedTuple):
    """One file in DuckDB: its path, its relation, its columns in file order.

    `shown` is what the file is called: its path from the folder of the export.
    """

    path: Path
    relation: str
    columns: tuple[str, ...]
    shown: str


class Laid(NamedTuple):
    """A table of ours as text.

    Attributes
    ----------
    text : str
        View: `file`, `line`, `_piece` and a text column for each of `names`.
    cells : str
        View of the rows as they came: `file`, `line`, `_piece` and source columns.
    names : dict
        Our column -> what a reader of the file calls it.
    left : int
        Rows that the mapping leaves to another table.
    """

    text: str
    cells: str
    names: dict[str, str]
    left: int


def lay_out(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    mapped: TableMapping,
    sources: list[Source],
    minutes: int | None,
    customers: frozenset[str] | None,
) -> Laid:
    """Make the text of `table` from its source files.

    Parameters
    ----------
    sources : list of Source
        At least one.
    minutes : int or None
        Length of the interval, for `slots_in_columns`.
    customers : frozenset of str, optional
        Known customers: columns that are none of them are refused.

    Returns
    -------
    laid : Laid

    Raises
    ------
    InputError
        If a file lacks a column that the mapping names, or has columns that are no
        customers.
    """
    texts, cells, left, names = [], [], 0, {}
    for source in sources:
        wanted, condition = _wanted(source, mapped)
        names |= {ours: shown for ours, (_, shown) in wanted.items()}
        file = f"replace ({_literal(source.shown)} as file)"
        rows = f"(select * {file} from {source.relation} where {condition})"
        if condition != "true":
            left += _count(connection, source.relation) - _count(connection, rows)
        if mapped.layout == "customers_in_columns":
            columns = _customer_columns(source, mapped, customers)
            text = _unpivoted(rows, wanted, columns, mapped.layout)
        elif mapped.layout == "slots_in_columns":
            columns = _slot_columns(source, mapped, minutes)
            text = _unpivoted(rows, wanted, columns, mapped.layout)
        else:
            chosen = ", ".join(
                f"{sql} as {quoted(c)}" for c, (sql, _) in wanted.items()
            )
            text = f"select file, line, '' as _piece, {chosen} from {rows}"
        texts.append(text)
        cells.append(f"select *, '' as _piece from {rows}")
    text_view, cell_view = f"{table}_text", f"{table}_cells"
    connection.execute(
        f"create view {text_view} as {' union all by name '.join(texts)}"
    )
    if mapped.layout in ("customers_in_columns", "slots_in_columns"):
        # A line of a wide file is many readings: the reading is what is set aside.
        cells = [f"select * from {text_view}"]
        names |= {"kwh": "kwh"}
        if mapped.layout == "slots_in_columns":
            names["ts"] = names.pop("date")
        else:
            names["customer_id"] = "customer_id"
    connection.execute(
        f"create view {cell_view} as {' union all by name '.join(cells)}"
    )
    return Laid(text_view, cell_view, names, left)


def not_taken(source: Source, mapped: TableMapping) -> list[str]:
    """Columns of a file that the mapping neither takes nor ignores."""
    if mapped.layout in ("customers_in_columns", "slots_in_columns"):
        return []
    named = [*mapped.columns.values(), *mapped.where, *mapped.ignore]
    named += [n for n in (mapped.ratio, mapped.rated, mapped.utc_offset) if n]
    keys = {
        header_key(part)
        for name in map(str, named)
        for part in (_BRACES.findall(name) or [name])
    }
    return [column for column in source.columns if header_key(column) not in keys]


def column_of(source: Source, name: str) -> str:
    """The column of a file that the mapping calls `name`."""
    keys = {header_key(column): column for column in source.columns}
    if header_key(name) not in keys:
        near = difflib.get_close_matches(header_key(name), list(keys), n=1)
        hint = f" Did you mean {keys[near[0]]!r}?" if near else ""
        found = ", ".join(source.columns[:12]) + (", ..." * (len(source.columns) > 12))
        raise InputError(
            f"{source.path}: missing column {name!r}, which the mapping names."
            f"{hint} Found: {found}."
        )
    return keys[header_key(name)]


def wanted_columns(source: Source, mapped: TableMapping) -> dict[str, str] | None:
    """Column of the file of each column of ours.

    None if the file lacks one, or if one of ours is put together of several.
    """
    try:
        wanted, _ = _wanted(source, mapped)
    except InputError:
        return None
    found = {ours: shown for ours, (sql, shown) in wanted.items()}
    alone = all(sql == quoted(shown) for sql, shown in wanted.values())
    return found if alone and set(found.values()) <= set(source.columns) else None


def _wanted(
    source: Source, mapped: TableMapping
) -> tuple[dict[str, tuple[str, str]], str]:
    """SQL and shown name of each column of ours; the condition on the rows."""
    asked = dict(mapped.columns)
    if mapped.layout == "one_file_a_customer":
        asked.setdefault("customer_id", "{file}")
    for helper, name in (
        ("_ratio", mapped.ratio),
        ("_rated", mapped.rated if isinstance(mapped.rated, str) else None),
        ("_offset", mapped.utc_offset),
    ):
        if name:
            asked[helper] = name
    wanted = {ours: _cell(source, name) for ours, name in asked.items()}
    for ours, value in mapped.constants.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        wanted[ours] = (_literal(text), f"constants.{ours}")
    conditions = [
        f"trim({quoted(column_of(source, name))}) {'<>' if how == 'filled' else '='} ''"
        for name, how in mapped.where.items()
    ]
    return wanted, " and ".join(conditions) or "true"


def _cell(source: Source, name: str) -> tuple[str, str]:
    if "{" not in name:
        column = column_of(source, name)
        return quoted(column), column
    parts, at = [], 0
    for brace in _BRACES.finditer(name):
        parts.append(_literal(name[at : brace.start()]))
        inner, at = brace.group(1), brace.end()
        if inner == "file":
            parts.append(_literal(source.path.name.split(".")[0]))
        else:
            # Text without one of its parts would name something else.
            parts.append(f"nullif({quoted(column_of(source, inner))}, '')")
    parts.append(_literal(name[at:]))
    return f"coalesce({' || '.join(parts)}, '')", name


def _customer_columns(
    source: Source, mapped: TableMapping, customers: frozenset[str] | None
) -> list[str]:
    """Columns of a wide file that are customers; sums and strangers are refused."""
    ignored = {header_key(name) for name in mapped.ignore}
    taken = {header_key(name) for name in mapped.columns.values()}
    columns = [c for c in source.columns if header_key(c) not in ignored | taken]
    strange = [
        column
        for column in columns
        if (
            header_key(column) in STATISTICS
            if customers is None
            else column not in customers
        )
    ]
    if strange:
        raise InputError(
            f"{source.path}: columns that are no customers: {_some(strange)}. Sums and "
            f"means are no customers: add them to the mapping, ignore: "
            f"[{_some(strange)}]; add customers to the table of customers."
        )
    if not columns:
        raise InputError(f"{source.path}: no column of a customer is left.")
    return columns


def _slot_columns(
    source: Source, mapped: TableMapping, minutes: int | None
) -> list[str]:
    first, last = (
        source.columns.index(column_of(source, name))
        for name in (mapped.slots.first, mapped.slots.last)
    )
    columns = list(source.columns[first : last + 1])
    wanted = 24 * 60 // minutes if minutes else 0
    if len(columns) != wanted:
        raise InputError(
            f"{source.path}: {len(columns)} slots from {mapped.slots.first} to "
            f"{mapped.slots.last}; a day of {minutes} minutes each, as region.yaml "
            f"declares, has {wanted}."
        )
    return columns


def _unpivoted(
    rows: str, wanted: dict[str, tuple[str, str]], columns: list[str], layout: str
) -> str:
    """A row for each cell of `columns` that holds something."""
    # Ours get a blank before the name: a customer may be called ts.
    kept = ", ".join(f"{sql} as {quoted(' ' + c)}" for c, (sql, _) in wanted.items())
    named = ", ".join(f"{quoted(' ' + c)} as {quoted(c)}" for c in wanted)
    listed = ", ".join(map(quoted, columns))
    given = "_piece as customer_id"
    if layout == "slots_in_columns":
        numbers = ", ".join(f"{_literal(c)}: {n}" for n, c in enumerate(columns))
        given = f"map {{{numbers}}}[_piece] as _slot"
        named = named.replace('as "date"', 'as "ts"')
    return (
        f'select file, line, _piece, {named}, " cell" as kwh, {given} from (unpivot '
        f"(select file, line, {kept}, {listed} from {rows}) on {listed} "
        'into name _piece value " cell") where trim(" cell") <> \'\''
    )


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return connection.sql(f"select count(*) from {rows}").fetchall()[0][0]


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
