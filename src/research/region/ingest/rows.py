"""Rows against the row rules: what is kept, set aside, made even, and how often.

The rules come from the declaration of a table: which columns it needs, what may stand
in them, what names a row once. Imports and synthetic regions judge their rows here.
"""

from dataclasses import dataclass
from typing import NamedTuple

import duckdb
import pandas as pd
import pyarrow as pa

from research.region.errors import InputError
from research.region.ingest import by_customer
from research.region.ingest.checks import Check, checks_of
from research.region.ingest.headers import quoted
from research.region.ingest.mapping import SERIES
from research.region.rules import ROW_RULES
from research.region.schema import TABLES, Column
from research.region.settings import Settings

PLACE = ("file", "line", "_piece")
DUPLICATES = ("exact_duplicate", "conflicting_duplicate")
SQL_TYPES = {
    "text": "varchar", "code": "varchar", "month": "varchar", "bool": "boolean",
    "int8": "tinyint", "int": "integer", "float": "float", "double": "double",
    "money": "double", "date": "date", "time": "timestamp_ms",
}  # fmt: skip
# While rows are judged, figures are wide enough for whatever stands in them.
_WIDE = SQL_TYPES | dict.fromkeys(("int8", "int", "float"), "double") | {
    "time": "timestamp", "date": "timestamp",
}  # fmt: skip
Rows = str | duckdb.DuckDBPyRelation | pd.DataFrame | pa.Table


@dataclass(frozen=True)
class Judged:
    """Rows of a table after the row rules.

    Attributes
    ----------
    table : str
    kept : str
        Relation in the connection: the columns of the table, in its types. In order
        of the key where `in_order`.
    aside : str
        Table in the connection: `file`, `line`, `_piece`, `customer_id` if the table
        has one, `verdict` as ``rule:column``.
    notes : str
        Relation of the kept rows that were made even or are told of: as `aside`, and
        `mended`, one or more ``rule:column`` with commas between.
    columns : tuple of str
    rules : tuple of str
        Rules that were looked for.
    rows_in, rows_kept, rows_noted : int
    in_order : bool
    """

    table: str
    kept: str
    aside: str
    notes: str
    columns: tuple[str, ...]
    rules: tuple[str, ...]
    rows_in: int
    rows_kept: int
    rows_noted: int
    in_order: bool


def action_of(rule: str, settings: Settings) -> str:
    """What is done about a row rule: as region.yaml says, else its own action.

    Raises
    ------
    InputError
        If region.yaml asks for an action that the rule does not have.
    """
    known = ROW_RULES[rule]
    action = settings.quality.rules.get(rule, known.action)
    if action not in (known.action, *known.others):
        raise InputError(
            f"region.yaml, quality.rules.{rule}: found {action}; allowed: "
            f"{', '.join((known.action, *known.others))}."
        )
    return action


