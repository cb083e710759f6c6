"""Reports of many regions: run the notebooks, publish, tell."""

import contextlib
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from research.region.errors import InputError
from research.report import lock, staging
from research.report.execute import Limits, NotebookFailed, execute
from research.report.export import Page, render
from research.report.indices import (
    note_unread,
    now,
    write_region_index,
    write_site_index,
)
from research.report.jobs import Job, Unread, plan, readable, renewed
from research.report.listed import is_listed
from research.report.outcome import NotWritten, Outcome, Progress
from research.report.parameters import SUBJECTS
from research.report.provenance import (
    as_told,
    changed_inputs,
    environment,
    looks_of,
    sha256_of,
    versions,
)
from research.report.publish import (
    note_without_page,
    publish_page,
    read_manifest,
)
from research.report.published import ACROSS, from_csv
from research.report.subject import Subject, all_regions, subject_of
from research.report.translate import LANGUAGES, file_in
from research.report.warm import Kernels, warm_kernels
from research.report.watch import Watch

__all__ = [
    "Job",
    "Limits",
    "NotWritten",
    "Outcome",
    "Progress",
    "Unread",
    "plan",
    "readable",
    "run",
    "write_site_index",
]

KERNELS_LOG = "kernels.log"


def logs_beside(out: Path) -> Path:
    """Where runs are logged by default: beside the reports, never among them.

    Examples
    --------
    >>> logs_beside(Path("night/reports")).as_posix()
    'night/reports-logs'
    """
    out = Path(os.path.abspath(out))
    return out.with_name(f"{out.name}-logs")


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
    logs: Path | None = None,
) -> list[Outcome]:
    """Run the jobs and publish each page as it is done; then write the index pages.

    One failing notebook stops no other. A page is published whole or not at all. What
    each notebook's last run said is kept in `logs`, with the notebook as far as it came
    if it failed: both may quote customers, so the folder has to lie outside of `out`;
    by default it is the one of `logs_beside`. What is about all regions runs last, and
    reads what they have published by then. That a region could not be read is told on
    its page; what it published before stays. `warm` forks kernels from a process that
    has imported the stack.

    Raises
    ------
    InputError
        If another run holds one of the regions, or `logs` lies among the reports;
        nothing was written.
    NotWritten
        If an index page could not be written.
    """
    logs = Path(os.path.abspath(logs or logs_beside(out)))
    if logs.is_relative_to(os.path.abspath(out)):
        raise InputError(
            f"logs {logs}: they may quote customers and would lie among the reports "
            f"in {out}; name another folder."
        )
    out.mkdir(parents=True, exist_ok=True)
    with warm_kernels(logs / KERNELS_LOG) if warm else nullcontext() as kernels:
        how = _How(
            out,
            logs,
            workers,
            limits or Limits(),
            progress or Progress(),
            languages,
            kernels,
            threading.Event(),
            [],
        )
        outcomes = _run_all(jobs, unread, how)
    for reason, count in Counter(kernels.fallbacks if kernels else ()).items():
        how.progress.noted(f"{count} plain kernels, not warm ones: {reason}")
    if how.unwritten:
        raise NotWritten(how.unwritten, outcomes)
    return outcomes


class _How(NamedTuple):
    out: Path
    logs: Path
    workers: int
    limits: Limits
    progress: Progress
    languages: Sequence[str]
    kernels: Kernels | None
    stop: threading.Event
    unwritten: list[str]


def _run_all(jobs: Sequence[Job], unread: Sequence[Unread], how: _How) -> list[Outcome]:
    """Regions first, each with its folder held; then what is about all of them."""
    out = how.out
    subjects = {job.place: subject_of(job.region) for job in jobs if job.region}
    with ExitStack() as taken:
        for name in sorted(subjects):
            cut_off = taken.enter_context(lock.held(out, name))
            if cut_off:
                how.progress.noted(f"{name}: going on from a run cut off, {cut_off}")
        outcomes = _run([job for job in jobs if job.region], subjects, how)
    for one in unread:
        with _told(how):
            note_unread(out, one, how.languages)
    last = [job for job in jobs if not job.region]
    if last:
        with _told(how):
            write_site_index(out, how.languages)
        outcomes += _run_last(last, how)
    with _told(how):
        write_site_index(out, how.languages)
    return outcomes


