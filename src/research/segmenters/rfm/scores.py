"""Values to scores 1, 2, ..., n: by quantiles, by declared limits, or by k-means.

A score says where a value lies among all; equal values always get equal scores. Which
end of an axis is good is not decided here but by the caller: in a shop many purchases
are good, where each payment costs a fee many small payments are not.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

from research.segmenters._parameters import check_choice, check_count

SCORINGS = ("quantile", "rfm", "threshold", "kmeans")
N_INIT = 20
"""Starts of the k-means of one column, which is small: the distinct values."""


class Edges(NamedTuple):
    """How one axis is scored.

    Attributes
    ----------
    inner : ndarray of shape (n_scores - 1,)
        Limits between the scores, never falling, in the unit of the axis.
    lowest, highest : float
        Of the values that the limits were learned from.
    closed : {"right", "left", "middle"}
        Whom a value on a limit belongs to: the score below ("right"), the score above
        ("left"), or, where several limits coincide, the middle one ("middle").
    constant : bool
        Whether there was one value only, which tells nobody apart.
    empty : tuple of int
        Scores that no value got, because of ties.
    """

    inner: np.ndarray
    lowest: float
    highest: float
    closed: str
    constant: bool = False
    empty: tuple = ()


def quantile_edges(values, n_scores=5, *, edges="quantile"):
    """Limits that give about equally many customers each score.

    Parameters
    ----------
    values : array-like of shape (n_customers,)
        Finite, in any unit.
    n_scores : int, default=5
        At least 2.
    edges : {"quantile", "rfm"}, default="quantile"
        - "quantile": the quantiles of type 7 at 1/n, 2/n, ...; a value on a limit gets
          the score below;
        - "rfm": these quantiles plus 1, and a value on a limit gets the score above, as
          the R package rfm does it [1]_. Made for whole days, counts and amounts well
          above 1: the 1 is of the unit of the axis, so that scores change with it.

    Returns
    -------
    edges : Edges

    Notes
    -----
    *Ties.* Where many customers share one value, several quantiles coincide and some
    scores go to nobody; `empty` says which. Under "quantile" such a value gets the
    middle of the scores it spans, but the lowest value of all always gets 1 and the
    highest n: if four customers of five owe nothing, owing nothing is the best there
    is, not the second best. A column with one value only says nothing: everybody gets
    the middle score ``(n_scores + 1) // 2``, except against declared limits.

    References
    ----------
    .. [1] A. Hebbali, rfm: Recency, Frequency and Monetary Value Analysis, R package,
       "RFM: transaction level data".

    Examples
    --------
    >>> quantile_edges([1, 2, 3, 4, 5, 6], 5).inner.tolist()
    [2.0, 3.0, 4.0, 5.0]
    >>> quantile_edges([1, 2, 3, 4, 5, 6], 5, edges="rfm").inner.tolist()
    [3.0, 4.0, 5.0, 6.0]
    >>> quantile_edges([0, 0, 0, 0, 7], 5).empty
    (2, 3, 4)
    """
    check_choice("edges", edges, ("quantile", "rfm"))
    ordered = np.sort(_finite(values))
    check_count("n_scores", n_scores, least=2)
    # Positions in whole numbers: in floats (n - 1) p may fall short of an observation.
    below, rest = np.divmod((len(ordered) - 1) * np.arange(1, n_scores), n_scores)
    above = np.minimum(below + 1, len(ordered) - 1)
    # A mean of weights 1 - w and w of equal values must be that value.
    inner = ordered[below] + (ordered[above] - ordered[below]) * (rest / n_scores)
    closed = "middle" if edges == "quantile" else "left"
    return _learned(inner + (edges == "rfm"), ordered, closed)


def threshold_edges(values, limits):
    """Limits that the caller declares, such as days that a contract names.

    Parameters
    ----------
    values : array-like of shape (n_customers,)
        Finite; only looked at to say which scores go to nobody.
    limits : sequence of float
        Rising; a value on a limit gets the score above: of the limits 1 and 31, 0 gets
        1, 1 to 30 get 2, and 31 gets 3.

    Returns
    -------
    edges : Edges

    Raises
    ------
    ValueError
        If the limits do not rise.

    Examples
    --------
    >>> edges = threshold_edges([0, 0, 5, 40], [1, 31])
    >>> scores_of([0, 1, 30, 31], edges).tolist()
    [1, 2, 2, 3]
    """
    try:
        inner = np.asarray(list(limits), dtype=float)
    except (TypeError, ValueError):
        inner = np.empty(0)
    if not len(inner) or not np.isfinite(inner).all() or (np.diff(inner) <= 0).any():
        raise ValueError(
            "limits must be finite numbers that rise, such as [1, 31, 91]. "
            f"Got {limits!r} instead."
        )
    values = _finite(values)
    # One value throughout still means something against a declared limit.
    return _with_ties(Edges(inner, values.min(), values.max(), "left"), values)


def kmeans_edges(values, n_scores=5, *, random_state=None):
    """Limits half way between the centres of a k-means of this column alone.

    Groups of values that lie together get one score, whatever their number: one huge
    value may have a score of its own, and nearly all others share another.

    Parameters
    ----------
    values : array-like of shape (n_customers,)
        Finite, in any unit.
    n_scores : int, default=5
        At least 2. With fewer distinct values than scores each value gets its own, from
        1 to n evenly.
    random_state : int, RandomState instance or None, default=None
        Seed of the starts.

    Returns
    -------
    edges : Edges

    Examples
    --------
    >>> edges = kmeans_edges([1, 2, 50, 51, 900], 3, random_state=0)
    >>> edges.inner.tolist()
    [26.0, 475.25]
    """
    check_count("n_scores", n_scores, least=2)
    values = _finite(values)
    distinct, weights = np.unique(values, return_counts=True)
    if len(distinct) > n_scores:
        kmeans = KMeans(n_scores, n_init=N_INIT, random_state=random_state)
        # Scaled, so that the unit decides nothing.
        scaled = (distinct - distinct[0]) / (np.ptp(distinct) or 1.0)
        kmeans.fit(scaled[:, None], sample_weight=weights)
        labels = np.unique(kmeans.labels_, return_inverse=True)[1]
    else:
        labels = np.arange(len(distinct))
    centers = np.sort(
        np.bincount(labels, weights * distinct) / np.bincount(labels, weights)
    )
    middles = (centers[1:] + centers[:-1]) / 2
    # Limits repeated where there are fewer values than scores.
    scores = np.linspace(0, n_scores - 1, len(centers)).round().astype(int)
    return _learned(np.repeat(middles, np.diff(scores)), values, "right", n_scores)


def scores_of(values, edges):
    """Scores of `values` under edges that were learned before.

    Parameters
    ----------
    values : array-like of shape (n_customers,)
        In the unit of the edges. Beyond the lowest and highest value known at the time
        they get the lowest and the highest score.
    edges : Edges

    Returns
    -------
    scores : ndarray of shape (n_customers,)
        Whole numbers 1 to n_scores, rising with the value.

    Examples
    --------
    >>> edges = quantile_edges([0, 0, 0, 0, 7], 5)
    >>> scores_of([0, 1, 7, 9], edges).tolist()
    [1, 4, 5, 5]
    """
    values = np.asarray(values, dtype=float)
    n_scores = len(edges.inner) + 1
    if edges.constant:
        return np.full(values.shape, (n_scores + 1) // 2)
    below = np.searchsorted(edges.inner, values, side="left")
    if edges.closed == "right":
        return 1 + below
    upto = np.searchsorted(edges.inner, values, side="right")
    if edges.closed == "left":
        return 1 + upto
    middle = 1 + (below + upto) // 2
    middle = np.where(values >= edges.highest, n_scores, middle)
    return np.where(values <= edges.lowest, 1, middle)


def score_code(scores):
    """Scores of several axes as one number, such as 543 for 5, 4 and 3.

    Parameters
    ----------
    scores : DataFrame or array-like of shape (n_customers, n_axes)
        Whole numbers 1 to 9.

    Returns
    -------
    code : Series or ndarray of shape (n_customers,)
        First axis first. A name for a combination, not a measure: 511 is not better
        than 455.

    Examples
    --------
    >>> score_code([[5, 4, 3], [1, 1, 2]]).tolist()
    [543, 112]
    """
    values = np.asarray(scores).astype(int)
    if values.size and (values.min() < 1 or values.max() > 9):
        raise ValueError(
            "score_code needs scores of one digit, 1 to 9. Got "
            f"{values.min()} to {values.max()}; lower n_scores."
        )
    code = values @ 10 ** np.arange(values.shape[1])[::-1]
    if isinstance(scores, pd.DataFrame):
        return pd.Series(code, index=scores.index, name="score_code")
    return code


def _finite(values):
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError(
            "values must be one column of at least one finite number. Got shape "
            f"{values.shape} with {int((~np.isfinite(values)).sum())} NaN or infinite; "
            "fill or drop them before."
        )
    return values


def _learned(inner, values, closed, n_scores=None):
    """Edges of the limits `inner`, with what is to be known of them."""
    lowest, highest = float(values.min()), float(values.max())
    if lowest == highest:
        inner = np.full((n_scores or len(inner) + 1) - 1, lowest)
        return Edges(inner, lowest, highest, closed, constant=True)
    return _with_ties(Edges(inner, lowest, highest, closed), values)


def _with_ties(edges, values):
    """Edges that know which scores nobody got."""
    possible = np.arange(1, len(edges.inner) + 2)
    missing = possible[~np.isin(possible, scores_of(values, edges))]
    return edges._replace(empty=tuple(missing.tolist()))
