"""The two long tables of energy: from arrays to rows, whole customers at a time."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from research.region.files import ROWS_A_GROUP


def energy_batches(
    people: pd.DataFrame,
    days: pd.DatetimeIndex,
    kwh: np.ndarray,
    export: np.ndarray | None,
) -> Iterator[pa.RecordBatch]:
    """Rows of ``energy_daily``, sorted, whole customers a batch.

    Parameters
    ----------
    people : DataFrame of shape (n_customers, ...)
    days : DatetimeIndex of shape (n_days,)
    kwh : ndarray of shape (n_customers, n_days)
        A day without energy known (NaN) has no row. [kWh]
    export : ndarray of the same shape, or None
        Stated for customers with a roof. [kWh]
    """
    roof = people["pv_kw"].notna().to_numpy()[:, None]
    date = pa.array(days.to_numpy().astype("datetime64[D]"))
    for rows, batch in _batches(people["customer_id"], date, "date", kwh):
        if export is not None:
            given = np.where(roof[rows], export[rows], np.nan)
            given = given[~np.isnan(kwh[rows])]
            column = pa.array(given, pa.float32(), from_pandas=True)
            batch = batch.append_column("kwh_export", column)
        yield batch


def reading_batches(
    ids: pd.Series, stamps: pd.DatetimeIndex, kwh: np.ndarray
) -> Iterator[pa.RecordBatch]:
    """Rows of ``readings``, sorted, whole customers a batch.

    Parameters
    ----------
    ids : Series of shape (n_customers,)
    stamps : DatetimeIndex of shape (n_stamps,)
    kwh : ndarray of float32, shape (n_customers, n_stamps)
        An interval without energy known (NaN) has no row. [kWh]
    """
    ts = pa.array(stamps.to_numpy().astype("datetime64[ms]"))
    for _, batch in _batches(ids, ts, "ts", kwh):
        yield batch


def _batches(
    ids: pd.Series, stamps: pa.Array, column: str, kwh: np.ndarray
) -> Iterator[tuple[slice, pa.RecordBatch]]:
    n_stamps = len(stamps)
    names = pa.array(ids, pa.string())
    at_once = max(ROWS_A_GROUP // n_stamps, 1)
    for start in range(0, len(kwh), at_once):
        rows = slice(start, start + at_once)
        values = np.ascontiguousarray(kwh[rows])
        customer = np.repeat(np.arange(len(values), dtype=np.int32), n_stamps)
        stamp = np.tile(stamps.to_numpy(zero_copy_only=False), len(values))
        flat = values.ravel()
        known = ~np.isnan(flat)
        if not known.all():
            customer, stamp, flat = customer[known], stamp[known], flat[known]
        codes = pa.DictionaryArray.from_arrays(pa.array(customer), names[rows])
        yield (
            rows,
            pa.record_batch(
                [codes, pa.array(stamp, stamps.type), pa.array(flat)],
                names=["customer_id", column, "kwh"],
            ),
        )
