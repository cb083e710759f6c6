"""What a region brings to a comparison: nothing of it knows what comes later."""

import numpy as np
import pandas as pd
import pytest
from planted import REGION_YAML, planted_readings, write_region

from research.features import load
from research.region import NotApplicable, read_region
from research.service.comparable import last_day_to_know, tables_to_compare

YAML_30 = REGION_YAML.replace("resolution_minutes: 60", "resolution_minutes: 30")
ENERGY = ["log_daily_kwh", "evening_share", "area_peak_share"]


@pytest.fixture
def region(tmp_path):
    return read_region(write_region(tmp_path / "tiny", planted_readings(40, 190)[0]))


def test_the_last_month_end_after_which_all_outcomes_are_known(region):
    # Readings until 8 July 2024: April to June are whole, and nothing later is asked.
    assert region.days[-1] == pd.Timestamp("2024-07-08")
    assert last_day_to_know(region) == pd.Timestamp("2024-03-31")
    assert last_day_to_know(region, months=1) == pd.Timestamp("2024-05-31")


def test_a_period_that_ends_with_its_month_loses_nothing(tmp_path):
    readings = planted_readings(40, 182)[0]  # until 30 June 2024
    region = read_region(write_region(tmp_path / "tiny", readings))
    assert last_day_to_know(region) == pd.Timestamp("2024-03-31")


def test_curves_are_of_the_days_until_then_and_outcomes_of_those_after(region):
    found = tables_to_compare(region)
    assert (found.day, found.until) == (
        pd.Timestamp("2024-03-31"),
        pd.Timestamp("2024-06-30"),
    )
    assert set(found.seen.columns.get_level_values("hour")) == set(range(24))
    assert list(found.outcomes) == ENERGY
    assert found.axes == {}
    assert found.indicators is None
    assert {"RFM", "credit grade", "industry", "usefulness: arrears"} < set(
        found.lacking
    )
    assert not [why for why in found.lacking.values() if str(region.path) in why]


def test_by_the_hour_is_the_mean_of_the_hour(tmp_path):
    readings = planted_readings(40, 190, minutes=30)[0]
    region = read_region(write_region(tmp_path / "tiny", readings, YAML_30))
    curves = tables_to_compare(region).seen.sort_index(axis=1)
    hours = readings[readings["ts"] < "2024-04-01"]
    kw = hours.groupby(["customer_id", hours["ts"].dt.hour])["kwh"].mean() * 2
    # Of all kinds of day together, each weighted by its days, it is the plain mean.
    calendar = region.during(None, "2024-03-31").calendar
    days = calendar.groupby(["season", "working"], observed=True).size()
    kinds = {True: "working", False: "rest"}
    mean = sum(
        n * curves[season, kinds[working]] for (season, working), n in days.items()
    ) / len(calendar)
    np.testing.assert_allclose(mean.to_numpy(), kw.unstack().to_numpy(), rtol=1e-5)


def test_a_region_without_readings_is_not_compared(tmp_path):
    daily = planted_readings(12, 60)[0]
    daily = daily.groupby(["customer_id", daily["ts"].dt.normalize()])["kwh"].sum()
    yaml = YAML_30.replace("resolution_minutes: 30", "resolution_minutes: 1440")
    region = write_region(tmp_path / "tiny", daily.reset_index(), yaml)
    with pytest.raises(NotApplicable, match="hour or less"):
        tables_to_compare(read_region(region), "2024-02-10")


def test_a_season_of_a_day_that_most_lack_costs_nobody_his_place(tmp_path):
    readings = planted_readings(40, 61)[0]  # until 1 March 2024, the first of spring
    # On that day each of 25 customers lacks an hour, every one another.
    number, hour = readings["customer_id"].astype(int), readings["ts"].dt.hour
    lacks = (number < 25) & (hour == number % 24) & (readings["ts"] >= "2024-03-01")
    readings = readings[~lacks]
    region = read_region(write_region(tmp_path / "tiny", readings))
    curves, left_out = load.curves_to_segment(region)
    assert len(curves) == 40
    assert left_out["no_typical_day"] == 0
    assert set(curves.columns.get_level_values("season")) == {"winter"}
