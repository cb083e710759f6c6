"""Words for what is wrong in a settings file."""

import difflib
import json
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from research.region.strict_yaml import Lines


def told(fault: Any, lines: Lines, path: Path, settings: type[BaseModel]) -> str:
    """One fault of a settings file: its place, what was found, what is allowed.

    Parameters
    ----------
    fault : dict
        One of the `errors()` of a pydantic `ValidationError`.
    lines : dict
        Line of each value, as `read_yaml` gives it.
    path : Path
    settings : type of a pydantic model
        What the whole file is read as.
    """
    where = tuple(fault["loc"])
    line = next(
        lines[where[:n]] for n in range(len(where), -1, -1) if where[:n] in lines
    )
    key = ".".join(str(part) for part in where) or "settings"
    place = f"{path} line {line}, {key}"
    if fault["type"] == "missing":
        return f"{place}: this key is required and missing. {_allowed(where)}".strip()
    if fault["type"] == "extra_forbidden":
        known = _keys_at(where[:-1], settings)
        near = difflib.get_close_matches(str(where[-1]), known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"{place}: unknown key.{hint} Allowed: {', '.join(known)}."
    found = json.dumps(fault["input"], ensure_ascii=False, default=str)
    found = found if len(found) <= 80 else f"{found[:77]}..."
    wanted = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{place}: found {found}; {wanted}. {_allowed(where)}".strip()


def _model_at(
    where: tuple[Any, ...], settings: type[BaseModel]
) -> type[BaseModel] | None:
    model: Any = settings
    for part in where:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        if field is None:
            return None
        model = next(
            (t for t in _types_in(field.annotation) if hasattr(t, "model_fields")), None
        )
        if model is None:
            return None
    return model


def _types_in(annotation: Any) -> list[Any]:
    inner = [t for part in get_args(annotation) for t in _types_in(part)]
    return inner or [annotation]


def _keys_at(where: tuple[Any, ...], settings: type[BaseModel]) -> list[str]:
    model = _model_at(where, settings)
    return sorted(model.model_fields) if model else []


def _allowed(where: tuple[Any, ...]) -> str:
    """One example of what may stand at `where`, for keys people get wrong most."""
    return _EXAMPLES.get(where) or _EXAMPLES_WITHIN.get(where[:1], "")


_EXAMPLES = {
    ("name",): 'Example: name: "linqing"',
    ("timezone",): "Example: timezone: Asia/Shanghai",
    ("title",): "Example: title: {en: Linqing, zh: 临清}",
    ("readings",): (
        "Example: readings: {resolution_minutes: 15, stamp: start, "
        "clock: Asia/Shanghai, unit: kWh}"
    ),
    ("readings", "unit"): "kWh is energy; kW and MW are power.",
    ("segmentation", "n_clusters"): "A whole number from 2 to 50.",
    ("segmentation", "seed"): "A whole number from 0 to 4294967295.",
}
# One example for a key and all that stands in it.
_EXAMPLES_WITHIN = {
    (text.split(":")[0],): f"Example: {text}"
    for text in (
        "calendar: {country: CN, school_breaks: [[01-18, 02-24], [07-10, 08-31]], "
        "lunar_new_year: {2027: 2027-02-06}}",
        "climate: {latitude: 39.1, longitude: 117.2, cool_above: 26, heat_below: 5, "
        "heating_season: [11-15, 03-15], heating: district}",
        "tou: [{classes: [commercial], months: [7, 8], base_yuan: 0.62, bands: "
        "[{name: peak, at: [10:00-12:00, 18:00-22:00], x: 1.7}, "
        "{name: valley, at: [23:00-07:00], x: 0.3}]}]",
        "precedence: [sharp, deep_valley, peak, valley, flat]",
        "residential_tiers: {reckoning: year, bounds_kwh: [2640, 4800], "
        "yuan: [0.49, 0.54, 0.79], big_household: {persons: 5, extra_kwh_month: 100}, "
        "free_kwh_low_income: 10}",
        "agriculture: {yuan: 0.50, irrigation_yuan: 0.30, tou: false}",
        "two_part: {min_kva: 315, choice_kva: [100, 315], cap_yuan_kva: 28, "
        "dem_yuan_kw: 42, kwh_per_kva_discount: {at: 260, factor: 0.9}, "
        "contract_floor: 0.40, contract_tolerance: 1.05, window_min: 15}",
        "power_factor: {standards: {hv_industry_160: 0.90, other_100: 0.85, "
        "agri_100: 0.80}, base: [basic, energy], table: rule1983}",
        "late_fee: {residential: 0.001, other: 0.002, other_prior_year: 0.003, "
        "min_yuan: 0, due_day: 25}",
        "funds_yuan: 0.03",
        "prepaid: {mode: remote, trip_yuan: 10, alert_yuan: 20, warn_yuan: 50, "
        "grace_days: 0, callback_hours: 24, classes: {occasional: 1, frequent: 2}}",
        "channels: [{code: wechat, online: true, fee_rate: 0.002}]",
        "ids: {width: 10}",
        "grid: {overload: 1.0, heavy: 0.8, hours: 2}",
        "voltage_limits: {lv_single: [-0.10, 0.07], mv: [-0.07, 0.07]}",
        "points: {per_yuan: 1, tiers: [[0, 1.0], [100, 1.2]], "
        "channel_mult: {app: 2.0}, value_yuan: 0.005, expiry_months: 24}",
        "tickets: {limits_workdays: {complaint: 4}, repeat_days: 60, "
        "frequent_outage: {count: 3, days: 60}}",
        "reference_date: 2025-12-31",
    )
}
