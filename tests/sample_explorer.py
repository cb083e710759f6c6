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
