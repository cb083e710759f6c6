"""From indicators to points: declared and learnt functions, weights of many kinds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.segmenters.credit import (
    ScoringFunction,
    learn_scoring,
    scores_of_weights,
)

numbers = st.floats(-1e6, 1e6, allow_nan=False)
columns = st.lists(numbers, min_size=2, max_size=30)


@pytest.mark.parametrize(
    ("value", "points"),
    [
        pytest.param(-5.0, 100.0, id="before the first knot"),
        pytest.param(0.0, 100.0, id="first knot"),
        pytest.param(7.5, 75.0, id="between two knots"),
        pytest.param(30.0, 0.0, id="last knot"),
        pytest.param(400.0, 0.0, id="beyond the last knot"),
        pytest.param(np.nan, 60.0, id="missing"),
    ],
)
def test_points_by_hand(value, points):
    delay = ScoringFunction((0, 15, 30), (100, 50, 0), missing=60)
    assert delay([value]).item() == pytest.approx(points)


def test_a_missing_value_without_points_is_not_scored():
    assert np.isnan(ScoringFunction((0, 1), (100, 0))([np.nan])).all()


@pytest.mark.parametrize(
    ("points", "shape"),
    [
        ((100, 50, 0), "falling"),
        ((0, 50, 50), "rising"),
        ((20, 100, 60), "plateau"),
        ((7, 7, 7), "flat"),
    ],
)
def test_the_shape_of_a_function_is_told(points, shape):
    assert ScoringFunction((0, 1, 2), points).shape == shape


@pytest.mark.parametrize(
    ("values", "points", "words"),
    [
        pytest.param((0, 1, 2), (100, 20, 60), "fall and rise again", id="valley"),
        pytest.param((0, 0), (1, 2), "grow from each to the next", id="equal knots"),
        pytest.param((0, 1), (1, 101), "0 to 100. Got 101", id="too many points"),
        pytest.param((0, 1), (1,), "2 values and 1 points", id="a point is missing"),
        pytest.param((), (), "at least one", id="no knot"),
        pytest.param((0, np.inf), (1, 2), "finite", id="infinite knot"),
        pytest.param(("a", 1), (1, 2), "must be numbers", id="text"),
    ],
)
def test_a_function_that_makes_no_sense_is_refused(values, points, words):
    with pytest.raises(ValueError, match=words):
        ScoringFunction(values, points)


def test_learnt_points_are_midranks_by_hand():
    # Ranks of 1, 1, 3, 9 are 1.5, 1.5, 3, 4: shares .5/3, .5/3, 2/3, 1.
    points = learn_scoring([9.0, 1.0, 3.0, 1.0])([1.0, 3.0, 9.0])
    assert points == pytest.approx([100 * (1 - 1 / 6), 100 / 3, 0])
    rising = learn_scoring([9.0, 1.0, 3.0, 1.0], falling=False)([1.0, 3.0, 9.0])
    assert rising == pytest.approx(100 - points)


@settings(max_examples=40, deadline=None)
@given(
    columns, st.randoms(use_true_random=False), st.sampled_from(["quantile", "min_max"])
)
def test_learnt_points_do_not_depend_on_the_order_of_the_customers(values, rng, how):
    shuffled = list(values)
    rng.shuffle(shuffled)
    assert (
        learn_scoring(values, how)(values) == learn_scoring(shuffled, how)(values)
    ).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=30))
def test_learnt_points_do_not_depend_on_the_unit(values):
    values = np.array(values, dtype=float)
    for how in ("quantile", "min_max"):
        first = learn_scoring(values, how)(values)
        assert learn_scoring(1024 * values, how)(1024 * values) == pytest.approx(first)


@settings(max_examples=40, deadline=None)
@given(columns)
def test_equal_values_get_equal_points_and_worse_ones_never_more(values):
    points = learn_scoring(values)(np.sort(values))
    assert (np.diff(points) <= 1e-9).all()
    assert ((points >= 0) & (points <= 100)).all()


def test_a_long_column_is_learnt_on_few_knots_within_half_a_point():
    values = np.random.default_rng(0).lognormal(0, 1, 5000)
    scoring = learn_scoring(values)
    rank = np.argsort(np.argsort(values)) / (len(values) - 1)
    assert len(scoring.values) <= 201
    assert np.abs(scoring(values) - 100 * (1 - rank)).max() < 0.5


def test_a_column_with_one_value_gives_everyone_half():
    assert learn_scoring([4.0, 4.0, np.nan])([4.0, 9.0]).tolist() == [50.0, 50.0]


def test_a_column_without_values_can_not_be_learnt():
    with pytest.raises(ValueError, match="has none"):
        learn_scoring([np.nan, np.inf])


def test_the_weight_of_what_is_missing_goes_to_the_others():
    points = [[80.0, np.nan, 20.0]]
    # .5 and .25 of the weight are known: (.5 * 80 + .25 * 20) / .75.
    assert scores_of_weights(points, [[0.5, 0.25, 0.25]]).item() == pytest.approx(60)
    assert np.isnan(scores_of_weights(points, [[0.1, 0.6, 0.3]])).all()
    some = scores_of_weights(points, [[0.1, 0.6, 0.3]], least_scored=0.3)
    assert some.item() == pytest.approx((8 + 6) / 0.4)
