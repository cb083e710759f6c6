"""Delimited text: what a file is, and its rows, stretch by stretch."""

import csv
import io
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from research.region.errors import InputError
from research.region.ingest.first_lines import (
    delimiter_of,
    header_row_of,
    refuse_headless,
    refuse_mangled,
)
from research.region.ingest.headers import (
    MAX_COLUMNS,
    column_names,
    refuse_other_kinds,
)
from research.region.ingest.streams import (
    Body,
    Tell,
    encoding_of,
    raw_chunks,
    text_chunks,
)

HEAD_BYTES = 4_000_000
# A block must hold the longest record.
BLOCK_BYTES = 8_000_000
END_MARK = "\x03end of file\x03"
# Line, number of fields and text of a record of another width than the header's.
Torn = tuple[int, int, str]


def look(
    path: Path,
    encoding: str | None,
    delimiter: str | None,
    header_row: int | None,
    rows: int,
) -> tuple[
    tuple[str, str, int], tuple[str, ...], tuple[tuple[str, ...], ...], tuple[str, ...]
]:
    """Form (encoding, delimiter, header row), columns, first rows and notices.

    What is None is found out. Refuses what `sources.look` says.
    """
    head, whole = _head(path)
    refuse_other_kinds(path, head)
    guess, reason = encoding_of(head, whole)
    notices = [f"{path.name}: {reason}"] if reason and not encoding else []
    encoding = encoding or guess
    text = "".join(_start_of_text(path, encoding))
    _refuse_wide(path, text, whole)
    delimiter = delimiter or delimiter_of(text)
    given = header_row not in (None, 1)
    if not given:
        header_row = header_row_of(path, text, delimiter)
    header, records, _ = _records(text, delimiter, header_row, rows)
    if not header_row:
        header = [f"c{n}" for n in range(1, len(records[0]) + 1)] if records else []
    where = f"{path} line {header_row or 1}"
    header = _with_empty_ends(where, header, records)
    names, told = column_names(where, header)
    sample = tuple(tuple(row) for row in records if len(row) == len(names))[:rows]
    if header_row and given:
        refuse_headless(where, header, sample)
    refuse_mangled(path, names, sample)
    form = (encoding, delimiter, header_row)
    return (
        form,
        tuple(names),
        sample,
        (*notices, *(f"{path.name}: {notice}" for notice in told)),
    )


def stretches(
    path: Path,
    encoding: str,
    delimiter: str,
    header_row: int,
    wanted: int,
    tell: Tell | None = None,
) -> Iterator[tuple[np.ndarray, pa.RecordBatch, list[Torn]]]:
    """Lines, cells and ragged records of a file, a block at a time.

    The whole file is read: bytes that are no text, a last line that is cut and a quote
    that never closes are refused where they stand.
    """
    chunks = text_chunks(path, encoding, tell)
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= HEAD_BYTES:
            break
    text = start[:HEAD_BYTES].decode("utf-8", "ignore")
    above = _records(text, delimiter, header_row, 1)[2] if header_row else 0
    lines = io.StringIO(text, newline="")
    skipped = sum(len(line.encode()) for line in islice(lines, above))
    mark = (END_MARK + delimiter * (wanted - 1) + "\n").encode()
    body = Body(chain([start[skipped:]], chunks), mark)
    torn: list[Torn] = []
    ahead: list[int] = []
    latest: Torn = (0, 0, "")
    last, ended, odd = above, False, False
    try:
        for batch in _csv_reader(body, wanted, delimiter, above, torn):
            now, torn[:] = torn[:], []
            latest = now[-1] if now else latest
            # The reader looks ahead: ragged lines of later batches may be known.
            ahead = [line for line in ahead if line > last] + [line for line, *_ in now]
            numbers = _numbers(last, len(batch), ahead)
            last = int(numbers[-1]) if len(batch) else last
            if len(batch) and batch.column(0)[-1].as_py() == END_MARK:
                ended, numbers = True, numbers[:-1]
                batch = batch.slice(0, len(batch) - 1)
                _refuse_cut(path, body, latest, last - 1, wanted)
            # Without a quote no cell goes over a line.
            odd = odd or (body.quoted and _holds_records(batch, delimiter))
            yield numbers, batch, now
    except pa.ArrowInvalid as error:
        for _ in text_chunks(path, encoding):
            pass  # a bomb or a byte that is no text is the better reason
        raise InputError(
            f"{path} after line {last}: a record longer than {BLOCK_BYTES:,} bytes; is "
            f"a quote opened and never closed? ({error})"
        ) from None
    if not ended:
        raise InputError(
            f"{path} line {last}: a quote is opened here and never closed; the file "
            "looks truncated, or the quote is part of a text and must be doubled."
        )
    if odd:
        _refuse_loose_quote(path, encoding, delimiter)


def _head(path: Path) -> tuple[bytes, bool]:
    """First bytes of a file, and whether they are all.

    One line may not fill them; a packed file without line ends is read on until it
    proves to be a bomb.
    """
    head = b""
    for chunk in raw_chunks(path):
        if len(head) < HEAD_BYTES:
            head += chunk
        if len(head) >= HEAD_BYTES and (b"\n" in head or b"\r" in head):
            return head[:HEAD_BYTES], False
    return head[:HEAD_BYTES], len(head) <= HEAD_BYTES


