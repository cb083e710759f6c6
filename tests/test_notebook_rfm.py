"""The notebook on payers, run whole on regions that bring this or that."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted import REGION_YAML, SHARED, planted_readings, write_region

from research.region.files import write_table
from research.region.ingest import import_table
from research.region.synthetic import synthesize
from research.report import batch
from research.report.publish import read_manifest

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "04_rfm_payment.ipynb"
MAPPING = ROOT / "tests" / "region" / "mappings" / "residential" / "mapping.yaml"
YAML = "".join(
    line
    for line in REGION_YAML.replace("tiny", "payers").splitlines(keepends=True)
    if not line.startswith("readings")
)
pytestmark = pytest.mark.slow


def run(region, out, **given):
    outcomes = batch.run(batch.plan([region], [NOTEBOOK], out, given), out, workers=1)
    return next(iter(outcomes))


def table(out, region, name):
    return pd.read_csv(out / region / "tables" / f"04_rfm_payment.{name}.csv")


def page(out, region):
    return (out / region / "04_rfm_payment.html").read_text("utf-8")


def verdict(out, region):
    return read_manifest(out / region)["pages"][0]["summary"]["verdict"]


@pytest.mark.parametrize("name", ["haihe", "minjiang"])
def test_a_synthetic_region_gets_its_page_without_a_customers_id(name, tmp_path):
    folder, out = tmp_path / name, tmp_path / "out"
    synthesize(name, folder, customers=300, days=420, panel=45, say=lambda step: None)
    outcome = run(folder, out)
    assert outcome.status == "done", outcome
    said = verdict(out, name)
    assert "post-paid customers" in said["en"]
    assert "后付费客户" in said["zh"]
    for part in ("postpaid", "prepaid"):
        sizes = table(out, name, f"segments_{part}")
        assert sizes["customers"].min() >= 15
        assert sizes["share"].sum() == pytest.approx(1, abs=0.005)
    published = "".join(
        path.read_text("utf-8")
        for path in (out / name).rglob("*")
        if path.suffix in (".csv", ".html", ".json")
    )
    ids = pd.read_parquet(folder / "customers.parquet")["customer_id"]
    assert not [customer for customer in ids if customer in published]
    # Nothing of the truth is needed: the page is the same without it.
    assert "truth" not in NOTEBOOK.read_text("utf-8")


def test_a_later_payment_changes_nothing_about_an_earlier_day(tmp_path):
    folder, out = tmp_path / "haihe", tmp_path / "out"
    synthesize(
        "haihe", folder, customers=300, days=300, panel=45, say=lambda step: None
    )
    day = "2024-08-31"
    assert run(folder, out, as_of=day).status == "done"
    before = {
        name: table(out, "haihe", name)
        for name in ("segments_postpaid", "segments_prepaid", "ageing", "class_changes")
    }
    payments = pd.read_parquet(folder / "payments.parquet")
    payments.loc[payments["ts"] >= "2024-09-01", "amount_yuan"] *= 3
    write_table(payments, folder, "payments")
    again = tmp_path / "again"
    assert run(folder, again, as_of=day).status == "done"
    for name, frame in before.items():
        assert table(again, "haihe", name).equals(frame), name


def test_payments_alone_say_what_they_can_and_what_not(tmp_path):
    source = SHARED / "data" / "cn_residential_payments_2018_2019"
    if not source.is_dir():
        pytest.skip("the real payments are absent")
    folder, out = tmp_path / "residential", tmp_path / "out"
    import_table(source, folder, mapping=MAPPING, say=str)
    outcome = run(folder, out)
    assert outcome.status == "done", outcome
    classes = table(out, "residential", "four_classes").set_index("class")
    # The two small classes hide each other's number, as published they are 4 and 26.
    assert classes["customer_total"].dropna().to_dict() == {
        "high value": 41,
        "mass": 29,
    }
    assert classes["mean_payment"].dropna().to_dict() == {"high value": 28, "mass": 42}
    text = page(out, "residential")
    assert "mean total 705, mean single payment 106" in text
    assert "705.24" not in text
    assert "payments thin out long before the as-of date" in text
    assert "How much is owed is not told" in text
    said = verdict(out, "residential")["en"]
    assert "no group of 15 or more stands out" in said
    assert "41% of them are of high value or 28%" in said


def test_a_history_of_months_is_enough_for_arrears(tmp_path):
    # So many that no group is small: a small one would hide the next one's number.
    rng = np.random.default_rng(0)
    ids = np.array([f"h{i:04}" for i in range(400)])
    late = rng.random(400) < 0.25
    months = pd.period_range("2024-01", periods=12, freq="M").astype(str)
    rows = pd.DataFrame(
        [(c, m, i) for i, c in enumerate(ids) for m in months],
        columns=["customer_id", "ym", "i"],
    )
    behind = late[rows["i"]] & (rng.random(len(rows)) < 0.7)
    rows["billed_yuan"] = rng.gamma(4, 25, 400).round(2)[rows["i"]]
    rows["paid_yuan"] = np.where(behind, 0.0, rows["billed_yuan"])
    rows["months_overdue"] = behind.astype("int8")
    folder, out = tmp_path / "payers", tmp_path / "out"
    folder.mkdir()
    (folder / "region.yaml").write_text(YAML, encoding="utf-8")
    write_table(pd.DataFrame({"customer_id": ids}), folder, "customers")
    write_table(rows.drop(columns="i"), folder, "payment_history")
    outcome = run(folder, out)
    assert outcome.status == "done", outcome
    rates = table(out, "payers", "later_rates").set_index("segment")["rate"]
    assert rates["punctual 守时"] < 0.1 < 0.8 < rates["slipping 新近逾期"]
    assert "Habits need the table payments" in page(out, "payers")


def test_regions_without_payers_are_told_so(tmp_path):
    out = tmp_path / "out"
    load_only = write_region(tmp_path / "tiny", planted_readings(12, 40)[0])
    outcome = run(load_only, out)
    assert outcome.status == "skipped"
    assert "a table of payments is wanted" in outcome.cause
    few = tmp_path / "few"
    few.mkdir()
    (few / "region.yaml").write_text(YAML.replace("payers", "few"), encoding="utf-8")
    ids = [f"{i:04}" for i in range(9)]
    write_table(pd.DataFrame({"customer_id": ids}), few, "customers")
    paid = pd.date_range("2024-01-05", periods=9, freq="13h")
    payments = pd.DataFrame({"payment_id": ids, "customer_id": ids, "ts": paid})
    write_table(payments.assign(amount_yuan=80.0), few, "payments")
    outcome = run(few, out)
    assert outcome.status == "skipped"
    assert "at least 30 customers" in outcome.cause
