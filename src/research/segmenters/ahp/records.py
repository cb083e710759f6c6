"""Judgements as they are kept: judges, comparisons, flags; checks of their names."""

import datetime as dt
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction

import numpy as np
import pandas as pd

from research.segmenters.ahp.cells import Flag, plain
from research.segmenters.ahp.errors import shown

PANEL = "panel"
"""Name of the judges together in the table of consistency; no judge may have it."""


@dataclass(frozen=True)
class Judge:
    """Who judged (`by`), in which role, when (`on`), on what `basis`, and the weight.

    `weight` is above 0 and counts in proportion to the other judges'. A csv file need
    not say who judged: then `by` is "unnamed" and `on` is None.
    """

    by: str = "unnamed"
    role: str = ""
    on: dt.date | None = None
    weight: float = 1.0
    basis: str = ""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Judgements on the children of one node: a matrix a judge, NaN where not judged.

    `matrices` has shape (n_judges, n_children, n_children), judges in the order of
    `Judgements.judges`.
    """

    node: str
    children: tuple[str, ...]
    matrices: np.ndarray = field(repr=False)


@dataclass(frozen=True, eq=False)
class Judgements:
    """All judgements of one file, checked.

    `comparisons` hold one entry a node with children, parents first, the goal at first;
    `titles` the readers' names of nodes, {"en": ..., "zh": ...}; `flags` one row a
    reservation: file, node, judge, row, column, written, flag, note. `named` is False
    where criteria have only their positions for names, those of a plain array.
    """

    file: str
    goal: str
    judges: tuple[Judge, ...]
    comparisons: tuple[Comparison, ...] = field(repr=False)
    titles: dict[str, dict[str, str]] = field(repr=False)
    flags: pd.DataFrame = field(repr=False)
    named: bool = field(default=True, repr=False)

    @property
    def criteria(self):
        """Names of the lowest criteria, those that are to be features."""
        parents = {comparison.node for comparison in self.comparisons}
        children = [c for comparison in self.comparisons for c in comparison.children]
        return tuple(child for child in children if child not in parents)


def flag_table(file, flags):
    """Flags as a table, one row each.

    Parameters
    ----------
    file : str
        Base name of the file.
    flags : sequence of Flag

    Returns
    -------
    table : DataFrame
        Columns file, node, judge, row, column, written, flag, note.

    Examples
    --------
    >>> flag_table("a.csv", [Flag("goal", "x", "a", "b", "15", "off_scale", "...")])
        file  node judge row column written       flag note
    0  a.csv  goal     x   a      b      15  off_scale  ...
    """
    table = pd.DataFrame(list(flags), columns=Flag._fields, dtype=object)
    table.insert(0, "file", pd.Series([file] * len(table), dtype=object))
    return table


def check_known(criteria, known, source="judgements"):
    """Faults for criteria that are no known feature.

    Parameters
    ----------
    criteria : sequence of str
    known : iterable of str or None
        None knows everything.
    source : str, default="judgements"
        Where the criteria stand, for the sentence.

    Returns
    -------
    faults : list of str

    Examples
    --------
    >>> check_known(["arears"], ["arrears", "delay"])
    ["criterion 'arears' is no known feature; did you mean 'arrears'? Known: arrears,
    delay. Rename it in judgements, or make the feature."]
    """
    if known is None:
        return []
    known = [str(name) for name in known]
    same = {plain(name) for name in known}
    faults = []
    for name in criteria:
        if plain(name) in same:
            continue
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {shown(near[0])}?" if near else "."
        some = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
        faults.append(
            f"criterion {shown(name)} is no known feature{hint} Known: {some}. Rename "
            f"it in {source}, or make the feature."
        )
    return faults


def label_faults(labels, what):
    """Faults of a list of names: empty ones and ones that stand twice.

    Examples
    --------
    >>> label_faults(["a", "b", "a", ""], "columns")
    ["columns: 'a' stands 2 times; a criterion has one.", 'columns: number 4 has no
    name.']
    """
    faults = [
        f"{what}: {shown(name)} stands {labels.count(name)} times; a criterion has one."
        for name in dict.fromkeys(labels)
        if name and labels.count(name) > 1
    ]
    return faults + [
        f"{what}: number {position} has no name."
        for position, name in enumerate(labels, start=1)
        if not name
    ]


def truth(said, faults):
    """Whether `said` is "true"; what is neither true nor false is a fault."""
    if said is not None and said not in ("true", "false"):
        faults.append(f"incomplete: {shown(said)} found; true or false is wanted.")
    return said == "true"


def judge_of(entries, faults, where=""):
    """Judge of texts by key, adding to `faults` what can not be.

    Parameters
    ----------
    entries : dict of str to str or None
        Keys by, role, on, weight and basis, all optional.
    faults : list of str
        Grows.
    where : str, default=""
        Put before each fault.

    Returns
    -------
    judge : Judge

    Examples
    --------
    >>> faults = []
    >>> judge_of({"by": "assumption", "on": "2026-13-01"}, faults).by, faults
    ('assumption', ["on: '2026-13-01' found; a date such as 2026-03-01 is wanted."])
    """
    entries = {key: plain(text) for key, text in entries.items() if text is not None}
    day, weight = None, 1.0
    if "on" in entries:
        try:
            day = dt.date.fromisoformat(entries["on"])
        except ValueError:
            value = shown(entries["on"])
            fault = f"{where}on: {value} found; a date such as 2026-03-01 is wanted."
            faults.append(fault)
    if "weight" in entries:
        try:
            weight = float(Fraction(entries["weight"]))
        except (ValueError, ZeroDivisionError, OverflowError):
            weight = np.nan
        if not (np.isfinite(weight) and weight > 0):
            value = shown(entries["weight"])
            faults.append(f"{where}weight: {value} found; a number above 0 is wanted.")
    if entries.get("by") == PANEL:
        faults.append(f"{where}by: {PANEL!r} is what all judges together are called.")
    return Judge(
        entries.get("by", "") or Judge.by,
        entries.get("role", ""),
        day,
        weight,
        entries.get("basis", ""),
    )
