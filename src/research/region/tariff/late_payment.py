"""Late-payment charge 违约金 on overdue bills.

From the day after the due date to the day of payment, at 0.1 % a day for homes; others
0.2 % on arrears of this year and 0.3 % once they are those of an earlier year
("Regulations on electric power supply and use" 电力供应与使用条例, 1996, Art. 39;
"Rules for the electricity supply business" 供电营业规则, 1996, Art. 98, whose least
charge is one yuan; newer editions may differ: `late_fee.min_yuan`).
"""

import numpy as np
import pandas as pd

from research.region.errors import NotApplicable
from research.region.settings import Settings
from research.region.tariff.money import round_yuan


def days_overdue(due: pd.DatetimeIndex, paid: pd.DatetimeIndex) -> np.ndarray:
    """Days from the day after the due date to that of payment, zero if in time.

    Parameters
    ----------
    due, paid : DatetimeIndex of shape (n,)
        The time of day does not count.

    Returns
    -------
    days : array of float of shape (n,)
        NaN where a date is missing.
    """
    late = np.asarray((paid.normalize() - due.normalize()).days, dtype=float)
    return np.maximum(late, 0)


def late_fee(
    amount: np.ndarray,
    due: pd.DatetimeIndex,
    paid: pd.DatetimeIndex,
    residential: np.ndarray,
    settings: Settings,
) -> np.ndarray:
    """Late-payment charge 违约金 of bills, rounded to cents.

    Parameters
    ----------
    amount : array of shape (n,)
        Unpaid amount. [CNY]
    due, paid : DatetimeIndex or array of datetimes of shape (n,)
        `paid` missing means still open: counted up to the region's `reference_date`.
        So are payments after that date.
    residential : array of bool of shape (n,)
    settings : Settings
        `late_fee` with the rates a day and the least charge; `reference_date`.

    Returns
    -------
    fee : array of shape (n,)
        Zero if paid in time or nothing is owed; NaN where amount or due date is
        missing, or a bill is open and the region has no `reference_date`. [CNY]

    Raises
    ------
    NotApplicable
        If the region declares no `late_fee`.

    Examples
    --------
    >>> from research.region.settings import Settings
    >>> settings = Settings.model_validate(
    ...     {"name": "demo", "title": {"en": "Demo"}, "timezone": "Asia/Shanghai",
    ...      "readings": {"resolution_minutes": 30, "stamp": "start",
    ...                   "clock": "Asia/Shanghai", "unit": "kWh"}, "late_fee": {}})

    Due on 25 December, paid on 5 January: 6 days at 0.2 % and 5 at 0.3 %.

    >>> late_fee(np.array([1000.0]), pd.to_datetime(["2024-12-25"]),
    ...          pd.to_datetime(["2025-01-05"]), np.array([False]), settings).tolist()
    [27.0]
    """
    rule = settings.late_fee
    if rule is None:
        raise NotApplicable("region.yaml declares no late_fee: no rate a day is known.")
    due, paid = pd.DatetimeIndex(due), pd.DatetimeIndex(paid)
    if settings.reference_date is not None:
        as_of = pd.Timestamp(settings.reference_date)
        paid = paid.where(paid.normalize() <= as_of, as_of)
    days = days_overdue(due, paid)
    year_end = due.to_period("Y").end_time
    this_year = np.minimum(days, days_overdue(due, year_end))
    rate = np.where(
        residential,
        days * rule.residential,
        this_year * rule.other + (days - this_year) * rule.other_prior_year,
    )
    fee = np.maximum(np.asarray(amount, dtype=float), 0) * rate
    return round_yuan(np.where(fee > 0, np.maximum(fee, rule.min_yuan), fee))
