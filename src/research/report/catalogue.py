"""Catalogues of messages: what stands on a page, and what it is in another language.

Catalogues are gettext files (``locale/<language>/*.po``). A message is what stands
between two tags of a page that are not part of a sentence; what is part of one, such
as a link, is numbered: ``See <1>the figure</1>.`` A name in braces stands for what
differs from page to page: ``{n}``, ``{n2}`` ... for a number, ``{letter}`` for a
capital letter, any other name for words, which are looked up in turn. A longer message
that is not in the catalogue is looked up sentence by sentence, a list item by item.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"
MARKER = re.compile(r"</?\d+/?>")
"""A numbered tag within a message."""
_HOLE = re.compile(r"\{([A-Za-z]\w*)\}")
# What a number is put into when the page is open says {n}.
_FIGURE = re.compile(r"[-+−]?\d[\d,.]*|\{n\}")
_KINDS = (
    (re.compile(r"n\d*"), _FIGURE),
    (re.compile(r"letter\d*"), re.compile("[A-Z]")),
)
_WORDS = re.compile(r"[A-Za-z]{2}")
# An id, a hash, an address, a path or a name of a file are the same in any language.
_WORDLESS = re.compile(
    r"</?\d+/?>|\w+:[^\s]+|\b[0-9a-f]{8,}\b|(?<!\w)[\w./:-]*\d[\w./:-]*"
    r"|(?:\bdata|/[\w.-]+)(?:/[\w.-]+)+|[\w-]+\.(?:parquet|csv|yaml)\b"
)
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_LETTER, _IDEOGRAPH = re.compile("[A-Za-z]"), re.compile(f"[{_HAN}]")
_GLOSSED = re.compile(
    rf"(?=[^{_HAN}]*[A-Za-z])(?:[^\s{_HAN}.:;,]+ ){{1,6}}([{_HAN}][{_HAN}\w·、（）]*)"
)
# Chinese readers count in 万 (10 000) and 亿 (100 000 000).
_LARGE = re.compile(
    r"(?P<n>\d[\d,.]*)(?: (?P<times>thousand|million|billion))?(?: (?P<of>\S+))?"
)
_TIMES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
_LONGEST = 5000  # letters: what is longer is data and no sentence
_SENTENCES = re.compile(r"(?<=[.!?。！？])(?<!et al\.)\s+(?=\S)")
_APART = r"(?![^(（]*[)）])"  # not in brackets
_LISTS = (
    (re.compile(rf"; {_APART}"), "；"),
    (re.compile(rf"(?:, and | and |, ){_APART}"), "、"),
)
_CODES = re.compile(r"[\w.%-]+(?:, [\w.%-]+)+")  # such as grades, or numbers
# A name of a column or setting is the same in any language, unless it is known.
_CODE = re.compile(r"[A-Za-z]\w*_\w+")


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Messages and what they are in another language.

    Attributes
    ----------
    language : str
    exact : dict
        Messages without a hole.
    patterns : dict of tuples of _Pattern
        Messages with holes by the sign that they begin with, those with most words of
        their own first. Those that begin with a hole are among each, and alone below
        the empty text.
    heads : dict
        Words that are said otherwise at the head of a table's column; in the files
        their context (`msgctxt`) is "head".
    """

    language: str
    exact: Mapping[str, str]
    patterns: Mapping[str, tuple["_Pattern", ...]] = field(repr=False)
    heads: Mapping[str, str] = field(default_factory=dict, repr=False)

    def with_names(self, names: Mapping[str, str]) -> "Catalogue":
        """Also know names, such as that of the region, that are in no catalogue."""
        return replace(self, exact={**self.exact, **names})


@dataclass(frozen=True)
class _Pattern:
    """What stands between the holes of a message, and the names of the holes."""

    literals: tuple[str, ...]
    holes: tuple[str, ...]
    translation: str
    weight: int


def catalogue_of(messages: Mapping[str, str], language: str) -> Catalogue:
    """Make a catalogue of messages and their translations.

    Raises
    ------
    ValueError
        If a translation lacks a hole or a numbered tag of its message, or has one
        that the message has not.

    Examples
    --------
    >>> zh = catalogue_of({"{n} of {who}": "{who}中的{n}户", "homes": "住户"}, "zh")
    >>> translate("12 of homes", zh)
    ('住户中的12户', ())
    """
    exact, patterns = {}, []
    for message, translation in messages.items():
        _refuse_unlike(message, translation)
        if _HOLE.search(message):
            patterns.append(_pattern(message, translation))
        else:
            exact[message] = translation
    patterns.sort(key=lambda pattern: -pattern.weight)
    return Catalogue(language, exact, _by_beginning(patterns))


