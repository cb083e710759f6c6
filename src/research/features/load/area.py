"""The load of all customers together, and each customer's part in its peak."""

from collections.abc import Iterable

import numpy as np

from research.features.load.energy import complete_days
from research.features.load.present import count, highest, mean, ratio, total


def area_load(cubes: Iterable[np.ndarray]) -> np.ndarray:
    """Mean load of a customer at each slot, over all customers of all cubes (区域负荷).

    The mean of those present and not their sum, so that a slot at which many
    readings are missing is no valley. One cube is held at a time.

    Parameters
    ----------
    cubes : iterable of arrays of shape (n_customers, n_days, n_slots)
        Load of each slot, cube by cube, of the same days. Missing readings are left
        out. [kW]

    Returns
    -------
    area_load : array of shape (n_days, n_slots)
        NaN where no customer has the slot. [kW]

    Examples
    --------
    >>> first = np.array([[[1.0, 2.0]], [[3.0, np.nan]]])
    >>> second = np.array([[[5.0, 6.0]]])
    >>> area_load([first, second]).tolist()
    [[3.0, 4.0]]
    """
    summed, present = 0.0, 0
    for power in cubes:
        summed = summed + total(power, axis=0)
        present = present + count(power, axis=0)
    return ratio(summed, present)


def area_peak_mask(area_load: np.ndarray, n_slots: int) -> np.ndarray:
    """Mark the `n_slots` slots of the highest load of the area (区域尖峰时段).

    Parameters
    ----------
    area_load : array of shape (n_days, n_slots)
        Load of the area, or the mean load of its customers. [kW]
    n_slots : int
        Number of slots to mark; of slots that tie, the earliest.

    Returns
    -------
    area_peak_mask : bool array of shape (n_days, n_slots)
        Fewer are marked where fewer are present.

    Examples
    --------
    >>> area_peak_mask(np.array([[1.0, 5.0], [5.0, 5.0]]), n_slots=2).tolist()
    [[False, True], [True, False]]
    """
    mask = np.zeros(area_load.shape, dtype=bool)
    highest_first = np.argsort(-area_load, axis=None, kind="stable")  # NaN last
    mask.flat[highest_first[:n_slots]] = True
    return mask & ~np.isnan(area_load)


def at_slots(power: np.ndarray, mask: np.ndarray, complete_share: float) -> np.ndarray:
    """Load of each customer at some slots, one after another in memory.

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. [kW]
    mask : bool array of shape (n_days, n_slots)
        The slots wanted.
    complete_share : float
        Share of the slots that a day needs in order to count.

    Returns
    -------
    at_slots : array of shape (n_customers, n_wanted)
        NaN where missing and on days that are not complete. [kW]

    Examples
    --------
    >>> power = np.array([[[1.0, 3.0], [2.0, np.nan]]])
    >>> at_slots(power, np.array([[False, True], [True, False]]), 0.9).tolist()
    [[3.0, nan]]
    """
    days = mask.any(axis=1)
    complete = complete_days(power[:, days], complete_share)
    there = np.repeat(complete, mask[days].sum(axis=1), axis=1)
    return np.where(there, power[:, mask], np.nan).astype(power.dtype, order="C")


def against_peak(at_peak: np.ndarray, highest: np.ndarray) -> dict[str, np.ndarray]:
    """The two features that ask for the area's peak.

    Parameters
    ----------
    at_peak : array of shape (n_customers, n_marked)
        Load at the area's peak, as `at_slots` gives it. [kW]
    highest : array of shape (n_customers,)
        The customer's own highest load. [kW]

    Returns
    -------
    against_peak : dict of arrays of shape (n_customers,)
        `area_peak_load` [kW] and `coincidence` [unitless].
    """
    load = mean(at_peak)
    return {"area_peak_load": load, "coincidence": ratio(load, highest)}


def coincidence(power: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean load at the area's peak over the customer's own highest load (同时系数).

    Near 1 for a customer who peaks with the area, near 0 for one who rests then.

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. Missing readings are left out. [kW]
    mask : bool array of shape (n_days, n_slots)
        The slots of the area's peak.

    Returns
    -------
    coincidence : array of shape (n_customers,)
        In [0, 1]; NaN where no reading at the mask is present or none is above zero.
        [unitless]

    Examples
    --------
    >>> power = np.array([[[1.0, 4.0], [1.0, 2.0]]])
    >>> coincidence(power, np.array([[False, True], [False, True]])).tolist()
    [0.75]
    """
    return ratio(mean(power[:, mask]), highest(power, axis=(-2, -1)))
