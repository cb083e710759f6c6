"""Finished parts of a comparison on disk, so that a stopped one goes on where it was.

A folder for each comparison: its name is a hash of the protocol, the data, the methods
and the versions, so that what was computed from something else is never taken up.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

_VERSIONED = ("numpy", "pandas", "scipy", "scikit-learn", "tensorflow", "keras")


def key_of(protocol, region, methods, tables) -> str:
    """Hash of all that the runs depend on.

    Parameters
    ----------
    protocol : Protocol
    region : str
    methods : mapping of str to estimator
    tables : mapping of str to DataFrame or None
        Features, outcomes, labels, traits.

    Returns
    -------
    key : str
        Of 16 hexadecimal digits.
    """
    found = hashlib.sha256()
    told = [protocol.sha256, repr(protocol), region, library_hash(), *versions()]
    told += [f"{name} {settings_of(one)}" for name, one in sorted(methods.items())]
    for text in told:
        found.update(text.encode() + b"\0")
    for name, table in tables.items():
        if table is None:
            continue
        found.update(json.dumps([name, list(map(str, table))]).encode())
        found.update(_content(table))
    return found.hexdigest()[:16]


def versions() -> list[str]:
    """Name and version of the packages that results may depend on."""
    return [f"{name} {version_of(name)}" for name in _VERSIONED]


def version_of(name: str) -> str:
    """Version of an installed package; "none" for one that is not there."""
    try:
        return version(name)
    except ModuleNotFoundError:
        return "none"


def kept(
    folder: Path | None, name: str, make: Callable[[], pd.DataFrame]
) -> tuple[pd.DataFrame, bool]:
    """A table from the folder, or made and put there.

    Parameters
    ----------
    folder : Path or None
        None keeps nothing.
    name : str
        Of the file, without ending.
    make : callable

    Returns
    -------
    table : DataFrame
    was_there : bool
        A file that can not be read counts as not there, and is made anew.
    """
    if folder is None:
        return make(), False
    path = folder / f"{name}.parquet"
    try:
        return pd.read_parquet(path), True
    except (OSError, ValueError):
        table = make()
    half = path.with_suffix(f".{os.getpid()}.half")
    table.to_parquet(half)
    os.replace(half, path)
    return table, False


def open_folder(folder: Path | str, key: str) -> Path:
    """The folder of a comparison, made for its owner alone."""
    own = Path(folder) / key
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    return own


def settings_of(method):
    """Class and settings of an estimator in full: what it prints of itself is cut."""
    kind = type(method)
    with np.printoptions(threshold=sys.maxsize):
        own = [
            f"{name}={value!r}" for name, value in sorted(method.get_params().items())
        ]
    return " ".join([kind.__module__, kind.__qualname__, *own])


def _content(table):
    hashes = pd.util.hash_pandas_object(_plain(table), index=True)
    return hashes.to_numpy(dtype=np.uint64).tobytes()


def _plain(table):
    """Columns that pandas can hash: categories and names by what they say."""
    table = table.set_axis(range(table.shape[1]), axis=1)
    kinds = {c: str for c in table if isinstance(table[c].dtype, pd.CategoricalDtype)}
    return table.astype(kinds)


def library_hash():
    """Hash of the code of this library."""
    root = Path(__file__).parents[1]
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        found.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return found.hexdigest()
