"""How long a planned comparison takes: all methods on 3,000 planted customers.

``python -m benchmarks.comparison [CUSTOMERS [PROTOCOL]]`` prints the wall and CPU
seconds of a shipped protocol (3,000 customers and "default" unless told), of each
method's fits, and what a second call takes that finds everything done.
"""

import sys
import tempfile
import time

import numpy as np
import pandas as pd

from research.comparison import (
    read_protocol,
    run_trials,
    shipped_protocol,
    without,
)
from research.region.strict_yaml import read_yaml
from research.region.synthetic.families import shape_families
from research.segmenters import (
    LoadShapeKMeans,
    LoadShapeMixture,
    LoadShapeWard,
    SOMSegmenter,
)
from research.segmenters.hybrid import HybridNetwork

METHODS = {
    "k-means": LoadShapeKMeans(),
    "mixture": LoadShapeMixture(),
    "Ward": LoadShapeWard(),
    "self-organising map": SOMSegmenter(),
    "hybrid network": HybridNetwork(),
}
HOURS = 8 * 24


def planted(n, seed=0):
    """Curves of eight typical days by the hour, what follows from them, and a class."""
    rng = np.random.default_rng(seed)
    day, family = shape_families(n, n_slots=24, random_state=seed)
    seasons = rng.lognormal(0, 0.15, (n, 8, 1))
    noise = rng.lognormal(0, 0.1, (n, 8, 24))
    curves = pd.DataFrame((day[:, None] * seasons * noise).reshape(n, HOURS))
    code = pd.factorize(family, sort=True)[0]
    later = pd.DataFrame(
        {
            "log_daily_kwh": np.log(day.sum(axis=1)) + rng.normal(0, 0.5, n),
            "evening_share": day[:, 17:22].sum(axis=1) / day.sum(axis=1)
            + rng.normal(0, 0.03, n),
            "area_peak_share": day[:, 19] / day.mean(axis=1) + rng.normal(0, 0.3, n),
            "arrears": rng.random(n) < 0.02 + 0.1 * (code == 0),
            "complaint": rng.random(n) < 0.05,
        }
    )
    classes = pd.DataFrame({"industry": np.where(rng.random(n) < 0.3, -1, code)})
    return curves, later, classes


def main():
    """Run it once, then again from what was kept."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    name = sys.argv[2] if len(sys.argv) > 2 else "default"
    curves, later, classes = planted(n)
    protocol = read_protocol(shipped_protocol(name), read_yaml)
    there = {*METHODS, *classes}
    lacking = {
        method: "not planted"
        for method in [*protocol.methods]
        if method not in there and method not in ("random partition", "one segment")
    }
    protocol = without(protocol, lacking)
    methods = {name: METHODS[name] for name in METHODS if name in protocol.methods}
    traits = curves.T.groupby(np.arange(HOURS) % 24).mean().T
    space = curves.div(curves.max(axis=1), axis=0)
    with tempfile.TemporaryDirectory() as folder:
        for call in ("first", "again"):
            wall, cpu = time.perf_counter(), time.process_time()
            found = run_trials(
                protocol,
                methods,
                {"load shape": curves},
                later,
                labels=classes,
                traits=traits,
                space=space,
                folder=folder,
            )
            print(
                f"{call}: {n:,} customers, {protocol.source}, "
                f"{len(found.runs) // len(protocol.metrics):,} runs: "
                f"{time.perf_counter() - wall:.1f} s wall, "
                f"{time.process_time() - cpu:.1f} s CPU"
            )
    seconds = found.costs[found.costs["score"] == "seconds"]
    print(
        seconds.groupby("method", sort=False)["value"].agg(["count", "sum", "median"])
    )
    print(
        found.runs[found.runs["score"] == "usefulness"]
        .groupby("method", sort=False)["value"]
        .mean()
    )


if __name__ == "__main__":
    main()
