"""Tickets: how many of which kind, from what causes, in what words, worked off when."""

import re
import unicodedata
from functools import cache

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from synthetic_grid import planned_grid, prepaid_tables

from research.region.synthetic.grid.outages import customers_off
from research.region.synthetic.voices.catalogue import catalogue
from research.region.synthetic.voices.tickets import (
    KINDS,
    THREE_KINDS,
    TOPUP_SHARE,
    tickets,
)

pytestmark = pytest.mark.slow

TIMES = ["ts_created", "ts_dispatch", "ts_contact", "ts_done", "ts_visit_back"]


@cache
def made(
    name: str, *, size: tuple[int, int] = (3000, 400), seed: int = 0, **options
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Tickets, steps and truth of a region; not to be changed."""
    on = planned_grid(name, *size, seed)
    money = prepaid_tables(name, *size, seed)
    return tickets(*on, **money, **options)


def three_kinds(name: str, **options) -> tuple[int, int]:
    """Complaints, opinions and service requests; those about failed top-ups."""
    found, _, truth = made(name, **options)
    three = found["type"].isin(THREE_KINDS)
    return three.sum(), (truth.loc[three, "topic"] == "remote_topup_fail").sum()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["haihe", "hetao"])
def test_failed_topups_have_their_share_of_three_kinds_to_the_ticket(name):
    all_three, failed = three_kinds(name, intensity=150.0, exact=True)
    assert all_three > 5000
    assert abs(failed - TOPUP_SHARE * all_three) <= 1


@pytest.mark.slow
def test_failed_topups_have_their_share_of_three_kinds_by_chance():
    pairs = [three_kinds("haihe", intensity=150.0, seed=seed) for seed in range(2)]
    all_three, failed = np.sum(pairs, axis=0)
    assert failed / all_three == pytest.approx(0.0167, abs=0.003)


@pytest.mark.slow
def test_the_knob_of_the_share_turns():
    all_three, failed = three_kinds("haihe", topup_share=0.05, exact=True)
    assert abs(failed - 0.05 * all_three) <= 1


@pytest.mark.slow
def test_kinds_are_as_common_as_wanted():
    found, _, _ = made("haihe", intensity=150.0)
    share = found["type"].value_counts(normalize=True)
    assert share.loc[list(KINDS)].to_dict() == pytest.approx(KINDS, abs=0.012)


@pytest.mark.parametrize("name", ["haihe", "hetao"])
def test_the_times_of_every_ticket_are_in_order(name):
    found, _, _ = made(name)
    for earlier, later in (
        ("ts_created", "ts_dispatch"),
        ("ts_dispatch", "ts_contact"),
        ("ts_contact", "ts_done"),
        ("ts_created", "ts_done"),
        ("ts_done", "ts_visit_back"),
    ):
        both = found[[earlier, later]].notna().all(axis=1)
        assert both.sum() > 100
        assert (found.loc[both, earlier] <= found.loc[both, later]).all()
    assert found["ts_created"].is_monotonic_increasing


def test_nothing_is_known_that_happens_after_the_last_day():
    plan = planned_grid("haihe").plan
    found, steps, _ = made("haihe")
    end = plan.days[-1] + pd.Timedelta(days=1)
    assert found[TIMES].max().max() < end
    assert steps[["ts_in", "ts_out"]].max().max() < end
    assert found["ts_done"].isna().any()
    assert found.loc[found["ts_visit_back"].isna(), "satisfied"].isna().all()


def test_steps_follow_each_other_without_gap():
    _, steps, _ = made("hetao")
    same = steps["ticket_id"].eq(steps["ticket_id"].shift())
    assert (steps.loc[same, "step"].values == steps["step"].shift()[same] + 1).all()
    assert (steps.loc[~same, "step"] == 1).all()
    assert (steps["ts_in"][same] == steps["ts_out"].shift()[same]).all()
    ended = steps["ts_out"].notna()
    assert (steps.loc[ended, "ts_out"] >= steps.loc[ended, "ts_in"]).all()


def test_every_ticket_has_a_first_step():
    found, steps, _ = made("hetao")
    assert set(steps.loc[steps["step"] == 1, "ticket_id"]) == set(found["ticket_id"])


@pytest.mark.parametrize("name", ["haihe", "hetao"])
def test_every_text_says_something_in_chinese(name):
    found, _, _ = made(name)
    chinese = found["text_zh"].str.count("[\u4e00-\u9fff]")
    assert (chinese >= 8).all()
    assert not found["text_zh"].str.contains("[{}]").any()


@pytest.mark.slow
def test_every_topic_of_the_catalogue_occurs():
    truths = [made(name, intensity=150.0)[2] for name in ("haihe", "hetao")]
    assert set(pd.concat(truths)["topic"]) == set(
        catalogue("ticket_templates")["topic"]
    )


def test_texts_are_written_in_haste():
    found, _, truth = made("haihe")
    book = catalogue("ticket_templates").set_index("template_id")["text_zh"]
    pattern = book.loc[truth["template_id"]].to_numpy()
    plain = [
        "{" in wanted or wanted in unicodedata.normalize("NFKC", text)
        for wanted, text in zip(pattern, found["text_zh"], strict=True)
    ]
    # About twenty characters, half of which have a sound-alike.
    assert 0.03 < 1 - np.mean(plain) < 0.35
    assert (truth["second_topic"] != "").mean() == pytest.approx(0.08, abs=0.015)
    assert found["text_zh"].str.contains("[０-９]").any()
    assert found["text_zh"].str.contains("[0-9]").any()


def test_all_telephone_numbers_are_invented():
    found, _, _ = made("haihe")
    texts = found["text_zh"].map(lambda text: unicodedata.normalize("NFKC", text))
    numbers = texts.map(
        lambda text: re.findall(r"(?<!\d)1\d{10}(?!\d)", text)
    ).explode()
    numbers = numbers.dropna()
    assert len(numbers) > 100
    assert numbers.str.startswith("1990000").all()


def test_customer_and_class_are_right_before_defects():
    on = planned_grid("hetao")
    found, _, truth = made("hetao")
    assert found["customer_id"].isin(on.people["customer_id"]).all()
    book = catalogue("ticket_templates").set_index("template_id")
    right = book.loc[truth["template_id"]]
    assert (found["class_code"].to_numpy() == right["class_zh"].to_numpy()).all()
    assert (found["type"].to_numpy() == right["type"].to_numpy()).all()
    assert (truth["topic"].to_numpy() == right["topic"].to_numpy()).all()


def test_tickets_come_while_the_account_is_open():
    on = planned_grid("haihe")
    found, _, _ = made("haihe")
    of = on.people.set_index("customer_id").loc[found["customer_id"]]
    day = found["ts_created"].dt.normalize().to_numpy()
    assert (day >= of["open_date"].to_numpy()).all()
    closed = of["close_date"].notna().to_numpy()
    assert (day[closed] <= of["close_date"].to_numpy()[closed]).all()


def test_an_outage_makes_only_those_call_whom_it_struck():
    on = planned_grid("hetao")
    found, _, truth = made("hetao")
    struck, who = customers_off(on.people, on.transformers, on.outages)
    pairs = set(
        zip(
            on.outages["outage_id"].to_numpy()[struck],
            on.people["customer_id"].to_numpy()[who],
            strict=True,
        )
    )
    # Calls that come again keep the cause of the first one.
    caused = (truth["cause"] == "outage").to_numpy()
    assert caused.sum() > 50
    calls = zip(truth["ref"][caused], found["customer_id"][caused], strict=True)
    assert set(calls) <= pairs
    start = on.outages.set_index("outage_id")["ts_start"].loc[truth["ref"][caused]]
    assert (found.loc[caused, "ts_created"].to_numpy() >= start.to_numpy()).all()


def test_who_calls_after_outages_is_who_is_sensitive():
    on = planned_grid("hetao")
    found, _, truth = made("hetao")
    callers = found.loc[(truth["cause"] == "outage").to_numpy(), "customer_id"]
    sensitivity = on.people.set_index("customer_id")["true_outage_sensitivity"]
    assert sensitivity.loc[callers].mean() > 1.3 * sensitivity.mean()


def test_repeats_are_of_an_earlier_ticket_on_the_same_matter():
    plan = planned_grid("haihe").plan
    found, _, truth = made("haihe")
    again = found["repeat_of"].notna()
    assert again.sum() > 50
    by_id = found.assign(topic=truth["topic"]).set_index("ticket_id")
    first = by_id.loc[found.loc[again, "repeat_of"]]
    later = by_id[again.to_numpy()]
    for column in ("customer_id", "topic"):
        assert (first[column].to_numpy() == later[column].to_numpy()).all()
    since = later["ts_created"].to_numpy() - first["ts_created"].to_numpy()
    days = since / np.timedelta64(1, "D")
    assert ((days > 0) & (days <= plan.settings.tickets.repeat_days)).all()
    assert (first["ts_done"].to_numpy() < later["ts_created"].to_numpy()).all()


@pytest.mark.slow
def test_the_two_bad_units_are_complained_of_most():
    on = planned_grid("haihe", 6000, 500)
    found, _, _ = made("haihe", size=(6000, 500), intensity=100.0)
    unit = on.areas.set_index("area_id")["org_unit"]
    customers = unit.loc[on.people["area_id"]].value_counts()
    complaints = found.loc[found["type"] == "complaint", "org_unit"].value_counts()
    rate = (complaints / customers).dropna().sort_values()
    bad = set(on.areas.loc[on.areas["true_complaint_factor"] > 1, "org_unit"])
    assert len(bad) == 2
    assert set(rate.index[-2:]) == bad
    good = rate[~rate.index.isin(bad)].mean()
    assert rate[list(bad)].mean() / good == pytest.approx(2.5, abs=0.7)


@pytest.mark.slow
def test_tickets_without_a_cause_are_poisson():
    on = planned_grid("haihe")
    found, _, truth = made("haihe", intensity=100.0)
    base = found[((truth["cause"] == "base") & found["repeat_of"].isna()).to_numpy()]
    base = base[base["type"] != "complaint"]
    there = on.people["open_date"] < on.plan.start
    there &= on.people["close_date"].isna()
    ids = on.people.loc[there, "customer_id"]
    number = base["customer_id"].value_counts().reindex(ids, fill_value=0)
    assert number.var() / number.mean() == pytest.approx(1, abs=0.1)
    months = base["ts_created"].dt.month
    spring = base.loc[months.isin([3, 4, 5]), "ts_created"].dt.normalize()
    daily = spring.value_counts()
    assert daily.var() / daily.mean() == pytest.approx(1, abs=0.45)


@pytest.mark.slow
def test_summer_has_more_tickets():
    found, _, truth = made("haihe", intensity=100.0)
    base = found.loc[(truth["cause"] == "base").to_numpy(), "ts_created"]
    by_month = base.dt.to_period("M").value_counts().sort_index()
    summer = by_month.loc["2024-07":"2024-08"].mean()
    assert summer / by_month.loc["2024-03":"2024-06"].mean() == pytest.approx(1.6, 0.06)


def test_without_top_ups_nobody_calls_about_them():
    on = planned_grid("haihe")
    _, _, truth = tickets(*on)
    assert not truth["topic"].isin(["remote_topup_fail", "low_balance_trip"]).any()
    assert set(truth["cause"]) <= {"base", "outage", "low_voltage"}


def test_a_bill_that_jumps_makes_some_call():
    on = planned_grid("haihe")
    ids = on.people["customer_id"].repeat(2).reset_index(drop=True)
    n = len(on.people)
    jump = np.arange(n) % 2 == 0
    bills = pd.DataFrame(
        {
            "bill_id": [f"B{i}" for i in range(2 * n)],
            "customer_id": ids,
            "ym": ["2024-05", "2024-06"] * n,
            "issue_date": pd.to_datetime(["2024-06-02", "2024-07-02"] * n),
            "kwh": np.column_stack([np.full(n, 200.0), 200 + 200 * jump]).ravel(),
            "total_yuan": np.column_stack(
                [np.full(n, 100.0), 100 + 100 * jump]
            ).ravel(),
        }
    )
    found, _, truth = tickets(*on, bills=bills)
    high = (truth["cause"] == "high_bill").to_numpy()
    callers = found.loc[high, "customer_id"]
    jumped = set(on.people["customer_id"][jump])
    # Three in a hundred of 1,500, repeats besides; good units settle some complaints.
    assert 20 <= callers.nunique() <= 70
    assert set(callers) <= jumped
    assert (found.loc[high, "ts_created"] >= "2024-07-02").all()


@pytest.mark.slow
def test_a_seed_decides_every_ticket():
    again = tickets(
        *planned_grid("haihe", 300, 120), **prepaid_tables("haihe", 300, 120)
    )
    for one, two in zip(made("haihe", size=(300, 120)), again, strict=True):
        assert_frame_equal(one, two)
    other = made("haihe", size=(300, 120), seed=1)[0]
    assert not again[0]["text_zh"].equals(other["text_zh"])
