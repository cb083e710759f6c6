"""What several pages of a night ask of the same data, worked out once.

The evidence for a number of segments stands on two pages of each region, and what
methods make of planted families is the same on the pages of all. Where the variable
`RESEARCH_CACHE` names a folder they are kept there, each under a name that says
what it came from: data, settings, the library's code and the versions below it.
"""

import hashlib
import os
from pathlib import Path

import numpy as np

from research.comparison._saved import library_hash, settings_of, versions
from research.kept import FOLDER, kept_at, key_of

SHARED = ".shared"


def reused(compute, what, methods, arrays, *told):
    """A table from the cache if it is there, else computed and kept.

    Parameters
    ----------
    compute : callable
        Gives a DataFrame that Parquet gives back as it is.
    what : str
        Name of the table; letters and underscores.
    methods : iterable of estimator
    arrays : iterable of array-like
    *told : object
        What else it depends on, told in full by its `repr`.

    Returns
    -------
    reused : DataFrame
    """
    folder = os.environ.get(FOLDER)
    if not folder:
        return compute()
    asked = key_of(*map(settings_of, methods), *map(_content, arrays), *map(repr, told))
    made_of = key_of(library_hash(), *versions())
    return kept_at(Path(folder) / SHARED, what, asked, made_of, compute)


def _content(array):
    values = np.ascontiguousarray(array)
    found = hashlib.sha256(values.tobytes() if values.dtype != object else b"")
    if values.dtype == object:
        found.update("\0".join(map(str, values.ravel())).encode())
    return f"{values.dtype} {values.shape} {found.hexdigest()}"
