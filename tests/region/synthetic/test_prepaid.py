import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from research.region.service_settings import Prepaid as Rule
from research.region.synthetic.energy.daily import daily
from research.region.synthetic.money.balances import Delivery, Habits, live
from research.region.synthetic.money.channels import CHANNELS, MIX, Channels
from research.region.synthetic.money.prepaid import (
    ATTENTION_SCALE,
    FREQUENT,
    attention_scale,
    balance_batches,
    balance_daily,
    prepaid,
)
from research.region.synthetic.money.topups import CAUSES, DELIVERED
from research.region.synthetic.plan import plan_of
from research.region.synthetic.population.customers import people as people_of
from research.region.synthetic.weather import weather
from research.region.tariff import bill_lines

YEAR = 365


def made(name, customers, days, seed=0):
    plan = plan_of(name, customers=customers, days=days, seed=seed, defects="none")
    people = people_of(plan)
    return plan, people, daily(plan, people, weather(plan))[0]


@pytest.fixture(scope="module")
def city():
    """A city of prepaid homes for a year."""
    plan, people, kwh = made("haihe", 2_000, 366)
    return plan, people, kwh, prepaid(plan, people, kwh)


@pytest.fixture(scope="module")
def large_city():
    """A city of over 5,000 prepaid homes for a year."""
    plan, people, kwh = made("haihe", 8_000, 366)
    return plan, people, kwh, prepaid(plan, people, kwh)


def trips_a_year(plan, tables, year=0):
    """Trips of each home that was open all the time, in one year."""
    trips = tables.trip_events
    number = (trips["ts_off"] - plan.start).dt.days // YEAR
    counts = trips.loc[number == year, "customer_id"].value_counts()
    whole = tables.is_open.all(axis=1)
    return tables.truth.loc[whole, "customer_id"].map(counts).fillna(0).to_numpy()


def orders(city):
    topups = city[3].topups
    return topups[topups["retry_of"].isna()]


# C2


@pytest.mark.slow
def test_three_homes_in_ten_trip_twice_or_more_in_twelve_months(large_city):
    plan, _, _, tables = large_city
    trips = trips_a_year(plan, tables)
    assert len(trips) >= 5_000
    assert (trips >= 2).mean() == pytest.approx(0.31, abs=0.025)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["haihe", "hetao", "minjiang"])
def test_the_scale_of_attention_is_the_one_that_bisection_finds(name):
    plan, people, kwh = made(name, 8_000, 365, seed=1)
    found = attention_scale(plan, people, kwh)
    assert found == pytest.approx(ATTENTION_SCALE[name], abs=0.05)
    often = trips_a_year(plan, prepaid(plan, people, kwh)) >= 2
    assert often.mean() == pytest.approx(FREQUENT, abs=0.025)


# C3


@pytest.mark.slow
def test_attempts_succeed_as_often_as_the_utility_reports(large_city):
    delivered = large_city[3].topups["outcome"] == "delivered"
    assert len(delivered) >= 20_000
    assert delivered.mean() == pytest.approx(0.948, abs=0.005)


@pytest.mark.slow
def test_rural_attempts_succeed_less_often():
    plan, people, kwh = made("hetao", 6_000, 300)
    delivered = prepaid(plan, people, kwh).topups["outcome"] == "delivered"
    assert delivered.mean() == pytest.approx(DELIVERED["hetao"], abs=0.01)


@pytest.mark.slow
def test_failures_have_the_causes_of_the_specification(large_city):
    reasons = large_city[3].topups["fail_reason"].value_counts(normalize=True)
    for cause, share in CAUSES.items():
        assert reasons[cause] == pytest.approx(share, abs=0.03)
    assert set(reasons.index) == set(CAUSES)


@pytest.mark.slow
def test_seven_failures_in_ten_come_after_the_payment(large_city):
    topups = large_city[3].topups
    failed = topups[topups["outcome"] != "delivered"]
    assert failed["ts_paid"].notna().mean() == pytest.approx(0.70, abs=0.03)


@pytest.mark.slow
def test_attempts_fail_more_in_the_evening_and_behind_a_poor_network(large_city):
    topups = large_city[3].topups.merge(large_city[3].truth, on="customer_id")
    delivered = topups["outcome"] == "delivered"
    evening = topups["ts_order"].dt.hour.isin([18, 19, 20])
    poor = topups["true_poor_network"]
    assert delivered[evening].mean() < delivered[~evening].mean() - 0.01
    assert delivered[poor].mean() < delivered[~poor].mean() - 0.03


# C10


