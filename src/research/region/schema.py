"""The tables of a region: where they lie, their columns and their types."""

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from research.region.errors import InputError


class Table(NamedTuple):
    """Columns of a table with their types, and those that name a row once."""

    columns: dict[str, pa.DataType]
    key: tuple[str, ...]


# Readings have no key here: millions of rows are checked where they become arrays.
TABLES = {
    "customers": Table({"customer_id": pa.string()}, ("customer_id",)),
    "readings": Table(
        {"customer_id": pa.string(), "ts": pa.timestamp("ms"), "kwh": pa.float32()}, ()
    ),
    "price_signal": Table(
        {"ts": pa.timestamp("ms"), "band": pa.string(), "price": pa.float64()}, ("ts",)
    ),
    "labels": Table(
        {"customer_id": pa.string(), "label": pa.string(), "value": pa.string()},
        ("customer_id", "label"),
    ),
}
OPTIONAL = ("price_signal", "labels")


def parts_of(folder: Path, table: str) -> list[Path]:
    """Parquet files of `table` in the region `folder`, in order; none if absent."""
    single = folder / f"{table}.parquet"
    return [single] if single.exists() else sorted((folder / table).glob("*.parquet"))


def listing(folder: Path) -> str:
    """Names in `folder`, for a message that says what was found."""
    names = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return shown or "an empty folder"


def check_table(folder: Path, table: str) -> None:
    """Refuse a table that is missing, cut off, or lacks a column or its type."""
    parts = parts_of(folder, table)
    if not parts:
        raise InputError(
            f"{folder}: table {table!r} is missing; wanted {table}.parquet or "
            f"{table}/*.parquet. Found: {listing(folder)}. Import the data "
            "with `research import`."
        )
    for part in parts:
        schema = parquet_schema(part)
        missing = [c for c in TABLES[table].columns if c not in schema.names]
        if missing:
            raise InputError(
                f"{part}: missing column {', '.join(missing)}. "
                f"Found: {', '.join(schema.names)}."
            )
        for column, wanted in TABLES[table].columns.items():
            found = schema.field(column).type
            if not _alike(found, wanted):
                raise InputError(
                    f"{part}: column {column} must be {wanted}, found {found}."
                )


def parquet_schema(path: Path) -> pa.Schema:
    """Columns of a Parquet file; a file that is none or was cut off is refused."""
    try:
        return pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        size = path.stat().st_size if path.is_file() else 0
        raise InputError(
            f"{path}: {size:,} bytes that are not a whole Parquet file ({error}). "
            "Was the writer cut off? Write it anew."
        ) from None


def _alike(found: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_string(wanted):
        return pa.types.is_string(found) or pa.types.is_large_string(found)
    if pa.types.is_timestamp(wanted):
        return pa.types.is_timestamp(found) and found.tz is None
    return pa.types.is_floating(found)
