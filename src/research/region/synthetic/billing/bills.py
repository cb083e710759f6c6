"""Bills of a synthetic region, as they are issued."""

import numpy as np
import pandas as pd

from research.region.schema import TABLES
from research.region.strict_model import BANDS
from research.region.synthetic.billing.registers import (
    month_names,
    month_starts,
    whole_months,
)
from research.region.synthetic.plan import Plan
from research.region.synthetic.streams import stream
from research.region.tariff import bill_lines

# First and last day of the next month on which bills are issued (section 5).
ISSUED_ON = 1, 5
# Days from the bill to its due date (section 5).
DAYS_TO_PAY = 20
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
