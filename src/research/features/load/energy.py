"""How much a customer draws: energy, size and use of the peak, over all days.

A cube is `power` of shape (n_customers, n_days, n_slots): the mean power of each
slot in kW, NaN where the reading is missing. What the daily energy decides is
computed from `daily_energy`, of shape (n_customers, n_days).
"""

from collections.abc import Sequence

import numpy as np

from research.features.load.present import count, highest, mean, quantile, ratio, total

DAYS_A_YEAR = 365
HOURS_A_YEAR = 24 * DAYS_A_YEAR


def complete_days(power: np.ndarray, complete_share: float = 0.9375) -> np.ndarray:
    """Tell the days with enough readings to be counted (完整日).

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. [kW]
    complete_share : float
        Share of the slots that must be present; 0.9375 is 90 of 96.

    Returns
    -------
    complete_days : bool array of shape (n_customers, n_days)
        Never true of a day without readings.

    Examples
    --------
    >>> power = np.array([[[1.0, 2.0], [1.0, np.nan]]])
    >>> complete_days(power).tolist()
    [[True, False]]
    """
    present = count(power)
    return (present > 0) & (present / power.shape[-1] >= complete_share)


def missing_share(power: np.ndarray) -> np.ndarray:
    """Share of all slots whose reading is missing (缺失率).

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. [kW]

    Returns
    -------
    missing_share : array of shape (n_customers,)
        In [0, 1]. [unitless]

    Examples
    --------
    >>> missing_share(np.array([[[1.0, 2.0], [1.0, np.nan]]])).tolist()
    [0.25]
    """
    return np.isnan(power).mean(axis=(-2, -1))


def daily_energy(power: np.ndarray, complete_share: float = 0.9375) -> np.ndarray:
    """Energy of each complete day (日电量).

    The mean load of the readings present times 24 h: a missing reading is taken to
    be like the rest of its day.

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. [kW]
    complete_share : float
        Share of the slots that must be present; 0.9375 is 90 of 96.

    Returns
    -------
    daily_energy : array of shape (n_customers, n_days)
        NaN on a day that is not complete. [kWh]

    Examples
    --------
    >>> power = np.array([[[1.0, 2.0], [1.0, np.nan]]])
    >>> daily_energy(power).tolist()
    [[36.0, nan]]
    >>> daily_energy(power, complete_share=0.5).tolist()
    [[36.0, 24.0]]
    """
    complete = complete_days(power, complete_share)
    return np.where(complete, 24 * mean(power), np.nan)


def annual_energy(daily_energy: np.ndarray) -> np.ndarray:
    """Energy of 365 days like those present (年用电量).

    The mean day times 365. Where the days present favour a season, so does the
    result.

    Parameters
    ----------
    daily_energy : array of shape (n_customers, n_days)
        Missing days are left out. [kWh]

    Returns
    -------
    annual_energy : array of shape (n_customers,)
        NaN where no day is present. [kWh]

    Examples
    --------
    >>> annual_energy(np.array([[9.0, np.nan, 11.0]])).tolist()
    [3650.0]
    """
    return DAYS_A_YEAR * mean(daily_energy)


def mean_power(power: np.ndarray) -> np.ndarray:
    """Mean load of all readings (平均负荷).

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. Missing readings are left out. [kW]

    Returns
    -------
    mean_power : array of shape (n_customers,)
        NaN where no reading is present. [kW]

    Examples
    --------
    >>> mean_power(np.array([[[1.0, 2.0], [3.0, np.nan]]])).tolist()
    [2.0]
    """
    return mean(power, axis=(-2, -1))


def base_load(power: np.ndarray) -> np.ndarray:
    """Load that is exceeded 95 % of the time: the 5th percentile (基荷).

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. Missing readings are left out. [kW]

    Returns
    -------
    base_load : array of shape (n_customers,)
        Linear between two readings; NaN where no reading is present. [kW]

    Examples
    --------
    >>> base_load(np.arange(101.0).reshape(1, 101, 1)).tolist()
    [5.0]
    """
    return quantile(_readings(power), 0.05)


def base_load_share(power: np.ndarray) -> np.ndarray:
    """Base load over mean load (基荷占比).

    Near 1 for a customer whose load never rests, 0 for one who switches all off.

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. Missing readings are left out. [kW]

    Returns
    -------
    base_load_share : array of shape (n_customers,)
        At least 0, seldom above 1; NaN where the mean load is not above zero.
        [unitless]

    Examples
    --------
    >>> base_load_share(np.arange(101.0).reshape(1, 101, 1)).tolist()
    [0.1]
    """
    return ratio(base_load(power), mean_power(power))


def full_load_hours(power: np.ndarray) -> np.ndarray:
    """Hours at the highest load that would draw a year's energy (最大负荷利用小时).

    8760 times mean load over highest load. One wrong spike in the readings lowers it.

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. Missing readings are left out. [kW]

    Returns
    -------
    full_load_hours : array of shape (n_customers,)
        In [0, 8760]; NaN where no reading is above zero. [h]

    Examples
    --------
    >>> full_load_hours(np.array([[[1.0, 4.0], [1.0, 2.0]]])).tolist()
    [4380.0]
    """
    return HOURS_A_YEAR * ratio(mean_power(power), highest(_readings(power)))


def band_shares(
    power: np.ndarray, bands: np.ndarray, names: Sequence[str]
) -> np.ndarray:
    """Share of the energy in each band of the time-of-use tariff (峰平谷电量占比).

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. Missing readings are left out of both sums. [kW]
    bands : int array of shape (n_days, n_slots)
        Band of each slot, an index into `names`. -1 is a slot without a band: it is
        left out of both sums.
    names : sequence of str, length n_bands
        The bands, in the order of the columns that come back.

    Returns
    -------
    band_shares : array of shape (n_customers, n_bands)
        In [0, 1], summing to 1; NaN where no energy falls in any band. [unitless]

    Examples
    --------
    >>> power = np.array([[[1.0, 3.0], [1.0, 5.0]]])
    >>> bands = np.array([[1, 0], [1, -1]])
    >>> band_shares(power, bands, ["peak", "valley"]).tolist()
    [[0.6, 0.4]]
    """
    energy = [total(power[:, bands == band]) for band in range(len(names))]
    energy = np.stack(energy, axis=-1)
    return ratio(energy, energy.sum(axis=-1, keepdims=True))


def _readings(power: np.ndarray) -> np.ndarray:
    return power.reshape(*power.shape[:-2], -1)
