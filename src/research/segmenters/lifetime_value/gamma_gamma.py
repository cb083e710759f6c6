"""Gamma-Gamma: how much a customer spends a time (Fader and Hardie 2013)."""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, psi

from research.segmenters.lifetime_value._fitting import most_likely

NAMES = ("p", "q", "v")


@dataclass(frozen=True)
class GammaGamma:
    """A fitted Gamma-Gamma model.

    Attributes
    ----------
    p : float
        Shape of the gamma distribution of one customer's purchases.
    q, v : float
        Shape and rate of the gamma distribution of their rate over the customers; the
        mean purchase over all is p v / (q - 1) for q above 1 [unit of money].
    loglik : float
        Logarithm of the likelihood; NaN where the parameters were not fitted here.
    n_customers : int
        Customers with a repeat purchase.
    errors : tuple of float
        Standard errors of p, q and v.
    correlation : float
        Of frequency and mean spend among them. The model supposes none: far from 0 it
        should not be used.
    """

    p: float
    q: float
    v: float
    loglik: float = np.nan
    n_customers: int = 0
    errors: tuple[float, ...] = ()
    correlation: float = np.nan


def fit_gamma_gamma(frequency: object, monetary: object) -> GammaGamma:
    """Fit the Gamma-Gamma model by maximum likelihood.

    Parameters
    ----------
    frequency : array-like of shape (n_customers,)
        Purchases after the first; customers without one are left out.
    monetary : array-like of shape (n_customers,)
        Mean amount of these purchases, above 0; of no account without one.

    Returns
    -------
    model : GammaGamma

    Raises
    ------
    ValueError
        If fewer than two customers bought again, one of them has a mean amount that is
        missing or not above 0, or the data do not determine the model.

    References
    ----------
    .. [1] P. S. Fader and B. G. S. Hardie, "The Gamma-Gamma model of monetary value",
       2013.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, rate = rng.integers(1, 9, 2000), rng.gamma(4.0, 1 / 15.0, 2000)
    >>> model = fit_gamma_gamma(x, rng.gamma(6.0 * x, 1 / (rate * x)))
    >>> round(model.p * model.v / (model.q - 1))  # 6 x 15 / 3
    30
    """
    x, spent = _checked(frequency, monetary)
    x, spent = x[x > 0], spent[x > 0]
    if x.size < 2:
        raise ValueError(
            f"{x.size} customers bought again; two or more are needed to tell how "
            "their spending differs. Give a longer period."
        )
    unit = float(np.exp(np.log(spent).mean()))
    total = x * spent / unit

    def mean_loglik(parameters):
        p, q, v = parameters
        own, common = np.log(total / (v + total)), np.log(v / (v + total))
        value = p * x * own + q * common - betaln(p * x, q) - np.log(spent)
        both = psi(p * x + q)
        slope = np.array(
            [
                x * (both - psi(p * x) + own),
                both - psi(q) + common,
                q / v - (p * x + q) / (v + total),
            ]
        )
        return value.mean(), slope.mean(axis=1)

    starts = [(1, 1, 1), (5, 4, 0.5), (2, 10, 5), (0.5, 2, 2)]
    otherwise = (
        "The amounts of a customer scatter around his mean in another way than the "
        "model supposes, or all spend alike: take each customer's own mean instead."
    )
    found, loglik, errors = most_likely(
        mean_loglik, starts, NAMES, x.size, "Gamma-Gamma", otherwise
    )
    scale = np.array([1, 1, unit])
    same = np.ptp(x) == 0 or np.ptp(spent) == 0
    return GammaGamma(
        *map(float, found * scale),
        loglik,
        x.size,
        tuple(map(float, errors * scale)),
        np.nan if same else float(np.corrcoef(x, spent)[0, 1]),
    )


def conditional_expected_value(
    model: GammaGamma, frequency: object, monetary: object
) -> np.ndarray:
    """Mean amount of a customer's purchases to come.

    Parameters
    ----------
    model : GammaGamma
    frequency, monetary : array-like of shape (n_customers,)
        As at `fit_gamma_gamma`.

    Returns
    -------
    value : ndarray of shape (n_customers,)
        Between the customer's own mean and that of all, the nearer to his own the more
        he bought; that of all for who did not buy again [unit of money].

    Raises
    ------
    ValueError
        If a mean amount is missing or not above 0 where there are repeat purchases, or
        the model has no mean (q at most 1).

    Examples
    --------
    >>> model = GammaGamma(6.25, 3.74, 15.44)
    >>> conditional_expected_value(model, [2, 0], [22.35, np.nan]).round(2).tolist()
    [24.66, 35.22]
    """
    x, spent = _checked(frequency, monetary)
    shape = model.p * x + model.q - 1
    if (shape <= 0).any():
        raise ValueError(
            f"With q = {model.q:.3g} the mean over all customers is infinite, so there "
            "is no expected amount for who bought too little. Cap extreme amounts "
            "before the fit."
        )
    return model.p * (model.v + x * np.where(x > 0, spent, 0.0)) / shape


def _checked(frequency, monetary):
    x = np.asarray(frequency, dtype=float)
    spent = np.asarray(monetary, dtype=float)
    if x.shape != spent.shape:
        raise ValueError(
            "frequency and monetary must have one value a customer each. Got the "
            f"shapes {x.shape} and {spent.shape}."
        )
    if not np.isfinite(x).all() or (x < 0).any():
        raise ValueError("frequency must be finite and at least 0.")
    wrong = (x > 0) & ~(np.isfinite(spent) & (spent > 0))
    if wrong.any():
        raise ValueError(
            f"{int(wrong.sum())} of {int((x > 0).sum())} customers who bought again "
            "have a mean amount that is missing or not above 0. Leave out refunds and "
            "free orders before the summary."
        )
    return x, spent
