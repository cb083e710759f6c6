"""Kinds of day, festivals, seasons and time-of-use bands."""

import datetime as dt
from itertools import pairwise

import holidays
import numpy as np
import pandas as pd
import pytest
from planted import REGION_YAML

from research.region import InputError
from research.region.calendar import (
    calendar_limits,
    day_calendar,
    lunar_new_year,
    tou_bands,
    within_spans,
)
from research.region.settings import read_settings


@pytest.fixture
def settings_of(tmp_path):
    def read(text=REGION_YAML):
        path = tmp_path / "region.yaml"
        path.write_text(text, encoding="utf-8")
        return read_settings(path)

    return read


def test_chinese_adjusted_working_days_win_over_the_weekend(settings_of):
    # 2024: Spring Festival 10-17 February; the Sundays 4 and 18 February were worked.
    days = pd.date_range("2024-02-03", "2024-02-19")
    working = day_calendar(days, settings_of())["working"]
    assert working["2024-02-04"]
    assert working["2024-02-18"]
    assert not working["2024-02-03"]
    assert not working["2024-02-10":"2024-02-17"].any()
    assert working["2024-02-19"]


def test_days_listed_by_the_region_win_over_the_country(settings_of):
    listed = REGION_YAML.replace(
        "{country: CN}",
        "{country: CN, holidays: [2024-02-13, 2024-02-18], "
        "working_days: [2024-02-12, 2024-02-13]}",
    )
    days = pd.date_range("2024-02-12", "2024-02-18")
    calendar = day_calendar(days, settings_of(listed))
    working = calendar["working"]
    assert working["2024-02-12"]
    assert not calendar.loc["2024-02-12":"2024-02-13", "holiday"].any()
    assert working["2024-02-13"]
    assert calendar.loc["2024-02-18", "holiday"]
    assert not working["2024-02-18"]


def test_a_country_nobody_knows_is_refused(settings_of):
    settings = settings_of(REGION_YAML.replace("CN", "ZZ"))
    with pytest.raises(InputError, match=r"calendar\.country 'ZZ'"):
        day_calendar(pd.date_range("2024-01-01", periods=3), settings)


def test_winter_is_december_to_february(settings_of):
    days = pd.date_range("2023-11-30", "2024-03-01", freq="D")
    season = day_calendar(days, settings_of())["season"]
    assert season["2023-11-30"] == "autumn"
    assert (season["2023-12-01":"2024-02-29"] == "winter").all()
    assert season["2024-03-01"] == "spring"


def with_calendar(keys):
    return REGION_YAML.replace("{country: CN}", f"{{{keys}}}")


# As announced in the yearly notices of the State Council.
SPRING_FESTIVALS = """2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05 2020-01-25
2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06""".split()


def test_spring_festivals_are_those_announced():
    found = [str(lunar_new_year(year)) for year in range(2015, 2028)]
    assert found == SPRING_FESTIVALS


def test_every_spring_festival_is_the_one_of_the_holidays_package():
    years = range(2000, 2051)
    china = holidays.country_holidays("CN", years=years, language="en_US")
    for year in years:
        named = china.get_named(
            "Chinese New Year (Spring Festival)", split_multiple_names=False
        )
        first = min(day for day in named if day.year == year)
        assert lunar_new_year(year) == first


def test_every_spring_festival_is_a_new_moon_a_lunar_year_after_the_last():
    days = [lunar_new_year(year) for year in range(2000, 2051)]
    assert all((1, 21) <= (day.month, day.day) <= (2, 20) for day in days)
    years = {(b - a).days for a, b in pairwise(days)}
    assert years <= {353, 354, 355, 383, 384, 385}
    # Mean new moons in Beijing time; true ones are up to 14 hours off.
    epoch = dt.datetime(2000, 1, 7, 2, 14)
    for day in days:
        noon = dt.datetime.combine(day, dt.time(12))
        age = (noon - epoch) / dt.timedelta(days=29.530588853)
        assert abs(age - round(age)) * 29.530588853 < 1.1


