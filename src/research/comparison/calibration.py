"""Does a risk come true: rates with intervals, reliability, order of grades."""

from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact, norm
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from research.comparison.discrimination import checked

MAPS = ("auto", "isotonic", "logistic")
ISOTONIC_FROM = 200
"""Outcomes of the rarer kind from which "auto" is isotonic (assumption): with fewer,
its lowest step is often 0, and nobody's risk is."""
_EXACT_WORK = 3e8
"""Steps up to which the trend test is exact: about a second."""


class MonotoneVerdict(NamedTuple):
    """Do rates rise from each grade to the next worse one.

    Attributes
    ----------
    falls : int
        Neighbouring grades of which the worse one has the lower rate: what an isotonic
        fit would have to pool.
    significant_falls : int
        Pairs of grades, neighbours or not, of which the worse one has the lower rate
        beyond chance: one-sided exact test of Fisher, Holm's correction over all pairs,
        5 %. A small grade between two large ones can not hide that they are the wrong
        way round.
    significant_rises : int
        Neighbours of which the worse grade has the higher rate beyond chance, by the
        same test, corrected over all neighbours: the steps of the scale that these data
        tell apart.
    p_value : float
        Of the trend test, one-sided: how often rates rise as steeply by chance. NaN
        where fewer than two grades have customers or all outcomes are alike.
    test : str
        "exact" or "normal": how `p_value` was worked out.
    """

    falls: int
    significant_falls: int
    significant_rises: int
    p_value: float
    test: str

    @property
    def holds(self):
        """Whether no fall is significant and the rise is, at 5 %."""
        return self.significant_falls == 0 and self.p_value < 0.05


def wilson_interval(events, customers, level=0.95):
    """Wilson interval of a rate.

    Parameters
    ----------
    events, customers : int or array-like of int
    level : float, default=0.95

    Returns
    -------
    low, high : ndarray
        In [0, 1]; NaN without customers.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical
       inference", Journal of the American Statistical Association, vol. 22, 1927.

    Examples
    --------
    >>> low, high = wilson_interval(1, 10)
    >>> print(low.round(4), high.round(4))
    0.0179 0.4042
    """
    n = np.asarray(customers, dtype=float)
    n = np.where(n > 0, n, np.nan)
    rate = np.asarray(events, dtype=float) / n
    z = norm.ppf((1 + level) / 2)
    middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def brier(probability, outcome):
    """Mean squared distance of probabilities from what came (Brier score).

    Parameters
    ----------
    probability : array-like of shape (n_customers,)
        In [0, 1].
    outcome : array-like of bool of shape (n_customers,)

    Returns
    -------
    brier : float
        0 the best; the base rate p for everyone gives p (1 - p).

    Examples
    --------
    >>> brier([0.0, 0.5, 1.0], [False, True, True]).round(4).item()
    0.0833
    """
    probability, outcome = _probabilities(probability, outcome)
    return np.mean((probability - outcome) ** 2)


def reliability(probability, outcome, n_bins=10, level=0.95) -> pd.DataFrame:
    """Predicted against observed rates, in bins of about as many customers each.

    Parameters
    ----------
    probability, outcome
        As for `brier`.
    n_bins : int, default=10
        Bins wanted; customers of one probability stay together, so there may be fewer.
    level : float, default=0.95
        Of the Wilson intervals.

    Returns
    -------
    reliability : DataFrame
        A row a bin, the safest first: `customers`, `events`, `predicted` (mean
        probability), `observed`, `low`, `high`, and `within`: whether the prediction
        lies within the interval of the observation.

    Examples
    --------
    >>> found = reliability([0.1, 0.1, 0.8, 0.8], [0, 0, 1, 1], n_bins=2)
    >>> found[["predicted", "observed"]].round(2).to_numpy().tolist()
    [[0.1, 0.0], [0.8, 1.0]]
    """
    probability, outcome = _probabilities(probability, outcome)
    edges = np.quantile(
        probability, np.arange(1, n_bins) / n_bins, method="inverted_cdf"
    )
    bins = np.searchsorted(np.unique(edges), probability, side="left")
    frame = pd.DataFrame({"p": probability, "bad": outcome}).groupby(bins)
    found = pd.DataFrame(
        {
            "customers": frame.size(),
            "events": frame["bad"].sum().astype(int),
            "predicted": frame["p"].mean(),
            "observed": frame["bad"].mean(),
        }
    ).reset_index(drop=True)
    found["low"], found["high"] = wilson_interval(
        found["events"], found["customers"], level
    )
    found["within"] = found["predicted"].between(
        found["low"] - 1e-12, found["high"] + 1e-12
    )
    return found


