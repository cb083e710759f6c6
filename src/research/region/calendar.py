"""Working days, festivals, seasons and time-of-use bands of a region's days.

The public holidays of China and its adjusted working days 调休 are those of the yearly
notices of the State Council's General Office, as the `holidays` package keeps them.
For a year whose notice it does not know, the statutory days alone rest and no weekend
is worked: such days are marked `estimated`, and `calendar_limits` counts them.
"""

import datetime as dt
from collections.abc import Sequence

import holidays
import numpy as np
import pandas as pd

from research.region.errors import InputError
from research.region.settings import Calendar, Settings, TimeOfUse

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Where two windows overlap, the first of these holds, unless the region says otherwise.
PRECEDENCE = ("sharp", "deep_valley", "peak", "valley", "flat")
# First day of the first lunar month 正月初一, Beijing time: month and day of each year.
_LUNAR_NEW_YEARS = dict(
    zip(
        range(2000, 2051),
        """0205 0124 0212 0201 0122 0209 0129 0218 0207 0126
        0214 0203 0123 0210 0131 0219 0208 0128 0216 0205
        0125 0212 0201 0122 0210 0129 0217 0206 0126 0213
        0203 0123 0211 0131 0219 0208 0128 0215 0204 0124
        0212 0201 0122 0210 0130 0217 0206 0126 0214 0202
        0123""".split(),
        strict=True,
    )
)


def day_calendar(days: pd.DatetimeIndex, settings: Settings) -> pd.DataFrame:
    """Season and kind of each day.

    Parameters
    ----------
    days : DatetimeIndex of shape (n_days,)
        Civil days.
    settings : Settings
        `seasons` names the months; `calendar` the weekend, the country's public
        holidays (with the working weekends 调休 of China), single days that differ,
        school breaks and Spring Festivals. A listed working day wins over a holiday,
        a holiday over the weekday.

    Returns
    -------
    calendar : DataFrame of shape (n_days, 6)
        On the index `days`:

        - `season`;
        - `working`, False on rest days 休息日;
        - `holiday`, True on public holidays and the days off in lieu of them;
        - `spring_festival_day`, signed days from the nearest Lunar New Year's Day 春节,
          NaN where the years around are neither in the table (2000-2050) nor listed;
        - `school_break`, True within the breaks 寒暑假 that the region lists;
        - `estimated`, True where no notice on the year's holidays is known.

    Examples
    --------
    >>> from research.region.settings import Settings
    >>> settings = Settings.model_validate(
    ...     {"name": "demo", "title": {"en": "Demo"}, "timezone": "Asia/Shanghai",
    ...      "readings": {"resolution_minutes": 30, "stamp": "start",
    ...                   "clock": "Asia/Shanghai", "unit": "kWh"},
    ...      "calendar": {"country": "CN"}})
    >>> calendar = day_calendar(pd.date_range("2024-02-08", periods=3), settings)
    >>> calendar[["season", "working", "holiday", "spring_festival_day"]]
                season  working  holiday  spring_festival_day
    2024-02-08  winter     True    False                 -2.0
    2024-02-09  winter     True    False                 -1.0
    2024-02-10  winter    False     True                  0.0
    """
    season_of = {m: name for name, months in settings.seasons.items() for m in months}
    weekend = {WEEKDAYS.index(day) for day in settings.calendar.weekend}
    rest_days, working_days, estimated = _special_days(days, settings.calendar)
    worked, holiday = days.isin(working_days), days.isin(rest_days)
    rest = (days.day_of_week.isin(weekend) | holiday) & ~worked
    return pd.DataFrame(
        {
            "season": days.month.map(season_of).astype("str"),
            "working": ~rest,
            "holiday": holiday,
            "spring_festival_day": _spring_festival_day(days, settings),
            "school_break": within_spans(days, settings.calendar.school_breaks),
            "estimated": days.year.isin(estimated),
        },
        index=days,
    )


