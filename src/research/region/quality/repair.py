"""Series rules that repair: energy given back to a gap, a month brought to its unit.

Raw tables stay as they are. A repair changes the values of a grid in memory and marks
them as estimated.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.grids import DAY
from research.region.quality.typical import Typical, by_day, day_means, median, typical

# What follows a silence is its energy when it exceeds the usual by half to twice what
# the silence should have taken: households differ that much from day to day.
_LEAST, _MOST = 0.5, 2.0
# A value that would be a spike, right after a silence, counts up to this multiple:
# the customer may have used more, or been silent longer, than the readings show.
_MOST_OF_A_SPIKE = 25.0
# A value this far above every other one is a lump at half the least already: in some
# weeks a customer takes far less than usual.
_RECORD = 1.25
# Within a day a next reading of this share says that so much is used now.
_GOES_ON = 0.75
# Zeros are a silence for those who hardly ever read zero: in a run of them a hundred
# readings. A home whose refrigerator goes on and off is not silent in between.
ZERO_RUNS = 0.01
# Within a day a silence lasts so many readings: after a single missing hour nobody can
# tell a lump from a kettle. A single missing day can be told.
FEWEST_SILENT = 3
# A reading so many times the customer's mean is high enough to be looked at.
HIGH = 1.5
# The share of the customer's other readings that may be as far above the usual level.
RARE = 0.005
# With fewer readings than this nothing is called usual.
_FEWEST = 14
# A month in W instead of kW is a thousand times what it should be. It lies this far
# above the others' high days, and a thousandth of it lies among them, seasons aside.
_ABOVE, _AMONG = 30, 3
_FEWEST_DAYS, _SHARE_OF_MONTH, _SHARE_OF_MONTHS = 3, 0.8, 1 / 3
# A works that starts up passes through ten and a hundred times its rest; a wrong unit
# jumps over them, in and out at the ends of months. This share of days may do other.
_BETWEEN, _STRAY = 10, 0.02
# Below 10 W, or where most days are alike, nothing is used yet: a tenant who moves in
# or a works that opens is no change of unit.
_STANDBY_KW = 0.01
# What the row rules left of a month in W is no lump, however long the silence.
_OTHER_UNIT = 100
# A day after one silent day is taken for a lump only if it stands this far above every
# other: 1 % of all days are missing, and some of those that follow are high by chance.
_STANDS_OUT, _DAYS_AROUND = 1.1, 3
_NEAR = [n for n in range(-_DAYS_AROUND, _DAYS_AROUND + 1) if n]


class Repair(NamedTuple):
    """Values after a repair, and where it acted.

    Attributes
    ----------
    kwh : ndarray of shape (n_customers, n_stamps)
    marked : ndarray of bool of that shape
        Every value that was changed or filled in.
    """

    kwh: np.ndarray
    marked: np.ndarray


class _Runs(NamedTuple):
    """Silences: customer, first silent stamp, stamp of the reading that ends it."""

    row: np.ndarray
    start: np.ndarray
    end: np.ndarray


def unit_shift(kwh: np.ndarray, stamps: pd.DatetimeIndex, minutes: int) -> Repair:
    """Bring months that are a thousand times the customer's others back to kWh.

    A month counts when it lies far above the high days of the customer's others, a
    thousandth of it lies among them, four fifths of its days do so, and hardly a day
    of the others comes near. Its others are those that do not stand out themselves:
    if over a third of the months do, nothing is done.

    Parameters
    ----------
    kwh : ndarray of shape (n_customers, n_stamps)
    stamps : DatetimeIndex of shape (n_stamps,)
    minutes : int

    Examples
    --------
    >>> stamps = pd.date_range("2024-01-01", periods=91)
    >>> kwh = 8.0 + stamps.day.to_numpy() % 3
    >>> kwh = kwh * np.where(stamps.month == 2, 1000, 1)
    >>> repair = unit_shift(kwh[None], stamps, 1440)
    >>> int(repair.marked.sum()), float(repair.kwh.max())
    (29, 10.0)
    """
    marked = np.zeros(kwh.shape, dtype=bool)
    days, before = by_day(kwh, stamps, minutes)
    means = day_means(days, least=0)  # whatever is left of a day has its unit
    read = np.isfinite(means)
    means[means == 0] = np.nan
    months, month = _months(stamps, means.shape[1])
    levels = _month_levels(means, months)
    n_months = np.column_stack([read[:, m].any(axis=1) for m in months]).sum(axis=1)
    odd = _odd(levels, minutes)
    rows = np.flatnonzero(odd.any(axis=1))
    if not len(rows):
        return Repair(kwh, marked)
    hit = _thousandfold(means[rows], levels[rows], odd[rows], month, n_months[rows])
    cells = np.repeat(hit, days.shape[2], axis=1)[:, before : before + kwh.shape[1]]
    marked[rows] = cells & (kwh[rows] > 0)
    return Repair(np.where(marked, kwh / kwh.dtype.type(1000), kwh), marked)


def odd_months(
    means: np.ndarray, stamps: pd.DatetimeIndex, minutes: int, slack: float = 0.0
) -> np.ndarray:
    """Months far above the customer's usual one: those that `unit_shift` looks at.

    Parameters
    ----------
    means : ndarray of shape (n_customers, n_days)
        Mean energy of an interval of each day; NaN where nothing was read. [kWh]
    stamps : DatetimeIndex of shape (n_stamps,)
    minutes : int
    slack : float
        Share by which a month may miss what is asked for.

    Returns
    -------
    odd_months : bool ndarray of shape (n_customers, n_months)
    """
    used = np.where(means == 0, np.nan, means)
    months, _ = _months(stamps, means.shape[1])
    return _odd(_month_levels(used, months), minutes, slack)


def _months(
    stamps: pd.DatetimeIndex, n_days: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """Which days are of each month, and the number of each day's month."""
    first = np.datetime64(stamps[0].date())
    month = (first + np.arange(n_days)).astype("datetime64[M]").astype(int)
    month -= month[0]
    return [month == m for m in range(month.max() + 1)], month


