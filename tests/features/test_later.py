"""What came after a day: by hand, and nothing of the time before."""

import numpy as np
import pandas as pd
import pytest
from planted import planted_readings, write_region

from research.features.later import OUTCOMES, later_outcomes
from research.region import InputError, NotApplicable, read_region

DAY = "2024-02-29"


def tickets(*rows):
    names = ["ticket_id", "customer_id", "ts_created", "type", "text_zh"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(ts_created=pd.to_datetime(table["ts_created"]))


@pytest.fixture
def region(tmp_path):
    readings = planted_readings(6, 91)[0]  # until 2024-03-31
    later = readings["ts"] >= pd.Timestamp(DAY) + pd.Timedelta(days=1)
    readings.loc[later & (readings["customer_id"] == "0000"), "kwh"] = 2.0
    readings.loc[later & (readings["customer_id"] == "0001"), "kwh"] = 0.0
    told = tickets(
        ("T1", "0002", "2024-02-29 23:59", "complaint", "before"),
        ("T2", "0003", "2024-03-01 00:00", "complaint", "first moment"),
        ("T3", "0004", "2024-03-31 23:59", "complaint", "last moment"),
        ("T4", "0005", "2024-03-15 12:00", "inquiry", "no complaint"),
        ("T5", "0002", "2024-04-01 00:00", "complaint", "after"),
    )
    return read_region(write_region(tmp_path / "tiny", readings, tickets=told))


def test_outcomes_by_hand(region):
    found, lacking = later_outcomes(region, DAY, months=1)
    assert found.loc["0000", "log_daily_kwh"] == pytest.approx(np.log(48))
    assert found.loc["0000", "evening_share"] == pytest.approx(5 / 24)
    assert found.loc["0000", "area_peak_share"] == pytest.approx(1)
    assert np.isnan(found.loc["0001", "log_daily_kwh"])
    assert found.index[found["complaint"]].tolist() == ["0003", "0004"]
    assert list(lacking) == ["arrears"]
    assert set(found) | set(lacking) == set(OUTCOMES)


def test_what_was_before_has_no_influence(region, tmp_path):
    other = planted_readings(6, 91, seed=5)[0]
    readings = pd.read_parquet(region.path / "readings")
    later = pd.to_datetime(readings["ts"]) >= pd.Timestamp("2024-03-01")
    mixed = pd.concat(
        [other[other["ts"] < pd.Timestamp("2024-03-01")], readings[later]]
    ).sort_values(["customer_id", "ts"])
    changed = write_region(tmp_path / "changed", mixed, tickets=region.table("tickets"))
    found = later_outcomes(region, DAY, months=1)[0]
    again = later_outcomes(read_region(changed), DAY, months=1)[0]
    pd.testing.assert_frame_equal(found, again)


def test_a_time_that_the_tables_do_not_reach_is_told(region):
    with pytest.raises(NotApplicable, match="until 2024-04-15; they end on 2024-03-31"):
        later_outcomes(region, "2024-03-15", months=1)


def test_a_region_that_tells_nothing_is_told_so(tmp_path):
    readings = planted_readings(3, 40)[0]
    region = read_region(write_region(tmp_path / "tiny", readings))
    with pytest.raises(NotApplicable, match="nothing tells what came in the 3 months"):
        later_outcomes(region, "2024-01-31")


def test_a_region_of_some_days_is_what_its_readings_of_these_days_are(region):
    part = region.during("2024-02-01", DAY)
    assert (part.days[0], part.days[-1]) == (
        pd.Timestamp("2024-02-01"),
        pd.Timestamp(DAY),
    )
    assert part.coverage["complete_days"].max() == 29
    assert region.coverage["complete_days"].max() == 91
    assert part.during("2023-01-01", None).days[0] == part.days[0]
    with pytest.raises(InputError, match="no day is left"):
        part.during("2024-03-01", None)
