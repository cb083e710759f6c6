"""From findings and segments to what is done: names, proposals, verdicts."""

from research.service import privacy, quality, quantiles, verdict
from research.service.portrait import contrasts, name_segments, outliers_told
from research.service.strategy import effects, propose

__all__ = [
    "contrasts",
    "effects",
    "name_segments",
    "outliers_told",
    "privacy",
    "propose",
    "quality",
    "quantiles",
    "verdict",
]