def _month_levels(means: np.ndarray, months: list[np.ndarray]) -> np.ndarray:
    return np.column_stack([median(means[:, m], axis=1) for m in months])


def _odd(levels: np.ndarray, minutes: int, slack: float = 0.0) -> np.ndarray:
    usual = _lower_median(levels)[:, None]  # of two months of use the lower one
    in_use = usual * 60 / minutes > _STANDBY_KW * (1 - slack)
    return (levels > _ABOVE * (1 - slack) * usual) & in_use


def _thousandfold(
    means: np.ndarray,
    levels: np.ndarray,
    odd: np.ndarray,
    month: np.ndarray,
    n_months: np.ndarray,
) -> np.ndarray:
    """Days in another unit, of customers with months that stand out.

    Parameters
    ----------
    means : ndarray of shape (n_customers, n_days)
        Mean energy of an interval; NaN where nothing was read or used. [kWh]
    levels : ndarray of shape (n_customers, n_months)
        Median of each month's days. [kWh]
    odd : ndarray of bool of that shape
        Months that stand out.
    month : ndarray of int of shape (n_days,)
        Column of each day's month.
    n_months : ndarray of int of shape (n_customers,)
        Months with a reading.
    """
    others = np.where(odd[:, month], np.nan, means)
    low, high = np.nanquantile(others, (0.1, 0.9), axis=1)[:, :, None]
    there = np.isfinite(means)
    far = there & (means > _AMONG * high)
    member = (month[:, None] == np.arange(levels.shape[1])).astype(float)
    n_far, n_there = far @ member, there @ member
    whole = odd & (n_far >= _FEWEST_DAYS) & (n_far >= _SHARE_OF_MONTH * n_there)
    whole &= (levels > _ABOVE * high) & (levels / 1000 > low / _AMONG)
    whole &= levels / 1000 < _AMONG * high
    hit = far & whole[:, month]
    stray = (there & (means > _BETWEEN * high) & ~hit).sum(axis=1)
    middle = median(others, axis=1)[:, None]
    alike = (np.abs(others - middle) <= 0.001 * middle).sum(axis=1)
    hit[whole.sum(axis=1) > _SHARE_OF_MONTHS * n_months] = False
    hit[stray > _STRAY * there.sum(axis=1)] = False
    hit[2 * alike > np.isfinite(others).sum(axis=1)] = False
    return hit


