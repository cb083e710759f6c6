"""Segments by a hybrid of a neural network and statistics, on Keras and TensorFlow.

A network learns a short code of each curve; a Gaussian mixture divides the codes; the
divisions of several networks, each from other first weights, are brought to one.

What the design rests on (`docs/hybrid.md` has the tables): one network is not to be
believed, since another seed may tell another story, so several are trained and their
agreement is part of the result. Of the ways to learn the code, holding on to the
neighbour graph did best where the truth is known; clustering losses (DEC, IDEC) did not
pay here, nor in what others published.

TensorFlow takes five seconds to import and is imported when a network is trained or
filed. A fitted segmenter holds its weights as arrays and predicts with numpy alone.
"""

import os
from functools import cache
from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from research.segmenters import _model_files as model_files
from research.segmenters._consensus import consensus
from research.segmenters._dense import Head, by_segment, encode, membership
from research.segmenters._em import Mixture
from research.segmenters._learning import autoencoder, learner
from research.segmenters._nearest import ShapesMixin
from research.segmenters._parameters import check_choice, check_count, check_share
from research.segmenters._prepared import (
    numbered,
    prepared,
    remarks_on_sizes,
    restored,
)
from research.segmenters._runs import (
    Run,
    affinity,
    agreement_of_seeds,
    scores,
    usual_limits,
)
from research.segmenters._training import folds, widths
from research.segmenters.shapes import NORMALIZATIONS

ARMS = ("graph", "autoencoder", "idec", "som")
"""Ways to learn the code and to divide it."""

FILED = (
    *("_center", "_scale", "cluster_centers_", "cluster_sizes_", "limits_", "flags_"),
    *("history_", "seeds_", "n_learnt_", "n_features_in_", "feature_names_in_"),
)
"""What `HybridNetwork.save` files beside the networks, as far as it is there."""


