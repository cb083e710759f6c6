"""Features of a region of any size, as one file: memory does not grow with customers.

Two of the features need the area's peak, which is known only when all is read. A
sample of the row groups foretells it: each partition is read once and keeps the load
of its customers at the highest slots of the sample, many more than the peak has. If
the peak is among them the features are complete; else partitions are read again. The
table is the same either way.

What is finished is kept below ``parts/`` under a name that says what it was computed
from: the bytes of the file of readings, the settings and the code. A run that was
stopped goes on from there; what was computed from something else is never taken up.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from research.features.load.mapped import Workers, mapped, workers
from research.features.load.part_files import (
    features_of,
    held,
    is_whole,
    knows,
    read_arrays,
    rows_of,
    whole_file,
    write_survey,
)
from research.features.load.partitions import (
    Common,
    Partition,
    area_of_partition,
    code_key,
    common_of,
    days_and_slots,
    fingerprint,
    key_of,
    load_of_partition,
    partitions_of,
    survey_of_partition,
)
from research.features.load.table import peak_of
from research.region import InputError, NotApplicable, Region, read_region
from research.region.schema import parts_of, tables_in
from research.region.settings import FILE_NAME, read_settings

WHOLE, PARTIAL, PARTS = "features.parquet", "features.partial.parquet", "parts"
ROWS_A_GROUP = 100_000
SAMPLED_GROUPS, SAMPLED_SHARE = 8, 1 / 25
"""Row groups that foretell the area's peak: so many at least, and this share of all."""
KEPT_HOURS = 250
"""Hours of the year at which each customer's load is kept, until the peak is known."""
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
        Threads of this process.
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
    with workers(jobs, scheduler) as who, held(out):
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
            f"{region.name}: the region has no table 'readings'. "
            f"Found: {tables_in(folder)}."
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
    parts = _surveyed(work, common, keys)
    peak = _peak(list(parts.values()))
    loads = _loads(work, common, keys, parts, peak)
    parts = {p: path for p, path in parts.items() if p in loads}
    if not parts:
        raise InputError(work.faults[0].reason)
    _refuse_repeated(work.folder, list(parts.values()))
    return _joined(work, parts, peak, loads, key)


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


def _surveyed(
    work: _Work, common: Common, keys: dict[Partition, str]
) -> dict[Partition, Path]:
    """A survey of each partition that can be read, in their order."""
    paths = {p: _part(work.folder, p, key, "parquet") for p, key in keys.items()}
    todo = [p for p, path in paths.items() if not is_whole(path)]
    kept = _foretold(work, common, list(keys)) if todo else None
    tasks = [(p, common, kept) for p in todo]
    for n, survey in work.each("features", survey_of_partition, tasks, _names(todo)):
        write_survey(survey, paths[todo[n]])
    done = {p: path for p, path in paths.items() if is_whole(path)}
    if not done:
        raise InputError(work.faults[0].reason)
    return done


def _foretold(work: _Work, common: Common, partitions: list[Partition]) -> np.ndarray:
    """The highest slots of a sample of the row groups, taken evenly from all files."""
    groups = [
        replace(p, first=group, end=group + 1)
        for p in partitions
        for group in range(p.first, p.end)
    ]
    n_sampled = max(SAMPLED_GROUPS, int(SAMPLED_SHARE * len(groups)))
    places = np.linspace(0, len(groups) - 1, min(n_sampled, len(groups))).astype(int)
    tasks = [(groups[place], common) for place in places]
    summed, present = np.zeros((2, *days_and_slots(common)))
    work.tell("sample", 0, len(tasks))
    for n, (_, area, error) in enumerate(
        mapped(area_of_partition, tasks, work.workers), start=1
    ):
        if error is None:  # the survey will meet the error again, and note it
            summed, present = summed + area[0], present + area[1]
        work.tell("sample", n, len(tasks))
    return peak_of(summed, present, hours=KEPT_HOURS)


def _peak(paths: list[Path]) -> np.ndarray:
    """The area's peak; summed in the order of the partitions, whoever was first."""
    summed, present = 0.0, 0
    for path in paths:
        some, of = read_arrays(path, "summed", "present")
        summed, present = summed + some, present + of
    return peak_of(summed, present)


def _loads(
    work: _Work,
    common: Common,
    keys: dict[Partition, str],
    parts: dict[Partition, Path],
    peak: np.ndarray,
) -> dict[Partition, Path | None]:
    """A file with the load at the peak for each partition; None where it was kept."""
    at = peak.tobytes().hex()
    loads = {
        p: None
        if knows(path, peak)
        else _part(work.folder, p, key_of(keys[p], at), "npy")
        for p, path in parts.items()
    }
    todo = [p for p, path in loads.items() if path and not path.exists()]
    tasks = [(p, common, peak) for p in todo]
    if todo:
        for n, load in work.each("peak", load_of_partition, tasks, _names(todo)):
            with whole_file(loads[todo[n]]) as half, half.open("wb") as opened:
                np.save(opened, load)
    return {p: path for p, path in loads.items() if path is None or path.exists()}


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


def _joined(
    work: _Work,
    parts: dict[Partition, Path],
    peak: np.ndarray,
    loads: dict[Partition, Path | None],
    key: str,
) -> Written:
    """One table of all partitions, put in its place in one step."""
    faults = tuple(sorted(work.faults, key=lambda fault: fault.place))
    target = work.folder / (PARTIAL if faults else WHOLE)
    note = {"key": key, "whole": not faults, "missing": [f.place for f in faults]}
    schema = pq.read_schema(next(iter(parts.values())))
    schema = schema.with_metadata({**schema.metadata, _NOTE: json.dumps(note)})
    tables = (
        features_of(path, peak, np.load(loads[p]) if loads[p] else None)
        for p, path in parts.items()
    )
    customers = 0
    with whole_file(target) as half:
        with pq.ParquetWriter(half, schema, compression="zstd") as writer:
            for rows in _gathered(tables):
                writer.write_table(rows.replace_schema_metadata(schema.metadata))
                customers += len(rows)
    if not faults:
        _clear(work.folder)
    return Written(target, customers, faults)


def _gathered(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    held, n_rows = [], 0
    for table in tables:
        held.append(table)
        n_rows += len(table)
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
    note = (pq.read_schema(path).metadata or {}).get(_NOTE) if rows_of(path) else None
    return rows_of(path) if note and json.loads(note)["key"] == key else 0


def _part(folder: Path, partition: Partition, key: str, ending: str) -> Path:
    return folder / PARTS / f"{partition.name}.{key}.{ending}"


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
