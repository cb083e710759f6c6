"""Reports of many regions: run the notebooks, publish, tell."""

import datetime as dt
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import nbformat
from filelock import FileLock, Timeout

from research.region.errors import InputError
from research.report.execute import Limits, NotebookFailed, execute
from research.report.export import Page, render
from research.report.jobs import Job, Unread, is_listed, plan, readable, renewed
from research.report.parameters import SUBJECTS
from research.report.publish import (
    FAILED,
    note_without_page,
    publish_page,
    read_manifest,
    versions,
    write_manifest,
    write_text,
)
from research.report.published import ACROSS
from research.report.search import search_page
from research.report.site import names_of, region_index, site_index
from research.report.subject import Subject, all_regions, subject_of
from research.report.translate import LANGUAGES, file_in
from research.report.warm import Kernels, warm_kernels

__all__ = [
    "Job",
    "Limits",
    "Outcome",
    "Progress",
    "Unread",
    "plan",
    "readable",
    "run",
    "write_site_index",
]

Status = Literal["done", "fresh", "skipped", "failed"]


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


def run(
    jobs: Sequence[Job],
    out: Path,
    *,
    workers: int = 1,
    limits: Limits | None = None,
    progress: Progress | None = None,
    languages: Sequence[str] = LANGUAGES,
    unread: Sequence[Unread] = (),
    warm: bool = False,
) -> list[Outcome]:
    """Run the jobs and publish each page as it is done; then write the index pages.

    One failing notebook stops no other. A page is published whole or not at all;
    the notebook that failed is kept with its error below ``failed/``. What is about
    all regions runs last, and reads what they have published by then. That a region
    could not be read is told on its page; what it published before stays. `warm` forks
    kernels from a process that has imported the stack.

    Raises
    ------
    InputError
        If another run holds one of the regions.
    """
    out.mkdir(parents=True, exist_ok=True)
    with warm_kernels() if warm else nullcontext() as kernels:
        how = _How(
            out,
            workers,
            limits or Limits(),
            progress or Progress(),
            languages,
            kernels,
        )
        return _run_all(jobs, unread, how)


class _How(NamedTuple):
    out: Path
    workers: int
    limits: Limits
    progress: Progress
    languages: Sequence[str]
    kernels: Kernels | None


def _run_all(jobs: Sequence[Job], unread: Sequence[Unread], how: _How) -> list[Outcome]:
    """Regions first, each with its folder held; then what is about all of them."""
    out = how.out
    subjects = {job.place: subject_of(job.region) for job in jobs if job.region}
    with ExitStack() as held:
        for name in sorted(subjects):
            held.enter_context(_lock(out, name))
        outcomes = _run([job for job in jobs if job.region], subjects, how)
    for one in unread:
        _note_unread(out, one, how.languages)
    last = [job for job in jobs if not job.region]
    if last:
        write_site_index(out, how.languages)
        # Runs on other regions end with the same pages: each waits for its turn.
        with _lock(out, ACROSS, seconds=how.limits.cell_seconds):
            last = [renewed(job, out) for job in last]
            outcomes += _run(last, {ACROSS: all_regions(out)}, how)
    write_site_index(out, how.languages)
    return outcomes


def _run(jobs: Sequence[Job], subjects: dict[str, Subject], how: _How) -> list[Outcome]:
    """Run jobs whose folders are held, and write the index of each folder."""
    out = how.out
    manifests = {name: _open_manifest(out, s) for name, s in subjects.items()}
    outcomes: dict[int, Outcome] = {}
    pool = ThreadPoolExecutor(max_workers=max(how.workers, 1))
    try:
        running = {
            pool.submit(_attempt, job, how): number for number, job in enumerate(jobs)
        }
        for future in as_completed(running):  # rendered here, one at a time
            outcome, executed = future.result()
            place = outcome.job.place
            if executed is not None:
                outcome = _publish(
                    outcome, executed, manifests[place], subjects[place], how
                )
            if outcome.status in ("skipped", "failed"):
                _note(outcome, out, manifests[place])
            how.progress.ended(outcome)
            outcomes[running[future]] = outcome
    finally:  # after an interrupt nothing new begins
        pool.shutdown(cancel_futures=True)
    changed = {o.job.place for o in outcomes.values() if o.status != "fresh"}
    for name in subjects:
        if name in changed or not is_listed(out / name, how.languages):
            _write_region_index(out / name, how.languages)
    return [outcomes[number] for number in sorted(outcomes)]


