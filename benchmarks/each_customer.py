"""Features of a year of one customer after the other, as tsfresh works, and as we do.

Both start from readings in memory. What both know, the mean and the largest load of
each customer, is compared.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measuring import side_by_side, way
from tests.features.plain_pandas import region_of, year_of_power

N_DAYS, N_SLOTS = 365, 96


def results(
    n_customers: int, folder: Path | str | None = None, repeats: int = 3
) -> pd.DataFrame:
    """One row a way, with CPU seconds a customer-year."""
    ways = {
        "research": way("benchmarks.each_customer:ours", n_customers, False),
        "research, compiled": way("benchmarks.each_customer:ours", n_customers, True),
        "tsfresh, minimal": way(
            "benchmarks.each_customer:tsfresh_minimal", n_customers
        ),
    }
    found = side_by_side(ways, repeats, same=np.allclose)
    found["cpu_s_a_customer"] = found["cpu_s"] / n_customers
    found["features"] = [32, 32, 10]
    return found.reset_index()


def ours(n_customers: int, compiled: bool) -> Callable:
    """Load features by `features.load.table`."""
    from research.features import load

    power = _power(n_customers)
    region = region_of(power, customers_a_cube=28)
    load.table(region_of(power[:1]), compiled=compiled)  # compiles

    def call():
        table = load.table(region, compiled=compiled)
        largest = table["annual_energy"] / table["full_load_hours"]
        return [table["mean_power"].tolist(), largest.tolist()]

    return call


def tsfresh_minimal(n_customers: int) -> Callable:
    """The minimal set of tsfresh, in one process."""
    from tsfresh import extract_features
    from tsfresh.feature_extraction import MinimalFCParameters

    power = _power(n_customers).reshape(n_customers, -1)
    table = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n_customers), power.shape[1]),
            "slot": np.tile(np.arange(power.shape[1]), n_customers),
            "kw": power.ravel(),
        }
    )

    def call():
        found = extract_features(
            table, column_id="id", column_sort="slot", n_jobs=0,
            default_fc_parameters=MinimalFCParameters(), disable_progressbar=True,
        )  # fmt: skip
        return [found["kw__mean"].tolist(), found["kw__maximum"].tolist()]

    return call


def _power(n_customers: int) -> np.ndarray:
    """A year without gaps, since tsfresh knows none, in kW."""
    power = year_of_power(n_customers, n_days=N_DAYS, n_slots=N_SLOTS)
    return np.nan_to_num(power, nan=0.1)
