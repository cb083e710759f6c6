"""Grades: bands of a score, rules that overrule it, and how far a grade may move.

A score alone is no credit policy. A municipal rule in use in China has three parts:
bands of the score; events that mean the worst grade whatever the score; and limits to
how a grade may move (new customers get the middle grade for a year, nobody climbs from
the worst grade straight to the best, arrears in the period bar the best). All three are
declared here as data.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

BANDS = {"AAA": 90.0, "AA": 80.0, "A": 70.0, "B": 60.0, "C": 50.0, "D": 0.0}
"""Least score of each grade, the best first (assumption)."""

NOT_GRADED = -1
"""Number of a customer of whom too little is known for a grade."""


class Veto(NamedTuple):
    """An event that sets the grade, whatever the score.

    Parameters
    ----------
    name : str
        The reason as a reader is told it.
    indicator : str or int
        Column that holds it: a name, or a position where `X` is an array.
    at_least : float
        From this value on the veto holds; a missing value is no veto.
    grade : str or None, default=None
        Grade it means; None is the worst.
    """

    name: str
    indicator: str | int
    at_least: float
    grade: str | None = None


class NewCustomer(NamedTuple):
    """Customers known for less than `below` get no better grade than `best`."""

    indicator: str | int
    below: float
    best: str


class Migration(NamedTuple):
    """How far a grade may move from one period to the next.

    Parameters
    ----------
    low : tuple of str
        Grades from which nobody climbs above `best` at once.
    best : str
        The best grade that those of `low`, and those with arrears in the period, can
        get.
    """

    low: tuple[str, ...]
    best: str


def check_bands(bands):
    """Names and least scores of `bands`, refused unless they fall to 0.

    Examples
    --------
    >>> check_bands({"good": 60, "bad": 0})
    (('good', 'bad'), array([60.,  0.]))
    """
    bands = BANDS if bands is None else bands
    try:
        pairs = list(bands.items() if isinstance(bands, Mapping) else bands)
        names = tuple(str(name) for name, _ in pairs)
        least = np.array([float(score) for _, score in pairs])
    except (TypeError, ValueError):
        raise ValueError(
            "bands must map grades to their least score, the best first. "
            f"Got {bands!r} instead."
        ) from None
    falls = len(names) > 0 and all(b < a for a, b in pairwise(least))
    if not falls or least[-1] != 0 or least[0] > 100 or len(set(names)) < len(names):
        raise ValueError(
            "bands must name each grade once, with least scores that fall from at most "
            f"100 to 0, such as {BANDS}. Got {dict(pairs)} instead."
        )
    return names, least


def grade_number(name, names, where):
    """Position of a grade among `names`, the best being 0; None is the worst."""
    if name is None:
        return len(names) - 1
    if name not in names:
        raise ValueError(
            f"{where} must name a grade of {', '.join(names)}. Got {name!r} instead."
        )
    return names.index(name)


def grade_of(scores, bands=None):
    """Grade of each score, the best being 0.

    Parameters
    ----------
    scores : array-like of shape (n_customers,)
        In [0, 100]; NaN where there is none.
    bands : mapping of str to float, default=None
        Least score of each grade, the best first and the last 0; None takes `BANDS`.

    Returns
    -------
    grades : ndarray of int of shape (n_customers,)
        Position in `bands`; `NOT_GRADED`, -1, where the score is NaN.

    Examples
    --------
    >>> grade_of([95, 90, 89.9, 12, float("nan")]).tolist()
    [0, 0, 1, 5, -1]
    """
    _, least = check_bands(bands)
    scores = np.asarray(scores, dtype=float)
    # Sums of weighted points miss a round limit by rounding.
    reached = scores[:, None] >= least - 1e-9
    grades = np.where(reached.any(axis=1), reached.argmax(axis=1), len(least) - 1)
    return np.where(np.isnan(scores), NOT_GRADED, grades)


def limit_migration(previous, new, *, bands=None, rule=None, in_arrears=None):
    """Hold back grades that would climb too far at once.

    Parameters
    ----------
    previous, new : array-like of int of shape (n_customers,)
        Grade of the period before and by the score now, the best being 0; -1 in
        `previous` is a customer without a grade then.
    bands : mapping of str to float, default=None
        As for `grade_of`.
    rule : Migration, default=None
        None: from below the middle grade no higher than the middle one; of `BANDS` from
        C or D no higher than B.
    in_arrears : array-like of bool of shape (n_customers,), default=None
        Who was in arrears in the period: no better than ``rule.best``.

    Returns
    -------
    grades : ndarray of int of shape (n_customers,)
        Never better than `new`.

    Raises
    ------
    ValueError
        If the rule names an unknown grade, or the lengths or codes do not fit.

    Examples
    --------
    >>> limit_migration([4, 5, 2, -1], [0, 3, 0, 0]).tolist()
    [3, 3, 0, 0]
    >>> limit_migration([0, 0], [0, 4], in_arrears=[True, True]).tolist()
    [3, 4]
    """
    names, _ = check_bands(bands)
    if rule is None:
        middle = len(names) // 2
        rule = Migration(low=names[middle + 1 :], best=names[middle])
    best = grade_number(rule.best, names, "migration.best")
    low = [grade_number(name, names, "migration.low") for name in rule.low]
    previous, new = _codes("previous", previous, names), _codes("new", new, names)
    if previous.shape != new.shape:
        raise ValueError(
            f"previous and new must have a grade a customer each. Got {len(previous)} "
            f"and {len(new)}."
        )
    held = np.isin(previous, low)
    if in_arrears is not None:
        in_arrears = np.asarray(in_arrears, dtype=bool)
        if in_arrears.shape != new.shape:
            raise ValueError(
                f"in_arrears must have a value a customer. Got {len(in_arrears)} for "
                f"{len(new)} customers."
            )
        held = held | in_arrears
    return np.where(held & (new != NOT_GRADED), np.maximum(new, best), new)


def _codes(name, grades, names):
    grades = np.asarray(grades)
    if grades.ndim != 1 or (grades.size and grades.dtype.kind not in "iu"):
        raise ValueError(
            f"{name} must hold whole numbers, a grade a customer. Got shape "
            f"{grades.shape} of {grades.dtype} instead."
        )
    if ((grades < NOT_GRADED) | (grades >= len(names))).any():
        raise ValueError(
            f"{name} must lie in -1 to {len(names) - 1}. Got "
            f"{grades.min()} to {grades.max()} instead."
        )
    return grades
