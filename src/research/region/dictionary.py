"""The data dictionary as a page, written from the schema and the rules alone."""

from research.region.rules import ACTIONS, RULES, Rule
from research.region.schema import TABLES, Column, Table

NEEDS = {"M": "must", "R": "wanted", "O": "if there"}
_HEAD = """\
# Data dictionary 数据字典

A region is a folder: `region.yaml` and one Parquet file (or a folder of parts) for
each table it has. Only `customers` must be there; every other table adds answers.
`research import table` brings exports into this form, whatever their headers, codes
and units; `research check` says what a region has and what is wrong with it.

Ids are text (leading zeros count). Times are local, without a zone; readings are
stamped at the start or the end of the interval as `region.yaml` declares. Energy is
in kWh, power in kW, money in yuan with two decimals, months are text such as
`2025-03`. Empty means not known. Need: *must* - the table says nothing without it;
*wanted* - answers depend on it; *if there* - used where present.

This page is written from the schema by `research dictionary`; do not edit it.
"""
_RULES = """\
## Rules 质量规则

What is looked for in the data and what is done. `quality.rules` of `region.yaml` may
choose another action where one is listed, `quality.error_if` the share of rows from
which on a region fails its check. Rows that are set aside stand in `quarantine/`,
changed cells in `repaired/`, counts in `findings.parquet`; nothing is dropped in
silence.
"""


def page() -> str:
    """The data dictionary in Markdown: every table with its columns, every rule.

    Examples
    --------
    >>> page().splitlines()[0]
    '# Data dictionary 数据字典'
    """
    tables = [_table(name, table) for name, table in TABLES.items()]
    index = ", ".join(f"[{name}](#{name})" for name in TABLES)
    return "\n".join([_HEAD, f"Tables: {index}.\n", *tables, _rules()])


def _table(name: str, table: Table) -> str:
    key = ", ".join(f"`{column}`" for column in table.key)
    head = f"## {name}\n\n{table.zh}. One row: {table.row}. A row is named by {key}.\n"
    rows = [_column(column) for column in table.columns.values()]
    titles = ("column", "中文", "type", "need", "meaning", "known headers")
    return "\n".join([head, *_markdown(titles, rows), ""])


def _column(column: Column) -> tuple[str, ...]:
    meaning = column.meaning
    if column.codes:
        meaning += ": " + ", ".join(f"`{code}`" for code in column.codes)
    if column.parent:
        meaning += f"; in `{column.parent}`"
    if column.low or column.high:
        meaning += f"; {column.low or 'any'} to {column.high or 'any'}"
    kind = f"{column.kind} [{column.unit}]" if column.unit else column.kind
    headers = ", ".join(column.headers)
    need = NEEDS[column.need]
    return f"`{column.name}`", column.zh, kind, need, meaning, headers


def _rules() -> str:
    rows = [_rule(name, rule) for name, rule in RULES.items()]
    titles = ("rule", "looks at", "looks for", "done", "or", "fails above")
    return "\n".join([_RULES, *_markdown(titles, rows), ""])


def _rule(name: str, rule: Rule) -> tuple[str, ...]:
    others = ", ".join(f"`{a}`" for a in ACTIONS if a in rule.others)
    limit = "" if rule.error_if is None else f"{rule.error_if:.0%}"
    action = f"`{rule.action}`: {rule.done()}"
    return f"`{name}`", rule.kind, rule.looks_for, action, others, limit


def _markdown(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [titles, ("---",) * len(titles), *rows]
    return ["| " + " | ".join(cell or " " for cell in line) + " |" for line in lines]
