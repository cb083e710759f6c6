"""The consensus of several divisions: by hand, by law, and against plain linkage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_rand_score

from research.segmenters._consensus import co_association, consensus
from research.segmenters._runs import affinity, agreement_of_seeds


def test_togetherness_by_hand():
    runs = np.array([[0, 0, 1], [5, 5, 5], [1, 2, 2], [0, 1, 0]])
    expected = [[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]]
    assert_allclose(co_association(runs), expected)


def test_the_majority_decides():
    runs = np.array([[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1]])
    assert adjusted_rand_score(consensus(runs, 2), [0, 0, 0, 1, 1, 1]) == 1


def test_one_run_is_its_own_consensus():
    run = np.array([[3, 3, 0, 1, 1, 0, 2]])
    assert adjusted_rand_score(consensus(run, 4), run[0]) == 1


def test_runs_that_tell_fewer_apart_give_fewer_segments():
    assert len(np.unique(consensus(np.array([[0, 0, 1, 1]] * 3), 3))) == 2


def noisy_runs(seed, n=200, k=4, n_runs=5, wrong=0.15):
    rng = np.random.default_rng(seed)
    truth = rng.integers(k, size=n)
    runs = np.tile(truth, (n_runs, 1))
    mistaken = rng.random(runs.shape) < wrong
    runs[mistaken] = rng.integers(k, size=mistaken.sum())
    return truth, np.array([rng.permutation(k)[run] for run in runs])


@pytest.mark.parametrize("seed", range(5))
def test_the_consensus_is_nearer_to_the_truth_than_its_runs(seed):
    truth, runs = noisy_runs(seed)
    single = [adjusted_rand_score(truth, run) for run in runs]
    assert adjusted_rand_score(truth, consensus(runs, 4)) > max(single)


def test_it_is_average_linkage_where_no_two_pairs_are_alike_far():
    # Runs of growing weight leave no ties: run i counts 2^i times.
    rng = np.random.default_rng(0)
    runs = np.repeat(rng.integers(2, size=(6, 20)), 2 ** np.arange(6), axis=0)
    apart = squareform(1 - co_association(runs).astype(float), checks=False)
    for k in (2, 3):
        expected = fcluster(linkage(apart, "average"), k, "maxclust")
        assert adjusted_rand_score(expected, consensus(runs, k)) == 1


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), order=st.integers(0, 999))
def test_the_order_of_customers_changes_nothing(seed, order):
    _, runs = noisy_runs(seed, n=60)
    order = np.random.default_rng(order).permutation(60)
    assert_array_equal(consensus(runs[:, order], 4), consensus(runs, 4)[order])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999))
def test_each_customer_twice_is_the_same_as_once(seed):
    _, runs = noisy_runs(seed, n=50)
    twice = consensus(np.repeat(runs, 2, axis=1), 4)
    assert_array_equal(twice, np.repeat(consensus(runs, 4), 2))


def test_with_few_points_linked_the_others_join_them():
    truth, runs = noisy_runs(1, n=2000, wrong=0.1)
    labels = consensus(runs, 4, most_points=30)
    assert adjusted_rand_score(truth, labels) > 0.95


def test_affinity_by_hand():
    found = affinity(np.array([0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1]), 2)
    assert_allclose(found, [[2 / 3, 0], [1 / 3, 1]])


def test_agreement_of_seeds_by_hand():
    divisions = np.array([[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]])
    found = agreement_of_seeds(divisions, np.array([0, 0, 1, 1]))
    assert_allclose(found["agreement"], [0.25, 0.25, -0.5])
    assert_allclose(found["agreement_with_result"], [1, 1, -0.5])
    assert agreement_of_seeds(divisions[:1], divisions[0])["agreement"].isna().all()
