import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from research.comparison.matching import matched, other_divisions

divisions = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40
).map(lambda pairs: np.array(pairs).T)


@pytest.mark.parametrize(
    ("labels", "reference", "expected"),
    [
        pytest.param([1, 1, 0], [0, 0, 1], [0, 0, 1], id="renamed"),
        pytest.param([0, 0, 1, 2], [0, 0, 0, 0], [0, 0, 1, 2], id="parts of one"),
        pytest.param([0, 0, 0], [2, 2, 1], [2, 2, 2], id="one over two"),
        pytest.param([], [], [], id="nobody"),
    ],
)
def test_numbers_by_hand(labels, reference, expected):
    assert matched(labels, reference).tolist() == expected


def test_greedy_pairs_would_keep_fewer():
    """Segment 0 fits 0 best, but only by giving it 1 do most customers stay."""
    labels = [0] * 9 + [1] * 4
    reference = [0] * 5 + [1] * 4 + [0] * 4
    found = matched(labels, reference)
    assert (found == reference).sum() == 8


@given(divisions)
def test_the_division_stays_and_no_renaming_of_it_matters(pair):
    labels, reference = pair
    found = matched(labels, reference)
    assert len(set(zip(labels, found, strict=True))) == len(set(labels))
    assert len(set(found)) == len(set(labels))
    kept = (found == reference).sum()
    assert kept >= (labels == reference).sum()
    assert (matched(4 - labels, reference) == reference).sum() == kept


def test_what_can_not_be_matched_is_refused():
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(1,\)"):
        matched([0, 1], [0])
    with pytest.raises(ValueError, match="below 0"):
        matched([-1], [0])


def test_a_method_that_refuses_is_told_and_the_others_go_on():
    X = np.array([[0.0], [0.1], [9.0], [9.1]])
    methods = {"means": KMeans(2, n_init=3, random_state=0), "too many": KMeans(9)}
    reference = pd.Series([1, 1, 0, 0], index=list("abcd"))
    found, refused = other_divisions(methods, X, reference)
    assert found["means"].equals(reference.rename("means").astype(found["means"].dtype))
    assert "n_samples=4" in refused["too many"]
