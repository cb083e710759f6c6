"""Scores of one run: what its segments say of customers it did not learn from."""

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score
from sklearn.tree import DecisionTreeClassifier

from research.comparison.discrimination import gini
from research.comparison.out_of_time import LEAST_EVENTS, means_of_segments
from research.comparison.silhouettes import silhouette

USEFULNESS = "usefulness"
"""Mean over the outcomes; of one outcome it is called "usefulness: " and its name."""

LEAST_TESTED = 10
"""Tested customers with an outcome of numbers, for it to be judged."""

TREE_DEPTH = 3


def is_event(outcome: pd.Series) -> bool:
    """Whether an outcome is true or false, rather than a number."""
    return bool(outcome.dropna().isin([True, False]).all())


def cannot_judge(outcome: pd.Series, test_share: float) -> str:
    """Why an outcome can not be judged on that share of the customers; else empty.

    Examples
    --------
    >>> cannot_judge(pd.Series([True] + [False] * 99), 0.3)
    'came to 1 of 100 customers: too rare or too common to be judged on 30 % of them'
    """
    known = outcome.dropna().astype(float)
    n, share = len(known), f"{test_share:.0%}".replace("%", " %")
    if n * test_share < LEAST_TESTED:
        return f"known of {n} customers: too few to be judged on {share} of them"
    if known.nunique() < 2:
        return "the same for all customers"
    rarer = min(known.sum(), n - known.sum())
    if is_event(outcome) and rarer * test_share < LEAST_EVENTS:
        return (
            f"came to {known.sum():.0f} of {n} customers: too rare or too common to be "
            f"judged on {share} of them"
        )
    return ""


def foretold(train, test, y_train, y_test, event):
    """How much of an outcome segments foretell.

    Parameters
    ----------
    train, test : array-like of shape (n_train,), (n_test,)
        Segment of each customer learnt from, and tested. A segment that is only in
        `test` says what all customers together say.
    y_train, y_test : ndarray of float
        Their outcomes; NaN is left out.
    event : bool
        Whether the outcome is true or false.

    Returns
    -------
    share : float
        1 foretells all, 0 nothing. Of numbers R2 against the mean of the customers
        learnt from; of events the Gini coefficient, 2 AUC - 1. Below 0 is worse than
        nothing. NaN where the tested customers are all alike.

    Examples
    --------
    >>> y = np.array([1.0, 1.0, 9.0, 9.0] * 10)
    >>> segments = [0, 0, 1, 1] * 10
    >>> round(foretold(segments, segments, y, y, False), 3)
    0.998
    """
    codes, _ = pd.factorize(np.concatenate([train, test]))
    n_train = len(y_train)
    known, asked = ~np.isnan(y_train), ~np.isnan(y_test)
    own, y = codes[:n_train][known], y_train[known]
    if not len(y) or not asked.any():
        return np.nan
    told = means_of_segments(own, y, codes.max() + 1)
    said, came = told[codes[n_train:]][asked], y_test[asked]
    if event:
        return float(gini(said, came.astype(bool)))
    if np.ptp(came) == 0:
        return np.nan
    return float(1 - ((came - said) ** 2).sum() / ((came - y.mean()) ** 2).sum())


def stability(reference, labels):
    """Agreement of two fits about the same customers: adjusted Rand index."""
    return float(adjusted_rand_score(reference, labels))


def compactness(space, labels):
    """Silhouette of the tested customers; NaN where they are all in one segment."""
    if space is None or not 2 <= len(np.unique(labels)) < len(labels):
        return np.nan
    return float(silhouette(space, labels))


def plainness(traits_train, train, traits_test, test, seed=0):
    """How well a tree of three questions on plain traits tells the segments.

    Returns
    -------
    plainness : float
        Balanced accuracy on the tested customers, the mean over their segments of the
        share that is told right, in [0, 1]: 1 where there is a single segment. NaN
        without traits.
    """
    if traits_train is None:
        return np.nan
    if len(np.unique(train)) == 1:
        return 1.0
    tree = DecisionTreeClassifier(
        max_depth=TREE_DEPTH,
        min_samples_leaf=5,
        class_weight="balanced",
        random_state=seed,
    ).fit(traits_train, train)
    right = tree.predict(traits_test) == test
    return float(pd.Series(right).groupby(test).mean().mean())
