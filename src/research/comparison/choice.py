"""How many segments? Evidence for each number, and a rule that reads it.

No index knows the answer. Measured on 96 planted sets of daily curves, 100 and 300
customers, 4 and 6 true classes, 20 starts a fit (``python -m
benchmarks.number_of_segments``), the mean adjusted Rand index of the segments that each
rule ends with (where none passes, the most stable number that is large enough):

============================================== ====
best number                                    .866
least Jaccard similarity .85                   .794
mixture BIC                                    .781
least Jaccard similarity .80                   .766
the same with .75, where BIC is near its best  .766
least Jaccard similarity .75 (this rule)       .738
prediction strength of at least .8             .738
maximum of the silhouette                      .665
============================================== ====

So the rule asks for segments that come back *and* that are large enough to speak of.
Hennig's .75 takes rather too many than too few where there are hundreds of customers: a
group that is wide in one direction is cut across it in the same place again and again.
The reason therefore says when a Gaussian mixture speaks against the number, and what
every other rule would have taken; `min_jaccard` may be raised. On real curves the
maximum of the silhouette splits off one or a few outliers.
"""

import math
from dataclasses import dataclass

import pandas as pd

from research.comparison._resampling import check_count
from research.comparison._sampling_error import ERRORS
from research.comparison.evidence import COLUMNS

DOUBTFUL = 0.6
"""Mean Jaccard similarity below which a segment counts as dissolved."""

WORSE_BIC = 10
"""Difference in BIC that is very strong evidence, after Kass and Raftery."""

STRONG = 0.8
"""Prediction strength that its authors ask for."""


@dataclass(frozen=True)
class RefusedRule:
    """What another rule would have chosen, and why it is not followed.

    Attributes
    ----------
    rule : str
        Name of the rule.
    k : int
        Its number of segments; 1 where it finds no division.
    sizes : tuple of int
        Customers of each of its segments, from the largest.
    reason : str
        A sentence.

    Examples
    --------
    >>> RefusedRule("silhouette maximum", 2, (90, 1), "A segment of 1 customer.").k
    2
    """

    rule: str
    k: int
    sizes: tuple[int, ...]
    reason: str


@dataclass(frozen=True)
class ChoiceOfK:
    """A number of segments and the reason for it.

    Attributes
    ----------
    k : int
        Number of segments; 1 means that no division is stable.
    rule : str
        The rule that decided: "stable and large enough", "prediction strength", "most
        stable" or "no division".
    reason : str
        One or two sentences with the numbers.
    refused : tuple of RefusedRule
        The other rules; `pandas.DataFrame(choice.refused)` is their table.

    Examples
    --------
    >>> ChoiceOfK(1, "no division", "No division is stable.", ()).k
    1
    """

    k: int
    rule: str
    reason: str
    refused: tuple[RefusedRule, ...]


def groups_apart(evidence, k):
    """Whether `k` segments are further apart than slices of one cloud would be.

    Parameters
    ----------
    evidence : DataFrame
        From `k_evidence`; holds a row for `k` unless `k` is 1.
    k : int
        Number of segments.

    Returns
    -------
    apart : bool
        False for a single segment, and where the silhouette is not above
        `silhouette_cloud`.
    """
    if k == 1:
        return False
    row = evidence.set_index("k").loc[k]
    return not row["silhouette"] <= row["silhouette_cloud"]


def stability_of(evidence, k):
    """Mean Jaccard similarity of each of `k` segments, from the evidence.

    Parameters
    ----------
    evidence : DataFrame
        From `k_evidence`; holds a row for `k` unless `k` is 1.
    k : int
        Number of segments.

    Returns
    -------
    stability : Series of shape (k,)
        Index `segment`, in [0, 1]. A single segment always comes back: 1.
    """
    if k == 1:
        found = [1.0]
    else:
        found = list(evidence.set_index("k").at[k, "jaccard"])
    return pd.Series(found, pd.RangeIndex(k, name="segment"), name="jaccard")


