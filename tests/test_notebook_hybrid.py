"""The notebook on networks, run whole on a small region."""

from pathlib import Path

import pandas as pd
import pytest
from planted import planted_readings, write_region

from research.report import batch
from research.report.publish import read_manifest

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "03_hybrid_network.ipynb"
QUICK = {
    "n_seeds": "2",
    "epochs": "4",
    "n_resamples": "2",
    "planted_customers": "130",
    "planted_draws": "1",
}
pytestmark = pytest.mark.slow


def run(region, out, **given):
    jobs = batch.plan([region], [NOTEBOOK], out, QUICK | given)
    (outcome,) = batch.run(jobs, out, workers=1)
    return outcome


def test_planted_rhythms_leave_the_network_nothing_to_add(tiny, tmp_path):
    outcome = run(tiny, tmp_path / "out")
    assert outcome.status == "done", outcome
    (page,) = read_manifest(tmp_path / "out" / "tiny")["pages"]
    said = page["summary"]["verdict"]
    assert "adds nothing here" in said["en"]
    assert "没有增益" in said["zh"]
    tables = tmp_path / "out/tiny/tables"
    methods = pd.read_csv(tables / "03_hybrid_network.methods.csv")
    methods = methods.set_index("method")
    assert methods.loc["k-means", ["with the network", "with k-means"]].eq(1).all()
    assert len(methods) == 5
    moves = pd.read_csv(tables / "03_hybrid_network.who_moves.csv")
    assert sorted(moves.drop(columns=moves.columns[0]).max()) == [8, 8, 8]
    text = (tmp_path / "out/tiny/03_hybrid_network.html").read_text("utf-8")
    assert "could not be obtained" in text


def test_a_region_of_one_customer_is_told_so(tmp_path):
    one = write_region(tmp_path / "tiny", planted_readings(1, 40)[0])
    outcome = run(one, tmp_path / "out")
    assert outcome.status == "skipped"
    assert "at least 10 customers" in outcome.cause
