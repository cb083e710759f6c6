"""`mapping.yaml`: how a foreign export is written, checked key by key."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, create_model

from research.region.errors import InputError
from research.region.schema import TABLES, Table
from research.region.settings import TimeZone
from research.region.settings_faults import told
from research.region.strict_model import Positive, Strict
from research.region.strict_yaml import Lines, read_yaml

FILE_NAME = "mapping.yaml"

# Units that a column of ours may come in, by the unit that it has with us.
UNITS = {
    "kWh": ("Wh", "kWh", "MWh", "W", "kW", "MW", "per_unit"),
    "kvarh": ("kvarh", "Mvarh"),
    "kW": ("W", "kW", "MW"),
    "kVA": ("kVA", "MVA"),
    "yuan": ("yuan", "fen"),
}
# Tables whose value may come as a register or in a column a slot.
SERIES = {"readings": "ts", "energy_daily": "date"}
# Columns that are no columns of ours but say how ours come about.
HELPERS = {"slots_in_columns": "date", "register": "meter_id"}

Name = Annotated[str, Field(min_length=1)]
Scalar = str | int | float | bool


class Slots(Strict):
    """First and last slot column of a day, in the order of the file."""

    first: Name
    last: Name


class TableMapping(Strict):
    """How one table of ours stands in the files of an export.

    Every key but `files` may be left out. `columns` says which source column holds
    each of ours; braces put text and columns together: ``"{file}"`` is the name of
    the file without its suffix, ``"{customer_id}-{month}"`` joins two columns.
    """

    files: Annotated[list[Name], Field(min_length=1)]
    encoding: Literal["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"] | None = None
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'"] | None = None
    sheet: Name | None = None
    header_row: Annotated[int, Field(ge=0, le=1000)] | None = None
    layout: Literal[
        "long", "customers_in_columns", "slots_in_columns", "one_file_a_customer"
    ] = "long"
    columns: dict[str, Name] = Field({})
    slots: Slots | None = None
    ignore: list[Name] = Field([])
    constants: dict[str, Scalar] = Field({})
    codes: dict[str, dict[str, Scalar]] = Field({})
    formats: dict[str, Name | list[Name]] = Field({})
    units: dict[str, Name] = Field({})
    rated: Positive | Name | None = None
    ratio: Name | None = None
    id_width: Annotated[int, Field(ge=1, le=32)] | None = None
    value_kind: Literal["interval", "register"] | None = None
    roll_over_at: Positive | None = None
    stamp: Literal["start", "end"] | None = None
    clock: TimeZone | None = None
    utc_offset: Name | None = None
    where: dict[Name, Literal["filled", "empty"]] = Field({})


Tables = create_model(
    "Tables",
    __base__=Strict,
    __doc__="The tables that an export brings; those left out are not imported.",
    **{name: (TableMapping | None, None) for name in TABLES},
)


class Mapping(Strict):
    """All that `mapping.yaml` may say."""

    tables: Tables


def read_mapping(path: Path) -> Mapping:
    """How the export beside the mapping file `path` is written, all checked.

    Returns
    -------
    mapping : Mapping
        `mapping.tables` has a field a table; None where the export lacks it.

    Raises
    ------
    InputError
        Names the file, the line, the key, what was found and what is allowed, for
        every fault at once.
    """
    values, lines = read_yaml(path)
    if not isinstance(values, dict):
        raise InputError(f"{path} line 1: keys and values are wanted, found a list.")
    try:
        mapping = Mapping.model_validate_json(json.dumps(values))
    except ValidationError as error:
        faults = [told(fault, lines, path, Mapping) for fault in error.errors()]
        raise InputError("\n".join(faults)) from None
    faults = [
        f"{path} line {_line(lines, ('tables', name, *where))}, "
        f"{'.'.join(('tables', name, *where))}: {message}"
        for name, table in mapped_tables(mapping).items()
        for where, message in _misfits(table, TABLES[name], name)
    ]
    if not mapped_tables(mapping):
        faults = [
            f"{path} line {_line(lines, ('tables',))}, tables: no table is named."
        ]
    if faults:
        raise InputError("\n".join(faults))
    return mapping


def mapped_tables(mapping: Mapping) -> dict[str, TableMapping]:
    """The tables that a mapping names, in the order of the schema."""
    found = ((name, getattr(mapping.tables, name)) for name in TABLES)
    return {name: table for name, table in found if table is not None}


def _line(lines: Lines, where: tuple[Any, ...]) -> int:
    return next(
        lines[where[:n]] for n in range(len(where), -1, -1) if where[:n] in lines
    )


def _misfits(
    mapped: TableMapping, table: Table, name: str
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Keys that are well-formed but do not fit `table` or each other."""
    yield from _misfit_columns(mapped, table, name)
    for file in mapped.files:
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", file):
            yield ("files",), f"found {file!r}; files of this folder only, no address."
        elif Path(file).is_absolute() or ".." in re.split(r"[/\\]", file):
            yield ("files",), f"found {file!r}; it may not leave the export's folder."
    if mapped.decimal == mapped.thousands:
        yield ("thousands",), f"found {mapped.thousands!r}, which is decimal too."
    if (mapped.layout == "slots_in_columns") != (mapped.slots is not None):
        yield ("layout",), "slots_in_columns and the key slots go together."
    if mapped.layout == "customers_in_columns" and name not in SERIES:
        yield ("layout",), f"customers_in_columns is for {' and '.join(SERIES)}."
    if mapped.layout == "slots_in_columns" and name != "readings":
        yield ("layout",), "slots_in_columns is for readings."
    if (mapped.value_kind or mapped.ratio or mapped.rated) and name not in SERIES:
        yield (), f"value_kind, ratio and rated are for {' and '.join(SERIES)}."
    if mapped.roll_over_at and mapped.value_kind != "register":
        yield ("roll_over_at",), "wanted only with value_kind: register."
    if ("per_unit" in mapped.units.values()) != (mapped.rated is not None):
        yield ("units",), "per_unit and the key rated go together."
    for column, unit in mapped.units.items():
        ours = table.columns.get(column)
        allowed = UNITS.get(ours.unit, ()) if ours else ()
        if ours and unit not in allowed:
            yield (
                ("units", column),
                f"found {unit!r}; allowed: {', '.join(allowed) or 'no unit'}.",
            )
    for column, codes in mapped.codes.items():
        ours = table.columns.get(column)
        known = ours.codes if ours else ()
        for source, code in codes.items():
            if known and code not in known:
                yield (
                    ("codes", column, source),
                    f"found {code!r}; allowed: {', '.join(known)}.",
                )


