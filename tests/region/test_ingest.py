"""Import of the London data, in the publisher's layouts and with planted faults."""

import gzip
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from planted import ROOT, SHARED

from research.region import InputError
from research.region.ingest import import_lcl

HEADER = "LCLid,tstp,energy(kWh/hh)"


def quiet(_):
    """Say nothing."""


def half_hours(customer, n=48 * 30, start="2013-01-01"):
    stamps = pd.date_range(start, periods=n, freq="30min")
    return [
        f"{customer},{stamp:%Y-%m-%d %H:%M:%S}, {0.1 + 0.001 * (i % 97):.3f} "
        for i, stamp in enumerate(stamps)
    ]


def export(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, lines in files.items():
        (folder / f"{name}.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    return folder


def hashes(folder):
    # What the import before found is kept for comparison and is no table.
    files = sorted(
        p
        for p in folder.rglob("*")
        if p.is_file() and p.name != "findings_before.parquet"
    )
    return {p.relative_to(folder): sha256(p.read_bytes()).digest() for p in files}


FAULTY = [
    "MAC1,2013-01-02 00:00:00.0000000,Null",
    "MAC1,2013-01-02 00:07:00, 0.2 ",
    "MAC1,30 February, 0.2 ",
    ",2013-01-02 00:00:00, 0.2 ",
    "MAC1,2013-03-01 00:00:00, -0.2 ",
    "MAC1,2013-03-01 00:30:00, 99 ",
    "MAC1,2013-03-01 01:00:00, 0.2 ",
    "MAC1,2013-03-01 01:00:00, 0.2 ",
    "MAC1,2013-03-01 02:00:00, 0.2 ",
    "MAC1,2013-03-01 02:00:00, 0.3 ",
]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """A household with good rows and faulty ones: the export and the region."""
    folder = tmp_path_factory.mktemp("faulty")
    source = export(folder / "lcl", MAC1=half_hours("MAC1") + FAULTY)
    return source, import_lcl(source, folder / "london", say=quiet)


def test_faulty_rows_are_set_aside_counted_and_written_with_their_line(faulty):
    _, region = faulty
    counts = region.findings.set_index("rule")["rows"]
    expected = {
        "unreadable_value": 1,
        "off_grid": 1,
        "unreadable_stamp": 1,
        "missing_id": 1,
        "negative": 1,
        "above_limit": 1,
        "exact_duplicate": 1,
        "conflicting_duplicate": 2,
    }
    assert counts[list(expected)].to_dict() == expected
    aside = pd.read_csv(region.path / "quarantine" / "readings.csv", dtype=str)
    assert len(aside) == sum(expected.values())
    null = aside[aside["rule"] == "unreadable_value"].iloc[0]
    assert (null["file"], null["line"]) == ("MAC1.csv", str(48 * 30 + 2))
    assert null["kwh"].strip() == "Null"


def test_rows_in_are_rows_kept_and_rows_set_aside(faulty):
    _, region = faulty
    kept = region.query("select count(*) as n from readings")["n"][0]
    aside = pd.read_csv(region.path / "quarantine" / "readings.csv")
    assert kept + len(aside) == 48 * 30 + len(FAULTY)


def test_faulty_rows_change_nothing_else(tmp_path):
    good = half_hours("MAC1")
    clean = import_lcl(export(tmp_path / "a", x=good), tmp_path / "ra", say=quiet)
    faults = [line for line in FAULTY if "2013-03-01 01:00" not in line]
    dirty = import_lcl(
        export(tmp_path / "b", x=good + faults), tmp_path / "rb", say=quiet
    )
    sql = "select * from readings order by all"
    assert dirty.query(sql).equals(clean.query(sql))


def test_files_of_one_meter_and_of_several_give_the_same_tables(tmp_path):
    one, two = half_hours("MAC1"), half_hours("MAC2")
    apart = export(tmp_path / "apart", MAC1=one, MAC2=two)
    together = export(tmp_path / "together", block_0=two + one)
    import_lcl(apart, tmp_path / "london", say=quiet)
    first = hashes(tmp_path / "london")
    import_lcl(together, tmp_path / "london", say=quiet)
    assert hashes(tmp_path / "london") == first


def test_importing_twice_gives_the_same_bytes(faulty, tmp_path):
    source, region = faulty
    again = import_lcl(source, tmp_path / "london", say=quiet)
    assert hashes(again.path) == hashes(region.path)
    assert len(hashes(again.path)) >= 5


def test_packed_files_and_seven_decimals_of_a_second_are_read(tmp_path):
    folder = tmp_path / "lcl"
    folder.mkdir()
    lines = ["LCLid,tstp,energy_kWh", "MAC1,2013-01-01 00:30:00.0000000, 0.5 "]
    with gzip.open(folder / "MAC1.csv.gz", "wt") as file:
        file.write("\n".join(lines) + "\n")
    region = import_lcl(folder, tmp_path / "london", say=quiet)
    row = region.query("select * from readings").iloc[0]
    assert (row["customer_id"], row["kwh"]) == ("MAC1", 0.5)
    assert row["ts"] == pd.Timestamp("2013-01-01 00:30")


def test_settings_of_the_region_outlive_a_new_import(tmp_path):
    source = export(tmp_path / "lcl", MAC1=half_hours("MAC1"))
    import_lcl(source, tmp_path / "london", say=quiet)
    path = tmp_path / "london" / "region.yaml"
    path.write_text(path.read_text().replace("低碳伦敦", "伦敦"), encoding="utf-8")
    again = import_lcl(source, tmp_path / "london", say=quiet)
    assert again.settings.title.zh == "伦敦"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "", ["a.csv", "empty"]),
        ("a.csv", "<!DOCTYPE html><title>Log in</title>", ["a.csv", "HTML"]),
        ("a.csv", "version https://git-lfs.github.com/spec/v1\n", ["a.csv", "Git LFS"]),
        ("a.csv", "LCLid,tstp\nMAC1,2013-01-01\n", ["line 1", "missing column value"]),
        ("a.csv", f"{HEADER},LCLid\n", ["line 1", "duplicate column 'LCLid'"]),
        ("a.csv", f"{HEADER}\nMAC1,2013-01-01 00:00:00\n", ["a.csv", "whole csv"]),
        ("a.parquet", "PAR1", ["a.parquet", "4 bytes", "Parquet"]),
        ("a.txt", "x", ["no readings", "a.txt"]),
    ],
)
def test_a_source_that_is_none_is_refused_and_nothing_is_written(
    tmp_path, name, content, words
):
    folder = tmp_path / "lcl"
    folder.mkdir()
    (folder / name).write_text(content)
    with pytest.raises(InputError) as caught:
        import_lcl(folder, tmp_path / "out" / "london", say=quiet)
    for word in words:
        assert word in str(caught.value)
    assert (
        not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True
    )


