"""How the calendar moves the daily energy of each kind of customer.

Numbers are those of the generator's specification, section 4, all assumptions.
"""

import numpy as np
import pandas as pd

from research.region.calendar import day_calendar
from research.region.synthetic.plan import Plan
from research.region.synthetic.population.archetypes import CODES
from research.region.synthetic.population.shapes import rest_levels
from research.region.synthetic.weather import climate_of, daylight_hours

# Fall of a working day's energy at the Spring Festival, by the trapezoid of `_holiday`.
FESTIVAL_FALL = {"I1": 0.90, "I2": 0.70, "I3": 0.12, "I4": 0.35, "O1": 0.80, "O3": 0.10}
SHOP_FALL = 0.45
# Homes on the days -4 to +7 of the festival.
FESTIVAL_HOMES = {"leaves": 0.25, "hosts": 1.25, "stays": 1.08, "returnees": 1.45}
VACANT_AWAKE = 4.0
SCHOOL_BREAK = 0.35
HIGHWAY_CHARGING = 1.3
WINTER_LIGHT = 0.08
# Irrigation: day of the year, its spread in days; half the pumps rest when it rains.
WATERINGS = ((105, 14), (150, 16), (195, 18), (290, 14))
RAIN_SAVES = 0.5
FESTIVALS = ("", "leaves", "hosts", "stays", "returnees", "asleep", "wakes")


def day_levels(plan: Plan, weather: pd.DataFrame) -> np.ndarray:
    """Energy of each day relative to a plain working day.

    Parameters
    ----------
    plan : Plan
    weather : DataFrame
        `date`, `true_rain`.

    Returns
    -------
    levels : ndarray of shape (n_archetypes, n_festivals, n_days)
        By position in `CODES` and `FESTIVALS`. [unitless]
    """
    days = pd.DatetimeIndex(weather["date"])
    calendar = day_calendar(days, plan.settings)
    k = calendar["spring_festival_day"].to_numpy()
    rest = ~calendar["working"].to_numpy()
    levels = np.ones((len(CODES), len(FESTIVALS), len(days)))
    for position, code in enumerate(CODES):
        week = np.where(rest, rest_levels()[code], 1.0)
        levels[position] = week * _season(plan, code, days, weather)
        if code in FESTIVAL_FALL:
            # The deeper of the two: nobody stops a works twice.
            levels[position] = np.minimum(week, 1 - FESTIVAL_FALL[code] * holiday(k))
    of = {code: levels[position] for position, code in enumerate(CODES)}
    of["S1"] *= np.where((k >= -1) & (k <= 3), 1 - SHOP_FALL, 1.0)
    of["S2"] *= np.where((k >= 0) & (k <= 1), 0.5, 1 + 0.10 * holiday(k))
    of["S3"] *= 1 + 0.15 * holiday(k)
    # Long journeys: the Spring Festival and the week of National Day.
    travel = (np.abs(k) < 8) | ((days.month == 10) & (days.day <= 7))
    of["E1"] *= np.where(travel, HIGHWAY_CHARGING, 1.0)
    school_break = calendar["school_break"].to_numpy()
    of["O2"][:] = np.where(school_break, np.minimum(of["O2"], SCHOOL_BREAK), of["O2"])
    window = (k >= -4) & (k <= 7)
    for position, festival in enumerate(FESTIVALS):
        factor = FESTIVAL_HOMES.get(
            festival, VACANT_AWAKE if festival == "wakes" else 1
        )
        levels[:, position] *= np.where(window, factor, 1.0)
    return levels


def holiday(k: np.ndarray) -> np.ndarray:
    """How much of the Spring Festival has come over a works, `k` days from it.

    Examples
    --------
    >>> holiday(np.array([-10, -1, 6, 15])).tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    known = np.nan_to_num(k, nan=99)
    return np.interp(known, [-10, -1, 6, 15], [0, 1, 1, 0])


def _season(
    plan: Plan, code: str, days: pd.DatetimeIndex, weather: pd.DataFrame
) -> np.ndarray:
    day = days.day_of_year.to_numpy()
    if code in ("A1", "A2"):
        away = [(day - centre) / width for centre, width in WATERINGS]
        bumps = np.sum(
            [np.where(abs(z) < 2.5, np.exp(-0.5 * z**2), 0) for z in away], 0
        )
        return bumps * (1 - RAIN_SAVES * weather["true_rain"].to_numpy())
    if code == "O4":
        return (24 - daylight_hours(climate_of(plan).latitude, days)) / 12
    if code.startswith("R"):
        return 1 + WINTER_LIGHT * np.cos(2 * np.pi * (day - 15) / 365.25)
    return np.ones(len(days))
