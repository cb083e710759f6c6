import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_benchmark_runs_and_both_ways_agree():
    # It compares the two tables itself, before it times them.
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.features", "5", "1"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "plain pandas" in ran.stdout


@pytest.mark.slow
def test_features_by_query_are_ours(tmp_path):
    # The tables are compared before anything is told.
    from benchmarks.features_from_files import results

    found = results(3, tmp_path, 1, ("research --jobs 2", "DuckDB, file by file"))
    assert found["wall_s"].gt(0).all()
    assert found["readings"].eq(found["readings"][0]).all()
