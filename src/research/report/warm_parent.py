"""The process that has imported the stack already and forks kernels off itself.

Started by `warm.warm_kernels`; it never outlives the batch that started it, and no
kernel outlives it. Each connection asks for one kernel in one line of JSON, is told
the process number, then how the kernel ended; who hangs up before has it killed.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import selectors
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(listener: int, folder: str, modules: list[str]) -> None:
    """Import `modules`, then fork kernels until standard input is closed."""
    for name in modules:
        with contextlib.suppress(ImportError):  # the notebook that needs it will tell
            importlib.import_module(name)
    import numpy as np
    import threadpoolctl
    from ipykernel import kernelapp

    gc.collect()
    gc.freeze()  # the kernels share these pages: let no collection touch them
    request = _serve(socket.socket(fileno=listener), folder)
    if request is None:
        os._exit(0)  # taking the frozen apart takes longer than a kernel's start
    # From here on this process is the kernel.
    random.seed()
    np.random.seed()  # noqa: NPY002  (what notebooks might draw from)
    threads = int(os.environ["OPENBLAS_NUM_THREADS"])
    threadpoolctl.threadpool_limits(threads, user_api="blas")
    arguments = [*request["arguments"], f"--IPKernelApp.parent_handle={os.getppid()}"]
    kernelapp.launch_new_instance(argv=arguments)
    atexit._run_exitfuncs()
    os._exit(0)


def _serve(listener: socket.socket, folder: str) -> dict[str, Any] | None:
    """Fork a kernel for each connection; a kernel returns with what it was asked."""
    kernels: dict[int, socket.socket] = {}
    ended, noted = os.pipe()
    os.set_blocking(noted, False)
    signal.set_wakeup_fd(noted)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with selectors.DefaultSelector() as waiting:
        for source in (sys.stdin, ended, listener):
            waiting.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                if key.fileobj is sys.stdin:  # the batch has ended, or was killed
                    for pid in kernels:
                        _kill(pid)
                    shutil.rmtree(folder, ignore_errors=True)
                    return None
                if key.fileobj == ended:
                    os.read(ended, 4096)
                    _tell_ends(kernels, waiting)
                elif key.fileobj is listener:
                    request = _fork(listener, kernels, waiting)
                    if request:
                        for handle in (ended, noted):
                            os.close(handle)
                        for other in (listener, *kernels.values()):
                            other.close()
                        return request
                elif key.data in kernels:  # who asked for it has gone
                    waiting.unregister(key.fileobj)
                    _kill(key.data)


def _fork(
    listener: socket.socket,
    kernels: dict[int, socket.socket],
    waiting: selectors.BaseSelector,
) -> dict[str, Any] | None:
    """Fork a kernel for the next connection; there, return what it was asked."""
    parent = os.getpid()
    asker, _ = listener.accept()
    with asker.makefile("rb") as lines:
        request = json.loads(lines.readline() or "{}")
    if not request or not _alone():
        asker.close()
        return None
    pid = os.fork()
    if pid:
        kernels[pid] = asker
        waiting.register(asker, selectors.EVENT_READ, pid)
        return None
    _settle(request, asker, parent)
    return request


def _alone() -> bool:
    """Whether this process has one thread, so that a fork copies all of it."""
    tasks = Path("/proc/self/task")
    n_tasks = len(list(tasks.iterdir())) if tasks.is_dir() else 1
    return threading.active_count() == n_tasks == 1


def _kill(pid: int) -> None:
    """Kill a kernel with all it has started; before it leads a group, itself."""
    with contextlib.suppress(ProcessLookupError):
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            os.kill(pid, signal.SIGKILL)


def _tell_ends(
    kernels: dict[int, socket.socket], waiting: selectors.BaseSelector
) -> None:
    """Tell how kernels have ended, as Popen would: exit code or -signal."""
    while kernels:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        asker = kernels.pop(pid, None)
        if asker is None:
            continue
        with contextlib.suppress(KeyError):
            waiting.unregister(asker)
        with contextlib.suppress(OSError), asker:
            asker.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _settle(request: dict[str, Any], asker: socket.socket, parent: int) -> None:
    """Make a fork look like a process of its own, then tell its number."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if request["log"] is not None:
        log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    with contextlib.suppress(OSError), asker:  # who has gone has us killed
        asker.sendall(b"%d\n" % os.getpid())


if __name__ == "__main__":
    del sys.path[0]  # the folder that the batch was started in; the kernel adds it
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
