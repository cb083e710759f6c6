import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.cluster.hierarchy import cophenet, cut_tree, is_valid_linkage, linkage
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from research.segmenters import LoadShapeWard, SOMSegmenter, normalize_shapes
from research.segmenters._linkage import cut, ward_tree


@pytest.mark.parametrize("n_clusters", [2, 4, 7])
def test_segments_are_those_of_scikit_learn(overlapping, n_clusters):
    theirs = AgglomerativeClustering(n_clusters).fit(normalize_shapes(overlapping))
    mine = LoadShapeWard(n_clusters).fit(overlapping)
    assert adjusted_rand_score(theirs.labels_, mine.labels_) == 1


def test_the_tree_is_that_of_scipy_on_the_rows_of_the_table(overlapping):
    theirs = linkage(normalize_shapes(overlapping), "ward")
    mine = LoadShapeWard(3).fit(overlapping)
    assert is_valid_linkage(mine.linkage_)
    assert_allclose(cophenet(mine.linkage_), cophenet(theirs), atol=1e-6)
    assert_array_equal(mine.leaves_, np.arange(len(overlapping)))


def test_cutting_the_tree_gives_the_labels(overlapping):
    segmenter = LoadShapeWard(4).fit(overlapping)
    cut = cut_tree(segmenter.linkage_, 4)[:, 0]
    assert adjusted_rand_score(segmenter.labels_, cut) == 1


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 12), copies=st.integers(1, 4))
def test_a_weight_counts_as_that_many_copies(seed, n, copies):
    rng = np.random.default_rng(seed)
    points, weights = rng.standard_normal((n, 3)), rng.integers(1, copies + 1, n)
    weighted = ward_tree(points, weights)
    copied = linkage(np.repeat(points, weights, axis=0), "ward")
    assert is_valid_linkage(weighted)
    assert_allclose(weighted[:, 2], copied[-(n - 1) :, 2], atol=1e-6)
    whole = np.repeat(np.arange(n), weights)
    for k in range(1, n + 1):
        mine, theirs = cut_tree(weighted, k)[:, 0][whole], cut_tree(copied, k)[:, 0]
        assert adjusted_rand_score(mine, theirs) == pytest.approx(1)


def test_heights_by_hand():
    tree = ward_tree(np.array([[0.0], [2.0], [10.0]]), [3, 1, 2])
    # 2 a b / (a + b) times the squared distance of the means, 0 and 2, then .5 and 10
    assert_allclose(tree[:, 2] ** 2, [2 * 3 / 4 * 4, 2 * 8 / 6 * 9.5**2])
    assert tree[:, 3].tolist() == [2, 3]


def test_the_last_height_is_what_one_segment_costs_over_two(overlapping):
    one, two = (LoadShapeWard(k).fit(overlapping) for k in (1, 2))
    assert one.linkage_[-1, 2] ** 2 / 2 == pytest.approx(one.inertia_ - two.inertia_)


def test_the_share_that_prediction_repeats_is_told(overlapping):
    segmenter = LoadShapeWard(5).fit(overlapping)
    repeated = (segmenter.predict(overlapping) == segmenter.labels_).mean()
    assert segmenter.share_nearest_ == repeated
    assert 0.5 < repeated < 1


def test_more_customers_than_allowed_are_gathered_first(planted):
    X, truth = planted
    segmenter = LoadShapeWard(5, max_customers=60, random_state=0).fit(X)
    n_leaves = len(segmenter.linkage_) + 1
    assert n_leaves == 60
    assert is_valid_linkage(segmenter.linkage_)
    assert set(segmenter.leaves_) == set(range(n_leaves))
    assert adjusted_rand_score(truth, segmenter.labels_) == 1
    leaf = cut_tree(segmenter.linkage_, 5)[:, 0][segmenter.leaves_]
    assert adjusted_rand_score(leaf, segmenter.labels_) == 1


def test_ties_are_settled_by_content():
    X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.5]])
    segmenters = [
        LoadShapeWard(2, normalization="none").fit(X[order])
        for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2])
    ]
    for segmenter in segmenters[1:]:
        assert_array_equal(segmenter.cluster_centers_, segmenters[0].cluster_centers_)


def test_one_customer_is_one_segment_without_a_tree():
    segmenter = LoadShapeWard(1).fit([[1.0, 2.0]])
    assert segmenter.linkage_.shape == (0, 4)
    assert segmenter.labels_.tolist() == [0]


def test_a_segment_of_one_is_said(planted):
    X = np.vstack([planted[0], np.tile([0.02, 1.0], 24)])
    assert LoadShapeWard(6).fit(X).flags_ == (
        "Segment 5 is a single customer: an outlier rather than a segment.",
    )
    assert LoadShapeWard(5).fit(planted[0]).flags_ == ()


def test_a_limit_of_one_customer_is_refused():
    with pytest.raises(ValueError, match=r"max_customers must be .* at least 2"):
        LoadShapeWard(1, max_customers=1).fit(np.eye(3))


def test_huge_values_without_normalisation_are_clustered_too():
    X = np.array([[1e150, 0.0], [1.1e150, 0.0], [0.0, 1e150]])
    segmenter = LoadShapeWard(2, normalization="none").fit(X)
    assert segmenter.labels_.tolist() == [0, 0, 1]
    segmenter = SOMSegmenter(2, normalization="none", grid=(1, 3)).fit(X)
    assert segmenter.labels_.tolist() == [0, 0, 1]


@pytest.mark.slow
def test_twenty_thousand_customers_fit_in_seconds():
    rng = np.random.default_rng(0)
    shapes = rng.random((6, 24))
    truth = rng.integers(6, size=20_000)
    X = shapes[truth] + 0.05 * rng.random((20_000, 24))
    labels = LoadShapeWard(6, random_state=0).fit(X).labels_
    assert adjusted_rand_score(truth, labels) > 0.95


@pytest.mark.parametrize("n", [2, 3, 40])
@pytest.mark.parametrize("seed", range(3))
def test_the_tree_is_cut_as_scipy_cuts_it(n, seed):
    tree = ward_tree(np.random.default_rng(seed).normal(size=(n, 2)))
    for k in range(1, n + 1):
        assert_array_equal(cut(tree, k), cut_tree(tree, k)[:, 0])
