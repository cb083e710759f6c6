"""What it takes to train the hybrid network, beside k-means and a mixture on axes.

The segments differ by design, so that no answers are compared: the adjusted Rand index
against the planted families stands beside the time.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measuring import side_by_side, way

WAYS = (
    "k-means",
    "PCA, then mixture",
    "graph, one network",
    "graph, consensus of five",
)


def results(
    customers: Sequence[int], folder: Path | str | None = None, repeats: int = 3
) -> pd.DataFrame:
    """One row a method and number of customers."""
    tables = []
    for n in customers:
        ways = {name: way("benchmarks.networks:fit", name, n) for name in WAYS}
        found = side_by_side(ways, repeats)
        found.insert(0, "customers", n)
        found["ari"] = found["answer"]
        tables.append(found.reset_index())
    return pd.concat(tables, ignore_index=True)


def fit(name: str, n: int) -> Callable:
    """Fit a method of `benchmarks.hybrid` after TensorFlow is there."""
    from sklearn.metrics import adjusted_rand_score

    from benchmarks.hybrid import data, methods
    from research.segmenters.hybrid import HybridNetwork

    X, truth, k, how = data("families, even", n, 0)
    HybridNetwork(2, n_seeds=1, epochs=1).fit(np.eye(20) + 1)  # imports TensorFlow
    method = methods(k, how, 0)[name]
    return lambda: float(adjusted_rand_score(truth, method(X)))
