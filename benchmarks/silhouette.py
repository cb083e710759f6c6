"""The silhouette against scikit-learn's, in time and in error.

``python -m benchmarks.silhouette [POINTS [READINGS]]`` prints, for three numbers of
segments of planted points (10,000 of 96 readings), the seconds of each, wall and CPU,
medians of three in turn, and how many times faster ours is; then how far ours is from
silhouettes by differences in float64 on points that are hard for float32; then a sample
of 1,000 with its interval. Set OMP_NUM_THREADS=1 to see it on one core. Half a minute.
"""

import sys
import time

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from sklearn.metrics import silhouette_samples, silhouette_score

from research.comparison import (
    point_silhouettes,
    sampled_silhouette,
    simplified_silhouette,
)


def planted(n, n_features, n_segments, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_segments, size=n)
    centers = rng.gamma(2, 1, (n_segments, n_features))
    return centers[labels] + rng.standard_normal((n, n_features)), labels


def hard_cases(n=1200, n_features=48, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n, n_features))
    spots = rng.standard_normal((3, n_features))
    thirds, odd = np.repeat([0, 1, 2], n // 3), np.arange(n) % 3
    yield "one cloud", noise, odd
    yield "one cloud far away", noise + 1e6, odd
    yield "tight and far apart", spots[thirds] + 1e-5 * noise, thirds
    yield "tight, labels by chance", spots[thirds] + 1e-6 * noise, odd
    merged = np.repeat([0, 0, 1], n // 3)
    yield "two spots in one", spots[thirds % 2] + 1e-4 * noise, merged
    pair = spots * 1.0
    pair[1] = pair[0] + 1e-4 * rng.standard_normal(n_features)
    yield "a near pair, a far third", pair[thirds] + 2e-5 * noise, thirds
    yield "half of the rows identical", np.where(odd[:, None] > 0, noise, 0.5), thirds


def seconds(*calls):
    taken = np.empty((3, len(calls), 2))
    for run in taken:
        for both, call in zip(run, calls, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            both[:] = time.perf_counter() - wall, time.process_time() - cpu
    return np.median(taken, axis=0)


def main(n=10_000, n_features=96):
    rows = []
    for n_segments in (3, 8, 200):
        X, labels = planted(n, n_features, n_segments)
        theirs, ours = seconds(
            lambda X=X, labels=labels: silhouette_score(X, labels),
            lambda X=X, labels=labels: point_silhouettes(X, labels),
        )
        error = point_silhouettes(X, labels).mean() - silhouette_score(X, labels)
        rows.append((n_segments, *theirs, *ours, *(theirs / ours), error))
    columns = ["segments", "their_s", "their_cpu", "our_s", "our_cpu"]
    table = pd.DataFrame(rows, columns=[*columns, "faster", "faster_cpu", "error"])
    print(f"{n:,} points of {n_features} readings")
    print(table.to_string(index=False, float_format="{:.3g}".format))

    rows = []
    for name, points, segments in hard_cases():
        by_differences = silhouette_samples(
            cdist(points, points), segments, metric="precomputed"
        )
        apart = point_silhouettes(points, segments) - by_differences
        rows.append((name, apart.mean(), np.abs(apart).max()))
    table = pd.DataFrame(rows, columns=["points", "error of the mean", "of a point"])
    print(table.to_string(index=False, float_format="{:.1g}".format))

    X, labels = planted(n, n_features, 8)
    sampled, simplified = seconds(
        lambda: sampled_silhouette(X, labels), lambda: simplified_silhouette(X, labels)
    )
    print(f"exact {point_silhouettes(X, labels).mean():.4f}")
    found = sampled_silhouette(X, labels)
    print(
        f"of {found['n_sampled']:.0f} points {found['silhouette']:.4f} "
        f"({found['low']:.4f} to {found['high']:.4f}), {sampled[1]:.3f} s of CPU"
    )
    print(
        f"simplified {simplified_silhouette(X, labels):.4f}, "
        f"{simplified[1]:.3f} s of CPU"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
