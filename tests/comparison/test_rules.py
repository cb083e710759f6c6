"""A shallow tree tells planted rules, whoever comes first; reasons add up by hand."""

from types import SimpleNamespace as Fitted

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

from research.comparison import rules
from research.comparison._thresholds import round_between
from research.segmenters import LoadShapeKMeans


def random_case(seed, n=60, missing=0.1):
    """Features with ties and gaps, and labels that follow two of them with errors."""
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(
        {
            "a": rng.integers(0, 6, n).astype(float),
            "b": rng.normal(size=n).round(1),
            "c": rng.normal(size=n),
        },
        index=[f"C{i:03d}" for i in range(n)],
    )
    labels = (features["a"] > 2).astype(int) + ((features["b"] > 0.5) * 1)
    labels = labels.where(rng.random(n) < 0.9, rng.integers(0, 3, n))
    features = features.mask(rng.random(features.shape) < missing)
    return features, labels


@pytest.fixture(scope="module")
def planted():
    """Night users draw over 40 % at night; of the others the large use over 3000."""
    rng = np.random.default_rng(0)
    features = pd.DataFrame(
        {
            "night": rng.uniform(0.1, 0.7, 400),
            "size": rng.uniform(500, 6000, 400),
            "noise": rng.normal(size=400),
        }
    )
    night, large = features["night"] > 0.4, features["size"] > 3000
    return features, pd.Series(np.select([night, large], [2, 1], 0))


def test_the_planted_rules_are_found_word_for_word(planted):
    told = rules.shallow_tree(*planted)
    columns = ["segment", "feature", "sign", "threshold"]
    assert told.rules[columns].to_numpy().tolist() == [
        [0, "night", "<=", 0.4],
        [0, "size", "<=", 3000.0],
        [1, "night", "<=", 0.4],
        [1, "size", ">", 3000.0],
        [2, "night", ">", 0.4],
    ]
    assert set(told.rules["purity"]) == set(told.rules["coverage"]) == {1.0}
    assert told.accuracy > 0.97 > told.baseline
    assert told.fidelity == 1.0
    assert told.untold == ()


def test_accuracy_is_that_of_a_count_by_hand():
    """All have one value, so every fold of 2 and 1 is told by the larger segment."""
    features = pd.DataFrame({"a": np.ones(15)})
    told = rules.shallow_tree(features, pd.Series([0] * 10 + [1] * 5))
    assert told.baseline == pytest.approx(10 / 15)
    assert told.accuracy == pytest.approx(10 / 15)
    assert told.balanced_accuracy == pytest.approx((1 + 0) / 2)
    assert told.accuracy_sd == pytest.approx(0)
    assert told.n_folds == 5
    assert told.untold == (1,)
    assert told.rules["feature"].tolist() == [""]
    assert told.rules["purity"].tolist() == pytest.approx([10 / 15])


def test_one_customer_in_a_fold_who_differs_costs_exactly_that():
    """Ten customers of two plain groups, one of them labelled against its value."""
    features = pd.DataFrame({"a": [0.0] * 25 + [1.0] * 25})
    labels = pd.Series([0] * 25 + [1] * 24 + [0])
    told = rules.shallow_tree(features, labels)
    assert told.accuracy == pytest.approx(49 / 50)
    assert told.accuracy_sd == pytest.approx(np.std([1, 1, 1, 1, 0.9], ddof=1))
    assert told.balanced_accuracy == pytest.approx((25 / 26 + 1) / 2)
    assert told.fidelity == pytest.approx(49 / 50)
    assert told.rules["purity"].tolist() == pytest.approx([1.0, 24 / 25])
    assert told.rules["coverage"].tolist() == pytest.approx([25 / 26, 1.0])


