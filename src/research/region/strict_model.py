"""The strict base of every setting, and the kinds of value that several share."""

import datetime as dt
import re
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Band = Literal["sharp", "peak", "flat", "valley", "deep_valley"]
BANDS: tuple[Band, ...] = ("sharp", "peak", "flat", "valley", "deep_valley")
UsageClass = Literal[
    "residential_urban",
    "residential_rural",
    "commercial",
    "non_industrial",
    "industrial_general",
    "industrial_large",
    "agri_production",
    "agri_irrigation",
    "wholesale",
    "unknown",
]
Month = Annotated[int, Field(ge=1, le=12)]
Share = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


def _clock_window(window: str) -> str:
    hours = r"(?:[01]\d|2[0-3]):(?:00|15|30|45)"
    if not re.fullmatch(rf"{hours}-(?:{hours}|24:00)", window):
        raise ValueError(
            'a window of the clock is written "22:00-06:00", on quarters of an hour'
        )
    return window


def _month_day(text: str) -> str:
    try:
        # 2024 has a 29 February.
        dt.date.fromisoformat(f"2024-{text}")
    except ValueError:
        raise ValueError('a day of any year is written "MM-DD"') from None
    return text


ClockWindow = Annotated[str, AfterValidator(_clock_window)]
MonthDay = Annotated[str, AfterValidator(_month_day)]
# First and last day of a stretch that may run over the new year.
DaySpan = Annotated[list[MonthDay], Field(min_length=2, max_length=2)]


class Strict(BaseModel):
    """No unknown keys, no conversion between types, no change after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def increasing(values: list[float], what: str) -> None:
    """Refuse `values` that do not grow from each to the next."""
    if any(b <= a for a, b in pairwise(values)):
        raise ValueError(f"{what} must grow from each to the next")
