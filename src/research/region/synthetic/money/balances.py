"""The life of prepaid balances, day by day: use, low money, trips and top-ups.

Money is whole cents here: balances add up exactly. A day runs like this: its cost is
taken, the supply trips if the balance fell below the limit, then those who act top up.
A trip warns: who restarts the meter by card or telephone goes on using energy, so the
day's energy is that of a day without a trip.
"""

from typing import NamedTuple

import numpy as np

from research.region.service_settings import Prepaid as Rule
from research.region.synthetic.money.channels import CHANNELS, STAFFED, Channels

# Days lived before the first one, so that balances do not show where they began.
BURN_DAYS = 90
# Shares of homes that act on a day, all assumptions of the specification.
TOPS_UP_AFTER_TRIP = 0.95
RETRIES = 0.80
# Who trips later in the evening tops up on the next day (assumption).
TOO_LATE = 20.0
# Hours of staffed places; who comes at another hour pays by wechat (assumption).
OPENS, CLOSES = 8.5, 17.5
EVENING = (18.0, 21.0)
# A fifth of the orders is not of the usual amount (assumption).
OTHER_AMOUNT = 0.20
LEAST_AMOUNT = 2000
_WECHAT = CHANNELS.index("wechat")
_DEBIT = CHANNELS.index("bank_debit")


class Habits(NamedTuple):
    """How each home looks after its balance; arrays of shape (n_homes,).

    Attributes
    ----------
    attention : chance to act on a day below the threshold.
    threshold, amount : usual low balance and order. [cents]
    response : chance to act on a day after an alert.
    alerted_from : first day of alerts, counted from the region's first.
    """

    attention: np.ndarray
    threshold: np.ndarray
    amount: np.ndarray
    response: np.ndarray
    alerted_from: np.ndarray


class Delivery(NamedTuple):
    """Logit of the chance that an attempt reaches the meter.

    Attributes
    ----------
    home : array of shape (n_homes,)
        With the network and the age of the meter.
    channel : array of shape (n_channels,)
    evening : float
        Added from 18 to 21 h, when the load is protected.
    """

    home: np.ndarray
    channel: np.ndarray
    evening: float

    def chance(
        self, homes: np.ndarray, channel: np.ndarray, hour: np.ndarray
    ) -> np.ndarray:
        """Chance of success of each attempt, of shape (n,)."""
        busy = (hour >= EVENING[0]) & (hour < EVENING[1])
        logit = self.home[homes] + self.channel[channel] + self.evening * busy
        return 1 / (1 + np.exp(-logit))


class Attempts(NamedTuple):
    """Attempts to bring money into meters, by day, then home; arrays of shape (n,)."""

    day: np.ndarray
    home: np.ndarray
    hour: np.ndarray
    channel: np.ndarray
    amount: np.ndarray
    retry: np.ndarray
    delivered: np.ndarray


class Trips(NamedTuple):
    """Trips for low balance, by day, then home; arrays of shape (n,)."""

    day: np.ndarray
    home: np.ndarray
    hour: np.ndarray
    balance: np.ndarray


class Life(NamedTuple):
    """All that happened to the balances.

    Attributes
    ----------
    balance : array of int32 of shape (n_homes, n_days)
        At the end of each day; 0 where the account is not open. [cents]
    attempts, trips : records of arrays
    """

    balance: np.ndarray
    attempts: Attempts
    trips: Trips


class _Now(NamedTuple):
    """Homes in the course of a day; arrays of shape (n_homes,), changed in place."""

    balance: np.ndarray
    days_low: np.ndarray
    below: np.ndarray
    alerted: np.ndarray
    pending: np.ndarray
    last_amount: np.ndarray


