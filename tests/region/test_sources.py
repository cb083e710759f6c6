"""Files as they come: what each is, what is refused, and every cell as it stood."""

import csv
import gzip
import io
import tempfile
import zipfile
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import SHARED

from research.region import InputError
from research.region.ingest.sources import Form, load_text, look

BAD = SHARED / "bad_inputs"
HEADER = "customer_id,timestamp,kwh"
ROWS = [f"C{i % 7},2024-03-04 {i % 24:02}:00:00,{i / 8}" for i in range(50)]
TEXT = "\n".join([HEADER, *ROWS]) + "\n"


def write(folder, content, name="readings.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def load(path, form=None, **options):
    """Rows (file, line, cells ...) and ragged lines of a file."""
    with duckdb.connect() as connection:
        load_text(connection, path, form, "t", **options)
        rows = connection.sql("from t order by line").fetchall()
        return rows, connection.sql("from t_ragged order by line").fetchall()


def cells(path, form=None):
    return [row[2:] for row in load(path, form)[0]]


EXPECTED = [tuple(line.split(",")) for line in ROWS]


def test_every_row_comes_with_its_file_and_line(tmp_path):
    rows, ragged = load(write(tmp_path, TEXT))
    assert rows[0] == ("readings.csv", 2, *EXPECTED[0])
    assert [row[1] for row in rows] == list(range(2, 52))
    assert ragged == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found(tmp_path, encoding, delimiter):
    text = TEXT.replace("customer_id", "户号").replace("C0", "东风机械厂")
    path = write(tmp_path, text.replace(",", delimiter).encode(encoding))
    seen = look(path)
    assert seen.columns == ("户号", "timestamp", "kwh")
    assert seen.form.delimiter == delimiter
    assert cells(path)[0] == ("东风机械厂", *EXPECTED[0][1:])
    told = " ".join(seen.notices)
    assert ("byte-order mark" in told) == (encoding in ("utf-8-sig", "utf-16"))
    assert ("gb18030" in told) == (encoding == "gb18030")


def test_a_packed_file_gives_the_same_rows(tmp_path):
    path = write(tmp_path, gzip.compress(TEXT.encode()), "readings.csv.gz")
    assert cells(path) == EXPECTED


cell = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
)


@st.composite
def tables(draw):
    width = draw(st.integers(1, 4))
    row = st.lists(cell, min_size=width, max_size=width)
    return draw(st.lists(row, max_size=12)), width


@settings(max_examples=40, deadline=None)
@given(
    table=tables(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    last_end=st.booleans(),
)
def test_any_table_comes_back_cell_by_cell(
    table, encoding, delimiter, quoting, line_end, last_end
):
    rows, width = table
    if quoting == csv.QUOTE_MINIMAL:  # Python's writer leaves a lone CR unquoted
        rows = [[text.replace("\r", "\n") for text in row] for row in rows]
    names = ["id", "stamp", "value", "remark"][:width]
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=delimiter, quoting=quoting, lineterminator=line_end
    )
    writer.writerows([names, *rows])
    written = text.getvalue() if last_end else text.getvalue().removesuffix(line_end)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), written.encode(encoding))
        found, ragged = load(path, Form(encoding=encoding, delimiter=delimiter))
    numbered = [(n, *row) for n, row in enumerate(rows, start=2) if any(row)]
    assert [row[1:] for row in found] == numbered
    assert ragged == []


def test_a_line_is_a_record_where_quoted_cells_hold_line_ends(tmp_path):
    path = write(tmp_path, 'id,text\n1,"a\nb"\n2\n3,c\n')
    rows, ragged = load(path)
    assert [(row[1], row[2]) for row in rows] == [(2, "1"), (4, "3")]
    assert ragged == [("readings.csv", 3, 1, 2, "2")]


def test_ragged_lines_are_set_apart_with_their_place_wherever_they_stand(tmp_path):
    lines = TEXT.splitlines()
    lines[10] += ",9"
    lines[20] = "C1"
    rows, ragged = load(write(tmp_path, "\n".join(lines) + "\n"))
    assert [(line, fields, wanted) for _, line, fields, wanted, _ in ragged] == [
        (11, 4, 3),
        (21, 1, 3),
    ]
    assert {row[1] for row in rows} == set(range(2, 52)) - {11, 21}


