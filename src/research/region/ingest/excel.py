"""Excel sheets as text: each cell as a csv of the sheet would write it."""

import datetime as dt
import re
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from research.region.errors import InputError
from research.region.ingest.first_lines import TitleAbove, refuse_headless, title_lines
from research.region.ingest.headers import MAX_COLUMNS, column_names
from research.region.ingest.streams import MAX_EXPANDED, MAX_RATIO

ROWS_A_STRETCH = 50_000
_FORMULA = re.compile(rb"<(\w+:)?f[ />]")


def look(
    path: Path, sheet: str | None, header_row: int | None, rows: int
) -> tuple[str, int, tuple[str, ...], tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Sheet, line of the header, columns, first rows and notices of an Excel file.

    Raises
    ------
    InputError
        Naming sheet and cell: for a title above the header, a header cell that is
        empty (merged, or of two lines), a formula that Excel never calculated.
    """
    book = _open(path)
    sheet, notices = _sheet(path, book, sheet)
    first = [
        [_text(cell) for cell in row]
        for row in islice(book[sheet].iter_rows(), (header_row or 1) + rows + 20)
    ]
    book.close()
    if not any(any(row) for row in first):
        raise InputError(f"{path}, sheet {sheet!r}: the sheet is empty.")
    if header_row in (None, 1):
        header_row = _header_row(path, sheet, first)
    body = [row for row in first[header_row:] if any(row)]
    if not header_row:
        header = [f"c{n}" for n in range(1, len(first[0]) + 1)]
    else:
        header = first[header_row - 1] if header_row <= len(first) else []
        _refuse_holes(path, sheet, header_row, header, body)
        header = _cut(header, body)
        where = f"{path}, sheet {sheet!r} row {header_row}"
        refuse_headless(where, header, [row[: len(header)] for row in body])
    names, told = column_names(f"{path}, sheet {sheet!r}", header)
    formulas = sum(1 for _ in _formulas(path, sheet))
    if formulas:
        told.append(f"{formulas} formulas, taken as their values")
    notices += [f"{path.name}, sheet {sheet!r}: {notice}" for notice in told]
    sample = tuple(tuple(_fit(row, len(names))) for row in body[:rows])
    return sheet, header_row, tuple(names), sample, tuple(notices)


def stretches(
    path: Path, sheet: str | None, header_row: int, width: int
) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Row numbers and cells below the header, some rows at a time."""
    book = _open(path, values=True)
    sheet, _ = _sheet(path, book, sheet)
    rows = enumerate(book[sheet].iter_rows(min_row=header_row + 1), header_row + 1)
    while stretch := list(islice(rows, ROWS_A_STRETCH)):
        yield (
            [number for number, _ in stretch],
            [_fit([_text(cell) for cell in row], width) for _, row in stretch],
        )
    book.close()


def sheets(path: Path) -> list[str]:
    """Names of the sheets with cells."""
    book = _open(path)
    names = [sheet.title for sheet in book.worksheets]
    book.close()
    return names


def _open(path: Path, *, values: bool = False) -> openpyxl.Workbook:
    try:
        with zipfile.ZipFile(path) as archive:
            expanded = sum(member.file_size for member in archive.infolist())
        if expanded > max(MAX_EXPANDED, MAX_RATIO * path.stat().st_size):
            raise InputError(
                f"{path}: expands to {expanded / 1e6:,.0f} MB, more than "
                f"{MAX_RATIO} : 1; save the sheet as csv."
            )
        book = openpyxl.load_workbook(path, read_only=True, data_only=values)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise InputError(
            f"{path}: not a whole Excel file ({error}); save it again as .xlsx."
        ) from None
    for name in book.sheetnames:
        # A size that the writer noted wrongly would cut the sheet.
        book[name].reset_dimensions()
    return book


def _sheet(
    path: Path, book: openpyxl.Workbook, wanted: str | None
) -> tuple[str, list[str]]:
    names = [sheet.title for sheet in book.worksheets]
    if wanted is not None and wanted not in names:
        raise InputError(
            f"{path}: no sheet {wanted!r}; found: {', '.join(names)}. Say sheet: "
            f"{names[0]!r}."
        )
    if not names:
        raise InputError(f"{path}: the file holds no sheet with cells.")
    notices = []
    if wanted is None and len(names) > 1:
        notices.append(
            f"{path.name}: sheet {names[0]!r} is read; others: {', '.join(names[1:])}"
        )
    return wanted or names[0], notices


def _formulas(path: Path, sheet: str) -> Iterator[str]:
    """Cells with a formula; one that Excel never calculated is refused."""
    if not _any_formula(path):
        return
    book, cached = _open(path), None
    for number, row in enumerate(book[sheet].iter_rows(), start=1):
        found = [place for place, cell in enumerate(row) if cell.data_type == "f"]
        if not found:
            continue
        if cached is None:
            cached = enumerate(_open(path, values=True)[sheet].iter_rows(), start=1)
        values = next(cells for n, cells in cached if n == number)
        for place in found:
            where = f"{get_column_letter(place + 1)}{number}"
            if values[place].value is None:
                raise InputError(
                    f"{path}, sheet {sheet!r} cell {where}: the formula "
                    f"{row[place].value!r:.80} has no value; open and save the file in "
                    "Excel, or paste the values."
                )
            yield where
    book.close()


def _any_formula(path: Path) -> bool:
    """Whether a sheet's XML has a formula: far faster than to read its cells."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/"):
                continue
            with archive.open(name) as sheet:
                end = b""
                while chunk := sheet.read(1_000_000):
                    if _FORMULA.search(end + chunk):
                        return True
                    end = chunk[-20:]
    return False


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        value = (value + dt.timedelta(milliseconds=5)).replace(microsecond=0)
        clock = value.time() != dt.time() or "h" in (cell.number_format or "").lower()
        return value.isoformat(" ") if clock else value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _header_row(path: Path, sheet: str, rows: Sequence[Sequence[str]]) -> int:
    row = next(n for n, cells in enumerate(rows, start=1) if any(cells))
    titles = title_lines(rows[row - 1 :])
    if titles:
        place, title = next((n, c) for n, c in enumerate(rows[row - 1], 1) if c)
        raise TitleAbove(
            f"{path}, sheet {sheet!r} cell {get_column_letter(place)}{row}: "
            f"{title!r:.80} looks like a title over the table, whose header seems to "
            f"be in row {row + titles}; say header_row: {row + titles}.",
            row + titles,
        )
    return row


def _refuse_holes(
    path: Path,
    sheet: str,
    row: int,
    header: Sequence[str],
    body: Sequence[Sequence[str]],
) -> None:
    """Refuse an empty header cell over cells with values: merged, or two lines."""
    for place in range(max(map(len, body), default=0)):
        named = place < len(header) and header[place]
        if not named and any(place < len(cells) and cells[place] for cells in body):
            raise InputError(
                f"{path}, sheet {sheet!r} cell {get_column_letter(place + 1)}{row}: no "
                "name over a column with values; are header cells merged, or is the "
                "header in another row? Name each column, or say header_row."
            )


def _cut(header: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    """The header without empty columns at its end; more than we take is refused."""
    width = max((n for n, name in enumerate(header, start=1) if name), default=0)
    return list(header[: min(width, MAX_COLUMNS + 1)])


def _fit(row: Sequence[str], width: int) -> list[str]:
    return [*row[:width], *[""] * (width - len(row))]
