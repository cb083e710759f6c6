"""What a cell of a notebook shows: verdicts, tiles, figures, tables, advice.

Each function returns a `Part`. JupyterLab draws it as it stands; a published page
draws the same content in its own style (`research.report.export`). Contents travel as
data, never as markup, so that nothing in a region's tables can reach a page unescaped.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

from research import theme
from research.report import sanitize

MIME = "application/vnd.research.part+json"
MAX_TILES = 5
MAX_ROWS_SHOWN = 500
MAX_PICTURE_BYTES = 600_000
COVERAGE = ("good", "fair", "poor")
NOTES = ("assumption", "missing", "warning")

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Part:
    """One thing that a page shows: its kind, its content, its picture, its csv."""

    kind: str
    content: dict
    svg: str | None = field(default=None, repr=False)
    csv: str | None = field(default=None, repr=False)

    def _repr_mimebundle_(self, include=None, exclude=None):
        picture = None
        if self.svg is not None:
            encoded = base64.b64encode(self.svg.encode()).decode()
            picture = f"data:image/svg+xml;base64,{encoded}"
        page = sanitize.environment().get_template("notebook.html.j2")
        shown = page.render(part={"kind": self.kind, **self.content}, picture=picture)
        data = {
            MIME: {"kind": self.kind, **self.content},
            "text/html": shown,
            "text/plain": f"<{self.kind}>",
        }
        metadata = {}
        if self.svg is not None:
            data["image/svg+xml"] = self.svg
            metadata["image/svg+xml"] = {"alt": self.content["alt"]}
        if self.csv is not None:
            data["text/csv"] = self.csv
            metadata["text/csv"] = {"name": self.content["name"]}
        return data, metadata


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
            "value": _number(tile.value),
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
    """Mark an assumption, something missing or a warning, in the text.

    Parameters
    ----------
    text : str
    kind : {"assumption", "missing", "warning"}
    """
    if kind not in NOTES:
        raise ValueError(f"A note is one of {', '.join(NOTES)}. Got {kind!r}.")
    return Part("note", {"text": str(text), "note": kind})


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
    """
    _check_name(name)
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
        content["data"] = _table(data, "", {}, (), None, _has_index(data))
        csv = to_csv(data, index=_has_index(data))
    return Part("figure", content, svg=svg, csv=csv)


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


def _check_name(name):
    if not _NAME.fullmatch(str(name)):
        raise ValueError(
            "A name is made of lower-case letters, digits, '-' and '_', and starts "
            f"with a letter or digit. Got {name!r}."
        )


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


# --- tables -------------------------------------------------------------------------


def table(
    frame: pd.DataFrame | pd.Series,
    *,
    name: str,
    caption: str,
    formats: Mapping[str, str | Callable] | None = None,
    bars: Sequence[str] = (),
    total: object = None,
    index: bool = True,
) -> Part:
    """Show a table; every header, index and cell of it is text, whatever it holds.

    Parameters
    ----------
    frame : DataFrame or Series
        At most 500 rows are shown, all go to the csv.
    name : str
        Names the csv and the anchor: lower-case letters, digits, ``-`` and ``_``.
    caption : str
        What the table holds: measure, unit, period.
    formats : mapping of column to format, optional
        A format specification such as ``",.1f"`` or ``".0%"``, or a function of the
        value. Other numbers get as many decimals as their column needs.
    bars : sequence of columns
        Numbers that also get a bar, as long as their share of the largest.
    total : label, optional
        The index label of the row that holds the total; it is set off.
    index : bool
        Whether the index is shown; rows are then headed by it.
    """
    _check_name(name)
    if not str(caption or "").strip():
        raise ValueError(f"Table {name!r} has no caption: say what it holds.")
    if isinstance(frame, pd.Series):
        frame = frame.to_frame()
    for column in [*bars, *(formats or {})]:
        if column not in frame.columns:
            raise ValueError(
                f"Table {name!r} has no column {column!r}. "
                f"It has {', '.join(map(repr, frame.columns))}."
            )
    if total is not None and total not in frame.index:
        raise ValueError(f"Table {name!r} has no row {total!r} to show as the total.")
    content = _table(frame, caption.strip(), formats or {}, bars, total, index)
    return Part("table", {"name": name, **content}, csv=to_csv(frame, index=index))


def _has_index(frame):
    unnamed_range = isinstance(frame.index, pd.RangeIndex) and frame.index.name is None
    return not unnamed_range


