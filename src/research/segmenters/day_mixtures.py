"""Customers as mixtures of days: shares, their entropy, and how the seasons differ."""

import numpy as np
import pandas as pd
from scipy.special import entr

from research.segmenters._parameters import check_count

BLOCK = 7
"""Days dealt out together by the permutations of `seasonal_switch`."""


def mixtures(day_labels, groups, n_shapes):
    """Share of each day shape among the days of each customer.

    Parameters
    ----------
    day_labels : array-like of int of shape (n_days,)
        Shape of each day, 0 to n_shapes - 1; -1 for a day of none, which is left out.
    groups : array-like of shape (n_days,)
        Whose day it is.
    n_shapes : int
        Number of shapes of the dictionary.

    Returns
    -------
    mixtures : DataFrame of shape (n_customers, n_shapes)
        Index customers in the order in which they first appear, columns 0 to
        n_shapes - 1. Rows sum to 1 [unitless]; NaN for a customer all of whose days
        are of none.

    Raises
    ------
    ValueError
        If the lengths differ, or a label is not between -1 and n_shapes - 1.

    Examples
    --------
    >>> mixtures([0, 0, 1, 2, -1, 1], ["b", "b", "b", "b", "a", "a"], 3)
         0     1     2
    b  0.5  0.25  0.25
    a  0.0  1.00  0.00
    """
    labels, codes, customers = _coded(day_labels, groups, n_shapes)
    counts = counts_of(codes, labels, len(customers), n_shapes)
    return pd.DataFrame(shares_of(counts), index=customers)


def lifestyle_entropy(mixtures):
    """How evenly a customer's days are spread over the dictionary.

    - sum p ln p of the shares p of the shapes, over ln C for a dictionary of C shapes:
    0 for a customer all of whose days have one shape, 1 for one who has as many days of
    each ("entropy of lifestyle" [1]_, there without the denominator).

    Parameters
    ----------
    mixtures : array-like of shape (n_customers, n_shapes)
        Shares, each row with sum 1, as `mixtures` gives them.

    Returns
    -------
    entropy : ndarray of shape (n_customers,)
        In [0, 1] [unitless]; NaN where a share is; 0 with a single shape.

    Notes
    -----
    Few days look more regular than they are: of d days at most d shapes are seen.
    Compare customers of about as many days.

    References
    ----------
    .. [1] J. Kwac, J. Flora and R. Rajagopal, "Household energy consumption
       segmentation using hourly data", IEEE Trans. Smart Grid, vol. 5, no. 1,
       pp. 420-430, 2014.

    Examples
    --------
    >>> lifestyle_entropy([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4]).tolist()
    [0.0, 0.5, 1.0]
    """
    shares = np.asarray(mixtures, dtype=np.float64)
    if shares.ndim != 2:
        raise ValueError(
            "mixtures must be a table of one row a customer and one column a shape. "
            f"Got {shares.ndim} dimension(s) instead."
        )
    entropy = entr(shares).sum(axis=1)
    return np.clip(entropy / max(np.log(shares.shape[1]), np.finfo(float).tiny), 0, 1)


def vrse(errors, theta):
    """Share of days whose relative squared error exceeds `theta`.

    The relative squared error of a day x met by a shape r is sum (x - r)² / sum r²;
    [1]_ split a dictionary until no day was above `theta`.

    Parameters
    ----------
    errors : array-like of shape (n_days,)
        Relative squared error of each day, at least 0; NaN for a day without a shape,
        which is left out.
    theta : float or array-like of floats
        Error above which a day counts as missed.

    Returns
    -------
    share : float, or ndarray of the shape of `theta`
        In [0, 1] [unitless]; NaN where no day has an error.

    References
    ----------
    .. [1] J. Kwac, J. Flora and R. Rajagopal, "Household energy consumption
       segmentation using hourly data", IEEE Trans. Smart Grid, vol. 5, no. 1,
       pp. 420-430, 2014.

    Examples
    --------
    >>> vrse([0.1, 0.3, 0.6, float("nan")], [0.2, 0.5]).round(2).tolist()
    [0.67, 0.33]
    """
    errors = np.sort(np.asarray(errors, dtype=np.float64))  # NaN last
    known = np.count_nonzero(~np.isnan(errors))
    theta = np.asarray(theta, dtype=np.float64)
    if not known:
        return np.full(theta.shape, np.nan)[()]
    return 1 - np.searchsorted(errors[:known], theta, side="right") / known


