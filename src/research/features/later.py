"""What became of customers after a day: the outcomes that segments shall foretell."""

import numpy as np
import pandas as pd

from research.features import load, payment
from research.features.payment.dates import months_after
from research.region import NotApplicable

OUTCOMES = {
    "log_daily_kwh": ("energy a day, its logarithm", "日均电量对数"),
    "evening_share": ("share of the energy from 17 to 22", "晚间电量占比"),
    "area_peak_share": ("load at the area's peak over own mean load", "高峰负荷比"),
    "arrears": ("a bill unpaid a month after it was due", "欠费"),
    "complaint": ("at least one complaint", "投诉"),
}
"""Name of each outcome, in English and Chinese."""


def later_outcomes(
    region, as_of, *, months: int = 3
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Outcomes of the months after a day, a row a customer.

    Parameters
    ----------
    region : Region
    as_of : date-like
        Last day that segments may know. Outcomes begin with the next.
    months : int
        Months that are looked at.

    Returns
    -------
    outcomes : DataFrame
        Index `customer_id`; of `OUTCOMES` the columns that the region's tables carry.
        From readings, for customers with enough complete days in these months:
        `log_daily_kwh` (natural logarithm of the mean energy a day in kWh, NaN at 0 and
        below), `evening_share` and `area_peak_share` as in `load.table`. From bills and
        payments: `arrears`, see `payment.later_arrears`. From tickets: `complaint`,
        for customers supplied on the day.
    lacking : dict of str to str
        The outcomes that are not there, each with what it would need.

    Raises
    ------
    NotApplicable
        If the region carries none of them.

    Examples
    --------
    ``outcomes, lacking = later_outcomes(read_region("data/haihe"), "2025-09-30")``
    """
    day = pd.Timestamp(as_of).normalize()
    end = pd.Timestamp(months_after(day.date(), months))
    found, lacking = {}, {}
    for names, look in (
        (("log_daily_kwh", "evening_share", "area_peak_share"), _of_readings),
        (("arrears",), _of_bills),
        (("complaint",), _of_tickets),
    ):
        try:
            found |= look(region, day, end, months)
        except NotApplicable as error:
            lacking |= dict.fromkeys(names, str(error))
    if not found:
        raise NotApplicable(
            f"{region.name}: nothing tells what came in the {months} months after "
            f"{day.date()}. " + " ".join(dict.fromkeys(lacking.values()))
        )
    outcomes = pd.DataFrame(found).rename_axis("customer_id").sort_index()
    return outcomes, lacking


def _of_readings(region, day, end, months):
    if not region.has("readings"):
        raise NotApplicable("readings are wanted, and the region has none.")
    last = region.days[-1]
    if last < end:
        raise NotApplicable(
            f"readings are wanted until {end.date()}; they end on {last.date()}."
        )
    later = region.during(day + pd.Timedelta(days=1), end)
    table = load.table(later)
    table = table.loc[table.index.intersection(later.usable)]
    energy = 24 * table["mean_power"]
    return {
        "log_daily_kwh": np.log(energy.where(energy > 0)),
        "evening_share": table["share_evening"],
        "area_peak_share": table["area_peak_load"] / table["mean_power"],
    }


def _of_bills(region, day, end, months):
    return {"arrears": payment.later_arrears(region, day.date(), horizon_months=months)}


def _of_tickets(region, day, end, months):
    if not region.has("tickets"):
        raise NotApplicable("tickets are wanted, and the region has none.")
    tickets = region.table("tickets")
    created = pd.to_datetime(tickets["ts_created"])
    if created.max() < end:
        raise NotApplicable(
            f"tickets are wanted until {end.date()}; they end on "
            f"{created.max().date()}."
        )
    inside = (created >= day + pd.Timedelta(days=1)) & (
        created < end + pd.Timedelta(days=1)
    )
    complained = tickets.loc[
        inside & (tickets["type"] == "complaint"), "customer_id"
    ].unique()
    customers = region.customers
    supplied = pd.Series(True, index=customers.index)
    if "open_date" in customers:
        supplied &= ~(pd.to_datetime(customers["open_date"]) > day)
    if "close_date" in customers:
        supplied &= ~(pd.to_datetime(customers["close_date"]) <= day)
    ids = customers.index[supplied]
    return {"complaint": pd.Series(ids.isin(complained), ids, "boolean")}
