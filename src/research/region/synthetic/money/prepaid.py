"""Prepaid accounts of a synthetic region: balances, top-ups, trips, payments.

Four kinds of homes look after their balances with more or less attention. One scale on
the attention of all is solved so that 31 % of the homes trip twice or more in twelve
months, the share of *frequent* users of an urban utility.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from research.region.schema import TABLES
from research.region.synthetic import drift
from research.region.synthetic.money.balances import (
    Habits,
    Life,
    Trips,
    live,
)
from research.region.synthetic.money.channels import channels_of
from research.region.synthetic.money.points import enrolled_of
from research.region.synthetic.money.prepaid_cost import daily_cents
from research.region.synthetic.money.topups import (
    DELIVERED,
    Lines,
    delivery,
    lines,
    topup_tables,
)
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream

# Share of homes with two trips or more in twelve months that the scale is solved for.
FREQUENT = 0.31
YEAR = 365
# Scale on all attention, solved by `attention_scale`: mean over five seeds of 12,000
# customers each, standard deviation .01 to .02 between the seeds.
ATTENTION_SCALE = {"haihe": 0.688, "hetao": 0.469, "minjiang": 0.705}
# Kinds of homes: chance to act on a day, threshold (median and spread of its log, at a
# limit of 10 yuan) and order, all assumptions of the specification. [CNY]
KINDS = ("autopilot", "regular", "late", "forgetful")
_ATTENTION = np.array([0.75, 0.45, 0.22, 0.10])
_THRESHOLD = np.array([60.0, 40.0, 26.0, 18.0])
_SPREAD = np.array([0.25, 0.30, 0.35, 0.35])
_AMOUNT = np.array([200.0, 100.0, 100.0, 80.0])
# An order lasts eleven days at least, up to this amount (assumption). [CNY]
_DAYS_OF_USE, _LARGEST = 11, 2000
# Elasticity of the amount to the highest points multiplier (assumption).
_POINTS_ELASTICITY = 0.15
# Chance to act on a day after an alert: Beta, an assumption; none where the telephone
# does not answer. Trips of alerted homes fall by about 60 %, as the drift script wants.
_RESPONSE = (2.2, 1.8)
# After a trip the meter can be restarted by card or telephone: median hours, spread of
# the log (assumption).
_RESTART = (3.0, 0.6)
# Use of a home over the day, share used by each hour (assumption: two meals).
_HOURLY = np.array(
    [2, 2, 2, 2, 2, 3, 5, 5, 4, 3, 3, 4, 5, 4, 3, 3, 4, 6, 8, 8, 7, 6, 5, 4],
    dtype=float,
)
_USED_BY_HOUR = np.append(0, np.cumsum(_HOURLY)) / _HOURLY.sum()
_ROWS_A_BATCH = 1_000_000


class PrepaidTables(NamedTuple):
    """What `prepaid` makes.

    Attributes
    ----------
    topups, payments, trip_events : DataFrame
        As the tables of a region.
    positions : array of int of shape (n_homes,)
        Where the homes stand among the people, in the order of their ids.
    balance, cost : array of int32 of shape (n_homes, n_days)
        At the end of each day, and of its energy. [cents]
    topup : array of int32 of shape (n_homes, n_days)
        Delivered on the day. [cents]
    is_open : array of bool of shape (n_homes, n_days)
    truth : DataFrame of shape (n_homes, 7)
        `customer_id` and what decided the life of the balance.
    """

    topups: pd.DataFrame
    payments: pd.DataFrame
    trip_events: pd.DataFrame
    positions: np.ndarray
    balance: np.ndarray
    cost: np.ndarray
    topup: np.ndarray
    is_open: np.ndarray
    truth: pd.DataFrame


def prepaid(plan: Plan, people: pd.DataFrame, kwh: np.ndarray) -> PrepaidTables:
    """Live the prepaid accounts of a region.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
        Those whose `pay_system` is prepaid are taken.
    kwh : array of shape (n_customers, n_days)
        Daily energy, NaN while an account is not open.

    Returns
    -------
    tables : PrepaidTables
    """
    positions = prepaid_positions(people)
    homes = people.iloc[positions]
    cost, is_open = daily_cents(plan, people, positions, kwh[positions])
    scale = ATTENTION_SCALE[plan.name]
    of_line, habits, life = _life(plan, people, positions, cost, is_open, scale)
    ids = homes["customer_id"].to_numpy(dtype=object)
    topups, payments = topup_tables(
        life.attempts,
        of_line,
        ids,
        plan.days,
        plan.settings,
        stream(plan.seed, "topups"),
    )
    topup = np.zeros_like(cost)
    done = life.attempts.delivered
    where = life.attempts.home[done], life.attempts.day[done]
    np.add.at(topup, where, life.attempts.amount[done].astype(np.int32))
    return PrepaidTables(
        topups,
        payments,
        _trip_events(life, topups, ids, plan),
        positions,
        life.balance,
        cost,
        topup,
        is_open,
        _truth(ids, habits, of_line, plan),
    )


def prepaid_positions(people: pd.DataFrame) -> np.ndarray:
    """Where prepaid customers stand among the people, in the order of their ids."""
    prepaid = people["pay_system"].isin(["prepaid_local", "prepaid_remote"])
    positions = np.flatnonzero(prepaid.to_numpy())
    ids = people["customer_id"].to_numpy(dtype=object)[positions]
    return positions[np.argsort(ids.astype(str), kind="stable")]


def attention_scale(
    plan: Plan, people: pd.DataFrame, kwh: np.ndarray, *, steps: int = 9
) -> float:
    """Scale on all attention at which `FREQUENT` of the homes trip twice in a year.

    Solved by bisection over the first twelve months of the region.

    Parameters
    ----------
    plan : Plan
        Of a year at least; a few thousand prepaid homes make it precise.
    people, kwh : as for `prepaid`
    steps : int

    Returns
    -------
    scale : float
        Between .3 and 2.
    """
    positions = prepaid_positions(people)
    cost, is_open = daily_cents(plan, people, positions, kwh[positions, :YEAR])
    low, high = 0.3, 2.0
    for _ in range(steps):
        scale = (low + high) / 2
        _, _, life = _life(plan, people, positions, cost, is_open, scale)
        often = frequent_share(life.trips, is_open)
        low, high = (scale, high) if often > FREQUENT else (low, scale)
    return (low + high) / 2


def frequent_share(trips: Trips, is_open: np.ndarray) -> float:
    """Share of homes, open for the whole first year, that trip twice or more in it."""
    counts = np.bincount(trips.home[trips.day < YEAR], minlength=len(is_open))
    return float((counts[is_open[:, :YEAR].all(axis=1)] >= 2).mean())


def balance_batches(
    plan: Plan, people: pd.DataFrame, tables: PrepaidTables
) -> Iterator[pa.RecordBatch]:
    """Table `balance_daily`, sorted by customer and day, whole customers a batch.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
    tables : PrepaidTables

    Yields
    ------
    batch : RecordBatch
        About a million rows; ids are dictionary-encoded.
    """
    n_homes, n_days = tables.cost.shape
    ids = pa.array(people["customer_id"].to_numpy(dtype=object)[tables.positions])
    date = plan.days.to_numpy().astype("datetime64[D]")
    types = TABLES["balance_daily"].types
    at_once = max(_ROWS_A_BATCH // n_days, 1)
    for start in range(0, n_homes, at_once):
        here = slice(start, min(start + at_once, n_homes))
        home, day = np.nonzero(tables.is_open[here])
        columns = {
            "customer_id": pa.DictionaryArray.from_arrays(
                pa.array(home.astype(np.int32)), ids[here]
            ),
            "date": pa.array(date[day], types["date"]),
        }
        for name, cents in (
            ("balance_yuan", tables.balance),
            ("cost_yuan", tables.cost),
            ("topup_yuan", tables.topup),
        ):
            columns[name] = pa.array(cents[here][home, day] / 100, types[name])
        yield pa.RecordBatch.from_pydict(columns)


def balance_daily(plan: Plan, people: pd.DataFrame, tables: PrepaidTables) -> pa.Table:
    """Table `balance_daily` in one piece, as `balance_batches` gives it."""
    batches = list(balance_batches(plan, people, tables))
    return pa.Table.from_batches(batches).unify_dictionaries()


def _life(
    plan: Plan,
    people: pd.DataFrame,
    positions: np.ndarray,
    cost: np.ndarray,
    is_open: np.ndarray,
    scale: float,
) -> tuple[Lines, Habits, Life]:
    enrolled = enrolled_of(plan, people)
    ways = channels_of(plan, people, enrolled)
    homes = people.iloc[positions]
    rural = (homes["urban_rural"] == "rural").to_numpy()
    of_line = lines(rural, stream(plan.seed, "lines"))
    habits = _habits(plan, homes, cost, is_open, enrolled[positions], scale)
    orders = cost.sum(axis=1) / habits.amount
    success = delivery(of_line, orders, ways.main[positions], DELIVERED[plan.name])
    life = live(
        cost,
        is_open,
        habits,
        success,
        ways,
        positions,
        plan.settings.prepaid,
        _USED_BY_HOUR,
        stream(plan.seed, "balances"),
    )
    return of_line, habits, life


def _habits(
    plan: Plan,
    homes: pd.DataFrame,
    cost: np.ndarray,
    is_open: np.ndarray,
    enrolled: np.ndarray,
    scale: float,
) -> Habits:
    rng = stream(plan.seed, "habits")
    n, settings = len(homes), plan.settings
    kind = pd.Index(KINDS).get_indexer(homes["true_pay_class"])
    limit = settings.prepaid.trip_yuan
    threshold = np.exp(rng.normal(np.log(_THRESHOLD[kind]), _SPREAD[kind]))
    threshold = np.maximum(threshold - 10 + limit, limit + 1)
    attention = scale * _ATTENTION[kind] * np.exp(rng.normal(0, 0.25, n))
    amount = _AMOUNT[kind] * np.exp(rng.normal(0, 0.35, n))
    if settings.points is not None:
        best = max(multiplier for _, multiplier in settings.points.tiers)
        amount = np.where(enrolled, amount * best**_POINTS_ELASTICITY, amount)
    a_day = cost.sum(axis=1) / np.maximum(is_open.sum(axis=1), 1) / 100
    amount = np.clip(np.maximum(amount, _DAYS_OF_USE * a_day), 20, _LARGEST)
    treated = homes["true_drift"].str.contains("alert_treated").to_numpy(dtype=bool)
    reached = homes["phone_valid"].fillna(True).to_numpy(dtype=bool)
    begin = (drift.month_start(plan, drift.ALERTS) - plan.start).days
    return Habits(
        attention=np.clip(attention, 0.01, 0.97),
        threshold=np.round(100 * threshold).astype(np.int64),
        amount=(1000 * np.round(amount / 10)).astype(np.int64),
        response=rng.beta(*_RESPONSE, n) * reached,
        alerted_from=np.where(treated, begin, plan.n_days),
    )


def _trip_events(
    life: Life, topups: pd.DataFrame, ids: np.ndarray, plan: Plan
) -> pd.DataFrame:
    """Table of trips: supply comes back with the money, or by an earlier restart."""
    rng = stream(plan.seed, "restarts")
    trips = life.trips
    day = plan.days.to_numpy().astype("datetime64[ms]")
    ts_off = day[trips.day] + (trips.hour * 3600).astype("timedelta64[s]")
    hours = np.exp(rng.normal(np.log(_RESTART[0]), _RESTART[1], len(ts_off)))
    restarted = ts_off + (hours * 3600).astype("timedelta64[s]")
    events = pd.DataFrame({"customer_id": ids[trips.home], "ts_off": ts_off})
    delivered = topups.loc[topups["outcome"] == "delivered"]
    delivered = delivered[["customer_id", "ts_delivered"]].sort_values("ts_delivered")
    events = events.sort_values(["ts_off", "customer_id"])
    money = pd.merge_asof(
        events,
        delivered.astype({"ts_delivered": events["ts_off"].dtype}),
        left_on="ts_off",
        right_on="ts_delivered",
        by="customer_id",
        direction="forward",
    )
    order = events.index.to_numpy()
    back = money["ts_delivered"].to_numpy()
    known = ~np.isnat(back) & (back < restarted[order])
    events["ts_on"] = np.where(known, back, restarted[order])
    # Who is still off when the region ends has no time of return.
    events.loc[events["ts_on"] >= plan.days[-1] + pd.Timedelta(days=1), "ts_on"] = (
        pd.NaT
    )
    events["reason"] = "low_balance"
    events["balance_at_off"] = trips.balance[order] / 100
    return events.reset_index(drop=True)


def _truth(ids: np.ndarray, habits: Habits, of_line: Lines, plan: Plan) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": ids,
            "true_attention": habits.attention,
            "true_threshold_yuan": habits.threshold / 100,
            "true_amount_yuan": habits.amount / 100,
            "true_poor_network": of_line.poor_network,
            "true_meter_years": of_line.meter_years,
            "true_alerts": habits.alerted_from < plan.n_days,
        }
    )
