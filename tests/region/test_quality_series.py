"""Rules on the readings of a customer, one by one, on series made by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import SHARED

from research.region.grids import Grid
from research.region.quality import against_others, customer_quality, hourly_rhythm
from research.region.quality.repair import (
    _heard,
    _worth_a_look,
    catch_up,
    unit_shift,
)
from research.region.quality.series import repaired, value_marks
from research.region.rules import SERIES_RULES
from research.region.settings import Quality

LIMITS = Quality()


def homes(n=12, days=84, minutes=60, seed=0, spread=0.3):
    """Homes with an evening peak, one size each, and noise."""
    rng = np.random.default_rng(seed)
    slots = 1440 // minutes
    hour = np.arange(slots) * 24 / slots
    shape = 0.4 + 1.5 * np.exp(-(((hour - 19) / 3) ** 2))
    size = rng.lognormal(0, 0.6, (n, 1, 1))
    kwh = size * shape * rng.lognormal(0, spread, (n, days, slots))
    stamps = pd.date_range("2024-01-01", periods=days * slots, freq=f"{minutes}min")
    ids = pd.Index([f"{i:04}" for i in range(n)], name="customer_id")
    return Grid(ids, stamps, kwh.reshape(n, -1).astype(np.float32))


def quality(grid, minutes=60, limits=LIMITS):
    days = np.isfinite(grid.kwh).sum(axis=1) * minutes // 1440
    alone = customer_quality(grid, days, minutes=minutes, limits=limits)
    rhythm = hourly_rhythm(grid, minutes) if minutes <= 60 else None
    return against_others(alone, rhythm, minutes=minutes)


def fired(found):
    """Rules that marked anything, with the customers they marked."""
    return {
        rule: found.index[found[rule] > 0].tolist()
        for rule in SERIES_RULES
        if (found[rule] > 0).any()
    }


@pytest.mark.parametrize("minutes", [15, 60, 1440])
def test_nothing_is_marked_when_nothing_is_wrong(minutes):
    grid = homes(minutes=minutes)
    assert fired(quality(grid, minutes)) == {}
    clean = repaired(grid, minutes=minutes, limits=LIMITS)
    assert not clean.estimated.any()
    assert np.array_equal(clean.kwh, grid.kwh)


def break_one(kwh):
    kwh[1, 200:210] = np.nan
    kwh[2, 300:360] = np.nan
    kwh[3, 500] = 400
    kwh[4, 600:615] = 0.7
    kwh[5, 700:760] = 0
    kwh[6] = 0.9
    kwh[7, ::2] = 1
    kwh[8, 24 * 20 :] = np.nan
    kwh[9, :48] = np.nan


@pytest.mark.parametrize(
    ("rule", "customers"),
    [
        ("gap", ["0001", "0002"]),
        ("offline_run", ["0002"]),
        ("spike", ["0003"]),
        ("frozen_run", ["0004", "0006"]),
        ("zero_run", ["0005"]),
        ("constant_series", ["0006"]),
        ("frequent_value", ["0007"]),
        ("leaver", ["0008"]),
        ("few_complete_days", ["0008"]),
        ("late_joiner", ["0009"]),
        ("dominance", ["0011"]),
    ],
)
def test_each_fault_is_marked_at_its_customer_only(rule, customers):
    grid = homes()
    break_one(grid.kwh)
    grid.kwh[11] *= 50
    assert fired(quality(grid))[rule] == customers


def test_the_order_of_the_customers_does_not_matter():
    grid = homes()
    break_one(grid.kwh)
    grid.kwh[10, 100:130] = np.nan
    grid.kwh[10, 130] = 31 * np.nanmean(grid.kwh[10])
    turned = Grid(grid.customer_id[::-1], grid.stamps, grid.kwh[::-1].copy())
    pd.testing.assert_frame_equal(quality(turned).loc[grid.customer_id], quality(grid))


@pytest.mark.parametrize(("days", "offline"), [(1, 0), (2, 2), (5, 5)])
def test_of_daily_energy_two_missing_days_are_offline(days, offline):
    grid = homes(minutes=1440)
    grid.kwh[3, 20 : 20 + days] = np.nan
    found = quality(grid, 1440)
    assert found["gap"].sum() == days
    assert found["offline_run"].sum() == offline


def test_two_days_of_the_same_energy_are_not_frozen():
    grid = homes(minutes=1440)
    grid.kwh[0, 10:12] = 3
    grid.kwh[1, 10:17] = 3
    assert fired(quality(grid, 1440)) == {"frozen_run": ["0001"]}


# Catch-up -----------------------------------------------------------------------


@pytest.mark.parametrize("silence", [np.nan, 0.0])
def test_the_energy_of_a_silence_is_given_back_to_it(silence):
    grid = homes()
    true = grid.kwh.copy()
    grid.kwh[3, 400:440] = silence
    grid.kwh[3, 440] = true[3, 400:441].sum()
    found = catch_up(grid.kwh, grid.stamps, 60)
    where = np.zeros(grid.kwh.shape, dtype=bool)
    where[3, 400:441] = True
    assert np.array_equal(found.marked, where)
    assert np.array_equal(found.kwh[~where], grid.kwh[~where])
    assert found.kwh[where].sum() == pytest.approx(true[where].sum(), rel=1e-5)
    assert np.corrcoef(found.kwh[where], true[where])[0, 1] > 0.8


def test_a_lump_is_no_spike_and_its_zeros_are_no_holiday():
    grid = homes()
    grid.kwh[3, 400:460] = 0
    grid.kwh[3, 460] = 61 * grid.kwh[3].mean()
    assert fired(quality(grid)) == {"catch_up": ["0003"]}
    assert quality(grid).loc["0003", "catch_up"] == 61


def test_a_usual_reading_after_a_gap_is_no_lump():
    grid = homes(n=200, days=60, seed=3)
    rng = np.random.default_rng(3)
    grid.kwh[rng.random(grid.kwh.shape) < 0.02] = np.nan
    grid.kwh[:, 300:340] = np.nan
    marked = catch_up(grid.kwh, grid.stamps, 60).marked
    assert marked.mean() < 2e-5


@pytest.mark.parametrize(("above", "lump"), [(1.02, False), (1.3, True)])
def test_after_one_silent_day_only_a_day_above_all_others_is_a_lump(above, lump):
    grid = homes(n=3, minutes=1440, seed=4, spread=0.2)
    grid.kwh[1, 30] = np.nan
    grid.kwh[1, 31] = above * np.nanmax(grid.kwh[1])
    assert catch_up(grid.kwh, grid.stamps, 1440).marked[1, 30:32].all() == lump


def test_single_missing_days_hardly_ever_make_lumps():
    grid = homes(n=1500, days=200, minutes=1440, seed=11)
    missing = np.random.default_rng(11).random(grid.kwh.shape) < 0.02
    grid.kwh[missing] = np.nan
    marked = catch_up(grid.kwh, grid.stamps, 1440).marked
    assert missing.sum() > 5000
    assert (marked & missing).sum() <= 10


def test_much_use_that_goes_on_after_a_gap_is_no_lump():
    grid = homes(n=2, minutes=15)
    grid.kwh[0, 4000:4003] = np.nan
    grid.kwh[0, 4003:4012] = 4 * np.nanmean(grid.kwh[0])
    assert not catch_up(grid.kwh, grid.stamps, 15).marked.any()


def test_a_home_that_often_takes_nothing_is_not_silent_then():
    grid = homes(n=20)
    grid.kwh[:, ::3] = 0
    assert not catch_up(grid.kwh, grid.stamps, 60).marked.any()


def test_a_gap_at_the_start_ends_in_no_lump():
    grid = homes()
    grid.kwh[0, :50] = np.nan
    grid.kwh[0, 50] = 51 * np.nanmean(grid.kwh[0])
    assert not catch_up(grid.kwh, grid.stamps, 60).marked.any()


@given(
    start=st.integers(50, 1500),
    length=st.integers(1, 300),
    lump=st.floats(0.01, 1e4),
    zeros=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_whatever_is_repaired_the_sum_stays(start, length, lump, zeros):
    grid = homes(n=2)
    grid.kwh[0, start : start + length] = 0 if zeros else np.nan
    grid.kwh[0, start + length] = lump
    found = catch_up(grid.kwh, grid.stamps, 60)
    total = np.nansum(grid.kwh, axis=1, dtype=np.float64)
    assert np.nansum(found.kwh, axis=1, dtype=np.float64) == pytest.approx(total, 1e-5)
    assert (found.kwh[found.marked] >= 0).all()
    assert not found.marked[1].any()


@pytest.mark.parametrize(
    ("minutes", "spread", "least_recall", "least_precision"),
    [(1440, 0.3, 0.85, 0.95), (60, 0.5, 0.99, 0.98), (15, 0.5, 0.99, 0.98)],
)
def test_planted_lumps_are_found_in_noise(
    minutes, spread, least_recall, least_precision
):
    """Runs of 1 to 20 days, half of them with a lump, and 1 % of readings missing."""
    n, days = {1440: (500, 365), 60: (120, 150), 15: (60, 90)}[minutes]
    grid = homes(n, days, minutes, seed=minutes, spread=spread)
    rng = np.random.default_rng(7)
    slots = 1440 // minutes
    start = rng.integers(15 * slots, (days - 30) * slots, n)
    end = start + rng.integers(1, 21, n) * slots
    lump = rng.random(n) < 0.5
    stamp = np.arange(days * slots)
    run = (stamp >= start[:, None]) & (stamp <= end[:, None])
    total = np.where(run, grid.kwh, 0).sum(axis=1)
    grid.kwh[rng.random(grid.kwh.shape) < 0.01] = np.nan
    grid.kwh[run] = np.nan
    grid.kwh[np.arange(n), end] = np.where(lump, total, total / (end - start + 1))
    marked = catch_up(grid.kwh, grid.stamps, minutes).marked
    recall = marked[np.arange(n), end][lump].mean()
    precision = (marked & run & lump[:, None]).sum() / marked.sum()
    print(f"{minutes} min: recall of lumps {recall:.3f}, precision {precision:.3f}")
    assert recall >= least_recall
    assert precision >= least_precision


# Units --------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [60, 1440])
def test_a_month_in_watts_is_brought_back(minutes):
    grid = homes(days=120, minutes=minutes)
    true = grid.kwh.copy()
    month = grid.stamps.month == 2
    grid.kwh[4, month] *= 1000
    found = unit_shift(grid.kwh, grid.stamps, minutes)
    assert np.allclose(found.kwh, true)
    assert found.marked[4].sum() == month.sum()
    assert not np.delete(found.marked, 4, axis=0).any()


WARMTH = [8, 9, 7, 2, 1.3, 1.1, 1.2, 1.2, 1.4, 2, 7, 8]
WATER = [0, 0, 4, 53, 45, 48, 53, 9, 5, 44, 5, 0]


@pytest.mark.parametrize("year", [WARMTH, WATER], ids=["heating", "irrigation"])
@pytest.mark.parametrize("month", range(3, 12))
def test_a_month_in_watts_out_of_season_is_brought_back(year, month):
    rng = np.random.default_rng(month)
    stamps = pd.date_range("2024-01-01", periods=366)
    level = np.array(year)[stamps.month - 1]
    true = (level * rng.lognormal(0, 0.3, (8, 366))).astype(np.float32)
    kwh = true * np.where(stamps.month == month, 1000, 1).astype(np.float32)
    assert np.allclose(unit_shift(kwh, stamps, 1440).kwh, true, rtol=1e-5)
    assert not unit_shift(true, stamps, 1440).marked.any()


def test_of_two_months_of_use_the_one_in_watts_is_brought_back():
    rng = np.random.default_rng(2)
    stamps = pd.date_range("2024-01-01", "2024-04-30")
    true = np.where(stamps.month > 2, rng.lognormal(1, 0.4, len(stamps)), 0)[None]
    kwh = true * np.where(stamps.month == 3, 1000, 1)
    found = unit_shift(kwh, stamps, 1440)
    assert np.allclose(found.kwh, true)
    assert found.marked.sum() == 31
    assert not unit_shift(true, stamps, 1440).marked.any()


@pytest.mark.parametrize(
    ("kept", "brought_back"), [(slice(300, 310), False), (slice(0, 744, 6), True)]
)
def test_what_is_left_of_a_month_in_watts_is_no_lump(kept, brought_back):
    """A row rule set the others aside: they were more than the connection carries."""
    grid = homes(n=4, days=120)
    month = np.flatnonzero(grid.stamps.month == 3)
    left = np.zeros(len(month), dtype=bool)
    left[kept] = True
    grid.kwh[2, month] *= np.where(left, 1000, np.nan)
    marks = value_marks(grid, minutes=60, limits=LIMITS)
    assert not marks.of["catch_up"].any()
    assert marks.of["unit_shift"].sum() == (left.sum() if brought_back else 0)


def test_a_lone_reading_in_watts_is_no_lump():
    grid = homes(n=2, days=120)
    month = np.flatnonzero(grid.stamps.month == 3)
    grid.kwh[1, month] = np.nan
    grid.kwh[1, month[700]] = 700 * np.nanmean(grid.kwh[1])
    assert not catch_up(grid.kwh, grid.stamps, 60).marked.any()
    # The same after a silence of weeks, with usual readings behind it, is one.
    grid.kwh[1, month[701:]] = grid.kwh[0, month[701:]]
    assert catch_up(grid.kwh, grid.stamps, 60).marked[1, month[700]]


def test_a_month_in_watts_is_no_dominance():
    grid = homes(n=24, days=120)
    grid.kwh[4, grid.stamps.month == 2] *= 1000
    found = quality(grid)
    assert "dominance" not in fired(found)
    assert found["energy_share"].max() < 0.15


def test_a_works_that_opens_is_no_change_of_unit():
    rng = np.random.default_rng(0)
    kwh = np.ones((2, 365))
    kwh[0, 305:] = rng.uniform(800, 2000, 60)
    kwh[1] = rng.uniform(0.5, 2, 365)
    kwh[1, 280:300] = rng.uniform(20, 60, 20)
    kwh[1, 305:] = rng.uniform(800, 2000, 60)
    found = unit_shift(kwh, pd.date_range("2024-01-01", periods=365), 1440)
    assert not found.marked.any()


def test_a_single_great_day_is_no_change_of_unit():
    grid = homes(days=120, minutes=1440)
    grid.kwh[0, 40] *= 1000
    assert not unit_shift(grid.kwh, grid.stamps, 1440).marked.any()
    assert fired(quality(grid, 1440))["spike"] == ["0000"]


# Actions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "value", "estimated"),
    [("keep", 400, False), ("mark", 400, True), ("leave_out", np.nan, False)],
)
def test_a_spike_is_treated_as_region_yaml_says(action, value, estimated):
    grid = homes()
    grid.kwh[3, 500] = 400
    seen = repaired(grid, minutes=60, limits=Quality(rules={"spike": action}))
    assert seen.kwh[3, 500] == pytest.approx(value, nan_ok=True)
    assert seen.estimated[3, 500] == estimated
    assert grid.kwh[3, 500] == 400


@pytest.mark.parametrize("action", ["keep", "mark", "off"])
def test_a_lump_stays_unless_it_is_to_be_repaired(action):
    grid = homes()
    grid.kwh[3, 400:440] = np.nan
    grid.kwh[3, 440] = 41 * np.nanmean(grid.kwh[3])
    limits = Quality(rules={"catch_up": action})
    seen = repaired(grid, minutes=60, limits=limits)
    assert np.array_equal(seen.kwh, grid.kwh, equal_nan=True)
    assert seen.estimated.sum() == (41 if action == "mark" else 0)
    counted = quality(grid, limits=limits)["catch_up"].sum()
    assert counted == (0 if action == "off" else 41)


def test_a_rule_that_is_off_marks_nothing():
    grid = homes()
    break_one(grid.kwh)
    limits = Quality(rules={"spike": "off", "zero_run": "off", "frozen_run": "off"})
    assert not {"spike", "zero_run", "frozen_run"} & set(
        fired(quality(grid, limits=limits))
    )
    assert not value_marks(grid, minutes=60, limits=limits).of["spike"].any()


def test_what_the_source_calls_estimated_stays_so():
    grid = homes()
    estimated = np.zeros(grid.kwh.shape, dtype=bool)
    estimated[0, :5] = True
    grid = Grid(grid.customer_id, grid.stamps, grid.kwh, estimated)
    assert repaired(grid, minutes=60, limits=LIMITS).estimated.sum() == 5


# Against the others -------------------------------------------------------------


@pytest.mark.parametrize(("hours", "n_moved"), [(-8, 9), (5, 4), (-3, 6)])
def test_a_group_whose_clock_is_wrong_is_marked_with_its_hours(hours, n_moved):
    grid = homes(n=30, seed=2)
    grid.kwh[:n_moved] = np.roll(grid.kwh[:n_moved], hours, axis=1)
    found = quality(grid)
    assert found["shift_hours"].tolist() == [hours] * n_moved + [0] * (30 - n_moved)
    assert (found["clock_shift"] > 0).sum() == n_moved


def test_early_and_late_risers_are_no_wrong_clocks():
    rng = np.random.default_rng(5)
    grid = homes(n=60, seed=5)
    for row, hours in enumerate(rng.normal(0, 1.5, 60).round().astype(int)):
        grid.kwh[row] = np.roll(grid.kwh[row], hours)
    assert not (quality(grid)["clock_shift"] > 0).any()


def test_customers_without_a_rhythm_have_no_clock_to_be_wrong():
    rng = np.random.default_rng(1)
    grid = homes(n=40)
    flat = Grid(grid.customer_id, grid.stamps, rng.uniform(1, 1.1, grid.kwh.shape))
    assert not (quality(flat)["clock_shift"] > 0).any()


def test_readings_that_lie_a_day_late_are_named():
    grid = homes(n=10, days=30)
    grid.kwh[:, -24:] = np.nan
    grid.kwh[4] = np.roll(grid.kwh[4], 24)
    assert fired(quality(grid))["day_shift"] == ["0004"]
    late = homes(n=10, days=30)
    late.kwh[4, :24] = np.nan  # begins a day late, ends with all others
    assert "day_shift" not in fired(quality(late))


def test_in_a_region_of_few_no_equal_share_dominates():
    assert "dominance" not in fired(quality(homes(n=4, seed=9)))


# Made by hand of the house ------------------------------------------------------


def case(name):
    path = SHARED / "bad_inputs" / name / "readings.csv"
    if not path.is_file():
        pytest.skip("the collection of bad inputs is not here")
    tidy = pd.read_csv(path, parse_dates=["timestamp"])
    wide = tidy.pivot(index="customer_id", columns="timestamp", values="kwh")
    stamps = pd.date_range(wide.columns[0], wide.columns[-1], freq="h")
    wide = wide.reindex(columns=stamps)
    return quality(Grid(wide.index, stamps, wide.to_numpy(dtype=np.float32)))


@pytest.mark.parametrize(
    ("name", "rule", "customer", "rows"),
    [
        pytest.param("R04", "gap", "C1004", 1, id="one missing hour"),
        pytest.param("R05", "few_complete_days", "C1006", 24, id="one day of seven"),
        pytest.param("R12", "constant_series", "C1003", 168, id="constant"),
        pytest.param("R75", "catch_up", "C1010", 7, id="six zeros, then a lump"),
        pytest.param("R77", "dominance", "C1014", 168, id="99 % of all energy"),
        pytest.param("R80", "day_shift", "C1012", 168, id="a day late"),
        pytest.param("R81", "frequent_value", "C1000", 168, id="ones for no use"),
    ],
)
def test_the_known_bad_inputs_are_named(name, rule, customer, rows):
    found = case(name)
    assert found.loc[customer, rule] == rows
    if rule != "few_complete_days":  # all have a week only
        assert fired(found)[rule] == [customer]
    if name == "R05":
        assert 1 - found.loc[customer, "missing_share"] == pytest.approx(1 / 7)
    if name == "R75":
        assert "spike" not in fired(found)


def test_half_of_the_customers_on_utc_are_eight_hours_early():
    found = case("R69")
    shifts = found["shift_hours"]
    assert set(shifts) == {0, -8}
    assert shifts.ne(0).sum() == 7  # three of the ten moved ones are flat
    assert (found.index[shifts != 0] >= "C1010").all()


@pytest.mark.parametrize("n_stamps", [1, 2, 3])
def test_a_series_shorter_than_a_silence_is_left_alone(n_stamps):
    stamps = pd.date_range("2024-01-01", periods=n_stamps, freq="h")
    kwh = np.array([[1.0, np.nan, 9.0], [np.nan, 0.0, 5.0]])[:, -n_stamps:]
    repair = catch_up(kwh, stamps, 60)
    assert not repair.marked.any()
    assert np.array_equal(repair.kwh, kwh, equal_nan=True)


@pytest.mark.parametrize("shortest", [1, 3])
def test_who_is_looked_at_has_a_high_reading_after_a_silence_that_counts(shortest):
    rng = np.random.default_rng(5)
    kwh = rng.choice([0.0, 1, 2, 4, np.nan], (300, 40), p=[0.05, 0.4, 0.4, 0.05, 0.1])
    kwh[:100] = np.where(kwh[:100] == 0, 1, kwh[:100])
    heard = _heard(kwh)
    expected = [
        i
        for i, (row, there) in enumerate(zip(kwh, heard, strict=True))
        if there.sum() >= 14
        and any(
            row[s] > 1.5 * row[there].mean() and not there[s - shortest : s].any()
            for s in range(shortest, 40)
        )
    ]
    assert _worth_a_look(kwh, shortest).tolist() == expected
    assert 0 < len(expected) < 300
