import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import adjusted_rand_score

from research.segmenters import (
    LoadShapeDictionary,
    LoadShapeKMeans,
    dictionary_evidence,
    lifestyle_entropy,
    mixtures,
    seasonal_switch,
    vrse,
)

SHAPES = np.array(
    [
        0.3 + np.exp(-((np.arange(24) - peak) ** 2) / 6)
        for peak in (3.0, 8.0, 13.0, 19.0)
    ]
)


def planted_days(mixing, n_days=40, seed=0, noise=0.05):
    """Days of customers whose mixture is `mixing`: (days, customers, true shapes)."""
    rng = np.random.default_rng(seed)
    truth = np.concatenate([rng.choice(4, n_days, p=shares) for shares in mixing])
    size = 10 ** rng.uniform(-1, 3, (len(truth), 1))
    jitter = 1 + noise * rng.standard_normal((len(truth), 24))
    customers = np.repeat([f"C{i:02}" for i in range(len(mixing))], n_days)
    return SHAPES[truth] * size * jitter, customers, truth


# Morning-only, evening-only, and those who are now this, now that.
MIXING = [[0, 1, 0, 0]] * 12 + [[0, 0, 0, 1]] * 8 + [[0, 0.5, 0, 0.5]] * 6


@pytest.fixture(scope="module")
def days():
    return planted_days(MIXING)


@pytest.fixture(scope="module")
def fitted(days):
    X, customers, _ = days
    return LoadShapeDictionary(3, n_shapes=2, random_state=0).fit(X, groups=customers)


def test_shares_of_the_shapes_by_hand():
    found = mixtures([0, 1, 1, -1, 1, 0], list("bbbbaa"), 3)
    assert list(found.index) == ["b", "a"]
    assert_allclose(found.to_numpy(), [[1 / 3, 2 / 3, 0], [0.5, 0.5, 0]])


def test_a_customer_without_a_day_of_any_shape_has_no_mixture():
    assert mixtures([-1, -1, 0], list("aab"), 1).loc["a"].isna().all()


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([1.0, 0.0, 0.0, 0.0], 0.0),
        ([0.25, 0.25, 0.25, 0.25], 1.0),
        ([0.5, 0.5, 0.0, 0.0], 0.5),
        ([0.5, 0.25, 0.25, 0.0], 0.75),
        ([1.0], 0.0),
        ([np.nan, np.nan], np.nan),
    ],
)
def test_entropy_of_lifestyle_by_hand(shares, expected):
    assert_allclose(lifestyle_entropy([shares]), [expected], atol=1e-15)


def test_share_of_missed_days_by_hand():
    assert vrse([0.1, 0.2, 0.3, np.nan], 0.2) == pytest.approx(1 / 3)
    assert np.isnan(vrse([np.nan], [0.1, 0.5])).all()


def test_seasonal_switch_is_the_jensen_shannon_divergence():
    # Two seasons of ten days each: 8 + 2 days of two shapes, then 3 + 7.
    labels = [0] * 8 + [1] * 2 + [0] * 3 + [1] * 7
    season = ["cold"] * 10 + ["warm"] * 10
    found = seasonal_switch(labels, ["A"] * 20, season)["switch"].item()
    distance = jensenshannon([0.8, 0.2], [0.3, 0.7], base=2)
    assert found == pytest.approx(distance**2)


def test_a_year_without_seasons_has_p_values_like_chance():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 200 * 120)
    season = np.tile(np.repeat(["winter", "spring", "summer", "autumn"], 30), 200)
    found = seasonal_switch(labels, np.repeat(np.arange(200), 120), season)
    assert 0.005 <= (found["p_value"] <= 0.05).mean() <= 0.1
    assert abs(found["excess"].mean()) < 0.01


