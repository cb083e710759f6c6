"""A page in another language: each of its messages is looked up in a catalogue.

What is translated is the finished page, so that nothing that a page shows can be
forgotten: prose, tables, the words in pictures, alternative texts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from html import escape, unescape

from research.report.catalogue import MARKER, Catalogue, has_words, in_wan, translate
from research.report.typeset import in_lines, set_tight

LANGUAGES = ("en", "zh")
"""Languages of pages; the first is the one they are written in."""
CODES = {"en": "en", "zh": "zh-Hans"}
NAMES = {"en": "English", "zh": "中文"}

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_INLINE = "a abbr b code em i kbd strong sub sup".split()
_SAYING = r"(?:alt|aria-label|title|placeholder|data-(?:on|off|count|none))"
# A tag that begins no sentence and says nothing itself.
_SILENT = (
    rf"</?(?!(?:{'|'.join(_INLINE)}|script|style|pre|math|th)\b)"
    r'(?!\w+ translate="no">|g id="[^"]*text_\d+">)[A-Za-z][\w-]*+'
    rf'(?:\s++(?!{_SAYING}=)[\w:-]++(?:="[^"<>]*+")?)*+\s*+/?>'
)
_TOKEN = re.compile(
    # Silent tags and the numbers between them: nine tenths of a page, looked at once.
    rf"(?P<silent>{_SILENT}(?:[^<&A-Za-z{_HAN}]*+{_SILENT})*+)"
    r"|<!--.*?-->|<(?P<whole>script|style|pre|math)\b.*?</(?P=whole)>"
    r'|<(?P<kept>\w+) translate="no">.*?</(?P=kept)>'
    r'|<g id="[^"]*text_\d+">(?P<lines>(?:<text\b[^>]*>[^<]*</text>){2,})</g>|<[^>]*>',
    re.DOTALL,
)
_DRAWN_LINE = re.compile(r"(<text\b[^>]*>)([^<]*)</text>")
_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)")
_MARKED = re.compile(r'<span lang="zh-Hans">(.*?)</span>', re.DOTALL)
_ATTRIBUTE = re.compile(rf'\b({_SAYING})="([^"]*)"')
_TILE = re.compile(r'(<span class="value">)(\d{1,3}(?:,\d{3})+)(?=\s*<)')
_LINK = re.compile(r'(<a\b[^>]*\bhref=")((?!\w+:)[^"#]*\.html)(#[^"]*)?(")')
_SWITCH = re.compile(r'<a id="language" href="([^"]*)"[^>]*>[^<]*</a>')
_SECOND = re.compile(r'<p class="[^"]*\bsecond\b[^"]*" lang="en">.*?</p>\n?', re.DOTALL)
_GLOSS = re.compile(r'<span class="gloss[^"]*" lang="zh-Hans">.*?</span>', re.DOTALL)
_TWIN = re.compile(r'<(t[hd])[^>]* data-twin="">.*?</\1>\n?', re.DOTALL)
_SAID = re.compile(r'(lang="zh-Hans">)([^<]*)(?=</p>)')


def translated(
    html: str, catalogue: Catalogue, *, alone: bool = False
) -> tuple[str, list[str]]:
    """A page in the language of a catalogue, and the messages that it lacks.

    Parameters
    ----------
    html : str
        A page as the templates make it, before it is sealed.
    catalogue : Catalogue
    alone : bool
        Whether there are pages in this language only, which then need no mark.

    Returns
    -------
    html : str
        Links lead to the pages of the same language.
    missing : list of str
        In the order of the page, each once.
    """
    html = _without_twins(html)
    lacking: dict[str, None] = {}

    @cache
    def into(message, is_head=False):
        if is_head and message in catalogue.heads:
            return catalogue.heads[message]
        text, missing = translate(message, catalogue)
        lacking.update(dict.fromkeys(missing))
        return text

    done = "".join(_pieces(html, into))
    if catalogue.language == "zh":
        done = _TILE.sub(
            lambda found: found[1] + in_wan(float(found[2].replace(",", ""))), done
        )
    code = CODES[catalogue.language]
    done = done.replace('<html lang="en">', f'<html lang="{code}">', 1)
    return done if alone else _addressed(done, catalogue.language), list(lacking)


def messages(html: str) -> list[str]:
    """All messages of a page that have words, in its order, each once.

    Examples
    --------
    >>> messages('<p>See <a href="#f">the figure</a>, <b>12</b>.</p><td>7</td>')
    ['See <1>the figure</1>, <2>12</2>.']
    """
    found: dict[str, None] = {}

    def note(message, is_head=False):
        if has_words(message):
            found[message] = None
        return message

    for _ in _pieces(_without_twins(html), note):
        pass
    return list(found)


def as_written(html: str) -> str:
    """A page in the language it is written in: its Chinese sentences set as elsewhere.

    Examples
    --------
    >>> as_written('<p class="first" lang="zh-Hans">共 12 户</p>')
    '<p class="first" lang="zh-Hans">共12户</p>'
    """
    return _SAID.sub(lambda found: found[1] + set_tight(found[2]), html)


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


def file_in(path: str, language: str, languages: Sequence[str]) -> str:
    """Path of a page in one of the languages that it is made in.

    Examples
    --------
    >>> file_in("index.html", "zh", ("en", "zh")), file_in("index.html", "zh", ("zh",))
    ('index.zh.html', 'index.html')
    """
    return path if language == languages[0] else path_in(path, language)


# --- walking a page -----------------------------------------------------------------


def _without_twins(html: str) -> str:
    """A page without what it says in Chinese and once more in English beside it."""
    html = _TWIN.sub("", _SECOND.sub("", html))
    *before, last = _GLOSS.split(html)
    html = "".join([*(part.rstrip() for part in before), last])
    return _MARKED.sub(r"\1", html)


def _pieces(html: str, into) -> Iterator[str]:
    """The page piece by piece, each message replaced by what `into` makes of it."""

    @cache  # a table says the same in many of its rows
    def sentence(run: tuple[str, ...], is_head: bool) -> str:
        said = partial(into, is_head=True) if is_head else into
        return set_tight("".join(_message(run, said)))

    run: list[str] = []
    place, heads = 0, False
    for token in [*_TOKEN.finditer(html), None]:
        end = token.start() if token else len(html)
        if end > place:
            run.append(html[place:end])
        if token is None:
            yield sentence(tuple(run), False)
            return
        place = token.end()
        tag = None if token["silent"] else _TAG.match(token[0])
        if token["whole"] == "math" or (tag and tag[2] in _INLINE):
            run.append(token[0])
        else:
            yield sentence(tuple(run), heads)
            run, heads = [], token[0].startswith('<th scope="col"')
            if token["silent"]:
                yield token[0]
            elif token["lines"]:
                yield _drawn_lines(token[0], into)
            else:
                yield _ATTRIBUTE.sub(lambda found: _attribute(found, into), token[0])


def _attribute(found, into):
    return f'{found[1]}="{escape(set_tight(into(unescape(found[2]))))}"'


def _drawn_lines(drawn: str, into) -> str:
    """A text of several lines in a picture: one message, broken anew."""
    before = [unescape(text) for _, text in _DRAWN_LINE.findall(drawn)]
    message = " ".join(" ".join(before).split())
    said = into(message) if message else ""
    if said == message:
        return drawn
    after = iter(in_lines(set_tight(said), before))
    return _DRAWN_LINE.sub(
        lambda found: f"{found[1]}{escape(next(after), quote=False)}</text>", drawn
    )


def _message(run: Sequence[str], into) -> Iterator[str]:
    """Tags and text of one sentence, translated together."""
    if not _is_balanced(run):  # such as a link around more than a sentence
        for piece in run:
            yield from [piece] if piece.startswith("<") else _message([piece], into)
        return
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


def _is_balanced(run: Sequence[str]) -> bool:
    depth = 0
    for piece in run:
        if piece.startswith("</"):
            depth -= 1
        elif piece.startswith("<") and not piece.startswith("<math"):
            depth += 1
        if depth < 0:
            return False
    return depth == 0


def _unwrapped(run: Sequence[str]) -> tuple[int, int]:
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
    marks = MARKER.findall(text)
    words = [escape(part, quote=False) for part in MARKER.split(text)]
    done = words[0]
    for mark, part in zip(marks, words[1:], strict=True):
        done += tags.get(mark, escape(mark)) + part
    return done


def _addressed(html: str, language: str) -> str:
    """Links to the pages of this language, and the switch back to the first one."""
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
