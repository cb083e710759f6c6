"""What a comparison is given: tables on the same customers, methods as planned."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone

from research.comparison import _scores as scores
from research.comparison.verdict import FLOORS

OWN_SCORES = ("stability", "silhouette", "plainness", "seconds", "memory MB")
"""Scores besides the usefulness."""


MOST = 50_000
"""Customers that are compared at most where the protocol sets no sample: by the seconds
of single fits, twenty draws of all methods take about half an hour then."""

_DRAWN = 2**31
"""Keeps the draw of the sample apart from those of the replicates."""


class Given(NamedTuple):
    """All that the runs need, on the same customers in one order."""

    features: dict[str, pd.DataFrame]
    labels: pd.DataFrame
    outcomes: pd.DataFrame
    events: dict[str, bool]
    traits: np.ndarray | None
    space: np.ndarray | None


def given_tables(protocol, methods, features, outcomes, labels, traits, space):
    """The tables on the customers that have all features, checked, in one order.

    Returns
    -------
    given : Given
    customers : Index
        A sample of them, if there are more than the protocol takes.
    n_customers : int
        Of whom the sample was drawn.
    left_out : Series of int
    """
    others = {"outcomes": outcomes, "labels": labels, "traits": traits, "space": space}
    for told, table in (*features.items(), *others.items()):
        if table is not None and not table.index.is_unique:
            twice = table.index[table.index.duplicated()][0]
            raise ValueError(
                f"Each customer must stand once in {told}. Found {twice} twice."
            )
    _refuse_missing(protocol, methods, features, outcomes, labels)
    wanted = dict.fromkeys(
        name for method in methods for name in protocol.features_of(method)
    )
    if not wanted:
        wanted = {name: None for name in protocol.features if name in features}
    customers = outcomes.index if not wanted else None
    left_out = {}
    for name in wanted:
        whole = features[name].dropna()
        if customers is None:
            customers, left_out[name] = whole.index, len(features[name]) - len(whole)
            continue
        both = customers.intersection(whole.index, sort=False)
        left_out[name] = len(customers) - len(both)
        customers = both
    if not len(customers):
        raise ValueError(
            "No customer has all the features: compare the index of the tables."
        )
    customers = _by_name(customers)
    given = outcomes.reindex(customers)
    known = given.notna().any(axis=1)
    left_out["no outcome"] = int((~known).sum())
    customers, given = customers[known], given[known]
    n_customers = len(customers)
    drawn = sample_of(n_customers, protocol)
    customers, given = customers[drawn], given.iloc[drawn]
    blocks = {name: features[name].loc[customers] for name in wanted}
    if labels is None:
        labels = pd.DataFrame(index=customers)
    if space is None and all(name in blocks for name in protocol.features):
        space = pd.concat([blocks[name] for name in protocol.features], axis=1)
    return (
        Given(
            blocks,
            labels.reindex(customers),
            given.astype(float),
            {name: scores.is_event(outcomes[name]) for name in outcomes},
            None if traits is None else traits.reindex(customers).to_numpy(float),
            None if space is None else space.loc[customers].to_numpy(float),
        ),
        customers,
        n_customers,
        pd.Series(left_out, dtype=int),
    )


def sample_of(n, protocol):
    """Positions of the customers that are compared, sorted.

    All, or as many as the protocol takes, drawn once by its first main seed.
    """
    most = protocol.sample or MOST
    if n <= most:
        return np.arange(n)
    rng = np.random.default_rng([_DRAWN, protocol.seeds.main[0], n])
    return np.sort(rng.choice(n, most, replace=False))


def _by_name(customers):
    """Customers in an order that knows nothing of the order of rows.

    Not by what is known of them: the last digit of a feature would draw others.
    """
    try:
        return customers.sort_values()
    except TypeError:  # names of several types
        return customers.sort_values(key=lambda names: names.map(str))


def _refuse_missing(protocol, methods, features, outcomes, labels):
    """Refuse a protocol that names what is not there, all faults at once."""
    there = {*methods, *FLOORS, *(() if labels is None else labels)}
    faults = [
        f"method {name!r} is in neither methods nor labels"
        for name in protocol.methods
        if name not in there
    ]
    faults += [
        f"{name!r} is handed over and is always in, as what is to be beaten"
        for name in (*methods, *(() if labels is None else labels))
        if name in FLOORS or (name in methods and name in protocol.old_classes)
    ]
    faults += [
        f"{name!r} is handed over and the protocol does not plan it"
        for name in methods
        if name not in protocol.methods
    ]
    for name in methods:
        if name in protocol.methods:
            faults += [
                f"features {block!r} of {name!r} are not there"
                for block in protocol.features_of(name)
                if block not in features
            ]
    known = [
        scores.USEFULNESS,
        *(f"{scores.USEFULNESS}: {name}" for name in outcomes),
        *OWN_SCORES,
    ]
    faults += [
        f"metric {name!r} is not known here (known: {', '.join(known)})"
        for name in protocol.metrics
        if name not in known
    ]
    if faults:
        raise ValueError(
            f"{protocol.source} does not go with what is there: {'; '.join(faults)}. "
            "Hand it over, or take it out by `without`."
        )


def settled(protocol, methods):
    """Copies of the methods with the settings of the protocol."""
    made = {}
    for name, method in methods.items():
        plan = protocol.methods[name]
        own = method.get_params()
        wanted = list(plan.settings)
        if plan.takes_seed:
            wanted.append("random_state")
        if plan.takes_k:
            wanted.append(number_name(own))
        lacking = [str(word) for word in wanted if word not in own]
        if lacking:
            raise ValueError(
                f"{protocol.source} sets {', '.join(lacking)} of {name!r}, which "
                f"{type(method).__name__} does not have. It has {', '.join(own)}."
            )
        settings = {
            word: list(value) if isinstance(value, tuple) else value
            for word, value in plan.settings.items()
        }
        made[name] = clone(method).set_params(**settings)
    return made


def number_name(parameters):
    return next((n for n in ("n_clusters", "n_components") if n in parameters), "k")
