"""Rows in memory, as an import reads those of a file: places, even ids, no future."""

import duckdb
import pandas as pd
import pyarrow as pa

from research.region.ingest import cells, spelling
from research.region.ingest.convert import is_id, later
from research.region.ingest.headers import quoted
from research.region.ingest.layouts import Laid
from research.region.ingest.outcome import Origin
from research.region.schema import TABLES
from research.region.settings import Settings


def read_rows(
    connection: duckdb.DuckDBPyConnection,
    rows: pa.Table,
    table: str,
    settings: Settings,
    *,
    latest: pd.Timestamp | None = None,
) -> tuple[str, Origin]:
    """Read rows in memory as an import would, for `judge_table` and `write_judged`.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Gets the relations that are named by what is returned; those of an earlier
        call for the same table are replaced.
    rows : pyarrow Table
        Columns of `table`, typed.
    table : str
        A table of `TABLES`; rows are told as lines of a file of this name.
    settings : Settings
        `ids.width` fills up the ids of customers.
    latest : Timestamp, optional
        Last day that a row may speak of: a needed time after it can not be.

    Returns
    -------
    read : str
        View of the rows, with what was found on them.
    origin : Origin
        The rows as they came.
    """
    came, names = f"{table}_came", list(rows.column_names)
    line = pa.array(range(1, len(rows) + 1), pa.int64())
    connection.register(f"{table}_given", rows.append_column("line", line))
    connection.execute(
        f"create or replace view {came} as select {cells.listed([table])} as file, "
        f"line, '' as _piece, * exclude (line) from {table}_given"
    )
    laid = Laid(came, came, dict(zip(names, names, strict=True)), 0)
    columns = TABLES[table].columns
    ids = [c for c in names if columns[c].kind == "text" and is_id(columns[c])]
    readings = [_identity(connection, laid, name, settings) for name in ids]
    values = ", ".join(f"{r.value} as {quoted(r.name)}" for r in readings)
    notes = [note for reading in readings for note in reading.notes]
    day = "" if latest is None else f"date '{latest:%Y-%m-%d}'"
    to_come = [
        f"when {later(f'r.{quoted(name)}', columns[name], day)} "
        f"then 'impossible_date:{name}'"
        for name in names
        if day and columns[name].need == "M"
        if columns[name].kind in ("date", "time", "month")
    ]
    verdict = f"case {' '.join(to_come)} end" if to_come else "null::varchar"
    mended = f"nullif(concat_ws(',', {', '.join(notes)}), '')" if notes else "null"
    connection.execute(
        f"create or replace view {table}_read as select r.* "
        f"{f'replace ({values})' if values else ''}, {verdict} as verdict, "
        f"{mended}::varchar as mended from {came} r "
        f"{' '.join(reading.join for reading in readings)}"
    )
    return f"{table}_read", Origin(came, came, laid.names)


def _identity(
    connection: duckdb.DuckDBPyConnection, laid: Laid, name: str, settings: Settings
) -> cells.Reading:
    plain = f"regexp_full_match({quoted(name)}, '{spelling.PLAIN_ID}')"
    odd = connection.sql(
        f"select 1 from {laid.text} where {quoted(name)} <> '' and not {plain} limit 1"
    ).fetchall()
    connection.execute(f"drop table if exists {quoted(f'{laid.text} {name}')}")
    width = settings.ids.width if name == "customer_id" else None
    return cells.identity(connection, laid, name, odd=bool(odd), width=width)
