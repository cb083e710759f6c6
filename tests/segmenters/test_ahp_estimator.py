"""`AHP`: matching of criteria and columns, panels, hierarchies, what is refused."""

import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from research.segmenters import AHP, JudgementError
from research.segmenters.ahp import (
    SCALE,
    aggregate_judgements,
    consistency,
    geometric_weights,
    judgements_of_table,
    priorities,
    read_judgements,
)

NAMES = ["arrears", "delay", "usage"]
MATRIX = [[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]]
CONTRARY = [[1, 3, 1 / 5], [1 / 3, 1, 4], [5, 1 / 4, 1]]
TREE = """\
goal: credit
judged:
  - {by: first, on: 2026-03-01, basis: assumption}
  - {by: second, on: 2026-03-01, basis: assumption}
criteria:
  payment: {criteria: [arrears, delay], pairs: {first: {arrears over delay: 4},
    second: {arrears over delay: 1}}}
  usage:
pairs: {first: {payment over usage: 3}, second: {payment over usage: 3}}
"""


@pytest.fixture
def scores():
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.uniform(0, 100, (30, 3)), columns=NAMES)


def labelled(matrix, names=NAMES):
    return pd.DataFrame(matrix, names, names)


def test_without_judgements_all_columns_weigh_the_same(scores):
    ahp = AHP().fit(scores)
    assert_allclose(ahp.weights_, 1 / 3)
    assert_allclose(ahp.transform(scores)[:, 0], scores.mean(axis=1))
    assert ahp.consistency_.empty
    assert ahp.flags_.empty
    judged = AHP(MATRIX).fit(scores)
    for name in ("hierarchy_", "consistency_", "flags_"):
        assert list(getattr(ahp, name)) == list(getattr(judged, name))


@pytest.mark.parametrize("method", ["eigenvector", "geometric"])
def test_the_weights_are_those_of_the_matrix(scores, method):
    ahp = AHP(MATRIX, method=method).fit(scores)
    assert_allclose(ahp.weights_, priorities(MATRIX, method))
    assert_allclose(ahp.transform(scores)[:, 0], scores.to_numpy() @ ahp.weights_)


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(NAMES))
def test_columns_find_their_criteria_in_any_order(order):
    scores = pd.DataFrame([[1.0, 2.0, 3.0], [4.0, 1.0, 1.0]], columns=NAMES)
    straight = AHP(labelled(MATRIX)).fit(scores)
    moved = AHP(labelled(MATRIX)).fit(scores[order])
    assert dict(zip(order, moved.weights_, strict=True)) == pytest.approx(
        dict(zip(NAMES, straight.weights_, strict=True))
    )
    assert_allclose(moved.transform(scores[order]), straight.transform(scores))


def test_the_values_and_the_order_of_the_customers_teach_nothing(scores):
    weights = AHP(labelled(MATRIX)).fit(scores).weights_
    for other in (scores.iloc[::-1], 1000 * scores, scores.iloc[:1]):
        assert_allclose(AHP(labelled(MATRIX)).fit(other).weights_, weights)


def test_a_weighted_sum_stays_within_the_row(scores):
    found = AHP(labelled(MATRIX)).fit_transform(scores)[:, 0]
    assert (found >= scores.min(axis=1)).all()
    assert (found <= scores.max(axis=1)).all()


def test_criteria_and_columns_that_do_not_meet_are_all_named(scores):
    renamed = scores.rename(columns={"delay": "dely", "usage": "tenure"})
    with pytest.raises(JudgementError) as caught:
        AHP(labelled(MATRIX)).fit(renamed)
    message = str(caught.value)
    assert "criterion 'delay' is no known feature; did you mean 'dely'?" in message
    assert "criterion 'usage' is no known feature" in message
    assert "column 'tenure' of X has no judgement" in message


