"""How well a risk tells bad outcomes from good ones: AUC, Gini, KS, lift, intervals."""

import numpy as np
import pandas as pd


def auc(risk, outcome):
    """Area under the ROC curve: the chance that a bad one has the higher risk.

    Parameters
    ----------
    risk : array-like of shape (n_customers,)
        Any number that grows with the risk.
    outcome : array-like of bool of shape (n_customers,)
        Whether the bad outcome came.

    Returns
    -------
    auc : float
        In [0, 1]; .5 for a risk that says nothing, equal risks counting half. NaN where
        all outcomes are alike.

    Raises
    ------
    ValueError
        If a risk is missing, an outcome is neither true nor false, or their numbers
        differ.

    Examples
    --------
    >>> auc([1, 2, 2, 3], [False, True, False, True])
    0.875
    """
    risk, outcome = checked(risk, outcome)
    _, group = np.unique(risk, return_inverse=True)
    return _auc_of_groups(group, outcome, np.ones(len(risk)))


def gini(risk, outcome):
    """Gini coefficient (accuracy ratio) of a risk: 2 AUC - 1.

    Examples
    --------
    >>> gini([1, 2, 2, 3], [False, True, False, True])
    0.75
    """
    return 2 * auc(risk, outcome) - 1


def ks(risk, outcome):
    """Kolmogorov-Smirnov distance of a risk: the best gap between two shares caught.

    Parameters
    ----------
    risk, outcome
        As for `auc`.

    Returns
    -------
    ks : float
        In [0, 1]: over all limits of the risk, the largest share of the bad above the
        limit minus the share of the good above it. NaN where all outcomes are alike.

    Examples
    --------
    >>> ks([1, 2, 2, 3], [False, True, False, True])
    0.5
    """
    risk, outcome = checked(risk, outcome)
    if outcome.all() or not outcome.any():
        return float("nan")
    _, group = np.unique(risk, return_inverse=True)
    bad = np.bincount(group, outcome)
    good = np.bincount(group, ~outcome)
    gap = np.cumsum(good) / good.sum() - np.cumsum(bad) / bad.sum()
    return float(max(gap.max(), 0.0))


def lift(risk, outcome, share=0.1):
    """How much more often the outcome comes among the riskiest than among all.

    Parameters
    ----------
    risk, outcome
        As for `auc`.
    share : float, default=0.1
        Share of the customers that counts as the riskiest. Of customers with one risk
        of whom only some fit into the share, each counts in part, so that the order of
        the rows does not matter.

    Returns
    -------
    lift : float
        Rate among the riskiest over the rate of all; NaN without any bad outcome.

    Examples
    --------
    >>> lift([9, 5, 5, 1], [True, True, False, False], share=0.5)
    1.5
    """
    risk, outcome = checked(risk, outcome)
    if not 0 < share <= 1:
        raise ValueError(f"share must lie above 0 and at most at 1. Got {share!r}.")
    if not outcome.any():
        return float("nan")
    _, group = np.unique(-risk, return_inverse=True)
    sizes, bad = np.bincount(group), np.bincount(group, outcome)
    wanted = share * len(risk)
    before = np.cumsum(sizes) - sizes
    part = np.clip((wanted - before) / sizes, 0, 1)
    return float((part * bad).sum() / wanted / outcome.mean())


