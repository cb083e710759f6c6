"""Rules that hold a customer against the others: share, clock, first and last day."""

import numpy as np
import pandas as pd

from research.region.grids import DAY, Grid
from research.region.rules import SERIES_RULES

# The published table's limit, and three times an equal share in small regions.
_DOMINANT, _TIMES_EQUAL = 0.15, 3.0
# Two rhythms are one, hours apart, when they fit that well moved and that badly not;
# a lag under three hours is a habit, not a clock.
_FITS, _FITS_NOT, _LEAST_LAG = 0.97, 0.6, 3
# Habits lie around each other in all hours; a clock is wrong by one figure: pairs of
# customers at that lag are this many times those an hour more or less.
_STANDS_OUT = 2
# A rhythm whose hours differ less than this, over their mean, has no shape to compare.
_FLAT = 0.15
# The smaller group holds a tenth of the customers who have a rhythm, and three.
_SHARE, _FEWEST = 0.1, 3
# Customers are compared with this many of them, evenly taken.
_COMPARED = 400


def hourly_rhythm(grid: Grid, minutes: int) -> np.ndarray:
    """Mean energy by hour of the meters' clock.

    Parameters
    ----------
    grid : Grid
    minutes : int
        Length of the interval; 60 at most.

    Returns
    -------
    rhythm : ndarray of shape (n_customers, 24)
        NaN where an hour was never read. [kWh an interval]
    """
    hour = (grid.stamps.hour).to_numpy()
    present = np.isfinite(grid.kwh)
    filled = np.where(present, grid.kwh, 0)
    member = (hour[:, None] == np.arange(24)).astype(np.float32)
    total, count = filled @ member, present.astype(np.float32) @ member
    out = np.full(total.shape, np.nan)
    return np.divide(total, count, out=out, where=count > 0)


def against_others(
    quality: pd.DataFrame, rhythm: np.ndarray | None, *, minutes: int
) -> pd.DataFrame:
    """Add the rules that need all customers of a region.

    Parameters
    ----------
    quality : DataFrame
        As `customer_quality` gives it, of all customers.
    rhythm : ndarray of shape (n_customers, 24), or None
        As `hourly_rhythm` gives it; None for daily energy.
    minutes : int

    Returns
    -------
    quality : DataFrame
        With `energy_share`, `shift_hours` (of the clock, negative: too early),
        and the counts of ``dominance``, ``day_shift`` and ``clock_shift``, each
        all readings of the customer or 0.
    """
    readings = quality["readings"].to_numpy()
    energy = quality["energy"].to_numpy()
    share = energy / max(energy.sum(), np.finfo(float).tiny)
    dominant = share > max(_DOMINANT, _TIMES_EQUAL / max(len(quality), 1))
    late = day_late(quality["first"], quality["last"], minutes=minutes)
    hours = np.zeros(len(quality), dtype=int)
    if rhythm is not None and len(quality):
        order = np.argsort(quality.index.to_numpy().astype(str), kind="stable")
        hours[order] = clock_lags(rhythm[order])
    added = quality.assign(
        energy_share=share,
        shift_hours=hours,
        dominance=np.where(dominant, readings, 0),
        day_shift=np.where(late, readings, 0),
        clock_shift=np.where(hours != 0, readings, 0),
    )
    others = [c for c in added.columns if c not in SERIES_RULES]
    return added[[*others, *SERIES_RULES]]


def day_late(first: pd.Series, last: pd.Series, *, minutes: int) -> np.ndarray:
    """Customers who begin and end one day after most of the others.

    Examples
    --------
    >>> day = pd.to_datetime(["2024-01-01"] * 4 + ["2024-01-02"]).to_series()
    >>> day_late(day, day + pd.Timedelta(days=30), minutes=1440).tolist()
    [False, False, False, False, True]
    """
    moved = np.ones(len(first), dtype=bool)
    for bound in (first, last):
        usual, counts = np.unique(bound.to_numpy(), return_counts=True)
        if not len(counts) or 2 * counts.max() <= len(bound):
            return np.zeros(len(first), dtype=bool)
        day = usual[counts.argmax()] + np.timedelta64(DAY, "m")
        moved &= (bound == day).to_numpy()
    return moved


