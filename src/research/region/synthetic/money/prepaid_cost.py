"""What the energy of each day costs prepaid customers of a synthetic region."""

import numpy as np
import pandas as pd

from research.region.strict_model import BANDS
from research.region.synthetic.billing.bands import band_shares
from research.region.synthetic.plan import Plan
from research.region.tariff import daily_tier_cost, month_prices
from research.region.tariff.bill import RESIDENTIAL

_HOMES_AT_ONCE = 2_000


def daily_cents(
    plan: Plan, people: pd.DataFrame, rows: np.ndarray, kwh: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cost of each day's energy in whole cents, and which days the account is open.

    Homes pay by tiers, and by time of use where they chose to; the low-income ones get
    their free energy at the start of each month. Cents of a day are the difference of
    the rounded cost of the month so far: the days add up to the month's charge.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
        All of them.
    rows : array of int of shape (n,)
        Positions of the prepaid ones.
    kwh : array of shape (n, n_days)
        Their energy on the first days of the plan; NaN while the account is not open.

    Returns
    -------
    cost : array of int32 of shape (n, n_days)
        [cents]
    is_open : array of bool of shape (n, n_days)
    """
    days = plan.days[: kwh.shape[1]]
    is_open = ~np.isnan(kwh)
    cost = np.empty(kwh.shape, dtype=np.int32)
    who = people.iloc[rows]
    plain = who["usage_class"].isin(RESIDENTIAL) & ~who["tou"]
    other = np.flatnonzero(~plain.to_numpy())
    extra = _other_prices(plan, people, rows[other], np.nan_to_num(kwh[other]))
    for start in range(0, len(kwh), _HOMES_AT_ONCE):
        here = slice(start, start + _HOMES_AT_ONCE)
        energy = np.nan_to_num(kwh[here]).astype(float)
        yuan = _tiered(plan, who.iloc[here], energy, days)
        first, last = np.searchsorted(other, [start, start + len(energy)])
        chosen = other[first:last] - start
        yuan[chosen] += energy[chosen] * extra[first:last]
        cost[here] = _cents(yuan, days)
    return cost, is_open


def _tiered(
    plan: Plan, homes: pd.DataFrame, kwh: np.ndarray, days: pd.DatetimeIndex
) -> np.ndarray:
    """Cost by tiers, less what low-income homes get free; zero for other classes."""
    tiers = plan.settings.residential_tiers
    home = homes["usage_class"].isin(RESIDENTIAL).to_numpy()
    persons = homes["persons"].to_numpy(dtype=float, na_value=np.nan)
    yearly = tiers.reckoning == "year"
    yuan = np.zeros(kwh.shape)
    for part in _parts(days.year if yearly else days.to_period("M")):
        zero = np.zeros(len(kwh))
        yuan[:, part] = daily_tier_cost(kwh[:, part], zero, plan.settings, persons)
    entitled = homes["low_income_flag"].fillna(False).to_numpy(dtype=bool)
    for part in _parts(days.to_period("M")):
        so_far = np.cumsum(kwh[entitled, part], axis=1)
        free = np.minimum(so_far, tiers.free_kwh_low_income)
        yuan[entitled, part] -= tiers.yuan[0] * np.diff(free, axis=1, prepend=0)
    return np.where(home[:, None], yuan, 0.0)


def _other_prices(
    plan: Plan, people: pd.DataFrame, rows: np.ndarray, kwh: np.ndarray
) -> np.ndarray:
    """Yuan a kWh of each day beyond the tiers, of shape (n, n_days).

    By time of use, for homes less the first tier's price; a single price for others.
    """
    who, month = people.iloc[rows], plan.days[: kwh.shape[1]].month.to_numpy() - 1
    settings = plan.settings
    a_kwh = np.zeros(kwh.shape, dtype=np.float32)
    on = who["tou"].to_numpy(dtype=bool)
    shares = np.zeros((*kwh.shape, len(BANDS)), dtype=np.float32)
    shares[on] = band_shares(plan, people, rows[on], kwh[on])
    for usage_class, here in who.groupby("usage_class").indices.items():
        prices = [month_prices(settings, usage_class, m) for m in range(1, 13)]
        by_band = np.array([[p.get(band, 0.0) for band in BANDS] for _, p in prices])
        single = np.array([base for base, _ in prices])
        mine = here[on[here]]
        a_kwh[mine] = (shares[mine] * by_band[month]).sum(axis=2)
        if usage_class in RESIDENTIAL:
            a_kwh[mine] -= settings.residential_tiers.yuan[0]
        else:
            a_kwh[here[~on[here]]] = single[month]
            a_kwh[here] += settings.funds_yuan
    return a_kwh


def _cents(yuan: np.ndarray, days: pd.DatetimeIndex) -> np.ndarray:
    """Whole cents a day that add up to the rounded cost of the month."""
    cents = np.empty(yuan.shape, dtype=np.int32)
    for part in _parts(days.to_period("M")):
        so_far = np.floor(100 * np.cumsum(yuan[:, part], axis=1) + 0.5)
        # Sums of floats may fall by a hair where a day costs nothing.
        so_far = np.maximum.accumulate(so_far, axis=1)
        cents[:, part] = np.diff(so_far, axis=1, prepend=0)
    return cents


def _parts(codes: pd.Index) -> list[slice]:
    """Slices of the days with the same code."""
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], len(codes)], strict=True)]
