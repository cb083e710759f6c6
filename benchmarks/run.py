"""Measure the parts, keep their results, make the page.

    python -m benchmarks.run [--only NAME ...] [--size small|full] [--repeats N]
                             [--folder DIR] [--render]

Without ``--size full`` it is a look of some minutes, into ``--folder`` and not into the
results that are kept here. ``--render`` measures nothing and makes the page again.
"""

import argparse
import importlib
import sys
import time
from pathlib import Path

import pandas as pd

from benchmarks import costs, pages
from benchmarks.measuring import REPEATS, ROOT, setting
from benchmarks.parts import PARTS, Part
from benchmarks.records import FOLDER, read_results, write_result

DATA = ROOT / "benchmarks" / "data"
SCALING = ROOT / "docs" / "scaling.md"


def measure(part: Part, size: str, folder: Path, repeats: int) -> pd.DataFrame:
    """The part's table, its index as columns."""
    module, name = part.function.split(":")
    results = getattr(importlib.import_module(module), name)
    arguments = part.full if size == "full" else part.small
    table = results(**{"folder": folder, "repeats": repeats, **arguments})
    return table if isinstance(table.index, pd.RangeIndex) else table.reset_index()


def render(kept: Path, where: Path) -> None:
    """Make the page and the picture from the results; costs, if these are ours."""
    found = read_results(kept)
    pages.write(found, where)
    if kept == FOLDER:
        costs.fill(SCALING, found)


def main() -> int:
    told = _arguments()
    small = told.size == "small" and not told.render
    where = told.folder / "small" if small else FOLDER.parent
    kept = where / "results" if small else FOLDER
    failed = []
    for name in [] if told.render else told.only or PARTS:
        began, here = time.perf_counter(), setting()
        told.folder.mkdir(parents=True, exist_ok=True)
        try:
            table = measure(PARTS[name], told.size, told.folder, told.repeats)
        except Exception as error:  # the other parts go on
            failed.append(name)
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        write_result(name, table, {**here, "size": told.size}, kept)
        print(f"\n{name}: {time.perf_counter() - began:.0f} s")
        print(table.drop(columns="answer", errors="ignore").to_string(index=False))
    render(kept, where)
    print(f"\n{where / 'RESULTS.md'}")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="NAME")
    parser.add_argument("--size", choices=["small", "full"], default="small")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--folder", type=Path, default=DATA, help="for made data")
    parser.add_argument("--render", action="store_true", help="measure nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
