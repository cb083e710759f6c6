"""Seconds and peak memory of making synthetic regions, against their targets.

    python -m benchmarks.synthesis [daily|panel|full ...]

``daily``: 20,000 customers of two years with all tables and next to no readings of 15
minutes, at most 60 s. ``panel``: 3,000 customers with a year of them (105 million
rows), at most 40 s, written. ``full``: the published region as it is, defects and row
rules included. Each runs in a process of its own, on as many cores as there are; its
seconds of CPU tell what a busy machine hides.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from research.region.synthetic import synthesize

WANTED = {
    "daily": {"size": "full", "panel": 26, "defects": "none"},
    "panel": {"customers": 3_000, "panel": 3_000, "days": 365, "defects": "none"},
    "full": {"size": "full", "defects": "typical"},
}
SECONDS = {"daily": 60.0, "panel": 40.0}


def main(*names: str) -> None:
    rows = []
    for name in names or tuple(WANTED):
        command = [sys.executable, "-m", "benchmarks.synthesis", "--one", name]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append({"run": name, **json.loads(done.stdout.splitlines()[-1])})
    result = pd.DataFrame(rows).set_index("run")
    result["target_s"] = pd.Series(SECONDS)
    print(result.to_string())


def one(name: str) -> None:
    """Make one region and print what it took; the steps go to the error stream."""
    steps = []
    with tempfile.TemporaryDirectory() as folder:
        start, before = time.perf_counter(), time.process_time()
        region = synthesize(
            "haihe",
            Path(folder) / "haihe",
            **WANTED[name],
            say=lambda step: steps.append((step, time.perf_counter() - start)),
        )
        wall, cpu = time.perf_counter() - start, time.process_time() - before
        files = (f for f in region.path.rglob("*") if f.is_file())
        size = sum(file.stat().st_size for file in files)
        readings = region.query("select count(*) as n from readings")["n"].item()
    used = resource.getrusage(resource.RUSAGE_SELF)
    for step, at in steps:
        print(f"{at:8.1f} s {step}", file=sys.stderr)
    figures = {
        "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1),
        "peak_gb": round(used.ru_maxrss / 1e6, 2),
        "readings_m": round(readings / 1e6, 1),
        "disk_mb": round(size / 1e6),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2])
    else:
        main(*sys.argv[1:])
