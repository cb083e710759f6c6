"""Conditions and rules in plain words, English and Chinese.

A threshold is said with all its digits: rounding it here could put a customer on the
other side (only clocks are said to the minute). A feature without an entry in
`vocabulary.WORDS` is told by its name.
"""

from decimal import Decimal

import numpy as np
import pandas as pd

from research.service.vocabulary import COUNTED, UNITS, WORDS, Said


def condition(
    feature: str, sign: str, threshold: float = np.nan, *, with_missing: bool = False
) -> Said:
    """One condition of a rule in plain words.

    Parameters
    ----------
    feature : str
        Name of the feature; empty for no condition at all.
    sign : {"<=", ">", "missing", "present", ""}
    threshold : float
        In the unit of the feature, see `features.load.customer_features`,
        `features.payment`.
    with_missing : bool
        Whether customers without a value meet it too.

    Raises
    ------
    ValueError
        If there is no such sign.

    Examples
    --------
    >>> condition("share_night", ">", 0.4)
    Said(en='more than 40% of the energy at night', zh='夜间电量占比高于 40%')
    >>> condition("days_overdue", "<=", 0)
    Said(en='nothing overdue', zh='无逾期')
    >>> condition("heat_pumps", ">", 1.5).en
    'heat_pumps above 1.5'
    """
    if sign == ">":
        return _between(feature, threshold, np.inf, with_missing)
    if sign == "<=":
        return _between(feature, -np.inf, threshold, with_missing)
    if sign == "missing":
        return Said(f"no known {_name(feature).en}", f"{_name(feature).zh}未知")
    if sign == "present":
        return Said(f"a known {_name(feature).en}", f"{_name(feature).zh}已知")
    if not sign and not feature:
        return Said("all customers", "所有客户")
    raise ValueError(
        f"The sign of a condition must be <=, >, missing or present. Got {sign!r}."
    )


def rule(conditions: pd.DataFrame) -> Said:
    """All conditions of one rule in plain words.

    Parameters
    ----------
    conditions : DataFrame
        The rows of one `path` of `comparison.rules.shallow_tree(...).rules`.

    Examples
    --------
    >>> rows = [("share_night", ">", 0.2), ("share_night", "<=", 0.4)]
    >>> conditions = pd.DataFrame(rows, columns=["feature", "sign", "threshold"])
    >>> rule(conditions.assign(with_missing=False)).en
    'more than 20% and at most 40% of the energy at night'
    """
    said = []
    for feature, rows in conditions.groupby("feature", sort=False):
        by_sign = rows.set_index("sign")["threshold"]
        if {">", "<="} <= set(by_sign.index):
            missing = bool(rows["with_missing"].any())
            said.append(_between(feature, by_sign[">"], by_sign["<="], missing))
        else:
            said += [
                condition(row.feature, row.sign, row.threshold, with_missing=missing)
                for row, missing in zip(
                    rows.itertuples(), rows["with_missing"], strict=True
                )
            ]
    return Said(", and ".join(s.en for s in said), "，且".join(s.zh for s in said))


