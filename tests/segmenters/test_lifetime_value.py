"""The published figures on CDNOW, planted parameters, and laws of the models."""

import inspect
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from planted import SHARED
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution

from research.segmenters import lifetime_value as clv
from research.segmenters.lifetime_value import pareto_nbd

PUBLISHED = clv.BGNBD(0.243, 4.414, 0.793, 2.426)
CDNOW = SHARED / "data" / "cdnow"
needs_cdnow = pytest.mark.skipif(not CDNOW.exists(), reason="CDNOW is not here")


def bought(n=3000, weeks=52.0, seed=0, r=1.2, alpha=6.0, a=1.0, b=3.0):
    """Histories by the story that BG/NBD tells, and purchases of a second year."""
    rng = np.random.default_rng(seed)
    rate, stops = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    waits = rng.exponential(1 / rate, (400, n)).cumsum(axis=0)
    goes_on = np.cumprod(rng.random((400, n)) > stops, axis=0).astype(bool)
    happens = np.vstack([np.ones((1, n), dtype=bool), goes_on[:-1]])
    T = rng.uniform(weeks / 2, weeks, n)
    seen = happens & (waits <= T)
    later = (happens & (waits > T) & (waits <= T + weeks)).sum(axis=0)
    return seen.sum(axis=0), (waits * seen).max(axis=0), T, later


@pytest.fixture(scope="module")
def planted_histories():
    return bought()


@pytest.fixture(scope="module")
def planted_model(planted_histories):
    return clv.fit_bg_nbd(*planted_histories[:3])


@pytest.fixture(scope="module")
def expected():
    return json.loads((SHARED / "reference/clv_cdnow_expected.json").read_text())


@pytest.fixture(scope="module")
def cdnow():
    return pd.read_csv(CDNOW / "cdnow_customers_summary_with_transactions.csv")


@pytest.fixture(scope="module")
def cdnow_model(cdnow):
    return clv.fit_bg_nbd(cdnow["x"], cdnow["t_x"], cdnow["T"])


@pytest.fixture(scope="module")
def cdnow_orders():
    orders = pd.read_csv(
        CDNOW / "CDNOW_sample.txt",
        sep=r"\s+",
        names=["master", "customer", "date", "units", "dollars"],
    )
    return orders.assign(date=pd.to_datetime(orders["date"].astype(str)))


# --- published ----------------------------------------------------------------------


@needs_cdnow
def test_bg_nbd_finds_the_published_parameters(cdnow_model, expected):
    published = expected["bgnbd"]
    for name in ("r", "alpha", "a", "b"):
        found = getattr(cdnow_model, name)
        assert found == pytest.approx(published[name], abs=published["tol"])
        assert found == pytest.approx(published["measured"][name], abs=2e-4)
    assert cdnow_model.loglik == pytest.approx(-9582.4256, abs=0.001)


@needs_cdnow
def test_conditional_expectations_are_those_published(cdnow, cdnow_model, expected):
    first = cdnow[:3]
    found = clv.conditional_expected_purchases(
        cdnow_model, 39, first["x"], first["t_x"], first["T"]
    )
    measured = expected["bgnbd"]["conditional_expected_39w_first3"]["measured"]
    assert found == pytest.approx(measured, abs=1e-5)
    alive = clv.probability_alive(
        cdnow_model, first["x"][:1], first["t_x"][:1], first["T"][:1]
    )
    assert alive.item() == pytest.approx(0.72661, abs=1e-4)


@needs_cdnow
def test_expected_purchases_of_the_fit_are_those_published(cdnow_model):
    weeks = [0.1429, 1, 3, 31.8571, 32, 78]
    found = clv.expected_purchases(cdnow_model, weeks)
    printed = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    assert found == pytest.approx(printed, abs=6e-4)


