"""Usefulness later: by hand, on planted outcomes, and never from a leak."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import KFold

from research.comparison import usefulness
from research.comparison.out_of_time import NOTHING, PULL, RAW


def customers(n=400, seed=0):
    """Segments that foretell energy but not complaints, and classes that know less."""
    rng = np.random.default_rng(seed)
    segment = rng.integers(4, size=n)
    feature = segment + 0.3 * rng.standard_normal(n)
    known = pd.DataFrame(
        {
            "rhythm": segment,
            "industry": np.where(rng.random(n) < 0.5, segment // 2, 2),
            "dealt out": rng.integers(4, size=n),
        }
    )
    later = pd.DataFrame(
        {
            "kwh": 10.0 * segment + 5 * rng.standard_normal(n),
            "late": rng.random(n) < 0.1 + 0.2 * segment,
            "complaint": rng.random(n) < 0.2,
        }
    )
    return known, later, pd.DataFrame({"a": feature, "b": rng.random(n)})


def of(table, outcome, method):
    return table[(table["outcome"] == outcome) & (table["method"] == method)].iloc[0]


@pytest.mark.slow
def test_what_is_planted_is_foretold_and_nothing_else():
    known, later, features = customers()
    found = usefulness(known, later, features=features, reference="industry")
    # Between segments 10^2 * 1.25 of variance, within them 25: R2 is 125 / 150.
    kwh = of(found, "kwh", "rhythm")
    assert kwh["value"] == pytest.approx(125 / 150, abs=0.03)
    assert kwh["low"] < kwh["value"] < kwh["high"]
    assert kwh["gain_low"] > 0
    assert of(found, "late", "rhythm")["gain_low"] > 0
    for method in ("rhythm", "industry", "dealt out", RAW):
        complaint = of(found, "complaint", method)
        assert complaint["score"] == "AUC"
        assert complaint["low"] < 0.5 + 0.05
        assert complaint["high"] > 0.5 - 0.05
    assert of(found, "kwh", NOTHING)["value"] == 0
    assert of(found, "late", NOTHING)["value"] == 0.5
    assert of(found, "kwh", "industry")["gain"] == 0
    assert of(found, "kwh", "rhythm")["segments"] == 4


def test_an_r2_is_that_of_scikit_learn_with_the_pulled_means_by_hand():
    known, later, _ = customers(60)
    y, segment = later["kwh"].to_numpy(), known["rhythm"].to_numpy()
    said, none = np.empty(60), np.empty(60)
    for train, test in KFold(5, shuffle=True, random_state=3).split(y):
        mean = y[train].mean()
        none[test] = mean
        for row in test:
            same = y[train][segment[train] == segment[row]]
            said[row] = (same.sum() + PULL * mean) / (len(same) + PULL)
    expected = 1 - ((y - said) ** 2).sum() / ((y - none) ** 2).sum()
    found = usefulness(known[["rhythm"]], later[["kwh"]], random_state=3)
    assert of(found, "kwh", "rhythm")["value"] == pytest.approx(expected)
    assert expected == pytest.approx(r2_score(y, said), abs=0.05)


def test_an_auc_compares_customers_of_one_fold():
    known, later, _ = customers(2000)
    found = of(usefulness(known, later[["late"]]), "late", "rhythm")
    chances = 0.1 + 0.2 * known["rhythm"]
    assert found["value"] == pytest.approx(
        roc_auc_score(later["late"], chances), abs=0.01
    )


def test_segments_that_say_nothing_are_not_useful_more_often_than_chance_says():
    useful = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        known = pd.DataFrame({"dealt out": rng.integers(5, size=150)})
        later = pd.DataFrame(
            {"kwh": rng.exponential(size=150), "late": rng.random(150) < 0.3}
        )
        found = usefulness(known, later, n_resamples=100, random_state=seed)
        useful += (found["gain_low"] > 0).sum()
    assert useful <= 6  # of 120


def test_an_outcome_that_can_not_be_judged_stays_in_the_table_with_its_reason():
    known, later, _ = customers(100)
    later = later.assign(
        rare=[True] * 3 + [False] * 97, flat=1.5, few=[1.0] * 10 + [np.nan] * 90
    )
    found = usefulness(known, later)
    assert len(found) == 6 * 4
    reasons = found.groupby("outcome")["note"].first()
    assert "came 3 times among 100 customers" in reasons["rare"]
    assert "same for all" in reasons["flat"]
    assert "10 customers have it" in reasons["few"]
    assert found.loc[found["outcome"] == "rare", "value"].isna().all()


def test_only_customers_of_both_tables_count_and_a_missing_segment_is_a_class():
    known, later, _ = customers(100)
    known.loc[:9, "rhythm"] = np.nan
    found = usefulness(known, later.loc[:79])
    assert (found["customers"] == 80).all()
    assert of(found, "kwh", "rhythm")["segments"] == 5


def test_names_of_segments_and_customers_do_not_matter():
    known, later, features = customers(120)
    found = usefulness(known, later, features=features, n_resamples=50)
    other = usefulness(
        known.replace({0: "c", 1: "a", 2: "d", 3: "b"}).add_prefix("h", axis=0),
        later.add_prefix("h", axis=0),
        features=features.add_prefix("h", axis=0),
        n_resamples=50,
    )
    pd.testing.assert_frame_equal(found, other)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"learnt_until": "2024-06-30", "comes_from": "2024-06-30"}, "must come after"),
        ({"learnt_until": "2024-06-30"}, "Give both"),
        ({"reference": "voltage"}, "must be a column of segmentations: rhythm"),
    ],
)
def test_what_would_leak_or_is_not_there_is_refused(given, message):
    known, later, _ = customers(50)
    with pytest.raises(ValueError, match=message):
        usefulness(known, later, **given)


def test_an_outcome_among_the_features_is_refused():
    known, later, features = customers(50)
    with pytest.raises(ValueError, match="would foretell itself"):
        usefulness(known, later, features=features.assign(kwh=later["kwh"]))
    of_before = features.assign(kwh=later["kwh"][::-1].to_numpy())
    assert len(usefulness(known, later, features=of_before, n_resamples=5)) == 15


def test_customers_that_stand_twice_or_nowhere_are_refused():
    known, later, _ = customers(50)
    with pytest.raises(ValueError, match=r"once in outcomes\. Found 0 twice"):
        usefulness(known, pd.concat([later, later.loc[[0]]]))
    with pytest.raises(ValueError, match="compare the index"):
        usefulness(known, later.add_prefix("h", axis=0))
