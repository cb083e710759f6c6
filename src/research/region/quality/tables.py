"""Rules between tables: every query asked of a region, and what it finds."""

from pathlib import Path

import duckdb
import pandas as pd

from research.region.grids import DAY
from research.region.quality.actions import done_about
from research.region.quality.queries import Query, queries
from research.region.rules import TABLE_RULES
from research.region.schema import TABLES, parquet_schema, parts_of
from research.region.settings import Settings
from research.region.tables import connect

_LONGEST_EXAMPLE = 80
# Sums that several rules ask for; each is made once, from what the first name needs.
_INTERVAL_DAYS = """
create temp table interval_days as
select customer_id, {ts}::date as date, count(*) as n, sum(kwh::double) as kwh,
  sum(kwh) filter ({ts} = date_trunc('day', {ts})) as first,
  sum(kwh) filter ({ts} + interval {minutes} minute
    = date_trunc('day', {ts}) + interval 1 day) as last
from readings group by all
"""
# A day or month a thousand times its counterpart, or the other way round, is another
# rule's (unit_shift): it is compared in one unit here.
_COMPARED_DAYS = """
create temp table compared_days as
select customer_id, date, kwh / interval_unit as kwh, first / interval_unit as first,
  last / interval_unit as last, daily / daily_unit as daily
from (
  select i.*, d.kwh::double as daily,
    if(d.kwh > 0 and i.kwh / d.kwh between 700 and 1400, 1000, 1) as interval_unit,
    if(i.kwh > 0 and d.kwh / i.kwh between 700 and 1400, 1000, 1) as daily_unit
  from interval_days i join energy_daily d using (customer_id, date)
  where i.n = {slots} and d.kwh is not null)
"""
# The day's sum with its bounds moved by one interval: back takes the first interval
# of the next day for the last of its own, forth the other way round.
_COMPARED_MONTHS = """
create temp table compared_months as
with moved as (
  select *, kwh - first + lead(first) over day as later,
    kwh - last + lag(last) over day as earlier,
    lead(date) over day - date = 1 and date - lag(date) over day = 1 as whole
  from compared_days window day as (partition by customer_id order by date))
select customer_id, date_trunc('month', date) as month, sum(daily) as kwh,
  sum(abs(kwh - daily)) as here, sum(abs(later - daily)) as back,
  sum(abs(earlier - daily)) as forth
from moved where whole group by all having count(*) >= 5 and sum(daily) > 0
"""
_SHIFTED_MONTHS = """
create temp table shifted_months as select * from compared_months
where here > 0.0002 * kwh and least(back, forth) < 0.2 * here
"""
_DAYS_OF_MONTHS = """
create temp table days_of_months as
select customer_id, 12 * year(date) + month(date) - 1 as month, sum(kwh::double) as kwh
from {days} group by all having count(kwh) = day(last_day(any_value(date)))
"""
_BILLED_MONTHS = """
create temp table billed_months as
with billed as (
  select customer_id, 12 * left(ym, 4)::int + right(ym, 2)::int - 1 as month,
    sum(kwh) as billed, min(bill_id) as bill_id from bills
  where kwh is not null and coalesce(status, '') not in ('cancelled', 'corrected')
    and regexp_matches(ym, '^[0-9]{{4}}-[0-9]{{2}}$') group by all)
select b.*, if(billed > 0 and d.kwh / billed between 700 and 1400, d.kwh / 1000,
    d.kwh) as kwh, d.kwh + back.kwh as two_back, d.kwh + forth.kwh as two_on
from billed b join days_of_months d using (customer_id, month)
left join days_of_months back
  on back.customer_id = b.customer_id and back.month = b.month - 1
left join days_of_months forth
  on forth.customer_id = b.customer_id and forth.month = b.month + 1
"""
_BALANCES = """
create temp table balances as
select * from (select customer_id, date, balance_yuan, cost_yuan, topup_yuan,
  lag(balance_yuan) over day as was, date - lag(date) over day as days
  from balance_daily window day as (partition by customer_id order by date))
where days = 1 and balance_yuan is not null and was is not null
"""


def table_findings(folder: Path, settings: Settings) -> pd.DataFrame:
    """Ask every table rule of the region `folder`; those that do not apply are absent.

    Returns
    -------
    findings : DataFrame
        `rule`, `table`, `rows`, `customers`, `share` (of the rows looked at, which
        are months or customers where the rule speaks of those), `action`,
        `looks_for`, `example`: the first row found, as table, key, column, value.
    """
    with connect(folder, whole=True) as connection:
        asked = _asked(connection, folder, settings)
        rows = [
            (*of, *_counted(connection, of[1], some, settings))
            for of, some in asked.items()
        ]
    columns = ["rule", "table", "rows", "customers", "share", "example"]
    found = pd.DataFrame(rows, columns=columns)
    rules = found["rule"]
    found.insert(5, "action", [done_about(r, settings.quality) for r in rules])
    found.insert(6, "looks_for", [TABLE_RULES[r].looks_for for r in rules])
    kinds = {"rows": "int64", "customers": "int64", "share": "float64"}
    return found.astype(kinds)