def tell_rules(rules: pd.DataFrame, names: pd.DataFrame | None = None) -> pd.DataFrame:
    """The rules of a segmentation, one row and one sentence each.

    Parameters
    ----------
    rules : DataFrame
        As `comparison.rules.shallow_tree(...).rules` gives it.
    names : DataFrame, optional
        As `portrait.name_segments` gives it; without it a segment is told by its label.

    Returns
    -------
    told : DataFrame
        Index `path`; `segment`, `name_en`, `name_zh`, `en`, `zh`, `n`, `purity`,
        `coverage` and `small`, see `ShallowTree`.

    Examples
    --------
    >>> rules = pd.DataFrame({"segment": ["A"], "path": [0], "feature": ["late_share"],
    ...     "sign": [">"], "threshold": [0.25], "with_missing": [False], "n": [9],
    ...     "purity": [1.0], "coverage": [0.9], "small": [False]})
    >>> tell_rules(rules)[["name_en", "en", "zh"]].loc[0].tolist()
    ['A', 'more than 25% of the bills late', '迟缴率高于 25%']
    """
    rows = {}
    for path, conditions in rules.groupby("path", sort=True):
        first = conditions.iloc[0]
        name, said = _named(first["segment"], names), rule(conditions)
        rows[path] = {
            "segment": first["segment"],
            "name_en": name.en,
            "name_zh": name.zh,
            "en": said.en,
            "zh": said.zh,
            **first[["n", "purity", "coverage", "small"]],
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("path")


def tell_fidelity(told, names: pd.DataFrame | None = None) -> Said:
    """How far the rules may be trusted, in a few sentences.

    Parameters
    ----------
    told : ShallowTree
        As `comparison.rules.shallow_tree` gives it.
    names : DataFrame, optional
        As `portrait.name_segments` gives it; without it segments that no rule names are
        counted.

    Examples
    --------
    >>> from types import SimpleNamespace as Told
    >>> told = Told(accuracy=0.91, accuracy_sd=0.02, baseline=0.48, n_folds=5,
    ...     n_customers=400, balanced_accuracy=0.88, untold=())
    >>> print(tell_fidelity(told).en)
    The rules tell the segment of 91% of the 400 customers (± 2% over 5 folds, each told
    by rules made without it; 88% as the mean over segments); always naming the largest
    segment tells 48%. They describe the segments and do not explain them.
    """
    if np.isnan(told.accuracy):
        return Said(
            "One customer is too few to test the rules.", "只有一户客户，无法检验规则。"
        )
    error = told.accuracy_sd / np.sqrt(told.n_folds)
    weak = told.baseline < 1 and told.accuracy - told.baseline <= 2 * error
    untold = _untold(told.untold, names)
    return Said(
        f"The rules tell the segment of {told.accuracy:.0%} of the "
        f"{told.n_customers:,} customers (± {told.accuracy_sd:.0%} over {told.n_folds} "
        "folds, each told by rules made without it; "
        f"{told.balanced_accuracy:.0%} as the mean over segments); always naming the "
        f"largest segment tells {told.baseline:.0%}. "
        + ("That is hardly less: do not rely on these rules. " if weak else "")
        + untold.en
        + "They describe the segments and do not explain them.",
        f"规则对 {told.n_customers:,} 户客户的判别准确率为 {told.accuracy:.0%}"
        f"（{told.n_folds} 折交叉验证，折间标准差 {told.accuracy_sd:.0%}；各群平均 "
        f"{told.balanced_accuracy:.0%}），始终判为最大群的准确率为 "
        f"{told.baseline:.0%}。"
        + ("两者相差无几，不宜依赖这些规则。" if weak else "")
        + untold.zh
        + "规则只描述分群，不说明原因。",
    )


def _untold(segments, names):
    """Which segments no rule names."""
    if not segments:
        return Said("", "")
    if names is None:
        n = len(segments)
        have = "1 segment has no rule of its own. "
        have = have if n == 1 else f"{n} segments have no rule of their own. "
        return Said(have, f"{n} 个群没有自己的规则。")
    said = [_named(segment, names) for segment in segments]
    return Said(
        f"No rule names the {' and the '.join(one.en for one in said)}. ",
        f"{'、'.join(f'“{one.zh}”' for one in said)}没有自己的规则。",
    )


def _between(feature, low, high, with_missing):
    """Values above `low` and up to `high`, one of them perhaps infinite."""
    word = WORDS.get(feature)
    if word and word.none and high == 0 and low == -np.inf:
        en, zh = word.none
    elif word and word.some and low == 0 and high == np.inf:
        en, zh = word.some
    else:
        unit = word.unit if word else "number"
        clock, counted = unit == "clock", unit in COUNTED
        more, most = ("after", "by") if clock else ("more than", "at most")
        more = more if word else "above"
        zh_more = "晚于" if clock else "超过" if counted else "高于"
        parts = [
            (f"{signs[0]} {said.en}", f"{signs[1]} {said.zh}")
            for number, signs in (
                (low, (more, zh_more)),
                (high, (most, f"不{zh_more}")),
            )
            if np.isfinite(number)
            for said in [_amount(feature, number)]
        ]
        en = " and ".join(part[0] for part in parts)
        en = word.en.format(en) if word else f"{feature} {en}"
        zh = ("" if word else " ").join(
            [word.zh if word else feature, "且".join(part[1] for part in parts)]
        )
    return Said(en + " or unknown", zh + "或未知") if with_missing else Said(en, zh)


def _amount(feature, number):
    """A number in the unit of its feature, every digit of it."""
    unit = WORDS[feature].unit if feature in WORDS else "number"
    if unit == "clock":
        minutes = round(60 * number) % (24 * 60)
        text = f"{minutes // 60:02d}:{minutes % 60:02d}"
        return Said(text, text)
    exact = Decimal(repr(float(number)))
    if unit == "share":
        exact *= 100
    elif unit == "log":
        exact = Decimal(repr(round(100 * float(np.expm1(number)), 2)))
    text = f"{exact.normalize():,f}"
    return Said(*(text + after for after in UNITS[unit]))


def _name(feature):
    """What the feature is called."""
    zh = WORDS[feature].zh if feature in WORDS else feature
    return Said(feature.replace("_", " ") if feature in WORDS else feature, zh)


def _named(segment, names):
    """What the segment is called: its name, or its number from 1 on, or its grade."""
    if names is not None:
        return Said(names.loc[segment, "en"], names.loc[segment, "zh"])
    if isinstance(segment, int | np.integer):
        return Said(f"segment {segment + 1}", f"第 {segment + 1} 群")
    return Said(str(segment), str(segment))
