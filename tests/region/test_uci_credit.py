"""The shipped card accounts: the import, its totals, and what a single rule reaches."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal
from planted import ROOT, SHARED
from sklearn.metrics import roc_auc_score

from research.features import payment
from research.region.ingest import import_table

RAW = ROOT / "data" / "raw" / "uci_credit"
CODES = {
    "2005-09": "PAY_0",  # as the publisher names it; there is no PAY_1
    "2005-08": "PAY_2",
    "2005-07": "PAY_3",
    "2005-06": "PAY_4",
    "2005-05": "PAY_5",
    "2005-04": "PAY_6",
}
NEGATIVE = {
    "2005-04": 688,
    "2005-05": 655,
    "2005-06": 675,
    "2005-07": 655,
    "2005-08": 669,
    "2005-09": 590,
}


@pytest.fixture(scope="module")
def found():
    """The file of the publisher, an account a row."""
    return pd.read_csv(RAW / "UCI_Credit_Card.csv.gz").set_index("ID")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    return import_table(RAW, tmp_path_factory.mktemp("r") / "uci_credit", say=str)


@pytest.fixture(scope="module")
def defaults(region):
    return region.labels["default_next_month"].astype(int)


def test_the_raw_files_are_small():
    assert sum(path.stat().st_size for path in RAW.iterdir()) < 2_500_000


def test_the_file_is_the_one_that_was_compared(found):
    other = SHARED / "data" / "tw_uci_credit_default" / "UCI_Credit_Card.csv.gz"
    if not other.exists():
        pytest.skip("the shared copy is not there")
    assert_frame_equal(found, pd.read_csv(other).set_index("ID"))


def test_totals_are_those_of_the_publisher(region, defaults):
    rows = region.tables.set_index("table")["rows"]
    assert rows.to_dict() == {
        "customers": 30_000,
        "payment_history": 180_000,
        "labels": 150_000,
    }
    assert defaults.sum() == 6_636
    assert defaults.mean() == pytest.approx(0.2212)
    assert region.settings.currency == "TWD"


def test_every_month_is_that_of_the_file(region, found):
    table = region.table("payment_history")
    assert not table.isna().any().any()
    table["customer_id"] = table["customer_id"].astype(int)
    for number, (month, code) in enumerate(CODES.items(), start=1):
        one = table[table["ym"] == month].set_index("customer_id").sort_index()
        for ours, theirs in (
            ("billed_yuan", f"BILL_AMT{number}"),
            ("paid_yuan", f"PAY_AMT{number}"),
            ("months_overdue", code),
            ("limit_yuan", "LIMIT_BAL"),
        ):
            assert_series_equal(
                one[ours], found[theirs], check_names=False, check_dtype=False
            )


def test_every_class_is_that_of_the_file(region, found):
    labels = region.labels.astype(int)
    labels = labels.set_index(labels.index.astype(int)).sort_index()
    for label, theirs in (
        ("default_next_month", "default.payment.next.month"),
        ("sex", "SEX"),
        ("education", "EDUCATION"),
        ("marriage", "MARRIAGE"),
        ("age", "AGE"),
    ):
        assert_series_equal(labels[label], found[theirs], check_names=False)


def test_codes_without_a_meaning_are_kept(region):
    education = region.labels["education"].value_counts()
    assert education[["0", "5", "6"]].tolist() == [14, 280, 51]
    assert region.labels["marriage"].value_counts()["0"] == 54
    licence = (RAW / "LICENCE.md").read_text("utf-8")
    assert "(14, 280 and 51 accounts), marriage 0\n  (54)" in licence


def test_the_check_says_what_is_odd(region):
    found = region.findings.set_index(["rule", "table"])["rows"]
    assert found["paid_too_much", "payment_history"] == sum(NEGATIVE.values())
    table = region.table("payment_history")
    below = (table["billed_yuan"] < 0).groupby(table["ym"]).sum()
    assert below.to_dict() == NEGATIVE
    codes = table["months_overdue"]
    assert found["below_zero_overdue", "payment_history"] == (codes < 0).sum()
    assert found["overdue_jump", "payment_history"] > 0
    others = found.drop(
        ["paid_too_much", "below_zero_overdue", "overdue_jump"], level="rule"
    )
    assert (others == 0).all()
    assert region.hard_faults.empty


def test_the_one_rule_reaches_what_was_measured(region, found, defaults):
    """The worst delay alone: of codes as found 0.7077, of days overdue 0.7158.

    The codes below zero tell who uses the card, not who is late; they make the rule
    worse. A score must beat the better of the two.
    """
    worst = region.table("payment_history").groupby("customer_id")["months_overdue"]
    worst = worst.max()
    assert roc_auc_score(defaults[worst.index], worst) == pytest.approx(
        0.7077, abs=5e-5
    )
    end = payment.default_as_of(region)
    assert str(end) == "2005-09-30"
    scores = payment.credit_indicators(region, end)
    assert (scores["n_bills"] == 6).all()
    days = scores["worst_delay_days"]
    assert roc_auc_score(defaults[days.index], days) == pytest.approx(0.7158, abs=5e-5)
    plain = found[list(CODES.values())].max(axis=1).clip(lower=0) * 30
    assert_series_equal(
        days.set_axis(days.index.astype(int)).sort_index(),
        plain,
        check_names=False,
        check_dtype=False,
    )


def test_months_without_a_default_to_come_have_an_outcome_too(region, found):
    late = payment.later_arrears(region, "2005-06-30", horizon_months=3)
    assert len(late) == 30_000
    expected = (found[["PAY_0", "PAY_2", "PAY_3"]] >= 1).any(axis=1)
    assert late.sum() == expected.sum()
    assert np.array_equal(late[expected.index.astype(str)], expected)
