"""A map of the groups that can be turned about: how near they are, and how large."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from research.plots.explore import (
    CONFIG,
    PLACED,
    PLAIN_AXIS,
    Exploration,
    colored,
    one_of,
    params_of,
    some_of,
)
from research.plots.style import segment_color
from research.theme import INK

DIRECTIONS = ("first", "second", "third")
AREAS = {
    "customers": "customers",
    "energy": "kWh a year",
    "peak": "kW at the area's peak",
}
_MOST_POINTS = 1500


def map_of_groups(
    places: pd.DataFrame,
    segments: pd.Series,
    names: Sequence[str],
    amounts: pd.DataFrame,
    explained: Sequence[float],
    *,
    points: bool,
) -> Exploration:
    """Explore how near the segments lie to each other, and how large they are.

    Parameters
    ----------
    places : DataFrame of shape (n_customers, 2 or 3)
        Where each customer lies, such as on the principal components of the shapes.
    segments, names
        As for `mean_load`.
    amounts : DataFrame of shape (n_segments, n_areas)
        What the area of a circle may show: `customers`, `energy`, `peak`; NaN where it
        may not be told.
    explained : sequence of float
        Share of all differences that lies along each direction.
    points : bool
        Whether single customers may be drawn: where anyone may have their data. Of
        more than 1,500 none are.

    Returns
    -------
    exploration : Exploration
        `frame` has a row a segment, and after them one a customer if they are drawn.
    """
    axes = list(DIRECTIONS[: places.shape[1]])
    customers = pd.DataFrame(places.to_numpy(), columns=axes, index=places.index)
    labels = {s: f"{s + 1} {names[s]}" for s in amounts.index}
    groups = customers.groupby(segments).mean().join(amounts)
    groups.insert(0, "segment", [labels[s] for s in groups.index])
    groups["number"] = [str(s + 1) for s in groups.index]
    groups["kind"] = "group"
    groups = groups.reset_index(drop=True)
    drawn = customers.assign(segment=segments.map(labels), number="", kind="customer")
    may = points and len(customers) <= _MOST_POINTS
    frame = pd.concat([groups, drawn]) if may else groups
    told = {
        axis: f"{axis} direction, {share:.0%}"
        for axis, share in zip(axes, explained, strict=True)
    }
    areas = {key: AREAS[key] for key in amounts}
    colors = {label: s + 1 for s, label in labels.items()}
    controls = [
        one_of("across", "Across", told, axes[0]),
        one_of("up", "Up", told, axes[1]),
        one_of("area", "Area of a circle", areas, next(iter(areas))),
        some_of("segments", "Segments", colors),
    ]
    return Exploration(
        still=_map_still(groups, drawn if may else None, colors),
        frame=frame.reset_index(drop=True),
        spec=_map_spec(controls, colors, areas, is_pointed=may),
        controls=controls,
        table=groups[["segment", *axes, *areas]].rename(
            columns=areas | {axis: f"{axis} direction" for axis in axes}
        ),
    )


def _map_spec(controls, colors, areas, *, is_pointed):
    plain = {"type": "quantitative", "scale": {"zero": False, "padding": 28}}
    axis = {**PLAIN_AXIS, "labels": False, "title": None, "tickCount": 6}
    hue = colored("segment", colors)
    size = {
        "field": "size",
        "type": "quantitative",
        "scale": {"zero": True, "range": [0, 2400]},
        "legend": None,
    }
    told = [
        {"field": "name", "title": "segment"},
        *({"field": key, "title": AREAS[key], "format": ",.3~r"} for key in areas),
    ]
    customers = {
        "transform": [{"filter": "datum.kind == one"}],
        "mark": {"type": "circle", "size": 16, "opacity": 0.45},
        "encoding": {"color": hue},
    }
    groups = [
        {
            "transform": [{"filter": "datum.kind == many"}],
            "mark": {"type": "circle", "opacity": 0.7},
            "encoding": {"color": hue, "size": size, "tooltip": told},
        },
        {
            "transform": [{"filter": "datum.kind == many"}],
            "mark": {"type": "text", "fontSize": 13, "color": f"var(--ink, {INK})"},
            "encoding": {"text": {"field": "number", "type": "nominal"}},
        },
    ]
    names = {name: name for name in colors}
    params = [
        *params_of(controls, names),
        {"name": "one", "value": "customer"},
        {"name": "many", "value": "group"},
    ]
    return {
        "width": "container",
        "height": 380,
        "params": params,
        "transform": [
            {"filter": "indexof(segments, datum.segment) >= 0"},
            *PLACED,
            {"calculate": "datum[area]", "as": "size"},
            {"calculate": "said[datum.segment]", "as": "name"},
        ],
        "encoding": {
            "x": {"field": "x", **plain, "axis": axis},
            "y": {"field": "y", **plain, "axis": axis},
        },
        "layer": [*([customers] if is_pointed else []), *groups],
        "config": CONFIG,
    }


def _map_still(groups, customers, colors):
    figure, ax = plt.subplots(figsize=(7.2, 4.4))
    palette = {label: segment_color(number - 1) for label, number in colors.items()}
    where = {"x": "first", "y": "second", "hue": "segment", "palette": palette}
    if customers is not None:
        sns.scatterplot(customers, **where, s=9, alpha=0.45, lw=0, legend=False, ax=ax)
    largest = groups["customers"].max()
    for label, group in groups.groupby("segment"):
        area = 900 * group["customers"].iloc[0] / largest
        ax.scatter(
            group["first"], group["second"], s=area, color=palette[label], alpha=0.7
        )
        ax.plot([], [], "o", color=palette[label], label=label)
    for group in groups.itertuples():
        ax.text(group.first, group.second, group.number, ha="center", va="center")
    ax.margins(0.15)
    ax.set(xlabel="first direction", ylabel="second direction", xticks=[], yticks=[])
    figure.legend(loc="outside lower center", ncols=2)
    return figure