def test_runs_of_like_days_are_no_season():
    """Weeks of one shape each, in any order: single-day deals would cry season."""
    rng = np.random.default_rng(0)
    labels = np.repeat(rng.integers(0, 3, (100, 16)), 7)
    season = np.tile(np.repeat(["cold", "warm"], 56), 100)
    customers = np.repeat(np.arange(100), 112)
    weeks = seasonal_switch(labels, customers, season)["p_value"]
    single = seasonal_switch(labels, customers, season, block=1)["p_value"]
    assert (weeks <= 0.05).mean() <= 0.12
    assert (single <= 0.05).mean() > 0.4


def test_a_customer_of_one_season_has_no_switch():
    found = seasonal_switch([0, 1, -1], ["A", "A", "A"], ["cold", "cold", "warm"])
    assert found["switch"].isna().all()
    assert found["p_value"].isna().all()
    assert found["days"].tolist() == [2]


def test_names_and_order_of_the_customers_do_not_move_the_switch():
    rng = np.random.default_rng(1)
    labels, season = rng.integers(-1, 3, 400), np.tile(["cold", "warm"], 200)
    customers = np.repeat(np.arange(8), 50)
    found = seasonal_switch(labels, customers, season)
    turned = np.concatenate([np.flatnonzero(customers == c) for c in range(7, -1, -1)])
    other = seasonal_switch(
        labels[turned], [f"x{c}" for c in customers[turned]], season[turned]
    )
    assert_allclose(other.to_numpy()[::-1], found.to_numpy())


def test_planted_mixtures_are_found(days, fitted):
    _, _, truth = days
    assert adjusted_rand_score(truth, fitted.day_labels_) > 0.95
    kind = np.repeat([0, 1, 2], [12, 8, 6])
    assert adjusted_rand_score(kind, fitted.labels_) == 1
    assert fitted.lifestyle_entropy_[:20].max() < 0.05
    assert fitted.lifestyle_entropy_[20:].min() > 0.8


def test_mean_curves_can_not_tell_what_days_tell():
    """Half the days early, half late: the mean has two humps that no day has."""
    rng = np.random.default_rng(0)
    days = SHAPES / SHAPES.mean(axis=1, keepdims=True)
    alternating = np.tile(days[[1, 3]], (300, 1))
    steady = np.repeat([days[[1, 3]].mean(axis=0)], 600, axis=0)
    alternating *= 1 + 0.05 * rng.standard_normal((600, 24))
    steady *= 1 + 0.05 * rng.standard_normal((600, 24))
    customers = np.repeat([f"C{i}" for i in range(10)], 60)
    X = np.vstack([alternating, steady])
    names = np.r_[customers, np.char.add("S", customers)]
    truth = np.repeat([0, 1], 10)
    by_days = LoadShapeDictionary(2, n_shapes=3, random_state=0).fit(X, groups=names)
    assert adjusted_rand_score(truth, by_days.labels_) == 1
    means = pd.DataFrame(X).groupby(names).mean().to_numpy()
    by_means = LoadShapeKMeans(2, random_state=0).fit(means)
    assert adjusted_rand_score(truth, by_means.labels_) < 0.5


def test_the_rule_takes_as_many_shapes_as_were_planted():
    X, customers, _ = planted_days([[0.25] * 4] * 30)
    found = LoadShapeDictionary(1, theta=0.1, random_state=0).fit(X, groups=customers)
    assert len(found.dictionary_) == 4
    evidence = found.evidence_.set_index("n_shapes")
    assert evidence.at[3, "missed"] > 0.1 >= evidence.at[4, "missed"]
    assert evidence.at[4, "agreement"] > 0.95


def test_the_largest_number_is_taken_where_none_is_enough():
    rng = np.random.default_rng(0)
    found = LoadShapeDictionary(1, theta=1e-6, random_state=0).fit(rng.random((60, 8)))
    assert len(found.dictionary_) == found.evidence_["n_shapes"].max()


