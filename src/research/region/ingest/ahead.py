"""An iterator that is worked through in a thread, some items ahead of who asks."""

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")
_WAIT_SECONDS = 0.1


def ahead(items: Iterable[T], n: int = 2) -> Iterator[T]:
    """The same items in the same order, up to `n` of them made before they are asked.

    Making and using go on at the same time where both leave the interpreter to others,
    as readers, compressors and databases do. An error comes where its item would. Who
    stops asking stops the thread.

    Examples
    --------
    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    made: Queue = Queue(n)
    given_up = threading.Event()

    def put(*told) -> bool:
        while not given_up.is_set():
            try:
                made.put(told, timeout=_WAIT_SECONDS)
                return True
            except Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(item, None):
                    return
            put(None, StopIteration())
        except BaseException as error:
            put(None, error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            try:
                item, error = made.get(timeout=_WAIT_SECONDS)
            except Empty:
                continue
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item
    finally:
        given_up.set()
        thread.join()
