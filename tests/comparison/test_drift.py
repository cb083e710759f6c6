"""The population stability index by hand, by law, and under chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.comparison import psi, psi_band, psi_by_chance, psi_table


def test_psi_by_hand():
    # .1 ln(.6/.5) - .1 ln(.4/.5) = .0182 + .0223
    expected, actual = ["A"] * 50 + ["B"] * 50, ["A"] * 60 + ["B"] * 40
    assert psi(expected, actual, bins=None) == pytest.approx(0.1 * np.log(1.5))


def test_bins_hold_equal_shares_of_the_expected():
    table = psi_table(np.arange(100.0), np.arange(100.0), bins=10)
    assert table["expected"].tolist() == [10] * 10
    assert table["psi"].sum() == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1), st.lists(st.integers(0, 4), min_size=1))
def test_psi_is_not_negative_and_the_same_both_ways(expected, actual):
    forward = psi(expected, actual, bins=None)
    assert forward >= 0
    assert psi(actual, expected, bins=None) == pytest.approx(forward)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.data())
def test_the_same_customers_in_another_order_have_not_moved(values, data):
    assert psi(values, data.draw(st.permutations(values))) == 0


def test_an_empty_cell_counts_half_a_customer():
    # Cells: e = .5, .5; a = 1, half of 1 in 4.
    expected, actual = [0, 0, 1, 1], [0, 0, 0, 0]
    by_hand = 0.5 * np.log(1 / 0.5) + (0.125 - 0.5) * np.log(0.125 / 0.5)
    assert psi(expected, actual, bins=None) == pytest.approx(by_hand)


def test_missing_values_are_a_cell_of_their_own():
    table = psi_table([1.0, 2.0, np.nan, np.nan], [1.0, 2.0, 1.0, 2.0], bins=2)
    assert table.set_index("cell")["expected"]["missing"] == 2
    assert table["psi"].sum() > 0.25


def test_one_value_alone_can_not_drift():
    assert psi([3.0] * 9, [3.0] * 5) == 0


def test_values_beyond_the_expected_fall_into_the_outer_cells():
    table = psi_table(np.arange(10.0), [-50.0, 99.0], bins=2)
    assert table["actual"].tolist() == [1, 1]


def test_chance_reaches_what_is_said_in_one_of_twenty_cases():
    rng = np.random.default_rng(0)
    limit = psi_by_chance(400, 300, 10)
    found = [psi(rng.random(400), rng.random(300), bins=10) for _ in range(150)]
    # Edges at the quantiles of one sample move a little less than fixed ones.
    assert 0.01 <= np.mean(np.array(found) > limit) <= 0.11


def test_a_real_move_is_seen():
    rng = np.random.default_rng(1)
    found = psi(rng.normal(0, 1, 2000), rng.normal(1, 1, 2000))
    assert psi_band(found) == "strong drift"
    # Of two normals one standard deviation apart the continuous index is 1.
    assert found == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(
    ("value", "band"),
    [(0.0, "stable"), (0.0999, "stable"), (0.1, "some drift"), (0.25, "strong drift")],
)
def test_the_usual_limits(value, band):
    assert psi_band(value) == band


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: psi([], [1]), "both sides"),
        (lambda: psi([1], [1], bins=1), "at least 2"),
        (lambda: psi([1], [1], bins=2.5), "whole number"),
        (lambda: psi_band(float("nan")), "no band"),
    ],
)
def test_what_has_no_psi_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