def test_probabilities_of_purchases_are_those_published():
    found = clv.probability_of_purchases(PUBLISHED, np.arange(11, 21), 30)
    printed = [
        0.0019995214,
        0.0015170236,
        0.001163315,
        0.0009003148,
        0.0007023638,
        0.0005517902,
        0.0004361913,
        0.0003467171,
        0.0002769613,
        0.000222226,
    ]
    assert found == pytest.approx(printed, rel=1e-6)
    assert clv.probability_of_purchases(PUBLISHED, 10, 2) == pytest.approx(
        1.07869e-07, rel=1e-5
    )
    assert clv.probability_of_purchases(PUBLISHED, 0, 39) == pytest.approx(0.5737864)


@needs_cdnow
def test_gamma_gamma_finds_the_published_parameters(cdnow, expected):
    published = expected["gamma_gamma"]
    model = clv.fit_gamma_gamma(cdnow["x"], cdnow["zbar"])
    for name in ("p", "q", "v"):
        found = getattr(model, name)
        assert found == pytest.approx(published[name], abs=published["tol"])
        assert found == pytest.approx(published["measured"][name], abs=1e-3)
    assert model.n_customers == published["n_repeat_customers"] == 946
    assert model.correlation == pytest.approx(0.1139, abs=1e-4)
    value = clv.conditional_expected_value(model, cdnow["x"], cdnow["zbar"])
    assert value[:10] == pytest.approx(
        published["cond_expected_profit_first10"], abs=published["cond_tol"]
    )
    assert value.mean() == pytest.approx(35.2530, abs=1e-3)


@needs_cdnow
def test_pareto_nbd_finds_the_published_parameters(cdnow, expected):
    published = expected["pareto_nbd"]
    model = pareto_nbd.fit_pareto_nbd(cdnow["x"], cdnow["t_x"], cdnow["T"])
    for name in ("r", "alpha", "s", "beta"):
        tolerance = published["tol_rel"]
        found = getattr(model, name)
        assert found == pytest.approx(published[name], rel=tolerance)
    foretold = pareto_nbd.conditional_expected_purchases(
        model, 39, cdnow["x"], cdnow["t_x"], cdnow["T"]
    )
    assert foretold.sum() == pytest.approx(1665.5, abs=0.1)
    one = pareto_nbd.conditional_expected_purchases(model, 52, [26], [30.86], [31])
    assert one.item() == pytest.approx(25.46, abs=0.01)


@needs_cdnow
def test_the_summary_of_the_orders_is_the_published_one(cdnow, cdnow_orders):
    summary = clv.transactions_summary(
        cdnow_orders["customer"],
        cdnow_orders["date"],
        cdnow_orders["dollars"],
        as_of="1997-09-30",
    )
    assert summary["frequency"].to_list() == cdnow["x"].to_list()
    assert summary["frequency"].sum() == 2457
    printed = cdnow[["t_x", "T", "zbar"]].to_numpy()
    found = summary[["recency", "T", "monetary"]].fillna(0).to_numpy()
    assert np.abs(found - printed).max() < 0.0051  # printed to two decimals


@needs_cdnow
def test_the_weeks_held_out_are_foretold_as_low_as_published(
    cdnow, cdnow_model, cdnow_orders
):
    """1,653.4 foretold and 1,882 bought: who beats that looked ahead."""
    foretold = clv.conditional_expected_purchases(
        cdnow_model, 39, cdnow["x"], cdnow["t_x"], cdnow["T"]
    )
    assert foretold.sum() == pytest.approx(1653.4, abs=0.1)
    later = cdnow_orders[cdnow_orders["date"] > "1997-09-30"]
    assert len(later.drop_duplicates(["customer", "date"])) == 1882


# --- laws of BG/NBD -----------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    r=st.floats(0.05, 5),
    alpha=st.floats(0.1, 50),
    a=st.floats(0.05, 5),
    b=st.floats(0.05, 8),
    t=st.floats(0.1, 200),
)
def test_expected_purchases_are_the_integral_they_stand_for(r, alpha, a, b, t):
    """Of a rate, 1/p (1 - (alpha / (alpha + p t))^r) purchases; then over all p."""
    found = clv.expected_purchases(clv.BGNBD(r, alpha, a, b), t)

    def of_share(u):
        p = beta_distribution.ppf(u, a, b)
        if p < 1e-12:
            return r * t / alpha
        return -np.expm1(-r * np.log1p(p * t / alpha)) / p

    by_integral = quad(of_share, 0, 1, limit=400)[0]
    assert found == pytest.approx(by_integral, rel=2e-3)


