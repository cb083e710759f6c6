"""A region as an object: settings, tables and arrays, each read when asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from research.region.calendar import day_calendar, tou_bands
from research.region.errors import InputError
from research.region.grids import CivilSlots, Cube, Grid, civil_slots, cube_of
from research.region.quality import customer_quality, series_findings
from research.region.schema import TABLES, check_table, listing, parts_of
from research.region.settings import FILE_NAME, Settings, read_settings


@dataclass(frozen=True)
class Region:
    """The tables and settings of one region, each read when first asked for.

    Attributes
    ----------
    path : Path
    settings : Settings
        What `region.yaml` declares.
    """

    path: Path
    settings: Settings

    @property
    def name(self) -> str:
        """Name of the region, which is also the name of its reports' folder."""
        return self.settings.name

    def has(self, table: str) -> bool:
        """Whether the region brings `table`."""
        return bool(parts_of(self.path, table))

    @cached_property
    def customers(self) -> pd.DataFrame:
        """One row a customer, index `customer_id`."""
        return self._read("customers").set_index("customer_id")

    @cached_property
    def price_signal(self) -> pd.DataFrame | None:
        """Price band and price of each interval, index `ts`; None if not supplied."""
        if not self.has("price_signal"):
            return None
        return self._read("price_signal").set_index("ts")

    @cached_property
    def labels(self) -> pd.DataFrame | None:
        """Known classes, a row a customer and a column a label; None if not supplied.

        Classes such as a social group or a tariff come from outside: no method
        learns from them, segments are compared with them.
        """
        if not self.has("labels"):
            return None
        tidy = self._read("labels")
        return tidy.pivot(index="customer_id", columns="label", values="value")

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """First and last reading, complete days and rule counts of each customer."""
        parts = [
            customer_quality(grid, self._cube(grid), self.settings)
            for grid in self.grids()
        ]
        return pd.concat(parts).rename_axis("customer_id")

    @cached_property
    def findings(self) -> pd.DataFrame:
        """What was wrong and what was done: a row a rule, zero counts included.

        The counts of the import are those written down then; the rules on series
        are applied when asked for, with the thresholds that `region.yaml` has now.
        """
        path = self.path / "findings.parquet"
        series = series_findings(self.coverage)
        if not path.is_file():
            return series
        return pd.concat([pd.read_parquet(path), series], ignore_index=True)

    @property
    def usable(self) -> pd.Index:
        """Customers with enough complete days to be segmented."""
        enough = self.settings.quality.min_complete_days
        return self.coverage.index[self.coverage["complete_days"] >= enough]

    def check(self) -> None:
        """Look at the period and every small table now instead of when asked for.

        Raises
        ------
        InputError
            For the first thing that is wrong, such as an id that stands twice.
        """
        _ = self.days, self.calendar, self.tou_bands
        _ = self.customers, self.labels, self.price_signal

    @property
    def level(self) -> str:
        """How far the tables carry: L3 with interval readings, L2 with daily ones."""
        daily = self.settings.readings.resolution_minutes == 24 * 60
        return "L2 daily readings" if daily else "L3 interval readings"

    @property
    def lacks(self) -> dict[str, str]:
        """What the region does not bring, and what is not told therefore."""
        told = {
            "time-of-use calendar 峰平谷时段": (
                "shares of peak and valley energy are not computed",
                self.settings.tou is not None,
            ),
            "price signal 电价信号": (
                "the response to prices is not computed",
                self.has("price_signal"),
            ),
            "known classes 客户类别": (
                "segments are not compared with them",
                self.has("labels"),
            ),
            "weather 气象": ("the response to heat and cold is not computed", False),
            "second year of readings": (
                "growth can not be told from season",
                len(self.days) >= 2 * 365,
            ),
        }
        return {what: so for what, (so, there) in told.items() if not there}

    def query(self, sql: str) -> pd.DataFrame:
        """Answer a question in SQL about the region's tables, by their names.

        Examples
        --------
        ``region.query("select customer_id, sum(kwh) from readings group by all")``
        """
        with duckdb.connect() as connection:
            for table in TABLES:
                if parts := parts_of(self.path, table):
                    relation = connection.read_parquet([str(p) for p in parts])
                    relation.create_view(table)
            return connection.execute(sql).df()

    @cached_property
    def stamps(self) -> pd.DatetimeIndex:
        """Starts of all intervals between the first and the last reading."""
        check_table(self.path, "readings")
        bounds = [b for part in parts_of(self.path, "readings") for b in _bounds(part)]
        first, last = min(b[0] for b in bounds), max(b[1] for b in bounds)
        step = pd.Timedelta(minutes=self.settings.readings.resolution_minutes)
        if self.settings.readings.stamp == "end":
            first, last = first - step, last - step
        return pd.date_range(first, last, freq=step, unit="ms")

    @cached_property
    def _slots(self) -> CivilSlots:
        readings, period = self.settings.readings, self.settings.period
        slots = civil_slots(
            self.stamps,
            clock=readings.clock,
            timezone=self.settings.timezone,
            minutes=readings.resolution_minutes,
        )
        start = pd.Timestamp(period.start or slots.days[0])
        end = pd.Timestamp(period.end or slots.days[-1])
        kept = (slots.days >= start) & (slots.days <= end)
        if not kept.any():
            raise InputError(
                f"{self.path / FILE_NAME}, period: {start:%Y-%m-%d} to "
                f"{end:%Y-%m-%d} would leave 0 readings; the region has "
                f"{slots.days[0]:%Y-%m-%d} to {slots.days[-1]:%Y-%m-%d}."
            )
        return CivilSlots(slots.days[kept], slots.first[kept], slots.second[kept])

    @property
    def days(self) -> pd.DatetimeIndex:
        """Civil days that the notebooks look at."""
        return self._slots.days

    @cached_property
    def calendar(self) -> pd.DataFrame:
        """Season and kind of each of the `days`."""
        return day_calendar(self.days, self.settings)

    @cached_property
    def tou_bands(self) -> pd.DataFrame | None:
        """Time-of-use band of each slot of each day; None where none is declared."""
        n_slots = 24 * 60 // self.settings.readings.resolution_minutes
        return tou_bands(self.calendar, n_slots, self.settings.tou)

    def grids(self) -> Iterator[Grid]:
        """Readings as arrays on the meters' clock, a row group of customers each."""
        stamps, seen = self.stamps, set()
        for part in parts_of(self.path, "readings"):
            file = pq.ParquetFile(part)
            for group in range(file.num_row_groups):
                grid = _grid(file.read_row_group(group), part, stamps, self.settings)
                again = seen.intersection(grid.customer_id)
                if again:
                    raise InputError(
                        f"{part}: customer {min(again)!r} is spread over row groups; "
                        "sort the readings by customer and time, then write anew."
                    )
                seen.update(grid.customer_id)
                yield grid

    def cubes(self) -> Iterator[Cube]:
        """Mean power by customer, civil day and slot, a row group at a time."""
        return map(self._cube, self.grids())

    def _cube(self, grid: Grid) -> Cube:
        minutes = self.settings.readings.resolution_minutes
        return cube_of(grid, self._slots, minutes=minutes)

    def _read(self, table: str) -> pd.DataFrame:
        check_table(self.path, table)
        key = TABLES[table].key
        frame = pq.read_table(parts_of(self.path, table)[0]).to_pandas()
        repeated = frame.duplicated(list(key), keep=False)
        if repeated.any():
            first = frame.loc[repeated, list(key)].iloc[0]
            rows = (np.flatnonzero(repeated)[:2] + 1).tolist()
            raise InputError(
                f"{self.path / table}.parquet: rows {rows[0]} and {rows[1]} share "
                f"{', '.join(f'{k} {v!r}' for k, v in first.items())}; "
                f"{repeated.sum()} rows are duplicated. Keep one row of each."
            )
        return frame


