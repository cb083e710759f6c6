"""Mean consistency index of matrices filled by chance, which CR is measured against.

Four tables are in use and they differ by up to 15 %, enough to move a matrix across
0.10: the table is always named. Saaty's table of 1980 is high for three criteria (0.58;
simulations give 0.52 to 0.53) and wrong for twelve (1.48, below the 1.51 of eleven). It
stays the default here because Chinese and older Western publications quote it.
"""

from functools import cache
from types import MappingProxyType

import numpy as np

from research.segmenters._parameters import check_choice, check_count

# fmt: off
RANDOM_INDEX = MappingProxyType({
    "saaty1980": (
        0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49,
        1.51, 1.48, 1.56, 1.57, 1.59,
    ),
    "saaty2005": (
        0.0, 0.0, 0.52, 0.89, 1.11, 1.25, 1.35, 1.40, 1.45, 1.49,
        1.52, 1.54, 1.56, 1.58, 1.59,
    ),
    "donegan_dodd1991": (
        0.0, 0.0, 0.4914, 0.8286, 1.0591, 1.1797, 1.2519, 1.3171, 1.3733, 1.4055,
        1.4213, 1.4497, 1.4643, 1.4822, 1.4969,
    ),
    "simulated": (
        0.0, 0.0, 0.5251686, 0.8836651, 1.1081014, 1.2492774, 1.3415514, 1.4048466,
        1.4507197, 1.4857266, 1.5141022, 1.5356638, 1.5545925, 1.5703498, 1.5839958,
    ),
})
# fmt: on
"""Tables by name, for 1 to 15 criteria. saaty1980: T. L. Saaty, The Analytic Hierarchy
Process, 1980. saaty2005: Theory and Applications of the Analytic Network Process, 2005.
donegan_dodd1991: Mathematical and Computer Modelling 15(10), pp. 135-137. simulated:
500,000 random matrices a size, of the R package ahpsurvey."""

DRAWS = 10_000
"""Random matrices a size beyond the tables; leaves an error below 0.001."""


def random_index(n, table="saaty1980", *, missing=0, seed=0):
    """Random index 随机一致性指标 RI for `n` criteria.

    Parameters
    ----------
    n : int
        Number of criteria, at least 1.
    table : {"saaty1980", "saaty2005", "donegan_dodd1991", "simulated"}
        Which table; beyond its 15 criteria every table goes on by `simulated_index`.
    missing : int, default=0
        Pairs not judged. Filling them so that CR is least makes chance look
        consistent: the index falls to (1 - 2 missing / ((n - 1)(n - 2))) of its value
        [1]_, which is 0 where no judgement is left over to contradict another.
    seed : int, default=0
        Of the simulation; no table depends on it.

    Returns
    -------
    index : float
        At least 0 [unitless]; 0 for one and two criteria, who cannot be inconsistent.

    Raises
    ------
    ValueError
        If the table is unknown, or `n` or `missing` is no count that can be.

    References
    ----------
    .. [1] K. C. Agoston and L. Csato, "Inconsistency thresholds for incomplete
       pairwise comparison matrices", Omega, vol. 108, 102576, 2022.

    Examples
    --------
    >>> random_index(4), random_index(4, "donegan_dodd1991")
    (0.9, 0.8286)
    >>> round(random_index(4, missing=1), 3)
    0.6
    """
    check_count("n", n)
    check_choice("random_index", table, tuple(RANDOM_INDEX))
    check_count("missing", missing, least=0)
    spare = (n - 1) * (n - 2) // 2
    if missing > spare:
        raise ValueError(
            f"missing={missing} pairs of {n} criteria leave the rest unconnected; at "
            f"most {spare} may be missing."
        )
    if n <= 2:
        return 0.0
    values = RANDOM_INDEX[table]
    index = values[n - 1] if n <= len(values) else simulated_index(n, seed=seed)
    return index * (1 - missing / spare)


@cache
def simulated_index(n, *, draws=DRAWS, seed=0):
    """Mean consistency index of `draws` random reciprocal matrices.

    Judgements above the diagonal are drawn from 1/9, 1/8, ..., 1, ..., 9, all equally
    likely. Kept, once computed.

    Parameters
    ----------
    n : int
        Number of criteria, at least 1.
    draws : int, default=10,000
        Number of matrices.
    seed : int, default=0
        The same seed gives the same index.

    Returns
    -------
    index : float
        Mean of (lambda_max - n) / (n - 1) [unitless].

    Examples
    --------
    >>> bool(abs(simulated_index(5) - 1.108) < 0.02)
    True
    """
    if n <= 2:
        return 0.0
    rng = np.random.default_rng([seed, n])
    scale = np.r_[1 / np.arange(9, 1, -1.0), np.arange(1, 10.0)]
    upper = np.triu_indices(n, 1)
    total = 0.0
    for size in _blocks(draws, n):
        matrices = np.ones((size, n, n))
        matrices[:, *upper] = rng.choice(scale, (size, len(upper[0])))
        matrices[:, upper[1], upper[0]] = 1 / matrices[:, *upper]
        total += (_principal_values(matrices).sum() - size * n) / (n - 1)
    return float(total / draws)


def _blocks(draws, n):
    """Sizes of blocks of matrices that fit into some 20 MB each."""
    size = max(1, 2_500_000 // n**2)
    return [min(size, draws - start) for start in range(0, draws, size)]


def _principal_values(matrices):
    """Largest eigenvalue of each positive matrix, by the power iteration."""
    vectors = np.full(matrices.shape[:2], 1 / matrices.shape[1])
    for _ in range(500):
        images = np.einsum("bij,bj->bi", matrices, vectors)
        ratios = images / vectors
        if np.ptp(ratios, axis=1).max() < 1e-6:
            break
        vectors = images / images.sum(axis=1, keepdims=True)
    return ratios.mean(axis=1)  # lies between the bounds of Collatz and Wielandt
