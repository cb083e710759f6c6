"""Charts that a reader can turn about: what is drawn, what can be chosen, the still.

An `Exploration` holds a Vega-Lite chart of groups and a still of the same numbers,
which stands where no script runs and on paper. Charts are made of a few known words
(`research.report.explore` refuses all others); they hold no data, but the names of the
columns that they draw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from research.plots.style import HOUR_TICKS, segment_color
from research.theme import GRID, INK, MUTED, SEGMENT_COLORS

PLACED = (
    {"calculate": "datum[across]", "as": "x"},
    {"calculate": "datum[up]", "as": "y"},
)
"""Transforms that place each row by the columns chosen as `across` and `up`."""
PLAIN_AXIS = {"domain": False, "ticks": False}
"""An axis of numbers and hairlines."""
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "view": {"stroke": "transparent"},
    "axis": {
        "labelColor": f"var(--muted, {MUTED})",
        "titleColor": f"var(--muted, {MUTED})",
        "gridColor": f"var(--grid, {GRID})",
        "domainColor": f"var(--muted, {MUTED})",
        "tickColor": f"var(--muted, {MUTED})",
        "labelFontSize": 12,
        "titleFontSize": 12.5,
        "titleFontWeight": "normal",
    },
    "title": {
        "color": f"var(--ink, {INK})",
        "anchor": "start",
        "frame": "group",
        "fontSize": 13.5,
        "fontWeight": "normal",
        "offset": 10,
    },
}
"""Looks of all charts; the page's own colours, in light and in dark."""

DAY_TYPES = {"working": "working days", "rest": "rest days"}
MEASURES = {"kw": "kW a customer", "share": "share of the segment's own peak"}


@dataclass(frozen=True)
class Exploration:
    """A chart of groups that can be turned about.

    Attributes
    ----------
    still : Figure
        The same numbers, drawn once for all.
    frame : DataFrame
        The numbers; a row a mark. Text in it is looked up in `said`.
    spec : dict
        Vega-Lite without data. Each choice is a parameter of its name; `title` and
        the values of the parameter `said` are words, in the reader's language.
    controls : sequence of dict
        What can be chosen: `param`, `label`, `options` (value, words and, for groups,
        the number of their colour), `value`; several at a time if `value` is a list.
    table : DataFrame, optional
        What stands behind the figure, where `frame` is not what a reader would read.
    """

    still: Figure
    frame: pd.DataFrame
    spec: dict[str, Any]
    controls: Sequence[Mapping[str, Any]]
    table: pd.DataFrame | None = None


def color_of(number: int) -> str:
    """Colour of the segment `number` as a page has it, light or dark.

    Examples
    --------
    >>> color_of(0), color_of(8)
    ('var(--c1, #005ca1)', 'var(--muted, #6b7280)')
    """
    if number < len(SEGMENT_COLORS):
        return f"var(--c{number + 1}, {SEGMENT_COLORS[number]})"
    return f"var(--muted, {MUTED})"


def one_of(param: str, label: str, options: Mapping[str, str], value: str) -> dict:
    """A choice of one; `options` maps each value to its words."""
    return {
        "param": param,
        "label": label,
        "options": [[key, words, 0] for key, words in options.items()],
        "value": value,
    }


def some_of(param: str, label: str, options: Mapping[str, int]) -> dict:
    """A choice of several, all at first; `options` maps each to its colour from 1."""
    return {
        "param": param,
        "label": label,
        "options": [[key, key, number] for key, number in options.items()],
        "value": list(options),
    }


# --- mean days ----------------------------------------------------------------------


