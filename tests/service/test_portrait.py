"""Names and proposals follow from what sets a segment apart."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from research.service import (
    contrasts,
    effects,
    name_segments,
    outliers_told,
    propose,
)
from research.service.portrait import NOTICEABLE, TRAITS


@pytest.fixture
def planted():
    """Three segments of twenty: night users, small ones, and the rest."""
    rng = np.random.default_rng(0)
    segments = pd.Series(np.repeat([0, 1, 2], 20))
    features = pd.DataFrame(
        {
            "share_night": rng.normal(0.25, 0.02, 60),
            "share_evening": rng.normal(0.30, 0.02, 60),
            "base_load_share": rng.normal(0.2, 0.02, 60),
            "annual_energy": rng.normal(4000, 300, 60),
            "winter_ratio": rng.normal(1.2, 0.02, 60),
            "summer_ratio": rng.normal(0.8, 0.02, 60),
            "area_peak_load": rng.normal(1.0, 0.1, 60),
        }
    )
    features.loc[segments == 0, "share_night"] += 0.2
    features.loc[segments == 1, "annual_energy"] -= 2000
    return features, segments


def test_the_planted_trait_gives_the_name(planted):
    names = name_segments(*planted)
    assert "night" in names["en"][0]
    assert "夜间" in names["zh"][0]
    assert "small" in names["en"][1]
    assert "小用量" in names["zh"][1]


def test_what_customers_do_names_them_before_what_they_do_not(planted):
    features, segments = planted
    features.loc[segments == 0, "share_evening"] -= 0.25
    assert "night" in name_segments(features, segments)["en"][0]


def test_who_is_irregular_is_not_called_steady():
    rng = np.random.default_rng(0)
    segments = pd.Series(np.repeat([0, 1, 2], 20))
    features = pd.DataFrame(
        {
            "base_load_share": rng.normal(0.2, 0.02, 60) + 0.3 * (segments != 2),
            "day_to_day_variability": rng.normal(0.5, 0.02, 60) + (segments == 0),
        }
    )
    names = name_segments(features, segments)["en"]
    assert names[0] == "irregular users"
    assert names[1] == "regular steady users"


def test_names_differ_even_where_customers_do_not(planted):
    features, segments = planted
    same = pd.concat([features.iloc[:20]] * 3, ignore_index=True)
    names = name_segments(same, segments)
    assert names["en"].nunique() == names["zh"].nunique() == 3


def test_a_segment_like_all_others_is_typical():
    features = pd.DataFrame({"share_night": np.tile([0.2, 0.3, 0.4], 8)})
    names = name_segments(features, pd.Series(np.repeat([0, 1], 12)))
    assert names["en"].tolist() == ["typical users", "typical users (2)"]
    assert names["because"].tolist() == ["nothing stands out"] * 2


def test_contrasts_do_not_depend_on_the_unit(planted):
    features, segments = planted
    watts = features.assign(annual_energy=1000 * features["annual_energy"])
    assert np.allclose(contrasts(watts, segments), contrasts(features, segments))


def test_a_feature_that_does_not_vary_sets_nobody_apart(planted):
    features, segments = planted
    flat = features.assign(rest_day_ratio=1.0)
    assert (contrasts(flat, segments)["rest_day_ratio"] == 0).all()


def test_effects_add_up_by_hand():
    features = pd.DataFrame(
        {
            "annual_energy": [1000.0, 3000.0],
            "share_night": [0.5, 0.1],
            "base_load_share": [0.2, 0.2],
            "winter_ratio": [1.4, 0.9],
            "summer_ratio": [0.6, 1.1],
            "area_peak_load": [2.0, 4.0],
        }
    )
    found = effects(features, pd.Series([0, 0])).loc[0]
    assert found["peak_kw"] == pytest.approx(0.6)
    assert found["night_kwh"] == pytest.approx(800)
    assert found["base_kwh"] == pytest.approx(80)
    assert found["winter_kwh"] == pytest.approx(0.1 * 250 * 0.4)
    assert found["summer_kwh"] == pytest.approx(0.1 * 750 * 0.1)


def test_a_segment_that_is_not_stable_gets_no_scheme(planted):
    features, segments = planted
    far, levers = contrasts(features, segments), effects(features, segments)
    proposals = propose(far, levers, pd.Series([0.9, 0.9, 0.5]))
    assert "valley tariff" in proposals["action"][0]
    assert "kWh a year" in proposals["effect"][0]
    assert "not stable" in proposals["action"][2]
    assert proposals["effect"][2] == ""


def test_customers_unlike_the_others_are_told_and_never_one_of_them():
    ratio = pd.Series([0.5] * 40)
    counted, segments = pd.Series([True] * 40), pd.Series([0] * 20 + [1] * 20)
    rules = {"min_cell": 15, "largest_share": 0.15}
    (said,) = outliers_told(ratio, counted, segments, **rules)
    assert said.startswith("No sum hangs on one customer")
    ratio[:2], counted[0], segments[39] = 1.1, False, 2
    said = outliers_told(ratio, counted, segments, **rules)
    assert [s.split()[0] for s in said] == ["Segments", "Some", "Customers"]
    assert all("fewer than 15" in sentence for sentence in said)
    ratio[:] = 1.1
    assert "40" in outliers_told(ratio, counted, segments, **rules)[2]


@pytest.mark.parametrize(
    ("traits", "action", "owner"),
    [
        ({"day_to_day_variability": 2.0}, "low-use tips", "customer service"),
        (
            {"day_to_day_variability": 2.0, "annual_energy": 3.0},
            "visit each",
            "key-account",
        ),
        ({"share_midday": 2.0, "annual_energy": 3.0}, "leave the area's peak", "key-"),
        ({"share_morning": 2.0}, "standard; no scheme answers", ""),
        ({"share_morning": 0.1}, "standard; nothing sets it apart", ""),
    ],
)
def test_large_loads_get_a_visit_and_not_tips(traits, action, owner):
    contrast = pd.DataFrame(traits, index=[0])
    levers = pd.DataFrame({"peak_kw": [115.0]})
    (proposal,) = propose(contrast, levers, pd.Series([0.9])).itertuples()
    assert action in proposal.action
    assert owner in proposal.owner


def test_payment_traits_name_segments_too():
    """Most owe nothing, so the spread is no median: who owes is still named."""
    rng = np.random.default_rng(0)
    features = pd.DataFrame(
        {
            "days_overdue": np.r_[np.zeros(80), rng.integers(30, 90, 20)].astype(float),
            "amount_yuan": rng.normal(1000, 50, 100),
        }
    )
    names = name_segments(features, pd.Series([0] * 80 + [1] * 20))
    assert names["en"].tolist() == ["not-overdue users", "overdue users"]
    assert names["zh"].tolist() == ["无逾期型", "逾期型"]


def test_grades_are_named_as_segments_are():
    features = pd.DataFrame({"late_share": [0.1, 0.2, 0.3] * 8})
    names = name_segments(features, pd.Series(list("AB") * 12))
    assert names["en"].tolist() == ["typical users", "typical users (B)"]


def test_no_two_traits_are_said_alike():
    for language in (0, 1):
        said = [side[language] for trait in TRAITS.values() for side in trait]
        assert len(set(said)) == len(said)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 6))
def test_names_are_distinct_modest_and_the_same_in_any_order(seed, k):
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(
        rng.normal(size=(50, len(TRAITS))).round(1), columns=list(TRAITS)
    ).mask(rng.random((50, len(TRAITS))) < 0.05)
    segments = pd.Series(np.r_[np.arange(k), rng.integers(0, k, 50 - k)])
    names = name_segments(features, segments)
    assert names["en"].is_unique
    assert names["zh"].is_unique
    order = rng.permutation(50)
    assert_frame_equal(names, name_segments(features.iloc[order], segments.iloc[order]))
    far = contrasts(features, segments)
    for segment, name in names["en"].items():
        spoken = name.split(" users")[0].split()
        claimed = [
            (feature, side)
            for feature, trait in TRAITS.items()
            for side in (0, 1)
            if trait[side][0] in spoken
        ]
        assert all(
            far.loc[segment, feature] * (1, -1)[side] >= NOTICEABLE
            for feature, side in claimed
        )
        assert len(claimed) == len(spoken) - (spoken == ["typical"])


def test_an_effect_that_is_withheld_is_not_told_as_a_number():
    contrast = pd.DataFrame({"share_night": [2.0]})
    (proposal,) = propose(
        contrast, pd.DataFrame({"night_kwh": [np.nan]}), pd.Series([0.9])
    ).itertuples()
    assert proposal.action
    assert proposal.effect == ""
