"""Ranks with intervals: hand-made cases, laws, and their coverage."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.comparison.rank_intervals import rank_intervals


def estimates(*rows):
    return pd.DataFrame(rows, columns=["value", "low", "high"])


def test_intervals_far_from_each_other_leave_one_rank():
    ranks = rank_intervals(estimates((1, 0.9, 1.1), (3, 2.9, 3.1), (2, 1.9, 2.1)))
    assert ranks["rank"].tolist() == [3, 1, 2]
    assert ranks["best"].tolist() == ranks["worst"].tolist() == [3, 1, 2]


def test_the_interval_of_a_difference_is_shorter_than_both_together():
    # 0 +- 1 and 1.5 +- 1 overlap; their difference, 1.5 +- sqrt(2), does not reach 0.
    ranks = rank_intervals(estimates((0, -1, 1), (1.5, 0.5, 2.5)))
    assert ranks["best"].tolist() == [2, 1]
    assert ranks["worst"].tolist() == [2, 1]


def test_of_three_an_interval_is_wider_for_the_two_differences():
    # By itself the difference of 1.5 is sure (see above), as one of two it is not.
    ranks = rank_intervals(estimates((0, -1, 1), (1.5, 0.5, 2.5), (9, 8.9, 9.1)))
    assert ranks["best"].tolist() == [2, 2, 1]
    assert ranks["worst"].tolist() == [3, 3, 1]


def test_what_has_no_interval_is_apart_from_none_and_no_value_has_no_rank():
    ranks = rank_intervals(
        estimates((1, np.nan, np.nan), (9, 8.9, 9.1), (np.nan, np.nan, np.nan))
    )
    assert ranks.loc[0].tolist() == [2, 1, 2]
    assert ranks.loc[1].tolist() == [1, 1, 2]
    assert ranks.loc[2].isna().all()


rows = st.tuples(
    st.floats(-5, 5, allow_subnormal=False), st.floats(0, 2), st.floats(0, 2)
).map(lambda row: (row[0], row[0] - row[1], row[0] + row[2]))


@given(st.lists(rows, min_size=1, max_size=7))
def test_the_rank_lies_within_its_interval_and_order_does_not_count(given_rows):
    frame = estimates(*given_rows)
    ranks = rank_intervals(frame)
    assert (ranks["best"] <= ranks["rank"]).all()
    assert (ranks["rank"] <= ranks["worst"]).all()
    assert ranks["worst"].max() <= len(frame)
    turned = rank_intervals(frame[::-1])
    pd.testing.assert_frame_equal(turned.sort_index(), ranks)


@pytest.mark.slow
def test_the_true_rank_is_covered_as_often_as_promised():
    rng = np.random.default_rng(0)
    truth = np.array([0.0, 0.0, 1.0, 1.3, 3.0])
    best_true = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
    worst_true = 5 - (truth[None, :] < truth[:, None]).sum(axis=1)
    hits = np.zeros(5)
    n_draws = 2000
    for _ in range(n_draws):
        value = rng.normal(truth, 0.5)
        frame = pd.DataFrame({"value": value})
        frame = frame.assign(low=value - 0.98, high=value + 0.98)
        ranks = rank_intervals(frame)
        # Of equals any rank among them is true.
        hits += (ranks["best"] <= worst_true) & (ranks["worst"] >= best_true)
    assert (hits / n_draws > 0.94).all(), hits / n_draws
