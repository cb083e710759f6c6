"""Recency, frequency and money of payers: post-paid by bills, prepaid by top-ups."""

import datetime as dt
from collections.abc import Iterable

import pandas as pd

from research.features.payment.dates import by_month, last_day, months_after
from research.features.payment.history import history_axes
from research.features.payment.states import bill_states, to_day
from research.region import NotApplicable
from research.region.tables import connect, named_in

SYSTEMS = ("postpaid", "prepaid")
_YEAR_AND_MONTH = slice(0, 4), slice(5, 7)
_DAYS_A_YEAR, _DAYS_A_MONTH = 365.25, 365.25 / 12
# What was given back of each payment by then. A payment counts unless all of it was:
# who pays too much and gets the rest back has paid.
REFUNDS = """
select refund_of, sum(amount_yuan) as back from payments
where refund_of is not null and ts < date '{end}' group by all
"""
KEPT = "p.amount_yuan + coalesce(r.back, 0) > 0.005"
_BILL_PAYMENTS = f"""
with refunds as ({REFUNDS})
select p.customer_id, p.ts::date as day, p.amount_yuan,
  p.amount_yuan > 0 and {KEPT} as counts
from payments p left join refunds r on r.refund_of = p.payment_id
where p.ts < date '{{end}}'
"""
_NET = f"""
with refunds as ({REFUNDS})
select p.customer_id, p.ts::date as day,
  round(p.amount_yuan + coalesce(r.back, 0), 2) as amount_yuan,
  p.amount_yuan > 0 as counts
from payments p left join refunds r on r.refund_of = p.payment_id
where p.ts < date '{{end}}' and (p.amount_yuan <= 0 or {KEPT})
  and (p.refund_of is null or p.refund_of not in (
    select payment_id from payments where payment_id is not null))
"""
_TOPUPS = """
select customer_id, coalesce(ts_delivered, ts_paid, ts_order)::date as day,
  amount as amount_yuan, true as counts
from topups where outcome = 'delivered'
  and coalesce(ts_delivered, ts_paid, ts_order) < date '{end}'
"""


def rfm_axes(
    region,
    system: str,
    *,
    as_of=None,
    months: int = 12,
    without: Iterable[str] = (),
) -> pd.DataFrame:
    """How lately, how often and how much customers pay (缴费 RFM).

    Post-paid and prepaid customers are never mixed: a bill a month makes frequency
    nearly constant, so that delay and arrears speak there; of prepaid customers the
    top-ups speak.

    Parameters
    ----------
    region : Region
        Post-paid: `payments` and `bills`; `payments` alone; or `payment_history`
        without bills. Prepaid: `topups`, else `payments`.
    system : {"postpaid", "prepaid"}
        By `customers.pay_system`; where a region lacks that column, who has topped up
        by `as_of` is prepaid and everybody else post-paid.
    as_of : date-like, optional
        Nothing dated later has any influence. Left out: the last day of payments, or
        the `reference_date` of region.yaml if that is earlier.
    months : int
        Length of the window before `as_of`.
    without : iterable of str
        Bills to leave out, as in `bill_states`: where the axes describe today and
        foretell nothing, ``unproven_bills(region)["bill_id"]``.

    Returns
    -------
    axes : DataFrame
        Index `customer_id`: customers of the system with a bill, a payment or a month
        known by `as_of`. Columns that the region can give:

        - `days_overdue`: of the oldest open bill; 0 when nothing is overdue [d];
        - `days_since_full_payment`: since a bill was last paid in full, since the
          last payment where there are no bills; prepaid: since the last top-up that
          was delivered; NaN when there was none [d];
        - `payments_per_cycle`: payments in the window, without those taken back whole,
          over its billing cycles since the customer's first bill or payment;
        - `amount_yuan`: paid in the window, less refunds [yuan];
        - `arrears_ratio`: unpaid over billed, of the bills due in the window, in
          [0, 1]; post-paid only; NaN without such a bill;
        - `tenure_years`: since the account was opened; NaN where not known.

        ``attrs``: `as_of`; `cycle_months`, the median between two bills of a customer,
        1 without bills; `lacks`, a tuple of ``"column: what it would need"``;
        `left_out`, counts.

    Raises
    ------
    NotApplicable
        If the region has no payments of that system.
    ValueError
        If there is no such system, or `months` is below 1.

    Examples
    --------
    ``rfm_axes(read_region("data/minjiang"), "prepaid", as_of="2025-06-30")``
    """
    if system not in SYSTEMS or months < 1:
        raise ValueError(
            "system 'postpaid' or 'prepaid' and months from 1 on are wanted, found "
            f"{system!r} and {months}."
        )
    day = last_day(region) if as_of is None else to_day(as_of)
    ids = customers_of(region, system, day)
    lacks: list[str] = []
    left_out: dict[str, int] = {}
    cycle = 1.0
    if system == "postpaid" and by_month(region):
        axes = history_axes(region, day, months)
    elif system == "postpaid" and region.has("bills"):
        axes, cycle, left_out = _of_bills(region, day, months, ids, without)
    else:
        axes, lacks = _of_payments(region, day, months, ids, system)
    if not axes.index.isin(ids).any():
        raise NotApplicable(
            f"{region.name}: no {system} customer has a bill or payment by {day}."
        )
    axes["tenure_years"] = tenure_years(region, day).reindex(axes.index)
    for name in [n for n in axes if axes[n].isna().all()]:
        lacks.append(f"{name}: {_NEEDS[name]}")
        axes = axes.drop(columns=name)
    axes = axes[axes.index.isin(ids)].sort_index()
    left_out["customers without a bill or payment"] = len(ids.difference(axes.index))
    axes.attrs = {
        "as_of": str(day),
        "cycle_months": cycle,
        "lacks": tuple(lacks),
        "left_out": left_out,
    }
    return axes


