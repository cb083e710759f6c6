import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from research.features import load

pytestmark = pytest.mark.filterwarnings("error")

nan = np.nan
some_cases = settings(max_examples=25, deadline=None)

cubes = arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 6)),
    elements=st.one_of(st.just(nan), st.floats(0, 1000).map(lambda x: round(x, 3))),
)


@pytest.fixture
def power():
    """Four customers, three days of four slots."""
    return np.array(
        [
            [[1, 1, 1, 1], [1, 1, 1, 5], [2, 2, nan, 2]],
            [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
            [[nan] * 4, [nan] * 4, [nan] * 4],
            [[3, 3, 3, 3], [nan] * 4, [3, 3, 3, 3]],
        ]
    )


def test_complete_days_by_hand(power):
    complete = load.complete_days(power, complete_share=0.75)
    assert complete.tolist() == [[1, 1, 1], [1, 1, 1], [0, 0, 0], [1, 0, 1]]
    assert load.complete_days(power)[0].tolist() == [1, 1, 0]


@pytest.mark.parametrize(("n_missing", "complete"), [(6, True), (7, False)])
def test_ninety_of_ninety_six_make_a_complete_day(n_missing, complete):
    day = np.ones((1, 1, 96))
    day[..., 10 : 10 + n_missing] = nan
    assert load.complete_days(day).item() is complete


def test_a_day_without_readings_is_never_complete():
    day = np.full((1, 1, 4), nan)
    assert not load.complete_days(day, complete_share=0).any()
    assert np.isnan(load.daily_energy(day, complete_share=0)).all()


def test_missing_share_by_hand(power):
    assert load.missing_share(power) == pytest.approx([1 / 12, 0, 1, 1 / 3])


def test_daily_energy_by_hand(power):
    energy = load.daily_energy(power, complete_share=0.75)
    assert energy[0].tolist() == [24, 48, 48]
    assert energy[1].tolist() == [0, 0, 0]
    assert np.isnan(energy[2]).all()
    assert energy[3] == pytest.approx([72, nan, 72], nan_ok=True)
    assert load.daily_energy(power)[0] == pytest.approx([24, 48, nan], nan_ok=True)


def test_annual_energy_by_hand(power):
    energy = load.annual_energy(load.daily_energy(power, 0.75))
    assert energy == pytest.approx([40 * 365, 0, nan, 72 * 365], nan_ok=True)


def test_mean_power_by_hand(power):
    assert load.mean_power(power) == pytest.approx([18 / 11, 0, nan, 3], nan_ok=True)


def test_base_load_by_hand():
    power = np.arange(1.0, 22).reshape(1, 3, 7)  # 1 to 21: the 5th percentile is 2
    gappy = np.array([[[nan, 3.0, nan], [1.0, nan, nan]]])  # 5 % of the way to 3
    assert load.base_load(power) == pytest.approx([2])
    assert load.base_load(gappy) == pytest.approx([1.1])
    assert load.base_load_share(power) == pytest.approx([2 / 11])


def test_base_load_of_hard_customers(power):
    assert load.base_load(power)[1:] == pytest.approx([0, nan, 3], nan_ok=True)
    assert load.base_load_share(power)[1:] == pytest.approx([nan, nan, 1], nan_ok=True)


@some_cases
@given(cubes)
def test_base_load_is_the_percentile_of_the_readings_present(power):
    for customer, result in zip(power, load.base_load(power), strict=True):
        present = customer[~np.isnan(customer)]
        expected = np.percentile(present, 5) if present.size else nan
        assert result == pytest.approx(expected, nan_ok=True)


def test_full_load_hours_by_hand(power):
    hours = load.full_load_hours(power)
    assert hours == pytest.approx([8760 * 18 / 55, nan, nan, 8760], nan_ok=True)


def test_band_shares_by_hand(power):
    bands = np.array([[0, 0, 1, 1], [0, 0, 1, -1], [1, 1, 1, 0]])
    shares = load.band_shares(power, bands, ["peak", "valley", "sharp"])
    # Customer 0: 2 + 2 + 2 in the peak, 2 + 1 + 4 in the valley, 5 in no band.
    assert shares[0] == pytest.approx([6 / 13, 7 / 13, 0])
    assert np.isnan(shares[1:3]).all()
    assert shares[3] == pytest.approx([3 / 8, 5 / 8, 0])


@some_cases
@given(cubes, st.integers(0, 1000))
def test_band_shares_sum_to_one(power, seed):
    bands = np.random.default_rng(seed).integers(-1, 3, power.shape[1:])
    shares = load.band_shares(power, bands, ["peak", "flat", "valley"])
    has_energy = np.nansum(power[:, bands >= 0], axis=-1) > 0
    np.testing.assert_allclose(shares[has_energy].sum(axis=-1), 1)
    assert np.isnan(shares[~has_energy]).all()


@some_cases
@given(cubes)
def test_unit_of_load_is_that_of_the_energy(power):
    for amount in (load.daily_energy, load.mean_power, load.base_load):
        np.testing.assert_allclose(amount(8 * power), 8 * amount(power))
    for share in (load.full_load_hours, load.base_load_share, load.missing_share):
        np.testing.assert_allclose(share(8 * power), share(power))


def test_single_precision_agrees_with_double():
    power = np.random.default_rng(0).gamma(2, 1, (5, 365, 96)).astype(np.float32)
    functions = (
        load.daily_energy,
        load.mean_power,
        load.base_load,
        load.base_load_share,
        load.full_load_hours,
    )
    for function in functions:
        single, double = function(power), function(power.astype(np.float64))
        assert single.dtype == np.float64
        np.testing.assert_allclose(single, double, rtol=1e-6)
    bands = np.arange(365 * 96).reshape(365, 96) % 3
    np.testing.assert_allclose(
        load.band_shares(power, bands, "abc"),
        load.band_shares(power.astype(np.float64), bands, "abc"),
        rtol=1e-6,
    )


def test_a_year_of_single_precision_is_summed_in_double():
    power = np.full((1, 365, 96), 0.1, dtype=np.float32)
    assert load.mean_power(power).item() == pytest.approx(np.float32(0.1), rel=1e-12)
