"""Import of real exports into regions."""

from research.region.ingest.lcl import import_lcl

__all__ = ["import_lcl"]