_NEEDS = {
    "days_overdue": "bills",
    "days_since_full_payment": "payments",
    "payments_per_cycle": "payments",
    "amount_yuan": "payments.amount_yuan",
    "arrears_ratio": "bills above zero",
    "tenure_years": "customers.open_date",
}


def customers_of(region, system: str, as_of=None) -> pd.Index:
    """Customers who pay by `system`: by `pay_system`, else by who has top-ups.

    Parameters
    ----------
    region : Region
    system : {"postpaid", "prepaid"}
    as_of : date-like, optional
        Top-ups ordered later say nothing. Left out: all do.

    Returns
    -------
    customers : Index
        `customer_id`; an account whose `pay_system` is empty counts as post-paid.
    """
    customers = region.customers
    if "pay_system" in customers:
        prepaid = customers["pay_system"].fillna("postpaid").str.startswith("prepaid")
        prepaid = prepaid.to_numpy(dtype=bool)
    elif region.has("topups"):
        until = "" if as_of is None else f" where ts_order::date <= '{to_day(as_of)}'"
        known = region.query(f"select distinct customer_id from topups{until}")
        known = known["customer_id"]
        prepaid = customers.index.isin(known)
    else:
        prepaid = pd.Series(False, customers.index).to_numpy()
    return customers.index[prepaid == (system == "prepaid")]


def tenure_years(region, as_of) -> pd.Series:
    """Years since the account was opened; NaN where that is not known or to come."""
    customers = region.customers
    if "open_date" not in customers:
        return pd.Series(float("nan"), customers.index, name="tenure_years")
    opened = pd.to_datetime(customers["open_date"])
    years = (pd.Timestamp(to_day(as_of)) - opened).dt.days / _DAYS_A_YEAR
    return years.where(years >= 0).rename("tenure_years")


def payments_by(region, as_of, source: str, *, net: bool = False) -> pd.DataFrame:
    """Payments until a day: `customer_id`, `day`, `amount_yuan`, `counts`.

    Parameters
    ----------
    region : Region
    as_of : date-like
    source : {"payments", "topups"}
        Of `topups`, the delivered ones, on the day the meter had the money.
    net : bool
        Whether refunds that name their payment are taken off it, rows of their own no
        more; what was taken back whole is left out.

    Returns
    -------
    payments : DataFrame
        `counts` is False of refunds and of what was taken back whole by then.
    """
    sql = _TOPUPS if source == "topups" else _NET if net else _BILL_PAYMENTS
    end = to_day(as_of) + dt.timedelta(days=1)
    with connect(region.path, whole=True, names=named_in(sql)) as connection:
        return connection.execute(sql.format(end=end)).df()


