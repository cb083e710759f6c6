"""RFM whole: the published example to the digit, rules, laws, the four classes."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from planted import SHARED

from research.segmenters import RFMSegmenter
from research.segmenters.rfm import (
    Rule,
    check_rules,
    first_match,
    payment_classes,
    quantile_edges,
    rfm_table,
    rules_table,
    shadowed_rules,
)

HERE = Path(__file__).parent
AXES = {"recency_days": -1, "transaction_count": 1, "amount": 1}
LETTERS = dict(zip("RFM", AXES, strict=True))


@pytest.fixture(scope="module")
def published():
    """What the R package rfm prints for its own example."""
    text = (HERE / "rfm_orders_expected.json").read_text("utf-8")
    return json.loads(text)["orders"]


@pytest.fixture(scope="module")
def orders():
    return pd.read_csv(HERE / "rfm_orders.csv", parse_dates=["order_date"])


@pytest.fixture(scope="module")
def customers(orders, published):
    return rfm_table(
        orders,
        customer="customer_id",
        date="order_date",
        amount="revenue",
        as_of=published["analysis_date"],
    )


@pytest.fixture(scope="module")
def rules(published):
    return [
        Rule(s["name"], {axis: s[letter] for letter, axis in LETTERS.items()})
        for s in published["segments"]
    ]


@pytest.fixture(scope="module")
def segmenter(customers, rules):
    return RFMSegmenter(AXES, scoring="rfm", rules=rules).fit(customers)


# --- the published example ------------------------------------------------------------


def test_the_published_table_is_reproduced(customers, segmenter, published):
    assert len(customers) == published["n_customers"] == 995
    scores = segmenter.set_output(transform="default").transform(customers)
    ours = np.column_stack([customers.to_numpy(), scores])
    first = published["first_rows"]["rows"]
    ours = pd.DataFrame(ours, index=customers.index).loc[[int(i) for i in first]]
    assert_array_equal(ours, np.array(list(first.values()), dtype=float))


def test_the_published_limits_are_reproduced(segmenter):
    """The package prints 115, 181, 297, 482; 4, 5, 6, 8; 256, 382, 506, 666."""
    limits = {axis: edges.inner.round(1).tolist() for axis, edges in _edges(segmenter)}
    assert limits == {
        "recency_days": [115.0, 181.0, 297.4, 482.0],
        "transaction_count": [4.0, 5.0, 6.0, 8.0],
        "amount": [255.8, 382.0, 506.4, 666.0],
    }


def _edges(segmenter):
    return segmenter.edges_.items()


def test_the_published_segments_are_reproduced_to_the_digit(
    customers, segmenter, published
):
    names = np.array(segmenter.segment_names_)[segmenter.labels_]
    groups = customers.groupby(names)
    table = pd.DataFrame(
        {
            "customers": groups.size(),
            "orders": groups["transaction_count"].sum(),
            "revenue": groups["amount"].sum(),
        }
    )
    expected = pd.DataFrame.from_dict(
        published["summary"]["rows"],
        orient="index",
        columns=published["summary"]["columns"],
    )
    exact = expected.loc[table.index, list(table)]
    assert_frame_equal(table, exact, check_dtype=False)
    # The average order value is printed with three digits, some of them cut off.
    value = table["revenue"] / table["orders"]
    last_digit = np.where(value >= 100, 1.0, 0.1)
    assert ((value - expected.loc[table.index, "aov"]).abs() < last_digit).all()
    assert set(table.index) == set(expected.index)
    assert "others" not in table.index


def test_the_published_limits_rounded_move_one_customer(customers, segmenter, rules):
    """The package's own test declares its limits as whole numbers, 297 and 506 too."""
    whole = RFMSegmenter(
        AXES,
        scoring="threshold",
        thresholds={
            "recency_days": [115, 181, 297, 482],
            "transaction_count": [4, 5, 6, 8],
            "amount": [256, 382, 506, 666],
        },
        rules=rules,
    ).fit(customers)
    assert (whole.labels_ != segmenter.labels_).sum() == 1


def test_the_published_heat_map_adds_up(customers, segmenter):
    """The package's test: mean amounts by recency and frequency score sum to 12,634."""
    scores = segmenter.set_output(transform="default").transform(customers)
    cells = customers["amount"].groupby([scores[:, 0], scores[:, 1]]).mean()
    assert round(cells.sum()) == 12634


