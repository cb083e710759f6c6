"""Features of a region partition by partition: pure functions, to be mapped.

A partition is some row groups of whole customers of one file of readings. What is
mapped over partitions, in a loop, in threads or on a cluster, are the functions of
this file; none of them writes anything.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from research.features.load.area import at_slots
from research.features.load.parts import some_at_a_time
from research.features.load.table import by_days_of, sums_of
from research.region.cache import code_key, key_of
from research.region.calendar import day_calendar, tou_bands
from research.region.compiled import WORTH_COMPILING, compiles
from research.region.errors import InputError
from research.region.grids import (
    DAY,
    CivilSlots,
    Cube,
    civil_slots,
    cube_of,
    read_grids,
    read_stamps,
    within,
)
from research.region.quality import repaired
from research.region.schema import TABLES, parquet_schema
from research.region.settings import FILE_NAME, Settings

GROUPS_A_PARTITION = 8
"""Row groups of a partition: about eight million readings, a few seconds of work."""


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
    compiled : bool
        Whether compiled loops compute: for all partitions alike, since the last
        digits differ.
    """

    key: str
    declared: Path = field(compare=False)
    settings: Settings = field(compare=False)
    first: pd.Timestamp = field(compare=False)
    last: pd.Timestamp = field(compare=False)
    compiled: bool = field(compare=False)


@dataclass(frozen=True)
class Survey:
    """What reading a partition once has told.

    Attributes
    ----------
    summed, present : arrays of shape (n_days, n_slots)
        Load of all its customers together, and their number; complete days only. [kW]
    kept : bool array of that shape
        Slots at which the load of each customer is kept.
    at_kept : float32 array of shape (n_customers, n_kept)
        That load. [kW]
    highest : array of shape (n_customers,)
        Highest load of each customer. [kW]
    features : DataFrame of shape (n_customers, n_features)
        On `customer_id`; those against the area's peak are NaN as yet.
    """

    summed: np.ndarray
    present: np.ndarray
    kept: np.ndarray
    at_kept: np.ndarray
    highest: np.ndarray
    features: pd.DataFrame


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
    first, last = stamps[0], stamps[-1]
    n_rows = sum(pq.read_metadata(file).num_rows for file in files)
    compiled = n_rows >= WORTH_COMPILING and compiles()
    told = (settings.model_dump_json(), first, last, compiled, code_key())
    key = key_of(*map(str, told))
    return Common(key, folder / FILE_NAME, settings, first, last, compiled)


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
    summed, present = 0.0, 0
    for cube, rows in _some_of(partition, common):
        some, of, _ = _sums_of(cube.power[rows], common)
        summed, present = summed + some, present + of
    return summed, present


def survey_of_partition(
    partition: Partition, common: Common, kept: np.ndarray
) -> Survey:
    """All that a partition tells before the area's peak is known.

    Parameters
    ----------
    partition : Partition
    common : Common
    kept : bool array of shape (n_days, n_slots)
        Slots at which the load of each customer is kept: the area's peak will be
        among them, one hopes.
    """
    complete_share = common.settings.quality.complete_day_share
    features_of = by_days_of(_Part(common))
    nowhere = np.zeros_like(kept)
    summed, present, parts = 0.0, 0, []
    for cube, rows in _some_of(partition, common):
        some, of, highest = _sums_of(cube.power[rows], common)
        summed, present = summed + some, present + of
        at_kept = at_slots(cube.power[rows], kept, complete_share)
        features = features_of(cube, rows, nowhere, common.compiled)
        parts.append((at_kept, highest, features))
    at_kept, highest, features = zip(*parts, strict=True)
    return Survey(
        summed,
        present,
        kept,
        np.concatenate(at_kept),
        np.concatenate(highest),
        pd.concat(features).rename_axis("customer_id"),
    )


def load_of_partition(
    partition: Partition, common: Common, slots: np.ndarray
) -> np.ndarray:
    """Load of each customer of a partition at some slots, as `area.at_slots`.

    Parameters
    ----------
    partition : Partition
    common : Common
    slots : bool array of shape (n_days, n_slots)
    """
    complete_share = common.settings.quality.complete_day_share
    return np.concatenate(
        [
            at_slots(cube.power[rows], slots, complete_share)
            for cube, rows in _some_of(partition, common)
        ]
    )


@dataclass(frozen=True)
class _Part:
    """A partition as a region: what features ask of one besides its cubes."""

    common: Common

    @property
    def settings(self) -> Settings:
        return self.common.settings

    @property
    def calendar(self) -> pd.DataFrame:
        return _axis(self.common).calendar

    @property
    def tou_bands(self) -> pd.DataFrame | None:
        return _axis(self.common).bands


def _sums_of(power: np.ndarray, common: Common) -> tuple:
    return sums_of(power, common.settings.quality.complete_day_share, common.compiled)


def _some_of(partition: Partition, common: Common) -> Iterator[tuple[Cube, slice]]:
    """Each cube of a partition with some of its customers at a time."""
    axis, readings = _axis(common), common.settings.readings
    minutes, compiled = readings.resolution_minutes, common.compiled
    for grid in read_grids(
        [partition.file],
        axis.stamps,
        minutes=minutes,
        at_end=readings.stamp == "end",
        groups=range(partition.first, partition.end),
        compiled=compiled,
        use_threads=False,  # partitions are worked on side by side
    ):
        limits = common.settings.quality
        grid = repaired(grid, minutes=minutes, limits=limits, compiled=compiled)
        cube = cube_of(grid, axis.slots, minutes=minutes)
        for rows in some_at_a_time(len(cube.customer_id)):
            yield cube, rows


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
