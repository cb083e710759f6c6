"""The row rules of a table, each a condition in SQL, from its declaration."""

from collections.abc import Iterator
from typing import NamedTuple

from research.region.ingest import private
from research.region.ingest.by_customer import limit_of
from research.region.ingest.headers import quoted
from research.region.schema import TABLES, Column
from research.region.settings import Settings

ENERGY = ("readings", "energy_daily", "energy_monthly")
# No payment and no bill of a single customer comes near it.
MAX_YUAN = 1e9
LONG_TEXT = 10_000
FREE_TEXTS = ("text_zh", "handle_text_zh")
CATCH_ALL = ("unknown", "other")
NUMBERS = ("int8", "int", "float", "double", "money")
# Beyond these, a figure does not fit into its column.
_WIDEST = {"int8": 2**7 - 1, "int": 2**31 - 1, "float": 3e38}
_MONTH = r"\d{4}-(0[1-9]|1[0-2])"


class Check(NamedTuple):
    """A row rule on one column: when it fires, and the value put there instead.

    `value` is None where nothing can stand in its place: the row is set aside then,
    whatever else the rule may do.
    """

    rule: str
    column: str
    condition: str
    value: str | None = None


def checks_of(
    table: str, columns: list[str], settings: Settings, *, special: bool = False
) -> Iterator[Check]:
    """Checks of `table` for the `columns` it has, those of what is missing first.

    Parameters
    ----------
    table : str
    columns : list of str
        Dates are timestamps here and figures doubles: wide enough for any fault.
    settings : Settings
    special : bool
        Whether `rolled_kwh` and `too_high` stand beside the columns, as
        `by_customer.special_rows` gives them.
    """
    declared = [TABLES[table].columns[name] for name in columns]
    for column in declared:
        yield from _missing(column)
    for column in declared:
        if column.kind in ("date", "time", "month"):
            yield from _time(column)
    if table == "readings":
        yield from _off_grid(settings)
    for column in declared:
        if column.kind in NUMBERS:
            yield from _number(column)
        elif column.codes:
            yield _code(column)
    if table in ENERGY:
        yield from _energy(table, settings, special)
    if table == "payments" and settings.reference_date:
        last = f"timestamp '{settings.reference_date}' + interval 1 day"
        yield Check("after_reference_date", "ts", f"ts >= {last}")
    for column in declared:
        if column.kind in _WIDEST:
            too_wide = f"abs({quoted(column.name)}) > {float(_WIDEST[column.kind])!r}"
            yield Check("out_of_bounds", column.name, too_wide, _or_none(column))
        elif column.name in FREE_TEXTS:
            yield from _text(column)


def _is_key(column: Column) -> bool:
    return bool(column.parent) or column.name.endswith("_id")


def _missing(column: Column) -> Iterator[Check]:
    if column.need != "M" or column.name in FREE_TEXTS:
        return
    rule = "unreadable_value"
    if column.kind in ("date", "time", "month"):
        rule = "unreadable_stamp"
    elif column.kind == "text" and _is_key(column):
        rule = "missing_id"
    yield Check(rule, column.name, f"{quoted(column.name)} is null")


def _or_none(column: Column) -> str | None:
    """What stands for a value that can not be: nothing, where that is allowed."""
    return None if column.need == "M" else "null"


def _time(column: Column) -> Iterator[Check]:
    name = quoted(column.name)
    if column.kind == "month":
        wrong = f"not regexp_full_match({name}, '{_MONTH}')"
        yield Check("unreadable_stamp", column.name, wrong, _or_none(column))
        outside = f"{name} not between '1990-01' and '2100-01'"
    else:
        low, high = column.low or "1900-01-01", column.high or "2100-01-01"
        outside = f"{name} not between timestamp '{low}' and timestamp '{high}'"
    yield Check("impossible_date", column.name, outside, _or_none(column))


def _off_grid(settings: Settings) -> Iterator[Check]:
    step = settings.readings.resolution_minutes * 60_000
    yield Check(
        "off_grid",
        "ts",
        f"epoch_ms(ts) % {step} <> 0",
        f"make_timestamp((epoch_ms(ts) - epoch_ms(ts) % {step}) * 1000)",
    )


def _number(column: Column) -> Iterator[Check]:
    name, empty = quoted(column.name), _or_none(column)
    yield Check("unreadable_value", column.name, f"not isfinite({name})", empty)
    bounds = [
        f"{name} {sign} {float(bound)!r}"
        for sign, bound in (("<", column.low), (">", column.high))
        if bound
    ]
    if bounds:
        yield Check("out_of_bounds", column.name, " or ".join(bounds), empty)
    if column.kind == "money":
        yield Check("above_limit", column.name, f"abs({name}) > {MAX_YUAN!r}")


def _code(column: Column) -> Check:
    name = quoted(column.name)
    known = ", ".join(f"'{code}'" for code in column.codes)
    other = next((f"'{code}'" for code in CATCH_ALL if code in column.codes), None)
    return Check("unknown_code", column.name, f"{name} not in ({known})", other)


def _energy(table: str, settings: Settings, special: bool) -> Iterator[Check]:
    above, passed = f"abs(kwh) > {limit_of(table, settings)!r}", ""
    if special:
        above, passed = f"({above} or too_high)", " and rolled_kwh is null"
    if settings.readings is None or not settings.readings.export:
        rolled = "rolled_kwh is not null" if special else "false"
        yield Check("roll_over", "kwh", rolled, "rolled_kwh" if special else "null")
        yield Check("negative", "kwh", f"kwh < 0{passed}")
    yield Check("above_limit", "kwh", f"{above}{passed}")


def _text(column: Column) -> Iterator[Check]:
    name = quoted(column.name)
    if column.need == "M":
        yield Check("empty_text", column.name, f"coalesce(trim({name}), '') = ''")
    yield Check("long_text", column.name, f"length({name}) > {LONG_TEXT}")
    safe = private.masked(name)
    yield Check("private_text", column.name, f"{name} <> {safe}", safe)
