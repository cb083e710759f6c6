"""Kinds of day, seasons and time-of-use bands."""

import numpy as np
import pandas as pd
import pytest
from planted import REGION_YAML

from research.region import InputError
from research.region.calendar import day_calendar, tou_bands
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
        "{country: CN, holidays: [2024-02-18], working_days: [2024-02-12]}",
    )
    days = pd.date_range("2024-02-12", "2024-02-18")
    working = day_calendar(days, settings_of(listed))["working"]
    assert working["2024-02-12"]
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


def test_a_region_without_rules_has_no_bands(settings_of):
    calendar = day_calendar(pd.date_range("2024-01-01", periods=2), settings_of())
    assert tou_bands(calendar, 24, None) is None
