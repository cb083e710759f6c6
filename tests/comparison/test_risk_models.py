"""Ways to foretell, judged fairly: leaks are planted and must be found."""

import numpy as np
import pandas as pd
import pytest
from planted import SHARED
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from research.comparison import (
    auc,
    compare_risks,
    ks,
    out_of_sample,
    shuffled_auc,
    splits_by_customer,
)
from research.segmenters.credit import boosted_trees, logistic_scorecard, one_rule


@pytest.fixture(scope="module")
def twice():
    """300 customers at two times: X, customers, outcome, at."""
    rng = np.random.default_rng(0)
    habit = rng.normal(0, 1, 300)
    customers = np.array([f"{n:03}" for n in range(300)])
    X = pd.DataFrame({"delay": np.tile(habit, 2) + rng.normal(0, 0.5, 600)})
    X["noise"] = rng.normal(0, 1, 600)
    outcome = rng.random(600) < 1 / (1 + np.exp(1.5 - 1.5 * np.tile(habit, 2)))
    return X, np.tile(customers, 2), outcome, np.repeat([0, 1], 300)


def test_no_customer_is_learnt_from_and_tested_and_time_runs_forward(twice):
    _, customers, outcome, at = twice
    splits = splits_by_customer(customers, outcome, at=at)
    tested = np.concatenate([test for _, test in splits])
    assert sorted(tested) == list(range(300, 600))
    for train, test in splits:
        assert not set(customers[train]) & set(customers[test])
        assert at[train].max() < at[test].min()


def test_at_one_time_the_folds_share_the_outcome(twice):
    _, customers, outcome, _ = twice
    splits = splits_by_customer(customers[:300], outcome[:300])
    rates = [outcome[test].mean() for _, test in splits]
    assert np.ptp(rates) < 0.02
    assert all(len(train) + len(test) == 300 for train, test in splits)


def test_a_customer_who_stands_twice_at_a_time_is_refused():
    with pytest.raises(ValueError, match="'a' stands twice"):
        splits_by_customer(list("aab"), [0, 1, 1])


def test_an_outcome_too_rare_for_the_folds_is_refused():
    with pytest.raises(ValueError, match="came 1 times"):
        splits_by_customer(list("abcdef"), [0, 1, 0, 0, 0, 0])


def test_a_row_on_both_sides_or_tested_twice_is_a_leak(twice):
    X, _, outcome, _ = twice
    model = {"m": LogisticRegression()}
    with pytest.raises(ValueError, match="learns from rows that it tests"):
        out_of_sample(model, X, outcome, [(range(10), range(5, 15))])
    with pytest.raises(ValueError, match="tested by two splits"):
        out_of_sample(model, X, outcome, [([0, 1], [2]), ([3, 4], [2])])


def test_what_is_said_of_a_row_does_not_depend_on_its_own_outcome(twice):
    X, customers, outcome, at = twice
    splits = splits_by_customer(customers, outcome, at=at)
    models = {"tree": DecisionTreeClassifier(random_state=0), "rule": one_rule("delay")}
    told = out_of_sample(models, X, outcome, splits)
    turned = out_of_sample(models, X, np.where(at == 1, ~outcome, outcome), splits)
    pd.testing.assert_frame_equal(told.risk, turned.risk)
    pd.testing.assert_frame_equal(told.probability, turned.probability)


def test_a_dealt_out_outcome_can_not_be_foretold(twice):
    X, customers, outcome, at = twice
    splits = splits_by_customer(customers, outcome, at=at)
    found = shuffled_auc(LogisticRegression(), X, outcome, splits, n_shuffles=20)
    # Standard error of one AUC here about .035, of the mean of 20 .008.
    assert found.mean() == pytest.approx(0.5, abs=0.03)


def test_the_outcome_among_the_indicators_shows_as_an_auc_of_one(twice):
    X, customers, outcome, at = twice
    splits = splits_by_customer(customers, outcome, at=at)
    leaking = X.assign(later_delay=outcome.astype(float))
    found = out_of_sample({"leak": LogisticRegression()}, leaking, outcome, splits)
    assert auc(found.risk["leak"], found.outcome) == 1


def test_the_table_shows_every_model_in_order_with_its_difference(twice):
    X, customers, outcome, at = twice
    splits = splits_by_customer(customers, outcome, at=at)
    models = {"rule": one_rule("delay"), "logistic": logistic_scorecard()}
    found = out_of_sample(models, X, outcome, splits)
    table = compare_risks(found, reference="rule", n_resamples=100).set_index("model")
    assert list(table.index) == ["rule", "logistic"]
    assert table.loc["rule", "difference"] == 0
    assert table.loc["rule", "auc"] == pytest.approx(
        auc(X["delay"][300:], outcome[300:])
    )
    assert (table["low"] < table["auc"]).all()
    assert (table["auc"] < table["high"]).all()
    assert (table["brier"] < outcome.mean() * (1 - outcome.mean())).all()


def test_a_model_sees_only_the_columns_it_may(twice):
    X, customers, outcome, at = twice
    splits = splits_by_customer(customers, outcome, at=at)
    leaking = X.assign(leak=outcome.astype(float), empty=np.nan)
    models = {"blind": LogisticRegression(), "seeing": LogisticRegression()}
    columns = {"blind": ["noise"], "seeing": ["noise", "leak", "empty"]}
    found = out_of_sample(models, leaking, outcome, splits, columns=columns)
    assert auc(found.risk["seeing"], found.outcome) == 1
    assert auc(found.risk["blind"], found.outcome) < 0.65


@pytest.fixture(scope="module")
def card_accounts():
    path = SHARED / "data" / "tw_uci_credit_default" / "UCI_Credit_Card.csv.gz"
    if not path.is_file():
        pytest.skip("the card accounts are not there")
    rows = pd.read_csv(path)
    rows["worst_delay"] = rows[["PAY_0", *(f"PAY_{n}" for n in range(2, 7))]].max(
        axis=1
    )
    return rows


@pytest.mark.slow
def test_the_reference_figures_of_the_card_accounts_come_back(card_accounts):
    """Five folds, seed 0, all 23 columns; tolerance .002 for other versions."""
    rows = card_accounts
    outcome = rows["default.payment.next.month"].to_numpy() == 1
    X = rows.drop(columns=["ID", "default.payment.next.month"])
    splits = splits_by_customer(rows["ID"], outcome, random_state=0)
    columns = list(X.columns.drop("worst_delay"))
    found = out_of_sample(
        {
            "logistic": logistic_scorecard(),
            "boosting": boosted_trees(0),
            "rule": one_rule("worst_delay"),
        },
        X,
        outcome,
        splits,
        columns={"logistic": columns, "boosting": columns},
    )
    table = compare_risks(found, reference="rule", n_resamples=50).set_index("model")
    expected = {"logistic": (0.7226, 0.375), "boosting": (0.7821, 0.4273)}
    for model, (area, gap) in expected.items():
        assert table.loc[model, "auc"] == pytest.approx(area, abs=0.002)
        assert table.loc[model, "ks"] == pytest.approx(gap, abs=0.004)
    assert table.loc["rule", "auc"] == pytest.approx(0.7077, abs=0.0005)
    assert table.loc["logistic", "brier"] == pytest.approx(0.145, abs=0.001)
    assert ks(found.risk["rule"], found.outcome) == pytest.approx(0.4014, abs=0.001)