def test_a_missing_source_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        import_lcl(tmp_path / "nowhere", tmp_path / "london", say=quiet)


def test_households_named_twice_are_refused_with_their_lines(tmp_path):
    source = export(tmp_path / "lcl", MAC1=half_hours("MAC1"))
    (source / "customers.csv").write_text(
        "customer_id,tariff\nMAC1,Std\nMAC2,Std\nMAC1,ToU\n"
    )
    with pytest.raises(InputError, match=r"lines 2 and 4: customer 'MAC1'"):
        import_lcl(source, tmp_path / "london", say=quiet)


def test_labels_in_the_publishers_own_columns_are_kept(tmp_path):
    source = tmp_path / "lcl"
    source.mkdir()
    header = "LCLid,stdorToU,DateTime,KWH/hh (per half hour) ,Acorn,Acorn_grouped"
    rows = [
        f"MAC1,Std,2013-01-01 0{hour}:00:00.0000000, 0.2 ,ACORN-A,Affluent"
        for hour in range(9)
    ]
    (source / "all.csv").write_text("\n".join([header, *rows]) + "\n")
    region = import_lcl(source, tmp_path / "london", say=quiet)
    assert region.labels.loc["MAC1"].to_dict() == {
        "acorn": "ACORN-A",
        "acorn_group": "Affluent",
        "tariff": "Std",
    }
    (source / "all.csv").write_text(
        "\n".join([header, *rows, rows[0].replace("Std", "ToU")]) + "\n"
    )
    with pytest.raises(InputError, match="more than one tariff: Std, ToU"):
        import_lcl(source, tmp_path / "london", say=quiet)


def test_columns_that_are_no_meters_are_refused(tmp_path):
    source = tmp_path / "lcl"
    source.mkdir()
    stamps = pd.date_range("2013-01-01", periods=4, freq="30min", name="gmt_time")
    wide = pd.DataFrame({"MAC1": [0.1] * 4, "total": [0.1] * 4}, index=stamps)
    wide.to_parquet(source / "load.parquet")
    (source / "customers.csv").write_text("customer_id,tariff\nMAC1,Std\n")
    with pytest.raises(InputError, match="total"):
        import_lcl(source, tmp_path / "london", say=quiet)


@pytest.fixture(scope="module")
def london(tmp_path_factory):
    target = tmp_path_factory.mktemp("regions") / "london"
    return import_lcl(ROOT / "data" / "raw" / "london", target, say=quiet)


@pytest.mark.slow
def test_the_shipped_region_is_what_its_source_says(london):
    wide = pd.read_parquet(ROOT / "data" / "raw" / "london" / "load.parquet")
    totals = london.query(
        "select count(*) as n, sum(kwh::double) as kwh, "
        "count(distinct customer_id) as customers from readings"
    ).iloc[0]
    assert totals["n"] == wide.notna().sum().sum()
    assert totals["customers"] == 100
    assert totals["kwh"] == pytest.approx(
        np.nansum(wide.to_numpy(dtype=float)), rel=1e-9
    )
    assert len(london.stamps) == 17520
    assert len(london.usable) == 99
    bands = london.price_signal["band"].value_counts().to_dict()
    assert bands == {"normal": 15072, "low": 1660, "high": 788}


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the publisher's files are absent")
def test_the_publishers_files_agree_with_the_shipped_table(london, tmp_path):
    source = SHARED / "data" / "uk_lcl_30min_2013" / "raw_sample"
    original = import_lcl(source, tmp_path / "london", say=quiet)
    sql = """select * from readings where customer_id in ('MAC000002', 'MAC000010')
             and ts >= '2013-01-01' and ts < '2014-01-01' order by all"""
    ours, theirs = london.query(sql), original.query(sql)
    assert len(ours) == 2 * 17520
    assert ours.drop(columns="kwh").equals(theirs.drop(columns="kwh"))
    assert np.allclose(ours["kwh"], theirs["kwh"], atol=1e-6)
