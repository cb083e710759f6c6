import numpy as np
import pandas as pd
import pytest

from research.region.schema import TABLES
from research.region.strict_model import BANDS
from research.region.synthetic.billing.bills import bills
from research.region.synthetic.billing.registers import panel_months, registers
from research.region.synthetic.drift import NEW_PEAK, NO_REACTIVE, OLD_BANDS, VALLEY
from research.region.synthetic.energy.daily import daily
from research.region.synthetic.energy.intervals import panel
from research.region.synthetic.money import money_tables
from research.region.synthetic.money.payments import payments
from research.region.synthetic.plan import plan_of
from research.region.synthetic.population.customers import people as people_of
from research.region.synthetic.weather import weather
from research.region.tariff import late_fee

pytestmark = pytest.mark.slow

LINES = ["energy_charge", "basic_charge", "pf_adjust", "funds", "other"]


def made(name, customers, days, seed=0, n_panel=1):
    plan = plan_of(
        name, customers=customers, days=days, seed=seed, panel=n_panel, defects="none"
    )
    people = people_of(plan)
    return plan, people, *daily(plan, people, weather(plan))


@pytest.fixture(scope="module")
def country():
    """Countryside with post-paid homes for fourteen months, up to the payments."""
    plan, people, kwh, _ = made("hetao", 2_000, 420)
    read = registers(plan, people, kwh)
    issued = bills(plan, people, kwh, read)
    paid, billed = payments(plan, people, issued)
    return plan, people, kwh, read, billed, paid


def cents(yuan):
    return np.round(100 * np.asarray(yuan)).astype(int)


def by_customer(people, column, ids):
    return people.set_index("customer_id")[column].loc[ids]


# Registers


def test_the_bands_of_a_register_add_up_to_its_energy(country):
    read = country[3]
    bands = cents(read[[f"{band}_kwh" for band in BANDS]].dropna()).sum(axis=1)
    whole = read.dropna(subset=["flat_kwh"])
    assert len(whole) > 2_000
    assert (bands == cents(whole["active_kwh"])).all()


def test_registers_hold_the_energy_of_their_days(country):
    plan, people, kwh, read, _, _ = country
    july = (plan.days.year == 2024) & (plan.days.month == 7)
    energy = pd.Series(np.nansum(kwh[:, july].astype(float), axis=1))
    energy.index = people["customer_id"]
    found = read[read["ym"] == "2024-07"].set_index("customer_id")["active_kwh"]
    assert found.to_numpy() == pytest.approx(
        energy.loc[found.index], abs=0.05, rel=1e-7
    )


def test_all_firms_and_homes_on_time_of_use_have_registers(country):
    _, people, kwh, read, _, _ = country
    home = people["usage_class"].str.startswith("residential").to_numpy()
    wanted = ~home | people["tou"].to_numpy(dtype=bool)
    lives = (~np.isnan(kwh[:, :396])).any(axis=1)
    assert set(read["customer_id"]) == set(people.loc[wanted & lives, "customer_id"])
    assert not read.duplicated(["customer_id", "ym"]).any()
    of_home = read["customer_id"].isin(people.loc[home, "customer_id"])
    assert read.loc[of_home, "reactive_import_kvarh"].isna().all()
    assert read.loc[~of_home, "reactive_import_kvarh"].notna().all()


def test_maximum_demand_exceeds_the_mean_power_of_the_largest_day(country):
    plan, people, kwh, read, _, _ = country
    june = (plan.days.year == 2024) & (plan.days.month == 6)
    largest = pd.Series(np.nanmax(kwh[:, june], axis=1, initial=0) / 24)
    largest.index = people["customer_id"]
    found = read[read["ym"] == "2024-06"].set_index("customer_id")
    ratio = found["max_demand_kw"] / largest.loc[found.index]
    assert (ratio.dropna() >= 0.999).all()
    assert ratio.median() < 4
    assert (found["max_demand_ts"].dt.strftime("%Y-%m") == "2024-06").all()
    assert (found["max_demand_ts"].dt.minute % 15 == 0).all()