def live(
    cost: np.ndarray,
    is_open: np.ndarray,
    habits: Habits,
    delivery: Delivery,
    ways: Channels,
    people: np.ndarray,
    rule: Rule,
    use_by_hour: np.ndarray,
    rng: np.random.Generator,
) -> Life:
    """Live all days of all homes.

    Parameters
    ----------
    cost : array of int32 of shape (n_homes, n_days)
        Cost of each day's energy, 0 where the account is not open. [cents]
    is_open : array of bool of shape (n_homes, n_days)
    habits, delivery : records
    ways : Channels
    people : array of int of shape (n_homes,)
        Positions of the homes in `ways`.
    rule : Prepaid
        `settings.prepaid`: limits and days of grace.
    use_by_hour : array of shape (n_times,)
        Share of a day's energy used up to each of evenly spaced times, 0 to 1.
    rng : Generator

    Returns
    -------
    life : Life
    """
    n, n_days = cost.shape
    burn = min(BURN_DAYS, n_days)
    by_day, open_by_day = np.ascontiguousarray(cost.T), np.ascontiguousarray(is_open.T)
    opens_on = np.where(is_open.any(axis=1), is_open.argmax(axis=1), -1)
    now = _begin(opens_on, rule, rng)
    kept = np.zeros((n_days, n), dtype=np.int32)
    attempts, trips = [], []
    for day in range(-burn, n_days):
        # The days before the first are its first days in reverse.
        column = day if day >= 0 else -day - 1
        here = open_by_day[column] & (open_by_day[0] | (day >= 0))
        opening = (opens_on == day) & (day > 0)
        before, used = now.balance.copy(), by_day[column]
        tripped = _use(now, np.where(here, used, 0), here & ~opening, rule)
        homes = np.flatnonzero(tripped)
        hour = np.zeros(n)
        hour[homes] = _trip_hours(before[homes], used[homes], rule, use_by_hour, rng)
        shown = _balance_at_trip(before[homes], used[homes], rule)
        shown = np.maximum(shown, now.balance[homes])
        now.alerted[
            here & (day >= habits.alerted_from) & (now.balance < 100 * rule.alert_yuan)
        ] = True
        acting, retry = _who_acts(now, habits, tripped, hour, here, opening, rng)
        order = _orders(acting, tripped, hour, ways, people, day, rng)
        amount = _amounts(habits, acting, rng)
        amount = np.where(retry, now.last_amount[acting], amount)
        delivered = rng.random(len(acting)) < delivery.chance(acting, *order)
        delivered |= opening[acting]
        _receive(now, acting, amount, delivered, rule)
        if day >= 0:
            kept[day] = np.where(here, now.balance, 0)
            trips.append((np.full(len(homes), day), homes, hour[homes], shown))
            today = np.full(len(acting), day)
            attempts.append((today, acting, *order[::-1], amount, retry, delivered))
    balance = np.ascontiguousarray(kept.T)
    return Life(balance, _joined(Attempts, attempts), _joined(Trips, trips))


def _begin(opens_on: np.ndarray, rule: Rule, rng: np.random.Generator) -> _Now:
    """Homes before the first day; accounts that open later begin with nothing."""
    n = len(opens_on)
    balance = rng.integers(1000, 14000, n) + max(round(100 * rule.trip_yuan), 0)
    balance[opens_on != 0] = 0
    days_low, last_amount = np.zeros((2, n), dtype=np.int64)
    below, alerted, pending = np.zeros((3, n), dtype=bool)
    return _Now(balance, days_low, below, alerted, pending, last_amount)


def _use(now: _Now, cost: np.ndarray, may_trip: np.ndarray, rule: Rule) -> np.ndarray:
    """Take the day's cost; which homes trip, once until the balance is restored."""
    now.balance[:] -= cost
    low = may_trip & (now.balance < 100 * rule.trip_yuan)
    now.days_low[:] = np.where(low, now.days_low + 1, 0)
    tripped = low & ~now.below & (now.days_low > rule.grace_days)
    now.below[tripped] = True
    return tripped


