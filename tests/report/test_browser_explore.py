"""Charts to explore, in a browser: drawn, silent, turned by hand, absent on paper."""

from dataclasses import replace

import pytest
from browsing import VIEWS, Visit
from sample_explorer import part
from sample_report import PAGE, cell, notebook

from research.report import export
from research.report.translate import LANGUAGES

pytestmark = pytest.mark.browser
STILL, CHART = ".canvas svg.picture", ".chart svg"
LINES = f"{CHART} .mark-line path"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A page with a chart, and beside it its Chinese twin."""
    page = replace(PAGE, languages=LANGUAGES)
    rendered = export.render(notebook(cell(part())), page)
    folder = tmp_path_factory.mktemp("explore")
    (folder / "report.html").write_text(rendered.html, encoding="utf-8")
    chinese = rendered.translations["zh"]
    (folder / "report.zh.html").write_text(chinese, encoding="utf-8")
    return folder / "report.html"


def drawn(visit):
    visit.page.wait_for_selector(CHART)
    visit.page.wait_for_timeout(100)
    return visit.page


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chart_takes_the_place_of_its_still(browser, file, view, language):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    opened = file if language == "en" else file.with_name("report.zh.html")
    with Visit(browser, opened, view) as visit:
        page = drawn(visit)
        assert not page.is_visible(STILL)
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
