import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score

from research.comparison import k_evidence
from research.segmenters import SelfOrganizingMap, SOMSegmenter, normalize_shapes


@pytest.fixture(scope="module")
def som(overlapping):
    return SelfOrganizingMap().fit(overlapping)


def test_a_customer_lies_on_its_nearest_unit(som, overlapping):
    distances = cdist(normalize_shapes(overlapping), som.prototypes_)
    assert_array_equal(som.labels_, distances.argmin(axis=1))
    assert_array_equal(som.predict(overlapping), som.labels_)
    assert_allclose(som.transform(overlapping), distances)
    assert som.quantization_error_ == pytest.approx(distances.min(axis=1).mean())
    assert_array_equal(som.hits_, np.bincount(som.labels_, minlength=len(distances.T)))


@pytest.mark.parametrize(("topology", "reach"), [("hexagonal", 1), ("rectangular", 2)])
def test_the_topographic_error_counts_torn_customers(overlapping, topology, reach):
    som = SelfOrganizingMap((5, 6), topology=topology, radius=0.3).fit(overlapping)
    distances = cdist(normalize_shapes(overlapping), som.prototypes_)
    first, second = np.argsort(distances, axis=1)[:, :2].T
    apart = ((som.positions_[first] - som.positions_[second]) ** 2).sum(axis=1)
    torn = (apart > reach + 0.01).mean()
    assert som.topographic_error_ == pytest.approx(torn)
    assert torn > 0


def test_neighbours_in_a_hexagonal_grid_are_one_apart():
    som = SelfOrganizingMap((3, 3)).fit(np.random.default_rng(0).random((30, 4)))
    apart = cdist(som.positions_, som.positions_)
    assert (np.isclose(apart, 1).sum(axis=1)).tolist() == [2, 4, 3, 5, 6, 3, 2, 4, 3]


def test_the_map_of_a_line_is_in_order():
    X = np.linspace(0, 1, 200)[:, None]
    som = SelfOrganizingMap((1, 10), normalization="none").fit(X)
    steps = np.diff(som.prototypes_[:, 0])
    assert (steps > 0).all() or (steps < 0).all()
    assert som.topographic_error_ == 0


def test_a_map_of_a_plane_is_faithful():
    X = np.random.default_rng(0).random((2000, 2)) @ [[1, 0, 0.5, 0.2], [0, 1, 0.5, 0]]
    som = SelfOrganizingMap(normalization="none").fit(X)
    assert som.topographic_error_ <= 0.02


def test_planted_and_running_curves_make_a_faithful_map(som, planted):
    assert som.topographic_error_ <= 0.02
    assert SelfOrganizingMap().fit(planted[0]).topographic_error_ <= 0.02


def test_ridges_of_the_u_matrix_part_two_groups():
    rng = np.random.default_rng(0)
    X = np.repeat([0.0, 10.0], 100)[:, None] + rng.standard_normal((200, 1))
    som = SelfOrganizingMap((1, 12), normalization="none").fit(X)
    ridge = int(som.u_matrix_[0].argmax())
    assert som.u_matrix_.shape == (1, 12)
    assert 0 < ridge < 11
    left, right = som.prototypes_[0, 0], som.prototypes_[-1, 0]
    assert abs(left - right) > 8


def test_a_narrow_neighbourhood_is_nearer_and_a_wide_one_smoother(overlapping):
    narrow, wide = (
        SelfOrganizingMap((6, 6), radius=radius).fit(overlapping)
        for radius in (0.4, 2.0)
    )
    assert narrow.quantization_error_ < wide.quantization_error_
    assert narrow.u_matrix_.mean() > wide.u_matrix_.mean()


def test_units_are_better_than_as_many_random_customers(som, overlapping):
    shapes = normalize_shapes(overlapping)
    rng = np.random.default_rng(0)
    errors = [
        cdist(shapes, shapes[rng.permutation(len(shapes))[: (som.hits_ > 0).sum()]])
        .min(axis=1)
        .mean()
        for _ in range(20)
    ]
    narrow = SelfOrganizingMap(som.grid_, radius=0.3).fit(overlapping)
    assert narrow.quantization_error_ < min(errors)


def test_the_size_of_the_grid_follows_the_customers_and_their_spread():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 2)) * [3, 1]
    rows, columns = SelfOrganizingMap(normalization="none").fit(X).grid_
    assert 80 <= rows * columns <= 100  # 5 sqrt(400)
    assert 2.2 <= columns / rows <= 4
    small = SelfOrganizingMap(normalization="none", max_units=12).fit(X).grid_
    assert np.prod(small) <= 12
    assert SelfOrganizingMap().fit(X[:1]).grid_ == (1, 1)


def test_the_weight_of_a_customer_in_its_unit_by_hand():
    X = np.array([[0.0], [0.0], [0.0], [100.0]])
    som = SelfOrganizingMap((1, 2), normalization="none", radius=1.0).fit(X)
    near = np.exp(-0.5)  # one step away, with radius 1
    crowd, lone = (som.labels_[row] for row in (0, 3))
    assert som.own_weights_[crowd] == pytest.approx(1 / (3 + near))
    assert som.own_weights_[lone] == pytest.approx(1 / (1 + 3 * near))
    assert som.prototypes_[lone, 0] == pytest.approx(100 / (1 + 3 * near))


