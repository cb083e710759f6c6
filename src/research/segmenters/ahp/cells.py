"""One judgement as it was written, and the matrix of them.

What a cell may hold: 3, 1/3, 0.33, 1 1/2, full-width １／３ and the one signs ⅓ and
1½. A decimal with two places or more that is 1/k, rounded or cut off to those places,
is read as 1/k and flagged: 0.33 is 1/3, 0.14 is 1/7, but 0.3 and 0.32 are themselves.
"""

import re
import unicodedata
from fractions import Fraction
from math import isfinite
from typing import NamedTuple

import numpy as np

from research.segmenters.ahp.errors import shown

LARGEST = 1000
"""Ratio beyond which, and below 1 over which, a judgement is a slip of the pen."""
END_OF_SCALE = 9
EXACT = Fraction(2, 10**7)
"""How far two counterparts may be from multiplying to 1 without being flagged: what
single precision leaves of a third."""

_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,9})?")
_PART = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?")
_MIXED = re.compile(r"(\d{1,30})\s+(\d{1,30})\s*/\s*(\d{1,30})")
# A spreadsheet turns 1/3 into the third of January.
_DATE = re.compile(
    r"\d{1,2}[-\s]?[A-Za-z]{3,9}|[A-Za-z]{3,9}[-\s]?\d{1,2}|\d{1,2}月\d{1,2}日|"
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
)
_SLASHES = str.maketrans({"⁄": "/", "∕": "/", "÷": "/", "−": "-"})
# Signs of no width, which a copy out of a page or a spreadsheet leaves in names.
_UNSEEN = str.maketrans(dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff"))
# ½ would melt into the digit before it: 1½ is not 11/2.
_GLUED = re.compile(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215e])")
_RAISED = {"<supe", "<sub>"}
_ABSENT = {"", "?", "-", "~", "na", "n/a", "nan", "null", "none"}


class Flag(NamedTuple):
    """Something that was accepted and that a reader should know.

    `node`, `judge`, `row` and `column` say where (None where it is not of one cell),
    `written` what stood there, `flag` the kind, `note` the sentence.
    """

    node: str | None
    judge: str | None
    row: str | None
    column: str | None
    written: str | None
    flag: str
    note: str


def plain(text):
    """`text` with full-width signs made plain and no blanks around it.

    Examples
    --------
    >>> plain(" １／３ "), plain("⅓"), plain("1½")
    ('1/3', '1/3', '1 1/2')
    """
    parted = _GLUED.sub(" ", str(text))
    normal = unicodedata.normalize("NFKC", parted).translate(_SLASHES)
    return normal.translate(_UNSEEN).strip()


def read_value(written):
    """Ratio that a cell holds.

    Parameters
    ----------
    written : str

    Returns
    -------
    value : Fraction or None
        None for an empty cell (or "?", "n/a").
    places : int or None
        Places after the point of a decimal, None for whole numbers and fractions.

    Raises
    ------
    ValueError
        With the rule and the mend, if it is no ratio from 1/1000 to 1000.

    Examples
    --------
    >>> read_value("１／３"), read_value("0.33")
    ((Fraction(1, 3), None), (Fraction(33, 100), 2))
    >>> read_value("much")
    Traceback (most recent call last):
        ...
    ValueError: no number; write a number such as 3, 1/3 or 0.33.
    """
    text = plain(written)
    if text.lower() in _ABSENT:
        return None, None
    if any(unicodedata.decomposition(sign)[:5] in _RAISED for sign in str(written)):
        raise ValueError("a raised or lowered sign; write plain digits, such as 9.")
    if _NUMBER.fullmatch(text):
        value = float(text)
        # From the text, not from the float: 0.33 is 33/100.
        exact = Fraction(text) if 1e-30 < abs(value) < 1e30 else None
        if not text.lower().partition("e")[0].strip("+-0."):
            exact = Fraction(0)
        decimal = "." in text and "e" not in text.lower()
        places = len(text.partition(".")[2]) if decimal else None
    elif (mixed := _MIXED.fullmatch(text)) and int(mixed[3]):
        exact, places = int(mixed[1]) + Fraction(int(mixed[2]), int(mixed[3])), None
        value = float(exact)
    else:
        parts = [part.strip() for part in text.split("/")]
        if len(parts) != 2 or not all(_PART.fullmatch(part) for part in parts):
            raise ValueError(_no_number(text))
        above, below = (Fraction(part) for part in parts)
        if below == 0:
            raise ValueError("division by zero; write a fraction such as 1/3.")
        exact, places = above / below, None
        value = float(exact) if abs(exact) < 10**300 else np.inf
    if exact == 0:
        raise ValueError("zero; a ratio is above 0. For 'not at all' drop the row.")
    if value < 0:
        raise ValueError("negative; for the opposite opinion write the reciprocal.")
    if exact is None or not isfinite(value) or not 1 / LARGEST <= exact <= LARGEST:
        raise ValueError(
            f"out of reach: a ratio from 1/{LARGEST} to {LARGEST} is wanted (the scale "
            "is 1/9 to 9); check the digits."
        )
    return exact, places


