"""Customers whose readings no repair can touch, found in one quick look.

The repairs ask what is usual for a customer at a time, which takes longer than all
else that is done with a reading; hardly any customer needs it. Compiled loops sort
out those whose readings never do what a repair asks for first of all.
"""

from importlib import import_module

import numpy as np
import pandas as pd

from research.region.grids import DAY
from research.region.quality.repair import (
    FEWEST_SILENT,
    HIGH,
    RARE,
    ZERO_RUNS,
    odd_months,
)
from research.region.quality.typical import levels

_SLACK = 1e-9


def untouched(
    kwh: np.ndarray,
    stamps: pd.DatetimeIndex,
    minutes: int,
    *,
    units: bool = True,
    lumps: bool = True,
) -> np.ndarray:
    """Whether neither `unit_shift` nor `catch_up` would change a customer's readings.

    Who is not named may still come out of them unchanged.

    Parameters
    ----------
    kwh : float32 ndarray of shape (n_customers, n_stamps)
    stamps : DatetimeIndex of shape (n_stamps,)
    minutes : int
    units, lumps : bool
        Whether `unit_shift` and `catch_up` are asked about.

    Returns
    -------
    untouched : bool ndarray of shape (n_customers,)

    Examples
    --------
    >>> kwh = np.full((2, 44), 2, dtype=np.float32)
    >>> kwh[1, 20:24] = [np.nan, np.nan, np.nan, 8]
    >>> untouched(kwh, pd.date_range("2024-01-01", periods=44), 1440).tolist()
    [True, False]
    """
    loops = import_module("research.region.quality._loops")
    n_slots = DAY // minutes
    before = int((stamps[0] - stamps[0].normalize()) // pd.Timedelta(minutes=minutes))
    n_days = -(-(before + kwh.shape[1]) // n_slots)
    there, zeros = np.empty((2, len(kwh), n_days), dtype=np.int64)
    total = np.empty(there.shape)
    loops.sum_days(kwh, before, n_slots, there, zeros, total)
    means = np.divide(total, there, out=np.full(total.shape, np.nan), where=there > 0)
    touched = ~np.isfinite(total).all(axis=1)
    if units:
        touched |= odd_months(means, stamps, minutes, slack=_SLACK).any(axis=1)
    if lumps:
        rows = np.flatnonzero(~touched)
        some = kwh[rows] if len(rows) < len(kwh) else kwh
        touched[rows] = _lumps_possible(
            some, there[rows], zeros[rows], total[rows], before, minutes, loops
        )
    return ~touched


def _lumps_possible(kwh, there, zeros, total, before, minutes, loops) -> np.ndarray:
    n_slots = DAY // minutes
    shortest = FEWEST_SILENT if minutes < DAY else 1
    n_there, n_zeros = there.sum(axis=1), zeros.sum(axis=1)
    often = np.zeros(len(kwh), dtype=bool)
    runs = np.flatnonzero(n_zeros > np.maximum(ZERO_RUNS * n_there, 1))
    some = runs.copy()
    loops.zero_runs(kwh, runs)
    often[some] = runs > np.maximum(ZERO_RUNS * n_there[some], 1)
    n_heard = np.where(often, n_there, n_there - n_zeros)
    mean = total.sum(axis=1) / np.maximum(n_heard, 1)
    whole = (there == n_slots) & (zeros == 0)
    ends = before, n_slots, shortest
    usual = np.repeat(mean[:, None], there.shape[1], axis=1)
    highest = np.empty(len(kwh))
    loops.highest_ends(kwh, whole, often, usual, *ends, highest)
    rows = np.flatnonzero(highest > HIGH * (1 - _SLACK))
    half_read = (there >= 0.5 * n_slots) & (there > 0)
    means = np.divide(total, there, out=np.full(total.shape, np.nan), where=half_read)
    kwh, whole, often = kwh[rows], whole[rows], often[rows]
    usual, highest = levels(means[rows]), highest[rows]
    loops.highest_ends(kwh, whole, often, usual, *ends, highest)
    rare = np.empty(len(rows), dtype=bool)
    days = before, n_slots
    loops.rarely_higher(kwh, whole, often, usual, *days, highest, RARE, rare)
    possible = np.zeros(len(there), dtype=bool)
    possible[rows] = rare & (highest > 0)
    return possible