def test_a_spring_festival_can_be_listed_and_an_unknown_one_is_refused(settings_of):
    settings = settings_of(with_calendar("lunar_new_year: {2051: 2051-02-11}"))
    assert lunar_new_year(2051, settings) == dt.date(2051, 2, 11)
    assert lunar_new_year(2027, settings) == dt.date(2027, 2, 6)
    with pytest.raises(InputError, match=r"2052.*2000 to 2050.*lunar_new_year"):
        lunar_new_year(2052, settings)


def test_days_are_counted_from_the_nearest_spring_festival(settings_of):
    # 2025-01-29 and 2026-02-17 are 384 days apart: 2025-08-09 lies in the middle.
    days = pd.DatetimeIndex(
        ["2025-01-28", "2025-01-29", "2025-02-12", "2025-08-08", "2025-08-10"]
    )
    counted = day_calendar(days, settings_of())["spring_festival_day"]
    assert counted.tolist() == [-1, 0, 14, 191, -191]


def test_days_far_from_any_known_spring_festival_have_no_count(settings_of):
    days = pd.DatetimeIndex(["1999-01-01", "1999-12-01", "2050-06-01", "2050-12-31"])
    counted = day_calendar(days, settings_of())["spring_festival_day"]
    assert counted.isna().tolist() == [True, False, False, True]


def test_spring_festival_and_national_day_are_holidays_weekends_are_not(settings_of):
    days = pd.DatetimeIndex(["2024-02-10", "2024-02-18", "2024-03-02", "2024-10-01"])
    calendar = day_calendar(days, settings_of())
    assert calendar["holiday"].tolist() == [True, False, False, True]
    assert calendar["working"].tolist() == [False, True, False, False]


def test_school_breaks_may_run_over_the_new_year(settings_of):
    settings = settings_of(
        with_calendar('school_breaks: [["12-20", "01-10"], [07-10, 08-31]]')
    )
    days = pd.DatetimeIndex(
        "2024-12-19 2024-12-20 2025-01-10 2025-01-11 2025-07-10 2025-08-31".split()
    )
    inside = day_calendar(days, settings)["school_break"]
    assert inside.tolist() == [False, True, True, False, True, True]
    assert not within_spans(days, []).any()


def test_years_without_a_notice_are_estimated_and_told(settings_of):
    days = pd.date_range("2026-12-30", "2028-01-02")
    calendar = day_calendar(days, settings_of())
    assert not calendar.loc["2026", "estimated"].any()
    assert calendar.loc["2027":, "estimated"].all()
    # The statutory days rest, no weekend is worked.
    assert not calendar.loc["2027-02-06", "working"]
    saturdays = calendar.index.day_of_week == 5
    assert not calendar.loc[saturdays & (calendar.index.year == 2027), "working"].any()
    limits = calendar_limits(days, settings_of())
    assert limits["days"].tolist() == [367, 0, 0]
    assert limits["years"].tolist() == ["2027, 2028", "", ""]


def test_a_year_whose_days_the_region_lists_is_not_estimated(settings_of):
    settings = settings_of(
        with_calendar("country: CN, working_days: [2027-02-14, 2027-02-20]")
    )
    days = pd.date_range("2027-02-14", periods=7)
    calendar = day_calendar(days, settings)
    assert not calendar["estimated"].any()
    assert calendar.loc["2027-02-20", "working"]


def test_a_region_without_country_rests_on_weekends_alone(settings_of):
    days = pd.date_range("2024-01-31", "2024-02-12")
    settings = settings_of(with_calendar(""))
    assert not day_calendar(days, settings)["holiday"].any()
    assert calendar_limits(days, settings)["days"].tolist() == [0, 13, 0]


TOU = """\
tou:
  - months: [6, 7, 8]
    bands:
      - {name: peak, at: ["08:00-22:00"]}
      - {name: sharp, at: ["10:00-12:00"]}
      - {name: valley, at: ["22:00-08:00"]}
  - days: rest
    bands: []
    rest: valley
  - bands: [{name: peak, at: ["08:00-24:00"]}]
"""


def bands_of(settings, day, n_slots=24):
    calendar = day_calendar(pd.DatetimeIndex([day]), settings)
    return tou_bands(calendar, n_slots, settings.tou).iloc[0].to_numpy()


