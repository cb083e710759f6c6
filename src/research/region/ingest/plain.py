"""Rows whose cells need no care, taken in their types while a file is read.

Of the long files of series nearly every row is an id, a time and a figure in the
spelling that everybody uses. Such rows go in their types to a Parquet file, which is
written in a sixth of the time of a table in DuckDB; the others stay text and are looked
at as ever. What a cell is worth is told by the same SQL for both, asked once for each
text that a stretch of the file holds. The text of a row that a rule finds later is read
from its file again.
"""

import glob
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from research.region.ingest import cells, spelling, times
from research.region.ingest.layouts import Source, wanted_columns
from research.region.ingest.mapping import SERIES, TableMapping
from research.region.ingest.rows import Judged
from research.region.schema import TABLES
from research.region.settings import Settings

# Of more odd rows a refusal could speak: then all rows are text.
ODD_SHARE = times.FORM_SHARE / 2
Sift = Callable[[pa.Table], pa.Table]
ID = pa.dictionary(pa.int32(), pa.string())
TIME, FIGURE = pa.timestamp("us"), pa.float64()
ROWS_A_GROUP = 250_000


class NotPlain(Exception):
    """Too many rows need care: the table has to be read as text."""


@dataclass
class Plain:
    """Rows that were taken in their types.

    Attributes
    ----------
    aware : bool
        Whether times carried an offset; they are in UTC.
    files : dict
        Name of a file of the export -> Parquet file of its plain rows: `line` and the
        columns of ours.
    odd : int
        Rows that were left as text.
    filled : dict
        Cells of each column that were not empty.
    """

    aware: bool
    files: dict[str, Path] = field(default_factory=dict)
    odd: int = 0
    filled: dict[str, int] = field(default_factory=dict)


def begin(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    source: Source,
    sample: tuple[tuple[str, ...], ...],
    mapped: TableMapping,
) -> Plain | None:
    """No plain rows so far; None where all rows of such a table need care.

    Parameters
    ----------
    source : Source
        First file of the table.
    sample : tuple of tuple of str
        Its first rows; they tell whether times carry their offset from UTC.
    """
    columns = _columns(table, source, mapped)
    if columns is None:
        return None
    time = SERIES[table]
    place = source.columns.index(columns[time])
    aware = time not in mapped.formats and any(
        _asked(connection, f"regexp_full_match(trim(?), '{times.AWARE}')", row[place])
        for row in sample[:1]
    )
    return Plain(aware)


@contextmanager
def sieve(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    plain: Plain,
    source: Source,
    mapped: TableMapping,
    settings: Settings,
    into: Path,
) -> Iterator[Sift]:
    """A function that takes the plain ones of some rows and gives back the others.

    `into` is the Parquet file of the rows that are taken.

    Raises
    ------
    NotPlain
        By the function: where it has given back too many, or by this call where the
        file lacks a column.
    """
    columns = _columns(table, source, mapped)
    if columns is None:
        raise NotPlain
    asked = {
        ours: _question(table, ours, mapped, settings, aware=plain.aware)
        for ours in columns
    }
    schema = pa.schema([("line", pa.int64()), *((c, _type(table, c)) for c in columns)])
    even = {name: "DELTA_BINARY_PACKED" for name in ("line", SERIES[table])}
    even |= {f.name: "PLAIN" for f in schema if f.type == FIGURE}

    def sift(rows: pa.Table) -> pa.Table:
        good, taken = np.ones(len(rows), dtype=bool), {"line": rows["line"]}
        filled = {}
        for ours, column in columns.items():
            texts = rows[f"c{source.columns.index(column)}"].combine_chunks()
            coded = texts.dictionary_encode()
            worth, is_good, is_filled = _answers(
                connection, asked[ours], coded.dictionary
            )
            codes = coded.indices.to_numpy()
            if not is_good.all():
                good &= is_good[codes]
            filled[ours] = is_filled[codes]
            if worth is not None:
                taken[ours] = worth.take(coded.indices)
            elif is_filled.all():
                taken[ours] = coded
            else:
                empty = pc.equal(texts, "")
                taken[ours] = pc.if_else(empty, None, texts).dictionary_encode()
        found, left = pa.table(taken, schema), rows.slice(0, 0)
        if not good.all():
            found, left = found.filter(pa.array(good)), rows.filter(pa.array(~good))
        plain.odd += len(left)
        for ours, cell in filled.items():
            n = int(np.count_nonzero(cell & good))
            plain.filled[ours] = plain.filled.get(ours, 0) + n
        if plain.odd > ODD_SHARE * min(plain.filled.values()):
            raise NotPlain
        writer.write_table(found, ROWS_A_GROUP)
        return left

    with pq.ParquetWriter(
        into,
        schema,
        compression="none",
        use_dictionary=[f.name for f in schema if f.type == ID],
        column_encoding=even,
        write_statistics=False,
    ) as writer:
        yield sift
    plain.files[source.shown] = into


