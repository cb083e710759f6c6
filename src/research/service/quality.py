"""What data-quality findings mean: which belong together, what they weaken, what to do.

Owners and measures are general practice of metering and marketing departments.
"""

from typing import NamedTuple

import pandas as pd

IDENTITIES = ("interval_sum", "month_sum", "bill_total", "balance_identity")
IDS_AND_CODES = (
    "id_spelling",
    "unknown_customer",
    "orphan",
    "unknown_code",
    "unknown_industry",
    "no_customer",
    "area_mismatch",
    "hierarchy_cycle",
)
UNITS_AND_CLOCKS = (
    "unit_shift",
    "ct_ratio",
    "roll_over",
    "stamp_shift",
    "clock_shift",
    "day_shift",
    "off_grid",
)


class Meaning(NamedTuple):
    """What a finding weakens, who mends its cause, and how."""

    weakens: str
    owner: str
    mend: str


_METERING, _BILLING = "metering staff 计量", "billing staff 电费核算"
_COLLECTION, _ARCHIVE = "collection staff 采集运维", "customer records 营销档案"
MEANINGS = {
    "gap": Meaning(
        "typical days, peak of the area",
        _COLLECTION,
        "read the missing intervals again",
    ),
    "offline_run": Meaning(
        "daily energy, absence and vacancy",
        _COLLECTION,
        "visit terminals that stay off",
    ),
    "few_complete_days": Meaning(
        "who is in a segment at all", _COLLECTION, "restore reading before the next run"
    ),
    "catch_up": Meaning(
        "the day's shape within the gap: estimated", _COLLECTION, "read intervals late"
    ),
    "spike": Meaning("maximum demand, peak of the area", _METERING, "check the meters"),
    "frozen_run": Meaning("typical days, base load", _METERING, "replace stuck meters"),
    "zero_run": Meaning(
        "vacancy: off, moved out or not read", _METERING, "tell absence from failure"
    ),
    "constant_series": Meaning("the customer's segment", _METERING, "check the meters"),
    "frequent_value": Meaning("base load", _METERING, "ask what the value stands for"),
    "unit_shift": Meaning(
        "energy of the month", _COLLECTION, "have the file sent in one unit"
    ),
    "ct_ratio": Meaning(
        "size of large customers", _ARCHIVE, "enter the multiplier 倍率 in the records"
    ),
    "stamp_shift": Meaning(
        "hours of peak and valley", _COLLECTION, "agree on start or end stamps"
    ),
    "clock_shift": Meaning("hours of peak and valley", _METERING, "set the clocks"),
    "interval_sum": Meaning(
        "every answer that mixes daily and interval energy",
        _METERING,
        "find which of the two is right",
    ),
    "month_sum": Meaning(
        "price of a kilowatt hour, value", _BILLING, "reconcile bills and readings"
    ),
    "bill_total": Meaning("amounts due, arrears", _BILLING, "correct the bills"),
    "balance_identity": Meaning(
        "trips, days of use left", _BILLING, "reconcile balances and top-ups"
    ),
    "unknown_customer": Meaning(
        "counts by customer", _ARCHIVE, "complete the table of customers"
    ),
    "unknown_industry": Meaning(
        "comparison with industries", _ARCHIVE, "enter codes of GB/T 4754-2017"
    ),
    "area_mismatch": Meaning(
        "load of transformers, outages by customer",
        _ARCHIVE,
        "walk the lines: 户变关系 is wrong",
    ),
    "no_customer": Meaning(
        "complaints by customer", "hotline 95598", "ask for the account number"
    ),
    "date_only": Meaning(
        "hours of payment", _BILLING, "export the time of payment with its date"
    ),
    "month_end_batch": Meaning(
        "days overdue of that channel", _BILLING, "post payments on their day"
    ),
    "exact_duplicate": Meaning(
        "nothing: copies are set aside", "data staff 数据", "export without copies"
    ),
    "conflicting_duplicate": Meaning(
        "the rows concerned are missing", "data staff 数据", "tell which copy is right"
    ),
}


def of_rules(findings: pd.DataFrame, rules: tuple[str, ...]) -> pd.DataFrame:
    """Findings of some rules, in their order; rules that found nothing are left out.

    Parameters
    ----------
    findings : DataFrame
        As `Region.findings` gives it.
    rules : tuple of str
    """
    found = findings[findings["rule"].isin(rules) & (findings["rows"] > 0)]
    order = found["rule"].map(rules.index).sort_values(kind="stable").index
    columns = ["rule", "table", "looks_for", "rows", "customers", "share", "action"]
    return found.loc[order, columns]


def by_rule(findings: pd.DataFrame) -> pd.DataFrame:
    """Findings with the tables of a rule put together, largest share first.

    Parameters
    ----------
    findings : DataFrame
        As `Region.findings` gives it; rules that found nothing are left out.

    Returns
    -------
    rules : DataFrame
        `rule`, `looks_for`, `tables`, `rows` (sum), `share` (largest of a table),
        `action`.
    """
    found = findings[findings["rows"] > 0]
    keys = ["rule", "looks_for", "action"]
    rules = found.groupby(keys, sort=False).agg(
        tables=("table", ", ".join), rows=("rows", "sum"), share=("share", "max")
    )
    rules = rules.sort_values("share", ascending=False, kind="stable").reset_index()
    return rules[["rule", "looks_for", "tables", "rows", "share", "action"]]


def weakened(findings: pd.DataFrame) -> pd.DataFrame:
    """Answers that lean on data with findings, most rows first.

    Parameters
    ----------
    findings : DataFrame
        As `Region.findings` gives it.

    Returns
    -------
    weakened : DataFrame
        `answers`, `because` (rules and tables), `rows`.
    """
    found = findings[(findings["rows"] > 0) & findings["rule"].isin(list(MEANINGS))]
    answers = found["rule"].map(lambda rule: MEANINGS[rule].weakens)
    because = found["rule"] + " in " + found["table"]
    grouped = found.assign(answers=answers, because=because).groupby("answers")
    told = grouped.agg(because=("because", ", ".join), rows=("rows", "sum"))
    return told.sort_values("rows", ascending=False).reset_index()


def to_mend(findings: pd.DataFrame, *, at_most: int = 5) -> pd.DataFrame:
    """What to do about the findings that touch most, one row an owner and measure.

    Parameters
    ----------
    findings : DataFrame
        As `Region.findings` gives it.
    at_most : int
        Rows wanted.

    Returns
    -------
    measures : DataFrame
        `what`, `owner`, `effect`; those that touch the largest share first.
    """
    found = findings[(findings["rows"] > 0) & findings["rule"].isin(list(MEANINGS))]
    found = found.sort_values("share", ascending=False).drop_duplicates("rule")
    rows = [
        (
            f"{MEANINGS[f.rule].mend} ({f.rule}, {f.table}: {f.rows:,})",
            MEANINGS[f.rule].owner,
            f"makes surer: {MEANINGS[f.rule].weakens}",
        )
        for f in found.head(at_most).itertuples()
    ]
    return pd.DataFrame(rows, columns=["what", "owner", "effect"])
