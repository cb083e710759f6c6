"""Cells of groups that tell of no single customer 统计披露控制.

A cell may be shown if it holds enough customers and none of them makes most of its sum.
A cell that may not is left empty, and others with it until nobody can reckon it from
the totals: what the hidden cells of a row, a column or a table add up to is known to
whoever has the total, so that sum must be fit to be shown, too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from research.region.settings import USUAL_MIN_CELL

LARGEST_SHARE = 0.15
"""Share of a sum from which one customer dominates it (the 15/15 rule)."""

TOGETHER = ("small segments together", "小群合并")
"""Name of the segments that are too small to be told apart."""


def three_digits(value):
    """Round a number, or all numbers of an array, to three significant digits.

    Examples
    --------
    >>> three_digits(461732.3), three_digits(0.029271), three_digits(-7319.4127)
    (462000.0, 0.0293, -7320.0)
    """
    values = np.asarray(value, dtype=float)
    rounded = np.array([float(f"{number:.3g}") for number in values.ravel()])
    return float(rounded[0]) if values.ndim == 0 else rounded.reshape(values.shape)


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


def safe_cells(
    frame: pd.DataFrame,
    *,
    n: str = "customers",
    sums: Mapping[str, Any] | None = None,
    min_cell: int = USUAL_MIN_CELL,
    largest_share: float = LARGEST_SHARE,
) -> pd.DataFrame:
    """Empty what a table of groups may not show, and round the rest.

    Parameters
    ----------
    frame : DataFrame
        A row a group; the groups are all parts of one whole.
    n : str
        Column that counts the customers of each group.
    sums : mapping of str to array-like, optional
        Columns that add up what customers have, and the most that one customer has in
        each group. Other columns of numbers are taken for means or shares.
    min_cell, largest_share
        As in `hidden`.

    Returns
    -------
    shown : DataFrame
        Numbers NaN where they are hidden, else rounded to three digits; counts stay
        exact. Hidden counts are NaN, too: see `counts_told` for their words.

    Examples
    --------
    >>> frame = pd.DataFrame({"customers": [40, 30, 3], "kwh": [1234.5, 900.0, 90.0]})
    >>> safe_cells(frame, sums={"kwh": [50.0, 40.0, 60.0]})["kwh"].tolist()
    [1230.0, nan, nan]
    """
    sums = sums or {}
    rules = {"min_cell": min_cell, "largest_share": largest_share}
    few = hidden(frame[n], **rules)
    shown = frame.copy()
    for column in frame.select_dtypes("number"):
        values = frame[column].astype(float)
        if column in sums:
            most = np.asarray(sums[column], dtype=float)
            mask = hidden(frame[n], total=values, largest=most, **rules)
        else:
            mask = few
        whole = column == n or pd.api.types.is_integer_dtype(frame[column])
        if mask.any() or not whole:
            rounded = values if whole else pd.Series(three_digits(values), frame.index)
            shown[column] = rounded.mask(mask)
    return shown


def without_dominant(
    amounts: pd.DataFrame | pd.Series,
    groups: pd.Series | None = None,
    *,
    min_cell: int = USUAL_MIN_CELL,
    largest_share: float = LARGEST_SHARE,
) -> pd.Series:
    """Which customers may stand in sums, of groups and of all.

    The alternative is to leave sums out; but one works may make a third of a town.

    Parameters
    ----------
    amounts : DataFrame of shape (n_customers, n_measures), or Series
        What is added up. Missing values count as nothing.
    groups : Series of shape (n_customers,), optional
        On the same index.
    min_cell, largest_share
        As in `hidden`.

    Returns
    -------
    counted : Series of bool
        False for those who have more than `largest_share` of their group or of all in
        some measure, the largest first, until nobody has; and for the whole of a group
        of which fewer than `min_cell` would remain.

    Examples
    --------
    >>> without_dominant(pd.Series([1.0] * 20 + [50.0, 8.0])).tolist()[-3:]
    [True, False, False]
    """
    amounts = pd.DataFrame(amounts).abs().fillna(0.0)
    counted = pd.Series(True, index=amounts.index)
    everybody = pd.Series(0, index=amounts.index)
    divisions = [everybody] if groups is None else [groups, everybody]
    changed = True
    while changed:
        changed = False
        for division in divisions:
            for _, part in amounts[counted].groupby(division, observed=True):
                tops = part.max() > largest_share * part.sum()
                gone = part.loc[:, tops].idxmax()
                gone = part.index if 0 < len(part) < min_cell else gone
                counted.loc[list(gone)] = False
                changed |= bool(len(gone))
    return counted


def count_told(count: float, min_cell: int = USUAL_MIN_CELL) -> str:
    """A number of customers in words, unless it is small.

    Examples
    --------
    >>> count_told(0), count_told(7), count_told(2311), count_told(float("nan"))
    ('0', 'fewer than 15', '2,311', 'withheld')
    """
    if np.isnan(count):
        return "withheld"
    return f"fewer than {min_cell}" if 0 < count < min_cell else f"{count:,.0f}"


def counts_told(counts: pd.Series, min_cell: int = USUAL_MIN_CELL) -> pd.Series:
    """The counts of a table as text: "< 15" if small, "withheld" if hidden with them.

    Examples
    --------
    >>> counts_told(pd.Series([0, 3, 20, 1200])).tolist()
    ['0', '< 15', 'withheld', '1,200']
    """
    numbers = counts.to_numpy(dtype=float)
    small = (numbers > 0) & (numbers < min_cell)
    text = counts.map("{:,.0f}".format).mask(
        hidden(counts, min_cell=min_cell), "withheld"
    )
    return text.mask(small, f"< {min_cell}")


def sizes_told(sizes: Sequence[int], min_cell: int = USUAL_MIN_CELL) -> str:
    """Sizes of segments, those of a few customers counted only.

    Examples
    --------
    >>> sizes_told((90, 24, 9, 2)), sizes_told((60, 40))
    ('90, 24, 2 under 15', '60, 40')
    """
    small = sum(0 < size < min_cell for size in sizes)
    told = [f"{size:,}" for size in sizes if size >= min_cell]
    return ", ".join(told + [f"{small} under {min_cell}"] * bool(small))


def merged(labels: pd.Series, min_cell: int = USUAL_MIN_CELL) -> pd.Series:
    """Segments with those of few customers put together as the last.

    Parameters
    ----------
    labels : Series of int of shape (n_customers,)
        Segments, 0 to k - 1.
    min_cell : int

    Returns
    -------
    merged : Series of int
        Segments large enough keep their order from 0 on; the small ones, and the next
        larger one while they are too few, are the last. `labels` as they were where
        none is small.

    Examples
    --------
    >>> merged(pd.Series([0, 0, 0, 1, 2, 2, 2]), 3).tolist()
    [0, 0, 0, 1, 1, 1, 1]
    >>> merged(pd.Series([0, 0, 0, 1, 1, 1]), 3).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    sizes = labels.value_counts().sort_index(ascending=False).sort_values(kind="stable")
    small = int((sizes < min_cell).sum())
    while 0 < small < len(sizes) and sizes.iloc[:small].sum() < min_cell:
        small += 1
    together = set(sizes.index[:small])
    kept = [label for label in sorted(sizes.index) if label not in together]
    places = {label: place for place, label in enumerate(kept)}
    return labels.map(lambda label: places.get(label, len(kept))).astype(int)
