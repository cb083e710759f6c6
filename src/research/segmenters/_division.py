"""From trained networks to segments: a division of each one's codes, then one of all.

Nothing here trains: other segments of the same codes cost seconds.
"""

from hashlib import sha256
from typing import NamedTuple

import numpy as np
from sklearn.cluster import KMeans

from research.segmenters._consensus import consensus
from research.segmenters._dense import (
    by_segment,
    center_head,
    encode,
    membership,
    mixture_head,
)
from research.segmenters._runs import Run, affinity
from research.segmenters.prototypes import SOMSegmenter

MIXTURE_STARTS = 3


class Trained(NamedTuple):
    """One network as its training leaves it, before its codes are divided.

    Attributes
    ----------
    weights : list of ndarray
        As `_dense.encode` takes them.
    held_out : ndarray of int, shape (n_held_out,)
        Rows that it did not learn from.
    state : int
        Seed of what divides its codes: drawn once, so that the same number of segments
        gives the same segments again.
    centers : ndarray of shape (n_clusters, code_size) or None
        Of the segments, where they were learnt with the weights ("idec").
    """

    weights: list
    held_out: np.ndarray
    state: int
    centers: np.ndarray | None

    @property
    def code_size(self):
        """Length of the code."""
        return self.weights[len(self.weights) // 2].shape[0]


def fingerprint(shapes):
    """What tells these shapes from any others, in 64 characters.

    Parameters
    ----------
    shapes : ndarray of shape (n_customers, n_readings)
        In content order, so that the order of the customers does not matter.

    Returns
    -------
    sha256 : str

    Examples
    --------
    >>> one = fingerprint(np.array([[1.0, 0.5]]))
    >>> one == fingerprint(np.array([[1.0, 0.5]]))
    True
    >>> one == fingerprint(np.array([[1.0], [0.5]]))
    False
    """
    digest = sha256(repr((shapes.shape, shapes.dtype.str)).encode())
    digest.update(np.ascontiguousarray(shapes))
    return digest.hexdigest()


def divided(trained, points, n_clusters, arm):
    """Divide the codes of each network, and bring the divisions to one.

    Parameters
    ----------
    trained : list of Trained
    points : ndarray of shape (n_learnt, n_columns)
        All rows learnt from, scaled as the networks learnt them.
    n_clusters : int
    arm : str

    Returns
    -------
    runs : list of Run
        Segments in no particular numbering.
    divisions : ndarray of int, shape (n_networks, n_learnt)
        By each network alone.
    """
    heads = [_head(network, points, n_clusters, arm) for network in trained]
    divisions = np.array(
        [
            by_segment(head, membership(head, encode(network.weights, points))).argmax(
                axis=1
            )
            for head, network in zip(heads, trained, strict=True)
        ]
    )
    common = consensus(divisions, n_clusters)
    runs = [
        Run(network.weights, head, affinity(own, common, n_clusters))
        for network, head, own in zip(trained, heads, divisions, strict=True)
    ]
    return runs, divisions


def unseen_rows(trained, learnt):
    """Rows that each network did not learn from, among all: what limits are set by.

    Parameters
    ----------
    trained : list of Trained
    learnt : ndarray of int, shape (n_learnt,)
        Rows learnt from, of all.

    Returns
    -------
    rows : list of ndarray of int or slice
        All rows where there are too few to hold any out.
    """
    few = not len(trained[0].held_out)
    return [slice(None) if few else learnt[one.held_out] for one in trained]


def _head(network, points, k, arm):
    """What divides the codes: by the map for "som", else by a mixture."""
    codes = encode(network.weights, np.delete(points, network.held_out, axis=0))
    if network.centers is not None:
        return center_head(codes, network.centers, np.arange(len(network.centers)))
    state = np.random.RandomState(network.state)
    if arm == "som":
        segmenter = SOMSegmenter(
            k, how="ward", normalization="none", random_state=state
        )
        segmenter.fit(codes)
        taken = segmenter.unit_labels_ >= 0
        units = segmenter.map_.prototypes_[taken]
        return center_head(codes, units, segmenter.unit_labels_[taken])
    starts = [
        KMeans(k, n_init=1, random_state=state).fit(codes).labels_
        for _ in range(MIXTURE_STARTS)
    ]
    return mixture_head(codes, np.array(starts))
