"""The header of a file: whether it is one, and which column is which."""

import csv
import gzip
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from research.region.errors import InputError

MAX_COLUMNS = 10_000
# Columns that every loaded table has before those of its source.
PLACE = ("file", "line")
# Signs that no one sees and that make two headers differ: zero-width, BOM, soft hyphen.
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
# What Chinese becomes when damaged bytes are saved as UTF-8 and read as GBK.
_DAMAGED = ("\ufffd", "锟斤拷")


def names_of(path: Path) -> list[str]:
    """Column names of a csv file, after a look at whether it is one."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            head = file.readline(100_000)
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: a damaged gzip file ({error}).") from None
    refuse_other_kinds(path, head)
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


def clean_name(name: str) -> str:
    """A header as we write it: NFKC, no invisible signs, no blanks around it.

    Examples
    --------
    >>> clean_name(" 缴费金额（元） ")
    '缴费金额(元)'
    """
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", name))
    return " ".join(plain.split())


def header_key(name: str) -> str:
    """What two spellings of one header have in common: clean and case-folded.

    Examples
    --------
    >>> header_key(" Customer_ID ") == header_key("customer_id")
    True
    """
    return clean_name(name).casefold()


def column_names(where: str, found: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of the columns under a header line, and what a reader is told of them.

    Parameters
    ----------
    where : str
        File and line, for messages.
    found : sequence of str
        Cells of the header line as they came.

    Returns
    -------
    names : list of str
        By `clean_name`. A column without a name is called ``c1``, ``c2``, ... by its
        place; one called file or line gets an underscore, for those two are ours.
    notices : list of str

    Raises
    ------
    InputError
        If a name stands twice, whatever its case, or was damaged by an earlier tool.
    """
    if len(found) > MAX_COLUMNS:
        raise InputError(
            f"{where}: {len(found):,} columns; the column limit is {MAX_COLUMNS:,}. "
            "Write the table long, one row a customer and time."
        )
    refuse_mojibake(where, found)
    names, notices = [clean_name(name) for name in found], []
    changed = [f"{a!r}" for a, b in zip(found, names, strict=True) if a != b]
    if changed:
        notices.append(f"headers trimmed and normalised: {', '.join(changed[:8])}")
    for place, name in enumerate(names, start=1):
        if not name:
            names[place - 1] = f"c{place}"
            notices.append(f"column {place} has no name; called c{place}")
        elif name.casefold() in PLACE:
            names[place - 1] = f"{name}_"
            notices.append(f"column {name!r} is called {name + '_'!r}")
    times = Counter(name.casefold() for name in names)
    twice = [name for name in names if times[name.casefold()] > 1]
    if twice:
        raise InputError(
            f"{where}: duplicate column name {twice[0]!r} ({', '.join(twice[:8])}); "
            "rename or remove all but one."
        )
    return names, notices


def refuse_mojibake(where: str, names: Sequence[str]) -> None:
    """Refuse headers that an earlier tool read in the wrong encoding and saved."""
    for name in names:
        damaged = any(sign in name for sign in _DAMAGED)
        meant = "" if damaged else _misread(name)
        if damaged or meant:
            guess = f" (once {meant!r}?)" if meant else ""
            raise InputError(
                f"{where}: mojibake in the header: {name!r:.80}{guess}. The "
                "file was damaged by an earlier tool that read it in the wrong "
                "encoding; fetch it again."
            )


def _misread(name: str) -> str:
    """What a name was before its UTF-8 bytes were taken for GBK or Latin, or ''."""
    if name.isascii():
        return ""
    for encoding in ("gb18030", "cp1252"):
        try:
            meant = name.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        if sum("\u4e00" <= sign <= "\u9fff" for sign in meant) > 1 or (
            encoding == "cp1252" and meant != name
        ):
            return meant
    return ""


# First bytes of what is no table of text, and what to do about it.
_KINDS = {
    b"PK\x03\x04": "a zip archive; unpack it first (an Excel file must end in .xlsx)",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it first",
    b"Rar!": "a rar archive; unpack it first",
    b"BZh": "a bzip2 file; unpack it first",
    b"\xfd7zXZ": "an xz file; unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd file; unpack it first",
    b"\xd0\xcf\x11\xe0": "an old Excel file or an encrypted one; save it as .xlsx",
    b"%PDF": "a PDF; export the table itself",
    b"SQLite format 3": "an SQLite database; export its table as csv",
    b"RDX3": "an R data file; export the table as csv",
}
_DUMP = re.compile(
    rb"--.{0,80}dump|(create table|insert into|drop table|pragma |begin;|set names)\W",
    re.IGNORECASE,
)


def refuse_other_kinds(path: Path, head: bytes) -> None:
    """Refuse a file whose first bytes show that it holds no table of text."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if not start:
        raise InputError(f"{path}: the file is empty; a header line is wanted.")
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<")):
        raise InputError(
            f"{path}: the bytes are HTML or XML, not csv; was a log-in page (html) "
            "saved? Download the file again."
        )
    if start.startswith(b"version https://git-lfs"):
        raise InputError(f"{path}: a Git LFS pointer, not the data; run git lfs pull.")
    for magic, kind in _KINDS.items():
        if head.startswith(magic):
            raise InputError(f"{path}: {kind}.")
    if _DUMP.match(start):
        raise InputError(f"{path}: an SQL dump, not csv; export the table as csv.")
    if start.startswith((b"{", b"[{", b"[[")):
        raise InputError(f"{path}: JSON, not csv; export the table as csv.")
