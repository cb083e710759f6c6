import numpy as np
import pandas as pd
import pytest
from features import plain_pandas
from features.plain_pandas import region_of, year_of_power
from pandas.testing import assert_frame_equal, assert_series_equal

from research.features import load

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def power():
    """A year of half-hours of ten customers; six of them hard cases."""
    power = year_of_power(10, seed=1)
    power[2, 120:240] = np.nan  # away from May to August
    power[3] = 0.5  # the same load all year
    power[4] = 0.0  # no load
    power[5, :, ::3] = np.nan  # never a complete day
    power[6, 200:221] = 0.0  # switched off for three weeks
    power[7, :320] = np.nan  # new since November
    return power


@pytest.fixture(scope="module")
def table(power):
    return load.table(region_of(power, customers_a_cube=4))


@pytest.fixture(scope="module")
def expected(power):
    region = region_of(power)
    readings = plain_pandas.long_table(power)
    return plain_pandas.features(
        readings, region.calendar, region.tou_bands, n_slots=48
    )


def test_every_column_is_in_the_second_opinion(table, expected):
    assert list(table) == list(expected)


@pytest.mark.parametrize("column", list(load.table(region_of(np.ones((1, 7, 24))))))
def test_column_agrees_with_plain_pandas_over_a_year(table, expected, column):
    assert table[column].notna().sum() >= 6
    assert_series_equal(
        table[column], expected[column], check_index_type=False, rtol=1e-9
    )


def test_single_precision_agrees_with_double(power, table):
    single = load.table(region_of(power.astype(np.float32)))
    clock = ["peak_hour", "valley_hour"]
    assert_frame_equal(single.drop(columns=clock), table.drop(columns=clock), rtol=1e-5)
    assert_frame_equal(single[clock], table[clock])


def test_cubes_of_any_size_give_one_table(power, table):
    assert_frame_equal(load.table(region_of(power, customers_a_cube=1)), table)
    assert_frame_equal(load.table(region_of(power, customers_a_cube=10)), table)


def test_many_customers_in_a_cube_are_those_of_small_cubes():
    power = np.random.default_rng(0).gamma(2, 0.5, (70, 14, 6))
    at_once = load.table(region_of(power, customers_a_cube=70))
    assert_frame_equal(at_once, load.table(region_of(power, customers_a_cube=7)))


def test_order_of_customers_does_not_matter(power, table):
    order = np.random.default_rng(0).permutation(len(power))
    turned = load.table(region_of(power[order])).to_numpy()
    np.testing.assert_allclose(turned, table.to_numpy()[order], rtol=1e-12)


def test_unit_of_load_scales_the_size_and_nothing_else(power, table):
    size = table.columns[: table.columns.get_loc("load_factor")]
    larger = load.table(region_of(1024 * power))
    assert_frame_equal(larger[size], 1024 * table[size])
    assert_frame_equal(larger.drop(columns=size), table.drop(columns=size))


def test_all_customers_keep_their_row_and_index(table):
    assert table.index.tolist() == [f"C{i:05}" for i in range(10)]
    assert table.index.name == "customer_id"
    assert table.index.dtype == "str"


def test_customer_without_a_complete_day_has_no_features(table):
    row = table.iloc[5]
    assert row["complete_days"] == 0
    assert row["missing_share"] >= 1 / 3
    assert row.drop(["complete_days", "missing_share"]).isna().all()


def test_customer_without_load_has_a_size_and_no_shape(table):
    row = table.iloc[4]
    known = row[row.notna()]
    assert known.to_dict() == {
        "annual_energy": 0,
        "mean_power": 0,
        "base_load": 0,
        "peak_valley_difference": 0,
        "area_peak_load": 0,
        "missing_share": 0,
        "complete_days": 365,
    }


def test_customer_of_constant_load_by_hand(table):
    row = table.iloc[3]
    by_hand = {
        "annual_energy": 4380,
        "mean_power": 0.5,
        "base_load": 0.5,
        "peak_valley_difference": 0,
        "load_factor": 1,
        "minimum_load_rate": 1,
        "peak_valley_difference_rate": 0,
        "shape_entropy": 1,
        "mean_ramp": 0,
        "maximum_ramp": 0,
        "share_night": 8 / 24,
        "share_morning": 4 / 24,
        "share_midday": 7 / 24,
        "share_evening": 5 / 24,
        "base_load_share": 1,
        "full_load_hours": 8760,
        "area_peak_load": 0.5,
        "coincidence": 1,
        "coefficient_of_variation": 0,
        "robust_coefficient_of_variation": 0,
        "day_to_day_variability": 0,
        "rest_day_ratio": 1,
        "summer_ratio": 1,
        "winter_ratio": 1,
        "trend": 0,
        "share_peak": 4 / 24,
        "share_valley": 8 / 24,
        "share_flat": 12 / 24,
    }
    assert row[list(by_hand)].to_dict() == pytest.approx(by_hand)


