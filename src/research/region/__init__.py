"""Regions: folders of tables plus `region.yaml`, read, checked and imported."""

from research.region.errors import InputError, NotApplicable
from research.region.region import Region, read_region

__all__ = [
    "InputError",
    "NotApplicable",
    "Region",
    "read_region",
]