def calendar_limits(days: pd.DatetimeIndex, settings: Settings) -> pd.DataFrame:
    """What the calendar of `days` had to assume, zero counts included.

    Returns
    -------
    limits : DataFrame of shape (3, 3)
        `assumption`, how many of the `days` it touches, and the years (text such as
        "2027, 2028", empty where there are none).
    """
    calendar = settings.calendar
    table = day_calendar(days, settings)
    by_weekday = np.full(len(days), calendar.country is None)
    touched = {
        "holidays by law and weekends alone, no notice on working weekends known": (
            table["estimated"].to_numpy()
        ),
        "weekends and listed days alone, calendar.country is not stated": by_weekday,
        "no Spring Festival, calendar.lunar_new_year lacks the year": (
            table["spring_festival_day"].isna().to_numpy()
        ),
    }
    rows = [
        (assumption, int(mask.sum()), ", ".join(map(str, sorted(set(days.year[mask])))))
        for assumption, mask in touched.items()
    ]
    return pd.DataFrame(rows, columns=["assumption", "days", "years"])


def lunar_new_year(year: int, settings: Settings | None = None) -> dt.date:
    """Lunar New Year's Day 春节, the first day of the Spring Festival, of `year`.

    Parameters
    ----------
    year : int
        2000 to 2050, or a year that `calendar.lunar_new_year` of `settings` lists;
        what is listed there wins.

    Raises
    ------
    InputError
        If the year is neither in the table nor listed.

    Examples
    --------
    >>> lunar_new_year(2026)
    datetime.date(2026, 2, 17)
    """
    listed = settings.calendar.lunar_new_year if settings is not None else {}
    if year in listed:
        return listed[year]
    if year not in _LUNAR_NEW_YEARS:
        raise InputError(
            f"the Spring Festival of {year} is not known, only those of 2000 to 2050; "
            f"list it: calendar: {{lunar_new_year: {{{year}: {year}-MM-DD}}}}."
        )
    text = _LUNAR_NEW_YEARS[year]
    return dt.date(year, int(text[:2]), int(text[2:]))


def within_spans(days: pd.DatetimeIndex, spans: list[list[str]]) -> np.ndarray:
    """Whether each day lies in one of the `spans` of the year, both ends included.

    Parameters
    ----------
    days : DatetimeIndex of shape (n_days,)
    spans : list of pairs of "MM-DD"
        A span whose last day is before its first runs over the new year.

    Returns
    -------
    inside : array of bool of shape (n_days,)

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2024-12-31", "2025-03-15", "2025-03-16"])
    >>> within_spans(days, [["11-15", "03-15"]]).tolist()
    [True, True, False]
    """
    inside = np.zeros(len(days), dtype=bool)
    day_of_year = 100 * days.month.to_numpy() + days.day.to_numpy()
    for span in spans:
        first, last = (int(text.replace("-", "")) for text in span)
        after, before = day_of_year >= first, day_of_year <= last
        inside |= after & before if first <= last else after | before
    return inside


def _spring_festival_day(days: pd.DatetimeIndex, settings: Settings) -> np.ndarray:
    """Signed days to the nearest Lunar New Year; NaN outside the known years."""
    known = _LUNAR_NEW_YEARS.keys() | settings.calendar.lunar_new_year.keys()
    new_year = {year: lunar_new_year(year, settings) for year in known}
    # The nearest one is that of the own year or, from August on, of the next.
    distance = np.full(len(days), np.nan)
    for shift in (0, 1):
        festival = pd.DatetimeIndex([new_year.get(y + shift) for y in days.year])
        away = np.asarray((days.normalize() - festival).days, dtype=float)
        nearer = ~(np.abs(distance) <= np.abs(away)) & ~np.isnan(away)
        distance = np.where(nearer, away, distance)
    # Half a lunar year of up to 385 days: further off, the festival is not known.
    return np.where(np.abs(distance) <= 193, distance, np.nan)


