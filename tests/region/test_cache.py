"""Tables kept between notebooks: the same with and without, never of something else."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal
from waiting import wait_until

from research.features import load
from research.region import cache, read_region
from research.region.synthetic import synthesize
from research.report.provenance import inputs_of


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "haihe"
    synthesize("haihe", folder, customers=30, days=60, defects="none")
    return folder


@pytest.fixture
def area(made, tmp_path):
    return shutil.copytree(made, tmp_path / "area")


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))
    return tmp_path / "cache"


def computed(path):
    region = read_region(path)
    return {
        "coverage": region.coverage,
        "past": region.during(None, region.days[30]).coverage,
        "typical days": load.typical_day_curves(region),
        "by season": load.typical_day_curves(region, ["season"]),
        "features": load.table(region),
        "peak": pd.DataFrame(load.area_peak(region)),
    }


def files(folder):
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.name for path in found if path.suffix != ".lock")


def never():
    raise AssertionError("computed, though it was kept")


def test_tables_are_the_same_without_filling_and_from_the_cache(area, monkeypatch):
    monkeypatch.delenv(cache.FOLDER, raising=False)
    plain = computed(area)
    folder = area.parent / "cache"
    assert not folder.exists()
    monkeypatch.setenv(cache.FOLDER, str(folder))
    filling = computed(area)
    there = files(folder)
    assert len(there) == 6
    read = computed(area)
    assert files(folder) == there
    for name, table in plain.items():
        for other in (filling[name], read[name]):
            assert_frame_equal(table, other, check_exact=True)
            order = table.to_numpy().flags.f_contiguous
            assert other.to_numpy().flags.f_contiguous == order, name
    # Sums in one layout of memory have the same last digits.
    curves = plain["typical days"].to_numpy()
    assert curves.sum() == read["typical days"].to_numpy().sum()


def test_what_is_kept_is_not_computed_again(area, folder):
    region = read_region(area)
    one = pd.DataFrame({"x": [1.5]})
    assert_frame_equal(cache.kept(lambda: one, "one", region, "a"), one)
    assert_frame_equal(cache.kept(never, "one", region, "a"), one)
    for what, told in (("one", "b"), ("other", "a")):
        with pytest.raises(AssertionError, match="computed"):
            cache.kept(never, what, region, told)


def test_other_bytes_of_a_region_are_another_region(area, folder):
    one, two = pd.DataFrame({"x": [1]}), pd.DataFrame({"x": [2]})
    cache.kept(lambda: one, "one", read_region(area))
    customers = pq.read_table(area / "customers.parquet")
    pq.write_table(customers, area / "customers.parquet", compression="gzip")
    assert_frame_equal(cache.kept(lambda: two, "one", read_region(area)), two)
    assert len(files(folder)) == 1  # what was of other bytes is gone


def test_other_code_and_other_settings_are_asked_apart(area, folder, monkeypatch):
    one, two = pd.DataFrame({"x": [1]}), pd.DataFrame({"x": [2]})
    region = read_region(area)
    cache.kept(lambda: one, "one", region)
    past = region.during(None, region.days[9])
    assert_frame_equal(cache.kept(lambda: two, "one", past), two)
    assert len(files(folder)) == 2
    monkeypatch.setattr(cache, "code_key", lambda: "other")
    assert_frame_equal(cache.kept(lambda: two, "one", region), two)
    assert len(files(folder)) == 1


def test_a_region_that_is_written_meanwhile_is_not_kept(area, folder):
    def compute():
        os.utime(area / "customers.parquet", ns=(1, 1))
        return pd.DataFrame({"x": [1]})

    cache.kept(compute, "one", read_region(area))
    assert files(folder) == []


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"x": [object()]}),
        pd.DataFrame({"x": [(1, 2)]}),
    ],
)
def test_a_table_that_would_come_back_otherwise_is_not_kept(area, folder, table):
    assert cache.kept(lambda: table, "one", read_region(area)) is table
    assert files(folder) == []


def test_a_file_that_was_cut_off_is_computed_anew(area, folder):
    one = pd.DataFrame({"x": [1]})
    cache.kept(lambda: one, "one", read_region(area))
    (path,) = folder.rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:100])
    assert_frame_equal(cache.kept(lambda: one, "one", read_region(area)), one)
    assert_frame_equal(cache.kept(never, "one", read_region(area)), one)


def test_a_folder_that_can_not_be_written_stops_nothing(area, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "file"))
    one = pd.DataFrame({"x": [1]})
    assert cache.kept(lambda: one, "one", read_region(area)) is one


@pytest.fixture
def told(area, folder, monkeypatch):
    """One table is kept, and the region's hash is told: nobody may read its bytes."""
    known = cache.environment(folder, area, cache.looks_of(area), inputs_of(area))
    one = pd.DataFrame({"x": [1]})
    cache.kept(lambda: one, "one", read_region(area))
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cache, "_read_key", lambda *_: pytest.fail("hashed"))
    return one


