"""Defects of daily energy and of intervals, cell by cell."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from research.region.synthetic.defects.faults import (
    FILES_A_MONTH,
    ROLL_OVER_KWH,
    faults,
    flipped_months,
    ratios,
    unit_files,
)
from research.region.synthetic.defects.log import as_text, entries, joined, row_keys
from research.region.synthetic.defects.shares import share
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream


class Injected(NamedTuple):
    """An array with defects, the rows that come on top of it, and their log.

    Attributes
    ----------
    kwh : ndarray
        Shape of what was given; NaN where a value is now missing. [kWh]
    again : DataFrame
        Rows of the long table to append: `customer_id`, `date` or `ts`, `kwh`; copies,
        some of them with another value.
    log : DataFrame
        As `log.entries` gives it.
    """

    kwh: np.ndarray
    again: pd.DataFrame
    log: pd.DataFrame


class _Sheet(NamedTuple):
    """An array under change: rows are customers, columns stamps."""

    table: str
    kwh: np.ndarray
    touched: np.ndarray
    customer_id: pa.Array
    stamps: pa.Array
    log: list[pd.DataFrame]


def inject_daily(plan: Plan, people: pd.DataFrame, kwh: np.ndarray) -> Injected:
    """Put defects into the daily energy of all customers.

    In this order, and none on a cell that an earlier one touched: multiplier 倍率
    forgotten, a month of a file in Wh, runs of missing days of which some end in the
    lump of all their energy, frozen values and zeros, register past its highest figure,
    meter changed, single days missing, days given twice.

    Parameters
    ----------
    plan : Plan
        `seed`, `defects`, `days`, `panel_days`.
    people : DataFrame of shape (n_customers, ...)
        `customer_id`, `voltage`, `open_date`, `close_date`.
    kwh : ndarray of shape (n_customers, n_days)
        Energy of each day, NaN while an account is not open; not changed. [kWh]
    """
    days = plan.days
    rows = np.arange(len(people))
    labels = days.strftime("%Y-%m-%d")
    return _injected(plan, people, rows, kwh, days, labels, "energy_daily", "date")


def inject_intervals(
    plan: Plan,
    people: pd.DataFrame,
    positions: np.ndarray,
    chunk: np.ndarray,
    days: pd.DatetimeIndex,
) -> Injected:
    """Put defects into the intervals of some customers.

    The faults of `inject_daily`, on the same days of the same customers; on top of
    them months in which every interval bears the stamp of its end, logged as one row
    a customer whose key holds first and last stamp. The chunk's first customer
    names the random stream of what is drawn cell by cell.

    Parameters
    ----------
    plan : Plan
    people : DataFrame
        All customers of the region.
    positions : ndarray of shape (n_chunk,)
        Which of them the chunk holds.
    chunk : ndarray of shape (n_chunk, n_days, n_slots)
        Energy of each interval [kWh]; not changed.
    days : DatetimeIndex of shape (n_days,)
    """
    n_slots = chunk.shape[2]
    stamps = pd.date_range(days[0], periods=chunk[0].size, freq=f"{1440 // n_slots}min")
    flat = chunk.reshape(len(chunk), -1)
    labels = stamps.strftime("%Y-%m-%d %H:%M:%S")
    done = _injected(plan, people, positions, flat, days, labels, "readings", "ts")
    return done._replace(kwh=done.kwh.reshape(chunk.shape))


def _injected(
    plan: Plan,
    people: pd.DataFrame,
    positions: np.ndarray,
    kwh: np.ndarray,
    days: pd.DatetimeIndex,
    labels: pd.Index,
    table: str,
    stamp_column: str,
) -> Injected:
    ids = pa.Array.from_pandas(people["customer_id"].iloc[positions]).cast(pa.string())
    sheet = _Sheet(
        table,
        kwh.copy(),
        np.zeros(kwh.shape, dtype=bool),
        ids,
        pa.array(labels, pa.string()),
        [],
    )
    n_slots = kwh.shape[1] // len(days)
    again = pd.DataFrame()
    if plan.defects != "none":
        _forget_ratios(sheet, ratios(plan, people)[positions])
        _change_units(sheet, unit_files(plan), positions, days)
        if table == "readings":
            _flip_stamps(sheet, flipped_months(plan, days), days)
        _strike(sheet, _here(faults(plan, people), plan, positions, days), n_slots)
        drawn = (plan.seed, "defects", table, str(ids[0]))
        _lose(sheet, stream(*drawn, "missing"), share(plan.defects, "missing"))
        again = _repeat(sheet, plan, drawn)
    if again.empty:
        again = _rows(sheet, np.array([], dtype=int), np.array([], dtype=int))
    again = again.rename(columns={"stamp": stamp_column})
    again[stamp_column] = pd.to_datetime(again[stamp_column])
    return Injected(sheet.kwh, again, joined(sheet.log))


def _here(
    every: pd.DataFrame, plan: Plan, positions: np.ndarray, days: pd.DatetimeIndex
) -> pd.DataFrame:
    """Faults of the customers and days at hand: `row` and `first` among these."""
    row_of = np.full(int(max(positions.max(), every["position"].max())) + 1, -1)
    row_of[positions] = np.arange(len(positions))
    skipped = (days[0] - plan.days[0]).days
    here = every.assign(row=row_of[every["position"]], first=every["first"] - skipped)
    last = here["first"] + here["days"]  # the day that may get the lump
    return here[(here["row"] >= 0) & (here["first"] > 0) & (last < len(days))]


def _forget_ratios(sheet: _Sheet, ratio: np.ndarray) -> None:
    row, column = np.nonzero(np.repeat((ratio > 1)[:, None], sheet.kwh.shape[1], 1))
    _put(sheet, row, column, sheet.kwh[row, column] / ratio[row], "ct_ratio")


def _change_units(
    sheet: _Sheet,
    files: list[tuple[pd.Period, int]],
    positions: np.ndarray,
    days: pd.DatetimeIndex,
) -> None:
    n_slots = sheet.kwh.shape[1] // len(days)
    for month, part in files:
        rows = np.flatnonzero(positions % FILES_A_MONTH == part)
        columns = np.flatnonzero(np.repeat(days.to_period("M") == month, n_slots))
        row, column = (i.ravel() for i in np.meshgrid(rows, columns, indexing="ij"))
        _put(sheet, row, column, sheet.kwh[row, column] * 1000, "unit_file")


def _flip_stamps(sheet: _Sheet, months: pd.PeriodIndex, days: pd.DatetimeIndex) -> None:
    """Move whole months by one interval; the first is missing, the last is lost."""
    if not len(months):
        return
    n_slots = sheet.kwh.shape[1] // len(days)
    within = np.flatnonzero(np.repeat(days.to_period("M").isin(months), n_slots))
    start, end = within[0], within[-1] + 1
    block = sheet.kwh[:, start:end]
    rows = np.flatnonzero(
        ~sheet.touched[:, start:end].any(axis=1) & ~np.isnan(block).all(axis=1)
    )
    block[rows, 1:] = block[rows, :-1]
    block[rows, 0] = np.nan
    sheet.touched[rows, start:end] = True
    edge = pc.binary_join_element_wise(sheet.stamps[start], sheet.stamps[end - 1], "/")
    keys = row_keys(sheet.customer_id.take(pa.array(rows)), pa.repeat(edge, len(rows)))
    sheet.log.append(
        entries(sheet.table, keys, "kwh", "stamp_flip", "", "one interval later")
    )


def _strike(sheet: _Sheet, here: pd.DataFrame, n_slots: int) -> None:
    """Let the faults of meters and terminals happen."""
    for kind, some in here.groupby("kind", sort=False):
        moment = (some["moment"].to_numpy() * n_slots).astype(int)
        late = moment if kind not in ("offline_run", "zero_run") else 0 * moment
        start = some["first"].to_numpy() * n_slots + late
        end = (some["first"] + some["days"]).to_numpy() * n_slots
        if kind in ("roll_over", "meter_change"):
            end = start + 1
        elif kind == "offline_run":  # the lump comes with the first value after it
            end = end + some["catch_up"].to_numpy()
        length = end - start
        group = np.repeat(np.arange(len(some)), length)
        column = np.arange(length.sum()) - np.repeat(np.cumsum(length) - end, length)
        row = some["row"].to_numpy()[group]
        found = sheet.kwh[row, column].astype(float)
        _put(sheet, row, column, *_after(str(kind), some, found, group), group=group)


def _after(
    kind: str, some: pd.DataFrame, found: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Values after a fault, and the name of the defect of each."""
    defects = np.full(len(found), kind, dtype=object)
    if kind == "offline_run":
        last = np.append(group[1:] != group[:-1], True)[: len(group)]
        lump = last & some["catch_up"].to_numpy()[group]
        defects[lump] = "catch_up"
        total = np.bincount(group, weights=found, minlength=len(some))
        return np.where(lump, total[group], np.nan), defects
    if kind == "frozen_run":
        first = np.append(True, group[1:] != group[:-1])[: len(group)]
        stuck = found[first][group]  # at zero it is a run of zeros, another defect
        return np.where(stuck > 0, stuck, found), defects
    if kind == "zero_run":
        return np.zeros(len(found)), defects
    stood = some["size"].to_numpy()[group] if kind == "meter_change" else ROLL_OVER_KWH
    # A register that stands lower than a day's use can not have been read backwards.
    return np.where(found < stood, found - stood, found), defects


