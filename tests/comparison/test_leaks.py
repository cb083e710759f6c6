"""What would give a method away what it shall foretell: refused, or not possible."""

import numpy as np
import pandas as pd
import pytest
from comparison.constructed import Quick, noise, plan, small, spy
from features.payment_tables import random_money
from pandas.testing import assert_frame_equal
from planted import OPEN_YAML, planted_readings, write_region
from sklearn.base import BaseEstimator, ClusterMixin

from research.comparison._draws import draw_customers
from research.comparison._scores import foretold
from research.comparison.protocol import ReplicatePlan
from research.region import read_region
from research.service.comparable import tables_to_compare

YAML = OPEN_YAML
AS_OF = pd.Timestamp("2024-04-30")
BOOTSTRAP = {"replicates": {"kind": "bootstrap", "number": 3}}


# --- Days: nothing that came later is among what segments learn from.


def history():
    """Readings, bills, payments and tickets of 36 customers, by name of the table."""
    readings = planted_readings(36, 213)[0]  # until 2024-07-31
    bills, payments = random_money(seed=3, n_customers=36, n_months=9)
    ids = {f"c{i:02}": f"{i:04}" for i in range(36)}
    bills, payments = (t.replace({"customer_id": ids}) for t in (bills, payments))
    for name in ("issue_date", "due_date"):
        bills[name] = pd.to_datetime(bills[name])
    payments["ts"] = pd.to_datetime(payments["ts"])
    days = pd.date_range("2024-01-05", "2024-07-31", periods=60).floor("s")
    tickets = pd.DataFrame(
        {
            "ticket_id": [f"T{i}" for i in range(60)],
            "customer_id": [f"{i % 36:04}" for i in range(60)],
            "ts_created": days,
            "type": ["complaint", "inquiry", "complaint"] * 20,
            "text_zh": "",
        }
    )
    return {
        "readings": readings,
        "bills": bills.astype({"kwh": "float64"}),
        "payments": payments,
        "tickets": tickets,
    }


def with_another_future(tables):
    """The same until the day, all else after it."""
    tables = {name: table.copy() for name, table in tables.items()}
    rng = np.random.default_rng(9)
    readings, bills, payments, tickets = tables.values()
    later = {
        "readings": readings["ts"] >= AS_OF + pd.Timedelta(days=1),
        "bills": bills["issue_date"] > AS_OF,
        "payments": payments["ts"] >= AS_OF + pd.Timedelta(days=1),
        "tickets": tickets["ts_created"] >= AS_OF + pd.Timedelta(days=1),
    }
    assert all(0 < rows.sum() < len(rows) for rows in later.values())
    tables["readings"].loc[later["readings"], "kwh"] = rng.gamma(
        1, 9, later["readings"].sum()
    )
    tables["bills"].loc[later["bills"], "total_yuan"] *= 7
    tables["bills"].loc[later["bills"], "status"] = "open"
    tables["payments"].loc[later["payments"], "amount_yuan"] *= 0.1
    tables["payments"].loc[later["payments"], "bill_id"] = None
    tables["tickets"].loc[later["tickets"], "type"] = "complaint"
    return tables


@pytest.mark.slow
def test_what_came_after_the_day_is_in_nothing_that_is_learnt_from(tmp_path):
    now, other = (
        tables_to_compare(read_region(write_region(tmp_path / name, **tables)), AS_OF)
        for name, tables in (
            ("now", {"yaml": YAML, **history()}),
            ("other", {"yaml": YAML, **with_another_future(history())}),
        )
    )
    assert len(now.seen) == 36
    assert_frame_equal(now.seen, other.seen)
    assert_frame_equal(now.traits, other.traits)
    assert_frame_equal(now.indicators, other.indicators)
    assert now.axes.keys() == other.axes.keys() != set()
    for system, axes in now.axes.items():
        assert_frame_equal(axes, other.axes[system])
    assert now.held == other.held
    assert now.left_out.equals(other.left_out)
    # The change is one that can be seen: what came later is another.
    assert not now.outcomes.equals(other.outcomes)


