"""Judgements with a margin: weights by Buckley's geometric mean.

A judge who says "about 3" means 2 to 4. Each judgement is a triangle (lower, modal,
upper) and so is each weight. Chang's extent analysis, the usual alternative, is left
out on purpose: it measures the degree to which one triangle is *possibly* greater than
the others, which is no weight. It gives weight 0 to criteria that judges did compare,
and may pick the wrong best one (Y.-M. Wang, Y. Luo and Z. Hua, "On the extent analysis
method for fuzzy AHP and its applications", European Journal of Operational Research,
vol. 186, no. 2, pp. 735-747, 2008).
"""

from typing import NamedTuple

import numpy as np

from research.segmenters.ahp.errors import JudgementError
from research.segmenters.ahp.priorities import RECIPROCAL_TO, check_matrix


class FuzzyWeights(NamedTuple):
    """Weights with their margin, each an ndarray of shape (n,).

    `lower` <= `modal` <= `upper`; `modal` sums to 1 and holds the weights without a
    margin; `crisp` is the centroid of each triangle, normalised to sum 1.
    """

    lower: np.ndarray
    modal: np.ndarray
    upper: np.ndarray
    crisp: np.ndarray


def triangular(matrix, spread=1.0):
    """Triangles around crisp judgements on the scale 1-9.

    Parameters
    ----------
    matrix : array-like of shape (n, n)
        Reciprocal, see `check_matrix`.
    spread : float, default=1.0
        Steps of the scale to either side, at least 0. The scale is a ladder ..., 1/3,
        1/2, 1, 2, 3, ...: with one step 3 becomes (2, 3, 4), 1 becomes (1/2, 1, 2) and
        1/3 becomes (1/4, 1/3, 1/2). It ends at 1/9 and 9, where the judgement itself
        does not lie beyond.

    Returns
    -------
    lower, modal, upper : ndarray of shape (n, n)
        lower_ij * upper_ji = 1; the diagonal is 1 throughout.

    Raises
    ------
    ValueError
        If the matrix is not positive and reciprocal, or `spread` is below 0.

    Examples
    --------
    >>> lower, modal, upper = triangular([[1, 3], [1 / 3, 1]])
    >>> lower.tolist(), upper.tolist()
    ([[1.0, 2.0], [0.25, 1.0]], [[1.0, 4.0], [0.5, 1.0]])
    """
    modal = check_matrix(matrix)
    if not (np.isfinite(spread) and spread >= 0):
        raise ValueError(
            f"spread must be a finite number of at least 0. Got {spread!r} instead."
        )
    steps = np.where(modal >= 1, modal - 1, 1 - 1 / modal)
    # A judgement beyond the scale keeps its place as the end of the ladder.
    ends = np.maximum(8.0, np.abs(steps))
    lower = _from_steps(np.maximum(steps - spread, -ends))
    upper = _from_steps(np.minimum(steps + spread, ends))
    for bound in (lower, upper):
        np.fill_diagonal(bound, 1.0)
    return np.minimum(lower, modal), modal, np.maximum(upper, modal)


def _from_steps(steps):
    """Ratios of places on the ladder 1/2, 1, 2 (-1, 0, 1)."""
    return np.where(steps >= 0, 1 + np.abs(steps), 1 / (1 + np.abs(steps)))


def fuzzy_weights(lower, modal, upper):
    """Weights of triangular judgements after Buckley.

    Parameters
    ----------
    lower, modal, upper : array-like of shape (n, n)
        Triangles, lower <= modal <= upper; `modal` reciprocal, lower_ij * upper_ji = 1.

    Returns
    -------
    weights : FuzzyWeights
        Row geometric means r, then (r_lower / sum of r_upper, r_modal / sum of r_modal,
        r_upper / sum of r_lower). The margin is wide: it lets all judgements err
        against a criterion at once, so that an upper end may exceed 1.

    Raises
    ------
    JudgementError
        If `modal` is not reciprocal, a triangle is out of order, or a triangle and its
        counterpart do not match.

    References
    ----------
    .. [1] J. J. Buckley, "Fuzzy hierarchical analysis", Fuzzy Sets and Systems, vol.
       17, no. 3, pp. 233-247, 1985.

    Examples
    --------
    >>> weights = fuzzy_weights(*triangular([[1, 4], [1 / 4, 1]]))
    >>> weights.modal.round(3).tolist(), weights.crisp.round(3).tolist()
    ([0.8, 0.2], [0.796, 0.204])
    >>> weights.lower.round(3).tolist(), weights.upper.round(3).tolist()
    ([0.616, 0.159], [1.026, 0.265])
    """
    modal = check_matrix(modal)
    lower, upper = (np.array(bound, dtype=np.float64) for bound in (lower, upper))
    faults = []
    if lower.shape != modal.shape or upper.shape != modal.shape:
        faults.append(
            f"lower, modal and upper have shapes {lower.shape}, {modal.shape} and "
            f"{upper.shape}; one shape is wanted."
        )
        raise JudgementError("triangles", faults)
    ordered = (lower > 0) & (lower <= modal) & (modal <= upper) & np.isfinite(upper)
    faults += [
        f"cell ({i}, {j}): ({lower[i, j]:g}, {modal[i, j]:g}, {upper[i, j]:g}) does "
        "not rise from above 0."
        for i, j in np.argwhere(~ordered)
    ]
    matched = np.abs(lower * upper.T - 1) <= RECIPROCAL_TO
    faults += [
        f"cells ({i}, {j}) and ({j}, {i}): lower {lower[i, j]:g} times upper "
        f"{upper[j, i]:g} must be 1."
        for i, j in np.argwhere(~matched & ordered & ordered.T)
    ]
    if faults:
        raise JudgementError("triangles", faults)
    low, mid, high = (np.exp(np.log(t).mean(axis=1)) for t in (lower, modal, upper))
    bounds = low / high.sum(), mid / mid.sum(), high / low.sum()
    crisp = sum(bounds) / 3
    return FuzzyWeights(*bounds, crisp / crisp.sum())
