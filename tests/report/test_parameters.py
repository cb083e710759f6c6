"""Parameters of a notebook: names and types are checked before a kernel starts."""

import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from research import cli
from research.region import InputError, synthetic
from research.report.parameters import checked, declared, from_text, read_notebook

CELL = """\
region: str = "data/london"
n_clusters: int | None = None
share: float = 0.5  # a comment with = in it
quick: bool = False"""


def notebook(source=CELL, tags=("parameters",)):
    cell = new_code_cell(source)
    cell.metadata["tags"] = list(tags)
    return new_notebook(cells=[cell])


@pytest.fixture
def known(tmp_path):
    return declared(notebook(), tmp_path / "nb.ipynb")


def test_names_types_and_defaults_are_read(known):
    assert list(known) == ["region", "n_clusters", "share", "quick"]
    assert known["n_clusters"].kind is int
    assert known["n_clusters"].optional
    assert known["share"].default == 0.5
    assert not known["region"].optional


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("region = 'x'", "name: type = default"),
        ("region: str = print(1)", "name: type = default"),
        ("region: list = []", "name: type = default"),
        ("import os", "name: type = default"),
        ("k: int =", "no Python"),
        ("k: int = 3", "'region: str = ...' is missing"),
        ("k: int = 3", "'reports: str = ...'"),
        ('region: str = "x"\nreports: str = "y"', "keep 'region' or 'reports'"),
        ("reports: int = 3", "reports must be text"),
        ("region: str | None = None", "region must be text"),
    ],
)
def test_a_cell_that_declares_no_parameters_is_refused(tmp_path, source, words):
    with pytest.raises(InputError, match="parameters") as caught:
        declared(notebook(source), tmp_path / "nb.ipynb")
    assert words in str(caught.value)


def test_a_notebook_about_all_regions_declares_their_reports(tmp_path):
    known = declared(notebook('reports: str = "reports"'), tmp_path / "nb.ipynb")
    assert list(known) == ["reports"]


def test_a_notebook_without_the_cell_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"nb\.ipynb: one cell tagged.*found 0"):
        declared(notebook(tags=()), tmp_path / "nb.ipynb")


def test_a_misspelt_name_is_refused_with_the_nearest(known, tmp_path):
    with pytest.raises(InputError, match="Did you mean n_clusters"):
        checked({"n_cluster": 7}, known, tmp_path)


def test_a_name_that_is_code_is_refused(known, tmp_path):
    name = "k = 1\nimport os; os.makedirs('PWNED')\nz"
    with pytest.raises(InputError, match="unknown parameter"):
        checked({name: 1}, known, tmp_path)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), "", "five", 3.0, True, [3], "3"]
)
def test_a_number_of_segments_that_is_none_is_refused(known, tmp_path, value):
    with pytest.raises(InputError, match="n_clusters must be a whole number or none"):
        checked({"n_clusters": value}, known, tmp_path)


def test_none_is_refused_where_it_is_not_declared(known, tmp_path):
    with pytest.raises(InputError, match="region must be text"):
        checked({"region": None}, known, tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("region", "0371", "0371"),
        ("n_clusters", "4", 4),
        ("n_clusters", "none", None),
        ("share", "1e-3", 0.001),
        ("quick", "True", True),
    ],
)
def test_text_is_read_by_the_declared_type(known, tmp_path, name, text, value):
    assert from_text(name, text, known[name], tmp_path) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("n_clusters", "0371"),
        ("n_clusters", "1_000"),
        ("n_clusters", "４"),
        ("n_clusters", "3.0"),
        ("n_clusters", ""),
        ("share", "nan"),
        ("share", "inf"),
        ("quick", "yes"),
    ],
)
def test_text_of_another_type_is_refused(known, tmp_path, name, text):
    with pytest.raises(InputError, match=f"{name} must be"):
        from_text(name, text, known[name], tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not a notebook"),
        ("<html>", "not a notebook"),
        ("[1, 2]", "not a notebook"),
        ("[" * 100_000, "not a notebook"),
        ('{"cells": []}', "nbformat 4"),
        ('{"nbformat": 4}', "each cell needs"),
        ('{"nbformat": 4, "cells": [7]}', "each cell needs"),
        ('{"nbformat": 4, "cells": [{"cell_type": "code"}]}', "each cell needs"),
        (nbformat.writes(nbformat.v3.new_notebook(), version=3), "nbformat 4"),
    ],
)
def test_a_file_that_is_no_notebook_is_named(tmp_path, content, words):
    path = tmp_path / "nb.ipynb"
    path.write_text(content)
    with pytest.raises(InputError, match=r"nb\.ipynb") as caught:
        read_notebook(path)
    assert words in str(caught.value)


def test_cells_are_read_as_they_will_be_executed(tmp_path):
    written = notebook()
    written.cells.append(new_code_cell("1 + 1\n2 + 2"))
    path = tmp_path / "nb.ipynb"
    nbformat.write(written, path)
    read = read_notebook(path)
    assert [cell["source"] for cell in read.cells] == [
        cell.source for cell in nbformat.read(path, as_version=4).cells
    ]
    assert declared(read, path) == declared(written, path)


def test_to_plan_a_batch_nothing_that_makes_pages_is_imported():
    heavy = ["nbformat", "nbconvert", "jupyter_client", "sklearn", "matplotlib.pyplot"]
    heavy += ["scipy", "openpyxl", "distributed"]
    code = (
        "import sys, research.cli, research.report.jobs; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_the_command_line_names_what_can_be_made_though_it_does_not_import_it():
    for name in ("REGIONS", "SIZES", "DEFECTS"):
        assert getattr(cli, name) == tuple(getattr(synthetic, name))


def test_a_missing_notebook_is_named(tmp_path):
    with pytest.raises(InputError, match="no such notebook"):
        read_notebook(tmp_path / "nb.ipynb")