def _start_of_text(path: Path, encoding: str) -> Iterator[str]:
    size = 0
    for chunk in text_chunks(path, encoding):
        yield chunk[: HEAD_BYTES - size].decode("utf-8", "ignore")
        size += len(chunk)
        if size >= HEAD_BYTES:
            return


def _refuse_wide(path: Path, text: str, whole: bool) -> None:
    if not whole and "\n" not in text and "\r" not in text:
        raise InputError(
            f"{path} line 1: longer than {HEAD_BYTES:,} bytes; the column limit is "
            f"{MAX_COLUMNS:,}. Is it a table?"
        )
    first = text[: text.find("\n")] if "\n" in text else text
    fields = 1 + max(first.count(sign) for sign in ",;\t|")
    if fields > 2 * MAX_COLUMNS:
        raise InputError(
            f"{path} line 1: about {fields:,} columns; the column limit is "
            f"{MAX_COLUMNS:,}. Write the table long, one row a customer and time."
        )


def _records(
    text: str, delimiter: str, header_row: int, rows: int
) -> tuple[list[str], list[list[str]], int]:
    """Header, first records, and how many lines stand above the first record."""
    lines = io.StringIO(text, newline="")
    for _ in range(header_row - 1):
        next(lines, "")
    reader = csv.reader(lines, delimiter=delimiter)
    header: list[str] = []
    records: list[list[str]] = []
    above = 0
    try:
        header = next(reader, []) if header_row else []
        above = max(header_row - 1, 0) + reader.line_num
        for record in islice(reader, rows + 1):
            if any(record):
                records.append(record)
    except csv.Error:  # a cell beyond the reader's limit: loading refuses or takes it
        pass
    if len(records) > rows or (records and not text.endswith(("\n", "\r"))):
        records = records[:-1] or records
    return header, records, above


def _with_empty_ends(
    where: str, header: list[str], records: list[list[str]]
) -> list[str]:
    """The header, made as long as the rows where these only end in empty cells."""
    sizes = {len(record) for record in records}
    if len(sizes) != 1 or (extra := sizes.pop() - len(header)) <= 0:
        return header
    if any(cell for record in records for cell in record[len(header) :]):
        raise InputError(
            f"{where}: {len(header)} names, but every row has {len(header) + extra} "
            "fields; name each column."
        )
    return header + [""] * extra


def _csv_reader(
    body: Body, wanted: int, delimiter: str, above: int, torn: list
) -> pa.csv.CSVStreamingReader:
    """A reader of records; those of another width go to `torn`."""

    def set_aside(row: pa.csv.InvalidRow) -> str:
        torn.append((row.number + above, row.actual_columns, row.text))
        return "skip"

    names = [f"c{n}" for n in range(wanted)]
    return pa.csv.open_csv(
        pa.PythonFile(body, "r"),
        # One thread: only then does a ragged row know its number.
        read_options=pa.csv.ReadOptions(
            column_names=names, block_size=BLOCK_BYTES, use_threads=False
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=set_aside,
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )


def _numbers(last: int, n: int, torn: list[int]) -> np.ndarray:
    """Lines of the next `n` rows after `last`, those of the ragged left out."""
    lines = np.arange(last + 1, last + 1 + n + len(torn))
    return lines[~np.isin(lines, torn)][:n] if torn else lines


def _holds_records(batch: pa.RecordBatch, delimiter: str) -> bool:
    """Whether a cell holds a line with as many delimiters as a record has."""
    for column in batch.columns if batch.num_columns > 1 else ():
        lines = pa.compute.match_substring(column, "\n")
        if not pa.compute.any(lines).as_py():
            continue
        least = batch.num_columns - 1
        for text in column.filter(lines).to_pylist():
            if any(line.count(delimiter) >= least for line in text.split("\n")):
                return True
    return False


def _refuse_loose_quote(path: Path, encoding: str, delimiter: str) -> None:
    r"""Refuse a closing quote that no delimiter follows: rows went into a cell.

    The fast reader takes ``"a\n1,2\n3,"b`` for one cell. A slow one that is strict
    looks again at the rare file with a cell that holds what may be records.
    """
    reader = csv.reader(
        _lines(text_chunks(path, encoding)), delimiter=delimiter, strict=True
    )
    line = 1
    try:
        for _ in reader:
            line = reader.line_num + 1
    except csv.Error as error:
        if "expected after" in str(error):
            raise InputError(
                f"{path} line {line}: a quote that opens here closes in the middle of "
                f"a cell in line {reader.line_num}, {reader.line_num - line} lines "
                "below; double a quote that is part of a text."
            ) from None


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    """Lines of UTF-8 text with their ends."""
    held = b""
    for chunk in chunks:
        *whole, held = (held + chunk).split(b"\n")
        yield from (line.decode() + "\n" for line in whole)
    yield held.decode()


def _refuse_cut(path: Path, body: Body, latest: Torn, last: int, wanted: int) -> None:
    line, fields, _ = latest
    if line == last and fields < wanted and not body.last_line_ended:
        raise InputError(
            f"{path}: last line (row {last}) has {fields} of {wanted} fields: "
            "the file looks truncated. Fetch it again."
        )
