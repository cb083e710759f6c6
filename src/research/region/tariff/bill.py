"""Monthly bills from what meters register, and why some can not be computed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from research.region.errors import InputError, NotApplicable
from research.region.settings import Settings
from research.region.strict_model import BANDS
from research.region.tariff.money import cents_of
from research.region.tariff.reactive import (
    adjustment_base,
    power_factor,
    power_factor_rate,
    power_factor_standard,
)
from research.region.tariff.tiers import marginal_cost, tier_bounds
from research.region.tariff.time_of_use import month_prices
from research.region.tariff.two_part import basic_charge, two_part_status

RESIDENTIAL = ("residential_urban", "residential_rural")
AGRICULTURE = ("agri_production", "agri_irrigation")
COMMERCE_AND_INDUSTRY = (
    "commercial",
    "non_industrial",
    "industrial_general",
    "industrial_large",
)
DEMAND_MODES = ("capacity", "contract_demand", "actual_demand")
LINES = ("energy_charge", "basic_charge", "pf_adjust", "funds", "other")


def bill_lines(usage: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Lines of the bill 电费账单 of each customer and month.

    Parameters
    ----------
    usage : DataFrame of shape (n, any)
        One row a customer and month: `customer_id`, `ym` ("2025-03"), `usage_class`,
        and what of these is known: `kwh`; `kwh_sharp`, `kwh_peak`, `kwh_flat`,
        `kwh_valley`, `kwh_deep_valley` [kWh]; `reactive_kvarh`; `max_demand_kw`;
        `voltage`, `contract_kva`, `contract_demand_kw`, `demand_mode` (``capacity``
        where unset, ``actual_demand`` or ``contract_demand``); `persons`,
        `low_income_flag`; `two_part` (where unset: commerce and industry that must);
        `tou` (where unset: those with energies by band).
    settings : Settings
        `residential_tiers`, `tou`, `agriculture`, `two_part`, `power_factor` and
        `funds_yuan` of the region.

    Returns
    -------
    bill : DataFrame of shape (n, 8)
        On the index of `usage`. Amounts are rounded to cents, halves up, and add up
        to `total_yuan` to the cent. [CNY] NaN marks what can not be computed;
        `unpriced` says why.

        - `energy_charge`: homes by tiers, by time of use with what the upper tiers
          cost more; farms by their own price; all others by the `tou` rules, with
          `base_yuan` for those who do not pay by time of use. With yearly tiers the
          rows of a customer are added up over the calendar year in order of `ym`:
          hand in whole years.
        - `basic_charge`: of the two-part tariff.
        - `pf_adjust`: by the power factor, on the parts that `power_factor.base` names.
        - `funds`: `funds_yuan` a kWh of commerce and industry; the prices of homes
          and farms contain them.
        - `other`: less what low-income homes get free, at the first tier's price.
        - `total_yuan`, `pf_value`, `pf_standard` [unitless].

    Raises
    ------
    InputError
        If a column is missing, or a month or demand mode can not be read.
    NotApplicable
        If the region declares no price of energy at all.

    Examples
    --------
    >>> from research.region.settings import Settings
    >>> settings = Settings.model_validate(
    ...     {"name": "demo", "title": {"en": "Demo"}, "timezone": "Asia/Shanghai",
    ...      "readings": {"resolution_minutes": 30, "stamp": "start",
    ...                   "clock": "Asia/Shanghai", "unit": "kWh"},
    ...      "residential_tiers": {"reckoning": "month", "bounds_kwh": [200, 400],
    ...                            "yuan": [0.5, 0.55, 0.8]}})
    >>> usage = pd.DataFrame({"customer_id": ["a"], "ym": ["2025-03"], "kwh": [450.0],
    ...                       "usage_class": ["residential_urban"]})
    >>> bill_lines(usage, settings)["total_yuan"].tolist()
    [250.0]
    """
    _check(usage, settings)
    classes = usage["usage_class"].fillna("unknown")
    kwh = energy_of(usage)
    residential = classes.isin(RESIDENTIAL).to_numpy()
    commerce = classes.isin(COMMERCE_AND_INDUSTRY).to_numpy()
    cents = {
        "energy_charge": cents_of(_energy_charge(usage, classes, kwh, settings)),
        "basic_charge": cents_of(_basic_charge(usage, commerce, kwh, settings)),
        "funds": cents_of(np.where(commerce, settings.funds_yuan * kwh, 0.0)),
        "other": cents_of(-_free_energy(usage, residential, kwh, settings)),
    }
    factor = power_factor(kwh, _number(usage, "reactive_kvarh"))
    standard = power_factor_standard(
        classes.to_numpy(),
        _number(usage, "contract_kva"),
        usage["voltage"].to_numpy() if "voltage" in usage else None,
        settings.power_factor,
    )
    base = adjustment_base(
        settings,
        basic=cents["basic_charge"] / 100,
        energy=cents["energy_charge"] / 100,
        funds=cents["funds"] / 100,
    )
    # Without a standard, or in a month without energy, nothing is adjusted.
    free = np.isnan(standard) | (kwh == 0)
    percent = np.where(free, 0, power_factor_rate(factor, standard))
    cents["pf_adjust"] = cents_of(percent * base / 100)
    bill = {line: cents[line] / 100 for line in LINES}
    bill["total_yuan"] = sum(cents[line] for line in LINES) / 100
    return pd.DataFrame(
        {**bill, "pf_value": factor, "pf_standard": standard}, index=usage.index
    )


