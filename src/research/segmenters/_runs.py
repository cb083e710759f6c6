"""Several trained networks as one: what each says of a curve, how far they agree."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score
from sklearn.utils import gen_batches

from research.segmenters._dense import (
    Head,
    by_segment,
    code_distance,
    decode,
    encode,
    membership,
)

BATCH = 8192
"""Curves scored at once."""


class Run(NamedTuple):
    """One trained network and what divides its codes.

    Attributes
    ----------
    weights : list of ndarray
        As `_dense.encode` takes them.
    head : Head
    affinity : ndarray of shape (n_own_segments, n_clusters)
        How much of each common segment lies in each segment of this run; columns sum
        to 1.
    """

    weights: list
    head: Head
    affinity: np.ndarray


class Scores(NamedTuple):
    """What the runs say of some curves, on their mean.

    Attributes
    ----------
    shares : ndarray of shape (n_customers, n_clusters)
        Soft membership; rows sum to 1.
    error : ndarray of shape (n_customers,)
        Root mean square error of the reconstruction; 1 is the spread of all curves.
    distance : ndarray of shape (n_customers,)
        In the code, to the own component; 1 is usual.
    """

    shares: np.ndarray
    error: np.ndarray
    distance: np.ndarray


def affinity(own, common, n_clusters):
    """How much of each common segment lies in each segment of one run.

    Parameters
    ----------
    own, common : ndarray of int, shape (n_customers,)
        Segments by the run and by the consensus.
    n_clusters : int
        Of the consensus.

    Returns
    -------
    affinity : ndarray of shape (n_own_segments, n_clusters)
        Columns sum to 1. This is what average linkage goes by: the mean togetherness
        of a member of the run's segment with the members of the common one.

    Examples
    --------
    >>> affinity(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), 2).round(2).tolist()
    [[0.67, 0.0], [0.33, 1.0]]
    """
    both = np.zeros((own.max() + 1, n_clusters))
    np.add.at(both, (own, common), 1.0)
    return both / np.maximum(both.sum(axis=0), 1.0)


def scores(runs, points):
    """Ask all runs about the rows of `points`.

    Parameters
    ----------
    runs : list of Run
    points : ndarray of shape (n_customers, n_columns)
        Scaled as the networks learnt them.

    Returns
    -------
    scores : Scores
    """
    n, n_clusters = len(points), runs[0].affinity.shape[1]
    shares, error, distance = np.zeros((n, n_clusters)), np.zeros(n), np.zeros(n)
    for rows in gen_batches(n, BATCH):
        for weights, head, common in runs:
            codes = encode(weights, points[rows])
            off = decode(weights, codes) - points[rows]
            error[rows] += np.sqrt(np.einsum("ij,ij->i", off, off) / off.shape[1])
            parts = membership(head, codes)
            distance[rows] += code_distance(head, codes, parts)
            shares[rows] += by_segment(head, parts) @ common
    total = shares.sum(axis=1, keepdims=True)
    # A segment of a run that no customer was in says nothing.
    shares = np.where(total > 0, shares / np.where(total > 0, total, 1), 1 / n_clusters)
    return Scores(shares, error / len(runs), distance / len(runs))


def usual_limits(runs, unseen, share):
    """Error and distance that only few curves of the same kind exceed.

    Parameters
    ----------
    runs : list of Run
    unseen : list of ndarray of shape (n_held_out, n_columns)
        A run each: rows that it did not learn from. What it learnt from it knows by
        heart in part, and limits from there would turn new customers away.
    share : float
        In (0, 1]. Of the curves that shall stay within both limits.

    Returns
    -------
    limits : ndarray of shape (2,)
        Above 0: the ceil((n + 1) share)-th smallest of the n values, the largest where
        n is too small for that.

    Notes
    -----
    Split conformal prediction, with half of what may exceed for either measure. One
    run's error is a little wider than the mean of several runs' that `scores` gives:
    rather fewer are turned away.
    """
    seen = [scores([run], points) for run, points in zip(runs, unseen, strict=True)]
    usual = (1 + share) / 2
    values = np.sort(
        [np.concatenate(part) for part in list(zip(*seen, strict=True))[1:]]
    )
    rank = min(int(np.ceil((values.shape[1] + 1) * usual)), values.shape[1])
    return np.maximum(values[:, rank - 1], 1e-6)


def agreement_of_seeds(divisions, labels):
    """How far the runs agree with each other, and each with the result.

    Parameters
    ----------
    divisions : ndarray of int, shape (n_runs, n_customers)
    labels : ndarray of int, shape (n_customers,)

    Returns
    -------
    agreement : DataFrame
        A row a run: `agreement`, the mean adjusted Rand index against the other runs
        (NaN for a single one), and `agreement_with_result`.

    Examples
    --------
    >>> divisions = np.array([[0, 0, 1, 1], [1, 1, 0, 0]])
    >>> agreement_of_seeds(divisions, np.array([0, 0, 1, 1])).to_numpy().tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    pairs = np.full((len(divisions),) * 2, np.nan)
    for one, other in combinations(range(len(divisions)), 2):
        pairs[one, other] = pairs[other, one] = adjusted_rand_score(
            divisions[one], divisions[other]
        )
    return pd.DataFrame(
        {
            "agreement": pd.DataFrame(pairs).mean(),
            "agreement_with_result": [
                adjusted_rand_score(labels, division) for division in divisions
            ],
        }
    )


def table_of_seeds(history, divisions, labels):
    """The end of each training, and how far the runs agree: `seeds_`.

    Parameters
    ----------
    history : DataFrame
        With `seed` and `loss`, a row an epoch.
    divisions : ndarray of int, shape (n_runs, n_customers)
    labels : ndarray of int, shape (n_customers,)

    Returns
    -------
    seeds : DataFrame
        A row a network: `seed`, `epochs`, `loss` and what `agreement_of_seeds` says.
    """
    rounds = history.groupby("seed")
    ends = pd.DataFrame({"epochs": rounds.size(), "loss": rounds["loss"].last()})
    return ends.reset_index().join(agreement_of_seeds(divisions, labels))
