"""Daily energy and weather: calibration targets, calendar, heat, roofs, drift."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from research.region.calendar import day_calendar, lunar_new_year
from research.region.synthetic import REGIONS, plan_of
from research.region.synthetic.energy.daily import charging, daily
from research.region.synthetic.energy.photovoltaics import roofs, sunshine
from research.region.synthetic.population.customers import people
from research.region.synthetic.weather import daylight_hours, weather

DAYS_A_MONTH = 365.25 / 12


def made(name, **wanted):
    """A planned region: its plan, people, weather, daily energy and export."""
    plan = plan_of(name, **wanted)
    everyone, sky = people(plan), weather(plan)
    kwh, export = daily(plan, everyone, sky)
    whole = (everyone["open_date"] < plan.start) & (everyone["status"] == "active")
    return SimpleNamespace(
        plan=plan,
        people=everyone,
        sky=sky,
        kwh=kwh,
        export=export,
        kind=everyone["true_archetype"].to_numpy(dtype=object),
        whole=whole.to_numpy(),
    )


@pytest.fixture(scope="module")
def regions():
    """A year and more of each region."""
    return {name: made(name, customers=3_000, days=400) for name in REGIONS}


@pytest.fixture(scope="module")
def drifting():
    """Three years of the region that changes."""
    return made("minjiang", customers=5_000, days=1_096)


def of_kind(region, *kinds):
    return np.isin(region.kind, kinds) & region.whole


@pytest.mark.parametrize("name", REGIONS)
def test_tiers_cover_80_and_95_of_100_homes(regions, name):
    region = regions[name]
    tiers = region.plan.settings.residential_tiers
    a_month = np.array(tiers.bounds_kwh) / (12 if tiers.reckoning == "year" else 1)
    home = of_kind(region, *[f"R{i}" for i in range(1, 10)])
    kwh = region.kwh[home, :366].mean(axis=1) * DAYS_A_MONTH
    assert (kwh <= a_month[0]).mean() == pytest.approx(0.80, abs=0.05)
    assert (kwh <= a_month[1]).mean() == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("name", REGIONS)
def test_the_first_year_has_the_energy_each_customer_was_given(regions, name):
    region = regions[name]
    plain = region.whole & ~np.isin(region.kind, ["R6", "R9"])
    plain &= region.people["true_change_date"].isna().to_numpy()
    given = region.people["true_monthly_kwh"].to_numpy()[plain]
    ratio = region.kwh[plain, :366].mean(axis=1) * DAYS_A_MONTH / given
    assert np.median(ratio) == pytest.approx(1, abs=0.01)
    assert ratio.mean() == pytest.approx(1, abs=0.02)


def festival_index(region):
    """1 - mean energy of LNY-1 ... LNY+5 over that of LNY-28 ... LNY-15."""
    day = region.plan.days.get_loc(pd.Timestamp(lunar_new_year(2024)))
    within, before = (
        region.kwh[:, day - 1 : day + 6],
        region.kwh[:, day - 28 : day - 14],
    )
    before = before.mean(axis=1)
    # Pumps take nothing in winter.
    return 1 - within.mean(axis=1) / np.where(before > 0, before, np.nan)


def test_the_spring_festival_empties_works_and_homes_and_fills_the_country(regions):
    city, country = regions["haihe"], regions["hetao"]
    index = festival_index(city)
    festival = city.people["true_festival"].to_numpy(dtype=object)
    assert np.median(index[of_kind(city, "I1")]) > 0.8
    assert 0.05 < np.median(index[of_kind(city, "I3")]) < 0.2
    assert np.mean(index[city.whole & (festival == "leaves")]) > 0.6
    assert np.mean(index[city.whole & (festival == "hosts")]) < -0.1
    index = festival_index(country)
    festival = country.people["true_festival"].to_numpy(dtype=object)
    assert np.mean(index[country.whole & (festival == "returnees")]) < -0.2
    vacant = (
        of_kind(country, "R5") & (country.people["urban_rural"] == "rural").to_numpy()
    )
    assert np.mean(index[vacant]) < -1


def test_one_shift_rests_on_rest_days_and_works_on_adjusted_weekends(regions):
    region = regions["haihe"]
    calendar = day_calendar(region.plan.days, region.plan.settings)
    may = calendar.index.month == 5
    working = calendar["working"].to_numpy()
    weekend = calendar.index.day_of_week >= 5
    mean = region.kwh[of_kind(region, "I1")].mean(axis=0)
    plain = mean[may & working & ~weekend].mean()
    # The level of rest days in the shapes' table: .27 of a working day.
    assert mean[may & ~working].mean() / plain == pytest.approx(0.27, abs=0.03)
    adjusted = may & working & weekend
    assert adjusted.sum() == 1
    assert mean[adjusted].mean() / plain == pytest.approx(1, abs=0.05)


def test_schools_are_quiet_in_their_breaks_and_pumps_outside_of_the_season(regions):
    city, country = regions["haihe"], regions["hetao"]
    calendar = day_calendar(city.plan.days, city.plan.settings)
    working = calendar["working"].to_numpy()
    off = calendar["school_break"].to_numpy()
    mean = city.kwh[of_kind(city, "O2")].mean(axis=0)
    assert mean[off & working].mean() / mean[~off & working].mean() < 0.5
    pumps = country.kwh[of_kind(country, "A1", "A2")]
    month = country.plan.days.month
    assert (pumps[:, month == 1] == 0).all()
    assert pumps[:, month == 7].mean() > 3 * pumps[:, month == 9].mean()


def test_homes_with_air_conditioning_answer_the_heat_and_others_do_not(regions):
    region = regions["minjiang"]
    hot = (region.sky["t_mean"] > 29).to_numpy()
    mild = region.sky["t_mean"].between(15, 21).to_numpy()
    rise = region.kwh[:, hot].mean(axis=1) / region.kwh[:, mild].mean(axis=1)
    home = of_kind(region, "R1", "R2", "R3", "R4")
    cooled = (region.people["true_cooling"] > 0).to_numpy()
    assert np.median(rise[home & cooled]) > 1.4
    assert np.median(rise[home & ~cooled]) == pytest.approx(1, abs=0.1)


def test_storage_heaters_make_the_winter(regions):
    region = regions["hetao"]
    month = region.plan.days[:366].month
    mean = region.kwh[of_kind(region, "R7"), :366].mean(axis=0)
    assert mean[month == 1].mean() > 4 * mean[month == 7].mean()


def test_accounts_are_read_from_opening_to_closing(regions):
    region = regions["haihe"]
    days = region.plan.days.to_numpy()
    opened = region.people["open_date"].to_numpy()[:, None]
    closed = region.people["close_date"].to_numpy()[:, None]
    is_open = (days >= opened) & ~(days > closed)
    assert np.array_equal(~np.isnan(region.kwh), is_open)
    assert (~is_open).any(axis=1).sum() > 50
    assert np.nanmin(region.kwh) == 0


@pytest.mark.slow
def test_growth_of_the_growing_group_shows_in_the_second_year():
    region = made("haihe", customers=3_000, days=731)
    rows = region.whole & (region.people["true_value_group"] == "G2").to_numpy()
    first, second = (
        region.kwh[rows][:, days].sum(axis=1)
        for days in (slice(0, 365), slice(366, 731))
    )
    planted = region.people["true_growth"][rows].mean()
    assert np.log(second / first).mean() == pytest.approx(planted, abs=0.06)


def test_roofs_give_what_the_sun_gives_to_house_and_grid(regions):
    region = regions["hetao"]
    roof = region.people["true_pv"].to_numpy()
    assert np.isnan(region.export[~roof]).sum() == np.isnan(region.kwh[~roof]).sum()
    assert np.nansum(region.export[~roof]) == 0
    given = (
        roofs(region.plan, region.people) * sunshine(region.plan, region.sky).sum(1) / 4
    )
    some = roof & region.whole
    assert (region.export[some] <= given[some] + 0.01).all()
    # A roof of 21 kW gives about 3.7 kWh a kW and day.
    size = region.people["pv_kw"].to_numpy()[some]
    assert (given[some].mean(axis=1) / size).mean() == pytest.approx(3.7, abs=0.5)
    # June has twice the light of December at 41 degrees north, less than thrice.
    month = region.plan.days.month
    june, december = (given[some][:, month == m].mean() for m in (6, 12))
    assert 1.2 < june / december < 3


@pytest.mark.slow
def test_piles_charge_18_kwh_on_a_third_of_the_days(drifting):
    charge = charging(drifting.plan, drifting.people)
    always = of_kind(drifting, "R6")
    on = charge[always] > 0
    assert on.mean() == pytest.approx(0.35, abs=0.04)
    assert charge[always][on].mean() == pytest.approx(18, abs=0.3)
    assert (charge[~drifting.people["true_ev"].to_numpy()] == 0).all()


@pytest.mark.slow
def test_adopters_take_more_from_the_day_they_charge_at_home(drifting):
    adopts = drifting.people["true_drift"].str.contains("ev_adopter").to_numpy()
    adopts = adopts & drifting.whole
    change = drifting.people["true_change_date"].to_numpy()[adopts, None]
    after = drifting.plan.days.to_numpy() >= change
    kwh = drifting.kwh[adopts]
    rise = np.mean(kwh, where=after, axis=1) - np.mean(kwh, where=~after, axis=1)
    assert np.nanmean(rise) == pytest.approx(0.35 * 18, rel=0.25)


def level_of_work(region, kinds, first, last):
    """Mean energy of working days from `first` up to `last`."""
    days = region.plan.days
    working = day_calendar(days, region.plan.settings)["working"].to_numpy()
    span = working & (days >= first) & (days < last)
    return region.kwh[of_kind(region, *kinds)][:, span].mean(axis=1)


@pytest.mark.slow
def test_works_fall_in_month_20_and_those_that_lose_a_shift_fall_further(drifting):
    spans = [("2024-03-01", "2024-09-01"), ("2024-09-01", "2025-01-01")]
    before, after = (level_of_work(drifting, ["I2"], *span) for span in spans)
    lost = drifting.people["true_drift"].str.contains("shift_loss").to_numpy()
    lost = lost[of_kind(drifting, "I2")]
    fall = np.log(after / before)
    assert fall[~lost].mean() == pytest.approx(np.log(0.92), abs=0.06)
    assert fall[lost].mean() == pytest.approx(np.log(0.92 * 0.6), abs=0.15)


@pytest.mark.slow
def test_the_first_summer_of_the_drifting_region_is_two_degrees_hotter():
    falls = []
    for seed in range(6):
        sky = weather(plan_of("minjiang", seed=seed)).set_index("date")["t_mean"]
        summer = sky[sky.index.month.isin([6, 7, 8])]
        by_year = summer.groupby(summer.index.year).mean()
        falls.append(by_year[2023] - by_year[2024])
    # The trend adds .4 a year to the later summer.
    assert np.mean(falls) == pytest.approx(2.0 - 0.4, abs=0.5)


@pytest.mark.parametrize(
    ("name", "mean", "half_range"),
    [("haihe", 13, 15), ("hetao", 8, 17.5), ("minjiang", 18, 10.5)],
)
def test_the_climate_is_the_planned_one(name, mean, half_range):
    sky = weather(plan_of(name, days=365 * 3))
    by_month = sky.groupby(sky["date"].dt.month)["t_mean"].mean()
    assert by_month.mean() == pytest.approx(mean, abs=1.2)
    assert (by_month.max() - by_month.min()) / 2 == pytest.approx(half_range, abs=1.5)
    assert (sky["t_max"] > sky["t_mean"]).all()
    assert (sky["t_min"] < sky["t_mean"]).all()
    assert sky["humidity"].between(10, 100).all()


def test_days_are_long_in_june_and_12_hours_at_the_equator():
    days = pd.DatetimeIndex(["2024-06-21", "2024-12-21"])
    assert daylight_hours(0.0, days) == pytest.approx([12, 12])
    long, short = daylight_hours(40.0, days)
    assert long == pytest.approx(14.9, abs=0.15)
    assert long + short == pytest.approx(24, abs=0.1)


def test_same_seed_same_energy_other_seed_other_energy():
    one, again, other = (made("haihe", size="tiny", seed=s).kwh for s in (1, 1, 2))
    assert np.array_equal(one, again, equal_nan=True)
    assert not np.array_equal(one, other, equal_nan=True)
