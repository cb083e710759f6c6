"""Segmenters by the number of customers, beside what a user would take instead.

Mean days of 96 readings of thirteen planted families, in single precision. Answers are
held against each other before a time is told: the inertia of k-means within 1 % of that
of the best of fifty starts, a silhouette within .0001, and a map no
farther from its customers than MiniSom's.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measuring import side_by_side, way
from research.region.synthetic.families import shape_families
from research.segmenters import normalize_shapes

SEGMENTS, STARTS, MINIBATCH_STARTS = 8, 50, 10
NEAR = 0.01
AT_ONCE = 100_000
SOM_GRID, SOM_VISITS = (12, 13), 10


def shapes_of(n: int, folder: Path | str) -> Path:
    """File of `n` normalised curves of planted families, made once."""
    path = Path(folder).absolute() / f"shapes_{n}.npy"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half.npy")
        rows = np.lib.format.open_memmap(half, "w+", np.float32, (n, 96))
        for first in range(0, n, AT_ONCE):
            some = min(AT_ONCE, n - first)
            curves, _ = shape_families(some, random_state=first)
            rows[first : first + some] = normalize_shapes(curves)
        rows.flush()
        os.replace(half, path)
    return path


# --- k-means ------------------------------------------------------------------------


def kmeans(
    customers: Sequence[int], folder: Path | str, repeats: int = 3
) -> pd.DataFrame:
    """One row a way and number of customers, with the inertia over the best of all."""
    tables = []
    for n in customers:
        path = str(shapes_of(n, folder))
        ways = {
            "research": way("benchmarks.at_scale:our_kmeans", path),
            "scikit-learn": way("benchmarks.at_scale:their_kmeans", path),
            "scikit-learn, MiniBatch": way("benchmarks.at_scale:minibatch", path),
        }
        found = side_by_side(ways, repeats)
        best = min(found["answer"])
        found["over_best"] = found["answer"] / best - 1
        if not found.loc["research", "over_best"] <= NEAR:
            raise ValueError(f"{n} customers: k-means ends {found['over_best']}")
        found.insert(0, "customers", n)
        tables.append(found.drop(columns="answer").reset_index())
    return pd.concat(tables, ignore_index=True)


def our_kmeans(path: str) -> Callable[[], float]:
    """Ours with as many starts as scikit-learn's."""
    from research.segmenters import LoadShapeKMeans

    X = np.load(path)
    found = LoadShapeKMeans(
        SEGMENTS, normalization="none", n_init=STARTS, random_state=0
    )
    return lambda: float(found.fit(X).inertia_)


def their_kmeans(path: str) -> Callable[[], float]:
    """scikit-learn's, single precision, as it is by default."""
    from sklearn.cluster import KMeans

    X = np.load(path)
    found = KMeans(SEGMENTS, n_init=STARTS, random_state=0)
    return lambda: float(found.fit(X).inertia_)


def minibatch(path: str) -> Callable[[], float]:
    """scikit-learn's faster one, judged on all customers."""
    from sklearn.cluster import MiniBatchKMeans

    X = np.load(path)
    found = MiniBatchKMeans(
        SEGMENTS, n_init=MINIBATCH_STARTS, batch_size=4096, random_state=0
    )

    def call() -> float:
        found.fit(X)
        return float(-found.score(X))

    return call


# --- silhouette ---------------------------------------------------------------------


def silhouettes(
    customers: Sequence[int], folder: Path | str, repeats: int = 3
) -> pd.DataFrame:
    """One row a way and number of customers; whole silhouettes, no samples."""
    tables = []
    for n in customers:
        path = str(shapes_of(n, folder))
        ways = {
            who: way("benchmarks.at_scale:silhouette_by", path, who)
            for who in ("research", "scikit-learn", "tslearn")
        }
        found = side_by_side(ways, repeats, same=lambda a, b: abs(a - b) < 1e-4)
        found.insert(0, "customers", n)
        tables.append(found.reset_index())
    return pd.concat(tables, ignore_index=True)


def silhouette_by(path: str, who: str) -> Callable[[], float]:
    """The mean silhouette of a division into segments by k-means."""
    from sklearn.cluster import KMeans

    X = np.load(path)
    labels = KMeans(SEGMENTS, n_init=1, random_state=0).fit_predict(X)
    if who == "research":
        from research.comparison import point_silhouettes

        return lambda: float(point_silhouettes(X, labels).mean())
    if who == "tslearn":
        from tslearn.clustering import silhouette_score

        series = X[:, :, None]
        return lambda: float(silhouette_score(series, labels, metric="euclidean"))
    from sklearn.metrics import silhouette_score

    return lambda: float(silhouette_score(X, labels))


