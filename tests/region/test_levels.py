"""How far the tables of a region carry, and which notebooks they reach."""

import json

import pandas as pd
import pytest
from planted import REGION_YAML, planted_readings, write_region

from research.region import InputError, read_region
from research.region.files import write_table
from research.region.quality import LEVELS, reach

ID, DAY, MONTH = ["0000"], pd.to_datetime(["2024-01-01"]), ["2024-01"]
ROWS = {
    "energy_monthly": {"ym": MONTH, "kwh": [1.0]},
    "energy_daily": {"date": DAY, "kwh": [1.0]},
    "registers": {
        "ym": MONTH,
        "active_kwh": [1.0],
        "peak_kwh": [0.5],
        "valley_kwh": [0.5],
    },
    "bills": {"bill_id": ["B"], "ym": MONTH, "total_yuan": [1.0]},
    "payments": {"payment_id": ["P"], "ts": DAY, "amount_yuan": [1.0]},
    "topups": {
        "attempt_id": ["A"],
        "ts_order": DAY,
        "amount": [1.0],
        "outcome": ["delivered"],
    },
    "trip_events": {"ts_off": DAY},
    "tickets": {
        "ticket_id": ["T"],
        "ts_created": DAY,
        "type": ["inquiry"],
        "text_zh": [""],
    },
    "contacts": {"contact_id": ["C"], "ts": DAY, "channel": ["app"]},
    "areas": {"area_id": ["a"]},
    "transformers": {"transformer_id": ["t"]},
    "outages": {
        "outage_id": ["O"],
        "ts_start": DAY,
        "ts_end": DAY,
        "planned": [True],
    },
    "satisfaction": {
        "response_id": ["S"],
        "wave": ["1"],
        **{f"dim{n}": [8] for n in range(1, 7)},
        "overall": [8],
    },
    "needs_survey": {
        "wave": ["1"],
        "need_id": ["n"],
        "importance": [3],
        "performance": [3],
    },
    "products": {"product_id": ["p"], "name": ["x"]},
    "points_ledger": {"entry_id": ["E"], "ts": DAY, "kind": ["earn"], "points": [1]},
    "sla": {"case_id": ["K"], "step": ["1"], "ts": DAY},
}
WITHOUT_CUSTOMER = {"areas", "transformers", "outages", "products"}


@pytest.fixture
def region_with(tmp_path):
    def region(*tables, readings_of=None, yaml=REGION_YAML):
        folder = tmp_path / "r"
        if readings_of:
            readings, _ = planted_readings(1, 2, minutes=readings_of)
            yaml = yaml.replace(
                "resolution_minutes: 60", f"resolution_minutes: {readings_of}"
            )
            write_region(folder, readings, yaml)
        else:
            folder.mkdir()
            (folder / "region.yaml").write_text(yaml, encoding="utf-8")
            write_table(pd.DataFrame({"customer_id": ID}), folder, "customers")
        for name in tables:
            rows = pd.DataFrame(ROWS[name])
            if name not in WITHOUT_CUSTOMER:
                rows.insert(0, "customer_id", ID)
            write_table(rows, folder, name)
        return read_region(folder)

    return region


L4 = ("energy_daily", "registers", "bills", "payments")
L5 = (*L4, "topups", "trip_events")
L6 = (*L5, "tickets", "contacts", "areas", "transformers", "outages")
L7 = (*L6, "satisfaction", "needs_survey", "products", "points_ledger", "sla")


