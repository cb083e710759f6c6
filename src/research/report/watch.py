"""What is seen of a notebook while it runs, and its log: for the operator alone."""

import datetime as dt
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_ANSI = re.compile("\x1b\\[[0-9;]*[A-Za-z]")
_BEGINS = re.compile(r"^\S+ cell (\d+) begins$", re.MULTILINE)


@dataclass
class Watch:
    """One run of a notebook, as it goes.

    Attributes
    ----------
    log : Path or None
        File that is told what happens; it may quote data and is never published.
    tick : callable
        Called after each cell.
    stopped : callable
        Asked once a second; once it says so, the kernel is killed.
    seconds : int or None
        That all cells together may take, from the moment at which the first begins.
    peak_bytes : int
        Most memory that the kernel has held, as far as it was seen: the system's
        high-water mark on Linux, elsewhere what it held after a cell. Processes that
        it starts do not count.
    cell : int or None
        Number of the cell that began last, from 1.
    """

    log: Path | None = None
    tick: Callable[[], None] = field(default=lambda: None)
    stopped: Callable[[], bool] = field(default=lambda: False)
    seconds: int | None = None
    peak_bytes: int = 0
    cell: int | None = None
    _began: float | None = None

    def begin(self) -> None:
        """Start the log anew."""
        if self.log is not None:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self.log.write_text("", encoding="utf-8")

    def say(self, text: str) -> None:
        """Add lines to the log, with the time."""
        if self.log is None:
            return
        stamp = f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
        with self.log.open("a", encoding="utf-8") as file:
            file.write(f"{stamp} {_ANSI.sub('', text).rstrip()}\n")

    def seconds_left(self, most: float) -> float:
        """Seconds that the next cell may take; the first call starts the clock."""
        if self.seconds is None:
            return most
        if self._began is None:
            self._began = time.monotonic()
        left = self._began + self.seconds - time.monotonic()
        return max(min(most, left), 0.01)  # nought would be no limit at all

    def is_over(self) -> bool:
        """Whether the time of all cells together is used up."""
        return (
            self.seconds is not None
            and self._began is not None
            and time.monotonic() >= self._began + self.seconds
        )

    def see(self, process: int | None) -> None:
        """Look at how much memory the kernel has held."""
        if process is not None:
            self.peak_bytes = max(self.peak_bytes, held_bytes(process))

    def cell_began(self, number: int) -> None:
        """Note a cell, and log it."""
        self.cell = number
        self.say(f"cell {number} begins")

    def cell_ended(self, number: int, cell) -> None:
        """Log what a cell wrote to its error stream, and the traceback of an error."""
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                self.say(f"cell {number}, stderr:\n{output.text}")
            elif output.output_type == "error":
                lines = "\n".join(output.get("traceback", []))
                self.say(f"cell {number}, {output.ename}:\n{lines}")


def last_begun(log: Path) -> int | None:
    """Number of the cell that began last, as a log tells it; None if none did."""
    begun = _BEGINS.findall(log.read_text("utf-8"))
    return int(begun[-1]) if begun else None


def held_bytes(process: int) -> int:
    """Most memory that a process has held, in bytes; 0 if that can not be told.

    Examples
    --------
    >>> import os
    >>> held_bytes(os.getpid()) > 1_000_000
    True
    """
    try:
        status = Path(f"/proc/{process}/status").read_text("ascii", errors="replace")
    except OSError:
        return _held_now(process)
    peak = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(peak[1]) * 1024 if peak else 0  # a process that has ended holds none


def _held_now(process: int) -> int:
    import psutil  # comes with ipykernel; not needed on Linux

    try:
        return psutil.Process(process).memory_info().rss
    except psutil.Error:
        return 0
