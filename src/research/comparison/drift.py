"""Has a distribution moved: population stability index 群体稳定性指数, and luck."""

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import chi2

BANDS = ((0.10, "stable"), (0.25, "some drift"), (np.inf, "strong drift"))
"""The usual reading of a PSI: below .10, below .25, above."""


def psi(expected, actual, bins=10):
    """Population stability index of `actual` against `expected`.

    Parameters
    ----------
    expected, actual : array-like of shape (n,) and (m,)
        Values of the earlier and the later customers: numbers, or with ``bins=None``
        also grades or names. NaN is a cell of its own.
    bins : int or None, default=10
        Cells, cut at quantiles of `expected` so that each holds about as many of its
        customers; equal values never part, so there may be fewer. None: each value is
        its own cell, as for grades.

    Returns
    -------
    psi : float
        Sum over the cells of (a - e) ln(a / e), a and e being the shares of `actual`
        and `expected`; 0 for equal shares, never negative, and the same when the two
        change places over the same cells.

    See Also
    --------
    psi_table : the cells and what each adds.
    psi_by_chance : what is reached without any drift.

    References
    ----------
    .. [1] B. Yurdakul, "Statistical properties of the population stability index",
       PhD thesis, Western Michigan University, 2018.

    Examples
    --------
    >>> round(psi(["A"] * 50 + ["B"] * 50, ["A"] * 60 + ["B"] * 40, bins=None), 4)
    0.0405
    """
    return float(psi_table(expected, actual, bins)["psi"].sum())


def psi_table(expected, actual, bins=10) -> pd.DataFrame:
    """Cells of a PSI and what each adds.

    Parameters
    ----------
    expected, actual, bins
        As for `psi`.

    Returns
    -------
    table : DataFrame
        `cell`, `expected` and `actual` (counts), `psi` (what the cell adds).

    Raises
    ------
    ValueError
        If one side is empty, or `bins` is no whole number of at least 2.

    Notes
    -----
    *Empty cells.* The index is infinite where one side has nobody in a cell. An empty
    cell counts half a customer, on that side, the usual correction of an empty cell of
    a table of counts; a fixed share such as .0001 would make the index grow with the
    number of customers. A cell that is empty on both sides adds nothing.

    Examples
    --------
    >>> psi_table([1, 1, 2, 2], [1, 2, 2, 2], bins=None)["psi"].round(3).tolist()
    [0.173, 0.101]
    """
    expected, actual = pd.Series(expected), pd.Series(actual)
    if expected.empty or actual.empty:
        raise ValueError(
            f"PSI needs customers on both sides. Got {len(expected)} expected and "
            f"{len(actual)} actual."
        )
    if bins is None:
        cells = pd.concat([expected, actual])
        order = pd.unique(cells.dropna().sort_values())
        code = {value: number for number, value in enumerate(order)}
        of_expected, of_actual = expected.map(code), actual.map(code)
        labels = [str(value) for value in order]
    else:
        edges = _edges(expected, bins)
        of_expected, of_actual = _cells(expected, edges), _cells(actual, edges)
        labels = _labels(edges)
    n_cells = len(labels)
    counts = [
        np.bincount(side.fillna(n_cells).astype(int), minlength=n_cells + 1)
        for side in (of_expected, of_actual)
    ]
    found = pd.DataFrame(
        {"cell": [*labels, "missing"], "expected": counts[0], "actual": counts[1]}
    )
    found = found[(found["expected"] > 0) | (found["actual"] > 0)]
    e = found["expected"].clip(lower=0.5) / len(expected)
    a = found["actual"].clip(lower=0.5) / len(actual)
    return found.assign(psi=(a - e) * np.log(a / e)).reset_index(drop=True)


def psi_by_chance(n_expected, n_actual, n_cells, level=0.95):
    """PSI that is not exceeded in `level` of all cases when nothing has moved.

    Two samples of one distribution differ. Their PSI is about chi-square with
    n_cells - 1 degrees of freedom times (1 / n_expected + 1 / n_actual): of 100 and
    100 customers in ten cells, one in twenty is above .34 without any drift.

    Parameters
    ----------
    n_expected, n_actual : int
        Customers on each side.
    n_cells : int
    level : float, default=0.95

    Returns
    -------
    psi : float
        0 for a single cell.

    References
    ----------
    .. [1] B. Yurdakul, "Statistical properties of the population stability index",
       PhD thesis, Western Michigan University, 2018.

    Examples
    --------
    >>> round(psi_by_chance(100, 100, 10), 2)
    0.34
    """
    if n_cells < 2:
        return 0.0
    return float(chi2.ppf(level, n_cells - 1) * (1 / n_expected + 1 / n_actual))


def psi_band(value):
    """Read a PSI by the usual limits.

    Examples
    --------
    >>> [psi_band(value) for value in (0.02, 0.1, 0.4)]
    ['stable', 'some drift', 'strong drift']
    """
    if np.isnan(value):
        raise ValueError("A PSI that is NaN has no band.")
    return next(name for limit, name in BANDS if value < limit)


def _edges(expected, bins):
    if not isinstance(bins, int | np.integer) or isinstance(bins, bool) or bins < 2:
        raise ValueError(
            f"bins must be a whole number of at least 2, or None. Got {bins!r}."
        )
    known = expected.dropna().astype(float)
    if known.empty:
        return np.array([])
    inner = np.quantile(known, np.arange(1, bins) / bins, method="inverted_cdf")
    # The highest value as an edge would leave a cell above it that is empty by design.
    return np.unique(inner[inner < known.max()])


def _cells(values, edges):
    values = values.astype(float)
    cells = pd.Series(np.searchsorted(edges, values, side="left"), dtype=float)
    return cells.mask(values.isna().to_numpy())


def _labels(edges):
    if not len(edges):
        return ["all"]
    inner = [f"{a:g} to {b:g}" for a, b in pairwise(edges)]
    return [f"to {edges[0]:g}", *inner, f"above {edges[-1]:g}"]
