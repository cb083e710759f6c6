"""Earlier runs are kept whole, linked, and not for ever."""

import pytest

from research.report import previous
from research.report.publish import publish_page, read_manifest, verify
from research.report.site import region_index


def publish(folder, table, made_at, rules="r", html='<a href="index.html">home</a>'):
    manifest = read_manifest(folder) or {
        "region": "london", "title": {}, "pages": [], "failed": [], "skipped": [],
    }  # fmt: skip
    entry = {
        "notebook": "01_a",
        "summary": {"title": "A", "verdict": {"en": "", "zh": ""}, "tiles": []},
        "parameters": {},
        "made_at": made_at,
        "rules": rules,
    }
    files = {"tables/01_a.t.csv": table, "figures/01_a.hero.svg": "<svg/>"}
    publish_page(folder, manifest, entry, f"<p>{html}{made_at}</p></html>", files)
    return read_manifest(folder)["pages"][0]["previous"]


def test_an_earlier_run_stays_with_its_tables_and_its_way_home(tmp_path):
    assert publish(tmp_path, "a\n1\n", "2026-01-01T00:00:00Z") == []
    (kept,) = publish(tmp_path, "a\n2\n", "2026-02-01T00:00:00Z")
    assert kept["made_at"] == "2026-01-01T00:00:00Z"
    page = tmp_path / kept["file"]
    assert 'href="../../index.html"' in page.read_text("utf-8")
    assert (page.parent / "tables/01_a.t.csv").read_text("utf-8") == "a\n1\n"
    assert verify(tmp_path) == []
    html = region_index(read_manifest(tmp_path), {})
    assert f'href="{kept["file"]}"' in html
    page.write_text("changed")
    assert len(verify(tmp_path)) == 1


def test_the_same_numbers_once_more_are_no_earlier_run(tmp_path):
    publish(tmp_path, "a\n1\n", "2026-01-01T00:00:00Z")
    assert publish(tmp_path, "a\n1\n", "2026-02-01T00:00:00Z") == []
    assert not (tmp_path / previous.FOLDER).exists()


def test_the_oldest_goes_first(tmp_path):
    for n in range(previous.KEPT + 3):
        kept = publish(tmp_path, f"a\n{n}\n", f"2026-01-{n + 1:02}T00:00:00Z")
    assert [entry["made_at"][8:10] for entry in kept] == ["07", "06", "05", "04", "03"]
    assert len(list((tmp_path / previous.FOLDER).iterdir())) == previous.KEPT
    assert verify(tmp_path) == []


def test_what_other_rules_of_privacy_let_through_is_not_kept(tmp_path):
    publish(tmp_path, "a\n1\n", "2026-01-01T00:00:00Z")
    publish(tmp_path, "a\n2\n", "2026-02-01T00:00:00Z")
    assert publish(tmp_path, "a\n3\n", "2026-03-01T00:00:00Z", rules="stricter") == []
    assert not (tmp_path / previous.FOLDER).exists()


@pytest.mark.parametrize("at", ["", "2026-01-01T00:00:00Z"])
def test_a_page_of_before_there_were_times_is_kept_as_well(tmp_path, at):
    publish(tmp_path, "a\n1\n", at)
    (kept,) = publish(tmp_path, "a\n2\n", "2026-02-01T00:00:00Z")
    assert (tmp_path / kept["file"]).is_file()
