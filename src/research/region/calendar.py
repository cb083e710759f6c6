"""Working days, seasons and time-of-use bands of a region's days."""

import holidays
import numpy as np
import pandas as pd

from research.region.errors import InputError
from research.region.settings import Calendar, Settings, TimeOfUse

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Where two windows overlap, the first of these holds.
PRECEDENCE = ("sharp", "deep_valley", "peak", "valley", "flat")


def day_calendar(days: pd.DatetimeIndex, settings: Settings) -> pd.DataFrame:
    """Season and kind of each day.

    Parameters
    ----------
    days : DatetimeIndex of shape (n_days,)
        Civil days.
    settings : Settings
        `seasons` names the months; `calendar` the weekend, the country's public
        holidays (with the working weekends 调休 of China) and single days that
        differ. A listed working day wins over a holiday, a holiday over the weekday.

    Returns
    -------
    calendar : DataFrame of shape (n_days, 2)
        On the index `days`: `season`, and `working`, False on rest days 休息日.

    Examples
    --------
    >>> from research.region.settings import Settings
    >>> settings = Settings.model_validate(
    ...     {"name": "demo", "title": {"en": "Demo"}, "timezone": "Europe/London",
    ...      "readings": {"resolution_minutes": 30, "stamp": "start",
    ...                   "clock": "UTC", "unit": "kWh"},
    ...      "calendar": {"country": "GB", "subdivision": "ENG"}})
    >>> day_calendar(pd.date_range("2013-03-28", periods=3), settings)
                season  working
    2013-03-28  spring     True
    2013-03-29  spring    False
    2013-03-30  spring    False
    """
    season_of = {m: name for name, months in settings.seasons.items() for m in months}
    weekend = {WEEKDAYS.index(day) for day in settings.calendar.weekend}
    rest_days, working_days = _special_days(days, settings.calendar)
    rest = days.day_of_week.isin(weekend)
    rest = (rest | days.isin(rest_days)) & ~days.isin(working_days)
    return pd.DataFrame(
        {"season": days.month.map(season_of).astype("str"), "working": ~rest},
        index=days,
    )


def _special_days(
    days: pd.DatetimeIndex, calendar: Calendar
) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """Return days of rest and working days that the weekday alone does not tell."""
    rest, working = set(calendar.holidays), set(calendar.working_days)
    if calendar.country is not None:
        years = range(days.min().year, days.max().year + 1)
        try:
            public = holidays.country_holidays(
                calendar.country, subdiv=calendar.subdivision, years=years
            )
        except NotImplementedError as error:
            raise InputError(
                f"calendar.country {calendar.country!r}, subdivision "
                f"{calendar.subdivision!r}: {error} Use the ISO 3166 code, for "
                "example CN, or list the days under calendar.holidays."
            ) from None
        rest |= set(public) - working
        working |= set(public.weekend_workdays) - set(calendar.holidays)
    return pd.DatetimeIndex(sorted(rest)), pd.DatetimeIndex(sorted(working))


def tou_bands(
    calendar: pd.DataFrame, n_slots: int, tou: list[TimeOfUse] | None
) -> pd.DataFrame | None:
    """Time-of-use band 峰平谷时段 of each slot of each day.

    Parameters
    ----------
    calendar : DataFrame of shape (n_days, 2)
        As `day_calendar` gives it.
    n_slots : int
        Slots a day.
    tou : list of TimeOfUse or None
        The region's rules. For a day the first rule that names its month and kind
        holds. Windows may cross midnight; their evening part belongs to the day on
        which it stands. Where windows overlap, `PRECEDENCE` decides.

    Returns
    -------
    bands : DataFrame of shape (n_days, n_slots), or None where there are no rules
        Band names.

    Raises
    ------
    InputError
        If a window does not start and end on a slot, or a day has no rule.
    """
    if tou is None:
        return None
    bands = np.full((len(calendar), n_slots), "", dtype=object)
    open_days = np.ones(len(calendar), dtype=bool)
    for rule in tou:
        chosen = open_days & calendar.index.month.isin(rule.months)
        if rule.days != "all":
            chosen &= calendar["working"].to_numpy() == (rule.days == "working")
        bands[chosen] = _bands_of_a_day(rule, n_slots)
        open_days &= ~chosen
    if open_days.any():
        day = calendar.index[open_days][0]
        raise InputError(f"tou: no rule covers {day:%Y-%m-%d}; add its month or kind.")
    return pd.DataFrame(bands, index=calendar.index)


def _bands_of_a_day(rule: TimeOfUse, n_slots: int) -> np.ndarray:
    day = np.full(n_slots, rule.rest, dtype=object)
    for band in sorted(rule.bands, key=lambda b: -PRECEDENCE.index(b.name)):
        for window in band.at:
            start, end = (_slot(time, n_slots) for time in window.split("-"))
            inside = np.arange(n_slots)
            inside = (
                (inside >= start) & (inside < end)
                if start < end
                else (inside >= start) | (inside < end)
            )
            day[inside] = band.name
    return day


def _slot(time: str, n_slots: int) -> int:
    hours, minutes = map(int, time.split(":"))
    slot, rest = divmod((60 * hours + minutes) * n_slots, 24 * 60)
    if rest:
        raise InputError(
            f"tou: {time} is no boundary of {24 * 60 // n_slots}-minute slots."
        )
    return slot
