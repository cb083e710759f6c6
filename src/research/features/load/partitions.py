"""Features of a region partition by partition: pure functions, to be mapped.

A partition is some row groups of whole customers of one file of readings. What is
mapped over partitions, in a loop, in processes or on a cluster, are the functions of
this file; none of them writes anything.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from research.features.load.parts import complete_only, some_at_a_time
from research.features.load.present import count, total
from research.features.load.table import table
from research.region.calendar import day_calendar, tou_bands
from research.region.errors import InputError
from research.region.grids import (
    DAY,
    CivilSlots,
    Cube,
    _grid,
    civil_slots,
    cube_of,
    read_stamps,
    within,
)
from research.region.quality import repaired
from research.region.schema import TABLES, parquet_schema
from research.region.settings import FILE_NAME, Settings

GROUPS_A_PARTITION = 8
"""Row groups of a partition: about eight million readings, a few seconds of work."""

_COMPUTING = ("holidays", "numba", "numpy", "pandas", "pyarrow", "scipy")


@dataclass(frozen=True)
class Partition:
    """Some row groups of a file of readings.

    Attributes
    ----------
    file : Path
    first, end : int
        The row groups from `first` up to `end`, without `end`.
    """

    file: Path
    first: int
    end: int

    @property
    def name(self) -> str:
        """Name of the partition, which sorts as the readings do."""
        return f"{self.file.stem}-{self.first:05}"


@dataclass(frozen=True)
class Common:
    """What all partitions of a region share: settings and the axis of time.

    Attributes
    ----------
    key : str
        Hash of all that features depend on besides the readings of a partition and
        the area's peak: settings, first and last stamp, the code that computes.
    declared : Path
        The region.yaml, for messages.
    settings : Settings
    first, last : Timestamp
        First and last interval of the region, of whatever partition.
    """

    key: str
    declared: Path = field(compare=False)
    settings: Settings = field(compare=False)
    first: pd.Timestamp = field(compare=False)
    last: pd.Timestamp = field(compare=False)


def common_of(folder: Path, files: list[Path], settings: Settings) -> Common:
    """Settings and axis of time of the region that has these files of readings.

    Raises
    ------
    InputError
        If a file holds no rows.
    """
    readings = settings.readings
    stamps = read_stamps(
        files,
        minutes=readings.resolution_minutes,
        at_end=readings.stamp == "end",
    )
    told = [settings.model_dump_json(), str(stamps[0]), str(stamps[-1]), code_key()]
    return Common(key_of(*told), folder / FILE_NAME, settings, stamps[0], stamps[-1])


def partitions_of(file: Path) -> list[Partition]:
    """Cut a file of readings into partitions, by its row groups.

    Raises
    ------
    InputError
        If the file is no whole Parquet file, lacks a column or holds no rows.
    """
    names = parquet_schema(file).names
    missing = [c for c in TABLES["readings"].required if c not in names]
    if missing:
        raise InputError(
            f"{file}: missing column {', '.join(missing)}. Found: {', '.join(names)}."
        )
    metadata = pq.read_metadata(file)
    if not metadata.num_rows:
        raise InputError(f"{file}: the table holds no rows.")
    n_groups = metadata.num_row_groups
    return [
        Partition(file, first, min(first + GROUPS_A_PARTITION, n_groups))
        for first in range(0, n_groups, GROUPS_A_PARTITION)
    ]


def fingerprint(file: Path) -> tuple[str, str]:
    """Hash of the bytes of a file, and of the code that is at work here.

    Bytes and not size and time: a file that was copied is the same file, and one
    that was written over within the clock's tick is another.
    """
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest(), code_key()


def area_of_partition(
    partition: Partition, common: Common
) -> tuple[np.ndarray, np.ndarray]:
    """Load of all customers of a partition together, complete days only.

    Returns
    -------
    summed : array of shape (n_days, n_slots)
        Sum of the customers present. [kW]
    present : int array of that shape
        How many they are.
    """
    part = _Part(partition, common)
    complete_share = common.settings.quality.complete_day_share
    summed, present = 0.0, 0
    for cube in part.cubes():
        for rows in some_at_a_time(len(cube.customer_id)):
            power = complete_only(cube.power[rows], complete_share)
            summed = summed + total(power, axis=0)
            present = present + count(power, axis=0)
    return summed, present


def features_of_partition(
    partition: Partition, common: Common, peak: np.ndarray
) -> pd.DataFrame:
    """Load features of the customers of a partition.

    Parameters
    ----------
    partition : Partition
    common : Common
    peak : bool array of shape (n_days, n_slots)
        The area's peak, of all partitions together.

    Returns
    -------
    features_of_partition : DataFrame of shape (n_customers, n_features)
        On `customer_id`; the columns are described at `customer_features`.
    """
    return table(_Part(partition, common), peak)


def key_of(*told: str) -> str:
    """Hash of some texts, of 32 hexadecimal digits.

    Examples
    --------
    >>> key_of("a", "b") == key_of("ab", "")
    False
    """
    found = hashlib.sha256()
    for text in told:
        found.update(f"{len(text)} {text}".encode())
    return found.hexdigest()[:32]


@cache
def code_key() -> str:
    """Hash of the code that features come from: two rooms, and what they build on."""
    root = Path(__file__).parents[2]
    paths = [p for room in ("region", "features") for p in (root / room).rglob("*.py")]
    told = [f"{p.relative_to(root)} {p.read_text('utf-8')}" for p in sorted(paths)]
    return key_of(*told, *(f"{name} {_version(name)}" for name in _COMPUTING))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


@dataclass(frozen=True)
class _Part:
    """A partition as a region: what `load.table` asks of one."""

    partition: Partition
    common: Common

    @property
    def settings(self) -> Settings:
        return self.common.settings

    @cached_property
    def axis(self) -> "_Axis":
        return _axis(self.common)

    @property
    def calendar(self) -> pd.DataFrame:
        return self.axis.calendar

    @property
    def tou_bands(self) -> pd.DataFrame | None:
        return self.axis.bands

    def cubes(self) -> Iterator[Cube]:
        readings, stamps = self.settings.readings, self.axis.stamps
        minutes, at_end = readings.resolution_minutes, readings.stamp == "end"
        path, limits = self.partition.file, self.settings.quality
        with pq.ParquetFile(path) as file:
            for group in range(self.partition.first, self.partition.end):
                rows = file.read_row_group(group)
                grid = _grid(rows, path, stamps, minutes, at_end)
                grid = repaired(grid, minutes=minutes, limits=limits)
                yield cube_of(grid, self.axis.slots, minutes=minutes)


@dataclass(frozen=True)
class _Axis:
    stamps: pd.DatetimeIndex
    slots: CivilSlots
    calendar: pd.DataFrame
    bands: pd.DataFrame | None


@lru_cache(maxsize=2)
def _axis(common: Common) -> _Axis:
    """Stamps, civil days and their kinds; once a process, not once a partition."""
    settings, readings = common.settings, common.settings.readings
    minutes = readings.resolution_minutes
    step = pd.Timedelta(minutes=minutes)
    stamps = pd.date_range(common.first, common.last, freq=step, unit="ms")
    slots = civil_slots(
        stamps, clock=readings.clock, timezone=settings.timezone, minutes=minutes
    )
    kept = within(slots.days, settings.period, common.declared)
    slots = CivilSlots(slots.days[kept], slots.first[kept], slots.second[kept])
    calendar = day_calendar(slots.days, settings)
    bands = tou_bands(
        calendar, DAY // minutes, settings.tou, precedence=settings.precedence
    )
    return _Axis(stamps, slots, calendar, bands)


def days_and_slots(common: Common) -> tuple[int, int]:
    """Shape of a customer's load on the common axis.

    Raises
    ------
    InputError
        If no day lies in the declared period.
    """
    return _axis(common).slots.first.shape
