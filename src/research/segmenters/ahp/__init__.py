"""层次分析法 AHP: pairwise judgements to weights, with all that can be doubted."""

from research.segmenters.ahp.acceptability import (
    dirichlet_weights,
    perturbed_weights,
    rank_acceptability,
    top_list_stability,
)
from research.segmenters.ahp.consistency import (
    SCALE,
    Consistency,
    consistency,
    geometric_limit,
    nearest_on_scale,
    worst_judgements,
)
from research.segmenters.ahp.errors import JudgementError
from research.segmenters.ahp.estimator import AHP
from research.segmenters.ahp.fuzzy import FuzzyWeights, fuzzy_weights, triangular
from research.segmenters.ahp.group import (
    aggregate_judgements,
    aggregate_priorities,
    disagreement,
    judge_report,
)
from research.segmenters.ahp.hierarchy import (
    global_weights,
    leaf_weights,
    synthesize,
    weigh_hierarchy,
)
from research.segmenters.ahp.incomplete import complete_matrix, judgement_groups
from research.segmenters.ahp.judgement_csv import judgements_of_table
from research.segmenters.ahp.judgements import read_judgements
from research.segmenters.ahp.priorities import (
    check_matrix,
    eigenvector_weights,
    geometric_weights,
    priorities,
)
from research.segmenters.ahp.random_index import (
    RANDOM_INDEX,
    random_index,
    simulated_index,
)
from research.segmenters.ahp.records import Comparison, Judge, Judgements
from research.segmenters.ahp.sensitivity import reversal_points, sweep_weight
from research.segmenters.ahp.weighing import Weighing, weigh
from research.segmenters.ahp.weighting import (
    compare_weightings,
    entropy_weights,
    equal_weights,
    mix_weights,
    rank_correlation,
    top_list,
    top_share_overlap,
)

__all__ = [
    "AHP",
    "RANDOM_INDEX",
    "SCALE",
    "Comparison",
    "Consistency",
    "FuzzyWeights",
    "Judge",
    "JudgementError",
    "Judgements",
    "Weighing",
    "aggregate_judgements",
    "aggregate_priorities",
    "check_matrix",
    "compare_weightings",
    "complete_matrix",
    "consistency",
    "dirichlet_weights",
    "disagreement",
    "eigenvector_weights",
    "entropy_weights",
    "equal_weights",
    "fuzzy_weights",
    "geometric_limit",
    "geometric_weights",
    "global_weights",
    "judge_report",
    "judgement_groups",
    "judgements_of_table",
    "leaf_weights",
    "mix_weights",
    "nearest_on_scale",
    "perturbed_weights",
    "priorities",
    "random_index",
    "rank_acceptability",
    "rank_correlation",
    "read_judgements",
    "reversal_points",
    "simulated_index",
    "sweep_weight",
    "synthesize",
    "top_list",
    "top_list_stability",
    "top_share_overlap",
    "triangular",
    "weigh",
    "weigh_hierarchy",
    "worst_judgements",
]
