"""The first lines of a text: delimiter, which line is the header, what is odd."""

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from research.region.errors import InputError

DELIMITERS = (",", ";", "\t", "|")
_LINES = 60
_INTEGER = re.compile(r"[-+]?\d+")
_NUMBER = re.compile(r"[-+]?(\d+[.,]\d*|[.,]\d+|\d+)([eE][-+]?\d+)?")
_DATE = re.compile(
    r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
)
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?")
# A spreadsheet's short way to show a long number: its last digits are lost.
_MANGLED = re.compile(r"\d([.,]\d+)?E\+(0[89]|[1-9]\d)")


class TitleAbove(InputError):
    """A title stands above the header, which seems to be in line `header_row`."""

    def __init__(self, message: str, header_row: int):
        super().__init__(message)
        self.header_row = header_row


def kind_of(cell: str) -> str:
    """What a cell looks like: empty, integer, number, date, stamp, id or word.

    Examples
    --------
    >>> [kind_of(cell) for cell in ("12", "1,5", "2016/9/2", "C1000", "kwh")]
    ['integer', 'number', 'date', 'id', 'word']
    """
    cell = cell.strip()
    if not cell:
        return "empty"
    if _INTEGER.fullmatch(cell):
        return "integer"
    if _NUMBER.fullmatch(cell):
        return "number"
    day, _, clock = cell.replace("T", " ").partition(" ")
    if _DATE.fullmatch(day):
        return "stamp" if clock else "date"
    return "id" if any(sign.isdigit() for sign in cell) else "word"


def first_records(text: str, delimiter: str) -> list[list[str]]:
    """First records of a text, the last possibly cut one left out."""
    reader = csv.reader(io.StringIO(text[:2_000_000], newline=""), delimiter=delimiter)
    records: list[list[str]] = []
    try:
        records.extend(islice(reader, _LINES))
    except csv.Error:  # a cell beyond the reader's limit ends the look
        pass
    return records[:-1] if len(records) > 2 and len(records) < _LINES else records


def delimiter_of(text: str) -> str:
    r"""The sign that cuts most lines into one and the same number of fields.

    Examples
    --------
    >>> delimiter_of("id;kwh\n1;2,5\n2;3,5\n")
    ';'
    """
    best, found = (0.0, 0), ","
    for delimiter in DELIMITERS:
        records = [r for r in first_records(text, delimiter) if any(r)]
        sizes = [len(record) for record in records]
        usual = max(set(sizes), key=sizes.count, default=1)
        if usual > 1:
            score = (sizes.count(usual) / len(sizes), usual)
            best, found = max((best, found), (score, delimiter), key=lambda x: x[0])
    return found


def header_row_of(path: Path, text: str, delimiter: str) -> int:
    """Line of the header: the first, unless empty lines stand above it.

    Raises
    ------
    InputError
        If a title stands above it, or the first line is a row of data.
    """
    records = first_records(text, delimiter)
    row = next((n for n, r in enumerate(records, start=1) if any(r)), 1)
    below = title_lines(records[row - 1 :])
    if below:
        raise TitleAbove(
            f"{path} line {row}: {records[row - 1][0]!r:.80} looks like a title over "
            f"the table, whose header seems to be line {row + below}; say "
            f"header_row: {row + below}.",
            row + below,
        )
    if records:
        refuse_headless(f"{path} line {row}", records[row - 1], records[row:])
    return row


def title_lines(records: Sequence[Sequence[str]]) -> int:
    """How many first records are titles: one cell only, where the table has more.

    Examples
    --------
    >>> title_lines([["March"], ["id", "kwh"], ["1", "2"]])
    1
    """
    filled = [sum(bool(cell.strip()) for cell in record) for record in records[:20]]
    usual = max(set(filled), key=filled.count, default=0)
    if usual < 2:
        return 0
    titles = next((n for n, size in enumerate(filled) if size > 1), 0)
    return titles if filled[titles] >= usual - 1 else 0


def refuse_headless(
    where: str, header: Sequence[str], records: Sequence[Sequence[str]]
) -> None:
    """Refuse a header line whose cells look like those of the rows under it.

    Names such as 1, 2, 3 or dates may head the columns of a wide table: it is no
    header only if each of its cells looks like its column, and not all whole numbers
    differ.
    """
    kinds = [kind_of(cell) for cell in header]
    measured = {"number", "date", "stamp"} & set(kinds)
    whole = [cell for cell in header if kind_of(cell) == "integer"]
    if not measured and (not whole or len(set(whole)) == len(whole) > 2):
        return
    rows = [record for record in records[:20] if len(record) == len(header)]
    if rows and all(
        _alike(kind, kind_of(cell))
        for row in rows
        for kind, cell in zip(kinds, row, strict=True)
    ):
        raise InputError(
            f"{where}: no header: the first line looks like data "
            f"({', '.join(header[:4])!r:.80}). Add a header line, or say header_row: 0 "
            "and call the columns c1, c2, ..."
        )


def _alike(above: str, below: str) -> bool:
    return below in ("empty", above) or {above, below} == {"integer", "number"}


def refuse_mangled(
    path: Path, names: Sequence[str], sample: Sequence[Sequence[str]]
) -> None:
    """Refuse a column whose long numbers a spreadsheet cut to 2.01811E+13."""
    for place, name in enumerate(names):
        cells = [row[place].strip() for row in sample if row[place].strip()]
        cut = [cell for cell in cells if _MANGLED.fullmatch(cell)]
        if cut and len(cut) >= len(cells) / 2:
            raise InputError(
                f"{path}, column {name!r}: {cut[0]!r} was mangled by a spreadsheet, "
                "which keeps 6 digits of a long number; take the original export."
            )
