"""Named segments of payers: the rules, what is published, what is foretold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import REGION_YAML
from sklearn.metrics import roc_auc_score

from research.features import payment
from research.region import NotApplicable, read_region
from research.region.files import write_table
from research.segmenters import RFMSegmenter
from research.service import (
    credit,
    payer_axes,
    payer_forecast,
    payer_tables,
    payer_verdict,
    payers,
)

YAML = "".join(
    line
    for line in REGION_YAML.replace("tiny", "payers").splitlines(keepends=True)
    if not line.startswith("readings")
)
ALL_AXES = list(payers.axis_names().index)
KINDS = ("postpaid", "prepaid", "payments_only")


def segmented(kind, rows, **axes):
    scheme = payers.scheme_of(kind, axes)
    table = pd.DataFrame(axes, index=rows, dtype=float)
    labels = RFMSegmenter(**scheme.parameters).fit_predict(table)
    return payers.named(labels, table.index, scheme), scheme


# --- the book of rules ----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(known=st.sets(st.sampled_from(ALL_AXES), min_size=1))
def test_rules_hold_on_whatever_axes_are_known(kind, known):
    """No rule of the book is shadowed, and each names a known axis only."""
    try:
        scheme = payers.scheme_of(kind, known)
    except NotApplicable:
        return
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        rng.gamma(1, 40, (60, len(known))), columns=sorted(known), index=range(60)
    )
    model = RFMSegmenter(**scheme.parameters).fit(table)
    assert list(scheme.names.index[:-1]) == model.segment_names_[:-1]
    assert len(payers.in_words(scheme)) == len(scheme.names)
    assert set(scheme.heat) <= known


def test_every_segment_of_the_book_has_its_words_in_both_languages():
    for kind in KINDS:
        names = payers.scheme_of(kind, ALL_AXES).names
        assert names["en"].is_unique
        assert names["zh"].str.contains("[\u4e00-\u9fff]").all()
        assert all(
            step and isinstance(step, str) for row in names["do"] for step in row
        )
        assert names["do"].map(len).min() >= 1
        assert not payers.scheme_of(kind, ALL_AXES).left_out


def test_disconnection_comes_last_and_only_for_long_arrears():
    for kind in KINDS:
        for key, row in payers.scheme_of(kind, ALL_AXES).names.iterrows():
            last = [step for step in row["do"] if "停电" in step]
            assert last == ([row["do"][-1]] if key == "long_arrears" else [])


def test_customers_planted_by_hand_get_their_names():
    days = [0, 0, 0, 5, 45, 200, 0, 0]
    late = [0.0, 0.0, 0.6, 0.2, 0.9, 1.0, 0.0, 0.0]
    years = [9, 9, 9, 9, 9, 9, 0.3, 9]
    often = [1, 1, 1, 1, 1, 1, 1, 3]
    yuan = [9000, 500, 600, 700, 800, 900, 950, 100]
    segments, _ = segmented(
        "postpaid",
        list("abcdefgh"),
        days_overdue=days,
        late_share=late,
        tenure_years=years,
        payments_per_cycle=often,
        amount_yuan=yuan,
    )
    assert segments.to_dict() == {
        "a": "punctual_large",
        "b": "punctual",
        "c": "often_late",
        "d": "slipping",
        "e": "arrears",
        "f": "long_arrears",
        "g": "newcomer",
        "h": "small_often",
    }


def test_the_regions_own_number_of_trips_is_the_limit():
    trips = {"trips": [0.0, 1.0, 2.0, 3.0, 4.0]}
    for frequent, expected in ((2, 3), (3, 2), (4, 1)):
        scheme = payers.scheme_of("prepaid", trips, frequent_trips=frequent)
        model = RFMSegmenter(**scheme.parameters).fit(pd.DataFrame(trips))
        assert (model.labels_ == 0).sum() == expected


def test_ranges_are_told_in_the_unit_of_the_axis():
    scheme = payers.scheme_of("prepaid", ["payments_per_cycle", "amount_yuan"])
    assert payers.in_words(scheme)["who"].tolist() == [
        "top-ups a month: 0.5 or more; paid in the window: the lowest three fifths",
        "top-ups a month: under 0.25; paid in the window: the highest three fifths",
        "everybody else",
    ]


# --- small regions --------------------------------------------------------------------


def region(tmp_path, **tables):
    folder = tmp_path / "payers"
    folder.mkdir()
    (folder / "region.yaml").write_text(YAML, encoding="utf-8")
    for name, table in tables.items():
        write_table(table, folder, name)
    return read_region(folder)


def billed_region(tmp_path):
    """Four customers, three bills each: on time, late, never paid, and prepaid."""
    ids = ["a", "b", "c", "p"]
    customers = pd.DataFrame({"customer_id": ids, "pay_system": ["postpaid"] * 4})
    customers.loc[3, "pay_system"] = "prepaid_local"
    months = ["2024-01", "2024-02", "2024-03"]
    due = pd.to_datetime(["2024-02-20", "2024-03-20", "2024-04-20"])
    bills = pd.DataFrame(
        [
            (f"{c}{m}", c, m, d, 100.0, "open")
            for c in "abc"
            for m, d in zip(months, due, strict=True)
        ],
        columns=["bill_id", "customer_id", "ym", "due_date", "total_yuan", "status"],
    )
    bills["issue_date"] = bills["due_date"] - pd.Timedelta(days=15)
    delays = {"a": -5, "b": 10}
    paid = bills[bills["customer_id"] != "c"].copy()
    shift = pd.to_timedelta(paid["customer_id"].map(delays), unit="D")
    payments = pd.DataFrame(
        {
            "payment_id": "z" + paid["bill_id"],
            "customer_id": paid["customer_id"],
            "ts": paid["due_date"] + shift,
            "amount_yuan": 100.0,
            "kind": "bill",
            "bill_id": paid["bill_id"],
        }
    )
    trips = pd.DataFrame(
        {
            "customer_id": "p",
            "ts_off": pd.to_datetime(["2024-02-01 08:00", "2024-04-29 23:00"]),
            "reason": "low_balance",
        }
    )
    topups = pd.DataFrame(
        {
            "attempt_id": ["t1"],
            "customer_id": ["p"],
            "ts_order": pd.to_datetime(["2024-04-01"]),
            "amount": [50.0],
            "outcome": ["delivered"],
        }
    )
    tables = {"customers": customers, "bills": bills, "payments": payments}
    return region(tmp_path, **tables, trip_events=trips, topups=topups)


def test_axes_by_hand(tmp_path):
    area = billed_region(tmp_path)
    axes = payer_axes.axes_of(area, "postpaid", as_of="2024-04-30")
    assert axes["late_share"].to_dict() == {"a": 0, "b": 1, "c": 1}
    assert axes["days_overdue"].to_dict() == {"a": 0, "b": 0, "c": 70}
    assert axes.attrs["filled"]["days_since_full_payment"] == 1
    assert not axes.isna().any(axis=None)
    prepaid = payer_axes.axes_of(area, "prepaid", as_of="2024-04-30")
    assert prepaid["trips"].to_dict() == {"p": 2}
    before = payer_axes.axes_of(area, "prepaid", as_of="2024-04-28")
    assert before["trips"].to_dict() == {"p": 1}


def test_what_is_overdue_adds_up_with_the_features(tmp_path):
    area = billed_region(tmp_path)
    overdue = payer_tables.overdue(area, "2024-04-30")
    ours = payer_tables.ageing(overdue, min_cell=1, largest_share=1.0)
    theirs = payment.ageing(area, "2024-04-30")
    assert ours["yuan"].tolist() == theirs["yuan"].tolist() == [100, 100, 100, 0]
    assert ours["bills"].tolist() == theirs["bills"].tolist()


def lost_payment_region(tmp_path, status):
    """One customer, six bills, the second unpaid, five paid on time."""
    area = billed_region(tmp_path)
    months = pd.period_range("2024-01", periods=6, freq="M")
    bills = pd.DataFrame({"bill_id": [f"B{m}" for m in months], "customer_id": "a"})
    bills["ym"] = months.astype(str)
    bills["due_date"] = [(m + 1).start_time + pd.Timedelta(days=19) for m in months]
    bills["issue_date"] = bills["due_date"] - pd.Timedelta(days=15)
    bills = bills.assign(total_yuan=100.0, status="open")
    bills.loc[1, "status"] = status
    payments = pd.DataFrame({"payment_id": "P" + bills["bill_id"], "customer_id": "a"})
    payments = payments.assign(ts=bills["due_date"], amount_yuan=100.0, kind="bill")
    payments["bill_id"] = bills["bill_id"]
    write_table(bills, area.path, "bills")
    write_table(payments.drop(index=1), area.path, "payments")
    return read_region(area.path)


@pytest.mark.parametrize(
    ("as_of", "status", "held"),
    [
        ("2024-05-31", "paid", []),  # two later ones paid, the status not to be known
        ("2024-06-30", "open", ["B2024-02"]),  # three later ones were paid
        ("2024-07-20", "paid", ["B2024-02"]),
    ],
)
def test_a_bill_is_held_to_be_paid_by_what_is_known_that_day(
    tmp_path, as_of, status, held
):
    area = lost_payment_region(tmp_path, status)
    assert credit.held_paid(area, as_of) == held


def test_bills_held_to_be_paid_are_no_debt_but_are_told(tmp_path):
    area = lost_payment_region(tmp_path, "paid")
    held = credit.held_paid(area, "2024-07-20")
    axes = payer_axes.axes_of(area, "postpaid", as_of="2024-07-20", without=held)
    assert axes["days_overdue"].tolist() == [0]
    assert axes["late_share"].tolist() == [0]
    overdue = payer_tables.overdue(area, "2024-07-20", held)
    aged = payer_tables.ageing(overdue, min_cell=1, largest_share=1.0)
    assert aged["yuan"].sum() == 0
    assert aged["held yuan"].tolist() == [0, 0, 0, 100]


def test_transactions_are_netted_and_end_on_the_day(tmp_path):
    area = billed_region(tmp_path)
    payments = area.table("payments").reset_index(drop=True)
    back = payments.iloc[[0, 1]].assign(
        payment_id=["r1", "r2"],
        refund_of=payments["payment_id"].iloc[:2].to_numpy(),
        amount_yuan=[-100.0, -40.0],
        ts=pd.Timestamp("2024-04-25"),
    )
    write_table(pd.concat([payments, back]), area.path, "payments")
    area = read_region(area.path)
    of_a = [
        payer_axes.transactions(area, "postpaid", day).query("customer_id == 'a'")
        for day in ("2024-04-24", "2024-04-30")
    ]
    assert of_a[0]["amount_yuan"].tolist() == [100.0] * 3
    assert sorted(of_a[1]["amount_yuan"]) == [60.0, 100.0]
    prepaid = payer_axes.transactions(area, "prepaid", "2024-04-30")
    assert prepaid["amount_yuan"].tolist() == [50.0]
    assert payer_axes.transactions(area, "prepaid", "2024-03-31").empty


def test_too_few_payers_are_said_to_be_too_few(tmp_path):
    area = billed_region(tmp_path)
    with pytest.raises(NotApplicable, match=r"at least 30 customers.*fewer have"):
        payer_axes.all_axes(area, as_of="2024-04-30")


def test_the_vulnerable_are_known_by_flags_or_not_at_all(tmp_path):
    customers = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "elderly_flag": [True, None, False],
            "importance": ["none", "special", "none"],
        }
    )
    area = region(tmp_path, customers=customers)
    assert payer_axes.vulnerable(area).tolist() == [True, True, False]
    plain = tmp_path / "plain"
    plain.mkdir()
    bare = region(plain, customers=customers[["customer_id"]])
    assert payer_axes.vulnerable(bare) is None
    with pytest.raises(NotApplicable, match="none of them"):
        payer_axes.systems(bare)


# --- what may be published ------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 40), min_size=5, max_size=5),
    min_cell=st.integers(2, 20),
)
def test_published_groups_hold_enough_customers_or_are_all_there_is(sizes, min_cell):
    scheme = payers.scheme_of("prepaid", ALL_AXES)
    labels = np.repeat(np.arange(5), sizes)
    segments = payers.named(labels, pd.RangeIndex(len(labels)), scheme)
    grouped = payer_tables.groups(segments, scheme, min_cell)
    held = grouped.value_counts()
    assert held.sum() == len(labels)
    assert len(held) <= 1 or held.min() >= min_cell


def test_money_dominated_by_one_is_withheld_from_real_regions():
    amounts = pd.Series([1.0] * 100 + [50.0])
    assert np.isnan(payer_tables.withheld(amounts, min_cell=15))
    assert payer_tables.withheld(amounts, min_cell=15, largest_share=1) == 150
    assert payer_tables.withheld(amounts[:100] * 1.2345, min_cell=15) == 123
    frame = pd.DataFrame({"customers": 1.0, "paid": amounts})
    grouped = pd.Series("x", amounts.index, dtype="category")
    shown = payer_tables.may_show(frame, grouped, min_cell=15)
    assert shown == ["customers"]


def test_a_withheld_sum_of_a_segment_can_not_be_reckoned_from_the_total():
    rng = np.random.default_rng(0)
    scheme = payers.scheme_of("prepaid", ALL_AXES)
    segments = payers.named(np.repeat(range(4), 40), pd.RangeIndex(160), scheme)
    paid = pd.Series(rng.uniform(50, 150, 160))
    paid[0] = 1200.0  # dominates its segment, and not the region
    grouped = payer_tables.groups(segments, scheme, 15)
    table = payer_tables.segment_table(grouped, paid, paid / 10, min_cell=15)
    for column in ("yuan paid", "yuan overdue"):
        assert table[column].isna().sum() == 2
    assert table["one dominates"].tolist() == ["yes", "no", "no", "no"]
    overdue = pd.DataFrame({"customer_id": range(160), "yuan": paid, "held": False})
    overdue["age"] = np.repeat([10, 40, 70, 100], 40)
    aged = payer_tables.ageing(overdue, min_cell=15)
    assert aged["yuan"].isna().sum() == 2
    assert aged["customers"].tolist() == [40] * 4


# --- what is foretold -----------------------------------------------------------------


def test_the_area_under_the_curve_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    late = rng.random(300) < 0.3
    scores = np.column_stack([rng.integers(0, 4, 300) + late, rng.random(300)])
    ours = payer_forecast.area_under_curve(scores, late)
    assert ours == pytest.approx([roc_auc_score(late, s) for s in scores.T])


def planted_days(n=600, seed=0):
    """Two days of payers of whom the overdue are late again nine times in ten."""
    rng = np.random.default_rng(seed)
    scheme = payers.scheme_of("postpaid", ["days_overdue", "late_share"])
    found = {}
    for day in ("then", "now"):
        overdue = rng.random(n) < 0.2
        late = pd.Series(rng.random(n) < np.where(overdue, 0.9, 0.05))
        axes = pd.DataFrame(
            {"days_overdue": 40.0 * overdue, "late_share": rng.random(n)}
        )
        labels = RFMSegmenter(**scheme.parameters).fit_predict(axes)
        segments = payers.named(labels, axes.index, scheme)
        found[day] = (payer_tables.worded(segments, scheme), late, axes)
    names = ("segments", "late", "axes")
    return scheme, {
        name: {day: parts[i] for day, parts in found.items()}
        for i, name in enumerate(names)
    }


def test_planted_rates_are_learned_and_come_back():
    scheme, days = planted_days()
    told = payer_forecast.judge(days["segments"], days["late"], days["axes"])
    row = told.rates.loc["in arrears 欠费"]
    assert row["low"] < 0.9 < row["high"]
    assert row["learned"] == pytest.approx(0.9, abs=0.06)
    # The rule that knows all there is to know is the rival, and is not beaten.
    assert told.auc.index.tolist() == [
        "segments",
        "days overdue",
        "share of bills late",
    ]
    assert told.ahead[1] < 0.01
    assert told.auc.loc["segments", "auc"] == pytest.approx(0.88, abs=0.04)
    of_late, of_all = payer_verdict.late_shares(told, scheme)
    assert of_late > 0.7
    assert of_all == pytest.approx(0.2, abs=0.04)


def test_without_an_earlier_day_the_order_of_the_rules_stands_in():
    _, days = planted_days()
    now = {name: {"now": parts["now"]} for name, parts in days.items()}
    told = payer_forecast.judge(now["segments"], now["late"], now["axes"])
    assert told.rates["learned"].isna().all()
    assert told.auc.loc["segments", "auc"] > 0.8


def test_outcomes_of_one_kind_only_judge_nothing():
    _, days = planted_days()
    never = {day: late & False for day, late in days["late"].items()}
    assert payer_forecast.judge(days["segments"], never, days["axes"]) is None


def test_the_first_tenth_catches_by_hand():
    late = np.array([1, 0, 0, 0, 0, 0, 0, 0, 0, 1], dtype=bool)
    assert payer_forecast.caught(np.arange(10, 0, -1.0), late) == 0.5
    assert payer_forecast.caught(np.zeros(10), late) == pytest.approx(0.1)


# --- the first screen -----------------------------------------------------------------


def test_the_verdict_says_better_worse_or_neither():
    scheme, days = planted_days()
    segments = {"postpaid": payers.named([1] * 5 + [4] * 20, range(25), scheme)}
    told = payer_forecast.judge(days["segments"], days["late"], days["axes"])
    words = {(0.1, 0.05, 0.2): "优于", (0.0, -0.1, 0.1): "不优于"}
    words[-0.1, -0.2, -0.05] = "不如"
    for ahead, word in words.items():
        judged = told._replace(ahead=ahead)
        en, zh = payer_verdict.of_payers(
            segments, {"postpaid": scheme}, owed=12_345.0, judged=judged, min_cell=5
        )
        assert f"分群{word}单看" in zh
        assert "5 of 25 post-paid customers (20%) owe 12,300 yuan" in en


def test_the_verdict_names_no_group_that_would_give_a_small_one_away():
    scheme = payers.scheme_of("payments_only", ALL_AXES)
    for sizes, word in (((7, 24, 69), "no group"), ((20, 24, 56), "24%")):
        segments = payers.named(np.repeat([0, 2, 3], sizes), range(100), scheme)
        en, _ = payer_verdict.of_payers(
            {"postpaid": segments}, {"postpaid": scheme}, owed=None, judged=None
        )
        assert word in en


def test_without_bills_the_four_classes_are_told_in_both_readings():
    scheme = payers.scheme_of("payments_only", ALL_AXES)
    segments = payers.named(np.repeat([0, 2, 3], (7, 24, 69)), range(100), scheme)
    en, zh = payer_verdict.of_payers(
        {"postpaid": segments},
        {"postpaid": scheme},
        owed=None,
        judged=None,
        high_value=(0.41, 0.28),
    )
    assert "41% of them are of high value or 28%" in en
    assert "41% 或 28%" in zh


def test_at_most_five_actions_and_both_systems_are_heard():
    axes = {"postpaid": payers.scheme_of("postpaid", ALL_AXES)}
    axes["prepaid"] = payers.scheme_of("prepaid", ALL_AXES)
    segments = {
        system: payers.named(
            np.repeat(np.arange(len(scheme.names)), 20),
            pd.RangeIndex(20 * len(scheme.names)),
            scheme,
        )
        for system, scheme in axes.items()
    }
    found = payer_verdict.actions(segments, axes, None, None, min_cell=15)
    assert len(found) == 5
    assert found[0][0].startswith("Long in arrears")
    assert sum("at the limit" in what.lower() for what, *_ in found) == 1
