import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from research.features import load

pytestmark = pytest.mark.filterwarnings("error")

nan = np.nan
some_cases = settings(max_examples=25, deadline=None)


def evening_share(power):
    return load.window_share(power, 17, 22)


SCALE_FREE = [
    load.load_factor,
    load.minimum_load_rate,
    load.peak_valley_difference_rate,
    load.shape_entropy,
    load.mean_ramp,
    load.maximum_ramp,
    evening_share,
]
ON_THE_CLOCK = [load.peak_hour, load.valley_hour]
INDICATORS = [*SCALE_FREE, *ON_THE_CLOCK, load.peak_valley_difference]

curves = arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(1, 24)),
    elements=st.one_of(st.just(nan), st.floats(0, 1000).map(lambda x: round(x, 3))),
)
whole_curves = arrays(
    np.float64, (3, 12), elements=st.integers(0, 1000).map(lambda x: x / 8)
)


@pytest.mark.parametrize(
    ("indicator", "curve", "expected"),
    [
        (load.load_factor, [3, 3, 3], 1),
        (load.load_factor, [0, 0, 4, 0], 0.25),
        (load.load_factor, [1, nan, 4, 1], 0.5),
        (load.load_factor, [0, 0, 0], nan),
        (load.load_factor, [nan, nan], nan),
        (load.load_factor, [-3, -1], nan),
        (load.minimum_load_rate, [1, 2, 4], 0.25),
        (load.minimum_load_rate, [nan, 2, 4], 0.5),
        (load.minimum_load_rate, [0, 0], nan),
        (load.peak_valley_difference, [1, 2, 4], 3),
        (load.peak_valley_difference, [nan, 2, 4], 2),
        (load.peak_valley_difference, [0, 0], 0),
        (load.peak_valley_difference, [nan, nan], nan),
        (load.peak_valley_difference_rate, [1, 2, 4], 0.75),
        (load.peak_valley_difference_rate, [nan, 2, 4], 0.5),
        (load.peak_valley_difference_rate, [0, 0], nan),
        (load.shape_entropy, [5, 5, 5, 5], 1),
        (load.shape_entropy, [0, 7, 0, 0], 0),
        (load.shape_entropy, [1, 0, 1, 0], 0.5),
        (load.shape_entropy, [1, nan, 1, 0], 0.5),
        (load.shape_entropy, [0, 0, 0, 0], nan),
        (load.shape_entropy, [nan, nan], nan),
        (load.shape_entropy, [3, -1], nan),
        (load.shape_entropy, [3], nan),
        (load.mean_ramp, [1, 3, 2], 0.75),
        (load.mean_ramp, [1, 3, nan, 2, 2], 0.5),
        (load.mean_ramp, [1, nan, 3], nan),
        (load.mean_ramp, [3], nan),
        (load.mean_ramp, [0, 0], nan),
        (load.maximum_ramp, [1, 3, 2], 1),
        (load.maximum_ramp, [3, 1, 2], 1),
        (load.maximum_ramp, [1, 3, nan, 8, 8], 0.4),
        (load.maximum_ramp, [3], nan),
        (load.peak_hour, [1, 2, 2, 0], 6),
        (load.peak_hour, [nan, 1, 2, 3], 18),
        (load.peak_hour, [5, 5, 5], 0),
        (load.peak_hour, [nan, -3, -2, -5], 12),
        (load.peak_hour, [5], 0),
        (load.peak_hour, [nan, nan], nan),
        (load.valley_hour, [2, 1, 1, 3], 6),
        (load.valley_hour, [nan, 3, 2, 1], 18),
        (load.valley_hour, [0, 0], 0),
        (load.valley_hour, [nan, nan], nan),
    ],
)
def test_indicator_by_hand(indicator, curve, expected):
    result = indicator(np.array(curve, dtype=float))
    assert result == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(0, 6, 0.1, id="the first slot"),
        pytest.param(18, 24, 0.4, id="the last slot"),
        pytest.param(18, 0, 0.4, id="until midnight"),
        pytest.param(0, 24, 1, id="the whole day"),
        pytest.param(6, 6, 1, id="the whole day from six"),
        pytest.param(3, 9, 0.15, id="half of two slots"),
        pytest.param(7, 8, 0.2 / 6, id="within a slot"),
        pytest.param(18, 6, 0.5, id="over midnight"),
        pytest.param(22, 6, 0.1 + 0.4 / 3, id="over midnight, from within a slot"),
        pytest.param(24, 6, 0.1, id="from midnight by its other name"),
        pytest.param(24, 24, 1, id="the whole day from midnight"),
    ],
)
def test_window_share_by_hand(start, end, expected):
    # Four slots of six hours.
    power = np.array([1.0, 2.0, 3.0, 4.0])
    assert load.window_share(power, start, end) == pytest.approx(expected)