def test_a_hash_that_was_told_is_the_one_that_would_be_read(area, told, monkeypatch):
    monkeypatch.chdir(area.parent)
    for path in (area, Path(area.name)):
        assert_frame_equal(cache.kept(never, "one", read_region(path)), told)


def written_over(area):
    """Write over a file, by as many bytes, and give it its former time."""
    path = area / "region.yaml"
    before = path.stat()
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "change",
    [
        written_over,
        lambda area: os.utime(area / "customers.parquet"),
        lambda area: shutil.copy(area / "bills.parquet", area / "more.parquet"),
        lambda area: (area / "bills.parquet").unlink(),
    ],
    ids=["written over", "touched", "more", "fewer"],
)
def test_a_hash_that_was_told_is_not_believed_once_a_file_looks_otherwise(
    area, told, change
):
    change(area)
    with pytest.raises(pytest.fail.Exception, match="hashed"):
        cache.kept(never, "one", read_region(area))


def test_a_hash_that_was_told_is_of_that_folder_alone(area, told):
    with pytest.raises(pytest.fail.Exception, match="hashed"):
        cache.kept(never, "one", read_region(shutil.copytree(area, f"{area}2")))


ASKS = """
import os, sys, time
from pathlib import Path
import pandas as pd
from research.region import cache, read_region

def compute():
    Path(sys.argv[2], f"computes {os.getpid()}").touch()
    time.sleep(float(sys.argv[3]))
    return pd.DataFrame({"x": [os.getpid()]})

print(cache.kept(compute, "one", read_region(sys.argv[1])).x[0])
"""


@pytest.fixture
def asks(area, folder, tmp_path):
    """Start a process that asks for a table and takes so long to compute it."""
    started = []

    def start(seconds):
        command = [sys.executable, "-c", ASKS, area, tmp_path, seconds]
        started.append(
            subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_who_asks_for_what_another_process_computes_waits_for_it(
    asks, folder, tmp_path
):
    first = asks(6)
    wait_until((tmp_path / f"computes {first.pid}").exists)
    others = [asks(0), asks(0)]
    assert {int(p.communicate()[0]) for p in [first, *others]} == {first.pid}
    assert len(list(tmp_path.glob("computes *"))) == 1
    assert len(files(folder)) == 1


@pytest.mark.slow
def test_a_wait_ends_when_who_computes_is_killed(asks, folder, tmp_path):
    first = asks(600)
    wait_until((tmp_path / f"computes {first.pid}").exists)
    second = asks(0)
    with pytest.raises(subprocess.TimeoutExpired):  # it waits
        second.wait(timeout=4)
    assert not (tmp_path / f"computes {second.pid}").exists()
    first.kill()
    assert int(second.communicate(timeout=30)[0]) == second.pid
    assert len(files(folder)) == 1


def test_of_two_threads_one_computes(area, folder):
    region, found, computed = read_region(area), [], []

    def compute():
        computed.append(1)
        time.sleep(0.2)
        return pd.DataFrame({"x": range(10_000)})

    def ask():
        found.append(cache.kept(compute, "one", region))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_frame_equal(*found)
    assert len(computed) == len(files(folder)) == 1


def test_what_one_could_not_compute_the_next_one_computes(area, folder):
    region, one = read_region(area), pd.DataFrame({"x": [1]})
    with pytest.raises(AssertionError, match="computed"):
        cache.kept(never, "one", region)
    assert_frame_equal(cache.kept(lambda: one, "one", region), one)
