"""Series rules on hand-made readings."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from planted import planted_readings, write_region

from research.region import read_region
from research.region.quality import run_lengths

HOURS = 24 * 40


@pytest.fixture
def broken(tmp_path):
    """Eight customers of forty days; all but the first with one planted fault."""
    readings, _ = planted_readings(8, 40)
    kwh = readings["kwh"].to_numpy().reshape(8, HOURS).copy()
    kwh[1, 100:110] = np.nan  # gap
    kwh[2, :48] = np.nan  # late joiner
    kwh[3, -72:] = np.nan  # leaver
    kwh[4, 500] = 1000  # spike
    kwh[5, 200:215] = 0.7  # frozen for 15 hours
    kwh[6, 300:360] = 0  # no use for 60 hours
    kwh[7, 24 * 20 :] = np.nan  # twenty days only: a leaver, too
    readings["kwh"] = kwh.ravel()
    return read_region(write_region(tmp_path / "tiny", readings.dropna()))


@pytest.mark.parametrize(
    ("rule", "rows", "customers"),
    [
        ("gap", 10, 1),
        ("late_joiner", 48, 1),
        ("leaver", 72 + 24 * 20, 2),
        ("spike", 1, 1),
        ("frozen_run", 15, 1),
        ("zero_run", 60, 1),
        ("few_complete_days", 24 * 20, 1),
    ],
)
def test_a_planted_fault_is_counted_and_nothing_else(broken, rule, rows, customers):
    found = broken.findings.set_index("rule").loc[rule]
    assert (found["rows"], found["customers"]) == (rows, customers)
    assert found["share"] == customers / 8


def test_customers_with_few_days_stay_in_the_tables_and_are_not_usable(broken):
    assert len(broken.customers) == 8
    assert broken.usable.tolist() == [
        "0000",
        "0001",
        "0002",
        "0003",
        "0004",
        "0005",
        "0006",
    ]


def test_every_interval_is_a_reading_or_missing(broken):
    coverage = broken.coverage
    read = broken.query("select customer_id, count(*) as n from readings group by all")
    assert coverage["readings"].sum() == read["n"].sum()
    missing = coverage["missing_share"] * HOURS
    assert np.allclose(missing + coverage["readings"], HOURS)


def test_a_constant_customer_is_frozen_and_no_spike(tmp_path):
    readings, _ = planted_readings(2, 30)
    readings.loc[readings["customer_id"] == "0001", "kwh"] = 0.9
    found = read_region(write_region(tmp_path / "tiny", readings)).coverage.loc["0001"]
    assert found["frozen_run"] == 24 * 30
    assert found["spike"] == 0


def test_thresholds_are_those_of_the_region(tmp_path):
    readings, _ = planted_readings(3, 40)
    folder = write_region(tmp_path / "tiny", readings)
    path = folder / "region.yaml"
    path.write_text(path.read_text() + "quality: {min_complete_days: 41}\n")
    assert len(read_region(folder).usable) == 0


@given(arrays(np.float64, (2, 12), elements=st.sampled_from([0.0, 1.0, np.nan])))
def test_runs_equal_a_loop_over_the_values(values):
    found = run_lengths(values)
    for row, lengths in zip(values, found, strict=True):
        runs = pd.Series(row)
        number = (runs.ne(runs.shift()) | runs.isna()).cumsum()
        assert lengths.tolist() == runs.groupby(number).transform("size").tolist()
