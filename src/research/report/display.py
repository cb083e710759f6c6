"""What a cell of a notebook shows: verdicts, tiles, figures, tables, advice.

Each function returns a `Part`. JupyterLab draws it as it stands; a published page
draws the same content in its own style (`research.report.export`). Contents travel as
data, never as markup, so that nothing in a region's tables can reach a page unescaped.
"""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from research import theme
from research.report import door, explore, sanitize
from research.report.door import protect
from research.report.part import Part, check_name, part_of
from research.report.tables import (
    has_index,
    readable_number,
    table,
    table_content,
    to_csv,
)

MAX_TILES = 5
MAX_PICTURE_BYTES = 600_000
COVERAGE = ("good", "fair", "poor")
NOTES = ("assumption", "missing", "warning", "nothing")

_HAN = re.compile("[\u4e00-\u9fff]")


# --- the first screen ---------------------------------------------------------------


def facts(items: Mapping[str, object], badge: tuple[str, str] | None = None) -> Part:
    """One quiet line: region, period, date, and how much of the data could be used.

    Parameters
    ----------
    items : mapping of label to value
    badge : (level, text), optional
        `level` is "good", "fair" or "poor"; `text` says what was measured.
    """
    if badge is not None and badge[0] not in COVERAGE:
        raise ValueError(
            f"The level of a coverage badge must be one of {', '.join(COVERAGE)}. "
            f"Got {badge[0]!r}."
        )
    return Part(
        "facts",
        {
            "items": [[str(label), str(value)] for label, value in items.items()],
            "badge": [str(word) for word in badge] if badge else None,
        },
    )


def verdict(en: str | None = None, zh: str | None = None) -> Part:
    """Answer the notebook's question in one sentence, in Chinese and English.

    Parameters
    ----------
    en, zh : str
        The sentence in each language; at least one.
    """
    en, zh = (text.strip() if text else "" for text in (en, zh))
    if not en and not zh:
        raise ValueError("A verdict needs a sentence: give en=, zh= or both.")
    return Part("verdict", {"en": en, "zh": zh})


@dataclass(frozen=True)
class Tile:
    """One figure of the first screen.

    Parameters
    ----------
    value : str or number
        The figure; numbers get thousands separators, strings stay.
    unit : str
        What it counts; may be empty.
    label : str
        What it is, in a few words.
    interval : str, optional
        How sure it is, for example "95 %: 12.1 to 14.0".
    note : str, optional
        Change against the last period or a reference.
    """

    value: object
    unit: str
    label: str
    interval: str | None = None
    note: str | None = None


def tiles(items: Sequence[Tile]) -> Part:
    """Show the few figures that carry the verdict, at most five."""
    items = list(items)
    if not 1 <= len(items) <= MAX_TILES:
        raise ValueError(
            f"A page shows 1 to {MAX_TILES} tiles. Got {len(items)}: keep those that "
            "carry the verdict and move the others to a table."
        )
    shown = [
        {
            "value": readable_number(tile.value),
            "unit": str(tile.unit),
            "label": str(tile.label),
            "interval": str(tile.interval or ""),
            "note": str(tile.note or ""),
        }
        for tile in items
    ]
    return Part("tiles", {"tiles": shown})


@dataclass(frozen=True)
class Action:
    """Something to do: what, who does it, and what it should bring."""

    what: str
    owner: str = ""
    effect: str = ""


def advice(do: Iterable[Action], limits: Iterable[str]) -> Part:
    """Show what to do 建议 beside what this cannot tell 局限."""
    do = [
        {"what": str(a.what), "owner": str(a.owner), "effect": str(a.effect)}
        for a in do
    ]
    limits = [str(limit) for limit in limits]
    if not limits:
        raise ValueError(
            "Advice needs at least one limit: say what this page cannot tell."
        )
    return Part("advice", {"do": do, "limits": limits})


def note(text: str, kind: str = "assumption") -> Part:
    """Mark an assumption, something missing, a warning or a search in vain.

    Parameters
    ----------
    text : str
    kind : {"assumption", "missing", "warning", "nothing"}
    """
    if kind not in NOTES:
        raise ValueError(f"A note is one of {', '.join(NOTES)}. Got {kind!r}.")
    return Part("note", {"text": str(text), "note": kind})


def words(text: str) -> Part:
    """Show sentences that were put together from the data, as Markdown.

    Parameters
    ----------
    text : str
        Empty: nothing is shown.
    """
    return Part("words", {"text": str(text)})


def short(value: float) -> str:
    """A number in three digits, without an exponent.

    Examples
    --------
    >>> short(0.029271), short(14.312), short(1234567.0)
    ('0.0293', '14.3', '1,230,000')
    """
    return f"{float(f'{value:.3g}'):,.10g}"


