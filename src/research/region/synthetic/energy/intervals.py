"""Readings of 15 minutes: the day's energy of a customer spread over its rhythm."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.calendar import day_calendar
from research.region.synthetic import drift
from research.region.synthetic.energy.charging import charging_blocks
from research.region.synthetic.energy.daily import RESOLUTION, charging, degrees, gains
from research.region.synthetic.energy.photovoltaics import roofs, sunshine
from research.region.synthetic.energy.rhythms import appliance_shapes, rhythms, shifted
from research.region.synthetic.plan import Plan
from research.region.synthetic.population.customers import counts_of
from research.region.synthetic.population.shapes import HOURS, N_SLOTS
from research.region.synthetic.streams import following, stream
from research.region.synthetic.weather import climate_of, daylight_hours, solar_noon

VALUES_AT_A_TIME = 10_000_000
# Rare archetypes are read more often than common ones (assumption).
PANEL_POWER = 0.6
# Log noise of quarter hours follows the one before by .8; sd of homes .20, of industry
# .08 (section 3), of the others assumed.
PERSISTENCE = 0.8
NOISE = {"R": 0.20, "S": 0.12, "O": 0.10, "I": 0.08, "A": 0.10, "E": 0.30, "T": 0.03}
# Kettles and washing machines: up to three a day of 1.5-2.5 kW and a quarter to three
# quarters of an hour (section 3), but no more than a quarter of the home's energy.
SPIKES_A_DAY, SPIKE_KW, SPIKE_SLOTS, SPIKE_SHARE = 3.0, (1.5, 2.5), 3, 0.25
# Meters of homes and shops register a kilowatt hour in thousandths.
FINE_RESOLUTION = 0.001


class _World(NamedTuple):
    """What all customers of the panel share, on the days of the panel."""

    plan: Plan
    days: pd.DatetimeIndex
    weather: pd.DataFrame
    rest: np.ndarray
    degrees: np.ndarray
    sun: np.ndarray


class _Chunk(NamedTuple):
    """Some customers of the panel, and what is theirs."""

    people: pd.DataFrame
    kwh: np.ndarray
    charge: np.ndarray
    export: np.ndarray
    roof: np.ndarray
    shapes: np.ndarray
    change: np.ndarray


def panel_positions(plan: Plan, people: pd.DataFrame) -> np.ndarray:
    """Positions of the customers with readings of 15 minutes, in order."""
    rng = stream(plan.seed, "panel")
    code = people["true_archetype"].to_numpy()
    codes, counts = np.unique(code, return_counts=True)
    wanted = counts_of(counts**PANEL_POWER, max(plan.n_panel, len(codes)))
    order = np.argsort(rng.random(len(people)))
    place = pd.Series(code[order]).groupby(code[order]).cumcount()
    most = pd.Series(wanted, codes)[code[order]].to_numpy()
    # Kinds with fewer customers than wanted leave their places to the others.
    first = np.argsort(np.where(place < most, place / most, 1 + place), kind="stable")
    return np.sort(order[first[: plan.n_panel]])


def panel(
    plan: Plan,
    people: pd.DataFrame,
    weather: pd.DataFrame,
    kwh: np.ndarray,
    export: np.ndarray | None,
    *,
    difficulty: str = "medium",
) -> Iterator[tuple[np.ndarray, np.ndarray, pd.DatetimeIndex]]:
    """Energy of each quarter hour, some customers at a time.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, ...)
    weather : DataFrame of shape (n_days, ...)
    kwh : ndarray of shape (n_customers, n_days)
        Energy taken a day, NaN where none is known. [kWh]
    export : ndarray of the same shape, or None
        Energy fed in a day. [kWh]
    difficulty : str
        How far customers differ from their archetype: ``easy``, ``medium``, ``hard``.

    Yields
    ------
    positions : ndarray of int, shape (n_chunk,)
        Customers, as rows of `people`, in order.
    kwh : ndarray of float32, shape (n_chunk, n_panel_days, 96)
        Energy taken in each quarter hour, in whole thousandths or hundredths; those of
        a day add up to the day's energy. NaN where that is NaN. [kWh]
    days : DatetimeIndex of shape (n_panel_days,)
    """
    positions = panel_positions(plan, people)
    days = plan.panel_days
    world = _world(plan, weather)
    shapes, change = rhythms(plan, people, difficulty)
    charge = charging(plan, people)
    roof = roofs(plan, people)
    size = max(VALUES_AT_A_TIME // (len(days) * N_SLOTS), 1)
    last = np.s_[-len(days) :]
    for start in range(0, len(positions), size):
        part = positions[start : start + size]
        nothing = np.zeros((len(part), len(days)), dtype=np.float32)
        chunk = _Chunk(
            people.iloc[part],
            kwh[part, last],
            nothing if charge is None else charge[part, last],
            nothing if export is None else export[part, last],
            roof[part, last],
            shapes[part],
            change[part],
        )
        yield part, _quarter_hours(world, chunk), days


def _world(plan: Plan, weather: pd.DataFrame) -> _World:
    days = plan.panel_days
    weather = weather.iloc[-len(days) :]
    rest = ~day_calendar(days, plan.settings)["working"].to_numpy()
    return _World(
        plan, days, weather, rest, degrees(weather, plan), sunshine(plan, weather) / 4
    )


def _quarter_hours(world: _World, chunk: _Chunk) -> np.ndarray:
    rng = stream(world.plan.seed, "intervals", chunk.people["customer_id"].iloc[0])
    kwh = np.nan_to_num(chunk.kwh)
    charge = np.minimum(chunk.charge, kwh)
    own_use = chunk.roof * world.sun.sum(axis=1) - np.nan_to_num(chunk.export)
    own_use = np.where(chunk.roof > 0, own_use, 0).clip(0)
    power = _expected(world, chunk)
    power *= _noise(chunk, power.shape, rng)
    house = kwh - charge + own_use
    power *= (house / power.sum(axis=2))[:, :, None]
    _add_spikes(chunk, house, power, rng)
    _take_off_sun(world, chunk, power)
    _scale(power, kwh - charge)
    charging_blocks(chunk.people, charge, power, rng)
    registered = _registered(power, chunk.people, kwh)
    registered[np.isnan(chunk.kwh)] = np.nan
    return registered


def _expected(world: _World, chunk: _Chunk) -> np.ndarray:
    """Share of each quarter hour in the day, before chance, by rhythm and weather."""
    after = world.days.to_numpy() >= chunk.change[:, None]
    kind = world.rest + 2 * after
    row = np.arange(len(kind))[:, None]
    power = chunk.shapes[row, kind]
    home = chunk.people["true_archetype"].str.startswith("R").to_numpy()
    later = drift.later_evening(world.plan, world.days)
    if later.any():
        full = np.full(home.sum(), drift.EVENING_LATER_HOURS)
        moved = shifted(chunk.shapes[home], full).astype(np.float32)
        weight = (later / drift.EVENING_LATER_HOURS).astype(np.float32)[:, None]
        ours = np.arange(home.sum())[:, None]
        power[home] += weight * (moved[ours, kind[home]] - power[home])
    lamps = (chunk.people["true_archetype"] == "O4").to_numpy()
    power[lamps] = _lighting(world)
    gain = gains(world.plan, chunk.people)[:, :, None] * world.degrees[None]
    share = (gain / (1 + gain.sum(axis=1, keepdims=True))).astype(np.float32)
    power *= (1 - share.sum(axis=1))[:, :, None]
    of_home = home[:, None] * share[:, 0]
    parts = np.stack([of_home, share[:, 0] - of_home, share[:, 1], share[:, 2]], axis=2)
    power += (parts @ appliance_shapes()).astype(np.float32)
    return power


def _lighting(world: _World) -> np.ndarray:
    """Public lighting from dusk to dawn by the sun's time."""
    climate = climate_of(world.plan)
    half = daylight_hours(climate.latitude, world.days)[:, None] / 2
    away = np.abs(HOURS - solar_noon(climate.longitude))
    dark = 1 / (1 + np.exp(-(away - half) / 0.1))
    light = dark + 0.02
    return (light / light.sum(axis=1, keepdims=True)).astype(np.float32)


