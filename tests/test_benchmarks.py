"""The page of benchmarks says what was measured, and the costs follow from it."""

import ast
import importlib
import inspect
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the benchmarks are run from there

from benchmarks import commands as commands_part  # noqa: E402
from benchmarks import costs, features_from_files, measuring, pages, payers  # noqa: E402
from benchmarks.measuring import command, measured, side_by_side, way  # noqa: E402
from benchmarks.parts import (  # noqa: E402
    OF_FEATURES,
    PARTS,
    SCAN_AND_OURS,
)
from benchmarks.records import FOLDER, Result, read_results, write_result  # noqa: E402
from benchmarks.run import SCALING  # noqa: E402

ONLY_THERE = {"polars", "tsfresh", "tslearn", "minisom", "cesium"}
MODULES = sorted((ROOT / "benchmarks").glob("*.py"))
SETTING = {
    "date": "2026-01-01",
    "cpu": "a CPU",
    "cores": 2,
    "memory_gb": 8,
    "system": "Linux x86_64",
    "load_at_start": 0.1,
    "versions": {"python": "3.11", "numpy": "2.4"},
    "size": "full",
}
PAYERS = pd.DataFrame(
    {
        "way": ["research", "pandas", "DuckDB"],
        "customers": 1000,
        "wall_s": [2.0, 5.0, 1.0],
        "cpu_s": [2.0, 4.0, 1.98],
        "peak_gb": [0.2, 0.3, 0.1],
        "repeats": 3,
    }
)


def commands(ns=100.0):
    rows = [
        (way, n, n * 35_000, ns * factor, 1.0, 0.3, ns * factor * n * 35_000 / 1e9)
        for n in (10, 1000)
        for factor, way in enumerate(costs.STEPS, start=1)
    ]
    columns = [
        *("way", "customers", "readings", "ns_a_reading", "bytes_a_reading"),
        *("peak_gb", "cpu_s"),
    ]
    table = pd.DataFrame(rows, columns=columns)
    table.loc[table["customers"] == 10, "ns_a_reading"] *= 9  # the start counts
    return table


def test_the_page_is_made_from_the_kept_results():
    assert pages.page(read_results()) == (FOLDER.parent / pages.PAGE).read_text("utf-8")


def test_the_picture_shows_every_curve_of_the_kept_results():
    drawn = (FOLDER.parent / pages.PICTURE).read_text("utf-8")
    curves = pages.growth(read_results())
    assert len(curves)
    for what in curves["what"].unique():
        assert what in drawn


def test_every_kept_result_belongs_to_a_part_and_has_its_columns():
    for name, result in read_results().items():
        part = PARTS[name]
        assert {part.way, *part.by, "cpu_s", "peak_gb"} <= {*result.table.columns}
        if part.ours:
            assert part.ours in set(result.table[part.way])


def test_the_costs_of_the_document_follow_from_the_kept_results():
    told = SCALING.read_text("utf-8")
    table = read_results()["commands"].table
    assert f"{costs.BEGIN}\n{costs.text(table)}\n{costs.END}" in told


def test_costs_are_readings_times_nanoseconds_of_the_largest_size():
    found = costs.costs(commands()).set_index(["customers", "resolution"])
    row = found.loc["10,000,000", "15 min"]
    readings = 1e7 * 96 * 365
    assert row["readings, 10^9"] == pytest.approx(readings / 1e9)
    assert row["import, core-h"] == pytest.approx(readings * 100e-9 / 3600)
    assert row["features, core-h"] == pytest.approx(3 * readings * 100e-9 / 3600)
    minutes = [c for c in found if "64 cores" in c]
    assert row[minutes].item() == pytest.approx(row["features, core-h"] / 64 * 60)


