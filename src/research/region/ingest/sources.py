"""Files as they come: what each is, and its rows as text in DuckDB.

A cell of a loaded table is the text that stood in the file, quotes taken off; one
without a value is ``''``. So a csv file, an Excel sheet and a typed Parquet file of
one content give one table. Nothing is converted here and no row is judged. Text files
pass once, chunk by chunk: every byte is checked, rows go to DuckDB by pyarrow's csv
reader, at about 2 million rows a second and in bounded memory. DuckDB's own reader is
twice as fast, but does not say on which line of the file a row stood once it skips one.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute

from research.region.errors import InputError
from research.region.ingest import delimited, excel, parquet
from research.region.ingest.ahead import ahead
from research.region.ingest.headers import header_key, quoted
from research.region.ingest.streams import Tell
from research.region.schema import TABLES

SAMPLE_ROWS = 200
MAX_CELL = 10_000
# Blocks of a file that go to DuckDB together: it takes them at once at twice the speed.
BLOCKS_AT_ONCE = 4
# Columns of free text, in which a cell may be longer than `MAX_CELL`.
LONG_TEXT = frozenset(
    header_key(header)
    for column in ("text_zh", "handle_text_zh")
    for header in (column, *TABLES["tickets"].columns[column].headers)
)


@dataclass(frozen=True)
class Form:
    """How a file is written, as far as it is known; None is found out.

    `header_row` is the line of the header, the first is 1; 0 says that there is none
    and calls the columns c1, c2, ... `decimal` and `thousands` are carried for those
    who convert; text is handed over as it stands.
    """

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    header_row: int | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Look:
    """What a file is: its kind (csv, parquet, xlsx), form, columns and first rows.

    `columns` are clean (see `headers.clean_name`), in file order; `sample` holds up
    to 200 rows of text under them; `notices` tell what was found out or made even.
    """

    kind: str
    form: Form
    columns: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """What went into the tables: rows, ragged lines, and lines without any cell."""

    rows: int
    ragged: int
    blank: int


def look(path: Path, form: Form | None = None) -> Look:
    """What the file `path` is, from its first bytes and rows.

    Parameters
    ----------
    path : Path
    form : Form, optional
        What is known already; it wins over what is found.

    Raises
    ------
    InputError
        If the file is no table: a folder, empty, HTML, a Git LFS pointer, an archive,
        a dump, cut off; if its header is missing, doubled, damaged, under a title, or
        wider than 10,000 columns.
    """
    form = form or Form()
    if path.is_dir():
        raise InputError(f"{path}: it is a folder; a file is wanted here.")
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"PAR1") or path.suffix == ".parquet":
        columns, sample, notices = parquet.look(path, SAMPLE_ROWS)
        return Look("parquet", form, columns, sample, notices)
    if magic.startswith(b"PK\x03\x04") and path.suffix.lower() in (".xlsx", ".xlsm"):
        sheet, row, columns, sample, notices = excel.look(
            path, form.sheet, form.header_row, SAMPLE_ROWS
        )
        form = replace(form, sheet=sheet, header_row=row)
        return Look("xlsx", form, columns, sample, notices)
    found, columns, sample, notices = delimited.look(
        path, form.encoding, form.delimiter, form.header_row, SAMPLE_ROWS
    )
    encoding, delimiter, row = found
    form = replace(form, encoding=encoding, delimiter=delimiter, header_row=row)
    return Look("csv", form, columns, sample, notices)


def load_text(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    form: Look | Form | None,
    into: str,
    *,
    texts: Collection[str] | None = None,
    rows: int | None = None,
    sift: Callable[[pa.Table], pa.Table] | None = None,
    tell: Tell | None = None,
) -> Loaded:
    """Load the rows of a file, every cell as text, into the table or view `into`.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Its memory limit and temporary directory are the caller's choice.
    path : Path
    form : Look or Form, optional
        A look at the file saves another one.
    into : str
        Gets the columns `file` (name), `line` and one VARCHAR for each of
        `Look.columns`. `line` counts records, the first line of the file being 1: it
        is the file's line unless quoted cells hold line ends; rows of Parquet count
        from 1. `<into>_ragged` gets ``file, line, fields, wanted, text`` of each line
        with too many or too few fields. Lines without any cell are no rows.
        A Parquet file becomes a view that casts as it is read: typed cells give the
        text of their csv, stamps with a zone are in UTC and end in ``+00:00``.
    texts : collection of str, optional
        Columns whose cells may be longer than 10,000 characters. Default: those of
        the texts of tickets.
    rows : int, optional
        Stop after about so many rows, for a first look at a large file.
    sift : callable, optional
        Is given rows, `line` and the cells as c0, c1, ..., and gives back those that
        go into the table.
    tell : callable, optional
        Is told how many bytes of a file of text have been read, and how many it has.

    Returns
    -------
    loaded : Loaded

    Raises
    ------
    InputError
        As `look` does, and for a byte that the encoding does not know, a NUL, a last
        line that is cut, a quote that never closes, a cell that is too long.
    """
    found = form if isinstance(form, Look) else look(path, form)
    connection.execute(
        f"create table {quoted(into + '_ragged')} (file varchar, line bigint, "
        "fields integer, wanted integer, text varchar)"
    )
    if found.kind == "parquet" and not sift:
        count = parquet.make_view(connection, path, found.columns, into, rows)
        return Loaded(count, 0, 0)
    names = ", ".join(f"{quoted(name)} varchar" for name in found.columns)
    connection.execute(
        f"create table {quoted(into)} (file varchar, line bigint, {names})"
    )
    if found.kind == "parquet":
        count = 0
        for batch in ahead(parquet.stretches(connection, path, found.columns, into)):
            _insert(connection, path, into, [batch], sift)
            count += len(batch)
        return Loaded(count, 0, 0)
    long = LONG_TEXT if texts is None else {header_key(name) for name in texts}
    checked = [
        place
        for place, name in enumerate(found.columns)
        if header_key(name) not in long
    ]
    stretches = (
        _sheet(path, found) if found.kind == "xlsx" else _text(path, found, tell)
    )
    total = ragged = blank = 0
    held: list[pa.RecordBatch] = []
    for lines, cells, torn in ahead(stretches):
        _refuse_long_cells(path, lines, cells, checked)
        lines, cells, empty = _without_blank(lines, cells)
        held.append(_numbered(lines, cells))
        if len(held) == BLOCKS_AT_ONCE:
            _insert(connection, path, into, held, sift)
            held = []
        _insert_ragged(connection, path, into, torn, len(found.columns))
        total, ragged, blank = total + len(lines), ragged + len(torn), blank + empty
        if rows is not None and total >= rows:
            break
    _insert(connection, path, into, held, sift)
    if ragged and not total:
        first = connection.sql(
            f"from {quoted(into + '_ragged')} order by line limit 1"
        ).fetchall()[0]
        raise InputError(
            f"{path} line {first[1]}: {first[2]} fields where the header has "
            f"{first[3]}, and so has every line; is the delimiter "
            f"{found.form.delimiter!r}, the header in line {found.form.header_row}?"
        )
    return Loaded(total, ragged, blank)


# Lines, cells and ragged lines of one part of a file.
_Stretch = tuple[np.ndarray, pa.RecordBatch, list[delimited.Torn]]


def _text(path: Path, found: Look, tell: Tell | None) -> Iterator[_Stretch]:
    form = found.form
    return delimited.stretches(
        path,
        form.encoding or "utf-8",
        form.delimiter or ",",
        form.header_row or 0,
        len(found.columns),
        tell,
    )


def _sheet(path: Path, found: Look) -> Iterator[_Stretch]:
    form, width = found.form, len(found.columns)
    names = [f"c{n}" for n in range(width)]
    for numbers, rows in excel.stretches(path, form.sheet, form.header_row or 0, width):
        cells = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        yield np.array(numbers), pa.RecordBatch.from_arrays(cells, names), []


def _sizes(column: pa.Array) -> np.ndarray:
    """Bytes of each cell, from the ends that Arrow keeps: no cell is touched."""
    ends = np.frombuffer(column.buffers()[1], np.int32)
    return np.diff(ends[column.offset : column.offset + len(column) + 1])


def _refuse_long_cells(
    path: Path, lines: np.ndarray, cells: pa.RecordBatch, checked: list[int]
) -> None:
    for place in checked if len(lines) else ():
        column = cells.column(place)
        if _sizes(column).max() <= MAX_CELL:
            continue
        length = pa.compute.utf8_length(column).to_numpy(zero_copy_only=False)
        row = int(length.argmax())
        if length[row] > MAX_CELL:
            raise InputError(
                f"{path} line {lines[row]}, column {place + 1}: a cell of "
                f"{length[row]} characters; at most {MAX_CELL} are taken. It begins "
                f"{column[row].as_py()[:80]!r}."
            )


def _without_blank(
    lines: np.ndarray, cells: pa.RecordBatch
) -> tuple[np.ndarray, pa.RecordBatch, int]:
    blank = np.ones(len(lines), dtype=bool)
    for place in range(cells.num_columns if len(lines) else 0):
        blank &= _sizes(cells.column(place)) == 0
        if not blank.any():
            return lines, cells, 0
    return lines[~blank], cells.filter(pa.array(~blank)), int(blank.sum())


def _numbered(lines: np.ndarray, cells: pa.RecordBatch) -> pa.RecordBatch:
    names = ["line", *(f"c{n}" for n in range(cells.num_columns))]
    return pa.RecordBatch.from_arrays([pa.array(lines), *cells.columns], names)


def _insert(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    into: str,
    blocks: list[pa.RecordBatch],
    sift: Callable[[pa.Table], pa.Table] | None,
) -> None:
    if not sum(map(len, blocks)):
        return
    rows = pa.Table.from_batches([block for block in blocks if len(block)])
    if sift:
        rows = sift(rows)
    if len(rows):
        _append(connection, into, "select ?::varchar, * from stretch", rows, path)


def _insert_ragged(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    into: str,
    torn: list[delimited.Torn],
    wanted: int,
) -> None:
    if not torn:
        return
    lines, fields, texts = zip(*torn, strict=True)
    batch = pa.RecordBatch.from_pydict(
        {"line": lines, "fields": fields, "text": [text[:MAX_CELL] for text in texts]}
    )
    query = f"select ?::varchar, line, fields, {wanted}, text from stretch"
    _append(connection, f"{into}_ragged", query, batch, path)


def _append(
    connection: duckdb.DuckDBPyConnection,
    into: str,
    query: str,
    stretch: pa.RecordBatch | pa.Table,
    path: Path,
) -> None:
    connection.register("stretch", stretch)
    connection.execute(f"insert into {quoted(into)} {query}", [path.name])
    connection.unregister("stretch")
