"""Time the table of load features against plain pandas, and each step from files.

    python -m benchmarks.features [n_customers] [repeats]

All start from readings in memory: ours from cubes, as a region hands them out,
pandas from the long table of `customer_id, ts, kwh`. All give the same columns. The
pandas way is the one that the tests hold ours against. Peak memory is what is
allocated on top of the readings, from a run of its own, since tracing slows it down.

A second table takes the same readings from Parquet, on one core, step by step; the
first step is the floor, a scan of the three columns.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa

from research.features import load
from research.region import Region, read_region
from research.region.compiled import compiles
from research.region.files import write_readings, write_table
from research.region.grids import cube_of, open_series, read_grids
from research.region.quality import repaired
from research.region.schema import parts_of
from tests.features import plain_pandas

N_DAYS, N_SLOTS, CUSTOMERS_A_CUBE = 365, 96, 28
REGION = """
name: benchmark
title: {en: Benchmark}
timezone: Asia/Shanghai
source: {publisher: nobody, licence: CC0-1.0, attribution: nobody}
readings:
  {resolution_minutes: 15, stamp: start, clock: Asia/Shanghai, unit: kWh, max_kw: 10000}
calendar: {country: CN}
currency: CNY
"""


def main(n_customers: int = 200, repeats: int = 3) -> None:
    power = plain_pandas.year_of_power(n_customers, n_days=N_DAYS, n_slots=N_SLOTS)
    power = power.astype(np.float32)
    region = plain_pandas.region_of(power, customers_a_cube=CUSTOMERS_A_CUBE)
    readings = plain_pandas.long_table(power.astype(np.float64))  # its means tie else
    ways = {
        "features.load.table": lambda: load.table(region, compiled=False),
        "compiled loops": lambda: load.table(region, compiled=True),
        "plain pandas": lambda: plain_pandas.features(
            readings, region.calendar, region.tou_bands, n_slots=N_SLOTS
        ),
    }
    if not compiles():
        del ways["compiled loops"]
    answers = [way() for way in ways.values()]
    for answer in answers[:-1]:
        pd.testing.assert_frame_equal(
            answer,
            answers[-1],
            check_index_type=False,
            check_dtype=False,
            rtol=1e-4,
            atol=1e-6,
        )

    rows = {name: seconds(way, repeats) for name, way in ways.items()}
    result = pd.DataFrame({"wall_s": rows})
    result["ns_a_reading"] = result["wall_s"] / power.size * 1e9
    result["peak_mb"] = pd.Series({name: peak_mb(way) for name, way in ways.items()})
    ratios = (result / result.loc["features.load.table"]).add_suffix("_ratio")
    result = result.join(ratios.drop(columns="ns_a_reading_ratio"))
    print(
        f"{n_customers:,} customers x {N_DAYS} days x {N_SLOTS} slots = "
        f"{power.size:,} readings, {len(answers[0].columns)} features, "
        f"median of {repeats}"
    )
    print(result.round(2).to_string())
    with TemporaryDirectory() as folder:
        region = written(readings, Path(folder))
        steps = {
            name: pd.DataFrame(steps_from_files(region, compiled)).median()
            for name, compiled in {"arrays": False, "loops": True}.items()
            if compiles() or not compiled
        }
    print("\nFrom Parquet, one core, CPU ns a reading of the step:")
    print((pd.DataFrame(steps) / len(readings) * 1e9).round(1).to_string())


def written(readings: pd.DataFrame, folder: Path) -> Region:
    """The readings as a region of files."""
    customers = readings["customer_id"].cat.categories
    table = pd.DataFrame({"customer_id": customers, "customer_class": "commercial"})
    write_table(table, folder, "customers")
    (folder / "region.yaml").write_text(REGION, "utf-8")
    rows = readings.astype({"customer_id": "str", "kwh": "float32"})
    rows["ts"] = rows["ts"].dt.as_unit("ms")
    write_readings(pa.Table.from_pandas(rows).to_batches(1_000_000), folder)
    return read_region(folder)


def steps_from_files(
    region: Region, compiled: bool, repeats: int = 3
) -> list[dict[str, float]]:
    """CPU seconds of each step, all row groups together."""
    files, minutes = parts_of(region.path, "readings"), region.minutes
    stamps, slots, limits = region.stamps, region._slots, region.settings.quality
    pa.set_cpu_count(1)

    def scan():
        for path in files:
            file = open_series(path)
            for group in range(file.num_row_groups):
                file.read_row_group(group, use_threads=False)

    rounds = []
    for _ in range(repeats):
        marks = [time.process_time()]

        def done(result, marks=marks):
            marks.append(time.process_time())
            return result

        done(scan())
        grids = read_grids(files, stamps, minutes=minutes, compiled=compiled)
        grids = done(list(grids))
        how = {"minutes": minutes, "limits": limits, "compiled": compiled}
        grids = done([repaired(grid, **how) for grid in grids])
        cubes = done([cube_of(g, slots, minutes=minutes) for g in grids])
        held = region_of_cubes(region, cubes)
        peak = done(load.area_peak(held, compiled=compiled))
        done(load.table(held, peak, compiled=compiled))
        cpu = np.diff(marks)
        cpu[1] -= cpu[0]  # reading is part of both
        names = ("scan", "grids", "repairs", "cubes", "area's peak", "features")
        rounds.append(dict(zip(names, cpu, strict=True)))
    return rounds


def region_of_cubes(region: Region, cubes: list) -> SimpleNamespace:
    return SimpleNamespace(
        cubes=lambda: iter(cubes),
        calendar=region.calendar,
        tou_bands=region.tou_bands,
        settings=region.settings,
    )


def seconds(way: Callable[[], pd.DataFrame], repeats: int) -> float:
    """Median wall time."""
    walls = []
    for _ in range(repeats):
        start = time.perf_counter()
        way()
        walls.append(time.perf_counter() - start)
    return float(np.median(walls))


def peak_mb(way: Callable[[], pd.DataFrame]) -> float:
    """Most memory allocated at once."""
    tracemalloc.start()
    way()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
