"""Kernels forked from a process that has imported the stack: a second, not seven.

What a kernel costs before its first cell is imports. A batch pays for them once, in a
parent (`warm_parent`), and each notebook gets a fresh fork of it. Nothing else differs
from a plain kernel; where a fork can not be had, there is a plain kernel.
"""

import contextlib
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path

import nbformat

from research.report.watch import Watch

PARENT = "research.report.warm_parent"
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
STACK = (
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "IPython.display",
    "pandas",
    "pyarrow.parquet",
    "duckdb",
    "scipy.optimize",
    "scipy.stats",
    "sklearn.cluster",
    "sklearn.mixture",
    "matplotlib.pyplot",
    "seaborn",
    "research.region",
    "research.features.load",
    "research.features.overview",
    "research.features.payment",
    "research.plots",
    "research.segmenters",
    "research.comparison",
    "research.service",
    "research.report.display",
    "research.report.internal",
)
NETWORKS = ("tensorflow", "keras", "research.segmenters.hybrid")
_NEEDS_NETWORKS = re.compile(
    r"^\s*(from|import)\s+(tensorflow|keras|research\.segmenters\.hybrid)\b"
    r"|^\s*from\s+research\.segmenters\s+import\s[^#]*\bhybrid\b",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Kernels:
    """Parents that kernels are forked from, each started when it is first needed.

    Attributes
    ----------
    folder : Path
        Sockets and connection files; removed at the end, even of a killed batch.
    log : Path or None
        File of what the parents say, such as TensorFlow while it is imported.
    fallbacks : list of str
        Why a plain kernel was taken instead, once for each; empty: all were forked.
    """

    folder: Path
    log: Path | None = None
    fallbacks: list[str] = field(default_factory=list)
    _parents: dict[tuple, subprocess.Popen] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refused(self, reason: str, watch: Watch) -> None:
        """Note why a kernel is a plain one."""
        self.fallbacks.append(reason)
        watch.say(f"a plain kernel: {reason}")


@contextlib.contextmanager
def warm_kernels(log: Path | None = None) -> Iterator[Kernels | None]:
    """Kernels for `execute.execute`, as long as the context is held.

    None where processes can not be forked. May be used from many threads. What the
    processes that are forked from say goes to the file `log`, by default nowhere.

    Examples
    --------
    >>> with warm_kernels() as kernels:  # no process yet: nothing has asked for one
    ...     kernels.fallbacks
    []
    """
    if os.name != "posix":
        yield None
        return
    kernels = Kernels(Path(tempfile.mkdtemp(prefix="k-")), log)
    try:
        yield kernels
    finally:
        for parent in kernels._parents.values():
            parent.stdin.close()  # it kills its kernels and ends
        for parent in kernels._parents.values():
            parent.wait()
        shutil.rmtree(kernels.folder, ignore_errors=True)


def needs_networks(notebook: nbformat.NotebookNode) -> bool:
    """Whether a code cell imports TensorFlow, itself or by the hybrid network.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> needs_networks(new_notebook(cells=[new_code_cell("import keras")]))
    True
    >>> needs_networks(new_notebook(cells=[new_code_cell("x = 'import keras'")]))
    False
    """
    return any(
        _NEEDS_NETWORKS.search(cell.source)
        for cell in notebook.cells
        if cell.cell_type == "code"
    )


class Forked:
    """A forked kernel, with what jupyter_client asks of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, line: socket.socket, pid: int):
        self.pid = pid
        self.returncode = None
        self._line = line

    def poll(self) -> int | None:
        """Exit code, or the negative number of the signal; None while it runs."""
        if self.returncode is None and select.select([self._line], [], [], 0)[0]:
            self._ended()
        return self.returncode

    def wait(self) -> int:
        """Exit code, once there is one."""
        if self.returncode is None:
            self._ended()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _ended(self) -> None:
        with self._line as line:
            line.settimeout(None)
            code = _number(line)
        # Nothing was told: the parent was killed, and its kernels with it.
        self.returncode = -signal.SIGKILL if code is None else code


def fork(
    kernels: Kernels,
    command: list[str],
    environment: dict[str, str],
    *,
    networks: bool,
    seconds: float,
    watch: Watch | None = None,
    folder: str | None = None,
) -> Forked | None:
    """Fork a kernel, or note in `fallbacks` why there has to be a plain one.

    Parameters
    ----------
    kernels : Kernels
    command : list of str
        That would start a plain kernel.
    environment : dict
        Of the kernel, with its limits of threads.
    networks : bool
        Whether it is forked from a parent with TensorFlow.
    seconds : float
        How long the parent may take to import and to fork.
    watch : Watch, optional
        Whose log gets what the kernel writes past its cells.
    folder : str, optional
        Where the kernel works.

    Returns
    -------
    forked : Forked or None
    """
    watch = watch or Watch()
    arguments = _arguments(command)
    if arguments is None:
        return kernels.refused(f"the kernel is of another Python: {command[0]}", watch)
    request = {
        "arguments": arguments,
        "environment": environment,
        "folder": folder or os.getcwd(),
        "log": str(watch.log.resolve()) if watch.log else None,
    }
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(seconds)
    try:
        line.connect(_address(kernels, environment, networks))
        line.sendall(dumps(request).encode() + b"\n")
        pid = _number(line)
    except OSError as error:
        line.close()
        return kernels.refused(f"the parent does not answer: {error}", watch)
    if pid is None:
        line.close()
        reason = "the parent has ended or has more than one thread"
        return kernels.refused(reason, watch)
    return Forked(line, pid)


def _arguments(command: list[str]) -> list[str] | None:
    """Return what ipykernel is told by a command that starts it with our Python."""
    launcher = ["-m", "ipykernel_launcher"]
    for start in (1, 2):  # an option of Python may stand before
        if command[0] == sys.executable and command[start : start + 2] == launcher:
            return command[start + 2 :]
    return None


def _number(line: socket.socket) -> int | None:
    """Read a number and the end of its line; None if the other side is gone."""
    text = b""
    while not text.endswith(b"\n"):
        try:
            got = line.recv(1)
        except ConnectionError:
            return None
        if not got:
            return None
        text += got
    return int(text)


def _address(kernels: Kernels, environment: dict[str, str], networks: bool) -> str:
    """Address of the parent with these limits of threads, started if there is none."""
    limits = tuple(environment.get(name, "") for name in THREAD_LIMITS)
    key = (*limits, networks)
    with kernels._lock:
        known = list(kernels._parents)
        number = known.index(key) if key in known else len(known)
        address = str(kernels.folder / f"p{number}")
        if key not in known:
            kernels._parents[key] = _start(kernels, address, environment, networks)
    return address


def _start(
    kernels: Kernels, address: str, environment: dict[str, str], networks: bool
) -> subprocess.Popen:
    modules = (*STACK, *NETWORKS) if networks else STACK
    # Threads do not live on in a fork. OpenBLAS would start its own when it is loaded:
    # the kernel asks for them later; the spare allocator of pyarrow does without.
    own = {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        **environment,
        "OPENBLAS_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
    }
    if kernels.log is not None:
        kernels.log.parent.mkdir(parents=True, exist_ok=True)
    with (
        socket.socket(socket.AF_UNIX) as listener,
        open(kernels.log or os.devnull, "ab") as said,
    ):
        listener.bind(address)
        listener.listen(64)  # who comes while it imports waits here
        handle = listener.fileno()
        return subprocess.Popen(
            [sys.executable, "-m", PARENT, str(handle), str(kernels.folder), *modules],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            env=own,
            pass_fds=[handle],
            start_new_session=True,
        )