def test_ragged_lines_keep_their_numbers_over_many_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("research.region.ingest.delimited.BLOCK_BYTES", 200)
    lines = [HEADER, *(ROWS[0] if i % 9 else "torn" for i in range(1, 400))]
    rows, ragged = load(write(tmp_path, "\n".join(lines) + "\n"))
    torn = [n for n, line in enumerate(lines, start=1) if line == "torn"]
    assert [row[1] for row in ragged] == torn
    assert [row[1] for row in rows] == [n for n in range(2, 401) if n not in torn]


def test_lines_without_any_cell_are_no_rows(tmp_path):
    rows, ragged = load(write(tmp_path, f"{HEADER}\n\n{ROWS[0]}\n,,\n\n{ROWS[1]}\n\n"))
    assert [row[1] for row in rows] == [3, 6]
    assert ragged == []


def test_a_quote_within_a_text_is_part_of_it(tmp_path):
    path = write(tmp_path, 'id,text\n1,10" pipe\n2,b\n')
    assert cells(path) == [("1", '10" pipe'), ("2", "b")]


def test_rows_that_an_open_quote_would_swallow_are_not_lost_silently(tmp_path):
    path = write(tmp_path, 'id,text\n1,"ab\n3,4\n5,"cd"\n6,e\n')
    with pytest.raises(InputError, match=r"line 2: a quote.*line 4, 2 lines below"):
        load(path)
    quoted = write(tmp_path, 'id,text\n1,"he said:\n3,4\n5,""cd"""\n6,e\n')
    assert cells(quoted) == [("1", 'he said:\n3,4\n5,"cd"'), ("6", "e")]


def test_headers_are_trimmed_and_columns_without_one_are_numbered(tmp_path):
    path = write(tmp_path, " Customer_ID ,TIME\u200bSTAMP,金额（元）,\n1,2,3,\n")
    seen = look(path)
    assert seen.columns == ("Customer_ID", "TIMESTAMP", "金额(元)", "c4")
    assert any("trimmed" in notice for notice in seen.notices)


def test_rows_that_all_end_in_a_delimiter_are_no_ragged_rows(tmp_path):
    path = write(tmp_path, "id,kwh\n1,2,\n3,4,\n")
    assert look(path).columns == ("id", "kwh", "c3")
    assert cells(path) == [("1", "2", ""), ("3", "4", "")]


def test_the_header_may_stand_in_another_line_or_be_missing(tmp_path):
    path = write(tmp_path, f"March 2024\n\n{TEXT}")
    rows, _ = load(path, Form(header_row=3))
    assert rows[0] == ("readings.csv", 4, *EXPECTED[0])
    bare = write(tmp_path, "\n".join(ROWS) + "\n", "bare.csv")
    rows, _ = load(bare, Form(header_row=0))
    assert rows[0] == ("bare.csv", 1, *EXPECTED[0])
    assert look(bare, Form(header_row=0)).columns == ("c1", "c2", "c3")


def test_numbers_or_days_may_head_the_columns_of_a_wide_table(tmp_path):
    wide = write(tmp_path, "record_date,1,2,3\n2015/1/1,5,6,7\n2015/1/2,5,6,8\n")
    assert look(wide).columns == ("record_date", "1", "2", "3")
    days = write(tmp_path, "id,2015-01-01,2015-01-02\nA,5,6\nB,5,7\n")
    assert look(days).columns[1] == "2015-01-01"


def test_a_column_called_line_does_not_hide_ours(tmp_path):
    path = write(tmp_path, "id,line\nT1,L7\n")
    rows, _ = load(path)
    assert look(path).columns == ("id", "line_")
    assert rows == [("readings.csv", 2, "T1", "L7")]


