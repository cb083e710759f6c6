import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import AgglomerativeClustering, KMeans

from research.comparison import (
    bootstrap_jaccard,
    prediction_strength,
    stability_band,
)


class ByValue(ClusterMixin, BaseEstimator):
    """Labels are what `column` says: always the same division."""

    def __init__(self, column=0):
        self.column = column

    def fit(self, X, y=None):
        self.labels_ = self.predict(X)
        return self

    def predict(self, X):
        return np.asarray(X)[:, self.column].astype(int)


class Alternating(ByValue):
    """Labels by one column for many rows, by the other for few."""

    def fit(self, X, y=None):
        self.column = 0 if len(X) == 400 else 1
        return super().fit(X)


def test_groups_far_apart_are_very_stable(three_groups):
    stability = bootstrap_jaccard(KMeans(3, n_init=5), three_groups[0], 20)
    assert (stability["jaccard"] > 0.99).all()
    assert set(stability["band"]) == {"very stable"}


def test_a_cloud_without_groups_dissolves(one_cloud):
    stability = bootstrap_jaccard(KMeans(4, n_init=5), one_cloud, 20)
    assert (stability["jaccard"] < 0.6).all()


def test_a_division_that_never_changes_scores_one():
    X = np.repeat([[0], [1], [2]], 10, axis=0)
    stability = bootstrap_jaccard(ByValue(), X, 20)
    assert stability["jaccard"].tolist() == [1.0, 1.0, 1.0]
    assert stability["dissolved"].tolist() == [0.0, 0.0, 0.0]


def test_two_independent_halvings_score_a_third():
    X = np.array([[a, b] for a in (0, 1) for b in (0, 1)] * 100)
    stability = bootstrap_jaccard(Alternating(), X, 50)
    assert stability["jaccard"].to_numpy() == pytest.approx([1 / 3] * 2, abs=0.03)


def test_a_segment_that_is_not_drawn_scores_zero():
    X = np.array([[0]] * 49 + [[1]])
    X = np.column_stack([X, np.arange(50)])
    stability = bootstrap_jaccard(ByValue(), X, 400)
    assert stability.loc[1, "jaccard"] == pytest.approx(1 - 0.98**50 * 1.0, abs=0.08)
    assert stability.loc[1, "dissolved"] == 1 - stability.loc[1, "recovered"]


def test_sizes_are_those_of_the_own_fit(three_groups):
    stability = bootstrap_jaccard(KMeans(3, n_init=5), three_groups[0], 2)
    assert sorted(stability["size"]) == [20, 30, 40]


def test_the_order_of_customers_changes_no_stability(one_cloud):
    order = np.random.default_rng(1).permutation(len(one_cloud))
    kmeans = KMeans(3, n_init=2, random_state=0)
    assert_frame_equal(
        bootstrap_jaccard(kmeans, one_cloud[order], 5),
        bootstrap_jaccard(kmeans, one_cloud, 5),
    )
    assert_series_equal(
        prediction_strength(kmeans, one_cloud[order], 5),
        prediction_strength(kmeans, one_cloud, 5),
    )


def test_a_frame_and_its_array_agree(one_cloud):
    kmeans = KMeans(3, n_init=2, random_state=0)
    frame = pd.DataFrame(one_cloud).add_prefix("f")
    assert_frame_equal(
        bootstrap_jaccard(kmeans, frame, 5), bootstrap_jaccard(kmeans, one_cloud, 5)
    )


def test_an_unseeded_estimator_is_repeatable(one_cloud):
    assert_frame_equal(
        bootstrap_jaccard(KMeans(3, n_init=1), one_cloud, 5),
        bootstrap_jaccard(KMeans(3, n_init=1), one_cloud, 5),
    )


def test_estimators_without_a_seed_or_predict_have_a_stability(three_groups):
    stability = bootstrap_jaccard(AgglomerativeClustering(3), three_groups[0], 5)
    assert (stability["jaccard"] > 0.99).all()


def test_the_estimator_is_left_as_it_was(three_groups):
    kmeans = KMeans(3)
    bootstrap_jaccard(kmeans, three_groups[0], 2)
    prediction_strength(kmeans, three_groups[0], 2)
    assert kmeans.random_state is None
    assert not hasattr(kmeans, "labels_")


def test_resamples_with_too_few_rows_count_as_dissolved():
    stability = bootstrap_jaccard(KMeans(4), [[0.0], [1.0], [2.0], [3.0]], 20)
    assert (stability["jaccard"] < 0.5).all()


@pytest.mark.parametrize(
    ("jaccard", "band"),
    [
        (0.0, "dissolved"),
        (0.5999, "dissolved"),
        (0.6, "doubtful"),
        (0.7499, "doubtful"),
        (0.75, "stable"),
        (0.85, "stable"),
        (0.8501, "very stable"),
        (1.0, "very stable"),
        (np.nan, "unknown"),
    ],
)
def test_bands_by_hand(jaccard, band):
    assert stability_band(jaccard) == band


def test_halves_of_groups_far_apart_foretell_each_other(three_groups):
    strength = prediction_strength(KMeans(3, n_init=5), three_groups[0], 10)
    assert strength["mean"] > 0.99


def test_one_group_too_many_is_not_foretold(three_groups):
    strength = prediction_strength(KMeans(4, n_init=5), three_groups[0], 10)
    assert strength["mean"] < 0.8


def test_prediction_strength_of_two_independent_halvings_is_a_half():
    X = np.array([[a, b] for a in (0, 1) for b in (0, 1)] * 200)

    class Crossed(ByValue):
        def predict(self, X):
            return np.asarray(X)[:, 1 if hasattr(self, "labels_") else 0].astype(int)

    strength = prediction_strength(Crossed(), X, 10)
    assert strength["mean"] == pytest.approx(0.5, abs=0.03)


def test_the_spread_over_the_splits_is_told(one_cloud):
    strength = prediction_strength(KMeans(3, n_init=2), one_cloud, 9)
    assert strength["sd"] > 0
    assert strength["se"] == pytest.approx(strength["sd"] / 3)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, None])
def test_a_number_of_draws_that_is_none_is_named(value):
    with pytest.raises(ValueError, match=r"n_resamples must be a whole number.*Got"):
        bootstrap_jaccard(KMeans(2), [[0.0], [1.0]], value)
    with pytest.raises(ValueError, match=r"n_splits must be a whole number.*Got"):
        prediction_strength(KMeans(2), [[0.0], [1.0]], value)


def test_a_single_customer_can_not_be_halved():
    with pytest.raises(ValueError, match="at least 2 customers, 1 found"):
        prediction_strength(KMeans(1), [[0.0]])
