"""What came of judged rows, in files: kept, quarantine, repaired, findings."""

import shutil
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from research.region.errors import InputError
from research.region.files import ROWS_A_GROUP, write_series
from research.region.ingest.ahead import ahead
from research.region.ingest.checks import FREE_TEXTS
from research.region.ingest.headers import quoted
from research.region.ingest.private import masked
from research.region.ingest.rows import Judged, action_of
from research.region.rules import ROW_RULES, Rule
from research.region.schema import TABLES
from research.region.settings import Settings

# Tables of many rows a customer, written in files of whole customers.
LONG_TABLES = ("readings", "energy_daily", "balance_daily")
EXAMPLE_LENGTH = 80
_COUNTS = ("rows", "aside", "customers")
_SAME = " and ".join(
    f"a.{c} is not distinct from c.{c}" for c in ("file", "line", "_piece")
)


class Origin(NamedTuple):
    """Where the rows of a table came from, for those who look for a fault.

    Attributes
    ----------
    text : str
        Relation with `file`, `line`, `_piece` and our columns as text.
    cells : str
        Relation with the place and the row's cells as they came.
    names : dict
        Our column -> what the file calls it.
    ragged : tuple of str
        Relations of lines with a wrong number of fields.
    left : int
        Rows that belong to another table.
    clock : str
        Clock of the file's times.
    """

    text: str
    cells: str
    names: dict[str, str]
    ragged: tuple[str, ...] = ()
    left: int = 0
    clock: str = ""


def write_judged(
    connection: duckdb.DuckDBPyConnection,
    parts: Iterable[Judged],
    folder: Path,
    settings: Settings,
    origin: Origin | None = None,
) -> pd.DataFrame:
    """Write judged rows of one table and what was found about them.

    Parameters
    ----------
    parts : iterable of Judged
        Rows of one table; in several parts if they do not fit at once, each of whole
        customers and in the order of the customers. A part is written before the next
        is asked for.
    folder : Path
        Region folder. Gets ``<table>.parquet`` or ``<table>/part-*.parquet``, and
        where a rule fired ``quarantine/<table>.csv`` and ``repaired/<table>.csv``.
    origin : Origin, optional
        Files the rows came from; else the rows themselves are quoted.

    Returns
    -------
    findings : DataFrame
        A row a rule: `rule`, `table`, `rows`, `customers`, `share`, `action`,
        `looks_for`, `example`; rules that found nothing included.
    """
    parts = iter(parts)
    first = next(parts)
    told: list[pd.DataFrame] = []
    rows_in = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal rows_in
        for number, judged in enumerate(chain([first], parts)):
            rows_in += judged.rows_in
            yield from _kept(connection, judged)
            _write_quarantine(connection, judged, folder, origin, again=number > 0)
            _write_repaired(connection, judged, folder, settings, origin, number > 0)
            told.append(_hits(connection, judged, settings, origin))

    if first.table in LONG_TABLES:
        write_series(ahead(batches()), folder, first.table, first.columns)
    else:
        _write_single(batches(), folder, first)
    return _findings(first, told, rows_in, settings)


def findings_of(table: str, hits: pd.DataFrame, rows_in: int, settings: Settings):
    """Rows of `findings` for counted `hits`.

    Parameters
    ----------
    table : str
    hits : DataFrame
        `rule`, `rows`, `aside` (those of them set aside), `customers`, `example`.
    rows_in : int
        Rows that came in; `share` is that of them.
    """
    rules = [ROW_RULES[rule] for rule in hits["rule"]]
    return pd.DataFrame(
        {
            "rule": hits["rule"].to_numpy(),
            "table": table,
            "rows": hits["rows"].to_numpy(dtype="int64"),
            "customers": hits["customers"].to_numpy(dtype="int64"),
            "share": hits["rows"].to_numpy(dtype="float64") / max(rows_in, 1),
            "action": [
                _done(known, action_of(hit.rule, settings), hit.rows, hit.aside)
                for hit, known in zip(hits.itertuples(), rules, strict=True)
            ],
            "looks_for": [known.looks_for for known in rules],
            "example": hits["example"].to_numpy(dtype=object),
        }
    ).astype({"rule": "str", "table": "str", "example": "str"})


def _done(known: Rule, action: str, rows: int, aside: int) -> str:
    """What was done: a rule that repairs sets aside what nothing can stand in for."""
    if action != "repair" or not aside:
        return known.done(action)
    if aside == rows:
        return known.done("leave_out")
    return f"{known.done(action)}; {aside:,} rows {known.done('leave_out')}"