def test_the_published_bins_of_miles_a_gallon_are_reproduced():
    """The package's test of its bins on R's mtcars: 16.20, 18.92, 22.00, 25.08."""
    mpg = (
        "21 21 22.8 21.4 18.7 18.1 14.3 24.4 22.8 19.2 17.8 16.4 17.3 15.2 10.4 10.4 "
        "14.7 32.4 30.4 33.9 21.5 15.5 15.2 13.3 19.2 27.3 26 30.4 15.8 19.7 15 21.4"
    )
    edges = quantile_edges([float(x) for x in mpg.split()], 5, edges="rfm")
    assert edges.inner.round(10).tolist() == [16.20, 18.92, 22.00, 25.08]


def test_the_published_rules_all_can_fit(rules):
    check_rules(rules, list(AXES), 5)
    assert shadowed_rules(rules, 5) == {}


# --- the table ------------------------------------------------------------------------


def test_rows_after_the_day_are_not_counted_and_their_number_is_told(orders):
    names = {"customer": "customer_id", "date": "order_date", "amount": "revenue"}
    whole = rfm_table(orders, as_of="2004-06-30", **names)
    seen = orders[orders["order_date"] <= "2004-06-30"]
    only_past = rfm_table(seen, as_of="2004-06-30", **names)
    assert_frame_equal(whole, only_past)
    assert whole.attrs["after_as_of"] == len(orders) - len(seen) > 0
    assert only_past.attrs["after_as_of"] == 0


def test_a_payment_late_on_the_day_itself_counts():
    rows = pd.DataFrame({"c": ["a"], "t": [pd.Timestamp("2024-03-31 23:59")], "y": 5.0})
    table = rfm_table(rows, customer="c", date="t", amount="y", as_of="2024-03-31")
    assert table.loc["a", "recency_days"] == 0


def test_a_refund_takes_off_its_amount_and_is_no_visit():
    rows = pd.DataFrame(
        {
            "c": ["a", "a", "b"],
            "t": pd.to_datetime(["2024-01-01", "2024-03-01", "2024-03-01"]),
            "y": [80.0, -30.0, -5.0],
        }
    )
    table = rfm_table(rows, customer="c", date="t", amount="y", as_of="2024-03-31")
    assert table.loc["a"].tolist() == [90, 1, 50]
    assert table.loc["b", ["transaction_count", "amount"]].tolist() == [0, -5]
    assert np.isnan(table.loc["b", "recency_days"])
    assert table.attrs["refunds"] == 2


def test_the_day_is_asked_for_and_missing_values_and_columns_are_named(orders):
    names = {"customer": "customer_id", "date": "order_date", "amount": "revenue"}
    with pytest.raises(TypeError, match="as_of"):
        rfm_table(orders, **names)
    with pytest.raises(ValueError, match="lack the column 'yuan'"):
        rfm_table(orders, as_of="2006-12-31", **{**names, "amount": "yuan"})
    holed = orders.assign(revenue=orders["revenue"].where(orders.index > 2))
    with pytest.raises(ValueError, match="3 in 'revenue'"):
        rfm_table(holed, as_of="2006-12-31", **names)


ONE = pd.DataFrame({"c": ["a"], "t": [pd.Timestamp("2024-03-31 20:00")], "y": [5.0]})
NAMES = {"customer": "c", "date": "t", "amount": "y"}


def test_a_time_with_a_zone_counts_on_the_day_of_its_own_clock():
    utc = ONE.assign(t=ONE["t"].dt.tz_localize("UTC"))
    here = utc.assign(t=utc["t"].dt.tz_convert("Asia/Shanghai"))  # 1 April, 04:00
    for day in ("2024-03-31", pd.Timestamp("2024-03-31", tz="Asia/Shanghai")):
        assert rfm_table(utc, as_of=day, **NAMES).loc["a", "recency_days"] == 0
        assert rfm_table(here, as_of=day, **NAMES).attrs["after_as_of"] == 1


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("t", [20240331], "'t' must hold dates.*numbers"),
        ("t", ["soon"], "'t' must hold dates"),
        ("y", ["5.00"], "'y' must hold finite numbers"),
        ("y", [np.inf], "'y' must hold finite numbers"),
    ],
)
def test_what_is_no_date_and_no_amount_is_named(column, values, message):
    with pytest.raises(ValueError, match=message):
        rfm_table(ONE.assign(**{column: values}), as_of="2024-03-31", **NAMES)


