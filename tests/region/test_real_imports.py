"""Real exports, each by its mapping file: counts and sums as their sources say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted import SHARED
from region.exports import examples, hits, table_of

from research.region.ingest import import_table

MAPPINGS = Path(__file__).parent / "mappings"
DATA = SHARED / "data"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real exports are absent"),
]


def region_of(tmp_path_factory, folder, mapping):
    target = tmp_path_factory.mktemp("regions") / "region"
    return import_table(DATA / folder, target, mapping=MAPPINGS / mapping, say=str)


@pytest.fixture(scope="module")
def openfido(tmp_path_factory):
    return region_of(
        tmp_path_factory, "us_openfido_60min_2015", "openfido/mapping.yaml"
    )


def test_openfido_has_the_meters_and_means_of_its_source(openfido):
    readings = table_of(openfido, "readings")
    count = readings.groupby("customer_id").size()
    assert len(readings) == 878_160
    assert len(count) == 100
    assert (count.max(), count["11"], (count == 8784).sum()) == (8784, 8544, 99)
    assert readings["kwh"].mean() == pytest.approx(22.4, abs=0.05)
    assert (readings["kwh"] == 0).mean() == pytest.approx(0.0009, abs=0.00005)


def test_openfido_is_hour_ending_and_the_year_begins_at_local_midnight(openfido):
    first = openfido.stamps[0].tz_localize("UTC").tz_convert("America/Los_Angeles")
    assert first.tz_localize(None) == pd.Timestamp("2015-01-01 00:00")
    plain = pd.read_parquet(DATA / "us_openfido_60min_2015" / "load.parquet")
    grid = next(openfido.grids())
    ends = plain.index.tz_localize(None) if plain.index.tz else plain.index
    assert (grid.stamps == ends - pd.Timedelta(hours=1)).all()
    order = [str(c) for c in plain.columns]
    wanted = plain.set_axis(order, axis=1)[list(grid.customer_id)].to_numpy().T
    assert np.allclose(grid.kwh, wanted, equal_nan=True)


def test_offsets_of_openfido_are_a_day_late_twice_a_year(openfido):
    # 22 hours in spring and 24 in autumn, for each of the meters.
    assert hits(openfido) == {("readings", "utc_offset"): 46 * 100}
    assert "2015-03-08 10:00" in examples(openfido)["readings", "utc_offset"]


@pytest.fixture(scope="module")
def yangzhong(tmp_path_factory):
    return region_of(
        tmp_path_factory, "cn_yangzhong_daily_2015_2016", "yangzhong/mapping.yaml"
    )


def test_yangzhong_has_the_days_and_firms_of_its_source(yangzhong):
    daily = table_of(yangzhong, "energy_daily")
    assert len(daily) == 639 * 1454
    assert daily["date"].nunique() == 639
    names = {"total", "mean", "median", "std", "var"}
    assert not names & set(yangzhong.customers.index)
    assert (daily["kwh"] == 1).mean() == pytest.approx(0.160, abs=0.0005)
    energy = daily.groupby("customer_id")["kwh"].sum().sort_values(ascending=False)
    assert energy.iloc[:10].sum() / energy.sum() == pytest.approx(0.607, abs=0.0005)
    assert energy.index[0] == "1416"
    assert hits(yangzhong) == {}


def test_yangzhongs_long_september_is_that_of_the_wide_file(
    yangzhong, tmp_path_factory
):
    long = region_of(
        tmp_path_factory, "cn_yangzhong_daily_2015_2016", "yangzhong/long.yaml"
    )
    ours = table_of(long, "energy_daily")
    assert len(ours) == 43_620
    theirs = yangzhong.query(
        "select * from energy_daily where date >= '2016-09-01' order by all"
    )
    assert ours.equals(theirs)


def test_residential_payments_are_the_same_from_excel_and_from_csv(tmp_path_factory):
    excel, text = (
        region_of(tmp_path_factory, "cn_residential_payments_2018_2019", mapping)
        for mapping in ("residential/mapping.yaml", "residential/csv.yaml")
    )
    payments = table_of(excel, "payments")
    assert payments.equals(table_of(text, "payments"))
    assert len(payments) == 664
    assert payments["customer_id"].nunique() == 100
    assert payments["amount_yuan"].mean() == pytest.approx(106.2108, abs=5e-5)
    assert payments.groupby("customer_id")["amount_yuan"].sum().mean() == 705.24


@pytest.fixture(scope="module")
def simbench(tmp_path_factory):
    return region_of(
        tmp_path_factory, "de_simbench_15min_2016", "simbench/mapping.yaml"
    )


def test_simbench_keeps_both_readings_of_the_hour_that_comes_twice(simbench):
    readings = table_of(simbench, "readings")
    assert len(readings) == 27 * 35_136
    assert hits(simbench) == {("readings", "ambiguous_hour"): 27 * 8}
    assert "Europe/Berlin" in examples(simbench)["readings", "ambiguous_hour"]
    grid = next(simbench.grids())
    assert np.isfinite(grid.kwh).all()
    assert grid.kwh.shape == (27, 35_136)


def test_simbench_per_unit_becomes_energy_and_the_skipped_hour_no_gap(simbench):
    raw = pd.read_parquet(
        DATA / "de_simbench_15min_2016" / "profiles_p_pu.parquet"
    ).set_index("time_raw")
    grid = next(simbench.grids())
    # The rows are in the order of time, so the n-th row is the n-th quarter hour.
    wanted = raw[list(grid.customer_id)].to_numpy().T * 8.0 / 4
    assert np.allclose(grid.kwh, wanted, atol=1e-6)
    assert grid.stamps[0] == pd.Timestamp("2015-12-31 23:00")