def _attempt(job: Job, how: _How):
    """Run one job in a kernel; the notebook is returned only if all of it ran."""
    if job.fresh:
        return Outcome(job, "fresh", 0.0), None
    how.progress.started(job)
    folder = how.out / job.place
    (folder / FAILED).mkdir(exist_ok=True)
    scratch = folder / FAILED / f".{job.name}.running.ipynb"
    start = time.monotonic()
    try:
        executed = execute(
            job.notebook,
            job.parameters,
            scratch,
            limits=how.limits,
            tick=lambda: how.progress.cell_done(job),
            kernels=how.kernels,
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
    outcome: Outcome,
    executed,
    manifest: dict[str, Any],
    subject: Subject,
    how: _How,
) -> Outcome:
    """Render and publish; a page that can not be rendered is a failed notebook."""
    job, out, languages = outcome.job, how.out, how.languages
    made = {
        "Data": f"{subject.data}, sha256 {job.data[:16]}",
        "Notebook": f"{job.notebook.name}, run key {job.key[:16]}",
        "Versions": ", ".join(f"{n} {v}" for n, v in versions().items()),
        "Run": f"{_now()}, {outcome.seconds:.0f} s",
        "Check": f"research verify reports/{subject.name}",
    }
    page = Page(
        notebook=job.name,
        region_name=subject.name,
        region_title=" · ".join(filter(None, subject.title.values())),
        made=made,
        synthetic=subject.synthetic,
        attribution=subject.attribution,
        notice=subject.notice,
        languages=languages,
        names=names_of(manifest),
    )
    try:
        rendered = render(executed, page)
    except ValueError as error:
        record = out / job.place / FAILED / f"{job.name}.ipynb"
        nbformat.write(executed, record)
        return replace(outcome, status="failed", cause=f"page refused: {error}")
    entry = {
        "notebook": job.name,
        "summary": rendered.summary,
        "parameters": {k: v for k, v in job.parameters.items() if k not in SUBJECTS},
        "seconds": round(outcome.seconds, 1),
        "made_at": _now(),
        "key": job.key,
        "made_of": job.made_of,
        "data": job.data,
        "rules": job.rules,
        "languages": {
            language: file_in(f"{job.name}.html", language, languages)
            for language in rendered.translations
        },
        "untranslated": list(rendered.untranslated),
    }
    manifest["made_at"] = _now()
    others = {
        entry["languages"][language]: html
        for language, html in rendered.translations.items()
    }
    publish_page(
        out / job.place, manifest, entry, rendered.html, rendered.files | others
    )
    return outcome


def _note(outcome: Outcome, out: Path, manifest: dict[str, Any]) -> None:
    entry = {"notebook": outcome.job.name, "cell": outcome.cell, "at": _now()}
    if outcome.status == "skipped":
        entry |= {"cause": outcome.cause, "key": outcome.job.key}
    else:  # what an error says may quote a customer: only its kind is published
        entry["cause"] = outcome.cause.split(":")[0]
    note_without_page(out / outcome.job.place, manifest, outcome.status, entry)


def _note_unread(out: Path, unread: Unread, languages: Sequence[str]) -> None:
    """Tell on the page of a region that it could not be read; why is for the log."""
    name = unread.path.resolve().name
    if not re.fullmatch(r"[\w-][\w.-]*", name):
        return  # no name of a folder: told to the operator alone
    folder = out / name
    with _lock(out, name):
        folder.mkdir(exist_ok=True)
        manifest = read_manifest(folder) or {
            "region": name,
            "title": {"en": name, "zh": ""},
            "pages": [],
            "failed": [],
            "skipped": [],
        }
        write_manifest(folder, manifest | {"unread": _now()})
        _write_region_index(folder, languages)


def _open_manifest(out: Path, subject: Subject) -> dict[str, Any]:
    folder = out / subject.name
    folder.mkdir(exist_ok=True)
    for stage in folder.glob(".stage-*"):
        shutil.rmtree(stage)
    manifest = read_manifest(folder) or {"pages": [], "failed": [], "made_at": _now()}
    manifest.setdefault("skipped", [])
    manifest.pop("unread", None)
    return manifest | {
        "region": subject.name,
        "title": subject.title,
        "period": subject.period,
        "synthetic": subject.synthetic,
        "attribution": subject.attribution,
    }


def _write_region_index(folder: Path, languages: Sequence[str]) -> None:
    manifest = read_manifest(folder)
    if manifest is None:  # nothing was published, skipped or failed
        return
    failed = folder / FAILED
    if failed.is_dir() and not any(failed.iterdir()):
        failed.rmdir()
    heroes = _heroes(folder, manifest)
    for language in languages:
        page = region_index(manifest, heroes, language=language, languages=languages)
        write_text(folder / file_in("index.html", language, languages), page)


def write_site_index(out: Path, languages: Sequence[str] = LANGUAGES) -> None:
    """Write the page that lists every region published below `out`, and the search."""
    folders = sorted(p.parent for p in out.glob("*/manifest.json"))
    manifests = [m for m in map(read_manifest, folders) if m is not None]
    heroes = {}
    for folder, manifest in zip(folders, manifests, strict=True):
        pictures = _heroes(folder, manifest)
        if pictures:  # the last page's: the first looks at the data, not at customers
            heroes[manifest["region"]] = pictures[max(pictures)]
    for language in languages:
        told = {"language": language, "languages": languages}
        listed = site_index(manifests, heroes, **told)
        write_text(out / file_in("index.html", language, languages), listed)
        searched = search_page(out, manifests, **told)
        write_text(out / file_in("search.html", language, languages), searched)


def _heroes(folder: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Return the first figure of each page as SVG, by the name of its notebook."""
    paths = {
        page["notebook"]: folder / "figures" / f"{page['notebook']}.hero.svg"
        for page in manifest["pages"]
    }
    return {n: p.read_text("utf-8") for n, p in paths.items() if p.is_file()}


def _lock(out: Path, name: str, seconds: float = 0) -> FileLock:
    """Hold a folder; who holds it is told to a second run.

    A run that was killed holds nothing: the system takes the lock from it.
    """
    lock, who = FileLock(out / f".{name}.lock"), out / f".{name}.holder"
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        raise InputError(
            f"region {name!r}: another run is writing to {out}{_holder(who)}; wait for "
            "its end."
        ) from None
    words = " ".join(Path(word).name for word in sys.argv[:1]) or "python"
    write_text(who, f"process {os.getpid()}, {words}, since {_now()}")
    return lock


def _holder(path: Path) -> str:
    try:
        return f" ({path.read_text('utf-8')})"
    except OSError:
        return ""


def _now() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
