"""The notebook that compares methods, run whole on small regions."""

import hashlib
import shutil
from pathlib import Path

import pandas as pd
import pytest
from planted import planted_readings, write_region

from research.comparison import FLOORS, planned_runs, read_protocol, without
from research.region.ingest import import_table
from research.region.strict_yaml import read_yaml
from research.region.synthetic import synthesize
from research.report import batch
from research.report.publish import read_manifest

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "06_method_comparison.ipynb"
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


PAYERS = (
    PLAN.replace("[load shape]", "[payments]")
    .replace("n_init: 3", "n_init: 3, normalization: none")
    .replace("n_init: 2", "n_init: 2, normalization: none")
    .replace("code_size: 3", "code_size: 3, normalization: none")
    .replace('  "usefulness: evening_share"', '  "usefulness: arrears"')
)


def test_methods_learn_from_payments_where_they_are_asked_to(plan, tmp_path):
    plan.write_text(PAYERS, encoding="utf-8")
    region = tmp_path / "hetao"
    synthesize("hetao", region, customers=1000, days=400, panel=20)
    outcome = run(region, plan, tmp_path, by="payments")
    assert outcome.status == "done", outcome
    runs = table(tmp_path, "all_runs", "hetao")
    assert not runs["failed"].any()
    own = runs[(runs["k"].isna() | (runs["k"] == 3)) & (runs["score"] == "usefulness")]
    mean = own.groupby("method")["value"].mean()
    # Who was late is late again: rules and learnt segments tell it, chance does not.
    assert mean[["RFM", "credit grade", "k-means", "mixture"]].min() > 0.3
    assert abs(mean["random partition"]) < 0.3
    outcomes = table(tmp_path, "outcomes", "hetao")
    assert outcomes.set_index("outcome").loc["Arrears 欠费", "judged"] == "yes"


def test_real_accounts_without_readings_are_compared_by_payments(plan, tmp_path):
    plan.write_text(PAYERS, encoding="utf-8")
    raw = ROOT / "data" / "raw" / "uci_credit"
    months = pd.read_parquet(raw / "months.parquet")
    accounts = sorted(months["account"].unique())[:700]
    months = months[months["account"].isin(accounts)]
    classes = pd.read_parquet(raw / "classes.parquet")
    classes = classes[classes["account"].isin(accounts)]
    source, region = tmp_path / "raw", tmp_path / "uci_credit"
    source.mkdir()
    months.to_parquet(source / "months.parquet")
    classes.to_parquet(source / "classes.parquet")
    for name in ("mapping.yaml", "region.yaml"):
        shutil.copy(raw / name, source)
    import_table(source, region)
    outcome = run(region, plan, tmp_path)
    assert outcome.status == "done", outcome
    runs = table(tmp_path, "all_runs", "uci_credit")
    own = runs[(runs["k"].isna() | (runs["k"] == 3)) & (runs["score"] == "usefulness")]
    mean = own.groupby("method")["value"].mean()
    assert mean[["RFM", "credit grade"]].min() > 0.2
    assert "default_next_month" not in set(runs["method"])


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
