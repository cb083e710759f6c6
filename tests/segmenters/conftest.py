import numpy as np
import pytest


def planted_curves(seed):
    """Curves of five shapes and any size, their true shape: (X, truth)."""
    rng = np.random.default_rng(seed)
    slots = np.arange(48)
    shapes = np.array(
        [0.3 + np.exp(-((slots - peak) ** 2) / 18) for peak in (8, 16, 24, 32, 40)]
    )
    truth = rng.permutation(np.repeat(np.arange(5), (80, 50, 30, 20, 10)))
    noise = 1 + 0.1 * rng.standard_normal((len(truth), 48))
    size = 10 ** rng.uniform(-1, 4, (len(truth), 1))
    return shapes[truth] * noise * size, truth


@pytest.fixture(scope="session")
def planted():
    """Curves to learn from, and their true shape."""
    return planted_curves(0)


@pytest.fixture(scope="session")
def planted_anew():
    """Other customers of the same kind: 760 curves."""
    return np.concatenate([planted_curves(seed)[0] for seed in range(1, 5)])


@pytest.fixture(scope="session")
def overlapping():
    """Curves of shapes that run into each other: 120 customers of 24 readings."""
    rng = np.random.default_rng(1)
    slots = np.arange(24)
    peaks = rng.uniform(6, 20, (120, 1))
    return (
        0.5
        + np.exp(-((slots - peaks) ** 2) / 20)
        + 0.2 * rng.standard_normal((120, 24)) ** 2
    )
