"""One run at a time in a folder of reports; who holds it is told to a second one."""

import contextlib
import datetime as dt
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from research.region.errors import InputError


@contextlib.contextmanager
def held(out: Path, name: str, seconds: float = 0) -> Iterator[str]:
    """Hold the folder of a region below `out`.

    A run that was killed holds nothing: the system takes the lock from it.

    Parameters
    ----------
    out : Path
        Folder of the reports.
    name : str
        Of the region.
    seconds : float
        How long to wait for a run that holds it.

    Yields
    ------
    cut_off : str
        Who held it last and did not come to its end; empty if all have.

    Raises
    ------
    InputError
        If another run holds it: names its process, its start and its command.
    """
    lock, holder = FileLock(out / f".{name}.lock"), out / f".{name}.holder"
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        who = _told(holder) or "which one is not known"
        raise InputError(
            f"region {name!r}: another run is writing to {out} ({who}); wait for its "
            "end."
        ) from None
    except OSError as error:
        raise InputError(f"output {out}: {error.strerror}.") from None
    cut_off = _told(holder)
    try:
        with contextlib.suppress(OSError):  # it only tells
            holder.write_text(_who(), encoding="utf-8")
        yield cut_off
    finally:
        with contextlib.suppress(OSError):
            holder.unlink()
        lock.release()


def _who() -> str:
    command = shlex.join([Path(sys.argv[0]).name or "python", *sys.argv[1:]])
    started = f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"process {os.getpid()}, since {started}: {command:.300}"


def _told(holder: Path) -> str:
    try:
        return holder.read_text("utf-8")
    except OSError:
        return ""