def choose_k(evidence, min_jaccard=0.75, min_size=None):
    """Choose the number of segments, and say why.

    The rule: **the largest number whose least stable segment has a mean Jaccard
    similarity of at least `min_jaccard` and whose smallest segment has at least
    `min_size` members.** Where no number passes, in the open: of those large enough
    whose least stable segment gets at least 0.6 and whose silhouette no single cloud
    of the same spread reaches, the largest number with a prediction strength of at
    least 0.8, else the number with the highest least mean Jaccard similarity; where
    there are none, 1: no division.

    Parameters
    ----------
    evidence : DataFrame
        From `k_evidence`.
    min_jaccard : float, default=0.75
        In [0, 1]: where segments begin to be called stable, see `stability_band`.
    min_size : int or None, default=None
        Least size of a segment. None takes 5 or 3 % of the customers, whichever is
        more.

    Returns
    -------
    choice : ChoiceOfK
        The number, the rule that decided, its reason and the rules not followed. The
        reason says so where the silhouette is not above that of one cloud, and how
        sure the evidence is where it is of a sample.

    Raises
    ------
    ValueError
        If `evidence` has no rows or lacks columns, or a parameter is out of its range.

    Notes
    -----
    *Why 5 or 3 %.* The mean curve of four customers is made by each of them: one who
    moves out changes a quarter of it, and a reader may recognise one. What is smaller
    is a list of unusual customers, worth a look but no segment that an offer or a
    price can be made for; in a large region 3 % keeps the segments to a number that
    people can hold in mind. Where publication asks for more, pass it: `min_size=15`.

    *Why the largest.* Too few segments hide rhythms that are there, and two are easy
    to have: any elongated cloud is cut in two the same way again and again. For the
    same reason the largest that comes back may cut a true group, which the BIC of a
    mixture notices: the reason then says so. Stability tells that the method repeats
    itself, not that the groups are apart: hence the comparison with one cloud.

    References
    ----------
    .. [1] C. Hennig, "Cluster-wise assessment of cluster stability", Computational
       Statistics & Data Analysis, vol. 52, no. 1, pp. 258-271, 2007.
    .. [2] R. E. Kass and A. E. Raftery, "Bayes factors", Journal of the American
       Statistical Association, vol. 90, no. 430, pp. 773-795, 1995.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from research.comparison import k_evidence
    >>> X = [[group + step / 50] for group in (0, 5, 11) for step in range(6)]
    >>> choice = choose_k(k_evidence(KMeans(n_init=5), X, range(2, 6), n_resamples=10))
    >>> choice.k, choice.rule
    (3, 'stable and large enough')
    """
    missing = [column for column in COLUMNS if column not in evidence]
    if missing or evidence.empty:
        raise ValueError(
            "evidence must be the table of k_evidence, one row a number of segments. "
            f"Missing columns: {', '.join(missing) or 'none'}; rows: {len(evidence)}."
        )
    if not 0 <= min_jaccard <= 1:
        raise ValueError(f"min_jaccard must be in [0, 1]. Got {min_jaccard!r} instead.")
    n = int(evidence["n_customers"].iloc[0])
    if min_size is None:
        min_size = max(5, math.ceil(0.03 * n))
    check_count("min_size", min_size)

    table = evidence.set_index("k").sort_index()
    large = table["smallest"] >= min_size
    stable = table["least_stable"] >= min_jaccard
    strong = table["prediction_strength"] >= STRONG
    apart = ~(table["silhouette"] <= table["silhouette_cloud"])
    k, rule, reason = _decide(
        table, large, stable, strong & apart, apart, min_jaccard, min_size
    )
    if k > 1:
        reason += _separation(table.loc[k]) + _sampled(table.loc[k])
    others = {
        "silhouette maximum": _extreme(table["silhouette"]),
        "mixture BIC minimum": _extreme(-table["bic"]),
        f"prediction strength of at least {STRONG}": _largest(strong),
        "stable at any size": _largest(stable),
    }
    refused = tuple(
        RefusedRule(
            name,
            other,
            table.at[other, "sizes"] if other > 1 else (n,),
            _why_not(table, other, k, min_jaccard, min_size),
        )
        for name, other in others.items()
    )
    return ChoiceOfK(k, rule, reason, refused)


