"""A region as an object: settings, tables and arrays, each read when asked for."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from research.region.cache import kept, looks_of
from research.region.calendar import day_calendar, tou_bands
from research.region.compiled import WORTH_COMPILING, compiles
from research.region.errors import InputError, NotApplicable
from research.region.grids import (
    DAY,
    CivilSlots,
    Cube,
    Grid,
    civil_slots,
    cube_of,
    read_grids,
    read_stamps,
    within,
)
from research.region.held import held
from research.region.quality import (
    against_others,
    changes,
    check_rules,
    customer_quality,
    error_if,
    hourly_rhythm,
    lacking,
    level_table,
    repaired,
    series_findings,
    table_findings,
)
from research.region.schema import (
    TABLES,
    check_table,
    listing,
    parquet_schema,
    parts_of,
    tables_in,
)
from research.region.settings import FILE_NAME, Readings, Settings, read_settings
from research.region.tables import (
    check_keys,
    connect,
    named_in,
    read_table,
    table_spans,
)

# Their keys are looked at as they are read into arrays.
_READ_AS_GRIDS = ("readings", "energy_daily")


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

    def during(self, start, end) -> "Region":
        """The same region, its readings and daily energy of some days alone.

        Tables of bills, payments and tickets stay whole: functions of those take the
        day as of which they are asked.

        Parameters
        ----------
        start, end : date-like or None
            First and last day; None leaves the end as it is. Days outside the period
            that `region.yaml` declares do not come back.

        Raises
        ------
        InputError
            If no day is left.

        Examples
        --------
        ``read_region("data/london").during(None, "2013-09-30")``
        """
        declared = self.settings.period
        first, last = (
            None if day is None else pd.Timestamp(day).date() for day in (start, end)
        )
        first = max(filter(None, (first, declared.start)), default=None)
        last = min(filter(None, (last, declared.end)), default=None)
        if first and last and first > last:
            raise InputError(
                f"{self.path / FILE_NAME}: no day is left from {first} to {last}. "
                "Ask for days inside the declared period."
            )
        period = declared.model_copy(update={"start": first, "end": last})
        return replace(
            self, settings=self.settings.model_copy(update={"period": period})
        )

    def has(self, table: str) -> bool:
        """Whether the region brings `table`."""
        return bool(parts_of(self.path, table))

    def columns(self, table: str) -> list[str]:
        """Columns of `table` that the region brings; none without the table."""
        parts = parts_of(self.path, table)
        return parquet_schema(parts[0]).names if parts else []

    def table(self, name: str) -> pd.DataFrame:
        """Any table of the schema, as it was written.

        Raises
        ------
        NotApplicable
            If the region does not bring it.
        InputError
            If no table has that name, its columns are wrong or a key stands twice.

        Examples
        --------
        ``region.table("payments").groupby("channel")["amount_yuan"].sum()``
        """
        if name not in TABLES:
            near = difflib.get_close_matches(name, TABLES, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise InputError(
                f"no table is called {name!r}; {hint}Known: {', '.join(TABLES)}."
            )
        if name != "customers":
            self._need(name)
        return read_table(self.path, name)

    @cached_property
    def customers(self) -> pd.DataFrame:
        """One row a customer, index `customer_id`."""
        return read_table(self.path, "customers").set_index("customer_id")

    @cached_property
    def price_signal(self) -> pd.DataFrame | None:
        """Price band and price of each interval, index `ts`; None if not supplied."""
        if not self.has("price_signal"):
            return None
        return read_table(self.path, "price_signal").set_index("ts")

    @cached_property
    def labels(self) -> pd.DataFrame | None:
        """Known classes, a row a customer and a column a label; None if not supplied.

        Classes such as a social group or a tariff come from outside: no method
        learns from them, segments are compared with them.
        """
        if not self.has("labels"):
            return None
        tidy = read_table(self.path, "labels")
        return tidy.pivot(index="customer_id", columns="label", values="value")

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """First and last reading, complete days and rule counts of each customer."""
        return kept(self._coverage, "coverage", self)

    def _coverage(self) -> pd.DataFrame:
        minutes, share = self.minutes, self.settings.quality.complete_day_share
        parts, rhythms = [], []
        for grid in self._raw("readings", self.stamps, minutes):
            slots = np.isfinite(self._cube(grid).power)
            complete = (slots.mean(axis=2) >= share).sum(axis=1)
            parts.append(self._quality(grid, complete, minutes))
            if minutes <= 60:
                rhythms.append(hourly_rhythm(grid, minutes))
        rhythm = np.concatenate(rhythms) if rhythms else None
        return against_others(
            pd.concat(parts).rename_axis("customer_id"), rhythm, minutes=minutes
        )

    @cached_property
    def daily_coverage(self) -> pd.DataFrame:
        """As `coverage`, of the days of `energy_daily`."""
        parts = [
            self._quality(grid, np.isfinite(grid.kwh).sum(axis=1), DAY)
            for grid in self._raw("energy_daily", self.daily_stamps, DAY)
        ]
        return against_others(
            pd.concat(parts).rename_axis("customer_id"), None, minutes=DAY
        )

    @cached_property
    def findings(self) -> pd.DataFrame:
        """What was wrong and what was done: a row a rule and table, zeros included.

        The counts of the import are those written down then; rules on series and
        between tables are applied when asked for, with the thresholds and actions
        that `region.yaml` has now.

        Returns
        -------
        findings : DataFrame
            `rule`, `table`, `rows`, `customers`, `share`, `action`, `looks_for`,
            `example`: the first place found, empty where nothing was.
        """
        limits = self.settings.quality
        parts = []
        if (path := self.path / "findings.parquet").is_file():
            parts.append(pd.read_parquet(path))
        if self.has("readings"):
            parts.append(series_findings(self.coverage, limits))
        if self.has("energy_daily"):
            parts.append(series_findings(self.daily_coverage, limits, "energy_daily"))
        parts.append(table_findings(self.path, self.settings))
        found = pd.concat([p for p in parts if len(p)] or parts, ignore_index=True)
        if "example" not in found:
            found["example"] = ""
        return found.fillna({"example": ""})

    @property
    def hard_faults(self) -> pd.DataFrame:
        """Findings beyond what is allowed, with the share allowed as `error_if`."""
        found = self.findings
        limits = [error_if(rule, self.settings.quality) for rule in found["rule"]]
        found = found.assign(error_if=pd.Series(limits, dtype="float64"))
        return found[(found["rows"] > 0) & (found["share"] > found["error_if"])]

    @property
    def usable(self) -> pd.Index:
        """Customers with enough complete days to be segmented."""
        enough = self.settings.quality.min_complete_days
        return self.coverage.index[self.coverage["complete_days"] >= enough]

    def check(self) -> None:
        """Look at the period and every table's rows now instead of when asked for.

        Raises
        ------
        InputError
            For the first thing that is wrong, such as an id that stands twice.
        """
        _ = self.customers, self.labels, self.price_signal
        there = [t for t in TABLES if self.has(t) and t not in _READ_AS_GRIDS]
        check_keys(self.path, there)
        if self.has("readings") or self.has("energy_daily"):
            _ = self.days, self.calendar
        if self.has("readings"):
            _ = self.tou_bands

    @cached_property
    def levels(self) -> pd.DataFrame:
        """Levels L0 to L7: reached or not, what each answers, what it lacks."""
        minutes = self.minutes if self.has("readings") else None
        return level_table(self, minutes)

    @property
    def level(self) -> str:
        """How far the tables carry: the highest level that is reached."""
        reached = self.levels[self.levels["reached"] == "yes"]
        if reached.empty:
            return "below L0"
        return " ".join(reached[["level", "title"]].iloc[-1])

    @cached_property
    def tables(self) -> pd.DataFrame:
        """Tables that the region brings, and what they cover.

        Returns
        -------
        tables : DataFrame
            `table`, `rows`, `customers` (distinct; missing where a table has none),
            `first` and `last` day or month (empty where there is none).
        """
        return table_spans(self.path)

    @property
    def changes(self) -> pd.DataFrame:
        """Rules that found more or less than at the import before."""
        return changes(self.path)

    @property
    def lacks(self) -> dict[str, str]:
        """What the region does not bring, and what is not told therefore."""
        return lacking(self)

    def query(self, sql: str) -> pd.DataFrame:
        """Answer a question in SQL about the region's tables, by their names.

        Examples
        --------
        ``region.query("select customer_id, sum(kwh) from readings group by all")``
        """
        with connect(self.path, names=named_in(sql)) as connection:
            return connection.execute(sql).df()

    @cached_property
    def stamps(self) -> pd.DatetimeIndex:
        """Starts of all intervals between the first and the last reading."""
        self._need("readings")
        return read_stamps(
            parts_of(self.path, "readings"),
            minutes=self.minutes,
            at_end=self._readings.stamp == "end",
        )

    @cached_property
    def daily_stamps(self) -> pd.DatetimeIndex:
        """All days between the first and the last day of `energy_daily`."""
        self._need("energy_daily")
        return read_stamps(parts_of(self.path, "energy_daily"), minutes=DAY)

    @cached_property
    def _slots(self) -> CivilSlots:
        slots = civil_slots(
            self.stamps,
            clock=self._readings.clock,
            timezone=self.settings.timezone,
            minutes=self.minutes,
        )
        kept = self._in_period(slots.days)
        return CivilSlots(slots.days[kept], slots.first[kept], slots.second[kept])

    def _in_period(self, days: pd.DatetimeIndex) -> np.ndarray:
        return within(days, self.settings.period, self.path / FILE_NAME)

    @cached_property
    def days(self) -> pd.DatetimeIndex:
        """Civil days that the notebooks look at: of readings, or of daily energy."""
        if self.has("energy_daily") and not self.has("readings"):
            return self.daily_stamps[self._in_period(self.daily_stamps)]
        return self._slots.days

    @cached_property
    def calendar(self) -> pd.DataFrame:
        """Season and kind of each of the `days`."""
        return day_calendar(self.days, self.settings)

    @cached_property
    def tou_bands(self) -> pd.DataFrame | None:
        """Time-of-use band of each slot of each day; None where none is declared."""
        return tou_bands(
            self.calendar,
            DAY // self.minutes,
            self.settings.tou,
            precedence=self.settings.precedence,
        )

    def grids(self) -> Iterator[Grid]:
        """Readings on the meters' clock, a row group of customers each.

        Lumps after gaps and months of another unit are repaired, and marked as
        estimated, unless `quality.rules` of region.yaml says otherwise.
        """
        self._need("readings")
        limits, declared = self.settings.quality, self._readings
        files = self.path.resolve(), looks_of(self.path)
        key = *files, limits.model_dump_json(), declared.model_dump_json()
        yield from held(key, self._repaired)

    def _repaired(self) -> Iterator[Grid]:
        compiled, limits = self._compiled, self.settings.quality
        for grid in self._raw("readings", self.stamps, self.minutes, compiled):
            yield repaired(grid, minutes=self.minutes, limits=limits, compiled=compiled)

    def daily_grids(self) -> Iterator[Grid]:
        """As `grids`, of the days of `energy_daily`."""
        for grid in self._raw("energy_daily", self.daily_stamps, DAY):
            yield repaired(grid, minutes=DAY, limits=self.settings.quality)

    def cubes(self) -> Iterator[Cube]:
        """Mean power by customer, civil day and slot, a row group at a time."""
        return map(self._cube, self.grids())

    def _cube(self, grid: Grid) -> Cube:
        return cube_of(grid, self._slots, minutes=self.minutes)

    @cached_property
    def _compiled(self) -> bool:
        """Whether readings are so many that compiled loops pay; grids are the same."""
        if not compiles():
            return False
        parts = parts_of(self.path, "readings")
        return sum(pq.read_metadata(p).num_rows for p in parts) >= WORTH_COMPILING

    def _raw(
        self, table: str, stamps: pd.DatetimeIndex, minutes: int, compiled: bool = False
    ) -> Iterator[Grid]:
        at_end = table == "readings" and self._readings.stamp == "end"
        parts = parts_of(self.path, table)
        return read_grids(
            parts, stamps, minutes=minutes, at_end=at_end, compiled=compiled
        )

    def _quality(self, grid: Grid, complete: np.ndarray, minutes: int) -> pd.DataFrame:
        limits = self.settings.quality
        return customer_quality(grid, complete, minutes=minutes, limits=limits)

    @property
    def _readings(self) -> Readings:
        if self.settings.readings is None:
            raise InputError(
                f"{self.path / FILE_NAME}: the table readings is there and not "
                "declared; say readings: {resolution_minutes: ..., stamp: ..., "
                "clock: ..., unit: kWh}."
            )
        return self.settings.readings

    @property
    def minutes(self) -> int:
        """Length of the intervals of the readings, in minutes."""
        self._need("readings")
        return self._readings.resolution_minutes

    def _need(self, table: str) -> None:
        """Refuse to go on without a table that a region may lack."""
        if not self.has(table):
            raise NotApplicable(
                f"{self.name}: the region has no table {table!r}. "
                f"Found: {tables_in(self.path)}."
            )
        check_table(self.path, table)


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
    check_rules(region.settings.quality, folder / FILE_NAME)
    for table in TABLES:
        if table == "customers" or region.has(table):
            check_table(folder, table)
    return region
