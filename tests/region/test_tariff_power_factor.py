"""The power-factor measure of 1983: every cell of its tables, and whom it binds."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.region.tariff import (
    power_factor,
    power_factor_rate,
    power_factor_standard,
)
from research.region.tariff_settings import PowerFactor

TABLE = pd.read_csv(Path(__file__).with_name("pf_table.csv"))
STANDARDS = {0.90: "std_0.90_pct", 0.85: "std_0.85_pct", 0.80: "std_0.80_pct"}


@pytest.mark.parametrize("standard", STANDARDS)
def test_every_cell_of_the_table_is_met(standard):
    rate = power_factor_rate(TABLE["pf"].to_numpy(), standard)
    assert rate.tolist() == TABLE[STANDARDS[standard]].tolist()
    assert len(rate) == 71


@pytest.mark.parametrize("standard", STANDARDS)
def test_every_cell_is_met_from_energies(standard):
    pf = TABLE["pf"].to_numpy()
    kwh = 123_456.0 * pf
    factor = power_factor(kwh, np.sqrt(123_456.0**2 - kwh**2))
    assert factor.tolist() == pf.tolist()
    rate = power_factor_rate(factor, standard)
    assert rate.tolist() == TABLE[STANDARDS[standard]].tolist()


def test_below_the_table_each_hundredth_costs_two_percent_more():
    factor = np.arange(0, 31) / 100
    for standard, at_30 in {0.90: 85.0, 0.85: 75.0, 0.80: 65.0}.items():
        rate = power_factor_rate(factor, standard)
        assert rate[-1] == at_30
        assert (np.diff(rate) == -2.0).all()


def test_a_higher_power_factor_never_costs_more():
    for standard in STANDARDS:
        assert (np.diff(power_factor_rate(np.arange(101) / 100, standard)) <= 0).all()


def test_nothing_is_adjusted_where_factor_or_standard_is_unknown():
    rate = power_factor_rate(np.array([0.9, np.nan]), np.array([np.nan, 0.9]))
    assert np.isnan(rate).all()


@st.composite
def energies(draw):
    """Active and reactive energy in hundredths, half of them next to a half."""
    kwh = draw(st.integers(0, 10**7))
    half = draw(st.sampled_from(range(1, 200, 2)))
    beside = math.isqrt(kwh**2 * (40_000 - half**2)) // half + draw(st.integers(0, 1))
    return kwh, draw(st.sampled_from([beside, draw(st.integers(0, 10**7))]))


@given(energies())
def test_the_power_factor_is_rounded_half_up_exactly(energy):
    kwh, kvarh = energy
    factor = power_factor(np.array([kwh / 100]), np.array([kvarh / 100])).item()
    if kwh == kvarh == 0:
        assert np.isnan(factor)
        return
    n = round(100 * factor)
    assert factor == n / 100
    # (n - 1/2) / 100 <= P / S < (n + 1/2) / 100, in whole numbers.
    apparent = kwh**2 + kvarh**2
    assert max(2 * n - 1, 0) ** 2 * apparent <= 40_000 * kwh**2
    assert 40_000 * kwh**2 < (2 * n + 1) ** 2 * apparent


def test_reactive_energy_counts_whichever_way_it_flowed():
    assert power_factor(np.array([80.0]), np.array([-60.0])).item() == 0.8
    assert np.isnan(power_factor(np.array([-80.0]), np.array([60.0])).item())


@pytest.mark.parametrize(
    ("usage_class", "kva", "voltage", "standard"),
    [
        ("industrial_general", 160, "10kV", 0.90),
        ("industrial_large", 315, "35kV", 0.90),
        ("industrial_general", 159, "10kV", 0.85),
        ("industrial_general", 160, "380V", 0.85),
        ("industrial_general", 160, None, 0.90),
        ("industrial_general", 99, "10kV", np.nan),
        ("non_industrial", 100, "10kV", 0.85),
        ("commercial", 4000, "10kV", 0.85),
        ("agri_irrigation", 3200, "10kV", 0.90),
        ("agri_irrigation", 3199, "10kV", 0.85),
        ("agri_production", 100, "10kV", 0.80),
        ("wholesale", 100, "35kV", 0.80),
        ("residential_urban", 400, "10kV", np.nan),
        ("unknown", 400, "10kV", np.nan),
        ("industrial_large", np.nan, "10kV", np.nan),
    ],
)
def test_who_has_which_standard(usage_class, kva, voltage, standard):
    found = power_factor_standard(
        np.array([usage_class]),
        np.array([kva], dtype=float),
        np.array([voltage], dtype=object),
        PowerFactor(),
    )
    assert found.item() == pytest.approx(standard, nan_ok=True)


def test_a_region_that_says_nothing_has_no_standard():
    found = power_factor_standard(
        np.array(["industrial_large"]), np.array([400.0]), None, None
    )
    assert np.isnan(found).all()
