"""Weights that come from data instead of judges, mixtures, and what they change."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from research.segmenters._parameters import check_choice, check_share


def equal_weights(n):
    """Weights that prefer nothing, the baseline of every other weighting.

    Parameters
    ----------
    n : int
        Number of criteria, at least 1.

    Returns
    -------
    weights : ndarray of shape (n,)
        1 / n each.

    Examples
    --------
    >>> equal_weights(4).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return np.full(n, 1 / n)


def entropy_weights(X):
    """Weights by the entropy 熵权法 of each column: much where rows differ.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_samples, n_features)
        At least two rows of finite numbers, at least 0, larger is more. The zero of
        each column matters: adding a constant lowers its weight. Multiplying does not.

    Returns
    -------
    weights : ndarray or Series of shape (n_features,)
        w_j ~ 1 - H_j with H_j = -(1 / ln n) sum p_ij ln p_ij and p_ij the share of row
        i in column j. Sum 1 [unitless]; on the columns of `X` where it is a DataFrame.
        Constant columns, zeros among them, tell nobody apart: weight 0.

    Raises
    ------
    ValueError
        If there are fewer than two rows, a number is negative or not finite (the column
        is named), or all columns are constant.

    Notes
    -----
    Entropy knows how *unequal* a column is, not how much it matters: one column with a
    few very large values takes most of the weight. Show it beside judgements, not in
    their place.

    Examples
    --------
    >>> entropy_weights([[1, 5, 0], [1, 5, 0], [4, 5, 0]]).tolist()
    [1.0, 0.0, 0.0]
    >>> X = pd.DataFrame({"late": [0, 0, 9], "days": [10, 11, 12]})
    >>> entropy_weights(X).round(3).to_dict()
    {'late': 0.997, 'days': 0.003}
    """
    values = np.asarray(X, dtype=np.float64)
    if values.ndim != 2 or len(values) < 2:
        raise ValueError(
            "entropy weights want a table of at least two rows. Got shape "
            f"{values.shape} instead."
        )
    names = list(X.columns) if isinstance(X, pd.DataFrame) else range(values.shape[1])
    for name, column in zip(names, values.T, strict=True):
        if not np.isfinite(column).all() or (column < 0).any():
            row = int(np.argmax(~np.isfinite(column) | (column < 0)))
            raise ValueError(
                "entropy weights want finite numbers of at least 0. Column "
                f"{name!r} has {column[row]:g} in row {row}; fill it, or turn the "
                "column so that larger is more and nothing is below 0."
            )
    peak = values.max(axis=0)
    varied = np.ptp(values, axis=0) > 1e-12 * peak
    if not varied.any():
        raise ValueError(
            "entropy weights want one column at least that tells rows apart; all "
            f"{values.shape[1]} are constant."
        )
    values = values / np.where(peak > 0, peak, 1.0)  # first: a sum may not overflow
    mean = values.mean(axis=0)
    # 1 - H = sum q ln q / (n ln n) with q = n p = 1 + d. The sum of d is 0, so it may
    # be taken off: no term is below 0, and 1 - H of an almost constant column is not
    # lost in the rounding of H.
    d = (values - mean) / np.where(mean > 0, mean, 1.0)
    terms = np.where(d > -1, (1 + d) * np.log1p(np.where(d > -1, d, 0.0)) - d, 1.0)
    weights = np.where(varied, np.maximum(terms, 0.0).sum(axis=0), 0.0)
    weights = weights / weights.sum()
    return pd.Series(weights, X.columns) if isinstance(X, pd.DataFrame) else weights


def mix_weights(first, second, how="product", *, share=0.5):
    """Two weightings joined to one, such as judgements and entropy.

    Parameters
    ----------
    first, second : array-like of shape (n,)
        Weights of the same criteria in one order, at least 0, sum above 0.
    how : {"product", "linear"}, default="product"
        - "product": w_j ~ first_j * second_j; a criterion must matter in both;
        - "linear": share * first_j + (1 - share) * second_j.
    share : float, default=0.5
        Of the first, in (0, 1]; for "linear" only.

    Returns
    -------
    weights : ndarray of shape (n,)
        Sum 1 [unitless].

    Raises
    ------
    ValueError
        If lengths differ, a weight is negative or not finite, sums are 0, or (for
        "product") no criterion has weight in both.

    Examples
    --------
    >>> mix_weights([0.5, 0.3, 0.2], [0.2, 0.2, 0.6]).round(3).tolist()
    [0.357, 0.214, 0.429]
    >>> mix_weights([0.5, 0.5], [0.1, 0.9], "linear", share=0.75).tolist()
    [0.4, 0.6]
    """
    check_choice("how", how, ("product", "linear"))
    check_share("share", share)
    first, second = (_normalised(weights) for weights in (first, second))
    if first.shape != second.shape:
        raise ValueError(
            f"both weightings must be of the same criteria. Got {len(first)} and "
            f"{len(second)} weights instead."
        )
    if how == "linear":
        return share * first + (1 - share) * second
    product = first * second
    if not product.sum() > 0:
        raise ValueError(
            "no criterion has weight in both weightings; their product is 0 throughout."
        )
    return product / product.sum()