@pytest.mark.parametrize("day", [20240331, "soon", None, pd.NaT])
def test_what_is_no_day_is_refused(day):
    with pytest.raises(ValueError, match="as_of must be a day"):
        rfm_table(ONE, as_of=day, **NAMES)


def test_before_all_rows_nobody_is_known():
    table = rfm_table(ONE, as_of="2020-01-01", **NAMES)
    assert table.empty
    assert table.attrs["after_as_of"] == 1


# --- the estimator --------------------------------------------------------------------


@pytest.mark.parametrize("scoring", ["quantile", "rfm", "kmeans"])
def test_neither_order_nor_names_of_customers_matter(customers, rules, scoring):
    model = RFMSegmenter(AXES, scoring=scoring, rules=rules, random_state=0)
    labels = pd.Series(model.fit(customers).labels_, index=customers.index)
    shuffled = customers.sample(frac=1, random_state=3)
    again = pd.Series(model.fit(shuffled).labels_, index=shuffled.index)
    assert (again.loc[customers.index] == labels).all()
    renamed = customers.set_axis([f"x{i}" for i in range(len(customers))])
    assert_array_equal(model.fit(renamed).labels_, labels)


def test_neither_columns_order_nor_other_columns_matter(customers, rules):
    model = RFMSegmenter(AXES, rules=rules)
    labels = model.fit(customers).labels_
    other = customers.assign(shoe_size=42.0)[[*reversed(AXES), "shoe_size"]]
    assert_array_equal(model.fit(other).labels_, labels)


def test_turning_an_axis_around_and_its_direction_too_changes_nothing(customers):
    table = customers.drop_duplicates("amount")  # on ties a limit belongs below
    values = table[["amount"]].iloc[:501]
    up = RFMSegmenter({"amount": 1}, n_scores=5).fit(values)
    down = RFMSegmenter({"amount": -1}, n_scores=5).fit(-values)
    differs = up.transform(values) != down.transform(-values)
    assert differs.sum() <= 4  # those on the four limits


def test_edges_of_fit_hold_for_new_customers(customers, segmenter):
    for row in (0, 17, 994):
        assert segmenter.predict(customers.iloc[[row]]) == segmenter.labels_[row]
    new = pd.DataFrame([[0, 999, 1e9], [9999, 1, 0]], columns=list(AXES), dtype=float)
    assert segmenter.transform(new).tolist() == [[5, 5, 5], [1, 1, 1]]
    names = [segmenter.segment_names_[label] for label in segmenter.predict(new)]
    assert names == ["Champions", "Lost"]


def test_planted_payers_are_found():
    """Three kinds of payers drawn far apart come back by declared limits."""
    rng = np.random.default_rng(0)
    truth = rng.permutation(np.repeat([0, 1, 2], 100))
    days = np.array([0, 10, 100])[truth] + rng.uniform(0, 5, 300)
    count = np.array([12, 30, 4])[truth] + rng.integers(0, 3, 300)
    rules = [
        Rule("good", {"days": (4, 4)}),
        Rule("slow", {"days": (3, 3), "count": (1, 2)}),
        Rule("gone", {"days": (1, 2), "count": (3, 4)}),
    ]
    model = RFMSegmenter(
        {"days": -1, "count": -1},
        scoring="threshold",
        n_scores=4,
        thresholds={"days": [6, 20, 200], "count": [8, 20, 25]},
        rules=rules,
    )
    labels = model.fit_predict(pd.DataFrame({"days": days, "count": count}))
    assert (labels == truth).all()
    assert model.segment_sizes_.tolist() == [100, 100, 100, 0]


def test_a_constant_axis_gets_the_middle_score_and_is_flagged():
    table = pd.DataFrame({"days": [0.0] * 6, "yuan": [1.0, 2, 3, 4, 5, 6]})
    model = RFMSegmenter({"days": -1, "yuan": 1}).fit(table)
    assert set(model.transform(table)[:, 0]) == {3}
    assert model.flags_ == {"days": "constant"}


def test_flags_speak_of_scores_as_they_are_handed_out():
    table = pd.DataFrame({"days": [0.0] * 7 + [2, 9, 9]})
    model = RFMSegmenter({"days": -1}).fit(table)
    assert model.transform(table).ravel().tolist() == [5] * 7 + [2, 1, 1]
    assert model.flags_ == {"days": "nobody has score 3, 4"}


