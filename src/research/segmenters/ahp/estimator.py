"""`AHP`: judgements in, weights and a weighted score out."""

import numbers
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from research.segmenters._parameters import check_choice, check_share
from research.segmenters.ahp.cells import plain
from research.segmenters.ahp.consistency import Consistency
from research.segmenters.ahp.errors import JudgementError, shown
from research.segmenters.ahp.judgement_csv import judgements_of_table
from research.segmenters.ahp.judgements import read_judgements
from research.segmenters.ahp.priorities import METHODS
from research.segmenters.ahp.random_index import RANDOM_INDEX
from research.segmenters.ahp.records import (
    Judgements,
    check_known,
    flag_table,
    label_faults,
)
from research.segmenters.ahp.weighing import GROUPINGS, weigh
from research.segmenters.ahp.weighting import equal_weights

ON_INCONSISTENT = ("flag", "refuse")


class AHP(TransformerMixin, BaseEstimator):
    """Weighted sum of features, the weights from pairwise judgements (层次分析法).

    Judges compare criteria two at a time; the principal eigenvector of their
    comparisons, or the geometric means of the rows, are the weights. `fit` learns
    nothing from the values of `X`: it only makes sure that criteria and columns are the
    same.

    Parameters
    ----------
    judgements : Judgements, path, array-like, DataFrame or None, default=None
        What was judged: a file (see `read_judgements`), the same already read, or a
        square matrix of numbers or texts such as "1/3". The lowest criteria are matched
        with the columns of `X` by name, in the order they stand in where one of the two
        has no names. None gives equal weights.
    method : {"eigenvector", "geometric"}, default="eigenvector"
        See `research.segmenters.ahp.priorities`.
    random_index : str, default="saaty1980"
        "saaty1980", "saaty2005", "donegan_dodd1991" or "simulated", see
        `research.segmenters.ahp.random_index`.
    max_ratio : float, default=0.10
        In (0, 1]. Consistency ratio CR above which judgements are called inconsistent.
    on_inconsistent : {"flag", "refuse"}, default="flag"
        Whether `fit` goes on with a row in `flags_`, or raises.
    strict_scale : bool, default=False
        Whether a judgement outside 1/9 to 9 is refused; otherwise it is flagged.
    group : {"aij", "aip_geometric", "aip_arithmetic"}, default="aij"
        How several judges become one: the geometric mean of judgements, or a mean of
        each judge's weights. Judges count by their weight.
    random_state : int, RandomState instance or None, default=None
        Seed of the simulated random index, which is needed beyond 15 criteria at one
        node and for nothing else; None is a fixed seed.

    Attributes
    ----------
    weights_ : ndarray of shape (n_features,)
        Weight of each column of `X`, sum 1 [unitless].
    hierarchy_ : DataFrame
        One row a node below the goal: level, parent, node, title_en, title_zh,
        local_weight, global_weight, leaf. Empty where `judgements` is None.
    consistency_ : DataFrame
        One row a node and judge, and one for the panel where judgements are averaged:
        node, judge, used (whether the weights rest on this row), missing (pairs not
        judged), n, lambda_max, ci, random_index, cr, gci, cr_unadjusted, consistent.
        Where pairs are missing, `random_index` is lowered and `cr` measured against it;
        `cr_unadjusted` is against the index of a full matrix, as older publications on
        incomplete matrices print it. CR is 0 for one or two criteria, NaN where a judge
        of a panel left them unconnected. Empty where `judgements` is None.
    flags_ : DataFrame
        What was accepted with a reservation: file, node, judge, row, column, written,
        flag ("off_scale", "rounded", "mirrored", "completed", "inconsistent",
        "encoding"), note.
    judgements_ : Judgements or None
        What was read: judges with role, date, weight and basis.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where `X` is a DataFrame with names of type str.

    References
    ----------
    .. [1] T. L. Saaty, The Analytic Hierarchy Process, McGraw-Hill, 1980.

    Examples
    --------
    >>> matrix = pd.DataFrame(
    ...     [[1, 3, 5], ["1/3", 1, 2], ["1/5", "1/2", 1]],
    ...     ["delay", "arrears", "usage"],
    ...     ["delay", "arrears", "usage"],
    ... )
    >>> columns = ["arrears", "delay", "usage"]
    >>> scores = pd.DataFrame([[0, 100, 50], [90, 80, 50]], columns=columns)
    >>> ahp = AHP(matrix).fit(scores)
    >>> dict(zip(scores, ahp.weights_.round(3).tolist()))
    {'arrears': 0.23, 'delay': 0.648, 'usage': 0.122}
    >>> ahp.consistency_[["n", "lambda_max", "ci", "cr"]].round(4)
       n  lambda_max      ci      cr
    0  3      3.0037  0.0018  0.0032
    >>> ahp.transform(scores).round(1).ravel().tolist()
    [70.9, 78.6]
    """

    def __init__(
        self,
        judgements=None,
        *,
        method="eigenvector",
        random_index="saaty1980",
        max_ratio=0.10,
        on_inconsistent="flag",
        strict_scale=False,
        group="aij",
        random_state=None,
    ):
        self.judgements = judgements
        self.method = method
        self.random_index = random_index
        self.max_ratio = max_ratio
        self.on_inconsistent = on_inconsistent
        self.strict_scale = strict_scale
        self.group = group
        self.random_state = random_state

    def fit(self, X, y=None):
        """Weigh the judgements, and match their criteria with the columns of `X`.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Finite; larger is better in every column, on one scale. Only the columns
            matter here.
        y : None
            Ignored; there for scikit-learn.

        Returns
        -------
        self : AHP

        Raises
        ------
        JudgementError
            If the judgements are wrong, a criterion is no column or a column no
            criterion (each named), or they are inconsistent and that is to be refused.
        ValueError
            If a parameter is out of its range or `X` is no table of finite numbers.

        Examples
        --------
        >>> judged = pd.DataFrame([[1, 3], [1 / 3, 1]], ["a", "b"], ["a", "b"])
        >>> AHP(judged).fit(pd.DataFrame({"a": [1.0], "c": [2.0]}))
        Traceback (most recent call last):
            ...
        research.segmenters.ahp.errors.JudgementError: matrix: 2 faults.
        - criterion 'b' is no known feature. Known: a, c. Rename it in matrix, or make
          the feature.
        - column 'c' of X has no judgement; judge it, or leave the column out.
        """
        self._check_parameters()
        X = validate_data(self, X, dtype=np.float64)
        names = getattr(self, "feature_names_in_", None)
        names = None if names is None else [plain(name) for name in names]
        self.judgements_ = self._read()
        if self.judgements_ is None:
            self.weights_ = equal_weights(X.shape[1])
            self.hierarchy_ = pd.DataFrame(columns=_HIERARCHY)
            self.consistency_ = pd.DataFrame(columns=_CONSISTENCY)
            self.flags_ = flag_table("", [])
            return self
        named = self.judgements_.named
        self._refuse_columns(X.shape[1], names if named else None)
        found = weigh(
            self.judgements_,
            method=self.method,
            random_index=self.random_index,
            max_ratio=self.max_ratio,
            group=self.group,
            seed=self._seed(),
        )
        self._refuse_inconsistent(found)
        leaves = found.hierarchy[found.hierarchy["leaf"]].set_index("node")
        criteria = list(self.judgements_.criteria)
        order = names if named and names is not None else criteria
        self.weights_ = leaves["global_weight"].loc[order].to_numpy(dtype=np.float64)
        self.hierarchy_, self.consistency_, self.flags_ = found
        return self

    def transform(self, X):
        """Weighted sum of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite, with the columns of `fit`.

        Returns
        -------
        scores : ndarray of shape (n_samples, 1)
            In the unit of the columns and within the range of each row.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or other columns than at `fit`.

        Examples
        --------
        >>> AHP([[1, 3], [1 / 3, 1]]).fit_transform([[100, 0], [0, 100]]).round(6)
        array([[75.],
               [25.]])
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return (X @ self.weights_)[:, None]

    def get_feature_names_out(self, input_features=None):
        """Name of the one column that `transform` gives.

        Parameters
        ----------
        input_features : None
            Ignored; there for scikit-learn.

        Returns
        -------
        names : ndarray of shape (1,)

        Examples
        --------
        >>> AHP().fit([[1, 2]]).get_feature_names_out().tolist()
        ['ahp_score']
        """
        check_is_fitted(self)
        return np.array(["ahp_score"], dtype=object)

    def _check_parameters(self):
        check_choice("method", self.method, METHODS)
        check_choice("random_index", self.random_index, tuple(RANDOM_INDEX))
        check_share("max_ratio", self.max_ratio)
        check_choice("on_inconsistent", self.on_inconsistent, ON_INCONSISTENT)
        check_choice("group", self.group, GROUPINGS)
        strict = self.strict_scale
        if not isinstance(strict, bool | np.bool_):
            raise ValueError(f"strict_scale must be True or False. Got {strict!r}.")

    def _seed(self):
        if self.random_state is None:
            return 0
        if isinstance(self.random_state, numbers.Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _read(self):
        """Judgements of whatever form, checked."""
        if self.judgements is None:
            return None
        if isinstance(self.judgements, Judgements):
            off = self.judgements.flags.query("flag == 'off_scale'")
            faults = [
                f"row {row.row}, column {row.column}: {shown(row.written)} lies "
                "outside the scale 1/9 to 9, which strict_scale asks for."
                for row in off.itertuples()
            ]
            if self.strict_scale and faults:
                raise JudgementError(self.judgements.file, faults)
            return self.judgements
        if isinstance(self.judgements, str | Path):
            return read_judgements(self.judgements, strict_scale=self.strict_scale)
        return judgements_of_table(self.judgements, strict_scale=self.strict_scale)

    def _refuse_columns(self, n_features, names):
        """Refuse criteria that are no column, and columns that are no criterion."""
        criteria, file = self.judgements_.criteria, self.judgements_.file
        if names is not None:
            faults = label_faults(names, "columns of X")
            faults += check_known(criteria, names, file)
            faults += [
                f"column {shown(name)} of X has no judgement; judge it, or leave the "
                "column out."
                for name in names
                if name not in criteria
            ]
        elif len(criteria) != n_features:
            faults = [
                f"{len(criteria)} criteria for {n_features} columns of X; one a column "
                "is wanted."
            ]
        else:
            faults = []
        if faults:
            raise JudgementError(file, faults)

    def _refuse_inconsistent(self, found):
        if self.on_inconsistent == "flag":
            return
        used = found.consistency.query("used and not consistent")
        at_fault = set(zip(used["node"], used["judge"], strict=True))
        faults = [
            f"{row.node}, judged by {row.judge}: {row.note} Ask about it again."
            for row in found.flags.query("flag == 'inconsistent'").itertuples()
            if (row.node, row.judge) in at_fault
        ]
        if faults:
            raise JudgementError(self.judgements_.file, faults)


_HIERARCHY = ["level", "parent", "node", "title_en", "title_zh"]
_HIERARCHY += ["local_weight", "global_weight", "leaf"]
_CONSISTENCY = ["node", "judge", "used", "missing", *Consistency._fields]
_CONSISTENCY += ["cr_unadjusted", "consistent"]