def test_filling_changes_what_stands_between_the_marks_only(tmp_path):
    path = tmp_path / "scaling.md"
    path.write_text(f"before\n{costs.BEGIN}\nold\n{costs.END}\nafter\n", "utf-8")
    costs.fill(path, {"commands": Result(commands(), SETTING)})
    told = path.read_text("utf-8")
    assert told.startswith("before\n") and told.endswith("after\n")
    assert "old" not in told and "10,000,000" in told


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_only_benchmarks_need_is_imported_in_functions(path):
    """So that every module imports in the main environment, which lacks it."""
    tree = ast.parse(path.read_text("utf-8"))
    inner = {
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if node in inner:
            continue
        names = [a.name for a in getattr(node, "names", []) if isinstance(a, ast.alias)]
        if isinstance(node, ast.ImportFrom):
            names = [node.module]
        assert not ONLY_THERE & {name.split(".")[0] for name in names}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_can_be_called_as_it_is_told(name):
    part = PARTS[name]
    module, function = part.function.split(":")
    results = getattr(importlib.import_module(module), function)
    for arguments in (part.small, part.full):
        inspect.signature(results).bind(**{"folder": "a", "repeats": 1, **arguments})


def test_the_engines_that_are_asked_for_are_there():
    told = inspect.getsource(features_from_files.results)
    for name in OF_FEATURES:
        if name != features_from_files.SCAN:
            assert f'"{name}": way(' in told
    assert OF_FEATURES[0] == SCAN_AND_OURS[0] == features_from_files.SCAN


def test_peers_are_locked_at_the_versions_of_the_main_lock():
    def pins(path):
        found = re.findall(r"^([\w.-]+==\S+)", path.read_text("utf-8"), re.MULTILINE)
        return {pin.split("==")[0]: set() for pin in found}, set(found)

    main, main_pins = pins(ROOT / "requirements.lock")
    bench, bench_pins = pins(ROOT / "benchmarks" / "requirements.lock")
    assert not {pin for pin in bench_pins - main_pins if pin.split("==")[0] in main}
    wanted = (ROOT / "benchmarks" / "requirements.in").read_text("utf-8").splitlines()
    named = {line for line in wanted if line and line[0] not in "#-"}
    assert named <= set(bench) and not named & set(main)


def test_the_page_tells_where_others_are_faster_and_what_was_not_run():
    told = pages.page({"payers": Result(PAYERS, SETTING)})
    slower = told.split("## Where ours is slower")[1].split("##")[0]
    assert "DuckDB takes 0.5 of our wall time and 0.99 of our CPU time" in slower
    assert "pandas" not in slower
    twice = pd.concat([PAYERS, PAYERS.assign(customers=10_000, wall_s=[10.0, 30, 1])])
    told = pages.page({"payers": Result(twice.reset_index(drop=True), SETTING)})
    assert "1,000 to 10,000 customers: DuckDB takes 0.1 to 0.5 of our wall" in told
    assert "`make reports`: not run yet" in told
    assert "Median of 3" in told and "a look only" not in told


def test_a_small_run_and_a_single_one_are_called_so():
    table = PAYERS.assign(repeats=1)
    told = pages.page({"payers": Result(table, {**SETTING, "size": "small"})})
    assert "Run once" in told and "a look only" in told


def test_rows_without_times_are_shown_empty():
    table = pd.DataFrame(
        {"region": ["all", "a"], "pages": [2, 1], "wall_s": [9.0, None]}
    ).assign(repeats=[1.0, None])
    told = pages.page({"reports": Result(table, SETTING)})
    assert "| a | 1 |  |" in told and "Run once" in told


def test_ways_are_held_against_ours_in_the_same_case():
    twice = pd.concat([PAYERS, PAYERS.assign(customers=10_000, wall_s=[10.0, 5, 1])])
    ratios = pages.against_ours(PARTS["payers"], twice.reset_index(drop=True))
    assert ratios["wall_s"].tolist() == [1, 2.5, 0.5, 1, 0.5, 0.1]


def test_a_number_that_holds_for_all_rows_is_told_once():
    told = pages.page({"payers": Result(PAYERS.assign(readings=1234), SETTING)})
    assert "1,234 readings" in told and "| readings |" not in told


def test_curves_of_one_size_are_not_drawn():
    assert pages.growth({"payers": Result(PAYERS, SETTING)}).empty
    twice = pd.concat([PAYERS, PAYERS.assign(customers=10_000)])
    drawn = pages.growth({"payers": Result(twice, SETTING)})
    assert drawn["customers"].tolist() == [1000, 10_000]


def test_the_picture_is_the_same_every_time(tmp_path):
    rows = pages.growth({"commands": Result(commands(), SETTING)})
    for name in ("one.svg", "two.svg"):
        pages.draw_growth(rows, tmp_path / name)
    one, two = ((tmp_path / f"{name}.svg").read_bytes() for name in ("one", "two"))
    assert one == two and b"features" in one


def test_results_are_kept_and_read_again(tmp_path):
    write_result("payers", PAYERS.assign(answer=[[1], [1], [1]]), SETTING, tmp_path)
    found = read_results(tmp_path)["payers"]
    pd.testing.assert_frame_equal(found.table, PAYERS, check_dtype=False)
    assert found.setting == SETTING


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.01234, "0.0123"), (1234.5, "1,234"), (12.0, "12"), (np.nan, ""), ("a", "a")],
)
def test_numbers_have_three_digits(number, text):
    assert pages.number_text(number) == text


