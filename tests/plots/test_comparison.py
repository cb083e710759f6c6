"""Figures of a comparison: what is drawn, what is told, what is kept back."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch

from research.plots.comparison import all_runs, alluvial, critical_difference
from research.plots.style import segment_color


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def streams(ax):
    return [patch for patch in ax.patches if isinstance(patch, PathPatch)]


def test_every_method_stands_with_its_rank(ax):
    ranks = pd.Series({"mixture": 2.2, "k-means": 1.4, "RFM": 2.4})
    assert critical_difference(ranks, 1.1, [("k-means", "mixture")], ax=ax) is ax
    told = texts(ax)
    assert {"k-means  1.40", "mixture  2.20", "2.40  RFM"} <= set(told)
    assert "critical difference 1.10" in told


def test_every_run_is_a_dot_and_failures_are_counted(ax):
    runs = pd.DataFrame(
        {
            "method": ["a"] * 5 + ["b"] * 5,
            "value": [0.1, 0.2, 0.3, 0.2, np.nan, *[0.4] * 5],
            "failed": [False] * 4 + [True] + [False] * 5,
        }
    )
    intervals = pd.DataFrame(
        {"method": ["b", "a"], "mean": [0.4, 0.2], "low": [0.3, 0.1]}
    ).assign(high=lambda table: table["mean"] + 0.1)
    all_runs(runs, intervals, xlabel="R2", floors={"random partition": -0.1}, ax=ax)
    assert sum(len(line.get_xdata()) for line in ax.lines[:-1]) == 4 + 5 + 2
    assert "5 runs, 1 failed" in texts(ax)
    assert "5 runs" in texts(ax)
    assert "random partition" in texts(ax)
    assert ax.get_xlim()[0] < -0.1  # the line is not cut by the frame


def test_one_run_without_an_interval_is_drawn(ax):
    runs = pd.DataFrame({"method": ["a"], "value": [0.1], "failed": [False]})
    intervals = pd.DataFrame({"method": ["a"], "mean": [0.1], "low": np.nan})
    all_runs(runs, intervals.assign(high=np.nan), xlabel="R2", ax=ax)
    assert texts(ax) == ["1 run"]


def test_streams_have_the_colour_of_the_segment_they_leave(ax):
    moves = pd.DataFrame({"one": [0] * 40 + [1] * 60, "other": [1] * 40 + [0] * 60})
    alluvial(moves, ax=ax)
    colors = [to_hex(stream.get_facecolor()) for stream in streams(ax)]
    assert colors == [segment_color(0), segment_color(1)]
    assert {"1 (40%)", "2 (60%)", "1 (60%)", "2 (40%)"} == set(texts(ax))


def test_small_streams_are_merged(ax):
    counts = {(0, 0): 100, (1, 1): 50, (0, 1): 12, (1, 0): 9}
    rows = [pair for pair, n in counts.items() for _ in range(n)]
    alluvial(pd.DataFrame(rows, columns=["one", "other"]), ax=ax)
    assert len(streams(ax)) == 3
    assert texts(ax).count("few (12%)") == 2


def test_what_is_merged_is_left_out_where_it_is_small_itself(ax):
    counts = {(0, 0): 100, (1, 1): 100, (0, 1): 3}
    rows = [pair for pair, n in counts.items() for _ in range(n)]
    alluvial(pd.DataFrame(rows, columns=["one", "other"]), ax=ax)
    assert len(streams(ax)) == 2
    assert set(texts(ax)) == {"1 (50%)", "2 (50%)"}


def test_three_columns_and_named_classes(ax):
    rng = np.random.default_rng(0)
    moves = pd.DataFrame(
        {
            "k-means": rng.integers(0, 2, 400),
            "mixture": rng.integers(0, 2, 400),
            "tariff": rng.choice(["farming", "homes"], 400),
        }
    )
    alluvial(moves, names={"k-means": {0: "evening"}}, ax=ax)
    assert len(streams(ax)) == 8
    assert any(text.startswith("evening (") for text in texts(ax))
    assert [label.get_text() for label in ax.get_xticklabels()] == list(moves)


def test_one_or_four_segmentations_are_refused(ax):
    with pytest.raises(ValueError, match="two or three"):
        alluvial(pd.DataFrame({"one": [0]}), ax=ax)
