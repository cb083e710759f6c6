"""Row rules: what is kept, repaired and set aside, for every table of a region."""

import re
import unicodedata
from itertools import chain, starmap

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as examples_of
from hypothesis import strategies as st
from region.exports import (
    LONG,
    REGION,
    aside,
    examples,
    hits,
    hourly,
    imported,
    repaired,
    table_of,
)

from research.region import InputError, read_region
from research.region.ingest.private import masked

HEADER = "id,time,kwh"
GOOD = hourly("A", [1, 2, 3, 4])

# Lines added to four good readings -> rows of each rule; good readings that remain.
READINGS = {
    "empty id": ([",2024-03-05,1"], {"missing_id": 1}, 4),
    "empty time": (["A,,1"], {"unreadable_stamp": 1}, 4),
    "no time": (["A,2024-02-30,1"], {"unreadable_stamp": 1}, 4),
    "half past midnight": (["A,2024-03-04 24:30,1"], {"unreadable_stamp": 1}, 4),
    "leap second": (["A,2024-03-04 23:59:60,1"], {"unreadable_stamp": 1}, 4),
    "Excel's zero": (["A,1900-01-00 00:00:00,1"], {"unreadable_stamp": 1}, 4),
    "year one": (["A,0001-01-01,1"], {"impossible_date": 1}, 4),
    "before meters": (["A,1989-12-31,1"], {"impossible_date": 1}, 4),
    "future": (["A,2099-01-01,1"], {"impossible_date": 1}, 4),
    "empty value": (["A,2024-03-05,"], {"unreadable_value": 1}, 4),
    "word": (["A,2024-03-05,MISSING"], {"unreadable_value": 1}, 4),
    "true": (["A,2024-03-05,True"], {"unreadable_value": 1}, 4),
    "underscore": (["A,2024-03-05,1_000"], {"unreadable_value": 1}, 4),
    "infinite": (["A,2024-03-05,inf", "A,2024-03-06,nan"], {"unreadable_value": 2}, 4),
    "negative": (["A,2024-03-05,-1"], {"negative": 1}, 4),
    "huge": (["A,2024-03-05,1e308"], {"above_limit": 1}, 4),
    "again": ([GOOD[0]], {"exact_duplicate": 1}, 4),
    "twice again": ([GOOD[0], GOOD[0]], {"exact_duplicate": 2}, 4),
    "other value": (
        [GOOD[0].replace(",1", ",9")],
        {"conflicting_duplicate": 2},
        3,
    ),
    "off the grid": (["A,2024-03-05 00:07,1"], {"off_grid": 1}, 5),
    "off the grid of a reading": (["A,2024-03-04 01:07,9"], {"off_grid": 1}, 4),
    "full width": (["A,2024-03-05,１．５"], {"spelling": 1}, 5),
    "spelt id": ([" A\u3000,2024-03-05,1"], {"id_spelling": 1}, 5),
    "invisible": (["A\u200b,2024-03-05,1"], {"id_spelling": 1}, 5),
    "too few fields": (["A,2024-03-05", "A,2024-03-06,1"], {"wrong_fields": 1}, 5),
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """All the cases in one export, each under customers of its own, and its lines."""
    # A file of some size: one line in a hundred may stand in any form.
    export = [HEADER, *hourly("B", np.round(1 + np.sin(np.arange(2500)), 3))]
    places = {}
    for number, (case, (lines, _, _)) in enumerate(READINGS.items()):
        own = [line.replace("A", f"A{number:02}") for line in (*GOOD, *lines)]
        places[case] = (
            f"A{number:02}",
            range(len(export) + 1, len(export) + len(own) + 1),
        )
        export += own
    region = imported(tmp_path_factory.mktemp("faulty"), readings_csv=export)
    out, made = aside(region, "readings"), repaired(region, "readings")
    # Two ways from one rule to the findings: the rows in the files, and the counts.
    told = pd.concat([out.assign(rows=1), made])
    told = told.astype({"line": int, "rows": int})
    counts = told.groupby("rule")["rows"].sum().to_dict()
    assert {rule: n for (_, rule), n in hits(region).items()} == counts
    assert len(table_of(region, "readings")) + len(out) == len(export) - 1
    assert (told["file"] == "readings.csv").all()
    return table_of(region, "readings"), told, places


@pytest.mark.parametrize("case", READINGS)
def test_a_faulty_reading_is_told_and_the_good_ones_stay(faulty, case):
    _, wanted, kept = READINGS[case]
    readings, told, places = faulty
    customer, lines = places[case]
    ours = told[told["line"].isin(lines)]
    assert ours.groupby("rule")["rows"].sum().to_dict() == wanted
    assert (readings["customer_id"] == customer).sum() == kept


def test_an_example_names_file_line_customer_column_and_value(tmp_path):
    region = imported(tmp_path, readings_csv=[HEADER, *GOOD, "A,2024-03-05,-1.5"])
    example = examples(region)["readings", "negative"]
    assert example == "readings.csv line 6 A: kwh -1.5"


def test_ids_that_look_like_numbers_or_nothing_are_ids(tmp_path):
    ids = ["NA", "null", "True", "nan", "1e5", "0371", "../../x", "🔌\u202eevil"]
    region = imported(
        tmp_path, readings_csv=[HEADER, *(f"{i},2024-03-04,1" for i in ids)]
    )
    assert sorted(region.customers.index) == sorted(ids)
    assert hits(region) == {}


def test_lost_leading_zeros_come_back(tmp_path):
    region = imported(
        tmp_path,
        LONG + "    id_width: 6\n",
        readings_csv=[HEADER, "371,2024-03-04,1", "000371,2024-03-04 01:00,2"],
    )
    assert region.customers.index.tolist() == ["000371"]
    assert hits(region) == {("readings", "id_spelling"): 1}
    change = repaired(region, "readings").iloc[0]
    assert (change["found"], change["now"], change["rows"]) == ("371", "000371", "1")


CUSTOMERS = """\
tables:
  customers:
    files: ["customers.csv"]
    columns: {customer_id: id, usage_class: class, contract_kva: kva, ev_flag: ev}
    codes: {usage_class: {居民: residential_urban, 商业: commercial}}
  payments:
    files: ["payments.csv"]
    columns: {customer_id: id, ts: day, amount_yuan: yuan}
    constants: {channel: app, kind: bill}
    where: {day: filled}
"""
PEOPLE = ["id,class,kva,ev", *(f"C{n:02},居民,10,否" for n in range(40))]
PAID = ["id,day,yuan", *(f"C{n:02},2024-03-04,50" for n in range(40))]


def people(tmp_path, *, customers=(), payments=(), settings=""):
    return imported(
        tmp_path,
        CUSTOMERS,
        REGION + settings,
        customers_csv=[*PEOPLE, *customers],
        payments_csv=[*PAID, *payments],
    )


def test_codes_are_found_in_any_spelling_and_unknown_ones_named(tmp_path):
    more = ["D1, 居民 ,10,是", "D2,商业,10,", "D3,alien,10,1", "D4,,10,"]
    region = people(tmp_path, customers=more)
    found = region.customers.loc[["D1", "D2", "D3"], ["usage_class", "ev_flag"]]
    assert found["usage_class"].tolist() == [
        "residential_urban",
        "commercial",
        "unknown",
    ]
    assert found["ev_flag"].tolist() == [True, None, True]
    assert region.customers.loc["D4", "usage_class"] is None or pd.isna(
        region.customers.loc["D4", "usage_class"]
    )
    assert hits(region) == {
        ("customers", "unknown_code"): 1,
        ("customers", "spelling"): 1,
    }
    assert "alien" in examples(region)["customers", "unknown_code"]


def test_a_switch_of_region_yaml_sets_unknown_codes_aside(tmp_path):
    switch = "quality: {rules: {unknown_code: leave_out}}\n"
    region = people(tmp_path, customers=["D3,alien,10,1"], settings=switch)
    assert len(region.customers) == 40
    assert aside(region, "customers")["class"].tolist() == ["alien"]


def test_a_value_that_can_not_be_is_set_aside_or_emptied(tmp_path):
    more = ["D1,居民,0,否", "D2,居民,-5,否", "D3,居民,ten,否"]
    region = people(tmp_path / "a", customers=more)
    assert hits(region) == {
        ("customers", "out_of_bounds"): 2,
        ("customers", "unreadable_value"): 1,
    }
    assert len(region.customers) == 40
    switch = "quality: {rules: {out_of_bounds: repair, unreadable_value: repair}}\n"
    region = people(tmp_path / "b", customers=more, settings=switch)
    assert len(region.customers) == 43
    assert region.customers.loc[["D1", "D2", "D3"], "contract_kva"].isna().all()
    assert repaired(region, "customers")["found"].tolist() == ["0", "-5", "ten"]


DATED = CUSTOMERS.replace("ev_flag: ev}", "open_date: ev}")


def test_a_date_that_can_not_be_empties_its_cell_and_keeps_the_customer(tmp_path):
    people = ["id,class,kva,ev", "A,居民,10,1900-01-01", "B,居民,10,2024-02-30"]
    people += [f"C{n},居民,10,2015-06-01" for n in range(300)]
    paid = ["id,day,yuan", "A,2024-03-04,50", "B,1900-01-01,50"]
    region = imported(tmp_path / "a", DATED, customers_csv=people, payments_csv=paid)
    assert len(region.customers) == 302
    assert region.customers.loc[["A", "B"], "open_date"].isna().all()
    assert table_of(region, "payments")["customer_id"].tolist() == ["A"]
    assert hits(region) == {
        ("customers", "impossible_date"): 1,
        ("customers", "unreadable_stamp"): 1,
        ("payments", "impossible_date"): 1,
    }
    made = repaired(region, "customers").set_index("rule")
    assert made["found"].to_dict() == {
        "impossible_date": "1900-01-01",
        "unreadable_stamp": "2024-02-30",
    }
    assert (made["now"] == "").all()
    findings = pd.read_parquet(region.path / "findings.parquet")
    done = findings.set_index(["table", "rule"])["action"]
    assert done["customers", "impossible_date"] == "repaired and marked"
    assert done["payments", "impossible_date"] == "set aside"
    switch = "quality: {rules: {impossible_date: leave_out}}\n"
    region = imported(
        tmp_path / "b",
        DATED,
        REGION + switch,
        customers_csv=people,
        payments_csv=["id,day,yuan", "C1,2024-03-04,50"],
    )
    assert len(region.customers) == 301
    assert aside(region, "customers")["id"].tolist() == ["A"]


METERED = """\
tables:
  customers:
    files: ["customers.csv"]
    columns: {customer_id: id, contract_kva: kva}
  energy_daily:
    files: ["daily.csv"]
    columns: {customer_id: id, date: day, kwh: kwh}
"""


def days_of(customer, values):
    days = pd.date_range("2024-03-01", periods=len(values))
    return [f"{customer},{d:%F},{v}" for d, v in zip(days, values, strict=True)]


def test_energy_is_judged_by_the_contract_where_it_is_known(tmp_path):
    # 10 kVA carry 10 x 24 x 1.2 = 288 kWh a day.
    usual = [8 + n % 3 for n in range(31)]
    values = {
        "one_day": [*usual[:30], 289],
        "full_load": [*usual[:30], 288],
        "after_silence": [*usual[:20], *[0] * 10, 22 * 288],
        "after_less": [*usual[:29], 0, 5 * 288],
        "in_watts": [1000 * value for value in usual],
        "unknown": [*usual[:30], 289],
    }
    people = [f"{name},{'' if name == 'unknown' else 10}" for name in values]
    region = imported(
        tmp_path,
        METERED,
        customers_csv=["id,kva", *people],
        daily_csv=[
            "id,day,kwh",
            *chain.from_iterable(starmap(days_of, values.items())),
        ],
    )
    assert hits(region) == {("energy_daily", "above_limit"): 2}
    out = aside(region, "energy_daily")
    assert dict(zip(out["id"], out["kwh"], strict=True)) == {
        "one_day": "289",
        "after_less": "1440",
    }


def test_payments_of_strangers_are_set_aside_and_too_many_are_refused(tmp_path):
    region = people(tmp_path / "a", payments=["X1,2024-03-04,50"])
    assert hits(region) == {("payments", "unknown_customer"): 1}
    many = [f"X{n},2024-03-04,50" for n in range(5)]
    with pytest.raises(InputError) as caught:
        people(tmp_path / "b", payments=many)
    for word in ("payments", "5 of 45 rows", "unknown_customer", "line 42 X0"):
        assert word in str(caught.value)
    assert not (tmp_path / "b" / "demo").exists()
    loose = "quality: {error_if: {unknown_customer: 0.2}}\n"
    assert len(
        table_of(people(tmp_path / "c", payments=many, settings=loose), "payments")
    )
    kept = (
        "quality: {rules: {unknown_customer: keep}, error_if: {unknown_customer: 1}}\n"
    )
    region = people(tmp_path / "d", payments=many, settings=kept)
    assert len(table_of(region, "payments")) == 45


def test_customers_set_aside_are_no_strangers(tmp_path):
    bad = [f"D{n},居民,0,否" for n in range(8)]
    region = people(
        tmp_path, customers=bad, payments=[f"D{n},2024-03-04,50" for n in range(8)]
    )
    assert hits(region)["payments", "unknown_customer"] == 8


def test_the_same_payment_twice_counts_once(tmp_path):
    region = people(tmp_path, payments=["C00,2024-03-04,50", "C00,2024-03-04,51"])
    assert hits(region) == {("payments", "exact_duplicate"): 1}
    assert len(table_of(region, "payments")) == 41


def test_rows_of_another_table_are_counted_and_payments_to_come_set_aside(tmp_path):
    region = people(
        tmp_path,
        payments=["C00,,0", "C01,2024-08-02,50", "C02,2024-08-01 23:59,50"],
        settings="reference_date: 2024-08-01\n",
    )
    assert hits(region) == {
        ("payments", "not_a_row"): 1,
        ("payments", "after_reference_date"): 1,
    }


def test_an_action_that_a_rule_does_not_have_is_refused(tmp_path):
    with pytest.raises(InputError, match="negative"):
        people(tmp_path, settings="quality: {rules: {negative: repair}}\n")


TICKETS = """\
tables:
  tickets:
    files: ["tickets.csv"]
    columns: {ticket_id: id, customer_id: who, ts_created: at, type: kind,
      text_zh: text}
"""
TICKET_HEADER = "id,who,at,kind,text"
PRIVATE = {
    "打13800001234找我": "打[电话]找我",
    "电话138-0000-1234": "电话[电话]",
    "身份证120101199001011234": "身份证[证件号]",
    "身份证12010119900101123X,急": "身份证[证件号],急",
    "户号0012345678停电": "户号[户号]停电",
    "户号：12345678": "户号[户号]",
    "联系店话１９９００００２９３４": "联系店话[电话]",
    "13800001234，13900001234": "[电话]，[电话]",
    "13000000 00013800001234": "[户号]",
    "15 -6-95751990 139 1111 2222": "[证件号]",
    "打010-12345678": "打[电话]",
    "我的号是0012345678": "我的号是[户号]",
    "3月4日10点停电2小时,电费120.50元": "3月4日10点停电2小时,电费120.50元",
    "2024-03-04 10:00:00停电": "2024-03-04 10:00:00停电",
    "2024-03-14 16:20至2024-03-15 18:30": "2024-03-14 16:20至2024-03-15 18:30",
    "138 度,5 月电费 1380.00 元": "138 度,5 月电费 1380.00 元",
}


def without_private_numbers(text):
    with duckdb.connect() as connection:
        query = f"select {masked('text')} from (select ?::varchar as text)"
        return connection.execute(query, [text]).fetchall()[0][0]


@pytest.mark.parametrize(("text", "wanted"), PRIVATE.items())
def test_private_numbers_are_masked_and_other_numbers_stay(text, wanted):
    assert without_private_numbers(text) == wanted


# Signs of everyday texts of the hotline, with broken words and figures of a bill.
WORDS = st.text("停电联系店话手机请回呼我是的号，。:：（） 表度元ab\n", max_size=12)
WIDE = str.maketrans("0123456789-", "０１２３４５６７８９－")


@examples_of(max_examples=60, deadline=None)
@given(
    before=WORDS,
    after=WORDS,
    number=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    gaps=st.lists(st.sampled_from(["", "", " ", "-", "\u3000", " -"]), min_size=10),
    wide=st.lists(st.booleans(), min_size=11, max_size=11),
    last=st.sampled_from(["", "13800001234", " 139 1111 2222"]),
)
def test_any_mobile_number_in_any_text_is_masked(
    before, after, number, gaps, wide, last
):
    signs = [d.translate(WIDE) if w else d for d, w in zip(number, wide, strict=True)]
    written = "".join(a + b for a, b in zip(signs, [*gaps[:10], ""], strict=True))
    safe = without_private_numbers(f"{before}{written}{after}{last}")
    assert re.sub(r"\D", "", unicodedata.normalize("NFKC", safe)) == ""
    assert safe.startswith(before.rstrip("：: 号是\n"))


def test_private_numbers_of_a_ticket_appear_in_no_file(tmp_path):
    texts = [text for text in PRIVATE if text != PRIVATE[text]]
    lines = [
        f'T{n}{day},C1,2024-{day},inquiry,"{text}"'
        for n, text in enumerate(texts)
        for day in ("03-04", "02-30")
    ]
    lines += [f"U{n},C1,2024-03-04,inquiry,停电" for n in range(1500)]
    region = imported(tmp_path, TICKETS, tickets_csv=[TICKET_HEADER, *lines])
    wanted = [PRIVATE[text] for text in texts]
    kept = table_of(region, "tickets")["text_zh"]
    assert sorted(kept[kept != "停电"]) == sorted(wanted)
    assert sorted(aside(region, "tickets")["text"]) == sorted(wanted)
    told = "".join(examples(region).values())
    told += "".join(p.read_text("utf-8") for p in region.path.glob("repaired/*.csv"))
    assert not [text for text in texts if text in told]


def test_empty_and_very_long_texts_stay_and_are_told(tmp_path):
    lines = ["T1,C1,2024-03-04,inquiry,", f"T2,C1,2024-03-04,inquiry,{'电' * 20000}"]
    region = imported(tmp_path, TICKETS, tickets_csv=[TICKET_HEADER, *lines])
    assert hits(region) == {("tickets", "empty_text"): 1, ("tickets", "long_text"): 1}
    assert examples(region)["tickets", "long_text"] == "tickets.csv line 3 C1: text"
    assert len(table_of(region, "tickets")) == 2


def test_a_table_without_rows_or_without_its_file_is_told(tmp_path):
    mapping = (
        LONG + TICKETS.removeprefix("tables:\n") + CUSTOMERS[CUSTOMERS.index("  pay") :]
    )
    region = imported(
        tmp_path, mapping, readings_csv=[HEADER, *GOOD], payments_csv=["id,day,yuan"]
    )
    findings = pd.read_parquet(region.path / "findings.parquet")
    empty = findings[findings["rule"] == "no_rows"]
    assert empty["table"].tolist() == ["payments", "tickets"]
    assert not region.has("payments")


def test_a_table_of_which_nothing_remains_is_refused(tmp_path):
    with pytest.raises(InputError) as caught:
        imported(tmp_path, readings_csv=[HEADER, *hourly("A", [-1, -2])])
    for word in ("none of the 2 rows", "2 negative", "line 2"):
        assert word in str(caught.value)


def test_a_region_reads_what_was_written(tmp_path):
    region = imported(tmp_path, readings_csv=[HEADER, *GOOD])
    assert read_region(region.path).stamps[0] == pd.Timestamp("2024-03-04")
