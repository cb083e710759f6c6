"""Read a small YAML file without the surprises of YAML.

YAML 1.1 turns ``no`` into False, ``0371`` into 249 and ``24:00`` into 1440, keeps
the last of two equal keys, and lets tags run code. Here a plain scalar is null, a
bool (``true``/``false`` only), a number in its usual decimal form, or text; tags,
anchors, aliases, second documents, equal keys and deep nests are refused, each
with its line.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from research.region.errors import InputError

MAX_BYTES = 1_000_000
MAX_DEPTH = 20

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}

Lines = dict[tuple[str | int, ...], int]


def read_yaml(path: Path) -> tuple[Any, Lines]:
    """Values of the YAML file `path`, and the line on which each of them stands.

    Returns
    -------
    value : dict, list or scalar
    lines : dict
        From the path of a value, such as ``("readings", "clock")``, to its line
        (the first line is 1).

    Raises
    ------
    InputError
        If the file is missing, too large, not UTF-8, not YAML, or uses a feature
        that this reader refuses.
    """
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "missing"
        raise InputError(f"{path}: a YAML file is wanted here, found: {kind}.")
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        raise InputError(f"{path}: {len(raw):,} bytes; at most {MAX_BYTES:,} allowed.")
    try:
        text = raw.decode("utf-8-sig")
        _refuse_features(path, text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not UTF-8 (byte {error.start}); save the file as UTF-8."
        ) from None
    except yaml.MarkedYAMLError as error:
        raise InputError(f"{path}{_syntax(error, text)}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML: {error}".splitlines()[0]) from None
    if node is None:
        raise InputError(f"{path}: the file is empty; settings are wanted.")
    lines: Lines = {}
    return _value(path, node, (), lines), lines


def _syntax(error: yaml.MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return f": not YAML: {error.problem}"
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    hint = " Indent with spaces, not tabs." if "\t" in line else ""
    return f" line {mark.line + 1}: {error.problem}, found {line.strip()!r:.80}.{hint}"


def _refuse_features(path: Path, text: str) -> None:
    """Walk the flat events first: no recursion, so a deep nest can not exhaust it."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        where = f"{path} line {event.start_mark.line + 1}"
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise InputError(f"{where}: a second document ('---'); one is allowed.")
        elif isinstance(event, yaml.AliasEvent):
            raise InputError(f"{where}: alias '*{event.anchor}'; write the value out.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.CollectionStartEvent | yaml.ScalarEvent):
            if event.tag not in (None, "!"):
                raise InputError(f"{where}: tag {event.tag!r}; tags are not allowed.")
            if event.anchor:
                raise InputError(f"{where}: anchor '&{event.anchor}' is not allowed.")
            depth += isinstance(event, yaml.CollectionStartEvent)
            if depth > MAX_DEPTH:
                raise InputError(f"{where}: nested deeper than {MAX_DEPTH} levels.")


def _value(path: Path, node: yaml.Node, at: tuple[str | int, ...], lines: Lines) -> Any:
    lines[at] = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.style else _plain(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_value(path, n, (*at, i), lines) for i, n in enumerate(node.value)]
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key, line = key_node.value, key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise InputError(f"{path} line {line}: a key must be a word.")
        if key in found:
            first = lines[(*at, key)]
            raise InputError(
                f"{path} lines {first} and {line}: duplicate key {key!r}; keep one."
            )
        found[key] = _value(path, value_node, (*at, key), lines)
        lines[(*at, key)] = line
    return found


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 20 else text
    return float(text) if _DECIMAL.fullmatch(text) else text
