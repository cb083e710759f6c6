"""Readings as arrays: whole customers on the meter's clock, or on civil days."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Grid:
    """Readings of some customers on the regular stamps of the meters' clock.

    Attributes
    ----------
    customer_id : Index of shape (n_customers,)
    stamps : DatetimeIndex of shape (n_stamps,)
        Start of each interval on the meters' clock, without gaps.
    kwh : ndarray of shape (n_customers, n_stamps)
        Energy of the interval [kWh]; NaN where there is no reading.
    """

    customer_id: pd.Index
    stamps: pd.DatetimeIndex
    kwh: np.ndarray


@dataclass(frozen=True)
class Cube:
    """Mean power of some customers by civil day and slot of the day.

    Attributes
    ----------
    customer_id : Index of shape (n_customers,)
    days : DatetimeIndex of shape (n_days,)
        Civil days of the region, the same for every cube of a region.
    power : ndarray of shape (n_customers, n_days, n_slots)
        Mean power of the slot [kW]; NaN where there is no reading.
    """

    customer_id: pd.Index
    days: pd.DatetimeIndex
    power: np.ndarray


@dataclass(frozen=True)
class CivilSlots:
    """Where each slot of each civil day lies among the stamps of a grid.

    Attributes
    ----------
    days : DatetimeIndex of shape (n_days,)
    first, second : ndarray of shape (n_days, n_slots)
        Positions among the stamps; -1 where there is none. `second` is used only
        by the hour that comes twice when daylight saving ends; the hour that is
        skipped when it begins has none.
    """

    days: pd.DatetimeIndex
    first: np.ndarray
    second: np.ndarray


def civil_slots(
    stamps: pd.DatetimeIndex, *, clock: str, timezone: str, minutes: int
) -> CivilSlots:
    """Lay the stamps of the meters' clock out on civil days.

    Parameters
    ----------
    stamps : DatetimeIndex of shape (n_stamps,)
        Regular interval starts on `clock`, without a time zone.
    clock, timezone : str
        IANA zones of the meters and of the customers. People get up by the civil
        clock: without this step a summer morning of meters that keep standard time
        all year would lie an hour early.
    minutes : int
        Length of the interval.

    Examples
    --------
    British summer time begins: the hour from 01:00 does not exist.

    >>> stamps = pd.date_range("2013-03-31", periods=23, freq="h")
    >>> slots = civil_slots(
    ...     stamps, clock="UTC", timezone="Europe/London", minutes=60)
    >>> slots.first[0, :4].tolist()
    [0, -1, 1, 2]
    """
    if clock == timezone or minutes == 24 * 60:
        civil = stamps
    else:
        aware = stamps.tz_localize(clock, ambiguous="NaT", nonexistent="NaT")
        civil = aware.tz_convert(timezone).tz_localize(None)
    position = np.flatnonzero(civil.notna())
    civil = civil[position]
    day = civil.normalize()
    days = pd.date_range(day.min(), day.max(), freq="D")
    row = (day - days[0]) // pd.Timedelta(days=1)
    column = (civil - day) // pd.Timedelta(minutes=minutes)
    first = np.full((len(days), 24 * 60 // minutes), -1)
    second = first.copy()
    again = pd.MultiIndex.from_arrays([row, column]).duplicated()
    first[row[~again], column[~again]] = position[~again]
    second[row[again], column[again]] = position[again]
    return CivilSlots(days, first, second)


def cube_of(grid: Grid, slots: CivilSlots, *, minutes: int) -> Cube:
    """Mean power by civil day and slot; an hour that comes twice is averaged.

    The average keeps the shape of that one day right; its energy is that of 24
    hours instead of 25.
    """
    power = grid.kwh[:, slots.first] * np.float32(60 / minutes)
    power[:, slots.first < 0] = np.nan
    doubled = slots.second >= 0
    if doubled.any():
        again = grid.kwh[:, slots.second[doubled]] * np.float32(60 / minutes)
        once = power[:, doubled]
        power[:, doubled] = np.where(
            np.isnan(once), again, np.where(np.isnan(again), once, (once + again) / 2)
        )
    return Cube(grid.customer_id, slots.days, power)
