"""The notebook that lays regions side by side, run whole on published indicators."""

from pathlib import Path

import pandas as pd
import pytest

from research.report import batch
from research.report.publish import publish_page, read_manifest, verify
from research.report.tables import to_csv
from research.service import indicators

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "08_regions_compared.ipynb"
pytestmark = pytest.mark.slow


def publish(reports: Path, region: str, rows, notebook="04_rfm_payment", until="2024"):
    """Publish indicators as a notebook does, and no page beside them."""
    folder = reports / region
    folder.mkdir(parents=True, exist_ok=True)
    manifest = read_manifest(folder) or {"pages": [], "failed": [], "skipped": []}
    manifest |= {
        "region": region,
        "title": {"en": region.title(), "zh": "区域"},
        "period": ["2024-01-01", "2024-12-31"],
        "synthetic": region == "haihe",
        "attribution": "Nobody's data",
        "made_at": "2025-01-01T00:00:00Z",
    }
    summary = {"title": "t", "lede": "", "verdict": {}, "tiles": [], "facts": []}
    entry = {"notebook": notebook, "summary": summary, "parameters": {}, "key": "k"}
    table = to_csv(indicators.table(rows, until), index=False)
    files = {f"tables/{notebook}.indicators.csv": table}
    publish_page(folder, manifest, entry, "<p>page</p></html>", files)


@pytest.fixture
def run(tmp_path):
    def run_once():
        out = tmp_path / "reports"
        (outcome,) = batch.run(batch.plan([], [NOTEBOOK], out, {}), out)
        return outcome

    return run_once


def table(tmp_path, name):
    file = f"08_regions_compared.{name}.csv"
    return pd.read_csv(tmp_path / "reports" / "across" / "tables" / file)


def said(tmp_path):
    (page,) = read_manifest(tmp_path / "reports" / "across")["pages"]
    return page["summary"]["verdict"]


def test_the_region_that_stands_out_is_named_with_its_place(tmp_path, run):
    reports = tmp_path / "reports"
    rates = {"haihe": 100, "hetao": 110, "minjiang": 400}
    for region, late in rates.items():
        publish(reports, region, [indicators.share("overdue", late, 1000)])
    of = [indicators.share("fell_behind", 50, 1000, "30 days late")]
    publish(reports, "haihe", of, "05_credit", until="2023")
    assert run().status == "done"
    assert "overdue on the day is highest in minjiang with 40%" in said(tmp_path)["en"]
    assert "minjiang" in said(tmp_path)["zh"]
    ranking = table(tmp_path, "ranking")
    assert ranking["region"].tolist() == ["minjiang", "hetao", "haihe"]
    assert ranking["worst"].tolist() == [1, 3, 3]
    assert table(tmp_path, "places").iloc[:, 1].tolist() == ["3 (2-3)", "2 (2-3)", "1"]
    assert table(tmp_path, "alone")["why"].tolist() == ["no other region has it"]
    page = (reports / "across" / "08_regions_compared.html").read_text("utf-8")
    assert "Synthetic regions are made by one program" in page
    assert not verify(reports / "across")


def test_regions_alike_are_not_put_in_an_order(tmp_path, run):
    for region, late in {"haihe": 100, "hetao": 104}.items():
        publish(tmp_path / "reports", region, [indicators.share("overdue", late, 1000)])
    assert run().status == "done"
    assert "No region is surely first or last" in said(tmp_path)["en"]


def test_one_region_is_not_compared_and_that_is_told(tmp_path, run):
    publish(tmp_path / "reports", "haihe", [indicators.share("overdue", 9, 100)])
    outcome = run()
    assert outcome.status == "skipped"
    assert "1 regions have published indicators" in outcome.cause
