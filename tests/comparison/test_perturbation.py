import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from research.comparison import (
    block_stability,
    bootstrap_jaccard,
    compare_stability,
    seed_stability,
)


class BySeed(ClusterMixin, BaseEstimator):
    """Labels by the first column, but for every third seed by the second."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y=None):
        column = 1 if self.random_state % 3 == 0 else 0
        self.labels_ = np.asarray(X)[:, column].astype(int)
        return self


@pytest.fixture
def crossed():
    """Eight customers, two columns that divide them in ways of their own."""
    return np.array([[a, b] for a in (0, 1) for b in (0, 1)] * 2)


def test_seeds_that_agree_and_seeds_that_do_not(three_groups, one_cloud):
    apart = seed_stability(KMeans(3, n_init=3), three_groups[0], 5)
    assert apart.tolist() == [1.0, 1.0, 5.0]
    lucky = seed_stability(KMeans(5, n_init=1, random_state=0), one_cloud, 5)
    assert lucky["worst"] < lucky["mean"] < 0.9


def test_the_mean_and_the_worst_are_over_pairs(crossed):
    found = seed_stability(BySeed(), crossed, 20)
    other = adjusted_rand_score(crossed[:, 0], crossed[:, 1])
    assert found["worst"] == other
    share = (found["mean"] - other) / (1 - other)
    split = np.arange(21) / 20  # of seeds; pairs that agree
    possible = (split * (20 * split - 1) + (1 - split) * (19 - 20 * split)) / 19
    assert np.abs(possible - share).min() < 1e-9


def test_a_step_of_a_pipeline_is_seeded_and_no_seed_is_no_luck(one_cloud):
    pipeline = make_pipeline(StandardScaler(), KMeans(5, n_init=1, random_state=0))
    steps = seed_stability(Labelled(pipeline), one_cloud, 4)
    assert steps["mean"] < 0.9
    ward = seed_stability(AgglomerativeClustering(3), one_cloud, 7)
    assert ward.tolist() == [1.0, 1.0, 2.0]


class Labelled(ClusterMixin, BaseEstimator):
    """A pipeline with labels."""

    def __init__(self, pipeline):
        self.pipeline = pipeline

    def fit(self, X, y=None):
        self.labels_ = self.pipeline.fit_predict(X)
        return self


def test_a_block_that_makes_the_segments_and_one_that_does_not(three_groups):
    X, _ = three_groups
    noise = 0.1 * np.random.default_rng(0).standard_normal((len(X), 3))
    frame = pd.DataFrame(np.hstack([X, noise]), columns=list("abcde"))
    found = block_stability(
        KMeans(3, n_init=5), frame, {"shape": ["a", "b"], "rest": ["c", "d", "e"]}
    )
    assert found.index.tolist() == ["shape", "rest"]
    assert found["adjusted_rand"]["rest"] == 1
    assert found["adjusted_rand"]["shape"] < 0.1
    assert found["n_columns"].tolist() == [3, 2]
    assert found["n_segments"].tolist() == [3, 3]
    by_place = block_stability(
        KMeans(3, n_init=5), frame.to_numpy(), {"shape": [0, 1], "rest": (2, 3, 4)}
    )
    assert_frame_equal(found, by_place)


def test_a_block_may_be_a_table_made_without_it(three_groups):
    X, _ = three_groups
    # Mean of two months, of which one is turned round: without it nothing changes.
    turned = X[:, ::-1]
    both = np.hstack([X, X])
    found = block_stability(
        KMeans(3, n_init=5), both, {"a": lambda: X, "b": lambda: turned * 2}
    )
    assert found["adjusted_rand"].tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"without 'c' must have the 90 rows"):
        block_stability(KMeans(3), both, {"c": lambda: X[1:]})


def test_all_fits_of_a_block_have_one_seed(one_cloud):
    X = np.hstack([one_cloud, np.zeros((100, 1))])
    found = block_stability(KMeans(5, n_init=1), X, {"empty": [20]})
    assert found["adjusted_rand"].tolist() == [1]


@pytest.mark.parametrize("block", [[2], [], [0, 1], ["a"]])
def test_blocks_that_can_not_be_left_out_are_refused(crossed, block):
    with pytest.raises(ValueError, match=r"Block 'x' .*the columns \[0, 1\]"):
        block_stability(KMeans(2), crossed, {"x": block})


def test_the_order_of_customers_changes_nothing(one_cloud):
    order = np.random.default_rng(1).permutation(len(one_cloud))
    kmeans, blocks = KMeans(4, n_init=1), {"first": range(10)}
    assert_series_equal(
        seed_stability(kmeans, one_cloud[order], 3),
        seed_stability(kmeans, one_cloud, 3),
    )
    assert_frame_equal(
        block_stability(kmeans, one_cloud[order], blocks),
        block_stability(kmeans, one_cloud, blocks),
    )


def test_one_table_of_all_that_was_changed(three_groups):
    X, _ = three_groups
    methods = {"two": KMeans(2, n_init=3), "ward": AgglomerativeClustering(3)}
    seen = []
    table = compare_stability(
        methods,
        X,
        {"first": [0], "second": [1]},
        n_seeds=3,
        n_resamples=4,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert list(table) == [
        "method", "changed", "detail", "measure", "mean", "worst", "n_fits", "band",
    ]  # fmt: skip
    assert table["changed"].tolist() == ["seed", *["features"] * 2, "customers"] * 2
    assert table["n_fits"].tolist() == [3, 2, 2, 4, 2, 2, 2, 4]
    assert seen == [(1, 2), (2, 2)]
    ward = table[table["method"] == "ward"].set_index("changed")
    assert ward.loc["seed", ["mean", "worst"]].tolist() == [1, 1]
    assert ward.loc["customers", "band"] == "very stable"
    assert (ward.loc["features", "mean"] == ward.loc["features", "worst"]).all()
    alone = compare_stability({"ward": methods["ward"]}, X, n_seeds=3, n_resamples=4)
    assert alone.iloc[-1].equals(table.iloc[-1])


def test_customers_are_those_of_the_bootstrap(one_cloud):
    table = compare_stability(
        {"m": KMeans(3, n_init=2, random_state=0)}, one_cloud, n_seeds=2, n_resamples=5
    )
    assert table["changed"].tolist() == ["seed", "customers"]
    row = table.iloc[-1]
    assert 0 < row["worst"] < row["mean"] < 1
    assert row["detail"] in (0, 1, 2)
    seeds = np.random.RandomState(0).randint(np.iinfo(np.int32).max)
    kmeans = KMeans(3, n_init=2, random_state=0)
    segments = bootstrap_jaccard(kmeans, one_cloud, 5, seeds)
    assert row["worst"] == segments["jaccard"].min()
    assert row["mean"] == pytest.approx(
        (segments["jaccard"] * segments["size"]).sum() / 100
    )


def test_counts_that_are_none_are_refused(crossed):
    with pytest.raises(
        ValueError, match="n_seeds must be a whole number of at least 2"
    ):
        seed_stability(KMeans(2), crossed, 1)
