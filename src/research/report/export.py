"""An executed notebook becomes one self-contained page.

The page asks for nothing when it is opened: style, script and fonts are inside, and
its content security policy forbids the rest. Only the script of this package runs, by
its hash. The same executed notebook gives the same bytes.

A page opens with what a hurried reader needs (title, facts, verdict, tiles, one
picture, advice), wherever in the notebook those were computed; everything else follows
in the notebook's order. nbconvert's own templates were refused: they load scripts from
elsewhere and run what outputs hold.
"""

import ast
import base64
import hashlib
import io
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import unescape

from lxml import etree
from nbconvert.exporters import TemplateExporter
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from research.report import fonts, sanitize
from research.report.display import Part, part_of
from research.report.translate import path_in, read_catalogue, translated

_BOM = "\ufeff"
_STYLE, _POLICY = "\ue010", "\ue011"
_ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "–—‘’“”…·−±≥≤×→↑"
_HIDING = {"hide", "hide-input", "hide_input", "remove-input", "remove_input"}
_PARAMETERS = {"parameters", "injected-parameters"}
_FIRST_SCREEN = ("facts", "verdict", "tiles", "advice")
_ANSI = re.compile("\x1b\\[[0-9;]*[A-Za-z]")
_OBJECT = re.compile(r"\s*<[\w.]+.*>\s*|.*\b0x[0-9a-f]{6,}\b.*", re.DOTALL)
_HEADING_ALONE = re.compile(r'\s*<h([2-6]) id="([^"]+)">(?:(?!<h[2-6]).)*</h\1>\s*')
_HEADING_FIRST = re.compile(r"\s*<h([2-6]) ")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


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


class _PageExporter(TemplateExporter):
    """nbconvert's exporter with our template; it escapes whatever it prints."""

    file_extension = ".html"
    output_mimetype = "text/html"
    template_file = "page.html.j2"

    @property
    def environment(self):
        return sanitize.environment()


@cache
def _exporter():
    return _PageExporter()


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
    if not _SLUG.fullmatch(page.notebook):
        raise ValueError(
            "A notebook's name is made of letters, digits, '-' and '_'. "
            f"Got {page.notebook!r}."
        )
    reading = _Reading(page.notebook)
    for number, cell in enumerate(nb.cells, start=1):
        reading.add(cell, number)
    view = reading.view()
    body, _ = _exporter().from_notebook_node(
        nb,
        resources={
            "page": page,
            "view": view,
            "script": _asset("script.js"),
            "style": _STYLE,
            "policy": _POLICY,
            "other_language": _other(f"{page.notebook}.html", page.languages),
        },
    )
    html, missing = seal(body)
    others, lacking = translations(body, page.languages, page.names)
    return Rendered(
        html, reading.files, reading.summary(), missing, others, tuple(lacking)
    )


# --- reading a notebook -------------------------------------------------------------


