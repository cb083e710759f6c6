"""Loops that numba compiles, where it is installed.

A file of loops is imported by who calls them, and not before: importing numba takes
a second. The array functions that say the same are the reference, and the way to go
without numba and for few readings.
"""

from collections.abc import Callable
from importlib.util import find_spec

WORTH_COMPILING = 30_000_000
"""Readings from which on the loops pay: they take a second to load, seven the first
time, and save a tenth of a microsecond a reading."""


def compiles() -> bool:
    """Whether numba is there; without it the loops are slower than no loops."""
    return find_spec("numba") is not None


def compiled(**options) -> Callable[[Callable], Callable]:
    """Compile at the first call, and keep the machine code where a cache may lie.

    The loops let go of Python's lock, so threads work side by side. Without numba
    they stay what is written, Python.

    Parameters
    ----------
    **options
        For ``numba.njit``.

    Examples
    --------
    >>> @compiled()
    ... def doubled(x):
    ...     return 2 * x
    >>> doubled(3)
    6
    """

    def decorate(function):
        try:
            from numba import njit
        except ImportError:
            return function
        try:
            return njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # no folder to write to, beside the file or at home
            return njit(nogil=True, **options)(function)

    return decorate