def unpriced(usage: pd.DataFrame, bill: pd.DataFrame) -> pd.DataFrame:
    """Why totals of `bill` are missing, zero counts included.

    Parameters
    ----------
    usage : DataFrame of shape (n, any)
        As handed to `bill_lines`.
    bill : DataFrame of shape (n, 8)
        As it came back.

    Returns
    -------
    reasons : DataFrame
        `reason`, `rows`, `customers`, and `share` of the rows. A row with several
        reasons counts at the first.
    """
    kwh = energy_of(usage)
    by_band = _flag(usage, "tou", False) & ~np.isfinite(_bands(usage)).any(axis=1)
    no_energy = bill["energy_charge"].isna().to_numpy()
    reasons = {
        "energy is not known": np.isnan(kwh),
        "energy by band is not known": no_energy & by_band,
        "region.yaml has no price for the class and month": no_energy,
        "capacity, demand or their prices are not known": bill["basic_charge"].isna(),
        "reactive energy is not known": bill["pf_adjust"].isna(),
    }
    rows, told = [], np.zeros(len(usage), dtype=bool)
    for reason, mask in reasons.items():
        here = np.asarray(mask) & ~told & bill["total_yuan"].isna().to_numpy()
        told |= here
        customers = usage.loc[here, "customer_id"].nunique()
        rows.append(
            (reason, int(here.sum()), customers, here.sum() / max(len(here), 1))
        )
    return pd.DataFrame(rows, columns=["reason", "rows", "customers", "share"])


def energy_of(usage: pd.DataFrame) -> np.ndarray:
    """Energy of each row: `kwh`, or the sum of its bands where that is not known."""
    bands = _bands(usage)
    known = np.isfinite(bands).any(axis=1)
    summed = np.where(known, np.nansum(bands, axis=1), np.nan)
    kwh = _number(usage, "kwh")
    return np.where(np.isnan(kwh), summed, kwh)


