"""How a comparison's methods, scores and outcomes are called, English and Chinese."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from research.features.later import OUTCOMES
from research.service.vocabulary import Said

METHODS = {
    "k-means": Said("k-means", "k-means"),
    "mixture": Said("the mixture", "高斯混合模型"),
    "Ward": Said("Ward's method", "Ward 层次聚类"),
    "hybrid network": Said("the hybrid network", "混合神经网络"),
    "map": Said("the self-organising map", "自组织映射"),
    "RFM": Said("RFM", "RFM"),
    "credit grade": Said("the credit grade", "信用等级"),
    "random partition": Said("a random partition", "随机划分"),
    "one segment": Said("one segment for all", "不分群"),
    "no segments": Said("no segments", "不分群"),
    "raw features": Said("the raw features", "原始特征"),
    "usage class": Said("usage class", "用电类别"),
    "industry": Said("industry", "行业"),
    "tariff": Said("tariff", "电价类别"),
    "voltage": Said("voltage", "电压等级"),
    "pay system": Said("pay system", "付费方式"),
    "Acorn group": Said("Acorn group", "Acorn 社区类型"),
    "price tariff": Said("price tariff", "试验电价"),
}
"""How methods and old classes are called in a sentence; others by their own name."""


class Score(NamedTuple):
    """How a score is said."""

    name: Said
    measures: Said
    better: str
    """"higher" or "lower"."""


SCORES = {
    "usefulness": Score(
        Said("usefulness", "预见程度"),
        Said(
            "how much of what came later the segments foretell for customers held out, "
            "the mean over outcomes (R2 of numbers, Gini of events): 0 no more than "
            "no segments, 1 all; 0.01 is one percentage point",
            "对未参与学习的客户，分群能预见后续结果的程度，各结果取平均（数值用 R2，"
            "事件用基尼系数）：0 为不比不分群更好，1 为完全预见；0.01 即一个百分点",
        ),
        "higher",
    ),
    "stability": Score(
        Said("stability", "稳定性"),
        Said(
            "how far two fits on other customers put the same customers together "
            "(adjusted Rand index): 0 as by chance, 1 alike",
            "用不同客户拟合两次，分群的一致程度（调整兰德指数）：0 为随机，1 为相同",
        ),
        "higher",
    ),
    "silhouette": Score(
        Said("silhouette", "轮廓系数"),
        Said(
            "how much nearer customers are to their own segment than to the next, from "
            "-1 to 1; says nothing of use",
            "客户离本群比离邻群近多少，-1 至 1；与是否有用无关",
        ),
        "higher",
    ),
    "plainness": Score(
        Said("plainness", "易懂程度"),
        Said(
            "how well a few plain questions tell the segments apart (balanced accuracy "
            "of a shallow tree), up to 1",
            "用几个简单问题区分各群的准确度（浅层决策树的平衡准确率），最高为 1",
        ),
        "higher",
    ),
    "weighted criteria": Score(
        Said("weighted score", "加权得分"),
        Said(
            "the criteria of the protocol, each from 0 (worst) to 1 (best), by weight",
            "方案中各准则从 0（最差）到 1（最好）的加权平均",
        ),
        "higher",
    ),
    "seconds": Score(
        Said("time in seconds", "用时（秒）"),
        Said("how long one fit takes", "拟合一次所用时间"),
        "lower",
    ),
    "memory MB": Score(
        Said("memory in MB", "内存（MB）"),
        Said("the most memory that one fit takes", "拟合一次占用的最大内存"),
        "lower",
    ),
}
SHARE = "usefulness"
"""The score that is said in per cent; of one outcome it is "usefulness: arrears"."""

SHORT = {
    "log_daily_kwh": Said("energy a day", "日均电量"),
    "evening_share": Said("evening share", "晚间占比"),
    "area_peak_share": Said("load at the peak", "高峰负荷"),
    "arrears": Said("arrears", "欠费"),
    "complaint": Said("complaints", "投诉"),
}
"""Each outcome in a word or two."""

TITLES = {name: f"{en.capitalize()} {zh}" for name, (en, zh) in SHORT.items()}
"""Heading of each outcome, for panels of a figure."""


def outcome_of(score: str) -> str | None:
    """Outcome that a usefulness is of; None for that over all, and for other scores.

    Examples
    --------
    >>> outcome_of("usefulness: arrears"), outcome_of("usefulness")
    ('arrears', None)
    """
    head, _, outcome = score.partition(": ")
    return outcome if head == SHARE and outcome else None


def method_words(name: str, names: Mapping[str, Said] | None = None) -> Said:
    """How a method is called in a sentence; one without words by its own name.

    Examples
    --------
    >>> method_words("hybrid network").zh, method_words("my own").en
    ('混合神经网络', 'my own')
    """
    return {**METHODS, **(names or {})}.get(name, Said(str(name), str(name)))


def score_words(names: Sequence[str] | None = None) -> pd.DataFrame:
    """What each score measures and which way it is better, for a table of the page.

    Parameters
    ----------
    names : sequence of str, optional
        Scores asked for, "usefulness: arrears" and the like among them; unset, all of
        `SCORES`. Others are refused.

    Returns
    -------
    words : DataFrame
        A row a score: `score`, `measures`, `含义`, `better`.

    Raises
    ------
    ValueError
        If a score has no words here.
    """
    names = list(SCORES) if names is None else list(names)
    known = {**SCORES, **{f"{SHARE}: {name}": _useful(name) for name in OUTCOMES}}
    strange = [name for name in names if name not in known]
    if strange:
        raise ValueError(
            f"No words for {', '.join(strange)}. Known scores: {', '.join(known)}."
        )
    ways = {"higher": "higher 越高越好", "lower": "lower 越低越好"}
    rows = [(name, known[name]) for name in names]
    table = [
        (f"{name} {score.name.zh}", *score.measures, ways[score.better])
        for name, score in rows
    ]
    return pd.DataFrame(table, columns=["score", "measures", "含义", "better"])


def _useful(outcome: str) -> Score:
    en, zh = OUTCOMES[outcome]
    return Score(
        Said(f"{SHARE}: {outcome}", f"预见程度：{SHORT[outcome].zh}"),
        Said(f"the same, of one outcome: {en}", f"同上，仅就{zh}"),
        "higher",
    )


def outcome_words(names: Sequence[str] | None = None) -> pd.DataFrame:
    """What is foretold, for a table of the page: a row an outcome.

    Parameters
    ----------
    names : sequence of str, optional
        Of `features.later.OUTCOMES`; unset, all.
    """
    names = list(OUTCOMES) if names is None else list(names)
    rows = [(TITLES[name], *OUTCOMES[name]) for name in names]
    return pd.DataFrame(rows, columns=["outcome", "foretold", "含义"])
