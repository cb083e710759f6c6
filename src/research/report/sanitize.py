"""Everything between data and markup: escaping, allow-lists, languages.

Nothing that a region's data could hold reaches a page except through here. Text is
escaped by the templates (`environment` escapes by default), HTML of Markdown passes
an allow-list, pictures and formulas are parsed as XML and rebuilt from an allow-list of
their own, so that what is not known does not survive.
"""

import re
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import quote

import jinja2
import nh3
from latex2mathml.converter import convert
from lxml import etree
from lxml import html as lxml_html
from markupsafe import Markup
from mistune import HTMLRenderer, import_plugin
from nbconvert.filters.markdown_mistune import MarkdownWithMath

from research import theme

TEMPLATES = Path(__file__).parent / "templates"
SVG = "http://www.w3.org/2000/svg"
MATHML = "http://www.w3.org/1998/Math/MathML"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"

_HAN = "\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
_HAN_RUN = re.compile(f"[{_HAN}](?:[{_HAN}\\d\\s.,%·–-]*[{_HAN}])?")
_PLACEHOLDER = re.compile("\ue000(\\d+)\ue001")


@cache
def environment() -> jinja2.Environment:
    """Templates of the pages; whatever they print is escaped."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["zh"] = mark_chinese
    made.filters["local"] = local_link
    return made


def mark_chinese(text) -> Markup:
    """Escape `text` and mark its Chinese runs with their language.

    Examples
    --------
    >>> print(mark_chinese("London 伦敦 <b>"))
    London <span lang="zh-Hans">伦敦</span> &lt;b&gt;
    """
    return Markup(
        _HAN_RUN.sub(
            lambda run: f'<span lang="zh-Hans">{run[0]}</span>', escape(str(text))
        )
    )


def local_link(path: str) -> str:
    """Link to a file beside a page; refuses whatever leads elsewhere.

    Examples
    --------
    >>> local_link("london/index.html")
    'london/index.html'
    """
    parts = str(path).split("/")
    if not all(re.fullmatch(r"[\w-][\w.-]*", part) for part in parts):
        raise ValueError(f"A page links to files below its own folder. Got {path!r}.")
    return quote(str(path))


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


def _tree(fragment):
    """Clean a piece of HTML: known tags only, no style, no class, no script."""
    cleaned = nh3.clean(
        fragment,
        tags=_TAGS,
        clean_content_tags={"script", "style", "svg", "math", "iframe", "object"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    return lxml_html.fragment_fromstring(cleaned, create_parent="div")


def _finish(tree):
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
    runs = list(_HAN_RUN.finditer(text))
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


# --- Markdown -----------------------------------------------------------------------


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
    tree = _tree(MarkdownWithMath(renderer, plugins=plugins)(source))
    if headings is not None:
        for element in list(tree):
            if element.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
                headings(element)
    return Markup(
        _PLACEHOLDER.sub(lambda mark: renderer.formulas[int(mark[1])], _finish(tree))
    )


# --- formulas and pictures ----------------------------------------------------------

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
        made = _parse(convert(latex, display=display))
    except Exception:  # the converter raises errors of many kinds
        return f"<code>{escape(latex)}</code>"
    kept = _rebuild(made, MATHML, _MATH_TAGS, _math_attributes)
    kept.set("alttext", latex)
    return etree.tostring(kept, encoding="unicode")


def _math_attributes(element):
    return {
        name: value
        for name, value in element.attrib.items()
        if name in _MATH_ATTRIBUTES and re.fullmatch(r"[\w\s.%#+-]*", value)
    }


_SVG_TAGS = set(
    "svg g defs path rect circle ellipse line polyline polygon text tspan use clipPath "
    "image pattern".split()
)
_SVG_STYLE = set(
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray "
    "stroke-dashoffset stroke-linejoin stroke-linecap stroke-miterlimit opacity "
    "font-size font-weight text-anchor dominant-baseline clip-path clip-rule".split()
)
_SVG_PLAIN = set(
    "d x y x1 y1 x2 y2 cx cy r rx ry dx dy width height points transform viewBox "
    "preserveAspectRatio patternUnits patternContentUnits clipPathUnits".split()
)
_SVG_ROUNDED = set("d x y x1 y1 x2 y2 cx cy r width height points".split())
_SAFE_VALUE = re.compile(r"[#\w\s.,()%+-]*")
_LOCAL = re.compile(r"url\(#([\w.:-]+)\)")
_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]*")
_ROLES = {
    theme.INK: "ink",
    "#000000": "ink",
    "black": "ink",
    theme.MUTED: "muted",
    theme.GRID: "grid",
    "#cccccc": "grid",
    theme.PAPER: "paper",
    "white": "paper",
    theme.ACCENT: "accent",
    **{color: f"c{place}" for place, color in enumerate(theme.SEGMENT_COLORS, start=1)},
}


def svg(source: str, prefix: str, label: str | None = None) -> Markup:
    """Rebuild a picture from known elements, for use inside a page.

    Scripts, handlers, foreign content and outside references do not survive. Styles
    become attributes, so that a page needs no inline styles; ids get the `prefix`;
    the inks of `research.theme` get classes by which a page turns them in dark mode.

    Parameters
    ----------
    source : str
        An SVG document.
    prefix : str
        Stands before every id.
    label : str, optional
        What the picture shows, for who cannot see it. Without it the picture is
        taken as decoration.
    """
    root = _parse(source)
    if root.tag != f"{{{SVG}}}svg":
        raise ValueError(f"A picture must be an SVG document. Got {root.tag!r}.")
    kept = _rebuild(root, SVG, _SVG_TAGS, lambda e: _svg_attributes(e, prefix))
    kept.attrib.pop("width", None)
    kept.attrib.pop("height", None)
    kept.set("class", "picture")
    kept.set("stroke-linejoin", "round")
    if label is None:
        kept.set("aria-hidden", "true")
    else:
        kept.set("role", "img")
        kept.set("aria-label", label)
    return Markup(etree.tostring(kept, encoding="unicode"))


def _parse(source):
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(source.encode(), parser)


def _rebuild(element, namespace, tags, attributes):
    """Copy a tree without what is not allowed; the root is checked by the caller."""
    name = etree.QName(element)
    made = etree.Element(
        f"{{{namespace}}}{name.localname}",
        attributes(element),
        nsmap={None: namespace},
    )
    if name.localname in ("text", "tspan") or namespace == MATHML:
        made.text = element.text
    for child in element:
        if not isinstance(child.tag, str):
            continue
        inner = etree.QName(child)
        if inner.namespace in (namespace, None) and inner.localname in tags:
            copy = _rebuild(child, namespace, tags, attributes)
            if name.localname in ("text", "tspan"):
                copy.tail = child.tail
            made.append(copy)
    return made


def _svg_attributes(element, prefix):
    name = etree.QName(element).localname
    found = dict(element.attrib)
    for declaration in found.pop("style", "").split(";"):
        key, _, value = declaration.partition(":")
        if key.strip() in _SVG_STYLE:
            found[key.strip()] = value.strip()
    kept = {}
    for key, value in found.items():
        if key == "id":
            if re.fullmatch(r"[\w.:-]+", value):
                kept["id"] = prefix + value
        elif key in (XLINK_HREF, "href"):
            link = _href(name, value, prefix)
            if link:
                kept["href"] = link
        elif local := _LOCAL.fullmatch(value):
            if key in ("clip-path", "fill", "stroke"):
                kept[key] = f"url(#{prefix}{local[1]})"
        elif key in _SVG_STYLE | _SVG_PLAIN and _SAFE_VALUE.fullmatch(value):
            if "url" not in value.lower():
                kept[key] = _rounded(value) if key in _SVG_ROUNDED else value
    if kept.get("transform", "").startswith(("rotate(-0 ", "rotate(0 ")):
        del kept["transform"]
    classes = _classes(name, kept)
    if classes:
        kept["class"] = classes
    return kept


def _href(name, value, prefix):
    if name == "use" and re.fullmatch(r"#[\w.:-]+", value):
        return f"#{prefix}{value[1:]}"
    if name == "image" and _PICTURE.fullmatch(value):
        return "".join(value.split())
    return None


def _classes(name, attributes):
    """Classes by which a page recolours ink, grid and paper.

    White text stays white: it stands on a coloured ground, which does not turn.
    """
    classes = []
    for key, letter in (("fill", "f"), ("stroke", "s")):
        role = _ROLES.get(attributes.get(key, "").lower())
        if role and not (role == "paper" and name in ("text", "tspan")):
            classes.append(f"{letter}-{role}")
    return " ".join(classes)


def _rounded(value):
    value = re.sub(r"-?\d+\.\d+", lambda n: f"{float(n[0]):.2f}".rstrip("0"), value)
    return re.sub(r"\.(?=[\s,]|$)", "", " ".join(value.split()))
