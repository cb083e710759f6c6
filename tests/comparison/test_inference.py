"""Differences over regions: by hand, by scipy, by law; below five no test."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare, ttest_1samp, wilcoxon

from research.comparison import (
    corrected_t,
    critical_difference,
    friedman,
    holm,
    infer,
    not_apart,
    ranks_of,
)


def table(values, unit="region"):
    """Runs from an array of units by methods."""
    other = "replicate" if unit == "region" else "region"
    return pd.DataFrame(
        [
            {unit: row, other: 0, "seed": 0, "method": f"m{column}", "value": value}
            for row, found in enumerate(values)
            for column, value in enumerate(found)
        ]
    ).assign(score="s", failed=False)


@pytest.fixture
def values():
    return np.random.default_rng(0).normal([0.0, 0.4, 1.0], 0.5, (9, 3))


def test_friedman_is_scipys_with_the_f_of_iman_and_davenport(values):
    tied = values.round(0)
    for table_of in (values, tied):
        found = friedman(ranks_of(table_of))
        assert found.chi2 == pytest.approx(friedmanchisquare(*table_of.T).statistic)
        n, m = table_of.shape
        by_hand = (n - 1) * found.chi2 / (n * (m - 1) - found.chi2)
        assert found.f == pytest.approx(by_hand)
        assert found.df == (2, 16)


def test_friedman_of_the_ranks_that_demsar_prints():
    # Demsar 2006, table 6: 14 sets, mean ranks 3.143, 2.000, 2.893, 1.964.
    ranks = np.array([3.143, 2.000, 2.893, 1.964])
    chi2 = 12 * 14 / (4 * 5) * ((ranks**2).sum() - 4 * 25 / 4)
    assert chi2 == pytest.approx(9.28, abs=0.02)
    assert 13 * chi2 / (14 * 3 - chi2) == pytest.approx(3.69, abs=0.01)
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
    assert critical_difference(4, 14, alpha=0.1) == pytest.approx(1.12, abs=0.005)


def test_full_agreement_is_not_certainty():
    found = friedman([[1, 2, 3]] * 5)
    assert found.f == np.inf
    assert found.p_value == pytest.approx(1 / 6**4)


def test_equal_methods_have_no_rank_test():
    found = friedman(np.full((6, 3), 2.0))
    assert (found.chi2, found.p_value) == (0.0, 1.0)


@pytest.mark.parametrize(("m", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)])
def test_critical_values_are_those_in_print(m, q):
    assert critical_difference(m, 1) / np.sqrt(m * (m + 1) / 6) == pytest.approx(
        q, abs=1e-3
    )


def test_without_shared_customers_it_is_students_t():
    differences = [0.2, 0.5, -0.1, 0.4]
    found, scipys = corrected_t(differences), ttest_1samp(differences, 0)
    assert found.p_value == pytest.approx(scipys.pvalue)
    low, high = scipys.confidence_interval()
    assert (found.low, found.high) == pytest.approx((low, high))


def test_nadeau_and_bengio_by_hand():
    # Mean 2, variance 1, J = 3, tested over learnt from 1 / 2.
    found = corrected_t([1.0, 2.0, 3.0], test_over_train=0.5)
    assert found.statistic == pytest.approx(2 / np.sqrt(1 / 3 + 1 / 2))


def test_more_bootstraps_do_not_make_it_surer_than_the_customers_do():
    rng = np.random.default_rng(0)
    few, many = (
        corrected_t(rng.normal(1, 1, n), test_over_train=1.0) for n in (50, 5000)
    )
    assert many.high - many.low > 0.8 * (few.high - few.low)


def test_one_unit_says_nothing():
    found = corrected_t([0.7])
    assert found.mean == 0.7
    assert np.isnan([found.low, found.high, found.p_value]).all()


def test_holm_by_hand():
    assert holm([0.01, 0.02, 0.03]) == pytest.approx([0.03, 0.04, 0.04])


def test_pairs_are_wilcoxons_and_name_the_better_first(values):
    pairs = infer(table(values), "s", better="higher").pairs
    assert (pairs["better_by"] >= 0).all()
    for row in pairs.itertuples():
        one, other = (values[:, int(name[1])] for name in (row.method, row.other))
        assert row.better_by == pytest.approx((one - other).mean())
        assert row.p_value == pytest.approx(wilcoxon(one, other).pvalue)
        assert row.wins == (one > other).sum()
    assert pairs["p_holm"].to_numpy() == pytest.approx(holm(pairs["p_value"]))


def test_ties_are_counted_out_exactly():
    # |d| = 1, 1, 1, 1, 2 all positive: 2 of 2^5 sign patterns are as extreme.
    values = np.array([[1.0, 0], [1, 0], [1, 0], [1, 0], [2, 0]])
    found = infer(table(values), "s", better="higher")
    assert found.pairs["p_value"].item() == pytest.approx(2 / 32)


def test_lower_is_better_turns_everything(values):
    up = infer(table(values), "s", better="higher")
    down = infer(table(-values), "s", better="lower")
    assert up.methods["method"].tolist() == down.methods["method"].tolist()
    assert up.pairs["better_by"].tolist() == down.pairs["better_by"].tolist()
    assert up.ranks == down.ranks


def test_below_five_regions_there_is_no_test_and_no_critical_difference(values):
    found = infer(table(values[:4]), "s", better="higher")
    assert (found.pair_test, found.ranks) == ("none", None)
    assert (found.critical_difference, found.not_apart) == (None, ())
    assert found.pairs[["p_value", "p_holm"]].isna().all(axis=None)
    assert found.pairs[["low", "high"]].notna().all(axis=None)


def test_replicates_of_one_region_are_not_tested_by_ranks(values):
    found = infer(table(values, "replicate"), "s", better="higher")
    assert (found.unit, found.n_units, found.pair_test) == ("replicate", 9, "none")
    assert found.critical_difference is None


def test_two_methods_on_splits_get_the_corrected_t(values):
    two = values[:, :2]
    found = infer(table(two, "replicate"), "s", better="higher", test_over_train=0.25)
    expected = corrected_t(two[:, 1] - two[:, 0], 0.25)
    assert found.pair_test == "corrected resampled t"
    assert found.pairs["p_value"].item() == pytest.approx(expected.p_value)
    assert found.pairs["low"].item() == pytest.approx(expected.low)


def test_seeds_are_no_units(values):
    runs = pd.concat([table(values[:1] + seed).assign(seed=seed) for seed in range(30)])
    found = infer(runs, "s", better="higher")
    assert found.n_units == 1
    assert found.pairs[["low", "high", "p_value"]].isna().all(axis=None)


def test_a_method_that_failed_everywhere_is_last_everywhere():
    runs = table([[0.5, 0.5, 0.9]] * 6)
    runs["failed"] = runs["method"] == "m0"
    found = infer(runs, "s", better="higher").methods.set_index("method")
    assert found["rank"].to_dict() == {"m2": 1.0, "m1": 2.0, "m0": 3.0}
    assert found["failed"].to_dict() == {"m2": 0.0, "m1": 0.0, "m0": 1.0}


def test_rounding_does_not_break_a_tie():
    assert ranks_of([[0.1 + 0.2, 0.3]]).tolist() == [[1.5, 1.5]]


def test_sets_that_are_not_apart_are_the_largest():
    ranks = pd.Series({"a": 1.0, "b": 1.5, "c": 2.0, "d": 3.5})
    assert not_apart(ranks, 1.0) == (("a", "b", "c"),)
    assert not_apart(ranks, 0.1) == ()
