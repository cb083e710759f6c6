"""Import of the Low Carbon London smart-meter trial."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from research.region.errors import InputError
from research.region.files import replaced_folder, write_table
from research.region.ingest.headers import columns_of, names_of, quoted
from research.region.ingest.outcome import Origin, write_judged
from research.region.ingest.rows import judge_table
from research.region.region import Region, read_region
from research.region.schema import parquet_schema
from research.region.settings import FILE_NAME, Settings, read_settings

# Headers met in copies of the London data, lower case and trimmed -> our column.
READING_HEADERS = {
    "lclid": "customer_id",
    "tstp": "stamp",
    "datetime": "stamp",
    "energy(kwh/hh)": "value",
    "energy_kwh": "value",
    "kwh/hh (per half hour)": "value",
    "kwh/hh": "value",
    "stdortou": "tariff",
    "acorn": "acorn",
    "acorn_grouped": "acorn_group",
}
CUSTOMER_HEADERS = {
    "lclid": "customer_id",
    "customer_id": "customer_id",
    "stdortou": "tariff",
    "tariff": "tariff",
    "acorn": "acorn",
    "acorn_group": "acorn_group",
    "acorn_grouped": "acorn_group",
}
LABELS = ("tariff", "acorn", "acorn_group")
CUSTOMER_FILES = ("customers.csv", "informations_households.csv")
SIGNAL_FILES = ("dtou_tariff_2013.csv",)
# Prices of the trial's dynamic tariff, GBP a kWh, as the publisher states them.
SIGNAL_PRICES = {"High": 0.6720, "Normal": 0.1176, "Low": 0.0399}
# A csv file, every cell as text; takes its path and its columns.
TEXT_FILE = """read_csv(?, header = true, all_varchar = true, delim = ',', quote = '"',
  auto_detect = false, columns = ?)"""
DEFAULT_SETTINGS = """\
name: {name}
title: {{en: "Low Carbon London", zh: 低碳伦敦}}
timezone: Europe/London
source:
  publisher: UK Power Networks, Low Carbon London
  licence: CC BY 4.0
  attribution: >-
    SmartMeter Energy Consumption Data in London Households, UK Power Networks
  open_data: true
