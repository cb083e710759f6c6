"""Parameters above zero that make the data most likely, or a refusal."""

import numpy as np
from scipy.optimize import minimize

FARTHEST = 7.0
"""Logarithm at which a parameter is taken to have run away: 1,100 or its inverse, where
the mean observation is the unit of time and the typical amount that of money."""
FLAT = 1e-5
"""Slope of the mean log-likelihood, by log parameter, at a maximum."""


WIDEST = 2.0
"""Standard error of a log parameter beyond which the data leave it open: one error up
or down is then seven times as much or a seventh."""

NOBODY_STOPS = (
    "Either nobody stops buying, as where customers cannot leave, or all buy and stop "
    "alike: take each customer's mean rate instead, or more data."
)


def most_likely(mean_loglik, starts, names, n, what, otherwise):
    """Maximise a mean log-likelihood over parameters above zero.

    Parameters
    ----------
    mean_loglik : callable
        Parameters to (mean log-likelihood, its gradient by the parameters).
    starts : list of sequence of float
        Where the search begins; the best end is kept.
    names : sequence of str
        What the parameters are called, for the error.
    n : int
        Number of customers.
    what, otherwise : str
        What the model is called, and what it means where it has no maximum, for the
        error.

    Returns
    -------
    parameters : ndarray
    loglik : float
        Of all customers together.
    errors : ndarray
        Standard errors, by the Hessian in the logarithms and the delta method.

    Raises
    ------
    ValueError
        If the search does not end on a maximum inside the range, or the maximum is too
        flat to determine the parameters.
    """

    def downhill(logs):
        value, slope = mean_loglik(np.exp(logs))
        return -value, -slope * np.exp(logs)

    ends = [
        minimize(
            downhill,
            np.log(start),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-FARTHEST, FARTHEST)] * len(names),
            options={"maxiter": 300, "ftol": 1e-15, "gtol": 1e-8},
        )
        for start in starts
    ]
    best = min(ends, key=lambda end: end.fun if np.isfinite(end.fun) else np.inf)
    logs = best.x
    away = [
        f"{name} = {np.exp(at):.3g}"
        for name, at in zip(names, logs, strict=True)
        if abs(at) > FARTHEST - 1
    ]
    if away:
        raise ValueError(
            f"{what} has no maximum for these data: {', '.join(away)} runs away. "
            + otherwise
        )
    curvature = _hessian(downhill, logs)
    widths = np.linalg.eigvalsh(curvature) if np.isfinite(curvature).all() else [-1.0]
    if np.abs(downhill(logs)[1]).max() > FLAT or min(widths) <= 1e-9:
        found = ", ".join(
            f"{name} = {np.exp(at):.3g}" for name, at in zip(names, logs, strict=True)
        )
        raise ValueError(
            f"{what} did not converge: the search ended at {found}, which is no "
            "maximum. The data do not determine the parameters; give more customers "
            "or a longer period."
        )
    errors = np.sqrt(np.diag(np.linalg.inv(n * curvature)))
    if errors.max() > WIDEST:
        widest = errors.argmax()
        raise ValueError(
            f"{what}: these data leave {names[widest]} open (about "
            f"{np.exp(logs[widest]):.3g}, within a factor of "
            f"{np.exp(min(errors[widest], 99)):.3g}). {otherwise}"
        )
    return np.exp(logs), float(-n * best.fun), errors * np.exp(logs)


def _hessian(downhill, logs, step=1e-4):
    """Second derivatives, by central differences of the gradient."""
    moves = step * np.eye(len(logs))
    rows = [
        (downhill(logs + move)[1] - downhill(logs - move)[1]) / (2 * step)
        for move in moves
    ]
    return (np.array(rows) + np.array(rows).T) / 2


def checked_history(frequency, recency, T):
    """Three arrays of one length that a purchase history can have.

    Raises
    ------
    ValueError
        If a value is missing or cannot be.
    """
    x, t_x, T = (np.asarray(values, dtype=float) for values in (frequency, recency, T))
    if not x.shape == t_x.shape == T.shape or x.ndim > 1:
        raise ValueError(
            "frequency, recency and T must have one value a customer each. Got the "
            f"shapes {x.shape}, {t_x.shape} and {T.shape}."
        )
    faults = {
        "a missing or infinite value": ~np.isfinite(x + t_x + T),
        "a frequency that is no whole number from 0 on": (x < 0) | (x % 1 != 0),
        "a recency below 0 or above T": (t_x < 0) | (t_x > T),
        "a recency that does not fit the frequency (0 without repeat purchases, "
        "above 0 with them)": (x > 0) != (t_x > 0),
    }
    for fault, rows in faults.items():
        if rows.any():
            raise ValueError(
                f"{int(rows.sum())} of {rows.size} customers have {fault}. Make the "
                "table with `transactions_summary`."
            )
    return x, t_x, T
