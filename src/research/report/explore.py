"""Charts to explore on a page: checked, their words set apart, and what draws them.

A chart comes from a notebook's output, which may hold anything. It passes if it is made
of the keys, kinds of marks and forms of expressions that `research.plots.explore` uses,
and is refused else: no address, no picture, no link, no code. Its words are printed as
text of the page, so that they are escaped, translated and given fonts as any others;
the script puts them into the chart.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from pandas.api.types import is_numeric_dtype

from research.report import sanitize

_NAME = r"[a-z][a-z0-9_]{0,40}"
_EXPRESSION = re.compile(
    rf"datum\.{_NAME} == {_NAME}|indexof\({_NAME}, datum\.{_NAME}\) >= 0"
    rf"|isValid\(datum\.{_NAME}\)|datum\[{_NAME}(?:\[{_NAME}\])?\]"
    rf"|{_NAME}\[(?:datum\.)?{_NAME}\]"
)
_MARKS = {"area", "bar", "circle", "line", "point", "rule", "text", "tick"}
_KINDS = {"nominal", "ordinal", "quantitative"}
_SETTING = re.compile(r"var\(--[a-z0-9]+, #[0-9a-f]{6}\)|[A-Za-z0-9.,~%+-]{0,24}")
_EXPRESSIONS = {"expr", "filter", "calculate"}
_FREE = {"domain", "value", "empty"}  # inert: no expression reads an address of it
_SETTINGS = set(
    "as axis background clear color condition config domainColor encoding field "
    "fill filled fontSize fontWeight format frame anchor grid gridColor height "
    "interpolate labelColor labelFontSize labels layer legend mark name nearest nice "
    "offset on opacity order padding param params range scale select shape size stroke "
    "strokeOpacity strokeWidth text tickColor tickCount tickMinStep ticks title "
    "titleColor titleFontSize titleFontWeight tooltip transform type values view "
    "width x y y2 zero".split()
)
_WORD = "word"
_LICENCES = (
    "/*! Vega, Vega-Lite, Vega-Embed: University of Washington Interactive Data Lab "
    "and contributors, BSD 3-Clause. D3 within: Mike Bostock, ISC. */"
)
_HTML = re.compile("[<>&\u2028\u2029]")


def columns_of(frame: pd.DataFrame) -> dict[str, Any]:
    """The data of a chart, column by column.

    Examples
    --------
    >>> columns_of(pd.DataFrame({"kind": ["a", "b", "a"], "kw": [1.5, np.nan, 2.0]}))
    {'kind': {'levels': ['a', 'b'], 'codes': [0, 1, 0]}, 'kw': [1.5, None, 2.0]}
    """
    columns: dict[str, Any] = {}
    for label, values in frame.items():
        if is_numeric_dtype(values):
            numbers = values.astype(float)
            columns[str(label)] = [None if np.isnan(n) else n for n in numbers.tolist()]
        else:
            codes, levels = pd.factorize(values.astype(str))
            columns[str(label)] = {"levels": list(levels), "codes": codes.tolist()}
    return columns


def checked(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a template prints of a chart to explore.

    Parameters
    ----------
    content : mapping
        `spec`, `controls` and `data`, as `display.explorer` makes them.

    Returns
    -------
    chart : dict
        `controls`; `words`, all that the chart says; `json`, the chart with the
        numbers of its words, and the data, safe inside of a script element.

    Raises
    ------
    ValueError
        If the chart has anything that those of `research.plots.explore` have not.
    """
    words: dict[str, None] = {}
    spec = _spec(dict(content["spec"]), words)
    data = {_named(key): _column(column) for key, column in content["data"].items()}
    made = json.dumps(
        {"spec": spec, "data": data},
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    )
    return {
        "controls": [_control(control) for control in content["controls"]],
        "words": list(words),
        "json": Markup(_HTML.sub(lambda sign: f"\\u{ord(sign[0]):04x}", made)),
    }


@cache
def script() -> str:
    """Vega, Vega-Lite and what binds their charts to the controls of a page.

    It takes a second to make, once a process, and no request; the same package gives
    the same bytes.
    """
    from vl_convert import javascript_bundle  # only pages that explore wait for it

    runtime = javascript_bundle("window.vegaEmbed = vegaEmbed;")
    if "</script" in runtime.lower() or "<!--" in runtime:
        raise RuntimeError("The charts' script can not stand inside of a page.")
    ours = (sanitize.TEMPLATES / "explore.js").read_text("utf-8")
    return f"{_LICENCES}\n{runtime}\n{ours}"


def _refuse(what: object) -> ValueError:
    return ValueError(
        f"A chart to explore has {str(what)[:60]!r}, which those of "
        "research.plots.explore have not."
    )


def _spec(value: Any, words: dict[str, None], key: str = "") -> Any:
    if isinstance(value, Mapping):
        if key == "params" and isinstance(value.get("value"), Mapping):
            return _looked_up(value, words)
        return {_known(k): _spec(v, words, k) for k, v in value.items()}
    if key in _FREE and isinstance(value, list):
        return [_scalar(one) for one in value]
    if isinstance(value, list):
        return [_spec(one, words, key) for one in value]
    if not isinstance(value, str):
        return _scalar(value)
    if key == "title":
        return _word(value, words)
    if key in _FREE:
        return _scalar(value)
    fits = (
        _EXPRESSION.fullmatch(value)
        if key in _EXPRESSIONS
        else value in _MARKS | _KINDS
        if key in ("mark", "type")
        else _SETTING.fullmatch(value)
    )
    if not fits:
        raise _refuse(value)
    return value


def _looked_up(param: Mapping[str, Any], words: dict[str, None]) -> dict[str, Any]:
    """A parameter that gives words or names for names, and does nothing else."""
    name, values = _named(param["name"]), dict(param["value"])
    if set(param) != {"name", "value"} or {"expr", "signal", "param"} & set(values):
        raise _refuse(sorted(map(str, {**param, **values})))
    into = (lambda text: _word(text, words)) if name == "said" else _scalar
    return {"name": name, "value": {str(k): into(v) for k, v in values.items()}}


def _known(key: object) -> str:
    if key not in _SETTINGS | _EXPRESSIONS | _FREE:
        raise _refuse(key)
    return str(key)


def _scalar(value: Any) -> Any:
    if value is not None and not isinstance(value, str | bool | int | float):
        raise _refuse(type(value).__name__)
    if isinstance(value, str) and "url(" in value.lower():
        raise _refuse(value)
    return value


def _word(text: Any, words: dict[str, None]) -> dict[str, int]:
    words.setdefault(str(text))
    return {_WORD: list(words).index(str(text))}


def _named(key: object) -> str:
    if not re.fullmatch(_NAME, str(key)):
        raise _refuse(key)
    return str(key)


def _column(column: Any) -> Any:
    """Numbers, or names and the places of each."""
    if isinstance(column, Mapping):
        return {
            "levels": [str(level) for level in column["levels"]],
            "codes": [int(code) for code in column["codes"]],
        }
    if any(isinstance(value, str) for value in column):
        raise _refuse("text among numbers")
    return [_scalar(value) for value in column]


def _control(control: Mapping[str, Any]) -> dict[str, Any]:
    several = isinstance(control["value"], list)
    chosen = control["value"] if several else [control["value"]]
    return {
        "param": _named(control["param"]),
        "label": str(control["label"]),
        "several": several,
        "options": [
            {
                "value": str(value),
                "label": str(label),
                "color": min(max(int(color), 0), 9),
                "chosen": value in chosen,
            }
            for value, label, color in control["options"]
        ],
    }
