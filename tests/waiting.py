"""Waiting for what another process does."""

import time


def wait_until(condition, seconds=60.0):
    """Return once `condition()` holds; fail if it does not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
