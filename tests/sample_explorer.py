"""A chart to explore, as a notebook of ours would show it."""

import numpy as np
import pandas as pd

from research import plots
from research.report import display

NAMES = ["large evening-peak users", "small irregular users", "</script><b>hostile"]


def exploration():
    """Mean days of three segments of twenty customers, two seasons, hourly."""
    columns = pd.MultiIndex.from_product(
        [["winter", "summer"], ["working", "rest"], np.arange(24.0)],
        names=["season", "day_type", "hour"],
    )
    rng = np.random.default_rng(0)
    curves = pd.DataFrame(rng.gamma(2, 0.3, (60, len(columns))), columns=columns)
    segments = pd.Series(np.repeat([0, 1, 2], 20))
    return plots.mean_load(curves, segments, NAMES)


def part(**words):
    words = {
        "name": "load_explorer",
        "title": "The large evening-peak users draw most",
        "caption": "Mean typical day of each segment, by season and kind of day.",
        "alt": "Lines of the mean day of 3 segments by season and kind of day.",
    } | words
    return display.explorer(exploration(), **words)


def map_part():
    """A map of three segments of forty customers, whose data are open."""
    rng = np.random.default_rng(0)
    places = pd.DataFrame(rng.normal(size=(40, 3)))
    segments = pd.Series(np.arange(40) % 3, name="segment")
    amounts = pd.DataFrame({"customers": [14, 13, 13], "peak": [1.5, np.nan, 3.0]})
    chart = plots.map_of_groups(
        places, segments, NAMES, amounts, [0.5, 0.3, 0.1], points=True
    )
    return display.explorer(
        chart,
        name="map_of_groups",
        title="Nearest to each other are the first two",
        caption="Single customers are drawn.",
        alt="Map of three segments, of which the first two are nearest.",
    )


def scores_part():
    """Scores of ten methods, by three numbers of segments."""
    rng = np.random.default_rng(0)
    methods = ["k-means", "Ward", *(f"method {letter}" for letter in "ABCDEFGH")]
    runs = pd.DataFrame(
        [
            (method, k, score, rng.random())
            for method in methods
            for k in (3, 4, 5)
            for score in ("usefulness", "stability")
            for _ in range(3)
        ],
        columns=["method", "k", "score", "value"],
    )
    chart = plots.scores_of_methods(runs, methods, 4, first=methods[:3])
    return display.explorer(
        chart,
        name="scores_by_k",
        title="Ward leads in most",
        caption="Mean of all runs by method and number of segments.",
        alt="Lines of scores by number of segments, a line a method.",
        digits=4,
    )
