"""Drafts of a mapping: what is found in small exports, and in the real ones."""

import re

import numpy as np
import openpyxl
import pandas as pd
import pytest
from planted import SHARED

from research.region import InputError
from research.region.ingest.mapping import mapped_tables, read_mapping
from research.region.ingest.suggest import suggest
from research.region.settings import read_settings

DATA = SHARED / "data"
HOURS = pd.date_range("2024-03-04", periods=48, freq="h")


def draft(source, tmp_path):
    """Tables of a draft, and its text, read as the import would read it."""
    text = suggest(source, "demo")
    path = tmp_path / "draft.yaml"
    path.write_text(text, encoding="utf-8")
    return mapped_tables(read_mapping(path)), text


def only(source, tmp_path, table):
    tables, text = draft(source, tmp_path)
    assert list(tables) == [table]
    return tables[table], text


def long(stamps=HOURS, form="%Y-%m-%d %H:%M:%S", n=3, seed=0):
    """Readings of `n` customers as text."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer_id": np.repeat([f"C{i}" for i in range(n)], len(stamps)),
            "timestamp": np.tile(stamps.strftime(form), n),
            "kwh": rng.gamma(2, 1, n * len(stamps)).round(3) + 2,
        }
    )


def save(folder, frame, name="readings.csv", **options):
    frame.to_csv(folder / name, index=False, **options)
    return folder / name


def test_a_long_file_of_known_headers_needs_no_more_than_its_columns(tmp_path):
    found, text = only(save(tmp_path, long()), tmp_path, "readings")
    assert found.columns == {
        "customer_id": "customer_id",
        "ts": "timestamp",
        "kwh": "kwh",
    }
    assert (found.layout, found.stamp, found.formats) == ("long", "start", {})
    assert "# interval: 60 minutes" in text


def test_the_region_file_of_a_draft_can_be_read(tmp_path):
    frame = long(pd.date_range("2024-03-04", periods=200, freq="15min"))
    text = suggest(save(tmp_path, frame), "临清")
    lines = text.split("\n\n")[1].splitlines()
    path = tmp_path / "region.yaml"
    path.write_text("\n".join(line.removeprefix("# ") for line in lines[1:]), "utf-8")
    settings = read_settings(path)
    assert (settings.name, settings.readings.resolution_minutes) == ("临清", 15)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M"),
        ("%Y%m%d %H:%M:%S", "%Y%m%d %H:%M:%S"),
        ("%Y年%m月%d日 %H:%M", "%Y年%m月%d日 %H:%M"),
        ("%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"),
        ("%Y-%m-%dT%H:%M:%S.0000000", None),
    ],
)
def test_the_form_of_stamps_is_found(tmp_path, form, expected):
    stamps = pd.date_range("2024-03-04", periods=24 * 14, freq="h")
    found, text = only(save(tmp_path, long(stamps, form)), tmp_path, "readings")
    assert found.formats.get("ts") == expected
    assert "# interval: 60 minutes" in text
    assert "day or month first" not in text


def test_day_or_month_first_is_asked_where_the_dates_do_not_tell(tmp_path):
    path = save(tmp_path, long(HOURS, "%d/%m/%Y %H:%M"))
    _, text = only(path, tmp_path, "readings")
    assert "# ? ts: day or month first? 04/03/2024 00:00" in text


def test_dates_in_two_forms_are_asked_about(tmp_path):
    frame = long()
    frame.loc[50:, "timestamp"] = "05/03/2024"
    _, text = only(save(tmp_path, frame), tmp_path, "readings")
    assert "# ? ts: dates are written in several ways: '2024-03-04 00:00:00'" in text


def test_serials_of_excel_are_found(tmp_path):
    frame = long()
    frame["timestamp"] = np.tile(45355 + np.arange(48) / 24, 3).round(7)
    found, text = only(save(tmp_path, frame), tmp_path, "readings")
    assert found.formats == {"ts": "excel"}
    assert "# interval: 60 minutes" in text


def test_delimiter_decimal_sign_and_encoding_are_found(tmp_path):
    frame = long().rename(columns={"customer_id": "户号", "kwh": "电量"})
    path = save(tmp_path, frame, sep=";", decimal=",", encoding="utf-16")
    found, _ = only(path, tmp_path, "readings")
    assert (found.delimiter, found.decimal, found.encoding) == (";", ",", "utf-16")
    assert found.columns["kwh"] == "电量"


def test_thousands_are_told_from_decimals(tmp_path):
    frame = long()
    frame["kwh"] = ["1.234,5", "2,060", *["1,25"] * 142]
    found, _ = only(save(tmp_path, frame), tmp_path, "readings")
    assert (found.decimal, found.thousands) == (",", ".")


def test_stamps_at_the_end_of_their_interval_are_found(tmp_path):
    ends = pd.date_range("2024-03-04 00:15", periods=96, freq="15min")
    found, _ = only(save(tmp_path, long(ends)), tmp_path, "readings")
    assert found.stamp == "end"
    odd = pd.date_range("2024-03-04 07:30", periods=96, freq="15min")
    found, text = only(save(tmp_path, long(odd)), tmp_path, "readings")
    assert found.stamp is None
    assert "# ? stamp: start or end; the first stamp is 07:30" in text


def test_a_register_is_found_by_its_never_falling(tmp_path):
    frame = long()
    frame["kwh"] = frame.groupby("customer_id")["kwh"].cumsum()
    found, _ = only(save(tmp_path, frame), tmp_path, "readings")
    assert found.value_kind == "register"
    found, _ = only(save(tmp_path, long()), tmp_path, "readings")
    assert found.value_kind is None


@pytest.mark.parametrize(
    ("header", "unit"),
    [("power", "kW"), ("功率", "kW"), ("energy(kWh/hh)", None), ("电量", None)],
)
def test_the_header_hints_at_the_unit(tmp_path, header, unit):
    path = save(tmp_path, long().rename(columns={"kwh": header}))
    found, _ = only(path, tmp_path, "readings")
    assert found.units.get("kwh") == unit


def test_days_are_daily_energy(tmp_path):
    days = pd.date_range("2015-01-01", periods=60, freq="D")
    path = save(tmp_path, long(days, "%Y/%m/%d"))
    found, _ = only(path, tmp_path, "energy_daily")
    assert found.columns["date"] == "timestamp"


def wide(folder, **more):
    frame = long().pivot(index="timestamp", columns="customer_id", values="kwh")
    frame = frame.reset_index()
    for name, made in more.items():
        frame[name] = made(frame[["C0", "C1", "C2"]])
    return save(folder, frame)


def test_a_column_for_each_customer_is_found(tmp_path):
    found, _ = only(wide(tmp_path), tmp_path, "readings")
    assert found.layout == "customers_in_columns"
    assert found.columns == {"ts": "timestamp"}
    assert found.ignore == []


def test_a_column_that_sums_the_others_is_no_customer_whatever_its_name(tmp_path):
    path = wide(tmp_path, X7=lambda load: load.sum(axis=1))
    found, text = only(path, tmp_path, "readings")
    assert found.ignore == ["X7"]
    assert "X7: the sum of the others in each row" in text


def test_columns_called_as_statistics_are_no_customers(tmp_path):
    path = wide(tmp_path, mean=lambda load: load.mean(axis=1), 方差=lambda load: 1.5)
    found, text = only(path, tmp_path, "readings")
    assert found.ignore == ["mean", "方差"]
    assert "mean: the mean of the others in each row; 方差: named so" in text


@pytest.mark.parametrize(
    "slots",
    [
        [f"p{n:02}" for n in range(1, 97)],
        [f"V{n:03}" for n in range(1, 49)],
        [f"{m // 60:02}:{m % 60:02}" for m in range(0, 1440, 15)],
        [
            f"{m // 60:02}:{m % 60:02} - {(m + 30) // 60:02}:{(m + 30) % 60:02}"
            for m in range(0, 1440, 30)
        ],
    ],
    ids=["p01", "V001", "00:00", "00:00 - 00:30"],
)
def test_columns_that_are_the_intervals_of_a_day_are_found(tmp_path, slots):
    days = pd.DataFrame({"户号": ["0000001", "0000002"], "日期": "2024-03-04"})
    values = pd.DataFrame(1.5, index=[0, 1], columns=slots)
    path = save(tmp_path, pd.concat([days, values], axis=1))
    found, _ = only(path, tmp_path, "readings")
    assert found.layout == "slots_in_columns"
    assert (found.slots.first, found.slots.last) == (slots[0], slots[-1])
    assert found.columns == {"customer_id": "户号", "date": "日期"}
    assert found.id_width == 7


def test_files_of_one_customer_each_are_found(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    for n in range(7):
        save(folder, long(n=1, seed=n).drop(columns="customer_id"), f"M{n}.csv")
    found, _ = only(folder, tmp_path, "readings")
    assert (found.layout, found.files) == ("one_file_a_customer", ["*.csv"])
    assert found.columns == {"ts": "timestamp", "kwh": "kwh"}


def test_headers_that_say_nothing_are_told_by_their_cells(tmp_path):
    path = save(tmp_path, long().set_axis(["a", "b", "c"], axis=1))
    found, _ = only(path, tmp_path, "readings")
    assert found.columns == {"customer_id": "a", "ts": "b", "kwh": "c"}


def test_codes_that_are_none_of_ours_are_listed_with_their_counts(tmp_path):
    frame = pd.DataFrame(
        {
            "户号": ["0000001", "0000002", "0000003"],
            "用电类别": ["居民", "居民", "商业"],
        }
    )
    found, text = only(save(tmp_path, frame), tmp_path, "customers")
    assert found.columns == {"customer_id": "户号", "usage_class": "用电类别"}
    assert "# ? codes of usage_class found: 居民 (2), 商业 (1)" in text


def test_ids_that_lost_their_zeros_are_asked_about(tmp_path):
    frame = long()
    frame["customer_id"] = np.repeat(["12345678", "2345678", "345678"], 48)
    found, text = only(save(tmp_path, frame), tmp_path, "readings")
    assert found.id_width == 8
    assert "2 ids are shorter" in text


def test_ids_of_all_files_are_drafted_as_wide_as_the_widest(tmp_path):
    save(tmp_path, pd.DataFrame({"cons_no": ["18034064", "15826781"]}), "people.csv")
    readings = long().replace({"customer_id": {"C0": "0018034064", "C1": "0015826781"}})
    save(tmp_path, readings[readings["customer_id"] != "C2"])
    tables, text = draft(tmp_path, tmp_path)
    assert {name: table.id_width for name, table in tables.items()} == {
        "customers": 10,
        "readings": 10,
    }
    assert "? as in other files; here 8 digits at most" in text


def test_rows_without_a_date_of_payment_are_drafted_as_no_payments(tmp_path):
    paid = ["2024-03-04", "", "2024-03-06", ""]
    frame = {"cons_no": ["A", "B", "C", "D"], "paid_date": paid, "amount_paid": [1] * 4}
    save(tmp_path, pd.DataFrame(frame), "paid.csv")
    table, text = only(tmp_path, tmp_path, "payments")
    assert table.where == {"paid_date": "filled"}
    assert "# 2 of 4 rows looked at are unpaid: no payments" in text


def test_a_header_below_a_title_and_every_sheet_is_looked_at(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["2024 年 3 月"])
    for row in [["户号", "缴费日期", "缴费金额（元）"], ["1000001", "2024/3/1", 50]]:
        book.active.append(row)
    other = book.create_sheet("档案")
    for row in [["户号", "用电类别"], ["1000001", "commercial"]]:
        other.append(row)
    book.save(tmp_path / "a.xlsx")
    tables, _ = draft(tmp_path / "a.xlsx", tmp_path)
    assert set(tables) == {"payments", "customers"}
    assert (tables["payments"].sheet, tables["payments"].header_row) == ("Sheet", 2)
    assert tables["customers"].sheet == "档案"
    assert tables["payments"].formats == {"ts": "%Y/%m/%d"}


def test_what_is_refused_is_named_and_the_rest_drafted(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    save(folder, long())
    (folder / "login.csv").write_text("<html>")
    tables, text = draft(folder, tmp_path)
    assert list(tables) == ["readings"]
    assert "# ? left out: login.csv: the bytes are HTML" in text


def test_without_any_table_there_is_no_draft(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        suggest(tmp_path / "x", "demo")
    with pytest.raises(InputError, match="no table; wanted files"):
        suggest(tmp_path, "demo")


def real(*parts):
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip("the real export is absent")
    return path


@pytest.mark.slow
def test_the_draft_of_the_us_meters(tmp_path):
    path = real("us_openfido_60min_2015", "ami_data.csv.gz")
    found, text = only(path, tmp_path, "readings")
    assert found.columns == {
        "customer_id": "meter_id",
        "ts": "timestamp",
        "kwh": "power",
    }
    assert (found.clock, found.utc_offset, found.stamp) == ("UTC", "timezone", "end")
    assert found.units == {"kwh": "kW"}
    assert "resolution_minutes: 60" in text


@pytest.mark.slow
def test_the_draft_of_the_firms_of_yangzhong(tmp_path):
    path = real("cn_yangzhong_daily_2015_2016", "power_all_2.csv.gz")
    found, text = only(path, tmp_path, "energy_daily")
    assert found.layout == "customers_in_columns"
    assert "1454 found" in text
    assert found.columns == {"date": "record_date"}
    assert found.ignore == ["total", "mean", "median", "std", "var"]
    assert "total: the sum of the others in each row; mean: the mean" in text
    assert found.formats == {"date": "%Y/%m/%d"}
    path = real("cn_yangzhong_daily_2015_2016", "Tianchi_power_9.long.csv.gz")
    found, _ = only(path, tmp_path, "energy_daily")
    assert found.columns == {
        "customer_id": "user_id",
        "date": "record_date",
        "kwh": "power_consumption",
    }
    assert (found.formats, found.units) == ({"date": "%Y/%m/%d"}, {})


@pytest.mark.parametrize(
    ("name", "formats"),
    [("cph.xlsx", {}), ("customer_pay_habbit.utf8bom.csv", {"ts": "%Y/%m/%d"})],
)
def test_the_draft_of_the_payments(tmp_path, name, formats):
    path = real("cn_residential_payments_2018_2019", name)
    found, text = only(path, tmp_path, "payments")
    assert found.columns["customer_id"] == "用户编号"
    assert found.columns["ts"] == "缴费日期"
    assert re.fullmatch(r"缴费金额[(（]元[)）]", found.columns["amount_yuan"])
    assert (found.formats, found.id_width) == (formats, 10)
    assert "timezone: Asia/Shanghai" in text


@pytest.mark.slow
def test_the_draft_of_the_german_profiles(tmp_path):
    path = real("de_simbench_15min_2016", "profiles_p_pu.parquet")
    found, text = only(path, tmp_path, "readings")
    assert (found.layout, found.columns) == ("customers_in_columns", {"ts": "time_raw"})
    assert found.formats == {"ts": "%d.%m.%Y %H:%M"}
    assert (found.units, found.rated, found.stamp) == ({"kwh": "per_unit"}, 1, "start")
    assert "27 found" in text
    assert "# ? clock: Europe/Berlin, or which? 4 times stand twice" in text
    assert "clock: UTC, unit: kWh" in text
    assert "resolution_minutes: 15" in text
