"""An executed notebook in the order of its page: blocks, contents, csv, summary.

What a hurried reader needs comes first, wherever in the notebook it was computed.
"""

import ast
import contextlib
import io
import re
import tokenize
from collections.abc import Mapping

from lxml import etree
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from research.report import door, explore, prose, sanitize
from research.report.part import Part, part_of
from research.report.provenance import as_told

_BOM = "\ufeff"
_HIDING = {"hide", "hide-input", "hide_input", "remove-input", "remove_input"}
_PARAMETERS = {"parameters", "injected-parameters"}
_FIRST_SCREEN = ("facts", "verdict", "tiles", "advice")
_HEADING_ALONE = re.compile(r'\s*<h([2-6]) id="([^"]+)">(?:(?!<h[2-6]).)*</h\1>\s*')
_HEADING_FIRST = re.compile(r"\s*<h([2-6]) ")
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Reading:
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
        """Take up a cell; `number` is its place in the notebook, from 1."""
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
        html = prose.markdown(source, headings=self._heading)
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
        part = part_of(output)
        if part is None:
            door.check_output(output, f"Cell {number} of {self.notebook!r}")
        elif part.kind == "words":
            self._add_prose(part.content["text"])
        else:
            self._add_part(part, number)

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
            if "explore" in part.content:
                chart = explore.checked(part.content["explore"])
                block["place"]["explore"] = chart
        self.blocks.append(block)

    def _place(self, part: Part, number):
        name = str(part.content.get("name", ""))
        if not SLUG.fullmatch(name):
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
            "settings": [_told(*setting) for setting in self._settings.values()],
            "has_code": any(block["kind"] == "code" for block in blocks),
            "explores": any("explore" in b.get("place", {}) for b in self.blocks),
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


def _told(name: str, value: str, meaning: str) -> tuple[str, str, str]:
    """A setting as it is shown: of a path its name, not where the machine has it."""
    with contextlib.suppress(ValueError, SyntaxError):  # what is no plain value
        given = ast.literal_eval(value)
        told = as_told(name, given)
        value = value if told == given else f'"{told}"'
    return name, value, meaning


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
