"""Regions built so that the right answer of a comparison is known beforehand."""

from typing import ClassVar, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

from research.comparison import decide_by, protocol_of, run_trials
from research.segmenters import RFMSegmenter


class Built(NamedTuple):
    """All that a comparison is given."""

    protocol: object
    methods: dict
    features: dict
    outcomes: pd.DataFrame
    labels: pd.DataFrame | None = None

    def trials(self, **more):
        """Run it; `more` takes the place of what is given, or is given besides."""
        given = self._asdict() | more
        return run_trials(
            given.pop("protocol"),
            given.pop("methods"),
            given.pop("features"),
            given.pop("outcomes"),
            **given,
        )

    def verdict(self):
        """Run it and decide."""
        return decide_by(self.protocol, self.trials().runs)


def plan(methods, *, k=3, n=10, old=(), metrics=("usefulness",), **more):
    """A protocol of few seeds and `n` replicates; the first metric is the primary one.

    `methods` are plans by name; `more` replaces what stands here.
    """
    if not isinstance(metrics, dict):
        metrics = {name: {"better": "higher"} for name in metrics}
    values = {
        "question": "Which segments foretell best what comes later?",
        "methods": methods,
        "old_classes": list(old),
        "features": ["load shape"],
        "k": {
            "grid": [number for number in (k - 1, k, k + 1) if number > 1],
            "main": k,
        },
        "seeds": {"main": [0], "other": [1]},
        "replicates": {"kind": "splits", "number": n, "test_share": 0.3},
        "metrics": metrics,
        "primary": next(iter(metrics)),
        "decision": {"margin": 0.01},
    }
    return protocol_of({**values, **more}, source="constructed.yaml")


def frame(rng, values):
    """Customers in any order, with names."""
    names = rng.permutation([f"c{i:05}" for i in range(len(values))])
    columns = [f"x{i}" for i in range(np.shape(values)[1])]
    return pd.DataFrame(values, pd.Index(names, name="customer_id"), columns)


def follows(rng, X, group, noise=0.5):
    """A number and an event that come from the group of each customer."""
    group = np.asarray(group)
    worth = group / group.max()
    kwh = 2.0 * worth + noise * rng.standard_normal(len(group))
    arrears = rng.random(len(group)) < 0.1 + 0.8 * worth
    return pd.DataFrame({"kwh": kwh, "arrears": arrears}, X.index)


def unrelated(rng, X):
    """A class that was there before and tells nothing."""
    return pd.DataFrame({"tariff": rng.choice(["A", "B", "C"], len(X))}, X.index)


RIVALS = {
    "k-means": {"settings": {"n_init": 3}},
    "mixture": {"settings": {"n_init": 8, "init_params": "random_from_data"}},
}


def rivals():
    """k-means, and a mixture whose components have any shape."""
    return {"k-means": KMeans(), "mixture": GaussianMixture(reg_covar=1e-3)}


