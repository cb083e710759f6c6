"""The first screen on payers: one sentence, at most five figures, measures, limits."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from research.service.payer_forecast import OVERDUE, Foretold, overdue_names
from research.service.payer_tables import dearest, hidden_sums
from research.service.payers import Scheme
from research.service.privacy import LARGEST_SHARE, count_of, hidden

BETTER = 0.005
"""Gain of area under the curve below which the segments add nothing to the rule."""


UNITS_ZH = {"CNY": "元", "TWD": "新台币元"}
RIVALS = {"days overdue": "逾期天数", "share of bills late": "迟缴比例"}
"""Simple rules that the segments have to beat, in Chinese."""


class Figure(NamedTuple):
    """A figure of the first screen, as the page's tiles take it."""

    value: str
    unit: str
    label: str
    interval: str | None = None
    note: str | None = None


def unit_of(currency: str) -> str:
    """What a unit of money is called in a sentence.

    Examples
    --------
    >>> unit_of("CNY"), unit_of("TWD")
    ('yuan', 'TWD')
    """
    return "yuan" if currency == "CNY" else currency


def money(yuan: float, currency: str = "CNY") -> str:
    """An amount for a reader in a hurry, in three digits.

    Examples
    --------
    >>> money(1265001.2), money(8120.0), money(float("nan")), money(99.5, "TWD")
    ('1.27 million yuan', '8,120 yuan', 'an amount withheld', '99.5 TWD')
    """
    if np.isnan(yuan):
        return "an amount withheld"
    unit = unit_of(currency)
    if abs(yuan) >= 1e6:
        return f"{yuan / 1e6:,.3g} million {unit}".replace("e+03", ",000")
    return f"{float(f'{yuan:.3g}'):,.10g} {unit}"


def money_zh(yuan: float, currency: str = "CNY") -> str:
    """The same in Chinese, in units of ten thousand.

    Examples
    --------
    >>> money_zh(1265001.2), money_zh(8120.0), money_zh(298e6, "TWD")
    ('127 万元', '8,120 元', '2.98 亿新台币元')
    """
    if np.isnan(yuan):
        return "（金额不予公布）"
    unit = UNITS_ZH.get(currency, f" {currency}")
    if abs(yuan) >= 1e8:
        return f"{float(f'{yuan / 1e8:.3g}'):,.10g} 亿{unit}"
    if abs(yuan) >= 1e4:
        return f"{float(f'{yuan / 1e4:.3g}'):,.10g} 万{unit}"
    return f"{float(f'{yuan:.3g}'):,.10g} {unit.strip()}"


def share_interval(count: int, n: int) -> tuple[float, float, float]:
    """A share with its 95 % Wilson interval.

    Examples
    --------
    >>> [round(x, 3) for x in share_interval(8, 40)]
    [0.2, 0.105, 0.348]
    """
    interval = binomtest(count, n).proportion_ci(method="wilson")
    return count / n, float(interval.low), float(interval.high)


def late_shares(judged: Foretold, scheme: Scheme) -> tuple[float, float]:
    """Of the later late customers, and of all, the share that was overdue before.

    Parameters
    ----------
    judged : Foretold
    scheme : Scheme

    Returns
    -------
    of_late, of_customers : float
        In [0, 1].
    """
    overdue = overdue_names(scheme)
    rates = judged.rates
    inside = rates.index.isin(overdue)
    return (
        float(rates.loc[inside, "late"].sum() / rates["late"].sum()),
        float(rates.loc[inside, "customers"].sum() / rates["customers"].sum()),
    )