def _noise(
    chunk: _Chunk, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Lognormal factors that follow each other over the quarter hours."""
    sd = chunk.people["true_archetype"].str[0].map(NOISE).to_numpy(dtype=np.float32)
    shocks = rng.standard_normal((shape[0], shape[1] * shape[2]), dtype=np.float32)
    shocks *= sd[:, None] * np.float32(np.sqrt(1 - PERSISTENCE**2))
    filtered = following(shocks, PERSISTENCE)
    return np.exp(filtered, out=filtered).reshape(shape)


def _add_spikes(
    chunk: _Chunk, house: np.ndarray, power: np.ndarray, rng: np.random.Generator
) -> None:
    """Short appliances of homes, in place, where the home is awake."""
    home = chunk.people["true_archetype"].str.startswith("R").to_numpy()
    usual = np.mean(SPIKE_KW) * (1 + SPIKE_SLOTS) / 2 / 4
    rate = np.minimum(SPIKES_A_DAY, SPIKE_SHARE * house / usual) * home[:, None]
    count = rng.poisson(rate)
    owner = np.repeat(np.arange(count.size), count.ravel())
    n = len(owner)
    # The quarter hour is drawn by the home's working-day shape.
    edges = np.cumsum(chunk.shapes[:, 0], axis=1, dtype=float)
    edges = (edges / edges[:, -1:] + np.arange(len(edges))[:, None]).ravel()
    customer = owner // house.shape[1]
    slot = np.searchsorted(edges, customer + rng.random(n)) - customer * N_SLOTS
    lasts = rng.integers(1, SPIKE_SLOTS + 1, n)
    kw = rng.uniform(*SPIKE_KW, n) / 4
    flat = power.reshape(-1)
    for step in range(SPIKE_SLOTS):
        on = (lasts > step) & (slot + step < N_SLOTS)
        place = owner[on] * N_SLOTS + slot[on] + step
        np.add.at(flat, place, kw[on].astype(np.float32))


def _take_off_sun(world: _World, chunk: _Chunk, power: np.ndarray) -> None:
    """Take what the roof gives off the power of each quarter hour, in place."""
    who = np.flatnonzero(chunk.roof.any(axis=1))
    left = power[who] - chunk.roof[who][:, :, None] * world.sun
    # A thousandth stays: a day of which something was taken has a quarter hour for it.
    power[who] = np.maximum(left, 0.001 * power[who])


def _scale(power: np.ndarray, energy: np.ndarray) -> None:
    """Make each day add up to its energy, in place."""
    total = power.sum(axis=2)
    factor = np.divide(energy, total, out=np.zeros_like(total), where=total > 0)
    power *= factor[:, :, None]


def _registered(power: np.ndarray, people: pd.DataFrame, kwh: np.ndarray) -> np.ndarray:
    """Differences of a register that counts in whole steps, day by day."""
    low = people["voltage"].isin(["220V", "380V"]).to_numpy()
    step = np.where(low, FINE_RESOLUTION, RESOLUTION)[:, None]
    steps = np.rint(kwh.astype(np.float64) / step)
    count = np.cumsum(power, axis=2, dtype=np.float64)
    end = count[:, :, -1]
    count *= np.divide(steps, end, out=np.zeros_like(end), where=end > 0)[:, :, None]
    np.rint(count, out=count)
    count[:, :, 1:] -= count[:, :, :-1].copy()
    count *= step[:, :, None]
    return count.astype(np.float32)
