"""Bills: hand-computed cases, laws, and the rules read anew row by row."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from research.region import InputError, NotApplicable
from research.region.settings import Settings
from research.region.tariff import bill_lines, round_yuan, unpriced, year_to_date

BASE = {
    "name": "demo",
    "title": {"en": "Demo"},
    "timezone": "Asia/Shanghai",
    "readings": {
        "resolution_minutes": 15,
        "stamp": "start",
        "clock": "Asia/Shanghai",
        "unit": "kWh",
    },
    "calendar": {"country": "CN"},
}
# Beijing 2012 by the month, Zhejiang by the year and by time of use.
MONTHLY = {
    "reckoning": "month",
    "bounds_kwh": [240, 400],
    "yuan": [0.4883, 0.5383, 0.7883],
}
YEARLY = {
    "reckoning": "year",
    "bounds_kwh": [2760, 4800],
    "yuan": [0.538, 0.588, 0.838],
}
HOME_TOU = {
    "classes": ["residential_urban"],
    "optional": True,
    "bands": [
        {"name": "peak", "at": ["08:00-22:00"], "yuan": 0.568},
        {"name": "valley", "at": ["22:00-08:00"], "yuan": 0.288},
    ],
}
TRADE_TOU = {
    "classes": ["commercial", "industrial_large"],
    "base_yuan": 0.6,
    "bands": [
        {"name": "peak", "at": ["10:00-12:00", "18:00-22:00"], "x": 1.7},
        {"name": "valley", "at": ["23:00-07:00"], "x": 0.3},
    ],
}
TWO_PART = {"cap_yuan_kva": 28, "dem_yuan_kw": 42}


def settings_with(**keys):
    return Settings.model_validate(BASE | keys)


def usage_of(rows=1, **columns):
    known = {"customer_id": "a", "ym": "2025-03", "usage_class": "residential_urban"}
    return pd.DataFrame(known | columns, index=range(rows))


def bill_of(settings, **columns):
    return bill_lines(usage_of(**columns), settings).iloc[0]


@pytest.mark.parametrize(
    ("kwh", "yuan"),
    [
        pytest.param(240.0, 117.19, id="240 x 0.4883 = 117.192"),
        pytest.param(500.0, 282.15, id="117.192 + 160 x 0.5383 + 100 x 0.7883"),
        pytest.param(0.0, 0.0, id="nothing used"),
    ],
)
def test_a_home_pays_monthly_tiers(kwh, yuan):
    bill = bill_of(settings_with(residential_tiers=MONTHLY), kwh=kwh)
    assert bill["energy_charge"] == yuan
    assert bill["total_yuan"] == yuan


MONTHS = ["2024-12", "2025-01", "2025-02", "2025-03", "2025-04"]
CHARGES = [
    807.0,  # 1500 x 0.538, the last month of a year of its own
    807.0,  # 1500 x 0.538
    819.0,  # 1260 x 0.538 + 240 x 0.588
    882.0,  # 1500 x 0.588
    1182.0,  # 300 x 0.588 + 1200 x 0.838
]


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 2, 0, 1, 3]])
def test_yearly_tiers_run_through_the_year_in_whatever_order_rows_stand(order):
    usage = usage_of(5, ym=MONTHS, kwh=1500.0).iloc[order]
    bill = bill_lines(usage, settings_with(residential_tiers=YEARLY))
    assert bill["energy_charge"].sort_index().tolist() == CHARGES
    assert bill.index.tolist() == order


def test_one_customers_energy_does_not_lift_anothers_tier():
    usage = usage_of(2, customer_id=["a", "b"], ym=["2025-01", "2025-02"], kwh=2760.0)
    bill = bill_lines(usage, settings_with(residential_tiers=YEARLY))
    assert bill["energy_charge"].tolist() == [1484.88, 1484.88]


def test_big_households_get_more_of_the_first_tiers():
    big = MONTHLY | {"big_household": {"persons": 5, "extra_kwh_month": 100}}
    usage = usage_of(3, kwh=340.0, persons=[4, 5, np.nan])
    charge = bill_lines(usage, settings_with(residential_tiers=big))["energy_charge"]
    # 340 x 0.4883 = 166.022; else 117.192 + 100 x 0.5383.
    assert charge.tolist() == [171.02, 166.02, 171.02]


def test_low_income_homes_get_some_energy_back_at_the_first_price():
    free = settings_with(residential_tiers=MONTHLY | {"free_kwh_low_income": 15})
    bill = bill_of(free, kwh=240.0, low_income_flag=True)
    assert bill["energy_charge"] == 117.19
    assert bill["other"] == -7.32  # 15 x 0.4883 = 7.3245
    assert bill["total_yuan"] == 109.87
    assert bill_of(free, kwh=10.0, low_income_flag=True)["total_yuan"] == 0
    assert bill_of(free, kwh=240.0, low_income_flag=False)["other"] == 0
    shop = {"usage_class": "commercial", "low_income_flag": True}
    assert bill_of(free, kwh=240.0, **shop)["other"] == 0


def test_time_of_use_comes_with_the_surcharge_of_the_tiers():
    settings = settings_with(residential_tiers=YEARLY, tou=[HOME_TOU])
    bill = bill_of(settings, kwh=3000.0, kwh_peak=2000.0, kwh_valley=1000.0)
    # 2000 x 0.568 + 1000 x 0.288 + 240 x 0.05
    assert bill["energy_charge"] == 1436.0


def test_commerce_pays_by_band_or_the_base_price_and_its_funds():
    settings = settings_with(tou=[TRADE_TOU], funds_yuan=0.03)
    bands = {"kwh_peak": [100.0] * 2, "kwh_flat": 100.0, "kwh_valley": 100.0}
    usage = usage_of(2, usage_class="commercial", kwh=300.0, tou=[True, False], **bands)
    bill = bill_lines(usage, settings)
    # 100 x (1.02 + 0.6 + 0.18), and 300 x 0.6
    assert bill["energy_charge"].tolist() == [180.0, 180.0]
    assert bill["funds"].tolist() == [9.0, 9.0]
    dear = usage.assign(kwh_peak=200.0, kwh_valley=0.0)
    assert bill_lines(dear, settings)["energy_charge"].tolist() == [264.0, 180.0]


def test_prices_follow_the_month():
    summer = TRADE_TOU | {"months": [7, 8], "base_yuan": 0.8}
    settings = settings_with(tou=[summer, TRADE_TOU])
    usage = usage_of(2, usage_class="commercial", ym=["2025-07", "2025-09"], kwh=10.0)
    assert bill_lines(usage, settings)["energy_charge"].tolist() == [8.0, 6.0]


def test_farms_pay_their_own_price_or_by_time_of_use():
    farm = {"yuan": 0.5, "irrigation_yuan": 0.3}
    usage = usage_of(2, usage_class=["agri_production", "agri_irrigation"], kwh=100.0)
    bill = bill_lines(usage, settings_with(agriculture=farm, funds_yuan=0.03))
    assert bill["total_yuan"].tolist() == [50.0, 30.0]
    rule = TRADE_TOU | {"classes": ["agri_production", "agri_irrigation"]}
    by_rule = settings_with(agriculture=farm | {"tou": True}, tou=[rule])
    by_band = usage.assign(kwh_valley=100.0)
    assert bill_lines(by_band, by_rule)["total_yuan"].tolist() == [18.0, 18.0]


def test_the_power_factor_moves_basic_and_energy_charge():
    settings = settings_with(
        tou=[TRADE_TOU], two_part=TWO_PART, power_factor={}, funds_yuan=0.1
    )
    works = {"usage_class": "industrial_large", "contract_kva": 400.0}
    bill = bill_of(settings, kwh=8000.0, reactive_kvarh=6000.0, voltage="10kV", **works)
    assert bill["pf_value"] == 0.8
    assert bill["pf_standard"] == 0.9
    # 5 % of 8000 x 0.6 + 400 x 28
    assert bill["pf_adjust"] == 800.0
    assert bill["total_yuan"] == 4800 + 11200 + 800 + 800
    low = bill_of(settings, kwh=8000.0, reactive_kvarh=6000.0, voltage="380V", **works)
    assert low["pf_adjust"] == 400.0  # standard 0.85: 2.5 %
    idle = bill_of(settings, kwh=0.0, reactive_kvarh=0.0, **works)
    assert idle["total_yuan"] == 11200.0


def test_what_the_rate_applies_to_is_a_setting():
    whole = {"base": ["basic", "energy", "funds"]}
    settings = settings_with(
        tou=[TRADE_TOU], two_part=TWO_PART, power_factor=whole, funds_yuan=0.1
    )
    bill = bill_of(
        settings,
        usage_class="industrial_large",
        contract_kva=400.0,
        kwh=8000.0,
        reactive_kvarh=6000.0,
    )
    assert bill["pf_adjust"] == 840.0


def test_what_is_not_known_is_missing_and_told():
    settings = settings_with(
        residential_tiers=MONTHLY, tou=[TRADE_TOU], two_part=TWO_PART, power_factor={}
    )
    usage = pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "ym": "2025-03",
            "usage_class": ["residential_urban"] * 2
            + ["wholesale", "industrial_large", "commercial", "industrial_large"],
            "kwh": [100.0, np.nan, 100.0, 100.0, 100.0, 100.0],
            "contract_kva": [8.0, 8.0, 50.0, 400.0, 50.0, 400.0],
            "tou": [False, False, False, False, True, False],
            "demand_mode": [None, None, None, "actual_demand", None, "capacity"],
            "reactive_kvarh": [np.nan] * 6,
        }
    )
    bill = bill_lines(usage, settings)
    assert bill["total_yuan"].notna().tolist() == [True] + [False] * 5
    reasons = unpriced(usage, bill).set_index("reason")
    assert reasons["rows"].tolist() == [1, 1, 1, 1, 1]
    assert reasons["share"].sum() == pytest.approx(5 / 6)


def test_a_customer_without_a_class_is_unknown():
    priced = settings_with(tou=[TRADE_TOU | {"classes": ["unknown"]}])
    assert bill_of(priced, usage_class=[None], kwh=10.0)["total_yuan"] == 6.0


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"ym": "2025-13", "kwh": 1.0}, ["ym", "row 0", "2025-13"]),
        ({"ym": "202503", "kwh": 1.0}, ["ym", "'202503'"]),
        ({}, ["kwh"]),
        ({"kwh": 1.0, "demand_mode": "maximum"}, ["demand_mode", "maximum"]),
    ],
)
def test_usage_that_can_not_be_read_is_refused(columns, named):
    settings = settings_with(residential_tiers=MONTHLY)
    with pytest.raises(InputError) as caught:
        bill_lines(usage_of(**columns), settings)
    assert all(word in str(caught.value) for word in named)


def test_a_region_without_prices_has_no_bills():
    with pytest.raises(NotApplicable, match="no price of energy"):
        bill_lines(usage_of(kwh=1.0), settings_with())


def test_prices_that_differ_by_kind_of_day_are_refused_for_monthly_energies():
    dear = TRADE_TOU | {"days": "working", "base_yuan": 0.9}
    settings = settings_with(tou=[dear, TRADE_TOU])
    with pytest.raises(InputError, match="by the kind of day"):
        bill_of(settings, usage_class="commercial", kwh=1.0)


def test_energy_of_earlier_months_of_the_year_by_hand():
    usage = pd.DataFrame(
        {
            "customer_id": ["b", "a", "a", "b", "a"],
            "ym": ["2025-02", "2025-03", "2025-01", "2025-01", "2024-12"],
        }
    )
    used = year_to_date(usage, np.array([1.0, 2.0, 4.0, np.nan, 16.0]))
    assert used.tolist() == [0, 4, 0, 0, 0]


@given(
    st.decimals(0, 10**6, places=2),
    st.decimals(0, 10, places=6),
    st.sampled_from([1, -1]),
)
def test_money_is_rounded_as_on_paper(kwh, price, sign):
    exact = (sign * kwh * price).quantize(Decimal("0.01"), ROUND_HALF_UP)
    rounded = round_yuan(np.array([sign * float(kwh) * float(price)]))
    assert rounded.tolist() == [float(exact)]


def random_usage(rng, n):
    """Rows of all classes, with registers that not every row has."""
    classes = ["residential_urban", "commercial", "industrial_large", "agri_irrigation"]
    bands = rng.uniform(0, 9000, (n, 3)).round(2)
    bands[rng.random(n) < 0.4] = np.nan
    month = rng.choice(pd.period_range("2024-01", "2025-12", freq="M").astype(str), n)
    usage = pd.DataFrame(
        {
            "customer_id": rng.integers(0, n // 12, n).astype(str),
            "ym": month,
            "usage_class": rng.choice(classes, n),
            "contract_kva": rng.choice([8.0, 120.0, 200.0, 400.0, 4000.0], n),
            "persons": rng.integers(1, 8, n),
            "low_income_flag": rng.random(n) < 0.2,
            "demand_mode": rng.choice(
                ["capacity", "actual_demand", "contract_demand"], n
            ),
            "contract_demand_kw": rng.uniform(0, 500, n).round(1),
            "max_demand_kw": rng.uniform(0, 600, n).round(1),
            "reactive_kvarh": rng.uniform(0, 9000, n).round(2),
            "kwh": rng.uniform(0, 27000, n).round(2),
        }
    )
    usage[["kwh_peak", "kwh_flat", "kwh_valley"]] = bands
    usage["voltage"] = rng.choice(["10kV", "380V"], n)
    usage = usage.drop_duplicates(["customer_id", "ym"]).reset_index(drop=True)
    classes = usage.groupby("customer_id")["usage_class"].transform("first")
    # Homes have no flat band.
    home = (classes == "residential_urban") & usage["kwh_flat"].notna()
    usage.loc[home, "kwh_flat"] = 0.0
    of_bands = usage[["kwh_peak", "kwh_flat", "kwh_valley"]].sum(axis=1, skipna=False)
    kwh = of_bands.round(2).fillna(usage["kwh"])
    return usage.assign(usage_class=classes, kwh=kwh)


EVERYTHING = settings_with(
    residential_tiers=YEARLY
    | {
        "big_household": {"persons": 5, "extra_kwh_month": 100},
        "free_kwh_low_income": 10,
    },
    tou=[HOME_TOU, TRADE_TOU],
    agriculture={"yuan": 0.5, "irrigation_yuan": 0.3},
    two_part=TWO_PART,
    power_factor={},
    funds_yuan=0.0295,
)


def test_the_lines_add_up_to_the_total_to_the_cent():
    bill = bill_lines(random_usage(np.random.default_rng(1), 3000), EVERYTHING)
    lines = bill[["energy_charge", "basic_charge", "pf_adjust", "funds", "other"]]
    printed = lines.map(lambda yuan: Decimal(f"{yuan:.2f}")).sum(axis=1)
    total = bill["total_yuan"].map(lambda yuan: Decimal(f"{yuan:.2f}"))
    assert bill["total_yuan"].notna().all()
    assert (printed == total).all()
    assert (bill["total_yuan"] == bill["total_yuan"].round(2)).all()


def test_the_order_of_the_rows_does_not_matter():
    usage = random_usage(np.random.default_rng(2), 800)
    shuffled = usage.sample(frac=1, random_state=0)
    assert_frame_equal(
        bill_lines(shuffled, EVERYTHING).sort_index(), bill_lines(usage, EVERYTHING)
    )


def plain_bill(row, used):
    """One bill by the rules as they read, in exact decimals."""

    def cents(yuan):
        return yuan.quantize(Decimal("0.01"), ROUND_HALF_UP)

    d = {k: Decimal(str(v)) for k, v in row.items() if type(v) in (float, int)}
    by_band = not d["kwh_peak"].is_nan()
    other = funds = basic = Decimal(0)
    if row["usage_class"] == "agri_irrigation":
        energy = d["kwh"] * Decimal("0.3")
    elif row["usage_class"] == "residential_urban":
        extra = 1200 if row["persons"] >= 5 else 0
        end = used + d["kwh"]
        in_second = max(end - 2760 - extra, 0) - max(used - 2760 - extra, 0)
        in_third = max(end - 4800 - extra, 0) - max(used - 4800 - extra, 0)
        energy = d["kwh"] * Decimal("0.538")
        if by_band:
            energy = d["kwh_peak"] * Decimal("0.568")
            energy += d["kwh_valley"] * Decimal("0.288")
        energy += in_second * Decimal("0.05") + in_third * Decimal("0.25")
        if row["low_income_flag"]:
            other = -cents(min(d["kwh"], Decimal(10)) * Decimal("0.538"))
    else:
        energy = d["kwh"] * Decimal("0.6")
        if by_band:
            energy = d["kwh_peak"] * Decimal("1.02") + d["kwh_flat"] * Decimal("0.6")
            energy += d["kwh_valley"] * Decimal("0.18")
        funds = cents(d["kwh"] * Decimal("0.0295"))
        if row["contract_kva"] >= 315:
            price = Decimal(42)
            if d["kwh"] >= 260 * d["contract_kva"]:
                price *= Decimal("0.9")
            agreed = max(d["contract_demand_kw"], Decimal("0.4") * d["contract_kva"])
            basic = {
                "capacity": 28 * d["contract_kva"],
                "actual_demand": price * d["max_demand_kw"],
                "contract_demand": price
                * (agreed + 2 * max(d["max_demand_kw"] - Decimal("1.05") * agreed, 0)),
            }[row["demand_mode"]]
    return cents(energy), cents(basic), funds, other


def test_bills_agree_with_the_rules_read_row_by_row():
    usage = random_usage(np.random.default_rng(3), 1200)
    bill = bill_lines(usage, EVERYTHING)
    used = year_to_date(usage, usage["kwh"].to_numpy())
    for row, lines, so_far in zip(
        usage.to_dict("records"), bill.to_dict("records"), used, strict=True
    ):
        wanted = plain_bill(row, Decimal(str(round(so_far, 2))))
        names = ("energy_charge", "basic_charge", "funds", "other")
        assert [lines[name] for name in names] == [float(yuan) for yuan in wanted]
