"""Tables under change, with what was touched and the log of it."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from research.region.schema import TABLES
from research.region.synthetic.defects.log import as_text, entries, row_keys
from research.region.synthetic.defects.shares import share
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream


class Book(NamedTuple):
    """Tables under change; rows that were appended stand apart until the end.

    Attributes
    ----------
    plan : Plan
    clean, tables : dict of str to DataFrame
        The tables as they were given, and as they are by now; rows in the same order.
    keys : dict of str to Array
        Key of each row while it was clean, as `row_keys` joins it.
    touched : dict of tuple to ndarray of bool
        By table and column, whether the cell of each row was changed.
    appended : dict of str to list of DataFrame
    log : list of DataFrame
    """

    plan: Plan
    clean: dict[str, pd.DataFrame]
    tables: dict[str, pd.DataFrame]
    keys: dict[str, pa.Array]
    touched: dict[tuple[str, str], np.ndarray]
    appended: dict[str, list[pd.DataFrame]]
    log: list[pd.DataFrame]


def open_book(plan: Plan, tables: dict[str, pd.DataFrame]) -> Book:
    """A book of copies; the tables that were given stay as they are."""
    frames = {
        name: frame.reset_index(drop=True).copy() for name, frame in tables.items()
    }
    keys = {
        name: row_keys(*(frame[k] for k in TABLES[name].key if k in frame))
        for name, frame in frames.items()
    }
    return Book(plan, tables, frames, keys, {}, {}, [])


def generator(book: Book, mechanism: str, *names: str) -> np.random.Generator:
    """Random numbers of one mechanism.

    They are drawn for every row of a table, struck or not, so that what else happens
    to the table shifts none of them.
    """
    return stream(book.plan.seed, "defects", mechanism, *names)


def has(book: Book, table: str, *columns: str) -> bool:
    """Whether the book holds the table with rows and with these columns."""
    frame = book.tables.get(table)
    return frame is not None and len(frame) > 0 and set(columns) <= set(frame.columns)


def some_rows(
    book: Book, mechanism: str, table: str, *, among: np.ndarray | None = None
) -> np.ndarray:
    """Positions of the rows that a mechanism strikes, by its share."""
    rng = generator(book, mechanism, table, "rows")
    hit = rng.random(len(book.tables[table])) < share(book.plan.defects, mechanism)
    return np.flatnonzero(hit if among is None else hit & among)


def change(
    book: Book, table: str, rows: np.ndarray, values: dict[str, object], defect: str
) -> np.ndarray:
    """Write values into cells; a row where one of them was touched stays as it is.

    Parameters
    ----------
    rows : ndarray of shape (n,)
        Positions in the table.
    values : dict of str to array-like of shape (n,), or a single value
        New values by column.

    Returns
    -------
    changed : ndarray of bool, shape (n,)
        Which of the rows were open to the change.
    """
    free = ~np.any([_touched(book, table, c)[rows] for c in values], axis=0)
    for column, value in values.items():
        now = pd.Series(value, index=range(len(rows)))[free].reset_index(drop=True)
        _write(book, table, rows[free], column, now, defect)
    return free


def _write(
    book: Book,
    table: str,
    rows: np.ndarray,
    column: str,
    now: pd.Series,
    defect: str,
) -> None:
    frame = book.tables[table]
    before = as_text(frame[column].iloc[rows])
    now = now.astype(frame[column].dtype)
    after = as_text(now)
    other = pc.not_equal(before, after).to_numpy(zero_copy_only=False)
    frame.iloc[rows[other], frame.columns.get_loc(column)] = now[other].array
    _touched(book, table, column)[rows[other]] = True
    ours = pa.array(np.flatnonzero(other))
    keys = book.keys[table].take(pa.array(rows[other]))
    book.log.append(
        entries(table, keys, column, defect, before.take(ours), after.take(ours))
    )


def append(
    book: Book,
    table: str,
    rows: np.ndarray,
    values: dict[str, object],
    defect: str,
) -> None:
    """Append copies of rows with some other values.

    In the log the key is that of the new row, `original` the key of the row it
    copies, and `now` what is different, as ``column=value; column=value``.
    """
    if not len(rows):
        return
    new = book.tables[table].iloc[rows].reset_index(drop=True)
    texts = []
    for column, value in values.items():
        given = pd.Series(value, index=range(len(new)))
        new[column] = given.astype(new[column].dtype)
        texts.append(pc.binary_join_element_wise(column, as_text(new[column]), "="))
    book.appended.setdefault(table, []).append(new)
    now = pc.binary_join_element_wise(*texts, "; ") if texts else ""
    keys = row_keys(*(new[k] for k in TABLES[table].key if k in new))
    models = book.keys[table].take(pa.array(rows))
    book.log.append(entries(table, keys, "", defect, models, now))


def untouched(book: Book, table: str) -> np.ndarray:
    """Whether a row is as it was in every column. Shape (n_rows,)."""
    marks = [m for (name, _), m in book.touched.items() if name == table]
    n_rows = len(book.tables[table])
    return ~np.any(marks, axis=0) if marks else np.ones(n_rows, dtype=bool)


def spare(book: Book, table: str, rows: np.ndarray) -> None:
    """Keep rows from any further change, as copies of them were made."""
    for column in book.tables[table]:
        _touched(book, table, column)[rows] = True


def closed(book: Book) -> dict[str, pd.DataFrame]:
    """The tables with the appended rows at their ends."""
    return {
        name: pd.concat([frame, *book.appended.get(name, [])], ignore_index=True)
        if name in book.appended
        else frame
        for name, frame in book.tables.items()
    }


def _touched(book: Book, table: str, column: str) -> np.ndarray:
    none = np.zeros(len(book.tables[table]), dtype=bool)
    return book.touched.setdefault((table, column), none)
