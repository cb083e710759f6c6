"""The command line: `research import`, `check`, `report` ...; calls, no logic."""

import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from research.region import InputError, Region, read_region
from research.region.dictionary import page
from research.region.ingest import import_lcl, import_table
from research.region.ingest.suggest import suggest
from research.region.quality import SERIES_RULES, reach
from research.region.synthetic import DEFECTS, REGIONS, SIZES, synthesize

app = typer.Typer(
    help="Segment electricity customers and publish what was found.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
FORMATS: dict[str, Callable[..., Region]] = {"table": import_table, "lcl": import_lcl}
RESULTS = {
    "done": "published",
    "fresh": "unchanged",
    "skipped": "not applicable",
    "failed": "[bold red]failed[/]",
}
FAULTS_SHOWN = 20
LANGUAGES = {"en": ("en",), "zh": ("zh",), "both": ("en", "zh")}
screen = Console(stderr=True, highlight=False, soft_wrap=True)
# What a command answers goes to stdout, unbroken where a file or pipe takes it.
paper = Console(highlight=False, width=None if sys.stdout.isatty() else 200)

RegionDir = Annotated[Path, typer.Argument(help="Folder of the region.")]


def main() -> None:
    """Run the command line; wrong input is one plain message and exit code 2."""
    sys.stdout.reconfigure(errors="backslashreplace")  # Chinese on an ASCII terminal
    try:
        app()
    except InputError as error:
        screen.print(f"[bold red]error[/] {_escaped(str(error))}")
        sys.exit(2)


@app.callback()
def _root() -> None:
    """Segment electricity customers and publish what was found."""


@app.command("import")
def import_(
    format: Annotated[str, typer.Argument(help=f"One of: {', '.join(FORMATS)}.")],
    source: Annotated[Path, typer.Argument(help="Export: a folder or a file.")],
    region_dir: RegionDir,
    mapping: Annotated[
        Path | None,
        typer.Option(help="How the export is written; default: its mapping.yaml."),
    ] = None,
    suggest_: Annotated[
        bool,
        typer.Option(
            "--suggest", help="Look at the export and print a mapping to start from."
        ),
    ] = False,
) -> None:
    """Read a real export into a region; what is wrong is counted and set aside."""
    if format not in FORMATS:
        raise InputError(f"format {format!r} is unknown; known: {', '.join(FORMATS)}.")
    if format != "table" and (mapping or suggest_):
        raise InputError(f"--mapping and --suggest belong to table, not to {format}.")
    if suggest_:
        print(suggest(source, region_dir.name))
        return
    options = {"mapping": mapping} if mapping else {}
    with screen.status("starting") as status:
        region = FORMATS[format](source, region_dir, say=status.update, **options)
        _print_region(region)


@app.command("synthesize")
def synthesize_(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(REGIONS)}.")],
    region_dir: RegionDir,
    size: Annotated[str, typer.Option(help=f"One of: {', '.join(SIZES)}.")] = "small",
    customers: Annotated[int | None, typer.Option(min=20, help="Customers.")] = None,
    days: Annotated[int | None, typer.Option(min=28, help="Days.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    defects: Annotated[
        str, typer.Option(help=f"One of: {', '.join(DEFECTS)}.")
    ] = "typical",
) -> None:
    """Make a region whose truth is known: every table, nobody's data."""
    with screen.status("starting") as status:
        region = synthesize(
            name,
            region_dir,
            size=size,
            customers=customers,
            days=days,
            seed=seed,
            defects=defects,
            say=status.update,
        )
        _print_region(region)


@app.command()
def check(
    region_dir: RegionDir,
    notebooks: Annotated[Path, typer.Option(help="Folder of the notebooks.")] = Path(
        "notebooks"
    ),
) -> None:
    """Tell what a region holds, how far it carries and what is wrong with it."""
    region = read_region(region_dir)
    region.check()
    _read_judgements(region)
    _print_region(region, notebooks if notebooks.is_dir() else None)
    if len(region.hard_faults):
        raise typer.Exit(1)


@app.command()
def dictionary() -> None:
    """Print the data dictionary: every table, column, code and rule, as Markdown."""
    print(page(), end="")


@app.command()
def report(
    region_dirs: Annotated[list[Path], typer.Argument(help="Folders of regions.")],
    notebook: Annotated[
        list[str] | None, typer.Option(help="Notebook by name; again for more.")
    ] = None,
    notebooks: Annotated[Path, typer.Option(help="Folder of the notebooks.")] = Path(
        "notebooks"
    ),
    out: Annotated[Path, typer.Option(help="Folder of the reports.")] = Path("reports"),
    jobs: Annotated[int, typer.Option(min=1, help="Notebooks at a time.")] = 2,
    param: Annotated[
        list[str] | None,
        typer.Option(help="KEY=VALUE for the notebooks that know KEY."),
    ] = None,
    language: Annotated[
        Literal["en", "zh", "both"], typer.Option(help="Of the pages.")
    ] = "both",
    cell_timeout: Annotated[int, typer.Option(min=1, help="Seconds a cell.")] = 900,
    kernels: Annotated[
        Literal["warm", "plain"],
        typer.Option(help="Warm ones are forked from one that has imported all."),
    ] = "warm",
    force: Annotated[bool, typer.Option(help="Run what has not changed, too.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Only tell what would run.")] = False,
) -> None:
    """Run the notebooks for each region, then those about all, and publish them."""
    from research.report import jobs as planning

    languages = LANGUAGES[language]
    regions, unread = planning.readable(region_dirs)
    for region in list(regions):
        try:
            _read_judgements(region)
        except InputError as error:
            unread.append(planning.Unread(region.path, str(error)))
            regions.remove(region)
    if not regions:
        raise InputError("\n".join(one.reason for one in unread))
    planned = planning.plan(
        regions,
        _notebooks(notebooks, notebook),
        out,
        _pairs(param),
        languages=languages,
        force=force,
    )
    if dry_run:
        for job in planned:
            state = f"would run: {job.why}" if job.why else "unchanged"
            print(f"{job.place}  {job.name}  {state}")
        _print_unread(unread)
        return
    if planning.is_done(planned, out, languages) and not unread:
        screen.print(f"{len(planned)} {RESULTS['fresh']}")
        return
    from research.report import batch  # papermill takes 2 s to import

    limits = batch.Limits(
        cell_seconds=cell_timeout, threads=max((os.cpu_count() or 1) // jobs, 1)
    )
    with _progress() as bars:
        outcomes = batch.run(
            planned,
            out,
            workers=jobs,
            limits=limits,
            progress=_telling(bars, batch, len(planned)),
            languages=languages,
            unread=unread,
            # The process to fork from costs as much as two kernels.
            warm=kernels == "warm" and sum(not job.fresh for job in planned) > 2,
        )
    _print_outcomes(outcomes)
    _print_unread(unread)
    screen.print(f"Open {out / 'index.html'}")
    if unread or any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
def features(
    region_dir: RegionDir,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the table; default: features/ and the name."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Threads on this machine.")] = 2,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Dask cluster to work on, in place of --jobs: tcp://..."),
    ] = None,
) -> None:
    """Compute the load features of every customer; go on where a run was stopped."""
    from research.features.load.mapped import WorkersLost
    from research.features.load.streamed import WHOLE, write_features

    try:
        with _progress() as bars:
            written = write_features(
                region_dir,
                out,
                jobs=jobs,
                scheduler=scheduler,
                progress=_counting(bars),
            )
    except WorkersLost as error:
        screen.print(f"[bold red]stopped[/] {_escaped(str(error))}")
        raise typer.Exit(1) from None
    state = "unchanged" if written.unchanged else f"{written.customers:,} customers"
    print(f"{written.path}: {state}")
    _print_faults(written.faults)
    if written.faults:
        whole = written.path.with_name(WHOLE)
        screen.print(
            f"{whole} was {'left as it was' if whole.exists() else 'not written'}."
        )
        raise typer.Exit(1)