def _misfit_columns(
    mapped: TableMapping, table: Table, name: str
) -> Iterator[tuple[tuple[str, ...], str]]:
    helpers = {
        HELPERS[key] for key in (mapped.layout, mapped.value_kind) if key in HELPERS
    }
    for key in ("columns", "constants", "codes", "formats", "units"):
        for column in getattr(mapped, key):
            if column not in table.columns and column not in helpers:
                yield (
                    (key, column),
                    f"table {name} has no such column. "
                    f"Allowed: {', '.join([*table.columns, *sorted(helpers)])}.",
                )
    given = {*mapped.columns, *mapped.constants, *laid_out(mapped)}
    wanted = (
        [*table.required, *(h for h in helpers if h == HELPERS[mapped.layout])]
        if mapped.layout in HELPERS
        else table.required
    )
    missing = [column for column in wanted if column not in given]
    if missing:
        yield (
            ("columns",),
            f"table {name} needs {', '.join(missing)} too; say which column of the "
            "file holds it, or set it in constants.",
        )
    twice = sorted({*mapped.columns} & {*mapped.constants})
    if twice:
        yield ("constants",), f"{', '.join(twice)} also stands in columns; keep one."


def laid_out(mapped: TableMapping) -> tuple[str, ...]:
    """Columns of ours that the layout gives, not a column of the file."""
    return {
        "long": (),
        "customers_in_columns": ("customer_id", "kwh"),
        "slots_in_columns": ("ts", "kwh"),
        "one_file_a_customer": ("customer_id",),
    }[mapped.layout]
