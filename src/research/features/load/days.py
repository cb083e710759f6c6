"""Every single day of every customer, as a curve of 24 hours."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.features.load.energy import complete_days
from research.features.load.parts import some_at_a_time
from research.features.load.present import mean
from research.region import NotApplicable

HOURS = 24
MAX_BRIDGED = 2
"""Hours of a complete day that may be missing and are bridged by a straight line."""


class DayCurves(NamedTuple):
    """The complete days of many customers, one row a customer and day.

    Attributes
    ----------
    power : ndarray of shape (n_customer_days, 24)
        Mean power of each hour, float32, without missing values. [kW]
    customer_id : Index of shape (n_customer_days,)
        Whose day it is. A customer's days stand together, in order of time.
    date : DatetimeIndex of shape (n_customer_days,)
        Which civil day it is.
    left_out : Series
        Customer-days by rule, see `day_curves`.
    """

    power: np.ndarray
    customer_id: pd.Index
    date: pd.DatetimeIndex
    left_out: pd.Series


def day_curves(region, customers: pd.Index | None = None) -> DayCurves:
    """Hourly curves of all complete days of a region's customers (逐日负荷曲线).

    Hours, because a quarter of an hour of one single day is chance: when exactly a
    kettle was on. A slot is the mean of the readings present in its hour.

    Parameters
    ----------
    region : region with readings of an hour or less
    customers : Index, optional
        Customers wanted; unset, all.

    Returns
    -------
    day_curves : DayCurves
        `left_out` counts customer-days by rule: `incomplete`, with fewer readings
        than `quality.complete_day_share` asks for; `gap`, with more than
        `MAX_BRIDGED` hours without any reading. Shorter gaps, such as the hour that
        the clock skips in spring, are bridged by a straight line, at the ends of the
        day by the nearest hour.

    Raises
    ------
    NotApplicable
        If the readings are of more than an hour, or no day is complete.

    Examples
    --------
    >>> from types import SimpleNamespace as Record
    >>> power = np.ones((1, 3, 24))
    >>> power[0, 0, 2], power[0, 1, :9] = np.nan, np.nan
    >>> cube = Record(
    ...     power=power,
    ...     customer_id=pd.Index(["C1"], name="customer_id"),
    ...     days=pd.date_range("2013-01-01", periods=3),
    ... )
    >>> region = Record(
    ...     minutes=60,
    ...     cubes=lambda: iter([cube]),
    ...     settings=Record(quality=Record(complete_day_share=0.9)),
    ... )
    >>> days = day_curves(region)
    >>> days.power.shape, list(days.date.day), days.left_out["incomplete"].item()
    ((2, 24), [1, 3], 1)
    """
    if region.minutes > 60:
        raise NotApplicable(
            "days by the hour need readings of an hour or less; this region's are of "
            f"{region.minutes} minutes"
        )
    share = region.settings.quality.complete_day_share
    powers, owners, dates = [], [], []
    incomplete = gap = 0
    for cube in region.cubes():
        wanted = np.ones(len(cube.customer_id), dtype=bool)
        if customers is not None:
            wanted = cube.customer_id.isin(customers)
        ids, cubed = cube.customer_id[wanted], cube.power[wanted]
        for rows in some_at_a_time(len(ids)):
            power = cubed[rows]
            complete = complete_days(power, share)
            hourly = mean(power.reshape(*power.shape[:2], HOURS, -1))
            absent = np.isnan(hourly).sum(axis=2)
            kept = complete & (absent <= MAX_BRIDGED)
            incomplete += int((~complete).sum())
            gap += int((complete & ~kept).sum())
            customer, day = np.nonzero(kept)
            powers.append(_bridged(hourly[kept]).astype(np.float32))
            owners.append(ids[rows].take(customer))
            dates.append(cube.days.take(day))
    if not sum(map(len, powers)):
        raise NotApplicable("no customer has a complete day of readings")
    return DayCurves(
        np.concatenate(powers),
        owners[0].append(owners[1:]),
        dates[0].append(dates[1:]),
        pd.Series({"incomplete": incomplete, "gap": gap}, name="customer_days"),
    )


def _bridged(curves: np.ndarray) -> np.ndarray:
    """Curves with their gaps closed by straight lines, at the ends by the nearest."""
    open_rows = np.isnan(curves).any(axis=1)
    if open_rows.any():
        frame = pd.DataFrame(curves[open_rows])
        closed = frame.interpolate(axis=1, limit_direction="both")
        curves[open_rows] = closed.to_numpy()
    return curves
