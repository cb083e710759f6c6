"""Reading a region: what is there, what is refused, what may be missing."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from planted import REGION_YAML, planted_readings, write_region

from research.region import InputError, NotApplicable, read_region
from research.region.files import replaced_folder, write_readings, write_table


def test_readings_come_back_as_they_were_written(tmp_path):
    readings, _ = planted_readings(5, 3)
    region = read_region(write_region(tmp_path / "r", readings))
    grids = list(region.grids())
    assert len(grids) == 1
    assert grids[0].customer_id.tolist() == [f"{n:04}" for n in range(5)]
    expected = readings["kwh"].to_numpy(dtype=np.float32)
    assert np.array_equal(grids[0].kwh.ravel(), expected)


def test_leading_zeros_of_ids_survive(tiny):
    region = read_region(tiny)
    assert region.customers.index[0] == "0000"
    assert (
        region.query("select min(customer_id) as id from readings")["id"][0] == "0000"
    )


def test_stamps_at_the_end_of_the_interval_are_moved_to_its_start(tmp_path):
    readings, _ = planted_readings(3, 2)
    at_start = read_region(write_region(tmp_path / "start", readings))
    readings["ts"] += pd.Timedelta(hours=1)
    yaml = REGION_YAML.replace("stamp: start", "stamp: end")
    at_end = read_region(write_region(tmp_path / "end", readings, yaml))
    assert at_end.stamps.equals(at_start.stamps)
    first, second = next(at_start.cubes()), next(at_end.cubes())
    assert np.array_equal(first.power, second.power)


def test_a_period_limits_the_days(tmp_path, tiny):
    (tiny / "region.yaml").write_text(
        REGION_YAML + "period: {start: 2024-02-01, end: 2024-02-10}\n"
    )
    region = read_region(tiny)
    assert len(region.days) == 10
    assert next(region.cubes()).power.shape == (24, 10, 24)


def test_a_period_without_readings_is_refused(tiny):
    (tiny / "region.yaml").write_text(
        REGION_YAML + "period: {start: 2001-01-01, end: 2001-12-31}\n"
    )
    with pytest.raises(InputError, match=r"region\.yaml, period.*0 readings.*2024"):
        _ = read_region(tiny).days


def test_optional_tables_may_be_missing(tiny):
    region = read_region(tiny)
    assert region.labels is None
    assert region.price_signal is None
    assert region.tou_bands is None


def test_labels_come_as_a_column_each(tmp_path):
    readings, _ = planted_readings(3, 2)
    labels = pd.DataFrame(
        [("0000", "tariff", "flat"), ("0001", "tariff", "tou"), ("0000", "group", "A")],
        columns=["customer_id", "label", "value"],
    )
    region = read_region(write_region(tmp_path / "r", readings, labels=labels))
    assert region.labels.loc["0000"].to_dict() == {"group": "A", "tariff": "flat"}
    assert pd.isna(region.labels.loc["0001", "group"])


@pytest.fixture
def daily(tmp_path):
    """A region without readings: ten customers, forty days of energy, payments."""
    folder = tmp_path / "daily"
    folder.mkdir()
    (folder / "region.yaml").write_text(REGION_YAML, encoding="utf-8")
    readings, _ = planted_readings(10, 40, minutes=1440)
    days = readings.rename(columns={"ts": "date"})
    ids = pd.DataFrame({"customer_id": days["customer_id"].unique()})
    paid = pd.DataFrame(
        {
            "payment_id": ["P1", "P2"],
            "customer_id": "0003",
            "ts": pd.to_datetime(["2024-01-05 10:00", "2024-02-05 11:00"]),
            "amount_yuan": [30.0, 40.0],
        }
    )
    write_table(ids, folder, "customers")
    write_table(days, folder, "energy_daily")
    write_table(paid, folder, "payments")
    return folder


def test_a_region_without_readings_answers_what_it_can(daily):
    region = read_region(daily)
    region.check()
    assert len(region.days) == len(region.calendar) == 40
    grid = next(region.daily_grids())
    assert grid.kwh.shape == grid.estimated.shape == (10, 40)
    assert region.daily_coverage["complete_days"].tolist() == [40] * 10
    assert set(region.findings["table"]) == {"energy_daily", "payments"}
    assert len(region.hard_faults) == 0
    assert region.level == "L2 customers"
    assert region.lacks


@pytest.mark.parametrize("what", ["stamps", "coverage", "usable"])
def test_what_needs_readings_says_so_without_them(daily, what):
    with pytest.raises(NotApplicable, match=r"no table 'readings'.*energy_daily"):
        getattr(read_region(daily), what)


@pytest.mark.parametrize("what", ["grids", "cubes"])
def test_arrays_of_readings_need_readings(daily, what):
    with pytest.raises(NotApplicable, match="no table 'readings'"):
        next(getattr(read_region(daily), what)())


def test_a_region_of_payments_alone_opens_and_is_checked(daily):
    (daily / "energy_daily.parquet").unlink()
    region = read_region(daily)
    region.check()
    assert region.level == "below L0"
    assert (region.findings["rows"] == 0).all()
    with pytest.raises(NotApplicable, match="no table 'readings'"):
        _ = region.days
    assert region.query("select sum(amount_yuan) as s from payments")["s"][0] == 70


def test_any_table_is_read_by_its_name(daily):
    region = read_region(daily)
    assert region.table("payments")["amount_yuan"].tolist() == [30, 40]
    with pytest.raises(NotApplicable, match="no table 'bills'"):
        region.table("bills")
    with pytest.raises(InputError, match="'payment'; did you mean payments"):
        region.table("payment")


def test_the_tables_are_told_with_what_they_cover(daily):
    tables = read_region(daily).tables.set_index("table")
    assert tables.index.tolist() == ["customers", "energy_daily", "payments"]
    assert tables.loc["payments"].tolist() == [2, 1, "2024-01-05", "2024-02-05"]
    assert tables.loc["energy_daily", "rows"] == 400
    assert tables.loc["customers", ["rows", "first", "last"]].tolist() == [10, "", ""]


def test_a_number_that_stands_twice_is_told_by_the_check(daily):
    path = daily / "payments.parquet"
    table = pq.read_table(path)
    pq.write_table(pa.concat_tables([table, table.slice(1)]), path)
    with pytest.raises(InputError, match=r"payments.*rows 2 and 3 share payment_id"):
        read_region(daily).check()


def test_payments_without_a_number_may_be_alike(daily):
    path = daily / "payments.parquet"
    table = pq.read_table(path).drop_columns(["payment_id"])
    pq.write_table(pa.concat_tables([table, table]), path)
    region = read_region(daily)
    region.check()
    assert len(region.table("payments")) == 4


def test_a_period_limits_the_days_of_a_region_without_readings(daily):
    (daily / "region.yaml").write_text(
        REGION_YAML + "period: {start: 2024-01-11, end: 2024-01-20}\n"
    )
    assert len(read_region(daily).days) == 10


def test_arrays_are_repaired_and_the_tables_stay(tmp_path):
    readings, _ = planted_readings(3, 40)
    kwh = readings["kwh"].to_numpy().reshape(3, -1).copy()
    lump = kwh[1, 300:341].sum()
    kwh[1, 300:340], kwh[1, 340] = np.nan, lump
    readings["kwh"] = kwh.ravel()
    folder = write_region(tmp_path / "r", readings.dropna())
    region = read_region(folder)
    grid = next(region.grids())
    assert np.flatnonzero(grid.estimated[1]).tolist() == list(range(300, 341))
    assert not grid.estimated[[0, 2]].any()
    assert grid.kwh[1].sum() == pytest.approx(np.nansum(kwh[1]), rel=1e-5)
    top = region.query("select max(kwh) as top from readings")["top"][0]
    assert top == np.float32(lump)
    found = region.findings.set_index("rule").loc["catch_up"]
    assert found[["rows", "customers"]].tolist() == [41, 1]
    assert found["example"] == "readings 0001 41 intervals"
    (folder / "region.yaml").write_text(
        REGION_YAML + "quality: {rules: {catch_up: keep}}\n"
    )
    kept = next(read_region(folder).grids())
    assert kept.kwh[1, 340] == np.float32(lump)
    assert not kept.estimated.any()


def test_what_the_source_calls_missing_or_estimated_is_so(tiny):
    def flag(frame):
        frame["quality"] = np.int8(0)
        frame.loc[3, "quality"], frame.loc[4, "quality"] = 1, 2
        return frame

    path = tiny / "readings" / "part-0000.parquet"
    frame = flag(pq.read_table(path).to_pandas())
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)
    grid = next(read_region(tiny).grids())
    assert np.argwhere(grid.estimated).tolist() == [[0, 3]]
    assert np.argwhere(np.isnan(grid.kwh)).tolist() == [[0, 4]]


def refusal(path):
    with pytest.raises(InputError) as caught:
        list(read_region(path).grids())
    return str(caught.value)


def test_a_missing_folder_is_told_with_what_lies_beside(tiny):
    message = refusal(tiny.parent / "tinny")
    assert "tinny" in message
    assert "tiny" in message.replace("tinny", "")


def test_a_file_in_place_of_a_folder_is_told(tiny):
    assert "found a file" in refusal(tiny / "region.yaml")


def test_a_missing_table_is_told_with_what_was_found(tiny):
    (tiny / "customers.parquet").unlink()
    message = refusal(tiny)
    assert "'customers' is missing" in message
    assert "region.yaml" in message


def test_an_empty_or_cut_off_file_is_told(tiny):
    path = tiny / "readings" / "part-0000.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    assert "not a whole Parquet file" in refusal(tiny)
    path.write_bytes(b"")
    assert "0 bytes" in refusal(tiny)


def test_a_missing_column_is_told(tiny):
    path = tiny / "readings" / "part-0000.parquet"
    pq.write_table(
        pq.read_table(path).rename_columns(["customer_id", "ts", "kw"]), path
    )
    assert "missing column kwh. Found: customer_id, ts, kw" in refusal(tiny)


def test_ids_that_are_numbers_are_told(tiny):
    path = tiny / "customers.parquet"
    pq.write_table(pa.table({"customer_id": [1, 2]}), path)
    assert "customer_id must be string, found int64" in refusal(tiny)


def test_duplicated_ids_are_told_with_their_rows(tiny):
    path = tiny / "customers.parquet"
    pq.write_table(pa.table({"customer_id": ["7", "0371", "8", "0371"]}), path)
    with pytest.raises(InputError, match=r"rows 2 and 4 share customer_id '0371'"):
        _ = read_region(tiny).customers


def rewrite(tiny, change):
    path = tiny / "readings" / "part-0000.parquet"
    frame = pq.read_table(path).to_pandas()
    schema = pq.read_schema(path)
    pq.write_table(pa.Table.from_pandas(change(frame), schema=schema), path)


def test_two_readings_of_one_time_are_told(tiny):
    rewrite(tiny, lambda frame: pd.concat([frame.iloc[[5]], frame]))
    assert "two readings at 2024-01-01 05:00" in refusal(tiny)


def test_a_time_off_the_declared_grid_is_told(tiny):
    def shift(frame):
        frame.loc[7, "ts"] += pd.Timedelta(minutes=7)
        return frame

    rewrite(tiny, shift)
    message = refusal(tiny)
    assert "row 8" in message
    assert "07:07" in message
    assert "60 minutes" in message


def test_row_groups_hold_whole_customers(tmp_path, monkeypatch):
    monkeypatch.setattr("research.region.files.ROWS_A_GROUP", 100)
    monkeypatch.setattr("research.region.files.CUSTOMERS_A_FILE", 4)
    readings, _ = planted_readings(10, 2)
    region = read_region(write_region(tmp_path / "r", readings))
    ids = [set(grid.customer_id) for grid in region.grids()]
    assert len(ids) > 3
    assert sum(map(len, ids)) == len(set().union(*ids)) == 10
    assert len(list((tmp_path / "r" / "readings").iterdir())) > 1
    assert len(region.coverage) == 10


def test_a_customer_spread_over_row_groups_is_told(tiny):
    path = tiny / "readings" / "part-0000.parquet"
    pq.write_table(pq.read_table(path), path, row_group_size=1000)
    assert "spread over row groups" in refusal(tiny)


@pytest.mark.parametrize("rows_a_group", [50, 300, 1_000_000])
def test_small_batches_and_large_ones_write_the_same_bytes(
    tmp_path, monkeypatch, rows_a_group
):
    monkeypatch.setattr("research.region.files.ROWS_A_GROUP", rows_a_group)
    readings, _ = planted_readings(6, 5)
    table = pa.Table.from_pandas(readings, preserve_index=False)
    for name, size in (("a", 7), ("b", 10_000)):
        (tmp_path / name).mkdir()
        rows = write_readings(table.to_batches(max_chunksize=size), tmp_path / name)
        assert rows == len(readings)
    first, second = (
        (tmp_path / name / "readings" / "part-0000.parquet").read_bytes()
        for name in "ab"
    )
    assert first == second


def test_an_error_while_a_folder_is_filled_leaves_the_old_one(tmp_path):
    target = tmp_path / "region"
    with replaced_folder(target) as fresh:
        (fresh / "a").write_text("old")
    with pytest.raises(ZeroDivisionError), replaced_folder(target) as fresh:
        (fresh / "a").write_text("new")
        raise ZeroDivisionError
    assert (target / "a").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["region"]


def test_a_kill_between_the_two_renames_is_mended_by_the_next_call(tmp_path):
    target = tmp_path / "region"
    (tmp_path / ".region.old").mkdir()
    (tmp_path / ".region.old" / "a").write_text("old")
    (tmp_path / ".region.new").mkdir()
    with pytest.raises(ZeroDivisionError), replaced_folder(target):
        raise ZeroDivisionError
    assert (target / "a").read_text() == "old"
