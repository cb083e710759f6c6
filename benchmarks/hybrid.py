"""Networks against simple methods, where the truth is planted or known.

``python -m benchmarks.hybrid [CUSTOMERS] [SEEDS]`` prints the adjusted Rand index
against the truth, mean and standard deviation over draws of the data and seeds, with
the number of segments given. Families are those of `region.synthetic.families` at their
default difficulty: even, and as the synthetic regions mix them. Digits are those of
scikit-learn, the same in every draw. `docs/hybrid.md` keeps the table.
"""

import sys
import time

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from research.region.synthetic.families import region_shares, shape_families
from research.segmenters import LoadShapeKMeans, normalize_shapes
from research.segmenters.hybrid import HybridNetwork


def data(name, n, seed):
    """Curves, truth, number of classes and normalisation."""
    if name == "digits":
        X, truth = load_digits(return_X_y=True)
        return X, truth, 10, "none"
    shares = region_shares() if name == "families, as mixed" else None
    X, truth = shape_families(n, shares=shares, random_state=seed)
    return X, truth, 13, "peak"


def methods(k, how, seed):
    def mixture_of_axes(X):
        axes = PCA(10, random_state=seed).fit_transform(normalize_shapes(X, how))
        mixture = GaussianMixture(k, n_init=3, reg_covar=1e-4, random_state=seed)
        return mixture.fit_predict(axes / axes.std())

    def network(arm, n_seeds=1):
        return HybridNetwork(
            k, arm=arm, normalization=how, n_seeds=n_seeds, random_state=seed
        )

    kmeans = LoadShapeKMeans(k, normalization=how, n_init=20, random_state=seed)
    return {
        "k-means": kmeans.fit_predict,
        "PCA, then mixture": mixture_of_axes,
        "autoencoder, one network": network("autoencoder").fit_predict,
        "idec, one network": network("idec").fit_predict,
        "som on codes, one network": network("som").fit_predict,
        "graph, one network": network("graph").fit_predict,
        "graph, consensus of five": network("graph", 5).fit_predict,
    }


def main(n=1500, n_draws=5):
    rows = []
    for draw in range(n_draws):
        for name in ("families, even", "families, as mixed", "digits"):
            X, truth, k, how = data(name, n, draw)
            for method, fit in methods(k, how, draw).items():
                began = time.process_time()
                found = adjusted_rand_score(truth, fit(X))
                rows.append((name, method, draw, found, time.process_time() - began))
                print(*rows[-1], sep="\t", file=sys.stderr, flush=True)
    runs = pd.DataFrame(rows, columns=["data", "method", "draw", "ari", "cpu_s"])
    table = runs.pivot_table(
        index="method",
        columns="data",
        values="ari",
        aggfunc=["mean", "std"],
        sort=False,
    )
    print(f"Adjusted Rand index, {n} customers, {n_draws} draws")
    print(table.round(3).to_string())
    print(runs.groupby("method", sort=False)["cpu_s"].mean().round(1).to_string())
    ahead = runs.pivot(index=["data", "draw"], columns="method", values="ari")
    gain = ahead["graph, consensus of five"] - ahead["k-means"]
    print("Graph consensus less k-means, by data: mean, draws ahead")
    print(
        gain.groupby("data")
        .agg(["mean", lambda gains: int(np.sum(gains > 0))])
        .round(3)
        .to_string()
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
