"""`region.yaml`: what a region declares about itself, checked key by key."""

import datetime as dt
import difflib
import json
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from research.region.errors import InputError
from research.region.service_settings import (
    Channel,
    Credit,
    GridLimits,
    Ids,
    Points,
    Prepaid,
    Tickets,
    VoltageLimits,
)
from research.region.settings_faults import told
from research.region.strict_model import BANDS, Band, DaySpan, Month, Strict
from research.region.strict_yaml import read_yaml
from research.region.tariff_settings import (
    Agriculture,
    LateFee,
    PowerFactor,
    ResidentialTiers,
    TimeOfUse,
    TwoPart,
)

FILE_NAME = "region.yaml"
Season = Literal["winter", "spring", "summer", "autumn"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

# Windows can not hold files of these names, and a region's name becomes a folder.
_RESERVED = {"con", "prn", "aux", "nul", "assets", "failed"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)
}
_MISTAKEN_ZONES = {
    "Asia/Beijing": "Asia/Shanghai",
    "Asia/Peking": "Asia/Shanghai",
    "China": "Asia/Shanghai",
    "Beijing": "Asia/Shanghai",
    "GMT+8": "Asia/Shanghai",
    "UTC+8": "Asia/Shanghai",
    "London": "Europe/London",
}


def _region_name(name: str) -> str:
    if not re.fullmatch(r"\w[\w-]{0,63}", name) or name.lower() in _RESERVED:
        raise ValueError(
            "a name holds letters of any script, digits, _ and -, at most 64, "
            "starts with a letter or digit, and is no reserved word"
        )
    return name


@cache
def _time_zones() -> frozenset[str]:
    """Names of all time zones; to list them reads files for 20 ms."""
    return frozenset(available_timezones())


def _time_zone(zone: str) -> str:
    known = _time_zones()
    if zone not in known:
        near = [_MISTAKEN_ZONES[zone]] if zone in _MISTAKEN_ZONES else []
        near += difflib.get_close_matches(zone, sorted(known), n=2)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"an IANA time zone such as Asia/Shanghai is wanted{hint}")
    return zone


TimeZone = Annotated[str, AfterValidator(_time_zone)]


class Title(Strict):
    """The region's name as a reader sees it."""

    en: str
    zh: str = ""


class Source(Strict):
    """Where the data come from and on what terms they may be shown.

    `open_data` says that anyone may have the rows of the customers already.
    """

    publisher: str = ""
    licence: str = ""
    attribution: str = ""
    synthetic: bool = False
    open_data: bool = False


class Readings(Strict):
    """How the readings were taken: declared here, never guessed from the data."""

    resolution_minutes: Literal[15, 30, 60, 1440]
    stamp: Literal["start", "end"]
    clock: TimeZone
    unit: Literal["kWh"]
    export: bool = False
    max_kw: Annotated[float, Field(gt=0)] | None = None


class Climate(Strict):
    """Where the region lies, and its cooling and heating limits in °C.

    `heating_season` is the first and last day of district heating 供暖期.
    """

    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    cool_above: Annotated[float, Field(ge=0, le=40)] = 26.0
    heat_below: Annotated[float, Field(ge=-20, le=25)] = 5.0
    heating_season: DaySpan | None = None
    heating: Literal["district", "electric", "none"] = "none"

    @model_validator(mode="after")
    def _ordered(self) -> "Climate":
        if self.heat_below >= self.cool_above:
            raise ValueError(
                f"heat_below {self.heat_below:g} must be below cool_above "
                f"{self.cool_above:g}"
            )
        return self


class Calendar(Strict):
    """Which days are rest days 休息日; adjusted working days 调休 win over weekends.

    `school_breaks` are first and last days of each year; `lunar_new_year` adds
    or corrects a year of the table of Spring Festivals 春节.
    """

    country: str | None = None
    subdivision: str | None = None
    weekend: list[Weekday] = Field(["sat", "sun"])
    holidays: list[dt.date] = Field([])
    working_days: list[dt.date] = Field([])
    school_breaks: list[DaySpan] = Field([])
    lunar_new_year: dict[int, dt.date] = Field({})

    @model_validator(mode="after")
    def _new_years_in_their_year(self) -> "Calendar":
        for year, day in self.lunar_new_year.items():
            if day.year != year or not (1, 20) <= (day.month, day.day) <= (2, 22):
                raise ValueError(
                    f"lunar_new_year {year}: {day} is no Spring Festival; a day of "
                    f"{year} from 20 January to 22 February is wanted"
                )
        return self


class Quality(Strict):
    """Thresholds of the data-quality rules, what each does, and when to stop.

    `error_if` is the highest share of rows that a rule may find.
    """

    complete_day_share: Annotated[float, Field(gt=0, le=1)] = 0.9375
    min_complete_days: Annotated[int, Field(ge=1, le=366)] = 28
    spike_factor: Annotated[float, Field(gt=1)] = 5.0
    frozen_hours: Annotated[float, Field(gt=0)] = 12.0
    zero_hours: Annotated[float, Field(gt=0)] = 48.0
    rules: dict[str, Literal["keep", "mark", "repair", "leave_out", "off"]] = Field({})
    error_if: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field({})