def test_each_axis_may_have_its_own_scoring(customers):
    scoring = {
        "recency_days": "threshold",
        "transaction_count": "kmeans",
        "amount": "quantile",
    }
    limits = {"recency_days": [30, 90, 180, 365]}
    model = RFMSegmenter(AXES, scoring=scoring, thresholds=limits, random_state=0)
    scores = pd.DataFrame(model.fit(customers).transform(customers), columns=AXES)
    days = customers["recency_days"].to_numpy()
    assert ((scores["recency_days"] == 5).to_numpy() == (days < 30)).all()
    one = RFMSegmenter({"amount": 1}).fit(customers).transform(customers)
    assert_array_equal(scores["amount"], one.ravel())


def test_without_rules_the_sum_of_the_scores_decides():
    table = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [1, 2, 3, 4, 5]})
    model = RFMSegmenter().fit(table)
    names = [model.segment_names_[label] for label in model.labels_]
    assert names == ["low", "low", "middle", "high", "high"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"axes": {"days": -1, "typo": 1}}, "axes name 'typo', which is no column"),
        ({"axes": {"days": 0}}, "direction of axis 'days' must be 1"),
        ({"axes": ["days"]}, "axes must map"),
        ({"scoring": "deciles"}, "scoring of days must be one of"),
        ({"scoring": {"days": "kmeans"}}, "scoring must be one of"),
        ({"scoring": "threshold"}, "thresholds must give 4 limits for the axis 'days'"),
        ({"axes": {"days": True}}, "direction of axis 'days' must be 1"),
        ({"scoring": "threshold", "thresholds": [1, 2]}, "thresholds must map axes"),
        ({"thresholds": {"dayz": [1, 2, 3, 4]}}, "thresholds must map axes.*days"),
        (
            {
                "axes": {"days": 1},
                "scoring": "threshold",
                "thresholds": {"days": "abcd"},
            },
            "finite numbers that rise",
        ),
        ({"rules": [("a", {"days": 5})]}, "two whole numbers within 1 to 5"),
        ({"rules": [("a", {"days": ("4", "5")})]}, "two whole numbers"),
        ({"rules": [("a", {"days": (4.5, 5)})]}, "two whole numbers"),
        ({"n_scores": 1}, "n_scores must be a whole number of at least 2"),
        ({"rules": [("a", {"typo": (1, 2)})]}, "'typo', which has no scores"),
        ({"rules": [("a", {"days": (4, 2)})]}, "from a lowest to a highest score"),
        ({"rules": [("a", {"days": (0, 2)})]}, "from a lowest to a highest score"),
        ({"rules": []}, "at least one rule"),
        ({"rules": [("a", {}), ("a", {})]}, "stands twice"),
        ({"rules": [("others", {})]}, "the name of who is left"),
    ],
)
def test_what_can_not_be_meant_is_refused_at_fit(parameters, message):
    table = pd.DataFrame({"days": [1.0, 2, 3], "yuan": [1.0, 2, 3]})
    with pytest.raises(ValueError, match=message):
        RFMSegmenter(**parameters).fit(table)


def test_an_axis_with_gaps_is_refused_by_its_name_and_other_columns_may_have_some():
    table = pd.DataFrame({"days": [1.0, 2, 3], "yuan": [np.nan] * 3})
    model = RFMSegmenter({"days": -1}).fit(table)
    assert model.predict(table).tolist() == model.labels_.tolist()
    for axes in (None, {"days": -1, "yuan": 1}):
        with pytest.raises(ValueError, match="3 in 'yuan', of 3 rows"):
            RFMSegmenter(axes).fit(table)
    with pytest.raises(ValueError, match="1 in 'days', of 1 rows"):
        model.predict(pd.DataFrame({"days": [np.inf], "yuan": [1.0]}))


def test_customers_whom_no_rule_fits_are_a_segment_of_their_own():
    table = pd.DataFrame({"days": [1.0, 2, 3, 4, 5]})
    model = RFMSegmenter({"days": -1}, rules=[Rule("best", {"days": (5, 5)})])
    model.fit(table)
    assert model.segment_names_ == ["best", "others"]
    assert model.segment_sizes_.tolist() == [1, 4]


def test_one_customer_alone_gets_middle_scores_and_flags():
    table = pd.DataFrame({"days": [9.0], "yuan": [50.0]})
    model = RFMSegmenter({"days": -1, "yuan": 1}).fit(table)
    assert model.transform(table).tolist() == [[3, 3]]
    assert model.flags_ == {"days": "constant", "yuan": "constant"}


