import numpy as np
import pytest


@pytest.fixture(scope="session")
def three_groups():
    """Points of three groups far apart, 40, 30 and 20 of them: (X, truth)."""
    rng = np.random.default_rng(0)
    truth = rng.permutation(np.repeat([0, 1, 2], [40, 30, 20]))
    centers = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])
    return centers[truth] + 0.5 * rng.standard_normal((90, 2)), truth


@pytest.fixture(scope="session")
def one_cloud():
    """Points without groups, as many as readings of a day and more."""
    return np.random.default_rng(0).standard_normal((100, 20))


def archetypes(n, shift, noise=0.15, weights=None, seed=0):
    """Daily curves of 48 half-hours with 8 rhythms, over their peak: (X, truth)."""
    rng = np.random.default_rng(seed)
    hours = np.arange(0, 24, 0.5)
    rhythms = [  # hour, width and height of two peaks
        (19, 2, 1, 7, 1, 0.5),
        (8, 1.5, 1, 20, 2, 0.3),
        (13, 3, 1, 13, 3, 0),
        (2, 2.5, 1, 13, 3, 0.1),
        (10, 2, 1, 16, 2, 0.9),
        (21, 1.5, 1, 12, 2, 0.3),
        (6, 1, 1, 18, 1.5, 0.9),
        (12, 8, 1, 12, 8, 0.2),
    ]
    truth = rng.choice(8, n, p=weights)
    X = np.full((n, 48), 0.2)
    for row, label, late in zip(X, truth, rng.normal(0, shift, n), strict=True):
        for hour, width, height in np.reshape(rhythms[label], (2, 3)):
            apart = (hours - hour - late + 12) % 24 - 12
            row += height * np.exp(-(apart**2) / (2 * width**2))
    X *= np.exp(noise * rng.standard_normal(X.shape))
    return X / X.max(axis=1, keepdims=True), truth


@pytest.fixture(scope="session")
def eight_rhythms():
    """Function that draws curves of eight planted rhythms."""
    return archetypes
