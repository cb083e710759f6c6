"""Pages are complete, closed to the data's markup, and the same each time."""

import base64
import hashlib
import json
import re
from io import BytesIO

import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from lxml import html as lxml_html
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from sample_report import (
    HOSTILE_PAGE,
    PAGE,
    RUN,
    cell,
    hostile,
    json_round_trip,
    notebook,
    sample,
)

from research.report import display, export
from research.report.part import MIME


def render(*cells, page=PAGE):
    return export.render(notebook(*cells), page)


# --- completeness -------------------------------------------------------------------


def text_of(html):
    return " ".join(lxml_html.fromstring(html).text_content().split())


def policy_of(html):
    return re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]


def sha256(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@pytest.fixture(scope="module")
def rendered():
    return export.render(sample(), PAGE)


def test_the_page_opens_with_title_verdict_tiles_picture_and_advice(rendered):
    text = text_of(rendered.html.split("<body")[1])
    marks = [
        "96 % of customer-days used",
        "Which daily rhythms",
        "5406户客户",
        "Five daily rhythms",
        "In the evening peak",
        "night storage is rare",
        "What to do",
        "What this cannot tell",
        "left out, not filled",
        "Settings used",
    ]
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)


def test_the_same_notebook_gives_the_same_bytes(rendered):
    again = export.render(sample(), PAGE)
    assert again.html == rendered.html
    assert again.files == rendered.files


