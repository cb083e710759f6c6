"""Tables of runs: one row a region, replicate, seed, number of segments and method.

Seeds are no replicates: other seeds on the same customers say how much luck there is
in the starts, not whether another region, or other customers, would tell the same. So
seeds are averaged before anything is compared, and what is compared over are **units**:
the regions, or within one region its replicates (bootstraps or splits of its
customers). Measured: two methods of equal worth are 'significantly' different by a test
over ten seeds of one data set in 19 of 40 cases, over ten data sets in none.

A run that failed, or has no value, counts for as little as the worst run that ended
beside it (same region, replicate, seed and number of segments), and where two methods
then draw level the one that failed more ranks behind. Leaving it out would reward a
method for breaking down where the customers are difficult.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

COLUMNS = ("region", "replicate", "seed", "method", "score", "value", "failed")
RUN_KEY = ("region", "replicate", "seed", "k", "method", "score")
Better = Literal["higher", "lower"]


class Units(NamedTuple):
    """What each method reached on each unit of replication.

    Attributes
    ----------
    unit : str
        "region", or "replicate" where there is one region.
    values : DataFrame of shape (n_units, n_methods)
        Mean over seeds, and over the replicates of a region, in the unit of the score.
    failed : DataFrame of shape (n_units, n_methods)
        Share of the runs without a value, in [0, 1].
    better : str
        "higher" or "lower".
    """

    unit: str
    values: pd.DataFrame
    failed: pd.DataFrame
    better: Better

    @property
    def worth(self) -> pd.DataFrame:
        """The values, turned so that higher is better."""
        return self.values if self.better == "higher" else -self.values


def check_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with every column in its type, refused unless they can be read.

    Parameters
    ----------
    runs : DataFrame
        Columns `region`, `replicate`, `seed`, `method`, `score`, `value`, `failed`, and
        `k`, the number of segments. A method that takes no seed, or finds no number of
        segments of its own (known classes), has a missing `seed` or `k` and stands
        beside every seed, or number, of the others. Without a column `k` all are
        missing. Other columns are kept.

    Returns
    -------
    runs : DataFrame
        A copy; `value` is NaN where a run failed.

    Raises
    ------
    ValueError
        If a column is missing, a run stands twice, `failed` or `value` is of another
        type, or a method has both missing and given seeds or numbers of segments.

    Examples
    --------
    >>> check_runs(pd.DataFrame({"region": ["A"], "value": [1.0]}))
    Traceback (most recent call last):
        ...
    ValueError: Runs lack replicate, seed, method, score, failed. Found: region, value.
    """
    lacking = [name for name in COLUMNS if name not in runs]
    if lacking:
        raise ValueError(
            f"Runs lack {', '.join(lacking)}. Found: {', '.join(map(str, runs))}."
        )
    runs = runs.reset_index(drop=True)
    if "k" not in runs:
        runs["k"] = pd.array([pd.NA] * len(runs), dtype="Int64")
    for name in ("seed", "k"):
        runs[name] = _whole(runs[name], name)
    for name in ("region", "replicate", "method", "score"):
        if runs[name].isna().any():
            raise ValueError(
                f"Each run needs a {name}; row {_first(runs[name].isna())} has none."
            )
    if not runs["failed"].isin([True, False]).all():
        wrong = runs["failed"][~runs["failed"].isin([True, False])].iloc[0]
        raise ValueError(f"failed must be true or false. Found {wrong!r}.")
    runs["failed"] = runs["failed"].astype(bool)
    try:
        values = runs["value"].astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"value must hold numbers: {error}.") from None
    runs["value"] = values.mask(runs["failed"])
    twice = runs.duplicated(list(RUN_KEY))
    if twice.any():
        row = runs.loc[_first(twice), list(RUN_KEY)]
        told = ", ".join(f"{name} {value}" for name, value in row.items())
        raise ValueError(f"A run stands twice: {told}. Keep one row a run.")
    for name in ("seed", "k"):
        given = runs[name].notna()
        if given.all() or not given.any():
            continue
        given = given.groupby(runs["method"]).agg(["any", "all"])
        mixed = given.index[given["any"] & ~given["all"]]
        if len(mixed):
            raise ValueError(
                f"{mixed[0]!r} has runs with and without {name}; give it in all "
                "of them or in none."
            )
    return runs


def units(
    runs: pd.DataFrame,
    score: str,
    *,
    better: Better,
    k: int | None = None,
    seeds: Sequence[int] | None = None,
) -> Units:
    """Values of each method on each unit, seeds averaged first.

    Parameters
    ----------
    runs : DataFrame
        As for `check_runs`.
    score : str
        Score that is read.
    better : {"higher", "lower"}
    k : int, optional
        Number of segments; may be left out where the runs have one or none.
    seeds : sequence of int, optional
        Seeds that count; unset, all.

    Returns
    -------
    units : Units
        Of the regions, or of the replicates of a single one.

    Raises
    ------
    ValueError
        If nothing is left to compare, or as for `check_runs`.

    Examples
    --------
    >>> runs = pd.DataFrame({"region": "A", "replicate": [0, 0, 1, 1], "method": "m",
    ...     "seed": [1, 2, 1, 2], "score": "R2", "value": [.2, .4, .6, .8],
    ...     "failed": False})
    >>> units(runs, "R2", better="higher").values["m"].round(1).tolist()
    [0.3, 0.7]
    """
    return cube_of(runs, score, better).units(k=k, seeds=seeds)


