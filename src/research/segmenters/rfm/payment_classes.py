"""Four classes by how often and how much customers pay, in both published readings.

The rule compares each customer with the mean of all, twice. Which mean of the amounts
is meant is not said where it was published, and both readings were: on one set of 100
households they give 41, 29, 4, 26 and 28, 42, 10, 20 customers. So the reading has to
be named here, and travels with the answer.
"""

import numpy as np
import pandas as pd

from research.segmenters._parameters import check_choice

READINGS = ("customer_total", "mean_payment")
PAYMENT_CLASSES = {
    "high value": "高价值",
    "mass": "大众",
    "potential": "潜力",
    "low value": "低价值",
}
"""Classes in their order, and their published Chinese names."""

TIE = 1e-9
"""Relative distance up to which a value counts as equal to the mean."""


def payment_classes(counts, amounts, reading="customer_total"):
    """Class of each customer by number and amount of payments against their means.

    =============  ================  ================
    class          number            amount
    =============  ================  ================
    high value     above the mean    above the mean
    mass 大众      above             not above
    potential 潜力 not above         above
    low value      not above         not above
    =============  ================  ================

    Parameters
    ----------
    counts : Series of shape (n_customers,)
        Number of payments of each customer, at least 1; one row a customer.
    amounts : Series of shape (n_customers,)
        Sum of the payments of each customer, on the same index, in any currency.
    reading : {"customer_total", "mean_payment"}, default="customer_total"
        - "customer_total": a customer's sum against the mean of the sums;
        - "mean_payment": a customer's mean payment against the mean of all payments.

    Returns
    -------
    classes : Series of shape (n_customers,)
        Categorical, with all four classes in this order even where one is empty;
        ``attrs``: `reading`, `mean_count` and `mean_amount`, the two means used.

    Raises
    ------
    ValueError
        If the reading is unknown, the indexes differ or name a customer twice, or a
        value is missing, infinite or a count below 1 or no whole number.

    Notes
    -----
    *Ties.* "Above" means above: a customer on the mean, up to rounding (`TIE`), is not
    above it. If all pay alike, all are of low value. The published rule leaves a tie
    open.

    Examples
    --------
    >>> counts = pd.Series([8, 8, 2, 2], index=["a", "b", "c", "d"])
    >>> amounts = pd.Series([900.0, 100.0, 800.0, 50.0], index=counts.index)
    >>> payment_classes(counts, amounts).tolist()
    ['high value', 'mass', 'potential', 'low value']
    >>> payment_classes(counts, amounts, "mean_payment").attrs["mean_amount"]
    92.5
    """
    check_choice("reading", reading, READINGS)
    counts, amounts = pd.Series(counts), pd.Series(amounts)
    if not counts.index.equals(amounts.index):
        raise ValueError(
            "counts and amounts must have one index, customer by customer. Got "
            f"{len(counts)} and {len(amounts)} rows whose names or order differ; "
            "take both from one table."
        )
    if not counts.index.is_unique:
        twice = counts.index[counts.index.duplicated()]
        raise ValueError(
            f"each customer must stand once. Got {len(twice)} repeated, such as "
            f"{twice[0]!r}; add up the payments of a customer before."
        )
    n, total = counts.to_numpy(float), amounts.to_numpy(float)
    if not len(n) or not np.isfinite(n).all() or not np.isfinite(total).all():
        raise ValueError(
            "counts and amounts must be finite, for at least one customer. Drop "
            "customers without payments before."
        )
    if (n < 1).any() or (n % 1 != 0).any():
        wrong = n[(n < 1) | (n % 1 != 0)]
        raise ValueError(
            f"counts must be whole numbers of at least 1. Got {wrong[0]:g} instead; "
            "drop customers without payments before."
        )
    if reading == "customer_total":
        amount, mean_amount = total, total.mean()
    else:
        amount, mean_amount = total / n, total.sum() / n.sum()
    often, much = _above(n, n.mean()), _above(amount, mean_amount)
    number = np.where(often, np.where(much, 0, 1), np.where(much, 2, 3))
    classes = pd.Series(
        pd.Categorical.from_codes(number, list(PAYMENT_CLASSES)),
        index=counts.index,
        name="payment_class",
    )
    classes.attrs = {
        "reading": reading,
        "mean_count": float(n.mean()),
        "mean_amount": float(mean_amount),
    }
    return classes


def _above(values, mean):
    return values > mean + TIE * abs(mean)
