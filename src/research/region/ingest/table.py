"""Import of any export by its mapping file: `mapping.yaml` and `region.yaml` beside it.

Each table goes the same way: files as text, laid out as rows of ours, cells into
types, clocks and units made ours, every row judged, what is kept written in order.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd

from research.region.errors import InputError
from research.region.files import replaced_folder, write_table
from research.region.ingest import convert, layouts, series
from research.region.ingest.loading import Loaded, Say, drop, load, with_cells
from research.region.ingest.mapping import (
    FILE_NAME,
    TableMapping,
    mapped_tables,
    read_mapping,
)
from research.region.ingest.outcome import (
    Origin,
    findings_of,
    refuse_shares,
    write_judged,
)
from research.region.ingest.rows import Judged, judge_table
from research.region.region import Region, read_region
from research.region.schema import listing
from research.region.settings import FILE_NAME as REGION_FILE
from research.region.settings import Settings, read_settings

MEMORY_LIMIT = "900MB"
WORK = ".work"
# What the system and DuckDB say of a full disk.
_FULL = (os.strerror(errno.ENOSPC), "max_temp_directory_size")
# Tables without which an import that names them makes no sense.
NEEDED = ("customers", "readings", "energy_daily")


def import_table(
    source: str | Path,
    target: str | Path,
    *,
    mapping: str | Path | None = None,
    say: Say = print,
) -> Region:
    """Import the export in `source` into the region folder `target`.

    Parameters
    ----------
    source : str or Path
        Folder of the export; of a file, the folder it lies in.
    target : str or Path
        Region folder; replaced as a whole, or left as it was after an error.
    mapping : str or Path, optional
        How the export is written. Default: ``mapping.yaml`` in `source`.
        ``region.yaml`` is looked for beside it, in `source`, then in `target`.
    say : callable
        Is told each step in a sentence.

    Returns
    -------
    region : Region
        Rows set aside are in ``quarantine/<table>.csv`` with rule, file and line,
        changed cells in ``repaired/<table>.csv``, counts in `Region.findings`.

    Raises
    ------
    InputError
        If a file is not what it should be, stands in a form that the mapping does not
        tell, or has more faults of a kind than `quality.error_if` allows.
    """
    source, target = Path(source), Path(target)
    if not source.exists():
        raise InputError(f"{source}: no such file or folder; name the export.")
    folder = source if source.is_dir() else source.parent
    mapping = Path(mapping) if mapping else folder / FILE_NAME
    tables = mapped_tables(read_mapping(mapping))
    settings_file = _settings_file((mapping.parent, folder, target))
    settings = read_settings(settings_file)
    with _room_told(target), replaced_folder(target) as fresh:
        shutil.copyfile(settings_file, fresh / REGION_FILE)
        work = fresh / WORK
        work.mkdir()
        config = {"memory_limit": MEMORY_LIMIT, "temp_directory": str(work / "spill")}
        # In a file rows are packed: a tenth of what memory would spill of them.
        with duckdb.connect(str(work / "rows.duckdb"), config=config) as connection:
            findings = _import_all(connection, folder, fresh, tables, settings, say)
        shutil.rmtree(work)
        write_table(findings, fresh, "findings")
    return read_region(target)


@contextmanager
def _room_told(target: Path) -> Iterator[None]:
    """Say plainly that a disk is full, whoever noticed it."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        if not any(words in str(error) for words in _FULL):
            raise
        free = shutil.disk_usage(target.parent).free
        raise InputError(
            f"{target}: the disk is full. Until it is done an import takes room beside "
            "the region, up to four times the size of its files unpacked; "
            f"{free / 1e9:.1f} GB are free now that it has been given back. The region "
            "is as it was."
        ) from None


def _settings_file(folders: Iterable[Path]) -> Path:
    candidates = [folder / REGION_FILE for folder in folders]
    for path in candidates:
        if path.is_file():
            return path
    raise InputError(
        f"no {REGION_FILE}: the region's name, time zone and clock are wanted in "
        f"{' or '.join(dict.fromkeys(map(str, candidates)))}."
    )


def _import_all(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    fresh: Path,
    tables: dict[str, TableMapping],
    settings: Settings,
    say: Say,
) -> pd.DataFrame:
    """Import each table, customers first; the findings of all."""
    connection.execute("create table owners (customer_id varchar)")
    findings, known, work = [], None, fresh / WORK
    for table, mapped in tables.items():
        if table in series.SERIES and settings.readings is None:
            raise InputError(
                f"{REGION_FILE}: key readings is missing; {table} needs it."
            )
        paths = files_of(folder, table, mapped)
        if not paths:
            say(f"{table}: no file {', '.join(mapped.files)}; left out")
            findings.append(_no_rows(table, ", ".join(mapped.files), settings))
            continue
        loaded = load(connection, folder, table, mapped, paths, settings, say, work)
        origin, rows = _read(connection, table, mapped, loaded, settings, known)
        say(f"{table}: sorting and judging {loaded.rows:,} rows")
        judged = judge_table(connection, rows, table, settings, customers=known)
        if not judged.rows_in:
            say(f"{table}: no rows in {', '.join(p.name for p in paths)}; left out")
            findings.append(_no_rows(table, paths[0].name, settings))
            continue
        say(f"{table}: {judged.rows_kept:,} of {judged.rows_in:,} rows kept")
        origin = with_cells(connection, judged, loaded, mapped, origin)
        findings.append(_write(connection, judged, fresh, settings, origin))
        if table == "customers":
            known = judged.kept
        elif "customer_id" in judged.columns:
            connection.execute(
                f"insert into owners select distinct customer_id from {judged.kept}"
            )
        drop(connection, table, work, keep_rows=table == "customers")
    if known is None:
        _write_owners(connection, fresh)
    return pd.concat(findings, ignore_index=True)