@dataclass(frozen=True)
class Cube:
    """Runs of one score as an array; higher is better in it."""

    regions: list
    replicates: list
    seeds: list
    ks: list
    methods: list
    better: Better
    worth: np.ndarray
    """Of shape (regions, replicates, seeds, numbers of segments, methods)."""
    lost: np.ndarray
    """Whether the run has no value of its own."""

    @property
    def unit(self) -> str:
        """What is compared over."""
        return "region" if len(self.regions) > 1 else "replicate"

    @property
    def names(self) -> list:
        """Names of the units."""
        return self.regions if len(self.regions) > 1 else self.replicates

    def by_unit(self, k=None, seeds=None):
        """Worth and share of lost runs, each of shape (n_units, n_methods)."""
        if k is None and len(self.ks) > 1:
            raise ValueError(
                f"Runs hold {len(self.ks)} numbers of segments, "
                f"{', '.join(map(str, self.ks))}; say which by k."
            )
        at = 0 if k is None or self.ks == [None] else self._place(self.ks, k, "k")
        keep = slice(None)
        if seeds is not None and self.seeds != [None]:
            keep = [self._place(self.seeds, seed, "seed") for seed in seeds]
        worth, lost = self.worth[:, :, keep, at], self.lost[:, :, keep, at]
        lost = np.where(np.isnan(worth), np.nan, lost)
        worth, lost = (
            _mean(_mean(part, 2), 1 if len(self.regions) > 1 else 0)
            for part in (worth, lost)
        )
        return worth, lost

    def units(self, k=None, seeds=None) -> Units:
        """Values and share of lost runs as tables."""
        worth, lost = self.by_unit(k, seeds)
        sign = 1 if self.better == "higher" else -1
        index = pd.Index(self.names, name=self.unit)
        return Units(
            self.unit,
            pd.DataFrame(sign * worth, index, self.methods),
            pd.DataFrame(lost, index, self.methods),
            self.better,
        )

    @staticmethod
    def _place(known, wanted, what):
        if wanted not in known:
            raise ValueError(
                f"No run has {what} {wanted}. Found: {', '.join(map(str, known))}."
            )
        return known.index(wanted)


def cube_of(runs: pd.DataFrame, score: str, better: Better) -> Cube:
    """Runs of one score as an array, what is lost set to the worst beside it."""
    if better not in ("higher", "lower"):
        raise ValueError(f'better must be "higher" or "lower". Got {better!r} instead.')
    runs = check_runs(runs)
    scores = list(dict.fromkeys(runs["score"]))
    runs = runs[runs["score"] == score]
    if runs.empty:
        raise ValueError(
            f"No run has the score {score!r}. Found: {', '.join(map(str, scores))}."
        )
    codes, known = [], []
    for name in ("region", "replicate", "seed", "k"):
        code, values = pd.factorize(runs[name], sort=True)
        codes.append(code)
        known.append([_plain(value) for value in values] or [None])
    code, methods = pd.factorize(runs["method"])
    codes.append(code)
    shape = (*map(len, known), len(methods))
    worth = np.full(shape, np.nan)
    value = runs["value"].to_numpy() * (1 if better == "higher" else -1)
    value = np.where(np.isfinite(value), value, np.nan)
    seed, k = codes[2], codes[3]
    for has_seed in (True, False):
        for has_k in (True, False):
            rows = ((seed >= 0) == has_seed) & ((k >= 0) == has_k)
            region, replicate, s, number, method = (part[rows] for part in codes)
            # What takes no seed, or no number, stands beside all of them.
            s = s[:, None, None] if has_seed else np.arange(shape[2])[None, :, None]
            number = number[:, None, None] if has_k else np.arange(shape[3])[None, None]
            each = (part[:, None, None] for part in (region, replicate))
            worth[*each, s, number, method[:, None, None]] = value[rows, None, None]
    lost = np.isnan(worth)
    least = np.where(lost, np.inf, worth).min(axis=-1, keepdims=True)
    worth = np.where(lost, np.where(np.isfinite(least), least, np.nan), worth)
    ran = _ran(codes, 2, shape)[..., None] & _ran(codes, 3, shape)[:, :, None]
    worth[~ran] = np.nan
    return Cube(*known, list(methods), better, worth, lost)


def _ran(codes, axis, shape):
    """Whether a seed (axis 2), or number (3), was run at all on a replicate."""
    ran = np.zeros((*shape[:2], shape[axis]), dtype=bool)
    given = codes[axis] >= 0
    ran[codes[0][given], codes[1][given], codes[axis][given]] = True
    without = np.zeros(shape[:2], dtype=bool)
    without[codes[0], codes[1]] = True
    return ran | (without & ~ran.any(axis=-1))[..., None]


def _mean(values, axis):
    """Mean of what is there; NaN where nothing is."""
    there = ~np.isnan(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _whole(values, name):
    try:
        return values.astype("Int64")
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must hold whole numbers, or none. Found {values.iloc[0]!r}."
        ) from None


def _first(flags):
    return flags.index[flags.to_numpy()][0]


def _plain(value):
    return value.item() if hasattr(value, "item") else value
