"""Features partition by partition: the same table, however it is cut and stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filelock import FileLock
from pandas.testing import assert_frame_equal
from planted import REGION_YAML, planted_readings, write_region

from research.features import load
from research.features.load import mapped, partitions, streamed
from research.features.load.streamed import write_features
from research.region import InputError, NotApplicable, files, read_region
from research.region.files import write_readings
from research.region.ingest import import_lcl
from research.region.synthetic import synthesize

ROOT = Path(__file__).parents[2]


@pytest.fixture
def many(tmp_path, monkeypatch):
    """A small region in six files of two row groups of two customers each."""
    monkeypatch.setattr(files, "ROWS_A_GROUP", 2 * 28 * 24)
    monkeypatch.setattr(files, "CUSTOMERS_A_FILE", 4)
    monkeypatch.setattr(partitions, "GROUPS_A_PARTITION", 1)
    monkeypatch.setattr(streamed, "SAMPLED_GROUPS", 12)
    return write_region(tmp_path / "tiny", planted_readings(n_days=28)[0])


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def part_file(region, number):
    return region / "readings" / f"part-{number:04}.parquet"


def cut_off(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def counted(monkeypatch, name, stop_after=None):
    """Count the calls of a function that is mapped; stop the run after some."""
    calls, function = [], getattr(streamed, name)

    def counting(partition, *rest):
        if len(calls) == stop_after:
            raise KeyboardInterrupt
        calls.append(partition.name)
        return function(partition, *rest)

    monkeypatch.setattr(streamed, name, counting)
    return calls


def test_the_table_is_that_of_the_whole_region(many, out):
    written = write_features(many, out)
    assert (written.customers, written.faults) == (24, ())
    assert_frame_equal(
        pd.read_parquet(written.path), load.table(read_region(many)), check_exact=True
    )
    assert {path.name for path in out.iterdir()} <= {"features.parquet", ".lock"}


def test_a_period_and_customers_who_lack_days_are_told_alike(tmp_path, many, out):
    readings = planted_readings()[0]
    late = (readings["customer_id"] == "0003") & (readings["ts"] < "2024-02-01")
    yaml = REGION_YAML + "period: {start: 2024-01-10, end: 2024-03-01}\n"
    region = write_region(tmp_path / "late", readings[~late], yaml)
    table = pd.read_parquet(write_features(region, out).path)
    assert_frame_equal(table, load.table(read_region(region)), check_exact=True)
    assert table["complete_days"].nunique() == 2


@pytest.mark.parametrize("worth", [0, 10**9])
def test_whether_loops_compute_is_decided_once(many, out, monkeypatch, worth):
    pytest.importorskip("numba")
    monkeypatch.setattr(partitions, "WORTH_COMPILING", worth)
    table = pd.read_parquet(write_features(many, out, jobs=2).path)
    expected = load.table(read_region(many), compiled=not worth)
    assert_frame_equal(table, expected, check_exact=True)
    by_arrays = load.table(read_region(many), compiled=False)
    assert_frame_equal(table, by_arrays, rtol=1e-6)
    assert table.equals(by_arrays) == bool(worth)


@pytest.mark.slow
def test_a_synthetic_region_with_a_tariff_is_told_alike(tmp_path, out, monkeypatch):
    region = synthesize("haihe", tmp_path / "haihe", size="tiny", customers=80)
    monkeypatch.setattr(partitions, "GROUPS_A_PARTITION", 1)
    table = pd.read_parquet(write_features(region.path, out).path)
    assert "share_peak" in table
    assert_frame_equal(table, load.table(read_region(region.path)), check_exact=True)


@pytest.mark.slow
def test_london_is_told_alike(out, tmp_path):
    raw = ROOT / "data" / "raw" / "london"
    london = import_lcl(raw, tmp_path / "london", say=str)
    table = pd.read_parquet(write_features(london.path, out).path)
    expected = load.table(read_region(london.path))
    assert_frame_equal(table, expected, check_exact=True)


def test_threads_write_the_same_bytes(many, tmp_path):
    loop = write_features(many, tmp_path / "one")
    threads = write_features(many, tmp_path / "two", jobs=3)
    assert threads.path.read_bytes() == loop.path.read_bytes()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_writes_the_same_bytes(many, tmp_path):
    distributed = pytest.importorskip("distributed")
    loop = write_features(many, tmp_path / "one")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        dashboard_address=None,
    ) as cluster:
        address = cluster.scheduler_address
        there = write_features(many, tmp_path / "two", scheduler=address)
        cut_off(part_file(many, 1))
        some = write_features(many, tmp_path / "three", scheduler=address)
    assert there.path.read_bytes() == loop.path.read_bytes()
    assert some.customers == 20
    assert [f.place for f in some.faults] == [str(part_file(many, 1))]


@pytest.fixture
def unforeseen(monkeypatch):
    """The sample foretells nothing: partitions are read a second time."""
    monkeypatch.setattr(streamed, "KEPT_HOURS", 0)


def test_a_peak_that_was_not_foretold_is_read_for(many, tmp_path, monkeypatch):
    calls = counted(monkeypatch, "load_of_partition")
    whole = write_features(many, tmp_path / "whole").path.read_bytes()
    assert not calls
    monkeypatch.setattr(streamed, "KEPT_HOURS", 0)
    assert write_features(many, tmp_path / "out").path.read_bytes() == whole
    assert len(calls) == 12


@pytest.mark.parametrize(
    ("name", "stop_after"),
    [("survey_of_partition", 7), ("load_of_partition", 5)],
)
def test_a_stopped_run_goes_on_where_it_was(
    many, tmp_path, out, monkeypatch, unforeseen, name, stop_after
):
    whole = write_features(many, tmp_path / "whole").path.read_bytes()
    with monkeypatch.context() as patch:
        first = counted(patch, name, stop_after)
        with pytest.raises(KeyboardInterrupt):
            write_features(many, out)
    assert not (out / "features.parquet").exists()
    assert not (out / "features.partial.parquet").exists()
    second = counted(monkeypatch, name)
    assert write_features(many, out).path.read_bytes() == whole
    assert len(first) == stop_after
    assert not set(first) & set(second)
    assert len(first) + len(second) == 12


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_run_goes_on_and_writes_the_same_bytes(
    tmp_path, out, monkeypatch, jobs
):
    monkeypatch.setattr(files, "CUSTOMERS_A_FILE", 10)
    monkeypatch.setattr(files, "ROWS_A_GROUP", 10 * 200 * 48)
    readings = planted_readings(200, 200, minutes=30)[0]
    yaml = REGION_YAML.replace("minutes: 60", "minutes: 30")
    region = write_region(tmp_path / "large", readings, yaml)
    whole = write_features(region, tmp_path / "whole").path.read_bytes()
    command = [sys.executable, "-m", "research.cli", "features", str(region)]
    command += ["--out", str(out), "--jobs", str(jobs)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE)
    wait_for(lambda: len(list(out.glob("parts/part-*.parquet"))) >= 3)
    children = children_of(running.pid)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert len(list(out.glob("parts/part-*.parquet"))) < 20
    assert not (out / "features.parquet").exists()
    wait_for(lambda: not any(map(is_alive, children)))
    resumed = subprocess.run(command, capture_output=True, check=False)
    assert resumed.returncode == 0, resumed.stderr
    assert (out / "features.parquet").read_bytes() == whole
    assert not (out / "parts").exists()


def wait_for(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def children_of(pid):
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_broken_file_is_named_and_the_others_are_done(many, tmp_path, out):
    whole = write_features(many, tmp_path / "whole").path.read_bytes()
    file = part_file(many, 2)
    kept = file.read_bytes()
    cut_off(file)
    written = write_features(many, out)
    assert written.path.name == "features.partial.parquet"
    assert not (out / "features.parquet").exists()
    [fault] = written.faults
    assert fault.place == str(file)
    assert "not a whole Parquet file" in fault.reason
    ids = pd.read_parquet(written.path).index
    assert list(ids) == [f"{i:04}" for i in range(24) if not 8 <= i < 12]
    note = json.loads(pq.read_schema(written.path).metadata[b"research.features"])
    assert (note["whole"], note["missing"]) == (False, [str(file)])
    file.write_bytes(kept)
    assert write_features(many, out).path.read_bytes() == whole
    assert not (out / "features.partial.parquet").exists()


def test_a_fault_within_a_file_is_found_when_it_is_read(many, out):
    file = part_file(many, 3)
    bytes_ = bytearray(file.read_bytes())
    middle = pq.read_metadata(file).row_group(1).column(2).data_page_offset + 40
    bytes_[middle : middle + 400] = bytes(400)
    file.write_bytes(bytes_)
    written = write_features(many, out)
    [fault] = written.faults
    assert fault.place == f"{file} row groups 1 to 1"
    assert written.customers == 22
    assert written.path.name == "features.partial.parquet"


def test_a_time_off_the_grid_is_one_partition_without_features(many, out):
    file = part_file(many, 0)
    table = pq.read_table(file).to_pandas()
    table.loc[5, "ts"] += pd.Timedelta(minutes=7)
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), file)
    [fault] = write_features(many, out).faults
    assert "is off the grid of 60 minutes" in fault.reason


def test_a_whole_table_of_before_outlives_a_broken_file(many, out):
    before = write_features(many, out).path.read_bytes()
    cut_off(part_file(many, 0))
    assert write_features(many, out).path.name == "features.partial.parquet"
    assert (out / "features.parquet").read_bytes() == before


def test_nothing_is_done_twice(many, out, monkeypatch):
    write_features(many, out)
    calls = counted(monkeypatch, "survey_of_partition")
    written = write_features(many, out)
    assert written.unchanged
    assert written.customers == 24
    assert not calls


def test_a_file_of_the_same_size_and_time_is_read_anew(tiny, out):
    file = part_file(tiny, 0)
    table = pq.read_table(file)
    turned = table.set_column(2, "kwh", pa.array(table["kwh"].to_numpy()[::-1]))
    plain = {"compression": "none", "use_dictionary": False}
    pq.write_table(table, file, **plain)
    before, stat = pd.read_parquet(write_features(tiny, out).path), file.stat()
    pq.write_table(turned, file, **plain)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert file.stat().st_size == stat.st_size
    written = write_features(tiny, out)
    assert not written.unchanged
    assert not pd.read_parquet(written.path).equals(before)


def test_a_half_written_part_is_made_anew(many, tmp_path, out, monkeypatch):
    whole = write_features(many, tmp_path / "whole").path.read_bytes()
    with monkeypatch.context() as patch:
        counted(patch, "survey_of_partition", stop_after=6)
        with pytest.raises(KeyboardInterrupt):
            write_features(many, out)
    for part in list((out / "parts").glob("part-0001*")):
        cut_off(part)
    assert write_features(many, out).path.read_bytes() == whole


def test_parts_of_other_settings_are_not_taken_up(many, out, monkeypatch):
    with monkeypatch.context() as patch:
        counted(patch, "survey_of_partition", stop_after=6)
        with pytest.raises(KeyboardInterrupt):
            write_features(many, out)
    with (many / "region.yaml").open("a") as file:
        file.write("quality: {complete_day_share: 0.5}\n")
    calls = counted(monkeypatch, "survey_of_partition")
    table = pd.read_parquet(write_features(many, out).path)
    assert len(calls) == 12
    assert_frame_equal(table, load.table(read_region(many)), check_exact=True)


def test_a_customer_in_two_files_is_refused(many, out):
    second = pq.read_table(part_file(many, 1))
    pq.write_table(second, part_file(many, 9))
    with pytest.raises(InputError, match="'0004' is spread over"):
        write_features(many, out)
    assert not out.exists()


def test_nothing_readable_is_refused_and_nothing_written(many, out):
    for file in (many / "readings").iterdir():
        cut_off(file)
    with pytest.raises(InputError, match="not a whole Parquet file"):
        write_features(many, out)
    assert not out.exists()


def test_readings_that_are_all_faulty_are_refused_and_nothing_written(tiny, out):
    table = pq.read_table(part_file(tiny, 0)).to_pandas()
    table["ts"] += pd.to_timedelta(np.arange(len(table)) % 2, unit="min")
    pq.write_table(pa.Table.from_pandas(table), part_file(tiny, 0))
    with pytest.raises(InputError, match="off the grid"):
        write_features(tiny, out)
    assert not out.exists()


def test_a_faulty_region_is_refused_though_a_file_is_broken_too(many, out):
    cut_off(part_file(many, 0))
    (many / "region.yaml").write_text(REGION_YAML + "colour: red\n")
    with pytest.raises(InputError, match="colour"):
        write_features(many, out)


def test_a_region_without_readings_is_refused(many, out):
    for file in (many / "readings").iterdir():
        file.unlink()
    with pytest.raises(NotApplicable, match="no table 'readings'"):
        write_features(many, out)


def test_a_second_run_waits_for_no_one(many, out):
    out.mkdir()
    with FileLock(out / ".lock"), pytest.raises(InputError, match="another run"):
        write_features(many, out)


def test_workers_of_another_version_are_refused(many, out, monkeypatch):
    monkeypatch.setattr(streamed, "fingerprint", lambda file: ("0", "another"))
    with pytest.raises(InputError, match="another version of this library"):
        write_features(many, out)
    assert not out.exists()


def test_a_scheduler_that_does_not_answer_is_refused(many, out, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(mapped, "SECONDS_TO_CONNECT", 0.3)
    with pytest.raises(InputError, match=r"scheduler 'tcp://127.0.0.1:9': nobody"):
        write_features(many, out, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(InputError, match="nobody answers"):
        write_features(many, out, scheduler="nonsense://x")
    assert not out.exists()


def test_a_scheduler_without_dask_is_refused(many, out, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"cluster\]"):
        write_features(many, out, scheduler="tcp://127.0.0.1:9")


def test_steps_are_told_to_the_end(many, out):
    told = []
    write_features(many, out, progress=lambda *step: told.append(step))
    assert [step for step in told if step[1] == step[2]] == [
        ("hashes", 6, 6),
        ("sample", 12, 12),
        ("features", 12, 12),
    ]


def test_an_error_stops_no_other_task():
    ended = list(mapped.mapped(divmod, [(7, 2), (1, 0), (9, 4)], mapped.Workers()))
    assert [result for _, result, _ in ended] == [(3, 1), None, (2, 1)]
    assert isinstance(ended[1][2], ZeroDivisionError)


def test_few_results_wait_in_memory():
    class Counting:
        handed_out, most, taken = 0, 0, 0

        def submit(self, function, *task):
            self.handed_out += 1
            self.most = max(self.most, self.handed_out - self.taken)
            future = Future()
            future.set_result(function(*task))
            return future

    executor = Counting()
    tasks = [(n, 2) for n in range(50)]
    for _ in mapped.mapped(pow, tasks, mapped.Workers(executor, 4)):
        executor.taken += 1
    assert executor.handed_out == 50
    assert executor.most <= 4


def test_a_pool_that_takes_no_task_is_lost():
    class Dead:
        def submit(self, function, *task):
            raise RuntimeError("a process died")

    with pytest.raises(mapped.WorkersLost, match="a process died"):
        list(mapped.mapped(pow, [(1, 2), (3, 4)], mapped.Workers(Dead(), 4)))


def test_readings_in_one_file_are_cut_by_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "ROWS_A_GROUP", 240)
    monkeypatch.setattr(partitions, "GROUPS_A_PARTITION", 3)
    folder = tmp_path / "region"
    folder.mkdir()
    frame = planted_readings(8, 10)[0].astype({"kwh": "float32"})
    write_readings(
        pa.Table.from_pandas(frame, preserve_index=False).to_batches(), folder
    )
    found = partitions.partitions_of(part_file(folder, 0))
    assert [(part.first, part.end) for part in found] == [(0, 3), (3, 6), (6, 8)]
