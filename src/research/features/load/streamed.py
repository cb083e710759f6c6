"""Features of a region of any size, as one file: memory does not grow with customers.

Each partition is read twice: once for the load of the area, whose peak two of the
features need, and once for the features. What is finished is kept below ``parts/``
under a name that says what it was computed from: the bytes of the file of readings,
the settings, the code and, for features, the area's peak. A run that was stopped
goes on from there; what was computed from something else is never taken up.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from research.features.load.area import area_peak_mask
from research.features.load.mapped import Workers, mapped, workers
from research.features.load.partitions import (
    Common,
    Partition,
    area_of_partition,
    code_key,
    common_of,
    days_and_slots,
    features_of_partition,
    fingerprint,
    key_of,
    partitions_of,
)
from research.features.load.present import ratio
from research.features.load.table import AREA_PEAK_HOURS
from research.region import InputError, NotApplicable, Region, read_region
from research.region.schema import listing, parts_of
from research.region.settings import FILE_NAME, read_settings

WHOLE, PARTIAL, PARTS = "features.parquet", "features.partial.parquet", "parts"
ROWS_A_GROUP = 100_000
_NOTE = b"research.features"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Fault:
    """A file or partition without features, and why."""

    place: str
    reason: str


@dataclass(frozen=True)
class Written:
    """What a run has written.

    Attributes
    ----------
    path : Path
        ``features.parquet``, or ``features.partial.parquet`` where there are faults.
    customers : int
    faults : tuple of Fault
        What is missing; none where the table is whole.
    unchanged : bool
        Whether the table was there already, computed from the same.
    """

    path: Path
    customers: int
    faults: tuple[Fault, ...] = ()
    unchanged: bool = False


@dataclass
class _Work:
    """A run: who works, where to, what went wrong, whom to tell."""

    workers: Workers
    folder: Path
    faults: list[Fault]
    tell: Progress

    def each(
        self, step: str, function: Callable, tasks: Sequence[tuple], places: list[str]
    ) -> Iterator[tuple[int, Any]]:
        """Results of the tasks that succeed; faults of the others are noted."""
        self.tell(step, 0, len(tasks))
        ended = enumerate(mapped(function, tasks, self.workers), start=1)
        for n_ended, (number, result, error) in ended:
            if error is None:
                yield number, result
            else:
                self.faults.append(Fault(places[number], _reason(error)))
            self.tell(step, n_ended, len(tasks))


def write_features(
    region_dir: Path | str,
    out: Path | str | None = None,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write the load features of every customer of a region, however many there are.

    The table is that of `features.load.table`, in the order of the readings. It is
    written whole or not at all: where a file of readings is broken, the others make
    ``features.partial.parquet``, and ``features.parquet`` stays as it was.

    Parameters
    ----------
    region_dir : path
        The region's folder. On a cluster, a folder that all workers see.
    out : path, optional
        Folder to write to; default: ``features/`` and the region's name. Only this
        process writes, workers do not.
    jobs : int
        Processes on this machine.
    scheduler : str, optional
        Address of a `dask.distributed` scheduler, in place of `jobs`.
    progress : callable, optional
        Told the step, how many of its tasks have ended, and of how many.

    Raises
    ------
    InputError
        If the region, its settings or the scheduler are wrong, no partition can be
        read, a customer stands in two of them, or another run writes to `out`.
    WorkersLost
        If a process died or the cluster went away; the same call goes on.

    Examples
    --------
    ``pd.read_parquet(write_features("data/london").path)``
    """
    folder, settings, files, faults = _opened(Path(region_dir))
    common = common_of(folder, files, settings)
    days_and_slots(common)  # refuses a period without a day before anything is done
    out = Path(out) if out is not None else Path("features") / settings.name
    tell = progress or (lambda step, done, total: None)
    partitions = [p for file in files for p in partitions_of(file)]
    jobs = min(jobs, len(partitions))
    with workers(jobs, scheduler) as who, _held(out):
        return _run(_Work(who, out, faults, tell), common, partitions)