@cache
def read_catalogue(language: str) -> Catalogue:
    """Read the catalogue of a language that comes with the package.

    Raises
    ------
    ValueError
        If a translation does not fit its message.
    """
    known: dict[str, str] = {}
    heads: dict[str, str] = {}
    for path in catalogue_files(language):
        with path.open("rb") as opened:
            for entry in read_po(opened, locale=language, abort_invalid=True):
                if entry.id and entry.string and not entry.fuzzy:
                    of = heads if entry.context == "head" else known
                    of.setdefault(entry.id, entry.string)
    return replace(catalogue_of(known, language), heads=heads)


def catalogue_files(language: str) -> list[Path]:
    """Files of a language, by name; of two that have a message the first counts."""
    return sorted((LOCALE / language).glob("*.po"))


@lru_cache(maxsize=50_000)
def translate(message: str, catalogue: Catalogue) -> tuple[str, tuple[str, ...]]:
    """One message in the language of a catalogue, and what was not found.

    Returns
    -------
    translation : str
        The message itself where nothing is known.
    missing : tuple of str
        Messages and words that the catalogue lacks; what has no words needs none.

    Examples
    --------
    >>> zh = catalogue_of({"Pages": "页数"}, "zh")
    >>> translate("Pages", zh), translate("12 %", zh), translate("Whales", zh)
    (('页数', ()), ('12 %', ()), ('Whales', ('Whales',)))
    """
    if not has_words(message):
        return message, ()
    parts = _SENTENCES.split(message)
    if catalogue.language == "zh" and (told := _told_in_chinese(parts)):
        return told, ()
    whole = _whole(message, catalogue) if len(message) < _LONGEST else None
    if whole is not None and not whole[1]:
        return whole
    if len(parts) > 1:
        done = [translate(part, catalogue) for part in parts]
        missing = tuple(lack for _, lacks in done for lack in lacks)
        if whole is None or len(missing) < len(whole[1]):
            return _joined([text for text, _ in done]), missing
    listed = _listed(message, catalogue)
    if listed is not None:
        return listed, ()
    if whole is None:
        return message, () if _CODE.fullmatch(message) else (message,)
    return whole


def has_words(message: str) -> bool:
    """Whether a message holds words of the language that pages are written in.

    Examples
    --------
    >>> [has_words(said) for said in ("Pages", "JM-1kV-07", "AUC 为 0.9，优于均值")]
    [True, False, False]
    """
    plain = _WORDLESS.sub("", message)
    latin, han = (len(found.findall(plain)) for found in (_LETTER, _IDEOGRAPH))
    if not _WORDS.search(plain):
        return False
    return 2 * han < latin or bool(_GLOSSED.fullmatch(message))


def in_wan(number: float) -> str:
    """A number as Chinese readers count, in three digits.

    Examples
    --------
    >>> in_wan(452741), in_wan(1.26e6), in_wan(2.98e8), in_wan(9850)
    ('45.3万', '126万', '2.98亿', '9,850')
    """
    for size, word in ((1e8, "亿"), (1e4, "万")):
        if abs(number) >= size:
            return f"{float(f'{number / size:.3g}'):,.10g}{word}"
    return f"{number:,.10g}"


def _told_in_chinese(parts: list[str]) -> str:
    """The Chinese sentences that follow their English twins; nothing if none do.

    Examples
    --------
    >>> _told_in_chinese(["It loses 3%.", "损失 3%。"]), _told_in_chinese(["See 表."])
    ('损失 3%。', '')
    """
    chinese = [part.endswith("。") and not has_words(part) for part in parts]
    first = chinese.index(True) if True in chinese else 0
    return _joined(parts[first:]) if first and all(chinese[first:]) else ""


# --- looking up ---------------------------------------------------------------------


def _whole(message, catalogue) -> tuple[str, tuple[str, ...]] | None:
    """A message by an entry of its own, or by a pattern; None if none fits."""
    head, rest = message[:1], message[1:]
    for form in (
        message,
        head.lower() + rest,
        head.upper() + rest,
        message.rstrip("."),
    ):
        if form in catalogue.exact:
            end = "。" if form != message and message.endswith(".") else ""
            return catalogue.exact[form] + end, ()
    large = _large(message, catalogue)
    if large is not None and not large[1]:
        return large
    best = None
    known, size = catalogue.patterns, len(message)
    for pattern in known.get(head, known[""]):
        if pattern.weight > size or not message.endswith(pattern.literals[-1]):
            continue  # most of them
        found = _fitted(pattern, message)
        if found is None or any(map(_SENTENCES.search, found.values())):
            continue
        text, missing = _filled(pattern.translation, found, catalogue)
        if not missing:
            return text, ()
        if best is None:
            best = text, missing
    glossed = _GLOSSED.fullmatch(message)
    if glossed:
        return glossed[1], ()
    return best if best is not None else large


