"""The header line of a text file: whether it is one, and which column is which."""

import csv
import gzip
from pathlib import Path

from research.region.errors import InputError


def names_of(path: Path) -> list[str]:
    """Column names of a csv file, after a look at whether it is one."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            head = file.readline(100_000)
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: a damaged gzip file ({error}).") from None
    start = head.lstrip().lower()
    if not start:
        raise InputError(f"{path}: the file is empty; a header line is wanted.")
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise InputError(
            f"{path}: the bytes are HTML, not csv; was a log-in page saved? "
            "Download the file again."
        )
    if start.startswith(b"version https://git-lfs"):
        raise InputError(f"{path}: a Git LFS pointer, not the data; run git lfs pull.")
    try:
        return next(csv.reader([head.decode("utf-8-sig").rstrip("\r\n")]))
    except UnicodeDecodeError as error:
        raise InputError(f"{path} line 1: not UTF-8 (byte {error.start}).") from None


def columns_of(
    path: Path, known: dict[str, str], wanted: tuple[str, ...]
) -> dict[str, str]:
    """Which column of the file holds each of ours."""
    names = names_of(path)
    ours: dict[str, str] = {}
    for name in names:
        column = known.get(name.strip().lower())
        if column in ours or names.count(name) > 1:
            raise InputError(f"{path} line 1: duplicate column {name.strip()!r}.")
        if column:
            ours[column] = name
    missing = [column for column in wanted if column not in ours]
    if missing:
        spellings = {c: [n for n, to in known.items() if to == c] for c in missing}
        hint = "; ".join(f"{c} ({' or '.join(s)})" for c, s in spellings.items())
        raise InputError(
            f"{path} line 1: missing column {hint}. Found: {', '.join(names)}."
        )
    return ours


def quoted(name: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