def _lose(sheet: _Sheet, rng: np.random.Generator, missing: float) -> None:
    row, column = _some_cells(sheet, rng, missing)
    _put(sheet, row, column, np.full(len(row), np.nan), "missing")


def _repeat(sheet: _Sheet, plan: Plan, drawn: tuple) -> pd.DataFrame:
    """Rows given again, untouched ones, with the same value or with another."""
    again = []
    for defect in ("exact_duplicate", "conflicting_duplicate"):
        rng = stream(*drawn, defect)
        row, column = _some_cells(sheet, rng, share(plan.defects, defect))
        factor = rng.uniform(1.05, 1.5, len(row)).astype(np.float32)
        free = ~sheet.touched[row, column] & ~np.isnan(sheet.kwh[row, column])
        row, column, factor = row[free], column[free], factor[free]
        rows = _rows(sheet, row, column)
        if defect == "conflicting_duplicate":
            rows["kwh"] = rows["kwh"] * factor + np.float32(0.01)
        keys = _keys(sheet, row, column)
        now = pc.binary_join_element_wise("kwh=", as_text(rows["kwh"].to_numpy()), "")
        sheet.log.append(entries(sheet.table, keys, "", defect, keys, now))
        sheet.touched[row, column] = True
        again.append(rows)
    return pd.concat(again, ignore_index=True)


