"""Rows taken in their types while a file is read: nothing may differ from text."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from region.exports import LONG, REGION, aside, hits, hourly, imported, write_export

from research.region import InputError
from research.region.ingest import delimited, import_table, loading, plain

HEADER = "id,time,kwh"
# Cells that are not as everybody writes them, by the column they stand in.
ODD = {
    0: ["", " C001", "C００２", "C001\u200b", "x y ", "4"],
    1: ["", "2024/3/4 1:00", " 2024-03-05 02:00", "2024-03-04 00:07", "05/03/2024",
        "2024-03-04 24:00", "2024-13-01 00:00", "2094-01-01 00:00", "soon", "45355.5",
        "2024-03-04 03:00:00+08:00", "２024-03-04 05:00", "1950-01-01 00:00"],
    2: ["", " ", " 0.5", "0,5", "1,234.5", "NULL", "-", "１.5", "1e3", "-1", "-9980",
        "1_000", "nan", "inf", "123456789", "+2", "0.10", ".5", '"0.7"'],
}  # fmt: skip
ROW_FAULTS = ["again", "conflict", "ragged", "blank", "quoted", "stranger"]
VARIANTS = {
    "plain": (LONG, REGION),
    "unit and stamp": (LONG + "    units: {kwh: Wh}\n    stamp: end\n", REGION),
    "clock of london": (
        LONG + "    clock: Europe/London\n",
        REGION.replace("clock: Asia/Shanghai", "clock: UTC"),
    ),
    "width of ids": (LONG + "    id_width: 4\n", REGION),
    "declared format": (LONG + '    formats: {ts: "%Y-%m-%d %H:%M"}\n', REGION),
    "register": (
        LONG + "    value_kind: register\n    roll_over_at: 10000\n",
        REGION,
    ),
    "decimal comma": (LONG + '    decimal: ","\n    thousands: "."\n', REGION),
    "faults kept": (
        LONG,
        REGION + "quality: {rules: {off_grid: leave_out, above_limit: repair}}\n",
    ),
}


def lines_of(seed, faults, start, order):
    """A file of 3 customers and 500 hours, some rows of it faulty."""
    random = np.random.default_rng(seed)
    stamps = pd.date_range(start, periods=500, freq="h").strftime("%Y-%m-%d %H:%M")
    rows = [[f"C{c:03}", t] for t in stamps for c in range(3)]
    rows = [
        [*row, f"{value:.3f}"]
        for row, value in zip(rows, random.random(1500), strict=True)
    ]
    if order == "customer":
        rows.sort()
    elif order == "none":
        rows = [rows[n] for n in random.permutation(len(rows))]
    lines = []
    places = dict(zip(random.permutation(1500), faults, strict=False))
    for number, row in enumerate(rows):
        fault = places.get(number)
        if isinstance(fault, tuple):
            row = [fault[1] if n == fault[0] else cell for n, cell in enumerate(row)]
        lines.append(",".join(row))
        if fault == "again":
            lines.append(lines[-1])
        elif fault == "conflict":
            lines.append(",".join([*row[:2], "7.5"]))
        elif fault == "ragged":
            lines.append("C001,2024-03-04 01:00")
        elif fault == "blank":
            lines.append(",,")
        elif fault == "quoted":
            lines.append(f'"C001\n",{row[1]},0.2')
        elif fault == "stranger":
            lines.append(f"Z9,{row[1]},0.2")
    return lines


def outcome(tmp_path, name, source):
    """Every file that an import leaves, or what it says when it refuses."""
    try:
        region = import_table(source, tmp_path / name / "demo", say=str)
    except InputError as error:
        return str(error)
    files = sorted(p for p in region.path.rglob("*") if p.is_file())
    return {p.relative_to(region.path).as_posix(): p.read_bytes() for p in files}


def both_ways(tmp_path, source, block=delimited.BLOCK_BYTES):
    """What comes of an export with plain rows and as text alone; whether plain."""
    taken = []

    def counted(*args, **kwargs):
        taken.append(loaded := load(*args, **kwargs))
        return loaded

    load = loading._load
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "_load", counted)
        patch.setattr(delimited, "BLOCK_BYTES", block)
        fast = outcome(tmp_path, "fast", source)
        plainly = bool(taken and taken[-1].plain)
        patch.setattr(plain, "begin", lambda *args: None)
        slow = outcome(tmp_path, "slow", source)
        assert not (taken and taken[-1].plain)
    return fast, slow, plainly


def fault():
    cells = [(column, cell) for column, odd in ODD.items() for cell in odd]
    return st.sampled_from(cells) | st.sampled_from(ROW_FAULTS)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 9),
    faults=st.lists(fault(), max_size=7),
    variant=st.sampled_from(sorted(VARIANTS)),
    order=st.sampled_from(["time", "customer", "none"]),
    start=st.sampled_from(["2024-03-04", "2023-03-20", "2023-10-20"]),
    listed=st.booleans(),
    block=st.sampled_from([3_000, delimited.BLOCK_BYTES]),
)
def test_an_import_leaves_the_same_bytes_however_rows_are_read(
    tmp_path_factory, seed, faults, variant, order, start, listed, block
):
    tmp_path = tmp_path_factory.mktemp("plain")
    mapping, region = VARIANTS[variant]
    files = {"readings_csv": [HEADER, *lines_of(seed, faults, start, order)]}
    if listed:
        mapping += "  customers: {files: [customers.csv], columns: {customer_id: id}}\n"
        files["customers_csv"] = ["id", "C000", "C001", "C002"]
    source = write_export(tmp_path / "export", mapping, region, **files)
    fast, slow, _ = both_ways(tmp_path, source, block)
    assert fast == slow


@pytest.mark.parametrize("column", ODD)
@pytest.mark.parametrize("order", ["time", "customer"])
def test_a_few_odd_cells_leave_the_other_rows_plain(tmp_path, column, order):
    faults = [(column, cell) for cell in ODD[column] if "+" not in cell][:6]
    lines = lines_of(1, [*faults, "again"], "2024-03-04", order)
    source = write_export(tmp_path / "export", readings_csv=[HEADER, *lines])
    fast, slow, plainly = both_ways(tmp_path, source)
    assert fast == slow
    assert plainly
    assert "quarantine/readings.csv" in fast


def test_rows_of_several_files_packed_or_not_are_told_by_their_own_lines(tmp_path):
    lines = lines_of(2, ["again", (2, "-1")], "2024-03-04", "time")
    source = write_export(tmp_path / "export", readings_csv=[HEADER, *lines[:700]])
    packed = "\n".join([HEADER, *lines[700:], "C001,2024-03-04 01:00,9"]) + "\n"
    with gzip.open(source / "readings_2.csv.gz", "wt") as file:
        file.write(packed)
    fast, slow, plainly = both_ways(tmp_path, source)
    assert fast == slow
    assert plainly


@pytest.mark.parametrize("typed", [True, False])
def test_rows_of_parquet_are_plain_too(tmp_path, typed):
    faults = ["again", "conflict", (1, "2024-03-04 00:07"), (2, ""), (0, ""), (2, "-1")]
    lines = lines_of(5, faults, "2024-03-04", "time")
    rows = pd.DataFrame(
        [line.split(",") for line in lines], columns=["id", "time", "kwh"]
    )
    if typed:
        zone = "Asia/Shanghai"
        rows["time"] = pd.to_datetime(rows["time"]).dt.tz_localize(zone)
        rows["kwh"] = pd.to_numeric(rows["kwh"])
        rows["id"] = rows["id"].replace("", None)
    source = write_export(tmp_path / "export")
    rows.to_parquet(source / "readings.parquet")
    fast, slow, plainly = both_ways(tmp_path, source)
    assert fast == slow
    assert plainly
    assert "quarantine/readings.csv" in fast


def test_all_times_with_their_offset_are_plain_and_one_without_is_refused(tmp_path):
    stamps = pd.date_range("2024-03-04", periods=600, freq="h", tz="Asia/Shanghai")
    lines = [HEADER, *(f"A,{stamp.isoformat(' ')},1" for stamp in stamps)]
    source = write_export(tmp_path / "export", readings_csv=lines)
    fast, slow, plainly = both_ways(tmp_path, source)
    assert fast == slow
    assert plainly
    source = write_export(
        tmp_path / "mixed", readings_csv=[*lines, "A,2024-06-01 00:00,1"]
    )
    fast, slow, _ = both_ways(tmp_path / "two", source)
    assert fast == slow
    assert "600 times carry an offset from UTC and 1 carry none" in fast


def test_many_odd_rows_are_read_as_text(tmp_path):
    lines = lines_of(3, [(2, "NULL")] * 20, "2024-03-04", "time")
    source = write_export(tmp_path / "export", readings_csv=[HEADER, *lines])
    fast, slow, plainly = both_ways(tmp_path, source)
    assert fast == slow
    assert not plainly


def test_a_region_may_lie_in_a_folder_that_looks_like_a_pattern(tmp_path):
    source = write_export(
        tmp_path / "year=2024" / "[1]", readings_csv=[HEADER, *hourly("A", [1.0, 2.0])]
    )
    fast, slow, plainly = both_ways(source.parent / "a*[b]", source)
    assert plainly
    assert fast == slow
    assert "readings/part-0000.parquet" in fast


def test_the_text_of_plain_rows_is_told_as_it_stood_in_the_file(tmp_path):
    lines = lines_of(4, [], "2024-03-04", "time")
    lines[10] = lines[10].rsplit(",", 1)[0] + ",0000123456789.0"
    region = imported(tmp_path, readings_csv=[HEADER, *lines])
    assert hits(region) == {("readings", "above_limit"): 1}
    told = aside(region, "readings").iloc[0]
    assert (told["line"], told["kwh"]) == ("12", "0000123456789.0")
    assert Path(region.path / "readings/part-0000.parquet").is_file()
