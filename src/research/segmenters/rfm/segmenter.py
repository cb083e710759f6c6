"""Segments by scores: recency, frequency, monetary value, or whatever axes there are.

Nothing is searched: `fit` learns where the scores of each axis begin, `predict` names
the first rule that the scores fit. So a segment means the same next month, for new
customers and in another region, which no clustering can promise.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from research.segmenters._parameters import check_choice, check_count
from research.segmenters.rfm.rules import OTHERS, Rule, check_rules, first_match, thirds
from research.segmenters.rfm.scores import (
    SCORINGS,
    kmeans_edges,
    quantile_edges,
    scores_of,
    threshold_edges,
)

THIRDS = ("high", "middle", "low")


class RFMSegmenter(ClusterMixin, TransformerMixin, BaseEstimator):
    """Score customers on each axis from 1 to n, and name segments by rules on scores.

    A score of n is always the good end of its axis, which the caller declares: many
    purchases are good for a shop; many small payments are not, where each costs a fee.

    Parameters
    ----------
    axes : mapping of column name to {1, -1} or None, default=None
        Columns used, and which end is good: 1 the high one, -1 the low one. Other
        columns of a DataFrame are left alone; an array must have as many columns, in
        this order. None: all columns, higher is better.
    scoring : {"quantile", "rfm", "threshold", "kmeans"} or mapping, default="quantile"
        How values become scores, for all axes or for each: see `quantile_edges` (with
        its two rules "quantile" and "rfm"), `threshold_edges` and `kmeans_edges`.
    n_scores : int, default=5
        Highest score, at least 2.
    thresholds : mapping of column name to sequence of float or None, default=None
        For axes of scoring "threshold": n_scores - 1 rising limits in the unit of the
        column, from low to high values whatever the direction. Those of an axis that
        is scored in another way are not used.
    rules : sequence of Rule, or of (name, ranges), or None, default=None
        Named ranges of scores; the first that fits gives the segment, and who fits none
        is of the last segment, "others". None: thirds of the sum of the scores, "high",
        "middle" and "low".
    random_state : int, RandomState instance or None, default=None
        Seed of the scoring "kmeans"; the others draw nothing.

    Attributes
    ----------
    labels_ : ndarray of shape (n_customers,)
        Segment of each customer: the number of its rule from 0. Segments are numbered
        as the rules are, not by size: a number keeps its meaning.
    segment_names_ : list of str
        Names of the segments, the first that of segment 0.
    segment_sizes_ : ndarray of shape (n_segments,)
        Customers of each segment; zeros included.
    axes_ : dict of str to int
        Axes in use and their directions, in the order of the columns of `transform`.
    edges_ : dict of str to Edges
        Limits of each axis.
    flags_ : dict of str to str
        Axes of which something is to be known: "constant" (all values equal, everybody
        has the middle score and the axis tells nobody apart), or which scores nobody
        has, because of ties or declared limits.
    n_features_in_ : int
        Number of columns of `X`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where `X` is a DataFrame with names of type str.

    Notes
    -----
    *Edges stay.* Customers seen later are scored by the edges of `fit`: values beyond
    them get the lowest or highest score. Learn the edges anew, and a customer may
    change segment because others changed.

    *An outlier.* Under "quantile" the largest customer by far has the same score as the
    rest of the best fifth; under "kmeans" it may have one of its own. Neither is wrong;
    look at the largest before acting on a segment's mean.

    *Values.* NaN and infinities are refused by the name of their column, fill or drop
    them before; what a gap means is not for a score to say.

    References
    ----------
    .. [1] A. Hughes, "Boosting response with RFM", Marketing Tools, 1996.
    .. [2] A. Hebbali, rfm: Recency, Frequency and Monetary Value Analysis, R package.

    Examples
    --------
    >>> table = pd.DataFrame({"days": [3, 40, 90, 5], "count": [9, 4, 1, 8]})
    >>> rules = [Rule("loyal", {"days": (2, 2), "count": (2, 2)})]
    >>> segmenter = RFMSegmenter({"days": -1, "count": 1}, n_scores=2, rules=rules)
    >>> segmenter.fit(table).transform(table).tolist()
    [[2, 2], [1, 1], [1, 1], [2, 2]]
    >>> [segmenter.segment_names_[label] for label in segmenter.labels_]
    ['loyal', 'others', 'others', 'loyal']
    >>> segmenter.predict(pd.DataFrame({"days": [1], "count": [20]})).tolist()
    [0]
    """

    def __init__(
        self,
        axes=None,
        *,
        scoring="quantile",
        n_scores=5,
        thresholds=None,
        rules=None,
        random_state=None,
    ):
        self.axes = axes
        self.scoring = scoring
        self.n_scores = n_scores
        self.thresholds = thresholds
        self.rules = rules
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn the limits of the scores from the customers `X`.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_customers, n_features)
            One row a customer, finite.
        y : None
            Ignored; there for scikit-learn.

        Returns
        -------
        self : RFMSegmenter

        Raises
        ------
        ValueError
            If a parameter is out of its range, an axis is no column, a rule is refused
            by `check_rules`, or an axis holds NaN or infinite values.

        Examples
        --------
        >>> RFMSegmenter({"R": -1}).fit(pd.DataFrame({"recency": [1, 2]}))
        Traceback (most recent call last):
            ...
        ValueError: axes name 'R', which is no column of X. Found: recency.
        """
        check_count("n_scores", self.n_scores, least=2)
        X = validate_data(self, X, dtype=np.float64, ensure_all_finite=False)
        self.axes_, self._columns = self._used_axes(X.shape[1])
        self._refuse_gaps(X)
        scorings = self._scorings()
        if self.rules is not None:
            check_rules(self.rules, list(self.axes_), self.n_scores)
        self.edges_ = {
            axis: self._edges(axis, scorings[axis], X[:, column])
            for axis, column in zip(self.axes_, self._columns, strict=True)
        }
        self.flags_ = self._flags()
        rules = self.rules
        self.segment_names_ = (
            list(THIRDS) if rules is None else [name for name, _ in rules] + [OTHERS]
        )
        self.labels_ = self._segments(self._scores(X))
        self.segment_sizes_ = np.bincount(
            self.labels_, minlength=len(self.segment_names_)
        )
        return self

    def transform(self, X):
        """Scores of `X`, the good end of every axis high.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_customers, n_features)
            Columns as at `fit`, finite.

        Returns
        -------
        scores : ndarray of shape (n_customers, n_axes)
            Whole numbers 1 to n_scores, a column an axis; a DataFrame after
            ``set_output(transform="pandas")``.

        Raises
        ------
        ValueError
            If an axis holds NaN or infinite values, or `X` other columns than at `fit`.

        Examples
        --------
        >>> segmenter = RFMSegmenter(n_scores=3).fit([[1], [2], [3]])
        >>> segmenter.transform([[0], [2], [99]]).tolist()
        [[1], [2], [3]]
        """
        check_is_fitted(self)
        return self._scores(self._checked(X))

    def predict(self, X):
        """Segment of each row of `X`: the first rule that its scores fit.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_customers, n_features)
            Columns as at `fit`, finite.

        Returns
        -------
        labels : ndarray of shape (n_customers,)
            0 to n_segments - 1, see `segment_names_`.

        Raises
        ------
        ValueError
            If an axis holds NaN or infinite values, or `X` other columns than at `fit`.

        Examples
        --------
        >>> segmenter = RFMSegmenter(n_scores=3).fit([[1, 9], [2, 5], [3, 1]])
        >>> segmenter.predict([[1, 1], [3, 9]]).tolist()
        [2, 0]
        """
        check_is_fitted(self)
        return self._segments(self._scores(self._checked(X)))

    def get_feature_names_out(self, input_features=None):
        """Names of the columns of `transform`: the axes.

        Parameters
        ----------
        input_features : array-like of str or None
            Ignored; there for scikit-learn.

        Returns
        -------
        names : ndarray of str
        """
        check_is_fitted(self)
        return np.asarray(list(self.axes_), dtype=object)

    def __sklearn_tags__(self):
        """Scores are whole numbers, whatever the type of `X`."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _checked(self, X):
        """`X` seen after `fit`, as an array without gaps."""
        X = validate_data(
            self, X, dtype=np.float64, reset=False, ensure_all_finite=False
        )
        self._refuse_gaps(X)
        return X

    def _refuse_gaps(self, X):
        """Name the axes that have gaps; other columns may have some."""
        gaps = (~np.isfinite(X[:, self._columns])).sum(axis=0)
        if gaps.any():
            found = ", ".join(
                f"{count} in {axis!r}"
                for axis, count in zip(self.axes_, gaps, strict=True)
                if count
            )
            raise ValueError(
                f"Input X contains NaN or infinity: {found}, of {len(X)} rows. Fill "
                "them, drop these customers, or leave the axis out."
            )

    def _used_axes(self, n_columns):
        """Axes with their directions, and the columns that hold them."""
        named = getattr(self, "feature_names_in_", None)
        if self.axes is None:
            names = [f"x{i}" for i in range(n_columns)] if named is None else named
            return dict.fromkeys(map(str, names), 1), list(range(n_columns))
        if not isinstance(self.axes, Mapping) or not self.axes:
            raise ValueError(
                "axes must map the names of columns to 1 or -1, such as {'days': -1}. "
                f"Got {self.axes!r} instead."
            )
        for axis, direction in self.axes.items():
            if isinstance(direction, bool) or direction not in (1, -1):
                raise ValueError(
                    f"the direction of axis {axis!r} must be 1 (high is good) or -1 "
                    f"(low is good). Got {direction!r} instead."
                )
        if named is None:
            if len(self.axes) != n_columns:
                raise ValueError(
                    f"axes name {len(self.axes)} columns and X is an array of "
                    f"{n_columns} without names; hand in a DataFrame."
                )
            return dict(self.axes), list(range(n_columns))
        for axis in self.axes:
            if axis not in named:
                raise ValueError(
                    f"axes name {axis!r}, which is no column of X. "
                    f"Found: {', '.join(named)}."
                )
        return dict(self.axes), [list(named).index(axis) for axis in self.axes]

    def _scorings(self):
        """Scoring of each axis."""
        if isinstance(self.scoring, str):
            scorings = dict.fromkeys(self.axes_, self.scoring)
        elif isinstance(self.scoring, Mapping) and set(self.scoring) == set(self.axes_):
            scorings = dict(self.scoring)
        else:
            raise ValueError(
                "scoring must be one of "
                f"{', '.join(SCORINGS)}, or name one for each of the axes "
                f"{', '.join(self.axes_)}. Got {self.scoring!r} instead."
            )
        for axis, how in scorings.items():
            check_choice(f"scoring of {axis}", how, SCORINGS)
        given = {} if self.thresholds is None else self.thresholds
        if not isinstance(given, Mapping) or not set(given) <= set(self.axes_):
            raise ValueError(
                "thresholds must map axes to their limits, the axes being "
                f"{', '.join(map(str, self.axes_))}. Got {self.thresholds!r} instead."
            )
        return scorings

    def _edges(self, axis, how, values):
        if how == "kmeans":
            return kmeans_edges(values, self.n_scores, random_state=self.random_state)
        if how in ("quantile", "rfm"):
            return quantile_edges(values, self.n_scores, edges=how)
        limits = (self.thresholds or {}).get(axis)
        if limits is None or len(limits) != self.n_scores - 1:
            found = "nothing" if limits is None else f"{list(limits)!r}"
            raise ValueError(
                f"thresholds must give {self.n_scores - 1} limits for the axis "
                f"{axis!r}, one less than n_scores. Got {found} instead."
            )
        return threshold_edges(values, limits)

    def _flags(self):
        """What is to be known of the axes, in scores as `transform` gives them."""
        flags = {}
        for axis, edges in self.edges_.items():
            if edges.constant:
                flags[axis] = "constant"
            elif edges.empty:
                turned = self.axes_[axis] == -1
                empty = sorted(
                    self.n_scores + 1 - score if turned else score
                    for score in edges.empty
                )
                flags[axis] = "nobody has score " + ", ".join(map(str, empty))
        return flags

    def _scores(self, X):
        columns = []
        for (axis, direction), column in zip(
            self.axes_.items(), self._columns, strict=True
        ):
            scores = scores_of(X[:, column], self.edges_[axis])
            turned = direction == -1 and not self.edges_[axis].constant
            columns.append(self.n_scores + 1 - scores if turned else scores)
        return np.column_stack(columns)

    def _segments(self, scores):
        if self.rules is None:
            return thirds(scores, self.n_scores)
        frame = pd.DataFrame(scores, columns=list(self.axes_))
        return first_match(frame, [Rule(*rule) for rule in self.rules])
