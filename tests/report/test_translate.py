"""Pages in another language: what is looked up, what stays, what is told as missing."""

import re
from dataclasses import replace
from html import escape

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_report import PAGE, cell, notebook

from research.report import display, export
from research.report.catalogue import catalogue_of, read_catalogue, translate
from research.report.translate import messages, translated
from research.report.typeset import set_tight

ZH = catalogue_of(
    {
        "Pages": "页数",
        "evening users": "晚高峰型",
        "night users": "夜间型",
        "{n} of {n2} customers": "{n2}户中的{n}户",
        "The {group} take {n}% of the energy.": "{group}占电量的{n}%。",
        "Hold {group}.": "保留{group}。",
        "See <1>the figure</1>.": "见<1>该图</1>。",
        "Read it twice.": "请读两遍。",
        "Dark": "深色",
    },
    "zh",
)


def into(html):
    return translated(html, ZH)


def test_a_number_is_no_word_and_a_word_no_number():
    assert translate("3 of 12 customers", ZH) == ("12户中的3户", ())
    assert translate("few of 12 customers", ZH)[1] == ("few of 12 customers",)


def test_what_stands_in_a_hole_is_looked_up_in_turn():
    said = "The evening users and night users take 12.5% of the energy."
    assert translate(said, ZH) == ("晚高峰型、夜间型占电量的12.5%。", ())
    said, missing = translate("The whales take 1% of the energy.", ZH)
    assert said == "whales占电量的1%。"
    assert missing == ("whales",)


def test_sentences_one_by_one_where_the_whole_is_not_known():
    said = "Hold night users. Read it twice."
    assert translate(said, ZH) == ("保留夜间型。请读两遍。", ())
    said, missing = translate("Hold night users. Nobody knows.", ZH)
    assert said == "保留夜间型。Nobody knows."
    assert missing == ("Nobody knows.",)


def test_tags_within_a_sentence_stay_where_they_belong():
    html, missing = into('<p>See <a href="#f-1">the figure</a>.</p>')
    assert html == '<p>见<a href="#f-1">该图</a>。</p>'
    assert not missing


def test_alone_in_its_tag_a_message_needs_no_number():
    assert messages('<h2>\n<a href="#p">Pages</a>\n</h2>') == ["Pages"]
    assert into("<li> <b>Pages</b> </li>")[0] == "<li> <b>页数</b> </li>"


def test_attributes_are_told_too_and_others_are_left():
    html, missing = into(
        '<svg aria-label="Pages" class="Pages"><text>Dark</text></svg>'
    )
    assert html == '<svg aria-label="页数" class="Pages"><text>深色</text></svg>'
    assert not missing


def test_code_style_and_script_are_no_words():
    page = "<style>a{b:c}</style><script>Pages</script><pre>Pages</pre><!-- Pages -->"
    assert into(page) == (page, [])


def test_what_is_marked_so_is_not_translated():
    page = '<dd translate="no"><bdi>Pages</bdi></dd><dt>Pages</dt>'
    assert into(page)[0] == '<dd translate="no"><bdi>Pages</bdi></dd><dt>页数</dt>'


def test_a_link_around_more_than_a_sentence():
    page = '<a href="t.csv">Pages<span class="unseen"> Dark</span></a>'
    said = '<a href="t.csv">页数<span class="unseen"> 深色</span></a>'
    assert into(page) == (said, [])


def test_a_chinese_sentence_with_names_in_latin_letters_is_done():
    assert messages("<p>AHP 信用评分的 AUC 为 0.9，未优于 k-means。</p>") == []


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (
            "<td>1</td><td>12 of <b>20</b> customers</td>",
            "<td>1</td><td><b>20</b>户中的12户</td>",
        ),
        (
            '<td>1</td><td title="Dark">2</td><td>3</td>',
            '<td>1</td><td title="深色">2</td><td>3</td>',
        ),
        ('<td>1</td><br alt="Dark"><td>1</td>', '<td>1</td><br alt="深色"><td>1</td>'),
        ("<td>1 %</td><td>Dark</td>", "<td>1 %</td><td>深色</td>"),
        ("<td>1</td><td>户 2</td><td>3</td>", "<td>1</td><td>户2</td><td>3</td>"),
        (
            '<td>1</td><i translate="no">Dark</i><td>2</td>',
            '<td>1</td><i translate="no">Dark</i><td>2</td>',
        ),
        ("<td>1</td><pre>Dark</pre><td>2</td>", "<td>1</td><pre>Dark</pre><td>2</td>"),
        ("<td>1</td><!-- <p>Dark</p> -->", "<td>1</td><!-- <p>Dark</p> -->"),
        ('<p class="a>b">1</p><p>Dark</p>', '<p class="a>b">1</p><p>深色</p>'),
    ],
)
def test_words_among_tags_that_say_nothing(page, said):
    zh = catalogue_of(
        {"Dark": "深色", "{n} of <1>{n2}</1> customers": "<1>{n2}</1>户中的{n}户"}, "zh"
    )
    assert translated(page, zh)[0] == said


