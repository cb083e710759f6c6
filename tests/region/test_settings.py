"""`region.yaml`: what is wrong is told with file, line, key, value and the mend."""

import subprocess
import sys

import pytest
from planted import REGION_YAML, SHARED

from research.region import InputError
from research.region.settings import read_settings


def settings_of(tmp_path, text):
    path = tmp_path / "region.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_settings(path)


def refusal(tmp_path, text):
    with pytest.raises(InputError) as caught:
        settings_of(tmp_path, text)
    return str(caught.value)


def test_a_good_file_is_read(tmp_path):
    settings = settings_of(tmp_path, REGION_YAML)
    assert settings.name == "tiny"
    assert settings.title.zh == "小区"
    assert settings.segmentation.n_clusters is None
    assert settings.tou is None


def with_k(value):
    return REGION_YAML + f"segmentation: {{n_clusters: {value}}}\n"


# The faults of a foreign region file, carried over to our keys.
FAULTS = {
    "G01 tag": (
        REGION_YAML + 'x: !!python/object/apply:os.system ["touch PWNED"]\n',
        ["region.yaml line 6", "tag"],
    ),
    "G03 duplicate key": (
        REGION_YAML + "name: other\n",
        ["region.yaml lines 1 and 6", "name", "duplicate"],
    ),
    "G04 leading zero": (
        REGION_YAML + "segmentation: {seed: 0371}\n",
        ["line 6", "segmentation.seed", '"0371"'],
    ),
    "G04 bool as text": (
        REGION_YAML.replace("tiny", "true"),
        ["line 1", "name", "true"],
    ),
    "G05 tab": ("name: tiny\nreadings:\n\tclock: UTC\n", ["region.yaml line 3", "tab"]),
    "G07 missing": (
        REGION_YAML.replace("timezone: Asia/Shanghai\n", ""),
        ["region.yaml", "timezone", "required"],
    ),
    "G08a text": (with_k("five"), ["line 6", "n_clusters", "five", "whole number"]),
    "G08b list": (with_k("[3]"), ["line 6", "n_clusters", "[3]"]),
    "G08c fraction": (with_k("3.7"), ["line 6", "n_clusters", "3.7"]),
    "G08d zero": (with_k("0"), ["line 6", "n_clusters", "found 0", "2 to 50"]),
    "G08e negative": (with_k("-1"), ["line 6", "n_clusters", "-1"]),
    "G08g huge": (with_k("1000000000"), ["line 6", "n_clusters", "1000000000"]),
    "G08h null": (with_k("null"), ["line 6", "n_clusters", "null"]),
    "G08i bool": (with_k("true"), ["line 6", "n_clusters", "true"]),
    "G08 scientific": (with_k("1e1"), ["line 6", "n_clusters", "10.0"]),
    "G09 order": (
        REGION_YAML + "segmentation: {k_min: 8, k_max: 3}\n",
        ["line 6", "segmentation", "k_min 8", "k_max 3"],
    ),
    "G10a path": (
        REGION_YAML.replace("{resolution", "../../etc/passwd\nx: {resolution"),
        ["line 4", "readings", "../../etc/passwd"],
    ),
    "G10g zero byte": (
        REGION_YAML.replace("tiny", '"a\\0b"'),
        ["line 1", "name", "letters"],
    ),
    "G11a dots": (
        REGION_YAML.replace("tiny", "../evil"),
        ["line 1", "name", "../evil"],
    ),
    "G11c reserved": (REGION_YAML.replace("tiny", "CON"), ["line 1", "name", "CON"]),
    "G11e long": (REGION_YAML.replace("tiny", "x" * 300), ["line 1", "name", "64"]),
    "G11f blank": (REGION_YAML.replace("tiny", '"demo "'), ["line 1", "name", "demo "]),
    "G11g emoji": (REGION_YAML.replace("tiny", "😀"), ["line 1", "name", "😀"]),
    "G11i newline": (REGION_YAML.replace("tiny", '"a\\nb"'), ["line 1", "name"]),
    "G12 zone": (
        REGION_YAML.replace("timezone: Asia/Shanghai", "timezone: Asia/Beijing"),
        ["line 3", "timezone", "Asia/Beijing", "Asia/Shanghai"],
    ),
    "G15 documents": (
        REGION_YAML + "---\n" + REGION_YAML,
        ["line 6", "second document"],
    ),
    "G17c seed": (
        REGION_YAML + "segmentation: {seed: 1.5}\n",
        ["line 6", "segmentation.seed", "1.5", "4294967295"],
    ),
    "G18 unit": (
        REGION_YAML.replace("kWh", "MW"),
        ["line 4", "readings.unit", "MW", "kWh"],
    ),
    "G21 deep nest": ("a: " + "[" * 10_000, ["region.yaml line 1", "20 levels"]),
    "G21 control characters": (b"name: \x01\n", ["region.yaml"]),
    "alias bomb": ("a: &a [x]\nb: [*a, *a]\n", ["line 1", "anchor"]),
    "not UTF-8": ("name: 临清\n".encode("gb18030"), ["region.yaml", "UTF-8"]),
    "empty": ("", ["region.yaml", "empty"]),
    "a list": ("- name: tiny\n", ["region.yaml", "list"]),
    "seasons": (
        REGION_YAML + "seasons: {winter: [12, 1], summer: [6, 7, 8]}\n",
        ["seasons", "each month once"],
    ),
    "no resolution": (
        REGION_YAML.replace("resolution_minutes: 60, ", ""),
        ["line 4", "readings.resolution_minutes", "required"],
    ),
    "odd resolution": (
        REGION_YAML.replace("60", "20"),
        ["line 4", "readings.resolution_minutes", "found 20", "15, 30, 60 or 1440"],
    ),
}


