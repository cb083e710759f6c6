"""Points 积分 of a synthetic region: earned by payments, redeemed, lost with time."""

import numpy as np
import pandas as pd

from research.region.schema import TABLES
from research.region.service_settings import Points
from research.region.synthetic.money.channels import CHANNELS, numbered
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream

# Share of homes in the programme; old people join less often (assumption).
ENROLLED, ENROLLED_OLD = 0.35, 0.15
# Who has this many points redeems with this chance in a month, this share or all of
# them (assumption).
REDEEMS_FROM, REDEEMS = 500, 0.10
_COLUMNS = list(TABLES["points_ledger"].columns)


def enrolled_of(plan: Plan, people: pd.DataFrame) -> np.ndarray:
    """Which customers take part in the points programme, of shape (n_customers,).

    Homes only, and nobody where the region has no programme.
    """
    if plan.settings.points is None:
        return np.zeros(len(people), dtype=bool)
    home = people["usage_class"].str.startswith("residential").to_numpy()
    old = people["elderly_flag"].fillna(False).to_numpy(dtype=bool)
    chance = home * np.where(old, ENROLLED_OLD, ENROLLED)
    return stream(plan.seed, "points", "enrolled").random(len(people)) < chance


def points_of(amount: np.ndarray, channel: np.ndarray, rule: Points) -> np.ndarray:
    """Points that payments earn before the cap of the month.

    Parameters
    ----------
    amount : array of shape (n,)
        Negative amounts earn nothing. [CNY]
    channel : array of str of shape (n,)
    rule : Points
        Points a yuan, times the multiplier of the amount's tier and of the channel.

    Returns
    -------
    points : array of int of shape (n,)
        Rounded down.

    Examples
    --------
    >>> rule = Points(per_yuan=1.0, tiers=[[0.0, 1.0], [100.0, 1.2]], value_yuan=0.005,
    ...               channel_mult={"app": 2.0})
    >>> points_of(np.array([99.0, 100.0]), np.array(["app", "hall"]), rule).tolist()
    [198, 120]
    """
    amount = np.maximum(np.asarray(amount, dtype=float), 0)
    bounds, multipliers = np.array(rule.tiers, dtype=float).T
    tier = multipliers[np.searchsorted(bounds, amount, side="right") - 1]
    by_channel = np.array([rule.channel_mult.get(c, 1.0) for c in CHANNELS])
    way = by_channel[pd.Index(CHANNELS).get_indexer(channel)]
    # A hair up: 100 x 1.2 must not become 119.
    return np.floor(rule.per_yuan * amount * tier * way + 1e-9).astype(np.int64)


def capped(points: np.ndarray, group: np.ndarray, cap: int | None) -> np.ndarray:
    """Points left of each payment when a group of payments may earn `cap` in all.

    Parameters
    ----------
    points : array of int of shape (n,)
        In order of time.
    group : array of int of shape (n,)
        Customer and month.
    cap : int or None

    Examples
    --------
    >>> capped(np.array([60, 70, 80]), np.array([0, 0, 1]), 100).tolist()
    [60, 40, 80]
    """
    if cap is None:
        return points
    so_far = pd.Series(points).groupby(group).cumsum().to_numpy()
    return np.minimum(so_far, cap) - np.minimum(so_far - points, cap)


