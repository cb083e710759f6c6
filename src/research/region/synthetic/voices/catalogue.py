"""Catalogues that come with the package: tickets, needs, products, process steps.

Wordings are our own. The themes and numbers of needs (52) and process steps (17) and
the products follow published work; the single needs and steps were not printed there
and are assumptions, marked so in the column `origin`.
"""

from functools import cache
from importlib.resources import files

import pandas as pd

NAMES = ("ticket_templates", "needs", "products", "process_steps")


def catalogue(name: str) -> pd.DataFrame:
    """Catalogue `name`, one of `NAMES`, as a frame of its own.

    Examples
    --------
    >>> len(catalogue("needs")), len(catalogue("process_steps"))
    (52, 17)
    """
    return _read(name).copy()


@cache
def _read(name: str) -> pd.DataFrame:
    place = files("research.region.synthetic").joinpath(f"{name}.csv")
    with place.open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False)