def mean_load(
    curves: pd.DataFrame, segments: pd.Series, names: Sequence[str]
) -> Exploration:
    """Explore the mean typical day of each segment, by season and kind of day.

    Parameters
    ----------
    curves : DataFrame of shape (n_customers, n_seasons x n_day_types x n_slots)
        Columns (season, day_type, hour), as `features.load.typical_day_curves` gives.
        Whoever would dominate a mean is left out by the caller. [kW]
    segments : Series of shape (n_customers,)
        Segment of each customer, on the same index; groups that may be shown.
    names : sequence of str
        Name of each segment.

    Returns
    -------
    exploration : Exploration
        `frame` has a row a segment, season, kind of day and slot: `kw`, the mean load
        a customer [kW], and `share`, over the highest mean of that segment. `table`
        has a column a segment. [kW]
    """
    mean = curves.groupby(segments).mean()
    labels = {s: f"{s + 1} {names[s]}" for s in mean.index}
    frame = (
        mean.rename(index=labels)
        .rename_axis(index="segment")
        .T.rename_axis(index=["season", "day_type", "hour"])
        .stack()
        .rename("kw")
        .reset_index()
    )
    frame["hour"] = frame["hour"].astype(float)
    frame["share"] = frame["kw"] / frame.groupby("segment")["kw"].transform("max")
    seasons = list(dict.fromkeys(frame["season"]))
    kinds = {kind: DAY_TYPES[kind] for kind in dict.fromkeys(frame["day_type"])}
    colors = {label: s + 1 for s, label in labels.items()}
    controls = [
        one_of("measure", "Measure", MEASURES, "kw"),
        one_of("season", "Season", {name: name for name in seasons}, seasons[0]),
        one_of("day", "Kind of day", kinds, next(iter(kinds))),
        some_of("segments", "Segments", colors),
    ]
    return Exploration(
        still=_mean_load_still(frame, seasons, kinds, colors),
        frame=frame,
        spec=_mean_load_spec(controls, colors),
        controls=controls,
        table=mean.rename(index=labels).T.reset_index(),
    )


def _mean_load_spec(controls, colors):
    x = {
        "field": "hour",
        "type": "quantitative",
        "title": "hour of day",
        "scale": {"domain": [0, 24], "nice": False},
        "axis": {"values": HOUR_TICKS, "grid": False},
    }
    y = {
        "field": "load",
        "type": "quantitative",
        "title": None,
        "axis": {**PLAIN_AXIS, "tickCount": 5},
    }
    return {
        "title": {"text": {"expr": "said[measure]"}},
        "width": "container",
        "height": 300,
        "params": params_of(controls, {**MEASURES, **{name: name for name in colors}}),
        "transform": [
            {"filter": "datum.season == season"},
            {"filter": "datum.day_type == day"},
            {"filter": "indexof(segments, datum.segment) >= 0"},
            {"calculate": "datum[measure]", "as": "load"},
            {"calculate": "said[datum.segment]", "as": "name"},
        ],
        "encoding": {"x": x, "y": y, "color": colored("segment", colors)},
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2}},
            pointed_at(
                {"field": "name", "title": "segment"},
                {"field": "hour", "title": "hour of day", "format": ".4~g"},
                {"field": "load", "title": "load", "format": ".3~g"},
            ),
        ],
        "config": CONFIG,
    }


def _mean_load_still(frame, seasons, kinds, colors):
    figure, axes = plt.subplots(
        len(kinds),
        len(seasons),
        figsize=(8.4, 0.9 + 1.8 * len(kinds)),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    palette = {label: segment_color(number - 1) for label, number in colors.items()}
    for row, (kind, words) in enumerate(kinds.items()):
        for column, season in enumerate(seasons):
            ax = axes[row, column]
            drawn = frame[(frame["season"] == season) & (frame["day_type"] == kind)]
            sns.lineplot(
                drawn,
                x="hour",
                y="kw",
                hue="segment",
                palette=palette,
                estimator=None,
                linewidth=1.6,
                legend=False,
                ax=ax,
            )
            ax.set(xticks=HOUR_TICKS, xlim=(0, 24), xlabel="hour of day")
            if not row:
                ax.set_title(season.capitalize(), color=MUTED, fontsize=9.5)
        axes[row, 0].set_ylabel(f"kW, {words}")
    axes[0, 0].set_ylim(bottom=0)
    for label, color in palette.items():
        axes[0, 0].plot([], [], color=color, label=label)
    figure.legend(loc="outside lower center", ncols=min(len(colors), 2))
    return figure


# --- parts of charts ----------------------------------------------------------------


def params_of(controls, said):
    """Parameters of a chart: what is chosen, and the words for what is drawn."""
    chosen = [{"name": c["param"], "value": c["value"]} for c in controls]
    return [*chosen, {"name": "said", "value": said}]


def pointed_at(*told):
    """Points that show, and tell their values, where the pointer is or a finger was."""
    over = {"type": "point", "on": "pointerover", "clear": "pointerout"}
    shown = {"param": "over", "empty": False, "value": 1}
    return {
        "mark": {"type": "point", "filled": True, "size": 120},
        "params": [{"name": "over", "select": over}],
        "encoding": {"opacity": {"condition": shown, "value": 0}, "tooltip": [*told]},
    }


def colored(field, colors):
    """Colour by group; `colors` maps each group to its colour from 1."""
    return {
        "field": field,
        "type": "nominal",
        "scale": {
            "domain": list(colors),
            "range": [color_of(number - 1) for number in colors.values()],
        },
        "legend": None,
    }
