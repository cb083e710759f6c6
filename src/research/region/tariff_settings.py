"""What `region.yaml` says about prices, bills and late payment.

No price has a default: a region that does not state one gets no money computed.
"""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from research.region.strict_model import (
    BANDS,
    Band,
    ClockWindow,
    Month,
    NotNegative,
    Positive,
    Share,
    Strict,
    UsageClass,
    increasing,
)


class BandWindow(Strict):
    """The clock windows of one time-of-use band 时段, and its price.

    The price is `x` times the rule's `base_yuan`, or `yuan` a kWh.
    """

    name: Band
    at: list[ClockWindow]
    x: Positive | None = None
    yuan: NotNegative | None = None

    @model_validator(mode="after")
    def _one_price(self) -> "BandWindow":
        if self.x is not None and self.yuan is not None:
            raise ValueError("a band has x or yuan, not both")
        return self


class TimeOfUse(Strict):
    """Time-of-use bands 峰平谷 of some classes, months and kinds of day."""

    classes: Annotated[list[UsageClass], Field(min_length=1)] | None = None
    months: list[Month] = Field(list(range(1, 13)))
    days: Literal["all", "working", "rest", "holiday"] = "all"
    optional: bool = False
    bands: list[BandWindow]
    rest: Band = "flat"
    base_yuan: Positive | None = None

    @property
    def priced(self) -> bool:
        """Whether the rule says what a kWh costs, or only when each band is."""
        stated = [band.x is not None or band.yuan is not None for band in self.bands]
        return self.base_yuan is not None or any(stated)

    @property
    def prices(self) -> dict[str, float]:
        """Price of each band in yuan/kWh."""
        if not self.priced:
            return {}
        base = self.base_yuan
        prices = {} if base is None else {"flat": base}
        for band in self.bands:
            if band.yuan is not None:
                prices[band.name] = band.yuan
            elif band.x is not None and base is not None:
                prices[band.name] = round(base * band.x, 6)
        return prices

    @model_validator(mode="after")
    def _prices_fit(self) -> "TimeOfUse":
        if not self.priced:
            return self
        if self.base_yuan is None and any(band.x is not None for band in self.bands):
            raise ValueError("x is a multiple of base_yuan; state base_yuan")
        stated = [
            (band.name, band.x, band.yuan)
            for band in self.bands
            if band.x is not None or band.yuan is not None
        ]
        if len(set(stated)) > len({name for name, _, _ in stated}):
            raise ValueError("a band stands here twice with different prices")
        used = {band.name for band in self.bands}
        used |= set() if _whole_day(self.bands) else {self.rest}
        lacking = [band for band in BANDS if band in used - set(self.prices)]
        if lacking:
            raise ValueError(
                f"band {lacking[0]} has no price; give it x (with base_yuan) or yuan, "
                f"for a band without windows as {{name: {lacking[0]}, at: [], x: ...}}"
            )
        ranked = [self.prices[band] for band in BANDS if band in self.prices]
        if any(later > dear for dear, later in pairwise(ranked)):
            raise ValueError(
                f"prices must not rise from sharp over peak, flat and valley to "
                f"deep_valley, found {self.prices}"
            )
        return self


def _whole_day(bands: list[BandWindow]) -> bool:
    """Whether the windows leave no minute of the day to the band `rest`."""
    open_minutes = set(range(24 * 60))
    for window in (w for band in bands for w in band.at):
        start, end = (60 * int(t[:2]) + int(t[3:]) for t in window.split("-"))
        if start < end:
            open_minutes -= set(range(start, end))
        else:
            open_minutes -= set(range(start, 24 * 60)) | set(range(end))
    return not open_minutes


class BigHousehold(Strict):
    """More energy in the lower tiers for homes of many persons."""

    persons: Annotated[int, Field(ge=2, le=20)] = 5
    extra_kwh_month: Positive


