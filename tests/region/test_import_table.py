"""Import by a mapping file: layouts, units, clocks, registers, whole or not at all."""

import builtins
import errno
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from itertools import count

import pandas as pd
import pyarrow.parquet as pq
import pytest
from region.exports import (
    LONG,
    REGION,
    aside,
    hits,
    hourly,
    imported,
    table_of,
    write_export,
)

from research.region import InputError, read_region
from research.region.ingest import import_table, loading, table

HEADER = "id,time,kwh"


def test_a_long_file_becomes_sorted_readings_and_their_customers(tmp_path):
    lines = [*hourly("B", [3, 4]), *hourly("A", [1, 2])]
    region = imported(tmp_path, readings_csv=[HEADER, *lines])
    readings = region.query("select * from readings")
    assert readings["customer_id"].tolist() == ["A", "A", "B", "B"]
    assert readings["kwh"].tolist() == [1, 2, 3, 4]
    assert region.customers.index.tolist() == ["A", "B"]
    assert hits(region) == {}
    assert not (region.path / "quarantine").exists()
    assert not (region.path / ".work").exists()


WIDE = """\
tables:
  readings:
    files: ["readings*"]
    layout: customers_in_columns
    columns: {ts: time}
    ignore: [total]
"""


def test_a_customer_a_column_gives_the_same_as_a_long_file(tmp_path):
    long = imported(
        tmp_path / "a",
        readings_csv=[HEADER, *hourly("ts", [1, 2]), *hourly("B", [3, 4])],
    )
    wide = imported(
        tmp_path / "b",
        WIDE,
        readings_csv=[
            "time,ts,B,total",
            "2024-03-04 00:00,1,3,4",
            "2024-03-04 01:00,2,4,6",
        ],
    )
    assert table_of(wide, "readings").equals(table_of(long, "readings"))


def test_an_empty_cell_of_a_wide_file_is_no_reading(tmp_path):
    region = imported(
        tmp_path,
        WIDE,
        readings_csv=["time,A,total", "2024-03-04 00:00,1,1", "2024-03-04 01:00,,0"],
    )
    assert len(table_of(region, "readings")) == 1
    assert hits(region) == {}


def test_a_bad_cell_of_a_wide_file_is_set_aside_alone(tmp_path):
    region = imported(
        tmp_path, WIDE, readings_csv=["time,A,B,total", "2024-03-04 00:00,x,3,3"]
    )
    assert table_of(region, "readings")["customer_id"].tolist() == ["B"]
    row = aside(region, "readings").iloc[0]
    assert (row["rule"], row["line"], row["customer_id"], row["kwh"]) == (
        "unreadable_value",
        "2",
        "A",
        "x",
    )


@pytest.mark.parametrize("name", ["total", "Mean ", "std", "合计", "平均值"])
def test_sums_and_means_are_no_customers(tmp_path, name):
    mapping = WIDE.replace("ignore: [total]", "ignore: []")
    with pytest.raises(InputError, match="no customers"):
        imported(
            tmp_path, mapping, readings_csv=[f"time,A,{name}", "2024-03-04 00:00,1,1"]
        )
    assert not (tmp_path / "demo").exists()


def test_columns_that_the_customers_do_not_know_are_refused_by_name(tmp_path):
    customers = (
        '  customers:\n    files: ["customers.csv"]\n    columns: {customer_id: id}\n'
    )
    with pytest.raises(InputError, match="no customers: X, Y"):
        imported(
            tmp_path,
            WIDE + customers,
            customers_csv=["id", "A"],
            readings_csv=["time,A,X,Y,total", "2024-03-04 00:00,1,2,3,6"],
        )


SLOTS = """\
tables:
  readings:
    files: ["readings*"]
    layout: slots_in_columns
    columns: {customer_id: id, date: day}
    slots: {first: p01, last: p24}
"""
SLOT_HEADER = "id,day," + ",".join(f"p{n:02}" for n in range(1, 25))


@pytest.mark.parametrize("stamp", ["start", "end"])
def test_slots_of_a_day_are_stamped_as_the_region_says(tmp_path, stamp):
    line = "A,2024/3/4," + ",".join(str(n) for n in range(24))
    region = imported(
        tmp_path,
        SLOTS,
        REGION.replace("stamp: start", f"stamp: {stamp}"),
        readings_csv=[SLOT_HEADER, line],
    )
    readings = table_of(region, "readings")
    first = pd.Timestamp("2024-03-04") + pd.Timedelta(hours=int(stamp == "end"))
    assert readings["ts"].tolist() == list(pd.date_range(first, periods=24, freq="h"))
    assert readings["kwh"].tolist() == list(range(24))


