"""The declared tables: sound in themselves, and the same as the page of them."""

from pathlib import Path

import pandas as pd
import pytest
from planted import ROOT, planted_readings, write_region

from research.region import InputError, read_region
from research.region.dictionary import page
from research.region.rules import ACTIONS, RULES
from research.region.schema import TABLES, check_table

COLUMNS = [
    pytest.param(name, column, id=f"{name}.{column.name}")
    for name, table in TABLES.items()
    for column in table.columns.values()
]


def test_the_page_in_the_docs_is_the_schema():
    shown = (ROOT / "docs" / "data_dictionary.md").read_text("utf-8")
    assert shown == page(), "write it anew: research dictionary > docs/..."


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_column_says_what_a_checker_needs(table, column):
    assert column.meaning
    assert column.zh
    assert column.need in "MRO"
    assert (column.kind == "code") == bool(column.codes)
    if column.parent:
        parent, _, key = column.parent.partition(".")
        assert TABLES[parent].columns[key].type == column.type
    if column.low or column.high:
        kind = pd.Timestamp if column.kind in ("date", "time") else float
        assert kind(column.low) < kind(column.high or "1e12")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_names_its_rows(name):
    table = TABLES[name]
    assert table.key
    assert set(table.key) <= set(table.columns)
    headers = [h for column in table.columns.values() for h in column.headers]
    assert len(headers) == len(set(headers)), "one header, one column"


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_what_it_does(name):
    rule = RULES[name]
    assert rule.kind in ("row", "series", "table")
    assert {rule.action, *rule.others} <= set(ACTIONS)
    assert rule.action not in rule.others
    assert rule.done()
    assert rule.error_if is None or 0 < rule.error_if <= 1


@pytest.fixture
def region(tmp_path: Path) -> Path:
    return write_region(tmp_path / "region", planted_readings(6, 3)[0])


def test_a_table_with_a_wrong_type_is_named(region):
    amounts = pd.DataFrame({"payment_id": ["1"], "customer_id": ["0000"]})
    amounts.assign(ts=pd.Timestamp("2024-01-01"), amount_yuan="12,00").to_parquet(
        region / "payments.parquet"
    )
    with pytest.raises(InputError, match=r"payments.parquet: column amount_yuan"):
        read_region(region)


def test_a_table_without_a_column_it_must_have_is_named(region):
    pd.DataFrame({"ticket_id": ["1"]}).to_parquet(region / "tickets.parquet")
    with pytest.raises(InputError, match="missing column ts_created, type, text_zh"):
        check_table(region, "tickets")
