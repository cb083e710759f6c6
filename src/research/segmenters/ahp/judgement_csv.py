"""One matrix of one judge, from a csv file or a table in memory."""

import csv
import io
import re
from dataclasses import replace
from difflib import get_close_matches

import numpy as np
import pandas as pd

from research.segmenters.ahp.cells import Flag, matrix_of_cells, plain
from research.segmenters.ahp.errors import JudgementError, shown
from research.segmenters.ahp.incomplete import judgement_groups, unconnected
from research.segmenters.ahp.records import (
    Comparison,
    Judge,
    Judgements,
    check_known,
    flag_table,
    judge_of,
    label_faults,
    truth,
)

MOST_CRITERIA = 30
"""Criteria below one node; nobody compares 435 pairs by heart."""


def judgements_of_table(matrix, *, strict_scale=False, incomplete=False):
    """Judgements of a square array or a labelled DataFrame.

    Parameters
    ----------
    matrix : array-like or DataFrame of shape (n, n)
        Numbers, or texts such as "1/3". Criteria of an array are named "0", "1", ...
    strict_scale, incomplete
        As in `read_judgements`.

    Returns
    -------
    judgements : Judgements
        Of one unnamed judge, with file "matrix" and goal "goal".

    Raises
    ------
    JudgementError
        As in `read_judgements`.

    Examples
    --------
    >>> read = judgements_of_table([[1, "１／３"], [3, 1]])
    >>> read.comparisons[0].matrices[0, 0].tolist()
    [1.0, 0.3333333333333333]
    """
    frame = matrix if isinstance(matrix, pd.DataFrame) else None
    values = np.asarray(matrix, dtype=object)
    if values.ndim != 2 or not values.size:
        fault = f"a square table is wanted, one of shape {values.shape} found."
        raise JudgementError("matrix", [fault])
    rows, columns = (map(str, range(size)) for size in values.shape)
    if frame is not None:
        rows, columns = map(plain, frame.index), map(plain, frame.columns)
    cells = [[_as_text(value) for value in row] for row in values]
    read = _one_matrix(
        "matrix", "goal", Judge(), list(rows), list(columns), cells, (), None,
        strict_scale=strict_scale, incomplete=incomplete,
    )  # fmt: skip
    return replace(read, named=frame is not None)


def _as_text(value):
    if value is None or value != value:
        return ""
    return repr(float(value)) if isinstance(value, float) else str(value)


_NUMERIC = re.compile(r"[\d./]+")
_HEAD = ("by", "role", "on", "weight", "basis", "goal", "incomplete")


def judgements_of_csv(
    text, file, flags=(), known=None, *, goal="goal", unnamed="unnamed",
    strict_scale=False, incomplete=False,
):  # fmt: skip
    r"""Judgements of the text of a csv file.

    Parameters
    ----------
    text : str
    file : str
        Base name, for messages.
    flags : sequence of Flag
        What was noted of the file before.
    known, goal, strict_scale, incomplete
        As in `read_judgements`.
    unnamed : str, default="unnamed"
        Name of a judge whom the file does not name.

    Returns
    -------
    judgements : Judgements

    Raises
    ------
    JudgementError
        With every fault.

    Examples
    --------
    >>> read = judgements_of_csv("# by: assumption\n,a,b\na,1,3\nb,1/3,1", "ahp.csv")
    >>> read.judges[0].by, read.criteria
    ('assumption', ('a', 'b'))
    """
    faults, head, body = [], {}, []
    for number, line in enumerate(text.splitlines(), start=1):
        if not plain(line).startswith("#"):
            body.append(line)
            continue
        key, colon, value = plain(line).lstrip("# ").partition(":")
        key = key.strip().lower()
        if colon and key in _HEAD and key not in head:
            head[key] = value.strip().rstrip(",;\t ")
        elif colon and key in head:
            faults.append(f"line {number}: {shown(key)} stands twice; keep one.")
        elif colon and (near := get_close_matches(key, _HEAD, n=1)):
            fault = f"line {number}: unknown {shown(key)}; did you mean {near[0]!r}?"
            faults.append(fault)
    goal = head.pop("goal", goal) or goal
    said = head.pop("incomplete", None)
    incomplete = truth(said, faults) or incomplete
    judge = judge_of({"by": unnamed} | head, faults)
    rows = _rows(body, faults)
    if not rows or len(rows) < 2 or len(rows[0]) < 2:
        faults.append(
            "no table; a first row of criteria and one row a criterion are wanted."
        )
        raise JudgementError(file, faults)
    columns = [plain(name) for name in rows[0][1:]]
    names = [plain(row[0]) for row in rows[1:]]
    cells = [[cell.strip() for cell in row[1:]] for row in rows[1:]]
    if all(_NUMERIC.fullmatch(name) for name in (*columns, *names)):
        faults.append(
            "the first row and column hold numbers; the names of the criteria are "
            "wanted there."
        )
        raise JudgementError(file, faults)
    return _one_matrix(
        file, goal, judge, names, columns, cells, flags, known, faults=faults,
        strict_scale=strict_scale, incomplete=incomplete,
    )  # fmt: skip


