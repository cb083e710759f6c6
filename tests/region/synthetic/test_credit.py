import numpy as np
import pandas as pd
import pytest

from research.region.synthetic.billing.bills import bills
from research.region.synthetic.billing.registers import registers
from research.region.synthetic.energy.daily import daily
from research.region.synthetic.money.credit import GRADES, credit
from research.region.synthetic.money.payments import payments
from research.region.synthetic.plan import plan_of
from research.region.synthetic.population.customers import people as people_of
from research.region.synthetic.weather import weather


def made(name, seed, customers=3_500, days=340):
    plan = plan_of(name, customers=customers, days=days, seed=seed, defects="none")
    people = people_of(plan)
    kwh = daily(plan, people, weather(plan))[0]
    issued = bills(plan, people, kwh, registers(plan, people, kwh))
    paid, billed = payments(plan, people, issued)
    return plan, people, kwh, billed, paid


@pytest.fixture(scope="module")
def judged():
    """A city's bills, payments, events and the truth of its credit."""
    region = made("hetao", 0, customers=1_200)
    return *region, *credit(*region)


# C13


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_rate_of_default_rises_strictly_from_grade_to_grade(seed):
    _, truth = credit(*made("hetao", seed))
    rate = truth.groupby("true_grade")["true_default"].mean()[list(GRADES)]
    assert (rate.diff().dropna() > 0).all()
    assert rate["D"] > 5 * rate["AAA"]


def test_the_chance_of_default_by_hand(judged):
    truth = judged[-1].set_index("customer_id")
    for _, row in truth.sample(20, random_state=0).iterrows():
        z = -3.2 + 2.2 * row["true_late_share"] + 1.1 * row["true_cv"]
        z += -1.5 * row["true_growth"] + 0.6 * row["true_risky_industry"]
        z += 0.6 * row["true_prior_event"]
        assert row["true_default_chance"] == pytest.approx(1 / (1 + np.exp(-z)))


def test_grades_have_their_shares_and_follow_the_chance(judged):
    truth = judged[-1]
    shares = truth["true_grade"].value_counts(normalize=True)
    for grade, share in GRADES.items():
        assert shares[grade] == pytest.approx(share, abs=0.002)
    span = truth.groupby("true_grade")["true_default_chance"].agg(["min", "max"])
    span = span.loc[list(GRADES)]
    assert (span["max"].to_numpy()[:-1] <= span["min"].to_numpy()[1:]).all()


def test_as_many_default_as_the_chances_add_up_to(judged):
    truth = judged[-1]
    expected = truth["true_default_chance"].sum()
    assert truth["true_default"].sum() == pytest.approx(expected, abs=1)


def test_the_late_share_is_that_of_the_payments(judged):
    plan, _, _, billed, paid, _, truth = judged
    last = paid.groupby("bill_id")["ts"].max().dt.normalize()
    owed = billed[billed["total_yuan"] > 0].set_index("bill_id")
    done = (owed["status"] == "paid") & (last.reindex(owed.index) <= owed["due_date"])
    overdue = ~done & (owed["due_date"] <= plan.days[-1])
    share = overdue.groupby(owed["customer_id"]).sum()
    count = billed.groupby("customer_id").size()
    wanted = (share.reindex(count.index, fill_value=0) / count).to_numpy()
    found = truth.set_index("customer_id").loc[count.index, "true_late_share"]
    assert found.to_numpy() == pytest.approx(wanted)


def test_a_bill_a_month_late_is_an_event_on_that_day(judged):
    plan, _, _, billed, paid, events, _ = judged
    last = paid.groupby("bill_id")["ts"].max().dt.normalize()
    done = billed.set_index("bill_id").join(last)
    paid_by = done["ts"].where(done["status"] == "paid")
    on = done["due_date"] + pd.Timedelta(days=30)
    late = (on <= plan.days[-1]) & (done["total_yuan"] > 0)
    late &= ~(paid_by <= on)
    wanted = set(zip(done.loc[late, "customer_id"], on[late], strict=True))
    found = events[events["kind"] == "late"]
    dates = found["ts"].dt.normalize()
    assert wanted == set(zip(found["customer_id"], dates, strict=True))
    assert len(wanted) > 100


def test_those_who_default_have_an_event_to_show_for_it(judged):
    plan, _, _, _, _, events, truth = judged
    ids = truth.loc[truth["true_default"], "customer_id"]
    kinds = ["disconnection", "instalment_agreed", "guarantee"]
    late = events["ts"] >= plan.start + pd.Timedelta(days=plan.n_days * 2 // 3)
    shown = events.loc[late & events["kind"].isin(kinds), "customer_id"]
    assert set(ids) <= set(shown)
    assert not events.duplicated(["customer_id", "ts", "kind"]).any()


def test_older_events_are_those_of_customers_with_a_history(judged):
    plan, _, _, _, _, events, truth = judged
    old = events[events["ts"] < plan.start]
    known = truth.loc[truth["true_prior_event"], "customer_id"]
    assert set(old["customer_id"]) == set(known)
    assert set(old["kind"]) <= {"bounced", "breach_use", "theft"}
    assert (old["ts"] >= plan.start - pd.Timedelta(days=731)).all()
