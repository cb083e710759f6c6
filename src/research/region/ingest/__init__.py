"""Import of real exports into regions."""

from research.region.ingest.lcl import import_lcl
from research.region.ingest.outcome import write_judged
from research.region.ingest.rows import judge_table
from research.region.ingest.table import import_table

__all__ = ["import_lcl", "import_table", "judge_table", "write_judged"]
