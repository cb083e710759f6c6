"""Rows in memory, as a synthetic region makes them, against the row rules."""

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as examples_of
from hypothesis import strategies as st
from region.exports import REGION

from research.region import InputError
from research.region.ingest import judge_table, write_judged
from research.region.ingest.in_memory import read_rows
from research.region.rules import ROW_RULES
from research.region.settings import read_settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    path = tmp_path_factory.mktemp("region") / "region.yaml"
    path.write_text(REGION, encoding="utf-8")
    return read_settings(path)


def frame(**columns):
    base = {
        "customer_id": ["A", "A", "B"],
        "date": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-01"]),
        "kwh": [1.0, 2.0, 3.0],
    }
    return pd.DataFrame(base | columns)


def test_rows_in_memory_are_judged_and_written_without_files(tmp_path, settings):
    rows = frame(kwh=[1.0, -2.0, np.nan], date=pd.to_datetime(["2024-01-01"] * 3))
    with duckdb.connect() as connection:
        judged = judge_table(connection, rows, "energy_daily", settings)
        findings = write_judged(connection, [judged], tmp_path, settings)
    assert (judged.rows_in, judged.rows_kept) == (3, 1)
    fired = findings[findings["rows"] > 0].set_index("rule")["rows"].to_dict()
    assert fired == {"unreadable_value": 1, "negative": 1}
    out = pd.read_csv(tmp_path / "quarantine" / "energy_daily.csv")
    assert out["kwh"].tolist()[0] == -2
    assert findings.set_index("rule").loc["negative", "example"] == "row 2 A: kwh -2.0"


def test_a_figure_too_large_for_its_column_is_set_aside(tmp_path, settings):
    rows = frame(kwh_export=[1.0, 1e300, np.nan])
    with duckdb.connect() as connection:
        judged = judge_table(connection, rows, "energy_daily", settings)
        findings = write_judged(connection, [judged], tmp_path, settings)
    assert judged.rows_kept == 2
    assert findings.set_index("rule").loc["out_of_bounds", "rows"] == 1


def test_parts_of_whole_customers_give_one_table(tmp_path, settings):
    rows = frame()
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with duckdb.connect() as connection:
        judged = judge_table(connection, rows, "energy_daily", settings)
        whole = write_judged(connection, [judged], tmp_path / "one", settings)
        parts = (
            judge_table(connection, part, "energy_daily", settings)
            for part in (rows[:2], rows[2:])
        )
        parted = write_judged(connection, parts, tmp_path / "two", settings)
    assert parted.equals(whole)
    part = "energy_daily/part-0000.parquet"
    assert (tmp_path / "one" / part).read_bytes() == (
        tmp_path / "two" / part
    ).read_bytes()


def test_sorted_rows_need_no_sort_and_shuffled_ones_give_the_same(tmp_path, settings):
    rows = pa.table(
        {
            "customer_id": pa.array(np.repeat(["A", "B", "C"], 50)).dictionary_encode(),
            "date": pa.array(np.tile(np.arange(19000, 19050, dtype="int32"), 3)).cast(
                pa.date32()
            ),
            "kwh": np.arange(150, dtype="float32"),
        }
    )
    order = np.random.default_rng(0).permutation(150)
    tables = []
    for number, table in enumerate((rows, rows.take(order))):
        folder = tmp_path / str(number)
        folder.mkdir()
        with duckdb.connect() as connection:
            judged = judge_table(connection, table, "energy_daily", settings)
            write_judged(connection, [judged], folder, settings)
            tables.append((folder / "energy_daily" / "part-0000.parquet").read_bytes())
            made = connection.sql("select table_name from duckdb_tables()").fetchall()
        assert judged.in_order
        assert (("energy_daily_sorted",) in made) == (number == 1)
    assert tables[0] == tables[1]


def judged_kwh(connection, values, settings, days=None):
    """Energy of each day that is kept, and the rules told of the others."""
    days = pd.date_range("2024-01-01", periods=len(values)) if days is None else days
    rows = pd.DataFrame({"customer_id": "A", "date": days, "kwh": values})
    judged = judge_table(connection, rows, "energy_daily", settings)
    kept = connection.sql(f"select date, kwh from {judged.kept} order by 1").df()
    rules = f"select verdict from {judged.aside} order by line"
    return kept["kwh"].tolist(), [v for (v,) in connection.sql(rules).fetchall()]


@pytest.mark.parametrize(
    ("usual", "below", "now"),
    [
        pytest.param(10, -99_988, 12, id="five digits"),
        pytest.param(10, -9_988, 12, id="four digits"),
        pytest.param(10, -999_988, 12, id="six digits"),
        pytest.param(10, -99_800, 200, id="twenty times the median"),
        pytest.param(10, -99_799, None, id="more than that"),
        pytest.param(10, -5, None, id="a small negative value"),
        pytest.param(10, -50_000, None, id="another meter"),
        pytest.param(600, -99_000, 1000, id="too much for a register of four digits"),
        pytest.param(60_000, -99_000, None, id="no register would hold it"),
    ],
)
def test_a_register_that_rolled_over_gets_its_highest_figure_back(
    settings, usual, below, now
):
    with duckdb.connect() as connection:
        kept, told = judged_kwh(connection, [usual] * 4 + [below], settings)
        assert kept == [usual] * 4 + ([] if now is None else [now])
        assert told == (["negative:kwh"] if now is None else [])
        notes = connection.sql("select mended from energy_daily_notes").fetchall()
        assert notes == ([] if now is None else [("roll_over:kwh",)])


