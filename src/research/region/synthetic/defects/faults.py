"""Faults of meters and terminals: which customer, when, how long.

Drawn once for all customers, so that the daily energy and the intervals of a
customer tell of the same fault, and so that chunks of customers may come in any
order.
"""

import numpy as np
import pandas as pd

from research.region.synthetic.defects.shares import share
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream

# Where five digits of kWh end, and the register begins at zero again.
ROLL_OVER_KWH = 100_000.0
# Multipliers 倍率 of current and voltage transformers in use (data dictionary: 10-200).
CT_RATIOS = np.array([10, 15, 20, 30, 40, 50, 60, 80, 100, 120, 160, 200])
HIGH_VOLTAGE = ("10kV", "20kV", "35kV", "66kV", "110kV", "220kV")
# A file of one month holds a twentieth of the customers (assumption).
FILES_A_MONTH = 20
DAYS_A_YEAR = 365.25


def faults(plan: Plan, people: pd.DataFrame) -> pd.DataFrame:
    """Faults that last for days, or happen on one.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, ...)
        `customer_id`, `open_date`, `close_date`.

    Returns
    -------
    faults : DataFrame
        `kind` (offline_run, frozen_run, zero_run, roll_over, meter_change),
        `position` among the people, `first` day among the plan's days, `days` that it
        lasts, `catch_up` (whether the energy comes in a lump afterwards), `moment`
        (share of the first day that has passed), `size` (what the register stood at)
        [kWh]. Each lies with a day to spare between opening and closing of the
        account; the order of the people does not matter.
    """
    kinds = {
        "offline_run": (share(plan.defects, "offline_run"), 1, 20),
        "frozen_run": (share(plan.defects, "frozen_run") / 2, 3, 10),
        "zero_run": (share(plan.defects, "frozen_run") / 2, 3, 10),
        "roll_over": (_a_year(plan, "roll_over"), 1, 1),
        "meter_change": (_a_year(plan, "meter_change"), 1, 1),
    }
    drawn = [_drawn(plan, people, kind, *how) for kind, how in kinds.items()]
    return pd.concat(drawn, ignore_index=True)


def _a_year(plan: Plan, mechanism: str) -> float:
    """Share of the customers in the time of the plan."""
    return min(share(plan.defects, mechanism) * len(plan.days) / DAYS_A_YEAR, 1.0)


def _drawn(
    plan: Plan,
    people: pd.DataFrame,
    kind: str,
    customers: float,
    shortest: int,
    longest: int,
) -> pd.DataFrame:
    rng = stream(plan.seed, "defects", kind)
    n = len(people)
    order = np.argsort(people["customer_id"].to_numpy(), kind="stable")
    first_day, last_day = _open_span(plan, people.iloc[order])
    hit = rng.random(n) < customers
    days = rng.integers(shortest, longest + 1, n)
    room = last_day - first_day - days - 1
    first = first_day + 1 + (rng.random(n) * np.maximum(room, 1)).astype(int)
    every = pd.DataFrame(
        {
            "kind": kind,
            "position": order,
            "first": first,
            "days": days,
            "catch_up": rng.random(n) < share(plan.defects, "catch_up"),
            "moment": rng.random(n),
            "size": rng.uniform(0.05, 0.9, n) * ROLL_OVER_KWH,
        }
    )
    every["catch_up"] &= kind == "offline_run"
    return every[hit & (room > 0)]


def _open_span(plan: Plan, people: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of the plan on which each account is open."""
    start, n_days = plan.days[0], len(plan.days)
    opened = (pd.to_datetime(people["open_date"]) - start).dt.days
    closed = (pd.to_datetime(people["close_date"]) - start).dt.days
    first = opened.fillna(0).clip(0, n_days).to_numpy().astype(int)
    last = closed.fillna(n_days - 1).clip(-1, n_days - 1).to_numpy().astype(int)
    return first, last


def ratios(plan: Plan, people: pd.DataFrame) -> np.ndarray:
    """Multiplier that was forgotten, for each customer; 1 where it was applied."""
    rng = stream(plan.seed, "defects", "ct_ratio")
    hit = rng.random(len(people)) < share(plan.defects, "ct_ratio")
    ratio = rng.choice(CT_RATIOS, len(people))
    high = people["voltage"].isin(HIGH_VOLTAGE).to_numpy()
    return np.where(hit & high, ratio, 1).astype(np.float32)


def unit_files(plan: Plan) -> list[tuple[pd.Period, int]]:
    """Files in W instead of kW: month and which twentieth of the customers.

    One export of one system: a customer's daily energy and intervals of the month are
    wrong together. Only months that both tables hold whole.
    """
    rng = stream(plan.seed, "defects", "unit_file")
    months = whole_months(plan.panel_days)
    n_files = min(int(share(plan.defects, "unit_file")), len(months))
    chosen = rng.choice(len(months), n_files, replace=False)
    parts = rng.choice(FILES_A_MONTH, n_files, replace=False)
    return [(months[m], int(p)) for m, p in zip(chosen, parts, strict=True)]


def flipped_months(plan: Plan, days: pd.DatetimeIndex) -> pd.PeriodIndex:
    """Months in which the intervals bear the stamp of their end.

    They follow each other and are at most half of the whole months of `days`.
    """
    rng = stream(plan.seed, "defects", "stamp_flip")
    months = whole_months(days)
    wanted = int(share(plan.defects, "stamp_flip"))
    n_flipped = min(wanted, max(len(months) // 2, 1), len(months))
    start = rng.integers(0, len(months) - n_flipped + 1)
    return months[start : start + n_flipped]


def whole_months(days: pd.DatetimeIndex) -> pd.PeriodIndex:
    """Months of which `days` holds every day.

    Examples
    --------
    >>> whole_months(pd.date_range("2024-01-20", "2024-03-05")).astype(str).tolist()
    ['2024-02']
    """
    counts = days.to_period("M").value_counts().sort_index()
    return counts.index[counts.to_numpy() == counts.index.days_in_month]
