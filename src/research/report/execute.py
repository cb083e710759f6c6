"""Run one notebook in a fresh kernel, and believe it only if every cell ran."""

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nbformat
import papermill
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from research.region.errors import InputError
from research.report.parameters import Value
from research.report.warm import THREAD_LIMITS, Kernels, fork, needs_networks
from research.report.watch import Watch

SAVING_SHARE = 0.05
"""Of the time of a notebook, at most, to write how far it is: for who looks at it, and
for who is asked where it was when all was lost."""


class NotebookFailed(Exception):
    """A notebook did not run to its end.

    Attributes
    ----------
    cell : int or None
        Number of the cell, from 1; None if no cell can be named.
    name : str
        Kind of failure, such as ``ValueError``, ``time-out`` or ``kernel died``.
    cause : str
        What was said, for the log; it may quote data.
    """

    def __init__(self, cell: int | None, name: str, cause: str):
        self.cell = cell
        self.name = name
        self.cause = cause
        super().__init__(f"cell {cell}: {name}: {cause}")


@dataclass(frozen=True)
class Limits:
    """How much a notebook may take.

    Attributes
    ----------
    cell_seconds : int
        Time of one cell.
    start_seconds : int
        Time until the kernel answers.
    notebook_seconds : int or None
        Time of all cells together, once the kernel is ready.
    threads : int
        Threads of each numeric library in the kernel.
    """

    cell_seconds: int = 900
    start_seconds: int = 120
    notebook_seconds: int | None = None
    threads: int = max(os.cpu_count() or 1, 1)


class _KernelManager(AsyncKernelManager):
    """jupyter_client's manager, for kernels that may be forked and end in silence."""

    def __init__(
        self,
        *,
        watch: Watch,
        numbers: Sequence[int],
        fork: Callable | None = None,
        **traits,
    ):
        super().__init__(**traits)
        self.numbers = numbers
        self.fork = fork
        self.watch = watch
        self.in_cell = False
        self.killed = False

    async def _async_launch_kernel(self, kernel_cmd, **kw):
        forked = self.fork and self.fork(kernel_cmd, kw["env"], folder=kw.get("cwd"))
        if forked is None:
            await super()._async_launch_kernel(kernel_cmd, **kw)
            return
        self.provisioner.process = forked
        self.provisioner.pid = self.provisioner.pgid = forked.pid

    async def _async_interrupt_kernel(self):
        # A shutdown begins with an interrupt. Between cells there is nothing to stop,
        # and it may strike while the kernel still closes its last reply.
        if self.in_cell:
            await super()._async_interrupt_kernel()

    async def _async_is_alive(self):
        # Asked once a second while a cell runs.
        self._look()
        if self.watch.stopped() and not self.killed:
            self.killed = True  # to kill it asks whether it is alive
            await self._async_kill_kernel()
        return await super()._async_is_alive()

    def cell_begins(self, cell_index, **_):
        self.in_cell = True
        self.watch.cell_began(self.numbers[cell_index])

    def cell_ends(self, cell, cell_index, **_):
        self.in_cell = False
        self._look()
        self.watch.cell_ended(self.numbers[cell_index], cell)

    def _look(self):
        self.watch.see(getattr(self.provisioner, "pid", None))


