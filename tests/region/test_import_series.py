"""Series of an export: units, decimal signs, times, clocks, stamps, registers."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from region.exports import (
    LONG,
    REGION,
    examples,
    hits,
    hourly,
    imported,
    repaired,
    table_of,
)

from research.region import InputError
from research.region.ingest.times import time_map

HEADER = "id,time,kwh"


@pytest.mark.parametrize(
    ("unit", "minutes", "factor"),
    [
        ("Wh", 60, 0.001),
        ("MWh", 60, 1000),
        ("kW", 15, 0.25),
        ("W", 30, 0.0005),
        ("MW", 60, 1000),
    ],
)
def test_units_become_energy_of_the_interval(tmp_path, unit, minutes, factor):
    region = imported(
        tmp_path,
        LONG + f"    units: {{kwh: {unit}}}\n",
        REGION.replace("minutes: 60", f"minutes: {minutes}"),
        readings_csv=[HEADER, "A,2024-03-04 00:00,8"],
    )
    assert table_of(region, "readings")["kwh"].tolist() == pytest.approx([8 * factor])


def test_values_per_unit_and_behind_a_transformer_are_multiplied(tmp_path):
    mapping = LONG + "    units: {kwh: per_unit}\n    rated: rated_kw\n    ratio: ct\n"
    region = imported(
        tmp_path,
        mapping,
        readings_csv=[f"{HEADER},rated_kw,ct", "A,2024-03-04,0.5,6,40"],
    )
    assert table_of(region, "readings")["kwh"].tolist() == [120]


def test_a_decimal_comma_is_taken_as_the_mapping_says(tmp_path):
    mapping = LONG + '    delimiter: ";"\n    decimal: ","\n    thousands: "."\n'
    region = imported(
        tmp_path,
        mapping,
        readings_csv=["id;time;kwh", "A;2024-03-04;1.234,5", "A;2024-03-04 01:00;0,25"],
    )
    assert table_of(region, "readings")["kwh"].tolist() == [1234.5, 0.25]


@pytest.mark.parametrize(
    ("value", "offer"), [("0,25", 'decimal: ","'), ("47,537.92", 'thousands: ","')]
)
def test_a_comma_that_is_not_explained_is_refused_with_the_key(tmp_path, value, offer):
    with pytest.raises(InputError) as caught:
        imported(tmp_path, readings_csv=[HEADER, f'A,2024-03-04,"{value}"'])
    for word in ("readings.csv line 2", "column kwh", value, offer):
        assert word in str(caught.value)


TIMES = [
    ("%d.%m.%Y %H:%M", "30.10.2016 02:15", "2016-10-30 02:15"),
    ("%Y%m%d%H%M", "201610300215", "2016-10-30 02:15"),
    ("%Y/%m/%d %H:%M", "2016/10/30 24:00", "2016-10-31 00:00"),
    ("excel", "42673.09375", "2016-10-30 02:15"),
    (None, "2016/10/30 2:15", "2016-10-30 02:15"),
    (None, "2016-10-30T02:15:00.0000000", "2016-10-30 02:15"),
    (None, "2016-10-30 24:00:00", "2016-10-31 00:00"),
    (None, "２０１６-10-30 02:15", "2016-10-30 02:15"),
    (None, "2016-10-29T18:15:00Z", "2016-10-30 02:15"),
    (None, "2016-10-30 02:15:00+08:00", "2016-10-30 02:15"),
]


@pytest.mark.parametrize(("form", "text", "wanted"), TIMES)
def test_times_are_read_in_the_forms_people_write(form, text, wanted):
    with duckdb.connect() as connection:
        connection.execute("create table rows (file varchar, line bigint, time text)")
        connection.execute("insert into rows values ('r.csv', 2, ?)", [text])
        aware = time_map(
            connection, "rows", "time", form, "times", ours="ts", shown="time"
        )
        found = connection.sql("select value from times").fetchall()[0][0]
    hours = pd.Timedelta(hours=8 if aware else 0)  # those of Shanghai
    assert found + hours == pd.Timestamp(wanted)
    assert aware == text.endswith(("Z", "+08:00"))


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (
            ["04/03/2024 1:00", "2024-03-04 01:00", "05/03/2024 1:00"],
            [
                "line 2",
                "04/03/2024 1:00",
                "line 3: 2024-03-04",
                "%d/%m/%Y %H:%M",
                "%m/%d/%Y",
                "04/03/2024 (line 2), 05/03/2024 (line 4)",
            ],
        ),
        (["04/03/2024", "13/03/2024"], ["line 2", '"%d/%m/%Y"}.']),
        (["04/03/24", "04/13/24"], ["line 2", '"%m/%d/%y"}.']),
        (["45355.0416667", "45355.0833333"], ["45355", "Excel serial", "excel"]),
        (["30.10.2016 02:15"], ["30.10.2016", '%d.%m.%Y %H:%M"']),
        (["20240304"], ["20240304", "%Y%m%d"]),
        (["2024-03-04 00:00Z", "2024-03-04 01:00"], ["offset", "column time"]),
    ],
)
def test_a_form_that_a_person_must_name_is_refused_with_the_key(tmp_path, times, words):
    with pytest.raises(InputError) as caught:
        imported(tmp_path, readings_csv=[HEADER, *(f"A,{t},1" for t in times)])
    for word in words:
        assert word in str(caught.value)


def test_stamps_at_the_end_of_the_interval_move_to_its_start(tmp_path):
    region = imported(
        tmp_path,
        LONG + "    stamp: end\n",
        readings_csv=[HEADER, "A,2024-03-04 01:00,1"],
    )
    assert table_of(region, "readings")["ts"].tolist() == [pd.Timestamp("2024-03-04")]


BERLIN = REGION.replace("Asia/Shanghai\nr", "Europe/Berlin\nr").replace(
    "clock: Asia/Shanghai", "clock: UTC"
)


def test_the_hour_that_comes_twice_gives_two_readings(tmp_path):
    hours = ["01:00", "02:00", "02:00", "03:00"]
    lines = [f"A,2016-10-30 {hour},{n}" for n, hour in enumerate(hours)]
    region = imported(
        tmp_path,
        LONG + "    clock: Europe/Berlin\n",
        BERLIN,
        readings_csv=[HEADER, *lines],
    )
    readings = table_of(region, "readings")
    assert readings["kwh"].tolist() == [0, 1, 2, 3]
    assert readings["ts"].tolist() == list(
        pd.date_range("2016-10-29 23:00", periods=4, freq="h")
    )
    assert hits(region) == {("readings", "ambiguous_hour"): 2}
    assert "Europe/Berlin" in examples(region)["readings", "ambiguous_hour"]


def test_the_hour_that_is_skipped_is_set_aside(tmp_path):
    lines = [f"A,2016-03-27 {hour},1" for hour in ("01:00", "02:00", "03:00")]
    region = imported(
        tmp_path,
        LONG + "    clock: Europe/Berlin\n",
        BERLIN,
        readings_csv=[HEADER, *lines],
    )
    assert table_of(region, "readings")["ts"].tolist() == [
        pd.Timestamp("2016-03-27 00:00"),
        pd.Timestamp("2016-03-27 01:00"),
    ]
    assert hits(region) == {("readings", "nonexistent_hour"): 1}


def test_a_clock_that_moves_can_not_be_kept(tmp_path):
    lines = ["A,2016-10-30 02:00,1", "A,2016-10-30 02:00,2"]
    with pytest.raises(InputError, match="comes twice on the clock Europe/Berlin"):
        imported(
            tmp_path,
            LONG,
            BERLIN.replace("clock: UTC", "clock: Europe/Berlin"),
            readings_csv=[HEADER, *lines],
        )


@settings(max_examples=4, deadline=None)
@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
    year=st.integers(2000, 2023),
    month=st.sampled_from([3, 10]),
)
def test_a_regular_series_comes_back_from_any_clock(
    tmp_path_factory, zone, year, month
):
    utc = pd.date_range(f"{year}-{month:02}-01", periods=960, freq="h")
    local = utc.tz_localize("UTC").tz_convert(zone).tz_localize(None)
    lines = [f"A,{stamp},{n % 7}" for n, stamp in enumerate(local)]
    region = imported(
        tmp_path_factory.mktemp("clock"),
        LONG + f"    clock: {zone}\n",
        BERLIN.replace("minutes: 60", "minutes: 15"),
        readings_csv=[HEADER, *lines],
    )
    readings = table_of(region, "readings")
    assert readings["ts"].tolist() == utc.tolist()
    assert np.array_equal(readings["kwh"], np.arange(960) % 7)


def test_offsets_that_the_zone_does_not_have_are_counted(tmp_path):
    mapping = LONG + "    utc_offset: hours\n"
    lines = ["A,2016-03-26 12:00,1,1", "A,2016-03-27 12:00,1,1", "A,2016-03-28,1,2"]
    region = imported(
        tmp_path, mapping, BERLIN, readings_csv=[f"{HEADER},hours", *lines]
    )
    assert hits(region) == {("readings", "utc_offset"): 1}
    assert len(table_of(region, "readings")) == 3


REGISTER = LONG + "    value_kind: register\n"


def test_figures_of_a_register_become_energy_between_them(tmp_path):
    region = imported(
        tmp_path, REGISTER, readings_csv=[HEADER, *hourly("A", [100, 101, 103, 106])]
    )
    readings = table_of(region, "readings")
    assert readings["kwh"].tolist() == [1, 2, 3]
    assert readings["ts"].iloc[0] == pd.Timestamp("2024-03-04 00:00")
    assert hits(region) == {("readings", "register_start"): 1}


def test_a_register_that_rolls_over_goes_on(tmp_path):
    region = imported(
        tmp_path,
        REGISTER + "    roll_over_at: 1000\n",
        readings_csv=[HEADER, *hourly("A", [997, 999, 2, 4])],
    )
    assert table_of(region, "readings")["kwh"].tolist() == [2, 3, 2]
    assert hits(region)["readings", "roll_over"] == 1
    assert repaired(region, "readings")["found"].tolist() == ["2"]


def test_after_a_change_of_the_meter_one_interval_is_missing(tmp_path):
    falling = imported(
        tmp_path / "a", REGISTER, readings_csv=[HEADER, *hourly("A", [500, 510, 3, 5])]
    )
    assert table_of(falling, "readings")["kwh"].tolist() == [10, 2]
    assert hits(falling)["readings", "meter_change"] == 1
    mapping = REGISTER.replace("kwh: kwh}", "kwh: kwh, meter_id: meter}")
    lines = hourly("A", [500, 510, 600, 605])
    lines = [f"{line},{'old' if n < 2 else 'new'}" for n, line in enumerate(lines)]
    named = imported(tmp_path / "b", mapping, readings_csv=[f"{HEADER},meter", *lines])
    assert table_of(named, "readings")["kwh"].tolist() == [10, 5]
    assert hits(named)["readings", "meter_change"] == 1


def test_a_register_that_is_not_declared_is_recognised(tmp_path):
    figures = np.cumsum(np.ones(48)).astype(int)
    lines = [HEADER, *hourly("A", figures), *hourly("B", figures * 2)]
    with pytest.raises(InputError, match="value_kind: register"):
        imported(tmp_path, readings_csv=lines)
    region = imported(tmp_path, LONG + "    value_kind: interval\n", readings_csv=lines)
    assert len(table_of(region, "readings")) == 96
