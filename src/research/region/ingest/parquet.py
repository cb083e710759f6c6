"""Parquet files as text: each typed cell as its csv would write it."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from research.region.errors import InputError
from research.region.ingest.headers import column_names, quoted
from research.region.schema import parquet_schema

ROWS_AT_ONCE = 500_000


def look(
    path: Path, rows: int
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Columns, first `rows` rows as text, and notices of a Parquet file."""
    schema = parquet_schema(path)
    names, told = column_names(str(path), schema.names)
    notices = [f"{path.name}: {notice}" for notice in told]
    for name in schema.names:
        kind = _plain(schema.field(name).type)
        if pa.types.is_nested(kind) or pa.types.is_binary(kind):
            raise InputError(
                f"{path}, column {name!r}: cells are {kind}; a flat table of text, "
                "numbers and times is wanted."
            )
        if pa.types.is_timestamp(kind) and kind.tz:
            notices.append(
                f"{path.name}: stamps of {name!r} know their zone ({kind.tz}); they "
                "are read as UTC"
            )
    with duckdb.connect() as connection:
        make_view(connection, path, tuple(names), "first", rows)
        sample = connection.sql("select * exclude (file, line) from first").fetchall()
    return tuple(names), tuple(sample), tuple(notices)


def make_view(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    names: tuple[str, ...],
    into: str,
    rows: int | None,
) -> int:
    """A view `into` of the file's rows as text, numbered from 1; says how many."""
    schema = parquet_schema(path)
    cells = [
        f"{_as_text(quoted(source), schema.field(source).type)} as {quoted(name)}"
        for source, name in zip(schema.names, names, strict=True)
    ]
    limit = "" if rows is None else f"limit {rows:d}"
    connection.execute(
        f"create view {quoted(into)} as select {_literal(path.name)} as file, "
        f"file_row_number + 1 as line, {', '.join(cells)} from "
        f"read_parquet({_literal(str(path))}, file_row_number = true) {limit}"
    )
    count = pq.read_metadata(path).num_rows
    return count if rows is None else min(rows, count)


def stretches(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    names: tuple[str, ...],
    into: str,
) -> Iterator[pa.RecordBatch]:
    """Rows of a file as text, `line` and c0, c1, ..., some hundred thousand at once."""
    view = f"{into}_view"
    make_view(connection, path, names, view, None)
    rows = connection.cursor().sql(f"select * exclude (file) from {quoted(view)}")
    for batch in rows.to_arrow_reader(ROWS_AT_ONCE):
        yield batch.rename_columns(["line", *(f"c{n}" for n in range(len(names)))])


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _as_text(cell: str, kind: pa.DataType) -> str:
    """SQL of a cell as text; the shortest text that gives a float again."""
    kind = _plain(kind)
    if pa.types.is_timestamp(kind) and kind.tz:
        return f"coalesce(make_timestamp(epoch_us({cell}))::varchar || '+00:00', '')"
    if pa.types.is_floating(kind):
        return f"case when isnan({cell}) then '' else coalesce({cell}::varchar, '') end"
    return f"coalesce({cell}::varchar, '')"
