"""A cube in parts: complete days only, some customers at a time."""

from collections.abc import Iterator

import numpy as np

from research.features.load.energy import complete_days

CUSTOMERS_AT_A_TIME = 32  # 4 to 64 take alike, a cube of 300 at once a third longer


def some_at_a_time(n_customers: int) -> Iterator[slice]:
    """Slices over the customers, small enough for the processor's cache."""
    for first in range(0, n_customers, CUSTOMERS_AT_A_TIME):
        yield slice(first, first + CUSTOMERS_AT_A_TIME)


def complete_only(power: np.ndarray, complete_share: float) -> np.ndarray:
    """Readings of the complete days, NaN on the others."""
    complete = complete_days(power, complete_share)
    return np.where(complete[..., np.newaxis], power, np.nan)
