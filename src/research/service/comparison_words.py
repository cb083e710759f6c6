"""A comparison of methods in sentences, English and Chinese.

A sentence names a winner only where the verdict does. Where an interval holds 0 it says
so; where there is none, none is made up. Usefulness is said in per cent of what could
be foretold and its differences in percentage points; other scores in their own unit.
Verdicts reach this module as `comparison.decide` gives them.
"""

from collections.abc import Mapping

import numpy as np

from research.service.comparison_reasons import condition_table, would_change_table
from research.service.comparison_speech import Speech, apart, closed_up, listed
from research.service.comparison_stakes import Gap, Stakes, Told, stakes_of
from research.service.comparison_vocabulary import (
    SHARE,
    method_words,
    outcome_words,
    score_words,
)
from research.service.vocabulary import Said

__all__ = [
    "Gap",
    "Stakes",
    "Told",
    "condition_table",
    "loss_sentence",
    "method_words",
    "neural_sentence",
    "outcome_words",
    "sample_sentence",
    "score_words",
    "stakes_of",
    "verdict_sentences",
    "would_change_table",
]

FEW_METHODS = 3
"""Methods up to which a sentence names each."""


def verdict_sentences(
    verdict, stakes: Stakes, *, names: Mapping[str, Said] | None = None
) -> Said:
    """The verdict of a comparison in one sentence.

    Parameters
    ----------
    verdict : comparison.Verdict
    stakes : Stakes
    names : mapping of str to Said, optional
        How methods are called, beside and before `METHODS`.

    Returns
    -------
    sentence : Said
        Who is clearly better and by how much; or that nobody is, and what a bad choice
        costs; or that segments foretell nothing. Old classes that may be as good as
        the best method are told whatever the verdict.

    Raises
    ------
    ValueError
        If a winner stands neither among the contenders nor the old classes.
    """
    say = Speech.about(verdict.score, verdict.level, names)
    if verdict.kind == "no segments":
        said = _no_segments(verdict, stakes, say)
    elif verdict.kind == "winner":
        said = _winner(verdict, stakes, say)
    else:
        said = _no_winner(verdict, stakes, say)
    en, zh = (one + other for one, other in zip(_where(verdict), said, strict=True))
    return Said(en[0].upper() + en[1:] + ".", closed_up(zh + "。"))


def loss_sentence(
    stakes: Stakes, *, names: Mapping[str, Said] | None = None
) -> Said | None:
    """What squeezing customers into segments loses; None where it is not known.

    Examples
    --------
    >>> best = Told("k-means", 0.31)
    >>> loss_sentence(Stakes((best,), (), Gap(0.0), None, 0.45, 0.0)).zh
    '原始特征的预见程度为 45%，最好的分群为 31%：归入分群损失 14.0 个百分点。'
    """
    if stakes.raw is None:
        return None
    say = Speech.about(SHARE, None, names)
    raw, best = say.values(stakes.raw, stakes.best.value)
    lost = stakes.raw - stakes.best.value
    if lost <= 0:
        return Said(
            f"The raw features {say.many} {raw}{say.of}, the best segments {best}: "
            "segments lose nothing of them.",
            f"原始特征的{say.zh}为 {raw}，最好的分群为 {best}：分群没有损失。",
        )
    by = say.amount(Gap(lost))
    return Said(
        f"The raw features {say.many} {raw}{say.of}, the best segments {best}: "
        f"squeezing customers into segments loses {by.en}.",
        f"原始特征的{say.zh}为 {raw}，最好的分群为 {best}：归入分群损失 {by.zh}。",
    )


def sample_sentence(compared: int, customers: int, seed: int) -> Said | None:
    """That a sample was compared, of how many; None where all were.

    Parameters
    ----------
    compared, customers : int
        Customers in the sample, and of whom it was drawn.
    seed : int
        Of the draw.

    Examples
    --------
    >>> print(sample_sentence(20_000, 1_250_000, 0).en)
    Compared on a random sample of 20,000 of 1,250,000 customers, drawn once by the seed
    0: intervals are as wide as so many customers make them.
    >>> sample_sentence(300, 300, 0) is None
    True
    """
    if compared >= customers:
        return None
    return Said(
        f"Compared on a random sample of {compared:,} of {customers:,} customers, "
        f"drawn once by the seed {seed}: intervals are as wide as so many customers "
        "make them.",
        f"方法比较在 {customers:,} 户中随机抽取的 {compared:,} 户上进行"
        f"（随机种子 {seed}，只抽取一次）：区间宽度由抽取户数决定。",
    )


