"""Credit of electricity customers: the policy, the cases it is judged on, the words."""

from research.service.credit.cases import (
    Cases,
    benchmark_columns,
    cases,
    doubtful_bills,
    exposure,
    held_paid,
    indicators_at,
    score_days,
)
from research.service.credit.policy import Policy, read_policy, with_derived
from research.service.credit.words import (
    adds,
    against,
    hide_small,
    measures,
    money,
    order_told,
    reason_shares,
    said,
    verdict,
)

__all__ = [
    "Cases",
    "Policy",
    "adds",
    "against",
    "benchmark_columns",
    "cases",
    "doubtful_bills",
    "exposure",
    "held_paid",
    "hide_small",
    "indicators_at",
    "measures",
    "money",
    "order_told",
    "read_policy",
    "reason_shares",
    "said",
    "score_days",
    "verdict",
    "with_derived",
]
