"""How the cells of one column are read: ids, codes, flags, figures, times.

Nothing is read here. Each function gives the SQL of a value, of the fault of a cell
that has none, and of the notes on a cell that was made even.
"""

from dataclasses import dataclass

import duckdb

from research.region.errors import InputError
from research.region.ingest import spelling, times
from research.region.ingest.headers import quoted
from research.region.ingest.layouts import Laid
from research.region.ingest.mapping import TableMapping
from research.region.schema import Column

NUMBERS = ("int8", "int", "float", "double", "money")
_TRUE = "true t yes y 1 1.0 是 有 √".split()
_FALSE = "false f no n 0 0.0 否 无 ×".split()
_COMMA = r"[+-]?\d{1,3}(\.?\d{3})*,\d+"
_GROUPED = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"
_LIMITS = {"int8": 2**7, "int": 2**31}


@dataclass(frozen=True)
class Reading:
    """How one column is read, as SQL over a row `r` of the text.

    Attributes
    ----------
    name : str
    value : str
    fault : tuple of str, optional
        Rule, and the condition under which a cell has something but no value.
    notes : tuple of str
        Each ``rule:column`` of a cell that was made even, or null.
    join : str
        Join that brings in the spellings or times of the column.
    """

    name: str
    value: str
    fault: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()
    join: str = ""


def free_text(name: str) -> Reading:
    """A text as it stands."""
    return Reading(name, f"nullif(r.{quoted(name)}, '')")


def identity(
    connection: duckdb.DuckDBPyConnection,
    laid: Laid,
    name: str,
    *,
    odd: bool,
    width: int | None,
) -> Reading:
    """An id: text without blanks around it or signs without width.

    Parameters
    ----------
    odd : bool
        Whether some cell is in an odd spelling.
    width : int or None
        Digits that shorter ids of digits are filled up to with zeros.
    """
    cell, changed, join = _evened(connection, laid, name, spelling.PLAIN_ID, odd)
    if width:
        short = f"(regexp_full_match({cell}, '[0-9]+') and length({cell}) < {width})"
        changed = f"({changed} or {short})"
        cell = f"case when {short} then lpad({cell}, {width}, '0') else {cell} end"
    notes = (f"case when {changed} then 'id_spelling:{name}' end",)
    return Reading(
        name, f"nullif({cell}, '')", notes=notes if join or width else (), join=join
    )


def code(
    connection: duckdb.DuckDBPyConnection,
    laid: Laid,
    mapped: TableMapping,
    column: Column,
    *,
    repaired: bool,
) -> Reading:
    """A code, by the mapping's list if it has one; unknown ones by the rule.

    Parameters
    ----------
    repaired : bool
        Whether an unknown code becomes the table's code for that, if it has one.
    """
    name = column.name
    codes = mapped.codes.get(name, {})
    into = f"{laid.text} {name}"
    if not spelling.code_map(connection, laid.text, quoted(name), column, codes, into):
        return Reading(name, "null::varchar")
    alias, join = _joined(into, name)
    lost = f"{alias}.rule = 'unknown_code'"
    if repaired:
        lost += f" and {alias}.now is null"
    note = f"case when {alias}.now is not null then {alias}.rule || ':{name}' end"
    return Reading(name, f"{alias}.now", ("unknown_code", lost), (note,), join)


def flag(mapped: TableMapping, name: str) -> Reading:
    """A flag: yes and no in the usual spellings, or as the mapping lists them."""
    cell = f"lower(trim(r.{quoted(name)}))"
    yes, no = list(_TRUE), list(_FALSE)
    if codes := mapped.codes.get(name):
        yes = [source.lower() for source, ours in codes.items() if ours is True]
        no = [source.lower() for source, ours in codes.items() if ours is False]
    value = (
        f"case when {cell} in ({listed(yes)}) then true "
        f"when {cell} in ({listed(no)}) then false end"
    )
    return Reading(
        name, value, ("unreadable_value", f"{cell} <> '' and ({value}) is null")
    )


def number(
    connection: duckdb.DuckDBPyConnection,
    laid: Laid,
    mapped: TableMapping,
    name: str,
    kind: str,
    *,
    odd: bool,
    commas: bool,
    others: int = 0,
) -> Reading:
    """A figure, with the decimal sign and the thousands that the mapping names.

    Parameters
    ----------
    odd, commas : bool
        Whether some cell has full-width signs; whether some has a comma.
    others : int
        Cells with a figure that are not in the text: a share is of them, too.
    """
    cell, changed, join = _evened(connection, laid, name, spelling.PLAIN_CELL, odd)
    if commas:
        _refuse_commas(connection, laid, mapped, name, others)
    value, wrong = plain_number(cell, mapped, kind)
    fault = ("unreadable_value", wrong)
    notes = (f"case when {changed} then 'spelling:{name}' end",) if join else ()
    return Reading(name, value, fault, notes, join)


