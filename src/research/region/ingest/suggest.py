"""A first draft of mapping.yaml and region.yaml, from what the files themselves say."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import duckdb

from research.region.errors import InputError
from research.region.ingest import drafts, excel
from research.region.ingest.draft_lines import Line
from research.region.ingest.drafts import Draft
from research.region.ingest.first_lines import TitleAbove
from research.region.ingest.sources import Form, Look, load_text, look

ROWS = 200_000
_SUFFIXES = (".csv", ".txt", ".tsv", ".csv.gz", ".txt.gz", ".xlsx", ".xlsm", ".parquet")


@dataclass(frozen=True)
class _Group:
    """Files of one make: same kind, form and columns."""

    paths: tuple[Path, ...]
    look: Look


def suggest(source: Path, region: str) -> str:
    """Draft the mapping file of an export, with a region file in its last comment.

    Parameters
    ----------
    source : Path
        A folder, or one file. At most 200,000 rows of each make of file are read.
    region : str
        Name of the region to be.

    Returns
    -------
    text : str
        YAML of the mapping. What the files do not tell is a comment that begins with
        ``# ?`` and says what to decide; the region file stands at the end, commented.

    Raises
    ------
    InputError
        If there is no file that could be a table.
    """
    paths = _paths(source)
    groups, refused = _groups(paths)
    made = [draft for group in groups for draft in _drafts(group)]
    made.sort(key=lambda draft: (not draft.complete, -draft.rows))
    made = _of_one_width(made)
    lines = [
        "# Draft of mapping.yaml. Look at each line; '# ?' marks what the files do not",
        "# tell. Save it as mapping.yaml beside the files, then run `research import`.",
        "tables:",
    ]
    taken: set[str] = set()
    for draft in made:
        active = draft.complete and draft.table not in taken
        taken |= {draft.table} if active else set()
        if not active:
            why = (
                f"another source of {draft.table}; a table has one"
                if draft.complete
                else "incomplete"
            )
            lines.append(f"  # ? {why}:")
        lines += _block(draft, "  " if active else "  # ")
    if not taken:
        lines[2] = "tables: {}  # ? no file could be told for sure"
    lines += [f"# ? left out: {message}" for message in refused]
    return "\n".join([*lines, "", *_region(region, made)]) + "\n"


def _paths(source: Path) -> list[Path]:
    if not source.exists():
        raise InputError(f"{source}: no such file or folder; name the export.")
    paths = [source]
    if source.is_dir():
        paths = [
            path
            for path in sorted(source.iterdir())
            if path.is_file() and path.name.lower().endswith(_SUFFIXES)
        ]
    if not paths:
        raise InputError(
            f"{source}: no table; wanted files that end in {', '.join(_SUFFIXES)}."
        )
    return paths


def _groups(paths: Sequence[Path]) -> tuple[list[_Group], list[str]]:
    """Files of one make together, and what was refused of the rest."""
    found: dict[tuple, list[tuple[Path, Look]]] = {}
    refused = []
    for path in paths:
        try:
            for seen in _looks(path):
                make = (seen.kind, seen.form, seen.columns)
                found.setdefault(make, []).append((path, seen))
        except InputError as error:
            refused.append(str(error).replace(str(path), path.name))
    groups = [
        _Group(tuple(path for path, _ in files), files[0][1])
        for files in found.values()
    ]
    if not groups:
        raise InputError("no file is a table:\n" + "\n".join(refused))
    return groups, refused


def _looks(path: Path) -> Iterator[Look]:
    """A look at the file, or at each sheet of it."""
    book = path.suffix.lower() in (".xlsx", ".xlsm")
    for sheet in excel.sheets(path) if book else [None]:
        try:
            yield look(path, Form(sheet=sheet))
        except TitleAbove as title:
            yield look(path, Form(sheet=sheet, header_row=title.header_row))


def _drafts(group: _Group) -> list[Draft]:
    with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
        loaded = load_text(connection, group.paths[0], group.look, "rows", rows=ROWS)
        connection.execute("create table source as from rows")
        names = [path.name for path in group.paths]
        return drafts.of_table(connection, names, group.look, loaded.rows)


def _of_one_width(made: list[Draft]) -> list[Draft]:
    """The drafts with the ids of all files as wide as the widest.

    A file of which every id lost its zeros would else name other customers.
    """
    widths = [v for draft in made for key, v, _ in draft.lines if key == "id_width"]
    most = max(widths, default=0)

    def widened(line: Line) -> Line:
        key, width, _ = line
        if key != "id_width" or width == most:
            return line
        return key, most, f"? as in other files; here {width} digits at most"

    return [replace(d, lines=[widened(line) for line in d.lines]) for d in made]


def _block(draft: Draft, indent: str) -> list[str]:
    lines = [f"{indent}{draft.table}:"]
    for key, value, comment in draft.lines:
        note = f"# {comment}" if comment else ""
        text = f"{key}: {flow(value)}  {note}".rstrip() if key else note
        lines.append(f"{indent}  {text}")
    return lines


def flow(value: object) -> str:
    """A value as YAML on one line; text always in quotes.

    Examples
    --------
    >>> flow({"kwh": "power", "codes": ["a", 1]})
    '{kwh: "power", codes: ["a", 1]}'
    """
    if isinstance(value, dict):
        pairs = (f"{_key(key)}: {flow(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII)
    return key if plain else json.dumps(key, ensure_ascii=False)


def _region(region: str, made: Sequence[Draft]) -> list[str]:
    facts = dict(chain.from_iterable(draft.region.items() for draft in reversed(made)))
    minutes = facts.get("minutes")
    known = minutes in (15, 30, 60, 1440)
    ask = "" if known else "  # ? the files do not tell the interval"
    chinese = bool(facts.get("chinese"))
    zone = "Asia/Shanghai" if chinese else "UTC"
    country = "{country: CN}" if chinese else "{}"
    readings = (
        f"{{resolution_minutes: {minutes if known else 60:g}, stamp: start, "
        f"clock: {facts.get('clock', zone)}, unit: kWh}}"
    )
    return [
        "# Draft of region.yaml, to be saved beside mapping.yaml without the '# ':",
        f"# name: {flow(region)}",
        f"# title: {{en: {flow(region)}, zh: {flow('')}}}",
        f"# timezone: {zone}  # ? the civil time that the customers live by",
        '# source: {publisher: "", licence: "", attribution: ""}  # ? whose data',
        f"# readings: {readings}{ask}",
        f"# calendar: {country}  # ? whose holidays",
    ]