@pytest.mark.parametrize(("a", "b"), [(1.0, 2.0), (0.4, 0.6), (1.0, 1e-3)])
def test_where_the_formula_is_nothing_over_nothing_it_goes_on(a, b):
    near = clv.BGNBD(0.5, 4, a + 2e-3, b + 2e-3)
    at = clv.expected_purchases(clv.BGNBD(0.5, 4, a, b), [1.0, 30.0])
    assert at == pytest.approx(clv.expected_purchases(near, [1.0, 30.0]), rel=5e-3)


@pytest.mark.parametrize("t", [1.0, 39.0])
def test_probabilities_add_to_one_and_to_the_expectation(t):
    n = np.arange(4000)
    found = clv.probability_of_purchases(PUBLISHED, n, t)
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1, abs=1e-9)
    mean = clv.expected_purchases(PUBLISHED, t)
    assert (n * found).sum() == pytest.approx(mean, rel=1e-9)


def test_long_histories_neither_overflow_nor_vanish():
    x = np.array([0, 1, 50, 900, 5000])
    t_x = np.array([0, 3, 200, 990, 999.0])
    for fitted, module in (
        (PUBLISHED, clv),
        (pareto_nbd.ParetoNBD(0.553, 10.578, 0.606, 11.669), pareto_nbd),
    ):
        alive = module.probability_alive(fitted, x, t_x, [1000.0] * 5)
        ahead = module.conditional_expected_purchases(fitted, 52, x, t_x, [1000.0] * 5)
        assert ((alive >= 0) & (alive <= 1)).all()
        assert np.isfinite(ahead).all()
        assert (ahead >= 0).all()


def test_who_bought_lately_is_likelier_alive():
    for fitted, module in (
        (PUBLISHED, clv),
        (pareto_nbd.ParetoNBD(0.553, 10.578, 0.606, 11.669), pareto_nbd),
    ):
        alive = module.probability_alive(fitted, [5] * 4, [5, 20, 35, 40.0], [40.0] * 4)
        assert (np.diff(alive) > 0).all()


def test_the_planted_parameters_lie_within_their_errors(planted_model):
    planted = np.array([1.2, 6.0, 1.0, 3.0])
    found = [getattr(planted_model, name) for name in ("r", "alpha", "a", "b")]
    assert (np.abs(found - planted) < 3 * np.array(planted_model.errors)).all()
    assert planted_model.n_customers == 3000


def test_the_planted_second_year_is_foretold(planted_histories, planted_model):
    *history, later = planted_histories
    foretold = clv.conditional_expected_purchases(planted_model, 52, *history)
    assert foretold.sum() == pytest.approx(later.sum(), rel=0.05)
    assert np.corrcoef(foretold, later)[0, 1] > 0.6


def test_neither_order_nor_unit_of_time_change_the_model(planted_histories):
    x, t_x, T, _ = (values[:500] for values in planted_histories)
    one = clv.fit_bg_nbd(x, t_x, T)
    other = clv.fit_bg_nbd(x[::-1], 7 * t_x[::-1], 7 * T[::-1])
    for name, unit in (("r", 1), ("alpha", 7), ("a", 1), ("b", 1)):
        assert getattr(other, name) == pytest.approx(
            unit * getattr(one, name), rel=1e-4
        )
    assert other.loglik == pytest.approx(one.loglik - x.sum() * np.log(7))