def of_payers(
    segments: dict[str, pd.Series],
    schemes: dict[str, Scheme],
    *,
    owed: float | None,
    judged: Foretold | None,
    min_cell: int = 15,
    currency: str = "CNY",
    high_value: tuple[float, float] | None = None,
) -> tuple[str, str]:
    """What the segments of payers say, in a sentence or two.

    Parameters
    ----------
    segments : dict of system to Series
        Keys of segments, as `payers.named` gives them.
    schemes : dict of system to Scheme
    owed : float or None
        All that is overdue; NaN where withheld, None where it is not known.
    judged : Foretold or None
    min_cell : int
        A segment whose number is `hidden` is not spoken of.
    currency : str
    high_value : (float, float), optional
        Share of customers of high value by the four-class rule, in its two readings:
        told where no bill is known, so that little else is.

    Returns
    -------
    en, zh : str
    """
    if "postpaid" in segments and owed is not None:
        kept = segments["postpaid"]
        count = count_of(kept.value_counts(sort=False), OVERDUE, min_cell)
        some, some_zh = f"Some of {len(kept):,} post-paid customers ", "部分"
        if not np.isnan(count):
            part = f"{count / len(kept):.0%}"
            some = f"{count:,.0f} of {len(kept):,} post-paid customers ({part}) "
            some_zh = f" {count:,.0f} 户（{part}）"
        en = f"{some}owe {money(owed, currency)} past the due date"
        zh = f"{len(kept):,} 户后付费客户中{some_zh}逾期欠费 {money_zh(owed, currency)}"
        if judged is not None:
            late, of_all = late_shares(judged, schemes["postpaid"])
            gain, low, high = judged.ahead
            rival = judged.auc.index[1]
            word, word_zh = "no better than", "不优于"
            if low > 0 and gain >= BETTER:
                word, word_zh = "better than", "优于"
            elif high < 0:
                word, word_zh = "worse than", "不如"
            en += (
                f". Of those who fell behind later, {late:.0%} had been among the "
                f"{of_all:.0%} already overdue; the segments find them {word} the "
                f"simple rule “{rival}”"
            )
            zh += (
                f"。后来迟缴的客户中，{late:.0%} 来自此前已逾期的 {of_all:.0%} 客户；"
                f"分群{word_zh}单看“{RIVALS[rival]}”"
            )
        return en + ".", zh + "。"
    system, kept = next(iter(segments.items()))
    scheme = schemes[system]
    sizes = kept.value_counts(sort=False)
    special = sizes.mask(hidden(sizes, min_cell=min_cell)).drop(scheme.names.index[-1])
    more = more_zh = ""
    if system == "postpaid" and high_value is not None:
        one, other = high_value
        more = (
            f" By the published four-class rule {one:.0%} of them are of high value or "
            f"{other:.0%}: it depends on how the rule is read."
        )
        more_zh = (
            f"按公开的四类规则，高价值客户占 {one:.0%} 或 {other:.0%}，取决于读法。"
        )
    if not special.max() > 0:
        return (
            f"Of {len(kept):,} customers no group of {min_cell} or more stands out by "
            f"how it pays.{more}",
            f"{len(kept):,} 户客户中没有达到 {min_cell} 户的突出缴费群。{more_zh}",
        )
    top = special.idxmax()
    share, low, high = share_interval(int(special[top]), len(kept))
    words = scheme.names.loc[top]
    lacking = "" if system == "prepaid" else "; without bills nobody's delay is known"
    lacking_zh = "" if system == "prepaid" else "；无账单，迟缴情况未知"
    paying = "prepaid" if system == "prepaid" else "paying"
    return (
        f"Of {len(kept):,} {paying} customers {share:.0%} ({low:.0%} to {high:.0%}) "
        f"are {words['en']}{lacking}.{more}",
        f"{len(kept):,} 户{'预付费' if system == 'prepaid' else '缴费'}客户中“"
        f"{words['zh']}”占 {share:.0%}（95% 区间 {low:.0%}–{high:.0%}）{lacking_zh}。"
        f"{more_zh}",
    )


