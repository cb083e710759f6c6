"""Segmentations side by side: stability, validity and the choice of their number."""

from research.comparison.agreement import agreement, pieces
from research.comparison.calibration import (
    MonotoneVerdict,
    brier,
    calibrate,
    monotone_rates,
    rate_by_grade,
    reliability,
    wilson_interval,
)
from research.comparison.choice import (
    ChoiceOfK,
    RefusedRule,
    choose_k,
    groups_apart,
    stability_of,
)
from research.comparison.discrimination import auc, auc_intervals, gini, ks, lift
from research.comparison.drift import psi, psi_band, psi_by_chance, psi_table
from research.comparison.evidence import best_silhouette, k_evidence, mixture_bic
from research.comparison.intervals import share_intervals
from research.comparison.out_of_time import usefulness
from research.comparison.risk_models import (
    OutOfSample,
    compare_risks,
    out_of_sample,
    shuffled_auc,
    splits_by_customer,
)
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
    "MonotoneVerdict",
    "OutOfSample",
    "RefusedRule",
    "agreement",
    "auc",
    "auc_intervals",
    "best_silhouette",
    "bootstrap_jaccard",
    "brier",
    "calibrate",
    "choose_k",
    "clustering_dispersion_indicator",
    "compare_risks",
    "davies_bouldin_rms",
    "gini",
    "groups_apart",
    "k_evidence",
    "ks",
    "lift",
    "mean_index_adequacy",
    "mixture_bic",
    "monotone_rates",
    "out_of_sample",
    "pieces",
    "prediction_strength",
    "psi",
    "psi_band",
    "psi_by_chance",
    "psi_table",
    "rate_by_grade",
    "reliability",
    "score_segmentations",
    "share_intervals",
    "shuffled_auc",
    "silhouette",
    "splits_by_customer",
    "stability_band",
    "stability_of",
    "usefulness",
    "wilson_interval",
    "within_between_ratio",
]
