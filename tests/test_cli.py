"""The command line: exit codes, and messages that a person can act on."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from research.cli import main

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


def test_the_exit_code_reaches_the_shell(tmp_path):
    command = [sys.executable, "-m", "research.cli", "check", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_tells_what_a_region_holds(research, tiny):
    done = research("check", tiny)
    assert done.returncode == 0
    assert "tiny: 24 customers, 2024-01-01 to 2024-03-10, 24 with enough" in done.stderr
    assert "frozen_run" in done.stderr


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
    ("arguments", "words"),
    [
        (["import", "xls", "x", "y"], "known: lcl"),
        (["import", "lcl", "no_such_export", "y"], "no such file or folder"),
        (["report", "{tiny}", "--notebook", "99"], "known: 01_data_quality"),
        (["report", "{tiny}", "--param", "seed"], "KEY=VALUE"),
        (["report", "{tiny}", "--param", "sed=3"], "Did you mean seed"),
        (["report", "{tiny}", "--param", "seed=1.5"], "whole number"),
        (["report", "{tiny}", "--param", "n_clusters=nan"], "whole number"),
        (["report", "{tiny}", "--notebooks", "nowhere"], "no folder of notebooks"),
        (["report", "{tiny}", "--jobs", "0"], "--jobs"),
        (["verify", "{tiny}"], "manifest.json"),
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
    assert "tiny  01_data_quality  would run" in done.stdout
    assert not (tmp_path / "out").exists()


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
    assert (out / "tiny" / "failed" / "02_broken.ipynb").exists()
    verified = research("verify", out / "tiny")
    assert verified.returncode == 0
    (out / "tiny" / "01_data_quality.html").write_text("changed")
    assert research("verify", out / "tiny").returncode == 1
