"""Networks on rows of many readings: seen as they are, and on their principal axes.

``python -m benchmarks.hybrid_many_readings [CUSTOMERS] [DRAWS] [FIRST]`` prints the
adjusted Rand index of one network against planted families, and CPU seconds a fit, by
four and eight typical days of 96 readings. `docs/hybrid.md` keeps the table.
"""

import sys
import time

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from research.region.synthetic.families import region_shares, shape_families
from research.region.synthetic.streams import following
from research.segmenters import _span
from research.segmenters.hybrid import HybridNetwork

# Each typical day is the mean day times noise of its own, and of a size of its own.
DAY_NOISE, PERSISTENCE, DAY_SIZES = 0.15, 0.8, (0.8, 1.25)
ALWAYS, NEVER = 128, 10**9
"""Readings above which rows are seen on axes."""


def typical_days(X, n_days, rng):
    """Rows of `n_days` days each, of the shape of the mean day in `X`."""
    days = []
    for _ in range(n_days):
        noise = following(rng.standard_normal(X.shape), PERSISTENCE)
        noise *= DAY_NOISE * np.sqrt(1 - PERSISTENCE**2)
        sizes = rng.uniform(*DAY_SIZES, (len(X), 1))
        days.append(X * np.exp(noise) * sizes)
    return np.hstack(days)


def main(n=1500, n_draws=5, first=0):
    HybridNetwork(2, n_seeds=1, epochs=1).fit(np.eye(20) + 1)  # imports TensorFlow
    rows = []
    for draw in range(first, first + n_draws):
        for name, shares in (("even", None), ("as mixed", region_shares())):
            X, truth = shape_families(n, shares=shares, random_state=draw)
            for n_days in (4, 8):
                curves = typical_days(X, n_days, np.random.default_rng(draw))
                for seen, least in (("readings", NEVER), ("axes", ALWAYS)):
                    _span.MANY_READINGS = least
                    began = time.process_time()
                    network = HybridNetwork(13, n_seeds=1, random_state=draw)
                    found = adjusted_rand_score(truth, network.fit_predict(curves))
                    took = time.process_time() - began
                    rows.append((name, 96 * n_days, seen, draw, found, took))
                    print(*rows[-1], sep="\t", file=sys.stderr, flush=True)
    runs = pd.DataFrame(
        rows, columns=["families", "readings", "seen", "draw", "ari", "cpu_s"]
    )
    table = runs.pivot_table(
        index=["families", "readings"],
        columns="seen",
        values=["ari", "cpu_s"],
        aggfunc=["mean", "std"],
    )
    print(f"{n} customers, {n_draws} draws")
    print(table.round(3).to_string())
    paired = runs.pivot(index=["families", "readings", "draw"], columns="seen")["ari"]
    gain = (paired["axes"] - paired["readings"]).groupby(level=[0, 1])
    print("Axes less readings: mean, standard error")
    print(gain.agg(["mean", "sem"]).round(3).to_string())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
