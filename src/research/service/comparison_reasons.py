"""Why there is a winner or none, and what would change it, as tables in two languages.

English sentences are those of the verdict; the Chinese ones are built from the fields
of its conditions. Numbers are in the unit of the score.
"""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from research.service.comparison_speech import apart, closed_up
from research.service.comparison_vocabulary import method_words
from research.service.vocabulary import Said

ASKED = {
    "clear lead": Said("Is the lead over every other method clear?", "领先是否明显？"),
    "large enough": Said("Is the lead large enough to matter?", "领先是否足够大？"),
    "above the floors": Said(
        "Is it clearly better than chance and than no segments?",
        "是否明显优于随机划分和不分群？",
    ),
    "left out": Said(
        "Does it lead whichever part of the data is left out?",
        "去掉任一部分数据后是否仍领先？",
    ),
    "other seeds": Said(
        "Does it lead under other seeds?", "换一组随机种子是否仍领先？"
    ),
    "k - 1": Said("Does it lead with one segment less?", "少分一群是否仍领先？"),
    "k + 1": Said("Does it lead with one segment more?", "多分一群是否仍领先？"),
}
"""What each condition of a verdict asks."""

_UNITS = {"region": "地区", "replicate": "重复"}
_AMOUNT = r"(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
# What would change a verdict and is no condition's own sentence.
_CHANGES = (
    (rf"A difference that matters only above {_AMOUNT}\.", "若差距超过 {} 才算重要。"),
    (
        r"More regions, or bootstraps of the customers\.",
        "更多地区，或对客户的更多次重抽样。",
    ),
    (r"Nothing in these runs points to either\.", "这些结果不偏向任何一方。"),
    (
        r"More than a thousand regions with leads like these\.",
        "若领先保持如此，需要一千个以上的地区。",
    ),
    (
        r"About (\d+) regions, if leads stay like these\.",
        "若领先保持如此，约 {} 个地区。",
    ),
    (
        r"A clear lead over each of the other methods too\.",
        "对其他每种方法也都有明显的领先。",
    ),
    (
        r"More than a hundred times as many customers, if the lead stays\.",
        "若领先保持不变，需要一百倍以上的客户。",
    ),
    (
        r"About ([\d.]+) times as many customers, if the lead stays\.",
        "若领先保持不变，约需现有客户数的 {} 倍。",
    ),
)
_STILL = "Still to be asked: "


def condition_table(
    verdict, *, names: Mapping[str, Said] | None = None
) -> pd.DataFrame:
    """All that a winner has to stand, and whether the leader did.

    Parameters
    ----------
    verdict : comparison.Verdict
    names : mapping of str to Said, optional
        How methods are called, beside and before `METHODS`.

    Returns
    -------
    conditions : DataFrame
        A row a condition, in the order of asking: `asked` and `holds` in both
        languages, `found` in English and `发现` in Chinese.
    """
    rows = []
    for condition in verdict.conditions:
        asked = ASKED[condition.name]
        found = _found(condition, verdict, names)
        holds = "yes 是" if condition.holds else "no 否"
        rows.append((f"{asked.en} {asked.zh}", holds, found.en, found.zh))
    return pd.DataFrame(rows, columns=["asked", "holds", "found", "发现"])


def would_change_table(
    verdict, *, names: Mapping[str, Said] | None = None
) -> pd.DataFrame:
    """What would turn the verdict.

    Parameters
    ----------
    verdict : comparison.Verdict
    names : mapping of str to Said, optional

    Returns
    -------
    changes : DataFrame
        A row a reason: `what would change it` and `什么会改变结论`. A sentence that is
        not known here stands in English in both.
    """
    found = {c.words: _found(c, verdict, names) for c in verdict.conditions}
    rows = [_change(words, found) for words in verdict.would_change]
    return pd.DataFrame(rows, columns=["what would change it", "什么会改变结论"])


