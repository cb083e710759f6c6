"""What must hold of every way of segmenting by shape, whoever wrote it.

Estimators are found by walking the package: who has the parameters `n_clusters` and
`normalization` takes part unasked, once for each of its `VARIANTS`.
"""

import inspect
import pkgutil
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.metrics import adjusted_rand_score

import research.segmenters

VARIANTS = {
    "LoadShapeMixture": [{}, {"covariance": "diag"}, {"covariance": "best"}],
    "LoadShapeWard": [{}, {"max_customers": 100}],
    "SOMSegmenter": [{}, {"how": "ward"}, {"topology": "rectangular"}],
}
"""Settings to hold to the laws instead of the defaults alone, by class name."""

ABSENT = {
    "HybridNetwork": "trains networks for seconds a fit; has tests of its own",
    "LoadShapeDictionary": "segments customers by many days each, not by one curve",
}
"""Who does not take part, and why."""


def segmenters():
    """Settings of each estimator of the package that segments by shape."""
    modules = pkgutil.walk_packages(
        research.segmenters.__path__, research.segmenters.__name__ + "."
    )
    for module in modules:
        for name, member in inspect.getmembers(import_module(module.name)):
            if (
                not inspect.isclass(member)
                or not issubclass(member, BaseEstimator)
                or member.__module__ != module.name
                or name.startswith("_")
                or name in ABSENT
                or not {"n_clusters", "normalization"} <= set(member._get_param_names())
            ):
                continue
            for settings in VARIANTS.get(name, [{}]):
                described = ",".join(map(str, settings.values()))
                yield pytest.param(maker(member, settings), id=f"{name}({described})")


def maker(estimator, settings):
    def make(k, **more):
        seeded = "random_state" in estimator._get_param_names()
        seed = {"random_state": 0} if seeded else {}
        return estimator(n_clusters=k, **seed, **settings, **more)

    return make


every = pytest.mark.parametrize("make", list(segmenters()))


def wanted(segmenter, *names):
    """Skip where a segmenter does not say what the law is about."""
    for name in names:
        if not hasattr(segmenter, name):
            pytest.skip(f"{type(segmenter).__name__} has no {name}")


def test_the_walk_finds_the_segmenters():
    found = " ".join(param.id for param in segmenters())
    for name in ("KMeans", "Mixture", "Ward", "SOMSegmenter"):
        assert name in found


@every
def test_planted_shapes_are_found(make, planted):
    X, truth = planted
    assert adjusted_rand_score(truth, make(5).fit(X).labels_) > 0.95


@every
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_customers_changes_neither_labels_nor_centres(
    make, overlapping, seed
):
    order = np.random.default_rng(seed).permutation(len(overlapping))
    segmenter, shuffled = make(4).fit(overlapping), make(4).fit(overlapping[order])
    assert_array_equal(shuffled.labels_, segmenter.labels_[order])
    wanted(segmenter, "cluster_centers_")
    assert_array_equal(shuffled.cluster_centers_, segmenter.cluster_centers_)


@every
def test_the_unit_of_a_customer_changes_no_label(make, overlapping):
    size = 2.0 ** np.random.default_rng(0).integers(-9, 9, (len(overlapping), 1))
    labels = make(4).fit(overlapping).labels_
    assert_array_equal(make(4).fit(size * overlapping).labels_, labels)


@every
def test_a_unit_that_rounds_changes_no_label_where_groups_are_apart(make, planted):
    X, _ = planted
    size = np.random.default_rng(0).uniform(1e-3, 1e3, (len(X), 1))
    labels = make(5).fit(X).labels_
    assert adjusted_rand_score(make(5).fit(size * X).labels_, labels) == 1


@every
def test_customers_counted_twice_leave_the_segments_where_they_are(make, planted):
    X, _ = planted
    once, twice = make(5).fit(X).labels_, make(5).fit(np.vstack([X, X])).labels_
    assert adjusted_rand_score(once, twice[: len(X)]) == 1
    assert_array_equal(twice[: len(X)], twice[len(X) :])


@every
@pytest.mark.parametrize("hours", [1, 13, 30])
def test_another_start_of_the_day_gives_the_same_segments(make, planted, hours):
    X, _ = planted
    labels = make(5).fit(X).labels_
    turned = make(5).fit(np.roll(X, hours, axis=1)).labels_
    assert adjusted_rand_score(labels, turned) == 1


@every
@pytest.mark.parametrize("hours", [1, 11])
def test_the_clock_does_not_matter_where_there_are_no_clear_groups_either(
    make, overlapping, hours
):
    labels = make(4).fit(overlapping).labels_
    turned = make(4).fit(np.roll(overlapping, hours, axis=1)).labels_
    assert adjusted_rand_score(labels, turned) == 1


