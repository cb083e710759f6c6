"""Charts to explore, in a browser: drawn, silent, turned by hand, absent on paper."""

from dataclasses import replace

import pytest
from browsing import VIEWS, Visit
from sample_explorer import map_part, part, scores_part
from sample_report import PAGE, cell, notebook

from research.report import export
from research.report.translate import LANGUAGES

pytestmark = pytest.mark.browser
FIGURE = "#figure-load_explorer"
STILL, CHART = f"{FIGURE} .canvas svg.picture", f"{FIGURE} .chart svg"
LINES = f"{CHART} .mark-line path"
STILLS = ".canvas svg.picture"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A page with a chart of each kind, and beside it its Chinese twin."""
    page = replace(PAGE, languages=LANGUAGES)
    cells = [cell(shown) for shown in (part(), map_part(), scores_part())]
    rendered = export.render(notebook(*cells), page)
    folder = tmp_path_factory.mktemp("explore")
    (folder / "report.html").write_text(rendered.html, encoding="utf-8")
    chinese = rendered.translations["zh"]
    (folder / "report.zh.html").write_text(chinese, encoding="utf-8")
    return folder / "report.html"


def drawn(visit):
    for number in range(3):
        visit.page.wait_for_selector(f".chart >> nth={number} >> svg")
    visit.page.wait_for_timeout(100)
    return visit.page


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chart_takes_the_place_of_its_still(browser, file, view, language):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    opened = file if language == "en" else file.with_name("report.zh.html")
    with Visit(browser, opened, view) as visit:
        page = drawn(visit)
        assert not any(still.is_visible() for still in page.query_selector_all(STILLS))
        assert page.locator(LINES).count() == 3
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width == VIEWS[view][0]["width"]
        found = axe.run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
        asked = [u for u in visit.requests if not u.startswith("data:")]
        assert asked == [opened.as_uri()]
        assert visit.messages == []


def test_choices_turn_the_chart(browser, file):
    with Visit(browser, file) as visit:
        page = drawn(visit)
        first = page.locator(LINES).nth(0).get_attribute("d")
        page.select_option("select[data-param=season]", "summer")
        page.wait_for_timeout(200)
        assert page.locator(LINES).nth(0).get_attribute("d") != first
        page.select_option("select[data-param=measure]", "share")
        page.wait_for_timeout(200)
        assert "own peak" in page.locator(CHART).text_content()
        page.focus("fieldset[data-param=segments] input >> nth=1")
        page.keyboard.press("Space")
        page.wait_for_timeout(200)
        assert page.locator(LINES).count() == 2
        assert visit.messages == []


def test_every_choice_can_be_made(browser, file):
    with Visit(browser, file) as visit:
        page = drawn(visit)
        for select in page.query_selector_all("select"):
            for option in select.query_selector_all("option"):
                select.select_option(option.get_attribute("value"))
                page.wait_for_timeout(30)
        for box in page.query_selector_all("fieldset input"):
            box.click()
        page.wait_for_timeout(100)
        assert visit.messages == []
        assert page.locator(f"{CHART} .mark-line path").count() == 0
        assert page.locator("#figure-scores_by_k .mark-line path").count() == 7


def test_a_map_has_a_circle_a_group_and_dots_where_data_are_open(browser, file):
    circles = "#figure-map_of_groups .mark-symbol"
    with Visit(browser, file) as visit:
        page = drawn(visit)
        paths = [marks.locator("path").count() for marks in page.locator(circles).all()]
        assert paths == [40, 3]
        page.select_option("#figure-map_of_groups select[data-param=area]", "peak")
        page.wait_for_timeout(200)
        assert visit.messages == []


def test_a_chart_takes_the_colours_of_the_page(browser, file):
    stroke = f"getComputedStyle(document.querySelector('{LINES}')).stroke"
    with Visit(browser, file) as visit:
        page = drawn(visit)
        assert page.evaluate(stroke) == "rgb(0, 92, 161)"
        page.click("#theme")
        assert page.evaluate(stroke) == "rgb(58, 141, 240)"


def test_pointing_at_a_line_tells_its_value(browser, file):
    with Visit(browser, file) as visit:
        page = drawn(visit)
        page.locator(f"{CHART} .mark-symbol path").nth(30).hover(force=True)
        told = page.wait_for_selector("#vg-tooltip-element.visible").inner_text()
        assert "hour of day" in told
        assert "undefined" not in told
        assert visit.messages == []


def test_without_script_the_still_stands(browser, file):
    with Visit(browser, file, java_script_enabled=False) as visit:
        assert visit.page.is_visible(STILL)
        assert not visit.page.is_visible(".explorer")


def test_paper_shows_the_still(browser, file):
    with Visit(browser, file) as visit:
        page = drawn(visit)
        page.emulate_media(media="print")
        assert page.is_visible(STILL)
        assert not page.is_visible(".explorer")