def test_days_of_constant_load_have_no_peak(table):
    assert table.iloc[3][["peak_hour", "valley_hour"]].isna().all()
    seldom_home = np.zeros((1, 9, 24))
    seldom_home[0, 4, 18] = 1
    assert load.table(region_of(seldom_home))["peak_hour"].tolist() == [18]


def test_trend_is_unknown_of_new_customers_and_of_those_switched_off(table):
    assert table["trend"].isna().tolist() == [i in (4, 5, 6, 7) for i in range(10)]


def test_season_without_a_day_is_unknown(table):
    assert np.isnan(table["summer_ratio"].iloc[7])
    assert table["winter_ratio"].notna().iloc[7]


def test_shares_partition_the_energy(table):
    windows = table[["share_night", "share_morning", "share_midday", "share_evening"]]
    bands = table[["share_flat", "share_peak", "share_valley"]]
    with_load = table.index[table["mean_power"] > 0]
    assert len(with_load) == 8
    np.testing.assert_allclose(windows.loc[with_load].sum(axis=1), 1)
    np.testing.assert_allclose(bands.loc[with_load].sum(axis=1), 1)


def test_region_without_a_tariff_has_no_bands(power, table):
    without = load.table(region_of(power[:2], with_bands=False))
    bands = ["share_flat", "share_peak", "share_valley"]
    assert list(without) == list(table.columns.drop(bands))


def test_readings_are_not_changed(power):
    before = power.copy()
    region = region_of(power)
    load.table(region)
    load.typical_day_curves(region)
    np.testing.assert_array_equal(power, before)


def test_one_customer_of_one_day_has_a_row():
    power = np.array([[[1.0, 2.0, 4.0, 1.0]]])
    row = load.table(region_of(power, with_bands=False)).iloc[0]
    assert row["annual_energy"] == 17520
    assert row["load_factor"] == 0.5
    assert row["peak_hour"] == 12
    assert row["day_to_day_variability"] == 0
    assert np.isnan(row["coefficient_of_variation"])
    assert np.isnan(row["trend"])


def test_region_without_any_reading_has_rows_of_nan():
    table = load.table(region_of(np.full((2, 9, 24), np.nan)))
    assert table["missing_share"].tolist() == [1, 1]
    assert table["complete_days"].tolist() == [0, 0]
    assert table.drop(columns=["missing_share", "complete_days"]).isna().all(axis=None)


@pytest.fixture(scope="module")
def curves(power):
    return load.typical_day_curves(region_of(power, customers_a_cube=3))


def test_typical_days_agree_with_plain_pandas_over_a_year(power, curves):
    calendar = region_of(power).calendar
    readings = plain_pandas.complete_readings(
        plain_pandas.long_table(power), n_slots=48
    )
    kind = calendar.loc[readings["day"]].reset_index(drop=True)
    expected = readings.assign(
        season=kind["season"],
        day_type=np.where(kind["working"], "working", "rest"),
    ).pivot_table(
        index="customer_id",
        columns=["season", "day_type", "hour"],
        values="power",
        aggfunc="mean",
        observed=False,
    )
    expected = expected.reindex(index=curves.index, columns=curves.columns)
    assert_frame_equal(curves, expected, check_names=False)
    assert curves.notna().any().all()


def test_columns_of_the_typical_days_go_through_the_year_and_the_day(curves):
    assert curves.columns.names == ["season", "day_type", "hour"]
    assert curves.columns.droplevel("hour").unique().tolist() == [
        (season, day_type)
        for season in ("winter", "spring", "summer", "autumn")
        for day_type in ("working", "rest")
    ]
    assert curves["winter", "rest"].columns.tolist() == [i / 2 for i in range(48)]


def test_typical_days_by_type_of_day_alone_by_hand():
    # 2013-01-04 is a Friday: one working day, then two rest days.
    power = np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 8.0]]])
    curves = load.typical_day_curves(region_of(power, start="2013-01-04"), ["working"])
    assert curves.columns.tolist() == [
        ("working", 0.0),
        ("working", 12.0),
        ("rest", 0.0),
        ("rest", 12.0),
    ]
    assert curves.to_numpy().tolist() == [[1, 2, 4, 6]]


def test_seasons_outside_the_period_have_no_columns():
    curves = load.typical_day_curves(region_of(np.ones((1, 10, 2))), ["season"])
    assert curves.columns.tolist() == [("winter", 0.0), ("winter", 12.0)]


def test_features_of_a_cube_need_no_region():
    power = np.array([[[1.0, 3.0], [2.0, 2.0]], [[0.0, 1.0], [np.nan, 1.0]]])
    calendar = pd.DataFrame({"working": [True, False], "season": ["winter", "summer"]})
    peak = np.array([[False, True], [False, False]])
    features = load.customer_features(power, calendar, peak)
    assert features["coincidence"].tolist() == [1, 1]
    assert features["complete_days"].tolist() == [2, 1]
    assert features["rest_day_ratio"].tolist() == pytest.approx(
        [1, np.nan], nan_ok=True
    )
