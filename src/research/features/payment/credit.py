"""How a customer has paid so far, and whether he pays late later."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from research.features.payment.dates import (
    HORIZON_MONTHS,
    OVERDUE_DAYS,
    by_month,
    default_as_of,
    last_day,
    months_after,
    outcome_known_on,
)
from research.features.payment.history import (
    DAYS_A_MONTH,
    history_indicators,
    slopes,
)
from research.features.payment.rfm import arrears_of, in_window, tenure_years
from research.features.payment.states import bill_states, to_day, unproven_bills
from research.region import NotApplicable

_DAYS_A_MONTH = 365.25 / 12
# Indicator -> kinds of `credit_events` that it counts.
_EVENTS = {
    "n_disconnections": ("disconnection",),
    "n_breaches": ("theft", "breach_use"),
    "n_bounced": ("bounced",),
    "has_instalment": ("instalment_agreed",),
}


def credit_indicators(
    region,
    as_of=None,
    *,
    months: int = 12,
    event_months: int = 24,
    without: Iterable[str] = (),
) -> pd.DataFrame:
    """What tells how a customer will pay, as of a day (信用指标).

    Parameters
    ----------
    region : Region
        With `bills` and `payments`, or with `payment_history` and no bills.
    as_of : date-like, optional
        Nothing dated later has any influence. Left out: the last month's end from
        which `later_arrears` is known.
    months : int
        Bills due in so many months before `as_of`.
    event_months : int
        Months in which `credit_events` are counted (assumption: two years).
    without : iterable of str
        Bills to leave out, as in `bill_states`.

    Returns
    -------
    indicators : DataFrame
        Index `customer_id`: customers with a bill above zero due in the window (a
        month of `payment_history`). NaN where the region lacks what is needed.

        - `n_bills`: such bills;
        - `late_share`: share of them paid or still open after the due date;
        - `worst_delay_days`, `mean_delay_days`: days after the due date until paid, or
          until `as_of` while open; a bill paid early counts as 0 [d];
        - `delay_trend`: least-squares slope of the delay [d a month]; NaN with fewer
          than three bills;
        - `arrears_ratio`: unpaid over billed, in [0, 1];
        - `unpaid_bills`, `overdue_months`: open bills past their due date, of whatever
          age, and months since the oldest of them was due, 0 without one;
        - `amount_volatility`: standard deviation over mean of all bills of the window,
          those of nothing too; NaN where the mean is not above zero;
        - `energy_trend`: slope of the billed energy over its mean [1 a month]; NaN
          with fewer than three bills. It contains the seasons unless the window
          spans whole years;
        - `tenure_years`; `n_disconnections`, `n_breaches` (theft 窃电 and breach of
          use 违约用电), `n_bounced`: events; `has_instalment`: 1 if one was agreed,
          else 0.

        With `payment_history` a month overdue counts as 30 days, the months take the
        place of bills, and `unpaid_bills` is the number of months overdue at the end.
        ``attrs``: `as_of`, `months`, `lacks` (columns that are NaN throughout).

    Raises
    ------
    NotApplicable
        If the region lacks the tables, or nobody has a bill in the window.

    Examples
    --------
    ``credit_indicators(read_region("data/minjiang"), "2025-06-30")``
    """
    if months < 1 or event_months < 1:
        raise ValueError(
            f"months and event_months from 1 on are wanted, found {months} and "
            f"{event_months}."
        )
    if as_of is None:
        as_of = default_as_of(region, horizon_months=HORIZON_MONTHS)
    day = to_day(as_of)
    if by_month(region):
        found = history_indicators(region, day, months)
    else:
        found = _of_bills(bill_states(region, day, without=without), day, months)
    if found.empty:
        raise NotApplicable(
            f"{region.name}: no bill above zero was due in the {months} months until "
            f"{day}."
        )
    found["tenure_years"] = tenure_years(region, day).reindex(found.index)
    found = found.join(_events(region, day, event_months).reindex(found.index))
    if region.has("credit_events"):
        found = found.fillna(dict.fromkeys(_EVENTS, 0.0))
    found = found.sort_index()
    lacks = tuple(name for name in found if found[name].isna().all())
    found.attrs = {"as_of": str(day), "months": months, "lacks": lacks}
    return found


def _of_bills(states: pd.DataFrame, day, months: int) -> pd.DataFrame:
    """Indicators of bills, one row a customer with one above zero in the window."""
    window = in_window(states, day, months)
    asked = window[window["total_yuan"] > 0]
    delay = asked["days_late"].clip(lower=0)
    who = asked["customer_id"]
    by = delay.groupby(who)
    month = asked["due_date"].dt.year * 12 + asked["due_date"].dt.month
    open_ones = states[states["open"] & (states["days_late"] > 0)]
    unpaid = open_ones.groupby("customer_id")["days_late"].agg(["size", "max"])
    total = window.groupby("customer_id")["total_yuan"]
    mean = total.mean()
    kwh = asked["kwh"].groupby(who).mean()
    found = pd.DataFrame(
        {
            "n_bills": by.size(),
            "late_share": (delay > 0).groupby(who).mean(),
            "worst_delay_days": by.max(),
            "mean_delay_days": by.mean(),
            "delay_trend": slopes(who, month, delay),
            "arrears_ratio": arrears_of(asked),
        }
    )
    ids = found.index
    found["unpaid_bills"] = unpaid["size"].reindex(ids).fillna(0).astype(float)
    found["overdue_months"] = unpaid["max"].reindex(ids).fillna(0) / _DAYS_A_MONTH
    found["amount_volatility"] = (total.std(ddof=0) / mean).where(mean > 0)
    found["energy_trend"] = slopes(who, month, asked["kwh"]) / kwh.where(kwh > 0)
    return found.rename_axis("customer_id")


def _events(region, day, months: int) -> pd.DataFrame:
    """Events of the last `months` by customer; no row without the table."""
    if not region.has("credit_events"):
        return pd.DataFrame(columns=list(_EVENTS), dtype=float)
    start, end = months_after(day, -months), day + pd.Timedelta(days=1)
    counts = ", ".join(
        "count(*) filter (kind in ({})) as {}".format(
            ", ".join(f"'{kind}'" for kind in kinds), name
        )
        for name, kinds in _EVENTS.items()
    )
    found = region.query(
        f"select customer_id, {counts} from credit_events "
        f"where ts >= date '{start}' + interval 1 day and ts < date '{end}' "
        "group by all"
    ).set_index("customer_id")
    found["has_instalment"] = found["has_instalment"].clip(upper=1)
    return found.astype(float)


def later_arrears(
    region,
    as_of,
    *,
    horizon_months: int = HORIZON_MONTHS,
    overdue_days: int = OVERDUE_DAYS,
) -> pd.Series:
    """Who leaves a bill unpaid for long after a day: the outcome to be foretold.

    Parameters
    ----------
    region : Region
        With `bills` and `payments`, or with `payment_history` and no bills.
    as_of : date-like
    horizon_months : int
        Bills due in so many months after `as_of` are looked at.
    overdue_days : int
        A bill counts if it was not paid in full so many days after it was due. With
        `payment_history`: a month at the end of which something was overdue for at
        least so many days, a month for 30.

    Returns
    -------
    late : Series of bool
        Index `customer_id`: customers with a bill above zero due in the horizon.
        ``attrs``: `as_of`, `known_on`, `left_out`: bills whose `status` says paid
        while all payments of the tables do not pay them. When they were paid is not
        known (a payment was lost or taken back); they are no outcome.

    Raises
    ------
    NotApplicable
        If the tables end before the last of these bills is overdue, or are missing.

    Examples
    --------
    ``later_arrears(read_region("data/minjiang"), "2025-06-30").mean()``
    """
    day = to_day(as_of)
    known_on = outcome_known_on(
        region, day, horizon_months=horizon_months, overdue_days=overdue_days
    )
    end = months_after(day, horizon_months)
    tables = ("payment_history",) if by_month(region) else ("payments",)
    last = last_day(region, tables)
    if known_on > last:
        raise NotApplicable(
            f"{region.name}: what became of the bills due until {end} is known on "
            f"{known_on}; the payments end on {last}. Take an earlier as_of: "
            "default_as_of(region, horizon_months=...) gives the last one."
        )
    unproven = 0
    if by_month(region):
        late = _late_months(region, day, end, overdue_days)
    else:
        states = bill_states(region, known_on)
        due = states["due_date"]
        inside = (due > pd.Timestamp(day)) & (due <= pd.Timestamp(end))
        states = states[inside & (states["total_yuan"] > 0)]
        doubtful = states["bill_id"].isin(unproven_bills(region)["bill_id"])
        states, unproven = states[~doubtful], int(doubtful.sum())
        paid_by = states["due_date"] + pd.Timedelta(days=overdue_days)
        unpaid = ~(states["paid_on"] <= paid_by)
        late = unpaid.groupby(states["customer_id"]).any()
    late = late.rename("later_arrears").rename_axis("customer_id").sort_index()
    late.attrs = {
        "as_of": str(day),
        "known_on": str(known_on),
        "left_out": {"bills marked as paid without the payments": unproven},
    }
    return late


def _late_months(region, day, end, overdue_days: int) -> pd.Series:
    """Whether a month after `day` and until `end` closed with arrears that old."""
    least = max(int(np.ceil(overdue_days / DAYS_A_MONTH)), 1)
    return region.query(
        f"select customer_id, max(months_overdue) >= {least} as late "
        "from payment_history where last_day((ym || '-01')::date) > "
        f"date '{day}' and last_day((ym || '-01')::date) <= date '{end}' group by all"
    ).set_index("customer_id")["late"]
