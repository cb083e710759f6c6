"""The page of results and its picture, made from the files of results alone."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from benchmarks.parts import NOT_MEASURED, PARTS, Part
from benchmarks.records import Result
from research.theme import SEGMENT_COLORS, style

PAGE, PICTURE = "RESULTS.md", "growth.svg"
HIDDEN = {"wall_min_s", "wall_max_s", "repeats", "answer"}
HEADINGS = {
    "wall_s": "wall s",
    "cpu_s": "CPU s",
    "peak_gb": "peak GB",
    "page_s": "pages, s",
    "ns_a_reading": "CPU ns a reading",
    "ratio_to_scan": "times the scan",
}
TIMES_OURS = {"wall_s": "wall", "cpu_s": "CPU"}
NEARLY = 0.95
"""Share of our time from which another way counts as no faster."""
INTRODUCTION = """# How fast, beside whom

Made by `make benchmarks BENCH="--size full"` from the files below `results/`; not
written by hand. Every answer was compared with ours before its time was taken.
"""
METHOD = """
## How it was measured

Each run is a fresh process; ways that are compared take turns, and the medians of the
rounds stand here. Imports, reading that is not the question, and compiling are done
before the clock starts, unless the table says that a whole command is meant. Seconds of
CPU count all processes that took part. Memory is the most that the process and its
descendants held together, looked at 20 times a second: pages of files and libraries
count once, pages that a fork shares with its parent twice. A column that ends in "= 1"
tells the time of each way as a multiple of that one's.
"""


def write(found: Mapping[str, Result], folder: Path) -> None:
    """Write the page and the picture into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page(found), "utf-8")
    draw_growth(growth(found), folder / PICTURE)


def page(found: Mapping[str, Result]) -> str:
    """Text of the page."""
    parts = {name: part for name, part in PARTS.items() if name in found}
    sections = [INTRODUCTION]
    if len(growth(found)):
        sections.append(f"![Seconds of CPU by number of customers]({PICTURE})\n")
    sections += [_section(part, found[name]) for name, part in parts.items()]
    slower = [line for name in parts for line in _slower(PARTS[name], found[name])]
    sections.append("## Where ours is slower\n\n" + _listed(slower or ["Nowhere."]))
    missing = [
        f"{part.title.rstrip('?')}: not run yet."
        for name, part in PARTS.items()
        if name not in found
    ]
    reasons = [f"{what}: {why}" for what, why in NOT_MEASURED.items()]
    sections.append("## Not measured\n\n" + _listed(missing + reasons))
    sections.append(METHOD.strip() + "\n")
    sections.append(_versions(found))
    return "\n".join(sections)


def _section(part: Part, result: Result) -> str:
    lines = [f"## {part.title}", ""]
    if part.note:
        lines += [part.note, ""]
    lines += [markdown(shown(part, result.table)), "", _caption(result), ""]
    return "\n".join(lines)


def shown(part: Part, table: pd.DataFrame) -> pd.DataFrame:
    """The columns that a reader sees, with the time that others take of ours."""
    hidden = HIDDEN | set(constants(table))
    result = table.drop(columns=[c for c in table.columns if c in hidden])
    ours = against_ours(part, table)
    for column in ours.columns:
        result[f"{TIMES_OURS[column]}, {part.ours} = 1"] = ours[column]
    return result.rename(columns=HEADINGS)


def constants(table: pd.DataFrame) -> dict[str, float]:
    """Columns that hold one number in all rows, such as the readings: told once."""
    found = {c: table[c] for c in table.columns if c not in HIDDEN | {"wall_s"}}
    return {
        name: column.iloc[0]
        for name, column in found.items()
        if pd.api.types.is_numeric_dtype(column)
        and len(column) > 1
        and column.notna().all()
        and column.nunique() == 1
    }


def against_ours(part: Part, table: pd.DataFrame) -> pd.DataFrame:
    """Wall and CPU time of each row over that of ours in the same case."""
    if part.ours is None:
        return pd.DataFrame(index=table.index)
    columns = [c for c in TIMES_OURS if c in table.columns]
    case = [table[c] for c in part.by] or [pd.Series(0, table.index)]
    own = table[columns].where(table[part.way] == part.ours)
    return table[columns] / own.groupby(case).transform("max")