def _run_last(jobs: Sequence[Job], how: _How) -> list[Outcome]:
    """Run what is about all regions, in its turn: other runs end with the same pages.

    By now regions are published: that it could not be run is no wrong call.
    """
    try:
        with lock.held(how.out, ACROSS, seconds=how.limits.cell_seconds):
            return _run(jobs, {ACROSS: all_regions(how.out)}, how)
    except InputError as error:
        return [Outcome(job, "failed", 0.0, cause=str(error)) for job in jobs]


def _run(jobs: Sequence[Job], subjects: dict[str, Subject], how: _How) -> list[Outcome]:
    """Run jobs whose folders are held, and write the index of each folder."""
    out = how.out
    manifests = {name: _open_manifest(out, s) for name, s in subjects.items()}
    jobs = [renewed(job, out) for job in jobs]  # now that nobody else changes them
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
                with _told(how):
                    _note(outcome, out, manifests[place])
            how.progress.ended(outcome)
            outcomes[running[future]] = outcome
    except BaseException:  # an interrupt: nothing new begins, kernels are ended
        how.stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    for name in subjects:
        if not is_listed(out / name, how.languages):
            with _told(how):
                write_region_index(out / name, how.languages)
    return [outcomes[number] for number in sorted(outcomes)]


@contextlib.contextmanager
def _told(how: _How) -> Iterator[None]:
    """What can not be written stops nothing that others can, and is told at the end."""
    try:
        yield
    except OSError as error:
        how.unwritten.append(f"{error.filename or how.out}: {error.strerror}")


