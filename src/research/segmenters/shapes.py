"""The shape of a curve, whatever its size."""

import numpy as np
import pandas as pd

from research.segmenters._parameters import check_choice

NORMALIZATIONS = ("peak", "mean", "z", "unit", "demin", "none")

ROWS = 2**14
"""Rows worked on at once: in double precision, 96 readings of each take 13 MB."""


def normalize_shapes(X, how="peak"):
    """Take the size out of each row, so that only its shape is left.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_customers, n_readings)
        One curve a row, in any unit. Not changed.
    how : {"peak", "mean", "z", "unit", "demin", "none"}, default="peak"
        - "peak": over the largest absolute value; rows without negative readings
          then lie in [0, 1] and reach 1;
        - "mean": over the mean absolute value; rows without negative readings then
          have mean 1;
        - "z": minus the mean, over the standard deviation (of the population);
        - "unit": over the Euclidean norm;
        - "demin": minus the minimum, then over the sum [1]_; such a row sums to 1
          and says nothing of its base load;
        - "none": as it is.

    Returns
    -------
    shapes : ndarray or DataFrame of shape (n_customers, n_readings)
        Of float64 [unitless; for "none" the unit of `X`]; a DataFrame with the same
        index and columns where `X` is one. A row with a NaN or an infinite value is
        NaN throughout, except for "none".

    Raises
    ------
    ValueError
        If `how` is unknown, or `X` is not a table of numbers.

    Notes
    -----
    Nothing is divided by zero. A row of zeros has no shape and stays a row of zeros;
    under "z" and "demin" so does every constant row. Absolute values stand in "peak"
    and "mean" because readings that feed back are negative: the plain mean of such a
    row may be next to zero and would blow it up beyond all others. For rows without
    negative readings the two are the plain peak and mean. A row of one reading can not
    be told from another: its shape is 1, 0 or -1.

    References
    ----------
    .. [1] W. Toussaint and D. Moodley, "Clustering residential electricity consumption
       data to create archetypes that capture household behaviour in South Africa",
       South African Computer Journal, vol. 32, no. 2, 2020.

    Examples
    --------
    >>> normalize_shapes([[1.0, 3.0], [20.0, 60.0], [0.0, 0.0]], "mean").tolist()
    [[0.5, 1.5], [0.5, 1.5], [0.0, 0.0]]
    >>> normalize_shapes([[1.0, 1.0, 5.0]], "demin").tolist()
    [[0.0, 0.0, 1.0]]
    """
    check_choice("normalization", how, NORMALIZATIONS)
    values = np.asarray(X)
    if values.ndim != 2:
        raise ValueError(
            f"X must be a table of one row a customer. Got {values.ndim} dimension(s) "
            "instead."
        )
    shapes = shapes_as(values, how, np.float64)
    if isinstance(X, pd.DataFrame):
        return pd.DataFrame(shapes, index=X.index, columns=X.columns)
    return shapes


def shapes_as(values, how, dtype):
    """Shapes of the rows of `values`, worked out in double precision, held as `dtype`.

    Parameters
    ----------
    values : ndarray of shape (n_customers, n_readings)
    how : str
        See `normalize_shapes`.
    dtype : dtype
        Of single or double precision.

    Returns
    -------
    shapes : ndarray of shape (n_customers, n_readings)
        A new one. Beside it a few rows are in memory, whatever their number.

    Examples
    --------
    >>> shapes_as(np.array([[1, 4]]), "peak", np.float32).tolist()
    [[0.25, 1.0]]
    """
    precision = np.finfo(values.dtype if values.dtype.kind == "f" else float).eps
    shapes = np.empty(values.shape, dtype=dtype)
    for first in range(0, len(values), ROWS):
        rows = values[first : first + ROWS].astype(np.float64)
        if how != "none":
            rows = _shapes(rows, how, 16 * precision)
        shapes[first : first + ROWS] = rows
    return shapes


def _shapes(values, how, flat):
    """Shapes of the rows of `values`; a spread up to `flat` of the peak is rounding."""
    with np.errstate(invalid="ignore"):
        # Over the peak first: no later step can then overflow or vanish.
        shapes = _over(values, np.abs(values).max(axis=1, keepdims=True))
        constant = np.ptp(shapes, axis=1, keepdims=True) <= flat
        if how == "mean":
            return _over(shapes, np.abs(shapes).mean(axis=1, keepdims=True))
        if how == "unit":
            return _over(shapes, np.linalg.norm(shapes, axis=1, keepdims=True))
        if how == "z":
            above_mean = shapes - shapes.mean(axis=1, keepdims=True)
            spread = shapes.std(axis=1, keepdims=True)
            return np.where(constant, 0.0, _over(above_mean, spread))
        if how == "demin":
            above_min = shapes - shapes.min(axis=1, keepdims=True)
            total = above_min.sum(axis=1, keepdims=True)
            return np.where(constant, 0.0, _over(above_min, total))
        return shapes


def _over(values, size):
    """Rows of `values` over their `size`, rows of size zero unchanged."""
    return values / np.where(size == 0, 1.0, size)
