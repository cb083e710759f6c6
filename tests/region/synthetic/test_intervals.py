"""Readings of 15 minutes: they add up to the day and follow their archetype."""

import numpy as np
import pytest

from research.region.calendar import day_calendar
from research.region.synthetic import plan_of
from research.region.synthetic.energy.charging import charging_blocks
from research.region.synthetic.energy.daily import charging, daily
from research.region.synthetic.energy.intervals import panel, panel_positions
from research.region.synthetic.energy.rhythms import DIFFICULTIES, rhythms, shifted
from research.region.synthetic.population.archetypes import ARCHETYPES
from research.region.synthetic.population.customers import people
from research.region.synthetic.population.shapes import (
    HOURS,
    day_shapes,
    load_factors,
    rest_levels,
)
from research.region.synthetic.weather import weather

NIGHT = (HOURS >= 22) | (HOURS < 6)


class Made:
    """A region's panel in one array, with what it was made of."""

    def __init__(self, name, difficulty="medium", **wanted):
        self.plan = plan_of(name, **wanted)
        self.people, self.sky = people(self.plan), weather(self.plan)
        self.kwh, self.export = daily(self.plan, self.people, self.sky)
        parts = panel(
            self.plan,
            self.people,
            self.sky,
            self.kwh,
            self.export,
            difficulty=difficulty,
        )
        positions, quarters, days = zip(*parts, strict=True)
        self.positions, self.days = np.concatenate(positions), days[0]
        self.quarters = np.concatenate(quarters)
        kind = self.people["true_archetype"].to_numpy(dtype=object)
        self.kind = kind[self.positions]
        self.of_day = self.kwh[self.positions, -len(self.days) :]

    def working(self):
        return day_calendar(self.days, self.plan.settings)["working"].to_numpy()

    def profiles(self, days, *kinds):
        """Mean profile of each customer of the kinds on `days`, mean 1."""
        chosen = self.quarters[np.isin(self.kind, kinds)][:, days]
        mean = np.nanmean(chosen[~np.isnan(chosen).all(axis=(1, 2))], axis=1)
        level = mean.mean(axis=1, keepdims=True)
        return (mean / np.where(level > 0, level, np.nan))[level[:, 0] > 0]


@pytest.fixture(scope="module")
def city():
    return Made("haihe", customers=3_000, days=70, panel=400)


@pytest.fixture(scope="module")
def country():
    return Made("hetao", customers=2_000, days=200, panel=150)


# Load factors as they were measured with the calibration's scripts (section 3).
PUBLISHED = {
    "R2": 0.34, "R3": 0.39, "R4": 0.50, "R7": 0.44, "S1": 0.50, "S3": 0.65,
    "O1": 0.49, "O3": 0.74, "I3": 1.00, "I2": 0.71, "I1": 0.45, "I4": 0.52,
    "A1": 0.50,
}  # fmt: skip


def test_shapes_have_the_published_load_factors():
    assert {k: round(load_factors()[k], 2) for k in PUBLISHED} == PUBLISHED
    assert rest_levels()["O1"] == pytest.approx(0.40, abs=0.005)
    assert rest_levels()["I1"] == pytest.approx(0.27, abs=0.005)
    heater = day_shapes()["R7"][0]
    assert heater[NIGHT].sum() / heater.sum() == pytest.approx(0.72, abs=0.005)
    assert set(day_shapes()) == set(ARCHETYPES)


@pytest.mark.slow
def test_customers_keep_the_load_factor_of_their_archetype():
    made = Made("haihe", "easy", customers=1_500, days=60, panel=600)
    work = made.working()
    for kind, published in PUBLISHED.items():
        if kind == "A1":  # no pump runs in these days
            continue
        profile = made.profiles(work, kind)
        # The mean of many, whose own bends even out.
        pooled = np.nanmean(profile, axis=0)
        assert 1 / pooled.max() == pytest.approx(published, abs=0.06), kind


