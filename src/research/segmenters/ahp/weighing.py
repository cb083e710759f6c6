"""Weights and consistency of judgements that were read, node by node."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pandas as pd

from research.segmenters._parameters import check_choice, check_share
from research.segmenters.ahp.cells import Flag
from research.segmenters.ahp.consistency import (
    Consistency,
    consistency,
    worst_judgements,
)
from research.segmenters.ahp.errors import JudgementError
from research.segmenters.ahp.group import aggregate_judgements, aggregate_priorities
from research.segmenters.ahp.hierarchy import global_weights
from research.segmenters.ahp.incomplete import (
    complete_matrix,
    judgement_groups,
    unconnected,
)
from research.segmenters.ahp.priorities import METHODS, priorities
from research.segmenters.ahp.random_index import RANDOM_INDEX
from research.segmenters.ahp.records import PANEL, flag_table

GROUPINGS = ("aij", "aip_geometric", "aip_arithmetic")
_FILLING = {"eigenvector": "lambda_max", "geometric": "log_least_squares"}


class Weighing(NamedTuple):
    """What judgements come to: `hierarchy`, `consistency` and `flags`, tidy tables.

    See `AHP` for their columns.
    """

    hierarchy: pd.DataFrame
    consistency: pd.DataFrame
    flags: pd.DataFrame


def weigh(
    judgements,
    *,
    method="eigenvector",
    random_index="saaty1980",
    max_ratio=0.10,
    group="aij",
    seed=0,
):
    """Weights of all criteria, with the consistency of every judge at every node.

    Parameters
    ----------
    judgements : Judgements
        See `read_judgements`.
    method : {"eigenvector", "geometric"}, default="eigenvector"
        See `priorities`. Gaps are filled to suit: by `complete_matrix` with
        "lambda_max" or "log_least_squares".
    random_index : str, default="saaty1980"
        Name of a table, see `research.segmenters.ahp.random_index`.
    max_ratio : float, default=0.10
        In (0, 1]. Consistency ratio above which judgements are flagged.
    group : {"aij", "aip_geometric", "aip_arithmetic"}, default="aij"
        How several judges become one: mean of judgements, or mean of each judge's
        local weights at a node.
    seed : int, default=0
        Of the simulated index beyond 15 criteria.

    Returns
    -------
    weighing : Weighing

    Raises
    ------
    JudgementError
        If the judgements of one judge do not connect the criteria, for "aip".
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> from research.segmenters.ahp.judgement_csv import judgements_of_table
    >>> found = weigh(judgements_of_table([[1, 3], [1 / 3, 1]]))
    >>> found.hierarchy[["node", "global_weight"]].round(3)
      node  global_weight
    0    0           0.75
    1    1           0.25
    """
    check_choice("method", method, METHODS)
    check_choice("group", group, GROUPINGS)
    check_choice("random_index", random_index, tuple(RANDOM_INDEX))
    check_share("max_ratio", max_ratio)
    rule = method, random_index, seed
    local, rows, flags, faults = {}, [], [], []
    for comparison in judgements.comparisons:
        votes = _votes(judgements, comparison)
        alone = len(votes) == 1
        own = [
            _row(comparison, judge.by, matrix, alone or group != "aij", rule)
            for judge, matrix in votes
        ]
        if alone or group == "aij":
            together = _together(votes)
            if not alone:
                rows.append(_row(comparison, PANEL, together, True, rule))
            weights = priorities(_filled(together, method), method)
            flags += _completed(comparison, together, method)
        else:
            wrong = _apart(comparison, votes)
            if wrong:
                faults += wrong
                continue
            each = [priorities(_filled(m, method), method) for _, m in votes]
            shares = [judge.weight for judge, _ in votes]
            how = group.removeprefix("aip_")
            weights = aggregate_priorities(each, shares, how)
        rows += own
        local[comparison.node] = pd.Series(weights, comparison.children)
    if faults:
        raise JudgementError(judgements.file, faults)
    columns = ["node", "judge", "used", "missing", *Consistency._fields]
    columns.append("cr_unadjusted")
    table = pd.DataFrame(rows, columns=columns)
    # A judge who left criteria unconnected has no CR, and nothing rests on it.
    table["consistent"] = ~(table["cr"] > max_ratio)
    flags += _inconsistent(judgements, table, max_ratio, rule)
    weights = global_weights(local, judgements.goal)
    for position, language in enumerate(("en", "zh"), start=3):
        titles = [judgements.titles.get(node, {}) for node in weights["node"]]
        words = [title.get(language, "") for title in titles]
        weights.insert(position, f"title_{language}", words)
    read = judgements.flags.to_dict("records")
    flags = [Flag(**{key: row[key] for key in Flag._fields}) for row in read] + flags
    return Weighing(weights, table, flag_table(judgements.file, flags))


def _votes(judgements, comparison):
    """Judges who judged any pair of a node, each with the matrix."""
    pairs = np.triu_indices(len(comparison.children), 1)
    return [
        (judge, matrix)
        for judge, matrix in zip(judgements.judges, comparison.matrices, strict=True)
        if len(judgements.judges) == 1
        or not len(pairs[0])
        or np.isfinite(matrix[pairs]).any()
    ]


def _together(votes):
    """Weighted geometric mean of the judges' matrices."""
    shares = [judge.weight for judge, _ in votes]
    return aggregate_judgements([matrix for _, matrix in votes], shares)