def test_an_array_wants_as_many_columns_as_criteria(scores):
    with pytest.raises(JudgementError, match="3 criteria for 2 columns of X"):
        AHP(MATRIX).fit(scores.to_numpy()[:, :2])
    by_position = AHP(labelled(MATRIX)).fit(scores.to_numpy())
    assert_allclose(by_position.weights_, priorities(MATRIX))


def test_contradictions_are_flagged_or_refused(scores):
    ahp = AHP(labelled(CONTRARY)).fit(scores)
    (flag,) = ahp.flags_.to_dict("records")
    assert flag["flag"] == "inconsistent"
    assert "above 0.1 (saaty1980)" in flag["note"]
    assert "the others imply" in flag["note"]
    assert not ahp.consistency_["consistent"].item()
    with pytest.raises(JudgementError, match=r"CR \d\.\d+ is above 0\.1"):
        AHP(labelled(CONTRARY), on_inconsistent="refuse").fit(scores)
    assert AHP(labelled(MATRIX), on_inconsistent="refuse").fit(scores).flags_.empty


def test_the_flag_says_which_value_would_leave_which_ratio():
    a, b, c = "abc"
    judged = pd.DataFrame(
        [[1, 2, 9], [1 / 2, 1, 1 / 3], [1 / 9, 3, 1]], [a, b, c], [a, b, c]
    )
    ahp = AHP(judged).fit(pd.DataFrame([[1.0, 2.0, 3.0]], columns=[a, b, c]))
    (flag,) = ahp.flags_.to_dict("records")
    found = re.search(
        r"(\w) over (\w) is .*; with ([\d/]+) there CR would be (\d\.\d+)", flag["note"]
    )
    first, second, value = found[1], found[2], float(Fraction(found[3]))
    judged.loc[first, second], judged.loc[second, first] = value, 1 / value
    mended = consistency(judged)
    assert mended.cr == pytest.approx(float(found[4]), abs=6e-4)
    assert mended.cr < ahp.consistency_["cr"].item()


def test_columns_of_one_name_are_refused():
    judged = pd.DataFrame([[1, 3], [1 / 3, 1]], ["a", "b"], ["a", "b"])
    X = pd.DataFrame([[1.0, 2.0, 3.0]], columns=["a", "b", "b "])
    with pytest.raises(JudgementError, match="'b' stands 2 times"):
        AHP(judged).fit(X)


def test_the_named_table_and_the_limit_decide_what_is_inconsistent(scores):
    matrix = [[1, 2, 8], [1 / 2, 1, 2], [1 / 8, 1 / 2, 1]]  # CR .0462 or .0545
    for table, cr in (("saaty1980", 0.0462), ("donegan_dodd1991", 0.0545)):
        found = AHP(matrix, random_index=table, max_ratio=0.05).fit(scores)
        assert found.consistency_["cr"].item() == pytest.approx(cr, abs=1e-4)
        assert found.consistency_["consistent"].item() == (cr <= 0.05)


def test_a_panel_in_a_tree_is_weighed_by_hand(tmp_path, scores):
    path = tmp_path / "credit.yaml"
    path.write_text(TREE, "utf-8")
    ahp = AHP(path).fit(scores)
    # payment 3/4; below it the mean of 4 and 1 is 2
    assert_allclose(ahp.weights_, [1 / 2, 1 / 4, 1 / 4])
    assert [judge.by for judge in ahp.judgements_.judges] == ["first", "second"]
    table = ahp.consistency_
    assert table["judge"].tolist() == ["panel", "first", "second"] * 2
    assert table.loc[table["used"], "judge"].tolist() == ["panel", "panel"]
    assert (table["cr"] == 0).all()
    mean = AHP(path, group="aip_arithmetic").fit(scores)
    assert_allclose(mean.weights_, [0.75 * 0.65, 0.75 * 0.35, 0.25])
    assert mean.consistency_["used"].all()
    same = AHP(read_judgements(path, known=NAMES)).fit(scores)
    assert_frame_equal(same.hierarchy_, ahp.hierarchy_)


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.sampled_from(SCALE), min_size=6, max_size=6))
def test_both_ways_to_a_common_opinion_agree_on_geometric_means(values):
    matrices = []
    for a, b, c in (values[:3], values[3:]):
        matrices.append([[1, a, b], [1 / a, 1, c], [1 / b, 1 / c, 1]])
    each = np.log([geometric_weights(matrix) for matrix in matrices]).mean(axis=0)
    together = geometric_weights(aggregate_judgements(matrices))
    assert_allclose(together, np.exp(each) / np.exp(each).sum())