class Segmentation(Strict):
    """How many segments to look for; `n_clusters` unset means by evidence."""

    n_clusters: Annotated[int, Field(ge=2, le=50)] | None = Field(
        default=None, validate_default=False
    )
    k_min: Annotated[int, Field(ge=2, le=50)] = 2
    k_max: Annotated[int, Field(ge=2, le=50)] = 10
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @model_validator(mode="before")
    @classmethod
    def _unset_is_left_out(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("n_clusters", 0) is None:
            raise ValueError("n_clusters is null; leave the key out to let k be chosen")
        return values

    @model_validator(mode="after")
    def _ordered(self) -> "Segmentation":
        if self.k_min > self.k_max:
            raise ValueError(f"k_min {self.k_min} is above k_max {self.k_max}")
        return self


class Period(Strict):
    """First and last day that the notebooks look at; unset means all days."""

    start: dt.date | None = None
    end: dt.date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "Period":
        if self.start and self.end and self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")
        return self


USUAL_MIN_CELL = 15
_GONE_FROM_PRIVACY = {
    "publish_customer_rows": "no page shows a row of one customer; `publish: internal` "
    "allows worklists outside the pages",
    "pseudonymise": "ids never stand on a page, and worklists always hold pseudonyms",
}


class Privacy(Strict):
    """What may leave the house: groups of at least `min_cell` customers.

    `publish` is "public", or "internal" where worklists of single customers may be
    written beside the pages. Less than the usual `min_cell` is for open data.
    """

    publish: Literal["public", "internal"] = "public"
    min_cell: Annotated[int, Field(ge=5, le=1000)] = USUAL_MIN_CELL

    @property
    def largest_share(self) -> float:
        """Most that one customer may have of a sum: 15 %, more in smaller groups."""
        return 0.15 * max(USUAL_MIN_CELL / self.min_cell, 1.0)

    @model_validator(mode="before")
    @classmethod
    def _nothing_that_is_gone(cls, values: Any) -> Any:
        gone = [
            key
            for key in _GONE_FROM_PRIVACY
            if isinstance(values, dict) and key in values
        ]
        if gone:
            raise ValueError(
                f"{gone[0]} is no key any more: {_GONE_FROM_PRIVACY[gone[0]]}"
            )
        return values


class Settings(Strict):
    """All that `region.yaml` may say."""

    name: Annotated[str, AfterValidator(_region_name)]
    title: Title
    timezone: TimeZone
    source: Source = Source()
    readings: Readings | None = None
    calendar: Calendar = Calendar()
    seasons: dict[Season, list[Month]] = Field(
        {
            "winter": [12, 1, 2],
            "spring": [3, 4, 5],
            "summer": [6, 7, 8],
            "autumn": [9, 10, 11],
        }
    )
    climate: Climate | None = None
    tou: list[TimeOfUse] | None = None
    # Where two windows of a day overlap, the first of these holds.
    precedence: list[Band] = Field(["sharp", "deep_valley", "peak", "valley", "flat"])
    residential_tiers: ResidentialTiers | None = None
    agriculture: Agriculture | None = None
    two_part: TwoPart | None = None
    power_factor: PowerFactor | None = None
    late_fee: LateFee | None = None
    # Government funds a kWh, of commerce and industry alone: the catalogue prices of
    # homes and farms contain them.
    funds_yuan: Annotated[float, Field(ge=0, le=1)] = 0.0
    prepaid: Prepaid | None = None
    channels: list[Channel] = Field([])
    ids: Ids = Ids()
    grid: GridLimits = GridLimits()
    voltage_limits: VoltageLimits = VoltageLimits()
    points: Points | None = None
    tickets: Tickets = Tickets()
    credit: Credit | None = None
    # As-of date: payments after it are not used.
    reference_date: dt.date | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"
    period: Period = Period()
    quality: Quality = Quality()
    segmentation: Segmentation = Segmentation()
    privacy: Privacy = Privacy()

    @model_validator(mode="after")
    def _each_month_once(self) -> "Settings":
        months = sorted(m for season in self.seasons.values() for m in season)
        if months != list(range(1, 13)):
            raise ValueError(f"seasons must name each month once, found {months}")
        return self

    @field_validator("privacy")
    @classmethod
    def _small_cells_are_for_open_data(
        cls, privacy: Privacy, info: ValidationInfo
    ) -> Privacy:
        source = info.data.get("source")
        if privacy.min_cell < USUAL_MIN_CELL and source and not source.open_data:
            raise ValueError(
                f"min_cell {privacy.min_cell} is below {USUAL_MIN_CELL}, which only "
                "open data may have; raise it, or declare `source: {open_data: true}` "
                "where anyone may have the rows already"
            )
        return privacy

    @field_validator("precedence")
    @classmethod
    def _each_band_once(cls, precedence: list[Band]) -> list[Band]:
        if sorted(precedence) != sorted(BANDS):
            raise ValueError(f"each of {', '.join(BANDS)} is wanted once")
        return precedence

    @field_validator("channels")
    @classmethod
    def _each_channel_once(cls, channels: list[Channel]) -> list[Channel]:
        codes = [channel.code for channel in channels]
        again = next((code for code in codes if codes.count(code) > 1), None)
        if again is not None:
            raise ValueError(f"channel {again!r} stands here twice; keep one")
        return channels


def read_settings(path: Path) -> Settings:
    """Settings of the region file `path`, all checked.

    Raises
    ------
    InputError
        Names the file, the line, the key, what was found and what is allowed, for
        every fault at once.
    """
    values, lines = read_yaml(path)
    if not isinstance(values, dict):
        raise InputError(f"{path} line 1: keys and values are wanted, found a list.")
    try:
        return Settings.model_validate_json(json.dumps(values))
    except ValidationError as error:
        faults = [told(fault, lines, path, Settings) for fault in error.errors()]
        raise InputError("\n".join(faults)) from None
