"""The rhythm of week and year of each customer, from the energy of its days alone."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from research.features.load.energy import daily_energy
from research.features.load.present import count, highest, lowest, mean, ratio
from research.region import NotApplicable
from research.region.calendar import day_calendar

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = tuple("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
FESTIVAL = (-7, 15)
"""Days from Lunar New Year 春节 that are no ordinary days: from the 23rd of the last
month 小年, give or take one, to the Lantern Festival 元宵节."""

LEAST_DAYS_A_WEEKDAY = 4
LEAST_DAYS_A_MONTH = 10
IDLE_SHARE = 0.05
"""Share of the customer's own mean day up to which a day is one of no use."""
IDLE_DAYS = 183
"""Days of no use at either end of the period beyond which there was no customer yet, or
no longer: half a year, which a season's rest does not reach."""


def daily_energies(
    region,
) -> Iterator[tuple[pd.Index, pd.DatetimeIndex, np.ndarray]]:
    """Energy of each customer and day, some customers at a time (日电量).

    Parameters
    ----------
    region : region with `energy_daily` or `readings`
        The table of daily energy is taken where there is one: it often holds more
        customers than the readings.

    Yields
    ------
    customer_id : Index of shape (n_customers,)
    days : DatetimeIndex of shape (n_days,)
        Days of the region's period, the same each time.
    energy : ndarray of shape (n_customers, n_days)
        NaN where a day is missing or not complete. [kWh]

    Raises
    ------
    NotApplicable
        If the region has neither table.
    """
    if region.has("energy_daily"):
        period = region.settings.period
        start, end = pd.Timestamp(period.start), pd.Timestamp(period.end)
        for grid in region.daily_grids():
            inside = ~((grid.stamps < start) | (grid.stamps > end))
            yield grid.customer_id, grid.stamps[inside], grid.kwh[:, inside]
    elif region.has("readings"):
        share = region.settings.quality.complete_day_share
        for cube in region.cubes():
            yield cube.customer_id, cube.days, daily_energy(cube.power, share)
    else:
        raise NotApplicable(
            "a rhythm of week and year needs the energy of days: a table "
            "energy_daily or readings"
        )


def ordinary_days(
    calendar: pd.DataFrame, *, weekend: Sequence[int] = (5, 6), chinese: bool = False
) -> np.ndarray:
    """Tell the days that stand for their weekday.

    Parameters
    ----------
    calendar : DataFrame of shape (n_days, ...)
        As `region.calendar.day_calendar` gives it.
    weekend : sequence of int
        Weekdays of rest; Monday is 0.
    chinese : bool
        Whether people keep the Spring Festival: its time, `FESTIVAL`, is left out.

    Returns
    -------
    ordinary : bool array of shape (n_days,)
        False on public holidays, on weekdays off, on weekends worked in lieu 调休, and
        around the Spring Festival.

    Examples
    --------
    A Saturday worked in lieu of a day off is no ordinary Saturday.

    >>> calendar = pd.DataFrame(
    ...     {"working": [True, True, False], "holiday": False,
    ...      "spring_festival_day": 90.0},
    ...     index=pd.to_datetime(["2015-09-25", "2015-10-10", "2015-10-11"]))
    >>> ordinary_days(calendar, chinese=True).tolist()
    [True, False, True]
    """
    rest = calendar.index.day_of_week.isin(weekend)
    ordinary = (calendar["working"].to_numpy() != rest) & ~calendar[
        "holiday"
    ].to_numpy()
    if chinese:
        day = calendar["spring_festival_day"].to_numpy()
        ordinary &= ~((day >= FESTIVAL[0]) & (day <= FESTIVAL[1]))
    return ordinary


def in_use(energy: np.ndarray) -> np.ndarray:
    """Energy without the days before a customer began and after it ended (投运期).

    A firm that began in May of the second year looks like one that rests every winter.
    Of 129 firms that seemed to work in summer only, 61 had not begun for half a year.

    Parameters
    ----------
    energy : array of shape (n_customers, n_days)
        NaN where missing. [kWh]

    Returns
    -------
    in_use : array of shape (n_customers, n_days)
        NaN also on the days up to the first use, and from the last on, where these are
        more than `IDLE_DAYS`. Use is above `IDLE_SHARE` of the customer's mean day. A
        customer without any keeps all days. [kWh]

    Examples
    --------
    >>> energy = np.r_[[0.0] * 200, [5.0] * 10, [0.0] * 100][np.newaxis]
    >>> np.isnan(in_use(energy)).sum().item()
    200
    """
    used = energy > IDLE_SHARE * mean(energy)[:, np.newaxis]
    day = np.arange(energy.shape[1])
    first = used.argmax(axis=1)[:, np.newaxis]
    after = used[:, ::-1].argmax(axis=1)[:, np.newaxis]
    early = (day < first) & (first > IDLE_DAYS)
    late = (day >= energy.shape[1] - after) & (after > IDLE_DAYS)
    return np.where(early | late, np.nan, energy)


