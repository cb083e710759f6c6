"""Raw rows against the row rules: what is kept, what is set aside, and the counts."""

from pathlib import Path

import duckdb
import pandas as pd

from research.region.errors import InputError
from research.region.files import write_readings, write_table
from research.region.quality import row_findings
from research.region.settings import Settings


def write_checked(
    connection: duckdb.DuckDBPyConnection, fresh: Path, settings: Settings
) -> pd.Index:
    """Judge every row, write the kept and the quarantined.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Holds the table `raw`: `file` and `line`, `customer_id`, `stamp` and `value` as
        they came (null where the source has types), `ts` and `kwh` as read (null where
        unreadable). It is dropped.
    fresh : Path
        Folder that gets ``readings/``, ``findings.parquet`` and, where a rule fired,
        ``quarantine/readings.csv``.
    settings : Settings

    Returns
    -------
    customers : Index
        Customers with a reading, in order.

    Raises
    ------
    InputError
        If no row is a reading.
    """
    readings = settings.readings
    limit = (readings.max_kw or 1e6) * readings.resolution_minutes / 60
    step = readings.resolution_minutes * 60_000
    floor = "-inf" if readings.export else "0"
    connection.execute(
        f"""
        create table judged as
        with first_look as (
          select *, case
            when customer_id is null or customer_id = '' then 'missing_id'
            when ts is null or year(ts) not between 1990 and 2100
              then 'unreadable_stamp'
            when kwh is null or not isfinite(kwh) then 'unreadable_value'
            when epoch_ms(ts) % {step} <> 0 then 'off_grid'
            when kwh < '{floor}'::double then 'negative'
            when kwh > {limit} then 'above_limit' end as rule
          from raw)
        select file, line, customer_id, stamp, value, ts, kwh, coalesce(rule, case
            when min(kwh) over same <> max(kwh) over same then 'conflicting_duplicate'
            when row_number() over (same order by file, line) > 1 then 'exact_duplicate'
          end) as rule
        from first_look
        window same as (partition by customer_id, ts, rule is null)
        """
    )
    connection.execute("drop table raw")
    kept = connection.sql(
        "select customer_id, ts::timestamp_ms as ts, kwh::float as kwh from judged "
        "where rule is null order by customer_id, ts"
    )
    n_kept = write_readings(kept.to_arrow_reader(200_000), fresh)
    counts = connection.sql(
        "select rule, count(*) as rows, count(distinct customer_id) as customers "
        "from judged where rule is not null group by rule"
    ).df()
    ids = connection.sql(
        "select distinct customer_id from judged where rule is null order by 1"
    ).df()["customer_id"]
    rows_in = connection.sql("select count(*) from judged").fetchall()[0][0]
    if n_kept + counts["rows"].sum() != rows_in:
        raise RuntimeError(f"{rows_in} rows in, {n_kept} + {counts['rows'].sum()} out")
    if not n_kept:
        raise InputError(
            f"none of the {rows_in:,} rows is a reading: {dict(counts.values)}"
        )
    if len(counts):
        (fresh / "quarantine").mkdir()
        connection.sql(
            "select rule, file, line, customer_id, coalesce(stamp, ts::varchar) as ts, "
            "coalesce(value, kwh::varchar) as kwh from judged where rule is not null "
            "order by file, line, customer_id, ts"
        ).write_csv(str(fresh / "quarantine" / "readings.csv"))
    write_table(row_findings(counts, rows_in, len(ids)), fresh, "findings")
    return pd.Index(ids, name="customer_id")
