"""What is known of a partition as files: whole or not there, found again by its key."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from research.features.load.area import against_peak
from research.features.load.partitions import Survey
from research.region.errors import InputError

_ARRAYS = ("summed", "present", "kept", "at_kept", "highest")


def write_survey(survey: Survey, path: Path) -> None:
    """Write the features to `path` and the arrays beside it, the features last."""
    with whole_file(path.with_suffix(".npz")) as half, half.open("wb") as opened:
        np.savez(opened, **{name: getattr(survey, name) for name in _ARRAYS})
    with whole_file(path) as half:
        survey.features.to_parquet(half, compression="zstd")


def is_whole(path: Path) -> bool:
    """Whether a survey was written to `path`, both of its files whole."""
    try:
        with path.with_suffix(".npz").open("rb") as file:
            arrays = np.load(file, allow_pickle=False)
            return set(_ARRAYS) <= set(arrays.files) and rows_of(path) > 0
    except (OSError, ValueError, EOFError, BadZipFile):
        return False


def read_arrays(path: Path, *names: str) -> tuple[np.ndarray, ...]:
    """Some arrays of the survey at `path`."""
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
        return tuple(arrays[name] for name in names)


def rows_of(path: Path) -> int:
    """Rows of a Parquet file; 0 if it is not there or was cut off."""
    try:
        return pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowInvalid):
        return 0


def knows(path: Path, peak: np.ndarray) -> bool:
    """Whether the load at the area's peak was kept in the survey at `path`."""
    (kept,) = read_arrays(path, "kept")
    return not (peak & ~kept).any()


def features_of(
    path: Path, peak: np.ndarray, at_peak: np.ndarray | None = None
) -> pa.Table:
    """The features of a survey, those against the area's peak filled in.

    Parameters
    ----------
    path : Path
    peak : bool array of shape (n_days, n_slots)
    at_peak : array of shape (n_customers, n_marked), optional
        Load at the peak, where the survey does not know it. [kW]
    """
    kept, at_kept, highest = read_arrays(path, "kept", "at_kept", "highest")
    if at_peak is None:
        at_peak = np.ascontiguousarray(at_kept[:, peak[kept]])
    rows = pq.read_table(path)
    for name, values in against_peak(at_peak, highest).items():
        place = rows.column_names.index(name)
        column = pa.array(values, pa.float64(), from_pandas=True)
        rows = rows.set_column(place, name, column)
    return rows


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Fill a file beside `target`, then put it there in one step."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.half")
    yield half
    os.replace(half, target)


@contextmanager
def held(out: Path) -> Iterator[None]:
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
