"""What judgements can be refused for."""

MOST_FAULTS = 40
"""Faults that a message lists; the rest are counted."""


class JudgementError(ValueError):
    """Judgements that cannot be used; the message names each fault and its mend.

    Parameters
    ----------
    source : str
        Base name of the file, or another name of what was read.
    faults : sequence of str
        One sentence or two a fault: where, what was written, the rule, the mend.

    Attributes
    ----------
    source : str
    faults : tuple of str
        All of them, also those that the message only counts.

    Examples
    --------
    >>> print(JudgementError("ahp.csv", ["row a, column b: 0 is no ratio."]))
    ahp.csv: row a, column b: 0 is no ratio.
    >>> print(JudgementError("ahp.csv", ["no row b.", "no row c."]))
    ahp.csv: 2 faults.
    - no row b.
    - no row c.
    """

    def __init__(self, source, faults):
        super().__init__(source, tuple(faults))
        self.source = source
        self.faults = tuple(faults)

    def __str__(self):
        """Faults, one a line where there are several."""
        if len(self.faults) == 1:
            return f"{self.source}: {self.faults[0]}"
        shown = [f"- {fault}" for fault in self.faults[:MOST_FAULTS]]
        unshown = len(self.faults) - len(shown)
        if unshown:
            shown.append(f"- and {unshown} more.")
        return "\n".join([f"{self.source}: {len(self.faults)} faults.", *shown])


def shown(written):
    """`written` in quotes, cut to a length that a message can carry.

    Examples
    --------
    >>> shown("much")
    "'much'"
    """
    text = str(written)
    return repr(text if len(text) <= 60 else text[:57] + "...")
