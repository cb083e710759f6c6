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
