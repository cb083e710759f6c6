"""Notebooks of a few cells, made for tests of the batch."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

GOOD = """\
import pandas as pd
from research.report import display as show
show.table(pd.DataFrame({"a": [1]}), name="numbers", caption="Numbers.")"""


def write_notebook(
    folder: Path,
    name: str,
    *cells: str,
    declared: str = 'region: str = "x"\nfactor: int = 2',
) -> Path:
    folder.mkdir(exist_ok=True)
    parameters = new_code_cell(declared)
    parameters.metadata["tags"] = ["parameters"]
    notebook = new_notebook(
        cells=[new_markdown_cell(f"# {name}"), parameters, *map(new_code_cell, cells)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path