class _Engine(NBClientEngine):
    """papermill's engine over local sockets, telling of each finished cell."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man, kernel_name, *, limits, watch, kernels, environment, folder, **_
    ):
        finish = nb_man.cell_complete

        def told(*args, **kwargs):
            finish(*args, **kwargs)
            watch.tick()

        nb_man.cell_complete = told
        forked = kernels and partial(
            fork,
            kernels,
            networks=needs_networks(nb_man.nb),
            seconds=limits.start_seconds,
            watch=watch,
        )
        where = kernels.folder if kernels else None
        with (
            _saved_in_passing(nb_man),
            tempfile.TemporaryDirectory(prefix="k-", dir=where) as sockets,
            open(watch.log or os.devnull, "ab") as said,
        ):
            manager = _KernelManager(
                watch=watch,
                numbers=_numbers_of(nb_man.nb),
                fork=forked,
                kernel_name=kernel_name,
                config=_local_sockets(sockets),
            )
            client = PapermillNotebookClient(
                nb_man,
                km=manager,
                timeout_func=lambda _: watch.seconds_left(limits.cell_seconds),
                startup_timeout=limits.start_seconds,
                on_cell_execute=manager.cell_begins,
                on_cell_executed=manager.cell_ends,
            )
            threads = dict.fromkeys(THREAD_LIMITS, str(limits.threads))
            own = {} if watch.log is None else {"stdout": said, "stderr": said}
            if folder is not None:
                own["cwd"] = str(folder)
            return client.execute(
                env={**os.environ, **threads, **environment}, cleanup_kc=True, **own
            )


@contextmanager
def _saved_in_passing(nb_man):
    """Save a running notebook as often as that takes little of its time.

    papermill writes all outputs so far before and after each cell: for a page with many
    pictures that took longer than most cells. It saves once more when all is over,
    whatever the end.
    """
    save, last, took = nb_man.save, time.monotonic(), 0.0

    def now_and_then(**kwargs):
        nonlocal last, took
        begun = time.monotonic()
        if (begun - last) * SAVING_SHARE >= took:
            save(**kwargs)
            last = time.monotonic()
            took = last - begun

    nb_man.save = now_and_then
    try:
        yield
    finally:
        nb_man.save = save


def _local_sockets(folder: str) -> Config:
    """Sockets in a folder of our own: no ports to clash, nothing left behind."""
    if os.name != "posix":
        return Config()
    ours = {"transport": "ipc", "ip": f"{folder}/s"}
    return Config({"KernelManager": ours | {"connection_file": f"{folder}/k.json"}})


papermill_engines.register("research", _Engine)


def execute(
    notebook: Path,
    parameters: Mapping[str, Value],
    scratch: Path,
    *,
    limits: Limits | None = None,
    watch: Watch | None = None,
    kernels: Kernels | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> nbformat.NotebookNode:
    """Run a notebook with checked parameters and return it with its outputs.

    Parameters
    ----------
    notebook : Path
    parameters : dict
        Checked by `parameters.checked`.
    scratch : Path
        File that holds the notebook while it runs; after a failure it is the record
        of how far it came.
    limits : Limits, optional
    watch : Watch, optional
        Is told of each cell, keeps the log, and may stop the run.
    kernels : Kernels, optional
        From `warm.warm_kernels`: the kernel is forked, where it can be, from a process
        that has imported the stack. By default it is started from nothing.
    environment : mapping of str to str, optional
        Environment variables of the kernel, besides those of this process.
    folder : Path, optional
        Where the kernel works; by default where this process does.

    Raises
    ------
    NotebookFailed
        If a cell raises, exits, takes too long, or the kernel dies. papermill marks
        the cells of a killed kernel `completed`; what counts here is that every
        code cell has run and none of them holds an error.
    """
    limits, watch = limits or Limits(), watch or Watch()
    watch.seconds = limits.notebook_seconds
    environment = environment or {}
    kernel = nbformat.read(notebook, as_version=4).metadata.get("kernelspec", {})
    try:
        executed = papermill.execute_notebook(
            notebook,
            scratch,
            parameters=parameters,
            kernel_name=kernel.get("name", "python3"),
            language="python",
            engine_name="research",
            progress_bar=False,
            limits=limits,
            watch=watch,
            kernels=kernels,
            environment=environment,
            folder=folder,
        )
    except PapermillExecutionError as error:
        place = _first_unfinished(nbformat.read(scratch, as_version=4))
        raise NotebookFailed(place, error.ename, error.evalue) from None
    except CellTimeoutError:
        cause = f"the cell ran longer than {limits.cell_seconds} s"
        if watch.is_over():
            cause = f"the notebook ran longer than {limits.notebook_seconds} s"
        raise NotebookFailed(watch.cell, "time-out", cause) from None
    except DeadKernelError as error:
        cell = watch.cell
        if watch.stopped():
            raise NotebookFailed(cell, "stopped", "the run was stopped") from None
        seen = f"{error}; it had held {watch.peak_bytes / 1e9:.1f} GB or more"
        raise NotebookFailed(cell, "kernel died", seen) from None
    except RuntimeError as error:  # the kernel never answered
        if kernels:
            kernels.refused(f"the forked kernel does not answer: {error}", watch)
            return execute(
                notebook,
                parameters,
                scratch,
                limits=limits,
                watch=watch,
                environment=environment,
                folder=folder,
            )
        raise NotebookFailed(None, "no kernel", str(error)) from None
    except NoSuchKernel as error:
        found = ", ".join(KernelSpecManager().find_kernel_specs()) or "none"
        raise InputError(
            f"{notebook}: kernel {error.name!r} does not exist; found: {found}."
        ) from None
    unfinished = _first_unfinished(executed)
    if unfinished:
        cause = "the cells from here on did not run; did one call exit()?"
        raise NotebookFailed(unfinished, "ended early", cause)
    return executed


def _first_unfinished(notebook: nbformat.NotebookNode) -> int | None:
    """Number of the first code cell that failed or did not run, from 1."""
    for number, cell in _source_cells(notebook):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        failed = any(output.output_type == "error" for output in cell.outputs)
        if failed or cell.execution_count is None:
            return number
    return None


def _numbers_of(notebook: nbformat.NotebookNode) -> list[int]:
    """Number of each cell; what papermill put in has that of the one before."""
    numbers, last = [], 0
    own = {id(cell): number for number, cell in _source_cells(notebook)}
    for cell in notebook.cells:
        last = own.get(id(cell), last)
        numbers.append(last)
    return numbers


def _source_cells(notebook: nbformat.NotebookNode):
    """Cells of the notebook as it was written, numbered from 1."""
    added = {"papermill-error-cell-tag", "injected-parameters"}
    own = (
        c for c in notebook.cells if not added.intersection(c.metadata.get("tags", []))
    )
    return enumerate(own, start=1)
