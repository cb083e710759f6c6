"""Tables of a page, and the csv behind tables and figures."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

from research.report import door
from research.report.part import Part, check_name

MAX_ROWS_SHOWN = 500

_HAN = re.compile("[\u4e00-\u9fff]+")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def table(
    frame: pd.DataFrame | pd.Series,
    *,
    name: str,
    caption: str,
    formats: Mapping[str, str | Callable] | None = None,
    bars: Sequence[str] = (),
    total: object = None,
    index: bool = True,
    empty: str = "",
    digits: int | None = door.DIGITS,
) -> Part:
    """Show a table; every header, index and cell of it is text, whatever it holds.

    Parameters
    ----------
    frame : DataFrame or Series
        At most 500 rows are shown, all go to the csv.
    name : str
        Names the csv and the anchor: lower-case letters, digits, ``-`` and ``_``.
    caption : str
        What the table holds: measure, unit, period.
    formats : mapping of column to format, optional
        A format specification such as ``",.1f"`` or ``".0%"``, or a function of the
        value. Other numbers get as many decimals as their column needs.
    bars : sequence of columns
        Numbers that also get a bar, as long as their share of the largest.
    total : label, optional
        The index label of the row that holds the total; it is set off.
    index : bool
        Whether the index is shown; rows are then headed by it.
    empty : str, optional
        What is said in place of a table without a row.
    digits : int or None
        Significant digits of the numbers; more, or None for all, where they are scores
        of methods and no values of customers.

    Raises
    ------
    ValueError
        If the table is kept by customer, or lacks what it is asked for.
    """
    check_name(name)
    if not str(caption or "").strip():
        raise ValueError(f"Table {name!r} has no caption: say what it holds.")
    if isinstance(frame, pd.Series):
        frame = frame.to_frame()
    if empty and not len(frame):
        return Part("note", {"text": empty, "note": "nothing"})
    for column in [*bars, *(formats or {})]:
        if column not in frame.columns:
            raise ValueError(
                f"Table {name!r} has no column {column!r}. "
                f"It has {', '.join(map(repr, frame.columns))}."
            )
    if total is not None and total not in frame.index:
        raise ValueError(f"Table {name!r} has no row {total!r} to show as the total.")
    door.check_frame(frame, name)
    frame = door.rounded(frame, digits)
    content = table_content(frame, caption.strip(), formats or {}, bars, total, index)
    return Part("table", {"name": name, **content}, csv=to_csv(frame, index=index))


def has_index(frame):
    """Whether the index of `frame` says more than the number of the row."""
    unnamed_range = isinstance(frame.index, pd.RangeIndex) and frame.index.name is None
    return not unnamed_range


def table_content(frame, caption, formats, bars, total, index):
    """Content of a table as the templates take it: texts, alignments, bars."""
    shown = frame.iloc[:MAX_ROWS_SHOWN]
    is_total = shown.index == total if total is not None else np.zeros(len(shown), bool)
    columns, texts, lengths = [], [], []
    twins = _with_a_twin([_label(label) for label in shown.columns])
    for position, label in enumerate(shown.columns):
        values = shown.iloc[:, position]
        numeric = is_numeric_dtype(values) and not is_bool_dtype(values)
        has_bar = numeric and label in list(bars)
        column = {"label": _label(label), "numeric": numeric, "bar": has_bar}
        columns.append(column | {"twin": position in twins})
        texts.append(_texts(values, formats.get(label)))
        lengths.append(_lengths(values, is_total) if has_bar else [None] * len(shown))
    rows = []
    for row in range(len(shown)):
        cells = [
            {"text": text[row], "bar": length[row]}
            for text, length in zip(texts, lengths, strict=True)
        ]
        rows.append(
            {
                "head": _heads(shown.index[row]) if index else [],
                "cells": cells,
                "total": bool(is_total[row]),
            }
        )
    heads = [_label(n) if n is not None else "" for n in shown.index.names]
    return {
        "caption": caption,
        "heads": heads if index else [],
        "columns": columns,
        "rows": rows,
        "n_rows": len(frame),
    }


def _with_a_twin(labels: Sequence[str]) -> set[int]:
    """Columns that the next one says in Chinese, which Chinese pages leave out.

    Examples
    --------
    >>> _with_a_twin(["name_en", "name_zh", "en", "zh", "found", "发现", "n"])
    {0, 2, 4}
    """
    return {
        number
        for number, (label, after) in enumerate(pairwise(labels))
        if _HAN.fullmatch(after)
        or (label.endswith("en") and after == f"{label[:-2]}zh")
    }


def _label(label):
    return " · ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _heads(key):
    return [_text(part) for part in (key if isinstance(key, tuple) else (key,))]


def _texts(values, how):
    if callable(how):
        return [str(how(value)) for value in values]
    if how is not None:
        how = how.removeprefix("{:").removesuffix("}")
        return ["–" if pd.isna(value) else format(value, how) for value in values]
    if is_numeric_dtype(values) and not is_bool_dtype(values):
        return _numbers(values)
    if is_datetime64_any_dtype(values):
        whole = (values.dropna() == values.dropna().dt.normalize()).all()
        pattern = "%Y-%m-%d" if whole else "%Y-%m-%d %H:%M"
        return ["–" if pd.isna(v) else v.strftime(pattern) for v in values]
    return [_text(value) for value in values]


def _text(value):
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        whole = value == value.normalize()
        return value.strftime("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M")
    if not isinstance(value, list | dict | set | tuple | np.ndarray) and pd.isna(value):
        return "–"
    return str(value)


def _numbers(values):
    """Texts of a column of numbers, all with the same decimals."""
    known = values.dropna().astype(float)
    known = known[np.isfinite(known)]
    decimals = 0
    if not (known == known.round()).all():
        size = np.median(known[known != 0].abs())
        decimals = int(np.clip(2 - np.floor(np.log10(size)), 0, 4))
    return ["–" if pd.isna(v) else f"{v:,.{decimals}f}" for v in values]


def readable_number(value):
    """A number as a reader wants it; text stays as it is."""
    if isinstance(value, str):
        return value
    return _numbers(pd.Series([value]))[0]


def _lengths(values, is_total):
    values = values.astype(float)
    largest = values[~is_total & np.isfinite(values)].max()
    if pd.isna(largest) or largest <= 0:
        return [None] * len(values)
    shares = (values / largest).round(3)
    return [
        None if total or not 0 <= share <= 1 else share
        for share, total in zip(shares, is_total, strict=True)
    ]


def to_csv(frame: pd.DataFrame, *, index: bool = True) -> str:
    """Csv in which no text can act as a formula of a spreadsheet.

    Texts that begin as a formula would get an apostrophe; numbers stay numbers.

    Examples
    --------
    >>> print(to_csv(pd.DataFrame({"who": ["=1+1"], "kWh": [-2]}), index=False))
    who,kWh
    '=1+1,-2
    """
    guarded = frame.copy()
    for position in range(guarded.shape[1]):
        if not is_numeric_dtype(guarded.iloc[:, position]):
            guarded.isetitem(position, guarded.iloc[:, position].map(_guard))
    guarded.columns = [_guard(_label(column)) for column in guarded.columns]
    if index:
        heads = guarded.index.to_frame(index=False)
        heads.columns = [_guard(n or "") for n in guarded.index.names]
        for position in range(heads.shape[1]):
            if not is_numeric_dtype(heads.iloc[:, position]):
                heads.isetitem(position, heads.iloc[:, position].map(_guard))
        guarded = pd.concat([heads, guarded.reset_index(drop=True)], axis=1)
    return guarded.to_csv(index=False, lineterminator="\n")


def _guard(value):
    if not isinstance(value, str):
        return value
    # A bare carriage return would not be quoted, and what follows it begin a row.
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def unguarded(value: str) -> str:
    """A text of `to_csv` as it was before it was kept from acting as a formula.

    Examples
    --------
    >>> unguarded("'=1+1"), unguarded("'s avonds")
    ('=1+1', "'s avonds")
    """
    guarded = value[:1] == "'" and value[1:].startswith(_FORMULA_STARTS)
    return value[1:] if guarded else value
