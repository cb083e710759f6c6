"""Names and proposals follow from what sets a segment apart."""

import numpy as np
import pandas as pd
import pytest

from research.service import contrasts, effects, name_segments, propose


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