@every
def test_names_of_customers_and_readings_change_nothing(make, overlapping):
    ids = [f"c{number}" for number in range(len(overlapping))]
    frame = pd.DataFrame(overlapping, index=ids).add_prefix("h")
    renamed = frame.rename(
        columns=lambda name: f"x{name}", index=lambda name: name[::-1]
    )
    labels = make(4).fit(frame).labels_
    assert_array_equal(make(4).fit(renamed).labels_, labels)
    assert_array_equal(make(4).fit(overlapping).labels_, labels)


@every
def test_single_and_double_precision_give_the_same_segments(make, planted):
    X, _ = planted
    double, single = make(5).fit(X).labels_, make(5).fit(X.astype(np.float32)).labels_
    assert adjusted_rand_score(double, single) == 1


@every
def test_one_seed_gives_one_result(make, overlapping):
    first, second = make(4).fit(overlapping), make(4).fit(overlapping)
    assert_array_equal(first.labels_, second.labels_)


@every
def test_segments_are_numbered_from_the_largest_and_counted(make, planted):
    X, _ = planted
    segmenter = make(5).fit(X)
    sizes = np.bincount(segmenter.labels_, minlength=5)
    assert (np.diff(sizes) <= 0).all()
    wanted(segmenter, "cluster_sizes_")
    assert_array_equal(segmenter.cluster_sizes_, sizes)


@every
def test_a_lone_customer_is_seen(make, planted):
    X, _ = planted
    lone = np.tile([0.02, 1.0], 24)[None]
    segmenter = make(6).fit(np.vstack([X, lone]))
    alone = (segmenter.labels_ == segmenter.labels_[-1]).sum() == 1
    if alone:
        wanted(segmenter, "flags_")
        assert any("single customer" in flag for flag in segmenter.flags_)
    else:
        assert segmenter.distance_ratio(lone)[0] > 1


@every
def test_a_customer_unlike_all_others_fits_no_segment(make, planted):
    X, _ = planted
    segmenter = make(5).fit(X)
    wanted(segmenter, "distance_ratio")
    night = np.exp(-(np.minimum(np.arange(48), 48 - np.arange(48)) ** 2) / 18)
    unlike = [night, 1 - night, np.ones(48), np.tile([0.02, 1.0], 24)]
    assert (segmenter.distance_ratio(unlike) > 1).all()


@every
def test_new_customers_of_known_shapes_fit(make, planted):
    X, truth = planted
    segmenter = make(5).fit(X[::2])
    wanted(segmenter, "distance_ratio")
    assert (segmenter.distance_ratio(X[1::2]) > 1).mean() < 0.06
    assert adjusted_rand_score(truth[1::2], segmenter.predict(X[1::2])) > 0.95


@every
def test_prediction_repeats_the_labels_where_groups_are_apart(make, planted):
    X, _ = planted
    segmenter = make(5).fit(X)
    wanted(segmenter, "predict")
    assert_array_equal(segmenter.predict(X), segmenter.labels_)


@every
def test_margins_lie_between_zero_and_one(make, overlapping):
    segmenter = make(4).fit(overlapping)
    wanted(segmenter, "margin")
    margin = segmenter.margin(overlapping)
    assert ((margin >= 0) & (margin <= 1)).all()
    assert_allclose(make(1).fit(overlapping).margin(overlapping), 1)


@every
def test_rows_without_a_shape_break_nothing(make, planted):
    X = np.vstack([planted[0], np.zeros((6, 48))])
    segmenter = make(6).fit(X)
    assert len(set(segmenter.labels_[-6:])) == 1
    wanted(segmenter, "distance_ratio")
    assert np.isfinite(segmenter.distance_ratio(X)).all()


@every
def test_fewer_customers_or_shapes_than_segments_are_refused(make):
    with pytest.raises(ValueError, match="needs at least 4"):
        make(4).fit([[1.0, 2.0, 3.0]])
    same = np.outer(np.arange(1.0, 9.0), [1.0, 2.0, 4.0])
    with pytest.raises(ValueError, match="needs at least 4"):
        make(4).fit(same)


@every
def test_parameters_out_of_range_are_named(make):
    with pytest.raises(ValueError, match="n_clusters must be a whole number"):
        make(0).fit(np.eye(6))
    with pytest.raises(ValueError, match=r"normalization must be one of.*Got 'area'"):
        make(2, normalization="area").fit(np.eye(6))