@pytest.mark.parametrize(
    ("tables", "readings_of", "level"),
    [
        pytest.param((), None, "below L0", id="customers alone"),
        pytest.param(("payments",), None, "below L0", id="payments alone"),
        pytest.param(("energy_monthly",), None, "L0", id="months"),
        pytest.param(("energy_daily",), None, "L2", id="days"),
        pytest.param((), 1440, "L2", id="daily readings"),
        pytest.param((), 60, "L3", id="hourly readings"),
        pytest.param(("energy_daily", "registers"), None, "L3", id="bands"),
        pytest.param(L4, None, "L4", id="money"),
        pytest.param(("energy_daily", "bills", "payments"), None, "L2", id="a hole"),
        pytest.param(("bills", "payments"), 60, "L4", id="money and readings"),
        pytest.param(L5, None, "L5", id="prepayment"),
        pytest.param(L6, None, "L6", id="tickets"),
        pytest.param(L7, None, "L7", id="all"),
    ],
)
def test_a_level_is_reached_with_its_tables_and_all_lower_ones(
    region_with, tables, readings_of, level
):
    region = region_with(*tables, readings_of=readings_of)
    assert region.level.startswith(level)
    reached = region.levels.loc[region.levels["reached"] == "yes", "level"].tolist()
    assert reached == list(LEVELS)[: len(reached)]


def test_a_level_says_what_it_lacks(region_with):
    levels = region_with("energy_daily", "topups").levels.set_index("level")
    assert levels.loc["L2", "lacks"] == ""
    assert levels.loc["L3", "lacks"] == "intervals or bands of registers"
    assert levels.loc["L5", "lacks"] == "balance_daily or trip_events"
    assert levels.loc["L5", "reached"] == "no"


def write_notebooks(folder, **needs):
    folder.mkdir()
    for name, wanted in needs.items():
        metadata = {} if wanted is None else {"research": {"needs": wanted}}
        notebook = {"cells": [], "metadata": metadata}
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def test_a_notebook_runs_where_its_tables_are(region_with, tmp_path):
    notebooks = write_notebooks(
        tmp_path / "nb",
        a_any=None,
        b_days=["energy_daily"],
        c_money=["bills|payments"],
        d_more=["payments", "tickets", "topups|trip_events"],
        e_shape=["intervals"],
    )
    region = region_with("payments", readings_of=60)
    assert reach(region, notebooks).to_numpy().tolist() == [
        ["a_any", "yes", ""],
        ["b_days", "yes", ""],  # readings add up to days
        ["c_money", "yes", ""],
        ["d_more", "no", "tickets, topups or trip_events"],
        ["e_shape", "yes", ""],
    ]


def test_a_notebook_about_all_regions_runs_on_none(region_with, tmp_path):
    notebooks = write_notebooks(tmp_path / "nb", a_any=None)
    about = {"cells": [], "metadata": {"research": {"about": "all regions"}}}
    (notebooks / "b_all.ipynb").write_text(json.dumps(about), encoding="utf-8")
    assert reach(region_with("payments"), notebooks)["notebook"].tolist() == ["a_any"]


def test_daily_readings_are_no_intervals(region_with, tmp_path):
    notebooks = write_notebooks(tmp_path / "nb", shape=["intervals"])
    found = reach(region_with(readings_of=1440), notebooks)
    assert found["lacks"].tolist() == ["intervals"]


@pytest.mark.parametrize("text", ["", "[]", '{"metadata": 3}', '{"cells": []}'])
def test_a_file_that_is_no_notebook_is_told(region_with, tmp_path, text):
    (tmp_path / "nb").mkdir()
    (tmp_path / "nb" / "broken.ipynb").write_text(text)
    with pytest.raises(InputError, match=r"broken\.ipynb"):
        reach(region_with(), tmp_path / "nb")


def test_needs_that_are_no_list_of_tables_are_told(region_with, tmp_path):
    notebooks = write_notebooks(tmp_path / "nb", odd="bills")
    with pytest.raises(InputError, match=r"odd\.ipynb.*a list of tables.*'bills'"):
        reach(region_with(), notebooks)


def test_a_need_that_is_no_table_is_told(region_with, tmp_path):
    notebooks = write_notebooks(tmp_path / "nb", odd=["bills|paymets"])
    with pytest.raises(InputError, match=r"odd\.ipynb.*'paymets'.*payments"):
        reach(region_with(), notebooks)