def _rows(lines, faults):
    """Cells of a csv text, without rows and columns that are empty at its end."""
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    if delimiter not in first:
        delimiter = max("，；", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except csv.Error as error:
        faults.append(f"not csv: {error}.")
        return []
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    width = max(
        (k for row in rows for k, cell in enumerate(row, start=1) if cell.strip()),
        default=0,
    )
    return [row[:width] for row in rows]


def _one_matrix(
    file, goal, judge, rows, columns, cells, flags, known, *,
    strict_scale, incomplete, faults=(),
):  # fmt: skip
    """Judgements of one matrix and one judge."""
    faults = [*faults, *square_faults(rows, columns, cells)]
    faults += check_known(list(dict.fromkeys(columns)), known, file)
    flags = list(flags)
    matrix = None
    if not square_faults(rows, columns, cells):
        matrix, wrong, odd = matrix_of_cells(
            cells, columns, incomplete=incomplete, strict_scale=strict_scale
        )
        faults += wrong
        flags += [Flag(goal, judge.by, *flag) for flag in odd]
        if not wrong and len(groups := judgement_groups(matrix)) > 1:
            faults.append(unconnected(groups, columns))
    if goal in columns:
        faults.append(f"{shown(goal)} is the goal and a criterion; rename one.")
    if faults:
        raise JudgementError(file, faults)
    comparison = Comparison(goal, tuple(columns), matrix[None])
    return Judgements(file, goal, (judge,), (comparison,), {}, flag_table(file, flags))


def square_faults(rows, columns, cells):
    """Faults of the frame of a matrix: its names, its order, its size.

    Parameters
    ----------
    rows, columns : list of str
        Names as they stand.
    cells : list of list of str
        One list a row.

    Returns
    -------
    faults : list of str

    Examples
    --------
    >>> square_faults(["a"], ["a", "b"], [["1", "3"]])
    ["not square: 2 columns, 1 row; 'b' has no row. Add it."]
    """
    if max(len(columns), len(rows)) > MOST_CRITERIA:
        return [
            f"{_count(columns, 'column')}, {_count(rows, 'row')}; at most "
            f"{MOST_CRITERIA} criteria are compared at once. Group them."
        ]
    faults = label_faults(columns, "columns") + label_faults(rows, "rows")
    if len(rows) != len(columns):
        lacking = [(name, "row") for name in columns if name not in rows]
        lacking += [(name, "column") for name in rows if name not in columns]
        names = "; ".join(f"{shown(name)} has no {side}" for name, side in lacking)
        faults.append(
            f"not square: {_count(columns, 'column')}, {_count(rows, 'row')}"
            + (f"; {names}. Add it." if names else ". Add what is missing.")
        )
    elif rows != columns and sorted(rows) == sorted(columns):
        k = next(
            k
            for k, pair in enumerate(zip(rows, columns, strict=True))
            if pair[0] != pair[1]
        )
        faults.append(
            "rows and columns stand in a different order, from number "
            f"{k + 1} on: row {rows[k]}, column {columns[k]}. Put them in one order."
        )
    elif rows != columns and not faults:
        faults += [
            f"row {row} stands where column {column} does; rows and columns want the "
            "same names in the same order."
            for row, column in zip(rows, columns, strict=True)
            if row != column
        ]
    for name, row in zip(rows, cells, strict=True):
        if len(row) != len(columns):
            faults.append(
                f"row {name}: {_count(row, 'cell')} for {_count(columns, 'column')}."
            )
    return faults


def _count(things, name):
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
