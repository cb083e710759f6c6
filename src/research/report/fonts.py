"""The shipped fonts: for matplotlib as they are, for a page cut to its characters.

Chinese is Noto Sans SC, Latin is Source Sans 3 in all weights from regular to bold
(both OFL 1.1). They are one design, yet two files: Noto's quotes and signs are as wide
as an ideograph, which tears English text apart. Both are renamed so that a copy
installed on the machine, perhaps of another version, never takes their place. There is
no bold Chinese face; it would double the repository.
"""

import base64
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import uharfbuzz as hb
from fontTools.ttLib import TTFont

from research.theme import FONT_FILE, register_font

register = register_font

HAN_FILE = FONT_FILE
LATIN_FILE = Path(__file__).parent / "fonts" / "ResearchSansLatin-Variable.ttf"

# Source Sans has capitals of 660 units, the Latin of Noto Sans SC of 733. At the same
# size both draw alike, so that a figure's text keeps the widths matplotlib measured.
_LATIN_SIZE = "111%"
_FIRST_HAN = 0x2E80
# Chinese punctuation that Unicode shares with Latin; Chinese text wants it full-width.
_SHARED = set(map(ord, "·‘’“”…—"))
_NAMES = (0, 1, 2, 13)  # copyright, family, style, licence
_FEATURES = ("kern", "tnum", "lnum", "locl", "ccmp", "mark")


@dataclass(frozen=True)
class Faces:
    """Font faces of one page, as CSS, and the characters that none of them holds."""

    css: str
    missing: str


def faces(text: str) -> Faces:
    """Cut the shipped fonts to the characters of `text`.

    A character outside the fonts is left to the reader's system faces, which follow
    in every font stack, and reported in `missing`.
    """
    wanted = {ord(sign) for sign in set(text) if sign.isprintable()}
    latin = wanted & _known(LATIN_FILE)
    han = {code for code in wanted if code >= _FIRST_HAN or code not in latin}
    han = (han | wanted & _SHARED) & _known(HAN_FILE)
    css = _face("Report Sans", LATIN_FILE, latin, "400 700", _LATIN_SIZE)
    css += _face("Report Han", HAN_FILE, han, "400", "100%")
    missing = sorted(wanted - latin - han - {0x20, 0xA0})
    return Faces(css, "".join(map(chr, missing)))


@cache
def _known(path):
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _face(family, path, codes, weight, size):
    if not codes:
        return ""
    data = base64.b64encode(_cut(path, frozenset(codes))).decode()
    return (
        f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:normal;'
        f"font-display:block;size-adjust:{size};"
        f'src:url("data:font/woff;base64,{data}") format("woff")}}\n'
    )


def _cut(path, codes):
    wanted = hb.SubsetInput()
    wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NOTDEF_OUTLINE
    for chosen, values in (
        (wanted.unicode_set, codes),
        (wanted.name_id_set, _NAMES),
        (wanted.layout_feature_tag_set, map(_tag, _FEATURES)),
    ):
        chosen.clear()
        chosen.update(values)
    cut = hb.subset(_read(path), wanted).blob.data
    font = TTFont(BytesIO(cut), recalcTimestamp=False)
    font.flavor = "woff"  # woff2 is a sixth smaller and takes 50 times as long
    out = BytesIO()
    font.save(out, reorderTables=None)
    return out.getvalue()


@cache
def _read(path):
    return hb.Face(hb.Blob.from_file_path(str(path)))


def _tag(name):
    return int.from_bytes(name.encode("ascii"), "big")