REFUSED = {
    "empty": (b"", ["empty"]),
    "html": (b"<!DOCTYPE html><title>Log in</title>", ["HTML"]),
    "xml": (b"<?xml version='1.0'?><a/>", ["XML"]),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid x\n", ["Git LFS"]),
    "zip": (b"PK\x03\x04" + bytes(20), ["zip archive"]),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(20), ["7z"]),
    "old excel": (b"\xd0\xcf\x11\xe0" + bytes(20), ["old Excel"]),
    "dump": (b"-- MySQL dump 10.13\nCREATE TABLE x", ["SQL dump"]),
    "insert": (b"INSERT INTO t VALUES (1, 2);\n", ["SQL dump"]),
    "json": (b'[{"id": 1}]', ["JSON"]),
    "duplicate": (b"id,kwh,KWH\n1,2,3\n", ["line 1", "duplicate column name", "kwh"]),
    "headless": ("\n".join(ROWS).encode(), ["line 1", "no header", "looks like data"]),
    "mojibake": ("id,\ufffd\ufffd\n1,2\n".encode(), ["mojibake", "\ufffd"]),
    "gbk as utf-8": (
        ("用户编号".encode().decode("gb18030") + ",kwh\n1,2\n").encode(),
        ["mojibake", "用户编号"],
    ),
    "title": (f"March\n{TEXT}".encode(), ["line 1", "March", "header_row: 2"]),
    "nul": (TEXT.replace("C3,", "C\0,", 1).encode(), ["line 5", "NUL"]),
    "byte": (
        TEXT.encode().replace(b"C3,", b"\xff3,", 1),
        ["line 5", "0xff", "offset 110"],
    ),
    "cut": (
        TEXT.encode()[:-16],
        ["last line (row 51) has 2 of 3 fields", "truncated"],
    ),
    "cut in a quote": (b'id,text\n1,a\n2,"b', ["line 3", "quote", "never closed"]),
    "mangled": (
        b"stamp,kwh\n2.01811E+13,1\n2.01811E+13,2\n",
        ["'stamp'", "2.01811E+13", "spreadsheet"],
    ),
    "other delimiter": (b"a,b,c\n1;2;3\n4;5;6\n", ["line 2", "delimiter"]),
    "names missing": (b"id,kwh\n0,A,2\n1,B,3\n", ["2 names", "3 fields"]),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_table_is_refused_by_what_it_is(tmp_path, content, words):
    path = write(tmp_path, content)
    with pytest.raises(InputError) as caught:
        load(path)
    for word in ["readings.csv", *words]:
        assert word in str(caught.value)


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        look(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        look(tmp_path / "a.csv")


def test_too_many_columns_are_refused_at_once(tmp_path):
    for n in (10_001, 100_000):
        names = ",".join(f"v{i}" for i in range(n))
        path = write(tmp_path, f"{names}\n{'1,' * (n - 1)}1\n")
        with pytest.raises(InputError, match="column limit is 10,000"):
            look(path)
    with pytest.raises(InputError, match="column limit is 10,000"):
        look(write(tmp_path, "v," * 3_000_000))


def test_a_long_cell_is_refused_with_its_line_and_a_part_of_it(tmp_path):
    path = write(tmp_path, f"{HEADER}\n{ROWS[0]}\n{'Z' * 100_000},x,1\n{ROWS[1]}\n")
    with pytest.raises(InputError, match=r"line 3.*100000 characters") as caught:
        load(path)
    assert "Z" * 80 in str(caught.value)
    assert "Z" * 81 not in str(caught.value)


def test_the_length_of_a_cell_is_counted_in_characters(tmp_path):
    path = write(tmp_path, f"id,kwh\n{'户' * 9_000},1\n")
    assert len(cells(path)[0][0]) == 9_000


def test_the_text_of_a_ticket_may_be_long(tmp_path):
    path = write(tmp_path, f"ticket_id,受理内容\nT1,{'电' * 1_000_000}\n")
    assert len(cells(path)[0][1]) == 1_000_000
    with pytest.raises(InputError, match="1000000 characters"):
        load(path, texts=())


def test_a_bomb_is_refused_with_its_ratio(tmp_path):
    line = b"0,0,0\n"
    bomb = gzip.compress(HEADER.encode() + b"\n" + line * 12_000_000, 9)
    path = write(tmp_path, bomb, "readings.csv.gz")
    with pytest.raises(InputError, match=r"readings.csv.gz: expands [\d,]+ : 1"):
        load(path)


def test_a_damaged_gzip_file_is_refused(tmp_path):
    packed = gzip.compress(TEXT.encode())
    with pytest.raises(InputError, match="damaged gzip"):
        load(write(tmp_path, packed[:-12], "readings.csv.gz"))


def test_one_damaged_byte_does_not_make_a_file_chinese(tmp_path):
    text = TEXT.encode().replace(b"C3,", b"\xe93,", 1)
    with pytest.raises(InputError, match="0xe9"):
        load(write(tmp_path, text))


def test_an_encoding_that_is_given_wins(tmp_path):
    path = write(tmp_path, TEXT.replace("C0", "户").encode("gb18030"))
    assert cells(path, Form(encoding="gbk"))[0][0] == "户"
    with pytest.raises(InputError, match="line 2"):
        load(path, Form(encoding="utf-8"))
    with pytest.raises(InputError, match="no encoding is called"):
        load(path, Form(encoding="klingon"))


def test_utf_16_without_its_mark_is_asked_for(tmp_path):
    path = write(tmp_path, TEXT.encode("utf-16-le"))
    with pytest.raises(InputError, match="set encoding: utf-16"):
        load(path)
    assert cells(path, Form(encoding="utf-16")) == EXPECTED


def test_a_first_look_stops_early(tmp_path, monkeypatch):
    monkeypatch.setattr("research.region.ingest.delimited.BLOCK_BYTES", 500)
    rows, _ = load(write(tmp_path, TEXT), rows=10)
    assert 10 <= len(rows) < 50


def test_typed_parquet_gives_the_text_of_its_csv(tmp_path):
    stamps = pd.date_range("2024-03-04", periods=3, freq="h")
    frame = pd.DataFrame({"id": ["C1", "C1", "C2"], "t": stamps})
    typed = pa.table(
        {
            "id": pa.array(frame["id"]).dictionary_encode(),
            "t": pa.array(stamps, pa.timestamp("ms")),
            "d": pa.array(stamps.date, pa.date32()),
            "money": pa.array([Decimal("1.930"), None, Decimal("-2.000")]),
            "kwh": pa.array([0.219, float("nan"), None], pa.float32()),
            "n": pa.array([1, 2**60 + 1, None]),
        }
    )
    path = tmp_path / "a.parquet"
    pq.write_table(typed, path)
    rows, _ = load(path)
    assert rows[0] == (
        "a.parquet",
        1,
        "C1",
        "2024-03-04 00:00:00",
        "2024-03-04",
        "1.930",
        "0.219",
        "1",
    )
    assert rows[1][5:] == ("", "", "1152921504606846977")
    assert rows[2][5:] == ("-2.000", "", "")


def test_stamps_that_know_their_zone_come_in_utc(tmp_path):
    stamps = pd.date_range("2024-03-04 08:00", periods=2, freq="h", tz="Asia/Shanghai")
    path = tmp_path / "a.parquet"
    pd.DataFrame({"t": stamps, "kwh": [1.0, 2.0]}).to_parquet(path)
    assert cells(path)[0] == ("2024-03-04 00:00:00+00:00", "1.0")
    assert any("Asia/Shanghai" in notice for notice in look(path).notices)


def test_parquet_that_is_cut_or_nested_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["1"], "kwh": [[1.0, 2.0]]}), path)
    with pytest.raises(InputError, match="'kwh': cells are list"):
        look(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="not a whole Parquet file"):
        look(path)


