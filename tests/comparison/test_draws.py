"""Draws of customers: nobody is learnt from and tested, all methods get the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.comparison._draws import draw_customers, seed_of
from research.comparison.protocol import ReplicatePlan

BOOTSTRAP = ReplicatePlan(kind="bootstrap", number=20)


def splits(share):
    return ReplicatePlan(kind="splits", number=20, test_share=share)


PLANS = st.one_of(st.just(BOOTSTRAP), st.floats(0.05, 0.6).map(splits))


@given(st.integers(20, 400), PLANS, st.integers(0, 50))
def test_nobody_is_both_learnt_from_and_tested(n, plan, replicate):
    train, test = draw_customers(n, plan, replicate)
    assert len(train) and len(test)
    assert not set(train) & set(test)
    assert set(train) | set(test) == set(range(n))
    assert (np.diff(train) >= 0).all() and (np.diff(test) > 0).all()


@given(st.integers(20, 400), st.floats(0.05, 0.6), st.integers(0, 50))
def test_a_split_takes_each_customer_once(n, share, replicate):
    train, test = draw_customers(n, splits(share), replicate)
    assert len(train) + len(test) == n
    assert len(test) == max(1, round(share * n))


@given(st.integers(20, 400), st.integers(0, 50))
def test_a_bootstrap_learns_from_as_many_as_there_are(n, replicate):
    train, test = draw_customers(n, BOOTSTRAP, replicate)
    assert len(train) == n
    assert len(set(train)) + len(test) == n


@given(st.integers(20, 400), PLANS, st.integers(0, 50))
def test_a_replicate_is_the_same_again_and_another_one_is_not(n, plan, replicate):
    one, again = (draw_customers(n, plan, replicate) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    other = draw_customers(n, plan, replicate + 1)
    assert not np.array_equal(one[1], other[1]) or n < 40


@pytest.mark.parametrize("plan", [BOOTSTRAP, splits(0.3)], ids=["bootstrap", "splits"])
def test_everyone_is_tested_as_often(plan):
    tested = np.bincount(
        np.concatenate([draw_customers(100, plan, r)[1] for r in range(400)]),
        minlength=100,
    )
    share = tested / 400
    expected = plan.test_share or (1 - 1 / 100) ** 100
    assert share.mean() == pytest.approx(expected, abs=0.01)
    # Each is a mean of 400 draws: 4.5 standard errors.
    assert abs(share - expected).max() < 4.5 * np.sqrt(expected * (1 - expected) / 400)


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_customers_are_told(n):
    with pytest.raises(ValueError, match=f"{n} customers are too few"):
        draw_customers(n, splits(0.9), 0)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_seed_is_another_one_in_each_replicate(seed, replicate):
    found = {seed_of(seed), seed_of(seed, replicate), seed_of(seed, replicate + 1)}
    assert len(found) == 3
    assert all(0 <= number < 2**31 for number in found)
    assert seed_of(seed, replicate) != seed_of(seed + 1, replicate)
    assert seed_of(None, replicate) is None
