"""The neighbour graph: by hand, and against plain definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from research.segmenters import _neighbours
from research.segmenters._neighbours import (
    fuzzy_graph,
    nearest_neighbours,
    smooth_weights,
)


@pytest.mark.parametrize("block", [1, 90, 2**24])
def test_neighbours_are_those_of_all_distances(monkeypatch, block):
    monkeypatch.setattr(_neighbours, "BLOCK", block)
    points = np.random.default_rng(0).normal(size=(60, 5))
    apart = cdist(points, points)
    np.fill_diagonal(apart, np.inf)
    neighbours, distances = nearest_neighbours(points, 7)
    assert_array_equal(neighbours, apart.argsort(axis=1)[:, :7])
    assert_allclose(distances, np.sort(apart, axis=1)[:, :7])


def test_far_from_the_origin_near_stays_near():
    points = np.random.default_rng(0).normal(size=(40, 3))
    near, apart = nearest_neighbours(points, 3)
    moved, still_apart = nearest_neighbours(points + 1e6, 3)
    assert_array_equal(near, moved)
    assert_allclose(apart, still_apart, rtol=1e-6)


def test_weights_of_a_row_sum_to_the_logarithm_of_their_number():
    points = np.random.default_rng(1).normal(size=(80, 4))
    weights = smooth_weights(nearest_neighbours(points, 16)[1])
    assert_allclose(weights.sum(axis=1), 4.0, rtol=1e-6)
    assert_allclose(weights[:, 0], 1.0)
    assert (np.diff(weights, axis=1) <= 0).all()


def test_copies_are_sure_neighbours():
    weights = smooth_weights(np.array([[0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 0.0, 0.0]]))
    assert weights[0, :3].tolist() == [1.0, 1.0, 1.0]
    assert weights[1].tolist() == [1.0] * 4


def test_the_union_of_two_views_by_hand():
    # Of 0, 1, 3 with one neighbour each: 0 and 1 choose each other, 3 chooses 1.
    graph = fuzzy_graph(np.array([[0.0], [1.0], [3.0]]), 1)
    assert list(zip(graph.heads, graph.tails, strict=True)) == [(0, 1), (1, 2)]
    assert graph.weights.tolist() == [1.0, 1.0]


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(2, 30),
    k=st.integers(1, 12),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    seed=st.integers(0, 99),
)
def test_a_graph_joins_every_row_and_does_not_know_the_unit(n, k, scale, seed):
    points = np.random.default_rng(seed).normal(size=(n, 3))
    graph = fuzzy_graph(points, k)
    assert (graph.heads < graph.tails).all()
    assert ((graph.weights > 0) & (graph.weights <= 1 + 1e-12)).all()
    assert set(graph.heads) | set(graph.tails) == set(range(n))
    scaled = fuzzy_graph(scale * points, k)
    assert_array_equal(scaled.heads, graph.heads)
    assert_allclose(scaled.weights, graph.weights, rtol=1e-4, atol=1e-6)


def test_the_order_of_rows_changes_the_names_of_edges_only():
    points = np.random.default_rng(2).normal(size=(50, 4))
    order = np.random.default_rng(3).permutation(50)
    graph, shuffled = fuzzy_graph(points, 5), fuzzy_graph(points[order], 5)

    def edges(found, names):
        ends = np.sort([names[found.heads], names[found.tails]], axis=0).T
        return dict(zip(map(tuple, ends.tolist()), found.weights, strict=True))

    before, after = edges(graph, np.arange(50)), edges(shuffled, order)
    assert before.keys() == after.keys()
    assert_allclose([after[edge] for edge in before], list(before.values()))
