"""All money tables of a synthetic region in one call."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from research.region.synthetic.billing import PanelMonths, as_exported, bills, registers
from research.region.synthetic.money.credit import credit
from research.region.synthetic.money.payments import payments
from research.region.synthetic.money.points import points_ledger
from research.region.synthetic.money.prepaid import balance_batches, prepaid
from research.region.synthetic.plan import Plan


class MoneyTables(NamedTuple):
    """All that has to do with money.

    Attributes
    ----------
    tables : dict of str to DataFrame
        `registers`, `bills`, `payments`, `topups`, `trip_events`, `credit_events`,
        `points_ledger`.
    balance_daily : iterator of RecordBatch
        Sorted by customer and day.
    truth : dict of str to DataFrame
        `prepaid` and `credit`, one row a customer.
    """

    tables: dict[str, pd.DataFrame]
    balance_daily: Iterator[pa.RecordBatch]
    truth: dict[str, pd.DataFrame]


def money_tables(
    plan: Plan,
    people: pd.DataFrame,
    kwh: np.ndarray,
    panel: list[PanelMonths] | None = None,
) -> MoneyTables:
    """Meters to money: every table of a region that has to do with it.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
    kwh : array of shape (n_customers, n_days)
        Daily energy taken, NaN while an account is not open.
    panel : list of PanelMonths, optional
        What readings of 15 minutes tell of the registers.

    Returns
    -------
    money : MoneyTables
    """
    read = registers(plan, people, kwh, panel)
    paid_after, billed = payments(plan, people, bills(plan, people, kwh, read))
    before = prepaid(plan, people, kwh)
    paid = pd.concat([paid_after, before.payments], ignore_index=True)
    paid = paid.sort_values(["ts", "payment_id"], ignore_index=True)
    events, of_credit = credit(plan, people, kwh, billed, paid_after)
    return MoneyTables(
        {
            "registers": as_exported(plan, read),
            "bills": billed,
            "payments": paid,
            "topups": before.topups,
            "trip_events": before.trip_events,
            "credit_events": events,
            "points_ledger": points_ledger(plan, people, paid),
        },
        balance_batches(plan, people, before),
        {"prepaid": before.truth, "credit": of_credit},
    )
