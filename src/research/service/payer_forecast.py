"""Do the segments of payers foretell who will be late: learned once, judged later."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binomtest, rankdata

from research.features import payment
from research.region import NotApplicable
from research.service.payer_axes import kind_of
from research.service.payers import Scheme

OVERDUE = ("long_arrears", "arrears", "slipping")
"""Segments of customers with something overdue on the day."""


class Foretold(NamedTuple):
    """How well segments foretold who would be late, learned at one day, judged later.

    Attributes
    ----------
    rates : DataFrame
        Index `segment`: `customers`, `late`, `rate`, `low`, `high` (Wilson interval) at
        the later day, `learned`: the rate at the earlier day; NaN where nobody was.
    auc : DataFrame
        Index `rule`: `auc` with `low`, `high` (bootstrap over customers), `caught`: the
        share of the late found in the tenth of the customers that the rule puts first.
    ahead : tuple of float
        AUC of the segments less that of the one rule, which stands second in `auc`:
        value, low, high.
    """

    rates: pd.DataFrame
    auc: pd.DataFrame
    ahead: tuple


class Days(NamedTuple):
    """A day to learn at and a later one to judge at; `reason` why one is None."""

    learn: object
    judge: object
    reason: str


def days_to_judge(region, horizon_months: int) -> Days:
    """Days at which what the segments foretell can be learned and judged.

    Where the tables are too short for two, the last day whose outcome is known is there
    to judge at, and nothing is learned.

    Parameters
    ----------
    region : Region
    horizon_months : int
        Months after each day in which bills are looked at.
    """
    if kind_of(region, "postpaid") != "postpaid":
        return Days(None, None, "no bills: who was late is not known")
    try:
        splits = payment.time_splits(region, 1, horizon_months=horizon_months)
    except NotApplicable as error:
        reason = str(error).removeprefix(f"{region.name}: ").rstrip(".")
        day = payment.default_as_of(region, horizon_months=horizon_months)
        try:
            payment.credit_indicators(region, day)
            payment.later_arrears(region, day, horizon_months=horizon_months)
        except NotApplicable:
            return Days(None, None, reason)
        return Days(None, day, reason)
    return Days(splits["train"].iloc[0], splits["test"].iloc[0], "")


def earlier_day(region, day, months: int, *, window: int = 12):
    """The day so many months before, or None where its window is not whole.

    A shorter window holds less money and fewer late bills: segments would seem to grow.

    Parameters
    ----------
    region : Region
    day : date-like
    months : int
    window : int
        Months before the earlier day that every table of payments has to reach.
    """
    then = pd.Timestamp(day) - pd.DateOffset(months=months)
    firsts = [
        region.query(f"select min({column}) as first from {table}")["first"].iloc[0]
        for table, column in (
            ("payments", "ts"),
            ("topups", "ts_order"),
            ("payment_history", "ym"),
        )
        if region.has(table)
    ]
    begins = max(pd.Timestamp(first) for first in firsts if not pd.isna(first))
    # The first payment of a month comes some days after its beginning.
    whole = then - pd.DateOffset(months=window) + pd.Timedelta(days=31)
    return then.date() if begins <= whole else None


def foretold(
    earlier: tuple[pd.Series, pd.Series] | None,
    later: tuple[pd.Series, pd.Series],
    rules: pd.DataFrame,
    *,
    n_resamples: int = 200,
    random_state: int = 0,
) -> Foretold:
    """Rates learned at an earlier day, judged at a later one against simple rules.

    Parameters
    ----------
    earlier, later : (segments, late)
        Segment of each customer on a day, and who was late afterwards; customers
        without an outcome are left out. All outcomes of `earlier` were known on the
        later day. Without `earlier` the order of the segments, worst first, stands for
        the rates.
    rules : DataFrame
        On the index of the later segments: scores of simple rules, the first of them
        the one rule that the segments have to beat; high means late.
    n_resamples, random_state
        Of the bootstrap over customers.

    Returns
    -------
    foretold : Foretold

    Raises
    ------
    ValueError
        If nobody, or everybody, of the later customers was late.
    """
    segments, late = later
    worst_first = segments.cat.categories
    if earlier is None:
        learned = pd.Series(np.nan, worst_first)
        order = pd.Series(-np.arange(len(worst_first), dtype=float), worst_first)
    else:
        seen, was_late = earlier
        seen = seen[seen.index.isin(was_late.index)]
        was_late = was_late.reindex(seen.index).astype(float)
        learned = was_late.groupby(seen, observed=False).mean()
        order = learned.fillna(was_late.mean())
    ids = segments.index.intersection(late.index)
    segments, late = segments.loc[ids], late.loc[ids].to_numpy(dtype=bool)
    if late.all() or not late.any():
        raise ValueError(
            f"of {len(late)} customers {int(late.sum())} were late: both kinds are "
            "wanted. Take another day or a longer horizon."
        )
    scores = rules.loc[ids].copy()
    by_segment = segments.astype(object).map(order).astype(float)
    scores.insert(0, "segments", by_segment.fillna(order.mean()))
    rng = np.random.default_rng(random_state)
    values, n = scores.to_numpy(dtype=float), len(ids)
    drawn = []
    for _ in range(n_resamples):
        rows = rng.integers(n, size=n)
        if late[rows].any() and not late[rows].all():
            drawn.append(area_under_curve(values[rows], late[rows]))
    drawn = np.array(drawn)
    whole = area_under_curve(values, late)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    auc = pd.DataFrame(
        {
            "auc": whole,
            "low": low,
            "high": high,
            "caught": [caught(column, late) for column in values.T],
        },
        index=pd.Index(scores.columns, name="rule"),
    )
    gain = drawn[:, 0] - drawn[:, 1]
    ahead = (whole[0] - whole[1], *np.quantile(gain, [0.025, 0.975]))
    return Foretold(_rates(segments, late, learned), auc, tuple(map(float, ahead)))


def _rates(segments, late, learned):
    rows = {}
    for name in segments.cat.categories:
        inside = late[(segments == name).to_numpy()]
        if not len(inside):
            continue
        count = int(inside.sum())
        interval = binomtest(count, len(inside)).proportion_ci(method="wilson")
        rows[name] = {
            "customers": len(inside),
            "late": count,
            "rate": count / len(inside),
            "low": interval.low,
            "high": interval.high,
            "learned": learned.get(name, np.nan),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("segment")


def area_under_curve(scores: np.ndarray, late: np.ndarray) -> np.ndarray:
    """Share of pairs of a late and a punctual customer that each score puts right.

    Parameters
    ----------
    scores : ndarray of shape (n_customers, n_rules)
    late : ndarray of bool of shape (n_customers,)

    Returns
    -------
    auc : ndarray of shape (n_rules,)
        In [0, 1]; ties count half.

    Examples
    --------
    >>> late = np.array([True, True, False, False])
    >>> area_under_curve(np.array([[3.0], [1.0], [1.0], [0.0]]), late).tolist()
    [0.875]
    """
    ranks = rankdata(scores, axis=0)
    n_late = int(late.sum())
    least = n_late * (n_late + 1) / 2
    return (ranks[late].sum(axis=0) - least) / (n_late * (len(late) - n_late))


def caught(score: np.ndarray, late: np.ndarray, share: float = 0.1) -> float:
    """Share of the late among the first `share` of the customers by a score.

    Of customers with one score some are drawn: the mean over all draws is given.

    Examples
    --------
    >>> late = np.array([True, False, True, False])
    >>> caught(np.array([9.0, 5.0, 5.0, 1.0]), late, share=0.5)
    0.75
    """
    room, found = share * len(score), 0.0
    for value in np.unique(score)[::-1]:
        inside = score == value
        taken = min(room, float(inside.sum()))
        found += taken * late[inside].mean()
        room -= taken
        if room <= 0:
            break
    return float(found / late.sum())


def overdue_names(scheme: Scheme) -> list[str]:
    """Names of the segments whose customers are overdue on the day.

    Parameters
    ----------
    scheme : Scheme
    """
    words = scheme.names["en"] + " " + scheme.names["zh"]
    return [words[key] for key in OVERDUE if key in words]


def judge(segments, late, axes, *, random_state: int = 0) -> Foretold | None:
    """`foretold` for one day or two, against the simple rules that the axes give.

    The rival is the simple rule that did best at the earlier day: nothing is chosen by
    what is judged. With one day it is the days overdue.

    Parameters
    ----------
    segments, late, axes : dict of day to Series, Series, DataFrame
        One day or two, the earlier first, as `foretold` and `payer_axes.axes_of` want
        them.
    random_state : int

    Returns
    -------
    foretold : Foretold or None
        None where at one of the days nobody, or everybody, was late.
    """
    if any(outcome.nunique() < 2 for outcome in late.values()):
        return None
    words = {"days_overdue": "days overdue", "late_share": "share of bills late"}
    *learn, test = segments
    earlier = (segments[learn[0]], late[learn[0]]) if learn else None
    names = list(words)
    if learn:
        known = axes[learn[0]].index.intersection(late[learn[0]].index)
        areas = area_under_curve(
            axes[learn[0]].loc[known, names].to_numpy(dtype=float),
            late[learn[0]].loc[known].to_numpy(dtype=bool),
        )
        names = [names[i] for i in np.argsort(-areas, kind="stable")]
    return foretold(
        earlier,
        (segments[test], late[test]),
        axes[test][names].rename(columns=words),
        random_state=random_state,
    )