def workbook(folder, *rows, **sheets):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, sheet in sheets.items():
        page = book.create_sheet(name)
        for row in sheet:
            page.append(row)
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def test_cells_of_excel_are_the_text_of_their_csv(tmp_path):
    day = pd.Timestamp("2018-03-01").to_pydatetime()
    noon = pd.Timestamp("2018-03-01 12:30").to_pydatetime()
    path = workbook(
        tmp_path,
        ["id", "day", "at", "n", "x", "yes"],
        [1000000001, day.date(), noon, 101.0, 0.1, True],
        ["007", None, day, 1e20, -2.5, "NA"],
    )
    rows, _ = load(path)
    assert rows[0] == (
        "a.xlsx",
        2,
        "1000000001",
        "2018-03-01",
        "2018-03-01 12:30:00",
        "101",
        "0.1",
        "true",
    )
    assert rows[1][2:] == ("007", "", "2018-03-01 00:00:00", "1e+20", "-2.5", "NA")


def test_the_first_sheet_is_read_unless_one_is_named(tmp_path):
    path = workbook(tmp_path, ["id", "x"], ["a", 1], answers=[["id", "y"], ["b", 2]])
    assert look(path).columns == ("id", "x")
    assert any("answers" in notice for notice in look(path).notices)
    assert cells(path, Form(sheet="answers")) == [("b", "2")]
    with pytest.raises(InputError, match="no sheet 'other'; found: Sheet, answers"):
        look(path, Form(sheet="other"))


