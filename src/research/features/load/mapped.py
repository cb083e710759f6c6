"""One function over many tasks: in a loop, in threads, on a Dask cluster."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from research.region.errors import InputError

SECONDS_TO_CONNECT = 10
# At least so many tasks are handed to a cluster, which may grow while it works.
LEAST_AT_CLUSTER = 32


class WorkersLost(RuntimeError):
    """Who worked is gone: no fault of any task; what was finished is kept."""


@dataclass(frozen=True)
class Workers:
    """Who works.

    Attributes
    ----------
    executor : Executor or None
        None works in a loop, in this process.
    in_flight : int
        Tasks handed out at a time: bounds what waits in memory to be fetched.
    """

    executor: Executor | None = None
    in_flight: int = 1


@contextmanager
def workers(jobs: int = 1, scheduler: str | None = None) -> Iterator[Workers]:
    """Workers for `mapped`: a loop, threads, or a cluster.

    Threads and not processes: reading, the compiled loops and nearly all array
    functions let go of Python's lock, and memory is held once.

    Parameters
    ----------
    jobs : int
        Threads of this process; 1 works in a loop.
    scheduler : str, optional
        Address of a `dask.distributed` scheduler, such as ``tcp://10.0.0.5:8786``:
        then `jobs` does not count.

    Raises
    ------
    InputError
        If Dask is not installed or nobody answers at the address.
    """
    if scheduler is not None:
        with connected(scheduler) as client, client.get_executor() as executor:
            threads = sum(client.nthreads().values())
            yield Workers(executor, max(2 * threads, LEAST_AT_CLUSTER))
    elif jobs > 1:
        pool = ThreadPoolExecutor(jobs)
        try:
            yield Workers(pool, 2 * jobs)
        finally:
            pool.shutdown(cancel_futures=True)
    else:
        yield Workers()


def mapped(
    function: Callable[..., Any], tasks: Iterable[tuple], workers: Workers
) -> Iterator[tuple[int, Any, Exception | None]]:
    """Results of a function for each task, as they come.

    Parameters
    ----------
    function : callable
        Of a module, so that the workers of a cluster find it.
    tasks : iterable of tuple
        Arguments.
    workers : Workers

    Yields
    ------
    number : int
        Of the task, from 0.
    result : any
        None where the function failed.
    error : Exception or None
        What it failed with; the other tasks go on.

    Raises
    ------
    WorkersLost
        If the cluster went away, or a worker of it died for good.

    Examples
    --------
    >>> [result for _, result, _ in mapped(pow, [(2, 3), (3, 2)], Workers())]
    [8, 9]
    """
    running, executor = {}, workers.executor
    for number, task in enumerate(tasks):
        if executor is None:
            yield number, *_outcome(lambda task=task: function(*task))
            continue
        try:
            running[executor.submit(function, *task)] = number
        except Exception as error:  # a pool whose worker died takes nothing more
            raise _lost(error) from error
        while len(running) >= workers.in_flight:
            yield from _ended(running)
    while running:
        yield from _ended(running)


def _ended(running: dict) -> Iterator[tuple[int, Any, Exception | None]]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        yield running.pop(future), *_outcome(future.result)


def _outcome(call: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return call(), None
    except (BrokenExecutor, CancelledError) as error:
        raise _lost(error) from error
    except Exception as error:  # whatever is wrong with one must not stop the others
        return None, error


def _lost(error: Exception) -> WorkersLost:
    return WorkersLost(
        f"a worker died or the cluster went away ({type(error).__name__}: {error}). "
        "What was finished is kept: the same call goes on from there."
    )


def connected(address: str):
    """Client of a Dask cluster, to be closed by who asked; `workers` has its own.

    Parameters
    ----------
    address : str
        Of the scheduler.

    Returns
    -------
    client : distributed.Client

    Raises
    ------
    InputError
        If Dask is not installed or nobody answers at the address.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "--scheduler needs the packages dask and distributed, which are not "
            "installed: pip install -e '.[cluster]'. Without a cluster use --jobs."
        ) from None
    try:
        return Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"scheduler {address!r}: nobody answers ({error}). Is `dask scheduler` "
            "running there, and is the address written as tcp://HOST:PORT?"
        ) from None
