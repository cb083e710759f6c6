"""Tables kept between notebooks: the same with and without, never of something else."""

import os
import shutil
import threading

import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from research.features import load
from research.region import cache, read_region
from research.region.synthetic import synthesize


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
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


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


def test_two_at_a_time_end_with_one_whole_file(area, folder):
    region, found = read_region(area), []
    both = threading.Barrier(2)

    def compute():
        both.wait(timeout=30)
        return pd.DataFrame({"x": range(10_000)})

    def ask():
        found.append(cache.kept(compute, "one", region))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_frame_equal(*found)
    assert_frame_equal(cache.kept(never, "one", region), found[0])
    assert len(files(folder)) == 1
