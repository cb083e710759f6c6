"""The command line: `research import`, `check`, `report` ...; calls, no logic."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from research.region import InputError, Region, read_region
from research.telling import (
    RESULTS,
    counted_by_step,
    escaped,
    progress_bars,
    screen,
    tell_faults,
    tell_outcomes,
    tell_region,
    tell_repeated,
    tell_unread,
    told_by_batch,
)

app = typer.Typer(
    help="Segment electricity customers and publish what was found.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
# Names alone, for the help: what they stand for takes half a second to import.
FORMATS = ("table", "lcl")
REGIONS = ("haihe", "hetao", "minjiang")
SIZES = ("tiny", "small", "full")
DEFECTS = ("none", "light", "typical", "heavy")
LANGUAGES = {"en": ("en",), "zh": ("zh",), "both": ("en", "zh")}

RegionDir = Annotated[Path, typer.Argument(help="Folder of the region.")]


def main() -> None:
    """Run the command line; wrong input is one plain message and exit code 2."""
    sys.stdout.reconfigure(errors="backslashreplace")  # Chinese on an ASCII terminal
    try:
        app()
    except InputError as error:
        screen.print(f"[bold red]error[/] {escaped(str(error))}")
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
    from research.region import ingest
    from research.region.ingest.suggest import suggest

    if format not in FORMATS:
        raise InputError(f"format {format!r} is unknown; known: {', '.join(FORMATS)}.")
    if format != "table" and (mapping or suggest_):
        raise InputError(f"--mapping and --suggest belong to table, not to {format}.")
    if suggest_:
        print(suggest(source, region_dir.name))
        return
    options = {"mapping": mapping} if mapping else {}
    with screen.status("starting") as status:
        read = ingest.import_table if format == "table" else ingest.import_lcl
        region = read(source, region_dir, say=status.update, **options)
        tell_region(region)


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
    from research.region.synthetic import synthesize

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
        tell_region(region)


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
    tell_region(region, notebooks if notebooks.is_dir() else None)
    if len(region.hard_faults):
        raise typer.Exit(1)


@app.command()
def dictionary() -> None:
    """Print the data dictionary: every table, column, code and rule, as Markdown."""
    from research.region.dictionary import page

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
    notebook_timeout: Annotated[
        int, typer.Option(min=1, help="Seconds a notebook, all its cells.")
    ] = 3600,
    logs: Annotated[
        Path | None,
        typer.Option(help="Folder of what runs said; default: beside --out."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Dask cluster to run on, in place of --jobs: tcp://..."),
    ] = None,
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
    planned = planning.plan(
        regions,
        _notebooks(notebooks, notebook),
        out,
        _pairs(param),
        languages=languages,
        force=force,
    )
    planned, faulty = planning.checked(planned, _look_at)
    unread += faulty
    if dry_run:
        for job in planned:
            state = f"would run: {job.why}" if job.why else "unchanged"
            print(f"{job.place}  {job.name}  {state}")
        tell_unread(unread)
        return
    if planning.is_done(planned, out, languages) and not unread:
        screen.print(f"{len(planned)} {RESULTS['fresh']}")
        return
    from research.report import batch  # papermill takes 2 s to import

    limits = batch.Limits(
        cell_seconds=cell_timeout,
        notebook_seconds=notebook_timeout,
        threads=_threads(jobs),
    )
    unwritten, logs = "", logs or batch.logs_beside(out)
    with _work(scheduler, planned, logs) as work, progress_bars() as bars:
        try:
            outcomes = batch.run(
                planned,
                out,
                workers=jobs,
                limits=limits,
                progress=told_by_batch(bars, batch, len(planned)),
                languages=languages,
                unread=unread,
                warm=kernels == "warm" and planning.pays_to_warm(planned),
                logs=logs,
                work=work,
            )
        except batch.NotWritten as error:
            outcomes, unwritten = error.outcomes, str(error)
    tell_outcomes(outcomes)
    tell_unread(unread)
    if unwritten:
        screen.print(f"[bold red]not written[/] {escaped(unwritten)}")
    screen.print(f"Open {out / 'index.html'}")
    if unread or unwritten or any(o.status == "failed" for o in outcomes):
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
        with progress_bars() as bars:
            written = write_features(
                region_dir,
                out,
                jobs=jobs,
                scheduler=scheduler,
                progress=counted_by_step(bars),
            )
    except WorkersLost as error:
        screen.print(f"[bold red]stopped[/] {escaped(str(error))}")
        raise typer.Exit(1) from None
    state = "unchanged" if written.unchanged else f"{written.customers:,} customers"
    print(f"{written.path}: {state}")
    tell_faults(written.faults)
    if written.faults:
        whole = written.path.with_name(WHOLE)
        screen.print(
            f"{whole} was {'left as it was' if whole.exists() else 'not written'}."
        )
        raise typer.Exit(1)


@app.command()
def verify(
    report_dir: Annotated[Path, typer.Argument(help="Reports of a region, or on all.")],
    rerun: Annotated[
        bool, typer.Option(help="Run it all again elsewhere and compare.")
    ] = False,
    region: Annotated[
        Path | None,
        typer.Option(help="Folder of the region; default: of its name in data/."),
    ] = None,
    notebooks: Annotated[Path, typer.Option(help="Folder of the notebooks.")] = Path(
        "notebooks"
    ),
    jobs: Annotated[int, typer.Option(min=1, help="Notebooks at a time.")] = 2,
) -> None:
    """Check that published files are as they were published, and can be again."""
    from research.report.publish import verify as faults_of

    faults = faults_of(report_dir)
    for fault in faults:
        print(fault)
    if faults:
        raise typer.Exit(1)
    print(f"{report_dir}: every file is as it was published.")
    if rerun and not _repeats(report_dir, region, _notebooks(notebooks, None), jobs):
        raise typer.Exit(1)


def _repeats(folder: Path, region: Path | None, notebooks: list[Path], jobs) -> bool:
    """Make the pages of a folder again and tell what comes out otherwise."""
    from research.report import batch
    from research.report.published import ACROSS
    from research.report.rerun import rerun

    name = folder.resolve().name
    if region is None and name != ACROSS:
        region = Path("data") / name
    with progress_bars() as bars:
        lines = rerun(
            folder,
            notebooks,
            region,
            workers=jobs,
            limits=batch.Limits(threads=_threads(jobs)),
            progress=told_by_batch(bars, batch, len(notebooks)),
        )
    return tell_repeated(lines)


@contextmanager
def _work(scheduler: str | None, planned: list, logs: Path) -> Iterator:
    """Who runs notebooks in place of this machine: a cluster, if one is named."""
    if scheduler is None:
        yield None
        return
    from research.features.load.mapped import connected

    with connected(scheduler) as client:
        from research.report.cluster import on_cluster

        yield on_cluster(client, [job for job in planned if not job.fresh], logs)


def _threads(jobs: int) -> int:
    """Threads of each of so many notebooks at a time."""
    return max((os.cpu_count() or 1) // jobs, 1)


def _look_at(region: Region) -> None:
    """Refuse what is wrong with a region before a kernel does."""
    region.check()
    _read_judgements(region)


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


if __name__ == "__main__":
    main()