def _table(frame, caption, formats, bars, total, index):
    shown = frame.iloc[:MAX_ROWS_SHOWN]
    is_total = shown.index == total if total is not None else np.zeros(len(shown), bool)
    columns, texts, lengths = [], [], []
    for position, label in enumerate(shown.columns):
        values = shown.iloc[:, position]
        numeric = is_numeric_dtype(values) and not is_bool_dtype(values)
        has_bar = numeric and label in list(bars)
        columns.append({"label": _label(label), "numeric": numeric, "bar": has_bar})
        texts.append(_texts(values, formats.get(label)))
        lengths.append(_lengths(values, is_total) if has_bar else [None] * len(shown))
    rows = []
    for row in range(len(shown)):
        cells = [
            {"text": text[row], "bar": length[row]}
            for text, length in zip(texts, lengths, strict=True)
        ]
        rows.append(
            {
                "head": _heads(shown.index[row]) if index else [],
                "cells": cells,
                "total": bool(is_total[row]),
            }
        )
    heads = [_label(n) if n is not None else "" for n in shown.index.names]
    return {
        "caption": caption,
        "heads": heads if index else [],
        "columns": columns,
        "rows": rows,
        "n_rows": len(frame),
    }


def _label(label):
    return " · ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _heads(key):
    return [_text(part) for part in (key if isinstance(key, tuple) else (key,))]


def _texts(values, how):
    if callable(how):
        return [str(how(value)) for value in values]
    if how is not None:
        how = how.removeprefix("{:").removesuffix("}")
        return ["–" if pd.isna(value) else format(value, how) for value in values]
    if is_numeric_dtype(values) and not is_bool_dtype(values):
        return _numbers(values)
    if is_datetime64_any_dtype(values):
        whole = (values.dropna() == values.dropna().dt.normalize()).all()
        pattern = "%Y-%m-%d" if whole else "%Y-%m-%d %H:%M"
        return ["–" if pd.isna(v) else v.strftime(pattern) for v in values]
    return [_text(value) for value in values]


def _text(value):
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        whole = value == value.normalize()
        return value.strftime("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M")
    if not isinstance(value, list | dict | set | tuple | np.ndarray) and pd.isna(value):
        return "–"
    return str(value)


def _numbers(values):
    """Texts of a column of numbers, all with the same decimals."""
    known = values.dropna().astype(float)
    known = known[np.isfinite(known)]
    decimals = 0
    if not (known == known.round()).all():
        size = np.median(known[known != 0].abs())
        decimals = int(np.clip(2 - np.floor(np.log10(size)), 0, 4))
    return ["–" if pd.isna(v) else f"{v:,.{decimals}f}" for v in values]


def _number(value):
    if isinstance(value, str):
        return value
    return _numbers(pd.Series([value]))[0]


def _lengths(values, is_total):
    values = values.astype(float)
    largest = values[~is_total & np.isfinite(values)].max()
    if pd.isna(largest) or largest <= 0:
        return [None] * len(values)
    shares = (values / largest).round(3)
    return [
        None if total or not 0 <= share <= 1 else share
        for share, total in zip(shares, is_total, strict=True)
    ]


def to_csv(frame: pd.DataFrame, *, index: bool = True) -> str:
    """Csv in which no text can act as a formula of a spreadsheet.

    Texts that begin as a formula would get an apostrophe; numbers stay numbers.

    Examples
    --------
    >>> print(to_csv(pd.DataFrame({"who": ["=1+1"], "kWh": [-2]}), index=False))
    who,kWh
    '=1+1,-2
    """
    guarded = frame.copy()
    for position in range(guarded.shape[1]):
        if not is_numeric_dtype(guarded.iloc[:, position]):
            guarded.isetitem(position, guarded.iloc[:, position].map(_guard))
    guarded.columns = [_guard(_label(column)) for column in guarded.columns]
    if index:
        heads = guarded.index.to_frame(index=False)
        heads.columns = [_guard(n or "") for n in guarded.index.names]
        for position in range(heads.shape[1]):
            if not is_numeric_dtype(heads.iloc[:, position]):
                heads.isetitem(position, heads.iloc[:, position].map(_guard))
        guarded = pd.concat([heads, guarded.reset_index(drop=True)], axis=1)
    return guarded.to_csv(index=False, lineterminator="\n")


def _guard(value):
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


# --- reading parts back -------------------------------------------------------------


def part_of(output: Mapping) -> Part | None:
    """Read the part that an output of an executed notebook carries, if any."""
    data = output.get("data", {})
    if MIME not in data:
        return None
    content = data[MIME]
    content = dict(json.loads(content) if isinstance(content, str) else content)
    return Part(
        content.pop("kind"),
        content,
        svg=_joined(data.get("image/svg+xml")),
        csv=_joined(data.get("text/csv")),
    )


def _joined(text):
    return "".join(text) if isinstance(text, list) else text


__all__ = [
    "Action",
    "Part",
    "Tile",
    "advice",
    "facts",
    "figure",
    "note",
    "part_of",
    "table",
    "tiles",
    "to_csv",
    "verdict",
]
