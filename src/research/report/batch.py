"""Reports of many regions: which notebooks to run, run them, publish, tell."""

import datetime as dt
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import nbformat
from filelock import FileLock, Timeout

from research.region.errors import InputError
from research.region.region import Region, read_region
from research.report import parameters as params
from research.report.execute import Limits, NotebookFailed, execute
from research.report.export import Page, render
from research.report.parameters import Value
from research.report.publish import (
    FAILED,
    code_hash,
    data_hash,
    note_without_page,
    page_of,
    publish_page,
    read_manifest,
    versions,
    write_text,
)
from research.report.site import region_index, site_index

Status = Literal["done", "fresh", "skipped", "failed"]


@dataclass(frozen=True)
class Job:
    """One notebook for one region, all checked, ready to run."""

    region: Region
    notebook: Path
    n_cells: int
    parameters: dict[str, Value]
    data: str
    key: str
    fresh: bool

    @property
    def name(self) -> str:
        """Name of the notebook, which is also the name of its page."""
        return self.notebook.stem


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    job: Job
    status: Status
    seconds: float
    cell: int | None = None
    cause: str = ""


@dataclass(frozen=True)
class Progress:
    """What the batch tells while it runs; by default nothing."""

    started: Callable[[Job], None] = field(default=lambda job: None)
    cell_done: Callable[[Job], None] = field(default=lambda job: None)
    ended: Callable[[Outcome], None] = field(default=lambda outcome: None)


def plan(
    regions: Sequence[Path],
    notebooks: Sequence[Path],
    out: Path,
    given: dict[str, str],
    *,
    force: bool = False,
) -> list[Job]:
    """Check everything that can be checked before a kernel starts.

    Parameters
    ----------
    regions, notebooks : sequences of Path
        Region folders and notebook files.
    out : Path
        Where reports go.
    given : dict
        Parameters as text, by name; for every notebook that declares them.
    force : bool
        Run also what is published and unchanged.

    Returns
    -------
    jobs : list of Job
        In the order of regions, then notebooks. A job is `fresh` if its page was
        published from the same data, notebook, parameters, library and versions.

    Raises
    ------
    InputError
        For the first region, notebook, parameter or folder that is wrong.
    """
    _refuse_output(out)
    opened = [read_region(path) for path in regions]
    for region in opened:
        region.check()
    names = [region.name for region in opened]
    for name in {n for n in names if names.count(n) > 1}:
        raise InputError(f"two regions are called {name!r}; give one another name.")
    read = {path: params.read_notebook(path) for path in notebooks}
    known = {path: params.declared(nb, path) for path, nb in read.items()}
    every = {n: p for of_notebook in known.values() for n, p in of_notebook.items()}
    for name in given:
        if name == "region":
            raise InputError("region is named as a folder, not as a parameter.")
        params.refuse_unknown(name, every, notebooks[0])
    library = code_hash()
    data = {region.path: data_hash(region.path) for region in opened}  # read once
    return [
        _job(
            region,
            path,
            read[path],
            _values(given, known[path], region, path),
            data[region.path],
            library,
            out,
            force,
        )
        for region in opened
        for path in notebooks
    ]


def _values(given, known, region, path) -> dict[str, Value]:
    """Parameters of one job: what its notebook knows of `given`, and the region."""
    values: dict[str, Value] = {
        name: params.from_text(name, text, known[name], path)
        for name, text in given.items()
        if name in known
    }
    values["region"] = os.path.relpath(region.path)
    return params.checked(values, known, path)


def _job(region, path, notebook, values, data, library, out, force) -> Job:
    what = [
        library,
        hashlib.sha256(path.read_bytes()).hexdigest(),
        data,
        {name: value for name, value in values.items() if name != "region"},
        versions(),
    ]
    key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
    manifest = read_manifest(out / region.name)
    page = page_of(manifest, path.stem) if manifest else None
    unchanged = (
        page is not None
        and page["key"] == key
        and (out / region.name / page["file"]).is_file()
    )
    fresh = unchanged and not force
    return Job(region, path, len(notebook.cells), values, data, key, fresh)


