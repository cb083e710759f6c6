"""Load features of a large region from its files, beside Polars, DuckDB and a scan.

``results`` makes a region of a year of readings every 15 minutes, once, and computes
the table of features of every customer by each way, in a process of its own. The
floor is a scan: reading the three columns and no more.

Ours reads, checks, repairs, computes and writes a table that survives a kill. The
others look for nothing to repair. They find the area's peak in a first query, since
nothing else is asked of it; ``told the peak`` spares them that, and is measured when
it is named. All work file by file, which takes them half the time and a tenth of the
memory of one query over all files. The tables are compared first.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.features_by_query import (
    duckdb_area,
    duckdb_features,
    polars_area,
    polars_features,
)
from benchmarks.measuring import side_by_side, way
from research.features.load import mapped, partitions
from research.features.load.streamed import write_features
from research.features.load.table import peak_of
from research.region import read_region
from research.region.files import write_readings, write_table
from research.region.schema import parts_of

N_DAYS, N_SLOTS, CUSTOMERS_AT_A_TIME = 365, 96, 100
SETTINGS = """
name: benchmark
title: {en: Benchmark, zh: 基准}
timezone: Asia/Shanghai
source: {publisher: nobody, licence: CC0-1.0, attribution: nobody}
readings: {resolution_minutes: 15, stamp: start, clock: Asia/Shanghai, unit: kWh}
calendar: {country: CN}
quality: {complete_day_share: 0.9375}
"""
SCAN = "scan of the columns"


def results(
    n_customers: int,
    folder: Path | str,
    repeats: int = 3,
    only: tuple[str, ...] | None = None,
) -> pd.DataFrame:
    """One row an engine: medians of fresh processes, and ratios to the scan.

    Parameters
    ----------
    n_customers : int
    folder : path
        The region is made here, if it is not there from before.
    repeats : int
    only : tuple of str, optional
        Engines to measure; unset, all that find the peak themselves.

    Returns
    -------
    results : DataFrame
        `engine`, `wall_s`, `cpu_s` (of a cluster not told), `peak_gb`,
        `ratio_to_scan` (wall), `ns_a_reading` (CPU), `customers`, `readings`.
    """
    region = made_region(n_customers, Path(folder).absolute())
    here = "benchmarks.features_from_files"
    query = "benchmarks.features_from_files:by_query"
    ways = {
        SCAN: way(f"{here}:scan", str(region), False),
        "scan, ids as numbers": way(f"{here}:scan", str(region), True),
        "research --jobs 1": way(f"{here}:ours", str(region), 1),
        "research --jobs 2": way(f"{here}:ours", str(region), 2),
        "research, Dask of 2": way(f"{here}:on_dask", str(region)),
        "Polars, file by file": way(query, str(region), "polars", False),
        "DuckDB, file by file": way(query, str(region), "duckdb", False),
        "Polars, told the peak": way(query, str(region), "polars", True),
        "DuckDB, told the peak": way(query, str(region), "duckdb", True),
    }
    only = only or [name for name in ways if "told" not in name]
    ways = {name: told for name, told in ways.items() if name in only}
    _compile(Path(folder).absolute())
    found = side_by_side(ways, repeats)
    _refuse_other_tables(found["answer"].dropna())
    n_readings = sum(pq.read_metadata(p).num_rows for p in parts_of(region, "readings"))
    found.loc[found.index.str.contains("Dask"), "cpu_s"] = np.nan
    if SCAN in found.index:
        found["ratio_to_scan"] = found["wall_s"] / found.at[SCAN, "wall_s"]
    found["ns_a_reading"] = found["cpu_s"] / n_readings * 1e9
    found["customers"], found["readings"] = n_customers, n_readings
    return found.rename_axis("engine").reset_index()


def made_region(n_customers: int, folder: Path) -> Path:
    """A region of homes and shops with a common peak, made once and kept."""
    region = folder / f"features_{n_customers}"
    if (region / "peak.parquet").exists():
        return region
    shutil.rmtree(region, ignore_errors=True)
    region.mkdir(parents=True)
    (region / "region.yaml").write_text(SETTINGS, "utf-8")
    ids = [f"C{i:07}" for i in range(n_customers)]
    customers = pd.DataFrame({"customer_id": ids, "customer_class": "residential"})
    write_table(customers, region, "customers")
    write_readings(_batches(ids), region)
    write_peak(region)
    return region


def _batches(ids: list[str]):
    """Readings of some customers at a time; values as meters give them, gaps too."""
    ts = pd.date_range("2023-01-01", periods=N_DAYS * N_SLOTS, freq="15min", unit="ms")
    ts = ts.to_numpy()
    weather = np.random.default_rng(0).normal(0, 1, N_DAYS).cumsum()
    weather -= np.linspace(0, weather[-1], N_DAYS)
    for first in range(0, len(ids), CUSTOMERS_AT_A_TIME):
        some = ids[first : first + CUSTOMERS_AT_A_TIME]
        kwh = _year(len(some), weather, seed=first).reshape(len(some), -1)
        for customer, values in zip(some, kwh, strict=True):
            there = ~np.isnan(values)
            owner = pa.array([customer]).take(pa.array(np.zeros(there.sum(), int)))
            names = ["customer_id", "ts", "kwh"]
            yield pa.record_batch([owner, ts[there], values[there]], names=names)


def _year(n: int, weather: np.ndarray, seed: int) -> np.ndarray:
    """Energy of each quarter of an hour [kWh], NaN where missing."""
    rng = np.random.default_rng(seed)
    hour, day = np.arange(N_SLOTS) * 24 / N_SLOTS, np.arange(N_DAYS)
    shift = rng.normal(0, 1.5, (n, 1))
    evening = np.exp(4 * np.cos((hour - 19 - shift) * np.pi / 12) - 4)
    morning = np.exp(6 * np.cos((hour - 8 - shift) * np.pi / 12) - 6)
    shape = 0.25 + evening * rng.uniform(0.5, 1.5, (n, 1))
    shape += morning * rng.uniform(0, 1, (n, 1))
    heat = 1 - rng.uniform(-0.2, 0.5, (n, 1)) * np.cos((day - 200) * 2 * np.pi / 365)
    heat = heat * (1 + 0.02 * weather) * np.where(day % 7 < 2, 1.1, 1)
    noise = rng.gamma(4, 0.25, 1 << 20).astype(np.float32)
    begin = rng.integers(0, len(noise) - N_DAYS * N_SLOTS, n)
    noise = np.stack([noise[b : b + N_DAYS * N_SLOTS] for b in begin])
    size = rng.lognormal(-1.5, 0.8, (n, 1, 1))
    kwh = (size * heat[:, :, None] * shape[:, None]).astype(np.float32)
    kwh = np.round(kwh * noise.reshape(kwh.shape), 3)
    gaps = rng.random((n, N_DAYS))
    kwh[gaps < 0.01] = np.nan  # a day
    row, at = np.nonzero(gaps > 0.9)  # or a reading or two
    slot = rng.integers(0, N_SLOTS - 1, len(row))
    kwh[row, at, slot] = kwh[row, at, slot + row % 2] = np.nan
    return kwh


def write_peak(region: Path) -> None:
    """Keep the times of the area's peak, for those who are told them."""
    whole = read_region(region)
    common = partitions.common_of(region, parts_of(region, "readings"), whole.settings)
    parts = [
        p for f in parts_of(region, "readings") for p in partitions.partitions_of(f)
    ]
    summed, present = 0.0, 0
    with mapped.workers(2) as who:
        tasks = [(p, common) for p in parts]
        for _, area, error in mapped.mapped(partitions.area_of_partition, tasks, who):
            if error:
                raise error
            summed, present = summed + area[0], present + area[1]
    day, slot = np.nonzero(peak_of(summed, present))
    minutes = pd.to_timedelta(slot * (1440 // N_SLOTS), unit="min")
    times = pd.DataFrame({"ts": (whole.days[day] + minutes).as_unit("ms")})
    times.to_parquet(region / "peak.parquet")


def scan(region: str, as_numbers: bool) -> Callable:
    """Read the three columns, a row group at a time, by all cores."""
    files = parts_of(Path(region), "readings")
    columns = ["customer_id", "ts", "kwh"]
    as_dictionary = columns[:1] if as_numbers else None

    def call():
        for path in files:
            with pq.ParquetFile(path, read_dictionary=as_dictionary) as file:
                for group in range(file.num_row_groups):
                    file.read_row_group(group, columns=columns)

    return call


def ours(region: str, jobs: int) -> Callable:
    """Features by threads of one process."""
    out = _emptied(region, f"research_{jobs}")
    return lambda: str(write_features(region, out, jobs=jobs).path)


def on_dask(region: str) -> Callable:
    """Features by a cluster of two processes, which is there already."""
    from distributed import LocalCluster

    out = _emptied(region, "dask")
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    cluster.wait_for_workers(2)
    return lambda: str(
        write_features(region, out, scheduler=cluster.scheduler.address).path
    )


def by_query(region: str, engine: str, told: bool) -> Callable:
    """Features by Polars or DuckDB, one file of readings after the other."""
    area, features = {
        "polars": (polars_area, polars_features),
        "duckdb": (duckdb_area, duckdb_features),
    }[engine]
    out = _emptied(region, engine)
    files = [str(path) for path in parts_of(Path(region), "readings")]
    calendar = read_region(region).calendar
    days = calendar[["working", "season"]].rename_axis("day").reset_index()

    def call():
        if told:
            peak = pd.read_parquet(Path(region) / "peak.parquet")
        else:
            peak = _peak(pd.concat([area(path) for path in files]))
        tables = [features(path, days, peak) for path in files]
        pd.concat(tables).sort_index().to_parquet(out / "features.parquet")
        return str(out / "features.parquet")

    return call


def _peak(area: pd.DataFrame) -> pd.DataFrame:
    """The ten hours of the highest mean load; of equals the earliest."""
    sums = area.groupby("ts").sum()
    load = (sums["total"] / sums["n"]).sort_values(ascending=False, kind="stable")
    return load.index[: 10 * N_SLOTS // 24].to_frame(index=False)


def _emptied(region: str, name: str) -> Path:
    out = Path(region) / "features" / name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return out


def _compile(folder: Path) -> None:
    """Have the loops compiled, which is done once in the life of a machine."""
    worth, partitions.WORTH_COMPILING = partitions.WORTH_COMPILING, 0
    try:
        region = made_region(2, folder)
        write_features(region, _emptied(str(region), "compile"))
    finally:
        partitions.WORTH_COMPILING = worth


def _refuse_other_tables(paths: pd.Series) -> None:
    tables = {name: pd.read_parquet(path).sort_index() for name, path in paths.items()}
    if not tables:
        return
    first, *others = tables
    for other in others:
        pd.testing.assert_frame_equal(
            tables[other][tables[first].columns],
            tables[first],
            rtol=1e-6 if "research" in other else 1e-4,
            atol=1e-6,
            check_dtype=False,
            check_index_type=False,
            obj=other,
        )


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(prog="python -m benchmarks.features_from_files")
    parser.add_argument("customers", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+")
    told = parser.parse_args()
    table = results(told.customers, told.folder, told.repeats, told.only)
    print(table.drop(columns="answer").round(2).to_string(index=False))
