"""Features to a segment each: estimators after the protocol of scikit-learn."""

from research.segmenters.kmeans import LoadShapeKMeans
from research.segmenters.shapes import NORMALIZATIONS, normalize_shapes

__all__ = ["NORMALIZATIONS", "LoadShapeKMeans", "normalize_shapes"]