class _Reading:
    """Cells on their way to a page: blocks in order, and what is lifted to the top."""

    def __init__(self, notebook):
        self.notebook = notebook
        self.title = ""
        self.lede = ""
        self.blocks = []
        self.contents = []
        self.files = {}
        self._settings = {}
        self._ids = {"top", "main", "made", "contents"}
        self._names = set()

    def add(self, cell, number):
        if cell.cell_type == "markdown":
            self._add_prose(cell.source)
        elif cell.cell_type == "code":
            tags = set(cell.metadata.get("tags", []))
            if tags & _PARAMETERS:
                self._settings.update(read_settings(cell.source, self._settings))
            elif cell.source.strip() and not tags & _HIDING:
                self._add_code(cell.source)
            for output in cell.outputs:
                self._add_output(output, number)

    # -- text

    def _add_prose(self, source):
        html = sanitize.markdown(source, headings=self._heading)
        if html.strip():
            self.blocks.append({"kind": "prose", "html": html})

    def _heading(self, element):
        level = int(element.tag[1])
        text = " ".join(re.sub("\ue000\\d+\ue001", "", element.text_content()).split())
        if level == 1 and not self.title:
            self.title = text or self.notebook
            self._take_lede(element)
            _drop(element)
            return
        level = max(level, 2)
        element.tag = f"h{level}"
        identifier = self._identifier(text)
        element.set("id", identifier)
        if element.find(".//a") is None:
            _wrap(element, "a", {"href": f"#{identifier}"})
        if level <= 3:
            self.contents.append({"level": level, "id": identifier, "text": text})

    def _take_lede(self, heading):
        following = heading.getnext()
        if following is None or following.tag != "p":
            return
        text = following.text_content()
        if len(text) <= 200 and "\ue000" not in text:
            self.lede = " ".join(text.split())
            _drop(following)

    def _identifier(self, text):
        slug = re.sub(r"\W+", "-", text.lower()).strip("-") or "section"
        identifier, count = slug, 1
        while identifier in self._ids:
            count += 1
            identifier = f"{slug}-{count}"
        self._ids.add(identifier)
        return identifier

    def _add_code(self, source):
        lines = highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip()
        code = sanitize.Markup(lines)
        if self.blocks and self.blocks[-1]["kind"] == "code":
            self.blocks[-1]["codes"].append(code)
        else:
            self.blocks.append({"kind": "code", "codes": [code]})

    # -- outputs

    def _add_output(self, output, number):
        kind = output.output_type
        if kind == "error":
            raise ValueError(
                f"Cell {number} of {self.notebook!r} ended in an error: "
                f"{output.get('ename', 'Error')}: {output.get('evalue', '')}. "
                "Only a notebook that ran to its end can be published."
            )
        if kind == "stream":
            if output.get("name") == "stdout":
                self._add_text(output.text)
            return
        part = part_of(output)
        if part is not None:
            self._add_part(part, number)
            return
        data = output.get("data", {})
        if "text/html" in data:
            html = sanitize.html("".join(data["text/html"]))
            if html.strip():
                self.blocks.append({"kind": "html", "html": html})
        elif "text/markdown" in data:
            self._add_prose("".join(data["text/markdown"]))
        elif any(mime.startswith("image/") for mime in data):
            raise ValueError(
                f"Cell {number} of {self.notebook!r} shows a picture without alt text. "
                "Show it by display.figure(fig, name=..., title=..., caption=..., "
                "alt=...)."
            )
        elif "text/latex" in data:
            self._add_prose("".join(data["text/latex"]))
        elif not any(mime.startswith("application/") for mime in data):
            self._add_text("".join(data.get("text/plain", "")))

    def _add_text(self, text):
        text = _ANSI.sub("", text).strip("\n")
        if not text.strip() or _OBJECT.fullmatch(text):
            return
        if self.blocks and self.blocks[-1]["kind"] == "text":
            self.blocks[-1]["text"] += f"\n{text}"
        else:
            self.blocks.append({"kind": "text", "text": text})

    def _add_part(self, part, number):
        if part.kind not in ("figure", "table", "note", *_FIRST_SCREEN):
            raise ValueError(
                f"Cell {number} of {self.notebook!r} shows a part of unknown kind "
                f"{part.kind!r}."
            )
        block = {"kind": part.kind, "part": part.content, "place": {}}
        if part.kind in ("figure", "table"):
            block["place"] = self._place(part, number)
            block["svg"] = part.svg
        self.blocks.append(block)

    def _place(self, part: Part, number):
        name = str(part.content.get("name", ""))
        if not _SLUG.fullmatch(name):
            raise ValueError(
                f"Cell {number} of {self.notebook!r} names a {part.kind} {name!r}: a "
                "name is made of letters, digits, '-' and '_'."
            )
        if name in self._names:
            raise ValueError(
                f"Cell {number} of {self.notebook!r} shows a second part named "
                f"{name!r}: give each figure and table its own name."
            )
        if part.kind == "figure" and not (part.svg and part.content.get("alt")):
            raise ValueError(
                f"Figure {name!r} of {self.notebook!r} lacks its picture or alt text."
            )
        self._names.add(name)
        csv = None
        if part.csv is not None:
            csv = f"tables/{self.notebook}.{name}.csv"
            self.files[csv] = _BOM + part.csv
        return {"id": self._identifier(f"{part.kind}-{name}"), "csv": csv}

    # -- the page

    def view(self):
        """Everything the template prints, in the order of the page."""
        top = {kind: self._first(kind) for kind in _FIRST_SCREEN}
        hero = self._hero()
        blocks = []
        for block in self.blocks:
            if block is hero:
                blocks.append({"kind": "moved", "place": block["place"]})
            elif not any(block is lifted for lifted in top.values()):
                blocks.append(block)
        blocks = self._without_empty_sections(blocks)
        self._number([hero, *self.blocks] if hero else self.blocks)
        if hero:
            drawn = sanitize.svg(hero["svg"], prefix="", label=hero["part"]["alt"])
            self.files[f"figures/{self.notebook}.hero.svg"] = str(drawn)
        return {
            "title": self.title or self.notebook,
            "lede": self.lede,
            **top,
            "hero": hero,
            "blocks": blocks,
            "contents": self.contents,
            "settings": list(self._settings.values()),
            "has_code": any(block["kind"] == "code" for block in blocks),
        }

    def _without_empty_sections(self, blocks):
        """Drop a heading whose whole section was lifted to the first screen."""
        kept, following = [], 1
        for block in reversed(blocks):
            html = block.get("html", "")
            alone = _HEADING_ALONE.fullmatch(html)
            if alone and following <= int(alone[1]):
                self.contents = [e for e in self.contents if e["id"] != alone[2]]
                continue
            kept.append(block)
            first = _HEADING_FIRST.match(html)
            following = int(first[1]) if first else 9
        return kept[::-1]

    def _first(self, kind):
        return next((block for block in self.blocks if block["kind"] == kind), None)

    def _hero(self):
        figures = [block for block in self.blocks if block["kind"] == "figure"]
        chosen = [block for block in figures if block["part"].get("hero")]
        return next(iter(chosen + figures), None)

    def _number(self, blocks):
        counts = {"figure": 0, "table": 0}
        for block in blocks:
            place = block["place"] if block["kind"] in counts else {"number": 0}
            if "number" in place:
                continue
            counts[block["kind"]] += 1
            place["number"] = counts[block["kind"]]
            if block["kind"] == "figure":
                place["svg"] = sanitize.svg(
                    block["svg"],
                    prefix=f"f{place['number']}-",
                    label=block["part"]["alt"],
                )

    def summary(self):
        """What an index says of this page."""
        content = {
            kind: (self._first(kind) or {"part": {}})["part"] for kind in _FIRST_SCREEN
        }
        kinds = [block["kind"] for block in self.blocks]
        return {
            "title": self.title or self.notebook,
            "lede": self.lede,
            "verdict": {
                language: content["verdict"].get(language, "")
                for language in ("en", "zh")
            },
            "tiles": content["tiles"].get("tiles", []),
            "facts": content["facts"].get("items", []),
            "badge": content["facts"].get("badge"),
            "n_figures": kinds.count("figure"),
            "n_tables": kinds.count("table"),
        }


