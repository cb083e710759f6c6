"""Figures that explain segments: their rules as lanes.

Why lanes and no tree of boxes: a tree of depth three has eight ends side by side, which
a phone or a printed column shows in letters too small to read, and its reader has to
collect each rule from box to box. A lane has the whole rule in one sentence.
"""

import unicodedata
from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from research.plots.style import segment_color
from research.theme import GRID, INK, MUTED

WIDTH = 7.4
"""Inches: as wide as lets a phone keep the letters at two thirds."""
LINE = 0.2
"""Height of a line of text [inches]."""
SPACING = 1.5
"""Lines of a sentence, by the height of their letters: less than `LINE` apart."""
LETTERS = 92
"""Latin letters to a line, a Chinese character counts as two: few enough for the wide
letters of the fonts that a page may fall back on."""

_SAID = {
    "en": {
        "n": "{n:,} customers, {right:.0%} of them its own",
        "one": "1 customer",
        "small": "{n:,} customers only, {right:.0%} of them its own",
    },
    "zh": {
        "n": "{n:,} 户，其中 {right:.0%} 属于本群",
        "one": "1 户",
        "small": "仅 {n:,} 户，其中 {right:.0%} 属于本群",
    },
}


def rule_lanes(
    rules: pd.DataFrame, segments: Sequence, *, language: str = "en"
) -> Figure:
    """Draw the rules of a shallow tree, a lane each: who is meant, how many, how pure.

    Parameters
    ----------
    rules : DataFrame
        A row a rule, in the order drawn: `segment`, `name_en` and `en` (`name_zh` and
        `zh` for Chinese), `n`, `purity` in [0, 1], `small`, as
        `service.words.tell_rules` gives it.
    segments : sequence
        All segments in their order, which gives each its colour.
    language : {"en", "zh"}, default="en"

    Returns
    -------
    figure : Figure
        The bar's length is the number of customers that keep to the rule, the coloured
        part those of the segment; bars of small rules are hollow.
    """
    said = _SAID[language]
    texts = [_wrapped(text) for text in rules[language]]
    heights = [LINE * (len(lines) + 2.1) for lines in texts]
    figure, ax = _canvas(sum(heights))
    longest, top = rules["n"].max(), 0.0
    for row, lines, height in zip(rules.itertuples(), texts, heights, strict=True):
        color = segment_color(segments.index(row.segment))
        ax.add_patch(Rectangle((0, top + 0.04), 0.05, height - 0.12, color=color, lw=0))
        words = said["one" if row.n == 1 else "small" if row.small else "n"]
        name = getattr(row, f"name_{language}")
        if not isinstance(row.segment, str):
            name = f"{list(segments).index(row.segment) + 1} {name}"
        y = top + LINE * 0.6
        ax.text(0.16, y, name, color=color, va="center", fontsize=10.5)
        count = words.format(n=row.n, right=row.purity)
        if _letters(name) + _letters(count) <= LETTERS:
            ax.text(WIDTH, y, count, color=MUTED, va="center", ha="right", fontsize=9)
        _paragraph(ax, 0.16, top + LINE * 1.2, lines)
        y, full = top + height - LINE * 0.85, WIDTH - 0.16
        length = full * row.n / longest
        ax.add_patch(Rectangle((0.16, y), length, 0.1, color=GRID, lw=0))
        own = Rectangle(
            (0.16, y),
            length * row.purity,
            0.1,
            facecolor="none" if row.small else color,
            edgecolor=color,
            lw=1 if row.small else 0,
        )
        ax.add_patch(own)
        top += height
    return figure


def _canvas(height):
    """Axes without any frame, in inches from the top left."""
    figure, ax = plt.subplots(figsize=(WIDTH + 0.1, height + 0.1))
    ax.set(xlim=(-0.02, WIDTH + 0.02), ylim=(height, 0))
    ax.set_axis_off()
    return figure, ax


def _paragraph(ax, x, y, lines):
    """Draw lines from (x, y) down as one text: a page translates it as one sentence."""
    ax.text(
        x, y, "\n".join(lines), color=INK, va="top", fontsize=10, linespacing=SPACING
    )


def _letters(text):
    """Width of a text in latin letters."""
    return sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _wrapped(text):
    """Lines of at most `LETTERS`; Chinese text may break after any character."""
    lines, line = [], ""
    for part in _pieces(text):
        if line and _letters(line + part.rstrip()) > LETTERS:
            lines.append(line.rstrip())
            line = ""
        line += part
    return [*lines, line.rstrip()]


def _pieces(text):
    """What may not be broken: a latin word with its space, a Chinese character."""
    piece = ""
    for sign, after in zip(text, [*text[1:], ""], strict=True):
        piece += sign
        wide = unicodedata.east_asian_width(after or " ") in "WF"
        closing = after in "，。；：）、"
        here = unicodedata.east_asian_width(sign) in "WF"
        if sign == " " or ((wide or here) and not closing):
            yield piece
            piece = ""
    if piece:
        yield piece