def spend(seconds, answer):
    """Prepare for a second and spend some more; for the tests of measuring."""
    import time

    until = time.process_time() + 0.5
    while time.process_time() < until:
        pass
    held = bytearray(b"x") * 200_000_000

    def call():
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass
        return answer + len(held) - 200_000_000

    return call


@pytest.mark.slow
def test_only_the_call_is_timed_and_memory_is_that_of_the_process():
    found = measured(way("tests.test_benchmarks:spend", 0.2, 7), repeats=1)
    assert 0.2 <= found["cpu_s"] < 0.4
    assert 0.2 < found["peak_gb"] < 2
    assert found["answer"] == 7


def as_told(monkeypatch, *walls):
    """Each way takes the next of the `walls` and answers with what it was told."""
    left = iter(walls)
    monkeypatch.setattr(
        measuring,
        "measured_once",
        lambda told: {
            "wall_s": next(left),
            "cpu_s": 1.0,
            "peak_gb": 0.1,
            "answer": told[1][0],
        },
    )


def test_ways_take_turns_and_medians_are_told(monkeypatch):
    as_told(monkeypatch, 1.0, 10.0, 3.0, 90.0, 2.0, 30.0)
    found = side_by_side({"one": way("a:b", 5), "two": way("a:b", 5)}, 3)
    assert found["wall_s"].tolist() == [2.0, 30.0]
    assert found["wall_min_s"].tolist() == [1.0, 10.0]
    assert found["wall_max_s"].tolist() == [3.0, 90.0]
    assert found["answer"].tolist() == [5, 5]


def test_different_answers_are_refused_before_times_are_told(monkeypatch):
    as_told(monkeypatch, 1.0, 1.0)
    ways = {"one": way("a:b", 1), "two": way("a:b", 2)}
    with pytest.raises(ValueError, match="'two' and 'one' differ"):
        side_by_side(ways, 3, same=lambda one, two: one == two)


@pytest.mark.slow
def test_a_command_counts_with_what_it_starts():
    held = "x = bytearray(b'x') * 150_000_000; import time; time.sleep(0.5)"
    found = measured(command("sh", "-c", f'python3 -c "{held}"; true'), repeats=1)
    assert found["wall_s"] > 0.5 and 0.15 < found["peak_gb"] < 0.5
    with pytest.raises(RuntimeError, match="no such thing"):
        measured(command("sh", "-c", "echo no such thing; exit 3"), repeats=1)


def test_parts_without_peers_are_no_slower():
    table = PAYERS.rename(columns={"way": "region"})
    reports = replace(PARTS["reports"], by=())
    assert pages.against_ours(reports, table).empty


@pytest.mark.slow
def test_payers_agree_with_pandas_and_duckdb(tmp_path):
    found = payers.results([50], tmp_path, repeats=1)  # refuses other answers
    assert found["way"].tolist() == ["research", "pandas", "DuckDB"]
    plain = payers.by_pandas(str(tmp_path / "payers_50"))()
    assert plain[0] == 50 and plain[2] == 50 * payers.A_YEAR


@pytest.mark.slow
def test_an_export_is_imported_checked_and_its_energy_found_again(tmp_path):
    found = commands_part.results([2], tmp_path, repeats=1)
    assert found["way"].tolist() == list(costs.STEPS)
    assert (found["ns_a_reading"] > 0).all()
    assert 60_000 < found["readings"].iloc[0] < 2 * 365 * 96
    costs.text(found)


def test_lost_energy_is_refused(tmp_path):
    (tmp_path / "readings").mkdir()
    readings = pd.DataFrame({"kwh": np.float32([1.0, 2.0])})
    readings.to_parquet(tmp_path / "readings" / "part-0000.parquet")
    commands_part._refuse_other_energy(tmp_path, 2, 3.0)
    for rows, energy in ((3, 3.0), (2, 3.1)):
        with pytest.raises(ValueError, match="were exported"):
            commands_part._refuse_other_energy(tmp_path, rows, energy)