@pytest.mark.parametrize(
    ("archetype", "factor"), [("I1", 0.86), ("S1", 0.93), ("A1", 0.78), ("T1", 0.95)]
)
def test_power_factors_are_those_of_the_class(country, archetype, factor):
    _, people, _, read, _, _ = country
    kind = by_customer(people, "true_archetype", read["customer_id"]).to_numpy()
    mine = read[(kind == archetype) & (read["active_kwh"] > 0)]
    sums = mine.groupby("customer_id")[["active_kwh", "reactive_import_kvarh"]].sum()
    found = sums["active_kwh"] / np.hypot(*sums.to_numpy().T)
    # A third of the customers have capacitors: .05 more.
    assert found.mean() == pytest.approx(factor + 0.35 * 0.05, abs=0.035)


def test_a_few_compensate_too_much_and_give_reactive_energy_back(country):
    _, _, _, read, _, _ = country
    firms = read.dropna(subset=["reactive_export_kvarh"])
    gives = firms.groupby("customer_id")["reactive_export_kvarh"].max() > 0
    assert gives.mean() == pytest.approx(0.04, abs=0.025)


def test_registers_of_the_panel_are_those_of_its_quarter_hours():
    plan, people, kwh, export = made("haihe", 300, 70, n_panel=80)
    chunks = list(panel(plan, people, weather(plan), kwh, export))
    parts = [panel_months(plan, people, *chunk) for chunk in chunks]
    read = registers(plan, people, kwh, parts).set_index(["customer_id", "ym"])
    guessed = registers(plan, people, kwh).set_index(["customer_id", "ym"])
    positions, quarters, _ = chunks[0]
    february = slice(31, 60)
    peak = np.zeros(96, dtype=bool)
    # 9-12 and 16-21, what the city's rule says of February.
    peak[36:48] = peak[64:84] = True
    seen = 0
    for place, position in enumerate(positions):
        who = people.iloc[position]
        if who["usage_class"] != "commercial" or not who["tou"]:
            continue
        if (who["customer_id"], "2024-02") not in read.index:
            continue
        row = read.loc[(who["customer_id"], "2024-02")]
        hours = np.nan_to_num(quarters[place, february].astype(float))
        assert row["max_demand_kw"] == pytest.approx(4 * hours.max(), abs=1e-3)
        assert row["peak_kwh"] == pytest.approx(hours[:, peak].sum(), abs=0.05)
        expected = guessed.loc[(who["customer_id"], "2024-02")]
        assert expected["peak_kwh"] == pytest.approx(row["peak_kwh"], rel=0.06, abs=1)
        seen += 1
    assert seen >= 5


# The new windows of the drifting region, month 18


@pytest.fixture(scope="module")
def windows():
    """Registers and bills of the drifting region up to month 22."""
    plan, people, kwh, _ = made("minjiang", 900, 700)
    read = registers(plan, people, kwh)
    return plan, people, read, bills(plan, people, kwh, read)


def test_the_settings_tell_the_windows_that_the_script_brings():
    rules = [r for r in plan_of("minjiang").settings.tou if not r.optional]
    summer, year = rules
    assert summer.months == [7, 8]
    for rule in rules:
        at = {band.name: band.at for band in rule.bands}
        assert at["peak"] == ["{:02}:00-{:02}:00".format(*NEW_PEAK)]
        assert at["valley"] == ["{:02}:00-{:02}:00".format(*VALLEY)]
    assert summer.bands[0].name == "sharp"
    # What changes are the windows, not the prices.
    assert {band.name: band.x for band in OLD_BANDS} == {
        band.name: band.x for band in year.bands
    }