def test_slots_that_do_not_fill_a_day_are_refused(tmp_path):
    with pytest.raises(InputError, match="23 slots"):
        imported(
            tmp_path,
            SLOTS.replace("p24", "p23"),
            readings_csv=[SLOT_HEADER, "A,2024-03-04," + ",".join("1" * 24)],
        )


def test_a_file_a_customer_takes_the_id_from_the_name(tmp_path):
    mapping = """\
tables:
  readings:
    files: ["meter_*.csv"]
    layout: one_file_a_customer
    columns: {ts: time, kwh: kwh}
"""
    lines = ["time,kwh", "2024-03-04 00:00,1"]
    region = imported(tmp_path, mapping, meter_7_csv=lines, meter_8_csv=lines)
    assert table_of(region, "readings")["customer_id"].tolist() == [
        "meter_7",
        "meter_8",
    ]


def test_files_of_one_name_in_several_folders_are_told_apart(tmp_path):
    source = write_export(tmp_path / "e", LONG.replace("readings*", "*/r.csv"))
    for number, month in enumerate(("2024-01", "2024-02")):
        lines = [HEADER, f"A,{month}-01,{number}", f"A,{month}-02,x"]
        (source / month).mkdir()
        (source / month / "r.csv").write_text("\n".join(lines) + "\n")
    region = import_table(source, tmp_path / "demo", say=str)
    assert table_of(region, "readings")["kwh"].tolist() == [0, 1]
    assert aside(region, "readings")["file"].tolist() == [
        "2024-01/r.csv",
        "2024-02/r.csv",
    ]


def test_columns_that_are_not_taken_are_told(tmp_path):
    said = []
    lines = [f"{HEADER},x", "A,2024-03-04,1,2"]
    source = write_export(tmp_path / "e", readings_csv=lines)
    import_table(source, tmp_path / "demo", say=said.append)
    assert "readings: columns of readings.csv not taken: x" in said


def test_settings_and_mapping_are_found_beside_each_other(tmp_path):
    source = write_export(tmp_path / "a", readings_csv=[HEADER, *hourly("A", [1])])
    other = tmp_path / "b"
    other.mkdir()
    for name in ("mapping.yaml", "region.yaml"):
        shutil.move(source / name, other / name)
    region = import_table(
        source, tmp_path / "r", mapping=other / "mapping.yaml", say=str
    )
    assert region.settings.name == "demo"
    again = import_table(
        source, tmp_path / "r", mapping=other / "mapping.yaml", say=str
    )
    assert again.settings.name == "demo"


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("mapping.yaml", ["mapping.yaml", "missing"]),
        ("region.yaml", ["region.yaml", "time zone"]),
        ("readings.csv", ["readings*", "mapping.yaml"]),
    ],
)
def test_what_is_missing_is_named(tmp_path, missing, words):
    source = write_export(tmp_path / "a", readings_csv=[HEADER, *hourly("A", [1])])
    (source / missing).unlink()
    with pytest.raises(InputError) as caught:
        import_table(source, tmp_path / "r", say=str)
    for word in words:
        assert word in str(caught.value)


def test_a_column_that_the_file_lacks_is_named_with_the_likely_one(tmp_path):
    mapping = LONG.replace("time,", "tme,")
    with pytest.raises(InputError, match=r"missing column 'tme'.*mean 'time'"):
        imported(tmp_path, mapping, readings_csv=[HEADER, *hourly("A", [1])])


DAILY = """\
tables:
  energy_daily:
    files: ["daily.csv"]
    columns: {customer_id: id, date: day, kwh: kwh}
"""


def test_daily_energy_is_written_in_whole_customers(tmp_path):
    days = pd.date_range("2024-01-01", periods=3)
    lines = [f"{c},{d:%Y-%m-%d},{n}" for n, d in enumerate(days) for c in "BA"]
    region = imported(tmp_path, DAILY, daily_csv=["id,day,kwh", *lines])
    parts = sorted((region.path / "energy_daily").glob("part-*.parquet"))
    assert [p.name for p in parts] == ["part-0000.parquet"]
    table = pq.read_table(parts[0])
    assert table["customer_id"].to_pylist() == list("AAABBB")
    assert str(table.schema.field("date").type) == "date32[day]"


def content(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder): sha256(p.read_bytes()).digest() for p in files}