def _no_number(text):
    if _DATE.fullmatch(text):
        return (
            "a date, as a spreadsheet makes of 1/3; format the cells as text and "
            "write the fraction again."
        )
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return "a decimal comma; write a point, or a fraction such as 1/3."
    if re.fullmatch(r"\d+\s*:\s*\d+", text):
        return "a proportion; write it as a fraction, such as 3/1 or 1/3."
    return "no number; write a number such as 3, 1/3 or 0.33."


def meant(value, places):
    """The reciprocal 1/k, k from 2 to 9, that a rounded decimal stands for.

    Parameters
    ----------
    value : Fraction
    places : int or None

    Returns
    -------
    value : Fraction
        1/k where `value` is 1/k rounded or cut off, else `value` itself.

    Examples
    --------
    >>> meant(Fraction(33, 100), 2), meant(Fraction(4, 10), 1)
    (Fraction(1, 3), Fraction(2, 5))
    """
    for k in range(2, END_OF_SCALE + 1):
        if value * k != 1 and stands_for(value, places, Fraction(1, k)):
            return Fraction(1, k)
    return value


def stands_for(value, places, exact):
    """Whether a decimal is `exact`, rounded or cut off to its two places or more."""
    if places is None or places < 2:
        return value == exact
    unit = Fraction(1, 10**places)
    return -unit / 2 <= exact - value < unit


def matrix_of_cells(written, labels, *, incomplete=False, strict_scale=False):
    """Matrix of ratios from cells as they were written, with all that is wrong.

    Parameters
    ----------
    written : sequence of sequence of str
        Square, in the order of `labels`.
    labels : sequence of str
    incomplete : bool, default=False
        Whether cells may be empty: a pair with one cell gets its reciprocal, one with
        none is not judged. Of three criteria on, one half of the table may be empty
        throughout all the same.
    strict_scale : bool, default=False
        Whether a judgement outside 1/9 to 9 is a fault, not a flag.

    Returns
    -------
    matrix : ndarray of shape (n, n)
        Reciprocal; NaN where not judged, or where something is wrong.
    faults : list of str
    flags : list of tuple
        (row, column, written, flag, note).

    Examples
    --------
    >>> matrix, faults, flags = matrix_of_cells([["1", "3"], ["0.33", "1"]], "ab")
    >>> matrix.tolist(), faults
    ([[1.0, 3.0], [0.3333333333333333, 1.0]], [])
    >>> flags[0][2:]
    ('0.33', 'rounded', "read as 1/3, the reciprocal of '3'")
    """
    n = len(labels)
    faults, flags, cells = [], [], {}
    empty_half = None if incomplete else _empty_half(written)
    if empty_half:
        note = f"the {empty_half} half is empty; filled with the reciprocals"
        flags.append((None, None, None, "mirrored", note))
        incomplete = True
    for i in range(n):
        for j in range(n):
            try:
                cells[i, j] = read_value(written[i][j])
            except ValueError as error:
                value = shown(written[i][j])
                faults.append(f"{_where(labels, i, j)}: {value} is {error}")
    matrix = np.full((n, n), np.nan)
    np.fill_diagonal(matrix, 1.0)
    for i in range(n):
        value = cells.get((i, i), (1, None))[0]
        if value is None and not incomplete:
            faults.append(f"{_where(labels, i, i)}: empty; write 1.")
        elif value not in (None, 1):
            faults.append(
                f"{_where(labels, i, i)}: {shown(written[i][i])} on the diagonal; a "
                "criterion weighs itself 1 times, write 1."
            )
        for j in range(i + 1, n):
            if (i, j) not in cells or (j, i) not in cells:
                continue
            pair = _Pair(labels, written, i, j, cells[i, j], cells[j, i])
            value = pair.value(faults, flags, incomplete)
            if value is None:
                continue
            matrix[i, j], matrix[j, i] = float(value), float(1 / value)
            if not Fraction(1, END_OF_SCALE) <= value <= END_OF_SCALE:
                pair.off_scale(faults if strict_scale else None, flags)
    return matrix, faults, flags