@pytest.mark.parametrize(
    "days",
    [
        pytest.param(("2024-03-31", "2024-03-31"), id="same day"),
        pytest.param(("2024-03-31", "2024-01-01"), id="before"),
        pytest.param(("2024-03-31", None), id="one day alone"),
        pytest.param((None, "2024-04-01"), id="the other day alone"),
    ],
)
def test_outcomes_that_begin_too_early_are_refused(days):
    with pytest.raises(ValueError, match=r"must come after|both learnt_until and"):
        small().trials(learnt_until=days[0], comes_from=days[1])


def test_outcomes_of_the_next_day_are_none_too_early():
    assert len(small().trials(learnt_until="2024-03-31", comes_from="2024-04-01").runs)


# --- Customers: nobody is learnt from and tested.


class Memory(ClusterMixin, BaseEstimator):
    """A segment for each customer that it saw, one for all the others."""

    def fit(self, X, y=None):
        """Learn by heart."""
        self.known_ = {row: i + 1 for i, row in enumerate(map(tuple, np.asarray(X)))}
        return self

    def predict(self, X):
        """Look up."""
        return np.array([self.known_.get(row, 0) for row in map(tuple, np.asarray(X))])


@pytest.mark.parametrize("how", [{}, BOOTSTRAP], ids=["splits", "bootstrap"])
def test_who_learns_customers_by_heart_gains_nothing(how):
    fixed = {"takes_k": False, "takes_seed": False}
    built = small(method=Memory(), methods={"quick": fixed}, **how)
    runs = built.trials().runs
    assert (runs.loc[runs["method"] == "quick", "value"] == 0).all()
    # On the customers learnt from it would gain much: the test above can fail.
    y, own = built.outcomes["kwh"].to_numpy(), np.arange(len(built.outcomes))
    assert foretold(own, own, y, y, event=False) > 0.2


@pytest.mark.parametrize("how", [{}, BOOTSTRAP], ids=["splits", "bootstrap"])
def test_a_method_is_fitted_to_the_customers_learnt_from_and_no_others(how):
    """No scaler, no means, no number of segments can know who is tested."""
    method = spy()
    built = small(method=method, **how)
    X = built.features["load shape"].sort_index()
    built.trials()
    fits = method.fitted()
    n = len(built.protocol.k.grid) * 2  # seeds
    for rows, *_ in fits[:n]:  # the division of all, judged by nobody
        assert_frame_equal(rows, X)
    for replicate in range(3):
        train, test = draw_customers(len(X), built.protocol.replicates, replicate)
        part = slice(n * (replicate + 1), n * (replicate + 2))
        for rows, *_ in fits[part]:
            assert_frame_equal(rows, X.iloc[train])
            assert not set(rows.index) & set(X.index[test])
    assert len(fits) == 4 * n


@pytest.mark.parametrize(
    "table", ["load shape", "outcomes", "labels", "traits", "space"]
)
def test_a_customer_that_stands_twice_is_refused(table):
    built = small()
    X = built.features["load shape"]
    tables = {
        "features": {"load shape": X},
        "outcomes": built.outcomes,
        "labels": built.labels,
        "traits": X,
        "space": X,
    }
    if table in tables:
        tables[table] = pd.concat([tables[table], tables[table].iloc[[4]]])
    else:
        tables["features"] = {table: pd.concat([X, X.iloc[[4]]])}
    with pytest.raises(
        ValueError, match=rf"once in {table}\. Found {X.index[4]} twice"
    ):
        built.trials(**tables)


# --- Outcomes: no method is given them.


def test_a_method_sees_neither_outcomes_nor_old_classes():
    method = spy()
    built = small(method=method)
    one = built.trials()
    seen = method.notes.copy()
    method.notes.clear()
    turned = built.outcomes.sample(frac=1, random_state=0).set_axis(
        built.outcomes.index
    )
    other = built.trials(outcomes=turned)
    assert all(y is None for _, y, *_ in method.fitted())
    for before, after in zip(seen, method.notes, strict=True):
        assert before[0] == after[0]
        assert_frame_equal(before[1], after[1])
        assert list(before[1]) == list(built.features["load shape"])
    assert_frame_equal(one.segments, other.segments)
    assert not one.runs["value"].equals(other.runs["value"])


