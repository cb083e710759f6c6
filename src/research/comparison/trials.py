"""A planned comparison, run: all methods on the same draws of customers, out of time.

In each replicate of the protocol every method learns from some of the customers, by
what was known on a day, and says to which of its segments the others belong. What a
segment foretells is the mean of what later became of the customers learnt from; it is
judged on the others. So no customer is in both parts, no outcome reaches a method, and
nothing is chosen on the months that are foretold: the numbers of segments stand in the
protocol.

Beside the replicates each method divides all customers once for each seed and number of
segments. These are the segments that a page shows, and `stability` is how far the fit
of a replicate agrees with them about the customers that it did not learn from.

A method that raises is written down as failed, with its words, and the rest goes on.
With a folder each finished replicate is filed there, and a run that was stopped takes
up what it finds.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from research.comparison import _scores as scores
from research.comparison._leaks import refuse_leaks
from research.comparison._saved import kept, key_of, open_folder
from research.comparison._trial_inputs import given_tables, settled
from research.comparison._trial_runs import (
    COSTS,
    NONE,
    as_columns,
    divide_all,
    run_replicate,
)
from research.comparison.protocol import Protocol
from research.comparison.runs import RUN_KEY


@dataclass(frozen=True)
class Trials:
    """What a comparison found.

    Attributes
    ----------
    protocol : Protocol
    runs : DataFrame
        A row a run and score: `region`, `replicate`, `seed`, `k`, `method`, `score`,
        `value`, `failed`, `reason` (why it failed, or has no value).
    costs : DataFrame
        Of the same columns, the scores "seconds" and "memory MB" of every run: what no
        two runs have alike stands apart.
    segments : DataFrame of shape (n_customers, n_divisions)
        Each method's division of all customers; columns `method`, `k`, `seed` (missing
        where the method takes none). Methods that failed are not there. Customers stand
        in the order of their names.
    left_out : Series of int
        Customers without the features, by the block that they lack, each counted once.
    unjudged : dict of str to str
        Outcomes that can not be judged, and why.
    taken_up : int
        Replicates that an earlier, stopped run had finished.
    n_customers : int
        Customers that could be compared; more than rows of `segments` where a sample of
        them was.
    """

    protocol: Protocol
    runs: pd.DataFrame
    costs: pd.DataFrame
    segments: pd.DataFrame
    left_out: pd.Series
    unjudged: dict[str, str]
    taken_up: int
    n_customers: int

    @property
    def main_segments(self) -> pd.DataFrame:
        """A column a method: by the main number of segments and the first seed."""
        k, seed = self.protocol.k.main, self.protocol.seeds.main[0]
        shown = {
            method: self.segments[method, own_k, own_seed]
            for method, own_k, own_seed in self.segments
            if own_k in (k, NONE) and own_seed in (seed, NONE)
        }
        return pd.DataFrame(shown, index=self.segments.index)


def run_trials(
    protocol: Protocol,
    methods: Mapping[str, object],
    features: Mapping[str, pd.DataFrame],
    outcomes: pd.DataFrame,
    *,
    labels: pd.DataFrame | None = None,
    traits: pd.DataFrame | None = None,
    space: pd.DataFrame | None = None,
    region: str = "region",
    learnt_until=None,
    comes_from=None,
    folder: Path | str | None = None,
    say: Callable[[str], None] | None = None,
) -> Trials:
    """Run every method of a protocol on every draw of the customers.

    Parameters
    ----------
    protocol : Protocol
        Its metrics are among "usefulness", "usefulness: " and an outcome, "stability",
        "silhouette", "plainness", "seconds" and "memory MB".
    methods : mapping of str to estimator
        Clusterers after the protocol of scikit-learn, with `fit` and `predict`, by the
        names of the protocol, whose settings are set on a copy. A method that takes a
        number of segments has the parameter `n_clusters` or `n_components`, one that
        takes a seed `random_state`. If a fitted one has ``redivided(X, n_clusters)``,
        it is fitted for the main number alone, and what it learnt is divided anew for
        the others.
    features : mapping of str to DataFrame
        What methods see, by the names of the protocol, a row a customer.
    outcomes : DataFrame
        What came later, a column an outcome: numbers, or true and false. Missing where
        it is not known.
    labels : DataFrame, optional
        Segments that are there already, a column each, under names of the protocol that
        `methods` lacks: the old classes, a rule's grades, a user's own segments. A
        missing one is a class of its own.
    traits : DataFrame, optional
        Plain numbers by which a tree is to tell the segments.
    space : DataFrame, optional
        Rows between which silhouettes are measured; unset, the features of the protocol
        side by side.
    region : str
        Name in the runs.
    learnt_until, comes_from : date-like, optional
        Last day that features and labels know, first day of the outcomes.
    folder : path-like, optional
        Where finished replicates are kept, in a folder of its own for each protocol,
        data and version. It holds segments by position, and no names of customers.
    say : callable, optional
        Called with a sentence as the work goes on.

    Returns
    -------
    trials : Trials
        As many runs as are planned; nothing that failed is missing.

    Raises
    ------
    ValueError
        If outcomes begin before features end, something that foretells an outcome
        perfectly gives away that it knows it, a customer stands twice, a method or a
        block of features or a metric of the protocol is not there, or a method lacks a
        parameter that the protocol sets.

    Notes
    -----
    There is no time limit for a fit: what a method takes stands in its "seconds". Where
    what was learnt is divided anew, the fit counts to the main number of segments.

    Customers are drawn in the order of their names, so that the order of rows changes
    nothing. Other names draw others, as another number of replicates does.

    Of more customers than the protocol's `sample`, or than 50,000 where it sets none, a
    simple random sample is drawn once, before all else, by the first main seed: all
    runs, segments and floors are of it, and `n_customers` tells of how many it is.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from research.comparison import protocol_of
    >>> rng = np.random.default_rng(0)
    >>> kind = np.repeat([0, 1, 2], 40)
    >>> X = pd.DataFrame(rng.normal(4 * kind[:, None], 1, (120, 2)))
    >>> later = pd.DataFrame({"kwh": 10.0 * kind + rng.normal(size=120)})
    >>> protocol = protocol_of({"question": "?", "methods": {"k-means": {}},
    ...     "old_classes": [], "features": ["curves"], "k": {"grid": [2, 3, 4],
    ...     "main": 3}, "seeds": {"main": [0], "other": [1]}, "replicates": {"kind":
    ...     "splits", "number": 3, "test_share": 0.3}, "metrics": {"usefulness":
    ...     {"better": "higher"}}, "primary": "usefulness", "decision": {}})
    >>> found = run_trials(protocol, {"k-means": KMeans()}, {"curves": X}, later)
    >>> found.runs[found.runs["k"] == 3].groupby("method")["value"].mean().round(1)
    method
    k-means             1.0
    random partition   -0.1
    Name: value, dtype: float64
    """
    given, customers, n_customers, left_out = given_tables(
        protocol, methods, features, outcomes, labels, traits, space
    )
    refuse_leaks(given.features, given.labels, given.outcomes, learnt_until, comes_from)
    made = settled(protocol, methods)
    plan = protocol.replicates
    test_share = plan.test_share or np.exp(-1)
    unjudged = {
        name: why
        for name in given.outcomes
        if (why := scores.cannot_judge(given.outcomes[name], test_share))
    }
    tables = {
        **given.features,
        "labels": given.labels,
        "outcomes": given.outcomes,
        "traits": None if given.traits is None else pd.DataFrame(given.traits),
        "space": None if given.space is None else pd.DataFrame(given.space),
    }
    own = None
    if folder is not None:
        own = open_folder(folder, key_of(protocol, region, made, tables))
    tell = _Clock(plan.number + 1, say or (lambda sentence: None))
    everyone = np.arange(len(customers))
    whole, _ = kept(
        own,
        "whole",
        partial(divide_all, protocol, made, given, everyone, tell.of("all customers")),
    )
    tell.ended()
    segments = as_columns(whole, customers)
    parts, taken_up = [], 0
    for replicate in range(plan.number):
        what = f"replicate {replicate + 1} of {plan.number}"
        part, was_there = kept(
            own,
            f"replicate-{replicate:03}",
            partial(
                *(run_replicate, protocol, made, given, segments, unjudged, replicate),
                tell.of(what),
            ),
        )
        parts.append(part)
        taken_up += was_there
        tell.ended()
    runs = pd.concat(parts, ignore_index=True).assign(region=region)
    runs = runs.astype({"seed": "Int64", "k": "Int64", "failed": bool})
    runs = runs[[*RUN_KEY, "value", "failed", "reason"]]
    costs = runs[runs["score"].isin(COSTS)].reset_index(drop=True)
    runs = runs[runs["score"].isin(protocol.metrics)].reset_index(drop=True)
    return Trials(
        *(protocol, runs, costs, segments, left_out, unjudged, taken_up, n_customers)
    )


class _Clock:
    """Tells what is done now and how long the rest may take."""

    def __init__(self, steps, say):
        self.steps, self.say = steps, say
        self.done, self.start = 0, time.monotonic()

    def of(self, what):
        return lambda method: self.say(f"{what}: {method}{self._left()}")

    def ended(self):
        self.done += 1

    def _left(self):
        if not self.done:
            return ""
        seconds = (time.monotonic() - self.start) / self.done
        left = seconds * (self.steps - self.done)
        return (
            f"; about {left / 60:.0f} min left"
            if left > 90
            else (f"; about {left:.0f} s left")
        )
