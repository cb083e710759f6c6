"""Parameters of a notebook: what its parameter cell declares, and what is handed in.

papermill pastes parameter names into code as they are and runs on with the default
when a name is misspelt. So names and types are checked here, before a kernel starts.
"""

import ast
import difflib
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from research.region.errors import InputError

Value = str | int | float | bool | None
SUBJECTS = ("region", "reports")
"""What a notebook is about: one region, or the reports of all of them."""
_TYPES = {"str": str, "int": int, "float": float, "bool": bool}


@dataclass(frozen=True)
class Parameter:
    """One line of the parameter cell: ``name: type = default``."""

    name: str
    kind: type
    optional: bool
    default: Value

    @property
    def wanted(self) -> str:
        """What may be handed in, in words."""
        words = {
            str: "text",
            int: "a whole number",
            float: "a finite number",
            bool: "true or false",
        }
        return words[self.kind] + (" or none" if self.optional else "")


@dataclass(frozen=True)
class Notebook:
    """The cells of a notebook, as its file has them but each source one text."""

    cells: tuple[dict[str, Any], ...]


def read_notebook(path: Path) -> Notebook:
    """Read a notebook of format 4.

    Whether it is valid in all its parts is asked by who executes it: to import what
    validates takes longer than all else that is done to find that nothing has changed.

    Raises
    ------
    InputError
        Names the file and what is wrong with it.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such notebook.") from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: not a notebook: {error}".splitlines()[0][:300]
        ) from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a notebook: it holds no object of cells.")
    if content.get("nbformat") != 4:
        raise InputError(
            f"{path}: nbformat 4 is wanted, found {content.get('nbformat')!r:.80}."
        )
    try:
        return Notebook(tuple(_cell(cell) for cell in content["cells"]))
    except (KeyError, TypeError, AttributeError):
        raise InputError(
            f"{path}: not a notebook: each cell needs a cell_type, metadata and a "
            "source of text."
        ) from None


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": str(cell["cell_type"]),
        "metadata": dict(cell["metadata"]),
        "source": "".join(cell["source"]),
    }


def declared(notebook: Notebook, path: Path) -> dict[str, Parameter]:
    """Parameters that the cell tagged `parameters` declares, by name.

    Raises
    ------
    InputError
        If there is no such cell, a line is not ``name: type = default`` with a type
        of str, int, float, bool (or one of them ``| None``), or not exactly one of
        `region` (a notebook about one region) and `reports` (about all of them) is
        among them, as text.
    """
    cells = [
        cell
        for cell in notebook.cells
        if cell["cell_type"] == "code"
        and "parameters" in (cell["metadata"].get("tags") or ())
    ]
    if len(cells) != 1:
        raise InputError(f"{path}: one cell tagged 'parameters', found {len(cells)}.")
    try:
        lines = ast.parse(cells[0]["source"]).body
    except (SyntaxError, ValueError) as error:
        raise InputError(f"{path}, parameters: no Python: {error}") from None
    found = {}
    for line in lines:
        parameter = _parameter(line)
        if parameter is None:
            raise InputError(
                f"{path}, parameters: found {ast.unparse(line)!r}; each line is "
                "'name: type = default', the type one of str, int, float, bool."
            )
        found[parameter.name] = parameter
    subjects = [name for name in SUBJECTS if name in found]
    if not subjects:
        raise InputError(
            f"{path}, parameters: 'region: str = ...' is missing, or for a notebook "
            "about all regions 'reports: str = ...'."
        )
    if len(subjects) > 1:
        raise InputError(
            f"{path}, parameters: a notebook is about one region or about the reports "
            "of all; keep 'region' or 'reports'."
        )
    if found[subjects[0]].wanted != "text":
        raise InputError(f"{path}, parameters: {subjects[0]} must be text: str = ...")
    return found


def _parameter(line: ast.stmt) -> Parameter | None:
    if not (
        isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and line.value is not None
    ):
        return None
    words = ast.unparse(line.annotation).split(" | ")
    kinds = [word for word in words if word != "None"]
    if len(kinds) != 1 or kinds[0] not in _TYPES:
        return None
    try:
        default = ast.literal_eval(line.value)
    except ValueError:
        return None
    return Parameter(line.target.id, _TYPES[kinds[0]], "None" in words, default)


def refuse_unknown(name: str, known: dict[str, Parameter], path: Path) -> None:
    """Refuse a name that is not among the `known`, with the nearest one.

    Raises
    ------
    InputError
        If `name` is unknown.
    """
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise InputError(
        f"{path}: unknown parameter {name!r:.80}.{hint} "
        f"Known: {', '.join(sorted(known))}."
    )


def checked(
    given: dict[str, Value], known: dict[str, Parameter], path: Path
) -> dict[str, Value]:
    """Return `given` once every name and type is one that the notebook declares.

    Raises
    ------
    InputError
        For an unknown name, with the nearest known one, or a value of another type.
    """
    for name, value in given.items():
        refuse_unknown(name, known, path)
        parameter = known[name]
        fits = type(value) is parameter.kind or (
            parameter.kind is float and type(value) is int
        )
        if value is None:
            fits = parameter.optional
        elif isinstance(value, float) and not math.isfinite(value):
            fits = False
        if not fits:
            raise InputError(
                f"{path}: parameter {name} must be {parameter.wanted}; "
                f"found {value!r:.80}."
            )
    return given


def from_text(name: str, text: str, parameter: Parameter, path: Path) -> Value:
    """Value of a parameter written as ``name=text`` on the command line.

    The declared type decides how the text is read: ``0371`` stays text for a
    parameter that is text, and is refused where a whole number is wanted.

    Raises
    ------
    InputError
        If the text does not write such a value.
    """
    if parameter.optional and text.lower() == "none":
        return None
    if parameter.kind is str:
        return text
    words = {"true": True, "false": False}
    if parameter.kind is bool and text.lower() in words:
        return words[text.lower()]
    if parameter.kind is int and re.fullmatch("-?(0|[1-9][0-9]{0,17})", text):
        return int(text)
    if parameter.kind is float and re.fullmatch(
        r"-?[0-9]{1,15}(\.[0-9]{1,15})?(e-?[0-9]{1,2})?", text
    ):
        return float(text)
    raise InputError(
        f"{path}: parameter {name} must be {parameter.wanted}; found {text!r:.80}."
    )