def judge_table(
    connection: duckdb.DuckDBPyConnection,
    rows: Rows,
    table: str,
    settings: Settings,
    *,
    customers: str | None = None,
    usual: str | None = None,
) -> Judged:
    """Judge every row of a table by the row rules that its declaration asks for.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Gets the tables and views that the result names; those of an earlier call for
        the same table are replaced.
    rows : str, DuckDBPyRelation, DataFrame or pyarrow Table
        Columns of `table`, typed. An import adds `file`, `line`, `_piece` (the place
        of each row), `verdict` and `mended` (what was found while cells were read);
        without them a row's place is its number, from 1.
    table : str
        One of `schema.TABLES`.
    settings : Settings
        `readings` gives interval, export and limit; `reference_date` the last day of
        payments; `quality.rules` the actions.
    customers : str, optional
        Relation with `customer_id` of the known customers; with `contract_kva` their
        connections limit their energy.
    usual : str, optional
        Relation with `customer_id` and `kwh`: the median value above zero, by which a
        register that rolled over is known. Default: that of `rows`.

    Returns
    -------
    judged : Judged

    Raises
    ------
    InputError
        If a required column is missing or a column is not one of the table's.
    RuntimeError
        If rows in are not rows kept and rows set aside: a fault of this library.
    """
    relation = _named(connection, rows, f"{table}_in")
    found = [name for name, *_ in connection.sql(f"describe {relation}").fetchall()]
    columns = _columns(table, found)
    wide = _widened(connection, relation, found, columns, table)
    joins, given = [], {}
    special = by_customer.special_rows(
        connection, wide, table, settings, customers, usual
    )
    checks = list(checks_of(table, columns, settings, special=bool(special)))
    if special:
        joins.append(
            f"left join {special} on special_id = customer_id "
            f"and special_at = {TABLES[table].key[1]} and special_kwh = kwh"
        )
        given[special] = "special_id, special_at, special_kwh, rolled_kwh, too_high"
    if customers and "customer_id" in columns and table != "customers":
        strangers = by_customer.strangers(connection, wide, table, customers)
        strange = "strange_id is not null" if strangers else "false"
        checks.append(Check("unknown_customer", "customer_id", strange))
        if strangers:
            joins.append(f"left join {strangers} on strange_id = customer_id")
            given[strangers] = "strange_id"
    view = f"{table}_judged"
    replaced = ", ".join(f"{sql} as {c}" for c, sql in _outcomes(checks, settings))
    hidden = f"exclude ({', '.join(given.values())})" if given else ""
    connection.execute(
        f"create or replace view {view} as select * {hidden} replace ({replaced}) "
        f"from {wide} {' '.join(joins)}"
    )
    # DuckDB hands rows on in another order where it joins: then they are sorted.
    good = f"(select * from {view} where verdict is null)"
    in_order = not joins and _in_order(connection, good, table, columns)
    by_key = None
    if not in_order and table in SERIES and set(TABLES[table].key) <= set(columns):
        by_key = _sorted(connection, view, table, columns)
        in_order = _in_order(connection, by_key, table, columns)
    parted = _part(connection, view, table, columns, unique=in_order, by_key=by_key)
    rows_in = _count(connection, relation)
    if rows_in != parted.n_kept + parted.n_aside:
        raise RuntimeError(
            f"{table}: {rows_in} rows in, {parted.n_kept} kept + {parted.n_aside} set "
            "aside"
        )
    rules = {check.rule for check in checks} | set(DUPLICATES)
    return Judged(
        table,
        f"{table}_kept",
        f"{table}_aside",
        f"{table}_notes",
        tuple(columns),
        tuple(rule for rule in ROW_RULES if rule in rules),
        rows_in,
        parted.n_kept,
        parted.n_noted,
        in_order,
    )


class _Parted(NamedTuple):
    n_kept: int
    n_aside: int
    n_noted: int


def _part(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    table: str,
    columns: list[str],
    *,
    unique: bool,
    by_key: str | None,
) -> _Parted:
    """Part judged rows into ``<table>_kept``, ``<table>_aside``, ``<table>_notes``.

    `by_key` is what `_sorted` made of the good rows, if it did.
    """
    count = "select count(*), count(mended)"
    rows, n_noted, n_aside = connection.sql(
        f"{count} filter (verdict is null), count(verdict) from {view}"
    ).fetchall()[0]
    n_kept, aside = rows - n_aside, f"{table}_aside"
    connection.execute(
        f"create or replace table {aside} as select {_place_and_customer(columns)}, "
        f"verdict from {view} where verdict is not null {'' if n_aside else 'limit 0'}"
    )
    remaining = f"select * from {view} where verdict is null"
    twice = not unique and _set_duplicates_aside(
        connection, view, table, columns, by_key=by_key
    )
    if twice:
        same = " and ".join(f"a.{c} is not distinct from r.{c}" for c in PLACE)
        remaining = (
            f"select r.* from (select * from {view} where verdict is null) r "
            f"anti join {table}_twice a on {same}"
        )
    connection.execute(f"create or replace view {table}_remaining as {remaining}")
    if twice:
        n_kept, n_noted = connection.sql(f"{count} from {table}_remaining").fetchall()[
            0
        ]
    typed = ", ".join(
        f"{quoted(c)}::{SQL_TYPES[TABLES[table].columns[c].kind]} as {quoted(c)}"
        for c in columns
    )
    kept = by_key if by_key and unique else f"{table}_remaining"
    connection.execute(
        f"create or replace view {table}_kept as select {typed} from {kept}"
    )
    rest = [quoted(c) for c in columns if c != "customer_id"]
    connection.execute(
        f"create or replace view {table}_notes as select "
        f"{', '.join([_place_and_customer(columns), *rest, 'mended'])} "
        f"from {table}_remaining where mended is not null"
    )
    return _Parted(n_kept, _count(connection, aside), n_noted)


