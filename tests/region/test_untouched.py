"""The quick look that spares most customers the repairs: it never hides one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.region import InputError
from research.region.grids import Grid, read_grids, read_stamps
from research.region.quality import repaired
from research.region.quality.repair import catch_up, unit_shift
from research.region.quality.untouched import untouched
from research.region.settings import Quality

pytest.importorskip("numba")


def series(seed, minutes, n=24, days=90):
    """Customers with silences, lumps, zeros, months in another unit, late starts."""
    rng = np.random.default_rng(seed)
    slots = 1440 // minutes
    stamps = pd.date_range("2024-01-01", periods=days * slots, freq=f"{minutes}min")
    stamps = stamps[rng.integers(slots) :]
    size = rng.lognormal(0, 1, (n, 1))
    hour = stamps.hour.to_numpy() + stamps.minute.to_numpy() / 60
    kwh = size * (0.3 + np.exp(np.cos((hour - 19) * np.pi / 12)))
    kwh = np.round(kwh * rng.gamma(4, 0.25, kwh.shape), 2)
    for i in range(n):
        for _ in range(rng.integers(6)):
            first = rng.integers(len(stamps) - 1)
            last = min(first + rng.integers(1, 5 * max(slots // 4, 2)), len(stamps) - 1)
            lump = kwh[i, first : last + 1].sum() * rng.choice([0, 0.6, 1, 2, 30])
            kwh[i, first:last] = rng.choice([np.nan, 0])
            kwh[i, last] = lump or kwh[i, last]
    month = stamps.month.to_numpy() == 2
    kwh[:3, month] *= rng.choice([25, 900, 1000, 1100], (3, 1))
    kwh[3, rng.random(len(stamps)) < 0.3] = 0
    kwh[4], kwh[5], kwh[6, 30:] = 0, np.nan, np.nan
    kwh[7] = -kwh[7]
    kwh[8, : len(stamps) // 2] = np.nan
    kwh[9, 5] = np.inf
    ids = pd.Index([f"{i:02}" for i in range(n)], name="customer_id")
    return Grid(ids, stamps, kwh.astype(np.float32))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:invalid value")
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([30, 60, 1440]))
def test_who_is_untouched_comes_out_of_the_repairs_unchanged(seed, minutes):
    grid = series(seed, minutes)
    alone = untouched(grid.kwh, grid.stamps, minutes)
    units = unit_shift(grid.kwh, grid.stamps, minutes)
    lumps = catch_up(units.kwh, grid.stamps, minutes)
    assert not (units.marked | lumps.marked)[alone].any()
    assert alone.any()


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("minutes", [60, 1440])
@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"catch_up": "off"},
        {"unit_shift": "off"},
        {"unit_shift": "keep"},
        {"catch_up": "leave_out"},
        {"spike": "leave_out"},
    ],
)
def test_the_grid_is_the_same_however_it_is_repaired(minutes, rules):
    grid, limits = series(7, minutes), Quality(rules=rules)
    found = repaired(grid, minutes=minutes, limits=limits, compiled=True)
    expected = repaired(grid, minutes=minutes, limits=limits)
    np.testing.assert_array_equal(found.kwh, expected.kwh)
    np.testing.assert_array_equal(found.estimated, expected.estimated)
    assert expected.estimated.any() or rules == {"unit_shift": "keep"}


def test_most_of_clean_customers_are_untouched():
    grid = series(1, 30)
    rng = np.random.default_rng(0)
    kwh = np.abs(rng.gamma(4, 0.25, grid.kwh.shape)).astype(np.float32)
    kwh[rng.random(kwh.shape) < 0.01] = np.nan
    assert untouched(kwh, grid.stamps, 30).mean() > 0.9


def written(folder, frame):
    path = folder / "part-0000.parquet"
    frame.assign(kwh=frame["kwh"].astype("float32")).to_parquet(path, index=False)
    return [path]


def long_rows():
    ts = pd.date_range("2024-01-01", periods=48, freq="h", unit="ms")
    frame = pd.DataFrame(
        {"customer_id": np.repeat(["a", "b", "c"], 48), "ts": np.tile(ts, 3)}
    )
    frame["kwh"] = np.arange(len(frame), dtype=float)
    return frame.drop(index=[3, 4, 47, 48, 100]).reset_index(drop=True)


def both(parts, **how):
    stamps = read_stamps(parts, minutes=60, **how)
    loop, arrays = (
        next(read_grids(parts, stamps, minutes=60, compiled=compiled, **how))
        for compiled in (True, False)
    )
    pd.testing.assert_index_equal(loop.customer_id, arrays.customer_id)
    np.testing.assert_array_equal(loop.kwh, arrays.kwh)
    np.testing.assert_array_equal(loop.estimated, arrays.estimated)
    return loop


@pytest.mark.parametrize("at_end", [False, True])
def test_rows_come_to_the_same_places_by_loop_and_by_arrays(tmp_path, at_end):
    grid = both(written(tmp_path, long_rows()), at_end=at_end)
    assert np.isnan(grid.kwh).sum() == 5
    assert np.nansum(grid.kwh) == long_rows()["kwh"].sum()


def test_rows_out_of_order_empty_values_and_quality_are_read_alike(tmp_path):
    rows = long_rows()
    rows.loc[9, "kwh"] = np.nan
    both(written(tmp_path, rows.iloc[::-1]))
    both(written(tmp_path, rows))
    assert both(written(tmp_path, rows.assign(quality=1))).estimated.any()


@pytest.mark.parametrize("fault", ["off the grid", "two readings"])
def test_the_loop_leaves_faults_to_be_told(tmp_path, fault):
    rows = long_rows()
    stamps = read_stamps(written(tmp_path, rows), minutes=60)
    shift = pd.Timedelta(minutes=7 if fault == "off the grid" else -60)
    rows.loc[20, "ts"] += shift
    with pytest.raises(InputError, match=fault):
        list(read_grids(written(tmp_path, rows), stamps, minutes=60, compiled=True))


def test_some_row_groups_are_read_alone(tmp_path):
    parts = written(tmp_path, long_rows())
    frame = long_rows().astype({"kwh": "float32"})
    frame.to_parquet(parts[0], index=False, row_group_size=45)
    stamps = read_stamps(parts, minutes=60)
    [grid] = read_grids(parts, stamps, minutes=60, groups=[0])
    assert list(grid.customer_id) == ["a"]
