"""Stamps from the clock of a file to the clock of a region, hour by hour.

Where daylight saving ends an hour comes twice and where it begins one is skipped.
Both are told: of an hour that comes twice the first row is the earlier reading.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import duckdb

from research.region.errors import InputError


class Change(NamedTuple):
    """A change of a zone's offset from UTC: when, and both offsets in seconds."""

    at: datetime
    before: int
    after: int


def changes(zone: str, first: datetime, last: datetime) -> list[Change]:
    """Changes of the offset of `zone` between two times without a zone, in UTC.

    Examples
    --------
    >>> from datetime import datetime
    >>> changes("Europe/Berlin", datetime(2016, 1, 1), datetime(2016, 6, 1))
    [Change(at=datetime.datetime(2016, 3, 27, 1, 0), before=3600, after=7200)]
    """
    days = [first - timedelta(days=1)]
    while days[-1] < last + timedelta(days=1):
        days.append(days[-1] + timedelta(days=1))
    found = []
    for low, high in pairwise(days):
        before, after = _offset(zone, low), _offset(zone, high)
        if before == after:
            continue
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) / 2
            low, high = (
                (low, middle) if _offset(zone, middle) == after else (middle, high)
            )
        found.append(Change(high.replace(microsecond=0), before, after))
    return found


def to_clock(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    column: str,
    who: tuple[str, ...],
    source: str,
    target: str,
    span: tuple[datetime, datetime],
    into: str,
) -> bool:
    """Make the view `into`: `rows` with the times of `column` on another clock.

    Parameters
    ----------
    rows : str
        Relation with `file`, `line`, `_piece`, `verdict` and `mended`.
    column : str
        Times on the clock `source`.
    who : tuple of str
        Columns that say whose times they are: an hour comes twice for each.
    source, target : str
        IANA zones.
    span : tuple of datetime
        First and last time, to within a day.

    Returns
    -------
    joined : bool
        Whether an hour comes twice: its rows are joined to the view.
    """
    first, last = _widened(span)
    leaving = changes(source, first, last)
    doubled = [c for c in leaving if c.after < c.before]
    join, mended = "", f"{rows}.mended"
    if doubled:
        _number_doubled(connection, rows, column, who, doubled, f"{into}_doubled")
        join = (
            f"left join {into}_doubled as twice on twice.file = {rows}.file "
            f"and twice.line = {rows}.line and twice._piece = {rows}._piece"
        )
        mended = (
            f"case when nth is not null then concat_ws(',', {rows}.mended, "
            f"'ambiguous_hour:{column}') else {rows}.mended end"
        )
    utc = f"({column} - {_seconds(_local_offset(column, source, first, leaving))})"
    arriving = changes(target, first, last)
    local = f"({utc} + {_seconds(_utc_offset(utc, target, first, arriving))})"
    skipped = _within(column, [c for c in leaving if c.after > c.before])
    connection.execute(
        f"""
        create view {into} as
        select {rows}.* replace (
          {local} as {column},
          coalesce({rows}.verdict,
            case when {skipped} then 'nonexistent_hour:{column}' end) as verdict,
          {mended} as mended)
        from {rows} {join}
        """
    )
    return bool(doubled)


def refuse_doubled(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    column: str,
    who: tuple[str, ...],
    clock: str,
    span: tuple[datetime, datetime],
) -> None:
    """Refuse rows of an hour that comes twice on a clock that is not changed.

    Raises
    ------
    InputError
        A table of times without offsets can not hold that hour.
    """
    doubled = [c for c in changes(clock, *_widened(span)) if c.after < c.before]
    if not doubled:
        return
    found = connection.sql(
        f"select {column} from {rows} where {_within(column, doubled)} "
        f"group by {', '.join((*who, column))} having count(*) > 1 order by 1 limit 1"
    ).fetchall()
    if found:
        raise InputError(
            f"{found[0][0]:%Y-%m-%d %H:%M} comes twice on the clock {clock}, which "
            "moves with daylight saving; the readings of a region can not be kept on "
            f"it. Set clock: {clock} in mapping.yaml and in region.yaml a clock that "
            "does not move, such as readings.clock: UTC."
        )


def offset_differs(
    utc: str, hours: str, zone: str, span: tuple[datetime, datetime]
) -> str:
    """SQL that is true where `hours` is not what `zone` is ahead of UTC at `utc`."""
    first, last = _widened(span)
    expected = _utc_offset(utc, zone, first, changes(zone, first, last))
    return f"({hours} * 3600 <> {expected})"


def _widened(span: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    """A span with a day on either side, for times of any zone and slot."""
    day = timedelta(days=2)
    return span[0] - day, span[1] + day


def _offset(zone: str, utc: datetime) -> int:
    local = utc.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    return round(local.utcoffset().total_seconds())


def _seconds(offset: str) -> str:
    return f"to_seconds({offset})"


def _stamp(at: datetime) -> str:
    return f"timestamp '{at:%Y-%m-%d %H:%M:%S}'"


def _utc_offset(utc: str, zone: str, first: datetime, found: list[Change]) -> str:
    """SQL of the offset in seconds at a time in UTC."""
    if not found:
        return str(_offset(zone, first))
    cases = " ".join(f"when {utc} < {_stamp(c.at)} then {c.before}" for c in found)
    return f"(case {cases} else {found[-1].after} end)"


def _local_offset(column: str, zone: str, first: datetime, found: list[Change]) -> str:
    """SQL of the offset in seconds at a time on the zone's own clock."""
    if not found:
        return str(_offset(zone, first))
    cases = []
    for change in found:
        low, high = _window(change)
        cases.append(f"when {column} < {_stamp(low)} then {change.before}")
        inside = (
            f"if(coalesce(nth, 1) % 2 = 1, {change.before}, {change.after})"
            if change.after < change.before
            else str(change.before)
        )
        cases.append(f"when {column} < {_stamp(high)} then {inside}")
    return f"(case {' '.join(cases)} else {found[-1].after} end)"


def _window(change: Change) -> tuple[datetime, datetime]:
    """Local times that come twice, or that are skipped, at a change."""
    offsets = sorted((change.before, change.after))
    low, high = (change.at + timedelta(seconds=offset) for offset in offsets)
    return low, high


def _within(column: str, found: list[Change]) -> str:
    windows = [
        f"({column} >= {_stamp(low)} and {column} < {_stamp(high)})"
        for low, high in map(_window, found)
    ]
    return " or ".join(windows) or "false"


def _number_doubled(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    column: str,
    who: tuple[str, ...],
    doubled: list[Change],
    into: str,
) -> None:
    """Number the rows of each hour that comes twice, in the order of the files."""
    same = ", ".join((*who, column))
    connection.execute(
        f"create table {into} as select file, line, _piece, row_number() over "
        f"(partition by {same} order by file, line, _piece) as nth "
        f"from {rows} where {_within(column, doubled)}"
    )
