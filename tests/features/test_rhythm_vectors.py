"""The rhythm of week and year from the energy of days."""

from types import SimpleNamespace as Record

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from planted import ROOT, SHARED

from research.features import load
from research.region import NotApplicable
from research.region.calendar import day_calendar
from research.region.ingest import import_table
from research.region.settings import Settings
from research.segmenters import LoadShapeKMeans
from research.service import contrasts

YEAR = pd.date_range("2015-01-01", "2015-12-31")


def settings_of(country="CN", **given):
    return Settings.model_validate(
        {
            "name": "demo",
            "title": {"en": "Demo"},
            "timezone": "Asia/Shanghai",
            "calendar": {} if country is None else {"country": country},
            **given,
        }
    )


def region_of(kwh, days=YEAR, **settings):
    """A stand-in for a region with `energy_daily` alone."""
    ids = pd.Index([f"C{i:02}" for i in range(len(kwh))], name="customer_id")
    grid = Record(customer_id=ids, stamps=days, kwh=np.asarray(kwh, dtype=float))
    return Record(
        has=lambda table: table == "energy_daily",
        daily_grids=lambda: iter([grid]),
        settings=settings_of(**settings),
    )


def firms(n=12, days=YEAR, seed=0):
    """Firms of any size that rest on Sundays."""
    rng = np.random.default_rng(seed)
    week = np.where(days.day_of_week == 6, 0.5, 1.0)
    size = 10 ** rng.uniform(0, 5, (n, 1))
    return week * size * rng.uniform(0.9, 1.1, (n, len(days)))


def vectors_of(kwh, days=YEAR, **settings):
    return load.rhythm_vectors(region_of(kwh, days, **settings), min_customers=1)


def test_a_week_by_hand():
    days = pd.date_range("2015-06-01", periods=63)  # nine weeks, from a Monday
    kwh = np.where(days.day_of_week == 6, 8.0, 1.0)[None] * 5 + 1e-9 * np.arange(63)
    vectors, _ = vectors_of(kwh, days, country=None)
    assert_allclose(vectors["week"].iloc[0], [0.5] * 6 + [4.0], rtol=1e-6)
    assert vectors["week"].columns.tolist() == "Mon Tue Wed Thu Fri Sat Sun".split()


def test_a_year_by_hand():
    kwh = YEAR.month.to_numpy(dtype=float)[None]
    vectors, _ = vectors_of(kwh)
    assert_allclose(vectors["year"].iloc[0], np.arange(1, 13) / 6.5)
    assert vectors["year"].columns[[0, -1]].tolist() == ["Jan", "Dec"]


def test_each_cycle_has_the_mean_one():
    vectors, _ = vectors_of(firms())
    assert_allclose(vectors["week"].mean(axis=1), 1)
    assert_allclose(vectors["year"].mean(axis=1), 1)


def test_the_size_and_the_unit_of_a_firm_do_not_matter():
    kwh = firms()
    assert_allclose(vectors_of(1000 * kwh)[0], vectors_of(kwh)[0])


def test_a_shut_down_at_the_spring_festival_is_no_weekday_off():
    kwh = firms()
    festival = (YEAR >= "2015-02-12") & (YEAR <= "2015-03-05")
    shut = np.where(festival, 0.01 * kwh, kwh)
    week, shut_week = vectors_of(kwh)[0]["week"], vectors_of(shut)[0]["week"]
    assert_allclose(shut_week, week)
    february = vectors_of(shut)[0]["year", "Feb"] / vectors_of(kwh)[0]["year", "Feb"]
    assert (february < 0.6).all()


def test_holidays_and_weekends_worked_in_lieu_are_no_ordinary_days():
    days = pd.DatetimeIndex(["2015-10-01", "2015-10-10", "2015-10-11", "2015-10-12"])
    calendar = day_calendar(days, settings_of())
    assert load.ordinary_days(calendar, chinese=True).tolist() == [
        *(False, False, True, True)
    ]


def test_who_keeps_no_spring_festival_keeps_its_days():
    days = pd.date_range("2015-02-23", periods=3)
    calendar = day_calendar(days, settings_of("GB"))
    assert load.ordinary_days(calendar).all()
    assert not load.ordinary_days(calendar, chinese=True).any()


def test_a_weekend_on_other_days_is_respected():
    days = pd.date_range("2015-06-01", periods=63)
    kwh = np.where(days.day_of_week == 4, 1.0, 2.0)[None] + 1e-9 * np.arange(63)
    calendar = {"country": None, "calendar": {"weekend": ["fri", "sat"]}}
    vectors, _ = vectors_of(kwh, days, **calendar)
    assert vectors["week"].iloc[0].idxmin() == "Fri"


def test_everyone_left_out_is_counted_by_the_first_rule_that_holds():
    kwh = firms(10)
    kwh[0, 20:] = np.nan  # few days
    kwh[1] = 1.0  # constant: no use
    kwh[2] = -kwh[2]  # feeds in
    kwh[3, YEAR.day_of_week == 2] = np.nan  # never read on Wednesdays
    kwh[4, YEAR.month >= 11] = np.nan  # left
    vectors, left_out = vectors_of(kwh)
    assert left_out.to_dict() == {
        "few_complete_days": 1,
        "constant": 1,
        "not_above_zero": 1,
        "no_weekday": 1,
        "no_month": 1,
    }
    assert vectors.index.tolist() == [f"C{i:02}" for i in range(5, 10)]
    assert vectors.notna().all(axis=None)


