"""Rules between tables, each on small tables made by hand."""

import numpy as np
import pandas as pd
import pytest
from planted import REGION_YAML, write_region

from research.region import InputError, read_region
from research.region.files import write_table
from research.region.quality import table_findings, table_hits
from research.region.quality.queries import queries
from research.region.rules import TABLE_RULES

DAYS = pd.date_range("2024-01-01", "2024-03-31")
IDS = ["0001", "0002"]
PARTS = {"basic_charge": 5.0, "pf_adjust": -1.0, "funds": 0.5, "other": 0.0}


def sound():
    """Tables of two customers over three months in which nothing is wrong."""
    rng = np.random.default_rng(0)
    stamps = pd.date_range(DAYS[0], periods=len(DAYS) * 24, freq="h")
    index = pd.MultiIndex.from_product([IDS, stamps], names=["customer_id", "ts"])
    kwh = rng.uniform(0.5, 1.5, len(index)).round(3)
    readings = pd.DataFrame({"kwh": kwh}, index=index).reset_index()
    day = readings["ts"].dt.normalize().rename("date")
    daily = readings.groupby(["customer_id", day])["kwh"].sum().reset_index()
    ym = daily["date"].dt.strftime("%Y-%m").rename("ym")
    bills = daily.groupby(["customer_id", ym])["kwh"].sum().reset_index()
    bills["bill_id"] = [f"B{n}" for n in range(len(bills))]
    bills["energy_charge"] = (0.5 * bills["kwh"]).round(2)
    bills = bills.assign(**PARTS, status="paid", corrects_bill_id=None, late_fee=0.0)
    bills["total_yuan"] = bills["energy_charge"] + sum(PARTS.values())
    n = len(bills)
    payments = pd.DataFrame(
        {
            "payment_id": [f"P{i}" for i in range(n)],
            "customer_id": bills["customer_id"],
            "ts": pd.to_datetime(bills["ym"] + "-12 10:00") + pd.DateOffset(months=1),
            "amount_yuan": bills["total_yuan"],
            "channel": "app",
            "bill_id": bills["bill_id"],
            "refund_of": None,
        }
    )
    balance = daily[["customer_id", "date"]].assign(
        cost_yuan=(0.5 * daily["kwh"]).round(2),
        topup_yuan=np.where(daily["date"].dt.day == 5, 400.0, 0.0),
    )
    change = (balance["topup_yuan"] - balance["cost_yuan"]).groupby(
        balance["customer_id"]
    )
    balance["balance_yuan"] = (100 + change.cumsum()).round(2)
    topups = pd.DataFrame(
        {
            "attempt_id": ["A1", "A2", "A3"],
            "order_id": ["O1", "O2", "O2"],
            "customer_id": IDS[0],
            "ts_order": pd.to_datetime(["2024-01-05 09:00"] * 3),
            "amount": [400.0, 50.0, 50.0],
            "outcome": ["delivered", "failed", "delivered"],
        }
    )
    tickets = pd.DataFrame(
        {
            "ticket_id": ["T1"],
            "customer_id": IDS[0],
            "ts_created": pd.to_datetime(["2024-02-01 08:00"]),
            "type": "inquiry",
            "text_zh": "查询",
        }
    )
    customers = pd.DataFrame(
        {
            "customer_id": IDS,
            "area_id": ["a1", "a2"],
            "transformer_id": ["t1", "t2"],
            "industry_code": ["C3311", None],
            "open_date": pd.to_datetime(["2010-05-01", "2024-01-01"]),
            "close_date": pd.to_datetime([None, "2024-03-31"]),
        }
    )
    areas = pd.DataFrame(
        {"area_id": ["top", "a1", "a2"], "parent_id": [None, "top", "top"]}
    )
    transformers = pd.DataFrame(
        {"transformer_id": ["t1", "t2"], "area_id": ["a1", "a2"]}
    )
    history = pd.DataFrame(
        {
            "customer_id": IDS[0],
            "ym": ["2024-01", "2024-02", "2024-03"],
            "billed_yuan": [80.0, 90.0, 70.0],
            "paid_yuan": [80.0, 0.0, 90.0],
            "months_overdue": np.array([0, 1, 0], dtype="int8"),
        }
    )
    return {
        "readings": readings,
        "customers": customers,
        "energy_daily": daily,
        "bills": bills,
        "payments": payments,
        "balance_daily": balance,
        "topups": topups,
        "tickets": tickets,
        "areas": areas,
        "transformers": transformers,
        "payment_history": history,
    }


