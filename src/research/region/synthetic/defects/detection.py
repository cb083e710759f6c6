"""How well the rules of data quality find the defects that were put in."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from research.region.grids import DAY, Grid, read_grids, read_stamps
from research.region.quality.series import VALUE_RULES, coverage_marks, value_marks
from research.region.quality.tables import table_hits
from research.region.schema import TABLES, parts_of
from research.region.settings import Settings
from research.region.synthetic.defects.log import cells, row_keys

COLUMNS = ("table", "defect", "rule", "planted", "found", "recall", "hits", "precision")
SERIES = ("readings", "energy_daily")


class Expected(NamedTuple):
    """Which rule is to find a defect.

    Attributes
    ----------
    defect, rule : str
    tables : tuple of str
        Where; empty for every table in which the defect was put.
    also : tuple of str
        Further defects that the rule rightly finds: they count for its precision.
    """

    defect: str
    rule: str
    tables: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


# What the row rules set aside is a hole for the series rules.
_SET_ASIDE = ("meter_change", "conflicting_duplicate", "unit_file")
ON_ROWS = (
    Expected("exact_duplicate", "exact_duplicate"),
    Expected("conflicting_duplicate", "conflicting_duplicate"),
    Expected("id_spelling", "id_spelling"),
    Expected("impossible_date", "impossible_date"),
    Expected("meter_change", "negative", SERIES),
    Expected("roll_over", "roll_over", SERIES),
)
ON_SERIES = (
    Expected("missing", "gap", SERIES, ("offline_run", "stamp_flip", *_SET_ASIDE)),
    Expected("offline_run", "offline_run", ("readings",), ("unit_file",)),
    Expected("offline_run", "offline_run", ("energy_daily",), ("missing", *_SET_ASIDE)),
    Expected("catch_up", "catch_up", SERIES),
    Expected("frozen_run", "frozen_run", SERIES),
    Expected("zero_run", "zero_run", SERIES),
    Expected("unit_file", "unit_shift", SERIES),
)
ON_TABLES = (
    Expected("stamp_flip", "stamp_shift", ("readings",)),
    Expected("ct_ratio", "ct_ratio", ("bills",)),
    Expected("transformer_of_other_area", "area_mismatch", ("customers",)),
    Expected("unknown_industry", "unknown_industry", ("customers",)),
    Expected("date_only", "date_only", ("payments",)),
    Expected("month_end_batch", "month_end_batch", ("payments",)),
    Expected("refund", "refund", ("payments",)),
    Expected("paid_twice", "paid_twice", ("payments", "topups")),
    Expected("corrected_bill", "corrected_bill", ("bills",)),
    Expected("no_customer", "no_customer", ("tickets",)),
)
# What no rule can find, and why.
BEYOND = {
    "bank_late": "a payment a day later is a payment like any other",
    "ticket_class": "only the text tells; a classifier of texts would be needed",
    "transformer_of_same_area": "no table says which of an area's transformers it is",
}


def detection(folder: Path, log: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Recall and precision of the rules on a region with known defects.

    Parameters
    ----------
    folder : Path
        The region, with what its row rules set aside and repaired.
    log : DataFrame
        As `inject_daily`, `inject_intervals` and `inject_tables` give it.
    settings : Settings
        The region's.

    Returns
    -------
    detection : DataFrame
        One row a defect and table: `rule` that is to find it; `planted` (rows of the
        table, intervals, lumps of a catch-up, customers of a forgotten multiplier,
        months of a customer with moved stamps; not the rows that another row rule set
        aside first); `found`, those of them that the rule
        hits; `recall`; `hits` of the rule; `precision`, the share of the hits that
        are this defect, or another one that the rule is for. Defects that no rule can
        find come last, with the reason in `rule`.
    """
    rows = [
        *_on_rows(folder, log),
        *_on_series(folder, log, settings),
        *_on_tables(folder, log, settings),
    ]
    for defect, reason in BEYOND.items():
        for table, some in log[log["defect"] == defect].groupby("table"):
            rows.append((table, defect, f"none: {reason}", len(some), 0, 0, 0))
    frame = pd.DataFrame(rows, columns=["table", "defect", "rule", *_COUNTS])
    recall = frame["found"] / frame["planted"].where(frame["planted"] > 0)
    precision = frame["right"] / frame["hits"].where(frame["hits"] > 0)
    return frame.assign(recall=recall, precision=precision)[list(COLUMNS)]


