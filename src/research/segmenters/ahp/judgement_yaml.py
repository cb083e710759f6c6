"""A tree of criteria and its judges, from YAML; docs/judgements.md tells how.

Each step returns what it read beside what was wrong, so that all faults of a file are
told at once.
"""

from itertools import islice
from typing import NamedTuple

import numpy as np

from research.segmenters.ahp._yaml import read_tree
from research.segmenters.ahp.cells import Flag, matrix_of_cells, plain
from research.segmenters.ahp.errors import MOST_FAULTS, JudgementError, shown
from research.segmenters.ahp.incomplete import judgement_groups, unconnected
from research.segmenters.ahp.judgement_csv import MOST_CRITERIA
from research.segmenters.ahp.judgement_pairs import (
    cells_of_pairs,
    cells_of_rows,
    kind,
    near,
)
from research.segmenters.ahp.records import (
    Comparison,
    Judgements,
    check_known,
    flag_table,
    judge_of,
    label_faults,
    truth,
)

MOST_JUDGES = 100
MOST_NODES = 500
_TOP = ("goal", "title", "judged", "criteria", "pairs", "matrix", "incomplete")
_NODE = ("title", "criteria", "pairs", "matrix")
_JUDGE = ("by", "role", "on", "weight", "basis")
_LANGUAGES = ("en", "zh")


class _Node(NamedTuple):
    """A node with children: its name, theirs, its entry and where that stands."""

    name: str
    children: list[str]
    entry: dict
    line: int


def judgements_of_yaml(
    text, file, flags=(), known=None, *, strict_scale=False, incomplete=False
):
    """Judgements of the text of a YAML file.

    Parameters
    ----------
    text : str
    file : str
        Base name, for messages.
    flags : sequence of Flag
        What was noted of the file before.
    known, strict_scale, incomplete
        As in `read_judgements`.

    Returns
    -------
    judgements : Judgements

    Raises
    ------
    JudgementError
        With every fault; unknown keys with the nearest known one.

    Examples
    --------
    >>> text = '''
    ... goal: credit
    ... judged: {by: assumption, on: 2026-03-01, basis: an example}
    ... criteria: [arrears, delay]
    ... pairs: {arrears over delay: 3}
    ... '''
    >>> judgements_of_yaml(text, "credit.yaml").comparisons[0].matrices[0, 0].tolist()
    [1.0, 3.0]
    """
    tree, lines = read_tree(text, file)
    if not isinstance(tree, dict):
        fault = "the keys goal, judged, criteria and pairs are wanted, none found."
        raise JudgementError(file, [fault])
    faults = _unknown(tree, _TOP, (), lines)
    goal = _word(tree, "goal", "", faults)
    incomplete |= truth(_word(tree, "incomplete", "", faults, False), faults)
    judges, wrong = _judges(tree.get("judged"), lines)
    nodes, titles, criteria, wrong_tree = _tree(goal or "goal", tree, lines)
    faults += wrong + wrong_tree + check_known(criteria, known, file)
    comparisons, flags = [], list(flags)
    for node in nodes:
        comparison, wrong, odd = _compare(node, judges, strict_scale, incomplete)
        comparisons.append(comparison)
        faults += wrong
        flags += odd
    if faults:
        raise JudgementError(file, faults)
    table = flag_table(file, flags)
    return Judgements(file, goal, tuple(judges), tuple(comparisons), titles, table)


def _unknown(entry, allowed, at, lines):
    """Faults for keys that nothing reads."""
    return [
        f"line {lines[*at, key]}: unknown key {shown(key)}{near(plain(key), allowed)}"
        for key in islice((key for key in entry if key not in allowed), MOST_FAULTS)
    ]


def _word(entry, key, where, faults, wanted=True):
    """Text of a key, None and a fault where it is absent but wanted, or no text."""
    value = entry.get(key)
    if isinstance(value, str) and plain(value):
        return plain(value)
    if value is not None and not isinstance(value, str):
        faults.append(f"{where}{key}: a word is wanted, found {kind(value)}.")
    elif wanted:
        faults.append(f"{where}{key} is wanted, none found.")
    return None


def _judges(judged, lines):
    """Judges, and what is wrong with them."""
    alone = isinstance(judged, dict)
    entries = [judged] if alone else judged
    if not isinstance(entries, list) or not entries:
        return [], [
            "judged: a list of judges, each with by, on and basis, is wanted, found "
            f"{kind(judged)}. Where nobody was asked write 'by: assumption'."
        ]
    if len(entries) > MOST_JUDGES:
        return [], [f"judged: {len(entries)} judges; at most {MOST_JUDGES} are read."]
    judges, faults = [], []
    for position, entry in enumerate(entries):
        at = ("judged",) if alone else ("judged", position)
        where = f"line {lines[at]}: "
        if not isinstance(entry, dict):
            faults.append(f"{where}a judge has by, on and basis, found {kind(entry)}.")
            continue
        faults += _unknown(entry, _JUDGE, at, lines)
        words = {
            key: _word(entry, key, where, faults, key in ("by", "on", "basis"))
            for key in _JUDGE
        }
        judges.append(judge_of(words, faults, where))
    named = [judge.by for judge in judges if judge.by != "unnamed"]
    return judges, faults + label_faults(named, "judged")


