"""Transactions to one row a customer: how long ago, how often, how much."""

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype


def rfm_table(transactions, *, customer, date, amount, as_of):
    """Recency, frequency and amount of each customer on a day.

    Parameters
    ----------
    transactions : DataFrame
        One row a transaction. Not changed.
    customer, date, amount : str
        Names of its columns: whose it is, when it was (dates or times), and how much;
        refunds are negative. A time with a zone counts on the day of its own clock: to
        count by local days, convert it to the local zone before.
    as_of : date-like
        The day from which is counted back. There is no default: the last day of the
        data, or today, would give other segments with every delivery of data.

    Returns
    -------
    table : DataFrame of shape (n_customers, 3)
        Index `customer`, sorted:

        - `recency_days`: whole days from the last transaction to `as_of` [d], at least
          0; NaN for a customer of refunds only;
        - `transaction_count`: transactions, refunds not counted;
        - `amount`: sum of all amounts, refunds taken off; may be negative.

        ``attrs``: `as_of`; `after_as_of`, the number of rows after that day, which are
        not counted; `refunds`, the number of negative amounts among the others.
        Customers with rows after that day only are not in the table; with a day before
        all rows it is empty.

    Raises
    ------
    ValueError
        If a column is missing, `as_of` or a date is no day (a number such as 20240331
        is none), an amount is no finite number, or a value is missing.

    Examples
    --------
    >>> orders = pd.DataFrame({
    ...     "who": ["a", "a", "a", "b", "b"],
    ...     "on": pd.to_datetime(["2024-01-01", "2024-03-01", "2024-03-05",
    ...                           "2024-02-01", "2024-05-01"]),
    ...     "yuan": [50.0, 30.0, -30.0, 20.0, 99.0]})
    >>> table = rfm_table(orders, customer="who", date="on", amount="yuan",
    ...                   as_of="2024-03-31")
    >>> table
         recency_days  transaction_count  amount
    who
    a            30.0                  2    50.0
    b            59.0                  1    20.0
    >>> table.attrs["after_as_of"], table.attrs["refunds"]
    (1, 1)
    """
    wanted = [customer, date, amount]
    lacking = [column for column in wanted if column not in transactions]
    if lacking:
        raise ValueError(
            f"transactions lack the column {', '.join(map(repr, lacking))}. Found: "
            f"{', '.join(map(str, transactions.columns))}."
        )
    last = _day(as_of)
    rows = transactions[wanted].set_axis(["customer", "date", "amount"], axis=1)
    if rows.isna().any(axis=None):
        missing = rows.set_axis(wanted, axis=1).isna().sum()
        raise ValueError(
            "transactions must have no missing value in the columns used. Got "
            + ", ".join(f"{count} in {name!r}" for name, count in missing.items())
            + "; drop or mend these rows before."
        )
    day = _days(rows["date"], date)
    amounts = rows["amount"]
    if not is_numeric_dtype(amounts) or not np.isfinite(amounts.to_numpy(float)).all():
        raise ValueError(
            f"{amount!r} must hold finite numbers, the amounts. Got {amounts.dtype} "
            f"such as {amounts.iloc[0]!r}; convert it, or drop the infinite, before."
        )
    counted = rows.assign(date=day)[day <= last]
    paid = counted[counted["amount"] >= 0].groupby("customer")["date"]
    totals = counted.groupby("customer")["amount"].sum()
    table = pd.DataFrame(
        {
            "recency_days": (last - paid.max()).dt.days.astype("float64"),
            "transaction_count": paid.size(),
            "amount": totals,
        },
        index=totals.index,
    ).rename_axis(customer)
    table["transaction_count"] = table["transaction_count"].fillna(0).astype("int64")
    table.attrs = {
        "as_of": last,
        "after_as_of": int((day > last).sum()),
        "refunds": int((counted["amount"] < 0).sum()),
    }
    return table


def _day(as_of):
    """The day of `as_of`, without a clock."""
    try:
        last = pd.NaT if isinstance(as_of, (int, float)) else pd.Timestamp(as_of)
    except (ValueError, TypeError):
        last = pd.NaT
    if pd.isna(last):
        raise ValueError(f"as_of must be a day such as '2024-12-31'. Got {as_of!r}.")
    return last.tz_localize(None).normalize()


def _days(dates, name):
    """The days of the column `name`, each by its own clock."""
    try:
        if is_numeric_dtype(dates) or is_bool_dtype(dates):
            raise ValueError("these are numbers")
        days = pd.to_datetime(dates)
        return days.dt.tz_localize(None).dt.normalize()
    except (ValueError, TypeError, AttributeError) as error:
        example = dates.iloc[0] if len(dates) else None
        raise ValueError(
            f"{name!r} must hold dates of one form, such as 2024-12-31. Got "
            f"{dates.dtype} such as {example!r} ({error}); convert it with "
            "pandas.to_datetime before."
        ) from error
