"""In which time-of-use bands 峰谷时段 the energy of a day is taken.

Expected shares, from the customer's own rhythm and what heat, cold, a storage heater
and a charging pile add to it; chance averages out over a month.
"""

import numpy as np
import pandas as pd

from research.region.calendar import day_calendar, tou_bands, tou_rules
from research.region.settings import Settings
from research.region.strict_model import BANDS
from research.region.synthetic import drift
from research.region.synthetic.energy.charging import CHEAP_NIGHT, EVENING, PILE_KW
from research.region.synthetic.energy.daily import CHARGE_KWH, charging, degrees, gains
from research.region.synthetic.energy.intervals import (
    SPIKE_KW,
    SPIKE_SHARE,
    SPIKE_SLOTS,
    SPIKES_A_DAY,
)
from research.region.synthetic.energy.rhythms import appliance_shapes, rhythms
from research.region.synthetic.plan import Plan
from research.region.synthetic.population.shapes import HOURS, N_SLOTS
from research.region.synthetic.weather import weather_of


def band_shares(
    plan: Plan, people: pd.DataFrame, rows: np.ndarray, kwh: np.ndarray
) -> np.ndarray:
    """Share of each day's energy that each customer takes in each band.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
        All of them.
    rows : array of int of shape (n,)
        Positions of those wanted.
    kwh : array of shape (n, n_days)
        Their energy, on the first days of the plan. [kWh]

    Returns
    -------
    shares : array of float32 of shape (n, n_days, 5)
        In the order of `BANDS`, adding up to 1; NaN where no rule names the class.
    """
    who, days = people.iloc[rows], plan.days[: kwh.shape[1]]
    shares = np.full((*kwh.shape, len(BANDS)), np.nan, dtype=np.float32)
    if not len(rows):
        return shares
    calendar = day_calendar(days, plan.settings)
    shapes, change = rhythms(plan, people)
    shapes = shapes[rows]
    after = days.to_numpy() >= change[rows, None]
    kind = (~calendar["working"].to_numpy(dtype=bool)) + 2 * after
    parts = _appliances(plan, who, days)
    charge = _charge_share(plan, people, rows, kwh)
    spikes = _spike_share(who, np.nan_to_num(kwh) * (1 - charge))
    piles = _pile_shapes()[who["tou"].to_numpy(dtype=int)]
    for usage_class, here in who.groupby("usage_class").indices.items():
        if not is_covered(plan.settings, usage_class):
            continue
        belongs, window = band_windows(plan, calendar, usage_class)
        # Slots to bands, once a set of windows: (n, 4, n_sets, 5) and so on.
        own = np.einsum("nks,wsb->nkwb", shapes[here], belongs, optimize=True)
        added = np.einsum("ks,wsb->kwb", appliance_shapes(), belongs)
        pile = np.einsum("ns,wsb->nwb", piles[here], belongs)
        place = np.arange(len(here))[:, None]
        base = 1 - parts[here].sum(axis=2, keepdims=True)
        mixed = base * own[place, kind[here], window]
        mixed += np.einsum("ndk,kdb->ndb", parts[here], added[:, window])
        # Short appliances follow the working day of the home.
        short = spikes[here][..., None]
        mixed = (1 - short) * mixed + short * own[place, 0, window]
        q = charge[here][..., None]
        shares[here] = (1 - q) * mixed + q * pile[:, window]
    return shares


