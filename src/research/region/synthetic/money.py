"""Bills of a synthetic region, and all its money tables in one call."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from research.region.schema import TABLES
from research.region.strict_model import BANDS
from research.region.synthetic.credit import credit
from research.region.synthetic.payments import DAYS_TO_PAY, payments
from research.region.synthetic.plan import Plan
from research.region.synthetic.points import points_ledger
from research.region.synthetic.prepaid import balance_batches, prepaid
from research.region.synthetic.registers import (
    PanelMonths,
    as_exported,
    month_names,
    month_starts,
    registers,
    whole_months,
)
from research.region.synthetic.streams import stream
from research.region.tariff import bill_lines

# First and last day of the next month on which bills are issued (section 5).
ISSUED_ON = 1, 5
_OF_CUSTOMER = (
    "usage_class",
    "voltage",
    "contract_kva",
    "persons",
    "low_income_flag",
    "two_part",
    "tou",
    "demand_mode",
    "contract_demand_kw",
)
_COLUMNS = list(TABLES["bills"].columns)


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


def bills(
    plan: Plan, people: pd.DataFrame, kwh: np.ndarray, registers: pd.DataFrame
) -> pd.DataFrame:
    """Table `bills` of the customers who pay afterwards, before any payment.

    Parameters
    ----------
    plan : Plan
    people : DataFrame of shape (n_customers, any)
    kwh : array of shape (n_customers, n_days)
    registers : DataFrame
        As `registers` gives it: energies by band, reactive energy and demand.

    Returns
    -------
    bills : DataFrame
        One row a customer and whole month in which the account was open, as far as the
        bill was issued before the region's last day; `status` open, `late_fee` NaN.
        Computed by `research.region.tariff.bill_lines`.
    """
    usage = _usage(plan, people, kwh, registers)
    lines = bill_lines(usage, plan.settings)
    billed = pd.concat([usage[["customer_id", "ym", "kwh"]], lines], axis=1)
    rng = stream(plan.seed, "bills")
    day = rng.integers(ISSUED_ON[0] - 1, ISSUED_ON[1], len(billed))
    month = pd.PeriodIndex(billed["ym"], freq="M") + 1
    issued = month.to_timestamp() + pd.to_timedelta(day, unit="D")
    billed["issue_date"] = issued.astype("datetime64[ms]")
    billed["due_date"] = billed["issue_date"] + pd.Timedelta(days=DAYS_TO_PAY)
    billed["bill_id"] = "B" + billed["ym"].str.replace("-", "") + billed["customer_id"]
    billed["late_fee"], billed["status"] = np.nan, "open"
    billed["corrects_bill_id"] = None
    billed = billed.loc[billed["issue_date"] <= plan.days[-1], _COLUMNS]
    return billed.reset_index(drop=True)


def _usage(
    plan: Plan, people: pd.DataFrame, kwh: np.ndarray, registers: pd.DataFrame
) -> pd.DataFrame:
    """What bills are computed from, by month, then customer."""
    rows = np.flatnonzero((people["pay_system"] == "postpaid").to_numpy())
    starts, n_whole = month_starts(plan), whole_months(plan)
    known = np.add.reduceat(~np.isnan(kwh[rows]), starts, axis=1) > 0
    energy = np.add.reduceat(np.nan_to_num(kwh[rows]), starts, axis=1, dtype=float)
    month, customer = np.nonzero(known[:, :n_whole].T)
    who = people.iloc[rows[customer]]
    usage = pd.DataFrame(
        {
            "customer_id": who["customer_id"].to_numpy(dtype=object),
            "ym": month_names(plan)[month],
            "billed": np.round(energy[customer, month], 2),
            **{name: who[name].array for name in _OF_CUSTOMER},
        }
    )
    taken = registers["reactive_import_kvarh"]
    read = pd.DataFrame(
        {
            "customer_id": registers["customer_id"],
            "ym": registers["ym"],
            "read": registers["active_kwh"],
            **{f"kwh_{band}": registers[f"{band}_kwh"] for band in BANDS},
            "reactive_kvarh": taken + registers["reactive_export_kvarh"],
            "max_demand_kw": registers["max_demand_kw"],
        }
    )
    usage = usage.merge(read, how="left", on=["customer_id", "ym"], validate="1:1")
    usage["kwh"] = usage.pop("read").fillna(usage.pop("billed"))
    # Who pays by time of use has registers; where no rule names the class the flag
    # says nothing.
    by_band = usage["kwh_flat"].notna()
    usage["tou"] = usage["tou"].to_numpy(dtype=bool) & by_band
    return usage
