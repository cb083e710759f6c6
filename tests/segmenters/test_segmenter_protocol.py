"""Every public estimator of the package obeys scikit-learn's contract.

Estimators are found by walking the package: a new one is tested unasked.
"""

import inspect
import pkgutil
from importlib import import_module

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

import research.segmenters

SETTINGS = {
    "LoadShapeKMeans": [
        {"n_clusters": 3, "normalization": how, "random_state": 0}
        for how in ("peak", "mean", "unit", "none")
    ]
    + [
        {"n_clusters": 2, "normalization": how, "random_state": 0}
        for how in ("z", "demin")
    ],
    "HybridNetwork": [
        {
            "n_clusters": 3,
            "arm": arm,
            "n_seeds": 2,
            "epochs": 2,
            "batch_size": 16,
            "random_state": 0,
        }
        for arm in ("graph", "autoencoder", "idec", "som")
    ],
    "LoadShapeDictionary": [
        {"n_clusters": 3, "n_shapes": 3, "normalization": how, "random_state": 0}
        for how in ("unit", "none")
    ],
    "LoadShapeMixture": [
        {"n_clusters": 3, "random_state": 0, "covariance": covariance}
        for covariance in ("full", "diag", "best")
    ],
    "LoadShapeWard": [
        {"n_clusters": 3, "random_state": 0},
        {"n_clusters": 3, "random_state": 0, "max_customers": 20},
    ],
    "SOMSegmenter": [
        {"n_clusters": 3, "how": how, "random_state": 0} for how in ("pam", "ward")
    ],
    "RFMSegmenter": [
        {"scoring": how, "random_state": 0} for how in ("quantile", "rfm", "kmeans")
    ],
}
"""Settings to check instead of the defaults, by class name."""


def waived(estimator):
    """Checks that may fail, each with its reason."""
    if getattr(estimator, "normalization", None) in ("z", "demin"):
        reason = "asks for three clusters of two columns, which leave only two shapes"
        return {"check_clustering": reason}
    return {}


def discovered():
    """Public estimators defined in the package."""
    modules = pkgutil.walk_packages(
        research.segmenters.__path__, research.segmenters.__name__ + "."
    )
    return {
        member
        for module in modules
        for _, member in inspect.getmembers(import_module(module.name), inspect.isclass)
        if issubclass(member, BaseEstimator)
        and member.__module__ == module.name
        and not member.__name__.startswith("_")
    }


ESTIMATORS = sorted(discovered(), key=lambda estimator: estimator.__name__)


def checked(*estimators):
    """Parametrise by every check of every setting of the estimators."""
    return parametrize_with_checks(
        [
            estimator(**settings)
            for estimator in estimators
            for settings in SETTINGS.get(estimator.__name__, [{}])
        ],
        expected_failed_checks=waived,
    )


NETWORKS = [e for e in ESTIMATORS if e.__name__ == "HybridNetwork"]


@checked(*(e for e in ESTIMATORS if e not in NETWORKS))
def test_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)


@pytest.mark.slow
@checked(*NETWORKS)
def test_a_network_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)


def test_the_walk_finds_the_estimators():
    names = {estimator.__name__ for estimator in ESTIMATORS}
    assert {"LoadShapeKMeans", "HybridNetwork", "AHP", "RFMSegmenter"} <= names
    assert len(NETWORKS) == 1
