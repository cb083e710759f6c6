"""The notebook that compares methods, run whole on small regions."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest
from planted import planted_readings, write_region

from research.comparison import FLOORS, planned_runs, read_protocol, without
from research.region.strict_yaml import read_yaml
from research.region.synthetic import synthesize
from research.report import batch
from research.report.publish import read_manifest

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "06_method_comparison.ipynb"
NAME = NOTEBOOK.stem
pytestmark = pytest.mark.slow

PLAN = """\
question: Which segments foretell best?
methods:
  k-means: {settings: {n_init: 3}}
  mixture: {settings: {n_init: 2}}
  hybrid network: {settings: {n_seeds: 1, code_size: 3, epochs: 2}}
  RFM: {features: [payments], takes_k: false, takes_seed: false}
  credit grade: {features: [payments], takes_k: false, takes_seed: false}
old_classes: [usage class, industry]
features: [load shape]
k: {grid: [2, 3, 4], main: 3}
seeds: {main: [0], other: [1]}
replicates: {kind: splits, number: 3, test_share: 0.4}
metrics:
  usefulness: {better: higher, worst: 0, best: 0.5}
  "usefulness: evening_share": {better: higher}
  stability: {better: higher, worst: 0, best: 1}
  silhouette: {better: higher, worst: 0, best: 0.5}
  plainness: {better: higher, worst: 0.2, best: 1}
primary: usefulness
decision:
  weights: {usefulness: 0.5, stability: 0.3, plainness: 0.15, silhouette: 0.05}
  margin: 0.01
"""


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def run(region, plan, tmp_path, **given):
    given = {
        "protocol": str(plan),
        "folder": str(tmp_path / "kept"),
        "n_nulls": "4",
        **given,
    }
    jobs = batch.plan([region], [NOTEBOOK], tmp_path / "out", given)
    (outcome,) = batch.run(jobs, tmp_path / "out", workers=1)
    return outcome


def table(tmp_path, name, region="tiny"):
    return pd.read_csv(tmp_path / "out" / region / "tables" / f"{NAME}.{name}.csv")


def test_a_bare_region_is_compared_by_its_rhythms(plan, tmp_path):
    region = write_region(tmp_path / "tiny", planted_readings(48, 200)[0])
    outcome = run(region, plan, tmp_path)
    assert outcome.status == "done", outcome
    runs = table(tmp_path, "all_runs")
    lacking = dict.fromkeys(["RFM", "credit grade", "usage class", "industry"], "none")
    expected = planned_runs(without(read_protocol(plan, read_yaml), lacking), ["tiny"])
    assert len(runs) == len(expected)
    assert set(runs["method"]) == {"k-means", "mixture", "hybrid network", *FLOORS}
    assert set(runs["protocol"]) == {hashlib.sha256(PLAN.encode()).hexdigest()}
    assert not runs["failed"].any()
    # The rhythm lasts, and so who uses most in the evening is foretold; size is not.
    own = runs[(runs["method"] == "k-means") & (runs["k"] == 3)]
    mean = own.groupby("score")["value"].mean()
    assert mean["usefulness: evening_share"] > 0.9
    assert mean["stability"] == 1
    assert mean["usefulness"] < 0.9
    assert set(table(tmp_path, "lacking")["planned"]) >= set(lacking)
    said = read_manifest(tmp_path / "out/tiny")["pages"][0]["summary"]["verdict"]
    assert "o method is clearly better" in said["en"]
    assert "没有一种方法明显更好" in said["zh"]

    # Whoever is stopped goes on: a second run finds every draw done.
    kept = sorted((tmp_path / "kept").rglob("*.parquet"))
    times = [path.stat().st_mtime_ns for path in kept]
    assert len(kept) == 4  # all customers, and three draws
    again = run(region, plan, tmp_path, n_nulls="3")
    assert again.status == "done"
    assert sorted((tmp_path / "kept").rglob("*.parquet")) == kept
    assert [path.stat().st_mtime_ns for path in kept] == times
    pd.testing.assert_frame_equal(table(tmp_path, "all_runs"), runs)


def test_rules_and_classes_of_a_synthetic_region_are_compared_too(plan, tmp_path):
    region = tmp_path / "tiny"
    synthesize("haihe", region, customers=240, days=400, defects="light")
    outcome = run(region, plan, tmp_path)
    assert outcome.status == "done", outcome
    scores = table(tmp_path, "scores", "haihe").set_index("method")
    assert {"usage class", "industry", *FLOORS} < set(scores.index)
    assert scores.loc["usage class", "stability"] == 1
    assert {"family", "archetype"} < set(table(tmp_path, "truth", "haihe").columns)
    added = table(tmp_path, "added", "haihe")
    assert (added["from"] <= added["to"]).all()


def test_too_few_customers_are_told_and_no_failure(plan, tmp_path):
    region = write_region(tmp_path / "tiny", planted_readings(24, 200)[0])
    outcome = run(region, plan, tmp_path)
    assert outcome.status == "skipped"
    assert "at least 30 customers" in outcome.cause


def test_a_region_that_ends_before_three_months_have_passed_is_told(plan, tmp_path):
    region = write_region(tmp_path / "tiny", planted_readings(40, 60)[0])
    outcome = run(region, plan, tmp_path)
    assert outcome.status == "skipped", outcome
    assert "3 months after a day" in outcome.cause


def test_what_the_protocol_does_not_know_fails_the_page_by_name(plan, tmp_path):
    text = PLAN.replace("n_init: 3", "n_starts: 3")
    plan.write_text(text, encoding="utf-8")
    region = write_region(tmp_path / "tiny", planted_readings(40, 200)[0])
    outcome = run(region, plan, tmp_path)
    assert outcome.status == "failed"
    assert "n_starts" in outcome.cause
