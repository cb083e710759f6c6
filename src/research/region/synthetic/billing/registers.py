"""Monthly meter registers of a synthetic region: bands, reactive energy, demand.

Daily energy is split over the bands by the customer's own rhythm; for customers with
readings of 15 minutes the readings themselves decide.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.calendar import day_calendar
from research.region.strict_model import BANDS
from research.region.synthetic import drift
from research.region.synthetic.billing.bands import (
    band_shares,
    band_windows,
    is_covered,
)
from research.region.synthetic.energy.rhythms import rhythms
from research.region.synthetic.plan import Plan
from research.region.synthetic.population.shapes import N_SLOTS
from research.region.synthetic.streams import stream

# Power factor of a customer, mean and spread (specification, section 4); those of
# charging stations and base stations are assumptions.
POWER_FACTORS = {
    "I1": (0.86, 0.07),
    "I2": (0.90, 0.05),
    "I3": (0.93, 0.03),
    "I4": (0.90, 0.05),
    "A": (0.78, 0.08),
    "S": (0.93, 0.03),
    "O": (0.93, 0.03),
    "E": (0.96, 0.02),
    "T": (0.95, 0.02),
}
MONTH_NOISE = 0.01
# Capacitors lift the power factor by this; a third of the industry has them, those
# who would have to pay for a bad one sooner (assumption).
COMPENSATED, COMPENSATION = 0.35, 0.05
# Some of the compensated give reactive energy back at night: a share of all, and how
# much of the night's active energy.
OVER_COMPENSATED, GIVEN_BACK = 0.04, (0.10, 0.35)
NIGHT_SHARE = 0.25
# The highest quarter hour of a month lies above the mean rhythm of its largest day: log
# mean, for homes and charging stations more, and spread; and so many hours from its
# peak. Taken from the 15-minute readings of the panel.
ABOVE_SHAPE, PEAK_SPREAD, PEAK_SHIFT = 0.10, 0.05, 0.6
ABOVE_SHAPE_OF = {"E": 0.42, "R": 0.70}
_AT_ONCE = 2_000
# Rated currents of transformers 10 to 1000 over 5 A, as multipliers.
_CURRENT_RATIOS = np.array(
    [2, 3, 4, 6, 8, 10, 12, 15, 20, 30, 40, 50, 60, 80, 100, 120, 160, 200, 250, 300],
    dtype=float,
)
_KV = {"10kV": 10.0, "20kV": 20.0, "35kV": 35.0, "66kV": 66.0, "110kV": 110.0}
# Meters up to 60 A are read directly.
_DIRECT_KVA = 40.0


class PanelMonths(NamedTuple):
    """What quarter hours tell of the registers of some customers.

    Attributes
    ----------
    positions : array of int of shape (n,)
        Among the people.
    month : array of int of shape (n_months,)
        Whole months of the quarter hours, positions in `plan.months`.
    bands : array of shape (n, n_months, 5)
        Share of each band in the month's energy, NaN without energy.
    demand : array of shape (n, n_months)
        Highest mean power of 15 minutes. [kW]
    at : array of datetime64 of shape (n, n_months)
        When it was.
    """

    positions: np.ndarray
    month: np.ndarray
    bands: np.ndarray
    demand: np.ndarray
    at: np.ndarray


def registers(
    plan: Plan,
    people: pd.DataFrame,
    kwh: np.ndarray,
    panel: list[PanelMonths] | None = None,
) -> pd.DataFrame:
    """Table `registers`: all customers but homes, and homes on time of use.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
    kwh : array of shape (n_customers, n_days)
        Daily energy, NaN while an account is not open.
    panel : list of PanelMonths, optional
        As `panel_months` gives them, for customers with readings of 15 minutes.

    Returns
    -------
    registers : DataFrame
        One row a customer and whole month in which the account was open. Energies are
        hundredths of a kWh, the bands add up to `active_kwh`. Homes have no reactive
        energy.
    """
    home = people["usage_class"].str.startswith("residential").to_numpy()
    rows = np.flatnonzero(~home | people["tou"].to_numpy(dtype=bool))
    who, energy = people.iloc[rows], kwh[rows]
    starts = month_starts(plan)
    known = np.add.reduceat(~np.isnan(energy), starts, axis=1) > 0
    energy = np.nan_to_num(energy)
    active = np.add.reduceat(energy, starts, axis=1, dtype=float)
    bands = _band_energy(plan, people, rows, energy, starts)
    demand, at = _demand(plan, people, rows, energy, starts)
    for part in panel or []:
        here = np.searchsorted(rows, part.positions)
        inside = rows[np.minimum(here, len(rows) - 1)] == part.positions
        cell = np.ix_(here[inside], part.month)
        bands[cell] = part.bands[inside] * active[cell][..., None]
        demand[cell], at[cell] = part.demand[inside], part.at[inside]
    given = _reactive(plan, who, active)
    n_whole = whole_months(plan)
    customer, month = np.nonzero(known[:, :n_whole])
    cell = customer, month
    total = np.round(100 * active[cell])
    by_band = _hundredths(bands[cell], total) / 100
    return pd.DataFrame(
        {
            "customer_id": who["customer_id"].to_numpy(dtype=object)[customer],
            "ym": month_names(plan)[month],
            "active_kwh": total / 100,
            "reactive_import_kvarh": np.round(given[0][cell], 2),
            "reactive_export_kvarh": np.round(given[1][cell], 2),
            **{f"{band}_kwh": by_band[:, i] for i, band in enumerate(BANDS)},
            "max_demand_kw": np.round(demand[cell], 3),
            "max_demand_ts": at[cell],
            "meter_id": _meters(plan, rows, who)[cell],
            "ratio": _ratio(who)[customer],
        }
    )


def panel_months(
    plan: Plan,
    people: pd.DataFrame,
    positions: np.ndarray,
    quarters: np.ndarray,
    days: pd.DatetimeIndex,
) -> PanelMonths:
    """Reduce quarter hours of some customers to what their registers show.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
    positions : array of int of shape (n,)
    quarters : array of shape (n, n_days, 96)
        [kWh]
    days : DatetimeIndex of shape (n_days,)

    Returns
    -------
    months : PanelMonths
        Of those of the customers who have registers.
    """
    who = people.iloc[positions]
    home = who["usage_class"].str.startswith("residential").to_numpy()
    mine = np.flatnonzero(~home | who["tou"].to_numpy(dtype=bool))
    who, quarters = who.iloc[mine], quarters[mine]
    quarters[np.isnan(quarters[:, :, 0])] = 0  # days are known as a whole or not at all
    code = days.to_period("M")
    counts = code.value_counts()
    whole = [m for m in code.unique() if counts[m] == m.days_in_month]
    demand = np.zeros((len(who), len(whole)))
    at = np.full(demand.shape, np.datetime64("NaT"), dtype="datetime64[ms]")
    start = days.to_numpy().astype("datetime64[ms]")
    first = [int(np.argmax(code == month)) for month in whole]
    for i, month in enumerate(whole):
        of_month = slice(first[i], first[i] + month.days_in_month)
        flat = quarters[:, of_month].reshape(len(who), -1)
        top = flat.argmax(axis=1)
        demand[:, i] = 4 * flat[np.arange(len(who)), top]
        at[:, i] = start[first[i]] + top * np.timedelta64(15, "m")
    bands = _bands_of_months(plan, who, quarters, days, first, whole)
    return PanelMonths(
        positions[mine], plan.months.get_indexer(whole), bands, demand, at
    )


def _bands_of_months(
    plan: Plan,
    who: pd.DataFrame,
    quarters: np.ndarray,
    days: pd.DatetimeIndex,
    first: list[int],
    months: list[pd.Period],
) -> np.ndarray:
    """Share of each band in the energy of each month; NaN without time of use."""
    bands = np.full((len(who), len(months), len(BANDS)), np.nan)
    calendar = day_calendar(days, plan.settings)
    by_time = who.index[who["tou"].to_numpy(dtype=bool)]
    at = who.index.get_indexer(by_time)
    for usage_class, among in who.loc[by_time].groupby("usage_class").indices.items():
        if not is_covered(plan.settings, usage_class):
            continue
        belongs, window = band_windows(plan, calendar, usage_class)
        rows = at[among]
        for i, month in enumerate(months):
            of_month = slice(first[i], first[i] + month.days_in_month)
            split = np.zeros((len(rows), len(BANDS)))
            for kind in np.unique(window[of_month]):
                on = (window[of_month] == kind).astype(np.float32)
                # Quarter hours of the days of one set, added up.
                sums = np.einsum("nds,d->ns", quarters[rows, of_month], on)
                split += sums.astype(float) @ belongs[kind]
            total = split.sum(axis=1, keepdims=True)
            bands[rows, i] = np.divide(
                split, total, out=np.zeros_like(split), where=total > 0
            )
    return bands


def month_starts(plan: Plan) -> np.ndarray:
    """Position of the first day of each month of the plan, of shape (n_months,)."""
    day = plan.days.to_period("M")
    return np.flatnonzero(np.append(True, day[1:] != day[:-1]))


def month_names(plan: Plan) -> np.ndarray:
    """Months of the plan as text such as 2025-03, of shape (n_months,)."""
    return np.array(plan.months.strftime("%Y-%m"), dtype=object)


def whole_months(plan: Plan) -> int:
    """Months that end within the plan: those that are read and billed."""
    ends = plan.months.to_timestamp(how="end").normalize()
    return int((ends <= plan.days[-1]).sum())


def _band_energy(
    plan: Plan,
    people: pd.DataFrame,
    rows: np.ndarray,
    energy: np.ndarray,
    starts: np.ndarray,
) -> np.ndarray:
    """Energy by month and band (n, n_months, 5); NaN for who has no time of use."""
    bands = np.full((len(rows), len(starts), len(BANDS)), np.nan)
    on = np.flatnonzero(people["tou"].to_numpy(dtype=bool)[rows])
    for start in range(0, len(on), _AT_ONCE):
        part = on[start : start + _AT_ONCE]
        shares = band_shares(plan, people, rows[part], energy[part])
        used = energy[part][..., None] * shares
        bands[part] = np.add.reduceat(used, starts, axis=1, dtype=float)
    return bands


def _hundredths(bands: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Bands (n, 5) scaled and rounded so that they add up to the whole `total`."""
    so_far = np.cumsum(bands, axis=1)
    whole = np.where(so_far[:, -1:] == 0, 1, so_far[:, -1:])
    return np.diff(np.round(so_far / whole * total[:, None]), axis=1, prepend=0)


