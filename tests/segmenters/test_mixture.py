import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from research.segmenters import LoadShapeKMeans, LoadShapeMixture, normalize_shapes


@pytest.fixture(scope="module")
def crossed():
    """Two long thin groups beside each other, in two of three readings: (X, truth)."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 150)
    along, across = rng.normal(0, 4, 300), rng.normal(0, 0.2, 300)
    X = np.column_stack([along, across + 2 * truth, np.zeros(300)])
    return X, truth


def test_long_thin_groups_are_told_apart_where_balls_are_not(crossed):
    X, truth = crossed
    mixture = LoadShapeMixture(2, normalization="none", random_state=0).fit(X)
    kmeans = LoadShapeKMeans(2, normalization="none", random_state=0).fit(X)
    assert adjusted_rand_score(truth, mixture.labels_) > 0.95
    assert adjusted_rand_score(truth, kmeans.labels_) < 0.2


@pytest.mark.parametrize("covariance", ["full", "diag"])
def test_the_solution_is_as_likely_as_that_of_scikit_learn(overlapping, covariance):
    mine = LoadShapeMixture(
        3, covariance=covariance, n_init=20, max_axes=4, random_state=0
    ).fit(overlapping)
    shapes = normalize_shapes(overlapping)
    centered = shapes - shapes.mean(axis=0)
    scores = centered @ np.linalg.svd(centered, full_matrices=False)[2][:4].T
    scores /= scores[:, 0].std()
    theirs = GaussianMixture(
        3, covariance_type=covariance, n_init=20, reg_covar=1e-3, random_state=0
    ).fit(scores)
    assert mine.n_axes_ == 4
    assert mine.log_likelihood_ >= theirs.score(scores) * len(scores) - 1.5


def test_densities_are_those_of_scipy(overlapping):
    segmenter = LoadShapeMixture(3, max_axes=4, random_state=0).fit(overlapping)
    shapes = normalize_shapes(overlapping)
    centered = shapes - shapes.mean(axis=0)
    axes = np.linalg.svd(centered, full_matrices=False)[2][:4]
    scores = centered @ axes.T
    scores /= scores[:, 0].std()
    # The signs of the axes are free: squares of the scores tell which were turned.
    densities = []
    for signs in np.ndindex(2, 2, 2, 2):
        turned = scores * (1 - 2 * np.array(signs))
        each = [
            weight * multivariate_normal(mean, covariance).pdf(turned)
            for weight, mean, covariance in zip(*segmenter.mixture_[:3], strict=True)
        ]
        densities.append(np.log(np.sum(each, axis=0)).sum())
    assert max(densities) == pytest.approx(segmenter.log_likelihood_, abs=1e-6)


def test_bic_by_hand(overlapping):
    segmenter = LoadShapeMixture(3, max_axes=2, random_state=0).fit(overlapping)
    n_parameters = 3 * (2 + 3) + 2  # means and covariances of three, two free weights
    expected = n_parameters * np.log(120) - 2 * segmenter.log_likelihood_
    assert segmenter.bic(overlapping) == pytest.approx(expected)
    diagonal = segmenter.set_params(covariance="diag").fit(overlapping)
    expected = (3 * (2 + 2) + 2) * np.log(120) - 2 * diagonal.log_likelihood_
    assert diagonal.bic(overlapping) == pytest.approx(expected)


def test_bic_names_the_planted_number(planted):
    X, _ = planted
    segmenter = LoadShapeMixture(max_axes=4, random_state=0)
    bic = {k: segmenter.set_params(n_clusters=k).fit(X).bic(X) for k in range(3, 8)}
    assert min(bic, key=bic.get) == 5


def test_best_covariance_is_the_one_of_lower_bic(overlapping, crossed):
    for X, how in ((overlapping, "peak"), (crossed[0], "none")):
        bic = {
            kind: LoadShapeMixture(
                2, covariance=kind, normalization=how, random_state=0
            )
            .fit(X)
            .bic(X)
            for kind in ("full", "diag", "best")
        }
        assert bic["best"] == min(bic["full"], bic["diag"])


def test_memberships_sum_to_one_and_name_the_label(overlapping):
    segmenter = LoadShapeMixture(4, random_state=0).fit(overlapping)
    shares = segmenter.predict_proba(overlapping)
    assert_allclose(shares.sum(axis=1), 1)
    assert_array_equal(shares.argmax(axis=1), segmenter.labels_)
    ranked = np.sort(shares, axis=1)
    assert_allclose(segmenter.margin(overlapping), 1 - ranked[:, -2] / ranked[:, -1])


def test_the_middle_between_two_alike_groups_belongs_to_both():
    X = [[-1.1], [-1.0], [-0.9], [0.9], [1.0], [1.1]]
    segmenter = LoadShapeMixture(2, normalization="none", random_state=0).fit(X)
    assert_allclose(segmenter.predict_proba([[0.0]]), [[0.5, 0.5]], atol=1e-6)
    assert segmenter.margin([[0.0]])[0] == pytest.approx(0, abs=1e-6)


def test_axes_hold_the_asked_share_and_stay_few(planted):
    X, _ = planted
    segmenter = LoadShapeMixture(5, explained=0.8, random_state=0).fit(X)
    shapes = normalize_shapes(X)
    held = np.linalg.svd(shapes - shapes.mean(axis=0), compute_uv=False) ** 2
    held = held.cumsum() / held.sum()
    assert segmenter.explained_ == pytest.approx(held[segmenter.n_axes_ - 1])
    assert held[segmenter.n_axes_ - 2] < 0.8 <= segmenter.explained_
    few = LoadShapeMixture(2, explained=1, random_state=0).fit(X[:35])
    assert few.n_axes_ == 3
    assert LoadShapeMixture(2, max_axes=2, random_state=0).fit(X).n_axes_ == 2


def test_about_the_asked_share_of_new_customers_fits(planted, planted_anew):
    X, _ = planted
    segmenter = LoadShapeMixture(5, reject_quantile=0.9, random_state=0).fit(X)
    assert 0.05 <= (segmenter.distance_ratio(planted_anew) > 1).mean() <= 0.15


@pytest.mark.parametrize("n", [60, 100, 200])
def test_few_customers_set_no_limits_that_turn_the_next_away(n):
    # Limits from the rows of the fit alone turned away 44, 35 and 12 in a hundred.
    rejected = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, fresh = varied(n, rng), varied(1000, rng)
        segmenter = LoadShapeMixture(5, n_init=5, random_state=0).fit(X)
        rejected.append((segmenter.distance_ratio(fresh) > 1).mean())
    assert np.mean(rejected) < 0.04


def varied(n, rng):
    """Curves of four families whose peaks, widths and base loads vary widely."""
    hour = np.arange(48) / 2
    peak = rng.choice([8, 20, 13, 2], n, p=[0.15, 0.5, 0.25, 0.1])
    peak = (peak + rng.normal(0, 1.2, n))[:, None]
    width = np.exp(rng.normal(np.log(2.2), 0.3, (n, 1)))
    off = np.abs(hour - peak)
    off = np.minimum(off, 24 - off)
    load = rng.gamma(2, 0.15, (n, 1)) + np.exp(-((off / width) ** 2))
    return load * rng.gamma(30, 1 / 30, (n, 48))


@pytest.mark.parametrize("hours", [1, 11, 30])
def test_another_start_of_the_day_leads_to_the_same_mixture(hours):
    X = varied(150, np.random.default_rng(9))
    segmenter = LoadShapeMixture(4, n_init=5, random_state=0)
    labels = segmenter.fit(X).labels_
    assert_array_equal(segmenter.fit(np.roll(X, hours, axis=1)).labels_, labels)


def test_an_outlier_within_a_segment_is_said_and_still_fits_none():
    X = varied(150, np.random.default_rng(0))
    lone = np.tile([0.02, 1.0], 24)[None]
    segmenter = LoadShapeMixture(3, random_state=0).fit(np.vstack([X, lone]))
    assert (segmenter.labels_ == segmenter.labels_[-1]).sum() > 1
    assert segmenter.flags_ == (
        "1 customer is unlike all others, yet within a segment of several.",
    )
    without = LoadShapeMixture(3, random_state=0).fit(X)
    assert without.flags_ == ()
    assert without.distance_ratio(lone)[0] > 1


def test_a_shape_that_the_axes_do_not_show_fits_no_segment():
    rng = np.random.default_rng(0)
    X = np.zeros((60, 4))
    X[:, 0] = np.repeat([1.0, 2.0], 30) + 0.01 * rng.standard_normal(60)
    X[:, 1] = 0.001 * rng.standard_normal(60)
    segmenter = LoadShapeMixture(2, normalization="none", random_state=0).fit(X)
    usual, strange = X[0].copy(), X[0].copy()
    strange[3] = 0.5
    assert segmenter.n_axes_ == 1
    assert_array_equal(segmenter.distance_ratio([usual, strange]) > 1, [False, True])


def test_a_component_of_one_is_counted_and_said(planted):
    X = np.vstack([planted[0], np.tile([0.02, 1.0], 24)])
    segmenter = LoadShapeMixture(6, random_state=0).fit(X)
    assert segmenter.cluster_sizes_[-1] == 1
    assert segmenter.flags_ == (
        "Segment 5 is a single customer: an outlier rather than a segment.",
    )


@pytest.mark.parametrize("name", ["explained", "regularization", "reject_quantile"])
@pytest.mark.parametrize("value", [0, 1.5, True, "0.9", None, np.nan])
def test_a_share_out_of_range_is_named(name, value):
    segmenter = LoadShapeMixture(2).set_params(**{name: value})
    with pytest.raises(ValueError, match=f"{name} must be a number.*Got"):
        segmenter.fit(np.eye(6))


@pytest.mark.parametrize("name", ["max_axes", "n_init"])
def test_a_number_that_is_no_whole_number_is_named(name):
    segmenter = LoadShapeMixture(2).set_params(**{name: 0})
    with pytest.raises(ValueError, match=f"{name} must be a whole number.*Got 0"):
        segmenter.fit(np.eye(6))


def test_an_unknown_covariance_is_named():
    with pytest.raises(ValueError, match="covariance must be one of full, diag, best"):
        LoadShapeMixture(2, covariance="tied").fit(np.eye(6))