def rhythm_vectors(
    region, *, min_customers: int = 10
) -> tuple[pd.DataFrame, pd.Series]:
    """Means of the weekdays and of the months, each over the customer's own mean.

    For regions that have the energy of days and no readings within the day
    (日电量节律: 周节律、年节律). A week is the means of the ordinary days of each
    weekday, see `ordinary_days`, over the mean of the seven; a year is the means of all
    days of each calendar month, festivals included, over the mean of the months. Days
    before a customer began and after it ended do not count, see `in_use`.

    Parameters
    ----------
    region : region with `energy_daily` or `readings`
    min_customers : int
        Fewer customers than this are no ground for segments.

    Returns
    -------
    vectors : DataFrame of shape (n_customers, 7 + n_months)
        Index `customer_id`, columns (cycle, step): ("week", "Mon") to ("week", "Sun"),
        then ("year", "Jan") and so on for the months of which the period holds at
        least `LEAST_DAYS_A_MONTH` days; without missing values. At least 0 unless
        energy is fed in; each cycle has mean 1. [unitless]
    left_out : Series
        Customers by rule, the first that holds: `few_complete_days` (fewer than
        `quality.min_complete_days`); `constant` (the same value on every day: a dead
        meter, a flat rate or an entry for "no use"); `not_above_zero` (a mean of the
        week or the year is not above zero); `no_weekday` (fewer than
        `LEAST_DAYS_A_WEEKDAY` ordinary days of a weekday); `no_month` (fewer than
        `LEAST_DAYS_A_MONTH` days of a month that the period holds, as for who joined
        or left during the year).

    Raises
    ------
    NotApplicable
        If the region has no energy of days, or fewer than `min_customers` remain.
    """
    parts, tally = [], []
    for ids, days, energy in daily_energies(region):
        calendar = day_calendar(days, region.settings)
        declared = region.settings.calendar
        ordinary = ordinary_days(
            calendar,
            weekend=[WEEKDAYS.index(day.capitalize()) for day in declared.weekend],
            chinese=declared.country == "CN",
        )
        values, why = _vectors(
            in_use(energy),
            days,
            ordinary,
            min_days=region.settings.quality.min_complete_days,
        )
        parts.append(values.set_axis(ids, axis="index")[why == ""])
        tally.append(why[why != ""])
    vectors = pd.concat(parts).rename_axis("customer_id")
    counts = pd.Series(np.concatenate(tally)).value_counts()
    left_out = counts.reindex(RULES, fill_value=0).rename("customers")
    if len(vectors) < min_customers:
        raise NotApplicable(
            f"segments need at least {min_customers} customers with a rhythm of week "
            "and year; fewer have one"
        )
    return vectors, left_out


RULES = (
    "few_complete_days",
    "constant",
    "not_above_zero",
    "no_weekday",
    "no_month",
)


def _vectors(energy, days, ordinary, *, min_days):
    """Vectors of some customers, and the rule by which each is left out, "" if none."""
    weekday = np.where(ordinary, days.day_of_week, -1)
    month = days.month.to_numpy() - 1
    held = [m for m in range(12) if (month == m).sum() >= LEAST_DAYS_A_MONTH]
    week, week_days = _means(energy, weekday, range(7))
    year, month_days = _means(energy, month, held)
    sizes = mean(week), mean(year)
    relative = np.column_stack(
        [ratio(week, sizes[0][:, None]), ratio(year, sizes[1][:, None])]
    )
    columns = [("week", day) for day in WEEKDAYS] + [("year", MONTHS[m]) for m in held]
    frame = pd.DataFrame(
        relative, columns=pd.MultiIndex.from_tuples(columns, names=["cycle", "step"])
    )
    why = np.select(
        [
            count(energy) < min_days,
            highest(energy) == lowest(energy),
            ~((sizes[0] > 0) & (sizes[1] > 0)),
            (week_days < LEAST_DAYS_A_WEEKDAY).any(axis=1),
            (month_days < LEAST_DAYS_A_MONTH).any(axis=1),
        ],
        RULES,
        "",
    )
    return frame, why


def _means(energy, classes, wanted):
    """Mean of each class of days, and how many of them are present."""
    parts = [energy[:, classes == wanted_class] for wanted_class in wanted]
    means = np.array([mean(part) for part in parts]).reshape(len(parts), -1).T
    present = np.array([count(part) for part in parts]).reshape(len(parts), -1).T
    return means, present