def test_customers_counted_twice_leave_the_parameters_and_halve_the_variance(
    planted_histories,
):
    history = [values[:500] for values in planted_histories[:3]]
    one = clv.fit_bg_nbd(*history)
    two = clv.fit_bg_nbd(*(np.tile(values, 2) for values in history))
    assert two.r == pytest.approx(one.r, rel=1e-4)
    assert two.loglik == pytest.approx(2 * one.loglik)
    assert np.array(two.errors) == pytest.approx(
        np.array(one.errors) / np.sqrt(2), rel=1e-3
    )


def test_errors_are_as_wide_as_the_spread_over_planted_worlds():
    fits = [clv.fit_bg_nbd(*bought(n=1000, seed=seed)[:3]) for seed in range(20)]
    spread = np.std([np.log(fit.r) for fit in fits], ddof=1)
    told = np.mean([fit.errors[0] / fit.r for fit in fits])
    assert told == pytest.approx(spread, rel=0.5)


@pytest.mark.parametrize(
    "fit",
    [
        clv.fit_bg_nbd,
        pytest.param(pareto_nbd.fit_pareto_nbd, marks=pytest.mark.slow),
    ],
)
def test_customers_who_never_stop_are_refused(fit):
    """As in the synthetic regions, whose prepaid customers have no other supplier."""
    with pytest.raises(ValueError, match="nobody stops buying"):
        fit(*bought(n=300, a=1e-9, b=1.0, seed=0)[:3])


@pytest.mark.parametrize("seed", range(1, 6))
def test_where_chance_looks_like_stopping_it_is_told_as_seldom(seed):
    """Of five worlds in which nobody stops each is refused or has next to no stops."""
    try:
        model = clv.fit_bg_nbd(*bought(n=300, a=1e-9, b=1.0, seed=seed)[:3])
    except ValueError as refused:
        assert "nobody stops" in str(refused)
    else:
        assert model.a / (model.a + model.b) < 0.02


def test_customers_who_are_all_alike_are_refused():
    with pytest.raises(ValueError, match=r"BG/NBD.*(runs away|leave \w+ open)"):
        clv.fit_bg_nbd([3] * 50, [9.0] * 50, [10.0] * 50)


def test_equal_amounts_are_no_gamma_gamma():
    with pytest.raises(ValueError, match="take each customer's own mean"):
        clv.fit_gamma_gamma(np.arange(1, 60), np.full(59, 20.0))


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (([0, 0], [0, 0], [3, 4]), "None of 2 customers bought again"),
        (([1, 0], [5, 0], [4, 4]), "1 of 2 customers have a recency below 0 or above"),
        (([1.5, 0], [1, 0], [4, 4]), "no whole number"),
        (([1, 0], [0, 0], [4, 4]), "does not fit the frequency"),
        (([1, np.nan], [1, 0], [4, 4]), "missing or infinite"),
        (([1, 0], [1], [4, 4]), "one value a customer"),
    ],
)
def test_histories_that_cannot_be_are_refused(history, said):
    for fit in (clv.fit_bg_nbd, pareto_nbd.fit_pareto_nbd):
        with pytest.raises(ValueError, match=said):
            fit(*history)


def test_time_does_not_run_backwards():
    with pytest.raises(ValueError, match="length of time"):
        clv.expected_purchases(PUBLISHED, -1)
    with pytest.raises(ValueError, match="whole numbers"):
        clv.probability_of_purchases(PUBLISHED, 1.5, 3)


# --- spending and value -------------------------------------------------------------


def spent(n=4000, seed=0, p=6.0, q=4.0, v=15.0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 9, n)
    rate = rng.gamma(q, 1 / v, n)
    return x, np.where(x > 0, rng.gamma(p * np.maximum(x, 1), 1 / rate) / x.clip(1), 0)


def test_planted_spending_is_found():
    model = clv.fit_gamma_gamma(*spent())
    found = np.array([model.p, model.q, model.v])
    assert (np.abs(found - [6, 4, 15]) < 3 * np.array(model.errors)).all()
    assert abs(model.correlation) < 0.05


