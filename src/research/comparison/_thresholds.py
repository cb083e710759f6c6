"""Thresholds for reading: round numbers that divide the same customers."""

from decimal import Decimal


def round_between(low: float, high: float, *, whole: bool = False) -> float:
    """The roundest number that divides two neighbouring values.

    Parameters
    ----------
    low, high : float
        Neighbouring values, `low` below `high`.
    whole : bool, default=False
        Whether the feature has whole numbers only; the answer then is one.

    Returns
    -------
    threshold : float
        At least `low` and below `high`: 0 where it lies between, else the multiple of
        the largest of ..., 10, 5, 1, 0.5, 0.1, ... within the middle half of the gap,
        of several the one nearest to the middle; within the whole gap where that
        allows a step ten times as large. `low` itself where the gap is too narrow.

    Examples
    --------
    >>> round_between(0.3871, 0.4172)
    0.4
    >>> round_between(1, 2, whole=True)
    1.0
    >>> round_between(0, 14.2)
    0.0
    """
    if low <= 0 < high:
        return 0.0
    start, end = Decimal(float(low)), Decimal(float(high))
    quarter = (end - start) / 4
    number, step = _roundest(start + quarter, end - quarter, whole)
    anywhere, large = _roundest(start, end, whole)
    if large >= 10 * step:
        number = anywhere
    return float(number) if low <= float(number) < high else float(low)


def _roundest(start, end, whole):
    """The roundest number between two, and the step it is a multiple of."""
    middle = (start + end) / 2
    largest = max(abs(start), abs(end)).adjusted() + 1
    for exponent in range(largest, largest - 18, -1):
        for step in (Decimal(5).scaleb(exponent), Decimal(1).scaleb(exponent)):
            if whole and step < 1:
                return start, Decimal(0)
            number = (middle / step).to_integral_value() * step
            if start <= number <= end and number < end:
                return number, step
    return start, Decimal(0)