def _empty_half(written):
    """Which half of a table nobody filled, the other being full; None if neither.

    Of two criteria a half is one cell, and that may have been forgotten.
    """
    n = len(written)
    absent = np.array([[plain(c).lower() in _ABSENT for c in row] for row in written])
    upper, lower = np.triu(np.ones((n, n), bool), 1), np.tril(np.ones((n, n), bool), -1)
    for name, half, other in (("lower", lower, upper), ("upper", upper, lower)):
        if n > 2 and absent[half].all() and not absent[other].any():
            return name
    return None


class _Pair(NamedTuple):
    """A judgement and its counterpart, as written and as read."""

    labels: tuple
    written: tuple
    i: int
    j: int
    there: tuple
    back: tuple

    def value(self, faults, flags, incomplete):
        """Ratio of i to j, None where there is none."""
        labels, i, j = self.labels, self.i, self.j
        (there, places), (back, back_places) = self.there, self.back
        if there is None and back is None:
            if not incomplete:
                faults += [self._empty(i, j), self._empty(j, i)]
            return None
        if there is None or back is None:
            given, at = (there, (i, j)) if back is None else (back, (j, i))
            if not incomplete:
                faults.append(self._empty(*reversed(at), 1 / given))
                return None
            exact = meant(given, places if back is None else back_places)
            if exact != given:
                flags.append(self._rounded(*at, exact))
            return exact if back is None else 1 / exact
        if abs(there * back - 1) <= EXACT:
            # 3 and 0.3333333333333333: the shorter of the two is what was meant.
            return min(there, 1 / back, key=lambda f: f.numerator + f.denominator)
        if places is not None and stands_for(there, places, 1 / back):
            flags.append(self._rounded(i, j, 1 / back, (j, i)))
            return 1 / back
        if back_places is not None and stands_for(back, back_places, 1 / there):
            flags.append(self._rounded(j, i, 1 / there, (i, j)))
            return there
        faults.append(
            f"{_where(labels, j, i)}: {shown(self.written[j][i])} is not the "
            f"reciprocal of {_where(labels, i, j)}: {shown(self.written[i][j])}; a "
            "judgement and its counterpart must multiply to 1. Write "
            f"{1 / there} there, or {1 / back} in {_where(labels, i, j)}."
        )
        return None

    def off_scale(self, faults, flags):
        """Say that the pair lies outside the scale, as a fault or a flag."""
        i, j = self.i, self.j
        if not plain(self.written[i][j]):
            i, j = j, i
        value = shown(self.written[i][j])
        if faults is not None:
            faults.append(
                f"{_where(self.labels, i, j)}: {value} lies outside the scale 1/9 to "
                "9, which strict_scale asks for; write a value of the scale."
            )
            return
        note = "outside the scale 1/9 to 9"
        flags.append(
            (self.labels[i], self.labels[j], self.written[i][j], "off_scale", note)
        )

    def _empty(self, row, column, reciprocal=None):
        mend = f"write {reciprocal}" if reciprocal is not None else "write the ratio"
        value = shown(plain(self.written[row][column]))
        return (
            f"{_where(self.labels, row, column)}: {value} is empty; {mend}, or say "
            "'incomplete: true' for judgements with gaps (of a table in memory: "
            "`judgements_of_table(..., incomplete=True)`)."
        )

    def _rounded(self, row, column, exact, counterpart=None):
        note = f"read as {exact}"
        if counterpart is not None:
            other = self.written[counterpart[0]][counterpart[1]]
            note += f", the reciprocal of {shown(other)}"
        written = self.written[row][column]
        return (self.labels[row], self.labels[column], written, "rounded", note)


def _where(labels, row, column):
    return f"row {labels[row]}, column {labels[column]}"
