"""What region.yaml says about the rules: actions chosen, shares allowed."""

import difflib
from pathlib import Path

from research.region.errors import InputError
from research.region.rules import RULES
from research.region.settings import Quality


def action_of(rule: str, limits: Quality) -> str:
    """Action of `rule`: that of region.yaml, else the rule's own."""
    return limits.rules.get(rule, RULES[rule].action)


def done_about(rule: str, limits: Quality) -> str:
    """What is done about `rule`, in words for a reader."""
    if rule == "few_complete_days":  # stays in the tables, unlike a row set aside
        return "left out of the segmentation"
    return RULES[rule].done(action_of(rule, limits))


def error_if(rule: str, limits: Quality) -> float | None:
    """Share from which on `rule` fails a region; None where it never does."""
    own = RULES[rule].error_if if rule in RULES else None
    return limits.error_if.get(rule, own)


def check_rules(limits: Quality, path: Path) -> None:
    """Refuse a rule that nobody knows and an action that a rule does not offer.

    Parameters
    ----------
    limits : Quality
    path : Path
        The region.yaml that says so, for the message.

    Raises
    ------
    InputError
        Names the file, the key, what was found and what is allowed.
    """
    for key, named in (("rules", limits.rules), ("error_if", limits.error_if)):
        for rule in named:
            if rule not in RULES:
                near = difflib.get_close_matches(rule, RULES, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise InputError(
                    f"{path}, quality.{key}: no rule is called {rule!r}{hint} "
                    f"Known: {', '.join(RULES)}."
                )
    for rule, action in limits.rules.items():
        allowed = (RULES[rule].action, *RULES[rule].others)
        if action not in allowed:
            raise InputError(
                f"{path}, quality.rules, {rule}: {action!r} is no action of this "
                f"rule; allowed: {', '.join(allowed)}."
            )
