"""Series of a file into energy of an interval: clocks, registers, units, stamps."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import duckdb

from research.region.errors import InputError
from research.region.ingest import clocks
from research.region.ingest.convert import Typed
from research.region.ingest.headers import quoted
from research.region.ingest.mapping import SERIES, TableMapping
from research.region.ingest.rows import action_of
from research.region.schema import TABLES
from research.region.settings import Settings

DAY = 24 * 60
# What a unit is worth in ours; powers are kilowatts that an interval makes energy.
FACTORS = {
    "Wh": 0.001, "kWh": 1, "MWh": 1000, "kvarh": 1, "Mvarh": 1000, "kVA": 1,
    "MVA": 1000, "yuan": 1, "fen": 0.01, "W": 0.001, "kW": 1, "MW": 1000, "per_unit": 1,
}  # fmt: skip
POWERS = ("W", "kW", "MW", "per_unit")
# Readings of a series that are looked at before it is called a register.
REGISTER_READINGS = 48
REGISTER_SERIES = 50


def interval_minutes(table: str, settings: Settings) -> int | None:
    """Length of the interval of a table of series [min]; None for other tables."""
    if table == "energy_daily":
        return DAY
    return settings.readings.resolution_minutes if table == "readings" else None


def rows_table(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    typed: Typed,
    mapped: TableMapping,
    settings: Settings,
) -> str:
    """Make the table ``<table>_rows``: rows on the clock and in the units of ours.

    Returns
    -------
    rows : str
        `file`, `line`, `_piece`, the columns of `table`, `verdict`, `mended`.

    Raises
    ------
    InputError
        If a clock can not be kept, or the values are those of a register.
    """
    schema, columns = TABLES[table].columns, list(typed.columns)
    view, joined = _on_our_clock(connection, table, typed, mapped, settings)
    register = mapped.value_kind == "register"
    if register:
        view = _differences(connection, table, view, columns, mapped, settings)
    values = [
        f"{_value(table, name, columns, mapped, settings)} as {quoted(name)}"
        for name in columns
        if name in schema
    ]
    mixed = typed.joined or joined or register or mapped.layout != "long"
    kind = "table" if joined or register or not typed.plain else "view"
    with _in_file_order(connection, on_one_thread=mixed):
        connection.execute(
            f"create {kind} {table}_rows as select file, line, _piece, "
            f"{', '.join(values)}, verdict, mended from {view}"
        )
    if table in SERIES and mapped.value_kind is None:
        _refuse_register(connection, table)
    return f"{table}_rows"


@contextmanager
def _in_file_order(
    connection: duckdb.DuckDBPyConnection, *, on_one_thread: bool
) -> Iterator[None]:
    """One thread within: rows to which times and ids are joined stay as they came.

    A sorted file then needs no sort and no search for duplicates; of 58 million rows
    that is half a minute. Rows to which nothing is joined stay so on many threads.
    """
    if not on_one_thread:
        yield
        return
    threads = connection.sql("select current_setting('threads')").fetchall()[0][0]
    connection.execute("set threads = 1")
    try:
        yield
    finally:
        connection.execute(f"set threads = {threads}")


def source_clock(
    table: str, column: str, typed: Typed, mapped: TableMapping, settings: Settings
) -> str:
    """Clock of the times in a column of the file."""
    if column in typed.aware or mapped.utc_offset:
        return "UTC"
    return mapped.clock or _our_clock(table, settings)


def _our_clock(table: str, settings: Settings) -> str:
    return settings.readings.clock if table == "readings" else settings.timezone


def _on_our_clock(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    typed: Typed,
    mapped: TableMapping,
    settings: Settings,
) -> tuple[str, bool]:
    """View with all times on our clock, and whether rows are joined to it."""
    schema, view, target = (
        TABLES[table].columns,
        typed.view,
        _our_clock(table, settings),
    )
    if mapped.layout == "slots_in_columns":
        minutes = interval_minutes(table, settings)
        connection.execute(
            f"create view {table}_slotted as select * replace "
            f"(ts + to_minutes(_slot * {minutes}) as ts) from {view}"
        )
        view = f"{table}_slotted"
    if mapped.utc_offset:
        view = _offsets_noted(connection, table, view, typed.spans["ts"], settings)
    joined = False
    who = tuple(c for c in ("customer_id", "meter_id") if c in typed.columns)
    for name, span in typed.spans.items():
        source = source_clock(table, name, typed, mapped, settings)
        if schema[name].kind == "date" or span[0] is None:
            continue
        if source == target:
            if table == "readings":
                clocks.refuse_doubled(connection, view, name, who, source, span)
            continue
        into = f"{table}_on_clock_{name}"
        joined |= clocks.to_clock(
            connection, view, name, who, source, target, span, into
        )
        view = into
    return view, joined


def _offsets_noted(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    view: str,
    span: tuple[datetime | None, datetime | None],
    settings: Settings,
) -> str:
    """Note the rows whose offset from UTC the region's zone does not have."""
    differs = "false"
    if span[0] is not None:
        differs = clocks.offset_differs("ts", "_offset", settings.timezone, span)
    note = "concat_ws(',', mended, 'utc_offset:ts')"
    connection.execute(
        f"create view {table}_offsets as select * replace "
        f"(case when {differs} then {note} else mended end as mended) from {view}"
    )
    return f"{table}_offsets"