def test_another_currency_changes_only_the_scale():
    x, money = spent(n=800)
    one, other = clv.fit_gamma_gamma(x, money), clv.fit_gamma_gamma(x, 700 * money)
    assert other.p == pytest.approx(one.p, rel=1e-4)
    assert other.q == pytest.approx(one.q, rel=1e-4)
    assert other.v == pytest.approx(700 * one.v, rel=1e-4)


def test_expected_spending_lies_between_the_own_and_the_common_mean():
    model = clv.GammaGamma(6.25, 3.74, 15.44)
    common = clv.conditional_expected_value(model, [0], [np.nan]).item()
    assert common == pytest.approx(6.25 * 15.44 / 2.74)
    value = clv.conditional_expected_value(model, [1, 5, 50], [80.0] * 3)
    assert (np.diff(value) > 0).all()
    assert common < value.min() < value.max() < 80


@pytest.mark.parametrize(
    ("x", "money", "said"),
    [
        ([0, 0], [0, 0], "0 customers bought again"),
        ([1, 2], [5, 0], "1 of 2 customers who bought again have a mean amount"),
        ([1, 2], [5], "one value a customer"),
        ([-1, 2], [5, 3], "at least 0"),
    ],
)
def test_spending_that_cannot_be_is_refused(x, money, said):
    with pytest.raises(ValueError, match=said):
        clv.fit_gamma_gamma(x, money)


def test_an_infinite_mean_is_no_expectation():
    with pytest.raises(ValueError, match="infinite"):
        clv.conditional_expected_value(clv.GammaGamma(1, 0.8, 2), [0], [0.0])


def test_lifetime_value_by_its_parts():
    summary = pd.DataFrame(
        {
            "frequency": [2, 0],
            "recency": [30.43, 0.0],
            "T": [38.86, 38.86],
            "monetary": [22.35, np.nan],
        },
        index=["a", "b"],
    )
    spending = clv.GammaGamma(6.25, 3.74, 15.44)
    history = (summary["frequency"], summary["recency"], summary["T"])
    amount = clv.conditional_expected_value(
        spending, summary["frequency"], summary["monetary"]
    )
    one, two = (
        clv.conditional_expected_purchases(PUBLISHED, t, *history) for t in (1, 2)
    )
    plain = clv.lifetime_value(PUBLISHED, spending, summary, periods=2)
    assert plain.to_numpy() == pytest.approx(amount * two)
    worth = clv.lifetime_value(
        PUBLISHED, spending, summary, periods=2, margin=0.3, discount_rate=0.1
    )
    by_hand = 0.3 * amount * (one / 1.1 + (two - one) / 1.21)
    assert worth.to_numpy() == pytest.approx(by_hand)
    assert worth.index.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    "wrong", [{"periods": 0}, {"periods": 2, "discount_rate": -0.1}, {"periods": 1.5}]
)
def test_a_value_over_no_time_is_refused(wrong):
    with pytest.raises(ValueError, match=r"periods|discount_rate"):
        clv.lifetime_value(PUBLISHED, clv.GammaGamma(6, 4, 15), pd.DataFrame(), **wrong)


# --- transactions -------------------------------------------------------------------


def orders(seed):
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60, 80), "D")
    return pd.DataFrame(
        {
            "customer": rng.integers(0, 12, 80).astype(str),
            "date": days,
            "amount": rng.integers(1, 50, 80).astype(float),
        }
    )


def summary_of(table, **settings):
    return clv.transactions_summary(
        table["customer"], table["date"], table["amount"], **settings
    )