def _tree(goal, top, lines):
    """Nodes with children (parents first), titles, lowest criteria, faults."""
    nodes, titles, criteria, faults = [], {}, [], []
    names, waiting = {goal}, [(goal, top, ())]
    while waiting:
        name, entry, at = waiting.pop(0)
        line = lines.get(at, 1)
        if at:
            faults += _unknown(entry, _NODE, at, lines)
        title = _title(entry.get("title"), f"{name}: ", faults)
        if title:
            titles[name] = title
        if at and not set(entry) & {"criteria", "pairs", "matrix"}:
            criteria.append(name)
            continue
        below, wrong = _children(name, entry.get("criteria"), names)
        faults += [f"line {line}: {fault}" for fault in wrong]
        if not wrong:
            nodes.append(_Node(name, [child for child, _ in below], entry, line))
        names |= {child for child, _ in below}
        if len(names) > MOST_NODES:
            return nodes, titles, [], [f"more than {MOST_NODES} names; split the tree."]
        keys = _keys(entry) if below else []
        for key, (child, inner) in zip(keys, below, strict=True):
            where = (*at, "criteria", key)
            if isinstance(inner, dict):
                waiting.append((child, inner, where))
            else:
                faults.append(
                    f"line {lines[where]}: {child}: criteria, pairs or title or "
                    f"nothing is wanted, found {kind(inner)}."
                )
    return nodes, titles, criteria, faults


def _keys(entry):
    """Keys of the children as the file has them, positions in a list."""
    below = entry.get("criteria")
    if isinstance(below, list):
        return range(len(below))
    return list(below) if isinstance(below, dict) else []


def _children(name, below, names):
    """Names and entries of the children of a node, and what is wrong with them."""
    if isinstance(below, list) and all(isinstance(child, str) for child in below):
        children = [(plain(child), {}) for child in below]
    elif isinstance(below, dict):
        children = [(plain(key), {} if e is None else e) for key, e in below.items()]
    else:
        return [], [f"{name}: criteria wants names, found {kind(below)}."]
    labels = [child for child, _ in children]
    if len(labels) > MOST_CRITERIA:
        return [], [
            f"{name}: {len(labels)} criteria; at most {MOST_CRITERIA} are compared at "
            "once. Group them."
        ]
    faults = label_faults(labels, f"{name}: criteria")
    faults += [
        f"{name}: {shown(child)} stands elsewhere in the tree; a name has one place."
        for child in dict.fromkeys(labels)
        if child in names
    ]
    if not labels:
        faults.append(f"{name}: criteria is empty; name one at least.")
    return children, faults


def _title(title, where, faults):
    """Titles by language."""
    if not isinstance(title, dict):
        word = _word({"title": title}, "title", where, faults, False)
        return {"en": word} if word else {}
    for key in title:
        if key not in _LANGUAGES:
            known = near(key, _LANGUAGES)
            faults.append(f"{where}title: unknown language {shown(key)}{known}")
    words = {k: _word(title, k, where, faults, False) for k in _LANGUAGES}
    return {key: word for key, word in words.items() if word}


def _compare(node, judges, strict_scale, incomplete):
    """Comparison of the children of a node, faults and flags."""
    n, given = len(node.children), [k for k in ("pairs", "matrix") if k in node.entry]
    names = [judge.by for judge in judges] or ["unnamed"]
    matrices = np.full((len(names), n, n), np.nan)
    matrices[:, range(n), range(n)] = 1.0
    comparison = Comparison(node.name, tuple(node.children), matrices)
    here = f"line {node.line}: {node.name}"
    if len(given) == 2:
        return comparison, [f"{here}: pairs and matrix; write one of the two."], []
    if not given:
        example = f"{node.children[0]} over {node.children[-1]}: 3"
        fault = f"{here}: no judgements; write pairs such as '{example}'."
        return comparison, [fault] if n > 1 else [], []
    parts, faults = _by_judge(node, given[0], names, incomplete)
    flags = []
    for by, part in parts.items():
        if given == ["pairs"]:
            written, wrong = cells_of_pairs(part, node.children, incomplete=incomplete)
        else:
            written, wrong = cells_of_rows(part, node.children)
        if not wrong:
            matrix, wrong, odd = matrix_of_cells(
                written,
                node.children,
                incomplete=incomplete or given == ["pairs"],
                strict_scale=strict_scale,
            )
            matrices[names.index(by)] = matrix
            flags += [Flag(node.name, by, *flag) for flag in odd]
            if not wrong and not incomplete:
                wrong = _not_judged(matrix, node.children)
        faults += [f"{node.name}, judged by {by}: {fault}" for fault in wrong]
    if not faults:
        anyone = np.where(np.isnan(matrices).all(axis=0), np.nan, 1.0)
        groups = judgement_groups(anyone)
        if len(groups) > 1:
            faults = [f"{here}: {unconnected(groups, node.children)}"]
    return comparison, faults, flags


def _by_judge(node, key, names, incomplete):
    """What each judge wrote of a node, and who wrote nothing."""
    part, here = node.entry[key], f"line {node.line}: {node.name}: {key}"
    if len(names) == 1:
        signed = isinstance(part, dict) and [plain(by) for by in part] == names
        return {names[0]: next(iter(part.values())) if signed else part}, []
    if not isinstance(part, dict):
        wanted = ", ".join(names)
        return {}, [f"{here}: of several judges each wants a key: {wanted}."]
    parts = {plain(by): inner for by, inner in part.items()}
    faults = [
        f"{here}: {shown(by)} is no judge{near(by, names)}"
        for by in parts
        if by not in names
    ]
    faults += [
        f"{here}: {shown(by)} judged nothing; add it, or say 'incomplete: true'."
        for by in names
        if by not in parts and not incomplete
    ]
    return {by: inner for by, inner in parts.items() if by in names}, faults


def _not_judged(matrix, children):
    """A fault for each pair that lacks a judgement."""
    return [
        f"row {children[i]}, column {children[j]}: not judged; write "
        f"'{children[i]} over {children[j]}: ...', or say 'incomplete: true'."
        for i, j in np.argwhere(np.triu(np.isnan(matrix), 1))
    ]
