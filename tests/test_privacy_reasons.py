"""Why a notebook does not apply is published: it quotes nothing of the data.

Every place that raises `NotApplicable` is looked at. What is put into its message must
be known here: a name of our own, a date that a table reaches, or a number asked for.
"""

import ast
import itertools
from pathlib import Path

import nbformat
import pytest
from planted import planted_readings, write_region

from research.region import NotApplicable, read_region

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

NAMES = {
    *("region.name", "self.name", "system", "kind", "table", "tables_in(self.path)"),
    *("tables_in(folder)", "', '.join(tables)", "', '.join(sorted(known))"),
    *("LEARNT_FROM[by]", "' '.join(dict.fromkeys(lacking.values()))"),
    "joined.too_few",  # names of regions and methods, from published tables
}
DAYS = {
    *("day", "day.date()", "end", "end.date()", "first", "test", "known_on", "last"),
    *("last.date()", "created.max().date()"),
    *("region.days[0].date()", "region.days[-1].date()"),
}
ASKED_FOR = {
    *("least", "lead", "least_regions", "months", "min_cell", "min_customers"),
    *("LEAST_CUSTOMERS", "LEAST_EVENTS"),
}
SETTINGS = {"region.minutes", "n_slots", "position + 1", "len(settings.tou or [])"}
REGIONS = {"n"}  # how many have published indicators
KNOWN = NAMES | DAYS | ASKED_FOR | SETTINGS | REGIONS


def messages(source):
    """The expressions that messages of `NotApplicable` are made of, by line."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
            continue
        if ast.unparse(node.exc.func) == "NotApplicable":
            yield node.lineno, list(put_in(node.exc.args[0]))


def put_in(message):
    """What a message puts in beside its own words."""
    if isinstance(message, ast.Constant):
        return
    if isinstance(message, ast.JoinedStr):
        for part in message.values:
            if isinstance(part, ast.FormattedValue):
                yield ast.unparse(part.value)
    elif isinstance(message, ast.BinOp):
        yield from put_in(message.left)
        yield from put_in(message.right)
    elif isinstance(message, ast.IfExp):
        yield from put_in(message.body)
        yield from put_in(message.orelse)
    else:
        yield ast.unparse(message)


def raised():
    """Where it is raised, and what is put into the message."""
    for path in SOURCES:
        for line, parts in messages(path.read_text("utf-8")):
            yield f"{path.relative_to(ROOT / 'src')}:{line}", parts
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        code = (cell.source for cell in cells if cell.cell_type == "code")
        for line, parts in itertools.chain.from_iterable(map(messages, code)):
            yield f"{path.name}:{line}", parts


def test_what_a_message_puts_in_is_found():
    source = "raise NotApplicable(f'{a.path}: {n:,} homes' + (' x' if y else z(1)))"
    assert list(messages(source)) == [(1, ["a.path", "n", "z(1)"])]
    assert len(RAISED) > 30


RAISED = dict(raised())


@pytest.mark.parametrize("place", RAISED)
def test_a_reason_not_to_apply_quotes_nothing_of_the_data(place):
    for part in RAISED[place]:
        assert part in KNOWN, f"{place}: may a page tell {part!r}?"


def test_no_part_is_known_that_nothing_says():
    assert KNOWN == {part for parts in RAISED.values() for part in parts}


def test_a_file_of_a_telling_name_beside_the_tables_is_not_told(tmp_path):
    folder = write_region(tmp_path / "tiny", planted_readings()[0])
    (folder / "欧阳金丝雀 13973194127.xlsx").touch()
    with pytest.raises(NotApplicable, match=r"no table 'bills'.*readings") as why:
        read_region(folder).table("bills")
    assert "13973194127" not in str(why.value)
    assert str(tmp_path) not in str(why.value)
