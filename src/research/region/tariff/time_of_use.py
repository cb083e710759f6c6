"""Time-of-use prices 分时电价 of slots and months, and energy by band.

NDRC, "Notice on further improving the time-of-use price mechanism", Fagai Jiage [2021]
1093: peak and valley prices at least 4 : 1 apart where the system's peak-valley
difference exceeds 40 %, else 3 : 1; sharp at least a fifth above peak.
"""

import numpy as np
import pandas as pd

from research.region.calendar import tou_bands, tou_rules
from research.region.errors import InputError, NotApplicable
from research.region.settings import Settings
from research.region.strict_model import BANDS
from research.region.tariff_settings import TimeOfUse


def tou_status(settings: Settings, usage_class: str) -> str:
    """Whether customers of a class must or may pay by time of use.

    Returns
    -------
    status : str
        ``must`` if a rule that is not optional prices the class, ``may`` if optional
        ones alone do, ``none`` else.
    """
    rules = [r for r in _rules_for(settings, usage_class) if r.priced]
    if not rules:
        return "none"
    return "may" if all(rule.optional for rule in rules) else "must"


def tou_prices(
    calendar: pd.DataFrame, n_slots: int, settings: Settings, usage_class: str
) -> pd.DataFrame:
    """Price of a kWh in each slot of each day, for customers who pay by time of use.

    Parameters
    ----------
    calendar : DataFrame of shape (n_days, 2 or more)
        As `research.region.calendar.day_calendar` gives it.
    n_slots : int
        Slots a day.
    settings : Settings
        `tou` and `precedence`.
    usage_class : str

    Returns
    -------
    prices : DataFrame of shape (n_days, n_slots)
        [CNY/kWh]

    Raises
    ------
    NotApplicable
        If the region has no rules, a rule that holds has no prices, or days are not
        cut into slots.
    InputError
        If no rule covers a day.
    """
    bands = tou_bands(calendar, n_slots, settings.tou, usage_class, settings.precedence)
    if bands is None or settings.tou is None:
        raise NotApplicable(
            f"time-of-use prices want tou rules in region.yaml and several slots a "
            f"day; found {len(settings.tou or [])} rules and {n_slots} slots a day."
        )
    rules = tou_rules(calendar, settings.tou, usage_class)
    prices = np.full(bands.shape, np.nan)
    for position in np.unique(rules):
        rule, days = settings.tou[position], rules == position
        if not rule.priced:
            raise NotApplicable(
                f"tou rule {position + 1} of region.yaml is asked for prices and has "
                "none; give it base_yuan and x, or yuan for each band."
            )
        codes, names = pd.factorize(bands.to_numpy()[days].ravel())
        of_band = np.array([rule.prices[name] for name in names])
        prices[days] = of_band[codes].reshape(-1, n_slots)
    return pd.DataFrame(prices, index=calendar.index)


def energy_by_band(
    kwh: np.ndarray, bands: pd.DataFrame, customer_id: pd.Index
) -> pd.DataFrame:
    """Energy of each customer and month, by band: what a multi-rate meter registers.

    Parameters
    ----------
    kwh : array of shape (n_customers, n_days, n_slots)
        Missing readings (NaN) count as nothing. [kWh]
    bands : DataFrame of shape (n_days, n_slots)
        Band names, as `research.region.calendar.tou_bands` gives them.
    customer_id : Index of shape (n_customers,)

    Returns
    -------
    energy : DataFrame
        A row a customer and month: `customer_id`, `ym` such as "2025-03", `kwh`, and
        `kwh_sharp`, `kwh_peak`, `kwh_flat`, `kwh_valley`, `kwh_deep_valley`. [kWh]

    Examples
    --------
    >>> bands = pd.DataFrame([["valley", "peak"]], index=pd.to_datetime(["2025-03-01"]))
    >>> energy = energy_by_band(np.array([[[1.0, 2.0]]]), bands, pd.Index(["a"]))
    >>> energy[["customer_id", "ym", "kwh", "kwh_peak", "kwh_valley"]]
      customer_id       ym  kwh  kwh_peak  kwh_valley
    0           a  2025-03  3.0       2.0         1.0
    """
    n_customers, _, n_slots = kwh.shape
    month, months = pd.factorize(bands.index.strftime("%Y-%m"), sort=True)
    energy = np.zeros((n_customers, len(months), len(BANDS)))
    known = np.nan_to_num(kwh, nan=0.0).reshape(n_customers, -1)
    of_slot = np.repeat(month, n_slots)
    names = bands.to_numpy().ravel()
    for position in range(len(months)):
        here = of_slot == position
        # One column a band, one where the slot belongs to it.
        belongs = (names[here, None] == np.array(BANDS, dtype=object)).astype(float)
        energy[:, position] = known[:, here] @ belongs
    columns = {f"kwh_{b}": energy[..., i].ravel() for i, b in enumerate(BANDS)}
    return pd.DataFrame(
        {
            "customer_id": np.repeat(np.asarray(customer_id), len(months)),
            "ym": np.tile(np.asarray(months), n_customers),
            "kwh": energy.sum(axis=2).ravel(),
            **columns,
        }
    )


def month_prices(
    settings: Settings, usage_class: str, month: int
) -> tuple[float, dict[str, float]]:
    """Price without time of use, and that of each band, in a month of the year.

    Parameters
    ----------
    settings : Settings
    usage_class : str
    month : int
        1 to 12.

    Returns
    -------
    base : float
        `base_yuan` of the first rule that holds; NaN where none has one. [CNY/kWh]
    prices : dict of str to float
        By band; empty where no rule with prices holds. [CNY/kWh]

    Raises
    ------
    InputError
        If a band costs more on some days of the month than on others: registers read
        by the month can not tell them apart.
    """
    base, prices = np.nan, {}
    for rule in _rules_for(settings, usage_class):
        if month not in rule.months:
            continue
        if np.isnan(base) and rule.base_yuan is not None:
            base = rule.base_yuan
        for band, price in rule.prices.items():
            if prices.setdefault(band, price) != price:
                raise InputError(
                    f"tou: band {band} of {usage_class} costs {prices[band]:g} and "
                    f"{price:g} yuan in month {month}, by the kind of day; monthly "
                    "energies by band can not tell these days apart. Use one price a "
                    "band and month, or another band on the days that differ."
                )
        if rule.days == "all":
            break
    return base, prices


def _rules_for(settings: Settings, usage_class: str) -> list[TimeOfUse]:
    return [
        rule
        for rule in settings.tou or []
        if rule.classes is None or usage_class in rule.classes
    ]
