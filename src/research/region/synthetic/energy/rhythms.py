"""The personal daily rhythm of each customer: its archetype's shape, bent a little.

How much is the knob of difficulty (specification, section 3): with `medium`, k-means of
the mean profiles finds the archetypes with an adjusted Rand index of about .44.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.synthetic import drift
from research.region.synthetic.plan import Plan
from research.region.synthetic.population.archetypes import CODES
from research.region.synthetic.population.shapes import (
    HOURS,
    N_SLOTS,
    block,
    bump,
    day_shapes,
)
from research.region.synthetic.streams import stream


class Difficulty(NamedTuple):
    """Log sd of the seven knots of the warp, and sd of the clock shift in hours."""

    warp: float
    clock: float


DIFFICULTIES = {
    "easy": Difficulty(0.15, 0.3),
    "medium": Difficulty(0.25, 0.6),
    "hard": Difficulty(0.35, 1.0),
}
KNOTS = 7
# Machines that run through differ less than people do (assumption: this share of it).
STEADY = {"I3": 0.3, "T1": 0.3, "R5": 0.5, "O4": 0.3}
# Share of a second archetype in mixed premises: Beta(1.2, 8).
MIXTURE = (1.2, 8.0)
# Their block of night power comes with the energy of the day, not with the shape.
_HOUSES = {
    "R6": bump(6.8, 0.6, 0.6) + bump(12, 0.9, 0.35) + bump(18.8, 1.4, 1.0) + 0.28,
    "R7": bump(7, 0.7, 0.4) + bump(19, 1.6, 0.7) + 0.22,
}


def house_shapes() -> dict[str, np.ndarray]:
    """Shapes of working and rest day without charging pile, storage heater and roof.

    Returns
    -------
    shapes : dict of str to ndarray of shape (2, 96)
        Mean 1 on a working day.
    """
    shapes = dict(day_shapes()) | {"R9": day_shapes()["R8"]}
    for code, shape in _HOUSES.items():
        shapes[code] = np.array([shape, shape])
    return {code: shape / shape[0].mean() for code, shape in shapes.items()}


def rhythms(
    plan: Plan, people: pd.DataFrame, difficulty: str = "medium"
) -> tuple[np.ndarray, np.ndarray]:
    """Shapes of each customer, and the day from which the second pair holds.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n, ...)
        All customers, whose readings are made or not: each keeps its rhythm.
    difficulty : str
        One of `DIFFICULTIES`.

    Returns
    -------
    shapes : ndarray of float32, shape (n, 4, 96)
        Working and rest day before the change, working and rest day after it; each sums
        to 1.
    change : ndarray of datetime64, shape (n,)
        NaT where nothing changes the shape.
    """
    rng = stream(plan.seed, "rhythms")
    n, knob = len(people), DIFFICULTIES[difficulty]
    known = house_shapes()
    table = np.array([known[code] for code in CODES])
    first, after = (
        pd.Index(CODES).get_indexer(people[column])
        for column in ("true_archetype", "true_archetype_end")
    )
    # A new pile or roof does not change what the house does.
    joins = people["true_archetype_end"].isin(["R6", "R9"]).to_numpy()
    after = np.where(joins, first, after)
    shapes = np.concatenate([table[first], table[after]], axis=1)
    shift = rng.normal(0, knob.clock, n)
    steady = people["true_archetype"].map(STEADY).fillna(1.0).to_numpy()
    warp = np.exp(knob.warp * steady[:, None] * rng.standard_normal((n, KNOTS)))
    warp[:, -1] = warp[:, 0]
    mix = (steady * rng.beta(*MIXTURE, n))[:, None, None]
    other = rng.integers(len(CODES), size=n)
    shapes = shifted(shapes, shift) * (warp @ _between_knots())[:, None, :]
    shapes = (1 - mix) * shapes + mix * np.tile(table[other], (1, 2, 1))
    change = people["true_change_date"].to_numpy().astype("datetime64[ns]").copy()
    change[joins] = np.datetime64("NaT")
    _answer_windows(plan, people, shapes, change)
    shapes = np.maximum(shapes, 0.01)
    return (shapes / shapes.sum(axis=2, keepdims=True)).astype(np.float32), change


def shifted(shapes: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Each customer's shapes, later by its `hours`, on the circle of the day."""
    place = (np.arange(N_SLOTS) - 4 * hours[:, None]) % N_SLOTS
    low = np.floor(place).astype(int) % N_SLOTS
    part = (place - np.floor(place))[:, None, :]
    here, there = (
        np.take_along_axis(shapes, np.broadcast_to(i[:, None, :], shapes.shape), axis=2)
        for i in (low, (low + 1) % N_SLOTS)
    )
    return (1 - part) * here + part * there


def _between_knots() -> np.ndarray:
    """Weight of each knot in each quarter hour, by linear interpolation."""
    knots = np.linspace(0, 24, KNOTS)
    return np.array([np.interp(HOURS, knots, row) for row in np.eye(KNOTS)])


def _answer_windows(
    plan: Plan, people: pd.DataFrame, shapes: np.ndarray, change: np.ndarray
) -> None:
    """Move energy out of the new peak hours where a customer answers them, in place."""
    who = people["true_drift"].str.contains("tou_shift", regex=False).to_numpy()
    if not who.any():
        return
    change[who] = drift.month_start(plan, drift.TOU_CHANGE).to_datetime64()
    peak = (HOURS >= drift.NEW_PEAK[0]) & (HOURS < drift.NEW_PEAK[1])
    night = (HOURS >= drift.VALLEY[0]) | (HOURS < drift.VALLEY[1])
    answer = shapes[who, 2:]
    moved = drift.SHIFTED_ENERGY * answer[:, :, peak].sum(axis=2, keepdims=True)
    answer[:, :, peak] *= 1 - drift.SHIFTED_ENERGY
    answer[:, :, night] += moved / night.sum()
    shapes[who, 2:] = answer


def appliance_shapes() -> np.ndarray:
    """When cooling of homes, cooling of firms, heat pumps and storage heaters run.

    Returns
    -------
    shapes : ndarray of float32, shape (4, 96)
        Each sums to 1. Homes cool at noon and from the evening into the night
        (section 4); the other two are assumptions, storage heaters run 21-06.
    """
    shapes = np.array(
        [
            block(12, 15, 0.6, 0.3)
            + block(19, 1, 1.0, 0.5)
            + 0.25 * block(1, 6, 1, 0.5),
            block(9, 20, 1.0, 0.6) + 0.1,
            bump(7, 1, 0.8) + bump(20, 2.2, 1.0) + 0.15,
            block(21.1, 5.9, 1.0, 0.25),
        ]
    )
    return (shapes / shapes.sum(axis=1, keepdims=True)).astype(np.float32)
