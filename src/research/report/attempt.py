"""One notebook run from its first cell to its last, here or on another machine.

What is asked and how it ended are records of plain values, so that they can be sent.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import nbformat

from research.report.execute import Limits, NotebookFailed, execute
from research.report.parameters import Value
from research.report.warm import Kernels
from research.report.watch import Watch


@dataclass(frozen=True)
class Attempt:
    """A notebook that is to be run.

    Attributes
    ----------
    notebook : Path
    parameters : dict
    about : str
        First line of its log.
    logs : Path
        Folder of its log, and of the notebook while it runs and if it fails.
    limits : Limits
    environment : dict
        Environment variables of the kernel, besides those of this process.
    folder : Path or None
        Where the kernel works; by default where this process does.
    run : str
        Tells the notebook that runs from what an earlier run may have left.
    """

    notebook: Path
    parameters: Mapping[str, Value]
    about: str
    logs: Path
    limits: Limits
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    run: str = ""

    @property
    def log(self) -> Path:
        """What is told while it runs."""
        return self.logs / f"{self.notebook.stem}.log"

    @property
    def scratch(self) -> Path:
        """The notebook while it runs; if all of it ran it is left there."""
        return self.logs / f".{self.notebook.stem}{self.run}.running.ipynb"

    @property
    def record(self) -> Path:
        """The notebook as far as it came, if it failed."""
        return self.logs / f"{self.notebook.stem}.failed.ipynb"


class Ended(NamedTuple):
    """How a notebook ended; the fields are those of `outcome.Outcome`."""

    status: Literal["done", "skipped", "failed"]
    cell: int | None = None
    cause: str = ""
    seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True)
class Cells:
    """Who is told that a notebook has begun and that a cell of it is done.

    Both are called with the number of the notebook, maybe from another thread.
    """

    started: Callable[[int], None]
    done: Callable[[int], None]


AllEnded = Iterator[tuple[int, Ended, nbformat.NotebookNode | None]]
"""Number of each notebook as it ends, how it did, and itself if all of it ran."""
Work = Callable[[Mapping[int, Attempt], Cells], AllEnded]
"""Runs notebooks by their numbers, in this order. Closed early, it ends them."""


def attempt(
    task: Attempt,
    *,
    tick: Callable[[], None],
    stopped: Callable[[], bool],
    kernels: Kernels | None = None,
) -> tuple[Ended, nbformat.NotebookNode | None]:
    """Run a notebook in a kernel of its own.

    Parameters
    ----------
    task : Attempt
    tick : callable
        Called after each cell.
    stopped : callable
        Asked once a second; once it says so, the kernel is killed.
    kernels : Kernels, optional
        That it is forked from.

    Returns
    -------
    ended : Ended
    executed : NotebookNode or None
        With its outputs, only if all of it ran.
    """
    watch = Watch(task.log, tick=tick, stopped=stopped)
    start = time.monotonic()
    executed, how = None, {"status": "done"}
    try:
        task.logs.mkdir(parents=True, exist_ok=True)
        task.record.unlink(missing_ok=True)
        watch.begin()
        watch.say(task.about)
        executed = execute(
            task.notebook,
            task.parameters,
            task.scratch,
            limits=task.limits,
            watch=watch,
            kernels=kernels,
            environment=task.environment,
            folder=task.folder,
        )
    except NotebookFailed as failure:
        how = _told(failure, task)
    except OSError as error:  # a full disk must not take the other regions down
        how = {"status": "failed", "cause": f"{type(error).__name__}: {error}"}
    seconds = time.monotonic() - start
    return Ended(**how, seconds=seconds, peak_bytes=watch.peak_bytes), executed


def _told(failure: NotebookFailed, task: Attempt) -> dict[str, Any]:
    """How a notebook that did not run to its end is told; it is kept as a record."""
    if failure.name == "NotApplicable":
        task.scratch.unlink(missing_ok=True)
        return {"status": "skipped", "cell": failure.cell, "cause": failure.cause}
    with contextlib.suppress(OSError):  # it may never have begun
        os.replace(task.scratch, task.record)
    cause = f"{failure.name}: {failure.cause}"
    return {"status": "failed", "cell": failure.cell, "cause": cause}
