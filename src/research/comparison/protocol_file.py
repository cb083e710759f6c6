"""Protocols are read: strictly, with every fault told by its place and its mend.

This room has no YAML reader of its own: `read_protocol` is given one, and takes the
hash of the very file that was read.
"""

import difflib
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from research.comparison.protocol import Protocol
from research.comparison.verdict import FLOORS, ONE, RANDOM

SHIPPED = ("default", "quick")
"""Protocols that come with the library."""


class ProtocolError(ValueError):
    """A protocol that can not be read; each line tells a fault and its mend."""


def shipped_protocol(name: str, about: str = "load") -> Path:
    """Path of a protocol that comes with the library, or of one's own.

    Parameters
    ----------
    name : str
        "default", "quick", or a path.
    about : {"load", "payments"}
        What the methods of a shipped one learn from.

    Examples
    --------
    >>> shipped_protocol("quick").name, shipped_protocol("mine/plan.yaml").name
    ('quick.yaml', 'plan.yaml')
    """
    if name in SHIPPED:
        file = f"{name}.yaml" if about == "load" else f"{about}-{name}.yaml"
        return Path(__file__).parent / "protocols" / file
    return Path(name)


def read_protocol(
    path: Path | str, reader: Callable[[Path], tuple[Any, Mapping]]
) -> Protocol:
    """The protocol in a YAML file, with the hash of its bytes.

    Parameters
    ----------
    path : path-like
    reader : callable
        From a path to the plain values of the file and the line of each by its way,
        such as ``("k", "main")``; refuses equal keys. `research.region` has one.

    Returns
    -------
    protocol : Protocol

    Raises
    ------
    ProtocolError
        With every fault: file, line, key, what was found, what is allowed, the mend.
    """
    path = Path(path)
    values, lines = reader(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return protocol_of(values, source=path.name, lines=lines, sha256=sha256)


def protocol_of(
    values: Mapping[str, Any],
    *,
    source: str = "protocol",
    lines: Mapping | None = None,
    sha256: str | None = None,
) -> Protocol:
    """A protocol from plain values, such as a dict written in Python.

    Parameters
    ----------
    values : mapping
    source : str
        Name for messages.
    lines : mapping, optional
        Line of each value by its way, for messages.
    sha256 : str, optional
        Hash of the file; unset, of the values written as sorted JSON.

    Returns
    -------
    protocol : Protocol

    Raises
    ------
    ProtocolError
        See `read_protocol`.

    Examples
    --------
    >>> protocol = protocol_of({
    ...     "question": "Which segments foretell the next quarter best?",
    ...     "methods": {"k-means": {"settings": {"n_init": 20}}},
    ...     "old_classes": ["tariff"], "features": ["load_shape"],
    ...     "k": {"grid": [4, 5, 6], "main": 5},
    ...     "seeds": {"main": [0, 1, 2], "other": [10, 11, 12]},
    ...     "replicates": {"kind": "bootstrap", "number": 20},
    ...     "metrics": {"R2": {"better": "higher"}}, "primary": "R2", "decision": {},
    ... })
    >>> list(protocol.methods)
    ['k-means', 'random partition', 'one segment', 'tariff']
    """
    lines = lines or {}
    if not isinstance(values, Mapping):
        raise ProtocolError(
            f"{source}: found {_shown(values)}; a protocol is a mapping of keys such "
            "as methods, k, seeds and metrics."
        )
    faults = [
        _own(name, source, lines) for name in ("source", "sha256") if name in values
    ]
    faults += _taken(values, source, lines)
    if faults:
        raise ProtocolError("\n".join(faults))
    if sha256 is None:
        text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
    try:
        return Protocol.model_validate(
            _with_baselines(values) | {"source": source, "sha256": sha256}
        )
    except ValidationError as error:
        raise ProtocolError(
            "\n".join(
                dict.fromkeys(
                    _told(fault, values, source, lines) for fault in error.errors()
                )
            )
        ) from None


def _with_baselines(values):
    """The values with the floors and the old classes among the methods."""
    methods, classes = values.get("methods"), values.get("old_classes")
    if not isinstance(methods, Mapping) or not isinstance(classes, list | tuple):
        return dict(values)
    fixed = {"takes_k": False, "takes_seed": False}
    added = {RANDOM: {}, ONE: fixed} | {name: fixed for name in classes}
    return {**values, "methods": {**methods, **added}}


def _taken(values, source, lines):
    """Faults of methods that are named as what is always in."""
    methods, classes = values.get("methods"), values.get("old_classes")
    if not isinstance(methods, Mapping):
        return []
    taken = [*FLOORS, *(classes if isinstance(classes, list | tuple) else ())]
    return [
        f"{_place(('methods', name), source, lines)}: found a method of this name; it "
        "is always in. Take it out, or rename it."
        for name in methods
        if name in taken
    ]


def _own(name, source, lines):
    return (
        f"{_place((name,), source, lines)}: unknown key; it is worked out from the "
        "file. Take it out."
    )


def _told(fault, values, source, lines):
    """A fault that pydantic found, in words."""
    where = _real(fault, values)
    place = _place(where, source, lines)
    if fault["type"] == "missing":
        return f"{place}: this key is required and missing. Example: {_example(where)}"
    if fault["type"] == "extra_forbidden":
        known = _keys_at(where[:-1])
        near = difflib.get_close_matches(str(where[-1]), known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"{place}: unknown key.{hint} Allowed: {', '.join(known)}."
    wanted = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if fault["type"] == "value_error":
        return f"{place}: {wanted}."
    if where[:1] == ("methods",) and len(where) > 3 and where[2] == "settings":
        wanted = "a setting is a number, a word, true, false, null or a list of them"
    return (
        f"{place}: found {_shown(fault['input'])}; {wanted}. Example: {_example(where)}"
    )


def _real(fault, values):
    """Place of a fault in the file; where types can be chosen pydantic tells more."""
    where = []
    for part in fault["loc"]:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return (*where, part) if fault["type"] == "missing" else tuple(where)
        where.append(part)
    return tuple(where)


def _place(where, source, lines):
    line = next(
        (lines[where[:n]] for n in range(len(where), -1, -1) if where[:n] in lines),
        None,
    )
    key = ".".join(map(str, where)) or "protocol"
    return f"{source}{'' if line is None else f' line {line}'}, {key}"


def _shown(value):
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _keys_at(where):
    """Keys that may stand at a place of the file."""
    model = Protocol
    for part in where:
        field = model.model_fields.get(part) if model else None
        if field is not None:
            model = next((t for t in _types(field.annotation) if _is_model(t)), None)
    own = {"source", "sha256"} if model is Protocol else set()
    return sorted(set(model.model_fields) - own) if model else []


def _types(annotation):
    inner = [t for part in get_args(annotation) for t in _types(part)]
    return inner or [annotation]


def _is_model(kind):
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _example(where):
    return _EXAMPLES.get(where[0] if where else "", _EXAMPLES["methods"])


_EXAMPLES = {
    "question": "question: Which segments foretell the next quarter best?",
    "methods": "methods: {k-means: {settings: {n_init: 20}}}",
    "old_classes": "old_classes: [industry, tariff], or [] where there are none",
    "features": "features: [load_shape]",
    "k": "k: {grid: [4, 5, 6], main: 5}",
    "seeds": "seeds: {main: [0, 1, 2], other: [10, 11, 12]}",
    "replicates": (
        "replicates: {kind: bootstrap, number: 20}, or "
        "{kind: splits, number: 20, test_share: 0.3}"
    ),
    "metrics": "metrics: {R2: {better: higher, worst: 0, best: 1}}",
    "primary": "primary: R2",
    "decision": (
        "decision: {by: weights, weights: {R2: 0.6, jaccard: 0.4}, level: 0.95, "
        "margin: 0.01}"
    ),
    "regions": "regions: [north, south]",
    "sample": "sample: 20000 (at least 100), or leave it out",
}
