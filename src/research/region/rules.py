"""Every data-quality rule by name: what it looks for and what is done about it.

Three kinds. *Row* rules judge single rows when a table is written (import, synthesis):
a row is kept, repaired or set aside into ``quarantine/``. *Series* rules look at the
readings of a customer when they are read: raw tables stay as they are, repaired values
are marked as estimated. *Table* rules compare tables with each other; they change
nothing. ``quality.rules`` of region.yaml switches the action of a rule,
``quality.error_if`` the share from which on a region fails its check.
"""

from typing import NamedTuple

ACTIONS = ("keep", "mark", "repair", "leave_out", "off")


class Rule(NamedTuple):
    """One rule: its kind, what it looks for, its actions and its highest share.

    Attributes
    ----------
    kind : str
        ``row``, ``series`` or ``table``.
    looks_for : str
    action : str
        What is done unless region.yaml says otherwise: ``keep`` counts only, ``mark``
        flags the rows or values, ``repair`` changes them and marks them as estimated,
        ``leave_out`` sets them aside.
    others : tuple of str
        Actions that region.yaml may choose instead; ``off`` where it may be silenced.
    error_if : float or None
        Share of the rows looked at from which on `research check` fails; None: never.
    """

    kind: str
    looks_for: str
    action: str
    others: tuple[str, ...] = ()
    error_if: float | None = None

    def done(self, action: str | None = None) -> str:
        """What is done about it, in words for a reader."""
        return _DONE[action or self.action]


_DONE = {
    "keep": "kept",
    "mark": "kept and marked",
    "repair": "repaired and marked",
    "leave_out": "set aside",
    "off": "not looked for",
}