def _filled(matrix, method):
    """Matrix without gaps, filled to suit the method."""
    return complete_matrix(matrix, _FILLING[method])


def _completed(comparison, matrix, method):
    """A flag for each pair that nobody judged."""
    filled, names = _filled(matrix, method), comparison.children
    return [
        Flag(
            *(comparison.node, None, names[i], names[j], None, "completed"),
            f"not judged; {filled[i, j]:.3g} filled in by {_FILLING[method]}",
        )
        for i, j in np.argwhere(np.triu(np.isnan(matrix), 1))
    ]


def _apart(comparison, votes):
    """A fault for each judge whose own judgements leave criteria unconnected."""
    groups = {judge.by: judgement_groups(matrix) for judge, matrix in votes}
    return [
        f"{comparison.node}, judged by {by}: "
        f"{unconnected(found, comparison.children)} Or use group='aij'."
        for by, found in groups.items()
        if len(found) > 1
    ]


def _row(comparison, judge, matrix, used, rule):
    """Consistency of one matrix as a row of the table; NaN where unconnected."""
    method, table, seed = rule
    missing = int(np.isnan(matrix).sum()) // 2
    row = {"node": comparison.node, "judge": judge, "used": used, "missing": missing}
    if len(judgement_groups(matrix)) > 1:
        return row | {"n": len(matrix)}
    filled = _filled(matrix, method)
    found = consistency(filled, table, missing=missing, seed=seed)
    plain = consistency(filled, table, seed=seed)
    return row | found._asdict() | {"cr_unadjusted": plain.cr}


def _inconsistent(judgements, table, max_ratio, rule):
    """A flag for each matrix above the ratio, with the judgement to ask about."""
    method, name, seed = rule
    comparisons = {comparison.node: comparison for comparison in judgements.comparisons}
    flags = []
    for row in table[~table["consistent"]].to_dict("records"):
        comparison = comparisons[row["node"]]
        votes = _votes(judgements, comparison)
        if row["judge"] != PANEL:
            votes = [vote for vote in votes if vote[0].by == row["judge"]]
        matrix, names = _together(votes), comparison.children
        worst = worst_judgements(_filled(matrix, method), names, name, seed=seed)
        # A value that was filled in is nobody's judgement.
        judged = [
            np.isfinite(matrix[names.index(a), names.index(b)])
            for a, b in zip(worst["row"], worst["column"], strict=True)
        ]
        worst = worst[judged].iloc[0]
        # The table knows of no gaps; they lower the index of this row.
        after = worst["cr_suggested"] * row["cr"] / worst["cr_now"]
        note = (
            f"CR {row['cr']:.3f} is above {max_ratio:g} ({name}). The judgement that "
            f"stands out most: {worst['row']} over {worst['column']} is "
            f"{worst['judged']:.3g}, the others imply {worst['implied']:.3g}; with "
            f"{Fraction(worst['suggested']).limit_denominator(9)} there CR would be "
            f"{after:.3f}."
        )
        if len(matrix) == 3:
            note += " Of three judgements any could be the odd one."
        at = row["node"], row["judge"], worst["row"], worst["column"]
        flags.append(Flag(*at, f"{worst['judged']:.3g}", "inconsistent", note))
    return flags