def read_region(path: str | Path) -> Region:
    """Open the region in the folder `path`; its tables are read when asked for.

    Raises
    ------
    InputError
        If the folder, its `region.yaml` or a required table is missing, or a key
        of `region.yaml` is unknown or of the wrong kind. Seen from the folder
        `notebooks`, a path that starts at the root of the repository works too.

    Examples
    --------
    ``region = read_region("data/london")``
    """
    folder = Path(path)
    if not folder.is_absolute() and not folder.exists() and Path("..", path).exists():
        folder = Path("..", path)
    if not folder.is_dir():
        kind = "a file" if folder.exists() else "nothing"
        near = listing(folder.parent) if folder.parent.is_dir() else "no such folder"
        raise InputError(
            f"{folder}: a region's folder is wanted, found {kind}. "
            f"In {folder.parent}: {near}."
        )
    region = Region(folder, read_settings(folder / FILE_NAME))
    for table in TABLES:
        if table == "customers" or region.has(table):
            check_table(folder, table)
    return region


def _bounds(path: Path) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    metadata = pq.read_metadata(path)
    column = pq.read_schema(path).names.index("ts")
    groups = [
        metadata.row_group(g).column(column) for g in range(metadata.num_row_groups)
    ]
    if metadata.num_rows == 0:
        raise InputError(f"{path}: the table holds no readings.")
    if any(group.statistics is None for group in groups):
        ts = pq.read_table(path, columns=["ts"])["ts"].to_pandas()
        return [(ts.min(), ts.max())]
    return [
        (pd.Timestamp(g.statistics.min), pd.Timestamp(g.statistics.max)) for g in groups
    ]


def _grid(
    table: pa.Table, part: Path, stamps: pd.DatetimeIndex, settings: Settings
) -> Grid:
    """Spread the rows of a row group over customers and stamps."""
    ids = table["customer_id"].combine_chunks()
    if not pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_encode()
    step = settings.readings.resolution_minutes * 60_000
    ts = table["ts"].cast(pa.timestamp("ms")).cast(pa.int64()).to_numpy()
    if settings.readings.stamp == "end":
        ts = ts - step
    column, off = np.divmod(ts - stamps.asi8[0], step)
    if off.any():
        row = int(np.flatnonzero(off)[0])
        raise InputError(
            f"{part} row {row + 1}: ts {table['ts'][row]} is off the grid of "
            f"{settings.readings.resolution_minutes} minutes that region.yaml declares."
        )
    row = ids.indices.to_numpy()
    flat = row * len(stamps) + column
    if (np.diff(flat) <= 0).any():  # rows out of order, or one of them twice
        order = np.argsort(flat, kind="stable")
        twice = order[1:][np.diff(flat[order]) == 0]
        if len(twice):
            raise _two_readings(table, part, ids, int(twice[0]))
    kwh = np.full(len(ids.dictionary) * len(stamps), np.nan, dtype=np.float32)
    kwh[flat] = table["kwh"].to_numpy()
    index = pd.Index(ids.dictionary.to_pylist(), name="customer_id", dtype="str")
    return Grid(index, stamps, kwh.reshape(len(index), len(stamps)))


def _two_readings(table: pa.Table, part: Path, ids: pa.Array, row: int) -> InputError:
    return InputError(
        f"{part} row {row + 1}: customer {ids[row]} has two readings at "
        f"{table['ts'][row]}. Import with `research import`, which sets duplicates "
        "aside."
    )
