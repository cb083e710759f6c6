"""Bootstrap intervals over customers: how sure shares are."""

import numpy as np
import pandas as pd


def share_intervals(
    amounts: pd.DataFrame,
    segments: pd.Series,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Share of each segment in several totals, with an interval.

    Parameters
    ----------
    amounts : DataFrame of shape (n_customers, n_measures)
        What each customer adds to each total; a column of ones gives the share of the
        customers. Missing values count as nothing.
    segments : Series of shape (n_customers,)
        Segment of each customer, on the same index.
    level : float
        Level of the percentile interval.
    n_resamples : int
        Bootstrap samples of customers.
    random_state : int
        Seed of the samples.

    Returns
    -------
    shares : DataFrame
        A row a measure and segment: `measure`, `segment`, `share`, `low`, `high`. The
        interval tells what another sample of as many customers would give; the
        segments themselves are taken as they are.

    References
    ----------
    .. [1] B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993.

    Examples
    --------
    >>> amounts = pd.DataFrame({"customers": 1.0, "kWh": [3.0, 1.0, 1.0, 1.0]})
    >>> shares = share_intervals(amounts, pd.Series([0, 1, 1, 1]))
    >>> shares["share"].tolist()
    [0.25, 0.75, 0.5, 0.5]
    """
    rng = np.random.default_rng(random_state)
    codes, values = pd.factorize(segments.reindex(amounts.index), sort=True)
    members = np.eye(len(values))[codes]
    worth = amounts.fillna(0).to_numpy(dtype=float)
    weights = rng.multinomial(
        len(codes), np.full(len(codes), 1 / len(codes)), n_resamples
    )
    tail = (1 - level) / 2
    rows = []
    for number, measure in enumerate(amounts.columns):
        parts = members * worth[:, [number]]
        share = parts.sum(axis=0) / parts.sum()
        drawn = weights @ parts
        whole = drawn.sum(axis=1)
        drawn = (
            drawn[whole > 0] / whole[whole > 0, None]
        )  # a draw of nothing tells none
        low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
        rows.append(
            pd.DataFrame(
                {
                    "measure": measure,
                    "segment": values,
                    "share": share,
                    "low": low,
                    "high": high,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)
