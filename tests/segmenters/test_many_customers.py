"""More customers than are learnt from, or than are worked on at once."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from research.segmenters import (
    LoadShapeKMeans,
    LoadShapeMixture,
    LoadShapeWard,
    SelfOrganizingMap,
    SOMSegmenter,
    _map_training,
    kmeans,
    normalize_shapes,
    ward,
)
from research.segmenters._batches import MANY
from research.segmenters._ordering import by_content
from research.segmenters.shapes import ROWS

MADE = [
    LoadShapeKMeans(4, n_init=5, random_state=0),
    LoadShapeMixture(4, n_init=2, random_state=0),
    LoadShapeWard(4, random_state=0),
    SOMSegmenter(4, random_state=0),
]


def curves(n, seed=0):
    """Curves of four shapes of 12 readings, and the shape of each."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    slots = np.arange(12)
    peaks = np.exp(-((slots - np.array([[1], [4], [7], [10]])) ** 2) / 3)
    noise = 1 + 0.1 * rng.standard_normal((n, 12))
    return (0.2 + peaks[truth]) * noise * 10 ** rng.uniform(0, 3, (n, 1)), truth


@pytest.fixture(scope="module")
def few():
    return curves(1200)


@pytest.fixture(scope="module")
def many():
    """More than are held in double precision."""
    X, truth = curves(MANY + 500)
    return X.astype(np.float32), truth


@pytest.mark.parametrize("segmenter", MADE, ids=lambda made: type(made).__name__)
def test_answers_are_the_same_in_turns_and_alone(segmenter, few):
    X, _ = few
    fitted = segmenter.fit(X)
    asked = curves(ROWS + 300, seed=1)[0]
    ends = np.r_[:50, ROWS - 50 : ROWS + 50, len(asked) - 50 : len(asked)]
    names = ("predict", "distance_ratio", "margin", "transform", "predict_proba")
    for name in names:
        if hasattr(fitted, name):
            whole = getattr(fitted, name)(asked)
            assert len(whole) == len(asked)
            assert_allclose(
                whole[ends], getattr(fitted, name)(asked[ends]), atol=1e-6, rtol=1e-6
            )


@pytest.mark.slow
@pytest.mark.parametrize("segmenter", MADE, ids=lambda made: type(made).__name__)
def test_very_many_customers_are_segmented_as_they_are_planted(segmenter, many):
    X, truth = many
    before = X.copy()
    fitted = segmenter.fit(X)
    assert_array_equal(X, before)
    assert adjusted_rand_score(truth, fitted.labels_) > 0.99
    assert fitted.cluster_sizes_.sum() == len(X)
    shapes = normalize_shapes(X)
    centers = [shapes[fitted.labels_ == segment].mean(axis=0) for segment in range(4)]
    assert_allclose(fitted.cluster_centers_, centers, atol=1e-6)
    assert (fitted.predict(X) == fitted.labels_).mean() > 0.999


@pytest.mark.slow
def test_starts_on_a_sample_end_where_all_starts_on_all_do(many):
    X, _ = many
    for k in (4, 6):  # one that is planted, one that is not
        found = LoadShapeKMeans(k, n_init=10, random_state=0).fit(X)
        assert found.n_learnt_ == kmeans.SAMPLED
        shapes = normalize_shapes(X).astype(np.float32)
        best = KMeans(k, n_init=20, random_state=1).fit(shapes).inertia_
        assert found.inertia_ <= 1.01 * best


@pytest.mark.slow
def test_the_order_of_very_many_customers_changes_no_label(many):
    X, _ = many
    shuffled = np.random.default_rng(0).permutation(len(X))
    one, other = (
        LoadShapeKMeans(5, n_init=3, random_state=0).fit(rows).labels_
        for rows in (X, X[shuffled])
    )
    assert_array_equal(one[shuffled], other)


def test_the_best_start_of_a_sample_is_finished_on_all(few, monkeypatch):
    X, truth = few
    monkeypatch.setattr(kmeans, "FEW", 100)
    monkeypatch.setattr(kmeans, "SAMPLED", 300)
    found = LoadShapeKMeans(4, n_init=5, random_state=0).fit(X)
    assert found.n_learnt_ == 300
    assert adjusted_rand_score(truth, found.labels_) > 0.99
    nearest = found.transform(X).argmin(axis=1)
    assert_array_equal(nearest, found.labels_)  # no customer would move


def test_a_mixture_of_a_sample_segments_all(few):
    X, truth = few
    found = LoadShapeMixture(4, max_fit=400, random_state=0).fit(X)
    assert (found.n_learnt_, found.cluster_sizes_.sum()) == (400, len(X))
    assert adjusted_rand_score(truth, found.labels_) > 0.99
    assert_array_equal(found.predict(X), found.labels_)
    assert LoadShapeMixture(4, random_state=0).fit(X).n_learnt_ == len(X)
    # New customers of the same kind fit as well as they do to a mixture of all.
    assert (found.distance_ratio(curves(2000, seed=2)[0]) > 1).mean() < 0.05


def test_groups_of_a_sample_take_all_customers_to_the_tree(few, monkeypatch):
    X, truth = few
    monkeypatch.setattr(ward, "SAMPLED", 600)
    found = LoadShapeWard(4, max_customers=500, random_state=0).fit(X)
    assert adjusted_rand_score(truth, found.labels_) > 0.99
    assert found.linkage_[-1, 3] == len(np.unique(found.leaves_))


def test_a_map_of_a_sample_ends_on_all(few, monkeypatch):
    X, _ = few
    whole = SelfOrganizingMap((6, 6), radius=1.0).fit(X)
    monkeypatch.setattr(_map_training, "TRIED", 400)
    found = SelfOrganizingMap((6, 6), radius=1.0).fit(X)
    assert found.hits_.sum() == len(X)
    assert found.quantization_error_ == pytest.approx(
        whole.quantization_error_, rel=0.03
    )


def test_a_map_that_folds_gets_a_wider_neighbourhood_or_fewer_units():
    rng = np.random.default_rng(0)
    X = normalize_shapes(1 + rng.random((1500, 6)))
    narrow = SelfOrganizingMap(radius=0.8).fit(X)
    found = SelfOrganizingMap().fit(X)
    assert narrow.topographic_error_ > 0.02
    assert found.topographic_error_ < narrow.topographic_error_
    wider = found.radius_ > 0.8
    assert wider or len(found.hits_) < len(narrow.hits_)


def test_rows_that_eight_columns_leave_equal_are_ordered_by_the_others():
    rows = np.random.default_rng(0).integers(0, 2, (400, 11)).astype(float)
    assert_array_equal(by_content(rows), np.lexsort(rows.T[::-1]))
