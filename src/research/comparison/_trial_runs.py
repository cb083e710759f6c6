"""Runs of a comparison: fit on some customers, say the segments of others, score."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone

from research.comparison import _scores as scores
from research.comparison._cost import measured
from research.comparison._draws import draw_customers, seed_of
from research.comparison._trial_inputs import number_name
from research.comparison.verdict import RANDOM

COSTS = ("seconds", "memory MB")
"""Measured in every run, whether or not they are metrics of the protocol."""

NONE = -1
"""Stands for the seed or number of a method that takes none."""


def divide_all(protocol, made, given, everyone, tell):
    """Each method's division of all customers, a column each, by position."""
    columns = {}
    for name, plan in protocol.methods.items():
        tell(name)
        for seed in _seeds(protocol, plan):
            for k, run in _runs_of(
                protocol, made, given, name, seed, everyone, everyone
            ):
                if run.reason:
                    continue
                place = [NONE if part is None else part for part in (k, seed)]
                columns["|".join([*map(str, place), name])] = run.train
    return pd.DataFrame(columns)


def as_columns(whole, customers):
    """Columns by method, number and seed; a division of customers by name."""
    parts = [column.split("|", 2) for column in whole]
    index = pd.MultiIndex.from_tuples(
        [(name, int(k), int(seed)) for k, seed, name in parts],
        names=["method", "k", "seed"],
    )
    return whole.set_axis(index, axis=1).set_axis(customers, axis=0)


class _Run(NamedTuple):
    train: np.ndarray | None
    test: np.ndarray | None
    seconds: float
    memory_mb: float
    reason: str


def _seeds(protocol, plan):
    seeds = [*protocol.seeds.main, *protocol.seeds.other]
    return seeds if plan.takes_seed else [None]


def _runs_of(protocol, made, given, name, seed, train, test, replicate=None):
    """Number of segments and run of each number, the main one first."""
    plan = protocol.methods[name]
    ks = [None]
    if plan.takes_k:
        ks = [protocol.k.main, *(k for k in protocol.k.grid if k != protocol.k.main)]
    own_seed = seed_of(seed, replicate)
    if name not in made:
        for k in ks:
            yield k, _given_run(given, name, k, own_seed, train, test)
        return
    X = _side_by_side(given.features, protocol.features_of(name))
    fitted = None
    for k in ks:
        run, last = _fitted_run(
            made[name], plan, k, own_seed, _rows(X, train), _rows(X, test), fitted
        )
        fitted = fitted or last
        yield k, run


def _side_by_side(features, blocks):
    """The blocks as one table; as an array where its columns have no plain names."""
    table = pd.concat([features[block] for block in blocks], axis=1)
    has_names = all(isinstance(column, str) for column in table)
    return table if has_names else table.to_numpy()


def _rows(table, places):
    return table[places] if isinstance(table, np.ndarray) else table.iloc[places]


def _given_run(given, name, k, seed, train, test):
    """A run of what needs no fitting: a floor, or segments that were there."""
    n = len(given.labels)
    if name == RANDOM:
        all_ = np.random.default_rng(seed).integers(k, size=n)
    elif name in given.labels:
        all_ = pd.factorize(given.labels[name], use_na_sentinel=False)[0]
    else:
        all_ = np.zeros(n, dtype=int)
    return _Run(all_[train], all_[test], 0.0, 0.0, "")


def _fitted_run(method, plan, k, seed, train, test, before):
    """Fit, or divide anew what was fitted before; what is raised is the reason."""
    try:
        with measured() as cost:
            if before is not None and hasattr(before, "redivided"):
                fitted = before.redivided(train, k)
            else:
                fitted = clone(method)
                if plan.takes_seed:
                    fitted.set_params(random_state=seed)
                if plan.takes_k:
                    fitted.set_params(**{number_name(fitted.get_params()): k})
                fitted.fit(train)
            labels = np.asarray(fitted.predict(train)), np.asarray(fitted.predict(test))
    except Exception as error:
        words = " ".join(str(error).split())
        reason = f"{type(error).__name__}: {words}"[:300]
        return _Run(None, None, np.nan, np.nan, reason), None
    return _Run(*labels, cost.seconds, cost.memory_mb, ""), fitted


def run_replicate(protocol, made, given, segments, unjudged, replicate, tell):
    """Runs of all methods on one draw of the customers."""
    train, test = draw_customers(len(given.outcomes), protocol.replicates, replicate)
    rows = []
    for name, plan in protocol.methods.items():
        tell(name)
        for seed in _seeds(protocol, plan):
            for k, run in _runs_of(
                protocol, made, given, name, seed, train, test, replicate
            ):
                place = tuple(NONE if part is None else part for part in (k, seed))
                whole = (
                    segments[name, *place].to_numpy()[test]
                    if (name, *place) in segments
                    else None
                )
                known = _scored(name in made, given, run, train, test, whole, unjudged)
                for score in dict.fromkeys([*protocol.metrics, *COSTS]):
                    value, reason = known(score)
                    failed = bool(run.reason)
                    rows.append(
                        (replicate, seed, k, name, score, value, failed, reason)
                    )
    names = ["replicate", "seed", "k", "method", "score", "value", "failed", "reason"]
    runs = pd.DataFrame(rows, columns=names)
    return runs.astype({"seed": "Int64", "k": "Int64", "value": float})


def _scored(learns, given, run, train, test, whole, unjudged):
    """From a score to its value and, where it has none, the reason."""
    if run.reason:
        return lambda score: (np.nan, run.reason)
    values = {"seconds": run.seconds, "memory MB": run.memory_mb}
    reasons = {"memory MB": "the system does not tell"}
    each = []
    for name in given.outcomes:
        score = f"{scores.USEFULNESS}: {name}"
        if name in unjudged:
            values[score], reasons[score] = np.nan, unjudged[name]
            continue
        y = given.outcomes[name].to_numpy()
        values[score] = scores.foretold(
            run.train, run.test, y[train], y[test], given.events[name]
        )
        reasons[score] = "all tested customers are alike"
        each.append(values[score])
    values[scores.USEFULNESS] = float(np.mean(each)) if each else np.nan
    reasons[scores.USEFULNESS] = "an outcome has no value"

    def known(score):
        if score not in values:
            values[score] = _own_score(score, learns, given, run, train, test, whole)
            reasons[score] = _WHY_NOT[score]
        value = values[score]
        return value, "" if np.isfinite(value) else reasons[score]

    return known


_WHY_NOT = {
    "stability": "the fit on all customers failed",
    "silhouette": "all tested customers are in one segment",
    "plainness": "no traits were handed over",
}


def _own_score(score, learns, given, run, train, test, whole):
    if score == "silhouette":
        space = None if given.space is None else given.space[test]
        return scores.compactness(space, run.test)
    if score == "plainness":
        traits = given.traits
        if traits is None:
            return np.nan
        return scores.plainness(traits[train], run.train, traits[test], run.test)
    if whole is None:
        return np.nan
    return scores.stability(whole, run.test)
