"""The grid of a self-organising map: its size, its places, its first prototypes."""

import numpy as np
from scipy.spatial.distance import cdist

TOPOLOGIES = ("hexagonal", "rectangular")


def grid_of(n, n_distinct, variances, max_units):
    """Rows and columns for `n` customers whose widest axes have these `variances`.

    Examples
    --------
    >>> grid_of(100, 100, [4.0, 1.0], 400)
    (5, 10)
    """
    units = max(1, min(5 * np.sqrt(n), max_units, n_distinct / 2))
    ratio = 4.0
    if len(variances) > 1:
        ratio = min(ratio, np.sqrt(variances[0] / variances[1]))
    rows = max(1, round(np.sqrt(units / ratio)))
    return rows, max(1, int(units / rows))


def positions_of(grid, topology):
    """Places of the units, across and down, neighbours 1 apart.

    Examples
    --------
    >>> positions_of((2, 2), "hexagonal").round(2).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.5, 0.87], [1.5, 0.87]]
    """
    down, across = (part.ravel().astype(np.float64) for part in np.indices(grid))
    if topology == "hexagonal":
        return np.column_stack([across + 0.5 * (down % 2), down * np.sqrt(0.75)])
    return np.column_stack([across, down])


def neighbours_of(positions, topology):
    """Ones where two units are neighbours: six of a unit, or eight with corners.

    Examples
    --------
    >>> neighbours_of(positions_of((2, 2), "hexagonal"), "hexagonal").sum(axis=1)
    array([2., 3., 3., 2.])
    """
    apart = cdist(positions, positions)
    reach = 1.1 if topology == "hexagonal" else 1.5
    return ((apart > 0) & (apart < reach)).astype(np.float64)


def on_the_plane(axes, positions):
    """Prototypes on the plane of the two widest of `axes`, one a place.

    The longer side of the grid lies along the wider axis; both reach one standard
    deviation to either side of the mean.
    """
    width = np.ptp(positions, axis=0)
    centered = (positions - positions.min(axis=0)) / np.where(width > 0, width, 1.0)
    centered = np.where(width > 0, 2 * centered - 1, 0.0)
    if width[1] > width[0]:
        centered = centered[:, ::-1]
    reach = np.sqrt(axes.variances[:2])
    centered = centered[:, : len(reach)] * reach
    return axes.mean + centered @ axes.directions[: len(reach)]
