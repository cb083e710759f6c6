"""What a customer usually takes at a time: the level that repairs go by."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.grids import DAY

# A level is a median over four weeks, long enough to outvote a run of bad days,
# short enough to follow the seasons; a week of days must be there.
_BLOCK_DAYS, _FEWEST_DAYS = 28, 7
# Weekdays are told apart once each came four times.
_FEWEST_WEEKS = 4
# A rhythm is read from at most this many days, evenly taken: more change nothing.
_RHYTHM_DAYS = 84


class Typical(NamedTuple):
    """What is usual for each customer, both of the shape of the readings.

    Attributes
    ----------
    level : ndarray of shape (n_customers, n_stamps)
        Usual energy of an interval in these weeks, whatever the hour. [kWh]
    expected : ndarray of that shape
        The same by weekday and time of day. [kWh]
    """

    level: np.ndarray
    expected: np.ndarray


def by_day(
    kwh: np.ndarray, stamps: pd.DatetimeIndex, minutes: int
) -> tuple[np.ndarray, int]:
    """Readings laid out on whole days of their own clock, and the slots before them.

    Returns
    -------
    days : ndarray of shape (n_customers, n_days, n_slots)
        NaN where there is no reading. [kWh]
    before : int
        Slots of the first day that lie before the first stamp.

    Examples
    --------
    >>> stamps = pd.date_range("2024-01-01 12:00", periods=3, freq="12h")
    >>> by_day(np.array([[1.0, 2.0, 3.0]]), stamps, 720)[0].tolist()
    [[[nan, 1.0], [2.0, 3.0]]]
    """
    n_slots = DAY // minutes
    before = int((stamps[0] - stamps[0].normalize()) // pd.Timedelta(minutes=minutes))
    n_days = -(-(before + kwh.shape[1]) // n_slots)
    whole = np.full((len(kwh), n_days * n_slots), np.nan, dtype=np.float32)
    whole[:, before : before + kwh.shape[1]] = kwh
    return whole.reshape(len(kwh), n_days, n_slots), before


def median(values: np.ndarray, axis: int) -> np.ndarray:
    """Median of the values that are there; NaN where none is.

    ``np.nanmedian`` says the same, ten times slower on wide arrays.
    """
    ordered = np.sort(values, axis=axis)  # NaN last
    count = np.isfinite(ordered).sum(axis=axis, keepdims=True)
    low, high = np.maximum(count - 1, 0) // 2, np.maximum(count, 1) // 2
    high = np.minimum(high, np.maximum(count - 1, 0))
    middle = np.take_along_axis(ordered, low, axis)
    middle = (middle + np.take_along_axis(ordered, high, axis)) / 2
    return middle.squeeze(axis)


def day_means(days: np.ndarray, least: float = 0.5) -> np.ndarray:
    """Mean energy of an interval of each day, NaN below a share `least` of it read."""
    read = np.isfinite(days)
    count = np.count_nonzero(read, axis=2)
    total = np.where(read, days, 0).sum(axis=2, dtype=np.float64)
    enough = (count >= least * days.shape[2]) & (count > 0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=enough)


def typical(kwh: np.ndarray, stamps: pd.DatetimeIndex, minutes: int) -> Typical:
    """Usual energy of every interval of every customer, from the customer alone.

    Level of the weeks around x weekday x time of day, all medians: a lump after a gap
    or a week of zeros does not move them. A customer without a day half read has 0.

    Parameters
    ----------
    kwh : ndarray of shape (n_customers, n_stamps)
    stamps : DatetimeIndex of shape (n_stamps,)
    minutes : int
        Length of the interval.
    """
    days, before = by_day(kwh, stamps, minutes)
    means = day_means(days)
    level = levels(means)
    first = stamps[0].normalize()
    weekday = (first.day_of_week + np.arange(days.shape[1])) % 7
    weight = _weekdays(_over(means, level), weekday)
    rhythm = _rhythm(days, means)
    expected = (level * weight)[:, :, None] * rhythm[:, None, :]
    within = slice(before, before + kwh.shape[1])
    flat = np.repeat(level, days.shape[2], axis=1)
    return Typical(flat[:, within], expected.reshape(len(kwh), -1)[:, within])


def _over(values: np.ndarray, level: np.ndarray) -> np.ndarray:
    out = np.full(values.shape, np.nan)
    return np.divide(values, level, out=out, where=level > 0)


def levels(means: np.ndarray) -> np.ndarray:
    """Median level of each four weeks, drawn straight from middle to middle.

    Parameters
    ----------
    means : ndarray of shape (n_customers, n_days)
        Mean energy of an interval of each day; NaN where too little was read. [kWh]

    Returns
    -------
    levels : float64 ndarray of that shape
    """
    n_customers, n_days = means.shape
    n_blocks = max(n_days // _BLOCK_DAYS, 1)
    size = -(-n_days // n_blocks)
    padded = np.full((n_customers, n_blocks * size), np.nan)
    padded[:, :n_days] = means
    blocks = padded.reshape(n_customers, n_blocks, size)
    medians = median(blocks, axis=2)
    few = np.isfinite(blocks).sum(axis=2) < _FEWEST_DAYS
    overall = np.nan_to_num(median(means, axis=1))[:, None]
    medians = np.where(few | np.isnan(medians), overall, medians)
    middles = (np.arange(n_blocks) + 0.5) * size - 0.5
    weights = [np.interp(np.arange(n_days), middles, row) for row in np.eye(n_blocks)]
    return medians @ np.array(weights)


def _weekdays(ratios: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    """Share of the level that each day's weekday usually has; 1 where unknown."""
    weight = np.ones(ratios.shape)
    for day in range(7):
        here = weekday == day
        enough = np.isfinite(ratios[:, here]).sum(axis=1) >= _FEWEST_WEEKS
        usual = median(ratios[:, here], axis=1) if here.any() else 1.0
        weight[:, here] = np.where(enough, usual, 1.0)[:, None]
    return weight


def _rhythm(days: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Time of day as a share of the day's mean; mean 1."""
    n_customers, n_days, n_slots = days.shape
    if n_slots == 1:
        return np.ones((n_customers, 1))
    step = -(-n_days // _RHYTHM_DAYS)
    ratios = _over(days[:, ::step], np.nan_to_num(means[:, ::step, None]))
    shape = median(ratios, axis=1)
    mean = np.nanmean(np.where(np.isnan(shape), 1, shape), axis=1, keepdims=True)
    return np.where(np.isnan(shape) | (mean == 0), 1, shape / np.where(mean, mean, 1))
