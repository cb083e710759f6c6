"""Wall time, CPU time and memory of a call, each taken in a process of its own.

What is measured is named as ``module:function`` and told with plain arguments, so that
a fresh process can find it. The function prepares (imports, reads, warms up) and
returns a call without arguments; that call alone is timed:

    def count_readings(folder):           # module benchmarks.features
        table = pandas.read_parquet(folder)
        return lambda: len(table)         # this is timed

    side_by_side({"pandas": way("benchmarks.features:count_readings", "data/x")})

What the call returns comes back as ``answer`` (anything JSON can carry), so that ways
can be held against each other before their times are believed.
"""

import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

ROOT = Path(__file__).parents[1]
REPEATS = 3
SECONDS_BETWEEN_LOOKS = 0.05
PACKAGES = (
    *("numpy", "pandas", "pyarrow", "duckdb", "numba", "scikit-learn", "distributed"),
    *("tensorflow-cpu", "papermill", "nbconvert"),
    *("polars", "tsfresh", "tslearn", "minisom"),
)
COLUMNS = ["wall_s", "cpu_s", "peak_gb"]


def way(function: str, *args: Any, **kwargs: Any) -> list:
    """What to measure: ``module:function`` and its arguments, as JSON can carry."""
    return [function, args, kwargs]


def side_by_side(
    ways: Mapping[str, Sequence],
    repeats: int = REPEATS,
    same: Callable[[Any, Any], bool] | None = None,
) -> pd.DataFrame:
    """Measure ways in turn, so that a busy minute hits all of them.

    Parameters
    ----------
    ways : mapping
        A name to a `way`, or to a list that starts with the string ``"$"`` for a
        command, as `command` makes it. The first is the one others are held against.
    repeats : int
        Rounds; the medians are returned.
    same : callable, optional
        Told the answer of the first way and of another one, whether they agree.
        Looked at after the first round, before any is believed.

    Returns
    -------
    measured : DataFrame of shape (n_ways, 7)
        Indexed by ``way``: medians of ``wall_s``, ``cpu_s``, ``peak_gb`` (10^9 bytes),
        the fastest and slowest wall time, ``repeats``, and the ``answer`` of the
        first round.

    Raises
    ------
    ValueError
        Where two ways give different answers.
    RuntimeError
        Where a way fails; with the end of what it wrote.
    """
    rounds = []
    for number in range(repeats):
        found = {name: measured_once(told) for name, told in ways.items()}
        if number == 0 and same is not None:
            _agree({name: one["answer"] for name, one in found.items()}, same)
        rounds += [{"way": name, **one} for name, one in found.items()]
    runs = pd.DataFrame(rounds)
    walls = runs.groupby("way", sort=False)["wall_s"].agg(["min", "max"])
    medians = runs.groupby("way", sort=False)[COLUMNS].median()
    medians["wall_min_s"], medians["wall_max_s"] = walls["min"], walls["max"]
    medians["repeats"] = repeats
    medians["answer"] = runs.drop_duplicates("way").set_index("way")["answer"]
    return medians


def measured(told: Sequence, repeats: int = REPEATS) -> dict[str, Any]:
    """Measure one way: the row of `side_by_side` as a dictionary."""
    return side_by_side({"": told}, repeats).iloc[0].to_dict()


def command(*words: str, cwd: Path | str = ROOT) -> list:
    """What to measure: a whole command, its start included."""
    return ["$", [str(word) for word in words], str(cwd)]


def measured_once(told: Sequence) -> dict[str, Any]:
    """Wall and CPU seconds, peak memory in 10^9 bytes and the answer of one run."""
    if told[0] == "$":
        return _measured_command(*told[1:])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "measured.json"
        words = [sys.executable, "-m", "benchmarks.measuring", json.dumps(told), out]
        peak = _run([str(word) for word in words], ROOT)[2]
        found = json.loads(out.read_text("utf-8"))
    found["peak_gb"] = max(peak, found.pop("own_peak")) / 1e9
    return found


def _measured_command(words: list[str], cwd: str) -> dict[str, Any]:
    wall, cpu, peak = _run(words, Path(cwd))
    return {"wall_s": wall, "cpu_s": cpu, "peak_gb": peak / 1e9, "answer": None}


def _run(words: list[str], cwd: Path) -> tuple[float, float, int]:
    """Run to the end; wall and CPU seconds with descendants, most memory in bytes."""
    began, before, peak = time.perf_counter(), _cpu_of_children(), 0
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(words, cwd=cwd, stdout=said, stderr=said)
        while True:
            peak = max(peak, memory_of_tree(running.pid))
            with suppress(subprocess.TimeoutExpired):
                running.wait(SECONDS_BETWEEN_LOOKS)
                break
        wall = time.perf_counter() - began
        if running.returncode:
            said.seek(0)
            end = said.read().decode("utf-8", "replace")[-2000:]
            raise RuntimeError(f"{' '.join(words)} ended with an error:\n{end}")
    return wall, _cpu_of_children() - before, peak


def memory_of_tree(pid: int) -> int:
    """Resident bytes of a process and its descendants, shared pages counted once.

    Of pages that processes share, files and libraries above all, the largest process's
    are counted. Pages that a fork still has in common with its parent count twice.
    """
    own, shared = 0, [0]
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            with suppress(psutil.Error):
                memory = process.memory_info()
                shared.append(getattr(memory, "shared", 0))
                own += memory.rss - shared[-1]
    return own + max(shared)


def _cpu_of_children() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


def _agree(answers: dict[str, Any], same: Callable[[Any, Any], bool]) -> None:
    first, *others = answers
    for other in others:
        if not same(answers[first], answers[other]):
            raise ValueError(
                f"{other!r} and {first!r} differ: "
                f"{str(answers[other])[:300]} and {str(answers[first])[:300]}"
            )


def _own_peak() -> int:
    """Most bytes that this process held; 0 where the system does not tell."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def measure_here(told: Sequence) -> dict[str, Any]:
    """Prepare, then time the call, in this process."""
    function, args, kwargs = told
    module, name = function.split(":")
    call = getattr(importlib.import_module(module), name)(*args, **kwargs)
    began, before = time.perf_counter(), time.process_time() + _cpu_of_children()
    answer = call()
    wall, after = time.perf_counter() - began, time.process_time() + _cpu_of_children()
    return {
        "wall_s": wall,
        "cpu_s": after - before,
        "own_peak": _own_peak(),
        "answer": answer,
    }


def setting() -> dict[str, Any]:
    """Where and with what is measured: date, machine, load, versions of packages."""
    packages = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            packages[name] = version(name)
    return {
        "date": date.today().isoformat(),
        "cpu": _cpu_name(),
        "cores": len(psutil.Process().cpu_affinity())
        if hasattr(psutil.Process, "cpu_affinity")
        else psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": f"{platform.system()} {platform.machine()}",
        "load_at_start": round(psutil.getloadavg()[0], 1),
        "versions": {"python": platform.python_version(), **packages},
    }


def _cpu_name() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    found = measure_here(json.loads(sys.argv[1]))
    Path(sys.argv[2]).write_text(json.dumps(found), "utf-8")
