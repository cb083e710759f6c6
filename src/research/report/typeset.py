"""How Chinese stands on a page: beside Latin letters and digits, and in lines."""

import re
from collections.abc import Sequence
from math import ceil
from unicodedata import east_asian_width

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_FULL = "，。；：！？（）《》、"
_TAGS = r"(?:</?[A-Za-z][^<>]*>)*"
_LATIN = r"[A-Za-z0-9¥£$]|[-+−±]\d"
# A space that a browser, or the width of a sign itself, makes of its own accord.
_SPACES = [
    re.compile(rf"(?<=[{_HAN}])({_TAGS}) ({_TAGS})(?={_LATIN})"),
    re.compile(rf"(?<=[A-Za-z0-9%°²³])({_TAGS}) ({_TAGS})(?=[{_HAN}])"),
    re.compile(rf"(?<=[{_FULL}])({_TAGS}) +({_TAGS})(?=\S)"),
    re.compile(rf"(?<=\S)({_TAGS}) +({_TAGS})(?=[{_FULL}])"),
]
_PER_CENT = re.compile(rf"(?<=\d) %(?=\W|[{_HAN}]|$)")
_PARAGRAPH = 40  # letters: what is wider fills its lines, what is narrower shares them
# What may not be broken: a Latin word, an ideograph, each with its punctuation.
_PIECE = re.compile(
    rf"[（“《]*(?:[{_HAN}]|[^\s{_HAN}{_FULL}“”]+)?[，。；：！？）”》、]*\s*"
)


def set_tight(text: str) -> str:
    """Chinese without spaces towards Latin letters, digits and its own punctuation.

    The thin space that belongs there is drawn by the browser (``text-autospace``), the
    same on all of a page. Tags between the two are passed over. What is to stand apart,
    as a number before a name, has a space that does not break, which stays.

    Parameters
    ----------
    text : str
        Text, or a piece of HTML.

    Examples
    --------
    >>> set_tight("共 1,618 户，占 12 %， 见<b>图 3</b>")
    '共1,618户，占12%，见<b>图3</b>'
    >>> set_tight("12 % of k-means")
    '12 % of k-means'
    """
    if not re.search(f"[{_HAN}]", text):
        return text
    text = _PER_CENT.sub("%", text)
    for space in _SPACES:
        text = space.sub(r"\1\2", text)
    return text


def in_lines(text: str, before: Sequence[str]) -> list[str]:
    """Break a text into as many lines as another has; the last ones may be empty.

    Parameters
    ----------
    text : str
    before : sequence of str
        The lines of the other text. Where they are wide, a line is filled before the
        next begins; where they are narrow, all get as much. A text that is broken
        already stays so.

    Examples
    --------
    >>> in_lines("每户每天的kWh", ["kWh a day", "and customer"])
    ['每户每', '天的kWh']
    """
    if "\n" in text:
        lines = [line.strip() for line in text.split("\n", len(before) - 1)]
        return lines + [""] * (len(before) - len(lines))
    widest = max(map(_letters, before))
    if widest < _PARAGRAPH:
        widest = ceil(_letters(text) / len(before))
    lines = [""]
    for piece in filter(None, _PIECE.findall(text)):
        is_full = _letters((lines[-1] + piece).rstrip()) > widest
        if lines[-1] and is_full and len(lines) < len(before):
            lines.append("")
        lines[-1] += piece
    lines = [line.rstrip() for line in lines]
    return lines + [""] * (len(before) - len(lines))


def _letters(text):
    """Width of a text in Latin letters."""
    return sum(1 + (east_asian_width(sign) in "WF") for sign in text)