def test_noise_is_told_no_better_than_the_largest_segment():
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(300, 5))).rename(columns="f{}".format)
    told = rules.shallow_tree(features, pd.Series(rng.permutation([0, 1, 2] * 100)))
    assert told.fidelity > told.accuracy
    assert told.accuracy < told.baseline + 0.08


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_neither_order_nor_names_nor_columns_change_the_rules(seed):
    features, labels = random_case(seed)
    shuffled = features.sample(frac=1, random_state=seed)[["c", "a", "b"]]
    renamed = labels[shuffled.index]
    shuffled.index = renamed.index = [f"X{i}" for i in range(len(shuffled))]
    one = rules.shallow_tree(features, labels)
    other = rules.shallow_tree(shuffled, renamed)
    assert_frame_equal(one.rules, other.rules)
    for score in ("accuracy", "accuracy_sd", "balanced_accuracy", "fidelity"):
        assert getattr(one, score) == pytest.approx(getattr(other, score))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_another_unit_asks_the_same_of_the_same_customers(seed):
    features, labels = random_case(seed)
    one = rules.shallow_tree(features, labels)
    other = rules.shallow_tree(features * 1000, labels)
    same = ["segment", "path", "feature", "sign", "with_missing", "n", "purity"]
    assert_frame_equal(one.rules[same], other.rules[same])
    assert one.fidelity == other.fidelity
    assert one.accuracy == other.accuracy


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_every_customer_keeps_to_one_rule_and_the_counts_are_theirs(seed):
    """The printed conditions, taken literally, give the counts printed beside them."""
    features, labels = random_case(seed)
    told = rules.shallow_tree(features, labels)
    kept = []
    for _, path in told.rules.groupby("path"):
        keeps = pd.Series(True, index=features.index)
        for row in path.itertuples():
            if row.feature:
                value = features[row.feature]
                met = {
                    "<=": value <= row.threshold,
                    ">": value > row.threshold,
                    "missing": value.isna(),
                    "present": value.notna(),
                }[row.sign]
                keeps &= met | (value.isna() & row.with_missing)
        assert keeps.sum() == path["n"].iloc[0]
        own = labels == path["segment"].iloc[0]
        assert (keeps & own).sum() / keeps.sum() == pytest.approx(
            path["purity"].iloc[0]
        )
        assert (keeps & own).sum() / own.sum() == pytest.approx(
            path["coverage"].iloc[0]
        )
        kept.append(keeps)
    assert (pd.concat(kept, axis=1).sum(axis=1) == 1).all()
    assert (rules.follow(told, features) == labels).mean() == told.fidelity


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_rule_asks_no_more_than_one_range_of_a_feature(seed):
    features, labels = random_case(seed)
    told = rules.shallow_tree(features, labels)
    assert not told.rules.duplicated(["path", "feature", "sign"]).any()
    assert (told.rules.groupby("path").size() <= 3).all()


def test_missing_values_are_an_answer_of_their_own():
    features = pd.DataFrame({"a": [np.nan] * 10 + list(np.arange(20.0))})
    labels = pd.Series(["none"] * 10 + ["some"] * 20)
    told = rules.shallow_tree(features, labels)
    assert told.rules[["segment", "sign"]].to_numpy().tolist() == [
        ["none", "missing"],
        ["some", "present"],
    ]
    assert told.accuracy == 1.0
    assert rules.follow(told, pd.DataFrame({"a": [np.nan, 3.0]})).tolist() == [
        "none",
        "some",
    ]


def test_missing_values_that_go_along_are_told():
    features = pd.DataFrame({"a": [np.nan] * 5 + [1.0] * 10 + [9.0] * 10})
    told = rules.shallow_tree(features, pd.Series([0] * 15 + [1] * 10))
    assert told.rules[["sign", "with_missing"]].to_numpy().tolist() == [
        ["<=", True],
        [">", False],
    ]


def test_a_column_without_any_value_asks_nothing():
    features = pd.DataFrame({"a": [1.0, 2, 8, 9] * 5, "b": np.nan})
    told = rules.shallow_tree(features, pd.Series([0, 0, 1, 1] * 5))
    assert set(told.rules["feature"]) == {"a"}
    nothing = rules.shallow_tree(features[["b"]], pd.Series([0, 0, 1, 1] * 5))
    assert nothing.accuracy == nothing.baseline == 0.5


def test_one_segment_is_told_by_no_condition():
    told = rules.shallow_tree(pd.DataFrame({"a": [1.0, 2, 3]}), pd.Series([7, 7, 7]))
    assert told.rules["sign"].tolist() == [""]
    assert told.accuracy == told.baseline == 1.0


def test_a_single_customer_tests_nothing():
    told = rules.shallow_tree(pd.DataFrame({"a": [1.0]}), pd.Series([0]))
    assert np.isnan(told.accuracy)
    assert told.fidelity == 1.0


def test_customers_without_a_label_are_left_out(planted):
    features, labels = planted
    some = labels.astype(float).where(np.arange(400) < 300)
    assert rules.shallow_tree(features, some).n_customers == 300


def test_small_ends_are_told_as_such():
    features = pd.DataFrame({"a": [0.0] * 40 + [5.0] * 3})
    told = rules.shallow_tree(features, pd.Series([0] * 40 + [1] * 3), few=5)
    assert told.rules["small"].tolist() == [False, True]


