"""Data quality: rules on series and tables, repairs, levels."""

from research.region.quality.actions import (
    action_of,
    check_rules,
    done_about,
    error_if,
)
from research.region.quality.changes import changes
from research.region.quality.levels import LEVELS, lacking, level_table, reach
from research.region.quality.others import against_others, hourly_rhythm
from research.region.quality.series import (
    customer_quality,
    repaired,
    run_lengths,
    series_findings,
)
from research.region.quality.tables import table_findings, table_hits
from research.region.rules import ROW_RULES, SERIES_RULES, Rule

__all__ = [
    "LEVELS",
    "ROW_RULES",
    "SERIES_RULES",
    "Rule",
    "action_of",
    "against_others",
    "changes",
    "check_rules",
    "customer_quality",
    "done_about",
    "error_if",
    "hourly_rhythm",
    "lacking",
    "level_table",
    "reach",
    "repaired",
    "run_lengths",
    "series_findings",
    "table_findings",
    "table_hits",
]
