"""Reports of many regions: run the notebooks, publish, tell."""

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from nbformat import NotebookNode

from research.region import cache
from research.region.errors import InputError
from research.report import lock, staging
from research.report.attempt import AllEnded, Attempt, Cells, Work, attempt
from research.report.edition import publish_edition
from research.report.execute import Limits
from research.report.indices import (
    note_unread,
    now,
    write_region_index,
    write_site_index,
)
from research.report.jobs import Job, Unread, checked, plan, readable, renewed
from research.report.listed import is_listed
from research.report.order import longest_first
from research.report.outcome import NotWritten, Outcome, Progress
from research.report.publish import (
    note_without_page,
    read_manifest,
    write_manifest,
)
from research.report.published import ACROSS
from research.report.subject import Subject, all_regions, subject_of
from research.report.translate import LANGUAGES
from research.report.warm import Kernels, warm_kernels

__all__ = [
    "Job",
    "Limits",
    "NotWritten",
    "Outcome",
    "Progress",
    "Unread",
    "checked",
    "plan",
    "readable",
    "run",
    "write_site_index",
]

KERNELS_LOG = "kernels.log"
CACHE = ".cache"


def logs_beside(out: Path) -> Path:
    """Where runs are logged by default: beside the reports, never among them.

    Examples
    --------
    >>> logs_beside(Path("night/reports")).name
    'reports-logs'
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
    work: Work | None = None,
) -> list[Outcome]:
    """Run the jobs and publish each page as it is done; then write the index pages.

    One failing notebook stops no other. A page is published whole or not at all. What
    each notebook's last run said is kept in `logs`, with the notebook as far as it came
    if it failed, and what notebooks of a region keep for each other: all of it holds
    customers, so the folder has to lie outside of `out`;
    by default it is the one of `logs_beside`. What is about all regions runs last, and
    reads what they have published by then. That a region could not be read is told on
    its page; what it published before stays. `warm` forks kernels from a process that
    has imported the stack. `work` runs notebooks elsewhere than in `workers` kernels of
    this machine: see `cluster.on_cluster`.

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
            work,
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
    work: Work | None
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
    with contextlib.closing(_each(jobs, manifests, how)) as ended:
        for number, outcome, executed in ended:  # rendered here, one at a time
            place = outcome.job.place
            if executed is not None:
                outcome = publish_edition(
                    outcome,
                    executed,
                    manifests[place],
                    subjects[place],
                    out=out,
                    languages=how.languages,
                    record=_attempt_of(outcome.job, how).record,
                )
            if outcome.status in ("skipped", "failed"):
                with _told(how):
                    _note(outcome, out, manifests[place])
            how.progress.ended(outcome)
            outcomes[number] = outcome
    for name in subjects:
        if not is_listed(out / name, how.languages):
            with _told(how):
                write_region_index(out / name, how.languages)
    return [outcomes[number] for number in sorted(outcomes)]


def _each(
    jobs: Sequence[Job], manifests: dict[str, dict[str, Any]], how: _How
) -> Iterator[tuple[int, Outcome, NotebookNode | None]]:
    """How each job ended, as it ends; with the notebook only if all of it ran."""
    todo = {}
    for number in longest_first(jobs, manifests):
        if jobs[number].fresh:
            yield number, Outcome(jobs[number], "fresh", 0.0), None
        else:
            todo[number] = _attempt_of(jobs[number], how)
    work = how.work or partial(_in_threads, how=how)
    cells = Cells(
        lambda number: how.progress.started(jobs[number]),
        lambda number: how.progress.cell_done(jobs[number]),
    )
    with contextlib.closing(work(todo, cells)) as all_ended:
        for number, ended, executed in all_ended:
            log = todo[number].log
            outcome = Outcome(jobs[number], log=log, **ended._asdict())
            outcome.say(f"{ended.status} after {ended.seconds:.1f} s {ended.cause}")
            yield number, outcome, executed


def _in_threads(todo: Mapping[int, Attempt], cells: Cells, how: _How) -> AllEnded:
    """Run notebooks in kernels on this machine, so many at a time."""

    def run(number: int, task: Attempt):
        cells.started(number)
        ended, executed = attempt(
            task,
            tick=partial(cells.done, number),
            stopped=stop.is_set,
            kernels=how.kernels,
        )
        with contextlib.suppress(OSError):
            task.scratch.unlink(missing_ok=True)
        return ended, executed

    stop = threading.Event()
    pool = ThreadPoolExecutor(max_workers=max(how.workers, 1))
    try:
        running = {pool.submit(run, n, task): n for n, task in todo.items()}
        for future in as_completed(running):
            # Popped: whole notebooks with their pictures are not held until the end.
            yield running.pop(future), *future.result()
    except BaseException:  # an interrupt: nothing new begins, kernels are ended
        stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _attempt_of(job: Job, how: _How) -> Attempt:
    """What is to be run for a job; what it keeps lies beside the logs."""
    kept, region = how.logs / CACHE, job.region
    return Attempt(
        job.notebook,
        job.parameters,
        f"{job.name} of {job.place}: {job.why}",
        how.logs / job.place,
        how.limits,
        cache.environment(kept, region.path, job.looks, job.inputs)
        if region
        else {cache.FOLDER: str(kept)},
    )


@contextlib.contextmanager
def _told(how: _How) -> Iterator[None]:
    """What can not be written stops nothing that others can, and is told at the end."""
    try:
        yield
    except OSError as error:
        how.unwritten.append(f"{error.filename or how.out}: {error.strerror}")


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
    if manifest.pop("unread", None):  # it can be read again: that has to be seen
        write_manifest(folder, manifest)
    return manifest | {
        "region": subject.name,
        "title": subject.title,
        "period": subject.period,
        "synthetic": subject.synthetic,
        "attribution": subject.attribution,
    }
