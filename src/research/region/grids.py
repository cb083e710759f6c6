"""Readings as arrays: whole customers on the meter's clock, or on civil days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from research.region.errors import InputError
from research.region.settings import Period

DAY = 24 * 60
# What `quality` of a reading says: 0 measured, 1 estimated, 2 missing.
_ESTIMATED, _MISSING = 1, 2
_COLUMNS = ("customer_id", "ts", "date", "kwh", "quality")
# Few enough for the processor's cache.
_ROWS_AT_A_TIME = 50_000


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
    estimated : ndarray of bool of that shape, or None
        True where the meter did not measure the value: the source says so, or a rule
        repaired it or marks it. None: nothing is known of that.
    """

    customer_id: pd.Index
    stamps: pd.DatetimeIndex
    kwh: np.ndarray
    estimated: np.ndarray | None = None


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
    if clock == timezone or minutes == DAY:
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
    first = np.full((len(days), DAY // minutes), -1)
    second = first.copy()
    again = pd.MultiIndex.from_arrays([row, column]).duplicated()
    first[row[~again], column[~again]] = position[~again]
    second[row[again], column[again]] = position[again]
    return CivilSlots(days, first, second)


def within(days: pd.DatetimeIndex, period: Period, path: Path) -> np.ndarray:
    """Whether each day lies in the period that region.yaml declares.

    Parameters
    ----------
    days : DatetimeIndex of shape (n_days,)
    period : Period
        A bound that is not declared is that of the days.
    path : Path
        The region.yaml, for the message.

    Raises
    ------
    InputError
        If no day does.
    """
    start = pd.Timestamp(period.start or days[0])
    end = pd.Timestamp(period.end or days[-1])
    kept = (days >= start) & (days <= end)
    if not kept.any():
        raise InputError(
            f"{path}, period: {start:%Y-%m-%d} to {end:%Y-%m-%d} would leave 0 "
            f"readings; the region has {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}."
        )
    return kept


def cube_of(grid: Grid, slots: CivilSlots, *, minutes: int) -> Cube:
    """Mean power by civil day and slot; an hour that comes twice is averaged.

    The average keeps the shape of that one day right; its energy is that of 24
    hours instead of 25.
    """
    begin, shape = slots.first.flat[0], (len(grid.kwh), *slots.first.shape)
    in_turn = slots.first.ravel() == begin + np.arange(slots.first.size)
    if begin >= 0 and in_turn.all():  # one clock, whole days: nothing moves
        power = grid.kwh[:, begin : begin + slots.first.size] * np.float32(60 / minutes)
        power = power.reshape(shape)
    else:
        power = grid.kwh.take(slots.first, axis=1)  # days in order, in memory too
        power *= np.float32(60 / minutes)
    skipped = slots.first < 0
    if skipped.any():
        power[:, skipped] = np.nan
    doubled = slots.second >= 0
    if doubled.any():
        again = grid.kwh[:, slots.second[doubled]] * np.float32(60 / minutes)
        once = power[:, doubled]
        power[:, doubled] = np.where(
            np.isnan(once), again, np.where(np.isnan(again), once, (once + again) / 2)
        )
    return Cube(grid.customer_id, slots.days, power)


def read_stamps(
    parts: list[Path], *, minutes: int, at_end: bool = False
) -> pd.DatetimeIndex:
    """Starts of all intervals between the first and the last row of a long table.

    Parameters
    ----------
    parts : list of Path
        Parquet files with `ts`, or `date` for a table of days.
    minutes : int
        Length of the interval.
    at_end : bool
        Whether a row is stamped at the end of its interval.

    Raises
    ------
    InputError
        If a file holds no rows.
    """
    bounds = [bound for part in parts for bound in _bounds(part)]
    first = pd.Timestamp(min(bound[0] for bound in bounds))
    last = pd.Timestamp(max(bound[1] for bound in bounds))
    step = pd.Timedelta(minutes=minutes)
    if at_end:
        first, last = first - step, last - step
    return pd.date_range(first, last, freq=step, unit="ms")


def read_grids(
    parts: list[Path],
    stamps: pd.DatetimeIndex,
    *,
    minutes: int,
    at_end: bool = False,
    groups: Sequence[int] | None = None,
    compiled: bool = False,
    use_threads: bool = True,
) -> Iterator[Grid]:
    """Rows of a long table as arrays, a row group of whole customers at a time.

    Parameters
    ----------
    parts : list of Path
        Parquet files with `customer_id`, `ts` or `date`, `kwh`, and `quality` if it
        is known; a row of quality 2 is missing.
    stamps : DatetimeIndex
        As `read_stamps` gives it.
    minutes, at_end
        As for `read_stamps`.
    groups : sequence of int, optional
        Row groups of each file to read; unset, all.
    compiled : bool
        Whether a loop compiled by numba may spread the rows: the same grids, sooner.
    use_threads : bool
        Whether columns are decoded side by side; not where callers are already.

    Raises
    ------
    InputError
        If a time is off the grid, a customer has two values at one time or stands in
        two row groups.
    """
    seen: set[str] = set()
    for part in parts:
        with open_series(part) as file:
            columns = [c for c in file.schema_arrow.names if c in _COLUMNS]
            for group in range(file.num_row_groups) if groups is None else groups:
                rows = file.read_row_group(
                    group, columns=columns, use_threads=use_threads
                )
                grid = _grid(rows, part, stamps, minutes, at_end, compiled)
                again = seen.intersection(grid.customer_id)
                if again:
                    raise InputError(
                        f"{part}: customer {min(again)!r} is spread over row groups; "
                        "sort the rows by customer and time, then write anew."
                    )
                seen.update(grid.customer_id)
                yield grid


def open_series(path: Path) -> pq.ParquetFile:
    """Open a long table of customers to read its row groups.

    Ids come as numbers and a list of names, as they lie in the file: a string a row
    would take twice the time of all else that is read.
    """
    return pq.ParquetFile(path, read_dictionary=["customer_id"])


def _bounds(path: Path) -> list[tuple]:
    metadata, names = pq.read_metadata(path), pq.read_schema(path).names
    when = "ts" if "ts" in names else "date"
    groups = [
        metadata.row_group(g).column(names.index(when))
        for g in range(metadata.num_row_groups)
    ]
    if metadata.num_rows == 0:
        raise InputError(f"{path}: the table holds no rows.")
    if any(group.statistics is None for group in groups):
        ts = pq.read_table(path, columns=[when])[when].to_pandas()
        return [(ts.min(), ts.max())]
    return [(group.statistics.min, group.statistics.max) for group in groups]


def _grid(
    table: pa.Table,
    part: Path,
    stamps: pd.DatetimeIndex,
    minutes: int,
    at_end: bool,
    compiled: bool,
) -> Grid:
    """Spread the rows of a row group over customers and stamps."""
    ids = table["customer_id"].combine_chunks()
    if not pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_encode()
    when = "ts" if "ts" in table.column_names else "date"
    step = minutes * 60_000
    ts = table[when].cast(pa.timestamp("ms")).cast(pa.int64()).to_numpy()
    first = stamps.asi8[0] + (step if at_end else 0)
    index = pd.Index(ids.dictionary.to_pylist(), name="customer_id", dtype="str")
    shape = len(index), len(stamps)
    kwh = np.full(shape, np.nan, dtype=np.float32)
    values = table["kwh"].to_numpy()
    estimated = np.zeros(shape, dtype=bool)
    plain = ts.dtype == np.int64 and values.dtype == kwh.dtype
    if compiled and plain and "quality" not in table.column_names:
        place = import_module("research.region._grid_loops").place
        if place(ids.indices.to_numpy(), ts, values, first, step, kwh):
            return Grid(index, stamps, kwh, estimated)
        kwh[:] = np.nan
    flat = ids.indices.to_numpy().astype(np.int64)
    flat *= len(stamps)
    for begin in range(0, len(ts), _ROWS_AT_A_TIME):
        some = slice(begin, begin + _ROWS_AT_A_TIME)
        since = ts[some] - first
        column = since // step
        off = column * step != since
        if off.any():
            row = begin + int(off.argmax())
            raise InputError(
                f"{part} row {row + 1}: {when} {table[when][row]} is off the grid of "
                f"{minutes} minutes that region.yaml declares."
            )
        flat[some] += column
    if (flat[1:] <= flat[:-1]).any():  # rows out of order, or one of them twice
        order = np.argsort(flat, kind="stable")
        twice = order[1:][np.diff(flat[order]) == 0]
        if len(twice):
            raise _two_readings(table, part, ids, when, int(twice[0]))
    kwh.ravel()[flat] = values
    if "quality" in table.column_names:
        quality = table["quality"].fill_null(0).to_numpy()
        estimated.ravel()[flat] = quality == _ESTIMATED
        kwh.ravel()[flat[quality == _MISSING]] = np.nan
    return Grid(index, stamps, kwh, estimated)


def _two_readings(
    table: pa.Table, part: Path, ids: pa.Array, when: str, row: int
) -> InputError:
    return InputError(
        f"{part} row {row + 1}: customer {ids[row]} has two readings at "
        f"{table[when][row]}. Import with `research import`, which sets duplicates "
        "aside."
    )
