"""What the rows of a loaded table say: intervals, registers, sums, code values.

Everything is asked of DuckDB, over the table that `sources.load_text` made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np

from research.region.ingest.headers import quoted

# Cells looked at to say how a column is written.
N_CELLS = 2_000
# Columns of a wide table of customers whose rows are looked at.
N_CUSTOMERS = 20
STATISTICS = frozenset(
    "total sum mean avg average median std stdev var variance min max count "
    "合计 总计 总和 小计 平均 均值 中位数 标准差 方差 最大 最小 总电量".split()
)


@dataclass(frozen=True)
class Series:
    """Readings as a relation: SQL that gives `id`, `t` and `v`."""

    sql: str


def cells_of(connection: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    """Different cells with text of a column, trimmed, in order of the file."""
    rows = connection.execute(
        f"select trim({quoted(column)}) as cell from source "
        f"where trim({quoted(column)}) <> '' group by cell order by min(line) "
        f"limit {N_CELLS}"
    ).fetchall()
    return [cell for (cell,) in rows]


def counts_of(
    connection: duckdb.DuckDBPyConnection, column: str, most: int = 12
) -> list[tuple[str, int]]:
    """The most frequent cells of a column and how often each stands there."""
    return connection.execute(
        f"select trim({quoted(column)}) as cell, count(*) from source "
        f"where cell <> '' group by cell order by 2 desc, 1 limit {most}"
    ).fetchall()


def time_sql(column: str, form: str) -> str:
    """SQL that reads the times of a column written in `form`, NULL where it can not."""
    cell = f"trim({quoted(column)})"
    if form == "excel":
        return f"(timestamp '1899-12-30' + to_days(1) * try_cast({cell} as double))"
    if form:
        return f"try_strptime({cell}, '{form}')"
    return f"coalesce(try_cast({cell} as timestamp), try_cast({cell} || '-01' as date))"


def number_sql(column: str, decimal: str, thousands: str) -> str:
    """SQL that reads the numbers of a column, NULL where it can not."""
    cell = f"trim({quoted(column)})"
    if thousands:
        cell = f"replace({cell}, '{thousands}', '')"
    if decimal != ".":
        cell = f"replace({cell}, '{decimal}', '.')"
    return f"try_cast({cell} as double)"


def long_series(customer: str | None, time: str, value: str) -> Series:
    """Series of a long table, from SQL for time and value."""
    who = quoted(customer) if customer else "file"
    return Series(f"select {who} as id, {time} as t, {value} as v, line from source")


def wide_series(time: str, customers: Sequence[str], form: tuple[str, str]) -> Series:
    """Series of the first customers of a table with a column for each."""
    some = ", ".join(quoted(name) for name in customers[:N_CUSTOMERS])
    return Series(
        f"select id, {time} as t, {number_sql('v', *form)} as v, line "
        f"from (unpivot source on {some} into name id value v)"
    )


def interval_minutes(
    connection: duckdb.DuckDBPyConnection, series: Series
) -> float | None:
    """Usual minutes from one reading of a customer to the next."""
    found = connection.execute(
        f"select mode(gap) from (select date_diff('second', lag(t) over "
        f"(partition by id order by t), t) as gap from ({series.sql})) where gap > 0"
    ).fetchall()[0][0]
    return found / 60 if found else None


def never_falls(connection: duckdb.DuckDBPyConnection, series: Series) -> bool:
    """Whether every customer's values only rise, as those of a register do."""
    falls, grown, flat = connection.execute(
        f"""
        with steps as (select id, v - lag(v) over (partition by id order by t, line)
                       as step from ({series.sql})),
        customers as (select id, min(step) as low, sum(step) as grown, count(step) as n
                      from steps group by id having n >= 10)
        select count(*) filter (low < 0), count(*) filter (grown > 0),
          count(*) filter (grown = 0) from customers
        """
    ).fetchall()[0]
    return falls == 0 and grown > flat


def first_minutes(
    connection: duckdb.DuckDBPyConnection, series: Series, hours: float
) -> int | None:
    """Usual minute of the day of a customer's first stamp, moved by `hours`."""
    found = connection.execute(
        f"select mode((epoch(t) / 60 + {hours:g} * 60)::bigint % 1440) "
        f"from (select min(t) as t from ({series.sql}) group by id)"
    ).fetchall()[0][0]
    return None if found is None else int(found)


def value_range(
    connection: duckdb.DuckDBPyConnection, series: Series
) -> tuple[float, float]:
    """Lowest and highest value."""
    low, high = connection.execute(
        f"select min(v), max(v) from ({series.sql})"
    ).fetchall()[0]
    return (np.nan, np.nan) if low is None else (low, high)


def repeated_times(connection: duckdb.DuckDBPyConnection, series: Series) -> int:
    """Times that most customers have twice, as a clock that is set back gives."""
    return connection.execute(
        f"""
        with times as (select t, count(*) - count(distinct id) as again,
                         count(distinct id) as customers
                       from ({series.sql}) where t is not null group by t)
        select count(*) from times where again > customers / 2
        """
    ).fetchall()[0][0]


def statistic_columns(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[str],
    form: tuple[str, str],
) -> dict[str, str]:
    """Columns of a wide table that are no customers, and how that is known.

    A column that equals sum or mean of the others in each row is certain; one with
    the name of a statistic is likely.
    """
    named = [name for name in columns if name.casefold() in STATISTICS]
    numbers = ", ".join(number_sql(name, *form) for name in columns)
    rows = connection.execute(f"select {numbers} from source limit 100").fetchall()
    values = np.nan_to_num(np.array(rows, dtype=float).reshape(-1, len(columns)))
    found = dict.fromkeys(named, "named so")
    others = np.array([name not in found for name in columns])
    whole = values[:, others].sum(axis=1)
    for place, name in enumerate(columns):
        column = values[:, place]
        n_rest = others.sum() - others[place]
        if len(values) < 3 or n_rest < 3 or not column.any():
            continue
        total = whole - column if others[place] else whole
        if np.allclose(column, total, rtol=1e-3):
            found[name] = "the sum of the others in each row"
        elif np.allclose(column, total / n_rest, rtol=1e-3):
            found[name] = "the mean of the others in each row"
    return found
