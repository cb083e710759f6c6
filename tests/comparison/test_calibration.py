"""Discrimination, calibration and order: against scikit-learn, by hand, by chance."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve

from research.comparison import (
    auc,
    auc_intervals,
    brier,
    calibrate,
    gini,
    ks,
    lift,
    monotone_rates,
    rate_by_grade,
    reliability,
    wilson_interval,
)

risks_and_outcomes = st.lists(
    st.tuples(st.integers(0, 6), st.booleans()), min_size=4, max_size=60
).filter(lambda rows: 0 < sum(bad for _, bad in rows) < len(rows))


@settings(max_examples=40, deadline=None)
@given(risks_and_outcomes)
def test_auc_gini_and_ks_are_those_of_scikit_learn(rows):
    risk, bad = map(np.array, zip(*rows, strict=True))
    expected = roc_auc_score(bad, risk)
    false, true, _ = roc_curve(bad, risk)
    assert auc(risk, bad) == pytest.approx(expected)
    assert gini(risk, bad) == pytest.approx(2 * expected - 1)
    assert ks(risk, bad) == pytest.approx(max((true - false).max(), 0))


@settings(max_examples=40, deadline=None)
@given(risks_and_outcomes, st.randoms(use_true_random=False))
def test_order_and_scale_of_the_risk_do_not_matter(rows, rng):
    risk, bad = map(np.array, zip(*rows, strict=True))
    order = list(range(len(rows)))
    rng.shuffle(order)
    for measure in (auc, ks, lift):
        first = measure(risk, bad)
        assert measure(np.exp(risk)[order], bad[order]) == pytest.approx(first)


def test_auc_by_hand():
    # Pairs (bad, good): 2 > 1 wins, 2 = 2 half, 3 wins twice: 3.5 of 4.
    assert auc([1, 2, 2, 3], [0, 1, 0, 1]) == 0.875
    assert auc([1, 1, 1], [0, 1, 0]) == 0.5


def test_without_both_outcomes_there_is_nothing_to_tell_apart():
    assert np.isnan(auc([1, 2], [1, 1]))
    assert np.isnan(ks([1, 2], [0, 0]))
    assert np.isnan(lift([1, 2], [0, 0]))


def test_lift_counts_a_tie_at_the_limit_in_part():
    # Half of four rows: the riskiest, and half of each of two equals: 1.5 of 2 bad.
    assert lift([9, 5, 5, 1], [1, 1, 0, 0], share=0.5) == pytest.approx(0.75 / 0.5)
    assert lift([9, 5, 5, 1], [1, 0, 1, 0], share=0.5) == pytest.approx(0.75 / 0.5)
    assert lift([1, 2, 3], [0, 1, 0], share=1.0) == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_brier_is_that_of_scikit_learn(rows):
    chance, bad = map(np.array, zip(*rows, strict=True))
    expected = brier_score_loss(bad, chance, pos_label=True, labels=[False, True])
    assert brier(chance, bad) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("events", "customers", "low", "high"),
    [  # Wilson's limits: (p + z2/2n +- z sqrt(p q / n + z2/4n2)) / (1 + z2/n)
        (0, 10, 0.0, 0.2775),
        (1, 10, 0.0179, 0.4042),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
    ],
)
def test_wilson_intervals_as_published(events, customers, low, high):
    found = wilson_interval(events, customers)
    assert np.array(found) == pytest.approx([low, high], abs=5e-5)


def test_nobody_has_no_rate():
    assert np.isnan(wilson_interval(0, 0)).all()


def test_reliability_counts_every_customer_once():
    rng = np.random.default_rng(0)
    chance = rng.beta(1, 8, 2000).round(2)
    table = reliability(chance, rng.random(2000) < chance)
    assert table["customers"].sum() == 2000
    assert (table["predicted"].diff().dropna() > 0).all()
    assert table["within"].mean() >= 0.8


def test_reliability_sees_a_prediction_that_is_twice_too_high():
    rng = np.random.default_rng(1)
    chance = rng.uniform(0.1, 0.5, 4000)
    table = reliability(2 * chance, rng.random(4000) < chance)
    assert not table["within"].any()


def test_one_probability_is_one_bin():
    table = reliability([0.2] * 10, [1, 1] + [0] * 8)
    assert table[["customers", "events", "observed"]].values.tolist() == [[10, 2, 0.2]]
    assert table["within"].all()


def test_rates_by_grade_keep_empty_grades_and_leave_out_who_has_none():
    found = rate_by_grade([0, 0, 2, -1], [0, 1, 1, 1], ["A", "B", "C"])
    assert found["customers"].tolist() == [2, 0, 1]
    assert found["events"].tolist() == [1, 0, 1]
    assert np.isnan(found.loc["B", ["rate", "low", "high"]].astype(float)).all()


def exact_trend(customers, events):
    """Chance of as steep a rise, by writing out all ways to place the events."""
    grade = np.repeat(np.arange(len(customers)), customers)
    wanted = (np.arange(len(customers)) * np.array(events)).sum()
    ways = [grade[list(w)].sum() for w in combinations(range(len(grade)), sum(events))]
    return np.mean(np.array(ways) >= wanted)


@pytest.mark.parametrize(
    ("customers", "events"),
    [((4, 4, 4), (0, 1, 3)), ((5, 2, 5), (3, 1, 1)), ((3, 3, 3, 3), (2, 3, 2, 3))],
)
def test_the_trend_test_is_exact(customers, events):
    verdict = monotone_rates(customers, events)
    assert verdict.test == "exact"
    assert verdict.p_value == pytest.approx(exact_trend(customers, events))


def test_the_normal_trend_test_is_close_to_the_exact_one():
    small = monotone_rates([300, 200, 100], [20, 18, 15])
    assert small.test == "exact"
    many = monotone_rates([30000, 20000, 10000], [2000, 1390, 755])
    assert many.test == "normal"
    assert many.p_value < 0.01
    # Ten times as many customers, the same rates: the z-value grows by root ten.
    assert monotone_rates([3000] * 3, [300, 300, 300]).p_value == pytest.approx(
        0.5, abs=0.01
    )


def test_falls_are_counted_and_judged():
    clear = monotone_rates([1000, 1000, 1000], [10, 200, 50])
    assert (clear.falls, clear.significant_falls, clear.holds) == (1, 1, False)
    assert clear.significant_rises == 1
    luck = monotone_rates([1000, 30, 1000], [10, 2, 60])
    assert (luck.falls, luck.significant_falls, luck.holds) == (1, 0, True)


def test_a_small_grade_between_does_not_hide_a_fall():
    """13.9 % of 5,931, 12 % of 400, 10.7 % of 12,905: no neighbours, but the ends."""
    customers, events = [5931, 400, 12905, 5910], [824, 48, 1381, 3274]
    verdict = monotone_rates(customers, events)
    assert verdict.falls == 2
    assert verdict.significant_falls == 1
    assert not verdict.holds
    assert monotone_rates(customers[:2], events[:2]).significant_falls == 0
    assert monotone_rates(customers[1:3], events[1:3]).significant_falls == 0


def test_empty_grades_are_passed_over():
    with_gap = monotone_rates([50, 0, 50], [1, 0, 20])
    assert with_gap.falls == 0
    assert with_gap.p_value == pytest.approx(monotone_rates([50, 50], [1, 20]).p_value)


def test_without_two_grades_or_outcomes_the_order_does_not_hold():
    assert not monotone_rates([10, 0], [5, 0]).holds
    assert not monotone_rates([10, 10], [0, 0]).holds


def test_grades_without_meaning_are_seldom_called_ordered_or_broken():
    rng = np.random.default_rng(0)
    found = [monotone_rates([80] * 5, rng.binomial(80, 0.15, 5)) for _ in range(120)]
    assert np.mean([verdict.holds for verdict in found]) <= 0.1
    assert np.mean([verdict.significant_falls > 0 for verdict in found]) <= 0.1


@pytest.mark.parametrize("how", ["isotonic", "logistic"])
def test_a_calibrated_risk_comes_true_on_customers_of_a_later_time(how):
    rng = np.random.default_rng(0)
    risk = rng.normal(0, 2, 6000)
    bad = rng.random(6000) < 1 / (1 + np.exp(2 - risk))
    probability = calibrate(risk[:3000], bad[:3000], how)(risk[3000:])
    assert reliability(probability, bad[3000:])["within"].mean() >= 0.8
    order = np.argsort(risk[3000:])
    assert (np.diff(probability[order]) >= -1e-12).all()


def test_few_outcomes_are_calibrated_by_a_curve_and_nobody_is_without_risk():
    rng = np.random.default_rng(0)
    risk = rng.normal(0, 1, 1000)
    bad = rng.random(1000) < 1 / (1 + np.exp(4 - risk))
    assert bad.sum() < 100
    assert calibrate(risk, bad, "isotonic")(risk).min() == 0
    assert calibrate(risk, bad)(risk).min() > 0


def test_a_risk_that_points_the_wrong_way_becomes_the_mean_rate():
    risk, bad = np.arange(20.0), np.arange(20) < 5
    for how in ("isotonic", "logistic"):
        assert calibrate(risk, bad, how)([0.0, 19.0]) == pytest.approx([0.25, 0.25])
    assert calibrate([1, 1, 1, 1], [1, 0, 0, 0], "logistic")([5]).tolist() == [0.25]


def test_intervals_hold_the_truth_as_often_as_they_say():
    # Normals one apart: AUC = Phi(1 / sqrt 2) = .7602.
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(40):
        bad = np.repeat([False, True], [150, 50])
        risks = pd.DataFrame({"x": rng.normal(0, 1, 200) + bad})
        row = auc_intervals(risks, bad, n_resamples=200).iloc[0]
        hits.append(row["low"] <= 0.7602 <= row["high"])
    assert 0.86 <= np.mean(hits) <= 1


def test_the_difference_is_paired_by_customer():
    rng = np.random.default_rng(0)
    bad = rng.random(300) < 0.3
    risk = rng.normal(0, 1, 300) + bad
    risks = pd.DataFrame({"a": risk, "same": 3 * risk, "near": risk + 0.01 * bad})
    found = auc_intervals(risks, bad, reference="a", n_resamples=100).set_index("model")
    assert (
        found.loc["same", ["difference", "difference_low", "difference_high"]]
        .eq(0)
        .all()
    )
    wide = found.loc["near", "high"] - found.loc["near", "low"]
    narrow = found.loc["near", "difference_high"] - found.loc["near", "difference_low"]
    assert narrow < wide / 10


def test_equal_methods_are_seldom_told_apart():
    rng = np.random.default_rng(0)
    apart = []
    for _ in range(60):
        bad = rng.random(200) < 0.3
        risks = pd.DataFrame({n: rng.normal(0, 1, 200) + bad for n in "ab"})
        row = auc_intervals(risks, bad, reference="a", n_resamples=200).iloc[1]
        apart.append(row["difference_low"] > 0 or row["difference_high"] < 0)
    assert np.mean(apart) <= 0.12


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: auc([1, np.nan], [0, 1]), "1 of 2 risks are missing"),
        (lambda: auc([1, 2], [0, 2]), "true or false"),
        (lambda: auc([1, 2], [0]), "shapes"),
        (lambda: auc([], []), "at least one"),
        (lambda: lift([1, 2], [0, 1], share=0), "share must lie"),
        (lambda: brier([0.5, 1.5], [0, 1]), "lie in 0 to 1"),
        (lambda: rate_by_grade([3], [1], ["A"]), "below 1"),
        (lambda: monotone_rates([1], [2]), "no more events than customers"),
        (lambda: calibrate([1], [1], "platt"), "auto, isotonic, logistic"),
        (
            lambda: auc_intervals(pd.DataFrame({"a": [1, 2]}), [0, 1], reference="b"),
            "must be one of a",
        ),
    ],
)
def test_what_can_not_be_judged_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_exact_test_agrees_with_itself_whichever_outcome_is_rarer():
    for events in product(range(4), repeat=3):
        if 0 < sum(events) < 9:
            rising = monotone_rates([3, 3, 3], events).p_value
            assert rising == pytest.approx(exact_trend((3, 3, 3), events))
