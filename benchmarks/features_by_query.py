"""The table of load features as queries, by Polars and by DuckDB.

Both take one file of readings and give the columns of `features.load.table`.
"""

import numpy as np
import pandas as pd

N_DAYS, N_SLOTS, LEAST = 365, 96, 90
# Of readings that tie the first of the day is the highest: far less than a last digit.
TINY = 1e-8
WINDOWS = {
    "night": (22, 6),
    "morning": (6, 10),
    "midday": (10, 17),
    "evening": (17, 22),
}


def polars_features(path: str, days: pd.DataFrame, peak: pd.DataFrame) -> pd.DataFrame:
    """By Polars; readings are streamed where its engine can."""
    import polars as pl

    who, each_day, power = "customer_id", ["customer_id", "day"], pl.col("power")
    minute = pl.col("ts").dt.hour().cast(pl.Int16) * 60 + pl.col("ts").dt.minute()
    rows = (
        pl.scan_parquet(path)
        .select(
            who,
            "ts",
            power=pl.col("kwh").cast(pl.Float64) * (N_SLOTS / 24),
            day=pl.col("ts").dt.date(),
            minute=minute,
        )
        .collect(engine="streaming")
        .lazy()
    )
    follows = (
        (pl.col("minute").diff() == 1440 // N_SLOTS)
        & (pl.col("day") == pl.col("day").shift())
        & (pl.col(who) == pl.col(who).shift())
    )
    inside = {
        name: pl.when(_within(pl.col("minute"), 60 * begin, 60 * end))
        .then(power)
        .otherwise(0)
        for name, (begin, end) in WINDOWS.items()
    }
    daily = (
        rows.with_columns(
            step=pl.when(follows).then(power.diff().abs()),
            xlogx=pl.when(power > 0).then(power * power.log()).otherwise(0),
            **inside,
        )
        .group_by(each_day)
        .agg(
            pl.col("xlogx", *inside).sum(),
            n=pl.len(),
            total=power.sum(),
            high=power.max(),
            low=power.min(),
            mean_step=pl.col("step").mean(),
            high_step=pl.col("step").max(),
            peak=pl.col("minute").max_by(power - pl.col("minute") * TINY),
            valley=pl.col("minute").min_by(power + pl.col("minute") * TINY),
        )
        .collect(engine="streaming")
    )
    readings = daily.group_by(who).agg(readings=pl.col("n").sum())
    daily = daily.filter(pl.col("n") >= LEAST)
    complete = daily.select(each_day).lazy()
    good = rows.join(complete, on=each_day, how="semi")
    good = good.collect(engine="streaming").lazy()
    del rows
    typical = good.group_by(who, "minute").agg(r=power.mean())
    variability = (
        good.join(typical, on=[who, "minute"])
        .group_by(each_day)
        .agg(error=((power - pl.col("r")) ** 2).sum(), size=(pl.col("r") ** 2).sum())
        .group_by(who)
        .agg(day_to_day_variability=(pl.col("error") / pl.col("size")).mean())
        .collect(engine="streaming")
    )
    times = pl.from_pandas(peak)["ts"].implode()
    overall = (
        good.with_columns(at_peak=pl.when(pl.col("ts").is_in(times)).then(power))
        .group_by(who)
        .agg(
            mean_power=power.mean(),
            base_load=power.quantile(0.05, "linear"),
            highest=power.max(),
            area_peak_load=pl.col("at_peak").mean(),
        )
        .collect(engine="streaming")
    )
    kinds = pl.from_pandas(days).with_columns(pl.col("day").cast(pl.Date))
    mean, energy = pl.col("total") / pl.col("n"), pl.col("energy")
    daily = daily.with_columns(energy=24 * mean).join(kinds, on="day")
    changes = pl.col("high") > pl.col("low")

    def of(condition):
        return energy.filter(condition).mean()

    def hour_of(column):
        angle = (pl.col(column) * (np.pi / 720)).filter(changes)
        return pl.arctan2(angle.sin().mean(), angle.cos().mean()) * (12 / np.pi) % 24

    entropy = (pl.col("total").log() - pl.col("xlogx") / pl.col("total")) / np.log(
        N_SLOTS
    )
    median = energy.median()
    table = daily.group_by(who).agg(
        annual_energy=365 * energy.mean(),
        peak_valley_difference=(pl.col("high") - pl.col("low")).mean(),
        load_factor=(mean / pl.col("high")).mean(),
        minimum_load_rate=(pl.col("low") / pl.col("high")).mean(),
        peak_valley_difference_rate=(1 - pl.col("low") / pl.col("high")).mean(),
        shape_entropy=entropy.mean(),
        mean_ramp=(pl.col("mean_step") / mean).mean(),
        maximum_ramp=(pl.col("high_step") / mean).mean(),
        peak_hour=hour_of("peak"),
        valley_hour=hour_of("valley"),
        **{
            f"share_{name}": (pl.col(name) / pl.col("total")).mean() for name in WINDOWS
        },
        coefficient_of_variation=energy.std() / energy.mean(),
        robust_coefficient_of_variation=1.4826
        * (energy - median).abs().median()
        / median,
        rest_day_ratio=of(~pl.col("working")) / of(pl.col("working")),
        summer_ratio=of(pl.col("season") == "summer") / energy.mean(),
        winter_ratio=of(pl.col("season") == "winter") / energy.mean(),
        complete_days=pl.len(),
    )
    begin = kinds["day"].min()
    week = (pl.col("day") - begin).dt.total_days() // 7
    weeks = (
        daily.with_columns(week=week)
        .filter(pl.col("week") < N_DAYS // 7)
        .group_by(who, "week")
        .agg(level=energy.mean().log())
    )
    trend = (
        weeks.join(weeks, on=who)
        .filter(pl.col("week_right") > pl.col("week"))
        .group_by(who)
        .agg(
            trend=(
                (pl.col("level_right") - pl.col("level"))
                / (pl.col("week_right") - pl.col("week"))
            ).median()
            * (365 / 7)
        )
    )
    for other in (overall, variability, trend, readings):
        table = table.join(other, on=who)
    return _finished(table.to_pandas().set_index(who))


def polars_area(path: str) -> pd.DataFrame:
    """Sum and number of the customers at each time, complete days only, by Polars."""
    import polars as pl

    each_day = ["customer_id", "day"]
    rows = pl.scan_parquet(path).select(
        "customer_id",
        "ts",
        power=pl.col("kwh").cast(pl.Float64) * (N_SLOTS / 24),
        day=pl.col("ts").dt.date(),
    )
    complete = rows.group_by(each_day).len().filter(pl.col("len") >= LEAST)
    area = rows.join(complete, on=each_day, how="semi").group_by("ts")
    area = area.agg(total=pl.col("power").sum(), n=pl.len())
    return area.collect(engine="streaming").to_pandas()


def _within(minute, begin: int, end: int):
    if begin < end:
        return (minute >= begin) & (minute < end)
    return (minute >= begin) | (minute < end)


def duckdb_features(path: str, days: pd.DataFrame, peak: pd.DataFrame) -> pd.DataFrame:
    """By DuckDB, as one statement."""
    import duckdb

    shares = ", ".join(
        f"sum(power) filter ("
        f"minute >= {begin * 60} {'and' if begin < end else 'or'} minute < {end * 60}"
        f") as {name}"
        for name, (begin, end) in WINDOWS.items()
    )
    means = ", ".join(f"avg({name} / total) as share_{name}" for name in WINDOWS)
    with duckdb.connect() as connection:
        connection.register("kinds", days)
        connection.register("peak", peak)
        statement = _SQL.format(path=path, shares=shares, means=means)
        return _finished(connection.execute(statement).df().set_index("customer_id"))


def duckdb_area(path: str) -> pd.DataFrame:
    """Sum and number of the customers at each time, complete days only, by DuckDB."""
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(_AREA_SQL.format(path=path)).df()


_AREA_SQL = f"""
with readings as (
  select customer_id, ts, ts::date as day, kwh::double * {N_SLOTS // 24} as power
  from read_parquet('{{path}}')
), complete as (
  select customer_id, day from readings group by all having count(*) >= {LEAST}
)
select ts, sum(power) as total, count(*) as n
from readings semi join complete using (customer_id, day) group by ts
"""

_SQL = f"""
with readings as (
  select customer_id, ts, ts::date as day, hour(ts) * 60 + minute(ts) as minute,
    kwh::double * {N_SLOTS // 24} as power
  from read_parquet('{{path}}')
), stepped as (
  select *,
    case when minute - lag(minute) over () = {1440 // N_SLOTS}
      and day = lag(day) over () and customer_id = lag(customer_id) over ()
    then abs(power - lag(power) over ()) end as step
  from readings
), every_day as (
  select customer_id, day, count(*) as n, sum(power) as total, max(power) as high,
    min(power) as low,
    sum(case when power > 0 then power * ln(power) else 0 end) as xlogx,
    avg(step) as mean_step, max(step) as high_step,
    arg_max(minute, power - minute * {TINY}) as peak,
    arg_min(minute, power + minute * {TINY}) as valley,
    {{shares}}
  from stepped group by all
), daily as (
  select *, 24 * total / n as energy, working, season,
    case when high > low then peak * pi() / 720 end as peak_at,
    case when high > low then valley * pi() / 720 end as valley_at
  from every_day join kinds on kinds.day = every_day.day where n >= {LEAST}
), good as (
  select r.* from readings r semi join daily d
  on r.customer_id = d.customer_id and r.day = d.day
), typical as (
  select customer_id, minute, avg(power) as r
  from good group by all
), apart as (
  select g.customer_id, g.day, sum((power - r) ** 2) / sum(r ** 2) as error
  from good g join typical t
  on g.customer_id = t.customer_id and g.minute = t.minute
  group by all
), variability as (
  select customer_id, avg(error) as day_to_day_variability from apart group by all
), overall as (
  select customer_id, avg(power) as mean_power, quantile_cont(power, 0.05) as base_load,
    max(power) as highest,
    avg(power) filter (ts in (select ts from peak)) as area_peak_load
  from good group by all
), weeks as (
  select customer_id, week, ln(avg(energy)) as level
  from (
    select customer_id, energy,
      date_diff('day', (select min(day) from kinds)::date, day) // 7 as week
    from daily
  )
  where week < {N_DAYS // 7} group by customer_id, week
), trends as (
  select a.customer_id,
    median((b.level - a.level) / (b.week - a.week)) * 365 / 7 as trend
  from weeks a join weeks b on a.customer_id = b.customer_id and b.week > a.week
  group by all
), counted as (
  select customer_id, sum(n) as readings from every_day group by all
), indicators as (
  select customer_id, 365 * avg(energy) as annual_energy,
    avg(high - low) as peak_valley_difference, avg(total / n / high) as load_factor,
    avg(low / high) as minimum_load_rate,
    avg(1 - low / high) as peak_valley_difference_rate,
    avg((ln(total) - xlogx / total) / ln({N_SLOTS})) as shape_entropy,
    avg(mean_step / (total / n)) as mean_ramp,
    avg(high_step / (total / n)) as maximum_ramp,
    atan2(avg(sin(peak_at)), avg(cos(peak_at))) * 12 / pi() as peak_hour,
    atan2(avg(sin(valley_at)), avg(cos(valley_at))) * 12 / pi() as valley_hour,
    {{means}},
    stddev_samp(energy) / avg(energy) as coefficient_of_variation,
    1.4826 * mad(energy) / median(energy) as robust_coefficient_of_variation,
    avg(energy) filter (not working) / avg(energy) filter (working) as rest_day_ratio,
    avg(energy) filter (season = 'summer') / avg(energy) as summer_ratio,
    avg(energy) filter (season = 'winter') / avg(energy) as winter_ratio,
    count(*) as complete_days
  from daily group by all
)
from indicators join overall using (customer_id) join variability using (customer_id)
  join trends using (customer_id) join counted using (customer_id)
"""


def _finished(table: pd.DataFrame) -> pd.DataFrame:
    """Columns that are ratios of others."""
    mean, highest = table["mean_power"], table.pop("highest")
    table["base_load_share"] = table["base_load"] / mean
    table["full_load_hours"] = 8760 * mean / highest
    table["coincidence"] = table["area_peak_load"] / highest
    table["missing_share"] = 1 - table.pop("readings") / (N_DAYS * N_SLOTS)
    table[["peak_hour", "valley_hour"]] %= 24
    return table
