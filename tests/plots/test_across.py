"""Figures over several regions show every value, and no name lies on another."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from research.plots.across import differences, methods_by_region
from research.theme import ACCENT, INK, MUTED, PAPER

MEANS = pd.DataFrame(
    {"haihe": [0.5, 0.4, 0.2], "hetao": [0.4, 0.5, np.nan]}, ["a", "b", "old"]
)


def drawn(means, **more):
    return methods_by_region(means, xlabel="usefulness", **more)


def test_each_region_is_a_line_and_the_means_are_the_dark_one():
    ax = drawn(MEANS)
    lines = [line for line in ax.lines if len(line.get_xdata()) == 3]
    found = [line.get_xdata().tolist() for line in lines if line.get_lw() < 2]
    assert found[0] == [0.5, 0.4, 0.2]
    (dark,) = (line for line in lines if line.get_color() == INK)
    assert dark.get_xdata() == pytest.approx([0.45, 0.45, 0.2])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "old"]


def test_a_winner_stands_out_and_what_was_there_steps_back():
    ax = drawn(MEANS, highlight=["b"], set_off=["old"])
    large = [line for line in ax.lines if line.get_markersize() == 7]
    assert [line.get_color() for line in large] == [INK, ACCENT, INK]
    assert [t.get_color() for t in ax.get_yticklabels()] == [INK, INK, MUTED]


@pytest.mark.parametrize("n", [2, 5, 8])
def test_no_region_is_named_on_another(n):
    rng = np.random.default_rng(0)
    names = [f"region-{number}" for number in range(n)]
    fig, ax = plt.subplots(figsize=(7.2, 3))
    drawn(pd.DataFrame(0.4 + 0.01 * rng.random((3, n)), columns=names), ax=ax)
    fig.canvas.draw()
    boxes = [Text.get_window_extent(text) for text in ax.texts]  # without its hair
    assert len(boxes) == n
    boxes.sort(key=lambda box: box.x0)
    for one, other in pairwise(boxes):
        assert one.x1 <= other.x0


def test_many_regions_are_not_named():
    assert not drawn(pd.DataFrame(np.ones((2, 9)))).texts


def test_a_difference_is_filled_only_where_its_interval_leaves_none_out():
    table = pd.DataFrame(
        [
            *[("clear", 2.0, 1.0, 3.0), ("open", 1.0, -1.0, 3.0)],
            ("unknown", 1.0, np.nan, np.nan),
        ],
        columns=["name", "mean", "low", "high"],
    )
    ax = differences(table, xlabel="points", sides=("worse", "better"))
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() for dot in dots] == [INK, PAPER, PAPER]
    assert len(ax.collections) == 2
    low, high = ax.get_xlim()
    assert low < 0 < high
    assert {text.get_text() for text in ax.texts} == {"worse", "better"}