def neural_sentence(
    difference: float,
    low: float,
    high: float,
    seconds_ratio: float,
    *,
    network: str = "hybrid network",
    rival: str = "k-means",
    names: Mapping[str, Said] | None = None,
) -> Said:
    """Whether the neural network helps here.

    Parameters
    ----------
    difference, low, high : float
        Usefulness of the network less that of the rival, and its interval; NaN limits
        where there is none.
    seconds_ratio : float
        Time of the network over that of the rival; NaN where it is not known.
    network, rival : str
    names : mapping of str to Said, optional

    Examples
    --------
    >>> print(neural_sentence(-0.01, -0.03, 0.01, 12).en)
    The hybrid network foretells 1.0 percentage points less than k-means (3.0 less to
    1.0 more) and takes 12 times as long: it does not help here.
    """
    one, other = (method_words(name, names) for name in (network, rival))
    more, more_zh = _more_or_less(100 * difference, 100 * low, 100 * high, other)
    long, long_zh = _times(seconds_ratio, other)
    answer, answer_zh = _answer(difference, low, high)
    en = f"{one.en} foretells {more}{long}: {answer}."
    zh = f"{apart(one.zh)}的预见程度{more_zh}{long_zh}：{answer_zh}。"
    return Said(en[0].upper() + en[1:], closed_up(zh))


def _answer(difference, low, high):
    if np.isnan([low, high]).any():
        return "how sure that is can not be told", "无法判断有多大把握"
    if low > 0:
        return "it helps here", "在此有帮助"
    if difference > 0:
        return "whether it helps here is open", "在此是否有帮助尚不能断定"
    return "it does not help here", "在此没有帮助"


def _times(ratio: float, other: Said) -> tuple[str, str]:
    if not np.isfinite(ratio):
        return "", ""
    if 0.95 <= ratio < 1.05:
        return " and takes as long", "，用时相当"
    if ratio < 1:
        return (
            f" and takes {ratio:.0%} of its time",
            f"，用时为{apart(other.zh)}的 {ratio:.0%}",
        )
    times = f"{ratio:.1f}" if ratio < 9.95 else f"{ratio:,.0f}"
    return (
        f" and takes {times} times as long",
        f"，用时为{apart(other.zh)}的 {times} 倍",
    )


def _more_or_less(value, low, high, other: Said) -> tuple[str, str]:
    """A difference in percentage points, with words for its sign in English."""
    by, name = f"{abs(value):.1f}", apart(other.zh)
    if by == "0.0":
        en, zh = f"as much as {other.en}", f"与{name}相同"
    elif value > 0:
        en = f"{by} percentage points more than {other.en}"
        zh = f"比{name}高 {by} 个百分点"
    else:
        en = f"{by} percentage points less than {other.en}"
        zh = f"比{name}低 {by} 个百分点"
    if np.isnan([low, high]).any():
        return en, zh
    signs = ["less" if x < 0 else "more" for x in (low, high)]
    first = "" if signs[0] == signs[1] else f" {signs[0]}"
    ends = f"{abs(low):.1f}{first} to {abs(high):.1f} {signs[1]}"
    low, high = (f"{round(x, 1) + 0.0:.1f}" for x in (low, high))
    return f"{en} ({ends})", f"{zh}（区间 {low} 至 {high}）"


def _where(verdict) -> Said:
    if verdict.unit != "region":
        return Said("", "")
    if verdict.n_units == 1:
        return Said("in one region ", "在一个地区内，")
    return Said(
        f"across {verdict.n_units} regions ", f"在 {verdict.n_units} 个地区中，"
    )


def _no_segments(verdict, stakes: Stakes, say: Speech) -> tuple[str, str]:
    """No contender is clearly above the floors; old classes are no floor."""
    best, n = stakes.best, len(verdict.over_floors)
    name = say.method(best.name)
    tried = len(stakes.contenders)
    among = f", the best of {tried} methods," if tried > 1 else ""
    among_zh = f"（{tried} 种方法中最好的）" if tried > 1 else ""
    over = verdict.over_floors.get(best.name, Gap(np.nan, best.low, best.high))
    value, *ends = say.values(best.value, over.low, over.high)
    en = (
        f"no segmentation is shown to {say.better_than('no segments at all')}: "
        f"{name.en}{among} {say.one} {value}{say.of}"
    )
    zh = (
        f"没有证据表明任何分群的{say.zh}优于不分群："
        f"{apart(name.zh)}{among_zh}为 {value}"
    )
    if ends:
        picked = f", picked from {n}" if n > 1 else ""
        en += f" ({verdict.level:.0%}{picked}: {ends[0]} to {ends[1]} more than none)"
        zh += f"（比不分群高 {ends[0]} 至 {ends[1]}，{verdict.level:.0%} 区间"
        zh += f"，已计入从 {n} 种中选优）" if n > 1 else "）"
    else:
        en += f", without an interval: one {verdict.unit} says nothing of another"
        only = "一个地区" if verdict.unit == "region" else "一次重复"
        zh += f"，没有区间：只有{only}"
    if stakes.raw is not None and stakes.raw > best.value:
        raw = say.values(stakes.raw)[0]
        en += f"; the raw features, without segments, {say.many} {raw}"
        zh += f"；不分群而直接用原始特征为 {raw}"
    return en, zh


