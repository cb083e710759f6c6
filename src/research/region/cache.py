"""What was computed of a region's readings, kept for the notebooks that come after.

Notebooks of one region look at the same coverage, the same typical days and the same
features, and to read all readings for them takes longer than most of what is shown.
Where the environment variable `RESEARCH_CACHE` names a folder, such tables are kept
there as Parquet, each under a name that says what it was computed from: the bytes of
the region's files, its settings, the arguments and the code. Without the variable
nothing is read or written, and every table is the same either way. Who asks for a table
that another process is computing waits for it.

Who has hashed a region's bytes already tells it by `RESEARCH_CACHE_DATA`; it is
believed as long as path, sizes and times of the files are what they were then.

The folder holds one row a customer: it belongs beside the logs, never among what is
published.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from research.kept import FOLDER, kept_at, key_of

DATA = "RESEARCH_CACHE_DATA"
"""Environment variable that tells how a region's files look, and their hash."""

_ROOMS = ("region", "features")
_COMPUTING = ("holidays", "numba", "numpy", "pandas", "pyarrow", "scipy")


def kept(
    compute: Callable[[], pd.DataFrame], what: str, region, *told: str
) -> pd.DataFrame:
    """A table of a region, from the cache if it is there, else computed and kept.

    Parameters
    ----------
    compute : callable
        Gives the table, of one row a customer or day.
    what : str
        Name of the table; letters and underscores.
    region : Region
        One that is not opened from a folder is computed.
    *told : str
        What the table depends on besides the region's files, its settings and the code
        of the rooms `region` and `features`.

    Returns
    -------
    kept : DataFrame
        What `compute` gives, to the last bit: a table that Parquet would give back
        otherwise is not kept, and neither is one whose region was written meanwhile.

    Examples
    --------
    ``kept(lambda: region.customers, "customers", region)``
    """
    folder, path = os.environ.get(FOLDER), getattr(region, "path", None)
    if not folder or path is None:
        return compute()
    looks = looks_of(path)
    made_of = key_of(_data_key(path, looks), code_key())
    asked = key_of(region.settings.model_dump_json(), *told)
    return kept_at(
        Path(folder) / region.name,
        what,
        asked,
        made_of,
        compute,
        lambda: looks_of(path) == looks,
    )


def environment(
    folder: Path, path: Path, looks: tuple, inputs: Mapping[str, str]
) -> dict[str, str]:
    """Environment variables by which other processes keep tables of a region here.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    path : Path
        The region's folder.
    looks : tuple
        From `looks_of`, before the bytes were hashed.
    inputs : mapping of str to str
        Hash of each of its files, in the order of `files_of`, by its path below the
        region's folder.

    Returns
    -------
    environment : dict
    """
    known = f"{_seen(path, looks)} {_hash_of(inputs)}"
    return {FOLDER: os.path.abspath(folder), DATA: known}


@cache
def code_key() -> str:
    """Hash of the code that features come from: two rooms, and what they build on."""
    root = Path(__file__).parents[1]
    paths = [p for room in _ROOMS for p in (root / room).rglob("*.py")]
    told = [f"{p.relative_to(root)} {p.read_text('utf-8')}" for p in sorted(paths)]
    return key_of(*told, *(f"{name} {_version(name)}" for name in _COMPUTING))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def files_of(path: Path) -> list[Path]:
    """The files of a region that count: `region.yaml` and every table."""
    return sorted([path / "region.yaml", *path.rglob("*.parquet")])


def looks_of(path: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Name, size and times of each file of a region: seen at once, unlike its hash.

    The times are of its bytes and of the file itself: one that was replaced by another
    of the same size and an older time looks otherwise.
    """
    found = ((file, file.stat()) for file in files_of(path))
    return tuple(
        (_below(path, file), look.st_size, look.st_mtime_ns, look.st_ctime_ns)
        for file, look in found
    )


def _below(path: Path, file: Path) -> str:
    return file.relative_to(path).as_posix()


def _data_key(path: Path, looks: tuple) -> str:
    """Hash of the bytes of a region's files: as it was told, or by reading them."""
    seen, _, told = os.environ.get(DATA, "").partition(" ")
    return told if told and seen == _seen(path, looks) else _read_key(path, looks)


@lru_cache(maxsize=4)
def _read_key(path: Path, looks: tuple) -> str:
    """Hash of the bytes of a region's files; read again once they look otherwise."""
    found = {}
    for file in files_of(path):
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        found[_below(path, file)] = digest
    return _hash_of(found)


def _hash_of(inputs: Mapping[str, str]) -> str:
    return key_of(*(f"{name} {digest}" for name, digest in inputs.items()))


def _seen(path: Path, looks: tuple) -> str:
    """Hash of where a region is and how its files look."""
    return key_of(str(path.resolve()), *map(str, looks))