@pytest.mark.parametrize(
    ("ym", "sharp", "peak"),
    [
        pytest.param("2023-07", 0, 8, id="summer before"),
        pytest.param("2024-06", 0, 8, id="month 17"),
        pytest.param("2024-07", 2, 3, id="month 18, a summer month"),
        pytest.param("2024-09", 0, 5, id="month 20"),
    ],
)
def test_a_flat_load_is_billed_by_the_hours_of_the_windows_that_hold(
    windows, ym, sharp, peak
):
    _, people, read, billed = windows
    kind = by_customer(people, "true_archetype", read["customer_id"]).to_numpy()
    # Base stations and continuous works run through, day and night.
    mine = read[np.isin(kind, ["T1", "I3"]) & (read["ym"] == ym)]
    mine = mine[mine["flat_kwh"].notna() & (mine["active_kwh"] > 0)]
    assert len(mine) > 15
    hours = {"sharp": sharp, "peak": peak, "valley": 8, "flat": 16 - sharp - peak}
    for band, wanted in hours.items():
        share = (mine[f"{band}_kwh"] / mine["active_kwh"]).mean()
        assert share == pytest.approx(wanted / 24, abs=0.02)
    price = {"sharp": 1.8, "peak": 1.5, "flat": 1.0, "valley": 0.46}
    due = sum(0.66 * x * mine[f"{band}_kwh"] for band, x in price.items())
    due.index = mine["customer_id"]
    found = billed[billed["ym"] == ym].set_index("customer_id")["energy_charge"]
    assert found.loc[due.index].to_numpy() == pytest.approx(due.to_numpy(), abs=0.03)


def test_shops_that_answer_the_new_windows_take_less_in_the_peak(windows):
    _, people, read, _ = windows
    kind = by_customer(people, "true_archetype", read["customer_id"]).to_numpy()
    labels = by_customer(people, "true_drift", read["customer_id"])
    read = read.assign(answers=labels.str.contains("tou_shift").to_numpy())
    read["share"] = read["peak_kwh"] / read["active_kwh"]
    shops = read[(kind == "S1") & read["share"].notna()]
    share = shops.groupby(["ym", "answers"])["share"].mean().unstack()
    ratio = share[True] / share[False]
    assert ratio["2024-05"] == pytest.approx(1, abs=0.08)
    assert ratio["2024-09"] == pytest.approx(0.7, abs=0.08)


@pytest.mark.slow
def test_the_drifting_region_loses_its_reactive_energy_but_not_its_bills():
    plan, people, kwh, _ = made("minjiang", 60, 960)
    money = money_tables(plan, people, kwh)
    read, billed = money.tables["registers"], money.tables["bills"]
    months = plan.months.strftime("%Y-%m")
    silent = read["ym"].isin(months[slice(*NO_REACTIVE)])
    assert read.loc[silent, "reactive_import_kvarh"].isna().all()
    assert read.loc[~silent, "reactive_import_kvarh"].notna().any()
    assert billed["total_yuan"].notna().all()
    meters = read.groupby("customer_id")["meter_id"].nunique()
    new = by_customer(people, "true_drift", meters.index).str.contains("new_meter")
    lives = read.groupby("customer_id")["ym"].agg(["min", "max"])
    spans = (lives["min"] < months[15]) & (lives["max"] >= months[15])
    assert (meters[new & spans] == 2).all()
    assert (meters[~new] == 1).all()


# Bills


def test_the_lines_of_a_bill_add_up_to_the_cent(country):
    billed = country[4]
    assert (cents(billed[LINES]).sum(axis=1) == cents(billed["total_yuan"])).all()
    assert billed["total_yuan"].notna().all()
    assert (billed["total_yuan"] >= 0).all()


def test_every_whole_month_of_a_post_paid_account_is_billed_once(country):
    plan, people, kwh, _, billed, _ = country
    post = people[people["pay_system"] == "postpaid"]
    assert set(billed["customer_id"]) <= set(post["customer_id"])
    assert not billed.duplicated(["customer_id", "ym"]).any()
    assert billed["bill_id"].is_unique
    june = (plan.days.year == 2024) & (plan.days.month == 6)
    lives = (~np.isnan(kwh[post.index][:, june])).any(axis=1)
    found = billed.loc[billed["ym"] == "2024-06", "customer_id"]
    assert set(found) == set(post.loc[lives, "customer_id"])


def test_a_bill_has_the_energy_of_the_days_of_its_month(country):
    plan, people, kwh, _, billed, _ = country
    may = (plan.days.year == 2024) & (plan.days.month == 5)
    energy = pd.Series(np.nansum(kwh[:, may].astype(float), axis=1))
    energy.index = people["customer_id"]
    found = billed[billed["ym"] == "2024-05"].set_index("customer_id")["kwh"]
    assert found.to_numpy() == pytest.approx(
        energy.loc[found.index], abs=0.05, rel=1e-7
    )


