"""Cells show what they were given, and refuse what a reader could not use."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from lxml import html as lxml_html

from research import theme
from research.report import display

SENTENCE = "Load rises from one to four and falls to two."


def draw():
    fig, ax = plt.subplots()
    ax.plot([1, 4, 2])
    return fig


def figure(**changes):
    words = {"name": "load", "title": "Load rises", "caption": "kW", "alt": SENTENCE}
    return display.figure(draw(), **(words | changes))


def shown(part):
    data, _ = part._repr_mimebundle_()
    return lxml_html.fromstring(data["text/html"])


@pytest.mark.slow
def test_a_kernel_imports_nothing_that_pages_alone_need():
    heavy = ["nbconvert", "nbformat", "jsonschema", "papermill", "babel", "uharfbuzz"]
    code = (
        "import sys, research.report.display, research.report.internal; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alt": ""}, "has no alt text"),
        ({"alt": "  "}, "has no alt text"),
        ({"alt": "line chart"}, "must be a sentence"),
        ({"alt": "折线图"}, "must be a sentence"),
        ({"alt": "figures/load.png"}, "is a file name"),
        ({"alt": "load"}, "is a file name"),
        ({"caption": ""}, "has no caption"),
        ({"title": ""}, "has no title"),
        ({"name": "../load"}, "A name is made of"),
        ({"name": "Load"}, "A name is made of"),
    ],
)
def test_a_figure_without_words_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        figure(**changes)


def test_a_chinese_sentence_is_alt_text_enough():
    assert figure(alt="晚高峰群在十九时达到最大负荷").content["alt"]


def test_a_figure_is_closed_once_shown():
    fig = draw()
    display.figure(fig, name="a", title="T", caption="C", alt=SENTENCE)
    assert not plt.fignum_exists(fig.number)


def test_a_figure_is_the_same_each_time():
    assert figure().svg == figure().svg


def test_a_figure_carries_its_picture_alt_text_and_csv():
    data, metadata = figure(data=pd.DataFrame({"kW": [1, 4]}))._repr_mimebundle_()
    assert data["image/svg+xml"].startswith("<svg")
    assert metadata["image/svg+xml"]["alt"] == SENTENCE
    assert data["text/csv"] == "kW\n1\n4\n"
    assert metadata["text/csv"]["name"] == "load"
    assert f'alt="{SENTENCE}"' in data["text/html"]


def test_a_picture_with_too_many_points_says_what_to_do(monkeypatch):
    monkeypatch.setattr(display, "MAX_PICTURE_BYTES", 1000)
    with pytest.raises(ValueError, match="rasterized=True"):
        figure()


def test_inks_of_the_theme_can_turn_in_dark_mode():
    with plt.rc_context(theme.style()):
        svg = figure().svg
    assert 'class="s-grid"' in svg
    assert 'class="f-muted"' in svg
    assert 'class="s-c1"' in svg
    assert "<style" not in svg
    assert " style=" not in svg


def test_figures_draw_chinese_without_missing_glyphs(recwarn):
    with plt.rc_context(theme.style()):
        fig, ax = plt.subplots()
        ax.set_title("负荷曲线 [kW] $\\foo$")
        part = display.figure(fig, name="a", title="T", caption="C", alt=SENTENCE)
    assert "负荷曲线 [kW] $\\foo$" in part.svg
    assert not [w for w in recwarn if "missing from font" in str(w.message)]


def test_at_most_five_tiles():
    tiles = [display.Tile(n, "", "n") for n in range(6)]
    assert len(display.tiles(tiles[:5]).content["tiles"]) == 5
    with pytest.raises(ValueError, match="Got 6"):
        display.tiles(tiles)
    with pytest.raises(ValueError, match="Got 0"):
        display.tiles([])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1234567, "1,234,567"), (0.1234, "0.123"), ("≈ 5", "≈ 5"), (np.int64(3), "3")],
)
def test_numbers_of_tiles_are_readable(value, expected):
    (tile,) = display.tiles([display.Tile(value, "", "")]).content["tiles"]
    assert tile["value"] == expected


def test_a_verdict_needs_a_sentence():
    assert display.verdict(zh="好").content == {"en": "", "zh": "好"}
    with pytest.raises(ValueError, match="needs a sentence"):
        display.verdict(en=" ")


def test_advice_must_name_a_limit():
    with pytest.raises(ValueError, match="at least one limit"):
        display.advice([display.Action("Call")], [])


@pytest.mark.parametrize(
    "made",
    [
        lambda: display.note("x", "hint"),
        lambda: display.facts({}, badge=("green", "all")),
    ],
)
def test_unknown_kinds_are_refused(made):
    with pytest.raises(ValueError, match="one of"):
        made()


def cells(part):
    rows = shown(part).xpath("//tbody/tr")
    return [[cell.text_content().strip() for cell in row] for row in rows]


def test_a_column_of_numbers_has_one_number_of_decimals():
    frame = pd.DataFrame({"kW": [1.5, 20.25, np.nan], "n": [1, 20000, 3]})
    part = display.table(frame, name="t", caption="C", index=False)
    assert cells(part) == [["1.5", "1"], ["20.2", "20,000"], ["–", "3"]]


def test_formats_are_specifications_or_functions():
    frame = pd.DataFrame({"share": [0.256], "name": ["a"]})
    formats = {"share": ".0%", "name": str.upper}
    part = display.table(frame, name="t", caption="C", formats=formats, index=False)
    assert cells(part) == [["26%", "A"]]


def test_every_row_is_headed_by_its_index_and_every_head_has_a_scope():
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["group", None])
    part = display.table(pd.DataFrame({"n": [1, 2]}, index), name="t", caption="C")
    table = shown(part)
    assert [th.get("scope") for th in table.xpath("//thead//th")] == ["col", "col"]
    assert [th.text_content() for th in table.xpath("//tbody//th[@scope='row']")] == [
        *("a", "1"),
        *("a", "2"),
    ]


def test_bars_are_as_long_as_the_share_of_the_largest():
    frame = pd.DataFrame({"n": [10, 5, -1, 14]}, index=["a", "b", "c", "All"])
    part = display.table(frame, name="t", caption="C", bars=["n"], total="All")
    assert [row["cells"][0]["bar"] for row in part.content["rows"]] == [
        *(1.0, 0.5),
        *(None, None),
    ]
    assert [row["total"] for row in part.content["rows"]] == [False] * 3 + [True]


def test_a_long_table_shows_its_first_rows_and_keeps_all_in_the_csv():
    part = display.table(pd.DataFrame({"n": range(1200)}), name="t", caption="C")
    assert len(part.content["rows"]) == 500
    assert part.csv.count("\n") == 1201
    assert "The first 500 of 1,200 rows" in shown(part).text_content()


def test_a_column_or_total_that_is_not_there_is_named():
    frame = pd.DataFrame({"n": [1]})
    with pytest.raises(ValueError, match="no column 'm'"):
        display.table(frame, name="t", caption="C", bars=["m"])
    with pytest.raises(ValueError, match="no row 'All'"):
        display.table(frame, name="t", caption="C", total="All")
    with pytest.raises(ValueError, match="has no caption"):
        display.table(frame, name="t", caption="")


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([], dtype=float),
        pd.Series([np.nan, np.inf]),
        pd.Series(pd.to_datetime(["2020-01-01", None])),
        pd.Series(["a", None, 3], dtype=object),
        pd.Series([True, False]),
        pd.Series(["a", "b"], dtype="category"),
        pd.Series([1, None], dtype="Int64"),
        pd.Series([0.0, 0.0]),
        pd.Series([[1, 2], {"a": 1}]),
    ],
)
def test_every_kind_of_column_can_be_shown(values):
    part = display.table(values.to_frame("x"), name="t", caption="C", bars=["x"])
    assert len(cells(part)) == len(values)
    assert part.csv.startswith(",x\n")


def test_text_is_escaped_where_it_is_written():
    part = display.table(pd.DataFrame({"<b>": ["<i>x"]}), name="t", caption="<u>")
    data, _ = part._repr_mimebundle_()
    assert "&lt;b&gt;" in data["text/html"]
    assert "&lt;i&gt;x" in data["text/html"]
    assert "<u>" not in data["text/html"]
