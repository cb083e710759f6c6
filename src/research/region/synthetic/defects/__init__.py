"""Defects of synthetic regions, put in last and logged cell by cell.

Every mechanism draws from its own random stream: one that is switched off shifts no
other. No cell gets two defects, so that clean tables and log together give the
tables with defects, exactly.
"""

from research.region.synthetic.defects.energy import (
    Injected,
    inject_daily,
    inject_intervals,
)
from research.region.synthetic.defects.log import cells
from research.region.synthetic.defects.shares import SHARES, share
from research.region.synthetic.defects.tables import inject_tables

__all__ = [
    "SHARES",
    "Injected",
    "cells",
    "inject_daily",
    "inject_intervals",
    "inject_tables",
    "share",
]
