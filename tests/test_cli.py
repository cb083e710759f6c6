"""The command line: exit codes, and messages that a person can act on."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from planted import REGION_YAML, planted_readings

from research.cli import main
from research.features.load import mapped
from research.region import read_region
from research.region.files import write_table

ROOT = Path(__file__).parents[1]


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def research(monkeypatch, capsys):
    """Run the command line in this process, from the root of the repository."""
    monkeypatch.chdir(ROOT)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["research", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code or 0
        return Done(code, *capsys.readouterr())

    return run


@pytest.mark.slow
def test_the_exit_code_reaches_the_shell(tmp_path):
    command = [sys.executable, "-m", "research.cli", "check", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_tells_what_a_region_holds_and_how_far_it_carries(research, tiny):
    done = research("check", tiny)
    assert done.returncode == 0
    assert "tiny  L3 interval readings" in done.stdout
    assert re.search(r"readings +40,320 +24 +2024-01-01 +2024-03-10", done.stdout)
    assert re.search(r"L4 +bills and payments +no .* bills, payments", done.stdout)
    assert re.search(r"02_load_segments +yes", done.stdout)
    assert "frozen_run" in done.stdout


def test_check_fails_a_region_that_breaks_a_hard_rule(research, tiny):
    bills = pd.DataFrame(
        {"bill_id": ["a", "b"], "customer_id": "0000", "ym": "2024-01"}
    )
    charges = {"energy_charge": 10.0, "basic_charge": 0.0, "total_yuan": [10.0, 99.0]}
    write_table(bills.assign(**charges), tiny, "bills")
    done = research("check", tiny)
    assert done.returncode == 1
    assert "fails bill_total in bills: 50.00% of the rows, 1.00% allowed" in done.stdout


def test_an_export_becomes_a_region_by_the_draft_of_its_mapping(research, tmp_path):
    export = tmp_path / "export"
    export.mkdir()
    readings = planted_readings(4, 30)[0].round({"kwh": 3})
    readings.columns = ["户号", "时间", "电量"]
    readings.to_csv(export / "负荷.csv", index=False, encoding="gb18030")
    target = tmp_path / "linqing"
    done = research("import", "table", export, target, "--suggest")
    assert done.returncode == 0
    assert not target.exists()
    (export / "mapping.yaml").write_text(done.stdout, encoding="utf-8")
    (export / "region.yaml").write_text(REGION_YAML, encoding="utf-8")
    done = research("import", "table", export, target)
    assert done.returncode == 0, done.stderr
    found = read_region(target).query("select count(*) n, sum(kwh) kwh from readings")
    assert found["n"].item() == len(readings)
    assert found["kwh"].item() == pytest.approx(readings["电量"].sum(), rel=1e-6)


@pytest.mark.slow
def test_a_synthetic_region_is_made_checked_and_the_same_again(research, tmp_path):
    small = ("--customers", 60, "--days", 60, "--seed", 7)
    for name in ("one", "two"):
        done = research(
            "synthesize", "haihe", tmp_path / name, "--size", "tiny", *small
        )
        assert done.returncode == 0, done.stderr
        assert "haihe (synthetic)  L7" in done.stdout
    files = sorted(p for p in (tmp_path / "one").rglob("*") if p.is_file())
    assert len(files) > 20
    for path in files:
        twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert twin.read_bytes() == path.read_bytes(), path.name


def test_the_dictionary_is_printed(research):
    done = research("dictionary")
    assert done.returncode == 0
    assert done.stdout.startswith("# Data dictionary")


def break_region(tiny, fault):
    readings = tiny / "readings" / "part-0000.parquet"
    if fault == "missing folder":
        return tiny.parent / "nowhere"
    if fault == "empty file":
        readings.write_bytes(b"")
    elif fault == "html":
        (tiny / "customers.parquet").write_text("<!DOCTYPE html><p>Log in</p>")
    elif fault == "missing column":
        table = pq.read_table(readings)
        pq.write_table(table.drop_columns(["kwh"]), readings)
    elif fault == "duplicated ids":
        ids = pa.table({"customer_id": ["0001", "0002", "0001"]})
        pq.write_table(ids, tiny / "customers.parquet")
    elif fault == "empty period":
        with (tiny / "region.yaml").open("a") as file:
            file.write("period: {start: 2001-01-01, end: 2001-12-31}\n")
    elif fault == "unknown key":
        with (tiny / "region.yaml").open("a") as file:
            file.write("colour: red\n")
    return tiny


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("missing folder", "nowhere"),
        ("empty file", "0 bytes"),
        ("html", "not a whole Parquet file"),
        ("missing column", "missing column kwh"),
        ("unknown key", "colour"),
        ("duplicated ids", "rows 1 and 3 share customer_id '0001'"),
        ("empty period", "would leave 0 readings"),
    ],
)
@pytest.mark.parametrize("command", ["check", "report"])
def test_a_wrong_region_is_one_message_and_code_2(
    research, tiny, tmp_path, command, fault, words
):
    path = break_region(tiny, fault)
    extra = ["--out", tmp_path / "out"] if command == "report" else []
    done = research(command, path, *extra)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (",late,often\nlate,1,5\noften,1/5,1\n", "late"),
        (",a,b\na,1,much\nb,1/3,1\n", "'much'"),
        (None, "no such file"),
    ],
)
@pytest.mark.parametrize("command", ["check", "report"])
def test_faulty_judgements_are_one_message_and_code_2(
    research, tiny, tmp_path, command, text, words
):
    with (tiny / "region.yaml").open("a", encoding="utf-8") as file:
        file.write("credit: {judgements: experts.csv}\n")
    if text is not None:
        (tiny / "experts.csv").write_text(text, encoding="utf-8")
    extra = ["--out", tmp_path / "out"] if command == "report" else []
    done = research(command, tiny, *extra)
    assert done.returncode == 2
    assert "experts.csv" in done.stderr
    assert words in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("missing folder", "nowhere"),
        ("empty file", "0 bytes"),
        ("html", "not a whole Parquet file"),
        ("missing column", "missing column kwh"),
        ("unknown key", "colour"),
        ("empty period", "would leave 0 readings"),
    ],
)
def test_features_of_a_wrong_region_are_one_message_and_code_2(
    research, tiny, tmp_path, fault, words
):
    done = research("features", break_region(tiny, fault), "--out", tmp_path / "out")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_features_are_written_once_and_told(research, tiny, tmp_path):
    table = tmp_path / "out" / "features.parquet"
    done = research("features", tiny, "--out", tmp_path / "out")
    assert (done.returncode, done.stdout) == (0, f"{table}: 24 customers\n")
    assert len(pd.read_parquet(table)) == 24
    done = research("features", tiny, "--out", tmp_path / "out")
    assert (done.returncode, done.stdout) == (0, f"{table}: unchanged\n")


def test_features_without_a_broken_file_are_code_1_and_another_name(
    research, tiny, tmp_path
):
    broken = tiny / "readings" / "part-0001.parquet"
    broken.write_bytes(b"PAR1")
    out = tmp_path / "out"
    done = research("features", tiny, "--out", out)
    assert done.returncode == 1
    assert f"failed {broken}: " in done.stderr
    assert "features.parquet was not written" in done.stderr
    assert done.stdout == f"{out / 'features.partial.parquet'}: 24 customers\n"
    assert not (out / "features.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "xls", "x", "y"], "known: table, lcl"),
        (["import", "lcl", "no_such_export", "y"], "no such file or folder"),
        (["report", "{tiny}", "--notebook", "99"], "known: 01_data_quality"),
        (["report", "{tiny}", "--param", "seed"], "KEY=VALUE"),
        (["report", "{tiny}", "--param", "sed=3"], "Did you mean seed"),
        (["report", "{tiny}", "--param", "seed=1.5"], "whole number"),
        (["report", "{tiny}", "--param", "n_clusters=nan"], "whole number"),
        (["report", "{tiny}", "--notebooks", "nowhere"], "no folder of notebooks"),
        (["report", "{tiny}", "--jobs", "0"], "--jobs"),
        (["verify", "{tiny}"], "manifest.json"),
        (["features", "{tiny}", "--jobs", "0"], "--jobs"),
        (["nonsense"], "No such command"),
    ],
)
def test_a_wrong_call_is_one_message_and_code_2(research, tiny, arguments, words):
    done = research(*(argument.format(tiny=tiny) for argument in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dry_run_tells_and_writes_nothing(research, tiny, tmp_path):
    done = research("report", tiny, "--out", tmp_path / "out", "--dry-run")
    assert done.returncode == 0
    assert "tiny  01_data_quality  would run: never published" in done.stdout
    assert not (tmp_path / "out").exists()


def test_features_on_a_cluster_that_is_not_there_are_code_2(
    research, tiny, tmp_path, monkeypatch
):
    pytest.importorskip("distributed")
    monkeypatch.setattr(mapped, "SECONDS_TO_CONNECT", 0.3)
    out = tmp_path / "out"
    address = "tcp://127.0.0.1:9"
    done = research("features", tiny, "--out", out, "--scheduler", address)
    assert done.returncode == 2
    assert f"scheduler '{address}': nobody answers" in done.stderr
    assert not out.exists()


@pytest.mark.slow
def test_one_failing_notebook_is_code_1_and_the_other_is_published(
    research, tiny, tmp_path
):
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    shutil.copy(ROOT / "notebooks" / "01_data_quality.ipynb", notebooks)
    broken = nbformat.read(notebooks / "01_data_quality.ipynb", as_version=4)
    broken.cells[6].source = "area.nonsense"
    nbformat.write(broken, notebooks / "02_broken.ipynb")
    out = tmp_path / "out"
    done = research("report", tiny, "--notebooks", notebooks, "--out", out)
    assert done.returncode == 1
    assert "tiny  02_broken cell 7: AttributeError" in done.stderr
    assert "1 published, 1 failed" in done.stderr
    assert (out / "tiny" / "01_data_quality.html").exists()
    kept = tmp_path / "out-logs" / "tiny"
    assert {path.name for path in kept.iterdir()} == {
        "01_data_quality.log",
        "02_broken.failed.ipynb",
        "02_broken.log",
    }
    assert f"log: {kept / '02_broken.log'}" in done.stderr
    verified = research("verify", out / "tiny")
    assert verified.returncode == 0
    (out / "tiny" / "01_data_quality.html").write_text("changed")
    assert research("verify", out / "tiny").returncode == 1