def _differences(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    view: str,
    columns: list[str],
    mapped: TableMapping,
    settings: Settings,
) -> str:
    """Energy between two figures of a register, at the later of the two.

    What passed since the figure before is put down to one interval; after a gap the
    series rule `catch_up` finds it there.
    """
    time = SERIES[table]
    meter = ", meter_id" if "meter_id" in columns else ""
    rolls = "false"
    if mapped.roll_over_at:
        half = mapped.roll_over_at / 2
        rolls = (
            f"step < 0 and earlier > {half} and step + {mapped.roll_over_at} < {half}"
        )
    repaired = action_of("roll_over", settings) == "repair"
    whole = f"(verdict is null and kwh is not null and {time} is not null)"
    connection.execute(
        f"""
        create view {table}_differences as
        with ordered as (
          select *, kwh - lag(kwh) over figures as step,
            lag(kwh) over figures as earlier,
            lag({time}) over figures as earlier_time,
            min({time}) over (partition by customer_id, {whole}) as began
          from {view}
          window figures as (partition by customer_id{meter}, {whole}
            order by {time}, file, line, _piece))
        select * exclude (step, earlier, earlier_time, began) replace (
          case when {rolls} then step + {mapped.roll_over_at or 0} else step end as kwh,
          case when {rolls} then concat_ws(',', mended, 'roll_over:kwh')
            else mended end as mended,
          coalesce(verdict, case
            when customer_id is null then 'missing_id:customer_id'
            when {time} is null then 'unreadable_stamp:{time}'
            when kwh is null then 'unreadable_value:kwh'
            when step is null and {time} > began then 'meter_change:kwh'
            when step is null then 'register_start:kwh'
            when {time} = earlier_time and step = 0 then 'exact_duplicate:{time}'
            when {time} = earlier_time then 'conflicting_duplicate:{time}'
            when {rolls} then {"null" if repaired else "'roll_over:kwh'"}
            when step < 0 then 'meter_change:kwh' end) as verdict)
        from ordered
        """
    )
    return f"{table}_differences"


def _value(
    table: str,
    name: str,
    columns: list[str],
    mapped: TableMapping,
    settings: Settings,
) -> str:
    """SQL of a column in our unit, stamped as region.yaml says."""
    column, minutes = TABLES[table].columns[name], interval_minutes(table, settings)
    if column.kind == "date" or name == SERIES.get(table):
        moved = f"{name}{_shift(table, mapped, settings)}"
        return f"({moved})::{'date' if column.kind == 'date' else 'timestamp'}"
    unit = mapped.units.get(name, column.unit)
    factor = FACTORS.get(unit, 1)
    if column.unit == "kWh" and unit in POWERS:
        factor *= (minutes or DAY) / 60
    sql = quoted(name) if factor == 1 else f"{quoted(name)} * {factor!r}"
    if unit == "per_unit":
        sql += " * _rated" if "_rated" in columns else f" * {mapped.rated!r}"
    return f"{sql} * _ratio" if name == "kwh" and "_ratio" in columns else sql


def _shift(table: str, mapped: TableMapping, settings: Settings) -> str:
    """SQL that moves a stamp of the file to where region.yaml stamps."""
    register = mapped.value_kind == "register"
    if table == "energy_daily":
        # A figure of a register is read at the end of its day unless it is told.
        early = mapped.stamp == ("start" if register else "end")
        return " - interval 1 day" if early else ""
    if table != "readings":
        return ""
    ours = settings.readings.stamp
    theirs = mapped.stamp or ("end" if register else ours)
    if mapped.layout == "slots_in_columns":
        theirs = "start"
    minutes = interval_minutes(table, settings)
    if theirs == ours:
        return ""
    return f" {'-' if theirs == 'end' else '+'} to_minutes({minutes})"


def _refuse_register(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Refuse values that never fall: a register was exported, not energy."""
    time = SERIES[table]
    series, rising, first, last = connection.sql(
        f"""
        select count(*), count(*) filter (falls = 0), min(low), max(high) from (
          select count(*) filter (kwh < before) as falls, count(*) as n,
            min(kwh) as low, max(kwh) as high
          from (select *, lag(kwh) over (partition by customer_id order by {time})
                  as before
                from {table}_rows where verdict is null and customer_id in (
                  select distinct customer_id from {table}_rows
                  order by 1 limit {REGISTER_SERIES}))
          group by customer_id
          having n >= {REGISTER_READINGS} and low < high)
        """
    ).fetchall()[0]
    if series and rising == series:
        raise InputError(
            f"{table}, column kwh: every series of {series} looked at never falls "
            f"(from {first:g} to {last:g}): it looks like a register, not like energy "
            "of an interval. Set value_kind: register in the mapping, or value_kind: "
            "interval if it is right as it is."
        )