def rate_by_grade(grades, outcome, names, level=0.95) -> pd.DataFrame:
    """Rate of the bad outcome in each grade, with its interval.

    Parameters
    ----------
    grades : array-like of int of shape (n_customers,)
        Position in `names`, 0 the best; negative: no grade, left out.
    outcome : array-like of bool of shape (n_customers,)
    names : sequence of str
        All grades, the best first; those without customers are shown, too.
    level : float, default=0.95

    Returns
    -------
    rates : DataFrame of shape (n_grades, 5)
        Index `grade`: `customers`, `events`, `rate`, `low`, `high` (Wilson); NaN rates
        where nobody is.

    Examples
    --------
    >>> rate_by_grade([0, 0, 2, 2], [0, 0, 0, 1], ["A", "B", "C"])["rate"].tolist()
    [0.0, nan, 0.5]
    """
    grades, outcome = checked(grades, outcome)
    grades = grades.astype(int)
    if grades.max() >= len(names):
        raise ValueError(
            f"grades must lie below {len(names)}, the number of names. "
            f"Got {grades.max()}."
        )
    graded = grades >= 0
    customers = np.bincount(grades[graded], minlength=len(names))
    events = np.bincount(grades[graded], outcome[graded], minlength=len(names))
    rate = np.divide(
        events, customers, out=np.full(len(names), np.nan), where=customers > 0
    )
    low, high = wilson_interval(events, customers, level)
    return pd.DataFrame(
        {
            "customers": customers,
            "events": events.astype(int),
            "rate": rate,
            "low": low,
            "high": high,
        },
        index=pd.Index(list(names), name="grade"),
    )


def monotone_rates(customers, events) -> MonotoneVerdict:
    """Judge whether rates rise from each grade to the next worse one.

    Parameters
    ----------
    customers, events : array-like of int of shape (n_grades,)
        The best grade first, as `rate_by_grade` gives them; grades without customers
        are passed over.

    Returns
    -------
    verdict : MonotoneVerdict

    Notes
    -----
    The trend test is that of Cochran and Armitage with the position of the grade as its
    weight, one-sided. It is exact (over all ways in which the given number of events
    can fall on the grades) where that takes about a second, and else by the normal
    limit.

    References
    ----------
    .. [1] P. Armitage, "Tests for linear trends in proportions and frequencies",
       Biometrics, vol. 11, pp. 375-386, 1955.

    Examples
    --------
    >>> verdict = monotone_rates([20, 20, 20], [1, 4, 9])
    >>> verdict.falls, verdict.test, round(verdict.p_value, 4)
    (0, 'exact', 0.0022)
    """
    customers = np.asarray(customers, dtype=int)
    events = np.asarray(events, dtype=int)
    if customers.shape != events.shape or (events > customers).any():
        raise ValueError(
            "customers and events must have a number a grade, with no more events "
            f"than customers. Got {customers.tolist()} and {events.tolist()}."
        )
    held = customers > 0
    position = np.flatnonzero(held)
    customers, events = customers[held], events[held]
    rates = events / customers
    steps = np.diff(rates)
    grades = range(len(customers))
    return MonotoneVerdict(
        int((steps < 0).sum()),
        _beyond_chance(customers, events, combinations(grades, 2), "greater"),
        _beyond_chance(customers, events, pairwise(grades), "less"),
        *_trend(customers, events, position),
    )


