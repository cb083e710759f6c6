"""How a map is trained, and how wide its neighbourhood is at the end.

A map of many units bends to follow its customers, and folds: the two nearest units of a
customer are then no neighbours. A wider neighbourhood at the end unfolds it and leaves
units farther from their customers. Measured, end at .8, on mean days of planted
families: .018 to .030 torn of 1,000 customers (156 units), .045 of 10,000 and of
100,000 (399 units). So the end is the narrowest width that tears at most `FAITHFUL`;
where none does, fewer units are tried.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist

from research.segmenters._batches import ask_in_turns
from research.segmenters._grid import neighbours_of, on_the_plane, positions_of

BLOCK = 2**18
"""Distances held at once, so that they stay in the cache."""

SEARCH_SHARE, MOST_AXES = 0.99, 64
"""Share of the variance that the axes hold on which all but the last epochs run, where
they are less than half as many as the readings."""

FINISH = 5
"""Last epochs, on all readings."""

FAITHFUL = 0.02
"""Topographic error up to which a map is faithful."""

RADII = (0.8, 0.9, 1.0, 1.1, 1.2, 1.4)
"""Widths tried for the end of the training, the narrowest first."""

TRIED = 20_000
"""Customers up to which all epochs see all. Of more, a sample of so many unfolds the
map and sets its radius; the last epochs are on all."""


class Trained(NamedTuple):
    """A trained map.

    Attributes
    ----------
    grid : tuple of two int
    radius : float
        Of the last epoch.
    prototypes : ndarray of shape (n_units, n_readings)
    units : ndarray of shape (n_customers,)
        Nearest unit of each row.
    own_weight : ndarray of shape (n_units,)
        Share of a unit that each single customer of it makes up, in [0, 1].
    """

    grid: tuple
    radius: float
    prototypes: np.ndarray
    units: np.ndarray
    own_weight: np.ndarray


def train(rows, axes, grids, topology, radius, n_epochs):
    """Train a map.

    Parameters
    ----------
    rows : ndarray of shape (n_customers, n_readings)
        Of a size near 1.
    axes : Axes
        Of the rows.
    grids : list of tuple of two int
        The first on which some radius is faithful is taken.
    topology : str
    radius : float or None
        Of the last epoch; None takes the narrowest of `RADII` that is faithful.
    n_epochs : int

    Returns
    -------
    trained : Trained
    """
    step = -(-len(rows) // TRIED)
    some = np.ascontiguousarray(rows[::step]) if step > 1 else rows
    # What holds narrowly on a sample may not hold on all.
    enough = FAITHFUL if step == 1 else 0.9 * FAITHFUL
    best = None
    for grid in grids if radius is None else grids[:1]:
        neighbours = neighbours_of(positions_of(grid, topology), topology)
        for width in RADII if radius is None else [radius]:
            trained = _all_epochs(some, axes, grid, topology, width, n_epochs)
            if radius is not None:
                best = (0.0, trained)
                break
            torn = topographic_error(some, trained.prototypes, neighbours)
            if best is None or torn < best[0]:
                best = (torn, trained)
            if torn <= enough:
                break
        if best[0] <= enough:
            break
    trained = best[1]
    if step == 1:
        return trained
    near = _nearness(positions_of(trained.grid, topology), trained.radius)
    prototypes = trained.prototypes
    units = nearest_units(rows, prototypes)
    for _ in range(FINISH):
        prototypes, own_weight = _smoothed(rows, units, near)
        units = nearest_units(rows, prototypes)
    return Trained(trained.grid, trained.radius, prototypes, units, own_weight)


def _all_epochs(rows, axes, grid, topology, radius, n_epochs):
    """The map after all epochs on `rows`."""
    positions = positions_of(grid, topology)
    radii = np.geomspace(max(max(grid) / 2, radius), radius, n_epochs)
    prototypes = on_the_plane(axes, positions)
    units = nearest_units(rows, prototypes)
    early = max(0, n_epochs - FINISH)
    few = axes.share >= SEARCH_SHARE and 2 * len(axes.directions) < rows.shape[1]
    if few:

        def scores_of(part):
            return ((part - axes.mean) @ axes.directions.T).astype(rows.dtype)

        scores = ask_in_turns(scores_of, rows)
        for width in radii[:early]:
            prototypes, _ = _smoothed(scores, units, _nearness(positions, width))
            units = nearest_units(scores, prototypes)
    for width in radii[early if few else 0 :]:
        prototypes, own_weight = _smoothed(rows, units, _nearness(positions, width))
        units = nearest_units(rows, prototypes)
    return Trained(grid, radius, prototypes, units, own_weight)


def _nearness(positions, radius):
    return np.exp(-(cdist(positions, positions) ** 2) / (2 * radius**2))


def nearest_units(rows, prototypes):
    """Nearest prototype of each row, of two equally near the first."""
    center = prototypes.mean(axis=0)
    prototypes = (prototypes - center).astype(np.float32)
    halves = np.einsum("ij,ij->i", prototypes, prototypes) / 2
    center = center.astype(np.float32)
    units = np.empty(len(rows), dtype=np.int32)
    step = max(1, BLOCK // len(prototypes))
    for first in range(0, len(rows), step):
        part = rows[first : first + step].astype(np.float32)
        nearness = (part - center) @ prototypes.T
        nearness -= halves
        units[first : first + step] = nearness.argmax(axis=1)
    return units


def _smoothed(rows, units, near):
    """Weighted mean of the rows around each unit; what one row weighs in its own."""
    n = len(rows)
    members = csr_array(
        (np.ones(n, rows.dtype), units, np.arange(n + 1)), shape=(n, len(near))
    )
    hits = np.bincount(units, minlength=len(near))
    total = near @ hits
    return near @ (members.T @ rows) / total[:, None], 1 / total


def topographic_error(rows, prototypes, neighbours):
    """Share of the rows whose two nearest units are no neighbours."""
    if len(prototypes) < 2:
        return 0.0
    step, torn = max(1, BLOCK // len(prototypes)), 0
    lengths = np.einsum("ij,ij->i", prototypes, prototypes)
    for first in range(0, len(rows), step):
        distances = lengths - 2 * (rows[first : first + step] @ prototypes.T)
        nearest = distances.argmin(axis=1)
        distances[np.arange(len(distances)), nearest] = np.inf
        torn += int((neighbours[nearest, distances.argmin(axis=1)] == 0).sum())
    return torn / len(rows)
