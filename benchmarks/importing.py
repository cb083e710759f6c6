"""Import of one csv of readings beside what a user would write by hand.

The csv is in the order of time, as meters deliver: every customer has to be gathered
from all of it. Ours also takes the same rows in the order of customers. DuckDB sorts
them into one Parquet file and looks at nothing else; pandas does the same in memory.
All must come to the same rows, energy, and energy by customer and time.

The record of 10^8 rows alone, in a few minutes and 12 GB of disk:

    python -c "from benchmarks.importing import results; \
      print(results([100_000_000], 'benchmarks/data', repeats=1).to_string())"
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.commands import SETTINGS
from benchmarks.measuring import side_by_side, way

N_SLOTS, N_DAYS, MEMORY = 96, 30, "900MB"
MAPPING = """
tables:
  readings: {files: [readings.csv], columns: {customer_id: id, ts: time, kwh: energy}}
"""
RESEARCH = Path(sys.executable).with_name("research")
FOR_PANDAS = 30_000_000
"""Rows that pandas takes into memory here."""
ORDERS = {"time": ("i // {n}", "i % {n}"), "customer": ("i % {slots}", "i // {slots}")}
"""Slot and customer of the row `i` of a file."""


def results(rows: Sequence[int], folder: Path | str, repeats: int = 3) -> pd.DataFrame:
    """One row a way and number of rows."""
    tables = []
    for n in rows:
        work = Path(folder).absolute() / f"importing_{n}"
        export, sorted_ = (write_export(n, work / f"by_{o}", o) for o in ORDERS)
        ways = {
            "research import": way("benchmarks.importing:ours", str(export)),
            "research import, customer by customer": way(
                "benchmarks.importing:ours", str(sorted_)
            ),
            "DuckDB, sort and copy": way("benchmarks.importing:by_duckdb", str(export)),
        }
        if n <= FOR_PANDAS:
            ways["pandas"] = way("benchmarks.importing:by_pandas", str(export))
        found = side_by_side(ways, repeats, same=_alike)
        found.insert(0, "rows", found.pop("answer").map(lambda told: int(told[0])))
        found["rows_a_second"] = found["rows"] / found["wall_s"]
        tables.append(found.reset_index())
    return pd.concat(tables, ignore_index=True)


def write_export(n: int, folder: Path, order: str = "time") -> Path:
    """Write about `n` readings of a month in one of `ORDERS`; once."""
    path = folder / "readings.csv"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mapping.yaml").write_text(MAPPING, "utf-8")
        (folder / "region.yaml").write_text(SETTINGS, "utf-8")
        customers = max(1, n // (N_SLOTS * N_DAYS))
        half = path.with_suffix(".half")
        slot, customer = (
            sql.format(n=customers, slots=N_SLOTS * N_DAYS) for sql in ORDERS[order]
        )
        duckdb.execute(
            "copy (select format('C{:07d}', c) as id, "
            "strftime(timestamp '2024-01-01' + to_minutes(15 * t), '%Y-%m-%d %H:%M') "
            "as time, round(0.05 + hash(c, t) % 400 / 1000, 3) as energy "
            f"from (select {slot} as t, {customer} as c "
            f"from range({customers * N_SLOTS * N_DAYS}) r(i))) "
            f"to '{half}' (format csv, header)"
        )
        half.rename(path)
    return folder


def ours(export: str) -> Callable[[], list[float]]:
    """The command as a whole, its checks and its print included."""
    import subprocess

    region = Path(export) / "region"

    def call() -> list[float]:
        words = [RESEARCH, "import", "table", export, region]
        subprocess.run(words, check=True, capture_output=True)
        names = "customer_id", "ts", "kwh"
        return _of_parquet(f"{region}/readings/*.parquet", *names)

    return call


def by_duckdb(export: str) -> Callable[[], list[float]]:
    """Sorted by customer and time into one file, with the memory that ours has."""
    out = f"{export}/duckdb.parquet"

    def call() -> list[float]:
        config = {"memory_limit": MEMORY, "temp_directory": f"{export}/spill"}
        with duckdb.connect(config=config) as connection:
            connection.execute(
                "copy (select id, time::timestamp as time, energy::float as energy "
                f"from read_csv('{export}/readings.csv') order by id, time) "
                f"to '{out}' (format parquet, compression zstd)"
            )
        return _of_parquet(out, "id", "time", "energy")

    return call


def by_pandas(export: str) -> Callable[[], list[float]]:
    """Read, sorted and written in memory."""
    out = f"{export}/pandas.parquet"

    def call() -> list[float]:
        rows = pd.read_csv(f"{export}/readings.csv", parse_dates=["time"])
        rows = rows.sort_values(["id", "time"])
        rows.to_parquet(out, compression="zstd", index=False)
        return _of_parquet(out, "id", "time", "energy")

    return call


def _of_parquet(files: str, customer: str, time: str, energy: str) -> list[float]:
    """Rows, energy, and energy by customers and times that are given weights."""
    found = duckdb.sql(
        f"select count(*), sum({energy}::double), "
        f"sum({energy}::double * (hash({customer}::varchar) % 97)), "
        f"sum({energy}::double * (epoch_ms({time}) // 60000 % 89)) from '{files}'"
    )
    return [float(value) for value in found.fetchall()[0]]


def _alike(one: list[float], other: list[float]) -> bool:
    near = (abs(a / b - 1) < 1e-5 for a, b in zip(one[1:], other[1:], strict=True))
    return one[0] == other[0] and all(near)
