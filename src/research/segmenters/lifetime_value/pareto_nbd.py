"""Pareto/NBD: the older model, in which customers may stop at any time."""

from dataclasses import dataclass

import numpy as np
from scipy.special import exprel, gammaln, hyp2f1

from research.segmenters.lifetime_value._fitting import (
    NOBODY_STOPS,
    checked_history,
    most_likely,
)

NAMES = ("r", "alpha", "s", "beta")


@dataclass(frozen=True)
class ParetoNBD:
    """A fitted Pareto/NBD model.

    Attributes
    ----------
    r, alpha : float
        Shape and rate of the gamma distribution of the purchase rates; the mean rate is
        r / alpha [1/unit of time].
    s, beta : float
        Shape and rate of the gamma distribution of the rates at which customers stop.
    loglik : float
        Logarithm of the likelihood; NaN where the parameters were not fitted here.
    n_customers : int
    errors : tuple of float
        Standard errors of r, alpha, s and beta.
    """

    r: float
    alpha: float
    s: float
    beta: float
    loglik: float = np.nan
    n_customers: int = 0
    errors: tuple[float, ...] = ()


def fit_pareto_nbd(frequency: object, recency: object, T: object) -> ParetoNBD:
    """Fit the Pareto/NBD model by maximum likelihood.

    Unlike in BG/NBD a customer may stop at any time, so that who never bought again may
    have stopped too.

    Parameters
    ----------
    frequency, recency, T : array-like of shape (n_customers,)
        As `transactions_summary` gives them.

    Returns
    -------
    model : ParetoNBD
        With the time in the unit of `T`.

    Raises
    ------
    ValueError
        If the history cannot be, nobody bought twice, or the data leave a parameter
        open.

    Notes
    -----
    **For prepaid top-ups only**, see the notes of the package.

    References
    ----------
    .. [1] D. C. Schmittlein, D. G. Morrison and R. Colombo, "Counting your customers:
       who are they and what will they do next?", Management Science, vol. 33, 1987.
    .. [2] P. S. Fader and B. G. S. Hardie, "A note on deriving the Pareto/NBD model and
       related expressions", 2005.

    Examples
    --------
    ``fit_pareto_nbd(summary["frequency"], summary["recency"], summary["T"])``
    """
    x, t_x, T = checked_history(frequency, recency, T)
    if not (x > 0).any():
        raise ValueError(
            f"None of {x.size} customers bought again, so neither rate nor stopping "
            "can be told. Give a longer period."
        )
    unit = float(T.mean())
    rows, counts = np.unique(
        np.column_stack([x, t_x / unit, T / unit]), axis=0, return_counts=True
    )

    def value(parameters):
        r, alpha, s, beta = parameters
        active, stopped = _log_ways(r, alpha, s, beta, *rows.T)
        each = (
            gammaln(r + rows[:, 0])
            - gammaln(r)
            + r * np.log(alpha)
            + s * np.log(beta)
            + np.logaddexp(active, stopped)
        )
        return counts @ each / x.size

    def mean_loglik(parameters):
        moves = np.diag(1e-5 * parameters)
        slope = [
            (value(parameters + move) - value(parameters - move)) / (2 * move.sum())
            for move in moves
        ]
        return value(parameters), np.array(slope)

    starts = [(0.5, 0.4, 0.5, 0.5), (2, 1, 1, 3)]
    found, loglik, errors = most_likely(
        mean_loglik, starts, NAMES, x.size, "Pareto/NBD", NOBODY_STOPS
    )
    scale = np.array([1, unit, 1, unit])
    loglik -= float(x.sum()) * float(np.log(unit))
    return ParetoNBD(
        *map(float, found * scale), loglik, x.size, tuple(map(float, errors * scale))
    )


def probability_alive(
    model: ParetoNBD, frequency: object, recency: object, T: object
) -> np.ndarray:
    """Probability that a customer has not stopped by the end of the observation.

    Parameters
    ----------
    model : ParetoNBD
    frequency, recency, T : array-like of shape (n_customers,)
        As at `fit_pareto_nbd`, in its unit of time.

    Examples
    --------
    >>> model = ParetoNBD(0.553, 10.578, 0.606, 11.669)
    >>> float(probability_alive(model, [2], [30.43], [38.86]).round(3)[0])
    0.869
    """
    x, t_x, T = checked_history(frequency, recency, T)
    ways = _log_ways(model.r, model.alpha, model.s, model.beta, x, t_x, T)
    return np.exp(ways[0] - np.logaddexp(*ways))


def conditional_expected_purchases(
    model: ParetoNBD, t: object, frequency: object, recency: object, T: object
) -> np.ndarray:
    """Purchases that each customer makes in the time `t` after the observation.

    Parameters
    ----------
    model : ParetoNBD
    t : float or array-like of shape (n_customers,)
        Length of time, at least 0, in the unit of the fit.
    frequency, recency, T : array-like of shape (n_customers,)
        As at `fit_pareto_nbd`.

    Examples
    --------
    >>> model = ParetoNBD(0.553, 10.578, 0.606, 11.669)
    >>> bought = conditional_expected_purchases(model, 52, [26], [30.86], [31])
    >>> float(bought.round(1)[0])
    25.5
    """
    x, t_x, T = checked_history(frequency, recency, T)
    t = np.asarray(t, dtype=float)
    if not np.isfinite(t).all() or (t < 0).any():
        raise ValueError("t must be finite and at least 0: a length of time.")
    rate = (model.r + x) / (model.alpha + T)
    ahead = np.log1p(t / (model.beta + T))
    # (1 - exp(-(s - 1) ahead)) / (s - 1), which at s = 1 is `ahead`.
    lasts = (model.beta + T) * ahead * exprel(-(model.s - 1) * ahead)
    return probability_alive(model, x, t_x, T) * rate * lasts


def _log_ways(r, alpha, s, beta, x, t_x, T):
    """Log weights of the two ways to a history: still active, or stopped after `t_x`.

    As in [2]_ of `fit_pareto_nbd`, with Euler's transformation of its 2F1, whose powers
    would overflow: what is left of it has a first parameter of 1.
    """
    k = r + s + x
    low, second = (beta, r + x) if alpha >= beta else (alpha, s + 1)
    high = max(alpha, beta)

    def log_integral(t):
        at = np.log(hyp2f1(1, second, k + 1, (high - low) / (high + t)))
        if alpha >= beta:
            return at - s * np.log(beta + t) - (r + x) * np.log(alpha + t)
        return at - (r + x - 1) * np.log(alpha + t) - (s + 1) * np.log(beta + t)

    from_last, from_end = log_integral(t_x), log_integral(T)
    with np.errstate(divide="ignore"):
        shrinks = np.log(-np.expm1(np.minimum(from_end - from_last, 0.0)))
    active = -(r + x) * np.log(alpha + T) - s * np.log(beta + T)
    return active, np.log(s) - np.log(k) + from_last + shrinks
