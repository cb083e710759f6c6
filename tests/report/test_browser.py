"""Published pages, opened from disk in a browser: silent, reachable, harmless."""

from dataclasses import replace

import pytest
from browsing import VIEWS, Visit
from sample_report import HOSTILE_PAGE, PAGE, SVG, hostile, manifest, sample

from research.report import export, search, site
from research.report.translate import LANGUAGES

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A report, an index, a site and a hostile report, as files."""
    folder = tmp_path_factory.mktemp("site")
    report = export.render(sample(), replace(PAGE, languages=LANGUAGES))
    html = {
        **in_chinese(folder, report),
        "report": report.html,
        "region": site.region_index(
            manifest(failed=[{"notebook": "04_rfm", "cell": 7, "cause": "No bills"}]),
            {"02_a": SVG, "03_b": report.files["figures/02_load_segments.hero.svg"]},
        ),
        "site": site.site_index([manifest(f"r{n}") for n in range(10)], {"r1": SVG}),
        "hostile": export.render(hostile(), HOSTILE_PAGE).html,
    }
    (folder / "london").mkdir()
    (folder / "london" / "02_a.html").write_text(report.html, encoding="utf-8")
    html["search"] = search.search_page(folder, [manifest()])
    for name, text in html.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


def in_chinese(folder, report):
    """The Chinese twin of each page of ours."""
    told = manifest(failed=[{"notebook": "04_rfm", "cell": 7, "cause": "No bills"}])
    picture = report.files["figures/02_load_segments.hero.svg"]
    both = {"language": "zh", "languages": LANGUAGES}
    return {
        "report.zh": report.translations["zh"],
        "region.zh": site.region_index(told, {"03_b": picture}, **both),
        "site.zh": site.site_index([manifest(f"r{n}") for n in range(10)], {}, **both),
        "search.zh": search.search_page(folder, [manifest()], **both),
    }


ZH = ["report.zh", "region.zh", "site.zh", "search.zh"]
NAMES = ["report", "region", "site", "hostile", "search", *ZH]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_for_nothing_and_complains_of_nothing(browser, pages, name):
    file = pages / f"{name}.html"
    with Visit(browser, file) as visit:
        asked = [u for u in visit.requests if not u.startswith("data:")]
        assert asked == [file.as_uri()]
        assert visit.messages == []


def test_hostile_data_runs_nothing(browser, pages):
    with Visit(browser, pages / "hostile.html") as visit:
        for fold in visit.page.query_selector_all("summary"):
            if fold.is_visible():
                fold.click()
        assert visit.page.evaluate("window.ran") is None
        assert visit.dialogs == []


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_no_violation(browser, pages, name, view):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with Visit(browser, pages / f"{name}.html", view) as visit:
        visit.page.evaluate(
            "document.querySelectorAll('details').forEach(d => { d.open = true; })"
        )
        found = axe.run(visit.page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_scrolls_one_way_only(browser, pages, name):
    with Visit(browser, pages / f"{name}.html", "phone") as visit:
        width = visit.page.evaluate("document.documentElement.scrollWidth")
        assert width == 390


@pytest.mark.parametrize("name", NAMES)
def test_labels_of_facts_stand_on_one_line_where_there_is_room(browser, pages, name):
    """ "Pages: 4" is no narrow column of letters."""
    with Visit(browser, pages / f"{name}.html") as visit:
        broken = visit.page.evaluate(
            """() => [...document.querySelectorAll(".facts dt")]
                .filter(e => e.getClientRects()[0].height
                    > 1.9 * parseFloat(getComputedStyle(e).fontSize)
                    && e.textContent.length < 20)
                .map(e => e.textContent)"""
        )
        assert broken == []


def test_the_first_screen_holds_the_whole_message(browser, pages):
    with Visit(browser, pages / "report.html") as visit:
        whole = ("h1", ".facts", ".verdict", ".tiles", ".advice", ".canvas")
        for selector in whole:
            box = visit.page.query_selector(selector).bounding_box()
            assert box["y"] + box["height"] <= 800, selector


def test_one_switch_shows_all_code(browser, pages):
    with Visit(browser, pages / "report.html") as visit:
        code = visit.page.query_selector_all("details.code pre")
        assert code
        assert not any(block.is_visible() for block in code)
        visit.page.click("#code")
        assert all(block.is_visible() for block in code)
        assert visit.page.inner_text("#code") == "Hide code"
        visit.page.click("#code")
        assert not any(block.is_visible() for block in code)


def test_the_theme_follows_the_system_and_a_switch(browser, pages):
    paper = "getComputedStyle(document.body).backgroundColor"
    with Visit(browser, pages / "report.html", "dark") as visit:
        assert visit.page.evaluate(paper) == "rgb(20, 23, 26)"
        visit.page.click("#theme")
        assert visit.page.evaluate(paper) == "rgb(255, 255, 255)"


def test_without_script_everything_can_be_read(browser, pages):
    report = pages / "report.html"
    with Visit(browser, report, java_script_enabled=False) as visit:
        assert not visit.page.is_visible("#code")
        assert visit.page.is_visible(".verdict")
        visit.page.click("details.code summary >> nth=0")
        assert visit.page.is_visible("details.code pre >> nth=0")


def test_text_is_set_in_the_fonts_of_the_page(browser, pages):
    with Visit(browser, pages / "report.html") as visit:
        loaded = visit.page.evaluate(
            "Array.from(document.fonts).map(f => f.family + ' ' + f.status)"
        )
        assert sorted(loaded) == ["Report Han loaded", "Report Sans loaded"]


def test_the_keyboard_reaches_the_skip_link_first(browser, pages):
    with Visit(browser, pages / "report.html") as visit:
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.className") == "skip"
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert visit.page.evaluate(outline) == "solid"


def test_a_long_list_of_regions_can_be_filtered(browser, pages):
    with Visit(browser, pages / "site.html") as visit:
        visit.page.fill("#filter", "r7")
        cards = visit.page.query_selector_all("article")
        assert [card.is_visible() for card in cards].count(True) == 1


def test_paper_shows_no_navigation(browser, pages):
    with Visit(browser, pages / "report.html") as visit:
        visit.page.emulate_media(media="print")
        assert not visit.page.is_visible(".topbar")
        assert not visit.page.is_visible(".contents.wide")
        assert visit.page.is_visible(".verdict")


def test_words_are_found_as_they_are_typed_and_lead_to_their_section(browser, pages):
    with Visit(browser, pages / "search.html") as visit:
        page = visit.page
        assert page.locator("#results li").count() == 0
        page.fill("#words", "nothing of the kind")
        assert page.inner_text("#found") == "Nothing found"
        page.fill("#words", "london")
        assert page.locator("#results li").count() == 0  # a region's name is no find
        heading = page.evaluate("""JSON.parse(document.getElementById('index')
            .textContent)[0].parts.find(part => part[1])""")
        page.fill("#words", heading[1])
        assert page.locator("#results mark").count() >= 1 or heading[2] == ""
        page.click("#results a >> nth=0")
        assert page.url.split("#")[0].endswith("london/02_a.html")
        page.go_back()
        assert page.input_value("#words") == heading[1]
        assert visit.messages == []


@pytest.mark.parametrize("name", ZH)
def test_a_chinese_page_is_chinese_but_for_the_way_back(browser, pages, name):
    with Visit(browser, pages / f"{name}.html") as visit:
        page = visit.page
        assert page.evaluate("document.documentElement.lang") == "zh-Hans"
        others = page.evaluate("""Array.from(document.querySelectorAll('body [lang]'))
            .filter(part => part.lang !== 'zh-Hans').map(part => part.innerText)""")
        assert others == ["English"]
        assert page.get_attribute("#language", "hreflang") == "en"


def test_words_of_chinese_figures_are_drawn_in_the_fonts_of_the_page(browser, pages):
    with Visit(browser, pages / "report.zh.html") as visit:
        session = visit.context.new_cdp_session(visit.page)
        session.send("DOM.enable")
        session.send("CSS.enable")
        root = session.send("DOM.getDocument")["root"]["nodeId"]
        found = {"nodeId": root, "selector": "svg text"}
        texts = session.send("DOM.querySelectorAll", found)["nodeIds"]
        fonts = [
            font
            for node in texts
            for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})[
                "fonts"
            ]
        ]
        assert {font["isCustomFont"] for font in fonts} == {True}
        assert {font["familyName"] for font in fonts} >= {"Research Sans SC"}


def test_chinese_stands_a_little_apart_from_latin_letters(browser, pages):
    with Visit(browser, pages / "report.zh.html") as visit:
        wide, tight = visit.page.evaluate("""() => {
            const part = document.querySelector('main').appendChild(
                document.createElement('span'));
            part.textContent = '共12户';
            const wide = part.getBoundingClientRect().width;
            part.style.textAutospace = 'no-autospace';
            return [wide, part.getBoundingClientRect().width];
        }""")
        assert wide > tight + 1
