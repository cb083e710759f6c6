"""Synthetic regions: every table, nobody's data, and the truth beside it."""

from research.region.synthetic.build import synthesize
from research.region.synthetic.plan import DEFECTS, REGIONS, SIZES, Plan, plan_of

__all__ = ["DEFECTS", "REGIONS", "SIZES", "Plan", "plan_of", "synthesize"]
