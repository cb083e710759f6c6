"""Scores beside what chance gives: labels shuffled, and columns shuffled.

A score has no meaning without the value that it takes where there is nothing to find.
There are two ways of having nothing, and they ask different questions:

- **labels shuffled**, sizes kept: do the labels know the points at all? Any method that
  was fitted to these very points passes, on noise too. It is the question for labels
  from elsewhere: tariff, industry, last year's segments.
- **columns shuffled**, each by itself, and segmented again by the same method: is the
  score more than the method finds in noise of the same margins? It is the question for
  a method's own segments, and needs its estimator. Shuffled columns lose *every*
  dependence: curves of one smooth family pass it without any groups, which `k_evidence`
  tells by its single cloud.
"""

import numpy as np
import pandas as pd
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils import check_array, check_random_state
from threadpoolctl import threadpool_limits

from research.comparison._resampling import check_count, fit_seeded
from research.comparison._segments import Segments, from_sums
from research.comparison.silhouettes import point_silhouettes
from research.comparison.validity import SCORES, describe_scores, index_values

COLUMNS = [
    "method",
    "score",
    "null",
    "value",
    "better",
    "null_mean",
    "null_low",
    "null_high",
    "p_value",
    "n_nulls",
    "n_segments",
    "flag",
]
TIE = 1e-6
"""Relative difference below which two values are one: float32 is behind some."""


def permutation_null(
    X,
    segmentations,
    estimators=None,
    *,
    n_shuffles=199,
    n_refits=19,
    max_customers=2000,
    random_state=0,
    progress=None,
) -> pd.DataFrame:
    """Every score of every segmentation, beside what it is where there is nothing.

    Parameters
    ----------
    X : array-like of shape (n_customers, n_features)
        The points, in the space that all methods are judged in; finite.
    segmentations : DataFrame or dict of array-like of shape (n_customers,)
        One column (key) a method: the segment of each point.
    estimators : dict of clusterers or None, default=None
        For each method of `segmentations` that has one, the estimator that made its
        segments *from `X`*, with `fit` and `labels_`; clones are fitted to noise.
    n_shuffles : int, default=199
        Shuffles of the labels of each method.
    n_refits : int, default=19
        Tables of shuffled columns, the same for all estimators. With 19 the least
        p-value is 0.05.
    max_customers : int, default=2000
        Of more customers, values and nulls are both of one random sample of this size.
    random_state : int, RandomState instance or None, default=0
        Seed of all draws; a method's rows do not depend on which others are asked for.
    progress : callable or None, default=None
        Called as progress(done, total) after each method.

    Returns
    -------
    nulls : DataFrame
        One row a method, null and score:

        - `method`, `score`; `null`, "labels shuffled" or "columns shuffled";
        - `value`, of the segments as they are, and `better`, "lower" or "higher";
        - `null_mean`; `null_low` and `null_high`, the 2.5 and 97.5 % quantiles of the
          null (of 19 draws, nearly the least and the largest);
        - `p_value`, the share of nulls at least as good, the value itself counted among
          them; NaN where there is no value. One for every score, so some of many are
          small by chance;
        - `n_nulls`; `n_segments` of the method; `flag`, as `score_segmentations`.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, lengths differ, an estimator belongs to no
        segmentation, or a count is no whole number from 1 up.

    Notes
    -----
    A null in which a score is not defined (noise that an estimator put into one
    segment) counts as at least as good: the p-value errs upwards. So it does where the
    segments of more than `max_customers` customers are judged on a sample, on which the
    refits had only to please that sample. A method with its 199 shuffles and 19 refits
    of k-means takes 3 to 4 seconds of one core, for 2,000 customers of 48 readings.

    References
    ----------
    .. [1] B. Phipson and G. K. Smyth, "Permutation P-values should never be zero",
       Statistical Applications in Genetics and Molecular Biology, vol. 9, 2010.

    Examples
    --------
    >>> X = [[0.0], [0.1], [0.2], [0.3], [9.0], [9.1], [9.2], [9.3]]
    >>> nulls = permutation_null(X, {"halves": [0, 0, 0, 0, 1, 1, 1, 1]})
    >>> row = nulls.set_index("score").loc["MIA"]
    >>> row[["value", "null_mean", "p_value"]].astype(float).round(2).tolist()
    [0.11, 4.08, 0.03]
    """
    X = check_array(X, dtype=np.float64)
    estimators = estimators or {}
    check_count("n_shuffles", n_shuffles)
    check_count("n_refits", n_refits)
    methods = list(segmentations.keys())
    if strange := [name for name in estimators if name not in methods]:
        raise ValueError(
            f"Every estimator needs its segments. Without: {strange}; segments of: "
            f"{methods}."
        )
    segments = {name: Segments.of(X, segmentations[name]) for name in methods}
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    rng = np.random.RandomState(seed)
    sample = np.arange(len(X))
    if len(X) > max_customers:
        sample = np.sort(rng.choice(len(X), max_customers, replace=False))
    X = X[sample]
    rows = []
    with threadpool_limits(1):  # see stability.py
        distances = euclidean_distances(X)
        np.fill_diagonal(distances, 0)
        for done, (name, whole) in enumerate(segments.items(), start=1):
            labels = np.unique(whole.labels[sample], return_inverse=True)[1]
            value, null = _labels_shuffled(X, labels, distances, n_shuffles, seed)
            rows += _rows(name, "labels shuffled", value, null, len(whole))
            if name in estimators:
                value |= {"silhouette": point_silhouettes(X, labels).mean()}
                null = _columns_shuffled(X, estimators[name], n_refits, seed)
                rows += _rows(name, "columns shuffled", value, null, len(whole))
            if progress is not None:
                progress(done, len(segments))
    nulls = pd.DataFrame(rows, columns=COLUMNS[:-1])
    nulls["flag"] = nulls["score"].map(describe_scores()["flag"])
    return nulls


