"""Spellings: ids, numbers and codes as people and tools write them, made even.

Only values that stand there in an odd spelling are looked at one by one, and each of
them once, however many rows it has.
"""

import re
import unicodedata

import duckdb
import pyarrow as pa

from research.region.ingest.headers import quoted
from research.region.schema import Column

# Blanks and signs without width; joiners and marks of direction belong to a text.
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")
PLAIN_ID = "[!-~]([ -~]*[!-~])?"
PLAIN_CELL = "[ -~]*"
# Codes that stand for all those a table does not know.
CATCH_ALL = ("unknown", "other")


def plain(text: str) -> str:
    """`text` with half-width signs, no blanks around it, none without width.

    Examples
    --------
    >>> plain(" Ｃ１００１\u200b\u3000")
    'C1001'
    """
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).strip()


def code_of(text: str, column: Column, codes: dict[str, object]) -> str | None:
    """Our code for a source's `text`; None if neither mapping nor table knows it.

    Parameters
    ----------
    text : str
        In any case and width, blanks around it.
    column : Column
        Its codes are looked at only where `codes` is empty: a mapping that lists
        codes says all of them.
    codes : dict
        Source code -> ours.
    """
    known = codes or {code: code for code in column.codes}
    if text in known:
        return str(known[text])
    even = {plain(source).casefold(): code for source, code in known.items()}
    found = even.get(plain(text).casefold())
    return None if found is None else str(found)


def spelling_map(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    column: str,
    pattern: str,
    into: str,
) -> bool:
    """Make the table `into` (found, now) of odd spellings in `column`, if any."""
    odd = _distinct(
        connection, rows, column, f"not regexp_full_match({column}, '{pattern}')"
    )
    pairs = [(found, plain(found)) for found in odd]
    return _table(connection, [p for p in pairs if p[0] != p[1]], into)


def code_map(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    column: str,
    ours: Column,
    codes: dict[str, object],
    into: str,
) -> bool:
    """Make the table `into` (found, now, rule) of all codes in `column`, if any.

    `rule` is null for a code that stands as the mapping or the table has it.
    """
    known = codes or {code: code for code in ours.codes}
    other = next((code for code in CATCH_ALL if code in ours.codes), None)

    def row(found: str) -> tuple[str, str | None, str | None]:
        now = code_of(found, ours, codes)
        if now is None:
            return found, other, "unknown_code"
        return found, now, None if found in known else "spelling"

    return _table(connection, list(map(row, _distinct(connection, rows, column))), into)


def _distinct(
    connection: duckdb.DuckDBPyConnection, rows: str, column: str, where: str = "true"
) -> list[str]:
    found = connection.sql(
        f"select distinct {column} from {rows} where {column} <> '' and {where}"
    ).fetchall()
    return sorted(text for (text,) in found)


def _table(connection: duckdb.DuckDBPyConnection, rows: list[tuple], into: str) -> bool:
    if not rows:
        return False
    names = ("found", "now", "rule")[: len(rows[0])]
    columns = [pa.array(c, pa.string()) for c in zip(*rows, strict=True)]
    connection.register("spellings", pa.table(columns, names=list(names)))
    connection.execute(f"create table {quoted(into)} as from spellings")
    connection.unregister("spellings")
    return True