ROW_RULES = {
    "wrong_fields": Rule("row", "line with too many or too few fields", "leave_out"),
    "not_a_row": Rule(
        "row", "row that the mapping leaves to another table", "leave_out"
    ),
    "no_rows": Rule("row", "table that the mapping names and that is empty", "keep"),
    "missing_id": Rule("row", "empty id or other key", "leave_out"),
    # A wrong day of a contract says nothing against the customer; a wrong capacity or
    # voltage does, for features are reckoned from it.
    "unreadable_stamp": Rule(
        "row",
        "time that is no time: emptied where the table can do without, else the row is "
        "set aside",
        "repair",
        ("leave_out",),
    ),
    "impossible_date": Rule(
        "row",
        "date that can not have been, as before 1990 or in the future: emptied where "
        "the table can do without, else the row is set aside",
        "repair",
        ("leave_out",),
    ),
    "unreadable_value": Rule(
        "row",
        "value that is no number, or none; repair empties the cell where the table "
        "can do without",
        "leave_out",
        ("repair",),
    ),
    "ambiguous_hour": Rule(
        "row", "hour that comes twice: its first row is the earlier", "repair"
    ),
    "nonexistent_hour": Rule("row", "hour that daylight saving skips", "leave_out"),
    "utc_offset": Rule(
        "row", "offset from UTC that the region's time zone does not have", "keep"
    ),
    "unknown_code": Rule(
        "row",
        "code that the table does not know: it gets the table's code for unknown ones; "
        "where there is none the row is set aside",
        "repair",
        ("leave_out",),
    ),
    "out_of_bounds": Rule(
        "row",
        "figure outside of what is possible; repair empties the cell where the table "
        "can do without",
        "leave_out",
        ("repair",),
    ),
    "register_start": Rule("row", "first figure of a register", "leave_out"),
    "meter_change": Rule(
        "row", "figure of a register after a change of the meter", "leave_out"
    ),
    "roll_over": Rule(
        "row",
        "energy below zero where a register of 4, 5 or 6 digits started again: its "
        "highest figure is added if at most 20 times the customer's median remains",
        "repair",
        ("leave_out",),
    ),
    "negative": Rule("row", "energy below zero at a meter without export", "leave_out"),
    "above_limit": Rule(
        "row",
        "energy above what the connection can carry: readings.max_kw, or 1.2 times the "
        "contract where it is known and neither a silence nor a month in another unit "
        "explains it; money above a billion yuan",
        "leave_out",
    ),
    "off_grid": Rule("row", "time between two intervals", "repair", ("leave_out",)),
    "spelling": Rule(
        "row", "full-width digits, blanks or invisible signs around a value", "repair"
    ),
    "id_spelling": Rule(
        "row", "id with blanks, invisible signs or lost leading zeros", "repair"
    ),
    "exact_duplicate": Rule("row", "the same row again", "leave_out"),
    "conflicting_duplicate": Rule(
        "row", "same key, different values: all copies", "leave_out"
    ),
    "unknown_customer": Rule(
        "row",
        "row of a customer that the table of customers lacks",
        "leave_out",
        ("keep",),
        error_if=0.05,
    ),
    "after_reference_date": Rule(
        "row", "payment after the reference date of region.yaml", "leave_out"
    ),
    "private_text": Rule(
        "row", "telephone, identity card or account number in a text", "repair"
    ),
    "empty_text": Rule("row", "ticket without text", "mark", ("leave_out",)),
    "long_text": Rule("row", "text of more than 10,000 characters", "mark"),
}
SERIES_RULES = {
    "gap": Rule("series", "intervals without a reading between first and last", "keep"),
    "offline_run": Rule("series", "a day or more without any reading", "keep"),
    "late_joiner": Rule(
        "series", "first reading over a day after the region's first", "keep"
    ),
    "leaver": Rule(
        "series", "last reading over a day before the region's last", "keep"
    ),
    "catch_up": Rule(
        "series",
        "energy of a gap added to the reading that ends it",
        "repair",
        ("keep", "mark", "off"),
    ),
    "spike": Rule(
        "series",
        "reading far above the customer's own 99.5th percentile",
        "keep",
        ("mark", "leave_out", "off"),
    ),
    "frozen_run": Rule(
        "series",
        "the same value above zero for hours on end",
        "keep",
        ("mark", "leave_out", "off"),
    ),
    "zero_run": Rule(
        "series", "no use at all for days on end", "keep", ("mark", "leave_out", "off")
    ),
    "constant_series": Rule("series", "one value all the time", "keep"),
    "frequent_value": Rule(
        "series", "one value above zero at a third of all readings", "keep"
    ),
    "unit_shift": Rule(
        "series",
        "a month a thousand times the customer's others, as in W for kW",
        "repair",
        ("keep", "mark", "leave_out", "off"),
    ),
    "dominance": Rule("series", "customer with over 15 % of all energy", "keep"),
    "clock_shift": Rule(
        "series", "customer whose daily rhythm lies hours off the others'", "keep"
    ),
    "day_shift": Rule(
        "series", "customer whose readings start and end a day late", "keep"
    ),
    "few_complete_days": Rule(
        "series", "customer with too few complete days", "leave_out"
    ),
}
TABLE_RULES = {
    "orphan": Rule("table", "row whose parent row is missing", "keep", (), 0.05),
    "hierarchy_cycle": Rule(
        "table", "area that lies in itself by way of its parents", "keep", (), 1e-9
    ),
    "before_open": Rule("table", "reading before the account was opened", "keep"),
    "after_close": Rule("table", "reading after the account was closed", "keep"),
    "open_after_close": Rule("table", "account closed before it was opened", "keep"),
    "area_mismatch": Rule(
        "table", "customer whose transformer feeds another area", "keep"
    ),
    "interval_sum": Rule(
        "table",
        "day whose intervals differ from the daily energy by over 2 %",
        "keep",
        (),
        0.05,
    ),
    "stamp_shift": Rule(
        "table",
        "month whose intervals fit the daily energy only when moved by one interval",
        "keep",
    ),
    "month_sum": Rule(
        "table", "month whose days differ from the bill by over 1 %", "keep", (), 0.05
    ),
    "ct_ratio": Rule(
        "table",
        "customer whose bills are a whole multiple, ten or more, of the readings",
        "keep",
    ),
    "bill_total": Rule(
        "table",
        "bill whose parts do not add up to its total within 0.02",
        "keep",
        (),
        0.01,
    ),
    "balance_identity": Rule(
        "table",
        "day whose balance is not yesterday's less cost plus top-ups within 2 yuan",
        "keep",
        (),
        0.05,
    ),
    "corrected_bill": Rule("table", "bill that corrects another", "keep"),
    "refund": Rule("table", "payment below zero", "keep"),
    "paid_twice": Rule(
        "table", "order or bill paid again with the same amount", "keep"
    ),
    "date_only": Rule("table", "payment at midnight: the time is not known", "keep"),
    "month_end_batch": Rule(
        "table", "payments of a channel posted together at the end of a month", "keep"
    ),
    "paid_before_bill": Rule("table", "bill paid before its month began", "keep"),
    "paid_too_much": Rule(
        "table", "month billed below zero: more was paid than was due", "keep"
    ),
    "below_zero_overdue": Rule(
        "table", "months overdue below zero: a source's own code that none is", "keep"
    ),
    "overdue_jump": Rule(
        "table", "months overdue that rise by more than one within a month", "keep"
    ),
    "unknown_industry": Rule(
        "table", "industry that GB/T 4754-2017 does not know", "keep"
    ),
    "no_customer": Rule("table", "ticket without a customer", "keep"),
}
RULES = ROW_RULES | SERIES_RULES | TABLE_RULES
