from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from research.comparison import (
    choose_k,
    groups_apart,
    k_evidence,
    mixture_bic,
    stability_of,
)
from research.segmenters import LoadShapeKMeans, normalize_shapes

LONDON = Path(__file__).parents[2] / "data" / "raw" / "london" / "load.parquet"


def table(*rows, n=100, bic=None):
    """Evidence with (k, smallest, least_stable, prediction_strength, silhouette)."""
    return pd.DataFrame(
        [
            {
                "k": k,
                "sizes": (n - (k - 1) * smallest,) + (smallest,) * (k - 1),
                "smallest": smallest,
                "least_stable": least_stable,
                "jaccard": (0.99,) * (k - 1) + (least_stable,),
                "prediction_strength": strength,
                "prediction_strength_sd": 0.1,
                "bic": float((bic or {}).get(k, 0)),
                "silhouette": silhouette,
                "silhouette_null": 0.05,
                "silhouette_cloud": 0.05,
                "n_customers": n,
                "n_sampled": n,
            }
            for k, smallest, least_stable, strength, silhouette in rows
        ]
    )


@pytest.fixture(scope="module")
def evidence(three_groups):
    X, _ = three_groups
    return k_evidence(KMeans(n_init=5), X, range(2, 6), n_resamples=15, n_splits=8)


def test_the_largest_stable_number_with_large_segments_is_chosen():
    choice = choose_k(
        table(
            (2, 40, 0.95, 0.9, 0.6),
            (3, 20, 0.80, 0.7, 0.3),
            (4, 4, 0.90, 0.7, 0.2),
            (5, 10, 0.70, 0.5, 0.1),
        )
    )
    assert (choice.k, choice.rule) == (3, "stable and large enough")
    assert "0.80" in choice.reason
    assert "20 of 100" in choice.reason


def test_a_split_off_outlier_is_refused_by_its_size():
    choice = choose_k(
        table((2, 1, 0.99, 0.95, 0.82), (3, 20, 0.80, 0.7, 0.2), n=91), min_size=5
    )
    silhouette = next(row for row in choice.refused if "silhouette" in row.rule)
    assert choice.k == 3
    assert (silhouette.k, silhouette.sizes) == (2, (90, 1))
    assert "holds 1 of 91 customers, fewer than 5" in silhouette.reason


def test_prediction_strength_decides_where_nothing_is_stable():
    choice = choose_k(table((2, 40, 0.7, 0.85, 0.6), (3, 20, 0.72, 0.7, 0.3)))
    assert (choice.k, choice.rule) == (2, "prediction strength")


def test_the_least_doubtful_decides_where_nothing_is_foretold():
    choice = choose_k(table((2, 40, 0.65, 0.7, 0.6), (3, 20, 0.72, 0.7, 0.3)))
    assert (choice.k, choice.rule) == (3, "most stable")
    assert "with reserve" in choice.reason


def test_no_division_is_an_answer():
    choice = choose_k(table((2, 40, 0.5, 0.9, 0.6), (3, 1, 0.99, 0.9, 0.3)))
    assert (choice.k, choice.rule) == (1, "no division")
    assert "no division is stable" in choice.reason


def test_slices_of_a_continuum_are_called_so():
    choice = choose_k(table((2, 40, 0.9, 0.9, 0.05)))
    assert "slices of a continuum" in choice.reason
    assert "continuum" not in choose_k(table((2, 40, 0.9, 0.9, 0.3))).reason


def test_every_other_rule_is_answered():
    choice = choose_k(table((2, 40, 0.9, 0.9, 0.6), (3, 20, 0.9, 0.6, 0.3)))
    refused = pd.DataFrame(choice.refused)
    assert len(refused) == 4
    assert refused["reason"].str.endswith(".").all()
    assert "It agrees." in set(refused["reason"])
    assert refused["reason"].str.contains("fewer segments apart than 3").any()


@pytest.mark.parametrize(("n", "least"), [(20, 5), (167, 6), (1000, 30)])
def test_the_least_size_grows_with_the_customers(n, least):
    assert choose_k(table((2, least, 0.9, 0.9, 0.6), n=n)).k == 2
    assert choose_k(table((2, least - 1, 0.9, 0.9, 0.6), n=n)).k == 1


