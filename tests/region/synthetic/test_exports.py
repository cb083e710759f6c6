"""Messy exports: their bytes are messy as promised, their import gives them back."""

import numpy as np
import pandas as pd
import pytest
import yaml

from research.region.ingest.table import import_table
from research.region.schema import TABLES, parts_of
from research.region.synthetic.exports import as_written, write_exports

pytestmark = pytest.mark.slow

DAYS = pd.date_range("2024-01-01", periods=3)


def exported():
    ids = [f"00{i}" for i in (12345678, 23456789, 34567890)]
    stamps = pd.date_range(DAYS[0], periods=96 * len(DAYS), freq="15min")
    rng = np.random.default_rng(5)
    n = len(ids) * len(stamps)
    readings = pd.DataFrame(
        {
            "customer_id": np.repeat(ids, len(stamps)),
            "ts": np.tile(stamps, len(ids)),
            "kwh": rng.gamma(2, 0.1, n).astype(np.float32),
        }
    )
    readings = readings.drop(index=[5, 300, 301]).reset_index(drop=True)
    customers = pd.DataFrame(
        {
            "customer_id": ids,
            "usage_class": ["residential_urban", "commercial", "industrial_large"],
            "contract_kva": [8.0, 50.0, np.nan],
            "open_date": pd.to_datetime(["2010-01-05", "1999-11-30", "2020-02-29"]),
            "two_part": [False, False, True],
            "persons": pd.array([3, None, None], dtype="Int32"),
        }
    )
    bills = pd.DataFrame(
        {
            "bill_id": [f"B{i}" for i in range(6)],
            "customer_id": ids * 2,
            "ym": ["2024-01"] * 3 + ["2024-02"] * 3,
            "due_date": pd.to_datetime(["2024-02-25"] * 3 + ["2024-03-25"] * 3),
            "total_yuan": [12.34, 500.0, 98765.43, 0.5, 23.0, -4.1],
        }
    )
    payments = pd.DataFrame(
        {
            "payment_id": [f"P{i}" for i in range(3)],
            "customer_id": ids,
            "ts": pd.to_datetime(
                ["2024-02-03 09:05:07", "2024-02-13 19:15:00", "2024-12-01 00:00:00"]
            ),
            "amount_yuan": [12.34, 500.0, 98765.43],
            "channel": ["wechat", "hall", "bank_debit"],
        }
    )
    tickets = pd.DataFrame(
        {
            "ticket_id": ["W1", "W2"],
            "customer_id": [ids[0], None],
            "ts_created": pd.to_datetime(
                ["2024-02-03 09:05:07", "2024-02-04 10:00:00"]
            ),
            "type": ["inquiry", "complaint"],
            "text_zh": ['充值"未到账", 请核实', "停电，何时来电？"],
        }
    )
    return {
        "customers": customers,
        "bills": bills,
        "payments": payments,
        "tickets": tickets,
        "readings": readings,
    }


def raw(tmp_path, level="heavy"):
    write_exports(exported(), tmp_path, level, seed=3)
    return {path.stem: path.read_bytes() for path in tmp_path.iterdir()}


def test_customers_come_in_gb18030_with_crlf_and_chinese_headers(tmp_path):
    data = raw(tmp_path)["customers"]
    lines = data.decode("gb18030").split("\r\n")
    assert lines[0].startswith("户号,用电类别,合同容量,立户日期")
    assert "2010/1/5" in lines[1] and len(lines) == 5
    assert sum(field.endswith(" ") for line in lines for field in line.split(",")) == 1
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")


def test_bills_come_with_tabs_and_one_cut_line(tmp_path):
    lines = raw(tmp_path)["bills"].decode().splitlines()
    fields = pd.Series([len(line.split("\t")) for line in lines])
    assert fields.value_counts().to_dict() == {5: 7, 2: 1}
    assert "\t202401\t" in lines[1] or "\t202401\t" in lines[2]


def test_payments_begin_with_a_byte_order_mark(tmp_path):
    data = raw(tmp_path)["payments"]
    assert data.startswith(b"\xef\xbb\xbf")
    assert "2024/2/3 09:05:07" in data.decode("utf-8-sig")


def test_a_day_of_readings_is_a_row_of_96_powers_that_ends_at_24_00(tmp_path):
    raw(tmp_path)
    wide = pd.read_csv(tmp_path / "readings.csv", dtype={"户号": str})
    readings = exported()["readings"]
    assert wide.shape == (9, 98)
    assert list(wide.columns[[2, -1]]) == ["00:15", "24:00"]
    last = readings[readings["ts"] == "2024-01-01 23:45"]["kwh"].iloc[0]
    assert np.float32(wide["24:00"].iloc[0]) == last * 4
    assert wide.isna().sum().sum() == 3


@pytest.mark.parametrize(
    ("level", "messy"), [("none", 0), ("light", 1), ("typical", 2), ("heavy", 4)]
)
def test_the_level_says_how_many_files_are_messy(tmp_path, level, messy):
    write_exports(exported(), tmp_path, level, seed=3)
    mapping = yaml.safe_load((tmp_path / "mapping.yaml").read_text("utf-8"))["tables"]
    plain = [set(table) == {"files", "layout", "columns"} for table in mapping.values()]
    assert plain.count(False) == messy


def test_same_seed_same_bytes_other_seed_others(tmp_path):
    parts = [
        write_exports(exported(), tmp_path / name, "heavy", seed).parent
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    a, b, c = ({p.name: p.read_bytes() for p in part.iterdir()} for part in parts)
    assert a == b
    assert a["customers.csv"] != c["customers.csv"]


REGION_YAML = """\
name: exported
title: {en: Exported}
timezone: Asia/Shanghai
readings: {resolution_minutes: 15, stamp: start, clock: Asia/Shanghai, unit: kWh}
ids: {width: 10}
"""


@pytest.mark.parametrize(
    "level",
    [
        pytest.param("none", marks=pytest.mark.slow),
        pytest.param("light", marks=pytest.mark.slow),
        pytest.param("typical", marks=pytest.mark.slow),
        "heavy",
    ],
)
def test_an_import_gives_the_same_tables_back(tmp_path, level):
    tables = exported()
    write_exports(tables, tmp_path / "export", level, seed=3)
    (tmp_path / "export" / "region.yaml").write_text(REGION_YAML, encoding="utf-8")
    import_table(tmp_path / "export", tmp_path / "region", say=lambda _: None)
    for name, frame in tables.items():
        found = pd.concat(map(pd.read_parquet, parts_of(tmp_path / "region", name)))
        keys = list(TABLES[name].key)
        wanted = frame.sort_values(keys, ignore_index=True)
        found = found.sort_values(keys, ignore_index=True)
        assert set(wanted) <= set(found)
        pd.testing.assert_frame_equal(
            as_written(name, found[list(wanted)]), as_written(name, wanted)
        )


def test_the_import_tells_of_the_cut_line(tmp_path):
    write_exports(exported(), tmp_path / "export", "typical", seed=3)
    (tmp_path / "export" / "region.yaml").write_text(REGION_YAML, encoding="utf-8")
    import_table(tmp_path / "export", tmp_path / "region", say=lambda _: None)
    findings = pd.read_parquet(tmp_path / "region" / "findings.parquet")
    rows = findings.set_index(["table", "rule"])["rows"]
    assert rows["bills", "wrong_fields"] == 1
    assert rows.drop(("bills", "wrong_fields")).sum() == 0
