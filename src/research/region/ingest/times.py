"""Times as text into times: ISO, declared formats, Excel serials; refusals.

A form that a person must decide about, such as 05/03/2024 or an Excel serial, is
refused with the key to set; it is never guessed.
"""

from typing import NamedTuple

import duckdb

from research.region.errors import InputError
from research.region.ingest.headers import quoted
from research.region.ingest.spelling import PLAIN_CELL, spelling_map

# The forms that are read without a word in the mapping: the year first.
_YEAR_FIRST = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
_ISO = rf"{_YEAR_FIRST}([ T]{_CLOCK})?"
AWARE = rf"{_YEAR_FIRST}[ T]{_CLOCK} ?(Z|[+-]\d{{2}}(:?\d{{2}})?)"
# Forms that need a word in the mapping, and the words.
FORMS = {
    "year first": (_ISO, "%Y-%m-%d"),
    "day or month first": (rf"\d{{1,2}}/\d{{1,2}}/\d{{2,4}}( {_CLOCK})?", "%d/%m/%Y"),
    "day first": (
        rf"\d{{1,2}}\.\d{{1,2}}\.\d{{2,4}}( {_CLOCK})?",
        "%d.%m.%Y",
    ),
    "year first with dots": (rf"\d{{4}}\.\d{{1,2}}\.\d{{1,2}}( {_CLOCK})?", "%Y.%m.%d"),
    "digits": (r"(19|20)\d{6}(\d{4}|\d{6})?", "%Y%m%d"),
    "Excel serial": (r"[2-7]\d{4}(\.\d+)?", "excel"),
}
_MONTH = r"\d{4}-(0[1-9]|1[0-2])"
# A form is refused from this share of the cells on; below, its rows are set aside.
FORM_SHARE = 0.01
# Days of which a reader may tell whether the day or the month stands first.
SHOWN_DAYS = 3


class Others(NamedTuple):
    """Times of a column that were read already: how many, and whether in UTC."""

    n: int
    aware: bool


NO_OTHERS = Others(0, False)


def parsed(column: str, formats: str | list[str] | None, *, aware: bool) -> str:
    """SQL that reads the text `column` as a timestamp, null where it is none.

    Parameters
    ----------
    column : str
        SQL of the text.
    formats : str, list of str or None
        `strptime` formats, ``excel`` for serial days, None for the year first.
    aware : bool
        Whether the text carries its offset from UTC; the result is in UTC then.
    """
    text = f"trim({column})"
    if formats == "excel":
        # A serial day has ten millionths at best: the nearest second is meant.
        return (
            "timestamp '1899-12-30' + to_seconds("
            f"round(try_cast({text} as double) * 86400)::bigint)"
        )
    if formats:
        listed = [formats] if isinstance(formats, str) else formats
        literal = "[" + ", ".join(f"'{_sql(f)}'" for f in listed) + "]"
        midnight = f"regexp_matches({text}, '24:00(:00(\\.0+)?)?$')"
        return (
            f"case when {midnight} then try_strptime("
            f"replace({text}, '24:00', '00:00'), {literal}) + interval 1 day "
            f"else try_strptime({text}, {literal}) end"
        )
    if aware:
        return (
            f"case when regexp_full_match({text}, '{AWARE}') then "
            f"try_cast({text} as timestamptz) at time zone 'UTC' end"
        )
    return (
        f"case when regexp_full_match({text}, '{_ISO}') "
        f"then try_cast({text} as timestamp) end"
    )


def parsed_known(column: str, formats: str | list[str] | None, *, aware: bool) -> str:
    """SQL of `parsed` for texts that are all known to be times or empty."""
    if formats:
        return parsed(column, formats, aware=aware)
    if aware:
        return f"try_cast({column} as timestamptz) at time zone 'UTC'"
    return f"try_cast({column} as timestamp)"


def all_read(connection: duckdb.DuckDBPyConnection, times: str) -> bool:
    """Whether every text of a map of times is a time in its even spelling."""
    (odd,) = connection.sql(
        f"select count(*) from {times} where value is null or even <> found"
    ).fetchall()[0]
    return not odd


def parsed_month(column: str, formats: str | list[str] | None) -> str:
    """SQL that reads the text `column` as a month such as 2025-03."""
    if formats:
        return f"strftime({parsed(column, formats, aware=False)}, '%Y-%m')"
    text = f"trim({column})"
    return f"case when regexp_full_match({text}, '{_MONTH}') then {text} end"