def test_ends_of_one_segment_are_told_as_one_rule():
    """All upper values are of segment 1 by majority, whatever their shares of it."""
    features = pd.DataFrame({"a": np.repeat([0.0, 1, 2, 3], 50)})
    labels = pd.Series(
        [0] * 50 + [1, 1, 1, 0, 1] * 10 + [1] * 50 + [1, 1, 0, 0, 1] * 10
    )
    told = rules.shallow_tree(features, labels)
    assert told.rules[["segment", "sign", "n"]].to_numpy().tolist() == [
        [0, "<=", 50],
        [1, ">", 150],
    ]
    assert told.rules["purity"].tolist() == pytest.approx([1.0, 120 / 150])


def test_two_conditions_are_not_told_where_one_does():
    """Three in four follow `a`; what the rest follows is noise."""
    rng = np.random.default_rng(1)
    features = pd.DataFrame(rng.normal(size=(100, 6))).rename(columns="f{}".format)
    labels = (features["f0"] > 0) ^ (rng.random(100) < 0.2)
    told = rules.shallow_tree(features, labels.astype(int))
    assert set(told.rules["feature"]) == {"f0"}
    assert told.accuracy > told.baseline + 0.1


def test_a_segment_below_few_may_still_have_its_rule():
    features = pd.DataFrame({"a": [0.0] * 40 + [5.0] * 10 + [9.0] * 2})
    labels = pd.Series([0] * 40 + [1] * 10 + [2] * 2)
    told = rules.shallow_tree(features, labels, few=5)
    assert told.untold == ()
    assert told.rules.set_index("segment")["small"].to_dict() == {
        0: False,
        1: False,
        2: True,
    }


@pytest.mark.parametrize(
    ("low", "high", "whole", "expected"),
    [
        pytest.param(0.391, 0.409, False, 0.4, id="round in the middle"),
        pytest.param(2, 3, True, 2, id="whole numbers next to each other"),
        pytest.param(3, 10, True, 5, id="five is rounder than six"),
        pytest.param(-3, 8, False, 0, id="nothing is roundest"),
        pytest.param(0, 0.3, False, 0, id="none and some"),
        pytest.param(1234.1, 1234.9, False, 1234.5, id="a narrow gap"),
        pytest.param(95, 1200, False, 500, id="a wide gap is cut near its middle"),
        pytest.param(0.3999, 0.4031, False, 0.4, id="rounder at the rim of the gap"),
        pytest.param(-0.42, -0.38, False, -0.4, id="below zero"),
    ],
)
def test_thresholds_by_hand(low, high, whole, expected):
    assert round_between(low, high, whole=whole) == expected


@given(
    st.floats(-1e9, 1e9), st.floats(1e-9, 1e6), st.floats(min_value=0.1, max_value=10)
)
def test_a_round_threshold_divides_the_same_customers(low, gap, scale):
    high = low + gap * scale
    if high > low:
        assert low <= round_between(low, high) < high


@given(st.floats(-1e9, 1e9))
def test_neighbouring_floats_are_still_divided(low):
    high = np.nextafter(low, np.inf)
    assert low <= round_between(low, float(high)) < high


@pytest.mark.parametrize(
    ("features", "labels", "said"),
    [
        ({}, pd.Series([0, 1, 1]), "No features"),
        ({"a": list("xyz")}, pd.Series([0, 1, 1]), "a are not"),
        ({"a": [1.0, np.inf, 2.0]}, pd.Series([0, 1, 1]), "infinity found in a"),
        ({"a": [1.0, 2.0, 3.0]}, pd.Series([np.nan] * 3), "No customer has a label"),
        ({"a": [1.0, 2.0, 3.0]}, pd.Series([0, 1], index=[1, 9]), "1 of 2 labelled"),
        ({"a": [1.0, 2.0, 3.0]}, [0, 1, 1], "must be a Series"),
    ],
)
def test_refusals_say_what_was_found(features, labels, said):
    with pytest.raises(ValueError, match=said):
        rules.shallow_tree(pd.DataFrame(features), labels)


def test_a_customer_given_twice_is_refused():
    features = pd.DataFrame({"a": [1.0, 2.0]}, index=["C1", "C1"])
    with pytest.raises(ValueError, match="repeats 'C1'"):
        rules.shallow_tree(features, pd.Series([0], index=["C1"]))


def test_rules_ask_for_their_columns(planted):
    told = rules.shallow_tree(*planted)
    with pytest.raises(ValueError, match="lack size"):
        rules.follow(told, planted[0][["night"]])


# --- reasons ------------------------------------------------------------------------