def test_evidence_is_of_customers_that_were_not_seen():
    """A shape that one half of the customers never has is missed there."""
    X, customers, _ = planted_days([[1, 0, 0, 0]] * 2, noise=0.01)
    X = np.vstack(
        [X[:40], SHAPES[3] * (1 + 0.01 * np.random.default_rng(1).random((40, 24)))]
    )
    evidence = dictionary_evidence(X, customers, sizes=[2, 4])
    assert (evidence["missed"] > 0.9).all()


def test_shapes_are_numbered_from_the_most_frequent(fitted):
    counts = np.bincount(fitted.day_labels_[fitted.day_labels_ >= 0])
    assert counts[0] > counts[1]


def test_mixtures_sum_to_one_and_repeat_the_day_labels(days, fitted):
    _, customers, _ = days
    assert_allclose(fitted.mixtures_.sum(axis=1), 1)
    again = mixtures(fitted.day_labels_, customers, 2)
    assert_array_equal(fitted.customers_, again.index)
    assert_allclose(fitted.mixtures_, again.to_numpy())


def test_days_without_energy_and_strange_days_are_counted_apart(days, fitted):
    X, customers, _ = days
    odd = np.zeros((2, 24))
    odd[1, 0] = 5.0
    more = LoadShapeDictionary(3, n_shapes=2, random_state=0).fit(
        np.vstack([X, odd[:1].repeat(10, axis=0)]),
        groups=np.r_[customers, ["C00"] * 10],
    )
    assert fitted.day_labels([*odd, SHAPES[1]]).tolist()[:2] == [-1, -1]
    assert more.none_[0] >= 10 / 50
    assert np.isnan(more.day_errors_[-10:]).all()
    assert_allclose(more.mixtures_[0].sum(), 1)


def test_a_customer_of_no_shape_at_all_has_a_segment_and_no_mixture(days):
    X, customers, _ = days
    found = LoadShapeDictionary(4, n_shapes=2, random_state=0).fit(
        np.vstack([X, np.zeros((5, 24))]), groups=np.r_[customers, ["empty"] * 5]
    )
    assert np.isnan(found.mixtures_[-1]).all()
    assert found.none_[-1] == 1
    assert found.labels_[-1] == 3


def test_prediction_of_the_fitted_customers_repeats_their_labels(days, fitted):
    X, customers, _ = days
    assert_array_equal(fitted.predict(X, customers), fitted.labels_)


def test_new_customers_are_assigned_by_their_days(fitted, days):
    X, _, truth = days
    early, late = X[truth == 1][:10], X[truth == 3][:10]
    labels = fitted.predict(np.vstack([early, late]), ["n"] * 10 + ["o"] * 10)
    assert labels.tolist() == [fitted.labels_[0], fitted.labels_[12]]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_order_names_and_units_change_nothing(days, fitted, seed):
    X, customers, _ = days
    order = np.random.default_rng(seed).permutation(len(X))
    renamed = np.array([f"z{99 - int(c[1:])}" for c in customers])
    other = LoadShapeDictionary(3, n_shapes=2, random_state=0).fit(
        1024 * X[order], groups=renamed[order]
    )
    assert_allclose(other.dictionary_, fitted.dictionary_, atol=1e-6)
    assert_array_equal(other.day_labels_, fitted.day_labels_[order])
    labels = dict(zip(other.customers_, other.labels_, strict=True))
    assert [labels[name] for name in pd.unique(renamed)] == fitted.labels_.tolist()


def test_order_does_not_change_the_number_of_shapes():
    X, customers, _ = planted_days(MIXING, 20, noise=0.4)
    evidence = dictionary_evidence(X, customers, sizes=[2, 3, 5])
    order = np.random.default_rng(3).permutation(len(X))
    other = dictionary_evidence(X[order], customers[order], sizes=[2, 3, 5])
    pd.testing.assert_frame_equal(other, evidence)