def files_of(folder: Path, table: str, mapped: TableMapping) -> list[Path]:
    """Files of the export that hold `table`, by name; none if it lacks them.

    Raises
    ------
    InputError
        If there is none and the table is one that an import can not do without.
    """
    found = {path for pattern in mapped.files for path in folder.glob(pattern)}
    if not found and table in NEEDED:
        raise InputError(
            f"{folder}: no file {', '.join(mapped.files)}, which the mapping names for "
            f"{table}. Found: {listing(folder)}."
        )
    return sorted(found)


def _read(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    mapped: TableMapping,
    loaded: Loaded,
    settings: Settings,
    known: str | None,
) -> tuple[Origin, str]:
    """Bring the cells of loaded files into the types of their table."""
    sources = loaded.sources
    minutes = series.interval_minutes(table, settings)
    ids = _named_customers(connection, known, mapped, settings)
    laid = layouts.lay_out(connection, table, mapped, sources, minutes, ids)
    latest = convert.latest_days({s.shown: s.path for s in sources})
    typed = convert.typed(
        connection, table, laid, mapped, settings, latest, loaded.plain
    )
    rows = series.rows_table(connection, table, typed, mapped, settings)
    if mapped.layout in ("long", "one_file_a_customer"):
        n = connection.sql(f"select count(*) from {rows}").fetchall()[0][0]
        if n + laid.left != loaded.rows:
            raise RuntimeError(
                f"{table}: {loaded.rows} rows read, {n} + {laid.left} found"
            )
    ragged = tuple(f"{source.relation}_ragged" for source in sources)
    time = series.SERIES.get(table, "")
    clock = series.source_clock(table, time, typed, mapped, settings)
    return Origin(laid.text, laid.cells, laid.names, ragged, laid.left, clock), rows


def _named_customers(
    connection: duckdb.DuckDBPyConnection,
    known: str | None,
    mapped: TableMapping,
    settings: Settings,
) -> frozenset[str] | None:
    """Customers that the table of customers names, with and without leading zeros."""
    if known is None:
        return None
    ids = [i for (i,) in connection.sql(f"select customer_id from {known}").fetchall()]
    padded = mapped.id_width or settings.ids.width
    return frozenset(ids) | frozenset(i.lstrip("0") for i in ids if padded)


def _write(
    connection: duckdb.DuckDBPyConnection,
    judged: Judged,
    fresh: Path,
    settings: Settings,
    origin: Origin,
) -> pd.DataFrame:
    """Write a judged table, unless too many of its rows are wrong."""
    findings = write_judged(connection, [judged], fresh, settings, origin)
    shares = findings.copy()
    strange = shares["rule"] == "unknown_customer"
    if shares.loc[strange, "rows"].any():
        # A customer set aside for another fault is known: only strangers count.
        strangers = connection.sql(
            f"select count(*) from {judged.table}_judged where "
            "contains(coalesce(verdict, '') || coalesce(mended, ''), 'unknown_cust') "
            "and customer_id not in (select customer_id from customers_wide "
            "where customer_id is not null)"
        ).fetchall()[0][0]
        shares.loc[strange, "share"] = strangers / judged.rows_in
    refuse_shares(shares, settings, judged.rows_in)
    if not judged.rows_kept:
        hits = findings[findings["rows"] > 0]
        told = "; ".join(
            f"{h.rows:,} {h.rule} ({h.example})" for h in hits.itertuples()
        )
        raise InputError(
            f"{judged.table}: none of the {judged.rows_in:,} rows can be kept: {told}."
        )
    return findings


def _no_rows(table: str, files: str, settings: Settings) -> pd.DataFrame:
    hit = pd.DataFrame({"rule": ["no_rows"], "example": [files]})
    return findings_of(table, hit.assign(rows=0, aside=0, customers=0), 0, settings)


def _write_owners(connection: duckdb.DuckDBPyConnection, fresh: Path) -> None:
    """Write the customers of all tables, where the export brings no list of them."""
    owners = connection.sql(
        "select distinct customer_id from owners "
        "where customer_id is not null order by 1"
    )
    write_table(owners.df(), fresh, "customers")
