"""Credit grades by declared points: scoring functions, bands, vetoes, and rivals."""

from research.segmenters.credit.baselines import (
    boosted_trees,
    logistic_scorecard,
    one_rule,
)
from research.segmenters.credit.grades import (
    BANDS,
    NOT_GRADED,
    Migration,
    NewCustomer,
    Veto,
    grade_of,
    limit_migration,
)
from research.segmenters.credit.scorer import CreditScorer
from research.segmenters.credit.scoring import (
    ScoringFunction,
    learn_scoring,
    scores_of_weights,
)

__all__ = [
    "BANDS",
    "NOT_GRADED",
    "CreditScorer",
    "Migration",
    "NewCustomer",
    "ScoringFunction",
    "Veto",
    "boosted_trees",
    "grade_of",
    "learn_scoring",
    "limit_migration",
    "logistic_scorecard",
    "one_rule",
    "scores_of_weights",
]
