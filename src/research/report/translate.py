"""A page in another language: its words are looked up in a catalogue.

What is translated is the finished page, so that nothing that a page shows can be
forgotten: prose, tables, the words in pictures, alternative texts. Catalogues are
gettext files (``locale/<language>/*.po``). A message is what stands between two tags
of a page that are not part of a sentence; what is part of one, such as a link, is
numbered: ``See <1>the figure</1>.`` A name in braces stands for what differs from page
to page: ``{n}``, ``{n2}`` ... for a number, any other name for words, which are looked
up in turn. A longer message that is not in the catalogue is looked up sentence by
sentence.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape, unescape
from pathlib import Path

from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("en", "zh")
"""Languages of pages; the first is the one they are written in."""
CODES = {"en": "en", "zh": "zh-Hans"}
NAMES = {"en": "English", "zh": "中文"}

_TOKEN = re.compile(r"<!--.*?-->|<(script|style|pre|math)\b.*?</\1>|<[^>]*>", re.DOTALL)
_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)")
_INLINE = {"a", "abbr", "b", "code", "em", "i", "kbd", "strong", "sub", "sup"}
_MARKED = re.compile(r'<span lang="zh-Hans">(.*?)</span>', re.DOTALL)
_ATTRIBUTE = re.compile(
    r'\b(alt|aria-label|title|placeholder|data-(?:on|off|count|none))="([^"]*)"'
)
_MARKER = re.compile(r"</?\d+/?>")
_HOLE = re.compile(r"\{([A-Za-z]\w*)\}")
_NUMBER = re.compile(r"n\d*")
_WORDS = re.compile(r"[A-Za-z]{2}")
# An id, a hash, an address, a path or a name of a file are the same in any language.
_WORDLESS = re.compile(r"</?\d+/?>|\w+:[^\s]+|(?<!\w)[\w./:-]*\d[\w./:-]*")
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_GLOSSED = re.compile(
    rf"(?=[^{_HAN}]*[A-Za-z])(?:[^\s{_HAN}.:;,]+ ){{1,6}}([{_HAN}][{_HAN}\w·、（）]*)"
)
# Chinese readers count in 万 (10 000) and 亿 (100 000 000).
_LARGE = re.compile(r"(?P<n>\d[\d,.]*)(?: (?P<times>million|billion))?(?: (?P<of>.+))?")
_TIMES = {None: 1.0, "million": 1e6, "billion": 1e9}
_TILE = re.compile(r'(?<=<span class="value">)\d{1,3}(?:,\d{3})+(?=\s*<)')
_SENTENCES = re.compile(r"(?<=[.!?。！？])\s+(?=\S)")
_LIST = re.compile(r", and | and |, |; ")
_LINK = re.compile(r'(<a\b[^>]*\bhref=")((?!\w+:)[^"#]*\.html)(#[^"]*)?(")')
_SWITCH = re.compile(r'<a id="language" href="([^"]*)"[^>]*>[^<]*</a>')
_SECOND = re.compile(r'<p class="[^"]*\bsecond\b[^"]*" lang="en">.*?</p>\n?', re.DOTALL)
_GLOSS = re.compile(r'\s*<span class="gloss[^"]*" lang="zh-Hans">.*?</span>', re.DOTALL)


@dataclass(frozen=True)
class Catalogue:
    """Messages and what they are in another language.

    Attributes
    ----------
    language : str
    exact : dict
        Messages without a hole.
    patterns : tuple of _Pattern
        Messages with holes, those with most words of their own first.
    """

    language: str
    exact: Mapping[str, str]
    patterns: tuple["_Pattern", ...] = field(repr=False)

    def with_names(self, names: Mapping[str, str]) -> "Catalogue":
        """Also know names, such as that of the region, that are in no catalogue."""
        return Catalogue(self.language, {**self.exact, **names}, self.patterns)


@dataclass(frozen=True)
class _Pattern:
    message: re.Pattern
    rarest: str
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
    return Catalogue(language, exact, tuple(patterns))


@cache
def read_catalogue(language: str) -> Catalogue:
    """Read the catalogue of a language that comes with the package.

    Raises
    ------
    ValueError
        If two files translate one message, or a translation does not fit.
    """
    known, origin = {}, {}
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as opened:
            for entry in read_po(opened, locale=language, abort_invalid=True):
                if not entry.id or not entry.string or entry.fuzzy:
                    continue
                if entry.id in known:
                    raise ValueError(
                        f"{path.name} line {entry.lineno}: {entry.id!r} is translated "
                        f"in {origin[entry.id]}, too; keep one."
                    )
                known[entry.id], origin[entry.id] = entry.string, path.name
    return catalogue_of(known, language)


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
    if not _has_words(message):
        return message, ()
    whole = _whole(message, catalogue)
    if whole is not None and not whole[1]:
        return whole
    parts = _SENTENCES.split(message)
    if len(parts) > 1:
        done = [translate(part, catalogue) for part in parts]
        missing = tuple(lack for _, lacks in done for lack in lacks)
        if whole is None or len(missing) < len(whole[1]):
            return _joined([text for text, _ in done]), missing
    return whole if whole is not None else (message, (message,))


def translated(html: str, catalogue: Catalogue) -> tuple[str, list[str]]:
    """A page in the language of a catalogue, and the messages that it lacks.

    Parameters
    ----------
    html : str
        A page as the templates make it, before it is sealed.
    catalogue : Catalogue

    Returns
    -------
    html : str
        Links lead to the pages of the same language.
    missing : list of str
        In the order of the page, each once.
    """
    html = _SECOND.sub("", html)  # the verdict stands there in Chinese, too
    html = _GLOSS.sub("", html)
    lacking: dict[str, None] = {}

    @cache
    def into(message):
        text, missing = translate(message, catalogue)
        lacking.update(dict.fromkeys(missing))
        return text

    done = "".join(_pieces(_MARKED.sub(r"\1", html), into))
    if catalogue.language == "zh":
        done = _TILE.sub(lambda found: in_wan(float(found[0].replace(",", ""))), done)
    return _addressed(done, catalogue.language), list(lacking)


def messages(html: str) -> list[str]:
    """All messages of a page that have words, in its order, each once.

    Examples
    --------
    >>> messages('<p>See <a href="#f">the figure</a>, <b>12</b>.</p><td>7</td>')
    ['See <1>the figure</1>, <2>12</2>.']
    """
    found: dict[str, None] = {}

    def note(message):
        if _has_words(message):
            found[message] = None
        return message

    html = _MARKED.sub(r"\1", _GLOSS.sub("", _SECOND.sub("", html)))
    for _ in _pieces(html, note):
        pass
    return list(found)


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


def path_in(path: str, language: str) -> str:
    """Path of a page in a language: the one they are written in has no mark.

    Examples
    --------
    >>> path_in("london/index.html", "zh"), path_in("index.zh.html", "en")
    ('london/index.zh.html', 'index.html')
    """
    stem = path.removesuffix(".html")
    for other in LANGUAGES[1:]:
        stem = stem.removesuffix(f".{other}")
    return f"{stem}.html" if language == LANGUAGES[0] else f"{stem}.{language}.html"


# --- looking up ---------------------------------------------------------------------


def _has_words(message: str) -> bool:
    return bool(_WORDS.search(_WORDLESS.sub("", message)))


def _whole(message, catalogue) -> tuple[str, tuple[str, ...]] | None:
    """A message by an entry of its own, or by a pattern; None if none fits."""
    for form in (message, message[:1].lower() + message[1:], message.rstrip(".")):
        if form in catalogue.exact:
            end = "。" if form != message and message.endswith(".") else ""
            return catalogue.exact[form] + end, ()
    best = None
    for pattern in catalogue.patterns:
        found = pattern.rarest in message and pattern.message.fullmatch(message)
        if not found or any(map(_SENTENCES.search, found.groups())):
            continue
        text, missing = _filled(pattern.translation, found.groupdict(), catalogue)
        if not missing:
            return text, ()
        if best is None:
            best = text, missing
    if best is not None:
        return best
    glossed = _GLOSSED.fullmatch(message)
    return (glossed[1], ()) if glossed else _large(message, catalogue)


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
        text, lacks = _words(holes[hole[1]], catalogue)
        missing.extend(lacks)
        return text

    return _HOLE.sub(fill, translation), tuple(missing)


def _words(text, catalogue):
    """What stands in a hole: a name, a number, a list of them, or a message."""
    found, missing = translate(text, catalogue)
    if not missing:
        return found, ()
    parts = _LIST.split(text)
    if len(parts) > 1:
        done = [translate(part, catalogue) for part in parts]
        if not any(lacks for _, lacks in done):
            return "、".join(part for part, _ in done), ()
    return found, missing


def _pattern(message, translation) -> _Pattern:
    literal = _HOLE.split(message)[::2]
    regex, seen = [], set()
    for number, part in enumerate(_HOLE.split(message)):
        if number % 2 == 0:
            regex.append(re.escape(part))
        elif part in seen:
            regex.append(f"(?P={part})")
        else:
            seen.add(part)
            inside = r"[-+−]?\d[\d,.]*" if _NUMBER.fullmatch(part) else ".+?"
            regex.append(f"(?P<{part}>{inside})")
    return _Pattern(
        re.compile("".join(regex), re.DOTALL),
        max(literal, key=len),
        translation,
        sum(map(len, literal)),
    )


def _refuse_unlike(message, translation):
    for what, of in (("hole", _HOLE), ("numbered tag", _MARKER)):
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


# --- walking a page -----------------------------------------------------------------


def _pieces(html: str, into) -> Iterator[str]:
    """The page piece by piece, each message replaced by what `into` makes of it."""
    run: list[str] = []
    place = 0
    for token in [*_TOKEN.finditer(html), None]:
        end = token.start() if token else len(html)
        if end > place:
            run.append(html[place:end])
        if token is None:
            yield from _message(run, into)
            return
        place = token.end()
        tag = _TAG.match(token[0])
        if token[1] == "math" or (tag and tag[2] in _INLINE):
            run.append(token[0])
        else:
            yield from _message(run, into)
            run = []
            yield _ATTRIBUTE.sub(lambda found: _attribute(found, into), token[0])


def _attribute(found, into):
    return f'{found[1]}="{escape(into(unescape(found[2])))}"'


def _message(run: list[str], into) -> Iterator[str]:
    """Tags and text of one sentence, translated together."""
    first, last = _unwrapped(run)
    yield from run[:first]
    inner = run[first:last]
    opened, tags, text = [], {}, []
    for piece in inner:
        if not piece.startswith("<"):
            text.append(unescape(piece))
        elif piece.startswith("<math"):
            tags[f"<{len(tags) + 1}/>"] = piece
            text.append(list(tags)[-1])
        elif piece.startswith("</"):
            number = opened.pop() if opened else 0
            tags[f"</{number}>"] = piece
            text.append(f"</{number}>")
        else:
            number = 1 + sum(not mark.startswith("</") for mark in tags)
            opened.append(number)
            tags[f"<{number}>"] = piece
            text.append(f"<{number}>")
    whole = "".join(text)
    message = " ".join(whole.split())
    said = into(message) if message else ""
    if said == message:
        yield from inner
    else:
        lead = whole[: len(whole) - len(whole.lstrip())]
        trail = whole[len(whole.rstrip()) :]
        yield lead + _restored(said, tags) + trail
    yield from run[last:]


def _unwrapped(run: list[str]) -> tuple[int, int]:
    """The part of a run inside of tags that go around all of it."""
    first, last = 0, len(run)
    while True:
        while first < last and not run[first].strip():
            first += 1
        while first < last and not run[last - 1].strip():
            last -= 1
        if last - first < 3 or not _goes_around(run[first:last]):
            return first, last
        first, last = first + 1, last - 1


def _goes_around(run):
    if not (run[0].startswith("<") and run[-1].startswith("</")):
        return False
    if run[0].startswith(("</", "<math")):
        return False
    depth = 0
    for number, piece in enumerate(run):
        if piece.startswith("</"):
            depth -= 1
        elif piece.startswith("<") and not piece.startswith("<math"):
            depth += 1
        if depth == 0:
            return number == len(run) - 1
    return False


def _restored(text: str, tags: Mapping[str, str]) -> str:
    marks = _MARKER.findall(text)
    words = [escape(part, quote=False) for part in _MARKER.split(text)]
    done = words[0]
    for mark, part in zip(marks, words[1:], strict=True):
        done += tags.get(mark, escape(mark)) + part
    return done


def _addressed(html: str, language: str) -> str:
    """Links to the pages of this language, and the switch back to the first one."""
    html = html.replace('<html lang="en">', f'<html lang="{CODES[language]}">', 1)
    first = LANGUAGES[0]

    def switch(found):
        return (
            f'<a id="language" href="{path_in(found[1], first)}" hreflang="{first}" '
            f'lang="{first}">{NAMES[first]}</a>'
        )

    html = _SWITCH.sub(switch, html)

    def link(found):
        if 'id="language"' in found[1]:
            return found[0]
        return f"{found[1]}{path_in(found[2], language)}{found[3] or ''}{found[4]}"

    return _LINK.sub(link, html)
