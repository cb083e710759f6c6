"""From an indicator to points: piecewise linear functions, declared or learnt."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.stats import rankdata

from research.segmenters._parameters import check_choice

FULL = 100.0
"""Points of a value that nothing can be said against."""

LEARNT = ("quantile", "min_max")
_MAX_KNOTS = 201


@dataclass(frozen=True)
class ScoringFunction:
    """Points of an indicator: straight lines between declared knots, flat beyond.

    Parameters
    ----------
    values : sequence of float of shape (n_knots,)
        Where the knots lie, growing from each to the next [unit of the indicator].
    points : sequence of float of shape (n_knots,)
        Points there, in [0, 100]. They may fall, rise, or rise to a plateau and fall
        again; a function with a valley is refused, since it would call a middling
        value worse than both of its neighbours.
    missing : float or None, default=None
        Points of a missing value, in [0, 100]. None: it is not scored, and the other
        indicators take over its weight.

    Raises
    ------
    ValueError
        If a knot is missing, out of range or out of order, or the points have a
        valley.

    Examples
    --------
    >>> late = ScoringFunction(values=(0.0, 0.25, 1.0), points=(100, 40, 0))
    >>> late([0.0, 0.125, 0.25, 1.0, 7.0, float("nan")]).tolist()
    [100.0, 70.0, 40.0, 0.0, 0.0, nan]
    >>> late.shape
    'falling'
    """

    values: tuple[float, ...]
    points: tuple[float, ...]
    missing: float | None = None

    def __post_init__(self):
        """Refuse knots that are no function of one direction or one plateau."""
        object.__setattr__(self, "values", _numbers("values", self.values))
        object.__setattr__(self, "points", _numbers("points", self.points))
        if len(self.values) != len(self.points) or not self.values:
            raise ValueError(
                "A scoring function needs as many points as values, at least one. "
                f"Got {len(self.values)} values and {len(self.points)} points."
            )
        if any(b <= a for a, b in pairwise(self.values)):
            raise ValueError(
                "The values of a scoring function must grow from each to the next. "
                f"Got {list(self.values)}."
            )
        outside = [p for p in self.points if not 0 <= p <= FULL]
        if self.missing is not None and not 0 <= self.missing <= FULL:
            outside.append(self.missing)
        if outside:
            raise ValueError(f"Points must lie in 0 to 100. Got {outside[0]:g}.")
        if self.shape == "valley":
            raise ValueError(
                f"Points {list(self.points)} fall and rise again: a middling value "
                "would be worse than both of its neighbours. Let them fall, rise, or "
                "rise to one plateau."
            )

    @property
    def shape(self):
        """Say whether points are "flat", "falling", "rising", or have a "plateau"."""
        steps = np.sign(np.diff(self.points))
        turns = steps[steps != 0]
        if not len(turns):
            return "flat"
        if (turns == turns[0]).all():
            return "rising" if turns[0] > 0 else "falling"
        return "plateau" if (np.diff(turns) <= 0).all() else "valley"

    def __call__(self, values):
        """Points of `values`, NaN where one is missing and not scored.

        Parameters
        ----------
        values : array-like of shape (n_customers,)

        Returns
        -------
        points : ndarray of shape (n_customers,)
            In [0, 100].
        """
        values = np.asarray(values, dtype=float)
        points = np.interp(values, self.values, self.points)
        missing = np.nan if self.missing is None else self.missing
        return np.where(np.isnan(values), missing, points)


def learn_scoring(values, how="quantile", *, falling=True, missing=None):
    """Scoring function that sets customers against each other, without judgement.

    Parameters
    ----------
    values : array-like of shape (n_customers,)
        An indicator; NaN and infinite values are left out.
    how : {"quantile", "min_max"}, default="quantile"
        - "quantile": points by the rank of the value among the customers, equal values
          getting equal points; blind to outliers and to the unit's scale;
        - "min_max": a straight line between the lowest and the highest value; one
          outlier crowds all others at one end.
    falling : bool, default=True
        Whether a high value is bad.
    missing : float or None, default=None
        As for `ScoringFunction`.

    Returns
    -------
    scoring : ScoringFunction
        An indicator with one value gets 50 points for it: it tells nobody apart.

    Raises
    ------
    ValueError
        If `how` is unknown or no value is finite.

    Examples
    --------
    >>> learn_scoring([3.0, 1.0, 1.0, 9.0])([1.0, 3.0, 9.0]).round(1).tolist()
    [83.3, 33.3, 0.0]
    >>> learn_scoring([3.0, 1.0, 9.0], "min_max")([1.0, 3.0, 9.0]).tolist()
    [100.0, 75.0, 0.0]
    """
    check_choice("how", how, LEARNT)
    values = np.asarray(values, dtype=float)
    known = values[np.isfinite(values)]
    if not len(known):
        raise ValueError(
            "A scoring function can be learnt from finite values only, and the "
            "indicator has none. Leave it out or declare its function."
        )
    knots, first = np.unique(known, return_index=True)
    if len(knots) == 1:
        return ScoringFunction((float(knots[0]),), (FULL / 2,), missing)
    if how == "min_max":
        knots, share = knots[[0, -1]], np.array([0.0, 1.0])
    else:
        share = (rankdata(known)[first] - 1) / (len(known) - 1)
        if len(knots) > _MAX_KNOTS:
            kept = np.linspace(0, len(knots) - 1, _MAX_KNOTS).round().astype(int)
            knots, share = knots[kept], share[kept]
    points = FULL * (1 - share if falling else share)
    return ScoringFunction(
        tuple(knots.tolist()), tuple(np.clip(points, 0, FULL).tolist()), missing
    )


def scores_of_weights(points, weights, *, least_scored=0.5):
    """Scores of the same points under many sets of weights.

    Parameters
    ----------
    points : array-like of shape (n_customers, n_indicators)
        In [0, 100]; NaN where an indicator is missing or not scored.
    weights : array-like of shape (n_sets, n_indicators)
        Not negative, each row with sum 1.
    least_scored : float, default=0.5
        Share of the weights that a customer's known indicators must hold.

    Returns
    -------
    scores : ndarray of shape (n_sets, n_customers)
        In [0, 100]: the weighted mean of the known points; NaN below `least_scored`.

    Examples
    --------
    >>> scores_of_weights([[100, 0], [50, float("nan")]], [[0.5, 0.5], [0.8, 0.2]])
    array([[50., 50.],
           [80., 50.]])
    """
    points, weights = np.asarray(points, float), np.asarray(weights, float)
    held = weights @ (~np.isnan(points)).T.astype(float)
    total = weights @ np.nan_to_num(points).T
    enough = (held > 0) & (held >= least_scored - 1e-9)
    scores = np.full(held.shape, np.nan)
    np.divide(total, held, out=scores, where=enough)
    return np.clip(scores, 0, FULL)


def _numbers(name, values):
    try:
        numbers = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} of a scoring function must be numbers. Got {values!r} instead."
        ) from None
    if not np.isfinite(numbers).all():
        raise ValueError(
            f"{name} of a scoring function must be finite. Got {list(numbers)}."
        )
    return numbers
