"""Scores of one column: limits, ties, constants, and what must not change them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from research.segmenters.rfm import (
    kmeans_edges,
    quantile_edges,
    score_code,
    scores_of,
    threshold_edges,
)

columns = st.lists(st.integers(-1000, 1000), min_size=1, max_size=60)
learners = {
    "quantile": quantile_edges,
    "rfm": lambda values, n: quantile_edges(values, n, edges="rfm"),
    "kmeans": lambda values, n: kmeans_edges(values, n, random_state=0),
}


def learned_scores(how, values, n_scores=5):
    return scores_of(values, learners[how](values, n_scores))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], id="one each"),
        pytest.param([1, 2, 3, 4, 5, 6], [1, 1, 2, 3, 4, 5], id="on a limit: below"),
        pytest.param([0] * 8 + [2, 9], [1] * 8 + [5, 5], id="most share the lowest"),
        pytest.param([0] * 7 + [2, 9, 9], [1] * 7 + [4, 5, 5], id="three values"),
        pytest.param([1] + [9] * 9, [1] + [5] * 9, id="most share the highest"),
        pytest.param([1, 5, 5, 5, 9], [1, 3, 3, 3, 5], id="most share the middle"),
        pytest.param([7, 7, 7], [3, 3, 3], id="constant"),
        pytest.param([7], [3], id="one customer"),
        pytest.param([2, 8], [1, 5], id="two customers"),
    ],
)
def test_quantile_scores_by_hand(values, expected):
    assert learned_scores("quantile", values).tolist() == expected


@given(values=columns, n_scores=st.integers(2, 9))
def test_limits_are_the_quantiles_of_type_7(values, n_scores):
    shares = np.arange(1, n_scores) / n_scores
    expected = np.quantile(np.array(values, dtype=float), shares)
    assert_allclose(quantile_edges(values, n_scores).inner, expected, atol=1e-9)
    plus_one = quantile_edges(values, n_scores, edges="rfm")
    if not plus_one.constant:
        assert_allclose(plus_one.inner, expected + 1, atol=1e-9)


@pytest.mark.parametrize("how", learners)
@settings(max_examples=60, deadline=None)
@given(values=columns, n_scores=st.integers(2, 7), seed=st.integers(0, 99))
def test_scores_rise_with_the_value_and_equal_values_get_equal_scores(
    how, values, n_scores, seed
):
    scores = learned_scores(how, values, n_scores)
    assert set(scores) <= set(range(1, n_scores + 1))
    order = np.argsort(values, kind="stable")
    assert (np.diff(scores[order]) >= 0).all()
    for value in set(values):
        assert len(set(scores[np.array(values) == value])) == 1
    shuffled = np.random.default_rng(seed).permutation(len(values))
    again = learned_scores(how, np.array(values)[shuffled], n_scores)
    assert_array_equal(again, scores[shuffled])


@pytest.mark.parametrize("how", ["quantile", "kmeans"])
@settings(max_examples=40, deadline=None)
@given(values=columns, factor=st.sampled_from([0.25, 2.0, 1024.0]))
def test_another_unit_changes_no_score(how, values, factor):
    scaled = factor * np.array(values)
    assert_array_equal(learned_scores(how, scaled), learned_scores(how, values))


@settings(max_examples=60, deadline=None)
@given(values=columns)
def test_the_lowest_value_gets_1_and_the_highest_n_whatever_the_ties(values):
    scores = learned_scores("quantile", values)
    if min(values) < max(values):
        assert scores[np.argmin(values)] == 1
        assert scores[np.argmax(values)] == 5


@settings(max_examples=60, deadline=None)
@given(values=columns)
def test_empty_names_the_scores_that_nobody_has(values):
    edges = quantile_edges(values, 5)
    given_out = set(scores_of(values, edges).tolist())
    if edges.constant:
        assert given_out == {3}
    else:
        assert set(edges.empty) == {1, 2, 3, 4, 5} - given_out


def test_the_package_rule_adds_one_to_the_limit_and_a_value_on_it_goes_up():
    values = [0, 10, 20, 30, 40]
    edges = quantile_edges(values, 5, edges="rfm")
    assert_allclose(edges.inner, [9, 17, 25, 33])
    assert scores_of([8.9, 9, 33], edges).tolist() == [1, 2, 5]


def test_a_value_on_a_declared_limit_goes_up():
    edges = threshold_edges([0, 50], [1, 31, 91])
    assert scores_of([0, 0.5, 1, 30, 31, 90, 91, 1e9], edges).tolist() == [
        *(1, 1, 2, 2, 3, 3, 4, 4)
    ]


def test_a_column_of_one_value_keeps_its_score_against_declared_limits():
    edges = threshold_edges([40, 40], [1, 31, 91])
    assert not edges.constant
    assert scores_of([40, 0], edges).tolist() == [3, 1]
    assert edges.empty == (1, 2, 4)


@pytest.mark.parametrize("limits", [[], [3, 1], [1, 1], [1, np.nan]])
def test_limits_that_do_not_rise_are_refused(limits):
    with pytest.raises(ValueError, match="limits must be finite numbers that rise"):
        threshold_edges([1, 2], limits)


def test_kmeans_scores_follow_gaps_and_not_numbers_of_customers():
    values = np.r_[np.linspace(0, 1, 90), 50, 51, 300]
    scores = learned_scores("kmeans", values, 3)
    assert np.bincount(scores)[1:].tolist() == [90, 2, 1]
    by_quantile = learned_scores("quantile", values, 3)
    assert np.bincount(by_quantile)[1:].tolist() == [31, 31, 31]


def test_kmeans_finds_the_best_division_of_a_column():
    """Against every division of a small column, by brute force."""
    rng = np.random.default_rng(0)
    values = np.sort(rng.lognormal(0, 1, 14))
    cuts = ((i, j) for i in range(1, 13) for j in range(i + 1, 14))
    best = min(
        sum(((part - part.mean()) ** 2).sum() for part in np.split(values, cut))
        for cut in cuts
    )
    scores = learned_scores("kmeans", values, 3)
    parts = [values[scores == s] for s in (1, 2, 3)]
    assert sum(((p - p.mean()) ** 2).sum() for p in parts) == pytest.approx(best)


def test_fewer_values_than_scores_are_spread_from_1_to_n():
    assert learned_scores("kmeans", [4, 4, 9], 5).tolist() == [1, 1, 5]
    assert learned_scores("kmeans", [1, 2, 3], 5).tolist() == [1, 3, 5]


@pytest.mark.parametrize("values", [[], [1, np.nan], [[1, 2]], [np.inf]])
def test_a_column_without_finite_numbers_is_refused(values):
    with pytest.raises(ValueError, match="one column of at least one finite number"):
        quantile_edges(values)


def test_the_code_of_scores_reads_like_the_scores():
    scores = pd.DataFrame({"R": [5, 1], "F": [4, 1], "M": [3, 2]}, index=["a", "b"])
    assert score_code(scores).to_dict() == {"a": 543, "b": 112}
    with pytest.raises(ValueError, match="one digit"):
        score_code([[10, 1]])
