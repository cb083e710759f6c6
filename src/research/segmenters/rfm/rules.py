"""Named segments by rules on scores: the first rule that fits names the customer."""

from collections.abc import Mapping, Sequence
from itertools import product
from numbers import Integral
from typing import NamedTuple

import numpy as np
import pandas as pd

OTHERS = "others"
"""Name of the segment of those whom no rule fits."""

MOST_COMBINATIONS = 200_000
"""Combinations of scores up to which every rule is tried on every combination."""


class Rule(NamedTuple):
    """A named segment: the scores that it takes, axis by axis.

    Attributes
    ----------
    name : str
    ranges : mapping of axis to (low, high)
        Lowest and highest score, both included. An axis that is not named may have any
        score.

    Examples
    --------
    >>> Rule("champions", {"recency": (4, 5), "amount": (5, 5)}).name
    'champions'
    """

    name: str
    ranges: Mapping[str, Sequence[int]]


def check_rules(rules, axes, n_scores):
    """Refuse rules that can not be meant.

    Parameters
    ----------
    rules : sequence of Rule
    axes : sequence of str
        Names of the axes that have scores.
    n_scores : int

    Raises
    ------
    ValueError
        If there is no rule, a name stands twice or is that of `OTHERS`, a rule names an
        unknown axis, a range is empty or leaves 1 to `n_scores`, or a rule can never
        fit because the rules before it take all that it asks for.

    Examples
    --------
    >>> rules = [Rule("good", {"R": (3, 5)}), Rule("best", {"R": (5, 5)})]
    >>> check_rules(rules, ["R", "F"], 5)
    Traceback (most recent call last):
        ...
    ValueError: rule 'best' can never fit: the rules before it take all its customers.
    Put it before 'good', or change its ranges.
    """
    rules = [Rule(*rule) for rule in rules]
    names = [rule.name for rule in rules]
    if not rules:
        raise ValueError("rules must hold at least one rule. Got none.")
    for name in names:
        if names.count(name) > 1 or name == OTHERS:
            raise ValueError(
                f"rule {name!r} stands twice; each name is wanted once, and "
                f"{OTHERS!r} is the name of who is left."
            )
    for rule in rules:
        _check_ranges(rule, axes, n_scores)
    for name, before in shadowed_rules(rules, n_scores).items():
        raise ValueError(
            f"rule {name!r} can never fit: the rules before it take all its customers. "
            f"Put it before {' and '.join(map(repr, before))}, or change its ranges."
        )


def _check_ranges(rule, axes, n_scores):
    for axis, limits in rule.ranges.items():
        if axis not in axes:
            raise ValueError(
                f"rule {rule.name!r} names the axis {axis!r}, which has no scores. "
                f"Known: {', '.join(map(str, axes))}."
            )
        if not _is_range(limits, n_scores):
            raise ValueError(
                f"rule {rule.name!r} asks for {axis} from a lowest to a highest score, "
                f"two whole numbers within 1 to {n_scores}. Got {limits!r} instead."
            )


def _is_range(limits, n_scores):
    """Whether `limits` are a lowest and a highest score."""
    if not isinstance(limits, Sequence | np.ndarray) or len(limits) != 2:
        return False
    if any(isinstance(x, bool) or not isinstance(x, Integral) for x in limits):
        return False
    return 1 <= limits[0] <= limits[1] <= n_scores