def _labels_shuffled(X, labels, distances, n_shuffles, seed):
    """Scores as they are, and of each shuffle of the labels."""
    rng = np.random.RandomState(seed)

    def scores(labels):
        segments = Segments.of_checked(X, labels)
        mean = np.nan
        if 2 <= len(segments) < len(X):
            sums = distances @ np.eye(len(segments))[segments.labels]
            mean = from_sums(sums, segments.labels, segments.sizes).mean()
        return {"silhouette": mean} | index_values(segments)

    value = scores(labels)
    return value, [scores(rng.permutation(labels)) for _ in range(n_shuffles)]


def _columns_shuffled(X, estimator, n_refits, seed):
    """Scores of the segments that the estimator finds in each table of noise."""
    rng = np.random.RandomState(seed)
    null = []
    for _ in range(n_refits):
        noise = np.column_stack([rng.permutation(column) for column in X.T])
        own = np.random.RandomState(rng.randint(np.iinfo(np.int32).max))
        labels = fit_seeded(estimator, noise, own).labels_
        mean = point_silhouettes(noise, labels).mean()
        found = index_values(Segments.of_checked(noise, labels))
        null.append({"silhouette": mean} | found)
    return null


def _rows(method, kind, value, null, n_segments):
    """A row for each score: its value beside its null."""
    drawn = pd.DataFrame(null)
    for name, score in SCORES.items():
        observed, nulls = value[name], drawn[name].to_numpy()
        low = mean = high = p_value = np.nan
        if not np.isnan(observed):
            better = (
                nulls >= observed if score.better == "higher" else nulls <= observed
            )
            tied = np.isclose(nulls, observed, rtol=TIE, atol=TIE * 1e-3)
            as_good = np.count_nonzero(better | tied | np.isnan(nulls))
            p_value = (1 + as_good) / (1 + len(nulls))
            known = nulls[~np.isnan(nulls)]
            if len(known):
                mean = known.mean()
                low, high = np.quantile(known, [0.025, 0.975], method="nearest")
        yield (
            method,
            name,
            kind,
            observed,
            score.better,
            mean,
            low,
            high,
            p_value,
            len(nulls),
            n_segments,
        )