def test_a_title_or_a_merged_header_of_excel_is_refused_by_its_cell(tmp_path):
    path = workbook(tmp_path, ["March"], ["id", "kwh"], ["a", 1], ["b", 2])
    with pytest.raises(InputError, match=r"'Sheet' cell A1: 'March'.*header_row: 2"):
        look(path)
    rows, _ = load(path, Form(header_row=2))
    assert [row[1:] for row in rows] == [(3, "a", "1"), (4, "b", "2")]
    path = workbook(tmp_path, ["id", "kwh", None], ["a", 1, 2], ["b", 2, 3])
    with pytest.raises(InputError, match="'Sheet' cell C1: no name"):
        look(path)


def test_a_formula_without_a_value_is_refused_by_its_cell(tmp_path):
    path = workbook(tmp_path, ["id", "kwh"], ["a", 1], ["b", "=B2*2"])
    with pytest.raises(InputError, match="'Sheet' cell B3: the formula"):
        look(path)


def test_a_formula_with_a_value_counts_as_its_value(tmp_path):
    path = workbook(tmp_path, ["id", "kwh"], ["a", 1], ["b", "=B2*2"])
    edited = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(edited, "w") as new:
        for name in old.namelist():
            # openpyxl can not calculate: the value is put where Excel keeps it.
            content = old.read(name).replace(b"<v></v>", b"<v>2</v>")
            new.writestr(name, content.replace(b"<v />", b"<v>2</v>"))
    assert any("1 formulas" in notice for notice in look(edited).notices)
    assert cells(edited) == [("a", "1"), ("b", "2")]


def test_spacer_columns_at_the_end_of_a_sheet_are_left_out(tmp_path):
    path = workbook(tmp_path, ["id", "kwh", None, None], ["a", 1, None, None])
    assert look(path).columns == ("id", "kwh")


def test_a_broken_workbook_is_refused(tmp_path):
    path = workbook(tmp_path, ["id", "kwh"], ["a", 1])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="not a whole Excel file"):
        look(path)


@pytest.mark.skipif(not BAD.is_dir(), reason="the shared cases are absent")
@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("R31", ["readings.csv", "line 1001", "offset"]),
        ("R32", ["readings.csv", "line 501", "NUL"]),
        ("R37", ["kwh", "duplicate"]),
        ("R39", ["header", "looks like data"]),
        ("R43", ["readings.csv", "folder"]),
        ("R44", ["last line (row 3361) has 2 of 3 fields: the file looks truncated"]),
        ("R54", ["column limit"]),
        ("R55", ["100000", "line 11"]),
        ("R62", ["readings.parquet", "12,858 bytes"]),
        ("R65", ["readings.csv.gz", ": 1"]),
        ("R67", ["readings.xlsx", "'Sheet' cell A1", "header_row: 2"]),
        ("R73", ["mojibake"]),
        ("R82", ["html"]),
    ],
)
def test_the_shared_bad_files_are_refused(case, words):
    path = next((BAD / case).glob("readings*"))
    with pytest.raises(InputError) as caught:
        load(path)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.skipif(not BAD.is_dir(), reason="the shared cases are absent")
@pytest.mark.parametrize("case", ["R29", "R38"])
def test_the_shared_odd_files_give_the_clean_rows(case):
    clean = cells(BAD / "GOOD" / "readings.csv")
    assert cells(BAD / case / "readings.csv") == clean


@pytest.mark.skipif(not BAD.is_dir(), reason="the shared cases are absent")
def test_the_shared_parquet_gives_the_clean_rows_in_utc():
    clean = cells(BAD / "GOOD" / "readings.csv")
    typed = cells(BAD / "R63" / "readings.parquet")
    assert [(i, t.removesuffix("+00:00"), v) for i, t, v in typed] == clean


PAYMENTS = SHARED / "data" / "cn_residential_payments_2018_2019"


@pytest.mark.skipif(not PAYMENTS.is_dir(), reason="the payments are absent")
def test_the_payments_are_the_same_in_excel_and_csv():
    book = cells(PAYMENTS / "cph.xlsx")
    text = cells(PAYMENTS / "customer_pay_habbit.utf8bom.csv")
    days = ["/".join(str(int(part)) for part in day.split("-")) for _, day, _ in book]
    assert [(i, day, v) for (i, _, v), day in zip(book, days, strict=True)] == text
    assert len(book) == 664
