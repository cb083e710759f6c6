"""Scores and grades: by hand, by law, by the rules of a policy in use."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from research.segmenters import CreditScorer
from research.segmenters.credit import (
    Migration,
    NewCustomer,
    ScoringFunction,
    Veto,
    grade_of,
    limit_migration,
    one_rule,
)

FALLING = ScoringFunction((0, 1), (100, 0))
# The rule in use in a Chinese city: three grades.
MUNICIPAL = {"A": 90, "B": 70, "C": 0}


def customers():
    return pd.DataFrame(
        {
            "late_share": [0.0, 0.05, 0.25, 0.6, 0.0, 0.0],
            "arrears_ratio": [0.0, 0.05, 0.05, 0.9, 0.0, 0.0],
            "tenure_years": [9.0, 9.0, 9.0, 9.0, 0.5, 9.0],
            "n_thefts": [0, 0, 0, 0, 0, 2],
        },
        index=list("abcdef"),
    )


def municipal():
    return CreditScorer(
        {"late_share": 3, "arrears_ratio": 1},
        functions={"late_share": FALLING, "arrears_ratio": FALLING},
        bands=MUNICIPAL,
        vetoes=(Veto("theft", "n_thefts", at_least=1),),
        new_customer=NewCustomer("tenure_years", below=1, best="B"),
        migration=Migration(low=("C",), best="B"),
    ).fit(customers())


def test_scores_by_hand():
    # 100 - 100 (3 late + arrears) / 4
    assert municipal().score_samples(customers()) == pytest.approx(
        [100, 95, 80, 32.5, 100, 100]
    )


def test_grades_of_the_municipal_rule():
    decided = municipal().decide(customers())
    assert decided["name"].tolist() == ["A", "A", "B", "C", "B", "C"]
    assert decided["rule"].tolist() == [
        *["score"] * 4,
        "new customer",
        "theft",
    ]
    assert decided.index.tolist() == list("abcdef")


def test_nobody_climbs_from_c_straight_to_a_and_arrears_bar_a():
    previous = [2, 0, 2, 2, 2, 0]
    decided = municipal().decide(customers(), previous=previous)
    assert decided["name"].tolist() == ["B", "A", "B", "C", "B", "C"]
    assert decided["rule"][["a", "f"]].tolist() == ["held back", "theft"]
    barred = municipal().decide(customers(), in_arrears=[False, True] + [False] * 4)
    assert barred["name"].tolist() == ["A", "B", "B", "C", "B", "C"]
    assert barred["rule"]["b"] == "in arrears"
    both = municipal().decide(
        customers(), previous=previous, in_arrears=[False, True] + [False] * 4
    )
    assert both["name"].tolist() == ["B", "B", "B", "C", "B", "C"]
    assert both["rule"][["a", "b"]].tolist() == ["held back", "in arrears"]


def test_the_first_veto_that_holds_gives_the_reason_and_may_name_a_grade():
    scorer = CreditScorer(
        functions={"late": FALLING},
        bands=MUNICIPAL,
        vetoes=(Veto("one", "events", 1, "B"), Veto("two", "events", 2)),
    )
    X = pd.DataFrame({"late": [0.0, 0.0, 0.0], "events": [1.0, 2.0, np.nan]})
    decided = scorer.fit(X).decide(X)
    assert decided["rule"].tolist() == ["one", "one", "score"]
    assert decided["name"].tolist() == ["B", "B", "A"]


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        (100, 0),
        (90, 0),
        (89.99, 1),
        (80, 1),
        (70, 2),
        (60, 3),
        (50, 4),
        (49.9, 5),
        (0, 5),
    ],
)
def test_a_band_holds_its_least_score(score, grade):
    assert grade_of([score]).item() == grade


def test_rounding_does_not_cost_a_grade():
    points = [ScoringFunction((0.0,), (90.0,))] * 10
    X = np.zeros((1, 10))
    assert CreditScorer(np.full(10, 0.1), functions=points).fit(X).predict(X) == 0


def test_points_lost_sum_to_what_the_score_lacks_and_lead_the_reasons():
    scorer, X = municipal(), customers()
    lost = scorer.lost_points(X)
    assert lost.sum(axis=1).to_numpy() == pytest.approx(100 - scorer.score_samples(X))
    reasons = scorer.reasons(X, n=2)
    assert reasons.loc["d", "reason_1"] == "late_share"
    assert reasons.loc["d", ["lost_1", "lost_2"]].tolist() == pytest.approx([45, 22.5])
    assert reasons.loc["a", "reason_1"] == ""
    assert reasons.loc["a", "lost_1"] == 0


def test_more_reasons_than_indicators_stay_empty():
    X = pd.DataFrame({"late": [0.5]})
    reasons = CreditScorer(functions={"late": FALLING}).fit(X).reasons(X, n=2)
    assert reasons.iloc[0].tolist() == ["late", 50.0, "", 0.0]


def test_a_customer_of_whom_little_is_known_gets_no_grade_unless_vetoed():
    scorer = CreditScorer(
        [1, 3, 0], functions=[FALLING] * 3, vetoes=(Veto("theft", 2, 1),)
    )
    X = np.array([[0.2, np.nan, 0.0], [0.2, np.nan, 1.0], [np.nan, 0.2, 0.0]])
    scorer.fit(X)
    assert np.isnan(scorer.score_samples(X)).tolist() == [True, True, False]
    assert scorer.predict(X).tolist() == [-1, 5, 1]
    assert scorer.decide(X)["rule"].tolist() == ["not graded", "theft", "score"]
    assert scorer.reasons(X)["reason_1"].tolist() == ["", "", "x1"]


def test_what_tells_nobody_apart_is_flagged():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 3.0], "c": [np.nan, np.nan]})
    flags = CreditScorer().fit(X).flags_
    assert flags == ("b: all customers have one value", "c: no customer has a value")


def test_what_nobody_has_costs_nobody_points_even_where_a_gap_has_some():
    """A region without energy is not a region of customers with a middling trend."""
    X = pd.DataFrame({"late": [0.0, 0.5], "trend": [np.nan, np.nan]})
    gap = ScoringFunction((0, 1), (100, 0), missing=70)
    scorer = CreditScorer(
        {"late": 0.9, "trend": 0.1}, functions={"late": FALLING, "trend": gap}
    ).fit(X)
    assert scorer.score_samples(X).tolist() == [100, 50]
    assert scorer.weights_.tolist() == [1, 0]
    assert scorer.reasons(X)["reason_1"].tolist() == ["", "late"]
    assert scorer.flags_ == ("trend: no customer has a value",)
    known = X.assign(trend=[np.nan, 0.0])
    assert scorer.fit(known).score_samples(known) == pytest.approx([97, 55])


@settings(max_examples=40, deadline=None)
@given(
    arrays(float, (12, 3), elements=st.floats(0, 1)),
    st.permutations(range(12)),
)
def test_neither_order_nor_names_of_the_customers_matter(values, order):
    frame = pd.DataFrame(values, columns=list("xyz"))
    renamed = frame.iloc[order].set_axis([f"id{n}" for n in range(12)])
    first = CreditScorer().fit(frame)
    again = CreditScorer().fit(renamed)
    assert (again.predict(renamed) == first.predict(frame)[list(order)]).all()
    assert again.score_samples(renamed) == pytest.approx(
        first.score_samples(frame)[list(order)]
    )


@settings(max_examples=40, deadline=None)
@given(
    arrays(float, (6, 4), elements=st.floats(0, 1)),
    arrays(float, (6, 4), elements=st.floats(0, 1)),
)
def test_a_worse_customer_never_gets_a_better_grade(values, worse):
    scorer = CreditScorer(
        [4, 3, 2, 1], functions=[FALLING] * 4, vetoes=(Veto("veto", 3, 0.9),)
    ).fit(values)
    further = np.minimum(values + worse, 1)
    assert (scorer.predict(further) >= scorer.predict(values)).all()
    assert (scorer.score_samples(further) <= scorer.score_samples(values) + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(arrays(float, (8, 2), elements=st.floats(0, 1)), st.floats(0.1, 50))
def test_only_the_ratios_of_the_weights_matter(values, times):
    one = CreditScorer([2, 1], functions=[FALLING] * 2).fit(values)
    other = CreditScorer([2 * times, times], functions=[FALLING] * 2).fit(values)
    assert other.score_samples(values) == pytest.approx(one.score_samples(values))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-1, 5), st.integers(-1, 5), st.booleans()), min_size=1
    )
)
def test_limits_only_ever_hold_back(moves):
    previous, new, arrears = map(np.array, zip(*moves, strict=True))
    limited = limit_migration(previous, new, in_arrears=arrears)
    assert (limited >= new).all()
    assert (limited[new >= 3] == new[new >= 3]).all()
    assert (limit_migration(previous, limited, in_arrears=arrears) == limited).all()


def test_the_outcome_has_no_influence():
    X = np.random.default_rng(0).random((30, 3))
    y = X[:, 0] > 0.5
    assert (
        CreditScorer().fit(X, y).predict(X) == CreditScorer().fit(X).predict(X)
    ).all()


def test_weights_by_name_do_not_depend_on_the_order_of_the_columns():
    X = customers()
    scores = municipal().score_samples(X)
    turned = X[X.columns[::-1]]
    again = CreditScorer(
        {"arrears_ratio": 1, "late_share": 3},
        functions={"arrears_ratio": FALLING, "late_share": FALLING},
    ).fit(turned)
    assert again.score_samples(turned) == pytest.approx(scores)


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"weights": {"lat_share": 1}}, "lat_share.*which X lacks"),
        ({"weights": [1, 2]}, "one number a column of X, 4"),
        ({"weights": [1, 1, 1, -1]}, "not negative"),
        ({"weights": [0, 0, 0, 0]}, "not all 0"),
        ({"functions": "median"}, "quantile, min_max"),
        ({"functions": [FALLING]}, "4 in all"),
        ({"weights": [1] * 4, "functions": {"late_share": FALLING}}, "'arrears_ratio'"),
        ({"bands": {"A": 70, "B": 80, "C": 0}}, "fall from at most"),
        ({"bands": {"A": 70, "B": 60}}, "fall from at most"),
        ({"bands": 5}, "must map grades"),
        ({"vetoes": (Veto("x", "nothing", 1),)}, "veto 'x' asks for"),
        ({"vetoes": (Veto("x", "n_thefts", 1, "Z"),)}, "must name a grade"),
        ({"vetoes": (Veto("x", 7, 1),)}, "asks for column 7"),
        ({"new_customer": NewCustomer("tenure_years", 1, "Z")}, "must name a grade"),
        ({"migration": Migration(low=("Z",), best="B")}, "migration.low"),
        ({"least_scored": 0}, "above 0 and at most 1"),
    ],
)
def test_what_can_not_be_meant_is_refused_by_name(given_, words):
    with pytest.raises(ValueError, match=words):
        CreditScorer(**given_).fit(customers())


@pytest.mark.parametrize(
    ("previous", "new", "words"),
    [
        ([0, 1], [0], "Got 2 and 1"),
        ([9], [0], "-1 to 5. Got 9"),
        ([0.5], [0], "whole numbers"),
    ],
)
def test_grades_that_are_none_can_not_migrate(previous, new, words):
    with pytest.raises(ValueError, match=words):
        limit_migration(previous, new)


def test_the_one_rule_takes_a_missing_value_as_the_best():
    X = pd.DataFrame({"delay": [5.0, np.nan, 1.0]})
    assert one_rule("delay")(X).tolist() == [5, 1, 1]
    assert one_rule("delay")(X.assign(delay=np.nan)).tolist() == [0, 0, 0]
