"""Credit of a synthetic region's customers: chance of default, grades, events."""

import numpy as np
import pandas as pd

from research.region.schema import TABLES
from research.region.synthetic.billing.bills import DAYS_TO_PAY
from research.region.synthetic.billing.registers import month_starts, whole_months
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream

# Logit of the chance of default (specification, section 5).
CONSTANT = -3.2
WEIGHTS = {
    "late_share": 2.2,
    "cv": 1.1,
    "growth": -1.5,
    "risky_industry": 0.6,
    "prior_event": 0.6,
}
# Catering, real estate, night business and clothing (assumption).
RISKY_INDUSTRIES = ("H6210", "K7020", "R9011", "C1811")
# Grades from the safest on, and their shares of the customers (assumption).
GRADES = {"AAA": 0.10, "AA": 0.25, "A": 0.35, "B": 0.15, "C": 0.10, "D": 0.05}
# Share with an event in the two years before the region begins; more among those who
# pay last (assumption).
PRIOR, PRIOR_CHRONIC = 0.03, 0.20
# A bill this many days after its due date is a late event; of those open for sixty
# days some lead to a disconnection (assumption).
LATE_DAYS, CUT_OFF_DAYS, CUT_OFF = 30, 60, 0.3
# Debits are tried on the day after the bill.
BOUNCED_DAYS = 1 - DAYS_TO_PAY
_COLUMNS = list(TABLES["credit_events"].columns)


