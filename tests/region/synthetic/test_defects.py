"""Defects: the log explains every changed cell, and nothing else is changed."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from research.region.schema import TABLES
from research.region.synthetic import defects
from research.region.synthetic.defects import cells, inject_daily, inject_intervals
from research.region.synthetic.defects.log import as_text, row_keys
from research.region.synthetic.defects.tables import inject_tables

pytestmark = pytest.mark.slow

N, N_DAYS = 400, 210
LEVELS = (
    pytest.param("light", marks=pytest.mark.slow),
    pytest.param("typical", marks=pytest.mark.slow),
    "heavy",
)


def plan_of(level="typical", seed=7, n_days=N_DAYS):
    days = pd.date_range("2024-01-01", periods=n_days)
    return SimpleNamespace(seed=seed, defects=level, days=days, panel_days=days)


def people_of(n=N, seed=1):
    rng = np.random.default_rng(seed)
    opened = pd.Timestamp("2015-03-01") + pd.to_timedelta(rng.integers(0, 2500, n), "D")
    closed = pd.Series(pd.NaT, index=range(n)).astype("datetime64[s]")
    closed[:5] = pd.Timestamp("2024-04-01")
    return pd.DataFrame(
        {
            "customer_id": [f"{i:010}" for i in rng.choice(10**8, n, replace=False)],
            "area_id": [f"A{i % 6}" for i in range(n)],
            "transformer_id": [f"T{i % 12:02}" for i in range(n)],
            "industry_code": ["C13" if i % 3 else None for i in range(n)],
            "voltage": np.where(np.arange(n) % 4 == 0, "10kV", "220V"),
            "contract_kva": rng.uniform(4, 400, n).round(1),
            "open_date": opened,
            "close_date": closed,
        }
    )


def energy_of(people, plan, seed=2, n_slots=None):
    rng = np.random.default_rng(seed)
    shape = (len(people), len(plan.days), *([n_slots] if n_slots else []))
    kwh = rng.gamma(8, 1.2 / (n_slots or 1), shape).astype(np.float32)
    closed = pd.to_datetime(people["close_date"]).to_numpy()[:, None]
    kwh[plan.days.to_numpy()[None, :] > closed] = np.nan
    return kwh


def tables_of(people, n=4000, seed=3):
    rng = np.random.default_rng(seed)
    ids = people["customer_id"].to_numpy()[rng.integers(0, len(people), n)]
    months = np.array(["2024-01", "2024-02", "2024-03", "2024-04"])
    ym = months[rng.integers(0, 4, n)]
    issued = pd.to_datetime(ym) + pd.DateOffset(months=1)
    charge = rng.uniform(20, 400, n).round(2)
    bills = pd.DataFrame(
        {
            "bill_id": [f"B{i:06}" for i in range(n)],
            "customer_id": ids,
            "ym": ym,
            "issue_date": issued,
            "kwh": (charge / 0.5).round(1),
            "energy_charge": charge,
            "basic_charge": 0.0,
            "funds": (charge * 0.04).round(2),
            "total_yuan": (charge + (charge * 0.04).round(2)).round(2),
            "status": "paid",
            "corrects_bill_id": pd.Series([None] * n, dtype="str"),
        }
    )
    channels = np.array(["wechat", "alipay", "bank_debit", "hall"])
    payments = pd.DataFrame(
        {
            "payment_id": [f"P{i:06}" for i in range(n)],
            "customer_id": ids,
            "ts": issued + pd.to_timedelta(rng.integers(60, 2_000_000, n), "s"),
            "amount_yuan": bills["total_yuan"],
            "channel": channels[rng.integers(0, 4, n)],
            "kind": "bill",
            "bill_id": bills["bill_id"],
            "refund_of": pd.Series([None] * n, dtype="str"),
        }
    )
    ordered = issued + pd.to_timedelta(rng.integers(60, 2_000_000, n), "s")
    topups = pd.DataFrame(
        {
            "attempt_id": [f"U{i:06}" for i in range(n)],
            "order_id": [f"O{i:06}" for i in range(n)],
            "customer_id": ids,
            "ts_order": ordered,
            "ts_delivered": ordered + pd.Timedelta(minutes=2),
            "amount": 100.0,
            "outcome": np.where(rng.random(n) < 0.95, "delivered", "failed"),
        }
    )
    tickets = pd.DataFrame(
        {
            "ticket_id": [f"W{i:06}" for i in range(n)],
            "customer_id": ids,
            "ts_created": ordered,
            "class_code": np.array(["01", "02", "03"])[rng.integers(0, 3, n)],
            "urge_count": rng.integers(0, 3, n),
        }
    )
    registers = pd.DataFrame(
        {
            "customer_id": np.repeat(people["customer_id"].to_numpy(), 4),
            "ym": np.tile(months, len(people)),
            "active_kwh": rng.uniform(100, 9000, 4 * len(people)).round(1),
            "meter_id": np.repeat([f"M{i:05}" for i in range(len(people))], 4),
        }
    )
    transformers = pd.DataFrame(
        {
            "transformer_id": [f"T{i:02}" for i in range(12)],
            "area_id": [f"A{i % 6}" for i in range(12)],
        }
    )
    return {
        "customers": people,
        "bills": bills,
        "payments": payments,
        "topups": topups,
        "tickets": tickets,
        "registers": registers,
        "transformers": transformers,
        "weather": pd.DataFrame({"date": ["2024-01-01"], "t_mean": [1.0]}),
    }


def texts(frame, column):
    return np.array(as_text(frame[column]).to_pylist(), dtype=object)


@pytest.fixture(scope="module", params=LEVELS)
def daily(request):
    plan, people = plan_of(request.param), people_of()
    kwh = energy_of(people, plan)
    return plan, people, kwh, inject_daily(plan, people, kwh)


@pytest.fixture(scope="module", params=LEVELS)
def intervals(request):
    plan, people = plan_of(request.param), people_of(240)
    kwh = energy_of(people, plan, n_slots=24)
    at = np.arange(len(people))
    return plan, people, kwh, inject_intervals(plan, people, at, kwh, plan.days)


@pytest.fixture(scope="module", params=LEVELS)
def tables(request):
    plan, clean = plan_of(request.param), tables_of(people_of())
    return plan, clean, *inject_tables(plan, clean)


def assert_log_explains(log, table, ids, labels, clean, now):
    """Every cell that differs is logged once with both values, and no other is."""
    single = log[(log["column"] == "kwh") & ~log["row_key"].str.contains("/")]
    row, column = np.nonzero(~np.isclose(clean, now, rtol=0, atol=0, equal_nan=True))
    keys = row_keys(ids[row], labels[column]).to_pylist()
    original = as_text(clean[row, column]).to_pylist()
    changed = as_text(now[row, column]).to_pylist()
    found = dict(zip(keys, zip(original, changed, strict=True), strict=True))
    values = zip(single["original"], single["now"], strict=True)
    assert set(log["table"]) <= {table}
    assert single["row_key"].is_unique
    assert dict(zip(single["row_key"], values, strict=True)) == found


def test_the_log_explains_every_changed_day(daily):
    plan, people, kwh, injected = daily
    ids, labels = people["customer_id"].to_numpy(), plan.days.strftime("%Y-%m-%d")
    assert_log_explains(injected.log, "energy_daily", ids, labels, kwh, injected.kwh)
    assert len(injected.log) > 300


def flipped_back(injected, people, stamps, clean):
    """The array with the months of other stamps taken out, as the log tells them."""
    now = injected.kwh.reshape(len(people), -1).copy()
    rows = injected.log[injected.log["defect"] == "stamp_flip"]
    key = rows["row_key"].str.split("[|/]", expand=True, regex=True)
    at = pd.Index(people["customer_id"]).get_indexer(key[0])
    first = stamps.get_loc(pd.Timestamp(key[1].iloc[0]))
    last = stamps.get_loc(pd.Timestamp(key[2].iloc[0]))
    np.testing.assert_array_equal(now[at, first + 1 : last + 1], clean[at, first:last])
    assert np.isnan(now[at, first]).all()
    now[at, first : last + 1] = clean[at, first : last + 1]
    return now


def test_the_log_explains_every_changed_interval(intervals):
    plan, people, kwh, injected = intervals
    stamps = pd.date_range(plan.days[0], periods=kwh[0].size, freq="h")
    clean = kwh.reshape(len(people), -1)
    now = flipped_back(injected, people, stamps, clean)
    labels = stamps.strftime("%Y-%m-%d %H:%M:%S")
    ids = people["customer_id"].to_numpy()
    assert_log_explains(injected.log, "readings", ids, labels, clean, now)


def test_the_log_explains_every_changed_cell_of_the_tables(tables):
    _, clean, changed, log = tables
    for name, frame in clean.items():
        ours = log[(log["table"] == name) & (log["column"] != "")]
        keys = row_keys(*(frame[k] for k in TABLES[name].key)).to_pylist()
        found = {}
        for column in frame:
            before = texts(frame, column)
            after = texts(changed[name].iloc[: len(frame)], column)
            for i in np.flatnonzero(before != after):
                found[keys[i], column] = before[i], after[i]
        logged = zip(ours["row_key"], ours["column"], strict=True)
        values = zip(ours["original"], ours["now"], strict=True)
        assert not ours.duplicated(["row_key", "column"]).any()
        assert dict(zip(logged, values, strict=True)) == found


def test_the_log_explains_every_appended_row(tables):
    _, clean, changed, log = tables
    for name, frame in clean.items():
        ours = log[(log["table"] == name) & (log["column"] == "")]
        extra = changed[name].iloc[len(frame) :]
        by_key = changed[name].iloc[: len(frame)].copy()
        by_key.index = row_keys(*(frame[k] for k in TABLES[name].key)).to_pylist()
        assert len(extra) == len(ours)
        expected = by_key.loc[ours["original"]].reset_index(drop=True)
        expected = pd.DataFrame({c: texts(expected, c) for c in expected})
        # A bill is corrected by the right figures: those of the clean table.
        right = frame.set_axis(by_key.index).loc[ours["original"]]
        fixed = (ours["defect"] == "corrected_bill").to_numpy()
        for column in expected:
            expected.loc[fixed, column] = texts(right, column)[fixed]
        for i, now in enumerate(ours["now"]):
            for pair in now.split("; ") if now else []:
                column, _, value = pair.partition("=")
                expected.loc[i, column] = value
        for column in extra:
            assert expected[column].tolist() == texts(extra, column).tolist()


def test_appended_days_are_copies_of_untouched_ones(daily):
    plan, people, kwh, injected = daily
    at = pd.Index(people["customer_id"]).get_indexer(injected.again["customer_id"])
    day = plan.days.get_indexer(injected.again["date"])
    same = injected.again["kwh"].to_numpy() == injected.kwh[at, day]
    logged = injected.log[injected.log["column"] == ""]
    assert (same == (logged["defect"] == "exact_duplicate")).all()
    assert logged["row_key"].is_unique
    np.testing.assert_array_equal(kwh[at, day], injected.kwh[at, day])


@pytest.mark.slow
def test_what_is_given_is_not_changed():
    plan, people = plan_of("heavy"), people_of()
    kwh, given = energy_of(people, plan), tables_of(people)
    inject_daily(plan, people, kwh)
    inject_tables(plan, given)
    np.testing.assert_array_equal(kwh, energy_of(people, plan))
    for name, frame in tables_of(people_of()).items():
        pd.testing.assert_frame_equal(frame, given[name])


def test_level_none_changes_nothing():
    plan, people = plan_of("none"), people_of(40)
    kwh, clean = energy_of(people, plan), tables_of(people)
    injected = inject_daily(plan, people, kwh)
    changed, log = inject_tables(plan, clean)
    np.testing.assert_array_equal(injected.kwh, kwh)
    assert len(injected.again) == len(injected.log) == len(log) == 0
    assert all(changed[name] is clean[name] for name in clean)


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="'severe'"):
        defects.share("severe", "missing")


def test_same_seed_same_defects_other_seed_others():
    people = people_of(200)
    kwh = energy_of(people, plan_of())
    logs = [inject_daily(plan_of(seed=s), people, kwh).log for s in (4, 4, 5)]
    pd.testing.assert_frame_equal(logs[0], logs[1])
    assert not logs[0].equals(logs[2])


OFTEN = ("offline_run", "posting")
MECHANISMS = (
    "missing unit_file exact_duplicate paid_twice "
    "frozen_run meter_change roll_over ct_ratio stamp_flip id_spelling "
    "wrong_transformer unknown_industry refund corrected_bill bank_late ticket_class "
    "no_customer impossible_date"
).split()
SHARES_OF = {"exact_duplicate": ["exact_duplicate", "whole_table_again"]}
NAMES = {
    "offline_run": {"offline_run", "catch_up"},
    "frozen_run": {"frozen_run", "zero_run"},
    "posting": {"date_only", "month_end_batch"},
    "wrong_transformer": {"transformer_of_same_area", "transformer_of_other_area"},
}


@pytest.fixture(scope="module")
def heavy():
    """A small world, and how to put heavy defects into it."""
    plan, people = plan_of("heavy", n_days=100), people_of(120)
    kwh, clean = energy_of(people, plan, n_slots=4), tables_of(people, n=1500)

    def all_logs():
        at = np.arange(len(people))
        parts = [
            inject_daily(plan, people, kwh.sum(axis=2)).log,
            inject_intervals(plan, people, at, kwh, plan.days).log,
            inject_tables(plan, clean)[1],
        ]
        return pd.concat(parts).drop_duplicates()

    with pytest.MonkeyPatch.context() as patch:
        often = defects.SHARES["roll_over"]._replace(heavy=0.3)
        patch.setitem(defects.SHARES, "roll_over", often)
        yield all_logs, all_logs()


@pytest.mark.parametrize(
    "mechanism",
    [*OFTEN, *(pytest.param(m, marks=pytest.mark.slow) for m in MECHANISMS)],
)
def test_a_mechanism_switched_off_shifts_no_other(mechanism, heavy, monkeypatch):
    all_logs, before = heavy
    for name in SHARES_OF.get(mechanism, [mechanism]):
        silent = defects.SHARES[name]._replace(light=0, typical=0, heavy=0)
        monkeypatch.setitem(defects.SHARES, name, silent)
    after = all_logs()
    names = NAMES.get(mechanism, {mechanism})
    assert set(before["defect"]) - set(after["defect"]) == names
    # What it touched may now be struck by another, and keep a third one off; a stream
    # that shifts would move nearly all.
    others = before[~before["defect"].isin(names)]
    lost = others.merge(after, how="left", indicator=True)["_merge"] == "left_only"
    assert lost.groupby(others["defect"].to_numpy()).mean().max() < 0.1


def test_intervals_and_days_tell_of_the_same_faults():
    plan, people = plan_of("heavy"), people_of()
    kwh = energy_of(people, plan, n_slots=4)
    days = inject_daily(plan, people, kwh.sum(axis=2))
    parts = inject_intervals(plan, people, np.arange(N), kwh, plan.days)
    ids = pd.Index(people["customer_id"])
    stamps = pd.date_range(plan.days[0], periods=N_DAYS * 4, freq="6h")
    by_day = cells(days.log, "energy_daily", ids, plan.days)
    by_part = cells(parts.log, "readings", ids, stamps)
    for kind in ("catch_up", "roll_over", "meter_change"):
        both = by_part[kind].reshape(N, N_DAYS, 4).any(axis=2) & by_day[kind]
        assert both.any()
        total = parts.kwh.astype(float).sum(axis=2)
        # A quarter of the day may be lost on its own account.
        whole = both & np.isfinite(total)
        np.testing.assert_allclose(total[whole], days.kwh[whole], atol=0.05)


def test_a_file_in_watts_holds_the_same_customers_and_month_in_both_tables():
    plan, people = plan_of("heavy"), people_of()
    # The intervals begin later than the days.
    plan.panel_days = plan.days[100:]
    kwh = energy_of(people, plan, n_slots=4)
    at = np.arange(7, N, 3)
    days = inject_daily(plan, people, kwh.sum(axis=2))
    late = inject_intervals(plan, people, at, kwh[at][:, 100:], plan.panel_days)
    ids = pd.Index(people["customer_id"])
    stamps = pd.date_range(plan.panel_days[0], periods=110 * 4, freq="6h")
    by_day = cells(days.log, "energy_daily", ids, plan.days)["unit_file"]
    by_part = cells(late.log, "readings", ids, stamps)["unit_file"]
    assert not by_day[:, :100].any()
    found = by_part.reshape(N, 110, 4).any(axis=2)[at]
    assert found.any()
    # Other faults came first on some days of the one or the other table.
    months = pd.Series(plan.panel_days.to_period("M"))
    for struck in (found, by_day[at, 100:]):
        assert struck.any(axis=1).sum() == found.any(axis=1).sum()
        assert set(months[struck.any(axis=0)]) == set(months[found.any(axis=0)])
    assert np.array_equal(found.any(axis=1), by_day[at, 100:].any(axis=1))


def test_faults_do_not_depend_on_the_order_of_customers_or_chunks():
    plan, people = plan_of(), people_of()
    kwh = energy_of(people, plan, n_slots=4)
    whole = inject_intervals(plan, people, np.arange(N), kwh, plan.days)
    order = np.random.default_rng(0).permutation(N)
    parts = [
        inject_intervals(plan, people, at, kwh[at], plan.days).log
        for at in np.array_split(order, 3)
    ]
    drawn_by_cell = {"missing", "exact_duplicate", "conflicting_duplicate"}

    def of_faults(log):
        rows = log[~log["defect"].isin(drawn_by_cell)]
        return rows.sort_values(list(rows.columns)).reset_index(drop=True)

    pd.testing.assert_frame_equal(of_faults(pd.concat(parts)), of_faults(whole.log))


def test_a_catch_up_holds_the_energy_of_its_run():
    plan, people = plan_of("heavy"), people_of()
    kwh = energy_of(people, plan)
    injected = inject_daily(plan, people, kwh)
    ids = pd.Index(people["customer_id"])
    lump = cells(injected.log, "energy_daily", ids, plan.days)["catch_up"]
    run = cells(injected.log, "energy_daily", ids, plan.days)["offline_run"]
    for row, day in zip(*np.nonzero(lump), strict=True):
        start = day
        while run[row, start - 1]:
            start -= 1
        expected = kwh[row, start : day + 1].astype(float).sum()
        assert injected.kwh[row, day] == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_shares_are_those_of_the_level():
    plan, people = plan_of("typical", n_days=365), people_of(6000)
    kwh = energy_of(people, plan)
    log = inject_daily(plan, people, kwh).log
    customers = log.assign(id=log["row_key"].str[:10]).groupby("defect")["id"].nunique()
    n = len(people)
    assert customers["offline_run"] == pytest.approx(0.04 * n, rel=0.2)
    assert customers["meter_change"] == pytest.approx(0.02 * n, rel=0.25)
    assert customers["frozen_run"] == pytest.approx(0.005 * n, rel=0.5)
    assert customers["zero_run"] == pytest.approx(0.005 * n, rel=0.5)
    assert customers["catch_up"] / customers["offline_run"] == pytest.approx(0.5, 0.2)
    values = log["defect"].value_counts()
    assert values["missing"] == pytest.approx(0.01 * kwh.size, rel=0.05)
    assert values["exact_duplicate"] == pytest.approx(0.01 * kwh.size, rel=0.06)


def test_links_go_wrong_inside_and_outside_the_area(tables):
    _, clean, changed, log = tables
    area = clean["transformers"].set_index("transformer_id")["area_id"]
    now = changed["customers"].iloc[: len(clean["customers"])]
    other = now["transformer_id"].map(area).to_numpy() != now["area_id"].to_numpy()
    keys = clean["customers"]["customer_id"].to_numpy()
    outside = log[log["defect"] == "transformer_of_other_area"]["row_key"]
    assert set(keys[other]) == set(outside)


def test_a_corrected_bill_stands_beside_the_wrong_one(tables):
    _, clean, changed, _ = tables
    bills = changed["bills"].set_index("bill_id")
    new = bills[bills["corrects_bill_id"].notna()]
    old = bills.loc[new["corrects_bill_id"]]
    right = clean["bills"].set_index("bill_id").loc[new["corrects_bill_id"]]
    assert (old["status"] == "corrected").all() and (new["status"] == "paid").all()
    assert (old["total_yuan"].to_numpy() > new["total_yuan"].to_numpy()).all()
    np.testing.assert_array_equal(new["total_yuan"], right["total_yuan"])
    parts = old[["energy_charge", "basic_charge", "funds"]].sum(axis=1)
    np.testing.assert_allclose(parts, old["total_yuan"], atol=1e-9)


def test_heavy_defects_give_every_customer_three_times():
    plan, clean = plan_of("heavy"), tables_of(people_of())
    changed, _ = inject_tables(plan, clean)
    times = changed["customers"]["customer_id"].str.strip().value_counts()
    assert times.min() == 3
