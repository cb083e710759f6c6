"""How far a ranking hangs on one weight: sweeps and exact points of reversal."""

import numpy as np
import pandas as pd

MOST_ALTERNATIVES = 500


def sweep_weight(weights, scores, criterion, grid=21):
    """Scores of alternatives while one weight goes from 0 to 1.

    The other weights keep their proportions to each other (equal ones where the swept
    criterion has all the weight now).

    Parameters
    ----------
    weights : array-like of shape (n_criteria,)
        At least 0, sum 1.
    scores : array-like or DataFrame of shape (n_alternatives, n_criteria)
        Finite; larger is better.
    criterion : int or str
        Which weight: its position, or its column name where `scores` is a DataFrame.
    grid : int or array-like, default=21
        Weights to look at: how many from 0 to 1, or which.

    Returns
    -------
    sweep : DataFrame of shape (n_grid, n_alternatives)
        Index `weight`, columns the alternatives. Straight lines.

    Raises
    ------
    ValueError
        If shapes do not fit or the criterion is unknown.

    Examples
    --------
    >>> sweep_weight([0.5, 0.5], [[1.0, 0.0], [0.0, 0.8]], 0, [0.0, 0.5, 1.0])
              0    1
    weight
    0.0     0.0  0.8
    0.5     0.5  0.4
    1.0     1.0  0.0
    """
    at_zero, at_one, names, _ = _lines(weights, scores, criterion)
    grid = np.linspace(0, 1, grid) if np.ndim(grid) == 0 else np.asarray(grid, float)
    values = np.outer(1 - grid, at_zero) + np.outer(grid, at_one)
    return pd.DataFrame(values, pd.Index(grid, name="weight"), names)


def reversal_points(weights, scores, criterion, *, leader_only=False):
    """Weights at which two alternatives change places, exactly.

    Parameters
    ----------
    weights, scores, criterion
        As in `sweep_weight`.
    leader_only : bool, default=False
        Whether only changes at the top are wanted.

    Returns
    -------
    points : DataFrame
        One row a change in [0, 1], in rising order: weight, below (ahead at smaller
        weights), above (ahead at greater ones), distance (from the present weight,
        signed). Alternatives that are equal throughout never change places.

    Raises
    ------
    ValueError
        If shapes do not fit, the criterion is unknown, or alternatives are more than
        500: pairs grow with the square, look at the top of a long list only.

    Examples
    --------
    >>> reversal_points([0.5, 0.5], [[1.0, 0.0], [0.0, 0.8]], 0).round(4)
       weight  below  above  distance
    0  0.4444      1      0   -0.0556
    """
    at_zero, at_one, names, now = _lines(weights, scores, criterion)
    n = len(at_zero)
    if n > MOST_ALTERNATIVES:
        raise ValueError(
            f"reversal points of at most {MOST_ALTERNATIVES} alternatives are looked "
            f"for, {n} found; keep the top of the list."
        )
    i, j = np.triu_indices(n, 1)
    ahead, rising = at_zero[i] - at_zero[j], at_one[i] - at_one[j]
    scale = max(np.abs(at_zero).max(), np.abs(at_one).max(), 1e-300)
    apart = np.abs(ahead - rising) > 1e-14 * scale
    i, j, ahead, rising = i[apart], j[apart], ahead[apart], rising[apart]
    point = ahead / (ahead - rising)
    inside = (point >= 0) & (point <= 1)
    i, j, ahead, rising, point = (v[inside] for v in (i, j, ahead, rising, point))
    falls = ahead > rising  # i loses ground to j while the weight grows
    below, above = np.where(falls, i, j), np.where(falls, j, i)
    if leader_only:
        level = np.outer(1 - point, at_zero) + np.outer(point, at_one)
        leads = level[np.arange(len(point)), i] >= level.max(axis=1) - 1e-12 * scale
        below, above, point = below[leads], above[leads], point[leads]
    frame = pd.DataFrame({"weight": point, "below": below, "above": above})
    frame = frame.sort_values(["weight", "below", "above"], ignore_index=True)
    for side in ("below", "above"):
        frame[side] = np.asarray(names)[frame[side].to_numpy()]
    return frame.assign(distance=frame["weight"] - now)


def _lines(weights, scores, criterion):
    """Scores with the weight at 0 and at 1, names of the rows, the weight now."""
    values = np.asarray(scores, dtype=np.float64)
    weights = check_weights(weights, values)
    frame = isinstance(scores, pd.DataFrame)
    at = criterion
    if frame and criterion in scores.columns:
        at = scores.columns.get_loc(criterion)
    if not isinstance(at, int | np.integer) or not 0 <= at < len(weights):
        raise ValueError(
            f"criterion must be a column of scores or a position below {len(weights)}. "
            f"Got {criterion!r} instead."
        )
    others = weights.copy()
    others[at] = 0.0
    if not others.sum() > 0:
        others = np.ones(len(weights))
        others[at] = 0.0 if len(weights) > 1 else 1.0
    names = scores.index if frame else pd.RangeIndex(len(values))
    return values @ (others / others.sum()), values[:, at], names, weights[at]


def check_weights(weights, scores):
    """Weights as floats, refused unless they fit the scores and sum to 1.

    Parameters
    ----------
    weights : array-like of shape (n_criteria,)
        At least 0, sum 1 up to a millionth.
    scores : array-like of shape (n_alternatives, n_criteria)
        Finite.

    Returns
    -------
    weights : ndarray of shape (n_criteria,)

    Raises
    ------
    ValueError
        If shapes do not fit or numbers are out of their range.

    Examples
    --------
    >>> check_weights([0.5, 0.6], [[1, 2]])
    Traceback (most recent call last):
        ...
    ValueError: weights must be at least 0 and sum to 1. Got [0.5, 0.6] instead.
    """
    values = np.asarray(scores, dtype=np.float64)
    weights = np.asarray(weights, dtype=np.float64)
    fits = values.ndim == 2 and weights.shape == values.shape[1:]
    if not fits or not len(values) or not np.isfinite(values).all():
        raise ValueError(
            "scores must be a finite table with one column a weight. Got shape "
            f"{values.shape} and {weights.size} weights instead."
        )
    usable = np.isfinite(weights).all() and (weights >= 0).all()
    if not usable or abs(weights.sum() - 1) > 1e-6:
        raise ValueError(
            f"weights must be at least 0 and sum to 1. Got {weights.tolist()} instead."
        )
    return weights
