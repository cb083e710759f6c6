"""Runs held against their protocol: nothing unplanned, nothing missing, one verdict."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import t as student

from research.comparison.protocol import WEIGHTED, Protocol
from research.comparison.runs import RUN_KEY, check_runs, units
from research.comparison.verdict import FLOORS, Verdict, decide


class UnplannedError(ValueError):
    """Runs that the protocol does not plan."""


def planned_runs(protocol: Protocol, regions: Sequence | None = None) -> pd.DataFrame:
    """Every run that a protocol plans.

    Parameters
    ----------
    protocol : Protocol
    regions : sequence, optional
        Where the protocol names none.

    Returns
    -------
    runs : DataFrame
        Columns `region`, `replicate` (from 0), `seed`, `k`, `method`, `score`.

    Raises
    ------
    ValueError
        If neither names a region.
    """
    regions = list(protocol.regions or regions or ())
    if not regions:
        raise ValueError(f"{protocol.source} names no regions; pass them.")
    seeds = [*protocol.seeds.main, *protocol.seeds.other]
    rows = []
    for method, plan in protocol.methods.items():
        rows += product(
            regions,
            range(protocol.replicates.number),
            seeds if plan.takes_seed else [None],
            protocol.k.grid if plan.takes_k else [None],
            [method],
            protocol.metrics,
        )
    runs = pd.DataFrame(rows, columns=list(RUN_KEY))
    return runs.astype({"seed": "Int64", "k": "Int64"})


def refuse_unplanned(protocol: Protocol, runs: pd.DataFrame) -> pd.DataFrame:
    """The runs, refused if the protocol lacks one that is not marked as added.

    Parameters
    ----------
    protocol : Protocol
    runs : DataFrame
        See `check_runs`; a column `added`, where there is one, is true for what was
        thought of after the protocol.

    Returns
    -------
    runs : DataFrame
        With `added`.

    Raises
    ------
    UnplannedError
        With each method, score, seed, number of segments, replicate or region that is
        not planned, what is, and the mend; or if a planned run is marked as added.
    """
    runs = check_runs(runs)
    added = runs["added"] if "added" in runs else pd.Series(False, runs.index)
    if not added.isin([True, False]).all():
        raise UnplannedError("added must be true or false for each run.")
    runs["added"] = added.astype(bool)
    plan = planned_runs(protocol, list(dict.fromkeys(runs["region"])))
    is_planned = _keys(runs).isin(_keys(plan))
    faults = _faults(protocol, plan, runs[~is_planned & ~runs["added"]])
    if faults:
        mend = (
            "Mark such runs as added; or write them into the protocol before anything "
            "is run, and run all again."
        )
        raise UnplannedError("\n".join([*faults, mend]))
    both = runs[is_planned & runs["added"]]
    if len(both):
        row = both.iloc[0]
        raise UnplannedError(
            f"{len(both)} runs are marked as added and {protocol.source} plans them, "
            f"such as of {row['method']}. Take the mark off."
        )
    return runs


def complete(
    protocol: Protocol, runs: pd.DataFrame, regions: Sequence | None = None
) -> pd.DataFrame:
    """All planned runs, those that are missing as failed, and the added ones.

    Parameters
    ----------
    protocol : Protocol
    runs : DataFrame
        As for `refuse_unplanned`, which is called.
    regions : sequence, optional
        Where the protocol names none: unset, those of the runs.

    Returns
    -------
    runs : DataFrame
        As many rows as are planned, in the order of the plan, then the added ones.
        `missing` is true for what was not run; that is failed too.
    """
    runs = refuse_unplanned(protocol, runs)
    regions = regions or list(dict.fromkeys(runs["region"]))
    plan = planned_runs(protocol, regions)
    done = runs[~runs["added"]].drop(columns="added")
    done = done.set_index(_keys(done)).drop(columns=list(RUN_KEY))
    rest = done.reindex(_keys(plan))
    rest.index = plan.index
    found = pd.concat([plan, rest], axis=1)
    found["missing"] = found["failed"].isna()
    found["failed"] = found["failed"].where(~found["missing"], True).astype(bool)
    found["added"] = False
    more = runs[runs["added"]].assign(missing=False)
    if more.empty:
        return found
    return pd.concat([found, more[found.columns]], ignore_index=True)


def count_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """How many runs of each method ended, failed or were never started.

    Parameters
    ----------
    runs : DataFrame
        From `complete`.

    Returns
    -------
    counts : DataFrame
        A row a method: `method`, `planned`, `ended`, `failed`, `missing`, `added`.
        `planned` is the sum of the three after it.

    Examples
    --------
    >>> runs = pd.DataFrame({"method": ["a", "a", "b"], "failed": [False, True, True],
    ...     "missing": [False, False, True], "added": False})
    >>> count_runs(runs).values.tolist()
    [['a', 2, 1, 1, 0, 0], ['b', 1, 0, 0, 1, 0]]
    """
    planned = ~runs["added"]
    flags = pd.DataFrame(
        {
            "planned": planned,
            "ended": planned & ~runs["failed"],
            "failed": planned & runs["failed"] & ~runs["missing"],
            "missing": planned & runs["missing"],
            "added": runs["added"],
        }
    )
    counts = flags.groupby(runs["method"], sort=False).sum()
    return counts.rename_axis("method").reset_index()


def weighted_runs(protocol: Protocol, runs: pd.DataFrame) -> pd.DataFrame:
    """The weighted mean of the criteria of each run, as runs of one more score.

    Parameters
    ----------
    protocol : Protocol
        With weights.
    runs : DataFrame
        From `complete`.

    Returns
    -------
    runs : DataFrame
        Of the score `WEIGHTED`: each criterion on its scale from `worst` (0) to `best`
        (1) and cut off there, times its weight, summed. Failed where a criterion that
        has a weight failed or has no value.

    Raises
    ------
    ValueError
        If the protocol has no weights.
    """
    weights = {name: w for name, w in protocol.decision.weights.items() if w > 0}
    if not weights:
        raise ValueError(f"{protocol.source} gives no weights under decision.")
    keys = [name for name in RUN_KEY if name != "score"]
    table = runs[runs["score"].isin(weights)]
    table = table.assign(added=table.get("added", False))
    table = table.assign(key=_keys(table, keys))
    value = table.pivot(index="key", columns="score", values="value")
    value = value.reindex(columns=list(weights))
    for name in weights:
        metric = protocol.metrics[name]
        scaled = (value[name] - metric.worst) / (metric.best - metric.worst)
        value[name] = scaled.where(np.isfinite(scaled)).clip(0, 1)
    mean = value.mul(pd.Series(weights)).sum(axis=1, skipna=False)
    found = table.drop_duplicates("key")[[*keys, "added", "key"]]
    found = found.assign(score=WEIGHTED, value=mean.reindex(found["key"]).to_numpy())
    found["failed"] = found["value"].isna()
    return found.drop(columns="key").reset_index(drop=True)


def wider_than_usual(protocol: Protocol, usual: int = 20) -> float:
    """How much wider intervals are than with the usual number of replicates.

    Parameters
    ----------
    protocol : Protocol
    usual : int

    Returns
    -------
    ratio : float
        Above 1 where replicates were saved, for equal spread of the replicates: of
        Student's t, and of the variance of the mean after Nadeau and Bengio.

    Examples
    --------
    >>> from research.comparison import protocol_of_labels
    >>> round(wider_than_usual(protocol_of_labels(["mine"], k=3, replicates=5)), 2)
    1.42
    """
    ratio, level = protocol.replicates.test_over_train, protocol.decision.level
    own, other = (
        student.ppf((1 + level) / 2, n - 1) * np.sqrt(1 / n + ratio)
        for n in (max(protocol.replicates.number, 2), usual)
    )
    return float(own / other)


def leaders_under(
    protocol: Protocol, runs: pd.DataFrame, draws, methods: Sequence[str] | None = None
) -> pd.Series:
    """Under which share of weightings each method leads, floors not counted.

    Parameters
    ----------
    protocol : Protocol
        With weights.
    runs : DataFrame
        From `complete`.
    draws : array-like of shape (n_draws, n_criteria)
        Weights in the order of ``protocol.decision.weights``; rows sum to 1.
    methods : sequence of str, optional
        Those to rank. Unset, all of the protocol; but classes that are given can not
        change, and lead by that where stability weighs.

    Returns
    -------
    shares : Series of shape (n_methods,)
        In [0, 1], summing to 1: how often the mean of the weighted criteria, at the
        main number of segments, is the highest; ties count to the first method. A run
        without a value counts as the worst of its criterion.

    Raises
    ------
    ValueError
        If the protocol has no weights, or `draws` another number of criteria.
    """
    names = list(protocol.decision.weights)
    draws = np.atleast_2d(np.asarray(draws, dtype=float))
    if not names or draws.shape[1] != len(names):
        raise ValueError(
            f"{protocol.source} weighs {len(names)} criteria ({', '.join(names)}); "
            f"draws hold {draws.shape[1]}."
        )
    planned = runs[~runs["added"]] if "added" in runs else runs
    methods = list(methods or (n for n in protocol.methods if n not in FLOORS))
    columns = []
    for name in names:
        metric = protocol.metrics[name]
        found = units(planned, name, better=metric.better, k=protocol.k.main)
        mean = found.values.mean().reindex(methods)
        scaled = (mean - metric.worst) / (metric.best - metric.worst)
        columns.append(scaled.clip(0, 1).fillna(0).to_numpy())
    first = (draws @ np.array(columns)).argmax(axis=1)
    counts = np.bincount(first, minlength=len(methods))
    return pd.Series(counts / len(draws), index=pd.Index(methods, name="method"))


def decide_by(protocol: Protocol, runs: pd.DataFrame) -> Verdict:
    """The verdict that a protocol planned; added runs are shown and do not count.

    Parameters
    ----------
    protocol : Protocol
    runs : DataFrame
        As for `refuse_unplanned`.

    Returns
    -------
    verdict : Verdict
    """
    runs = complete(protocol, runs)
    runs = runs[~runs["added"]]
    if protocol.decision.by == "weights":
        runs = weighted_runs(protocol, runs)
    return decide(
        runs,
        protocol.score,
        better=protocol.better,
        k=protocol.k.main,
        seeds=protocol.seeds.main,
        other_seeds=protocol.seeds.other,
        test_over_train=protocol.replicates.test_over_train,
        level=protocol.decision.level,
        margin=protocol.decision.margin,
    )


def _keys(runs, names=RUN_KEY):
    """One key a run; a missing seed or number is one key like any other."""
    columns = [runs[name] for name in names]
    return pd.Index(
        [
            tuple(None if pd.isna(part) else part for part in row)
            for row in zip(*columns, strict=True)
        ],
        tupleize_cols=False,
    )


def _faults(protocol, plan, unplanned):
    """What is not planned, part by part, then in combination."""
    faults, told = [], pd.Series(False, unplanned.index)
    for name in ("region", "method", "score", "replicate", "seed", "k"):
        known = plan[name].dropna().unique()
        strange = unplanned[name].notna() & ~unplanned[name].isin(known)
        told |= strange
        found = list(dict.fromkeys(map(str, unplanned.loc[strange, name])))
        if found:
            faults.append(
                f"{protocol.source} plans no {name} "
                f"{', '.join(found[:5])}{' ...' if len(found) > 5 else ''} "
                f"({strange.sum()} runs). Planned: {_listed(known)}."
            )
    for row in unplanned[~told].drop_duplicates("method").itertuples():
        plan_of = protocol.methods[row.method]
        wants = [
            f"{'a' if takes else 'no'} {name}"
            for name, takes in (("k", plan_of.takes_k), ("seed", plan_of.takes_seed))
        ]
        faults.append(
            f"{protocol.source} plans {row.method} with {' and '.join(wants)}. "
            f"Found: k {row.k}, seed {row.seed}."
        )
    return faults


def _listed(values):
    values = [str(value) for value in values]
    return ", ".join(values[:20]) + (" ..." if len(values) > 20 else "")
