"""Index pages say what was published, and what was not."""

import re

import pytest
from lxml import html as lxml_html
from sample_report import SVG, manifest

from research.report import site

RUN = "</title></script><script>window.ran=1</script><img onerror=window.ran=1>"


def text(html):
    return " ".join(lxml_html.fromstring(html).text_content().split())


def test_a_region_shows_a_card_a_page_and_the_weakest_coverage():
    html = site.region_index(manifest(), {"02_a": SVG})
    tree = lxml_html.fromstring(html)
    assert tree.xpath("//article//h2/a/@href") == ["02_a.html", "03_b.html"]
    assert len(tree.xpath("//article//*[local-name()='svg']")) == 1
    said = text(html)
    for words in ("London", "伦敦", "2013-01-01 to 2013-12-31", "40 %", "五种节律。"):
        assert words in said
    assert "2026-11-22 03:10 UTC" in said


def test_a_failed_notebook_is_named_with_its_cell_and_cause():
    failed = [{"notebook": "04_rfm", "cell": 7, "cause": "ValueError: <no> bills"}]
    said = text(site.region_index(manifest(failed=failed), {}))
    assert "04_rfm, cell 7: ValueError: <no> bills" in said
    failed = [{"notebook": "04_rfm", "cell": None, "cause": "killed"}]
    assert "04_rfm: killed" in text(site.region_index(manifest(failed=failed), {}))


def test_a_notebook_that_does_not_apply_says_why_and_is_no_failure():
    skipped = [{"notebook": "04_rfm", "cell": 3, "cause": "no bills in this region"}]
    said = text(site.region_index(manifest(skipped=skipped), {}))
    assert "04_rfm: no bills in this region" in said
    assert "Not published" not in said


def test_the_site_links_every_region_and_filters_a_long_list():
    few = site.site_index([manifest()], {"london": SVG})
    assert lxml_html.fromstring(few).xpath("//article//h2/a/@href") == [
        "london/index.html"
    ]
    assert 'id="filter"' not in few
    many = site.site_index([manifest(f"r{n}") for n in range(9)], {})
    assert 'id="filter"' in many
    assert 'data-filter="r3 R3 伦敦"' in many


def test_an_empty_site_says_so():
    assert "No region has been published yet." in text(site.site_index([], {}))


def test_what_is_about_all_regions_stands_before_them_and_is_no_region():
    title = {"en": "All regions", "zh": "全部地区"}
    together = manifest("across", title=title, period=[])
    html = site.site_index([manifest("aalen"), together, manifest("zuid")], {})
    tree = lxml_html.fromstring(html)
    assert [a.get("href") for a in tree.xpath("//h2/a")] == [
        "across/index.html",
        "aalen/index.html",
        "zuid/index.html",
    ]
    assert len(tree.xpath("//*[@data-filter]")) == 2
    many = [manifest(f"r{n}") for n in range(8)]
    assert 'id="filter"' not in site.site_index([together, *many], {})


def test_nothing_published_about_all_regions_is_no_entry():
    skipped = [{"notebook": "07", "cause": "one region"}]
    bare = manifest("across", pages=[], skipped=skipped)
    assert "across" not in site.site_index([bare, manifest()], {})
    assert "1 not published" in text(site.site_index([bare | {"failed": skipped}], {}))


def test_a_region_without_pages_can_be_shown():
    bare = {"region": "linqing", "failed": [{"notebook": "a", "cause": "no data"}]}
    assert "linqing" in text(site.region_index(bare, {}))
    assert "1 not published" in text(site.site_index([bare], {}))


def test_hostile_names_become_text():
    hostile = manifest(
        title={"en": RUN, "zh": RUN},
        attribution=RUN,
        failed=[{"notebook": RUN, "cell": RUN, "cause": RUN, "at": RUN}],
    )
    hostile["pages"][0]["summary"] |= {"title": RUN, "verdict": {"en": RUN, "zh": RUN}}
    for html in (site.region_index(hostile, {}), site.site_index([hostile], {})):
        assert len(re.findall("<script", html)) == 1
        assert "<img" not in html


def test_a_link_that_leads_elsewhere_is_refused():
    pages = manifest()["pages"]
    pages[0]["file"] = "javascript:window.ran=1"
    with pytest.raises(ValueError, match="below its own folder"):
        site.region_index(manifest(pages=pages), {})


def test_an_index_is_the_same_each_time():
    make = [site.region_index(manifest(), {"02_a": SVG}) for _ in range(2)]
    assert make[0] == make[1]
