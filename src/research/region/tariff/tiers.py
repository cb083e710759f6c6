"""Tiered prices of homes 居民阶梯电价.

Homes pay more for each kWh beyond the bounds of a month or a year (NDRC, "Guiding
opinions on trial tiered prices for household electricity", Fagai Jiage [2011] 2617,
in force from 1 July 2012). Prices are marginal: crossing a bound makes the kWh beyond
it dearer, not those before.
"""

import numpy as np

from research.region.errors import NotApplicable
from research.region.settings import Settings
from research.region.tariff_settings import ResidentialTiers


def tiers_of(settings: Settings) -> ResidentialTiers:
    """Tiers that the region declares; `NotApplicable` where it declares none."""
    if settings.residential_tiers is None:
        raise NotApplicable(
            "region.yaml declares no residential_tiers; without prices of the tiers "
            "what a home pays can not be computed."
        )
    return settings.residential_tiers


def tier_bounds(settings: Settings, persons: np.ndarray) -> np.ndarray:
    """Upper bounds of all tiers but the last, for homes of so many persons.

    Parameters
    ----------
    settings : Settings
        `residential_tiers`: bounds, and what big households 多人口家庭 get in
        addition. The extra energy of a month shifts every bound, twelvefold where
        the tiers are reckoned by the year.
    persons : array of shape (n_homes,)
        NaN where not known: no extra energy then.

    Returns
    -------
    bounds : array of shape (n_homes, n_tiers - 1)
        Of the tier period, the month or the year. [kWh]
    """
    tiers = tiers_of(settings)
    extra = np.zeros(len(persons))
    if tiers.big_household is not None:
        months = 12 if tiers.reckoning == "year" else 1
        big = np.asarray(persons, dtype=float) >= tiers.big_household.persons
        extra[big] = months * tiers.big_household.extra_kwh_month
    return np.asarray(tiers.bounds_kwh) + extra[:, None]


def daily_tier_cost(
    kwh: np.ndarray,
    used_kwh: np.ndarray,
    settings: Settings,
    persons: np.ndarray | None = None,
) -> np.ndarray:
    """Cost of the next kWh of homes that have used some in the tier period.

    What a prepaid meter takes from the balance for a day; of a whole month or year
    it is that period's energy charge, in how many steps it may be taken.

    Parameters
    ----------
    kwh : array of shape (n_homes,) or (n_homes, n_days)
        Energy to be paid. With days, those of one tier period, in order. [kWh]
    used_kwh : array of shape (n_homes,)
        Energy used before in the same month or year, as the tiers are reckoned. [kWh]
    settings : Settings
    persons : array of shape (n_homes,), optional

    Returns
    -------
    cost : array of the shape of `kwh`
        Not rounded. NaN where an energy is NaN. [CNY]

    Raises
    ------
    NotApplicable
        If the region declares no `residential_tiers`.

    Examples
    --------
    >>> from research.region.settings import Settings
    >>> settings = Settings.model_validate(
    ...     {"name": "demo", "title": {"en": "Demo"}, "timezone": "Asia/Shanghai",
    ...      "readings": {"resolution_minutes": 30, "stamp": "start",
    ...                   "clock": "Asia/Shanghai", "unit": "kWh"},
    ...      "residential_tiers": {"reckoning": "month", "bounds_kwh": [200, 400],
    ...                            "yuan": [0.5, 0.6, 0.9]}})

    Of 20 kWh after 190, ten still lie in the first tier: 10 x 0.5 + 10 x 0.6.

    >>> daily_tier_cost(np.array([20.0]), np.array([190.0]), settings).tolist()
    [11.0]
    """
    kwh, used = np.asarray(kwh, dtype=float), np.asarray(used_kwh, dtype=float)
    if persons is None:
        persons = np.full(len(kwh), np.nan)
    bounds = tier_bounds(settings, persons)
    yuan = tiers_of(settings).yuan
    if kwh.ndim == 1:
        return marginal_cost(kwh, used, bounds, yuan)
    before = used[:, None] + np.cumsum(kwh, axis=1) - kwh
    return marginal_cost(kwh, before, bounds[:, None, :], yuan)


def marginal_cost(
    kwh: np.ndarray, used: np.ndarray, bounds: np.ndarray, yuan: list[float]
) -> np.ndarray:
    """Cost of `kwh` on top of `used`, each kWh at the price of its tier.

    Parameters
    ----------
    kwh, used : array of any shape
        [kWh]
    bounds : array of that shape and one axis more, n_tiers - 1 long, or one that
        broadcasts to it
        Upper bounds of the tiers, growing. [kWh]
    yuan : list of n_tiers prices
        [CNY/kWh]

    Returns
    -------
    cost : array of that shape, not rounded
        A negative `kwh` gives back what the last kWh had cost.
    """
    cost = kwh * yuan[0]
    for tier, price in enumerate(yuan[1:]):
        beyond = np.maximum(used + kwh - bounds[..., tier], 0)
        beyond = beyond - np.maximum(used - bounds[..., tier], 0)
        cost = cost + beyond * (price - yuan[tier])
    return cost
