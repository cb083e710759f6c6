"""What segmenters share that normalise rows and send them to the nearest centre."""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from research.segmenters._batches import ask_in_turns
from research.segmenters._limits import margin_of
from research.segmenters.shapes import normalize_shapes


class ShapesMixin:
    """The rows as an estimator with the parameter `normalization` compares them."""

    def shapes(self, X):
        """Rows of `X` as this segmenter compares them.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        shapes : ndarray of shape (n_customers, n_readings)
            Rows under `normalization`, see `normalize_shapes`.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings than at
            `fit`.

        Examples
        --------
        >>> from research.segmenters import LoadShapeWard
        >>> segmenter = LoadShapeWard(2).fit([[1, 3], [2, 6], [3, 1]])
        >>> segmenter.shapes([[10, 40]]).tolist()
        [[0.25, 1.0]]
        """
        return normalize_shapes(self._rows(X), self.normalization)

    def _rows(self, X):
        """`X` checked."""
        check_is_fitted(self)
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)

    def _in_turns(self, ask, X):
        """Answers to the normalised rows of `X`, some thousand rows at a time."""
        return ask_in_turns(ask, self._rows(X), self.normalization)


class NearestCenterMixin(
    ShapesMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
):
    """Assignment of rows by `cluster_centers_`, and how sure it is.

    For an estimator that has the parameter `normalization` and learns
    `cluster_centers_`, `distance_limits_` and `_n_features_out`.
    """

    def predict(self, X):
        """Nearest segment of each row of `X`, however far it is.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        labels : ndarray of shape (n_customers,)
            0 to n_clusters - 1; of two segments equally near, the first.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> from research.segmenters import LoadShapeWard
        >>> segmenter = LoadShapeWard(2).fit([[1, 3], [2, 6], [3, 1]])
        >>> segmenter.predict([[10, 29], [29, 10]]).tolist()
        [0, 1]
        """
        return self._in_turns(
            lambda shapes: self._apart(shapes).argmin(axis=1).astype(np.int32), X
        )

    def transform(self, X):
        """Distances of the normalised rows of `X` to the segments.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        distances : ndarray of shape (n_customers, n_clusters)
            Euclidean, at least 0 [unitless].

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> from research.segmenters import LoadShapeWard
        >>> segmenter = LoadShapeWard(2).fit([[1, 3], [2, 6], [3, 1]])
        >>> segmenter.transform([[10, 30]]).round(2).tolist()
        [[0.0, 0.94]]
        """
        return self._in_turns(self._apart, X)

    def _apart(self, shapes):
        """Distances of normalised rows to the segments."""
        return cdist(shapes, self.cluster_centers_)

    def distance_ratio(self, X):
        """How far each row is from its segment, over what is usual there.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        ratio : ndarray of shape (n_customers,)
            Distance to the nearest segment over the limit of that segment, at least 0
            [unitless]. Above 1 the curve fits no segment: `predict` still names the
            nearest, but it should not be believed.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> from research.segmenters import LoadShapeWard
        >>> curves = [[1, 2, 4], [1, 2, 5], [1, 2, 6], [6, 2, 1], [5, 2, 1], [4, 2, 1]]
        >>> segmenter = LoadShapeWard(2).fit(curves)
        >>> (segmenter.distance_ratio([[10, 22, 48], [1, 9, 1]]) > 1).tolist()
        [False, True]
        """

        def ratio(shapes):
            distances = self._apart(shapes)
            limits = self.distance_limits_[distances.argmin(axis=1)]
            return distances.min(axis=1) / limits

        return self._in_turns(ratio, X)

    def margin(self, X):
        """How much nearer each row is to its segment than to the next.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        margin : ndarray of shape (n_customers,)
            1 - d1 / d2, with d1 and d2 the distances to the nearest and the second
            nearest segment, in [0, 1] [unitless]: near 0 a border case, 1 at the
            centre. 0 where the row lies on two centres at once; 1 throughout where
            there is only one segment.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> from research.segmenters import LoadShapeWard
        >>> segmenter = LoadShapeWard(2).fit([[1, 3], [2, 6], [3, 1]])
        >>> segmenter.margin([[1, 3], [1, 1], [9, 11]]).round(2).tolist()
        [1.0, 0.0, 0.3]
        """
        return self._in_turns(lambda shapes: margin_of(self._apart(shapes)), X)