readings: {{resolution_minutes: 30, stamp: start, clock: UTC, unit: kWh, max_kw: 23}}
calendar: {{country: GB, subdivision: ENG}}
currency: GBP
privacy: {{min_cell: 5}}
"""


@dataclass(frozen=True)
class _Export:
    """The files of a London export, found by their names."""

    readings: list[Path]
    customers: Path | None
    signal: Path | None


def import_lcl(
    source: str | Path, target: str | Path, *, say: Callable[[str], None] = print
) -> Region:
    """Import the Low Carbon London data into the region folder `target`.

    Parameters
    ----------
    source : str or Path
        A folder, or one file, in the publisher's layout (csv or csv.gz: one file a
        meter or several meters a file, values padded with spaces, stamps with up to
        seven decimals, ``Null`` for no value) or one wide Parquet file (a column a
        meter). A file of households and one of the dynamic tariff are read too
        where they lie beside them. `region.yaml` in `source`, else one already in
        `target`, else a default for this data set, becomes the region's.
    target : str or Path
        Region folder; replaced as a whole, or left as it was after an error.
    say : callable
        Is told each step in a sentence.

    Returns
    -------
    region : Region
        Rows that a rule sets aside are in ``quarantine/readings.csv`` with the
        rule, file and line; their counts are in `Region.findings`.

    Raises
    ------
    InputError
        If the source holds no London readings, or a file is not what its name says.
    """
    source, target = Path(source), Path(target)
    export = _find(source)
    with replaced_folder(target) as fresh:
        _settings_into(source, target, fresh)
        settings = read_settings(fresh / FILE_NAME)
        _refuse_other_clock(settings, fresh / FILE_NAME)
        work = fresh / ".work"
        config = {"memory_limit": "1500MB", "temp_directory": str(work)}
        with duckdb.connect(config=config) as connection:
            for number, path in enumerate(export.readings, start=1):
                say(f"reading {path.name} ({number} of {len(export.readings)})")
                _load(connection, path)
            say("checking every row")
            ids = _write_checked(connection, fresh, settings)
            labels = connection.sql("select distinct * from labels").df()
        shutil.rmtree(work, ignore_errors=True)
        say("writing tables")
        if export.customers:
            labels = _household_labels(export, ids)
        write_table(ids.to_frame(), fresh, "customers")
        _write_labels(labels, ids, fresh)
        if export.signal:
            write_table(_price_signal(export.signal), fresh, "price_signal")
    return read_region(target)


def _find(source: Path) -> _Export:
    if not source.exists():
        raise InputError(f"{source}: no such file or folder; name the London export.")
    folder = source if source.is_dir() else source.parent
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    side = {*CUSTOMER_FILES, *SIGNAL_FILES}
    readings = [
        path
        for path in files
        if path.name.endswith((".csv", ".csv.gz", ".parquet")) and path.name not in side
    ]
    if not readings:
        found = ", ".join(p.name for p in files[:8]) or "an empty folder"
        raise InputError(
            f"{source}: no readings; wanted *.csv, *.csv.gz or *.parquet, "
            f"found: {found}."
        )
    return _Export(
        readings, _beside(folder, CUSTOMER_FILES), _beside(folder, SIGNAL_FILES)
    )


def _beside(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _settings_into(source: Path, target: Path, fresh: Path) -> None:
    folder = source if source.is_dir() else source.parent
    for candidate in (folder / FILE_NAME, target / FILE_NAME):
        if candidate.is_file():
            read_settings(candidate)  # a fault is told with the path the user knows
            shutil.copyfile(candidate, fresh / FILE_NAME)
            return
    text = DEFAULT_SETTINGS.format(name=target.resolve().name)
    (fresh / FILE_NAME).write_text(text, encoding="utf-8")


def _refuse_other_clock(settings: Settings, path: Path) -> None:
    found = settings.readings
    if (found.resolution_minutes, found.stamp) != (30, "start"):
        raise InputError(
            f"{path}, readings: the London data are half-hours stamped at their start "
            f"(30, start); found {found.resolution_minutes}, {found.stamp}."
        )


def _load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Append the rows of one file, as text where they came as text, to `raw`."""
    connection.execute(
        "create table if not exists raw (file varchar, line bigint, "
        "customer_id varchar, stamp varchar, value varchar, ts timestamp, kwh double)"
    )
    connection.execute(
        "create table if not exists labels (customer_id varchar, label varchar, "
        "value varchar)"
    )
    if path.suffix == ".parquet":
        _load_wide(connection, path)
    else:
        _load_text(connection, path)


