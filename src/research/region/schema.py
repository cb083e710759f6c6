"""The tables of a region: what each holds, its columns, their types and codes.

Columns stand in ``schema.csv``, one a row; nothing else in the house says what a
table looks like: import, checks, synthetic regions and the data dictionary read it.
"""

import csv
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from research.region.errors import InputError

# Kinds of a column -> how Parquet holds it. Months are text such as 2025-03.
TYPES = {
    "text": pa.string(),
    "code": pa.string(),
    "month": pa.string(),
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int": pa.int32(),
    "float": pa.float32(),
    "double": pa.float64(),
    "money": pa.float64(),
    "date": pa.date32(),
    "time": pa.timestamp("ms"),
}


class Column(NamedTuple):
    """One column: its kind, how much it is needed, what may stand in it."""

    name: str
    kind: str
    need: str
    unit: str
    low: str
    high: str
    codes: tuple[str, ...]
    parent: str
    zh: str
    headers: tuple[str, ...]
    meaning: str

    @property
    def type(self) -> pa.DataType:
        """How Parquet holds it."""
        return TYPES[self.kind]


class Table(NamedTuple):
    """One table: what a row is, the columns that name a row once, all columns."""

    row: str
    zh: str
    key: tuple[str, ...]
    columns: dict[str, Column]

    @property
    def types(self) -> dict[str, pa.DataType]:
        """Parquet type of each column."""
        return {name: column.type for name, column in self.columns.items()}

    @property
    def required(self) -> list[str]:
        """Columns without which the table says nothing."""
        return [name for name, column in self.columns.items() if column.need == "M"]


def _columns() -> dict[str, dict[str, Column]]:
    text = files("research.region").joinpath("schema.csv").read_text("utf-8")
    found: dict[str, dict[str, Column]] = {}
    for row in csv.DictReader(text.splitlines()):
        codes, headers = (tuple(row[c].split("|")) for c in ("codes", "headers"))
        column = Column(
            row["column"],
            row["type"],
            row["need"],
            row["unit"],
            row["low"],
            row["high"],
            codes if codes != ("",) else (),
            row["parent"],
            row["zh"],
            headers if headers != ("",) else (),
            row["meaning"],
        )
        found.setdefault(row["table"], {})[column.name] = column
    return found


_KEYS = (
    ("customers", "a supply account", "用户档案", "customer_id"),
    ("readings", "an interval of a meter", "负荷曲线", "customer_id ts"),
    ("energy_daily", "a day of a customer", "日电量", "customer_id date"),
    ("energy_monthly", "a month of a customer", "月电量", "customer_id ym"),
    ("registers", "a month of a meter", "抄表示数", "customer_id ym meter_id"),
    ("bills", "a bill", "应收账单", "bill_id"),
    ("payments", "a payment", "实收流水", "payment_id"),
    ("payment_history", "a month of an account", "缴费历史", "customer_id ym"),
    ("topups", "an attempt to bring money into a meter", "充值下发", "attempt_id"),
    ("balance_daily", "a day of a prepaid account", "日余额", "customer_id date"),
    ("trip_events", "a trip of the supply", "跳闸停电", "customer_id ts_off"),
    ("tickets", "a ticket of the hotline", "95598工单", "ticket_id"),
    ("ticket_steps", "a step of a ticket", "工单环节", "ticket_id step"),
    ("contacts", "a contact with a customer", "接触记录", "contact_id"),
    ("satisfaction", "a response of a survey", "满意度调查", "response_id"),
    (
        "needs_survey",
        "a need judged by a customer",
        "需求调查",
        "customer_id wave need_id",
    ),
    ("points_ledger", "an entry of a points account", "积分流水", "entry_id"),
    (
        "credit_events",
        "an event that touches credit",
        "信用事件",
        "customer_id ts kind",
    ),
    ("areas", "a service grid cell, village or district", "网格", "area_id"),
    ("transformers", "a distribution transformer", "台区", "transformer_id"),
    ("transformer_load", "a day of a transformer", "台区负载", "transformer_id date"),
    ("outages", "an outage", "停电记录", "outage_id"),
    ("weather", "a day", "气象", "date"),
    ("economy", "a month of a series", "经济指标", "ym series"),
    ("manager_log", "an entry of a manager's log", "客户经理日志", "entry_id"),
    ("products", "a product of service", "服务产品", "product_id"),
    ("sla", "a step of a case", "流程时限", "case_id step"),
    ("price_signal", "an interval", "电价信号", "ts"),
    ("labels", "a known class of a customer", "客户类别", "customer_id label"),
)
_COLUMNS = _columns()
TABLES = {
    name: Table(row, zh, tuple(key.split()), _COLUMNS[name])
    for name, row, zh, key in _KEYS
}


def parts_of(folder: Path, table: str) -> list[Path]:
    """Parquet files of `table` in the region `folder`, in order; none if absent."""
    single = folder / f"{table}.parquet"
    return [single] if single.exists() else sorted((folder / table).glob("*.parquet"))


def listing(folder: Path) -> str:
    """Names in `folder`, for a message that says what was found."""
    names = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return shown or "an empty folder"


def tables_in(folder: Path) -> str:
    """Tables in `folder`, for a message that a page may show: no name but our own."""
    return ", ".join(name for name in TABLES if parts_of(folder, name)) or "no table"


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
        missing = [c for c in TABLES[table].required if c not in schema.names]
        if missing:
            raise InputError(
                f"{part}: missing column {', '.join(missing)}. "
                f"Found: {', '.join(schema.names)}."
            )
        for column, wanted in TABLES[table].types.items():
            if column not in schema.names:
                continue
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
    for is_kind in (pa.types.is_integer, pa.types.is_date, pa.types.is_boolean):
        if is_kind(wanted):
            return is_kind(found)
    if pa.types.is_string(wanted):
        return pa.types.is_string(found) or pa.types.is_large_string(found)
    if pa.types.is_timestamp(wanted):
        return pa.types.is_timestamp(found) and found.tz is None
    return pa.types.is_floating(found)
