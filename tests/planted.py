"""Small regions with planted rhythms, made anew from a seed, to read and to break."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from research.region.files import write_readings, write_table

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"

REGION_YAML = """\
name: tiny
title: {en: Tiny, zh: 小区}
timezone: Asia/Shanghai
readings: {resolution_minutes: 60, stamp: start, clock: Asia/Shanghai, unit: kWh}
calendar: {country: CN}
"""
# Planted groups are small, and nobody's.
OPEN_YAML = REGION_YAML + "source: {open_data: true}\nprivacy: {min_cell: 5}\n"


def daily_shapes(n_slots: int) -> np.ndarray:
    """Three planted rhythms: evening peak, day shift, night heating."""
    hour = np.arange(n_slots) * 24 / n_slots
    evening = 0.4 + 2.0 * np.exp(-(((hour - 19.5) / 2) ** 2))
    day_shift = 0.2 + 1.6 * ((hour >= 8) & (hour < 17))
    night = 0.3 + 2.2 * ((hour >= 23) | (hour < 6))
    return np.array([evening, day_shift, night])


def planted_readings(
    n_customers: int = 24, n_days: int = 70, minutes: int = 60, seed: int = 0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Readings of customers with a planted rhythm each, and which one it is."""
    rng = np.random.default_rng(seed)
    n_slots = 24 * 60 // minutes
    rhythm = np.arange(n_customers) % 3
    size = rng.lognormal(0, 0.4, n_customers)
    noise = rng.gamma(20, 1 / 20, (n_customers, n_days, n_slots))
    kwh = daily_shapes(n_slots)[rhythm][:, None] * size[:, None, None] * noise
    stamps = pd.date_range("2024-01-01", periods=n_days * n_slots, freq=f"{minutes}min")
    ids = [f"{i:04}" for i in range(n_customers)]
    index = pd.MultiIndex.from_product([ids, stamps], names=["customer_id", "ts"])
    return pd.DataFrame({"kwh": kwh.ravel()}, index=index).reset_index(), rhythm


def write_region(
    folder: Path,
    readings: pd.DataFrame,
    yaml: str = OPEN_YAML,
    **tables: pd.DataFrame,
) -> Path:
    """Write a region: settings, readings, customers, and any further `tables`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "region.yaml").write_text(yaml, encoding="utf-8")
    frame = readings.astype({"customer_id": "str", "kwh": "float32"})
    write_readings(
        pa.Table.from_pandas(frame, preserve_index=False).to_batches(), folder
    )
    ids = pd.DataFrame({"customer_id": readings["customer_id"].unique()})
    for name, table in {"customers": ids, **tables}.items():
        write_table(table, folder, name)
    return folder
