"""The door of a page: nothing that is kept by customer passes it.

Notebooks show groups. What would show one customer all the same is refused here, with
the name of the column and never with the value: a table with a column of ids, names,
addresses or free text, and any text in which the id of a customer or the number of a
telephone or an identity card stands. What a cell prints, or shows otherwise than by
`research.report.display`, is refused whatever it holds. It is the last door and not the
only one: small groups are seen to before (`research.service.privacy`), for a page can
not count them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype, is_numeric_dtype

from research.region.schema import TABLES

DIGITS = 3
"""Significant digits of the numbers in tables, and in the data of figures."""

_GROUP_IDS = {"area_id", "product_id", "need_id", "rule_id"}
_OF_ONE = (
    "customer id name_hash meter meter_no account account_no phone mobile telephone "
    "address id_card email contact_name customer_name 户名 姓名 客户名称 电话 手机 "
    "手机号 联系电话 地址 用电地址 身份证 身份证号 客户"
).split()
_FREE_TEXT = {"text_zh", "handle_text_zh"}
# An identity card of China, a mobile telephone of China.
_NUMBERS = re.compile(r"(?<![\w.])(?:\d{17}[\dXx]|1[3-9]\d{9})(?!\w|\.\d)")
_TOKEN = re.compile(r"[\w-]{6,}")
_CLOCK = {"hour"}
# How Python writes what has no text of its own, such as the axes of a figure.
_OBJECT = re.compile(r"\s*<[\w.]+.*>\s*|.*\b0x[0-9a-f]{6,}\b.*", re.DOTALL)

_ids: set[str] = set()


def protect(ids: Iterable[object]) -> None:
    """Refuse from now on whatever names one of these customers.

    A kernel runs one notebook about one region, so that this is known once for all of
    its pages, as the style of its figures is.

    Parameters
    ----------
    ids : iterable
        Ids of the region's customers. Those of under eight digits are not looked for:
        a count could be taken for them. Those of under six signs are looked for as
        cells of tables, and not within words.
    """
    known = map(str, ids)
    _ids.clear()
    _ids.update(i for i in known if len(i) >= 8 or not i.isdigit())


def check_frame(frame: pd.DataFrame, name: str) -> None:
    """Refuse a table that is kept by customer.

    Parameters
    ----------
    frame : DataFrame
    name : str
        Of the table or figure.

    Raises
    ------
    ValueError
        If a column or a level of the index has the name of an id, a person's name, an
        address or free text, or holds the id of a customer or a telephone.

    Examples
    --------
    >>> check_frame(pd.DataFrame({"customer_id": ["a"], "kwh": [1.0]}), "load")
    Traceback (most recent call last):
    ...
    ValueError: 'load' names customers in 'customer_id'. Pages show groups.
    """
    heads = [frame.index.get_level_values(n) for n in range(frame.index.nlevels)]
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    labels = [*frame.index.names, *frame.columns]
    for label, values in zip(labels, [*heads, *columns], strict=True):
        parts = label if isinstance(label, tuple) else (label,)
        if any(_normal(part) in _denied() for part in parts):
            raise ValueError(
                f"{name!r} names customers in {label!r}. Pages show groups."
            )
        if is_numeric_dtype(values) and not is_bool_dtype(values):
            continue
        texts = [value for value in values if isinstance(value, str)]
        if any(text in _ids for text in texts) or any(map(_tells, texts)):
            raise ValueError(
                f"{name!r} has the id or the telephone of a customer in {label!r}. "
                "Pages show groups."
            )
    check_texts(map(str, frame.columns), name)


def check_texts(texts: Iterable[str], name: str) -> None:
    """Refuse words in which the id of a customer or a telephone stands.

    Parameters
    ----------
    texts : iterable of str
    name : str
        Of what is shown.
    """
    if any(map(_tells, texts)):
        raise ValueError(
            f"The words of {name!r} hold the id or the telephone of a customer. Pages "
            "show groups."
        )


def check_output(output: Mapping[str, Any], place: str) -> None:
    """Refuse an output of a cell that no function of `research.report.display` made.

    Parameters
    ----------
    output : mapping
        Of an executed notebook. What goes to the error stream, scripts, widgets and
        the names of objects are no part of a page, and pass.
    place : str
        Names the cell, such as "Cell 7 of '02_load_segments'".

    Raises
    ------
    ValueError
        If a reader would see something that was not looked at here.

    Examples
    --------
    >>> said = {"output_type": "stream", "name": "stdout", "text": "7"}
    >>> check_output(said, "Cell 2")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: Cell 2 prints text. A page shows what passes the door: ...
    """
    data = output.get("data", {})
    if any(mime.startswith("image/") for mime in data):
        raise ValueError(
            f"{place} shows a picture without alt text. Show it by "
            "display.figure(fig, name=..., title=..., caption=..., alt=...)."
        )
    if output.get("name") == "stdout" and "".join(output.get("text", "")).strip():
        shown = "prints text"
    else:
        shown = _shown(data)
    if shown:
        raise ValueError(
            f"{place} {shown}. A page shows what passes the door: use display.words, "
            "display.note, display.table or display.figure, or end the cell with "
            "nothing to show."
        )


def _shown(data: Mapping[str, Any]) -> str:
    """What a reader would see of an output, in words; empty if nothing."""
    kinds = {"text/html": "a frame or other HTML", "text/markdown": "Markdown"}
    for mime, words in (kinds | {"text/latex": "a formula"}).items():
        if "".join(data.get(mime, "")).strip():
            return f"shows {words}"
    if any(mime.startswith("application/") for mime in data):
        return ""
    text = "".join(data.get("text/plain", ""))
    nothing = not text.strip() or _OBJECT.fullmatch(text)
    return "" if nothing else "shows a value as text"


def texts_of(content: Any) -> Iterator[str]:
    """All texts in the content of a part, however deep, in no order."""
    left = [content]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list | tuple):
            left.extend(one)


def rounded(frame: pd.DataFrame, digits: int | None = DIGITS) -> pd.DataFrame:
    """Numbers of a table in a few significant digits; counts and hours stay.

    Parameters
    ----------
    frame : DataFrame
    digits : int or None
        None: as they are.

    Examples
    --------
    >>> rounded(pd.DataFrame({"kWh": [461732.3], "customers": [12345]})).values.tolist()
    [[462000.0, 12345.0]]
    """
    if digits is None:
        return frame
    shown = frame.copy()
    for place, label in enumerate(frame.columns):
        values = frame.iloc[:, place]
        if not is_float_dtype(values) or label in _CLOCK:
            continue
        known = values.dropna()
        if not (known == known.round()).all():  # else it counts
            short = [float(f"{value:.{digits}g}") for value in values.astype(float)]
            shown.isetitem(place, pd.Series(short, index=frame.index))
    return shown


def _tells(text: str) -> bool:
    if _NUMBERS.search(text):
        return True
    return bool(_ids) and not _ids.isdisjoint(_TOKEN.findall(text))


@cache
def _denied() -> frozenset[str]:
    """Names of columns that tell of one customer, as tables and exports spell them."""
    named = set(_OF_ONE)
    for table in TABLES.values():
        for column in table.columns.values():
            is_id = column.name.endswith("_id") and column.name not in _GROUP_IDS
            if is_id or column.name in _FREE_TEXT:
                named.update((column.name, column.zh, *column.headers))
    return frozenset(map(_normal, named)) - {"", "text"}


def _normal(label: object) -> str:
    return re.sub(r"[\s_-]+", "_", str(label).strip().lower())
