"""Agreement of segments with classes that are known already."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    v_measure_score,
)


def agreement(
    segments: pd.Series,
    classes: pd.DataFrame,
    *,
    n_permutations: int = 999,
    random_state: int = 0,
) -> pd.DataFrame:
    """Compare segments with known classes, and with what chance alone would give.

    Parameters
    ----------
    segments : Series of shape (n_customers,)
        Segment of each customer.
    classes : DataFrame
        One column a classification, on customers; those without a segment or without
        a class are left out of that row.
    n_permutations : int
        Random reassignments behind the p-value.
    random_state : int
        Seed of the reassignments.

    Returns
    -------
    agreement : DataFrame
        A row a classification: `classification`, `customers`, `classes`;
        `adjusted_rand` and `adjusted_mutual_information`, 1 for the same division, 0
        on average for unrelated ones; `cramers_v`, the strength of the association in
        [0, 1], not corrected for chance; `p_value`, the share of random reassignments
        with an association at least as strong (the observed one counted among them).
        NaN where a classification has a single class.

    References
    ----------
    .. [1] L. Hubert and P. Arabie, "Comparing partitions", Journal of Classification,
       vol. 2, pp. 193-218, 1985.
    .. [2] B. Phipson and G. K. Smyth, "Permutation P-values should never be zero",
       Statistical Applications in Genetics and Molecular Biology, vol. 9, 2010.

    Examples
    --------
    >>> segments = pd.Series([0, 0, 0, 1, 1, 1])
    >>> classes = pd.DataFrame({"tariff": list("aaabbb")})
    >>> found = agreement(segments, classes).iloc[0]
    >>> print(found["adjusted_rand"], found["cramers_v"])
    1.0 1.0
    """
    rows = []
    for name in classes:
        known = classes[name].reindex(segments.index).dropna()
        labels = segments[known.index].to_numpy()
        codes, values = pd.factorize(known, sort=True)
        row = {"classification": name, "customers": len(known), "classes": len(values)}
        if len(values) > 1 and len(np.unique(labels)) > 1:
            rng = np.random.default_rng(random_state)
            observed = _cramers_v(labels, codes)
            chance = np.array(
                [
                    _cramers_v(labels, rng.permutation(codes))
                    for _ in range(n_permutations)
                ]
            )
            row |= {
                "adjusted_rand": adjusted_rand_score(labels, codes),
                "adjusted_mutual_information": adjusted_mutual_info_score(
                    labels, codes
                ),
                "cramers_v": observed,
                "p_value": (1 + (chance >= observed - 1e-12).sum())
                / (1 + n_permutations),
            }
        rows.append(row)
    columns = ["adjusted_rand", "adjusted_mutual_information", "cramers_v", "p_value"]
    frame = pd.DataFrame(rows)
    return frame.reindex(columns=["classification", "customers", "classes", *columns])


def pairwise_agreement(segmentations: pd.DataFrame) -> pd.DataFrame:
    """How far each two of several segmentations agree about who belongs together.

    Parameters
    ----------
    segmentations : DataFrame
        On customers, a column a method or known classes. Customers without a segment in
        one of the two are left out of that pair.

    Returns
    -------
    agreement : DataFrame
        A row a pair: `one`, `other`, `customers`; `adjusted_rand` and
        `adjusted_mutual_information`, 1 for the same division, 0 on average for
        unrelated ones; `v_measure` in [0, 1], not corrected for chance: many small
        segments raise it. NaN where no customer has both.

    References
    ----------
    .. [1] A. Rosenberg and J. Hirschberg, "V-measure: a conditional entropy-based
       external cluster evaluation measure", Proc. EMNLP-CoNLL, pp. 410-420, 2007.

    Examples
    --------
    >>> both = pd.DataFrame({"a": [0, 0, 1, 1], "b": [1, 1, 0, 0], "c": [0, 1, 0, 1]})
    >>> pairwise_agreement(both)[["one", "other", "adjusted_rand"]]
      one other  adjusted_rand
    0   a     b            1.0
    1   a     c           -0.5
    2   b     c           -0.5
    """
    measures = {
        "adjusted_rand": adjusted_rand_score,
        "adjusted_mutual_information": adjusted_mutual_info_score,
        "v_measure": v_measure_score,
    }
    rows = []
    for one, other in combinations(segmentations, 2):
        both = segmentations[[one, other]].dropna()
        first, second = (pd.factorize(both[name])[0] for name in (one, other))
        row = {"one": one, "other": other, "customers": len(both)}
        for name, measure in measures.items():
            row[name] = measure(first, second) if len(both) else np.nan
        rows.append(row)
    return pd.DataFrame(rows, columns=["one", "other", "customers", *measures])


def agreement_matrix(pairs: pd.DataFrame, measure: str = "adjusted_rand"):
    """The pairs of `pairwise_agreement` as a square, 1 on the diagonal.

    Parameters
    ----------
    pairs : DataFrame
    measure : str
        Column of `pairs`.

    Returns
    -------
    matrix : DataFrame of shape (n_methods, n_methods)

    Examples
    --------
    >>> both = pd.DataFrame({"a": [0, 0, 1, 1], "b": [1, 1, 0, 0]})
    >>> print(agreement_matrix(pairwise_agreement(both)).loc["b", "a"])
    1.0
    """
    names = list(dict.fromkeys([*pairs["one"], *pairs["other"]]))
    matrix = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    for one, other, value in pairs[["one", "other", measure]].itertuples(index=False):
        matrix.loc[one, other] = matrix.loc[other, one] = value
    return matrix


def pieces(classes: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """How many segments each known class is divided into.

    Parameters
    ----------
    classes : array-like of shape (n_customers,)
        Known class of each customer.
    labels : array-like of shape (n_customers,)
        Segment of each customer.

    Returns
    -------
    pieces : DataFrame
        A row a class, the largest first: `customers`; `pieces`, the effective number
        of segments they are spread over, one over the chance that two of them drawn
        with replacement share a segment: 1 where the class stays whole, n where it is
        cut into n equal parts; `largest`, the share of its customers in the segment
        that holds most of them.

    References
    ----------
    .. [1] M. O. Hill, "Diversity and evenness: a unifying notation and its
       consequences", Ecology, vol. 54, no. 2, pp. 427-432, 1973; the number of order
       2.

    Examples
    --------
    >>> pieces(["a", "a", "b", "b", "b"], [0, 1, 2, 2, 2])
       customers  pieces  largest
    b          3     1.0      1.0
    a          2     2.0      0.5
    """
    counts = pd.crosstab(np.asarray(classes), np.asarray(labels))
    sizes = counts.sum(axis=1)
    shares = counts.div(sizes, axis=0)
    found = pd.DataFrame(
        {
            "customers": sizes,
            "pieces": 1 / (shares**2).sum(axis=1),
            "largest": shares.max(axis=1),
        }
    )
    found = found.sort_values("customers", ascending=False, kind="stable")
    return found.rename_axis(index=None)


def _cramers_v(labels: np.ndarray, codes: np.ndarray) -> float:
    counts = np.zeros((labels.max() + 1, codes.max() + 1))
    np.add.at(counts, (labels, codes), 1)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    chi2 = chi2_contingency(counts, correction=False).statistic
    return float(np.sqrt(chi2 / counts.sum() / (min(counts.shape) - 1)))
