"""Conditions are said in words that lead back to the condition."""

import re
from decimal import Decimal

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.comparison import rules
from research.features.load import customer_features
from research.plots.explain import rule_lanes
from research.service import name_segments, words
from research.service.vocabulary import UNITS, WORDS
from research.theme import style


@pytest.mark.parametrize(
    ("condition", "en", "zh"),
    [
        (
            ("share_night", ">", 0.4),
            "more than 40% of the energy at night",
            "夜间电量占比高于 40%",
        ),
        (
            ("annual_energy", "<=", 3000),
            "at most 3,000 kWh a year",
            "年用电量不高于 3,000 kWh",
        ),
        (
            ("peak_hour", ">", 17.5),
            "the day's peak after 17:30",
            "日高峰时刻晚于 17:30",
        ),
        (("days_overdue", ">", 30), "more than 30 days overdue", "逾期天数超过 30 天"),
        (("days_overdue", ">", 0), "something overdue", "有逾期"),
        (("days_overdue", "<=", 0), "nothing overdue", "无逾期"),
        (
            ("late_share", "<=", 0.25),
            "at most 25% of the bills late",
            "迟缴率不高于 25%",
        ),
        (
            ("tenure_years", ">", 8.5),
            "an account open for more than 8.5 years",
            "开户年限超过 8.5 年",
        ),
        (("has_instalment", ">", 0), "an instalment plan", "有分期协议"),
        (
            ("trend", "<=", float(np.log(0.9))),
            "a yearly trend of the energy of at most -10%",
            "用电量年趋势不高于 -10%",
        ),
        (("heat_pumps", ">", 2), "heat_pumps above 2", "heat_pumps 高于 2"),
        (("load_factor", "missing"), "no known load factor", "负荷率未知"),
        (("", ""), "all customers", "所有客户"),
    ],
)
def test_conditions_in_words(condition, en, zh):
    assert words.condition(*condition) == (en, zh)


def test_customers_without_a_value_are_not_forgotten():
    said = words.condition("load_factor", ">", 0.5, with_missing=True)
    assert said.en == "a load factor of more than 50% or unknown"
    assert said.zh == "负荷率高于 50%或未知"


def test_an_unknown_sign_is_refused():
    with pytest.raises(ValueError, match="'=='"):
        words.condition("load_factor", "==", 0.5)


@given(st.sampled_from(sorted(WORDS)), st.floats(0.001, 1e6))
def test_every_threshold_is_said_with_all_its_digits(feature, threshold):
    unit = WORDS[feature].unit
    if unit in ("clock", "log"):
        return
    for text in words.condition(feature, ">", threshold):
        said = Decimal(re.search(r"[\d,]*\.?\d+", text).group().replace(",", ""))
        factor = 100 if unit == "share" else 1
        assert said == Decimal(repr(threshold)) * factor


def test_every_feature_has_words_of_its_own():
    for language in (0, 1):
        said = [words.condition(name, ">", 0.5)[language] for name in WORDS]
        assert len(set(said)) == len(WORDS)
    assert {word.unit for word in WORDS.values()} <= set(UNITS)
    assert all(word.en.count("{}") == 1 for word in WORDS.values())
    assert all(re.search("[\u4e00-\u9fff]", word.zh) for word in WORDS.values())


def test_all_load_features_are_known():
    calendar = pd.DataFrame({"working": [True, False], "season": "winter"})
    power = np.array([[[1.0, 3.0], [2.0, 2.0]]])
    bands = np.zeros((2, 2), dtype=int)
    features = customer_features(
        power, calendar, power[0] == 3, bands=bands, band_names=["valley"]
    )
    assert set(features) <= set(WORDS)


@pytest.fixture(scope="module")
def told():
    rng = np.random.default_rng(0)
    features = pd.DataFrame(
        {
            "share_night": rng.uniform(0.1, 0.7, 300),
            "annual_energy": rng.uniform(500, 6000, 300),
        }
    )
    night = (features["share_night"] > 0.3) & (features["share_night"] <= 0.5)
    labels = night.astype(int)
    return features, labels, rules.shallow_tree(features, labels)


