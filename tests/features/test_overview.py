"""A region at a glance, from readings, from daily energy, or from neither."""

import numpy as np
import pandas as pd
import pytest
from planted import REGION_YAML, planted_readings, write_region

from research.features import overview
from research.region import read_region

NO_READINGS = REGION_YAML.replace(
    "readings: {resolution_minutes: 60, stamp: start, clock: Asia/Shanghai, unit: kWh}",
    "currency: CNY",
)


@pytest.fixture
def readings():
    return planted_readings(6, 35)[0]


def daily_of(readings):
    daily = readings.groupby(["customer_id", readings["ts"].dt.date])["kwh"].sum()
    return daily.rename_axis(["customer_id", "date"]).reset_index()


@pytest.fixture
def daily_region(tmp_path, readings):
    folder = write_region(tmp_path / "daily", readings, NO_READINGS)
    for path in (folder / "readings").iterdir():
        path.unlink()
    (folder / "readings").rmdir()
    daily = daily_of(readings).astype({"kwh": "float32"})
    daily.to_parquet(folder / "energy_daily.parquet", index=False)
    return read_region(folder)


def test_daily_energy_gives_the_picture_that_its_readings_give(
    tmp_path, readings, daily_region
):
    region = read_region(write_region(tmp_path / "hourly", readings))
    assert overview.energy_table(region) == "readings"
    assert overview.energy_table(daily_region) == "energy_daily"
    fine = overview.area_days(region, "readings")
    coarse = overview.area_days(daily_region, "energy_daily")
    pd.testing.assert_frame_equal(fine, coarse, rtol=1e-5, check_freq=False)
    presence = overview.weekly_presence(daily_region, "energy_daily")
    assert presence.shape == (6, 5)
    assert (presence == 1).all(axis=None)
    assert (overview.coverage_of(daily_region)["complete_days"] == 35).all()


def test_a_region_without_energy_has_an_empty_picture(tmp_path, daily_region):
    (daily_region.path / "energy_daily.parquet").unlink()
    region = read_region(daily_region.path)
    assert overview.energy_table(region) is None
    assert overview.coverage_of(region).empty
    assert overview.weekly_presence(region, None).empty
    assert overview.area_days(region, None).empty
    assert overview.usable_by_area(region, overview.coverage_of(region)).empty


def test_small_areas_are_put_together(tmp_path):
    readings = planted_readings(20, 30)[0]
    late = readings["customer_id"].isin(["0000", "0001"])
    readings = readings[~late | (readings["ts"] >= "2024-01-20")]
    ids = sorted(readings["customer_id"].unique())
    areas = ["A"] * 16 + ["B", "B", "C", None]
    customers = pd.DataFrame({"customer_id": ids, "area_id": areas})
    folder = write_region(tmp_path / "areas", readings, customers=customers)
    region = read_region(folder)
    found = overview.usable_by_area(region, region.coverage)
    assert found["customers"].to_dict() == {"A": 16, "small areas": 4}
    assert found["usable"].to_dict() == {"A": 14, "small areas": 4}
    assert found.index[0] == "A"


def test_one_works_does_not_hide_the_mornings_of_a_town(tmp_path):
    hour = np.arange(24)
    home = 0.2 + ((hour >= 7) & (hour < 9))
    works = 5000.0 * (0.2 + ((hour >= 10) & (hour < 12)))
    stamps = pd.date_range("2024-03-01", periods=28 * 24, freq="h")
    loads = {f"{i:04}": home for i in range(9)} | {"9999": works}
    parts = [
        pd.DataFrame({"customer_id": name, "ts": stamps, "kwh": np.tile(load, 28)})
        for name, load in loads.items()
    ]
    region = read_region(write_region(tmp_path / "town", pd.concat(parts)))
    assert overview.morning_rise(region)["civil_clock"].item() == pytest.approx(
        7, abs=1
    )


def test_a_missing_hour_of_a_large_customer_is_no_dip_of_the_area(tmp_path):
    readings = planted_readings(3, 30)[0]
    readings["kwh"] = 4.0
    hole = (readings["customer_id"] == "0001") & (readings["ts"] == "2024-01-10 10:00")
    long = (readings["customer_id"] == "0002") & readings["ts"].between(
        "2024-01-10 12:00", "2024-01-10 19:00"
    )
    region = read_region(write_region(tmp_path / "gap", readings[~hole & ~long]))
    segments = pd.Series(0, index=["0000", "0001", "0002"])
    load = overview.load_by_segment(region, segments, pd.Timestamp("2024-01-10"))[0]
    assert load[10.0] == pytest.approx(12)
    assert load[17.0] == pytest.approx(8)