def _demand(
    plan: Plan,
    people: pd.DataFrame,
    rows: np.ndarray,
    energy: np.ndarray,
    starts: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Maximum demand of each month and its quarter hour: day's mean / load factor."""
    rng = stream(plan.seed, "registers", "demand")
    n, n_days = energy.shape
    working = day_calendar(plan.days, plan.settings)["working"].to_numpy(dtype=bool)
    shapes, change = rhythms(plan, people)
    kind = ~working + 2 * (plan.days.to_numpy() >= change[rows, None])
    place = np.arange(n)[:, None]
    peak = N_SLOTS * shapes[rows].max(axis=2)
    power = energy / 24 * peak[place, kind]
    highest = np.maximum.reduceat(power, starts, axis=1)
    month = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, n_days)))
    # First day of the month that reaches the maximum.
    candidate = np.where(power == highest[:, month], np.arange(n_days), n_days - 1)
    day = np.minimum.reduceat(candidate, starts, axis=1)
    top = shapes[rows].argmax(axis=2)[place, kind[place, day]]
    shift = np.round(4 * rng.normal(0, PEAK_SHIFT, highest.shape)).astype(int)
    slot = np.clip(top + shift, 0, N_SLOTS - 1)
    ts = plan.days.to_numpy().astype("datetime64[ms]")[day]
    letter = people["true_archetype"].str[0].iloc[rows]
    mean = letter.map(ABOVE_SHAPE_OF).fillna(ABOVE_SHAPE).to_numpy()[:, None]
    above = np.exp(rng.normal(mean, PEAK_SPREAD, highest.shape))
    return highest * np.maximum(above, 1), ts + slot * np.timedelta64(15, "m")


