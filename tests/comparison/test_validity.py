import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)

from research.comparison import (
    clustering_dispersion_indicator,
    davies_bouldin_rms,
    mean_index_adequacy,
    score_segmentations,
    silhouette,
    within_between_ratio,
)

# Crosses of four points round (0, 0), (6, 0) and (0, 6); by hand: dhat^2 is 1, 1 and 4,
# the means lie 8, 20 and 20 (squared) from their mean (2, 2), 36, 36 and 72 apart.
CROSS = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
TWELVE = np.vstack([CROSS, CROSS + np.array([6, 0]), 2 * CROSS + np.array([0, 6])])
LABELS = np.repeat([0, 1, 2], 4)
INDICES = [
    mean_index_adequacy,
    clustering_dispersion_indicator,
    davies_bouldin_rms,
    within_between_ratio,
    silhouette,
]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (mean_index_adequacy, 2**0.5),
        (clustering_dispersion_indicator, 2**0.5 / 4),
        (davies_bouldin_rms, (1 / 2 + 3 / 72**0.5 + 1 / 2) / 3),
        (within_between_ratio, (4 + 4 + 16) / (36 + 36 + 72)),
        (calinski_harabasz_score, (4 * (8 + 20 + 20) / 2) / (24 / 9)),
    ],
)
def test_indices_by_hand(index, expected):
    assert index(TWELVE, LABELS) == pytest.approx(expected)


def test_silhouette_by_hand():
    # a: 2 to the own; b: 8 to 12, mean 9 or 11.
    expected = np.mean([1 - 2 / 11, 1 - 2 / 9, 1 - 2 / 9, 1 - 2 / 11])
    X = [[0.0], [2.0], [10.0], [12.0]]
    assert silhouette(X, [0, 0, 1, 1]) == pytest.approx(expected)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_the_silhouette_is_that_of_scikit_learn(seed, n_segments):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.r_[np.arange(n_segments), rng.integers(3, size=20)])
    X = 50 + rng.standard_normal((len(labels), 4))
    X[:3] = X[3]  # points that coincide
    expected = silhouette_score(X, labels)
    assert silhouette(X, labels) == pytest.approx(expected, abs=1e-6)


def test_the_two_davies_bouldins_differ_by_the_mean_of_the_spread():
    X = [[-2.0], [0.0], [0.0], [2.0], [10.0], [10.0]]
    labels = [0, 0, 0, 0, 1, 1]
    assert davies_bouldin_rms(X, labels) == pytest.approx(2**0.5 / 10)
    assert davies_bouldin_score(X, labels) == pytest.approx(1 / 10)


def dhat(points):
    """Intraset distance by its definition over all ordered pairs."""
    differences = points[:, None] - points
    return np.sqrt((differences**2).sum(axis=2).mean() / 2)


@st.composite
def segmentations(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_segments = draw(st.integers(2, 5))
    labels = np.r_[np.arange(n_segments), rng.integers(n_segments, size=20)]
    return rng.standard_normal((len(labels), 3)) * 10 ** rng.uniform(-2, 2), labels


@settings(max_examples=50, deadline=None)
@given(segmentations())
def test_cdi_is_mia_over_the_spread_of_the_means(case):
    X, labels = case
    segments = [X[labels == label] for label in np.unique(labels)]
    means = np.array([segment.mean(axis=0) for segment in segments])
    squares = [dhat(segment) ** 2 for segment in segments]
    by_pairs = np.sqrt(np.mean(squares)) / dhat(means)
    cdi = clustering_dispersion_indicator(X, labels)
    assert cdi == pytest.approx(by_pairs)
    assert cdi == pytest.approx(mean_index_adequacy(X, labels) / dhat(means))


@settings(max_examples=25, deadline=None)
@given(segmentations(), st.permutations(range(5)))
def test_indices_are_blind_to_names_and_order(case, names):
    X, labels = case
    renamed = np.array(names)[labels]
    for index in INDICES:
        expected = pytest.approx(index(X, labels))
        assert index(X, renamed) == expected
        assert index(X[::-1], labels[::-1]) == expected
        assert index(X, [f"segment {label}" for label in labels]) == expected


@settings(max_examples=25, deadline=None)
@given(segmentations(), st.floats(0.1, 100))
def test_ratios_do_not_know_the_unit(case, factor):
    X, labels = case
    for index in set(INDICES) - {mean_index_adequacy}:
        assert index(factor * X + 3, labels) == pytest.approx(index(X, labels))
    mia = mean_index_adequacy(factor * X + 3, labels)
    assert mia == pytest.approx(factor * mean_index_adequacy(X, labels))


def test_one_segment_has_a_mia_and_nothing_else():
    assert mean_index_adequacy(TWELVE, np.zeros(12)) > 0
    for index in INDICES[1:]:
        assert np.isnan(index(TWELVE, np.zeros(12)))


def test_coinciding_means_are_infinitely_bad():
    X, labels = [[-1.0], [1.0], [-2.0], [2.0]], [0, 0, 1, 1]
    for index in INDICES[1:4]:
        assert index(X, labels) == np.inf


def test_segments_of_single_points_are_infinitely_compact():
    assert mean_index_adequacy([[0.0], [3.0]], [0, 1]) == 0
    assert davies_bouldin_rms([[0.0], [3.0]], [0, 1]) == 0
    assert np.isnan(silhouette([[0.0], [3.0]], [0, 1]))


def test_a_sampled_silhouette_is_near_the_exact_one(eight_rhythms):
    X, truth = eight_rhythms(3000, 0.5)
    exact = silhouette(X, truth)
    assert silhouette(X, truth, max_customers=1500) == pytest.approx(exact, abs=0.01)


def test_missing_values_and_lengths_that_differ_are_refused():
    for index in INDICES:
        with pytest.raises(ValueError, match="NaN"):
            index([[0.0], [np.nan]], [0, 1])
        with pytest.raises(ValueError, match="inconsistent"):
            index([[0.0], [1.0]], [0, 1, 1])


def test_scores_are_one_row_a_method_and_index():
    methods = {"true": LABELS, "one": np.zeros(12), "each": np.arange(12)}
    scores = score_segmentations(TWELVE, methods)
    assert list(scores) == ["method", "score", "value", "better", "n_segments"]
    assert len(scores) == 3 * 7
    assert set(scores["better"]) == {"lower", "higher"}


def test_every_index_prefers_the_planted_groups(three_groups):
    X, truth = three_groups
    odd = np.arange(len(X)) % 3
    scores = score_segmentations(X, {"planted": truth, "odd": odd})
    value = scores.pivot(index="score", columns="method", values="value")
    lower = scores.drop_duplicates("score").set_index("score")["better"] == "lower"
    assert ((value["planted"] < value["odd"]) == lower.reindex(value.index)).all()
