from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from research.segmenters import k_medoids

places = arrays(
    np.float64,
    st.tuples(st.integers(4, 9), st.just(2)),
    elements=st.integers(-9, 9).map(float),
)


def distances_of(points):
    return np.linalg.norm(points[:, None] - points, axis=2)


def cost_of(distances, medoids, weights):
    return float(weights @ distances[:, list(medoids)].min(axis=1))


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(12))
def test_no_choice_of_medoids_is_cheaper_than_the_one_found(k, seed):
    rng = np.random.default_rng(seed)
    distances = distances_of(rng.standard_normal((9, 2)))
    weights = rng.integers(1, 20, 9).astype(float)
    every = (cost_of(distances, some, weights) for some in combinations(range(9), k))
    assert k_medoids(distances, k, weights).cost == pytest.approx(min(every))


@settings(max_examples=60, deadline=None)
@given(points=places, k=st.integers(1, 4), seed=st.integers(0, 3))
def test_no_exchange_of_a_medoid_lowers_the_cost(points, k, seed):
    distances, weights = distances_of(points), np.ones(len(points))
    found = k_medoids(distances, k, random_state=seed)
    assert found.cost == pytest.approx(cost_of(distances, found.medoids, weights))
    for place in range(k):
        for other in range(len(points)):
            exchanged = [*found.medoids]
            exchanged[place] = other
            assert cost_of(distances, exchanged, weights) >= found.cost - 1e-9


@settings(max_examples=40, deadline=None)
@given(points=places, k=st.integers(1, 3), copies=st.integers(2, 4))
def test_a_weight_counts_as_that_many_copies(points, k, copies):
    weights = np.ones(len(points))
    weights[0] = copies
    copied = np.vstack([points, *[points[:1]] * (copies - 1)])
    weighted = k_medoids(distances_of(points), k, weights).cost
    every = (
        cost_of(distances_of(points), some, weights)
        for some in combinations(range(len(points)), k)
    )
    assert weighted == pytest.approx(min(every))
    assert k_medoids(distances_of(copied), k).cost == pytest.approx(weighted)


def test_medoids_by_hand():
    found = k_medoids(distances_of(np.array([[0.0], [1], [2], [10], [11], [12]])), 2)
    assert found.medoids.tolist() == [1, 4]
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.cost == 4.0


def test_a_far_point_of_little_weight_becomes_no_medoid():
    distances = distances_of(np.array([[0.0], [1], [10], [11], [40]]))
    assert 4 in k_medoids(distances, 2, [1, 1, 1, 1, 1]).medoids
    assert 4 not in k_medoids(distances, 2, [9, 9, 9, 9, 0.1]).medoids


def test_a_point_without_weight_becomes_no_medoid_and_gets_a_label():
    found = k_medoids(distances_of(np.array([[0.0], [5], [6]])), 2, [1, 0, 1])
    assert found.medoids.tolist() == [0, 2]
    assert found.labels.tolist() == [0, 1, 1]


def test_as_many_medoids_as_points_cost_nothing():
    distances = distances_of(np.array([[0.0], [0.0], [3.0]]))
    found = k_medoids(distances, 3)
    assert found.cost == 0
    assert_array_equal(found.labels, [0, 1, 2])


def test_one_seed_gives_one_result():
    distances = distances_of(np.random.default_rng(0).random((60, 2)))
    first, second = (k_medoids(distances, 5, random_state=3) for _ in range(2))
    assert_array_equal(first.medoids, second.medoids)


@pytest.mark.parametrize(
    ("distances", "k", "weights", "message"),
    [
        (np.ones((2, 3)), 1, None, r"square table.*shape \(2, 3\)"),
        (-np.ones((2, 2)), 1, None, "least value -1"),
        (np.ones((2, 2)), 3, None, "k=3 needs at least 3 points.*2 found"),
        (np.ones((2, 2)), 2, [1, 0], "k=2 needs .*positive weight, 1 found"),
        (np.ones((2, 2)), 0, None, "k must be a whole number"),
        (np.ones((2, 2)), 1, [1], "weights must be 2 finite numbers"),
        (np.ones((2, 2)), 1, [1, np.nan], "weights must be 2 finite numbers"),
        (np.full((2, 2), np.nan), 1, None, "NaN"),
    ],
)
def test_what_does_not_fit_is_refused(distances, k, weights, message):
    with pytest.raises(ValueError, match=message):
        k_medoids(distances, k, weights)