def _slower(part: Part, result: Result) -> Iterator[str]:
    """A line for each way that somewhere takes less time than ours."""
    table, ratios = result.table, against_ours(part, result.table)
    if ratios.empty:
        return
    named = {"wall_s": "wall time", "cpu_s": "CPU time"}
    ratios = ratios[[column for column in named if column in ratios]]
    for name in table[part.way].drop_duplicates():
        of = ratios[(table[part.way] == name) & (ratios.min(axis=1) < NEARLY)]
        if of.empty or name in (part.ours, *part.besides):
            continue
        cases = "".join(f", {_span(table.loc[of.index, c])} {c}" for c in part.by)
        taken = " and ".join(f"{_span(of[c])} of our {named[c]}" for c in of)
        yield f"{part.title.rstrip('?')}{cases}: {name} takes {taken}."


def _span(values: pd.Series) -> str:
    low, high = number_text(values.min()), number_text(values.max())
    return low if low == high else f"{low} to {high}"


def markdown(table: pd.DataFrame) -> str:
    """A table in Markdown, numbers to three digits."""
    numbers = [pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]
    lines = [
        _line(str(name).replace("_", " ") for name in table.columns),
        _line("--:" if number else ":--" for number in numbers),
    ]
    lines += [_line(map(number_text, row)) for row in table.itertuples(index=False)]
    return "\n".join(lines)


def number_text(value: object) -> str:
    """A number to three digits, with commas from a thousand on; text as it is."""
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return ""
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _listed(lines: Iterable[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)


def _caption(result: Result) -> str:
    told = result.setting
    repeats = result.table.get("repeats", pd.Series(dtype=float)).dropna()
    times = sorted(set(repeats.astype(int)))
    median = f"Median of {times[-1]}. " if times and times[-1] > 1 else ""
    once = "Run once. " if times and times[0] == 1 else ""
    small = "" if told["size"] == "full" else f" **Size {told['size']}: a look only.**"
    of = "".join(
        f"{number_text(value)} {name.replace('_', ' ')}. "
        for name, value in constants(result.table).items()
    )
    return (
        f"*{of}{median}{once}{told['date']}, {told['cpu']}, {told['cores']} cores, "
        f"{told['memory_gb']} GB, load before {told['load_at_start']}.*{small}"
    )


def _versions(found: Mapping[str, Result]) -> str:
    used: dict[str, set[str]] = {}
    for result in found.values():
        for name, version in result.setting["versions"].items():
            used.setdefault(name, set()).add(version)
    told = ", ".join(f"{name} {' and '.join(sorted(v))}" for name, v in used.items())
    systems = sorted({result.setting["system"] for result in found.values()})
    return f"## Versions\n\n{told}; {', '.join(systems)}.\n"


def growth(found: Mapping[str, Result]) -> pd.DataFrame:
    """CPU seconds by customers of every way that was measured at two sizes or more.

    Returns
    -------
    growth : DataFrame
        `customers`, `cpu_s`, `what`.
    """
    curves = [pd.DataFrame(columns=["customers", "cpu_s", "what"])]
    for name, part in PARTS.items():
        if name not in found or not part.growth:
            continue
        table = found[name].table
        drawn = table[table[part.way].isin(list(part.growth))]
        what = drawn[part.way].map(dict(part.growth))
        curves.append(drawn[["customers", "cpu_s"]].assign(what=what))
    curves = [curve for curve in curves if len(curve)]
    if not curves:
        return pd.DataFrame(columns=["customers", "cpu_s", "what"])
    rows = pd.concat(curves, ignore_index=True)
    sizes = rows.groupby("what")["customers"].transform("nunique")
    return rows[sizes > 1].reset_index(drop=True)


def draw_growth(rows: pd.DataFrame, path: Path) -> None:
    """Draw the seconds by the number of customers, both in powers of ten."""
    if rows.empty:
        return
    # Letters as paths: a picture of a page has no fonts of its own.
    settings = {
        **style(),
        "axes.grid.axis": "both",
        "svg.hashsalt": "growth",
        "svg.fonttype": "path",
    }
    names = rows.groupby("what", sort=False)["cpu_s"].max().index
    with plt.rc_context(settings):
        colors = [SEGMENT_COLORS[i % len(SEGMENT_COLORS)] for i in range(len(names))]
        figure, ax = plt.subplots(figsize=(8.4, 4.2))
        sns.lineplot(
            rows, x="customers", y="cpu_s", hue="what", hue_order=names, style="what",
            style_order=names, markers=True, dashes=False, ax=ax,
            palette=colors,
        )  # fmt: skip
        ax.set(xscale="log", yscale="log", xlabel="customers", ylabel="seconds of CPU")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda value, _: number_text(value))
        ax.set_title("What each thing costs as customers grow")
        sns.move_legend(ax, "upper left", bbox_to_anchor=(1, 1), title=None)
        figure.savefig(path, facecolor="white", metadata={"Date": None})
        plt.close(figure)
