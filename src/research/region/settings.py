"""`region.yaml`: what a region declares about itself, checked key by key."""

import datetime as dt
import difflib
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from research.region.errors import InputError
from research.region.strict_yaml import Lines, read_yaml

FILE_NAME = "region.yaml"
Band = Literal["sharp", "peak", "flat", "valley", "deep_valley"]
Season = Literal["winter", "spring", "summer", "autumn"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Month = Annotated[int, Field(ge=1, le=12)]

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


def _time_zone(zone: str) -> str:
    known = available_timezones()
    if zone not in known:
        near = [_MISTAKEN_ZONES[zone]] if zone in _MISTAKEN_ZONES else []
        near += difflib.get_close_matches(zone, sorted(known), n=2)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"an IANA time zone such as Asia/Shanghai is wanted{hint}")
    return zone


def _clock_window(window: str) -> str:
    hours = r"(?:[01]\d|2[0-3]):[0-5]\d"
    if not re.fullmatch(rf"{hours}-(?:{hours}|24:00)", window):
        raise ValueError('a window of the clock is written "22:00-06:00"')
    return window


TimeZone = Annotated[str, AfterValidator(_time_zone)]


class _Strict(BaseModel):
    """No unknown keys, no conversion between types, no change after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Title(_Strict):
    """The region's name as a reader sees it."""

    en: str
    zh: str = ""


class Source(_Strict):
    """Where the data come from and on what terms they may be shown."""

    publisher: str = ""
    licence: str = ""
    attribution: str = ""
    synthetic: bool = False


class Readings(_Strict):
    """How the readings were taken: declared here, never guessed from the data."""

    resolution_minutes: Literal[15, 30, 60, 1440]
    stamp: Literal["start", "end"]
    clock: TimeZone
    unit: Literal["kWh"]
    export: bool = False
    max_kw: Annotated[float, Field(gt=0)] | None = None


class Calendar(_Strict):
    """Which days are rest days 休息日; adjusted working days 调休 win over weekends."""

    country: str | None = None
    subdivision: str | None = None
    weekend: list[Weekday] = ["sat", "sun"]
    holidays: list[dt.date] = []
    working_days: list[dt.date] = []


class BandWindow(_Strict):
    """The clock windows of one time-of-use band 时段."""

    name: Band
    at: list[Annotated[str, AfterValidator(_clock_window)]]


class TimeOfUse(_Strict):
    """Time-of-use bands 峰平谷 of some months and kinds of day."""

    months: list[Month] = list(range(1, 13))
    days: Literal["all", "working", "rest"] = "all"
    bands: list[BandWindow]
    rest: Band = "flat"


class Quality(_Strict):
    """Thresholds of the data-quality rules."""

    complete_day_share: Annotated[float, Field(gt=0, le=1)] = 0.9375
    min_complete_days: Annotated[int, Field(ge=1, le=366)] = 28
    spike_factor: Annotated[float, Field(gt=1)] = 5.0
    frozen_hours: Annotated[float, Field(gt=0)] = 12.0
    zero_hours: Annotated[float, Field(gt=0)] = 48.0


class Segmentation(_Strict):
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


class Period(_Strict):
    """First and last day that the notebooks look at; unset means all days."""

    start: dt.date | None = None
    end: dt.date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "Period":
        if self.start and self.end and self.start > self.end:
            raise ValueError(f"start {self.start} is after end {self.end}")
        return self


class Privacy(_Strict):
    """What may leave the house; a row of one customer only if this says so."""

    publish_customer_rows: bool = False


class Settings(_Strict):
    """All that `region.yaml` may say."""

    name: Annotated[str, AfterValidator(_region_name)]
    title: Title
    timezone: TimeZone
    source: Source = Source()
    readings: Readings
    calendar: Calendar = Calendar()
    seasons: dict[Season, list[Month]] = {
        "winter": [12, 1, 2],
        "spring": [3, 4, 5],
        "summer": [6, 7, 8],
        "autumn": [9, 10, 11],
    }
    tou: list[TimeOfUse] | None = None
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
        faults = [_fault(fault, lines, path) for fault in error.errors()]
        raise InputError("\n".join(faults)) from None


def _fault(fault: Any, lines: Lines, path: Path) -> str:
    where = tuple(fault["loc"])
    line = next(
        lines[where[:n]] for n in range(len(where), -1, -1) if where[:n] in lines
    )
    key = ".".join(str(part) for part in where) or "settings"
    place = f"{path} line {line}, {key}"
    if fault["type"] == "missing":
        return f"{place}: this key is required and missing. {_allowed(where)}".strip()
    if fault["type"] == "extra_forbidden":
        known = _keys_at(where[:-1])
        near = difflib.get_close_matches(str(where[-1]), known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"{place}: unknown key.{hint} Allowed: {', '.join(known)}."
    found = json.dumps(fault["input"], ensure_ascii=False, default=str)
    found = found if len(found) <= 80 else f"{found[:77]}..."
    wanted = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{place}: found {found}; {wanted}. {_allowed(where)}".strip()


def _model_at(where: tuple[Any, ...]) -> type[BaseModel] | None:
    model: Any = Settings
    for part in where:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        if field is None:
            return None
        model = next(
            (t for t in _types_in(field.annotation) if hasattr(t, "model_fields")), None
        )
        if model is None:
            return None
    return model


def _types_in(annotation: Any) -> list[Any]:
    inner = [t for part in get_args(annotation) for t in _types_in(part)]
    return inner or [annotation]


def _keys_at(where: tuple[Any, ...]) -> list[str]:
    model = _model_at(where)
    return sorted(model.model_fields) if model else []


def _allowed(where: tuple[Any, ...]) -> str:
    """One example of what may stand at `where`, for keys people get wrong most."""
    examples = {
        ("name",): 'Example: name: "linqing"',
        ("timezone",): "Example: timezone: Asia/Shanghai",
        ("title",): "Example: title: {en: Linqing, zh: 临清}",
        ("readings",): (
            "Example: readings: {resolution_minutes: 15, stamp: start, "
            "clock: Asia/Shanghai, unit: kWh}"
        ),
        ("readings", "unit"): "kWh is energy; kW and MW are power.",
        ("segmentation", "n_clusters"): "A whole number from 2 to 50.",
        ("segmentation", "seed"): "A whole number from 0 to 4294967295.",
    }
    return examples.get(where, "")
