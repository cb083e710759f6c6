"""Energy of a synthetic region: of a day, and of the quarter hours of it."""

from research.region.synthetic.energy.daily import daily
from research.region.synthetic.energy.intervals import panel
from research.region.synthetic.energy.long_tables import energy_batches, reading_batches

__all__ = ["daily", "energy_batches", "panel", "reading_batches"]