def _named(connection: duckdb.DuckDBPyConnection, rows: Rows, name: str) -> str:
    if isinstance(rows, str):
        return rows
    if isinstance(rows, duckdb.DuckDBPyRelation):
        rows.create_view(name, replace=True)
    else:
        connection.register(name, rows)
    return name


def _columns(table: str, found: list[str]) -> list[str]:
    schema = TABLES[table]
    extra = set(found) - set(schema.columns) - {*PLACE, "verdict", "mended"}
    missing = [c for c in schema.required if c not in found]
    if extra or missing:
        raise InputError(
            f"table {table}: missing columns: {', '.join(missing) or 'none'}; columns "
            f"that it does not have: {', '.join(sorted(extra)) or 'none'}."
        )
    return [c for c in schema.columns if c in found]


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return connection.sql(f"select count(*) from {rows}").fetchall()[0][0]


def _place_and_customer(columns: list[str]) -> str:
    customer = "customer_id" if "customer_id" in columns else "null::varchar"
    return f"file, line, _piece, {customer} as customer_id"


def _widened(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    found: list[str],
    columns: list[str],
    table: str,
) -> str:
    """View of the rows with their place, in types that hold any fault."""
    schema, view = TABLES[table], f"{table}_wide"
    defaults = {
        "file": "null::varchar",
        "line": "row_number() over ()",
        "_piece": "''",
        "verdict": "null::varchar",
        "mended": "null::varchar",
    }
    place = [c if c in found else f"{sql} as {c}" for c, sql in defaults.items()]
    cells = [f"{_wide(schema.columns[c])} as {quoted(c)}" for c in columns]
    connection.execute(
        f"create or replace view {view} as "
        f"select {', '.join([*place, *cells])} from {relation}"
    )
    return view


def _outcomes(checks: list[Check], settings: Settings) -> list[tuple[str, str]]:
    """Verdict, notes and mended columns as SQL: what follows from each check."""
    first, then, notes = [], ["when verdict is not null then verdict"], ["mended"]
    values: dict[str, list[str]] = {}
    for rule, column, condition, value in checks:
        action = action_of(rule, settings)
        told = f"when {condition} then '{rule}:{column}'"
        if action == "off":
            continue
        if rule == "missing_id":
            first.append(told)
        elif action == "leave_out" or (action == "repair" and value is None):
            then.append(told)
        else:
            notes.append(f"case {told} end")
            if action == "repair":
                values.setdefault(column, []).append(f"when {condition} then {value}")
    mended = [
        (quoted(column), f"case {' '.join(cases)} else {quoted(column)} end")
        for column, cases in values.items()
    ]
    return [
        *mended,
        ("verdict", f"case {' '.join([*first, *then])} end"),
        ("mended", f"nullif(concat_ws(',', {', '.join(notes)}), '')"),
    ]


def _wide(column: Column) -> str:
    """SQL of a cell, wide enough to be judged; what is no value is null."""
    name, kind = quoted(column.name), _WIDE[column.kind]
    if kind == "double":
        return f"nullif({name}::double, 'nan'::double)"
    if kind == "varchar":
        return f"nullif({name}::varchar, '')"
    return f"{name}::{kind}"


def _in_order(
    connection: duckdb.DuckDBPyConnection, rows: str, table: str, columns: list[str]
) -> bool:
    """Whether rows come in the order of the key, each key once.

    True only if every row lies above the one before it, so a wrong True is impossible;
    it saves the search for duplicates and the sort.
    """
    key = TABLES[table].key
    if not set(key) <= set(columns):
        return False
    cells = ", ".join(key)
    before = ", ".join(f"lag({c}) over () as before_{c}" for c in key)
    above = ", ".join(f"before_{c}" for c in key)
    falls = connection.sql(
        f"select 1 from (select {cells}, row_number() over () as n, {before} "
        f"from {rows}) where n > 1 and ((({cells}) > ({above})) is not true) limit 1"
    ).fetchall()
    return not falls


