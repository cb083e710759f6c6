"""What the cells of a column say: how dates and numbers are written, and units."""

import re
from collections.abc import Sequence

# Three parts of a day of the year, cut by one sign.
_PARTS = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?")
# Whole words of a header, and the unit they mean; the first that fits holds.
_UNITS = (
    ("per_unit", r"(^|[_\W])p\.?u\.?($|[_\W])|per.?unit|标幺"),
    ("MWh", r"mwh|兆瓦时"),
    ("kWh", r"kwh|千瓦时|电量|用电|energy|consumption|(?<![a-z])度"),
    ("Wh", r"(?<![a-z])wh(?![a-z])"),
    ("MW", r"(?<![a-z])mw(?![a-z])|兆瓦"),
    ("kW", r"kw|千瓦|功率|负荷|power|demand"),
    ("W", r"(?<![a-z])(w|watts?)(?![a-z])"),
    ("fen", r"[(（]分[)）]|fen$"),
    ("yuan", r"元|yuan|cny|amount|金额"),
)
# Shortest and longest serial of Excel that stands for a day from 1990 to 2100.
_SERIALS = (32874, 73415)


def date_format(cells: Sequence[str]) -> tuple[str | None, str]:
    """How the dates of a column are written, and what is not sure about it.

    Parameters
    ----------
    cells : sequence of str
        Cells with text, trimmed.

    Returns
    -------
    form : str or None
        As strptime has it; ``""`` for ISO forms, which need none, ``"excel"`` for
        serials of Excel; None where the cells are no dates.
    question : str
        What is to be decided; empty if all is clear.

    Examples
    --------
    >>> date_format(["2016/9/2", "2016/10/13"])
    ('%Y/%m/%d', '')
    >>> date_format(["05/03/2024 01:00", "05/04/2024 02:00"])[1]
    'day or month first? 05/03/2024 01:00 does not tell'
    """
    if not cells:
        return None, ""
    forms: dict[str, str] = {}
    for cell in cells:
        form = _form_of(cell)
        if form is None:
            return (None, "") if not forms else _mixed({**forms, "no date": cell})
        forms.setdefault(form, cell)
    clocks = {form.partition(" ")[2] for form in forms} - {""}
    if len(clocks) > 1 or ("" in clocks and clocks):
        return _mixed(forms)
    clock = f" {clocks.pop()}" if clocks else ""
    days = {form.partition(" ")[0] for form in forms}
    if len(days) == 1 and "?" not in min(days):
        day = days.pop()
        iso = day in ("iso", "iso month")
        return ("" if iso else day + clock), ""
    return _day_or_month(days, clock, cells, forms)


def _day_or_month(
    days: set[str], clock: str, cells: Sequence[str], forms: dict[str, str]
) -> tuple[str | None, str]:
    signs = {day[2] for day in days if "?" in day}
    years = {day[-2:] for day in days if "?" in day}
    if any("?" not in day for day in days) or len(signs) * len(years) > 1:
        return _mixed(forms)
    sign, year = signs.pop(), years.pop()
    firsts = [int(m[1]) for cell in cells if (m := _PARTS.match(cell))]
    seconds = [int(m[3]) for cell in cells if (m := _PARTS.match(cell))]
    day_first, month_first = max(firsts) > 12, max(seconds) > 12
    if day_first and month_first:
        return _mixed({"day first": cells[0], "month first": cells[-1]})
    first, second = ("%m", "%d") if month_first else ("%d", "%m")
    form = f"{first}{sign}{second}{sign}{year}{clock}"
    if day_first or month_first or sign == ".":
        return form, ""
    return form, f"day or month first? {cells[0]} does not tell"


def _mixed(forms: dict[str, str]) -> tuple[None, str]:
    shown = ", ".join(f"{cell!r:.40}" for cell in list(forms.values())[:3])
    return None, f"dates are written in several ways: {shown}"


def _form_of(cell: str) -> str | None:
    """Form of one cell: strptime, ``iso``, ``excel``, or ``??`` for day and month."""
    day, sign, clock = cell.partition("T" if "T" in cell else " ")
    clock = _clock_form(clock) if sign else ""
    if clock is None:
        return None
    end = f" {clock}" if clock else ""
    if parts := _PARTS.fullmatch(day):
        first, cut, second, third = parts.groups()
        if len(first) == 4 and len(third) <= 2:
            iso = cut == "-" and len(second) == len(third) == 2
            return ("iso" if iso else f"%Y{cut}%m{cut}%d") + end
        if len(first) <= 2 and len(third) in (2, 4):
            return f"??{cut}{'%Y' if len(third) == 4 else '%y'}" + end
        return None
    if re.fullmatch(r"(19|20)\d\d年\d{1,2}月\d{1,2}日", day):
        return "%Y年%m月%d日" + end
    if re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", day):
        return "iso month"
    if re.fullmatch(r"(19|20)\d\d/(0?[1-9]|1[0-2])", day):
        return "%Y/%m"
    if re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])", day):
        return "%Y%m%d" + end
    if re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])", day):
        return "%Y%m"
    if re.fullmatch(r"\d{5}(\.\d+)?", cell) and _in_serials(float(cell)):
        return "excel"
    return None


def _in_serials(serial: float) -> bool:
    return _SERIALS[0] <= serial <= _SERIALS[1]


def _clock_form(clock: str) -> str | None:
    found = _CLOCK.fullmatch(clock.strip())
    if not found:
        return None
    _, _, seconds, fraction, half = found.groups()
    form = "%I:%M" if half else "%H:%M"
    if seconds:
        form += ":%S.%f" if fraction else ":%S"
    return form + (" %p" if half else "")


def number_form(cells: Sequence[str]) -> tuple[str, str, str] | None:
    """Decimal sign, thousands sign and an open question; None if no numbers.

    Examples
    --------
    >>> number_form(["1,25", "1.234,5"])
    (',', '.', '')
    >>> number_form(["47,537.92", "12"])
    ('.', ',', '')
    """
    plain = [cell.lstrip("+-") for cell in cells]
    if not plain or not all(
        re.fullmatch(r"\d[\d., ]*([eE][-+]?\d+)?|[.,]\d+", cell) for cell in plain
    ):
        return None
    both = [cell for cell in plain if "," in cell and "." in cell]
    commas = [cell for cell in plain if "," in cell]
    if both:
        decimal = "," if both[0].rfind(",") > both[0].rfind(".") else "."
        return decimal, "." if decimal == "," else ",", ""
    if not commas:
        return ".", "", ""
    if any(cell.count(",") > 1 for cell in commas):
        return ".", ",", ""
    if all(re.fullmatch(r"\d{1,3},\d{3}", cell) for cell in commas):
        return ".", ",", f"is {commas[0]} a thousand or a fraction (decimal: ',')?"
    return ",", "", ""


def unit_of(name: str) -> str:
    """Unit that a header or file name speaks of, or ''.

    Examples
    --------
    >>> [unit_of(name) for name in ("energy(kWh/hh)", "功率", "缴费金额(元)", "x")]
    ['kWh', 'kW', 'yuan', '']
    """
    low = name.lower()
    return next((unit for unit, words in _UNITS if re.search(words, low)), "")