def test_an_objection_of_the_mixture_is_told_and_does_not_decide():
    rows = (2, 40, 0.9, 0.9, 0.6), (3, 30, 0.9, 0.7, 0.5), (4, 20, 0.9, 0.6, 0.4)
    choice = choose_k(table(*rows, bic={2: 50, 3: 0, 4: 11}))
    assert choice.k == 4
    assert "would take 3 (its BIC for 4 is 11 above that)" in choice.reason
    assert "mixture" not in choose_k(table(*rows, bic={2: 50, 3: 0, 4: 10})).reason


def test_an_unknown_bic_raises_no_objection():
    rows = (2, 40, 0.9, 0.9, 0.6), (3, 30, 0.9, 0.7, 0.5)
    choice = choose_k(table(*rows, bic={2: np.nan, 3: np.nan}))
    assert choice.k == 3
    assert "mixture" not in choice.reason


def test_a_stricter_size_can_be_asked_for():
    assert choose_k(table((2, 14, 0.9, 0.9, 0.6)), min_size=15).k == 1


def test_a_division_that_one_cloud_gives_too_is_no_fallback():
    rows = (2, 40, 0.7, 0.7, 0.04), (3, 30, 0.65, 0.6, 0.04)
    assert choose_k(table(*rows)).k == 1
    assert choose_k(table((2, 40, 0.7, 0.7, 0.06))).k == 2


def test_planted_groups_stand_apart_and_slices_of_a_cloud_do_not(evidence, one_cloud):
    slices = k_evidence(KMeans(n_init=5), one_cloud, [2, 3], 5, n_splits=2)
    assert groups_apart(evidence, 3)
    assert not groups_apart(slices, 2)
    assert not groups_apart(slices, 3)
    assert not groups_apart(evidence, 1)


@pytest.mark.slow
def test_one_cloud_is_called_apart_in_one_case_of_twenty():
    rng = np.random.default_rng(0)
    wide = np.linspace(1, 3, 6)
    found = [
        groups_apart(
            k_evidence(
                KMeans(n_init=3),
                rng.standard_normal((60, 6)) * wide,
                [3],
                2,
                random_state=seed,
                n_splits=1,
                n_nulls=0,
            ),
            3,
        )
        for seed in range(100)
    ]
    assert np.mean(found) <= 0.12  # binomial: 5 of 100 expected, over 12 in 0.1 %


def test_the_stability_of_the_segments_is_that_of_the_evidence(evidence):
    found = stability_of(evidence, 3)
    assert found.index.tolist() == [0, 1, 2]
    assert found.min() == pytest.approx(
        evidence.set_index("k").at[3, "least_stable"], abs=0.001
    )
    assert stability_of(evidence, 1).tolist() == [1]


def test_planted_groups_are_counted(evidence):
    choice = choose_k(evidence)
    assert (choice.k, choice.rule) == (3, "stable and large enough")


def test_evidence_tells_sizes_from_the_largest(evidence):
    assert evidence.set_index("k").at[3, "sizes"] == (40, 30, 20)


def test_the_null_of_planted_rhythms_lies_far_below_them(eight_rhythms):
    X, _ = eight_rhythms(200, 0.25)
    row = k_evidence(KMeans(n_init=5), X, [8], 2, n_splits=2).iloc[0]
    assert row["silhouette"] > row["silhouette_null"] + 0.3


@pytest.mark.slow
def test_a_cloud_without_groups_is_not_divided(one_cloud):
    evidence = k_evidence(
        KMeans(n_init=5), one_cloud, range(2, 6), n_resamples=15, n_splits=8
    )
    assert choose_k(evidence).k == 1


def test_a_row_does_not_depend_on_the_other_numbers(evidence, three_groups):
    alone = k_evidence(
        KMeans(n_init=5), three_groups[0], [4], n_resamples=15, n_splits=8
    )
    again = evidence[evidence["k"] == 4].reset_index(drop=True)
    assert_frame_equal(alone, again)


def test_the_order_of_customers_changes_no_evidence(evidence, three_groups):
    X, _ = three_groups
    shuffled = X[np.random.default_rng(2).permutation(len(X))]
    again = k_evidence(
        KMeans(n_init=5), shuffled, range(2, 6), n_resamples=15, n_splits=8
    )
    assert_frame_equal(again, evidence)


