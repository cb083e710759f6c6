import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from research.features import load

pytestmark = pytest.mark.filterwarnings("error")

nan = np.nan
some_cases = settings(max_examples=25, deadline=None)


@pytest.fixture
def energy():
    """Daily energy of six customers over twenty weeks, from ordinary to none."""
    energy = np.random.default_rng(0).gamma(9, 1, (6, 140))
    energy[1] = 7.0
    energy[2] = 0.0
    energy[3] = nan
    energy[4, ::2] = nan
    return energy


def test_typical_days_by_hand():
    power = np.array(
        [
            [[1.0, 2.0], [3.0, nan], [5.0, 5.0], [7.0, 9.0]],
            [[nan, nan], [nan, nan], [4.0, 4.0], [nan, 1.0]],
        ]
    )
    curves = load.typical_days(power, np.array([1, 1, -1, 0]))
    assert curves[0].tolist() == [[7, 9], [2, 2]]
    assert curves[1, 0] == pytest.approx([nan, 1], nan_ok=True)
    assert np.isnan(curves[1, 1]).all()


def test_typical_days_of_a_group_number_without_days_are_unknown():
    curves = load.typical_days(np.ones((1, 2, 3)), np.array([2, 2]))
    assert curves.shape == (1, 3, 3)
    assert np.isnan(curves[0, :2]).all()
    assert (curves[0, 2] == 1).all()


def test_typical_days_without_groups_are_none():
    assert load.typical_days(np.ones((2, 1, 3)), np.array([-1])).shape == (2, 0, 3)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param([23, 1], 0, id="over midnight"),
        pytest.param([22, 0], 23, id="before midnight"),
        pytest.param([17, 18, 19], 18, id="in the evening"),
        pytest.param([5, nan], 5, id="one missing"),
        pytest.param([0, 0, 0], 0, id="midnight"),
        pytest.param([nan, nan], nan, id="none"),
        pytest.param([0, 12], nan, id="opposite"),
        pytest.param([0, 8, 16], nan, id="all round"),
    ],
)
def test_mean_hour_by_hand(hours, expected):
    result = load.mean_hour(np.array(hours, dtype=float))
    assert result == pytest.approx(expected, nan_ok=True)


@some_cases
@given(st.lists(st.floats(0, 10), min_size=1), st.integers(0, 23))
def test_mean_hour_turns_with_the_clock(hours, turn):
    mean = load.mean_hour(np.array(hours))
    turned = load.mean_hour((np.array(hours) + turn) % 24)
    assert 0 <= turned < 24
    gap = abs(turned - (mean + turn)) % 24
    assert min(gap, 24 - gap) < 1e-6


def test_coefficients_of_variation_by_hand():
    energy = np.array([[6.0, 10.0, 14.0, nan, 10.0]])
    by_hand = np.sqrt(32 / 3) / 10
    assert load.coefficient_of_variation(energy) == pytest.approx([by_hand])
    # Deviations from 10: 0, 0, 4, 4.
    assert load.robust_coefficient_of_variation(energy) == pytest.approx([0.29652])


def test_coefficients_of_variation_of_hard_customers(energy):
    plain = load.coefficient_of_variation(energy)
    robust = load.robust_coefficient_of_variation(energy)
    for result in (plain, robust):
        assert result[1] == 0
        assert np.isnan(result[2:4]).all()
        assert (result[[0, 4, 5]] > 0).all()
    assert np.isnan(load.coefficient_of_variation(np.array([[5.0]]))).all()
    assert load.robust_coefficient_of_variation(np.array([[5.0]])).tolist() == [0]


def test_both_coefficients_find_the_spread_of_a_normal_distribution():
    energy = np.random.default_rng(0).normal(10, 2, (1, 20_000))
    assert load.coefficient_of_variation(energy) == pytest.approx([0.2], abs=0.005)
    robust = load.robust_coefficient_of_variation(energy)
    assert robust == pytest.approx([0.2], abs=0.005)


def test_one_wrong_reading_moves_only_the_plain_coefficient(energy):
    wrong = energy[:1].copy()
    wrong[0, 3] = 1e6
    assert load.coefficient_of_variation(wrong) > 10
    robust = load.robust_coefficient_of_variation
    assert robust(wrong) == pytest.approx(robust(energy[:1]), rel=0.1)


