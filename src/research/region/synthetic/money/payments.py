"""Payments of bills in a synthetic region: when, in how many parts, through what."""

import numpy as np
import pandas as pd

from research.region.synthetic.money.channels import (
    CHANNELS,
    STAFFED,
    channel_fee,
    channels_of,
    names_of,
    numbered,
)
from research.region.synthetic.money.points import enrolled_of
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream
from research.region.tariff import late_fee
from research.region.tariff.money import cents_of

# Nobody is always as usual: chance that a bill is paid late instead, by the usual way
# to pay; late and chronic payers are in time now and then (assumption).
LAPSE = {"auto_debit": 0.01, "early": 0.01, "at_due": 0.05}
RECOVERY = {"late": 0.30, "chronic": 0.10}
# Payments of a chronic payer's bill: one, two or three (assumption).
PARTS = (0.4, 0.4, 0.2)
_MOST_PARTS = 3
_WAYS = ("auto_debit", "early", "at_due", "late", "chronic")
_DEBIT = CHANNELS.index("bank_debit")


def payments(
    plan: Plan, people: pd.DataFrame, bills: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table `payments` of bills, and the bills with what became of them.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
        `true_pay_class` says how each pays.
    bills : DataFrame
        As issued.

    Returns
    -------
    payments : DataFrame
        Each part of a bill with the late fee on it, until the region's last day.
        Nobody pays more than is due. Sorted by time.
    bills : DataFrame
        `status` paid, partly or open; `late_fee` on the parts paid late and, up to
        the last day, on what is still open, by the tariff's `late_fee`.
    """
    rng = stream(plan.seed, "payments")
    customer = pd.Index(people["customer_id"]).get_indexer(bills["customer_id"])
    usual = people["true_pay_class"].to_numpy(dtype=object)[customer]
    home = people["usage_class"].str.startswith("residential").to_numpy()[customer]
    way = _ways(usual, rng)
    total = cents_of(bills["total_yuan"].to_numpy()).astype(np.int64)
    bill, part = _parts(total, way, rng)
    due = bills["due_date"].to_numpy().astype("datetime64[D]")
    day = _paid_on(bills, way, bill, rng)
    last = plan.days[-1].to_datetime64().astype("datetime64[D]")
    known = day <= last
    bill, part, day = bill[known], part[known], day[known]
    fee = late_fee(
        part / 100,
        pd.DatetimeIndex(due[bill]),
        pd.DatetimeIndex(day),
        home[bill],
        plan.settings,
    )
    fee_cents = cents_of(fee).astype(np.int64)
    paid = np.zeros(len(bills), dtype=np.int64)
    charged = np.zeros(len(bills), dtype=np.int64)
    np.add.at(paid, bill, part)
    np.add.at(charged, bill, fee_cents)
    still = late_fee(
        (total - paid) / 100,
        pd.DatetimeIndex(due),
        pd.DatetimeIndex(np.full(len(bills), last)),
        home,
        plan.settings,
    )
    done = bills.copy()
    done["late_fee"] = (charged + cents_of(still)) / 100
    done["status"] = np.select(
        [paid == total, paid > 0], ["paid", "partly"], default="open"
    )
    debit = way[bill] == _WAYS.index("auto_debit")
    who = customer[bill]
    return _table(
        plan, people, bills, bill, who, day, part + fee_cents, debit, rng
    ), done


def _ways(usual: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Way to pay of each bill, a position in `_WAYS`: mostly the usual one."""
    way = pd.Index(_WAYS).get_indexer(usual)
    draw = rng.random(len(way))
    late, in_time = _WAYS.index("late"), _WAYS.index("at_due")
    turned = way.copy()
    for name, chance in LAPSE.items():
        turned[(way == _WAYS.index(name)) & (draw < chance)] = late
    for name, chance in RECOVERY.items():
        turned[(way == _WAYS.index(name)) & (draw < chance)] = in_time
    return turned


def _parts(
    total: np.ndarray, way: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Bill and cents of each payment; the parts of a bill add up to its total."""
    n_parts = np.ones(len(total), dtype=np.int64)
    chronic = way == _WAYS.index("chronic")
    n_parts[chronic] = rng.choice([1, 2, 3], chronic.sum(), p=PARTS)
    # Bills of a few yuan are not split, those of nothing are not paid.
    n_parts[total < 2000] = 1
    n_parts[total <= 0] = 0
    cuts = np.sort(rng.uniform(0.1, 0.9, (len(total), _MOST_PARTS - 1)), axis=1)
    share = np.column_stack([cuts, np.ones(len(total))])
    number = np.arange(_MOST_PARTS)
    share = np.where(number >= n_parts[:, None] - 1, 1.0, share)
    upto = np.floor(share * total[:, None]).astype(np.int64)
    part = np.diff(upto, axis=1, prepend=0)
    # A part may come to nothing where two cuts meet.
    bill, column = np.nonzero((number < n_parts[:, None]) & (part > 0))
    return bill, part[bill, column]


def _paid_on(
    bills: pd.DataFrame, way: np.ndarray, bill: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Day of each payment, by the way to pay (specification, section 5)."""
    n = len(bill)
    issued = bills["issue_date"].to_numpy().astype("datetime64[D]")[bill]
    due = bills["due_date"].to_numpy().astype("datetime64[D]")[bill]
    to_pay = (due - issued).astype(int)
    early = np.clip(np.round(rng.normal(6, 3, n)), 0, to_pay - 2)
    at_due = to_pay - np.minimum(np.floor(np.abs(rng.normal(0, 1.3, n))), 4)
    late = to_pay + np.clip(np.ceil(rng.lognormal(1.9, 0.7, n)), 1, 60)
    chronic = to_pay + rng.integers(30, 121, n)
    after = np.choose(way[bill], [rng.integers(0, 2, n), early, at_due, late, chronic])
    return issued + after.astype(np.int64)


def _table(
    plan: Plan,
    people: pd.DataFrame,
    bills: pd.DataFrame,
    bill: np.ndarray,
    who: np.ndarray,
    day: np.ndarray,
    cents: np.ndarray,
    debit: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The table of payments."""
    ways = channels_of(plan, people, enrolled_of(plan, people))
    first = plan.start.to_datetime64().astype("datetime64[D]")
    channel = ways.choose(who, (day - first).astype(int), rng)
    channel = np.where(debit, _DEBIT, channel)
    hour = np.clip(
        rng.normal(np.where(rng.random(len(bill)) < 0.6, 19.5, 11), 2), 6, 23
    )
    hour = np.where(STAFFED[channel], rng.uniform(8.5, 17.4, len(bill)), hour)
    # Banks post their files before the day begins.
    hour = np.where(channel == _DEBIT, rng.uniform(2, 5, len(bill)), hour)
    frame = pd.DataFrame(
        {
            "customer_id": bills["customer_id"].to_numpy(dtype=object)[bill],
            "ts": day.astype("datetime64[ms]") + (hour * 3600).astype("timedelta64[s]"),
            "amount_yuan": cents / 100,
            "channel": names_of(channel),
            "kind": "bill",
            "bill_id": bills["bill_id"].to_numpy(dtype=object)[bill],
            "fee_yuan": channel_fee(channel, cents / 100, plan.settings),
            "refund_of": None,
        }
    )
    frame = frame.sort_values(["ts", "bill_id"], ignore_index=True)
    frame.insert(0, "payment_id", numbered("PB", len(frame)))
    return frame
