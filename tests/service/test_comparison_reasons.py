"""Why there is a winner or none: every condition and change, in both languages."""

import re
from types import SimpleNamespace

import pandas as pd
import pytest

from research.comparison import FLOORS, decide, infer
from research.service.comparison_reasons import ASKED
from research.service.comparison_words import (
    condition_table,
    stakes_of,
    verdict_sentences,
    would_change_table,
)
from research.service.vocabulary import Said


def is_clean(said):
    for text in said:
        assert text
        assert not re.search(r"\bnan\b|None|  |-0\.0\b|-0%|\( | ,", text), text
    assert re.search("[一-鿿]", said.zh)
    assert not re.search("[一-鿿]", said.en)


def runs(worth, *, units=6, unit="region", ks=(4, 5, 6), seeds=(1, 2), spread=0.01):
    """Runs whose units favour the first method in turn, by `spread`."""
    rows = [
        (
            f"R{u}" if unit == "region" else "R",
            0 if unit == "region" else u,
            seed,
            k,
            method,
            "usefulness",
            value + (spread * (u % 3 - 1) if place == 0 else 0) + 0.001 * u,
            False,
        )
        for u in range(units)
        for seed in seeds
        for k in ks
        for place, (method, value) in enumerate(worth.items())
    ]
    names = "region replicate seed k method score value failed".split()
    return pd.DataFrame(rows, columns=names)


FLOOR = {"random partition": 0.0, "one segment": 0.0}
AHEAD = {"a": 0.5, "b": 0.3} | FLOOR
EVEN = {"a": 0.301, "b": 0.3} | FLOOR
NEAR = {"a": 0.31, "b": 0.3} | FLOOR


def failed(table, column, value):
    lost = table[column] == value
    return table.assign(failed=lost, value=table["value"].mask(lost))


def seen(table, k=5, **how):
    return decide(table, "usefulness", better="higher", k=k, **how)


SEEN = {
    "winner": lambda: seen(runs(AHEAD)),
    "even": lambda: seen(runs(EVEN, spread=0.02)),
    "many customers": lambda: seen(runs(EVEN, units=20, unit="replicate")),
    "some customers": lambda: seen(runs(NEAR, units=20, unit="replicate")),
    "equal": lambda: seen(runs({"a": 0.3, "b": 0.3} | FLOOR, spread=0)),
    "nothing": lambda: seen(runs({"a": 0.001, "b": 0.0} | FLOOR)),
    "one region": lambda: seen(runs(AHEAD, units=1)),
    "one k": lambda: seen(runs(AHEAD, ks=(5,))),
    "two": lambda: seen(runs(AHEAD, ks=(2, 3)), k=2),
    "one seed": lambda: seen(runs(AHEAD, seeds=(1,))),
    "no seed": lambda: seen(runs(AHEAD, seeds=(pd.NA,))),
    "no k": lambda: seen(runs(AHEAD, ks=(5,)).drop(columns="k"), k=None),
    "k of no method": lambda: seen(runs(AHEAD, ks=(pd.NA,)), k=None),
    "other seeds failed": lambda: seen(failed(runs(AHEAD), "seed", 2)),
    "k failed": lambda: seen(failed(runs(AHEAD), "k", 4)),
    "margin": lambda: seen(runs(AHEAD), margin=0.4),
    "no floor": lambda: seen(runs({"a": 0.5, "b": 0.3})),
    "alone": lambda: seen(runs({"a": 0.5} | FLOOR)),
}


@pytest.mark.parametrize("make", SEEN.values(), ids=SEEN)
def test_conditions_and_changes_are_said_in_both_languages(make):
    found = make()
    table = condition_table(found)
    assert list(table) == ["asked", "holds", "found", "发现"]
    for row, condition in zip(table.itertuples(), found.conditions, strict=True):
        assert row.asked.startswith(ASKED[condition.name].en)
        assert row.holds == ("yes 是" if condition.holds else "no 否")
        is_clean(Said(row.found, row.发现))
    changes = would_change_table(found)
    assert len(changes) == len(found.would_change)
    for row in changes.itertuples(index=False):
        is_clean(Said(*row))  # a sentence without its Chinese would fail here


def test_every_case_of_the_conditions_is_among_those_seen():
    told = {
        re.sub(r"-?\d[\d.e-]*", "", text)
        for make in SEEN.values()
        for text in condition_table(make())["发现"]
    }
    for part in (
        "没有其他方法。",
        "没有随机划分或不分群的对照。",
        "各方法都不用随机种子。",
        "没有另一组随机种子的运行结果。",
        "运行结果未写明群数。",
        "换一组随机种子后没有一次运行成功。",
        "分  群时没有一次运行成功。",
        "没有分  群的运行结果。",
        "各方法都不设群数。",
        "只分一群即不分群，已作为对照。",
        "只有一次重复，无法去掉任何一次。",
    ):
        assert part in told, part
    assert any("也可能没有领先" in text for text in told)
    assert any("没有区间" in text for text in told)


def test_conditions_by_hand():
    table = condition_table(SEEN["winner"]())
    rows = table.set_index("asked")[["found", "发现"]]
    left_out = rows.iloc[3]
    assert left_out["found"] == "Without region R2 the lead is least, 0.198 over b."
    assert left_out["发现"] == "去掉地区 R2 后领先最小，对 b 为 0.198。"
    named = condition_table(SEEN["winner"](), names={"b": Said("b", "乙")})
    assert named["发现"].iloc[3] == "去掉地区 R2 后领先最小，对乙为 0.198。"


def test_a_lead_that_is_clear_over_the_next_alone_is_said():
    words = "A clear lead over each of the other methods too."
    found = SimpleNamespace(conditions=(), would_change=(words,))
    is_clean(Said(*would_change_table(found).iloc[0]))


def test_a_sentence_about_changes_that_is_new_stays_in_english():
    new = SimpleNamespace(conditions=(), would_change=("More sun.",))
    assert would_change_table(new).iloc[0].tolist() == ["More sun.", "More sun."]


def test_a_real_verdict_is_said():
    table = runs(EVEN | {"industry": 0.1}, spread=0.02)
    found = infer(table, "usefulness", better="higher", k=5)
    stakes = stakes_of(
        found.methods, ["a", "b"], ["industry"], FLOORS, pairs=found.pairs
    )
    said = verdict_sentences(seen(table), stakes)
    is_clean(said)
    assert said.en.startswith("Across 6 regions no method is clearly better: a and b")
    assert "which may be nothing; the old classes by industry foretell" in said.en
