import numpy as np
import pytest

from research.features import load

pytestmark = pytest.mark.filterwarnings("error")

nan = np.nan


def test_area_load_by_hand():
    first = np.array([[[1.0, nan], [nan, 8.0]], [[3.0, nan], [2.0, nan]]])
    second = np.array([[[5.0, nan], [4.0, 0.0]]])
    area = load.area_load(iter([first, second]))
    assert area[0] == pytest.approx([3, nan], nan_ok=True)
    assert area[1] == pytest.approx([3, 4])


def test_area_load_does_not_depend_on_the_cubes():
    power = np.random.default_rng(0).random((9, 4, 6)).astype(np.float32)
    power[2, 1] = nan
    expected = np.nanmean(power.astype(np.float64), axis=0)
    for parts in (1, 3, 9):
        area = load.area_load(np.split(power, parts))
        np.testing.assert_allclose(area, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("n_slots", "expected"),
    [
        (0, [[0, 0, 0], [0, 0, 0]]),
        (1, [[0, 1, 0], [0, 0, 0]]),
        (2, [[0, 1, 1], [0, 0, 0]]),
        (3, [[0, 1, 1], [0, 1, 0]]),
        (5, [[1, 1, 1], [1, 1, 0]]),
        (9, [[1, 1, 1], [1, 1, 0]]),
    ],
)
def test_highest_slots_are_marked_the_earliest_first(n_slots, expected):
    area = np.array([[2.0, 7.0, 5.0], [1.0, 5.0, nan]])
    mask = load.area_peak_mask(area, n_slots=n_slots)
    assert mask.dtype == bool
    assert mask.tolist() == expected


def test_coincidence_by_hand():
    power = np.array(
        [
            [[1.0, 2.0], [4.0, 3.0]],
            [[0.0, 0.0], [5.0, 0.0]],
            [[nan, 4.0], [8.0, 1.0]],
            [[1.0, nan], [1.0, nan]],
            [[0.0, 0.0], [0.0, 0.0]],
            [[nan, nan], [nan, nan]],
        ]
    )
    mask = np.array([[False, True], [False, True]])
    expected = [2.5 / 4, 0, 2.5 / 8, nan, nan, nan]
    assert load.coincidence(power, mask) == pytest.approx(expected, nan_ok=True)


def test_a_customer_alone_peaks_with_the_area():
    power = np.random.default_rng(0).random((1, 10, 8))
    mask = load.area_peak_mask(load.area_load([power]), n_slots=1)
    assert load.coincidence(power, mask) == [1]


def test_coincidence_is_a_share_and_knows_no_unit():
    power = np.random.default_rng(0).gamma(2, 1, (20, 10, 8))
    mask = load.area_peak_mask(load.area_load([power]), n_slots=8)
    result = load.coincidence(power, mask)
    assert ((result > 0) & (result < 1)).all()
    np.testing.assert_allclose(load.coincidence(1000 * power, mask), result)
