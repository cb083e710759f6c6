"""A region at a glance: who is read when, its days, its clock, a day by segment."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from research.features.load.energy import daily_energy
from research.region import NotApplicable


def energy_table(region) -> str | None:
    """The finest table of energy that a region has: readings, energy_daily or None."""
    return next((t for t in ("readings", "energy_daily") if region.has(t)), None)


def coverage_of(region) -> pd.DataFrame:
    """Coverage of the finest table of energy; no row where there is none.

    Parameters
    ----------
    region : region

    Returns
    -------
    coverage : DataFrame
        As `Region.coverage` or `Region.daily_coverage` gives it.
    """
    table = energy_table(region)
    if table is None:
        return pd.DataFrame(columns=["complete_days", "missing_share"], dtype=float)
    return region.coverage if table == "readings" else region.daily_coverage


def weekly_presence(region, table: str | None = "readings") -> pd.DataFrame:
    """Share of the expected readings that are there, by customer and week.

    Parameters
    ----------
    region : region with `table`
    table : {"readings", "energy_daily", None}

    Returns
    -------
    presence : DataFrame of shape (n_customers, n_weeks)
        In [0, 1]; columns are the first days of the weeks, counted from the region's
        first day; the last week may be shorter. No row without a table.
    """
    if table is None:
        return pd.DataFrame()
    parts = []
    for ids, days, present in _days_present(region, table):
        frame = pd.DataFrame(present.T, index=days, columns=ids)
        parts.append(frame.resample("7D", origin="start").mean().T)
    return pd.concat(parts)


def _days_present(
    region, table: str
) -> Iterator[tuple[pd.Index, pd.DatetimeIndex, np.ndarray]]:
    """Customers, days and share of each day's readings, a row group at a time."""
    if table == "readings":
        for cube in region.cubes():
            yield cube.customer_id, cube.days, np.isfinite(cube.power).mean(axis=2)
    else:
        for grid in region.daily_grids():
            yield grid.customer_id, grid.stamps, np.isfinite(grid.kwh).astype(float)


def area_days(
    region, table: str | None = "readings", *, without: Sequence[str] = ()
) -> pd.DataFrame:
    """Mean energy a customer and day, and how many customers are read.

    Parameters
    ----------
    region : region with `table`
    table : {"readings", "energy_daily", None}
    without : sequence of str
        Customers who are not counted.

    Returns
    -------
    days : DataFrame of shape (n_days, 2)
        `kwh`: mean over the customers with enough readings that day [kWh], NaN where
        there are none; `customers`: their number. No row without a table.
    """
    if table is None:
        return pd.DataFrame(columns=["kwh", "customers"], dtype=float)
    sums = [
        pd.DataFrame(
            {
                "kwh": np.nansum(energy, axis=0),
                "customers": np.isfinite(energy).sum(axis=0),
            },
            index=days,
        )
        for days, energy in _daily_energy(region, table, set(without))
    ]
    total = sum(sums[1:], start=sums[0])
    read = total["customers"].where(total["customers"] > 0)
    return total.assign(kwh=total["kwh"] / read)


def _daily_energy(
    region, table: str, without: set[str]
) -> Iterator[tuple[pd.DatetimeIndex, np.ndarray]]:
    share = region.settings.quality.complete_day_share
    if table == "readings":
        for cube in region.cubes():
            kept = ~np.isin(cube.customer_id, list(without))
            yield cube.days, daily_energy(cube.power[kept], share)
    else:
        for grid in region.daily_grids():
            yield grid.stamps, grid.kwh[~np.isin(grid.customer_id, list(without))]


def usable_by_area(region, coverage: pd.DataFrame) -> pd.DataFrame:
    """How many customers of each area have enough complete days.

    Parameters
    ----------
    region : region
    coverage : DataFrame
        As `Region.coverage` or `Region.daily_coverage` gives it.

    Returns
    -------
    areas : DataFrame
        Index `area_id`, worst share first; `customers`, `usable`, `share`. Areas with
        fewer customers than `privacy.min_cell` are one row "small areas". No row
        where the customers name no area or there is no coverage.
    """
    if "area_id" not in region.customers or coverage.empty:
        return pd.DataFrame(columns=["customers", "usable", "share"], dtype=float)
    area = region.customers["area_id"].reindex(coverage.index).fillna("no area")
    size = area.map(area.value_counts())
    area = area.where(size >= region.settings.privacy.min_cell, "small areas")
    enough = coverage["complete_days"] >= region.settings.quality.min_complete_days
    found = enough.groupby(area.rename("area_id")).agg(["size", "sum", "mean"])
    found.columns = ["customers", "usable", "share"]
    return found.sort_values(["share", "customers"], ascending=[True, False])