def found_in(tmp_path, tables, yaml=REGION_YAML):
    folder = write_region(tmp_path / "r", tables.pop("readings"), yaml, **tables)
    return table_findings(folder, read_region(folder).settings)


def fired(found):
    hit = found[found["rows"] > 0]
    return {(r.rule, r.table): (r.rows, r.customers) for r in hit.itertuples()}


def test_sound_tables_pass_every_rule(tmp_path):
    tables = sound()
    folder = write_region(tmp_path / "r", tables.pop("readings"), **tables)
    found = read_region(folder).findings
    found = found[found["rule"].isin(TABLE_RULES)]
    assert fired(found) == {}
    assert set(found["rule"]) == set(TABLE_RULES)
    assert (found["share"] == 0).all()
    assert (found["example"] == "").all()
    assert not found.duplicated(["rule", "table"]).any()


def bump(tables, table, row, column, value):
    tables[table].loc[row, column] = value


def add(tables, table, row, **values):
    again = tables[table].iloc[[row]].assign(**values)
    tables[table] = pd.concat([tables[table], again], ignore_index=True)


def orphan(t):
    bump(t, "tickets", 0, "customer_id", "0009")


def hierarchy_cycle(t):
    bump(t, "areas", 0, "parent_id", "a1")


def before_open(t):
    bump(t, "customers", 1, "open_date", pd.Timestamp("2024-01-03"))


def after_close(t):
    bump(t, "customers", 1, "close_date", pd.Timestamp("2024-03-30"))


def open_after_close(t):
    bump(t, "customers", 0, "open_date", pd.Timestamp("2011-05-01"))
    bump(t, "customers", 0, "close_date", pd.Timestamp("2011-04-30"))


def area_mismatch(t):
    bump(t, "customers", 0, "transformer_id", "t2")


def interval_sum(t):
    t["energy_daily"].loc[[3, 4], "kwh"] *= 1.03
    t["energy_daily"].loc[5, "kwh"] *= 1.01


def stamp_shift(t):
    readings = t["readings"]
    late = (readings["customer_id"] == "0002") & (readings["ts"].dt.month == 2)
    values = readings.loc[late, "kwh"]
    readings.loc[late, "kwh"] = values.shift(1, fill_value=values.iloc[-1])


def month_sum(t):
    t["bills"].loc[1, "kwh"] *= 1.02


def ct_ratio(t):
    t["bills"].loc[t["bills"]["customer_id"] == "0002", "kwh"] *= 40


def bill_total(t):
    t["bills"].loc[2, "total_yuan"] += 0.03
    t["bills"].loc[3, "total_yuan"] += 0.01


def balance_identity(t):
    t["balance_daily"].loc[40:, "balance_yuan"] += 2.5
    t["balance_daily"].loc[95:, "balance_yuan"] += 1.5


def corrected_bill(t):
    add(t, "bills", 0, bill_id="B0C", corrects_bill_id="B0")
    bump(t, "bills", 0, "status", "corrected")


def refund(t):
    add(t, "payments", 0, payment_id="P0R", amount_yuan=-9.0, refund_of="P0")


def paid_twice(t):
    add(t, "payments", 2, payment_id="P2D", ts=pd.Timestamp("2024-05-12 10:20"))


def ordered_twice(t):
    add(t, "topups", 0, attempt_id="A1D")


def date_only(t):
    bump(t, "payments", 1, "ts", pd.Timestamp("2024-03-12"))


def month_end_batch(t):
    for n in range(12):
        when = pd.Timestamp("2024-03-31 18:00")
        add(t, "payments", 0, payment_id=f"E{n}", ts=when, bill_id=None)
    for n in range(12):
        when = pd.Timestamp("2024-02-28 18:00")  # not the last day
        add(t, "payments", 0, payment_id=f"F{n}", ts=when, bill_id=None)


def paid_before_bill(t):
    bump(t, "payments", 2, "ts", pd.Timestamp("2024-02-29 23:59"))


