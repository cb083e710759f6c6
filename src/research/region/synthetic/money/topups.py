"""Top-ups of a synthetic region: chance of delivery, causes of failure, the records.

An attempt brings money into a meter over the network. If it fails after the payment,
most customers try again on the next day; the money of the others is given back.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.settings import Settings
from research.region.synthetic.money.balances import (
    EVENING,
    RETRIES,
    Attempts,
    Delivery,
)
from research.region.synthetic.money.channels import (
    CHANNELS,
    channel_fee,
    names_of,
    numbered,
)

# Share of attempts that reach the meter: .948 is the record of an urban utility over
# remote top-ups; the rural share is an assumption.
DELIVERED = {"haihe": 0.948, "hetao": 0.915, "minjiang": 0.948}
# All assumptions: logits of a poor network, of a meter older than eight years, of the
# evening, and of single channels.
POOR_NETWORK, OLD_METER, BUSY = -0.9, -0.5, -0.35
OLD_YEARS = 8
BY_CHANNEL = {"app": 0.2, "hall": 0.3, "agent": -0.2, "village_point": -0.2}
POOR_NETWORK_SHARE = {"urban": 0.08, "rural": 0.25}
# Causes of failure and their shares (assumption).
CAUSES = {
    "public_network": 0.46,
    "meter_offline": 0.24,
    "load_protect": 0.12,
    "system": 0.10,
    "wrong_number": 0.05,
    "amount_limit": 0.03,
}
# How much likelier a cause is with a poor network, an old meter, in the evening.
_WITH_POOR_NETWORK = np.array([3, 1, 1, 1, 1, 1])
_WITH_OLD_METER = np.array([1, 2.5, 1, 1, 1, 1])
_IN_THE_EVENING = np.array([1, 1, 4, 1.5, 1, 1])
# Failures after the payment, as a share of all; the last two causes stop an order
# before money flows (assumption).
PAID = 0.70
_PAID_CAUSES = 4


class Lines(NamedTuple):
    """What the chance of delivery hangs on; arrays of shape (n_homes,).

    Attributes
    ----------
    poor_network : bool
    meter_years : age of the meter on the region's first day.
    """

    poor_network: np.ndarray
    meter_years: np.ndarray


def lines(rural: np.ndarray, rng: np.random.Generator) -> Lines:
    """Network and meter of each home; meters last ten years, some longer (assumed)."""
    shares = np.where(rural, *(POOR_NETWORK_SHARE[k] for k in ("rural", "urban")))
    poor = rng.random(len(rural)) < shares
    return Lines(poor, rng.uniform(0, 11, len(rural)))


def delivery(
    of: Lines, orders: np.ndarray, channel: np.ndarray, wanted: float
) -> Delivery:
    """Chances of delivery such that `wanted` of all attempts arrive.

    Parameters
    ----------
    of : Lines
    orders : array of shape (n_homes,)
        Orders expected of each home, in any unit.
    channel : array of int of shape (n_homes,)
        Its main channel.
    wanted : float

    Returns
    -------
    delivery : Delivery
        The constant is solved by bisection, retries counted: who fails tries again
        with a chance of `RETRIES`.
    """
    by_channel = np.array([BY_CHANNEL.get(name, 0.0) for name in CHANNELS])
    home = POOR_NETWORK * of.poor_network + OLD_METER * (of.meter_years > OLD_YEARS)
    # About a third of the orders fall into the evening.
    logits = home + by_channel[channel] + np.array([[0.0], [BUSY]])
    weights = orders * np.array([[0.68], [0.32]])
    low, high = -5.0, 12.0
    for _ in range(50):
        constant = (low + high) / 2
        chance = 1 / (1 + np.exp(-(logits + constant)))
        tries = weights / (1 - RETRIES * (1 - chance))
        too_high = (chance * tries).sum() > wanted * tries.sum()
        low, high = (low, constant) if too_high else (constant, high)
    return Delivery(home + (low + high) / 2, by_channel, BUSY)


def topup_tables(
    attempts: Attempts,
    of: Lines,
    customer_id: np.ndarray,
    days: pd.DatetimeIndex,
    settings: Settings,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables `topups` and `payments` of prepaid accounts.

    Parameters
    ----------
    attempts : Attempts
    of : Lines
    customer_id : array of str of shape (n_homes,)
    days : DatetimeIndex of shape (n_days,)
    settings : Settings
    rng : Generator

    Returns
    -------
    topups, payments : DataFrame
        An order is paid once, however many attempts it takes. What was paid and never
        delivered comes back as a payment below zero that names the first one, unless
        the region ends before. Sorted by time.
    """
    by_home = np.lexsort((attempts.day, attempts.home))
    a = Attempts(*(column[by_home] for column in attempts))
    orders = _orders(a, of, rng)
    clock = _clock(a, days, rng)
    end = days[-1].to_datetime64() + np.timedelta64(1, "D")
    lost = orders.given_up & (orders.payer >= 0) & (clock["returned"] < end)
    by_time = np.lexsort((a.home, clock["order"]))
    rank = np.argsort(by_time)
    attempt_id = numbered("T", len(rank)).to_numpy(dtype=object)[rank]
    order_id = numbered("O", len(rank)).to_numpy(dtype=object)[rank][orders.start]
    failed, paid = ~a.delivered, orders.payer >= 0
    cause = np.append(list(CAUSES), None)[np.where(failed, orders.cause, -1)]
    missing = np.datetime64("NaT")
    topups = pd.DataFrame(
        {
            "attempt_id": attempt_id,
            "order_id": order_id,
            "customer_id": customer_id[a.home],
            "ts_order": clock["order"],
            "ts_paid": np.where(paid, clock["paid"][orders.payer], missing),
            "ts_dispatch": np.where(paid, clock["dispatch"], missing),
            "ts_delivered": np.where(failed, missing, clock["delivered"]),
            "amount": a.amount / 100,
            "channel": names_of(a.channel),
            "outcome": _outcome(orders, failed, lost),
            "fail_reason": cause,
            "retry_of": np.where(orders.first, None, np.roll(attempt_id, 1)),
        }
    )
    payments = _payments(topups, a, orders, lost, clock["returned"], settings)
    return topups.iloc[by_time].reset_index(drop=True), payments