def read_settings(source: str, defaults: Mapping | None = None) -> dict:
    """Names, values and meanings of the settings in a cell of assignments.

    Parameters
    ----------
    source : str
        Python, one ``name = value  # meaning`` a line.
    defaults : mapping, optional
        Settings already read; their meanings are kept where this cell gives none.

    Returns
    -------
    settings : dict of name to (name, value, meaning)

    Examples
    --------
    >>> read_settings("n_clusters = 6  # segments to look for")
    {'n_clusters': ('n_clusters', '6', 'segments to look for')}
    """
    comments = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and token.line.split("#")[0].strip():
                comments[token.start[0]] = token.string.lstrip("# ").strip()
        statements = ast.parse(source).body
    except (SyntaxError, tokenize.TokenError):
        return {}
    found = {}
    for statement in statements:
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            name = targets[0].id
            value = ast.get_source_segment(source, statement.value) or ""
            earlier = (defaults or {}).get(name, ("", "", ""))
            meaning = comments.get(statement.end_lineno) or earlier[2]
            found[name] = (name, value, meaning)
    return found


def _drop(element):
    parent = element.getparent()
    previous = element.getprevious()
    if element.tail and element.tail.strip():
        if previous is not None:
            previous.tail = (previous.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _wrap(element, tag, attributes):
    inside = etree.Element(tag, attributes)
    inside.text, element.text = element.text, None
    inside.extend(list(element))
    element.append(inside)


# --- sealing a page -----------------------------------------------------------------


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
    style = cut.css + _asset("style.css")
    policy = (
        "default-src 'none'; img-src data:; font-src data:; "
        f"style-src {_sha256(style)}; script-src {_sha256(_asset('script.js'))}; "
        "base-uri 'none'; form-action 'none'"
    )
    # Both marks stand in the head before anything that comes from data.
    html = html.replace(_POLICY, policy, 1).replace(_STYLE, style, 1)
    return html, cut.missing


def translations(
    body: str, languages: Sequence[str], names: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """A page in all languages but the first, sealed, and the messages they lack."""
    pages, lacking = {}, []
    for language in languages[1:]:
        catalogue = read_catalogue(language).with_names(names)
        html, missing = translated(body, catalogue)
        pages[language], _ = seal(html)
        lacking += missing
    return pages, lacking


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
    body = (
        sanitize.environment()
        .get_template(template)
        .render(
            language="en",
            other_language=_other(path, languages),
            script=_asset("script.js"),
            style=_STYLE,
            policy=_POLICY,
            **content,
        )
    )
    if language == "en":
        return seal(body)[0]
    return translations(body, ("en", language), names or {})[0][language]


def _other(path: str, languages: Sequence[str]) -> str:
    """Where the switch of languages leads; nowhere if there is but one."""
    return path_in(path, languages[-1]) if len(languages) > 1 else ""


@cache
def _asset(name):
    return (sanitize.TEMPLATES / name).read_text(encoding="utf-8")


def _sha256(text):
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