def run(
    jobs: Sequence[Job],
    out: Path,
    *,
    workers: int = 1,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Run the jobs and publish each page as it is done; then write the index pages.

    One failing notebook stops no other. A page is published whole or not at all;
    the notebook that failed is kept with its error below ``failed/``.

    Raises
    ------
    InputError
        If another run holds one of the regions.
    """
    progress = progress or Progress()
    out.mkdir(parents=True, exist_ok=True)
    regions = {job.region.name: job.region for job in jobs}
    with ExitStack() as held:
        for name in sorted(regions):
            held.enter_context(_lock(out, name))
        manifests = {name: _open_manifest(out, r) for name, r in regions.items()}
        outcomes: dict[int, Outcome] = {}
        pool = ThreadPoolExecutor(max_workers=max(workers, 1))
        try:
            running = {
                pool.submit(_attempt, job, out, limits, progress): number
                for number, job in enumerate(jobs)
            }
            for future in as_completed(running):  # rendered here, one at a time
                outcome, executed = future.result()
                manifest = manifests[outcome.job.region.name]
                if executed is not None:
                    outcome = _publish(outcome, executed, out, manifest)
                if outcome.status in ("skipped", "failed"):
                    _note(outcome, out, manifest)
                progress.ended(outcome)
                outcomes[running[future]] = outcome
        finally:  # after an interrupt nothing new begins
            pool.shutdown(cancel_futures=True)
        for name in regions:
            _write_region_index(out / name)
    write_site_index(out)
    return [outcomes[number] for number in sorted(outcomes)]


def _attempt(job: Job, out: Path, limits, progress: Progress):
    """Run one job in a kernel; the notebook is returned only if all of it ran."""
    if job.fresh:
        return Outcome(job, "fresh", 0.0), None
    progress.started(job)
    folder = out / job.region.name
    (folder / FAILED).mkdir(exist_ok=True)
    scratch = folder / FAILED / f".{job.name}.running.ipynb"
    start = time.monotonic()
    try:
        executed = execute(
            job.notebook,
            job.parameters,
            scratch,
            limits=limits,
            tick=lambda: progress.cell_done(job),
        )
    except NotebookFailed as failure:
        seconds = time.monotonic() - start
        if failure.name == "NotApplicable":
            scratch.unlink(missing_ok=True)
            return Outcome(job, "skipped", seconds, failure.cell, failure.cause), None
        if scratch.is_file():
            os.replace(scratch, folder / FAILED / f"{job.name}.ipynb")
        cause = f"{failure.name}: {failure.cause}"
        return Outcome(job, "failed", seconds, failure.cell, cause), None
    except OSError as error:  # a full disk must not take the other regions down
        cause = f"{type(error).__name__}: {error}"
        return Outcome(job, "failed", time.monotonic() - start, None, cause), None
    scratch.unlink()
    return Outcome(job, "done", time.monotonic() - start), executed


def _publish(
    outcome: Outcome, executed, out: Path, manifest: dict[str, Any]
) -> Outcome:
    """Render and publish; a page that can not be rendered is a failed notebook."""
    job, settings = outcome.job, outcome.job.region.settings
    made = {
        "Data": f"{settings.name}, sha256 {job.data[:16]}",
        "Notebook": f"{job.notebook.name}, run key {job.key[:16]}",
        "Versions": ", ".join(f"{n} {v}" for n, v in versions().items()),
        "Run": f"{_now()}, {outcome.seconds:.0f} s",
        "Check": f"research verify reports/{settings.name}",
    }
    page = Page(
        notebook=job.name,
        region_name=settings.name,
        region_title=" · ".join(filter(None, [settings.title.en, settings.title.zh])),
        made=made,
        synthetic=settings.source.synthetic,
        attribution=_attribution(job.region),
    )
    try:
        rendered = render(executed, page)
    except ValueError as error:
        record = out / settings.name / FAILED / f"{job.name}.ipynb"
        nbformat.write(executed, record)
        return replace(outcome, status="failed", cause=f"page refused: {error}")
    entry = {
        "notebook": job.name,
        "summary": rendered.summary,
        "parameters": {k: v for k, v in job.parameters.items() if k != "region"},
        "seconds": round(outcome.seconds, 1),
        "made_at": _now(),
        "key": job.key,
    }
    manifest["made_at"] = _now()
    publish_page(out / job.region.name, manifest, entry, rendered.html, rendered.files)
    return outcome


def _note(outcome: Outcome, out: Path, manifest: dict[str, Any]) -> None:
    entry = {"notebook": outcome.job.name, "cell": outcome.cell, "at": _now()}
    if outcome.status == "skipped":
        entry["cause"] = outcome.cause
    else:  # what an error says may quote a customer: only its kind is published
        entry["cause"] = outcome.cause.split(":")[0]
    note_without_page(out / outcome.job.region.name, manifest, outcome.status, entry)


def _open_manifest(out: Path, region: Region) -> dict[str, Any]:
    folder = out / region.name
    folder.mkdir(exist_ok=True)
    for stage in folder.glob(".stage-*"):
        shutil.rmtree(stage)
    settings = region.settings
    manifest = read_manifest(folder) or {"pages": [], "failed": [], "made_at": _now()}
    manifest.setdefault("skipped", [])
    return manifest | {
        "region": settings.name,
        "title": settings.title.model_dump(),
        "period": _period(region),
        "synthetic": settings.source.synthetic,
        "attribution": _attribution(region),
    }


def _period(region: Region) -> list[str]:
    """First and last day of the energy; without any, of the other tables."""
    if region.has("readings") or region.has("energy_daily"):
        return [f"{day:%Y-%m-%d}" for day in (region.days[0], region.days[-1])]
    dated = region.tables[region.tables["first"] != ""]
    return [dated["first"].min(), dated["last"].max()] if len(dated) else []


def _attribution(region: Region) -> str:
    source = region.settings.source
    return ". ".join(filter(None, [source.attribution, source.licence]))


def _write_region_index(folder: Path) -> None:
    manifest = read_manifest(folder)
    if manifest is None:  # nothing was published, skipped or failed
        return
    failed = folder / FAILED
    if failed.is_dir() and not any(failed.iterdir()):
        failed.rmdir()
    write_text(folder / "index.html", region_index(manifest, _heroes(folder, manifest)))


def write_site_index(out: Path) -> None:
    """Write the page that lists every region published below `out`."""
    folders = sorted(p.parent for p in out.glob("*/manifest.json"))
    manifests = [m for m in map(read_manifest, folders) if m is not None]
    heroes = {}
    for folder, manifest in zip(folders, manifests, strict=True):
        pictures = _heroes(folder, manifest)
        if pictures:  # the last page's: the first looks at the data, not at customers
            heroes[manifest["region"]] = pictures[max(pictures)]
    write_text(out / "index.html", site_index(manifests, heroes))


def _heroes(folder: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Return the first figure of each page as SVG, by the name of its notebook."""
    paths = {
        page["notebook"]: folder / "figures" / f"{page['notebook']}.hero.svg"
        for page in manifest["pages"]
    }
    return {n: p.read_text("utf-8") for n, p in paths.items() if p.is_file()}


def _refuse_output(out: Path) -> None:
    nearest = next(p for p in [out, *out.absolute().parents] if p.exists())
    if not nearest.is_dir():
        raise InputError(f"output {out}: {nearest} is a file; name a folder.")
    if not os.access(nearest, os.W_OK):
        raise InputError(f"output {out}: {nearest} can not be written to.")


def _lock(out: Path, name: str) -> FileLock:
    lock = FileLock(out / f".{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"region {name!r}: another run is writing to {out}; wait for its end."
        ) from None
    return lock


def _now() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