def test_what_happens_after_the_day_changes_nothing():
    table = orders(0)
    early = table[table["date"] <= "2024-02-01"]
    assert_frame_equal(
        summary_of(table, as_of="2024-02-01"), summary_of(early, as_of="2024-02-01")
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_and_time_of_day_do_not_count(seed):
    table = orders(seed)
    rng = np.random.default_rng(seed)
    moved = table.sample(frac=1, random_state=seed)
    moved["date"] += pd.to_timedelta(rng.integers(0, 86_399, len(moved)), "s")
    assert_frame_equal(
        summary_of(table, as_of="2024-03-31"), summary_of(moved, as_of="2024-03-31")
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_summary_is_a_history_that_can_be(seed):
    summary = summary_of(orders(seed), as_of="2024-03-31", unit="D")
    alive = clv.probability_alive(
        PUBLISHED, summary["frequency"], summary["recency"], summary["T"]
    )
    assert ((alive > 0) & (alive <= 1)).all()
    assert (summary["monetary"].isna() == (summary["frequency"] == 0)).all()


def test_units_of_time():
    table = orders(1)
    days = summary_of(table, as_of="2024-12-31", unit="D")
    for unit, length in (("W", 7), ("M", 365.25 / 12), ("Y", 365.25)):
        found = summary_of(table, as_of="2024-12-31", unit=unit)
        assert np.allclose(found["T"] * length, days["T"])
        assert found["frequency"].equals(days["frequency"])


def test_amounts_may_be_left_out():
    table = orders(2)
    found = clv.transactions_summary(
        table["customer"], table["date"], as_of="2024-03-31"
    )
    assert found["monetary"].isna().all()
    assert found["frequency"].equals(summary_of(table, as_of="2024-03-31")["frequency"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"as_of": "2023-01-01"}, "No transaction by 2023-01-01"),
        ({"as_of": "2024-03-31", "unit": "h"}, "unit must be one of D, W, M, Y"),
    ],
)
def test_summaries_of_nothing_are_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        summary_of(orders(0), **arguments)


def test_transactions_with_holes_are_refused():
    table = orders(0)
    table.loc[3, "amount"] = np.nan
    with pytest.raises(ValueError, match="1 of 80 transactions lack"):
        summary_of(table, as_of="2024-03-31")
    with pytest.raises(ValueError, match="One value a transaction"):
        clv.transactions_summary(["a"], ["2024-01-01"] * 2, as_of="2024-02-01")


@pytest.mark.parametrize(
    ("date", "amount", "said"),
    [
        ("2024-01-01", -5.0, "1 of 1 amounts are below 0"),
        ("2024-01-01", np.inf, "1 of 1 amounts are below 0 or infinite"),
        (20240101, 5.0, "must be days such as"),
    ],
)
def test_a_refund_is_no_purchase_and_a_number_no_day(date, amount, said):
    with pytest.raises(ValueError, match=said):
        clv.transactions_summary(["a"], [date], [amount], as_of="2024-02-01")
    with pytest.raises(ValueError, match="must be days such as"):
        clv.transactions_summary(["a"], ["2024-01-01"], as_of=20240201)


def test_silence_tells_who_stopped_where_some_do_and_nothing_where_nobody_does(
    planted_histories,
):
    names = ["frequency", "recency", "T"]
    x, t_x, T, later = planted_histories
    summary = pd.DataFrame(dict(zip(names, (x, t_x, T), strict=True)))
    found = clv.silence(summary)
    assert found.reason == ""
    assert found.alive.index.equals(summary.index)
    bought = pd.Series(later > 0)
    assert found.alive[bought].mean() > found.alive[~bought].mean() + 0.2
    rng = np.random.default_rng(0)
    rate = rng.gamma(2.0, 0.1, 400)
    waits = rng.exponential(1 / rate, (99, 400)).cumsum(axis=0)
    seen = waits <= 52
    stays = pd.DataFrame(
        {"frequency": seen.sum(0), "recency": (waits * seen).max(0), "T": 52.0}
    )
    nothing = clv.silence(stays)
    assert nothing.alive is None
    assert nothing.model is None
    assert "nobody stops buying" in nothing.reason


def test_the_docs_keep_the_models_from_post_paid_customers():
    for documented in (clv, clv.fit_bg_nbd, pareto_nbd.fit_pareto_nbd):
        assert "prepaid top-ups only" in inspect.getdoc(documented)
    assert "contract" in inspect.getdoc(clv)