def _special_days(
    days: pd.DatetimeIndex, calendar: Calendar
) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex, list[int]]:
    """Holidays, working days that the weekday does not tell, and estimated years."""
    working = set(calendar.working_days)
    rest = set(calendar.holidays) - working
    estimated: list[int] = []
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
        if calendar.country == "CN":
            # Every notice since 2001 moved a weekend: a year without one has none.
            told = {day.year for day in rest | working | public.weekend_workdays}
            estimated = [year for year in years if year not in told]
        rest |= set(public) - working
        working |= set(public.weekend_workdays) - set(calendar.holidays)
    return (
        pd.DatetimeIndex(sorted(rest)),
        pd.DatetimeIndex(sorted(working)),
        estimated,
    )


def tou_rules(
    calendar: pd.DataFrame, tou: list[TimeOfUse], usage_class: str | None = None
) -> np.ndarray:
    """Which rule of `tou` holds on each day: the first that names class and day.

    Parameters
    ----------
    calendar : DataFrame of shape (n_days, 2 or more)
        As `day_calendar` gives it.
    tou : list of TimeOfUse
    usage_class : str, optional
        Only rules that name this class, or no class, can hold. Unset: any rule can,
        as for the bands of the region as a whole.

    Returns
    -------
    rules : array of int of shape (n_days,)
        Positions in `tou`; -1 where no rule covers the day.
    """
    rules = np.full(len(calendar), -1)
    for position, rule in enumerate(tou):
        if usage_class and rule.classes is not None and usage_class not in rule.classes:
            continue
        chosen = (rules < 0) & calendar.index.month.isin(rule.months)
        if rule.days == "holiday":
            chosen &= calendar["holiday"].to_numpy()
        elif rule.days != "all":
            chosen &= calendar["working"].to_numpy() == (rule.days == "working")
        rules[chosen] = position
    return rules


def tou_bands(
    calendar: pd.DataFrame,
    n_slots: int,
    tou: list[TimeOfUse] | None,
    usage_class: str | None = None,
    precedence: Sequence[str] = PRECEDENCE,
) -> pd.DataFrame | None:
    """Time-of-use band 峰平谷时段 of each slot of each day.

    Parameters
    ----------
    calendar : DataFrame of shape (n_days, 2 or more)
        As `day_calendar` gives it.
    n_slots : int
        Slots a day.
    tou : list of TimeOfUse or None
        The region's rules. For a day the first rule that names its class, month and
        kind holds. Windows may cross midnight; their evening part belongs to the day
        on which it stands.
    usage_class : str, optional
        Class of the customers; unset, the classes of the rules are not looked at.
    precedence : sequence of str
        Where windows overlap, the first of these bands holds.

    Returns
    -------
    bands : DataFrame of shape (n_days, n_slots)
        Band names; None where there are no rules, or only one slot a day.

    Raises
    ------
    InputError
        If a window does not start and end on a slot, or a day has no rule.
    """
    if tou is None or n_slots == 1:
        return None
    rules = tou_rules(calendar, tou, usage_class)
    if (rules < 0).any():
        day = calendar.index[rules < 0][0]
        what = f" for {usage_class}" if usage_class else ""
        raise InputError(
            f"tou: no rule{what} covers {day:%Y-%m-%d}; add its month or kind."
        )
    bands = np.full((len(calendar), n_slots), "", dtype=object)
    for position in np.unique(rules):
        bands[rules == position] = _bands_of_a_day(tou[position], n_slots, precedence)
    return pd.DataFrame(bands, index=calendar.index)


def _bands_of_a_day(
    rule: TimeOfUse, n_slots: int, precedence: Sequence[str]
) -> np.ndarray:
    day = np.full(n_slots, rule.rest, dtype=object)
    for band in sorted(rule.bands, key=lambda b: -precedence.index(b.name)):
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
