"""What a caller declared of a scorer, brought into the order of the columns."""

from collections.abc import Mapping

import numpy as np

from research.segmenters._parameters import check_choice
from research.segmenters.credit.scoring import LEARNT, ScoringFunction, learn_scoring


def column_of(indicator, names, where):
    """Position of a column that is given by its name or its position.

    Examples
    --------
    >>> column_of("late_share", ["tenure", "late_share"], "weights")
    1
    """
    if isinstance(indicator, str):
        if indicator not in names:
            raise ValueError(
                f"{where} asks for the indicator {indicator!r}, which X lacks. "
                f"X has {', '.join(map(repr, names))}; add the column or drop the rule."
            )
        return names.index(indicator)
    if not 0 <= indicator < len(names):
        raise ValueError(
            f"{where} asks for column {indicator} of X, which has {len(names)}."
        )
    return indicator


def weights_of(weights, functions, names):
    """Weights in the order of the columns, with sum 1.

    Parameters
    ----------
    weights, functions
        As `CreditScorer` takes them. Without weights the columns that have a declared
        function, or else all, weigh alike.
    names : list of str of shape (n_indicators,)

    Returns
    -------
    weights : ndarray of shape (n_indicators,)
        0 for columns that a mapping leaves out.

    Examples
    --------
    >>> weights_of({"b": 3, "a": 1}, None, ["a", "b", "c"]).tolist()
    [0.25, 0.75, 0.0]
    """
    if weights is None and isinstance(functions, Mapping):
        weights = dict.fromkeys(functions, 1.0)
    if weights is None:
        weights = np.ones(len(names))
    elif isinstance(weights, Mapping):
        named, weights = weights, np.zeros(len(names))
        for name, weight in named.items():
            weights[column_of(name, names, "weights")] = weight
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (len(names),):
        raise ValueError(
            f"weights must have one number a column of X, {len(names)} in all. Got "
            f"shape {weights.shape} instead."
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise ValueError(
            "weights must be finite, not negative and not all 0. "
            f"Got {weights.tolist()} instead."
        )
    return weights / weights.sum()


def functions_of(functions, falling, weights, values, names):
    """Scoring function of each column that has a weight, and what tells nobody apart.

    Parameters
    ----------
    functions, falling
        As `CreditScorer` takes them.
    weights : ndarray of shape (n_indicators,)
    values : ndarray of shape (n_customers, n_indicators)
    names : list of str of shape (n_indicators,)

    Returns
    -------
    functions : tuple of ScoringFunction or None
        None where a column has no weight, or no customer has a value of it.
    flags : tuple of str
    """
    declared = _by_position(functions, names)
    falling = np.broadcast_to(np.asarray(falling, dtype=bool), len(names))
    found, flags = [], []
    for position, name in enumerate(names):
        known = values[~np.isnan(values[:, position]), position]
        function = None
        if weights[position] > 0:
            if not len(known):
                flags.append(f"{name}: no customer has a value")
            elif (known == known[0]).all():
                flags.append(f"{name}: all customers have one value")
            if declared:
                function = declared[position]
                if not isinstance(function, ScoringFunction):
                    raise ValueError(
                        f"functions must hold a ScoringFunction for {name!r}, which "
                        f"has a weight. Got {function!r} instead."
                    )
            if not len(known):
                function = None
            elif not declared:
                how = "quantile" if functions is None else functions
                function = learn_scoring(known, how, falling=bool(falling[position]))
        found.append(function)
    return tuple(found), tuple(flags)


def _by_position(functions, names):
    """Declared functions in the order of the columns, empty where they are learnt."""
    if functions is None or isinstance(functions, str):
        check_choice("functions", functions or "quantile", LEARNT)
        return []
    if isinstance(functions, Mapping):
        found = [None] * len(names)
        for name, function in functions.items():
            found[column_of(name, names, "functions")] = function
        return found
    if len(functions) != len(names):
        raise ValueError(
            f"functions must be one a column of X, {len(names)} in all. "
            f"Got {len(functions)} instead."
        )
    return list(functions)
