import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans

from research.comparison import permutation_null, score_segmentations

FLAGGED = {"SMI"}  # its p-values mean as little as its values
OFTEN_TIED = {"VRSE"}  # shares of few points: ties raise the p-value


class Halves(ClusterMixin, BaseEstimator):
    """Above and below the median of the first principal component."""

    def fit(self, X, y=None):
        centered = X - X.mean(axis=0)
        _, axes = np.linalg.eigh(centered.T @ centered)
        along = centered @ axes[:, -1]
        self.labels_ = (along > np.median(along)).astype(int)
        return self


class OneSegment(ClusterMixin, BaseEstimator):
    """No division, whatever comes."""

    def fit(self, X, y=None):
        self.labels_ = np.zeros(len(X), dtype=int)
        return self


def test_values_are_those_of_the_scores(three_groups):
    X, truth = three_groups
    methods = {"true": truth, "odd": np.arange(len(X)) % 2}
    nulls = permutation_null(X, methods, {"odd": Halves()}, n_shuffles=3, n_refits=2)
    assert list(nulls) == [
        "method", "score", "null", "value", "better", "null_mean", "null_low",
        "null_high", "p_value", "n_nulls", "n_segments", "flag",
    ]  # fmt: skip
    scores = score_segmentations(X, methods)
    same = nulls.merge(scores, on=["method", "score", "better", "n_segments", "flag"])
    assert len(same) == len(nulls) == 12 * 3
    assert same["value_x"].to_numpy() == pytest.approx(same["value_y"].to_numpy())
    assert nulls.groupby("null")["n_nulls"].unique().map(list).to_dict() == {
        "labels shuffled": [3],
        "columns shuffled": [2],
    }


def test_planted_groups_are_beyond_both_nulls(three_groups):
    X, truth = three_groups
    nulls = permutation_null(
        X, {"k-means": truth}, {"k-means": KMeans(3, n_init=2)}, n_shuffles=99
    )
    nulls = nulls[~nulls["score"].isin(FLAGGED)]
    assert (nulls.loc[nulls["null"] == "labels shuffled", "p_value"] == 0.01).all()
    columns = nulls[nulls["null"] == "columns shuffled"].set_index("score")
    p_value = columns["p_value"]
    assert p_value[["silhouette", "VRC", "CDI", "MIA", "WCBCR"]].tolist() == [0.05] * 5
    assert (nulls["null_low"] <= nulls["null_mean"]).all()
    assert (nulls["null_mean"] <= nulls["null_high"]).all()


def test_the_null_of_labels_by_its_definition():
    X = np.array([[0.0], [1.0], [5.0]])
    labels = [0, 0, 1]
    # Alike but for names: three divisions, each as often; MIA is the root of a half
    # of the mean square within the pair.
    row = permutation_null(X, {"m": labels}, n_shuffles=600).set_index("score")
    mia = np.sqrt(np.array([0.25, 4.0, 6.25]) / 2)
    assert row.loc["MIA", "value"] == pytest.approx(mia[0])
    assert row.loc["MIA", "null_mean"] == pytest.approx(mia.mean(), abs=0.1)
    assert row.loc["MIA", ["null_low", "null_high"]].tolist() == [mia[0], mia[2]]
    assert row.loc["MIA", "p_value"] == pytest.approx(1 / 3, abs=0.06)  # ties count


def assert_uniform(p_values, n):
    """Whether small p-values are as frequent as chance says, within 2.6 errors."""
    small = p_values.groupby(level="score").agg(lambda p: (p <= 0.05).mean())
    assert (small < 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / n)).all()
    half = p_values.groupby(level="score").agg(lambda p: (p <= 0.5).mean())
    half = half.drop(FLAGGED | OFTEN_TIED)
    assert (half - 0.5).abs().max() < 2.6 * 0.5 / np.sqrt(n)


HOW_OFTEN = pytest.mark.parametrize(
    "n", [50, pytest.param(500, marks=pytest.mark.slow)]
)