_COUNTS = ("planted", "found", "hits", "right")


def _counted(planted: set[str], rightly: set[str], hits: set[str]) -> tuple[int, ...]:
    return len(planted), len(planted & hits), len(hits), len(hits & rightly)


def _on_rows(folder: Path, log: pd.DataFrame) -> list[tuple]:
    """Row rules: what they set aside, by the key of the row, and what they repaired."""
    rows = []
    for expected in ON_ROWS:
        for table in _where(expected, log):
            told = _repairs(folder, table, expected.rule)
            if len(told):
                counts = _repairs_counted(told, log, table, expected)
            else:
                planted = _keys(log, table, expected.defect)
                rightly = planted.union(*(_keys(log, table, d) for d in expected.also))
                aside = set_aside(folder, table)
                hits = aside.pop(expected.rule, set())
                # A row has one verdict: what an earlier rule took, this one never saw.
                planted -= set().union(*aside.values()) - hits
                counts = _counted(planted, rightly, hits)
            rows.append((table, expected.defect, expected.rule, *counts))
    return rows


def _repairs(folder: Path, table: str, rule: str) -> pd.DataFrame:
    """Cells of a table that a row rule repaired."""
    path = folder / "repaired" / f"{table}.csv"
    if not path.exists():
        return pd.DataFrame(columns=["rule", "found", "rows"])
    told = pd.read_csv(path, dtype="str", keep_default_na=False)
    return told[told["rule"] == rule]


def _repairs_counted(
    told: pd.DataFrame, log: pd.DataFrame, table: str, expected: Expected
) -> tuple[int, ...]:
    """Repairs are told by what was found in a cell and how often."""
    ours = log[(log["table"] == table) & (log["defect"] == expected.defect)]
    planted = _alike(ours["now"], expected.rule).value_counts()
    hits = told["rows"].astype(int).groupby(_alike(told["found"], expected.rule)).sum()
    found = np.minimum(planted, hits.reindex(planted.index, fill_value=0)).sum()
    return len(ours), int(found), int(hits.sum()), int(found)


def _alike(cells: pd.Series, rule: str) -> pd.Series:
    """Cells as text, whatever the log and the import make of a date or a number."""
    if rule == "impossible_date":
        return cells.str.slice(0, 10)
    if rule == "roll_over":  # the table holds single precision
        return cells.astype(float).map("{:.1f}".format)
    return cells


def _where(expected: Expected, log: pd.DataFrame) -> list[str]:
    there = log.loc[log["defect"] == expected.defect, "table"].unique()
    return [t for t in there if not expected.tables or t in expected.tables]


def _keys(log: pd.DataFrame, table: str, defect: str) -> set[str]:
    ours = log[(log["table"] == table) & (log["defect"] == defect)]
    return set(ours["row_key"])


def set_aside(folder: Path, table: str) -> dict[str, set[str]]:
    """Keys of the rows of a table that each row rule set aside."""
    path = folder / "quarantine" / f"{table}.csv"
    if not path.exists():
        return {}
    rows = pd.read_csv(path, dtype="str", keep_default_na=False)
    parts = [c for c in TABLES[table].key if c in rows]
    for column in parts:
        if TABLES[table].columns[column].kind == "date":
            rows[column] = rows[column].str.slice(0, 10)
    keys = pd.Series(row_keys(*(rows[c] for c in parts)).to_pandas())
    return {str(rule): set(some) for rule, some in keys.groupby(rows["rule"])}