def test_reasons_by_hand():
    """The median deviation is 1.5; the customer lies 1 from its own median, 2 off."""
    features = pd.DataFrame({"a": [4.0, 5, 6, 7, 8, 9], "flat": 1.0})
    labels = pd.Series([0, 0, 0, 1, 1, 1])
    why = rules.reasons(features, labels, 2).set_index("feature")
    unit = (1.4826 * 1.5) ** 2
    assert why.loc["a", "contribution"] == pytest.approx((2**2 - 1**2) / unit)
    assert np.isnan(why.loc["flat", "contribution"])
    assert (why["total"] == why.loc["a", "contribution"]).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_contributions_add_up_to_their_total(seed):
    features, labels = random_case(seed)
    why = rules.reasons(features, labels)
    sums = why.groupby("customer")["contribution"].sum()
    assert np.allclose(sums, why.groupby("customer")["total"].first())
    assert (why["segment"] != why["next_segment"]).all()
    silent = why["contribution"].isna()
    assert why[silent].groupby("customer").size().le(3).all()
    assert why["value"].isna()[~silent].sum() == 0


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_reasons_know_neither_order_nor_unit(seed):
    features, labels = random_case(seed)
    shuffled = features.sample(frac=1, random_state=seed) * 1000
    columns = ["customer", "feature", "next_segment", "contribution"]
    one, other = (
        found[columns].sort_values(["customer", "feature"], ignore_index=True)
        for found in (
            rules.reasons(features, labels),
            rules.reasons(shuffled, labels[shuffled.index]),
        )
    )
    assert_frame_equal(one, other)


def test_the_next_best_is_the_nearest_other_segment():
    features = pd.DataFrame({"a": [0.0, 1, 10, 11, 100, 101]})
    labels = pd.Series(["low", "low", "mid", "mid", "high", "high"])
    why = rules.reasons(features, labels, [1, 2, 4])
    assert why["next_segment"].tolist() == ["mid", "low", "mid"]


def test_who_looks_like_the_next_segment_has_a_total_below_zero():
    features = pd.DataFrame({"a": [0.0, 1, 9, 10, 11, 12]})
    why = rules.reasons(features, pd.Series([0, 0, 0, 1, 1, 1]), 2)
    assert why["total"].item() < 0


def test_one_segment_alone_has_no_next():
    features = pd.DataFrame({"a": [0.0, 1.0]})
    assert rules.reasons(features, pd.Series([0, 0])).empty


def test_reasons_of_a_stranger_are_refused():
    features = pd.DataFrame({"a": [0.0, 1.0]})
    with pytest.raises(ValueError, match="1 of 1 customers asked for have no label"):
        rules.reasons(features, pd.Series([0, 1]), 5)


# --- border -------------------------------------------------------------------------


def test_border_cases_of_a_segmenter_with_a_margin():
    X = np.array([[1, 3], [1, 3.1], [3, 1], [3.1, 1], [2.0, 2.1]])
    segmenter = LoadShapeKMeans(2, normalization="none", random_state=0).fit(X[:4])
    found = rules.border(segmenter, pd.DataFrame(X, index=list("abcde")), below=0.3)
    assert found["customer"].tolist() == ["e"]
    assert found["next_segment"].item() == 1 - found["segment"].item()
    assert found["margin"].item() == pytest.approx(segmenter.margin(X)[4])


def test_border_cases_of_a_classifier():
    X = np.array([[-2.0], [-1.0], [0.01], [1.0], [2.0]])
    model = LogisticRegression().fit(X, list("LLHHH"))
    found = rules.border(model, X, below=0.5)
    sure = model.predict_proba(X)
    assert found["margin"].is_monotonic_increasing
    assert (found["margin"] < 0.5).all()
    assert len(found) == (abs(sure[:, 0] - sure[:, 1]) < 0.5).sum() > 0


def test_one_segment_has_no_border():
    fitted = Fitted(predict_proba=lambda X: np.ones((3, 1)), classes_=[0])
    assert rules.border(fitted, np.zeros((3, 1)), below=1).empty


def test_a_margin_without_distances_leaves_the_next_segment_open():
    fitted = Fitted(margin=lambda X: [0.05, 0.5], predict=lambda X: ["A", "B"])
    found = rules.border(fitted, np.zeros((2, 1)))
    assert found["segment"].tolist() == ["A"]
    assert found["next_segment"].isna().all()


def test_who_cannot_tell_how_sure_it_is_has_no_border():
    with pytest.raises(ValueError, match="KMeans has neither"):
        rules.border(KMeans(2), np.zeros((3, 1)))
