"""Indicators of a daily load curve, along the last axis of any array of curves.

Every function takes `power` of shape (..., n_slots), the mean power of each slot of
the day in kW, NaN where the reading is missing, and gives one float64 a curve, of
shape (...). A curve without readings gives NaN. The ranges hold for readings of at
least zero: of a customer who feeds in, take import and export apart first.
"""

import numpy as np
from scipy.special import entr

from research.features.load.present import highest, lowest, mean, ratio, total

DAY_WINDOWS = {
    "night": (22, 6),
    "morning": (6, 10),
    "midday": (10, 17),
    "evening": (17, 22),
}
"""The parts of the day [h of the clock]; together they hold each hour once."""


def load_factor(power: np.ndarray) -> np.ndarray:
    """Mean load over highest load of the day (负荷率).

    Near 1 for a customer who draws the same power all day, near 0 for one sharp
    peak. Scale-free: a workshop and a smelter of one rhythm share one value.

    Parameters
    ----------
    power : array of shape (..., n_slots)
        Daily load curves. Missing readings are left out. [kW]

    Returns
    -------
    load_factor : array of shape (...)
        In [0, 1]; NaN where no reading is above zero. [unitless]

    References
    ----------
    .. [1] F. McLoughlin, A. Duffy and M. Conlon, "A clustering approach to domestic
       electricity load profile characterisation using smart metering data",
       Applied Energy, vol. 141, pp. 190-199, 2015.

    Examples
    --------
    >>> load_factor(np.array([[2.0, 2.0, 2.0, 2.0], [0.0, 0.0, 4.0, 0.0]])).tolist()
    [1.0, 0.25]
    """
    return ratio(mean(power), highest(power))


def minimum_load_rate(power: np.ndarray) -> np.ndarray:
    """Lowest load over highest load of the day (最小负荷率).

    Parameters
    ----------
    power : array of shape (..., n_slots)
        Daily load curves. Missing readings are left out. [kW]

    Returns
    -------
    minimum_load_rate : array of shape (...)
        In [0, 1]; NaN where no reading is above zero. [unitless]

    Examples
    --------
    >>> float(minimum_load_rate(np.array([1.0, 2.0, 4.0, 3.0])))
    0.25
    """
    return ratio(lowest(power), highest(power))


def peak_valley_difference(power: np.ndarray) -> np.ndarray:
    """Highest load less lowest load of the day (峰谷差).

    Parameters
    ----------
    power : array of shape (..., n_slots)
        Daily load curves. Missing readings are left out. [kW]

    Returns
    -------
    peak_valley_difference : array of shape (...)
        At least 0; NaN where no reading is present. [kW]

    Examples
    --------
    >>> float(peak_valley_difference(np.array([1.0, 2.0, 4.0, 3.0])))
    3.0
    """
    return np.subtract(highest(power), lowest(power), dtype=np.float64)


def peak_valley_difference_rate(power: np.ndarray) -> np.ndarray:
    """Peak-valley difference over highest load of the day (峰谷差率).

    Parameters
    ----------
    power : array of shape (..., n_slots)
        Daily load curves. Missing readings are left out. [kW]

    Returns
    -------
    peak_valley_difference_rate : array of shape (...)
        In [0, 1], 1 - `minimum_load_rate`; NaN where no reading is above zero.
        [unitless]

    Examples
    --------
    >>> float(peak_valley_difference_rate(np.array([1.0, 2.0, 4.0, 3.0])))
    0.75
    """
    return ratio(peak_valley_difference(power), highest(power))


def shape_entropy(power: np.ndarray) -> np.ndarray:
    """Entropy of the energy shares of the slots, over that of a flat day (负荷形状熵).

    1 where each slot takes the same share of the day's energy, 0 where one slot
    takes it all. A missing reading counts as a slot without energy, so a flat day
    with 90 of 96 readings has 0.986, ln 90 / ln 96.

    Parameters
    ----------
    power : array of shape (..., n_slots)
        Daily load curves. [kW]

    Returns
    -------
    shape_entropy : array of shape (...)
        In [0, 1]; NaN where the day has no energy, where a reading is below zero
        and where the day has one slot only. [unitless]

    References
    ----------
    .. [1] C. E. Shannon, "A mathematical theory of communication", Bell System
       Technical Journal, vol. 27, pp. 379-423, 1948.

    Examples
    --------
    >>> shape_entropy(np.array([[3.0, 3.0, 3.0, 3.0], [2.0, 0.0, 2.0, 0.0]])).tolist()
    [1.0, 0.5]
    """
    share = ratio(power, total(power)[..., np.newaxis])
    entropy = ratio(total(entr(share)), np.log(power.shape[-1]))
    known = (total(power) > 0) & (lowest(power) >= 0)
    return np.where(known, np.clip(entropy, 0, 1), np.nan)


