"""The loop that spreads rows over customers and stamps, compiled by numba."""

from research.region.compiled import compiled


@compiled()
def place(owner, ts, values, first, step, grid):
    """Put each row's value in its place, if the rows are in order and on the grid.

    Parameters
    ----------
    owner : int array of shape (n_rows,)
        Customer of each row.
    ts : int64 array of that shape
    values : float32 array of that shape
    first, step : int
        First stamp and length of the interval, in the unit of `ts`.
    grid : float32 array of shape (n_customers, n_stamps)
        Filled.

    Returns
    -------
    in_order : bool
        False as soon as a row is not: what it is then, the array functions tell.
    """
    n_stamps = grid.shape[1]
    whose, column, since, at = -1, -1, 0, 0
    for i in range(len(ts)):
        at = ts[i] - first
        if owner[i] == whose and at == since + step:  # nearly always; spares division
            column += 1
        else:
            before = column
            column = at // step
            if column * step != at or owner[i] < whose:
                return False
            if owner[i] == whose and column <= before:
                return False
            whose = owner[i]
        if column < 0 or column >= n_stamps:
            return False
        since = at
        grid[whose, column] = values[i]
    return True