def points_ledger(
    plan: Plan, people: pd.DataFrame, payments: pd.DataFrame
) -> pd.DataFrame:
    """Table `points_ledger`: what was earned, redeemed and lost.

    Parameters
    ----------
    plan : Plan
        `settings.points` states the rule.
    people, payments : DataFrame
        Payments of both kinds; amounts below zero earn nothing.

    Returns
    -------
    ledger : DataFrame
        Sorted by time. Redemptions and losses take the oldest points first and stand
        on the last and the first day of a month; no balance falls below zero.
    """
    rule = plan.settings.points
    if rule is None or payments.empty:
        return pd.DataFrame(columns=_COLUMNS)
    member = people.loc[enrolled_of(plan, people), "customer_id"]
    member = np.sort(member.to_numpy(dtype=object).astype(str))
    paid = payments.loc[
        payments["customer_id"].isin(member) & (payments["amount_yuan"] > 0)
    ].sort_values(["ts", "payment_id"])
    who = np.searchsorted(
        member, paid["customer_id"].to_numpy(dtype=object).astype(str)
    )
    ts = paid["ts"].to_numpy().astype("datetime64[ms]")
    first = np.datetime64(plan.start, "M")
    month = (ts.astype("datetime64[M]") - first).astype(int)
    earned = points_of(
        paid["amount_yuan"].to_numpy(), paid["channel"].to_numpy(dtype=object), rule
    )
    n_months = len(plan.months)
    earned = capped(earned, who * n_months + month, rule.caps_month)
    lots = np.zeros((len(member), n_months), dtype=np.int64)
    np.add.at(lots, (who, month), earned)
    left = _leave(lots, rule.expiry_months, stream(plan.seed, "points", "redeemed"))
    entries = [
        pd.DataFrame(
            {
                "customer_id": paid["customer_id"].to_numpy(dtype=object),
                "ts": ts,
                "kind": "earn",
                "points": earned,
                "channel": paid["channel"].to_numpy(dtype=object),
                "rule_id": "pay",
                "ref_id": paid["payment_id"].to_numpy(dtype=object),
            }
        )
    ]
    entries += [_taken(member, points, kind, plan) for kind, points in left.items()]
    ledger = pd.concat(entries, ignore_index=True)
    ledger = ledger[ledger["points"] != 0].sort_values(["ts", "kind", "customer_id"])
    ledger["entry_id"] = numbered("J", len(ledger)).to_numpy()
    return ledger[_COLUMNS].reset_index(drop=True)


def _leave(
    lots: np.ndarray, expiry_months: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Points redeemed and lost in each month, oldest first.

    Parameters
    ----------
    lots : array of int of shape (n_members, n_months)
        Points earned in each month.
    """
    left = lots.copy()
    burn, expire = np.zeros((2, *lots.shape), dtype=np.int64)
    for month in range(lots.shape[1]):
        oldest = month - expiry_months
        if oldest >= 0:
            expire[:, month] = left[:, oldest]
            left[:, oldest] = 0
        have = left[:, : month + 1].sum(axis=1)
        acts = (rng.random(len(lots)) < REDEEMS) & (have >= REDEEMS_FROM)
        # Whole hundreds, half of the points or all.
        share = np.where(rng.random(len(lots)) < 0.5, 0.5, 1.0)
        burn[:, month] = np.where(acts, (have * share).astype(np.int64) // 100 * 100, 0)
        before = np.cumsum(left[:, : month + 1], axis=1) - left[:, : month + 1]
        taken = np.clip(burn[:, month, None] - before, 0, left[:, : month + 1])
        left[:, : month + 1] -= taken
    return {"burn": burn, "expire": expire}


def _taken(
    member: np.ndarray, points: np.ndarray, kind: str, plan: Plan
) -> pd.DataFrame:
    """Entries of points that leave: lost as a month begins, redeemed as it ends."""
    who, month = np.nonzero(points)
    begin = plan.months.to_timestamp().to_numpy().astype("datetime64[ms]")
    end = np.minimum(
        plan.months.to_timestamp(how="end").to_numpy().astype("datetime64[D]"),
        plan.days[-1].to_datetime64(),
    )
    close = end.astype("datetime64[ms]") + np.timedelta64(1410, "m")
    return pd.DataFrame(
        {
            "customer_id": member[who].astype(object),
            "ts": (begin if kind == "expire" else close)[month],
            "kind": kind,
            "points": -points[who, month],
            "channel": None,
            "rule_id": "redeem" if kind == "burn" else f"{kind}_oldest",
            "ref_id": None,
        }
    )
