"""Figures of the notebooks: data in, figure out; nothing is fitted, read or saved."""

from research.plots.comparison import all_runs, alluvial, critical_difference
from research.plots.comparison_outcomes import (
    agreement_matrix,
    outcome_gains,
    weight_sensitivity,
)
from research.plots.dictionary import (
    day_shapes,
    mixtures_by_segment,
    ranges,
    weekly_energy,
    weeks_and_years,
)
from research.plots.explore import mean_load
from research.plots.explore_map import map_of_groups
from research.plots.explore_methods import scores_of_methods
from research.plots.quality import (
    coverage_map,
    daily_load,
    findings,
    morning_rise,
    table_periods,
)
from research.plots.segments import (
    margins,
    mean_days,
    number_of_segments,
    peak_day,
    shares_with_intervals,
    typical_days,
)
from research.plots.style import axes_of, segment_color, use_style

__all__ = [
    "agreement_matrix",
    "all_runs",
    "alluvial",
    "axes_of",
    "coverage_map",
    "critical_difference",
    "daily_load",
    "day_shapes",
    "findings",
    "map_of_groups",
    "margins",
    "mean_days",
    "mean_load",
    "mixtures_by_segment",
    "morning_rise",
    "number_of_segments",
    "outcome_gains",
    "peak_day",
    "ranges",
    "scores_of_methods",
    "segment_color",
    "shares_with_intervals",
    "table_periods",
    "typical_days",
    "use_style",
    "weekly_energy",
    "weeks_and_years",
    "weight_sensitivity",
]
