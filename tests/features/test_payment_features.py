"""Features of payers, by hand and by law: RFM axes, credit, arrears, habits, dates."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from features.payment_tables import (
    REGION_YAML,
    bill,
    money,
    payment,
    random_money,
    region_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from research.features import payment as pay
from research.region import NotApplicable

AS_OF = "2024-06-30"


def monthly(customer, totals, first="2024-01"):
    """A bill a month, issued on the 1st of the next and due on the 21st."""
    months = pd.period_range(first, periods=len(totals), freq="M")
    return [
        bill(
            f"{customer}{m}",
            str(m),
            (m + 1).start_time,
            (m + 1).start_time + pd.Timedelta(days=20),
            total,
            customer,
            kwh=2.0 * total,
        )
        for m, total in zip(months, totals, strict=True)
    ]


def paid(bills, delays, **more):
    """Each bill paid so many days after it was due; None: never."""
    return [
        payment(
            f"P-{b['bill_id']}",
            b["due_date"] + pd.Timedelta(days=delay),
            b["total_yuan"],
            b["bill_id"],
            b["customer_id"],
            **more,
        )
        for b, delay in zip(bills, delays, strict=True)
        if delay is not None
    ]


@pytest.fixture
def region(tmp_path):
    """Two payers of five bills, one prepaid customer, one without anything."""
    punctual, slipping = monthly("a", [100] * 5), monthly("b", [10, 20, 30, 40, 50])
    payments = [
        *paid(punctual, [-5] * 5, channel="bank_debit", fee_yuan=0.1),
        *paid(slipping, [0, 4, 8, 12, None], channel="app", fee_yuan=0.5),
        payment("W1", "2024-06-02", 30, None, "w", kind="prepay", channel="hall"),
    ]
    topups = pd.DataFrame(
        {
            "attempt_id": ["T1", "T2", "T3"],
            "customer_id": "w",
            "ts_order": pd.to_datetime(["2024-03-31", "2024-06-01", "2024-06-20"]),
            "ts_delivered": pd.to_datetime(["2024-03-31", "2024-06-02", None]),
            "amount": [20.0, 30.0, 40.0],
            "outcome": ["delivered", "delivered", "failed"],
        }
    )
    customers = pd.DataFrame(
        {
            "customer_id": ["a", "b", "w", "z"],
            "pay_system": ["postpaid", "postpaid", "prepaid_remote", None],
            "open_date": ["2014-07-01", None, "2024-01-01", "2020-01-01"],
        }
    )
    events = pd.DataFrame(
        {
            "customer_id": ["b", "b", "b", "b", "a"],
            "ts": [
                "2024-05-01",
                "2024-05-02",
                "2024-06-30 23:00",
                "2022-06-30",
                "2024-07-01",
            ],
            "kind": [
                "theft",
                "breach_use",
                "disconnection",
                "bounced",
                "instalment_agreed",
            ],
        }
    )
    return money(
        tmp_path / "r",
        punctual + slipping,
        payments,
        topups=topups,
        customers=customers,
        credit_events=events,
    )


def test_axes_of_postpaid_customers_by_hand(region):
    axes = pay.rfm_axes(region, "postpaid", as_of=AS_OF)
    assert axes.index.tolist() == ["a", "b"]
    assert axes["days_overdue"].tolist() == [0.0, 9.0]
    # Paid on 16 June; of b the bill of April, due on 21 May, on 2 June.
    assert axes["days_since_full_payment"].tolist() == [14, 28]
    # Five and four payments in the 150 days since the first bill was issued.
    months = 150 / (365.25 / 12)
    assert axes["payments_per_cycle"].to_numpy() == pytest.approx(
        [5 / months, 4 / months]
    )
    assert axes["amount_yuan"].tolist() == [500.0, 100.0]
    assert axes["arrears_ratio"].to_numpy() == pytest.approx([0.0, 50 / 150])
    assert axes["tenure_years"].iloc[0] == pytest.approx(10.0, abs=0.01)
    assert np.isnan(axes["tenure_years"].iloc[1])
    assert axes.attrs["as_of"] == AS_OF
    assert axes.attrs["cycle_months"] == 1.0
    assert axes.attrs["lacks"] == ()
    assert axes.attrs["left_out"]["customers without a bill or payment"] == 1


def test_axes_of_prepaid_customers_are_those_of_delivered_top_ups(region):
    axes = pay.rfm_axes(region, "prepaid", as_of=AS_OF, months=3)
    assert axes.index.tolist() == ["w"]
    assert "arrears_ratio" not in axes
    assert "days_overdue" not in axes
    row = axes.iloc[0]
    assert row["days_since_full_payment"] == 28
    # The window begins after 31 March: one top-up in three months.
    assert row["amount_yuan"] == 30.0
    assert row["payments_per_cycle"] == pytest.approx(1 / (91 / (365.25 / 12)))


def test_a_window_counts_its_months_only(region):
    axes = pay.rfm_axes(region, "postpaid", as_of=AS_OF, months=1)
    assert axes["amount_yuan"].tolist() == [100.0, 40.0]
    assert axes["arrears_ratio"].tolist() == [0.0, 1.0]


def test_a_bill_every_other_month_is_a_cycle_of_two(tmp_path):
    bills = monthly("a", [100] * 11)[::2]
    region = money(tmp_path / "r", bills, paid(bills, [0] * 6))
    axes = pay.rfm_axes(region, "postpaid", as_of="2025-01-31")
    assert axes.attrs["cycle_months"] == 2.0
    assert axes["payments_per_cycle"].iloc[0] == pytest.approx(1.0, abs=0.01)


def test_payments_taken_back_are_no_payments(tmp_path):
    bills = monthly("a", [100])
    rows = paid(bills, [0])
    rows.append(
        payment(
            "R",
            "2024-03-01",
            -100,
            bills[0]["bill_id"],
            refund_of=rows[0]["payment_id"],
        )
    )
    axes = pay.rfm_axes(money(tmp_path / "r", bills, rows), "postpaid", as_of=AS_OF)
    assert axes["payments_per_cycle"].tolist() == [0.0]
    assert axes["amount_yuan"].tolist() == [0.0]
    # Never paid in full, by anybody: the column says nothing and is not there.
    assert "days_since_full_payment" not in axes
    assert "days_since_full_payment: payments" in axes.attrs["lacks"]


def test_who_pays_too_much_and_gets_the_rest_back_has_paid(tmp_path):
    bills = monthly("a", [100])
    rows = [payment("P", "2024-02-20", 160, bills[0]["bill_id"])]
    rows.append(payment("R", "2024-03-01", -60, bills[0]["bill_id"], refund_of="P"))
    area = money(tmp_path / "r", bills, rows)
    axes = pay.rfm_axes(area, "postpaid", as_of=AS_OF)
    assert axes["payments_per_cycle"].item() > 0
    assert axes["amount_yuan"].tolist() == [100.0]
    assert pay.habits(area, AS_OF)["n_payments"].tolist() == [1]
    netted = pay.payments_by(area, AS_OF, "payments", net=True)
    assert netted["amount_yuan"].tolist() == [100.0]
    before = pay.payments_by(area, "2024-02-29", "payments", net=True)
    assert before["amount_yuan"].tolist() == [160.0]  # nobody knew of the refund


def test_a_top_up_to_come_makes_nobody_prepaid_before(tmp_path, region):
    bare = region_of(tmp_path / "s", topups=region.table("topups"))
    assert pay.customers_of(bare, "prepaid", "2024-03-30").empty
    assert pay.customers_of(bare, "prepaid", "2024-03-31").tolist() == ["w"]


@pytest.mark.parametrize("day", [20240630, 20240630.0, None, "soon"])
def test_what_is_no_day_is_refused(day):
    with pytest.raises(ValueError, match="a day such as 2025-06-30 is wanted"):
        pay.to_day(day)


def test_payments_alone_give_what_they_can(tmp_path):
    payments = pd.DataFrame(
        [payment(f"P{n}", f"2024-0{n}-10", 50) for n in range(1, 7)]
    ).drop(columns=["bill_id", "refund_of"])
    region = region_of(tmp_path / "r", payments=payments)
    for of_bills in (pay.time_splits, pay.credit_indicators, pay.ageing):
        with pytest.raises(NotApplicable, match="bills"):
            of_bills(region)
    axes = pay.rfm_axes(region, "postpaid")
    assert list(axes) == [
        "days_since_full_payment",
        "payments_per_cycle",
        "amount_yuan",
    ]
    assert axes.attrs["as_of"] == "2024-06-10"
    assert {lack.split(":")[0] for lack in axes.attrs["lacks"]} == {
        "days_overdue",
        "arrears_ratio",
        "tenure_years",
        "days_since_full_payment",
    }


def test_without_a_pay_system_who_has_top_ups_is_prepaid(tmp_path, region):
    tables = {t: region.table(t) for t in ("bills", "payments", "topups")}
    bare = region_of(tmp_path / "s", **tables)
    assert pay.customers_of(bare, "prepaid").tolist() == ["w"]
    assert pay.rfm_axes(bare, "postpaid", as_of=AS_OF).index.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    "call", [{"system": "both"}, {"system": "prepaid", "months": 0}]
)
def test_no_system_and_no_window_are_refused(region, call):
    with pytest.raises(ValueError, match="are wanted"):
        pay.rfm_axes(region, **call)


def test_indicators_of_credit_by_hand(region):
    found = pay.credit_indicators(region, AS_OF)
    assert found.index.tolist() == ["a", "b"]
    b = found.loc["b"]
    # Delays 0, 4, 8, 12 and 9 while open.
    assert b["n_bills"] == 5
    assert b["late_share"] == pytest.approx(4 / 5)
    assert b["worst_delay_days"] == 12
    assert b["mean_delay_days"] == pytest.approx(33 / 5)
    assert b["delay_trend"] == pytest.approx((2 * 9 + 12 - 4) / 10)
    assert b["arrears_ratio"] == pytest.approx(50 / 150)
    assert b["unpaid_bills"] == 1
    assert b["overdue_months"] == pytest.approx(9 / (365.25 / 12))
    assert b["amount_volatility"] == pytest.approx(np.std([10, 20, 30, 40, 50]) / 30)
    assert b["energy_trend"] == pytest.approx(20 / 60)
    assert b[["n_disconnections", "n_breaches", "n_bounced"]].tolist() == [1, 2, 0]
    a = found.loc["a"]
    assert a[["late_share", "worst_delay_days", "mean_delay_days"]].tolist() == [
        0,
        0,
        0,
    ]
    assert a["has_instalment"] == 0, "agreed on the day after"
    assert found.attrs["as_of"] == AS_OF


def test_without_events_nothing_is_known_of_them(tmp_path):
    bills = monthly("a", [100] * 3)
    found = pay.credit_indicators(
        money(tmp_path / "r", bills, paid(bills, [0] * 3)), AS_OF
    )
    assert {"n_bounced", "has_instalment", "tenure_years"} <= set(found.attrs["lacks"])


def test_nobody_with_a_bill_in_the_window_is_an_answer(region):
    with pytest.raises(NotApplicable, match="no bill above zero"):
        pay.credit_indicators(region, "2024-02-20")


def outcome_region(folder, delays, until="2024-07-21"):
    bills = monthly("a", [100] * 5) + monthly("b", [100] * 5)
    rows = paid(bills, [0] * 5 + delays)
    rows.append(payment("last", until, 1, None, "zz"))
    return money(folder, bills, rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("delays", "late"),
    [
        pytest.param([0] * 5, False, id="never late"),
        pytest.param([99, 0, 0, 0, 0], False, id="late before the horizon"),
        pytest.param([0, 0, 30, 0, 0], False, id="paid on the last day"),
        pytest.param([0, 0, 31, 0, 0], True, id="paid a day later"),
        pytest.param([0, 0, 0, 0, None], True, id="never paid"),
    ],
)
def test_later_arrears_by_hand(tmp_path, delays, late):
    region = outcome_region(tmp_path / "r", delays)
    found = pay.later_arrears(region, "2024-03-21", overdue_days=30)
    assert found.to_dict() == {"a": False, "b": late}
    assert found.dtype == bool
    assert found.attrs["known_on"] == "2024-07-21"


def test_later_arrears_wait_until_they_are_known(tmp_path):
    region = outcome_region(tmp_path / "r", [0] * 5, until="2024-07-20")
    with pytest.raises(
        NotApplicable, match="known on 2024-07-21; the payments end on "
    ):
        pay.later_arrears(region, "2024-03-21")


def test_a_bill_marked_as_paid_without_a_payment_is_no_outcome(tmp_path):
    bills = [b | {"status": "paid"} for b in monthly("a", [100] * 5)]
    rows = [
        *paid(bills, [0, 0, 0, None, 0]),
        payment("last", "2024-08-01", 1, None, "z"),
    ]
    found = pay.later_arrears(money(tmp_path / "r", bills, rows), "2024-03-31")
    assert found.to_dict() == {"a": False}
    assert sum(found.attrs["left_out"].values()) == 1


def test_the_last_day_with_an_outcome_is_the_end_of_a_month(tmp_path):
    for until, expected in (("2024-07-30", "2024-03-31"), ("2024-07-29", "2024-02-29")):
        region = outcome_region(tmp_path / until, [0] * 5, until)
        day = pay.default_as_of(region, horizon_months=3)
        assert str(day) == expected
        assert pay.outcome_known_on(region, day) <= dt.date.fromisoformat(until)
        assert len(pay.later_arrears(region, day)) == 2
    assert str(pay.default_as_of(region)) == "2024-07-29"


def test_the_reference_date_ends_what_is_known(tmp_path):
    yaml = f"{REGION_YAML}reference_date: 2024-05-15\n"
    bills = monthly("a", [100] * 5)
    region = money(tmp_path / "r", bills, paid(bills, [0] * 5), yaml)
    assert str(pay.default_as_of(region)) == "2024-05-15"


def test_what_is_learnt_was_known_when_it_is_judged(tmp_path):
    bills = monthly("a", [100] * 20, "2023-01")
    region = money(tmp_path / "r", bills, paid(bills, [0] * 20))
    splits = pay.time_splits(region, 3)
    assert len(splits) == 3
    assert splits.iloc[0].astype(str).tolist() == ["2023-12-31", "2024-04-30"]
    for train, test in splits.itertuples(index=False):
        assert pay.outcome_known_on(region, train) <= test
        assert len(pay.later_arrears(region, train)) == 1
    few = money(tmp_path / "few", bills[:5], paid(bills[:5], [0] * 5))
    with pytest.raises(NotApplicable, match="about 10 months of bills"):
        pay.time_splits(few)


def test_what_is_owed_by_age(tmp_path):
    bills = monthly("a", [1, 2, 4, 8, 16])
    region = money(tmp_path / "r", bills, [payment("x", "2024-06-21", 3.5, None, "a")])
    table = pay.ageing(region, "2024-06-21")
    # Due on the 21st of each month; the oldest two are paid, of the third half a yuan.
    assert table["yuan"].tolist() == [0.0, 8.0, 3.5, 0.0]
    assert table["bills"].tolist() == [0, 1, 1, 0]
    assert table["customers"].tolist() == [0, 1, 1, 0]
    assert pay.ageing(region, "2024-06-20")["yuan"].tolist() == [8.0, 4.0, 0.0, 3.0]


def test_habits_by_hand(region):
    found = pay.habits(region, AS_OF)
    assert found["n_payments"].to_dict() == {"a": 5, "b": 4, "w": 1}
    assert found["payment_yuan"].to_dict() == {"a": 100.0, "b": 25.0, "w": 30.0}
    assert found["channel"].to_dict() == {"a": "bank_debit", "b": "app", "w": "hall"}
    assert found["auto_debit"].to_dict() == {"a": True, "b": False, "w": False}
    assert found.loc["a", "mean_delay_days"] == -5
    assert found["fee_yuan"].iloc[:2].to_numpy() == pytest.approx([0.5, 2.0])
    assert found["channel_entropy"].tolist() == [0, 0, 0]


def test_of_channels_that_tie_the_first_by_name_is_told(tmp_path):
    payments = pd.DataFrame(
        [
            payment("1", "2024-01-01", 5, channel="wechat"),
            payment("2", "2024-01-02", 5, channel="app"),
        ]
    ).drop(columns=["bill_id"])
    yaml = f"{REGION_YAML}channels: [{{code: app, online: true, fee_rate: 0.01}}]\n"
    region = region_of(tmp_path / "r", yaml, payments=payments)
    found = pay.habits(region).iloc[0]
    assert found["channel"] == "app"
    assert found["channel_share"] == 0.5
    assert found["channel_entropy"] == 1.0
    assert found["fee_yuan"] == pytest.approx(0.05), "by region.yaml"
    assert np.isnan(found["mean_delay_days"])


HISTORY = pd.DataFrame(
    {
        "customer_id": ["a"] * 4 + ["b"] * 4,
        "ym": ["2024-01", "2024-02", "2024-03", "2024-04"] * 2,
        "billed_yuan": [100.0, 100, 100, 100, 50, 80, -5, 40],
        "paid_yuan": [100.0, 100, 100, 100, 0, 20, 80, 0],
        "months_overdue": np.array([0, -1, 0, 0, 0, 1, -2, 2], dtype="int8"),
    }
)


@pytest.fixture
def months(tmp_path):
    return region_of(tmp_path / "h", payment_history=HISTORY)


def test_months_take_the_place_of_bills(months):
    found = pay.credit_indicators(months, "2024-04-30")
    b = found.loc["b"]
    assert b["n_bills"] == 4
    assert b["late_share"] == 0.5
    assert b["worst_delay_days"] == 60
    assert b["mean_delay_days"] == pytest.approx(90 / 4)
    # Of 50 and 80, 20 and 80 were paid in the month after; the last is not known yet.
    assert b["arrears_ratio"] == pytest.approx(30 / 130)
    assert b[["unpaid_bills", "overdue_months"]].tolist() == [2, 2]
    assert found.loc["a", "arrears_ratio"] == 0
    axes = pay.rfm_axes(months, "postpaid")
    assert axes["days_overdue"].tolist() == [0, 60]
    # b was last even at the end of March, after a payment.
    assert axes["days_since_full_payment"].tolist() == [0, 30]
    assert axes["payments_per_cycle"].tolist() == [1.0, 0.5]
    assert axes["amount_yuan"].tolist() == [400.0, 100.0]
    assert "tenure_years: customers.open_date" in axes.attrs["lacks"]
    assert pay.ageing(months)["yuan"].tolist() == [0.0, 40.0, 0.0, 0.0]


def test_months_to_come_do_not_count(months, tmp_path):
    early = HISTORY[HISTORY["ym"] <= "2024-02"]
    cut = region_of(tmp_path / "cut", payment_history=early)
    for day in ("2024-02-29", "2024-03-30"):
        assert_frame_equal(
            pay.credit_indicators(cut, day), pay.credit_indicators(months, day)
        )
        assert_frame_equal(
            pay.rfm_axes(cut, "postpaid", as_of=day),
            pay.rfm_axes(months, "postpaid", as_of=day),
        )


def test_the_outcome_of_months_is_known_at_their_end(months):
    assert str(pay.default_as_of(months, horizon_months=2)) == "2024-02-29"
    found = pay.later_arrears(months, "2024-02-29", horizon_months=2)
    assert found.to_dict() == {"a": False, "b": True}
    short = pay.later_arrears(months, "2024-02-29", horizon_months=1)
    assert not short.any()
    splits = pay.time_splits(months, horizon_months=1, history_months=1)
    assert splits.astype(str).to_numpy().tolist() == [
        ["2024-02-29", "2024-03-31"],
        ["2024-01-31", "2024-02-29"],
    ]
    with pytest.raises(NotApplicable, match="Take an earlier as_of"):
        pay.later_arrears(months, "2024-02-29")


YUAN = ["amount_yuan"]


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    bills, payments = random_money(11, n_customers=8)
    folder = tmp_path_factory.mktemp("odd")
    return (
        folder,
        bills,
        payments,
        region_of(folder / "r", bills=bills, payments=payments),
    )


def features(region):
    axes = pay.rfm_axes(region, "postpaid", as_of="2024-09-30")
    return axes, pay.credit_indicators(region, "2024-09-30")


@pytest.mark.slow
@settings(max_examples=4, deadline=None)
@given(factor=st.sampled_from([2, 10, 100, 1000]))
def test_in_another_currency_only_amounts_change(odd, factor):
    folder, bills, payments, region = odd
    scaled = region_of(
        folder / f"x{factor}",
        bills=bills.assign(total_yuan=bills["total_yuan"] * factor),
        payments=payments.assign(amount_yuan=payments["amount_yuan"] * factor),
    )
    for one, other in zip(features(region), features(scaled), strict=True):
        unit = [c for c in YUAN if c in one]
        assert_frame_equal(one.drop(columns=unit), other.drop(columns=unit))
        for column in unit:
            assert_series_equal(one[column] * factor, other[column])


@pytest.mark.slow
@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_names_and_order_of_customers_do_not_matter(odd, data):
    folder, bills, payments, region = odd
    ids = region.customers.index.tolist()
    new = dict(zip(ids, data.draw(st.permutations(ids)), strict=True))
    names = {old: f"x{name}" for old, name in new.items()}
    number = "".join(new.values()).replace("c", "")
    renamed = region_of(
        folder / number,
        bills=bills.sample(frac=1, random_state=1).replace({"customer_id": names}),
        payments=payments.sample(frac=1, random_state=2).replace(
            {"customer_id": names}
        ),
    )
    for one, other in zip(features(region), features(renamed), strict=True):
        assert_frame_equal(one.rename(index=names).sort_index(), other)


@pytest.mark.slow
def test_late_payers_of_a_synthetic_city_are_found(tmp_path):
    """The way that customers pay is planted; the features never see it."""
    from research.region.synthetic import synthesize

    region = synthesize(
        "minjiang", tmp_path / "m", customers=300, days=420, seed=5, defects="none"
    )
    truth = pd.read_parquet(region.path / "truth" / "customers.parquet")
    usual = truth.set_index("customer_id")["true_pay_class"]
    found = pay.credit_indicators(region)
    late = found["late_share"].groupby(usual.reindex(found.index)).mean()
    assert late["chronic"] > 0.8
    assert late["late"] > 0.6
    assert late[["auto_debit", "early", "at_due"]].max() < 0.15
    delay = found["mean_delay_days"].groupby(usual.reindex(found.index)).mean()
    assert delay["chronic"] > 3 * delay["late"]
    states = pay.bill_states(region, pay.last_day(region)).set_index("bill_id")
    marked = region.table("bills").set_index("bill_id")["status"].reindex(states.index)
    asked = states["total_yuan"] > 0
    assert (states["open"] == (marked != "paid"))[asked].all()
    assert len(pay.unproven_bills(region)) == 0
