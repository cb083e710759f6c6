"""Payment features: bills and payments to one row a customer, as of a day."""

from research.features.payment.credit import credit_indicators, later_arrears
from research.features.payment.dates import (
    HORIZON_MONTHS,
    OVERDUE_DAYS,
    by_month,
    default_as_of,
    last_day,
    outcome_known_on,
    time_splits,
)
from research.features.payment.habits import BANDS, ageing, habits
from research.features.payment.history import months_seen
from research.features.payment.rfm import (
    SYSTEMS,
    customers_of,
    payments_by,
    rfm_axes,
    tenure_years,
)
from research.features.payment.states import bill_states, to_day, unproven_bills

__all__ = [
    "BANDS",
    "HORIZON_MONTHS",
    "OVERDUE_DAYS",
    "SYSTEMS",
    "ageing",
    "bill_states",
    "by_month",
    "credit_indicators",
    "customers_of",
    "default_as_of",
    "habits",
    "last_day",
    "later_arrears",
    "months_seen",
    "outcome_known_on",
    "payments_by",
    "rfm_axes",
    "tenure_years",
    "time_splits",
    "to_day",
    "unproven_bills",
]
