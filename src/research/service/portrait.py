"""Plain names for segments, taken from what sets their customers apart."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.service.privacy import count_told


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


def outliers_told(
    distance_ratio: pd.Series,
    counted: pd.Series,
    segments: pd.Series,
    *,
    min_cell: int,
    largest_share: float,
) -> list[str]:
    """What a reader must know of customers unlike the others, a sentence each.

    Parameters
    ----------
    distance_ratio : Series of shape (n_customers,)
        As the segmenter gives it: above 1 the customer fits no segment.
    counted : Series of bool of shape (n_customers,)
        Who stands in sums, as `privacy.without_dominant` gives it.
    segments : Series of shape (n_customers,)
        Segments as the method found them.
    min_cell, largest_share
        As in `privacy.hidden`.

    Returns
    -------
    sentences : list of str
        On segments put together, on sums without their largest customers, and on
        customers that fit none; never empty, and never of one customer.

    Examples
    --------
    >>> ratio, segments = pd.Series([0.5] * 30), pd.Series([0] * 30)
    >>> counted = pd.Series([False] + [True] * 29)
    >>> outliers_told(ratio, counted, segments, min_cell=15, largest_share=0.15)[0]
    'Some customers make more than 15% of their segment or of the area (fewer than 15):
    sums of energy and load are without them.'
    """
    said = []
    if (segments.value_counts() < min_cell).any():
        said.append(
            f"Segments of fewer than {min_cell} customers are put together; they are "
            "outliers rather than segments."
        )
    if not counted.all():
        said.append(
            f"Some customers make more than {largest_share:.0%} of their segment or of "
            f"the area ({count_told((~counted).sum(), min_cell)}): sums of energy and "
            "load are without them."
        )
    strangers = int((distance_ratio > 1).sum())
    if strangers:
        said.append(
            f"Customers that fit none of the segments by their curves: "
            f"{count_told(strangers, min_cell)}; they count in the nearest."
        )
    return said or ["No sum hangs on one customer, and every curve fits its segment."]


def _said(traits: pd.Series) -> tuple[str, str]:
    if traits.empty:
        return "typical users", "一般型"
    sides = [
        TRAITS[name].high if value > 0 else TRAITS[name].low
        for name, value in sorted(traits.items(), key=lambda t: -ORDER.index(t[0]))
    ]
    en, zh = (" ".join(side[0] for side in sides), "".join(side[1] for side in sides))
    return f"{en} users", f"{zh}型"
