"""Payers' segments: their axes, the rules that name them, and what to do for each.

The names, limits and measures stand in ``payers.yaml`` beside this file; they are
assumptions of billing practice, not findings. What a region does not know drops out: a
rule on an axis that is not there is left out, and said to be.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from research.region import NotApplicable
from research.region.strict_yaml import read_yaml
from research.service.privacy import three_digits
from research.service.quantiles import quantile

_FILE = Path(__file__).with_name("payers.yaml")


class Scheme(NamedTuple):
    """Rules of one kind of payers, as far as the axes at hand carry them.

    Attributes
    ----------
    parameters : dict
        Keyword arguments of `research.segmenters.RFMSegmenter`.
    names : DataFrame
        Index `segment` (its key), in the order of the labels, who fits no rule last:
        `en`, `zh`, `owner`, `do` (measures in the order they may be taken).
    heat : tuple of str
        The two axes of the heat map: recency, frequency.
    left_out : tuple of str
        Segments that can not be told apart for lack of an axis.
    words : DataFrame
        As `axis_names` gives them, of the axes in use.
    """

    parameters: dict
    names: pd.DataFrame
    heat: tuple
    left_out: tuple
    words: pd.DataFrame


@cache
def _book():
    return read_yaml(_FILE)[0]


def axis_names(kind: str | None = None) -> pd.DataFrame:
    """Words of the axes, as the `kind` of payers calls them.

    Parameters
    ----------
    kind : {"postpaid", "prepaid", "payments_only"}, optional
        Left out: in general.

    Returns
    -------
    words : DataFrame
        Index `axis`; `en`, `zh`, `median` and `limit` (how a median and a limit are
        written), `good` end, `scoring`, `limits`.

    Examples
    --------
    >>> axis_names().loc["days_overdue", "zh"]
    '逾期天数'
    >>> axis_names("prepaid").loc["payments_per_cycle", "en"]
    'top-ups a month'
    """
    book = _book()
    own = book["schemes"][kind].get("words", {}) if kind else {}
    words = {
        axis: {"limit": "{:g}"} | word | own.get(axis, {})
        for axis, word in book["axes"].items()
    }
    return pd.DataFrame.from_dict(words, orient="index").rename_axis("axis")


def channel_names() -> dict[str, str]:
    """What a reader is told of each channel 缴费渠道, English and Chinese.

    Examples
    --------
    >>> channel_names()["bank_debit"]
    'direct debit 银行代扣'
    """
    return dict(_book()["channels"])


def scheme_of(kind: str, axes, *, frequent_trips: int = 2) -> Scheme:
    """Rules for `kind` of payers, on the axes at hand.

    Parameters
    ----------
    kind : {"postpaid", "prepaid", "payments_only"}
    axes : iterable of str
        Names of the axes that the region can give.
    frequent_trips : int
        Trips in the window from which a home is "at the limit": the second limit of
        `trips`, of which the later ones are multiples.

    Returns
    -------
    scheme : Scheme

    Raises
    ------
    NotApplicable
        If the axes at hand carry no rule at all.

    Examples
    --------
    >>> scheme = scheme_of("postpaid", ["days_overdue", "amount_yuan"])
    >>> scheme.names.index.tolist()
    ['long_arrears', 'arrears', 'slipping', 'punctual_large', 'punctual']
    >>> scheme.left_out
    ('often_late', 'newcomer', 'small_often')
    """
    book = _book()
    if kind not in book["schemes"]:
        raise ValueError(
            f"kind must be one of {', '.join(book['schemes'])}. Got {kind!r} instead."
        )
    plan, known = book["schemes"][kind], set(axes)
    asked = [(s["name"], s["when"]) for s in plan["segments"]]
    rules = [(name, when) for name, when in asked if set(when) <= known]
    if not rules:
        raise NotApplicable(
            f"none of the segments of {kind} payers can be told from the axes "
            f"{', '.join(sorted(known))}."
        )
    used = [
        axis
        for axis in book["axes"]
        if axis in plan["heat"] or any(axis in when for _, when in asked)
    ]
    used = [axis for axis in used if axis in known]
    words = {axis: book["axes"][axis] for axis in used}
    limits = {axis: list(word["limits"]) for axis, word in words.items()}
    if "trips" in limits:
        limits["trips"] = [1, *(m * max(frequent_trips, 2) for m in (1, 2, 4))]
    names = [name for name, _ in rules] + [plan["others"]]
    return Scheme(
        parameters={
            "axes": {a: 1 if w["good"] == "high" else -1 for a, w in words.items()},
            "scoring": {a: w["scoring"] for a, w in words.items()}
            | {a: s for a, s in plan.get("scoring", {}).items() if a in words},
            "n_scores": book["scores"],
            "thresholds": limits,
            "rules": [
                (name, {axis: tuple(span) for axis, span in when.items()})
                for name, when in rules
            ],
        },
        names=pd.DataFrame(
            [book["segments"][name] for name in names],
            index=pd.Index(names, name="segment"),
        ),
        heat=tuple(axis for axis in plan["heat"] if axis in known),
        left_out=tuple(name for name, when in asked if not set(when) <= known),
        words=axis_names(kind).loc[used],
    )


def medians(
    axes: dict[str, pd.DataFrame], schemes: dict[str, Scheme], money: str = "yuan"
) -> pd.DataFrame:
    """What the region tells of its payers: each axis with its median.

    Parameters
    ----------
    axes : dict of system to DataFrame
        As `payer_axes.all_axes` gives them.
    schemes : dict of system to Scheme
    money : str
        Unit of money.

    Returns
    -------
    medians : DataFrame
        A row an axis in use: `payers` (the system), `axis`, `维度`, `good end` and
        `median`.

    Examples
    --------
    >>> table = pd.DataFrame({"days_overdue": [0.0] * 6 + [40], "amount_yuan": 1250.0})
    >>> found = medians({"postpaid": table}, {"postpaid": scheme_of("postpaid", table)})
    >>> found["median"].tolist()
    ['0 days', '1,250 yuan']
    """
    rows = [
        (
            system,
            word["en"],
            word["zh"],
            word["good"],
            word["median"].format(
                three_digits(quantile(axes[system][axis], 0.5)), money=money
            ),
        )
        for system, scheme in schemes.items()
        for axis, word in scheme.words.iterrows()
    ]
    return pd.DataFrame(rows, columns=["payers", "axis", "维度", "good end", "median"])


def limits(scheme: Scheme, flags: dict[str, str]) -> pd.DataFrame:
    """How each axis of a scheme is scored, for a reader who wants to do it himself.

    Parameters
    ----------
    scheme : Scheme
    flags : dict of axis to str
        As `RFMSegmenter.flags_` gives them.

    Returns
    -------
    limits : DataFrame
        A row an axis: `axis`, `good end`, `limits` (from low to high; a value on a
        limit belongs above it), `note`.

    Examples
    --------
    >>> scheme = scheme_of("postpaid", ["late_share", "amount_yuan"])
    >>> limits(scheme, {})["limits"].tolist()
    ['1%; 10%; 25%; 50%', 'fifths of the customers']
    """
    chosen = scheme.parameters
    rows = [
        (
            word["en"],
            word["good"],
            "; ".join(word["limit"].format(at) for at in chosen["thresholds"][axis])
            if chosen["scoring"][axis] == "threshold"
            else "fifths of the customers",
            flags.get(axis, ""),
        )
        for axis, word in scheme.words.iterrows()
    ]
    return pd.DataFrame(rows, columns=["axis", "good end", "limits", "note"])


def lacking(axes: dict[str, pd.DataFrame]) -> list[str]:
    """What the region does not tell of its payers, each with what it would need.

    Parameters
    ----------
    axes : dict of system to DataFrame
        As `payer_axes.all_axes` gives them.

    Examples
    --------
    >>> table = pd.DataFrame()
    >>> table.attrs["lacks"] = ("trips: trip_events", "arrears_ratio: bills")
    >>> lacking({"prepaid": table})
    ['arrears ratio (needs bills)', 'trips in the window (needs trip_events)']
    """
    words = axis_names()["en"]
    facts = {fact for table in axes.values() for fact in table.attrs["lacks"]}
    pairs = (fact.split(": ", 1) for fact in facts)
    return sorted(
        f"{words.get(name, name.replace('_', ' '))} (needs {need})"
        for name, need in pairs
    )


def in_words(scheme: Scheme) -> pd.DataFrame:
    """Who is in each segment, in the units of the axes.

    Parameters
    ----------
    scheme : Scheme

    Returns
    -------
    words : DataFrame
        In the order of the rules: `segment`, `群`, `who`.

    Examples
    --------
    >>> scheme = scheme_of("postpaid", ["days_overdue", "amount_yuan"])
    >>> in_words(scheme)["who"].tolist()[1::2]
    ['days overdue: 31 to under 91', 'paid in the window: the highest fifth']
    """
    rules = dict(scheme.parameters["rules"])
    rows = []
    for key, names in scheme.names.iterrows():
        parts = [_span(axis, span, scheme) for axis, span in rules.get(key, {}).items()]
        rows.append((names["en"], names["zh"], "; ".join(parts) or "everybody else"))
    return pd.DataFrame(rows, columns=["segment", "群", "who"])


def _span(axis, span, scheme):
    """Scores from a lowest to a highest, told in the unit of their axis."""
    n, limits = scheme.parameters["n_scores"], scheme.parameters["thresholds"][axis]
    low, high = span
    if scheme.parameters["axes"][axis] == -1:
        low, high = n + 1 - high, n + 1 - low
    name, written = scheme.words.loc[axis, ["en", "limit"]]
    limits = [written.format(limit) for limit in limits]
    if scheme.parameters["scoring"][axis] != "threshold":
        count, fifths = high - low + 1, {1: "fifth", 2: "two fifths", 3: "three fifths"}
        end = "highest" if high == n else "lowest" if low == 1 else "middle"
        return f"{name}: the {end} {fifths.get(count, f'{count} of {n} parts')}"
    if high == n:
        return f"{name}: {limits[low - 2]} or more"
    if low == 1:
        return f"{name}: under {limits[high - 1]}"
    return f"{name}: {limits[low - 2]} to under {limits[high - 1]}"


def named(labels, index: pd.Index, scheme: Scheme) -> pd.Series:
    """Labels of the segmenter as keys of segments, all of them as categories.

    Parameters
    ----------
    labels : array-like of shape (n_customers,)
        As `RFMSegmenter` numbers them under ``scheme.parameters``.
    index : Index of shape (n_customers,)
    scheme : Scheme

    Examples
    --------
    >>> scheme = scheme_of("prepaid", ["trips"])
    >>> named([0, 1, 1], pd.Index(["a", "b", "c"]), scheme).tolist()
    ['at_limit', 'steady', 'steady']
    """
    codes = pd.Categorical.from_codes(labels, list(scheme.names.index))
    return pd.Series(codes, index=index, name="segment")
