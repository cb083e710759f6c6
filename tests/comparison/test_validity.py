import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

from research.comparison import (
    clustering_dispersion_indicator,
    davies_bouldin_rms,
    describe_scores,
    mean_index_adequacy,
    missed_share,
    modified_dunn_index,
    scatter_index,
    score_segmentations,
    silhouette,
    similarity_matrix_indicator,
    simplified_silhouette,
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
    modified_dunn_index,
    scatter_index,
    silhouette,
    simplified_silhouette,
    similarity_matrix_indicator,
]
WITH_A_UNIT = {mean_index_adequacy, similarity_matrix_indicator}


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (mean_index_adequacy, 2**0.5),
        (clustering_dispersion_indicator, 2**0.5 / 4),
        (davies_bouldin_rms, (1 / 2 + 3 / 72**0.5 + 1 / 2) / 3),
        (within_between_ratio, (4 + 4 + 16) / (36 + 36 + 72)),
        (modified_dunn_index, 2 / 6),
        # about (2, 2): 4 * 8 + 4, 4 * 20 + 4, 4 * 20 + 16 over 8 + 20 + 20
        (scatter_index, (36 + 84 + 96) / (8 + 20 + 20)),
        # 1 > .2 * 0 in the first, 1 < .2 * 36 and 4 < .2 * 36 in the others
        (missed_share, 4 / 12),
        (similarity_matrix_indicator, 1 / (1 - 1 / np.log(6))),
        (calinski_harabasz_score, (4 * (8 + 20 + 20) / 2) / (24 / 9)),
    ],
)
def test_indices_by_hand(index, expected):
    assert index(TWELVE, LABELS) == pytest.approx(expected)


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
    for index in [*INDICES, missed_share]:
        expected = pytest.approx(index(X, labels))
        assert index(X, renamed) == expected
        assert index(X[::-1], labels[::-1]) == expected
        assert index(X, [f"segment {label}" for label in labels]) == expected


@settings(max_examples=25, deadline=None)
@given(segmentations(), st.floats(0.1, 100))
def test_ratios_do_not_know_the_unit(case, factor):
    X, labels = case
    for index in set(INDICES) - WITH_A_UNIT:
        assert index(factor * X + 3, labels) == pytest.approx(index(X, labels))
    assert missed_share(factor * X, labels) == missed_share(X, labels)
    for index in WITH_A_UNIT:
        assert index(X - 3, labels) == pytest.approx(index(X, labels))
    mia = mean_index_adequacy(factor * X + 3, labels)
    assert mia == pytest.approx(factor * mean_index_adequacy(X, labels))


def test_far_from_the_origin_no_digit_is_lost(three_groups):
    X, truth = three_groups
    for index in INDICES:
        assert index(X + 1e7, truth) == pytest.approx(index(X, truth))


def test_one_segment_has_a_mia_and_nothing_else():
    assert mean_index_adequacy(TWELVE, np.zeros(12)) > 0
    for index in INDICES[1:]:
        assert np.isnan(index(TWELVE, np.zeros(12)))


def test_coinciding_means_are_infinitely_bad():
    X, labels = [[-1.0], [1.0], [-2.0], [2.0]], [0, 0, 1, 1]
    for index in INDICES[1:6]:
        assert index(X, labels) == np.inf


def test_segments_of_single_points_are_infinitely_compact():
    assert mean_index_adequacy([[0.0], [3.0]], [0, 1]) == 0
    assert davies_bouldin_rms([[0.0], [3.0]], [0, 1]) == 0
    assert modified_dunn_index([[0.0], [3.0]], [0, 1]) == 0
    assert missed_share([[0.0], [3.0]], [0, 1], theta=0) == 0
    assert np.isnan(silhouette([[0.0], [3.0]], [0, 1]))


def test_missing_values_and_lengths_that_differ_are_refused():
    for index in INDICES:
        with pytest.raises(ValueError, match="NaN"):
            index([[0.0], [np.nan]], [0, 1])
        with pytest.raises(ValueError, match="inconsistent"):
            index([[0.0], [1.0]], [0, 1, 1])


def test_scores_are_one_row_a_method_and_index():
    methods = {"true": LABELS, "one": np.zeros(12), "each": np.arange(12)}
    scores = score_segmentations(TWELVE, methods)
    assert list(scores) == [
        "method", "score", "value", "better", "n_segments", "flag",
    ]  # fmt: skip
    assert len(scores) == 3 * 12
    assert set(scores["better"]) == {"lower", "higher"}
    assert set(scores.loc[scores["flag"] != "", "score"]) == {"SMI"}


def test_every_score_is_told_and_none_claims_to_choose_a_number():
    told = describe_scores()
    scores = score_segmentations(TWELVE, {"true": LABELS})
    assert list(told.index) == scores["score"].tolist()
    assert told["use"].str.startswith("ranks methods at one number of segments").all()


def test_scores_of_the_table_are_the_functions(three_groups):
    X, truth = three_groups
    value = score_segmentations(X, {"m": truth}).set_index("score")["value"]
    assert value["MIA"] == mean_index_adequacy(X, truth)
    assert value["CDI"] == clustering_dispersion_indicator(X, truth)
    assert value["DBI (RMS)"] == davies_bouldin_rms(X, truth)
    assert value["MDI"] == modified_dunn_index(X, truth)
    assert value["SI"] == scatter_index(X, truth)
    assert value["WCBCR"] == within_between_ratio(X, truth)
    assert value["VRSE"] == missed_share(X, truth)
    assert value["SMI"] == similarity_matrix_indicator(X, truth)
    assert value["silhouette"] == silhouette(X, truth)
    assert value["simplified silhouette"] == simplified_silhouette(X, truth)


