"""The weather of a synthetic region: temperature, humidity, clouds and rain."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import betaincinv, ndtr

from research.region.settings import Climate as RegionClimate
from research.region.synthetic import drift
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import following, stream

DAYS_A_YEAR = 365.25
COLDEST_DAY = 20
# Temperature of a day follows the one before by .7, its shocks are of 2.2 degrees; the
# day swings by 5 degrees about its mean (specification, section 4).
PERSISTENCE, SHOCK, SWING = 0.7, 2.2, 5.0
# How much of a clear sky's light arrives is Beta(5, 2) distributed (section 4).
CLEAR = (5, 2)


class Climate(NamedTuple):
    """Mean temperature and half its yearly range [degree C], rain, humidity [%].

    Assumptions: the first two of the specification's section 4.
    """

    mean: float
    amplitude: float
    rainy_days: float
    humidity: float


CLIMATES = {
    "haihe": Climate(13, 15, 0.19, 60),
    "hetao": Climate(8, 17.5, 0.12, 46),
    "minjiang": Climate(18, 10.5, 0.38, 79),
}


def weather(plan: Plan) -> pd.DataFrame:
    """Weather of the plan's days.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    weather : DataFrame of shape (n_days, 7)
        `date`; `t_mean`, `t_max`, `t_min` [degree C]; `humidity` [%]; and the truth:
        `true_rain` (bool), `true_clear` (share of a clear sky's light, in [0, 1]).
    """
    return weather_of(plan, plan.days)


def weather_of(plan: Plan, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Weather of `days`, which begin where the plan does; more days change no earlier.

    Examples
    --------
    >>> from research.region.synthetic.plan import plan_of
    >>> plan = plan_of("haihe", size="tiny")
    >>> weather_of(plan, plan.days[:3]).equals(weather(plan).head(3))
    True
    """
    climate = CLIMATES[plan.name]
    n = len(days)
    phase = 2 * np.pi * (days.day_of_year - COLDEST_DAY) / DAYS_A_YEAR
    years = (days - plan.start).days / DAYS_A_YEAR
    warming = drift.WARMING_A_YEAR * years if drift.drifts(plan) else 0.0
    mean = climate.mean - climate.amplitude * np.cos(phase) + warming
    mean = mean + drift.HOT_SUMMER_DEGREES * drift.hot_summer(plan, days)
    mean = mean + SHOCK * _persistent(plan, "temperature", n, PERSISTENCE)
    # How clear one day is tells a little of the next (assumption: by .4).
    sky = ndtr(_persistent(plan, "sky", n, 0.4) * np.sqrt(1 - 0.4**2))
    rain = sky < climate.rainy_days
    swing = SWING * (0.6 + 0.8 * sky)
    damp = stream(plan.seed, "weather", "humidity").normal(0, 6, n)
    return pd.DataFrame(
        {
            "date": days,
            "t_mean": np.round(mean, 1),
            "t_max": np.round(mean + swing, 1),
            "t_min": np.round(mean - swing, 1),
            "humidity": np.round((climate.humidity + 18 * rain + damp).clip(10, 100)),
            "true_rain": rain,
            "true_clear": betaincinv(*CLEAR, sky),
        }
    )


def climate_of(plan: Plan) -> RegionClimate:
    """Place and limits of the region; every synthetic region states them."""
    if plan.settings.climate is None:
        raise ValueError(f"{plan.name}.yaml states no climate")
    return plan.settings.climate


def daylight_hours(latitude: float, days: pd.DatetimeIndex) -> np.ndarray:
    """Hours from sunrise to sunset.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2024-03-20", "2024-06-21", "2024-12-21"])
    >>> daylight_hours(39.1, days).round(1).tolist()
    [12.0, 14.8, 9.2]
    """
    # Cooper's formula for the declination of the sun.
    tilt = np.deg2rad(23.45) * np.sin(2 * np.pi * (284 + days.day_of_year) / 365)
    cosine = -np.tan(np.deg2rad(latitude)) * np.tan(tilt)
    return np.asarray(24 / np.pi * np.arccos(np.clip(cosine, -1, 1)))


def solar_noon(longitude: float) -> float:
    """Hour of Beijing time at which the sun stands highest, in the mean of the year."""
    return 12 + (120 - longitude) / 15


def _persistent(plan: Plan, name: str, n: int, persistence: float) -> np.ndarray:
    """Standard shocks, each day keeping a part of the day before."""
    shocks = stream(plan.seed, "weather", name).standard_normal(n)
    return following(shocks, persistence)
