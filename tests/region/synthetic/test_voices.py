"""Grid and voices together: what the schema asks, contacts, managers, the economy."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from synthetic_grid import Grid, planned_grid, prepaid_tables

from research.region.calendar import day_calendar
from research.region.schema import TABLES
from research.region.synthetic.economy import economy
from research.region.synthetic.plan import REGIONS, plan_of
from research.region.synthetic.truth import public
from research.region.synthetic.voices.catalogue import catalogue
from research.region.synthetic.voices.contacts import contacts
from research.region.synthetic.voices.staff import manager_log, products, sla
from research.region.synthetic.voices.surveys import needs_survey, satisfaction
from research.region.synthetic.voices.tickets import tickets

pytestmark = pytest.mark.slow


def voices(on: Grid, **causes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """All that is said and done in a region."""
    told, steps, truth = tickets(*on, **causes)
    answers, _ = satisfaction(*on, told, truth)
    return {
        "tickets": told,
        "ticket_steps": steps,
        "contacts": contacts(on.plan, on.people, told),
        "satisfaction": answers,
        "needs_survey": needs_survey(on.plan, on.people),
        "manager_log": manager_log(on.plan, on.people),
        "products": products(),
        "sla": sla(on.plan, on.people),
        "economy": economy(on.plan),
    }


@cache
def made(name: str, size: tuple[int, int] = (3000, 400)) -> dict[str, pd.DataFrame]:
    """All tables of grid and voices; not to be changed."""
    on = planned_grid(name, *size)
    grid = {
        "areas": on.areas,
        "transformers": on.transformers,
        "transformer_load": on.load,
        "outages": on.outages,
    }
    shown = {name: public(table, name) for name, table in grid.items()}
    return {**shown, **voices(on, **prepaid_tables(name, *size))}


@pytest.mark.parametrize(
    "size",
    [
        pytest.param((3000, 400), id="small", marks=pytest.mark.slow),
        pytest.param((300, 120), id="tiny", marks=pytest.mark.slow),
        pytest.param((20, 28), id="least"),
    ],
)
@pytest.mark.parametrize("name", REGIONS)
def test_every_table_is_as_the_schema_has_it(name, size):
    for table, frame in made(name, size).items():
        known = TABLES[table]
        assert set(known.required) <= set(frame.columns) <= set(known.columns), table
        assert not frame.duplicated(list(known.key)).any(), table
        assert frame[known.required].notna().all().all(), table
        for column in frame:
            values = frame[column].dropna()
            declared = known.columns[column]
            if declared.codes:
                assert set(values) <= set(declared.codes), (table, column)
            elif declared.low and declared.kind not in ("date", "time"):
                low, high = float(declared.low), float(declared.high or np.inf)
                assert values.between(low, high).all(), (table, column)


def test_references_lead_somewhere():
    tables = made("hetao", (300, 120))
    on = planned_grid("hetao", 300, 120)
    tables = {**tables, "customers": on.people}
    for table, frame in tables.items():
        for name, column in TABLES[table].columns.items():
            if column.parent and name in frame:
                parent, key = column.parent.split(".")
                assert frame[name].dropna().isin(tables[parent][key]).all(), name


@pytest.mark.slow
def test_the_same_seed_makes_the_same_tables():
    before = made("hetao", (300, 120))
    on = planned_grid.__wrapped__("hetao", 300, 120)
    after = voices(on, **prepaid_tables.__wrapped__("hetao", 300, 120))
    assert_frame_equal(public(on.outages, "outages"), before["outages"])
    for name, table in after.items():
        assert_frame_equal(table, before[name])


def test_a_missing_cause_changes_no_other_table():
    size = 300, 120
    with_them, without = made("haihe", size), voices(planned_grid("haihe", *size))
    for name in ("needs_survey", "manager_log", "sla", "economy"):
        assert_frame_equal(with_them[name], without[name])
    columns = ["customer_id", "ts", "channel", "function"]
    journeys = []
    for tables in (with_them, without):
        called = tables["tickets"].set_index(["customer_id", "ts_created"]).index
        of_all = tables["contacts"].set_index(["customer_id", "ts"], drop=False)
        journeys.append(of_all.loc[~of_all.index.isin(called), columns])
    assert_frame_equal(*(frame.reset_index(drop=True) for frame in journeys))


@pytest.mark.slow
def test_contacts_move_to_the_app():
    on = planned_grid("minjiang", 3000, 1096)
    met = contacts(on.plan, on.people, tickets(*on)[0])
    share = pd.crosstab(met["ts"].dt.year, met["channel"], normalize="index")
    offline = share["hall"] + share["phone95598"]
    # Of a hundred contacts of hall and telephone eight move each year.
    assert offline.loc[2025] / offline.loc[2023] == pytest.approx(0.85, abs=0.05)
    assert share["app"].is_monotonic_increasing


def test_every_ticket_is_a_contact():
    tables = made("haihe", (300, 120))
    called = tables["tickets"].set_index(["customer_id", "ts_created"]).index
    assert called.isin(tables["contacts"].set_index(["customer_id", "ts"]).index).all()
    assert tables["contacts"]["ts"].is_monotonic_increasing


def test_old_people_use_the_hall_and_the_young_the_telephone_in_their_hand():
    on = planned_grid("haihe")
    met = made("haihe")["contacts"]
    kind = on.people.set_index("customer_id")["true_archetype"]
    of = kind.loc[met["customer_id"]].to_numpy()
    share = pd.crosstab(of, met["channel"], normalize="index")
    assert share.loc["R4", "hall"] > 2 * share.loc["R1", "hall"]
    assert share.loc["R1", "app"] > 2 * share.loc["R4", "app"]


def test_managers_work_on_working_days():
    on = planned_grid("haihe")
    log = made("haihe")["manager_log"]
    working = day_calendar(on.plan.days, on.plan.settings)["working"]
    assert working.loc[log["ts"].dt.normalize()].all()
    own = on.people.set_index("customer_id")["manager_id"]
    assert (own.loc[log["customer_id"]].to_numpy() == log["manager_id"]).all()


@pytest.mark.slow
def test_managers_of_many_see_each_less_often():
    on = planned_grid("haihe", 6000, 500)
    log = manager_log(on.plan, on.people)
    large = on.people[on.people["voltage"].str.endswith("kV")]
    load = large["manager_id"].value_counts()
    entries = log.loc[log["customer_id"].isin(large["customer_id"]), "manager_id"]
    each = entries.value_counts().reindex(load.index) / load
    assert np.corrcoef(np.log(load), np.log(each))[0, 1] < -0.7


def test_cases_go_through_the_steps_in_order():
    cases = made("haihe")["sla"]
    order = catalogue("process_steps").set_index("step_zh")["step"]
    step = order.loc[cases["step"]].to_numpy()
    same = cases["case_id"].eq(cases["case_id"].shift()).to_numpy()
    assert (np.diff(step)[same[1:]] > 0).all()
    later = cases["ts"].diff().dt.total_seconds().to_numpy()
    assert (later[same] >= 0).all()
    assert (step[~same] == 1).all()
    skipped = 1 - len(cases) / (17 * cases["case_id"].nunique())
    assert 0 < skipped < 0.15


def test_the_economy_falls_in_the_twenty_first_month():
    plan = plan_of("minjiang")
    series = economy(plan).pivot(index="ym", columns="series", values="value")
    output = series["industrial_output_index"]
    before, after = output.iloc[17:20].mean(), output.iloc[20:23].mean()
    assert after / before == pytest.approx(0.92, abs=0.03)
    assert len(series) == len(plan.months)