def progress(sentence: str) -> None:
    """Tell how far long work is, in one line that the next takes the place of.

    It goes to the error stream: JupyterLab shows it, a published page does not.

    Parameters
    ----------
    sentence : str
    """
    sys.stderr.write(f"\r{sentence:<90}")
    sys.stderr.flush()


# --- figures ------------------------------------------------------------------------


def figure(
    fig: Figure | Axes,
    *,
    name: str,
    title: str,
    caption: str,
    alt: str,
    data: pd.DataFrame | None = None,
    definition: str = "",
    hero: bool = False,
    digits: int | None = door.DIGITS,
) -> Part:
    """Show a matplotlib figure as SVG, with words for it and the data behind it.

    The figure is closed, so that Jupyter does not draw it a second time.

    Parameters
    ----------
    fig : Figure, or an Axes or seaborn grid in it
    name : str
        Names the csv and the anchor: lower-case letters, digits, ``-`` and ``_``.
    title : str
        The finding, as a sentence.
    caption : str
        What is drawn: measure, unit, period, n.
    alt : str
        The finding in a sentence, for who cannot see the figure.
    data : DataFrame, optional
        The numbers drawn; shown one click away and as csv.
    definition : str, optional
        The definition (口径) behind the numbers, under the figure.
    hero : bool
        Stands on the first screen. Without any, the first figure of a page does.
    digits : int or None
        Significant digits of the data; more, or None for all, where they are scores of
        methods and no values of customers.

    Raises
    ------
    ValueError
        If words are lacking, or the data name single customers.
    """
    check_name(name)
    _check_said("title", title, name)
    _check_said("caption", caption, name)
    _check_alt(alt, name)
    svg = _svg(fig.figure, name)
    content = {
        "name": name,
        "title": title.strip(),
        "caption": caption.strip(),
        "alt": alt.strip(),
        "definition": definition.strip(),
        "hero": bool(hero),
        "data": None,
    }
    csv = None
    if data is not None:
        door.check_frame(data, name)
        data = door.rounded(data, digits)
        content["data"] = table_content(data, "", {}, (), None, has_index(data))
        csv = to_csv(data, index=has_index(data))
    return Part("figure", content, svg=svg, csv=csv)


def explorer(exploration, *, digits: int | None = door.DIGITS, **words) -> Part:
    """Show a figure that a reader can turn about, with its still behind it.

    The still stands where no script runs, and on paper. What can be explored are the
    numbers of groups; they pass the same door as those of any figure.

    Parameters
    ----------
    exploration : research.plots.explore.Exploration
    digits : int or None
        As in `figure`.
    **words
        `name`, `title`, `caption`, `alt`, `definition` and `hero`, as in `figure`.

    Raises
    ------
    ValueError
        As `figure` does, and if the chart is not as those of `research.plots.explore`.
    """
    name, frame = words.get("name", ""), exploration.frame
    table = frame if exploration.table is None else exploration.table
    still = figure(exploration.still, data=table, digits=digits, **words)
    door.check_frame(frame, name)
    chart = {
        "spec": exploration.spec,
        "controls": list(exploration.controls),
        "data": explore.columns_of(door.rounded(frame, digits)),
    }
    explore.checked(chart)
    return replace(still, content=still.content | {"explore": chart})


def _svg(fig, name):
    drawn = StringIO()
    clean = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    # Ticks are made when a figure is drawn, hence the style once more.
    with plt.rc_context(theme.style() | {"svg.hashsalt": f"research-{name}"}):
        fig.savefig(drawn, format="svg", metadata=clean, dpi=150)
    plt.close(fig)
    svg = str(sanitize.svg(drawn.getvalue(), prefix=""))
    if len(svg) > MAX_PICTURE_BYTES:
        raise ValueError(
            f"Figure {name!r} takes {len(svg) // 1000} kB as SVG, more than "
            f"{MAX_PICTURE_BYTES // 1000}. Draw fewer points, or pass rasterized=True "
            "to the artist that has many."
        )
    return svg


def _check_said(what, text, name):
    if not str(text or "").strip():
        raise ValueError(f"Figure {name!r} has no {what}: say what it shows.")


def _check_alt(alt, name):
    _check_said("alt text", alt, name)
    alt = alt.strip()
    is_file = re.fullmatch(r"[\w./\\-]+\.(png|svg|jpe?g|gif|pdf)", alt, re.IGNORECASE)
    if is_file or alt == name:
        raise ValueError(
            f"The alt text of figure {name!r} is a file name. State what the figure "
            "shows, in a sentence."
        )
    if len(alt.split()) < 5 and len(_HAN.findall(alt)) < 8:
        raise ValueError(
            f"The alt text of figure {name!r} must be a sentence that states the "
            f"finding. Got {alt!r}."
        )


__all__ = [
    "Action",
    "Part",
    "Tile",
    "advice",
    "explorer",
    "facts",
    "figure",
    "note",
    "part_of",
    "progress",
    "protect",
    "short",
    "table",
    "tiles",
    "to_csv",
    "verdict",
    "words",
]
