"""A region at a glance: who is read when, its days, its clock, a day by segment."""

import numpy as np
import pandas as pd

from research.features.load.energy import daily_energy
from research.region import NotApplicable


def weekly_presence(region) -> pd.DataFrame:
    """Share of the expected readings that are there, by customer and week.

    Parameters
    ----------
    region : region with readings

    Returns
    -------
    presence : DataFrame of shape (n_customers, n_weeks)
        In [0, 1]; columns are the first days of the weeks, counted from the region's
        first day; the last week may be shorter.
    """
    parts = []
    for cube in region.cubes():
        daily = np.isfinite(cube.power).mean(axis=2)
        frame = pd.DataFrame(daily.T, index=cube.days, columns=cube.customer_id)
        parts.append(frame.resample("7D", origin="start").mean().T)
    return pd.concat(parts)


def area_days(region) -> pd.DataFrame:
    """Mean energy a customer and day, and how many customers are read.

    Parameters
    ----------
    region : region with readings

    Returns
    -------
    days : DataFrame of shape (n_days, 2)
        `kwh`: mean over the customers with enough readings that day [kWh], NaN where
        there are none; `customers`: their number.
    """
    share = region.settings.quality.complete_day_share
    total = np.zeros(len(region.days))
    customers = np.zeros(len(region.days), dtype=int)
    for cube in region.cubes():
        energy = daily_energy(cube.power, share)
        total += np.nansum(energy, axis=0)
        customers += np.isfinite(energy).sum(axis=0)
    kwh = np.divide(
        total, customers, out=np.full(len(total), np.nan), where=customers > 0
    )
    return pd.DataFrame({"kwh": kwh, "customers": customers}, index=region.days)


def morning_rise(region, *, earliest: float = 4, latest: float = 11) -> pd.DataFrame:
    """When the working-day load rises most steeply in the morning, month by month.

    People get up by the civil clock. If the declared clock is right, the civil column
    hardly moves over the year; where the meters keep another clock, theirs jumps when
    daylight saving begins and ends.

    Parameters
    ----------
    region : region with readings of an hour or less
    earliest, latest : float
        Where to look. [h]

    Returns
    -------
    rise : DataFrame of shape (n_months, 2)
        Index first days of the months; `meter_clock` and `civil_clock`: the middle of
        the steepest two hours. [h]

    Raises
    ------
    NotApplicable
        If the region has daily readings only.
    """
    minutes = region.settings.readings.resolution_minutes
    if minutes > 60:
        raise NotApplicable("the morning rise needs readings of an hour or less")
    total = count = 0.0
    for cube in region.cubes():
        present = np.isfinite(cube.power)
        total = total + np.where(present, cube.power, 0).sum(axis=0)
        count = count + present.sum(axis=0)
    load = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    working = region.calendar["working"].to_numpy()
    frame = pd.DataFrame(load[working], index=region.days[working])
    civil = frame.groupby(frame.index.to_period("M")).mean().interpolate(axis=1)
    steps = 60 // minutes  # difference over two hours, taken at their middle
    values = civil.to_numpy()
    hour = np.arange(steps, values.shape[1] - steps) * minutes / 60
    slope = values[:, 2 * steps :] - values[:, : -2 * steps]
    slope = np.where((hour >= earliest) & (hour <= latest), slope, -np.inf)
    found = _peak_of(slope, hour)
    index = civil.index.to_timestamp()
    noon = (index + pd.Timedelta(days=14, hours=12)).tz_localize(
        region.settings.timezone
    )
    there = noon.tz_convert(region.settings.readings.clock).tz_localize(None)
    shift = (there - noon.tz_localize(None)) / pd.Timedelta(hours=1)
    return pd.DataFrame(
        {"meter_clock": found + shift.to_numpy(), "civil_clock": found}, index=index
    )


def _peak_of(slope: np.ndarray, hour: np.ndarray) -> np.ndarray:
    """Hour of the largest value of each row, between slots by the parabola there."""
    at = np.clip(slope.argmax(axis=1), 1, slope.shape[1] - 2)
    rows = np.arange(len(slope))
    left, top, right = (slope[rows, at + step] for step in (-1, 0, 1))
    bend = left - 2 * top + right
    usable = np.isfinite(bend) & (bend < 0)
    offset = np.zeros(len(slope))
    np.divide(left - right, 2 * bend, out=offset, where=usable)
    return hour[at] + np.clip(offset, -0.5, 0.5) * (hour[1] - hour[0])


def load_by_segment(region, segments: pd.Series, day: pd.Timestamp) -> pd.DataFrame:
    """Load of each segment on one day.

    Parameters
    ----------
    region : region with readings
    segments : Series of shape (n_customers,)
        Segment of each customer; customers without one are left out.
    day : Timestamp
        Civil day.

    Returns
    -------
    load : DataFrame of shape (n_slots, n_segments)
        Index hour of the day; sum over the segment's customers. Missing readings
        count as nothing. [kW]
    """
    position = region.days.get_loc(day)
    parts = [
        pd.DataFrame(cube.power[:, position], index=cube.customer_id)
        for cube in region.cubes()
    ]
    load = pd.concat(parts).reindex(segments.index)
    load.columns = pd.Index(
        np.arange(load.shape[1]) * 24 / load.shape[1], name="hour", dtype=float
    )
    return load.groupby(segments).sum().T