def _attempt(job: Job, how: _How):
    """Run one job in a kernel; the notebook is returned only if all of it ran."""
    if job.fresh:
        return Outcome(job, "fresh", 0.0), None
    how.progress.started(job)
    folder = how.logs / job.place
    scratch = folder / f".{job.name}.running.ipynb"
    watch = Watch(
        folder / f"{job.name}.log",
        tick=lambda: how.progress.cell_done(job),
        stop=how.stop,
    )
    start = time.monotonic()
    executed, ended = None, {"status": "done"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _record(how.logs, job).unlink(missing_ok=True)
        watch.begin()
        watch.say(f"{job.name} of {job.place}: {job.why}")
        executed = execute(
            job.notebook,
            job.parameters,
            scratch,
            limits=how.limits,
            watch=watch,
            kernels=how.kernels,
        )
        scratch.unlink()
    except NotebookFailed as failure:
        ended = _ended(failure, scratch, _record(how.logs, job))
    except OSError as error:  # a full disk must not take the other regions down
        ended = {"status": "failed", "cause": f"{type(error).__name__}: {error}"}
        executed = None
    outcome = Outcome(
        job,
        seconds=time.monotonic() - start,
        peak_bytes=watch.peak_bytes,
        log=watch.log,
        **ended,
    )
    _log(outcome, f"{outcome.status} after {outcome.seconds:.1f} s {outcome.cause}")
    return outcome, executed


def _ended(failure: NotebookFailed, scratch: Path, record: Path) -> dict[str, Any]:
    """How a notebook that did not run to its end is told; it is kept as a record."""
    if failure.name == "NotApplicable":
        scratch.unlink(missing_ok=True)
        return {"status": "skipped", "cell": failure.cell, "cause": failure.cause}
    if scratch.is_file():
        with contextlib.suppress(OSError):
            os.replace(scratch, record)
    cause = f"{failure.name}: {failure.cause}"
    return {"status": "failed", "cell": failure.cell, "cause": cause}


def _record(logs: Path, job: Job) -> Path:
    """Where a notebook that failed is kept as far as it came."""
    return logs / job.place / f"{job.name}.failed.ipynb"


def _log(outcome: Outcome, text: str) -> None:
    with contextlib.suppress(OSError):  # the outcome is told all the same
        Watch(outcome.log).say(text)


def _publish(
    outcome: Outcome,
    executed,
    manifest: dict[str, Any],
    subject: Subject,
    how: _How,
) -> Outcome:
    """Render and publish; a page that can not be rendered is a failed notebook."""
    job, out, languages = outcome.job, how.out, how.languages
    if job.region and looks_of(job.region.path) != job.looks:
        changed = changed_inputs(job.region.path, job.inputs)
        if changed:
            told = f"data changed while it was read: {', '.join(changed)}; run it again"
            return _not_published(outcome, told)
    made = {
        "Data": f"{subject.data}, sha256 {job.data[:16]}",
        "Notebook": f"{job.notebook.name}, run key {job.key[:16]}",
        "Versions": ", ".join(f"{n} {v}" for n, v in versions().items()),
        "Run": f"{now()}, {outcome.seconds:.0f} s",
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
        names=subject.names,
    )
    start = time.monotonic()
    try:
        rendered = render(executed, page)
    except ValueError as error:
        with contextlib.suppress(OSError):
            nbformat.write(executed, _record(how.logs, job))
        return _not_published(outcome, f"page refused: {error}")
    entry = {
        "notebook": job.name,
        "summary": rendered.summary,
        "parameters": _without_subject(job.parameters),
        "settings": _without_subject(job.settings),
        "seeds": {k: v for k, v in job.settings.items() if "seed" in k},
        "findings": _findings(rendered.files),
        "seconds": round(outcome.seconds, 1),
        "rendered_seconds": round(time.monotonic() - start, 2),
        "peak_megabytes": round(outcome.peak_bytes / 1e6),
        "made_at": now(),
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
    manifest["made_at"] = now()
    others = {
        entry["languages"][language]: html
        for language, html in rendered.translations.items()
    }
    sources = {
        "inputs": {job.data: dict(job.inputs)} if job.inputs else {},
        "environments": {sha256_of(environment()): dict(environment())},
    }
    try:
        publish_page(
            out / job.place,
            manifest,
            entry,
            rendered.html,
            rendered.files | others,
            sources,
        )
    except OSError as error:
        return _not_published(outcome, f"{type(error).__name__}: {error}")
    _log(outcome, f"published after {time.monotonic() - start:.1f} s")
    return outcome


def _without_subject(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: as_told(name, value)
        for name, value in values.items()
        if name not in SUBJECTS
    }


def _findings(files: Mapping[str, str]) -> dict[str, int]:
    """Rows by rule, from the table of findings that a page shows, if it shows one."""
    shown = [text for path, text in files.items() if path.endswith(".findings.csv")]
    frames = [from_csv(text) for text in shown]
    return {
        rule: int(rows)
        for frame in frames
        for rule, rows in zip(frame["rule"], frame["rows"], strict=True)
        if rows.isdigit()  # of few customers it is held back
    }


def _not_published(outcome: Outcome, cause: str) -> Outcome:
    _log(outcome, f"not published: {cause}")
    return replace(outcome, status="failed", cause=cause)


def _note(outcome: Outcome, out: Path, manifest: dict[str, Any]) -> None:
    entry = {"notebook": outcome.job.name, "cell": outcome.cell, "at": now()}
    if outcome.status == "skipped":
        entry |= {"cause": outcome.cause, "key": outcome.job.key}
    else:  # what an error says may quote a customer: only its kind is published
        entry["cause"] = outcome.cause.split(":")[0]
    note_without_page(out / outcome.job.place, manifest, outcome.status, entry)


def _open_manifest(out: Path, subject: Subject) -> dict[str, Any]:
    folder = out / subject.name
    folder.mkdir(exist_ok=True)
    staging.finish(folder)
    manifest = read_manifest(folder) or {"pages": [], "failed": [], "made_at": now()}
    manifest.setdefault("skipped", [])
    manifest.pop("unread", None)
    return manifest | {
        "region": subject.name,
        "title": subject.title,
        "period": subject.period,
        "synthetic": subject.synthetic,
        "attribution": subject.attribution,
    }
