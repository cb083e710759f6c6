"""One division in the numbers of another, so that who changed can be counted."""

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment


def other_divisions(methods, X, reference):
    """Divide the same customers by other methods, in the numbers of a known division.

    Parameters
    ----------
    methods : dict of str to estimator
        Clusterers after the protocol of scikit-learn, by name.
    X : array-like of shape (n_customers, n_columns)
        What each of them is fitted to.
    reference : Series of int of shape (n_customers,)
        The known division, numbered from 0.

    Returns
    -------
    divisions : DataFrame of shape (n_customers, n_methods)
        On the index of `reference`, a column a method that could: its labels, see
        `matched`.
    refused : dict of str to str
        Why each of the others refused the data, in its own words: a method may need
        more different customers than there are.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> methods = {"two": KMeans(2, random_state=0), "nine": KMeans(9, random_state=0)}
    >>> reference = pd.Series([1, 1, 0])
    >>> found, refused = other_divisions(methods, [[0.0], [0.1], [9.0]], reference)
    >>> found["two"].tolist(), list(refused)
    ([1, 1, 0], ['nine'])
    """
    divisions, refused = {}, {}
    for name, method in methods.items():
        try:
            divisions[name] = matched(method.fit(X).labels_, reference)
        except ValueError as why:
            refused[name] = str(why)
    return pd.DataFrame(divisions, index=reference.index), refused


def matched(labels, reference):
    """Number the segments of one division after those of another.

    Segments are paired one to one so that most customers keep their number (the
    Hungarian method); a segment without a partner gets a number of its own above all.

    Parameters
    ----------
    labels : array-like of int of shape (n_customers,)
        A division, segments numbered from 0.
    reference : array-like of int of shape (n_customers,)
        The division whose numbers are wanted.

    Returns
    -------
    matched : ndarray of int of shape (n_customers,)
        The division `labels` with other numbers; ``(matched != reference).sum()`` are
        the customers that change.

    Raises
    ------
    ValueError
        If the lengths differ or a label is below 0.

    References
    ----------
    .. [1] H. W. Kuhn, "The Hungarian method for the assignment problem", Naval Research
       Logistics Quarterly, vol. 2, pp. 83-97, 1955.

    Examples
    --------
    >>> matched([1, 1, 0, 0, 2], [0, 0, 1, 1, 1]).tolist()
    [0, 0, 1, 1, 2]
    """
    labels, reference = np.asarray(labels), np.asarray(reference)
    if labels.shape != reference.shape or labels.ndim != 1:
        raise ValueError(
            "labels and reference must be divisions of the same customers. Got shapes "
            f"{labels.shape} and {reference.shape}."
        )
    if not len(labels):
        return labels.astype(np.int64)
    if min(labels.min(), reference.min()) < 0:
        raise ValueError("Segments are numbered from 0; a label below 0 was found.")
    shape = labels.max() + 1, reference.max() + 1
    shared = np.zeros(shape, dtype=np.int64)
    np.add.at(shared, (labels, reference), 1)
    number = np.full(shape[0], -1)
    ours, theirs = linear_sum_assignment(-shared)
    number[ours] = theirs
    alone = np.flatnonzero(number < 0)
    number[alone] = shape[1] + np.arange(len(alone))
    return number[labels]
