"""Segments told in words: a shallow tree learns to repeat a segmentation.

**What the rules say, and what they do not.** The tree is shown features and the segment
each customer already has; its rules say by which features the segments can be told
apart, and its accuracy on customers it has not seen says how faithfully (fidelity). It
knows nothing of why a customer belongs to a segment, and the method that made the
segments may have looked at something else: a whole curve, say, of which the features
are a summary. A low accuracy means that no few words tell these segments.

**Thresholds are for reading.** Between the two neighbouring values that a split
divides, any number divides the same customers: the roundest of the middle half is
taken. The tree itself is grown on ranks, so that neither units nor outliers move a
split.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from research.comparison._resampling import check_count
from research.comparison._thresholds import round_between
from research.comparison.reasons import border, labelled, reasons

__all__ = ["Node", "ShallowTree", "border", "follow", "reasons", "shallow_tree"]

N_FOLDS = 5
LEAST_GAIN = 0.005
"""Gini impurity, over all customers, that a further rule has to take away: what
separates fewer than about one in four hundred customers is not told."""


class Node(NamedTuple):
    """A question of the tree, or the segment at the end of a path."""

    counts: np.ndarray
    """Customers of each segment that come here, in the order of `ShallowTree.segments`.
    """
    feature: str = ""
    """What is asked for; empty at the end of a path."""
    threshold: float = np.nan
    """Values up to it go left. Infinite where only missing or not is asked for."""
    missing_left: bool = False
    """Where customers go whose value is missing."""
    saw_missing: bool = False
    """Whether there were such customers here."""
    left: "Node | None" = None
    right: "Node | None" = None


@dataclass(frozen=True)
class ShallowTree:
    """A segmentation told by a shallow tree, and how faithful that is.

    Attributes
    ----------
    rules : DataFrame
        A row a condition: `segment`; `path`, the number of its rule, counted segment by
        segment and from the largest rule down; `feature`, `sign` and `threshold` with
        `sign` one of "<=", ">", "missing" and "present" (the last two without a
        threshold; feature and sign are empty where there is nothing to ask);
        `with_missing`, whether customers without a value keep to this rule too;
        `n`, the customers that keep to the whole rule; `purity`, the share of them that
        are of the segment; `coverage`, the share of the segment that keeps to the
        rule; `small`, whether `n` is so low that the rule should not be built upon.
    tree : Node
        The same as a tree, see `follow`.
    segments : tuple
        The segments in their order.
    untold : tuple
        Segments that no rule names, for being small or mixed in with others.
    accuracy : float
        Share of the customers whose segment a tree tells that was grown without them
        (cross-validated, stratified), in [0, 1]. The depth is chosen by the same folds:
        what that flatters is less than `accuracy_sd`.
    accuracy_sd : float
        Standard deviation of that share over the folds.
    balanced_accuracy : float
        Mean over the segments of the share of their customers told, held out likewise.
    baseline : float
        Share of the largest segment: the accuracy of one who always says its name.
    fidelity : float
        Share of the customers told by the tree shown, which has seen them all; above
        `accuracy` by what does not carry over to others.
    n_customers, n_folds : int
        Customers told, and parts they were dealt into.
    """

    rules: pd.DataFrame
    tree: Node
    segments: tuple
    untold: tuple
    accuracy: float
    accuracy_sd: float
    balanced_accuracy: float
    baseline: float
    fidelity: float
    n_customers: int
    n_folds: int


def shallow_tree(
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    max_depth: int = 3,
    few: int = 5,
    random_state: int = 0,
) -> ShallowTree:
    """Tell the segments by a few conditions on the features.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        One row a customer, numbers in any unit. A missing value (NaN) is an answer of
        its own: at each split customers without one go to the side that tells the
        segments better.
    labels : Series
        Segment or grade of each customer, on the index of `features`; customers without
        one are left out.
    max_depth : int, default=3
        Conditions of a rule, at most. Fewer are used where more do not tell the
        segments better: the least depth whose held-out accuracy is within one standard
        error of the best.
    few : int, default=5
        No rule is made for fewer customers, unless a segment has fewer: then the rules
        may be as small as it, and those under `few` are marked as `small`.
    random_state : int, default=0
        Seed of the folds, and of the choice between features that split equally well.

    Returns
    -------
    told : ShallowTree
        Neither the order of the customers nor their names nor the order of the columns
        changes it.

    Raises
    ------
    ValueError
        If a column holds no numbers or an infinite one, no customer has a label, a
        labelled customer has no features, or a parameter is out of range.

    References
    ----------
    .. [1] L. Breiman, J. H. Friedman, R. A. Olshen and C. J. Stone, "Classification and
       Regression Trees", 1984; section 3.4.3 for the rule of one standard error.

    Examples
    --------
    >>> a, b = [1.0, 2.0, 3.0, 11.0, 12.0, 13.0], [5.0, 1.0, 4.0, 2.0, 6.0, 3.0]
    >>> features = pd.DataFrame({"a": a * 5, "b": b * 5})
    >>> told = shallow_tree(features, pd.Series([0, 0, 0, 1, 1, 1] * 5))
    >>> told.rules[["segment", "feature", "sign", "threshold", "n", "purity"]]
       segment feature sign  threshold   n  purity
    0        0       a   <=        5.0  15     1.0
    1        1       a    >        5.0  15     1.0
    >>> print(told.accuracy, told.baseline)
    1.0 0.5
    """
    check_count("max_depth", max_depth)
    check_count("few", few)
    features, labels = labelled(features, labels)
    columns = sorted(features.columns, key=str)
    values = features[columns].to_numpy(dtype=float)
    classes = pd.Categorical(labels).remove_unused_categories()
    codes, segments = classes.codes.astype(np.int64), tuple(classes.categories.tolist())
    order = np.lexsort((codes, *values.T[::-1]))
    values, codes = values[order], codes[order]
    ranks = pd.DataFrame(values).rank(method="dense").to_numpy()

    def grow(rows, depth):
        sizes = np.bincount(codes[rows])
        return DecisionTreeClassifier(
            max_depth=depth,
            min_samples_leaf=min(few, int(sizes[sizes > 0].min())),
            ccp_alpha=LEAST_GAIN,
            random_state=random_state,
        ).fit(ranks[rows], codes[rows])

    everyone = np.arange(len(codes))
    folds = _dealt_out(codes, min(N_FOLDS, len(codes)), random_state)
    by_depth = {
        depth: _right(grow, depth, ranks, codes, folds)
        for depth in range(1, max_depth + 1)
    }
    depth = _shortest(by_depth, folds)
    right = by_depth[depth]
    grown = grow(everyone, depth)
    tree = _told(grown, columns, values, ranks, codes, everyone, len(segments))
    rules = _rules(tree, segments, np.bincount(codes), few)
    return ShallowTree(
        rules=rules,
        tree=tree,
        segments=segments,
        untold=tuple(s for s in segments if s not in set(rules["segment"])),
        accuracy=float(right.mean()),
        accuracy_sd=float(right.groupby(folds).mean().std(ddof=1)),
        balanced_accuracy=float(right.groupby(codes).mean().mean()),
        baseline=float(np.bincount(codes).max() / len(codes)),
        fidelity=float((_follow(tree, columns, values) == codes).mean()),
        n_customers=len(codes),
        n_folds=int(folds.max() + 1),
    )


def _right(grow, depth, ranks, codes, folds):
    """Whether each customer is told right by a tree grown without its fold."""
    right = np.full(len(codes), np.nan)
    for fold in range(folds.max() + 1) if folds.max() else ():
        rest, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        right[out] = grow(rest, depth).predict(ranks[out]) == codes[out]
    return pd.Series(right)


def _shortest(by_depth, folds):
    """The least depth no worse than the best by more than its standard error."""
    best = max(by_depth.values(), key=lambda right: right.mean())
    error = best.groupby(folds).mean().std(ddof=1) / np.sqrt(folds.max() + 1)
    enough = [d for d, right in by_depth.items() if right.mean() >= best.mean() - error]
    return min(enough, default=1)


def follow(told: ShallowTree, features: pd.DataFrame) -> pd.Series:
    """Segment that the rules give each customer, new ones too.

    Parameters
    ----------
    told : ShallowTree
    features : DataFrame of shape (n_customers, n_features)
        With the columns that the rules ask for.

    Returns
    -------
    segments : Series of shape (n_customers,)
        On the index of `features`. Where a value is missing and no customer lacked it
        before, the larger side is taken.

    Raises
    ------
    ValueError
        If a column that the rules ask for is not there.

    Examples
    --------
    >>> features = pd.DataFrame({"a": [1.0, 2.0, 11.0, 12.0]})
    >>> told = shallow_tree(features, pd.Series(["C", "C", "A", "A"]))
    >>> follow(told, pd.DataFrame({"a": [-5.0, 50.0]})).tolist()
    ['C', 'A']
    """
    asked = sorted(set(told.rules["feature"]) - {""})
    absent = [name for name in asked if name not in features]
    if absent:
        raise ValueError(
            f"The rules ask for {', '.join(asked)}; the features lack "
            f"{', '.join(absent)}. Give the columns the tree was grown on."
        )
    codes = _follow(told.tree, asked, features[asked].to_numpy(dtype=float))
    named = [told.segments[code] for code in codes]
    return pd.Series(named, index=features.index, name="segment")


def _told(grown, columns, values, ranks, codes, rows, n_segments, at=0):
    """The node `at` of a fitted tree with readable thresholds, and all below it."""
    counts = np.bincount(codes[rows], minlength=n_segments)
    if grown.tree_.children_left[at] < 0:
        return Node(counts)
    column = grown.tree_.feature[at]
    missing_left = bool(grown.tree_.missing_go_to_left[at])
    missing = np.isnan(ranks[rows, column])
    goes_left = ranks[rows, column] <= grown.tree_.threshold[at]
    present = values[rows, column]
    lower, upper = present[goes_left & ~missing], present[~goes_left & ~missing]
    if len(lower) and len(upper):
        whole = bool((present[~missing] % 1 == 0).all())
        threshold = round_between(lower.max(), upper.min(), whole=whole)
    else:
        threshold, missing_left, goes_left = np.inf, False, ~missing
    goes_left = np.where(missing, missing_left, goes_left)
    below = [
        _told(grown, columns, values, ranks, codes, part, n_segments, child)
        for part, child in (
            (rows[goes_left], grown.tree_.children_left[at]),
            (rows[~goes_left], grown.tree_.children_right[at]),
        )
    ]
    ends = not any(node.feature for node in below)
    if ends and below[0].counts.argmax() == below[1].counts.argmax():
        return Node(counts)
    return Node(
        counts, columns[column], threshold, missing_left, bool(missing.any()), *below
    )


def _follow(node, columns, values):
    """Position of the segment that the tree under `node` gives each row."""
    if not node.feature:
        return np.full(len(values), node.counts.argmax())
    asked = values[:, columns.index(node.feature)]
    left = np.where(np.isnan(asked), node.missing_left, asked <= node.threshold)
    told = np.empty(len(values), dtype=np.int64)
    told[left] = _follow(node.left, columns, values[left])
    told[~left] = _follow(node.right, columns, values[~left])
    return told


def _dealt_out(codes, n_folds, seed):
    """Fold of each row: the rows of a segment, shuffled, dealt out in turn."""
    shuffled = np.random.default_rng(seed).permutation(len(codes))
    by_segment = shuffled[np.argsort(codes[shuffled], kind="stable")]
    folds = np.empty(len(codes), dtype=np.int64)
    folds[by_segment] = np.arange(len(codes)) % n_folds
    return folds


def _rules(tree, segments, sizes, few):
    """The ends of the tree as a tidy table, segment by segment, the largest first."""
    ends = sorted(
        _ends(tree, {}),
        key=lambda end: (end[0].counts.argmax(), -end[0].counts.sum()),
    )
    rows = []
    for path, (leaf, bounds) in enumerate(ends):
        segment = leaf.counts.argmax()
        for feature, sign, threshold, with_missing in _conditions(bounds):
            rows.append(
                {
                    "segment": segments[segment],
                    "path": path,
                    "feature": feature,
                    "sign": sign,
                    "threshold": threshold,
                    "with_missing": with_missing,
                    "n": int(leaf.counts.sum()),
                    "purity": leaf.counts[segment] / leaf.counts.sum(),
                    "coverage": leaf.counts[segment] / sizes[segment],
                    "small": bool(leaf.counts.sum() < few),
                }
            )
    return pd.DataFrame(rows)


def _ends(node, bounds):
    """Leaves under `node` with the bounds (low, high, missing, seen) by feature."""
    if not node.feature:
        return [(node, bounds)]
    low, high, missing, seen = bounds.get(node.feature, (-np.inf, np.inf, True, False))
    seen = seen or node.saw_missing
    left = (low, min(high, node.threshold), missing and node.missing_left, seen)
    right = (
        max(low, node.threshold),
        high,
        missing and not node.missing_left,
        seen,
    )
    return _ends(node.left, bounds | {node.feature: left}) + _ends(
        node.right, bounds | {node.feature: right}
    )


def _conditions(bounds):
    """Conditions (feature, sign, threshold, with_missing) of one path, merged."""
    found = []
    for feature, (low, high, missing, seen) in bounds.items():
        if low == np.inf:
            found.append((feature, "missing", np.nan, True))
            continue
        if low == -np.inf and high == np.inf:
            found.append((feature, "present", np.nan, False))
        if low > -np.inf:
            found.append((feature, ">", low, missing and seen))
        if high < np.inf:
            found.append((feature, "<=", high, missing and seen))
    return found or [("", "", np.nan, False)]