@pytest.mark.parametrize("settings", [{"max_days": 300}, {"n_shapes": 6}])
def test_the_clock_changes_neither_sample_nor_segments(settings):
    X, customers, _ = planted_days(MIXING, noise=0.5, seed=3)
    here, there = (
        LoadShapeDictionary(3, random_state=0, **settings).fit(days, groups=customers)
        for days in (X, np.roll(X, 5, axis=1))
    )
    assert adjusted_rand_score(here.day_labels_, there.day_labels_) == 1
    assert adjusted_rand_score(here.labels_, there.labels_) == 1


def test_duplicated_customers_share_their_segment(days):
    X, customers, _ = days
    found = LoadShapeDictionary(3, n_shapes=2, random_state=0).fit(
        np.vstack([X, X]), groups=np.r_[customers, np.char.add("copy", customers)]
    )
    assert_array_equal(found.labels_[:26], found.labels_[26:])


def test_a_dictionary_from_a_sample_labels_the_days_almost_alike(days, fitted):
    X, customers, _ = days
    sampled = LoadShapeDictionary(3, n_shapes=2, max_days=200, random_state=0)
    sampled.fit(X, groups=customers)
    assert adjusted_rand_score(sampled.day_labels_, fitted.day_labels_) > 0.9
    assert_array_equal(sampled.labels_, fitted.labels_)


def test_without_groups_each_row_is_a_customer():
    X = np.vstack([SHAPES[:2]] * 5) + np.random.default_rng(0).random((10, 24)) / 50
    found = LoadShapeDictionary(2, n_shapes=2, random_state=0).fit(X)
    plain = LoadShapeKMeans(2, normalization="unit", random_state=0).fit(X)
    fits = found.none_ == 0
    assert adjusted_rand_score(found.labels_[fits], plain.labels_[fits]) == 1


@pytest.mark.parametrize("name", ["n_clusters", "max_days", "n_init"])
def test_a_number_that_is_no_whole_number_is_named(name):
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        LoadShapeDictionary().set_params(**{name: 0}).fit(np.eye(6))


@pytest.mark.parametrize("name", ["theta", "max_missed", "reject_quantile"])
def test_a_share_out_of_range_is_named(name):
    with pytest.raises(ValueError, match=f"{name} must be a number above 0"):
        LoadShapeDictionary().set_params(**{name: 1.5}).fit(np.eye(6))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["a"] * 5, "each of the 6 days. Got 5"),
        (["a"] * 5 + [None], "1 of 6 are missing"),
    ],
)
def test_groups_that_do_not_fit_the_days_are_refused(groups, message):
    with pytest.raises(ValueError, match=message):
        LoadShapeDictionary(1, n_shapes=1).fit(np.eye(6), groups=groups)


def test_too_few_days_customers_or_mixtures_are_told_with_both_numbers():
    with pytest.raises(
        ValueError, match="n_shapes=3 needs at least 3 different days, 2"
    ):
        LoadShapeDictionary(1, n_shapes=3).fit([[1, 2], [2, 4], [2, 1]])
    with pytest.raises(ValueError, match="at least 2 different mixtures of days, 1"):
        LoadShapeDictionary(2, n_shapes=1).fit([[1, 2], [1, 2.0]])
    with pytest.raises(ValueError, match="none of the 3 days has a shape"):
        LoadShapeDictionary(1, n_shapes=1).fit(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="state n_shapes or add days"):
        LoadShapeDictionary(1).fit([[1.0, 2.0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mixtures([0, 1], ["a"], 2), "one value a day each"),
        (lambda: mixtures([0, 2], ["a", "a"], 2), "below n_shapes=2. Got 2"),
        (lambda: mixtures([0, -2], ["a", "a"], 2), "from -1"),
        (lambda: mixtures([0.5, 1], ["a", "a"], 2), "whole numbers"),
        (lambda: lifestyle_entropy([0.5, 0.5]), "one row a customer"),
        (lambda: seasonal_switch([0], ["a"], []), "each of the 1 days"),
        (lambda: seasonal_switch([0], ["a"], ["w"], block=0), "block must be"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_was_found(call, message):
    with pytest.raises(ValueError, match=message):
        call()