class _Orders(NamedTuple):
    """Orders that the attempts belong to; arrays of shape (n_attempts,).

    `first` attempt of its order; `start`, where that is; `given_up`, failed and not
    tried again; `cause`, should it fail; `payer`, attempt that paid so far, or -1.
    """

    first: np.ndarray
    start: np.ndarray
    given_up: np.ndarray
    cause: np.ndarray
    payer: np.ndarray


def _orders(a: Attempts, of: Lines, rng: np.random.Generator) -> _Orders:
    n = len(a.day)
    first = ~a.retry
    # A retry of an attempt before the first day is an order of its own.
    first[:1] = True
    first[1:] |= np.diff(a.home) != 0
    start = np.maximum.accumulate(np.where(first, np.arange(n), 0))
    given_up = ~a.delivered & np.append(first[1:], True)[:n]
    cause = _causes(a, of, rng)
    before_money = sum(list(CAUSES.values())[_PAID_CAUSES:])
    pays = rng.random(n) < PAID / (1 - before_money)
    pays = a.delivered | (pays & (cause < _PAID_CAUSES))
    # Paid at the first attempt of the order that came as far as the payment.
    return _Orders(first, start, given_up, cause, _first_true(pays, start))


def _outcome(orders: _Orders, failed: np.ndarray, lost: np.ndarray) -> np.ndarray:
    ends = {
        "delivered": ~failed,
        "refunded": lost,
        "cancelled": orders.given_up & (orders.payer < 0),
        "timeout": orders.cause == list(CAUSES).index("public_network"),
    }
    return np.select(list(ends.values()), list(ends), default="failed")


