"""Planted shape families: as many as asked for, known, and as hard as they say."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import adjusted_rand_score

from research.region.synthetic.families import (
    FAMILIES,
    archetype_curves,
    even_shares,
    region_shares,
    shape_families,
)
from research.region.synthetic.population.archetypes import ARCHETYPES, SHARES
from research.segmenters import LoadShapeKMeans


def test_every_family_is_equally_common():
    _, families = shape_families(1300)
    names, counts = np.unique(families, return_counts=True)
    assert sorted(names) == sorted(FAMILIES)
    assert counts.tolist() == [100] * 13


def test_shares_are_met_in_proportion():
    _, archetypes = archetype_curves(400, shares={"R1": 1, "O1": 2, "I3": 1})
    names, counts = np.unique(archetypes, return_counts=True)
    assert dict(zip(names, counts, strict=True)) == {"I3": 100, "O1": 200, "R1": 100}


def test_families_are_those_of_the_archetypes_drawn():
    curves, families = shape_families(100, random_state=3)
    same, archetypes = archetype_curves(100, random_state=3)
    assert_array_equal(curves, same)
    assert families.tolist() == [ARCHETYPES[code].family for code in archetypes]


def test_the_mixed_shares_are_the_mean_of_the_regions():
    shares = region_shares()
    by_hand = np.mean([r["R1"] / sum(r.values()) for r in SHARES.values()])
    assert shares["R1"] == pytest.approx(by_hand)
    assert sum(shares.values()) == pytest.approx(1)
    assert sum(even_shares().values()) == pytest.approx(1)


def test_a_seed_repeats_and_another_does_not():
    first, again, other = (
        shape_families(20, random_state=seed)[0] for seed in (1, 1, 2)
    )
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_curves_are_finite_and_positive_and_of_any_size():
    curves, _ = shape_families(300, difficulty="hard")
    assert np.isfinite(curves).all()
    assert (curves > 0).all()
    sizes = curves.mean(axis=1)
    assert sizes.max() > 4 * sizes.min()


def test_fewer_readings_are_means_of_more():
    quarter_hours, _ = shape_families(10)
    hours, _ = shape_families(10, n_slots=24)
    assert_allclose(hours, quarter_hours.reshape(10, 24, 4).mean(axis=2))


def test_an_office_draws_by_day_and_public_lighting_by_night():
    day, night = slice(40, 64), slice(0, 16)
    offices, _ = archetype_curves(50, shares={"O1": 1})
    lights, _ = archetype_curves(50, shares={"O4": 1})
    assert (offices[:, day].mean(axis=1) > offices[:, night].mean(axis=1)).all()
    assert (lights[:, day].mean(axis=1) < lights[:, night].mean(axis=1)).all()


def test_the_knob_makes_it_harder_and_medium_is_as_the_specification_measured():
    found = {}
    for difficulty in ("easy", "medium", "hard"):
        X, family = shape_families(2000, difficulty=difficulty)
        kmeans = LoadShapeKMeans(12, normalization="mean", n_init=5, random_state=0)
        found[difficulty] = adjusted_rand_score(family, kmeans.fit_predict(X))
    assert found["easy"] > found["medium"] > found["hard"]
    assert found["medium"] == pytest.approx(0.57, abs=0.08)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_customers": 0}, "n_customers must be at least 1"),
        ({"n_slots": 36}, "must divide 96"),
        ({"difficulty": "very hard"}, "one of easy, medium, hard"),
        ({"shares": {"X9": 1}}, "X9"),
        ({"shares": {"R1": 0}}, "one of them above"),
        ({"shares": {"R1": np.nan}}, "finite"),
    ],
)
def test_what_can_not_be_drawn_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        shape_families(**{"n_customers": 10} | wrong)
