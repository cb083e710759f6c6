"""Rounding of money to cents."""

import numpy as np


def round_yuan(yuan: np.ndarray) -> np.ndarray:
    """Money rounded to cents 分, halves away from zero, as bills are printed.

    Parameters
    ----------
    yuan : array of any shape
        NaN stays NaN. Exact up to ten million yuan from energies of 2 and prices of
        6 decimals.

    Returns
    -------
    yuan : array of the same shape
        The floats nearest to whole cents.

    Examples
    --------
    >>> round_yuan(np.array([1.005, 2.675, -0.125, 0.1])).tolist()
    [1.01, 2.68, -0.13, 0.1]
    """
    return cents_of(yuan) / 100


def cents_of(yuan: np.ndarray) -> np.ndarray:
    """Whole cents of amounts in yuan, halves away from zero; NaN stays NaN.

    Whole numbers add up exactly, amounts in yuan do not.
    """
    cents = 100 * np.abs(np.asarray(yuan, dtype=float))
    # 1.005 is stored a little too low, by parts in 1e16. Energies of 2 and prices of 6
    # decimals give amounts that are a half of a cent, or 1e-6 cents and more below it.
    slack = 1e-9 + 5e-16 * cents
    # Adding 0 turns -0.0 into 0.0.
    return np.copysign(np.floor(cents + 0.5 + slack), yuan) + 0.0
