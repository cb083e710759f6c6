"""Transactions to one row a customer: how often, how lately, how long known."""

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25}
"""Days of a unit of time."""


def transactions_summary(
    customer: object, date: object, amount: object = None, *, as_of: object, unit="W"
) -> pd.DataFrame:
    """Frequency, recency, age and mean spend of each customer.

    Parameters
    ----------
    customer, date, amount : array-like of shape (n_transactions,)
        Who bought when for how much, at least 0; `amount` may be left out. The time of
        day does not count: purchases of one customer on one day are one purchase, by
        the clock of the time given. A refund is no purchase: take it off the purchase
        that it pays back before.
    as_of : date-like
        End of what is known. Later transactions are left out.
    unit : {"D", "W", "M", "Y"}, default="W"
        Unit of time of `recency` and `T`: days, weeks, months or years (365.25 days).

    Returns
    -------
    summary : DataFrame of shape (n_customers, 4)
        Index `customer`, sorted, those with a transaction by `as_of`: `frequency`,
        purchases after the first; `recency`, time from the first to the last, 0 without
        a second; `T`, time from the first to `as_of`; `monetary`, mean amount of the
        purchases after the first, NaN where there is none or no amount is given.

    Raises
    ------
    ValueError
        If the unit is unknown, the arrays differ in length, a value is missing, a date
        is a number, an amount below 0 or infinite, or nothing happened by `as_of`.

    References
    ----------
    .. [1] P. S. Fader and B. G. S. Hardie, "Creating an RFM summary using Excel", 2008.

    Examples
    --------
    >>> days = ["2024-01-01", "2024-01-15", "2024-01-15", "2024-01-08"]
    >>> transactions_summary(list("aaab"), days, [9, 2, 4, 5], as_of="2024-01-29")
              frequency  recency    T  monetary
    customer
    a                 1      2.0  4.0       6.0
    b                 0      0.0  3.0       NaN
    """
    if unit not in DAYS:
        raise ValueError(
            f"unit must be one of {', '.join(DAYS)}. Got {unit!r} instead."
        )
    columns = {"customer": customer, "date": date}
    if amount is not None:
        columns["amount"] = amount
    columns = {name: np.asarray(values) for name, values in columns.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"One value a transaction is wanted, found {lengths}. Give the columns of "
            "one table."
        )
    table = pd.DataFrame(columns)
    if table.isna().any(axis=None):
        n = int(table.isna().any(axis=1).sum())
        raise ValueError(
            f"{n} of {len(table)} transactions lack a customer, date or amount. Drop "
            "or mend them before."
        )
    if any(is_numeric_dtype(dates) for dates in (table["date"], pd.Series([as_of]))):
        raise ValueError(
            "date and as_of must be days such as '2024-12-31', no numbers. Got "
            f"{table['date'].iloc[:1].tolist()} and {as_of!r}."
        )
    if amount is not None:
        amounts = table["amount"].to_numpy(dtype=float)
        if not np.isfinite(amounts).all() or (amounts < 0).any():
            n = int((~np.isfinite(amounts) | (amounts < 0)).sum())
            raise ValueError(
                f"{n} of {len(table)} amounts are below 0 or infinite. A refund is no "
                "purchase: take it off the purchase that it pays back before."
            )
    table["date"] = pd.to_datetime(table["date"]).dt.tz_localize(None).dt.normalize()
    end = pd.Timestamp(as_of).tz_localize(None).normalize()
    table = table[table["date"] <= end]
    if table.empty:
        raise ValueError(f"No transaction by {end:%Y-%m-%d}. Choose a later as_of.")
    days = table.groupby(["customer", "date"], sort=True)
    spent = days["amount"].sum() if amount is not None else days.size() * np.nan
    spent = spent.astype(float).rename("amount").reset_index()
    by_customer = spent.groupby("customer")
    first, last = by_customer["date"].min(), by_customer["date"].max()
    repeats = spent[spent.duplicated("customer")]
    return pd.DataFrame(
        {
            "frequency": by_customer.size() - 1,
            "recency": (last - first).dt.days / DAYS[unit],
            "T": (end - first).dt.days / DAYS[unit],
            "monetary": repeats.groupby("customer")["amount"].mean(),
        }
    )
