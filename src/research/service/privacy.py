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

from research.region.errors import NotApplicable
from research.region.settings import USUAL_MIN_CELL, Settings
from research.service._suppression import LARGEST_SHARE, hidden

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


def dominating(region, table: str | None, **cell: float) -> list[str]:
    """Customers who would dominate the energy of the whole region.

    Parameters
    ----------
    region : region
    table : {"readings", "energy_daily", None}
        Where the energy stands.
    **cell
        `min_cell` and `largest_share`, as in `hidden`.
    """
    if table is None:
        return []
    energy = region.query(
        f"select customer_id, sum(abs(kwh)) as kwh from {table} group by customer_id"
    )
    counted = without_dominant(energy.set_index("customer_id")["kwh"], **cell)
    return list(counted.index[~counted])


def count_of(sizes: pd.Series, keys: Sequence[Any], min_cell: int) -> float:
    """Customers of some groups together; NaN where that tells of a hidden group.

    Parameters
    ----------
    sizes : Series
        Customers by group, parts of one whole.
    keys : sequence
        Groups to be counted; others than those in `sizes` count nobody.
    min_cell : int

    Examples
    --------
    >>> sizes = pd.Series({"late": 27, "long": 9, "new": 8, "punctual": 300})
    >>> count_of(sizes, ["late", "long", "new"], 15)
    44.0
    >>> count_of(sizes, ["late", "long"], 15)
    nan
    """
    gone = pd.Series(hidden(sizes, min_cell=min_cell), sizes.index)
    asked = sizes.index.isin(keys)
    for part in (sizes[gone & asked], sizes[gone & ~asked]):
        if 0 < part.sum() < min_cell:
            return float("nan")
    return float(sizes[asked].sum())


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


def enough(counts: pd.Series, min_cell: int = USUAL_MIN_CELL) -> pd.Series:
    """Counts that are no parts of a whole, NaN where they are small.

    Examples
    --------
    >>> enough(pd.Series([0, 7, 260])).tolist()
    [0.0, nan, 260.0]
    """
    numbers = counts.astype("Float64").astype(float)
    return numbers.mask((numbers > 0) & (numbers < min_cell))


def counts_told(counts, min_cell: int = USUAL_MIN_CELL):
    """The counts of a table as text: "< 15" if small, "withheld" if hidden with them.

    Parameters
    ----------
    counts : Series or DataFrame
        As `hidden` takes them.
    min_cell : int

    Examples
    --------
    >>> counts_told(pd.Series([0, 3, 20, 1200])).tolist()
    ['0', '< 15', 'withheld', '1,200']
    """
    small = (counts > 0) & (counts < min_cell)
    text = counts.map("{:,.0f}".format)
    text = text.mask(hidden(counts, min_cell=min_cell), "withheld")
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


def names_shown(names: pd.DataFrame, n_found: int) -> pd.DataFrame:
    """Names of segments; the last is `TOGETHER` where `merged` put small ones together.

    Parameters
    ----------
    names : DataFrame
        A row a segment shown; `en`, `zh`, `because`.
    n_found : int
        Segments that the method found.
    """
    if 1 < len(names) < n_found:
        names = names.copy()
        names.loc[names.index[-1], ["en", "zh"]] = TOGETHER
    return names


def too_few(
    customers: Sequence[Any],
    kinds: np.ndarray,
    *,
    min_cell: int = USUAL_MIN_CELL,
    largest_share: float = LARGEST_SHARE,
) -> np.ndarray:
    """Kinds of days, or of other things, that come from too few customers.

    Parameters
    ----------
    customers : sequence of shape (n_days,)
        Whose day it is.
    kinds : ndarray of int of shape (n_days,)
        Kind of each day, 0 to k - 1; below 0 of none.
    min_cell, largest_share
        As in `hidden`.

    Returns
    -------
    too_few : ndarray of int
        Kinds whose mean must not be shown.

    Examples
    --------
    >>> too_few(list(range(20)) + [0, 0], np.array([0] * 20 + [1, 1])).tolist()
    [1]
    """
    days = pd.DataFrame({"customer": np.asarray(customers), "kind": kinds})
    days = days[days["kind"] >= 0].groupby(["kind", "customer"]).size()
    by = days.groupby("kind")
    few = (by.size() < min_cell) | (by.max() > largest_share * by.sum())
    return few.index[few].to_numpy()


def without(means: np.ndarray, rows: Sequence[int]) -> np.ndarray:
    """The means with some rows left empty."""
    shown = np.array(means, dtype=float)
    shown[list(rows)] = np.nan
    return shown


def check_enough(customers: int, min_cell: int = USUAL_MIN_CELL) -> None:
    """Refuse to tell of so few customers that every figure would tell of single ones.

    Raises
    ------
    NotApplicable
        If there are fewer than `min_cell`.
    """
    if customers < min_cell:
        raise NotApplicable(
            f"only groups of at least {min_cell} customers may be shown, of whom none "
            "makes most of a sum, and there are fewer"
        )


def told(settings: Settings) -> dict[str, str]:
    """Fact of a page whose groups may be smaller than usual; none if they may not.

    Examples
    --------
    ``told(area.settings)`` is ``{"Least group 最小组": "5 customers, open data"}``
    """
    least = settings.privacy.min_cell
    if least >= USUAL_MIN_CELL:
        return {}
    return {"Least group 最小组": f"{least} customers, open data"}