def operations(monkeypatch, stop_at):
    """Make the n-th file operation of the import fail, whatever it is."""
    done = [0]

    def guarded(function):
        def call(*args, **kwargs):
            done[0] += 1
            if done[0] == stop_at:
                raise KilledError
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr(os, "rename", guarded(os.rename))
    monkeypatch.setattr(os, "mkdir", guarded(os.mkdir))
    monkeypatch.setattr(shutil, "copyfile", guarded(shutil.copyfile))
    monkeypatch.setattr(pq, "ParquetWriter", guarded(pq.ParquetWriter))
    monkeypatch.setattr(pq, "write_table", guarded(pq.write_table))
    monkeypatch.setattr(pq.ParquetWriter, "write_table", guarded(_WRITE), raising=False)
    monkeypatch.setattr(builtins, "open", guarded(builtins.open))
    return done


_WRITE = pq.ParquetWriter.write_table


class KilledError(BaseException):
    """The power went out."""


def killed(monkeypatch, stop_at, call):
    """Whether `call` was stopped at its n-th file operation."""
    with monkeypatch.context() as patched:
        done = operations(patched, stop_at)
        try:
            call()
        except KilledError:
            return True
        assert done[0] < stop_at
        return False


@pytest.mark.parametrize(
    "every", [pytest.param(1, marks=pytest.mark.slow), 6], ids=["each", "some"]
)
def test_a_kill_at_any_file_operation_leaves_a_whole_region(
    tmp_path, monkeypatch, every
):
    source = write_export(tmp_path / "e", readings_csv=[HEADER, *hourly("A", [1, 2])])
    target, spare = tmp_path / "demo", tmp_path / "spare"
    import_table(source, spare, say=str)
    write_export(source, readings_csv=[HEADER, *hourly("A", [5, 6, 7]), "A,x,1"])
    shutil.copytree(spare, target)
    import_table(source, target, say=str)
    before, after = content(spare), content(target)
    for stop_at in count(1, every):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(spare, target)
        if not killed(
            monkeypatch, stop_at, lambda: import_table(source, target, say=str)
        ):
            break
        # Between the last two renames the old folder stands under another name.
        whole = target if target.exists() else target.with_name(".demo.old")
        assert content(whole) in (before, after)
    assert stop_at > 8
    assert table_of(read_region(target), "readings")["kwh"].tolist() == [5, 6, 7]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo", "e", "spare"]


DYING = """\
import os, sys
from research.region.ingest import import_table, loading, table
import_table(sys.argv[1], sys.argv[2], say=lambda s: "kept" in s and os._exit(9))
"""


@pytest.mark.slow
def test_a_process_that_dies_leaves_the_old_region_whole(tmp_path):
    source = write_export(tmp_path / "e", readings_csv=[HEADER, *hourly("A", [1, 2])])
    target = tmp_path / "demo"
    import_table(source, target, say=str)
    before = content(target)
    command = [sys.executable, "-c", DYING, str(source), str(target)]
    assert subprocess.run(command, check=False).returncode == 9
    assert content(target) == before
    assert (tmp_path / ".demo.new").exists()
    import_table(source, target, say=str)
    assert not (tmp_path / ".demo.new").exists()


def test_a_full_disk_is_told_and_leaves_the_region_as_it_was(tmp_path, monkeypatch):
    region = imported(tmp_path, readings_csv=[HEADER, *hourly("A", [1.0, 2.0])])
    before = {p.name: p.stat().st_mtime_ns for p in region.path.rglob("*")}

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(table, "load", full)
    with pytest.raises(InputError, match="the disk is full"):
        import_table(tmp_path / "export", region.path, say=str)
    assert {p.name: p.stat().st_mtime_ns for p in region.path.rglob("*")} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo", "export"]


def test_what_a_killed_import_left_is_cleared_by_the_next(tmp_path):
    left = tmp_path / ".demo.new" / ".work"
    left.mkdir(parents=True)
    (left / "readings_plain_0.parquet").write_bytes(b"half")
    imported(tmp_path, readings_csv=[HEADER, *hourly("A", [1.0, 2.0])])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo", "export"]
    assert not (tmp_path / "demo" / ".work").exists()


def test_how_much_is_read_and_how_long_it_takes_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "SECONDS_BETWEEN", 0)
    source = write_export(
        tmp_path / "export", readings_csv=[HEADER, *hourly("A", [1.0, 2.0])]
    )
    said = []
    import_table(source, tmp_path / "demo", say=said.append)
    assert "readings: reading readings.csv (1 of 1), 100%, 0 s left" in said