def test_a_function_of_the_number_does_as_well(evidence, three_groups):
    again = k_evidence(
        lambda k: KMeans(k, n_init=5),
        three_groups[0],
        range(2, 6),
        n_resamples=15,
        n_splits=8,
    )
    assert_frame_equal(again, evidence)


def test_points_are_compared_as_the_estimator_does(three_groups):
    class Squeezed(KMeans):
        def shapes(self, X):
            return np.asarray(X)[:, :1]

    X, _ = three_groups
    plain, squeezed = (
        k_evidence(kind(n_init=2), X, [3], 2, n_splits=2, n_nulls=0).iloc[0]
        for kind in (KMeans, Squeezed)
    )
    assert plain["sizes"] == squeezed["sizes"]
    assert plain["silhouette"] > squeezed["silhouette"] + 0.2


class Plain(ClusterMixin, BaseEstimator):
    """LoadShapeKMeans the long way: without `compact`, by scikit-learn."""

    def __init__(self, n_clusters=2, n_init=20, random_state=None):
        self.n_clusters = n_clusters
        self.n_init = n_init
        self.random_state = random_state

    def shapes(self, X):
        return normalize_shapes(X)

    def fit(self, X, y=None):
        kmeans = KMeans(
            self.n_clusters, n_init=self.n_init, tol=0, random_state=self.random_state
        )
        self.kmeans_ = kmeans.fit(self.shapes(X))
        self.labels_ = kmeans.labels_
        return self

    def predict(self, X):
        return self.kmeans_.predict(self.shapes(X))


@pytest.mark.slow
def test_the_short_way_gives_the_evidence_of_the_long_way(eight_rhythms):
    X, _ = eight_rhythms(150, 0.5)
    short, long = (
        k_evidence(kind(n_init=20), X, [4, 6], 25, n_splits=12, n_nulls=2, n_clouds=3)
        for kind in (LoadShapeKMeans, Plain)
    )
    assert short["sizes"].tolist() == long["sizes"].tolist()
    assert_allclose(short["silhouette"], long["silhouette"], atol=1e-5)
    assert_allclose(short["bic"], long["bic"], rtol=1e-6)
    # Refits differ by the luck of their starts, on the same draws.
    for name in ("least_stable", "prediction_strength"):
        assert_allclose(short[name], long[name], atol=0.05)
    for name in ("silhouette_null", "silhouette_cloud"):
        assert_allclose(short[name], long[name], atol=0.02)


def test_large_tables_are_sampled_and_say_so(three_groups):
    X, _ = three_groups
    row = k_evidence(
        KMeans(n_init=2), X, [3], 5, n_splits=2, n_nulls=1, max_customers=45
    ).iloc[0]
    assert (row["n_customers"], row["n_sampled"]) == (90, 45)
    assert row["sizes"] == (40, 30, 20)
    assert row["least_stable"] > 0.9
    assert 0 < row["silhouette_se"] < 0.1


def test_a_choice_on_a_sample_tells_its_error(evidence, three_groups):
    assert (evidence["silhouette_se"] == 0).all()
    assert "Resampling" not in choose_k(evidence).reason
    X, _ = three_groups
    sampled = k_evidence(
        KMeans(n_init=2), X, [2, 3], 10, n_splits=2, n_nulls=1, max_customers=60
    )
    choice = choose_k(sampled)
    row = sampled.set_index("k").loc[choice.k]
    assert choice.reason.endswith(
        "saw 60 of 90 customers: the standard error is "
        f"{row['least_stable_se']:.3f} of the least Jaccard similarity, over the "
        f"resamples, and {row['silhouette_se']:.3f} of the silhouette."
    )


def test_the_error_of_a_least_stable_segment_shrinks_with_the_resamples(one_cloud):
    few, many = (
        k_evidence(
            *(KMeans(n_init=1), one_cloud, [4], n), n_splits=2, n_nulls=0, n_clouds=0
        )["least_stable_se"].item()
        for n in (10, 160)
    )
    assert few > 2 * many > 0


