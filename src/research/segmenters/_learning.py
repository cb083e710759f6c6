"""How the networks learn, on Keras and TensorFlow as `hybrid` hands them over.

Nothing here imports either: `backend` is the pair (keras, tensorflow). All randomness
comes from numpy (`_training`); TensorFlow only calculates.
"""

from contextlib import contextmanager

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

from research.segmenters._dense import encode
from research.segmenters._division import Trained
from research.segmenters._neighbours import among, fuzzy_graph
from research.segmenters._span import folded, span_of, unfolded
from research.segmenters._training import (
    NEGATIVES,
    edge_batches,
    first_weights,
    row_batches,
)

PATIENCE = 5
"""Epochs without a better loss after which the training ends."""

# UMAP's curve of nearness 1 / (1 + a d^2b) for a least distance of 0.
NEAR_A, NEAR_B = 1.929, 0.7915
# Weight of IDEC's clustering loss beside the reconstruction, as its authors set it.
IDEC_WEIGHT = 0.1


def autoencoder(backend, sizes):
    """Dense layers of the widths `sizes`, ReLU except at the code and at the end."""
    keras, _ = backend
    model = keras.Sequential([keras.Input((sizes[0],))], name="autoencoder")
    for place, width in enumerate(sizes[1:], start=1):
        straight = place in (len(sizes) // 2, len(sizes) - 1)
        model.add(
            keras.layers.Dense(
                width,
                activation=None if straight else "relu",
                # Weights are set later: Keras' own would draw from the global seed.
                kernel_initializer="zeros",
                dtype="float32",
                name=f"dense_{place}",
            )
        )
    return model


def train(backend, points, held_out, sizes, settings, rng):
    """Train all networks, one after the other, on the same points.

    Parameters
    ----------
    backend : tuple
    points : ndarray of shape (n, n_columns)
    held_out : ndarray of int, shape (n_networks, n_held_out)
        Rows that each network does not learn from.
    sizes : tuple of int
        Widths of the layers. With many columns the first and the last are trained on
        fewer axes (`_span`) and brought back.
    settings : HybridNetwork
    rng : RandomState

    Returns
    -------
    trained : list of Trained
    history : DataFrame
        The training curves: `seed`, `round`, `epoch` and the losses.
    """
    span = span_of(points)
    if span is not None:
        points = points @ span.directions.T * span.seen
    trained, curves = [], []
    seeds = rng.randint(2**31 - 1, size=len(held_out))
    seen = (points.shape[1], *sizes[1:-1], points.shape[1])
    with _machine(backend, seen, settings.arm == "graph") as machine:
        learn = _learner(backend, machine, points, sizes, span, settings)
        for number, (seed, fold) in enumerate(zip(seeds, held_out, strict=True)):
            network, curve = learn(fold, np.random.default_rng(seed))
            if span is not None:
                network = network._replace(weights=unfolded(network.weights, span))
                curve[["reconstruction", "loss"]] += span.left_out
            trained.append(network)
            curves.append(curve.assign(seed=number))
            if settings.say:
                settings.say(
                    f"Network {number + 1} of {len(held_out)}: loss "
                    f"{curve['loss'].iloc[-1]:.3f} after {len(curve)} epochs."
                )
    first = ["seed", "round", "epoch"]
    history = pd.concat(curves, ignore_index=True)
    return trained, history[[*first, *history.columns.difference(first)]]


_idle = {}
"""Machines that nobody trains with, by what they were compiled for."""


@contextmanager
def _machine(backend, sizes, with_graph):
    """A network, its optimiser and its compiled epoch, nobody else's for a while.

    To compile an epoch takes as long as some ten of them on a few hundred customers:
    the next training of the same widths takes it up. Whose training broke off is not
    used again.
    """
    keras, tf = backend
    waiting = _idle.setdefault((sizes, with_graph), [])
    try:
        machine = waiting.pop()
    except IndexError:
        with tf.device("CPU"):
            model = autoencoder(backend, sizes)
            optimizer = keras.optimizers.Adam()
            optimizer.build(model.trainable_variables)
            step = _representation(backend, model, optimizer, with_graph)
        machine = model, optimizer, step
    yield machine
    waiting.append(machine)


def _learner(backend, machine, points, sizes, span, settings):
    """What trains one network after the other on the same points."""
    _, tf = backend
    size, epochs = settings.batch_size, settings.epochs
    made = 1.0 if span is None else span.made
    graph = None
    if settings.arm == "graph":
        graph = fuzzy_graph(points.astype(np.float32), settings.n_neighbors)
    model, optimizer, step = machine
    with tf.device("CPU"):
        data = tf.constant(points, dtype=tf.float32), tf.constant(made, tf.float32)

    def learn(fold, rng):
        kept = np.delete(np.arange(len(points)), fold)
        edges = None if graph is None else among(graph, kept)
        weights = first_weights(sizes, rng)
        model.set_weights(weights if span is None else folded(weights, span))
        _begin_anew(optimizer)
        rows = []
        for epoch in range(epochs):
            if edges is None:
                batches = row_batches(kept, size, rng)
            else:
                batches = edge_batches(edges, size, rng)
            _cool(optimizer, settings.learning_rate, epoch, epochs)
            rows.append(_checked(step(*data, *batches), settings))
            if _has_settled(rows):
                break
        curve, state = _curve(rows, "representation"), int(rng.integers(2**31))
        if settings.arm != "idec":
            return Trained(model.get_weights(), fold, state, None), curve
        weights, centers, rows = _draw_to_centers(
            backend,
            model,
            points[kept],
            np.random.RandomState(state),
            rng,
            settings,
            made,
        )
        curve = pd.concat([curve, _curve(rows, "clustering")])
        return Trained(weights, fold, state, centers), curve

    return learn


def _representation(backend, model, optimizer, with_graph):
    """One epoch of the first round, compiled: batches in, mean losses out."""
    _, tf = backend
    layers, half = model.layers, len(model.layers) // 2

    def near(one, other):
        # A little beyond 0, where the power has no slope that could be used.
        squares = tf.reduce_sum(tf.square(one - other), axis=1) + 1e-6
        return NEAR_A * tf.pow(squares, NEAR_B)

    def losses(batch, factor, shifts):
        codes = batch
        for layer in layers[:half]:
            codes = layer(codes)
        made = codes
        for layer in layers[half:]:
            made = layer(made)
        reconstruction = tf.reduce_mean(tf.square(made - factor * batch))
        if not with_graph:
            return reconstruction, tf.constant(0.0)
        heads, tails = tf.split(codes, 2)
        other = tf.reduce_mean(tf.math.log1p(near(heads, tails)))
        for place in range(NEGATIVES):
            # Moved tails stand for a draw of others: no scatter, which two threads
            # would add up in an order of their own.
            apart = near(heads, tf.roll(tails, shifts[place], axis=0))
            other += tf.reduce_mean(tf.math.log1p(apart) - tf.math.log(apart + 1e-4))
        return reconstruction, other

    @tf.function
    def epoch(data, factor, heads, tails, shifts):
        total = tf.zeros(2)
        for step in tf.range(tf.shape(heads)[0]):
            batch = tf.gather(data, tf.concat([heads[step], tails[step]], axis=0))
            with tf.GradientTape() as tape:
                reconstruction, other = losses(batch, factor, shifts[step])
                loss = reconstruction + other
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)
            total += tf.stack([reconstruction, other])
        return total / tf.cast(tf.shape(heads)[0], tf.float32)

    width = model.layers[-1].units
    rows = tf.TensorSpec((None, None), tf.int32)
    points = tf.TensorSpec((None, width), tf.float32)
    return _traced(tf, epoch, points, tf.TensorSpec((), tf.float32), rows, rows, rows)


