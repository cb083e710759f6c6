import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.metrics import silhouette_samples, silhouette_score

from research.comparison import (
    point_silhouettes,
    sampled_silhouette,
    silhouette,
    simplified_silhouette,
)

RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal((1200, 24))
SPOTS = RNG.standard_normal((3, 24))
NEAR = SPOTS[[0, 0, 1]] + np.array([[0.0], [1e-4], [0.0]])
THIRDS, ODD = np.repeat([0, 1, 2], 400), np.arange(1200) % 3
HARD = {
    "one cloud": (NOISE, ODD),
    "one cloud far away": (NOISE + 1e6, ODD),
    "tight and far apart": (SPOTS[THIRDS] + 1e-5 * NOISE, THIRDS),
    "tight, labels by chance": (SPOTS[THIRDS] + 1e-6 * NOISE, ODD),
    "two spots in one": (SPOTS[THIRDS % 2] + 1e-4 * NOISE, np.repeat([0, 0, 1], 400)),
    "a near pair, a far third": (NEAR[THIRDS] + 1e-5 * NOISE, THIRDS),
    "pairs not quite near enough": (
        SPOTS[[0, 0, 1]][THIRDS] + 3e-3 * (THIRDS[:, None] + NOISE),
        THIRDS,
    ),
    "half of the rows identical": (np.where(ODD[:, None] > 0, NOISE, 0.1), THIRDS),
    "a far outlier": (NOISE * np.where(np.arange(1200) == 7, 1e4, 1)[:, None], ODD),
    "few alone": (NOISE, np.where(np.arange(1200) < 9, np.arange(1200), 20)),
}


def by_definition(X, labels):
    """Silhouettes with every distance as a difference, in float64."""
    members = labels[:, None] == np.unique(labels)
    sums, sizes = cdist(X, X) @ members, members.sum(axis=0)
    size = (members * sizes).sum(axis=1)
    a = sums[members] / np.maximum(size - 1, 1)
    b = np.where(members, np.inf, sums / sizes).min(axis=1)
    larger = np.maximum(np.maximum(a, b), np.finfo(float).tiny)
    return np.where(size > 1, (b - a) / larger, 0)


def test_silhouette_by_hand():
    # a: 2 to the own; b: 8 to 12, mean 9 or 11.
    expected = np.mean([1 - 2 / 11, 1 - 2 / 9, 1 - 2 / 9, 1 - 2 / 11])
    X = [[0.0], [2.0], [10.0], [12.0]]
    assert silhouette(X, [0, 0, 1, 1]) == pytest.approx(expected)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_the_silhouette_is_that_of_scikit_learn(seed, n_segments):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.r_[np.arange(n_segments), rng.integers(3, size=20)])
    X = 50 + rng.standard_normal((len(labels), 4))
    X[:3] = X[3]  # points that coincide
    expected = silhouette_score(X, labels)
    assert silhouette(X, labels) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", HARD)
def test_float32_errs_by_less_than_a_ten_thousandth_where_it_is_hard(name):
    X, labels = HARD[name]
    found, exact = point_silhouettes(X, labels), by_definition(X, labels)
    assert abs(found.mean() - exact.mean()) < 5e-6
    assert np.abs(found - exact).max() < 1e-4


def test_points_of_scikit_learn_and_the_order_asked_for(eight_rhythms):
    X, truth = eight_rhythms(1500, 0.5)
    expected = silhouette_samples(X, truth)
    assert np.abs(point_silhouettes(X, truth) - expected).max() < 1e-5
    order = np.random.default_rng(1).permutation(len(X))
    found = point_silhouettes(X[order], truth[order])
    assert np.abs(found - expected[order]).max() < 1e-5


def test_identical_rows_are_at_no_distance():
    X = np.repeat(np.random.default_rng(0).standard_normal((3, 96)) + 7, 500, axis=0)
    thirds = np.repeat([0, 1, 2], 500)
    assert (point_silhouettes(X, thirds) == 1).all()
    by_chance = np.arange(1500) % 4
    found, exact = point_silhouettes(X, by_chance), by_definition(X, by_chance)
    assert np.abs(found - exact).max() < 1e-13
    assert (point_silhouettes(np.zeros((6, 2)), [0, 0, 1, 1, 2, 2]) == 0).all()
    assert (point_silhouettes([[0.0], [-0.0], [1.0]], [0, 0, 1])[:2] == 1).all()