def seasonal_switch(
    day_labels, groups, season, *, n_permutations=99, block=BLOCK, random_state=0
):
    """How much a customer's mixture of days differs between the seasons.

    The generalised Jensen-Shannon divergence between a customer's mixtures of the
    seasons [1]_, each with the weight of its days, over the entropy of these weights:
    0 where all seasons have one mixture, 1 where no two have a shape in common.

    Parameters
    ----------
    day_labels : array-like of int of shape (n_days,)
        Shape of each day from 0; -1 for a day of none, which is left out.
    groups : array-like of shape (n_days,)
        Whose day it is. The days of a customer stand in the order of time, not
        necessarily next to each other.
    season : array-like of shape (n_days,)
        Season, or any other class, of each day.
    n_permutations : int, default=99
        Number of deals behind `expected` and `p_value`, at least 1.
    block : int, default=7
        Days that are dealt out together, at least 1, see the notes.
    random_state : int, default=0
        Seed of the deals.

    Returns
    -------
    switch : DataFrame of shape (n_customers, 5)
        Index customers in the order in which they first appear. `days`, the number
        that count; `switch` in [0, 1]; `expected`, its mean where the season means
        nothing; `excess`, (switch - expected) / (1 - expected), about 0 for a customer
        of no seasons and at most 1; `p_value` in (0, 1], the share of the deals, the
        observed one among them, with a switch at least as large. NaN where fewer than
        two seasons have days.

    Raises
    ------
    ValueError
        If the lengths differ or a number is out of its range.

    Notes
    -----
    *Why a null.* Thirty days of ten shapes in each of four seasons differ by chance
    alone: the divergence is then about a tenth and not 0. `expected` is what remains
    when the customer's own days are dealt out to the seasons anew.

    *Why blocks.* A day is like the day before it (a week away, an illness). Dealing out
    single days would call every such run a season. So runs of `block` of the
    customer's days are dealt out whole.

    References
    ----------
    .. [1] J. Lin, "Divergence measures based on the Shannon entropy", IEEE Trans.
       Information Theory, vol. 37, no. 1, pp. 145-151, 1991.

    Examples
    --------
    >>> season = ["cold"] * 40 + ["warm"] * 40
    >>> switches = [0] * 40 + [1] * 40
    >>> mixes = [0, 1] * 40
    >>> found = seasonal_switch(
    ...     switches + mixes, ["A"] * 80 + ["B"] * 80, season + season)
    >>> found["switch"].round(2).tolist(), (found["p_value"] < 0.05).tolist()
    ([1.0, 0.0], [True, False])
    """
    check_count("n_permutations", n_permutations)
    check_count("block", block)
    labels, codes, customers = _coded(day_labels, groups, None)
    seasons, names = pd.factorize(np.asarray(season))
    if len(seasons) != len(labels):
        raise ValueError(
            f"season must name the season of each of the {len(labels)} days. "
            f"Got {len(seasons)}."
        )
    kept = labels >= 0
    order = np.flatnonzero(kept)[np.argsort(codes[kept], kind="stable")]
    labels, codes, seasons = labels[order], codes[order], seasons[order]
    days = np.bincount(codes, minlength=len(customers))
    first = np.r_[0, days.cumsum()[:-1]]
    run = (np.arange(len(codes)) - first[codes]) // block  # a customer's n-th block
    shape = (len(customers), int(labels.max(initial=0)) + 1, max(len(names), 1))
    cell = codes * shape[1] * shape[2] + labels * shape[2]
    observed = _divergence(cell + seasons, shape)
    rng = np.random.default_rng(random_state)
    total, as_large = np.zeros(len(customers)), np.ones(len(customers))
    for _ in range(n_permutations):
        # The same deal for every customer: nobody's place in the table matters.
        place = rng.permutation(int(run.max(initial=0)) + 1)
        dealt = np.argsort(codes * len(place) + place[run], kind="stable")
        chance = _divergence(cell + seasons[dealt], shape)
        total += chance
        as_large += chance >= observed - 1e-12
    expected = total / n_permutations
    known = ~np.isnan(observed)
    room = np.where(expected < 1, 1 - expected, np.nan)
    return pd.DataFrame(
        {
            "days": days,
            "switch": observed,
            "expected": expected,
            "excess": (observed - expected) / room,
            "p_value": np.where(known, as_large / (1 + n_permutations), np.nan),
        },
        index=customers,
    )


def _divergence(cell, shape):
    """Jensen-Shannon divergence of seasons over the entropy of their weights."""
    counts = np.bincount(cell, minlength=np.prod(shape)).reshape(shape)
    days = np.maximum(counts.sum(axis=(1, 2)), 1)[:, None, None]
    joint = counts / days
    of_season = entr(joint.sum(axis=1)).sum(axis=1)
    of_shape = entr(joint.sum(axis=2)).sum(axis=1)
    shared = of_shape + of_season - entr(joint).sum(axis=(1, 2))
    known = of_season > 0
    found = np.full(shape[0], np.nan)
    found[known] = np.clip(shared[known] / of_season[known], 0, 1)
    return found


def _coded(day_labels, groups, n_shapes):
    """Labels, the number of each day's customer, and the customers."""
    labels = np.asarray(day_labels)
    codes, customers = pd.factorize(pd.Index(groups))
    if labels.ndim != 1 or len(labels) != len(codes):
        raise ValueError(
            "day_labels and groups must have one value a day each. Got shapes "
            f"{labels.shape} and ({len(codes)},)."
        )
    if (codes < 0).any():
        raise ValueError(
            f"groups must name the customer of every day. {(codes < 0).sum()} of "
            f"{len(codes)} are missing; drop those days."
        )
    if len(labels) and (labels.dtype.kind not in "iu" or labels.min() < -1):
        raise ValueError(
            "day_labels must be whole numbers from -1 (of no shape) up. Got "
            f"{labels.dtype} from {labels.min()} to {labels.max()}."
        )
    if n_shapes is not None:
        check_count("n_shapes", n_shapes)
        if len(labels) and labels.max() >= n_shapes:
            raise ValueError(
                f"day_labels must be below n_shapes={n_shapes}. Got {labels.max()}."
            )
    return labels.astype(np.intp), codes, customers


def counts_of(codes, labels, n_customers, n_shapes):
    """Days of each customer and shape; days of none do not count."""
    kept = labels >= 0
    cell = codes[kept] * n_shapes + labels[kept]
    counts = np.bincount(cell, minlength=n_customers * n_shapes)
    return counts.reshape(n_customers, n_shapes)


def shares_of(counts):
    """Rows of `counts` over their sum, NaN where that is 0."""
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1), np.nan)
