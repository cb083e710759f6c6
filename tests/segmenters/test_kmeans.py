import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import pdist
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from research.segmenters import LoadShapeKMeans, normalize_shapes

NORMALIZATIONS = ["peak", "mean", "z", "unit", "demin"]

finite = arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(1, 6)),
    elements=st.floats(-1e300, 1e300, allow_subnormal=True),
)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("peak", [0.25, 0.5, 1.0, 0.25]),
        ("mean", [0.5, 1.0, 2.0, 0.5]),
        ("unit", [1 / np.sqrt(22), 2 / np.sqrt(22), 4 / np.sqrt(22), 1 / np.sqrt(22)]),
        ("z", [-1 / 1.5**0.5, 0.0, 2 / 1.5**0.5, -1 / 1.5**0.5]),
        ("demin", [0.0, 0.25, 0.75, 0.0]),
        ("none", [1.0, 2.0, 4.0, 1.0]),
    ],
)
def test_normalisation_by_hand(how, expected):
    assert_allclose(normalize_shapes([[1.0, 2.0, 4.0, 1.0]], how), [expected])


@pytest.mark.parametrize("how", NORMALIZATIONS)
def test_a_row_of_zeros_stays_a_row_of_zeros(how):
    assert_array_equal(normalize_shapes(np.zeros((2, 3)), how), np.zeros((2, 3)))


