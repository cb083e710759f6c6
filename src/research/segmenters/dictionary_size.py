"""How many shapes a dictionary of days needs, and the days it is learnt from."""

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score
from sklearn.utils import check_array

from research.segmenters._ordering import by_content, by_form
from research.segmenters._parameters import check_count, check_share
from research.segmenters.day_mixtures import vrse
from research.segmenters.kmeans import LoadShapeKMeans
from research.segmenters.shapes import normalize_shapes

SIZES = (2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24)
"""Numbers of day shapes that are tried where none is asked for."""


def dictionary_evidence(
    X,
    groups=None,
    *,
    sizes=SIZES,
    theta=0.5,
    normalization="unit",
    max_days=10_000,
    random_state=0,
):
    """How well dictionaries of several sizes meet days they have not seen.

    The customers are parted into two halves, a dictionary is learnt on the days of each
    half and tried on the days of the other.

    Parameters
    ----------
    X : array-like of shape (n_days, n_readings)
        One day a row, finite, in any unit.
    groups : array-like of shape (n_days,), optional
        Whose day each row is. Unset, each row is a customer of its own.
    sizes : sequence of int
        Numbers of shapes to try; those above the number of different days of a half are
        left out.
    theta, normalization, max_days, random_state
        As for `LoadShapeDictionary`.

    Returns
    -------
    evidence : DataFrame
        One row a size: `n_shapes`; `missed`, the share of the days of the other half
        with a relative squared error above `theta`, VRSE, in [0, 1]; `smallest`, the
        share of the days of the rarest shape; `agreement`, the adjusted Rand index
        between the two dictionaries' labels of all days, at most 1 (the same).

    Raises
    ------
    ValueError
        If `X` holds NaN or infinite values, a parameter is out of its range, or no
        size is left.

    Notes
    -----
    `missed` falls with every shape, so it needs a bar and has no best value.
    `agreement` tells how far the shapes are a matter of the sample: days shade into
    each other, and it is not to be expected near 1 (about .5 on 34,307 days of homes,
    for any size from 4 to 24).

    Examples
    --------
    >>> days = [[9, 1, 1], [1, 9, 1], [1, 1, 9]] * 4
    >>> evidence = dictionary_evidence(days, list("AAABBBCCCDDD"), sizes=[2, 3])
    >>> evidence[["n_shapes", "missed"]].round(2).to_numpy().tolist()
    [[2.0, 0.67], [3.0, 0.0]]
    """
    check_share("theta", theta)
    check_count("max_days", max_days)
    X = check_array(X, dtype=[np.float64, np.float32])
    codes, _ = customers_of(X, groups)
    shapes = normalize_shapes(X, normalization)
    learnt, second_half = sample_of_days(shapes, codes, max_days)
    return evidence_of(learnt, second_half, sizes, theta, random_state)


def evidence_of(days, second_half, sizes, theta, seed):
    """As `dictionary_evidence`, of normalised days and the halves they belong to."""
    halves = days[~second_half], days[second_half]
    most = min(map(n_different, halves)) if all(map(len, halves)) else 0
    rows = []
    for size in (size for size in sizes if size <= most):
        check_count("a size", size)
        words = [
            LoadShapeKMeans(size, normalization="none", n_init=3, random_state=seed)
            .fit(half)
            .cluster_centers_
            for half in halves
        ]
        distances = [cdist(days, centers) for centers in words]
        labels = [distance.argmin(axis=1) for distance in distances]
        errors = [
            relative_error(distance.min(axis=1), centers[label])
            for distance, centers, label in zip(distances, words, labels, strict=True)
        ]
        unseen = np.r_[errors[0][second_half], errors[1][~second_half]]
        counts = [np.bincount(label, minlength=size).min() for label in labels]
        rows.append(
            {
                "n_shapes": size,
                "missed": vrse(unseen, theta),
                "smallest": min(counts) / len(days),
                "agreement": adjusted_rand_score(*labels),
            }
        )
    if not rows:
        raise ValueError(
            f"a dictionary of {min(sizes)} shapes or more needs as many different days "
            f"in each half of the customers, {most} found among {len(days)} "
            f"(n_samples={len(days)}); state n_shapes or add days."
        )
    return pd.DataFrame(rows)


def smallest_enough(evidence, max_missed):
    """Smallest number of shapes that misses few enough days, else the largest."""
    enough = evidence["n_shapes"][evidence["missed"] <= max_missed]
    return int(enough.min() if len(enough) else evidence["n_shapes"].max())


def sample_of_days(shapes, codes, max_days):
    """Days to learn from in the order of their form, and who is in the second half.

    Neither the order of the rows nor the names of the customers nor the clock matter:
    customers are parted by the order of their mean day, single days if there is one
    customer.
    """
    counts = np.bincount(codes)
    sums = np.zeros((len(counts), shapes.shape[1]))
    np.add.at(sums, codes, shapes)
    mean = (sums / counts[:, None]).astype(np.float32)
    rank = np.argsort(_in_order(mean))
    kept = has_shape(shapes)
    days, place = shapes[kept].astype(np.float32), rank[codes[kept]]
    order = _in_order(np.column_stack([days, place]), n_readings=days.shape[1])
    if len(order) > max_days:
        order = order[np.linspace(0, len(order) - 1, max_days).round().astype(int)]
    parted = place[order] if len(counts) > 1 else np.arange(len(order))
    return days[order], parted % 2 == 1


def _in_order(rows, n_readings=None):
    """Order of the rows by their form, that no clock changes, then by all columns."""
    order = by_content(rows)
    return order[by_form(rows[order, :n_readings])]


def has_shape(shapes):
    """Tell the rows that are not zero throughout."""
    return (shapes != 0).any(axis=1)


def n_different(rows):
    """Count the different rows, up to the rounding of single precision."""
    return len(np.unique(rows.astype(np.float32), axis=0))


def relative_error(distance, centers):
    """Squared distance over the square of the centre, infinite at a centre of zeros."""
    size = np.einsum("ij,ij->i", centers, centers)
    with np.errstate(divide="ignore"):
        return np.where(distance > 0, distance**2 / size, 0.0)


def customers_of(X, groups):
    """Number of each day's customer by first appearance, and the customers."""
    n_days = len(X)
    if groups is None:
        return np.arange(n_days), np.arange(n_days)
    codes, customers = pd.factorize(pd.Index(groups))
    if len(codes) != n_days:
        raise ValueError(
            f"groups must name the customer of each of the {n_days} days. "
            f"Got {len(codes)}."
        )
    if (codes < 0).any():
        raise ValueError(
            f"groups must name the customer of every day. {(codes < 0).sum()} of "
            f"{n_days} are missing; drop those days."
        )
    return codes, np.asarray(customers)
