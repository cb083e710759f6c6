"""From the meters' clock to civil days."""

import numpy as np
import pandas as pd
import pytest

from research.region.grids import CivilSlots, Grid, civil_slots, cube_of


def cube(stamps, kwh, *, clock, timezone, minutes=60):
    grid = Grid(pd.Index(["a"]), stamps, np.asarray([kwh], dtype=np.float32))
    slots = civil_slots(stamps, clock=clock, timezone=timezone, minutes=minutes)
    return cube_of(grid, slots, minutes=minutes)


def test_on_one_clock_nothing_moves():
    stamps = pd.date_range("2024-01-01", periods=48, freq="h")
    kwh = np.arange(48)
    found = cube(stamps, kwh, clock="Asia/Shanghai", timezone="Asia/Shanghai")
    assert found.power.shape == (1, 2, 24)
    assert found.power.ravel().tolist() == kwh.tolist()


def test_power_is_energy_over_the_length_of_the_slot():
    stamps = pd.date_range("2024-01-01", periods=96, freq="15min")
    found = cube(stamps, np.full(96, 0.25), clock="UTC", timezone="UTC", minutes=15)
    assert (found.power == 1).all()


@pytest.mark.parametrize("start", ["2024-01-01 00:00", "2024-01-01 05:00"])
def test_slots_come_from_where_they_lie(start):
    stamps = pd.date_range(start, "2024-01-03 20:00", freq="h")
    kwh = np.arange(1, len(stamps) + 1)
    slots = civil_slots(stamps, clock="UTC", timezone="UTC", minutes=60)
    kept = CivilSlots(slots.days[1:], slots.first[1:], slots.second[1:])
    grid = Grid(pd.Index(["a"]), stamps, kwh[None].astype(np.float32))
    for some in (slots, kept):
        expected = np.where(some.first < 0, np.nan, kwh[some.first])
        np.testing.assert_array_equal(
            cube_of(grid, some, minutes=60).power[0], expected
        )


def test_summer_mornings_come_an_hour_earlier_on_a_clock_that_keeps_winter_time():
    stamps = pd.date_range("2013-01-01", "2013-12-31 23:00", freq="h")
    local = stamps.tz_localize("UTC").tz_convert("Europe/London")
    breakfast = (local.hour == 7).astype(float)
    found = cube(stamps, breakfast, clock="UTC", timezone="Europe/London")
    assert (found.power[0, :, 7] == 1).all()
    assert np.nansum(found.power) == len(found.days) == 365


def test_the_hour_that_is_skipped_is_missing_and_the_one_that_comes_twice_averaged():
    stamps = pd.date_range("2013-01-01", "2013-12-31 23:00", freq="h")
    kwh = np.arange(len(stamps), dtype=float)
    found = cube(stamps, kwh, clock="UTC", timezone="Europe/London")
    missing = np.argwhere(np.isnan(found.power[0]))
    assert [(str(found.days[d].date()), s) for d, s in missing] == [("2013-03-31", 1)]
    day = found.days.get_loc("2013-10-27")
    first = stamps.get_loc("2013-10-27 00:00")
    assert found.power[0, day, 1] == (kwh[first] + kwh[first + 1]) / 2
    assert found.power[0, day, 2] == kwh[first + 2]


def test_of_a_doubled_hour_with_one_reading_that_reading_counts():
    stamps = pd.date_range("2013-10-27", periods=24, freq="h")
    kwh = np.ones(24)
    kwh[0] = np.nan
    found = cube(stamps, kwh, clock="UTC", timezone="Europe/London")
    assert found.power[0, 0, 1] == 1


def test_daily_readings_are_days_of_one_slot():
    stamps = pd.date_range("2024-01-01", periods=3)
    found = cube(
        stamps, [24, 48, 72], clock="UTC", timezone="Asia/Shanghai", minutes=1440
    )
    assert found.power.tolist() == [[[1], [2], [3]]]