def credit(
    plan: Plan,
    people: pd.DataFrame,
    kwh: np.ndarray,
    bills: pd.DataFrame,
    payments: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table `credit_events` and the truth behind it, of customers with bills.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
    kwh : array of shape (n_customers, n_days)
    bills : DataFrame
        With `status`.
    payments : DataFrame
        Of bills.

    Returns
    -------
    credit_events : DataFrame
        Sorted by customer and time: bills paid a month late, direct debits that
        bounced, disconnections, older events, and what became of the defaults.
    truth : DataFrame
        `customer_id`, what the chance of default is made of, `true_default_chance`,
        `true_default`, and `true_grade` by the rank of the chance.
    """
    facts = _facts(plan, people, kwh, bills, payments)
    z = CONSTANT + sum(w * facts[name].astype(float) for name, w in WEIGHTS.items())
    chance = (1 / (1 + np.exp(-z))).to_numpy()
    rng = stream(plan.seed, "credit", "default")
    order = np.argsort(chance, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    edges = np.cumsum(list(GRADES.values()))[:-1] * len(order)
    grade = np.searchsorted(edges, rank, side="right")
    truth = facts.rename(columns=lambda name: f"true_{name}").reset_index()
    truth["true_default_chance"] = chance
    truth["true_grade"] = np.array(list(GRADES), dtype=object)[grade]
    truth["true_default"] = _systematic(chance, order, rng)
    late = _late_events(plan, people, bills, payments)
    prior = _prior_events(plan, facts)
    defaults = _default_events(plan, truth, bills)
    events = pd.concat([late, prior, defaults], ignore_index=True)[_COLUMNS]
    events = events.drop_duplicates(["customer_id", "ts", "kind"])
    return events.sort_values(["customer_id", "ts", "kind"], ignore_index=True), truth


def _systematic(
    chance: np.ndarray, order: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw with unequal chances so that each stretch of `order` gets its due.

    Systematic sampling: the number drawn in any stretch is its sum of chances, less or
    more one, so the rate of default rises with the grade in small regions too.
    """
    upto = np.floor(np.cumsum(chance[order]) + rng.random())
    drawn = np.zeros(len(chance), dtype=bool)
    drawn[order] = np.diff(upto, prepend=0) > 0
    return drawn


def _facts(
    plan: Plan,
    people: pd.DataFrame,
    kwh: np.ndarray,
    bills: pd.DataFrame,
    payments: pd.DataFrame,
) -> pd.DataFrame:
    """What credit is made of, on the ids of customers with bills."""
    settled = _settled_on(plan, bills, payments)
    is_late = (settled > bills["due_date"]).astype(float)
    late_share = is_late.groupby(bills["customer_id"]).mean()
    rows = people.set_index("customer_id").index.get_indexer(late_share.index)
    who = people.iloc[rows]
    month = np.add.reduceat(
        np.nan_to_num(kwh[rows]), month_starts(plan), axis=1, dtype=float
    )[:, : max(whole_months(plan), 1)]
    mean = month.mean(axis=1)
    spread = np.divide(month.std(axis=1), mean, out=np.zeros(len(mean)), where=mean > 0)
    rng = stream(plan.seed, "credit", "prior")
    chronic = (who["true_pay_class"] == "chronic").to_numpy()
    prior = rng.random(len(who)) < np.where(chronic, PRIOR_CHRONIC, PRIOR)
    return pd.DataFrame(
        {
            "late_share": late_share,
            "cv": spread,
            "growth": who["true_growth"].to_numpy(),
            "risky_industry": who["industry_code"].isin(RISKY_INDUSTRIES).to_numpy(),
            "prior_event": prior,
        },
        index=late_share.index,
    )


def _settled_on(plan: Plan, bills: pd.DataFrame, payments: pd.DataFrame) -> pd.Series:
    """Day of a bill's last payment, the day after the last one while it is open."""
    last = payments.groupby("bill_id")["ts"].max()
    settled = last.reindex(bills["bill_id"]).dt.normalize()
    settled = settled.set_axis(bills.index)
    # A bill of nothing is settled when it is issued.
    settled = settled.where(bills["total_yuan"] > 0, bills["issue_date"])
    after = plan.days[-1] + pd.Timedelta(days=1)
    return settled.where(bills["status"] == "paid", after)


def _late_events(
    plan: Plan, people: pd.DataFrame, bills: pd.DataFrame, payments: pd.DataFrame
) -> pd.DataFrame:
    """Bills a month late, disconnections after them, debits that bounced."""
    rng = stream(plan.seed, "credit", "late")
    settled = _settled_on(plan, bills, payments)
    overdue = (settled - bills["due_date"]).dt.days
    usual = people.set_index("customer_id")["true_pay_class"]
    debit = bills["customer_id"].map(usual) == "auto_debit"
    cut = (overdue > CUT_OFF_DAYS) & (rng.random(len(bills)) < CUT_OFF)
    found = {
        "late": (overdue > LATE_DAYS, LATE_DAYS, 9.0),
        "disconnection": (cut, CUT_OFF_DAYS, 10.5),
        "bounced": (debit & (overdue > 0), BOUNCED_DAYS, 6.0),
    }
    events = []
    for kind, (mask, days, hour) in found.items():
        ts = bills.loc[mask, "due_date"] + pd.Timedelta(days=days, hours=hour)
        amount = bills.loc[mask, "total_yuan"]
        event = {"customer_id": bills.loc[mask, "customer_id"], "ts": ts}
        events.append(pd.DataFrame({**event, "kind": kind, "amount": amount}))
    events = pd.concat(events, ignore_index=True)
    return events[events["ts"] < plan.days[-1] + pd.Timedelta(days=1)]


def _prior_events(plan: Plan, facts: pd.DataFrame) -> pd.DataFrame:
    """Events of the two years before the region begins."""
    rng = stream(plan.seed, "credit", "before")
    ids = facts.index[facts["prior_event"]]
    ago = pd.to_timedelta(rng.integers(1, 730 * 24, len(ids)), unit="h")
    kinds = rng.choice(["bounced", "breach_use", "theft"], len(ids), p=[0.5, 0.3, 0.2])
    amount = np.where(
        kinds == "bounced",
        rng.lognormal(5.5, 0.8, len(ids)),
        rng.lognormal(7, 1, len(ids)),
    )
    return pd.DataFrame(
        {
            "customer_id": ids,
            "ts": plan.start - ago,
            "kind": kinds,
            "amount": amount.round(2),
        }
    )


def _default_events(
    plan: Plan, truth: pd.DataFrame, bills: pd.DataFrame
) -> pd.DataFrame:
    """What became of those who default, in the last third of the region's days."""
    rng = stream(plan.seed, "credit", "after")
    ids = truth.loc[truth["true_default"], "customer_id"]
    hours = 24 * plan.n_days
    ts = plan.start + pd.to_timedelta(
        rng.integers(2 * hours // 3, hours, len(ids)), unit="h"
    )
    usual = bills.groupby("customer_id")["total_yuan"].mean()
    amount = ids.map(usual).to_numpy() * rng.uniform(1, 3, len(ids))
    kinds = ["disconnection", "instalment_agreed", "guarantee"]
    return pd.DataFrame(
        {
            "customer_id": ids.to_numpy(),
            "ts": ts,
            "kind": rng.choice(kinds, len(ids), p=[0.5, 0.35, 0.15]),
            "amount": amount.round(2),
        }
    )