def time_map(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    column: str,
    formats: str | list[str] | None,
    into: str,
    *,
    ours: str,
    shown: str,
    others: Others = NO_OTHERS,
) -> bool:
    """Make the table `into` of the times in a column: each text once, and its time.

    A year of quarter hours has 35,040 times, however many customers share them.

    Parameters
    ----------
    rows, column : str
        Relation with `file` and `line`, and its column of text.
    into : str
        Gets `found` (the text), `even` (in its even spelling), `value` (timestamp,
        null where it is none), `n` and `line` (the first).
    ours, shown : str
        Our name of the column and that of the file, for messages.
    others : Others
        Times of the column that are not in `rows`; they count where shares are told.

    Returns
    -------
    aware : bool
        Whether the times carry an offset from UTC; `value` is in UTC then.

    Raises
    ------
    InputError
        If some carry an offset and some do not, or the times stand in a form that
        the mapping does not name.
    """
    connection.execute(
        f"create table {quoted(into)} as select {column} as found, "
        f"trim({column}) as even, count(*) as n, min(line) as line "
        f"from {rows} group by {column} having trim({column}) <> ''"
    )
    if spelling_map(connection, quoted(into), "even", PLAIN_CELL, f"{into} odd"):
        connection.execute(
            f"update {quoted(into)} as m set even = odd.now "
            f"from {quoted(f'{into} odd')} as odd where odd.found = m.even"
        )
    aware = formats is None and _carry_offset(connection, quoted(into), shown, others)
    connection.execute(f"alter table {quoted(into)} add column value timestamp")
    connection.execute(
        f"update {quoted(into)} set value = {parsed('even', formats, aware=aware)}"
    )
    _refuse_other_forms(connection, rows, column, quoted(into), ours, shown, others.n)
    return aware


def _carry_offset(
    connection: duckdb.DuckDBPyConnection, times: str, shown: str, others: Others
) -> bool:
    aware, naive = connection.sql(
        f"select coalesce(sum(n) filter (regexp_full_match(even, '{AWARE}')), 0), "
        f"coalesce(sum(n) filter (regexp_full_match(even, '{_ISO}')), 0) from {times}"
    ).fetchall()[0]
    aware += others.n if others.aware else 0
    naive += 0 if others.aware else others.n
    if aware and naive:
        raise InputError(
            f"column {shown}: {aware:,} times carry an offset from UTC and {naive:,} "
            "carry none; write all of them one way."
        )
    return bool(aware)


def _refuse_other_forms(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    column: str,
    times: str,
    ours: str,
    shown: str,
    others: int,
) -> None:
    """Refuse a column whose times stand in a form that is not declared."""
    kinds = " ".join(
        f"when regexp_full_match(even, '{form}') then '{kind}'"
        for kind, (form, _) in FORMS.items()
    )
    found = connection.sql(
        f"""
        select case when value is not null then 'read' {kinds} end as kind, sum(n),
          min(struct_pack(line := line, text := even, found := found))
        from {times} group by kind
        """
    ).fetchall()
    total = others + sum(n for _, n, _ in found)
    firsts = {
        kind: first for kind, n, first in found if kind and n >= total * FORM_SHARE
    }
    strange = [kind for kind in FORMS if kind in firsts]
    if not strange:
        return
    first, kind = firsts[strange[0]], strange[0]
    (file,) = connection.execute(
        f"select min(file) from {rows} where line = ? and {column} = ?",
        [first["line"], first["found"]],
    ).fetchall()[0]
    place = f"{file} line {first['line']}, column {shown}: {first['text']:.40}"
    if kind == "Excel serial":
        raise InputError(
            f"{place} looks like an Excel serial, not a time. Set "
            f"formats: {{{ours}: excel}} in the mapping."
        )
    clock = " %H:%M" if ":" in first["text"] else ""
    form, doubt = FORMS[kind][1], ""
    if kind == "day or month first":
        form, doubt = _day_or_month(connection, times)
    offer = f'formats: {{{ours}: "{form}{clock}"}}{doubt}'
    if "read" in firsts:
        other = firsts["read"]
        raise InputError(
            f"{place} and line {other['line']}: {other['text']:.40} stand in two "
            f"forms. Name the forms in the mapping, a list for several: {offer}."
        )
    raise InputError(
        f"{place} is no time with the year first. Say in the mapping how it is "
        f"written: {offer}."
    )


def _day_or_month(connection: duckdb.DuckDBPyConnection, times: str) -> tuple[str, str]:
    """Format of days such as 05/03/2024, and what is not sure about it.

    A number above 12 is a day. Where there is none the first days of the file are
    told: days that follow one another show a reader which number counts them.
    """
    days = connection.sql(
        f"""
        select regexp_extract(even, '^[0-9/]+') as day,
          split_part(day, '/', 1)::int as one, split_part(day, '/', 2)::int as two,
          length(split_part(day, '/', 3)) as digits, min(line) as first
        from {times} where regexp_full_match(even, '{FORMS["day or month first"][0]}')
        group by all order by first
        """
    ).fetchall()
    year = "%Y" if days[0][3] == 4 else "%y"
    day_first, month_first = f"%d/%m/{year}", f"%m/%d/{year}"
    if any(one > 12 for _, one, *_ in days):
        return day_first, ""
    if any(two > 12 for _, _, two, *_ in days):
        return month_first, ""
    told = [f"{day} (line {line})" for day, one, two, _, line in days if one != two]
    listed = ", ".join(told[:SHOWN_DAYS]) or days[0][0]
    return day_first, (
        f' or "{month_first}": nothing tells whether the day or the month stands '
        f"first in {listed}"
    )


def _sql(text: str) -> str:
    return text.replace("'", "''")
