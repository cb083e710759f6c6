"""Notebooks run by the workers of a Dask cluster that share the file system.

Each is one task. What it leaves lies in the folder of logs, where this process takes it
up: through the cluster go only names, times and how it ended. Pages are made here.
"""

import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import nbformat
from distributed import Client, KilledWorker, Status, Worker, get_worker

from research.region.cache import looks_of
from research.region.errors import InputError
from research.report.attempt import AllEnded, Attempt, Cells, Ended, Work, attempt
from research.report.internal import FOLDER, KEY_FILE
from research.report.jobs import Job
from research.report.provenance import code_hash, environment, file_hash
from research.report.watch import last_begun

SECONDS_TO_APPEAR = 10
"""That the cluster has for its first worker."""
SECONDS_WITHOUT_WORKER = 60
"""After which nobody waits for another one."""
LOOK_EVERY = 2.0
WORKER_DIED = (
    "worker died: the Dask worker that ran it was killed or lost; its memory may have "
    "been too small. The other notebooks went on."
)
NO_WORKER = "worker died: the cluster has no worker left, or went away; run it again"


def on_cluster(client: Client, jobs: Sequence[Job], logs: Path) -> Work:
    """Run the notebooks of `batch.run` on a cluster, once its workers are looked at.

    Parameters
    ----------
    client : distributed.Client
        As many notebooks run at a time as the workers have threads.
    jobs : sequence of Job
        What is to be run.
    logs : Path
        Folder of the logs, which all workers have to share.

    Returns
    -------
    work : callable
        For `batch.run`. A notebook whose worker dies has failed; it is not tried again.

    Raises
    ------
    InputError
        If there is no worker, or one has another version of this library or of what
        is installed, or sees other files than this machine: names all of them.
    """
    try:
        client.wait_for_workers(1, timeout=SECONDS_TO_APPEAR)
    except TimeoutError:
        raise InputError(
            "the cluster has no workers; start some with `dask worker ADDRESS`."
        ) from None
    regions = sorted({str(job.region.path.resolve()) for job in jobs if job.region})
    notebooks = sorted({str(job.notebook.resolve()) for job in jobs})
    with _mark(logs) as mark:
        paths = [regions, notebooks, str(Path.cwd()), mark]
        here, there = _sees(*paths), client.run(_sees, *paths, on_error="return")
    faults = [
        f"worker {address}: {fault}"
        for address, seen in sorted(there.items())
        if (fault := _fault(here, seen))
    ]
    if faults:
        raise InputError("\n".join(faults))
    return partial(_run, client=client)


class _Seen(NamedTuple):
    """What a machine has and sees."""

    library: str
    installed: dict[str, str]
    paths: dict[str, object]
    """How each path looks; None where it can not be read."""


def _sees(regions: list[str], notebooks: list[str], folder: str, mark: str) -> _Seen:
    looks = {
        **{path: partial(_sizes_and_times, Path(path)) for path in regions},
        **{path: partial(file_hash, Path(path)) for path in [*notebooks, mark]},
        folder: Path(folder).is_dir,
    }
    found: dict[str, object] = {}
    for path, look in looks.items():
        with contextlib.suppress(OSError):
            found[path] = look()
    return _Seen(code_hash(), dict(environment()), found)


def _sizes_and_times(region: Path) -> list[tuple[str, int, int]]:
    return [look[:3] for look in looks_of(region)]


def _fault(here: _Seen, there: _Seen | Exception) -> str:
    """What is wrong with a worker; empty if nothing."""
    if isinstance(there, Exception):
        return f"it can not run this library ({type(there).__name__}: {there})."
    if there.library != here.library:
        return "it has another version of this library; install the same on all."
    names = sorted({**here.installed, **there.installed})
    others = [
        f"{name} {there.installed.get(name, 'not there')} (here "
        f"{here.installed.get(name, 'not there')})"
        for name in names
        if there.installed.get(name) != here.installed.get(name)
    ]
    if others:
        more = " ..." if len(others) > 5 else ""
        return f"other versions are installed: {', '.join(others[:5])}{more}."
    for path, look in here.paths.items():
        if there.paths.get(path) != look:
            kind = "sees no" if there.paths.get(path) is None else "sees another"
            return f"it {kind} {path}; all workers have to share the file system."
    return ""


