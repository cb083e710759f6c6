"""Random numbers: one stream a table and mechanism, so that none shifts another."""

from zlib import crc32

import numpy as np


def stream(seed: int, *names: str) -> np.random.Generator:
    """Random numbers of what is called `names`, the same for the same seed.

    Examples
    --------
    >>> stream(7, "weather", "rain").integers(100) == stream(7, "outages").integers(100)
    np.False_
    """
    words = [crc32(name.encode()) for name in names]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def following(shocks: np.ndarray, persistence: float) -> np.ndarray:
    """Values of which each keeps the share `persistence` of the one before.

    Parameters
    ----------
    shocks : ndarray of float, shape (..., n)
        What is new in each value; the first has nothing before it.
    persistence : float
        In [0, 1).

    Returns
    -------
    values : ndarray of the shape and type of `shocks`

    Examples
    --------
    >>> following(np.array([1.0, 0.0, 0.0]), 0.5).tolist()
    [1.0, 0.5, 0.25]
    """
    # Takes half a second to import, for which no other command should wait.
    from scipy.signal import lfilter

    taken, kept = (np.array(c, shocks.dtype) for c in ([1], [1, -persistence]))
    return lfilter(taken, kept, shocks)
