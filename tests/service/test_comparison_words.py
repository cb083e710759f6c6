"""What is said of a comparison: each kind of verdict, in both languages, honestly."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from research.comparison import FLOORS
from research.features.later import OUTCOMES
from research.service.comparison_stakes import Gap
from research.service.comparison_vocabulary import SCORES, TITLES
from research.service.comparison_words import (
    loss_sentence,
    neural_sentence,
    outcome_words,
    score_words,
    stakes_of,
    verdict_sentences,
)
from research.service.vocabulary import Said


def methods(**means):
    names = [name.replace("_", " ") for name in means]
    values = pd.Series(list(means.values()), dtype=float)
    return pd.DataFrame(
        {"method": names, "mean": values, "low": values - 0.02, "high": values + 0.02}
    )


def pairs(*rows):
    return pd.DataFrame(rows, columns=["method", "other", "better_by", "low", "high"])


def verdict(kind="no clear winner", **fields):
    given = {
        "kind": kind,
        "winner": None,
        "leader": "kmeans",
        "runner_up": "mixture",
        "lead": 0.02,
        "low": -0.01,
        "high": 0.05,
        "score": "usefulness",
        "unit": "replicate",
        "n_units": 20,
        "level": 0.95,
        "conditions": (),
        "over_floors": {},
    }
    return SimpleNamespace(**(given | fields))


def is_clean(said):
    for text in said:
        assert text
        assert not re.search(r"\bnan\b|None|  |-0\.0\b|-0%|\( | ,", text), text
    assert re.search("[一-鿿]", said.zh)
    assert not re.search("[一-鿿]", said.en)


THREE = methods(kmeans=0.33, network=0.32, mixture=0.31, one_segment=0.0)
COST = pairs(("kmeans", "mixture", 0.02, -0.003, 0.043))


def three(**more):
    return stakes_of(THREE, ["mixture", "kmeans", "network"], [], FLOORS, **more)


def test_stakes_by_hand():
    table = methods(a=0.3, b=0.1, trade=0.2, one_segment=-0.01, random_partition=0.0)
    of_pairs = pairs(("a", "trade", 0.1, 0.04, 0.16), ("a", "b", 0.2, 0.1, 0.3))
    found = stakes_of(table, ["b", "a"], ["trade"], FLOORS, 0.5, pairs=of_pairs)
    assert [told.name for told in found.contenders] == ["a", "b"]
    assert found.cost == pytest.approx((0.2, 0.1, 0.3))
    assert found.over_old == pytest.approx((0.1, 0.04, 0.16))
    assert (found.raw, found.none) == (0.5, 0.0)
    assert not found.old_do_as_well


def test_a_pair_named_the_other_way_round_is_turned():
    table = methods(a=0.3, b=0.1, trade=0.4)
    of_pairs = pairs(("trade", "a", 0.1, -0.02, 0.22))
    found = stakes_of(table, ["a", "b"], ["trade"], [], pairs=of_pairs)
    assert found.over_old == pytest.approx((-0.1, -0.22, 0.02))
    assert found.old_do_as_well
    assert np.isnan(found.cost.low)


def test_where_less_is_better_the_least_is_best():
    found = stakes_of(methods(a=9.0, b=3.0), ["a", "b"], [], [], better="lower")
    assert (found.best.name, found.cost.value) == ("b", 6.0)


def test_stakes_without_any_mean_are_refused():
    with pytest.raises(ValueError, match="nothing is at stake"):
        stakes_of(methods(a=np.nan), ["a"], [], [])


def test_no_winner_tells_what_a_bad_choice_costs():
    said = verdict_sentences(verdict(), three(pairs=COST))
    is_clean(said)
    assert said.en == (
        "No method is clearly better: kmeans, network and the mixture foretell between "
        "31% and 33% of what could be foretold; taking the worst of them instead of "
        "the best costs 2.0 percentage points (95%: -0.3 to 4.3), which may be nothing."
    )
    assert said.zh == (
        "没有一种方法明显更好：kmeans、network 和高斯混合模型的预见程度为 31% 至 33%；"
        "选最差的而非最好的，损失 2.0 个百分点（95% 区间 -0.3 至 4.3），"
        "也可能没有损失。"
    )


def test_a_cost_whose_interval_is_above_nothing_is_not_called_nothing():
    cost = pairs(("kmeans", "mixture", 0.02, 0.003, 0.043))
    assert "nothing" not in verdict_sentences(verdict(), three(pairs=cost)).en


def test_many_methods_are_counted_and_the_best_and_worst_named():
    table = methods(a=0.33, b=0.3, c=0.2, d=0.12)
    said = verdict_sentences(verdict(), stakes_of(table, list("abcd"), [], []))
    is_clean(said)
    assert "4 methods foretell between 12% and 33% of what" in said.en
    assert "the worst, d, instead of the best, a, costs 21.0 percentage" in said.en
    assert "选最差的 d 而非最好的 a，损失 21.0 个百分点" in said.zh


def test_values_that_round_alike_get_a_digit_more():
    stakes = stakes_of(methods(a=0.312, b=0.309), ["a", "b"], [], [])
    assert "between 30.9% and 31.2%" in verdict_sentences(verdict(), stakes).en
    stakes = stakes_of(methods(a=0.31, b=0.31), ["a", "b"], [], [])
    said = verdict_sentences(verdict(), stakes)
    assert "about 31%" in said.en
    assert "may be nothing" in said.en
    is_clean(said)


@pytest.mark.parametrize(
    ("value", "interval", "en", "zh"),
    [
        pytest.param(
            0.34,
            ("trade", "kmeans", 0.01, -0.02, 0.04),
            "; the old classes by trade do at least as well as any method (34%).",
            "；原有 trade 分类不逊于任何方法（34%）。",
            id="ahead",
        ),
        pytest.param(
            0.32,
            ("kmeans", "trade", 0.01, -0.02, 0.04),
            "; the old classes by trade may do as well: the best method is ahead by "
            "1.0 percentage points (95%: -2.0 to 4.0).",
            "；原有 trade 分类可能同样好：最好的方法只领先 1.0 个百分点"
            "（95% 区间 -2.0 至 4.0）。",
            id="perhaps",
        ),
        pytest.param(
            0.2,
            ("kmeans", "trade", 0.13, 0.1, 0.16),
            "; the old classes by trade foretell 20%, 13.0 percentage points "
            "(95%: 10.0 to 16.0) less than the best method.",
            "；原有 trade 分类为 20%，比最好的方法低 13.0 个百分点"
            "（95% 区间 10.0 至 16.0）。",
            id="behind",
        ),
    ],
)
def test_old_classes_are_told(value, interval, en, zh):
    table = pd.concat([THREE, methods(trade=value)])
    names = ["kmeans", "network", "mixture"]
    stakes = stakes_of(table, names, ["trade"], FLOORS, pairs=pairs(interval))
    said = verdict_sentences(verdict(), stakes)
    is_clean(said)
    assert said.en.endswith(en)
    assert said.zh.endswith(zh)


def test_a_clear_lead_that_does_not_stand_every_check_is_told():
    clear = SimpleNamespace(name="clear lead", holds=True)
    said = verdict_sentences(verdict(conditions=(clear,)), three())
    is_clean(said)
    assert "(kmeans leads, but not in every check):" in said.en
    unclear = SimpleNamespace(name="clear lead", holds=False)
    assert "leads" not in verdict_sentences(verdict(conditions=(unclear,)), three()).en


def test_a_winner_is_named_with_its_lead_over_the_next_and_the_old_classes():
    table = pd.concat([THREE, methods(trade=0.2)])
    names = ["kmeans", "network", "mixture"]
    over_old = pairs(("kmeans", "trade", 0.13, 0.1, 0.16))
    stakes = stakes_of(table, names, ["trade"], FLOORS, pairs=over_old)
    won = verdict("winner", winner="kmeans", runner_up="network", low=0.01)
    said = verdict_sentences(won, stakes)
    is_clean(said)
    assert said.en == (
        "Kmeans is clearly better: it foretells 33% of what could be foretold, 2.0 "
        "percentage points (95%: 1.0 to 5.0) more than the next best, network; the old "
        "classes by trade foretell 20%, 13.0 percentage points (95%: 10.0 to 16.0) "
        "less than the best method."
    )


def test_old_classes_that_come_second_are_told_once():
    table = methods(kmeans=0.33, trade=0.31, mixture=0.2)
    over_old = pairs(("kmeans", "trade", 0.02, 0.01, 0.03))
    stakes = stakes_of(table, ["kmeans", "mixture"], ["trade"], [], pairs=over_old)
    won = verdict("winner", winner="kmeans", runner_up="trade", low=0.01, high=0.03)
    said = verdict_sentences(won, stakes)
    is_clean(said)
    assert said.en.endswith("more than the next best, the old classes by trade.")


def test_old_classes_may_win():
    table = methods(trade=0.4, kmeans=0.33)
    stakes = stakes_of(table, ["kmeans"], ["trade"], [])
    won = verdict("winner", winner="trade", leader="trade", runner_up="kmeans", low=0.1)
    said = verdict_sentences(won, stakes)
    is_clean(said)
    assert said.en.startswith("The old classes by trade are clearly better than every")
    assert said.zh.startswith("原有 trade 分类明显优于各种新分群：预见程度为 40%")


def test_the_only_method_is_compared_with_the_floor():
    stakes = stakes_of(methods(kmeans=0.3), ["kmeans"], [], [])
    won = verdict("winner", winner="kmeans", runner_up="one segment", low=0.01)
    said = verdict_sentences(won, stakes)
    is_clean(said)
    assert said.en.endswith("more than one segment for all; there is no other method.")
    said = verdict_sentences(verdict(), stakes)
    is_clean(said)
    assert "kmeans, the only method, foretells about 30%" in said.en


def test_a_winner_that_the_stakes_do_not_know_is_refused():
    with pytest.raises(ValueError, match="Got 'raw features'; known: kmeans"):
        verdict_sentences(verdict("winner", winner="raw features"), three())


def test_no_segments_names_the_best_and_its_interval():
    table = methods(kmeans=0.01, mixture=0.0)
    stakes = stakes_of(table, ["kmeans", "mixture"], [], FLOORS, 0.2)
    # One of two is above the floors by chance: the interval allows for it.
    over = {"kmeans": Gap(0.01, -0.03, 0.05), "mixture": Gap(0.0, -0.04, 0.04)}
    said = verdict_sentences(verdict("no segments", over_floors=over), stakes)
    is_clean(said)
    assert said.en == (
        "No segmentation is shown to foretell more than no segments at all: kmeans, "
        "the best of 2 methods, foretells 1% of what could be foretold (95%, picked "
        "from 2: -3% to 5% more than none); the raw features, without segments, "
        "foretell 20%."
    )
    assert "已计入从 2 种中选优" in said.zh
    assert said.zh.startswith("没有证据表明任何分群的预见程度优于不分群：kmeans")


def test_one_replicate_alone_has_no_interval():
    table = methods(kmeans=0.5).assign(low=np.nan, high=np.nan)
    stakes = stakes_of(table, ["kmeans"], [], FLOORS)
    said = verdict_sentences(verdict("no segments"), stakes)
    is_clean(said)
    assert "without an interval: one replicate says nothing of another" in said.en


@pytest.mark.parametrize(
    ("n", "en", "zh"),
    [
        pytest.param(6, "Across 6 regions no method", "在 6 个地区中，没有", id="six"),
        pytest.param(1, "In one region no method", "在一个地区内，没有", id="one"),
    ],
)
def test_over_regions_the_sentence_says_so(n, en, zh):
    said = verdict_sentences(verdict(unit="region", n_units=n), three())
    is_clean(said)
    assert said.en.startswith(en)
    assert said.zh.startswith(zh)


@pytest.mark.parametrize("kind", ["winner", "no segments", "no clear winner"])
@pytest.mark.parametrize("score", [*SCORES, "my score"])
def test_every_kind_of_verdict_is_said_of_every_score(kind, score):
    winner = "kmeans" if kind == "winner" else None
    said = verdict_sentences(verdict(kind, winner=winner, score=score), three())
    is_clean(said)
    is_share = score == "usefulness"
    assert ("foretell" in said.en) == is_share
    assert ("%" in said.en.replace("95%", "")) == is_share


def test_the_usefulness_for_one_outcome_is_said_so():
    said = verdict_sentences(verdict(score="usefulness: arrears"), three())
    is_clean(said)
    assert "between 31% and 33% of what could be foretold of arrears;" in said.en
    assert "的欠费的预见程度为 31% 至 33%" in said.zh


def test_methods_may_be_called_otherwise():
    long = Said("k-means on typical days of the seasons", "典型日 k-means")
    said = verdict_sentences(verdict(), three(), names={"kmeans": long})
    is_clean(said)
    assert "k-means on typical days of the seasons, network and the mixture" in said.en
    assert "典型日 k-means、network 和高斯混合模型" in said.zh


def test_what_is_lost_by_squeezing():
    said = loss_sentence(three(raw=0.45))
    is_clean(said)
    assert said.en.endswith("loses 12.0 percentage points.")
    assert loss_sentence(three(raw=0.3)).en.endswith("segments lose nothing of them.")
    assert loss_sentence(three(raw=np.nan)) is None


@pytest.mark.parametrize(
    ("found", "en", "zh"),
    [
        pytest.param(
            (-0.01, -0.03, 0.01, 12),
            "foretells 1.0 percentage points less than k-means (3.0 less to 1.0 more) "
            "and takes 12 times as long: it does not help here.",
            "比 k-means 低 1.0 个百分点（区间 -3.0 至 1.0），用时为 k-means 的 12 倍："
            "在此没有帮助。",
            id="behind",
        ),
        pytest.param(
            (0.02, 0.01, 0.04, 1.24),
            "2.0 percentage points more than k-means (1.0 to 4.0 more) and takes 1.2 "
            "times as long: it helps here.",
            "在此有帮助。",
            id="ahead",
        ),
        pytest.param(
            (0.02, -0.01, 0.05, 0.5),
            "(1.0 less to 5.0 more) and takes 50% of its time: whether it helps here "
            "is open.",
            "尚不能断定。",
            id="open",
        ),
        pytest.param(
            (-0.0001, np.nan, np.nan, np.nan),
            "foretells as much as k-means: how sure that is can not be told.",
            "与 k-means 相同：无法判断有多大把握。",
            id="one run",
        ),
    ],
)
def test_whether_the_network_helps(found, en, zh):
    said = neural_sentence(*found)
    is_clean(said)
    assert said.en.endswith(en)
    assert said.zh.endswith(zh)


def test_scores_and_outcomes_have_words():
    scores = score_words()
    assert len(scores) == len(SCORES)
    assert scores.map(bool).all(axis=None)
    assert score_words(["seconds"])["better"].item().startswith("lower")
    one = score_words(["usefulness: arrears"]).iloc[0]
    assert "a bill unpaid" in one["measures"]
    assert one["score"] == "usefulness: arrears 预见程度：欠费"
    with pytest.raises(ValueError, match="No words for beauty"):
        score_words(["beauty"])
    assert list(TITLES) == list(OUTCOMES)
    assert outcome_words(["arrears"]).iloc[0].tolist()[1:] == list(OUTCOMES["arrears"])
