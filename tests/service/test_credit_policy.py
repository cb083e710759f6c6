"""The credit policy: its files, what a region declares, what is said and done."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from planted import REGION_YAML

from research.region.errors import InputError
from research.region.settings import read_settings
from research.segmenters import AHP
from research.segmenters.ahp import read_judgements
from research.segmenters.credit import BANDS, NewCustomer, ScoringFunction, Veto
from research.service.credit import (
    adds,
    hide_small,
    measures,
    order_told,
    read_policy,
    reason_shares,
    said,
    verdict,
)
from research.service.credit.words import NAMES


def declared(tmp_path, text):
    path = tmp_path / "region.yaml"
    path.write_text(REGION_YAML + text, encoding="utf-8")
    return SimpleNamespace(settings=read_settings(path), path=tmp_path)


def test_the_library_s_policy_makes_a_scorer_s_parts():
    policy = read_policy()
    assert policy.basis == "assumption"
    assert policy.on == "2026-11-24"
    assert policy.bands == BANDS
    functions = {n: ScoringFunction(**f) for n, f in policy.scoring.items()}
    assert functions["energy_trend"].shape == "plateau"
    assert functions["tenure_years"].shape == "rising"
    others = set(functions) - {"energy_trend", "tenure_years"}
    assert {functions[name].shape for name in others} == {"falling"}
    assert [Veto(**veto).indicator for veto in policy.vetoes] == [
        "n_breaches",
        "overdue_months",
        "broken_instalment",
    ]
    assert NewCustomer(**policy.new_customer).best == "B"
    assert set(policy.units) == set(policy.scoring) <= set(NAMES)


def test_the_library_s_judgements_are_consistent_and_name_scored_indicators():
    policy = read_policy()
    judged = read_judgements(policy.judgements, known=policy.scoring)
    names = list(judged.criteria)
    assert set(names) == set(policy.scoring)
    ahp = AHP(judged).fit(pd.DataFrame(np.zeros((1, len(names))), columns=names))
    assert ahp.consistency_["consistent"].all()
    assert len(ahp.flags_) == 0
    weights = dict(zip(names, ahp.weights_, strict=True))
    # behaviour 4/7 worst delay by hand: ratios 4 : 2 : 1.
    behaviour = sum(
        weights[n] for n in ("late_share", "worst_delay_days", "delay_trend")
    )
    assert weights["worst_delay_days"] / behaviour == pytest.approx(4 / 7)
    assert {judge.basis for judge in judged.judges} == {"assumption"}


def test_a_region_may_declare_its_grades_and_judgements(tmp_path):
    region = declared(
        tmp_path,
        "credit: {grades: {good: 80, fair: 60}, worst: poor, judgements: panel.yaml}\n",
    )
    policy = read_policy(region)
    assert policy.bands == {"good": 80, "fair": 60, "poor": 0}
    assert policy.judgements == tmp_path / "panel.yaml"
    assert policy.new_customer["best"] == "fair"
    assert policy.migration == {"low": ["poor"], "best": "fair"}
    assert read_policy(declared(tmp_path, "")).bands == BANDS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("credit: {grades: {A: 60, B: 80}}\n", "fall from each to the next"),
        ("credit: {grades: {A: 60, D: 40}}\n", "worst grade"),
        ("credit: {grades: {A: 160}}\n", "100"),
        ("credit: {judgements: ../../etc/passwd}\n", "inside the region's folder"),
        ("credit: {grade: {A: 60}}\n", "grade"),
    ],
)
def test_a_credit_section_that_makes_no_sense_is_refused(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        declared(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("scoring: {late_share: {values: [0, 1], points: [100]}}", "2 values and 1"),
        ("scoring: {late_share: {values: [0], points: [101]}}", "less than or equal"),
        ("scoring: {}", "at least 1"),
        ("scorin: {}", "scorin"),
    ],
)
def test_a_policy_file_that_makes_no_sense_is_refused(tmp_path, line, words):
    path = tmp_path / "mine.yaml"
    path.write_text(f"basis: assumption\non: 2026-01-01\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_policy(path=path)


def test_measures_stand_in_their_legal_order_and_disconnection_is_for_the_worst():
    by = pd.Series({"AAA": 50, "AA": 20, "A": 10, "B": 6, "C": 3, "D": 2})
    found = measures(list(by.index), by, 10.0 * by)
    assert found["step"].tolist() == [1, 2, 3, 4, 5]
    for step, word in enumerate(("contract", "advance", "guarantee", "notice", "law")):
        assert word in found["measure"][step]
    assert found["grades"].iloc[-1] == "D"
    assert found[["customers", "yuan"]].iloc[2].tolist() == [5, 50]


def test_one_measure_less_another_tells_of_no_hidden_grade():
    by = pd.Series({"AAA": 50, "AA": 40, "A": 14, "B": 60, "C": 30, "D": 20})
    found = measures(list(by.index), by, 10.0 * by, min_cell=15).set_index("grades")
    # A is hidden, and D with it: no measure is for one of them and shown.
    assert found["customers"].dropna().to_dict() == {"A, B, C, D": 124}


def test_few_customers_are_not_told():
    sizes = [15, 14, 0, 40]
    frame = pd.DataFrame({"grade": list("abcd"), "customers": sizes, "rate": 0.5})
    hidden = hide_small(frame, 15)
    assert hidden["customers"].isna().tolist() == [True, True, False, False]
    assert hidden["rate"].isna().tolist() == [True, True, False, False]
    assert hidden["grade"].tolist() == list("abcd")
    assert frame["customers"].tolist() == sizes


def test_first_reasons_are_counted_within_a_grade():
    reasons = pd.DataFrame({"reason_1": ["late_share", "late_share", "odd", ""]})
    found = reason_shares(reasons, pd.Series(["A", "A", "A", "B"]))
    assert found["reason"].tolist() == [said("late_share"), "odd", "nothing lost"]
    assert found["share"].round(2).tolist() == [0.67, 0.33, 1.0]


def row(model, auc, low, high, difference=(0.0, 0.0, 0.0)):
    names = ["model", "auc", "low", "high", "difference", "difference_low"]
    return pd.Series([model, auc, low, high, *difference], [*names, "difference_high"])


@pytest.mark.parametrize(
    ("difference", "en", "zh"),
    [
        ((0.02, 0.01, 0.03), "better than the longest", "优于"),
        ((0.02, -0.01, 0.05), "no better than the longest", "未优于"),
        ((-0.02, -0.03, -0.01), "worse than the longest", "不如"),
    ],
)
def test_the_score_is_praised_only_beyond_chance(difference, en, zh):
    told = adds(row("AHP score", 0.8, 0.7, 0.9, difference))
    assert told[0].startswith(en)
    assert told[1].startswith(zh)


def test_the_verdict_names_a_better_model_only_where_intervals_part():
    score = row("AHP score", 0.73, 0.72, 0.74, (0.02, 0.01, 0.03))
    rates = pd.DataFrame(
        {"customers": [90, 10], "rate": [0.01, 0.6]}, index=["AAA", "D"]
    )
    near = row("gradient boosting", 0.75, 0.73, 0.77)
    far = row("gradient boosting", 0.78, 0.77, 0.79)
    en, zh = verdict(100, 0.07, score, near, rates, ordered=True)
    assert "from 1.0% in AAA to 60% in D" in en
    assert "boosting" not in en + zh
    en, zh = verdict(100, 0.07, score, far, rates, ordered=False)
    assert "gradient boosting reaches 78%" in en
    assert "梯度提升树可达 78%" in zh
    assert "ranks 73% (72% to 74%) right (AUC)" in en
    assert "73%（72%–74%）排对（即 AUC）" in zh
    assert "not in order" in en
    assert "不一致" in zh


@pytest.mark.parametrize(
    ("rates", "ordered", "words"),
    [
        ([0.01, 0.2, 0.6], True, "From 1.0% in A to 60% in C"),
        ([0.01, 0.3, 0.2], False, "of grade B 30.0% fell behind, of the worse C 20.0%"),
        ([0.01, 0.01, 0.01], False, "do not tell beyond chance"),
        ([0.3], True, "From 30.0% in A"),
    ],
)
def test_a_title_does_not_praise_grades_out_of_order(rates, ordered, words):
    frame = pd.DataFrame({"rate": rates}, index=list("ABC")[: len(rates)])
    assert words in order_told(frame, ordered=ordered)
