"""The features of `table.customer_features` in one pass over the readings.

A compiled loop reduces each day to a few numbers, see `_kernels`; the array functions
that define the features go on from there. numba, which compiles the loop, is imported
when it is first called and not before.
"""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd

from research.features.load.area import against_peak, at_slots
from research.features.load.daily import DAY_WINDOWS, _overlap
from research.features.load.energy import DAYS_A_YEAR, HOURS_A_YEAR
from research.features.load.present import count, highest, mean, ratio, total
from research.features.load.rhythm import (
    coefficient_of_variation,
    mean_hour,
    ratio_of_days,
    robust_coefficient_of_variation,
    trend,
)

_BASE = 0.05
_NUMBERS = (
    "count",
    "total",
    "highest",
    "lowest",
    "steps",
    "step_count",
    "highest_step",
    "peak",
    "valley",
    "plogp",
    "error",
    "size",
)


def area_sums(
    power: np.ndarray, complete_share: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum and number of the customers present at each slot, complete days only.

    And the highest load of each customer, since it is at hand.

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot, NaN where missing. [kW]
    complete_share : float
        Share of the slots that a day needs in order to count.

    Returns
    -------
    summed : float64 array of shape (n_days, n_slots)
        [kW]
    present : int64 array of that shape
    highest : float64 array of shape (n_customers,)
        NaN without a complete day. [kW]

    Examples
    --------
    >>> power = np.array([[[1.0, 3.0], [2.0, np.nan]], [[1.0, 1.0], [2.0, 2.0]]])
    >>> summed, present, highest = area_sums(power, 0.9)
    >>> summed.tolist(), present.tolist(), highest.tolist()
    ([[2.0, 4.0], [2.0, 2.0]], [[2, 2], [1, 1]], [3.0, 2.0])
    """
    summed = np.zeros(power.shape[1:])
    present = np.zeros(power.shape[1:], dtype=np.int64)
    fewest = _fewest(power.shape[-1], complete_share)
    highest = np.full(len(power), -np.inf)
    _loops().area_sums(_plain(power), fewest, summed, present, highest)
    return summed, present, np.where(highest > -np.inf, highest, np.nan)


def features_in_one_pass(
    power: np.ndarray,
    calendar: pd.DataFrame,
    area_peak: np.ndarray,
    *,
    complete_share: float = 0.9375,
    bands: np.ndarray | None = None,
    band_names: Sequence[str] = (),
) -> pd.DataFrame:
    """As `table.customer_features`, in a seventh of its time if numba is there.

    The two differ in the order of sums, and of float32 in a ramp, whose steps are
    taken in float64 here: by 1e-6 of the value at the most.

    Parameters
    ----------
    power, calendar, area_peak, complete_share, bands, band_names
        As for `customer_features`.

    Returns
    -------
    features_in_one_pass : DataFrame of shape (n_customers, n_features)
        The columns of `customer_features`.

    Examples
    --------
    >>> power = np.array([[[1.0, 3.0], [2.0, 2.0]]])
    >>> calendar = pd.DataFrame({"working": [True, False], "season": "winter"})
    >>> features = features_in_one_pass(power, calendar, area_peak=power[0] == 3)
    >>> features[["mean_power", "base_load", "coincidence", "rest_day_ratio"]]
       mean_power  base_load  coincidence  rest_day_ratio
    0         2.0       1.15          1.0             1.0
    """
    _, n_days, n_slots = power.shape
    fewest = _fewest(n_slots, complete_share)
    kinds, kind_bands = _kinds(bands, n_days, n_slots)
    days = _reduced(power, fewest, kinds, len(kind_bands))

    complete = days.count >= fewest
    n_present = np.where(complete, days.count, 0)
    energy = 24 * ratio(np.where(complete, days.total, 0), n_present)
    day_mean = energy / 24
    spread = days.highest - days.lowest
    all_mean = ratio(total(days.total), n_present.sum(axis=-1))
    all_highest = highest(days.highest)
    at_peak = at_slots(power, area_peak, complete_share)
    against = against_peak(at_peak, all_highest)
    low, high = days.low.astype(np.float64).T
    position = _BASE * np.maximum(n_present.sum(axis=-1) - 1, 0)
    base = low + (high - low) * (position - np.floor(position))
    hour = 24 / n_slots
    working = calendar["working"].to_numpy(dtype=bool)
    season = calendar["season"].to_numpy()
    every_day = np.ones(n_days, dtype=bool)
    entropy = ratio(-days.plogp, np.log(n_slots))
    features = {
        "annual_energy": DAYS_A_YEAR * mean(energy),
        "mean_power": all_mean,
        "base_load": base,
        "area_peak_load": against["area_peak_load"],
        "peak_valley_difference": mean(spread),
        "load_factor": mean(ratio(day_mean, days.highest)),
        "minimum_load_rate": mean(ratio(days.lowest, days.highest)),
        "peak_valley_difference_rate": mean(ratio(spread, days.highest)),
        "shape_entropy": mean(np.clip(entropy, 0, 1)),
        "mean_ramp": mean(ratio(ratio(days.steps, days.step_count), day_mean)),
        "maximum_ramp": mean(ratio(days.highest_step, day_mean)),
        "peak_hour": mean_hour(np.where(spread > 0, hour * days.peak, np.nan)),
        "valley_hour": mean_hour(np.where(spread > 0, hour * days.valley, np.nan)),
    }
    for i, window in enumerate(DAY_WINDOWS):
        features[f"share_{window}"] = mean(ratio(days.windows[i], days.total))
    features |= {
        "base_load_share": ratio(base, all_mean),
        "full_load_hours": HOURS_A_YEAR * ratio(all_mean, all_highest),
        "coincidence": against["coincidence"],
        "coefficient_of_variation": coefficient_of_variation(energy),
        "robust_coefficient_of_variation": robust_coefficient_of_variation(energy),
        "day_to_day_variability": mean(ratio(days.error, days.size)),
        "rest_day_ratio": ratio_of_days(energy, ~working, working),
        "summer_ratio": ratio_of_days(energy, season == "summer", every_day),
        "winter_ratio": ratio_of_days(energy, season == "winter", every_day),
        "trend": trend(energy),
    }
    if bands is not None:
        in_band = [
            days.by_kind[:, kind_bands == band].sum(axis=-1)
            for band in range(len(band_names))
        ]
        in_band = np.stack(in_band, axis=-1)
        shares = ratio(in_band, in_band.sum(axis=-1, keepdims=True))
        features |= {f"share_{name}": shares[:, i] for i, name in enumerate(band_names)}
    n_readings = days.count.sum(axis=-1)
    features |= {
        "missing_share": 1 - n_readings / (n_days * n_slots),
        "complete_days": count(energy),
    }
    return pd.DataFrame(features)


def _reduced(
    power: np.ndarray,
    fewest: int,
    kinds: np.ndarray,
    n_kinds: int,
) -> SimpleNamespace:
    """What the loop leaves of each day and customer, NaN on days not complete."""
    n_customers, n_days, n_slots = power.shape
    days = {name: np.full((n_customers, n_days), np.nan) for name in _NUMBERS}
    windows = np.full((len(DAY_WINDOWS), n_customers, n_days), np.nan)
    by_kind = np.empty((n_customers, n_kinds, n_slots))
    weights = [_overlap(n_slots, *hours) for hours in DAY_WINDOWS.values()]
    power = _plain(power)
    low = np.empty((n_customers, 2), power.dtype)
    _loops().reduce_cube(
        power,
        fewest,
        np.array(weights),
        kinds,
        tuple(days.values()),
        windows,
        by_kind,
        low,
        _BASE,
    )
    return SimpleNamespace(
        **days,
        windows=windows,
        by_kind=by_kind,
        low=low,
    )


@cache
def _loops() -> ModuleType:
    return import_module("research.features.load._kernels")


def _plain(power: np.ndarray) -> np.ndarray:
    """The cube row by row in float32 or float64: what the loops are compiled for."""
    dtype = np.float32 if power.dtype == np.float32 else np.float64
    return np.ascontiguousarray(power, dtype)


def _fewest(n_slots: int, complete_share: float) -> int:
    """Readings that make a day complete, as `energy.complete_days` reckons."""
    enough = np.arange(1, n_slots + 1) / n_slots >= complete_share
    return int(enough.argmax()) + 1 if enough.any() else n_slots + 1


def _kinds(
    bands: np.ndarray | None, n_days: int, n_slots: int
) -> tuple[np.ndarray, np.ndarray]:
    """Number the days whose slots lie in the same bands, and give those bands."""
    if bands is None:
        return np.zeros(n_days, dtype=np.int64), np.full((1, n_slots), -1)
    alike = [day.tobytes() for day in np.ascontiguousarray(bands)]
    first = dict(zip(reversed(alike), range(n_days - 1, -1, -1), strict=True))
    number = {day: i for i, day in enumerate(first)}
    kinds = np.array([number[day] for day in alike], dtype=np.int64)
    return kinds, bands[list(first.values())]