def test_every_balance_is_yesterdays_less_cost_plus_top_ups_to_the_cent(city):
    tables = city[3]
    change = np.diff(tables.balance.astype(int), axis=1)
    wanted = tables.topup[:, 1:].astype(int) - tables.cost[:, 1:]
    both = tables.is_open[:, 1:] & tables.is_open[:, :-1]
    assert both.sum() > 400_000
    assert np.array_equal(change[both], wanted[both])
    opens = tables.is_open[:, 1:] & ~tables.is_open[:, :-1]
    assert np.array_equal(tables.balance[:, 1:][opens], wanted[opens])


def test_a_delivered_top_up_raises_the_balance_by_its_amount_on_the_same_day(city):
    plan, _, _, tables = city
    topups = tables.topups[tables.topups["outcome"] == "delivered"]
    assert (
        topups["ts_delivered"].dt.normalize() == topups["ts_order"].dt.normalize()
    ).all()
    home = pd.Index(tables.truth["customer_id"]).get_indexer(topups["customer_id"])
    day = (topups["ts_delivered"].dt.normalize() - plan.start).dt.days
    booked = np.zeros(tables.topup.shape, dtype=int)
    cents = np.round(100 * topups["amount"].to_numpy()).astype(int)
    np.add.at(booked, (home, day.to_numpy()), cents)
    assert np.array_equal(booked, tables.topup)


def test_the_days_of_a_month_cost_what_the_tariff_bills(city):
    plan, people, kwh, tables = city
    homes = people.iloc[tables.positions].reset_index(drop=True)
    plain = ~homes["tou"].to_numpy(dtype=bool)
    july = (plan.days.month == 7) & (plan.days.year == 2024)
    usage = homes[["customer_id", "usage_class", "persons", "low_income_flag"]]
    energy = np.nansum(kwh[tables.positions][:, july].astype(float), axis=1)
    bill = bill_lines(usage.assign(ym="2024-07", kwh=energy), plan.settings)
    cost = tables.cost[:, july].sum(axis=1) / 100
    assert (bill["other"] < 0).any()
    # Energy and what is free are rounded one by one on a bill.
    assert np.abs(cost - bill["total_yuan"])[plain].max() < 0.0101


def test_homes_on_time_of_use_pay_less_for_the_night(city):
    _, people, kwh, tables = city
    homes = people.iloc[tables.positions]
    tou = homes["tou"].to_numpy(dtype=bool)
    energy = np.nansum(kwh[tables.positions], axis=1)
    price = tables.cost.sum(axis=1) / 100 / np.maximum(energy, 1)
    heats = (homes["true_archetype"] == "R7").to_numpy()
    assert price[tou & heats].mean() < price[~tou & heats].mean() - 0.03


# C18


@pytest.mark.slow
def test_frequent_homes_stay_frequent_and_occasional_ones_do_not_stay():
    plan, people, kwh = made("haihe", 5_000, 730)
    tables = prepaid(plan, people, kwh)
    first, second = (np.minimum(trips_a_year(plan, tables, y), 2) for y in (0, 1))
    stays = [(second[first == kind] == kind).mean() for kind in range(3)]
    assert stays[0] > 0.85
    assert stays[1] < 0.5
    assert stays[2] > 0.8


# Trips


def test_every_trip_is_below_the_limit(city):
    plan, _, _, tables = city
    trips = tables.trip_events
    assert (trips["balance_at_off"] < plan.settings.prepaid.trip_yuan).all()
    assert (trips["ts_on"].dropna() > trips.loc[trips["ts_on"].notna(), "ts_off"]).all()
    assert (trips["reason"] == "low_balance").all()
    assert not trips.duplicated(["customer_id", "ts_off"]).any()


def test_the_balance_was_restored_between_two_trips(city):
    plan, _, _, tables = city
    trips = tables.trip_events.sort_values(["customer_id", "ts_off"])
    again = trips["customer_id"].eq(trips["customer_id"].shift())
    home = pd.Index(tables.truth["customer_id"]).get_indexer(trips["customer_id"])
    day = (trips["ts_off"].dt.normalize() - plan.start).dt.days.to_numpy()
    restored = tables.balance >= 100 * plan.settings.prepaid.trip_yuan
    so_far = np.cumsum(restored, axis=1)
    upto = so_far[home, day - 1]
    earlier = np.roll(so_far[home, np.maximum(day - 1, 0)], 1)
    assert (upto[again] > earlier[again]).all()


def test_on_the_day_of_a_trip_the_order_comes_after_it(city):
    trips = city[3].trip_events.assign(day=lambda t: t["ts_off"].dt.normalize())
    topups = city[3].topups.assign(day=lambda t: t["ts_order"].dt.normalize())
    both = trips.merge(topups, on=["customer_id", "day"])
    assert len(both) > 0.7 * len(trips)
    assert (both["ts_order"] > both["ts_off"]).all()


