"""What templates, figures and notebooks say in words of their own is in the catalogue.

What they compose of a region's data is seen when notebooks are run: no test of theirs
publishes a page that is not whole in Chinese (`tests/conftest.py`).
"""

import ast
import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from babel.messages.pofile import read_po
from jinja2 import nodes
from sample_report import manifest

from research.report import prose, sanitize, site
from research.report.catalogue import (
    catalogue_files,
    has_words,
    read_catalogue,
    translate,
)
from research.report.translate import messages, translated

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(sanitize.TEMPLATES.glob("*.html.j2"))
PLOTS = sorted((ROOT / "src" / "research" / "plots").glob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DRAWS = {"set", "text", "annotate", "set_title", "set_xlabel", "set_ylabel", "legend"}
DRAWS |= {"suptitle", "supxlabel", "supylabel", "set_xticks", "set_yticks"}
WORDS = {"xlabel", "ylabel", "title", "label", "labels", "s", "text"}
SOME = "7"  # stands for what is only known when a page is made


def lacking(said):
    """Messages, and words in them, that the Chinese catalogue lacks."""
    zh = read_catalogue("zh")
    return [lack for message in said for lack in translate(message, zh)[1]]


def strings(node):
    """Texts of a Python expression; what is put into them is `SOME`, or nothing."""
    if isinstance(node, ast.JoinedStr):
        parts = [getattr(part, "value", None) for part in node.values]
        put_in = [SOME if isinstance(part, ast.AST) else part for part in parts]
        left_out = "".join("" if part is SOME else part for part in put_in)
        yield left_out if lacking(["".join(put_in)]) else "".join(put_in)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from [*strings(node.body), *strings(node.orelse)]
    elif isinstance(node, ast.List | ast.Tuple):
        for element in node.elts:
            yield from strings(element)


def drawn(module: Path):
    """Words that a module of figures writes into them."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", "")
        told = [k.value for k in node.keywords if k.arg in WORDS]
        for argument in [*(node.args if name in DRAWS else []), *told]:
            for text in strings(argument):
                yield " ".join(text.split())


def printed(template: Path):
    """Messages of a template; what it is given is `SOME`."""
    source = template.read_text("utf-8")
    for node in sanitize.environment().parse(source).find_all(nodes.Concat):
        parts = (getattr(part, "value", SOME) for part in node.nodes)
        yield "".join(map(str, parts))
    for node in sanitize.environment().parse(source).find_all(nodes.Dict):
        yield from (p.value.value for p in node.items if hasattr(p.value, "value"))
    source = re.sub(r"{#.*?#}|{%.*?%}", "", source, flags=re.DOTALL)
    yield from messages(re.sub(r"{{.*?}}", SOME, source, flags=re.DOTALL))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_words_of_templates(template):
    assert lacking(filter(has_words, printed(template))) == []


@pytest.mark.parametrize("module", PLOTS, ids=lambda path: path.name)
def test_words_of_figures(module):
    assert lacking(drawn(module)) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_prose_of_notebooks(notebook):
    cells = nbformat.read(notebook, as_version=4).cells
    written = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert written
    said = [m for text in written for m in messages(str(prose.markdown(text)))]
    assert lacking(said) == []


def test_indices_that_have_everything_to_tell():
    told = manifest(
        unread="2026-11-22T03:10:00Z",
        failed=[{"notebook": "04_rfm", "cell": 7, "cause": "No bills", "at": "2026"}],
        skipped=[{"notebook": "05_a", "cause": "No bills", "at": "2026-11-22T03:10"}],
        synthetic=True,
    )
    kept = {"made_at": "2026-11-21T03:10:00Z", "file": "previous/a.html"}
    told["pages"][0]["previous"] = [kept, kept]
    zh = read_catalogue("zh").with_names(site.names_of(told))
    own = {"No bills", "Segments by shape", "Evening", "Payers", "81% of customer-days"}
    for html in (site.region_index(told, {}), site.site_index([told] * 10, {})):
        assert set(translated(html, zh)[1]) - own == set()


def test_catalogues_say_each_message_once_and_nothing_of_their_making():
    said = Counter()
    for path in catalogue_files("zh"):
        text = path.read_text("utf-8")
        assert not re.search("FIRST AUTHOR|EMAIL@ADDRESS|FULL NAME|#, fuzzy", text), (
            path
        )
        with path.open("rb") as opened:
            said.update((entry.context, entry.id) for entry in read_po(opened))
    del said[None, ""]
    assert [message for message, times in said.items() if times > 1] == []


def test_a_region_and_money_have_one_word_each():
    for path in catalogue_files("zh"):
        with path.open("rb") as opened:
            told = [entry.string for entry in read_po(opened) if entry.id]
        assert [s for s in told if "区域" in s.replace("供电区域", "")] == []
        assert [s for s in told if "TWD" in s or "假定" in s] == []