def _lower_median(values: np.ndarray) -> np.ndarray:
    """Median of each row, the lower of two in the middle; NaN where nothing is."""
    ordered = np.sort(values, axis=1)  # NaN last
    middle = np.maximum(np.isfinite(ordered).sum(axis=1) - 1, 0) // 2
    return ordered[np.arange(len(ordered)), middle]


def catch_up(
    kwh: np.ndarray, stamps: pd.DatetimeIndex, minutes: int, *, spike_factor: float = 5
) -> Repair:
    """Give the energy of a silence back that its last reading holds in one lump.

    A silence is a run of missing or zero readings with readings on both sides. The
    reading that ends it is a lump when it exceeds the usual by about the energy that
    the silence should have taken, and when the customer's other readings hardly ever
    rise that far above their level. Its energy is spread over silence and reading in
    proportion to what is usual there; the sum stays.

    Parameters
    ----------
    kwh : ndarray of shape (n_customers, n_stamps)
    stamps : DatetimeIndex of shape (n_stamps,)
    minutes : int
    spike_factor : float
        Times the customer's high readings from which on a value is no use at all.

    Examples
    --------
    >>> kwh = np.array([[2.0] * 20 + [np.nan] * 3 + [8.0] + [2.0] * 20])
    >>> repair = catch_up(kwh, pd.date_range("2024-01-01", periods=44), 1440)
    >>> repair.kwh[0, 19:25].tolist(), repair.marked[0, 19:25].tolist()
    ([2.0, 2.0, 2.0, 2.0, 2.0, 2.0], [False, True, True, True, True, False])
    """
    marked = np.zeros(kwh.shape, dtype=bool)
    shortest = FEWEST_SILENT if minutes < DAY else 1
    rows = _worth_a_look(kwh, shortest)
    if not len(rows):
        return Repair(kwh, marked)
    some = kwh[rows]
    usual = typical(some, stamps, minutes)
    runs = _lumps(some, usual, _silences(some), spike_factor, shortest)
    runs = _kept(runs, _in_one_unit(some, usual.level, runs, stamps))
    if minutes == DAY:
        runs = _kept(runs, (runs.end - runs.start > 1) | _stands_out(some, usual, runs))
    if not len(runs.row):
        return Repair(kwh, marked)
    changed = kwh.copy()
    row, column, values = _spread(some, usual.expected, runs)
    changed[rows[row], column] = values
    marked[rows[row], column] = True
    return Repair(changed, marked)


def _worth_a_look(kwh: np.ndarray, shortest: int) -> np.ndarray:
    """Customers with a reading of half above their mean after a silence that counts."""
    heard = _heard(kwh)
    n_heard = np.count_nonzero(heard, axis=1)
    used = np.where(heard, kwh, 0)
    mean = used.sum(axis=1, dtype=np.float64) / np.maximum(n_heard, 1)
    n_last = max(kwh.shape[1] - shortest, 0)
    after = kwh[:, shortest:] > HIGH * mean[:, None]
    for before in range(shortest):
        after &= ~heard[:, before : before + n_last]
    return np.flatnonzero(after.any(axis=1) & (n_heard >= _FEWEST))


def _heard(kwh: np.ndarray) -> np.ndarray:
    """Where there is a reading: not missing, nor a zero of one who hardly has any."""
    there, zero = ~np.isnan(kwh), kwh == 0
    runs = np.count_nonzero(zero[:, 1:] > zero[:, :-1], axis=1) + zero[:, 0]
    often = runs > np.maximum(ZERO_RUNS * np.count_nonzero(there, axis=1), 1)
    zero[often] = False
    return there & ~zero


def _silences(kwh: np.ndarray) -> _Runs:
    """Runs of missing or zero readings between two readings."""
    heard = _heard(kwh)
    stamp = np.arange(kwh.shape[1], dtype=np.int32)
    last = np.maximum.accumulate(np.where(heard, stamp, -1), axis=1)
    row, end = np.nonzero(heard[:, 1:] & ~heard[:, :-1])
    before = last[row, end]  # the last stamp heard before stamp end + 1
    real = before >= 0
    return _Runs(row[real], before[real] + 1, end[real] + 1)