def _who_acts(
    now: _Now,
    habits: Habits,
    tripped: np.ndarray,
    trip_hour: np.ndarray,
    here: np.ndarray,
    opening: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Homes that order on the day, and which of them try an order again."""
    draw, again = rng.random((2, len(here)))
    chance = habits.attention * (now.balance < habits.threshold)
    chance = np.where(now.alerted, 1 - (1 - chance) * (1 - habits.response), chance)
    forced = now.below & (again < TOPS_UP_AFTER_TRIP)
    retry = now.pending & (again < RETRIES)
    acts = (draw < chance) | forced | retry
    acts = np.where(tripped, forced & (trip_hour < TOO_LATE), acts)
    homes = np.flatnonzero((acts & here) | opening)
    return homes, (retry & ~opening)[homes]


def _orders(
    homes: np.ndarray,
    tripped: np.ndarray,
    trip_hour: np.ndarray,
    ways: Channels,
    people: np.ndarray,
    day: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Channel and hour of each order: evenings mostly, after a trip soon (assumed)."""
    n, soon = len(homes), tripped[homes]
    channel = ways.choose(people[homes], day, rng)
    centre = np.array([19.6, 12.4, 9.0])[rng.choice(3, n, p=(0.5, 0.25, 0.25))]
    hour = np.clip(rng.normal(centre, 1.6), 6.2, 23.2)
    by_day = rng.uniform(OPENS, CLOSES - 0.1, n)
    hour = np.where(STAFFED[channel], by_day, hour)
    hour = np.where(channel == _DEBIT, 9.0 + 0.1 * by_day, hour)
    since = trip_hour[homes]
    hour = np.where(soon, since + 0.2 + (23.2 - since) * rng.beta(1.2, 5, n), hour)
    closed = STAFFED[channel] & ((hour < OPENS) | (hour >= CLOSES))
    return np.where(closed, _WECHAT, channel).astype(np.int8), hour


def _receive(
    now: _Now,
    homes: np.ndarray,
    amount: np.ndarray,
    delivered: np.ndarray,
    rule: Rule,
) -> None:
    """Book what was delivered and remember what was not."""
    now.balance[homes] += np.where(delivered, amount, 0)
    now.last_amount[homes] = amount
    now.pending[:] = False
    now.pending[homes] = ~delivered
    now.below[now.balance >= 100 * rule.trip_yuan] = False
    now.alerted[homes[delivered]] = False


def _balance_at_trip(before: np.ndarray, cost: np.ndarray, rule: Rule) -> np.ndarray:
    """Balance when the supply goes off: below the limit by a quarter hour's use."""
    return np.minimum(before, round(100 * rule.trip_yuan)) - 1 - cost // 96


def _joined(kind: type, days: list[tuple]) -> tuple:
    """Record of the arrays of all days, joined."""
    return kind(*(np.concatenate(column) for column in zip(*days, strict=True)))


def _trip_hours(
    before: np.ndarray,
    cost: np.ndarray,
    rule: Rule,
    use_by_hour: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """When the balance passes the limit, or the order to trip comes in the morning."""
    if rule.grace_days:
        return np.clip(rng.normal(10.0, 0.7, len(before)), 8.0, 16.0)
    used = np.clip((before - 100 * rule.trip_yuan) / np.maximum(cost, 1), 0, 1)
    clock = np.linspace(0, 24, len(use_by_hour))
    return np.minimum(np.interp(used, use_by_hour, clock), 23.9)


def _amounts(habits: Habits, homes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Amounts of orders in tens of yuan, twenty at least, in cents."""
    usual = habits.amount[homes]
    factor = rng.choice([0.5, 1.5, 2.0], len(homes))
    other = rng.random(len(homes)) < OTHER_AMOUNT
    amount = np.where(other, np.round(usual * factor, -3), usual).astype(np.int64)
    return np.maximum(amount, LEAST_AMOUNT)
