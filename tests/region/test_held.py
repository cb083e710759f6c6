"""Readings that went by once come again from memory, the same and only while true."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from numpy.testing import assert_array_equal

from research.region import grids, held, read_region
from research.region.schema import parts_of


@pytest.fixture
def decoded(monkeypatch):
    """Row groups that were decoded; memory begins empty."""
    monkeypatch.setattr(held, "_last", {})
    found, right = [], grids._grid
    monkeypatch.setattr(grids, "_grid", lambda *told: found.append(1) or right(*told))
    return found


def test_a_second_look_decodes_nothing_and_sees_the_same(tiny, decoded):
    region = read_region(tiny)
    first = list(region.grids())
    n = len(decoded)
    assert n == len(first) > 0
    for area in (region, read_region(tiny), region.during(None, region.days[20])):
        for one, again in zip(first, area.grids(), strict=True):
            assert_array_equal(one.kwh, again.kwh)
            assert_array_equal(one.estimated, again.estimated)
            assert list(one.customer_id) == list(again.customer_id)
    assert len(decoded) == n


def test_what_is_held_can_not_be_written_to(tiny, decoded):
    for _ in range(2):
        with pytest.raises(ValueError, match="read-only"):
            next(read_region(tiny).grids()).kwh[0, 0] = 1.0


def test_other_readings_are_read_anew(tiny, decoded):
    before = np.concatenate([grid.kwh for grid in read_region(tiny).grids()])
    (file,) = parts_of(tiny, "readings")
    rows = pq.read_table(file).to_pandas()
    file_schema = pq.read_schema(file)
    rows["kwh"] *= 2
    pq.write_table(pa.Table.from_pandas(rows, file_schema, preserve_index=False), file)
    after = np.concatenate([grid.kwh for grid in read_region(tiny).grids()])
    assert_array_equal(after, before * 2)


def test_other_rules_are_applied_anew(tiny, decoded):
    list(read_region(tiny).grids())
    n = len(decoded)
    path = tiny / "region.yaml"
    declared = yaml.safe_load(path.read_text("utf-8"))
    declared.setdefault("quality", {})["zero_hours"] = 1000
    path.write_text(yaml.safe_dump(declared, allow_unicode=True), "utf-8")
    list(read_region(tiny).grids())
    assert len(decoded) == 2 * n


def test_too_many_readings_are_not_held(tiny, decoded, monkeypatch):
    monkeypatch.setattr(held, "MOST", 100)
    list(read_region(tiny).grids())
    n = len(decoded)
    list(read_region(tiny).grids())
    assert len(decoded) == 2 * n
    assert not held._last


def test_a_look_that_was_broken_off_is_not_held(tiny, decoded):
    next(read_region(tiny).grids())
    assert not held._last
