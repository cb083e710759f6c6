"""Readings of the last region that was looked at, for who looks at them again.

Coverage, curves, features and later outcomes each go through all readings. To decode
and repair those of a small region again takes longer than what is then done with them;
so few readings stay in memory. Those of a large region go by, as ever.
"""

from collections.abc import Callable, Iterator

from research.region.grids import Grid

MOST = 30_000_000
"""Readings held at most, of five bytes each."""

_last: dict[tuple, list[Grid]] = {}


def held(key: tuple, grids: Callable[[], Iterator[Grid]]) -> Iterator[Grid]:
    """The grids, from memory if those of this key were the last that went by whole.

    Parameters
    ----------
    key : tuple
        All that they depend on.
    grids : callable
        Reads them.

    Yields
    ------
    grid : Grid
        Its arrays can not be written to: the next who asks gets the same ones.
    """
    if key in _last:
        yield from _last[key]
        return
    gone_by, size = [], 0
    for grid in grids():
        size += grid.kwh.size
        if size > MOST:
            gone_by.clear()
        else:
            for array in (grid.kwh, grid.estimated):
                array.flags.writeable = False
            gone_by.append(grid)
        yield grid
    if size <= MOST:
        _last.clear()
        _last[key] = gone_by
