"""The files of a table into DuckDB: plain rows in their types, the others as text."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import duckdb

from research.region.ingest import layouts, plain
from research.region.ingest.checks import FREE_TEXTS
from research.region.ingest.headers import quoted
from research.region.ingest.mapping import TableMapping
from research.region.ingest.outcome import Origin
from research.region.ingest.rows import Judged
from research.region.ingest.sources import Form, Look, load_text, look
from research.region.ingest.streams import Tell
from research.region.settings import Settings

Say = Callable[[str], None]
SECONDS_BETWEEN = 1.0


class Loaded(NamedTuple):
    """The files of a table: what they are, how many rows, which of them are plain."""

    sources: list[layouts.Source]
    looks: list[Look]
    rows: int
    plain: plain.Plain | None


def load(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    table: str,
    mapped: TableMapping,
    paths: list[Path],
    settings: Settings,
    say: Say,
    work: Path,
) -> Loaded:
    """Load the files of a table; as text alone where too many rows need care.

    Parameters
    ----------
    folder : Path
        Folder of the export, from which files are named.
    work : Path
        Folder for plain rows.
    """
    of = connection, folder, table, mapped, paths, settings, say, work
    try:
        return _load(*of, plainly=True)
    except plain.NotPlain:
        drop(connection, table, work)
        return _load(*of, plainly=False)


def _load(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    table: str,
    mapped: TableMapping,
    paths: list[Path],
    settings: Settings,
    say: Say,
    work: Path,
    *,
    plainly: bool,
) -> Loaded:
    form = Form(
        encoding=mapped.encoding,
        delimiter=mapped.delimiter,
        decimal=mapped.decimal,
        thousands=mapped.thousands,
        header_row=mapped.header_row,
        sheet=mapped.sheet,
    )
    sources, looks, loaded, taken = [], [], 0, None
    for number, path in enumerate(paths):
        what = f"{table}: reading {path.name} ({number + 1} of {len(paths)})"
        say(what)
        seen = look(path, form)
        for notice in seen.notices:
            say(notice)
        shown = path.relative_to(folder).as_posix()
        relation = f"{table}_source_{number}"
        source = layouts.Source(path, relation, seen.columns, shown)
        sifted = nullcontext()
        if plainly and not number:
            taken = plain.begin(connection, table, source, seen.sample, mapped)
        if taken:
            into = work / f"{table}_plain_{number}.parquet"
            sifted = plain.sieve(
                connection, table, taken, source, mapped, settings, into
            )
        with sifted as sift:
            loaded += load_text(
                connection,
                path,
                seen,
                relation,
                texts=_texts(mapped),
                sift=sift,
                tell=_telling(say, what),
            ).rows
        sources.append(source)
        looks.append(seen)
        if left := layouts.not_taken(source, mapped):
            say(f"{table}: columns of {shown} not taken: {', '.join(left)}")
    return Loaded(sources, looks, loaded, taken)


def with_cells(
    connection: duckdb.DuckDBPyConnection,
    judged: Judged,
    loaded: Loaded,
    mapped: TableMapping,
    origin: Origin,
) -> Origin:
    """The origin of judged rows, with the text of those that findings speak of.

    The text of plain rows was not kept: their files are read once more, if there is
    anything to be told.
    """
    told = judged.rows_noted or judged.rows_kept < judged.rows_in
    if not (loaded.plain and told):
        return origin
    table, again = judged.table, []
    files = plain.mentioned(connection, judged)
    for number, (source, seen) in enumerate(
        zip(loaded.sources, loaded.looks, strict=True)
    ):
        if source.shown not in files:
            continue
        relation = f"{table}_again_{number}"
        sift = plain.only_mentioned(connection, table, source.shown)
        load_text(
            connection, source.path, seen, relation, texts=_texts(mapped), sift=sift
        )
        again.append(source._replace(relation=relation))
    laid = layouts.lay_out(connection, f"{table}_again", mapped, again, None, None)
    return origin._replace(text=laid.text, cells=laid.cells)


def drop(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    work: Path,
    *,
    keep_rows: bool = False,
) -> None:
    """Give back the room of a table that is written."""
    made = connection.sql(
        "select table_name from duckdb_tables() where starts_with(table_name, ?)",
        params=[f"{table}_"],
    ).fetchall()
    for (name,) in made:
        if not (keep_rows and name in (f"{table}_rows", f"{table}_twice")):
            connection.execute(f"drop table {quoted(name)}")
    for path in work.glob(f"{table}_plain_*"):
        path.unlink()


def _telling(say: Say, what: str) -> Tell:
    """A function that says, once a second, how much is done and how long is left."""
    began = last = time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN:
            left = (now - began) * (of - done) / done
            say(f"{what}, {done / of:.0%}, {left:.0f} s left")
            last = now

    return tell


def _texts(mapped: TableMapping) -> list[str]:
    """Columns of the file whose cells may be long."""
    return [mapped.columns[c] for c in FREE_TEXTS if c in mapped.columns]