def test_day_to_day_variability_by_hand():
    power = np.array(
        [
            [[1.0, 2.0], [3.0, 2.0]],  # typical 2, 2: errors 1 and 1 over 8
            [[1.0, nan], [3.0, 2.0]],  # typical 2, 2: 1 over 4, 1 over 8
            [[5.0, 5.0], [5.0, 5.0]],
            [[0.0, 0.0], [0.0, 0.0]],
            [[nan, nan], [nan, nan]],
            [[4.0, 1.0], [nan, nan]],
        ]
    )
    expected = [1 / 8, (1 / 4 + 1 / 8) / 2, 0, nan, nan, 0]
    result = load.day_to_day_variability(power)
    assert result == pytest.approx(expected, nan_ok=True)


def test_same_days_in_another_order_vary_alike():
    power = np.random.default_rng(0).random((3, 20, 6))
    variability = load.day_to_day_variability(power)
    np.testing.assert_allclose(load.day_to_day_variability(power[:, ::-1]), variability)
    turned = np.roll(power, 2, axis=-1)
    np.testing.assert_allclose(load.day_to_day_variability(turned), variability)


def test_ratio_of_days_by_hand():
    energy = np.array([[8, 12, 15, nan], [nan, nan, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0]])
    rest = np.array([False, False, True, True])
    ratio = load.ratio_of_days(energy, rest, ~rest)
    assert ratio == pytest.approx([1.5, nan, nan, 0], nan_ok=True)
    every = np.ones(4, dtype=bool)
    assert load.ratio_of_days(energy, every, every)[3] == 1


@some_cases
@given(st.floats(-3, 3), st.integers(8, 60), st.integers(0, 6))
def test_trend_finds_the_growth_that_was_planted(growth, n_weeks, days_more):
    days = np.arange(7 * n_weeks + days_more)
    energy = 5 * np.exp(growth * (days // 7) * 7 / 365)
    assert load.trend(energy[np.newaxis]) == pytest.approx([growth], abs=1e-9)


def test_trend_by_hand_of_weeks_that_do_not_line_up():
    # Slopes between the weeks of log 0, 0, ..., 0, 1: 28 pairs, of which 7 rise.
    energy = np.repeat(np.exp([0, 0, 0, 0, 0, 0, 0, 1.0]), 7)
    assert load.trend(energy[np.newaxis]) == [0]
    # After five weeks a step of 1 each week. Of the 28 slopes in order, ten are 0,
    # then come 1/5, 1/4, 1/3, 2/6, 2/5: the 14th is 1/3 and the 15th 2/5 a week.
    energy = np.repeat(np.exp([0, 0, 0, 0, 0, 1.0, 2, 3]), 7)
    per_week = (1 / 3 + 2 / 5) / 2
    assert load.trend(energy[np.newaxis]) == pytest.approx([per_week * 365 / 7])


def test_trend_is_unknown_below_eight_weeks():
    assert np.isnan(load.trend(np.ones((1, 55)))).all()
    assert load.trend(np.ones((1, 56))) == [0]
    with_a_gap = np.ones((1, 56))
    with_a_gap[:, 14:21] = nan
    assert np.isnan(load.trend(with_a_gap)).all()
    with_a_gap[:, 17] = 1
    assert load.trend(with_a_gap) == [0]


def test_trend_is_unknown_where_a_week_has_no_energy():
    energy = np.ones((2, 70))
    energy[0, 14:21] = 0
    energy[1, 14:20] = 0
    assert np.isnan(load.trend(energy)).tolist() == [True, False]


def test_trend_of_hard_customers(energy):
    result = load.trend(energy)
    assert result[1] == 0
    assert np.isnan(result).tolist() == [False, False, True, True, False, False]


@some_cases
@given(st.integers(0, 10_000))
def test_spread_ratios_and_trend_know_no_unit(seed):
    rng = np.random.default_rng(seed)
    energy = rng.gamma(4, 1, (2, 63))
    energy[rng.random(energy.shape) < 0.2] = nan
    days = rng.random(63) < 0.5
    assume(days.any() and not days.all())
    functions = (
        load.coefficient_of_variation,
        load.robust_coefficient_of_variation,
        load.trend,
        lambda x: load.ratio_of_days(x, days, ~days),
    )
    for function in functions:
        np.testing.assert_allclose(function(1000 * energy), function(energy), atol=1e-9)
