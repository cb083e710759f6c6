"""Through which channels 缴费渠道 the customers of a synthetic region pay.

Each customer has a main channel; one payment in five goes another way. Shares are
those of the specification, section 5, and all assumptions.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.schema import TABLES
from research.region.settings import Settings
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream

CHANNELS = TABLES["payments"].columns["channel"].codes
# Open by day only: hall, agent, bank counter and village point.
STAFFED = np.isin(CHANNELS, ("hall", "agent", "bank_counter", "village_point"))

# Shares of accounts by main channel.
_URBAN = {
    "app": 0.22,
    "wechat": 0.38,
    "alipay": 0.27,
    "bank_debit": 0.05,
    "self_terminal": 0.03,
    "hall": 0.05,
}
_RURAL = {
    "app": 0.04,
    "wechat": 0.45,
    "alipay": 0.06,
    "village_point": 0.25,
    "agent": 0.08,
    "hall": 0.12,
}
# Before the move from the hall to the app.
_DRIFTING = {
    "app": 0.10,
    "wechat": 0.34,
    "alipay": 0.22,
    "bank_debit": 0.05,
    "agent": 0.03,
    "hall": 0.26,
}
MIX = {"haihe": _URBAN, "hetao": _RURAL, "minjiang": _DRIFTING}
BUSINESS = {
    "app": 0.24,
    "wechat": 0.30,
    "alipay": 0.14,
    "bank_debit": 0.12,
    "bank_counter": 0.12,
    "hall": 0.08,
}
HIGH_VOLTAGE = {"app": 0.22, "bank_debit": 0.45, "bank_counter": 0.28, "hall": 0.05}
# Share of all accounts of minjiang that leave the hall for the app in a year.
HALL_TO_APP = 0.08
OTHER_WAY = 0.20
# Pull of a points multiplier on the channel of a payment, in logits (assumption).
PULL_OF_POINTS = 0.6


class Channels(NamedTuple):
    """What decides the channel of a payment.

    Attributes
    ----------
    main : array of int of shape (n_customers,)
        Main channel, a position in `CHANNELS`.
    moves_on : array of int of shape (n_customers,)
        Day, counted from the region's first, from which the app is the main channel;
        beyond the last day for those who stay.
    other : array of shape (n_kinds, n_channels)
        Cumulative shares of the other ways to pay, a row a kind of customer.
    kind : array of int of shape (n_customers,)
        Row of `other`.
    """

    main: np.ndarray
    moves_on: np.ndarray
    other: np.ndarray
    kind: np.ndarray

    def choose(
        self, who: np.ndarray, day: np.ndarray | int, rng: np.random.Generator
    ) -> np.ndarray:
        """Channels of payments of the customers `who` on `day`, of shape (n,)."""
        main = np.where(day >= self.moves_on[who], _APP, self.main[who])
        turned, drawn = rng.random((2, len(who)))
        other = (drawn[:, None] >= self.other[self.kind[who]]).sum(axis=1)
        return np.where(turned < OTHER_WAY, other, main).astype(np.int8)


_APP = CHANNELS.index("app")
_HALL = CHANNELS.index("hall")
_DEBIT = CHANNELS.index("bank_debit")


def channels_of(plan: Plan, people: pd.DataFrame, enrolled: np.ndarray) -> Channels:
    """Main channel and other ways to pay of each customer.

    Old and rural customers stand closer to the counter; the shares of main channels
    are met exactly up to rounding, whoever the customers are.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
    enrolled : array of bool of shape (n_customers,)
        Who takes part in the points programme: its multipliers pull them.

    Returns
    -------
    channels : Channels
    """
    rng = stream(plan.seed, "channels")
    home = people["usage_class"].str.startswith("residential").to_numpy()
    high = people["voltage"].str.endswith("kV").to_numpy() & ~home
    kind = np.select([high, ~home], [2, 1], default=0)
    mixes = (MIX[plan.name], BUSINESS, HIGH_VOLTAGE)
    distance = rng.normal(0, 1, len(people))
    distance += 0.9 * people["elderly_flag"].fillna(False).to_numpy(dtype=bool)
    distance += 0.4 * (people["urban_rural"] == "rural").to_numpy()
    main = np.empty(len(people), dtype=np.int8)
    for number, mix in enumerate(mixes):
        main[kind == number] = _by_rank(distance[kind == number], mix)
    debit = (people["true_pay_class"] == "auto_debit").to_numpy()
    main[debit] = _DEBIT
    moves_on = np.full(len(people), np.iinfo(np.int32).max)
    if plan.name == "minjiang":
        at_the_hall = np.flatnonzero((main == _HALL) & (kind == 0))
        years = MIX[plan.name]["hall"] / HALL_TO_APP
        moves_on[at_the_hall] = rng.uniform(0, 365 * years, len(at_the_hall))
    shares = [_shares(mix) for mix in mixes]
    pull = np.exp(PULL_OF_POINTS * (_multipliers(plan.settings) - 1))
    shares += [share * pull / (share * pull).sum() for share in shares]
    # Rounding must not leave a draw beyond the last share.
    other = np.minimum(np.cumsum(shares, axis=1) + 1e-12, 1.0)
    return Channels(main, moves_on, other, kind + 3 * enrolled)


def _by_rank(distance: np.ndarray, mix: dict[str, float]) -> np.ndarray:
    """Channels in the order of `mix` given out from the smallest distance up."""
    rank = np.argsort(np.argsort(distance, kind="stable"), kind="stable")
    bounds = np.cumsum(list(mix.values()))[:-1] * len(distance)
    codes = np.array([CHANNELS.index(name) for name in mix])
    return codes[np.searchsorted(bounds, rank, side="right")]


def _shares(mix: dict[str, float]) -> np.ndarray:
    return np.array([mix.get(channel, 0.0) for channel in CHANNELS])


def _multipliers(settings: Settings) -> np.ndarray:
    stated = settings.points.channel_mult if settings.points else {}
    return np.array([stated.get(channel, 1.0) for channel in CHANNELS])


def channel_fee(
    channel: np.ndarray, amount: np.ndarray, settings: Settings
) -> np.ndarray:
    """What payments cost the utility 手续费, as the region's `channels` state.

    Parameters
    ----------
    channel : array of int of shape (n,)
        Positions in `CHANNELS`.
    amount : array of shape (n,)
        [CNY]
    settings : Settings

    Returns
    -------
    fee : array of shape (n,)
        Rounded to cents; NaN where the region does not list the channel. [CNY]
    """
    rate, fixed = np.full((2, len(CHANNELS)), np.nan)
    for listed in settings.channels:
        if listed.code in CHANNELS:
            rate[CHANNELS.index(listed.code)] = listed.fee_rate
            fixed[CHANNELS.index(listed.code)] = (
                listed.fee_per_txn + listed.fixed_per_txn
            )
    return np.round(rate[channel] * np.abs(amount) + fixed[channel], 2)


def names_of(channel: np.ndarray) -> np.ndarray:
    """Names of channels given as positions in `CHANNELS`."""
    return np.array(CHANNELS, dtype=object)[channel]


def numbered(prefix: str, n: int) -> pd.Series:
    """Ids of `n` rows: the prefix and nine digits, counted from one."""
    return prefix + pd.Series(np.arange(1, n + 1)).astype("str").str.zfill(9)
