"""Pages: all regions as `make reports` makes them, one region beside the commands."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from benchmarks.measuring import ROOT, side_by_side, way

BIN = Path(sys.executable).parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def whole(
    regions: Sequence[str],
    notebooks: Sequence[str] = (),
    folder: Path | str | None = None,
    repeats: int = 1,
) -> pd.DataFrame:
    """All regions at once, and what each has of it; some notebooks, unset all.

    Returns
    -------
    results : DataFrame
        `region`, `pages`, `page_s`; `wall_s`, `cpu_s`, `peak_gb` of all together.
    """
    told = way("benchmarks.published:report", list(regions), 2, list(notebooks))
    found = side_by_side({"all": told}, repeats).reset_index(names="region")
    seconds = pd.Series(found.at[0, "answer"])
    found.insert(1, "pages", len(seconds))
    found.insert(2, "page_s", seconds.sum())
    of_region = seconds.groupby(seconds.index.str.split("/").str[0])
    rows = of_region.agg(pages="size", page_s="sum").reset_index(names="region")
    return pd.concat([found, rows], ignore_index=True)


def one_region(
    region: str,
    notebooks: Sequence[str],
    folder: Path | str | None = None,
    repeats: int = 3,
) -> pd.DataFrame:
    """One region by `research report` and by the commands of papermill and nbconvert.

    Returns
    -------
    results : DataFrame
        `way`, `pages`, and what `side_by_side` tells.
    """
    ours, theirs = "benchmarks.published:report", "benchmarks.published:one_by_one"
    notebooks = list(notebooks)
    ways = {
        "research report --jobs 2": way(ours, [region], 2, notebooks),
        "research report --jobs 1": way(ours, [region], 1, notebooks),
        "papermill, nbconvert": way(theirs, region, notebooks),
        "the same, one thread": way(theirs, region, notebooks, one_thread=True),
    }
    found = side_by_side(ways, repeats, same=_same_pages).reset_index()
    found.insert(1, "pages", [len(answer) for answer in found["answer"]])
    return found


def report(
    regions: Sequence[str], jobs: int, notebooks: Sequence[str] = ()
) -> Callable:
    """Make pages of regions anew; the seconds of each by region and notebook."""
    words = ["research", "report", *regions, "--jobs", str(jobs)]
    words += [word for name in notebooks for word in ("--notebook", name)]

    def call():
        with TemporaryDirectory() as folder:
            out = Path(folder) / "reports"  # the logs come beside it
            _run([*words, "--out", str(out)])
            return {
                f"{path.parent.name}/{page['notebook']}": page["seconds"]
                for path in sorted(out.glob("*/manifest.json"))
                for page in json.loads(path.read_text("utf-8"))["pages"]
            }

    return call


def one_by_one(
    region: str, notebooks: Sequence[str], one_thread: bool = False
) -> Callable:
    """Run and export notebooks by commands, one after the other."""
    environment = {**os.environ, **(ONE_THREAD if one_thread else {})}

    def call():
        with TemporaryDirectory() as out:
            for name in notebooks:
                made = f"{out}/{name}.ipynb"
                words = ["papermill", f"notebooks/{name}.ipynb", made, "-p", "region"]
                _run([*words, region], environment)
                _run(["jupyter", "nbconvert", "--to", "html", made], environment)
            name = Path(region).name
            return {f"{name}/{page.stem}": None for page in Path(out).glob("*.html")}

    return call


def _same_pages(first: dict, other: dict) -> bool:
    return set(first) == set(other)


def _run(words: Sequence[str], environment: dict | None = None) -> None:
    command = [str(BIN / words[0]), *words[1:]]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
