"""Bad and odd exports: what must be refused, set aside, told or taken as it is."""

import csv
import os
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from planted import SHARED

from research.region import InputError
from research.region.ingest import import_table

MAPPINGS = Path(__file__).parent / "mappings" / "bad_inputs"
FOLDER = SHARED / "bad_inputs"
AREAS = ("readings", "customers", "payments", "tickets")
TABLES = ("customers", "readings", "bills", "payments", "tickets")
# Faults of a series or of a segmentation: the import takes these rows as they are.
LATER = "R04 R05 R12 R14 R15 R69 R75 R77 R80 R81 P01 P09 P10".split()
# The same data under other ids.
RENAMED = "R47 R53 R56 R70".split()
# What stands among the tables where a case has the same numbers by another way.
SAME = "R03 R27 R29 R38 R49 R63 R68 T01 T02".split()


def cases():
    if not FOLDER.is_dir():
        return []
    with (FOLDER / "bad_inputs.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["area"] in AREAS]


def export_of(case, tmp_path):
    """GOOD, with the files of the case laid over it."""
    source = tmp_path / "export"
    shutil.copytree(FOLDER / "GOOD", source, copy_function=shutil.copyfile)
    os.chmod(source, 0o755)
    for path in (FOLDER / case).iterdir():
        if path.name.startswith("readings.") or path.is_dir():
            (source / "readings.csv").unlink(missing_ok=True)
    for path in (FOLDER / case).iterdir():
        if path.is_dir():
            (source / path.name).mkdir()
        elif path.suffix not in (".json", ".yaml"):
            shutil.copyfile(path, source / path.name)
    if case == "T07":
        (source / "tickets.csv").unlink()
    (source / "region.yaml").unlink()
    (source / "region.yaml").write_text(region_file(case), encoding="utf-8")
    (source / "mapping.yaml").write_text(mapping_file(case), encoding="utf-8")
    return source


def region_file(case):
    text = (MAPPINGS / "region.yaml").read_text(encoding="utf-8")
    if case == "R19":
        text = text.replace("timezone: Asia/Shanghai", "timezone: America/New_York")
        text = text.replace("clock: Asia/Shanghai", "clock: UTC")
    if case == "R63":  # its stamps are the hours of the csv in UTC
        text = text.replace("clock: Asia/Shanghai", "clock: UTC")
    return text


def mapping_file(case):
    """The mapping of GOOD without the tables that the case does not touch."""
    name = "wide.yaml" if case == "R72" else "mapping.yaml"
    text = (MAPPINGS / name).read_text(encoding="utf-8")
    parts = re.split(r"\n(?=  [a-z])", text)
    wanted = {"R": ("readings",), "C": ("readings",), "P": ("bills", "payments")}
    kept = ("tables", "customers", *wanted.get(case[0], TABLES))
    text = "\n".join(p for p in parts if p.split(":")[0].strip() in kept)
    if case == "R19":
        clock = '  readings:\n    clock: America/New_York\n    files: ["readings*"]'
        text = text.replace('  readings:\n    files: ["readings*"]', clock)
    return text


def imported(case, tmp_path):
    source = export_of(case, tmp_path)
    return import_table(source, tmp_path / "demo", say=str)


def tables_of(region):
    return {
        name: region.query(f"select * from {name} order by all")
        for name in TABLES
        if region.has(name)
    }


def aside_of(region, table):
    path = region.path / "quarantine" / f"{table}.csv"
    return pd.read_csv(path, dtype=str) if path.is_file() else pd.DataFrame()


def findings_of(region):
    findings = pd.read_parquet(region.path / "findings.parquet")
    return findings[(findings["rows"] > 0) | (findings["rule"] == "no_rows")]


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    if not FOLDER.is_dir():
        pytest.skip("the cases are absent")
    return tables_of(imported("GOOD", tmp_path_factory.mktemp("good")))


def assert_rest_is_good(tables, good, table, lost):
    """All rows of `table` are rows of the good set, which has `lost` more."""
    both = tables[table].merge(good[table], how="left", indicator=True)
    assert (both["_merge"] == "both").all()
    assert len(tables[table]) == len(good[table]) - lost


def names_of(case):
    return [name.strip() for name in case["message_must_name"].split(";") if name]


CASES = cases()


@pytest.mark.slow
@pytest.mark.skipif(not CASES, reason="the cases are absent")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_bad_input_ends_as_it_should(case, tmp_path, good):
    name, outcome = case["id"], case["outcome_wanted"]
    if name in LATER:
        rows = {t: len(f) for t, f in tables_of(imported(name, tmp_path)).items()}
        assert rows["customers"] == len(good["customers"])
        lines = (FOLDER / name / f"{case['area']}.csv").read_text("utf-8").splitlines()
        assert rows[case["area"]] == len(lines) - 1
    elif outcome == "reject":
        with pytest.raises(InputError) as caught:
            imported(name, tmp_path)
        for word in names_of(case):
            assert word.lower() in str(caught.value).lower()
        assert not (tmp_path / "demo").exists()
        assert not (tmp_path / ".demo.new").exists()
    else:
        region = imported(name, tmp_path)
        CHECKS.get(name, CHECKS[outcome])(case, region, good)


def check_quarantine(case, region, good):
    table = {"P12": "bills"}.get(case["id"], case["area"])
    aside, tables = aside_of(region, table), tables_of(region)
    assert len(aside) == int(case["bad_rows"])
    extra = {"R01": 168, "P06": 1, "T04": 1}.get(case["id"], 0)
    if case["id"] == "R48":
        assert_renamed(tables, good)
    else:
        assert_rest_is_good(tables, good, table, len(aside) - extra)
    told = findings_of(region).to_csv() + aside.to_csv()
    for name in names_of(case):
        assert name in told or name == "row"


def check_flag(case, region, good):
    findings = findings_of(region)
    told = findings.to_csv()
    for name in names_of(case):
        assert name in told


def check_accept(case, region, good):
    tables = tables_of(region)
    if case["id"] in RENAMED:
        assert_renamed(tables, good)
    elif case["id"] in SAME:
        for table in tables:
            if table == "tickets" and case["area"] == "tickets":
                assert len(tables[table]) == len(good[table])
            elif case["id"] != "R27" or table != "readings":
                pd.testing.assert_frame_equal(tables[table], good[table])
    unpaid = 3 if case["id"] == "P04" else 0
    for table, rows in tables.items():
        assert len(rows) == len(good[table]) - (unpaid if table == "payments" else 0)


def assert_renamed(tables, good):
    ours = tables["readings"].groupby("customer_id")["kwh"].sum().sort_values()
    theirs = good["readings"].groupby("customer_id")["kwh"].sum().sort_values()
    assert len(ours) == 20
    assert ours.tolist() == pytest.approx(theirs.tolist(), rel=1e-6)
    assert tables["customers"]["customer_id"].tolist() == sorted(ours.index)


CHECKS = {"quarantine": check_quarantine, "flag": check_flag, "accept": check_accept}
