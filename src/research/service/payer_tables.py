"""What the segments of payers hold, cost and foretell, as tables that may be published.

A published cell holds at least `min_cell` customers, and its money is withheld where
one customer makes more than `largest_share` of it: smaller segments are put together,
and what is left out can not be reckoned (`service.privacy`).
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from research.features import payment
from research.service.payers import Scheme
from research.service.privacy import LARGEST_SHARE, hidden, three_digits
from research.service.quantiles import typical

SMALL = "small segments 其他小群"


def groups(segments: pd.Series, scheme: Scheme, min_cell: int) -> pd.Series:
    """Segments by their names, those of fewer than `min_cell` customers put together.

    Parameters
    ----------
    segments : Series of shape (n_customers,)
        Keys of segments, as `payers.named` gives them.
    scheme : Scheme
    min_cell : int

    Returns
    -------
    groups : Series of shape (n_customers,)
        Categorical, English and Chinese names, in the order of the scheme, `SMALL`
        last; empty categories are left out. If the small ones together are still too
        few, the next larger joins them.

    Examples
    --------
    >>> from research.service.payers import named, scheme_of
    >>> scheme = scheme_of("prepaid", ["trips"])
    >>> segments = named([0, 0, 1, 1, 1], pd.RangeIndex(5), scheme)
    >>> groups(segments, scheme, 3).cat.categories.tolist()
    ['small segments 其他小群']
    >>> groups(segments, scheme, 2).cat.categories.tolist()
    ['at the limit 余额临界', 'steady 平稳']
    """
    sizes = segments.value_counts(sort=False)
    sizes = sizes[sizes > 0].sort_values(kind="stable")
    small = int((sizes < min_cell).sum())
    while 0 < small < len(sizes) and sizes.iloc[:small].sum() < min_cell:
        small += 1
    merged = set(sizes.index[:small])
    words = scheme.names["en"] + " " + scheme.names["zh"]
    names = [
        words[key] for key in scheme.names.index if key in sizes and key not in merged
    ]
    labels = [SMALL if key in merged else words[key] for key in segments]
    order = names + [SMALL] * bool(merged)
    return pd.Series(
        pd.Categorical(labels, order), index=segments.index, name="segment"
    )


def worded(segments: pd.Series, scheme: Scheme) -> pd.Series:
    """Segments by their names, however small.

    Parameters
    ----------
    segments : Series of shape (n_customers,)
        Keys of segments, as `payers.named` gives them.
    scheme : Scheme
    """
    words = scheme.names["en"] + " " + scheme.names["zh"]
    return segments.cat.rename_categories(words.to_dict())


def numbers(scheme: Scheme) -> dict[str, int]:
    """Number of each group, which is its colour in every figure; `SMALL` is grey.

    Parameters
    ----------
    scheme : Scheme
    """
    words = scheme.names["en"] + " " + scheme.names["zh"]
    return {name: number for number, name in enumerate(words)} | {SMALL: 99}


def may_show(
    amounts,
    grouped: pd.Series,
    *,
    min_cell: int,
    largest_share: float = LARGEST_SHARE,
) -> list[str]:
    """Columns of which the share of every segment may be published.

    Parameters
    ----------
    amounts : DataFrame of shape (n_customers, n_measures)
    grouped : Series of shape (n_customers,)
        As `groups` gives it.
    min_cell, largest_share
        As in `withheld`.
    """
    return [
        name
        for name, column in amounts.items()
        if name == "customers"
        or not hidden_sums(column, grouped, min_cell, largest_share).any()
    ]


def hidden_sums(amounts, grouped, min_cell, largest_share) -> pd.Series:
    """Groups whose sum is withheld, a bool each; who has nothing is none of theirs."""
    by = amounts[amounts.fillna(0) != 0].abs().groupby(grouped, observed=False)
    found = hidden(
        by.size(),
        total=by.sum(),
        largest=by.max(),
        min_cell=min_cell,
        largest_share=largest_share,
    )
    return pd.Series(found, by.size().index)


def withheld(
    amounts: pd.Series, *, min_cell: int, largest_share: float = LARGEST_SHARE
) -> float:
    """Sum of what customers pay or owe; NaN where it would give one of them away.

    What is published is rounded to three digits.

    Parameters
    ----------
    amounts : Series
        One value a customer; zeros and missing ones do not count as customers.
    min_cell : int
    largest_share : float
        Most that one customer may have of the sum.

    Examples
    --------
    >>> withheld(pd.Series([1.0] * 20), min_cell=15)
    20.0
    >>> withheld(pd.Series([1.0] * 20 + [50.0]), min_cell=15)
    nan
    """
    held = amounts[amounts.fillna(0) != 0].abs()
    total = float(amounts.sum())
    few = 0 < len(held) < min_cell
    if few or (held > largest_share * held.sum()).any():
        return float("nan")
    return three_digits(total)


def segment_table(
    grouped: pd.Series,
    paid: pd.Series,
    owed: pd.Series | None = None,
    vulnerable: pd.Series | None = None,
    *,
    min_cell: int,
    largest_share: float = LARGEST_SHARE,
    money: str = "yuan",
) -> pd.DataFrame:
    """Size of each segment, its money, and who in it is not to be cut off.

    Parameters
    ----------
    grouped : Series of shape (n_customers,)
        As `groups` gives it.
    paid : Series of shape (n_customers,)
        Paid in the window. [yuan]
    owed : Series, optional
        Overdue by customer; who is not in it owes nothing. [yuan]
    vulnerable : Series of bool, optional
    min_cell, largest_share
        As in `withheld`.
    money : str
        Unit of money.

    Returns
    -------
    table : DataFrame
        Index `segment`: `customers`, `share`, `yuan paid`, `yuan overdue` (or in
        another `money`), `vulnerable`, each NaN where it is withheld, and `one
        dominates`: whether one customer makes more than `largest_share` of what the
        segment paid.
    """
    by = {name: grouped.index[grouped == name] for name in grouped.cat.categories}
    rules = (grouped, min_cell, largest_share)
    gone = {f"{money} paid": hidden_sums(paid.reindex(grouped.index), *rules)}
    if owed is not None:
        gone[f"{money} overdue"] = hidden_sums(owed.reindex(grouped.index), *rules)
    rows = {}
    for name, ids in by.items():
        amounts = paid.reindex(ids)
        row = {
            "customers": len(ids),
            "share": len(ids) / len(grouped),
            f"{money} paid": three_digits(amounts.sum()),
        }
        if owed is not None:
            row[f"{money} overdue"] = three_digits(owed.reindex(ids).sum())
        if vulnerable is not None:
            flagged = vulnerable.reindex(ids).fillna(False).astype(bool)
            row["vulnerable"] = int(flagged.sum())
        top = amounts.max() > largest_share * amounts.sum()
        row["one dominates"] = "yes" if top else "no"
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("segment")
    if vulnerable is not None:
        gone["vulnerable"] = hidden(table["vulnerable"], min_cell=min_cell)
    for column, mask in gone.items():
        table[column] = table[column].astype(float).mask(np.asarray(mask))
    return table


def overdue(region, as_of, without: Iterable[str] = ()) -> pd.DataFrame:
    """What is overdue on a day, as `payment.ageing` counts it: a row a bill.

    Parameters
    ----------
    region : Region
        With `bills` and `payments`, or with `payment_history` and no bills.
    as_of : date-like
    without : iterable of str
        Bills that are held to be paid, see `credit.held_paid`.

    Returns
    -------
    overdue : DataFrame
        `customer_id`, `age` [days overdue], `yuan` unpaid, `held`: whether the bill is
        one of `without`. Payments that name no bill pay none of these.
    """
    if payment.by_month(region):
        seen = payment.months_seen(region, as_of).groupby("customer_id").last()
        seen = seen[seen["late"] > 0].reset_index()
        age, yuan = seen["late"] * 30, seen["billed_yuan"].clip(lower=0)
        held = pd.Series(False, seen.index)
    else:
        without = list(without)
        seen = payment.bill_states(region, as_of, without=without)
        if without:
            every = payment.bill_states(region, as_of)
            every = every[every["bill_id"].isin(without)]
            seen = pd.concat([seen, every], ignore_index=True)
        seen = seen[seen["open"] & (seen["days_late"] > 0)]
        age, yuan = seen["days_late"], seen["total_yuan"] - seen["paid_yuan"]
        held = seen["bill_id"].isin(without)
    return pd.DataFrame(
        {"customer_id": seen["customer_id"], "age": age, "yuan": yuan, "held": held}
    )


def ageing(
    overdue: pd.DataFrame, *, min_cell: int, largest_share: float = LARGEST_SHARE
):
    """What is overdue by how long it has been 欠费账龄, small cells left out.

    Parameters
    ----------
    overdue : DataFrame
        As `overdue` gives it.
    min_cell, largest_share
        As in `withheld`.

    Returns
    -------
    ageing : DataFrame
        Index `age` [days], see `payment.BANDS`; `yuan`, `bills`, `customers`, each NaN
        where it is withheld; `held yuan` and `held bills`, not among them: what is
        held to be paid.
    """
    held = overdue[overdue["held"]]
    ageing = _by_age(overdue[~overdue["held"]], min_cell, largest_share)
    return ageing.join(
        _by_age(held, min_cell, largest_share)[["yuan", "bills"]].add_prefix("held ")
    )


def _by_age(overdue, min_cell, largest_share):
    bands = payment.BANDS
    band = pd.cut(overdue["age"], [0, *bands.values()], labels=list(bands))
    owed = overdue.groupby(["customer_id", band], observed=True)["yuan"].sum()
    owed = owed.reset_index("customer_id", drop=True)
    by = owed.groupby(level=0, observed=True)
    table = pd.DataFrame(
        {
            "yuan": by.sum(),
            "bills": band.value_counts(),
            "customers": by.size(),
            "most": by.max(),
        }
    )
    table = table.reindex(list(bands)).fillna(0.0).rename_axis("age")
    rules = {"min_cell": min_cell, "largest_share": largest_share}
    sums = {"total": table["yuan"], "largest": table.pop("most")}
    few = hidden(table["customers"], min_cell=min_cell)
    gone = hidden(table["customers"], **sums, **rules)
    table["yuan"] = pd.Series(three_digits(table["yuan"]), table.index).mask(gone)
    return table.assign(
        bills=table["bills"].mask(few), customers=table["customers"].mask(few)
    )


def fee_table(
    habits: pd.DataFrame, grouped: pd.Series, min_cell: int = 1
) -> pd.DataFrame:
    """What the payments of each segment cost the utility 缴费手续费.

    Parameters
    ----------
    habits : DataFrame
        As `payment.habits` gives it.
    grouped : Series
        As `groups` gives it.
    min_cell : int
        Segments of which fewer customers paid are left out, and shares are of those
        that remain.

    Returns
    -------
    fees : DataFrame
        Index `segment`: `payments each` (mean), `yuan a payment` (median), `fee each`
        (mean) [yuan], `share of payers`, `share of fees`. Only who paid counts.

    Examples
    --------
    >>> habits = pd.DataFrame({"n_payments": [2, 4], "payment_yuan": [50.0, 25.0],
    ...     "fee_yuan": [1.0, 3.0]}, index=["a", "b"])
    >>> grouped = pd.Series(["x", "y"], habits.index, dtype="category")
    >>> fee_table(habits, grouped)["share of fees"].to_dict()
    {'x': 0.25, 'y': 0.75}
    """
    segment = grouped.reindex(habits.index)
    enough = habits.groupby(segment, observed=False)["n_payments"].transform("size")
    kept = habits[enough >= min_cell]
    by = kept.groupby(segment[kept.index], observed=True)
    fees = by["fee_yuan"].sum()
    table = pd.DataFrame(
        {
            "payments each": by["n_payments"].mean(),
            "yuan a payment": typical(kept[["payment_yuan"]], segment[kept.index])[
                "payment_yuan"
            ],
            "fee each": by["fee_yuan"].mean(),
            "share of payers": by.size() / by.size().sum(),
            "share of fees": fees / fees.sum(),
        }
    ).rename_axis("segment")
    return table


def dearest(fees: pd.DataFrame) -> str:
    """Segment whose share of the fees is highest against its share of the payers.

    Parameters
    ----------
    fees : DataFrame
        As `fee_table` gives it.
    """
    return (fees["share of fees"] / fees["share of payers"]).idxmax()


def channel_costs(habits: pd.DataFrame, paid: pd.Series, min_cell: int) -> pd.DataFrame:
    """What each channel 渠道 costs the utility for 100 yuan, and who uses it.

    Parameters
    ----------
    habits : DataFrame
        As `payment.habits` gives it.
    paid : Series
        What each customer to be looked at paid in the same window. [yuan]
    min_cell : int
        Channels that fewer customers use most are left out.

    Returns
    -------
    costs : DataFrame
        Index `channel`, by number of payments: `customers` who use it most, their
        `payments`, `yuan a payment` (median over customers), `fee yuan`, `fee a
        payment` and `fee per 100 yuan`; fees NaN where they are not known. The
        payments of a customer all count for the channel used most.

    Examples
    --------
    >>> habits = pd.DataFrame({"channel": ["hall", "app"], "n_payments": [2, 4],
    ...     "payment_yuan": [50.0, 25.0], "fee_yuan": [6.0, 0.2]}, index=["a", "b"])
    >>> costs = channel_costs(habits, pd.Series({"a": 100.0, "b": 100.0}), 1)
    >>> costs["fee per 100 yuan"].to_dict()
    {'app': 0.2, 'hall': 6.0}
    """
    found = habits[habits.index.isin(paid.index)].dropna(subset=["channel"])
    by = found.groupby("channel")
    table = pd.DataFrame(
        {
            "customers": by.size(),
            "payments": by["n_payments"].sum(),
            "yuan a payment": typical(found[["payment_yuan"]], found["channel"])[
                "payment_yuan"
            ],
            "fee yuan": by["fee_yuan"].sum(min_count=1),
        }
    )
    yuan = paid.reindex(found.index).groupby(found["channel"]).sum()
    table["fee a payment"] = table["fee yuan"] / table["payments"]
    table["fee per 100 yuan"] = 100 * table["fee yuan"] / yuan.where(yuan > 0)
    table = table[table["customers"] >= min_cell]
    return table.sort_values("payments", ascending=False, kind="stable")


def score_cells(scores: pd.DataFrame, heat, n_scores: int) -> pd.DataFrame:
    """Customers by two scores, recency down and frequency across.

    Parameters
    ----------
    scores : DataFrame of shape (n_customers, n_axes)
    heat : (str, str)
        Axis of the rows and axis of the columns.
    n_scores : int

    Returns
    -------
    cells : DataFrame of shape (n_scores, n_scores)
        Rows from the best score down, columns from the lowest up.
    """
    rows, columns = (scores[axis].astype(int) for axis in heat)
    every = range(1, n_scores + 1)
    cells = pd.crosstab(rows, columns).reindex(index=every, columns=every)
    return cells.fillna(0).astype(int).iloc[::-1]


def shares_then_and_now(
    then: pd.Series, now: pd.Series, scheme: Scheme, *, days, min_cell: int
) -> pd.DataFrame:
    """Share of each segment in the customers of two days.

    Parameters
    ----------
    then, now : Series
        Keys of segments, as `payers.named` gives them; customers may differ.
    scheme : Scheme
    days : (str, str)
        Names of the columns.
    min_cell : int
        Segments that are `hidden` on either day are left out.

    Returns
    -------
    shares : DataFrame
        Index `segment`; two columns in [0, 1].

    Examples
    --------
    >>> from research.service.payers import named, scheme_of
    >>> scheme = scheme_of("prepaid", ["trips"])
    >>> then = named([0, 1, 1, 1], pd.RangeIndex(4), scheme)
    >>> now = named([0, 0, 1, 1], pd.RangeIndex(4), scheme)
    >>> shares_then_and_now(then, now, scheme, days=("a", "b"), min_cell=1)
                             a    b
    segment
    at the limit 余额临界  0.25  0.5
    steady 平稳          0.75  0.5
    """
    counts = pd.DataFrame(
        {
            name: worded(segments, scheme).value_counts(sort=False)
            for name, segments in zip(days, (then, now), strict=True)
        }
    )
    few_then, few_now = (hidden(counts[name], min_cell=min_cell) for name in counts)
    shown = (counts > 0).all(axis=1) & ~few_then & ~few_now
    return (counts / counts.sum())[shown].rename_axis("segment")