def test_supply_is_back_within_hours_of_a_trip(city):
    trips = city[3].trip_events
    hours = (trips["ts_on"] - trips["ts_off"]).dt.total_seconds() / 3600
    assert 0.5 < hours.median() < 4
    assert hours.quantile(0.99) < 24


# Orders and money


def test_the_parts_of_an_attempt_follow_each_other(city):
    topups = city[3].topups
    sent = topups.dropna(subset=["ts_paid"])
    assert (sent["ts_paid"] <= sent["ts_dispatch"]).all()
    arrived = topups.dropna(subset=["ts_delivered"])
    assert (arrived["ts_dispatch"] < arrived["ts_delivered"]).all()
    assert topups["attempt_id"].is_unique
    assert topups["ts_order"].is_monotonic_increasing
    assert (topups["fail_reason"].isna() == (topups["outcome"] == "delivered")).all()


def test_a_retry_belongs_to_the_order_of_the_attempt_before(city):
    topups = city[3].topups
    retries = topups.dropna(subset=["retry_of"])
    before = topups.set_index("attempt_id").loc[retries["retry_of"]]
    for column in ("order_id", "customer_id", "amount"):
        assert (retries[column].to_numpy() == before[column].to_numpy()).all()
    assert (before["outcome"] != "delivered").all()
    assert (retries["ts_order"].to_numpy() > before["ts_order"].to_numpy()).all()
    assert len(retries) > 0.6 * (topups["outcome"] != "delivered").sum()


def test_all_money_paid_is_delivered_given_back_or_still_on_its_way(city):
    plan, _, _, tables = city
    topups, payments = tables.topups, tables.payments
    paid = payments["amount_yuan"].sum()
    delivered = topups.loc[topups["outcome"] == "delivered", "amount"].sum()
    ends = topups.groupby("order_id")["outcome"].agg(set)
    pending = topups.drop_duplicates("order_id").set_index("order_id")
    has_paid = topups.groupby("order_id")["ts_paid"].max().notna()
    waits = has_paid & ~ends.map(lambda found: bool(found & {"delivered", "refunded"}))
    on_its_way = pending.loc[waits[waits].index, "amount"].sum()
    assert paid == pytest.approx(delivered + on_its_way)
    last_days = pending.loc[waits[waits].index, "ts_order"]
    assert (last_days >= plan.days[-1] - pd.Timedelta(days=12)).all()


def test_an_order_is_paid_once_and_given_back_only_if_it_was_never_delivered(city):
    topups, payments = city[3].topups, city[3].payments
    assert payments["payment_id"].is_unique
    refunds = payments.dropna(subset=["refund_of"])
    assert len(refunds) > 20
    original = payments.set_index("payment_id").loc[refunds["refund_of"]]
    assert (original["amount_yuan"].to_numpy() == -refunds["amount_yuan"]).all()
    delivered = set(topups.loc[topups["outcome"] == "delivered", "order_id"])
    assert not delivered & set(refunds["refund_of"].str.removeprefix("P"))
    firsts = payments[payments["refund_of"].isna()]
    assert delivered <= set(firsts["payment_id"].str.removeprefix("P"))
    times = topups[topups["outcome"] == "delivered"].groupby("order_id").size()
    assert (times == 1).all()


@pytest.mark.slow
def test_channels_have_the_shares_of_the_region(large_city):
    shares = orders(large_city)["channel"].value_counts(normalize=True)
    for channel, share in MIX["haihe"].items():
        assert shares[channel] == pytest.approx(share, abs=0.03)


def test_payments_cost_what_the_region_says_of_their_channel(city):
    payments = city[3].payments
    paid = payments[payments["refund_of"].isna()]
    wechat = paid[paid["channel"] == "wechat"]
    wanted = np.round(0.002 * wechat["amount_yuan"], 2)
    assert wechat["fee_yuan"].to_numpy() == pytest.approx(wanted.to_numpy(), abs=0.006)
    assert set(paid.loc[paid["channel"] == "hall", "fee_yuan"]) == {3.0}


# The drift script


@pytest.mark.slow
def test_alerts_cut_the_trips_of_the_treated_half_by_sixty_percent():
    plan, people, kwh = made("minjiang", 6_000, 1_096)
    trips = prepaid(plan, people, kwh).trip_events.merge(people, on="customer_id")
    late = trips["ts_off"] >= plan.start + pd.DateOffset(months=24)
    rates = {}
    for group in ("alert_treated", "alert_control"):
        homes = people["true_drift"].str.contains(group).sum()
        mine = trips["true_drift"].str.contains(group)
        rates[group] = (mine & ~late).sum() / homes, (mine & late).sum() / homes
    (before, after), (control_before, control_after) = rates.values()
    assert before == pytest.approx(control_before, rel=0.12)
    assert after / control_after == pytest.approx(0.40, abs=0.10)