@pytest.mark.parametrize("how", ["z", "demin"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_constant_up_to_rounding_has_no_shape(how, dtype):
    almost = np.full((1, 4), 0.1, dtype)
    almost[0, 0] = np.nextafter(almost[0, 0], dtype(1))
    assert_array_equal(normalize_shapes(almost, how), np.zeros((1, 4)))


@pytest.mark.parametrize("how", NORMALIZATIONS)
def test_feeding_back_as_much_as_is_drawn_gives_an_ordinary_shape(how):
    shape = normalize_shapes([[-5.0, 5.0, -5.0, 5.0 + 1e-12]], how)
    assert np.abs(shape).max() <= 2


@pytest.mark.parametrize("how", NORMALIZATIONS)
def test_the_size_of_a_customer_does_not_change_its_shape(how, planted):
    X, _ = planted
    assert_allclose(normalize_shapes(1000 * X, how), normalize_shapes(X, how))


@settings(max_examples=50, deadline=None)
@given(X=finite, how=st.sampled_from(NORMALIZATIONS))
def test_shapes_of_finite_rows_are_finite_and_bounded(X, how):
    shapes = normalize_shapes(X, how)
    assert np.isfinite(shapes).all()
    assert np.abs(shapes).max() <= X.shape[1] + 1e-9


@settings(max_examples=50, deadline=None)
@given(X=finite)
def test_normalising_shapes_again_changes_nothing(X):
    for how in NORMALIZATIONS:
        once = normalize_shapes(X, how)
        assert_allclose(normalize_shapes(once, how), once, atol=1e-6)


def test_a_frame_comes_back_as_a_frame_with_its_names():
    frame = pd.DataFrame([[1, 3]], index=["a"], columns=["00:00", "12:00"])
    expected = pd.DataFrame([[0.5, 1.5]], index=["a"], columns=["00:00", "12:00"])
    pd.testing.assert_frame_equal(normalize_shapes(frame, "mean"), expected)


def test_normalisation_leaves_its_input_alone():
    X = np.array([[1.0, 3.0]])
    normalize_shapes(X, "none")[0, 0] = 99
    normalize_shapes(X, "demin")
    assert_array_equal(X, [[1.0, 3.0]])


@pytest.mark.parametrize("how", NORMALIZATIONS)
def test_a_row_with_a_missing_reading_becomes_missing(how):
    shapes = normalize_shapes([[1.0, np.nan, 2.0], [1.0, 2.0, 3.0]], how)
    assert np.isnan(shapes).all(axis=1).tolist() == [True, False]


@pytest.mark.parametrize("how", ["median", None, "Mean", 3])
def test_an_unknown_normalisation_is_named(how):
    with pytest.raises(ValueError, match=f"one of peak, mean.*Got {how!r}"):
        normalize_shapes([[1.0]], how)


def test_a_single_curve_is_refused_as_a_table():
    with pytest.raises(ValueError, match=r"1 dimension"):
        normalize_shapes([1.0, 2.0])


@pytest.mark.parametrize("how", NORMALIZATIONS)
def test_planted_shapes_are_found_whatever_their_size(how, planted):
    X, truth = planted
    segmenter = LoadShapeKMeans(5, normalization=how, random_state=0).fit(X)
    assert adjusted_rand_score(truth, segmenter.labels_) > 0.95


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_customers_changes_neither_labels_nor_centres(overlapping, seed):
    segmenter = LoadShapeKMeans(5, n_init=1, random_state=0).fit(overlapping)
    order = np.random.default_rng(seed).permutation(len(overlapping))
    shuffled = LoadShapeKMeans(5, n_init=1, random_state=0).fit(overlapping[order])
    assert_array_equal(shuffled.labels_, segmenter.labels_[order])
    assert_array_equal(shuffled.cluster_centers_, segmenter.cluster_centers_)


def test_the_size_of_customers_changes_no_label(overlapping):
    labels = LoadShapeKMeans(5, random_state=0).fit_predict(overlapping)
    size = 2.0 ** np.random.default_rng(0).integers(-9, 9, (len(overlapping), 1))
    bigger = LoadShapeKMeans(5, random_state=0).fit_predict(size * overlapping)
    assert_array_equal(bigger, labels)


def test_the_names_of_columns_change_no_label(overlapping):
    frame = pd.DataFrame(overlapping).add_prefix("h")
    labels = LoadShapeKMeans(4, random_state=0).fit_predict(frame)
    renamed = frame.rename(columns=lambda name: f"x{name}")
    relabelled = LoadShapeKMeans(4, random_state=0).fit_predict(renamed)
    assert_array_equal(relabelled, labels)


def test_segments_are_numbered_from_the_largest(planted):
    X, _ = planted
    segmenter = LoadShapeKMeans(5, random_state=0).fit(X)
    assert segmenter.cluster_sizes_.tolist() == [80, 50, 30, 20, 10]
    assert np.bincount(segmenter.labels_).tolist() == [80, 50, 30, 20, 10]


def test_segments_of_one_size_are_numbered_by_their_centres():
    curves = [[9.0, 1.0, 1.0], [1.0, 1.0, 9.0], [1.0, 9.0, 1.0]]
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        segmenter = LoadShapeKMeans(3, random_state=0).fit(np.array(curves)[order])
        assert segmenter.cluster_centers_.argmax(axis=1).tolist() == [2, 1, 0]


def test_centres_are_the_mean_shapes_of_their_members(overlapping):
    segmenter = LoadShapeKMeans(4, random_state=0).fit(overlapping)
    shapes = normalize_shapes(overlapping)
    for label, center in enumerate(segmenter.cluster_centers_):
        assert_allclose(center, shapes[segmenter.labels_ == label].mean(axis=0))


def test_prediction_of_the_fitted_customers_repeats_their_labels(overlapping):
    segmenter = LoadShapeKMeans(6, random_state=0).fit(overlapping)
    assert_array_equal(segmenter.predict(overlapping), segmenter.labels_)


def test_inertia_is_the_sum_of_squared_distances(overlapping):
    segmenter = LoadShapeKMeans(3, random_state=0).fit(overlapping)
    distances = segmenter.transform(overlapping)
    assert segmenter.inertia_ == pytest.approx((distances.min(axis=1) ** 2).sum())


def test_single_and_double_precision_give_the_same_segments(overlapping):
    double = LoadShapeKMeans(5, random_state=0).fit_predict(overlapping)
    single = LoadShapeKMeans(5, random_state=0).fit_predict(
        overlapping.astype(np.float32)
    )
    assert adjusted_rand_score(double, single) == 1


def test_huge_values_without_normalisation_are_clustered_too():
    X = np.array([[1e300, 0.0], [1.1e300, 0.0], [0.0, 1e300]])
    segmenter = LoadShapeKMeans(2, normalization="none", random_state=0).fit(X / 1e150)
    assert segmenter.labels_.tolist() == [0, 0, 1]


def test_rows_without_a_shape_form_a_segment_and_break_nothing(planted):
    X = np.vstack([planted[0], np.zeros((6, 48))])
    segmenter = LoadShapeKMeans(6, random_state=0).fit(X)
    assert len(set(segmenter.labels_[-6:])) == 1
    assert np.isfinite(segmenter.distance_ratio(X)).all()


def test_an_unknown_shape_fits_no_segment(planted):
    X, _ = planted
    segmenter = LoadShapeKMeans(5, random_state=0).fit(X)
    night = np.exp(-(np.minimum(np.arange(48), 48 - np.arange(48)) ** 2) / 18)
    assert (segmenter.distance_ratio([night, 1 - night, np.ones(48)]) > 1).all()


def test_about_the_asked_share_of_customers_fits(planted):
    X, _ = planted
    ratio = LoadShapeKMeans(5, reject_quantile=0.9, random_state=0).fit(X)
    assert 0.05 <= (ratio.distance_ratio(X) > 1).mean() <= 0.12


def test_new_members_of_a_small_segment_are_not_turned_away():
    rng = np.random.default_rng(0)
    shapes = 1 + 2 * np.abs(rng.standard_normal((4, 48)))
    refused = []
    for _ in range(20):
        truth = np.repeat([0, 1, 2, 3, 2, 3], [40, 30, 5, 3, 50, 50])
        X = shapes[truth] * (1 + 0.2 * rng.standard_normal((len(truth), 48)))
        known, new = X[:78], X[78:]
        segmenter = LoadShapeKMeans(4, n_init=10, random_state=0).fit(known)
        refused.append(segmenter.distance_ratio(new) > 1)
    assert np.mean(refused) < 0.15


def test_a_segment_of_one_has_a_limit_above_zero():
    X = [[1.0, 2.0], [1.0, 2.1], [1.0, 2.2], [9.0, 1.0]]
    limits = LoadShapeKMeans(2, random_state=0).fit(X).distance_limits_
    assert (limits > 0).all()


def test_identical_customers_leave_ratios_finite():
    X = [[0.1, 0.3]] * 5 + [[0.3, 0.1]] * 3
    segmenter = LoadShapeKMeans(2, random_state=0).fit(X)
    assert (segmenter.distance_ratio(X) <= 1).all()
    assert np.isfinite(segmenter.distance_ratio([[1.0, 1.0]])).all()


def test_margin_lies_between_zero_and_one(overlapping):
    margin = LoadShapeKMeans(4, random_state=0).fit(overlapping).margin(overlapping)
    assert ((margin >= 0) & (margin <= 1)).all()


def test_margin_of_the_middle_between_two_centres_is_zero():
    segmenter = LoadShapeKMeans(2, normalization="none", random_state=0)
    margin = segmenter.fit([[0.0], [4.0]]).margin([[2.0], [0.0], [1.0]])
    assert_allclose(margin, [0.0, 1.0, 2 / 3])


def test_margin_with_one_segment_is_one():
    segmenter = LoadShapeKMeans(1, random_state=0).fit([[1.0, 2.0], [2.0, 1.0]])
    assert segmenter.margin([[1.0, 5.0]]).tolist() == [1.0]


def test_margin_on_two_equal_centres_is_zero():
    segmenter = LoadShapeKMeans(2, random_state=0).fit([[1.0, 2.0], [2.0, 1.0]])
    segmenter.cluster_centers_[1] = segmenter.cluster_centers_[0]
    assert segmenter.margin([[1.0, 2.0]]).tolist() == [0.0]


def test_distances_come_out_as_a_named_frame_on_demand(overlapping):
    segmenter = LoadShapeKMeans(2, random_state=0).set_output(transform="pandas")
    columns = segmenter.fit_transform(pd.DataFrame(overlapping)).columns
    assert list(columns) == ["loadshapekmeans0", "loadshapekmeans1"]


@pytest.mark.parametrize("value", [0, -1, True, 2.0, "3", None, np.nan])
@pytest.mark.parametrize("name", ["n_clusters", "n_init"])
def test_a_number_that_is_no_whole_number_is_named(name, value):
    segmenter = LoadShapeKMeans().set_params(**{name: value})
    with pytest.raises(ValueError, match=f"{name} must be a whole number.*Got"):
        segmenter.fit(np.eye(6))


@pytest.mark.parametrize("value", [0, 1.5, -0.1, True, "0.9", None, np.nan])
def test_a_quantile_out_of_range_is_named(value):
    with pytest.raises(ValueError, match=r"reject_quantile must be a number.*Got"):
        LoadShapeKMeans(2, reject_quantile=value).fit(np.eye(6))


def test_an_unknown_normalisation_is_named_at_fit():
    with pytest.raises(ValueError, match="Got 'area' instead"):
        LoadShapeKMeans(2, normalization="area").fit(np.eye(6))


def test_whole_numbers_of_numpy_are_welcome():
    assert len(LoadShapeKMeans(np.int64(2)).fit(np.eye(4)).cluster_centers_) == 2


def test_fewer_customers_than_segments_are_refused_with_both_numbers():
    message = "n_clusters=4 needs at least 4 customers, 1 found.*lower n_clusters"
    with pytest.raises(ValueError, match=message):
        LoadShapeKMeans(4).fit([[1.0, 2.0]])


def test_fewer_shapes_than_segments_are_refused_with_both_numbers():
    X = np.outer([1.0, 2.0, 3.0, 4.0], [1.0, 2.0])
    message = "n_clusters=2 needs at least 2 different shapes, 1 found among 4"
    with pytest.raises(ValueError, match=message):
        LoadShapeKMeans(2).fit(X)


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_missing_and_infinite_readings_are_refused(value, word):
    X = np.eye(6)
    X[0, 0] = value
    with pytest.raises(ValueError, match=word):
        LoadShapeKMeans(2).fit(X)


@pytest.mark.parametrize("n_clusters", [2, 3, 5, 8])
def test_the_best_of_the_starts_is_as_good_as_that_of_scikit_learn(
    overlapping, n_clusters
):
    shapes = normalize_shapes(overlapping)
    plain = KMeans(n_clusters, n_init=300, tol=0, random_state=7).fit(shapes)
    found = LoadShapeKMeans(n_clusters, n_init=300, random_state=0).fit(overlapping)
    assert found.inertia_ <= 1.002 * plain.inertia_


@pytest.mark.parametrize("n_init", [1, 20, 100])
def test_no_customer_is_nearer_to_the_mean_of_another_segment(overlapping, n_init):
    segmenter = LoadShapeKMeans(7, n_init=n_init, random_state=0).fit(overlapping)
    shapes, labels = normalize_shapes(overlapping), segmenter.labels_
    means = pd.DataFrame(shapes).groupby(labels).mean().to_numpy()
    distances = ((shapes[:, None] - means) ** 2).sum(axis=2)
    assert_array_equal(distances.argmin(axis=1), labels)


@pytest.mark.parametrize("how", [*NORMALIZATIONS, "none"])
@pytest.mark.parametrize("n", [10, 120])
def test_compact_rows_are_as_far_apart_as_shapes(overlapping, how, n):
    X = overlapping[:n]
    _, points = LoadShapeKMeans(normalization=how).compact(X)
    assert points.shape[1] <= min(X.shape)
    assert_allclose(pdist(points), pdist(normalize_shapes(X, how)), rtol=2e-5)


@pytest.mark.parametrize("how", NORMALIZATIONS)
def test_compact_rows_give_the_same_segments(planted, how):
    X, _ = planted
    segmenter = LoadShapeKMeans(5, normalization=how, random_state=0)
    on_points, points = segmenter.compact(X)
    assert_array_equal(on_points.fit_predict(points), segmenter.fit_predict(X))
    assert on_points.inertia_ == pytest.approx(segmenter.inertia_, rel=1e-5)


def test_compact_copies_stay_copies(overlapping):
    X = np.vstack([overlapping, 4 * overlapping[:50]])
    _, points = LoadShapeKMeans().compact(X)
    assert_array_equal(points[:50], points[-50:])


def test_compact_leaves_the_segmenter_as_it_was(overlapping):
    segmenter = LoadShapeKMeans(3, normalization="mean", random_state=0)
    on_points, _ = segmenter.compact(overlapping)
    assert segmenter.normalization == "mean"
    assert (on_points.n_clusters, on_points.random_state) == (3, 0)


def test_shapes_that_differ_by_rounding_are_too_few():
    base = np.repeat([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]], 5, axis=0)
    X = base * (1 + 1e-9 * np.random.default_rng(0).standard_normal(base.shape))
    with pytest.raises(
        ValueError, match=r"needs at least 4 different shapes, \d found"
    ):
        LoadShapeKMeans(4, random_state=0).fit(X)


@pytest.mark.slow
def test_half_a_million_customers_fit_in_memory_and_minutes():
    rng = np.random.default_rng(0)
    shapes = rng.random((6, 24)).astype(np.float32)
    truth = rng.integers(6, size=500_000)
    X = shapes[truth] + 0.05 * rng.random((500_000, 24), dtype=np.float32)
    labels = LoadShapeKMeans(6, n_init=3, random_state=0).fit_predict(X)
    assert adjusted_rand_score(truth, labels) > 0.95
