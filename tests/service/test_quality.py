"""What findings mean for a reader."""

import pandas as pd
import pytest

from research.region.rules import RULES
from research.service import quality, verdict

FINDINGS = pd.DataFrame(
    [
        ("gap", "readings", 500, 9, 0.3, "kept"),
        ("gap", "energy_daily", 5, 2, 0.1, "kept"),
        ("exact_duplicate", "payments", 12, 4, 0.02, "set aside"),
        ("unknown_code", "customers", 1, 1, 0.01, "repaired and marked"),
        ("spike", "readings", 0, 0, 0.0, "kept"),
        ("month_sum", "bills", 3, 3, 0.04, "kept"),
    ],
    columns=["rule", "table", "rows", "customers", "share", "action"],
).assign(looks_for="...", example="0001")


def test_every_rule_that_is_named_exists():
    named = (
        *quality.MEANINGS,
        *quality.IDENTITIES,
        *quality.IDS_AND_CODES,
        *quality.UNITS_AND_CLOCKS,
    )
    assert set(named) <= set(RULES)


def test_tables_of_a_rule_are_put_together_and_the_largest_share_leads():
    rules = quality.by_rule(FINDINGS)
    assert rules["rule"].tolist() == [
        "gap",
        "month_sum",
        "exact_duplicate",
        "unknown_code",
    ]
    gap = rules.iloc[0]
    assert (gap["tables"], gap["rows"], gap["share"]) == (
        "readings, energy_daily",
        505,
        0.3,
    )


def test_a_group_of_rules_keeps_its_order_and_drops_what_found_nothing():
    found = quality.of_rules(FINDINGS, ("month_sum", "spike", "gap"))
    assert found["rule"].tolist() == ["month_sum", "gap", "gap"]
    assert "example" not in found  # it may name a customer


def test_what_is_weakened_names_its_cause():
    told = quality.weakened(FINDINGS).set_index("answers")
    assert told.loc["typical days, peak of the area", "rows"] == 505
    assert "gap in readings" in told.loc["typical days, peak of the area", "because"]


def test_what_to_mend_names_each_rule_once_and_at_most_five():
    measures = quality.to_mend(FINDINGS)
    assert len(measures) == 3
    assert measures["what"].str.contains("gap, readings: 500").tolist()[0]
    assert len(quality.to_mend(FINDINGS, at_most=1)) == 1


@pytest.mark.parametrize(
    ("present", "faults", "words"),
    [
        pytest.param(0.99, [], "carry L3 interval readings: 90 of 100", id="good"),
        pytest.param(0.5, [], "barely carry", id="half is missing"),
        pytest.param(0.99, ["bill_total"], "Do not build on these data", id="fault"),
        pytest.param(float("nan"), [], "Without readings the data stay", id="none"),
    ],
)
def test_the_verdict_on_the_data(present, faults, words):
    en, zh = verdict.of_quality("L3 interval readings", 100, 90, present, 7, faults)
    assert words in en
    assert "L3" in zh
    assert "nan" not in en + zh
