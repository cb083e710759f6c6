"""Notebook 05_credit on small regions: synthetic, real card accounts, without bills."""

import numpy as np
import pandas as pd
import pytest
from planted import REGION_YAML, ROOT, SHARED, planted_readings, write_region

from research.region.files import write_table
from research.region.synthetic import synthesize
from research.report import batch
from research.report.publish import read_manifest

NOTEBOOK = ROOT / "notebooks" / "05_credit.ipynb"
pytestmark = pytest.mark.slow


def run(region, out):
    jobs = batch.plan([region], [NOTEBOOK], out, {})
    return next(iter(batch.run(jobs, out, workers=1)))


def told(out, region):
    pages = read_manifest(out / region)["pages"]
    return pages[0]["summary"]["verdict"]


def table(out, region, name):
    return pd.read_csv(out / region / "tables" / f"05_credit.{name}.csv")


def test_a_synthetic_region_is_graded_and_the_score_held_against_one_rule(tmp_path):
    folder, out = tmp_path / "hetao", tmp_path / "out"
    synthesize(
        *("hetao", folder), customers=1000, days=400, panel=20, say=lambda step: None
    )
    outcome = run(folder, out)
    assert outcome.status == "done", outcome
    verdict = told(out, "hetao")
    assert "one who paid the AHP score ranks" in verdict["en"]
    assert "AHP 信用评分有" in verdict["zh"]
    compared = table(out, "hetao", "comparison").set_index("model")
    assert len(compared) == 6
    assert (compared["AUC"].drop("AHP grade, with vetoes") > 0.7).all()
    judged = table(out, "hetao", "judged_pairs")
    assert len(judged) == 14
    rules = table(out, "hetao", "rules").set_index("rule")
    assert "score" in rules.index
    leaks = table(out, "hetao", "leak_checks").set_index("check")["found"]
    assert leaks["customers learnt from and tested in one split"] == "0"
    grades = table(out, "hetao", "exposure_by_grade")
    assert grades["grade"].tolist() == ["AAA", "AA", "A", "B", "C", "D"]
    shown = grades["customers"].dropna()
    assert ((shown == 0) | (shown >= 15)).all()
    published = "".join(p.read_text("utf-8") for p in (out / "hetao").rglob("*.csv"))
    ids = pd.read_parquet(folder / "customers.parquet")["customer_id"]
    assert not [customer for customer in ids if customer in published]


def test_real_card_accounts_are_judged_by_their_label(tmp_path):
    path = SHARED / "data" / "tw_uci_credit_default" / "UCI_Credit_Card.csv.gz"
    if not path.is_file():
        pytest.skip("the card accounts are not there")
    rows = pd.read_csv(path).iloc[:700]
    ids = rows["ID"].map("{:05}".format).to_numpy()
    months = pd.period_range("2005-04", periods=6, freq="M").astype(str)[::-1]
    codes = ["PAY_0", *(f"PAY_{n}" for n in range(2, 7))]
    history = pd.concat(
        pd.DataFrame(
            {
                "customer_id": ids,
                "ym": month,
                "billed_yuan": rows[f"BILL_AMT{n}"].astype(float),
                "paid_yuan": rows[f"PAY_AMT{n}"].astype(float),
                "months_overdue": rows[code],
                "limit_yuan": rows["LIMIT_BAL"].astype(float),
            }
        )
        for n, (month, code) in enumerate(zip(months, codes, strict=True), 1)
    )
    labels = pd.concat(
        pd.DataFrame(
            {"customer_id": ids, "label": name, "value": rows[column].astype(str)}
        )
        for name, column in {
            "default_next_month": "default.payment.next.month",
            "sex": "SEX",
            "education": "EDUCATION",
            "marriage": "MARRIAGE",
            "age": "AGE",
        }.items()
    )
    folder, out = tmp_path / "cards", tmp_path / "out"
    folder.mkdir()
    lines = REGION_YAML.replace("tiny", "cards").splitlines(keepends=True)
    yaml = "".join(line for line in lines if not line.startswith("readings"))
    (folder / "region.yaml").write_text(yaml, encoding="utf-8")
    write_table(pd.DataFrame({"customer_id": ids}), folder, "customers")
    write_table(history.sort_values(["customer_id", "ym"]), folder, "payment_history")
    write_table(labels.sort_values(["customer_id", "label"]), folder, "labels")
    outcome = run(folder, out)
    assert outcome.status == "done", outcome
    compared = table(out, "cards", "comparison").set_index("model")["AUC"]
    assert len(compared) == 9
    assert "gradient boosting, all 23 columns" in compared
    defaults = rows["default.payment.next.month"]
    rule = compared["one rule, codes as found"]
    worst = rows[codes].max(axis=1)
    higher = np.subtract.outer(
        worst[defaults == 1].to_numpy(), worst[defaults == 0].to_numpy()
    )
    by_hand = ((higher > 0) + 0.5 * (higher == 0)).mean()
    assert rule == pytest.approx(by_hand, abs=0.001)
    page = (out / "cards" / "05_credit.html").read_text("utf-8")
    assert "Not known here" in page
    assert "Not to be asked here" in page
    assert "disconnect only as the law allows" not in page
    assert not (out / "cards" / "tables" / "05_credit.measures.csv").exists()
    assert "a benchmark of the literature, no way to grade" in page


def test_a_region_without_bills_is_skipped_and_told_why(tmp_path):
    folder = write_region(tmp_path / "tiny", planted_readings()[0])
    outcome = run(folder, tmp_path / "out")
    assert outcome.status == "skipped"
    assert "bills" in outcome.cause