def unknown_industry(t):
    bump(t, "customers", 0, "industry_code", "9999")


def wrong_section(t):
    bump(t, "customers", 0, "industry_code", "A3311")


def no_customer(t):
    bump(t, "tickets", 0, "customer_id", None)


def paid_too_much(t):
    bump(t, "payment_history", 0, "billed_yuan", -12.5)


def below_zero_overdue(t):
    bump(t, "payment_history", 0, "months_overdue", -1)


def overdue_jump(t):
    bump(t, "payment_history", 1, "months_overdue", 3)


# Faults that do not touch each other, to be looked for together.
GROUPS = (
    (orphan, hierarchy_cycle, before_open, bill_total, refund, date_only, stamp_shift),
    (after_close, area_mismatch, month_sum, paid_twice, paid_before_bill, no_customer),
    (open_after_close, interval_sum, ct_ratio, month_end_batch, wrong_section),
    (unknown_industry, corrected_bill, balance_identity, ordered_twice),
    (paid_too_much, below_zero_overdue, overdue_jump),
)
BRINGS = {wrong_section: "unknown_industry", ordered_twice: "paid_twice"}
CONSEQUENCES = {
    ct_ratio: ["month_sum"],  # forty times is more than 1 % off
    open_after_close: ["after_close"],  # the readings go on
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """What is found in a region with the group of faults that one belongs to."""
    found = {}
    for faults in GROUPS:
        tables = sound()
        for fault in faults:
            fault(tables)
        here = found_in(tmp_path_factory.mktemp("r"), tables)
        found |= dict.fromkeys(faults, here)
    return found.__getitem__


@pytest.mark.parametrize(
    ("fault", "rule", "table", "rows", "customers", "example"),
    [
        (orphan, "orphan", "tickets", 1, 1, "tickets T1 customer_id 0009"),
        (hierarchy_cycle, "hierarchy_cycle", "areas", 2, 0, "areas a1 parent_id top"),
        (before_open, "before_open", "energy_daily", 2, 1, "energy_daily 0002 2024-"),
        (before_open, "before_open", "readings", 48, 1, "readings 0002 2024-01-01"),
        (after_close, "after_close", "energy_daily", 1, 1, "energy_daily 0002 2024-"),
        (after_close, "after_close", "readings", 24, 1, "readings 0002 2024-03-31"),
        (open_after_close, "open_after_close", "customers", 1, 1, "close_date 2011"),
        (area_mismatch, "area_mismatch", "customers", 1, 1, "transformer_id t2"),
        (interval_sum, "interval_sum", "readings", 2, 1, "0001 2024-01-04 kwh"),
        (stamp_shift, "stamp_shift", "readings", 1, 1, "2024-02 ts one interval late"),
        (month_sum, "month_sum", "bills", 1, 1, "bills B1 kwh"),
        (ct_ratio, "ct_ratio", "bills", 1, 1, "0002 kwh 40 times the readings"),
        (bill_total, "bill_total", "bills", 1, 1, "bills B2 total_yuan"),
        (balance_identity, "balance_identity", "balance_daily", 1, 1, "2024-02-10"),
        (corrected_bill, "corrected_bill", "bills", 1, 1, "corrects_bill_id B0"),
        (refund, "refund", "payments", 1, 1, "amount_yuan -9.0"),
        (paid_twice, "paid_twice", "payments", 1, 1, "payments P2D"),
        (ordered_twice, "paid_twice", "topups", 1, 1, "topups A1D order_id O1"),
        (date_only, "date_only", "payments", 1, 1, "ts 2024-03-12 00:00:00"),
        (month_end_batch, "month_end_batch", "payments", 12, 1, "app 2024-03-31"),
        (paid_before_bill, "paid_before_bill", "payments", 1, 1, "bill_id B2"),
        (unknown_industry, "unknown_industry", "customers", 1, 1, "9999"),
        (wrong_section, "unknown_industry", "customers", 1, 1, "A3311"),
        (no_customer, "no_customer", "tickets", 1, 0, "tickets T1"),
        (
            paid_too_much,
            "paid_too_much",
            "payment_history",
            1,
            1,
            "2024-01 billed_yuan",
        ),
        (
            below_zero_overdue,
            "below_zero_overdue",
            "payment_history",
            1,
            1,
            "overdue -1",
        ),
        (overdue_jump, "overdue_jump", "payment_history", 1, 1, "3 after 0"),
    ],
)
def test_a_fault_is_found_with_its_place(
    broken, fault, rule, table, rows, customers, example
):
    found = broken(fault)
    assert fired(found)[rule, table] == (rows, customers)
    row = found[(found["rule"] == rule) & (found["table"] == table)].iloc[0]
    assert example in row["example"]
    assert row["example"].startswith(table)
    assert len(row["example"]) <= 80
    assert row["share"] > 0


@pytest.mark.parametrize("faults", GROUPS, ids=lambda faults: faults[0].__name__)
def test_faults_set_off_their_own_rules_only(broken, faults):
    rules = {BRINGS.get(fault, fault.__name__) for fault in faults}
    rules |= {rule for fault in faults for rule in CONSEQUENCES.get(fault, ())}
    assert {rule for rule, _ in fired(broken(faults[0]))} == rules


def test_a_bill_for_two_months_is_compared_with_two_months(tmp_path):
    tables = sound()
    bills = tables["bills"]
    bills.loc[1, "kwh"] += bills.loc[0, "kwh"]
    tables["bills"] = bills.drop(0)
    tables["payments"] = tables["payments"].drop(0)
    assert fired(found_in(tmp_path, tables)) == {}


@pytest.mark.parametrize("source", ["hourly readings", "daily readings"])
def test_bills_are_compared_with_readings_where_no_days_are(tmp_path, source):
    tables = sound()
    month_sum(tables)
    daily, yaml = tables.pop("energy_daily"), REGION_YAML
    if source == "daily readings":
        tables["readings"] = daily.rename(columns={"date": "ts"})
        yaml = yaml.replace("minutes: 60", "minutes: 1440")
    assert fired(found_in(tmp_path, tables, yaml)) == {("month_sum", "bills"): (1, 1)}


def test_a_bill_paid_in_two_equal_parts_is_paid_once(tmp_path):
    tables = sound()
    tables["payments"].loc[0, "amount_yuan"] /= 2
    add(tables, "payments", 0, payment_id="P0b")
    assert fired(found_in(tmp_path, tables)) == {}


def test_a_second_payment_that_was_given_back_is_no_second_payment(tmp_path):
    tables = sound()
    add(tables, "payments", 0, payment_id="P0D")
    add(tables, "payments", 0, payment_id="R", amount_yuan=-1.0, refund_of="P0D")
    assert set(fired(found_in(tmp_path, tables))) == {("refund", "payments")}


def test_readings_stamped_at_the_end_belong_to_the_day_before_midnight(tmp_path):
    tables = sound()
    tables["readings"]["ts"] += pd.Timedelta(hours=1)
    yaml = REGION_YAML.replace("stamp: start", "stamp: end")
    assert fired(found_in(tmp_path, tables, yaml)) == {}


def test_days_without_all_intervals_are_not_compared(tmp_path):
    tables = sound()
    tables["readings"] = tables["readings"].drop(index=[5, 6])
    assert fired(found_in(tmp_path, tables)) == {}


@pytest.mark.parametrize("table", ["readings", "energy_daily"])
def test_a_month_in_watts_is_left_to_its_own_rule(tmp_path, table):
    tables = sound()
    when = "ts" if table == "readings" else "date"
    rows = tables[table][when].dt.month == 2
    tables[table].loc[rows, "kwh"] *= 1000
    broken = tables["energy_daily"].index[[40, 80]]  # a day in February, a day in March
    tables["energy_daily"].loc[broken, "kwh"] *= 1.1
    found = found_in(tmp_path, tables)
    assert fired(found)[("interval_sum", "readings")][0] == 2
    assert ("month_sum", "bills") not in fired(found)


def test_moved_stamps_show_where_midnight_is_almost_alike(tmp_path):
    tables = sound()
    readings = tables["readings"]
    night = readings["ts"].dt.hour.isin([23, 0])
    readings.loc[night, "kwh"] = 1 + 0.03 * readings.loc[night, "kwh"]
    days = readings["ts"].dt.normalize().rename("date")
    daily = readings.groupby(["customer_id", days])["kwh"].sum().reset_index()
    tables["energy_daily"]["kwh"] = daily["kwh"]
    readings["kwh"] = readings.groupby("customer_id")["kwh"].shift(1).fillna(1.0)
    found = found_in(tmp_path, tables)
    assert fired(found)[("stamp_shift", "readings")] == (6, 2)


def test_a_customer_with_two_orphans_is_counted_once(tmp_path):
    tables = sound()
    bump(tables, "customers", 0, "area_id", "a9")
    bump(tables, "customers", 0, "transformer_id", "t9")
    bump(tables, "customers", 1, "transformer_id", "t9")
    assert fired(found_in(tmp_path, tables))[("orphan", "customers")] == (3, 2)


def test_every_row_that_a_rule_finds_can_be_had(tmp_path):
    tables = sound()
    refund(tables)
    orphan(tables)
    folder = write_region(tmp_path / "r", tables.pop("readings"), **tables)
    hits = table_hits(folder, read_region(folder).settings)
    assert hits.to_dict("records") == [
        {
            "rule": "orphan",
            "table": "tickets",
            "row": "T1",
            "customer_id": "0009",
            "column": "customer_id",
            "value": "0009",
        },
        {
            "rule": "refund",
            "table": "payments",
            "row": "P0R 2024-02-12 10:00:00",
            "customer_id": "0001",
            "column": "amount_yuan",
            "value": "-9.0",
        },
    ]


def test_shares_are_of_the_rows_looked_at(tmp_path):
    tables = sound()
    bill_total(tables)
    found = found_in(tmp_path, tables).set_index("rule")
    assert found.loc["bill_total", "share"] == pytest.approx(1 / 6)


def test_rules_without_their_tables_are_not_looked_for(tmp_path):
    tables = sound()
    kept = {name: tables[name] for name in ("readings", "customers")}
    assert set(found_in(tmp_path, kept)["rule"]) == {
        "orphan",
        "before_open",
        "after_close",
        "open_after_close",
        "unknown_industry",
    }


def test_a_region_fails_above_the_share_that_it_allows(tmp_path):
    tables = sound()
    refund(tables)
    yaml = REGION_YAML + "quality: {error_if: {refund: 0.1, bill_total: 0.5}}\n"
    folder = write_region(tmp_path / "r", tables.pop("readings"), yaml, **tables)
    faults = read_region(folder).hard_faults
    assert faults["rule"].tolist() == ["refund"]
    assert faults["error_if"].tolist() == [0.1]
    assert faults["share"].tolist() == [pytest.approx(1 / 7)]


def test_a_region_fails_by_the_rules_own_limits(tmp_path):
    tables = sound()
    hierarchy_cycle(tables)
    bill_total(tables)
    folder = write_region(tmp_path / "r", tables.pop("readings"), **tables)
    assert read_region(folder).hard_faults["rule"].tolist() == [
        "hierarchy_cycle",
        "bill_total",
    ]


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("rules: {spikes: keep}", r"quality\.rules: .*'spikes'.*did you mean spike"),
        ("rules: {refund: repair}", r"refund: 'repair' is no action.*allowed: keep"),
        ("error_if: {nosuch: 0.1}", r"quality\.error_if: no rule is called 'nosuch'"),
    ],
)
def test_rules_that_do_not_exist_are_refused(tmp_path, yaml, message):
    tables = sound()
    folder = write_region(
        tmp_path / "r", tables["readings"], f"{REGION_YAML}quality: {{{yaml}}}\n"
    )
    with pytest.raises(InputError, match=message):
        read_region(folder)


def test_every_table_rule_is_asked_and_no_other():
    assert {query.rule for query in queries()} == set(TABLE_RULES)


def test_two_parts_of_a_table_are_one_table(tmp_path):
    tables = sound()
    folder = write_region(tmp_path / "r", tables["readings"])
    (folder / "bills").mkdir()
    for n, rows in enumerate((slice(0, 3), slice(3, 6))):
        write_table(tables["bills"].iloc[rows], folder, "bills")
        (folder / "bills.parquet").rename(folder / "bills" / f"part-{n}.parquet")
    region = read_region(folder)
    assert region.table("bills")["bill_id"].tolist() == [f"B{n}" for n in range(6)]
    assert region.tables.set_index("table").loc["bills", "rows"] == 6
