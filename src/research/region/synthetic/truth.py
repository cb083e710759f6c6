"""What is true of a synthetic region, apart from what a utility would hand over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from research.region.schema import TABLES
from research.region.synthetic.defects.log import COLUMNS

FOLDER = "truth"


def public(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """The columns of a table that its schema knows."""
    return frame[[column for column in TABLES[table].columns if column in frame]]


def write_truth(
    tables: dict[str, pd.DataFrame], further: dict[str, pd.DataFrame], folder: Path
) -> None:
    """Write the columns that begin with ``true_`` beside the key of their table.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Tables with their truth.
    further : dict of str to DataFrame
        Truth that belongs to no single table.
    folder : Path
        Region folder; the files go to ``truth/``.
    """
    for name, frame in tables.items():
        true = [column for column in frame if column.startswith("true_")]
        if true:
            keys = [key for key in TABLES[name].key if key in frame]
            further = {**further, name: frame[[*keys, *true]]}
    for name, frame in further.items():
        frame.to_parquet(folder / FOLDER / f"{name}.parquet", index=False)


@contextmanager
def defect_log(folder: Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Open ``truth/defects.parquet``; gives a function that adds a part of the log."""
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    path = folder / FOLDER / "defects.parquet"
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:

        def add(log: pd.DataFrame) -> None:
            part = pa.Table.from_pandas(log[list(COLUMNS)], preserve_index=False)
            writer.write_table(part.cast(schema).replace_schema_metadata(None))

        yield add
