"""What the command line tells: progress, summaries, tables, findings."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from research.region import Region
from research.region.quality import SERIES_RULES, reach

RESULTS = {
    "done": "published",
    "fresh": "unchanged",
    "skipped": "not applicable",
    "failed": "[bold red]failed[/]",
}
FAULTS_SHOWN = 20

# Unbroken where a file or pipe takes it.
screen = Console(
    stderr=True,
    highlight=False,
    soft_wrap=True,
    width=None if sys.stderr.isatty() else 200,
)
paper = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
"""What a command answers, on stdout; all else is said on `screen`."""


def progress_bars() -> Progress:
    """Bars that show only where someone watches."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} {task.fields[unit]}"),
        TimeElapsedColumn(),
        console=screen,
        disable=not screen.is_terminal,
    )


def told_by_batch(bars: Progress, batch, n_jobs: int):
    """What the batch tells: a bar a running notebook, a line a finished one."""
    tasks = {}
    whole = bars.add_task("all", total=n_jobs, unit="notebooks")

    def started(job):
        name = f"{job.place}  {job.name}"
        tasks[id(job)] = bars.add_task(name, total=job.n_cells + 1, unit="cells")

    def cell_done(job):
        bars.advance(tasks[id(job)])

    def ended(outcome):
        job = outcome.job
        if id(job) in tasks:
            bars.remove_task(tasks[id(job)])
        bars.advance(whole)
        word = RESULTS[outcome.status]
        seconds = f"  {outcome.seconds:.0f} s" if outcome.seconds else ""
        screen.print(f"{job.place}  {job.name}  {word}{seconds}")

    return batch.Progress(
        started, cell_done, ended, lambda text: screen.print(escaped(text))
    )


def counted_by_step(bars: Progress) -> Callable[[str, int, int], None]:
    """A bar a step, which counts the tasks that have ended."""
    tasks = {}

    def tell(step: str, done: int, total: int) -> None:
        if step not in tasks:
            tasks[step] = bars.add_task(step, total=total, unit="parts")
        bars.update(tasks[step], completed=done)

    return tell


def tell_faults(faults) -> None:
    """Name what is missing and why; of very many the first, and how many more."""
    for fault in faults[:FAULTS_SHOWN]:
        screen.print(escaped(f"failed {fault.place}: {fault.reason}"))
    if len(faults) > FAULTS_SHOWN:
        screen.print(f"failed {len(faults) - FAULTS_SHOWN} more")


def tell_outcomes(outcomes: Sequence) -> None:
    """Sum up a batch: a line a region, then what failed and where its log is."""
    places = dict.fromkeys(outcome.job.place for outcome in outcomes)
    ended = {p: [o for o in outcomes if o.job.place == p] for p in places}
    _print_table(
        pd.DataFrame([_summary(place, ended[place]) for place in places]),
        numbers=("published", "unchanged", "not applicable", "failed", "s", "GB"),
        console=screen,
    )
    counts = Counter(RESULTS[outcome.status] for outcome in outcomes)
    screen.print(", ".join(f"{count} {word}" for word, count in counts.items()))
    for outcome in outcomes:
        if outcome.cause:
            cell = f" cell {outcome.cell}" if outcome.cell else ""
            place = f"{outcome.job.place}  {outcome.job.name}{cell}"
            screen.print(escaped(f"{place}: {outcome.cause}"))
        if outcome.status == "failed" and outcome.log is not None:
            screen.print(escaped(f"  log: {outcome.log}"))


def _summary(place: str, outcomes: Sequence) -> dict[str, object]:
    counts = Counter(outcome.status for outcome in outcomes)
    slowest = max(outcomes, key=lambda outcome: outcome.seconds)
    took = f"{slowest.job.name}, {slowest.seconds:.0f} s" if slowest.seconds else ""
    return {
        "region": place,
        "published": counts["done"],
        "unchanged": counts["fresh"],
        "not applicable": counts["skipped"],
        "failed": counts["failed"],
        "s": round(sum(outcome.seconds for outcome in outcomes)),
        "GB": round(max(outcome.peak_bytes for outcome in outcomes) / 1e9, 1),
        "slowest": took,
    }


def tell_repeated(lines: Sequence) -> bool:
    """Say what came out otherwise when pages were made again; whether nothing did."""
    for line in lines:
        if line.told:
            place = line.file or line.notebook
            paper.print(escaped(f"{place}: {line.told}"))
    files = [line for line in lines if line.file]
    same = sum(line.same for line in files)
    paper.print(f"{same} of {len(files)} files came out the same.")
    return all(line.same for line in lines)


def tell_unread(unread: Sequence) -> None:
    """Name the regions that could not be read, and why."""
    for one in unread:
        screen.print(f"[bold red]not read[/] {escaped(one.reason)}")


def tell_region(region: Region, notebooks: Path | None = None) -> None:
    """Say what a region holds, its level, what was found, and what fails it."""
    made = " (synthetic)" if region.settings.source.synthetic else ""
    paper.print(f"[bold]{escaped(region.name)}[/]{made}  {region.level}")
    _print_table(region.tables, numbers=("rows", "customers"))
    _print_table(region.levels)
    if notebooks is not None:
        _print_table(reach(region, notebooks))
    found = region.findings
    quiet = found[found["rows"] == 0]
    columns = ["rule", "table", "rows", "customers", "action", "example"]
    _print_table(found.loc[found["rows"] > 0, columns], numbers=("rows", "customers"))
    paper.print(f"Looked for in vain: {', '.join(quiet['rule'].unique()) or 'none'}.")
    for fault in region.hard_faults.itertuples():
        paper.print(
            f"[bold red]fails[/] {fault.rule} in {fault.table}: {fault.share:.2%} of "
            f"the {'customers' if fault.rule in SERIES_RULES else 'rows'}, "
            f"{fault.error_if:.2%} allowed; {fault.looks_for}. "
            + escaped(f"First: {fault.example}.")
        )


def _print_table(
    frame: pd.DataFrame, numbers: tuple[str, ...] = (), console: Console = paper
) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in frame.columns:
        side = "right" if title in numbers else "left"
        table.add_column(title, justify=side, no_wrap=title in ("rule", *numbers))
    for row in frame.itertuples(index=False):
        cells = zip(frame.columns, row, strict=True)
        table.add_row(*(_cell(value, title in numbers) for title, value in cells))
    console.print(table)
    console.print()


def _cell(value: object, number: bool) -> str:
    if pd.isna(value):
        return ""
    return f"{value:,}" if number else escaped(str(value))


def escaped(text: str) -> str:
    """Text in which rich sees no markup."""
    return text.replace("[", r"\[")