def shadowed_rules(rules, n_scores):
    """Rules that can never fit, because those before them take all they ask for.

    Parameters
    ----------
    rules : sequence of Rule
    n_scores : int

    Returns
    -------
    shadowed : dict of str to list of str
        Name of each such rule, and of the earlier rules that overlap it.

    Notes
    -----
    Several rules together may cover one that none covers alone, so that all
    combinations of scores are tried. Beyond `MOST_COMBINATIONS` of them only single
    rules are compared, and such a case is not found.

    Examples
    --------
    >>> shadowed_rules([Rule("low", {"R": (1, 2)}), Rule("high", {"R": (3, 5)}),
    ...                 Rule("middle", {"R": (2, 4)})], 5)
    {'middle': ['low', 'high']}
    """
    rules = [Rule(*rule) for rule in rules]
    axes = sorted({axis for rule in rules for axis in rule.ranges})
    shadowed = {}
    if n_scores ** len(axes) <= MOST_COMBINATIONS:
        grid = np.array(list(product(range(1, n_scores + 1), repeat=len(axes))))
        fits = [_fits(rule, axes, grid) for rule in rules]
        taken = np.zeros(len(grid), dtype=bool)
        for number, rule in enumerate(rules):
            if not (fits[number] & ~taken).any():
                before = zip(rules[:number], fits[:number], strict=True)
                shadowed[rule.name] = [
                    r.name for r, f in before if (f & fits[number]).any()
                ]
            taken |= fits[number]
        return shadowed
    for number, rule in enumerate(rules):
        covering = [r.name for r in rules[:number] if _covers(r, rule, n_scores)]
        if covering:
            shadowed[rule.name] = covering
    return shadowed


def first_match(scores, rules):
    """Number of the first rule that fits each customer.

    Parameters
    ----------
    scores : DataFrame of shape (n_customers, n_axes)
        Scores, a column an axis.
    rules : sequence of Rule

    Returns
    -------
    segment : ndarray of shape (n_customers,)
        0 for the first rule, and so on; ``len(rules)`` where none fits.

    Examples
    --------
    >>> scores = pd.DataFrame({"R": [5, 3, 1], "F": [5, 1, 1]})
    >>> first_match(scores, [Rule("a", {"R": (4, 5)}), Rule("b", {"F": (1, 3),
    ...                                                          "R": (2, 5)})])
    array([0, 1, 2], dtype=int32)
    """
    values = scores.to_numpy()
    segment = np.full(len(values), len(rules), dtype=np.int32)
    for number in reversed(range(len(rules))):
        segment[_fits(Rule(*rules[number]), list(scores.columns), values)] = number
    return segment


def _fits(rule, axes, values):
    fits = np.ones(len(values), dtype=bool)
    for axis, (low, high) in rule.ranges.items():
        column = values[:, axes.index(axis)]
        fits &= (column >= low) & (column <= high)
    return fits


def _covers(first, second, n_scores):
    """Whether `first` takes all that `second` asks for."""
    for axis, (low, high) in first.ranges.items():
        wanted = second.ranges.get(axis, (1, n_scores))
        if not low <= wanted[0] <= wanted[1] <= high:
            return False
    return True


def thirds(scores, n_scores):
    """Segments by the sum of the scores, where no rules are given.

    Parameters
    ----------
    scores : DataFrame or array-like of shape (n_customers, n_axes)
    n_scores : int

    Returns
    -------
    segment : ndarray of shape (n_customers,)
        0 in the upper third of the sums that are possible, 1 in the middle, 2 in the
        lower.

    Examples
    --------
    >>> thirds([[5, 5], [3, 3], [1, 2]], 5).tolist()
    [0, 1, 2]
    """
    values = np.asarray(scores, dtype=np.int64)
    above = 3 * (values.sum(axis=1) - values.shape[1])
    reach = values.shape[1] * (n_scores - 1)
    return np.where(above >= 2 * reach, 0, np.where(above >= reach, 1, 2)).astype(
        np.int32
    )


def rules_table(rules, n_scores):
    """Rules as a table to print: a row a rule, a column an axis.

    Parameters
    ----------
    rules : sequence of Rule
    n_scores : int

    Returns
    -------
    table : DataFrame
        Index `segment`; cells such as "4-5", empty where any score will do.

    Examples
    --------
    >>> rules_table([Rule("a", {"R": (4, 5)}), Rule("b", {"F": (1, 1)})], 5)
               R  F
    segment
    a        4-5
    b             1
    """
    axes = list(dict.fromkeys(axis for _, ranges in rules for axis in ranges))
    cells = [
        [_words(ranges.get(axis, (1, n_scores)), n_scores) for axis in axes]
        for _, ranges in rules
    ]
    index = pd.Index([name for name, _ in rules], name="segment")
    return pd.DataFrame(cells, index=index, columns=axes)


def _words(limits, n_scores):
    low, high = limits
    if (low, high) == (1, n_scores):
        return ""
    return str(low) if low == high else f"{low}-{high}"
