"""Indicators of a region, and several regions side by side."""

import numpy as np
import pandas as pd

from research.comparison import rank_intervals
from research.service import indicators


def published(**shares):
    """A region's table, read back as text."""
    rows = [indicators.share(key, *of) for key, of in shares.items()]
    table = indicators.table(rows, "2024")
    return table.astype(str)


def test_the_book_is_complete_and_of_features_that_are_there():
    book = indicators.book()
    assert (book[["en", "zh", "unit", "of"]] != "").all().all()
    own = book.index[book["definition"] == ""]
    assert set(own) == {"fell_behind", "score_auc"}  # they say it themselves


def test_a_mean_counts_whom_it_is_of_and_its_interval_shrinks_with_them():
    rng = np.random.default_rng(3)
    few = indicators.mean("load_factor", pd.Series(rng.normal(0.5, 0.1, 50)))
    many = indicators.mean("load_factor", pd.Series(rng.normal(0.5, 0.1, 5000)))
    assert few.low < few.value < few.high
    # 1.96 standard errors on each side, by theory.
    assert abs((many.high - many.low) / (2 * 1.96 * 0.1 / 5000**0.5) - 1) < 0.15
    assert (few.high - few.low) > 5 * (many.high - many.low)
    nobody = indicators.mean("load_factor", pd.Series([np.nan, np.nan]))
    assert nobody.customers == 0
    assert np.isnan(nobody.value)


def test_few_customers_are_not_told_of():
    rows = [indicators.share("overdue", 3, 14), indicators.share("at_limit", 3, 15)]
    assert indicators.table(rows, "a")["indicator"].tolist() == ["at_limit"]
    assert len(indicators.table(rows, "a", min_cell=14)) == 2
    assert indicators.table([], "a").columns.tolist()[0] == "indicator"


def test_regions_are_ranked_by_what_both_have():
    regions = {
        "a": published(overdue=(40, 1000), at_limit=(300, 1000)),
        "b": published(overdue=(250, 1000)),
        "c": published(overdue=(45, 1000)),
    }
    compared = indicators.compare_regions(regions, rank_intervals)
    assert compared.ranked["region"].tolist() == ["b", "c", "a"]
    assert compared.ranked["rank"].tolist() == [1, 2, 3]
    assert compared.ranked["best"].tolist() == [1, 2, 2]
    assert compared.ranked["worst"].tolist() == [1, 3, 3]
    assert compared.alone[["indicator", "region", "why"]].values.tolist() == [
        ["at_limit", "a", "no other region has it"]
    ]
    found = indicators.apart(compared.ranked)
    assert found.loc["overdue", ["highest", "lowest"]].tolist() == ["b", ""]


def test_another_definition_is_not_compared():
    def fell(region_rate, told):
        rows = [indicators.share("fell_behind", region_rate, 1000, told)]
        return indicators.table(rows, "2024")

    compared = indicators.compare_regions(
        {"a": fell(50, "30 days"), "b": fell(20, "30 days"), "c": fell(1, "1 month")},
        rank_intervals,
    )
    assert compared.ranked["region"].tolist() == ["a", "b"]
    assert compared.alone["region"].tolist() == ["c"]
    assert compared.alone["why"].tolist() == ["another definition or unit"]


def test_one_region_and_none_are_not_compared():
    assert indicators.compare_regions({}, rank_intervals).ranked.empty
    one = indicators.compare_regions({"a": published(overdue=(1, 100))}, rank_intervals)
    assert one.ranked.empty
    assert one.alone["region"].tolist() == ["a"]
    assert indicators.apart(one.ranked.reindex(columns=["indicator"])).empty


def test_payers_are_told_by_the_rules_that_the_region_carries():
    def kept(values, categories):
        return pd.Series(pd.Categorical(values, categories=categories))

    paid = kept(["punctual", "arrears", "punctual"], ["punctual", "arrears"])
    limit = kept(["at_limit", "steady"], ["at_limit", "steady"])
    rows = indicators.of_payers({"postpaid": paid, "prepaid": limit}, billed=True)
    assert [(row.key, row.value, row.customers) for row in rows] == [
        ("overdue", 1 / 3, 3),
        ("at_limit", 0.5, 2),
    ]
    rows = indicators.of_payers({"postpaid": paid, "prepaid": limit}, billed=False)
    assert [row.key for row in rows] == ["at_limit"]
    untold = kept(["steady"], ["steady"])
    assert indicators.of_payers({"prepaid": untold}, billed=True) == []