def round_groups(seed=0, n=200, d=40):
    """k-means is right: round groups of one spread, too many hours for a mixture.

    A component of any shape has d (d + 1) / 2 variances to learn, from 35 customers.
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(4, size=n)
    centers = 0.8 * rng.standard_normal((4, d))
    X = frame(rng, centers[group] + rng.standard_normal((n, d)))
    return Built(
        plan(RIVALS, k=4, old=["tariff"]),
        rivals(),
        {"load shape": X},
        follows(rng, X, group),
        unrelated(rng, X),
    )


def crossed_groups(seed=0, n=500):
    """A mixture is right: two long groups across each other, which k-means cuts."""
    rng = np.random.default_rng(seed)
    group = rng.integers(2, size=n)
    spread = np.array([[4.0, 0.4], [0.4, 4.0]])
    X = frame(rng, spread[group] * rng.standard_normal((n, 2)))
    return Built(
        plan(RIVALS, k=2, old=["tariff"]),
        rivals(),
        {"load shape": X},
        follows(rng, X, group),
        unrelated(rng, X),
    )


def payers(seed=0, n=500):
    """Past payments foretell arrears; load shapes are of clear groups and do not."""
    rng = np.random.default_rng(seed)
    rhythm, slackness = rng.integers(3, size=n), rng.random(n)
    shapes = 4 * np.eye(3)[rhythm] + rng.standard_normal((n, 3))
    paid = rng.random((n, 12)) > slackness[:, None]  # of twelve bills
    since = np.where(paid.any(axis=1), paid[:, ::-1].argmax(axis=1), 12)
    amount = rng.lognormal(3, 0.5, n) * paid.sum(axis=1)
    X = frame(rng, shapes)
    payments = pd.DataFrame(
        {
            "recency": since + rng.random(n),
            "frequency": paid.sum(axis=1) / 12.0,
            "amount": amount,
        },
        X.index,
    )
    later = {"kwh": rng.standard_normal(n), "arrears": rng.random(n) < 0.8 * slackness}
    fixed = {"takes_k": False, "takes_seed": False}
    return Built(
        plan(
            {
                "k-means": {"settings": {"n_init": 3}},
                "RFM": {"features": ["payments"], **fixed},
            },
            old=["tariff"],
            metrics=("usefulness: arrears", "usefulness"),
        ),
        {
            "k-means": KMeans(),
            "RFM": RFMSegmenter({"recency": -1, "frequency": 1, "amount": 1}),
        },
        {"load shape": X, "payments": payments},
        pd.DataFrame(later, X.index),
        unrelated(rng, X),
    )


def noise(seed, n=150, d=4):
    """Nothing: neither groups nor anything that foretells."""
    rng = np.random.default_rng(seed)
    X = frame(rng, rng.standard_normal((n, d)))
    later = {"kwh": rng.standard_normal(n), "arrears": rng.random(n) < 0.4}
    return Built(
        plan({"k-means": {}, "mixture": {"settings": {"tol": 0.1}}}, old=["tariff"]),
        {"k-means": Quick(), "mixture": GaussianMixture(covariance_type="diag")},
        {"load shape": X},
        pd.DataFrame(later, X.index),
        unrelated(rng, X),
    )


def small(method=None, **how):
    """Three groups that foretell, for one quick method; `how` goes to `plan`."""
    rng = np.random.default_rng(0)
    group = rng.integers(3, size=90)
    X = frame(rng, 4 * np.eye(3)[group] + rng.standard_normal((90, 3)))
    how = {"n": 3, "old": ["tariff"], **how}
    return Built(
        plan(how.pop("methods", {"quick": {}}), **how),
        {"quick": method or Quick()},
        {"load shape": X},
        follows(rng, X, group),
        unrelated(rng, X),
    )


class Quick(ClusterMixin, BaseEstimator):
    """Few steps of k-means from random rows, where hundreds of comparisons are run."""

    def __init__(self, n_clusters=3, random_state=0):
        self.n_clusters = n_clusters
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn the means."""
        X = np.asarray(X)
        rng = np.random.default_rng(self.random_state)
        self.means_ = X[rng.choice(len(X), self.n_clusters, replace=False)]
        for _ in range(5):
            near = np.eye(self.n_clusters)[self._nearest(X)]
            size = near.sum(axis=0)[:, None]
            self.means_ = np.where(size > 0, near.T @ X / np.maximum(size, 1), 0)
        self.labels_ = self._nearest(X)
        return self

    def predict(self, X):
        """Nearest mean of each row."""
        return self._nearest(np.asarray(X))

    def _nearest(self, X):
        return ((self.means_**2).sum(axis=1) - 2 * X @ self.means_.T).argmin(axis=1)


class Spy(Quick):
    """Writes down what it is asked; `spy` gives one with a notebook of its own."""

    notes: ClassVar[list] = []

    def fit(self, X, y=None):
        """Write down the rows and settings."""
        self.notes.append(("fit", X, y, self.n_clusters, self.random_state))
        return super().fit(X)

    def predict(self, X):
        """Write down the rows."""
        self.notes.append(("predict", X))
        return super().predict(X)

    def fitted(self):
        """What was written down of each fit: rows, y, n_clusters, random_state."""
        return [note[1:] for note in self.notes if note[0] == "fit"]

    def asked(self):
        """Rows of each call of `predict`."""
        return [note[1] for note in self.notes if note[0] == "predict"]


def spy(**own):
    """A spy; `own` are further methods."""
    return type("Spy", (Spy,), {"notes": [], **own})()


def equal_halves(seed, n=200, hours=12):
    """Two methods of equal worth: one sees the even hours, the other the odd ones.

    Either half is the same three rhythms under noise of its own.
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(3, size=n)
    rhythm = np.repeat(rng.standard_normal((3, hours // 2)), 2, axis=1)
    X = frame(rng, rhythm[group] + rng.standard_normal((n, hours)))
    halves = {"even": X.iloc[:, ::2], "odd": X.iloc[:, 1::2]}
    methods = {name: {"features": [name]} for name in halves}
    later = follows(rng, X, group)[["kwh"]]
    return Built(plan(methods, k=2), dict.fromkeys(halves, Quick()), halves, later)


def equal_clerks(seed, n=200):
    """Two segmentations of equal worth: each errs of another quarter of the customers.

    They were there already: neither seeds nor numbers of segments stand against a
    winner. Labels, and what came later.
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(3, size=n)
    X = frame(rng, np.empty((n, 0)))
    made = {
        name: np.where(rng.random(n) < 0.25, rng.integers(3, size=n), group)
        for name in ("one", "other")
    }
    return pd.DataFrame(made, X.index), follows(rng, X, group)[["kwh"]]