@pytest.mark.parametrize("factor", [1e-200, 1e-3, 1e150])
def test_the_unit_may_be_any(factor):
    X, labels = NOISE[:300] + 0.3 * ODD[:300, None], ODD[:300]
    assert silhouette(X * factor, labels) == pytest.approx(silhouette(X, labels))


def test_blocks_do_not_show(monkeypatch):
    whole = point_silhouettes(NOISE, ODD)
    monkeypatch.setattr("research.comparison.silhouettes.CELLS", 5000)
    assert np.abs(point_silhouettes(NOISE, ODD) - whole).max() < 1e-6


def test_undefined_silhouettes_are_nan():
    for labels in (np.zeros(4), np.arange(4)):
        X = np.arange(4.0)[:, None]
        assert np.isnan(point_silhouettes(X, labels)).all()
        assert np.isnan(simplified_silhouette(X, labels))
        estimate = sampled_silhouette(X, labels)
        assert estimate[["silhouette", "se", "low", "high"]].isna().all()


def test_a_sampled_silhouette_is_near_the_exact_one(eight_rhythms):
    X, truth = eight_rhythms(3000, 0.5)
    exact = silhouette(X, truth)
    assert silhouette(X, truth, max_customers=1500) == pytest.approx(exact, abs=0.01)


def test_a_sample_of_all_is_exact():
    estimate = sampled_silhouette(NOISE, ODD, 1200)
    exact = silhouette(NOISE, ODD)
    assert estimate["silhouette"] == pytest.approx(exact, abs=1e-6)
    assert estimate[["low", "high"]].tolist() == [estimate["silhouette"]] * 2
    assert estimate[["se", "n_sampled"]].tolist() == [0, 1200]


def test_intervals_hold_the_exact_silhouette_as_often_as_they_say(eight_rhythms):
    X, truth = eight_rhythms(400, 1.0, weights=[0.5, 0.3, 0.1, 0.1, 0, 0, 0, 0])
    exact = silhouette(X, truth)
    estimates = [
        sampled_silhouette(X, truth, 60, confidence=0.9, random_state=seed)
        for seed in range(150)
    ]
    held = np.mean([e["low"] <= exact <= e["high"] for e in estimates])
    assert 0.85 < held < 0.95
    values = np.array([e["silhouette"] for e in estimates])
    se = np.sqrt(np.mean([e["se"] ** 2 for e in estimates]))
    assert values.std() == pytest.approx(se, rel=0.15)
    assert values.mean() == pytest.approx(exact, abs=4 * se / np.sqrt(150))


def test_a_segment_of_one_is_in_every_sample():
    labels = np.r_[1, np.zeros(599)]
    X = np.random.default_rng(0).standard_normal((600, 2))
    estimate = sampled_silhouette(X, labels, 10)
    assert estimate["n_sampled"] == 11
    assert estimate["n_customers"] == 600


@pytest.mark.parametrize("arguments", [{"n_sampled": 1}, {"n_sampled": 2.5}])
def test_a_sample_that_is_none_is_refused(arguments):
    with pytest.raises(ValueError, match="n_sampled must be a whole number"):
        sampled_silhouette(NOISE, ODD, **arguments)
    with pytest.raises(ValueError, match=r"between 0 and 1\. Got 95"):
        sampled_silhouette(NOISE, ODD, confidence=95)


def test_a_simplified_silhouette_by_hand():
    # Means 1 and 11: 1 to the own; 11 or 9 to the other. The last stands alone.
    X = [[0.0], [2.0], [10.0], [12.0], [50.0]]
    expected = np.mean([1 - 1 / 11, 1 - 1 / 9, 1 - 1 / 9, 1 - 1 / 11, 0])
    assert simplified_silhouette(X, [0, 0, 1, 1, 2]) == pytest.approx(expected)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_simplified_silhouette_by_its_definition(seed):
    rng = np.random.default_rng(seed)
    labels = np.r_[0, 0, 1, 1, 2, 2, rng.integers(3, size=20)]
    X = rng.standard_normal((26, 3))
    means = np.array([X[labels == label].mean(axis=0) for label in range(3)])
    found = []
    for x, label in zip(X, labels, strict=True):
        own, *others = np.linalg.norm(x - np.roll(means, -label, axis=0), axis=1)
        found.append((min(others) - own) / max(own, min(others)))
    assert simplified_silhouette(X, labels) == pytest.approx(np.mean(found))