def _on_series(folder: Path, log: pd.DataFrame, settings: Settings) -> list[tuple]:
    """Series rules: the cells that they mark, of what the row rules left."""
    counts: dict[tuple[str, str, str], np.ndarray] = {}
    # Both rows of a conflict are set aside: the value that was right is missing too.
    conflict = log["defect"] == "conflicting_duplicate"
    log = log.assign(column=log["column"].mask(conflict, "kwh"))
    for table in SERIES:
        parts = parts_of(folder, table)
        if not parts:
            continue
        minutes = settings.readings.resolution_minutes if table == "readings" else DAY
        stamps = read_stamps(parts, minutes=minutes)
        for grid in read_grids(parts, stamps, minutes=minutes):
            planted = cells(log, table, grid.customer_id, stamps)
            marks = _marks(grid, minutes, settings)
            for expected in (e for e in ON_SERIES if table in e.tables):
                key = table, expected.defect, expected.rule
                counts[key] = counts.get(key, 0) + _cells_counted(
                    planted, np.isfinite(grid.kwh), marks[expected.rule], expected
                )
    return [(*key, *map(int, count)) for key, count in counts.items()]


def _marks(grid: Grid, minutes: int, settings: Settings) -> dict[str, np.ndarray]:
    marks = value_marks(grid, minutes=minutes, limits=settings.quality).of
    lumps = marks["catch_up"]
    after = np.zeros(lumps.shape, dtype=bool)
    after[:, :-1] = lumps[:, 1:]
    # A repair marks silence and lump; the last of its cells is the lump.
    return {
        **marks,
        "catch_up": lumps & ~after,
        **coverage_marks(grid, minutes=minutes),
    }


def _cells_counted(
    planted: dict[str, np.ndarray],
    there: np.ndarray,
    hits: np.ndarray,
    expected: Expected,
) -> np.ndarray:
    nowhere = np.zeros(hits.shape, dtype=bool)
    ours = planted.get(expected.defect, nowhere)
    if expected.rule in VALUE_RULES:  # what is not there has no value to judge
        ours = ours & there
    rightly = ours.copy()
    for defect in expected.also:
        rightly |= planted.get(defect, nowhere)
    marked = (ours, ours & hits, hits, hits & rightly)
    return np.array([np.count_nonzero(where) for where in marked])


def _on_tables(folder: Path, log: pd.DataFrame, settings: Settings) -> list[tuple]:
    """Table rules: the rows that their queries name."""
    found = _named(table_hits(folder, settings))
    rows = []
    for expected in ON_TABLES:
        for table in expected.tables:
            planted = _planted(log, table, expected.defect)
            hits = found.get((expected.rule, table), set())
            if planted or hits:
                counts = _counted(planted, planted, hits)
                rows.append((table, expected.defect, expected.rule, *counts))
    return rows


def _named(hits: pd.DataFrame) -> dict[tuple[str, str], set[str]]:
    """What each rule names: months of customers as they are, else the id of the row."""
    months = hits["rule"] == "stamp_shift"
    names = hits["row"].where(months, hits["row"].str.partition(" ")[0])
    return {
        key: set(some) for key, some in names.groupby([hits["rule"], hits["table"]])
    }


def _planted(log: pd.DataFrame, table: str, defect: str) -> set[str]:
    """What a table rule is to name: rows, customers, months of customers."""
    if defect == "ct_ratio":  # planted in the energy, found by the bills
        keys = _keys(log, "energy_daily", defect)
        return {key.partition("|")[0] for key in keys}
    if defect == "stamp_flip":
        return set(_months(_keys(log, table, defect)))
    ours = log[(log["table"] == table) & (log["defect"] == defect)]
    if defect == "corrected_bill":  # the bill that corrects, not the one corrected
        ours = ours[ours["column"] == ""]
    return set(ours["row_key"])


def _months(spans: set[str]) -> list[str]:
    found = []
    for span in spans:
        customer, _, stamps = span.partition("|")
        months = pd.period_range(*stamps.split("/"), freq="M").astype("str")
        found += [f"{customer} {month}" for month in months]
    return found