def _reactive(
    plan: Plan, who: pd.DataFrame, active: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Reactive energy taken and given back by month; NaN for homes. [kvarh]."""
    rng = stream(plan.seed, "registers", "reactive")
    n = len(who)
    code = who["true_archetype"]
    known = code.where(code.isin(list(POWER_FACTORS)), code.str[0])
    home = code.str.startswith("R").to_numpy()
    mean, spread = np.array([POWER_FACTORS.get(k, (0.95, 0.02)) for k in known]).T
    factor = rng.normal(mean, spread)
    compensated = rng.random(n) < COMPENSATED
    factor = factor + COMPENSATION * compensated
    monthly = factor[:, None] + rng.normal(0, MONTH_NOISE, active.shape)
    taken = active * np.tan(np.arccos(np.clip(monthly, 0.40, 0.995)))
    share = rng.uniform(*GIVEN_BACK, n)
    over = rng.random(n) < OVER_COMPENSATED
    given = np.where(over[:, None], active * NIGHT_SHARE * share[:, None], 0.0)
    taken[home], given[home] = np.nan, np.nan
    return taken, given


def _meters(plan: Plan, rows: np.ndarray, who: pd.DataFrame) -> np.ndarray:
    """Meter of each month: ids of eight digits, new ones where the script says so."""
    numbers = stream(plan.seed, "registers", "meters").permutation(2 * plan.n_customers)
    ids = pd.Series(numbers + 30_000_000).astype("str").to_numpy(dtype=object)
    old, new = ids[rows][:, None], ids[rows + plan.n_customers][:, None]
    changes = who["true_drift"].str.split("|").apply(lambda t: "new_meter" in t)
    from_month = np.arange(len(plan.months)) >= drift.METER_ROLL_OUT
    return np.where(changes.to_numpy()[:, None] & from_month, new, old)


def _ratio(who: pd.DataFrame) -> np.ndarray:
    """Multiplier of the instrument transformers: current, times voltage above 1 kV."""
    kva = who["contract_kva"].to_numpy(dtype=float)
    kv = who["voltage"].map(_KV).fillna(0.4).to_numpy()
    amperes = kva / (np.sqrt(3) * kv)
    place = np.searchsorted(_CURRENT_RATIOS, amperes / 5)
    current = _CURRENT_RATIOS[np.minimum(place, len(_CURRENT_RATIOS) - 1)]
    direct = (kv < 1) & (kva <= _DIRECT_KVA)
    return np.where(direct, 1.0, current * np.where(kv < 1, 1, 10 * kv))


def as_exported(plan: Plan, registers: pd.DataFrame) -> pd.DataFrame:
    """The registers as they are handed out: some months lack the reactive energy.

    The drift script says so; bills were computed while it was still known.
    """
    if not drift.drifts(plan):
        return registers
    first, last = drift.NO_REACTIVE
    silent = registers["ym"].isin(month_names(plan)[first:last])
    columns = ["reactive_import_kvarh", "reactive_export_kvarh"]
    shown = registers.copy()
    shown.loc[silent, columns] = np.nan
    return shown
