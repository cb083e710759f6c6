"""The sentence a hurried reader takes away, English and Chinese, from the figures."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from research.service.strategy import STABLE

SHORT_ENOUGH = 0.85
"""Share of the readings below which coverage is called poor."""


def of_segments(
    names: pd.DataFrame,
    shares: pd.DataFrame,
    stability: pd.Series,
    customers: int,
    *,
    apart: bool,
    partial: bool = False,
) -> tuple[str, str]:
    """What the segmentation found.

    Parameters
    ----------
    names : DataFrame
        As `portrait.name_segments` gives it.
    shares : DataFrame
        As `comparison.share_intervals` gives it, with the measures `customers` and
        `area peak`.
    stability : Series
        Mean Jaccard similarity of each segment.
    customers : int
        Customers that were segmented.
    apart : bool
        Whether the segments are further apart than slices of one cloud would be.
    partial : bool
        Whether the area's peak is told without its largest customers.

    Returns
    -------
    en, zh : str
        One sentence each. A division whose least stable segment is below `STABLE` is
        not called a finding.
    """
    k, least = len(names), stability.min()
    if k == 1:
        return (
            f"No division of the {customers:,} customers by load shape is stable: "
            "treat them as one group.",
            f"{customers:,} 户客户的负荷形态没有稳定的分群，应视为一个整体。",
        )
    if least < STABLE:
        return (
            f"The {k} segments of {customers:,} customers are not stable (least "
            f"Jaccard similarity {least:.2f}): do not act on them.",
            f"{customers:,} 户客户的 {k} 个分群不稳定（最低 Jaccard {least:.2f}），"
            "不宜据此决策。",
        )
    share = shares.set_index(["measure", "segment"])
    top = (
        shares[shares["measure"] == "area peak"].set_index("segment")["share"].idxmax()
    )
    part, peak = share.loc[("customers", top)], share.loc[("area peak", top)]
    return (
        f"{customers:,} customers follow {k} daily rhythms; the {names['en'][top]}, "
        f"{part['share']:.0%} of them, make up {peak['share']:.0%} of the area's peak "
        + ("without its largest customers " if partial else "")
        + f"({peak['low']:.0%} to {peak['high']:.0%})"
        + ("." if apart else "; the rhythms shade into each other."),
        f"{customers:,} 户客户呈现 {k} 种用电节律；“{names['zh'][top]}”占户数的 "
        f"{part['share']:.0%}，占地区高峰负荷"
        + ("（不含最大的客户）" if partial else "")
        + f"的 {peak['share']:.0%}"
        f"（95% 区间 {peak['low']:.0%}–{peak['high']:.0%}）"
        + ("。" if apart else "；各节律之间连续过渡。"),
    )


def of_quality(
    level: str,
    customers: int,
    usable: int,
    present: float,
    set_aside: int,
    faults: Sequence[str],
) -> tuple[str, str]:
    """How far the data carry, and whether a hard rule fails.

    Parameters
    ----------
    level : str
        Level reached, such as "L3 interval readings".
    customers, usable : int
        All customers, and those with enough complete days.
    present : float
        Share of the expected readings that are there; NaN without readings.
    set_aside : int
        Rows that were set aside.
    faults : sequence of str
        Rules that found more than is allowed.

    Returns
    -------
    en, zh : str
        One sentence each.
    """
    reaches = f"{level.split()[0]} 级" if level.startswith("L") else "L0 以下"
    if faults:
        return (
            f"Do not build on these data yet: {', '.join(faults)} found more than is "
            f"allowed; the tables would carry {level}.",
            f"数据暂不可用：{'、'.join(faults)} 超出允许范围；数据表达到 {reaches}。",
        )
    rows = f"{set_aside:,} rows" if set_aside else "no row"
    zh_rows = f"另有 {set_aside:,} 行数据被隔离" if set_aside else "没有数据被隔离"
    if np.isnan(present):
        return (
            f"Without readings the data stay {level}: {customers:,} customers; "
            f"{rows} had to be set aside.",
            f"数据为 {reaches}：{customers:,} 户客户，无负荷或电量读数，{zh_rows}。",
        )
    verb = "carry" if usable and present >= SHORT_ENOUGH else "barely carry"
    zh_verb = "足以支持" if verb == "carry" else "勉强支持"
    return (
        f"The data {verb} {level}: {usable:,} of {customers:,} customers can be "
        f"segmented, {present:.1%} of the expected readings are there and {rows} had "
        "to be set aside.",
        f"数据达到 {reaches}，{zh_verb}对 {customers:,} 户中的 {usable:,} "
        f"户进行分群：应有读数的 {present:.1%} 已采集，{zh_rows}。",
    )


def badge(present: float, words: str) -> tuple[str, str]:
    """Colour and words of the coverage badge; NaN means there is nothing to cover.

    Examples
    --------
    >>> badge(0.956, "of readings")
    ('good', '96% of readings')
    >>> badge(float("nan"), "of readings")
    ('fair', 'no readings')
    """
    if np.isnan(present):
        return "fair", "no readings"
    grade = "good" if present >= 0.95 else "fair" if present >= SHORT_ENOUGH else "poor"
    return grade, f"{present:.0%} {words}"


def period(tables: pd.DataFrame) -> str:
    """From when to when a region's tables reach, energy first where it is there.

    Parameters
    ----------
    tables : DataFrame
        As `Region.tables` gives it.

    Examples
    --------
    >>> period(pd.DataFrame({"table": ["bills", "readings"],
    ...     "first": ["2024-01", "2024-01-01"], "last": ["2024-06", "2024-05-30"]}))
    '2024-01-01 to 2024-05-30'
    """
    dated = tables[tables["first"].fillna("") != ""]
    energy = dated[dated["table"].isin(["readings", "energy_daily"])]
    shown = energy if len(energy) else dated
    if shown.empty:
        return "no dates"
    return f"{shown['first'].min()} to {shown['last'].max()}"