def test_bills_come_on_the_first_days_and_are_due_in_twenty_days(country):
    plan, _, _, _, billed, _ = country
    assert billed["issue_date"].dt.day.between(1, 5).all()
    assert (billed["due_date"] - billed["issue_date"] == pd.Timedelta(days=20)).all()
    month = pd.PeriodIndex(billed["ym"], freq="M") + 1
    assert (billed["issue_date"].dt.to_period("M").array == month).all()
    assert (billed["issue_date"] <= plan.days[-1]).all()


def test_a_home_pays_yearly_tiers_by_hand(country):
    _, people, _, _, billed, _ = country
    home = people["usage_class"].str.startswith("residential")
    plain = home & ~people["tou"].astype(bool) & people["persons"].isna()
    plain &= ~people["low_income_flag"].fillna(False).astype(bool)
    mine = billed[
        billed["customer_id"].isin(people.loc[plain, "customer_id"])
        & billed["ym"].str.startswith("2024")
    ]
    year = mine.groupby("customer_id")[["kwh", "total_yuan"]].sum()
    # Tiers of hetao: 2,040 and 3,120 kWh a year at .46, .51 and .76 yuan.
    kwh = year["kwh"]
    wanted = 0.46 * kwh + 0.05 * (kwh - 2040).clip(0) + 0.25 * (kwh - 3120).clip(0)
    assert (kwh > 3120).any()
    assert year["total_yuan"].to_numpy() == pytest.approx(wanted.to_numpy(), abs=0.07)


def test_large_firms_pay_for_capacity_and_power_factor(country):
    _, people, _, _, billed, _ = country
    large = people[people["two_part"] & (people["demand_mode"] == "capacity")]
    mine = billed[billed["customer_id"].isin(large["customer_id"])]
    kva = by_customer(people, "contract_kva", mine["customer_id"]).to_numpy()
    assert mine["basic_charge"].to_numpy() == pytest.approx(21.0 * kva)
    judged = billed.dropna(subset=["pf_value", "pf_standard"])
    judged = judged[judged["kwh"] > 100]
    below = judged["pf_value"] < judged["pf_standard"]
    assert (judged.loc[below, "pf_adjust"] > 0).all()
    assert (judged.loc[~below, "pf_adjust"] <= 0).all()
    assert 0.1 < below.mean() < 0.9


# Payments


def test_nobody_pays_more_than_is_due(country):
    billed, paid = country[4], country[5]
    received = paid.groupby("bill_id")["amount_yuan"].sum()
    owed = billed.set_index("bill_id")[["total_yuan", "late_fee"]].sum(axis=1)
    received = received.reindex(owed.index, fill_value=0)
    assert (cents(received) <= cents(owed)).all()
    assert (paid["amount_yuan"] > 0).all()


def test_the_status_of_every_bill_agrees_with_its_payments(country):
    billed, paid = country[4].set_index("bill_id"), country[5]
    received = paid.groupby("bill_id")["amount_yuan"].sum()
    received = cents(received.reindex(billed.index, fill_value=0))
    owed = cents(billed["total_yuan"]) + cents(billed["late_fee"])
    wanted = np.select([received == owed, received > 0], ["paid", "partly"], "open")
    assert (billed["status"] == wanted).all()
    assert {"paid", "partly", "open"} == set(billed["status"])


def test_late_fees_are_those_of_the_tariff(country):
    plan, people, _, _, billed, paid = country
    times = paid.groupby("bill_id")["ts"].agg(["size", "max"])
    done = billed.set_index("bill_id").join(times)
    home = by_customer(people, "usage_class", done["customer_id"])
    done["home"] = home.str.startswith("residential").to_numpy()
    at_once = done[(done["status"] == "paid") & (done["size"] == 1)]
    still_open = done[(done["status"] == "open") & (done["total_yuan"] > 0)]
    last = pd.Series(plan.days[-1], index=still_open.index)
    for part, until in ((at_once, at_once["max"]), (still_open, last)):
        wanted = late_fee(
            part["total_yuan"].to_numpy(),
            pd.DatetimeIndex(part["due_date"]),
            pd.DatetimeIndex(until),
            part["home"].to_numpy(),
            plan.settings,
        )
        assert part["late_fee"].to_numpy() == pytest.approx(wanted, abs=0.001)
        assert (wanted > 0).sum() > 30