def _decide(table, large, stable, strong, apart, min_jaccard, min_size):
    """Number of segments, the rule that gave it, the reason."""
    if (large & stable).any():
        k = _largest(large & stable)
        row = table.loc[k]
        reason = (
            f"{k} is the largest number of segments that all come back when customers "
            f"are drawn again (least mean Jaccard similarity {row.least_stable:.2f}, "
            f"at least {min_jaccard:g} wanted) and that are all large enough (smallest "
            f"{row.smallest:.0f} of {row.n_customers:.0f} customers, at least "
            f"{min_size} wanted)."
        )
        if _excess_bic(table, k) > WORSE_BIC:
            reason += (
                f" The Gaussian mixture would take {_extreme(-table['bic'])} (its BIC "
                f"for {k} is {_excess_bic(table, k):.0f} above that): some of the "
                "segments may be parts of one wide group."
            )
        return k, "stable and large enough", reason
    none = (
        f"No number of segments has a least mean Jaccard similarity of {min_jaccard:g} "
        f"and at least {min_size} customers in each segment. "
    )
    strong = strong & large & (table["least_stable"] >= DOUBTFUL)
    if strong.any():
        k = _largest(strong)
        row = table.loc[k]
        return (
            k,
            "prediction strength",
            f"{none}{k} is the largest number whose halves foretell each other "
            f"(prediction strength {row.prediction_strength:.2f}, at least {STRONG} "
            f"wanted; least mean Jaccard similarity {row.least_stable:.2f}; smallest "
            f"segment {row.smallest:.0f} customers).",
        )
    near = large & apart & (table["least_stable"] >= DOUBTFUL)
    doubtful = table["least_stable"].where(near)
    if doubtful.notna().any():
        k = _extreme(doubtful)
        row = table.loc[k]
        return (
            k,
            "most stable",
            f"{none}{k} comes nearest: its least stable segment has a mean Jaccard "
            f"similarity of {row.least_stable:.2f}, which is doubtful, and its "
            f"smallest {row.smallest:.0f} customers. Take these segments with reserve.",
        )
    return (
        1,
        "no division",
        f"{none}Nor does one of those large enough come near (least mean Jaccard "
        f"similarity {DOUBTFUL}, and a silhouette above that of one cloud of the same "
        "spread): no division is stable, treat the customers as one group.",
    )


def _separation(row):
    """Say so if one cloud of the same spread parts as well."""
    if not row.silhouette <= row.silhouette_cloud:
        return ""
    return (
        f" The silhouette ({row.silhouette:.2f}) is within what one cloud of the same "
        f"spread gives (up to {row.silhouette_cloud:.2f}): the segments are slices of "
        "a continuum rather than groups apart."
    )


def _sampled(row):
    """Say of how many customers the evidence is, and how sure it is, if not of all."""
    if row.n_sampled >= row.n_customers:
        return ""
    told = (
        f" Resampling, mixtures and silhouettes saw {row.n_sampled:,.0f} of "
        f"{row.n_customers:,.0f} customers"
    )
    if any(name not in row for name in ERRORS.values()):
        return f"{told}."
    return (
        f"{told}: the standard error is {row.least_stable_se:.3f} of the least Jaccard "
        f"similarity, over the resamples, and {row.silhouette_se:.3f} of the "
        "silhouette."
    )


def _why_not(table, other, k, min_jaccard, min_size):
    """One sentence on the number `other` where `k` was chosen."""
    if other == k:
        return "It agrees."
    if other == 1:
        return "It finds no division at all."
    row = table.loc[other]
    faults = []
    if row.smallest < min_size:
        faults.append(
            f"its smallest segment holds {row.smallest:.0f} of {row.n_customers:.0f} "
            f"customers, fewer than {min_size}"
        )
    if row.least_stable < min_jaccard:
        faults.append(
            "its least stable segment has a mean Jaccard similarity of "
            f"{row.least_stable:.3f}, below {min_jaccard:g}"
        )
    ours = _excess_bic(table, k) if k > 1 else 0
    if _excess_bic(table, other) > max(WORSE_BIC, ours):
        faults.append(
            f"its mixture has a BIC {_excess_bic(table, other):.0f} above the best"
        )
    if not faults:
        faults.append(f"it passes too, but tells fewer segments apart than {k}")
    sentence = ", and ".join(faults)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _excess_bic(table, k):
    """BIC of `k` classes above the best, NaN where unknown."""
    return table.at[k, "bic"] - table["bic"].min()


def _largest(passes):
    """Largest number that passes, 1 if none."""
    return int(passes.index[passes].max()) if passes.any() else 1


def _extreme(values):
    """Smallest number at which `values` is highest, 1 if there are none."""
    return int(values.idxmax()) if values.notna().any() else 1
