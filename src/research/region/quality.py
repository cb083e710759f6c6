"""Data-quality rules: what each looks for, what is done, and the counts.

Row rules are applied by the import, which sets rows aside. Series rules look at
what was kept; they count and mark, and change nothing.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.grids import Cube, Grid
from research.region.settings import Settings


class Rule(NamedTuple):
    """What a rule looks for and what is done about it."""

    looks_for: str
    action: str


ROW_RULES = {
    "missing_id": Rule("reading without a customer", "set aside"),
    "unreadable_stamp": Rule("time that is no time", "set aside"),
    "unreadable_value": Rule("value that is no number, such as Null", "set aside"),
    "off_grid": Rule("time between two intervals", "set aside"),
    "negative": Rule("energy below zero at a meter without export", "set aside"),
    "above_limit": Rule("power above what the connection can carry", "set aside"),
    "exact_duplicate": Rule("same customer, time and value again", "set aside"),
    "conflicting_duplicate": Rule(
        "same customer and time, different values", "all copies set aside"
    ),
}
SERIES_RULES = {
    "gap": Rule("intervals without a reading between first and last", "left missing"),
    "late_joiner": Rule("first reading over a day after the region's first", "kept"),
    "leaver": Rule("last reading over a day before the region's last", "kept"),
    "spike": Rule("reading far above the customer's own 99.5th percentile", "kept"),
    "frozen_run": Rule("the same value above zero for hours on end", "kept"),
    "zero_run": Rule("no use at all for days on end", "kept"),
    "few_complete_days": Rule(
        "customer with too few complete days", "left out of the segmentation"
    ),
}


def customer_quality(grid: Grid, cube: Cube, settings: Settings) -> pd.DataFrame:
    """Coverage and rule counts of each customer of a grid.

    Parameters
    ----------
    grid : Grid
        Readings on the meters' clock.
    cube : Cube
        The same customers on civil days.
    settings : Settings
        `quality` holds the thresholds, `readings` the resolution.

    Returns
    -------
    quality : DataFrame of shape (n_customers, 12)
        Index `customer_id`; `first` and `last` reading; `readings`; `complete_days`
        (a share of `complete_day_share` or more of the slots read);
        `missing_share` of all intervals of the region; then the intervals that
        each series rule marks.
    """
    minutes, limits = settings.readings.resolution_minutes, settings.quality
    present = ~np.isnan(grid.kwh)
    any_reading = present.any(axis=1)
    first = present.argmax(axis=1)
    last = grid.kwh.shape[1] - 1 - present[:, ::-1].argmax(axis=1)
    span = np.where(any_reading, last - first + 1, 0)
    day = 24 * 60 // minutes
    before, after = first, grid.kwh.shape[1] - 1 - last
    complete = np.isfinite(cube.power).mean(axis=2) >= limits.complete_day_share
    runs = run_lengths(grid.kwh)
    complete_days = complete.sum(axis=1)
    return pd.DataFrame(
        {
            "first": grid.stamps[first],
            "last": grid.stamps[last],
            "readings": present.sum(axis=1),
            "complete_days": complete_days,
            "missing_share": 1 - present.mean(axis=1),
            "gap": span - present.sum(axis=1),
            "late_joiner": np.where(before > day, before, 0),
            "leaver": np.where(after > day, after, 0),
            "spike": _spikes(grid.kwh, limits.spike_factor).sum(axis=1),
            "frozen_run": (
                (runs * minutes >= limits.frozen_hours * 60) & (grid.kwh > 0)
            ).sum(axis=1),
            "zero_run": (
                (runs * minutes >= limits.zero_hours * 60) & (grid.kwh == 0)
            ).sum(axis=1),
            "few_complete_days": np.where(
                complete_days < limits.min_complete_days, present.sum(axis=1), 0
            ),
        },
        index=grid.customer_id,
    )


def series_findings(quality: pd.DataFrame) -> pd.DataFrame:
    """Counts of every series rule over all customers, zero counts included.

    Parameters
    ----------
    quality : DataFrame
        As `customer_quality` gives it, for all customers.

    Returns
    -------
    findings : DataFrame
        `rule`, `table`, `rows` (intervals), `customers`, `share` (of customers),
        `action`, `looks_for`.
    """
    counts = quality[list(SERIES_RULES)]
    return pd.DataFrame(
        {
            "rule": list(SERIES_RULES),
            "table": "readings",
            "rows": counts.sum().to_numpy(),
            "customers": (counts > 0).sum().to_numpy(),
            "share": (counts > 0).mean().to_numpy(),
            "action": [rule.action for rule in SERIES_RULES.values()],
            "looks_for": [rule.looks_for for rule in SERIES_RULES.values()],
        }
    )


def row_findings(set_aside: pd.DataFrame, rows_in: int, customers: int) -> pd.DataFrame:
    """Counts of every row rule of an import, zero counts included.

    Parameters
    ----------
    set_aside : DataFrame
        One row a rule that fired: `rule`, `rows`, `customers`.
    rows_in, customers : int
        All rows and customers that came in; `share` is that of the rows.
    """
    counts = set_aside.set_index("rule").reindex(list(ROW_RULES), fill_value=0)
    return pd.DataFrame(
        {
            "rule": counts.index,
            "table": "readings",
            "rows": counts["rows"].to_numpy(dtype="int64"),
            "customers": counts["customers"].to_numpy(dtype="int64"),
            "share": counts["rows"].to_numpy() / max(rows_in, 1),
            "action": [rule.action for rule in ROW_RULES.values()],
            "looks_for": [rule.looks_for for rule in ROW_RULES.values()],
        }
    )


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
    """Readings above `factor` times the customer's own 99.5th percentile."""
    filled = np.where(np.isnan(kwh), -np.inf, kwh)
    present = (~np.isnan(kwh)).sum(axis=1)
    ordered = np.sort(filled, axis=1)
    # The percentile by rank among the readings that are there, absent ones first.
    rank = np.clip(
        kwh.shape[1] - 1 - (0.005 * present).astype(int), 0, kwh.shape[1] - 1
    )
    usual = ordered[np.arange(len(kwh)), rank]
    return (filled > factor * usual[:, None]) & (usual[:, None] > 0)