def test_quarter_hours_of_a_day_add_up_to_the_day_exactly(city, country):
    for made in (city, country):
        total = made.quarters.astype(np.float64).sum(axis=2)
        known = ~np.isnan(made.of_day)
        assert np.array_equal(np.isnan(total), ~known)
        # Both are whole hundredths; float32 can not hold more than 7 digits of them.
        steps = np.rint(total[known] * 100)
        assert np.array_equal(
            steps, np.rint(made.of_day[known].astype(np.float64) * 100)
        )
        assert (made.quarters[~np.isnan(made.quarters)] >= 0).all()


def test_every_kind_is_in_the_panel_rare_ones_more_than_their_share(city):
    positions = panel_positions(city.plan, city.people)
    assert np.array_equal(positions, np.unique(positions))
    assert len(positions) == city.plan.n_panel
    everyone = city.people["true_archetype"].value_counts(normalize=True)
    chosen = city.people["true_archetype"].iloc[positions].value_counts(normalize=True)
    assert set(chosen.index) == set(everyone.index)
    assert chosen["I4"] > everyone["I4"]
    assert chosen["R3"] < everyone["R3"]


def test_a_panel_as_large_as_the_region_reads_everybody():
    plan = plan_of("haihe", customers=100, days=28, panel=500)
    assert np.array_equal(panel_positions(plan, people(plan)), np.arange(100))


def test_lamps_burn_from_dusk_to_dawn(country):
    month = country.days.month
    lamps = np.isin(country.kind, ["O4"])
    for m in (1, 6):
        mean = np.nanmean(country.quarters[lamps][:, month == m], axis=(0, 1))
        lit = HOURS[mean > mean.max() / 2]
        hours = {1: 14.5, 6: 9.0}[m]
        assert len(lit) / 4 == pytest.approx(hours, abs=0.6)
        assert not ((lit > 9) & (lit < 16)).any()


def test_homes_with_a_roof_take_little_at_noon(country):
    profile = country.profiles(country.days.month == 5, "R9").mean(axis=0)
    noon = (HOURS > 10) & (HOURS < 15)
    assert profile[noon].mean() < 0.35 * profile[~noon].mean()


def test_storage_heaters_take_the_night(country):
    profile = country.profiles(country.days.month == 1, "R7").mean(axis=0)
    assert profile[NIGHT].sum() / profile.sum() > 0.6


@pytest.mark.slow
def test_night_users_of_region_c_double_in_the_heat():
    made = Made("minjiang", customers=600, days=240, panel=300)
    degrees = made.sky["t_mean"]
    hot, mild = (degrees > 29).to_numpy(), degrees.between(15, 21).to_numpy()
    homes = np.isin(made.kind, ["R1", "R2", "R3", "R4", "R8"])
    cooled = (made.people["true_cooling"] > 0).to_numpy()[made.positions]
    nights = made.quarters[homes & cooled][:, :, NIGHT].sum(axis=2)
    doubled = nights[:, hot].mean(axis=1) >= 2 * nights[:, mild].mean(axis=1)
    # Chengdu: at least 72 of 100 homes with air conditioning.
    assert np.nanmean(doubled) == pytest.approx(0.72, abs=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["haihe", "hetao"])
def test_the_highest_quarter_hour_of_a_year_fits_the_contract(name):
    made = Made(name, customers=1_500, days=366, panel=300)
    peak = 4 * np.nanmax(made.quarters.reshape(len(made.quarters), -1), axis=1)
    kva = made.people["contract_kva"].to_numpy()[made.positions]
    used = (peak / kva)[~np.isnan(peak)]
    assert 0.35 < np.median(used) < 0.6
    assert (used > 1).mean() < 0.02
    assert used.max() < 1.3


