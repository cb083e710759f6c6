"""Load features, and the load of segments, from the energy of days alone."""

import numpy as np
import pandas as pd

from research.features.load.energy import annual_energy
from research.features.load.present import count, mean, total
from research.features.load.rhythm import (
    coefficient_of_variation,
    ratio_of_days,
    robust_coefficient_of_variation,
    trend,
)
from research.features.load.rhythm_vectors import FESTIVAL, daily_energies, in_use
from research.region.calendar import day_calendar

PEAK_DAYS = 10
"""Length of the area's peak where only days are metered [d]."""

_WITHIN_THE_DAY = ("share_night", "base_load_share")


def peak_days(region) -> pd.DatetimeIndex:
    """Days of the area's highest energy (地区高峰日), the highest first.

    Parameters
    ----------
    region : region with `energy_daily` or `readings`

    Returns
    -------
    peak_days : DatetimeIndex of shape (10,)
        Of the mean over the customers present; fewer in a shorter period.
    """
    summed = present = 0
    for _, days, energy in daily_energies(region):
        summed = summed + pd.Series(total(energy, axis=0), index=days)
        present = present + count(energy, axis=0)
    load = (summed / present).dropna()
    return load.sort_values(ascending=False, kind="stable").index[:PEAK_DAYS]


def rhythm_table(region) -> pd.DataFrame:
    """Load features of customers whose days are metered and whose hours are not.

    Named as in `customer_features`, so that segments are named and served by one set of
    rules; what needs the hours of the day is NaN. Days before a customer began and
    after it ended count as missing, see `in_use`.

    ================================= ==================================== =========
    column                            meaning                              unit
    ================================= ==================================== =========
    annual_energy                     365 mean days                        kWh
    area_peak_load                    mean load on the area's ten highest  kW
                                      days
    coefficient_of_variation          of the daily energy                  unitless
    robust_coefficient_of_variation   of the daily energy                  unitless
    rest_day_ratio                    rest days over working days          unitless
    festival_ratio                    days around the Spring Festival,     unitless
                                      `FESTIVAL`, over all days
    summer_ratio, winter_ratio        the season over all days             unitless
    trend                             slope of log weekly energy           1/year
    share_night, base_load_share      always NaN                           unitless
    missing_share                     of all days                          unitless
    complete_days                     number of them                       days
    ================================= ==================================== =========

    Parameters
    ----------
    region : region with `energy_daily` or `readings`
        Read twice.

    Returns
    -------
    rhythm_table : DataFrame of shape (n_customers, 13)
        Index `customer_id`.

    Raises
    ------
    NotApplicable
        If the region has no energy of days.
    """
    top = peak_days(region)
    parts = []
    for ids, days, energy in daily_energies(region):
        peak_load = mean(energy[:, days.isin(top)]) / 24
        energy = in_use(energy)
        calendar = day_calendar(days, region.settings)
        working = calendar["working"].to_numpy()
        season = calendar["season"].to_numpy()
        every_day = np.ones(len(days), dtype=bool)
        festival = calendar["spring_festival_day"].between(*FESTIVAL).to_numpy()
        features = {
            "annual_energy": annual_energy(energy),
            "area_peak_load": peak_load,
            "coefficient_of_variation": coefficient_of_variation(energy),
            "robust_coefficient_of_variation": robust_coefficient_of_variation(energy),
            "rest_day_ratio": ratio_of_days(energy, ~working, working),
            "festival_ratio": ratio_of_days(energy, festival, every_day),
            "summer_ratio": ratio_of_days(energy, season == "summer", every_day),
            "winter_ratio": ratio_of_days(energy, season == "winter", every_day),
            "trend": trend(energy),
            **dict.fromkeys(_WITHIN_THE_DAY, np.nan),
            "missing_share": np.isnan(energy).mean(axis=1),
            "complete_days": count(energy),
        }
        parts.append(pd.DataFrame(features, index=ids))
    return pd.concat(parts).rename_axis("customer_id")


def weekly_energy(region, segments: pd.Series) -> pd.DataFrame:
    """Energy a day of each segment, week by week (周平均日电量).

    Parameters
    ----------
    region : region with `energy_daily` or `readings`
    segments : Series of shape (n_customers,)
        Segment of each customer; customers without one are left out.

    Returns
    -------
    weekly_energy : DataFrame of shape (n_weeks, n_segments)
        Index first days of the weeks, counted from the first day; a last week of fewer
        than seven days is left out. A customer's week is the mean of the days present;
        weeks without any count as nothing. [kWh a day]
    """
    parts = []
    for ids, days, energy in daily_energies(region):
        weeks = len(days) // 7
        kept = np.flatnonzero(ids.isin(segments.index))
        daily = energy[kept, : 7 * weeks].reshape(len(kept), weeks, 7)
        frame = pd.DataFrame(
            np.nan_to_num(mean(daily)), index=ids[kept], columns=days[: 7 * weeks : 7]
        )
        parts.append(frame.groupby(segments.reindex(frame.index)).sum())
    by_segment = pd.concat(parts).groupby(level=0).sum()
    return by_segment.T.rename_axis(index="week", columns="segment")


def against_the_region(
    features: pd.DataFrame, segments: pd.Series, *, copies: int = 9
) -> tuple[pd.DataFrame, pd.Series]:
    """Features and segments with the region as a whole as one more segment.

    For names and advice, which compare a segment with all others. Where nine customers
    of ten are in one segment and the *others* rest all winter, the nine would be called
    heavy in winter. With the whole region among the others, several times over, a
    segment is compared with the region's typical customer, and the nine are typical.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
    segments : Series of int of shape (n_customers,)
        Segment of each customer from 0, on the same index.
    copies : int
        How often the region is counted.

    Returns
    -------
    features : DataFrame of shape ((1 + copies) * n_customers, n_features)
    segments : Series of that length
        The region has the highest number; leave it out of what is told.

    Examples
    --------
    >>> ratio = pd.DataFrame({"winter_ratio": [0.9, 1.0, 1.1, 1.2, 0.1]})
    >>> more, told = against_the_region(ratio, pd.Series([0, 0, 0, 0, 1]))
    >>> more["winter_ratio"][told != 1].median().item(), told.max().item()
    (1.0, 2)
    """
    region = pd.Series(segments.max() + 1, index=segments.index)
    return (
        pd.concat([features] * (1 + copies), ignore_index=True),
        pd.concat([segments] + [region] * copies, ignore_index=True),
    )