def test_formulas_stay():
    html, missing = into("<p>Pages <math><mi>Pages</mi></math></p>")
    assert "<math><mi>Pages</mi></math>" in html
    assert missing == ["Pages <1/>"]


def test_ids_addresses_and_names_of_files_need_no_translation():
    assert messages("<td>JM-1kV-07</td><td>bdd415986b1a449e</td><td>7 %</td>") == []
    assert messages("<td>https://example.org/some/page</td>") == []


def test_what_a_translation_says_is_escaped():
    zh = catalogue_of({"Pages": "<b>&"}, "zh")
    assert translated("<p>Pages</p>", zh)[0] == "<p>&lt;b&gt;&amp;</p>"


def test_what_a_page_quotes_stays_escaped():
    html, _ = into("<p>The &lt;b&gt;whales take 1% of the energy.</p>")
    assert html == "<p>&lt;b&gt;whales占电量的1%。</p>"


def test_a_term_that_stands_in_chinese_already():
    page = '<h2>Load segments <span lang="zh-Hans">负荷分群</span></h2>'
    assert into(page) == ("<h2>负荷分群</h2>", [])
    gloss = '<p>Pages <span class="gloss" lang="zh-Hans">目录</span></p>'
    assert into(gloss) == ("<p>页数</p>", [])


def test_the_english_twin_of_a_chinese_verdict_goes():
    page = (
        '<p class="first" lang="zh-Hans">好</p>\n<p class="second" lang="en">Fine.</p>'
    )
    assert into(page) == ('<p class="first" lang="zh-Hans">好</p>\n', [])


def test_links_lead_to_pages_of_the_same_language():
    html, _ = into('<a href="london/index.html#top">1</a><a href="t.csv">2</a>')
    assert html == '<a href="london/index.zh.html#top">1</a><a href="t.csv">2</a>'
    html, _ = into('<a href="https://example.org/a.html">1</a>')
    assert html == '<a href="https://example.org/a.html">1</a>'
    switch = '<a id="language" href="index.zh.html" lang="zh-Hans">中文</a>'
    html, _ = into(f'<html lang="en">{switch}')
    assert '<html lang="zh-Hans">' in html
    assert '<a id="language" href="index.html" hreflang="en" lang="en">English' in html


@pytest.mark.parametrize(
    ("message", "translation"),
    [
        ("{n} pages", "页"),
        ("pages", "{n}页"),
        ("<1>a</1> page", "页"),
        ("a <1/>", "页<2/>"),
    ],
)
def test_a_translation_that_does_not_fit_is_refused(message, translation):
    with pytest.raises(ValueError, match="differs in a"):
        catalogue_of({message: translation}, "zh")


def test_large_numbers_are_counted_as_chinese_readers_do():
    zh = catalogue_of({"yuan": "元", "{owed} overdue": "逾期{owed}"}, "zh")
    assert translate("1.26 million yuan overdue", zh) == ("逾期126万元", ())
    assert translate("298 million", zh) == ("2.98亿", ())
    assert translate("251 thousand yuan", zh) == ("25.1万元", ())
    greedy = {"{n} {of}": "{n}个{of}", "million yuan": "百万元", "yuan": "元"}
    assert translate("1.26 million yuan", catalogue_of(greedy, "zh"))[0] == "126万元"
    tile = (
        '<span class="value">452,741 <span class="unit">rows</span></span><td>452,741'
    )
    assert translated(tile, zh)[0].startswith('<span class="value">45.3万 <span')
    assert translated(tile, zh)[0].endswith("<td>452,741")  # tables stay exact


@given(st.text(alphabet="ab <>&;1.{}\"'一", max_size=40))
def test_a_page_without_known_words_is_left_as_it_is(text):
    page = f"<p>{set_tight(escape(text, quote=False))}</p>"
    assert into(page)[0] == page