def year_to_date(usage: pd.DataFrame, kwh: np.ndarray) -> np.ndarray:
    """Energy of the same customer and calendar year in the rows of earlier months.

    Parameters
    ----------
    usage : DataFrame of shape (n, any)
        `customer_id` and `ym`; rows of one month count in the order they stand.
    kwh : array of shape (n,)
        NaN counts as nothing for the months that follow.

    Returns
    -------
    used : array of shape (n,)
        [kWh]
    """
    customer = pd.factorize(usage["customer_id"])[0]
    month, months = pd.factorize(usage["ym"], sort=True)
    year = np.array([int(text[:4]) for text in months], dtype=np.int64)[month]
    order = np.lexsort((month, customer))
    in_order = np.nan_to_num(kwh)[order]
    year_of = year[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = np.diff(customer[order]) != 0
    first[1:] |= np.diff(year_of) != 0
    group = np.cumsum(first) - 1
    # Added up within the group, not over the frame: no cancellation of large sums.
    used = pd.Series(in_order).groupby(group).cumsum().to_numpy() - in_order
    back = np.empty(len(order))
    back[order] = used
    return back


def _energy_charge(
    usage: pd.DataFrame, classes: pd.Series, kwh: np.ndarray, settings: Settings
) -> np.ndarray:
    base, by_band = _prices(usage, classes, settings)
    bands = _bands(usage)
    on_bands = _flag(usage, "tou", np.isfinite(bands).any(axis=1))
    # A band without energy needs no price, one with energy does.
    charge_by_band = np.where(np.nan_to_num(bands) == 0, 0, bands * by_band).sum(axis=1)
    charge_by_band[~np.isfinite(bands).any(axis=1)] = np.nan
    charge = np.where(on_bands, charge_by_band, kwh * base)
    if settings.residential_tiers is not None:
        home = classes.isin(RESIDENTIAL).to_numpy()
        yuan = settings.residential_tiers.yuan
        tiered = _tier_charge(usage[home], kwh[home], settings)
        charge[home] = np.where(
            on_bands[home], charge[home] + tiered - kwh[home] * yuan[0], tiered
        )
    return charge


def _prices(
    usage: pd.DataFrame, classes: pd.Series, settings: Settings
) -> tuple[np.ndarray, np.ndarray]:
    """Single price (n,) and prices by band (n, 5) of each row; NaN where not stated."""
    month, months = pd.factorize(usage["ym"])
    code, names = pd.factorize(classes)
    single = np.full((len(names), len(months)), np.nan)
    by_band = np.full((len(names), len(months), len(BANDS)), np.nan)
    for i, name in enumerate(names):
        farm = _farm_price(name, settings)
        for j, text in enumerate(months):
            single[i, j], prices = month_prices(settings, name, int(text[5:]))
            by_band[i, j] = [prices.get(band, np.nan) for band in BANDS]
            if farm is not None:
                single[i, j] = by_band[i, j] = farm
    return single[code, month], by_band[code, month]


def _farm_price(usage_class: str, settings: Settings) -> float | None:
    """One price of farming or irrigation; None where the `tou` rules hold."""
    farms = settings.agriculture
    if farms is None or farms.tou or usage_class not in AGRICULTURE:
        return None
    if usage_class == "agri_irrigation" and farms.irrigation_yuan is not None:
        return farms.irrigation_yuan
    return farms.yuan


def _tier_charge(
    usage: pd.DataFrame, kwh: np.ndarray, settings: Settings
) -> np.ndarray:
    tiers = settings.residential_tiers
    bounds = tier_bounds(settings, _number(usage, "persons"))
    yearly = tiers.reckoning == "year"
    used = year_to_date(usage, kwh) if yearly else np.zeros(len(kwh))
    return marginal_cost(kwh, used, bounds, tiers.yuan)


def _free_energy(
    usage: pd.DataFrame, residential: np.ndarray, kwh: np.ndarray, settings: Settings
) -> np.ndarray:
    tiers = settings.residential_tiers
    if tiers is None:
        return np.zeros(len(kwh))
    free = np.minimum(np.maximum(kwh, 0), tiers.free_kwh_low_income)
    entitled = residential & _flag(usage, "low_income_flag", False)
    return np.where(entitled, free * tiers.yuan[0], 0.0)


def _basic_charge(
    usage: pd.DataFrame, commerce: np.ndarray, kwh: np.ndarray, settings: Settings
) -> np.ndarray:
    kva = _number(usage, "contract_kva")
    if settings.two_part is None:
        return np.where(_flag(usage, "two_part", False), np.nan, 0.0)
    must = commerce & (two_part_status(kva, settings) == "must")
    pays = _flag(usage, "two_part", must)
    mode = np.full(len(usage), "capacity", dtype=object)
    if "demand_mode" in usage:
        mode = usage["demand_mode"].fillna("capacity").to_numpy(dtype=object)
    charge = np.zeros(len(usage))
    charge[pays] = basic_charge(
        mode[pays],
        kva[pays],
        settings,
        kwh=kwh[pays],
        max_demand_kw=_number(usage, "max_demand_kw")[pays],
        contract_demand_kw=_number(usage, "contract_demand_kw")[pays],
    )
    return charge


def _check(usage: pd.DataFrame, settings: Settings) -> None:
    lacking = [c for c in ("customer_id", "ym", "usage_class") if c not in usage]
    if not {"kwh", *(f"kwh_{band}" for band in BANDS)} & set(usage.columns):
        lacking.append("kwh")
    if lacking:
        raise InputError(
            f"usage lacks {', '.join(lacking)}; a bill needs customer_id, ym, "
            f"usage_class and kwh. Found: {', '.join(map(str, usage.columns))}."
        )
    months = pd.Series(usage["ym"].unique()).astype("str")
    wrong = months[~months.str.fullmatch(r"\d{4}-(?:0[1-9]|1[0-2])")]
    if len(wrong):
        row = usage.index[usage["ym"].astype("str") == wrong.iloc[0]]
        where = row[0] if len(row) else "?"
        raise InputError(
            f"usage, column ym, row {where}: found {wrong.iloc[0]!r}; "
            'a month is written "2025-03".'
        )
    if "demand_mode" in usage:
        _check_modes(usage["demand_mode"].dropna().unique())
    priced = any(rule.priced for rule in settings.tou or [])
    if not priced and settings.residential_tiers is None and not settings.agriculture:
        raise NotApplicable(
            "region.yaml declares no price of energy (tou with base_yuan, "
            "residential_tiers or agriculture): bills can not be computed."
        )


def _check_modes(found: Sequence[str]) -> None:
    wrong = [mode for mode in found if mode not in DEMAND_MODES]
    if wrong:
        raise InputError(
            f"usage, column demand_mode: found {wrong[0]!r}; "
            f"allowed: {', '.join(DEMAND_MODES)}, or nothing."
        )


def _number(usage: pd.DataFrame, column: str) -> np.ndarray:
    """Numbers of a column, all NaN where the frame lacks it."""
    if column not in usage:
        return np.full(len(usage), np.nan)
    return usage[column].to_numpy(dtype=float, na_value=np.nan)


def _bands(usage: pd.DataFrame) -> np.ndarray:
    """Energy by band, of shape (n, 5)."""
    return np.column_stack([_number(usage, f"kwh_{band}") for band in BANDS])


def _flag(usage: pd.DataFrame, column: str, default: np.ndarray | bool) -> np.ndarray:
    """Yes or no of each row, `default` where it is not known."""
    default = np.broadcast_to(default, len(usage))
    if column not in usage:
        return default
    known = usage[column].astype("boolean")
    return np.where(known.isna(), default, known.fillna(False).to_numpy(dtype=bool))
