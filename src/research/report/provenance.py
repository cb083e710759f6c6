"""What a page was made of: hashes of data and library, and what is installed."""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from research.region.cache import files_of
from research.report.parameters import SUBJECTS

NAMED = ("research", "numpy", "pandas", "scikit-learn", "papermill", "nbconvert")
"""Libraries that numbers and pages depend on most: told on every page."""


def sha256(content: str | bytes) -> str:
    """Hash of a file's content; of text, as it is written."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


def sha256_of(value: Any) -> str:
    """Hash of what JSON can write; the order of keys does not count.

    Examples
    --------
    >>> sha256_of({"a": 1, "b": 2}) == sha256_of({"b": 2, "a": 1})
    True
    """
    return sha256(json.dumps(value, sort_keys=True))


def file_hash(path: Path) -> str:
    """Hash of a file, read in parts."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_hashes(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """Hash of each file by its path below `root`, in order of name."""
    return {
        path.relative_to(root).as_posix(): file_hash(path) for path in sorted(paths)
    }


def inputs_of(region_folder: Path) -> dict[str, str]:
    """Hash of each file of a region that counts: `region.yaml` and every table."""
    return file_hashes(files_of(region_folder), region_folder)


def changed_inputs(region_folder: Path, inputs: Mapping[str, str]) -> list[str]:
    """Names of the files of a region that are no longer as `inputs_of` found them.

    Compared by hash; meant for files that look changed, see
    `region.cache.looks_of`.
    """
    now = inputs_of(region_folder)
    names = sorted({**inputs, **now})
    return [name for name in names if inputs.get(name) != now.get(name)]


@cache
def code_hash() -> str:
    """Hash of this library: its modules, templates and fonts."""
    root = Path(__file__).parents[1]
    files = (
        path
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts  # what machines compile
    )
    return sha256_of(file_hashes(files, root))


def versions() -> dict[str, str]:
    """Versions of the libraries that a page names."""
    return {name: version(name) for name in NAMED}


@cache
def environment() -> Mapping[str, str]:
    """Version of Python and of every package that is installed, by name.

    Examples
    --------
    >>> environment()["numpy"] == version("numpy")
    True
    """
    # From the names of folders: to read the metadata of 200 packages takes seconds.
    folders = {
        folder.stem.partition("-")
        for place in sys.path
        if Path(place).is_dir()
        for folder in Path(place).glob("*.dist-info")
    }
    installed = {name.lower().replace("_", "-"): of for name, _, of in sorted(folders)}
    python = ".".join(map(str, sys.version_info[:3]))
    return {"python": python, **dict(sorted(installed.items()))}


def as_told(name: str, value: Any) -> Any:
    """Value of a parameter as it may be published: of a path its name alone.

    Where a machine keeps its files is nobody's business.

    Examples
    --------
    >>> as_told("region", "../../home/li/haihe"), as_told("policy", "/srv/rules.yaml")
    ('haihe', 'rules.yaml')
    >>> as_told("unit", "kWh/day"), as_told("n_clusters", 5)
    ('kWh/day', 5)
    """
    if not isinstance(value, str):
        return value
    is_path = value.startswith(("/", "..", "~")) or "\\" in value
    return Path(value).name if is_path or name in SUBJECTS else value