def test_the_shipped_catalogue_is_read_and_fits():
    zh = read_catalogue("zh")
    assert zh.exact or zh.patterns
    han = re.compile("[\u3400-\u9fff]")
    for message, said in zh.exact.items():
        if han.search(message) and not han.search(said):
            pytest.fail(f"{message!r} loses its Chinese: {said!r}")


def test_many_holes_in_a_long_message_take_no_power_of_its_length():
    holes = " and ".join(f"{{w{n}}}" for n in range(12))
    zh = catalogue_of({f"{holes} end": "".join(f"{{w{n}}}" for n in range(12))}, "zh")
    message = " and ".join(["word"] * 400)
    assert translate(message, zh) == (message, (message,))  # in seconds, not years
    said, missing = translate(f"{message} end", zh)
    assert said.startswith("word" * 11 + "word and word")
    assert len(missing) == 12


def test_a_number_ends_before_the_full_stop_and_a_name_stands_twice_alike():
    zh = catalogue_of({"It is {n}.": "是{n}。", "{a} is {a}": "{a}就是{a}"}, "zh")
    assert translate("It is 12.5.", zh) == ("是12.5。", ())
    assert translate("3 is 3", zh) == ("3就是3", ())
    assert translate("x1 is y1", zh)[0] == "x1 is y1"


def test_a_word_that_is_said_otherwise_at_the_head_of_a_column():
    zh = replace(catalogue_of({"low": "低"}, "zh"), heads={"low": "下限"})
    page = '<th scope="col">low</th><td>low</td><p>low</p>'
    said = '<th scope="col">下限</th><td>低</td><p>低</p>'
    assert translated(page, zh) == (said, [])


def test_of_two_columns_that_say_the_same_one_is_shown():
    table = display.table(
        pd.DataFrame({"en": ["night users"], "zh": ["夜间型"], "n": [3]}),
        name="t",
        caption="Pages",
    )
    html = export.render(notebook(cell(table)), PAGE).html
    assert html.count("night users") == 1
    said = into(html)[0]
    assert "night users" not in said
    assert said.count("<th scope") == 3  # heads of two columns and of the row
    assert said.count("<td") == 3  # the corner and two cells


def test_lines_of_a_picture_are_one_sentence():
    drawn = (
        '<g id="f1-text_2"><text x="1">Read</text><text x="2">it twice.</text></g>'
        '<g id="f1-text_3"><text>Pages</text></g>'
    )
    html, missing = into(drawn)
    assert not missing
    assert html == (
        '<g id="f1-text_2"><text x="1">请读</text><text x="2">两遍。</text></g>'
        '<g id="f1-text_3"><text>页数</text></g>'
    )


def test_spaces_beside_chinese_are_left_to_the_browser():
    zh = catalogue_of({"{n} of <1>{n2} homes</1>": "<1>{n2} 户</1> 中 {n} 户"}, "zh")
    html, _ = translated("<p>12 of <b>30 homes</b></p>", zh)
    assert html == "<p><b>30户</b> 中12户</p>"


def test_lists_of_what_is_known():
    zh = catalogue_of({"Pages": "页数", "Dark": "深色", "{a} to {b}": "{a}至{b}"}, "zh")
    assert translate("Pages, Dark", zh) == ("页数、深色", ())
    assert translate("1 to 2; Pages, Dark", zh) == ("1至2；页数、深色", ())
    assert translate("Pages, whales", zh)[1] == ("Pages, whales",)


def test_names_of_columns_are_told_if_known_and_stay_if_not():
    zh = catalogue_of({"load_factor": "负荷率"}, "zh")
    assert translate("load_factor", zh) == ("负荷率", ())
    assert translate("score_auc", zh) == ("score_auc", ())


def test_a_sentence_that_stands_in_both_languages_is_told_once():
    zh = catalogue_of({"It loses {n}%.": "损失{n}%。"}, "zh")
    said, _ = translated("<p>It loses 3%. Twice. 损失 3%，两次。</p>", zh)
    assert said == "<p>损失3%，两次。</p>"
    assert translated("<p>损失 3%。It loses 3%.</p>", zh)[0] != "<p></p>"


def test_data_of_any_length_are_passed_over():
    data = "whale and shark, " * 20_000
    zh = catalogue_of({"{a} and {b}, {c}": "{a}{b}{c}", "{a}, {b}": "{a}{b}"}, "zh")
    assert translate(data, zh) == (data, (data,))
