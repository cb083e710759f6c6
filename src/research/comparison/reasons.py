"""Why one customer is in its segment and not in the next, and who is on the border."""

import numpy as np
import pandas as pd


def labelled(
    features: pd.DataFrame, labels: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    """Features and labels of the customers that have a label, on one index.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        Numbers, one row a customer.
    labels : Series
        Segment of each customer, missing where there is none.

    Returns
    -------
    features, labels
        In the order of `labels`.

    Raises
    ------
    ValueError
        If a column holds no numbers or an infinite one, the index of `features` repeats
        a customer, no customer has a label, or a labelled one is not in `features`.

    Examples
    --------
    >>> features = pd.DataFrame({"a": [1, 2, 3]}, index=list("xyz"))
    >>> labelled(features, pd.Series({"z": 1.0, "x": np.nan}))[0]
         a
    z  3.0
    """
    if not isinstance(labels, pd.Series):
        raise ValueError(
            "labels must be a Series on the index of the features. Got "
            f"{type(labels).__name__} instead; wrap it: pd.Series(labels, "
            "index=features.index)."
        )
    other = [
        str(name)
        for name, kind in features.dtypes.items()
        if not pd.api.types.is_numeric_dtype(kind)
    ]
    if other:
        raise ValueError(
            f"Features must be numbers; {', '.join(other)} are not. Leave them out or "
            "turn them into numbers."
        )
    if not len(features.columns):
        raise ValueError(
            "No features were given, so there is nothing to tell segments by. Give a "
            "column or more."
        )
    labels = labels.dropna()
    if not len(labels):
        raise ValueError(
            "No customer has a label, so there is no segment to tell. Give labels "
            "on the index of the features."
        )
    for name, index in (("features", features.index), ("labels", labels.index)):
        if index.has_duplicates and not features.index.equals(labels.index):
            raise ValueError(
                f"The index of the {name} repeats {index[index.duplicated()][0]!r}; "
                "give one row a customer."
            )
    if not features.index.equals(labels.index):
        absent = labels.index.difference(features.index)
        if len(absent):
            raise ValueError(
                f"{len(absent)} of {len(labels)} labelled customers have no features. "
                "Give labels on the index of the features."
            )
        features = features.loc[labels.index]
    features = features.astype(float)
    infinite = features.columns[np.isinf(features).any()]
    if len(infinite):
        raise ValueError(
            f"Features must be finite or missing (NaN); infinity found in "
            f"{', '.join(map(str, infinite))}. Replace it before."
        )
    return features, labels


def reasons(
    features: pd.DataFrame, labels: pd.Series, customers: object = None
) -> pd.DataFrame:
    """What speaks for a customer's segment against the next best, feature by feature.

    A customer is compared with the typical customer (the median of each feature) of its
    own segment and of the other segment that lies nearest to it.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        Numbers, one row a customer. A feature that is missing for a customer, or for
        the whole of a segment, says nothing about that customer.
    labels : Series
        Segment of each customer, on the index of `features`; customers without one are
        left out.
    customers : index value or list of them, optional
        Who is asked for; all by default.

    Returns
    -------
    reasons : DataFrame
        A row a customer and feature, customers in the order of `labels`, for each what
        speaks most for its segment first and what speaks against it last:
        `customer`, `segment`, `next_segment`, `feature`, `value`, `own_median`,
        `next_median`; `contribution`, squared distance to the median of the next
        segment minus squared distance to that of the own, both in robust standard
        deviations, above 0 where the feature speaks for the own segment; `total`, the
        sum of the customer's contributions. A total below 0 says that by these features
        the customer looks more like the next segment. A feature that says nothing has
        the contribution NaN and comes last. One segment alone has no next and
        gives no rows.

    Raises
    ------
    ValueError
        If the inputs are as `labelled` refuses them, or a customer asked for has no
        label.

    Notes
    -----
    Contributions are additive and say how a customer *compares*, not what caused its
    segment. The unit is 1.4826 times the median absolute deviation of all customers,
    the standard deviation where that is 0 (more than half of them with one value).
    Features that say the same thing twice count twice.

    Examples
    --------
    >>> features = pd.DataFrame({"a": [1.0, 2, 3, 7, 8, 9], "b": [1.0, 3, 2, 1, 2, 3]})
    >>> why = reasons(features, pd.Series([0, 0, 0, 1, 1, 1]), 2)
    >>> why[["next_segment", "feature", "contribution", "total"]].round(2)
       next_segment feature  contribution  total
    0             1       a          1.21   1.21
    1             1       b          0.00   1.21
    """
    features, labels = labelled(features, labels)
    asked = labels.index if customers is None else pd.Index(np.atleast_1d(customers))
    unknown = [customer for customer in asked if customer not in labels.index]
    if unknown:
        raise ValueError(
            f"{len(unknown)} of {len(asked)} customers asked for have no label. "
            "Ask for customers that are in a segment."
        )
    columns = [
        "customer",
        "segment",
        "next_segment",
        "feature",
        "value",
        "own_median",
        "next_median",
        "contribution",
        "total",
    ]
    medians = features.groupby(labels).median()
    if len(medians) < 2 or not len(asked):
        return pd.DataFrame(columns=columns)
    rows = np.flatnonzero(labels.index.isin(asked))
    own = medians.index.get_indexer(labels.iloc[rows])
    values = features.to_numpy()[rows]
    apart = values[:, None, :] - medians.to_numpy()
    squares = (apart / spread(features).to_numpy()) ** 2
    untold = np.isnan(squares).any(axis=1)
    squares = np.where(untold[:, None, :], np.nan, squares)
    distances = np.nansum(squares, axis=2)
    everyone = np.arange(len(rows))
    distances[everyone, own] = np.inf
    after = distances.round(9).argmin(axis=1)  # of two equally near, the first
    contribution = squares[everyone, after] - squares[everyone, own]
    n_features = features.shape[1]
    found = pd.DataFrame(
        {
            "customer": labels.index[rows].repeat(n_features),
            "segment": medians.index[own].repeat(n_features),
            "next_segment": medians.index[after].repeat(n_features),
            "feature": np.tile(features.columns, len(rows)),
            "value": values.ravel(),
            "own_median": medians.to_numpy()[own].ravel(),
            "next_median": medians.to_numpy()[after].ravel(),
            "contribution": contribution.ravel(),
            "total": np.nansum(contribution, axis=1).repeat(n_features),
        }
    )
    order = np.lexsort((-contribution.ravel(), everyone.repeat(n_features)))
    return found.iloc[order].reset_index(drop=True)


def spread(features: pd.DataFrame) -> pd.Series:
    """Unit in which customers differ in each feature; NaN where they do not.

    1.4826 times the median absolute deviation, the standard deviation where that is 0.

    Examples
    --------
    >>> spread(pd.DataFrame({"a": [1.0, 2, 3], "b": [0.0, 0, 3], "c": 1.0})).round(2)
    a    1.48
    b    1.41
    c     NaN
    dtype: float64
    """
    robust = 1.4826 * (features - features.median()).abs().median()
    robust = robust.where(robust > 0, features.std(ddof=0))
    constant = features.max() == features.min()
    return robust.mask(constant | (robust == 0))


def border(estimator: object, X: object, *, below: float = 0.1) -> pd.DataFrame:
    """Customers that might as well be in the next segment (边界客户).

    Parameters
    ----------
    estimator : fitted segmenter
        With a method `margin` (0 on the border), or with `predict_proba`, whose margin
        is the highest probability minus the next.
    X : array-like of shape (n_customers, n_columns)
        What the estimator takes. A DataFrame's index names the customers.
    below : float, default=0.1
        Margin up to which a customer is a border case, in (0, 1].

    Returns
    -------
    border : DataFrame
        A row a border case, the nearest to the border first: `customer`, `segment`,
        `next_segment` (missing where the estimator has a margin and no `transform`),
        `margin` in [0, below).

    Raises
    ------
    ValueError
        If the estimator has neither method, or `below` is out of range.

    Examples
    --------
    >>> from types import SimpleNamespace as Fitted
    >>> sure = np.array([[0.9, 0.1], [0.52, 0.48], [0.2, 0.8]])
    >>> fitted = Fitted(predict_proba=lambda X: sure, classes_=np.array(["A", "B"]))
    >>> border(fitted, np.zeros((3, 1))).round(2)
       customer segment next_segment  margin
    0         1       A            B    0.04
    """
    if not 0 < below <= 1:
        raise ValueError(f"below must be above 0 and at most 1. Got {below!r} instead.")
    if hasattr(estimator, "margin"):
        margin = np.asarray(estimator.margin(X), dtype=float)
        segment = np.asarray(estimator.predict(X))
        after = _second_nearest(estimator, X, segment)
    elif hasattr(estimator, "predict_proba"):
        sure = np.asarray(estimator.predict_proba(X), dtype=float)
        ranked = np.argsort(-sure, axis=1, kind="stable")
        second = ranked[:, min(1, sure.shape[1] - 1)]
        rows = np.arange(len(sure))
        alone = sure.shape[1] == 1
        margin = sure[rows, ranked[:, 0]] - (0 if alone else sure[rows, second])
        classes = np.asarray(estimator.classes_)
        segment, after = classes[ranked[:, 0]], classes[second]
    else:
        raise ValueError(
            f"{type(estimator).__name__} has neither `margin` nor `predict_proba`, so "
            "nothing says how sure it is of a customer. Give another estimator."
        )
    index = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(margin))
    found = pd.DataFrame(
        {
            "customer": index,
            "segment": segment,
            "next_segment": after,
            "margin": margin,
        }
    )
    cases = found[found["margin"] < below]
    return cases.sort_values("margin", kind="stable").reset_index(drop=True)


def _second_nearest(estimator, X, segment):
    """The nearest other segment where the estimator has distances, else missing."""
    if not hasattr(estimator, "transform"):
        return np.full(len(segment), None, dtype=object)
    distances = np.array(estimator.transform(X), dtype=float)
    distances[np.arange(len(segment)), segment.astype(np.int64)] = np.inf
    return distances.argmin(axis=1)
