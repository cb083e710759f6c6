"""Tables of a synthetic region through the row rules, as an import's would go.

The long tables come from arrays, in which only few cells can break a rule: those, and
the rows given twice, are judged; all others are known to be good.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from research.region.ingest.by_customer import limit_of
from research.region.ingest.in_memory import read_rows
from research.region.ingest.outcome import write_judged
from research.region.ingest.rows import judge_table
from research.region.schema import TABLES
from research.region.settings import Settings
from research.region.synthetic.plan import Plan

KNOWN = "known_customers"
# The column of a row's time.
TIMES = {"readings": "ts", "energy_daily": "date"}


class Cells(NamedTuple):
    """Energy of some customers as it was delivered, and the rows delivered twice.

    Attributes
    ----------
    ids : Series of shape (n,)
    stamps : DatetimeIndex of shape (n_stamps,)
    kwh : ndarray of float32, shape (n, n_stamps)
        NaN where no row came. [kWh]
    again : DataFrame
        Further rows: `customer_id`, the time, `kwh`.
    """

    ids: pd.Series
    stamps: pd.DatetimeIndex
    kwh: np.ndarray
    again: pd.DataFrame


def write_small(
    connection: duckdb.DuckDBPyConnection,
    frame: pd.DataFrame,
    table: str,
    folder: Path,
    plan: Plan,
) -> pd.DataFrame:
    """Judge a table of few rows and write it; its findings.

    Ids of customers are made even as an import makes them; a time after the last day of
    the region can not be. The customers that are kept are the known ones from then on.

    Parameters
    ----------
    connection : DuckDBPyConnection
    frame : DataFrame
        Columns of `table`.
    table : str
    folder : Path
        Gets the table, and what was set aside and repaired.
    plan : Plan
    """
    types = TABLES[table].types
    schema = pa.schema([(c, types[c]) for c in types if c in frame])
    read, origin = read_rows(
        connection,
        _arrow(frame, schema),
        table,
        plan.settings,
        latest=plan.days[-1] + pd.Timedelta(days=1),
    )
    known = None if table == "customers" else KNOWN
    judged = judge_table(connection, read, table, plan.settings, customers=known)
    if table == "customers":
        connection.execute(
            f"create or replace table {KNOWN} as "
            f"select customer_id from {judged.kept} order by 1"
        )
    return write_judged(connection, [judged], folder, plan.settings, origin)


def known_customers(connection: duckdb.DuckDBPyConnection) -> pd.Index:
    """Customers that were kept."""
    return pd.Index(connection.sql(f"from {KNOWN}").df()["customer_id"])


def kept_cells(
    connection: duckdb.DuckDBPyConnection,
    cells: Cells,
    table: str,
    settings: Settings,
    first_line: int = 1,
) -> tuple[np.ndarray, pa.Table]:
    """Energy after the row rules, and the rows that had to be judged.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Knows the customers.
    cells : Cells
    table : str
        ``readings`` or ``energy_daily``.
    settings : Settings
    first_line : int
        Number of the first row.

    Returns
    -------
    kwh : ndarray of float32, shape (n, n_stamps)
        NaN where no row is kept. [kWh]
    rows : Table
        With `line`; what `write_findings` wants.
    """
    stamp = TIMES[table]
    limit = limit_of(table, settings)
    doubtful = _doubtful(cells, stamp, limit, known_customers(connection))
    rows = _rows(cells, doubtful, table, first_line)
    usual = _usual(connection, cells, table)
    if not len(rows):
        return cells.kwh, rows
    judged = judge_table(
        connection, rows, table, settings, customers=KNOWN, usual=usual
    )
    kept = connection.sql(f"select customer_id, {stamp}, kwh from {judged.kept}").df()
    kwh = np.where(doubtful, np.float32(np.nan), cells.kwh)
    kwh[_places(cells, kept, stamp)] = kept["kwh"].to_numpy()
    return kwh, rows


def write_findings(
    connection: duckdb.DuckDBPyConnection,
    parts: Iterable[pa.Table],
    table: str,
    n_rows: int,
    folder: Path,
    settings: Settings,
) -> pd.DataFrame:
    """Write what was set aside of a long table; its findings.

    Parameters
    ----------
    parts : iterable of Table
        Rows that had to be judged, as `kept_cells` gives them.
    n_rows : int
        All rows, judged or not.
    folder : Path
        Gets ``quarantine/`` and ``repaired/``, not the table.
    """
    rows = pa.concat_tables(
        part.cast(pa.schema([(c, _types(table)[c]) for c in part.schema.names]))
        for part in parts
    )
    usual = f"{table}_usual" if table in TIMES else None
    judged = judge_table(
        connection, rows, table, settings, customers=KNOWN, usual=usual
    )
    scratch = folder / ".judged"
    scratch.mkdir()
    findings = write_judged(connection, [judged], scratch, settings)
    for kind in ("quarantine", "repaired"):
        path = scratch / kind / f"{table}.csv"
        if path.exists():
            (folder / kind).mkdir(exist_ok=True)
            path.rename(folder / kind / path.name)
    shutil.rmtree(scratch)
    return findings.assign(share=findings["rows"] / max(n_rows, 1))


def _types(table: str) -> dict[str, pa.DataType]:
    return {**TABLES[table].types, "line": pa.int64()}


def _arrow(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    plain = pa.Table.from_pandas(frame[schema.names], preserve_index=False)
    return plain.cast(schema).replace_schema_metadata(None)


def _usual(connection: duckdb.DuckDBPyConnection, cells: Cells, table: str) -> str:
    """Table of the median energy above zero of who was below zero; `cells` are added.

    Only doubtful rows are judged: their own median would not be the customer's.
    """
    name = f"{table}_usual"
    connection.execute(
        f"create table if not exists {name} (customer_id varchar, kwh double)"
    )
    with np.errstate(invalid="ignore"):
        below = (cells.kwh < 0).any(axis=1)
        above = pd.DataFrame(cells.kwh[below]).where(lambda kwh: kwh > 0)
    medians = pd.DataFrame(
        {"customer_id": cells.ids[below].to_numpy(), "kwh": above.median(axis=1)}
    )
    connection.register("medians", medians)
    connection.execute(f"insert into {name} from medians")
    connection.unregister("medians")
    return name


def _doubtful(cells: Cells, stamp: str, limit: float, known: pd.Index) -> np.ndarray:
    """Cells that a row rule may be about: a superset of those that one is about."""
    with np.errstate(invalid="ignore"):
        doubtful = (cells.kwh < 0) | (cells.kwh > 0.99 * limit)
    doubtful |= ~cells.ids.isin(known).to_numpy()[:, None]
    if len(cells.again):
        doubtful[_places(cells, cells.again, stamp)] = True
    return doubtful & ~np.isnan(cells.kwh)


def _places(
    cells: Cells, rows: pd.DataFrame, stamp: str
) -> tuple[np.ndarray, np.ndarray]:
    row = pd.Index(cells.ids).get_indexer(rows["customer_id"])
    # All rows stand on the grid of the stamps.
    step = (cells.stamps[1] - cells.stamps[0]).value
    away = pd.DatetimeIndex(rows[stamp]).as_unit("ns").asi8 - cells.stamps[0].value
    return row, away // step


def _rows(cells: Cells, doubtful: np.ndarray, table: str, first_line: int) -> pa.Table:
    """Doubtful cells and the rows given again, each with the number of its line."""
    types, stamp = TABLES[table].types, TIMES[table]
    row, column = np.nonzero(doubtful)
    known = ~np.isnan(cells.kwh)
    before = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    within = np.cumsum(known[np.unique(row)], axis=1) if len(row) else known[:0]
    place = np.searchsorted(np.unique(row), row)
    line = first_line + before[row] + within[place, column] - 1
    ids = pa.array(cells.ids, pa.string())
    stamps = pa.array(cells.stamps.to_numpy().astype("datetime64[ms]")).cast(
        types[stamp]
    )
    first = [ids.take(pa.array(row)), stamps.take(pa.array(column))]
    here = pa.table(
        [*first, pa.array(cells.kwh[row, column]), pa.array(line, pa.int64())],
        names=["customer_id", stamp, "kwh", "line"],
    )
    again = first_line + before[-1] + np.arange(len(cells.again))
    twice = pa.table(
        [
            pa.array(cells.again["customer_id"], pa.string()),
            pa.array(cells.again[stamp].to_numpy().astype("datetime64[ms]")).cast(
                types[stamp]
            ),
            pa.array(cells.again["kwh"].to_numpy(), pa.float32()),
            pa.array(again, pa.int64()),
        ],
        names=here.schema.names,
    )
    return pa.concat_tables([here, twice])
