"""Items made ahead in a thread: the same, in order, with errors where they belong."""

import threading

import pytest

from research.region.ingest.ahead import ahead


def test_the_same_items_in_the_same_order():
    assert list(ahead(range(1000), n=3)) == list(range(1000))
    assert list(ahead([])) == []


def test_an_error_comes_after_the_items_before_it():
    def items():
        yield 1
        yield 2
        raise ValueError("broken")

    seen = []
    with pytest.raises(ValueError, match="broken"):
        seen.extend(iter_into(seen, items()))
    assert seen == [1, 2]


def iter_into(seen, items):
    for item in ahead(items):
        seen.append(item)
    return []


def test_who_stops_asking_stops_the_thread():
    made = []

    def items():
        for n in range(1000):
            made.append(n)
            yield n

    before = threading.active_count()
    some = ahead(items(), n=2)
    assert next(some) == 0
    some.close()
    assert threading.active_count() == before
    assert len(made) < 10
