"""What changes in the drifting region, month by month of its 36.

The script is that of the generator's specification, section 9. Month 0 is the first
month of the region; other regions do not drift.
"""

import numpy as np
import pandas as pd

from research.region.synthetic.plan import DRIFTING, Plan
from research.region.tariff_settings import BandWindow

TOU_CHANGE = 18
SHIFT_LOSS = 20
METER_ROLL_OUT = 15
ALERTS = 24
NO_REACTIVE = (27, 30)
CODES_RENAMED = 30
# The hot summer: the script's month 10 is no summer where month 0 is January, so the
# first summer is taken, which no other change touches.
HOT_SUMMER = (5, 7)
HOT_SUMMER_DEGREES = 2.0
WARMING_A_YEAR = 0.4
# Hours that become peak hours of commerce and industry; the share of their energy that
# a customer who answers moves out of them, into the valley hours.
NEW_PEAK = (17, 22)
VALLEY = (23, 7)
SHIFTED_ENERGY = 0.3
# Works that lose a shift keep this share of their energy (assumption).
ONE_SHIFT_ENERGY = 0.6
ECONOMY_FALL = 0.08
EVENING_LATER_HOURS = 0.5
# Their windows until then, in every month: no sharp hours in summer either. Prices of
# the bands stay as they are.
OLD_BANDS = (
    BandWindow(name="peak", at=["09:00-12:00", "16:00-21:00"], x=1.5),
    BandWindow(name="valley", at=["23:00-07:00"], x=0.46),
)


def drifts(plan: Plan) -> bool:
    """Whether the region is the one that changes."""
    return plan.name == DRIFTING


def month_start(plan: Plan, month: int) -> pd.Timestamp:
    """First day of month `month`, counted from 0."""
    return plan.start + pd.DateOffset(months=month)


def from_month(plan: Plan, month: int, days: pd.DatetimeIndex) -> np.ndarray:
    """Which `days` come at or after the start of `month`; none without drift."""
    return np.full(len(days), drifts(plan)) & (days >= month_start(plan, month))


def hot_summer(plan: Plan, days: pd.DatetimeIndex) -> np.ndarray:
    """Which `days` lie in the hot summer."""
    first, last = HOT_SUMMER
    return from_month(plan, first, days) & ~from_month(plan, last + 1, days)


def later_evening(plan: Plan, days: pd.DatetimeIndex) -> np.ndarray:
    """By how many hours the homes' evening comes later on each of `days`, in hours."""
    if not drifts(plan):
        return np.zeros(len(days))
    share = (days - plan.start).days.to_numpy() / 1_096
    return EVENING_LATER_HOURS * np.clip(share, 0, 1)


def adoption_days(rng: np.random.Generator, n: int) -> np.ndarray:
    """Day, counted from 0, on which each of `n` adopters begins; logistic over time.

    Half of them have begun in month 20; the middle half within 11 months (assumption).
    """
    u = rng.uniform(0.02, 0.98, n)
    months = 20 + 5 * np.log(u / (1 - u))
    return np.clip(months * 30.4, 1, 36 * 30.4).astype(int)
