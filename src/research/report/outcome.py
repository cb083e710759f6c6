"""How the notebooks of a batch ended, and what it tells while it runs."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from research.report.jobs import Job
from research.report.watch import Watch

Status = Literal["done", "fresh", "skipped", "failed"]


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes
    ----------
    job : Job
    status : str
    seconds : float
    cell : int or None
        Number of the cell that failed or did not apply, from 1.
    cause : str
        Why there is no page; it may quote data.
    peak_bytes : int
        Most memory that the kernel was seen to hold.
    log : Path or None
        Where the run told what happened.
    """

    job: Job
    status: Status
    seconds: float
    cell: int | None = None
    cause: str = ""
    peak_bytes: int = 0
    log: Path | None = None

    def say(self, text: str) -> None:
        """Add a line to the log; where that can not be, the outcome is told anyway."""
        with contextlib.suppress(OSError):
            Watch(self.log).say(text)


class NotWritten(Exception):
    """Some index page could not be written, such as on a full disk.

    Attributes
    ----------
    outcomes : list of Outcome
        What was done all the same.
    """

    def __init__(self, reasons: Sequence[str], outcomes: Sequence[Outcome]):
        self.outcomes = list(outcomes)
        super().__init__("\n".join(reasons))


@dataclass(frozen=True)
class Progress:
    """What the batch tells while it runs; by default nothing."""

    started: Callable[[Job], None] = field(default=lambda job: None)
    cell_done: Callable[[Job], None] = field(default=lambda job: None)
    ended: Callable[[Outcome], None] = field(default=lambda outcome: None)
    noted: Callable[[str], None] = field(default=lambda text: None)
    """Told what an operator should know and nobody has to mend."""
