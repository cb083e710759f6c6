"""Several ways to foretell a bad outcome, judged on customers they were not fitted on.

A way is a scikit-learn classifier, which is fitted, or a function from `X` to a number
that grows with the risk, which is taken as it is: a rule, or a score whose weights were
judged and not learnt.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from research.comparison.calibration import brier, calibrate
from research.comparison.discrimination import auc, auc_intervals, ks, lift


class OutOfSample(NamedTuple):
    """What each way said of customers that it was not fitted on.

    Attributes
    ----------
    risk : DataFrame of shape (n_tested, n_models)
        Numbers that grow with the risk.
    probability : DataFrame of shape (n_tested, n_models)
        In [0, 1]; of a function, by `calibrate` on the rows of training.
    outcome : ndarray of bool of shape (n_tested,)
    fold : ndarray of int of shape (n_tested,)
        Number of the split that tested the row.
    rows : ndarray of int of shape (n_tested,)
        Positions of the rows in `X`.
    """

    risk: pd.DataFrame
    probability: pd.DataFrame
    outcome: np.ndarray
    fold: np.ndarray
    rows: np.ndarray


def splits_by_customer(customers, outcome, *, at=None, n_folds=5, random_state=0):
    """Splits in which no customer is both learnt from and tested.

    Parameters
    ----------
    customers : array-like of shape (n_rows,)
        Who each row is of.
    outcome : array-like of bool of shape (n_rows,)
        The folds get like shares of it.
    at : array-like of shape (n_rows,), default=None
        Time of each row. Where given, rows of the last time are tested and rows of
        earlier times learnt from, each of other customers; a customer stands once at a
        time.
    n_folds : int, default=5
    random_state : int, default=0

    Returns
    -------
    splits : list of (train, test)
        Positions of rows.

    Raises
    ------
    ValueError
        If a customer stands twice at a time, or an outcome is too rare for the folds.

    Examples
    --------
    >>> splits = splits_by_customer(list("abcdabcd"), [0, 1, 0, 1] * 2,
    ...     at=[1] * 4 + [2] * 4, n_folds=2)
    >>> [sorted(test.tolist()) for _, test in splits]
    [[5, 6], [4, 7]]
    """
    customers, outcome = pd.Index(customers), np.asarray(outcome).astype(int)
    at = np.zeros(len(customers), dtype=int) if at is None else np.asarray(at)
    tested = np.flatnonzero(at == at.max())
    earlier = np.flatnonzero(at < at.max()) if (at < at.max()).any() else tested
    ids = customers[tested]
    if not ids.is_unique:
        raise ValueError(
            f"A customer must stand once at a time. Customer "
            f"{ids[ids.duplicated()][0]!r} stands twice; make the rows one each."
        )
    rarest = np.bincount(outcome[tested], minlength=2).min()
    if rarest < n_folds:
        raise ValueError(
            f"Each of {n_folds} folds needs both outcomes, and the rarer one came "
            f"{rarest} times. Ask for fewer folds or take a longer time."
        )
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=random_state)
    splits = []
    for _, fold in folds.split(tested, outcome[tested]):
        test = tested[fold]
        others = ~customers[earlier].isin(customers[test])
        splits.append((earlier[others], test))
    return splits


def out_of_sample(models, X, outcome, splits, *, columns=None) -> OutOfSample:
    """Risks and probabilities of rows that the model had not seen.

    Parameters
    ----------
    models : mapping of str to classifier or callable
    X : DataFrame of shape (n_rows, n_indicators)
        Columns without a value in the rows learnt from are kept from classifiers.
    outcome : array-like of bool of shape (n_rows,)
    splits : sequence of (train, test)
        Positions of rows; no row may be tested twice or stand on both sides.
    columns : mapping of str to sequence of str, optional
        Columns of `X` that a model may see; a model that is not named sees all.

    Returns
    -------
    found : OutOfSample

    Raises
    ------
    ValueError
        If a row is tested twice, or learnt from and tested in one split.

    Examples
    --------
    >>> X = pd.DataFrame({"delay": [1, 2, 3, 4]})
    >>> found = out_of_sample({"rule": lambda X: X["delay"]}, X, [0, 1, 0, 1],
    ...     [([0, 1], [2, 3])])
    >>> found.probability["rule"].round(3).tolist()
    [1.0, 1.0]
    """
    outcome = np.asarray(outcome).astype(bool)
    splits = [(np.asarray(train), np.asarray(test)) for train, test in splits]
    rows = np.concatenate([test for _, test in splits])
    if len(np.unique(rows)) < len(rows):
        raise ValueError("A row is tested by two splits; make the test sets lie apart.")
    risk, probability, fold = {}, {}, []
    for number, (train, test) in enumerate(splits):
        if np.isin(test, train).any():
            raise ValueError(
                f"Split {number} learns from rows that it tests: a leak. Let train and "
                "test lie apart."
            )
        fold.append(np.full(len(test), number))
        for name, model in models.items():
            seen = X[list((columns or {}).get(name, X.columns))]
            learnt, asked = seen.iloc[train], seen.iloc[test]
            if hasattr(model, "predict_proba"):
                told = learnt.columns[learnt.notna().any()]
                fitted = clone(model).fit(learnt[told], outcome[train])
                found = chance = fitted.predict_proba(asked[told])[:, 1]
            else:
                found = np.asarray(model(asked), dtype=float)
                chance = calibrate(model(learnt), outcome[train])(found)
            risk.setdefault(name, []).append(found)
            probability.setdefault(name, []).append(chance)
    return OutOfSample(
        pd.DataFrame({n: np.concatenate(parts) for n, parts in risk.items()}),
        pd.DataFrame({n: np.concatenate(parts) for n, parts in probability.items()}),
        outcome[rows],
        np.concatenate(fold),
        rows,
    )


def compare_risks(
    found: OutOfSample, *, reference=None, n_resamples=1000, random_state=0
) -> pd.DataFrame:
    """Judge every way by the same scores, with intervals and the spread over folds.

    Parameters
    ----------
    found : OutOfSample
    reference : str, optional
        Way that the others are compared with, such as the one simple rule.
    n_resamples, random_state : int
        Of the bootstrap over customers, see `auc_intervals`.

    Returns
    -------
    comparison : DataFrame of shape (n_models, any)
        A row a model, in the order given: `model`, `auc`, `low`, `high`, `fold_sd` (of
        the AUC over the folds), `gini`, `ks`, `lift` (riskiest tenth), `brier`, and
        with a reference `difference`, `difference_low`, `difference_high` of the AUC.

    Examples
    --------
    >>> X = pd.DataFrame({"delay": [1, 2, 3, 4]})
    >>> found = out_of_sample({"rule": lambda X: X["delay"]}, X, [0, 1, 0, 1],
    ...     [([0, 1], [2, 3])])
    >>> compare_risks(found, n_resamples=20)[["auc", "ks"]].iloc[0].tolist()
    [1.0, 1.0]
    """
    table = auc_intervals(
        found.risk,
        found.outcome,
        reference=reference,
        n_resamples=n_resamples,
        random_state=random_state,
    )
    folds = np.unique(found.fold)
    rows = []
    for model in found.risk:
        risk = found.risk[model].to_numpy()
        by_fold = [
            auc(risk[found.fold == fold], found.outcome[found.fold == fold])
            for fold in folds
        ]
        rows.append(
            {
                "fold_sd": np.std(by_fold, ddof=1) if len(folds) > 1 else np.nan,
                "gini": 2 * auc(risk, found.outcome) - 1,
                "ks": ks(risk, found.outcome),
                "lift": lift(risk, found.outcome),
                "brier": brier(found.probability[model], found.outcome),
            }
        )
    scores = pd.DataFrame(rows, index=table.index)
    apart = [column for column in table if column.startswith("difference")]
    return pd.concat([table.drop(columns=apart), scores, table[apart]], axis=1)


def shuffled_auc(model, X, outcome, splits, *, random_state=0, n_shuffles=1):
    """AUC of a model on outcomes dealt out at random: .5, unless something leaks.

    Parameters
    ----------
    model, X, outcome, splits
        As for `out_of_sample`, of one model.
    random_state : int, default=0
    n_shuffles : int, default=1

    Returns
    -------
    auc : ndarray of shape (n_shuffles,)

    Examples
    --------
    >>> X = pd.DataFrame({"delay": range(8)})
    >>> rule = lambda X: X["delay"]
    >>> shuffled_auc(rule, X, [0, 1] * 4, [(range(4), range(4, 8))]).shape
    (1,)
    """
    rng = np.random.default_rng(random_state)
    found = []
    for _ in range(n_shuffles):
        dealt = rng.permutation(np.asarray(outcome).astype(bool))
        tested = out_of_sample({"model": model}, X, dealt, splits)
        found.append(auc(tested.risk["model"], tested.outcome))
    return np.array(found)