def _change(words: str, found: Mapping[str, Said]) -> Said:
    if words in found:
        return found[words]
    if words.startswith(_STILL) and words[len(_STILL) :] in found:
        said = found[words[len(_STILL) :]]
        return Said(_STILL + said.en, f"尚待考察：{said.zh}")
    for pattern, zh in _CHANGES:
        if match := re.fullmatch(pattern, words):
            return Said(words, zh.format(*match.groups()))
    return Said(words, words)


def _found(condition, verdict, names) -> Said:
    """What was found of one condition; no limits where there are none."""
    rival = "" if condition.rival is None else method_words(condition.rival, names).zh
    tell = {
        "clear lead": _lead_zh,
        "large enough": _enough_zh,
        "above the floors": _lead_zh,
        "left out": _left_out_zh,
        "other seeds": _seeds_zh,
        "k - 1": _number_zh,
        "k + 1": _number_zh,
    }[condition.name]
    en = condition.words
    if re.search(r"\bnan\b", en):  # one unit alone has a mean and no interval
        en = (
            f"The lead over {condition.rival} is {condition.lead:.3g}; one region or "
            "replicate alone gives no interval."
        )
    zh = tell(condition, apart(rival) if rival else "", verdict)
    return Said(en, closed_up(zh))


def _lead_zh(condition, rival, verdict):
    if not rival:
        is_floor = condition.name == "above the floors"
        return "没有随机划分或不分群的对照。" if is_floor else "没有其他方法。"
    if np.isnan(condition.lead):
        return "只有一个地区或一次重复，无法推断其他情形。"
    lead = f"对{rival}的领先为 {condition.lead:.3g}"
    limits = re.search(rf"interval {_AMOUNT} to {_AMOUNT}[.:]", condition.words)
    if limits is None:
        return f"{lead}；只有一个地区或一次重复，没有区间。"
    low, high = limits.groups()
    end = "。" if condition.holds else "：也可能没有领先。"
    return f"{lead}，{verdict.level:.0%} 区间 {low} 至 {high}{end}"


def _enough_zh(condition, rival, verdict):
    least = re.search(rf"one of {_AMOUNT} is the least", condition.words)
    end = "" if least is None else f"；至少 {least[1]} 才算重要"
    return f"领先为 {condition.lead:.3g}{end}。"


def _left_out_zh(condition, rival, verdict):
    if np.isnan(condition.lead):
        one = "个地区" if verdict.unit == "region" else "次重复"
        return f"只有一{one}，无法去掉任何一{one[0]}。"
    part = re.sub(r"^(regions?|replicates?) ", "", condition.about)
    part = part.replace(" to ", " 至 ")
    where = f"去掉{_UNITS[verdict.unit]} {part} 后"
    if condition.holds:
        return f"{where}领先最小，对{rival}为 {condition.lead:.3g}。"
    return f"{where}{_leads_zh(condition, rival)}。"


def _seeds_zh(condition, rival, verdict):
    if not np.isnan(condition.lead):
        return f"换一组随机种子后{_stands_zh(condition, rival)}。"
    if condition.holds:
        return "各方法都不用随机种子。"
    if "ended" in condition.words:
        return "换一组随机种子后没有一次运行成功。"
    return "没有另一组随机种子的运行结果。"


def _number_zh(condition, rival, verdict):
    if not np.isnan(condition.lead):
        return f"分 {condition.about} 群时{_stands_zh(condition, rival)}。"
    if not condition.about:
        return "各方法都不设群数。" if condition.holds else "运行结果未写明群数。"
    if condition.holds:
        return "只分一群即不分群，已作为对照。"
    if "ended" in condition.words:
        return f"分 {condition.about} 群时没有一次运行成功。"
    return f"没有分 {condition.about} 群的运行结果。"


def _stands_zh(condition, rival):
    if condition.lead > 0:
        return f"对{rival}的领先为 {condition.lead:.3g}"
    return _leads_zh(condition, rival)


def _leads_zh(condition, rival):
    if condition.lead < 0:
        return f"{rival}领先 {-condition.lead:.3g}"
    return f"{rival}同样好"