def test_the_order_of_customers_does_not_change_the_map(som, overlapping):
    order = np.random.default_rng(0).permutation(len(overlapping))
    shuffled = SelfOrganizingMap().fit(overlapping[order])
    assert_array_equal(shuffled.prototypes_, som.prototypes_)
    assert_array_equal(shuffled.labels_, som.labels_[order])


def test_places_are_those_of_the_units(som, overlapping):
    assert_array_equal(som.places(overlapping), som.positions_[som.labels_])


@pytest.mark.parametrize("grid", [(0, 3), (2,), (2.0, 3), (1, 2, 3)])
def test_a_grid_that_is_none_is_named(grid):
    with pytest.raises(ValueError, match="grid must be None or two whole numbers"):
        SelfOrganizingMap(grid).fit(np.eye(4))


@pytest.mark.parametrize("radius", [0, -1.0, np.nan, np.inf, "1", True])
def test_a_radius_out_of_range_is_named(radius):
    with pytest.raises(ValueError, match="radius must be a number above 0"):
        SelfOrganizingMap((2, 2), radius=radius).fit(np.eye(4))


def test_segments_of_units_are_those_of_their_customers(overlapping):
    segmenter = SOMSegmenter(4, random_state=0).fit(overlapping)
    assert_array_equal(
        segmenter.unit_labels_[segmenter.map_.labels_], segmenter.labels_
    )
    assert ((segmenter.unit_labels_ < 0) == (segmenter.map_.hits_ == 0)).all()


def test_distances_are_those_to_the_nearest_prototype_of_a_segment(overlapping):
    segmenter = SOMSegmenter(3, random_state=0).fit(overlapping)
    prototypes = segmenter.map_.prototypes_
    expected = [
        cdist(
            normalize_shapes(overlapping), prototypes[segmenter.unit_labels_ == segment]
        ).min(axis=1)
        for segment in range(3)
    ]
    assert_allclose(segmenter.transform(overlapping), np.transpose(expected), atol=1e-6)


@pytest.mark.parametrize("how", ["pam", "ward"])
def test_davies_bouldin_names_the_planted_number(planted, how):
    X, _ = planted
    segmenter = SOMSegmenter(how=how, random_state=0)
    scores = segmenter.davies_bouldin_by_k(X, range(2, 9)).set_index("k")
    assert scores["davies_bouldin"].idxmin() == 5
    found = segmenter.set_params(n_clusters=5).fit(X)
    score = davies_bouldin_score(normalize_shapes(X), found.labels_)
    assert scores.loc[5, "davies_bouldin"] == pytest.approx(score)
    assert scores.loc[5, "smallest"] == found.cluster_sizes_[-1]


def test_davies_bouldin_of_more_segments_than_units_is_missing():
    scores = SOMSegmenter(grid=(1, 3)).davies_bouldin_by_k(np.eye(6), [2, 5])
    assert scores["davies_bouldin"].isna().tolist() == [False, True]
    assert scores["smallest"].tolist()[1] == 0


def test_the_evidence_of_the_comparison_takes_the_segmenter(planted):
    X, _ = planted
    evidence = k_evidence(
        SOMSegmenter(random_state=0), X, [4, 5], 5, n_splits=2, n_nulls=0, n_clouds=0
    ).set_index("k")
    assert evidence.loc[5, "least_stable"] > 0.9
    assert evidence.loc[5, "sizes"] == (80, 50, 30, 20, 10)


def test_a_folded_map_is_said():
    X = np.random.default_rng(0).random((300, 24))
    segmenter = SOMSegmenter(3, radius=0.3, random_state=0).fit(1 + X)
    assert segmenter.map_.topographic_error_ > 0.05
    assert any("The map is folded" in flag for flag in segmenter.flags_)
    flat = SOMSegmenter(3, grid=(1, 4), random_state=0).fit([[1, 9], [8, 9], [9, 1]])
    assert not any("folded" in flag for flag in flat.flags_)


def test_fewer_units_than_segments_are_refused(planted):
    message = r"n_clusters=4 needs at least 4 units.*larger grid or a smaller radius"
    with pytest.raises(ValueError, match=message):
        SOMSegmenter(4, grid=(1, 3)).fit(planted[0])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("how", "kmeans", "how must be one of pam, ward"),
        ("topology", "torus", "topology must be one of hexagonal, rectangular"),
        ("n_epochs", 0, "n_epochs must be a whole number"),
        ("max_units", 0.5, "max_units must be a whole number"),
        ("reject_quantile", 2, "reject_quantile must be a number"),
    ],
)
def test_a_parameter_out_of_range_is_named(name, value, message):
    with pytest.raises(ValueError, match=message):
        SOMSegmenter(2).set_params(**{name: value}).fit(np.eye(6))


@pytest.mark.parametrize("how", ["pam", "ward"])
def test_gathering_prototypes_is_nearly_as_good_as_all_customers(planted, how):
    X, truth = planted
    labels = SOMSegmenter(5, how=how, random_state=0).fit(X).labels_
    assert adjusted_rand_score(truth, labels) == 1