@pytest.mark.parametrize(("text", "named"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_place(tmp_path, text, named):
    message = refusal(tmp_path, text)
    for word in named:
        assert word in message
    assert "Traceback" not in message
    assert not (tmp_path / "PWNED").exists()


def test_a_misspelt_key_gets_the_nearest_one(tmp_path):
    message = refusal(tmp_path, REGION_YAML + "qualty: {}\n")
    assert "line 6" in message
    assert "Did you mean quality?" in message


def test_every_fault_is_told_at_once(tmp_path):
    message = refusal(tmp_path, REGION_YAML.replace("kWh", "MW") + "colour: red\n")
    assert len(message.splitlines()) == 2


# As much as a region can say about prices, service and the grid.
EVERYTHING = """\
climate: {latitude: 39.1, longitude: 117.2, heating_season: [11-15, 03-15]}
tou:
  - classes: [commercial, industrial_large]
    months: [6, 7, 8]
    base_yuan: 0.62
    bands:
      - {name: sharp, at: ["16:00-18:00"], x: 2.0}
      - {name: peak, at: ["10:00-12:00", "18:00-22:00"], x: 1.7}
      - {name: valley, at: ["23:00-07:00"], x: 0.3}
      - {name: deep_valley, at: [], x: 0.1}
  - classes: [residential_urban]
    optional: true
    bands:
      - {name: peak, at: ["08:00-22:00"], x: null, yuan: 0.568}
      - {name: valley, at: ["22:00-08:00"], yuan: 0.288}
residential_tiers: {reckoning: year, bounds_kwh: [2640, 4800], yuan: [0.49, 0.54, 0.79]}
agriculture: {yuan: 0.50}
two_part: {cap_yuan_kva: 28, dem_yuan_kw: 42}
power_factor: {}
late_fee: {min_yuan: 1}
funds_yuan: 0.03
prepaid: {mode: local, trip_yuan: 10, alert_yuan: 20, warn_yuan: 50}
channels: [{code: wechat, online: true, fee_rate: 0.002}, {code: hall, online: false}]
ids: {width: 10}
grid: {overload: 1.0, heavy: 0.8, hours: 2}
voltage_limits: {lv_single: [-0.10, 0.07]}
points: {per_yuan: 1, tiers: [[0, 1.0], [100, 1.2]], value_yuan: 0.005}
tickets: {limits_hours: {contact: 24}, repeat_days: 90}
reference_date: 2025-12-31
quality: {rules: {gap: "off", spike: repair}, error_if: {gap: 0.2}}
source: {open_data: true}
privacy: {min_cell: 5, publish: internal}
"""


def test_all_that_a_region_may_say_is_read(tmp_path):
    settings = settings_of(tmp_path, REGION_YAML + EVERYTHING)
    summer, home = settings.tou
    assert summer.prices == pytest.approx(
        {
            "flat": 0.62,
            "sharp": 1.24,
            "peak": 1.054,
            "valley": 0.186,
            "deep_valley": 0.062,
        }
    )
    assert home.optional
    assert home.prices == {"peak": 0.568, "valley": 0.288}
    assert settings.two_part.kwh_per_kva_discount.at == 260
    assert settings.power_factor.base == ["basic", "energy"]
    assert settings.prepaid.classes.frequent == 2
    assert settings.voltage_limits.mv == [-0.07, 0.07]
    assert settings.tickets.frequent_outage.days == 60
    assert settings.quality.rules == {"gap": "off", "spike": "repair"}
    assert settings.privacy.publish == "internal"
    assert settings.privacy.largest_share == pytest.approx(0.45)
    assert str(settings.reference_date) == "2025-12-31"


def test_prices_are_never_made_up(tmp_path):
    settings = settings_of(tmp_path, REGION_YAML)
    for key in ("tou", "residential_tiers", "agriculture", "two_part", "late_fee"):
        assert getattr(settings, key) is None
    assert settings.privacy.min_cell == 15
    assert settings.privacy.publish == "public"
    assert settings.privacy.largest_share == 0.15


def tou_with(bands, keys="base_yuan: 0.6, "):
    return f"tou:\n  - {{{keys}bands: [{bands}]}}\n"


# What is wrong, and words that the message must hold besides the place.
WRONG = {
    "climate order": ("climate: {heat_below: 20, cool_above: 10}", ["heat_below 20"]),
    "heating season": ("climate: {heating_season: [11-31, 03-15]}", ["MM-DD"]),
    "class": ("tou: [{classes: [shops], bands: []}]", ["shops", "'commercial'"]),
    "quarter": (tou_with("{name: peak, at: ['10:05-12:00']}"), ["10:05", "quarters"]),
    "x and yuan": (tou_with("{name: peak, at: [], x: 2, yuan: 1}"), ["not both"]),
    "x alone": (tou_with("{name: peak, at: [], x: 2}", ""), ["state base_yuan"]),
    "no price": (tou_with("{name: peak, at: []}"), ["band peak has no price"]),
    "no price for the rest": (
        tou_with("{name: peak, at: ['08:00-22:00'], yuan: 1}", "rest: valley, "),
        ["band valley has no price"],
    ),
    "two prices": (
        tou_with("{name: peak, at: [], x: 2}, {name: peak, at: [], x: 3}"),
        ["twice"],
    ),
    "cheap peak": (tou_with("{name: peak, at: [], x: 0.5}"), ["must not rise"]),
    "precedence": ("precedence: [sharp, peak, flat]", ["deep_valley", "once"]),
    "tier order": (
        "residential_tiers: {reckoning: month, bounds_kwh: [4, 2], yuan: [1, 2, 3]}",
        ["bounds_kwh must grow"],
    ),
    "tier prices": (
        "residential_tiers: {reckoning: month, bounds_kwh: [200, 400], yuan: [1, 2]}",
        ["2 bounds need 3 prices, found 2"],
    ),
    "reckoning": (
        "residential_tiers: {reckoning: week, bounds_kwh: [2], yuan: [1, 2]}",
        ["week", "'month' or 'year'"],
    ),
    "farm price": ("agriculture: {yuan: -1}", ["-1", "greater than 0"]),
    "choice": (
        "two_part: {cap_yuan_kva: 28, dem_yuan_kw: 42, choice_kva: [100, 400]}",
        ["choice_kva", "400", "min_kva"],
    ),
    "demand price": ("two_part: {cap_yuan_kva: 28, dem_yuan_kw: 4200}", ["4200"]),
    "standard": ("power_factor: {standards: {agri_100: 0.7}}", ["0.7", "0.80"]),
    "late fees": ("late_fee: {other: 0.004}", ["other_prior_year 0.003"]),
    "percent": ("late_fee: {residential: 0.1}", ["0.1", "less than or equal"]),
    "balances": (
        "prepaid: {mode: local, trip_yuan: 30, alert_yuan: 20, warn_yuan: 50}",
        ["trip_yuan 30 < alert_yuan 20"],
    ),
    "infinite": (
        "prepaid: {mode: local, trip_yuan: 1, alert_yuan: 20, warn_yuan: 1e999}",
        ["finite"],
    ),
    "trips": (
        "prepaid: {mode: local, trip_yuan: 1, alert_yuan: 2, warn_yuan: 3, "
        "classes: {occasional: 2, frequent: 2}}",
        ["frequent 2 must be above"],
    ),
    "channel": (
        "channels: [{code: app, online: true}, {code: app, online: true}]",
        ["'app'", "twice"],
    ),
    "width": ("ids: {width: 0}", ["found 0"]),
    "load": ("grid: {heavy: 1.0, overload: 0.9}", ["heavy 1.0", "overload 0.9"]),
    "voltage": ("voltage_limits: {mv: [0.07, 0.07]}", ["one below and one above"]),
    "points": (
        "points: {per_yuan: 1, value_yuan: 1, tiers: [[0, 1], [0, 2]]}",
        ["tiers must grow"],
    ),
    "days": ("tickets: {limits_workdays: {complaint: 0}}", ["complaint: found 0"]),
    "date": ("reference_date: 2025-02-30", ["2025-02-30"]),
    "action": ("quality: {rules: {gap: maybe}}", ["maybe", "'leave_out'"]),
    "share": ("quality: {error_if: {gap: 1.5}}", ["1.5", "less than or equal to 1"]),
    "cell": ("privacy: {min_cell: 4}", ["found 4", "greater than or equal to 5"]),
    "open": ("privacy: {min_cell: 14}", ["only open data may have", "open_data: true"]),
    "rows": ("privacy: {publish_customer_rows: true}", ["no page shows a row"]),
    "ids": ("privacy: {pseudonymise: false}", ["worklists always hold pseudonyms"]),
}


@pytest.mark.parametrize(("text", "named"), WRONG.values(), ids=WRONG)
def test_wrong_prices_and_limits_are_told_with_their_place(tmp_path, text, named):
    message = refusal(tmp_path, REGION_YAML + text)
    key = text.split(":")[0]
    assert f"region.yaml line {7 if key == 'tou' and chr(10) in text else 6}" in message
    assert f", {key}" in message
    for word in named:
        assert word in message


@pytest.mark.parametrize(
    "listed",
    ["{2027: 2028-02-06}", "{2027: 2027-03-06}", "{x: 2027-02-06}", "{2027: soon}"],
)
def test_a_spring_festival_outside_its_time_is_refused(tmp_path, listed):
    text = REGION_YAML.replace("{country: CN}", f"{{lunar_new_year: {listed}}}")
    message = refusal(tmp_path, text)
    assert "line 5, calendar" in message


NEW_KEYS = [
    line.split(":")[0] for line in EVERYTHING.splitlines() if line[0] not in " "
]


@pytest.mark.parametrize(
    "key", [k for k in NEW_KEYS if k not in ("quality", "privacy", "source")]
)
def test_the_example_that_a_message_gives_is_itself_allowed(tmp_path, key):
    message = refusal(tmp_path, REGION_YAML + f"{key}: [[[]]]\n")
    example = message.split("Example: ")[1].splitlines()[0]
    assert example.startswith(f"{key}: ")
    given = settings_of(tmp_path, f"{REGION_YAML}{example}\n")
    assert getattr(given, key) is not None


@pytest.mark.parametrize("value", ["no", "0371", "24:00", "1_000"])
def test_text_stays_text(tmp_path, value):
    text = REGION_YAML + f"source: {{publisher: {value}}}\n"
    assert settings_of(tmp_path, text).source.publisher == value


def test_a_name_may_be_chinese(tmp_path):
    assert settings_of(tmp_path, REGION_YAML.replace("tiny", "临清_2")).name == "临清_2"


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the collection of bad inputs is absent"
)
@pytest.mark.parametrize(
    "case", sorted(SHARED.glob("bad_inputs/G*/region.yaml")), ids=str
)
def test_the_collected_region_files_are_refused_in_words(tmp_path, case):
    assert "region.yaml" in refusal(tmp_path, case.read_bytes())


@pytest.mark.slow
def test_wrong_settings_end_the_command_with_code_2(tmp_path):
    (tmp_path / "region.yaml").write_text(with_k("five"))
    done = subprocess.run(
        [sys.executable, "-m", "research.cli", "check", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "n_clusters" in done.stderr
    assert "Traceback" not in done.stderr
