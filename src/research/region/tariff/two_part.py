"""The two-part tariff 两部制电价: who pays a basic charge, and how much.

Periods of 2023-2026: single up to 100 kVA, free choice up to 315 kVA, two-part from
there on; demand at 260 kWh per kVA and month and more at nine tenths of the price
(NDRC, Fagai Jiage [2023] 526). Contract demand: Fagai Ban Jiage [2016] 1583.
"""

import numpy as np

from research.region.errors import NotApplicable
from research.region.settings import Settings
from research.region.tariff_settings import TwoPart


def two_part_of(settings: Settings) -> TwoPart:
    """Two-part tariff the region declares; `NotApplicable` where it declares none."""
    if settings.two_part is None:
        raise NotApplicable(
            "region.yaml declares no two_part; without prices of capacity and demand "
            "no basic charge can be computed."
        )
    return settings.two_part


def two_part_status(contract_kva: np.ndarray, settings: Settings) -> np.ndarray:
    """Whether customers of commerce and industry may or must choose two-part.

    Parameters
    ----------
    contract_kva : array of shape (n,)
    settings : Settings
        `two_part`: up to the first of `choice_kva` single, from `min_kva` on two-part.

    Returns
    -------
    status : array of str of shape (n,)
        ``single``, ``may`` or ``must``; empty where the capacity is NaN.

    Examples
    --------
    >>> from research.region.settings import Settings
    >>> settings = Settings.model_validate(
    ...     {"name": "demo", "title": {"en": "Demo"}, "timezone": "Asia/Shanghai",
    ...      "readings": {"resolution_minutes": 30, "stamp": "start",
    ...                   "clock": "Asia/Shanghai", "unit": "kWh"},
    ...      "two_part": {"cap_yuan_kva": 28, "dem_yuan_kw": 42}})
    >>> two_part_status(np.array([100.0, 101.0, 315.0]), settings).tolist()
    ['single', 'may', 'must']
    """
    rule = two_part_of(settings)
    kva = np.asarray(contract_kva, dtype=float)
    return np.select(
        [kva >= rule.min_kva, kva > rule.choice_kva[0], kva <= rule.choice_kva[0]],
        ["must", "may", "single"],
        default="",
    )


def demand_price(
    kwh: np.ndarray, contract_kva: np.ndarray, settings: Settings
) -> np.ndarray:
    """Price of a kW of demand, lower for customers who use their capacity well.

    Parameters
    ----------
    kwh, contract_kva : array of shape (n,)
        Energy of the month and contract capacity.

    Returns
    -------
    price : array of shape (n,)
        [CNY/kW]; the full price where the energy is NaN.
    """
    rule = two_part_of(settings)
    price = np.full(len(contract_kva), rule.dem_yuan_kw)
    if rule.kwh_per_kva_discount is not None:
        enough = rule.kwh_per_kva_discount.at * np.asarray(contract_kva, dtype=float)
        price[np.asarray(kwh, dtype=float) >= enough] *= (
            rule.kwh_per_kva_discount.factor
        )
    return price


def break_even_demand(
    kwh: np.ndarray, contract_kva: np.ndarray, settings: Settings
) -> np.ndarray:
    """Demand below which charging by demand is cheaper than by capacity. [kW].

    Parameters
    ----------
    kwh, contract_kva : array of shape (n,)

    Returns
    -------
    demand : array of shape (n,)
        kVA x price of capacity / price of demand.
    """
    price = demand_price(kwh, contract_kva, settings)
    return np.asarray(contract_kva) * two_part_of(settings).cap_yuan_kva / price


def basic_charge(
    mode: np.ndarray,
    contract_kva: np.ndarray,
    settings: Settings,
    *,
    kwh: np.ndarray,
    max_demand_kw: np.ndarray,
    contract_demand_kw: np.ndarray,
) -> np.ndarray:
    """Basic charge 基本电费 of a month, not rounded.

    By capacity: kVA x price. By actual demand: the month's maximum demand x price. By
    contract demand: the contracted demand, no less than `contract_floor` of the
    capacity, x price; what exceeds `contract_tolerance` of it is charged twice.

    Parameters
    ----------
    mode : array of str of shape (n,)
        ``capacity``, ``actual_demand`` or ``contract_demand``.
    contract_kva, kwh, max_demand_kw, contract_demand_kw : array of shape (n,)
        Capacity, energy of the month, its highest mean over `window_min` minutes, and
        the demand agreed for it.

    Returns
    -------
    charge : array of shape (n,)
        NaN where what the mode needs is NaN. [CNY]
    """
    rule = two_part_of(settings)
    kva = np.asarray(contract_kva, dtype=float)
    price = demand_price(kwh, kva, settings)
    agreed = np.maximum(contract_demand_kw, rule.contract_floor * kva)
    excess = np.maximum(max_demand_kw - rule.contract_tolerance * agreed, 0)
    return np.select(
        [mode == "capacity", mode == "actual_demand", mode == "contract_demand"],
        [kva * rule.cap_yuan_kva, max_demand_kw * price, (agreed + 2 * excess) * price],
        default=np.nan,
    )