def test_the_policy_allows_our_script_and_style_by_their_hashes_only(rendered):
    policy = policy_of(rendered.html)
    (script,) = re.findall(r"<script>(.*?)</script>", rendered.html, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", rendered.html, re.DOTALL)
    assert policy.startswith("default-src 'none'; img-src data:; font-src data:; ")
    assert f"script-src '{sha256(script)}'" in policy
    assert f"style-src '{sha256(style)}'" in policy
    assert "unsafe" not in policy
    assert " style=" not in rendered.html.split("</style>")[1]


def test_nothing_on_the_page_asks_for_another_file(rendered):
    tree = lxml_html.fromstring(rendered.html)
    asked = tree.xpath("//@src | //link/@href | //*[local-name()='image']/@href")
    assert not [link for link in asked if not link.startswith("data:")]


def test_stderr_paths_and_metadata_stay_out(rendered):
    assert "secret" not in rendered.html
    assert "UserWarning" not in rendered.html
    assert "papermill" not in rendered.html
    assert "5,406 curves of 48 readings" in rendered.html


def test_every_table_and_figure_with_data_has_its_csv(rendered):
    names = ["counts", "sizes", "shapes", "methods", "customers"]
    tables = [f"tables/02_load_segments.{name}.csv" for name in names]
    assert [file for file in rendered.files if file.endswith(".csv")] == tables
    assert all(f'href="{file}"' in rendered.html for file in tables)
    assert rendered.files[tables[0]].startswith("\ufeffsegment,customers\n")
    assert rendered.files[tables[-1]].count("\n") == 121


def test_the_first_picture_is_kept_for_the_indexes(rendered):
    assert rendered.files["figures/02_load_segments.hero.svg"].startswith("<svg")


def test_the_summary_is_json_and_says_what_the_page_says(rendered):
    summary = json.loads(json.dumps(rendered.summary))
    assert summary["title"] == "Segments by the shape of the load"
    assert summary["verdict"]["zh"].startswith("5406户客户")
    assert summary["badge"] == ["good", "96 % of customer-days used"]
    assert [tile["value"] for tile in summary["tiles"]][:2] == ["5,406", "41 %"]
    assert (summary["n_figures"], summary["n_tables"]) == (3, 3)


def test_contents_list_the_headings_and_lead_to_them(rendered):
    tree = lxml_html.fromstring(rendered.html)
    links = tree.xpath("//nav[contains(@class, 'wide')]//a/@href")
    assert links == [
        "#load-curves",
        "#segments",
        "#how-large-is-each-规模",
        "#what-does-each-look-like-形态",
        "#methods",
        "#made",
    ]
    assert all(tree.xpath(f"//*[@id='{link[1:]}']") for link in links)


def test_a_section_whose_content_moved_to_the_top_is_not_left_empty(rendered):
    assert not lxml_html.fromstring(rendered.html).xpath("//*[@id='verdict']")


def test_ids_are_used_once(rendered):
    ids = lxml_html.fromstring(rendered.html).xpath("//@id")
    assert len(ids) == len(set(ids))


def test_parameters_become_a_table_of_settings_and_no_code(rendered):
    (table,) = lxml_html.fromstring(rendered.html).find_class("settings")
    rows = [[cell.text_content() for cell in row] for row in table.iter("tr")]
    assert ["n_clusters", "5", "segments to look for"] in rows
    assert "n_clusters = 5" not in text_of(rendered.html)


def test_of_a_path_the_settings_show_its_name_alone():
    cell = new_code_cell(
        'region: str = "../../home/li/haihe"  # folder of the region\n'
        'policy: str = "/srv/rules.yaml"\nunit: str = "kWh/day"\nother = 1 / 2',
        metadata={"tags": ["parameters"]},
    )
    (table,) = lxml_html.fromstring(render(cell).html).find_class("settings")
    values = [row[1].text_content() for row in table.iter("tr")]
    assert values[1:] == ['"haihe"', '"rules.yaml"', '"kWh/day"', "1 / 2"]


def test_code_is_folded_and_hidden_cells_drop_theirs(rendered):
    folds = lxml_html.fromstring(rendered.html).find_class("code")
    codes = [fold.text_content() for fold in folds if fold.tag == "details"]
    assert any("mean_daily_load(tables.load)" in code for code in codes)
    assert "import pandas" not in rendered.html


def test_formulas_become_mathml():
    html = render(new_markdown_cell("Share $s_i$ and\n\n$$\\frac{1}{n}$$")).html
    assert html.count("<math ") == 2
    assert "<mfrac>" in html
    assert 'display="block"' in html
    assert "$$" not in html.split("<body")[1]


def test_an_unreadable_formula_stays_as_text():
    html = render(new_markdown_cell("$\\begin{matrix} a$ <b>")).html
    assert "begin{matrix}" in html


def embedded(html):
    fonts = {}
    pattern = r'font-family:"([^"]+)"[^}]+base64,([^"]+)"'
    for family, data in re.findall(pattern, html):
        font = TTFont(BytesIO(base64.b64decode(data)))
        assert font.flavor == "woff"
        fonts[family] = {chr(code) for code in font.getBestCmap()}
    return fonts


def test_embedded_fonts_hold_the_characters_of_the_page_and_no_more(rendered):
    fonts = embedded(rendered.html)
    wanted = set(re.findall("[\u4e00-\u9fff]", text_of(rendered.html)))
    found = {character for character in fonts["Report Han"] if character >= "\u4e00"}
    assert wanted <= found
    assert {"晚", "峰", "口", "径"} <= found
    assert found <= set(rendered.html)
    assert set("AZaz09 ") <= fonts["Report Sans"]
    assert rendered.missing_characters == ""


def test_characters_outside_the_fonts_are_reported_and_kept():
    rendered = render(new_markdown_cell("龘 𠮷 ok"))
    assert rendered.missing_characters == "龘𠮷"
    assert "龘 𠮷 ok" in text_of(rendered.html)


def test_chinese_is_marked_with_its_language():
    html = render(new_markdown_cell("Peak 高峰 and `码` valley")).html
    assert 'Peak <span lang="zh-Hans">高峰</span> and' in html
    assert "<code>码</code>" in html


def test_a_synthetic_region_says_so():
    page = export.Page("a", "demo", "Demo", synthetic=True, notice="Data of 2019.")
    text = text_of(render(page=page).html)
    assert "Synthetic data 合成数据" in text
    assert "Data of 2019." in text


# --- refusals -----------------------------------------------------------------------


def test_a_notebook_that_failed_is_refused():
    failed = new_code_cell(
        "1/0", outputs=[new_output("error", ename="ZeroDivisionError", evalue="by 0")]
    )
    with pytest.raises(ValueError, match=r"Cell 2 .* ended in an error: ZeroDivision"):
        render(failed)


def test_a_picture_without_alt_text_is_refused():
    with pytest.raises(ValueError, match="a picture without alt text"):
        render(cell({"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}))


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ({"text/html": "<table></table>", "text/plain": "a"}, "HTML"),
        ({"text/markdown": "13812345678"}, "Markdown"),
        ({"text/latex": "$x$", "text/plain": "x"}, "a formula"),
        ({"text/plain": "'0010014277'"}, "a value"),
        ({"application/javascript": "x", "text/html": "<b>x</b>"}, "HTML"),
    ],
)
def test_what_no_display_function_made_is_refused_by_its_cell(output, shown):
    with pytest.raises(ValueError, match=f"Cell 2 of '02_.*' shows .*{shown}") as why:
        render(cell(output))
    assert not [text for text in output.values() if len(text) > 3 and text in str(why)]


def test_what_is_printed_is_refused_by_its_cell_and_not_repeated():
    printed = new_output("stream", name="stdout", text="home 0010014277\n")
    with pytest.raises(ValueError, match=r"Cell 2 of '02_.*' prints text") as why:
        render(json_round_trip(new_code_cell("print()", outputs=[printed])))
    assert "0010014277" not in str(why.value)


@pytest.mark.parametrize(
    "output",
    [
        {"text/plain": "<Axes: >"},
        {"text/plain": "[<matplotlib.lines.Line2D at 0x7f2a00b1c>]"},
        {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "slider 0010"},
        {"text/markdown": "", "text/plain": ""},
    ],
)
def test_outputs_of_which_a_page_shows_nothing_pass(output):
    assert "main" in render(cell(output)).html
    assert "0010" not in text_of(render(cell(output)).html)


def test_words_are_markdown_and_empty_ones_leave_nothing():
    html = render(cell(display.words("**Two** <b>homes</b>"))).html
    assert "<strong>Two</strong> &lt;b&gt;homes" in html
    assert render(cell(display.words(""))).html == render(cell({})).html


def test_two_tables_of_one_name_are_refused():
    part = display.table(pd.DataFrame({"a": [1]}), name="same", caption="A")
    with pytest.raises(ValueError, match="a second part named 'same'"):
        render(cell(part), cell(part))


def test_a_forged_name_cannot_leave_the_folder():
    table = display.table(pd.DataFrame({"a": [1]}), name="ok", caption="A")
    forged = cell(table)
    forged.outputs[0].data[MIME]["name"] = "../../etc/x"
    with pytest.raises(ValueError, match="letters, digits"):
        render(forged)


# --- hostile data -------------------------------------------------------------------


def test_hostile_values_become_text():
    html = export.render(hostile(), HOSTILE_PAGE).html
    assert html.count("<script") == 1
    assert html.count("<style") == 1
    tree = lxml_html.fromstring(html)
    assert not tree.xpath("//*[@*[starts-with(name(), 'on')]]")
    assert not tree.xpath("//iframe | //object | //embed | //form | //base | //link")
    links = tree.xpath("//@href | //@src | //*[local-name()='use']/@*")
    assert not [link for link in links if "javascript:" in link.lower()]
    assert not [link for link in links if "bad.example" in link]
    assert RUN in tree.text_content()


def test_a_hostile_picture_keeps_its_shapes_and_loses_the_rest():
    html = export.render(hostile(), HOSTILE_PAGE).html
    assert "bad.example" not in html
    assert "foreignObject" not in html
    assert " kept &lt;b&gt;</text>" in html


def test_formulas_of_spreadsheets_are_defused_in_every_csv():
    frame = pd.DataFrame(
        {"=name": ["=1+1", "+a", "-b", "@c", "\td", "plain"], "n": range(-3, 3)},
        index=pd.Index(["=x", "y", "z", "u", "v", "w"], name="@id"),
    )
    part = display.table(frame, name="t", caption="C")
    csv = render(cell(part)).files["tables/02_load_segments.t.csv"]
    assert csv.splitlines() == [
        "\ufeff'@id,'=name,n",
        "'=x,'=1+1,-3",
        "y,'+a,-2",
        "z,'-b,-1",
        "u,'@c,0",
        "v,'\td,1",
        "w,plain,2",
    ]