@contextlib.contextmanager
def _mark(logs: Path) -> Iterator[str]:
    """A file that shows whether the folder of logs is shared; nothing of it stays."""
    made = [p for p in [logs.absolute(), *logs.absolute().parents] if not p.exists()]
    try:
        logs.mkdir(parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(dir=logs, prefix=".shared.")
    except OSError as error:
        raise InputError(f"logs {logs}: {error.strerror}.") from None
    try:
        with file:
            file.write(secrets.token_bytes(8))
            file.flush()
            yield os.path.abspath(file.name)
    finally:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _run(todo: Mapping[int, Attempt], cells: Cells, *, client: Client) -> AllEnded:
    """Run notebooks on the cluster; closed early, it has them all ended."""
    run = secrets.token_hex(4)
    sent = {number: _to_send(task, f".{run}") for number, task in todo.items()}
    began: dict[int, float] = {}

    def hear(event):
        number, what = event[1]
        if number not in sent:
            return  # it has ended
        if what == "began":
            began[number] = time.monotonic()
            cells.started(number)
        else:
            cells.done(number)

    client.subscribe_topic(run, hear)
    executor = client.get_executor(pure=False, retries=0)
    try:
        running = {
            executor.submit(_on_worker, task, number, run): number
            for number, task in sent.items()
        }
        for future in _as_ended(running, client):
            number = running[future]
            task, start = sent.pop(number), began.get(number, time.monotonic())
            ended, executed = _taken_up(future, task)
            if not ended.seconds:
                ended = ended._replace(seconds=time.monotonic() - start)
            yield number, ended, executed
    finally:
        executor.shutdown(wait=False)  # cancels what has not ended
        client.unsubscribe_topic(run)


def _to_send(task: Attempt, run: str) -> Attempt:
    """A task whose paths hold on other machines; what a killed run left is removed."""
    for left in task.logs.glob(f".{task.notebook.stem}.*.running.ipynb"):
        with contextlib.suppress(OSError):
            left.unlink()
    # A kernel on this machine would inherit them.
    inherited = {name: os.environ.get(name, "") for name in (FOLDER, KEY_FILE)}
    return replace(
        task,
        notebook=task.notebook.resolve(),
        logs=task.logs.absolute(),
        environment={**inherited, **task.environment},
        folder=Path.cwd(),
        run=run,
    )


def _as_ended(running: Mapping[Future, int], client: Client) -> Iterator[Future]:
    """Futures as they end; all that are left, cancelled, once there is no worker."""
    left, alone_since = set(running), None
    while left:
        done, left = wait(left, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
        yield from done
        if done or _has_workers(client):
            alone_since = None
            continue
        alone_since = alone_since or time.monotonic()
        if time.monotonic() - alone_since > SECONDS_WITHOUT_WORKER:
            for future in left:
                future.cancel()


def _has_workers(client: Client) -> bool:
    try:
        return bool(client.nthreads())
    except (OSError, RuntimeError, ValueError):  # the scheduler does not answer
        return False


def _taken_up(
    future: Future, task: Attempt
) -> tuple[Ended, nbformat.NotebookNode | None]:
    """How a task ended, and its notebook, which lies where the worker left it."""
    executed = None
    try:
        ended = future.result()
        if ended.status == "done":
            executed = nbformat.read(task.scratch, as_version=4)
    except InputError:  # a kernel that does not exist: as on this machine
        raise
    except CancelledError:
        ended = Ended("failed", cause=NO_WORKER)
    except KilledWorker:
        ended = Ended("failed", cause=WORKER_DIED)
    except Exception as error:  # of one notebook; the others go on
        ended = Ended("failed", cause=f"{type(error).__name__}: {error}")
    if ended.cause in (NO_WORKER, WORKER_DIED):
        with contextlib.suppress(OSError, ValueError):  # it may never have begun
            ended = ended._replace(cell=last_begun(task.log))
            os.replace(task.scratch, task.record)
    with contextlib.suppress(OSError):
        task.scratch.unlink(missing_ok=True)
    return ended, executed


def _on_worker(task: Attempt, number: int, run: str) -> Ended:
    """Run a notebook here, unless it has begun before: then its worker has died.

    Dask would try such a task again, on one worker after the other.
    """
    worker = get_worker()
    key = worker.get_current_task()
    tell = partial(_tell, worker, run, number)
    try:
        task.logs.mkdir(parents=True, exist_ok=True)
        task.scratch.open("x").close()
    except FileExistsError:
        return Ended("failed", cause=WORKER_DIED)
    tell("began")
    threads = max((os.cpu_count() or 1) // worker.state.nthreads, 1)
    ended, _ = attempt(
        replace(task, limits=replace(task.limits, threads=threads)),
        tick=partial(tell, "cell"),
        stopped=partial(_is_dropped, worker, key),
    )
    return ended


def _is_dropped(worker: Worker, key) -> bool:
    """Whether nobody waits for a task any more: it was cancelled, or who asked died."""
    task = worker.state.tasks.get(key)
    runs = task is not None and task.state in ("executing", "long-running")
    return not runs or worker.status not in (Status.running, Status.paused)


def _tell(worker: Worker, run: str, number: int, what: str) -> None:
    worker.log_event(run, (number, what))
