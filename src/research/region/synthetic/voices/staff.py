"""What managers do for large customers: their log, cases step by step, products.

All rates here are assumptions; the 17 steps and 22 products are those of the catalogue.
"""

import numpy as np
import pandas as pd

from research.region.calendar import day_calendar
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream
from research.region.synthetic.voices.catalogue import catalogue
from research.region.synthetic.voices.ticket_handling import CENTRE, EXPERTS

# Entries a year in the log of a manager about one large customer, and about another.
LARGE_ENTRIES, OTHER_ENTRIES = 10.0, 0.15
# Managers with more customers see each of them less often: to this power.
BUSY = -0.5
KINDS = {"visit": 0.28, "call": 0.38, "message": 0.28, "meeting": 0.06}
TOPICS = {
    "电费电价": 0.22,
    "停电安排": 0.18,
    "安全检查": 0.16,
    "业扩需求": 0.12,
    "节能用电": 0.10,
    "电能质量": 0.08,
    "满意度回访": 0.08,
    "政策宣传": 0.06,
}
# Cases of a large customer a year; share of the limit that a step takes, median and
# spread of the log; steps left out; cases that change hands.
CASES, PACE, PACE_SPREAD = 1.2, 0.5, 0.55
SKIPPED, CHANGED_HANDS = 0.02, 0.05
# A step without a limit takes up to this long. [h]
AT_ONCE = 0.5


def manager_log(plan: Plan, people: pd.DataFrame) -> pd.DataFrame:
    """Visits, calls and meetings of managers 客户经理, on working days.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
        As `grid.assign` gives it.

    Returns
    -------
    manager_log : DataFrame
        The table `manager_log`, sorted by time.
    """
    rng = stream(plan.seed, "manager log")
    large = people["voltage"].str.endswith("kV").to_numpy()
    load = people["manager_id"].map(people["manager_id"].value_counts()).to_numpy()
    usual = np.where(large, load[large].mean() if large.any() else 1.0, load.mean())
    yearly = np.where(large, LARGE_ENTRIES, OTHER_ENTRIES) * (load / usual) ** BUSY
    who, ts = _working_times(plan, people, yearly, rng)
    n = len(who)
    table = pd.DataFrame(
        {
            "manager_id": people["manager_id"].to_numpy(dtype=object)[who],
            "customer_id": people["customer_id"].to_numpy(dtype=object)[who],
            "ts": ts,
            "kind": rng.choice(list(KINDS), n, p=list(KINDS.values())),
            "topic": rng.choice(list(TOPICS), n, p=list(TOPICS.values())),
        }
    ).sort_values("ts", kind="stable", ignore_index=True)
    number = pd.Series(np.arange(1, n + 1)).astype("str").str.zfill(7)
    table.insert(0, "entry_id", "L" + number)
    return table


def _working_times(
    plan: Plan, people: pd.DataFrame, yearly: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Customers and times in office hours of working days, their accounts open."""
    working = day_calendar(plan.days, plan.settings)["working"].to_numpy()
    days = plan.days.to_numpy()[working].astype("datetime64[s]")
    who = np.repeat(np.arange(len(people)), rng.poisson(yearly * plan.n_days / 365.25))
    day = days[rng.integers(0, len(days), len(who))]
    seconds = rng.integers(int(8.5 * 3600), int(17.5 * 3600), len(who))
    ts = day + seconds.astype("timedelta64[s]")
    closed = people["close_date"].fillna(pd.Timestamp.max.floor("D"))
    here = (ts >= people["open_date"].to_numpy()[who]) & (ts < closed.to_numpy()[who])
    return who[here], ts[here]


def sla(plan: Plan, people: pd.DataFrame) -> pd.DataFrame:
    """Cases of large customers through the 17 steps, with times and owners.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
        As `grid.assign` gives it.

    Returns
    -------
    sla : DataFrame
        The table `sla`, sorted by case and step. A case that is not closed on the
        region's last day has reached its last row; a step may have been left out; a
        few cases change hands.
    """
    rng = stream(plan.seed, "sla")
    large = people["voltage"].str.endswith("kV").to_numpy()
    who, started = _working_times(plan, people, np.where(large, CASES, 0.0), rng)
    order = np.argsort(started, kind="stable")
    who, started = who[order], started[order]
    steps = catalogue("process_steps")
    n, n_steps = len(who), len(steps)
    limit = steps["limit_hours"].to_numpy(dtype=float)
    takes = limit * rng.lognormal(np.log(PACE), PACE_SPREAD, (n, n_steps))
    takes = np.where(limit > 0, takes, rng.uniform(0, AT_ONCE, (n, n_steps)))
    takes[:, 0] = 0.0
    reached = np.round(np.cumsum(takes, axis=1) * 3600).astype("timedelta64[s]")
    ts = started[:, None] + reached
    skipped = rng.random((n, n_steps)) < SKIPPED
    skipped[:, [0, -1]] = False
    last = np.datetime64(plan.days[-1], "s") + np.timedelta64(1, "D")
    keep = ~skipped & (ts < last)
    case, step = np.nonzero(keep)
    manager = people["manager_id"].to_numpy(dtype=object)[who]
    another = rng.permutation(manager)
    handed = rng.integers(2, n_steps, n)
    handed[rng.random(n) >= CHANGED_HANDS] = n_steps
    department = rng.choice(np.array(EXPERTS, dtype=object), n)
    role = steps["owner_zh"].to_numpy(dtype=object)[step]
    owner = np.select(
        [role == "专业部门", role == CENTRE, role == "客户", step >= handed[case]],
        [department[case], CENTRE, "客户", another[case]],
        default=manager[case],
    )
    ids = "S" + pd.Series(np.arange(1, n + 1)).astype("str").str.zfill(6)
    return pd.DataFrame(
        {
            "case_id": ids.to_numpy(dtype=object)[case],
            "customer_id": people["customer_id"].to_numpy(dtype=object)[who[case]],
            "step": steps["step_zh"].to_numpy(dtype=object)[step],
            "ts": ts[case, step],
            "owner": owner,
        }
    )


def products() -> pd.DataFrame:
    """The table `products`: 22 products of service for large customers.

    Examples
    --------
    >>> products()["theme"].nunique(), len(products())
    (6, 22)
    """
    book = catalogue("products")
    return pd.DataFrame(
        {
            "product_id": book["product_id"],
            "name": book["product_zh"],
            "theme": book["class_zh"],
            "customer_class": "大客户",
        }
    )
