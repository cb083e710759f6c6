"""What any score must be held against: one rule, a logistic scorecard, boosted trees.

All three give a chance of the bad outcome by ``predict_proba(X)[:, 1]`` or, the rule, a
number that grows with the risk.
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def one_rule(column):
    """Risk that is one indicator and nothing else.

    Parameters
    ----------
    column : str
        Column of `X` whose high values are bad. A missing value counts as the lowest.

    Returns
    -------
    rule : callable
        From a DataFrame to an array of shape (n_customers,).

    Examples
    --------
    >>> import pandas as pd
    >>> one_rule("delay")(pd.DataFrame({"delay": [3.0, None, 9.0]})).tolist()
    [3.0, 3.0, 9.0]
    """

    def rule(X):
        values = X[column].to_numpy(dtype=float)
        lowest = np.nanmin(values) if np.isfinite(values).any() else 0.0
        return np.where(np.isnan(values), lowest, values)

    return rule


def logistic_scorecard():
    """Logistic regression on standardised indicators, medians where one is missing.

    A column for each indicator that has gaps says that it was missing.

    Returns
    -------
    model : Pipeline
        Deterministic.
    """
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )


def boosted_trees(random_state=0):
    """Gradient boosting of 200 trees at a rate of .05: what flexible models reach.

    Parameters
    ----------
    random_state : int, default=0

    Returns
    -------
    model : HistGradientBoostingClassifier
    """
    return HistGradientBoostingClassifier(
        max_iter=200, learning_rate=0.05, random_state=random_state
    )
