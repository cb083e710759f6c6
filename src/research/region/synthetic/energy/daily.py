"""Daily energy of every customer of a synthetic region."""

import numpy as np
import pandas as pd

from research.region.calendar import within_spans
from research.region.synthetic import drift
from research.region.synthetic.energy.levels import FESTIVALS, day_levels
from research.region.synthetic.energy.photovoltaics import after_own_use
from research.region.synthetic.plan import Plan
from research.region.synthetic.population.archetypes import CODES, TRAITS
from research.region.synthetic.streams import stream
from research.region.synthetic.weather import climate_of, weather_of

DAYS_A_MONTH = 365.25 / 12
# Meters register hundredths of a kilowatt hour.
RESOLUTION = 0.01
# Rise of the energy of a day a degree above the region's cooling limit (assumption);
# homes differ from region to region.
COOLING = {"S": 0.060, "O": 0.060, "T": 0.010, "E": 0.0, "I": 0.004, "A": 0.0}
# The same a degree below the heating limit, for homes with heat pumps (assumption).
HEATING = 0.05
# A storage heater takes 3.2 times the power of the house for 8.8 of 24 hours; the house
# runs at .366 of its peak (section 3, shape R7).
STORAGE = 3.2 * 8.8 / 24 / 0.366
# A pile charges on 35 % of the days, 18 kWh each with a spread of 6 (section 4).
CHARGING_DAYS, CHARGE_KWH, CHARGE_SD = 0.35, 18.0, 6.0
# Log sd of single days: homes as in the calibration of prepaid homes, others assumed.
NOISE = {"R": 0.22, "S": 0.10, "O": 0.08, "I": 0.08, "A": 0.20, "E": 0.20, "T": 0.03}
# Owners of vacant homes come on one day of 20 and use five times as much (assumption).
VISITS, VISIT_GAIN = 0.05, 5.0
LEFT_BEHIND = 0.25
SUSPENDED_DAYS = 60


def daily(
    plan: Plan, people: pd.DataFrame, weather: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray | None]:
    """Energy of each day: size x season x weekday x temperature x festival x growth.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, ...)
        As `population.people` gives it.
    weather : DataFrame of shape (n_days, ...)
        As `weather.weather` gives it.

    Returns
    -------
    kwh : ndarray of float32, shape (n_customers, n_days)
        Energy taken, in whole hundredths; NaN before the account opens and after it
        closes. [kWh]
    export : ndarray of the same shape, or None
        Energy fed in, where anyone feeds in. [kWh]
    """
    kwh = _without_appliances(plan, people, weather)
    charge = charging(plan, people)
    kwh += charge if charge is not None else 0.0
    _apply_drift(plan, people, kwh)
    export = after_own_use(plan, people, weather, kwh)
    _close(plan, people, kwh)
    if export is not None:
        export[np.isnan(kwh)] = np.nan
    return _registered(kwh), None if export is None else _registered(export)


def _without_appliances(
    plan: Plan, people: pd.DataFrame, weather: pd.DataFrame
) -> np.ndarray:
    """Energy of each day before charging piles, roofs, openings and closings."""
    archetype, festival = _places(people)
    answer = degrees(weather, plan)
    gain = gains(plan, people)
    # The mean of a first year is what the customer was given, whatever the days are.
    year = weather_of(plan, pd.date_range(plan.start, periods=366))
    yearly = day_levels(plan, year)
    norm = np.einsum(
        "kfd,gd->kfg", yearly, np.vstack([np.ones(366), degrees(year, plan)])
    )
    norm = norm[archetype, festival] / 366
    mean = norm[:, 0] + (norm[:, 1:] * gain).sum(axis=1)
    base = _base(people) / mean
    levels = day_levels(plan, weather).astype(np.float32)
    kwh = levels[archetype, festival]
    kwh *= 1 + gain.astype(np.float32) @ answer.astype(np.float32)
    kwh *= base.astype(np.float32)[:, None]
    kwh *= _growth(plan, people)
    kwh *= _noise(plan, people)
    return kwh


