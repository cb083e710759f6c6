"""From findings and segments to what is done: names, proposals, verdicts."""

from research.service import quality, verdict
from research.service.portrait import contrasts, name_segments, single_customers
from research.service.strategy import effects, propose

__all__ = [
    "contrasts",
    "effects",
    "name_segments",
    "propose",
    "quality",
    "single_customers",
    "verdict",
]
