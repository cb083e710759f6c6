"""HybridNetwork on rows of many readings: trained on axes, a network of readings."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import adjusted_rand_score

from research.segmenters import _learning
from research.segmenters._dense import decode, encode
from research.segmenters._span import MOST_AXES, folded, span_of, unfolded
from research.segmenters._training import first_weights, widths
from research.segmenters.hybrid import ARMS, HybridNetwork

QUICK = {"n_seeds": 2, "epochs": 10, "batch_size": 64, "random_state": 0}


def with_days(X, n_days, seed):
    """Curves of `n_days` typical days: the first, and others that differ by noise."""
    rng = np.random.default_rng(seed)
    noise = 1 + 0.1 * rng.standard_normal((n_days, *X.shape))
    return np.concatenate(X * noise, axis=1)


@pytest.fixture(scope="module")
def many(planted):
    return with_days(planted[0], 8, seed=0), planted[1]


@pytest.fixture(scope="module")
def network(many):
    return HybridNetwork(5, **QUICK).fit(many[0])


@pytest.fixture
def points():
    points = np.random.default_rng(0).standard_normal((90, 200)) * np.arange(1, 201)
    return (points - points.mean(axis=0)) / points.std()


def test_few_readings_are_seen_as_they_are(points):
    assert span_of(points[:, :128]) is None
    assert span_of(points[:, :129]) is not None


def test_an_unfolded_network_says_the_same_on_the_readings(points):
    span = span_of(points)
    seen = points @ span.directions.T * span.seen
    assert seen.shape == (90, MOST_AXES)
    weights = first_weights(widths(MOST_AXES, 3), np.random.default_rng(1))
    weights = [part + np.float32(0.01) for part in weights]
    whole = unfolded(weights, span)
    codes = encode(weights, seen)
    assert_allclose(encode(whole, points), codes, rtol=1e-4, atol=1e-4)
    # Its error on the axes, and what lies outside of them, is its error.
    inside = np.mean((decode(weights, codes) - span.made * seen) ** 2)
    error = np.mean((decode(whole, codes) - points) ** 2)
    assert error == pytest.approx(inside + span.left_out, rel=1e-4)
    for back, part in zip(folded(whole, span), weights, strict=True):
        assert_allclose(back, part, atol=1e-5)


def test_what_is_made_spreads_as_the_readings_do(points):
    span = span_of(points)
    wanted = points @ span.directions.T * span.seen * span.made
    spread = np.mean(wanted**2) + span.left_out
    assert spread == pytest.approx(np.mean(points**2))
    assert (wanted.var(axis=0) < 3 * wanted.var(axis=0).mean()).all()


@pytest.mark.slow
@pytest.mark.parametrize("arm", ARMS)
def test_planted_shapes_of_many_readings_are_found(many, arm):
    X, truth = many
    segmenter = HybridNetwork(5, arm=arm, **QUICK).fit(X)
    assert adjusted_rand_score(truth, segmenter.labels_) > 0.95
    assert_array_equal(segmenter.predict(X), segmenter.labels_)


@pytest.mark.slow
def test_the_network_is_one_of_the_readings(network, many, tmp_path):
    X, _ = many
    assert {len(run.weights[0]) for run in network.runs_} == {X.shape[1]}
    path = tmp_path / "many.json"
    loaded = HybridNetwork.load(path, sha256=network.save(path))
    assert_array_equal(loaded.predict_proba(X), network.predict_proba(X))
    assert_array_equal(loaded.distance_ratio(X), network.distance_ratio(X))
    assert_array_equal(network.redivided(X, 5).labels_, network.labels_)


@pytest.mark.slow
def test_what_is_trained_is_as_wide_as_the_axes(many, monkeypatch):
    trained = []
    monkeypatch.setattr(_learning, "_idle", {})
    right = _learning.autoencoder
    monkeypatch.setattr(
        _learning,
        "autoencoder",
        lambda backend, sizes: trained.append(sizes) or right(backend, sizes),
    )
    HybridNetwork(5, **QUICK | {"n_seeds": 1, "epochs": 1}).fit(many[0])
    assert trained == [widths(MOST_AXES, 5)]


@pytest.mark.slow
def test_the_loss_told_is_that_of_the_readings(network, many):
    X, _ = many
    shapes = network.shapes(X)
    points = (shapes - shapes.mean(axis=0)) / np.sqrt(shapes.var(axis=0).mean())
    made = [decode(r.weights, encode(r.weights, points)) for r in network.runs_]
    error = np.mean([(one - points) ** 2 for one in made])
    told = network.history_.groupby("seed")["reconstruction"].last().mean()
    # Each network leaves a tenth out, and the last epoch ends better than it began.
    assert told == pytest.approx(error, rel=0.1)


@pytest.mark.slow
def test_a_curve_outside_of_the_axes_fits_no_segment(network, many, planted_anew):
    X, _ = many
    others = with_days(planted_anew, 8, seed=1)
    assert (network.distance_ratio(others) > 1).mean() < 0.1
    # A saw-tooth on a member: its code is that of the member, its curve is not.
    saw = X[:50] * np.tile([0.5, 1.5], X.shape[1] // 2)
    assert (network.distance_ratio(saw) > 1).all()
