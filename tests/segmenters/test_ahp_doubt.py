"""Panels, margins, other weightings, trees and sensitivity: hand-computed and laws."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.stats import entropy, spearmanr

from research.segmenters import JudgementError
from research.segmenters.ahp import (
    SCALE,
    aggregate_judgements,
    aggregate_priorities,
    check_matrix,
    compare_weightings,
    dirichlet_weights,
    disagreement,
    entropy_weights,
    equal_weights,
    fuzzy_weights,
    geometric_weights,
    global_weights,
    judge_report,
    leaf_weights,
    mix_weights,
    perturbed_weights,
    rank_acceptability,
    rank_correlation,
    reversal_points,
    sweep_weight,
    synthesize,
    top_list,
    top_list_stability,
    top_share_overlap,
    triangular,
    weigh_hierarchy,
)


def of(a, b, c):
    return np.array([[1, a, b], [1 / a, 1, c], [1 / b, 1 / c, 1]])


three = st.builds(of, *[st.sampled_from(SCALE)] * 3)
positive = arrays(
    np.float64,
    st.tuples(st.integers(2, 12), st.integers(1, 5)),
    elements=st.floats(0, 1e6),
)
shares = st.lists(st.floats(0.01, 1), min_size=3, max_size=3).map(
    lambda w: np.array(w) / sum(w)
)
tables = arrays(np.float64, (5, 3), elements=st.integers(0, 20).map(float))


# Panels


@settings(max_examples=40, deadline=None)
@given(matrices=st.lists(three, min_size=1, max_size=4), weights=st.floats(0.1, 9))
def test_the_mean_of_judgements_is_reciprocal_and_between_them(matrices, weights):
    found = aggregate_judgements(matrices, [weights, *[1.0] * (len(matrices) - 1)])
    assert_allclose(found * found.T, 1)
    check_matrix(found)
    assert (found <= np.max(matrices, axis=0) * (1 + 1e-9)).all()
    assert (found >= np.min(matrices, axis=0) * (1 - 1e-9)).all()


@settings(max_examples=30, deadline=None)
@given(first=three, second=three)
def test_a_judge_of_weight_two_counts_as_two_judges(first, second):
    assert_allclose(
        aggregate_judgements([first, second], [2, 1]),
        aggregate_judgements([first, first, second]),
    )
    each = [geometric_weights(first), geometric_weights(second)]
    for how in ("geometric", "arithmetic"):
        assert_allclose(
            aggregate_priorities(each, [2, 1], how),
            aggregate_priorities([each[0], *each], how=how),
        )


def test_a_gap_of_one_judge_is_left_to_the_others():
    gap = of(2, 3, 4)
    gap[0, 1] = gap[1, 0] = np.nan
    found = aggregate_judgements([gap, of(8, 3, 1)])
    assert found[0, 1] == pytest.approx(8)
    assert found[1, 2] == pytest.approx(2)


def test_disagreement_by_hand():
    apart = disagreement([of(2, 3, 1), of(8, 3, 1), of(4, 3, 1)], list("abc"), "xyz")
    first = apart.iloc[0]
    assert (first["row"], first["column"]) == ("a", "b")
    assert first["geometric_mean"] == pytest.approx(4)
    assert first["geometric_sd"] == pytest.approx(2 ** np.sqrt(2 / 3))
    assert (first["lowest"], first["highest"]) == (2, 8)
    assert apart["geometric_sd"].iloc[1:].tolist() == pytest.approx([1, 1])
    assert apart["farthest"].isna().tolist() == [False, True, True]


def test_the_judge_who_stands_apart_is_named_first():
    panel = [of(3, 5, 2), of(3, 4, 2), of(1 / 3, 1 / 5, 2), of(2, 5, 2)]
    report = judge_report(panel, ["w", "x", "y", "z"], [1, 1, 5, 1])
    assert report["judge"].iloc[0] == "y"
    assert report["apart"].iloc[0] > 2
    assert report["share"].sum() == pytest.approx(1)
    assert (report.set_index("judge")["cr"][["w", "x", "z"]] < 0.1).all()
    assert report.set_index("judge").loc["y", "cr"] > 0.1


def test_one_judge_alone_is_apart_from_nobody():
    report = judge_report([of(3, 5, 2)])
    assert np.isnan(report["apart"].item())
    assert report["n_judged"].item() == 3


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: aggregate_judgements([of(1, 2, 3)], [0]), "numbers above 0"),
        (lambda: aggregate_judgements([of(1, 2, 3)], [1, 1]), "weights must be 1 num"),
        (lambda: aggregate_judgements([of(1, 2, 3), [[1]]]), "all of one size"),
        (lambda: aggregate_priorities([[0.5, 0]]), "numbers above 0"),
        (lambda: aggregate_priorities([[1]], how="median"), "how must be one of"),
    ],
)
def test_what_is_no_panel_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


# Margins


@settings(max_examples=40, deadline=None)
@given(matrix=three, spread=st.floats(0, 3))
def test_triangles_match_their_counterparts_and_hold_the_judgement(matrix, spread):
    lower, modal, upper = triangular(matrix, spread)
    assert_allclose(lower * upper.T, 1)
    assert (lower <= modal).all()
    assert (modal <= upper).all()
    weights = fuzzy_weights(lower, modal, upper)
    assert_allclose(weights.modal, geometric_weights(matrix))
    assert (weights.lower <= weights.modal + 1e-12).all()
    assert (weights.modal <= weights.upper + 1e-12).all()
    assert weights.crisp.sum() == pytest.approx(1)
    assert (weights.crisp > 0).all()  # extent analysis gives zeros here


def test_without_a_margin_the_weights_are_the_geometric_means():
    weights = fuzzy_weights(*triangular(of(3, 5, 2), 0))
    for found in weights:
        assert_allclose(found, geometric_weights(of(3, 5, 2)))


def test_fuzzy_weights_by_hand():
    weights = fuzzy_weights(*triangular([[1, 3], [1 / 3, 1]]))
    low, high = np.sqrt([2, 1 / 4]), np.sqrt([4, 1 / 2])
    assert_allclose(weights.lower, low / high.sum())
    assert_allclose(weights.upper, high / low.sum())
    assert_allclose(weights.modal, [0.75, 0.25])


@pytest.mark.parametrize(
    ("triangles", "sentence"),
    [
        (([[1, 4], [1 / 4, 1]], [[1, 3], [1 / 3, 1]], [[1, 5], [1 / 2, 1]]), "rise"),
        (([[1, 2], [1 / 4, 1]], [[1, 3], [1 / 3, 1]], [[1, 5], [1 / 2, 1]]), "must be"),
        (([[1]], [[1, 3], [1 / 3, 1]], [[1]]), "one shape"),
    ],
)
def test_triangles_that_are_none_are_refused(triangles, sentence):
    with pytest.raises(JudgementError, match=sentence):
        fuzzy_weights(*triangles)


# Weights from data


@settings(max_examples=60, deadline=None)
@given(X=positive)
def test_entropy_weights_agree_with_scipy_and_sum_to_1(X):
    varied = np.ptp(X, axis=0) > 1e-12 * X.max(axis=0)
    if not varied.any():
        with pytest.raises(ValueError, match="constant"):
            entropy_weights(X)
        return
    found = entropy_weights(X)
    assert found.sum() == pytest.approx(1)
    assert (found[~varied] == 0).all()
    safe = X[:, varied] / X[:, varied].max(axis=0)
    gain = 1 - entropy(safe, axis=0) / np.log(len(X))
    if gain.sum() > 1e-9:
        assert_allclose(found[varied], gain / gain.sum(), atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(X=positive, seed=st.integers(0, 9), factor=st.floats(1e-3, 1e3))
def test_entropy_knows_neither_order_nor_unit_of_the_rows(X, seed, factor):
    X = X + np.arange(len(X))[:, None]
    order = np.random.default_rng(seed).permutation(len(X))
    weights = entropy_weights(X)
    assert_allclose(entropy_weights(X[order]), weights, atol=1e-9)
    scaled = X * np.r_[factor, np.ones(X.shape[1] - 1)]
    assert_allclose(entropy_weights(scaled), weights, atol=1e-6)


def test_entropy_weights_by_hand():
    # (1/4, 3/4): H = 2 - 3/4 log2 3; (1/2, 1/2): 1, no information; (0, 1): 0
    X = pd.DataFrame({"a": [1, 3], "b": [2, 2], "c": [0, 5]}, dtype=float)
    gain = 1 - (2 - 0.75 * np.log2(3))
    expected = np.array([gain, 0, 1]) / (gain + 1)
    assert_allclose(entropy_weights(X), expected)
    assert entropy_weights(X).index.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("X", "sentence"),
    [
        ([[1, 2]], "at least two rows"),
        ([[1, -2], [1, 2]], "Column 1 has -2 in row 0"),
        ([[1, np.nan], [1, 2]], "Column 1 has nan"),
        ([[0, 2], [0, 2]], "all 2 are constant"),
    ],
)
def test_data_without_entropy_weights_are_refused(X, sentence):
    with pytest.raises(ValueError, match=sentence):
        entropy_weights(X)


@settings(max_examples=40, deadline=None)
@given(first=shares, second=shares, share=st.floats(0.01, 1))
def test_mixtures_sum_to_1_and_equal_weights_change_no_product(first, second, share):
    for how in ("product", "linear"):
        assert mix_weights(first, second, how, share=share).sum() == pytest.approx(1)
    assert_allclose(mix_weights(first, equal_weights(3)), first)
    assert_allclose(mix_weights(first, second, "linear", share=1.0), first)
    assert_allclose(mix_weights(first, second), mix_weights(second, first))


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        (([1, 0], [0, 1]), "their product is 0"),
        (([1, 0], [1]), "same criteria"),
        (([1, -1], [1, 1]), "not all 0"),
        (([0, 0], [1, 1]), "not all 0"),
    ],
)
def test_what_has_no_mixture_is_refused(weights, sentence):
    with pytest.raises(ValueError, match=sentence):
        mix_weights(*weights)


@settings(max_examples=60, deadline=None)
@given(
    scores=st.lists(st.integers(0, 5).map(float), min_size=1, max_size=20),
    share=st.floats(0.01, 1),
    seed=st.integers(0, 9),
)
def test_the_top_list_has_its_places_whatever_the_order(scores, share, seed):
    scores = np.array(scores)
    found = top_list(scores, share)
    assert found.sum() == pytest.approx(np.ceil(share * len(scores) - 1e-9))
    assert top_share_overlap(scores, scores, share) == pytest.approx(1)
    order = np.random.default_rng(seed).permutation(len(scores))
    assert_allclose(top_list(scores[order], share), found[order])


def test_overlap_and_correlation_by_hand():
    assert top_share_overlap([5, 4, 3, 2, 1], [1, 2, 3, 4, 5], 0.4) == 0
    assert rank_correlation([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)
    assert np.isnan(rank_correlation([1, 1], [1, 2]))
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 9, (2, 50))
    expected = spearmanr(first, second).statistic
    assert rank_correlation(first, second) == pytest.approx(expected)


def test_weightings_are_compared_in_pairs():
    X = np.random.default_rng(0).uniform(size=(40, 2))
    found = compare_weightings(X, {"a": [1, 0], "b": [0, 1], "c": [2, 0]}, 0.2)
    assert found[["first", "second"]].values.tolist() == [
        ["a", "b"],
        ["a", "c"],
        ["b", "c"],
    ]
    assert found.loc[1, ["spearman", "top_overlap"]].tolist() == pytest.approx([1, 1])
    assert found.loc[0, "top_overlap"] < 0.7


# Trees


def test_a_circle_of_nodes_is_refused():
    local = {"a": pd.Series({"b": 1.0}), "b": pd.Series({"a": 1.0})}
    with pytest.raises(ValueError, match="circle"):
        global_weights(local, "a")
    with pytest.raises(ValueError, match="root 'c' has no children"):
        global_weights(local, "c")


def test_a_lowest_criterion_below_two_nodes_gets_the_sum():
    local = {
        "goal": pd.Series({"x": 0.5, "y": 0.5}),
        "x": pd.Series({"a": 1.0}),
        "y": pd.Series({"a": 0.25, "b": 0.75}),
    }
    found = leaf_weights(global_weights(local, "goal"))
    assert found.to_dict() == pytest.approx({"a": 0.625, "b": 0.375})


@settings(max_examples=20, deadline=None)
@given(top=three, below=three)
def test_the_lowest_weights_sum_to_1_and_agree_with_the_synthesis(top, below):
    names = ["x", "y", "z"]
    alternatives = ["a", "b", "c"]
    matrices = {"goal": pd.DataFrame(top, names, names)}
    for name, power in zip(names, (1, 0.5, -1), strict=True):
        matrices[name] = pd.DataFrame(below**power, alternatives, alternatives)
    weights, _ = weigh_hierarchy(matrices, "goal", method="geometric")
    leaves = leaf_weights(weights)
    assert leaves.sum() == pytest.approx(1)
    local = [geometric_weights(below**power) for power in (1, 0.5, -1)]
    expected = synthesize(geometric_weights(top), np.transpose(local))
    assert_allclose(leaves[alternatives], expected)


def test_labels_of_another_order_are_refused():
    matrix = pd.DataFrame([[1, 2], [0.5, 1]], ["a", "b"], ["b", "a"])
    with pytest.raises(JudgementError, match="differ in order"):
        weigh_hierarchy({"goal": matrix}, "goal")


@pytest.mark.parametrize(
    "local", [[[1, 0], [1, 0]], [[1, -1], [1, 2]], [[1], [1]], [[np.nan, 1], [1, 1]]]
)
def test_priorities_that_are_none_are_refused(local):
    with pytest.raises(ValueError, match="local_priorities"):
        synthesize([0.5, 0.5], local)


# Sensitivity


def order_at(scores, weights, criterion, weight):
    """Scores when one weight has a value and the others keep their proportions."""
    others = np.delete(weights, criterion)
    if others.sum() == 0:
        others = np.ones(len(others))
    changed = np.insert(others / others.sum() * (1 - weight), criterion, weight)
    return scores @ changed


@settings(max_examples=60, deadline=None)
@given(scores=tables, weights=shares, criterion=st.integers(0, 2))
def test_order_changes_at_the_reversal_points_and_nowhere_else(
    scores, weights, criterion
):
    points = reversal_points(weights, scores, criterion)
    cuts = points["weight"].to_numpy()
    edges = np.unique(np.r_[0, cuts, 1])
    edges = edges[np.r_[True, np.diff(edges) > 1e-6]]
    for start, end in pairwise(edges):
        inside = [start + (end - start) * part for part in (0.1, 0.5, 0.9)]
        signs = [
            np.sign(np.subtract.outer(s, s).round(9))
            for s in (order_at(scores, weights, criterion, w) for w in inside)
        ]
        assert (signs[0] == signs[1]).all()
        assert (signs[1] == signs[2]).all()
    for row in points.to_dict("records"):
        at = order_at(scores, weights, criterion, row["weight"])
        assert at[row["below"]] == pytest.approx(at[row["above"]], abs=1e-9)
        zero, one = (order_at(scores, weights, criterion, w) for w in (0, 1))
        assert zero[row["below"]] >= zero[row["above"]] - 1e-9
        assert one[row["below"]] <= one[row["above"]] + 1e-9


def test_the_leader_changes_where_a_fine_grid_says():
    rng = np.random.default_rng(3)
    scores, weights = rng.uniform(size=(12, 4)), np.array([0.4, 0.3, 0.2, 0.1])
    points = reversal_points(weights, scores, 1, leader_only=True)
    grid = np.linspace(0, 1, 20001)
    sweep = sweep_weight(weights, scores, 1, grid).to_numpy()
    changes = np.flatnonzero(np.diff(sweep.argmax(axis=1)))
    assert_allclose(
        points["weight"], (grid[changes] + grid[changes + 1]) / 2, atol=1e-4
    )
    assert points["below"].tolist() == sweep.argmax(axis=1)[changes].tolist()
    assert_allclose(points["distance"], points["weight"] - 0.3)


def test_a_sweep_passes_through_the_present_scores():
    scores = pd.DataFrame([[1.0, 0.0, 3.0], [0.0, 2.0, 1.0]], ["x", "y"], list("abc"))
    sweep = sweep_weight([0.5, 0.3, 0.2], scores, "b", [0.3])
    assert_allclose(sweep.loc[0.3], scores @ [0.5, 0.3, 0.2])
    assert sweep.columns.tolist() == ["x", "y"]
    alone = sweep_weight([0, 1, 0], scores, "b", [0.0])
    assert_allclose(alone.loc[0.0], [2, 0.5])  # the others share equally


@pytest.mark.parametrize(
    ("weights", "criterion", "sentence"),
    [
        ([0.5, 0.5], "z", "criterion must be"),
        ([0.5, 0.5], 2, "criterion must be"),
        ([0.5, 0.6], 0, "sum to 1"),
        ([1.0], 0, "one column a weight"),
    ],
)
def test_what_can_not_be_swept_is_refused(weights, criterion, sentence):
    with pytest.raises(ValueError, match=sentence):
        sweep_weight(weights, [[1.0, 2.0]], criterion)


def test_random_weights_have_the_mean_and_spread_that_is_stated():
    weights = np.array([0.5, 0.3, 0.2, 0.0])
    draws = dirichlet_weights(weights, 50, 20000, random_state=0)
    assert_allclose(draws.sum(axis=1), 1)
    assert_allclose(draws.mean(axis=0), weights, atol=0.003)
    assert_allclose(
        draws.std(axis=0), np.sqrt(weights * (1 - weights) / 51), atol=0.002
    )
    again = dirichlet_weights(weights, 50, 20000, random_state=0)
    assert_allclose(again, draws)


def test_moved_judgements_are_those_of_the_moved_matrix():
    matrix = of(3, 5, 2)
    draws = perturbed_weights(matrix, 1.5, 50, random_state=4)
    moves = np.random.default_rng(4).normal(0, np.log(1.5), (50, 3))
    rows, columns = np.triu_indices(3, 1)
    for draw, move in zip(draws, moves, strict=True):
        moved = matrix.copy()
        moved[rows, columns] *= np.exp(move)
        moved[columns, rows] = 1 / moved[rows, columns]
        assert_allclose(draw, geometric_weights(moved))


@settings(max_examples=40, deadline=None)
@given(scores=tables, seed=st.integers(0, 9))
def test_acceptabilities_sum_to_1_by_rank_and_by_alternative(scores, seed):
    draws = dirichlet_weights([0.5, 0.3, 0.2], 20, 40, random_state=seed)
    found = rank_acceptability(scores, draws)
    assert_allclose(found.sum(axis=0), 1)
    assert_allclose(found.sum(axis=1), 1)
    order = np.random.default_rng(seed).permutation(5)
    assert_allclose(rank_acceptability(scores[order], draws), found.to_numpy()[order])


def test_equal_alternatives_share_their_ranks():
    found = rank_acceptability([[1.0], [2.0], [1.0]], [[1.0]])
    assert found.to_numpy().tolist() == [[0, 0.5, 0.5], [1, 0, 0], [0, 0.5, 0.5]]


def test_the_same_weights_keep_the_whole_list_and_firm_ones_most_of_it():
    scores = pd.DataFrame(np.random.default_rng(0).uniform(size=(200, 3)))
    weights = [0.5, 0.3, 0.2]
    kept, chances = top_list_stability(scores, weights, [weights], 0.2)
    assert kept.tolist() == [1.0]
    assert chances.sum() == pytest.approx(40)
    shares = [
        top_list_stability(
            scores, weights, dirichlet_weights(weights, c, 200, random_state=1)
        )[0].mean()
        for c in (5, 50, 5000)
    ]
    assert shares == sorted(shares)
    assert shares[-1] > 0.9 > shares[0]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: dirichlet_weights([1.0], 0), "concentration"),
        (lambda: dirichlet_weights([1.0], 5, 0), "n_draws"),
        (lambda: perturbed_weights([[1]], 1.0), "factor"),
        (lambda: rank_acceptability(np.ones((501, 1)), [[1.0]]), "at most 500"),
        (lambda: rank_acceptability([[1.0]], [1.0]), "one row a draw"),
        (lambda: reversal_points([1.0], np.ones((501, 1)), 0), "at most 500"),
        (lambda: top_list([1.0], 0), "share must be"),
        (lambda: top_list([np.nan]), "not finite"),
        (lambda: rank_correlation([1.0], [1.0, 2.0]), "1 and 2 rows"),
    ],
)
def test_what_can_not_be_drawn_or_ranked_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
