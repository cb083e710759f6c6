"""Plain names for segments, taken from what sets their customers apart."""

from typing import NamedTuple

import numpy as np
import pandas as pd


class Trait(NamedTuple):
    """How a high and a low value of a feature are said, English and Chinese."""

    high: tuple[str, str]
    low: tuple[str, str]


# Only features that a reader can picture.
TRAITS = {
    "share_night": Trait(("night", "夜间"), ("night-quiet", "夜间低")),
    "share_midday": Trait(("daytime", "日间"), ("day-quiet", "日间低")),
    "share_evening": Trait(("evening-peak", "晚高峰"), ("evening-low", "晚间低")),
    "share_morning": Trait(("early-rising", "早高峰"), ("late-rising", "早间低")),
    "base_load_share": Trait(("steady", "平稳"), ("low-base", "低基荷")),
    "day_to_day_variability": Trait(("irregular", "不规律"), ("regular", "规律")),
    "winter_ratio": Trait(("winter-heavy", "冬季高"), ("winter-even", "冬季平")),
    "summer_ratio": Trait(("summer-heavy", "夏季高"), ("summer-low", "夏季低")),
    "rest_day_ratio": Trait(("rest-day", "休息日"), ("working-day", "工作日")),
    "late_share": Trait(("late-paying", "迟缴"), ("punctual", "准时缴费")),
    "arrears_ratio": Trait(("indebted", "欠费"), ("debt-free", "无欠费")),
    "days_overdue": Trait(("overdue", "逾期"), ("not-overdue", "无逾期")),
    "payments_per_cycle": Trait(("often-paying", "勤缴"), ("seldom-paying", "少缴")),
    "tenure_years": Trait(("long-standing", "老客户"), ("new", "新客户")),
    "amount_yuan": Trait(("high-paying", "高额"), ("low-paying", "低额")),
    "annual_energy": Trait(("large", "大用量"), ("small", "小用量")),
}
ORDER = list(TRAITS)  # a name reads from the last of these to the first
# Of the traits of one kind a name takes the strongest: shares of one day move together,
# and so do the seasons, what is owed and late, and what is used and paid.
KINDS = {name: name.split("_")[0] for name in TRAITS} | {
    "winter_ratio": "season",
    "summer_ratio": "season",
    "late_share": "arrears",
    "arrears_ratio": "arrears",
    "days_overdue": "arrears",
    "amount_yuan": "annual",
}
# What customers do says more than what they do not: other low traits come last.
SAID_LOW = (
    "annual_energy",
    "day_to_day_variability",
    "late_share",
    "tenure_years",
    "amount_yuan",
)
NOTICEABLE = 0.5
DOMINANT = {"half": 1 / 2, "a third": 1 / 3, "a quarter": 1 / 4}
"""Shares of a segment's energy from which one customer has to be spoken of."""
# A high base load is called steady; who is irregular from day to day is not.
UNLESS = {"base_load_share": "day_to_day_variability"}


def contrasts(features: pd.DataFrame, segments: pd.Series) -> pd.DataFrame:
    """How far each segment's typical customer lies from the others'.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        One row a customer. Missing values are left out.
    segments : Series of shape (n_customers,)
        Segment of each customer, on the same index.

    Returns
    -------
    contrasts : DataFrame of shape (n_segments, n_features)
        Median of the segment minus median of all other customers, in robust standard
        deviations (1.4826 MAD) of all customers; in plain ones where more than half of
        them have one value, as those who owe nothing; 0 where a feature does not vary.

    Examples
    --------
    >>> features = pd.DataFrame({"size": [1.0, 2.0, 3.0, 9.0]})
    >>> contrasts(features, pd.Series([0, 0, 0, 1])).round(2).loc[1].item()
    4.72
    """
    spread = 1.4826 * (features - features.median()).abs().median()
    spread = spread.where(spread > 0, features.std(ddof=0))
    spread = spread.mask(features.max() == features.min(), 0.0)
    rows = {
        segment: features[segments == segment].median()
        - features[segments != segment].median()
        for segment in sorted(segments.unique())
    }
    found = pd.DataFrame(rows).T / spread.replace(0, np.nan)
    return found.fillna(0.0).rename_axis("segment")


