"""`CreditScorer`: indicators to points, points to a score, a score to a grade."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from research.segmenters._parameters import check_count, check_share
from research.segmenters.credit.declared import column_of, functions_of, weights_of
from research.segmenters.credit.grades import (
    NOT_GRADED,
    check_bands,
    grade_number,
    grade_of,
    limit_migration,
)
from research.segmenters.credit.scoring import FULL, scores_of_weights


class CreditScorer(TransformerMixin, BaseEstimator):
    """Score customers by weighted points and grade them by declared rules.

    The score is the weighted mean of the points that each indicator gets from its
    scoring function; bands turn it into a grade; vetoes and the cap on new customers
    overrule it. With weights and functions given, `fit` learns nothing but the names of
    the columns, and never looks at an outcome: what a later default rate says of the
    grades is then a test of the policy and not its training.

    Parameters
    ----------
    weights : array-like of shape (n_indicators,), mapping or None, default=None
        Weight of each indicator, not negative, such as an AHP gives; only their ratios
        matter. A mapping names columns of a DataFrame, and columns that it leaves out
        are not scored (vetoes may use them). None: all alike.
    functions : mapping, sequence, {"quantile", "min_max"} or None, default=None
        A `ScoringFunction` for each scored column (a mapping by name, or a sequence by
        position), or how to learn them from `X`, see `learn_scoring`. None is
        "quantile".
    falling : bool or sequence of bool of shape (n_indicators,), default=True
        For functions that are learnt: whether a high value is bad.
    bands : mapping of str to float or None, default=None
        Least score of each grade, the best first, see `grade_of`. None is AAA from 90,
        AA 80, A 70, B 60, C 50, D below.
    vetoes : sequence of Veto, default=()
        The first that holds sets the grade.
    new_customer : NewCustomer or None, default=None
        Cap on the grade of those who are known for a short time. A missing value counts
        as known: it is no evidence of a new customer.
    migration : Migration or None, default=None
        How far `decide` lets a grade climb; None is the rule of `limit_migration`: from
        below the middle grade no higher than the middle one.
    least_scored : float, default=0.5
        In (0, 1]. Share of the weights that a customer's known indicators must hold;
        below it there is no score (NaN) and no grade (-1).

    Attributes
    ----------
    weights_ : ndarray of shape (n_indicators,)
        Sums to 1; 0 for columns that are not scored, among them those of which no
        customer at `fit` has a value.
    functions_ : tuple of ScoringFunction or None
        One a column; None where it is not scored.
    grades_ : tuple of str
        Names of the grades, the best first.
    flags_ : tuple of str
        Indicators that tell nobody apart here, and why.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str of shape (n_indicators,)
        Names of the columns, where `X` is a DataFrame with names of type str.

    Notes
    -----
    *Missing values.* An indicator whose function has `missing` points is scored with
    them. Otherwise the weight of the missing indicator goes to the others in their own
    ratios, for this customer alone. An indicator that no customer at `fit` has is left
    out for all of them, and told in `flags_`: points for what a place does not measure
    would only move everybody's score.

    *Order.* Scores of learnt functions depend on the customers at `fit` as a set, never
    on their order or names.

    References
    ----------
    .. [1] T. L. Saaty, "The Analytic Hierarchy Process", 1980 (the weights).

    Examples
    --------
    >>> from research.segmenters.credit import ScoringFunction, Veto
    >>> X = pd.DataFrame({"late_share": [0.0, 0.5, 0.0], "n_thefts": [0, 0, 1]})
    >>> scorer = CreditScorer(
    ...     {"late_share": 1.0},
    ...     functions={"late_share": ScoringFunction((0, 1), (100, 0))},
    ...     vetoes=[Veto("theft", "n_thefts", at_least=1)],
    ... ).fit(X)
    >>> scorer.score_samples(X).tolist()
    [100.0, 50.0, 100.0]
    >>> [scorer.grades_[grade] for grade in scorer.predict(X)]
    ['AAA', 'C', 'D']
    """

    def __init__(
        self,
        weights=None,
        *,
        functions=None,
        falling=True,
        bands=None,
        vetoes=(),
        new_customer=None,
        migration=None,
        least_scored=0.5,
    ):
        self.weights = weights
        self.functions = functions
        self.falling = falling
        self.bands = bands
        self.vetoes = vetoes
        self.new_customer = new_customer
        self.migration = migration
        self.least_scored = least_scored

    def fit(self, X, y=None):
        """Take over what is declared and learn scoring functions that are not.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_customers, n_indicators)
            NaN is allowed.
        y : ignored

        Returns
        -------
        self : CreditScorer
        """
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        check_share("least_scored", self.least_scored)
        self.grades_, _ = check_bands(self.bands)
        for veto in self.vetoes:
            column_of(veto.indicator, self._names(), f"veto {veto.name!r}")
            grade_number(veto.grade, self.grades_, f"veto {veto.name!r}")
        if self.new_customer is not None:
            column_of(self.new_customer.indicator, self._names(), "new_customer")
            grade_number(self.new_customer.best, self.grades_, "new_customer.best")
        limit_migration([], [], bands=self.bands, rule=self.migration)
        names = self._names()
        self.weights_ = weights_of(self.weights, self.functions, names)
        self.functions_, self.flags_ = functions_of(
            self.functions, self.falling, self.weights_, values, names
        )
        is_scored = [function is not None for function in self.functions_]
        if any(is_scored):
            self.weights_ = weights_of(
                np.where(is_scored, self.weights_, 0.0), None, names
            )
        return self

    def points(self, X):
        """Points of each indicator.

        Returns
        -------
        points : ndarray of shape (n_customers, n_indicators)
            In [0, 100]; NaN where an indicator is missing or not scored.
        """
        values = self._checked(X)
        columns = [
            np.full(len(values), np.nan) if function is None else function(column)
            for function, column in zip(self.functions_, values.T, strict=True)
        ]
        return np.column_stack(columns)

    def score_samples(self, X):
        """Score of each customer.

        Returns
        -------
        scores : ndarray of shape (n_customers,)
            In [0, 100], 100 the best; NaN where the known indicators hold less than
            `least_scored` of the weights.
        """
        return self._score(self.points(X))

    def transform(self, X):
        """Scores as a table of one column, as `score_samples` gives them."""
        return self.score_samples(X)[:, None]

    def predict(self, X):
        """Grade of each customer, by score, vetoes and the cap on new customers.

        Returns
        -------
        grades : ndarray of int of shape (n_customers,)
            Position in `grades_`, 0 the best; -1 where there is no score and no veto.
        """
        values = self._checked(X)
        grades = grade_of(self.score_samples(X), self.bands)
        grades = np.where(self._is_new(values), self._capped(grades), grades)
        number, vetoed = self._vetoed(values)
        return np.where(number >= 0, vetoed, grades)

    def decide(self, X, *, previous=None, in_arrears=None):
        """Grade of each customer and which rule set it.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_customers, n_indicators)
        previous : array-like of int of shape (n_customers,), default=None
            Grade of the period before, -1 for none; limits how far a grade climbs.
        in_arrears : array-like of bool of shape (n_customers,), default=None
            Who was in arrears in the period.

        Returns
        -------
        decisions : DataFrame of shape (n_customers, 4)
            On the index of `X`: `score`; `grade`, position in `grades_`; `name` of the
            grade, empty where there is none; `rule`: "score", "new customer", "held
            back" (from climbing), "in arrears" (in the period), "not graded", or the
            veto.
        """
        values = self._checked(X)
        score = self.score_samples(X)
        by_score = grade_of(score, self.bands)
        final = self.predict(X)
        is_new = self._is_new(values)
        rule = np.where(final == NOT_GRADED, "not graded", "score").astype(object)
        rule[is_new & (final > by_score) & (by_score != NOT_GRADED)] = "new customer"
        number, _ = self._vetoed(values)
        limits = []
        if in_arrears is not None:
            nobody = np.full(len(final), NOT_GRADED)
            limits.append(("in arrears", nobody, in_arrears))
        if previous is not None:
            limits.append(("held back", previous, None))
        for told, before, owing in limits:
            limited = limit_migration(
                before, final, bands=self.bands, rule=self.migration, in_arrears=owing
            )
            rule[limited != final] = told
            final = limited
        names = np.array([veto.name for veto in self.vetoes], dtype=object)
        if len(names):
            rule[number >= 0] = names[number[number >= 0]]
        grades = np.array([*self.grades_, ""], dtype=object)
        return pd.DataFrame(
            {"score": score, "grade": final, "name": grades[final], "rule": rule},
            index=_index_of(X),
        )

    def lost_points(self, X):
        """Points of the score that each indicator costs each customer.

        Returns
        -------
        lost : DataFrame of shape (n_customers, n_indicators)
            Not negative, on the index of `X`; a row sums to 100 minus the score. 0 for
            what is not scored; NaN in a row without a score.
        """
        points = self.points(X)
        weights = np.where(np.isnan(points), 0.0, self.weights_)
        total = weights.sum(axis=1, keepdims=True)
        share = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
        lost = share * (FULL - np.nan_to_num(points))
        lost[np.isnan(self._score(points))] = np.nan
        return pd.DataFrame(lost, index=_index_of(X), columns=self._names())

    def reasons(self, X, n=3):
        """Indicators that cost each customer most: the reason codes of the score.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_customers, n_indicators)
        n : int, default=3
            Reasons wanted.

        Returns
        -------
        reasons : DataFrame of shape (n_customers, 2 n)
            On the index of `X`: `reason_1`, `lost_1` and so on, the largest loss first,
            of equal losses the one whose column comes first; an empty reason and 0
            where nothing is lost.

        Examples
        --------
        >>> from research.segmenters.credit import ScoringFunction
        >>> lines = [ScoringFunction((0, 1), (100, 0))] * 2
        >>> scorer = CreditScorer([3, 1], functions=lines).fit([[0.0, 0.0]])
        >>> print(*scorer.reasons([[0.2, 0.4]], n=2).iloc[0])
        x0 15.0 x1 10.0
        """
        check_count("n", n)
        lost = self.lost_points(X)
        values = np.nan_to_num(lost.to_numpy())
        order = np.argsort(-values, axis=1, kind="stable")[:, :n]
        names = np.array(self._names(), dtype=object)
        found = {}
        for rank in range(n):
            if rank < order.shape[1]:
                largest = np.take_along_axis(values, order[:, [rank]], axis=1)[:, 0]
                told = np.where(largest > 0, names[order[:, rank]], "")
            else:
                largest, told = np.zeros(len(lost)), np.full(len(lost), "", object)
            found[f"reason_{rank + 1}"] = told
            found[f"lost_{rank + 1}"] = largest
        return pd.DataFrame(found, index=lost.index)

    def get_feature_names_out(self, input_features=None):
        """Name of the one column that `transform` gives."""
        check_is_fitted(self)
        return np.array(["credit_score"], dtype=object)

    def __sklearn_tags__(self):
        """Tell scikit-learn that missing values are allowed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _checked(self, X):
        check_is_fitted(self)
        return validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )

    def _score(self, points):
        weights = self.weights_[None]
        return scores_of_weights(points, weights, least_scored=self.least_scored)[0]

    def _is_new(self, values):
        if self.new_customer is None:
            return np.zeros(len(values), dtype=bool)
        column = column_of(self.new_customer.indicator, self._names(), "new_customer")
        return values[:, column] < self.new_customer.below

    def _capped(self, grades):
        if self.new_customer is None:
            return grades
        best = self.grades_.index(self.new_customer.best)
        return np.where(grades == NOT_GRADED, grades, np.maximum(grades, best))

    def _vetoed(self, values):
        """Number of the first veto that holds, -1 for none, and the grade it means."""
        number = np.full(len(values), -1)
        grades = np.full(len(values), NOT_GRADED)
        for position, veto in enumerate(self.vetoes):
            column = column_of(veto.indicator, self._names(), f"veto {veto.name!r}")
            holds = (values[:, column] >= veto.at_least) & (number < 0)
            number[holds] = position
            grades[holds] = grade_number(veto.grade, self.grades_, "veto")
        return number, grades

    def _names(self):
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            return [f"x{number}" for number in range(self.n_features_in_)]
        return list(names)


def _index_of(X):
    return X.index if isinstance(X, pd.DataFrame) else None
