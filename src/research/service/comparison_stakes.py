"""How much the choice of a method matters: the best, the worst, the old classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd


class Told(NamedTuple):
    """A method and its score with the interval; limits that are not known are NaN."""

    name: str
    value: float
    low: float = np.nan
    high: float = np.nan


class Gap(NamedTuple):
    """How much better one method is than another; limits not known are NaN."""

    value: float
    low: float = np.nan
    high: float = np.nan

    @property
    def may_be_none(self) -> bool:
        """Whether it is none, or its interval holds 0."""
        return self.value <= 0 or self.low <= 0


@dataclass(frozen=True)
class Stakes:
    """How much the choice of a method matters, in the unit of the score.

    Attributes
    ----------
    contenders : tuple of Told
        The methods to choose from, the best first.
    old : tuple of Told
        The old classes, the best first; empty where there are none.
    cost : Gap
        What the worst contender costs against the best, never negative.
    over_old : Gap or None
        How much better the best contender is than the best old classes.
    raw : float or None
        Value of the raw features without segments.
    none : float or None
        Value of the best floor: what says nothing.
    """

    contenders: tuple[Told, ...]
    old: tuple[Told, ...]
    cost: Gap
    over_old: Gap | None
    raw: float | None
    none: float | None

    @property
    def best(self) -> Told:
        """Best contender."""
        return self.contenders[0]

    @property
    def worst(self) -> Told:
        """Worst contender."""
        return self.contenders[-1]

    @property
    def old_best(self) -> Told | None:
        """Best of the old classes."""
        return self.old[0] if self.old else None

    @property
    def old_do_as_well(self) -> bool:
        """Whether the best contender may be no better than the old classes."""
        return self.over_old is not None and self.over_old.may_be_none


def stakes_of(
    methods: pd.DataFrame,
    contenders: Sequence[str],
    old_classes: Sequence[str],
    floors: Sequence[str],
    raw: float | None = None,
    *,
    better: str = "higher",
    pairs: pd.DataFrame | None = None,
) -> Stakes:
    """What is at stake in the choice of a method.

    Parameters
    ----------
    methods : DataFrame
        Columns `method`, `mean`, `low`, `high`, as `comparison.infer` gives `methods`.
    contenders, old_classes, floors : sequence of str
        Methods of each kind. Those without a mean are left out.
    raw : float, optional
        Value of the raw features; unset or NaN where it is not known.
    better : {"higher", "lower"}
        Which way the score runs.
    pairs : DataFrame, optional
        Columns `method`, `other`, `better_by`, `low`, `high`, as `comparison.infer`
        gives `pairs`. Only from them are intervals of differences known.

    Raises
    ------
    ValueError
        If no contender has a mean.

    Examples
    --------
    >>> methods = pd.DataFrame({"method": ["k-means", "mixture", "industry"],
    ...     "mean": [0.33, 0.31, 0.2], "low": 0.1, "high": 0.4})
    >>> found = stakes_of(methods, ["k-means", "mixture"], ["industry"], [])
    >>> found.best.name, found.worst.name, round(found.cost.value, 3)
    ('k-means', 'mixture', 0.02)
    """
    sign = -1.0 if better == "lower" else 1.0
    table = methods.dropna(subset="mean").set_index("method")
    tried, old, none = (
        _best_first(table, names, sign) for names in (contenders, old_classes, floors)
    )
    if not tried:
        raise ValueError(
            "No contender has a mean: nothing is at stake. Wanted one of "
            f"{', '.join(contenders)}; found {', '.join(map(str, table.index))}."
        )
    return Stakes(
        tried,
        old,
        _gap(tried[0], tried[-1], sign, pairs),
        _gap(tried[0], old[0], sign, pairs) if old else None,
        None if raw is None or np.isnan(raw) else float(raw),
        none[0].value if none else None,
    )


def _best_first(table, names, sign):
    rows = [
        Told(name, *(float(table.at[name, c]) for c in ("mean", "low", "high")))
        for name in names
        if name in table.index
    ]
    return tuple(sorted(rows, key=lambda told: -sign * told.value))


def _gap(one: Told, other: Told, sign: float, pairs: pd.DataFrame | None) -> Gap:
    """How much better one is than the other, with its interval where a pair has it."""
    value = sign * (one.value - other.value) + 0.0
    if pairs is None or one.name == other.name:
        return Gap(value)
    for row in pairs.itertuples():
        if (row.method, row.other) == (one.name, other.name):
            return Gap(value, float(row.low), float(row.high))
        if (row.method, row.other) == (other.name, one.name):
            return Gap(value, -float(row.high), -float(row.low))
    return Gap(value)