def test_who_began_late_is_not_taken_for_a_summer_worker():
    days = pd.date_range("2015-01-01", "2016-09-30")
    kwh = firms(4, days)
    kwh[0, days < "2016-05-01"] = 0.0  # began
    kwh[1, ~days.month.isin([6, 7, 8])] = 0.0  # a summer trade
    kwh[2, days > "2016-01-31"] = 0.0  # ended, all months seen
    vectors, left_out = vectors_of(kwh, days)
    assert left_out["no_month"] == 1
    assert vectors.index.tolist() == ["C01", "C02", "C03"]
    assert vectors.loc["C01", ("year", "Jul")] > 3
    assert_allclose(vectors.loc["C02", "year"], 1, atol=0.1)


def test_months_that_the_period_does_not_hold_are_left_out_for_all():
    days = pd.date_range("2015-03-25", periods=60)  # March has seven of its days
    vectors, left_out = vectors_of(firms(days=days), days)
    assert vectors["year"].columns.tolist() == ["Apr", "May"]
    assert left_out.sum() == 0


def test_the_period_of_the_region_is_kept():
    period = {"start": YEAR[0].date(), "end": YEAR[180].date()}
    vectors, _ = vectors_of(firms(), period=period)
    assert vectors["year"].columns.tolist() == "Jan Feb Mar Apr May Jun".split()


def test_too_few_customers_are_told_with_both_numbers():
    with pytest.raises(NotApplicable, match=r"at least 10 customers.*; fewer have"):
        load.rhythm_vectors(region_of(firms(4)))


def test_a_region_without_energy_of_days_is_told():
    region = region_of(firms())
    region.has = lambda table: False
    with pytest.raises(NotApplicable, match="energy_daily or readings"):
        load.rhythm_vectors(region)


def test_planted_rhythms_are_found():
    kwh, rng = firms(60), np.random.default_rng(1)
    truth = rng.permutation(np.repeat([0, 1, 2], [30, 20, 10]))
    summer = 1 + 2 * np.isin(YEAR.month, [6, 7, 8])
    rest = np.where(YEAR.day_of_week >= 5, 0.2, 1.0)
    kwh *= np.array([np.ones(365), summer, rest])[truth]
    vectors, _ = vectors_of(kwh)
    found = LoadShapeKMeans(3, normalization="none", random_state=0)
    assert found.fit_predict(np.sqrt(vectors.to_numpy())).tolist() == truth.tolist()


def test_features_by_hand():
    kwh = np.where(YEAR.month.isin([6, 7, 8]), 48.0, 24.0)[None].repeat(2, axis=0)
    table = load.rhythm_table(region_of(kwh))
    mean_day = (92 * 48 + 273 * 24) / 365
    assert_allclose(table["annual_energy"], 365 * mean_day)
    assert_allclose(table["area_peak_load"], 2.0)
    assert_allclose(table["summer_ratio"], 48 / mean_day)
    assert_allclose(table["winter_ratio"], 24 / mean_day)
    assert table[["share_night", "base_load_share"]].isna().all(axis=None)
    assert (table["complete_days"] == 365).all()


def test_peak_days_are_the_areas_highest():
    kwh = np.ones((2, 365))
    kwh[:, 100:110] = np.arange(10, 20)
    assert load.peak_days(region_of(kwh)).tolist() == YEAR[109:99:-1].tolist()


def test_weeks_add_up_to_the_energy_of_the_area():
    kwh = firms(4)
    segments = pd.Series([0, 1, 1], index=["C00", "C01", "C02"])
    weeks = load.weekly_energy(region_of(kwh), segments)
    assert_allclose(7 * weeks[0], kwh[0, :364].reshape(52, 7).sum(axis=1))
    assert_allclose(7 * weeks[1].sum(), kwh[1:3, :364].sum())
    assert weeks.index[1] == pd.Timestamp("2015-01-08")


def test_a_large_segment_is_typical_and_not_the_opposite_of_the_rest():
    rng = np.random.default_rng(0)
    features = pd.DataFrame({"winter_ratio": np.r_[rng.normal(1, 0.2, 90), [0.1] * 10]})
    segments = pd.Series([0] * 90 + [1] * 10)
    assert contrasts(features, segments).loc[0].item() > 2
    told = contrasts(*load.against_the_region(features, segments)).loc[[0, 1]]
    assert abs(told.loc[0].item()) < 0.5  # not worth a word
    assert told.loc[1].item() < -2


@pytest.mark.slow
@pytest.mark.skipif(
    not (SHARED / "data").is_dir(), reason="the real exports are absent"
)
def test_the_firms_of_yangzhong_rest_on_sundays_and_in_february(tmp_path):
    export = SHARED / "data" / "cn_yangzhong_daily_2015_2016"
    mapping = ROOT / "tests/region/mappings/yangzhong/mapping.yaml"
    region = import_table(export, tmp_path / "y", mapping=mapping, say=str)
    vectors, left_out = load.rhythm_vectors(region)
    assert left_out["constant"] == 74
    assert len(vectors) == 1454 - left_out.sum()
    assert vectors["week"].mean().idxmin() == "Sun"
    assert vectors["year"].mean().idxmin() == "Feb"
