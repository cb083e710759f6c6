"""Recall and precision of the rules on a synthetic region with known defects."""

from importlib.resources import files

import pandas as pd
import pytest

from research.region.ingest.table import import_table
from research.region.settings import read_settings
from research.region.synthetic import defects, energy, plan_of, population
from research.region.synthetic.build import synthesize
from research.region.synthetic.defects import inject_tables
from research.region.synthetic.defects.detection import BEYOND, detection
from research.region.synthetic.exports import write_exports
from research.region.synthetic.money import money_tables
from research.region.synthetic.truth import public
from research.region.synthetic.weather import weather

# Rare defects, made frequent enough to be counted in a small region.
OFTEN = {
    "ct_ratio": 0.3,
    "roll_over": 0.2,
    "meter_change": 0.2,
    "frozen_run": 0.2,
    "offline_run": 0.3,
    "wrong_transformer": 0.2,
    "exact_duplicate": 0.03,
    "conflicting_duplicate": 0.02,
    "refund": 0.03,
    "paid_twice": 0.03,
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Recall and precision on the heavy level, by table and defect."""
    folder = tmp_path_factory.mktemp("planted") / "haihe"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in OFTEN.items():
            often = defects.SHARES[name]._replace(heavy=value)
            patch.setitem(defects.SHARES, name, often)
        size = {"customers": 500, "panel": 45, "days": 121, "seed": 1}
        synthesize("haihe", folder, defects="heavy", say=lambda _: None, **size)
    log = pd.read_parquet(folder / "truth" / "defects.parquet")
    settings = read_settings(folder / "region.yaml")
    return detection(folder, log, settings).set_index(["table", "defect"])


# Least recall and precision, from three seeds, with a margin for chance. What is below
# 1 has its reason: see the comments.
FLOORS = {
    ("customers", "exact_duplicate"): (1, 1),
    ("registers", "exact_duplicate"): (1, 1),
    ("bills", "exact_duplicate"): (1, 1),
    ("payments", "exact_duplicate"): (1, 1),
    ("topups", "exact_duplicate"): (1, 1),
    ("energy_daily", "exact_duplicate"): (1, 1),
    ("readings", "exact_duplicate"): (1, 1),
    ("customers", "conflicting_duplicate"): (1, 1),
    ("payments", "conflicting_duplicate"): (1, 1),
    ("topups", "conflicting_duplicate"): (1, 1),
    ("energy_daily", "conflicting_duplicate"): (1, 1),
    ("readings", "conflicting_duplicate"): (1, 1),
    ("tickets", "impossible_date"): (1, 1),
    ("customers", "impossible_date"): (1, 1),
    ("bills", "impossible_date"): (1, 1),
    ("payments", "impossible_date"): (1, 1),
    # A change to a meter of about the same figure looks like a roll-over; a customer
    # of much energy a day may have rolled over or not.
    ("energy_daily", "meter_change"): (0.9, 1),
    ("energy_daily", "roll_over"): (0.8, 0.8),
    # A first or last value that is missing is no gap.
    ("readings", "missing"): (0.99, 0.99),
    ("energy_daily", "missing"): (0.96, 0.99),
    ("readings", "offline_run"): (0.99, 0.99),
    # One missing day is a gap.
    ("energy_daily", "offline_run"): (0.98, 0.99),
    # A day's lump after one silent day looks like a day of much use; it is taken for
    # one only where it tops every other day.
    ("readings", "catch_up"): (0.95, 0.95),
    ("energy_daily", "catch_up"): (0.9, 0.95),
    # The first value of a run is right, yet marked.
    ("readings", "frozen_run"): (0.95, 0.9),
    ("energy_daily", "frozen_run"): (0.85, 0.75),
    # Empty homes and idle pumps use nothing either: no fault, and marked.
    ("readings", "zero_run"): (0.99, 0.05),
    ("energy_daily", "zero_run"): (0.99, 0.2),
    # An account of which nothing but the month in W is known has no other month.
    ("readings", "unit_file"): (0.99, 1),
    ("energy_daily", "unit_file"): (0.97, 1),
    # Months of which few days are whole are not compared.
    ("readings", "stamp_flip"): (0.85, 1),
    ("bills", "ct_ratio"): (0.9, 1),
    ("customers", "transformer_of_other_area"): (0.95, 1),
    ("customers", "unknown_industry"): (0.95, 1),
    ("payments", "date_only"): (0.95, 1),
    # Lots of fewer than ten payments are not told from chance.
    ("payments", "month_end_batch"): (0.75, 0.95),
    # Money that never arrived is given back in the clean tables too.
    ("payments", "refund"): (0.9, 0.4),
    ("payments", "paid_twice"): (0.8, 0.9),
    ("topups", "paid_twice"): (0.95, 0.9),
    ("tickets", "no_customer"): (0.9, 1),
    ("bills", "corrected_bill"): (0.9, 1),
}


@pytest.mark.slow
@pytest.mark.parametrize(("table", "defect"), FLOORS)
def test_the_rules_find_what_they_are_for(found, table, defect):
    row = found.loc[(table, defect)]
    recall, precision = FLOORS[table, defect]
    assert row["planted"] > 0
    assert row["recall"] >= recall
    assert row["precision"] >= precision


@pytest.mark.slow
def test_what_no_rule_can_find_is_said_so_with_its_reason(found):
    beyond = found[found["rule"].str.startswith("none: ")]
    assert set(beyond.index.get_level_values("defect")) == set(BEYOND)
    assert (beyond["planted"] > 0).all() and (beyond["hits"] == 0).all()


@pytest.mark.slow
def test_an_import_mends_the_ids_that_lost_their_zeros(tmp_path):
    plan = plan_of("haihe", customers=300, panel=20, days=60, defects="heavy")
    people = population.people(plan)
    kwh, _ = energy.daily(plan, people, weather(plan))
    money = money_tables(plan, people, kwh).tables
    clean = {"customers": public(people, "customers"), "payments": money["payments"]}
    tables, log = inject_tables(plan, clean)
    source, target = tmp_path / "export", tmp_path / "region"
    write_exports(tables, source, "none", seed=0)
    settings = files("research.region.synthetic").joinpath("haihe.yaml").read_text()
    (source / "region.yaml").write_text(settings, encoding="utf-8")
    import_table(source, target, say=lambda _: None)
    told = detection(target, log, plan.settings).set_index(["table", "defect"])
    row = told.loc[("payments", "id_spelling")]
    assert row["planted"] > 20
    assert row["recall"] > 0.9 and row["precision"] == 1
    kept = pd.read_parquet(target / "payments.parquet")["customer_id"]
    assert set(kept) <= set(people["customer_id"])
