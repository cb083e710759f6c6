"""Import, check and features as whole commands, by the number of customers.

``results`` makes an export of a year of readings every 15 minutes as one csv, imports
it, checks the region and computes its features, each by its command. The energy that
went into the csv must be in the region before anything is told.
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from benchmarks.measuring import command, side_by_side
from tests.features.plain_pandas import year_of_power

N_DAYS, N_SLOTS, CUSTOMERS_AT_A_TIME = 365, 96, 100
RESEARCH = Path(sys.executable).with_name("research")
MAPPING = """
tables:
  customers: {files: [customers.csv], columns: {customer_id: id}}
  readings: {files: [readings.csv], columns: {customer_id: id, ts: time, kwh: energy}}
"""
SETTINGS = """
name: benchmark
title: {en: Benchmark, zh: 基准}
timezone: Asia/Shanghai
source: {publisher: nobody, licence: CC0-1.0, attribution: nobody}
readings: {resolution_minutes: 15, stamp: start, clock: Asia/Shanghai, unit: kWh}
calendar: {country: CN}
"""


def results(
    customers: Sequence[int], folder: Path | str, repeats: int = 3
) -> pd.DataFrame:
    """One row a command and number of customers.

    Returns
    -------
    results : DataFrame
        `way` (import, check, features), `customers`, `readings`, `wall_s`, `cpu_s`,
        `peak_gb`, `ns_a_reading` (CPU) and `bytes_a_reading` of the region's files.
    """
    tables = [_of(n, Path(folder), repeats) for n in customers]
    return pd.concat(tables, ignore_index=True)


def _of(n: int, folder: Path, repeats: int) -> pd.DataFrame:
    work = Path(folder).absolute() / f"commands_{n}"
    export, region, out = work / "export", work / "region", work / "features"
    readings, energy = write_export(n, export)
    anew = ["sh", "-c", 'rm -rf "$1"; shift; exec "$@"', "anew"]
    ways = {
        "import": command(*anew, region, RESEARCH, "import", "table", export, region),
        "check": command(RESEARCH, "check", region),
        "features": command(
            *anew, out, RESEARCH, "features", region, "--out", out, "--jobs", 1
        ),
    }
    found = side_by_side(ways, repeats)
    _refuse_other_energy(region, readings, energy)
    made = len(pd.read_parquet(out / "features.parquet", columns=[]))
    if made != n:
        raise ValueError(f"{n} customers went in and {made} have features.")
    size = sum(path.stat().st_size for path in (region / "readings").iterdir())
    shutil.rmtree(work)
    found.insert(0, "customers", n)
    found.insert(1, "readings", readings)
    found["ns_a_reading"] = found["cpu_s"] / readings * 1e9
    found["bytes_a_reading"] = size / readings
    return found.reset_index()


def write_export(n: int, folder: Path) -> tuple[int, float]:
    """Write an export of `n` customers; its readings and their energy in kWh."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mapping.yaml").write_text(MAPPING, "utf-8")
    (folder / "region.yaml").write_text(SETTINGS, "utf-8")
    ids = np.array([f"C{i:07}" for i in range(n)])
    pd.DataFrame({"id": ids}).to_csv(folder / "customers.csv", index=False)
    times = pd.date_range("2023-01-01", periods=N_DAYS * N_SLOTS, freq="15min")
    times = pa.array(times.strftime("%Y-%m-%d %H:%M")).dictionary_encode()
    schema = pa.schema([("id", "str"), ("time", "str"), ("energy", "float64")])
    rows, energy = 0, 0.0
    with csv.CSVWriter(folder / "readings.csv", schema) as file:
        for first in range(0, n, CUSTOMERS_AT_A_TIME):
            some = ids[first : first + CUSTOMERS_AT_A_TIME]
            power = year_of_power(len(some), n_slots=N_SLOTS, seed=first)
            kwh = np.round(power.reshape(len(some), -1) / 4, 4)
            there = ~np.isnan(kwh)
            customer, slot = np.nonzero(there)
            columns = [some[customer], times.take(slot).cast("str"), kwh[there]]
            table = pa.table(columns, names=schema.names).cast(schema)
            file.write_table(table)
            rows, energy = rows + table.num_rows, energy + kwh[there].sum()
    return rows, energy


def _refuse_other_energy(region: Path, readings: int, energy: float) -> None:
    """The region must hold what was exported, to a millionth."""
    rows, found = duckdb.sql(
        f"select count(*), sum(kwh::double) from '{region}/readings/*.parquet'"
    ).fetchall()[0]
    if rows != readings or abs(found / energy - 1) > 1e-6:
        raise ValueError(
            f"{readings:,} readings of {energy:,.1f} kWh were exported, "
            f"{rows:,} of {found:,.1f} kWh are in the region."
        )
