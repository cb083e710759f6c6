"""Tables of a region's folder: read with their keys checked, asked in SQL, counted."""

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq

from research.region.errors import InputError
from research.region.schema import TABLES, check_table, parquet_schema, parts_of

_TYPES = {
    "text": "varchar",
    "code": "varchar",
    "month": "varchar",
    "bool": "boolean",
    "int8": "tinyint",
    "int": "integer",
    "float": "float",
    "double": "double",
    "money": "double",
    "date": "date",
    "time": "timestamp",
}


def connect(
    folder: Path, *, whole: bool = False, names: Iterable[str] = TABLES
) -> duckdb.DuckDBPyConnection:
    """A connection in which tables of the region `folder` stand by their names.

    Those of `names`: to open all of them takes longer than many a question. With
    `whole` each stands there with every column of the schema: what the region lacks is
    empty or null.
    """
    connection = duckdb.connect()
    for name in names:
        if parts := parts_of(folder, name):
            relation = connection.read_parquet([str(p) for p in parts])
            if whole:
                relation = relation.project(_all_columns(name, relation.columns))
            relation.create_view(name)
        elif whole:
            columns = _all_columns(name, ["true"])
            connection.sql(f"select {columns} where false").create_view(name)
    return connection


def named_in(sql: str) -> list[str]:
    """Tables of the schema whose names occur in a question.

    Examples
    --------
    >>> named_in("select count(*) from BILLS join customers using (customer_id)")
    ['customers', 'bills']
    """
    asked = sql.lower()
    return [name for name in TABLES if name in asked]


def _all_columns(table: str, there: list[str]) -> str:
    absent = [
        f"null::{_TYPES[column.kind]} as {name}"
        for name, column in TABLES[table].columns.items()
        if name not in there
    ]
    return ", ".join(["*" if there != ["true"] else "true as _", *absent])


def read_table(folder: Path, table: str) -> pd.DataFrame:
    """A table of the region `folder`, whole; its key names each row once.

    Raises
    ------
    InputError
        If the table is missing, lacks a column, or two rows share a key.
    """
    check_table(folder, table)
    check_keys(folder, [table])
    parts = [pq.read_table(part).to_pandas() for part in parts_of(folder, table)]
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def check_keys(folder: Path, tables: Iterable[str]) -> None:
    """Refuse a table in which two rows share a key; a row without a key has none.

    Where a table lacks a column of its key, such as payments without a number, nothing
    names a row and nothing is looked for.
    """
    with duckdb.connect() as connection:  # one for all: to open one takes longest
        for table in tables:
            _check_key(connection, folder, table)


def _check_key(connection: duckdb.DuckDBPyConnection, folder: Path, table: str) -> None:
    parts = parts_of(folder, table)
    key = TABLES[table].key
    if not set(key) <= set(parquet_schema(parts[0]).names):
        return
    there = " and ".join(f"{column} is not null" for column in key)
    names, files = ", ".join(key), [str(part) for part in parts]
    repeated = (
        f"select {names}, count(*) as n from read_parquet($files) where {there} "
        "group by all having n > 1"
    )
    where = (  # asked only of what was found: places of all rows would take long
        f"select {names}, filename, list(file_row_number + 1 order by file_row_number) "
        f"as rows, (select sum(n) from ({repeated})) from read_parquet($files, "
        f"file_row_number = true, filename = true) semi join ({repeated}) "
        f"using ({names}) group by all order by filename, rows limit 1"
    )
    values = {"files": files}
    found = connection.execute(f"{repeated} limit 1", values).fetchone()
    if found:
        found = connection.execute(where, values).fetchone()
    if found:
        *values, file, rows, n = found
        named = ", ".join(f"{k} {str(v)!r}" for k, v in zip(key, values, strict=True))
        places = " and ".join(str(row) for row in rows[:2])
        raise InputError(
            f"{file}: rows {places} share {named}; {n} rows are duplicated. Keep one "
            "row of each."
        )


def table_spans(folder: Path) -> pd.DataFrame:
    """Rows, customers, first and last day or month of every table of `folder`."""
    names = ["table", "rows", "customers", "first", "last"]
    with connect(folder) as connection:
        rows = [
            (table, *connection.execute(_span(folder, table)).fetchone())
            for table in TABLES
            if parts_of(folder, table)
        ]
    return pd.DataFrame(rows, columns=names).astype({"customers": "Int64"})


def _span(folder: Path, table: str) -> str:
    there = parquet_schema(parts_of(folder, table)[0]).names
    who = "count(distinct customer_id)" if "customer_id" in there else "null"
    times = [
        name
        for name, column in TABLES[table].columns.items()
        if column.kind in ("date", "time", "month") and name in there
    ]
    # The dates of accounts are no period that the table covers.
    when = times[0] if times and table != "customers" else "''"
    bounds = ", ".join(
        f"coalesce(left({f}({when})::varchar, 10), '')" for f in ("min", "max")
    )
    return f"select count(*), {who}, {bounds} from {table}"
