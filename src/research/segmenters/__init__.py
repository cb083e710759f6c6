"""Features to a segment each: estimators after the protocol of scikit-learn."""

from research.segmenters import lifetime_value
from research.segmenters._medoids import KMedoids, k_medoids
from research.segmenters.ahp import AHP, JudgementError
from research.segmenters.credit import CreditScorer
from research.segmenters.day_mixtures import (
    lifestyle_entropy,
    mixtures,
    seasonal_switch,
    vrse,
)
from research.segmenters.dictionary import LoadShapeDictionary
from research.segmenters.dictionary_size import dictionary_evidence
from research.segmenters.kmeans import LoadShapeKMeans
from research.segmenters.mixture import LoadShapeMixture
from research.segmenters.prototypes import SOMSegmenter
from research.segmenters.rfm import RFMSegmenter
from research.segmenters.shapes import NORMALIZATIONS, normalize_shapes
from research.segmenters.som import SelfOrganizingMap
from research.segmenters.ward import LoadShapeWard

__all__ = [
    "AHP",
    "NORMALIZATIONS",
    "CreditScorer",
    "JudgementError",
    "KMedoids",
    "LoadShapeDictionary",
    "LoadShapeKMeans",
    "LoadShapeMixture",
    "LoadShapeWard",
    "RFMSegmenter",
    "SOMSegmenter",
    "SelfOrganizingMap",
    "dictionary_evidence",
    "k_medoids",
    "lifestyle_entropy",
    "lifetime_value",
    "mixtures",
    "normalize_shapes",
    "seasonal_switch",
    "vrse",
]
