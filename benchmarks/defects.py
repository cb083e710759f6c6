"""Print how well the rules of data quality find the defects of a synthetic region.

    python -m benchmarks.defects [name] [level] [customers] [days] [seed]

Makes the region with everything in it, injects the defects of the level, and compares
what the rules say with the log: recall and precision of each defect in each table.
"""

import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from research.region.settings import FILE_NAME, read_settings
from research.region.synthetic.build import synthesize
from research.region.synthetic.defects.detection import detection


def main(
    name: str = "haihe",
    level: str = "typical",
    customers: int = 3000,
    days: int = 400,
    seed: int = 0,
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / name
        start = time.perf_counter()
        synthesize(
            name, folder, customers=customers, days=days, seed=seed, defects=level
        )
        made = time.perf_counter()
        log = pd.read_parquet(folder / "truth" / "defects.parquet")
        found = detection(folder, log, read_settings(folder / FILE_NAME))
        judged = time.perf_counter()
    print(
        f"{name}, {customers:,} customers, {days} days, defects {level}, seed {seed}: "
        f"made in {made - start:.1f} s, judged in {judged - made:.1f} s"
    )
    print(found.round(3).to_string(index=False))


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
