"""What charts to explore hold: groups, and points where anyone may have the data."""

import numpy as np
import pandas as pd
import pytest

from research import plots
from research.plots.explore import color_of

NAMES = ["evening", "night"]


@pytest.fixture
def days():
    """Two segments of two customers: two seasons, working days, two slots. [kW]"""
    columns = pd.MultiIndex.from_product(
        [["winter", "summer"], ["working"], [0.0, 12.0]],
        names=["season", "day_type", "hour"],
    )
    rows = [[1, 3, 1, 1], [3, 5, 1, 1], [8, 2, 4, 2], [8, 2, 4, 2]]
    curves = pd.DataFrame(np.array(rows, float), columns=columns)
    return curves, pd.Series([0, 0, 1, 1])


def test_mean_load_by_hand(days):
    frame = plots.mean_load(*days, NAMES).frame
    kw = frame.set_index(["segment", "season", "hour"])["kw"]
    assert kw["1 evening", "winter", 12.0] == 4
    assert kw["2 night", "summer", 0.0] == 4
    share = frame.set_index(["segment", "season", "hour"])["share"]
    assert share["1 evening", "winter", 0.0] == 0.5
    assert share["2 night", "summer", 12.0] == 0.25
    assert (frame.groupby("segment")["share"].max() == 1).all()


def test_a_segment_that_may_not_be_shown_keeps_the_colours_of_the_others(days):
    curves, segments = days
    shown = plots.mean_load(curves[segments == 1], segments[segments == 1], NAMES)
    assert shown.controls[-1]["options"] == [["2 night", "2 night", 2]]
    color = shown.spec["encoding"]["color"]["scale"]
    assert color == {"domain": ["2 night"], "range": [color_of(1)]}


def a_map(n, *, points):
    rng = np.random.default_rng(0)
    places = pd.DataFrame(rng.normal(size=(n, 3)), index=[f"c{i}" for i in range(n)])
    segments = pd.Series(np.arange(n) % 2, index=places.index, name="segment")
    amounts = pd.DataFrame({"customers": [n - n // 2, n // 2], "peak": [1.5, np.nan]})
    chart = plots.map_of_groups(
        places, segments, NAMES, amounts, [0.5, 0.3, 0.1], points=points
    )
    return places, segments, chart


def test_a_map_has_the_middle_of_each_segment():
    places, segments, chart = a_map(40, points=False)
    assert len(chart.frame) == 2
    middle = places.groupby(segments).mean().to_numpy()
    assert np.allclose(chart.frame[["first", "second", "third"]], middle)
    assert chart.controls[0]["options"][1] == ["second", "second direction, 30%", 0]


@pytest.mark.parametrize(
    ("n", "points", "rows"),
    [
        pytest.param(40, False, 2, id="not where data are not open"),
        pytest.param(40, True, 42, id="where they are"),
        pytest.param(1501, True, 2, id="not of very many"),
    ],
)
def test_single_customers_are_drawn_only_where_anyone_may_have_their_data(
    n, points, rows
):
    chart = a_map(n, points=points)[2]
    assert len(chart.frame) == rows
    assert len(chart.table) == 2
    assert not {"c0", "c1"} & set(chart.frame.astype(str).to_numpy().ravel())
    dots = chart.still.axes[0].collections
    assert sum(len(drawn.get_offsets()) for drawn in dots) == rows


def test_scores_by_number_of_segments_by_hand():
    runs = pd.DataFrame(
        [
            ("k-means", 3, "usefulness", 0.2),
            ("k-means", 3, "usefulness", 0.4),
            ("k-means", 4, "usefulness", 0.5),
            ("k-means", 4, "usefulness: arrears", 0.7),
            ("tariff", np.nan, "usefulness", 0.1),
            ("left out", 3, "usefulness", 0.9),
        ],
        columns=["method", "k", "score", "value"],
    )
    chart = plots.scores_of_methods(runs, ["k-means", "tariff"], 4, first=["k-means"])
    frame = chart.frame.set_index(["method", "k"])
    assert frame.at[("k-means", 3), "usefulness"] == pytest.approx(0.3)
    spread = 0.1 * np.sqrt(2)
    assert frame.at[("k-means", 3), "usefulness_low"] == pytest.approx(0.3 - spread)
    assert frame.at[("k-means", 3), "usefulness_high"] == pytest.approx(0.3 + spread)
    assert frame.at[("k-means", 4), "usefulness_arrears"] == pytest.approx(0.7)
    assert np.isnan(frame.at[("k-means", 3), "usefulness_arrears"])
    assert frame.at[("tariff", 4), "usefulness"] == pytest.approx(0.1)
    assert set(chart.frame["method"]) == {"k-means", "tariff"}
    assert chart.controls[-1]["value"] == ["k-means"]