def name_segments(features: pd.DataFrame, segments: pd.Series) -> pd.DataFrame:
    """Name each segment by the two traits that set it apart most.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        Load or payment features; those in `TRAITS` can give names.
    segments : Series of shape (n_customers,)
        Segment of each customer, on the same index.

    Returns
    -------
    names : DataFrame of shape (n_segments, 3)
        Index `segment`; `en` and `zh`, no two segments alike; `because`, the traits
        with their contrasts, those that tell most first. A segment that differs less
        than `NOTICEABLE` robust standard deviations in everything is "typical users
        一般型".

    Examples
    --------
    >>> features = pd.DataFrame({"share_night": [0.2, 0.22, 0.24, 0.6, 0.62]})
    >>> name_segments(features, pd.Series([0, 0, 0, 1, 1]))["en"].tolist()
    ['night-quiet users', 'night users']
    """
    known = [name for name in TRAITS if name in features]
    far = contrasts(features[known], segments)
    rows, taken = {}, set()
    for segment, row in far.iterrows():
        ranked = row[row.abs().sort_values(ascending=False, kind="stable").index]
        telling = (ranked > 0) | ranked.index.isin(SAID_LOW)
        ranked = pd.concat([ranked[telling], ranked[~telling]])
        ranked = ranked[ranked.abs() >= NOTICEABLE]
        ranked = ranked[~ranked.index.map(KINDS).duplicated()]
        high = ranked.index[ranked > 0]
        untrue = [name for name in high if UNLESS.get(name) in high]
        ranked = ranked.drop(untrue)
        for n_traits in range(min(2, len(ranked)), len(ranked) + 1):
            en, zh = _said(ranked[:n_traits])
            if en not in taken:
                break
        else:
            number = segment if isinstance(segment, str) else segment + 1
            en, zh = f"{en} ({number})", f"{zh}（{number}）"
        taken.add(en)
        because = "; ".join(
            f"{name.replace('_', ' ')} {value:+.1f} sd"
            for name, value in ranked[:3].items()
        )
        rows[segment] = {"en": en, "zh": zh, "because": because or "nothing stands out"}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("segment")


def single_customers(
    energy: pd.Series,
    distance_ratio: pd.Series,
    segments: pd.Series,
    names: pd.DataFrame,
) -> list[str]:
    """What the figures of the segments owe to single customers, a sentence each.

    Parameters
    ----------
    energy : Series of shape (n_customers,)
        Energy, or what else is added up. Negative values count as nothing.
    distance_ratio : Series of shape (n_customers,)
        As the segmenter gives it: above 1 the customer fits no segment.
    segments : Series of shape (n_customers,)
        Segment of each customer, on the same index.
    names : DataFrame
        As `name_segments` gives it.

    Returns
    -------
    sentences : list of str
        On segments of one, on segments of which one customer has more of the energy
        than the least of `DOMINANT`, and on customers that fit none; never empty.

    Examples
    --------
    >>> names = pd.DataFrame({"en": ["night users", "day users"]})
    >>> energy, ratio = pd.Series([9.0, 1.0, 1.0, 5.0]), pd.Series([0.5, 0.4, 1.2, 0.0])
    >>> for said in single_customers(energy, ratio, pd.Series([0, 0, 0, 1]), names):
    ...     print(said)
    Segment 2, the day users, is a single customer: an outlier rather than a segment.
    A single customer has more than half of the energy of the night users: read their
    energy and their load as that customer's.
    1 customer fits none of the segments by its curve and counts in the nearest.
    """
    said, sizes = [], segments.value_counts()
    said += [
        f"Segment {segment + 1}, the {names['en'][segment]}, is a single customer: an "
        "outlier rather than a segment."
        for segment in names.index
        if sizes.get(segment, 0) == 1
    ]
    drawn = energy.clip(lower=0).groupby(segments)
    largest = (drawn.max() / drawn.sum())[sizes > 1]
    phrases = []
    for part, least in DOMINANT.items():
        found = largest.index[largest > least]
        largest = largest.drop(found)
        if len(found):
            whose = " and of the ".join(names["en"][segment] for segment in found)
            phrases.append(f"more than {part} of the energy of the {whose}")
    if phrases:
        said.append(
            f"A single customer has {', and '.join(phrases)}: read their energy and "
            "their load as that customer's."
        )
    strangers = int((distance_ratio > 1).sum())
    if strangers:
        one = strangers == 1
        said.append(
            f"{strangers:,} {'customer fits' if one else 'customers fit'} none of the "
            f"segments by {'its curve and counts' if one else 'their curves and count'}"
            " in the nearest."
        )
    return said or [
        "No figure of a segment hangs on one customer, and every curve fits its "
        "segment."
    ]


def _said(traits: pd.Series) -> tuple[str, str]:
    if traits.empty:
        return "typical users", "一般型"
    sides = [
        TRAITS[name].high if value > 0 else TRAITS[name].low
        for name, value in sorted(traits.items(), key=lambda t: -ORDER.index(t[0]))
    ]
    en, zh = (" ".join(side[0] for side in sides), "".join(side[1] for side in sides))
    return f"{en} users", f"{zh}型"
