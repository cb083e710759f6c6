"""What `region.yaml` says about prepayment, channels, tickets, points and the grid."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from research.region.strict_model import (
    Count,
    Finite,
    NotNegative,
    Positive,
    Strict,
    increasing,
)

Code = Annotated[str, Field(min_length=1, max_length=64)]


class TripClasses(Strict):
    """Trips a year from which a home is called occasional or frequent."""

    occasional: Count = 1
    frequent: Count = 2

    @model_validator(mode="after")
    def _ordered(self) -> "TripClasses":
        if self.frequent <= self.occasional:
            raise ValueError(
                f"frequent {self.frequent} must be above occasional {self.occasional}"
            )
        return self


class Prepaid(Strict):
    """Prepayment and cost control 费控: balances that warn, alert and trip."""

    mode: Literal["local", "remote"]
    trip_yuan: Finite
    alert_yuan: Finite
    warn_yuan: Finite
    grace_days: Annotated[int, Field(ge=0, le=90)] = 0
    callback_hours: Positive = 24.0
    classes: TripClasses = TripClasses()

    @model_validator(mode="after")
    def _ordered(self) -> "Prepaid":
        if not self.trip_yuan < self.alert_yuan <= self.warn_yuan:
            raise ValueError(
                f"trip_yuan {self.trip_yuan:g} < alert_yuan {self.alert_yuan:g} <= "
                f"warn_yuan {self.warn_yuan:g} is wanted"
            )
        return self


class Channel(Strict):
    """A way to pay 缴费渠道 and what a payment through it costs the utility.

    `fee_rate` is a share of the amount; the other two are yuan a payment.
    """

    code: Code
    online: bool
    fee_per_txn: NotNegative = 0.0
    fee_rate: Annotated[float, Field(ge=0, le=0.1)] = 0.0
    fixed_per_txn: NotNegative = 0.0


class Ids(Strict):
    """Customer numbers 户号: how many digits they have, leading zeros counted."""

    width: Annotated[int, Field(ge=1, le=32)] | None = None


class GridLimits(Strict):
    """Load over capacity from which a transformer is heavily loaded 重载 or over 过载.

    The load must stay there for `hours`.
    """

    heavy: Annotated[float, Field(gt=0, le=1)] = 0.8
    overload: Annotated[float, Field(gt=0, le=2)] = 1.0
    hours: Annotated[float, Field(gt=0, le=24)] = 2.0

    @model_validator(mode="after")
    def _ordered(self) -> "GridLimits":
        if self.heavy >= self.overload:
            raise ValueError(
                f"heavy {self.heavy} must be below overload {self.overload}"
            )
        return self


def _below_and_above(limits: list[float]) -> list[float]:
    if not -0.5 <= limits[0] < 0 < limits[1] <= 0.5:
        raise ValueError(
            "two shares of the nominal voltage are wanted, one below and one above 0"
        )
    return limits


Deviation = Annotated[
    list[float],
    Field(min_length=2, max_length=2),
    AfterValidator(_below_and_above),
]


class VoltageLimits(Strict):
    """Allowed deviation of the supply voltage, as shares of the nominal one.

    `lv_single` is 220 V; `mv` is three-phase supply of 10 kV and less.
    """

    lv_single: Deviation = Field([-0.10, 0.07])
    mv: Deviation = Field([-0.07, 0.07])


class Points(Strict):
    """Points 积分 for payments: how they are earned, worth and lost.

    `tiers` are pairs of an amount in yuan and the multiplier from there on.
    """

    per_yuan: NotNegative
    tiers: Annotated[
        list[Annotated[list[NotNegative], Field(min_length=2, max_length=2)]],
        Field(min_length=1),
    ] = Field([[0.0, 1.0]])
    channel_mult: dict[Code, NotNegative] = Field({})
    value_yuan: NotNegative
    expiry_months: Annotated[int, Field(ge=1, le=120)] = 24
    caps_month: Count | None = None

    @model_validator(mode="after")
    def _tiers_fit(self) -> "Points":
        increasing([amount for amount, _ in self.tiers], "the amounts of tiers")
        if self.tiers[0][0] != 0:
            raise ValueError(f"the first tier begins at 0, found {self.tiers[0][0]:g}")
        return self


class FrequentOutage(Strict):
    """Frequent outage 频繁停电: at least `count` outages within `days`."""

    count: Annotated[int, Field(ge=2)] = 3
    days: Annotated[int, Field(ge=1, le=366)] = 60


class Tickets(Strict):
    """Tickets 95598工单: their kinds, time limits and what counts as again."""

    types: list[Code] | None = None
    complaint_classes: list[Code] | None = None
    map: Code | None = None
    limits_hours: dict[Code, Positive] = Field({"contact": 24.0})
    limits_workdays: dict[Code, Positive] = Field(
        {
            "complaint": 4.0,
            "report": 9.0,
            "opinion": 9.0,
            "service_meter": 4.0,
            "service_reading": 6.0,
            "service_other": 5.0,
        }
    )
    repeat_days: Annotated[int, Field(ge=1, le=366)] = 60
    frequent_outage: FrequentOutage = FrequentOutage()


def _inside(path: str) -> str:
    if path.startswith(("/", "\\")) or ".." in path.replace("\\", "/").split("/"):
        raise ValueError("a path inside the region's folder is wanted")
    return path


class Credit(Strict):
    """Credit grades 信用等级 and who judged the weights.

    `grades` maps each grade but the worst to its least score, the best first; `worst`
    names the grade below them. `judgements` is a file of pairwise comparisons, its path
    seen from the region's folder.
    """

    grades: dict[Code, Annotated[float, Field(gt=0, le=100)]] | None = Field(
        default=None, validate_default=False
    )
    worst: Code = "D"
    judgements: Annotated[Code, AfterValidator(_inside)] | None = Field(
        default=None, validate_default=False
    )

    @model_validator(mode="after")
    def _fall(self) -> "Credit":
        grades = self.grades or {}
        if any(b >= a for a, b in pairwise(grades.values())):
            raise ValueError(
                "the scores of grades must fall from each to the next, the best first"
            )
        if self.worst in grades:
            raise ValueError(
                f"{self.worst!r} is the worst grade and has no score of its own; leave "
                "it out of grades"
            )
        return self
