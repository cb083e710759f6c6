"""Rules that choose the number of segments, judged where the truth is planted.

``python -m benchmarks.number_of_segments [SEEDS]`` draws daily curves of random rhythms
(100 and 300 customers, 4 and 6 true classes, small and large shifts in time, even and
uneven sizes), lets every rule choose, and prints the mean adjusted Rand index of the
segments each rule ends with, beside that of the best number. Six seeds take three
minutes.
"""

import math
import sys
from itertools import product

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from research.comparison import k_evidence
from research.segmenters import LoadShapeKMeans

HOURS = np.arange(0, 24, 0.5)


def planted_curves(seed, n, n_classes, shift, uneven):
    rng = np.random.default_rng(seed)
    rhythms = [_rhythm(rng) for _ in range(n_classes)]
    weights = 0.7 ** np.arange(n_classes) if uneven else np.ones(n_classes)
    truth = rng.choice(n_classes, n, p=weights / weights.sum())
    curves = np.empty((n, len(HOURS)))
    for row, label in zip(curves, truth, strict=True):
        moved = (HOURS - rng.normal(0, shift)) % 24
        row[:] = np.interp(moved, HOURS, rhythms[label], period=24)
        row *= rng.lognormal(0, 0.5) * rng.gamma(20, 1 / 20, len(HOURS))
    return curves, truth


def _rhythm(rng):
    curve = np.full(len(HOURS), 0.3)
    for _ in range(rng.integers(1, 4)):
        hour, width, height = rng.uniform(0, 24), rng.uniform(1, 3), rng.uniform(0.5, 2)
        apart = (HOURS - hour + 12) % 24 - 12
        curve += height * np.exp(-((apart / width) ** 2))
    return curve


def choices(evidence):
    table = evidence.set_index("k")
    large = table["smallest"] >= max(5, math.ceil(0.03 * table["n_customers"].iloc[0]))
    fallback = table["least_stable"].where(large).idxmax()

    def largest(wanted):
        passing = table.index[large & wanted]
        return max(passing) if len(passing) else fallback

    near_best = table["bic"] <= table["bic"].min() + 10
    strong = table.index[table["prediction_strength"] >= 0.8]
    return {
        "Jaccard >= .75": largest(table["least_stable"] >= 0.75),
        "Jaccard >= .80": largest(table["least_stable"] >= 0.80),
        "Jaccard >= .85": largest(table["least_stable"] >= 0.85),
        "Jaccard >= .75, BIC near best": largest(
            (table["least_stable"] >= 0.75) & near_best
        ),
        "mixture BIC": table["bic"].idxmin(),
        "prediction strength >= .8": max(strong, default=2),
        "silhouette": table["silhouette"].idxmax(),
    }


def main(n_seeds=6):
    rows = []
    grid = product(range(n_seeds), (100, 300), (4, 6), (0.4, 1.0), (False, True))
    for seed, n, n_classes, shift, uneven in grid:
        X, truth = planted_curves(97 * seed + n_classes, n, n_classes, shift, uneven)
        segmenter = LoadShapeKMeans(n_init=20, random_state=0)
        evidence = k_evidence(
            segmenter, X, range(2, 10), 30, n_splits=8, n_nulls=0, n_clouds=0
        )
        found = {
            k: adjusted_rand_score(
                truth, segmenter.set_params(n_clusters=k).fit(X).labels_
            )
            for k in evidence["k"]
        }
        row = {"customers": n, "best number": max(found.values())}
        rows.append(row | {rule: found[k] for rule, k in choices(evidence).items()})
    table = pd.DataFrame(rows)
    table = pd.concat(
        [table.groupby("customers").mean(), table.mean().to_frame("all").T]
    )
    print(f"Mean adjusted Rand index over {len(rows)} planted sets")
    print(table.drop(columns="customers").T.round(3).to_string())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
