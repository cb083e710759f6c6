"""Rows that only their customer tells: strangers, connections, registers.

A value below zero may be a register that passed its highest figure, and a value above
what the connection carries may be a mistake: both depend on the customer. Few rows are
looked at; they are found by one pass over the highest and lowest value of each.
"""

import duckdb

from research.region.ingest.mapping import SERIES
from research.region.settings import Settings

# Figures at which registers of four, five and six digits start again [kWh].
ROLL_OVER = (10_000, 100_000, 1_000_000)
# A register rolled over if the energy was at most this multiple of the usual one.
MOST_OF_USUAL = 20
# A connection carries a fifth more than its contract says before it trips.
OVERLOAD = 1.2
# What series rules repair is left to them: a month in W for kW, and the energy of a
# silence, which may have begun before its zeros show it.
UNIT_MISTAKE = 1000
LUMP = 2
MAX_KW = 1e6
_HOURS = {"energy_daily": 24, "energy_monthly": 24 * 31}


def hours_of(table: str, settings: Settings) -> float:
    """Hours of energy in a row of `table`."""
    if table == "readings" and settings.readings:
        return settings.readings.resolution_minutes / 60
    return _HOURS.get(table, 1)


def limit_of(table: str, settings: Settings) -> float:
    """Energy of a row that no connection of the region carries [kWh]."""
    readings = settings.readings
    most = readings.max_kw if readings and readings.max_kw else MAX_KW
    return most * hours_of(table, settings)


def strangers(
    connection: duckdb.DuckDBPyConnection, rows: str, table: str, customers: str
) -> str | None:
    """Table of the ids (`strange_id`) that `customers` lacks; None if it lacks none."""
    name = f"{table}_strangers"
    connection.execute(
        f"create or replace table {name} as select distinct customer_id as strange_id "
        f"from {rows} where customer_id is not null "
        f"except select customer_id from {customers}"
    )
    return name if _any(connection, name) else None


def special_rows(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    table: str,
    settings: Settings,
    customers: str | None,
    usual: str | None,
) -> str | None:
    """Table of the rows of a series that rolled over or exceed their connection.

    Parameters
    ----------
    rows : str
        Relation with the columns of `table` and `verdict`.
    table : str
    settings : Settings
    customers : str, optional
        Relation with `customer_id`; with `contract_kva` it limits the energy.
    usual : str, optional
        Relation with `customer_id` and `kwh`, the median of the values above zero;
        reckoned from `rows` by default.

    Returns
    -------
    special : str or None
        Table with `special_id`, `special_at` and `special_kwh`, which name the row,
        `rolled_kwh` (the energy taken, null if no register rolled over), `too_high`.
        None if there is no such row.
    """
    time = SERIES.get(table)
    if time is None:
        return None
    name, hours = f"{table}_special", hours_of(table, settings)
    export = bool(settings.readings and settings.readings.export)
    connection.execute(
        f"create or replace table {table}_watched as select w.*, m.most from ("
        "select customer_id, min(kwh) as low, max(kwh) as high "
        f"from {rows} where verdict is null group by customer_id) w "
        f"left join ({_connections(connection, customers, hours)}) m "
        f"using (customer_id) where high > m.most or {'false' if export else 'low < 0'}"
    )
    if not _any(connection, f"{table}_watched"):
        return None
    usual = usual or (
        f"(select customer_id, median(kwh) as kwh from {rows} semi join "
        f"{table}_watched using (customer_id) where kwh > 0 and verdict is null "
        "group by customer_id)"
    )
    seconds = hours * 3600
    connection.execute(
        f"""
        create or replace table {name} as
        with watched as (
          select w.customer_id, w.most, u.kwh as usual,
            least({MOST_OF_USUAL} * u.kwh, w.most, {limit_of(table, settings)!r})
              as plausible
          from {table}_watched w left join {usual} u using (customer_id)),
        seen as (
          select r.customer_id, r.{time} as stamp, r.kwh, most, usual, plausible,
            count_if(r.kwh > most) over month as n_above, count(*) over month as n,
            (epoch(r.{time}) - epoch(max(case when r.kwh > 0 then r.{time} end) over (
              partition by r.customer_id order by r.{time}
              rows between unbounded preceding and 1 preceding))) / {seconds!r}
              as silence
          from {rows} r join watched using (customer_id) where r.verdict is null
          window month as (
            partition by r.customer_id, date_trunc('month', r.{time})))
        select distinct customer_id as special_id, stamp as special_at,
          kwh as special_kwh, {"null::double" if export else _rolled()} as rolled_kwh,
          kwh > most and not (silence > 1 and kwh <= {LUMP} * most * silence)
            and not (n_above > n / 2 and n > 2 and kwh <= most * {UNIT_MISTAKE})
            as too_high
        from seen where kwh < 0 or kwh > most
        """
    )
    connection.execute(
        f"delete from {name} where rolled_kwh is null and too_high is not true"
    )
    return name if _any(connection, name) else None


def _connections(
    connection: duckdb.DuckDBPyConnection, customers: str | None, hours: float
) -> str:
    """Query of the highest energy of a row of each customer, where a contract says."""
    if customers:
        found = [n for n, *_ in connection.sql(f"describe {customers}").fetchall()]
        if "contract_kva" in found:
            return (
                f"select customer_id, contract_kva * {hours * OVERLOAD!r} as most "
                f"from {customers} where contract_kva > 0"
            )
    return "select null::varchar as customer_id, null::double as most where false"


def _rolled() -> str:
    """SQL of the energy that a register took which passed its highest figure.

    A register that rolls over every few intervals is none: it has to hold more than
    what can be called usual, or any value below zero would fit.
    """
    cases = " ".join(
        f"when {MOST_OF_USUAL} * usual < {figure} and kwh + {figure} >= 0 "
        f"and kwh + {figure} <= plausible then kwh + {figure}"
        for figure in ROLL_OVER
    )
    return f"case when kwh < 0 then case {cases} end end"


def _any(connection: duckdb.DuckDBPyConnection, rows: str) -> bool:
    return bool(connection.sql(f"select 1 from {rows} limit 1").fetchall())
