"""What to do for a segment: actions with an owner and what to expect of them.

The schemes are general demand-side and service practice, matched to the trait that
sets a segment apart; the energy and load figures are the region's own. How many
customers would follow is not in load data, so an effect is given per tenth.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.service.portrait import NOTICEABLE

STABLE = 0.6
"""Mean Jaccard similarity below which a segment counts as dissolved (Hennig 2007)."""


class Scheme(NamedTuple):
    """An action for customers whose strongest trait calls for it."""

    action: str
    owner: str
    lever: str  # the column of `effects` that it moves


SCHEMES = {
    "share_evening": Scheme(
        "offer a time-of-use tariff 分时电价 and shift appliances out of the evening",
        "demand-side staff 需求侧",
        "peak_kw",
    ),
    "share_night": Scheme(
        "keep or offer a valley tariff 谷电; check storage heating 蓄热电采暖",
        "demand-side staff 需求侧",
        "night_kwh",
    ),
    "base_load_share": Scheme(
        "offer an audit of what never switches off",
        "energy-service staff 能效服务",
        "base_kwh",
    ),
    "share_midday": Scheme(
        "go through the day's work with them: what can leave the area's peak 错峰用电",
        "key-account staff 大客户经理",
        "peak_kw",
    ),
    "day_to_day_variability": Scheme(
        "no shifting scheme: the rhythm is too irregular; send low-use tips only",
        "customer service 客服",
        "",
    ),
    "winter_ratio": Scheme(
        "advise on heating and insulation before winter 迎峰度冬",
        "energy-service staff 能效服务",
        "winter_kwh",
    ),
    "summer_ratio": Scheme(
        "advise on cooling before summer 迎峰度夏",
        "energy-service staff 能效服务",
        "summer_kwh",
    ),
}
# Tips are no answer to a large load that comes and goes.
LARGE_IRREGULAR = Scheme(
    "visit each: what its large load depends on, and when it may run 预约用电",
    "key-account staff 大客户经理",
    "peak_kw",
)
STANDARD = "serve by the common standard; {}"
ALIKE, UNANSWERED = "nothing sets it apart", "no scheme answers what sets it apart"
NOT_STABLE = "no scheme: the segment is not stable (Jaccard {:.2f})"
LEVERS = {
    "peak_kw": "each tenth of its peak load moved lowers the area peak by {:.1f} kW",
    "night_kwh": "{:,.0f} kWh a year already lie in the night",
    "base_kwh": "a tenth less base load saves {:,.0f} kWh a year",
    "winter_kwh": "a tenth less of the winter's surplus saves {:,.0f} kWh a year",
    "summer_kwh": "a tenth less of the summer's surplus saves {:,.0f} kWh a year",
}


def effects(features: pd.DataFrame, segments: pd.Series) -> pd.DataFrame:
    """Size of each lever in each segment.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        Load features of the customers.
    segments : Series of shape (n_customers,)
        Segment of each customer, on the same index.

    Returns
    -------
    effects : DataFrame of shape (n_segments, 5)
        `peak_kw`: a tenth of the mean load at the area's peak [kW]; `night_kwh`: a
        year's energy between 22 and 6 h [kWh]; `base_kwh`: a tenth of a year's base
        load [kWh]; `winter_kwh`, `summer_kwh`: a tenth of what three such months use
        above the year's average [kWh]. Missing values count as nothing.
    """
    year = features["annual_energy"]
    parts = pd.DataFrame(
        {
            "peak_kw": 0.1 * features["area_peak_load"],
            "night_kwh": year * features["share_night"],
            "base_kwh": 0.1 * year * features["base_load_share"],
            "winter_kwh": 0.1 * year / 4 * (features["winter_ratio"] - 1).clip(lower=0),
            "summer_kwh": 0.1 * year / 4 * (features["summer_ratio"] - 1).clip(lower=0),
        }
    )
    return parts.groupby(segments).sum().rename_axis("segment")


def propose(
    contrasts: pd.DataFrame, levers: pd.DataFrame, stability: pd.Series
) -> pd.DataFrame:
    """Propose one scheme a segment, by the strongest trait that has one.

    Parameters
    ----------
    contrasts : DataFrame of shape (n_segments, n_features)
        As `portrait.contrasts` gives it.
    levers : DataFrame of shape (n_segments, 5)
        As `effects` gives it.
    stability : Series of shape (n_segments,)
        Mean Jaccard similarity of each segment in [0, 1].

    Returns
    -------
    proposals : DataFrame of shape (n_segments, 3)
        Index `segment`; `action`, `owner`, `effect`, each a phrase. A segment below
        `STABLE` gets no scheme: who is in it would change with the next sample. An
        effect that is not known is left out.

    Examples
    --------
    >>> contrasts = pd.DataFrame({"base_load_share": [1.4, -0.2]})
    >>> levers = pd.DataFrame({"base_kwh": [1200.0, 300.0]})
    >>> propose(contrasts, levers, pd.Series([0.9, 0.9]))["effect"].tolist()
    ['a tenth less base load saves 1,200 kWh a year', '']
    """
    rows = {}
    for segment, row in contrasts.iterrows():
        high = row[[name for name in SCHEMES if name in row]]
        high = high[high >= NOTICEABLE].sort_values(ascending=False, kind="stable")
        if stability[segment] < STABLE:
            action, owner, effect = NOT_STABLE.format(stability[segment]), "", ""
        elif high.empty:
            alike = (row.abs() < NOTICEABLE).all()
            action, owner = STANDARD.format(ALIKE if alike else UNANSWERED), ""
            effect = ""
        else:
            scheme = SCHEMES[high.index[0]]
            large = row.get("annual_energy", 0.0) >= NOTICEABLE
            if large and high.index[0] == "day_to_day_variability":
                scheme = LARGE_IRREGULAR
            action, owner, lever = scheme
            size = levers[lever][segment] if lever else np.nan
            effect = "" if np.isnan(size) else LEVERS[lever].format(size)
        rows[segment] = {"action": action, "owner": owner, "effect": effect}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("segment")
