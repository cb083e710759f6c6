"""Writing a region: tables, readings in whole customers, a folder that swaps whole."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from research.region.schema import TABLES

ROWS_A_GROUP = 1_000_000
CUSTOMERS_A_FILE = 1_000


def write_table(frame: pd.DataFrame, folder: Path, name: str) -> None:
    """Write a small table of a region, columns and types as `TABLES` says."""
    known = TABLES[name].types if name in TABLES else {}
    columns = {c: kind for c, kind in known.items() if c in frame.columns}
    extra = [c for c in frame.columns if c not in columns]
    table = pa.Table.from_pandas(frame[[*columns, *extra]], preserve_index=False)
    types = {
        **dict(zip(table.column_names, table.schema.types, strict=True)),
        **columns,
    }
    pq.write_table(
        table.cast(pa.schema(list(types.items()))).replace_schema_metadata(None),
        folder / f"{name}.parquet",
        compression="zstd",
    )


def write_readings(batches: Iterable[pa.RecordBatch], folder: Path) -> int:
    """Write readings, sorted by customer and time, in row groups of whole customers.

    Parameters
    ----------
    batches : iterable of RecordBatch
        `customer_id`, `ts`, `kwh`, sorted; a customer may run over batches.
    folder : Path
        Region folder; the files go to ``readings/part-0000.parquet`` and on.

    Returns
    -------
    rows : int
        Rows written.
    """
    return write_series(batches, folder, "readings", ("customer_id", "ts", "kwh"))


def write_series(
    batches: Iterable[pa.RecordBatch],
    folder: Path,
    table: str,
    columns: Iterable[str],
) -> int:
    """Write a long table of customers, in row groups of whole customers.

    Parameters
    ----------
    batches : iterable of RecordBatch
        `columns` at least, sorted by customer and time; a customer may run over
        batches.
    folder : Path
        Region folder; the files go to ``<table>/part-0000.parquet`` and on.
    table : str
        A table of `TABLES` with a key of customer and time.
    columns : iterable of str
        Columns to write.

    Returns
    -------
    rows : int
        Rows written.
    """
    target = folder / table
    target.mkdir()
    types, time = TABLES[table].types, TABLES[table].key[1]
    schema = pa.schema([(name, types[name]) for name in columns])
    writer, n_files, in_file, rows = None, 0, 0, 0
    for group, n_customers in _whole_customers(batches, schema):
        if writer is None or in_file >= CUSTOMERS_A_FILE:
            if writer:
                writer.close()
            path = target / f"part-{n_files:04}.parquet"
            writer = pq.ParquetWriter(
                path,
                schema,
                compression="zstd",
                use_dictionary=[name for name in schema.names if name != time],
                column_encoding={time: "DELTA_BINARY_PACKED"},
            )
            n_files, in_file = n_files + 1, 0
        writer.write_table(group, row_group_size=len(group))
        in_file += n_customers
        rows += len(group)
    if writer:
        writer.close()
    return rows


def _whole_customers(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema
) -> Iterator[tuple[pa.Table, int]]:
    """Cut sorted rows at the last customer that begins within `ROWS_A_GROUP`.

    Gives the rows and how many customers they are of.
    """
    held = schema.empty_table()
    for batch in batches:
        rows = pa.Table.from_batches([batch]).select(schema.names).cast(schema)
        held = pa.concat_tables([held, rows])
        while len(held) > ROWS_A_GROUP:
            starts = _customer_starts(held)
            within = starts[starts <= ROWS_A_GROUP]
            ends = within[-1:] if len(within) else starts[:1]
            if not len(ends):  # one customer so far: more of its rows may follow
                break
            yield held.slice(0, int(ends[0])), max(len(within), 1)
            held = held.slice(int(ends[0]))
    if len(held):
        yield held, len(_customer_starts(held)) + 1


def _customer_starts(rows: pa.Table) -> np.ndarray:
    """Rows at which another customer begins than that of the row before."""
    ids = rows["customer_id"].combine_chunks()
    return pc.indices_nonzero(pc.not_equal(ids[1:], ids[:-1])).to_numpy() + 1


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """Fill a new folder, then put it in the place of `target` in one step.

    After an error or a kill the old folder is still there, whole; what was half
    written is cleared away by the next call. The findings of the folder that is
    replaced stay beside the new ones, to be compared.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    old = target.with_name(f".{target.name}.old")
    if old.exists() and not target.exists():
        old.rename(target)
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir()
    try:
        yield fresh
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    if (target / "findings.parquet").is_file():
        shutil.copyfile(target / "findings.parquet", fresh / "findings_before.parquet")
    if target.exists():
        os.rename(target, old)
    os.rename(fresh, target)
    shutil.rmtree(old, ignore_errors=True)
