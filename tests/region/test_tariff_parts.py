"""Tiers of prepaid homes, the two-part tariff, late payment, prices of slots."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.region import InputError, NotApplicable
from research.region.calendar import day_calendar, tou_bands
from research.region.settings import Settings
from research.region.tariff import (
    basic_charge,
    bill_lines,
    break_even_demand,
    daily_tier_cost,
    days_overdue,
    energy_by_band,
    late_fee,
    tou_prices,
    tou_status,
    two_part_status,
)

BASE = {
    "name": "demo",
    "title": {"en": "Demo"},
    "timezone": "Asia/Shanghai",
    "readings": {
        "resolution_minutes": 60,
        "stamp": "start",
        "clock": "Asia/Shanghai",
        "unit": "kWh",
    },
    "calendar": {"country": "CN"},
}
TIERS = {"reckoning": "month", "bounds_kwh": [220, 400], "yuan": [0.49, 0.54, 0.79]}
TRADE = {
    "classes": ["commercial"],
    "base_yuan": 0.6,
    "bands": [
        {"name": "sharp", "at": ["18:00-20:00"], "x": 2.0},
        {"name": "peak", "at": ["08:00-12:00", "17:00-21:00"], "x": 1.5},
        {"name": "valley", "at": ["23:00-07:00"], "x": 0.5},
    ],
}


def settings_with(**keys):
    return Settings.model_validate(BASE | keys)


def test_the_next_kwh_cost_what_their_tier_costs():
    settings = settings_with(residential_tiers=TIERS)
    cost = daily_tier_cost(
        np.array([10.0, 10.0, 10.0, 300.0]),
        np.array([0.0, 215.0, 500.0, 200.0]),
        settings,
    )
    assert cost == pytest.approx([4.9, 5 * 0.49 + 5 * 0.54, 7.9, 9.8 + 97.2 + 79.0])


@given(st.lists(st.floats(0, 200), min_size=1, max_size=20), st.integers(1, 8))
def test_days_cost_together_what_their_month_costs(days, persons):
    tiers = TIERS | {"big_household": {"persons": 5, "extra_kwh_month": 50}}
    settings = settings_with(residential_tiers=tiers)
    people = np.array([persons])
    daily = daily_tier_cost(np.array([days]), np.zeros(1), settings, people)
    month = daily_tier_cost(np.array([sum(days)]), np.zeros(1), settings, people)
    assert daily.sum() == pytest.approx(month.item(), abs=1e-6)


def test_prepaid_days_and_the_monthly_bill_agree():
    settings = settings_with(residential_tiers=TIERS | {"reckoning": "year"})
    kwh = np.array([[130.0, 130.0, 300.0]])
    usage = pd.DataFrame(
        {
            "customer_id": "a",
            "ym": ["2025-01", "2025-02", "2025-03"],
            "usage_class": "residential_rural",
            "kwh": kwh[0],
        }
    )
    daily = daily_tier_cost(kwh, np.zeros(1), settings)[0]
    bill = bill_lines(usage, settings)["energy_charge"]
    assert bill.tolist() == pytest.approx(daily.tolist(), abs=0.005)


def test_a_region_without_tiers_has_no_price_for_homes():
    with pytest.raises(NotApplicable, match="residential_tiers"):
        daily_tier_cost(np.ones(1), np.zeros(1), settings_with())


TWO_PART = settings_with(two_part={"cap_yuan_kva": 28, "dem_yuan_kw": 42})


def test_who_may_and_who_must_choose_two_part():
    kva = np.array([50, 100, 100.1, 314.9, 315, np.nan])
    status = two_part_status(kva, TWO_PART)
    assert status.tolist() == ["single", "single", "may", "may", "must", ""]


def charge_of(mode, kva=400.0, kwh=0.0, demand=0.0, agreed=0.0):
    return basic_charge(
        np.array([mode]),
        np.array([kva]),
        TWO_PART,
        kwh=np.array([kwh]),
        max_demand_kw=np.array([demand]),
        contract_demand_kw=np.array([agreed]),
    ).item()


@pytest.mark.parametrize(
    ("demand", "agreed", "kw_charged"),
    [
        pytest.param(150.0, 200.0, 200.0, id="less than agreed"),
        pytest.param(210.0, 200.0, 200.0, id="at 105 %"),
        pytest.param(230.0, 200.0, 240.0, id="20 kW beyond 105 %, twice"),
        pytest.param(100.0, 100.0, 160.0, id="no less than 40 % of 400 kVA"),
        pytest.param(178.0, 100.0, 180.0, id="beyond 105 % of the least"),
    ],
)
def test_contract_demand_by_hand(demand, agreed, kw_charged):
    charge = charge_of("contract_demand", demand=demand, agreed=agreed)
    assert charge == pytest.approx(42 * kw_charged)


def test_capacity_and_demand_by_hand():
    assert charge_of("capacity") == 11_200
    assert charge_of("actual_demand", demand=200.0) == 8_400
    # 260 kWh per kVA: 104,000 kWh.
    assert charge_of("actual_demand", demand=200.0, kwh=103_999.0) == 8_400
    assert charge_of("actual_demand", demand=200.0, kwh=104_000.0) == pytest.approx(
        7560
    )
    assert charge_of("capacity", kwh=104_000.0) == 11_200
    assert np.isnan(charge_of("actual_demand", demand=np.nan))
    assert np.isnan(charge_of("contract_demand", demand=1.0, agreed=np.nan))


@given(st.floats(1, 5000), st.floats(0, 400))
def test_at_the_break_even_demand_both_modes_cost_the_same(kva, kwh_per_kva):
    kwh = kva * kwh_per_kva
    demand = break_even_demand(np.array([kwh]), np.array([kva]), TWO_PART).item()
    by_demand = charge_of("actual_demand", kva, kwh, demand)
    assert by_demand == pytest.approx(charge_of("capacity", kva, kwh))


def fee_of(due, paid, residential=False, amount=1000.0, **keys):
    settings = settings_with(late_fee=keys.pop("late_fee", {}), **keys)
    dates = pd.DatetimeIndex([due]), pd.DatetimeIndex([paid])
    return late_fee(
        np.array([amount]), *dates, np.array([residential]), settings
    ).item()


@pytest.mark.parametrize(
    ("due", "paid", "residential", "fee"),
    [
        pytest.param("2025-03-20", "2025-03-20", False, 0.0, id="on the day"),
        pytest.param("2025-03-20", "2025-03-01", False, 0.0, id="early"),
        pytest.param("2025-03-20", "2025-03-21", False, 2.0, id="one day"),
        pytest.param("2025-03-20", "2025-03-21 23:00", True, 1.0, id="home, one day"),
        pytest.param("2024-12-31", "2025-01-01", False, 3.0, id="next year's first"),
        pytest.param("2024-12-25", "2025-01-05", False, 27.0, id="6 x 2 + 5 x 3"),
        pytest.param("2024-12-25", "2025-01-05", True, 11.0, id="home over new year"),
        pytest.param("2023-12-30", "2025-01-01", False, 1103.0, id="1 x 2 + 367 x 3"),
        pytest.param("2024-02-28", "2024-03-01", True, 2.0, id="29 February"),
    ],
)
def test_late_fees_by_hand(due, paid, residential, fee):
    assert fee_of(due, paid, residential) == fee


def test_the_least_late_fee_is_charged_only_to_those_who_are_late():
    least = {"min_yuan": 1}
    assert fee_of("2025-03-20", "2025-03-21", amount=10.0, late_fee=least) == 1.0
    assert fee_of("2025-03-20", "2025-03-20", amount=10.0, late_fee=least) == 0.0
    assert fee_of("2025-03-20", "2025-03-25", amount=-5.0, late_fee=least) == 0.0


def test_open_bills_and_later_payments_count_up_to_the_reference_date():
    day = {"reference_date": pd.Timestamp("2025-03-25").date()}
    assert fee_of("2025-03-20", pd.NaT, **day) == 10.0
    assert fee_of("2025-03-20", "2025-06-01", **day) == 10.0
    assert fee_of("2025-04-20", pd.NaT, **day) == 0.0
    assert np.isnan(fee_of("2025-03-20", pd.NaT))
    assert np.isnan(fee_of(pd.NaT, "2025-03-25", **day))


def test_a_region_without_late_fees_is_told_so():
    nothing = pd.DatetimeIndex([])
    with pytest.raises(NotApplicable, match="late_fee"):
        late_fee(np.array([]), nothing, nothing, np.array([]), settings_with())


def test_days_overdue_need_both_dates():
    dates = pd.DatetimeIndex(["2025-03-20", None])
    paid = pd.DatetimeIndex(["2025-03-23 08:00", "2025-03-23"])
    assert days_overdue(dates, paid) == pytest.approx([3, np.nan], nan_ok=True)


def two_days(settings):
    return day_calendar(pd.DatetimeIndex(["2025-03-03", "2025-03-08"]), settings)


def test_prices_of_slots_follow_bands_and_kinds_of_day():
    rest = TRADE | {"days": "rest", "bands": [], "base_yuan": 0.4}
    settings = settings_with(tou=[rest, TRADE])
    prices = tou_prices(two_days(settings), 24, settings, "commercial")
    monday = [0.3] * 7 + [0.6] + [0.9] * 4 + [0.6] * 5 + [0.9, 1.2, 1.2, 0.9, 0.6, 0.6]
    assert prices.iloc[0].tolist() == pytest.approx([*monday, 0.3])
    assert prices.iloc[1].tolist() == [0.4] * 24


def test_prices_need_rules_with_prices_for_the_class():
    no_prices = settings_with(tou=[{"bands": []}])
    with pytest.raises(NotApplicable, match="tou rule 1 "):
        tou_prices(two_days(no_prices), 24, no_prices, "commercial")
    none = settings_with()
    with pytest.raises(NotApplicable, match="0 rules"):
        tou_prices(two_days(none), 24, none, "commercial")
    other = settings_with(tou=[TRADE])
    with pytest.raises(InputError, match="for wholesale covers 2025-03-03"):
        tou_prices(two_days(other), 24, other, "wholesale")


def test_who_pays_by_time_of_use():
    home = TRADE | {"classes": ["residential_urban"], "optional": True}
    settings = settings_with(tou=[TRADE, home])
    assert tou_status(settings, "commercial") == "must"
    assert tou_status(settings, "residential_urban") == "may"
    assert tou_status(settings, "wholesale") == "none"


def test_slots_priced_one_by_one_cost_what_the_registers_cost():
    settings = settings_with(tou=[TRADE])
    calendar = day_calendar(pd.date_range("2025-02-20", "2025-03-10"), settings)
    bands = tou_bands(calendar, 24, settings.tou, "commercial", settings.precedence)
    kwh = np.random.default_rng(0).gamma(2, 3, (5, len(calendar), 24))
    usage = energy_by_band(kwh, bands, pd.Index(list("abcde")))
    bill = bill_lines(usage.assign(usage_class="commercial"), settings)
    cost = kwh * tou_prices(calendar, 24, settings, "commercial").to_numpy()
    february = calendar.index.month == 2
    assert usage["ym"].tolist() == ["2025-02", "2025-03"] * 5
    assert bill["energy_charge"].tolist() == pytest.approx(
        np.column_stack(
            [cost[:, february].sum((1, 2)), cost[:, ~february].sum((1, 2))]
        ).ravel(),
        abs=0.006,
    )
    assert usage["kwh"].sum() == pytest.approx(kwh.sum())


def test_missing_readings_count_as_nothing():
    bands = pd.DataFrame([["peak", "valley"]], index=pd.to_datetime(["2025-03-01"]))
    energy = energy_by_band(np.array([[[np.nan, 2.0]]]), bands, pd.Index(["a"]))
    assert energy["kwh_peak"].tolist() == [0]
    assert energy["kwh"].tolist() == [2]