def _no_winner(verdict, stakes: Stakes, say: Speech) -> tuple[str, str]:
    tried = stakes.contenders
    low, high = say.range(stakes.worst.value, stakes.best.value)
    span = f"between {low} and {high}" if low != high else f"about {low}"
    span_zh = f"{low} 至 {high}" if low != high else f"约 {low}"
    called = [say.method(told.name) for told in tried]
    best, worst = called[0], called[-1]
    if len(tried) == 1:
        en = f"{best.en}, the only method, {say.one} {span}{say.of}"
        zh = f"唯一的方法{apart(best.zh)}的{say.zh}为 {span_zh}"
    elif len(tried) <= FEW_METHODS:
        en = f"{listed([name.en for name in called])} {say.many} {span}{say.of}"
        zh = f"{listed([name.zh for name in called], zh=True)}的{say.zh}为 {span_zh}"
        en += "; taking the worst of them instead of the best costs "
        zh += "；选最差的而非最好的，损失 "
    else:
        en = f"{len(tried)} methods {say.many} {span}{say.of}"
        zh = f"{len(tried)} 种方法的{say.zh}为 {span_zh}"
        en += f"; taking the worst, {worst.en}, instead of the best, {best.en}, costs "
        zh += f"；选最差的{apart(worst.zh)}而非最好的{apart(best.zh)}，损失 "
    if len(tried) > 1:
        cost, none = say.amount(stakes.cost), stakes.cost.may_be_none
        en += cost.en + (", which may be nothing" if none else "")
        zh += cost.zh + ("，也可能没有损失" if none else "")
    but, but_zh = _yet(verdict, stakes, say)
    old, old_zh = _old(stakes, say)
    return (
        f"no method is clearly better{but}: {en}{old}",
        f"没有一种方法明显更好{but_zh}：{zh}{old_zh}",
    )


def _yet(verdict, stakes: Stakes, say: Speech) -> tuple[str, str]:
    """A clear lead that something else speaks against."""
    clear = {condition.name: condition.holds for condition in verdict.conditions}
    if not clear.get("clear lead"):
        return "", ""
    name = _class_or_method(verdict.leader, stakes, say)
    lead = "lead" if verdict.leader in [told.name for told in stakes.old] else "leads"
    return (
        f" ({name.en} {lead}, but not in every check)",
        f"（{name.zh}领先，但未通过全部检验）",
    )


def _winner(verdict, stakes: Stakes, say: Speech) -> tuple[str, str]:
    old = [told.name for told in stakes.old]
    known = {told.name: told for told in (*stakes.contenders, *stakes.old)}
    if verdict.winner not in known:
        raise ValueError(
            "The winner of a verdict must be among the contenders or the old classes. "
            f"Got {verdict.winner!r}; known: {', '.join(known)}."
        )
    value = say.values(known[verdict.winner].value)[0]
    lead = say.amount(Gap(verdict.lead, verdict.low, verdict.high))
    rival = _class_or_method(verdict.runner_up, stakes, say)
    won = _class_or_method(verdict.winner, stakes, say)
    if verdict.runner_up in known:
        over = f"{lead.en} {say.more} than the next best, {rival.en}"
        over_zh = f"比次优的{rival.zh}{say.more_zh} {lead.zh}"
    else:
        over = f"{lead.en} {say.more} than {rival.en}; there is no other method"
        over_zh = f"比{rival.zh}{say.more_zh} {lead.zh}；没有其他方法"
    if verdict.winner in old:
        return (
            f"{won.en} are clearly better than every new segmentation: they {say.many} "
            f"{value}{say.of}, {over}",
            f"{won.zh}明显优于各种新分群：{say.zh}为 {value}，{over_zh}",
        )
    en = f"{won.en} is clearly better: it {say.one} {value}{say.of}, {over}"
    zh = f"{won.zh}明显更好：{say.zh}为 {value}，{over_zh}"
    if verdict.runner_up in old and not stakes.old_do_as_well:
        return en, zh
    more, more_zh = _old(stakes, say)
    return en + more, zh + more_zh


def _class_or_method(name: str, stakes: Stakes, say: Speech) -> Said:
    words = say.method(name)
    if name not in [told.name for told in stakes.old]:
        return Said(words.en, apart(words.zh))
    return Said(f"the old classes by {words.en}", f"原有{apart(words.zh)}分类")


def _old(stakes: Stakes, say: Speech) -> tuple[str, str]:
    """What the best of the old classes does, and whether it is as good as any."""
    if stakes.old_best is None:
        return "", ""
    name = _class_or_method(stakes.old_best.name, stakes, say)
    value = say.values(stakes.old_best.value)[0]
    if stakes.over_old.value <= 0:
        return (
            f"; {name.en} do at least as well as any method ({value})",
            f"；{name.zh}不逊于任何方法（{value}）",
        )
    by = say.amount(stakes.over_old)
    if stakes.over_old.may_be_none:
        return (
            f"; {name.en} may do as well: the best method is ahead by {by.en}",
            f"；{name.zh}可能同样好：最好的方法只领先 {by.zh}",
        )
    return (
        f"; {name.en} {say.many} {value}, {by.en} {say.less} than the best method",
        f"；{name.zh}为 {value}，比最好的方法{say.less_zh} {by.zh}",
    )