def _first_true(mask: np.ndarray, start: np.ndarray) -> np.ndarray:
    """First true row at or before each row within its order; -1 where none is."""
    n = len(mask)
    found = np.full(n, n)
    # Rows of an order stand together: the least true position from its start on.
    np.minimum.at(found, start[mask], np.flatnonzero(mask))
    first = found[start]
    return np.where(first <= np.arange(n), first, -1)


def _causes(a: Attempts, of: Lines, rng: np.random.Generator) -> np.ndarray:
    """Cause of each attempt, should it have failed: positions in `CAUSES`.

    Circumstances weigh the causes; the base weights are raked until the shares of all
    failures are those of `CAUSES`.
    """
    years = of.meter_years[a.home] + a.day / 365.25
    busy = (a.hour >= EVENING[0]) & (a.hour < EVENING[1])
    weight = np.where(of.poor_network[a.home][:, None], _WITH_POOR_NETWORK, 1.0)
    weight = weight * np.where((years > OLD_YEARS)[:, None], _WITH_OLD_METER, 1.0)
    weight = weight * np.where(busy[:, None], _IN_THE_EVENING, 1.0)
    wanted = np.array(list(CAUSES.values()))
    base, failed = wanted.copy(), ~a.delivered
    for _ in range(20 if failed.any() else 0):
        share = weight[failed] * base
        share = (share / share.sum(axis=1, keepdims=True)).mean(axis=0)
        base = base * wanted / share
    share = np.cumsum(weight * base, axis=1)
    return (rng.random(len(a.day))[:, None] * share[:, -1:] >= share).sum(axis=1)


def _clock(
    a: Attempts, days: pd.DatetimeIndex, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Times of order, payment, command and delivery, minutes apart, on one day.

    And when money that was not delivered would come back, one to five days later.
    """
    n = len(a.day)
    day = days.to_numpy().astype("datetime64[ms]")[a.day]
    order = day + (a.hour * 3600).astype("timedelta64[s]")
    paid = order + rng.integers(5, 90, n).astype("timedelta64[s]")
    dispatch = paid + rng.integers(1, 30, n).astype("timedelta64[s]")
    takes = np.clip(rng.lognormal(4.0, 0.8, n), 3, 1500)
    delivered = dispatch + takes.astype("timedelta64[s]")
    returned = order + (rng.uniform(24, 120, n) * 3600).astype("timedelta64[s]")
    return {
        "order": order,
        "paid": paid,
        "dispatch": dispatch,
        "delivered": delivered,
        "returned": returned,
    }


def _payments(
    topups: pd.DataFrame,
    a: Attempts,
    orders: _Orders,
    lost: np.ndarray,
    returned: np.ndarray,
    settings: Settings,
) -> pd.DataFrame:
    """Payments of orders, and the money that came back."""
    pays = np.flatnonzero(orders.payer == np.arange(len(orders.payer)))
    back = np.flatnonzero(lost)
    row = np.concatenate([pays, back])
    sign = np.repeat([1.0, -1.0], [len(pays), len(back)])
    amount = sign * a.amount[row] / 100
    fee = np.where(sign > 0, channel_fee(a.channel[row], amount, settings), 0.0)
    of_order = "P" + topups["order_id"].to_numpy(dtype=object)[row]
    payments = pd.DataFrame(
        {
            "payment_id": np.where(sign > 0, of_order, of_order + "R"),
            "customer_id": topups["customer_id"].to_numpy()[row],
            "ts": np.concatenate([topups["ts_paid"].to_numpy()[pays], returned[back]]),
            "amount_yuan": amount,
            "channel": names_of(a.channel[row]),
            "kind": "prepay",
            "bill_id": None,
            "fee_yuan": fee,
            "refund_of": np.where(sign > 0, None, of_order),
        }
    )
    return payments.sort_values(["ts", "payment_id"], ignore_index=True)