def calibrate(risk, outcome, how="auto"):
    """Learn which probability a risk stands for, from customers of an earlier time.

    Parameters
    ----------
    risk : array-like of shape (n_customers,)
        A number that grows with the risk, such as 100 minus a score.
    outcome : array-like of bool of shape (n_customers,)
        Of these customers: never those that the probabilities are judged on.
    how : {"auto", "isotonic", "logistic"}, default="auto"
        - "auto": isotonic where `ISOTONIC_FROM` outcomes of the rarer kind are there to
          learn from, and logistic else;
        - "isotonic": any rising steps; needs some hundred outcomes, and can give 0 and
          1 at the ends;
        - "logistic": one curve of two coefficients (Platt), for few outcomes.

    Returns
    -------
    probability : callable
        From risks to probabilities in [0, 1], never falling.

    References
    ----------
    .. [1] B. Zadrozny and C. Elkan, "Transforming classifier scores into accurate
       multiclass probability estimates", Proc. KDD, 2002.

    Examples
    --------
    >>> probability = calibrate([1, 2, 3, 4], [False, True, False, True], "isotonic")
    >>> probability([0, 2.5, 9]).tolist()
    [0.0, 0.5, 1.0]
    """
    if how not in MAPS:
        raise ValueError(f"how must be one of {', '.join(MAPS)}. Got {how!r} instead.")
    risk, outcome = checked(risk, outcome)
    few = min(outcome.sum(), (~outcome).sum()) < ISOTONIC_FROM
    if how == "isotonic" or (how == "auto" and not few):
        steps = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1)
        steps.fit(risk, outcome.astype(float))
        return lambda values: steps.predict(np.asarray(values, dtype=float))
    if outcome.all() or not outcome.any() or np.ptp(risk) == 0:
        rate = float(outcome.mean())
        return lambda values: np.full(len(np.asarray(values)), rate)
    middle, spread = risk.mean(), risk.std()
    curve = LogisticRegression(C=1e6).fit((risk[:, None] - middle) / spread, outcome)
    if curve.coef_[0, 0] < 0:  # a risk that points the wrong way tells nothing
        rate = float(outcome.mean())
        return lambda values: np.full(len(np.asarray(values)), rate)

    def probability(values):
        scaled = (np.asarray(values, dtype=float)[:, None] - middle) / spread
        return curve.predict_proba(scaled)[:, 1]

    return probability


def _probabilities(probability, outcome):
    probability, outcome = checked(probability, outcome)
    if probability.min() < 0 or probability.max() > 1:
        raise ValueError(
            "probability must lie in 0 to 1. Got "
            f"{probability.min():g} to {probability.max():g}; see `calibrate`."
        )
    return probability, outcome


def _beyond_chance(customers, events, pairs, better):
    """Pairs of which the better grade's rate is `better` than the worse one's.

    Fisher's exact test, one-sided, with Holm's correction over all `pairs`.
    """
    p_values = [
        fisher_exact(
            [events[[*pair]], (customers - events)[[*pair]]], alternative=better
        ).pvalue
        for pair in pairs
    ]
    limits = 0.05 / np.arange(len(p_values), 0, -1)
    return int(np.cumprod(np.sort(p_values) < limits).sum())


def _trend(customers, events, position):
    """One-sided p-value of a rise over the grades, and how it was worked out."""
    total, all_events = customers.sum(), events.sum()
    if len(customers) < 2 or all_events in (0, total):
        return float("nan"), "exact"
    weights = position - position[0]
    observed = int((weights * events).sum())
    few = min(all_events, total - all_events)
    work = len(customers) * float(few) ** 3 * weights[-1]
    if work <= _EXACT_WORK:
        if few < all_events:  # the good outcomes are fewer: their sum must be low
            return _exact(customers, weights, few, observed, turned=True), "exact"
        return _exact(customers, weights, few, observed, turned=False), "exact"
    rate = all_events / total
    mean = rate * (weights * customers).sum()
    spread = (weights**2 * customers).sum() - (weights * customers).sum() ** 2 / total
    variance = rate * (1 - rate) * spread * total / (total - 1)
    return float(norm.sf((observed - 0.5 - mean) / np.sqrt(variance))), "normal"


def _exact(customers, weights, n_events, observed, *, turned):
    """Share of all ways to place the events that rise as steeply as the observed."""
    span = int(weights[-1]) * n_events + 1
    logs = np.cumsum(np.log(np.maximum(np.arange(customers.sum() + 1), 1)))
    ways = np.zeros((n_events + 1, span))
    ways[0, 0] = 1.0
    for n, weight in zip(customers, weights, strict=True):
        most = min(int(n), n_events)
        drawn = np.arange(most + 1)
        log = logs[n] - logs[drawn] - logs[n - drawn]
        scale = np.exp(log - log.max())
        grown = np.zeros_like(ways)
        for k in drawn:
            shift = int(weight) * k
            grown[k:, shift:] += scale[k] * ways[: n_events + 1 - k, : span - shift]
        ways = grown / grown.max()
    chances = ways[n_events] / ways[n_events].sum()
    if turned:
        limit = int((weights * customers).sum()) - observed
        return float(min(chances[: limit + 1].sum(), 1.0))
    return float(min(chances[observed:].sum(), 1.0))
