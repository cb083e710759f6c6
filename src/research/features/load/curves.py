"""Typical days of each customer, as a table and ready to be segmented."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from research.features.load.parts import complete_only, some_at_a_time
from research.features.load.rhythm import typical_days
from research.region import NotApplicable
from research.region.cache import kept

SEASONS = ("winter", "spring", "summer", "autumn")
DAY_TYPES = ("working", "rest")


def typical_day_curves(
    region, groups: Sequence[str] = ("season", "working")
) -> pd.DataFrame:
    """Typical day of every customer by season and type of day (典型日负荷曲线).

    Parameters
    ----------
    region : region with readings
        Read once.
    groups : sequence of str
        What tells the days apart: "season", "working" or both.

    Returns
    -------
    typical_day_curves : DataFrame of shape (n_customers, n_groups * n_slots)
        On `customer_id`; the columns are (season, day_type, hour), without the level
        that `groups` leaves out: seasons from winter on, "working" before "rest",
        hour the start of the slot. Groups without a day in the calendar have no
        columns. NaN where the customer has no complete day with the slot. [kW]

    Examples
    --------
    >>> from types import SimpleNamespace as Record
    >>> days = pd.date_range("2013-01-01", periods=2)
    >>> cube = Record(
    ...     power=np.array([[[1.0, 3.0], [2.0, 2.0]]]),
    ...     customer_id=pd.Index(["C1"], name="customer_id"),
    ...     days=days,
    ... )
    >>> region = Record(
    ...     cubes=lambda: iter([cube]),
    ...     calendar=pd.DataFrame({"working": False, "season": "winter"}, index=days),
    ...     settings=Record(quality=Record(complete_day_share=0.9)),
    ... )
    >>> typical_day_curves(region)["winter", "rest"]
    hour         0.0   12.0
    customer_id
    C1            1.5   2.5
    """
    kind_of_day, kinds = _kinds_of_days(region.calendar, groups)
    found = kept(
        lambda: _typical_days(region, kind_of_day), "typical_days", region, *groups
    )
    columns = _columns_of(kinds, n_slots=len(found.columns) // len(kinds))
    # In one layout of memory, wherever it comes from: sums keep their last digits.
    values = np.asfortranarray(found.to_numpy())
    return pd.DataFrame(values, index=found.index, columns=columns, copy=False)


def _typical_days(region, kind_of_day):
    """Typical days of every customer, one column a kind of day and slot by number."""
    complete_share = region.settings.quality.complete_day_share
    frames = []
    for cube in region.cubes():
        curves = [
            typical_days(complete_only(cube.power[rows], complete_share), kind_of_day)
            for rows in some_at_a_time(len(cube.customer_id))
        ]
        values = np.concatenate(curves).reshape(len(cube.customer_id), -1)
        frames.append(pd.DataFrame(values, index=cube.customer_id))
    return pd.concat(frames).rename_axis("customer_id").rename(columns=str)


def curves_to_segment(
    region, *, min_customers: int = 10
) -> tuple[pd.DataFrame, pd.Series]:
    """Typical days of the customers that can be segmented, and who is left out why.

    Parameters
    ----------
    region : region with readings of an hour or less
    min_customers : int
        Fewer customers than this are no ground for segments.

    Returns
    -------
    curves : DataFrame
        As `typical_day_curves`, without missing values: kinds of day that the period
        does not hold, or that most customers lack (a season of which it holds two
        days), are left out for all.
    left_out : Series
        Customers by rule: `few_complete_days` (fewer than `min_complete_days`) and
        `no_typical_day` (a kind of day that others have is missing, as for who joined
        or left during the year).

    Raises
    ------
    NotApplicable
        If the readings are daily, or fewer than `min_customers` remain.
    """
    if region.minutes > 60:
        raise NotApplicable(
            "load shapes need readings of an hour or less; this region's are daily"
        )
    every = typical_day_curves(region)
    usable = every.loc[region.usable]
    usable = usable.loc[:, _most_have(usable)]
    curves = usable.dropna()
    left_out = pd.Series(
        {
            "few_complete_days": len(every) - len(usable),
            "no_typical_day": len(usable) - len(curves),
        }
    )
    if len(curves) < min_customers:
        raise NotApplicable(
            f"segments need at least {min_customers} customers with a typical day of "
            "every kind; fewer have one"
        )
    return curves, left_out


def _kinds_of_days(
    calendar: pd.DataFrame, groups: Sequence[str]
) -> tuple[np.ndarray, pd.DataFrame]:
    """Number the kinds of days that occur: the kind of each day, a row a kind."""
    season = pd.Categorical(calendar["season"], SEASONS, ordered=True)
    day_type = np.where(calendar["working"], *DAY_TYPES)
    labels = {
        "season": pd.Series(season, name="season"),
        "working": pd.Series(pd.Categorical(day_type, DAY_TYPES), name="day_type"),
    }
    labels = pd.concat([labels[group] for group in groups], axis=1)
    by_kind = labels.groupby(list(labels), observed=True)
    kinds = by_kind.size().reset_index()[list(labels)]
    return by_kind.ngroup().to_numpy(), kinds


def _most_have(curves: pd.DataFrame) -> np.ndarray:
    """Whether most customers have the whole kind of day that a column is of."""
    kinds = curves.columns.droplevel("hour")
    has = curves.notna().T.groupby(kinds, sort=False).all().T.mean() > 0.5
    return has.reindex(kinds).to_numpy()


def by_hour(curves: pd.DataFrame) -> pd.DataFrame:
    """Typical days with one mean a whole hour: nearly as much shape, fewer columns.

    Parameters
    ----------
    curves : DataFrame
        As `typical_day_curves` gives them. [kW]

    Returns
    -------
    by_hour : DataFrame
        Of the same rows; the level `hour` holds 0 to 23. NaN where an hour has none.

    Examples
    --------
    >>> columns = pd.MultiIndex.from_product([["winter"], [0.0, 0.5, 1.0, 1.5]],
    ...     names=["season", "hour"])
    >>> by_hour(pd.DataFrame([[1.0, 3.0, 4.0, 4.0]], columns=columns))
    season winter
    hour      0.0  1.0
    0         2.0  4.0
    """
    places = list(range(curves.columns.nlevels - 1))
    kinds = [curves.columns.get_level_values(place) for place in places]
    hours = np.floor(curves.columns.get_level_values("hour").to_numpy(float))
    keys = [tuple(key) for key in zip(*kinds, hours, strict=True)]
    columns = pd.MultiIndex.from_tuples(
        list(dict.fromkeys(keys)), names=curves.columns.names
    )
    whole = curves.T.groupby(pd.Index(keys, tupleize_cols=False), sort=False).mean().T
    return whole.set_axis(columns, axis=1)


def _columns_of(kinds: pd.DataFrame, n_slots: int) -> pd.MultiIndex:
    """Kinds by slots, by their place in the year and in the day, not by name.

    Built from codes: pandas would sort the names, put autumn first and then warn
    that a lookup such as ``curves["winter", "rest"]`` is slow.
    """
    hours = np.arange(n_slots) * 24 / n_slots
    levels = [kind.cat.categories for _, kind in kinds.items()] + [hours]
    codes = [np.repeat(kind.cat.codes, n_slots) for _, kind in kinds.items()]
    codes.append(np.tile(np.arange(n_slots), len(kinds)))
    return pd.MultiIndex(levels, codes, names=[*kinds, "hour"])
