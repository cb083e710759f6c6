"""Tables kept in a folder, each under a name that says what it came from.

Who knows what a table depends on names it (`research.region.cache` for what is computed
of a region, `research.comparison` for what is tried on its customers); nothing else of
the library is known here.
"""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
from filelock import FileLock

FOLDER = "RESEARCH_CACHE"
"""Environment variable that names the folder; unset or empty, nothing is kept."""

_LOCK = ".lock"


def kept_at(
    folder: Path,
    what: str,
    asked: str,
    made_of: str,
    compute: Callable[[], pd.DataFrame],
    counts: Callable[[], bool] = lambda: True,
) -> pd.DataFrame:
    """A table of this name from the folder, else computed and kept there.

    Parameters
    ----------
    folder : Path
        What was made of something else than `made_of` is removed from it.
    what, asked, made_of : str
        Name of the table, and hashes of what it was asked for and made of.
    compute : callable
        Another process that wants the same table waits until this one has it.
    counts : callable, optional
        Whether what was computed is still what was asked for: else it is not kept.

    Returns
    -------
    kept : DataFrame
    """
    target = folder / f"{what}.{asked}.{made_of}.parquet"
    missing = (OSError, pa.ArrowInvalid)  # not there, or cut off
    with contextlib.suppress(*missing):
        return pd.read_parquet(target)
    with contextlib.ExitStack() as alone:
        # Where nothing can be locked it is computed, all the same.
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            alone.enter_context(FileLock(folder / f".{what}.{asked}{_LOCK}"))
        with contextlib.suppress(*missing):  # by now another process has computed it
            return pd.read_parquet(target)
        table = compute()
        if counts():
            with contextlib.suppress(OSError):  # a full disk
                _keep(table, target)
                _forget_others(folder, made_of)
    return table


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


def _keep(table: pd.DataFrame, target: Path) -> None:
    """Put a table into its place, whole; not one that would come back otherwise."""
    half = target.with_name(f".{target.name}.{secrets.token_hex(4)}.half")
    try:
        table.to_parquet(half)
        pd.testing.assert_frame_equal(pd.read_parquet(half), table, check_exact=True)
        os.replace(half, target)
    except (AssertionError, ValueError, TypeError, pa.ArrowException):
        pass  # no table for Parquet
    finally:
        half.unlink(missing_ok=True)


def _forget_others(folder: Path, made_of: str) -> None:
    """Remove what was computed from other data or by other code."""
    for path in folder.iterdir():
        if f".{made_of}.parquet" not in path.name and path.suffix != _LOCK:
            path.unlink(missing_ok=True)
