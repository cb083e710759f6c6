import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_benchmark_runs_and_both_ways_agree():
    # It compares the two tables itself, before it times them.
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.features", "5", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "plain pandas" in ran.stdout


@pytest.mark.slow
def test_features_by_query_are_ours(tmp_path):
    # The tables are compared before anything is told.
    command = [sys.executable, "-m", "benchmarks.features_from_files", "3", tmp_path]
    command += ["--repeats", "1", "--only", "research --jobs 2", "DuckDB, file by file"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("file by file") == 1
