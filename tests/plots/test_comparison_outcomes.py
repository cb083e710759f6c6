"""Figures of outcomes, agreement and weights: what is drawn, in which order."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from research.comparison import usefulness
from research.plots import use_style
from research.plots.comparison_outcomes import (
    agreement_matrix,
    outcome_gains,
    weight_sensitivity,
)
from research.theme import ACCENT, INK, MUTED


def texts(ax):
    return [text.get_text() for text in ax.texts]


def rows(outcome, score, values, half=0.02, note=""):
    return pd.DataFrame(
        [
            (outcome, method, score, value, value - half, value + half, note)
            for method, value in values.items()
        ],
        columns="outcome method score value low high note".split(),
    )


NUMBERS = {"no segments": 0.0, "a": 0.2, "trade": 0.36, "b": 0.1, "raw features": 0.4}
EVENTS = {"no segments": 0.5, "a": 0.6, "trade": 0.55, "b": 0.5, "raw features": 0.75}
BOTH = pd.concat([rows("kwh", "R2", NUMBERS), rows("arrears", "AUC", EVENTS)])


def dots(ax):
    return {
        line.get_ydata()[0]: (line.get_xdata()[0], line)
        for line in ax.lines
        if line.get_marker() == "o"
    }


def test_methods_stand_in_one_order_on_one_scale():
    figure = outcome_gains(BOTH, old_classes=["trade"], highlight=["a"])
    kwh, arrears = figure.axes
    names = [label.get_text() for label in kwh.get_yticklabels()]
    assert names == ["trade", "a", "b"]  # by mean: .23, .2, .05
    assert [dots(kwh)[row][0] for row in range(3)] == pytest.approx([0.36, 0.2, 0.1])
    assert [dots(arrears)[row][0] for row in range(3)] == pytest.approx([0.1, 0.2, 0.0])
    spans = [part.get_segments()[0][:, 0].tolist() for part in arrears.collections]
    assert spans[1] == pytest.approx([0.16, 0.24])  # the interval is stretched, too
    assert kwh.get_xlim() == arrears.get_xlim()
    assert [label.get_color() for label in kwh.get_yticklabels()] == [
        MUTED,
        ACCENT,
        INK,
    ]


def test_raw_features_are_a_line_and_floors_no_rows():
    kwh, arrears = outcome_gains(BOTH).axes
    assert "raw features 0.40" in texts(kwh)
    assert "raw features 0.50" in texts(arrears)
    names = [label.get_text() for label in kwh.get_yticklabels()]
    assert not {"no segments", "raw features"} & set(names)
    assert kwh.get_xlim()[1] > 0.5


def test_an_outcome_that_was_not_judged_says_why():
    values = dict.fromkeys(NUMBERS, np.nan)
    rare = rows("complaint", "AUC", values, note="came 3 times among 80 customers")
    *_, ax = outcome_gains(pd.concat([BOTH, rare])).axes
    assert "".join(texts(ax)).replace("\n", " ") == (
        "Not judged: came 3 times among 80 customers"
    )
    assert not dots(ax)


def test_headings_may_be_given():
    figure = outcome_gains(BOTH, titles={"kwh": "Load at the area's peak 高峰负荷"})
    titles = [ax.get_title(loc) for ax in figure.axes for loc in ("left", "center")]
    # A Chinese character is as wide as two letters: the heading takes two lines.
    assert "Load at the area's peak\n高峰负荷" in titles
    assert "arrears" in titles


def test_twelve_methods_and_five_outcomes_do_not_overlap():
    use_style()
    rng = np.random.default_rng(0)
    names = [f"a method of some length {n}" for n in range(12)]
    table = pd.concat(
        rows(
            name,
            "R2",
            dict.fromkeys(names, rng.uniform(0, 0.4)) | {"raw features": 0.3},
        )
        for name in ("energy", "evening", "peak", "arrears", "complaint")
    )
    figure = outcome_gains(table)
    figure.canvas.draw()
    assert figure.get_size_inches()[0] * figure.dpi == 720
    shown = [ax for ax in figure.axes if ax.get_visible()]
    assert len(shown) == 5
    boxes = [t.get_window_extent() for t in shown[0].get_yticklabels()]
    assert not any(one.overlaps(other) for one, other in pairwise(boxes))
    heads = [text.get_window_extent() for ax in shown for text in ax.texts]
    assert not any(
        one.overlaps(other)
        for place, one in enumerate(heads)
        for other in heads[place + 1 :]
    )
    assert min(ax.get_window_extent().width for ax in shown) > 120
    assert all(0 <= box.x0 and box.x1 <= 720 for box in [*boxes, *heads])


def test_what_usefulness_gives_can_be_drawn():
    customers = pd.DataFrame({"rhythm": [0, 0, 0, 0, 1, 1, 1, 1] * 10})
    later = pd.DataFrame(
        {"kwh": [1.0, 2, 1, 2, 8, 9, 8, 9] * 10, "late": [False] * 79 + [True]}
    )
    figure = outcome_gains(usefulness(customers, later, n_resamples=20))
    assert dots(figure.axes[0])[0][0] > 0.9
    assert "Not judged" in texts(figure.axes[1])[0]


def test_each_pair_stands_once_and_alike_is_dark():
    names = ["k-means", "mixture", "trade"]
    matrix = pd.DataFrame(
        [[1, 0.9, -0.001], [0.9, 1, np.nan], [-0.001, np.nan, 1]], names, names
    )
    figure, ax = plt.subplots()
    assert agreement_matrix(matrix, ax=ax) is ax
    assert texts(ax) == ["k-means", "mixture", "0.90", "trade", "0.00", "–"]
    cells = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    shades = [cell.get_alpha() for cell in cells]
    assert shades == pytest.approx([0.69, 0.06, 0.06])
    figure.canvas.draw()
    frame = ax.get_window_extent()
    assert max(text.get_window_extent().x1 for text in ax.texts) <= frame.x1


def test_names_fit_beside_the_triangle():
    use_style()
    names = [f"method {n}" for n in range(15)] + ["a method with a really long name"]
    figure, ax = plt.subplots(figsize=(7.2, 5.4))
    agreement_matrix(pd.DataFrame(0.5, names, names), ax=ax)
    figure.canvas.draw()
    assert max(text.get_window_extent().x1 for text in ax.texts) <= 720


def test_a_matrix_of_other_names_is_refused():
    with pytest.raises(ValueError, match="Got rows a, b and columns b, a"):
        agreement_matrix(pd.DataFrame(1.0, ["a", "b"], ["b", "a"]))


def test_who_leads_most_stands_at_the_top():
    _, ax = plt.subplots()
    shares = pd.Series({"a": 0.004, "b": 0.7, "c": 0.296, "d": 0.0})
    assert weight_sensitivity(shares, highlight=["b"], ax=ax) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == list("bcad")
    assert texts(ax) == ["70%", "30%", "under 1%", "0%"]
    assert [bar.get_width() for bar in ax.patches] == [0.7, 0.296, 0.004, 0.0]
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches[:2]] == [ACCENT, MUTED]
    assert ax.get_xlim()[0] == 0