def _of_bills(
    region, day: dt.date, months: int, ids: pd.Index, without: Iterable[str]
) -> tuple[pd.DataFrame, float, dict[str, int]]:
    """Axes of who is billed, months of a cycle, what was left out."""
    states = bill_states(region, day, without=without)
    left_out = states.attrs["left_out"]
    states = states[states["customer_id"].isin(ids)]
    paid = payments_by(region, day, "payments")
    cycle = _cycle_months(states)
    axes = _of_money(paid, day, months, cycle, states)
    by = states.groupby("customer_id")
    overdue = states["days_late"].where(states["open"]).clip(lower=0)
    full = states["paid_on"].where(states["total_yuan"] > 0)
    axes["days_overdue"] = overdue.groupby(states["customer_id"]).max()
    axes["days_overdue"] = axes["days_overdue"].fillna(0.0)
    last = full.groupby(states["customer_id"]).max()
    axes["days_since_full_payment"] = (pd.Timestamp(day) - last).dt.days
    axes["arrears_ratio"] = arrears_of(in_window(states, day, months))
    axes = axes.reindex(axes.index.union(by.size().index))
    axes = axes.fillna({"payments_per_cycle": 0.0, "amount_yuan": 0.0})
    return axes[[n for n in _NEEDS if n in axes]], cycle, left_out


def _of_payments(
    region, day: dt.date, months: int, ids: pd.Index, system: str
) -> tuple[pd.DataFrame, list[str]]:
    """Axes of who pays, where no bill is known, and what they lack."""
    source = "topups" if system == "prepaid" and region.has("topups") else "payments"
    if not region.has(source):
        raise NotApplicable(
            f"{region.name}: how {system} customers pay is told by payments"
            + (" or topups" if system == "prepaid" else ", bills or payment_history")
            + "; the region has none of them."
        )
    paid = payments_by(region, day, source)
    axes = _of_money(paid[paid["customer_id"].isin(ids)], day, months, 1.0, None)
    last = paid[paid["counts"]].groupby("customer_id")["day"].max()
    axes["days_since_full_payment"] = (pd.Timestamp(day) - last).dt.days
    lacks = []
    if system == "postpaid":
        lacks = [
            "days_overdue: bills",
            "arrears_ratio: bills",
            "days_since_full_payment: bills; counted from the last payment",
        ]
    return axes[[n for n in _NEEDS if n in axes]], lacks


def _of_money(
    paid: pd.DataFrame,
    day: dt.date,
    months: int,
    cycle: float,
    states: pd.DataFrame | None,
) -> pd.DataFrame:
    """`payments_per_cycle` and `amount_yuan` of all who ever paid or were billed."""
    start, end = pd.Timestamp(months_after(day, -months)), pd.Timestamp(day)
    first = paid.groupby("customer_id")["day"].min()
    if states is not None:
        # A bill covers the month before it is issued.
        billed = states.groupby("customer_id")["issue_date"].min()
        first = pd.concat([first, billed]).groupby(level=0).min()
    since = first.clip(lower=start)
    cycles = (end - since).dt.days / _DAYS_A_MONTH / cycle
    window = paid[paid["day"] > start]
    n = window["counts"].groupby(window["customer_id"]).sum()
    amount = window.groupby("customer_id")["amount_yuan"].sum()
    axes = pd.DataFrame(index=first.index.rename("customer_id"))
    axes["payments_per_cycle"] = n.reindex(axes.index).fillna(0) / cycles.clip(lower=1)
    axes["amount_yuan"] = amount.reindex(axes.index).fillna(0.0).round(2)
    return axes


def _cycle_months(states: pd.DataFrame) -> float:
    """Median months from a customer's bill to the next; 1 where none has two."""
    year, month = (states["ym"].str[part].astype(int) for part in _YEAR_AND_MONTH)
    months = pd.DataFrame({"id": states["customer_id"], "month": 12 * year + month})
    months = months.drop_duplicates().sort_values(["id", "month"])
    gap = months["month"].diff()[months["id"].eq(months["id"].shift())].median()
    return 1.0 if pd.isna(gap) else float(gap)


def in_window(states: pd.DataFrame, as_of, months: int) -> pd.DataFrame:
    """Bills of `bill_states` due in the last `months` before `as_of`."""
    start = pd.Timestamp(months_after(to_day(as_of), -months))
    return states[states["due_date"] > start]


def arrears_of(states: pd.DataFrame) -> pd.Series:
    """Unpaid over billed of each customer's bills above zero, in [0, 1].

    Examples
    --------
    >>> states = pd.DataFrame({"customer_id": ["a", "a"], "total_yuan": [60.0, 40.0],
    ...                        "paid_yuan": [60.0, 10.0]})
    >>> arrears_of(states).round(2).tolist()
    [0.3]
    """
    asked = states[states["total_yuan"] > 0]
    by = asked.groupby("customer_id")[["total_yuan", "paid_yuan"]].sum()
    ratio = 1 - by["paid_yuan"] / by["total_yuan"]
    return ratio.clip(0, 1).rename("arrears_ratio")