def morning_rise(region, *, earliest: float = 4, latest: float = 11) -> pd.DataFrame:
    """When the working-day load rises most steeply in the morning, month by month.

    No customer counts more than the median one: a works is not to hide a town. People
    get up by the civil clock. If the declared clock is right, the civil column
    hardly moves over the year; where the meters keep another clock, theirs jumps when
    daylight saving begins and ends.

    Parameters
    ----------
    region : region with readings of an hour or less
    earliest, latest : float
        Where to look. [h]

    Returns
    -------
    rise : DataFrame of shape (n_months, 2)
        Index first days of the months; `meter_clock` and `civil_clock`: the middle of
        the steepest two hours. [h]

    Raises
    ------
    NotApplicable
        If the region has daily readings only.
    """
    minutes = region.minutes
    if minutes > 60:
        raise NotApplicable("the morning rise needs readings of an hour or less")
    total = count = 0.0
    for cube in region.cubes():
        present = np.isfinite(cube.power)
        filled = np.where(present, cube.power, 0)
        size = np.abs(filled).sum(axis=(1, 2)) / np.maximum(present.sum(axis=(1, 2)), 1)
        usual = np.median(size[size > 0]) if (size > 0).any() else 1.0
        shape = filled * (usual / np.maximum(size, usual))[:, None, None]
        total = total + shape.sum(axis=0)
        count = count + present.sum(axis=0)
    load = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    working = region.calendar["working"].to_numpy()
    frame = pd.DataFrame(load[working], index=region.days[working])
    civil = frame.groupby(frame.index.to_period("M")).mean().interpolate(axis=1)
    steps = 60 // minutes  # difference over two hours, taken at their middle
    values = civil.to_numpy()
    hour = np.arange(steps, values.shape[1] - steps) * minutes / 60
    slope = values[:, 2 * steps :] - values[:, : -2 * steps]
    slope = np.where((hour >= earliest) & (hour <= latest), slope, -np.inf)
    found = _peak_of(slope, hour)
    index = civil.index.to_timestamp()
    noon = (index + pd.Timedelta(days=14, hours=12)).tz_localize(
        region.settings.timezone
    )
    there = noon.tz_convert(region.settings.readings.clock).tz_localize(None)
    shift = (there - noon.tz_localize(None)) / pd.Timedelta(hours=1)
    return pd.DataFrame(
        {"meter_clock": found + shift.to_numpy(), "civil_clock": found}, index=index
    )


def _peak_of(slope: np.ndarray, hour: np.ndarray) -> np.ndarray:
    """Hour of the largest value of each row, between slots by the parabola there."""
    at = np.clip(slope.argmax(axis=1), 1, slope.shape[1] - 2)
    rows = np.arange(len(slope))
    left, top, right = (slope[rows, at + step] for step in (-1, 0, 1))
    bend = left - 2 * top + right
    usable = np.isfinite(bend) & (bend < 0)
    offset = np.zeros(len(slope))
    np.divide(left - right, 2 * bend, out=offset, where=usable)
    return hour[at] + np.clip(offset, -0.5, 0.5) * (hour[1] - hour[0])


def load_by_segment(
    region, segments: pd.Series, day: pd.Timestamp, *, bridge_hours: float = 2.0
) -> pd.DataFrame:
    """Load of each segment on one day.

    Parameters
    ----------
    region : region with readings
    segments : Series of shape (n_customers,)
        Segment of each customer; customers without one are left out.
    day : Timestamp
        Civil day.
    bridge_hours : float
        Gaps of a customer are bridged by a straight line over so many hours; without
        that one large customer's missing reading looks like a dip of the area. [h]

    Returns
    -------
    load : DataFrame of shape (n_slots, n_segments)
        Index hour of the day; sum over the segment's customers. Readings missing for
        longer count as nothing. [kW]
    """
    position = region.days.get_loc(day)
    parts = [
        pd.DataFrame(cube.power[:, position], index=cube.customer_id)
        for cube in region.cubes()
    ]
    load = pd.concat(parts).reindex(segments.index)
    load.columns = pd.Index(
        np.arange(load.shape[1]) * 24 / load.shape[1], name="hour", dtype=float
    )
    slots = max(int(bridge_hours * load.shape[1] / 24), 1)
    bridged = load.interpolate(axis=1, limit=slots, limit_area="inside")
    return bridged.groupby(segments).sum().T