class ResidentialTiers(Strict):
    """Tiered prices of homes 居民阶梯电价, reckoned by the month or the year."""

    reckoning: Literal["month", "year"]
    bounds_kwh: Annotated[list[Positive], Field(min_length=1, max_length=5)]
    yuan: Annotated[list[Positive], Field(min_length=2, max_length=6)]
    big_household: BigHousehold | None = None
    free_kwh_low_income: NotNegative = 0.0

    @model_validator(mode="after")
    def _tiers_fit(self) -> "ResidentialTiers":
        increasing(self.bounds_kwh, "bounds_kwh")
        if len(self.yuan) != len(self.bounds_kwh) + 1:
            raise ValueError(
                f"one more price than bounds is wanted: {len(self.bounds_kwh)} bounds "
                f"need {len(self.bounds_kwh) + 1} prices, found {len(self.yuan)}"
            )
        increasing(self.yuan, "yuan")
        return self


class Agriculture(Strict):
    """Single prices of farming and irrigation 农业生产, 农业排灌, in yuan/kWh.

    With `tou` the bands of the `tou` rules that name the classes hold instead.
    """

    yuan: Positive
    irrigation_yuan: Positive | None = None
    tou: bool = False


class EnergyPerCapacity(Strict):
    """A lower demand price from `at` kWh a month and kVA on."""

    at: Positive = 260.0
    factor: Annotated[float, Field(gt=0, le=1)] = 0.9


class TwoPart(Strict):
    """The two-part tariff 两部制电价 of commerce and industry: its basic charge."""

    min_kva: Positive = 315.0
    choice_kva: Annotated[list[Positive], Field(min_length=2, max_length=2)] = Field(
        [100.0, 315.0]
    )
    cap_yuan_kva: Positive
    dem_yuan_kw: Positive
    kwh_per_kva_discount: EnergyPerCapacity | None = EnergyPerCapacity()
    contract_floor: Share = 0.40
    contract_tolerance: Annotated[float, Field(ge=1, le=2)] = 1.05
    window_min: Literal[15, 30, 60] = 15

    @model_validator(mode="after")
    def _bounds_fit(self) -> "TwoPart":
        increasing(self.choice_kva, "choice_kva")
        if self.choice_kva[1] > self.min_kva:
            raise ValueError(
                f"choice_kva ends at {self.choice_kva[1]:g}, above min_kva "
                f"{self.min_kva:g}, from where two-part is a must"
            )
        if not 0.5 <= self.dem_yuan_kw / self.cap_yuan_kva <= 5:
            raise ValueError(
                f"dem_yuan_kw {self.dem_yuan_kw:g} must be 0.5 to 5 times cap_yuan_kva "
                f"{self.cap_yuan_kva:g}, both yuan a month"
            )
        return self


def _of_the_measure(standard: float) -> float:
    if standard not in (0.80, 0.85, 0.90):
        raise ValueError("the measure of 1983 knows the standards 0.80, 0.85 and 0.90")
    return standard


Standard = Annotated[float, AfterValidator(_of_the_measure)]


class PowerFactorStandards(Strict):
    """Standard power factors 功率因数标准 of the groups of customers."""

    hv_industry_160: Standard = 0.90
    other_100: Standard = 0.85
    agri_100: Standard = 0.80


class PowerFactor(Strict):
    """Adjustment by the power factor 力调电费, and what it is a share of."""

    standards: PowerFactorStandards = PowerFactorStandards()
    base: Annotated[
        list[Literal["basic", "energy", "funds"]], Field(min_length=1, max_length=3)
    ] = Field(["basic", "energy"])
    table: Literal["rule1983"] = "rule1983"


class LateFee(Strict):
    """Late-payment charge 违约金 a day, as a share of the amount."""

    residential: Annotated[float, Field(ge=0, le=0.01)] = 0.001
    other: Annotated[float, Field(ge=0, le=0.01)] = 0.002
    other_prior_year: Annotated[float, Field(ge=0, le=0.01)] = 0.003
    min_yuan: NotNegative = 0.0
    due_day: Annotated[int, Field(ge=1, le=31)] = 25

    @model_validator(mode="after")
    def _ordered(self) -> "LateFee":
        if self.other_prior_year < self.other:
            raise ValueError(
                f"other_prior_year {self.other_prior_year} is below other {self.other}"
            )
        return self
