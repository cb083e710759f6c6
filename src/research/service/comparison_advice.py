"""What to do with the verdict of a comparison."""

from collections.abc import Mapping, Sequence

import pandas as pd

from research.service.comparison_stakes import Stakes
from research.service.comparison_vocabulary import method_words
from research.service.vocabulary import Said

NEAR = 0.02
"""Difference of scores within which methods are nearly as good (assumption)."""


def as_good(verdict, pairs: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """The leader, and those of `names` that it is not clearly better than.

    Parameters
    ----------
    verdict : comparison.Verdict
    pairs : DataFrame
        Columns `method`, `other`, `better_by`, `low`, as `comparison.infer` gives them.
    names : sequence of str

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> pairs = pd.DataFrame({"method": "a", "other": ["b", "c"], "low": [-1, 1]})
    >>> as_good(SimpleNamespace(leader="a"), pairs, ["a", "b", "c"])
    ['a', 'b']
    """
    worse = pairs.loc[(pairs["method"] == verdict.leader) & (pairs["low"] > 0), "other"]
    return [name for name in names if name not in set(worse)]


def what_to_do(
    verdict,
    stakes: Stakes,
    plainness: pd.Series,
    pairs: pd.DataFrame,
    *,
    together: tuple[str, float, float] | None = None,
    names: Mapping[str, Said] | None = None,
) -> list[tuple[str, str, str]]:
    """Actions that follow from a verdict: what, who, what it brings.

    Parameters
    ----------
    verdict : comparison.Verdict
    stakes : Stakes
    plainness : Series
        How well plain questions tell the segments, by method.
    pairs : DataFrame
        As `comparison.infer` gives them.
    together : tuple of str, float, float, optional
        A method whose segments clearly add to the best old class, the score of both
        together, and of the class alone.
    names : mapping of str to Said, optional

    Returns
    -------
    actions : list of tuple
        Of three texts each: what to do, whose task it is, what it should bring.
    """
    more = (
        "Ask again with more customers, or another quarter",
        "analysis 分析",
        verdict.would_change[0] if verdict.would_change else "a second opinion",
    )
    if verdict.kind == "no segments":
        return [
            (
                "Do not act on any segments for what was to be foretold",
                "management 管理",
                "no effort on divisions that tell nothing of what comes",
            ),
            more,
        ]
    if verdict.winner is not None:
        one = method_words(verdict.winner, names).en
        by = f"{verdict.lead:.2f} better than the next ({verdict.low:.2f} at least)"
        return [(f"Use the segments of {one}", "marketing 市场", by), more]
    if stakes.old_do_as_well:
        old = method_words(stakes.old_best.name, names).en
        if together is not None:
            name, both, alone = together
            one = method_words(name, names).en
            first = (
                f"Use {old} and the segments of {one} together",
                "marketing 市场",
                f"{both:.2f} of 1 is foretold instead of {alone:.2f} by {old} alone",
            )
            return [first, more]
        first = (
            f"Keep to the classes that are there: {old}",
            "marketing 市场",
            "as good, known to everyone, and nothing to keep up",
        )
        return [first, more]
    near = [
        told.name
        for told in stakes.contenders
        if abs(told.value - stakes.best.value) <= NEAR
    ]
    equal = as_good(verdict, pairs, near)
    plain = plainness.reindex(equal).dropna()
    if plain.empty:
        return [more]
    one = plain.idxmax()
    first = (
        f"Of those that are nearly as good take the plainest: "
        f"{method_words(one, names).en}",
        "marketing 市场",
        f"three questions put {plain[one]:.0%} of its customers right",
    )
    return [first, more]
