"""How old what is owed is, and by which ways and in which sizes customers pay."""

import datetime as dt

import numpy as np
import pandas as pd

from research.features.payment.dates import by_month, last_day, months_after
from research.features.payment.history import DAYS_A_MONTH, months_seen
from research.features.payment.rfm import KEPT, REFUNDS, in_window
from research.features.payment.states import bill_states, to_day, unproven_bills
from research.region import NotApplicable
from research.region.tables import connect, named_in

# Days overdue up to which a band of age reaches.
BANDS = {"0-30": 30, "31-60": 60, "61-90": 90, "90+": np.inf}


def ageing(region, as_of=None) -> pd.DataFrame:
    """What is overdue on a day, by how long it has been (欠费账龄).

    Parameters
    ----------
    region : Region
        With `bills` and `payments`, or with `payment_history` and no bills.
    as_of : date-like, optional
        Left out: the last day of payments.

    Returns
    -------
    ageing : DataFrame of shape (4, 4)
        Index `age` [days overdue]: 0-30, 31-60, 61-90, 90+; `yuan` unpaid, `bills`,
        `customers`; `doubtful_yuan`: of these yuan, those of bills that the column
        `status` calls paid though no payments of the tables pay them (a payment was
        set aside or taken back; NaN with `payment_history`). A bill is overdue from
        the day after its due date. With `payment_history` the bill of the account's
        last month stands for what is unpaid, and a month overdue for 30 days.
        ``attrs["as_of"]``.

    Raises
    ------
    NotApplicable
        If the region lacks the tables.

    Examples
    --------
    ``ageing(read_region("data/minjiang"), "2025-06-30")``
    """
    day = last_day(region) if as_of is None else to_day(as_of)
    if by_month(region):
        seen = months_seen(region, day).groupby("customer_id").last().reset_index()
        owed = seen[seen["late"] > 0]
        owed = owed.assign(
            age=owed["late"] * DAYS_A_MONTH,
            yuan=owed["billed_yuan"].clip(lower=0),
            doubtful=np.nan,
        )
    else:
        states = bill_states(region, day)
        owed = states[states["open"] & (states["days_late"] > 0)]
        owed = owed.assign(
            age=owed["days_late"], yuan=owed["total_yuan"] - owed["paid_yuan"]
        )
        unproven = owed["bill_id"].isin(unproven_bills(region)["bill_id"])
        owed = owed.assign(doubtful=owed["yuan"].where(unproven, 0.0))
    band = pd.cut(owed["age"], [0, *BANDS.values()], labels=list(BANDS))
    by = owed.groupby(band, observed=False)
    table = pd.DataFrame(
        {
            "yuan": by["yuan"].sum().round(2),
            "bills": by.size(),
            "customers": by["customer_id"].nunique(),
            "doubtful_yuan": by["doubtful"].sum().round(2),
        }
    )
    table = table.set_axis(pd.Index(list(BANDS), name="age"))
    if by_month(region):
        table["doubtful_yuan"] = np.nan
    table.attrs["as_of"] = str(day)
    return table


_PAYMENTS = f"""
with refunds as ({REFUNDS})
select p.customer_id, p.ts::date as day, p.channel, p.amount_yuan, {{fee}} as fee
from payments p left join refunds r on r.refund_of = p.payment_id
where p.ts < date '{{end}}' and p.ts >= date '{{start}}' and p.amount_yuan > 0
  and {KEPT}
"""


def habits(region, as_of=None, months: int = 12) -> pd.DataFrame:
    """By which ways, in which sizes and how late customers pay (缴费习惯).

    Parameters
    ----------
    region : Region
        With `payments`.
    as_of : date-like, optional
        Nothing dated later has any influence. Left out: the last day of payments.
    months : int
        Length of the window before `as_of`.

    Returns
    -------
    habits : DataFrame
        Index `customer_id`: who paid in the window; payments taken back whole by
        `as_of` and refunds do not count.

        - `n_payments`, `payment_yuan` (median size) [yuan];
        - `channel`: the one used most, of those that tie the first by name;
          `channel_share` of the payments; `channel_entropy`: 0 when all payments take
          one way [bit]; all three empty where the channel is not known;
        - `auto_debit`: whether most payments are `bank_debit`;
        - `mean_delay_days`: mean days from the due date to the payment in full, below
          zero early, of the bills due in the window; NaN without bills [d];
        - `fee_yuan`: what the channels cost the utility, by `payments.fee_yuan`, where
          the region lacks that column by `channels` of region.yaml; NaN without
          either [yuan].

        ``attrs["as_of"]``.

    Raises
    ------
    NotApplicable
        If there are no payments in the window.

    Examples
    --------
    ``habits(read_region("data/minjiang"), "2025-06-30")["auto_debit"].mean()``
    """
    if not region.has("payments"):
        raise NotApplicable(
            f"{region.name}: how customers pay is told by the table payments; it is "
            "missing."
        )
    day = last_day(region, ("payments",)) if as_of is None else to_day(as_of)
    paid = _window(region, day, months)
    if paid.empty:
        raise NotApplicable(
            f"{region.name}: nobody paid in the {months} months until {day}."
        )
    by = paid.groupby("customer_id")
    found = pd.DataFrame(
        {"n_payments": by.size(), "payment_yuan": by["amount_yuan"].median()}
    )
    found = found.join(_channels(paid))
    found["auto_debit"] = (found["channel"] == "bank_debit") & (
        found["channel_share"] > 0.5
    )
    found["mean_delay_days"] = np.nan
    if region.has("bills"):
        bills = in_window(bill_states(region, day), day, months)
        delays = bills["days_late"].groupby(bills["customer_id"]).mean()
        found["mean_delay_days"] = delays.reindex(found.index)
    found["fee_yuan"] = by["fee"].sum(min_count=1)
    found.attrs["as_of"] = str(day)
    return found


def _window(region, day: dt.date, months: int) -> pd.DataFrame:
    """Payments of the window that were not taken back, with what each cost."""
    fee = "p.fee_yuan"
    if "fee_yuan" not in region.columns("payments"):
        costs = [
            f"when '{c.code}' then {c.fee_per_txn + c.fixed_per_txn!r} + "
            f"p.amount_yuan * {c.fee_rate!r}"
            for c in region.settings.channels
        ]
        fee = f"case p.channel {' '.join(costs)} end" if costs else "null::double"
    start = months_after(day, -months) + dt.timedelta(days=1)
    end = day + dt.timedelta(days=1)
    sql = _PAYMENTS.format(fee=fee, start=start, end=end)
    with connect(region.path, whole=True, names=named_in(sql)) as connection:
        return connection.execute(sql).df()


def _channels(paid: pd.DataFrame) -> pd.DataFrame:
    """Channel used most, its share, and the entropy over channels, by customer."""
    known = paid.dropna(subset=["channel"])
    n = known.groupby(["customer_id", "channel"]).size().rename("n").reset_index()
    share = n["n"] / n.groupby("customer_id")["n"].transform("sum")
    bits = (-share * np.log2(share)).groupby(n["customer_id"]).sum()
    n["share"] = share
    n = n.sort_values(
        ["customer_id", "n", "channel"], ascending=[True, False, True]
    ).drop_duplicates("customer_id")
    first = n.set_index("customer_id")[["channel", "share"]]
    first = first.rename(columns={"share": "channel_share"})
    # Sums of shares that are 1 leave minus zero.
    return first.assign(channel_entropy=bits.abs())
