"""Prices and bills: all that turns energy, demand and delay into money."""

from research.region.tariff.bill import bill_lines, unpriced, year_to_date
from research.region.tariff.late_payment import days_overdue, late_fee
from research.region.tariff.money import round_yuan
from research.region.tariff.reactive import (
    power_factor,
    power_factor_rate,
    power_factor_standard,
)
from research.region.tariff.tiers import daily_tier_cost, tier_bounds
from research.region.tariff.time_of_use import (
    energy_by_band,
    month_prices,
    tou_prices,
    tou_status,
)
from research.region.tariff.two_part import (
    basic_charge,
    break_even_demand,
    demand_price,
    two_part_status,
)

__all__ = [
    "basic_charge",
    "bill_lines",
    "break_even_demand",
    "daily_tier_cost",
    "days_overdue",
    "demand_price",
    "energy_by_band",
    "late_fee",
    "month_prices",
    "power_factor",
    "power_factor_rate",
    "power_factor_standard",
    "round_yuan",
    "tier_bounds",
    "tou_prices",
    "tou_status",
    "two_part_status",
    "unpriced",
    "year_to_date",
]
