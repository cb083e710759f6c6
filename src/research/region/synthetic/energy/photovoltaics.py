"""Roofs: what they give, what the house uses of it, and what goes to the grid."""

import numpy as np
import pandas as pd

from research.region.synthetic.plan import Plan
from research.region.synthetic.population.shapes import HOURS, day_shapes
from research.region.synthetic.streams import stream
from research.region.synthetic.weather import (
    climate_of,
    daylight_hours,
    solar_noon,
)

# Power of a clear day is the cosine of the day to the power of 1.3 (section 4); what
# inverters, dust and tilt leave of it is assumed.
SHARPNESS, PERFORMANCE = 1.3, 0.78
CUSTOMERS_AT_A_TIME = 50


def sunshine(plan: Plan, weather: pd.DataFrame) -> np.ndarray:
    """Power of a roof of 1 kW in each quarter hour of each day.

    Returns
    -------
    sunshine : ndarray of float32, shape (n_days, 96)
        [kW]
    """
    climate = climate_of(plan)
    days = pd.DatetimeIndex(weather["date"])
    half = daylight_hours(climate.latitude, days)[:, None] / 2
    angle = np.pi / 2 * (HOURS - solar_noon(climate.longitude)) / half
    height = np.where(np.abs(angle) < np.pi / 2, np.cos(angle), 0.0)
    power = np.clip(height, 0, None) ** SHARPNESS * PERFORMANCE
    return (power * weather["true_clear"].to_numpy()[:, None]).astype(np.float32)


def house_shape() -> np.ndarray:
    """Share of a day's energy that a house with a roof takes in each quarter hour."""
    shape = day_shapes()["R8"][0]
    return (shape / shape.sum()).astype(np.float32)


def after_own_use(
    plan: Plan, people: pd.DataFrame, weather: pd.DataFrame, kwh: np.ndarray
) -> np.ndarray | None:
    """Take what roofs give off the energy `kwh` taken, in place; the rest is fed in.

    Each quarter hour the house uses the smaller of its need and the sun's.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, ...)
        `true_pv`, `pv_kw`, `true_change_date`.
    weather : DataFrame of shape (n_days, ...)
    kwh : ndarray of shape (n_customers, n_days)
        Energy used, and on return energy taken. [kWh]

    Returns
    -------
    export : ndarray of float32, shape (n_customers, n_days), or None
        None where there is no roof. [kWh]
    """
    who = np.flatnonzero(people["true_pv"])
    if not len(who):
        return None
    export = np.zeros_like(kwh)
    sun, size = sunshine(plan, weather) / 4, roofs(plan, people)
    for start in range(0, len(who), CUSTOMERS_AT_A_TIME):
        part = who[start : start + CUSTOMERS_AT_A_TIME]
        roof = size[part][:, :, None] * sun
        used = kwh[part][:, :, None] * house_shape()
        own_use = np.minimum(roof, used).sum(axis=2)
        export[part] = roof.sum(axis=2) - own_use
        kwh[part] -= own_use
    return export


def roofs(plan: Plan, people: pd.DataFrame) -> np.ndarray:
    """Effective size of each customer's roof on each day; 0 before there is one.

    Returns
    -------
    size : ndarray of float32, shape (n_customers, n_days)
        [kW]
    """
    # Roofs of one region see one sky, but for a tenth (assumption).
    own = stream(plan.seed, "energy", "roofs").normal(1, 0.1, len(people))
    size = people["pv_kw"].fillna(0).to_numpy() * own.clip(0.6, 1.4)
    changed = people["true_change_date"].to_numpy()
    has = np.isnat(changed)[:, None] | (plan.days.to_numpy() >= changed[:, None])
    return (size[:, None] * has).astype(np.float32)
