"""Time the table of load features against plain pandas, in one run.

    python -m benchmarks.features [n_customers] [repeats]

Both start from readings in memory: ours from cubes, as a region hands them out,
pandas from the long table of `customer_id, ts, kwh`. Both give the same columns. The
pandas way is the one that the tests hold ours against. Peak memory is what is
allocated on top of the readings, from a run of its own, since tracing slows it down.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pandas as pd

from research.features import load
from tests.features import plain_pandas

N_DAYS, N_SLOTS, CUSTOMERS_A_CUBE = 365, 48, 100


def main(n_customers: int = 200, repeats: int = 3) -> None:
    power = plain_pandas.year_of_power(n_customers, n_days=N_DAYS, n_slots=N_SLOTS)
    power = power.astype(np.float32)
    region = plain_pandas.region_of(power, customers_a_cube=CUSTOMERS_A_CUBE)
    readings = plain_pandas.long_table(power)
    ways = {
        "features.load.table": lambda: load.table(region),
        "plain pandas": lambda: plain_pandas.features(
            readings, region.calendar, region.tou_bands, n_slots=N_SLOTS
        ),
    }
    answers = [way() for way in ways.values()]
    pd.testing.assert_frame_equal(
        *answers, check_index_type=False, check_dtype=False, rtol=1e-4, atol=1e-6
    )

    rows = {name: seconds(way, repeats) for name, way in ways.items()}
    result = pd.DataFrame({"wall_s": rows})
    result["ns_a_reading"] = result["wall_s"] / power.size * 1e9
    result["peak_mb"] = pd.Series({name: peak_mb(way) for name, way in ways.items()})
    ratios = (result / result.loc["features.load.table"]).add_suffix("_ratio")
    result = result.join(ratios.drop(columns="ns_a_reading_ratio"))
    print(
        f"{n_customers:,} customers x {N_DAYS} days x {N_SLOTS} slots = "
        f"{power.size:,} readings, {len(answers[0].columns)} features, "
        f"median of {repeats}"
    )
    print(result.round(2).to_string())


def seconds(way: Callable[[], pd.DataFrame], repeats: int) -> float:
    """Median wall time."""
    walls = []
    for _ in range(repeats):
        start = time.perf_counter()
        way()
        walls.append(time.perf_counter() - start)
    return float(np.median(walls))


def peak_mb(way: Callable[[], pd.DataFrame]) -> float:
    """Most memory allocated at once."""
    tracemalloc.start()
    way()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
