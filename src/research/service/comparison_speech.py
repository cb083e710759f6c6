"""Numbers, gaps and lists of a comparison, as its sentences say them."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from research.service.comparison_stakes import Gap
from research.service.comparison_vocabulary import (
    SCORES,
    SHARE,
    SHORT,
    method_words,
    outcome_of,
)
from research.service.vocabulary import Said


class Speech(NamedTuple):
    """How one score is spoken of.

    Attributes
    ----------
    is_share : bool
        Said in per cent; differences in percentage points.
    one, many : str
        The verb, of one method and of several.
    of : str
        What a value is a part of; may be "".
    more, less, more_zh, less_zh : str
        Of a difference.
    en, zh : str
        Name of the score.
    level : float or None
        Of the intervals; None leaves it unsaid.
    names : mapping of str to Said
        How methods are called, beside those of the vocabulary.
    """

    is_share: bool
    one: str
    many: str
    of: str
    more: str
    less: str
    more_zh: str
    less_zh: str
    en: str
    zh: str
    level: float | None
    names: Mapping[str, Said]

    @classmethod
    def about(
        cls, score: str, level: float | None, names: Mapping[str, Said] | None
    ) -> "Speech":
        """The words for a score; one that is not in `SCORES` goes by its own name."""
        names = names or {}
        outcome = outcome_of(score)
        if score == SHARE or outcome:
            short = SHORT.get(outcome, Said(str(outcome), str(outcome)))
            of = " of what could be foretold" + (f" of {short.en}" if outcome else "")
            zh = f"{apart(short.zh)}的预见程度" if outcome else SCORES[SHARE].name.zh
            words = ("foretells", "foretell", of, "more", "less", "高", "低")
            return cls(True, *words, score, zh, level, names)
        unknown = Said(f"“{score}”", f"“{score}”")
        name = SCORES[score].name if score in SCORES else unknown
        verbs = (f"has a {name.en} of", f"have a {name.en} of")
        words = (*verbs, "", "better", "worse", "优", "差")
        return cls(False, *words, name.en, apart(name.zh), level, names)

    def method(self, name: str) -> Said:
        """How a method is called."""
        return method_words(name, self.names)

    def better_than(self, other: str) -> str:
        """The infinitive of doing better than another."""
        if self.is_share:
            return f"foretell more than {other}"
        return f"have a better {self.en} than {other}"

    def values(self, *values: float) -> list[str]:
        """Values in as few digits as tell them; NaN ones are left out."""
        values = [value for value in values if not np.isnan(value)]
        if self.is_share:
            return [_percent(value, 0) for value in values]
        digits = 2 if max(map(abs, values), default=0) < 10 else 0
        return [_fixed(value, digits) for value in values]

    def range(self, one: float, other: float) -> tuple[str, str]:
        """Two values, the smaller first, with a digit more where that tells them."""
        low, high = sorted((one, other))
        told = self.values(low, high)
        if told[0] == told[1] and low < high:
            finer = _percent if self.is_share else _fixed
            told = [finer(value, 1 if self.is_share else 3) for value in (low, high)]
        return told[0], told[1]

    def amount(self, gap: Gap) -> Said:
        """A difference with its interval, where it has one."""
        scale = 100 if self.is_share else 1
        value, low, high = (scale * part for part in gap)
        digits = 1 if self.is_share else 2 if abs(value) < 10 else 0
        told = _fixed(value, digits)
        en = told + (" percentage points" if self.is_share else "")
        zh = told + (" 个百分点" if self.is_share else "")
        if np.isnan([low, high]).any():
            return Said(en, zh)
        ends = _fixed(low, digits), _fixed(high, digits)
        level = "" if self.level is None else f"{self.level:.0%} "
        return Said(
            f"{en} ({level.rstrip()}{': ' if level else ''}{ends[0]} to {ends[1]})",
            f"{zh}（{level}区间 {ends[0]} 至 {ends[1]}）",
        )


def listed(names: Sequence[str], *, zh: bool = False) -> str:
    """Names in a row.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["甲", "乙"], zh=True)
    ('a, b and c', '甲和乙')
    """
    *first, last = map(apart, names) if zh else names
    if zh:
        return f"{'、'.join(first)}和{last}" if first else last
    return f"{', '.join(first)} and {last}" if first else last


def apart(name: str) -> str:
    """A name between Chinese words: spaces where it begins or ends in Latin.

    Examples
    --------
    >>> apart("k-means"), apart("行业"), apart("Ward 聚类")
    (' k-means ', '行业', ' Ward 聚类')
    """
    left = " " if name[:1].isascii() else ""
    right = " " if name[-1:].isascii() else ""
    return f"{left}{name}{right}"


def closed_up(zh: str) -> str:
    """A Chinese sentence without spaces at its ends and beside its punctuation.

    Examples
    --------
    >>> closed_up(" k-means ，比 Ward 好。")
    'k-means，比 Ward 好。'
    """
    return re.sub(r"\s+(?=[，。；：、（）])|(?<=[，。；：、（）])\s+", "", zh).strip()


def _fixed(value: float, digits: int) -> str:
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def _percent(value: float, digits: int) -> str:
    return f"{_fixed(100 * value, digits)}%"
