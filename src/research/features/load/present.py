"""Sums, means and order statistics of the readings that are present.

The same rule everywhere: NaN is left out, the answer is NaN where nothing is left,
sums are taken in float64, and no warning is raised for either. numpy's own
nan-functions warn of an empty slice and sum float32 in float32.
"""

import numpy as np


def count(values: np.ndarray, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """Count the values that are present.

    Examples
    --------
    >>> int(count(np.array([2.0, np.nan, 4.0])))
    2
    """
    return np.count_nonzero(~np.isnan(values), axis=axis)


def total(values: np.ndarray, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """Sum of the values present, in float64; 0 where none is.

    Examples
    --------
    >>> float(total(np.array([2.0, np.nan, 4.0])))
    6.0
    """
    return np.sum(values, axis=axis, dtype=np.float64, where=~np.isnan(values))


def mean(values: np.ndarray, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """Mean of the values present, in float64; NaN where none is.

    Examples
    --------
    >>> float(mean(np.array([2.0, np.nan, 4.0])))
    3.0
    """
    return ratio(total(values, axis), count(values, axis))


def highest(values: np.ndarray, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """Highest value present; NaN where none is.

    Examples
    --------
    >>> float(highest(np.array([2.0, np.nan, 4.0])))
    4.0
    """
    return np.fmax.reduce(values, axis=axis, initial=np.nan)


def lowest(values: np.ndarray, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """Lowest value present; NaN where none is.

    Examples
    --------
    >>> float(lowest(np.array([2.0, np.nan, 4.0])))
    2.0
    """
    return np.fmin.reduce(values, axis=axis, initial=np.nan)


def quantile(values: np.ndarray, q: float) -> np.ndarray:
    """Quantile `q` of the values present along the last axis, linear in between.

    NaN where none is present. One sort for all rows: `numpy.nanquantile` takes the
    rows one by one.

    Examples
    --------
    >>> float(quantile(np.array([1.0, np.nan, 5.0, 3.0]), 0.25))
    2.0
    """
    ordered = np.sort(values, axis=-1)  # NaN last
    last = np.maximum(count(values) - 1, 0)[..., np.newaxis]
    position = q * last
    below = np.floor(position).astype(np.intp)
    above = np.minimum(below + 1, last)
    low = np.take_along_axis(ordered, below, axis=-1).astype(np.float64)
    high = np.take_along_axis(ordered, above, axis=-1)
    return (low + (high - low) * (position - below))[..., 0]


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide in float64 where the denominator is positive; NaN elsewhere.

    Examples
    --------
    >>> ratio(np.array([1.0, 1.0]), np.array([4.0, 0.0])).tolist()
    [0.25, nan]
    """
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    quotient = np.full(shape, np.nan)
    return np.divide(
        numerator,
        denominator,
        out=quotient,
        where=np.greater(denominator, 0),
        dtype=np.float64,
    )