def test_the_power_of_one_quarter_hour_tells_of_the_next(city):
    works = city.quarters[city.kind == "I3"]
    works = works[~np.isnan(works).any(axis=(1, 2))].astype(float)
    log = np.log(works / works.mean(axis=(1, 2), keepdims=True))
    log = (log - log.mean(axis=1, keepdims=True)).reshape(len(works), -1)
    log -= log.mean(axis=1, keepdims=True)
    follow = (log[:, 1:] * log[:, :-1]).mean() / (log**2).mean()
    # .8 by the noise; the level of the whole day adds to it.
    assert 0.75 < follow < 0.97


@pytest.mark.slow
def test_a_harder_region_has_customers_further_from_their_archetype():
    apart = []
    for difficulty in DIFFICULTIES:
        plan = plan_of("haihe", customers=2_000)
        everyone = people(plan)
        shapes, _ = rhythms(plan, everyone, difficulty)
        commuter = shapes[everyone["true_archetype"] == "R2", 0]
        apart.append(np.abs(commuter - commuter.mean(axis=0)).sum(axis=1).mean())
    assert apart == sorted(apart)
    assert apart[2] > 1.5 * apart[0]


def test_customers_who_answer_the_new_windows_leave_the_new_peak():
    plan = plan_of("minjiang", customers=3_000, days=1_096)
    everyone = people(plan)
    shapes, change = rhythms(plan, everyone)
    answers = everyone["true_drift"].str.contains("tou_shift").to_numpy()
    stays = everyone["true_archetype_end"] == everyone["true_archetype"]
    peak = (HOURS >= 17) & (HOURS < 22)
    before, after = shapes[:, 0][:, peak].sum(axis=1), shapes[:, 2][:, peak].sum(axis=1)
    assert after[answers] == pytest.approx(0.7 * before[answers], rel=1e-4)
    assert after[~answers & stays] == pytest.approx(before[~answers & stays])
    assert (change[answers] == np.datetime64("2024-07-01")).all()
    kinds = everyone["true_archetype"].isin(["I4", "S1", "S2", "S3", "S4"])
    assert answers[kinds].mean() == pytest.approx(0.25, abs=0.05)


def test_shapes_move_with_the_clock():
    hour = np.eye(96)[None, [32]]
    assert np.argmax(shifted(hour, np.array([1.5]))) == 32 + 6
    assert shifted(hour, np.array([0.125]))[0, 0, 32:34] == pytest.approx([0.5, 0.5])
    assert np.argmax(shifted(hour, np.array([-9.0]))) == 92


def test_a_charge_is_all_within_its_own_day(country):
    rng = np.random.default_rng(0)
    who = country.people.head(3).assign(tou=[True, True, False])
    charge = np.array([[20.0, 0.0], [0.0, 0.0], [7.0, 14.0]])
    power = np.zeros((3, 2, 96))
    charging_blocks(who, charge, power, rng)
    assert power.sum(axis=2) == pytest.approx(charge)
    assert power.max() <= 7.0 / 4 + 1e-9
    # 20 kWh of 7 kW take less than three hours.
    assert (power[0, 0] > 0).sum() <= 13


@pytest.mark.slow
def test_piles_charge_at_night_where_the_night_is_cheap():
    made = Made("minjiang", customers=2_000, days=60, panel=1_500)
    rows = np.flatnonzero(made.kind == "R6")
    on = charging(made.plan, made.people)[made.positions[rows]] > 12
    tou = made.people["tou"].to_numpy()[made.positions[rows]]
    for cheap, hour in ((True, 23.5), (False, 20)):
        there = rows[tou == cheap]
        extra = np.nanmean(made.quarters[there][on[tou == cheap]], axis=0)
        away = (HOURS[extra.argmax()] - hour + 12) % 24 - 12
        assert abs(away) < 1.6


def test_same_seed_same_readings_other_seed_others():
    one, again, other = (
        Made("haihe", size="tiny", seed=seed).quarters for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again, equal_nan=True)
    assert not np.array_equal(one, other, equal_nan=True)