def test_the_number_of_segments_is_that_of_the_protocol():
    """Whatever the months foretold say: nothing is chosen on them."""
    method = spy()
    built = small(method=method)
    built.trials()
    asked = [(k, seed) for *_, k, seed in method.fitted()]
    assert [k for k, _ in asked[:6]] == [3, 2, 4] * 2
    assert {k for k, _ in asked} == set(built.protocol.k.grid)
    assert len(set(asked)) == len(asked)  # another seed in each replicate


LATER = {
    "as it is": lambda y: y["kwh"],
    "in another unit": lambda y: 3.6 * y["kwh"] + 2,
    "turned round": lambda y: -y["kwh"],
    "its exponential": lambda y: np.exp(y["kwh"]),
    "its ranks": lambda y: y["kwh"].rank(),
    "the event": lambda y: y["arrears"],
    "the event turned round": lambda y: 1 - y["arrears"],
    "the amount of the event": lambda y: y["arrears"] * (50 + y["kwh"]),
    "the days of the event": lambda y: np.where(y["arrears"], 31 + y["kwh"], y["kwh"]),
}


@pytest.mark.parametrize("leak", LATER.values(), ids=LATER.keys())
def test_an_outcome_among_the_features_is_refused(leak):
    built = small()
    X = built.features["load shape"]
    known = X.assign(x9=np.asarray(leak(built.outcomes), dtype=float))
    with pytest.raises(ValueError, match=r"Column 'x9' .* would foretell itself"):
        built.trials(features={"load shape": known})


CLASSES = {
    "the event": lambda y: y["arrears"],
    "words for the event": lambda y: y["arrears"].map({True: "bad", False: "good"}),
    "the event by a class": lambda y: (
        y["arrears"].astype(str) + (y["kwh"] > 1).map(str)
    ),
    "the number": lambda y: y["rooms"],
}


@pytest.mark.parametrize("leak", CLASSES.values(), ids=CLASSES.keys())
def test_classes_that_were_made_from_an_outcome_are_refused(leak):
    built = small()
    outcomes = built.outcomes.assign(rooms=np.arange(90) % 4)
    labels = built.labels.assign(grade=leak(outcomes))
    with pytest.raises(ValueError, match=r"'grade' .* were made from it"):
        built.trials(labels=labels, outcomes=outcomes)


def test_a_leak_is_seen_where_other_customers_lack_the_outcome():
    built = small()
    y = built.outcomes["kwh"].where(np.arange(90) % 3 > 0)
    known = built.features["load shape"].assign(x9=built.outcomes["kwh"])
    with pytest.raises(ValueError, match="would foretell itself"):
        built.trials(features={"load shape": known}, outcomes=y.to_frame())


def test_a_good_feature_is_no_leak():
    """Nor is what tells the outcome all but for a little: that may be known before."""
    built = small()
    rng = np.random.default_rng(0)
    y = built.outcomes
    known = built.features["load shape"].assign(
        x8=y["kwh"] + 0.1 * rng.standard_normal(90),
        x9=np.where(np.arange(90) == 5, ~y["arrears"], y["arrears"]).astype(float),
    )
    labels = built.labels.assign(size=pd.qcut(y["kwh"], 3, labels=False))
    assert len(built.trials(features={"load shape": known}, labels=labels).runs)


def test_a_rare_event_that_some_column_singles_out_is_no_leak():
    """Of 40 columns of noise some have their highest value at the one that it met."""
    for seed in range(5):
        built = noise(seed, n=200, d=40)
        quick = plan({"quick": {}}, n=1)
        one = pd.Series(np.arange(200) == 0, built.outcomes.index)
        outcomes = built.outcomes.assign(arrears=one)
        found = built.trials(
            protocol=quick, methods={"quick": Quick()}, labels=None, outcomes=outcomes
        )
        assert list(found.unjudged) == ["arrears"]


def test_the_plan_of_a_bootstrap_leaves_some_out():
    """The share that is tested stands nowhere: it is about 1 / e."""
    draws = ReplicatePlan(kind="bootstrap", number=1)
    shares = [len(draw_customers(2000, draws, r)[1]) / 2000 for r in range(20)]
    assert np.mean(shares) == pytest.approx(np.exp(-1), abs=0.005)
