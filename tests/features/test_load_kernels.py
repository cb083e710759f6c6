"""The compiled loops against the array functions that say what is meant."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from features.plain_pandas import bands_of, calendar_of, region_of, year_of_power
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from research.features import load
from research.features.load import one_pass
from research.features.load.parts import complete_only
from research.features.load.present import count, total
from research.features.load.present import highest as present_highest
from research.features.load.table import customer_features

pytest.importorskip("numba")
pytestmark = pytest.mark.filterwarnings("error")

RTOL, ATOL = 1e-6, 1e-9


def both(power, *, peak=None, start="2013-01-01", bands=True, complete_share=0.9):
    _, n_days, n_slots = power.shape
    days = pd.date_range(start, periods=n_days)
    if peak is None:
        peak = np.zeros((n_days, n_slots), dtype=bool)
        peak[n_days // 2, : max(n_slots // 3, 1)] = True
        peak[0, -1] = True
    settings = {"complete_share": complete_share}
    if bands:
        codes, names = pd.factorize(
            bands_of(days, n_slots).to_numpy().ravel(), sort=True
        )
        codes = codes.reshape(n_days, n_slots)
        codes[0, 0] = -1
        settings |= {"bands": codes, "band_names": names}
    arguments = (power, calendar_of(days), peak)
    return (
        one_pass.features_in_one_pass(*arguments, **settings),
        customer_features(*arguments, **settings),
    )


def assert_both_agree(power, **how):
    found, expected = both(power, **how)
    assert_frame_equal(found, expected, rtol=RTOL, atol=ATOL, check_dtype=True)
    return expected


def hard_cases(n_slots, n_days=365, seed=0):
    """A year of sixteen customers, twelve of them hard."""
    power = year_of_power(16, n_days=n_days, n_slots=n_slots, seed=seed)
    rng = np.random.default_rng(seed)
    third = n_days // 3
    power[2, third : 2 * third] = np.nan  # away
    power[3] = 0.5  # the same load all year
    power[4] = 0  # no load
    power[5, :, ::3] = np.nan  # never a complete day
    power[6, third : third + 21] = 0  # switched off for three weeks
    power[7, : n_days - 30] = np.nan  # new
    power[8] = np.nan  # never heard of
    power[9] -= 0.3 * np.nanmean(power[9])  # feeds in at times
    power[10] = -power[10]  # always feeds in
    power[11] = np.where(rng.random(power[11].shape) < 0.97, 0, power[11])
    power[12] = np.round(power[12])  # ties, many of them zeros
    power[13, 1:] = np.nan  # a single day
    power[14] = 0
    power[14, 5, n_slots // 2] = 1e-30  # one slot of all
    power[15, :, n_slots // 24 : n_slots // 12] = np.nan  # an hour always missing
    return power


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_slots", [24, 48, 96])
def test_a_year_of_hard_cases(n_slots, dtype):
    expected = assert_both_agree(hard_cases(n_slots).astype(dtype))
    assert (expected.notna().sum() >= 6).all()


def test_slots_that_are_no_part_of_an_hour_and_days_of_one_slot():
    for n_slots in (1, 2, 5, 7):
        power = np.random.default_rng(1).gamma(2, 1, (3, 60, n_slots))
        power[1, 3:9, 0] = np.nan
        assert_both_agree(power.astype(np.float32), complete_share=0.5)


def test_without_a_tariff_and_without_a_peak():
    power = hard_cases(24, n_days=70).astype(np.float32)
    assert_both_agree(power, bands=False, peak=np.zeros((70, 24), dtype=bool))


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9375, 1.0, 1.1])
def test_days_are_complete_by_one_rule(share):
    power = np.ones((1, 97, 96), np.float32)
    power[0][np.tri(97, 96, -1, dtype=bool)] = np.nan  # day d lacks d readings
    expected = assert_both_agree(power, complete_share=share)
    assert expected["complete_days"].item() == {0.9375: 7, 1.0: 1, 1.1: 0}.get(
        share, 96 if share == 0 else 49
    )


def test_of_slots_that_tie_the_first_counts():
    power = np.zeros((1, 9, 24), np.float32)
    power[:, :, [7, 19]] = 2
    power[:, :, [3, 23]] = -1
    expected = assert_both_agree(power)
    assert expected[["peak_hour", "valley_hour"]].to_numpy().tolist() == [[7, 3]]


def test_the_skipped_hour_of_a_day_of_23_hours_is_missing():
    power = year_of_power(4, n_days=14, n_slots=24).astype(np.float32)
    power[:, 6, 1] = np.nan
    assert_both_agree(power)


@pytest.mark.parametrize("seed", range(3))
def test_base_load_where_a_sample_misleads(seed):
    # One long low spell, or all low readings in the slots that a sample would see.
    rng = np.random.default_rng(seed)
    power = rng.gamma(2, 1, (4, 365, 96)).astype(np.float32) + 10
    power[0, :18] -= 9
    power[1].ravel()[::61] = rng.random(575).astype(np.float32)[
        : len(range(0, 35040, 61))
    ]
    power[2] = np.sort(power[2].ravel()).reshape(365, 96)
    power[3] = power[2, ::-1, ::-1]
    assert_both_agree(power)


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_any_cube(data):
    n_slots = data.draw(st.sampled_from([2, 24, 48, 96]))
    n_days = data.draw(st.integers(1, 80))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    shape = (data.draw(st.integers(1, 3)), n_days, n_slots)
    power = rng.gamma(data.draw(st.sampled_from([0.1, 1, 30])), 1, shape)
    power = np.round(power, data.draw(st.sampled_from([0, 1, 6])))
    power *= 10.0 ** data.draw(st.integers(-6, 6))
    power[rng.random(shape) < data.draw(st.sampled_from([0, 0.05, 0.6]))] = 0
    power[rng.random(shape) < data.draw(st.sampled_from([0, 0.01]))] *= -1
    power[rng.random(shape) < data.draw(st.sampled_from([0, 0.01, 0.1]))] = np.nan
    power[rng.random(shape[:2]) < data.draw(st.sampled_from([0, 0.1, 0.9]))] = np.nan
    peak = rng.random(shape[1:]) < data.draw(st.sampled_from([0, 0.02]))
    power = power.astype(np.float32)
    scale = 10.0 ** np.ceil(np.log10(max(np.nanmax(np.abs(power), initial=0), 1e-9)))
    assert_both_agree(power / np.float32(scale), peak=peak)


def test_rows_of_a_cube_turned_in_memory_are_those_of_the_cube():
    power = hard_cases(24, n_days=60).astype(np.float32)
    turned = np.asfortranarray(power)
    assert_frame_equal(both(turned)[0], both(power)[0])
    assert_frame_equal(both(power[::2])[0], both(power)[0][::2].reset_index(drop=True))


def test_cube_is_not_changed():
    power = hard_cases(24, n_days=60).astype(np.float32)
    before = power.copy()
    both(power)
    one_pass.area_sums(power, 0.9)
    np.testing.assert_array_equal(power, before)


def test_load_of_the_area():
    power = hard_cases(48, n_days=60).astype(np.float32)
    summed, present, highest = one_pass.area_sums(power, 0.9)
    kept = complete_only(power, 0.9)
    np.testing.assert_array_equal(highest, present_highest(kept, axis=(1, 2)))
    np.testing.assert_allclose(summed, total(kept, axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(present, count(kept, axis=0))


def test_threads_give_what_a_loop_gives():
    parts = [year_of_power(4, seed=seed).astype(np.float32) for seed in range(6)]
    with ThreadPoolExecutor(3) as pool:
        at_once = list(pool.map(lambda power: both(power)[0], parts))
    for power, found in zip(parts, at_once, strict=True):
        assert_frame_equal(found, both(power)[0])


def test_table_takes_the_loops_when_asked_or_when_there_is_much(monkeypatch):
    region = region_of(year_of_power(8).astype(np.float32), customers_a_cube=3)
    by_arrays = load.table(region, compiled=False)
    by_loops = load.table(region, compiled=True)
    assert_frame_equal(by_loops, by_arrays, rtol=RTOL, atol=ATOL)
    assert not by_loops.equals(by_arrays)
    assert_frame_equal(load.table(region), by_arrays, rtol=0, atol=0)
    module = sys.modules["research.features.load.table"]
    monkeypatch.setattr(module, "WORTH_COMPILING", 0)
    assert_frame_equal(load.table(region), by_loops, rtol=0, atol=0)
    monkeypatch.setattr(module, "compiles", lambda: False)
    assert_frame_equal(load.table(region), by_arrays, rtol=0, atol=0)


def test_numba_is_not_imported_before_it_is_needed():
    code = "import sys, research.features.load; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_loops_compile_where_no_cache_can_be_written(tmp_path):
    code = """
import numba.core.caching as caching
caching.CacheImpl._locator_classes = []
import numpy as np
from research.features.load import one_pass
summed, present, _ = one_pass.area_sums(np.ones((2, 3, 4)), 0.9)
assert summed.tolist() == [[2.0] * 4] * 3
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(tmp_path))
