"""Private charging piles: when the energy of a day's charge is taken."""

import numpy as np
import pandas as pd

from research.region.synthetic.population.shapes import HOURS

# A pile gives 7 kW; charging begins about 22.6 h where the night is cheap, about 19 h
# else (specification, section 4).
PILE_KW = 7.0
CHEAP_NIGHT, EVENING = (22.6, 1.2), (19.0, 1.5)


def charging_blocks(
    people: pd.DataFrame,
    charge: np.ndarray,
    power: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Add the energy of each day's charge to its quarter hours, in place.

    A charge that runs past midnight is written on the first hours of its own day.

    Parameters
    ----------
    people : DataFrame of shape (n, ...)
        `tou`.
    charge : ndarray of shape (n, n_days)
        [kWh]
    power : ndarray of shape (n, n_days, 96)
        Energy of each quarter hour. [kWh]
    """
    who, day = np.nonzero(charge > 0)
    tou = people["tou"].to_numpy(dtype=bool)[who]
    centre, spread = np.where(tou[:, None], CHEAP_NIGHT, EVENING).T
    start = rng.normal(centre, spread)[:, None]
    energy = charge[who, day][:, None]
    end = start + energy / PILE_KW
    begins = HOURS - 0.125
    overlap = np.zeros((len(who), len(HOURS)))
    for turn in (-24, 0, 24):
        first = np.maximum(begins + turn, start)
        overlap += np.clip(np.minimum(begins + turn + 0.25, end) - first, 0, None)
    total = overlap.sum(axis=1, keepdims=True)
    power[who, day] += (overlap * energy / total).astype(power.dtype)