def test_a_contradicting_judge_is_flagged_but_only_the_panel_is_refused(scores):
    votes = [judgements_of_table(labelled(m)) for m in (MATRIX, MATRIX, CONTRARY)]
    judges = [type(votes[0].judges[0])(by=name) for name in ("x", "y", "z")]
    comparison = votes[0].comparisons[0]
    matrices = np.concatenate([vote.comparisons[0].matrices for vote in votes])
    panel = type(votes[0])(
        "panel.csv",
        "goal",
        tuple(judges),
        (type(comparison)("goal", comparison.children, matrices),),
        {},
        votes[0].flags,
    )
    ahp = AHP(panel, max_ratio=0.3, on_inconsistent="refuse").fit(scores)
    assert ahp.flags_["judge"].tolist() == ["z"]
    with pytest.raises(JudgementError, match="judged by z"):
        AHP(panel, max_ratio=0.3, on_inconsistent="refuse", group="aip_geometric").fit(
            scores
        )


def test_a_scale_kept_strictly_is_kept_for_judgements_already_read(scores):
    far = labelled([[1, 15, 5], [1 / 15, 1, 1 / 3], [1 / 5, 3, 1]])
    assert "off_scale" in set(AHP(far).fit(scores).flags_["flag"])
    for judgements in (far, judgements_of_table(far)):
        with pytest.raises(JudgementError, match="outside the scale 1/9 to 9"):
            AHP(judgements, strict_scale=True).fit(scores)


def test_sixteen_criteria_are_measured_against_a_simulation():
    n = 16
    weights = np.arange(1, n + 1.0)
    matrix = weights[:, None] / weights[None, :]
    ahp = AHP(matrix, random_state=1).fit(np.ones((1, n)))
    assert_allclose(ahp.weights_, weights / weights.sum())
    assert ahp.consistency_["random_index"].item() == pytest.approx(1.6, abs=0.02)
    again = AHP(matrix, random_state=1).fit(np.ones((1, n)))
    assert_frame_equal(again.consistency_, ahp.consistency_)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"method": "mean"}, "method must be one of"),
        ({"random_index": "saaty"}, "random_index must be one of"),
        ({"max_ratio": 0}, "max_ratio must be a number above 0"),
        ({"on_inconsistent": "warn"}, "on_inconsistent must be one of"),
        ({"strict_scale": "yes"}, "strict_scale must be True or False"),
        ({"group": "mean"}, "group must be one of"),
    ],
)
def test_what_is_no_setting_is_refused_at_fit(scores, setting, sentence):
    with pytest.raises(ValueError, match=sentence):
        AHP(**setting).fit(scores)


@pytest.mark.parametrize("bad", [[[1, 2], [3, 1]], [[1, 2]], [1], "no.csv", [[0]]])
def test_judgements_that_are_none_are_refused(scores, bad):
    with pytest.raises(JudgementError):
        AHP(bad).fit(scores)


def test_it_works_in_a_pipeline_and_in_frames(scores):
    pipeline = make_pipeline(MinMaxScaler(), AHP(MATRIX)).set_output(transform="pandas")
    found = pipeline.fit_transform(scores)
    assert found.columns.tolist() == ["ahp_score"]
    assert found.index.equals(scores.index)
    copy = clone(AHP(judgements_of_table(MATRIX)))
    assert_allclose(copy.fit(scores).weights_, priorities(MATRIX))


def test_missing_values_are_refused(scores):
    scores.iloc[3, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        AHP(labelled(MATRIX)).fit(scores)
