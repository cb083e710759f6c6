"""Worklists go beside the pages, by pseudonyms that only the key can trace."""

import hmac
import os
import stat

import pandas as pd
import pytest
from planted import REGION_YAML, planted_readings, write_region

from research.region import read_region
from research.region.errors import InputError
from research.report import internal

KEY = bytes(range(32))


@pytest.fixture
def area(tmp_path):
    yaml = REGION_YAML + "privacy: {publish: internal}\n"
    return read_region(write_region(tmp_path / "tiny", planted_readings(4, 3)[0], yaml))


@pytest.fixture
def places(tmp_path):
    (tmp_path / "safe").mkdir()
    (tmp_path / "safe" / "key").write_bytes(KEY)
    return {
        internal.FOLDER: str(tmp_path / "lists"),
        internal.KEY_FILE: str(tmp_path / "safe" / "key"),
    }


def listed(area, places, ids=("0000", "0001")):
    frame = pd.DataFrame(
        {"customer_id": list(ids), "why": ["=late", "odd"][: len(ids)]}
    )
    return internal.worklist(
        frame, area, name="odd", what="Odd customers", environment=places
    )


def test_customers_are_listed_by_keyed_pseudonyms_in_a_file_of_their_own(
    area, places, tmp_path
):
    part = listed(area, places)
    (path,) = (p for p in (tmp_path / "lists").rglob("*") if p.is_file())
    assert path.name == "INTERNAL.odd.csv"
    table = pd.read_csv(path)
    first = hmac.new(KEY, b"tiny\x000000", "sha256").hexdigest()[:16]
    assert table["INTERNAL pseudonym"][0] == first
    assert "0000," not in path.read_text("utf-8")
    assert table["why"].tolist() == ["'=late", "odd"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert part == listed(
        area, places, ids=["0003"]
    )  # the page tells not even how many


def test_nothing_is_written_unless_region_and_reader_ask_for_it(area, places, tmp_path):
    public = read_region(write_region(tmp_path / "public", planted_readings(4, 3)[0]))
    assert "Pages show groups" in listed(public, places).content["text"]
    assert "Name a folder" in listed(area, {}).content["text"]
    assert not (tmp_path / "lists").exists()


def test_other_regions_and_keys_give_other_pseudonyms():
    names = {
        internal.pseudonyms(["17"], region, key)[0]
        for region in ("a", "b")
        for key in (KEY, KEY[::-1])
    }
    assert len(names) == 4


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_length_is_refused(area, places, tmp_path, size):
    (tmp_path / "safe" / "key").write_bytes(bytes(size))
    with pytest.raises(InputError, match=f"32 random bytes is wanted, found {size}"):
        listed(area, places)


@pytest.mark.parametrize("place", ["tiny", "lists/below", "repository"])
def test_a_key_with_the_data_the_lists_or_code_is_refused(
    area, places, tmp_path, place
):
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    key = tmp_path / place / "key"
    key.write_bytes(KEY)
    with pytest.raises(InputError, match="must not lie with the data"):
        listed(area, places | {internal.KEY_FILE: str(key)})


def test_the_folder_of_the_pages_is_refused(area, places, tmp_path):
    (tmp_path / "reports" / "tiny").mkdir(parents=True)
    (tmp_path / "reports" / "index.html").touch()
    with pytest.raises(InputError, match="worklists go elsewhere"):
        listed(area, places | {internal.FOLDER: str(tmp_path / "reports" / "tiny")})
