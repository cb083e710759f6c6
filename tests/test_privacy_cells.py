"""What is left empty can not be reckoned, and what is shown is nobody's own value."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from research.service import privacy, quantiles

counts = arrays(
    int,
    array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=7),
    elements=st.one_of(st.just(0), st.integers(1, 20), st.integers(1, 500)),
)


def margins(n):
    """Rows of 0 and 1, one for every total that a reader may have."""
    cells = np.arange(n.size).reshape(n.shape)
    lines = [cells.ravel(), *([*cells, *cells.T] if n.ndim == 2 else [])]
    return np.array([np.isin(np.arange(n.size), line) for line in lines], dtype=float)


def told_by(totals, cell):
    """Whether a sum of totals is the value of this one cell."""
    wanted = np.eye(totals.shape[1])[cell]
    found = np.linalg.lstsq(totals.T, wanted, rcond=None)[0]
    return np.allclose(totals.T @ found, wanted, atol=1e-8)


@settings(max_examples=400, deadline=None)
@given(n=counts, min_cell=st.sampled_from([5, 15]))
def test_no_small_cell_is_shown_or_can_be_reckoned_from_the_totals(n, min_cell):
    hidden = privacy.hidden(n, min_cell=min_cell)
    small = (n > 0) & (n < min_cell)
    assert not (small & ~hidden).any()
    if not small.any():
        assert not hidden.any()
    totals = margins(n)[:, hidden.ravel()]
    # A table whose whole is one row, column or cell hides its total with it.
    whole = hidden | (n == 0)
    lines = [] if n.ndim == 1 else [*whole, *whole.T]
    if whole.all() or any(line.all() for line in lines):
        return
    for place, cell in enumerate(np.flatnonzero(hidden)):
        if small.ravel()[cell]:
            assert not told_by(totals, place), n


@settings(max_examples=300, deadline=None)
@given(n=counts)
def test_what_is_hidden_in_a_line_holds_enough_customers_together(n):
    hidden = privacy.hidden(n)
    lines = [(n.ravel(), hidden.ravel())]
    if n.ndim == 2:
        lines += list(zip([*n, *n.T], [*hidden, *hidden.T], strict=True))
    for counted, gone in lines:
        if gone.any() and (counted[~gone] > 0).any() and counted.sum() >= 15:
            assert counted[gone].sum() >= 15


@settings(max_examples=300, deadline=None)
@given(
    groups=st.lists(
        st.lists(st.floats(0.1, 1000), min_size=1, max_size=60), min_size=1, max_size=7
    )
)
def test_no_sum_is_shown_of_which_one_customer_makes_most(groups):
    n = [len(group) for group in groups]
    total, largest = [sum(g) for g in groups], [max(g) for g in groups]
    hidden = privacy.hidden(n, total=total, largest=largest)
    for group, gone in zip(groups, hidden, strict=True):
        assert gone or (len(group) >= 15 and max(group) <= 0.15 * sum(group) + 1e-9)
    rest = [
        value
        for group, gone in zip(groups, hidden, strict=True)
        if gone
        for value in group
    ]
    everyone = [value for group in groups for value in group]
    whole_may_be_told = max(everyone) <= 0.15 * sum(everyone)
    if rest and not hidden.all() and whole_may_be_told:
        assert len(rest) >= 15
        assert max(rest) <= 0.15 * sum(rest) + 1e-9


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1000)), min_size=1, max_size=120)
)
def test_who_dominates_stands_in_no_sum(customers):
    groups = pd.Series([group for group, _ in customers])
    kwh = pd.Series([value for _, value in customers])
    counted = privacy.without_dominant(kwh, groups)
    for part in [kwh[counted], *(p for _, p in kwh[counted].groupby(groups))]:
        assert len(part) == 0 or len(part) >= 15
        assert part.max() <= 0.15 * part.sum() + 1e-9 or part.empty


def test_a_small_cell_takes_a_rectangle_with_it():
    n = np.array([[3, 40, 50], [60, 20, 70], [80, 90, 30]])
    hidden = privacy.hidden(n)
    assert hidden[0, 0]
    assert hidden.sum() == 4
    assert hidden.any(axis=0).sum() == hidden.any(axis=1).sum() == 2


def test_cells_keep_their_counts_and_lose_their_digits():
    frame = pd.DataFrame(
        {"segment": list("abc"), "customers": [410, 1234, 7], "kwh": [9.87654, 1e6, 3]}
    )
    shown = privacy.safe_cells(frame)
    assert shown["customers"].isna().tolist() == [True, False, True]
    assert shown["customers"][1] == 1234
    assert shown["kwh"].dropna().tolist() == [1e6]
    told = privacy.counts_told(frame["customers"]).tolist()
    assert told == ["withheld", "1,234", "< 15"]


def test_a_customer_too_few_to_be_shown_changes_no_byte():
    """Two data sets that differ in one customer of a small cell: the same table."""
    rng = np.random.default_rng(0)
    kwh = pd.Series(rng.gamma(5, 500, 80))
    group = pd.Series([0] * 40 + [1] * 30 + [2] * 10)
    tables = []
    for change in (1.0, 1.7):
        energy = kwh.mask(kwh.index == 79, kwh * change)
        by = energy.groupby(group)
        frame = pd.DataFrame({"customers": by.size(), "kwh": by.sum()})
        most = {"kwh": by.max()}
        tables.append(privacy.safe_cells(frame, sums=most).to_csv())
    assert tables[0] == tables[1]
    assert tables[0].splitlines()[3] == "2,,"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=40, unique=True),
    st.sampled_from([0.05, 0.25, 0.5, 0.75, 0.95]),
)
def test_a_quantile_is_a_mean_of_five_neighbours(values, q):
    found = float(quantiles.quantile(values, q))
    ordered = np.sort(values)
    windows = np.lib.stride_tricks.sliding_window_view(ordered, 5).mean(axis=1)
    assert np.isclose(windows, found, atol=1e-6).any()
    assert quantiles.quantile(values, 0.05) <= quantiles.quantile(values, 0.95) + 1e-6


def test_quantiles_leave_missing_values_out():
    table = np.array([[1.0, np.nan], [2.0, np.nan], [3.0, np.nan], [np.nan, np.nan]])
    found = quantiles.quantile(table, 0.5)
    assert found[0] == pytest.approx(2.0)
    assert np.isnan(found[1])


@given(st.lists(st.integers(0, 6), min_size=1, max_size=200), st.integers(2, 20))
def test_merged_segments_are_large_enough_or_all_there_is(labels, min_cell):
    labels = pd.Series(labels)
    merged = privacy.merged(labels, min_cell)
    sizes = merged.value_counts()
    assert len(sizes) == 1 or sizes.min() >= min_cell
    assert sorted(sizes.index) == list(range(len(sizes)))
    pairs = pd.DataFrame({"old": labels, "new": merged}).drop_duplicates()
    assert pairs["old"].is_unique  # no segment is divided


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(7319.4127, 7320.0), (-0.00012345, -0.000123), (0, 0), (999.6, 1000.0)],
)
def test_three_digits_are_three_digits(value, rounded):
    assert privacy.three_digits(value) == rounded
    assert privacy.three_digits(np.array([value])).tolist() == [rounded]


def test_how_much_a_dominating_customer_uses_changes_no_byte():
    rng = np.random.default_rng(1)
    kwh = pd.Series(rng.gamma(5, 500, 90))
    group = pd.Series([0] * 50 + [1] * 40)
    tables = []
    for largest in (200_000.0, 900_000.0):
        energy = kwh.mask(kwh.index == 7, largest)
        counted = privacy.without_dominant(energy, group)
        sums = energy[counted].groupby(group).sum().map(privacy.three_digits)
        shares = (sums / sums.sum()).map(privacy.three_digits)
        middle = quantiles.typical(energy.to_frame("kwh"), group)["kwh"]
        frame = pd.DataFrame({"kwh": sums, "share": shares, "median": middle})
        tables.append(frame.to_csv())
        assert not counted[7]
    assert tables[0] == tables[1]