def test_more_segments_than_customers_leave_a_row_without_evidence():
    X = [[0.0, 1.0], [1.0, 0.0], [4.0, 4.0]]
    evidence = k_evidence(KMeans(n_init=2), X, [2, 9], 5, n_splits=2)
    assert evidence["sizes"].tolist() == [(2, 1), ()]
    assert choose_k(evidence).k == 1


def test_progress_is_told_after_each_number(three_groups):
    told = []
    k_evidence(
        KMeans(n_init=1),
        three_groups[0],
        [2, 3],
        1,
        n_splits=1,
        n_nulls=0,
        progress=lambda *step: told.append(step),
    )
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize("ks", [[1, 2], [2.5], ["3"], [True]])
def test_a_number_of_segments_that_is_none_is_named(ks):
    with pytest.raises(ValueError, match=r"every k must be a whole number.*Got"):
        k_evidence(KMeans(), [[0.0], [1.0]], ks)


def test_a_table_that_is_no_evidence_is_refused():
    with pytest.raises(ValueError, match="Missing columns: k, sizes"):
        choose_k(pd.DataFrame({"score": [1.0]}))
    with pytest.raises(ValueError, match="rows: 0"):
        choose_k(table((2, 40, 0.9, 0.9, 0.6)).iloc[:0])


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_a_least_similarity_out_of_range_is_named(value):
    with pytest.raises(ValueError, match=r"min_jaccard must be in \[0, 1\]"):
        choose_k(table((2, 40, 0.9, 0.9, 0.6)), min_jaccard=value)


def test_the_mixture_counts_planted_groups(three_groups):
    bic = mixture_bic(three_groups[0], range(1, 6))
    assert bic.loc[bic["bic"].idxmin(), "k"] == 3


def test_the_mixture_takes_no_more_components_than_customers_bear(eight_rhythms):
    X, _ = eight_rhythms(45, 1.5)
    assert mixture_bic(X, [2])["n_pcs"].item() == 4


def test_the_mixture_of_identical_points_is_undefined():
    assert mixture_bic(np.ones((20, 3)), [1, 2])["bic"].isna().all()


def test_the_mixture_does_not_know_the_unit(three_groups):
    X, _ = three_groups
    plain = mixture_bic(X, [2, 3])["bic"]
    assert mixture_bic(1000 * X, [2, 3])["bic"].to_numpy() == pytest.approx(
        plain.to_numpy(), rel=1e-6
    )


@pytest.fixture(scope="module")
def london():
    """Mean days of the 91 homes with nine tenths of the year's days complete."""
    readings = pd.read_parquet(LONDON).to_numpy(float).reshape(365, 48, 100)
    complete = ~np.isnan(readings).any(axis=1)
    readings = np.where(complete[:, None], readings, np.nan)
    return np.nanmean(readings[..., complete.mean(axis=0) >= 0.9], axis=0).T


def test_the_silhouette_splits_one_home_off_london(london):
    estimator = LoadShapeKMeans(normalization="mean", random_state=0)
    evidence = k_evidence(
        estimator, london, n_resamples=2, n_splits=1, n_nulls=0, n_clouds=0
    )
    row = evidence.loc[evidence["silhouette"].idxmax()]
    assert row["sizes"] == (90, 1)
    assert row["silhouette"] == pytest.approx(0.823, abs=0.001)


@pytest.mark.slow
def test_london_has_three_stable_shapes_over_their_peak(london):
    estimator = LoadShapeKMeans(normalization="peak", random_state=0)
    choice = choose_k(k_evidence(estimator, london))
    assert (choice.k, choice.rule) == (3, "stable and large enough")


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0, 0.25])
def test_eight_planted_rhythms_are_counted_and_found(eight_rhythms, shift):
    X, truth = eight_rhythms(600, shift)
    evidence = k_evidence(KMeans(n_init=10), X, range(2, 12), 25, n_splits=8, n_nulls=1)
    choice = choose_k(evidence)
    labels = KMeans(choice.k, n_init=10, random_state=0).fit_predict(X)
    assert 8 <= choice.k <= 10  # it rather cuts a wide group than misses one
    assert adjusted_rand_score(truth, labels) > 0.9
    best = KMeans(8, n_init=10, random_state=0).fit_predict(X)
    assert adjusted_rand_score(truth, best) > 0.95