def band_windows(
    plan: Plan, calendar: pd.DataFrame, usage_class: str
) -> tuple[np.ndarray, np.ndarray]:
    """Sets of windows of a class, and which of them holds on each day.

    In the drifting region the old windows of firms hold until the script changes them.

    Parameters
    ----------
    plan : Plan
    calendar : DataFrame of shape (n_days, any)
        As `research.region.calendar.day_calendar` gives it.
    usage_class : str
        A class that `is_covered`.

    Returns
    -------
    belongs : ndarray of float32, shape (n_sets, 96, 5)
        1 where a quarter hour belongs to a band, in the order of `BANDS`.
    window : ndarray of int, shape (n_days,)
        Position of the day's set.
    """
    rules = tou_rules(calendar, plan.settings.tou, usage_class)
    changed = drift.from_month(plan, drift.TOU_CHANGE, calendar.index)
    _, first, window = np.unique(
        2 * rules + changed, return_index=True, return_inverse=True
    )
    names = _names(plan.settings, calendar.iloc[first], usage_class)
    old = drift.drifts(plan) & ~changed[first]
    if old.any() and not usage_class.startswith("residential"):
        rules = [
            rule.model_copy(update={"bands": list(drift.OLD_BANDS)})
            for rule in plan.settings.tou
        ]
        before = plan.settings.model_copy(update={"tou": rules})
        names[old] = _names(before, calendar.iloc[first[old]], usage_class)
    belongs = names[..., None] == np.array(BANDS, dtype=object)
    return belongs.astype(np.float32), window


def is_covered(settings: Settings, usage_class: str) -> bool:
    """Whether a rule of the region has bands for the class."""
    rules = settings.tou or []
    return any(rule.classes is None or usage_class in rule.classes for rule in rules)


def _names(settings: Settings, calendar: pd.DataFrame, usage_class: str) -> np.ndarray:
    bands = tou_bands(calendar, N_SLOTS, settings.tou, usage_class, settings.precedence)
    return bands.to_numpy(dtype=object, copy=True)


def _appliances(plan: Plan, who: pd.DataFrame, days: pd.DatetimeIndex) -> np.ndarray:
    """Share of the day that each of `appliance_shapes` takes, (n, n_days, 4)."""
    answer = degrees(weather_of(plan, days), plan).T.astype(np.float32)
    gain = gains(plan, who).astype(np.float32)[:, None, :] * answer
    share = gain / (1 + gain.sum(axis=2, keepdims=True))
    home = who["true_archetype"].str.startswith("R").to_numpy()[:, None]
    return np.stack(
        [share[..., 0] * home, share[..., 0] * ~home, share[..., 1], share[..., 2]],
        axis=2,
    )


def _charge_share(
    plan: Plan, people: pd.DataFrame, rows: np.ndarray, kwh: np.ndarray
) -> np.ndarray:
    """Share of the day's energy that goes into the car, of shape (n, n_days)."""
    charge = charging(plan, people)
    if charge is None:
        return np.zeros(kwh.shape, dtype=np.float32)
    charge = np.minimum(charge[rows, : kwh.shape[1]], np.nan_to_num(kwh))
    return np.divide(charge, kwh, out=np.zeros_like(charge), where=kwh > 0)


def _spike_share(who: pd.DataFrame, house: np.ndarray) -> np.ndarray:
    """Share of a home's day that short appliances take, of shape (n, n_days)."""
    one = np.mean(SPIKE_KW) * (1 + SPIKE_SLOTS) / 2 / 4
    energy = np.minimum(SPIKES_A_DAY * one, SPIKE_SHARE * house)
    energy *= who["true_archetype"].str.startswith("R").to_numpy()[:, None]
    total = house + energy
    return np.divide(energy, total, out=np.zeros_like(total), where=total > 0)


def _pile_shapes() -> np.ndarray:
    """Expected day of a charging pile without and with time of use, (2, 96)."""
    shapes = []
    for centre, spread in (EVENING, CHEAP_NIGHT):
        begins = centre + spread * np.linspace(-2, 2, 41)
        weight = np.exp(-0.5 * np.linspace(-2, 2, 41) ** 2)
        since = (HOURS[:, None] - begins) % 24
        shape = (since < CHARGE_KWH / PILE_KW) @ weight
        shapes.append(shape / shape.sum())
    return np.array(shapes, dtype=np.float32)