def figures(
    segments: dict[str, pd.Series],
    *,
    owed: float | None,
    old_share: float | None,
    judged: Foretold | None,
    fees: pd.DataFrame | None,
    currency: str = "CNY",
    min_cell: int = 15,
) -> list[Figure]:
    """At most five figures that carry the verdict.

    Parameters
    ----------
    segments, owed, judged, currency, min_cell
        As in `of_payers`; figures that are withheld are left out.
    old_share : float or None
        Share of what is overdue that is older than 90 days; NaN where withheld.
    fees : DataFrame or None
        As `payer_tables.fee_table` gives it, of the system whose fees are looked at.
    """
    shown = []
    for system, kept in segments.items():
        asked = {
            "postpaid": (OVERDUE, "Overdue 逾期"),
            "prepaid": (("at_limit",), "At the limit 余额临界"),
        }[system]
        keys, label = asked
        if not set(keys) & set(kept.cat.categories) or (
            system == "postpaid" and owed is None
        ):
            continue
        count = count_of(kept.value_counts(sort=False), keys, min_cell)
        if np.isnan(count):
            continue
        share, low, high = share_interval(int(count), len(kept))
        kind = "post-paid" if system == "postpaid" else "prepaid"
        shown.append(
            Figure(
                f"{share:.0%}",
                f"of {len(kept):,} {kind}",
                label,
                interval=f"95%: {low:.0%} to {high:.0%}",
            )
        )
    if owed is not None and not np.isnan(owed):
        old = "" if old_share is None or np.isnan(old_share) else f"{old_share:.0%}"
        shown.insert(
            0,
            Figure(
                money(owed, currency).rsplit(" ", 1)[0],
                unit_of(currency),
                "Overdue 欠费",
                note=f"{old} older than 90 days" if old else None,
            ),
        )
    if judged is not None:
        first = judged.auc.iloc[0]
        rival = judged.auc.iloc[1]
        shown.append(
            Figure(
                f"{first['auc']:.2f}",
                "AUC",
                "Foretell late payers",
                interval=f"95%: {first['low']:.2f} to {first['high']:.2f}",
                note=f"{rival.name} alone {rival['auc']:.2f}",
            )
        )
    if fees is not None and fees["share of fees"].notna().any():
        name = dearest(fees)
        shown.append(
            Figure(
                f"{fees.loc[name, 'share of fees']:.0%}",
                "of the fees",
                f"Dearest to serve: {name}",
                note=f"{fees.loc[name, 'share of payers']:.0%} of the payers",
            )
        )
    return shown[:5]


def actions(
    segments: dict[str, pd.Series],
    schemes: dict[str, Scheme],
    owed: pd.Series | None,
    vulnerable: pd.Series | None,
    *,
    min_cell: int,
    largest_share: float = LARGEST_SHARE,
    most: int = 5,
    currency: str = "CNY",
) -> list[tuple[str, str, str]]:
    """What to do for each segment that has an owner, in legal order.

    Parameters
    ----------
    segments, schemes, currency
        As in `of_payers`.
    owed : Series or None
        Overdue by customer.
    vulnerable : Series of bool or None
    min_cell, largest_share
        As in `privacy.hidden`: segments, counts and sums that are hidden are not told.
    most : int
        Actions at most: of each system in turn, in the order of its rules.

    Returns
    -------
    actions : list of (what, owner, effect)
    """
    found = {system: [] for system in segments}
    for system, kept in segments.items():
        sizes = kept.value_counts(sort=False)
        sizes = sizes.mask(hidden(sizes, min_cell=min_cell)).dropna()
        for key, row in schemes[system].names.iterrows():
            if not row["owner"] or not sizes.get(key, 0):
                continue
            what = f"{row['en']} {row['zh']}: " + "; then ".join(row["do"])
            effect = f"{sizes[key]:,.0f} customers"
            if owed is not None and key in OVERDUE:
                part = owed.reindex(kept.index)
                gone = hidden_sums(part, kept, min_cell, largest_share)[key]
                total = float("nan") if gone else float(part[kept == key].sum())
                effect += f" to collect from, {money(total, currency)}"
            if vulnerable is not None and (key in OVERDUE or key == "at_limit"):
                flagged = vulnerable.reindex(kept.index).fillna(False).astype(bool)
                counts = flagged.groupby(kept, observed=False).sum()
                count = counts.mask(hidden(counts, min_cell=min_cell))[key]
                if count >= min_cell:
                    effect += f"; {count:,.0f} vulnerable: not cut off, visited first"
            found[system].append((what[0].upper() + what[1:], row["owner"], effect))
    rows = list(found.values())
    later = min(sum(map(len, rows[1:])), most // 2)
    first = rows[0][: most - later]
    return first + [action for part in rows[1:] for action in part][: most - len(first)]