def _lumps(
    kwh: np.ndarray, usual: Typical, runs: _Runs, spike_factor: float, shortest: int
) -> _Runs:
    """Those of the silences whose last reading holds their energy."""
    level, expected = usual
    row, start, end = runs
    total = np.cumsum(np.pad(expected, ((0, 0), (1, 0))), axis=1)
    owed = total[row, end] - total[row, start]
    value = kwh[row, end].astype(np.float64)
    excess = value - expected[row, end]
    ending = np.zeros(kwh.shape, dtype=bool)
    ending[row, end] = True
    out = np.zeros(kwh.shape)
    share = np.divide(kwh, level, out=out, where=(level > 0) & ~ending & (kwh > 0))
    n_other = (share > 0).sum(axis=1)
    share.sort(axis=1)
    rank = kwh.shape[1] - 1 - (RARE * n_other).astype(int)
    high = share[np.arange(len(kwh)), rank][row] * level[row, end]
    highest = share[row, -1] * level[row, end]
    fits = excess <= _MOST * owed
    odd = (value > spike_factor * high) & (excess <= _MOST_OF_A_SPIKE * owed)
    enough = excess >= np.where(value > _RECORD * highest, _LEAST / 2, _LEAST) * owed
    after = kwh[row, np.minimum(end + 1, kwh.shape[1] - 1)]
    goes_on = (after > _GOES_ON * value) & (shortest > 1)
    lump = (owed > 0) & enough & (value > high) & (fits | odd) & ~goes_on
    lump &= (n_other[row] >= _FEWEST) & (end - start >= shortest)
    return _Runs(row[lump], start[lump], end[lump])


def _kept(runs: _Runs, keep: np.ndarray) -> _Runs:
    return _Runs(*(part[keep] for part in runs))


def _in_one_unit(
    kwh: np.ndarray, level: np.ndarray, runs: _Runs, stamps: pd.DatetimeIndex
) -> np.ndarray:
    """Whether the month around each lump is in kWh, as far as it can be seen.

    A great lump needs readings of the usual size in its month; a few that are left of
    a month in W are as great as each other, or stand alone.
    """
    month = (stamps.year * 12 + stamps.month).to_numpy()
    good = np.ones(len(runs.row), dtype=bool)
    great = kwh[runs.row, runs.end] > _OTHER_UNIT * level[runs.row, runs.end]
    for m in np.unique(month[runs.end[great]]):
        ours = np.flatnonzero(great & (month[runs.end] == m))
        within, row = month == m, runs.row[ours]
        used = kwh[row][:, within] > 0
        far = used & (kwh[row][:, within] > _OTHER_UNIT * level[row][:, within])
        good[ours] = 2 * (far.sum(axis=1) - 1) < used.sum(axis=1) - 1
    return good


def _stands_out(kwh: np.ndarray, usual: Typical, runs: _Runs) -> np.ndarray:
    """Whether each lump tops every reading of its customer that ends no silence.

    Against what is usual, and once more against the days around it too: cold days
    come together.
    """
    rows, row = np.unique(runs.row, return_inverse=True)
    some, expected = kwh[rows], usual.expected[rows]
    over = np.full(some.shape, np.nan)
    np.divide(some, expected, out=over, where=(some > 0) & (expected > 0))
    after = _silences(some)
    others = over.copy()
    others[after.row, after.end] = np.nan
    wide = np.pad(others, ((0, 0), (_DAYS_AROUND,) * 2), constant_values=np.nan)
    near = np.stack([np.roll(wide, n, axis=1) for n in _NEAR])
    around = median(near, axis=0)[:, _DAYS_AROUND:-_DAYS_AROUND]
    around = np.where(np.isfinite(around), around, 1)
    good = np.ones(len(row), dtype=bool)
    for share, most in ((over, others), (over / around, others / around)):
        highest = np.nan_to_num(most).max(axis=1)[row]
        good &= share[row, runs.end] > _STANDS_OUT * highest
    return good


def _spread(
    kwh: np.ndarray, expected: np.ndarray, runs: _Runs
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customer, stamp and new value of every cell of the runs."""
    length = runs.end - runs.start + 1
    run = np.repeat(np.arange(len(length)), length)
    row = runs.row[run]
    column = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    column += runs.start[run]
    share = expected[row, column]
    share = share / np.bincount(run, weights=share)[run]
    return row, column, kwh[runs.row, runs.end].astype(np.float64)[run] * share
