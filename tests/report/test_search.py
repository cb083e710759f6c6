"""The search page holds what pages say, section by section, and nothing that runs."""

import json

from lxml import html as lxml_html
from sample_report import PAGE, manifest, sample

from research.report import export, search

RUN = "</script><script>window.ran=1</script>"


def index_of(html):
    (data,) = lxml_html.fromstring(html).xpath("//script[@id='index']/text()")
    return json.loads(data)


def test_text_goes_by_headings_without_tables_and_code():
    html = """<nav><p>Elsewhere</p></nav><main><h1>Title</h1><p>First.</p>
    <h2 id="a"><a href="#a">How many</a></h2><p>Three <b>hundred</b>.</p>
    <details><p>Folded.</p><pre>code()</pre></details><table><td>7</td></table>
    <h3 id="b">Empty</h3></main>"""
    assert list(search.sections(html)) == [
        ("", "", "Title First."),
        ("a", "How many", "Three hundred."),
        ("b", "Empty", ""),
    ]


def test_a_published_page_is_found_with_its_address(tmp_path):
    folder = tmp_path / "london"
    folder.mkdir()
    (folder / "02_a.html").write_text(export.render(sample(), PAGE).html, "utf-8")
    html = search.search_page(tmp_path, [manifest()])
    (page,) = index_of(html)  # the other page of the manifest is not there
    whole = (folder / "02_a.html").read_text("utf-8")
    assert page["parts"] == [list(part) for part in search.sections(whole)]
    assert page["to"] == "london/02_a.html"
    assert "伦敦" in page["region"]
    anchors = [anchor for anchor, _, _ in page["parts"]]
    tree = lxml_html.fromstring((folder / "02_a.html").read_text("utf-8"))
    assert all(tree.xpath("//*[@id=$id]", id=anchor) for anchor in anchors if anchor)
    assert "1 pages are searched" in html


def test_what_data_say_can_not_end_the_script_that_holds_them(tmp_path):
    hostile = manifest()
    hostile["title"]["en"] = RUN
    (tmp_path / "london").mkdir()
    page = f"<main><p>{RUN.replace('<', '&lt;')}</p></main>"
    (tmp_path / "london" / "02_a.html").write_text(page, "utf-8")
    html = search.search_page(tmp_path, [hostile])
    assert RUN not in html
    assert index_of(html)[0]["parts"] == [["", "", RUN]]


def test_each_language_searches_its_own_pages(tmp_path):
    said = manifest()
    said["pages"] = [said["pages"][0] | {"languages": {"zh": "02_a.zh.html"}}]
    (tmp_path / "london").mkdir()
    for name, text in {"02_a.html": "Evening", "02_a.zh.html": "晚高峰"}.items():
        (tmp_path / "london" / name).write_text(f"<main><p>{text}</p></main>", "utf-8")
    both = {"languages": ("en", "zh")}
    english = search.search_page(tmp_path, [said], **both)
    chinese = search.search_page(tmp_path, [said], language="zh", **both)
    assert index_of(english)[0]["parts"] == [["", "", "Evening"]]
    assert index_of(chinese)[0]["to"] == "london/02_a.zh.html"
    assert index_of(chinese)[0]["parts"] == [["", "", "晚高峰"]]
