"""How a customer's days differ from one another: types, spread, seasons, trend.

A cube is `power` of shape (n_customers, n_days, n_slots): the mean power of each
slot in kW, NaN where the reading is missing. What the daily energy decides is
computed from `daily_energy`, of shape (n_customers, n_days), NaN where missing.
"""

import numpy as np

from research.features.load.energy import DAYS_A_YEAR
from research.features.load.present import count, mean, quantile, ratio, total

DAYS_A_WEEK = 7
LEAST_WEEKS = 8


def typical_days(power: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Mean load curve of each customer over each group of days (典型日负荷曲线).

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. Missing readings are left out. [kW]
    groups : int array of shape (n_days,)
        Group of each day, from 0; -1 leaves the day out.

    Returns
    -------
    typical_days : array of shape (n_customers, n_groups, n_slots)
        `n_groups` is the highest group + 1; NaN where no day of the group has the
        slot. [kW]

    Examples
    --------
    >>> power = np.array([[[1.0, 2.0], [3.0, np.nan], [9.0, 9.0], [5.0, 7.0]]])
    >>> typical_days(power, np.array([0, 0, -1, 1])).tolist()
    [[[2.0, 2.0], [5.0, 7.0]]]
    """
    n_customers, _, n_slots = power.shape
    curves = np.empty((n_customers, groups.max(initial=-1) + 1, n_slots))
    for group in range(curves.shape[1]):
        curves[:, group] = mean(power[:, groups == group], axis=1)
    return curves


def mean_hour(hours: np.ndarray) -> np.ndarray:
    """Mean of hours of the clock along the last axis, on the circle (平均时刻).

    The direction of the mean of unit vectors, so that 23 and 1 give 0 and not 12.

    Parameters
    ----------
    hours : array of shape (..., n_days)
        Hours of the clock. Missing ones are left out. [h]

    Returns
    -------
    mean_hour : array of shape (...)
        In [0, 24), to a billionth of an hour; NaN where no hour is present, or
        where they cancel out, as 6 and 18 do. [h]

    References
    ----------
    .. [1] K. V. Mardia and P. E. Jupp, "Directional Statistics", section 2.2, 2000.

    Examples
    --------
    >>> mean_hour(np.array([[23.0, 1.0], [18.0, 19.0], [6.0, 18.0]])).tolist()
    [0.0, 18.5, nan]
    """
    angle = 2 * np.pi / 24 * hours
    east, north = mean(np.cos(angle)), mean(np.sin(angle))
    hour = 24 / (2 * np.pi) * np.arctan2(north, east)
    # Rounded before the turn: -1e-17 % 24 is 24.0, outside the range.
    hour = np.round(hour, 9) % 24
    return np.where(np.hypot(east, north) > 1e-9, hour, np.nan)


def coefficient_of_variation(daily_energy: np.ndarray) -> np.ndarray:
    """Standard deviation over mean of the daily energy (变异系数).

    Parameters
    ----------
    daily_energy : array of shape (n_customers, n_days)
        Missing days are left out. [kWh]

    Returns
    -------
    coefficient_of_variation : array of shape (n_customers,)
        At least 0, with n - 1 under the variance; NaN below two days or where the
        mean is not above zero. [unitless]

    Examples
    --------
    >>> coefficient_of_variation(np.array([[8.0, 10.0, np.nan, 12.0]])).tolist()
    [0.2]
    """
    centre = mean(daily_energy)
    squares = total((daily_energy - centre[..., np.newaxis]) ** 2)
    return ratio(np.sqrt(ratio(squares, count(daily_energy) - 1)), centre)


def robust_coefficient_of_variation(daily_energy: np.ndarray) -> np.ndarray:
    """Scaled median absolute deviation over median of the daily energy (稳健变异系数).

    1.4826 MAD / median: the same as the coefficient of variation on a normal
    distribution, but a few days of holiday or of wrong readings do not move it.

    Parameters
    ----------
    daily_energy : array of shape (n_customers, n_days)
        Missing days are left out. [kWh]

    Returns
    -------
    robust_coefficient_of_variation : array of shape (n_customers,)
        At least 0; NaN where no day is present or the median is not above zero.
        [unitless]

    References
    ----------
    .. [1] P. J. Rousseeuw and C. Croux, "Alternatives to the median absolute
       deviation", J. American Statistical Association, vol. 88, 1993.

    Examples
    --------
    >>> robust_coefficient_of_variation(np.array([[8.0, 10.0, 12.0, 99.0, 9.0]]))
    array([0.29652])
    """
    median = quantile(daily_energy, 0.5)
    deviation = np.abs(daily_energy - median[..., np.newaxis])
    return ratio(1.4826 * quantile(deviation, 0.5), median)


def day_to_day_variability(power: np.ndarray) -> np.ndarray:
    """Mean squared distance of the days from the typical day (日间变异).

    For each day, the sum over the slots present of (x - r)² over that of r², where r
    is the customer's own mean day; then the mean over the days. 0 where each day is
    like the other. This is the relative squared error by which [1]_ judges how well
    a day is met by the shape that stands for it, here the customer's own.

    Parameters
    ----------
    power : array of shape (n_customers, n_days, n_slots)
        Load of each slot. Missing readings are left out. [kW]

    Returns
    -------
    day_to_day_variability : array of shape (n_customers,)
        At least 0; NaN where no day has a reading or the typical day is zero.
        [unitless]

    References
    ----------
    .. [1] J. Kwac, J. Flora and R. Rajagopal, "Household energy consumption
       segmentation using hourly data", IEEE Trans. Smart Grid, vol. 5, no. 1,
       pp. 420-430, 2014.

    Examples
    --------
    >>> day_to_day_variability(np.array([[[1.0, 2.0], [3.0, 2.0]]])).tolist()
    [0.125]
    """
    typical = mean(power, axis=-2)[..., np.newaxis, :]
    error = total((power - typical) ** 2)
    size = total(np.where(np.isnan(power), np.nan, typical**2))
    return mean(ratio(error, size))


def ratio_of_days(
    daily_energy: np.ndarray, numerator: np.ndarray, denominator: np.ndarray
) -> np.ndarray:
    """Mean energy of some days over mean energy of others (周末比、季节比).

    Rest days over working days, or the days of a season over all days.

    Parameters
    ----------
    daily_energy : array of shape (n_customers, n_days)
        Missing days are left out. [kWh]
    numerator, denominator : bool array of shape (n_days,)
        The days that enter each mean. They may overlap.

    Returns
    -------
    ratio_of_days : array of shape (n_customers,)
        At least 0; NaN where one side has no day present or the denominator is not
        above zero. [unitless]

    Examples
    --------
    >>> rest = np.array([False, False, True, True])
    >>> ratio_of_days(np.array([[8.0, 12.0, 15.0, np.nan]]), rest, ~rest).tolist()
    [1.5]
    """
    return ratio(mean(daily_energy[:, numerator]), mean(daily_energy[:, denominator]))


def trend(daily_energy: np.ndarray) -> np.ndarray:
    """Yearly growth of the energy: Theil-Sen slope of its log by weeks (用电增长趋势).

    The median slope over all pairs of weeks of the log of a week's mean daily energy;
    0.05 is about 5 % more each year. Weeks are runs of seven days from the first day
    on; days beyond the last whole week are left out.

    **Below two years the season is in it**: a year from spring to winter rises for
    anyone who heats by electricity. Compare customers of one period, not periods.

    Parameters
    ----------
    daily_energy : array of shape (n_customers, n_days)
        Days in order, none skipped. Missing days are left out of their week, weeks
        without a day are left out. [kWh]

    Returns
    -------
    trend : array of shape (n_customers,)
        NaN below eight weeks or where a week's energy is not above zero. [1/year]

    References
    ----------
    .. [1] P. K. Sen, "Estimates of the regression coefficient based on Kendall's
       tau", J. American Statistical Association, vol. 63, pp. 1379-1389, 1968.

    Examples
    --------
    >>> doubles_in_a_year = 2.0 ** (np.arange(70) // 7 * 7 / 365)
    >>> trend(doubles_in_a_year[np.newaxis]).round(3).tolist()  # ln 2
    [0.693]
    """
    n_weeks = daily_energy.shape[-1] // DAYS_A_WEEK
    days = daily_energy[..., : n_weeks * DAYS_A_WEEK]
    weeks = mean(days.reshape(*days.shape[:-1], n_weeks, DAYS_A_WEEK))
    known = (count(weeks) >= LEAST_WEEKS) & ~(weeks <= 0).any(axis=-1)
    if n_weeks < LEAST_WEEKS:
        return np.full(known.shape, np.nan)
    level = np.log(weeks, out=np.full(weeks.shape, np.nan), where=weeks > 0)
    early, late = np.triu_indices(n_weeks, 1)
    years = (late - early) * (DAYS_A_WEEK / DAYS_A_YEAR)
    slope = (level[..., late] - level[..., early]) / years
    return np.where(known, quantile(slope, 0.5), np.nan)
