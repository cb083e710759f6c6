"""What was known on a day and what came: nothing of later, and grades that hold."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from planted import REGION_YAML

from research import comparison
from research.region import NotApplicable, read_region
from research.region.files import write_table
from research.region.synthetic import synthesize
from research.segmenters import AHP, CreditScorer
from research.segmenters.ahp import read_judgements
from research.segmenters.credit import Migration, NewCustomer, ScoringFunction, Veto
from research.service import credit

pytestmark = pytest.mark.slow

YAML = "".join(
    line
    for line in REGION_YAML.splitlines(keepends=True)
    if not line.startswith("readings")
)


def write_bills(folder, n_customers=40, months=14, chronic=14, later=None):
    """Customers who pay ten days early, but for the first `chronic` ones.

    Those pay eighty days late, from the month `later` on where it is given.
    """
    ids = np.array([f"{n:04}" for n in range(n_customers)])
    ym = pd.period_range("2024-01", periods=months, freq="M")
    rows = pd.MultiIndex.from_product([range(n_customers), range(months)])
    who = rows.get_level_values(0).to_numpy()
    month = rows.get_level_values(1).to_numpy()
    due = (ym[month] + 1).to_timestamp() + pd.Timedelta(days=24)
    slow = (who < chronic) & (month >= (later or 0))
    paid = due + pd.to_timedelta(np.where(slow, 80, -10), unit="D")
    bill = np.array([f"B{n}" for n in range(len(who))])
    bills = pd.DataFrame({"bill_id": bill, "customer_id": ids[who]})
    bills = bills.assign(
        ym=ym[month].astype(str),
        issue_date=(due - pd.Timedelta(days=20)).date,
        due_date=due.date,
        kwh=200.0,
        total_yuan=100.0,
        status="paid",
    )
    payments = pd.DataFrame({"payment_id": bill, "customer_id": ids[who], "ts": paid})
    payments = payments.assign(amount_yuan=100.0, kind="bill", bill_id=bill)
    folder.mkdir(parents=True)
    (folder / "region.yaml").write_text(YAML, encoding="utf-8")
    write_table(pd.DataFrame({"customer_id": ids}), folder, "customers")
    write_table(bills, folder, "bills")
    write_table(payments.sort_values("ts"), folder, "payments")
    return bills, payments


def write_history(folder, n=60, bad=20, months=6):
    """Card accounts: the first `bad` ones two months overdue, and their label."""
    ids = np.array([f"{i:03}" for i in range(n)])
    ym = pd.period_range("2005-04", periods=months, freq="M").astype(str)
    late = np.where(np.arange(n) < bad, 2, 0)
    history = pd.DataFrame(
        {
            "customer_id": np.repeat(ids, months),
            "ym": np.tile(ym, n),
            "billed_yuan": 500.0,
            "paid_yuan": np.repeat(np.where(late > 0, 0.0, 500.0), months),
            "months_overdue": np.repeat(late, months),
        }
    )
    came = (np.arange(n) % 10 != 0) & (late > 0) | (np.arange(n) == n - 1)
    labels = pd.DataFrame({"customer_id": ids, "label": "default_next_month"})
    sexes = labels.assign(label="sex", value="1")
    folder.mkdir(parents=True)
    (folder / "region.yaml").write_text(YAML, encoding="utf-8")
    write_table(pd.DataFrame({"customer_id": ids}), folder, "customers")
    write_table(history, folder, "payment_history")
    labels = pd.concat([labels.assign(value=came.astype(int).astype(str)), sexes])
    write_table(labels, folder, "labels")
    return came


def scorer_of(region):
    policy = credit.read_policy(region)
    judged = read_judgements(policy.judgements, known=policy.scoring)
    names = list(judged.criteria)
    ahp = AHP(judged).fit(pd.DataFrame(np.zeros((1, len(names))), columns=names))
    return CreditScorer(
        dict(zip(names, ahp.weights_, strict=True)),
        functions={name: ScoringFunction(**policy.scoring[name]) for name in names},
        bands=policy.bands,
        vetoes=tuple(Veto(**veto) for veto in policy.vetoes),
        new_customer=NewCustomer(**policy.new_customer),
        migration=Migration(**policy.migration),
    )


def test_cases_learn_and_judge_at_days_whose_outcomes_do_not_overlap(tmp_path):
    write_bills(tmp_path / "tiny")
    found = credit.cases(read_region(tmp_path / "tiny"))
    # Bills fall due from 2024-02-25 to 2025-03-25: the last whole quarter follows the
    # end of 2024, and by then the one that follows the end of August is known.
    assert found.days == (dt.date(2024, 8, 31), dt.date(2024, 12, 31))
    assert (found.at == np.repeat([0, 1], 40)).all()
    for at in (0, 1):
        assert set(found.customers[(found.at == at) & found.outcome]) == {
            f"{n:04}" for n in range(14)
        }
    assert found.months == 7


def test_planted_late_payers_get_the_worst_grade_and_the_others_the_best(tmp_path):
    write_bills(tmp_path / "tiny")
    region = read_region(tmp_path / "tiny")
    found = credit.cases(region)
    grades = scorer_of(region).fit(found.X).predict(found.X)
    assert (grades[found.outcome] >= 4).all()
    assert (grades[~found.outcome] == 0).all()


def test_nothing_after_the_day_has_any_influence(tmp_path):
    bills, payments = write_bills(tmp_path / "whole")
    day = "2024-10-31"
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / "region.yaml").write_text(YAML, encoding="utf-8")
    ids = bills[["customer_id"]].drop_duplicates()
    write_table(ids, cut, "customers")
    known = pd.to_datetime(bills["issue_date"]) <= day
    # What became of a bill later stands in its status: it must not be asked.
    write_table(bills[known].assign(status="open"), cut, "bills")
    paid = payments[payments["ts"] < "2024-11-01"].sort_values("ts")
    write_table(paid, cut, "payments")
    whole, cut = read_region(tmp_path / "whole"), read_region(cut)
    pd.testing.assert_frame_equal(
        credit.indicators_at(whole, day), credit.indicators_at(cut, day)
    )
    assert credit.doubtful_bills(whole, day) == credit.doubtful_bills(cut, day)
    pd.testing.assert_frame_equal(
        credit.exposure(whole, day), credit.exposure(cut, day)
    )


def test_a_lost_payment_is_doubted_once_later_bills_are_paid(tmp_path):
    bills, payments = write_bills(tmp_path / "tiny", chronic=0)
    lost = bills.query("customer_id == '0007' and ym == '2024-03'")["bill_id"].item()
    rest = payments[payments["bill_id"] != lost].sort_values("ts")
    write_table(rest, tmp_path / "tiny", "payments")
    region = read_region(tmp_path / "tiny")
    # Due 25 April; May and June bills paid by 31 July, and that of July by 31 August.
    assert credit.doubtful_bills(region, "2024-06-30") == []
    assert credit.doubtful_bills(region, "2024-07-31") == [lost]
    found = credit.indicators_at(region, "2024-12-31")
    assert found.attrs["doubtful"] == 1
    assert found.loc["0007", ["unpaid_bills", "overdue_months"]].tolist() == [0, 0]


def test_who_simply_does_not_pay_is_not_doubted(tmp_path):
    _, payments = write_bills(tmp_path / "tiny", chronic=0)
    since = pd.Timestamp("2024-05-01")
    kept = (payments["customer_id"] != "0007") | (payments["ts"] < since)
    write_table(payments[kept].sort_values("ts"), tmp_path / "tiny", "payments")
    assert credit.doubtful_bills(read_region(tmp_path / "tiny"), "2025-01-31") == []


def test_exposure_by_hand(tmp_path):
    write_bills(tmp_path / "tiny")
    found = credit.exposure(read_region(tmp_path / "tiny"), "2024-10-31", ahead=3)
    # Eighty days late: of the bills due 25 August, September and October none is paid.
    assert found.loc["0000"].tolist() == [300, 300, 600]
    assert found.loc["0020"].tolist() == [0, 300, 300]


def test_too_few_outcomes_or_months_are_told_and_not_judged(tmp_path):
    write_bills(tmp_path / "few", chronic=5)
    with pytest.raises(NotApplicable, match=r"at least 10 customers .* fewer came"):
        credit.cases(read_region(tmp_path / "few"))
    write_bills(tmp_path / "short", months=4)
    with pytest.raises(NotApplicable, match="months"):
        credit.cases(read_region(tmp_path / "short"))


def test_a_region_with_a_label_of_the_outcome_is_judged_by_it(tmp_path):
    came = write_history(tmp_path / "cards")
    region = read_region(tmp_path / "cards")
    found = credit.cases(region)
    assert len(found.days) == 1
    assert (found.outcome == came).all()
    assert found.months == 6
    columns = credit.benchmark_columns(region, found)
    assert len(columns.columns) == 3 * 6 + 1
    assert "sex" in columns
    assert "default_next_month" not in columns
    assert not {"sex", "default_next_month"} & set(found.X)


def test_score_days_look_back_equally_far(tmp_path):
    write_bills(tmp_path / "tiny")
    days, months = credit.score_days(read_region(tmp_path / "tiny"), at_most=5)
    assert months == 6
    assert len(days) == 5
    assert days == sorted(days)
    assert all(pd.Timestamp(day).is_month_end for day in days)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["haihe", "hetao", "minjiang"])
def test_default_rates_never_fall_beyond_chance_from_grade_to_grade(name, tmp_path):
    """Three seeds of some 3,000 customers, with the faults of real exports."""
    rates = []
    for seed in range(3):
        folder = tmp_path / str(seed)
        region = synthesize(
            *(name, folder), customers=3000, days=400, panel=20, seed=seed,
            say=lambda step: None,
        )  # fmt: skip
        found = credit.cases(region)
        now = found.at == 1
        scorer = scorer_of(region).fit(found.X[now])
        rate = comparison.rate_by_grade(
            scorer.predict(found.X[now]), found.outcome[now], scorer.grades_
        )
        verdict = comparison.monotone_rates(rate["customers"], rate["events"])
        assert verdict.holds, (seed, rate)
        risk = 100 - scorer.score_samples(found.X[now])
        assert comparison.auc(risk, found.outcome[now]) > 0.8
        rates.append(rate[["customers", "events"]])
    pooled = sum(rates)
    verdict = comparison.monotone_rates(pooled["customers"], pooled["events"])
    assert verdict.holds, pooled
    assert verdict.significant_rises >= 2