def auc_intervals(
    risks: pd.DataFrame,
    outcome,
    *,
    reference: str | None = None,
    level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int = 0,
) -> pd.DataFrame:
    """AUC of several risks of the same customers, and of each against one of them.

    Parameters
    ----------
    risks : DataFrame of shape (n_customers, n_models)
        A column a model.
    outcome : array-like of bool of shape (n_customers,)
    reference : str, optional
        Column that the others are compared with.
    level : float
        Level of the percentile intervals.
    n_resamples : int
        Bootstrap samples of customers; all models see the same samples, so that the
        difference of two is paired by customer.
    random_state : int

    Returns
    -------
    intervals : DataFrame of shape (n_models, 4 or 7)
        `model`, `auc`, `low`, `high`, and with a reference `difference`,
        `difference_low`, `difference_high`: the model's AUC minus the reference's, 0 in
        the reference's own row. The models are taken as they are fitted.

    Raises
    ------
    ValueError
        If `reference` is no column, or as for `auc`.

    References
    ----------
    .. [1] B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993.

    Examples
    --------
    >>> risks = pd.DataFrame({"rule": [0, 0, 1, 1, 1], "coin": [0, 1, 1, 0, 0]})
    >>> found = auc_intervals(risks, [False, False, True, True, False],
    ...     reference="coin", n_resamples=50)
    >>> found["auc"].round(2).tolist()
    [0.83, 0.58]
    """
    if reference is not None and reference not in risks.columns:
        raise ValueError(
            f"reference must be one of {', '.join(map(str, risks.columns))}. "
            f"Got {reference!r} instead."
        )
    groups = {}
    for model in risks:
        values, bad = checked(risks[model], outcome)
        groups[model] = np.unique(values, return_inverse=True)[1]
    ones = np.ones(len(bad))
    found = np.array([_auc_of_groups(group, bad, ones) for group in groups.values()])
    rng = np.random.default_rng(random_state)
    drawn = np.empty((n_resamples, len(groups)))
    for sample in drawn:
        picked = rng.integers(len(bad), size=len(bad))
        weights = np.bincount(picked, minlength=len(bad)).astype(float)
        sample[:] = [_auc_of_groups(g, bad, weights) for g in groups.values()]
    table = pd.DataFrame({"model": list(groups), "auc": found})
    table["low"], table["high"] = _percentiles(drawn, level)
    if reference is not None:
        other = list(groups).index(reference)
        table["difference"] = found - found[other]
        apart = drawn - drawn[:, [other]]
        table["difference_low"], table["difference_high"] = _percentiles(apart, level)
    return table


def checked(risk, outcome):
    """Arrays of risks and outcomes, refused unless they can be judged together.

    Examples
    --------
    >>> checked([0.1, 0.4], [0, 1])
    (array([0.1, 0.4]), array([False,  True]))
    """
    risk, outcome = np.asarray(risk, dtype=float), np.asarray(outcome)
    if risk.ndim != 1 or risk.shape != outcome.shape or not len(risk):
        raise ValueError(
            "risk and outcome must hold one value a customer each, at least one. Got "
            f"shapes {risk.shape} and {outcome.shape}."
        )
    if np.isnan(risk).any():
        raise ValueError(
            f"{np.isnan(risk).sum()} of {len(risk)} risks are missing; leave these "
            "customers out, and say how many they are."
        )
    if not np.isin(outcome, (0, 1)).all():
        raise ValueError(
            "outcome must be true or false (1 or 0) for each customer. Found "
            f"{outcome[~np.isin(outcome, (0, 1))][0]!r}."
        )
    return risk, outcome.astype(bool)


def _auc_of_groups(group, bad, weights):
    """AUC of customers in groups of rising risk, each counted `weights` times."""
    all_of = np.bincount(group, weights)
    bad_of = np.bincount(group, weights * bad)
    good_of = all_of - bad_of
    pairs = bad_of.sum() * good_of.sum()
    if pairs == 0:
        return float("nan")
    below = np.cumsum(good_of) - good_of
    return float((bad_of * (below + good_of / 2)).sum() / pairs)


def _percentiles(drawn, level):
    """Percentile limits of each column; a sample with one kind of outcome tells none.

    NaN where no sample tells anything.
    """
    told = drawn[~np.isnan(drawn).any(axis=1)]
    if not len(told):
        return np.full((2, drawn.shape[1]), np.nan)
    tail = (1 - level) / 2
    return np.quantile(told, [tail, 1 - tail], axis=0)
