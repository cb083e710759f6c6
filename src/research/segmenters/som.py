"""A self-organising map of shapes: a grid of prototypes, neighbours alike.

Why in batches: the classic map moves its units after every customer, one at a time.
Here every customer is sent to its nearest unit first, by one product of matrices, and
then every unit becomes the mean of the customers around it, weighted by how near their
units lie on the grid. That needs no learning rate and no order of presentation, and
begins on the plane of the two widest principal axes: nothing about it is random.
`benchmarks/som.py` measures what it gains.
"""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted

from research.segmenters._axes import principal_axes
from research.segmenters._batches import own_distances, thread_pools
from research.segmenters._grid import (
    TOPOLOGIES,
    grid_of,
    neighbours_of,
    positions_of,
)
from research.segmenters._map_training import (
    MOST_AXES,
    SEARCH_SHARE,
    TRIED,
    nearest_units,
    topographic_error,
    train,
)
from research.segmenters._nearest import ShapesMixin
from research.segmenters._parameters import check_choice, check_count
from research.segmenters._prepared import prepared, restored
from research.segmenters.shapes import NORMALIZATIONS


class SelfOrganizingMap(
    ShapesMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Map of customers by the shape of their curve, whatever its size (自组织映射).

    Each row is normalised by itself. A grid of units begins on the plane of the two
    widest principal axes; in each epoch every customer is sent to the nearest unit, and
    every unit becomes the mean of all customers, weighted by a Gaussian of the distance
    on the grid between their unit and itself. The width of the Gaussian shrinks from a
    half of the grid's longer side to `radius`. Of more than 20,000 customers a sample
    of so many unfolds the map; its last five epochs see all.

    Parameters
    ----------
    grid : tuple of two int or None, default=None
        Rows and columns. None takes 5 sqrt(n_customers) units [1]_, at most
        `max_units` and at most half as many as there are different shapes, with sides
        as the square roots of the two largest variances are to each other, at most
        four to one.
    normalization : {"peak", "mean", "z", "unit", "demin", "none"}, default="peak"
        How the size is taken out of a row, see `normalize_shapes`.
    topology : {"hexagonal", "rectangular"}, default="hexagonal"
        Six neighbours of a unit, or eight.
    n_epochs : int, default=50
        Rounds in which the neighbourhood shrinks.
    radius : float or None, default=None
        Width of the Gaussian at the end, above 0, in steps of the grid. Wider keeps
        neighbours more alike (`topographic_error_`), narrower keeps units nearer to
        their customers (`quantization_error_`). None takes the narrowest from 0.8 to
        1.4 with a topographic error of at most .02; where there is none and `grid` is
        None, half and then a quarter of the units are tried. If nothing is faithful,
        the map that tears fewest customers is kept.
    max_units : int, default=400
        Units at most where `grid` is None.

    Attributes
    ----------
    prototypes_ : ndarray of shape (n_units, n_readings)
        Curve of each unit, row by row of the grid [unitless].
    grid_ : tuple of two int
        Rows and columns.
    radius_ : float
        Width of the Gaussian at the end.
    positions_ : ndarray of shape (n_units, 2)
        Place of each unit on the map, across and down, neighbours 1 apart.
    hits_ : ndarray of shape (n_units,)
        Number of customers whose nearest unit it is.
    labels_ : ndarray of shape (n_customers,)
        Nearest unit of each customer.
    own_weights_ : ndarray of shape (n_units,)
        Share of a unit's curve that each single customer of it makes up, in [0, 1].
    quantization_error_ : float
        Mean distance of the customers to their nearest unit [unitless].
    topographic_error_ : float
        Share of the customers whose two nearest units are no neighbours, in [0, 1].
        Up to .02 the map is faithful, beyond .05 it is folded.
    u_matrix_ : ndarray of shape (rows, columns)
        Mean distance of a unit's prototype to those of its neighbours: ridges part
        groups of alike units.
    n_features_in_ : int
        Number of readings a row.
    feature_names_in_ : ndarray of shape (n_readings,)
        Names of the columns, where `X` is a DataFrame with names of type str.

    Notes
    -----
    The map has no `n_clusters`: its units are too many to speak of. `SOMSegmenter`
    gathers them to segments.

    References
    ----------
    .. [1] J. Vesanto and E. Alhoniemi, "Clustering of the self-organizing map", IEEE
       Transactions on Neural Networks, vol. 11, no. 3, pp. 586-600, 2000.
    .. [2] T. Kohonen, "Essentials of the self-organizing map", Neural Networks, vol.
       37, pp. 52-65, 2013.

    Examples
    --------
    >>> curves = [[1, 2, 9], [1, 3, 9], [9, 2, 1], [9, 3, 1]]
    >>> som = SelfOrganizingMap((1, 2)).fit(curves)
    >>> som.hits_.tolist(), som.topographic_error_
    ([2, 2], 0.0)
    >>> som.predict([[10, 20, 90]]).tolist() == som.labels_[:1].tolist()
    True
    """

    def __init__(
        self,
        grid=None,
        *,
        normalization="peak",
        topology="hexagonal",
        n_epochs=50,
        radius=None,
        max_units=400,
    ):
        self.grid = grid
        self.normalization = normalization
        self.topology = topology
        self.n_epochs = n_epochs
        self.radius = radius
        self.max_units = max_units

    def fit(self, X, y=None):
        """Train the map on the curves `X`.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            One curve a row, finite, in any unit.
        y : None
            Ignored; there for scikit-learn.

        Returns
        -------
        self : SelfOrganizingMap

        Raises
        ------
        ValueError
            If a parameter is out of its range, or `X` holds NaN or infinite values.

        Examples
        --------
        >>> SelfOrganizingMap((0, 3)).fit([[1, 2]])
        Traceback (most recent call last):
            ...
        ValueError: grid must be None or two whole numbers of at least 1. Got (0, 3)
        instead.
        """
        self._check_parameters()
        return self._learn(prepared(self, X))

    def _learn(self, found):
        """Train on rows that are prepared."""
        shapes, order, peak, n_distinct = found
        scaled = shapes
        if peak != 1.0:
            scaled = shapes / np.asarray(peak, dtype=shapes.dtype)
        axes = principal_axes(scaled, MOST_AXES, SEARCH_SHARE)
        with thread_pools().limit(limits=1 if len(shapes) <= TRIED else None):
            trained = train(
                *(scaled, axes, self._grids(len(shapes), n_distinct, axes)),
                *(self.topology, self.radius, self.n_epochs),
            )
        self.grid_, self.radius_ = trained.grid, trained.radius
        self.positions_ = positions_of(self.grid_, self.topology)
        neighbours = neighbours_of(self.positions_, self.topology)
        self.prototypes_ = trained.prototypes * peak
        self.labels_ = restored(trained.units, order)
        self.hits_ = np.bincount(trained.units, minlength=len(self.prototypes_))
        self.own_weights_ = trained.own_weight
        off = own_distances(trained.units, shapes, self.prototypes_)
        self.quantization_error_ = float(off.mean())
        self.topographic_error_ = topographic_error(
            scaled, trained.prototypes, neighbours
        )
        between = cdist(self.prototypes_, self.prototypes_)
        ridges = (between * neighbours).sum(axis=1)
        ridges /= np.maximum(neighbours.sum(axis=1), 1)
        self.u_matrix_ = ridges.reshape(self.grid_)
        self._n_features_out = len(self.prototypes_)
        return self

    def predict(self, X):
        """Nearest unit of each row of `X`.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        units : ndarray of shape (n_customers,)
            0 to n_units - 1, row by row of the grid.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> som = SelfOrganizingMap((1, 2)).fit([[1, 9], [1, 8], [9, 1], [8, 1]])
        >>> sorted(som.predict([[2, 17], [9, 1]]).tolist())
        [0, 1]
        """
        check_is_fitted(self)
        peak = np.abs(self.prototypes_).max() or 1.0
        prototypes = self.prototypes_ / peak
        return self._in_turns(
            lambda shapes: nearest_units(shapes / peak, prototypes), X
        )

    def transform(self, X):
        """Distances of the normalised rows of `X` to the prototypes.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        distances : ndarray of shape (n_customers, n_units)
            Euclidean, at least 0 [unitless].

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> som = SelfOrganizingMap((1, 2)).fit([[1, 9], [1, 8], [9, 1], [8, 1]])
        >>> som.transform([[1, 9]]).shape
        (1, 2)
        """
        check_is_fitted(self)
        return self._in_turns(lambda shapes: cdist(shapes, self.prototypes_), X)

    def places(self, X):
        """Place on the map of each row of `X`: that of its nearest unit.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        places : ndarray of shape (n_customers, 2)
            Across and down, in steps of the grid.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> som = SelfOrganizingMap((1, 2)).fit([[1, 9], [1, 8], [9, 1], [8, 1]])
        >>> sorted(som.places([[2, 17], [9, 1]]).tolist())
        [[0.0, 0.0], [1.0, 0.0]]
        """
        return self.positions_[self.predict(X)]

    def _grids(self, n, n_distinct, axes):
        """The grid that is wanted, and smaller ones should it fold."""
        if self.grid is not None:
            return [tuple(int(side) for side in self.grid)]
        most = [self.max_units, self.max_units // 2, self.max_units // 4]
        grids = [
            grid_of(n, n_distinct, axes.variances, units) for units in most if units
        ]
        return list(dict.fromkeys(grids))

    def _check_parameters(self):
        check_choice("normalization", self.normalization, NORMALIZATIONS)
        check_choice("topology", self.topology, TOPOLOGIES)
        check_count("n_epochs", self.n_epochs)
        check_count("max_units", self.max_units)
        is_number = isinstance(self.radius, (int, float)) and self.radius is not True
        if self.radius is not None and not (is_number and 0 < self.radius < np.inf):
            raise ValueError(
                f"radius must be a number above 0, or None. Got {self.radius!r} "
                "instead."
            )
        if self.grid is not None:
            sides = tuple(self.grid)
            whole = all(
                isinstance(side, (int, np.integer)) and side >= 1 for side in sides
            )
            if len(sides) != 2 or not whole:
                raise ValueError(
                    "grid must be None or two whole numbers of at least 1. "
                    f"Got {self.grid!r} instead."
                )


def map_of_prepared(som, found, segmenter):
    """Train `som` on rows that `segmenter`, of the same normalization, has prepared.

    As `fit` on the table does, without a second copy of it.
    """
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(segmenter, name):
            setattr(som, name, getattr(segmenter, name))
    som._check_parameters()
    return som._learn(found)
