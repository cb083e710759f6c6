"""The grid of a synthetic region: who is fed from where, its load, its outages."""

from research.region.synthetic.grid.areas import assign
from research.region.synthetic.grid.loads import transformer_load
from research.region.synthetic.grid.outages import outages

__all__ = ["assign", "outages", "transformer_load"]
