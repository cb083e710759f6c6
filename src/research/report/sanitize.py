"""Everything between data and markup: escaping, allow-lists, languages.

Nothing that a region's data could hold reaches a page except through here and through
`research.report.prose`. Text is escaped by the templates (`environment` escapes by
default), HTML of Markdown passes an allow-list, pictures and formulas are parsed as XML
and rebuilt from an allow-list of their own, so that what is not known does not survive.
"""

import re
from functools import cache, partial
from html import escape
from pathlib import Path
from urllib.parse import quote

import jinja2
from lxml import etree
from markupsafe import Markup

from research import theme

TEMPLATES = Path(__file__).parent / "templates"

_HAN = "\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
HAN_RUN = re.compile(f"[{_HAN}](?:[{_HAN}\\d\\s.,%·–-]*[{_HAN}])?")
"""Chinese, with the digits and signs within."""
SVG = "http://www.w3.org/2000/svg"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"


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
    made.globals["zip"] = zip
    return made


def mark_chinese(text) -> Markup:
    """Escape `text` and mark its Chinese runs with their language.

    Examples
    --------
    >>> print(mark_chinese("London 伦敦 <b>"))
    London <span lang="zh-Hans">伦敦</span> &lt;b&gt;
    """
    escaped = escape(str(text))
    if escaped.isascii():  # most cells of tables
        return Markup(escaped)
    return Markup(
        HAN_RUN.sub(lambda run: f'<span lang="zh-Hans">{run[0]}</span>', escaped)
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


# --- pictures -------------------------------------------------------------------------

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
_SVG_KNOWN = _SVG_STYLE | _SVG_PLAIN
_SVG_ROUNDED = set("d x y x1 y1 x2 y2 cx cy r width height points".split())
_DECIMAL = re.compile(r"-?\d+\.\d+")
_POINT = re.compile(r"\.(?=[\s,]|$)")
# Of most pictures no number is: they were rounded when they were drawn.
_UNROUNDED = re.compile(r"\.(?:\d\d\d|\d?0(?!\d))")
_ID = re.compile(r"[\w.:-]+")
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

    Examples
    --------
    >>> drawn = '<path d="M 1.504 2.50 L 3.00 4.25" onclick="run()"/>'
    >>> print(svg(f'<svg xmlns="{SVG}">{drawn}</svg>', "", label="A line"))
    ... # doctest: +ELLIPSIS
    <svg ... aria-label="A line"><path d="M 1.5 2.5 L 3 4.25"/></svg>
    """
    root = parsed(source)
    if root.tag != f"{{{SVG}}}svg":
        raise ValueError(f"A picture must be an SVG document. Got {root.tag!r}.")
    kept = rebuilt(root, SVG, _SVG_TAGS, partial(_svg_attributes, prefix=prefix))
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


def parsed(source):
    """The tree of an XML text: nothing outside of it is read, no entity resolved."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(source.encode(), parser)


def rebuilt(element, namespace, tags, attributes):
    """Copy a tree without what is not allowed; the root is checked by the caller."""
    known = {tag: tag for tag in tags} | {f"{{{namespace}}}{tag}": tag for tag in tags}
    name = etree.QName(element).localname
    made = etree.Element(
        f"{{{namespace}}}{name}", attributes(element, name), nsmap={None: namespace}
    )

    def copy(element, name, made):
        has_text = name in ("text", "tspan")
        if has_text or namespace != SVG:
            made.text = element.text
        for child in element:
            inner = known.get(child.tag)
            if inner is not None:
                kept = attributes(child, inner)
                grown = etree.SubElement(made, f"{{{namespace}}}{inner}", kept)
                copy(child, inner, grown)
                if has_text:
                    grown.tail = child.tail

    copy(element, name, made)
    return made


def _svg_attributes(element, name, prefix):
    found = dict(element.attrib)
    if "style" in found:
        for declaration in found.pop("style").split(";"):
            key, _, value = declaration.partition(":")
            if key.strip() in _SVG_STYLE:
                found[key.strip()] = value.strip()
    kept = {}
    for key, value in found.items():
        if key == "id":
            if _ID.fullmatch(value):
                kept["id"] = prefix + value
        elif key in (XLINK_HREF, "href"):
            link = _href(name, value, prefix)
            if link:
                kept["href"] = link
        elif local := _LOCAL.fullmatch(value):
            if key in ("clip-path", "fill", "stroke"):
                kept[key] = f"url(#{prefix}{local[1]})"
        elif key in _SVG_KNOWN and _SAFE_VALUE.fullmatch(value):
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
    if _UNROUNDED.search(value):
        value = _DECIMAL.sub(lambda n: f"{float(n[0]):.2f}".rstrip("0"), value)
    return _POINT.sub("", " ".join(value.split()))
