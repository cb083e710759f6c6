"""Which cells of a table stay empty so that those that must can not be reckoned."""

import numpy as np

from research.region.settings import USUAL_MIN_CELL

LARGEST_SHARE = 0.15
"""Share of a sum from which one customer dominates it (the 15/15 rule)."""


def hidden(
    n,
    *,
    total=None,
    largest=None,
    min_cell: int = USUAL_MIN_CELL,
    largest_share: float = LARGEST_SHARE,
) -> np.ndarray:
    """Which cells of a table must stay empty, whoever knows its totals.

    Parameters
    ----------
    n : array-like of shape (n_cells,) or (n_rows, n_columns)
        Customers of each cell. The cells are all parts of a whole, or all crossings of
        two divisions of it.
    total, largest : array-like of the same shape, optional
        Sum of the cell, and the most that one customer has of it.
    min_cell : int
        Customers that a cell must hold; an empty cell may always be shown.
    largest_share : float
        Most that one customer may have of a cell's sum.

    Returns
    -------
    hidden : ndarray of bool
        Cells that break a rule, and the smallest others that keep these from being
        reckoned: the hidden cells of a row, of a column and of the whole together
        keep the rules, and the totals leave more than one solution. Where a row, a
        column or the whole breaks a rule itself, its total is not to be shown.

    Examples
    --------
    >>> hidden([41, 29, 4, 26]).tolist()
    [False, False, True, True]
    >>> hidden([60, 50], total=[100.0, 900.0], largest=[40.0, 5.0]).tolist()
    [True, True]
    >>> hidden([[3, 20], [30, 40]]).tolist()
    [[True, True], [True, True]]
    """
    shape = np.shape(n)
    n = np.asarray(n, dtype=float).ravel()
    total = n if total is None else np.abs(np.asarray(total, dtype=float)).ravel()
    most = 0 * n if largest is None else np.abs(np.asarray(largest, dtype=float))
    most = np.nan_to_num(most.ravel())

    def breaks(cells) -> bool:
        count, held = n[cells].sum(), np.nansum(total[cells])
        few = 0 < count < min_cell
        return bool(few or most[cells].max() > largest_share * held)

    cells = np.arange(n.size).reshape(shape)
    lines = [cells.ravel()]
    if cells.ndim == 2:
        lines += [*cells, *cells.T]
    # Of a line that breaks the rules itself no total may be shown, which gives away.
    lines = [line for line in lines if line.size and not breaks(line)]
    found = np.array([n[cell] > 0 and breaks([cell]) for cell in range(n.size)], bool)
    changed = found.any()
    while changed:
        changed = any([_close(line, found, n, breaks) for line in lines])
        if cells.ndim == 2:
            changed |= _break_bridges(found.reshape(shape), n.reshape(shape))
    return found.reshape(shape)


def _close(line, found, n, breaks) -> bool:
    """Hide more of a line until what is hidden in it keeps the rules together."""
    changed = False
    while True:
        inside = line[found[line]]
        free = line[~found[line] & (n[line] > 0)]
        alone = (n[inside] > 0).sum() == 1
        if not len(inside) or not len(free) or not (alone or breaks(inside)):
            return changed
        found[free[np.argmin(n[free])]] = changed = True


def _break_bridges(found: np.ndarray, n: np.ndarray) -> bool:
    """Hide cells so that each hidden one lies on a closed path of hidden ones.

    Hidden cells join rows with columns; row and column totals tell the value of just
    those cells that are the only link between two parts of this net. The path added
    has four corners; along it customers can be thought moved, unless two neighbouring
    corners hold nobody.
    """
    if found.all():
        return False
    for row, column in np.argwhere(found & (n > 0)):
        if _linked_otherwise(found, row, column):
            continue
        shown = np.where(found, 0.0, n)
        beside, below = n[row][None, :], n[:, column][:, None]
        cost = shown + shown[row][None, :] + shown[:, column][:, None]
        stuck = (n == 0) & ((beside == 0) | (below == 0))
        cost = np.where(stuck, np.inf, cost)
        cost[row], cost[:, column] = np.inf, np.inf
        other, across = np.unravel_index(cost.argmin(), cost.shape)
        if np.isfinite(cost[other, across]):
            found[[row, other, other], [across, column, across]] = True
        else:  # too few people to hide among
            found[:] = True
        return True
    return False


def _linked_otherwise(found: np.ndarray, row: int, column: int) -> bool:
    """Whether hidden cells lead from the row to the column but by their crossing."""
    links = found.copy()
    links[row, column] = False
    rows = np.zeros(len(links), dtype=bool)
    rows[row] = True
    while True:
        columns = links[rows].any(axis=0)
        reached = rows | links[:, columns].any(axis=1)
        if columns[column] or (reached == rows).all():
            return bool(columns[column])
        rows = reached
