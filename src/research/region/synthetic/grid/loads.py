"""Load of the public transformers day by day, and whom it leaves with low voltage."""

import numpy as np
import pandas as pd
from scipy import sparse

from research.region.calendar import day_calendar
from research.region.synthetic.grid.areas import POWER_FACTOR
from research.region.synthetic.plan import Plan
from research.region.synthetic.population.shapes import day_shapes
from research.region.synthetic.streams import stream

N_SLOTS = 48
# The load rate that is planted is met on the day that one in a hundred exceeds.
PEAK_QUANTILE = 0.99
# Voltage at the transformer and its drop to the end of the line at full load [V]
# (specification, section 7, with a drop that is assumed); 220 V is nominal.
VOLTAGE, LINE_DROP, NOMINAL = 230.0, 26.0, 220.0
# Spread of the log of a day's load: accounts beyond the sample (assumption).
DAY_NOISE = 0.03


def transformer_load(
    plan: Plan, people: pd.DataFrame, transformers: pd.DataFrame, kwh: np.ndarray
) -> pd.DataFrame:
    """Load rate 负载率 of each public transformer and day.

    The customers' energy is spread over the day by their kinds' shapes. They are a
    sample: the other accounts of a transformer follow them, as many as bring it to the
    load rate planted for it.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
        As `grid.assign` gives it.
    transformers : DataFrame
        Likewise.
    kwh : array of shape (n_customers, n_days)
        Daily energy, NaN while an account is not open. [kWh]

    Returns
    -------
    load : DataFrame
        The table `transformer_load`, sorted by transformer and day. Customers below
        the limit of voltage are those of `people` at the end of the line.
    """
    public = transformers[~transformers["true_dedicated"]].reset_index(drop=True)
    at = pd.Index(public["transformer_id"]).get_indexer(people["transformer_id"])
    power = _power(plan, people, at, len(public), kwh)
    rate = power / (public["kva"].to_numpy() * POWER_FACTOR)[:, None, None]
    usual = np.quantile(rate.max(axis=2), PEAK_QUANTILE, axis=1)
    planted = public["true_peak_rate"].to_numpy()
    # Others on the transformer can only add to the load of the sample.
    others = np.maximum(planted / np.where(usual > 0, usual, np.inf), 1.0)
    rng = stream(plan.seed, "transformer load")
    noise = np.exp(rng.normal(0, DAY_NOISE, rate.shape[:2]))
    rate *= (others[:, None] * noise)[:, :, None].astype(np.float32)
    highest = rate.max(axis=2)
    low = _low_voltage_customers(plan, public, at, highest / planted[:, None], highest)
    n_days = plan.n_days
    return pd.DataFrame(
        {
            "transformer_id": np.repeat(public["transformer_id"].to_numpy(), n_days),
            "date": np.tile(plan.days.to_numpy(), len(public)),
            "max_load_rate": highest.ravel().round(4).astype(np.float64),
            "hours_over_80": _hours_over(rate, 0.8),
            "hours_over_100": _hours_over(rate, 1.0),
            "low_voltage_customers": low.ravel().astype(np.int32),
        }
    )


def _hours_over(rate: np.ndarray, limit: float) -> np.ndarray:
    return (rate > limit).sum(axis=2).ravel() * (24 / N_SLOTS)


def _power(
    plan: Plan, people: pd.DataFrame, at: np.ndarray, n: int, kwh: np.ndarray
) -> np.ndarray:
    """Mean power of the customers by transformer, day and half hour, in kW."""
    shapes = day_shapes()
    codes = pd.Index(shapes)
    kind = codes.get_indexer(people["true_archetype"])
    later = codes.get_indexer(people["true_archetype_end"])
    energy = np.nan_to_num(kwh)
    changed = np.flatnonzero((kind != later) & (at >= 0))
    # A customer who becomes another kind is two, one before and one after.
    on = people["true_change_date"].to_numpy()[changed]
    after = plan.days.to_numpy() >= on[:, None]
    energy = np.vstack([energy, energy[changed] * after])
    energy[changed] *= ~after
    at = np.append(at, at[changed])
    kind = np.append(kind, later[changed])
    public = np.flatnonzero(at >= 0)
    cell = at[public] * len(codes) + kind[public]
    ones = np.ones(len(public), dtype=np.float32)
    sums = sparse.csr_matrix(
        (ones, (cell, public)), shape=(n * len(codes), len(energy))
    )
    by_kind = (sums @ energy.astype(np.float32)).reshape(n, len(codes), plan.n_days)
    by_kind = np.ascontiguousarray(by_kind.transpose(0, 2, 1))
    taken = np.clip(np.array(list(shapes.values())), 0, None)
    taken = taken.reshape(len(codes), 2, N_SLOTS, -1).mean(axis=3)
    taken /= taken.sum(axis=2, keepdims=True) * (24 / N_SLOTS)
    rest = ~day_calendar(plan.days, plan.settings)["working"].to_numpy()
    power = np.empty((n, plan.n_days, N_SLOTS), dtype=np.float32)
    for which, days in enumerate((~rest, rest)):
        power[:, days] = by_kind[:, days] @ taken[:, which].astype(np.float32)
    return power


def _low_voltage_customers(
    plan: Plan,
    public: pd.DataFrame,
    at: np.ndarray,
    relative: np.ndarray,
    rate: np.ndarray,
) -> np.ndarray:
    """Customers below the limit at the worst time of each transformer's day.

    The voltage falls along the feeder with its load and along the line with that of
    the transformer; whoever sits beyond a point has too little.
    """
    limit = NOMINAL * (1 + plan.settings.voltage_limits.lv_single[0])
    feeder = public["true_feeder_drop"].to_numpy()[:, None] * relative
    drop = LINE_DROP * rate
    good = (VOLTAGE - limit - feeder) / np.where(drop > 0, drop, np.inf)
    good = np.where(drop > 0, good, 1.0)
    n = np.bincount(at[at >= 0], minlength=len(public))[:, None]
    return np.clip(n - np.floor(n * good + 0.5), 0, n)
