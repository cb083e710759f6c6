"""What is said and done about credit grades: verdict, measures, names of indicators."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from research.region.strict_yaml import read_yaml
from research.service.credit.policy import FOLDER
from research.service.privacy import hidden

NAMES = {
    "late_share": ("share of bills paid late", "逾期缴费比例"),
    "worst_delay_days": ("longest delay", "最长逾期天数"),
    "delay_trend": ("delays that grow", "逾期趋势"),
    "arrears_ratio": ("share of the billed amount unpaid", "欠费率"),
    "unpaid_bills": ("bills unpaid past their due date", "欠费笔数"),
    "n_disconnections": ("disconnections for arrears", "欠费停电次数"),
    "n_bounced": ("bounced direct debits", "扣款失败次数"),
    "amount_volatility": ("spread of the bills", "电费波动"),
    "energy_trend": ("trend of the energy", "电量趋势"),
    "tenure_years": ("few years as a customer", "用电年限短"),
}
"""How the reason that an indicator costs points is said, English and Chinese."""


MODELS_ZH = {
    "one rule: longest delay": "只看最长逾期天数",
    "AHP score": "AHP 信用评分",
    "AHP grade, with vetoes": "AHP 信用等级",
    "equal weights": "等权评分",
    "logistic scorecard": "逻辑回归评分卡",
    "gradient boosting": "梯度提升树",
}
"""Chinese names of the ways that are compared."""


def said(indicator: str) -> str:
    """Name of an indicator in both languages; of an unknown one its own.

    Examples
    --------
    >>> said("unpaid_bills"), said("odd")
    ('bills unpaid past their due date 欠费笔数', 'odd')
    """
    return " ".join(NAMES.get(indicator, (indicator,)))


def reason_shares(reasons: pd.DataFrame, grades: pd.Series) -> pd.DataFrame:
    """How often each indicator is the first reason of a grade.

    Parameters
    ----------
    reasons : DataFrame of shape (n_customers, any)
        With `reason_1`, empty for nobody's loss.
    grades : Series of str of shape (n_customers,)
        On the same index.

    Returns
    -------
    shares : DataFrame
        `grade`, `reason` (in both languages), `customers`, `share` of the grade; the
        most frequent reason of a grade first.

    Examples
    --------
    >>> reasons = pd.DataFrame({"reason_1": ["late_share", "late_share", ""]})
    >>> reason_shares(reasons, pd.Series(["A", "A", "A"]))["share"].round(2).tolist()
    [0.67, 0.33]
    """
    told = reasons["reason_1"].map(lambda name: said(name) if name else "nothing lost")
    frame = pd.DataFrame({"grade": grades.to_numpy(), "reason": told.to_numpy()})
    counts = frame.value_counts(sort=False).rename("customers").reset_index()
    whole = counts.groupby("grade")["customers"].transform("sum")
    counts["share"] = counts["customers"] / whole
    return counts.sort_values(
        ["grade", "customers", "reason"], ascending=[True, False, True]
    ).reset_index(drop=True)


def measures(
    grades: Sequence[str],
    customers: pd.Series,
    yuan: pd.Series,
    *,
    min_cell: int = 1,
) -> pd.DataFrame:
    """Measures in their legal order, for whom, and how much they touch.

    Parameters
    ----------
    grades : sequence of str
        All grades, the best first.
    customers, yuan : Series
        Customers and yuan exposed by grade, index `grade`.
    min_cell : int
        Customers that a grade must have for its number to be shown.

    Returns
    -------
    measures : DataFrame
        `step`, `measure` (both languages), `owner`, `grades`, `customers`, `yuan`. Of a
        scale with fewer grades than a measure asks for, the best is never touched. The
        last two are NaN where one measure less another would tell of a hidden grade:
        where a measure is for some of the hidden grades and not for all.

    Examples
    --------
    >>> by = pd.Series({"A": 5, "B": 3, "C": 1})
    >>> measures(["A", "B", "C"], by, by).query("step == 5")["grades"].item()
    'C'
    """
    entries, _ = read_yaml(FOLDER / "measures.yaml")
    gone = set(customers.index[hidden(customers, min_cell=min_cell)])
    rows = []
    for entry in sorted(entries, key=lambda entry: entry["step"]):
        n_worst = min(entry["worst_grades"], max(len(grades) - 1, 1))
        whom = list(grades)[-n_worst:]
        rows.append(
            (
                entry["step"],
                f"{entry['en']} {entry['zh']}",
                entry["owner"],
                ", ".join(whom),
                float(customers.reindex(whom).fillna(0).sum()),
                float(yuan.reindex(whom).fillna(0).sum()),
            )
        )
        if gone & set(whom) and gone - set(whom):
            rows[-1] = (*rows[-1][:4], np.nan, np.nan)
    columns = ["step", "measure", "owner", "grades", "customers", "yuan"]
    return pd.DataFrame(rows, columns=columns)


def hide_small(frame: pd.DataFrame, least: int) -> pd.DataFrame:
    """Empty the numbers of rows that stand for few customers.

    Parameters
    ----------
    frame : DataFrame
        With `customers`; the rows are parts of one whole.
    least : int
        Customers that a row must stand for, as ``privacy.min_cell`` says; a row of
        nobody stays.

    Returns
    -------
    frame : DataFrame
        Numbers are NaN where there are some customers, but fewer, and where a row would
        give these away.

    Examples
    --------
    >>> frame = pd.DataFrame({"customers": [40, 30, 3, 0], "rate": [0.1, 0.2, 0.5, 0]})
    >>> hide_small(frame, 15)["rate"].tolist()
    [0.1, nan, nan, 0.0]
    """
    few = hidden(frame["customers"], min_cell=least)
    numbers = frame.select_dtypes("number").columns
    shown = frame.astype(dict.fromkeys(numbers, float))
    shown.loc[few, numbers] = float("nan")
    return shown


def money(amount: float, currency: str) -> str:
    """Write an amount as a reader says it.

    Examples
    --------
    >>> money(1_098_320_599, "TWD"), money(704_000, "CNY"), money(512.4, "CNY")
    ('1,098 million TWD', '704 thousand CNY', '512 CNY')
    """
    for size, word in ((1e6, " million"), (1e3, " thousand")):
        if abs(amount) >= 10 * size:
            return f"{amount / size:,.0f}{word} {currency}"
    return f"{amount:,.0f} {currency}"


def against(row: pd.Series) -> str:
    """Difference of a row of `comparison.compare_risks` to the rule, with its interval.

    Examples
    --------
    >>> against(pd.Series([-0.0002, -0.02, 0.04],
    ...     ["difference", "difference_low", "difference_high"]))
    '0.000 (−0.020 to +0.040)'
    """
    low, high = _signed(row["difference_low"]), _signed(row["difference_high"])
    return f"{_signed(row['difference'])} ({low} to {high})"


def adds(row: pd.Series) -> tuple[str, str]:
    """Say what a score adds to the simple rule, by the interval of the difference.

    Parameters
    ----------
    row : Series
        `difference`, `difference_low`, `difference_high` of the AUC.

    Returns
    -------
    en, zh : str

    Examples
    --------
    >>> adds(pd.Series([0.01, -0.02, 0.04],
    ...     ["difference", "difference_low", "difference_high"]))[0]
    'no better than the longest delay alone (difference +0.010, −0.020 to +0.040)'
    """
    low, high = row["difference_low"], row["difference_high"]
    span = f"{_signed(row['difference'])}, {_signed(low)} to {_signed(high)}"
    zh_span = f"{_signed(row['difference'])}，{_signed(low)} 至 {_signed(high)}"
    if low > 0:
        en, zh = "better than the longest delay alone", "优于只看最长逾期天数"
    elif high < 0:
        en, zh = "worse than the longest delay alone", "不如只看最长逾期天数"
    else:
        en, zh = "no better than the longest delay alone", "未优于只看最长逾期天数"
    return f"{en} (difference {span})", f"{zh}（差 {zh_span}）"


def verdict(
    customers: int,
    rate: float,
    score: pd.Series,
    best: pd.Series,
    rates: pd.DataFrame,
    *,
    ordered: bool,
) -> tuple[str, str]:
    """Who will pay late, how sure the score is, and what it adds to one rule.

    Parameters
    ----------
    customers : int
        Customers judged.
    rate : float
        Share of them that fell behind.
    score, best : Series
        Rows of `comparison.compare_risks` for the judged score and for the model of the
        highest AUC, each with `model`, `auc`, `low`, `high` and the difference to the
        one rule.
    rates : DataFrame
        As `comparison.rate_by_grade` gives it, the best grade first.
    ordered : bool
        Whether the rates rise with the grades beyond chance and never fall so.

    Returns
    -------
    en, zh : str
        The AUC is said as what it is: of pairs of one who fell behind and one who paid,
        how many the score ranks right.
    """
    held = rates[rates["customers"] > 0]
    top, worst = held.iloc[0], held.iloc[-1]
    en_adds, zh_adds = adds(score)
    pairs = f"{score['auc']:.0%} ({score['low']:.0%} to {score['high']:.0%})"
    zh_pairs = f"{score['auc']:.0%}（{score['low']:.0%}–{score['high']:.0%}）"
    order = (
        f"grades run from {top['rate']:.1%} in {held.index[0]} to {worst['rate']:.0%} "
        f"in {held.index[-1]}"
        if ordered
        else "the grades are not in order of what came"
    )
    zh_order = (
        f"欠费率从 {held.index[0]} 级的 {top['rate']:.1%} 升至 {held.index[-1]} 级的 "
        f"{worst['rate']:.0%}"
        if ordered
        else "等级与实际欠费率不一致"
    )
    ends = best["model"] != score["model"] and best["low"] > score["high"]
    more = f"; {best['model']} reaches {best['auc']:.0%}" if ends else ""
    zh_best = MODELS_ZH.get(best["model"], best["model"])
    zh_more = f"；{zh_best}可达 {best['auc']:.0%}" if ends else ""
    return (
        f"Of {customers:,} customers {rate:.1%} fell behind; {order}. Of pairs of one "
        f"who fell behind and one who paid the AHP score ranks {pairs} right (AUC), "
        f"{en_adds}{more}.",
        f"{customers:,} 户中 {rate:.1%} 其后欠费；{zh_order}。任取一户欠费、一户正常，"
        f"AHP 信用评分有 {zh_pairs}排对（即 AUC），{zh_adds}{zh_more}。",
    )


def order_told(rates: pd.DataFrame, *, ordered: bool) -> str:
    """Say in a title how the rates run over the grades.

    Parameters
    ----------
    rates : DataFrame
        Index `grade`, the best first; `rate` of grades that may be shown.
    ordered : bool
        Whether the rates rise with the grades beyond chance and never fall so.

    Examples
    --------
    >>> rates = pd.DataFrame({"rate": [0.14, 0.31, 0.24, 0.56]}, index=list("ABCD"))
    >>> order_told(rates, ordered=True)
    'From 14.0% in A to 56% in D: what came in each grade'
    >>> order_told(rates, ordered=False)
    'Not in order: of grade B 31.0% fell behind, of the worse C 24.0%'
    """
    first, last = rates["rate"].iloc[0], rates["rate"].iloc[-1]
    if ordered or len(rates) < 2:
        return (
            f"From {first:.1%} in {rates.index[0]} to {last:.0%} in {rates.index[-1]}: "
            "what came in each grade"
        )
    values = rates["rate"].to_numpy()
    falls = np.triu(values[:, None] - values[None, :], 1)
    better, worse = np.unravel_index(falls.argmax(), falls.shape)
    if not falls[better, worse] > 0:
        return "The grades do not tell beyond chance who falls behind"
    return (
        f"Not in order: of grade {rates.index[better]} {values[better]:.1%} fell "
        f"behind, of the worse {rates.index[worse]} {values[worse]:.1%}"
    )


def _signed(value: float) -> str:
    told = f"{value:+.3f}"
    return told[1:] if float(told) == 0 else told.replace("-", "−")
