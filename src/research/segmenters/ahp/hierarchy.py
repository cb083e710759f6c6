"""Criteria below criteria: local weights, global weights, alternatives."""

import numpy as np
import pandas as pd

from research.segmenters.ahp.consistency import consistency
from research.segmenters.ahp.errors import JudgementError, shown
from research.segmenters.ahp.priorities import priorities

MOST_LEVELS = 20


def global_weights(local, root):
    """Weights of all nodes below `root`, multiplied along their ways.

    Parameters
    ----------
    local : mapping of str to Series
        For each node with children, their local weights: index the names of the
        children, sum 1. A name may stand below several nodes (as alternatives do below
        every criterion); a circle is refused.
    root : str
        Name of the goal.

    Returns
    -------
    weights : DataFrame
        One row a parent and child, parents before their children: level (1 below the
        root), parent, node, local_weight, global_weight, leaf (whether nothing stands
        below it). The global weights of the leaves sum to 1.

    Raises
    ------
    ValueError
        If the root has no children, or nodes stand in a circle.

    Examples
    --------
    >>> local = {
    ...     "value": pd.Series({"credit": 0.75, "usage": 0.25}),
    ...     "credit": pd.Series({"arrears": 0.8, "delay": 0.2}),
    ... }
    >>> weights = global_weights(local, "value")
    >>> weights[["node", "local_weight", "global_weight", "leaf"]]
          node  local_weight  global_weight   leaf
    0   credit          0.75           0.75  False
    1    usage          0.25           0.25   True
    2  arrears          0.80           0.60   True
    3    delay          0.20           0.15   True
    """
    if root not in local:
        raise ValueError(
            f"root {root!r} has no children; one of {', '.join(map(str, local))} is "
            "wanted."
        )
    rows, layer = [], [(root, 1.0)]
    for level in range(1, MOST_LEVELS + 2):
        below = [
            (parent, child, float(weight), share * float(weight))
            for parent, share in layer
            for child, weight in local[parent].items()
        ]
        rows += [(level, *row, row[1] not in local) for row in below]
        reached = {}
        for _, child, _, share in below:
            if child in local:
                reached[child] = reached.get(child, 0.0) + share
        layer = list(reached.items())
        if not layer:
            break
    else:
        raise ValueError(
            f"nodes stand in a circle or deeper than {MOST_LEVELS} levels: "
            f"{', '.join(str(node) for node, _ in layer)}."
        )
    columns = ["level", "parent", "node", "local_weight", "global_weight", "leaf"]
    weights = pd.DataFrame(rows, columns=columns)
    return weights


def leaf_weights(weights):
    """Global weight of each leaf, summed over the nodes that it stands below.

    For alternatives below every lowest criterion this is their distributive synthesis.

    Parameters
    ----------
    weights : DataFrame
        See `global_weights`.

    Returns
    -------
    leaves : Series
        On the names of the leaves in order of appearance; sum 1.

    Examples
    --------
    >>> local = {
    ...     "goal": pd.Series({"price": 0.6, "size": 0.4}),
    ...     "price": pd.Series({"a": 0.5, "b": 0.5}),
    ...     "size": pd.Series({"a": 0.25, "b": 0.75}),
    ... }
    >>> leaf_weights(global_weights(local, "goal")).round(6).to_dict()
    {'a': 0.4, 'b': 0.6}
    """
    leaves = weights[weights["leaf"]]
    return leaves.groupby("node", sort=False)["global_weight"].sum()


def synthesize(criteria_weights, local_priorities):
    """Distributive synthesis: one priority for each alternative.

    Parameters
    ----------
    criteria_weights : array-like of shape (n_criteria,)
        Sum 1.
    local_priorities : array-like of shape (n_alternatives, n_criteria)
        Of the alternatives under each criterion, at least 0; brought to sum 1 in each
        column. For that reason a new alternative may change the order of the old ones
        (rank reversal); scores on a fixed scale, as `AHP.transform` sums, do not.

    Returns
    -------
    priorities : ndarray of shape (n_alternatives,)
        Sum 1 [unitless].

    Raises
    ------
    ValueError
        If shapes do not fit, a number is negative or not finite, or a column is 0.

    Examples
    --------
    >>> synthesize([0.6, 0.4], [[0.5, 0.25], [0.5, 0.75]]).round(6).tolist()
    [0.4, 0.6]
    """
    weights = np.asarray(criteria_weights, dtype=np.float64)
    local = np.asarray(local_priorities, dtype=np.float64)
    if local.ndim != 2 or weights.shape != local.shape[1:]:
        raise ValueError(
            "local_priorities must have one column a criterion. Got shape "
            f"{local.shape} and {weights.size} weights instead."
        )
    sums = local.sum(axis=0)
    if not np.isfinite(sums).all() or (local < 0).any() or (sums == 0).any():
        raise ValueError(
            "local_priorities must be finite, at least 0, and above 0 for one "
            "alternative in each column."
        )
    return local / sums @ weights


def weigh_hierarchy(matrices, root, *, method="eigenvector", random_index="saaty1980"):
    """Weights and consistency of a hierarchy given by its labelled matrices.

    Parameters
    ----------
    matrices : mapping of str to DataFrame
        For each node with children, their matrix of judgements: index and columns the
        names of the children.
    root : str
        Name of the goal.
    method : {"eigenvector", "geometric"}, default="eigenvector"
        See `priorities`.
    random_index : str, default="saaty1980"
        Name of a table.

    Returns
    -------
    weights : DataFrame
        See `global_weights`.
    consistency : DataFrame
        One row a node of `matrices`: node, n, lambda_max, ci, random_index, cr, gci.

    Raises
    ------
    ValueError
        If a matrix is not positive and reciprocal, its labels differ, or nodes stand in
        a circle.

    Examples
    --------
    >>> matrix = pd.DataFrame([[1, 3], [1 / 3, 1]], ["a", "b"], ["a", "b"])
    >>> weights, found = weigh_hierarchy({"goal": matrix}, "goal")
    >>> weights["global_weight"].round(3).tolist(), found["cr"].tolist()
    ([0.75, 0.25], [0.0])
    """
    local, rows = {}, []
    for node, matrix in matrices.items():
        if list(matrix.index) != list(matrix.columns):
            fault = f"node {shown(node)}: labels of rows and columns differ in order."
            raise JudgementError("matrices", [fault])
        weights = priorities(matrix.to_numpy(), method)
        local[node] = pd.Series(weights, matrix.index)
        rows.append((node, *consistency(matrix.to_numpy(), random_index)))
    columns = ["node", "n", "lambda_max", "ci", "random_index", "cr", "gci"]
    return global_weights(local, root), pd.DataFrame(rows, columns=columns)