def test_a_roll_over_can_be_set_aside_by_region_yaml(settings, tmp_path):
    path = tmp_path / "region.yaml"
    path.write_text(REGION + "quality: {rules: {roll_over: leave_out}}\n", "utf-8")
    with duckdb.connect() as connection:
        _, told = judged_kwh(connection, [10, 10, -99_988], read_settings(path))
    assert told == ["roll_over:kwh"]


def test_shares_are_those_of_all_parts(tmp_path, settings):
    rows = frame(kwh=[-1.0, 2.0, 3.0])
    with duckdb.connect() as connection:
        parts = (
            judge_table(connection, part, "energy_daily", settings)
            for part in (rows[:2], rows[2:])
        )
        findings = write_judged(connection, parts, tmp_path, settings)
    assert findings.set_index("rule").loc["negative", "share"] == pytest.approx(1 / 3)


def test_rows_stay_sorted_where_a_stranger_is_taken_out(tmp_path, settings):
    # The first rows of a known customer share a vector with the stranger's last ones.
    rows = pd.DataFrame(
        {
            "customer_id": np.repeat([f"C{n:03}" for n in range(200)], 500),
            "date": np.tile(pd.date_range("2015-01-01", periods=500), 200),
            "kwh": np.arange(100_000) % 24 + 1.0,
        }
    )
    known = pd.DataFrame({"customer_id": [f"C{n:03}" for n in range(1, 200)]})
    with duckdb.connect() as connection:
        connection.register("known", known)
        judged = judge_table(
            connection, rows, "energy_daily", settings, customers="known"
        )
        write_judged(connection, [judged], tmp_path, settings)
    kept = pd.read_parquet(tmp_path / "energy_daily")
    assert kept["kwh"].tolist() == rows["kwh"][500:].tolist()
    assert kept["customer_id"].is_monotonic_increasing


def test_rows_in_memory_are_read_as_an_import_reads_them(tmp_path):
    path = tmp_path / "region.yaml"
    path.write_text(REGION + "ids: {width: 4}\n", "utf-8")
    rows = pa.table(
        {
            "customer_id": ["0001", "2", " 0003\u3000", "0004"],
            "date": pd.to_datetime(["2024-01-01"] * 3 + ["2024-01-03"]),
            "kwh": [1.0, 2.0, 3.0, 4.0],
        }
    )
    settings, latest = read_settings(path), pd.Timestamp("2024-01-02")
    with duckdb.connect() as connection:
        for _ in range(2):  # a second call replaces what the first one made
            read, origin = read_rows(
                connection, rows, "energy_daily", settings, latest=latest
            )
            judged = judge_table(connection, read, "energy_daily", settings)
        findings = write_judged(connection, [judged], tmp_path, settings, origin)
        kept = connection.sql(f"select customer_id from {judged.kept}").fetchall()
    assert kept == [("0001",), ("0002",), ("0003",)]
    fired = findings[findings["rows"] > 0].set_index("rule")["rows"].to_dict()
    assert fired == {"impossible_date": 1, "id_spelling": 2}


def test_a_column_too_few_or_too_many_is_refused(settings):
    with duckdb.connect() as connection:
        with pytest.raises(InputError, match="missing columns: kwh"):
            judge_table(
                connection, frame().drop(columns="kwh"), "energy_daily", settings
            )
        with pytest.raises(InputError, match="does not have: watts"):
            judge_table(connection, frame(watts=[1, 2, 3]), "energy_daily", settings)


@examples_of(max_examples=12, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "", None]),
            st.sampled_from([0, 1, 1.5, None, -9]),
            st.sampled_from([0.5, 1.0, -1.0, np.nan, np.inf, 1e300]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_rows_in_are_rows_kept_and_set_aside_whatever_comes(settings, rows):
    ids, hours, kwh = zip(*rows, strict=True)
    start, hour = pd.Timestamp("2024-01-01"), pd.Timedelta(hours=1)
    table = pd.DataFrame(
        {
            "customer_id": pd.array(ids, dtype="str"),
            "ts": [pd.NaT if h is None else start + h * hour for h in hours],
            "kwh": kwh,
        }
    ).astype({"ts": "datetime64[ms]"})
    with duckdb.connect() as connection:
        judged = judge_table(connection, table, "readings", settings)
        kept = connection.sql(f"select * from {judged.kept}").df()
        told = connection.sql(f"select verdict from {judged.aside}").fetchall()
    assert judged.rows_in == len(rows) == len(kept) + len(told)
    assert not kept.duplicated(["customer_id", "ts"]).any()
    assert kept.notna().all().all()
    assert (kept["kwh"] >= 0).all()
    assert {verdict.split(":")[0] for (verdict,) in told} <= set(ROW_RULES)