def table_hits(folder: Path, settings: Settings) -> pd.DataFrame:
    """Every row that a table rule finds in the region `folder`.

    Returns
    -------
    hits : DataFrame
        `rule`, `table`, `row` (its key as text, the parts with a blank between),
        `customer_id` (missing where the table has none), `column`, `value`. A row
        that two columns betray stands there twice.
    """
    parts = []
    with connect(folder, whole=True) as connection:
        for (rule, table), some in _asked(connection, folder, settings).items():
            hits = connection.execute(_hits(some, settings)).df()
            hits = hits.rename(columns={"col": "column"})
            parts.append(hits.assign(rule=rule, table=table))
    columns = ["rule", "table", "row", "customer_id", "column", "value"]
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=columns, dtype="str")
    return pd.concat(parts, ignore_index=True)[columns].astype("str")


def _asked(
    connection: duckdb.DuckDBPyConnection, folder: Path, settings: Settings
) -> dict[tuple[str, str], list[Query]]:
    """Queries that apply to a region, by rule and table in the order of the rules."""
    there = _there(folder)
    there |= _sums(connection, there, settings)
    asked: dict[tuple[str, str], list[Query]] = {}
    for query in sorted(queries(), key=lambda q: list(TABLE_RULES).index(q.rule)):
        if there.issuperset(query.needs):
            asked.setdefault((query.rule, query.table), []).append(query)
    return asked


def _hits(some: list[Query], settings: Settings) -> str:
    """SQL of what queries of one rule and table find."""
    parts = (query.hits.format(ts=_start_of(settings)) for query in some)
    return " union all by name ".join(f"select * from ({part})" for part in parts)


def _there(folder: Path) -> set[str]:
    """Tables of the region, and their columns as ``bills.kwh``."""
    there = set()
    for name in TABLES:
        if parts := parts_of(folder, name):
            there.add(name)
            there.update(f"{name}.{c}" for c in parquet_schema(parts[0]).names)
    return there


def _sums(
    connection: duckdb.DuckDBPyConnection, there: set[str], settings: Settings
) -> set[str]:
    """Make the sums that rules share, where their tables are; names of those made."""
    made = set()
    readings = settings.readings
    if (
        "readings" in there
        and readings.resolution_minutes < DAY
        and readings.clock == settings.timezone  # else no day of theirs is a day here
    ):
        minutes = readings.resolution_minutes
        values = {
            "ts": _start_of(settings),
            "minutes": minutes,
            "slots": DAY // minutes,
        }
        connection.execute(_INTERVAL_DAYS.format(**values))
        made.add("interval_days")
        if "energy_daily" in there:
            connection.execute(_COMPARED_DAYS.format(**values))
            connection.execute(_COMPARED_MONTHS)
            connection.execute(_SHIFTED_MONTHS)
    if "energy_daily" in there:
        days = "energy_daily"
    elif "interval_days" in made:
        days = f"(select * from interval_days where n = {values['slots']})"
    elif "readings" in there and readings.resolution_minutes == DAY:
        days = f"(select customer_id, {_start_of(settings)}::date as date, kwh "
        days += "from readings)"
    else:
        days = ""
    if days and "bills.kwh" in there:
        connection.execute(_DAYS_OF_MONTHS.format(days=days))
        connection.execute(_BILLED_MONTHS.format())
        made.add("days_of_months")
    if there.issuperset({"balance_daily.cost_yuan", "balance_daily.topup_yuan"}):
        connection.execute(_BALANCES)
    return made


def _start_of(settings: Settings) -> str:
    """SQL for the start of an interval of `readings`."""
    readings = settings.readings
    if readings is None or readings.stamp == "start":
        return "ts"
    return f"(ts - interval {readings.resolution_minutes} minute)"


def _counted(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    some: list[Query],
    settings: Settings,
) -> tuple[int, int, float, str]:
    """Rows and customers found, their share of what was looked at, the first."""
    rows, customers, row, column, value = connection.execute(
        "select count(*), count(distinct customer_id), min(row), "
        f"arg_min(col, row), arg_min(value, row) from ({_hits(some, settings)})"
    ).fetchone()
    looked_at = max(
        connection.execute(f"select count(*) from {query.looked_at}").fetchone()[0]
        for query in some
    )
    example = f"{table} {row} {column} {value}" if rows else ""
    share = rows / max(looked_at, 1)
    return rows, customers, share, example[:_LONGEST_EXAMPLE].strip()