def test_window_share_leaves_missing_readings_out_of_both_sums():
    power = np.array([[1.0, nan, 3.0, 4.0], [nan] * 4, [0.0] * 4])
    assert load.window_share(power, 0, 12) == pytest.approx(
        [0.125, nan, nan], nan_ok=True
    )


@some_cases
@given(curves)
def test_windows_of_the_day_partition_its_energy(power):
    shares = [load.window_share(power, *hours) for hours in load.DAY_WINDOWS.values()]
    has_energy = np.nansum(power, axis=-1) > 0
    np.testing.assert_allclose(sum(shares)[has_energy], 1)
    assert np.isnan(shares)[:, ~has_energy].all()


@some_cases
@given(curves)
def test_ranges(power):
    for indicator in (*SCALE_FREE, load.peak_valley_difference):
        assert not (indicator(power) < 0).any()
    for indicator in set(SCALE_FREE) - {load.mean_ramp, load.maximum_ramp}:
        assert not (indicator(power) > 1 + 1e-12).any()
    for indicator in ON_THE_CLOCK:
        hours = indicator(power)
        assert ((hours >= 0) & (hours < 24) | np.isnan(power).all(axis=-1)).all()


@some_cases
@given(curves)
def test_difference_rate_and_minimum_rate_make_one(power):
    rates = load.peak_valley_difference_rate(power) + load.minimum_load_rate(power)
    positive = (power > 0).any(axis=-1)
    np.testing.assert_allclose(rates[positive], 1)
    assert np.isnan(rates[~positive]).all()


@pytest.mark.parametrize("indicator", [*SCALE_FREE, *ON_THE_CLOCK])
@some_cases
@given(power=curves)
def test_size_of_the_customer_does_not_matter(indicator, power):
    np.testing.assert_allclose(indicator(1024 * power), indicator(power))


@some_cases
@given(curves)
def test_difference_is_in_the_unit_of_the_load(power):
    difference = load.peak_valley_difference(power)
    np.testing.assert_array_equal(
        load.peak_valley_difference(8 * power), 8 * difference
    )


@pytest.mark.parametrize(
    "indicator",
    [
        load.load_factor,
        load.minimum_load_rate,
        load.peak_valley_difference,
        load.peak_valley_difference_rate,
        load.shape_entropy,
    ],
)
@some_cases
@given(power=whole_curves, slots=st.integers(1, 11))
def test_turning_the_clock_does_not_matter(indicator, power, slots):
    turned = np.roll(power, slots, axis=-1)
    np.testing.assert_allclose(indicator(turned), indicator(power), atol=1e-12)


@pytest.mark.parametrize("indicator", ON_THE_CLOCK)
def test_turning_the_clock_turns_the_hours(indicator):
    power = np.random.default_rng(0).permuted(np.tile(np.arange(12.0), (20, 1)), axis=1)
    turned = np.roll(power, 5, axis=-1)
    np.testing.assert_allclose(indicator(turned), (indicator(power) + 10) % 24)


def test_turning_the_clock_turns_the_window():
    power = np.random.default_rng(0).random((20, 24))
    turned = np.roll(power, 3, axis=-1)
    np.testing.assert_allclose(
        load.window_share(turned, 23, 4), load.window_share(power, 20, 1)
    )


@pytest.mark.parametrize("indicator", INDICATORS)
def test_any_array_of_curves_gives_one_value_a_curve(indicator):
    power = np.random.default_rng(0).random((4, 3, 8))
    power[1, 1] = nan
    result = indicator(power)
    assert result.shape == (4, 3)
    assert result.dtype == np.float64
    assert np.isnan(result[1, 1])
    one_by_one = [[indicator(curve) for curve in days] for days in power]
    np.testing.assert_allclose(result, one_by_one, rtol=1e-14)


@pytest.mark.parametrize("indicator", INDICATORS)
def test_single_precision_agrees_with_double(indicator):
    power = np.random.default_rng(0).gamma(2, 1, (50, 96)).astype(np.float32)
    single, double = indicator(power), indicator(power.astype(np.float64))
    assert single.dtype == np.float64
    np.testing.assert_allclose(single, double, rtol=1e-6)


def test_sums_of_single_precision_are_taken_in_double():
    # Beyond 2**24 a float32 sum no longer counts single units.
    power = np.ones((1, 40), dtype=np.float32)
    power[0, 0] = 2**24
    expected = 39 / (2**24 + 39)
    assert load.window_share(power, 0.6, 24) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("indicator", INDICATORS)
def test_readings_are_not_changed(indicator):
    power = np.array([[1.0, nan, 3.0, 0.0]])
    power.flags.writeable = False
    assert indicator(power).shape == (1,)
