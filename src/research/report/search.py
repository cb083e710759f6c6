"""A page that searches all published pages, from disk and without a server.

The index is the text of the pages, section by section, inside of the search page
itself: a page opened from disk may ask for no other file.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lxml import html as lxml_html

from research.report.export import seal_template
from research.report.sanitize import Markup

_BEGIN, _END = b"<main", b"</main>"
_DRAWN = re.compile(rb"<(svg|table|script)\b[^<]*+(?:<(?!/\1>)[^<]*+)*+</\1>")
_TEXT = (
    ".//h1 | .//h2[@id] | .//h3[@id] | .//p[not(ancestor::details)] | .//li | "
    ".//figcaption | .//ul[contains(@class, 'tiles')]/li"
)


def sections(html: str) -> Iterator[tuple[str, str, str]]:
    """Text of a page by its headings.

    Parameters
    ----------
    html : str
        A published page.

    Yields
    ------
    anchor : str
        Id of the heading; empty above the first one.
    heading : str
    text : str
        Prose, captions, figures of the first screen; no tables and no code.

    Examples
    --------
    >>> page = '<main id="main"><p>One.</p><h2 id="a">A</h2><p>Two.</p></main>'
    >>> list(sections(page))
    [('', '', 'One.'), ('a', 'A', 'Two.')]
    """
    tree = lxml_html.fromstring(html)
    main = next(iter(tree.xpath("descendant-or-self::main")), tree)
    anchor, heading, texts = "", "", []
    for element in main.xpath(_TEXT):
        said = " ".join(element.text_content().split())
        if element.tag in ("h2", "h3"):
            if texts:
                yield anchor, heading, " ".join(texts)
            anchor, heading, texts = element.get("id"), said, []
        elif said and not any(said in text for text in texts[-2:]):
            texts.append(said)
    if texts or heading:
        yield anchor, heading, " ".join(texts)


def search_page(
    out: Path,
    manifests: Sequence[Mapping],
    *,
    language: str = "en",
    languages: Sequence[str] = ("en",),
) -> str:
    """The page that searches what was published below `out`.

    Parameters
    ----------
    out : Path
    manifests : sequence of mappings
        Of the regions whose pages are searched.
    language, languages
        As for `site.region_index`; pages of this language are searched.

    Returns
    -------
    html : str
        A complete page; without JavaScript it says that it needs it.
    """
    index = []
    for manifest in manifests:
        for page in manifest.get("pages", []):
            file = page.get("languages", {}).get(language, page["file"])
            path = out / manifest["region"] / file
            if not path.is_file():
                continue
            title = " · ".join(filter(None, manifest.get("title", {}).values()))
            index.append(
                {
                    "to": f"{manifest['region']}/{file}",
                    "region": title or manifest["region"],
                    "title": page["summary"].get("title", page["notebook"]),
                    "parts": list(sections(_main_of(path.read_bytes()))),
                }
            )
    return seal_template(
        "search.html.j2",
        path="search.html",
        language=language,
        languages=languages,
        index=Markup(_as_data(index)),
        n_pages=len(index),
    )


def _main_of(page: bytes) -> str:
    """What a page says itself, without its pictures, tables, fonts and scripts.

    They are nearly all of its bytes, and none of them is searched.
    """
    begin = page.find(_BEGIN)
    end = page.find(_END, begin)
    if begin >= 0 and end >= 0:
        page = page[begin : end + len(_END)]
    return _DRAWN.sub(b"", page).decode("utf-8")


def _as_data(index: list[dict]) -> str:
    r"""JSON that can stand inside of a script element, whatever it quotes.

    Examples
    --------
    >>> _as_data(["</script><b>"])
    '["\\u003c/script\\u003e\\u003cb\\u003e"]'
    """
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)
