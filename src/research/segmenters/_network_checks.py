"""What a network is asked before it is trained, or divided anew."""

from numbers import Real

from research.segmenters._division import fingerprint
from research.segmenters._parameters import check_choice, check_count, check_share
from research.segmenters.shapes import NORMALIZATIONS

ARMS = ("graph", "autoencoder", "idec", "som")
"""Ways to learn the code and to divide it."""


def check_network(network):
    """Refuse parameters of a `HybridNetwork` that are out of their range."""
    check_count("n_clusters", network.n_clusters)
    check_choice("arm", network.arm, ARMS)
    check_choice("normalization", network.normalization, NORMALIZATIONS)
    if network.code_size is not None:
        check_count("code_size", network.code_size, 2)
    check_count("n_neighbors", network.n_neighbors)
    check_count("n_seeds", network.n_seeds)
    check_count("max_fit", network.max_fit, max(2, network.n_clusters))
    check_count("epochs", network.epochs)
    check_count("batch_size", network.batch_size, 2)
    rate = network.learning_rate
    if not isinstance(rate, Real) or isinstance(rate, bool) or not 0 < rate < 1:
        raise ValueError(
            f"learning_rate must be a number between 0 and 1. Got {rate!r} instead."
        )
    check_share("reject_quantile", network.reject_quantile)
    if network.say is not None and not callable(network.say):
        raise ValueError(f"say must be callable or None. Got {network.say!r} instead.")


def check_two(shapes):
    """Refuse a single customer: there is nobody to tell it from."""
    if len(shapes) < 2:
        raise ValueError(
            "A network needs at least 2 customers, 1 found (n_samples=1); add data."
        )


def check_redividable(network):
    """Refuse a network whose segments were learnt with it, or that was filed."""
    if network.arm == "idec":
        raise ValueError(
            "A network of arm 'idec' learns its centres together with its weights: "
            "other segments need another training. Fit one with the n_clusters wanted."
        )
    if not hasattr(network, "_trained"):
        raise ValueError(
            "A network read from a file does not know whom it learnt from. Redivide "
            "the one that was fitted, or fit anew."
        )


def check_fingerprint(known, shapes):
    """Refuse shapes that are not those of `fit`."""
    if fingerprint(shapes) != known:
        raise ValueError(
            "X must hold the very curves that fit was given; these "
            f"{shapes.shape[0]} rows of {shapes.shape[1]} readings are others. Pass "
            "the table of fit, or fit a network on these."
        )
