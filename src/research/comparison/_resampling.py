"""Rows drawn from a table, estimators fitted again: what the measures share."""

from numbers import Integral

import numpy as np
from sklearn.base import clone

REFIT_STARTS = 20
"""Random starts of a refit at the most, where an estimator has `n_init`: hundreds of
refits with every start of the own fit take minutes. Fewer starts make refits differ a
little more, so stability errs on the low side."""


def check_count(name, value, least=1):
    """Refuse a `value` that is no whole number of at least `least`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(
            f"{name} must be a whole number of at least {least}. Got {value!r} instead."
        )


def by_content(X):
    """Rows of `X` in an order of their own content."""
    if not hasattr(X, "iloc"):
        X = np.asarray(X)
    values = np.asarray(X)
    order = np.lexsort(values[:, :8].T[::-1])
    first = values[order, :8]
    same = (first[1:] == first[:-1]).all(axis=1)
    if same.any() and values.shape[1] > 8:  # by all columns, among these rows alone
        tied = np.r_[same, False] | np.r_[False, same]
        group, among = np.cumsum(np.r_[True, ~same])[tied], order[tied]
        order[tied] = among[np.lexsort((*values[among, 8:].T[::-1], group))]
    return take(X, order)


def take(X, rows):
    """Rows of a table by position."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def n_distinct(X):
    """Count the different rows of `X`, which are in the order of their content."""
    values = np.asarray(X)
    return 1 + int((values[1:] != values[:-1]).any(axis=1).sum())


def fit_seeded(estimator, X, rng, keep_own=False):
    """Fit a clone of `estimator`, seeded from `rng` if it takes a seed.

    With `keep_own` it is the estimator's own fit: its seed and its starts are kept.
    """
    fitted = clone(estimator)
    parameters = fitted.get_params(deep=False)
    starts = parameters.get("n_init")
    if not keep_own and isinstance(starts, int) and starts > REFIT_STARTS:
        fitted.set_params(n_init=REFIT_STARTS)
    if "random_state" in parameters and not (
        keep_own and fitted.random_state is not None
    ):
        fitted.set_params(random_state=rng.randint(np.iinfo(np.int32).max))
    return fitted.fit(X)


def compact(estimator, X):
    """The estimator and rows to refit it on, cheaper where it offers that.

    A method `compact` of the estimator gives an estimator that finds in other, fewer
    columns what this one finds in `X`.
    """
    return estimator.compact(X) if hasattr(estimator, "compact") else (estimator, X)
