"""Indicators of a region, and several regions side by side."""

import numpy as np
import pandas as pd
import pytest

from research.comparison import rank_intervals
from research.report.published import from_csv
from research.report.tables import to_csv
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


def kept(**sizes):
    """Segments of as many customers."""
    values = [name for name, size in sizes.items() for _ in range(size)]
    return pd.Series(pd.Categorical(values, categories=list(sizes)))


def test_payers_are_told_by_the_rules_that_the_region_carries():
    paid, limit = kept(punctual=40, arrears=20), kept(at_limit=30, steady=30)
    rows = indicators.of_payers({"postpaid": paid, "prepaid": limit}, billed=True)
    assert [(row.key, row.value, row.customers) for row in rows] == [
        ("overdue", 1 / 3, 60),
        ("at_limit", 0.5, 60),
    ]
    rows = indicators.of_payers({"postpaid": paid, "prepaid": limit}, billed=False)
    assert [row.key for row in rows] == ["at_limit"]
    assert indicators.of_payers({"prepaid": kept(steady=60)}, billed=True) == []


# --- the rules of privacy -------------------------------------------------------------


def shown(features, counted=None, min_cell=15):
    rows = indicators.of_load(features, counted)
    return indicators.table(rows, "2024", min_cell).set_index("indicator")


def test_who_dominates_stands_in_no_mean_of_energy():
    """One works of 1 GWh among 99 homes of 1000 kWh: 91 % of the energy."""
    homes = {"annual_energy": 1000.0, "load_factor": 0.4}
    works = {"annual_energy": 1_000_000.0, "load_factor": 0.8}
    with_works = pd.DataFrame([homes] * 99 + [works])
    table = shown(with_works)
    assert table.loc["annual_energy", ["value", "low", "high"]].tolist() == [1000.0] * 3
    # Each customer counts as one in a mean of ratios: (99 * 0.4 + 0.8) / 100.
    assert table.loc["load_factor", "value"] == 0.404
    # 99 beside 100 would say that it is one.
    assert table["customers"].isna().to_dict() == {
        "annual_energy": True,
        "load_factor": False,
    }
    twice = with_works.replace(1_000_000.0, 2_000_000.0)
    assert shown(twice).to_csv() == table.to_csv()


def test_what_the_page_leaves_out_of_its_sums_is_left_out_here():
    features = pd.DataFrame({"annual_energy": [1000.0] * 60 + [2000.0] * 40})
    counted = pd.Series([True] * 60 + [False] * 40)
    assert indicators.of_load(features)[0].value == 1400.0
    assert indicators.of_load(features, counted)[0][:5] == (
        *("annual_energy", 1000.0, 1000.0, 1000.0, 60),
    )


def test_a_region_of_ten_customers_tells_nothing():
    ten = pd.DataFrame({"annual_energy": [900.0] * 10, "load_factor": [0.4] * 10})
    assert shown(ten).empty
    # Six may be a group of open data, if none of them makes 45 % of it.
    assert shown(ten, pd.Series([True] * 6 + [False] * 4), 5).index.tolist() == [
        "annual_energy",
        "load_factor",
    ]


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        # 9 and 8 are hidden together (17), 27 is shown: 36 overdue less 27 tell of 9.
        ({"late": 27, "arrears": 9, "recovered": 8, "punctual": 300}, []),
        # Both small ones are overdue: 44 less 27 are 17, and nobody else is hidden.
        ({"late": 27, "arrears": 9, "chronic": 8, "punctual": 300}, [44 / 344]),
        ({"late": 27, "arrears": 20, "punctual": 300}, [47 / 347]),
        ({"arrears": 5, "punctual": 300}, []),
        ({"arrears": 0, "punctual": 300}, [0.0]),
    ],
)
def test_a_share_of_payers_tells_of_no_segment_that_is_hidden(sizes, told, monkeypatch):
    monkeypatch.setattr(indicators, "OVERDUE", ("late", "arrears", "chronic"))
    rows = indicators.of_payers({"postpaid": kept(**sizes)}, billed=True)
    assert [row.value for row in rows] == pytest.approx(told)


def test_counts_that_are_withheld_are_no_hindrance_to_a_comparison():
    features = pd.DataFrame(
        {"annual_energy": [1000.0] * 99 + [1e6], "load_factor": [0.4] * 100}
    )
    table = indicators.table(indicators.of_load(features), "2024")
    read = from_csv(to_csv(table, index=False))
    compared = indicators.compare_regions({"a": read, "b": read}, rank_intervals)
    assert set(compared.ranked["indicator"]) == {"annual_energy", "load_factor"}
    assert compared.ranked["customers"].isna().sum() == 2
