"""Judgements of one judge on one node, as a YAML file writes them, to cells."""

import re
from difflib import get_close_matches

from research.segmenters.ahp.cells import plain
from research.segmenters.ahp.errors import shown
from research.segmenters.ahp.judgement_csv import square_faults

_OVER = re.compile(r"\s+over\s+|\s*比\s*")


def cells_of_pairs(part, children, *, incomplete=False):
    """Cells of pairs such as ``arrears over delay: 3`` (or ``arrears 比 delay: 3``).

    Parameters
    ----------
    part : object
        As read from YAML: a mapping of pairs, or a list of such mappings.
    children : sequence of str
        Names of the criteria.
    incomplete : bool, default=False
        Whether a pair may lack its ratio.

    Returns
    -------
    written : list of list of str
        Square, "" where nothing was written.
    faults : list of str

    Examples
    --------
    >>> cells_of_pairs({"a over b": "3"}, ["a", "b"])
    ([['1', '3'], ['', '1']], [])
    >>> cells_of_pairs({"a over bb": "3"}, ["a", "b"])[1]
    ["'a over bb': 'bb' is no criterion here; did you mean 'b'? Known: a, b."]
    """
    written = [["1" if a == b else "" for b in children] for a in children]
    if isinstance(part, list) and all(isinstance(pair, dict) for pair in part):
        part = [item for pair in part for item in pair.items()]
    elif isinstance(part, dict):
        part = list(part.items())
    else:
        colon = " (its colon is full-width; write ': ')" if "：" in str(part) else ""
        example = f"{children[0]} over {children[-1]}: 3"
        fault = f"pairs such as '{example}' are wanted, found {kind(part)}{colon}."
        return written, [fault]
    if len(part) > len(children) ** 2:
        return written, [f"{len(part)} pairs of {len(children)} criteria; too many."]
    faults, seen = [], set()
    for key, value in part:
        pair, wrong = _pair(plain(key), children)
        faults += wrong
        if pair is None:
            continue
        i, j = pair
        if isinstance(value, list | dict):
            faults.append(f"{shown(key)}: a ratio is wanted, found {kind(value)}.")
        elif i == j:
            faults.append(f"{shown(key)} compares a criterion with itself; drop it.")
        elif {i, j} in seen:
            faults.append(f"{shown(key)}: this pair is judged twice; keep one.")
        elif not plain(value or "") and not incomplete:
            faults.append(
                f"{shown(key)}: '' is empty; write a ratio, or say 'incomplete: true'."
            )
        else:
            written[i][j] = value or ""
        seen.add(frozenset(pair))
    return written, faults


def _pair(key, children):
    """Positions of the two criteria that a key names, and what is wrong with it."""
    splits = [(key[: m.start()], key[m.end() :]) for m in _OVER.finditer(key)]
    for first, second in splits:
        if first in children and second in children:
            return (children.index(first), children.index(second)), []
    if len(splits) != 1:
        example = f"{children[0]} over {children[-1]}: 3"
        return None, [f"{shown(key)} names no pair; write such as '{example}'."]
    return None, [
        f"{shown(key)}: {shown(side)} is no criterion here{near(side, children)}"
        for side in splits[0]
        if side not in children
    ]


def cells_of_rows(part, children):
    """Cells of a matrix written as one list a row.

    Parameters
    ----------
    part : object
        As read from YAML: a mapping of each criterion to the list of its row.
    children : sequence of str
        Names of the criteria, in the order of the columns.

    Returns
    -------
    written : list of list of str
        Square where there is no fault.
    faults : list of str

    Examples
    --------
    >>> cells_of_rows({"a": ["1", "3"], "b": ["1/3", "1"]}, ["a", "b"])
    ([['1', '3'], ['1/3', '1']], [])
    """
    rows = part.values() if isinstance(part, dict) else [part]
    if not all(isinstance(row, list) for row in rows):
        example = f"{children[0]}: [1, ...]"
        return [], [f"a row a criterion, such as '{example}', is wanted."]
    if not isinstance(part, dict):
        return [], ["rows want the names of their criteria; write 'name: [1, ...]'."]
    cells = [["" if cell is None else cell for cell in row] for row in rows]
    faults = square_faults([plain(name) for name in part], list(children), cells)
    if any(isinstance(cell, list | dict) for row in cells for cell in row):
        faults.append("a cell holds a list; one ratio a cell is wanted.")
    return cells, faults


def kind(value):
    """What a value of YAML is, in words.

    Examples
    --------
    >>> kind(None), kind("3"), kind([])
    ('nothing', "'3'", 'a list')
    """
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return shown(value)
    return "a list" if isinstance(value, list) else "a mapping"


def near(word, known):
    """End of a sentence on an unknown word: what was meant, and what is known.

    Examples
    --------
    >>> near("arears", ["arrears", "delay"])
    "; did you mean 'arrears'? Known: arrears, delay."
    """
    found = get_close_matches(word, known, n=1) or get_close_matches(
        word.lower(), known, n=1, cutoff=0.5
    )
    hint = f"; did you mean {shown(found[0])}?" if found else "."
    return f"{hint} Known: {', '.join(known)}."
