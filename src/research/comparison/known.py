"""Methods on customers whose families are known: what each divides them into."""

from collections.abc import Mapping

import pandas as pd
from sklearn.base import clone

from research.comparison._reused import reused


def divide_known(methods: Mapping, known: Mapping) -> pd.DataFrame:
    """Segments that each method finds where the truth is known.

    Parameters
    ----------
    methods : mapping of str to clusterer
        Each is fitted on a copy, on the curves alone.
    known : mapping of (str, int) to (array-like, array-like)
        By mix and draw: curves of shape (n_customers, n_readings), and the family of
        each customer.

    Returns
    -------
    divided : DataFrame
        A row a mix, draw, method and customer: `mix`, `draw`, `method`, `family`,
        `segment`. In the order of `known`, then of `methods`.

    Notes
    -----
    Kept for the other pages of a night, where `research.kept.FOLDER` names a folder:
    what is drawn by a seed alone is the same for every region.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> curves = [[0.0], [0.1], [9.0], [9.1]]
    >>> divided = divide_known(
    ...     {"k-means": KMeans(2, random_state=0)},
    ...     {("even", 0): (curves, ["home", "home", "shop", "shop"])},
    ... )
    >>> divided.groupby("family")["segment"].nunique().to_dict()
    {'home': 1, 'shop': 1}
    """

    def compute():
        return pd.concat(
            [
                pd.DataFrame(
                    {
                        "mix": mix,
                        "draw": draw,
                        "method": name,
                        "family": families,
                        "segment": clone(method).fit_predict(curves),
                    }
                )
                for (mix, draw), (curves, families) in known.items()
                for name, method in methods.items()
            ],
            ignore_index=True,
        )

    arrays = [array for pair in known.values() for array in pair]
    return reused(
        compute, "known", methods.values(), arrays, list(known), list(methods)
    )
