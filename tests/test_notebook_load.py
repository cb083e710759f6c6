"""The notebook of load shapes, by days and by the rhythm of week and year."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted import OPEN_YAML, SHARED, planted_readings, write_region

from research.features import load
from research.region import read_region
from research.region.ingest import import_table
from research.report import batch
from research.report.publish import read_manifest

ROOT = Path(__file__).parents[1]
NAME = "02_load_segments"
pytestmark = pytest.mark.slow


def run(folder, out, **given):
    jobs = batch.plan([folder], [ROOT / "notebooks" / f"{NAME}.ipynb"], out, given)
    (outcome,) = batch.run(jobs, out, workers=1)
    return outcome


def table(out, region, name):
    return pd.read_csv(out / region / "tables" / f"{NAME}.{name}.csv")


def daily(folder, kwh, stamps):
    """A region of which only the energy of days is known."""
    ids = [f"{i:04}" for i in range(len(kwh))]
    index = pd.MultiIndex.from_product([ids, stamps], names=["customer_id", "ts"])
    readings = pd.DataFrame({"kwh": kwh.ravel()}, index=index).reset_index()
    return write_region(folder, readings, OPEN_YAML.replace("60", "1440"))


def test_by_days_every_new_part_is_there(tiny, tmp_path):
    outcome = run(tiny, tmp_path / "out")
    assert outcome.status == "done", outcome
    out = tmp_path / "out"
    rules = table(out, "tiny", "rules")
    assert set(rules["segment"]) == {0, 1, 2}
    assert (rules["purity"] == 1).all()
    methods = table(out, "tiny", "methods").set_index("method")
    assert methods.loc[["Ward's tree", "mixture of days"], "adjusted rand"].min() == 1
    shapes = table(out, "tiny", "day_shapes")
    assert len(shapes) == 24
    mixtures = table(out, "tiny", "mixtures").drop(columns="segment")
    assert np.allclose(mixtures.sum(axis=1), 1, atol=0.01)
    assert (mixtures.max(axis=1) > 0.9).all()  # each customer has days of one kind
    page = (out / "tiny" / f"{NAME}.html").read_text("utf-8")
    assert "Customers are mixtures of days" in page
    assert "Pages show groups" in page
    assert ">0007<" not in page


def test_by_the_rhythm_planted_firms_are_found(tmp_path):
    days = pd.date_range("2015-01-01", periods=365)
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], [24, 12, 12])
    summer = 1 + 3 * days.month.isin([6, 7, 8])
    rest = np.where(days.day_of_week >= 5, 0.1, 1.0)
    kwh = np.array([np.ones(365), summer, rest])[truth]
    kwh = kwh * 10 ** rng.uniform(1, 3, (48, 1)) * rng.uniform(0.8, 1.2, kwh.shape)
    kwh = np.vstack([kwh, np.ones((3, 365))])
    outcome = run(daily(tmp_path / "tiny", kwh, days), tmp_path / "out")
    assert outcome.status == "done", outcome
    out = tmp_path / "out"
    assert table(out, "tiny", "segments")["customers"].tolist() == [24, 12, 12]
    left_out = table(out, "tiny", "left_out").set_index("rule")["customers"]
    assert np.isnan(left_out["constant"])  # 3: too few to be told
    pages = read_manifest(out / "tiny")["pages"]
    said = pages[0]["summary"]["verdict"]
    assert "3 rhythms of week and year" in said["en"]
    assert "3 种周、年用电节律" in said["zh"]
    names = " ".join(table(out, "tiny", "names")["en"])
    assert "summer-heavy" in names
    assert "working-day" in names
    page = (out / "tiny" / f"{NAME}.html").read_text("utf-8")
    assert "needs readings within the day" in page


def test_the_rhythm_can_be_asked_for_where_there_are_readings(tiny, tmp_path):
    outcome = run(tiny, tmp_path / "out", mode="rhythm")
    assert outcome.status == "done", outcome
    page = (tmp_path / "out" / "tiny" / f"{NAME}.html").read_text("utf-8")
    assert "Asked for." in page


def test_customers_on_a_border_are_listed_beside_the_pages_and_never_on_them(
    tmp_path, monkeypatch
):
    readings, _ = planted_readings(30, 40)
    rng = np.random.default_rng(1)
    readings["kwh"] *= rng.uniform(0.2, 1.8, len(readings))
    readings["customer_id"] = "canary-" + readings["customer_id"]
    yaml = OPEN_YAML.replace("min_cell: 5", "min_cell: 5, publish: internal")
    folder = write_region(tmp_path / "tiny", readings, yaml)
    key = tmp_path / "safe" / "key"
    key.parent.mkdir()
    key.write_bytes(rng.bytes(32))
    monkeypatch.setenv("RESEARCH_INTERNAL", str(tmp_path / "lists"))
    monkeypatch.setenv("RESEARCH_KEY_FILE", str(key))
    out = tmp_path / "out"
    outcome = run(folder, out, n_clusters="4")
    assert outcome.status == "done", outcome
    path = tmp_path / "lists" / "tiny" / "INTERNAL.border_and_odd_customers.csv"
    listed = pd.read_csv(path)
    assert listed["INTERNAL pseudonym"].str.fullmatch("[0-9a-f]{16}").all()
    assert listed["margin"].is_monotonic_increasing
    published = "".join(
        path.read_text("utf-8") for path in out.rglob("*") if path.is_file()
    )
    assert "listed for internal use, not here" in published
    assert not [name for name in listed["INTERNAL pseudonym"] if name in published]
    assert "canary" not in published


@pytest.mark.skipif(
    not (SHARED / "data").is_dir(), reason="the real exports are absent"
)
def test_the_firms_of_yangzhong_get_their_page(tmp_path):
    mappings = tmp_path / "mappings"
    shutil.copytree(ROOT / "tests" / "region" / "mappings" / "yangzhong", mappings)
    settings = mappings / "region.yaml"
    settings.write_text(settings.read_text("utf-8") + "calendar: {country: CN}\n")
    export = SHARED / "data" / "cn_yangzhong_daily_2015_2016"
    folder = tmp_path / "yangzhong"
    import_table(export, folder, mapping=mappings / "mapping.yaml", say=str)
    outcome = run(folder, tmp_path / "out")
    assert outcome.status == "done", outcome
    left_out = load.to_segment(read_region(folder), None).left_out
    assert left_out["constant"] == 74
    sizes = table(tmp_path / "out", "yangzhong", "segments")["customers"]
    assert sizes.sum() == 1454 - left_out.sum()
    assert left_out["no_month"] > 50  # who began or ended meanwhile
    assert sizes.min() >= 40  # no outlier passes for a segment
    page = (tmp_path / "out" / "yangzhong" / f"{NAME}.html").read_text("utf-8")
    assert "Some customers make more than 15% of their segment or of the area" in page
