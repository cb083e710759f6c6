"""How often each defect is put into a synthetic region, by level."""

from typing import NamedTuple

LEVELS = ("none", "light", "typical", "heavy")


class Share(NamedTuple):
    """How much of what a defect touches, and at which level how often."""

    of: str
    light: float
    typical: float
    heavy: float


# Assumptions of the generator's specification, section 8, where no other source is
# named: what an analyst of a Chinese utility would call light, typical and heavy.
SHARES = {
    "missing": Share("values", 0.002, 0.01, 0.05),
    "offline_run": Share("customers, a run of 1-20 days", 0.01, 0.04, 0.12),
    "catch_up": Share("offline runs", 0.3, 0.5, 0.7),
    "frozen_run": Share("customers, half frozen, half zero", 0.003, 0.01, 0.03),
    "meter_change": Share("customers a year", 0.005, 0.02, 0.06),
    "roll_over": Share("customers a year", 0.001, 0.003, 0.01),
    "ct_ratio": Share("customers of 10 kV and above", 0.003, 0.01, 0.03),
    "unit_file": Share("files (a month of a 20th)", 0, 1, 3),
    "stamp_flip": Share("months of the intervals", 1, 3, 6),
    "exact_duplicate": Share("rows", 0.003, 0.01, 0.01),
    "conflicting_duplicate": Share("rows", 0.0005, 0.003, 0.003),
    # Every customer stood three times in the 2016 CCF "StateGrid" archive.
    "whole_table_again": Share("copies of the customers", 0, 0, 2),
    "id_spelling": Share("rows", 0.001, 0.01, 0.05),
    "wrong_transformer": Share("customers", 0.005, 0.02, 0.06),
    "unknown_industry": Share("customers with a code", 0.02, 0.08, 0.20),
    "posting": Share("payments, half of them in batches", 0.05, 0.15, 0.40),
    "refund": Share("payments", 0.001, 0.004, 0.01),
    "paid_twice": Share("payments and delivered top-ups", 0.001, 0.004, 0.01),
    "corrected_bill": Share("bills", 0.003, 0.01, 0.03),
    "bank_late": Share("daily files of the banks", 0.10, 0.25, 0.50),
    "ticket_class": Share("tickets", 0.05, 0.12, 0.25),
    "no_customer": Share("tickets", 0.05, 0.15, 0.35),
    "impossible_date": Share("rows", 0.0005, 0.002, 0.01),
}


def share(level: str, mechanism: str) -> float:
    """How often `mechanism` strikes at `level`; 0 at level ``none``.

    Examples
    --------
    >>> share("typical", "offline_run"), share("none", "offline_run")
    (0.04, 0.0)
    """
    if level not in LEVELS:
        raise ValueError(f"level of defects {level!r} is none of {', '.join(LEVELS)}")
    return 0.0 if level == "none" else float(getattr(SHARES[mechanism], level))