def _places(people: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Position of each customer in `CODES` and `FESTIVALS`."""
    archetype = pd.Index(CODES).get_indexer(people["true_archetype"])
    festival = people["true_festival"].to_numpy(dtype=object)
    wakes = (festival == "asleep") & (people["urban_rural"] == "rural").to_numpy()
    return archetype, pd.Index(FESTIVALS).get_indexer(
        np.where(wakes, "wakes", festival)
    )


def degrees(weather: pd.DataFrame, plan: Plan) -> np.ndarray:
    """Degrees too hot, degrees too cold, and work of storage heaters, of each day."""
    t = weather["t_mean"].to_numpy()
    climate = climate_of(plan)
    season = climate.heating_season
    days = pd.DatetimeIndex(weather["date"])
    cold = np.maximum(climate.heat_below - t, 0)
    heated = within_spans(days, [season]) if season else cold > 0
    stored = np.where(heated, np.clip((15 - t) / 15, 0, 1.5), 0.0)
    return np.array([np.maximum(t - climate.cool_above, 0), cold, stored])


def gains(plan: Plan, people: pd.DataFrame) -> np.ndarray:
    """Answer of each customer to the three rows of `degrees`."""
    letter = people["true_archetype"].str[0]
    slope = letter.map(COOLING | {"R": TRAITS[plan.name].cooling}).to_numpy()
    stores = (people["true_archetype"] == "R7").to_numpy()
    return np.column_stack(
        [
            slope * people["true_cooling"].to_numpy(),
            HEATING * people["true_heating"].to_numpy(),
            STORAGE * stores,
        ]
    )


def _base(people: pd.DataFrame) -> np.ndarray:
    """Energy a day that a customer was given, its charging pile taken out. [kWh]."""
    kwh = people["true_monthly_kwh"].to_numpy() / DAYS_A_MONTH
    pile = (people["true_archetype"] == "R6").to_numpy() * CHARGING_DAYS * CHARGE_KWH
    return np.maximum(kwh - pile, 0.35 * kwh)


def _growth(plan: Plan, people: pd.DataFrame) -> np.ndarray:
    """Growth about the middle of the first year."""
    years = ((np.arange(plan.n_days) - 183) / 365.25).astype(np.float32)
    return np.exp(people["true_growth"].to_numpy(dtype=np.float32)[:, None] * years)


def _noise(plan: Plan, people: pd.DataFrame) -> np.ndarray:
    """Chance of each month and day, and visits to vacant homes; means of 1."""
    n, n_days = len(people), plan.n_days
    cv = people["true_cv"].to_numpy()
    sd = np.sqrt(np.log1p(cv**2))[:, None]
    months = stream(plan.seed, "energy", "months").standard_normal(
        (n, len(plan.months))
    )
    monthly = np.exp(sd * months - sd**2 / 2).astype(np.float32)
    month = plan.months.get_indexer(plan.days.to_period("M"))
    sd = people["true_archetype"].str[0].map(NOISE).to_numpy(dtype=np.float32)[:, None]
    noise = stream(plan.seed, "energy", "days").standard_normal(
        (n, n_days), dtype=np.float32
    )
    noise *= sd
    noise -= sd**2 / 2
    np.exp(noise, out=noise)
    noise *= monthly[:, month]
    vacant = np.flatnonzero(people["true_archetype"] == "R5")
    visited = (
        stream(plan.seed, "energy", "visits").random((len(vacant), n_days)) < VISITS
    )
    mean = 1 + VISITS * (VISIT_GAIN - 1)
    noise[vacant] *= np.where(visited, VISIT_GAIN, 1.0).astype(np.float32) / mean
    return noise


def charging(plan: Plan, people: pd.DataFrame) -> np.ndarray | None:
    """Energy that private charging piles take each day.

    Returns
    -------
    kwh : ndarray of float32, shape (n_customers, n_days), or None
        None where there is no pile. [kWh]
    """
    has = people["true_ev"].to_numpy()
    if not has.any():
        return None
    rng = stream(plan.seed, "energy", "charging")
    who = np.flatnonzero(has)
    shape = (len(who), plan.n_days)
    often = rng.beta(7, 13, len(who))[:, None]
    drawn = rng.normal(CHARGE_KWH, CHARGE_SD, shape).clip(4, 45)
    drawn *= rng.random(shape) < often
    drawn *= _after_change(plan, people.iloc[who], adopters_only=True)
    kwh = np.zeros((len(people), plan.n_days), dtype=np.float32)
    kwh[who] = drawn
    return kwh


def _after_change(
    plan: Plan, people: pd.DataFrame, *, adopters_only: bool = False
) -> np.ndarray:
    """Days on which each customer's change has come; all of them where it has none."""
    changed = people["true_change_date"].to_numpy().astype("datetime64[D]")
    days = plan.days.to_numpy().astype("datetime64[D]")
    after = days[None, :] >= changed[:, None]
    return after | np.isnat(changed)[:, None] if adopters_only else after


def _apply_drift(plan: Plan, people: pd.DataFrame, kwh: np.ndarray) -> None:
    """Homes that are left, works that lose a shift, works in a worse economy."""
    labels = people["true_drift"]
    for label, share in (
        ("leaves_home", LEFT_BEHIND),
        ("shift_loss", drift.ONE_SHIFT_ENERGY),
    ):
        who = np.flatnonzero(labels.str.contains(label, regex=False))
        after = _after_change(plan, people.iloc[who])
        kwh[who] *= np.where(after, share, 1.0).astype(np.float32)
    works = people["true_archetype"].str.startswith("I").to_numpy()
    worse = drift.from_month(plan, drift.SHIFT_LOSS, plan.days)
    kwh[np.ix_(works, worse)] *= 1 - drift.ECONOMY_FALL


def _close(plan: Plan, people: pd.DataFrame, kwh: np.ndarray) -> None:
    """Leave out the days before opening and after closing; still suspended accounts."""
    days = plan.days.to_numpy().astype("datetime64[D]")
    opened, closed = (
        people[c].to_numpy().astype("datetime64[D]")[:, None]
        for c in ("open_date", "close_date")
    )
    suspended = (people["status"] == "suspended").to_numpy()
    kwh[suspended, -SUSPENDED_DAYS:] = 0.0
    kwh[(days < opened) | (days > closed)] = np.nan


def _registered(kwh: np.ndarray) -> np.ndarray:
    return (np.rint(kwh.astype(np.float64) / RESOLUTION) * RESOLUTION).astype(
        np.float32
    )