@pytest.mark.parametrize("scoring", ["quantile", "kmeans"])
def test_fen_instead_of_yuan_change_no_segment(customers, rules, scoring):
    model = RFMSegmenter(AXES, scoring=scoring, rules=rules, random_state=0)
    labels = model.fit(customers).labels_
    fen = customers.assign(amount=100 * customers["amount"])
    assert_array_equal(model.fit(fen).labels_, labels)


def test_customers_counted_twice_change_no_segment(customers, rules):
    model = RFMSegmenter(AXES, scoring="kmeans", rules=rules, random_state=0)
    labels = model.fit(customers).labels_
    twice = model.fit(pd.concat([customers, customers])).labels_
    assert_array_equal(twice, np.tile(labels, 2))


def test_a_rule_that_two_before_it_cover_together_is_refused():
    rules = [Rule("low", {"R": (1, 2)}), Rule("high", {"R": (3, 5), "F": (1, 5)})]
    check_rules(rules, ["R", "F"], 5)
    late = [*rules, Rule("late", {"F": (5, 5)})]
    with pytest.raises(ValueError, match=r"'late' can never fit.*'low' and 'high'"):
        check_rules(late, ["R", "F"], 5)


def test_many_axes_are_compared_rule_by_rule():
    axes = {f"a{i}": (2, 4) for i in range(9)}
    rules = [Rule("wide", {"a0": (1, 5)}), Rule("narrow", axes)]
    assert shadowed_rules(rules, 5) == {"narrow": ["wide"]}
    assert shadowed_rules(rules[::-1], 5) == {}


def test_the_first_rule_that_fits_wins_and_others_come_last():
    scores = pd.DataFrame({"R": [5, 4, 1], "F": [5, 5, 5]})
    rules = [Rule("best", {"R": (5, 5)}), Rule("often", {"R": (3, 5), "F": (4, 5)})]
    assert first_match(scores, rules).tolist() == [0, 1, 2]
    assert rules_table(rules, 5).loc["often"].to_dict() == {"R": "3-5", "F": "4-5"}


# --- the four classes -----------------------------------------------------------------


@pytest.fixture(scope="module")
def households():
    path = SHARED / "data/cn_residential_payments_2018_2019/payments.csv"
    if not path.is_file():
        pytest.skip("the real payments are absent")
    rows = pd.read_csv(path)
    customer, _, amount = (rows.columns[i] for i in range(3))
    return rows.groupby(customer)[amount].agg(["size", "sum"])


@pytest.mark.parametrize(
    ("reading", "mean", "expected"),
    [
        ("customer_total", 705.24, [41, 29, 4, 26]),
        ("mean_payment", 106.2108, [28, 42, 10, 20]),
    ],
)
def test_both_published_readings_are_reproduced(households, reading, mean, expected):
    classes = payment_classes(households["size"], households["sum"], reading)
    assert classes.value_counts(sort=False).tolist() == expected
    assert sum(expected) == len(households) == 100
    assert classes.attrs["reading"] == reading
    assert classes.attrs["mean_count"] == 6.64
    assert classes.attrs["mean_amount"] == pytest.approx(mean, abs=5e-5)


def test_a_customer_on_the_mean_is_not_above_it():
    counts = pd.Series([2, 2, 2])
    amounts = pd.Series([0.1, 0.1, 0.1])  # their mean rounds to a bit more or less
    for reading in ("customer_total", "mean_payment"):
        assert set(payment_classes(counts, amounts, reading)) == {"low value"}


def test_classes_need_one_index_and_customers_who_paid():
    counts = pd.Series([1, 2], index=["a", "b"])
    with pytest.raises(ValueError, match="one index"):
        payment_classes(counts, pd.Series([1.0, 2.0], index=["b", "a"]))
    with pytest.raises(ValueError, match="at least 1"):
        payment_classes(counts - 1, pd.Series([1.0, 2.0], index=["a", "b"]))
    with pytest.raises(ValueError, match=r"at least 1\. Got 1\.5"):
        payment_classes(counts + 0.5, counts * 1.0)
    twice = pd.Series([1, 2], index=["a", "a"])
    with pytest.raises(ValueError, match="1 repeated, such as"):
        payment_classes(twice, twice * 1.0)
    with pytest.raises(ValueError, match="reading must be one of"):
        payment_classes(counts, counts * 1.0, "median")