@app.command()
def verify(
    report_dir: Annotated[Path, typer.Argument(help="Reports of a region, or on all.")],
) -> None:
    """Check that published files are as they were published."""
    from research.report.publish import verify as faults_of

    faults = faults_of(report_dir)
    for fault in faults:
        print(fault)
    if faults:
        raise typer.Exit(1)
    print(f"{report_dir}: every file is as it was published.")


def _read_judgements(region: Region) -> None:
    """Refuse a faulty file of judgements that a region names, before a kernel does."""
    declared = region.settings.credit
    if declared is None or declared.judgements is None:
        return
    # Not for those who declare none: it takes a second to import.
    from research.segmenters.ahp import JudgementError, read_judgements
    from research.service.credit import read_policy

    policy = read_policy(region)
    try:
        read_judgements(policy.judgements, known=policy.scoring)
    except JudgementError as error:
        raise InputError(f"{policy.judgements.parent}: {error}") from None


def _notebooks(folder: Path, names: list[str] | None) -> list[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no folder of notebooks; use --notebooks.")
    found = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    wanted = [name.removesuffix(".ipynb") for name in names or found]
    for name in wanted:
        if name not in found:
            raise InputError(
                f"notebook {name!r} is unknown; known: {', '.join(found)}."
            )
    return [found[name] for name in wanted]


def _pairs(texts: list[str] | None) -> dict[str, str]:
    pairs = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not key.isidentifier():
            raise InputError(f"--param {text!r:.80}: KEY=VALUE is wanted.")
        pairs[key] = value
    return pairs


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} {task.fields[unit]}"),
        TimeElapsedColumn(),
        console=screen,
        disable=not screen.is_terminal,
    )