@HOW_OFTEN
def test_p_values_of_chance_labels_are_those_of_chance(n):
    rng = np.random.default_rng(0)
    found = []
    for seed in range(n):
        X, labels = rng.standard_normal((20, 3)), rng.permutation(np.arange(20) % 3)
        found.append(
            permutation_null(X, {"m": labels}, n_shuffles=19, random_state=seed)
        )
    assert_uniform(pd.concat(found).set_index("score")["p_value"], n)


@pytest.mark.slow
@HOW_OFTEN
def test_p_values_of_a_method_on_noise_are_those_of_chance(n):
    rng = np.random.default_rng(1)
    found, estimator = [], {"m": Halves()}
    for seed in range(n):
        X = rng.standard_normal((20, 3))
        methods = {"m": Halves().fit(X).labels_}
        found.append(
            permutation_null(X, methods, estimator, n_shuffles=1, random_state=seed)
        )
    found = pd.concat(found)
    columns = found[found["null"] == "columns shuffled"]
    assert_uniform(columns.set_index("score")["p_value"], n)


def test_labels_fitted_to_noise_pass_the_shuffled_labels_only(one_cloud):
    kmeans = KMeans(3, n_init=5, random_state=0)
    labels = kmeans.fit(one_cloud).labels_
    nulls = permutation_null(one_cloud, {"m": labels}, {"m": kmeans}, n_shuffles=99)
    p_value = nulls.set_index(["null", "score"])["p_value"]
    for score in ("silhouette", "MIA", "CDI", "VRC"):
        assert p_value["labels shuffled", score] == 0.01
        assert p_value["columns shuffled", score] > 0.05


def test_an_undefined_score_has_no_p_value_and_an_undefined_null_raises_it():
    X = np.random.default_rng(0).standard_normal((30, 2))
    methods = {"one": np.zeros(30), "two": np.arange(30) % 2}
    nulls = permutation_null(
        X, methods, {"two": OneSegment()}, n_shuffles=5, n_refits=4
    ).set_index(["method", "null", "score"])
    assert np.isnan(nulls.loc[("one", "labels shuffled", "CDI"), "p_value"])
    assert nulls.loc[("one", "labels shuffled", "MIA"), "p_value"] == 1
    refitted = nulls.loc[("two", "columns shuffled", "CDI")]
    assert refitted["p_value"] == 1
    assert np.isnan(refitted["null_mean"])


def test_one_column_shuffled_is_itself():
    X = np.random.default_rng(0).standard_normal((40, 1))
    labels = Halves().fit(X).labels_
    nulls = permutation_null(X, {"m": labels}, {"m": Halves()}, n_shuffles=1)
    nulls = nulls[nulls["null"] == "columns shuffled"]
    assert (nulls["p_value"] == 1).all()


def test_of_many_customers_value_and_null_are_of_one_sample(eight_rhythms):
    X, truth = eight_rhythms(1500, 0.5)
    seen = []
    nulls = permutation_null(
        X,
        {"truth": truth, "odd": np.arange(1500) % 2},
        n_shuffles=9,
        max_customers=200,
        progress=lambda done, total: seen.append((done, total)),
    ).set_index(["method", "score"])
    assert nulls.loc[("truth", "silhouette"), "p_value"] == 0.1
    assert nulls.loc[("truth", "MIA"), "n_segments"] == 8
    assert seen == [(1, 2), (2, 2)]


def test_a_method_has_the_same_rows_alone_and_the_seed_repeats(three_groups):
    X, truth = three_groups
    odd = np.arange(len(X)) % 2
    both = permutation_null(X, {"odd": odd, "true": truth}, n_shuffles=9)
    alone = permutation_null(X, pd.DataFrame({"true": truth}), n_shuffles=9)
    mine = both[both["method"] == "true"].reset_index(drop=True)
    assert_frame_equal(mine, alone)


def test_an_estimator_without_segments_is_refused():
    with pytest.raises(ValueError, match=r"Without: \['b'\]; segments of: \['a'\]"):
        permutation_null([[0.0], [1.0]], {"a": [0, 1]}, {"b": Halves()})
    with pytest.raises(ValueError, match="n_refits must be a whole number"):
        permutation_null([[0.0], [1.0]], {"a": [0, 1]}, n_refits=0)