def _draw_to_centers(backend, model, points, state, rng, settings, factor):
    """IDEC's second round: codes drawn to centres while curves are still remade."""
    keras, tf = backend
    half = len(model.layers) // 2
    codes = encode(model.get_weights(), points)
    kmeans = KMeans(settings.n_clusters, n_init=10, random_state=state).fit(codes)
    with tf.device("CPU"):
        data = tf.constant(points, dtype=tf.float32)
        centers = keras.Variable(kmeans.cluster_centers_, dtype="float32")
        variables = [*model.trainable_variables, centers]
        optimizer = keras.optimizers.Adam(settings.learning_rate)
        optimizer.build(variables)

    @tf.function
    def epoch(rows, targets):
        total = tf.zeros(2)
        for step in tf.range(tf.shape(rows)[0]):
            batch, wanted = tf.gather(data, rows[step]), tf.gather(targets, rows[step])
            with tf.GradientTape() as tape:
                made = batch
                for layer in model.layers[:half]:
                    made = layer(made)
                shares = _student(tf, made, centers)
                for layer in model.layers[half:]:
                    made = layer(made)
                reconstruction = tf.reduce_mean(tf.square(made - factor * batch))
                gain = wanted * tf.math.log((wanted + 1e-9) / (shares + 1e-9))
                other = tf.reduce_mean(tf.reduce_sum(gain, axis=1))
                loss = reconstruction + IDEC_WEIGHT * other
            optimizer.apply(tape.gradient(loss, variables), variables)
            total += tf.stack([reconstruction, IDEC_WEIGHT * other])
        return total / tf.cast(tf.shape(rows)[0], tf.float32)

    step = _traced(
        tf,
        epoch,
        tf.TensorSpec((None, None), tf.int32),
        tf.TensorSpec((len(points), settings.n_clusters), tf.float32),
    )
    losses = []
    for number in range(settings.epochs):
        codes = encode(model.get_weights(), points).astype(np.float32)
        shares = _student(tf, tf.constant(codes), centers).numpy().astype(np.float64)
        sharp = shares**2 / np.maximum(shares.sum(axis=0), 1e-12)
        sharp = (sharp / sharp.sum(axis=1, keepdims=True)).astype(np.float32)
        _cool(optimizer, settings.learning_rate, number, settings.epochs)
        batches = row_batches(np.arange(len(points)), settings.batch_size, rng)
        losses.append(_checked(step(batches.heads, sharp), settings))
        if _has_settled(losses):
            break
    return model.get_weights(), centers.numpy().astype(np.float64), losses


