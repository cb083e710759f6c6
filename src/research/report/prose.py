"""The prose of a notebook: Markdown and formulas into clean HTML and MathML.

It stands apart from `research.report.sanitize`, which every kernel imports: what reads
Markdown as notebooks write it brings half of Jupyter, and takes a second to import.
"""

import re
from html import escape

import nh3
from latex2mathml.converter import convert
from lxml import etree
from lxml import html as lxml_html
from markupsafe import Markup
from mistune import HTMLRenderer, import_plugin
from nbconvert.filters.markdown_mistune import MarkdownWithMath

from research.report import sanitize

MATHML = "http://www.w3.org/1998/Math/MathML"

_PLACEHOLDER = re.compile("\ue000(\\d+)\ue001")


def markdown(source: str, headings=None) -> Markup:
    """Clean HTML of a Markdown text.

    Parameters
    ----------
    source : str
        Markdown; HTML in it is escaped.
    headings : callable, optional
        Called with each heading (an lxml element) so that a page can number and
        link them.
    """
    renderer = _Renderer()
    source = source.replace("\ue000", "").replace("\ue001", "")
    plugins = [import_plugin(name) for name in ("table", "strikethrough", "url")]
    tree = _cleaned(MarkdownWithMath(renderer, plugins=plugins)(source))
    if headings is not None:
        for element in list(tree):
            if element.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
                headings(element)
    return Markup(
        _PLACEHOLDER.sub(lambda mark: renderer.formulas[int(mark[1])], _finished(tree))
    )


class _Renderer(HTMLRenderer):
    """Markdown to HTML: raw HTML is shown, not obeyed; formulas become MathML."""

    def __init__(self):
        super().__init__(escape=True)
        self.formulas = []

    def block_math(self, body):
        return self._keep(body, display="block")

    def inline_math(self, body):
        return self._keep(body, display="inline")

    def latex_environment(self, name, body):
        latex = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return self._keep(latex, display="block")

    def _keep(self, latex, display):
        self.formulas.append(formula(latex, display))
        return f"\ue000{len(self.formulas) - 1}\ue001"


# --- HTML ---------------------------------------------------------------------------

_TAGS = set(
    "a abbr b bdi blockquote br caption code col colgroup dd del details div dl dt em "
    "h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp small span strong sub "
    "summary sup table tbody td tfoot th thead tr u ul var".split()
)
_ATTRIBUTES = {
    "*": {"lang", "dir"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}


def _cleaned(fragment):
    """Clean a piece of HTML: known tags only, no style, no class, no script."""
    known = nh3.clean(
        fragment,
        tags=_TAGS,
        clean_content_tags={"script", "style", "svg", "math", "iframe", "object"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return lxml_html.fragment_fromstring(known, create_parent="div")


def _finished(tree):
    """Give tables what a screen reader needs and a frame to scroll in; mark Chinese."""
    for table in list(tree.iter("table")):
        _complete_table(table)
    _mark_tree(tree)
    return Markup(_inner(tree))


def _inner(tree):
    inside = [escape(tree.text or "", quote=False)]
    inside += [
        lxml_html.tostring(child, encoding="unicode", method="html") for child in tree
    ]
    return "".join(inside)


def _complete_table(table):
    for cell in list(table.iter("th")):
        if not "".join(cell.itertext()).strip():
            cell.tag = "td"
            cell.attrib.pop("scope", None)
        elif "scope" not in cell.attrib:
            in_head = next(cell.iterancestors("thead"), None) is not None
            cell.set("scope", "col" if in_head else "row")
    frame = etree.Element("div", {"class": "frame", "tabindex": "0", "role": "group"})
    frame.set("aria-label", "Table")
    parent = table.getparent()
    frame.tail, table.tail = table.tail, None
    parent.replace(table, frame)
    frame.append(table)


def _mark_tree(tree):
    """Wrap Chinese runs of text in spans that name their language."""
    for element in list(tree.iter()):
        if not isinstance(element.tag, str) or element.get("lang"):
            continue
        if element.tag not in ("code", "pre", "samp") and element.text:
            spans, rest = _spans(element.text)
            if spans:
                element.text = rest
                for position, span in enumerate(spans):
                    element.insert(position, span)
        parent = element.getparent()
        if element.tail and parent is not None and parent.tag not in ("code", "pre"):
            spans, rest = _spans(element.tail)
            if spans:
                element.tail = rest
                place = parent.index(element) + 1
                for position, span in enumerate(spans):
                    parent.insert(place + position, span)


def _spans(text):
    runs = list(sanitize.HAN_RUN.finditer(text))
    if not runs:
        return [], text
    spans = []
    for number, run in enumerate(runs):
        span = etree.Element("span", lang="zh-Hans")
        span.text = run[0]
        end = runs[number + 1].start() if number + 1 < len(runs) else len(text)
        span.tail = text[run.end() : end]
        spans.append(span)
    return spans, text[: runs[0].start()]


# --- formulas -----------------------------------------------------------------------

_MATH_TAGS = set(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder "
    "mover munderover mtable mtr mtd mstyle mpadded mphantom mfenced menclose".split()
)
_MATH_ATTRIBUTES = set(
    "display mathvariant stretchy fence form separator lspace rspace linethickness "
    "columnalign rowspacing columnspacing accent accentunder movablelimits largeop "
    "symmetric minsize maxsize width height depth displaystyle scriptlevel".split()
)


def formula(latex: str, display: str = "inline") -> str:
    r"""MathML of a LaTeX formula; the LaTeX itself where it cannot be read.

    Examples
    --------
    >>> formula("k").startswith('<math xmlns="http://www.w3.org/1998/Math/MathML"')
    True
    """
    latex = latex.strip()
    try:
        made = sanitize.parsed(convert(latex, display=display))
    except Exception:  # the converter raises errors of many kinds
        return f"<code>{escape(latex)}</code>"
    kept = sanitize.rebuilt(made, MATHML, _MATH_TAGS, _math_attributes)
    kept.set("alttext", latex)
    return etree.tostring(kept, encoding="unicode")


def _math_attributes(element, name):
    return {
        name: value
        for name, value in element.attrib.items()
        if name in _MATH_ATTRIBUTES and re.fullmatch(r"[\w\s.%#+-]*", value)
    }