def clock_lags(rhythm: np.ndarray) -> np.ndarray:
    """Hours by which the clock of each customer seems wrong; 0 for most.

    Two groups of equal shape that lie hours apart: each customer's rhythm is moved
    over those of the others around the clock; the lag that most customers agree on
    splits them, and the smaller group (at a tie the earlier one, as when universal
    time is read as that of the east) is marked.

    Parameters
    ----------
    rhythm : ndarray of shape (n_customers, 24)
        In the order of the customers' ids, for a choice that does not depend on files.

    Returns
    -------
    hours : ndarray of int of shape (n_customers,)
        Negative where a customer lies too early. [h]

    Examples
    --------
    >>> evening = np.where((np.arange(24) > 17) & (np.arange(24) < 22), 2.0, 0.5)
    >>> clock_lags(np.array([evening] * 6 + [np.roll(evening, -8)] * 4)).tolist()
    [0, 0, 0, 0, 0, 0, -8, -8, -8, -8]
    """
    hours = np.zeros(len(rhythm), dtype=int)
    mean = rhythm.mean(axis=1, keepdims=True)
    spread = rhythm.std(axis=1, keepdims=True)
    shaped = np.flatnonzero((mean > 0).ravel() & (spread > _FLAT * mean).ravel())
    if len(shaped) < 2 * _FEWEST:
        return hours
    unit = (rhythm[shaped] - mean[shaped]) / (spread[shaped] * np.sqrt(24))
    some = np.unique(np.linspace(0, len(unit) - 1, _COMPARED).astype(int))
    ahead, behind, pairs = _partners(unit, unit[some])
    around = np.pad(pairs, 1)
    stands_out = pairs >= _STANDS_OUT * np.maximum(around[:-2], around[2:])
    agree = np.minimum(ahead.sum(axis=0), behind.sum(axis=0)) * stands_out
    lag = int(agree.argmax())
    if agree[lag] < max(_FEWEST, _SHARE * len(unit)):
        return hours
    early, late = ahead[:, lag] & ~behind[:, lag], behind[:, lag] & ~ahead[:, lag]
    if early.sum() <= late.sum():
        hours[shaped[early]] = -lag
    else:
        hours[shaped[late]] = lag
    return hours


def _partners(
    unit: np.ndarray, some: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether each rhythm has an equal one so many hours later, or earlier.

    Returns
    -------
    ahead, behind : ndarray of bool of shape (n_customers, 13)
        By lag from 0 to 12 h.
    pairs : ndarray of int of shape (13,)
        Pairs of equal rhythms at each lag, near ones included.
    """
    ahead = np.zeros((len(unit), 13), dtype=bool)
    behind = ahead.copy()
    pairs = np.zeros(13, dtype=int)
    theirs = np.fft.rfft(some).conj()
    for start in range(0, len(unit), 1000):
        rows = slice(start, start + 1000)
        mine = np.fft.rfft(unit[rows])
        # fit[i, j, k]: correlation of i with j moved k hours later.
        fit = np.fft.irfft(mine[:, None] * theirs[None], n=24)
        best = fit.argmax(axis=2)
        equal = fit.max(axis=2) >= _FITS
        pairs += np.bincount(np.minimum(best, 24 - best)[equal], minlength=13)
        apart = equal & (fit[:, :, 0] <= _FITS_NOT)
        for lag in range(_LEAST_LAG, 13):
            behind[rows, lag] = (apart & (best == lag)).any(axis=1)
            ahead[rows, lag] = (apart & (best == 24 - lag)).any(axis=1)
    return ahead, behind, pairs
