"""Segmentations side by side: stability, validity and the choice of their number."""

from research.comparison.across import (
    Joined,
    infer_across,
    join_regions,
    verdict_across,
)
from research.comparison.agreement import (
    agreement,
    agreement_matrix,
    pairwise_agreement,
    pieces,
)
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
from research.comparison.evidence import best_silhouette, k_evidence
from research.comparison.inference import (
    Inference,
    MeanDifference,
    corrected_t,
    infer,
)
from research.comparison.intervals import share_intervals
from research.comparison.known import divide_known
from research.comparison.mixture_criterion import mixture_bic
from research.comparison.narrowed import compare_labels, protocol_of_labels, without
from research.comparison.nulls import permutation_null
from research.comparison.out_of_time import usefulness
from research.comparison.perturbation import (
    block_stability,
    compare_stability,
    seed_stability,
)
from research.comparison.planned import (
    UnplannedError,
    complete,
    count_runs,
    decide_by,
    leaders_under,
    planned_runs,
    refuse_unplanned,
    weighted_runs,
    wider_than_usual,
)
from research.comparison.protocol import WEIGHTED, Protocol
from research.comparison.protocol_file import (
    ProtocolError,
    protocol_of,
    read_protocol,
    shipped_protocol,
)
from research.comparison.rank_intervals import rank_intervals
from research.comparison.ranks import (
    RankTest,
    critical_difference,
    friedman,
    holm,
    not_apart,
    ranks_of,
)
from research.comparison.risk_models import (
    OutOfSample,
    compare_risks,
    out_of_sample,
    shuffled_auc,
    splits_by_customer,
)
from research.comparison.runs import RUN_KEY, Units, check_runs, units
from research.comparison.stability import (
    bootstrap_jaccard,
    prediction_strength,
    stability_band,
)
from research.comparison.trials import Trials, run_trials
from research.comparison.validity import (
    clustering_dispersion_indicator,
    davies_bouldin_rms,
    describe_scores,
    mean_index_adequacy,
    missed_share,
    modified_dunn_index,
    point_silhouettes,
    sampled_silhouette,
    scatter_index,
    score_segmentations,
    silhouette,
    similarity_matrix_indicator,
    simplified_silhouette,
    within_between_ratio,
)
from research.comparison.verdict import (
    FLOORS,
    Condition,
    Verdict,
    decide,
)

__all__ = [
    "FLOORS",
    "RUN_KEY",
    "WEIGHTED",
    "ChoiceOfK",
    "Condition",
    "Inference",
    "Joined",
    "MeanDifference",
    "MonotoneVerdict",
    "OutOfSample",
    "Protocol",
    "ProtocolError",
    "RankTest",
    "RefusedRule",
    "Trials",
    "Units",
    "UnplannedError",
    "Verdict",
    "agreement",
    "agreement_matrix",
    "auc",
    "auc_intervals",
    "best_silhouette",
    "block_stability",
    "bootstrap_jaccard",
    "brier",
    "calibrate",
    "check_runs",
    "choose_k",
    "clustering_dispersion_indicator",
    "compare_labels",
    "compare_risks",
    "compare_stability",
    "complete",
    "corrected_t",
    "count_runs",
    "critical_difference",
    "davies_bouldin_rms",
    "decide",
    "decide_by",
    "describe_scores",
    "divide_known",
    "friedman",
    "gini",
    "groups_apart",
    "holm",
    "infer",
    "infer_across",
    "join_regions",
    "k_evidence",
    "ks",
    "leaders_under",
    "lift",
    "mean_index_adequacy",
    "missed_share",
    "mixture_bic",
    "modified_dunn_index",
    "monotone_rates",
    "not_apart",
    "out_of_sample",
    "pairwise_agreement",
    "permutation_null",
    "pieces",
    "planned_runs",
    "point_silhouettes",
    "prediction_strength",
    "protocol_of",
    "protocol_of_labels",
    "psi",
    "psi_band",
    "psi_by_chance",
    "psi_table",
    "rank_intervals",
    "ranks_of",
    "rate_by_grade",
    "read_protocol",
    "refuse_unplanned",
    "reliability",
    "run_trials",
    "sampled_silhouette",
    "scatter_index",
    "score_segmentations",
    "seed_stability",
    "share_intervals",
    "shipped_protocol",
    "shuffled_auc",
    "silhouette",
    "similarity_matrix_indicator",
    "simplified_silhouette",
    "splits_by_customer",
    "stability_band",
    "stability_of",
    "units",
    "usefulness",
    "verdict_across",
    "weighted_runs",
    "wider_than_usual",
    "wilson_interval",
    "within_between_ratio",
    "without",
]