# --- maps ---------------------------------------------------------------------------


def maps(
    customers: Sequence[int], folder: Path | str, repeats: int = 3
) -> pd.DataFrame:
    """One row a way: time of showing one customer to the map, and the map's errors."""
    tables = []
    for n in customers:
        path = str(shapes_of(n, folder))
        ways = {
            "research": way("benchmarks.at_scale:our_map", path),
            "MiniSom": way("benchmarks.at_scale:minisom", path),
        }
        found = side_by_side(ways, repeats)
        answers = pd.DataFrame(list(found["answer"]), index=found.index)
        far = answers["quantization_error"]
        if far["research"] > far["MiniSom"]:
            raise ValueError(f"{n} customers: the map lies farther away: {far}")
        found["us_a_visit"] = found["cpu_s"] / answers["visits"] * 1e6
        found = found.join(answers.drop(columns="visits"))
        found.insert(0, "customers", n)
        tables.append(found.drop(columns="answer").reset_index())
    return pd.concat(tables, ignore_index=True)


def our_map(path: str) -> Callable[[], dict]:
    """Ours with a width of the neighbourhood that it finds faithful beforehand."""
    from research.segmenters import SelfOrganizingMap

    X = np.load(path)
    chosen = SelfOrganizingMap(SOM_GRID, normalization="none").fit(X).radius_
    som = SelfOrganizingMap(SOM_GRID, normalization="none", radius=chosen)

    def call() -> dict:
        som.fit(X)
        return {
            "visits": som.n_epochs * len(X),
            "quantization_error": som.quantization_error_,
            "topographic_error": som.topographic_error_,
        }

    return call


def minisom(path: str) -> Callable[[], dict]:
    """MiniSom on the same grid, each customer shown ten times."""
    from minisom import MiniSom

    X = np.load(path)
    som = MiniSom(
        *SOM_GRID, X.shape[1], sigma=max(SOM_GRID) / 2, learning_rate=0.5,
        topology="hexagonal", random_seed=0,
    )  # fmt: skip
    som.random_weights_init(X)

    def call() -> dict:
        som.train_random(X, SOM_VISITS * len(X))
        return {
            "visits": SOM_VISITS * len(X),
            "quantization_error": float(som.quantization_error(X)),
            "topographic_error": float(som.topographic_error(X)),
        }

    return call


# --- growth -------------------------------------------------------------------------

SEGMENTERS = ("k-means", "mixture", "map", "Ward")


def growth(
    customers: Sequence[int], folder: Path | str, repeats: int = 3
) -> pd.DataFrame:
    """One row a segmenter and number of customers: learn, then score all."""
    tables = []
    for n in customers:
        path = str(shapes_of(n, folder))
        ways = {
            name: way("benchmarks.at_scale:learn_and_score", path, name)
            for name in SEGMENTERS
        }
        found = side_by_side(ways, repeats)
        answers = pd.DataFrame(list(found["answer"]), index=found.index)
        found = found.drop(columns="answer").join(answers)
        found.insert(0, "customers", n)
        tables.append(found.reset_index())
    return pd.concat(tables, ignore_index=True)


def learn_and_score(path: str, name: str) -> Callable[[], dict]:
    """Fit to the customers, then ask for the segment of each and how well it fits."""
    from research import segmenters

    made = {
        "k-means": lambda: segmenters.LoadShapeKMeans(
            SEGMENTS, normalization="none", n_init=20, random_state=0
        ),
        "mixture": lambda: segmenters.LoadShapeMixture(
            SEGMENTS, normalization="none", random_state=0
        ),
        "map": lambda: segmenters.SOMSegmenter(
            SEGMENTS, normalization="none", random_state=0
        ),
        "Ward": lambda: segmenters.LoadShapeWard(SEGMENTS, normalization="none"),
    }
    X = np.load(path)
    segmenter = made[name]()

    def call() -> dict:
        labels = segmenter.fit(X).predict(X)
        segmenter.distance_ratio(X)
        return {"largest": int(np.bincount(labels).max())}

    return call
