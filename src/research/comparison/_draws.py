"""Draws of customers, and the seed of each run: the same for all methods."""

import numpy as np

_ALL = 2**32 - 1
"""Stands for the fit on all customers, which is no replicate."""


def draw_customers(n, plan, replicate):
    """Customers that a replicate learns from, and others on which it is tested.

    Parameters
    ----------
    n : int
        Customers.
    plan : ReplicatePlan
    replicate : int
        From 0; sets the draw alone, whatever the seeds of the methods.

    Returns
    -------
    train, test : ndarray of int
        Positions, sorted; a bootstrap repeats some in `train`. No customer is in both.

    Examples
    --------
    >>> from research.comparison.protocol import ReplicatePlan
    >>> plan = ReplicatePlan(kind="splits", number=2, test_share=0.25)
    >>> [len(part) for part in draw_customers(8, plan, 0)]
    [6, 2]
    """
    rng = np.random.default_rng([replicate, n])
    if plan.kind == "bootstrap":
        train = np.sort(rng.integers(n, size=n))
        test = np.setdiff1d(np.arange(n), train)
    else:
        order = rng.permutation(n)
        n_test = max(1, round(plan.test_share * n))
        test, train = np.sort(order[:n_test]), np.sort(order[n_test:])
    if not len(train) or not len(test):
        raise ValueError(
            f"{n} customers are too few to learn from some and test others."
        )
    return train, test


def seed_of(seed, replicate=None):
    """Seed that a method gets in a run: another one in each replicate.

    Examples
    --------
    >>> seed_of(0, 1) == seed_of(0, 1), seed_of(0, 1) == seed_of(0, 2)
    (True, False)
    """
    if seed is None:
        return None
    place = _ALL if replicate is None else replicate
    return int(np.random.SeedSequence([seed, place]).generate_state(1)[0] >> 1)
