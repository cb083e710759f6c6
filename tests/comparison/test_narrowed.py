"""A protocol less what a region lacks; a user's own labels in five lines."""

import numpy as np
import pandas as pd
import pytest
from comparison.constructed import plan, small

from research.comparison import (
    compare_labels,
    complete,
    decide_by,
    protocol_of_labels,
    without,
)

WEIGHTED = {
    "metrics": {
        "usefulness": {"better": "higher", "worst": 0, "best": 1},
        "stability": {"better": "higher", "worst": 0, "best": 1},
        "plainness": {"better": "higher", "worst": 0, "best": 1},
    },
    "decision": {"weights": {"usefulness": 0.5, "stability": 0.3, "plainness": 0.2}},
}


@pytest.fixture
def protocol():
    methods = {"quick": {}, "RFM": {"features": ["payments"], "takes_k": False}}
    return plan(methods, old=["tariff", "industry"], **WEIGHTED)


def test_what_a_region_lacks_is_taken_out_and_the_hash_stays(protocol):
    lacking = {"RFM": "bills", "industry": "codes", "stability": "x", "unknown": "y"}
    found = without(protocol, lacking)
    assert list(found.methods) == ["quick", "random partition", "one segment", "tariff"]
    assert found.old_classes == ("tariff",)
    assert list(found.metrics) == ["usefulness", "plainness"]
    assert found.sha256 == protocol.sha256
    assert dict(found.decision.weights) == pytest.approx(
        {"usefulness": 5 / 7, "plainness": 2 / 7}
    )
    assert list(protocol.methods)[1] == "RFM"  # the protocol itself is not touched
    assert sum(protocol.decision.weights.values()) == pytest.approx(1)


def test_a_region_that_lacks_nothing_keeps_the_protocol(protocol):
    assert without(protocol, {}) == protocol


@pytest.mark.parametrize("name", ["random partition", "one segment", "usefulness"])
def test_floors_and_the_primary_metric_stay(protocol, name):
    with pytest.raises(
        ValueError, match=rf"{name!r} can not be left out .* the reason"
    ):
        without(protocol, {name: "the reason"})


def test_without_a_weighted_metric_there_is_no_weighted_verdict():
    weights = {"usefulness": 0, "stability": 1, "plainness": 0}
    found = plan({"quick": {}}, **{**WEIGHTED, "decision": {"weights": weights}})
    with pytest.raises(ValueError, match="decide by the primary metric"):
        without(found, {"stability": "x"})


def test_runs_of_a_narrowed_protocol_are_complete():
    built = small(old=["tariff", "industry"])
    narrow = without(built.protocol, {"industry": "no such column"})
    found = built.trials(protocol=narrow)
    assert not complete(narrow, found.runs)["missing"].any()
    assert "industry" not in set(found.runs["method"])


def test_own_labels_are_compared_in_five_lines():
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=300)
    labels = pd.DataFrame({"mine": truth, "rule": rng.choice(["A", "B"], 300)})
    later = pd.DataFrame({"kwh": truth + rng.normal(size=300)})

    found = compare_labels(labels, later)
    verdict = decide_by(found.protocol, found.runs)
    assert (verdict.kind, verdict.winner) == ("winner", "mine")
    assert verdict.above_floors == ("mine",)
    assert not complete(found.protocol, found.runs)["missing"].any()
    assert set(found.runs["replicate"]) == set(range(20))
    assert list(found.main_segments) == [
        "mine",
        "rule",
        "random partition",
        "one segment",
    ]


def test_labels_that_tell_nothing_are_no_segments():
    rng = np.random.default_rng(1)
    labels = pd.DataFrame({"mine": rng.integers(3, size=300)})
    later = pd.DataFrame({"kwh": rng.normal(size=300), "late": rng.random(300) < 0.5})
    found = compare_labels(labels, later, replicates=10)
    assert decide_by(found.protocol, found.runs).kind == "no segments"


def test_a_missing_label_is_a_class_of_its_own():
    rng = np.random.default_rng(2)
    truth = rng.integers(2, size=300)
    labels = pd.DataFrame({"mine": np.where(truth == 1, "A", None)})
    later = pd.DataFrame({"kwh": truth + 0.5 * rng.normal(size=300)})
    found = compare_labels(labels, later, replicates=5)
    runs = found.runs
    assert runs.loc[runs["method"] == "mine", "value"].min() > 0.3


def test_names_of_columns_may_be_numbers():
    rng = np.random.default_rng(3)
    labels = pd.DataFrame(rng.integers(3, size=(100, 2)), columns=[1, 2])
    later = pd.DataFrame({"kwh": rng.normal(size=100)})
    found = compare_labels(labels, later, replicates=2)
    assert list(found.main_segments)[:2] == ["1", "2"]


@pytest.mark.parametrize(("k", "grid"), [(2, (2, 3)), (3, (2, 3, 4)), (9, (8, 9, 10))])
def test_the_random_partition_stands_beside_with_as_many_segments(k, grid):
    found = protocol_of_labels(["mine"], k=k)
    assert (found.k.main, found.k.grid) == (k, grid)
