"""Single days, and the choice between days and the rhythm of week and year."""

from types import SimpleNamespace as Record

import numpy as np
import pandas as pd
import pytest
from planted import planted_readings, write_region

from research.features import load
from research.region import NotApplicable, read_region


def region_of(power, minutes=60, share=0.9, first="2024-01-01"):
    """A stand-in for a region: one cube of customers C0, C1 ..."""
    ids = pd.Index([f"C{i}" for i in range(len(power))], name="customer_id")
    days = pd.date_range(first, periods=power.shape[1])
    cube = Record(power=power, customer_id=ids, days=days)
    return Record(
        minutes=minutes,
        cubes=lambda: iter([cube]),
        settings=Record(quality=Record(complete_day_share=share)),
    )


def test_a_day_of_quarter_hours_becomes_the_means_of_its_hours():
    power = np.arange(96.0).reshape(1, 1, 96)
    days = load.day_curves(region_of(power, minutes=15))
    assert days.power[0].tolist() == [4 * h + 1.5 for h in range(24)]
    assert days.power.dtype == np.float32


def test_rows_say_whose_day_and_which_day_it_is():
    power = np.ones((2, 3, 24))
    power[0, 1] = np.nan
    days = load.day_curves(region_of(power))
    assert days.customer_id.tolist() == ["C0", "C0", "C1", "C1", "C1"]
    assert days.date.day.tolist() == [1, 3, 1, 2, 3]
    assert days.left_out.to_dict() == {"incomplete": 1, "gap": 0}


def test_the_hour_that_the_clock_skips_is_bridged():
    power = np.arange(24.0).reshape(1, 1, 24)
    power[0, 0, 2] = np.nan
    assert load.day_curves(region_of(power)).power[0, 2] == 2


def test_a_gap_at_the_edge_takes_the_nearest_hour():
    power = np.arange(24.0).reshape(1, 1, 24)
    power[0, 0, :2] = np.nan
    assert load.day_curves(region_of(power)).power[0, :3].tolist() == [2, 2, 2]


def test_a_longer_gap_leaves_the_day_out_though_it_is_complete():
    power = np.ones((1, 2, 24))
    power[0, 0, 5:8] = np.nan
    days = load.day_curves(region_of(power, share=0.5))
    assert days.left_out.to_dict() == {"incomplete": 0, "gap": 1}
    assert len(days.power) == 1


def test_every_day_is_kept_or_counted():
    rng = np.random.default_rng(0)
    power = rng.random((40, 30, 48))
    power[rng.random(power.shape) < 0.1] = np.nan
    days = load.day_curves(region_of(power, minutes=30))
    assert len(days.power) + days.left_out.sum() == 40 * 30
    assert np.isfinite(days.power).all()


def test_only_the_customers_asked_for_come_back():
    days = load.day_curves(region_of(np.ones((3, 2, 24))), pd.Index(["C2"]))
    assert set(days.customer_id) == {"C2"}


def test_readings_of_a_day_are_too_coarse_for_days():
    with pytest.raises(NotApplicable, match="an hour or less"):
        load.day_curves(region_of(np.ones((1, 2, 1)), minutes=1440))


def test_no_complete_day_at_all_is_told():
    with pytest.raises(NotApplicable, match="no customer has a complete day"):
        load.day_curves(region_of(np.full((1, 2, 24), np.nan)))


def test_a_region_with_readings_is_segmented_by_days(tiny):
    given = load.to_segment(read_region(tiny))
    assert (given.mode, given.normalization) == ("days", "peak")
    assert np.array_equal(given.points, given.curves.to_numpy())


def test_the_mode_can_be_asked_for(tiny):
    given = load.to_segment(read_region(tiny), "rhythm")
    assert (given.mode, given.normalization) == ("rhythm", "none")
    assert np.allclose(given.points**2, given.curves)


def test_the_mode_falls_to_the_rhythm_and_says_why(tmp_path):
    readings = planted_readings(12, 60)[0]
    days = readings.groupby(["customer_id", readings["ts"].dt.normalize()])["kwh"].sum()
    yaml = (
        "name: tiny\ntitle: {en: Tiny, zh: 小区}\ntimezone: Asia/Shanghai\n"
        "readings: {resolution_minutes: 1440, stamp: start, clock: Asia/Shanghai, "
        "unit: kWh}\ncalendar: {country: CN}\n"
    )
    region = read_region(write_region(tmp_path / "tiny", days.reset_index(), yaml))
    given = load.to_segment(region)
    assert given.mode == "rhythm"
    assert "this region's are daily" in given.reason
    with pytest.raises(NotApplicable, match="daily"):
        load.to_segment(region, "days")


def test_an_unknown_mode_is_named(tiny):
    with pytest.raises(ValueError, match="Got 'nights'"):
        load.to_segment(read_region(tiny), "nights")