def _opened(path: Path) -> tuple[Path, Any, list[Path], list[Fault]]:
    """The region's folder, settings and readable files of readings; faults of others.

    A region is refused as ever, unless nothing but some of its files of readings is
    wrong.
    """
    try:
        region, refused = read_region(path), None
    except InputError as error:
        refused = error
        if not parts_of(path, "readings"):
            raise
        region = Region(path, read_settings(path / FILE_NAME))
    folder, settings = region.path.absolute(), region.settings
    found = parts_of(folder, "readings")
    if not found:
        raise NotApplicable(
            f"{region.path}: the region has no table 'readings'. "
            f"Found: {listing(folder)}."
        )
    if settings.readings is None:
        raise refused or InputError(
            f"{region.path / FILE_NAME}: the table readings is there and not declared."
        )
    faults = [fault for file in found if (fault := _fault_of(file))]
    broken = {fault.place for fault in faults}
    files = [file for file in found if str(file) not in broken]
    if refused and (not faults or not files):
        raise refused
    if not files:
        raise InputError(faults[0].reason)
    return folder, settings, files, faults


def _fault_of(file: Path) -> Fault | None:
    try:
        partitions_of(file)
    except InputError as error:
        return Fault(str(file), _reason(error))
    return None


def _run(work: _Work, common: Common, partitions: list[Partition]) -> Written:
    digests = _digests(work, partitions)
    partitions = [p for p in partitions if p.file in digests]
    keys = {p: key_of(digests[p.file], str(p.first), common.key) for p in partitions}
    key = key_of(*keys.values())
    if not work.faults and (customers := _finished(work.folder / WHOLE, key)):
        _clear(work.folder)
        return Written(work.folder / WHOLE, customers, unchanged=True)
    areas = _areas(work, common, keys)
    peak = _peak(list(areas.values()))
    tables = _tables(work, common, {p: keys[p] for p in areas}, peak)
    if not tables:
        raise InputError(work.faults[0].reason)
    _refuse_repeated(work.folder, list(tables.values()))
    return _joined(work, list(tables.values()), key)


def _digests(work: _Work, partitions: list[Partition]) -> dict[Path, str]:
    files = list(dict.fromkeys(p.file for p in partitions))
    tasks, digests = [(file,) for file in files], {}
    for n, (digest, code) in work.each("hashes", fingerprint, tasks, _names(files)):
        if code != code_key():
            raise InputError(
                "the workers run another version of this library, or of what it "
                "computes with, than this machine. Install the same on all."
            )
        digests[files[n]] = digest
    if not digests:
        raise InputError(work.faults[0].reason)
    return digests


def _areas(
    work: _Work, common: Common, keys: dict[Partition, str]
) -> dict[Partition, Path]:
    """A file with the load of the area for each partition, in their order."""
    paths = {p: _part(work.folder, p, key, "npz") for p, key in keys.items()}
    todo = [p for p, path in paths.items() if not _is_area(path)]
    tasks = [(p, common) for p in todo]
    for n, (summed, present) in work.each(
        "area", area_of_partition, tasks, _names(todo)
    ):
        with _whole_file(paths[todo[n]]) as half, half.open("wb") as opened:
            np.savez_compressed(opened, summed=summed, present=present)
    done = {p: path for p, path in paths.items() if _is_area(path)}
    if not done:
        raise InputError(work.faults[0].reason)
    return done


