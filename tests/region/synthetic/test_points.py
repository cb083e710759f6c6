from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from research.region.schema import TABLES
from research.region.synthetic.energy.daily import daily
from research.region.synthetic.money.points import (
    capped,
    enrolled_of,
    points_ledger,
    points_of,
)
from research.region.synthetic.money.prepaid import prepaid
from research.region.synthetic.plan import plan_of
from research.region.synthetic.population.customers import people as people_of
from research.region.synthetic.weather import weather


def ruled(plan, **changes):
    """The plan with another rule of points."""
    points = plan.settings.points.model_copy(update=changes)
    settings = plan.settings.model_copy(update={"points": points})
    return replace(plan, settings=settings)


@pytest.fixture(scope="module")
def paid():
    """A year of payments of prepaid homes."""
    plan = plan_of("haihe", customers=1_200, days=366, seed=2)
    people = people_of(plan)
    kwh = daily(plan, people, weather(plan))[0]
    return plan, people, prepaid(plan, people, kwh).payments


def running(ledger):
    return ledger.groupby("customer_id")["points"].cumsum()


@pytest.mark.parametrize(
    ("amount", "channel", "points"),
    [
        pytest.param(50.0, "hall", 25, id="the hall earns half"),
        pytest.param(99.99, "wechat", 99, id="below the second tier, rounded down"),
        pytest.param(100.0, "app", 240, id="second tier times app"),
        pytest.param(300.0, "alipay", 450, id="third tier"),
        pytest.param(
            200.0, "agent", 240, id="a channel that is not listed counts once"
        ),
        pytest.param(-80.0, "app", 0, id="money given back earns nothing"),
    ],
)
def test_points_by_hand(amount, channel, points):
    rule = plan_of("haihe", size="tiny").settings.points
    found = points_of(np.array([amount]), np.array([channel]), rule)
    assert found.tolist() == [points]


def test_the_cap_of_a_month_holds_over_its_payments():
    points = np.array([900, 1500, 40, 900])
    group = np.array([1, 1, 1, 2])
    assert capped(points, group, 2000).tolist() == [900, 1100, 0, 900]
    assert capped(points, group, None).tolist() == points.tolist()


def test_what_is_earned_is_what_the_rule_gives_for_each_payment(paid):
    plan, people, payments = paid
    ledger = points_ledger(ruled(plan, caps_month=None), people, payments)
    earned = ledger[ledger["kind"] == "earn"].set_index("ref_id")
    mine = payments.set_index("payment_id").loc[earned.index]
    wanted = points_of(
        mine["amount_yuan"].to_numpy(), mine["channel"], plan.settings.points
    )
    assert (earned["points"].to_numpy() == wanted).all()
    assert (earned["ts"].to_numpy() == mine["ts"].to_numpy()).all()
    members = people.loc[enrolled_of(plan, people), "customer_id"]
    own = payments[payments["customer_id"].isin(members)]
    assert len(earned) == (own["amount_yuan"] > 0).sum()


def test_only_members_have_points_and_a_third_of_the_homes_are(paid):
    plan, people, payments = paid
    member = enrolled_of(plan, people)
    home = people["usage_class"].str.startswith("residential").to_numpy()
    assert not member[~home].any()
    assert 0.25 < member[home].mean() < 0.40
    ledger = points_ledger(plan, people, payments)
    assert set(ledger["customer_id"]) <= set(people.loc[member, "customer_id"])


def test_nobody_earns_more_than_the_cap_in_a_month(paid):
    plan, people, payments = paid
    ledger = points_ledger(ruled(plan, caps_month=100), people, payments)
    earned = ledger[ledger["kind"] == "earn"]
    month = earned["ts"].dt.to_period("M")
    sums = earned.groupby(["customer_id", month])["points"].sum()
    assert sums.max() == 100


@pytest.mark.parametrize("expiry_months", [1, 3, 24])
def test_no_account_of_points_falls_below_zero(paid, expiry_months):
    plan, people, payments = paid
    plan = ruled(plan, expiry_months=expiry_months)
    ledger = points_ledger(plan, people, payments)
    assert (running(ledger) >= 0).all()
    assert ledger["ts"].is_monotonic_increasing
    assert ledger["entry_id"].is_unique
    assert list(ledger.columns) == list(TABLES["points_ledger"].columns)


def test_points_are_lost_after_the_months_that_the_rule_gives_them(paid):
    plan, people, payments = paid
    months = 2
    ledger = points_ledger(ruled(plan, expiry_months=months), people, payments)
    last = plan.days[-1].to_period("M")
    recent = ledger["ts"].dt.to_period("M") > last - months
    earned = ledger["kind"] == "earn"
    left = ledger.groupby("customer_id")["points"].sum()
    young = ledger[recent & earned].groupby("customer_id")["points"].sum()
    assert (ledger["kind"] == "expire").sum() > 100
    # Of what is left nothing is older than the rule allows.
    assert (left <= young.reindex(left.index, fill_value=0)).all()


def test_redemptions_are_whole_hundreds_of_those_who_have_five(paid):
    plan, people, payments = paid
    ledger = points_ledger(plan, people, payments)
    before = running(ledger) - ledger["points"]
    burned = ledger["kind"] == "burn"
    assert burned.sum() > 100
    assert (ledger.loc[burned, "points"] % 100 == 0).all()
    assert (before[burned] >= 500).all()
    # The multiplier of the app is worth a visit, points are not lost in two years.
    assert not (ledger["kind"] == "expire").any()


def test_members_turn_to_the_channel_that_earns_more(paid):
    plan, people, payments = paid
    member = set(people.loc[enrolled_of(plan, people), "customer_id"])
    by_member = payments["customer_id"].isin(member)
    app = payments["channel"] == "app"
    assert app[by_member].mean() > app[~by_member].mean() + 0.02


def test_without_a_programme_there_are_no_points(paid):
    plan, people, payments = paid
    settings = plan.settings.model_copy(update={"points": None})
    plan = replace(plan, settings=settings)
    assert not enrolled_of(plan, people).any()
    assert points_ledger(plan, people, payments).empty


def test_the_ledger_is_the_same_for_the_same_seed(paid):
    plan, people, payments = paid
    pd.testing.assert_frame_equal(
        points_ledger(plan, people, payments), points_ledger(plan, people, payments)
    )