def _normalised(weights):
    weights = np.asarray(weights, dtype=np.float64)
    usable = weights.ndim == 1 and np.isfinite(weights).all() and (weights >= 0).all()
    if not usable or not weights.sum() > 0:
        raise ValueError(
            "weights must be finite numbers of at least 0, not all 0. Got "
            f"{weights.tolist()} instead."
        )
    return weights / weights.sum()


def top_list(scores, share=0.2):
    """How far each row belongs to the top list.

    Parameters
    ----------
    scores : array-like of shape (n_samples,)
        Finite; larger is better.
    share : float, default=0.2
        Of the rows on the list, in (0, 1]; rounded up to whole rows.

    Returns
    -------
    membership : ndarray of shape (n_samples,)
        1 on the list, 0 off it. Rows of equal score at its end share the places that
        are left, so that the order of rows decides nothing. Sums to the places.

    Raises
    ------
    ValueError
        If `share` is out of its range or a score is not finite.

    Examples
    --------
    >>> top_list([9, 5, 5, 1, 0], share=0.4).tolist()
    [1.0, 0.5, 0.5, 0.0, 0.0]
    """
    check_share("share", share)
    scores = _finite(scores)
    places = int(np.ceil(share * len(scores) - 1e-9))
    at_the_end = np.partition(scores, -places)[-places]
    above, level = scores > at_the_end, scores == at_the_end
    return np.where(above, 1.0, level * (places - above.sum()) / level.sum())


def top_share_overlap(first, second, share=0.2):
    """Share of the top list under one score that is also on it under another.

    Parameters
    ----------
    first, second : array-like of shape (n_samples,)
        Scores of the same rows; larger is better.
    share : float, default=0.2
        Of the rows on the list, in (0, 1].

    Returns
    -------
    overlap : float
        In [0, 1]; by chance it is about `share`.

    Raises
    ------
    ValueError
        If `share` is out of its range, lengths differ or a score is not finite.

    Examples
    --------
    >>> top_share_overlap([9, 8, 2, 1], [9, 1, 8, 2], share=0.5)
    0.5
    """
    _same_length(first, second)
    first, second = top_list(first, share), top_list(second, share)
    return float(np.minimum(first, second).sum() / first.sum())


def rank_correlation(first, second):
    """Spearman's correlation of the ranks under two scores.

    Parameters
    ----------
    first, second : array-like of shape (n_samples,)
        Scores of the same rows, finite.

    Returns
    -------
    correlation : float
        In [-1, 1]; ties take their mean rank. NaN where a score is constant.

    Raises
    ------
    ValueError
        If lengths differ or a score is not finite.

    Examples
    --------
    >>> round(rank_correlation([1, 2, 3], [10, 20, 15]), 3)
    0.5
    """
    _same_length(first, second)
    first, second = (rankdata(_finite(scores)) for scores in (first, second))
    first, second = first - first.mean(), second - second.mean()
    size = np.sqrt((first @ first) * (second @ second))
    return float(first @ second / size) if size > 0 else float("nan")


def compare_weightings(X, weightings, share=0.2):
    """How much the ranking of the rows depends on the weighting.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Scores of the criteria, comparable with each other; larger is better.
    weightings : dict of str to array-like of shape (n_features,)
        At least two, in the order of the columns.
    share : float, default=0.2
        Of the rows on the top list, in (0, 1].

    Returns
    -------
    agreement : DataFrame
        One row a pair of weightings: first, second, spearman, top_overlap.

    Raises
    ------
    ValueError
        If a weighting has another length than `X` columns, or numbers are not finite.

    Examples
    --------
    >>> X = [[4, 0], [3, 3], [1, 4], [0, 0]]
    >>> compare_weightings(X, {"ahp": [0.9, 0.1], "equal": [0.5, 0.5]}, 0.25)
      first second  spearman  top_overlap
    0   ahp  equal       0.4          0.0
    """
    values = np.asarray(X, dtype=np.float64)
    scores = {name: values @ _normalised(w) for name, w in weightings.items()}
    return pd.DataFrame(
        [
            (
                *pair,
                rank_correlation(*(scores[name] for name in pair)),
                top_share_overlap(*(scores[name] for name in pair), share),
            )
            for pair in combinations(scores, 2)
        ],
        columns=["first", "second", "spearman", "top_overlap"],
    )


def _finite(scores):
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
        raise ValueError(
            "scores must be one finite number a row. Got shape "
            f"{scores.shape} with {int((~np.isfinite(scores)).sum())} not finite."
        )
    return scores


def _same_length(first, second):
    if len(first) != len(second):
        raise ValueError(
            f"scores must be of the same rows. Got {len(first)} and {len(second)} rows."
        )