def mean_ramp(power: np.ndarray) -> np.ndarray:
    """Mean change between neighbouring slots, over the mean load (平均爬坡).

    Up or down alike. A change counts where both slots are present; the step over
    midnight does not. Compare curves of one resolution only: a quarter of an hour
    sees more change than an hour.

    Parameters
    ----------
    power : array of shape (..., n_slots)
        Daily load curves. [kW]

    Returns
    -------
    mean_ramp : array of shape (...)
        At least 0; NaN where no two neighbours are present or the mean load is not
        above zero. [unitless]

    Examples
    --------
    >>> float(mean_ramp(np.array([1.0, 3.0, 3.0, 1.0, 2.0])))
    0.625
    """
    return ratio(mean(_steps(power)), mean(power))


def maximum_ramp(power: np.ndarray) -> np.ndarray:
    """Largest change between neighbouring slots, over the mean load (最大爬坡).

    Up or down alike. A change counts where both slots are present; the step over
    midnight does not.

    Parameters
    ----------
    power : array of shape (..., n_slots)
        Daily load curves. [kW]

    Returns
    -------
    maximum_ramp : array of shape (...)
        At least 0; NaN where no two neighbours are present or the mean load is not
        above zero. [unitless]

    Examples
    --------
    >>> float(maximum_ramp(np.array([1.0, 3.0, 3.0, 1.0, 2.0])))
    1.0
    """
    return ratio(highest(_steps(power)), mean(power))


def peak_hour(power: np.ndarray) -> np.ndarray:
    """Hour of the clock at which the slot of the highest load starts (峰时).

    Of slots that tie, the first; so a constant day has its peak at 0.

    Parameters
    ----------
    power : array of shape (..., n_slots)
        Daily load curves. Missing readings are left out. [kW]

    Returns
    -------
    peak_hour : array of shape (...)
        In [0, 24); NaN where no reading is present. [h]

    Examples
    --------
    >>> float(peak_hour(np.array([1.0, 2.0, 4.0, 4.0])))
    12.0
    """
    slot = np.where(np.isnan(power), -np.inf, power).argmax(axis=-1)
    return _start_of(slot, power)


def valley_hour(power: np.ndarray) -> np.ndarray:
    """Hour of the clock at which the slot of the lowest load starts (谷时).

    Of slots that tie, the first; so a constant day has its valley at 0.

    Parameters
    ----------
    power : array of shape (..., n_slots)
        Daily load curves. Missing readings are left out. [kW]

    Returns
    -------
    valley_hour : array of shape (...)
        In [0, 24); NaN where no reading is present. [h]

    Examples
    --------
    >>> float(valley_hour(np.array([2.0, 1.0, 1.0, 4.0])))
    6.0
    """
    slot = np.where(np.isnan(power), np.inf, power).argmin(axis=-1)
    return _start_of(slot, power)


def window_share(power: np.ndarray, start_hour: float, end_hour: float) -> np.ndarray:
    """Share of the day's energy that falls in a window of the clock (时段电量占比).

    A slot that lies partly in the window counts by its overlap. The window crosses
    midnight where `end_hour` is not after `start_hour`; 6 to 6 is the whole day.

    Parameters
    ----------
    power : array of shape (..., n_slots)
        Daily load curves. Missing readings are left out of both sums. [kW]
    start_hour, end_hour : float
        Begin and end of the window, in [0, 24]. [h]

    Returns
    -------
    window_share : array of shape (...)
        In [0, 1]; NaN where the day has no energy. [unitless]

    Examples
    --------
    Four slots of six hours; 22 to 6 holds all of the first, a third of the last.

    >>> float(window_share(np.array([2.0, 1.0, 4.0, 3.0]), 22, 6))
    0.3
    """
    weight = _overlap(power.shape[-1], start_hour, end_hour)
    return ratio(total(power * weight), total(power))


def _steps(power: np.ndarray) -> np.ndarray:
    return np.abs(np.diff(power, axis=-1))


def _start_of(slot: np.ndarray, power: np.ndarray) -> np.ndarray:
    hour = slot * (24 / power.shape[-1])
    return np.where(np.isnan(power).all(axis=-1), np.nan, hour)


def _overlap(n_slots: int, start_hour: float, end_hour: float) -> np.ndarray:
    """Part of each slot that lies in the window, in [0, 1]."""
    width = 24 / n_slots
    opens = np.arange(n_slots) * width
    end = start_hour + ((end_hour - start_hour) % 24 or 24)
    covered = [
        np.minimum(opens + width, end - lap) - np.maximum(opens, start_hour - lap)
        for lap in (0, 24)
    ]
    return np.clip(covered, 0, None).sum(axis=0) / width
