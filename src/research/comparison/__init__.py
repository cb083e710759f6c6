"""Segmentations side by side: stability, validity and the choice of their number."""

from research.comparison.agreement import agreement
from research.comparison.choice import (
    ChoiceOfK,
    RefusedRule,
    choose_k,
    groups_apart,
    stability_of,
)
from research.comparison.evidence import best_silhouette, k_evidence, mixture_bic
from research.comparison.intervals import share_intervals
from research.comparison.stability import (
    bootstrap_jaccard,
    prediction_strength,
    stability_band,
)
from research.comparison.validity import (
    clustering_dispersion_indicator,
    davies_bouldin_rms,
    mean_index_adequacy,
    score_segmentations,
    silhouette,
    within_between_ratio,
)

__all__ = [
    "ChoiceOfK",
    "RefusedRule",
    "agreement",
    "best_silhouette",
    "bootstrap_jaccard",
    "choose_k",
    "clustering_dispersion_indicator",
    "davies_bouldin_rms",
    "groups_apart",
    "k_evidence",
    "mean_index_adequacy",
    "mixture_bic",
    "prediction_strength",
    "score_segmentations",
    "share_intervals",
    "silhouette",
    "stability_band",
    "stability_of",
    "within_between_ratio",
]