def _large(message, catalogue) -> tuple[str, tuple[str, ...]] | None:
    """A number in millions, and of what, as the readers of the language count."""
    found = _LARGE.fullmatch(message)
    if not found or not found["times"] or catalogue.language != "zh":
        return None
    number = in_wan(float(found["n"].replace(",", "")) * _TIMES[found["times"]])
    of, missing = translate(found["of"], catalogue) if found["of"] else ("", ())
    return number + of, missing


def _filled(translation, holes, catalogue):
    missing: list[str] = []

    def fill(hole):
        inside = holes[hole[1]]
        if not has_words(inside) and _CODES.fullmatch(inside):
            return inside.replace(", ", "、")
        text, lacks = translate(inside, catalogue)
        missing.extend(lacks)
        return text

    return _HOLE.sub(fill, translation), tuple(missing)


def _listed(message, catalogue) -> str | None:
    """A list of names and numbers, or of such lists; None if one is not known."""
    if len(message) >= _LONGEST:
        return None
    for between, mark in _LISTS:
        parts = between.split(message)
        if len(parts) > 1:
            done = [translate(part, catalogue) for part in parts]
            if not any(lacks for _, lacks in done):
                return mark.join(part for part, _ in done)
    return None


def _pattern(message, translation) -> _Pattern:
    parts = _HOLE.split(message)
    literals = tuple(parts[::2])
    weight = sum(map(len, literals))
    return _Pattern(literals, tuple(parts[1::2]), translation, weight)


def _by_beginning(patterns: list[_Pattern]) -> dict[str, tuple[_Pattern, ...]]:
    signs = {"", *(pattern.literals[0][:1] for pattern in patterns)}
    return {
        sign: tuple(p for p in patterns if p.literals[0][:1] in ("", sign))
        for sign in signs
    }


def _fitted(pattern: _Pattern, message: str) -> dict[str, str] | None:
    """What stands in the holes of a pattern; None if the message does not fit.

    Each hole ends as early as the rest allows. Where a try has failed it is not tried
    again: the time grows with the square of the message and not with a power.
    """
    first, *middle, last = pattern.literals
    if len(message) < pattern.weight or not message.startswith(first):
        return None
    if not message.endswith(last) or any(part not in message for part in middle):
        return None
    literals, holes, failed = pattern.literals, pattern.holes, set()

    def from_hole(number: int, begin: int) -> list[str] | None:
        if number == len(holes):
            return [] if begin == len(message) else None
        if (number, begin) in failed:
            return None
        following = literals[number + 1]
        for end in _ends(message, begin, following, number == len(holes) - 1):
            inside = message[begin:end]
            if not _is_of_kind(holes[number], inside):
                continue
            rest = from_hole(number + 1, end + len(following))
            if rest is not None:
                return [inside, *rest]
        failed.add((number, begin))
        return None

    found = from_hole(0, len(first))
    if found is None:
        return None
    told = dict(zip(holes, found, strict=True))
    same = all(told[name] == text for name, text in zip(holes, found, strict=True))
    return told if same else None


def _is_of_kind(hole: str, inside: str) -> bool:
    """Whether what stands in a hole is what its name asks for."""
    kinds = (kind for name, kind in _KINDS if name.fullmatch(hole))
    return all(kind.fullmatch(inside) for kind in kinds)


def _ends(message: str, begin: int, following: str, is_last: bool) -> Iterator[int]:
    """Where a hole that begins at `begin` may end, the nearest place first."""
    if is_last:
        end = len(message) - len(following)
        if end > begin:
            yield end
        return
    end = begin
    while (end := message.find(following, end + 1)) != -1:
        yield end


def _refuse_unlike(message, translation):
    for what, of in (("hole", _HOLE), ("numbered tag", MARKER)):
        wanted, found = set(of.findall(message)), set(of.findall(translation))
        if wanted != found:
            raise ValueError(
                f"{message!r}: its translation {translation!r} differs in a {what}: "
                f"{', '.join(sorted(wanted ^ found))}."
            )


def _joined(parts: Iterable[str]) -> str:
    """Sentences one after another: after a Chinese full stop comes no space."""
    text = ""
    for part in parts:
        text += part if not text or text[-1] in "。！？" else f" {part}"
    return text