def _load_text(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    columns = columns_of(path, READING_HEADERS, ("customer_id", "stamp", "value"))
    labels = {k: v for k, v in columns.items() if k in LABELS}
    csv_of_text = [str(path), {name: "VARCHAR" for name in names_of(path)}]
    try:
        connection.execute(
            f"""
            insert into raw
            select ?, row_number() over () + 1, trim({quoted(columns["customer_id"])}),
              stamp, value, try_cast(trim(stamp) as timestamp),
              try_cast(trim(value) as double)
            from (select *, {quoted(columns["stamp"])} as stamp,
                    {quoted(columns["value"])} as value
                  from {TEXT_FILE})
            """,
            [path.name, *csv_of_text],
        )
        for label, column in labels.items():
            connection.execute(
                f"""
                insert into labels
                select distinct trim({quoted(columns["customer_id"])}), ?,
                  trim({quoted(column)})
                from {TEXT_FILE}
                """,
                [label, *csv_of_text],
            )
    except duckdb.Error as error:
        said = " ".join(str(error).split("\n")[:3])
        raise InputError(f"{path}: not a whole csv file. {said:.300}") from None


def _load_wide(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    names = parquet_schema(path).names
    time = [name for name in names if name in ("gmt_time", "time", "__index_level_0__")]
    if len(time) != 1 or len(names) < 2:
        raise InputError(
            f"{path}: a wide table is wanted, column gmt_time and one column a meter; "
            f"found: {', '.join(names[:8])}."
        )
    connection.execute(
        f"""
        insert into raw
        select ?, row, trim(meter), null, null, {quoted(time[0])}, kwh
        from (unpivot (select * exclude (file_row_number), file_row_number + 1 as row
                       from read_parquet(?, file_row_number = true))
              on columns(* exclude (row, {quoted(time[0])})) into name meter value kwh)
        """,
        [path.name, str(path)],
    )


def _write_checked(
    connection: duckdb.DuckDBPyConnection, fresh: Path, settings: Settings
) -> pd.Index:
    """Judge the rows of `raw`, write what came of them; the customers kept."""
    connection.execute(
        """
        create view typed as select file, line, coalesce(customer_id, '') as _piece,
          nullif(customer_id, '') as customer_id, ts, kwh, case
            when ts is null then 'unreadable_stamp:ts'
            when kwh is null then 'unreadable_value:kwh' end as verdict,
          null::varchar as mended
        from raw
        """
    )
    connection.execute(
        """
        create view cells as select file, line,
          coalesce(customer_id, '') as _piece, customer_id,
          coalesce(stamp, ts::varchar) as ts, coalesce(value, kwh::varchar) as kwh
        from raw
        """
    )
    judged = judge_table(connection, "typed", "readings", settings)
    names = {"customer_id": "customer_id", "ts": "ts", "kwh": "kwh"}
    origin = Origin("cells", "cells", names)
    findings = write_judged(connection, [judged], fresh, settings, origin)
    if not judged.rows_kept:
        counts = findings.set_index("rule")["rows"]
        raise InputError(
            f"none of the {judged.rows_in:,} rows is a reading: "
            f"{counts[counts > 0].to_dict()}"
        )
    write_table(findings, fresh, "findings")
    ids = connection.sql(
        f"select distinct customer_id from {judged.kept} order by 1"
    ).df()["customer_id"]
    return pd.Index(ids, name="customer_id")


def _household_labels(export: _Export, ids: pd.Index) -> pd.DataFrame:
    """Labels of the file of households, one row a customer and label."""
    path = export.customers
    columns = columns_of(path, CUSTOMER_HEADERS, ("customer_id",))
    households = pd.read_csv(
        path, dtype=str, keep_default_na=False, skipinitialspace=True
    )
    households = households.rename(columns={v: k for k, v in columns.items()})
    repeated = households["customer_id"].duplicated(keep=False)
    if repeated.any():
        rows = (repeated[repeated].index[:2] + 2).tolist()
        raise InputError(
            f"{path} lines {rows[0]} and {rows[1]}: customer "
            f"{households['customer_id'][rows[0] - 2]!r} is duplicated; keep one row."
        )
    strangers = ids.difference(pd.Index(households["customer_id"]))
    wide = [p.name for p in export.readings if p.suffix == ".parquet"]
    if len(strangers) and wide:
        raise InputError(
            f"{', '.join(wide)}: columns that {path.name} does not know: "
            f"{', '.join(strangers[:8])}. Sums and means are no meters: drop them."
        )
    known = [label for label in LABELS if label in households]
    return households[["customer_id", *known]].melt("customer_id", var_name="label")


def _write_labels(labels: pd.DataFrame, ids: pd.Index, fresh: Path) -> None:
    labels = labels[labels["customer_id"].isin(ids) & labels["value"].fillna("").ne("")]
    keys = ["customer_id", "label"]
    twice = labels[labels.duplicated(keys, keep=False)].sort_values([*keys, "value"])
    if len(twice):
        first = twice.iloc[0]
        values = twice.loc[
            (twice[keys] == first[keys]).all(axis="columns"), "value"
        ].tolist()
        raise InputError(
            f"customer {first['customer_id']!r} has more than one {first['label']}: "
            f"{', '.join(values)}. Keep one."
        )
    if len(labels):
        write_table(labels.sort_values(keys), fresh, "labels")


def _price_signal(path: Path) -> pd.DataFrame:
    columns = columns_of(
        path,
        {"tariffdatetime": "ts", "tariff": "band"},
        ("ts", "band"),
    )
    signal = pd.read_csv(path, dtype=str).rename(
        columns={v: k for k, v in columns.items()}
    )
    ts = pd.to_datetime(signal["ts"], errors="coerce", format="%Y-%m-%d %H:%M:%S")
    wrong = ts.isna() | ~signal["band"].isin(list(SIGNAL_PRICES)) | ts.duplicated()
    if wrong.any():
        row = int(wrong.idxmax())
        raise InputError(
            f"{path} line {row + 2}: found {', '.join(map(str, signal.loc[row]))}; "
            f"wanted a new time and one of {', '.join(SIGNAL_PRICES)}."
        )
    return pd.DataFrame(
        {
            "ts": ts.astype("datetime64[ms]"),
            "band": signal["band"].str.lower(),
            "price": signal["band"].map(SIGNAL_PRICES),
        }
    ).sort_values("ts")