def _some_cells(
    sheet: _Sheet, rng: np.random.Generator, wanted: float
) -> tuple[np.ndarray, np.ndarray]:
    """A share of all cells, in order."""
    flat = rng.integers(0, sheet.kwh.size, round(wanted * sheet.kwh.size))
    return np.unravel_index(np.unique(flat), sheet.kwh.shape)


def _put(
    sheet: _Sheet,
    row: np.ndarray,
    column: np.ndarray,
    now: np.ndarray,
    defect: str | np.ndarray,
    *,
    group: np.ndarray | None = None,
) -> None:
    """Write `now` into the cells that hold a value and were not touched before.

    Cells of one `group` change together or not at all.
    """
    barred = sheet.touched[row, column] | np.isnan(sheet.kwh[row, column])
    if group is not None:
        barred = np.isin(group, group[barred])
    now = now.astype(np.float32)
    keep = ~barred & (sheet.kwh[row, column] != now)
    row, column, now = row[keep], column[keep], now[keep]
    original = sheet.kwh[row, column]
    sheet.kwh[row, column] = now
    sheet.touched[row, column] = True
    names = np.broadcast_to(np.asarray(defect, dtype=object), keep.shape)[keep]
    keys, was, become = _keys(sheet, row, column), as_text(original), as_text(now)
    for name in pd.unique(names):
        ours = pa.array(np.flatnonzero(names == name))
        sheet.log.append(
            entries(
                sheet.table,
                keys.take(ours),
                "kwh",
                str(name),
                was.take(ours),
                become.take(ours),
            )
        )


def _keys(sheet: _Sheet, row: np.ndarray, column: np.ndarray) -> pa.Array:
    ids, stamps = sheet.customer_id, sheet.stamps
    return row_keys(ids.take(pa.array(row)), stamps.take(pa.array(column)))


def _rows(sheet: _Sheet, row: np.ndarray, column: np.ndarray) -> pd.DataFrame:
    """Rows of the long table of these cells."""
    ids, stamps = sheet.customer_id, sheet.stamps
    columns = {
        "customer_id": ids.take(pa.array(row)),
        "stamp": stamps.take(pa.array(column)),
        "kwh": pa.array(sheet.kwh[row, column]),
    }
    return pa.table(columns).to_pandas()
