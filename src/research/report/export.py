"""An executed notebook becomes one self-contained page.

The page asks for nothing when it is opened: style, script and fonts are inside, and
its content security policy forbids the rest. Only the script of this package runs, by
its hash. The same executed notebook gives the same bytes.

A page opens with what a hurried reader needs (title, facts, verdict, tiles, one
picture, advice), wherever in the notebook those were computed; everything else follows
in the notebook's order. nbconvert's own templates were refused: they load scripts from
elsewhere and run what outputs hold; its exporter, too, which copies the notebook three
times for templates that print none of it.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import unescape

from nbformat import NotebookNode

from research.report import explore, fonts, sanitize
from research.report.catalogue import read_catalogue
from research.report.reading import SLUG, Reading
from research.report.translate import LANGUAGES, as_written, path_in, translated

_STYLE, _POLICY, _EXPLORER = "\ue010", "\ue011", "\ue012"
# Data are escaped: no other place of a page can have this.
_EXPLORER_PLACE = f"<script>{_EXPLORER}</script>"
_ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "–—‘’“”…·−±≥≤×→↑"


@dataclass(frozen=True)
class Page:
    """What a page says besides its notebook.

    Parameters
    ----------
    notebook : str
        Name of the notebook; starts the names of the page's files.
    region_name, region_title : str
        The region's short name, and its name in the readers' words.
    languages : sequence of str
        The page is made in each; the first is the one it is written in.
    names : mapping of str to str
        Names in Chinese, such as the region's, that no catalogue knows.
    made : mapping of label to text
        How this was made: data, settings, versions, seed, run time, verification.
    home : str
        Relative link to the region's index.
    synthetic : bool
        Whether the data are made up; the page then says so at its top.
    attribution : str
        Whose data these are.
    notice : str
        Something the reader must know first, such as that the data are old.
    """

    notebook: str
    region_name: str
    region_title: str
    languages: Sequence[str] = ("en",)
    names: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, str] = field(default_factory=dict)
    home: str = "index.html"
    synthetic: bool = False
    attribution: str = ""
    notice: str = ""


@dataclass(frozen=True)
class Rendered:
    """A page, the files beside it (by relative path), and what an index says of it.

    `translations` holds the page in other languages, `untranslated` what stands in
    them as it was written.
    """

    html: str
    files: dict[str, str]
    summary: dict
    missing_characters: str = ""
    translations: Mapping[str, str] = field(default_factory=dict)
    untranslated: tuple[str, ...] = ()


def render(nb: NotebookNode, page: Page) -> Rendered:
    """Turn an executed notebook into a page.

    Parameters
    ----------
    nb : NotebookNode
        A notebook that ran to its end.
    page : Page

    Returns
    -------
    rendered : Rendered
        `html` is complete; `files` holds each table's csv and the first picture.

    Raises
    ------
    ValueError
        If a cell ended in an error, a picture has no alt text, or two parts share a
        name.
    """
    if not SLUG.fullmatch(page.notebook):
        raise ValueError(
            "A notebook's name is made of letters, digits, '-' and '_'. "
            f"Got {page.notebook!r}."
        )
    reading = Reading(page.notebook)
    for number, cell in enumerate(nb.cells, start=1):
        reading.add(cell, number)
    view = reading.view()
    body = _printed(
        "page.html.j2",
        f"{page.notebook}.html",
        page.languages,
        page=page,
        view=view,
        explorer=_EXPLORER,
    )
    pages, lacking = {}, []
    for language in page.languages:
        text, missing = _worded(body, language, page.languages, page.names)
        pages[language] = seal(text)
        lacking += missing
    html, missing = pages.pop(page.languages[0])
    return Rendered(
        html,
        reading.files,
        reading.summary(),
        missing,
        {language: html for language, (html, _) in pages.items()},
        tuple(lacking),
    )


def seal(html: str) -> tuple[str, str]:
    """Give a page its fonts, its style and the policy that forbids all else.

    Parameters
    ----------
    html : str
        A page of `shell.html.j2`, rendered with the marks for style and policy.

    Returns
    -------
    html : str
    missing : str
        Characters that the shipped fonts lack; the reader's system draws them.
    """
    text = unescape(re.sub(r"<[^>]*>", " ", html)) + _ALWAYS
    cut = fonts.faces(text.replace(_STYLE, "").replace(_POLICY, ""))
    style, scripts = cut.css + _asset("style.css"), [_asset("script.js")]
    if _EXPLORER_PLACE in html:
        style += _asset("explore.css")
        scripts.append(explore.script())
        html = html.replace(_EXPLORER_PLACE, f"<script>{scripts[-1]}</script>", 1)
    policy = (
        "default-src 'none'; img-src data:; font-src data:; "
        f"style-src {_sha256(style)}; script-src {' '.join(map(_sha256, scripts))}; "
        "base-uri 'none'; form-action 'none'"
    )
    # Both marks stand in the head before anything that comes from data.
    html = html.replace(_POLICY, policy, 1).replace(_STYLE, style, 1)
    return html, cut.missing


def _worded(
    body: str, language: str, languages: Sequence[str], names: Mapping[str, str]
) -> tuple[str, list[str]]:
    """A page in one of its languages, and the messages that the catalogue lacks."""
    if language == LANGUAGES[0]:
        return as_written(body), []
    catalogue = read_catalogue(language).with_names(names)
    return translated(body, catalogue, alone=len(languages) == 1)


def seal_template(
    template: str,
    *,
    path: str = "index.html",
    language: str = "en",
    languages: Sequence[str] = ("en",),
    names: Mapping[str, str] | None = None,
    **content,
) -> str:
    """Render a page that extends `shell.html.j2`, translate and seal it; see `seal`.

    Parameters
    ----------
    template : str
    path : str
        Name of the page in the language it is written in.
    language : str
    languages : sequence of str
        All that the page is made in.
    names : mapping of str to str
        Names in Chinese that no catalogue knows.
    **content
        What the template prints.
    """
    body = _printed(template, path, languages, **content)
    return seal(_worded(body, language, languages, names or {})[0])[0]


def _printed(template: str, path: str, languages: Sequence[str], **content) -> str:
    """A page as its template prints it, in the language that it is written in."""
    return (
        sanitize.environment()
        .get_template(template)
        .render(
            language=LANGUAGES[0],
            other_language=_other(path, languages),
            script=_asset("script.js"),
            style=_STYLE,
            policy=_POLICY,
            **content,
        )
    )


def _other(path: str, languages: Sequence[str]) -> str:
    """Where the switch of languages leads; nowhere if there is but one."""
    return path_in(path, languages[-1]) if len(languages) > 1 else ""


@cache
def _asset(name):
    return (sanitize.TEMPLATES / name).read_text(encoding="utf-8")


def _sha256(text):
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