def rows_of(plain: Plain) -> str:
    """SQL of the plain rows: `file`, `line` and the columns of ours."""
    # A folder may be called [1] or year=2024: neither is a pattern nor a column.
    parts = (
        f"select {cells.listed([shown])} as file, * from read_parquet("
        f"{cells.listed([glob.escape(str(path))])}, hive_partitioning = false)"
        for shown, path in plain.files.items()
    )
    return f"({' union all '.join(parts)})"


def view_of(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    plain: Plain,
    latest: dict[str, date],
    others: str,
    later: Callable[[str, object, str], str],
) -> str:
    """View of the plain rows, and of `others` where some were odd.

    `latest` and `later` tell, as they do for text, which times are to come.
    """
    time, verdict = SERIES[table], "null::varchar"
    if latest:
        days = " ".join(
            f"when {cells.listed([file])} then date '{day}'"
            for file, day in latest.items()
        )
        to_come = later(time, TABLES[table].columns[time], f"case file {days} end")
        verdict = f"case when {to_come} then 'impossible_date:{time}' end"
    rows = (
        f"select *, '' as _piece, {verdict} as verdict, null::varchar as mended "
        f"from {rows_of(plain)}"
    )
    if plain.odd:
        rows += f" union all by name from {others}"
    connection.execute(f"create view {table}_plainly as {rows}")
    return f"{table}_plainly"


def mentioned(connection: duckdb.DuckDBPyConnection, judged: Judged) -> set[str]:
    """Make the table ``<table>_mentioned`` of the places that findings speak of.

    Gives the names of their files.
    """
    connection.execute(
        f"create or replace table {judged.table}_mentioned as "
        f"select distinct file, line from (select file, line from {judged.aside} "
        f"union all select file, line from {judged.notes}) order by line"
    )
    files = connection.sql(f"select distinct file from {judged.table}_mentioned")
    return {file for (file,) in files.fetchall()}


def only_mentioned(
    connection: duckdb.DuckDBPyConnection, table: str, shown: str
) -> Sift:
    """A function that keeps the rows whose places are mentioned."""

    def sift(rows: pa.Table) -> pa.Table:
        lines = rows["line"].to_numpy()
        found = connection.execute(
            f"select line from {table}_mentioned where file = ? "
            "and line between ? and ?",
            [shown, int(lines[0]), int(lines[-1])],
        ).fetchnumpy()
        return rows.filter(pa.array(np.isin(lines, found["line"])))

    return sift


def _columns(table: str, source: Source, mapped: TableMapping) -> dict[str, str] | None:
    """Column of the file of each of ours; None if some are more than a column."""
    if table not in SERIES or mapped.layout != "long" or mapped.where:
        return None
    found = wanted_columns(source, mapped)
    if found is None or SERIES[table] not in found or mapped.constants:
        return None
    return found


def _type(table: str, ours: str) -> pa.DataType:
    column = TABLES[table].columns.get(ours)
    if ours == "meter_id" or (column and column.kind == "text"):
        return ID
    if column and column.kind in ("date", "time"):
        return TIME
    return FIGURE


def _question(
    table: str, ours: str, mapped: TableMapping, settings: Settings, *, aware: bool
) -> tuple[str | None, str, str]:
    """SQL over a text `r.found`: its value, if it is plain, if it is not empty.

    No value: the text itself.
    """
    kind = _type(table, ours)
    if kind == ID:
        plain = f"(r.found = '' or regexp_full_match(r.found, '{spelling.PLAIN_ID}'))"
        width = mapped.id_width or settings.ids.width
        if width and ours == "customer_id":
            short = (
                f"regexp_full_match(r.found, '[0-9]+') and length(r.found) < {width}"
            )
            plain += f" and not ({short})"
        return None, plain, "r.found <> ''"
    filled = "trim(r.found) <> ''"
    if kind == TIME:
        formats = mapped.formats.get(ours)
        value = times.parsed("r.found", formats, aware=aware)
        even = f"regexp_full_match(r.found, '{spelling.PLAIN_CELL}')"
        plain = f"(({value}) is not null and r.found = trim(r.found) and {even})"
        return value, f"({plain} or not {filled})", filled
    column = TABLES[table].columns.get(ours)
    value, wrong = cells.plain_number(
        "r.found", mapped, column.kind if column else "double"
    )
    plain = f"not coalesce({wrong}, false) and strlen(r.found) = length(r.found)"
    if "," not in (mapped.decimal, mapped.thousands):
        plain += " and not contains(r.found, ',')"
    return value, plain, filled


def _answers(
    connection: duckdb.DuckDBPyConnection,
    question: tuple[str | None, str, str],
    texts: pa.Array,
) -> tuple[pa.Array | None, np.ndarray, np.ndarray]:
    value, plain, filled = question
    connection.register("texts", pa.table({"found": texts}))
    told = connection.sql(
        f"select {value or 'null'} as worth, {plain} as good, {filled} as filled "
        "from texts r"
    ).to_arrow_table()
    connection.unregister("texts")
    good, full = (told[c].to_numpy().astype(bool) for c in ("good", "filled"))
    worth = None if value is None else told["worth"].combine_chunks()
    return worth, good, full


def _asked(connection: duckdb.DuckDBPyConnection, sql: str, text: str) -> bool:
    return bool(connection.execute(f"select {sql}", [text]).fetchall()[0][0])