def _traced(tf, epoch, *specs):
    """The compiled `epoch`, on arrays: traced once, whatever the number of batches."""
    compiled = epoch.get_concrete_function(*specs)
    return lambda *arrays: compiled(*map(tf.convert_to_tensor, arrays)).numpy()


def _student(tf, codes, centers):
    """Soft assignment by Student's t of one degree of freedom."""
    squares = tf.reduce_sum(tf.square(codes[:, None] - centers), axis=2)
    kernel = 1 / (1 + squares)
    return kernel / tf.reduce_sum(kernel, axis=1, keepdims=True)


def _begin_anew(optimizer):
    """Set the optimiser back to before its first step."""
    for variable in optimizer.variables:
        if variable is not optimizer.learning_rate:
            variable.assign(np.zeros(variable.shape, variable.dtype))


def _cool(optimizer, rate, epoch, epochs):
    """Learning rate of an epoch: half a cosine from `rate` towards 0."""
    optimizer.learning_rate.assign(rate * (1 + np.cos(np.pi * epoch / epochs)) / 2)


def _checked(losses, settings):
    """Losses of an epoch, refused unless finite."""
    if not np.isfinite(losses).all():
        raise ValueError(
            f"The training diverged: a loss of {losses.sum()} with "
            f"learning_rate={settings.learning_rate}. Lower learning_rate."
        )
    return losses


def _has_settled(losses):
    """Whether the last epochs brought nothing."""
    totals = np.sum(losses, axis=1)
    return (
        len(totals) > PATIENCE and totals[-PATIENCE:].min() >= totals[:-PATIENCE].min()
    )


def _curve(losses, name):
    """Training curve of one round."""
    curve = pd.DataFrame(losses, columns=["reconstruction", "other"]).astype(np.float64)
    curve["loss"] = curve["reconstruction"] + curve["other"]
    return curve.assign(round=name, epoch=range(1, len(curve) + 1))
