"""Whether the segments come back when what should not matter is changed.

Another seed, a block of the features left out (a month, a season, the weekends), other
customers. Each is one cause of instability, so each has rows of its own. Read them
against the seeds: a block whose absence changes no more than another seed does changes
nothing.

Customers are put in an order of their own content first, and all fits run on one
thread, for the reasons told in stability.py.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from research.comparison._resampling import by_content, check_count, take
from research.comparison.stability import bootstrap_jaccard, stability_band

COLUMNS = ["method", "changed", "detail", "measure", "mean", "worst", "n_fits", "band"]


def seed_stability(estimator, X, n_seeds=10, random_state=0) -> pd.Series:
    """Agreement between fits that differ in nothing but their seed.

    Parameters
    ----------
    estimator : clusterer
        With `fit` and `labels_`. Not changed: clones are fitted, with all their starts;
        a seed of its own is replaced, those of its steps too.
    X : array-like or DataFrame of shape (n_customers, n_features)
        What the estimator takes.
    n_seeds : int, default=10
        Fits, at least 2.
    random_state : int, RandomState instance or None, default=0
        Seed of the seeds.

    Returns
    -------
    agreement : Series
        `mean` and `worst` adjusted Rand index of all pairs of fits, at most 1; `n_fits`
        (2 for an estimator that takes no seed: is it as fixed as it seems?).

    Raises
    ------
    ValueError
        If `n_seeds` is no whole number from 2 up, or what the estimator raises.

    Notes
    -----
    Seeds are no replicates: agreement of seeds says that a search ends in one place,
    not that other customers would give the same segments.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> X = [[0.0], [0.1], [0.2], [0.3], [9.0], [9.1], [9.2], [9.3]]
    >>> seed_stability(KMeans(2, n_init=5), X, 4).tolist()
    [1.0, 1.0, 4.0]
    """
    check_count("n_seeds", n_seeds, least=2)
    rng = check_random_state(random_state)
    X = by_content(X)
    with threadpool_limits(1):
        n_fits = n_seeds if _seeds(estimator) else 2
        fits = [_fit(estimator, X, _seed(rng)).labels_ for _ in range(n_fits)]
    found = [adjusted_rand_score(one, two) for one, two in combinations(fits, 2)]
    return pd.Series(
        {"mean": np.mean(found), "worst": min(found), "n_fits": n_fits},
        name="seed_stability",
    )


def block_stability(estimator, X, blocks, random_state=0) -> pd.DataFrame:
    """Agreement of the segments with those found without a block of the features.

    Parameters
    ----------
    estimator : clusterer
        With `fit` and `labels_`, for any number of columns. Not changed: clones are
        fitted, all with the same seed.
    X : array-like or DataFrame of shape (n_customers, n_features)
        What the estimator takes.
    blocks : dict
        For each block its columns in a list: names for a DataFrame, else positions.
        Blocks may overlap and need not cover all columns. Where leaving a block out
        gives other columns rather than fewer, as the mean day without July, its value
        is the function that makes that table: called without arguments, it gives one
        row for each row of `X`, in the same order.
    random_state : int, RandomState instance or None, default=0
        Seed of the fits, where the estimator takes one.

    Returns
    -------
    agreement : DataFrame
        Index `block`: `adjusted_rand`, at most 1, between the segments of all columns
        and those without the block; `n_columns` that were left; `n_segments` found
        without the block.

    Raises
    ------
    ValueError
        If a block names columns that `X` lacks, is empty, leaves no column, or its
        table has other rows than `X`; or what the estimator raises.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> X = [[0, 5], [0, 6], [0, 5], [9, 6], [9, 5], [9, 6]]
    >>> blocks = {"first": [0], "second": [1]}
    >>> block_stability(KMeans(2, n_init=5), X, blocks)["adjusted_rand"].round(2)
    block
    first    -0.11
    second    1.00
    Name: adjusted_rand, dtype: float64
    """
    rng = check_random_state(random_state)
    seed = _seed(rng)
    X = X if hasattr(X, "iloc") else np.asarray(X)
    order = _order(X)
    rows = []
    with threadpool_limits(1):
        whole = _fit(estimator, take(X, order), seed).labels_
        for name, block in blocks.items():
            rest = block() if callable(block) else _without(X, name, list(block))
            rest = rest if hasattr(rest, "iloc") else np.asarray(rest)
            if len(rest) != len(X):
                raise ValueError(
                    f"The table without {name!r} must have the {len(X)} rows of X. "
                    f"Got {len(rest)}."
                )
            labels = _fit(estimator, take(rest, order), seed).labels_
            rows.append(
                (
                    name,
                    adjusted_rand_score(whole, labels),
                    rest.shape[1],
                    len(np.unique(labels)),
                )
            )
    columns = ["block", "adjusted_rand", "n_columns", "n_segments"]
    return pd.DataFrame(rows, columns=columns).set_index("block")


def compare_stability(
    estimators,
    X,
    blocks=None,
    *,
    n_seeds=10,
    n_resamples=50,
    random_state=0,
    progress=None,
) -> pd.DataFrame:
    """How well the segments of each method come back, by what was changed.

    Parameters
    ----------
    estimators : dict of clusterers
        For each method its estimator, with `fit` and `labels_`.
    X : array-like or DataFrame of shape (n_customers, n_features)
        What the estimators take.
    blocks : dict or None, default=None
        Blocks of features to leave out, see `block_stability`.
    n_seeds : int, default=10
        See `seed_stability`.
    n_resamples : int, default=50
        See `bootstrap_jaccard`.
    random_state : int, RandomState instance or None, default=0
        Seed of everything; a method's rows do not depend on which others are asked for.
    progress : callable or None, default=None
        Called as progress(done, total) after each method.

    Returns
    -------
    stability : DataFrame
        Tidy, for each method rows of three kinds, told by `changed`:

        - "seed": `mean` and `worst` adjusted Rand index over the pairs of fits;
        - "features": a row a block, its name in `detail`; one fit: `mean` is `worst`;
        - "customers": `mean` Jaccard similarity over the bootstrap resamples, of the
          segments weighted by their sizes, and `worst`, that of the least stable
          segment, whose label stands in `detail`.

        `measure` is "adjusted Rand" or "Jaccard": never compare the two. `n_fits`
        counts the fits that were compared; `band` is `stability_band` of the worst
        Jaccard similarity, "" in the other rows, for which no bands are published.

    Raises
    ------
    ValueError
        As `seed_stability`, `block_stability` and `bootstrap_jaccard`.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> X = [[0, 5], [0, 6], [0, 5], [9, 6], [9, 5], [9, 6]]
    >>> table = compare_stability(
    ...     {"k-means": KMeans(2, n_init=5)}, X, {"second": [1]}, n_resamples=10
    ... )
    >>> table[["changed", "detail", "measure", "worst"]].round(2)
         changed  detail        measure  worst
    0       seed          adjusted Rand    1.0
    1   features  second  adjusted Rand    1.0
    2  customers       0        Jaccard    1.0
    """
    seed = _seed(check_random_state(random_state))
    rows = []
    for done, (method, estimator) in enumerate(estimators.items(), start=1):
        found = seed_stability(estimator, X, n_seeds, seed)
        rand = (method, "seed", "", "adjusted Rand")
        rows.append((*rand, found["mean"], found["worst"], int(found["n_fits"]), ""))
        without = block_stability(estimator, X, blocks or {}, seed)
        for name, value in without["adjusted_rand"].items():
            rand = (method, "features", name, "adjusted Rand")
            rows.append((*rand, value, value, 2, ""))
        customers = bootstrap_jaccard(estimator, X, n_resamples, seed)
        mean = np.average(customers["jaccard"], weights=customers["size"])
        worst = customers["jaccard"].min()
        jaccard = (method, "customers", customers["jaccard"].idxmin(), "Jaccard")
        rows.append((*jaccard, mean, worst, n_resamples, stability_band(worst)))
        if progress is not None:
            progress(done, len(estimators))
    return pd.DataFrame(rows, columns=COLUMNS)


def _seeds(estimator):
    """Names of the parameters that seed an estimator or one of its steps."""
    return [
        name
        for name in estimator.get_params(deep=True)
        if name == "random_state" or name.endswith("__random_state")
    ]


def _seed(rng):
    return rng.randint(np.iinfo(np.int32).max)


def _fit(estimator, X, seed):
    """Fit a clone of the estimator with this seed, with all its starts."""
    seeded = clone(estimator)
    return seeded.set_params(**dict.fromkeys(_seeds(seeded), seed)).fit(X)


def _order(X):
    """Positions of the rows in an order of their content."""
    numbered = np.column_stack([np.asarray(X), np.arange(len(X))])
    return by_content(numbered)[:, -1].astype(int)


def _without(X, name, block):
    """Columns of `X` that are not of the block."""
    columns = list(X.columns) if hasattr(X, "columns") else list(range(X.shape[1]))
    lacking = [column for column in block if column not in columns]
    if lacking or not block or len(set(block)) == len(columns):
        what = "names columns that X lacks" if lacking else "leaves nothing or all"
        raise ValueError(
            f"Block {name!r} {what}: it must be some of the columns {columns}. "
            f"Got {lacking or block}."
        )
    kept = [place for place, column in enumerate(columns) if column not in set(block)]
    return X.iloc[:, kept] if hasattr(X, "iloc") else X[:, kept]
