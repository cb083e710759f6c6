"""What a call costs: its seconds, and how far the memory of the process rose."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


class Cost:
    """Filled when the block of `measured` ends.

    Attributes
    ----------
    seconds : float
        Wall time.
    memory_mb : float
        Highest resident memory inside over that before; NaN where the system does not
        tell (it is Linux that does).
    """

    seconds = np.nan
    memory_mb = np.nan


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure a block.

    Examples
    --------
    >>> with measured() as cost:
    ...     held = [0] * 1000
    >>> cost.seconds >= 0
    True
    """
    cost = Cost()
    before = _begin()
    start = time.perf_counter()
    try:
        yield cost
    finally:
        cost.seconds = time.perf_counter() - start
        if before is not None:
            cost.memory_mb = max(_resident("VmHWM") - before, 0.0)


def _begin():
    """Memory now, the high-water mark set down to it; None where it can not be."""
    try:
        _RESET.write_text("5")
        return _resident("VmRSS")
    except (OSError, ValueError):
        return None


def _resident(line):
    for text in _STATUS.read_text().splitlines():
        if text.startswith(line):
            return int(text.split()[1]) / 1024
    raise ValueError(f"{_STATUS} tells no {line}.")