@settings(max_examples=25, deadline=None)
@given(segmentations())
def test_scores_that_scikit_learn_has_are_its_own(case):
    X, labels = case
    value = score_segmentations(X, {"m": labels}).set_index("score")["value"]
    ours = value["DBI (mean, scikit-learn)"]
    assert ours == pytest.approx(davies_bouldin_score(X, labels))
    assert value["VRC"] == pytest.approx(calinski_harabasz_score(X, labels))


def test_every_index_but_the_flagged_one_prefers_the_planted_groups(three_groups):
    X, truth = three_groups
    odd = np.arange(len(X)) % 3
    scores = score_segmentations(X, {"planted": truth, "odd": odd})
    value = scores.pivot(index="score", columns="method", values="value")
    lower = scores.drop_duplicates("score").set_index("score")["better"] == "lower"
    agrees = (value["planted"] < value["odd"]) == lower.reindex(value.index)
    assert set(agrees.index[~agrees]) == {"SMI"}  # why it carries a warning


# Segments of 2, 4 and 6 points, so that every shortcut shows.
UNEVEN = np.repeat([0, 1, 2], [2, 4, 6])
TWELVE_UNEVEN = np.vstack(
    [
        np.array([[1, 0], [-1, 0]]),
        CROSS + np.array([6, 0]),
        2 * np.vstack([CROSS, [[1, 0], [-1, 0]]]) + np.array([0, 6]),
    ]
)


def test_the_definition_and_five_that_are_published_under_its_name():
    X, labels = TWELVE_UNEVEN, UNEVEN
    segments = [X[labels == label] for label in range(3)]
    means = np.array([segment.mean(axis=0) for segment in segments])
    squares = [((s - m) ** 2).sum() for s, m in zip(segments, means, strict=True)]
    # dhat^2 is 2 / 2, 4 / 4 and 24 / 6; the means lie 16 (squared) from theirs.
    assert squares == [2, 4, 24]
    mia, spread = np.sqrt((1 + 1 + 4) / 3), np.sqrt((8 + 20 + 20) / 3)
    assert mean_index_adequacy(X, labels) == pytest.approx(mia)
    cdi = clustering_dispersion_indicator(X, labels)
    assert cdi == pytest.approx(mia / spread)

    def pairs(points):
        """Half the mean of squares over pairs i < j: 1 / (n (n - 1))."""
        n = len(points)
        return ((points[:, None] - points) ** 2).sum() / 2 / n / (n - 1)

    global_spread = np.sqrt(((means - X.mean(axis=0)) ** 2).sum(axis=1).mean())
    no_square = np.mean(
        [
            np.linalg.norm(s - m, axis=1).mean() ** 0.5
            for s, m in zip(segments, means, strict=True)
        ]
    )
    wrong = {
        "mean over pairs": np.sqrt(np.mean([pairs(s) for s in segments]))
        / np.sqrt(pairs(means)),
        "mean of all points for that of the means": mia / global_spread,
        "square missing": no_square / spread,
        "1 / n_k missing": np.sqrt(np.mean(squares)) / spread,
        "root of the mean over points": np.sqrt(sum(squares) / 12) / spread,
    }
    for value in wrong.values():
        assert abs(value / cdi - 1) > 0.01


@settings(max_examples=25, deadline=None)
@given(segmentations())
def test_new_indices_by_their_definitions(case):
    X, labels = case
    segments = [X[labels == label] for label in np.unique(labels)]
    means = np.array([segment.mean(axis=0) for segment in segments])
    between = [
        np.linalg.norm(means[i] - means[j]) for i in range(len(means)) for j in range(i)
    ]
    mdi = max(map(dhat, segments)) / min(between)
    assert modified_dunn_index(X, labels) == pytest.approx(mdi)
    p = X.mean(axis=0)
    si = ((X - p) ** 2).sum() / ((means - p) ** 2).sum()
    assert scatter_index(X, labels) == pytest.approx(si)
    smi = max(1 / (1 - 1 / np.log(d)) for d in between)
    assert similarity_matrix_indicator(X, labels) == pytest.approx(smi)
    missed = [
        ((x - m) ** 2).sum() / (m**2).sum() > 0.5
        for s, m in zip(segments, means, strict=True)
        for x in s
    ]
    assert missed_share(X, labels, 0.5) == pytest.approx(np.mean(missed))


@settings(max_examples=15, deadline=None)
@given(segmentations())
def test_indices_that_fall_with_the_number_fall_when_points_stand_alone(case):
    X, _ = case
    alone = np.arange(len(X))
    for index in (mean_index_adequacy, clustering_dispersion_indicator):
        assert index(X, alone) == 0
    assert within_between_ratio(X, alone) == 0
    assert missed_share(X, alone) == 0
    assert scatter_index(X, alone) == pytest.approx(1)  # its least: all points


def test_the_similarity_indicator_depends_on_the_unit():
    X, labels = np.array([[0.0], [1.0]]), [0, 1]
    assert similarity_matrix_indicator(X, labels) == 0  # ln 1 = 0
    assert similarity_matrix_indicator(X * np.e, labels) == np.inf
    assert similarity_matrix_indicator(X * 2.7, labels) < -100
    assert similarity_matrix_indicator(X * 2.75, labels) > 80
    assert similarity_matrix_indicator(X * 0, labels) == 1
    assert np.isnan(similarity_matrix_indicator(X, [0, 0]))


def test_a_mean_of_zero_meets_only_zeros():
    assert missed_share([[0.0], [0.0]], [0, 0]) == 0
    assert missed_share([[-1.0], [1.0]], [0, 0]) == 1
    with pytest.raises(ValueError, match=r"theta must be at least 0\. Got -1"):
        missed_share([[0.0], [1.0]], [0, 1], theta=-1)