def plain_number(cell: str, mapped: TableMapping, kind: str) -> tuple[str, str]:
    """SQL of the figure that a text is, and of whether the text is none."""
    text = f"trim({cell})"
    if mapped.thousands:
        text = f"replace({text}, {listed([mapped.thousands])}, '')"
    if mapped.decimal != ".":
        text = f"replace({text}, {listed([mapped.decimal])}, '.')"
    # DuckDB takes 1_000 for a number.
    value = f"try_cast(case when not contains({text}, '_') then {text} end as double)"
    if kind in _LIMITS:
        whole = f"{value} = round({value}) and abs({value}) < {_LIMITS[kind]}"
        value = f"case when {whole} then {value} end"
    return value, f"trim({cell}) <> '' and ({value}) is null"


def month(laid: Laid, mapped: TableMapping, name: str) -> Reading:
    """A month such as 2025-03, or in the mapping's format."""
    cell = f"r.{quoted(name)}"
    value = times.parsed_month(cell, mapped.formats.get(name))
    return Reading(
        name, value, ("unreadable_stamp", f"trim({cell}) <> '' and ({value}) is null")
    )


def time(
    connection: duckdb.DuckDBPyConnection,
    laid: Laid,
    mapped: TableMapping,
    name: str,
    others: times.Others = times.NO_OTHERS,
) -> tuple[Reading, bool]:
    """A time or date, and whether the column is in UTC by its own offsets.

    `others` are times of the column that are not in the text.
    """
    formats = mapped.formats.get(name)
    if mapped.layout == "slots_in_columns":
        formats = formats or mapped.formats.get("date")
    into = f"{laid.text} {name}"
    aware = times.time_map(
        connection,
        laid.text,
        quoted(name),
        formats,
        into,
        ours=name,
        shown=laid.names[name],
        others=others,
    )
    cell = f"r.{quoted(name)}"
    if times.all_read(connection, quoted(into)):  # no need of a join for each row
        return Reading(name, times.parsed_known(cell, formats, aware=aware)), aware
    alias, join = _joined(into, name)
    odd = f"{alias}.even <> trim({alias}.found)"
    reading = Reading(
        name,
        f"{alias}.value",
        ("unreadable_stamp", f"trim({cell}) <> '' and {alias}.value is null"),
        (f"case when {odd} then 'spelling:{name}' end",),
        join,
    )
    return reading, aware


def listed(texts: list[str]) -> str:
    """Texts as SQL lists them."""
    return ", ".join("'" + t.replace("'", "''") + "'" for t in texts) or "null"


def _joined(into: str, name: str) -> tuple[str, str]:
    """Alias of the map `into` of a column, and the join that brings it in."""
    alias = quoted(f"m {name}")
    return (
        alias,
        f"left join {quoted(into)} as {alias} on {alias}.found = r.{quoted(name)}",
    )


def _evened(
    connection: duckdb.DuckDBPyConnection,
    laid: Laid,
    name: str,
    pattern: str,
    odd: bool,
) -> tuple[str, str, str]:
    """SQL of a cell in its even spelling, of whether it was odd, and the join."""
    cell, into = f"r.{quoted(name)}", f"{laid.text} {name}"
    if not odd or not spelling.spelling_map(
        connection, laid.text, quoted(name), pattern, into
    ):
        return cell, "false", ""
    alias, join = _joined(into, name)
    return f"coalesce({alias}.now, {cell})", f"{alias}.now is not null", join


def _refuse_commas(
    connection: duckdb.DuckDBPyConnection,
    laid: Laid,
    mapped: TableMapping,
    name: str,
    others: int,
) -> None:
    """Refuse a column of figures with a comma that the mapping does not explain."""
    if mapped.decimal == "," or mapped.thousands == ",":
        return
    cell = f"trim({quoted(name)})"
    n, commas, grouped, first = connection.sql(
        f"""
        select count(*), count(*) filter (comma), count(*) filter (grouped),
          min(place) filter (comma or grouped)
        from (select regexp_full_match({cell}, '{_COMMA}') as comma,
                regexp_full_match({cell}, '{_GROUPED}') as grouped,
                struct_pack(line := line, file := file, text := {cell}) as place
              from {laid.text} where {cell} <> '')
        """
    ).fetchall()[0]
    if max(commas, grouped) < times.FORM_SHARE * (n + others):
        return
    # 1,234 is both; one figure such as 1,25 or 1.234,5 settles it.
    offer = 'thousands: ","'
    if commas > grouped:
        offer = 'decimal: "," (and thousands: "." where points part the thousands)'
    raise InputError(
        f"{first['file']} line {first['line']}, column {laid.names[name]}: "
        f"{first['text']:.40} is no number with a decimal point. Set {offer} in the "
        "mapping."
    )
