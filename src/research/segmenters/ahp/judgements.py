"""Reading judgements: who compared what, when, and on what basis.

Two kinds of file. A YAML file holds a tree of criteria and any number of judges; a csv
file holds one matrix of one judge, with the names of the criteria in its first row and
column. Every fault of a file is told at once; what is accepted with a reservation is a
row of `flags`.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from research.segmenters.ahp.cells import Flag
from research.segmenters.ahp.errors import JudgementError, shown
from research.segmenters.ahp.judgement_csv import judgements_of_csv
from research.segmenters.ahp.judgement_yaml import judgements_of_yaml
from research.segmenters.ahp.records import Comparison, Judgements

MOST_BYTES = 200_000


def read_judgements(
    source, known=None, *, strict_scale=False, incomplete=False, goal="goal"
):
    r"""Read a file of judgements, or several csv files of one panel.

    Parameters
    ----------
    source : path or sequence of paths
        ``.yaml`` or ``.yml``, or ``.csv``; several csv files are one judge each, on the
        same criteria in the same order.
    known : iterable of str, optional
        Names of the features there are: every lowest criterion must be one of them.
    strict_scale : bool, default=False
        Whether a judgement outside 1/9 to 9 is refused instead of flagged.
    incomplete : bool, default=False
        Whether pairs may lack a judgement. A file may say so itself.
    goal : str, default="goal"
        Name of the goal where a csv file does not tell.

    Returns
    -------
    judgements : Judgements

    Raises
    ------
    JudgementError
        With every fault of the file: its base name, the cell by the labels of row and
        column, the value as written, the rule and the mend.

    Notes
    -----
    A csv file may begin with lines such as ``# by: ...``, ``# role: ...``, ``# on:
    2026-03-01``, ``# weight: 2``, ``# basis: ...``, ``# goal: ...`` and ``# incomplete:
    true``. Comma, semicolon (plain or full-width) and tab separate;
    UTF-8 or GB18030 (flagged). Names are compared with full-width signs made plain.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "ahp.csv"
    ...     _ = path.write_text(",arrears,delay\narrears,1,15\ndelay,1/15,1\n")
    ...     read = read_judgements(path)
    >>> read.criteria, read.comparisons[0].matrices[0, 0].tolist()
    (('arrears', 'delay'), [1.0, 15.0])
    >>> read.flags[["row", "column", "written", "flag"]].values.tolist()
    [['arrears', 'delay', '15', 'off_scale']]
    """
    several = not isinstance(source, str | Path)
    paths = [Path(path) for path in source] if several else [Path(source)]
    if not paths:
        raise JudgementError("judgements", ["no file named; one at least is wanted."])
    rules = {"strict_scale": strict_scale, "incomplete": incomplete}
    read = []
    for path in paths:
        text, flags = _text(path)
        if path.suffix.lower() in (".yaml", ".yml"):
            if len(paths) > 1:
                fault = "one of several files; name a YAML file alone."
                raise JudgementError(path.name, [fault])
            read.append(judgements_of_yaml(text, path.name, flags, known, **rules))
        elif path.suffix.lower() == ".csv":
            unnamed = path.stem if len(paths) > 1 else "unnamed"
            rules_of_csv = {"goal": goal, "unnamed": unnamed, **rules}
            read.append(
                judgements_of_csv(text, path.name, flags, known, **rules_of_csv)
            )
        else:
            fault = f"{shown(path.suffix)} is no known ending; .yaml or .csv is wanted."
            raise JudgementError(path.name, [fault])
    return read[0] if len(read) == 1 else _panel(read)


def _text(path):
    """Text of a small file, and a flag where it is not UTF-8."""
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no such file"
        fault = f"a file of judgements is wanted, found: {kind} ({path})."
        raise JudgementError(path.name, [fault])
    raw = path.read_bytes()
    if len(raw) > MOST_BYTES:
        fault = f"{len(raw):,} bytes; a file of judgements has at most {MOST_BYTES:,}."
        raise JudgementError(path.name, [fault])
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        at = error.start
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        fault = f"neither UTF-8 (byte {at}) nor GB18030; save the file as UTF-8."
        raise JudgementError(path.name, [fault])
    note = "read as GB18030, since it is not UTF-8"
    return text, [Flag(None, None, None, None, None, "encoding", note)]


def _panel(read):
    """Judgements of several csv files as those of one panel."""
    first = read[0]
    for other in read[1:]:
        if (other.goal, other.criteria) != (first.goal, first.criteria):
            fault = (
                f"goal {other.goal}, criteria {', '.join(other.criteria)}; {first.file}"
                f" has {first.goal}, {', '.join(first.criteria)}. Give all files the "
                "same in one order."
            )
            raise JudgementError(other.file, [fault])
    names = [judge.by for r in read for judge in r.judges]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        fault = f"judges {', '.join(map(shown, twice))} stand twice; one file a judge."
        raise JudgementError(read[-1].file, [fault])
    matrices = np.concatenate([r.comparisons[0].matrices for r in read])
    return Judgements(
        ", ".join(r.file for r in read),
        first.goal,
        tuple(judge for r in read for judge in r.judges),
        (Comparison(first.goal, first.criteria, matrices),),
        {},
        pd.concat([r.flags for r in read], ignore_index=True),
    )
