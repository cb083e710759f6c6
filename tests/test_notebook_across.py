"""The notebook on all regions, run whole on published runs whose means are known."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from across_runs import publish, runs_of, write_protocol

from research.report import batch
from research.report.publish import read_manifest, verify

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "07_across_regions.ipynb"
SIX = ("haihe", "hetao", "linqing", "london", "minjiang", "yangzhong")
pytestmark = pytest.mark.slow


@pytest.fixture
def protocol(tmp_path):
    return write_protocol(tmp_path)[1]


@pytest.fixture
def run(tmp_path):
    """Run the notebook on what is published below `reports`."""

    def run_once(**given):
        out = tmp_path / "reports"
        given |= {"protocol": str(tmp_path / "protocol.yaml")}
        (outcome,) = batch.run(batch.plan([], [NOTEBOOK], out, given), out)
        return outcome

    return run_once


def table(tmp_path, name):
    file = f"07_across_regions.{name}.csv"
    return pd.read_csv(tmp_path / "reports" / "across" / "tables" / file)


def said(tmp_path):
    (page,) = read_manifest(tmp_path / "reports" / "across")["pages"]
    return page["summary"]["verdict"]


def test_a_planted_winner_is_named_and_what_does_not_belong_is_told(
    tmp_path, protocol, run
):
    reports = tmp_path / "reports"
    worth = {"mixture": 0.2, "hybrid network": -0.1}
    for region in SIX:
        publish(reports, region, runs_of(protocol, region, worth))
    other = runs_of(protocol, "other", {"k-means": 0.9}).assign(protocol="f" * 64)
    publish(reports, "other", other)
    no_rfm = [name for name in protocol.methods if name != "RFM"]
    publish(reports, "paris", runs_of(protocol, "paris", worth, methods=no_rfm))
    publish(reports, "bare", None, "no readings")
    outcome = run()
    assert outcome.status == "done", outcome
    assert "Across 7 regions the mixture is clearly better" in said(tmp_path)["en"]
    assert "在 7 个地区中" in said(tmp_path)["zh"]
    assert "明显更好" in said(tmp_path)["zh"]
    regions = table(tmp_path, "regions").set_index("region")
    assert (regions["ranked"] == "yes").sum() == 7
    assert "another protocol" in regions.loc["other", "why"]
    assert "no readings" in regions.loc["bare", "why"]
    assert table(tmp_path, "critical_difference")["method"].iloc[0] == "mixture"
    means = table(tmp_path, "means").set_index("method")
    assert means["mean"].idxmax() == "mixture"
    assert means.loc["RFM", ["mean", "paris"]].isna().all()
    network = table(tmp_path, "network")
    assert (network["high"] < 0).all()
    html = (reports / "across" / "07_across_regions.html").read_text("utf-8")
    assert "RFM (lacking in paris)" in html
    assert "it does not help here" in html
    assert "Keep to the classes that are there" not in html
    assert "clearly better in 0 of 7 regions, clearly worse in 7" in html
    assert verify(reports / "across") == []
    assert "across/index.html" in (reports / "index.html").read_text("utf-8")


def test_equal_methods_in_four_regions_have_no_winner_and_no_test(
    tmp_path, protocol, run
):
    for region in SIX[:4]:
        publish(tmp_path / "reports", region, runs_of(protocol, region))
    outcome = run()
    assert outcome.status == "done", outcome
    assert "Across 4 regions no method is clearly better" in said(tmp_path)["en"]
    assert "没有一种方法明显更好" in said(tmp_path)["zh"]
    files = {path.name for path in (tmp_path / "reports").rglob("*.csv")}
    assert "07_across_regions.leads.csv" in files
    assert "07_across_regions.critical_difference.csv" not in files
    assert "p value" not in table(tmp_path, "pairs")
    page = (tmp_path / "reports" / "across" / "07_across_regions.html").read_text()
    assert "five at least are needed" in page


def test_two_regions_that_say_little_of_others_are_not_told_to_do_without(
    tmp_path, protocol, run
):
    levels = {
        "haihe": 0.0,
        "london": 0.5,
    }  # far apart: over two regions nothing is sure
    for region, gain in levels.items():
        worth = dict.fromkeys(protocol.methods, gain)
        worth |= {"random partition": -0.3, "one segment": -0.3}
        worth["tariff"] = 0.6 if region == "london" else -0.3
        publish(tmp_path / "reports", region, runs_of(protocol, region, worth))
    outcome = run()
    assert outcome.status == "done", outcome
    verdict = said(tmp_path)
    assert "no segmentation is shown" in verdict["en"]
    assert "in 2 of 2 it is clearly better than none" in verdict["en"]
    assert "2 个中有 2 个明显优于不分群" in verdict["zh"]
    page = (tmp_path / "reports" / "across" / "07_across_regions.html").read_text()
    assert "Go by the page of each region" in page
    assert "Do not act on any segments" not in page
    assert "Keep to the classes that are there in london" in page
    assert "tariff: at least as good there as" in page


def test_it_does_not_apply_to_one_region(tmp_path, protocol, run):
    publish(tmp_path / "reports", "haihe", runs_of(protocol, "haihe"))
    outcome = run()
    assert outcome.status == "skipped"
    assert "compared in 1 region by protocol.yaml, two at least" in outcome.cause
    assert not list(tmp_path.glob("reports-logs/across/*.failed.ipynb"))


def test_a_protocol_without_the_network_gets_its_page(tmp_path, protocol, run):
    for region in SIX[:2]:
        methods = [name for name in protocol.methods if name != "hybrid network"]
        publish(
            tmp_path / "reports", region, runs_of(protocol, region, methods=methods)
        )
    outcome = run(leave_out="")
    assert outcome.status == "done", outcome
    page = (tmp_path / "reports" / "across" / "07_across_regions.html").read_text()
    assert "No region has runs of both hybrid network and k-means" in page


def test_papermill_alone_runs_it(tmp_path, protocol):
    for region in SIX[:2]:
        publish(tmp_path / "reports", region, runs_of(protocol, region))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "papermill", "notebooks/07_across_regions.ipynb"),
            *(str(tmp_path / "out.ipynb"), "-p", "reports", str(tmp_path / "reports")),
            *("-p", "protocol", str(tmp_path / "protocol.yaml")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert all(c.execution_count for c in executed.cells if c.cell_type == "code")
