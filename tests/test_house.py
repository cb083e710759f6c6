"""The rules of the house: who may import whom, what is locked, what is committed."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version
from typer.testing import CliRunner

from research.cli import app

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "research"
MODULES = sorted(SOURCE.rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# A room may import these other rooms, and itself.
MAY_IMPORT = {
    "theme": set(),
    "kept": set(),
    "region": {"kept"},
    "segmenters": set(),
    "comparison": {"kept"},
    "features": {"region"},
    "service": {"region", "features"},
    "plots": {"theme"},
    "report": {"region", "theme"},
    "telling": {"region"},
    "cli": {
        "region",
        "features",
        "service",
        "report",
        "segmenters",
        "comparison",
        "telling",
    },
    "__init__": set(),
}
# No version below these: each closes an advisory or a known fault.
FLOORS = {
    "jupyterlab": "4.6.2",
    "jupyter-server": "2.20.0",
    "nbconvert": "7.17.1",
    "mistune": "3.3.4",
    "tornado": "6.5.8",
    "keras": "3.15",
    "pillow": "12.2.0",
    "pyarrow": "23.0.1",
    "jinja2": "3.1.6",
    "protobuf": "6.33.5",
    "lxml": "6.1.0",
    "bleach": "3.3.0",
    "pyyaml": "5.4",
    "scikit-learn": "0.24",
    "joblib": "1.2.0",
    "requests": "2.31",
    "urllib3": "2.0.7",
    "ipython": "8.10",
    "jupyter-core": "4.11.2",
    "duckdb": "0.9.3",
    "setuptools": "65.5.1",
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()


def room_of(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def locked():
    pins = re.findall(r"^([a-z0-9._-]+)==(\S+)", LOCK, flags=re.MULTILINE)
    versions = {}
    for name, version in pins:
        versions.setdefault(name, []).append(Version(version))
    return versions


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_room_knows_only_the_rooms_it_may(path):
    room = room_of(path)
    known = {
        name.split(".")[1]
        for name in imports_of(path)
        if name.startswith("research.") and name.count(".") >= 1
    }
    assert known - {room} <= MAY_IMPORT[room]


def test_every_room_has_its_rule():
    assert {room_of(path) for path in MODULES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_nothing_is_unpickled(path):
    used = {name.split(".")[0] for name in imports_of(path)}
    assert not used & {"pickle", "joblib", "dill", "cloudpickle", "shelve"}
    assert "read_pickle" not in path.read_text("utf-8")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_only_who_plants_the_truth_may_know_it(path):
    """Nothing that computes for a report may open ``truth/`` of a synthetic region."""
    if "synthetic" in path.parts:
        return
    texts = (
        node.value
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    assert not [text for text in texts if re.search(r"(^|/)truth(/|$)", text)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_no_notebook_but_the_comparison_of_methods_reads_the_truth(path):
    notebook = nbformat.read(path, as_version=4)
    code = " ".join(c.source for c in notebook.cells if c.cell_type == "code")
    assert "truth" not in code or "comparison" in path.stem


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_the_library_does_not_print(path):
    if room_of(path) == "cli":
        return
    calls = (
        n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if hasattr(n, "func")
    )
    assert not [call for call in calls if getattr(call.func, "id", "") == "print"]


@pytest.mark.slow
def test_importing_the_library_imports_neither_tensorflow_nor_papermill():
    rooms = "region features segmenters comparison service plots report.display".split()
    code = "; ".join(f"import research.{room}" for room in rooms) + (
        "; import sys"
        "; print({'tensorflow', 'keras', 'papermill', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_the_lock_holds_all_that_the_project_asks_for():
    extras = PROJECT["optional-dependencies"]["dev"]
    versions = locked()
    for requirement in map(Requirement, PROJECT["dependencies"] + extras):
        pins = versions[requirement.name.lower()]
        assert all(pin in requirement.specifier for pin in pins), requirement


def test_every_pin_has_hashes_and_no_address():
    pins = re.split(r"\n(?=[a-z0-9])", LOCK.strip())
    assert len(pins) > 100
    assert all("--hash=sha256:" in pin for pin in pins)
    for text in (LOCK, (ROOT / "requirements-uv.lock").read_text()):
        assert not re.search(r"https?:|file:|index-url|find-links| @ ", text)


def test_the_lock_is_above_the_floors():
    versions = locked()
    missing = set(FLOORS) - set(versions)
    assert not missing
    for name, floor in FLOORS.items():
        assert min(versions[name]) >= Version(floor), name


def test_conda_users_get_the_locked_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["-r requirements.lock"]}
    python = next(line for line in conda if line.startswith("python"))
    assert python == "python " + PROJECT["requires-python"]
    assert "pip" in conda


def test_the_versions_of_the_project_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert citation["version"] == PROJECT["version"]
    assert f"## {PROJECT['version']}" in changelog


def test_the_readme_names_every_command_and_every_room():
    readme = (ROOT / "README.md").read_text("utf-8")
    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        assert f"research {name}" in readme, name
    for room in set(MAY_IMPORT) - {"__init__"}:
        assert re.search(rf"\b{room}(/|\.py)", readme), room
    for target in ("reports", "test", "test-fast", "lab", "lock", "clean"):
        assert f"make {target}" in readme, target


def test_every_command_has_help():
    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        result = CliRunner().invoke(app, [name, "--help"])
        assert result.exit_code == 0
        assert command.callback.__doc__


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_committed_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None
        assert set(cell.metadata) <= {"tags", "jupyter"}
    assert set(notebook.metadata) == {"kernelspec", "language_info", "research"}
    about = notebook.metadata["research"]
    assert set(about) == {"needs"} or dict(about) == {"about": "all regions"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_thin(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    forbidden = (ast.FunctionDef, ast.ClassDef, ast.Try, ast.For, ast.While, ast.With)
    for source in code:
        nodes = list(ast.walk(ast.parse(source)))
        assert not [node for node in nodes if isinstance(node, forbidden)], source
        assert "read_csv" not in source
    parameters = [
        c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])
    ]
    assert len(parameters) == 1
    assert notebook.cells[0].source.startswith("# ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_prose_of_a_notebook_carries_no_results(path):
    notebook = nbformat.read(path, as_version=4)
    prose = " ".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    assert not re.search(r"\d+ ?%|\d+ (homes|customers|kWh)", prose)


def test_no_tracked_file_is_large_or_generated():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert files
    for name in files:
        path = ROOT / name
        assert not re.match(r"reports/|\.venv/|data/(?!raw/)", name), name
        assert not name.endswith((".pyc", ".pkl", ".joblib", ".keras")), name
        if path.is_file():
            assert path.stat().st_size < 5_000_000, name


def test_an_installed_package_holds_all_its_files():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["research"]
    told = {path for pattern in patterns for path in SOURCE.glob(pattern)}
    there = {
        path
        for path in SOURCE.rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    }
    assert there <= told
