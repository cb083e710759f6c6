"""Rules on the readings of one customer: where each acts, what a grid becomes."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.grids import DAY, Grid
from research.region.quality.actions import action_of, done_about
from research.region.quality.repair import catch_up, unit_shift
from research.region.quality.untouched import untouched
from research.region.rules import SERIES_RULES
from research.region.settings import Quality

# A value above zero at a third of all readings: a meter or a file that makes it up.
_FREQUENT = 1 / 3
_FEWEST = 24
# As many equal values make a frozen run, however long they last: two days may well be
# alike to the last digit.
_FROZEN = 4
# Rules whose action changes or marks single values; the others only count.
REPAIRS = ("unit_shift", "catch_up")
VALUE_RULES = (*REPAIRS, "spike", "frozen_run", "zero_run")


class Marks(NamedTuple):
    """Readings after the repairs, and where each rule acts.

    Attributes
    ----------
    kwh : ndarray of shape (n_customers, n_stamps)
        Units and lumps repaired, whatever region.yaml makes of it. [kWh]
    of : dict of rule -> ndarray of bool of that shape
    """

    kwh: np.ndarray
    of: dict[str, np.ndarray]


def value_marks(
    grid: Grid, *, minutes: int, limits: Quality, rules: tuple[str, ...] = VALUE_RULES
) -> Marks:
    """Where the rules on values act: units first, then lumps, then what is left odd.

    A lump after a gap is no spike, and zeros before a lump are no use of nothing:
    later rules see the repaired readings and pass over what was repaired.

    Parameters
    ----------
    grid : Grid
    minutes : int
        Length of the interval.
    limits : Quality
        Thresholds and actions; a rule that is ``off`` marks nothing.
    rules : tuple of str
        Which of `VALUE_RULES` are asked for; the two repairs always are.
    """
    nowhere = np.zeros(grid.kwh.shape, dtype=bool)
    kwh, of = grid.kwh, {}
    if action_of("unit_shift", limits) != "off":
        kwh, of["unit_shift"] = unit_shift(kwh, grid.stamps, minutes)
    if action_of("catch_up", limits) != "off":
        kwh, of["catch_up"] = catch_up(
            kwh, grid.stamps, minutes, spike_factor=limits.spike_factor
        )
    lumps = of.get("catch_up", nowhere)
    if "spike" in rules:
        of["spike"] = _spikes(kwh, limits.spike_factor) & ~lumps
    if "frozen_run" in rules or "zero_run" in rules:
        length = run_lengths(kwh)
        hours = length * (minutes / 60)
        frozen = (hours >= limits.frozen_hours) & (length >= _FROZEN)
        of["frozen_run"] = frozen & (kwh > 0) & ~lumps
        of["zero_run"] = (hours >= limits.zero_hours) & (kwh == 0) & ~lumps
    for rule in rules:
        if action_of(rule, limits) == "off":
            of[rule] = nowhere
    return Marks(kwh, of)


def repaired(
    grid: Grid, *, minutes: int, limits: Quality, compiled: bool = False
) -> Grid:
    """The grid as the notebooks see it: each value rule does what it is told to.

    ``repair`` takes the repaired value and marks it as estimated, ``mark`` only marks,
    ``leave_out`` makes the value missing, ``keep`` and ``off`` leave it alone.

    Parameters
    ----------
    grid : Grid
    minutes : int
        Length of the interval.
    limits : Quality
        Thresholds and actions.
    compiled : bool
        Whether loops compiled by numba sort out first whom no repair can touch: the
        same grid, sooner where nearly all are.
    """
    actions = {rule: action_of(rule, limits) for rule in VALUE_RULES}
    repairs = {rule: actions.pop(rule) != "off" for rule in REPAIRS}
    others = not {"mark", "leave_out"}.isdisjoint(actions.values())
    if others or not compiled or grid.kwh.dtype != np.float32:
        return _repaired(grid, minutes, limits)
    units, lumps = repairs.values()
    alone = untouched(grid.kwh, grid.stamps, minutes, units=units, lumps=lumps)
    rows = np.flatnonzero(~alone)
    kwh, estimated = grid.kwh.copy(), _estimated(grid)
    if len(rows):
        some = Grid(grid.customer_id[rows], grid.stamps, kwh[rows], estimated[rows])
        some = _repaired(some, minutes, limits)
        kwh[rows], estimated[rows] = some.kwh, some.estimated
    return Grid(grid.customer_id, grid.stamps, kwh, estimated)


def _repaired(grid: Grid, minutes: int, limits: Quality) -> Grid:
    """The grid after the rules, each customer looked at by each of them."""
    actions = {rule: action_of(rule, limits) for rule in VALUE_RULES}
    acting = tuple(r for r in VALUE_RULES if actions[r] in ("mark", "leave_out"))
    marks = value_marks(grid, minutes=minutes, limits=limits, rules=acting)
    kwh, estimated = grid.kwh.copy(), _estimated(grid)
    if actions["unit_shift"] != "repair" and "unit_shift" in marks.of:
        # A lump in a month of another unit is that unit's: leave it whole.
        marks.of["catch_up"] = marks.of["catch_up"] & ~marks.of["unit_shift"]
    for rule, where in marks.of.items():
        match actions[rule]:
            case "repair":
                kwh[where] = marks.kwh[where]
                estimated |= where
            case "mark":
                estimated |= where
            case "leave_out":
                kwh[where] = np.nan
    return Grid(grid.customer_id, grid.stamps, kwh, estimated)


def _estimated(grid: Grid) -> np.ndarray:
    if grid.estimated is None:
        return np.zeros(grid.kwh.shape, dtype=bool)
    return grid.estimated.copy()


def coverage_marks(grid: Grid, *, minutes: int) -> dict[str, np.ndarray]:
    """Where readings are missing: in a gap, for a day on end, before or after.

    A single missing day of daily energy is a gap only: offline are two or more.

    Returns
    -------
    of : dict of rule -> ndarray of bool of shape (n_customers, n_stamps)
        ``gap``, ``offline_run``, ``late_joiner``, ``leaver``.
    """
    missing = np.isnan(grid.kwh)
    heard = ~missing
    any_reading = heard.any(axis=1)[:, None]
    stamp = np.arange(missing.shape[1])
    first = heard.argmax(axis=1)[:, None]
    last = missing.shape[1] - 1 - heard[:, ::-1].argmax(axis=1)[:, None]
    before, after = first, missing.shape[1] - 1 - last
    gap = missing & (stamp > first) & (stamp < last) & any_reading
    day = DAY // minutes
    return {
        "gap": gap,
        "offline_run": gap & (run_lengths(missing) >= max(day, 2)),
        "late_joiner": (stamp < first) & (before > day),
        "leaver": (stamp > last) & (after > day) & any_reading,
    }


def customer_marks(grid: Grid) -> dict[str, np.ndarray]:
    """Customers whose readings are all one value, or one value too often.

    Returns
    -------
    of : dict of rule -> ndarray of bool of shape (n_customers,)
        ``constant_series``, ``frequent_value``.
    """
    ordered = np.sort(grid.kwh, axis=1)  # NaN last
    count = np.isfinite(ordered).sum(axis=1)
    rows = np.arange(len(ordered))
    same = ordered[:, 0] == ordered[rows, np.maximum(count - 1, 0)]
    runs = np.where(ordered > 0, run_lengths(ordered), 0)
    often = runs.max(axis=1) >= _FREQUENT * count
    constant = same & (count > 1)
    return {
        "constant_series": constant,
        "frequent_value": often & ~constant & (count >= _FEWEST),
    }


def customer_quality(
    grid: Grid, complete_days: np.ndarray, *, minutes: int, limits: Quality
) -> pd.DataFrame:
    """Coverage and rule counts of each customer of a grid, from that customer alone.

    Parameters
    ----------
    grid : Grid
        Readings on the meters' clock, as they came.
    complete_days : ndarray of shape (n_customers,)
        Civil days that are complete.
    minutes : int
        Length of the interval.
    limits : Quality
        Thresholds and actions.

    Returns
    -------
    quality : DataFrame
        Index `customer_id`; `first` and `last` reading; `readings`; `complete_days`;
        `missing_share` of all intervals of the region; `energy` [kWh]; then the
        intervals that each series rule marks. Rules that compare customers are not
        among them: `against_others` adds those.
    """
    present = ~np.isnan(grid.kwh)
    readings = present.sum(axis=1)
    first = present.argmax(axis=1)
    last = grid.kwh.shape[1] - 1 - present[:, ::-1].argmax(axis=1)
    values = value_marks(grid, minutes=minutes, limits=limits)
    cells = coverage_marks(grid, minutes=minutes) | values.of
    whole = customer_marks(grid) | {
        "few_complete_days": complete_days < limits.min_complete_days
    }
    counts = {rule: where.sum(axis=1) for rule, where in cells.items()}
    counts |= {rule: np.where(hit, readings, 0) for rule, hit in whole.items()}
    return pd.DataFrame(
        {
            "first": grid.stamps[first],
            "last": grid.stamps[last],
            "readings": readings,
            "complete_days": complete_days,
            "missing_share": 1 - present.mean(axis=1),
            "energy": np.nansum(values.kwh, axis=1, dtype=np.float64),
            **{rule: counts[rule] for rule in SERIES_RULES if rule in counts},
        },
        index=grid.customer_id,
    )


def series_findings(
    quality: pd.DataFrame, limits: Quality, table: str = "readings"
) -> pd.DataFrame:
    """Counts of every series rule over all customers, zero counts included.

    Parameters
    ----------
    quality : DataFrame
        As `against_others` gives it, for all customers.
    limits : Quality
    table : str
        Where the series stand.

    Returns
    -------
    findings : DataFrame
        `rule`, `table`, `rows` (intervals), `customers`, `share` (of customers),
        `action`, `looks_for`, `example` (the first customer and what was found).
    """
    counts = quality[list(SERIES_RULES)]
    found = counts > 0
    return pd.DataFrame(
        {
            "rule": list(SERIES_RULES),
            "table": table,
            "rows": counts.sum().to_numpy(),
            "customers": found.sum().to_numpy(),
            "share": found.mean().fillna(0.0).to_numpy(),
            "action": [done_about(rule, limits) for rule in SERIES_RULES],
            "looks_for": [rule.looks_for for rule in SERIES_RULES.values()],
            "example": [
                _example(rule, quality.loc[found[rule]], table) for rule in SERIES_RULES
            ],
        }
    )


def _example(rule: str, marked: pd.DataFrame, table: str) -> str:
    """The first customer that a rule marks, with the figure that says why."""
    if marked.empty:
        return ""
    first = marked.iloc[0]
    told = f"{first[rule]:,} intervals"
    if rule == "clock_shift":
        told = f"{first['shift_hours']:+.0f} hours against others of equal shape"
    elif rule == "dominance":
        told = f"{first['energy_share']:.0%} of all energy"
    elif rule == "few_complete_days":
        told = f"{first['complete_days']} complete days, coverage "
        told += f"{1 - first['missing_share']:.0%}"
    elif rule == "day_shift":
        told = f"from {first['first']:%Y-%m-%d} to {first['last']:%Y-%m-%d}"
    return f"{table} {marked.index[0]} {told}"


def run_lengths(values: np.ndarray) -> np.ndarray:
    """Length of the run of equal values in which each value of a row stands.

    A missing value ends a run and stands in a run of its own.

    Examples
    --------
    >>> run_lengths(np.array([[0.2, 0.2, 0.1, 0.1, 0.1, np.nan]])).tolist()
    [[2, 2, 3, 3, 3, 1]]
    """
    n_rows, n_columns = values.shape
    starts = np.ones((n_rows, n_columns), dtype=bool)
    starts[:, 1:] = values[:, 1:] != values[:, :-1]
    at = np.flatnonzero(starts)
    lengths = np.diff(np.append(at, n_rows * n_columns))
    return np.repeat(lengths, lengths).reshape(n_rows, n_columns)


def _spikes(kwh: np.ndarray, factor: float) -> np.ndarray:
    """Readings above `factor` times the customer's own 99.5th percentile.

    The highest reading never sets its own measure, however few there are.
    """
    filled = np.where(np.isnan(kwh), -np.inf, kwh)
    present = (~np.isnan(kwh)).sum(axis=1)
    ordered = np.sort(filled, axis=1)
    # The percentile by rank among the readings that are there, absent ones first.
    above = np.maximum((0.005 * present).astype(int), 1)
    rank = np.maximum(kwh.shape[1] - 1 - above, 0)
    usual = ordered[np.arange(len(kwh)), rank]
    return (filled > factor * usual[:, None]) & (usual[:, None] > 0)
