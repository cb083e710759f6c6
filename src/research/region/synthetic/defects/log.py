"""The log of the defects: which cell was changed, from what to what, and why."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = ("table", "row_key", "column", "defect", "original", "now")


def as_text(values: object) -> pa.Array:
    """Values as the log writes them: the shortest text that reads back, "" if missing.

    Examples
    --------
    >>> as_text(np.array([0.1, np.nan], dtype="float32")).to_pylist()
    ['0.1', '']
    """
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        array = values
    elif isinstance(values, np.ndarray):
        array = pa.array(values, from_pandas=True)
    else:
        array = pa.Array.from_pandas(pd.Series(values))
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("s"), safe=False)
    return pc.fill_null(pc.cast(array, pa.string()), "")


def row_keys(*keys: object) -> pa.Array:
    """Key columns of rows, joined by ``|``."""
    texts = [as_text(key) for key in keys]
    return texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "|")


def entries(
    table: str,
    row_key: pa.Array,
    column: str,
    defect: str,
    original: object = "",
    now: object = "",
) -> pd.DataFrame:
    """Rows of the log.

    Parameters
    ----------
    table, column, defect : str
        `column` is empty for a row that was appended.
    row_key : Array of shape (n,)
        Key of each row before anything was changed, as `row_keys` joins it.
    original, now : array-like of shape (n,), or str for all
    """
    n = len(row_key)
    columns = [table, row_key, column, defect, original, now]
    arrays = [
        pa.repeat(pa.scalar(c), n) if isinstance(c, str) else as_text(c)
        for c in columns
    ]
    return pa.table(dict(zip(COLUMNS, arrays, strict=True))).to_pandas()


def joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """One log of several, in their order; an empty one where there is none."""
    if not parts:
        empty = pa.array([], pa.string())
        return pa.table(dict.fromkeys(COLUMNS, empty)).to_pandas()
    return pd.concat(parts, ignore_index=True)


def cells(
    log: pd.DataFrame, table: str, customer_id: pd.Index, stamps: pd.DatetimeIndex
) -> dict[str, np.ndarray]:
    """Cells of an array that each defect of the log changed.

    Parameters
    ----------
    log : DataFrame
        As the functions of this package give it.
    table : str
        ``readings`` or ``energy_daily``.
    customer_id : Index of shape (n_customers,)
    stamps : DatetimeIndex of shape (n_stamps,)
        Interval starts or days.

    Returns
    -------
    cells : dict of str to ndarray of bool, shape (n_customers, n_stamps)
        By defect. A row key that ends in two stamps ``first/last`` stands for all
        between them, both included.
    """
    ours = log[(log["table"] == table) & (log["column"] == "kwh")]
    found = {}
    for defect, rows in ours.groupby("defect"):
        key = rows["row_key"].str.split("|", expand=True)
        span = key[1].str.partition("/")
        first = stamps.get_indexer(pd.to_datetime(span[0]))
        until = span[2].where(span[2] != "", span[0])
        last = stamps.get_indexer(pd.to_datetime(until))
        row = customer_id.get_indexer(key[0])
        inside = (row >= 0) & (first >= 0) & (last >= 0)
        edges = np.zeros((len(customer_id), len(stamps) + 1), dtype=np.int32)
        np.add.at(edges, (row[inside], first[inside]), 1)
        np.add.at(edges, (row[inside], last[inside] + 1), -1)
        found[str(defect)] = edges.cumsum(axis=1)[:, :-1] > 0
    return found
