"""A whole synthetic region: every table, or none, and the same from the same seed."""

import hashlib
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from research.region import InputError, read_region
from research.region.schema import TABLES, parts_of
from research.region.synthetic import build, plan_of, synthesize
from research.region.synthetic.energy.daily import daily
from research.region.synthetic.judged import Cells, kept_cells
from research.region.synthetic.population.customers import people
from research.region.synthetic.weather import weather

pytestmark = pytest.mark.slow

# Tables that come from outside, or that readings make superfluous.
SMALL = {"customers": 100, "days": 63, "panel": 30}
NOT_MADE = {"price_signal", "labels", "energy_monthly", "payment_history"}


def silent(_):
    pass


def made(name, folder, **wanted):
    return synthesize(name, folder / name, **{"size": "tiny", "say": silent} | wanted)


def hashes(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    return made("hetao", folder, **SMALL, defects="none")


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return made("haihe", tmp_path_factory.mktemp("city"), **SMALL)


@pytest.fixture(scope="module")
def drifting(tmp_path_factory):
    return made("minjiang", tmp_path_factory.mktemp("drifting"), **SMALL)


@pytest.fixture(
    params=[
        "city",
        pytest.param("clean", marks=pytest.mark.slow),
        pytest.param("drifting", marks=pytest.mark.slow),
    ]
)
def region(request):
    """Each region, small; two of them with the typical defects."""
    return request.getfixturevalue(request.param)


def test_a_region_has_every_table_and_opens(region):
    assert {t for t in TABLES if region.has(t)} == set(TABLES) - NOT_MADE
    assert region.settings.source.synthetic
    region.check()
    assert len(region.customers) > 90
    for table in set(TABLES) - NOT_MADE:
        for part in parts_of(region.path, table):
            known = TABLES[table].types
            schema = pq.read_schema(part)
            assert all(schema.field(c).type == known[c] for c in schema.names), part


def test_the_truth_lies_apart(region):
    told = pd.read_parquet(region.path / "truth" / "customers.parquet")
    assert region.customers.index.isin(told["customer_id"]).all()
    assert "true_archetype" in told
    for table in set(TABLES) - NOT_MADE:
        for part in parts_of(region.path, table):
            assert not [c for c in pq.read_schema(part).names if c.startswith("true")]


@pytest.mark.slow
def test_rows_belong_to_customers_that_are_known(region):
    known = region.customers.index
    for table, schema in TABLES.items():
        if "customer_id" in schema.columns and region.has(table):
            ids = region.query(f"select distinct customer_id as id from {table}")["id"]
            assert ids.dropna().isin(known).all(), table


@pytest.mark.slow
def test_readings_are_daily_energy_cut_in_quarters(clean):
    sums = clean.query(
        "select sum(kwh::double) as quarters, any_value(d.kwh) as day, count(*) as n "
        "from readings r join energy_daily d on d.customer_id = r.customer_id "
        "and d.date = r.ts::date group by r.customer_id, r.ts::date".replace(
            "sum(kwh", "sum(r.kwh"
        )
    )
    assert (sums["n"] == 96).all()
    assert len(sums) > 1_500
    assert sums["quarters"].to_numpy() == pytest.approx(
        sums["day"].to_numpy(), abs=5e-3
    )


@pytest.mark.slow
def test_a_region_without_defects_has_nothing_to_set_aside(clean):
    assert not (clean.path / "quarantine").exists()
    findings = pd.read_parquet(clean.path / "findings.parquet")
    hits = findings[findings["rows"] > 0]
    # A text may hold a telephone number in any region.
    assert set(hits["rule"]) <= {"private_text"}
    assert len(pd.read_parquet(clean.path / "truth" / "defects.parquet")) == 0


def test_defects_are_set_aside_and_counted(city):
    findings = pd.read_parquet(city.path / "findings.parquet").set_index(
        ["table", "rule"]
    )["rows"]
    log = pd.read_parquet(city.path / "truth" / "defects.parquet")
    planted = log.groupby(["table", "defect"]).size()
    twice = "exact_duplicate"
    for table in ("readings", "energy_daily"):
        # A copy is set aside once; of customers that are not known, all rows are.
        assert 0.9 * planted[table, twice] <= findings[table, twice]
        assert findings[table, twice] <= planted[table, twice]
        quarantine = pd.read_csv(city.path / "quarantine" / f"{table}.csv")
        assert len(quarantine) == findings[table].drop(["spike"], errors="ignore").sum()
    assert findings["customers", twice] == planted["customers", twice]


def test_rows_in_are_rows_kept_and_rows_set_aside(city):
    plan = plan_of("haihe", **SMALL)
    kwh, _ = daily(plan, people(plan), weather(plan))
    log = pd.read_parquet(city.path / "truth" / "defects.parquet")
    log = log[log["table"] == "energy_daily"]
    lost = ((log["column"] == "kwh") & (log["now"] == "")).sum()
    again = (log["column"] == "").sum()
    came = np.count_nonzero(~np.isnan(kwh)) - lost + again
    aside = len(pd.read_csv(city.path / "quarantine" / "energy_daily.csv"))
    kept = city.query("select count(*) as n from energy_daily")["n"].item()
    assert came == kept + aside


def test_judging_the_doubtful_rows_alone_is_judging_all():
    connection = build.duckdb.connect()
    plan = plan_of("haihe", size="tiny")
    ids = pd.Series(["0000000001", "0000000002", "0000000003"])
    days = pd.date_range("2024-01-01", periods=4)
    kwh = np.array(
        [[1, 2, np.nan, 4], [-5, 6, 7, 8e6], [9, 10, 11, 12]], dtype=np.float32
    )
    again = pd.DataFrame(
        {
            "customer_id": ["0000000001", "0000000002", "0000000002"],
            "date": days[[0, 1, 2]],
            "kwh": np.array([1, 60, 7], dtype=np.float32),
        }
    )
    connection.register("known_customers", pd.DataFrame({"customer_id": ids[:2]}))
    cells = Cells(ids, days, kwh, again)
    kept, rows = kept_cells(connection, cells, "energy_daily", plan.settings)
    # The copy of 1 and 7 goes, both sides of 6 against 60 go, so do the impossible
    # ones and the stranger.
    expected = [[1, 2, np.nan, 4], [np.nan, np.nan, 7, np.nan], [np.nan] * 4]
    assert np.array_equal(kept, np.array(expected, np.float32), equal_nan=True)
    lines = dict(zip(rows["kwh"].to_pylist(), rows["line"].to_pylist(), strict=True))
    assert lines[-5.0] == 4
    assert lines[60.0] == 13


@pytest.mark.slow
def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path):
    one, again, other = (
        hashes(made("haihe", tmp_path / str(i), customers=60, days=40, seed=seed).path)
        for i, seed in enumerate((5, 5, 6))
    )
    assert one == again
    same = {name for name in one if one[name] == other.get(name)}
    # What is the same in every region of that name: settings, catalogues. So few
    # customers may see no outage.
    alike = {"region.yaml", "products.parquet"}
    assert same <= alike | {"outages.parquet", "truth/outages.parquet"}