def _peak(paths: list[Path]) -> np.ndarray:
    """The area's peak; summed in the order of the partitions, whoever was first."""
    summed, present = 0.0, 0
    for path in paths:
        with np.load(path, allow_pickle=False) as area:
            summed, present = summed + area["summed"], present + area["present"]
    load = ratio(summed, present)
    return area_peak_mask(load, n_slots=AREA_PEAK_HOURS * load.shape[-1] // 24)


def _tables(
    work: _Work, common: Common, keys: dict[Partition, str], peak: np.ndarray
) -> dict[Partition, Path]:
    """A file with the features of each partition, in their order."""
    at = peak.tobytes().hex()
    paths = {
        p: _part(work.folder, p, key_of(key, at), "parquet") for p, key in keys.items()
    }
    todo = [p for p, path in paths.items() if not _rows(path)]
    tasks = [(p, common, peak) for p in todo]
    for n, frame in work.each("features", features_of_partition, tasks, _names(todo)):
        with _whole_file(paths[todo[n]]) as half:
            frame.to_parquet(half, compression="zstd")
    return {p: path for p, path in paths.items() if _rows(path)}


def _refuse_repeated(folder: Path, paths: list[Path]) -> None:
    """Refuse a customer who stands in two partitions: neither has all his readings."""
    repeated = (
        "select customer_id from read_parquet($files) group by all "
        "having count(*) > 1 order by all limit 1"
    )
    with duckdb.connect() as connection:
        files = {"files": [str(path) for path in paths]}
        found = connection.execute(repeated, files).fetchone()
    if found:
        shutil.rmtree(folder / PARTS)  # of readings that must be written anew
        raise InputError(
            f"customer {found[0]!r} is spread over row groups or files of readings; "
            "sort the rows by customer and time, then write anew."
        )


def _joined(work: _Work, paths: list[Path], key: str) -> Written:
    """One table of all partitions, put in its place in one step."""
    faults = tuple(sorted(work.faults, key=lambda fault: fault.place))
    target = work.folder / (PARTIAL if faults else WHOLE)
    note = {"key": key, "whole": not faults, "missing": [f.place for f in faults]}
    schema = pq.read_schema(paths[0])
    schema = schema.with_metadata({**schema.metadata, _NOTE: json.dumps(note)})
    customers = 0
    with _whole_file(target) as half:
        with pq.ParquetWriter(half, schema, compression="zstd") as writer:
            for rows in _gathered(paths):
                writer.write_table(rows.replace_schema_metadata(schema.metadata))
                customers += len(rows)
    if not faults:
        _clear(work.folder)
    return Written(target, customers, faults)


def _gathered(paths: list[Path]) -> Iterator[pa.Table]:
    held, n_rows = [], 0
    for path in paths:
        held.append(pq.read_table(path))
        n_rows += len(held[-1])
        if n_rows >= ROWS_A_GROUP:
            yield pa.concat_tables(held)
            held, n_rows = [], 0
    if held:
        yield pa.concat_tables(held)


def _clear(folder: Path) -> None:
    """Remove what only an unfinished run needs."""
    (folder / PARTIAL).unlink(missing_ok=True)
    shutil.rmtree(folder / PARTS, ignore_errors=True)


def _finished(path: Path, key: str) -> int:
    """Customers of the whole table at `path` if it has this key, else 0."""
    note = (pq.read_schema(path).metadata or {}).get(_NOTE) if _rows(path) else None
    return _rows(path) if note and json.loads(note)["key"] == key else 0


def _rows(path: Path) -> int:
    """Rows of a Parquet file; 0 if it is not there or was cut off."""
    try:
        return pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowInvalid):
        return 0


def _is_area(path: Path) -> bool:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as area:
            return {"summed", "present"} <= set(area.files)
    except (OSError, ValueError, EOFError, BadZipFile):
        return False


def _part(folder: Path, partition: Partition, key: str, ending: str) -> Path:
    return folder / PARTS / f"{partition.name}.{key}.{ending}"


@contextmanager
def _whole_file(target: Path) -> Iterator[Path]:
    """Fill a file beside `target`, then put it there in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.half")
    yield half
    os.replace(half, target)


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """Hold the folder against a second run; leave none where nothing was written."""
    fresh = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"{out}: another run is writing there; wait for its end."
        ) from None
    try:
        yield
    finally:
        lock.release()
        if fresh and {path.name for path in out.iterdir()} <= {".lock"}:
            shutil.rmtree(out)


def _names(of: Sequence[Partition | Path]) -> list[str]:
    return [
        str(one)
        if isinstance(one, Path)
        else f"{one.file} row groups {one.first} to {one.end - 1}"
        for one in of
    ]


def _reason(error: Exception) -> str:
    if isinstance(error, InputError):
        return str(error)
    return f"{type(error).__name__}: {error}"
