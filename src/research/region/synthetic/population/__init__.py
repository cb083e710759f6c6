"""Customers of a synthetic region: kinds, contracts, and what is true of each."""

from research.region.synthetic.population.archetypes import ARCHETYPES, CODES
from research.region.synthetic.population.customers import is_home, people

__all__ = ["ARCHETYPES", "CODES", "is_home", "people"]
