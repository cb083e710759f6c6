"""From segments to what is done for them: plain names, proposals, verdicts."""

from research.service import verdict
from research.service.portrait import contrasts, name_segments
from research.service.strategy import effects, propose

__all__ = ["contrasts", "effects", "name_segments", "propose", "verdict"]