def test_bands_follow_month_precedence_and_cross_midnight(settings_of):
    bands = bands_of(settings_of(REGION_YAML + TOU), "2024-07-01")
    expected = np.array(["peak"] * 24, dtype=object)
    expected[[22, 23, *range(8)]] = "valley"
    expected[[10, 11]] = "sharp"
    assert bands.tolist() == expected.tolist()


def test_the_first_rule_that_fits_a_day_holds(settings_of):
    settings = settings_of(REGION_YAML + TOU)
    assert set(bands_of(settings, "2024-07-06")) == {"peak", "sharp", "valley"}
    assert set(bands_of(settings, "2024-03-02")) == {"valley"}
    assert bands_of(settings, "2024-03-04").tolist() == ["flat"] * 8 + ["peak"] * 16


def test_a_window_must_stand_on_slots(settings_of):
    settings = settings_of(REGION_YAML + TOU.replace("10:00-12:00", "10:30-12:00"))
    with pytest.raises(InputError, match="10:30"):
        bands_of(settings, "2024-07-01")
    assert "sharp" in bands_of(settings, "2024-07-01", n_slots=48)


def test_a_day_without_a_rule_is_refused(settings_of):
    only_summer = TOU.split("  - days: rest")[0]
    with pytest.raises(InputError, match="2024-03-04"):
        bands_of(settings_of(REGION_YAML + only_summer), "2024-03-04")


BY_CLASS = """\
tou:
  - {classes: [residential_urban], bands: [{name: valley, at: ["22:00-08:00"]}]}
  - classes: [commercial, industrial_large]
    bands: [{name: peak, at: ["08:00-22:00"]}, {name: valley, at: ["20:00-08:00"]}]
  - {days: holiday, bands: [], rest: deep_valley}
  - {bands: [{name: peak, at: ["18:00-22:00"]}]}
"""


def test_the_first_rule_that_names_the_class_holds(settings_of):
    settings = settings_of(REGION_YAML + BY_CLASS)
    day = day_calendar(pd.DatetimeIndex(["2024-03-04"]), settings)

    def bands(usage_class, precedence=tuple(settings.precedence)):
        table = tou_bands(day, 24, settings.tou, usage_class, precedence)
        return table.iloc[0].value_counts().to_dict()

    assert bands("residential_urban") == {"valley": 10, "flat": 14}
    assert bands("commercial") == {"peak": 14, "valley": 10}
    valley_first = ["valley", "peak", "sharp", "deep_valley", "flat"]
    assert bands("commercial", valley_first) == {"peak": 12, "valley": 12}
    assert bands("wholesale") == {"peak": 4, "flat": 20}
    # The region as a whole: the first rule, whatever class it names.
    assert bands(None) == {"valley": 10, "flat": 14}


def test_rules_may_hold_on_public_holidays_alone(settings_of):
    settings = settings_of(REGION_YAML + BY_CLASS)
    # A Saturday in the festival, and one that is none.
    days = day_calendar(pd.DatetimeIndex(["2024-02-10", "2024-03-02"]), settings)
    bands = tou_bands(days, 24, settings.tou, "wholesale")
    assert set(bands.iloc[0]) == {"deep_valley"}
    assert set(bands.iloc[1]) == {"peak", "flat"}


def test_a_class_without_a_rule_is_named(settings_of):
    settings = settings_of(REGION_YAML + BY_CLASS.split("  - {days")[0])
    day = day_calendar(pd.DatetimeIndex(["2024-03-04"]), settings)
    with pytest.raises(InputError, match="no rule for wholesale covers 2024-03-04"):
        tou_bands(day, 24, settings.tou, "wholesale")


def test_daily_readings_have_no_bands(settings_of):
    settings = settings_of(REGION_YAML + TOU)
    calendar = day_calendar(pd.date_range("2024-01-01", periods=2), settings)
    assert tou_bands(calendar, 1, settings.tou) is None


def test_a_region_without_rules_has_no_bands(settings_of):
    calendar = day_calendar(pd.date_range("2024-01-01", periods=2), settings_of())
    assert tou_bands(calendar, 24, None) is None
