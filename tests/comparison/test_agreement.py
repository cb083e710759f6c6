"""Agreement with known classes, and intervals of shares."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    v_measure_score,
)

from research.comparison import (
    agreement,
    agreement_matrix,
    pairwise_agreement,
    share_intervals,
)


def classes_of(*values):
    return pd.DataFrame({"class": list(values)})


def test_the_same_division_agrees_wholly():
    segments = pd.Series([0, 0, 0, 1, 1, 1, 2, 2, 2])
    found = agreement(segments, classes_of(*"aaabbbccc")).iloc[0]
    assert found["adjusted_rand"] == 1
    assert found["adjusted_mutual_information"] == pytest.approx(1)
    assert found["cramers_v"] == pytest.approx(1)
    assert found["p_value"] < 0.05


def test_cramers_v_by_hand():
    # Counts [[3, 1], [1, 3]]: chi square 8 * (9 - 1)^2 / 4^4 = 2, V = sqrt(2 / 8).
    segments = pd.Series([0, 0, 0, 0, 1, 1, 1, 1])
    found = agreement(segments, classes_of(*"aaabbbba")).iloc[0]
    assert found["cramers_v"] == pytest.approx(0.5)


@pytest.mark.slow
def test_unrelated_classes_are_not_significant_more_often_than_chance_says():
    rng = np.random.default_rng(0)
    segments = pd.Series(np.repeat([0, 1, 2], 20))
    found = pd.concat(
        agreement(segments, classes_of(*rng.choice(list("ab"), 60)), n_permutations=99)
        for _ in range(100)
    )
    assert (found["p_value"] <= 0.05).mean() <= 0.12
    assert abs(found["adjusted_rand"].mean()) < 0.02


def test_customers_without_a_class_are_left_out_and_counted():
    found = agreement(pd.Series([0, 0, 1, 1]), classes_of("a", "a", None, "b")).iloc[0]
    assert (found["customers"], found["classes"]) == (3, 2)


def test_a_single_class_or_segment_has_no_agreement():
    one_class = agreement(pd.Series([0, 1]), classes_of("a", "a")).iloc[0]
    one_segment = agreement(pd.Series([0, 0]), classes_of("a", "b")).iloc[0]
    assert np.isnan(one_class["cramers_v"])
    assert np.isnan(one_segment["p_value"])


def test_no_classes_give_an_empty_table():
    found = agreement(pd.Series([0, 1]), pd.DataFrame(index=[0, 1]))
    assert found.empty
    assert "adjusted_rand" in found


@given(st.permutations(range(4)))
def test_the_names_of_segments_do_not_matter(names):
    segments = pd.Series([0, 0, 1, 1, 2, 3, 3, 0])
    classes = classes_of(*"aabbabba")
    first = agreement(segments, classes, n_permutations=19)
    renamed = agreement(
        segments.map(dict(enumerate(names))), classes, n_permutations=19
    )
    pd.testing.assert_frame_equal(first, renamed)


def test_shares_by_hand():
    amounts = pd.DataFrame({"customers": 1.0, "kWh": [6.0, 1.0, 1.0, np.nan]})
    shares = share_intervals(amounts, pd.Series([0, 1, 1, 1]))
    assert shares["share"].tolist() == [0.25, 0.75, 0.75, 0.25]
    assert (shares["low"] <= shares["share"]).all()
    assert (shares["share"] <= shares["high"]).all()


def test_the_interval_of_a_share_of_customers_is_that_of_the_binomial():
    # 200 customers, 30 % in segment 0: sd = sqrt(.3 * .7 / 200) = 3.24 points.
    segments = pd.Series(np.repeat([0, 1], [60, 140]))
    shares = share_intervals(pd.DataFrame({"n": np.ones(200)}), segments)
    row = shares.iloc[0]
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * 0.0324, rel=0.05)


def test_intervals_are_repeatable_and_blind_to_the_unit():
    amounts = pd.DataFrame({"kWh": np.arange(1.0, 21)})
    segments = pd.Series(np.arange(20) % 3)
    first = share_intervals(amounts, segments, random_state=3)
    again = share_intervals(1000 * amounts, segments, random_state=3)
    pd.testing.assert_frame_equal(first, again)


def test_every_pair_as_scikit_learn_has_it():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.integers(3, size=(80, 3)), columns=list("abc"))
    table.loc[:9, "c"] = np.nan
    pairs = pairwise_agreement(table).set_index(["one", "other"])
    assert list(pairs.index) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert pairs["customers"].tolist() == [80, 70, 70]
    both = table[["b", "c"]].dropna()
    for name, measure in {
        "adjusted_rand": adjusted_rand_score,
        "adjusted_mutual_information": adjusted_mutual_info_score,
        "v_measure": v_measure_score,
    }.items():
        assert pairs.loc[("b", "c"), name] == pytest.approx(measure(both.b, both.c))


def test_a_pair_without_common_customers_has_no_agreement():
    table = pd.DataFrame({"a": [0, 1, None, None], "b": [None, None, 0, 1]})
    assert pairwise_agreement(table)["adjusted_rand"].isna().all()


def test_the_square_of_pairs_is_symmetric_with_ones():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.integers(3, size=(50, 4)), columns=list("abcd"))
    matrix = agreement_matrix(pairwise_agreement(table))
    assert (np.diag(matrix) == 1).all()
    pd.testing.assert_frame_equal(matrix, matrix.T)