@pytest.mark.slow
def test_the_hall_loses_its_homes_to_the_app_in_the_drifting_region():
    plan, people, kwh = made("minjiang", 1_500, 1_000)
    topups = prepaid(plan, people, kwh).topups
    year = (topups["ts_order"] - plan.start).dt.days // YEAR
    share = topups.groupby(year)["channel"].value_counts(normalize=True).unstack()
    assert (share["hall"].diff().dropna() < -0.02).all()
    assert (share["app"].diff().dropna() > 0.02).all()


# Tables


def test_the_table_of_balances_holds_the_arrays():
    plan, people, kwh = made("haihe", 400, 40)
    tables = prepaid(plan, people, kwh)
    table = balance_daily(plan, people, tables).to_pandas()
    assert len(table) == tables.is_open.sum()
    assert (table["balance_yuan"] * 100).round().to_numpy() == pytest.approx(
        tables.balance[tables.is_open]
    )
    assert list(table.columns) == [
        "customer_id",
        "date",
        "balance_yuan",
        "cost_yuan",
        "topup_yuan",
    ]
    keys = table["customer_id"].astype(str) + table["date"].astype(str)
    assert keys.is_monotonic_increasing
    batch = next(balance_batches(plan, people, tables))
    assert pa.types.is_dictionary(batch.schema.field("customer_id").type)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_tables_and_another_does_not():
    first, same, other = (
        prepaid(*made("haihe", 200, 60, seed=seed)).topups for seed in (3, 3, 4)
    )
    pd.testing.assert_frame_equal(first, same)
    assert not first["amount"].equals(other["amount"])


# One home, by hand


def lived(cost, *, grace_days=0, attention=0.0, opens_on=0, logit=50.0, seed=0):
    n_days = len(cost)
    is_open = np.arange(n_days)[None] >= opens_on
    never = np.array([n_days])
    habits = Habits(
        np.array([attention]),
        np.array([3000]),
        np.array([5000]),
        np.array([0.0]),
        never,
    )
    app = CHANNELS.index("app")
    other = np.tile(np.arange(len(CHANNELS)) >= app, (1, 1)).astype(float)
    ways = Channels(np.array([app]), never, other, np.array([0]))
    rule = Rule(
        mode="local",
        trip_yuan=10.0,
        alert_yuan=20.0,
        warn_yuan=50.0,
        grace_days=grace_days,
    )
    return live(
        np.where(is_open, cost, 0).astype(np.int32),
        is_open,
        habits,
        Delivery(np.array([logit]), np.zeros(len(CHANNELS)), 0.0),
        ways,
        np.array([0]),
        rule,
        np.linspace(0, 1, 25),
        np.random.default_rng(seed),
    )


def test_a_home_that_pays_no_attention_trips_whenever_an_order_is_used_up():
    life = lived(np.full(400, 100))
    trips, attempts = life.trips, life.attempts
    assert len(trips.day) >= 4
    # One yuan a day: an order of fifty yuan lasts fifty days from trip to trip.
    order = np.searchsorted(trips.day, attempts.day, side="right") - 1
    used_up = np.bincount(order[order >= 0], attempts.amount[order >= 0])
    gaps = 100 * np.diff(trips.day)
    assert used_up[: len(gaps)].tolist() == gaps.tolist()
    assert (trips.balance < 1000).all()


def test_a_home_that_looks_every_day_never_trips():
    life = lived(np.full(300, 100), attention=1.0)
    assert len(life.trips.day) == 0
    assert (life.balance[0] >= 2900).all()


def test_days_of_grace_delay_the_trip_to_a_morning():
    life = lived(np.full(300, 100), grace_days=3)
    first = life.trips.day[0]
    assert (life.balance[0, first - 3 : first] < 1000).all()
    assert 8 <= life.trips.hour[0] <= 16


def test_an_account_opens_with_a_top_up_and_no_trip():
    life = lived(np.full(60, 100), opens_on=20)
    assert (life.balance[0, :20] == 0).all()
    assert life.attempts.day[0] == 20
    assert life.balance[0, 20] == life.attempts.amount[0] - 100
    assert not (life.trips.day == 20).any()


def test_a_meter_that_nothing_reaches_gets_no_money():
    life = lived(np.full(220, 100), logit=-50.0)
    assert len(life.attempts.delivered) > 50
    assert not life.attempts.delivered.any()
    assert (np.diff(life.balance[0]) == -100).all()
    # It trips once and for all, maybe before the first day.
    assert len(life.trips.day) <= 1
