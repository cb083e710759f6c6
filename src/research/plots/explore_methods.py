"""Scores of methods that can be turned about: index against index, or against k."""

import re
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
    pointed_at,
    some_of,
)
from research.plots.style import segment_color
from research.theme import MUTED

_K = "number of segments"
_COLORS = 8
_IN_STILL = 4


def scores_of_methods(
    runs: pd.DataFrame, methods: Sequence[str], k: int, *, first: Sequence[str]
) -> Exploration:
    """Explore the scores of methods by number of segments, or one against another.

    Parameters
    ----------
    runs : DataFrame
        Columns `method`, `k` (missing for what has a number of its own), `score` and
        `value`, a row a run and score.
    methods : sequence of str
        Those that are drawn; the first eight have colours of their own.
    k : int
        Where what has no `k` stands.
    first : sequence of str
        Those that are drawn until a reader asks for others.

    Returns
    -------
    exploration : Exploration
        `frame` has a row a method and number of segments: of each score the mean of
        the runs, and a standard deviation below and above it.
    """
    kept = runs[runs["method"].isin(methods)]
    scores = {_slug(score): score for score in dict.fromkeys(kept["score"])}
    by = kept.assign(k=kept["k"].fillna(k).astype(float)).groupby(
        ["method", "k", "score"], sort=False
    )["value"]
    means, spreads = by.mean().unstack(), by.std().unstack().fillna(0.0)
    order = means.reset_index()["method"].map(list(methods).index)
    means = means.iloc[order.argsort(kind="stable")]
    frame = means.reset_index()[["method", "k"]]
    for slug, score in scores.items():
        mean, spread = means[score], spreads[score].reindex(means.index)
        frame[slug] = mean.to_numpy()
        frame[f"{slug}_low"] = (mean - spread).to_numpy()
        frame[f"{slug}_high"] = (mean + spread).to_numpy()
    colors = {name: min(n, _COLORS + 1) for n, name in enumerate(methods, start=1)}
    chosen = [name for name in methods if name in first]
    controls = [
        one_of("up", "Up", scores, next(iter(scores))),
        one_of("across", "Across", {"k": _K} | scores, "k"),
        some_of("methods", "Methods", colors) | {"value": chosen},
    ]
    return Exploration(
        still=_still(frame[frame["method"].isin(chosen)], scores, colors),
        frame=frame,
        spec=_spec(controls, colors, scores),
        controls=controls,
        table=means.reset_index().rename(columns={"k": "segments"}),
    )


def _slug(score: str) -> str:
    return re.sub(r"\W+", "_", score.lower()).strip("_")


def _spec(controls, colors, scores):
    plain = {"type": "quantitative", "scale": {"zero": False, "padding": 14}}
    axis = {**PLAIN_AXIS, "title": None, "format": "~g"}
    steps = {"k": 1.0} | dict.fromkeys(scores, 0.001)
    params = [
        *params_of(controls, {"k": _K} | scores | {name: name for name in colors}),
        _lookup("low", {slug: f"{slug}_low" for slug in scores}),
        _lookup("high", {slug: f"{slug}_high" for slug in scores}),
        _lookup("step", steps),
    ]
    whole = {"tickMinStep": {"expr": "step[across]"}, "tickCount": 6}
    return {
        "title": {"text": {"expr": "said[up]"}},
        "width": "container",
        "height": 340,
        "params": params,
        "transform": [
            {"filter": "indexof(methods, datum.method) >= 0"},
            *PLACED,
            {"calculate": "datum[low[up]]", "as": "least"},
            {"calculate": "datum[high[up]]", "as": "most"},
            {"calculate": "said[datum.method]", "as": "name"},
            {"filter": "isValid(datum.x)"},
            {"filter": "isValid(datum.y)"},
        ],
        "encoding": {
            "x": {"field": "x", **plain, "axis": {**axis, **whole}},
            "color": colored("method", colors),
        },
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 1.5, "opacity": 0.35},
                "encoding": {
                    "y": {"field": "least", **plain, "axis": axis},
                    "y2": {"field": "most"},
                },
            },
            {
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {
                    "y": {"field": "y", **plain},
                    "order": {"field": "k", "type": "quantitative"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 50},
                "encoding": {"y": {"field": "y", **plain}},
            },
            _told(
                {"y": {"field": "y", **plain}},
                {"field": "name", "title": "method"},
                {"field": "k", "title": _K, "format": "~g"},
                {"field": "x", "title": "across", "format": ".3~f"},
                {"field": "y", "title": "up", "format": ".3~f"},
            ),
        ],
        "config": CONFIG,
    }


def _told(where, *told):
    layer = pointed_at(*told)
    return layer | {"encoding": where | layer["encoding"]}


def _lookup(name, values):
    return {"name": name, "value": values}


def _still(frame, scores, colors):
    drawn = {slug: s for slug, s in scores.items() if ":" not in s} or scores
    drawn = dict(list(drawn.items())[:_IN_STILL])
    figure, axes = plt.subplots(
        1, len(drawn), figsize=(8.4, 3.4), sharex=True, squeeze=False
    )
    palette = {
        name: segment_color(number - 1) if number <= _COLORS else MUTED
        for name, number in colors.items()
    }
    for ax, (slug, score) in zip(axes[0], drawn.items(), strict=True):
        sns.lineplot(
            frame,
            x="k",
            y=slug,
            hue="method",
            palette=palette,
            marker="o",
            markeredgewidth=0,
            estimator=None,
            legend=False,
            ax=ax,
        )
        ax.set(title=score, ylabel="", xlabel="number of segments")
        ax.set_xticks(sorted(frame["k"].unique()))
    for name in dict.fromkeys(frame["method"]):
        axes[0, 0].plot([], [], "o-", color=palette[name], label=name)
    figure.legend(loc="outside lower center", ncols=4)
    return figure