def refuse_shares(findings: pd.DataFrame, settings: Settings, rows_in: int) -> None:
    """Refuse rows of which a rule found more than its highest share."""
    limits = {
        rule: settings.quality.error_if.get(rule, known.error_if)
        for rule, known in ROW_RULES.items()
    }
    over = [
        f"{row.table}: {row.rows:,} of {rows_in:,} rows ({row.share:.1%}, at most "
        f"{limits[row.rule]:.1%} allowed) {row.rule}: {row.looks_for}; first "
        f"{row.example}"
        for row in findings.itertuples()
        if limits[row.rule] is not None and row.share > limits[row.rule]
    ]
    if over:
        raise InputError(
            "\n".join(over) + "\nMend the export, or raise quality.error_if in "
            "region.yaml."
        )


def _kept(
    connection: duckdb.DuckDBPyConnection, judged: Judged
) -> Iterator[pa.RecordBatch]:
    key = [c for c in TABLES[judged.table].key if c in judged.columns]
    order = f"order by {', '.join(key) or 'all'}"
    if judged.in_order and judged.table in LONG_TABLES:
        order = ""
    elif len(key) < len(TABLES[judged.table].key):
        order = "order by all"
    kept = connection.sql(f"select * from {judged.kept} {order}")
    yield from kept.to_arrow_reader(ROWS_A_GROUP // 4)


def _write_single(
    batches: Iterator[pa.RecordBatch], folder: Path, first: Judged
) -> None:
    types = TABLES[first.table].types
    schema = pa.schema([(name, types[name]) for name in first.columns])
    path = folder / f"{first.table}.parquet"
    # Batches come as the threads cut them: the file must not show where.
    held = schema.empty_table()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            rows = pa.Table.from_batches([batch]).cast(schema)
            held = pa.concat_tables([held, rows])
            while len(held) > ROWS_A_GROUP:
                writer.write_table(held.slice(0, ROWS_A_GROUP).combine_chunks())
                held = held.slice(ROWS_A_GROUP)
        writer.write_table(held.combine_chunks())


def _write_quarantine(
    connection: duckdb.DuckDBPyConnection,
    judged: Judged,
    folder: Path,
    origin: Origin | None,
    again: bool,
) -> None:
    """Rows set aside, with the rule and the cells as they came; texts masked."""
    names = origin.names if origin else {}
    cells = origin.cells if origin else f"{judged.table}_wide"
    inner = "file, line, _piece" + ("" if origin else ", verdict, mended")
    found = {name for name, *_ in connection.sql(f"describe {cells}").fetchall()}
    texts = {names.get(c, c) for c in FREE_TEXTS} & found
    safe = ", ".join(
        f"{masked(quoted('c') + '.' + quoted(c))} as {quoted(c)}" for c in texts
    )
    query = (
        "select split_part(a.verdict, ':', 1) as rule, a.file, a.line, "
        f"c.* exclude ({inner}) {f'replace ({safe})' if safe else ''} "
        f"from {judged.aside} a join {cells} c on {_SAME}"
    )
    for ragged in origin.ragged if origin else ():
        text = masked("text") if texts else "text"
        query += (
            " union all by name select 'wrong_fields' as rule, file, line, "
            f'{text} as "_line" from {ragged}'
        )
    _write_csv(connection, query, folder / "quarantine" / f"{judged.table}.csv", again)


def _write_repaired(
    connection: duckdb.DuckDBPyConnection,
    judged: Judged,
    folder: Path,
    settings: Settings,
    origin: Origin | None,
    again: bool,
) -> None:
    """What was made even: a line for each way a cell was changed, and how often."""
    key = TABLES[judged.table].key[0]
    queries = []
    for note in _noted(connection, judged):
        rule, column = note.split(":")
        if action_of(rule, settings) != "repair":
            continue
        text, cell = _found(judged, origin, column)
        found, now = f"c.{quoted(cell)}::varchar", f"a.{quoted(column)}::varchar"
        if column in FREE_TEXTS:  # a text is not told, masked or not
            found = now = "'(text)'"
        shown = origin.names.get(column, column) if origin else column
        who = f"a.{quoted(key)}::varchar" if key in judged.columns else "''"
        queries.append(
            f"select '{rule}' as rule, arg_min(a.file, a.line) as file, "
            f"min(a.line) as line, arg_min({who}, a.line) as key, "
            f'{_literal(shown)} as "column", {found} as found, {now} as now, '
            f"count(*) as rows from {judged.notes} a join {text} c on {_SAME} "
            f"where contains(',' || a.mended || ',', ',{note},') group by all"
        )
    if queries:
        path = folder / "repaired" / f"{judged.table}.csv"
        _write_csv(connection, " union all ".join(queries), path, again)


def _write_csv(
    connection: duckdb.DuckDBPyConnection, query: str, path: Path, again: bool
) -> None:
    """Write rows in the order of their places, if any; `again` adds to a file."""
    found = connection.sql(query)
    if not found.limit(1).fetchall():
        return
    path.parent.mkdir(exist_ok=True)
    order = ["file", "line", *(c for c in found.columns if c not in ("file", "line"))]
    rows = found.order(", ".join(map(quoted, order)))
    if not path.exists():
        rows.write_csv(str(path), header=True)
        return
    more = path.with_suffix(".more")
    rows.write_csv(str(more), header=False)
    with path.open("ab") as whole, more.open("rb") as part:
        shutil.copyfileobj(part, whole)
    more.unlink()


def _noted(connection: duckdb.DuckDBPyConnection, judged: Judged) -> list[str]:
    if not judged.rows_noted:
        return []
    notes = connection.sql(
        f"select distinct unnest(string_split(mended, ',')) from {judged.notes}"
    ).fetchall()
    return sorted(note for (note,) in notes)


def _found(judged: Judged, origin: Origin | None, column: str) -> tuple[str, str]:
    """Relation and column that hold a cell as it came."""
    if origin and column in origin.names:
        return origin.text, column
    return f"{judged.table}_wide", column


def _hits(
    connection: duckdb.DuckDBPyConnection,
    judged: Judged,
    settings: Settings,
    origin: Origin | None,
) -> pd.DataFrame:
    """Rows, customers and first place of each rule that found something."""
    query = (
        "select {rule} as rule, count(*) as rows, {aside} as aside, "
        "count(distinct customer_id) as customers, "
        "min(struct_pack(file := file, line := line, _piece := _piece, "
        "customer := customer_id, note := {note})) as place from {rows} group by 1"
    )
    aside = query.format(
        rule="split_part(verdict, ':', 1)",
        aside="count(*)",
        note="verdict",
        rows=judged.aside,
    )
    notes = query.format(
        rule="split_part(note, ':', 1)",
        aside="0",
        note="note",
        rows="(select *, unnest(string_split(mended, ',')) as note "
        f"from {judged.notes})",
    )
    hits = [
        (rule, rows, out, customers, _example(connection, judged, origin, place))
        for rule, rows, out, customers, place in connection.sql(
            f"{aside} union all {notes}" if judged.rows_noted else aside
        ).fetchall()
    ]
    for ragged in origin.ragged if origin else ():
        n, file, line = connection.sql(
            f"select count(*), arg_min(file, line), min(line) from {ragged}"
        ).fetchall()[0]
        if n:
            hits.append(("wrong_fields", n, n, 0, f"{file} line {line}"))
    if origin and origin.left:
        hits.append(("not_a_row", origin.left, origin.left, 0, ""))
    return pd.DataFrame(hits, columns=["rule", *_COUNTS, "example"])


def _example(
    connection: duckdb.DuckDBPyConnection,
    judged: Judged,
    origin: Origin | None,
    place: dict,
) -> str:
    """The first place of a rule in words; never the text of a ticket."""
    rule, column = place["note"].split(":")
    text, cell = _found(judged, origin, column)
    shown = origin.names.get(column, column) if origin else column
    where = (
        f"{place['file']} line {place['line']}" if origin else f"row {place['line']}"
    )
    who = f" {place['customer']:.24}" if place["customer"] else ""
    value = ""
    if column not in FREE_TEXTS:
        found = connection.execute(
            f"select {quoted(cell)}::varchar from {text} c where c.line = ? "
            "and c.file is not distinct from ? and c._piece = ?",
            [place["line"], place["file"], place["_piece"]],
        ).fetchall()
        value = f" {found[0][0]}" if found else ""
    if rule in ("ambiguous_hour", "nonexistent_hour") and origin:
        value += f" {origin.clock}"
    example = f"{where}{who}: {shown}{value}"
    if len(example) > EXAMPLE_LENGTH:
        example = f"{example[: EXAMPLE_LENGTH - 3]}..."
    return example


def _findings(
    first: Judged, told: list[pd.DataFrame], rows_in: int, settings: Settings
) -> pd.DataFrame:
    hits = pd.concat(told)
    total = hits.groupby("rule", sort=False).agg(
        dict.fromkeys(_COUNTS, "sum") | {"example": "first"}
    )
    looked = [r for r in ROW_RULES if r in first.rules or r in total.index]
    total = total.reindex(looked)
    total = total.fillna(dict.fromkeys(_COUNTS, 0) | {"example": ""})
    total = total.reset_index(names="rule").astype(dict.fromkeys(_COUNTS, "int64"))
    return findings_of(first.table, total, rows_in, settings)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
