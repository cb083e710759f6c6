"""Scores of recency, frequency and amount, segments by rules, four payment classes."""

from research.segmenters.rfm.payment_classes import PAYMENT_CLASSES, payment_classes
from research.segmenters.rfm.rules import (
    OTHERS,
    Rule,
    check_rules,
    first_match,
    rules_table,
    shadowed_rules,
)
from research.segmenters.rfm.scores import (
    Edges,
    kmeans_edges,
    quantile_edges,
    score_code,
    scores_of,
    threshold_edges,
)
from research.segmenters.rfm.segmenter import RFMSegmenter
from research.segmenters.rfm.table import rfm_table

__all__ = [
    "OTHERS",
    "PAYMENT_CLASSES",
    "Edges",
    "RFMSegmenter",
    "Rule",
    "check_rules",
    "first_match",
    "kmeans_edges",
    "payment_classes",
    "quantile_edges",
    "rfm_table",
    "rules_table",
    "score_code",
    "scores_of",
    "shadowed_rules",
    "threshold_edges",
]
