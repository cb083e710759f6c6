"""Synthetic regions for the tests of grid and voices, without the energy model.

Energy is the customer's mean with a plain summer, which is enough for the grid and
takes no time.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.synthetic.grid.areas import assign
from research.region.synthetic.grid.loads import transformer_load
from research.region.synthetic.grid.outages import outages
from research.region.synthetic.money.prepaid import prepaid
from research.region.synthetic.plan import Plan, plan_of
from research.region.synthetic.population.customers import people
from research.region.synthetic.weather import weather


class Grid(NamedTuple):
    """What tickets and surveys need of a grid, in the order they take it."""

    plan: Plan
    people: pd.DataFrame
    areas: pd.DataFrame
    transformers: pd.DataFrame
    load: pd.DataFrame
    outages: pd.DataFrame


def plain_kwh(plan: Plan, customers: pd.DataFrame) -> np.ndarray:
    """Daily energy with a summer a half above the winter; NaN while not open."""
    summer = 1 - 0.2 * np.cos(2 * np.pi * (plan.days.day_of_year - 20) / 365.25)
    mean = customers["true_monthly_kwh"].to_numpy() / 30.4
    kwh = (mean[:, None] * np.asarray(summer)).astype(np.float32)
    days = plan.days.to_numpy()
    kwh[days < customers["open_date"].to_numpy()[:, None]] = np.nan
    kwh[days >= customers["close_date"].to_numpy()[:, None]] = np.nan
    return kwh


@cache
def planned_grid(
    name: str, customers: int = 3000, days: int = 400, seed: int = 0
) -> Grid:
    """Grid of a region, made once for all tests; not to be changed."""
    plan = plan_of(name, customers=customers, days=days, seed=seed)
    placed, areas, transformers = assign(plan, people(plan))
    load = transformer_load(plan, placed, transformers, plain_kwh(plan, placed))
    off = outages(plan, placed, transformers, load, weather(plan))
    return Grid(plan, placed, areas, transformers, load, off)


@cache
def prepaid_tables(
    name: str, customers: int = 3000, days: int = 400, seed: int = 0
) -> dict[str, pd.DataFrame]:
    """Top-ups and trips of the same region."""
    on = planned_grid(name, customers, days, seed)
    made = prepaid(on.plan, on.people, plain_kwh(on.plan, on.people))
    return {"topups": made.topups, "trip_events": made.trip_events}