class HybridNetwork(ShapesMixin, ClusterMixin, BaseEstimator):
    """Segment customers by codes that networks learn of their curves (混合神经网络).

    Each row is normalised by itself. An autoencoder (dense layers of 128, 128, the
    code, 128, 128, ReLU) learns to make the row anew from its code, and by its arm
    something more. The codes are divided by a Gaussian mixture of full covariances.
    `n_seeds` networks do so, and who is together in most of them makes a segment
    (co-association, average linkage). Segments are numbered from the largest down, and
    rows are put in an order of their own content first.

    Parameters
    ----------
    n_clusters : int, default=4
        Number of segments, at least 1.
    arm : {"graph", "autoencoder", "idec", "som"}, default="graph"
        - "graph": neighbours in the curves stay neighbours in the code (the loss of
          parametric UMAP [1]_), beside the reconstruction;
        - "autoencoder": the reconstruction alone;
        - "idec": the reconstruction, then a second round that draws codes to centres
          [2]_; the nearest centre is the segment;
        - "som": the reconstruction, then a self-organising map of the codes, whose
          units Ward's method gathers.
    normalization : {"peak", "mean", "z", "unit", "demin", "none"}, default="peak"
        How the size is taken out of a row, see `normalize_shapes`.
    code_size : int or None, default=None
        Length of the code. None takes 2 for up to two segments, else as many as there
        are segments, at most 10.
    n_neighbors : int, default=20
        Neighbours of each customer in the graph.
    n_seeds : int, default=5
        Networks trained.
    max_fit : int, default=20_000
        Customers the networks learn from. Of more than that a sample is drawn, which
        depends on their curves and the seed alone; all are segmented.
    epochs : int, default=20
        Rounds at most, of 20 to 60 batches each. Training ends before when the loss
        has not fallen for five; "idec" adds a second round of as many.
    batch_size : int, default=512
        Pairs of customers in a batch at most, at least 2. With few customers it is
        smaller, down to 64: a twentieth of the edges of the graph, or half the rows.
    learning_rate : float, default=3e-3
        Of Adam at the beginning; falls to 0 by half a cosine.
    reject_quantile : float, default=0.99
        In (0, 1]. Share of new customers, drawn as those of `fit`, that shall fit
        their segment; sets `limits_` and nothing else.
    random_state : int, RandomState instance or None, default=None
        Seed of all that is random. An int makes the result repeatable on one machine
        with one number of threads; another machine may round differently.
    say : callable or None, default=None
        Called with a sentence after each network.

    Attributes
    ----------
    labels_ : ndarray of shape (n_customers,)
        Segment of each customer, in the order of the rows.
    cluster_centers_ : ndarray of shape (n_clusters, n_readings)
        Mean normalised curve of each segment [unitless].
    cluster_sizes_ : ndarray of shape (n_clusters,)
        Number of customers of each segment, never rising.
    seeds_ : DataFrame
        A row a network: `epochs`, `loss` of the last; `agreement` the mean adjusted
        Rand index against the other networks (NaN where there is one) and
        `agreement_with_result` against `labels_`, among the customers learnt from.
    history_ : DataFrame
        The training curve: `seed`, `round`, `epoch`, `reconstruction` (mean squared
        error, 1 is the variance of the curves), `other` (the loss of the arm, 0 for
        none), `loss`.
    runs_ : list of Run
        The networks with what divides their codes.
    limits_ : ndarray of shape (2,)
        Largest reconstruction error and distance in the code that are usual, as each
        network sees the tenth of the customers that it did not learn from.
    n_learnt_ : int
        Number of customers the networks learnt from.
    flags_ : tuple of str
        What speaks against the segments, a sentence each.
    n_features_in_ : int
        Number of readings a row.
    feature_names_in_ : ndarray of shape (n_readings,)
        Names of the columns, where `X` is a DataFrame with names of type str.

    Notes
    -----
    NaN and infinities are refused: a network would train on them without an error, to
    weights of NaN. That everything is finite is checked again after the training.

    References
    ----------
    .. [1] T. Sainburg, L. McInnes and T. Q. Gentner, "Parametric UMAP embeddings for
       representation and semisupervised learning", Neural Computation, vol. 33, no. 11,
       pp. 2881-2907, 2021.
    .. [2] X. Guo, L. Gao, X. Liu and J. Yin, "Improved deep embedded clustering with
       local structure preservation", Proc. 26th IJCAI, pp. 1753-1759, 2017.

    Examples
    --------
    >>> curves = [[1, 1, 4], [10, 11, 41], [9, 1, 1], [2, 2, 9], [45, 5, 6], [1, 1, 5]]
    >>> network = HybridNetwork(2, n_seeds=1, epochs=5, batch_size=8, random_state=0)
    >>> network.fit(curves).labels_.tolist()
    [0, 0, 1, 0, 1, 0]
    >>> network.predict([[100, 100, 400]]).tolist()
    [0]
    """

    def __init__(
        self,
        n_clusters=4,
        *,
        arm="graph",
        normalization="peak",
        code_size=None,
        n_neighbors=20,
        n_seeds=5,
        max_fit=20_000,
        epochs=20,
        batch_size=512,
        learning_rate=3e-3,
        reject_quantile=0.99,
        random_state=None,
        say=None,
    ):
        self.n_clusters = n_clusters
        self.arm = arm
        self.normalization = normalization
        self.code_size = code_size
        self.n_neighbors = n_neighbors
        self.n_seeds = n_seeds
        self.max_fit = max_fit
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.reject_quantile = reject_quantile
        self.random_state = random_state
        self.say = say

    def fit(self, X, y=None):
        """Train the networks and find the segments of the curves `X`.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            One curve a row, finite, in any unit.
        y : None
            Ignored; there for scikit-learn.

        Returns
        -------
        self : HybridNetwork

        Raises
        ------
        ValueError
            If a parameter is out of its range, `X` holds NaN or infinite values or has
            fewer customers, or fewer different shapes, than segments are wanted, or
            the training diverged.
        """
        self._check_parameters()
        shapes, order, _, _ = prepared(self, X, self.n_clusters)
        if len(shapes) < 2:
            raise ValueError(
                "A network needs at least 2 customers, 1 found (n_samples=1); add data."
            )
        rng = check_random_state(self.random_state)
        learnt = np.arange(len(shapes))
        if len(shapes) > self.max_fit:
            learnt = np.sort(rng.choice(len(shapes), self.max_fit, replace=False))
        self.n_learnt_ = len(learnt)
        self._center = shapes[learnt].mean(axis=0)
        self._scale = float(np.sqrt(shapes[learnt].var(axis=0).mean())) or 1.0
        points = (shapes - self._center) / self._scale
        held_out = folds(len(learnt), self.n_seeds, rng)
        trained, self.history_ = self._train(points[learnt], held_out, rng)
        codes = [encode(weights, points[learnt]) for weights, _ in trained]
        divisions = np.array(
            [
                by_segment(head, membership(head, code)).argmax(axis=1)
                for code, (_, head) in zip(codes, trained, strict=True)
            ]
        )
        common = consensus(divisions, self.n_clusters)
        runs = [
            Run(weights, head, affinity(own, common, self.n_clusters))
            for own, (weights, head) in zip(divisions, trained, strict=True)
        ]
        labels, centers, sizes, old = numbered(
            scores(runs, points).shares.argmax(axis=1), shapes, self.n_clusters
        )
        self.runs_ = [run._replace(affinity=run.affinity[:, old]) for run in runs]
        self.cluster_centers_, self.cluster_sizes_ = centers, sizes
        self.labels_ = restored(labels, order)
        self.flags_ = remarks_on_sizes(sizes)
        self.limits_ = usual_limits(
            runs,
            [points[learnt[fold]] for fold in held_out]
            if held_out.size
            else [points] * self.n_seeds,
            self.reject_quantile,
        )
        self.seeds_ = self._seeds(divisions, labels[learnt])
        return self

    def predict(self, X):
        """Likeliest segment of each row of `X`, however ill it fits.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        labels : ndarray of shape (n_customers,)
            0 to n_clusters - 1; for the rows of `fit` those of `labels_`.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.
        """
        return self.predict_proba(X).argmax(axis=1).astype(np.int32)

    def predict_proba(self, X):
        """Soft membership of each row of `X` in each segment.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        shares : ndarray of shape (n_customers, n_clusters)
            In [0, 1], rows sum to 1. With one network the mixture's probabilities; with
            several, how much of what each says lies in the segment, on their mean.
            They rank border cases; they are no calibrated chances.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.

        Examples
        --------
        >>> curves = [[1, 4], [2, 9], [3, 11], [9, 2], [8, 3], [4, 1]]
        >>> network = HybridNetwork(2, n_seeds=2, epochs=5, batch_size=8)
        >>> shares = network.fit(curves).predict_proba([[1, 4], [9, 2]])
        >>> shares.shape, shares.sum(axis=1).round(9).tolist()
        ((2, 2), [1.0, 1.0])
        """
        points = self._points(X)
        return scores(self.runs_, points).shares

    def codes(self, X):
        """Code of each row of `X` by the network that agrees best with the result.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        codes : ndarray of shape (n_customers, code_size)
            [unitless] Near rows are alike; an axis by itself means nothing.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.
        """
        points = self._points(X)
        best = int(self.seeds_["agreement_with_result"].to_numpy().argmax())
        return encode(self.runs_[best].weights, points)

    def distance_ratio(self, X):
        """How ill each row fits, over what is usual.

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            Finite curves with the readings of `fit`, in any unit.

        Returns
        -------
        ratio : ndarray of shape (n_customers,)
            At least 0 [unitless]: the larger of the reconstruction error and the
            distance in the code to the own component, each over its limit in
            `limits_`. Above 1 the curve fits no segment: `predict` still names the
            likeliest, but it should not be believed.

        Raises
        ------
        ValueError
            If `X` holds NaN or infinite values, or another number of readings.
        """
        points = self._points(X)
        _, error, distance = scores(self.runs_, points)
        return np.maximum(error / self.limits_[0], distance / self.limits_[1])

    def save(self, path):
        """File the fitted networks: a JSON file, and a ``.keras`` file each beside it.

        Parameters
        ----------
        path : path-like
            Of the JSON file, ending in ``.json``. It holds parameters, mixtures, limits
            and the SHA-256 of every ``.keras`` file; no label and no curve of a single
            customer.

        Returns
        -------
        sha256 : str
            Of the JSON file, which `load` asks for: keep it somewhere else.

        Raises
        ------
        ValueError
            If `path` does not end in ``.json``.
        """
        check_is_fitted(self)
        models = []
        for run in self.runs_:
            model = autoencoder(_backend(), self._sizes())
            model.set_weights(run.weights)
            models.append(model)
        given = self.get_params()
        is_seed = isinstance(self.random_state, Integral)
        given |= {"say": None, "random_state": self.random_state if is_seed else None}
        learned = {name: getattr(self, name) for name in FILED if hasattr(self, name)}
        heads = [[*run.head.mixture, *run.head[1:], run.affinity] for run in self.runs_]
        return model_files.write(path, given, learned | {"heads": heads}, models)

    @classmethod
    def load(cls, path, *, sha256):
        """Read what `save` filed, and refuse anything else.

        Parameters
        ----------
        path : path-like
            Of the JSON file.
        sha256 : str
            What `save` returned. It is compared before a byte is interpreted; the JSON
            file vouches for the ``.keras`` files in the same way. These may hold plain
            dense layers only and are opened in Keras' safe mode: nothing that a file
            brings along is run.

        Returns
        -------
        network : HybridNetwork
            Fitted, without `labels_`.

        Raises
        ------
        ValueError
            If a file is missing or is not the one that was saved.
        """
        given, learned, files = model_files.read(path, sha256)
        network = cls(**given)
        heads = learned.pop("heads")
        for name, value in learned.items():
            setattr(network, name, value)
        keras, _ = _backend()
        network.runs_ = []
        for (*mixture, groups, precisions, affinity_), file in zip(
            heads, files, strict=True
        ):
            model = model_files.opened(file, keras.saving.load_model)
            head = Head(Mixture(*mixture), groups, precisions)
            network.runs_.append(Run(model.get_weights(), head, affinity_))
        return network

    def _seeds(self, divisions, labels):
        """Table of `seeds_`: the end of each training, and how far the runs agree."""
        rounds = self.history_.groupby("seed")
        ends = pd.DataFrame({"epochs": rounds.size(), "loss": rounds["loss"].last()})
        return ends.reset_index().join(agreement_of_seeds(divisions, labels))

    def _points(self, X):
        return (self.shapes(X) - self._center) / self._scale

    def _sizes(self):
        code_size = self.code_size or min(10, self.n_clusters)
        return widths(self.n_features_in_, max(2, code_size))

    def _train(self, points, held_out, rng):
        """Weights and head of each network, and the training curves of all."""
        learn = learner(_backend(), points, self._sizes(), self)
        trained, curves = [], []
        seeds = rng.randint(2**31 - 1, size=self.n_seeds)
        for number, (seed, fold) in enumerate(zip(seeds, held_out, strict=True)):
            kept = np.delete(np.arange(len(points)), fold)
            weights, head, curve = learn(kept, np.random.default_rng(seed))
            trained.append((weights, head))
            curves.append(curve.assign(seed=number))
            if self.say:
                loss = curve["loss"].iloc[-1]
                self.say(
                    f"Network {number + 1} of {self.n_seeds}: loss {loss:.3f} after "
                    f"{len(curve)} epochs."
                )
        first = ["seed", "round", "epoch"]
        history = pd.concat(curves, ignore_index=True)
        return trained, history[[*first, *history.columns.difference(first)]]

    def _check_parameters(self):
        check_count("n_clusters", self.n_clusters)
        check_choice("arm", self.arm, ARMS)
        check_choice("normalization", self.normalization, NORMALIZATIONS)
        if self.code_size is not None:
            check_count("code_size", self.code_size, 2)
        check_count("n_neighbors", self.n_neighbors)
        check_count("n_seeds", self.n_seeds)
        check_count("max_fit", self.max_fit, max(2, self.n_clusters))
        check_count("epochs", self.epochs)
        check_count("batch_size", self.batch_size, 2)
        rate = self.learning_rate
        if not isinstance(rate, Real) or isinstance(rate, bool) or not 0 < rate < 1:
            raise ValueError(
                f"learning_rate must be a number between 0 and 1. Got {rate!r} instead."
            )
        check_share("reject_quantile", self.reject_quantile)
        if self.say is not None and not callable(self.say):
            raise ValueError(f"say must be callable or None. Got {self.say!r} instead.")


@cache
def _backend():
    """Keras and TensorFlow, which is told to keep its notices to itself."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # sums in one order, no notice
    import keras
    import tensorflow

    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            "HybridNetwork needs Keras on TensorFlow. Found the backend "
            f"{keras.backend.backend()!r}: unset KERAS_BACKEND and start anew."
        )
    return keras, tensorflow