def test_late_fees_by_hand(country):
    # Two parts: each bears the fee of its own days.
    _, people, _, _, billed, paid = country
    several = paid.groupby("bill_id").filter(lambda parts: len(parts) == 2)
    done = billed.set_index("bill_id").loc[several["bill_id"]]
    home = by_customer(people, "usage_class", done["customer_id"]).to_numpy()
    home = pd.Series(home).str.startswith("residential").to_numpy()
    days = (several["ts"].dt.normalize().to_numpy() - done["due_date"]).dt.days
    same_year = several["ts"].dt.year.to_numpy() == done["due_date"].dt.year
    rate = np.where(home, 0.001, 0.002)[same_year] * days[same_year].to_numpy()
    part = several["amount_yuan"].to_numpy()[same_year] / (1 + rate)
    fees = pd.Series(part * rate).groupby(done.index[same_year]).sum()
    whole = done[same_year].groupby(level=0).filter(lambda rows: len(rows) == 2)
    whole = whole[whole["status"] == "paid"]
    assert len(whole) > 10
    wanted = fees[whole.index.unique()].to_numpy()
    found = whole.loc[~whole.index.duplicated(), "late_fee"].to_numpy()
    assert found == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize(
    ("way", "low", "high"),
    [
        ("auto_debit", 0.0, 0.03),
        ("early", 0.0, 0.03),
        ("at_due", 0.02, 0.09),
        ("late", 0.6, 0.8),
        ("chronic", 0.8, 1.0),
    ],
)
def test_each_kind_of_payer_is_late_as_often_as_planned(country, way, low, high):
    _, people, _, _, billed, paid = country
    done = billed[billed["total_yuan"] > 0].merge(
        paid.groupby("bill_id")["ts"].max().rename("last"), on="bill_id", how="left"
    )
    old = done["due_date"] < pd.Timestamp("2024-10-01")
    kind = by_customer(people, "true_pay_class", done["customer_id"]).to_numpy()
    mine = done[(kind == way) & old]
    late = (mine["last"].dt.normalize() > mine["due_date"]) | mine["last"].isna()
    assert low <= late.mean() <= high


def test_payments_lie_between_the_bill_and_the_last_day(country):
    plan, _, _, _, billed, paid = country
    issued = billed.set_index("bill_id")["issue_date"].loc[paid["bill_id"]]
    assert (paid["ts"].to_numpy() >= issued.to_numpy()).all()
    assert (paid["ts"] < plan.days[-1] + pd.Timedelta(days=1)).all()
    assert paid["payment_id"].is_unique
    assert paid["ts"].is_monotonic_increasing


def test_direct_debits_go_through_the_bank_and_cost_a_dime(country):
    _, people, _, _, _, paid = country
    way = by_customer(people, "true_pay_class", paid["customer_id"]).to_numpy()
    debit = paid[way == "auto_debit"]
    assert (debit["channel"] == "bank_debit").mean() > 0.97
    assert set(paid.loc[paid["channel"] == "bank_debit", "fee_yuan"]) == {0.1}
    assert paid["fee_yuan"].notna().all()


# All together


def test_all_money_tables_have_the_columns_and_codes_of_the_schema():
    plan, people, kwh, _ = made("haihe", 300, 120)
    money = money_tables(plan, people, kwh)
    for name, frame in money.tables.items():
        table = TABLES[name]
        assert set(frame.columns) <= set(table.columns), name
        assert set(table.required) <= set(frame.columns), name
        assert not frame.duplicated(list(table.key)).any(), name
        for column in table.columns.values():
            if column.codes and column.name in frame:
                assert set(frame[column.name].dropna()) <= set(column.codes), name
    assert sum(len(batch) for batch in money.balance_daily) > 10_000


@pytest.mark.slow
def test_another_seed_gives_other_bills_and_the_same_seed_the_same():
    first, same, other = (
        money_tables(*made("hetao", 40, 40, seed=seed)[:3]) for seed in (5, 5, 6)
    )
    for name, frame in first.tables.items():
        pd.testing.assert_frame_equal(frame, same.tables[name])
    assert not first.tables["bills"].equals(other.tables["bills"])
    assert not first.tables["payments"].equals(other.tables["payments"])
