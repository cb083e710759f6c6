"""What became of bills: every oddity by hand, an oracle, and nothing from later."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from features.payment_tables import (
    REGION_YAML,
    as_known,
    bill,
    money,
    payment,
    plain_states,
    random_money,
    region_of,
)
from pandas.testing import assert_frame_equal

from research.features import payment as pay
from research.region import NotApplicable

JANUARY = bill("B1", "2024-01", "2024-02-01", "2024-02-21", 100)
FEBRUARY = bill("B2", "2024-02", "2024-03-01", "2024-03-21", 60)


def states(tmp_path, bills, payments, as_of="2024-04-30", **more):
    found = pay.bill_states(money(tmp_path / "r", bills, payments, **more), as_of)
    return found.set_index("bill_id")


def row(found, key="B1"):
    one = found.loc[key]
    on = None if pd.isna(one["paid_on"]) else str(one["paid_on"].date())
    return one["paid_yuan"], on, one["days_late"], bool(one["open"])


@pytest.mark.parametrize(
    ("payments", "expected"),
    [
        pytest.param(
            [payment("P1", "2024-02-11 09:00", 100, "B1")],
            (100.0, "2024-02-11", -10.0, False),
            id="paid early",
        ),
        pytest.param(
            [payment("P1", "2024-02-21 23:59", 100, "B1")],
            (100.0, "2024-02-21", 0.0, False),
            id="paid on the due date",
        ),
        pytest.param(
            [payment("P9", "2024-04-30 23:59", 1, "B1")],
            (1.0, None, 69.0, True),
            id="open, counted until the day",
        ),
        pytest.param(
            [
                payment("P1", "2024-02-20", 40, "B1"),
                payment("P2", "2024-03-02", 60, "B1"),
            ],
            (100.0, "2024-03-02", 10.0, False),
            id="paid in parts",
        ),
        pytest.param(
            [
                payment("P1", "2024-02-20", 100, "B1"),
                payment("P2", "2024-02-25", -100, "B1", refund_of="P1"),
            ],
            (0.0, None, 69.0, True),
            id="paid and taken back",
        ),
        pytest.param(
            [
                payment("P1", "2024-02-20", 100, "B1"),
                payment("P2", "2024-02-25", -100, None, refund_of="P1"),
                payment("P3", "2024-03-22", 100, "B1"),
            ],
            (100.0, "2024-03-22", 30.0, False),
            id="taken back by a refund without a bill, and paid again",
        ),
        pytest.param(
            [
                payment("P1", "2024-02-20", 100, "B1"),
                payment("P2", "2024-02-20 00:20", 100, "B1"),
                payment("P3", "2024-03-25", -100, "B1", refund_of="P2"),
            ],
            (100.0, "2024-02-20", -1.0, False),
            id="paid twice, the second taken back",
        ),
        pytest.param(
            [payment("P1", "2024-01-15", 100, "B1")],
            (100.0, "2024-02-01", -20.0, False),
            id="paid before the bill was issued",
        ),
        pytest.param(
            [payment("P1", "2024-05-01 00:00", 100, "B1")],
            (0.0, None, 69.0, True),
            id="paid after the day",
        ),
        pytest.param(
            [payment("P1", "2024-02-21", 0.1, "B1")]
            + [payment(f"Q{n}", "2024-02-22", 33.3, "B1") for n in range(3)],
            (100.0, "2024-02-22", 1.0, False),
            id="cents add up",
        ),
    ],
)
def test_a_bill_by_hand(tmp_path, payments, expected):
    assert row(states(tmp_path, [JANUARY], payments)) == expected


def test_what_is_paid_twice_is_credit_and_pays_no_other_bill(tmp_path):
    twice = [
        payment("P1", "2024-02-20", 100, "B1"),
        payment("P2", "2024-02-20", 100, "B1"),
    ]
    found = states(tmp_path, [JANUARY, FEBRUARY], twice)
    assert found["credit_yuan"].tolist() == [100.0, 0.0]
    assert found["paid_yuan"].tolist() == [100.0, 0.0]
    assert found["open"].tolist() == [False, True]


def test_payments_without_a_bill_pay_the_oldest_open_bill_first(tmp_path):
    unnamed = [
        payment("P1", "2024-03-05", 70),
        payment("P2", "2024-03-10", 60, "B2"),
        payment("P3", "2024-04-01", 50),
    ]
    found = states(tmp_path, [JANUARY, FEBRUARY], unnamed)
    assert row(found, "B1") == (100.0, "2024-04-01", 40.0, False)
    assert row(found, "B2") == (60.0, "2024-03-10", -11.0, False)
    assert found["credit_yuan"].tolist() == [0.0, 0.0]
    known = pay.bill_states(
        money(tmp_path / "s", [JANUARY, FEBRUARY], unnamed), "2024-03-31"
    )
    assert known["paid_yuan"].tolist() == [70.0, 60.0]


def test_what_remains_waits_for_the_next_bill(tmp_path):
    found = states(tmp_path, [JANUARY, FEBRUARY], [payment("P1", "2024-02-10", 170)])
    assert row(found, "B1") == (100.0, "2024-02-10", -11.0, False)
    assert row(found, "B2") == (60.0, "2024-03-01", -20.0, False)


@pytest.mark.parametrize(
    ("kind", "paid", "older"), [("bill", 0.0, 1), ("prepay", 100.0, 0)]
)
def test_before_the_first_bill_only_advances_count(tmp_path, kind, paid, older):
    early = [payment("P1", "2024-01-20", 100, kind=kind)]
    found = pay.bill_states(money(tmp_path / "r", [JANUARY], early), "2024-04-30")
    assert found["paid_yuan"].tolist() == [paid]
    left_out = found.attrs["left_out"]
    assert left_out["payments before the first bill of the table"] == older


def test_a_payment_of_an_unknown_bill_goes_to_the_oldest_open_one(tmp_path):
    lost = [payment("P1", "2024-03-01", 100, "B-77")]
    found = pay.bill_states(money(tmp_path / "r", [JANUARY], lost), "2024-04-30")
    assert found["paid_yuan"].tolist() == [100.0]
    assert found.attrs["by_age"]["payments of a bill that is not there"] == 1


CORRECTED = [
    {**JANUARY, "total_yuan": 150.0, "status": "corrected"},
    bill("B1-C", "2024-01", "2024-02-28", "2024-02-21", 100, corrects_bill_id="B1"),
]


def test_a_corrected_bill_is_replaced_and_keeps_its_payments(tmp_path):
    found = states(tmp_path, CORRECTED, [payment("P1", "2024-02-15", 100, "B1")])
    assert found.index.tolist() == ["B1-C"]
    assert row(found, "B1-C") == (100.0, "2024-02-15", -6.0, False)


def test_until_it_is_corrected_the_first_bill_holds(tmp_path):
    found = states(
        tmp_path, CORRECTED, [payment("P1", "2024-02-15", 100, "B1")], "2024-02-27"
    )
    assert row(found, "B1") == (100.0, None, 6.0, True)


def test_a_correction_may_be_corrected(tmp_path):
    again = bill(
        "B1-D", "2024-01", "2024-03-05", "2024-02-21", 80, corrects_bill_id="B1-C"
    )
    found = states(
        tmp_path, [*CORRECTED, again], [payment("P1", "2024-02-15", 80, "B1-C")]
    )
    assert found.index.tolist() == ["B1-D"]
    assert not found["open"].any()


def test_bills_that_correct_each_other_are_counted(tmp_path):
    circle = [
        bill("B1", "2024-01", "2024-02-01", "2024-02-21", 9, corrects_bill_id="B2"),
        bill("B2", "2024-01", "2024-02-01", "2024-02-21", 9, corrects_bill_id="B1"),
    ]
    region = money(
        tmp_path / "r",
        [*circle, bill("B3", *list(FEBRUARY.values())[2:6])],
        [payment("P1", "2024-02-15", 9, "B3")],
    )
    found = pay.bill_states(region, "2024-04-30")
    assert found["bill_id"].tolist() == ["B3"]
    assert found.attrs["left_out"]["bills that correct each other in a circle"] == 2


def test_without_links_a_bill_marked_as_corrected_is_void(tmp_path):
    bills = pd.DataFrame(CORRECTED).drop(columns="corrects_bill_id")
    payments = pd.DataFrame([payment("P1", "2024-02-15", 100, "B1-C")])
    region = region_of(
        tmp_path / "r", bills=bills.astype({"kwh": float}), payments=payments
    )
    assert pay.bill_states(region, "2024-04-30")["bill_id"].tolist() == ["B1-C"]


def test_a_cancelled_bill_is_none(tmp_path):
    found = states(
        tmp_path,
        [{**JANUARY, "status": "cancelled"}, FEBRUARY],
        [payment("P1", "2024-03-15", 60, "B2")],
    )
    assert found.index.tolist() == ["B2"]


def test_a_bill_of_nothing_is_neither_late_nor_open(tmp_path):
    nothing = bill("B1", "2024-01", "2024-02-01", "2024-02-21", 0)
    found = states(
        tmp_path, [nothing, FEBRUARY], [payment("P1", "2024-03-15", 1, "B2")]
    )
    paid, on, late, is_open = row(found)
    assert (paid, on, is_open) == (0.0, "2024-02-01", False)
    assert np.isnan(late)


def test_a_bill_below_zero_is_money_for_the_oldest_open_bill(tmp_path):
    back = bill("B2", "2024-02", "2024-03-01", "2024-03-21", -30)
    found = states(tmp_path, [JANUARY, back], [payment("P1", "2024-02-15", 70, "B1")])
    assert row(found, "B1") == (100.0, "2024-03-01", 9.0, False)


def test_a_bill_not_due_yet_has_no_row(tmp_path):
    found = states(
        tmp_path,
        [JANUARY, FEBRUARY],
        [payment("P1", "2024-03-05", 60, "B2")],
        "2024-03-20",
    )
    assert found.index.tolist() == ["B1"]


def test_the_region_says_when_bills_without_a_due_date_are_due(tmp_path):
    bare = [{**JANUARY, "due_date": None}, {**FEBRUARY, "due_date": None}]
    payments = [payment("P1", "2024-03-01", 100, "B1")]
    with pytest.raises(NotApplicable, match="no bill has a due_date"):
        states(tmp_path, bare, payments)
    declared = f"{REGION_YAML}late_fee: {{due_day: 31}}\n"
    found = states(tmp_path, bare, payments, yaml=declared)
    assert found["due_date"].dt.date.tolist() == [
        dt.date(2024, 2, 29),
        dt.date(2024, 3, 31),
    ]


def test_without_payments_nobody_knows_what_was_paid(tmp_path):
    bills = pd.DataFrame([JANUARY]).astype({"kwh": float})
    region = region_of(tmp_path / "r", bills=bills)
    with pytest.raises(NotApplicable, match="payments is missing"):
        pay.bill_states(region, "2024-04-30")


def test_no_day_is_no_day(tmp_path):
    region = money(tmp_path / "r", [JANUARY], [payment("P1", "2024-03-01", 9, "B1")])
    with pytest.raises(ValueError, match="as_of"):
        pay.bill_states(region, None)


def test_bills_marked_as_paid_without_a_payment_are_told_and_can_be_left_out(tmp_path):
    bills = [{**JANUARY, "status": "paid"}, {**FEBRUARY, "status": "open"}]
    region = money(tmp_path / "r", bills, [payment("P1", "2024-03-25", 10, "B2")])
    unproven = pay.unproven_bills(region)["bill_id"]
    assert unproven.tolist() == ["B1"]
    left = pay.bill_states(region, "2024-03-25", without=unproven)
    assert left["bill_id"].tolist() == ["B2"]
    table = pay.ageing(region, "2024-03-25")
    assert table["yuan"].tolist() == [50.0, 100.0, 0.0, 0.0]
    assert table["doubtful_yuan"].tolist() == [0.0, 100.0, 0.0, 0.0]


@pytest.fixture(scope="module", params=[0.0, 0.7, 1.0], ids="named {}".format)
def odd(request, tmp_path_factory):
    """Tables with every oddity, their region, and how many payments name a bill."""
    bills, payments = random_money(4, n_customers=8, named=request.param)
    folder = tmp_path_factory.mktemp("r") / "odd"
    return bills, payments, region_of(folder, bills=bills, payments=payments)


@pytest.mark.slow
@pytest.mark.parametrize("as_of", ["2024-04-10", "2024-07-31", "2024-12-31"])
def test_states_are_those_of_plain_loops(odd, as_of):
    bills, payments, region = odd
    key = ["customer_id", "bill_id"]
    expected = plain_states(bills, payments, as_of).sort_values(key, ignore_index=True)
    found = pay.bill_states(region, as_of).sort_values(key, ignore_index=True)
    assert len(found) > 10
    assert_frame_equal(found[list(expected)], expected, check_dtype=False)


@pytest.mark.slow
@pytest.mark.parametrize("as_of", ["2024-04-10", "2024-07-31"])
def test_what_comes_later_has_no_influence(odd, as_of, tmp_path):
    bills, payments, region = odd
    bills, payments = as_known(bills, payments, as_of)
    customers = region.customers.reset_index()
    cut = region_of(
        tmp_path / "cut", bills=bills, payments=payments, customers=customers
    )
    for features in (
        lambda r: pay.bill_states(r, as_of),
        lambda r: pay.rfm_axes(r, "postpaid", as_of=as_of),
        lambda r: pay.credit_indicators(r, as_of, months=4),
        lambda r: pay.ageing(r, as_of).drop(columns="doubtful_yuan"),
        lambda r: pay.habits(r, as_of, 4),
    ):
        assert_frame_equal(features(cut), features(region))


def test_paid_open_and_credit_add_up_to_the_payments(odd):
    """No cent is lost: what bills took, their credit, and what waits for bills."""
    bills, payments, region = odd
    found = pay.bill_states(region, "2024-12-31")
    assert (found["paid_yuan"] <= found["total_yuan"].clip(lower=0) + 1e-9).all()
    assert (found["paid_yuan"] >= 0).all()
    assert (found["open"] == (found["paid_yuan"] < found["total_yuan"])).all()
    assert (found.loc[found["open"], "paid_on"].isna()).all()
    money_in = payments["amount_yuan"].sum() - bills["total_yuan"].clip(upper=0).sum()
    assert found["paid_yuan"].sum() + found["credit_yuan"].sum() <= money_in + 1e-6