def _sorted(
    connection: duckdb.DuckDBPyConnection, view: str, table: str, columns: list[str]
) -> str:
    """Table of the good rows in the order of the key: one sort for all that follows.

    Rows of one key stand together then. Customers are sorted by their number in the
    order of their ids: a third of the time of sorting texts.
    """
    good, customers, made = (
        f"{view} where verdict is null",
        f"{table}_ids",
        f"{table}_sorted",
    )
    connection.execute(f"drop table if exists {made}")
    connection.execute(f"drop type if exists {customers}")
    connection.execute(
        f"create type {customers} as enum (select distinct customer_id from {good} "
        "and customer_id is not null order by 1)"
    )
    # What is sorted is as narrow as it can be; days keep what may be wrong with them.
    kinds = {c: TABLES[table].columns[c].kind for c in columns}
    cells = ", ".join(
        quoted(c)
        if c == "customer_id" or kind == "date"
        else f"{quoted(c)}::{SQL_TYPES[kind]} as {quoted(c)}"
        for c, kind in kinds.items()
    )
    key = ", ".join(map(quoted, TABLES[table].key))
    connection.execute(
        f"create table {made} as select {cells} from (select * replace "
        f"(customer_id::{customers} as customer_id) from {good}) order by {key}"
    )
    return made


def _set_duplicates_aside(
    connection: duckdb.DuckDBPyConnection,
    view: str,
    table: str,
    columns: list[str],
    *,
    by_key: str | None,
) -> bool:
    """Put rows of one key into ``<table>_twice`` and set them aside; say if any.

    A key that lacks a part, such as a payment without an id, is the whole row. A time
    that was moved onto the grid yields to a reading that stood there. In `by_key`, if
    given, rows of one key are neighbours.
    """
    whole = ", ".join(map(quoted, columns))
    key = [c for c in TABLES[table].key if c in columns]
    keyed = "false"
    if len(key) == len(TABLES[table].key):
        keyed = " and ".join(f"{quoted(c)} is not null" for c in key)
    parts = ", ".join(map(quoted, key)) or "true"
    rest = ", ".join(quoted(c) for c in columns if c not in key) or "true"
    same = f"case when {keyed} then hash({parts}) else hash({whole}) end"
    good = f"from {view} where verdict is null"
    hashes = f"select {same} as h {good} group by h having count(*) > 1"
    if by_key:
        texts = ", ".join(
            f"{quoted(c)}::{_WIDE[TABLES[table].columns[c].kind]}" for c in key
        )
        before = ", ".join(f"lag({quoted(c)}) over ()" for c in key)
        hashes = (
            f"select distinct hash({texts}) as h from (select {parts}, "
            f"({parts}) = ({before}) as again from {by_key}) where again union all "
            f"select hash({whole}) as h {good} and not ({keyed}) "
            "group by h having count(*) > 1"
        )
    connection.execute(f"create or replace temp table {table}_hashes as {hashes}")
    if not _count(connection, f"{table}_hashes"):
        return False
    column = TABLES[table].key[-1] if keyed != "false" else columns[-1]
    connection.execute(
        f"""
        create or replace temp table {table}_twice as
        with alike as (
          select {_place_and_customer(columns)},
            {same} as h, hash({rest}) as said, moved
          from (select *,
                  coalesce(contains(mended, 'off_grid:'), false) as moved
                from {view} where verdict is null)
          where {same} in (select h from {table}_hashes)),
        first as (
          select *, bool_and(moved) over (partition by h) as all_moved from alike),
        told as (
          select *, case
            when moved and not all_moved then 'off_grid'
            when min(said) over same <> max(said) over same then 'conflicting_duplicate'
            when row_number() over (same order by file, line, _piece) > 1
              then 'exact_duplicate' end as rule
          from first
          window same as (partition by h, moved and not all_moved))
        select file, line, _piece, customer_id,
          rule || ':{column}' as verdict
        from told where rule is not null
        """
    )
    connection.execute(f"insert into {table}_aside from {table}_twice")
    return True
