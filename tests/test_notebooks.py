"""The notebooks on data and load, run whole on small regions that lack this or that.

The other notebooks have a file of tests each, `test_notebook_*.py`.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import papermill
import pytest
from planted import OPEN_YAML, REGION_YAML, planted_readings, write_region

from research.region.files import write_table
from research.region.synthetic import synthesize
from research.report import batch
from research.report.publish import read_manifest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = [
    ROOT / "notebooks" / f"{name}.ipynb"
    for name in ("01_data_quality", "02_load_segments")
]
pytestmark = pytest.mark.slow

TOU = """\
tou:
  - bands: [{name: peak, at: ["17:00-22:00"]}, {name: valley, at: ["22:00-07:00"]}]
"""


def run(regions, out, **given):
    jobs = batch.plan(regions, NOTEBOOKS, out, given)
    return {
        (outcome.job.region.name, outcome.job.name): outcome
        for outcome in batch.run(jobs, out, workers=2)
    }


def page(out, notebook, region="tiny"):
    return (out / region / f"{notebook}.html").read_text("utf-8")


def summary(out, notebook, region="tiny"):
    pages = read_manifest(out / region)["pages"]
    return next(p["summary"] for p in pages if p["notebook"] == notebook)


def test_a_bare_region_gets_its_reports_and_is_told_what_is_missing(tiny, tmp_path):
    outcomes = run([tiny], tmp_path / "out")
    assert {outcome.status for outcome in outcomes.values()} == {"done"}, outcomes
    quality = page(tmp_path / "out", "01_data_quality")
    for missing in ("time-of-use calendar", "price signal", "known classes", "weather"):
        assert missing in quality
    assert "brings no table of known classes" in page(
        tmp_path / "out", "02_load_segments"
    )


def test_the_planted_rhythms_are_found_and_named(tiny, tmp_path):
    outcomes = run([tiny], tmp_path / "out")
    assert {outcome.status for outcome in outcomes.values()} == {"done"}
    said = summary(tmp_path / "out", "02_load_segments")
    assert "follow 3 daily rhythms" in said["verdict"]["en"]
    assert "3 种用电节律" in said["verdict"]["zh"]
    sizes = pd.read_csv(tmp_path / "out/tiny/tables/02_load_segments.segments.csv")
    assert sizes["customers"].tolist() == [8, 8, 8]
    names = " ".join(sizes["segment"])
    assert "night" in names
    assert "evening-peak" in names


def test_a_region_with_every_table_is_compared_with_its_classes(tmp_path, own_words):
    own_words.add("trade")
    readings, rhythm = planted_readings()
    ids = readings["customer_id"].unique()
    labels = pd.DataFrame(
        {"customer_id": ids, "label": "trade", "value": rhythm.astype(str)}
    )
    stamps = readings["ts"].unique()
    signal = pd.DataFrame({"ts": stamps, "band": "normal", "price": 0.5})
    folder = write_region(
        tmp_path / "tiny",
        readings,
        OPEN_YAML + TOU,
        labels=labels,
        price_signal=signal,
    )
    outcomes = run([folder], tmp_path / "out")
    assert {outcome.status for outcome in outcomes.values()} == {"done"}, outcomes
    agreement = pd.read_csv(tmp_path / "out/tiny/tables/02_load_segments.agreement.csv")
    assert agreement["adjusted rand"].tolist() == [1]
    assert "No time-of-use calendar" not in page(tmp_path / "out", "01_data_quality")


def test_customers_without_rhythms_of_their_own_are_not_divided(tmp_path):
    readings, _ = planted_readings(30, 40)
    rng = np.random.default_rng(1)
    readings["kwh"] = rng.gamma(2, 0.2, len(readings))
    folder = write_region(tmp_path / "tiny", readings)
    outcomes = run([folder], tmp_path / "out")
    assert {outcome.status for outcome in outcomes.values()} == {"done"}, outcomes
    said = summary(tmp_path / "out", "02_load_segments")["verdict"]["en"]
    assert "treat them as one group" in said or "do not act on them" in said


def test_a_number_that_is_asked_for_is_used_and_the_rule_still_told(tiny, tmp_path):
    outcomes = run([tiny], tmp_path / "out", n_clusters="5", normalization="mean")
    assert {outcome.status for outcome in outcomes.values()} == {"done"}, outcomes
    sizes = pd.read_csv(tmp_path / "out/tiny/tables/02_load_segments.segments.csv")
    assert sizes["customers"].sum() == 24
    assert sizes["customers"].min() >= 5  # those of two or three are put together
    text = page(tmp_path / "out", "02_load_segments")
    assert "Asked for: 5" in text
    assert len(sizes) == 5 or "customers are put together" in text


def test_regions_too_small_are_told_so_and_coarse_ones_get_their_weeks(tmp_path):
    one = write_region(tmp_path / "tiny", planted_readings(1, 40)[0])
    yaml = OPEN_YAML.replace("tiny", "daily").replace("60", "1440")
    readings = planted_readings(12, 60)[0]
    days = readings.groupby(["customer_id", readings["ts"].dt.normalize()])["kwh"].sum()
    daily = write_region(tmp_path / "daily", days.reset_index(), yaml)
    outcomes = run([one, daily], tmp_path / "out")
    assert outcomes["tiny", "02_load_segments"].status == "skipped"
    assert "at least 10 customers" in outcomes["tiny", "02_load_segments"].cause
    assert outcomes["daily", "02_load_segments"].status == "done"
    assert "rhythm of week and year" in page(
        tmp_path / "out", "02_load_segments", "daily"
    )
    assert outcomes["tiny", "01_data_quality"].status == "skipped"
    assert "only groups of at least 5" in outcomes["tiny", "01_data_quality"].cause
    assert outcomes["daily", "01_data_quality"].status == "done"
    assert "the clock can not be judged" in page(
        tmp_path / "out", "01_data_quality", "daily"
    )


def test_payments_alone_are_reported_on_and_segments_are_not(tmp_path):
    folder = tmp_path / "payers"
    folder.mkdir()
    yaml = REGION_YAML.replace("tiny", "payers").splitlines(keepends=True)
    text = "".join(line for line in yaml if not line.startswith("readings"))
    (folder / "region.yaml").write_text(text, encoding="utf-8")
    ids = [f"{i:04}" for i in range(30)]
    write_table(pd.DataFrame({"customer_id": ids}), folder, "customers")
    paid = pd.date_range("2024-01-05 10:00", periods=30, freq="13h")
    payments = pd.DataFrame({"payment_id": ids, "customer_id": ids, "ts": paid})
    write_table(payments.assign(amount_yuan=80.0), folder, "payments")
    outcomes = run([folder], tmp_path / "out")
    assert outcomes["payers", "01_data_quality"].status == "done"
    assert outcomes["payers", "02_load_segments"].status == "skipped"
    said = summary(tmp_path / "out", "01_data_quality", "payers")
    assert "Without readings the data stay below L0" in said["verdict"]["en"]
    assert "nan" not in said["verdict"]["zh"]


@pytest.mark.parametrize("name", ["haihe", "hetao", "minjiang"])
def test_a_synthetic_region_gets_its_reports(name, tmp_path):
    folder = tmp_path / name
    synthesize(name, folder, customers=90, days=70, panel=45, say=lambda step: None)
    outcomes = run([folder], tmp_path / "out")
    assert {outcome.status for outcome in outcomes.values()} == {"done"}, outcomes
    said = summary(tmp_path / "out", "01_data_quality", name)
    assert "L7 needs and points" in said["verdict"]["en"]
    assert "Synthetic data" in page(tmp_path / "out", "01_data_quality", name)
    tables = tmp_path / "out" / name / "tables"
    published = "".join(p.read_text("utf-8") for p in tables.glob("*.csv"))
    ids = pd.read_parquet(folder / "customers.parquet")["customer_id"]
    assert not [customer for customer in ids if customer in published]


def test_a_region_with_faults_is_still_published_and_tells_them(tmp_path):
    readings, _ = planted_readings(24, 70)
    kwh = readings["kwh"].to_numpy().reshape(24, -1).copy()
    kwh[0, 200:260] = np.nan
    kwh[1] = 0
    kwh[2] = 0.9
    kwh[3, 24 * 20 :] = np.nan
    readings["kwh"] = kwh.ravel()
    folder = write_region(tmp_path / "tiny", readings.dropna())
    outcomes = run([folder], tmp_path / "out")
    assert {outcome.status for outcome in outcomes.values()} == {"done"}, outcomes
    found = pd.read_csv(tmp_path / "out/tiny/tables/01_data_quality.findings.csv")
    marked = set(found.loc[found["rows"] > 0, "rule"])
    assert {"gap", "zero_run", "frozen_run", "leaver", "few_complete_days"} <= marked


def test_names_of_any_script_and_hostile_text_are_shown_as_text(tmp_path, own_words):
    readings, rhythm = planted_readings(24, 40)
    evil = '<img src=x onerror="alert(1)"></script>'
    own_words.add(evil)
    ids = readings["customer_id"].unique()
    odd = dict(
        zip(
            ids,
            ["../../evil", evil + "2", "客户😀", "مشترك", "=1+1", "0371"],
            strict=False,
        )
    )
    readings["customer_id"] = readings["customer_id"].replace(odd)
    readings = readings.sort_values(["customer_id", "ts"])
    labels = pd.DataFrame({"customer_id": readings["customer_id"].unique()})
    labels["label"], labels["value"] = evil, np.where(rhythm == 0, evil, "=2+2")
    yaml = OPEN_YAML.replace("name: tiny", "name: 临清").replace(
        "{en: Tiny, zh: 小区}", "{en: '<b>Tiny</b> $x$ {{7*7}}', zh: 临清市}"
    )
    folder = write_region(tmp_path / "r", readings, yaml, labels=labels)
    outcomes = run([folder], tmp_path / "out")
    assert {outcome.status for outcome in outcomes.values()} == {"done"}, outcomes
    for path in (tmp_path / "out").rglob("*.html"):
        text = path.read_text("utf-8")
        assert "<img src=x" not in text
        assert "<b>Tiny</b>" not in text
        if ".zh." not in path.name:  # there the region has its Chinese name
            assert "{{7*7}}" in text
        assert "临清市" in text
    agreement = (
        tmp_path / "out/临清/tables/02_load_segments.agreement.csv"
    ).read_text()
    assert "<img" in agreement  # a table is data, not a page
    assert not (tmp_path / "evil").exists()


def test_papermill_alone_runs_a_notebook(tiny, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "papermill"),
            *("notebooks/02_load_segments.ipynb", str(tmp_path / "out.ipynb")),
            *("-p", "region", str(tiny), "-p", "n_clusters", "5"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert all(
        cell.execution_count for cell in executed.cells if cell.cell_type == "code"
    )


def test_papermill_alone_with_a_wrong_number_says_what_was_wanted(tiny, tmp_path):
    with pytest.raises(papermill.PapermillExecutionError, match="n_clusters"):
        papermill.execute_notebook(
            ROOT / "notebooks" / "02_load_segments.ipynb",
            None,
            parameters={"region": str(tiny), "n_clusters": "five"},
            progress_bar=False,
        )


def test_a_notebook_opened_in_its_own_folder_finds_its_region(tiny, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    shutil.copytree(tiny, root / "data" / "london")
    notebook = nbformat.read(root / "notebooks" / "01_data_quality.ipynb", as_version=4)
    nbformat.write(notebook, root / "notebooks" / "run.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", "run.ipynb"],
        cwd=root / "notebooks",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
