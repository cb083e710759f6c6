"""`mapping.yaml`: what is wrong is told with file, line, key, value and the mend."""

import re
from pathlib import Path

import pytest
from planted import ROOT

from research.region import InputError
from research.region.ingest.mapping import mapped_tables, read_mapping

GOOD = """\
tables:
  readings:
    files: ["ami_data.csv.gz"]
    columns: {customer_id: meter_id, ts: timestamp, kwh: power}
    units: {kwh: kW}
"""
MAPPINGS = sorted((Path(__file__).parent / "mappings").rglob("*.yaml"))


def mapping_of(tmp_path, text):
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return read_mapping(path)


GUIDE = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
TEMPLATES = [
    block
    for block in re.findall(r"```yaml\n(.*?)```", GUIDE, re.S)
    if "files:" in block
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_of_the_guide_is_a_mapping(tmp_path, template):
    assert mapped_tables(mapping_of(tmp_path, template.partition("# region.yaml")[0]))


def test_a_good_file_is_read(tmp_path):
    tables = mapped_tables(mapping_of(tmp_path, GOOD))
    assert list(tables) == ["readings"]
    assert tables["readings"].columns["kwh"] == "power"
    assert tables["readings"].decimal == "."
    assert tables["readings"].layout == "long"


@pytest.mark.parametrize(
    "path",
    [p for p in MAPPINGS if p.name != "region.yaml"],
    ids=lambda p: f"{p.parent.name}/{p.stem}",
)
def test_the_mappings_of_real_exports_are_good(path):
    assert mapped_tables(read_mapping(path))


def test_keys_that_look_like_numbers_are_text(tmp_path):
    text = GOOD.replace("units: {kwh: kW}", "codes: {quality: {0: 0, 7: 2}}")
    tables = mapped_tables(mapping_of(tmp_path, text))
    assert tables["readings"].codes == {"quality": {"0": 0, "7": 2}}


FAULTS = {
    "unknown table": (GOOD.replace("readings:", "reading:"), ["line 2", "readings"]),
    "unknown key": (GOOD + "    unit: kW\n", ["line 6", "unit", "units"]),
    "unknown column": (
        GOOD.replace("ts: timestamp", "time: timestamp"),
        ["line 4", "tables.readings.columns.time", "no such column", "ts"],
    ),
    "column missing": (
        GOOD.replace(", kwh: power", ""),
        ["line 4", "needs kwh", "constants"],
    ),
    "wrong unit": (GOOD.replace("kW}", "kVA}"), ["line 5", "units.kwh", "kVA", "MWh"]),
    "wrong encoding": (
        GOOD + "    encoding: latin-1\n",
        ["line 6", "latin-1", "gb18030"],
    ),
    "file elsewhere": (GOOD.replace("ami_data", "../ami_data"), ["line 3", "leave"]),
    "address": (
        GOOD.replace("ami_data", "https://example.org/ami_data"),
        ["line 3", "address"],
    ),
    "absolute": (GOOD.replace("ami_data", "/etc/ami_data"), ["line 3", "leave"]),
    "no files": (GOOD.replace('["ami_data.csv.gz"]', "[]"), ["line 3", "files"]),
    "wrong clock": (
        GOOD + "    clock: Asia/Beijing\n",
        ["line 6", "clock", "Asia/Beijing", "Asia/Shanghai"],
    ),
    "unknown code": (
        "tables:\n  tickets:\n    files: [t.csv]\n"
        "    columns: {ticket_id: a, ts_created: b, type: c, text_zh: d}\n"
        "    codes: {type: {投诉: complain}}\n",
        ["line 5", "codes.type.投诉", "complain", "complaint"],
    ),
    "slots without layout": (
        GOOD + "    slots: {first: p01, last: p96}\n",
        ["layout", "slots_in_columns"],
    ),
    "slots without a day": (
        "tables:\n  readings:\n    files: [r.csv]\n    layout: slots_in_columns\n"
        "    slots: {first: p01, last: p96}\n    columns: {customer_id: a}\n",
        ["columns", "date"],
    ),
    "per unit of nothing": (
        GOOD.replace("kW}", "per_unit}"),
        ["line 5", "per_unit", "rated"],
    ),
    "roll-over of intervals": (
        GOOD + "    roll_over_at: 100000\n",
        ["line 6", "value_kind: register"],
    ),
    "one sign for both": (
        GOOD + '    decimal: ","\n    thousands: ","\n',
        ["line 7", "thousands"],
    ),
    "no table": ("tables: {}\n", ["line 1", "no table"]),
    "twice": (GOOD + "    files: [b.csv]\n", ["lines 3 and 6", "files", "duplicate"]),
}


@pytest.mark.parametrize(("text", "words"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_place_and_the_mend(tmp_path, text, words):
    with pytest.raises(InputError) as caught:
        mapping_of(tmp_path, text)
    for word in ["mapping.yaml", *words]:
        assert word in str(caught.value)
