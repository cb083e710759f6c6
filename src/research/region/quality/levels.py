"""Levels L0 to L7: how far the tables of a region carry, and what is missing."""

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

import pandas as pd

from research.region.errors import InputError
from research.region.schema import TABLES
from research.region.settings import Settings


class Level(NamedTuple):
    """A level: its name, what must be there (``a|b``: either), what it answers."""

    title: str
    needs: tuple[str, ...]
    answers: str


_INTERVALS = "intervals"
# Intervals add up to days, days to months.
_GIVES = {
    "energy_daily": ("readings",),
    "energy_monthly": ("energy_daily", "readings"),
}
LEVELS = {
    "L0": Level(
        "monthly energy",
        ("energy_monthly",),
        "size, growth, seasons, largest customers, forecast of months",
    ),
    "L1": Level(
        "daily energy",
        ("energy_daily",),
        "weekdays, holidays, temperature, daily and weekly rhythm, vacancy",
    ),
    "L2": Level(
        "customers", ("customers",), "classes and areas compared, norms of a class"
    ),
    "L3": Level(
        "interval readings",
        (f"{_INTERVALS}|bands of registers",),
        "shape of the day, time of use, load factor, solar and vehicles",
    ),
    "L4": Level(
        "bills and payments",
        ("bills", "payments"),
        "payment habits, arrears, credit, value, price of energy",
    ),
    "L5": Level(
        "prepayment",
        ("topups", "balance_daily|trip_events"),
        "trips, failed top-ups, first aid",
    ),
    "L6": Level(
        "tickets and grid",
        ("tickets", "contacts", "areas", "transformers", "outages"),
        "complaints, channels, load of the grid, sensitive customers",
    ),
    "L7": Level(
        "needs and points",
        ("satisfaction", "needs_survey", "products", "points_ledger", "sla"),
        "satisfaction, needs and products, points, time limits",
    ),
}
ALL_REGIONS = "all regions"
"""What a notebook is ``about`` that runs on published tables and on no region."""

_BANDS = ("peak_kwh", "valley_kwh")


class _Tables(Protocol):
    """What is asked of a region here."""

    settings: Settings
    days: pd.DatetimeIndex

    def has(self, table: str) -> bool: ...
    def columns(self, table: str) -> list[str]: ...


def level_table(region: _Tables, minutes: int | None) -> pd.DataFrame:
    """Every level: whether it is reached, what it answers, what it lacks.

    A level is reached when its tables are there and all lower levels are reached.

    Parameters
    ----------
    region : region
    minutes : int or None
        Length of the intervals of `readings`; None if there are none.

    Returns
    -------
    levels : DataFrame
        `level`, `title`, `reached` ("yes" or "no"), `answers`, `lacks`.
    """
    rows, so_far = [], True
    for name, level in LEVELS.items():
        lacks = _lacks(region, level.needs, minutes)
        so_far = so_far and not lacks
        reached = "yes" if so_far else "no"
        rows.append((name, level.title, reached, level.answers, ", ".join(lacks)))
    return pd.DataFrame(rows, columns=["level", "title", "reached", "answers", "lacks"])


def reach(region: _Tables, notebooks: Path) -> pd.DataFrame:
    """Which notebooks can run on a region, and what the others lack.

    A notebook says what it needs in its metadata:
    ``"research": {"needs": ["readings", "bills|payments"]}``; ``intervals`` stands for
    readings of an hour or less. One that says nothing needs nothing; one that is
    ``"about": "all regions"`` is left out, for it runs on none.

    Parameters
    ----------
    region : region
    notebooks : Path
        Folder of the notebooks.

    Returns
    -------
    reach : DataFrame
        `notebook`, `runs` ("yes" or "no"), `lacks`.

    Raises
    ------
    InputError
        If a notebook can not be read.
    """
    readings = region.settings.readings
    minutes = readings.resolution_minutes if region.has("readings") else None
    rows = []
    for path in sorted(notebooks.glob("*.ipynb")):
        needs = _needs_of(path)
        if needs is None:
            continue
        lacks = _lacks(region, needs, minutes)
        rows.append((path.stem, "no" if lacks else "yes", ", ".join(lacks)))
    return pd.DataFrame(rows, columns=["notebook", "runs", "lacks"])


def lacking(region: _Tables) -> dict[str, str]:
    """What a region does not bring, and what is not told therefore."""
    energy = region.has("readings") or region.has("energy_daily")
    days = len(region.days) if energy else 0
    told = {
        "interval readings 负荷曲线": (
            "the shape of the day is not described",
            region.has("readings"),
        ),
        "time-of-use calendar 峰平谷时段": (
            "shares of peak and valley energy are not computed",
            region.settings.tou is not None,
        ),
        "price signal 电价信号": (
            "the response to prices is not computed",
            region.has("price_signal"),
        ),
        "known classes 客户类别": (
            "segments are not compared with them",
            region.has("labels"),
        ),
        "weather 气象": (
            "the response to heat and cold is not computed",
            region.has("weather"),
        ),
        "second year of readings": (
            "growth can not be told from season",
            days >= 2 * 365,
        ),
    }
    return {what: so for what, (so, there) in told.items() if not there}


def _needs_of(path: Path) -> list[str] | None:
    try:
        metadata = json.loads(path.read_text("utf-8"))["metadata"]
        said = metadata.get("research", {})
        needs = said.get("needs", [])
        if said.get("about") == ALL_REGIONS:
            return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: no notebook can be read here ({error!r}).") from None
    if not isinstance(needs, list) or not all(isinstance(n, str) for n in needs):
        raise InputError(
            f"{path}, metadata research.needs: a list of tables is wanted, "
            f"found {needs!r}."
        )
    for table in (either for need in needs for either in need.split("|")):
        if table not in (*TABLES, _INTERVALS):
            near = difflib.get_close_matches(table, TABLES, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise InputError(
                f"{path}, metadata research.needs: no table is called {table!r}{hint}"
            )
    return needs


def _lacks(region: _Tables, needs: Iterable[str], minutes: int | None) -> list[str]:
    return [
        need.replace("|", " or ")
        for need in needs
        if not any(_has(region, either, minutes) for either in need.split("|"))
    ]


def _has(region: _Tables, need: str, minutes: int | None) -> bool:
    if need == _INTERVALS:
        return region.has("readings") and minutes is not None and minutes <= 60
    if need == "bands of registers":
        return set(_BANDS) <= set(region.columns("registers"))
    return any(region.has(table) for table in (need, *_GIVES.get(need, ())))