@pytest.mark.slow
def test_the_panel_shifts_no_table_but_what_is_read_from_it(tmp_path):
    one, other = (
        hashes(
            made(
                "haihe",
                tmp_path / str(n),
                customers=80,
                days=70,
                panel=n,
                defects="none",
            ).path
        )
        for n in (30, 50)
    )
    changed = {
        name.split("/")[0].split(".")[0] for name in one if one[name] != other[name]
    }
    assert "readings" in changed
    # Registers of customers with readings show what these say: so do bills, and who
    # calls about them.
    follow = {"readings", "registers", "bills", "payments", "credit_events"}
    voices = {"tickets", "ticket_steps", "contacts", "satisfaction", "points_ledger"}
    assert changed <= follow | voices | {"truth", "findings"}


@pytest.mark.slow
def test_defects_shift_no_table_that_has_none(tmp_path, clean):
    struck = made("hetao", tmp_path, **SMALL, defects="heavy")
    one, other = hashes(clean.path), hashes(struck.path)
    for table in ("areas", "transformers", "weather", "economy", "products", "outages"):
        assert one[f"{table}.parquet"] == other[f"{table}.parquet"]
    for table in ("customers", "transformers", "credit", "tickets"):
        assert one[f"truth/{table}.parquet"] == other[f"truth/{table}.parquet"]


@pytest.mark.slow
def test_no_table_changes_when_the_code_of_another_is_skipped(
    tmp_path, monkeypatch, clean
):
    skipped = ("contacts", "manager_log", "satisfaction")
    for name in skipped:
        real = getattr(build, name)

        def none_of(*given, real=real):
            found = real(*given)
            return (
                found.head(0)
                if isinstance(found, pd.DataFrame)
                else (
                    found[0].head(0),
                    found[1],
                )
            )

        monkeypatch.setattr(build, name, none_of)
    quiet = made("hetao", tmp_path, **SMALL, defects="none")
    one, other = hashes(clean.path), hashes(quiet.path)
    changed = {name for name in one if one[name] != other.get(name)}
    assert changed == {f"{name}.parquet" for name in skipped}


def test_a_region_is_made_whole_or_not_at_all(tmp_path, monkeypatch, city):
    old = tmp_path / "haihe"
    shutil.copytree(city.path, old)
    before = hashes(old)

    def broken(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(build, "write_truth", broken)
    with pytest.raises(OSError, match="no space"):
        made("haihe", tmp_path, customers=20, days=28, seed=9)
    assert hashes(old) == before
    assert read_region(old).name == "haihe"
    assert [p.name for p in tmp_path.iterdir()] == ["haihe"]


def test_progress_is_told_in_words(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(build, "daily", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        made("haihe", tmp_path, customers=30, days=30, say=told.append)
    assert told == ["haihe: 30 customers, 30 days"]


def test_a_wrong_plan_leaves_no_folder(tmp_path):
    with pytest.raises(InputError, match="none of haihe"):
        synthesize("nowhere", tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())
