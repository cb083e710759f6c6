"""The map in batches against the classic map of one customer at a time.

``python -m benchmarks.som [SEEDS]`` trains both on planted mean days of thirteen shape
families (1,000 customers of 96 readings; a grid of one size, the same widths of the
neighbourhood) and prints the time of a sample visit, that is one customer shown to all
units once, and the errors of both maps over the seeds; MiniSom joins in where it is
installed. Then it trains the map in batches on 100,000 customers. Half a minute.
"""

import sys
import time
from importlib.util import find_spec

import numpy as np
import pandas as pd

from research.region.synthetic.families import shape_families
from research.segmenters import SelfOrganizingMap, normalize_shapes

GRID = (12, 13)
EPOCHS = 10
"""Of the maps of one customer at a time: 10,000 visits."""


def one_at_a_time(shapes, positions, start, seed, epochs=EPOCHS):
    """Kohonen's map: the units around the nearest one move towards each customer."""
    rng = np.random.default_rng(seed)
    squares = ((positions[:, None] - positions) ** 2).sum(axis=2)
    prototypes, n_visits = start.copy(), epochs * len(shapes)
    visits = np.concatenate([rng.permutation(len(shapes)) for _ in range(epochs)])
    radii = np.geomspace(max(GRID) / 2, 0.8, n_visits)
    rates = np.geomspace(0.5, 0.02, n_visits)
    for row, radius, rate in zip(visits, radii, rates, strict=True):
        away = shapes[row] - prototypes
        nearest = np.einsum("ij,ij->i", away, away).argmin()
        near = rate * np.exp(-squares[nearest] / (2 * radius**2))
        prototypes += near[:, None] * away
    return prototypes


def errors(shapes, prototypes, positions):
    """Mean distance to the nearest unit, share whose two nearest are no neighbours."""
    lengths = (prototypes**2).sum(axis=1)
    squares = lengths - 2 * shapes @ prototypes.T + (shapes**2).sum(axis=1)[:, None]
    first, second = np.argsort(squares, axis=1)[:, :2].T
    apart = np.linalg.norm(positions[first] - positions[second], axis=1)
    nearest = np.sqrt(np.maximum(squares.min(axis=1), 0))
    return nearest.mean(), (apart > 1.1).mean()


def rows_of(seed):
    X, _ = shape_families(1000, difficulty="medium", random_state=seed)
    shapes = normalize_shapes(X)
    radius = SelfOrganizingMap(GRID).fit(X).radius_  # found by some trainings
    began = time.process_time()
    som = SelfOrganizingMap(GRID, radius=radius).fit(X)
    spent = (time.process_time() - began) / (som.n_epochs * len(X))
    found = errors(shapes, som.prototypes_, som.positions_)
    yield ("in batches", 1e6 * spent, *found)
    random = shapes[np.random.default_rng(seed).permutation(len(X))[: len(som.hits_)]]
    began = time.process_time()
    prototypes = one_at_a_time(shapes, som.positions_, random, seed)
    spent = (time.process_time() - began) / (EPOCHS * len(X))
    found = errors(shapes, prototypes, som.positions_)
    yield ("one at a time", 1e6 * spent, *found)
    if find_spec("minisom"):
        from minisom import MiniSom

        mini = MiniSom(
            *GRID, shapes.shape[1], sigma=max(GRID) / 2, learning_rate=0.5,
            topology="hexagonal", random_seed=seed,
        )  # fmt: skip
        mini.random_weights_init(shapes)
        began = time.process_time()
        mini.train_random(shapes, EPOCHS * len(X))
        spent = (time.process_time() - began) / (EPOCHS * len(X))
        found = mini.quantization_error(shapes), mini.topographic_error(shapes)
        yield ("MiniSom", 1e6 * spent, *found)


def main(n_seeds=3):
    columns = ["map", "us a visit", "quantization error", "topographic error"]
    rows = [row for seed in range(n_seeds) for row in rows_of(seed)]
    table = pd.DataFrame(rows, columns=columns).groupby("map")
    mean = table.mean()
    mean["times as fast"] = mean.loc["one at a time", "us a visit"] / mean["us a visit"]
    print(f"Grid of {GRID[0]} x {GRID[1]}, 1,000 x 96, mean of {n_seeds} seeds")
    print(mean.round(3).to_string())
    print("Spread over the seeds (highest - lowest)")
    print((table.max() - table.min()).iloc[:, 1:].round(3).to_string())
    X, _ = shape_families(100_000, difficulty="medium", random_state=0)
    began, cpu = time.perf_counter(), time.process_time()
    som = SelfOrganizingMap().fit(X)
    spent, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"100,000 x 96, grid {som.grid_}: {spent:.0f} s ({cpu:.0f} s of CPU), "
        f"topographic error {som.topographic_error_:.3f}"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
