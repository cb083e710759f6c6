"""YAML without its surprises: every plain value stays the text that was written.

YAML 1.1 would turn ``1:30`` into 90 and ``0.10`` into 0.1; a message has to show what
was written. Tags, anchors, aliases, second documents, equal keys, deep nests and
large files are refused.
"""

import yaml

from research.segmenters.ahp.errors import JudgementError, shown

MAX_DEPTH = 40


def read_tree(text, source):
    """Mappings, lists and texts of a YAML document, empty values as None.

    Parameters
    ----------
    text : str
    source : str
        Name of the file for messages.

    Returns
    -------
    tree : dict, list, str or None
    lines : dict
        Line of each value by its way, such as ``("criteria", "arrears")``, from 1.

    Raises
    ------
    JudgementError
        If the text is no YAML, or uses what is refused; with the line.
    """
    try:
        _refuse_features(text, source)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        fault = f"{where}not YAML: {error.problem}. {_hint(text, mark)}".strip()
        raise JudgementError(source, [fault]) from None
    except yaml.YAMLError as error:
        fault = f"not YAML: {str(error).splitlines()[0]}"
        raise JudgementError(source, [fault]) from None
    lines, faults = {}, []
    tree = None if node is None else _value(node, (), lines, faults)
    if faults:
        raise JudgementError(source, faults)
    return tree, lines


def _hint(text, mark):
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line:
        return "Indent with spaces, not tabs."
    for near in lines[max(0, mark.line - 1) : mark.line + 1] if mark else ():
        if "：" in near:
            return f"In {shown(near.strip())} write ': ', not the full-width '：'."
    return f"Found {shown(line.strip())}." if line.strip() else ""


def _refuse_features(text, source):
    """Walk the flat events first: no recursion, so no nest can exhaust it."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        fault = None
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            fault = "a second document ('---'); one is allowed."
        elif isinstance(event, yaml.AliasEvent):
            fault = f"alias '*{event.anchor}'; write the value out."
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.CollectionStartEvent | yaml.ScalarEvent):
            depth += isinstance(event, yaml.CollectionStartEvent)
            if event.tag not in (None, "!"):
                fault = f"tag {event.tag!r}; tags are not allowed."
            elif event.anchor:
                fault = f"anchor '&{event.anchor}' is not allowed; write values out."
            elif depth > MAX_DEPTH:
                fault = f"nested deeper than {MAX_DEPTH} levels."
        if fault:
            raise JudgementError(source, [f"line {event.start_mark.line + 1}: {fault}"])


def _value(node, at, lines, faults):
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        plain_absent = not node.style and node.value in ("", "~", "null")
        return None if plain_absent else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_value(n, (*at, i), lines, faults) for i, n in enumerate(node.value)]
    found = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            faults.append(f"line {line}: a key must be a word.")
            continue
        key = key_node.value
        if key in found:
            first = lines[(*at, key)]
            faults.append(
                f"lines {first} and {line}: duplicate key {shown(key)}; keep one."
            )
            continue
        lines[(*at, key)] = line
        found[key] = _value(value_node, (*at, key), lines, faults)
    return found
