"""Quantiles of groups of which no customer alone has the value.

A median, or the edge of a band, is the value of one customer. Published is the mean of
a few neighbours around it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

RANKS = 5
"""Neighbouring customers of whose values a published quantile is the mean."""


def quantile(values, q: float, axis: int = 0):
    """A quantile of which no customer alone has the value.

    Parameters
    ----------
    values : array-like
        One row (or element) a customer; missing values are left out.
    q : float
        In [0, 1].

    Returns
    -------
    quantile : float or ndarray
        Mean of the `RANKS` values around the rank; of all where there are fewer.

    Examples
    --------
    >>> float(quantile([1.0, 2.0, 3.0, 4.0, 50.0, 6.0, 7.0], 0.5))
    4.4
    """
    ordered = np.sort(np.asarray(values, dtype=float), axis=0)
    known = np.isfinite(ordered).sum(axis=0)
    width = np.minimum(known, RANKS)
    first = np.clip(
        np.round(q * (known - 1)).astype(int) - RANKS // 2, 0, known - width
    )
    place = np.arange(len(ordered)).reshape(-1, *[1] * (ordered.ndim - 1))
    inside = (place >= first) & (place < first + width)
    summed = np.where(inside, np.nan_to_num(ordered), 0).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return summed / np.where(width > 0, width, np.nan)


def typical(values: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Median customer of each group, as `quantile` gives it.

    Parameters
    ----------
    values : DataFrame of shape (n_customers, n_measures)
    groups : Series of shape (n_customers,)
        On the same index.

    Returns
    -------
    typical : DataFrame of shape (n_groups, n_measures)

    Examples
    --------
    >>> kwh = pd.DataFrame({"kwh": [1.0, 3.0, 5.0]})
    >>> typical(kwh, pd.Series([0, 0, 1]))["kwh"].tolist()
    [2.0, 5.0]
    """
    return spread(values, groups, at=(0.5,))[0.5]


def spread(
    values: pd.DataFrame | pd.Series,
    groups: pd.Series,
    at: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
) -> pd.DataFrame:
    """Quantiles of each group, as `quantile` gives them.

    Parameters
    ----------
    values : DataFrame or Series of shape (n_customers, ...)
    groups : Series of shape (n_customers,)
        On the same index.
    at : sequence of float

    Returns
    -------
    spread : DataFrame
        A row a group; columns are `at`, above the measures if there are several.
    """
    parts = dict(list(values.groupby(groups, observed=True)))
    found = {}
    for q in at:
        rows = [
            np.atleast_1d(quantile(part.to_numpy(dtype=float), q))
            for part in parts.values()
        ]
        found[q] = pd.DataFrame(rows, pd.Index(parts, name=groups.name))
    if isinstance(values, pd.Series):
        return pd.DataFrame({q: table[0] for q, table in found.items()})
    named = {q: table.set_axis(values.columns, axis=1) for q, table in found.items()}
    return pd.concat(named, axis=1)