def _telling(bars: Progress, batch, n_jobs: int):
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

    return batch.Progress(started, cell_done, ended)


def _counting(bars: Progress) -> Callable[[str, int, int], None]:
    """A bar a step, which counts the tasks that have ended."""
    tasks = {}

    def tell(step: str, done: int, total: int) -> None:
        if step not in tasks:
            tasks[step] = bars.add_task(step, total=total, unit="parts")
        bars.update(tasks[step], completed=done)

    return tell


def _print_faults(faults) -> None:
    """Name what is missing and why; of very many the first, and how many more."""
    for fault in faults[:FAULTS_SHOWN]:
        screen.print(_escaped(f"failed {fault.place}: {fault.reason}"))
    if len(faults) > FAULTS_SHOWN:
        screen.print(f"failed {len(faults) - FAULTS_SHOWN} more")


def _print_outcomes(outcomes) -> None:
    counts = Counter(RESULTS[outcome.status] for outcome in outcomes)
    screen.print(", ".join(f"{count} {word}" for word, count in counts.items()))
    for outcome in outcomes:
        if outcome.cause:
            cell = f" cell {outcome.cell}" if outcome.cell else ""
            place = f"{outcome.job.place}  {outcome.job.name}{cell}"
            screen.print(_escaped(f"{place}: {outcome.cause}"))


def _print_unread(unread) -> None:
    for one in unread:
        screen.print(f"[bold red]not read[/] {_escaped(one.reason)}")


def _print_region(region: Region, notebooks: Path | None = None) -> None:
    """Say what a region holds, its level, what was found, and what fails it."""
    made = " (synthetic)" if region.settings.source.synthetic else ""
    paper.print(f"[bold]{_escaped(region.name)}[/]{made}  {region.level}")
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
            + _escaped(f"First: {fault.example}.")
        )


def _print_table(frame: pd.DataFrame, numbers: tuple[str, ...] = ()) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in frame.columns:
        side = "right" if title in numbers else "left"
        table.add_column(title, justify=side, no_wrap=title in ("rule", *numbers))
    for row in frame.itertuples(index=False):
        cells = zip(frame.columns, row, strict=True)
        table.add_row(*(_cell(value, title in numbers) for title, value in cells))
    paper.print(table)
    paper.print()


def _cell(value: object, number: bool) -> str:
    if pd.isna(value):
        return ""
    return f"{value:,}" if number else _escaped(str(value))


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


if __name__ == "__main__":
    main()