def test_the_planted_rule_is_told_in_one_sentence(told):
    sentences = words.tell_rules(told[2].rules)
    night = sentences[sentences["segment"] == 1]
    assert night["en"].tolist() == [
        "more than 30% and at most 50% of the energy at night"
    ]
    assert night["zh"].tolist() == ["夜间电量占比高于 30%且不高于 50%"]
    assert night["name_en"].tolist() == ["segment 2"]
    assert set(sentences["en"][sentences["segment"] == 0]) == {
        "at most 30% of the energy at night",
        "more than 50% of the energy at night",
    }


def test_rules_carry_the_names_of_the_segments(told):
    features, labels, tree = told
    names = name_segments(features, labels)
    sentences = words.tell_rules(tree.rules, names)
    assert set(sentences["name_en"]) <= set(names["en"])
    assert set(sentences["name_zh"]) <= set(names["zh"])


def test_fidelity_is_told_with_its_baseline(told):
    said = words.tell_fidelity(told[2])
    assert f"{told[2].accuracy:.0%}" in said.en
    assert f"{told[2].baseline:.0%}" in said.en
    assert f"{told[2].accuracy:.0%}" in said.zh
    assert "do not explain" in said.en


def test_rules_no_better_than_the_largest_segment_are_said_to_be_so():
    rng = np.random.default_rng(0)
    features = pd.DataFrame({"load_factor": rng.normal(size=80)})
    tree = rules.shallow_tree(features, pd.Series(rng.permutation([0, 1] * 40)))
    said = words.tell_fidelity(tree)
    assert "do not rely on these rules" in said.en
    assert "不宜依赖" in said.zh


def test_good_rules_are_not_talked_down(told):
    assert "rely" not in words.tell_fidelity(told[2]).en


def test_segments_without_a_rule_are_counted():
    features = pd.DataFrame({"load_factor": np.ones(15)})
    tree = rules.shallow_tree(features, pd.Series([0] * 10 + [1] * 5))
    assert "1 segment has no rule of its own" in words.tell_fidelity(tree).en
    names = pd.DataFrame(
        {"en": ["night users", "day users"], "zh": ["夜间型", "日间型"]}
    )
    said = words.tell_fidelity(tree, names)
    assert "No rule names the day users." in said.en
    assert "“日间型”没有自己的规则" in said.zh


def texts_outside(figure):
    """Texts of a figure, and those that reach over its edge."""
    figure.canvas.draw()
    edge = figure.bbox
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    over = [
        text.get_text()
        for text, box in zip(texts, boxes, strict=True)
        if box.x0 < edge.x0 - 1 or box.x1 > edge.x1 + 1 or box.y1 > edge.y1 + 1
    ]
    plt.close(figure)
    return [text.get_text() for text in texts], over


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_is_drawn_whole_and_within_the_page(told, language):
    sentences = words.tell_rules(told[2].rules)
    with plt.rc_context(style()):
        figure = rule_lanes(sentences, list(told[2].segments), language=language)
        drawn, over = texts_outside(figure)
    glued = "".join(drawn).replace(" ", "")
    assert all(text.replace(" ", "") in glued for text in sentences[language])
    assert over == []


def test_wide_letters_still_fit(told):
    """A page may be shown in another font than the figure was drawn with."""
    sentences = words.tell_rules(told[2].rules)
    sentences["en"] = "more than 40% of the energy at midday, and " * 3
    sentences["name_en"] = "winter-heavy early-rising users"
    with plt.rc_context(style() | {"font.family": ["DejaVu Sans"]}):
        figure = rule_lanes(sentences, list(told[2].segments))
        assert texts_outside(figure)[1] == []


def test_a_rule_of_several_lines_is_one_text_to_be_translated(told):
    sentences = words.tell_rules(told[2].rules)
    rule = "more than 40% of the energy at midday, and " * 3 + "no more"
    sentences["en"] = rule
    figure = rule_lanes(sentences, list(told[2].segments))
    texts = [text.get_text() for text in figure.axes[0].texts]
    whole = [
        text for text in texts if " ".join(text.split()) == sentences["en"].iloc[0]
    ]
    assert len(whole) == len(sentences)
    assert all("\n" in text for text in whole)
