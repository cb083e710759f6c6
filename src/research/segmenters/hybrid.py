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

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from research.segmenters._backend import keras_and_tensorflow
from research.segmenters._batches import ask_in_turns
from research.segmenters._dense import encode
from research.segmenters._division import divided, fingerprint, unseen_rows
from research.segmenters._learning import train
from research.segmenters._nearest import ShapesMixin
from research.segmenters._network_checks import (
    ARMS,
    check_fingerprint,
    check_network,
    check_redividable,
    check_two,
)
from research.segmenters._network_files import FilesMixin
from research.segmenters._prepared import (
    numbered,
    prepared,
    remarks_on_sizes,
    restored,
)
from research.segmenters._runs import scores, table_of_seeds, usual_limits
from research.segmenters._training import folds, widths

__all__ = ["ARMS", "HybridNetwork"]

REUSED = ("_learnt", "n_learnt_", "_fingerprint", "_center", "_scale", "_trained")
"""What a network of other segments takes over; `history_` it copies."""


class HybridNetwork(FilesMixin, ShapesMixin, ClusterMixin, BaseEstimator):
    """Segment customers by codes that networks learn of their curves (混合神经网络).

    Each row is normalised by itself. An autoencoder (dense layers of 128, 128, the
    code, 128, 128, ReLU) learns to make the row anew from its code, and by its arm
    something more. The codes are divided by a Gaussian mixture of full covariances.
    `n_seeds` networks do so, and who is together in most of them makes a segment
    (co-association, average linkage). Segments are numbered from the largest down, and
    rows are put in an order of their own content first. Rows of more than 128 readings
    are learnt on at most 64 principal axes; what comes of it is a network of readings.

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
        check_network(self)
        shapes, order, _, _ = prepared(self, X, self.n_clusters)
        check_two(shapes)
        rng = check_random_state(self.random_state)
        learnt = np.arange(len(shapes))
        if len(shapes) > self.max_fit:
            learnt = np.sort(rng.choice(len(shapes), self.max_fit, replace=False))
        self._learnt, self.n_learnt_ = learnt, len(learnt)
        self._fingerprint = fingerprint(shapes)
        some = shapes[learnt].astype(np.float64, copy=False)
        self._center = some.mean(axis=0)
        self._scale = float(np.sqrt(some.var(axis=0).mean())) or 1.0
        self._trained, self.history_ = train(
            keras_and_tensorflow(),
            self._scaled(some),
            folds(len(learnt), self.n_seeds, rng),
            self._sizes(),
            self,
            rng,
        )
        return self._divide(shapes, order)

    def redivided(self, X, n_clusters):
        """Other segments of the customers of `fit`, by the networks that are trained.

        The training takes the time, and knows the number of segments by the length of
        the code alone: this is what a `fit` with `n_clusters` and the same `code_size`
        finds, in a small part of the time (`docs/hybrid.md`).

        Parameters
        ----------
        X : array-like of shape (n_customers, n_readings)
            The very curves of `fit`; their order does not matter.
        n_clusters : int
            Number of segments, at least 1.

        Returns
        -------
        network : HybridNetwork
            A new one, fitted, of these `n_clusters` and of the `code_size` that was
            trained. It shares the weights with this one, which is not changed. With
            the number of segments of `fit` its segments are the same.

        Raises
        ------
        ValueError
            If `X` is not what `fit` was given, `n_clusters` out of its range, the arm
            "idec", whose centres are learnt together with the weights, or this network
            was read from a file, which does not say whom it learnt from.

        Examples
        --------
        >>> curves = [[1, 4], [2, 9], [3, 11], [9, 2], [8, 3], [4, 1], [5, 5], [6, 6]]
        >>> network = HybridNetwork(2, n_seeds=1, epochs=5, batch_size=8)
        >>> network.fit(curves).redivided(curves, 3).cluster_sizes_.sum()
        np.int64(8)
        """
        check_is_fitted(self)
        check_redividable(self)
        own = {"n_clusters": n_clusters, "code_size": self._trained[0].code_size}
        other = type(self)(**self.get_params() | own)
        check_network(other)
        shapes, order, _, _ = prepared(other, X, n_clusters)
        check_fingerprint(self._fingerprint, shapes)
        for name in REUSED:
            setattr(other, name, getattr(self, name))
        other.history_ = self.history_.copy()
        return other._divide(shapes, order)

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
        return self._ask(lambda points: scores(self.runs_, points).shares, X)

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
        best = int(self.seeds_["agreement_with_result"].to_numpy().argmax())
        weights = self.runs_[best].weights
        return self._ask(lambda points: encode(weights, points), X)

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

        def ratio(points):
            _, error, distance = scores(self.runs_, points)
            return np.maximum(error / self.limits_[0], distance / self.limits_[1])

        return self._ask(ratio, X)

    def _divide(self, shapes, order):
        """Segments of all rows, and all that is told of them."""
        learnt = self._scaled(shapes[self._learnt])
        runs, divisions = divided(self._trained, learnt, self.n_clusters, self.arm)

        def likeliest(rows):
            return scores(runs, self._scaled(rows)).shares.argmax(axis=1)

        found = ask_in_turns(likeliest, shapes)
        labels, centers, sizes, old = numbered(found, shapes, self.n_clusters)
        self.runs_ = [run._replace(affinity=run.affinity[:, old]) for run in runs]
        self.cluster_centers_, self.cluster_sizes_ = centers, sizes
        self.labels_ = restored(labels, order)
        self.flags_ = remarks_on_sizes(sizes)
        unseen = [
            self._scaled(shapes[rows])
            for rows in unseen_rows(self._trained, self._learnt)
        ]
        self.limits_ = usual_limits(runs, unseen, self.reject_quantile)
        self.seeds_ = table_of_seeds(self.history_, divisions, labels[self._learnt])
        return self

    def _scaled(self, shapes):
        return (shapes - self._center) / self._scale

    def _ask(self, ask, X):
        return self._in_turns(lambda shapes: ask(self._scaled(shapes)), X)

    def _sizes(self):
        code_size = self.code_size or min(10, self.n_clusters)
        return widths(self.n_features_in_, max(2, code_size))
