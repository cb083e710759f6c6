"""Recency, frequency and amount of payers: ours beside plain pandas and plain DuckDB.

All read the same Parquet and give, for each customer, the days since the last payment,
the number of payments of a year and their sum; these are compared.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.measuring import side_by_side, way
from research.region import read_region
from research.region.files import write_table

A_YEAR, FIRST, AS_OF, SINCE = 12, "2023-01-01", "2024-12-31", "2024-01-01"
CYCLES = 366 * 12 / 365.25
"""Months of the last year, of which ours tells the payments."""
SETTINGS = """
name: benchmark
title: {en: Benchmark, zh: 基准}
timezone: Asia/Shanghai
source: {publisher: nobody, licence: CC0-1.0, attribution: nobody}
calendar: {country: CN}
currency: CNY
"""


def results(
    customers: Sequence[int], folder: Path | str, repeats: int = 3
) -> pd.DataFrame:
    """One row a way and number of customers."""
    tables = []
    for n in customers:
        path = str(write_payments(n, Path(folder).absolute() / f"payers_{n}"))
        ways = {
            "research": way("benchmarks.payers:ours", path),
            "pandas": way("benchmarks.payers:by_pandas", path),
            "DuckDB": way("benchmarks.payers:by_duckdb", path),
        }
        found = side_by_side(ways, repeats, same=np.allclose)
        found.insert(0, "customers", n)
        found.insert(1, "payments", 2 * n * A_YEAR)
        tables.append(found.reset_index())
    return pd.concat(tables, ignore_index=True)


def write_payments(n: int, folder: Path) -> Path:
    """A region of customers and two years of payments."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    ids = np.array([f"C{i:07}" for i in range(n)])
    seconds = rng.integers(0, 365 * 86_400, (n, 2, A_YEAR))
    seconds[:, 1] += 365 * 86_400
    payments = pd.DataFrame(
        {
            "payment_id": [f"P{i}" for i in range(seconds.size)],
            "customer_id": np.repeat(ids, 2 * A_YEAR),
            "ts": pd.Timestamp(FIRST) + pd.to_timedelta(seconds.ravel(), unit="s"),
            "amount_yuan": rng.gamma(4, 30, seconds.size).round(2),
        }
    )
    write_table(pd.DataFrame({"customer_id": ids}), folder, "customers")
    write_table(payments.sample(frac=1, random_state=0), folder, "payments")
    (folder / "region.yaml").write_text(SETTINGS, "utf-8")
    return folder


def told(recency: pd.Series, frequency: pd.Series, amount: pd.Series) -> list[float]:
    """What is compared: sums over customers, plain and weighted by their place."""
    axes = pd.DataFrame({"r": recency, "f": frequency, "m": amount}).sort_index()
    place = np.linspace(0, 1, len(axes))
    return [
        len(axes),
        *(float(axes[c].astype(float).sum()) for c in axes),
        *(float(axes[c].astype(float) @ place) for c in axes),
    ]


def ours(folder: str) -> Callable:
    """The axes that `RFMSegmenter` takes."""
    from research.features.payment import rfm_axes

    def call():
        axes = rfm_axes(read_region(folder), "postpaid", as_of=AS_OF)
        count = axes["payments_per_cycle"] * CYCLES
        return told(axes["days_since_full_payment"], count, axes["amount_yuan"])

    return call


def by_pandas(folder: str) -> Callable:
    """A groupby."""

    def call():
        paid = pd.read_parquet(
            f"{folder}/payments.parquet", columns=["customer_id", "ts", "amount_yuan"]
        )
        axes = (
            paid[paid["ts"] >= SINCE]
            .groupby("customer_id")
            .agg(
                last=("ts", "max"), count=("ts", "size"), amount=("amount_yuan", "sum")
            )
        )
        days = (pd.Timestamp(AS_OF) - axes["last"].dt.normalize()).dt.days
        return told(days, axes["count"], axes["amount"])

    return call


def by_duckdb(folder: str) -> Callable:
    """One query."""

    def call():
        axes = duckdb.sql(
            f"""
            select customer_id, date '{AS_OF}' - max(ts)::date as days,
              count(*) as count, sum(amount_yuan) as amount
            from '{folder}/payments.parquet' where ts >= '{SINCE}' group by all
            """
        ).df()
        axes = axes.set_index("customer_id")
        return told(axes["days"], axes["count"], axes["amount"])

    return call
