"""Ways of segmenting by shape, judged where the truth is planted.

``python -m benchmarks.segmenters [SEEDS]`` draws mean days of thirteen shape families
(1,000 customers of 48 readings, even and uneven shares, two levels of difficulty) and
smooth random rhythms of six classes, segments them in the true number by each way, and
prints the mean adjusted Rand index over the seeds, its range, and the seconds of CPU a
fit takes. Three seeds take half a minute.
"""

import sys
import time

import pandas as pd
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from benchmarks.number_of_segments import planted_curves
from research.region.synthetic.families import region_shares, shape_families
from research.segmenters import (
    LoadShapeKMeans,
    LoadShapeMixture,
    LoadShapeWard,
    SOMSegmenter,
    normalize_shapes,
)

WAYS = {
    "k-means": lambda k, seed: LoadShapeKMeans(k, random_state=seed),
    "mixture, full": lambda k, seed: LoadShapeMixture(k, random_state=seed),
    "mixture, diag": lambda k, seed: LoadShapeMixture(
        k, covariance="diag", random_state=seed
    ),
    "Ward": lambda k, seed: LoadShapeWard(k, random_state=seed),
    "Ward on 400 groups": lambda k, seed: LoadShapeWard(
        k, max_customers=500, random_state=seed
    ),
    "map + PAM": lambda k, seed: SOMSegmenter(k, random_state=seed),
    "map + Ward": lambda k, seed: SOMSegmenter(k, how="ward", random_state=seed),
}


class PlainMixture:
    """Ten principal components and scikit-learn's mixture, for comparison."""

    def __init__(self, k, seed):
        self.mixture = GaussianMixture(
            k, n_init=20, reg_covar=1e-3, tol=1e-4, max_iter=500, random_state=seed
        )

    def fit(self, X):
        """Find the classes of the curves `X`."""
        scores = PCA(10, random_state=0).fit_transform(normalize_shapes(X))
        self.labels_ = self.mixture.fit_predict(scores / scores[:, 0].std())
        return self


def planted_sets(seed):
    for difficulty in ("medium", "hard"):
        yield (
            f"13 families, {difficulty}",
            *shape_families(1000, n_slots=48, difficulty=difficulty, random_state=seed),
        )
    yield (
        "uneven families, medium",
        *shape_families(1000, n_slots=48, shares=region_shares(), random_state=seed),
    )
    yield "6 rhythms", *planted_curves(seed, 1000, 6, 0.8, True)


def main(n_seeds=3):
    rows = []
    ways = WAYS | {"PCA + scikit-learn mixture": PlainMixture}
    for seed in range(n_seeds):
        for name, X, truth in planted_sets(seed):
            for way, make in ways.items():
                began = time.process_time()
                labels = make(len(set(truth)), seed).fit(X).labels_
                spent = time.process_time() - began
                score = adjusted_rand_score(truth, labels)
                rows.append((way, name, score, spent))
    table = pd.DataFrame(rows, columns=["way", "set", "ari", "seconds"])
    scores = table.pivot_table(index="way", columns="set", values="ari", sort=False)
    scores["mean"] = scores.mean(axis=1)
    spread = table.groupby(["way", "set"])["ari"].agg(lambda ari: ari.max() - ari.min())
    scores["widest range"] = spread.groupby("way").max()
    scores["seconds"] = table.groupby("way")["seconds"].mean()
    print(f"Adjusted Rand index, mean of {n_seeds} seeds")
    print(scores.round(3).to_string())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
