"""What gives away that features or segments know the outcome they shall foretell."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from research.comparison.out_of_time import LEAST_EVENTS, refuse_overlap

LEAST = 20
"""Customers from which a perfect order is no accident. Of events there have to be as
many as are judged at all: the one event among 200 customers is the highest or lowest of
any column in one of a hundred."""

CROWD = 5
"""Customers a class at the least, on average, for pure classes to be no accident."""


def refuse_leaks(features, labels, outcomes, learnt_until=None, comes_from=None):
    """Refuse outcomes that begin too early or are known beforehand.

    Parameters
    ----------
    features : mapping of str to DataFrame
    labels, outcomes : DataFrame
        On the customers of the features.
    learnt_until, comes_from : date-like, optional

    Raises
    ------
    ValueError
        If `comes_from` is not after `learnt_until`; if a column of the features orders
        the customers just as an outcome does, rising or falling, or parts events from
        the rest; if the classes of a column of labels are pure in an outcome.
    """
    refuse_overlap(learnt_until, comes_from)
    for name in outcomes:
        y = outcomes[name].to_numpy(float)
        known = ~np.isnan(y)
        if known.sum() < LEAST or _too_rare(y[known]):
            continue
        for block, table in features.items():
            column = _in_the_same_order(table, y, known)
            if column is not None:
                raise ValueError(
                    f"Column {column!r} of the features {block!r} orders the customers "
                    f"as the outcome {name!r} does: it would foretell itself. Take it "
                    "out of the features."
                )
        for column in labels:
            if _pure(labels.loc[known, column], y[known]):
                raise ValueError(
                    f"The classes of {column!r} are each of one value of the outcome "
                    f"{name!r}: they were made from it. Take the column out of labels."
                )


def _too_rare(y):
    """Whether all have one value, or all but a few have one of two."""
    values, counts = np.unique(y, return_counts=True)
    return len(values) < 2 or (len(values) == 2 and counts.min() < LEAST_EVENTS)


def _in_the_same_order(table, y, known):
    """First column that is a rising or falling function of the outcome, or the like."""
    X = table.to_numpy(float)[known]
    y = y[known]
    if len(np.unique(y)) == 2:
        low, high = X[y == y.min()], X[y == y.max()]
        apart = (low.max(axis=0) < high.min(axis=0)) | (
            low.min(axis=0) > high.max(axis=0)
        )
    else:
        ranks = rankdata(y)
        columns = rankdata(X, axis=0)
        apart = (columns == ranks[:, None]).all(axis=0) | (
            columns == len(y) + 1 - ranks[:, None]
        ).all(axis=0)
    return table.columns[apart.argmax()] if apart.any() else None


def _pure(classes: pd.Series, y):
    """Whether each class has one value of the outcome, and classes are not tiny."""
    codes, known = pd.factorize(classes, use_na_sentinel=False)
    if len(known) < 2 or len(codes) < CROWD * len(known):
        return False
    low, high = np.full(len(known), np.inf), np.full(len(known), -np.inf)
    np.minimum.at(low, codes, y)
    np.maximum.at(high, codes, y)
    return bool((low == high).all())
